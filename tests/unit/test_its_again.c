/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Guest memory that is not there yet: whatever the ITS wants of it, it asks again later, and all comes out as if the memory
 * had been there from the beginning. The same commands, save and restore, with and without such memory.
 */
// sources: its/its.c its/regs.c its/queue.c its/cmd.c its/device.c its/event.c its/baser.c its/signal.c
// sources: its/save.c its/restore.c tests/unit/its_fake.c
#include "tests/unit/its_tables.h"

#define COMMANDS 3000
#define DEVICES 6
#define INDIRECT_L2 (FAKE_RAM + 0x280000)

/* All that may not depend on when memory came. */
struct outcome {
	struct its_stats stats;
	struct fake_seen seen;
	struct fake_ram ram;
};

static struct outcome want, got;
static u64 dice;

static u32 pick(u32 n)
{
	return (u32)(fake_random(&dice) % n);
}

/* Mostly legal, in no particular order; some name what is not mapped, or is beyond the tables. */
static struct fake_cmd draw(void)
{
	u32 dev = pick(DEVICES) * 0x1fff, event = pick(40), lpi = 8192 + pick(300), icid = pick(5);

	switch (pick(12)) {
	case 0:
		return cmd_mapd(dev, 5, RIG_ITT + pick(DEVICES) * 0x1000, pick(4));
	case 1:
		return cmd_mapc(icid, pick(5), pick(4));
	case 2:
		return cmd_event(OP_DISCARD, dev, event);
	case 3:
		return cmd_event(OP_INV, dev, event);
	case 4:
		return cmd_event(OP_INT, dev, event);
	case 5:
		return cmd_event(OP_CLR, dev, event);
	case 6:
		return cmd_movi(dev, event, icid);
	case 7:
		return cmd_invall(icid);
	default:
		return cmd_mapti(dev, event, lpi, icid);
	}
}

static void note(struct outcome *o)
{
	its_get_stats(r.its, &o->stats);
	o->seen = r.world.seen;
	o->ram = rig_ram;
	o->ram.reads = 0;
}

/* Commands, then a save; the device table has two levels. @rate: of memory that is not there yet. */
static int play(u32 rate, struct outcome *o)
{
	struct its_config cfg = rig_default_config();
	int ret;

	dice = 0x1234567;
	rig_make(&r, &cfg);
	r.world.page_rate = rate;
	its_mmio_write(r.its, R_BASER0, 8, VALID | INDIRECT | 2 << 8 | RIG_DEV_TABLE);
	its_mmio_write(r.its, R_BASER1, 8, VALID | 2 << 8 | RIG_COLL_TABLE);
	its_mmio_write(r.its, R_CBASER, 8, CBASER);
	its_mmio_write(r.its, R_CTLR, 4, 1);
	for (u32 i = 0; i < 4; i++)
		fake_poke64(&rig_ram, RIG_DEV_TABLE + i * 8, VALID | (INDIRECT_L2 + i * 0x10000));
	for (u32 i = 0; i < COMMANDS; i++) {
		rig_queue(&r, draw());
		rig_settle(&r);
	}
	ret = save();
	note(o);
	return ret;
}

static void test_commands(u32 rate)
{
	is(play(0, &want), 0, "%u commands and a save, memory being there", COMMANDS);
	ok(want.stats.events > 10 && want.stats.devices > 2, "%u events of %u devices are mapped",
	   want.stats.events, want.stats.devices);
	rig_down(&r);
	is(play(rate, &got), 0, "the same, one access of %u finds no memory", rate);
	ok(!memcmp(&got.stats, &want.stats, sizeof(want.stats)),
	   "as many commands, errors, mappings");
	ok(!memcmp(&got.seen, &want.seen, sizeof(want.seen)), "LPIs are the same");
	ok(!memcmp(&got.ram, &want.ram, sizeof(want.ram)),
	   "memory is the same, saved tables included");
}

/* From the tables that the last save left, into an ITS that is reset; saved once more they are the same. */
static void test_restore(u32 rate)
{
	struct its_stats st;

	r.world.page_rate = 0;
	while (its_reset(r.its) == ITS_AGAIN)
		;
	is(set(R_BASER0, VALID | INDIRECT | 2 << 8 | RIG_DEV_TABLE), 0, "registers restored");
	is(set(R_BASER1, VALID | 2 << 8 | RIG_COLL_TABLE), 0, "registers restored");
	r.world.page_rate = rate;
	is(restore(), 0, "restored, one access of %u finds no memory", rate);
	st = rig_stats(&r);
	ok(st.devices == want.stats.devices && st.events == want.stats.events &&
		   st.collections == want.stats.collections,
	   "all is mapped again");
	is(save(), 0, "and saved");
	rig_ram.reads = 0;
	ok(!memcmp(&rig_ram, &want.ram, sizeof(want.ram)), "into the same bytes");
	rig_down(&r);
}

int main(void)
{
	static const u32 rates[] = { 2, 3, 17 };

	for (u32 i = 0; i < ARRAY_SIZE(rates); i++) {
		test_commands(rates[i]);
		test_restore(rates[i]);
	}
	return tap_done();
}
