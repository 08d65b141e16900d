// SPDX-License-Identifier: GPL-2.0-only
/* Set-up of the GICv3 with one security state, and access to one interrupt's fields. */
#include "guests/bare/board.h"
#include "guests/bare/except.h"
#include "guests/bare/gic.h"
#include "guests/bare/irq.h"
#include "guests/bare/mmu.h"
#include "guests/bare/test.h"
#include "guests/bare/timer.h"

#define GICR_STRIDE UINT64_C(0x20000)
#define GICR_STRIDE_VLPIS UINT64_C(0x40000)

static u32 nr_lines;

static u64 mpidr_from_typer(u64 typer)
{
	u64 aff = FIELD_GET(GICR_TYPER_AFFINITY, typer);

	return (aff & 0xffffff) | FIELD_PREP(MPIDR_AFF3, aff >> 24);
}

static void note_redistributor(u64 rd, u64 typer)
{
	u32 i;

	for (i = 0; i < nr_cpus; i++) {
		if (cpus[i].mpidr != mpidr_from_typer(typer))
			continue;
		cpus[i].gicr = rd;
		cpus[i].procnum = (u32)FIELD_GET(GICR_TYPER_PROCNUM, typer);
	}
}

static bool find_redistributors(void)
{
	u32 i;

	for (i = 0; i < board.nr_gicr; i++) {
		struct range r = board.gicr[i];
		u64 rd = r.base, typer = 0;

		mmu_map_device(r.base, r.size);
		while (rd < r.base + r.size && !(typer & GICR_TYPER_LAST)) {
			typer = mmio_read64(rd + GICR_TYPER);
			note_redistributor(rd, typer);
			rd += typer & GICR_TYPER_VLPIS ? GICR_STRIDE_VLPIS : GICR_STRIDE;
		}
	}
	for (i = 0; i < nr_cpus; i++)
		if (!cpus[i].gicr)
			return false;
	return true;
}

u32 gic_nr_lines(void)
{
	return nr_lines;
}

void gic_wait_rwp(void)
{
	if (!wait_for(!(mmio_read32(board.gicd.base + GICD_CTLR) & GICD_CTLR_RWP)))
		fatal("GICD_CTLR.RWP stays 1");
}

static void init_bank(u64 base, u32 word)
{
	u32 off = word * 4, i;

	mmio_write32(base + GICD_ICENABLER + off, ~0u);
	mmio_write32(base + GICD_ICPENDR + off, ~0u);
	mmio_write32(base + GICD_ICACTIVER + off, ~0u);
	mmio_write32(base + GICD_IGROUPR + off, ~0u);
	for (i = 0; i < 32; i += 4)
		mmio_write32(base + GICD_IPRIORITYR + word * 32 + i,
			     GIC_PRIO_DEFAULT * 0x01010101u);
}

bool gic_init(void)
{
	u64 gicd = board.gicd.base;
	u32 i, lines;

	mmu_map_device(gicd, board.gicd.size);
	if (!find_redistributors())
		return false;
	lines = (u32)FIELD_GET(GICD_TYPER_ITLINES, mmio_read32(gicd + GICD_TYPER));
	nr_lines = MIN((lines + 1) * 32, GIC_NR_LINES);

	mmio_write32(gicd + GICD_CTLR, 0);
	gic_wait_rwp();
	mmio_write32(gicd + GICD_CTLR, (u32)GICD_CTLR_ARE);
	gic_wait_rwp();
	for (i = 1; i <= lines; i++) {
		init_bank(gicd, i);
		mmio_write32(gicd + GICD_ICFGR + i * 8, 0);
		mmio_write32(gicd + GICD_ICFGR + i * 8 + 4, 0);
	}
	for (i = GIC_SPI_BASE; i < nr_lines; i++)
		gic_route(i, cpus[0].mpidr);
	gic_wait_rwp();
	mmio_write32(gicd + GICD_CTLR,
		     (u32)(GICD_CTLR_ARE | GICD_CTLR_ENABLE_GRP0 | GICD_CTLR_ENABLE_GRP1));
	gic_wait_rwp();
	return true;
}

void gic_init_cpu(void)
{
	struct cpu *cpu = cpu_this();
	u64 rd = cpu->gicr;
	u32 enabled = 0xffffu | (1u << board.vtimer_intid) | (1u << board.ptimer_intid);

	mmio_write32(rd + GICR_WAKER, 0);
	if (!wait_for(!(mmio_read32(rd + GICR_WAKER) & GICR_WAKER_CHILDREN_ASLEEP)))
		fatal("GICR_WAKER.ChildrenAsleep stays 1");
	init_bank(rd + GICR_SGI_BASE, 0);
	mmio_write8(rd + GICR_SGI_BASE + GICD_IPRIORITYR + IRQ_SGI_WAKE, TEST_PRIO_WAKE);
	mmio_write32(rd + GICR_SGI_BASE + GICD_ISENABLER, enabled);
	if (!wait_for(!(mmio_read32(rd + GICR_CTLR) & GICR_CTLR_RWP)))
		fatal("GICR_CTLR.RWP stays 1");

	sysreg_write(icc_sre_el1, sysreg_read(icc_sre_el1) | ICC_SRE_SRE);
	isb();
	sysreg_write(icc_ap0r0_el1, 0);
	sysreg_write(icc_ap1r0_el1, 0);
	sysreg_write(icc_ctlr_el1, 0);
	sysreg_write(icc_bpr0_el1, 0);
	sysreg_write(icc_bpr1_el1, 0);
	sysreg_write(icc_igrpen0_el1, 1);
	sysreg_write(icc_igrpen1_el1, 1);
	gic_set_pmr(GIC_PRIO_ALL);
}

/* The frame that holds @intid's fields. */
static u64 frame_of(const struct cpu *cpu, u32 intid)
{
	return intid < GIC_SPI_BASE ? cpu->gicr + GICR_SGI_BASE : board.gicd.base;
}

static void wait_written(const struct cpu *cpu, u32 intid)
{
	if (intid >= GIC_SPI_BASE)
		gic_wait_rwp();
	else
		(void)wait_for(!(mmio_read32(cpu->gicr + GICR_CTLR) & GICR_CTLR_RWP));
}

bool gic_get_bit(const struct cpu *cpu, u32 bit_reg, u32 intid)
{
	u32 word = mmio_read32(frame_of(cpu, intid) + bit_reg + intid / 32 * 4);

	return word & BIT(intid % 32);
}

void gic_set_bit(const struct cpu *cpu, u32 bit_reg, u32 intid)
{
	mmio_write32(frame_of(cpu, intid) + bit_reg + intid / 32 * 4, (u32)BIT(intid % 32));
	if (bit_reg == GICD_ICENABLER)
		wait_written(cpu, intid);
}

void gic_set_group(const struct cpu *cpu, u32 intid, u32 group)
{
	u64 reg = frame_of(cpu, intid) + GICD_IGROUPR + intid / 32 * 4;
	u32 bit = (u32)BIT(intid % 32);
	u32 val = mmio_read32(reg);

	mmio_write32(reg, group ? val | bit : val & ~bit);
}

void gic_set_priority(const struct cpu *cpu, u32 intid, u32 prio)
{
	mmio_write8(frame_of(cpu, intid) + GICD_IPRIORITYR + intid, prio);
}

void gic_set_edge(const struct cpu *cpu, u32 intid, bool edge)
{
	u64 reg = frame_of(cpu, intid) + GICD_ICFGR + intid / 16 * 4;
	u32 bit = (u32)BIT(intid % 16 * 2 + 1);
	u32 val = mmio_read32(reg);

	mmio_write32(reg, edge ? val | bit : val & ~bit);
}

void gic_route(u32 intid, u64 mpidr)
{
	mmio_write64(board.gicd.base + GICD_IROUTER + intid * 8, mpidr);
}

u64 gic_sgi_value(u64 mpidr, u32 sgi)
{
	u64 aff0 = FIELD_GET(MPIDR_AFF0, mpidr);

	return FIELD_PREP(ICC_SGI1R_TARGETS, BIT(aff0 % 16)) | FIELD_PREP(ICC_SGI1R_RS, aff0 / 16) |
	       FIELD_PREP(ICC_SGI1R_AFF1, FIELD_GET(MPIDR_AFF1, mpidr)) |
	       FIELD_PREP(ICC_SGI1R_AFF2, FIELD_GET(MPIDR_AFF2, mpidr)) |
	       FIELD_PREP(ICC_SGI1R_AFF3, FIELD_GET(MPIDR_AFF3, mpidr)) |
	       FIELD_PREP(ICC_SGI1R_INTID, sgi);
}

void gic_send_sgi(u64 mpidr, u32 sgi)
{
	dsb();
	sysreg_write(icc_sgi1r_el1, gic_sgi_value(mpidr, sgi));
	isb();
}

void gic_send_sgi_others(u32 sgi)
{
	dsb();
	sysreg_write(icc_sgi1r_el1, ICC_SGI1R_IRM | FIELD_PREP(ICC_SGI1R_INTID, sgi));
	isb();
}
