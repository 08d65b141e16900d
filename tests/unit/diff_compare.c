/* SPDX-License-Identifier: GPL-2.0-only */
/* What must be equal between the ITS and its model, and what was done last before it was not. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/diff.h"

#define HISTORY 24

static char history[HISTORY][120];
static u32 history_next;

void note(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(history[history_next++ % HISTORY], sizeof(history[0]), fmt, ap);
	va_end(ap);
}

void note_show(void)
{
	for (u32 i = 0; i < HISTORY; i++)
		printf("#   %s\n", history[(history_next + i) % HISTORY]);
}

bool same(const char *what, u64 got, u64 want)
{
	if (got == want)
		return true;
	printf("# %s: its 0x%llx, model 0x%llx\n", what, (unsigned long long)got,
	       (unsigned long long)want);
	return false;
}

static bool compare_registers(void)
{
	static const u16 offsets[] = { 0x0, 0x8, 0x80, 0x88, 0x90, 0x100, 0x108, 0x110, 0xffe8 };
	char name[32];
	bool ok = true;

	for (u32 i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
		for (u32 size = 4; size <= 8; size += 4) {
			u64 got = its_mmio_read(diff.its, offsets[i], size);
			u64 want = model_read(diff.model, offsets[i], size);

			if (got == want)
				continue;
			snprintf(name, sizeof(name), "register 0x%x/%u", offsets[i], size);
			ok = same(name, got, want);
		}
	}
	return ok;
}

static bool compare_counters(void)
{
	const struct model *m = diff.model;
	struct its_stats st;
	bool ok = true;

	its_get_stats(diff.its, &st);
	for (u32 i = 1; i < ITS_NR_ERRORS; i++)
		ok &= same(its_error_name(i), st.errors[i],
			   model_error_count(m, its_error_name(i)));
	for (u32 i = 0; i < ITS_NR_CMDS; i++)
		ok &= same(its_cmd_name(i), st.commands[i],
			   model_command_count(m, its_cmd_name(i)));
	ok &= same("delivered", st.msi_delivered, m->delivered);
	ok &= same("blocked", st.msi_blocked, m->blocked);
	ok &= same("unmapped", st.msi_unmapped, m->unmapped);
	ok &= same("dropped", st.msi_dropped, m->dropped);
	ok &= same("devices", st.devices, m->nr_devices);
	ok &= same("events", st.events, m->nr_events);
	return ok;
}

static int event_order(const void *a, const void *b)
{
	const struct its_event_info *x = a, *y = b;

	if (x->devid != y->devid)
		return x->devid < y->devid ? -1 : 1;
	return x->eventid < y->eventid ? -1 : x->eventid > y->eventid;
}

static struct its_event_info of_its[65536], of_model[65536];

static bool compare_events(void)
{
	u32 n = 0, k = 0;
	struct its_stats st;

	its_get_stats(diff.its, &st);
	for (u32 i = 0; i < its_nr_entries(diff.its) && n < ARRAY_SIZE(of_its); i++) {
		if (n == st.events && random_is_bytes())
			break; /* saves time */
		n += its_event_info(diff.its, i, &of_its[n]);
	}
	for (struct model_device *d = diff.model->devices; d; d = d->next) {
		for (struct model_event *e = d->events; e; e = e->next)
			of_model[k++] = (struct its_event_info){
				.devid = d->devid,
				.eventid = e->eventid,
				.lpi = e->lpi,
				.icid = e->icid,
				.vcpu = (u32)diff.model->collection[e->icid],
			};
	}
	qsort(of_its, n, sizeof(of_its[0]), event_order);
	qsort(of_model, k, sizeof(of_model[0]), event_order);
	for (u32 i = 0; i < n && i < k; i++) {
		if (memcmp(&of_its[i], &of_model[i], sizeof(of_its[0]))) {
			printf("# its: device %x event %x LPI %u ICID %u vCPU %d\n",
			       of_its[i].devid, of_its[i].eventid, of_its[i].lpi, of_its[i].icid,
			       (int)of_its[i].vcpu);
			printf("# model: device %x event %x LPI %u ICID %u vCPU %d\n",
			       of_model[i].devid, of_model[i].eventid, of_model[i].lpi,
			       of_model[i].icid, (int)of_model[i].vcpu);
			return false;
		}
	}
	return same("events in the table", n, k);
}
_Static_assert(ITS_NO_VCPU == (u32)-1, "a collection of the model that is not mapped has -1");

static bool compare_mappings(void)
{
	struct its_device_info di;
	struct its_stats st;
	u32 collections = 0;
	bool ok = compare_events();

	its_get_stats(diff.its, &st);
	for (struct model_device *d = diff.model->devices; d; d = d->next) {
		u32 n = 0;

		if (!its_device_info(diff.its, d->devid, &di))
			return same("device", 0, d->devid);
		for (struct model_event *e = d->events; e; e = e->next)
			n++;
		ok &= same("ITT", di.itt, d->itt);
		ok &= same("ITT size", di.nr_events, 1u << d->bits);
		ok &= same("events of a device", di.mapped, n);
	}
	for (u32 i = 0; i < 65536; i++) {
		if (diff.model->collection[i] < 0 && random_is_bytes())
			continue; /* the number of collections is compared, too */
		if (its_collection_vcpu(diff.its, i) != (u32)diff.model->collection[i])
			ok = same("collection", its_collection_vcpu(diff.its, i),
				  (u32)diff.model->collection[i]);
		collections += diff.model->collection[i] >= 0;
	}
	return ok & same("collections", st.collections, collections);
}

/* @deep: all mappings and the worlds, too. */
bool compare(bool deep)
{
	bool ok = compare_registers() & compare_counters();
	const char *world;

	for (u32 i = 0; i < NR_OPS; i++) {
		ok &= same("calls of an operation", diff.world_its.seen.calls[i],
			   diff.world_model.seen.calls[i]);
		ok &= same("arguments of an operation", diff.world_its.seen.sum[i],
			   diff.world_model.seen.sum[i]);
	}
	if (!deep)
		return ok;
	world = fake_compare(&diff.world_its, &diff.world_model);
	if (world)
		printf("# world: %s\n", world);
	return (!world) & ok & compare_mappings();
}
