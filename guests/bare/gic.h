/* SPDX-License-Identifier: GPL-2.0-only */
/* The GICv3 as its user sees it: distributor, redistributors, CPU interface (IHI 0069H chapters 4,
 * 8, 12). */
#ifndef HERALD_BARE_GIC_H
#define HERALD_BARE_GIC_H

#include "drivers/gic_regs.h"
#include "guests/bare/cpu.h"

#define GICD_SETSPI_NSR 0x0040
#define GICR_INVLPIR 0x00a0
#define GICD_CTLR_ENABLE_GRP0 BIT(0)
#define GICD_CTLR_ENABLE_GRP1 BIT(1)
#define GICD_TYPER_MBIS BIT(16)
#define GICD_TYPER_NO1N BIT(25)
#define GICD_IROUTER_IRM BIT(31)
#define ICC_SGI1R_IRM BIT(40)
#define ICC_CTLR_A3V BIT(15)
#define ICC_CTLR_RSS BIT(18)

#define GIC_PRIO_DEFAULT 0xa0
#define GIC_PRIO_ALL 0xff /* ICC_PMR_EL1 that lets everything through */
#define GIC_NR_LINES 1020u

/* Finds each CPU's redistributor; false if one has none. Then the distributor, all SPIs disabled,
 * in group 1. */
bool gic_init(void);
/* This CPU's redistributor and CPU interface: SGIs and timers enabled, in group 1. */
void gic_init_cpu(void);

/* INTIDs below this exist. */
u32 gic_nr_lines(void);

/* One interrupt; SGIs and PPIs are those of @cpu, which SPIs ignore. @bit_reg is GICD_ISENABLER or
 * any other bit map. */
bool gic_get_bit(const struct cpu *cpu, u32 bit_reg, u32 intid);
/* For the write-1 registers: GICD_ISENABLER, GICD_ICPENDR... */
void gic_set_bit(const struct cpu *cpu, u32 bit_reg, u32 intid);
void gic_set_group(const struct cpu *cpu, u32 intid, u32 group);
void gic_set_priority(const struct cpu *cpu, u32 intid, u32 prio);
void gic_set_edge(const struct cpu *cpu, u32 intid, bool edge);
/* @mpidr with or without GICD_IROUTER_IRM. */
void gic_route(u32 intid, u64 mpidr);
void gic_wait_rwp(void);

/* SGIs of group 1: to one CPU, to all others. */
void gic_send_sgi(u64 mpidr, u32 sgi);
void gic_send_sgi_others(u32 sgi);
u64 gic_sgi_value(u64 mpidr, u32 sgi);

/* Acknowledge, end (and deactivate, in EOImode 0), without an exception. */
static inline u32 gic_ack(void)
{
	u32 intid = (u32)sysreg_read(icc_iar1_el1);

	dsb();
	return intid;
}

static inline void gic_eoi(u32 intid)
{
	sysreg_write(icc_eoir1_el1, intid);
	isb();
}

static inline void gic_set_pmr(u32 prio)
{
	sysreg_write(icc_pmr_el1, prio);
	isb();
	dsb();
}

#endif
