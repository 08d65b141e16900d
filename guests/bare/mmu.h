/* SPDX-License-Identifier: GPL-2.0-only */
/* EL1 stage 1: one set of tables for all CPUs; memory and devices where they are, and aliases for
 * tests. */
#ifndef HERALD_BARE_MMU_H
#define HERALD_BARE_MMU_H

#include "hyp/lib/bits.h"

enum mmu_type { MMU_DEVICE, MMU_NORMAL };

/* Offset of the aliases: the same physical memory once more, with another type. */
#define MMU_ALIAS (UINT64_C(1) << 47)

/* Maps the image and @fdt and turns the MMU on. */
void mmu_init(u64 fdt);

/* Maps the 2 MiB blocks that hold [@pa, @pa + @size) at @va; what is mapped already stays as it is.
 */
void mmu_map(u64 va, u64 pa, u64 size, enum mmu_type type);

static inline void mmu_map_device(u64 pa, u64 size)
{
	mmu_map(pa, pa, size, MMU_DEVICE);
}

/* SCTLR_EL1 with MMU and caches off. */
u64 mmu_sctlr_off(void);

#endif
