/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Physical interrupts at EL2. Taken from the guest only; priority is dropped here, and an interrupt that belongs to
 * the guest stays active until the guest deactivates it through a list register with HW=1. LPIs have no active state.
 */
#include "drivers/gicv3.h"
#include "hyp/exit.h"
#include "hyp/machine.h"
#include "hyp/sysreg.h"

#define IRQ_BATCH 16 /* per exit; what is left exits again at once */
#define SGI_LAST 15
#define PPI_LAST 31
#define SPI_LAST 1019
#define SPECIAL_LAST 1023

/* What the vCPU that has the timer now calls its interrupt. */
static u32 timer_vintid(const struct vcpu *v, u32 intid)
{
	if (v->vm->pinned)
		return intid;
	return v->vm->timer_ppi[intid != machine.board.timer_virt_intid];
}

static void irq_ppi(struct vcpu *v, u32 intid)
{
	const struct board *b = &machine.board;

	if (intid == b->timer_virt_intid || intid == b->timer_phys_intid) {
		vgic_inject_hw_ppi(v->vgic, timer_vintid(v, intid));
		return;
	}
	if (intid == b->gic.maintenance_intid)
		vgic_maintenance(v->vgic);
	if (intid == b->timer_hyp_intid) {
		/* A timer of the management VM, which hears of it by its own when it is back (hyp/run.c). */
		sysreg_write(cnthp_ctl_el2, 0);
		isb();
		atomic_store_relaxed(&cpu_this()->attention, 1);
	}
	gicv3_dir(intid);
}

static void irq_sgi(u32 intid)
{
	gicv3_eoi(intid);
	gicv3_dir(intid);
	if (intid == GICV3_SGI_STOP)
		panic_stop();
}

/* @intid, and what else there is. Apart, so that kicks do not pay for its stack. */
static __attribute__((noinline)) void irq_batch(struct vcpu *v, u32 intid)
{
	u32 i = 0;

	for (; intid <= SPI_LAST || intid > SPECIAL_LAST; intid = gicv3_ack()) {
		if (intid <= SGI_LAST) {
			irq_sgi(intid);
			return;
		}
		gicv3_eoi(intid);
		if (intid >= GIC_LPI_BASE)
			mirror_lpi(cpu_this()->index, intid);
		else if (intid > SPECIAL_LAST)
			gicv3_dir(intid); /* an extended PPI or SPI, which nobody here enabled */
		else if (intid > PPI_LAST)
			vgic_inject_hw_spi(machine.mgmt->vgic, intid);
		else
			irq_ppi(v, intid);
		if (++i == IRQ_BATCH)
			return;
	}
}

void irq_handle(struct vcpu *v)
{
	u32 intid = gicv3_ack();

	/* A kick: seldom is there more, and then it exits again. */
	if (intid <= SGI_LAST)
		irq_sgi(intid);
	else
		irq_batch(v, intid);
}
