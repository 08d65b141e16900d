/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The reference model of the ITS: the tables in guest memory, their save and restore, one entry
 * after the other (KVM's "ITS table ABI rev 0").
 */
#include <stdlib.h>
#include <string.h>

#include "tests/unit/its_model_parts.h"

/* The table that GITS_BASER<n> describes. */
struct table {
	bool valid, indirect;
	u64 page, base, bytes;
};

static struct table table(const struct model *m, int n)
{
	u64 b = m->baser[n];
	u64 page = bits(b, 9, 8) == 0 ? 4096 : bits(b, 9, 8) == 1 ? 16384 : 65536;
	u64 base = page == 65536 ? bits(b, 47, 16) << 16 | bits(b, 15, 12) << 48
				 : bits(b, 47, 12) << 12;

	return (struct table){ .valid = bits(b, 63, 63),
			       .indirect = bits(b, 62, 62),
			       .page = page,
			       .base = base / page * page,
			       .bytes = (bits(b, 7, 0) + 1) * page };
}

/* How many entries it can have: each entry of a first level is for one page of the second. */
static u64 table_entries(struct table t)
{
	return t.indirect ? t.bytes / 8 * (t.page / 8) : t.bytes / 8;
}

/* Where the entry @id is; NULL, or why there is none. */
static const char *table_locate(struct model *m, struct table t, u64 id, u64 *addr)
{
	u64 first;

	if (!t.valid || id >= table_entries(t))
		return "beyond the table";
	*addr = t.base + id * 8;
	if (!t.indirect)
		return NULL;
	if (m->ops->read(m->vm, t.base + id / (t.page / 8) * 8, &first, 8))
		return "level 1 not in memory";
	if (!bits(first, 63, 63))
		return "level 1 not valid";
	*addr = (bits(first, 51, 12) << 12) / t.page * t.page + id % (t.page / 8) * 8;
	return NULL;
}

/* Is there guest memory for entry @id of the table that GITS_BASER<n> describes? */
bool model_table_has(struct model *m, int n, u32 id)
{
	u64 addr;

	return !table_locate(m, table(m, n), id, &addr) && model_readable(m, addr);
}

bool model_entry(struct model *m, int n, u32 id, u64 *addr)
{
	return !table_locate(m, table(m, n), id, addr);
}

/* ---- Save ---- */

static int end(struct model *m, int err, const char *why)
{
	m->why = why;
	return -err;
}

/* Is @addr in an entry of the first level that leads to a DeviceID? */
static bool in_level1(const struct model *m, u64 addr)
{
	struct table t = table(m, 0);
	u64 pages = (1ull << m->cfg.devid_bits) / (t.page / 8) + 1;

	return t.valid && t.indirect && addr + 8 > t.base && addr < t.base + pages * 8;
}

/* Writes 8 bytes of a table; false: they are not in memory. */
static bool put(struct model *m, u64 addr, u64 val)
{
	if (m->ops->write(m->vm, addr, &val, 8))
		return false;
	m->wrote_level1 |= in_level1(m, addr);
	return true;
}

static int save_itt(struct model *m, struct model_device *d)
{
	struct model_event **by = calloc(1ull << d->bits, sizeof(struct model_event *));
	u64 last = 0, old;
	bool good = true;

	for (struct model_event *e = d->events; e; e = e->next)
		by[e->eventid] = e;
	for (u64 id = 1ull << d->bits; id-- && good;) {
		u64 addr = d->itt + id * 8;

		if (by[id]) {
			u64 next = last ? last - id : 0;

			good = put(m, addr, next << 48 | (u64)by[id]->lpi << 16 | by[id]->icid);
			last = id;
		} else if (!m->ops->read(m->vm, addr, &old, 8) && bits(old, 47, 16)) {
			good = put(m, addr, 0);
		}
	}
	free(by);
	return good ? 0 : end(m, EFAULT, "save: ITE not in memory");
}

static bool put_dte(struct model *m, u64 addr, u64 val)
{
	if (!put(m, addr, val))
		return false;
	m->dte_in_level1 |= in_level1(m, addr);
	return true;
}

static int save_device(struct model *m, u64 id, struct model_device *d, u64 next)
{
	u64 addr, old;
	const char *wrong = table_locate(m, table(m, 0), id, &addr);

	if (wrong && d)
		return end(m, EINVAL,
			   strcmp(wrong, "level 1 not valid")
				   ? "save: level 1 of a DTE not in memory"
				   : "save: level 1 of a DTE not valid");
	if (wrong)
		return 0;
	if (!d) {
		if (!m->ops->read(m->vm, addr, &old, 8) && bits(old, 63, 63) &&
		    !put_dte(m, addr, 0))
			return end(m, EFAULT, "save: DTE not in memory");
		return 0;
	}
	if (next > 16383)
		next = 16383;
	if (!put_dte(m, addr, 1ull << 63 | next << 49 | d->itt >> 8 << 5 | (d->bits - 1)))
		return end(m, EFAULT, "save: DTE not in memory");
	return 0;
}

/* All devices by DeviceID; the caller frees it. */
static struct model_device **by_devid(struct model *m)
{
	struct model_device **by = calloc(1ull << m->cfg.devid_bits, sizeof(struct model_device *));

	for (struct model_device *d = m->devices; d; d = d->next)
		by[d->devid] = d;
	return by;
}

static int save_collections(struct model *m)
{
	static bool named[65536];
	struct table t = table(m, 1);
	u64 n = 0;

	memset(named, 0, sizeof(named));
	for (struct model_device *d = m->devices; d; d = d->next) {
		for (struct model_event *e = d->events; e; e = e->next)
			named[e->icid] = true;
	}
	for (u64 icid = 0; icid < 65536; icid++) {
		int vcpu = m->collection[icid];

		if (vcpu < 0 && !named[icid])
			continue;
		if (n == t.bytes / 8)
			return end(m, EINVAL, "save: more collections than fit");
		if (!put(m, t.base + n++ * 8,
			 1ull << 63 | (vcpu < 0 ? 0xffffffffull : (u64)vcpu) << 16 | icid))
			return end(m, EFAULT, "save: CTE not in memory");
	}
	if (n < t.bytes / 8 && !put(m, t.base + n * 8, 0))
		return end(m, EFAULT, "save: last CTE not in memory");
	return 0;
}

int model_save(struct model *m)
{
	struct model_device **by = by_devid(m);
	u64 n = 1ull << m->cfg.devid_bits, last = 0;
	int ret = end(m, 0, "save: done");

	m->wrote_level1 = m->dte_in_level1 = false;
	for (u64 id = n; id-- && !ret;) {
		if (by[id])
			ret = save_itt(m, by[id]);
	}
	for (u64 id = n; id-- && !ret && table(m, 0).valid;) {
		ret = save_device(m, id, by[id], last ? last - id : 0);
		if (by[id])
			last = id;
	}
	free(by);
	if (!ret && table(m, 1).valid)
		return save_collections(m);
	if (!ret && m->nr_events)
		return end(m, EINVAL, "save: events, and no collection table");
	return ret;
}

/* ---- Restore ---- */

static int restore_collections(struct model *m, bool *known)
{
	struct table t = table(m, 1);

	for (u64 i = 0; i < t.bytes / 8; i++) {
		u64 cte, vcpu, icid;

		if (m->ops->read(m->vm, t.base + i * 8, &cte, 8))
			return end(m, EFAULT, "restore: CTE not in memory");
		if (!bits(cte, 63, 63))
			break;
		vcpu = bits(cte, 51, 16);
		icid = bits(cte, 15, 0);
		if (vcpu != 0xffffffff && vcpu >= m->cfg.nr_vcpus)
			return end(m, EINVAL, "restore: no such vCPU");
		if (known[icid])
			return end(m, EINVAL, "restore: one ICID twice");
		known[icid] = true;
		if (vcpu != 0xffffffff)
			m->collection[icid] = (int)vcpu;
	}
	return 0;
}

static int restore_event(struct model *m, struct model_device *d, u64 id, u64 ite,
			 const bool *known)
{
	u64 next = bits(ite, 63, 48), lpi = bits(ite, 47, 16), icid = bits(ite, 15, 0);
	int vcpu = m->collection[icid];
	struct model_event *e;

	if (lpi < 8192)
		return end(m, EINVAL, "restore: LPI below 8192");
	if (lpi >= 1ull << m->cfg.intid_bits)
		return end(m, EINVAL, "restore: LPI too large");
	if (!known[icid])
		return end(m, EINVAL, "restore: unknown collection");
	if (next && id + next >= 1ull << d->bits)
		return end(m, EINVAL, "restore: next event beyond the ITT");
	if (m->nr_events == (1u << m->cfg.intid_bits) - 8192)
		return end(m, ENOMEM, "restore: more events than fit");
	if (vcpu >= 0 && m->ops->lpi_reload(m->vm, (u32)vcpu, (u32)lpi) == -ERANGE)
		return end(m, EINVAL, "restore: LPI beyond PROPBASER's");
	e = calloc(1, sizeof(*e));
	e->eventid = (u32)id;
	e->lpi = (u32)lpi;
	e->icid = (u32)icid;
	e->next = d->events;
	d->events = e;
	m->nr_events++;
	m->ops->event_mapped(m->vm, d->devid, e->eventid, 0, vcpu < 0 ? ITS_NO_VCPU : (u32)vcpu);
	return 0;
}

static int restore_itt(struct model *m, struct model_device *d, const bool *known)
{
	u64 id = 0, ite;

	while (id < 1ull << d->bits) {
		int ret;

		if (m->ops->read(m->vm, d->itt + id * 8, &ite, 8))
			return end(m, EFAULT, "restore: ITE not in memory");
		if (bits(ite, 47, 16) == 0) {
			id++;
			continue;
		}
		ret = restore_event(m, d, id, ite, known);
		if (ret || bits(ite, 63, 48) == 0)
			return ret;
		id += bits(ite, 63, 48);
	}
	return 0;
}

static int restore_device(struct model *m, u64 id, u64 dte, u64 limit, const bool *known)
{
	u64 next = bits(dte, 62, 49);
	struct model_device *d;

	if (bits(dte, 4, 0) + 1 > m->cfg.eventid_bits)
		return end(m, EINVAL, "restore: too many EventID bits");
	if (next && id + next >= limit)
		return end(m, EINVAL, "restore: next device beyond the table");
	if (m->nr_devices == m->cfg.max_devices)
		return end(m, ENOMEM, "restore: more devices than fit");
	d = calloc(1, sizeof(*d));
	d->devid = (u32)id;
	d->bits = (u32)bits(dte, 4, 0) + 1;
	d->itt = bits(dte, 48, 5) << 8;
	d->next = m->devices;
	m->devices = d;
	m->nr_devices++;
	if (m->ops->device_mapped(m->vm, d->devid, 1u << d->bits) < 0)
		model_count_error(m, "MAPD", "BACKEND");
	return restore_itt(m, d, known);
}

static int restore_devices(struct model *m, const bool *known)
{
	struct table t = table(m, 0);
	u64 limit = 1ull << m->cfg.devid_bits, id = 0;

	if (table_entries(t) < limit)
		limit = table_entries(t);
	while (id < limit) {
		u64 addr, dte;
		const char *wrong = table_locate(m, t, id, &addr);
		int ret;

		if (wrong && !strcmp(wrong, "level 1 not valid")) {
			id = (id / (t.page / 8) + 1) * (t.page / 8);
			continue;
		}
		if (wrong)
			return end(m, EFAULT, "restore: level 1 not in memory");
		if (m->ops->read(m->vm, addr, &dte, 8))
			return end(m, EFAULT, "restore: DTE not in memory");
		if (!bits(dte, 63, 63)) {
			id++;
			continue;
		}
		ret = restore_device(m, id, dte, limit, known);
		if (ret || bits(dte, 62, 49) == 0)
			return ret;
		id += bits(dte, 62, 49);
	}
	return 0;
}

int model_restore(struct model *m)
{
	bool known[65536] = { false };
	int ret;

	if (m->enabled)
		return end(m, ENXIO, "restore: enabled");
	if (m->devices)
		return end(m, ENXIO, "restore: devices are mapped");
	for (u32 i = 0; i < 65536; i++) {
		if (m->collection[i] >= 0)
			return end(m, ENXIO, "restore: collections are mapped");
	}
	ret = end(m, 0, "restore: done");
	if (table(m, 1).valid)
		ret = restore_collections(m, known);
	if (!ret && table(m, 0).valid)
		ret = restore_devices(m, known);
	if (ret) {
		model_forget_devices(m);
		model_forget_collections(m);
	}
	return ret;
}
