/* SPDX-License-Identifier: GPL-2.0-only */
/* A vCPU on its CPU: what it starts with, entering it, waiting while it is off. */
#include "drivers/gicv3.h"
#include "hyp/exit.h"
#include "hyp/herald_abi.h"
#include "hyp/run.h"
#include "hyp/sysreg.h"
#include "hyp/vits.h"

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

/* One step; true: there is more. */
static bool work_step(struct vcpu_work *w)
{
	if (w->its) {
		enum its_progress progress = vits_run(w->its);

		if (progress == ITS_AGAIN)
			return true;
		w->its = NULL;
	}
	if (w->redist && vgic_redist_run(w->redist))
		return true;
	*w = (struct vcpu_work){ 0 };
	return false;
}

/* The management VM is to map a page. */
static void work_leave(struct vcpu *v, u64 missing)
{
	const u64 flags = SZ_4K - 1;

	v->work.missing = missing;
	run_leave(v, &(struct run_exit){ HERALD_EXIT_FAULT, missing & ~flags, missing & flags, 0 });
}

void vcpu_work(struct vcpu *v)
{
	struct cpu *c = cpu_this();

	do {
		bool more;

		c->missing = 0;
		c->absent[0] = v->work.absent[0];
		c->absent[1] = v->work.absent[1];
		more = work_step(&v->work);
		c->absent[0] = 0;
		c->absent[1] = 0;
		if (!more)
			return;
		if (c->missing) {
			work_leave(v, c->missing);
			return;
		}
		vcpu_serve(v);
	} while (v->vm->pinned || !atomic_load_relaxed(&c->attention));
}

static void wait_for_power(void)
{
	struct cpu *c = cpu_this();
	struct vcpu *v = c->vcpu;

	/* Its timers must not wake the CPU for ever. */
	sysreg_write(cntv_ctl_el0, 0);
	sysreg_write(cntp_ctl_el0, 0);
	while (atomic_load_acquire(&v->power) != VCPU_ON_PENDING) {
		if (!doorbell_leave(c))
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
