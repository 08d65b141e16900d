/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Exits from a guest, by exception class (DDI 0487 D19.2.37).
 *
 * An exit saves general registers only. Before a guest is entered again, exit_finish() puts what became pending
 * meanwhile into the list registers; a kick that comes after that test is a physical interrupt, and exits again at once.
 */
#include "hyp/exit.h"
#include "hyp/lib/assert.h"
#include "hyp/run.h"
#include "hyp/run_abi.h"
#include "hyp/sysreg.h"

/* The handler may have loaded another vCPU than the one that exited. Inline: each exit comes through here. */
static inline __attribute__((always_inline)) void exit_finish(void)
{
	struct cpu *c = cpu_this();

	if (__builtin_expect(atomic_load_relaxed(&c->attention), 0))
		run_attention(c);
	if (__builtin_expect(vgic_work(c->vcpu->vgic), 0))
		vcpu_flush(c->vcpu);
}

/* Bytes of an A64 instruction. */
#define EXIT_INSTRUCTION 4

void exit_skip_instruction(void)
{
	u64 spsr = sysreg_read(spsr_el2);

	/* As executing it would have done: a step is over, and what follows is no branch target. */
	sysreg_write(spsr_el2, spsr & ~(PSTATE_SS | (spsr & PSTATE_NRW ? 0 : PSTATE_BTYPE)));
	sysreg_write(elr_el2, sysreg_read(elr_el2) + EXIT_INSTRUCTION);
}

/* ELR_EL2 of an HVC already points behind it; only #0 is SMCCC (DEN 0028 2.9), others are UNDEFINED where they stand. */
static void exit_hvc(struct vcpu *v, struct regs *r, u64 esr)
{
	if (!FIELD_GET(ESR_IMM16, esr)) {
		smccc_call(v, r, HERALD_CALL_FILTER);
		return;
	}
	sysreg_write(elr_el2, sysreg_read(elr_el2) - EXIT_INSTRUCTION);
	inject_undefined();
}

/* A trapped SMC has not been executed: ELR_EL2 points at it. */
static void exit_smc(struct vcpu *v, struct regs *r, u64 esr)
{
	if (FIELD_GET(ESR_IMM16, esr)) {
		inject_undefined();
		return;
	}
	exit_skip_instruction();
	smccc_call(v, r, HERALD_CALL_FILTER | HERALD_CALL_SMC);
}

/* Trapped is a VM's WFI only; anything else is a hint. A wait with a timeout may end early. */
static void exit_wfx(struct vcpu *v, struct regs *r, u64 esr)
{
	(void)r;
	exit_skip_instruction();
	if (!v->vm->pinned && !FIELD_GET(ISS_WFX_TI, esr))
		run_wait(v);
}

/* Only where a VMM debugs its VM do these come here: MDCR_EL2.TDE. */
static void exit_debug(struct vcpu *v, struct regs *r, u64 esr)
{
	(void)r;
	v->step_done |= FIELD_GET(ESR_EC, esr) == ESR_EC_STEP_LOW;
	run_leave(v, &(struct run_exit){
			     .x0 = HERALD_EXIT_DEBUG, .x1 = esr, .x2 = sysreg_read(far_el2) });
}

typedef void exit_handler(struct vcpu *v, struct regs *r, u64 esr);

/* Any other class: an instruction of a feature that the ID registers hide, UNDEFINED as on a CPU without it. */
static exit_handler *const handlers[FIELD_MAX(ESR_EC) + 1] = {
	[ESR_EC_WFX] = exit_wfx,
	[ESR_EC_HVC64] = exit_hvc,
	[ESR_EC_SMC64] = exit_smc,
	[ESR_EC_SYSREG] = sysreg_trap,
	[ESR_EC_IABT_LOW] = mmio_abort,
	[ESR_EC_DABT_LOW] = mmio_abort,
	[ESR_EC_BREAKPOINT_LOW] = exit_debug,
	[ESR_EC_STEP_LOW] = exit_debug,
	[ESR_EC_WATCHPOINT_LOW] = exit_debug,
	[ESR_EC_BRK64] = exit_debug,
};

void exit_sync(struct regs *r)
{
	struct vcpu *v = cpu_this()->vcpu;
	u64 esr = sysreg_read(esr_el2);

	exit_handler *handler = handlers[FIELD_GET(ESR_EC, esr)];

	if (handler)
		handler(v, r, esr);
	else
		inject_undefined();
	exit_finish();
}

void exit_irq(struct regs *r)
{
	struct vcpu *v = cpu_this()->vcpu;

	(void)r;
	irq_handle(v);
	if (__builtin_expect(mirror_work_pending(), 0))
		mirror_work();
	exit_finish();
}

/* An SError while the guest ran is the guest's: it goes on to EL1 as a virtual one, with its syndrome if there is RAS. */
void exit_forward_serror(u64 syndrome)
{
	if (cpu_has_ras())
		sysreg_write(VSESR_EL2, syndrome & ESR_ISS);
	sysreg_write(hcr_el2, sysreg_read(hcr_el2) | HCR_VSE);
}

void exit_serror(struct regs *r)
{
	(void)r;
	exit_forward_serror(sysreg_read(esr_el2));
	exit_finish();
}
