/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The benchmark as a bare-metal program: QEMU's `virt` starts it at EL2 with the MMU off. Memory is
 * mapped where it is, and a second time where EL2's sources expect it (MEM_PHYS_VA, hyp/mem.h).
 */
#define MAIR 0x00ff /* 0: Normal write-back, 1: Device-nGnRnE */
#define TCR ((1 << 31) | (1 << 23) | (2 << 16) | (3 << 12) | (1 << 10) | (1 << 8) | 16)
#define SCTLR (0x30c50830 | (1 << 12) | (1 << 2) | (1 << 0)) /* RES1, I, C, M */
#define BLOCK_DEVICE 0x445 /* AF, AP[1], attribute 1 */
#define BLOCK_NORMAL 0x741 /* AF, inner shareable, AP[1], attribute 0 */
#define PSCI_SYSTEM_OFF 0x84000008

	.section .text.start, "ax"
	.globl start
start:
	msr	daifset, #0xf
	adrp	x0, bss_start
	adrp	x1, image_end
1:	stp	xzr, xzr, [x0], #16
	cmp	x0, x1
	b.lo	1b
	adrp	x0, stack_top
	mov	sp, x0
	mov	x0, #MAIR
	msr	mair_el2, x0
	ldr	x0, =TCR
	msr	tcr_el2, x0
	adrp	x0, level0
	msr	ttbr0_el2, x0
	tlbi	alle2
	dsb	sy
	isb
	ldr	x0, =SCTLR
	msr	sctlr_el2, x0
	isb
	bl	bench_main
	.globl power_off
power_off:
	ldr	x0, =PSCI_SYSTEM_OFF
	smc	#0
	b	.

	.text
	/* What a measured call costs beyond the function itself. */
	.globl bench_nothing
bench_nothing:
	ret

	/* x0 times two instructions, by hand: four before and after the loop. */
	.globl bench_counted
bench_counted:
	mov	x1, x0
	nop
1:	subs	x1, x1, #1
	b.ne	1b
	nop
	ret

	.data
	.balign	4096
level0:
	.quad	level1 + 3
	.fill	255, 8, 0
	.quad	level1 + 3
	.fill	255, 8, 0
level1:
	.quad	BLOCK_DEVICE
	.quad	0x40000000 + BLOCK_NORMAL
	.fill	510, 8, 0

	.section .stack, "aw", %nobits
	.balign	4096
	.skip	0x10000
	.balign	4096
stack_top:
