/* SPDX-License-Identifier: GPL-2.0-only */
/* EL2's own page tables; the map they make is drawn in hyp/mem.h. */
#ifndef HERALD_BOOT_MMU_H
#define HERALD_BOOT_MMU_H

#include "hyp/lib/bits.h"

enum mmu_prot { MMU_RX, MMU_R, MMU_RW, MMU_DEVICE };

/*
 * Maps @size bytes at @pa to @va, in the largest blocks that fit; all three multiples of 4 KiB.
 * 0; -EEXIST if a page of it is mapped to something else; -ENOMEM if the table pages are used up. Boot CPU only.
 */
int mmu_map(u64 va, u64 pa, u64 size, enum mmu_prot prot);

/* MEM_MMIO_VA mapping of the device registers at @pa, any alignment; NULL if that is not possible. */
void *mmu_map_device(u64 pa, u64 size);

/* The root table's physical address, for TTBR0_EL2 of another CPU. */
u64 mmu_root(void);

#endif
