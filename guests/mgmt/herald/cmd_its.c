// SPDX-License-Identifier: GPL-2.0-only
/* herald its: registers, devices, collections, commands and errors of virtual ITSes. */
#include <stdlib.h>

#include "herald.h"

#define NAME(name, code) #name,
static const char *const command_names[] = { ITS_COMMANDS(NAME) };
static const char *const error_names[] = { "NONE", ITS_ERRORS(NAME) };

_Static_assert(ARRAY_SIZE(command_names) <= HERALD_ITS_COMMANDS, "the ABI has room");
_Static_assert(ARRAY_SIZE(error_names) <= HERALD_ITS_ERRORS, "the ABI has room");

static void show_registers(const struct herald_its *its)
{
	static const char *const names[HERALD_ITS_REGS] = {
		[HERALD_ITS_CTLR] = "GITS_CTLR",     [HERALD_ITS_TYPER] = "GITS_TYPER",
		[HERALD_ITS_CBASER] = "GITS_CBASER", [HERALD_ITS_CWRITER] = "GITS_CWRITER",
		[HERALD_ITS_CREADR] = "GITS_CREADR", [HERALD_ITS_BASER0] = "GITS_BASER0",
		[HERALD_ITS_BASER1] = "GITS_BASER1",
	};
	u32 i;

	out_object("registers");
	for (i = 0; i < HERALD_ITS_REGS; i++)
		out_reg(names[i], its->reg[i]);
	out_end();
}

/* Those that are not 0. */
static void show_counters(const char *key, const char *const *names, size_t nr, const __u64 *val)
{
	bool any = false;
	size_t i;

	out_object(key);
	for (i = 0; i < nr; i++) {
		if (!val[i])
			continue;
		if (!any)
			out_line("\n%s:", key);
		any = true;
		out_num(names[i], val[i]);
	}
	if (!any)
		out_line("\n%s: none", key);
	out_end();
}

static int by_devid(const void *pa, const void *pb)
{
	u32 a = ((const struct herald_its_device *)pa)->devid;
	u32 b = ((const struct herald_its_device *)pb)->devid;

	return a < b ? -1 : a > b;
}

static void show_devices(const struct herald_vm_info *vm, u32 index)
{
	char bdf[16], driver[32];
	void *found;
	long n = el2_list(vm->handle, HERALD_LIST_DEVICES, index, &found), i;
	const struct herald_its_device *d = found;

	if (n > 0)
		qsort(found, (size_t)n, sizeof(*d), by_devid);
	out_line("%s", "");
	table_start("devices", "DEVID <REQUESTER EVENTS MAPPED ITT HOST-LPI HOST-LPIS <DRIVER");
	for (i = 0; i < n; i++, d++) {
		table_row();
		out_hex("devid", d->devid);
		out_text("requester", name_requester(d->requester, bdf));
		out_num("events", d->nr_events);
		out_num("mapped", d->mapped);
		out_hex("itt", d->itt);
		if (d->host_lpis)
			out_num("host_lpi", d->host_lpi);
		else
			out_none("host_lpi");
		out_num("host_lpis", d->host_lpis);
		out_text("driver", vm->id ? "" : name_driver(d->requester, driver, sizeof(driver)));
	}
	table_end(0);
	free(found);
}

static void show_collections(const struct herald_vm_info *vm, u32 index)
{
	void *found;
	long n = el2_list(vm->handle, HERALD_LIST_COLLECTIONS, index, &found), i;
	const struct herald_collection *c = found;

	out_line("%s", "");
	table_start("collections", "ICID VCPU");
	for (i = 0; i < n; i++, c++) {
		table_row();
		out_num("icid", c->icid);
		out_num("vcpu", c->vcpu);
	}
	table_end(0);
	free(found);
}

static void show(const struct herald_vm_info *vm, const struct herald_its *its)
{
	out_object(NULL);
	out_line("ITS %u of VM %u at %#llx", its->its, vm->id, (unsigned long long)its->base);
	if (out_json) {
		out_num("vm", vm->id);
		out_num("its", its->its);
		out_hex("base", its->base);
	}
	show_registers(its);
	out_num("devices_mapped", its->nr_devices);
	out_num("events_mapped", its->nr_events);
	out_num("collections_mapped", its->nr_collections);
	out_num("msi_delivered", its->msi_delivered);
	out_num("msi_blocked", its->msi_blocked);
	out_num("msi_unmapped", its->msi_unmapped);
	out_num("msi_dropped", its->msi_dropped);
	show_devices(vm, its->its);
	show_collections(vm, its->its);
	show_counters("commands", command_names, ARRAY_SIZE(command_names), its->commands);
	show_counters("errors", error_names, ARRAY_SIZE(error_names), its->errors);
	out_end();
}

int cmd_its(const struct options *o)
{
	size_t nr, i, shown = 0;
	struct herald_vm_info *vms = el2_vms(o, &nr);

	out_object(NULL);
	out_array("its");
	for (i = 0; i < nr; i++) {
		struct herald_its its;
		u32 k;

		for (k = 0; k < vms[i].nr_its; k++) {
			if (!el2_its(vms[i].handle, k, &its))
				break;
			if (shown++)
				out_line("%s", "");
			show(&vms[i], &its);
		}
	}
	out_end();
	out_end();
	if (!shown)
		out_line("no ITS");
	free(vms);
	return EXIT_SUCCESS;
}
