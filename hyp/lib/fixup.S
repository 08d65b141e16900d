/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * See fixup.h. An external abort between fixup_begin and fixup_end goes on at
 * fixup_end (hyp/entry.S), with all general registers as they were. These functions use no stack. The
 * exception overwrites ELR_EL2 and SPSR_EL2, which hold the guest's: they are kept in x16 and x17.
 */
#define EFAULT 14

	.text
	.globl fixup_begin
	.globl fixup_end
fixup_begin:

/* int fixup_copy(void *dst, const void *src, size_t len) */
	.globl fixup_copy
fixup_copy:
	mrs	x16, elr_el2
	mrs	x17, spsr_el2
1:	subs	x2, x2, #16
	b.lo	2f
	ldp	x3, x4, [x1], #16
	stp	x3, x4, [x0], #16
	b	1b
	/* x2 is what is left, less 16: its low four bits are those of the rest. */
2:	tbz	x2, #3, 3f
	ldr	x3, [x1], #8
	str	x3, [x0], #8
3:	tbz	x2, #2, 4f
	ldr	w3, [x1], #4
	str	w3, [x0], #4
4:	tbz	x2, #1, 5f
	ldrh	w3, [x1], #2
	strh	w3, [x0], #2
5:	tbz	x2, #0, 6f
	ldrb	w3, [x1]
	strb	w3, [x0]
6:	mov	x0, #0
	ret

/* int fixup_read32(const volatile u32 *src, u32 *val) */
	.globl fixup_read32
fixup_read32:
	mrs	x16, elr_el2
	mrs	x17, spsr_el2
	ldr	w2, [x0]
	str	w2, [x1]
	mov	x0, #0
	ret

/* Here an access that failed goes on. */
fixup_end:
	msr	elr_el2, x16
	msr	spsr_el2, x17
	mov	x0, #-EFAULT
	ret
