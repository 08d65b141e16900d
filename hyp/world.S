/* SPDX-License-Identifier: GPL-2.0-only */
/* Registers that EL2's C does not use: SIMD and floating point, pointer authentication keys (hyp/world.h). */
	.arch	armv8-a+fp+simd
	.macro simd op
	\op	q0, q1, [x0]
	\op	q2, q3, [x0, #32]
	\op	q4, q5, [x0, #64]
	\op	q6, q7, [x0, #96]
	\op	q8, q9, [x0, #128]
	\op	q10, q11, [x0, #160]
	\op	q12, q13, [x0, #192]
	\op	q14, q15, [x0, #224]
	\op	q16, q17, [x0, #256]
	\op	q18, q19, [x0, #288]
	\op	q20, q21, [x0, #320]
	\op	q22, q23, [x0, #352]
	\op	q24, q25, [x0, #384]
	\op	q26, q27, [x0, #416]
	\op	q28, q29, [x0, #448]
	\op	q30, q31, [x0, #480]
	.endm

	/* The keys IA, IB, DA, DB, GA, low and high half: two at a time. */
	.macro keys_save low, high, at
	mrs	x1, \low
	mrs	x2, \high
	stp	x1, x2, [x0, #\at]
	.endm

	.macro keys_load low, high, at
	ldp	x1, x2, [x0, #\at]
	msr	\low, x1
	msr	\high, x2
	.endm

	.macro keys op
	\op	s3_0_c2_c1_0, s3_0_c2_c1_1, 0
	\op	s3_0_c2_c1_2, s3_0_c2_c1_3, 16
	\op	s3_0_c2_c2_0, s3_0_c2_c2_1, 32
	\op	s3_0_c2_c2_2, s3_0_c2_c2_3, 48
	\op	s3_0_c2_c3_0, s3_0_c2_c3_1, 64
	.endm

	.text
	.globl world_simd_save
world_simd_save:
	simd	stp
	mrs	x1, fpcr
	mrs	x2, fpsr
	str	x1, [x0, #512]
	str	x2, [x0, #520]
	ret

	.globl world_simd_load
world_simd_load:
	simd	ldp
	ldr	x1, [x0, #512]
	ldr	x2, [x0, #520]
	msr	fpcr, x1
	msr	fpsr, x2
	ret

	.globl world_keys_save
world_keys_save:
	keys	keys_save
	ret

	.globl world_keys_load
world_keys_load:
	keys	keys_load
	ret

	/* From number 15 downwards, so that a jump into the list does the first few: three instructions each. */
	.macro debug_list op, value, control, at
	debug_\op \value\()15_el1, \control\()15_el1, (15 * 32 + \at)
	debug_\op \value\()14_el1, \control\()14_el1, (14 * 32 + \at)
	debug_\op \value\()13_el1, \control\()13_el1, (13 * 32 + \at)
	debug_\op \value\()12_el1, \control\()12_el1, (12 * 32 + \at)
	debug_\op \value\()11_el1, \control\()11_el1, (11 * 32 + \at)
	debug_\op \value\()10_el1, \control\()10_el1, (10 * 32 + \at)
	debug_\op \value\()9_el1, \control\()9_el1, (9 * 32 + \at)
	debug_\op \value\()8_el1, \control\()8_el1, (8 * 32 + \at)
	debug_\op \value\()7_el1, \control\()7_el1, (7 * 32 + \at)
	debug_\op \value\()6_el1, \control\()6_el1, (6 * 32 + \at)
	debug_\op \value\()5_el1, \control\()5_el1, (5 * 32 + \at)
	debug_\op \value\()4_el1, \control\()4_el1, (4 * 32 + \at)
	debug_\op \value\()3_el1, \control\()3_el1, (3 * 32 + \at)
	debug_\op \value\()2_el1, \control\()2_el1, (2 * 32 + \at)
	debug_\op \value\()1_el1, \control\()1_el1, (1 * 32 + \at)
	debug_\op \value\()0_el1, \control\()0_el1, (0 * 32 + \at)
	.endm

	.macro debug_save value, control, at
	mrs	x4, \value
	mrs	x5, \control
	stp	x4, x5, [x0, #\at]
	.endm

	.macro debug_load value, control, at
	ldp	x4, x5, [x0, #\at]
	msr	\value, x4
	msr	\control, x5
	.endm

	.macro debug_entry list, nr
	mov	x3, #16
	sub	x3, x3, \nr
	add	x3, x3, x3, lsl #1
	adr	x6, \list
	add	x6, x6, x3, lsl #2
	br	x6
	.endm

	.macro debug_move op
	debug_entry 2f, x1
2:	debug_list \op, dbgbvr, dbgbcr, 0
	debug_entry 3f, x2
3:	debug_list \op, dbgwvr, dbgwcr, 16
	ret
	.endm

	.globl world_debug_save
world_debug_save:
	debug_move save

	.globl world_debug_load
world_debug_load:
	debug_move load
