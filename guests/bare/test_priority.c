// SPDX-License-Identifier: GPL-2.0-only
/*
 * Priorities, preemption, groups, and more interrupts than list registers. Most of it acknowledges
 * by hand with exceptions masked, so that the order is seen as the CPU interface gives it.
 */
#include "guests/bare/board.h"
#include "guests/bare/gic.h"
#include "guests/bare/irq.h"
#include "guests/bare/smp.h"
#include "guests/bare/suite.h"
#include "guests/bare/tap.h"
#include "guests/bare/test.h"
#include "guests/bare/timer.h"

#define NONE 1023u
#define ACK_MS 1000
#define NO_ACK_MS 5
#define NR_ACTIVE 32u
#define NR_NESTED 16u

/* The step between two priorities that this CPU tells apart. */
static u32 prio_step(void)
{
	return 1u << (8 - (FIELD_GET(ICC_CTLR_PRIBITS, sysreg_read(icc_ctlr_el1)) + 1));
}

static void prepare_spi(u32 spi, u32 prio)
{
	gic_set_edge(NULL, spi, true);
	gic_route(spi, cpus[0].mpidr);
	gic_set_priority(NULL, spi, prio);
	gic_set_group(NULL, spi, 1);
	gic_set_bit(NULL, GICD_ISENABLER, spi);
}

static void release_spi(u32 spi)
{
	gic_set_bit(NULL, GICD_ICENABLER, spi);
	gic_set_bit(NULL, GICD_ICPENDR, spi);
	gic_set_bit(NULL, GICD_ICACTIVER, spi);
	gic_set_group(NULL, spi, 1);
}

static void trigger(u32 spi)
{
	gic_set_bit(NULL, GICD_ISPENDR, spi);
}

static void test_pmr(void)
{
	u32 spi = test_spi(4);

	prepare_spi(spi, 0x80);
	irq_off();
	gic_set_pmr(0x80);
	trigger(spi);
	tap_ok(test_ack(NO_ACK_MS) == NONE, "priority 0x80 does not pass PMR 0x80");
	gic_set_pmr(0x88);
	tap_ok(wait_ms(sysreg_read(icc_hppir1_el1) == spi, ACK_MS),
	       "HPPIR1 shows it with PMR 0x88");
	tap_ok(test_ack(ACK_MS) == spi && sysreg_read(icc_rpr_el1) == 0x80,
	       "it passes PMR 0x88, RPR is 0x80");
	gic_eoi(spi);
	tap_ok(sysreg_read(icc_rpr_el1) == 0xff, "RPR is idle after its end");
	gic_set_pmr(GIC_PRIO_ALL);
	irq_on();
	release_spi(spi);
}

/* Is @second, triggered while @first is active, acknowledged before @first has ended? */
static bool preempts(u32 first, u32 second)
{
	u32 a, b;
	bool nested;

	trigger(first);
	a = test_ack(ACK_MS);
	trigger(second);
	b = test_ack(NO_ACK_MS);
	nested = b == second;
	if (nested)
		gic_eoi(b);
	gic_eoi(a);
	if (!nested && test_ack(ACK_MS) == second)
		gic_eoi(second);
	return a == first && nested;
}

static void test_preemption(void)
{
	u32 low = test_spi(5), high = test_spi(6), step = prio_step();

	prepare_spi(low, 0x80 + step);
	prepare_spi(high, 0x80);
	irq_off();
	sysreg_write(icc_bpr1_el1, 0);
	isb();
	tap_ok(preempts(low, high), "the next higher priority preempts with the smallest BPR1");
	tap_ok(!preempts(high, low), "a lower priority does not");
	gic_set_priority(NULL, low, 0x80);
	tap_ok(!preempts(high, low), "nor does the same");
	sysreg_write(icc_bpr1_el1, 7);
	isb();
	gic_set_priority(NULL, low, 0xf0);
	tap_ok(!preempts(low, high), "BPR1=7: 0x80 does not preempt 0xf0");
	sysreg_write(icc_bpr1_el1, 0);
	isb();
	tap_ok(preempts(low, high), "BPR1 smallest again: 0x80 preempts 0xf0");
	irq_on();
	release_spi(low);
	release_spi(high);
}

/* A preempting handler in a handler... deeper than list registers, ended in reverse order. */
static void test_nested(void)
{
	u32 i, good = 0;

	irq_off();
	for (i = 0; i < NR_NESTED; i++)
		prepare_spi(test_spi(i), 0xf0 - i * 8);
	for (i = 0; i < NR_NESTED; i++) {
		trigger(test_spi(i));
		if (test_ack(ACK_MS) != test_spi(i))
			break;
		good += sysreg_read(icc_rpr_el1) == 0xf0 - i * 8;
	}
	tap_ok(good == NR_NESTED, "%u of %u handlers nest by preemption", good, NR_NESTED);
	for (i = NR_NESTED, good = 0; i-- > 0;) {
		good += sysreg_read(icc_rpr_el1) == 0xf0 - i * 8 &&
			gic_get_bit(NULL, GICD_ISACTIVER, test_spi(i));
		gic_eoi(test_spi(i));
		good += !gic_get_bit(NULL, GICD_ISACTIVER, test_spi(i));
	}
	tap_ok(good == 2 * NR_NESTED && sysreg_read(icc_rpr_el1) == 0xff,
	       "and end in reverse order, each active until its own end");
	for (i = 0; i < NR_NESTED; i++)
		release_spi(test_spi(i));
	irq_on();
}

/* 64 pending at once, made pending from the lowest priority to the highest: the order that list
 * registers like least. */
static void test_many_pending(void)
{
	u32 seen[TEST_NR_SPIS] = { 0 };
	u32 i, n, prio, last = 0, inversions = 0, once = 0;

	irq_off();
	for (i = 0; i < TEST_NR_SPIS; i++)
		prepare_spi(test_spi(i), 0xf0 - i / 4 * 8);
	for (i = 0; i < TEST_NR_SPIS; i++)
		trigger(test_spi(i));
	settle();
	for (n = 0; n < TEST_NR_SPIS; n++) {
		u32 intid = test_ack(ACK_MS);

		if (intid < test_spi(0) || intid >= test_spi(TEST_NR_SPIS))
			break;
		i = intid - test_spi(0);
		prio = 0xf0 - i / 4 * 8;
		inversions += prio < last;
		last = prio;
		seen[i]++;
		gic_eoi(intid);
	}
	for (i = 0; i < TEST_NR_SPIS; i++)
		once += seen[i] == 1;
	tap_ok(n == TEST_NR_SPIS && once == n, "64 SPIs pending at once: %u arrive exactly once",
	       once);
	tap_ok(!inversions, "in order of priority (%u inversions)", inversions);
	tap_ok(test_ack(NO_ACK_MS) == NONE, "and nothing after them");
	for (i = 0; i < TEST_NR_SPIS; i++)
		release_spi(test_spi(i));
	irq_on();
}

/* The same with exceptions: each handler runs, all end. */
static void test_storm(void)
{
	u32 round, i, good = 0;

	irq_reset_counts();
	for (i = 0; i < TEST_NR_SPIS; i++)
		prepare_spi(test_spi(i), 0xa0);
	for (round = 0; round < 10; round++) {
		irq_off();
		for (i = 0; i < TEST_NR_SPIS; i++)
			trigger(test_spi(i));
		irq_on();
		for (i = 0; i < TEST_NR_SPIS; i++)
			good += wait_for(irq_count(0, test_spi(i)) == round + 1);
	}
	tap_ok(good == 10 * TEST_NR_SPIS, "64 SPIs by exception, 10 rounds: %u of %u", good,
	       10 * TEST_NR_SPIS);
	for (i = 0; i < TEST_NR_SPIS; i++)
		release_spi(test_spi(i));
}

/* EOImode 1: priority drop and deactivation apart, with more active at once than list registers. */
static void test_eoimode1(void)
{
	u32 i, acked = 0, active = 0, ended = 0, again = 0;

	irq_off();
	sysreg_write(icc_ctlr_el1, ICC_CTLR_EOIMODE);
	isb();
	for (i = 0; i < NR_ACTIVE; i++) {
		u32 spi = test_spi(i);

		prepare_spi(spi, 0xa0);
		trigger(spi);
		acked += test_ack(ACK_MS) == spi;
		gic_eoi(spi);
	}
	for (i = 0; i < NR_ACTIVE; i++)
		active += gic_get_bit(NULL, GICD_ISACTIVER, test_spi(i));
	tap_ok(acked == NR_ACTIVE && active == acked,
	       "EOImode 1: %u acknowledged, %u active after priority drop", acked, active);

	/* Pending while active: comes only after its deactivation. */
	trigger(test_spi(7));
	tap_ok(test_ack(NO_ACK_MS) == NONE, "an active interrupt that is pending again waits");
	for (i = 0; i < NR_ACTIVE; i++) {
		u32 spi = test_spi((i * 13 + 5) % NR_ACTIVE);

		sysreg_write(icc_dir_el1, spi);
		isb();
		ended += !gic_get_bit(NULL, GICD_ISACTIVER, spi);
	}
	tap_ok(ended >= NR_ACTIVE - 1, "DIR in another order deactivates each (%u of %u)", ended,
	       NR_ACTIVE);
	tap_ok(test_ack(ACK_MS) == test_spi(7), "and the waiting one comes");
	gic_eoi(test_spi(7));
	sysreg_write(icc_dir_el1, test_spi(7));
	isb();
	for (i = 0; i < NR_ACTIVE; i++) {
		trigger(test_spi(i));
		again += test_ack(ACK_MS) == test_spi(i);
		gic_eoi(test_spi(i));
		sysreg_write(icc_dir_el1, test_spi(i));
		isb();
	}
	tap_ok(again == NR_ACTIVE, "all can come again: %u of %u", again, NR_ACTIVE);
	sysreg_write(icc_ctlr_el1, 0);
	isb();
	for (i = 0; i < NR_ACTIVE; i++)
		release_spi(test_spi(i));
	irq_on();
}

/* Active state written by ISACTIVER/ICACTIVER, and an SPI deactivated by another CPU. */
static void dir_remote(void *arg)
{
	sysreg_write(icc_ctlr_el1, ICC_CTLR_EOIMODE); /* ICC_DIR is UNPREDICTABLE in EOImode 0 */
	isb();
	sysreg_write(icc_dir_el1, *(u32 *)arg);
	sysreg_write(icc_ctlr_el1, 0);
	isb();
}

static void test_active_bits(void)
{
	u32 spi = test_spi(8);

	prepare_spi(spi, 0xa0);
	irq_off();
	gic_set_bit(NULL, GICD_ISACTIVER, spi);
	trigger(spi);
	tap_ok(gic_get_bit(NULL, GICD_ISACTIVER, spi) && test_ack(NO_ACK_MS) == NONE,
	       "ISACTIVER holds a pending SPI back");
	gic_set_bit(NULL, GICD_ICACTIVER, spi);
	tap_ok(test_ack(ACK_MS) == spi, "ICACTIVER lets it come");
	gic_eoi(spi);
	if (nr_cpus > 1) {
		sysreg_write(icc_ctlr_el1, ICC_CTLR_EOIMODE);
		isb();
		trigger(spi);
		(void)test_ack(ACK_MS);
		gic_eoi(spi);
		smp_call(1, dir_remote, &spi);
		tap_ok(wait_ms(!gic_get_bit(NULL, GICD_ISACTIVER, spi), ACK_MS),
		       "another CPU's ICC_DIR deactivates an SPI");
		sysreg_write(icc_ctlr_el1, 0);
		isb();
	}
	release_spi(spi);
	irq_on();
}

static void set_distributor_groups(u64 groups)
{
	mmio_write32(board.gicd.base + GICD_CTLR, (u32)(GICD_CTLR_ARE | groups));
	gic_wait_rwp();
}

static void test_group_enables(void)
{
	u32 spi = test_spi(9);

	irq_reset_counts();
	prepare_spi(spi, 0xa0);
	set_distributor_groups(GICD_CTLR_ENABLE_GRP0);
	trigger(spi);
	tap_ok(arrived_nowhere_on(0, spi), "GICD_CTLR.EnableGrp1=0 holds group 1 back");
	set_distributor_groups(GICD_CTLR_ENABLE_GRP0 | GICD_CTLR_ENABLE_GRP1);
	tap_ok(wait_for(irq_count(0, spi) == 1), "EnableGrp1=1 lets it come");
	sysreg_write(icc_igrpen1_el1, 0);
	isb();
	trigger(spi);
	tap_ok(arrived_once_on(0, spi), "ICC_IGRPEN1=0 holds group 1 back");
	sysreg_write(icc_igrpen1_el1, 1);
	isb();
	tap_ok(wait_for(irq_count(0, spi) == 2), "ICC_IGRPEN1=1 lets it come");
	release_spi(spi);
}

static void test_group0(void)
{
	const struct cpu *cpu = &cpus[0];
	u32 spi = test_spi(10), sgi = 9;

	irq_reset_counts();
	prepare_spi(spi, 0xa0);
	gic_set_group(NULL, spi, 0);
	trigger(spi);
	tap_ok(wait_for(irq_count(0, spi) == 1) && cpu->fiqs == 1, "a group 0 SPI comes as FIQ");

	sysreg_write(icc_igrpen0_el1, 0);
	isb();
	trigger(spi);
	tap_ok(arrived_once_on(0, spi), "ICC_IGRPEN0=0 holds group 0 back");
	sysreg_write(icc_igrpen0_el1, 1);
	isb();
	tap_ok(wait_for(irq_count(0, spi) == 2) && cpu->fiqs == 2, "ICC_IGRPEN0=1 lets it come");
	release_spi(spi);

	gic_set_group(cpu, sgi, 0);
	sysreg_write(icc_sgi0r_el1, gic_sgi_value(cpu->mpidr, sgi));
	isb();
	tap_ok(wait_for(irq_count(0, sgi) == 1) && cpu->fiqs == 3, "SGI0R reaches a group 0 SGI");
	gic_set_group(cpu, sgi, 1);
	sysreg_write(icc_sgi0r_el1, gic_sgi_value(cpu->mpidr, sgi));
	isb();
	tap_ok(arrived_once_on(0, sgi), "SGI0R does not reach a group 1 SGI");
}

void test_priority(void)
{
	test_pmr();
	test_preemption();
	test_nested();
	test_many_pending();
	test_storm();
	test_eoimode1();
	test_active_bits();
	test_group_enables();
	test_group0();
}

void suite_basic(void)
{
	test_psci();
	test_irq();
	test_priority();
}
