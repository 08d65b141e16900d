/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A guest's ITS driver for the race test. It queues commands that are all valid, some at a time,
 * waits until CREADR has passed them, and keeps the oracle informed: before a command of what it
 * will allow, after it of what it has ended.
 *
 * A command that changes a collection is queued alone: what it ends depends on what is mapped then.
 */
#include <string.h>

#include "tests/race/race.h"

#define R_CTLR 0x0
#define R_CBASER 0x80
#define R_CWRITER 0x88
#define R_CREADR 0x90
#define R_BASER0 0x100
#define R_BASER1 0x108
#define VALID BIT(63)
#define QUIESCENT BIT(31)

/* An ITS's memory; the vGIC's tables are elsewhere (tests/unit/vgic_host_fake.c). */
#define MEM_BASE(t) (FAKE_RAM_BASE + 0x20000 + (t)->index * 0x40000)
#define MEM_RING(t) MEM_BASE(t)
#define MEM_RING_SIZE 0x1000u
#define MEM_DEVICES(t) (MEM_BASE(t) + 0x10000)
#define MEM_OTHER_DEVICES(t) (MEM_BASE(t) + 0x11000)
#define MEM_COLLS(t) (MEM_BASE(t) + 0x12000)
#define MEM_ITT(t, dev) (MEM_BASE(t) + 0x20000 + (dev)*0x100)

struct command {
	u64 w[4];
};

struct race_its race_its[RACE_ITSES];

/* What to tell the oracle when the commands in the ring are done. */
#define MAX_LATER 512u
static _Thread_local struct later {
	void (*tell)(u32 lpi, u32 vcpu);
	u32 lpi, vcpu;
} later[MAX_LATER];
static _Thread_local u32 nr_later;

static void do_later(void (*tell)(u32 lpi, u32 vcpu), u32 lpi, u32 vcpu)
{
	ASSERT(nr_later < MAX_LATER);
	later[nr_later++] = (struct later){ tell, lpi, vcpu };
}

/* Of several moves in one go only the last counts. */
static void do_moved_later(u32 lpi, u32 vcpu)
{
	for (u32 i = 0; i < nr_later; i++) {
		if (later[i].tell == oracle_moved && later[i].lpi == lpi) {
			later[i].vcpu = vcpu;
			return;
		}
	}
	do_later(oracle_moved, lpi, vcpu);
}

/* Once more: it may have come between the command's begin and its end. */
static void tell_unmapped(u32 lpi, u32 vcpu)
{
	(void)vcpu;
	oracle_lossy(lpi);
	oracle_unmapped(lpi);
}

static void tell_lossy(u32 lpi, u32 vcpu)
{
	(void)vcpu;
	oracle_lossy(lpi);
}

static void tell_all(void)
{
	for (u32 i = 0; i < nr_later; i++)
		later[i].tell(later[i].lpi, later[i].vcpu);
	nr_later = 0;
}

static void guest_store(u64 ipa, u64 val)
{
	atomic_store_relaxed((u64 *)(void *)fake_ram(ipa), val);
}

static void queue(struct race_its *t, struct command c)
{
	for (u32 i = 0; i < ARRAY_SIZE(c.w); i++)
		guest_store(MEM_RING(t) + t->cwriter + i * sizeof(u64), c.w[i]);
	t->cwriter = (t->cwriter + (u32)sizeof(c)) % MEM_RING_SIZE;
}

/* Runs what was queued, to its end, and tells the oracle. */
static void finish(struct race_its *t)
{
	struct race_wait wait = { 0 };

	race_write(t, R_CWRITER, 8, t->cwriter);
	while (race_read(t, R_CREADR, 8) != t->cwriter) {
		race_idle();
		race_waited(&wait, "CREADR reaches CWRITER", NULL);
	}
	oracle_note(t->index, ORACLE_DONE, 0, 0, 0, 0);
	tell_all();
}

/* --- commands --- */

static struct command cmd_event(u64 op, u32 dev, u32 event)
{
	return (struct command){ { op | (u64)dev << 32, event } };
}

static struct command cmd_to(u64 op, u32 dev, u32 event, u32 lpi, u32 icid)
{
	return (struct command){ { op | (u64)dev << 32, event | (u64)lpi << 32, icid } };
}

static struct command cmd_mapd(struct race_its *t, u32 dev, bool valid)
{
	return (struct command){ { 0x08 | (u64)dev << 32, RACE_EVENT_BITS - 1,
				   MEM_ITT(t, dev) | (valid ? VALID : 0) } };
}

static struct command cmd_mapc(u32 icid, u32 vcpu, bool valid)
{
	return (struct command){ { 0x09, 0, icid | (u64)vcpu << 16 | (valid ? VALID : 0) } };
}

/* The vCPU that a mapping leads to, or ITS_NO_VCPU. */
static u32 vcpu_of(const struct race_its *t, const struct race_mapping *m)
{
	return t->vcpu_of[m->icid];
}

/* --- own LPIs --- */

static void give_back(u32 lpi, u32 its)
{
	race_its[its].in_use[lpi - ITS_LPI_BASE] = false;
}

static u32 take_lpi(struct race_its *t)
{
	u32 n;

	if (race_rules.share && !race_pick(4))
		return ITS_LPI_BASE + RACE_ITSES * RACE_OWN_LPIS + race_pick(RACE_SHARED_LPIS);
	/* As late as can be: one that comes by its old mapping is then seen. */
	do {
		t->next_lpi = (t->next_lpi + 1) % RACE_OWN_LPIS;
		n = t->index * RACE_OWN_LPIS + t->next_lpi;
	} while (t->in_use[n]);
	return ITS_LPI_BASE + n;
}

/* From now on @m may be there. */
static void begin_mapping(struct race_its *t, const struct race_mapping *m)
{
	if (!m->lpi)
		return;
	if (!race_lpi_shared(m->lpi))
		t->in_use[m->lpi - ITS_LPI_BASE] = true;
	oracle_mapped(m->lpi);
	oracle_allow(m->lpi, vcpu_of(t, m));
}

/* A mapping ends with what was queued so far. */
static void end_mapping(struct race_its *t, struct race_mapping *m)
{
	if (!m->lpi)
		return;
	oracle_note(t->index, ORACLE_END, 0, 0, m->lpi, vcpu_of(t, m));
	oracle_lossy(m->lpi);
	do_later(oracle_forbid, m->lpi, vcpu_of(t, m));
	do_later(tell_unmapped, m->lpi, 0);
	if (!race_lpi_shared(m->lpi))
		do_later(give_back, m->lpi, t->index);
	m->lpi = 0;
}

static void end_device(struct race_its *t, u32 dev)
{
	for (u32 e = 0; e < RACE_EVENTS; e++)
		end_mapping(t, &t->map[dev][e]);
	t->mapped[dev] = false;
}

/* --- the choice --- */

/* Another vCPU's collection or the same's. It is mapped, or there is none: RACE_COLLS. */
static u32 pick_coll(const struct race_its *t)
{
	u32 icid = race_pick(RACE_COLLS);

	return t->vcpu_of[icid] == ITS_NO_VCPU ? race_pick(RACE_VCPUS) : icid;
}

static void queue_device(struct race_its *t, u32 dev)
{
	bool map = !t->mapped[dev] || !race_pick(3);

	oracle_note(t->index, map ? ORACLE_MAPD : ORACLE_UNMAPD, dev, 0, 0, 0);
	end_device(t, dev);
	queue(t, cmd_mapd(t, dev, map));
	t->mapped[dev] = map;
}

static void queue_map(struct race_its *t, u32 dev, u32 event)
{
	struct race_mapping *m = &t->map[dev][event];

	m->lpi = take_lpi(t);
	m->icid = race_pick(RACE_COLLS);
	oracle_note(t->index, ORACLE_MAPTI, dev, event, m->lpi, vcpu_of(t, m));
	begin_mapping(t, m);
	queue(t, cmd_to(0x0a, dev, event, m->lpi, m->icid));
}

static void queue_move(struct race_its *t, u32 dev, u32 event)
{
	struct race_mapping *m = &t->map[dev][event];
	u32 from = vcpu_of(t, m);

	m->icid = pick_coll(t);
	oracle_note(t->index, ORACLE_MOVI, dev, event, m->lpi, vcpu_of(t, m));
	oracle_allow(m->lpi, vcpu_of(t, m));
	queue(t, cmd_to(0x01, dev, event, 0, m->icid));
	do_later(oracle_forbid, m->lpi, from);
	do_moved_later(m->lpi, vcpu_of(t, m));
}

static void queue_discard(struct race_its *t, u32 dev, u32 event)
{
	oracle_note(t->index, ORACLE_DISCARD, dev, event, t->map[dev][event].lpi, 0);
	queue(t, cmd_event(0x0f, dev, event));
	end_mapping(t, &t->map[dev][event]);
}

static void queue_clear(struct race_its *t, u32 dev, u32 event)
{
	u32 lpi = t->map[dev][event].lpi;

	oracle_note(t->index, ORACLE_CLEAR, dev, event, lpi, 0);
	oracle_lossy(lpi);
	queue(t, cmd_event(0x04, dev, event));
	do_later(tell_lossy, lpi, 0);
}

static void queue_move_all(struct race_its *t)
{
	u32 from = race_pick(RACE_VCPUS), to = race_pick(RACE_VCPUS);

	oracle_note(t->index, ORACLE_MOVALL, from, 0, 0, to);
	queue(t, (struct command){ { 0x0e, 0, (u64)from << 16, (u64)to << 16 } });
}

/* A command that does not change what is mapped. */
static void queue_harmless(struct race_its *t, u32 dev, u32 event)
{
	switch (race_pick(5)) {
	case 0:
		if (event >= RACE_LOUD_EVENTS)
			break;
		oracle_note(t->index, ORACLE_INT, dev, event, t->map[dev][event].lpi, 0);
		queue(t, cmd_event(0x03, dev, event));
		break;
	case 1:
		queue(t, cmd_event(0x0c, dev, event)); /* INV */
		break;
	case 2:
		queue(t, (struct command){ { 0x0d, 0, race_pick(RACE_VCPUS) } }); /* INVALL */
		break;
	case 3:
		queue(t, (struct command){ { 0x05, 0, (u64)race_pick(RACE_VCPUS) << 16 } });
		break;
	default:
		if (race_rules.move_all && race_pick(2))
			queue_move_all(t);
		else
			queue_clear(t, dev, event);
	}
}

static void queue_one(struct race_its *t)
{
	u32 dev = race_pick(RACE_DEVS), event = race_pick(RACE_EVENTS), what = race_pick(16);
	struct race_mapping *m = &t->map[dev][event];

	if (!t->mapped[dev] || what == 0)
		queue_device(t, dev);
	else if (!m->lpi)
		queue_map(t, dev, event);
	else if (vcpu_of(t, m) == ITS_NO_VCPU)
		return;
	else if (what < 5)
		queue_discard(t, dev, event);
	else if (what < 11)
		queue_move(t, dev, event);
	else
		queue_harmless(t, dev, event);
}

/* A wandering collection goes elsewhere, or away. */
static void wander(struct race_its *t)
{
	u32 icid = RACE_VCPUS + race_pick(RACE_COLLS - RACE_VCPUS), from = t->vcpu_of[icid];
	u32 to = race_pick(4) ? race_pick(RACE_VCPUS) : ITS_NO_VCPU;

	oracle_note(t->index, to == ITS_NO_VCPU ? ORACLE_UNMAPC : ORACLE_MAPC, icid, 0, 0, to);
	for (u32 i = 0; i < RACE_DEVS * RACE_EVENTS; i++) {
		const struct race_mapping *m = &t->map[i / RACE_EVENTS][i % RACE_EVENTS];

		if (!m->lpi || m->icid != icid)
			continue;
		oracle_allow(m->lpi, to);
		do_later(oracle_forbid, m->lpi, from);
	}
	queue(t, cmd_mapc(icid, to == ITS_NO_VCPU ? 0 : to, to != ITS_NO_VCPU));
	finish(t);
	t->vcpu_of[icid] = to;
}

/* An LPI of this ITS alone is disabled, and enabled with another priority. */
static void configure(struct race_its *t, u32 dev, u32 event)
{
	const struct race_mapping *m = &t->map[dev][event];

	if (!m->lpi || race_lpi_shared(m->lpi) || vcpu_of(t, m) == ITS_NO_VCPU)
		return;
	fake_lpi_prop(m->lpi, 0x80);
	queue(t, cmd_event(0x0c, dev, event));
	finish(t);
	race_idle();
	fake_lpi_prop(m->lpi, (u8)(0x81 + race_pick(4) * 0x10));
	if (race_pick(2))
		queue(t, cmd_event(0x0c, dev, event));
	else
		queue(t, (struct command){ { 0x0d, 0, m->icid } });
	finish(t);
}

/*
 * The mapping is stable: its MSI must be acknowledged in the end, though it be moved meanwhile. An
 * event that no device sends is best: nothing that comes again makes good for what got stuck.
 */
static void probe(struct race_its *t, u32 dev, u32 event)
{
	struct race_wait wait = { 0 };
	struct oracle_pend p;

	if (!t->map[dev][event].lpi || race_signal(t, dev, event) <= 0)
		return;
	p = race_last;
	for (u32 n = race_pick(3); n; n--) {
		queue_move(t, dev, event);
		finish(t);
	}
	while (!oracle_settled(&p)) {
		race_idle();
		race_waited(&wait, "an MSI by a stable mapping is acknowledged", &p);
	}
}

/* --- all at once --- */

/* GITS_CBASER last: without it no one can enable the ITS. */
static void set_tables(struct race_its *t)
{
	race_write(t, R_BASER0, 8, VALID | t->device_table);
	race_write(t, R_BASER1, 8, VALID | MEM_COLLS(t));
	race_write(t, R_CBASER, 8, VALID | MEM_RING(t));
	t->cwriter = 0;
}

static void map_colls(struct race_its *t)
{
	for (u32 i = 0; i < RACE_COLLS; i++) {
		t->vcpu_of[i] = i % RACE_VCPUS;
		queue(t, cmd_mapc(i, t->vcpu_of[i], true));
	}
	finish(t);
}

static void end_all(struct race_its *t)
{
	for (u32 dev = 0; dev < RACE_DEVS; dev++)
		end_device(t, dev);
}

static void reset(struct race_its *t)
{
	oracle_note(t->index, ORACLE_RESET, 0, 0, 0, 0);
	end_all(t);
	race_steps(t, race_reset_step);
	tell_all();
	set_tables(t);
	race_write(t, R_CTLR, 4, 1);
	map_colls(t);
}

/* Saves; with @wipe then also resets, and restores what was. */
static void save(struct race_its *t, bool wipe)
{
	struct race_mapping map[RACE_DEVS][RACE_EVENTS];
	bool mapped[RACE_DEVS];
	int err = race_steps(t, its_save);

	if (err)
		oracle_fail("its_save()", t->index, ITS_LPI_BASE, (u32)-err);
	if (!wipe)
		return;
	oracle_note(t->index, ORACLE_RESTORE, 0, 0, 0, 0);
	memcpy(map, t->map, sizeof(map));
	memcpy(mapped, t->mapped, sizeof(mapped));
	end_all(t);
	race_steps(t, race_reset_step);
	tell_all();
	memcpy(t->map, map, sizeof(map));
	memcpy(t->mapped, mapped, sizeof(mapped));
	for (u32 i = 0; i < RACE_DEVS * RACE_EVENTS; i++)
		begin_mapping(t, &t->map[i / RACE_EVENTS][i % RACE_EVENTS]);
	set_tables(t);
	err = race_steps(t, its_restore);
	if (err)
		oracle_fail("its_restore()", t->index, ITS_LPI_BASE, (u32)-err);
	race_write(t, R_CTLR, 4, 1);
}

/* Another device table: no device is mapped any more. */
static void change_table(struct race_its *t)
{
	oracle_note(t->index, ORACLE_TABLE, 0, 0, 0, 0);
	end_all(t);
	race_write(t, R_CTLR, 4, 0);
	t->device_table = MEM_DEVICES(t) + MEM_OTHER_DEVICES(t) - t->device_table;
	race_write(t, R_BASER0, 8, VALID | t->device_table);
	tell_all();
	race_write(t, R_CTLR, 4, 1);
}

void driver_turn(struct race_its *t)
{
	u32 dev = race_pick(RACE_DEVS), event = race_pick(RACE_EVENTS), what = race_pick(64), n;

	if (!race_try(&t->busy))
		return;
	if (what == 0 && race_rules.reset && race_try(&t->ctlr_busy)) {
		switch (race_pick(3)) {
		case 0:
			reset(t);
			break;
		case 1:
			change_table(t);
			break;
		default:
			save(t, true);
		}
		race_leave(&t->ctlr_busy);
	} else if (what == 1 && race_rules.save) {
		save(t, false);
	} else if (what < 4) {
		wander(t);
	} else if (what < 8) {
		configure(t, dev, event);
	} else if (what < 16) {
		probe(t, dev, race_pick(4) ? RACE_LOUD_EVENTS + event % 4 : event);
	} else {
		for (n = 1 + race_pick(6); n; n--)
			queue_one(t);
		finish(t);
	}
	race_leave(&t->busy);
}

void driver_switch(struct race_its *t)
{
	if (!race_try(&t->ctlr_busy))
		return;
	oracle_note(t->index, ORACLE_DISABLE, 0, 0, 0, 0);
	race_write(t, R_CTLR, 4, 0);
	if (race_read(t, R_CTLR, 4) & QUIESCENT)
		oracle_quiet(t->index, true);
	for (u32 n = race_pick(4); n; n--)
		race_idle();
	oracle_quiet(t->index, false);
	oracle_note(t->index, ORACLE_ENABLE, 0, 0, 0, 0);
	race_write(t, R_CTLR, 4, 1);
	race_leave(&t->ctlr_busy);
}

void driver_start(struct race_its *t)
{
	t->device_table = MEM_DEVICES(t);
	set_tables(t);
	race_write(t, R_CTLR, 4, 1);
	map_colls(t);
}

static bool check_mapping(struct race_its *t, u32 dev, u32 event)
{
	const struct race_mapping *m = &t->map[dev][event];
	u32 vcpu = vcpu_of(t, m);
	struct its_event_info info;

	if (!its_event_info(t->its, t->entry[dev][event], &info) || info.devid != dev ||
	    info.eventid != event || info.lpi != m->lpi || info.icid != m->icid ||
	    info.vcpu != vcpu)
		return false;
	if (vcpu == ITS_NO_VCPU)
		return race_signal(t, dev, event) == -ENXIO;
	oracle_moved(m->lpi, vcpu);
	return race_signal(t, dev, event) > 0;
}

u32 driver_check(struct race_its *t)
{
	u32 bad = 0, dev, event;

	for (dev = 0; dev < RACE_DEVS; dev++) {
		for (event = 0; event < RACE_EVENTS; event++) {
			if (!t->map[dev][event].lpi) {
				bad += race_signal(t, dev, event) != -ENXIO;
			} else if (!check_mapping(t, dev, event)) {
				bad++;
				oracle_fail("mapped, but not so", t->index, t->map[dev][event].lpi,
					    vcpu_of(t, &t->map[dev][event]));
			}
		}
	}
	return bad;
}
