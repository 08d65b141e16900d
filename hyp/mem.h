/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * EL2's address space: 48 bits, TTBR0_EL2, one window per kind of memory. Nothing in it is both writable and executable.
 *
 *	window        what                                               permissions
 *	IMAGE_VA      Herald itself, at one fixed address                text R-X, rodata R--, data RW-
 *	FDT_VA + pa   the device tree we were started with               R--
 *	MMIO_VA + pa  device registers that Herald drives                RW-, Device-nGnRE
 *	STACK_VA      one stack per CPU, each over as much unmapped      RW-
 *	PHYS_VA + pa  RAM, but for Herald's image and reserved memory    RW-
 *	(identity)    the page of code that turns the MMU on             R-X
 */
#ifndef HERALD_HYP_MEM_H
#define HERALD_HYP_MEM_H

#define MEM_IMAGE_VA 0x400000000000
#define MEM_FDT_VA 0x480000000000
#define MEM_MMIO_VA 0x500000000000
#define MEM_STACK_VA 0x7f0000000000
#define MEM_PHYS_VA 0x800000000000

/* PHYS_VA leaves this many bits for physical addresses: the others windows are as wide as needed. */
#define MEM_PHYS_BITS 47
#define MEM_LOW_WINDOW_BITS 43

/*
 * A stack lies in the upper half of 2 * MEM_STACK_SIZE, aligned so; nothing is mapped in the lower half. Bit
 * MEM_STACK_BIT of a stack pointer that has not overflowed is 1.
 */
#define MEM_STACK_BIT 14
#define MEM_STACK_SIZE 0x4000
#define MEM_STACK_STRIDE 0x8000

#ifndef __ASSEMBLER__
#include "hyp/lib/bits.h"

_Static_assert(MEM_STACK_SIZE == BIT(MEM_STACK_BIT) && MEM_STACK_STRIDE == 2 * MEM_STACK_SIZE,
	       "the bit tells the halves of the stride apart");

/* RAM by its physical address; only what boot/mmu.c mapped: RAM that is not reserved and not Herald's image. */
static inline void *mem_phys_to_virt(u64 pa)
{
	return (void *)(MEM_PHYS_VA + pa);
}

static inline u64 mem_virt_to_phys(const void *va)
{
	return (u64)va - MEM_PHYS_VA;
}

/* The physical address at which the image was loaded; constant after the first instructions. */
extern u64 mem_image_pa;
#endif

#endif
