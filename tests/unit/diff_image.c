/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tables in guest memory for a restore: what a save has left or tables of our own, and hostile
 * changes to either. The layout is KVM's "ITS table ABI rev 0", written down here once more, so
 * that what is read by both is not written by one of them.
 */
#include <stdio.h>

#include "tests/unit/diff.h"

enum kind { CTE, DTE, ITE };

static struct target {
	enum kind kind;
	u64 ipa;
	u32 id; /* DeviceID or EventID */
	u32 bits; /* IDs are below 2^bits */
} targets[4096];
static u32 nr_targets;

static void target(enum kind kind, u64 ipa, u32 id, u32 bits)
{
	if (nr_targets < ARRAY_SIZE(targets))
		targets[nr_targets++] = (struct target){ kind, ipa, id, bits };
}

static u64 cte(u64 vcpu, u32 icid)
{
	return 1ull << 63 | vcpu << 16 | icid;
}

static u64 dte(u64 next, u64 itt, u32 bits)
{
	return 1ull << 63 | next << 49 | itt >> 8 << 5 | (bits - 1);
}

static u64 ite(u64 next, u64 lpi, u32 icid)
{
	return next << 48 | lpi << 16 | icid;
}

void image_targets(void)
{
	struct model *m = diff.model;
	u64 ipa;

	nr_targets = 0;
	for (u32 i = 0; i < 12 && model_entry(m, 1, i, &ipa); i++)
		target(CTE, ipa, i, 16);
	for (struct model_device *d = m->devices; d; d = d->next) {
		if (model_entry(m, 0, d->devid, &ipa))
			target(DTE, ipa, d->devid, diff.cfg.devid_bits);
		for (struct model_event *e = d->events; e; e = e->next)
			target(ITE, d->itt + e->eventid * 8ull, e->eventid, d->bits);
	}
}

static u64 page_size(void)
{
	return 4096ull << 2 * MIN(2u, (u32)(diff.model->baser[0] >> 8 & 3));
}

/* The first-level entry for DeviceID @id, if the device table has two levels. */
static u64 level1(u32 id)
{
	return (diff.model->baser[0] & 0xfffffffff000ull) + id / (page_size() / 8) * 8;
}

static bool indirect(void)
{
	return diff.model->baser[0] >> 62 & 1;
}

static void build_collections(u32 n)
{
	u64 ipa;

	for (u32 i = 0; i < n && model_entry(diff.model, 1, i, &ipa); i++) {
		ram_poke(ipa, cte(one_in(5) ? 0xffffffff : below(diff.cfg.nr_vcpus), i));
		target(CTE, ipa, i, 16);
	}
	if (model_entry(diff.model, 1, n, &ipa))
		ram_poke(ipa, 0);
}

/* @nr events in an ITT of 2^@bits; the gaps between them are as they were. */
static void build_itt(u64 itt, u32 bits, u32 nr, u32 icids)
{
	u32 step = (1u << bits) / nr, id = 0;

	if (step > 1 && !one_in(3))
		step = 1 + below(MIN(step, 256u));
	if (step > 1 && one_in(2)) /* the first is not number 0 */
		ram_poke(itt + id++ * 8, 0);
	for (u32 i = 0; i < nr && id < 1u << bits; i++, id += step) {
		bool last = i + 1 == nr || id + step >= 1u << bits;

		ram_poke(itt + id * 8ull,
			 ite(last ? 0 : step, 8192 + below(diff.draw.lpis), below(icids)));
		target(ITE, itt + id * 8ull, id, bits);
	}
}

/* Tables that can be restored, unless they hold more than fits. @full: 2^14 events. */
void image_build(bool full)
{
	u32 n = full ? 2 : 1 + below(4);
	u32 icids = 1 + below(diff.draw.icids + 2), step = 1 + below(3), id = 0;
	u64 ipa;

	note("build: %u devices %u apart, %u collections%s", n, step, icids,
	     full ? ", all events" : "");
	nr_targets = 0;
	if (!full && diff.cfg.max_devices < 64 && one_in(3))
		n = diff.cfg.max_devices + 1;
	build_collections(icids);
	if (indirect())
		ram_poke(level1(0), 1ull << 63 | L2_PAGES);
	if (step > 1 && one_in(2) && model_entry(diff.model, 0, 0, &ipa)) {
		ram_poke(ipa, 0);
		id++;
	}
	for (u32 i = 0; i < n; i++, id += step) {
		u32 bits = full	       ? 13
			   : one_in(2) ? diff.cfg.eventid_bits
				       : 1 + below(diff.cfg.eventid_bits);
		u64 itt = ITTS + (full ? i * 0x80000ull : below(ITT_PLACES) * 256ull);
		u32 events = full ? 1u << bits : 1 + below(MIN(1u << bits, 40u));

		if (indirect())
			ram_poke(level1(id),
				 1ull << 63 | (L2_PAGES + id / (page_size() / 8) % 7 * 0x10000));
		if (!model_entry(diff.model, 0, id, &ipa))
			return;
		ram_poke(ipa, dte(i + 1 < n ? step : 0, itt, bits));
		target(DTE, ipa, id, diff.cfg.devid_bits);
		build_itt(itt, bits, events, icids);
	}
}

/* A random page of an entry is not there. */
static void damage_hole(u64 ipa)
{
	u32 i = below(FAKE_MAX_HOLES);

	diff.ram.hole[i].read_only = one_in(4);
	diff.ram.hole[i].start = ipa & ~0xfffull;
	diff.ram.hole[i].end = (ipa & ~0xfffull) + 4096;
	note("damage: hole at 0x%llx", (unsigned long long)ipa);
}

static u64 hostile_cte(u64 old)
{
	switch (below(6)) {
	case 0: /* no such vCPU */
		return (old & 0xffff) | 1ull << 63 | (u64)(diff.cfg.nr_vcpus + below(2)) << 16;
	case 1: /* bits above 31 of RDbase */
		return (one_in(2) ? old : cte(0xffffffff, old & 0xffff)) | (u64)(1 + below(15))
										   << 48;
	case 2: /* known, but not mapped */
		return cte(0xffffffff, old & 0xffff);
	case 3:
	case 4: /* another's ICID */
		return (old & ~0xffffull) | below(diff.draw.icids);
	default:
		return (old & ~0xffffull) | random_icid();
	}
}

/* From @t to the ID that just is too large, or the one before it. */
static u64 to_limit(const struct target *t)
{
	return (1u << t->bits) - t->id - below(2);
}

static u64 hostile_dte(const struct target *t, u64 old)
{
	u32 bits = diff.cfg.eventid_bits + below(2);

	switch (below(5)) {
	case 0: /* Size at the limit */
		return (old & ~0x1full) | ((bits - 1) & 0x1f);
	case 1: /* the next one at a limit */
		return (old & ~(0x3fffull << 49)) | (to_limit(t) & 0x3fff) << 49;
	case 2:
		return (old & ~(0x3fffull << 49)) | (u64)below(one_in(2) ? 4 : 0x4000) << 49;
	case 3: /* an ITT at the end of the address space, or nearly */
		return old | 1ull << (37 + below(12));
	default: /* an ITT somewhere, other tables included */
		return (old & 0xfffe00000000001full) | (any() & 0xfffffff00ull) >> 8 << 5;
	}
}

static u64 hostile_ite(const struct target *t, u64 old)
{
	u64 limit = one_in(2) ? 8192 : 1ull << diff.cfg.intid_bits;

	switch (below(7)) {
	case 0: /* the LPI at a limit */
		return (old & ~0xffffffff0000ull) | (limit - below(2)) << 16;
	case 1:
		return (old & ~0xffffffff0000ull) | (any() & 0xffffffff) << 16;
	case 2: /* another collection */
		return (old & ~0xffffull) |
		       (one_in(2) ? diff.draw.icids + below(4) : random_icid());
	case 3: /* no LPI */
		return (old & ~0xffffffff0000ull) | (u64)(1 + below(8191)) << 16;
	case 4:
	case 5: /* the next one at a limit */
		return (old & ~(0xffffull << 48)) | (to_limit(t) & 0xffff) << 48;
	default:
		return (old & ~(0xffffull << 48)) | (u64)below(one_in(2) ? 4 : 0x10000) << 48;
	}
}

static u64 hostile(const struct target *t, u64 old)
{
	if (t->kind == CTE)
		return hostile_cte(old);
	return t->kind == DTE ? hostile_dte(t, old) : hostile_ite(t, old);
}

/* One of @kind, if there is one. */
static const struct target *random_target(enum kind kind)
{
	u32 i = below(nr_targets);

	for (u32 tries = 0; tries < nr_targets && targets[i].kind != kind; tries++)
		i = (i + 1) % nr_targets;
	return &targets[i];
}

static void damage_level1(const struct target *t)
{
	u64 val = one_in(3) ? any() : one_in(2) ? 0 : 1ull << 63;

	note("damage: level 1 of device %x: 0x%llx", t->id, (unsigned long long)val);
	if (one_in(2))
		damage_hole(level1(t->id));
	else
		ram_poke(level1(t->id), val);
}

static enum kind random_kind(void)
{
	static const enum kind kinds[] = { CTE, DTE, DTE, ITE, ITE, ITE };

	return kinds[below(6)];
}

static void damage_one(const struct target *t)
{
	u64 old = ram_peek(t->ipa), val;

	switch (below(16)) {
	case 0:
		damage_hole(t->ipa);
		return;
	case 1:
		if (t->kind == DTE && indirect())
			damage_level1(t);
		return;
	case 2:
		val = 0;
		break;
	case 3:
		val = any();
		break;
	case 4:
		val = ram_peek(random_target(t->kind)->ipa);
		break;
	case 5:
		val = old ^ 1ull << below(64);
		break;
	default:
		val = hostile(t, old);
		break;
	}
	note("damage: 0x%llx, %s of %x, was 0x%llx, is 0x%llx", (unsigned long long)t->ipa,
	     t->kind == CTE   ? "CTE"
	     : t->kind == DTE ? "DTE"
			      : "ITE",
	     t->id, (unsigned long long)old, (unsigned long long)val);
	ram_poke(t->ipa, val);
}

void image_damage(void)
{
	for (u32 n = one_in(3) ? 1 + below(3) : 1; n && nr_targets; n--)
		damage_one(random_target(random_kind()));
}

void image_obstruct(void)
{
	const struct target *t;

	if (!nr_targets)
		return;
	t = random_target(indirect() && !one_in(4) ? DTE : random_kind());
	if (t->kind == DTE && indirect() && !one_in(3))
		damage_level1(t);
	else
		damage_hole(t->ipa);
}
