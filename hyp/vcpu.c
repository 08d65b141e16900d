/* SPDX-License-Identifier: GPL-2.0-only */
/* A vCPU on its CPU: the system registers it starts with, entering it, waiting while it is off. */
#include "drivers/gicv3.h"
#include "hyp/exit.h"
#include "hyp/lib/string.h"
#include "hyp/sysreg.h"

#define HCR_GUEST                                                                                  \
	(HCR_VM | HCR_SWIO | HCR_FMO | HCR_IMO | HCR_AMO | HCR_FB | HCR_BSU_IS | HCR_TID3 |        \
	 HCR_TSC | HCR_TIDCP | HCR_TACR | HCR_RW | HCR_TLOR | HCR_TERR | HCR_TEA | HCR_APK |       \
	 HCR_API | HCR_TID5)

/* EL1 as after a reset (DDI 0487 D1.4.4.1); what the architecture leaves UNKNOWN is zero, so that nothing leaks. */
static void vcpu_reset_el1(struct vcpu *v)
{
	sysreg_write(sctlr_el1, SCTLR_EL1_RESET);
	sysreg_write(tcr_el1, 0);
	sysreg_write(ttbr0_el1, 0);
	sysreg_write(ttbr1_el1, 0);
	sysreg_write(mair_el1, 0);
	sysreg_write(amair_el1, 0);
	sysreg_write(vbar_el1, 0);
	sysreg_write(cpacr_el1, 0);
	sysreg_write(contextidr_el1, 0);
	sysreg_write(esr_el1, 0);
	sysreg_write(far_el1, 0);
	sysreg_write(elr_el1, 0);
	sysreg_write(spsr_el1, 0);
	sysreg_write(afsr0_el1, 0);
	sysreg_write(afsr1_el1, 0);
	sysreg_write(sp_el0, 0);
	sysreg_write(sp_el1, 0);
	sysreg_write(tpidr_el0, 0);
	sysreg_write(tpidrro_el0, 0);
	sysreg_write(tpidr_el1, 0);
	sysreg_write(par_el1, 0);
	sysreg_write(csselr_el1, 0);
	sysreg_write(mdscr_el1, 0);
	sysreg_write(cntkctl_el1, 0);
	sysreg_write(cntv_ctl_el0, 0);
	sysreg_write(cntp_ctl_el0, 0);
	sysreg_write(vpidr_el2, sysreg_read(midr_el1));
	sysreg_write(vmpidr_el2,
		     v->mpidr | MPIDR_RES1 | (sysreg_read(mpidr_el1) & (MPIDR_MT | MPIDR_U)));
}

void vcpu_load_reset(struct vcpu *v)
{
	vcpu_reset_el1(v);
	sysreg_write(vtcr_el2, v->vm->s2.vtcr);
	sysreg_write(vttbr_el2, stage2_vttbr(&v->vm->s2));
	sysreg_write(hcr_el2, HCR_GUEST);
	/* The guest uses the system register interface at EL1 itself; only SGIs trap. */
	sysreg_write(icc_sre_el1, 1);
	isb();
	cpu_this()->vcpu = v;
	vgic_load(v->vgic);
}

void vcpu_start(struct vcpu *v)
{
	struct regs *r = cpu_this()->frame;

	memset(r, 0, sizeof(*r));
	r->x[0] = v->context;
	sysreg_write(elr_el2, v->entry);
	sysreg_write(spsr_el2, PSTATE_MODE_EL1H | PSTATE_DAIF);
	vcpu_flush(v);
	/* Instructions that someone else wrote for this CPU. */
	__asm__ volatile("ic iallu\n\tdsb nsh\n\tisb" ::: "memory");
	entry_guest(r);
}

void vcpu_flush(struct vcpu *v)
{
	if (vgic_work(v->vgic))
		vgic_flush(v->vgic);
	/* More came while that was going on, and whoever finds the flag set does not kick again: exit at once. */
	if (vgic_work(v->vgic))
		gicv3_send_sgi(cpu_this()->index, GICV3_SGI_KICK);
}

void vcpu_serve(struct vcpu *v)
{
	irq_handle(v);
	vcpu_flush(v);
}

static void wait_for_power(void)
{
	struct vcpu *v = cpu_this()->vcpu;

	/* Its timers must not wake the CPU for ever. */
	sysreg_write(cntv_ctl_el0, 0);
	sysreg_write(cntp_ctl_el0, 0);
	while (atomic_load_acquire(&v->power) != VCPU_ON_PENDING) {
		wfi();
		vcpu_serve(v);
	}
	vgic_put(v->vgic);
	vgic_cpu_reset(v->vgic);
	vcpu_load_reset(v);
	atomic_store_release(&v->power, VCPU_ON);
	vcpu_start(v);
}

void vcpu_wait_for_power(struct vcpu *v)
{
	/* Its own stack is that of an exit which will never return: begin anew at its top, below the frame. */
	(void)v;
	entry_call_on((u64)cpu_this()->frame, wait_for_power);
}
