/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Known bug classes of ITS emulators, part one: the command queue and the guest's tables. Each is a
 * function of its own; classes that other tests show already are in docs/its.md, "Known bug
 * classes".
 */
// sources: its/its.c its/regs.c its/queue.c its/cmd.c its/device.c its/event.c its/baser.c its/signal.c
// sources: its/save.c its/restore.c
// sources: vgic/list.c vgic/lr.c vgic/flush.c vgic/irqreg.c vgic/mmio.c vgic/dist.c vgic/redist.c
// sources: vgic/sgi.c vgic/lpi.c vgic/vgic.c vgic/watch.c
// sources: tests/unit/vgic_host_fake.c
#include "tests/unit/its_bugs.h"

/*
 * A step is 20,000 instructions at most. What that means here: its dearest operations are charged
 * 300, reads of guest memory 250 or more.
 */
#define STEP_OPS 60
#define STEP_READS 72

#define RING_PAGES 256u
#define RING_CMDS (RING_PAGES * 128u - 1)
#define NR_EVENTS 4000u
/* Steps that one command may take: 17 events in each, and a walk over the 14,336 buckets. */
#define CMD_STEPS (NR_EVENTS / 17 + 14336 / 120)

#define WITNESS_DEV 1u
#define WITNESS_LPI 60000u

struct ring {
	u32 steps, most_ops, most_reads, longest, moved, late, idle;
};

/*
 * One step of the vCPU on CPU 1 that wrote CWRITER, then an LPI to the vCPU on CPU 2, which takes it
 * at once; the others answer their kicks.
 */
static void ring_step(struct ring *r, u64 *creadr, u32 *since)
{
	u64 ops = bugs.ops, reads = bugs.reads + fake.ram_reads, now;

	fake_run_on(1);
	r->idle = its_run(bugs.its[0]) == ITS_IDLE;
	r->steps++;
	r->most_ops = MAX(r->most_ops, (u32)(bugs.ops - ops));
	r->most_reads = MAX(r->most_reads, (u32)(bugs.reads + fake.ram_reads - reads));
	now = rd(0, R_CREADR);
	r->moved += now != *creadr;
	*since = now == *creadr ? *since + 1 : 0;
	*creadr = now;
	r->longest = MAX(r->longest, *since);
	fake_run_on(2);
	r->late += its_signal(bugs.its[0], 2, WITNESS_DEV, 0) != 1 || fake_take() != WITNESS_LPI;
	fake_enter_vcpu(0);
}

/* 4,000 LPIs pending on vCPU 0, four of them in list registers of CPU 0. */
static void ring_world(void)
{
	bugs_start(3, 3, 16, 4);
	bugs_enable(0, RING_PAGES);
	bugs_mapc_all(0, 3);
	bugs_must(0, c_mapd(0, 16, ITT(0)));
	bugs_must(0, c_mapd(WITNESS_DEV, 1, ITT(1)));
	bugs_map(0, WITNESS_DEV, 0, WITNESS_LPI, 2);
	for (u32 i = 0; i < NR_EVENTS; i++) {
		bugs_map(0, 0, i * 16, 8192 + i * 12, 0);
		its_signal(bugs.its[0], 0, 0, i * 16);
	}
	fake_enter();
}

/* At most @steps of a full ring. */
static struct ring ring_run(const char *name, struct cmd even, struct cmd odd, u32 steps)
{
	struct ring r = { 0 };
	u64 creadr = 0;
	u32 since = 0;

	ring_world();
	bugs_enable(0, RING_PAGES); /* an empty one */
	for (u32 i = 0; i < RING_CMDS; i++)
		bugs_queue(0, i % 2 ? odd : even);
	while (!r.idle && r.steps < steps)
		ring_step(&r, &creadr, &since);
	ok(r.most_ops <= STEP_OPS && r.most_reads <= STEP_READS,
	   "bug class: unbounded command loop, %u times %s: at most %u operations and %u reads of memory in a step",
	   RING_CMDS, name, r.most_ops, r.most_reads);
	ok(r.longest <= CMD_STEPS, "... CREADR moves at least every %u steps (%u)", CMD_STEPS,
	   r.longest);
	is(r.late, 0, "... between any two of %u steps another vCPU got its LPI", r.steps);
	return r;
}

/* The guest has had enough: what is begun ends, and the rest of the ring is left. */
static void ring_stop(const char *name)
{
	u32 steps = 1;

	fake_run_on(1);
	wr(0, R_CTLR, 0);
	while (its_run(bugs.its[0]) == ITS_AGAIN && steps++ < 2 * CMD_STEPS)
		fake_enter_vcpu(0);
	ok(steps <= CMD_STEPS, "... it can be stopped, in %u steps", steps);
	is(rd(0, R_CTLR), 0x80000000, "... and is quiescent");
	bugs_end(name);
}

static void bug_ring_of_movall(void)
{
	struct ring r = ring_run("MOVALL", c_movall(0, 1), c_movall(1, 0), 30000);

	ok(r.moved > 100, "... it passed %u commands", r.moved);
	ring_stop("MOVALL");
}

static void bug_ring_of_invall(void)
{
	struct ring r = ring_run("INVALL", c_invall(0), c_invall(0), 30000);

	ok(r.moved > 200, "... it passed %u commands", r.moved);
	ring_stop("INVALL");
}

static void bug_ring_of_unmapd(void)
{
	struct ring r = ring_run("MAPD V=0", c_unmapd(0), c_unmapd(7), 30000);

	ok(r.idle && rd(0, R_CREADR) == RING_CMDS * 32, "... the whole ring is done");
	is(bugs.events, 1, "... and the device's %u events are unmapped", NR_EVENTS);
	is(bugs_take_all(0), 0, "... of which none is pending any more");
	ring_stop("MAPD V=0");
}

static void bug_ring_of_remap(void)
{
	struct cmd mapd = c_mapd(0, 16, ITT(0));
	struct ring r = ring_run("MAPD of a mapped device", mapd, mapd, 30000);

	ok(r.moved > 10000, "... it passed %u commands", r.moved);
	ring_stop("MAPD of a mapped device");
}

/* A device, vCPU 0 and LPI 8200, to see afterwards that all is well. */
static void small_world(void)
{
	bugs_start(2, 2, 16, 4);
	bugs_mapc_all(0, 2);
	bugs_must(0, c_mapd(5, 5, ITT(0)));
	bugs_map(0, 5, 1, 8200, 0);
}

static void still_works(const char *name)
{
	fake_run_on(0);
	is(its_signal(bugs.its[0], 0, 5, 1), 1, "%s: what was mapped still leads", name);
	is(bugs_take(0), 8200, "... and is taken");
	bugs_end(name);
}

/* 64 commands where there is no memory: each is passed, none does anything. */
static void ring_nowhere(u64 pa, const char *name)
{
	u64 fetched;

	small_world();
	wr(0, R_CTLR, 0);
	wr(0, R_CBASER, VALID | pa | 3);
	wr(0, R_CTLR, 1);
	fetched = bugs_stats(0).errors[ITS_E_COMMAND_FETCH];
	wr(0, R_CWRITER, 64 * 32);
	ok(bugs_settle(0), "bug class: CBASER over %s", name);
	is(rd(0, R_CREADR), 64 * 32, "... CREADR passes all");
	is(bugs_stats(0).errors[ITS_E_COMMAND_FETCH] - fetched, 64, "... counted: COMMAND_FETCH");
	still_works(name);
}

static void bug_cbaser_over_frames(void)
{
	ring_nowhere(FRAME, "the vITS frame");
	ring_nowhere(FRAME + 0x10000, "GITS_TRANSLATER");
	ring_nowhere(UINT64_C(0xfffffffff0000), "the end of the address space");
}

/* The property table is memory as any other: its bytes are no command. */
static void bug_cbaser_over_property_table(void)
{
	u64 table = fake_prop_ipa(8192) & ~UINT64_C(0xffff);

	small_world();
	wr(0, R_CTLR, 0);
	wr(0, R_CBASER, VALID | table | 3);
	wr(0, R_CTLR, 1);
	wr(0, R_CWRITER, 64 * 32);
	ok(bugs_settle(0) && rd(0, R_CREADR) == 64 * 32,
	   "bug class: CBASER over the property table: CREADR passes all");
	is(bugs_stats(0).errors[ITS_E_COMMAND_UNKNOWN], 64, "... counted: COMMAND_UNKNOWN");
	still_works("CBASER over the property table");
}

/* The ring starts in the last page of memory. */
static void bug_cbaser_straddling(void)
{
	struct cmd c = c_event(OP_INT, 5, 1);

	small_world();
	for (u32 i = 0; i < 16 * 128; i++)
		memcpy(&bugs.ram[RAM_SIZE - 0x10000 + i * 32], &c, 32);
	wr(0, R_CTLR, 0);
	wr(0, R_CBASER, VALID | (RAM + RAM_SIZE - 0x10000) | 31);
	wr(0, R_CTLR, 1);
	wr(0, R_CWRITER, 32 * 4096 - 32);
	ok(bugs_settle(0), "bug class: CBASER straddling the end of RAM");
	is(bugs_stats(0).commands[ITS_CMD_INT], 16 * 128, "... what is in memory is done");
	is(bugs_stats(0).errors[ITS_E_COMMAND_FETCH], 16 * 128 - 1, "... the rest is passed");
	is(bugs_take(0), 8200, "... the INTs arrived");
	still_works("CBASER straddling the end of RAM");
}

/* Changed while enabled, and while the last command is not done. */
static void bug_cbaser_changed(void)
{
	u64 cbaser, baser;

	small_world();
	cbaser = rd(0, R_CBASER);
	baser = rd(0, R_BASER0);
	its_signal(bugs.its[0], 0, 5, 1);
	fake_enter();
	fake_run_on(1);
	bugs_queue(0, c_event(OP_DISCARD, 5, 1)); /* waits for CPU 0's list registers */
	is(its_run(bugs.its[0]), ITS_AGAIN, "bug class: CBASER changed while a command goes on");
	wr(0, R_CBASER, VALID | SMALL_RING);
	is(rd(0, R_CBASER), cbaser, "... ignored while enabled");
	wr(0, R_CTLR, 0);
	wr(0, R_CBASER, VALID | SMALL_RING);
	wr(0, R_BASER0, 0);
	is(rd(0, R_CBASER), cbaser, "... ignored while disabled, before the command is done");
	is(rd(0, R_BASER0), baser, "... GITS_BASER0 as well");
	fake_enter_vcpu(0);
	ok(bugs_settle(0), "... it ends");
	is(rd(0, R_CREADR), rd(0, R_CWRITER), "... in the old ring");
	wr(0, R_CBASER, VALID | SMALL_RING);
	is(rd(0, R_CBASER) & GENMASK(51, 12), SMALL_RING, "... and then it can be changed");
	bugs_end("CBASER changed");
}

/* All tables, the queue, and the LPI tables are one and the same 64 KiB. */
static void bug_tables_overlapping(void)
{
	u64 at = fake_prop_ipa(8192);

	small_world();
	bugs_must(0, c_mapd(9, 5, at));
	wr(0, R_CTLR, 0);
	while (its_run(bugs.its[0]) == ITS_AGAIN)
		;
	wr(0, R_BASER0, VALID | 2 << 8 | at);
	wr(0, R_BASER1, VALID | 2 << 8 | at);
	wr(0, R_CBASER, VALID | at);
	wr(0, R_CTLR, 1);
	bugs_settle(0);
	fake_rd_w(1, RD_CTLR, 4, 0);
	fake_rd_w(1, RD_PENDBASER, 8, at);
	fake_rd_w(1, RD_CTLR, 4, 1);
	is(bugs_do(0, c_mapc(0, 0)), 0, "bug class: tables overlapping: MAPC");
	is(bugs_do(0, c_mapc(1, 1)), 0, "... another");
	is(bugs_do(0, c_mapd(5, 5, at)), 0, "... MAPD");
	/* After the first 128 LPIs, whose property bytes the commands are. */
	fake_lpi_prop(8192 + 4096, ON);
	is(bugs_do(0, c_mapti(5, 1, 8192 + 4096, 1)), 0, "... MAPTI");
	is(bugs_do(0, c_event(OP_INT, 5, 1)), 0, "... INT");
	fake_enter_vcpu(1);
	/* The pending table is written: into the queue, among others. */
	fake_rd_w(1, RD_CTLR, 4, 0);
	is(bugs_take(1), FAKE_SPURIOUS, "... LPIs off");
	fake_lpi_prop(8192 + 4096, ON);
	for (u32 i = 0; i < 300; i++) {
		wr(0, R_CWRITER, (rd(0, R_CREADR) + 32) % 4096);
		if (!bugs_settle(0) || rd(0, R_CREADR) != rd(0, R_CWRITER))
			ok(false, "... command %u of the scribbled queue wedges", i);
	}
	fake_rd_w(1, RD_CTLR, 4, 1);
	while (bugs_take(1) != FAKE_SPURIOUS)
		;
	fake_lpi_prop(8192 + 4097, ON);
	is(bugs_do(0, c_mapc(1, 1)), 0, "... it still takes commands: MAPC");
	is(bugs_do(0, c_mapd(6, 5, at)), 0, "... MAPD");
	is(bugs_do(0, c_mapti(6, 3, 8192 + 4097, 1)), 0, "... MAPTI");
	is(its_signal(bugs.its[0], 0, 6, 3), 1, "... and delivers");
	is(bugs_take(1), 8192 + 4097, "... to the right vCPU");
	bugs_end("tables overlapping");
}

/* What was mapped is in EL2: the guest's copies may say anything, or not be there. */
static void bug_tables_overwritten(void)
{
	u32 wrong = 0;

	small_world();
	for (u32 i = 2; i < 32; i++)
		bugs_map(0, 5, i, 8200 + i, i % 2);
	for (u32 round = 0; round < 4; round++) {
		bugs.unreadable = round == 3;
		for (u32 i = 0x1000; i < RAM_SIZE; i++) /* all but the first page of the queue */
			bugs.ram[i] = round ? (u8)fake_random() : 0xff;
		for (u32 i = 2; i < 32; i++) {
			wrong += its_signal(bugs.its[0], 0, 5, i) != 1;
			wrong += bugs_take(i % 2) != 8200 + i;
		}
		if (bugs.unreadable)
			break;
		wrong += bugs_do(0, c_movi(5, 7, 0)) + bugs_do(0, c_movi(5, 7, 1));
		wrong += bugs_do(0, c_event(OP_INT, 5, 8)) + bugs_do(0, c_invall(0));
		wrong += bugs_take(0) != 8208;
	}
	is(wrong, 0, "bug class: tables overwritten after mapping: no event leads elsewhere");
	is(bugs_stats(0).events, 31, "... none is gone");
	bugs.unreadable = false;
	/* The property table: read when a command says so, and not before. */
	for (u32 i = 0; i < 32; i++)
		fake_lpi_prop(8200 + i, 0);
	is(its_signal(bugs.its[0], 0, 5, 2), 1, "... the property table: no effect");
	is(bugs_take(0), 8202, "... it arrives");
	is(bugs_do(0, c_event(OP_INV, 5, 2)), 0, "... until INV");
	is(its_signal(bugs.its[0], 0, 5, 2), 0, "... then it is disabled");
	bugs_must(0, c_unmapd(5));
	is(bugs.events + bugs.devices, 0, "... and MAPD V=0 unmaps all of it");
	bugs_end("tables overwritten");
}

int main(void)
{
	bug_ring_of_movall();
	bug_ring_of_invall();
	bug_ring_of_unmapd();
	bug_ring_of_remap();
	bug_cbaser_over_frames();
	bug_cbaser_over_property_table();
	bug_cbaser_straddling();
	bug_cbaser_changed();
	bug_tables_overlapping();
	bug_tables_overwritten();
	return tap_done();
}
