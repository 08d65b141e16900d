/* SPDX-License-Identifier: GPL-2.0-only */
#include "hyp/mem.h"
/*
 * In and out of EL2.
 *
 * While a guest runs, SP_EL2 points at the struct regs at the top of the CPU's stack, so an exit stores the guest's
 * general registers there without touching any other; C runs on the stack below it. ELR_EL2 and SPSR_EL2 stay where
 * they are: EL2 takes no exception of its own, but for the fatal ones and external aborts of an access that expects
 * them (hyp/lib/fixup.h), which puts both back.
 */
	.macro regs_save
	stp	x0, x1, [sp]
	stp	x2, x3, [sp, #16]
	stp	x4, x5, [sp, #32]
	stp	x6, x7, [sp, #48]
	stp	x8, x9, [sp, #64]
	stp	x10, x11, [sp, #80]
	stp	x12, x13, [sp, #96]
	stp	x14, x15, [sp, #112]
	stp	x16, x17, [sp, #128]
	stp	x18, x19, [sp, #144]
	stp	x20, x21, [sp, #160]
	stp	x22, x23, [sp, #176]
	stp	x24, x25, [sp, #192]
	stp	x26, x27, [sp, #208]
	stp	x28, x29, [sp, #224]
	str	x30, [sp, #240]
	.endm

	.macro regs_restore
	ldp	x2, x3, [sp, #16]
	ldp	x4, x5, [sp, #32]
	ldp	x6, x7, [sp, #48]
	ldp	x8, x9, [sp, #64]
	ldp	x10, x11, [sp, #80]
	ldp	x12, x13, [sp, #96]
	ldp	x14, x15, [sp, #112]
	ldp	x16, x17, [sp, #128]
	ldp	x18, x19, [sp, #144]
	ldp	x20, x21, [sp, #160]
	ldp	x22, x23, [sp, #176]
	ldp	x24, x25, [sp, #192]
	ldp	x26, x27, [sp, #208]
	ldp	x28, x29, [sp, #224]
	ldr	x30, [sp, #240]
	ldp	x0, x1, [sp]
	.endm

	/* An exit of the guest: C handles it, then back in. */
	.macro vector_guest handler
	.balign 128
	b	\handler\()_stub
	.endm

	.macro stub_guest handler
\handler\()_stub:
	regs_save
	mov	x0, sp
	mov	x29, xzr
	bl	\handler
	b	guest_return
	.endm

	/* An exception at EL2 itself that is fatal. TPIDR_EL0 is spent as scratch, nothing returns. */
	.macro fatal kind
	msr	tpidr_el0, x0
	mov	x0, #\kind
	b	fatal_entry
	.endm

	.macro vector_fatal kind
	.balign 128
	fatal	\kind
	.endm

	/*
	 * A synchronous one. Whether the stack has room for what sync_entry puts there tells one bit of the address,
	 * looked at without a register to spare. (A push that ran into the hole below has left SP where it was.)
	 */
	.macro vector_sync kind
	.balign 128
	sub	sp, sp, #16
	add	sp, sp, x0
	sub	x0, sp, x0
	tbz	x0, #MEM_STACK_BIT, 1f
	sub	x0, sp, x0
	sub	sp, sp, x0
	b	sync_entry
1:	sub	x0, sp, x0
	sub	sp, sp, x0
	add	sp, sp, #16
	fatal	\kind
	.endm

	.section .vectors.text, "ax"
	.balign 2048
	.globl vectors
vectors:
	vector_fatal 0
	vector_fatal 1
	vector_fatal 2
	vector_fatal 3
	vector_sync 4
	vector_fatal 5
	vector_fatal 6
	vector_fatal 7
	vector_guest exit_sync
	vector_guest exit_irq
	vector_guest exit_irq
	vector_guest exit_serror
	vector_guest exit_sync
	vector_guest exit_irq
	vector_guest exit_irq
	vector_guest exit_serror

	.text
	stub_guest exit_sync
	stub_guest exit_irq
	stub_guest exit_serror

guest_return:
	regs_restore
	eret
	dsb	nsh
	isb

/* void entry_guest(struct regs *frame): enters the guest with the registers at the top of the stack. */
	.globl entry_guest
entry_guest:
	mov	sp, x0
	b	guest_return

/* void entry_call_on(u64 stack, void (*fn)(void)): leaves this stack for good. */
	.globl entry_call_on
entry_call_on:
	mov	sp, x0
	mov	x29, xzr
	mov	x30, xzr
	br	x1

	/* An external abort of an access that expects it goes on at fixup_end; all else is fatal. */
	.equ	EC_DABT_CURRENT, 0x25
	.equ	FSC_EXTERNAL, 0x1		/* bits 5:4 of the fault status code */
sync_entry:
	stp	x0, x1, [sp]
	mrs	x0, esr_el2
	ubfx	x1, x0, #26, #6
	cmp	x1, #EC_DABT_CURRENT
	b.ne	1f
	ubfx	x1, x0, #4, #2
	cmp	x1, #FSC_EXTERNAL
	b.ne	1f
	mrs	x0, elr_el2
	adrp	x1, fixup_begin
	add	x1, x1, :lo12:fixup_begin
	cmp	x0, x1
	b.lo	1f
	adrp	x1, fixup_end
	add	x1, x1, :lo12:fixup_end
	cmp	x0, x1
	b.hs	1f
	msr	elr_el2, x1
	ldp	x0, x1, [sp], #16
	eret
	dsb	nsh
	isb
1:	ldp	x0, x1, [sp], #16
	fatal	4

/*
 * x0: which vector; EL2's own x0 in TPIDR_EL0. The stack may be what broke, so the report has one of its own; one CPU
 * gets to report, any other waits. Nothing returns from here, so EL1's registers serve as scratch.
 */
fatal_entry:
	msr	tpidrro_el0, x1
	msr	sp_el0, x2
	msr	tpidr_el1, x3
	adrp	x1, fatal_taken
	add	x1, x1, :lo12:fatal_taken
	mov	w3, #1
1:	ldaxr	w2, [x1]
	cbnz	w2, fatal_wait
	stlxr	w2, w3, [x1]
	cbnz	w2, 1b
	mov	x3, sp
	adrp	x1, fatal_stack_top
	add	x1, x1, :lo12:fatal_stack_top
	sub	sp, x1, #272
	str	x3, [sp, #248]		/* the stack pointer, behind the general registers */
	str	x0, [sp, #256]
	mrs	x0, tpidr_el0
	mrs	x1, tpidrro_el0
	mrs	x2, sp_el0
	mrs	x3, tpidr_el1
	regs_save
	ldr	x1, [sp, #256]
	mov	x0, sp
	bl	panic_exception
fatal_wait:
	wfi
	b	fatal_wait

	.bss
	.balign 16
fatal_stack:
	.skip	8192
fatal_stack_top:
fatal_taken:
	.skip	8
