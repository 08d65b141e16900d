/* SPDX-License-Identifier: GPL-2.0-only */
/* LPIs that go from one vCPU to another or are taken back, while others deliver them. */
// sources: vgic/list.c vgic/lr.c vgic/flush.c vgic/irqreg.c vgic/mmio.c vgic/dist.c vgic/redist.c
// sources: vgic/sgi.c vgic/lpi.c vgic/vgic.c vgic/watch.c
// sources: tests/unit/vgic_host_fake.c
#include "hyp/lib/errno.h"
#include "tests/unit/tap.h"
#include "tests/unit/vgic_rig.h"

static struct vgic *v;

static void test_move(void)
{
	v = start_lpis(3, 4);
	fake_load(0, 0);
	fake_load(1, 1);
	fake_run_on(0);
	lpi_on(0, 8400, ON);
	vgic_lpi_pend(v, 0, 8400);
	is(vgic_lpi_move(v, 8400, 1, false), 0, "out of a list register here");
	is(fake_lr_state(8400), -1, "at once");
	is(fake.vcpu[1].kicks, 1, "the target is kicked");
	fake_enter_vcpu(1);
	is(vgic_lpi_move(v, 8400, 2, false), -EAGAIN, "in another CPU's list register: again");
	is(fake.vcpu[1].kicks, 2, "with a kick");
	is(vgic_lpi_move(v, 8400, 2, true), -EAGAIN, "still");
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
	is(vgic_lpi_move(v, 8400, 0, false), -EAGAIN, "asked");
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
	v = start_lpis(2, 4);
	fake_load(0, 0);
	fake_load(1, 1);
	lpi_on(0, 8400, ON);
	vgic_lpi_pend(v, 0, 8400);
	fake_enter_vcpu(0);
	is(vgic_lpi_clear(v, 8400, false), -EAGAIN, "in another CPU's list register: again");
	is(vgic_lpi_clear(v, 8400, true), -EAGAIN, "still");
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

	v = start_lpis(2, 4);
	fake_load(0, 0);
	fake_load(1, 1);
	fake_irq_on(0, 40, 0x10, false);
	for (i = 0; i < 500; i++) {
		lpi_on(0, 8192 + i * 37, i % 5 ? ON : OFF);
		vgic_lpi_pend(v, 0, 8192 + i * 37);
	}
	fake_enter_vcpu(0);
	for (ret = -EAGAIN; ret == -EAGAIN && again < 1000; again++) {
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

	v = start_lpis(3, 4);
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

/* The source leaves its CPU and comes back while MOVALL waits for it. */
static void test_move_all_put(void)
{
	u32 cursor = 0, tries;

	v = start_lpis(3, 4);
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

	v = start_lpis(3, 4);
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

/* Two virtual ITSes do MOVALL from one vCPU at the same time. */
static void test_two_move_alls(void)
{
	u32 i, a = 0, b = 0, got = 0;
	int ra = -EAGAIN, rb = -EAGAIN;

	v = start_lpis(3, 4);
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

int main(void)
{
	test_move();
	test_clear();
	test_move_all();
	test_storm();
	test_move_all_put();
	test_move_all_on_its_way();
	test_two_move_alls();
	return tap_done();
}
