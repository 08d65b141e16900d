// SPDX-License-Identifier: GPL-2.0-only
/*
 * MAPD V=0, MAPD of a mapped device, and DISCARD while LPIs of the device are pending beyond the list
 * registers, in those of this and other CPUs, and in their handlers. Afterwards none of them may
 * arrive, and the same LPIs mapped anew must, once each.
 */
#include "guests/bare/bugs.h"
#include "guests/bare/gic.h"
#include "guests/bare/irq.h"
#include "guests/bare/smp.h"
#include "guests/bare/tap.h"
#include "guests/bare/test.h"
#include "guests/bare/timer.h"

#define DEVICE 0x300u
#define DEVICE_BITS 9u
#define FIRST 32u /* LPI of event 0 */
#define PER_CPU 40u
#define ACK_MS 1000
#define ROUNDS 20u

static void *itt;
static u32 held[CPU_MAX];

static u32 nr_events(void)
{
	return MIN(nr_cpus * PER_CPU, (u32)BIT(DEVICE_BITS));
}

/*
 * cpu_fns: an LPI is acknowledged, and ended by another call. The SGI that called us may come late.
 */
static void hold(void *unused)
{
	u32 intid;

	(void)unused;
	irq_off();
	gic_set_pmr(GIC_PRIO_ALL);
	while ((intid = test_ack(ACK_MS)) == IRQ_SGI_WAKE)
		gic_eoi(intid);
	held[cpu_this()->index] = intid;
	gic_set_pmr(TEST_PMR);
}

static void let_go(void *unused)
{
	(void)unused;
	gic_eoi(held[cpu_this()->index]);
	gic_set_pmr(GIC_PRIO_ALL);
	irq_on();
}

static void unmap_whole(void)
{
	its_unmapd(DEVICE);
}

static void remap(void)
{
	its_mapd(DEVICE, itt, DEVICE_BITS);
}

static void discard_each(void)
{
	u32 i;

	for (i = 0; i < nr_events(); i++)
		its_event(GITS_CMD_DISCARD, DEVICE, i);
}

static void map_all(void)
{
	u32 i;

	for (i = 0; i < nr_events(); i++)
		bugs_map(DEVICE, i, FIRST + i, i % nr_cpus);
}

static void raise_all(void)
{
	u32 i;

	for (i = 0; i < nr_events(); i++)
		its_event(GITS_CMD_INT, DEVICE, i);
}

static u32 taken(void)
{
	u32 i, sum = 0;

	for (i = 0; i < nr_events(); i++)
		sum += irq_count_all(BUGS_LPI(FIRST + i));
	return sum;
}

/* Unmaps while all CPUs hold back what they have, or one LPI each in its handler. */
static bool unmap_pending(void (*unmap)(void), bool in_handler)
{
	bool good;
	u32 i;

	for (i = 0; i < nr_cpus; i++)
		test_mask(i);
	raise_all();
	good = its_flush();
	for (i = 0; in_handler && i < nr_cpus; i++) {
		smp_call(i, hold, NULL);
		good &= held[i] >= GIC_LPI_BASE;
	}
	unmap();
	good &= its_flush();
	for (i = nr_cpus; i-- > 0;) {
		if (in_handler)
			smp_call(i, let_go, NULL);
		else
			test_unmask(i);
	}
	return good;
}

static bool one_round(void (*unmap)(void), bool in_handler)
{
	bool held_good, silent, again;
	u32 was;

	map_all();
	its_flush();
	was = taken();
	held_good = unmap_pending(unmap, in_handler);
	settle();
	silent = taken() == was;
	if (unmap == unmap_whole)
		its_mapd(DEVICE, itt, DEVICE_BITS);
	map_all();
	raise_all();
	again = its_flush() && wait_for(taken() == was + nr_events());
	settle();
	if (!held_good || !silent || !again || taken() != was + nr_events())
		tap_diag("in handlers %d: prepared %d, silent %d, then %u of %u", in_handler,
			 held_good, silent, taken() - was, nr_events());
	again &= taken() == was + nr_events();
	unmap();
	if (unmap == unmap_whole)
		its_mapd(DEVICE, itt, DEVICE_BITS);
	return its_flush() && held_good && silent && again;
}

static void rounds(void (*unmap)(void), const char *name)
{
	u32 i, good = 0;

	for (i = 0; i < ROUNDS && good == i; i++)
		good += one_round(unmap, i % 2);
	tap_ok(good == ROUNDS,
	       "bug class: %s with LPIs pending, active, in list registers of all CPUs: %u of %u rounds",
	       name, good, ROUNDS);
}

void bugs_unmap(void)
{
	itt = its_alloc_itt(DEVICE_BITS);
	bugs_begin(16);
	its_back_device(DEVICE);
	its_mapd(DEVICE, itt, DEVICE_BITS);
	rounds(unmap_whole, "MAPD V=0");
	rounds(remap, "MAPD of a mapped device");
	rounds(discard_each, "DISCARD");
}
