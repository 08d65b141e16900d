/* SPDX-License-Identifier: GPL-2.0-only */
/* Cache maintenance by address, for readers that do not look into the caches. */
#ifndef HERALD_HYP_CACHE_H
#define HERALD_HYP_CACHE_H

#include "hyp/sysreg.h"

#define CTR_DMINLINE GENMASK(19, 16)

/* Cleans and invalidates the data cache lines of [@va, @va + @len) to the point of coherency. */
static inline void cache_clean(const void *va, size_t len)
{
	u64 line = UINT64_C(4) << FIELD_GET(CTR_DMINLINE, sysreg_read(ctr_el0));
	u64 at;

	for (at = ALIGN_DOWN((u64)va, line); at < (u64)va + len; at += line)
		__asm__ volatile("dc civac, %0" ::"r"(at) : "memory");
	dsb(sy);
}

#endif
