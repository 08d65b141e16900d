/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The program in the suite kvm's VM, position-independent, MMU off; and the VMM's side of the register test, which
 * fills and dumps the same registers. Entries are kvm_guest_*; x29 is VM_REPORT throughout, x28 VM_DATA.
 */
#include "guests/bare/kvm_guest.h"

	.arch	armv8-a+fp+simd

	.macro report reg
	str	\reg, [x29]
	.endm

	.macro begin
	ldr	x29, =VM_REPORT
	ldr	x28, =VM_DATA
	.endm

	/* op name, index: what a guest may fill with anything while its MMU is off. */
	.macro each_sys op
	\op	tpidr_el0, 0
	\op	tpidrro_el0, 1
	\op	contextidr_el1, 2
	\op	far_el1, 3
	\op	esr_el1, 4
	\op	elr_el1, 5
	\op	spsr_el1, 6
	\op	sp_el0, 7
	\op	ttbr1_el1, 8
	\op	cntv_cval_el0, 9
	\op	cntp_cval_el0, 10
	\op	afsr0_el1, 11
	\op	afsr1_el1, 12
	\op	par_el1, 13
	.endm
	.macro each_guest_sys op
	\op	tpidr_el1, 14
	\op	ttbr0_el1, 15
	\op	mair_el1, 16
	\op	amair_el1, 17
	\op	vbar_el1, 18
	.endm
	.macro each_key op
	\op	s3_0_c2_c1_0, 24
	\op	s3_0_c2_c1_1, 25
	\op	s3_0_c2_c1_2, 26
	\op	s3_0_c2_c1_3, 27
	\op	s3_0_c2_c2_0, 28
	\op	s3_0_c2_c2_1, 29
	\op	s3_0_c2_c2_2, 30
	\op	s3_0_c2_c2_3, 31
	\op	s3_0_c2_c3_0, 32
	\op	s3_0_c2_c3_1, 33
	.endm

	.macro dump_one name, index
	mrs	x9, \name
	str	x9, [x0, #\index * 8]
	.endm
	.macro fill_one name, index
	add	x9, x1, #\index * 16 + 8
	msr	\name, x9
	.endm
	.macro each_v op
	.irp	n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	\op	\n
	.endr
	.endm
	.macro dump_v n
	str	q\n, [x0, #\n * 16]
	.endm
	.macro fill_v n
	add	x9, x1, #\n
	dup	v\n\().2d, x9
	.endm

	/* x0 = where to, x2 = has keys; clobbers x0, x9. */
	.macro dump guest
	each_sys dump_one
	.if \guest
	each_guest_sys dump_one
	.endif
	cbz	x2, 1f
	each_key dump_one
1:	add	x0, x0, #(DUMP_SYS + DUMP_KEYS) * 8
	each_v	dump_v
	mrs	x9, fpcr
	str	x9, [x0, #512]
	mrs	x9, fpsr
	str	x9, [x0, #520]
	.endm

	/* x1 = pattern, x2 = has keys; clobbers x9. */
	.macro fill guest
	each_sys fill_one
	.if \guest
	each_guest_sys fill_one
	.endif
	cbz	x2, 1f
	each_key fill_one
1:	each_v	fill_v
	mov	x9, #0x1f + \guest * 0x80
	msr	fpsr, x9
	mov	x9, #\guest + 1
	lsl	x9, x9, #22		/* the rounding mode */
	msr	fpcr, x9
	isb
	.endm

	.section .text.kvm, "ax"
	.balign	4096
	.globl kvm_guest
kvm_guest:

/* SMCCC_VERSION, loads and stores of every size, off. */
	.globl kvm_guest_mmio
kvm_guest_mmio:
	begin
	mrs	x10, CurrentEL
	report	x10
	mov	x0, #0x80000000
	hvc	#0
	report	x0
	ldr	x20, =VM_DEVICE
	ldrb	w1, [x20]
	report	x1
	ldrh	w1, [x20]
	report	x1
	ldr	w1, [x20]
	report	x1
	ldr	x1, [x20]
	report	x1
	ldrsb	x1, [x20]
	report	x1
	ldrsb	w1, [x20]
	report	x1
	ldrsh	x1, [x20]
	report	x1
	ldrsw	x1, [x20]
	report	x1
	ldr	xzr, [x20]
	ldr	x1, =0x8877665544332211
	strb	w1, [x20]
	strh	w1, [x20]
	str	w1, [x20]
	str	x1, [x20]
	str	xzr, [x20]
	ldp	x3, x4, [x20]		/* not described by a syndrome: the VMM aborts it */
	report	xzr
	b	off

off:
	ldr	w0, =0x84000008
	hvc	#0
	b	.

/* Registers: as found, filled, after an exit. x0 = has keys. */
	.globl kvm_guest_regs
kvm_guest_regs:
	mov	x2, x0
	mov	x9, #(3 << 20)		/* SIMD does not trap */
	msr	cpacr_el1, x9
	isb
	ldr	x28, =VM_DATA
	add	x0, x28, #VM_DUMP_FIRST
	dump	1
	begin
	ldr	x1, =0x1a2b3c4d50000000
	fill	1
	add	x0, x28, #VM_DUMP_FILLED
	dump	1
	.irp	n, 3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27
	add	x\n, x1, #\n
	.endr
	report	x2
	/* Every x register is what it was: their differences add up to zero. */
	mov	x0, xzr
	.irp	n, 3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27
	sub	x\n, x\n, x1
	sub	x\n, x\n, #\n
	orr	x0, x0, x\n
	.endr
	report	x0
	add	x0, x28, #VM_DUMP_AFTER
	dump	1
	report	xzr
	b	off

/* The GIC of this vCPU: x0 = its redistributor. */
gic_on:
	ldr	x10, =VM_GICD
	mov	w11, #0x2
	str	w11, [x10]		/* EnableGrp1, ARE is fixed */
	str	wzr, [x0, #0x14]	/* WAKER */
	add	x10, x0, #0x10000
	ldr	w11, =(1 << 27 | 1 << VM_SGI)
	str	w11, [x10, #0x100]	/* ISENABLER0 */
	mov	x11, #0xf0
	msr	s3_0_c4_c6_0, x11	/* PMR */
	mov	x11, #1
	msr	s3_0_c12_c12_7, x11	/* IGRPEN1 */
	isb
	ret

/* Acknowledges, reports and ends one interrupt; a timer's is masked. */
take_one:
	mrs	x12, s3_0_c12_c12_0
	dsb	sy
	cmp	x12, #27
	b.ne	1f
	msr	cntv_ctl_el0, xzr
	isb
1:	report	x12
	msr	s3_0_c12_c12_1, x12
	isb
	ret

/* Sleeps until an interrupt is there, without taking exceptions. */
	.macro sleep
1:	mrs	x12, s3_0_c12_c12_2	/* HPPIR1 */
	cmp	x12, #1023		/* none */
	b.ne	2f
	wfi
	b	1b
2:
	.endm

/* A timer interrupt x0 ticks from now ends a WFI: 27 is reported, and whether it was in time; twice. */
	.globl kvm_guest_timer
kvm_guest_timer:
	begin
	mov	x21, x0
	ldr	x0, =VM_GICR
	bl	gic_on
	mov	x22, #2
3:	mrs	x23, cntvct_el0
	add	x23, x23, x21
	msr	cntv_cval_el0, x23
	mov	x11, #1
	msr	cntv_ctl_el0, x11
	isb
	sleep
	mrs	x24, cntvct_el0
	bl	take_one
	cmp	x24, x23
	cset	x24, hs
	report	x24
	sub	x22, x22, #1
	cbnz	x22, 3b
	b	off

/* Waits for the SPI, reports each for ever. */
	.globl kvm_guest_spi
kvm_guest_spi:
	begin
	ldr	x0, =VM_GICR
	bl	gic_on
	ldr	x10, =VM_GICD
	mov	w11, #(1 << (VM_SPI - 32))
	str	w11, [x10, #0x104]	/* ISENABLER1 */
	str	wzr, [x10, #0xc00 + VM_SPI / 16 * 4]	/* ICFGR: level-sensitive */
	str	xzr, [x10, #0x6000 + VM_SPI * 8]
	report	xzr
4:	sleep
	bl	take_one
	b	4b

/* vCPU 0 starts vCPU 1, sends it an SGI, and waits for one back; each reports what it took. */
	.globl kvm_guest_ipi
kvm_guest_ipi:
	begin
	ldr	x0, =VM_GICR
	bl	gic_on
	ldr	w0, =0xc4000003
	mov	x1, #1
	adr	x2, second
	mov	x3, #0x77
	hvc	#0
	report	x0
5:	ldr	x10, [x28, #VM_STACK1]	/* it is up */
	cbz	x10, 5b
	ldr	x11, =(VM_SGI << 24 | 2)
	msr	s3_0_c12_c11_5, x11
	isb
	sleep
	bl	take_one
	b	off

second:
	begin
	mov	x20, x0			/* the context */
	ldr	x0, =VM_GICR + 0x20000
	bl	gic_on
	mov	x10, #1
	str	x10, [x28, #VM_STACK1]
	sleep
	mrs	x12, s3_0_c12_c12_0
	str	x12, [x28, #VM_STACK1 + 8]
	str	x20, [x28, #VM_STACK1 + 16]
	msr	s3_0_c12_c12_1, x12
	ldr	x11, =(VM_SGI << 24 | 1)
	msr	s3_0_c12_c11_5, x11
	isb
	ldr	w0, =0x84000002		/* CPU_OFF */
	hvc	#0
	b	.

/* Off as soon as vCPU 1 is up, which starts vCPU 0 again and again. */
	.macro cpu_on vcpu
	ldr	w0, =0xc4000003
	mov	x1, #\vcpu
	adr	x2, restless
	hvc	#0
	.endm

	.globl kvm_guest_off
kvm_guest_off:
	begin
	cpu_on	1
11:	ldr	x10, [x28, #VM_STACK1]
	cbz	x10, 11b
	b	off

restless:
	begin
	mov	x10, #1
	str	x10, [x28, #VM_STACK1]
12:	cpu_on	0
	b	12b

/* vCPU 1 waits, and reports what it took; vCPU 0 makes vCPU 1's timer interrupt pending after its first report. */
	.globl kvm_guest_ppi
kvm_guest_ppi:
	begin
	ldr	w0, =0xc4000003
	mov	x1, #1
	adr	x2, waiter
	hvc	#0
	report	x0
	ldr	x10, =VM_GICR + 0x30000
	mov	w11, #(1 << 27)
	str	w11, [x10, #0x200]	/* ISPENDR0 */
	report	xzr
	b	.

waiter:
	begin
	ldr	x0, =VM_GICR + 0x20000
	bl	gic_on
	sleep
	bl	take_one
	b	.

/*
 * What the VMM writes to VM_DATA + x0, over and over: a report, then triples {operation, address, value} up to
 * operation 0.
 */
	.globl kvm_guest_script
kvm_guest_script:
	begin
	add	x19, x28, x0
20:	report	x29
	mov	x20, x19
21:	ldp	x21, x22, [x20]
	ldr	x23, [x20, #16]
	add	x20, x20, #24
	cbz	x21, 20b
	cmp	x21, #SCRIPT_STORE
	b.ne	22f
	str	x23, [x22]
	b	21b
22:	cmp	x21, #SCRIPT_STORE32
	b.ne	23f
	str	w23, [x22]
	b	21b
23:	cmp	x21, #SCRIPT_LOAD
	b.ne	24f
	ldr	x0, [x22]
	report	x0
	b	21b
24:	cmp	x21, #SCRIPT_LOAD32
	b.ne	25f
	ldr	w0, [x22]
	report	x0
	b	21b
25:	cmp	x21, #SCRIPT_GIC
	b.ne	26f
	mov	x0, x22
	bl	gic_on
	b	21b
26:	cmp	x21, #SCRIPT_SLEEP
	b.ne	27f
	sleep
27:	bl	take_one		/* SCRIPT_TAKE */
	b	21b

/* For ever. */
	.globl kvm_guest_loop
kvm_guest_loop:
	begin
	report	xzr
6:	add	x0, x0, #1
	b	6b

	.globl kvm_guest_wfi
kvm_guest_wfi:
	begin
	report	xzr
7:	wfi
	b	7b

/* One report, for runs without number. */
	.globl kvm_guest_once
kvm_guest_once:
	begin
8:	report	x29
	b	8b

/* Ticks of VM_BENCH_ROUNDS null hypercalls, GICD reads and empty rounds, in VM_RESULT; then reports without end. */
	.macro bench at, op:vararg
	mov	x21, #VM_BENCH_ROUNDS
	isb
	mrs	x22, cntvct_el0
9:	\op
	sub	x21, x21, #1
	cbnz	x21, 9b
	isb
	mrs	x23, cntvct_el0
	sub	x23, x23, x22
	str	x23, [x28, #VM_RESULT + \at * 8]
	.endm

	.macro null_call
	mov	x0, #0x80000000
	hvc	#0
	.endm

	.globl kvm_guest_bench
kvm_guest_bench:
	begin
	ldr	x24, =VM_GICD
	bench	0, nop
	bench	1, null_call
	bench	2, ldr w0, [x24, #4]
	report	xzr
10:	report	x29
	b	10b

	.ltorg
	.globl kvm_guest_end
kvm_guest_end:

/*
 * kvm_run_filled(regs[4] for the HVC, dump before, dump after, has keys): fills registers with a pattern of its own,
 * runs, and answers how many of x5 .. x27 came back changed. Interrupts are masked.
 */
	.section .text, "ax"
	.globl kvm_run_filled
kvm_run_filled:
	sub	sp, sp, #176
	stp	x19, x20, [sp]
	stp	x21, x22, [sp, #16]
	stp	x23, x24, [sp, #32]
	stp	x25, x26, [sp, #48]
	stp	x27, x28, [sp, #64]
	stp	x29, x30, [sp, #80]
	stp	x0, x1, [sp, #96]
	stp	x2, x3, [sp, #112]
	ldr	x1, =0x7766554440000000
	mov	x2, x3
	fill	0
	ldr	x0, [sp, #104]
	dump	0
	ldr	x4, =0x7766554440000000
	.irp	n, 5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27
	add	x\n, x4, #\n
	.endr
	ldr	x28, [sp, #96]
	ldp	x0, x1, [x28]
	ldp	x2, x3, [x28, #16]
	hvc	#0
	stp	x0, x1, [x28]
	stp	x2, x3, [x28, #16]
	mov	x0, xzr
	.irp	n, 5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27
	sub	x\n, x\n, x4
	cmp	x\n, #\n
	cinc	x0, x0, ne
	.endr
	str	x0, [sp, #128]
	ldp	x0, x2, [sp, #112]
	dump	0
	ldr	x0, [sp, #128]
	ldp	x19, x20, [sp]
	ldp	x21, x22, [sp, #16]
	ldp	x23, x24, [sp, #32]
	ldp	x25, x26, [sp, #48]
	ldp	x27, x28, [sp, #64]
	ldp	x29, x30, [sp, #80]
	add	sp, sp, #176
	ret
	.ltorg
