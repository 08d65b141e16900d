/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Known bug classes of ITS emulators, part two: mappings and the LPIs behind them, in lists and in
 * list registers of this CPU and of others. See docs/its.md, "Known bug classes".
 */
// sources: its/its.c its/regs.c its/queue.c its/cmd.c its/device.c its/event.c its/baser.c its/signal.c
// sources: its/save.c its/restore.c
// sources: vgic/list.c vgic/lr.c vgic/flush.c vgic/irqreg.c vgic/mmio.c vgic/dist.c vgic/redist.c
// sources: vgic/sgi.c vgic/lpi.c vgic/vgic.c vgic/watch.c
// sources: tests/unit/vgic_host_fake.c
#include "tests/unit/its_bugs.h"

#define LRS 4u
#define PER_VCPU 8u /* LPIs: half of them do not fit the list registers */
#define WITNESS 50000u

/*
 * Device 5 with events 0..31, eight for each of four vCPUs; vCPU 3 is not loaded. Device 6 is a
 * witness, event n on vCPU n.
 */
static void world(bool lpi_active)
{
	bugs_start(4, 3, 16, LRS);
	fake.lpi_active = lpi_active;
	bugs_mapc_all(0, 4);
	bugs_mapc_all(1, 4);
	bugs_must(0, c_mapd(5, 5, ITT(0)));
	bugs_must(0, c_mapd(6, 5, ITT(1)));
	for (u32 i = 0; i < 4 * PER_VCPU; i++)
		bugs_map(0, 5, i, 9000 + i, i / PER_VCPU);
	for (u32 i = 0; i < 4; i++)
		bugs_map(0, 6, i, WITNESS + i, i);
}

static int msi(u32 n, u32 devid, u32 eventid)
{
	return its_signal(bugs.its[n], fake_here, devid, eventid);
}

static void all_pending(void)
{
	for (u32 i = 0; i < 4 * PER_VCPU; i++)
		msi(0, 5, i);
	for (u32 i = 0; i < 3; i++)
		fake_enter_vcpu(i);
}

/* The witness arrives once on each vCPU, and nothing else does. */
static void only_witness(const char *name)
{
	u32 wrong = 0, was = fake_here;

	for (u32 i = 0; i < 4; i++) {
		if (i == 3) {
			fake_put(2);
			fake_load(3, 2);
		}
		wrong += msi(0, 6, i) != 1;
		wrong += bugs_take(i) != WITNESS + i;
		wrong += bugs_take_all(i);
	}
	is(wrong, 0, "%s: nothing arrives but what is mapped still", name);
	fake_put(3);
	fake_load(2, 2);
	fake_run_on(was);
}

/* In its handler on vCPUs 0 and 1, and raised again there. */
static void take_one_each(u32 *intid)
{
	for (u32 i = 0; i < 2; i++) {
		fake_run_on(i);
		intid[i] = fake_ack(1);
		msi(0, 5, intid[i] - 9000);
		fake_enter();
	}
}

static void end_one_each(const u32 *intid)
{
	for (u32 i = 0; i < 2; i++) {
		fake_run_on(i);
		fake_eoi(1, intid[i]);
		fake_enter();
	}
}

/*
 * MAPD V=0 by vCPU 1 while LPIs of the device are pending in lists, in list registers here and on
 * other CPUs, and in their handlers.
 */
static void bug_unmapd_with_lpis(bool lpi_active, struct cmd c, const char *name)
{
	u64 creadr;
	u32 intid[2], steps;

	world(lpi_active);
	all_pending();
	take_one_each(intid);
	fake_run_on(1);
	creadr = rd(0, R_CREADR);
	bugs_queue(0, c);
	for (steps = 0; steps < 20 && its_run(bugs.its[0]) == ITS_AGAIN; steps++)
		;
	is(steps, 20, "bug class: %s with LPIs pending, active and in list registers", name);
	is(rd(0, R_CREADR), creadr, "... it waits for the other CPUs");
	is(bugs.devices, 2, "... the backend has the device until then");
	is(msi(0, 5, 9), -ENXIO, "... but no MSI finds it");
	ok(bugs_settle(0), "... they answer, and it completes");
	is(bugs.events, 4, "... the backend knows of each event");
	is(bugs_copies(9000) + bugs_copies(9008) + bugs_copies(9016), 0,
	   "... no list register has one pending");
	end_one_each(intid);
	fake_run_on(1);
	only_witness(name);
	/* The same LPIs for another device, at other vCPUs. */
	bugs_must(0, c_mapd(7, 5, ITT(2)));
	for (u32 i = 0; i < 4; i++)
		bugs_map(0, 7, i, 9000 + i * PER_VCPU, (i + 1) % 3);
	for (steps = 0; steps < 3; steps++)
		is(msi(0, 7, steps), 1, "... LPI %u has a new owner", 9000 + steps * PER_VCPU);
	for (u32 i = 0; i < 3; i++) {
		is(bugs_take((i + 1) % 3), 9000 + i * PER_VCPU, "... it comes to vCPU %u",
		   (i + 1) % 3);
		is(bugs_take_all((i + 1) % 3), 0, "... once");
	}
	bugs_end(name);
}

/* Event by event, each in a different place. */
static void bug_discard_with_lpis(bool lpi_active)
{
	u32 intid[2], err = 0;

	world(lpi_active);
	all_pending();
	take_one_each(intid);
	fake_run_on(1);
	for (u32 i = 0; i < 4 * PER_VCPU; i++)
		err += bugs_do(0, c_event(OP_DISCARD, 5, i));
	is(err, 0, "bug class: DISCARD with LPIs pending, active and in list registers");
	is(bugs.events, 4, "... the backend knows");
	is(bugs_do(0, c_event(OP_INT, 5, 3)), ITS_E_INT_UNMAPPED_INTERRUPT,
	   "bug class: INT of a DISCARDed event");
	end_one_each(intid);
	fake_run_on(1);
	only_witness("DISCARD");
	bugs_end("DISCARD with LPIs");
}

/* Two events, two devices, two ITSes: LPI 9000 four times. */
static void shared_world(void)
{
	world(false);
	bugs_must(0, c_event(OP_DISCARD, 5, 1));
	bugs_map(0, 5, 1, 9000, 1);
	bugs_map(0, 6, 9, 9000, 2);
	bugs_must(1, c_mapd(8, 5, ITT(2)));
	bugs_map(1, 8, 0, 9000, 3);
}

static const struct {
	u32 its, devid, eventid;
} sharers[] = { { 0, 5, 0 }, { 0, 5, 1 }, { 0, 6, 9 }, { 1, 8, 0 } };

static void bug_one_lpi_many_events(void)
{
	u32 twice = 0, taken = 0, lost = 0;

	shared_world();
	for (u32 i = 0; i < 4; i++) {
		is(msi(sharers[i].its, sharers[i].devid, sharers[i].eventid), 1,
		   "bug class: one LPI mapped by two events, two devices, two ITSes: number %u",
		   i + 1);
		fake_enter_vcpu(i % 3);
		twice += bugs_copies(9000) > 1;
	}
	for (u32 i = 0; i < 3; i++)
		fake_enter_vcpu(i);
	taken = bugs_take_all(0) + bugs_take_all(1) + bugs_take_all(2);
	fake_put(2);
	fake_load(3, 2);
	taken += bugs_take_all(3);
	is(taken, 1, "... it is one LPI: taken once, where it was sent last");
	fake_put(3);
	fake_load(2, 2);
	bugs_must(1, c_mapc(3, 0));
	for (u32 i = 0; i < 5000; i++) {
		u32 n = fake_random() % 4, v = fake_random() % 3;

		fake_run_on(fake_random() % 3);
		msi(sharers[n].its, sharers[n].devid, sharers[n].eventid);
		fake_enter_vcpu(v);
		twice += bugs_copies(9000) > 1;
		if (i % 7 == 0) {
			for (u32 k = 0; k < 3; k++)
				fake_enter_vcpu(k);
			taken = bugs_take_all(0) + bugs_take_all(1) + bugs_take_all(2);
			lost += taken != 1;
		}
	}
	is(twice, 0, "... it is never in two list registers");
	is(lost, 0, "... nor lost, in any order of MSIs and entries");
	bugs_end("one LPI, many events");
}

/* What one of them does to the LPI, the others survive. */
static void bug_one_lpi_unmapped_by_one(void)
{
	shared_world();
	msi(0, 5, 0);
	fake_enter_vcpu(0);
	fake_run_on(1);
	is(bugs_do(1, c_unmapd(8)), 0,
	   "bug class: one LPI mapped by two ITSes: MAPD V=0 at one of them");
	is(bugs_take_all(0), 0, "... its pending state is gone, wherever it came from");
	is(msi(0, 5, 0), 1, "... the other ITS still leads to it");
	is(bugs_take_all(0), 1, "... and it arrives");
	is(bugs_do(0, c_event(OP_DISCARD, 5, 0)), 0, "... DISCARD of one of two events");
	is(msi(0, 5, 1), 1, "... the other one leads");
	is(bugs_take_all(1), 1, "... to its own vCPU");
	bugs_must(0, c_unmapd(5));
	is(msi(0, 6, 9), 1, "... MAPD V=0 of one of two devices: the other leads");
	is(bugs_take_all(2), 1, "... and it arrives");
	bugs_must(0, c_unmapd(6));
	is(bugs_take_all(0) + bugs_take_all(1) + bugs_take_all(2) + bugs.events, 0,
	   "... all unmapped: nothing is left");
	bugs_end("one LPI, unmapped by one");
}

/* Saves; then what the collection table in guest memory has for @icid: its RDbase, or ITS_NO_VCPU - 1. */
static u32 saved_rdbase(u32 icid)
{
	int ret = -EAGAIN;
	u64 cte;

	for (u32 i = 0; i < 10000 && ret == -EAGAIN; i++)
		ret = its_save(bugs.its[0]);
	if (ret)
		return ITS_NO_VCPU - 1;
	for (u32 i = 0; i < 16; i++) {
		memcpy(&cte, &bugs.ram[COLL_TABLE - RAM + i * 8], sizeof(cte));
		if (cte & VALID && (cte & 0xffff) == icid)
			return (u32)(cte >> 16);
	}
	return ITS_NO_VCPU - 1;
}

/* LPIs pending, some of them in list registers of CPU 0, when their collection goes. */
static void bug_collection_unmapped(void)
{
	world(false);
	all_pending();
	fake_run_on(1);
	bugs_must(0, c_unmapc(0));
	bugs_fails(0, c_event(OP_INT, 5, 0), INT_ITE_INVALID,
		   "bug class: collection unmapped, LPIs in list registers: INT");
	bugs_fails(0, c_event(OP_INV, 5, 0), INV_ITE_INVALID, "... INV");
	bugs_fails(0, c_event(OP_CLR, 5, 0), CLEAR_ITE_INVALID, "... CLEAR");
	bugs_fails(0, c_event(OP_DISCARD, 5, 0), DISCARD_ITE_INVALID, "... DISCARD");
	bugs_fails(0, c_movi(5, 0, 1), MOVI_UNMAPPED_COLLECTION, "... MOVI from it");
	bugs_fails(0, c_movi(5, PER_VCPU, 0), MOVI_UNMAPPED_COLLECTION, "... MOVI to it");
	bugs_fails(0, c_invall(0), INVALL_UNMAPPED_COLLECTION, "... INVALL");
	is(msi(0, 5, 0), -ENXIO, "... MSIs lead nowhere");
	is(bugs_stats(0).events, 4 * PER_VCPU + 4, "... its events stay mapped");
	is(saved_rdbase(0), 0xffffffff, "... saved: the collection is known and has no vCPU");
	is(saved_rdbase(1), 1, "... another one has");
	is(bugs_do(0, c_movall(0, 2)), 0, "... MOVALL takes the pending ones along");
	is(bugs_take_all(0), 0, "... none stays");
	is(bugs_take_all(2), 2 * PER_VCPU, "... none is lost");
	bugs_must(0, c_mapc(0, 1));
	is(bugs_take_all(1), PER_VCPU, "... vCPU 1 has had its own all the time");
	is(msi(0, 5, 0), 1, "... mapped again, to another vCPU: they lead there");
	is(bugs_take(1), 9000, "... and arrive");
	bugs_must(0, c_unmapc(0));
	bugs_must(0, c_unmapd(5));
	is(bugs.events, 4, "... MAPD V=0 unmaps events whose collection is not mapped");
	bugs_must(0, c_mapc(0, 0));
	only_witness("collection unmapped");
	bugs_end("collection unmapped");
}

/* LPIs of three vCPUs in lists and list registers, an SPI and SGIs beside them. */
static void bug_movall_source_only(bool remote)
{
	u32 here = remote ? 1 : 0;

	world(false);
	for (u32 i = 0; i < 3; i++)
		fake_irq_on(i, 3, 0xf0, false);
	fake_irq_on(0, 40, 0xf0, false);
	all_pending();
	fake_run_on(0);
	fake_dist_w(0x204, 4, BIT(8));
	fake_sgi(fake_vgic(2), VGIC_SGI1R, 3 << 24 | 7); /* to vCPUs 0, 1, 2 */
	fake_run_on(here);
	is(bugs_do(0, c_movall(0, 2)), 0, "bug class: MOVALL moves only its source's LPIs, %s",
	   remote ? "of another CPU" : "of this CPU");
	is(bugs_take_all(0), 2, "... the source keeps its SPI and SGI");
	is(bugs_take_all(1), PER_VCPU + 1, "... another vCPU keeps all it has");
	is(bugs_take_all(2), 2 * PER_VCPU + 1, "... the destination has those of both");
	fake_run_on(here);
	is(msi(0, 5, 0), 1, "... later MSIs go where they went");
	is(bugs_take(0), 9000, "... to the source");
	fake_put(2);
	fake_load(3, 2);
	is(bugs_take_all(3), PER_VCPU, "... and the vCPU that is not loaded keeps its own");
	bugs_end("MOVALL");
}

static void set_propbaser(u32 vcpu, u64 val)
{
	fake_rd_w(vcpu, RD_CTLR, 4, 0);
	fake_rd_w(vcpu, RD_PROPBASER, 8, val);
	fake_rd_w(vcpu, RD_CTLR, 4, 1);
}

/* LPIs that are none: below 8,192, beyond the ITS's, beyond the redistributor's IDbits. */
static void bug_lpi_out_of_range(void)
{
	static const u32 none[] = { 0, 15, 1023, 8191, 0x10000, 0x12000, 0x80002328, 0xffffffff };
	u64 table;

	world(false);
	table = fake_rd_r(0, RD_PROPBASER, 8) & GENMASK(51, 12);
	for (u32 i = 0; i < ARRAY_SIZE(none); i++)
		bugs_fails(0, c_mapti(6, 20, none[i], 0), MAPTI_PHYSICALID_OOR,
			   "bug class: MAPTI of LPI 0x%x", none[i]);
	set_propbaser(0, table | 13); /* 14 bits */
	fake_lpi_prop(16383, ON);
	fake_lpi_prop(16384, ON);
	is(bugs_do(0, c_mapti(6, 20, 16383, 0)), 0, "bug class: the last LPI of PROPBASER.IDbits");
	bugs_fails(0, c_mapti(6, 21, 16384, 0), MAPTI_PHYSICALID_OOR, "... the first beyond");
	bugs_must(0, c_unmapc(0));
	is(bugs_do(0, c_mapti(6, 21, 16384, 0)), 0,
	   "... mapped while its collection has no redistributor");
	bugs_must(0, c_mapc(0, 0));
	is(msi(0, 6, 21), 0, "... it is disabled");
	is(bugs_take_all(0), 0, "... and does not arrive");
	is(msi(0, 6, 20), 1, "... the one within does");
	is(bugs_take(0), 16383, "... arrive");
	is(bugs_do(0, c_event(OP_INV, 6, 21)), 0, "... INV of it: nothing");
	is(bugs_do(0, c_invall(0)), 0, "... nor INVALL");
	fake_rd_w(0, RD_INVLPIR, 8, 16384);
	is(bugs_take_all(0), 0, "... nor GICR_INVLPIR");
	bugs_end("LPI out of range");
}

/* PROPBASER in use is fixed; off, another table, on: what is beyond it is off. */
static void bug_propbaser_changed(void)
{
	u64 old, other = FAKE_RAM_BASE + 0x20000 + 0x10000;

	world(false);
	old = fake_rd_r(0, RD_PROPBASER, 8);
	bugs_map(0, 6, 20, 40000, 0);
	fake_rd_w(0, RD_PROPBASER, 8, other | 13);
	is(fake_rd_r(0, RD_PROPBASER, 8), old, "bug class: PROPBASER changed after EnableLPIs");
	fake_rd_w(0, RD_PROPBASER, 4, 0);
	fake_rd_w(0, RD_PROPBASER + 4, 4, 0);
	is(fake_rd_r(0, RD_PROPBASER, 8), old, "... by halves");
	is(bugs_do(0, c_event(OP_INV, 6, 20)), 0, "... INV");
	is(msi(0, 6, 20), 1, "... reads the table that is in use");
	fake_enter_vcpu(0);
	set_propbaser(0, other | 13); /* all zeros there: disabled */
	is(bugs_take_all(0), 0, "... a smaller one: what is beyond does not arrive");
	is(msi(0, 6, 20), 0, "... nor can it be raised");
	is(bugs_do(0, c_event(OP_INV, 6, 1)), 0, "... INV of another vCPU's LPI");
	is(msi(0, 6, 1), 1, "... reads that one's table");
	is(bugs_take(1), WITNESS + 1, "... and it arrives");
	set_propbaser(0, old);
	is(bugs_take_all(0), 1, "... the old table again: what was raised arrives, once");
	bugs_end("PROPBASER changed");
}

/* Any 64-bit value, at each vCPU's redistributor, with LPIs everywhere. */
static void bug_invlpir_any_value(void)
{
	static const u64 vals[] = { 0, 8191, 8192, 65535, 65536, 0xffffffff, VALID, ~UINT64_C(0) };
	u32 reads, bad = 0;

	world(false);
	all_pending();
	for (u32 v = 0; v < 4; v++) {
		for (u32 i = 0; i < 20000 + ARRAY_SIZE(vals); i++) {
			u64 val = i < ARRAY_SIZE(vals) ? vals[i] : fake_random();
			u32 lpi;

			if (i >= ARRAY_SIZE(vals) && i % 2)
				val &= 0x1ffff;
			lpi = (u32)val;
			if (lpi >= 9000 && lpi < 9032)
				continue;
			reads = fake.ram_reads;
			fake_rd_w(v, RD_INVLPIR, 8, val);
			bad += fake.ram_reads - reads != (lpi >= 8192 && lpi < 65536);
		}
	}
	is(bad, 0, "bug class: GICR_INVLPIR with any value reads one byte for an LPI, else none");
	is(fake_rd_r(0, RD_INVLPIR, 8), 0, "... it reads as zero");
	for (u32 v = 0; v < 3; v++)
		is(bugs_take_all(v), PER_VCPU, "... vCPU %u takes what it had pending", v);
	bugs_must(0, c_unmapd(5)); /* vCPU 3's are pending still */
	only_witness("GICR_INVLPIR");
	bugs_end("GICR_INVLPIR");
}

/* The vCPUs, 0.0.0.0 to 0.0.0.3, that a write of ICC_SGI1R_EL1 by vCPU 0 names. */
static u32 sgi_targets(u64 val)
{
	const u64 aff = GENMASK(55, 48) | GENMASK(39, 32) | GENMASK(23, 16), rs = GENMASK(47, 44);

	if (val & BIT(40))
		return 0xe;
	return val & (aff | rs) ? 0 : val & 0xf;
}

/* Values of any kind; most of them keep some of the affinity fields zero. */
static u64 sgi_value(u32 i)
{
	u64 val = fake_random();

	if (i % 4 == 0)
		return val;
	val &= ~(GENMASK(55, 48) | GENMASK(39, 32) | GENMASK(23, 16) | BIT(40));
	return i % 4 == 1 ? val & ~GENMASK(47, 44) : val;
}

static void bug_sgi_out_of_bounds(void)
{
	u32 wrong = 0, nobody = 0;

	bugs_start(4, 0, 16, LRS);
	for (u32 i = 0; i < 50000; i++) {
		u64 val = sgi_value(i);
		u32 want = sgi_targets(val), bit = (u32)BIT(val >> 24 & 0xf), got = 0;

		fake_sgi(fake_vgic(0), VGIC_SGI1R, val);
		for (u32 v = 0; v < 4; v++) {
			u32 pending = (u32)fake_rd_r(v, RD_ISPENDR0, 4);

			got |= (pending != 0) << v;
			wrong += pending && pending != bit;
			fake_rd_w(v, RD_ICPENDR0, 4, 0xffff);
		}
		wrong += got != want;
		nobody += !want;
	}
	is(wrong, 0,
	   "bug class: SGI target lists and range selectors out of bounds: nobody else is hit");
	ok(nobody > 10000 && nobody < 45000, "... %u of 50,000 name nobody", nobody);
	bugs_end("SGI");
}

int main(void)
{
	bug_unmapd_with_lpis(false, c_unmapd(5), "MAPD V=0");
	bug_unmapd_with_lpis(true, c_unmapd(5), "MAPD V=0");
	bug_unmapd_with_lpis(false, c_mapd(5, 5, ITT(3)), "MAPD of a mapped device");
	bug_unmapd_with_lpis(true, c_mapd(5, 5, ITT(3)), "MAPD of a mapped device");
	bug_discard_with_lpis(false);
	bug_discard_with_lpis(true);
	bug_one_lpi_many_events();
	bug_one_lpi_unmapped_by_one();
	bug_collection_unmapped();
	bug_movall_source_only(false);
	bug_movall_source_only(true);
	bug_lpi_out_of_range();
	bug_propbaser_changed();
	bug_invlpir_any_value();
	bug_sgi_out_of_bounds();
	return tap_done();
}
