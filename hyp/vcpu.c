/* SPDX-License-Identifier: GPL-2.0-only */
/* A vCPU on its CPU: what it starts with, entering it, waiting while it is off. */
#include "drivers/gicv3.h"
#include "hyp/exit.h"
#include "hyp/sysreg.h"

void vcpu_reset(struct vcpu *v)
{
	world_reset(v);
	v->world.x[0] = v->context;
	v->world.pc = v->entry;
}

void vcpu_start(struct vcpu *v)
{
	world_load(v);
	vcpu_flush(v);
	/* Instructions that someone else wrote for this CPU. */
	__asm__ volatile("ic iallu\n\tdsb nsh\n\tisb" ::: "memory");
	entry_guest(cpu_this()->frame);
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
	world_save(v);
	vgic_cpu_reset(v->vgic);
	vcpu_reset(v);
	atomic_store_release(&v->power, VCPU_ON);
	vcpu_start(v);
}

void vcpu_wait_for_power(struct vcpu *v)
{
	/* Its own stack is that of an exit which will never return: begin anew at its top, below the frame. */
	(void)v;
	entry_call_on((u64)cpu_this()->frame, wait_for_power);
}
