/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The physical GICv3: distributor, redistributors, CPU interface (IHI 0069H). Non-secure group 1
 * only; works with GICD_CTLR.DS 0 (EL3 firmware keeps the secure side) and 1. Interrupts run in
 * EOImode 1: gicv3_eoi() drops the priority, gicv3_dir() deactivates, or the guest does through a
 * list register with HW=1.
 *
 * Assumed and not checked: the frames are mapped as Device memory for as long as Herald runs; no
 * one else at EL2 writes them. The extended SPI and PPI ranges are not used.
 */
#ifndef HERALD_DRIVERS_GICV3_H
#define HERALD_DRIVERS_GICV3_H

#include "drivers/gic_regs.h"
#include "hyp/lib/bits.h"

#define GICV3_MAX_CPUS 512
#define GICV3_MAX_REDIST 16
#define GICV3_DIST_SIZE UINT64_C(0x10000)
#define GICV3_PRIORITY 0xa0u /* of everything Herald takes: one level, nothing preempts */

/* Herald's own SGIs between CPUs at EL2; guests' SGIs are virtual and never come here. */
enum gicv3_sgi {
	GICV3_SGI_KICK, /* look at your vCPU: new interrupts, work */
	GICV3_SGI_STOP, /* another CPU has panicked: stop for good */
	GICV3_NR_SGIS,
};

/* One redistributor region: where it is mapped, where it is, its size in bytes. */
struct gicv3_region {
	uintptr_t va;
	u64 pa;
	u64 size;
};

struct gicv3_frames {
	uintptr_t dist; /* virtual address of GICV3_DIST_SIZE bytes */
	struct gicv3_region redist[GICV3_MAX_REDIST];
	u32 nr_redist;
	u64 redist_stride; /* bytes from one redistributor to the next; 0: as GICR_TYPER says */
	u64 boot_mpidr; /* SPIs are routed here at first (MPIDR_EL1 layout) */
};

/*
 * Once, on the boot CPU: every SPI disabled, inactive, not pending, level, group 1, GICV3_PRIORITY;
 * group 1 on. 0; -EINVAL: no frames or more than fit; -ENODEV: no GICv3 or v4 there; -ETIMEDOUT: a
 * register write never finished.
 */
int gicv3_init(const struct gicv3_frames *f);

/*
 * On each CPU, before it unmasks interrupts: finds and wakes its redistributor, disables its SGIs
 * and PPIs but Herald's own SGIs, sets up the CPU interface. @cpu: below GICV3_MAX_CPUS, @mpidr:
 * this CPU's. May be called again (CPU_ON after CPU_OFF). 0; -EINVAL; -ENXIO: no redistributor has
 * this affinity; -ENODEV: EL3 denies the system registers; -ETIMEDOUT: the redistributor does not
 * wake.
 */
int gicv3_cpu_init(u32 cpu, u64 mpidr);

/* On the CPU itself, with interrupts masked, before PSCI CPU_OFF: its interface off, its
 * redistributor asleep. */
void gicv3_cpu_off(u32 cpu);

/* What an error of gicv3_init() or gicv3_cpu_init() means, for the line that the caller prints. */
const char *gicv3_strerror(int err);

u32 gicv3_nr_spis(void); /* INTIDs 32 .. 32 + n - 1, at most 988 */
bool gicv3_has_lpis(void); /* GICD_TYPER.LPIS, and the boot CPU's redistributor agrees */
u32 gicv3_intid_bits(void); /* GICD_TYPER.IDbits + 1, 5 .. 24 */
u32 gicv3_lpi_bits(void); /* GICD_TYPER.num_LPIs + 1: 2^n LPIs; 0: as many as INTIDs allow */
u32 gicv3_arch_rev(void); /* 3 or 4 */

/* Of a CPU that gicv3_cpu_init() has seen; 0 of any other. */
uintptr_t gicv3_redist_va(u32 cpu);
u64 gicv3_redist_pa(u32 cpu);
u64 gicv3_redist_typer(u32 cpu);
u32 gicv3_processor_number(u32 cpu);

/*
 * Calls @visit(virtual and physical address, @arg) for each redistributor there is, whether its CPU
 * runs or not, until one call answers something else than 0; that is the answer. After
 * gicv3_init().
 */
typedef int gicv3_visit_fn(uintptr_t va, u64 pa, void *arg);
int gicv3_visit_redists(gicv3_visit_fn *visit, void *arg);

/*
 * One interrupt: @intid 0..31 belongs to @cpu, from 32 on it is an SPI and @cpu is not looked at.
 * An INTID that does not exist, or a CPU that was never initialised, is ignored (reads false). May
 * be called on any CPU; takes LOCK_GICD where a register is shared between INTIDs and must be read,
 * changed and written.
 */
void gicv3_irq_enable(u32 cpu, u32 intid);
void gicv3_irq_disable(u32 cpu,
		       u32 intid); /* when it returns, the interrupt is not signalled any more */
void gicv3_irq_set_edge(u32 cpu, u32 intid,
			bool edge); /* disabled, or UNPREDICTABLE (12.9.7); SGIs ignore it */
void gicv3_irq_set_pending(u32 cpu, u32 intid, bool pending);
bool gicv3_irq_get_pending(u32 cpu, u32 intid);
void gicv3_irq_set_active(u32 cpu, u32 intid, bool active);
bool gicv3_irq_get_active(u32 cpu, u32 intid);
bool gicv3_irq_get_enabled(u32 cpu, u32 intid);
/* The SGIs and PPIs of @cpu (initialised) that are active, or pending; one bit for each. */
u32 gicv3_ppis_active(u32 cpu);
u32 gicv3_ppis_pending(u32 cpu);
/* SPI: deliver to the CPU with these affinity fields (MPIDR_EL1 layout). */
void gicv3_spi_route(u32 intid, u64 mpidr);

/* Sends Herald's @sgi to @cpu (initialised, may be this one). Every store before it is visible to
 * the handler. */
void gicv3_send_sgi(u32 cpu, enum gicv3_sgi sgi);

/* Acknowledges the highest pending interrupt: its INTID, GIC_INTID_NONE .. 1023 if there is none.
 */
static inline u32 gicv3_ack(void)
{
	u32 intid = (u32)gic_sysreg_read(icc_iar1_el1);

	/* The acknowledge has to reach the redistributor before the handler looks at the device
	 * (IHI 0069H 4.1.1). */
	gic_dsb_sy();
	return intid;
}

/* Priority drop; for an LPI that is all. Not for special INTIDs. */
static inline void gicv3_eoi(u32 intid)
{
	gic_sysreg_write(icc_eoir1_el1, intid);
	gic_isb();
}

/* Deactivates an SGI, PPI or SPI whose priority was dropped. Not for LPIs, not for special INTIDs.
 */
static inline void gicv3_dir(u32 intid)
{
	gic_sysreg_write(icc_dir_el1, intid);
	gic_isb();
}

#endif
