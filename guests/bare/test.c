// SPDX-License-Identifier: GPL-2.0-only
/* What tests share. */
#include "guests/bare/board.h"
#include "guests/bare/gic.h"
#include "guests/bare/irq.h"
#include "guests/bare/its.h"
#include "guests/bare/smp.h"
#include "guests/bare/test.h"
#include "guests/bare/timer.h"

#define ALIVE_SGI 5u
#define ALIVE_LPI 8192u
#define ALIVE_DEVICE 0x11u
#define ALIVE_BITS 5u

u32 test_spi(u32 n)
{
	return ALIGN_DOWN(gic_nr_lines(), 32) - TEST_NR_SPIS + n;
}

bool arrived_once(u32 intid)
{
	settle();
	return irq_count_all(intid) == 1;
}

bool arrived_once_on(u32 cpu, u32 intid)
{
	settle();
	return irq_count(cpu, intid) == 1;
}

bool arrived_nowhere_on(u32 cpu, u32 intid)
{
	settle();
	return irq_count(cpu, intid) == 0;
}

void test_set_pmr(void *arg)
{
	gic_set_pmr(*(u32 *)arg);
}

void test_mask(u32 cpu)
{
	u32 pmr = TEST_PMR;

	smp_call(cpu, test_set_pmr, &pmr);
}

void test_unmask(u32 cpu)
{
	u32 pmr = GIC_PRIO_ALL;

	smp_call(cpu, test_set_pmr, &pmr);
}

u32 test_ack(u32 ms)
{
	u64 end = timer_now() + timer_ms(ms);
	u32 intid;

	do
		intid = gic_ack();
	while (intid >= GIC_INTID_NONE && intid < GIC_LPI_BASE && timer_now() < end);
	return intid;
}

static void alive_timer(void *arg)
{
	u32 me = cpu_this()->index;
	u32 before = irq_count(me, board.vtimer_intid);

	irq_on();
	timer_arm_virtual(timer_ms(1));
	*(bool *)arg = wait_for(irq_count(me, board.vtimer_intid) == before + 1);
	timer_stop();
}

static void alive_answer(void *arg)
{
	(void)arg;
	gic_send_sgi(cpus[0].mpidr, ALIVE_SGI);
}

static bool alive_ipi(u32 i)
{
	u32 before = irq_count(i, ALIVE_SGI);
	u32 back;

	gic_send_sgi(cpus[i].mpidr, ALIVE_SGI);
	if (!wait_for(irq_count(i, ALIVE_SGI) == before + 1))
		return false;
	back = irq_count(0, ALIVE_SGI);
	smp_call(i, alive_answer, NULL);
	return wait_for(irq_count(0, ALIVE_SGI) == back + 1);
}

static bool alive_lpi(u32 i)
{
	u32 before = irq_count(i, ALIVE_LPI + i);

	lpi_config(ALIVE_LPI + i, GIC_PRIO_DEFAULT, true);
	its_mapc(i, i);
	its_mapti(ALIVE_DEVICE, i, ALIVE_LPI + i, i);
	its_event(GITS_CMD_INV, ALIVE_DEVICE, i);
	its_event(GITS_CMD_INT, ALIVE_DEVICE, i);
	its_sync(i);
	return its_flush() && wait_for(irq_count(i, ALIVE_LPI + i) == before + 1);
}

const char *test_alive(void)
{
	static void *itt;
	u32 i;
	bool good;

	for (i = 0; i < nr_cpus; i++) {
		smp_call(i, alive_timer, &good);
		if (!good)
			return "a timer does not interrupt";
		if (!alive_ipi(i))
			return "an SGI does not arrive";
	}
	if (!its.base)
		return NULL;
	if (!itt)
		itt = its_alloc_itt(ALIVE_BITS);
	its_back_device(ALIVE_DEVICE);
	its_mapd(ALIVE_DEVICE, itt, ALIVE_BITS);
	good = true;
	for (i = 0; i < nr_cpus && good; i++)
		good = alive_lpi(i);
	its_unmapd(ALIVE_DEVICE);
	return its_flush() && good ? NULL : "an LPI does not arrive";
}
