// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ITS by its commands (IHI 0069H 5.3): a device that does not exist, whose events the INT
 * command makes. LPIs are kept pending by disabling them or by the priority mask of their CPU.
 */
#include "guests/bare/board.h"
#include "guests/bare/gic.h"
#include "guests/bare/irq.h"
#include "guests/bare/its.h"
#include "guests/bare/smp.h"
#include "guests/bare/suite.h"
#include "guests/bare/tap.h"
#include "guests/bare/test.h"
#include "guests/bare/timer.h"
#include "hyp/lib/string.h"

#define DEVICE 0x7f00u
#define EVENT_BITS 11u
#define LPI(event) (GIC_LPI_BASE + (event))
#define LPI_PRIO 0xa0u
#define ACK_MS 1000
#define NO_ACK_MS 5
#define NONE 1023u
#define NR_MANY 1000u
#define NR_WRAP 500u

static void *itt;

static void map_event(u32 event, u32 icid)
{
	lpi_config(LPI(event), LPI_PRIO, true);
	its_mapti(DEVICE, event, LPI(event), icid);
	its_event(GITS_CMD_INV, DEVICE, event);
}

/* One collection per CPU, of the same number; the device with an event per CPU, event n in
 * collection n. */
static bool map_all(void)
{
	u32 i;

	its_back_device(DEVICE);
	/* An ITT must be all zeros when it is given to the ITS. */
	its_unmapd(DEVICE);
	its_flush();
	memset(itt, 0, (FIELD_GET(GITS_TYPER_ITT_ENTRY, its.typer) + 1) << EVENT_BITS);
	its_mapd(DEVICE, itt, EVENT_BITS);
	for (i = 0; i < nr_cpus; i++) {
		its_mapc(i, i);
		map_event(i, i);
		its_sync(i);
	}
	irq_reset_counts();
	return its_flush();
}

static bool fire(u32 event)
{
	its_event(GITS_CMD_INT, DEVICE, event);
	return its_flush();
}

static bool command(u32 opcode, u32 event)
{
	its_event(opcode, DEVICE, event);
	its_sync(0);
	return its_flush();
}

/* An LPI of @event arrives once, on @cpu. */
static bool arrives(u32 event, u32 cpu)
{
	return wait_for(irq_count(cpu, LPI(event)) == 1) && arrived_once(LPI(event));
}

static bool silent(u32 event)
{
	settle();
	return irq_count_all(LPI(event)) == 0;
}

/* Says of @n events what went wrong, the first few. */
static void diag_counts(u32 n, u32 cpus_used)
{
	u32 i, shown = 0;

	for (i = 0; i < n && shown < 5; i++) {
		u32 here = irq_count(i % cpus_used, LPI(i)), all = irq_count_all(LPI(i));

		if (here == 1 && all == 1)
			continue;
		tap_diag("LPI %u: %u times on CPU %u, %u times elsewhere", LPI(i), here,
			 i % cpus_used, all - here);
		shown++;
	}
}

static void test_registers(void)
{
	tap_ok(its.typer & GITS_TYPER_PHYSICAL && its_device_bits() >= 8 && its_event_bits() >= 5,
	       "GITS_TYPER: physical LPIs, %u DeviceID bits, %u EventID bits", its_device_bits(),
	       its_event_bits());
	tap_ok(FIELD_GET(GIC_PIDR2_ARCHREV, mmio_read32(its.base + GITS_PIDR2)) >= 3,
	       "GITS_PIDR2.ArchRev is 3 or more");
	tap_ok(its_disable(), "a disabled ITS becomes quiescent");
}

static void test_basic_delivery(void)
{
	u32 i, good = 0;

	tap_ok(map_all(), "MAPD, MAPC, MAPTI, INV, SYNC are consumed");
	for (i = 0; i < nr_cpus; i++)
		good += fire(i) && arrives(i, i);
	tap_ok(good == nr_cpus, "INT: the LPI arrives on its collection's CPU, %u of %u", good,
	       nr_cpus);
	irq_reset_counts();
	for (i = 0; i < 100; i++) {
		fire(0);
		if (!wait_for(irq_count(0, LPI(0)) == i + 1))
			break;
	}
	tap_ok(i == 100, "100 times in a row");
}

static void test_mapi(void)
{
	u32 bits = 14, device = DEVICE + 1, event = GIC_LPI_BASE + 70;

	if (its_event_bits() < bits) {
		tap_skip("MAPI", "too few EventID bits");
		return;
	}
	irq_reset_counts();
	its_back_device(device);
	its_mapd(device, its_alloc_itt(bits), bits);
	lpi_config(event, LPI_PRIO, true);
	its_mapi(device, event, 0);
	its_event(GITS_CMD_INV, device, event);
	its_event(GITS_CMD_INT, device, event);
	its_sync(0);
	tap_ok(its_flush() && wait_for(irq_count(0, event) == 1) && arrived_once(event),
	       "MAPI: EventID and LPI are one number");
	its_unmapd(device);
	its_flush();
}

static void test_movi(void)
{
	u32 last = nr_cpus - 1;

	irq_reset_counts();
	its_movi(DEVICE, 0, last);
	its_sync(0);
	fire(0);
	tap_ok(arrives(0, last), "MOVI: later interrupts go to the new CPU");
	its_movi(DEVICE, 0, 0);
	its_sync(last);
	its_flush();

	irq_reset_counts();
	test_mask(0);
	fire(0);
	tap_ok(silent(0), "an LPI that the priority mask holds back does not arrive");
	its_movi(DEVICE, 0, last);
	its_sync(0);
	its_flush();
	if (last)
		tap_ok(arrives(0, last), "MOVI takes a pending LPI along");
	test_unmask(0);
	tap_ok(arrives(0, last), "and it comes once");
	its_movi(DEVICE, 0, 0);
	its_flush();
}

static void test_clear_discard(void)
{
	irq_reset_counts();
	test_mask(0);
	fire(0);
	command(GITS_CMD_CLEAR, 0);
	test_unmask(0);
	tap_ok(silent(0), "CLEAR: a pending LPI does not arrive any more");
	fire(0);
	tap_ok(arrives(0, 0), "and can be raised again");

	irq_reset_counts();
	test_mask(0);
	fire(0);
	command(GITS_CMD_DISCARD, 0);
	test_unmask(0);
	tap_ok(silent(0), "DISCARD: a pending LPI does not arrive any more");
	tap_ok(fire(0) && silent(0),
	       "and its event is unmapped; INT on it does not stop the queue");
	map_event(0, 0);
	fire(0);
	tap_ok(arrives(0, 0), "mapped anew it arrives");
}

static void test_disabled(void)
{
	irq_reset_counts();
	lpi_config(LPI(0), LPI_PRIO, false);
	command(GITS_CMD_INV, 0);
	fire(0);
	tap_ok(silent(0), "a disabled LPI does not arrive");
	lpi_config(LPI(0), LPI_PRIO, true);
	command(GITS_CMD_INV, 0);
	tap_ok(arrives(0, 0), "it stayed pending and arrives when enabled, after INV");

	irq_reset_counts();
	lpi_config(LPI(0), LPI_PRIO, false);
	its_invall(0);
	its_sync(0);
	fire(0);
	tap_ok(silent(0), "INVALL reads a disabling");
	lpi_config(LPI(0), LPI_PRIO, true);
	its_invall(0);
	its_sync(0);
	tap_ok(its_flush() && arrives(0, 0), "INVALL reads an enabling; the pending LPI arrives");
}

static void test_collections(void)
{
	u32 last = nr_cpus - 1;

	irq_reset_counts();
	its_mapc(0, last);
	its_sync(0);
	its_sync(last);
	its_invall(0);
	its_sync(last);
	fire(0);
	tap_ok(arrives(0, last), "MAPC to another CPU: later interrupts go there");
	irq_reset_counts();
	its_unmapc(0);
	its_sync(last);
	fire(0);
	tap_ok(silent(0), "an event of an unmapped collection goes nowhere");
	its_mapc(0, 0);
	its_sync(0);
	fire(0);
	tap_ok(arrives(0, 0), "and arrives once the collection is mapped again");
}

/* Pending on three CPUs; MOVALL takes those of one to another and leaves the third's. */
static void test_movall(void)
{
	u32 base = 100, i, good = 0;

	if (nr_cpus < 3) {
		tap_skip("MOVALL", "needs 3 CPUs");
		return;
	}
	irq_reset_counts();
	for (i = 0; i < 30; i++)
		map_event(base + i, i % 3);
	its_flush();
	for (i = 0; i < 3; i++)
		test_mask(i);
	for (i = 0; i < 30; i++)
		its_event(GITS_CMD_INT, DEVICE, base + i);
	its_sync(0);
	its_movall(0, 1);
	its_sync(0);
	its_sync(1);
	tap_ok(its_flush(), "MOVALL is consumed");
	test_unmask(0);
	settle();
	for (i = 0; i < 30; i++)
		good += irq_count_all(LPI(base + i)) == 0;
	tap_ok(good == 30, "MOVALL: nothing stays pending at the source");
	test_unmask(1);
	test_unmask(2);
	for (i = 0, good = 0; i < 30; i++)
		good += wait_for(irq_count(i % 3 == 2 ? 2 : 1, LPI(base + i)) == 1);
	settle();
	for (i = 0; i < 30; i++)
		good += irq_count_all(LPI(base + i)) == 1;
	tap_ok(good == 60, "the source's arrive at the destination, the third CPU's stay there");
	irq_reset_counts();
	fire(base);
	tap_ok(arrives(base, 0), "MOVALL does not change where later interrupts go");
}

static void test_priorities(void)
{
	u32 base = 200, n = 16, spi = test_spi(11), i, good = 0;

	irq_reset_counts();
	for (i = 0; i < n; i++) {
		lpi_config(LPI(base + i), 0xf0 - i * 8, true);
		its_mapti(DEVICE, base + i, LPI(base + i), 0);
	}
	its_invall(0);
	its_sync(0);
	its_flush();
	irq_off();
	for (i = 0; i < n; i++)
		its_event(GITS_CMD_INT, DEVICE, base + i);
	its_flush();
	gic_set_edge(NULL, spi, true);
	gic_route(spi, cpus[0].mpidr);
	gic_set_priority(NULL, spi, 0x60);
	gic_set_bit(NULL, GICD_ISENABLER, spi);
	gic_set_bit(NULL, GICD_ISPENDR, spi);
	settle();
	i = test_ack(ACK_MS);
	gic_eoi(i);
	tap_ok(i == spi, "an SPI of higher priority comes before pending LPIs");
	for (i = n; i-- > 0;) {
		u32 intid = test_ack(ACK_MS);

		good += intid == LPI(base + i);
		gic_eoi(intid);
	}
	tap_ok(good == n, "LPIs come in the order of their priorities: %u of %u", good, n);
	tap_ok(test_ack(NO_ACK_MS) == NONE, "and nothing after them");
	gic_set_bit(NULL, GICD_ICENABLER, spi);
	irq_on();
}

/* An LPI has no active state; it is pending or not. */
static void test_pending_state(void)
{
	u32 first, second;

	irq_reset_counts();
	irq_off();
	fire(0);
	fire(0);
	settle();
	first = test_ack(ACK_MS);
	gic_eoi(first);
	second = test_ack(NO_ACK_MS);
	tap_ok(first == LPI(0) && second == NONE,
	       "raised twice before it is acknowledged: one LPI");
	fire(0);
	first = test_ack(ACK_MS);
	fire(0);
	settle();
	gic_eoi(first);
	second = test_ack(ACK_MS);
	gic_eoi(second);
	tap_ok(first == LPI(0) && second == LPI(0),
	       "raised again after its acknowledge, before its end: it comes again");
	irq_on();
}

/* Far more than list registers, spread over all CPUs, all pending before the first is taken. */
static void test_many(void)
{
	u32 i, exact = 0;

	map_all();
	for (i = nr_cpus; i < NR_MANY; i++) /* the first are mapped so already */
		map_event(i, i % nr_cpus);
	tap_ok(its_flush(), "%u events mapped", NR_MANY);
	for (i = 0; i < nr_cpus; i++)
		test_mask(i);
	for (i = 0; i < NR_MANY; i++)
		its_event(GITS_CMD_INT, DEVICE, i);
	its_flush();
	for (i = 0; i < nr_cpus; i++)
		test_unmask(i);
	for (i = 0; i < NR_MANY; i++)
		if (!wait_for(irq_count(i % nr_cpus, LPI(i)) == 1))
			break;
	settle();
	for (i = 0; i < NR_MANY; i++)
		exact += irq_count(i % nr_cpus, LPI(i)) == 1 && irq_count_all(LPI(i)) == 1;
	if (!tap_ok(exact == NR_MANY, "%u of %u LPIs pending at once arrive once, on their CPUs",
		    exact, NR_MANY))
		diag_counts(NR_MANY, nr_cpus);
}

/* The same on one CPU, with every LPI of one priority. */
static void test_many_on_one(void)
{
	u32 i, exact = 0;

	irq_reset_counts();
	for (i = 0; i < NR_MANY; i++)
		its_movi(DEVICE, i, 0);
	its_flush();
	test_mask(0);
	for (i = 0; i < NR_MANY; i++)
		its_event(GITS_CMD_INT, DEVICE, i);
	its_flush();
	test_unmask(0);
	for (i = 0; i < NR_MANY; i++)
		if (!wait_for(irq_count(0, LPI(i)) == 1))
			break;
	settle();
	for (i = 0; i < NR_MANY; i++)
		exact += irq_count(0, LPI(i)) == 1 && irq_count_all(LPI(i)) == 1;
	if (!tap_ok(exact == NR_MANY, "%u of %u LPIs pending at once on one CPU", exact, NR_MANY))
		diag_counts(NR_MANY, 1);
}

static void test_unmapd(void)
{
	irq_reset_counts();
	its_unmapd(DEVICE);
	its_sync(0);
	tap_ok(its_flush() && fire(0) && silent(0), "MAPD with V=0 unmaps the device's events");
	its_mapti(DEVICE, 0, LPI(0), 0);
	tap_ok(its_flush(), "a command for an unmapped device does not stop the queue");
	map_all();
	fire(0);
	tap_ok(arrives(0, 0), "the device can be mapped again");
}

/* 128 entries; more commands than that, in bursts that do not divide it. */
static void test_wrap(u32 pages)
{
	struct its_layout layout = { .queue_pages = pages };
	u32 i, slots = pages * (u32)(SZ_4K / sizeof(struct gits_cmd)), sent = 0;
	bool good = its_setup(&layout) && map_all();

	for (i = 0; good && sent < slots + NR_WRAP; i++) {
		u32 k;

		for (k = 0; k < 7; k++)
			its_event(GITS_CMD_CLEAR, DEVICE, 0);
		its_event(GITS_CMD_INT, DEVICE, 0);
		sent += 8;
		good = its_flush() && wait_for(irq_count(0, LPI(0)) == i + 1);
	}
	tap_ok(good, "the command queue of %u entries wraps (%u commands)", slots, sent);
}

static void test_full_queue(void)
{
	u32 i, slots = (u32)(SZ_4K / sizeof(struct gits_cmd));
	struct its_layout layout = { .queue_pages = 1 };
	bool good = its_setup(&layout) && map_all();

	its_disable();
	for (i = 0; i < slots - 2; i++)
		its_command(0x05, 0, 0, 0); /* SYNC of processor 0 */
	its_event(GITS_CMD_INT, DEVICE, 0);
	its_enable();
	good = good && its_flush();
	tap_ok(good && arrives(0, 0),
	       "a queue filled while the ITS is off is consumed when it is on");
}

static void test_layout(const struct its_layout *layout, const char *name)
{
	static const u32 devices[] = { 0, 1, 0x1ff, 0x200, 0x1234, DEVICE };
	u32 i, good = 0;

	if (!its_setup(layout)) {
		tap_skip(name, "not supported by this ITS");
		return;
	}
	irq_reset_counts();
	for (i = 0; i < ARRAY_SIZE(devices); i++) {
		u32 lpi = LPI(300 + i);

		if (devices[i] >> its_device_bits()) {
			good++;
			continue;
		}
		its_back_device(devices[i]);
		lpi_config(lpi, LPI_PRIO, true);
		its_mapd(devices[i], its_alloc_itt(1), 1);
		its_mapc(0, 0);
		its_mapti(devices[i], 1, lpi, 0);
		its_event(GITS_CMD_INV, devices[i], 1);
		its_event(GITS_CMD_INT, devices[i], 1);
		its_sync(0);
		good += its_flush() && wait_for(irq_count(0, lpi) == 1);
	}
	tap_ok(good == ARRAY_SIZE(devices), "%s: %u of %lu DeviceIDs", name, good,
	       ARRAY_SIZE(devices));
}

/* A DeviceID whose first-level entry is not valid cannot be mapped. */
static void test_indirect_hole(void)
{
	struct its_layout layout = { .queue_pages = 1, .indirect = true };
	u32 hole = 0x4000;

	if (!its_setup(&layout) || hole >> its_device_bits()) {
		tap_skip("MAPD without a second-level page", "no two-level tables");
		return;
	}
	irq_reset_counts();
	its_mapd(hole, its_alloc_itt(1), 1);
	its_mapc(0, 0);
	its_mapti(hole, 0, LPI(0), 0);
	its_event(GITS_CMD_INT, hole, 0);
	tap_ok(its_flush() && silent(0), "MAPD without a second-level page fails, nothing else");
	tap_ok(map_all() && fire(0) && arrives(0, 0), "and the next device works");
}

static void test_layouts(void)
{
	static const struct {
		struct its_layout layout;
		const char *name;
	} row[] = {
		{ { 1, 0, false }, "flat device table, 4 KiB pages" },
		{ { 2, 1, false }, "flat device table, 16 KiB pages" },
		{ { 16, 2, false }, "flat device table, 64 KiB pages" },
		{ { 1, 0, true }, "indirect device table, 4 KiB pages" },
		{ { 1, 1, true }, "indirect device table, 16 KiB pages" },
		{ { 1, 2, true }, "indirect device table, 64 KiB pages" },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(row); i++)
		test_layout(&row[i].layout, row[i].name);
}

void suite_its(void)
{
	struct its_layout layout = { .queue_pages = 4 };
	const char *dead;

	if (!its_init()) {
		tap_skip("its", "the device tree has no ITS");
		return;
	}
	smp_call_all(lpi_init_cpu, NULL);
	itt = its_alloc_itt(EVENT_BITS);
	test_registers();
	tap_ok(its_setup(&layout), "tables and queue are accepted");
	test_basic_delivery();
	test_mapi();
	test_movi();
	test_clear_discard();
	test_disabled();
	test_collections();
	test_movall();
	test_priorities();
	test_pending_state();
	test_many();
	test_many_on_one();
	test_unmapd();
	test_wrap(1);
	test_wrap(3);
	test_full_queue();
	test_layouts();
	test_indirect_hole();
	its_setup(&layout);
	dead = test_alive();
	tap_ok(!dead, "timers, SGIs and LPIs work on all CPUs%s%s", dead ? ": " : "",
	       dead ? dead : "");
}
