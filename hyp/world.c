/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The world switch: all that a vCPU is, from the CPU into memory and back (hyp/world.h).
 *
 * The order that matters: list registers are read while the timers still drive their lines; the timers are off before
 * what is left pending in the redistributor is read, since that was then set by software; stage 2 and the traps of the
 * new vCPU are there before its timers and interrupts are.
 */
#include "hyp/world.h"
#include "drivers/gicv3.h"
#include "drivers/timer.h"
#include "hyp/exit.h"
#include "hyp/lib/string.h"
#include "hyp/machine.h"
#include "hyp/run.h"
#include "hyp/sysreg.h"

#define HCR_GUEST                                                                                  \
	(HCR_VM | HCR_SWIO | HCR_FMO | HCR_IMO | HCR_AMO | HCR_FB | HCR_BSU_IS | HCR_TID3 |        \
	 HCR_TSC | HCR_TIDCP | HCR_TACR | HCR_RW | HCR_TLOR | HCR_TERR | HCR_TEA | HCR_TID5)
#define HCR_PAUTH (HCR_APK | HCR_API)

/* FPEXC32_EL2 of KVM */
#define FPEXC32_RESET 0x700

void world_reset(struct vcpu *v)
{
	struct world *w = &v->world;

	memset(w, 0, sizeof(*w));
#define WORLD_RESET(name, op1, crn, crm, op2, reset) w->name = reset;
	WORLD_SYS_REGS(WORLD_RESET)
	w->pstate = PSTATE_MODE_EL1H | PSTATE_DAIF;
	w->oslsr = OSLSR_OSLM_IMPLEMENTED;
	w->fpexc32 = FPEXC32_RESET;
	w->hcr = HCR_GUEST | (v->pauth ? HCR_PAUTH : 0);
}

u32 world_ppi_mask(void)
{
	const struct board *b = &machine.board;

	return (u32)BIT(b->timer_virt_intid) |
	       (b->timer_phys_intid ? (u32)BIT(b->timer_phys_intid) : 0);
}

static void ppi_enable_all(u32 cpu, u32 set, bool on)
{
	for (; set; set &= set - 1) {
		if (on)
			gicv3_irq_enable(cpu, (u32)__builtin_ctz(set));
		else
			gicv3_irq_disable(cpu, (u32)__builtin_ctz(set));
	}
}

static void ppi_set_active_all(u32 cpu, u32 set, bool active)
{
	for (; set; set &= set - 1)
		gicv3_irq_set_active(cpu, (u32)__builtin_ctz(set), active);
}

static void ppi_set_pending_all(u32 cpu, u32 set, bool pending)
{
	for (; set; set &= set - 1)
		gicv3_irq_set_pending(cpu, (u32)__builtin_ctz(set), pending);
}

/* The timer's line while its vCPU is not loaded. */
static bool timer_line(const struct vcpu *v, u32 intid)
{
	const struct world *w = &v->world;
	bool virt = intid == machine.board.timer_virt_intid;
	u64 ctl = virt ? w->cntv_ctl : w->cntp_ctl;
	u64 now = timer_now() - (virt ? v->vm->cntvoff : v->vm->cntpoff);

	return TIMER_ARMED(ctl) && now >= (virt ? w->cntv_cval : w->cntp_cval);
}

/* Those of the timers' PPIs whose line is high. */
static u32 timer_lines(const struct vcpu *v)
{
	u32 left, lines = 0;

	for (left = world_ppi_mask(); left; left &= left - 1)
		if (timer_line(v, (u32)__builtin_ctz(left)))
			lines |= left & -left;
	return lines;
}

/*
 * The timers are saved and off. What the redistributor shows may be a moment old. Of a guest's EOI just before it need
 * not have heard even behind the barrier: an interrupt that the virtual GIC has no more is not active. And a line may
 * still seem high, which is not to come back as something that software set.
 */
static void ppi_save(struct cpu *c, struct vcpu *v)
{
	struct world_ppi *p = &v->ppi;
	u32 mask = world_ppi_mask();

	dsb(sy);
	spin_lock(&p->lock);
	c->ppi_active = gicv3_ppis_active(c->index) & mask;
	p->active = c->ppi_active ? c->ppi_active & vgic_hw_ppis_taken(v->vgic) : 0;
	p->pending = gicv3_ppis_pending(c->index) & mask;
	if (p->pending) {
		ppi_set_pending_all(c->index, p->pending, false);
		p->pending &= ~timer_lines(v);
	}
	p->cpu = WORLD_PPI_NOWHERE;
	spin_unlock(&p->lock);
}

static void ppi_load(struct cpu *c, struct world_ppi *p)
{
	u32 change;

	spin_lock(&p->lock);
	change = p->enabled ^ c->ppi_enabled;
	if (change) {
		ppi_enable_all(c->index, change & c->ppi_enabled, false);
		ppi_enable_all(c->index, change & p->enabled, true);
		c->ppi_enabled = p->enabled;
	}
	change = p->active ^ c->ppi_active;
	if (change) {
		ppi_set_active_all(c->index, change & c->ppi_active, false);
		ppi_set_active_all(c->index, change & p->active, true);
	}
	if (p->pending)
		ppi_set_pending_all(c->index, p->pending, true);
	/* The redistributor has it all before a timer is on, or one that is active would interrupt again. */
	if (change | p->pending) {
		gicv3_ppis_active(c->index);
		dsb(sy);
	}
	p->cpu = c->index;
	spin_unlock(&p->lock);
}

void world_ppi_enable(struct vcpu *v, u32 intid, bool enable)
{
	struct world_ppi *p = &v->ppi;
	u32 bit = (u32)BIT(intid);

	/* A VM's are always on while it is loaded: its redistributor decides what becomes of them. */
	if (!v->vm->pinned)
		return;
	spin_lock(&p->lock);
	p->enabled = enable ? p->enabled | bit : p->enabled & ~bit;
	if (p->cpu != WORLD_PPI_NOWHERE) {
		cpu_table[p->cpu].ppi_enabled = p->enabled;
		ppi_enable_all(p->cpu, bit, enable);
	} else if (enable) {
		run_kick(v); /* a timer that run_vcpu() did not look after may have expired */
	}
	spin_unlock(&p->lock);
}

void world_ppi_set_pending(struct vcpu *v, u32 intid, bool pending)
{
	struct world_ppi *p = &v->ppi;
	u32 bit = (u32)BIT(intid);

	spin_lock(&p->lock);
	if (p->cpu != WORLD_PPI_NOWHERE)
		gicv3_irq_set_pending(p->cpu, intid, pending);
	else
		p->pending = pending ? p->pending | bit : p->pending & ~bit;
	spin_unlock(&p->lock);
}

bool world_ppi_get_pending(struct vcpu *v, u32 intid)
{
	struct world_ppi *p = &v->ppi;
	bool pending;

	spin_lock(&p->lock);
	if (p->cpu != WORLD_PPI_NOWHERE)
		pending = gicv3_irq_get_pending(p->cpu, intid);
	else
		pending = (p->pending & BIT(intid)) || timer_line(v, intid);
	spin_unlock(&p->lock);
	return pending;
}

void world_ppi_set_active(struct vcpu *v, u32 intid, bool active)
{
	struct world_ppi *p = &v->ppi;
	u32 bit = (u32)BIT(intid);

	spin_lock(&p->lock);
	if (p->cpu != WORLD_PPI_NOWHERE)
		gicv3_irq_set_active(p->cpu, intid, active);
	else
		p->active = active ? p->active | bit : p->active & ~bit;
	spin_unlock(&p->lock);
}

bool world_ppi_due(struct vcpu *v)
{
	struct world_ppi *p = &v->ppi;
	bool due;

	spin_lock(&p->lock);
	due = (p->pending | timer_lines(v)) & p->enabled & ~p->active;
	spin_unlock(&p->lock);
	return due;
}

static void timers_save(struct world *w)
{
	w->cntv_ctl = sysreg_read(cntv_ctl_el0);
	w->cntv_cval = sysreg_read(cntv_cval_el0);
	w->cntp_ctl = sysreg_read(cntp_ctl_el0);
	w->cntp_cval = sysreg_read(cntp_cval_el0);
	sysreg_write(cntv_ctl_el0, 0);
	sysreg_write(cntp_ctl_el0, 0);
	isb();
}

static void timers_load(const struct vcpu *v)
{
	const struct world *w = &v->world;

	sysreg_write(cntvoff_el2, v->vm->cntvoff);
	if (cpu_has_cntpoff())
		sysreg_write(CNTPOFF_EL2, v->vm->cntpoff);
	sysreg_write(cntv_cval_el0, w->cntv_cval);
	sysreg_write(cntp_cval_el0, w->cntp_cval);
	isb();
	sysreg_write(cntv_ctl_el0, w->cntv_ctl);
	sysreg_write(cntp_ctl_el0, w->cntp_ctl);
}

bool world_serror_settle(void)
{
	u64 disr;

	dsb(sy);
	isb();
	if (!cpu_has_ras())
		return !(sysreg_read(isr_el1) & ISR_A);
	esb();
	disr = sysreg_read(DISR_EL1);
	if (__builtin_expect(!!(disr & DISR_A), 0)) {
		sysreg_write(DISR_EL1, 0);
		exit_forward_serror(disr);
	}
	return true;
}

void world_save(struct vcpu *v)
{
	struct cpu *c = cpu_this();
	struct world *w = &v->world;

	vgic_put(v->vgic);
	timers_save(w);
	ppi_save(c, v);
	memcpy(w->x, c->frame->x, sizeof(w->x));
	w->pc = sysreg_read(elr_el2);
	w->pstate = sysreg_read(spsr_el2);
#define WORLD_SAVE(name, ...) w->name = sysreg_read(name);
	WORLD_SYS_REGS(WORLD_SAVE)
	WORLD_CORE_REGS(WORLD_SAVE)
	if (v->vm->pinned)
		w->mdscr = sysreg_read(mdscr_el1);
	else
		world_debug_leave();
	w->hcr = sysreg_read(hcr_el2);
	if (cpu_has_ras()) {
		w->vsesr = sysreg_read(VSESR_EL2);
		w->vdisr = sysreg_read(VDISR_EL2);
	}
	if (cpu_has_pauth())
		world_keys_save(w->keys);
	world_simd_save(&w->simd);
	c->vcpu = NULL;
	if (!v->vm->pinned)
		atomic_store_release(&v->cpu, NULL);
}

/*
 * vCPUs of one VM may use an ASID for different things, and instructions that one wrote are for it alone to make
 * visible: what another vCPU of this VM left on this CPU goes.
 */
static void world_flush_stale(struct vcpu *v, u32 cpu)
{
	u16 *last = v->vm->last_ran;

	if (!last || last[cpu] == v->index)
		return;
	last[cpu] = (u16)v->index;
	__asm__ volatile("tlbi vmalle1\n\tic iallu\n\tdsb nsh\n\tisb" ::: "memory");
}

void world_load(struct vcpu *v)
{
	struct cpu *c = cpu_this();
	const struct world *w = &v->world;

	sysreg_write(vtcr_el2, v->vm->s2.vtcr);
	sysreg_write(vttbr_el2, stage2_vttbr(&v->vm->s2));
	sysreg_write(hcr_el2, w->hcr);
	sysreg_write(vmpidr_el2,
		     v->mpidr | MPIDR_RES1 | (sysreg_read(mpidr_el1) & (MPIDR_MT | MPIDR_U)));
	memcpy(c->frame->x, w->x, sizeof(w->x));
	sysreg_write(elr_el2, w->pc);
	sysreg_write(spsr_el2, w->pstate);
#define WORLD_LOAD(name, ...) sysreg_write(name, w->name);
	WORLD_SYS_REGS(WORLD_LOAD)
	WORLD_CORE_REGS(WORLD_LOAD)
	if (v->vm->pinned) {
		sysreg_write(mdcr_el2, c->mdcr);
		sysreg_write(mdscr_el1, w->mdscr);
	} else {
		world_debug_update(v);
	}
	/* All guests use system registers for the GIC, whatever one of them wrote; not all CPUs have it fixed so. */
	sysreg_write(icc_sre_el1, ICC_SRE_SRE | ICC_SRE_DFB | ICC_SRE_DIB);
	if (cpu_has_ras()) {
		sysreg_write(VSESR_EL2, w->vsesr);
		sysreg_write(VDISR_EL2, w->vdisr);
	}
	if (cpu_has_pauth())
		world_keys_load(w->keys);
	world_simd_load(&w->simd);
	isb();
	world_flush_stale(v, c->index);
	c->vcpu = v;
	atomic_store_release(&v->cpu, c);
	ppi_load(c, &v->ppi);
	timers_load(v);
	vgic_load(v->vgic);
}
