/* SPDX-License-Identifier: GPL-2.0-only */
/* Exits from a guest: who handles what, and how a guest is told that it did wrong. */
#ifndef HERALD_HYP_EXIT_H
#define HERALD_HYP_EXIT_H

#include "hyp/vm.h"

/* Called by hyp/entry.S; they return to the guest. */
void exit_sync(struct regs *r);
void exit_irq(struct regs *r);
void exit_serror(struct regs *r);
/* The guest that is loaded gets a virtual SError with this ISS. */
void exit_forward_serror(u64 syndrome);
void entry_guest(struct regs *frame) __attribute__((noreturn));
void entry_call_on(u64 stack, void (*fn)(void)) __attribute__((noreturn));

/* The guest goes on behind the instruction that trapped. */
void exit_skip_instruction(void);

/* hyp/inject.c: the guest takes an exception at EL1 as if its own instruction had caused it. */
void inject_undefined(void);
void inject_abort(u64 esr, u64 far);

/* hyp/mmio.c: a stage-2 data or instruction abort. */
void mmio_abort(struct vcpu *v, struct regs *r, u64 esr);
/* Whether the access with syndrome @esr can be carried out in the guest's stead; its end, @data being what a load read. */
bool mmio_can_complete(u64 esr);
void mmio_complete(struct regs *r, u64 esr, u64 data);

/* hyp/sysreg_trap.c: a trapped MSR or MRS. */
void sysreg_trap(struct vcpu *v, struct regs *r, u64 esr);
/* The ID register @reg (a SYS_REG()) as @v sees it. */
u64 sysreg_id(const struct vcpu *v, u64 reg);

/*
 * hyp/smccc.c: HVC #0 and SMC #0. @flags: HERALD_CALL_SMC; HERALD_CALL_FILTER: the VM's filter is asked if it has one.
 * After it another vCPU may be loaded.
 */
void smccc_call(struct vcpu *v, struct regs *r, u64 flags);
/* Once, after psci_init(): asks the firmware which work-arounds it has. */
void smccc_init(void);
/* What SMCCC_ARCH_FEATURES answers @v of SMCCC_ARCH_WORKAROUND_<@n>, 1 to 3. */
s64 smccc_workaround(const struct vcpu *v, u32 n);

/* hyp/psci.c: a PSCI function; false if @r->x[0] names none. After it another vCPU may be loaded. */
bool psci_call(struct vcpu *v, struct regs *r);
/* The version that @v finds: major in bits 31:16, minor in 15:0. */
u32 psci_version(const struct vcpu *v);

/* hyp/panic.c: this CPU does nothing any more, since another one has panicked. */
void panic_stop(void) __attribute__((noreturn));
/* Stops this CPU if another one has panicked while the GIC could not tell it. */
void panic_check(void);

/* hyp/abi.c: a HERALD_HVC_* function; false if @r->x[0] names none that @v may call. As psci_call(). */
bool abi_call(struct vcpu *v, struct regs *r);

/* hyp/irq.c: acknowledges and handles the physical interrupts that are pending on this CPU, a bounded number. */
void irq_handle(struct vcpu *v);

#endif
