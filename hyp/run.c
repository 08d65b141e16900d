/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Running a VM's vCPU. KVM_RUN puts the management vCPU of this CPU into memory and the VM's vCPU in its place; exits of
 * that one are handled as any guest's. What is the management VM's business, and each of its interrupts, puts its vCPU
 * back, which finds the results of its HVC in x0 .. x3.
 *
 * Waiting, without a lost wake-up. struct vcpu.run says where a vCPU is:
 *
 *	IDLE     nobody runs it, and nobody wants to hear of its interrupts
 *	RUNNING  from KVM_RUN until it leaves; or another call has it
 *	BLOCKED  it left since it had nothing to do
 *	WOKEN    it was blocked, has something to do now, and its doorbell rang
 *
 * Who leaves to wait (A) first saves the vCPU, then makes it BLOCKED, then looks once more for work, and if there is any
 * takes BLOCKED back and answers that it is to be run at once. Who brings work (B) first makes it pending, then looks
 * whether the vCPU is loaded (a kick) or BLOCKED (then WOKEN, by compare and swap, and the doorbell). Between the two
 * steps of each is a full fence or the same lock, so either A sees the work or B sees BLOCKED; if both, the compare and
 * swap lets one of them act.
 *
 * What ends a run from outside is the CPU's `attention`: set first, then the CPU is kicked.
 */
#include "hyp/run.h"
#include "drivers/gicv3.h"
#include "drivers/timer.h"
#include "hyp/exit.h"
#include "hyp/guest.h"
#include "hyp/lib/errno.h"
#include "hyp/machine.h"
#include "hyp/run_abi.h"
#include "hyp/sysreg.h"

#define NO_DEADLINE (~UINT64_C(0))

s64 run_claim(struct vcpu *v)
{
	u32 was = atomic_load_relaxed(&v->run);

	do {
		if (was == VCPU_RUNNING)
			return -EBUSY;
	} while (!atomic_cas(&v->run, &was, VCPU_RUNNING));
	atomic_fence(); /* run_hold_all() does it the other way round: one sees the other */
	if (!atomic_load_acquire(&v->vm->held))
		return 0;
	run_release(v);
	return HERALD_AGAIN;
}

bool run_hold_all(struct vm *vm)
{
	u32 i;

	atomic_store_relaxed(&vm->held, true);
	atomic_fence();
	for (i = 0; i < vm->nr_vcpus; i++) {
		if (atomic_load_acquire(&vm->vcpus[i]->run) != VCPU_RUNNING)
			continue;
		run_let_all(vm);
		return false;
	}
	return true;
}

void run_let_all(struct vm *vm)
{
	atomic_store_release(&vm->held, false);
}

void run_release(struct vcpu *v)
{
	atomic_store_release(&v->run, VCPU_IDLE);
}

/* Has @v, which is not loaded, something to do? */
static bool runnable(struct vcpu *v)
{
	u32 power = atomic_load_acquire(&v->power);

	return power == VCPU_ON_PENDING ||
	       (power == VCPU_ON && (vgic_has_pending(v->vgic) || world_ppi_due(v)));
}

static void kick_cpu(struct cpu *c)
{
	if (c != cpu_this() && atomic_load_acquire(&c->started))
		gicv3_send_sgi(c->index, GICV3_SGI_KICK);
}

void run_kick(struct vcpu *v)
{
	struct cpu *c = atomic_load_acquire(&v->cpu);
	u32 blocked = VCPU_BLOCKED;

	if (v->vm->pinned) {
		if (c != cpu_this() || c->vcpu != v)
			atomic_store_relaxed(&c->attention, 1);
		kick_cpu(c);
		return;
	}
	if (c)
		kick_cpu(c);
	atomic_fence();
	if (atomic_load_relaxed(&v->run) == VCPU_BLOCKED &&
	    atomic_cas(&v->run, &blocked, VCPU_WOKEN))
		doorbell_ring(v);
}

void run_expel(struct vcpu *v)
{
	struct cpu *c = atomic_load_acquire(&v->cpu);

	if (!c)
		return;
	atomic_store_relaxed(&c->attention, 1);
	kick_cpu(c);
}

/* The management vCPU's frame, which is loaded. */
static void answer(struct cpu *c, const struct run_exit *e)
{
	c->frame->x[0] = (u64)e->x0;
	c->frame->x[1] = e->x1;
	c->frame->x[2] = e->x2;
	c->frame->x[3] = e->x3;
}

/* What was armed for the management VM while it was away is its own again. */
static void switch_home(struct cpu *c, struct vcpu *v, const struct run_exit *e)
{
	u32 kind = e->x0 > 0 ? (u32)e->x0 : 0;

	sysreg_write(cnthp_ctl_el2, 0);
	world_serror_settle();
	v->exits[kind]++;
	world_save(v);
	world_load(c->home);
	answer(c, e);
	if (__builtin_expect(c->ended, 0)) { /* which saving it may have found out */
		c->ended = false;
		c->frame->x[0] = kind | HERALD_EXIT_ENDED;
	}
}

void run_leave(struct vcpu *v, const struct run_exit *e)
{
	switch_home(cpu_this(), v, e);
	run_release(v);
	guest_put(v->vm);
}

void run_attention(struct cpu *c)
{
	atomic_store_relaxed(&c->attention, 0);
	if (c->vcpu != c->home)
		run_leave(c->vcpu, &(struct run_exit){ .x0 = -EINTR });
}

/* @v is saved and held, and the answer in the frame says when to run it: 0, now, if it need not wait after all. */
static void block(struct cpu *c, struct vcpu *v)
{
	u32 blocked = VCPU_BLOCKED;

	atomic_store_release(&v->run, VCPU_BLOCKED);
	atomic_fence();
	if (runnable(v) && atomic_cas(&v->run, &blocked, VCPU_IDLE))
		c->frame->x[1] = 0;
	guest_put(v->vm);
}

static void leave_blocked(struct vcpu *v, u64 deadline)
{
	struct cpu *c = cpu_this();

	switch_home(c, v, &(struct run_exit){ .x0 = HERALD_EXIT_WFI, .x1 = deadline });
	block(c, v);
}

/*
 * When the physical counter says what one that is @offset behind it calls @cval, which is not there yet: never, if it
 * cannot count that far. An offset below 0 is one that wraps.
 */
static u64 counter_reaches(u64 cval, u64 offset)
{
	return cval > NO_DEADLINE - offset && (s64)offset >= 0 ? NO_DEADLINE : cval + offset;
}

/*
 * When a timer of the vCPU that is loaded will interrupt it, in ticks of the physical counter; 0: it is doing so. One
 * that fired and was delivered has an active PPI: then the guest does not want to hear of it.
 */
static u64 guest_deadline(u64 ctl, u64 cval, u64 offset, u32 intid)
{
	if (!TIMER_ARMED(ctl))
		return NO_DEADLINE;
	if (!(ctl & TIMER_ISTATUS))
		return counter_reaches(cval, offset);
	return gicv3_irq_get_active(cpu_this()->index, intid) ? NO_DEADLINE : 0;
}

static u64 next_deadline(const struct vcpu *v)
{
	const struct board *b = &machine.board;
	u64 virt = guest_deadline(sysreg_read(cntv_ctl_el0), sysreg_read(cntv_cval_el0),
				  v->vm->cntvoff, b->timer_virt_intid);
	u64 phys = guest_deadline(sysreg_read(cntp_ctl_el0), sysreg_read(cntp_cval_el0),
				  v->vm->cntpoff, b->timer_phys_intid);

	return MIN(virt, phys);
}

void run_wait(struct vcpu *v)
{
	u64 deadline;

	if (vgic_has_pending(v->vgic) || (sysreg_read(hcr_el2) & HCR_VSE))
		return;
	deadline = next_deadline(v);
	if (deadline > timer_now())
		leave_blocked(v, deadline);
}

void run_off(struct vcpu *v)
{
	leave_blocked(v, NO_DEADLINE);
}

/* When a timer of the home vCPU, which is saved, will interrupt it; the offset is 0. */
static u64 home_deadline(const struct vcpu *home, u64 ctl, u64 cval, u32 intid)
{
	/* If the PPI is switched on from another CPU meanwhile the home vCPU is fetched (world_ppi_enable()). */
	if (!TIMER_ARMED(ctl) || !(atomic_load_relaxed(&home->ppi.enabled) & BIT(intid)))
		return NO_DEADLINE;
	return cval;
}

/* The earlier of two timers' deadlines, as CNTHP_CVAL_EL2. */
static void arm_home_timer(const struct vcpu *home)
{
	const struct world *w = &home->world;
	const struct board *b = &machine.board;
	u64 at = MIN(home_deadline(home, w->cntv_ctl, w->cntv_cval, b->timer_virt_intid),
		     home_deadline(home, w->cntp_ctl, w->cntp_cval, b->timer_phys_intid));

	if (at == NO_DEADLINE)
		return;
	sysreg_write(cnthp_cval_el2, at);
	sysreg_write(cnthp_ctl_el2, TIMER_ENABLE);
}

void run_power_on(struct vcpu *v)
{
	u32 pending = VCPU_ON_PENDING;

	if (!atomic_cas(&v->power, &pending, VCPU_ON))
		return;
	vgic_cpu_reset(v->vgic);
	vcpu_reset(v);
	v->fault.pending = false;
}

static bool is_on(const struct vcpu *v)
{
	return atomic_load_acquire(&v->power) == VCPU_ON;
}

#define ESR_ANY_DABT (FIELD_PREP(ESR_EC, ESR_EC_DABT_LOW) | ESR_IL)

/* Finishes the access that the last run left with. @v is loaded. */
static void finish_fault(struct vcpu *v, struct regs *r, u64 flags, u64 data)
{
	if (v->abort || ((flags & HERALD_RUN_ABORT) && v->fault.pending))
		inject_abort(v->fault.pending ? v->fault.esr : ESR_ANY_DABT, v->fault.far);
	else if (flags & HERALD_RUN_COMPLETE)
		mmio_complete(r, v->fault.esr, data);
	v->fault.pending = false;
	v->abort = false;
}

/* Whether the page that EL2 lacked in the last run is there now. */
static void finish_missing(struct vcpu_work *w, u64 flags)
{
	if (w->missing && (flags & HERALD_RUN_ABORT)) {
		w->absent[1] = w->absent[0];
		w->absent[0] = w->missing;
	}
	w->missing = 0;
}

/* The call that the last run left with was let through. False: it made @v leave, and all is said. */
static bool finish_call(struct cpu *c, struct vcpu *v, u64 flags)
{
	v->call_pending = false;
	if (flags & HERALD_RUN_CALL)
		smccc_call(v, c->frame, 0);
	return c->vcpu == v;
}

/* Its VMM debugs @v, which is loaded, by single steps, and has been told of the last. */
static void arm_step(struct vcpu *v)
{
	if ((v->debug & VCPU_DEBUG_STEP) && v->step_done)
		sysreg_write(spsr_el2, sysreg_read(spsr_el2) | PSTATE_SS);
	v->step_done = false;
}

/* When a timer of @v, which is not loaded, is due. */
static u64 saved_deadline(const struct vcpu *v)
{
	const struct world *w = &v->world;
	u64 virt = NO_DEADLINE, phys = NO_DEADLINE;

	if (TIMER_ARMED(w->cntv_ctl))
		virt = counter_reaches(w->cntv_cval, v->vm->cntvoff);
	if (TIMER_ARMED(w->cntp_ctl))
		phys = counter_reaches(w->cntp_cval, v->vm->cntpoff);
	return MIN(virt, phys);
}

/* Suspended by its VMM, to which it goes back when there is an interrupt for it. */
static s64 run_suspended(struct cpu *c, struct vcpu *v)
{
	if (!runnable(v)) {
		answer(c, &(struct run_exit){ .x0 = HERALD_EXIT_WFI, .x1 = saved_deadline(v) });
		block(c, v);
		return RUN_DONE;
	}
	answer(c, &(struct run_exit){ .x0 = HERALD_EXIT_SYSTEM_EVENT, .x1 = RUN_EVENT_WAKEUP });
	run_release(v);
	guest_put(v->vm);
	return RUN_DONE;
}

static s64 check(const struct vcpu *v, u64 flags)
{
	const u64 finish = HERALD_RUN_COMPLETE | HERALD_RUN_ABORT;

	if ((flags & ~RUN_FLAGS) || (flags & finish) == finish)
		return -EINVAL;
	if ((flags & finish) && !v->fault.pending &&
	    !(v->work.missing && (flags & HERALD_RUN_ABORT)))
		return -EINVAL;
	if ((flags & HERALD_RUN_CALL) && !v->call_pending)
		return -EINVAL;
	if ((flags & HERALD_RUN_COMPLETE) && !mmio_can_complete(v->fault.esr))
		return -EINVAL;
	return 0;
}

s64 run_vcpu(struct vcpu *v, u64 flags, u64 data)
{
	struct cpu *c = cpu_this();
	s64 err;

	err = run_claim(v);
	if (err)
		return err;
	/* Claimed: who holds all vCPUs and has it made ready once more is done before, or cannot begin. */
	err = guest_gic_ready(v);
	if (!err)
		err = check(v, flags);
	if (!err)
		run_power_on(v);
	if (!err && (flags & HERALD_RUN_IMMEDIATE) && !v->fault.pending && !v->abort &&
	    !v->call_pending && !v->work.missing)
		err = -EINTR;
	/* The management VM takes its SError first. */
	if (!err && !world_serror_settle())
		err = HERALD_AGAIN;
	if (err) {
		run_release(v);
		return err;
	}
	v->last_cpu = c->index;
	if (!is_on(v)) {
		answer(c, &(struct run_exit){ .x0 = HERALD_EXIT_WFI, .x1 = NO_DEADLINE });
		block(c, v);
		return RUN_DONE;
	}
	if (v->suspended)
		return run_suspended(c, v);
	v->world.hcr &= ~HCR_TWI;
	v->world.hcr |= flags & HERALD_RUN_SINGLE_TASK ? 0 : HCR_TWI;
	world_save(c->home);
	arm_home_timer(c->home);
	world_load(v);
	c->runs++;
	finish_fault(v, c->frame, flags, data);
	finish_missing(&v->work, flags);
	if (!finish_call(c, v, flags))
		return RUN_DONE;
	arm_step(v);
	atomic_fence(); /* it is seen to be loaded here before its power is looked at: run_expel() */
	if ((flags & HERALD_RUN_IMMEDIATE) || vgic_has_pending(c->home->vgic) || !is_on(v))
		run_leave(v, &(struct run_exit){ .x0 = -EINTR });
	else if (v->work.pending)
		vcpu_work(v);
	return RUN_DONE;
}
