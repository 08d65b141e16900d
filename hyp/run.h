/* SPDX-License-Identifier: GPL-2.0-only */
/* Running a VM's vCPU in a management vCPU's stead: KVM_RUN, what ends it, waiting and waking. */
#ifndef HERALD_HYP_RUN_H
#define HERALD_HYP_RUN_H

#include "hyp/vm.h"

/*
 * KVM_RUN for @v, which the caller holds (guest_get()), with HERALD_RUN_* @flags and @data of a completed load. RUN_DONE:
 * this CPU's frame says all, be it that of @v, which runs now and keeps the hold, or the management VM's. Else -errno,
 * and nothing has changed: -EBUSY: it runs elsewhere, or another call is on it; -EINVAL: nothing to complete; what
 * guest_gic_ready() answers.
 */
#define RUN_DONE 1
s64 run_vcpu(struct vcpu *v, u64 flags, u64 data);

/* @v, a VM's and loaded here, makes way for the management VM, which finds x0 .. x3 as given. */
struct run_exit {
	s64 x0;
	u64 x1, x2, x3;
};
void run_leave(struct vcpu *v, const struct run_exit *e) __attribute__((noinline));

/* Someone on this CPU asked for its home vCPU to come back: if a VM is loaded it leaves with -EINTR. */
void run_attention(struct cpu *c) __attribute__((noinline, cold));

/* The VM's vCPU @v has nothing to do until an interrupt: waits for it, mostly by leaving. */
void run_wait(struct vcpu *v);
/* It is off: leaves until CPU_ON. */
void run_off(struct vcpu *v);

/*
 * Something is there for @v, of whichever VM: pending interrupts, power. If it is loaded on another CPU that one exits;
 * if it is blocked its doorbell rings; if it is this CPU's home vCPU the VM makes way.
 */
void run_kick(struct vcpu *v);

/* The CPU on which @v is loaded, if any, is made to leave it. */
void run_expel(struct vcpu *v);

/*
 * For calls that look at or change registers: no one runs @v until run_release(). 0; -EBUSY: it runs; HERALD_AGAIN: all are
 * held for the moment.
 */
s64 run_claim(struct vcpu *v);
void run_release(struct vcpu *v);
/* The same for all vCPUs of @vm, which stay blocked if they are. False: one runs. Under LOCK_VM, until run_let_all(). */
bool run_hold_all(struct vm *vm);
void run_let_all(struct vm *vm);
/* Of a VM's vCPU that is claimed: begins if CPU_ON was called for it; SYSTEM_OFF may come at any time. */
void run_power_on(struct vcpu *v);

/* hyp/doorbell.c: @v, of a VM, was blocked and is not any more: its CPU's home vCPU is told. */
void doorbell_ring(struct vcpu *v);
/* The handle of the next woken vCPU of @c, which is on no list any more; or -ENOENT. */
s64 doorbell_fetch(struct cpu *c);
/* @v goes away. */
void doorbell_forget(struct vcpu *v);
/* The home vCPU of @c is off: another takes the first of its list. False: the list is empty, and stays so. */
bool doorbell_leave(struct cpu *c);

#endif
