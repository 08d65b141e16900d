/* SPDX-License-Identifier: GPL-2.0-only */
/* Memory for tables: taken from RAM that nothing else uses, never given back. */
#ifndef HERALD_BARE_MEM_H
#define HERALD_BARE_MEM_H

#include "hyp/lib/bits.h"

void mem_init(u64 base, u64 size);

/* Zeroed; @align is a power of two. Stops the machine if there is none left. */
void *mem_alloc(size_t size, size_t align);

/* xorshift64: the same numbers in every run. */
u64 mem_random(void);

#endif
