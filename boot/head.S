/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The first instructions: Image header, boot CPU, secondary CPUs.
 *
 * Started as Linux is started (Documentation/arch/arm64/booting.rst): MMU off, the FDT's address in x0, at any
 * 2 MiB-aligned address. Code runs position-independent until boot_enter_mmu; from there at MEM_IMAGE_VA.
 * At EL1 or EL3 the same path is taken with that level's registers, just far enough to say so on the UART.
 */
#include "hyp/mem.h"

#define IMAGE_FLAGS 0xa /* little-endian, 4 KiB pages, anywhere in memory */

#define SCTLR_M_C_SA_I 0x100d
#define SCTLR_WXN (1 << 19)
#define SCTLR_EL23_RES1 0x30c50830
#define SCTLR_EL1_RES1 0x30d00800
/* Attr0 Normal write-back, Attr1 Device-nGnRE. */
#define MAIR_VALUE 0x04ff
/* 48 bits by TTBR0, 4 KiB granule, inner-shareable write-back walks; PS is ored in. */
#define TCR_T0SZ_TG_SH 0x3510
#define TCR_EL23_RES1 0x80800000
#define TCR_EL1_EPD1 (1 << 23)
#define HCR_RW_BIT (1 << 31)

	.section .head.text, "ax"
	.globl image_start_code
image_start_code:
	b	boot_primary
	.long	0
	.quad	0			/* text_offset */
	.quad	image_size
	.quad	IMAGE_FLAGS
	.quad	0, 0, 0
	.ascii	"ARM\x64"
	.long	0

boot_primary:
	msr	daifset, #0xf
	mov	x20, x0			/* the FDT */
	mrs	x21, cntpct_el0		/* when Herald was entered */
	adrp	x19, image_start_code	/* where it was loaded */

	/* Lines that the loader left over our memory must not hide what is written with the MMU off. */
	mov	x0, x19
	adrp	x1, image_end
	bl	boot_clean_range

	adrp	x0, bss_start
	adrp	x1, bss_end
1:	stp	xzr, xzr, [x0], #16
	cmp	x0, x1
	b.lo	1b

	adrp	x0, boot_stack_top
	mov	sp, x0
	bl	boot_early_cpu
	mov	x0, x19
	bl	mmu_early
	ldr	x1, =boot_primary_high
	b	boot_enter_mmu

/* Cleans and invalidates [x0, x1) to the point of coherency. */
boot_clean_range:
	mrs	x2, ctr_el0
	ubfx	x2, x2, #16, #4
	mov	x3, #4
	lsl	x2, x3, x2
1:	dc	civac, x0
	add	x0, x0, x2
	cmp	x0, x1
	b.lo	1b
	dsb	sy
	ret

	/* Entered by PSCI CPU_ON with x0 = physical address of the CPU's struct boot_secondary. */
	.section .idmap.text, "ax"
	.globl boot_secondary
boot_secondary:
	msr	daifset, #0xf
	mov	x22, x0
	bl	boot_early_cpu
	ldp	x0, x23, [x22]		/* page table, stack */
	ldr	x22, [x22, #16]		/* struct cpu */
	ldr	x1, =boot_secondary_high
	b	boot_enter_mmu

/* FP on and nothing trapped for the level that runs this; EL2 without VHE. */
boot_early_cpu:
	mrs	x0, CurrentEL
	cmp	x0, #(2 << 2)
	b.eq	2f
	b.hi	3f
	mov	x0, #(3 << 20)
	msr	cpacr_el1, x0
	isb
	ret
2:	mov	x0, #HCR_RW_BIT
	msr	hcr_el2, x0
	isb
	mov	x0, #0x33ff		/* RES1, and SVE trapped */
	msr	cptr_el2, x0
	isb
	ret
3:	msr	cptr_el3, xzr
	isb
	ret

.macro mmu_on el
	msr	mair_el\el, x2
	msr	tcr_el\el, x3
	msr	ttbr0_el\el, x0
	isb
	.if \el == 1
	tlbi	vmalle1
	.else
	tlbi	alle\el
	.endif
	ic	iallu
	dsb	nsh
	isb
	msr	sctlr_el\el, x4
	isb
	br	x1
.endm

/* Turns the MMU on with the tables at x0 and goes to the virtual address x1. Runs in the identity-mapped page. */
boot_enter_mmu:
	mov	x2, #MAIR_VALUE
	mrs	x5, id_aa64mmfr0_el1
	and	x5, x5, #7		/* PARange; 7 is not 52 bits with this granule */
	mov	x6, #5
	cmp	x5, x6
	csel	x5, x5, x6, ls
	mov	x3, #TCR_T0SZ_TG_SH
	mrs	x6, CurrentEL
	cmp	x6, #(2 << 2)
	b.lo	1f
	ldr	x4, =(SCTLR_EL23_RES1 | SCTLR_M_C_SA_I | SCTLR_WXN)
	ldr	x7, =TCR_EL23_RES1
	orr	x3, x3, x7
	orr	x3, x3, x5, lsl #16
	b.hi	3f
	mmu_on	2
1:	ldr	x4, =(SCTLR_EL1_RES1 | SCTLR_M_C_SA_I)
	ldr	x7, =TCR_EL1_EPD1
	orr	x3, x3, x7
	orr	x3, x3, x5, lsl #32
	mmu_on	1
3:	mmu_on	3
	.ltorg

	.section .text, "ax"
/* At the image's fixed address. x19 load address, x20 FDT, x21 counter at entry. */
boot_primary_high:
	ldr	x0, =boot_stack_top
	mov	sp, x0
	mov	x29, xzr
	mov	x30, xzr
	mov	x0, x20
	mov	x1, x19
	mov	x2, x21
	b	boot_main

/* x22 struct cpu, x23 its stack. */
boot_secondary_high:
	mov	sp, x23
	mov	x29, xzr
	mov	x30, xzr
	mov	x0, x22
	b	boot_secondary_main
