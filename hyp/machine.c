/* SPDX-License-Identifier: GPL-2.0-only */
/* What the running machine consists of, and what it has to say about itself at the end. */
#include "hyp/machine.h"
#include "hyp/log.h"

struct machine machine;

static void report_its(const struct vits *t)
{
	struct its_stats st;

	its_get_stats(t->its, &st);
	log_line("vITS 0x%llx: %llu MSIs delivered, %llu blocked, %llu unmapped, %llu dropped; "
		 "%u devices, %u events mapped",
		 (unsigned long long)t->base, (unsigned long long)st.msi_delivered,
		 (unsigned long long)st.msi_blocked, (unsigned long long)st.msi_unmapped,
		 (unsigned long long)st.msi_dropped, st.devices, st.events);
}

void machine_report(void)
{
	const struct vm *vm = machine.mgmt;
	struct mirror_stats m;
	u32 i;

	for (i = 0; i < vm->nr_its; i++)
		report_its(&vm->its[i]);
	if (!vm->nr_its)
		return;
	mirror_stats(&m);
	m.delivered += m.blocked; /* pending with the guest, which has it disabled */
	log_line(
		"MSIs: %llu delivered, %llu dropped, %llu unmapped, %llu late; %u host LPIs, %u ITTs in use",
		(unsigned long long)m.delivered, (unsigned long long)m.dropped,
		(unsigned long long)m.unmapped, (unsigned long long)m.late, m.host_lpis, m.itts);
	if (m.exhausted || m.lost)
		log_line(
			"mirror: %llu devices found no host LPIs, %llu were lost with a broken ITS",
			(unsigned long long)m.exhausted, (unsigned long long)m.lost);
}
