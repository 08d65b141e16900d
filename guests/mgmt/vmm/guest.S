/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The guest's programs, MMU off, position-independent. The VMM copies them into the VM and sets pc, x0 .. x2. Each ends
 * with a store to MMIO_EXIT; when it is run on after that, it begins again with the same arguments.
 */
#include "vmm.h"

	.section .rodata, "a"
	.balign 4096

.macro program name
	.globl	\name
\name:
	mov	x20, x0
	mov	x21, x1
	mov	x22, x2
.L\name\()_again:
	ldr	x19, =MMIO_IPA
.endm

.macro done name, result
	str	\result, [x19, #MMIO_EXIT]
	b	.L\name\()_again
.endm

	.globl	guest_start
guest_start:

/*
 * Loads and stores of each size to the VMM. x0: 1 if each load gave what the VMM answers (0x80 in each byte). No signed
 * loads: QEMU's syndromes do not tell them apart.
 */
program guest_mmio
	mov	x0, #0
	ldrb	w1, [x19]
	cmp	x1, #0x80
	b.ne	1f
	ldrh	w1, [x19, #2]
	mov	x2, #0x8080
	cmp	x1, x2
	b.ne	1f
	ldr	w1, [x19, #4]
	ldr	x2, =0x80808080
	cmp	x1, x2
	b.ne	1f
	ldr	x1, [x19, #8]
	ldr	x2, =0x8080808080808080
	cmp	x1, x2
	b.ne	1f
	ldr	xzr, [x19, #8]
	ldr	x1, =0x1122334455667788
	strb	w1, [x19, #0x10]
	strh	w1, [x19, #0x12]
	str	w1, [x19, #0x14]
	str	x1, [x19, #0x18]
	str	xzr, [x19, #0x20]
	mov	x0, #1
1:	done guest_mmio, x0

/* (from, to, value): the value into the first word of each page. */
program guest_touch
	mov	x3, x20
1:	str	x22, [x3]
	add	x3, x3, #4096
	cmp	x3, x21
	b.lo	1b
	done guest_touch, x3

/* (from, to): the sum of the first words of each page. */
program guest_read
	mov	x3, x20
	mov	x4, #0
1:	ldr	x5, [x3]
	add	x4, x4, x5
	add	x3, x3, #4096
	cmp	x3, x21
	b.lo	1b
	done guest_read, x4

/* Interrupts arrive at the CPU interface; they are masked in PSTATE and only end WFI. Changes x1 .. x3. */
gic_on:
	ldr	x1, =GICR_IPA
	str	wzr, [x1, #0x14]		/* GICR_WAKER */
	add	x1, x1, #0x10000
	mov	w2, #-1
	str	w2, [x1, #0x80]			/* GICR_IGROUPR0 */
	mov	w2, #(1 << VTIMER_INTID)
	str	w2, [x1, #0x100]		/* GICR_ISENABLER0 */
	ldr	x1, =GICD_IPA
	mov	w2, #0x12			/* GICD_CTLR: group 1, ARE */
	str	w2, [x1]
	mov	w2, #-1
	str	w2, [x1, #0x84]			/* GICD_IGROUPR1 */
	mov	w2, #(1 << (TEST_SPI - 32))
	str	w2, [x1, #0x104]		/* GICD_ISENABLER1 */
	mov	x2, #(0x6000 + 8 * TEST_SPI)
	str	xzr, [x1, x2]			/* GICD_IROUTER: vCPU 0 */
	mov	x2, #0xff
	msr	S3_0_C4_C6_0, x2		/* ICC_PMR_EL1 */
	mov	x2, #1
	msr	S3_0_C12_C12_7, x2		/* ICC_IGRPEN1_EL1 */
	isb
	ret

/* (ticks): waits for the virtual timer; the result is how many ticks it took, or 0 if no or another interrupt came. */
program guest_timer
	bl	gic_on
	mrs	x5, cntvct_el0
	add	x6, x5, x20
	msr	cntv_cval_el0, x6
	mov	x7, #1
	msr	cntv_ctl_el0, x7
	isb
1:	wfi
	mrs	x7, cntv_ctl_el0
	tbz	x7, #2, 1b
	mrs	x6, cntvct_el0
	mrs	x4, S3_0_C12_C12_0		/* ICC_IAR1_EL1 */
	msr	cntv_ctl_el0, xzr
	isb
	msr	S3_0_C12_C12_1, x4		/* ICC_EOIR1_EL1 */
	isb
	sub	x6, x6, x5
	cmp	x4, #VTIMER_INTID
	csel	x6, x6, xzr, eq
	done guest_timer, x6

/* Waits for interrupts; says each number. The VMM lowers the line before it runs the guest on. */
program guest_irq
	bl	gic_on
1:	wfi
	mrs	x4, S3_0_C12_C12_2		/* ICC_HPPIR1_EL1 */
	cmp	x4, #1020
	b.hs	1b
	mrs	x4, S3_0_C12_C12_0		/* ICC_IAR1_EL1 */
	str	x4, [x19, #MMIO_EXIT]
	msr	S3_0_C12_C12_1, x4		/* ICC_EOIR1_EL1 */
	isb
	b	1b

/* Makes the test's SPI edge-triggered, then says which interrupt is pending, which ends with that; it does not wait. */
program guest_poll
	ldr	x1, =GICD_IPA
	mov	w2, #(2 << (2 * (TEST_SPI % 16)))
	str	w2, [x1, #(0xc00 + TEST_SPI / 16 * 4)]	/* GICD_ICFGR */
	bl	gic_on
	mrs	x4, S3_0_C12_C12_0		/* ICC_IAR1_EL1 */
	sub	x5, x4, #1020			/* LPIs are above the special numbers */
	cmp	x5, #4
	b.lo	1f
	msr	S3_0_C12_C12_1, x4		/* ICC_EOIR1_EL1 */
	isb
1:	done guest_poll, x4

/*
 * Takes the test's SPI, level-sensitive, by looking for it: says which interrupt there is; if there is one ends it, says
 * LEVEL_ENDED, and goes on so.
 */
program guest_level
	ldr	x1, =GICD_IPA
	str	wzr, [x1, #(0xc00 + TEST_SPI / 16 * 4)]	/* GICD_ICFGR */
	bl	gic_on
1:	mrs	x4, S3_0_C12_C12_0		/* ICC_IAR1_EL1 */
	dsb	sy
	str	x4, [x19, #MMIO_EXIT]
	cmp	x4, #1020
	b.hs	1b
	msr	S3_0_C12_C12_1, x4		/* ICC_EOIR1_EL1 */
	isb
	mov	x4, #LEVEL_ENDED
	str	x4, [x19, #MMIO_EXIT]
	b	1b

/* (address, limit): counts the test's SPI, level-sensitive, there, waiting for each; ends at the limit. */
program guest_levels
	ldr	x1, =GICD_IPA
	str	wzr, [x1, #(0xc00 + TEST_SPI / 16 * 4)]	/* GICD_ICFGR */
	bl	gic_on
	mov	x5, #0
1:	wfi
	mrs	x4, S3_0_C12_C12_0		/* ICC_IAR1_EL1 */
	dsb	sy
	cmp	x4, #TEST_SPI
	b.ne	1b
	add	x5, x5, #1
	str	x5, [x20]
	msr	S3_0_C12_C12_1, x4		/* ICC_EOIR1_EL1 */
	isb
	cmp	x5, x21
	b.lo	1b
	done guest_levels, x5

/* (list, number): stores; each is an address and a value, 64 bits if bit 0 of the address is set, else 32. */
program guest_stores
	mov	x4, x20
	mov	x5, x21
1:	cbz	x5, 4f
	ldp	x6, x7, [x4], #16
	sub	x5, x5, #1
	tbz	x6, #0, 2f
	bic	x6, x6, #1
	str	x7, [x6]
	b	1b
2:	str	w7, [x6]
	b	1b
4:	done guest_stores, x5

/*
 * (struct lpis, whether to wait): takes LPIs, counts each, and tells the VMM the last word that it had from it by then;
 * ends with the first that comes when it is to.
 */
program guest_lpis
	bl	gic_on
	mov	x10, #8192
1:	cbz	x21, 2f
	wfi
2:	mrs	x4, S3_0_C12_C12_0		/* ICC_IAR1_EL1 */
	dsb	sy
	cmp	x4, x10
	b.lo	1b
	ldr	x7, [x20, #LPIS_SENT]
	ldr	x8, [x20, #LPIS_END]
	cbnz	x8, 3f
	sub	x6, x4, x10
	add	x9, x20, #LPIS_COUNT
	ldr	x5, [x9, x6, lsl #3]
	add	x5, x5, #1
	str	x5, [x9, x6, lsl #3]
	str	x7, [x20, #LPIS_SEEN]
3:	dsb	sy
	msr	S3_0_C12_C12_1, x4		/* ICC_EOIR1_EL1 */
	isb
	cbz	x8, 1b
	done guest_lpis, x4

/* (struct lpis): takes LPIs, and counts each, until there is none. */
program guest_drain
	bl	gic_on
	mov	x10, #8192
1:	mrs	x4, S3_0_C12_C12_0		/* ICC_IAR1_EL1 */
	dsb	sy
	cmp	x4, x10
	b.lo	2f
	sub	x6, x4, x10
	add	x9, x20, #LPIS_COUNT
	ldr	x5, [x9, x6, lsl #3]
	add	x5, x5, #1
	str	x5, [x9, x6, lsl #3]
	msr	S3_0_C12_C12_1, x4		/* ICC_EOIR1_EL1 */
	isb
	b	1b
2:	done guest_drain, x4

/* (address, value, bytes): one store. The result is the address. */
program guest_store
	cmp	x22, #1
	b.eq	1f
	cmp	x22, #2
	b.eq	2f
	cmp	x22, #4
	b.eq	4f
	str	x21, [x20]
	b	5f
1:	strb	w21, [x20]
	b	5f
2:	strh	w21, [x20]
	b	5f
4:	str	w21, [x20]
5:	done guest_store, x20

/* (address): a store of a pair, which no syndrome describes. */
program guest_pair
	stp	x21, x22, [x20]
	done guest_pair, x20

/* (address): counts in the first word of each of 64 pages, for ever; each round is told. */
program guest_count
	mov	x4, #0
1:	add	x3, x20, x4, lsl #12
	ldr	x5, [x3]
	add	x5, x5, #1
	str	x5, [x3]
	add	x4, x4, #1
	cmp	x4, #64
	b.lo	1b
	done guest_count, x5

/* (address): counts there for ever. */
program guest_spin
1:	ldr	x1, [x20]
	add	x1, x1, #1
	str	x1, [x20]
	b	1b

/* (address): executes what is there. */
program guest_jump
	br	x20

/* PSCI SYSTEM_OFF. */
program guest_off
	ldr	x0, =0x84000008
	hvc	#0
1:	b	1b

/* An exception at EL1: its syndrome is the result. */
	.balign	2048
	.globl	guest_vectors
guest_vectors:
	.space	0x200
	mrs	x0, esr_el1
	mov	x19, #MMIO_IPA
	str	x0, [x19, #MMIO_EXIT]
1:	b	1b

	.ltorg
	.globl	guest_end
guest_end:
