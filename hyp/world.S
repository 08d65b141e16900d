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
