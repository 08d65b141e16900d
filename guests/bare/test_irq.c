// SPDX-License-Identifier: GPL-2.0-only
/* Delivery: timers, SGIs in each form, SPIs and their routing. */
#include "guests/bare/board.h"
#include "guests/bare/gic.h"
#include "guests/bare/irq.h"
#include "guests/bare/smp.h"
#include "guests/bare/suite.h"
#include "guests/bare/tap.h"
#include "guests/bare/test.h"
#include "guests/bare/timer.h"

#define TICKS 20
#define SGI 3u
#define LEVEL_MS 1000

static void tick_virtual(void *arg)
{
	u32 *good = arg;
	u32 i, me = cpu_this()->index;

	for (i = 0; i < TICKS; i++) {
		u32 before = irq_count(me, board.vtimer_intid);
		u64 due = timer_now() + timer_ms(1);

		timer_arm_virtual(timer_ms(1));
		if (!wait_for(irq_count(me, board.vtimer_intid) != before))
			return;
		*good += irq_count(me, board.vtimer_intid) == before + 1 && timer_now() >= due;
	}
	timer_stop();
}

static void tick_physical(void *arg)
{
	u32 *good = arg;
	u32 i, me = cpu_this()->index;

	for (i = 0; i < TICKS; i++) {
		u32 before = irq_count(me, board.ptimer_intid);

		timer_arm_physical(timer_ms(1));
		if (!wait_for(irq_count(me, board.ptimer_intid) != before))
			return;
		*good += irq_count(me, board.ptimer_intid) == before + 1;
	}
	timer_stop();
}

struct level {
	u32 rises; /* CPUs on which the PPI is pending when its timer has fired */
	u32 falls; /* and is not any more when the timer is masked */
};

static void timer_level(void *arg)
{
	const struct cpu *cpu = cpu_this();
	struct level *l = arg;

	irq_off();
	timer_arm_virtual(0);
	l->rises += wait_ms(gic_get_bit(cpu, GICD_ISPENDR, board.vtimer_intid), LEVEL_MS);
	sysreg_write(cntv_ctl_el0, TIMER_CTL_ENABLE | TIMER_CTL_IMASK);
	isb();
	l->falls += wait_ms(!gic_get_bit(cpu, GICD_ISPENDR, board.vtimer_intid), LEVEL_MS);
	timer_stop();
	irq_on();
}

/* WFI with interrupts masked ends when one is pending. */
static void timer_wfi(void *arg)
{
	u64 start = timer_now(), ticks = timer_ms(3);

	irq_off();
	timer_arm_virtual(ticks);
	while (timer_now() - start < ticks)
		wfi();
	irq_on();
	timer_stop();
	*(bool *)arg = true;
}

static void test_timers(void)
{
	u32 i, good_v = 0, good_p = 0;
	struct level level = { 0 };
	bool good = false;

	for (i = 0; i < nr_cpus; i++) {
		smp_call(i, tick_virtual, &good_v);
		smp_call(i, tick_physical, &good_p);
		smp_call(i, timer_level, &level);
	}
	tap_ok(good_v == TICKS * nr_cpus, "virtual timer: %u of %u interrupts, on all CPUs", good_v,
	       TICKS * nr_cpus);
	tap_ok(good_p == TICKS * nr_cpus, "physical timer: %u of %u interrupts, on all CPUs",
	       good_p, TICKS * nr_cpus);
	tap_ok(level.rises == nr_cpus, "a timer's PPI is pending while its output is high");
	tap_ok(level.falls == nr_cpus,
	       "a timer's PPI is no longer pending when its output is low again");
	timer_wfi(&good);
	tap_ok(good, "WFI ends at the timer's interrupt");
}

static void send_value(void *arg)
{
	dsb();
	sysreg_write(icc_sgi1r_el1, *(u64 *)arg);
	isb();
}

/* From each CPU to each CPU, by target list. */
static void test_sgi_pairs(void)
{
	u32 from, to, good = 0;

	for (from = 0; from < nr_cpus; from++)
		for (to = 0; to < nr_cpus; to++) {
			u64 val = gic_sgi_value(cpus[to].mpidr, SGI);
			u32 before = irq_count_all(SGI);
			u32 before_to = irq_count(to, SGI);

			smp_call(from, send_value, &val);
			if (wait_for(irq_count(to, SGI) == before_to + 1))
				good += irq_count_all(SGI) == before + 1;
		}
	settle();
	tap_ok(good == nr_cpus * nr_cpus && irq_count_all(SGI) == good,
	       "SGI from each CPU to each CPU by target list: %u of %u", good, nr_cpus * nr_cpus);
}

static void test_sgi_forms(void)
{
	u64 list = 0;
	u32 sgi, i, good = 0, same = 0;

	irq_reset_counts();
	gic_send_sgi_others(SGI);
	tap_ok(wait_for(irq_count_all(SGI) == nr_cpus - 1) && arrived_nowhere_on(0, SGI),
	       "SGI with IRM=1 reaches all CPUs but the sender");

	irq_reset_counts();
	for (i = 0; i < nr_cpus; i++)
		if ((cpus[i].mpidr ^ cpus[0].mpidr) >> 4 == 0) {
			list |= gic_sgi_value(cpus[i].mpidr, SGI);
			same++;
		}
	send_value(&list);
	tap_ok(wait_for(irq_count_all(SGI) == same) && arrived_once_on(0, SGI),
	       "one SGI to %u CPUs in one target list", same);

	irq_reset_counts();
	list = gic_sgi_value(cpus[0].mpidr, SGI) | FIELD_PREP(ICC_SGI1R_AFF3, 0xee);
	send_value(&list);
	list = gic_sgi_value(cpus[0].mpidr, SGI) | FIELD_PREP(ICC_SGI1R_AFF2, 0xee);
	send_value(&list);
	list = gic_sgi_value(cpus[0].mpidr, SGI) | FIELD_PREP(ICC_SGI1R_RS, 0xf);
	if (sysreg_read(icc_ctlr_el1) & ICC_CTLR_RSS) /* else RS is RES0 */
		send_value(&list);
	settle();
	tap_ok(irq_count_all(SGI) == 0, "SGIs to CPUs that are not there go nowhere");

	irq_reset_counts();
	for (sgi = 0; sgi < IRQ_SGI_WAKE; sgi++) {
		gic_send_sgi(cpus[nr_cpus - 1].mpidr, sgi);
		good += wait_for(irq_count(nr_cpus - 1, sgi) == 1);
	}
	tap_ok(good == IRQ_SGI_WAKE, "SGIs 0..14 arrive with their own numbers");
}

/* ISPENDR of an SPI, routed to each CPU in turn. */
static void test_spi_route(void)
{
	u32 spi = test_spi(0), i, good = 0;

	irq_reset_counts();
	gic_set_edge(NULL, spi, true);
	gic_set_bit(NULL, GICD_ISENABLER, spi);
	for (i = 0; i < nr_cpus; i++) {
		gic_route(spi, cpus[i].mpidr);
		gic_set_bit(NULL, GICD_ISPENDR, spi);
		good += wait_for(irq_count(i, spi) == 1);
	}
	settle();
	tap_ok(good == nr_cpus && irq_count_all(spi) == nr_cpus,
	       "SPI %u arrives where IROUTER says, on %u of %u CPUs", spi, good, nr_cpus);
	gic_set_bit(NULL, GICD_ICENABLER, spi);
}

static void test_spi_pending(void)
{
	u32 spi = test_spi(1), last = nr_cpus - 1;

	irq_reset_counts();
	gic_set_edge(NULL, spi, true);
	gic_route(spi, cpus[0].mpidr);
	gic_set_bit(NULL, GICD_ISPENDR, spi);
	settle();
	tap_ok(irq_count_all(spi) == 0 && gic_get_bit(NULL, GICD_ISPENDR, spi),
	       "a disabled SPI stays pending");
	gic_set_bit(NULL, GICD_ICPENDR, spi);
	tap_ok(!gic_get_bit(NULL, GICD_ISPENDR, spi), "ICPENDR clears it");
	gic_set_bit(NULL, GICD_ISPENDR, spi);
	gic_route(spi, cpus[last].mpidr);
	gic_set_bit(NULL, GICD_ISENABLER, spi);
	tap_ok(wait_for(irq_count(last, spi) == 1) && irq_count_all(spi) == 1,
	       "a pending SPI follows IROUTER and arrives when enabled");
	tap_ok(wait_for(!gic_get_bit(NULL, GICD_ISPENDR, spi)) &&
		       !gic_get_bit(NULL, GICD_ISACTIVER, spi),
	       "it is neither pending nor active after its end");
	gic_set_bit(NULL, GICD_ICENABLER, spi);

	/* Routed away while it is pending and held back by the priority mask. */
	irq_reset_counts();
	gic_route(spi, cpus[0].mpidr);
	gic_set_pmr(TEST_PMR);
	gic_set_bit(NULL, GICD_ISENABLER, spi);
	gic_set_bit(NULL, GICD_ISPENDR, spi);
	settle();
	gic_route(spi, cpus[last].mpidr);
	settle();
	gic_set_pmr(GIC_PRIO_ALL);
	tap_ok(wait_for(irq_count(last, spi) == 1) && arrived_once(spi),
	       "an enabled pending SPI follows IROUTER, exactly once");
	gic_set_bit(NULL, GICD_ICENABLER, spi);
}

static void test_spi_any(void)
{
	u32 spi = test_spi(2), i;

	if (mmio_read32(board.gicd.base + GICD_TYPER) & GICD_TYPER_NO1N) {
		tap_skip("IROUTER with Interrupt_Routing_Mode 1", "GICD_TYPER.No1N");
		return;
	}
	irq_reset_counts();
	gic_set_edge(NULL, spi, true);
	gic_route(spi, GICD_IROUTER_IRM);
	gic_set_bit(NULL, GICD_ISENABLER, spi);
	for (i = 1; i <= 10; i++) {
		gic_set_bit(NULL, GICD_ISPENDR, spi);
		if (!wait_for(irq_count_all(spi) == i))
			break;
	}
	settle();
	tap_ok(irq_count_all(spi) == 10, "IROUTER.IRM=1: each of 10 arrives on one CPU");
	gic_set_bit(NULL, GICD_ICENABLER, spi);
}

static void test_spi_message(void)
{
	u32 spi = test_spi(3);

	if (!(mmio_read32(board.gicd.base + GICD_TYPER) & GICD_TYPER_MBIS)) {
		tap_skip("SPI by GICD_SETSPI_NSR", "GICD_TYPER.MBIS is 0");
		return;
	}
	irq_reset_counts();
	gic_set_edge(NULL, spi, true);
	gic_route(spi, cpus[0].mpidr);
	gic_set_bit(NULL, GICD_ISENABLER, spi);
	mmio_write32(board.gicd.base + GICD_SETSPI_NSR, spi);
	tap_ok(wait_for(irq_count(0, spi) == 1), "SPI by GICD_SETSPI_NSR");
	gic_set_bit(NULL, GICD_ICENABLER, spi);
}

void test_irq(void)
{
	test_timers();
	test_sgi_pairs();
	test_sgi_forms();
	test_spi_route();
	test_spi_pending();
	test_spi_any();
	test_spi_message();
}
