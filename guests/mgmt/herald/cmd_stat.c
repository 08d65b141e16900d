// SPDX-License-Identifier: GPL-2.0-only
/* herald stat: Herald's own figures. */
#include <stdlib.h>

#include "herald.h"

int cmd_stat(const struct options *o)
{
	struct herald_stats st = el2_stats();

	(void)o;
	out_object(NULL);
	out_num("cpus", st.cpus);
	out_num("vms", st.vms);
	out_bytes("pool_size", st.pool_size);
	out_bytes("pool_used", st.pool_used);
	out_bytes("pool_used_by_vms", st.vm_used);
	out_num("pool_refused", st.pool_refused);
	out_bytes("memory_lent", st.lent_pages * 4096);
	out_num("msi_delivered", st.msi_delivered);
	out_num("msi_blocked", st.msi_blocked);
	out_num("msi_unmapped", st.msi_unmapped);
	out_num("msi_late", st.msi_late);
	out_num("msi_dropped", st.msi_dropped);
	out_num("devices", st.devices);
	out_num("devices_refused", st.devices_refused);
	out_num("devices_lost", st.devices_lost);
	out_num("host_lpis", st.host_lpis);
	out_num("stray_frees", st.stray_frees);
	out_end();
	return EXIT_SUCCESS;
}
