/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The differential driver: saves, restores, and registers as user space sees them.
 *
 * A save is done by the ITS, then memory is put back and the model saves, too: the two images must
 * be the same, byte for byte. In a save that is disturbed (commands, register writes, resets
 * between its steps) the ITS begins anew, so earlier steps leave traces that the model cannot know;
 * there the model saves onto what the ITS has left, and must find nothing to change.
 */
#include <stdio.h>
#include <string.h>

#include "hyp/lib/errno.h"
#include "tests/unit/diff.h"

#define STEPS_MAX 1000000u

static struct ram_journal by_its, by_model;

/* MSIs may come between the steps of a save; the ITS takes them all the while. */
static int its_save_all(bool *good)
{
	for (u32 i = 0; i < STEPS_MAX; i++) {
		int ret = its_save(diff.its);

		if (ret != -EAGAIN)
			return ret;
		if (one_in(16))
			*good &= random_msis();
	}
	printf("# its_save() does not end\n");
	return -EAGAIN;
}

/*
 * Two cases where the result of a save depends on how many entries are written at once, which is
 * the ITS's business: read-only memory, since what is right already need not be written; and level
 * 2 of the device table where its level 1 is, so that a save destroys what it goes by.
 */
static bool save_may_differ(int want)
{
	if (diff.model->dte_in_level1)
		return true;
	for (u32 i = 0; i < FAKE_MAX_HOLES && want == -EFAULT; i++) {
		if (diff.ram.hole[i].read_only && diff.ram.hole[i].end)
			return true;
	}
	return false;
}

bool save_both(void)
{
	bool good = true;
	int got, want;

	note("save");
	ram_begin(&by_its);
	got = its_save_all(&good);
	ram_end();
	ram_swap(&by_its);
	ram_begin(&by_model);
	want = model_save(diff.model);
	ram_end();
	diff_count_end(diff.model->why);
	diff.saves++;
	note("%s", diff.model->why);
	if (save_may_differ(want)) {
		diff.unlike++;
		return good;
	}
	return good & same("its_save()", (u64)got, (u64)want) & ram_same_image(&by_its, &by_model);
}

/* The guest has taken the collection table away. */
static bool save_without_collections(void)
{
	u64 baser = its_mmio_read(diff.its, 0x108, 8);
	bool good;

	both_write(0, 4, 0);
	both_write(0x108, 8, 0);
	good = settle() && save_both();
	both_write(0x108, 8, baser);
	both_write(0, 4, 1);
	return good;
}

/* Where something must be written, memory is missing; or there is no table for it. */
bool save_obstructed(void)
{
	bool good;

	if (one_in(8))
		return save_without_collections();
	image_targets();
	image_obstruct();
	good = save_both();
	if (!diff.draw.faults)
		memset(diff.ram.hole, 0, sizeof(diff.ram.hole));
	return good;
}

/* ---- Disturbed ---- */

/* The model does each command when the ITS fetches it. */
static void follow_fetch(struct fake *f, u64 ipa, size_t len)
{
	(void)f;
	if (len == 32 && ipa == (diff.model->cbaser & 0xfffffffff0000ull) + diff.model->creadr)
		model_step(diff.model);
}

static void disturb(void)
{
	switch (below(12)) {
	case 0:
		both_reset();
		break;
	case 1:
		both_write(0, 4, one_in(2));
		break;
	case 2:
		both_write(0, 4, 0);
		both_write(0, 4, 1);
		break;
	case 3:
	case 4:
		random_commands(1 + below(4));
		break;
	default: /* what is in the ring already */
		its_run(diff.its);
		break;
	}
	for (u32 n = below(3); n; n--)
		its_run(diff.its);
}

bool save_disturbed(void)
{
	u32 disturbances = below(6);
	int got = -EAGAIN, want;
	bool good = true;

	diff.world_its.read_hook = follow_fetch;
	random_commands(1 + below(one_in(2) ? 8 : 120));
	for (u32 n = below(3); n; n--)
		its_run(diff.its);
	for (u32 i = 0; i < STEPS_MAX && got == -EAGAIN; i++) {
		if (disturbances && one_in(3)) {
			disturb();
			disturbances--;
		}
		got = its_save(diff.its);
	}
	ram_begin(&by_model);
	want = model_save(diff.model);
	ram_end();
	note("disturbed %s", diff.model->why);
	if (!save_may_differ(want) && !diff.model->wrote_level1)
		good = same("its_save(), disturbed", (u64)got, (u64)want) &&
		       (want || ram_unchanged(&by_model));
	ram_swap(&by_model);
	diff.world_its.read_hook = NULL;
	diff.disturbed++;
	return settle() && good && compare(true);
}

/* ---- More collections than the table has entries ---- */

/* Events name more ICIDs than one page has entries; then the guest gives the table only one. */
bool save_many_collections(void)
{
	u32 n = 510 + below(5);
	u64 last_page = 1ull << 63 | COLL_TABLE;

	if (diff.cfg.eventid_bits < 10)
		return true;
	both_write(0, 4, 0);
	if (!settle())
		return false;
	both_write(0x80, 8, 1ull << 63 | RING | 15);
	both_write(0x100, 8, 1ull << 63 | DEV_TABLE);
	both_write(0x108, 8, last_page | 1);
	both_write(0, 4, 1);
	both_queue((struct fake_cmd[]){ cmd_mapd(0, 10, ITTS, true) }, 1);
	for (u32 i = 0; i < n; i++)
		both_queue((struct fake_cmd[]){ cmd_mapti(0, i, 8192 + i, i) }, 1);
	if (!settle())
		return false;
	both_write(0, 4, 0);
	both_write(0x108, 8, last_page);
	if (!settle())
		return false;
	both_write(0, 4, one_in(2));
	if (one_in(2))
		return save_both();
	for (u32 i = 0; i < 8; i++)
		both_queue((struct fake_cmd[]){ cmd_mapc(below(520), 0, true) }, 1);
	return settle() && save_both() && compare(true);
}

/* ---- Restore ---- */

/* What a guest does to an ITS that is being restored is ignored. */
static bool interfere(void)
{
	static const u64 offsets[] = { 0x0, 0x80, 0x84, 0x88, 0x100, 0x108 };
	u64 offset = offsets[below(6)];

	switch (below(6)) {
	case 0:
		return random_msis();
	case 1:
		its_run(diff.its);
		return true;
	case 2:
		return same("its_save() in a restore", (u64)its_save(diff.its), (u64)-EBUSY);
	case 3:
		return same("its_reg_set() in a restore",
			    (u64)its_reg_set(diff.its, offset / 8 * 8, any()), (u64)-EBUSY);
	default:
		its_mmio_write(diff.its, offset, offset % 8 || !offset ? 4 : 8, any());
		return !offset || both_read(offset, 4);
	}
}

/* User space may have given LPIs their pending state before. */
static void random_pending(void)
{
	for (u32 n = below(12); n; n--) {
		u32 lpi = 8192 + below(diff.draw.lpis), vcpu = below(diff.cfg.nr_vcpus);

		diff.world_its.seen.pending[lpi] = (u16)(vcpu + 1);
		diff.world_model.seen.pending[lpi] = (u16)(vcpu + 1);
	}
}

static bool finish_restore(int got)
{
	int want = model_restore(diff.model);
	bool good = same("its_restore()", (u64)got, (u64)want);

	diff_count_end(diff.model->why);
	diff.restores++;
	note("%s", diff.model->why);
	ram_end();
	return good & ram_unchanged(&by_its) & compare(true);
}

static bool restore_both(void)
{
	ram_begin(&by_its);
	for (u32 i = 0; i < STEPS_MAX; i++) {
		int ret = its_restore(diff.its);

		if (ret != -EAGAIN)
			return finish_restore(ret);
		if (one_in(8) && !interfere())
			return false;
	}
	printf("# its_restore() does not end\n");
	return false;
}

/* After a reset in the middle nothing is left; how far it had come is the ITS's business. */
static bool check_aborted(void)
{
	struct fake_seen *its = &diff.world_its.seen, *model = &diff.world_model.seen;
	bool good = same("devices at the backend", its->nr_devices, 0) &
		    same("events at the backend", its->nr_events, 0);

	for (u32 i = 0; i < FAKE_NR_LPIS; i++) {
		if (its->pending[i] && its->pending[i] != model->pending[i])
			good = same("pending", its->pending[i], model->pending[i]);
	}
	*model = *its;
	return good & compare(true);
}

static bool restore_aborted(void)
{
	u32 steps = 1 + below(6);

	diff.world_its.device_error = diff.world_model.device_error = 0; /* would be counted */
	ram_begin(&by_its);
	for (u32 i = 0; i < steps; i++) {
		int ret = its_restore(diff.its);

		if (ret != -EAGAIN)
			return finish_restore(ret);
	}
	ram_end();
	both_reset();
	diff.aborted++;
	diff.model->why = "restore: aborted";
	note("restore aborted");
	return check_aborted();
}

static bool restore_somehow(void)
{
	return one_in(16) ? restore_aborted() : restore_both();
}

/* Without a reset before: mostly refused, but not if nothing happens to be mapped. */
bool restore_here(void)
{
	if (!one_in(4))
		both_write(0, 4, 0);
	if (one_in(2)) /* another device table: collections only stay */
		both_write(0x100, 8, random_table(DEV_TABLE));
	return settle() && restore_somehow();
}

/* ---- Registers from user space ---- */

static bool both_set(u64 offset, u64 val)
{
	note("set 0x%llx = 0x%llx", (unsigned long long)offset, (unsigned long long)val);
	return same("its_reg_set()", (u64)its_reg_set(diff.its, offset, val),
		    (u64)model_reg_set(diff.model, offset, val));
}

static bool both_get(u64 offset, u64 *val)
{
	u64 got = 0, want = 0;
	bool good = same("its_reg_get()", (u64)its_reg_get(diff.its, offset, &got),
			 (u64)model_reg_get(diff.model, offset, &want));

	note("get 0x%llx: 0x%llx", (unsigned long long)offset, (unsigned long long)want);
	*val = got;
	return good && same("a register got by user space", got, want);
}

bool user_register(void)
{
	static const u32 offsets[] = { 0x0,    0x4,    0x8,    0x80,	0x88,  0x90,
				       0x100,  0x108,  0x110,  0x138,	0x140, 0xffcc,
				       0xffd0, 0xffe8, 0xfffc, 0x10040, 0x84,  0x98 };
	u64 offset = one_in(6) ? below(0x20010) : offsets[below(ARRAY_SIZE(offsets))];
	u64 val = one_in(3) ? any() : below(0x20000);

	diff.accesses++;
	if (one_in(3))
		return both_get(offset, &val);
	if (offset == 4 && one_in(2))
		val = 0x4b00043b;
	if (!diff.draw.purges && offset >= 0x100 && offset <= 0x108)
		return true;
	return both_set(offset, val);
}

/* In the order of KVM's documentation. */
static const u16 migrated[] = { 0x80, 0x90, 0x88, 0x4, 0x100, 0x108 };

/* ---- Migration: save, another ITS with the same registers, restore ---- */

static bool apart(u64 (*range)[2], u32 n)
{
	for (u32 i = 0; i < n; i++) {
		for (u32 k = 0; k < i; k++) {
			if (range[i][0] < range[k][1] && range[k][0] < range[i][1])
				return false;
		}
	}
	return true;
}

/* A guest that keeps the rules: flat tables, and no two things in the same place. */
bool tables_are_good(void)
{
	const struct model *m = diff.model;
	u64 range[64][2];
	u32 n = 0;

	for (u32 i = 0; i < 2; i++) {
		u64 b = m->baser[i];
		u64 base = b & 0xffffffff0000ull;

		if (!(b >> 63) || b >> 62 & 1 || b & 0xf000)
			return false;
		range[n][0] = base;
		range[n++][1] = base + ((b & 0xff) + 1) * 0x10000;
	}
	for (struct model_device *d = m->devices; d; d = d->next) {
		if (n == ARRAY_SIZE(range))
			return false;
		range[n][0] = d->itt;
		range[n++][1] = d->itt + (8ull << d->bits);
	}
	return apart(range, n);
}

/* Of all mappings, whatever their order. */
static u64 digest(const struct model *m)
{
	u64 sum = 0;

	for (u32 i = 0; i < 65536; i++)
		sum += (u64)(m->collection[i] + 1) * (i + 1) * 0x9e3779b97f4a7c15ull;
	for (struct model_device *d = m->devices; d; d = d->next) {
		u64 x = (d->devid + d->itt * 3 + d->bits) * 0xbf58476d1ce4e5b9ull;

		sum += x ^ x >> 30;
		for (struct model_event *e = d->events; e; e = e->next) {
			u64 y = ((u64)e->eventid << 32 | e->lpi << 16 | e->icid) + x;

			y *= 0x94d049bb133111ebull;
			sum += y ^ y >> 31;
		}
	}
	return sum;
}

/* Saves; false: the two differ. @was: what is mapped, if a restore must bring it back. */
static bool migrate_from(u64 *was, bool *whole, u64 *regs)
{
	if (!save_both())
		return false;
	*whole = tables_are_good() && !strcmp(diff.model->why, "save: done");
	*was = digest(diff.model);
	image_targets();
	for (u32 i = 0; i < ARRAY_SIZE(migrated); i++) {
		if (!both_get(migrated[i], &regs[i]))
			return false;
	}
	both_reset();
	return true;
}

static bool set_registers(const u64 *regs)
{
	for (u32 i = 0; i < ARRAY_SIZE(migrated); i++) {
		if (!both_set(migrated[i], regs[i]))
			return false;
	}
	return settle();
}

/* Registers of an ITS that never was, for tables of our own. */
static void random_registers(u64 *regs, bool good)
{
	regs[0] = 1ull << 63 | RING | below(4);
	regs[1] = regs[2] = below(128) * 32;
	regs[3] = 0x4b00043b;
	regs[4] = random_table(DEV_TABLE);
	regs[5] = random_table(COLL_TABLE);
	if (good || one_in(2)) /* no larger than the place for it */
		regs[4] = 1ull << 63 | DEV_TABLE | (u64)below(2) << 62 | below(16);
	if (good || one_in(2))
		regs[5] = 1ull << 63 | COLL_TABLE | below(16);
}

/* All is ready for a restore; does it, and enables the ITS. @whole: it must bring back @was. */
static bool restore_prepared(bool whole, u64 was)
{
	random_pending();
	if (!restore_somehow())
		return false;
	if (whole && !strcmp(diff.model->why, "restore: done") &&
	    !same("what was saved is restored", digest(diff.model), was))
		return false;
	if (!diff.draw.faults)
		memset(diff.ram.hole, 0, sizeof(diff.ram.hole));
	return both_set(0, 1) && settle();
}

bool restore_built(bool full)
{
	u64 regs[ARRAY_SIZE(migrated)];

	both_reset();
	random_registers(regs, full);
	if (full)
		diff.world_its.lpi_limit = diff.world_model.lpi_limit = FAKE_NR_LPIS;
	if (!set_registers(regs))
		return false;
	image_build(full);
	if (!full && !one_in(3))
		image_damage();
	return restore_prepared(false, 0);
}

bool migrate(void)
{
	u64 regs[ARRAY_SIZE(migrated)], was = 0;
	bool whole = false;

	if (!migrate_from(&was, &whole, regs) || !set_registers(regs))
		return false;
	if (one_in(2)) {
		image_damage();
		whole = false;
	}
	return restore_prepared(whole, was);
}
