/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The page pool: all memory that Herald hands out at run time, and who uses how much of it.
 *
 * A binary buddy allocator over one physically contiguous range, whose own records lie at its
 * start. An allocation has exactly the pages it asked for: the rest of the power-of-two block it
 * was cut from stays free. Allocating and freeing cost O(log size) steps and the zeroing.
 *
 * Memory is zeroed when it is handed out, not when it comes back: what firmware left in a page is
 * not known either, and pages that no one asks for cost nothing.
 */
#ifndef HERALD_HYP_POOL_H
#define HERALD_HYP_POOL_H

#include "hyp/lib/bits.h"

/*
 * What one owner, a VM or Herald itself, may use and uses; bytes, whole pages. Changed under
 * LOCK_POOL.
 */
struct pool_account {
	u64 limit;
	u64 used;
};

struct pool_stats {
	u64 size; /* bytes that can be handed out */
	u64 used; /* bytes that are */
	u64 over_limit; /* allocations refused because of the account's limit */
	u64 exhausted; /* allocations refused because no block was large enough */
	u64 stray_frees; /* pool_free() of what was not allocated, or of another owner's */
};

/* Herald's own: no limit. */
extern struct pool_account pool_herald;

/*
 * Takes over [@pa, @pa + @size), mapped at @va; all multiples of 4 KiB. What was there before is
 * forgotten. -EINVAL: not aligned, or too small for its own records. Boot CPU only.
 */
int pool_init(u64 pa, void *va, u64 size);

/*
 * @size bytes, rounded up to pages, zeroed, charged to @a. The physical address is a multiple of
 * @size rounded up to a power of two. NULL: @size is 0, the account's limit would be passed, or
 * there is no such block. Takes LOCK_POOL.
 */
void *pool_alloc_bytes(struct pool_account *a, u64 size);

/*
 * The same for much memory, in bounded steps: *@p, NULL at first, is the memory, and *@zeroed, 0 at first, how much of it
 * is ready. 0: all of it; -EAGAIN: call again with the same; -ENOMEM. What *@p is then is the caller's to give back.
 */
int pool_alloc_step(struct pool_account *a, u64 size, void **p, u64 *zeroed);

/*
 * Gives back what pool_alloc_bytes() returned for the same account. 0; -EINVAL and a count in the
 * statistics if that is not what @p is (stray, double, foreign account): nothing is changed then.
 * Takes LOCK_POOL.
 */
int pool_free(struct pool_account *a, void *p);

/* Between the two addresses of a byte of the pool. */
u64 pool_va_to_pa(const void *va);
void *pool_pa_to_va(u64 pa);

/* Takes LOCK_POOL. */
struct pool_stats pool_stats(void);

#endif
