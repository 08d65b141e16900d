// SPDX-License-Identifier: GPL-2.0-only
/* Acknowledge, count, end. A timer's interrupt masks the timer, which is level-triggered and would
 * come again at once. */
#include "guests/bare/board.h"
#include "guests/bare/gic.h"
#include "guests/bare/irq.h"
#include "guests/bare/mem.h"
#include "guests/bare/timer.h"
#include "hyp/lib/string.h"

void irq_init(void)
{
	u32 i;

	for (i = 0; i < nr_cpus; i++) {
		cpus[i].count = mem_alloc(IRQ_NR_SPECIAL * sizeof(u32), 64);
		cpus[i].lpi_count = mem_alloc(IRQ_NR_LPIS * sizeof(u32), 64);
	}
}

void irq_reset_counts(void)
{
	u32 i;

	for (i = 0; i < nr_cpus; i++) {
		memset(cpus[i].count, 0, IRQ_NR_SPECIAL * sizeof(u32));
		memset(cpus[i].lpi_count, 0, IRQ_NR_LPIS * sizeof(u32));
		cpus[i].spurious = 0;
		cpus[i].fiqs = 0;
	}
	dsb();
}

static u32 *counter(const struct cpu *cpu, u32 intid)
{
	if (intid < IRQ_NR_SPECIAL)
		return &cpu->count[intid];
	if (intid >= GIC_LPI_BASE && intid - GIC_LPI_BASE < IRQ_NR_LPIS)
		return &cpu->lpi_count[intid - GIC_LPI_BASE];
	return NULL;
}

void irq_handle(bool fiq)
{
	struct cpu *cpu = cpu_this();
	u32 intid = (u32)(fiq ? sysreg_read(icc_iar0_el1) : sysreg_read(icc_iar1_el1));
	u32 *count = counter(cpu, intid);

	cpu->irq_at = timer_now();
	dsb();
	if (intid >= GIC_INTID_NONE && intid < GIC_LPI_BASE) {
		atomic_add(&cpu->spurious, 1);
		return;
	}
	if (intid == board.vtimer_intid)
		sysreg_write(cntv_ctl_el0, TIMER_CTL_ENABLE | TIMER_CTL_IMASK);
	if (intid == board.ptimer_intid)
		sysreg_write(cntp_ctl_el0, TIMER_CTL_ENABLE | TIMER_CTL_IMASK);
	isb();
	if (fiq)
		sysreg_write(icc_eoir0_el1, intid);
	else
		sysreg_write(icc_eoir1_el1, intid);
	isb();
	if (fiq)
		atomic_add(&cpu->fiqs, 1);
	if (count)
		atomic_add(count, 1);
}

u32 irq_count(u32 cpu, u32 intid)
{
	u32 *count = counter(&cpus[cpu], intid);

	return count ? atomic_load_acquire(count) : 0;
}

u32 irq_count_all(u32 intid)
{
	u32 sum = 0, i;

	for (i = 0; i < nr_cpus; i++)
		sum += irq_count(i, intid);
	return sum;
}
