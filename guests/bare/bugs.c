// SPDX-License-Identifier: GPL-2.0-only
/*
 * Known bug classes of ITS emulators, from the guest's side (docs/its.md, "Known bug classes"). Each
 * does what the architecture forbids or leaves open, and asks for what Herald chose; so this is for
 * Herald only. What others of our suites show already is not repeated.
 */
#include "guests/bare/board.h"
#include "guests/bare/bugs.h"
#include "guests/bare/gic.h"
#include "guests/bare/irq.h"
#include "guests/bare/mem.h"
#include "guests/bare/smp.h"
#include "guests/bare/suite.h"
#include "guests/bare/tap.h"
#include "guests/bare/test.h"
#include "guests/bare/timer.h"
#include "hyp/lib/string.h"

#define DEVICE 0x200u
#define DEVICE_BITS 5u
#define FREE 20u /* events and LPIs from here on are none of the witness's */
#define MAX_DEVICES 4096u /* that Herald maps at one time */
#define RING_64K (SZ_64K / (u32)sizeof(struct gits_cmd))
#define RING_MS 5000

static void *witness_itt, *device_itt;

void bugs_map(u32 devid, u32 event, u32 lpi, u32 icid)
{
	lpi_config(BUGS_LPI(lpi), GIC_PRIO_DEFAULT, true);
	its_mapti(devid, event, BUGS_LPI(lpi), icid);
}

bool bugs_begin(u32 pages)
{
	struct its_layout layout = { .queue_pages = pages };
	bool good = its_setup(&layout);
	u32 i;

	irq_reset_counts();
	its_back_device(BUGS_WITNESS);
	its_mapd(BUGS_WITNESS, witness_itt, DEVICE_BITS);
	its_mapd(DEVICE, device_itt, DEVICE_BITS);
	for (i = 0; i < nr_cpus && i < BUGS_NR_WITNESSES; i++) {
		its_mapc(i, i);
		bugs_map(BUGS_WITNESS, i, i, i);
	}
	return its_flush() && good;
}

/* The witness's events arrive, each once and on its CPU. */
static bool all_well(void)
{
	u32 i, good = 0, n = MIN(nr_cpus, BUGS_NR_WITNESSES);

	for (i = 0; i < n; i++) {
		u32 before = irq_count(i, BUGS_LPI(i));

		its_event(GITS_CMD_INT, BUGS_WITNESS, i);
		good += its_flush() && wait_for(irq_count(i, BUGS_LPI(i)) == before + 1);
	}
	return good == n;
}

static u32 taken(u32 lpi)
{
	return irq_count_all(BUGS_LPI(lpi));
}

/* INT of (@devid, @event) does nothing, and all that is mapped works on. */
static void refused(u32 devid, u32 event, u32 lpi, const char *name)
{
	u32 before = taken(lpi);
	bool good;

	its_event(GITS_CMD_INT, devid, event);
	good = its_flush();
	settle();
	tap_ok(good && taken(lpi) == before && all_well(), "bug class: %s: refused, no harm done",
	       name);
}

static bool fires(u32 devid, u32 event, u32 lpi, u32 cpu)
{
	u32 before = irq_count(cpu, BUGS_LPI(lpi)), all = taken(lpi);

	its_event(GITS_CMD_INT, devid, event);
	if (!its_flush() || !wait_for(irq_count(cpu, BUGS_LPI(lpi)) == before + 1))
		return false;
	settle();
	return taken(lpi) == all + 1;
}

/* MAPD, MAPTI, MAPC, MOVALL with numbers that are none. */
static void bad_numbers(void)
{
	static const u32 lpis[] = { 0, 1023, 8191, 0x10000, 0x80002014, 0xffffffff };
	u32 beyond = 1u << its_device_bits(), i;

	bugs_begin(4);
	its_mapd(DEVICE + 1, device_itt, 17);
	bugs_map(DEVICE + 1, 1, FREE, 0);
	refused(DEVICE + 1, 1, FREE, "MAPD with 17 EventID bits");
	its_mapd(DEVICE, device_itt, 32);
	bugs_map(DEVICE, FREE, FREE, 0);
	tap_ok(fires(DEVICE, FREE, FREE, 0), "and with 32, of a mapped device: that stays");
	its_mapd(beyond, device_itt, DEVICE_BITS);
	bugs_map(beyond, 1, FREE + 1, 0);
	refused(beyond, 1, FREE + 1, "DeviceID out of range");
	its_mapd(0x80000000u + DEVICE, device_itt, DEVICE_BITS);
	bugs_map(0x80000000u + DEVICE, 2, FREE + 1, 0);
	refused(0x80000000u + DEVICE, 2, FREE + 1, "DeviceID out of range in its top bit");
	bugs_map(DEVICE, 1u << DEVICE_BITS, FREE + 1, 0);
	refused(DEVICE, 1u << DEVICE_BITS, FREE + 1, "EventID out of range");
	for (i = 0; i < ARRAY_SIZE(lpis); i++)
		its_mapti(DEVICE, 1, lpis[i], 0);
	refused(DEVICE, 1, FREE + 1, "LPIs below 8192 and beyond IDbits");
	its_mapc(0xffff, 0);
	bugs_map(DEVICE, 2, FREE + 1, 0xffff);
	refused(DEVICE, 2, FREE + 1, "ICID out of range");
	its_command(GITS_CMD_MAPC, 0, 9 | FIELD_PREP(GITS_CMD2_RDBASE, 0x12345) | GITS_CMD2_VALID,
		    0);
	bugs_map(DEVICE, 3, FREE + 1, 9);
	refused(DEVICE, 3, FREE + 1, "RDbase out of range: MAPC");
	its_command(GITS_CMD_MOVALL, 0, 0, FIELD_PREP(GITS_CMD2_RDBASE, 0x12345));
	its_command(GITS_CMD_MOVALL, 0, FIELD_PREP(GITS_CMD2_RDBASE, 0x7ffff), 0);
	its_command(GITS_CMD_SYNC, 0, FIELD_PREP(GITS_CMD2_RDBASE, 0x7ffff), 0);
	refused(DEVICE, 4, FREE + 1, "RDbase out of range: MOVALL, SYNC");
}

/* More devices than fit; they may all have one ITT, which nobody reads. */
static void capacity(void)
{
	u32 i;

	bugs_begin(4);
	for (i = 0; i < MAX_DEVICES; i++) /* two are mapped already */
		its_mapd(0x1000 + i, device_itt, 1);
	bugs_map(0x1000 + MAX_DEVICES - 1, 1, FREE, 0);
	refused(0x1000 + MAX_DEVICES - 1, 1, FREE, "more devices than fit");
	bugs_map(0x1000 + MAX_DEVICES - 3, 1, FREE, 0);
	tap_ok(fires(0x1000 + MAX_DEVICES - 3, 1, FREE, 0), "the last that fits works");
	its_unmapd(0x1000);
	its_mapd(0x1000 + MAX_DEVICES - 1, device_itt, 1);
	bugs_map(0x1000 + MAX_DEVICES - 1, 1, FREE + 1, 0);
	tap_ok(fires(0x1000 + MAX_DEVICES - 1, 1, FREE + 1, 0),
	       "and one more when another one is unmapped");
}

static void remapped(void)
{
	bugs_begin(4);
	bugs_map(DEVICE, 1, FREE, 0);
	tap_ok(fires(DEVICE, 1, FREE, 0), "(a device with an event)");
	its_mapd(DEVICE, device_itt, DEVICE_BITS);
	refused(DEVICE, 1, FREE, "MAPD of a mapped device: its events");
	bugs_map(DEVICE, 1, FREE, 0);
	tap_ok(fires(DEVICE, 1, FREE, 0), "mapped anew it arrives");
}

/* One LPI by two events and by two devices, pending from all of them at once. */
static void shared_lpi(void)
{
	u32 last = nr_cpus - 1, i;

	bugs_begin(4);
	bugs_map(DEVICE, 1, FREE, 0);
	bugs_map(DEVICE, 2, FREE, last);
	bugs_map(BUGS_WITNESS, FREE, FREE, 0);
	its_flush();
	for (i = 0; i < nr_cpus; i++)
		test_mask(i);
	its_event(GITS_CMD_INT, DEVICE, 1);
	its_event(GITS_CMD_INT, DEVICE, 2);
	its_event(GITS_CMD_INT, BUGS_WITNESS, FREE);
	its_event(GITS_CMD_INT, DEVICE, 2);
	its_flush();
	for (i = 0; i < nr_cpus; i++)
		test_unmask(i);
	tap_ok(wait_for(irq_count(last, BUGS_LPI(FREE)) == 1) && arrived_once(BUGS_LPI(FREE)),
	       "bug class: one LPI mapped by two events and two devices arrives once");
	its_event(GITS_CMD_DISCARD, DEVICE, 2);
	its_unmapd(BUGS_WITNESS);
	tap_ok(fires(DEVICE, 1, FREE, 0), "and by the one that is left");
}

/* Pending in a list register when its collection goes. */
static void unmapped_collection(void)
{
	static const u32 opcodes[] = { GITS_CMD_INT, GITS_CMD_INV, GITS_CMD_CLEAR };
	u32 last = nr_cpus - 1, i;
	bool good;

	bugs_begin(4);
	its_mapc(40, last);
	bugs_map(DEVICE, 1, FREE, 40);
	test_mask(last);
	its_event(GITS_CMD_INT, DEVICE, 1);
	its_unmapc(40);
	for (i = 0; i < ARRAY_SIZE(opcodes); i++)
		its_event(opcodes[i], DEVICE, 1);
	its_invall(40);
	its_movi(DEVICE, 1, 0);
	its_movi(BUGS_WITNESS, 0, 40);
	good = its_flush();
	test_unmask(last);
	tap_ok(good && wait_for(irq_count(last, BUGS_LPI(FREE)) == 1) &&
		       arrived_once(BUGS_LPI(FREE)),
	       "bug class: collection unmapped, then INT, INV, CLEAR, INVALL, MOVI: what was pending stays so");
	refused(DEVICE, 1, FREE, "INT of an event whose collection is unmapped");
	its_mapc(40, 0);
	tap_ok(fires(DEVICE, 1, FREE, 0), "mapped again, the event is still there");
}

static void *collection_table(void)
{
	return (void *)(bugs_read(GITS_BASER + 8) & GITS_BASER_ADDR_64K);
}

/* What the guest owns of the ITS's memory is scribbled over, time and again. */
static void overwritten(void)
{
	u32 i, round;
	bool good = true;

	bugs_begin(4);
	for (round = 0; round < 3; round++) {
		int fill = round ? (int)mem_random() : 0xff;

		memset(witness_itt, fill, 8u << DEVICE_BITS);
		memset(collection_table(), fill, SZ_64K);
		memset(its.device_l1, fill, SZ_1M / 2);
		for (i = 0; i < its.queue_size / sizeof(u64); i++)
			its.queue[i] = mem_random();
		dsb();
		good &= all_well();
	}
	tap_ok(good, "bug class: ITT, tables and queue overwritten after mapping");
}

/* Device table, collection table, ITT and queue in one place, with commands going through it. */
static void overlapping(void)
{
	u64 at = (u64)its.queue;
	u32 i;
	bool good;

	bugs_begin(4);
	good = its_disable();
	for (i = 0; i < 2; i++)
		bugs_write(GITS_BASER + i * 8,
			   at | GITS_BASER_VALID | FIELD_PREP(GITS_BASER_PAGE, 2));
	bugs_write(GITS_CBASER, at | GITS_BASER_VALID | 3);
	its.writer = 0;
	its_enable();
	its_mapd(DEVICE, its.queue, DEVICE_BITS);
	its_mapc(0, 0);
	for (i = 0; i < 300; i++) /* round and round */
		its_mapti(DEVICE, i % 32, BUGS_LPI(FREE + i % 32), 0);
	for (i = 0; i < 32; i++)
		lpi_config(BUGS_LPI(FREE + i), GIC_PRIO_DEFAULT, true);
	its_invall(0);
	good &= its_flush();
	for (i = 0; i < 32; i++)
		good &= fires(DEVICE, i, FREE + i, 0);
	tap_ok(good && bugs_begin(4) && all_well(), "bug class: tables, ITT and queue overlapping");
}

/* Half of the ring is the last 64 KiB of RAM, half is where there is none. */
static void straddling(void)
{
	struct range last = board.ram[board.nr_ram - 1];
	u64 end = ALIGN_DOWN(last.base + last.size, SZ_64K), at = end - SZ_64K;
	u64 *queue = its.queue, *saved = mem_alloc(SZ_64K, SZ_64K);
	u32 before, i, n = 2 * RING_64K - 1;
	bool good;

	bugs_begin(4);
	memcpy(saved, (void *)at, SZ_64K);
	before = irq_count(0, BUGS_LPI(0));
	good = its_disable();
	bugs_write(GITS_CBASER, at | GITS_BASER_VALID | 31);
	its.queue = (u64 *)at;
	its.queue_size = 2 * SZ_64K;
	its.writer = 0;
	for (i = 0; i < RING_64K; i++)
		its_event(GITS_CMD_INT, BUGS_WITNESS, 0);
	dsb();
	its_enable();
	bugs_write(GITS_CWRITER, n * sizeof(struct gits_cmd));
	good &= wait_ms(bugs_read(GITS_CREADR) == n * sizeof(struct gits_cmd), RING_MS);
	good &= wait_for(irq_count(0, BUGS_LPI(0)) > before);
	its.queue = queue;
	good &= its_disable();
	memcpy((void *)at, saved, SZ_64K);
	tap_ok(good && bugs_begin(4) && all_well(),
	       "bug class: CBASER straddling the end of RAM: what is there is done, the rest passed");
}

/* Commands from the vITS's own frame and from the distributor: nothing is read, all are passed. */
static void over_frames(u64 pa, const char *name)
{
	bool good;

	bugs_begin(4);
	good = its_disable();
	bugs_write(GITS_CBASER, pa | GITS_BASER_VALID | 3);
	its_enable();
	bugs_write(GITS_CWRITER, 100 * sizeof(struct gits_cmd));
	good &= wait_ms(bugs_read(GITS_CREADR) == 100 * sizeof(struct gits_cmd), RING_MS);
	good &= its_disable();
	tap_ok(good && bugs_begin(4) && all_well(), "bug class: CBASER over %s: CREADR passes all",
	       name);
}

static void invalid_cbaser(void)
{
	bool good;

	bugs_begin(4);
	its_disable();
	bugs_write(GITS_CBASER, (u64)its.queue | 3);
	its_enable();
	good = !(mmio_read32(its.base + GITS_CTLR) & GITS_CTLR_ENABLED);
	bugs_write(GITS_CWRITER, 64);
	good &= bugs_read(GITS_CREADR) == 0;
	tap_ok(good && bugs_begin(4) && all_well(),
	       "bug class: CBASER not valid: it is not enabled");
}

/* PROPBASER while EnableLPIs is set, and smaller than the LPIs that are mapped. */
static void propbaser(void)
{
	const struct cpu *cpu = &cpus[nr_cpus - 1];
	u64 old = mmio_read64(cpu->gicr + GICR_PROPBASER), small;
	u32 high = 20000;

	bugs_begin(4);
	mmio_write64(cpu->gicr + GICR_PROPBASER, (u64)its.queue | 13);
	mmio_write32(cpu->gicr + GICR_PROPBASER, 0);
	tap_ok(mmio_read64(cpu->gicr + GICR_PROPBASER) == old && all_well(),
	       "bug class: PROPBASER changed after EnableLPIs: ignored");
	if (!lpi_disable(cpu)) {
		tap_skip("bug class: LPI beyond PROPBASER's IDbits", "EnableLPIs is sticky");
		return;
	}
	small = (old & ~(u64)GICR_PROPBASER_IDBITS) | 13;
	mmio_write64(cpu->gicr + GICR_PROPBASER, small);
	mmio_write32(cpu->gicr + GICR_CTLR, (u32)GICR_CTLR_ENABLE_LPIS);
	(void)wait_for(mmio_read32(cpu->gicr + GICR_CTLR) & GICR_CTLR_ENABLE_LPIS);
	lpi_config(high, GIC_PRIO_DEFAULT, true);
	its_mapti(DEVICE, 1, high, cpu->index);
	refused(DEVICE, 1, high - 8192, "LPI beyond PROPBASER's IDbits");
	smp_call(cpu->index, lpi_init_cpu, NULL);
	tap_ok(all_well(), "and with all bits again, all is well");
}

/* Any value, at all redistributors, while LPIs are pending. */
static void invlpir(void)
{
	u32 i, n = MIN(nr_cpus, BUGS_NR_WITNESSES);
	bool good = true;

	bugs_begin(4);
	for (i = 0; i < n; i++)
		test_mask(i);
	for (i = 0; i < n; i++)
		its_event(GITS_CMD_INT, BUGS_WITNESS, i);
	its_flush();
	for (i = 0; i < 4000; i++) {
		u64 val = mem_random();

		if (i % 2)
			val = i % 4 == 1 ? val & 0x1ffff : i;
		mmio_write64(cpus[i % nr_cpus].gicr + GICR_INVLPIR, val);
	}
	for (i = 0; i < n; i++)
		test_unmask(i);
	for (i = 0; i < n; i++)
		good &= wait_for(irq_count(i, BUGS_LPI(i)) == 1);
	tap_ok(good && all_well(), "bug class: GICR_INVLPIR with any value loses no LPI");
}

/* GITS_TRANSLATER, and 64-bit registers by their halves. */
static void registers(void)
{
	u64 whole, halves;
	u32 i, lpis = 0;

	bugs_begin(4);
	bugs_map(0, 0, FREE, 0);
	for (i = 0; i < 64; i++) {
		mmio_write32(its.base + GITS_TRANSLATER, i);
		bugs_write(GITS_TRANSLATER, i);
		lpis |= mmio_read32(its.base + GITS_TRANSLATER) | (u32)bugs_read(GITS_TRANSLATER);
	}
	settle();
	for (i = 0; i < 64; i++)
		lpis |= taken(i);
	tap_ok(!lpis, "bug class: GITS_TRANSLATER reads as zero, and a CPU's writes are no MSIs");
	its_disable();
	whole = bugs_read(GITS_CBASER);
	mmio_write32(its.base + GITS_CBASER + 4, 0);
	mmio_write32(its.base + GITS_CBASER, (u32)whole);
	mmio_write32(its.base + GITS_CBASER + 4, (u32)(whole >> 32));
	halves = mmio_read32(its.base + GITS_CBASER) | (u64)mmio_read32(its.base + GITS_CBASER + 4)
							       << 32;
	tap_ok(whole == halves && bugs_read(GITS_CBASER) == whole,
	       "bug class: 64-bit registers by 32-bit halves");
	its.writer = 0;
	its_enable();
	tap_ok(all_well(), "and the ITS works on");
}

void suite_bugs(void)
{
	if (!its_init()) {
		tap_skip("bugs", "the device tree has no ITS");
		return;
	}
	smp_call_all(lpi_init_cpu, NULL);
	witness_itt = its_alloc_itt(DEVICE_BITS);
	device_itt = its_alloc_itt(DEVICE_BITS);
	tap_ok(bugs_begin(4) && all_well(), "bugs: events lead to all CPUs");
	bugs_rings();
	bugs_unmap();
	bad_numbers();
	capacity();
	remapped();
	shared_lpi();
	unmapped_collection();
	overwritten();
	overlapping();
	invalid_cbaser();
	straddling();
	over_frames(its.base, "the vITS frame");
	over_frames(its.base + SZ_64K, "GITS_TRANSLATER");
	over_frames(board.gicd.base, "the distributor");
	propbaser();
	invlpir();
	registers();
}
