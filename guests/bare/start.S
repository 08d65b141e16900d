/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Started as Linux is started (Image header, MMU off, FDT in x0), at EL1 and any 2 MiB-aligned
 * address. The image is linked at 0 and relocates itself; all memory is mapped where it is.
 */
#include "guests/bare/cpu.h"

#define IMAGE_FLAGS 0xa /* little-endian, 4 KiB pages, anywhere in memory */
#define CPACR_FPEN (3 << 20)
#define RELA_SIZE 24
#define FRAME_SIZE 272

	.section .head, "ax"
	.globl image_header
image_header:
	b	start
	.long	0
	.quad	0			/* text_offset */
	/* The linker script puts the image's size here. */

	.section .head.rest, "ax"
	.quad	IMAGE_FLAGS
	.globl chain_offset
chain_offset:
	.quad	0			/* mkchain.sh: where the next kernel lies, from image_start */
	.quad	0, 0
	.ascii	"ARM\x64"
	.long	0

start:
	msr	daifset, #0xf
	mov	x20, x0
	adrp	x19, image_start
	adrp	x1, image_end
	mov	x0, x19
	sub	x1, x1, x0
	bl	cache_clean

	adrp	x0, bss_start
	adrp	x1, image_end
1:	stp	xzr, xzr, [x0], #16
	cmp	x0, x1
	b.lo	1b

	/* R_AARCH64_RELATIVE: *(base + offset) = base + addend. */
	adrp	x0, rela_start
	add	x0, x0, :lo12:rela_start
	adrp	x1, rela_end
	add	x1, x1, :lo12:rela_end
2:	cmp	x0, x1
	b.hs	3f
	ldr	x2, [x0]
	ldr	x3, [x0, #16]
	add	x3, x3, x19
	str	x3, [x19, x2]
	add	x0, x0, #RELA_SIZE
	b	2b
3:
	bl	cpu_setup
	adrp	x0, stacks
	add	x0, x0, #CPU_STACK_SIZE
	mov	sp, x0
	mov	x29, xzr
	mov	x30, xzr
	mov	x0, x20
	bl	main
4:	wfi
	b	4b

/* libfdt uses SIMD registers; exceptions come to our vectors. */
cpu_setup:
	mov	x0, #CPACR_FPEN
	msr	cpacr_el1, x0
	adrp	x0, exception_vectors
	add	x0, x0, :lo12:exception_vectors
	msr	vbar_el1, x0
	msr	spsel, #1
	isb
	ret

/* PSCI CPU_ON: x0 = struct cpu, MMU off. */
	.section .text.start, "ax"
	.globl secondary_start
secondary_start:
	msr	daifset, #0xf
	mov	x20, x0
	bl	cpu_setup
	ldr	x1, [x20, #CPU_STACK_TOP]
	mov	sp, x1
	mov	x29, xzr
	mov	x30, xzr
	adrp	x0, mmu_regs
	add	x0, x0, :lo12:mmu_regs
	bl	mmu_enable
	mov	x0, x20
	bl	secondary_main
	b	.

/* x0 = { MAIR, TCR, TTBR0, SCTLR }; returns with the MMU on. */
	.globl mmu_enable
mmu_enable:
	ldp	x1, x2, [x0]
	ldp	x3, x4, [x0, #16]
	msr	mair_el1, x1
	msr	tcr_el1, x2
	msr	ttbr0_el1, x3
	isb
	tlbi	vmalle1
	ic	iallu
	dsb	nsh
	isb
	msr	sctlr_el1, x4
	isb
	ret

/* chain_jump(entry, fdt, sctlr without MMU and caches): starts the next kernel as a loader does. */
	.globl chain_jump
chain_jump:
	mov	x4, x0
	mov	x0, x1
	msr	sctlr_el1, x2
	isb
	ic	iallu
	tlbi	vmalle1
	dsb	nsh
	isb
	mov	x1, xzr
	mov	x2, xzr
	mov	x3, xzr
	br	x4

/* x3 = the smallest data cache line's size. */
.macro dcache_line
	mrs	x3, ctr_el0
	ubfx	x3, x3, #16, #4
	mov	x2, #4
	lsl	x3, x2, x3
.endm

/* (start, len) */
	.globl cache_clean
cache_clean:
	dcache_line
	add	x1, x0, x1
	sub	x2, x3, #1
	bic	x0, x0, x2
1:	dc	civac, x0
	add	x0, x0, x3
	cmp	x0, x1
	b.lo	1b
	dsb	sy
	ret

	.globl cache_sync_code
cache_sync_code:
	mov	x5, x30
	bl	cache_clean
	ic	ialluis
	dsb	sy
	isb
	ret	x5

/* Kind 0 synchronous, 1 IRQ, 2 FIQ, 3 SError; +4 for every other source than EL1 with SP_EL1. */
.macro vector kind
	.balign	128
	sub	sp, sp, #FRAME_SIZE
	stp	x0, x1, [sp]
	mov	x1, #\kind
	b	exception_entry
.endm

	.section .text.vectors, "ax"
	.balign	2048
	.globl exception_vectors
exception_vectors:
	vector	4
	vector	5
	vector	6
	vector	7
	vector	0
	vector	1
	vector	2
	vector	3
	vector	4
	vector	5
	vector	6
	vector	7
	vector	4
	vector	5
	vector	6
	vector	7

exception_entry:
	stp	x2, x3, [sp, #16 * 1]
	stp	x4, x5, [sp, #16 * 2]
	stp	x6, x7, [sp, #16 * 3]
	stp	x8, x9, [sp, #16 * 4]
	stp	x10, x11, [sp, #16 * 5]
	stp	x12, x13, [sp, #16 * 6]
	stp	x14, x15, [sp, #16 * 7]
	stp	x16, x17, [sp, #16 * 8]
	stp	x18, x19, [sp, #16 * 9]
	stp	x20, x21, [sp, #16 * 10]
	stp	x22, x23, [sp, #16 * 11]
	stp	x24, x25, [sp, #16 * 12]
	stp	x26, x27, [sp, #16 * 13]
	stp	x28, x29, [sp, #16 * 14]
	mrs	x2, elr_el1
	stp	x30, x2, [sp, #16 * 15]
	mrs	x3, spsr_el1
	str	x3, [sp, #16 * 16]
	mov	x0, sp
	bl	exception_handle
	ldr	x3, [sp, #16 * 16]
	msr	spsr_el1, x3
	ldp	x30, x2, [sp, #16 * 15]
	msr	elr_el1, x2
	ldp	x28, x29, [sp, #16 * 14]
	ldp	x26, x27, [sp, #16 * 13]
	ldp	x24, x25, [sp, #16 * 12]
	ldp	x22, x23, [sp, #16 * 11]
	ldp	x20, x21, [sp, #16 * 10]
	ldp	x18, x19, [sp, #16 * 9]
	ldp	x16, x17, [sp, #16 * 8]
	ldp	x14, x15, [sp, #16 * 7]
	ldp	x12, x13, [sp, #16 * 6]
	ldp	x10, x11, [sp, #16 * 5]
	ldp	x8, x9, [sp, #16 * 4]
	ldp	x6, x7, [sp, #16 * 3]
	ldp	x4, x5, [sp, #16 * 2]
	ldp	x2, x3, [sp, #16 * 1]
	ldp	x0, x1, [sp], #FRAME_SIZE
	eret

	.section .bss.stacks, "aw", %nobits
	.balign	4096
	.globl stacks
stacks:
	.skip	CPU_STACK_SIZE * CPU_MAX
