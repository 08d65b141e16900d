// SPDX-License-Identifier: GPL-2.0-only
/* Garbage for the ITS and the LPI tables: commands, addresses, registers. */
#include "guests/bare/gic.h"
#include "guests/bare/hostile.h"
#include "guests/bare/its.h"
#include "guests/bare/mem.h"
#include "guests/bare/smp.h"
#include "guests/bare/tap.h"
#include "guests/bare/timer.h"

#define NR_OPCODES 256u
#define VARIANTS 16u
#define NR_STEPS 20000u
#define QUEUE_MS 2000
#define DRAIN_MS 30000

static void write_reg(u32 reg, u64 val)
{
	mmio_write64(its.base + reg, val);
}

static u64 read_reg(u32 reg)
{
	return mmio_read64(its.base + reg);
}

/* Half of them anything; half with small numbers, so that some of it makes sense. */
static void random_command(u32 opcode)
{
	u64 r = mem_random();

	if (r & 1) {
		its_command((mem_random() & ~UINT64_C(0xff)) | opcode, mem_random(), mem_random(),
			    mem_random());
		return;
	}
	its_command(FIELD_PREP(GITS_CMD0_OPCODE, opcode) | FIELD_PREP(GITS_CMD0_DEVID, r >> 8 & 7),
		    FIELD_PREP(GITS_CMD1_EVENTID, r >> 16 & 0xf) |
			    FIELD_PREP(GITS_CMD1_INTID, GIC_LPI_BASE + (r >> 24 & 0x3f)),
		    FIELD_PREP(GITS_CMD2_ICID, r >> 32 & 7) | (r & GITS_CMD2_VALID) |
			    FIELD_PREP(GITS_CMD2_RDBASE, r >> 40 & 7) |
			    (opcode == GITS_CMD_MAPD ? (u64)its.queue : 0),
		    FIELD_PREP(GITS_CMD2_RDBASE, r >> 48 & 7));
}

/* Waits until the queue is empty or has stalled. */
static bool drained(void)
{
	return wait_ms((read_reg(GITS_CREADR) & GITS_QUEUE_PTR) == its.writer ||
			       (read_reg(GITS_CREADR) & GITS_CREADR_STALLED),
		       DRAIN_MS);
}

static void restart(u32 pages)
{
	struct its_layout layout = { .queue_pages = pages };

	its_setup(&layout);
	its_back_device(0);
}

static void all_opcodes(void)
{
	u32 opcode, i;
	bool good = true;

	restart(4);
	for (opcode = 0; opcode < NR_OPCODES && good; opcode++) {
		for (i = 0; i < VARIANTS; i++)
			random_command(opcode);
		write_reg(GITS_CWRITER, its.writer);
		good = drained();
		if (read_reg(GITS_CREADR) & GITS_CREADR_STALLED)
			restart(4);
	}
	tap_ok(good, "%u garbage commands of each of %u opcodes do not wedge the queue", VARIANTS,
	       NR_OPCODES);
}

/* All of a large ring in one go, most of it commands that exist. */
static void full_ring(void)
{
	static const u8 known[] = { 0x01, 0x03, 0x04, 0x05, 0x08, 0x09,
				    0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f };
	u32 i, n;

	restart(16);
	n = (u32)(its.queue_size / sizeof(struct gits_cmd)) - 1;
	for (i = 0; i < n; i++)
		random_command(known[mem_random() % ARRAY_SIZE(known)]);
	write_reg(GITS_CWRITER, its.writer);
	tap_ok(drained(), "a full ring of %u garbage commands is worked off", n);
}

/* The queue somewhere else: whatever is read there, the ITS can be stopped and set up again. */
static void bad_queue(const struct hostile_target *t)
{
	bool good;

	good = its_disable();
	write_reg(GITS_CBASER, (t->pa & GITS_CMD2_ITT & ~UINT64_C(0xfff)) | GITS_BASER_VALID | 3);
	write_reg(GITS_CWRITER, 0);
	its_enable();
	write_reg(GITS_CWRITER, 64 * sizeof(struct gits_cmd));
	(void)wait_ms(read_reg(GITS_CREADR) == 64 * sizeof(struct gits_cmd) ||
			      (read_reg(GITS_CREADR) & GITS_CREADR_STALLED),
		      QUEUE_MS);
	write_reg(GITS_CBASER, t->pa & GENMASK(51, 12)); /* not valid, while enabled */
	write_reg(GITS_CWRITER, 96);
	good &= its_disable();
	tap_ok(good, "CBASER over %s (0x%lx)", t->what, t->pa);
}

static void bad_tables(const struct hostile_target *t)
{
	u32 n, indirect;
	bool good = true;

	for (indirect = 0; indirect < 2; indirect++) {
		restart(4);
		its_disable();
		for (n = 0; n < GITS_NR_BASERS; n++)
			write_reg(GITS_BASER + n * 8, (t->pa & GENMASK(47, 12)) | GITS_BASER_VALID |
							      0xff |
							      (indirect ? GITS_BASER_INDIRECT : 0));
		its_enable();
		for (n = 0; n < 256; n++)
			random_command(n % 16);
		/* An ITT there as well. */
		its_mapd(2, (void *)(t->pa & GITS_CMD2_ITT), 14);
		for (n = 0; n < 16; n++)
			its_mapti(2, n, GIC_LPI_BASE + n, 0);
		write_reg(GITS_CWRITER, its.writer);
		good &= drained() && its_disable();
	}
	tap_ok(good, "device and collection tables and an ITT over %s (0x%lx)", t->what, t->pa);
}

/* On the last CPU, whose LPIs may be off meanwhile. */
static void bad_lpi_tables(const struct hostile_target *t)
{
	const struct cpu *cpu = &cpus[nr_cpus - 1];
	u32 i;
	bool good = true;

	if (!lpi_disable(cpu)) {
		tap_skip("LPI tables out of place", "EnableLPIs cannot be cleared");
		return;
	}
	mmio_write64(cpu->gicr + GICR_PROPBASER, (t->pa & GICR_PROPBASER_ADDR) | 15);
	mmio_write64(cpu->gicr + GICR_PENDBASER, t->pa & GICR_PENDBASER_ADDR);
	mmio_write32(cpu->gicr + GICR_CTLR, (u32)GICR_CTLR_ENABLE_LPIS);
	restart(1);
	its_back_device(1);
	its_mapd(1, its.queue, 4);
	its_mapc(0, cpu->index);
	for (i = 0; i < 16; i++) {
		its_mapti(1, i, GIC_LPI_BASE + i, 0);
		its_event(GITS_CMD_INV, 1, i);
		its_event(GITS_CMD_INT, 1, i);
	}
	its_invall(0);
	write_reg(GITS_CWRITER, its.writer);
	good = drained();
	good &= lpi_disable(cpu);
	tap_ok(good, "LPI tables over %s (0x%lx)", t->what, t->pa);
}

/* CWRITER where it must not be, and registers changed at the wrong time. */
static void bad_pointers(void)
{
	static const u64 values[] = { 0x1000, 0xfffff, 0xfffe0,	     0x1f,     0x21,
				      1,      0x3ff,   ~UINT64_C(0), 0x100000, 0x80000000 };
	u32 i, k;
	bool good = true;

	for (i = 0; i < ARRAY_SIZE(values); i++) {
		restart(1);
		for (k = 0; k < 100; k++)
			random_command(k % 16);
		write_reg(GITS_CWRITER, values[i]);
		mmio_write32(its.base + GITS_CWRITER, (u32)values[i]);
		mmio_write32(its.base + GITS_CWRITER + 4, (u32)values[i]);
		write_reg(GITS_CREADR, values[i]);
		write_reg(GITS_CBASER, read_reg(GITS_CBASER) ^ 1);
		write_reg(GITS_BASER, mem_random() & ~GITS_BASER_VALID);
		good &= its_disable();
	}
	tap_ok(good, "CWRITER out of range and unaligned, CBASER and BASER changed while enabled");
}

/* Another CPU that does the like meanwhile: the queue's registers, its redistributor, the
 * distributor, SGIs. */
static void meddle(void *arg)
{
	const struct cpu *cpu = cpu_this();
	u64 state = 0x2545f4914f6cdd1d; /* mem_random() is CPU 0's */
	u32 i;

	guard_begin();
	for (i = 0; i < NR_STEPS && !atomic_load_acquire((bool *)arg); i++) {
		state = state * 6364136223846793005 + 1442695040888963407;
		switch (state >> 60) {
		case 0 ... 3:
			write_reg(GITS_CWRITER, state >> 32 & 0xfe0);
			break;
		case 4:
			mmio_write32(its.base + GITS_CTLR, state >> 32 & 1);
			break;
		case 5 ... 6:
			(void)read_reg(GITS_CREADR);
			break;
		case 7:
			mmio_write32(cpu->gicr + GICR_CTLR, state >> 32 & 1);
			break;
		case 8 ... 10:
			mmio_write32(board.gicd.base + (state >> 32 & 0xffc), (u32)state);
			break;
		case 11:
			gic_route(GIC_SPI_BASE + (state >> 32 & 0xff),
				  cpus[(state >> 40) % nr_cpus].mpidr);
			break;
		case 12 ... 13:
			mmio_write32(cpu->gicr + GICR_SGI_BASE + (state >> 32 & 0xffc), (u32)state);
			break;
		default:
			gic_send_sgi(cpus[(state >> 40) % nr_cpus].mpidr, state >> 32 & 0xf);
		}
	}
	guard_end();
}

/* Registers, commands and INT in any order. */
static void any_order(void)
{
	static const u32 regs[] = { GITS_CTLR,	GITS_CBASER,	GITS_CWRITER,	 GITS_CREADR,
				    GITS_BASER, GITS_BASER + 8, GITS_BASER + 16, GITS_TYPER,
				    0x40,	0x48,		GITS_TRANSLATER };
	bool stop = false;
	u32 i;

	restart(1);
	if (nr_cpus > 1)
		smp_call_start(1, meddle, &stop);
	guard_begin(); /* GITS_TRANSLATER need not be there for CPUs */
	for (i = 0; i < NR_STEPS; i++) {
		u64 r = mem_random();
		u32 reg = regs[r % ARRAY_SIZE(regs)];

		if (r >> 32 & 1)
			write_reg(reg, mem_random());
		else if (r >> 32 & 2)
			mmio_write32(its.base + reg + (r >> 36 & 4), (u32)mem_random());
		else if (r >> 32 & 4)
			its.queue[r >> 40 & 0x1ff] = mem_random();
		else
			write_reg(GITS_CWRITER, mem_random() & 0xfe0);
		if (i % 500 == 0)
			restart(1);
	}
	guard_end();
	atomic_store_release(&stop, true);
	tap_ok((nr_cpus == 1 || smp_call_wait(1)) && its_disable(),
	       "%u register writes in any order, while another CPU does the like", NR_STEPS);
}

void hostile_its(void)
{
	u32 i;

	all_opcodes();
	full_ring();
	for (i = 0; i < hostile_nr_targets; i++) {
		bad_queue(&hostile_targets[i]);
		bad_tables(&hostile_targets[i]);
		bad_lpi_tables(&hostile_targets[i]);
	}
	bad_pointers();
	any_order();
}
