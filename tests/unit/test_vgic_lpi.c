/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * LPIs: pending, configuration, tables in guest memory, moves between vCPUs, list registers of
 * other CPUs.
 */
// sources: vgic/list.c vgic/lr.c vgic/flush.c vgic/irqreg.c vgic/mmio.c vgic/dist.c vgic/redist.c
// sources: vgic/sgi.c vgic/lpi.c vgic/vgic.c vgic/watch.c
// sources: tests/unit/vgic_host_fake.c
#include <string.h>
#include "tests/unit/tap.h"
#include "tests/unit/vgic_host_fake.h"

#define EAGAIN_ (-11)
#define ON 0xa1 /* priority 0xa0, enabled */
#define OFF 0xa0

static struct vgic *v;

static void start(u32 vcpus, u32 lrs)
{
	u32 i;

	v = fake_start(vcpus, 64, 16, lrs);
	fake_dist_w(0, 4, 3);
	for (i = 0; i < vcpus; i++)
		fake_lpis_on(i);
}

static void lpi_on(u32 vcpu, u32 lpi, u8 prop)
{
	fake_lpi_prop(lpi, prop);
	if (vgic_lpi_reload(v, vcpu, lpi))
		abort();
}

static void test_pend(bool lpi_active)
{
	u32 reads;

	start(1, 4);
	fake.lpi_active = lpi_active;
	fake_load(0, 0);
	is(vgic_lpi_pend(v, 0, 8192), 0, "an LPI that nobody configured is blocked");
	lpi_on(0, 8200, ON);
	reads = fake.ram_reads;
	is(vgic_lpi_pend(v, 0, 8200), 1, "an enabled one is delivered");
	is(fake_lr_of(8200) >> 60, 5, "pending, group 1, no HW");
	is(FIELD_GET(GENMASK(55, 48), fake_lr_of(8200)), 0xa0, "with its priority");
	is(fake_lr_of(8200) & BIT(41), 0, "without EOI maintenance");
	is(fake_take(), 8200, "taken");
	is(fake_take(), FAKE_SPURIOUS, "once");
	vgic_lpi_pend(v, 0, 8200);
	is(fake_ack(1), 8200, "in its handler");
	vgic_lpi_pend(v, 0, 8200);
	vgic_lpi_pend(v, 0, 8200);
	fake_enter();
	fake_eoi(1, 8200);
	is(fake_take(), 8200, "what came in the handler comes after it");
	is(fake_take(), FAKE_SPURIOUS, "once");
	is(fake.ram_reads, reads, "no guest memory was read on the way");
	is(vgic_lpi_pend(v, 0, 8191), 0, "no LPI");
	is(vgic_lpi_pend(v, 0, 65536), 0, "no LPI");
	is(vgic_lpi_pend(v, 1, 8200), 0, "no vCPU");
	lpi_on(0, 65535, ON);
	is(vgic_lpi_pend(v, 0, 65535), 1, "the last LPI");
	is(fake_take(), 65535, "is delivered");
	lpi_on(0, 8201, OFF);
	is(vgic_lpi_pend(v, 0, 8201), 0, "a disabled one is blocked");
	is(fake_take(), FAKE_SPURIOUS, "and not delivered");
	lpi_on(0, 8201, ON);
	is(fake_take(), 8201, "until it is enabled: it stayed pending");
	vgic_lpi_pend(v, 0, 8201);
	lpi_on(0, 8201, OFF);
	is(fake_take(), FAKE_SPURIOUS, "disabled in its list register: not delivered");
	is(vgic_lpi_clear(v, 8201, false), 0, "cleared");
	lpi_on(0, 8201, ON);
	is(fake_take(), FAKE_SPURIOUS, "gone");
	fake_end();
}

static u32 count_of(u32 intid)
{
	struct vgic_irq_info info;

	return vgic_irq_info(v, intid, &info) ? info.count : ~0u;
}

/* What a watcher sees: every MSI is counted once, on whichever way it went. */
static void test_info(void)
{
	struct vgic_irq_info info;

	start(2, 4);
	fake_load(0, 0);
	lpi_on(0, 8200, ON);
	ok(vgic_irq_info(v, 8200, &info) && info.flags == VGIC_INFO_ENABLED && !info.count &&
		   info.priority == 0xa0 && !info.vcpu,
	   "an LPI that never came");
	vgic_lpi_pend(v, 0, 8200);
	ok(vgic_irq_info(v, 8200, &info) && (info.flags & VGIC_INFO_PENDING),
	   "pending in its list register");
	is(info.count, 1, "counted: straight into a list register");
	fake_take();
	vgic_lpi_pend(v, 1, 8200);
	ok(vgic_irq_info(v, 8200, &info) && info.vcpu == 1 && (info.flags & VGIC_INFO_PENDING),
	   "moved to vCPU 1");
	is(info.count, 2, "counted: a vCPU that is not loaded");
	vgic_lpi_pend(v, 1, 8200);
	is(count_of(8200), 3, "counted: pending already");
	lpi_on(0, 8201, OFF);
	vgic_lpi_pend(v, 0, 8201);
	is(count_of(8201), 1, "counted: disabled, and pending");
	ok(vgic_irq_info(v, 8201, &info) && info.flags == VGIC_INFO_PENDING, "as it shows");
	is(count_of(8202), 0, "its neighbour did not come");
	vgic_set_line(v, NULL, 40, true);
	vgic_set_line(v, NULL, 40, true);
	ok(vgic_irq_info(v, 40, &info) && info.flags == (VGIC_INFO_LEVEL | VGIC_INFO_PENDING),
	   "an SPI whose line is high");
	is(info.count, 1, "counted when it rises");
	vgic_set_line(v, NULL, 40, false);
	vgic_set_line(v, NULL, 40, true);
	is(count_of(40), 2, "and again");
	is(vgic_set_line(v, fake_vgic(0), 20, true), 0, "a PPI");
	is(count_of(20), ~0u, "is not told");
	is(count_of(96), ~0u, "nor an SPI that there is not");
	is(count_of(8191), ~0u, "nor what is between them and LPIs");
	is(count_of(65536), ~0u, "nor beyond LPIs");
	fake_end();
}

/* 300 LPIs and 60 SPIs into few list registers. */
static void test_many(u32 lrs, bool lpi_active)
{
	static u8 seen[65536];
	u32 i, got = 0, id, last_prio = 0;
	bool once = true, order = true;

	memset(seen, 0, sizeof(seen));
	start(1, lrs);
	fake.lpi_active = lpi_active;
	for (i = 0; i < 60; i++)
		fake_irq_on(0, 32 + i, (i % 7) << 4, false);
	for (i = 0; i < 300; i++)
		lpi_on(0, 8192 + i * 100, (u8)((i % 11) << 4 | 1));
	for (i = 0; i < 60; i++)
		fake_dist_w(0x200 + (32 + i) / 32 * 4, 4, BIT((32 + i) % 32));
	for (i = 0; i < 300; i++)
		vgic_lpi_pend(v, 0, 8192 + i * 100);
	fake_load(0, 0);
	while ((id = fake_take()) != FAKE_SPURIOUS) {
		u32 prio = id < 8192 ? (id - 32) % 7 : (id - 8192) / 100 % 11;

		once = once && !seen[id]++;
		order = order && prio >= last_prio;
		last_prio = prio;
		got++;
	}
	is(got, 360, "%u list registers: 60 SPIs and 300 LPIs are all delivered", lrs);
	ok(once && order, "once, by priority");
	fake_end();
}

static void test_reload(void)
{
	start(2, 4);
	fake_load(0, 0);
	is(vgic_lpi_reload(v, 0, 8191), -22, "no LPI");
	is(vgic_lpi_reload(v, 2, 8192), -22, "no vCPU");
	lpi_on(0, 9000, ON);
	vgic_lpi_pend(v, 0, 9000);
	fake_lpi_prop(9000, 0x21);
	vgic_lpi_reload(v, 0, 9000);
	is(FIELD_GET(GENMASK(55, 48), fake_lr_of(9000)), 0x20,
	   "a new priority reaches the list register");
	fake_lpi_prop(9000, OFF);
	fake_rd_w(0, 0xa0, 8, 9000);
	is(fake_lr_state(9000), -1, "GICR_INVLPIR reads the property again");
	fake_lpi_prop(9000, ON);
	lpi_on(1, 9001, OFF);
	fake_lpi_prop(9001, ON);
	fake_rd_w(0, 0xb0, 8, 0);
	is(fake_take(), 9000, "GICR_INVALLR all of them");
	is(vgic_lpi_pend(v, 0, 9001), 1, "all");
	is(fake_take(), 9001, "yes");
	is(fake_rd_r(0, 0xc0, 4), 0, "GICR_SYNCR: done");
	/* Outside of the guest's memory. */
	fake_rd_w(1, 0, 4, 0);
	fake_rd_w(1, 0x70, 8, 0x10000000 | 15);
	fake_rd_w(1, 0, 4, 1);
	is(vgic_lpi_reload(v, 1, 9002), -14, "a property table that is not there");
	is(vgic_lpi_pend(v, 1, 9002), 0, "disables its LPIs");
	/* IDbits. */
	fake_rd_w(1, 0, 4, 0);
	fake_rd_w(1, 0x70, 8, fake_prop_ipa(8192) | 13);
	fake_rd_w(1, 0, 4, 1);
	fake_lpi_prop(16383, ON);
	fake_lpi_prop(16384, ON);
	vgic_lpi_reload(v, 1, 16383);
	is(vgic_lpi_reload(v, 1, 16384), -34, "an LPI beyond GICR_PROPBASER.IDbits is told");
	is(vgic_lpi_pend(v, 1, 16383), 1, "the last LPI within GICR_PROPBASER.IDbits");
	is(vgic_lpi_pend(v, 1, 16384), 0, "and the first beyond");
	fake_end();
}

static void test_enable(void)
{
	u32 i;

	v = fake_start(2, 64, 16, 4);
	fake_dist_w(0, 4, 3);
	fake_load(0, 0);
	is(fake_rd_r(0, 0, 4), 6, "CES and IR are there, EnableLPIs is not set");
	is(vgic_lpi_reload(v, 0, 8192), 0, "mapped before EnableLPIs");
	is(vgic_lpi_pend(v, 0, 8192), 0, "LPIs off: dropped");
	is(vgic_cpu_stats(fake_vgic(0))->lpi_dropped, 1, "and counted");
	fake_lpi_prop(8192, ON);
	for (i = 0; i < 4; i++)
		fake_lpi_prop(30000 + i, i == 2 ? OFF : ON);
	*fake_ram(fake_pend_ipa(0, 30000)) = 0x0f; /* 30000 .. 30003 */
	*fake_ram(fake_pend_ipa(0, 65535)) = 0x80;
	fake_lpis_on(0);
	is(fake_rd_r(0, 0, 4), 7, "EnableLPIs is set");
	for (i = 0; i < 4; i++)
		if (i != 2)
			is(fake_take(), 30000 + i, "pending in the table: delivered");
	is(fake_take(), FAKE_SPURIOUS, "not the disabled one, nor what was dropped");
	is(vgic_lpi_pend(v, 0, 8192), 1, "its property was read again");
	is(fake_take(), 8192, "so it is delivered");
	fake_lpi_prop(30002, ON);
	vgic_lpi_reload(v, 0, 30002);
	is(fake_take(), 30002, "the disabled one waited");
	fake_lpi_prop(65535, ON);
	vgic_lpi_reload(v, 0, 65535);
	is(fake_take(), 65535, "as the last one");
	/* Off again: what is pending goes to memory, from lists and list registers. */
	fake_lpi_prop(30009, ON);
	vgic_lpi_reload(v, 0, 30009);
	for (i = 0; i < 4; i++)
		vgic_lpi_pend(v, 0, 30000 + i);
	vgic_lpi_pend(v, 0, 30009);
	fake_rd_w(0, 0x70, 8, 0);
	is(fake_rd_r(0, 0x70, 8) & GENMASK(51, 12), fake_prop_ipa(8192),
	   "GICR_PROPBASER is fixed while it is set");
	fake_rd_w(0, 0x78, 8, 0);
	is(fake_rd_r(0, 0x78, 8) & GENMASK(51, 16), fake_pend_ipa(0, 0), "and GICR_PENDBASER");
	fake_rd_w(0, 0, 4, 0);
	is(fake_rd_r(0, 0, 4), 6, "cleared, RWP is 0");
	is(fake_take(), FAKE_SPURIOUS, "no LPI is delivered");
	is(*fake_ram(fake_pend_ipa(0, 30000)), 0x0f, "the pending table has them");
	is(*fake_ram(fake_pend_ipa(0, 30009)), 0x02, "all");
	is(*fake_ram(fake_pend_ipa(0, 65535)), 0x00, "and not what was taken");
	/* On another vCPU that is given the same table. */
	fake_rd_w(1, 0x70, 8, fake_prop_ipa(8192) | 15);
	fake_rd_w(1, 0x78, 8, fake_pend_ipa(0, 0));
	fake_rd_w(1, 0, 4, 1);
	fake_load(1, 1);
	for (i = 0; i < 4; i++)
		is(fake_take(), 30000 + i, "and they come out where the table is used next");
	is(fake_take(), 30009, "all");
	is(fake_take(), FAKE_SPURIOUS, "once");
	/* PTZ */
	*fake_ram(fake_pend_ipa(0, 30000)) = 0x0f;
	fake_rd_w(0, 0x78, 8, fake_pend_ipa(0, 0) | BIT(62));
	is(fake_rd_r(0, 0x78, 8) & BIT(62), 0, "PTZ reads as 0");
	fake_rd_w(0, 0, 4, 1);
	fake_run_on(0);
	is(fake_take(), FAKE_SPURIOUS, "PTZ: the table is not looked at");
	fake_end();
}

/* What is in list registers of a vCPU that runs elsewhere when its LPIs are switched off. */
static void test_disable_remote(void)
{
	start(2, 4);
	fake_load(0, 0);
	lpi_on(0, 8300, ON);
	lpi_on(0, 8301, ON);
	vgic_lpi_pend(v, 0, 8300);
	vgic_lpi_pend(v, 0, 8301);
	is(fake_ack(1), 8300, "one taken, one pending");
	fake_put(0);
	fake_load(0, 0);
	fake_load(1, 1);
	fake_rd_w(0, 0, 4, 0);
	is(*fake_ram(fake_pend_ipa(0, 8301)) & 0x20, 0x20, "the pending one goes to the table");
	fake_run_on(0);
	fake_eoi(1, 8300);
	is(fake_take(), FAKE_SPURIOUS, "and leaves the list register");
	fake_rd_w(0, 0, 4, 1);
	is(fake_take(), 8301, "on again: it comes back");
	fake_end();
}

/* The walk over the tables has begun, but not ended. */
static void test_walks(void)
{
	u32 i, steps;

	start(2, 4);
	fake_load(0, 0);
	for (i = 0; i < 200; i++) {
		lpi_on(0, 8192 + i, ON);
		vgic_lpi_pend(v, 0, 8192 + i);
	}
	fake_enter();
	vgic_redist_write(fake_vgic(0), fake_vgic(0), 0, 4, 0);
	is(fake_rd_r(0, 0, 4), 0xe, "EnableLPIs cleared: RWP until all is written");
	ok(fake_enter(), "entered in between");
	is(fake_take(), FAKE_SPURIOUS, "no LPI is delivered any more");
	vgic_redist_write(fake_vgic(0), fake_vgic(0), 0, 4, 1);
	is(fake_rd_r(0, 0, 4), 0xe, "it cannot be set before that");
	for (steps = 1; vgic_redist_run(fake_vgic(0)); steps++)
		;
	ok(steps > 10, "%u bounded steps", steps);
	is(fake_rd_r(0, 0, 4), 0x6, "done");
	for (i = 0; i < 25; i++)
		if (*fake_ram(fake_pend_ipa(0, 8192 + i * 8)) != 0xff)
			break;
	is(i, 25, "all 200 are in the pending table");
	vgic_redist_write(fake_vgic(0), fake_vgic(0), 0, 4, 1);
	is(fake_rd_r(0, 0xc0, 4), 1, "set again: busy");
	vgic_redist_write(fake_vgic(0), fake_vgic(0), 0xb0, 8, 0);
	for (i = 0; i < 200; i++)
		fake_lpi_prop(8192 + i, i < 100 ? ON : OFF);
	while (vgic_redist_run(fake_vgic(0)))
		;
	is(fake_rd_r(0, 0xc0, 4), 0, "GICR_INVALLR meanwhile: done");
	for (i = 0; fake_take() != FAKE_SPURIOUS; i++)
		;
	is(i, 100, "with the properties of that moment");
	/* Moved to a vCPU whose LPIs are off. */
	vgic_lpi_pend(v, 0, 8192);
	fake_rd_w(1, 0, 4, 0);
	is(vgic_lpi_move(v, 8192, 1, false), 0, "moved to where LPIs are off");
	fake_load(1, 1);
	is(fake_take(), FAKE_SPURIOUS, "blocked");
	fake_rd_w(1, 0, 4, 1);
	is(fake_take(), 8192, "until they are on");
	fake_end();
}

static void test_bad_tables(void)
{
	v = fake_start(1, 64, 16, 4);
	fake_rd_w(0, 0x70, 8, ~UINT64_C(0));
	fake_rd_w(0, 0x78, 8, ~UINT64_C(0));
	fake_rd_w(0, 0, 4, 1);
	is(fake_rd_r(0, 0, 4), 7, "tables outside of memory: enabled all the same");
	is(vgic_lpi_reload(v, 0, 8192), -14, "nothing can be configured");
	vgic_lpi_pend(v, 0, 8192);
	fake_rd_w(0, 0, 4, 0);
	is(fake_rd_r(0, 0, 4), 6, "and off again");
	fake_rd_w(0, 0x70, 8, FAKE_RAM_BASE + FAKE_RAM_SIZE - 0x1000 + 15);
	fake_rd_w(0, 0x78, 8, FAKE_RAM_BASE + FAKE_RAM_SIZE - 0x10000);
	fake_rd_w(0, 0, 4, 1);
	is(fake_rd_r(0, 0, 4), 7, "tables that cross the end of memory");
	is(vgic_lpi_reload(v, 0, 8192 + 0xfff), 0, "inside");
	is(vgic_lpi_reload(v, 0, 8192 + 0x1000), -14, "outside");
	fake_rd_w(0, 0, 4, 0);
	fake_rd_w(0, 0x70, 8, FAKE_RAM_BASE);
	fake_rd_w(0, 0, 4, 1);
	is(vgic_lpi_reload(v, 0, 8192), -34, "IDbits of 0: there are no LPIs");
	is(vgic_lpi_pend(v, 0, 8192), 0, "and none is enabled");
	fake_end();
	v = fake_start(1, 64, 0, 4);
	fake_rd_w(0, 0, 4, 1);
	is(fake_rd_r(0, 0, 4), 0, "a VM without LPIs has no EnableLPIs");
	is(vgic_lpi_pend(v, 0, 8192), 0, "and no LPIs");
	is(fake_rd_r(0, 8, 8) & 1, 0, "as GICR_TYPER says");
	fake_end();
}

static void test_move(void)
{
	start(3, 4);
	fake_load(0, 0);
	fake_load(1, 1);
	fake_run_on(0);
	lpi_on(0, 8400, ON);
	vgic_lpi_pend(v, 0, 8400);
	is(vgic_lpi_move(v, 8400, 1, false), 0, "out of a list register here");
	is(fake_lr_state(8400), -1, "at once");
	is(fake.vcpu[1].kicks, 1, "the target is kicked");
	fake_enter_vcpu(1);
	is(vgic_lpi_move(v, 8400, 2, false), EAGAIN_, "in another CPU's list register: again");
	is(fake.vcpu[1].kicks, 2, "with a kick");
	is(vgic_lpi_move(v, 8400, 2, true), EAGAIN_, "still");
	fake_enter_vcpu(1);
	is(vgic_lpi_move(v, 8400, 2, true), 0, "done when that CPU let go");
	fake_run_on(1);
	is(fake_take(), FAKE_SPURIOUS, "nothing is left there");
	fake_load(2, 2);
	is(fake_take(), 8400, "the new one has it");
	is(vgic_lpi_move(v, 8400, 0, false), 0, "not pending: nothing to carry");
	fake_run_on(0);
	is(fake_take(), FAKE_SPURIOUS, "and nothing arrives");
	/* It was taken while the other CPU was asked to let go. */
	fake_run_on(1);
	vgic_lpi_pend(v, 1, 8400);
	fake_run_on(0);
	is(vgic_lpi_move(v, 8400, 0, false), EAGAIN_, "asked");
	fake_run_on(1);
	is(fake_ack(1), 8400, "the guest there was faster");
	fake_run_on(0);
	fake_enter_vcpu(1);
	is(vgic_lpi_move(v, 8400, 0, true), 0, "done");
	is(fake_take(), FAKE_SPURIOUS, "not delivered twice");
	fake_run_on(1);
	fake_eoi(1, 8400);
	/* An LPI that arrives for another vCPU than the last one (MAPC). */
	vgic_lpi_pend(v, 1, 8400);
	fake_run_on(0);
	vgic_lpi_pend(v, 0, 8400);
	is(fake_take(), FAKE_SPURIOUS, "pending in a list register elsewhere, signalled here");
	fake_enter_vcpu(1);
	is(fake_take(), 8400, "comes here when the other let go");
	fake_run_on(1);
	is(fake_take(), FAKE_SPURIOUS, "not there");
	fake_put(2);
	vgic_lpi_pend(v, 2, 8400);
	fake_enter_vcpu(0);
	fake_run_on(1);
	vgic_lpi_pend(v, 1, 8400);
	is(fake_take(), 8400, "from a vCPU that is not loaded at once");
	fake_load(2, 2);
	is(fake_take(), FAKE_SPURIOUS, "once");
	is(vgic_lpi_move(v, 100, 1, false), 0, "no LPI: nothing");
	is(vgic_lpi_move(v, 8400, 7, false), 0, "no vCPU: nothing");
	fake_end();
}

static void test_clear(void)
{
	start(2, 4);
	fake_load(0, 0);
	fake_load(1, 1);
	lpi_on(0, 8400, ON);
	vgic_lpi_pend(v, 0, 8400);
	fake_enter_vcpu(0);
	is(vgic_lpi_clear(v, 8400, false), EAGAIN_, "in another CPU's list register: again");
	is(vgic_lpi_clear(v, 8400, true), EAGAIN_, "still");
	fake_enter_vcpu(0);
	is(vgic_lpi_clear(v, 8400, true), 0, "done");
	fake_run_on(0);
	is(fake_take(), FAKE_SPURIOUS, "and gone");
	vgic_lpi_pend(v, 0, 8400);
	is(vgic_lpi_clear(v, 8400, false), 0, "here: at once");
	is(fake_take(), FAKE_SPURIOUS, "gone");
	vgic_lpi_pend(v, 0, 8400);
	is(fake_ack(1), 8400, "taken");
	fake_run_on(1);
	(void)vgic_lpi_clear(v, 8400, false);
	fake_enter_vcpu(0);
	is(vgic_lpi_clear(v, 8400, false), 0, "an LPI in its handler does not hold up CLEAR");
	fake_run_on(0);
	fake_eoi(1, 8400);
	vgic_lpi_pend(v, 0, 8400);
	is(fake_take(), 8400, "and works again");
	is(vgic_lpi_clear(v, 1, false), 0, "no LPI");
	fake_end();
}

static void test_move_all(void)
{
	u32 i, got, again = 0, cursor = 0;
	int ret;

	start(2, 4);
	fake_load(0, 0);
	fake_load(1, 1);
	fake_irq_on(0, 40, 0x10, false);
	for (i = 0; i < 500; i++) {
		lpi_on(0, 8192 + i * 37, i % 5 ? ON : OFF);
		vgic_lpi_pend(v, 0, 8192 + i * 37);
	}
	fake_enter_vcpu(0);
	for (ret = EAGAIN_; ret == EAGAIN_ && again < 1000; again++) {
		ret = vgic_lpi_move_all(v, 0, 1, &cursor);
		fake_enter_vcpu(0);
	}
	is(ret, 0, "all moved, in %u steps", again);
	ok(again > 5, "bounded ones");
	fake_dist_w(0x200 + 4, 4, BIT(8));
	fake_run_on(0);
	is(fake_take(), 40, "an SPI stays");
	is(fake_take(), FAKE_SPURIOUS, "the LPIs are gone from here");
	fake_run_on(1);
	for (got = 0; fake_take() != FAKE_SPURIOUS; got++)
		;
	is(got, 400, "and there");
	for (i = 0; i < 500; i += 5) {
		fake_lpi_prop(8192 + i * 37, ON);
		vgic_lpi_reload(v, 1, 8192 + i * 37);
	}
	for (got = 0; fake_take() != FAKE_SPURIOUS; got++)
		;
	is(got, 100, "those that were disabled, too");
	is(vgic_lpi_move_all(v, 0, 0, &cursor), 0, "to itself: nothing");
	is(vgic_lpi_move_all(v, 0, 9, &cursor), 0, "no vCPU: nothing");
	fake_end();
}

/*
 * A guest whose device sends an MSI between any two steps of a command must not keep the command
 * from ending: CLEAR, or DISCARD of an LPI that two events share.
 */
static void test_storm(void)
{
	u32 tries;

	start(3, 4);
	fake_load(0, 0);
	fake_load(1, 1);
	lpi_on(0, 8400, ON);
	vgic_lpi_pend(v, 0, 8400);
	fake_enter_vcpu(0);
	for (tries = 0; vgic_lpi_clear(v, 8400, tries) && tries < 10; tries++) {
		fake_enter_vcpu(0);
		vgic_lpi_pend(v, 0, 8400);
		fake_enter_vcpu(0);
	}
	ok(tries < 3, "CLEAR under a storm of MSIs ends (%u tries)", tries);
	fake_run_on(0);
	is(fake_take(), 8400, "... and what came later is delivered");
	fake_run_on(1);
	vgic_lpi_pend(v, 0, 8400);
	fake_enter_vcpu(0);
	for (tries = 0; vgic_lpi_move(v, 8400, 1, tries) && tries < 10; tries++) {
		vgic_lpi_pend(v, 0, 8400); /* by another event, whose collection is still there */
		fake_enter_vcpu(0);
	}
	ok(tries < 3, "MOVI under a storm ends (%u tries)", tries);
	fake_run_on(0);
	is(fake_take(), 8400, "... delivered once");
	fake_run_on(1);
	is(fake_take(), FAKE_SPURIOUS, "... not twice");
	fake_end();
}

static int save_pending(u32 *steps)
{
	u32 cursor = 0;
	int ret;

	for (*steps = 1; (ret = vgic_lpi_save(v, &cursor)) == EAGAIN_ && *steps < 10000; ++*steps)
		;
	return ret;
}

/* The pending tables of a VM that is saved, and that they are what a new VM starts with. */
static void test_save(void)
{
	u32 i, steps, writes, wrong = 0;
	u8 *kib;

	start(3, 4);
	lpi_on(0, 8192, ON);
	lpi_on(1, 8205, OFF);
	lpi_on(1, 40000, ON);
	lpi_on(1, 65535, ON);
	for (i = 0; i < 2; i++) { /* what must not be touched, and what is out of date */
		memset(fake_ram(fake_pend_ipa(i, 0)), 0xaa, 1024);
		*fake_ram(fake_pend_ipa(i, 50000)) = 0xff;
	}
	vgic_lpi_pend(v, 0, 8192);
	vgic_lpi_pend(v, 1, 8205);
	vgic_lpi_pend(v, 1, 40000);
	vgic_lpi_pend(v, 1, 65535);
	fake_rd_w(2, 0, 4, 0);
	memset(fake_ram(fake_pend_ipa(2, 0)), 0x55, 8192);
	is(save_pending(&steps), 0, "pending tables saved");
	ok(steps > 20, "in bounded steps (%u)", steps);
	is(*fake_ram(fake_pend_ipa(0, 8192)), 0x01, "LPI 8192: the first bit after 1 KiB");
	is(*fake_ram(fake_pend_ipa(1, 8205)), 0x20, "a disabled one is pending as well");
	is(*fake_ram(fake_pend_ipa(1, 40000)), 0x01, "in its vCPU's table");
	is(*fake_ram(fake_pend_ipa(0, 40000)), 0x00, "and in no other");
	is(*fake_ram(fake_pend_ipa(1, 65535)), 0x80, "the last bit");
	is(*fake_ram(fake_pend_ipa(0, 50000)), 0x00, "what is not pending is cleared");
	for (kib = fake_ram(fake_pend_ipa(0, 0)), i = 0; i < 1024; i++)
		wrong += kib[i] != 0xaa;
	is(wrong, 0, "the first KiB is not altered");
	for (kib = fake_ram(fake_pend_ipa(2, 0)), i = 0; i < 8192; i++)
		wrong += kib[i] != 0x55;
	is(wrong, 0, "nor the table of a vCPU whose LPIs are off");
	writes = fake.ram_writes;
	is(save_pending(&steps), 0, "saved again");
	is(fake.ram_writes, writes, "... nothing is written that is there already");
	fake_load(1, 1);
	is(fake_take(), 40000, "saving takes nothing away");
	is(fake_take(), 65535, "nothing at all");
	is(fake_take(), FAKE_SPURIOUS, "and adds nothing");
	fake_put(1);
	fake_rd_w(0, 0, 4, 0);
	fake_rd_w(0, 0x78, 8, FAKE_RAM_BASE + FAKE_RAM_SIZE);
	fake_rd_w(0, 0, 4, 1);
	is(save_pending(&steps), -14, "a table outside of memory: -EFAULT");
	fake_end();
	/* A new VM over the same tables. */
	start(2, 4);
	fake_rd_w(1, 0, 4, 0);
	fake_lpi_prop(40000, ON);
	*fake_ram(fake_pend_ipa(1, 40000)) = 0x01;
	fake_lpis_on(1);
	fake_load(1, 1);
	is(fake_take(), 40000, "a restored VM has it pending");
	fake_end();
	v = fake_start(1, 32, 0, 4);
	is(save_pending(&steps), -6, "a VM without LPIs: -ENXIO");
	fake_end();
}

/* Tables in memory that is not there yet: every walk asks again, and no bit is lost or comes twice. */
static void test_late(u32 late)
{
	u32 steps, i, taken = 0;

	start(1, 4);
	lpi_on(0, 8192, ON);
	lpi_on(0, 40000, ON);
	lpi_on(0, 65535, ON);
	vgic_lpi_pend(v, 0, 8192);
	vgic_lpi_pend(v, 0, 65535);
	fake.ram_late = late;
	is(save_pending(&steps), 0, "pending tables saved, one access of %u finds no memory", late);
	is(*fake_ram(fake_pend_ipa(0, 8192)), 0x01, "the first bit");
	is(*fake_ram(fake_pend_ipa(0, 65535)), 0x80, "and the last");
	vgic_lpi_pend(v, 0, 40000);
	fake_rd_w(0, 0, 4, 0);
	is(fake_rd_r(0, 0, 4), 6, "LPIs off: what is pending goes to the table");
	is(*fake_ram(fake_pend_ipa(0, 40000)), 0x01, "all of it");
	fake_rd_w(0, 0, 4, 1);
	is(fake_rd_r(0, 0, 4), 7, "LPIs on: it comes back");
	for (i = 0; i < 100 && vgic_lpi_reload(v, 0, 40000) == -11; i++)
		;
	ok(i < 100, "a property is read at last (%u)", i);
	fake_rd_w(0, 0xa0, 8, 8192);
	is(fake_rd_r(0, 0xc0, 4), 0, "GICR_INVLPIR ends");
	fake.ram_late = 0;
	fake_load(0, 0);
	while (fake_take() != FAKE_SPURIOUS)
		taken++;
	is(taken, 3, "each LPI once");
	fake_end();
}

/* EnableLPIs is cleared, or the tables are saved, before they have been read: no bit is lost. */
static void test_unread(void)
{
	u32 lpi = 60000, steps, i;

	for (i = 0; i < 2; i++) {
		start(1, 4);
		fake_rd_w(0, 0, 4, 0);
		fake_lpi_prop(lpi, ON);
		*fake_ram(fake_pend_ipa(0, lpi)) = (u8)BIT(lpi % 8);
		vgic_redist_write(fake_vgic(0), fake_vgic(0), 0, 4, 1);
		if (i)
			is(save_pending(&steps), 0, "saved while they are being read");
		vgic_redist_write(fake_vgic(0), fake_vgic(0), 0, 4, 0);
		is(fake_rd_r(0, 0, 4), 0xe, "cleared while they are being read: RWP");
		vgic_redist_write(fake_vgic(0), fake_vgic(0), 0, 4, 1);
		is(fake_rd_r(0, 0, 4), 0xe, "... not to be set before that is done");
		while (vgic_redist_run(fake_vgic(0)))
			;
		is(fake_rd_r(0, 0, 4), 0x6, "... done");
		is(*fake_ram(fake_pend_ipa(0, lpi)), BIT(lpi % 8), "... the table has its bit");
		fake_rd_w(0, 0, 4, 1);
		fake_load(0, 0);
		is(fake_take(), lpi, "... and it comes");
		fake_end();
	}
}

/* The source leaves its CPU and comes back while MOVALL waits for it. */
static void test_move_all_put(void)
{
	u32 cursor = 0, tries;

	start(3, 4);
	fake_load(0, 0);
	fake_load(1, 1);
	lpi_on(0, 8400, ON);
	vgic_lpi_pend(v, 0, 8400);
	fake_enter_vcpu(0);
	for (tries = 0; vgic_lpi_move_all(v, 0, 1, &cursor) && tries < 1000; tries++)
		;
	is(tries, 1000, "MOVALL waits for a list register");
	fake_put(0);
	fake_load(0, 0);
	fake_run_on(1);
	for (tries = 0; vgic_lpi_move_all(v, 0, 1, &cursor) && tries < 10; tries++)
		fake_enter_vcpu(0);
	ok(tries < 2, "... and sees that its vCPU was put and loaded");
	is(fake_take(), 8400, "... the LPI has moved");
	fake_end();
}

/* An LPI that is on its way to the source of MOVALL, out of another CPU's list register. */
static void test_move_all_on_its_way(void)
{
	u32 cursor = 0;

	start(3, 4);
	fake_load(0, 0);
	fake_load(1, 1);
	fake_load(2, 2);
	fake_run_on(0);
	lpi_on(0, 8400, ON);
	vgic_lpi_pend(v, 0, 8400);
	fake_enter_vcpu(0);
	fake_run_on(2);
	vgic_lpi_pend(v, 1, 8400); /* MAPC has moved its collection to vCPU 1 */
	while (vgic_lpi_move_all(v, 1, 2, &cursor))
		fake_enter_vcpu(1);
	fake_enter_vcpu(0);
	fake_run_on(1);
	is(fake_take(), FAKE_SPURIOUS,
	   "MOVALL: what was on its way to the source does not get there");
	fake_run_on(2);
	is(fake_take(), 8400, "... but to the target");
	fake_run_on(0);
	is(fake_take(), FAKE_SPURIOUS, "... once");
	fake_end();
}

/* A property byte that cannot be had leaves the LPI as it is. */
static void test_reload_fails(void)
{
	start(2, 4);
	fake_load(0, 0);
	fake_rd_w(1, 0, 4, 0);
	fake_rd_w(1, 0x70, 8, (fake_prop_ipa(8192) & ~UINT64_C(0xfff)) | 13);
	fake_rd_w(1, 0, 4, 1);
	lpi_on(0, 20000, ON);
	is(vgic_lpi_reload(v, 1, 20000), -34, "beyond the IDbits of one vCPU");
	is(vgic_lpi_pend(v, 0, 20000), 1, "... still enabled at the other");
	is(fake_take(), 20000, "... and taken");
	fake_end();
}

/* Two virtual ITSes do MOVALL from one vCPU at the same time. */
static void test_two_move_alls(void)
{
	u32 i, a = 0, b = 0, got = 0;
	int ra = EAGAIN_, rb = EAGAIN_;

	start(3, 4);
	for (i = 0; i < 600; i++) {
		lpi_on(0, 8192 + i * 50, ON);
		vgic_lpi_pend(v, 0, 8192 + i * 50);
	}
	for (i = 0; (ra || rb) && i < 1000; i++) {
		if (ra)
			ra = vgic_lpi_move_all(v, 0, 1, &a);
		if (rb)
			rb = vgic_lpi_move_all(v, 0, 2, &b);
	}
	ok(!ra && !rb, "two MOVALLs from one vCPU at the same time end");
	fake_load(0, 0);
	is(fake_take(), FAKE_SPURIOUS, "... and leave nothing behind");
	for (i = 1; i < 3; i++) {
		fake_load(i, i);
		while (fake_take() != FAKE_SPURIOUS)
			got++;
	}
	is(got, 600, "... nor lose any");
	fake_end();
}

/*
 * Nested LPIs that do not fit: their EOIs, which are not counted, end no other interrupt, and none
 * is taken for theirs.
 */
static void test_nested(bool lpi_active)
{
	u32 i;

	start(1, 2);
	fake.lpi_active = lpi_active;
	fake_load(0, 0);
	fake_irq_on(0, 40, 0xe0, false);
	fake_irq_on(0, 41, 0x40, false);
	for (i = 0; i < 5; i++)
		lpi_on(0, 8500 + i, (u8)(0xd1 - i * 0x10));
	fake_dist_w(0x204, 4, BIT(8));
	is(fake_ack(1), 40, "an SPI at the bottom");
	for (i = 0; i < 5; i++) {
		vgic_lpi_pend(v, 0, 8500 + i);
		fake_enter();
		is(fake_ack(1), 8500 + i, "an LPI on top");
	}
	fake_dist_w(0x204, 4, BIT(9));
	fake_enter();
	is(fake_ack(1), 41, "an SPI at the top");
	is(fake_dist_r(0x304, 4), BIT(8) | BIT(9), "both active");
	fake_eoi(1, 41);
	fake_enter();
	is(fake_dist_r(0x304, 4), BIT(8), "the upper one ended");
	for (i = 5; i-- > 0;) {
		fake_eoi(1, 8500 + i);
		fake_enter();
		is(fake_dist_r(0x304, 4), BIT(8), "the end of an LPI is not taken for the SPI's");
	}
	fake_eoi(1, 40);
	fake_enter();
	is(fake_dist_r(0x304, 4), 0, "its own is");
	fake_end();
}

int main(void)
{
	test_info();
	test_pend(false);
	test_pend(true);
	test_many(4, false);
	test_many(4, true);
	test_many(1, true);
	test_reload();
	test_enable();
	test_disable_remote();
	test_walks();
	test_bad_tables();
	test_move();
	test_clear();
	test_move_all();
	test_storm();
	test_move_all_put();
	test_move_all_on_its_way();
	test_reload_fails();
	test_save();
	test_late(2);
	test_late(5);
	test_unread();
	test_two_move_alls();
	test_nested(false);
	test_nested(true);
	return tap_done();
}
