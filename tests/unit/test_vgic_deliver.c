/* SPDX-License-Identifier: GPL-2.0-only */
/* Delivery through list registers: order, overflow, exchange, active state, lines. */
// sources: vgic/list.c vgic/lr.c vgic/flush.c vgic/irqreg.c vgic/mmio.c vgic/dist.c vgic/redist.c
// sources: vgic/sgi.c vgic/lpi.c vgic/vgic.c vgic/watch.c
// sources: tests/unit/vgic_host_fake.c
#include "tests/unit/tap.h"
#include "tests/unit/vgic_rig.h"

#define GRP0 1
#define GRP1 2

static void test_one(void)
{
	start_groups(1, 256, 4);
	fake_load(0, 0);
	fake_irq_on(0, 40, 0xa0, false);
	is(fake_take(), FAKE_SPURIOUS, "nothing pending, nothing to acknowledge");
	pend(40);
	is(fake_lr_state(40), 1,
	   "an SPI for the vCPU that runs here goes straight to a list register");
	ok(!vgic_work(fake_vgic(0)), "without work for the exit");
	ok(vgic_has_pending(fake_vgic(0)), "and would wake it");
	ok(reg_bit(ISPENDR, 40), "ISPENDR sees the list register");
	is(fake_take(), 40, "delivered");
	is(fake_take(), FAKE_SPURIOUS, "once");
	ok(!reg_bit(ISPENDR, 40) && !reg_bit(ISACTIVER, 40), "and then neither pending nor active");
	pend(40);
	pend(40);
	is(fake_take(), 40, "two edges before the acknowledge: delivered");
	is(fake_take(), FAKE_SPURIOUS, "once");
	pend(40);
	is(fake_ack(1), 40, "acknowledged");
	ok(reg_bit(ISACTIVER, 40) && !reg_bit(ISPENDR, 40), "ISACTIVER sees it");
	pend(40);
	is(fake_lr_state(40), 3, "an edge while active: pending and active");
	ok(reg_bit(ISPENDR, 40), "in ISPENDR too");
	is(fake_ack(1), FAKE_SPURIOUS, "not delivered before the EOI");
	fake_eoi(1, 40);
	is(fake_take(), 40, "delivered after it");
	is(fake_take(), FAKE_SPURIOUS, "once");
	fake_end();
}

static void test_no_touch(void)
{
	u32 before;

	start_groups(1, 256, 4);
	fake_load(0, 0);
	fake_irq_on(0, 40, 0xa0, false);
	pend(40);
	before = fake.cpu[0].lr_accesses;
	(void)fake_dist_r(8, 4);
	(void)fake_dist_r(0x100, 4);
	fake_irq_on(0, 41, 0xa0, false);
	(void)vgic_work(fake_vgic(0));
	is(fake.cpu[0].lr_accesses, before,
	   "an exit that is not about this interrupt leaves list registers alone");
	fake_end();
}

static void test_masks(void)
{
	start_groups(1, 256, 4);
	fake_load(0, 0);
	fake_irq_on(0, 40, 0xa0, false);
	fake_set_pmr(0xa0);
	pend(40);
	ok(!vgic_has_pending(fake_vgic(0)), "masked by priority: no wake-up");
	is(fake_take(), FAKE_SPURIOUS, "nor delivery");
	fake_set_pmr(0xa8);
	ok(vgic_has_pending(fake_vgic(0)), "mask opened: wakes");
	fake_set_enables(GRP0);
	ok(!vgic_has_pending(fake_vgic(0)), "group disabled at the CPU interface: no wake-up");
	fake_set_enables(GRP0 | GRP1);
	fake_dist_w(0, 4, GRP0);
	is(fake_take(), FAKE_SPURIOUS,
	   "group disabled at the distributor: taken out of the list register");
	ok(reg_bit(ISPENDR, 40), "still pending");
	ok(!vgic_has_pending(fake_vgic(0)), "no wake-up");
	fake_dist_w(0, 4, GRP0 | GRP1);
	is(fake_take(), 40, "enabled again: delivered");
	pend(40);
	fake_dist_w(0x180 + 4, 4, BIT(8));
	is(fake_lr_state(40), -1, "disabled: leaves its list register");
	is(fake_take(), FAKE_SPURIOUS, "is not delivered");
	ok(reg_bit(ISPENDR, 40), "stays pending");
	fake_dist_w(0x100 + 4, 4, BIT(8));
	is(fake_take(), 40, "enabled again: delivered");
	pend(40);
	fake_dist_w(ICPENDR + 4, 4, BIT(8));
	is(fake_take(), FAKE_SPURIOUS, "ICPENDR: gone");
	/* Group 0 is an FIQ with its own acknowledge register. */
	fake_dist_w(0x84, 4, ~BIT(8));
	pend(40);
	is(fake_ack(1), FAKE_SPURIOUS, "a group 0 interrupt is not for IAR1");
	is(fake_ack(0), 40, "but for IAR0");
	fake_eoi(0, 40);
	fake_end();
}

static void test_priorities(void)
{
	start_groups(1, 256, 4);
	fake_load(0, 0);
	fake_irq_on(0, 40, 0xc0, false);
	fake_irq_on(0, 41, 0x80, false);
	pend(40);
	pend(41);
	is(fake_take(), 41, "the more urgent first");
	is(fake_take(), 40, "then the other");
	pend(40);
	fake_dist_w(0x400 + 40, 1, 0x20);
	is(FIELD_GET(GENMASK(55, 48), fake_lr_of(40)), 0x20,
	   "a new priority reaches the list register");
	is(fake_ack(1), 40, "acknowledged at it");
	fake_dist_w(0x400 + 40, 1, 0xe0);
	pend(41);
	is(FIELD_GET(GENMASK(55, 48), fake_lr_of(40)), 0x20,
	   "an active one keeps the priority it was taken at");
	fake_eoi(1, 40);
	is(fake_lr_state(40), -1, "so that its EOI finds it");
	is(fake_take(), 41, "the other is next");
	fake_end();
}

/* 64 SPIs with priorities in a scrambled order, one after the other into 4 list registers. */
static void test_overflow(u32 lrs)
{
	u32 i, prev_prio = 0, prev_id = 0, got = 0, id;
	bool order = true;

	start_groups(1, 256, lrs);
	for (i = 0; i < 64; i++)
		fake_irq_on(0, 32 + i, (i * 7 % 16) << 4, false);
	for (i = 0; i < 64; i++)
		pend(32 + i);
	fake_load(0, 0);
	for (i = 0; i < 100; i++) {
		u32 prio;

		id = fake_take();
		if (id == FAKE_SPURIOUS)
			break;
		prio = ((id - 32) * 7 % 16) << 4;
		if (got && (prio < prev_prio || (prio == prev_prio && id < prev_id)))
			order = false;
		prev_prio = prio;
		prev_id = id;
		got++;
	}
	is(got, 64, "%u list registers: each of 64 pending SPIs is delivered once", lrs);
	ok(order, "by priority, first come first served within one");
	ok(vgic_cpu_stats(fake_vgic(0))->overflows > 0, "they overflowed");
	is(fake.cpu[0].hcr & ~BIT(14), 1, "and no maintenance is wanted after it");

	/* The same while it runs: least urgent first, so that each exchanges another. */
	for (i = 0; i < 64; i++)
		fake_dist_w(0x400 + 32 + i, 1, 0xf0 - (i / 8 * 8));
	for (i = 0; i < 64; i++) {
		pend(32 + i);
		ok(fake_enter(), "no storm of maintenance interrupts");
	}
	is(fake_hppir(), 32 + 56, "%u list registers: the most urgent is in one", lrs);
	for (got = 0, order = true, prev_id = 96; got < 100; got++) {
		id = fake_take();
		if (id == FAKE_SPURIOUS)
			break;
		if ((id - 32) / 8 > (prev_id - 32) / 8)
			order = false;
		prev_id = id;
	}
	is(got, 64, "each is delivered once");
	ok(order, "most urgent first");
	fake_end();
}

static void test_disabled_group_blocks_not(void)
{
	u32 i;

	start_groups(1, 256, 2);
	for (i = 0; i < 6; i++)
		fake_irq_on(0, 32 + i, i < 4 ? 0x10 : 0x80, false);
	fake_dist_w(0x84, 4, GENMASK(5, 4)); /* four in group 0, more urgent */
	fake_load(0, 0);
	fake_set_enables(GRP1);
	for (i = 0; i < 6; i++)
		pend(32 + i);
	is(fake_take(), 36, "group 0 closed at the CPU interface does not block group 1");
	is(fake_take(), 37, "nor its second");
	is(fake_take(), FAKE_SPURIOUS, "no group 0 yet");
	fake_set_enables(GRP0 | GRP1);
	for (i = 0; i < 4; i++) {
		ok(fake_enter(), "opened");
		is(fake_ack(0), 32 + i, "group 0 comes through once open");
		fake_eoi(0, 32 + i);
	}
	fake_enter();
	is(fake_ack(0), FAKE_SPURIOUS, "each once");
	/* And the other way round: closing a group with its interrupts in the list registers. */
	for (i = 0; i < 6; i++)
		pend(32 + i);
	fake_enter();
	fake_set_enables(GRP1);
	is(fake_take(), 36, "a group closed while it fills the list registers makes room");
	is(fake_take(), 37, "for all of the other");
	fake_end();
}

/* Nested: more active interrupts than list registers. EOImode 0. */
static void test_active_overflow(u32 lrs)
{
	u32 i;
	bool good = true;

	start_groups(1, 256, lrs);
	fake_load(0, 0);
	for (i = 0; i < 12; i++)
		fake_irq_on(0, 32 + i, 0xf0 - i * 0x10, false);
	for (i = 0; i < 12; i++) {
		pend(32 + i);
		good = good && fake_enter() && fake_ack(1) == 32 + i;
	}
	ok(good, "%u list registers: 12 nested interrupts acknowledged", lrs);
	is(fake_dist_r(ISACTIVER + 4, 4), GENMASK(11, 0), "all active");
	pend(32);
	pend(37);
	for (good = true, i = 12; i-- > 0;) {
		fake_eoi(1, 32 + i);
		good = good && fake_enter();
		good = good && fake_dist_r(ISACTIVER + 4, 4) == (BIT(i) - 1);
		/* 37 came again: it is taken as soon as nothing more urgent runs. */
		if (i == 5) {
			good = good && fake_ack(1) == 37;
			fake_eoi(1, 37);
			good = good && fake_enter();
		}
	}
	ok(good, "each EOI deactivates its own, in list registers or not");
	is(fake_take(), 32, "what came again while it was active and outside is delivered");
	is(fake_take(), FAKE_SPURIOUS, "once");
	is(fake.cpu[0].hcr & ~BIT(14), 1, "no maintenance is left");
	fake_end();
}

static void test_active_overflow_split(u32 lrs)
{
	u32 i;
	bool good = true;

	start_groups(1, 256, lrs);
	fake_load(0, 0);
	fake_set_eoimode(true);
	for (i = 0; i < 20; i++)
		fake_irq_on(0, 32 + i, 0xa0, false);
	for (i = 0; i < 20; i++)
		pend(32 + i);
	for (i = 0; i < 20; i++) {
		good = good && fake_enter() && fake_ack(1) == 32 + i;
		fake_eoi(1, 32 + i);
	}
	ok(good,
	   "%u list registers: with EOImode 1, 20 interrupts of one priority all become active",
	   lrs);
	is(fake_dist_r(ISACTIVER + 4, 4), GENMASK(19, 0), "all active");
	ok(fake.cpu[0].hcr & BIT(14), "DIR is trapped");
	for (i = 0; i < 20; i++) {
		u32 id = 32 + i * 7 % 20;

		fake_dir(id);
		good = good && !reg_bit(ISACTIVER, id);
		good = good && (u32)__builtin_popcountll(fake_dist_r(ISACTIVER + 4, 4)) == 19 - i;
	}
	ok(good, "each DIR, in any order, deactivates its own");
	ok(fake_enter(), "and after the last");
	pend(33);
	is(fake_take(), 33, "delivery goes on");
	fake_end();
}

/*
 * What counts for an active interrupt is the priority that it was taken at, not the one that it has
 * since: for its place among those without a list register, and in its list register.
 */
static void test_active_priority(bool while_pending)
{
	start_groups(2, 256, 1);
	fake_load(1, 1);
	fake_load(0, 0);
	fake_irq_on(0, 40, 0x80, false);
	fake_irq_on(0, 41, 0x40, false);
	fake_irq_on(0, 42, 0x20, false);
	pend(40);
	is(fake_ack(1), 40, "taken");
	pend(41);
	fake_enter();
	if (while_pending) {
		/* Too late for the list register. */
		fake_run_on(1);
		fake_dist_w(0x400 + 41, 1, 0xa0);
		fake_run_on(0);
	}
	is(fake_ack(1), 41, "preempted");
	pend(42);
	fake_enter();
	if (!while_pending)
		fake_dist_w(0x400 + 41, 1, 0xa0);
	is(fake_ack(1), 42, "preempted by a third");
	fake_eoi(1, 42);
	pend(42); /* keeps the list register from those below */
	fake_enter();
	fake_eoi(1, 41);
	fake_enter();
	ok(reg_bit(ISACTIVER, 40) && !reg_bit(ISACTIVER, 41), "the second EOI is the second's");
	is(fake_take(), 42, "the third again");
	fake_dist_w(0x400 + 40, 1, 0x10);
	fake_put(0);
	fake_load(0, 0);
	is(fake_lr_state(40), 2, "the first has the list register back");
	fake_eoi(1, 40);
	ok(!reg_bit(ISACTIVER, 40), "its EOI finds it, with the old priority");
	pend(40);
	is(FIELD_GET(GENMASK(55, 48), fake_lr_of(40)), 0x10, "then it comes with the new one");
	fake_end();
}

/* A list register that its interrupt comes back to has the priority of today. */
static void test_priority_again(void)
{
	start_groups(1, 256, 4);
	fake_load(0, 0);
	fake_irq_on(0, 40, 0x80, false);
	pend(40);
	is(fake_ack(1), 40, "taken");
	fake_dist_w(0x400 + 40, 1, 0x20);
	is(FIELD_GET(GENMASK(55, 48), fake_lr_of(40)), 0x80, "active at its old priority");
	fake_eoi(1, 40);
	pend(40);
	is(FIELD_GET(GENMASK(55, 48), fake_lr_of(40)), 0x20, "back with the new one");
	is(fake_take(), 40, "and delivered");
	fake_end();
}

/* Refilled before the last one is gone, so that the guest need not wait. */
static void test_underflow(void)
{
	u32 i;

	start_groups(1, 256, 4);
	fake_load(0, 0);
	for (i = 0; i < 8; i++)
		fake_irq_on(0, 32 + i, 0xa0, false);
	for (i = 0; i < 8; i++)
		pend(32 + i);
	ok(fake_enter(), "eight pending, four list registers");
	is(fake_misr(), 0, "no maintenance yet");
	for (i = 0; i < 3; i++) {
		is(fake_ack(1), 32 + i, "one is taken");
		fake_eoi(1, 32 + i);
	}
	is(fake_misr(), 2, "one left: underflow");
	ok(fake_enter(), "refilled");
	for (i = 3; i < 8; i++)
		is(fake_take(), 32 + i, "the others follow, in order");
	fake_end();
}

static void test_put_load(void)
{
	u32 i;
	bool good = true;

	start_groups(2, 256, 4);
	fake_load(0, 0);
	for (i = 0; i < 8; i++)
		fake_irq_on(0, 32 + i, 0xf0 - i * 0x10, false);
	for (i = 0; i < 6; i++) {
		pend(32 + i);
		good = good && fake_enter() && fake_ack(1) == 32 + i;
	}
	pend(33);
	pend(38);
	fake_put(0);
	ok(good && fake_dist_r(ISACTIVER + 4, 4) == 0x3f,
	   "active state is there while the vCPU is nowhere");
	ok(fake_dist_r(ISPENDR + 4, 4) == 0x42, "and pending state");
	fake_load(1, 0);
	is(fake_take(), FAKE_SPURIOUS, "another vCPU on that CPU sees nothing of it");
	fake_put(1);
	fake_load(0, 2);
	is(fake_ack(1), 38, "on another CPU it goes on: the more urgent one preempts");
	fake_eoi(1, 38);
	for (good = true, i = 6; i-- > 0;) {
		fake_eoi(1, 32 + i);
		good = good && fake_enter();
		good = good && fake_dist_r(ISACTIVER + 4, 4) == (BIT(i) - 1);
		if (i == 1)
			good = good && fake_ack(1) == 33 && (fake_eoi(1, 33), fake_enter());
	}
	ok(good, "and each EOI finds its interrupt");
	is(fake_take(), FAKE_SPURIOUS, "nothing is left");
	fake_end();
}

static void test_level(void)
{
	start_groups(1, 256, 4);
	fake_load(0, 0);
	fake_irq_on(0, 50, 0xa0, true);
	is(vgic_set_line(fake.vgic, NULL, 50, true), 0, "line up");
	is(fake_take(), 50, "delivered");
	is(fake_take(), 50, "and again, while the line is up");
	is(fake_ack(1), 50, "again");
	vgic_set_line(fake.vgic, NULL, 50, false);
	ok(fake_enter(), "line down in the handler");
	fake_eoi(1, 50);
	is(fake_take(), FAKE_SPURIOUS, "no more");
	vgic_set_line(fake.vgic, NULL, 50, true);
	vgic_set_line(fake.vgic, NULL, 50, false);
	is(fake_take(), FAKE_SPURIOUS, "up and down before the guest looks: withdrawn");
	pend(50);
	is(fake_take(), 50, "ISPENDR makes a level interrupt pending");
	is(fake_take(), FAKE_SPURIOUS, "once: the latch ends with the acknowledge");
	pend(50);
	vgic_set_line(fake.vgic, NULL, 50, true);
	vgic_set_line(fake.vgic, NULL, 50, false);
	is(fake_take(), 50, "the latch outlives the line");
	is(fake_take(), FAKE_SPURIOUS, "once");
	vgic_set_line(fake.vgic, NULL, 50, true);
	fake_dist_w(ICPENDR + 4, 4, BIT(18));
	ok(reg_bit(ISPENDR, 50), "ICPENDR does not clear a line");
	is(fake_ack(1), 50, "taken");
	fake_put(0);
	vgic_set_line(fake.vgic, NULL, 50, false);
	fake_load(0, 1);
	fake_eoi(1, 50);
	is(fake_take(), FAKE_SPURIOUS, "line down while not loaded");
	vgic_set_line(fake.vgic, NULL, 50, true);
	is(fake_ack(1), 50, "taken");
	fake_eoi(1, 50);
	ok(fake_misr() & 1, "the EOI of a level interrupt asks for maintenance");
	is(fake_take(), 50, "which presents the line that is still up");
	/* Edge interrupts of software lines. */
	fake_irq_on(0, 51, 0xa0, false);
	vgic_set_line(fake.vgic, NULL, 50, false);
	vgic_set_line(fake.vgic, NULL, 51, true);
	vgic_set_line(fake.vgic, NULL, 51, false);
	is(fake_take(), 51, "an edge stays although the line went down");
	is(vgic_set_line(fake.vgic, NULL, 20, true), -22, "a PPI needs a vCPU");
	is(vgic_set_line(fake.vgic, fake_vgic(0), 3, true), -22, "an SGI has no line");
	is(vgic_set_line(fake.vgic, NULL, 288, true), -22, "beyond the SPIs");
	is(vgic_set_line(fake.vgic, NULL, 8192, true), -22, "nor an LPI");
	fake_end();
}

static void test_reset(void)
{
	start_groups(1, 256, 4);
	fake_load(0, 0);
	fake_irq_on(0, 20, 0xa0, false);
	fake_irq_on(0, 21, 0x80, false);
	fake_rd_w(0, 0x10000 + ISPENDR, 4, BIT(20) | BIT(21));
	is(fake_ack(1), 21, "one active, one pending");
	fake_put(0);
	vgic_cpu_reset(fake_vgic(0));
	ok(!vgic_has_pending(fake_vgic(0)), "reset: nothing wakes it, its groups are closed");
	is(fake_rd_r(0, 0x10000 + ISPENDR, 4), BIT(20), "what is pending stays");
	is(fake_rd_r(0, 0x10000 + ISACTIVER, 4), BIT(21), "and what is active");
	fake_load(0, 0);
	is(fake.cpu[0].apr[1][0], 0, "no running priority");
	is(fake_take(), 20, "delivery starts anew");
	fake_rd_w(0, 0x10000 + ISPENDR, 4, BIT(20));
	vgic_cpu_reset(fake_vgic(0));
	is(fake.cpu[0].vmcr, 0, "reset while loaded: the CPU interface is reset");
	is(fake_rd_r(0, 0x10000 + ISPENDR, 4), BIT(20), "and nothing lost");
	fake_end();
}

int main(void)
{
	test_one();
	test_no_touch();
	test_masks();
	test_priorities();
	test_overflow(4);
	test_overflow(2);
	test_overflow(1);
	test_overflow(16);
	test_disabled_group_blocks_not();
	test_active_overflow(4);
	test_active_overflow(2);
	test_active_overflow(1);
	test_active_overflow_split(4);
	test_active_overflow_split(2);
	test_active_priority(false);
	test_active_priority(true);
	test_priority_again();
	test_underflow();
	test_put_load();
	test_level();
	test_reset();
	return tap_done();
}
