// SPDX-License-Identifier: GPL-2.0-only
/*
 * The page pool, a binary buddy allocator.
 *
 * One record per page; only that of a block's first page means anything (PAGE_INSIDE elsewhere, so
 * that a block is never taken for another). A free block of order k starts at a page number that is
 * a multiple of 2^k and merges with its buddy, whose number differs in bit k. An allocation is a
 * run of pages in one record, of any length.
 */
#include "hyp/lib/errno.h"
#include "hyp/lib/lock.h"
#include "hyp/lib/string.h"
#include "hyp/pool.h"

#define POOL_ORDERS 36 /* blocks of up to 2^47 bytes: more than the pool can have */
#define POOL_NONE (~UINT32_C(0))
#define ZERO_STEP SZ_64K

enum page_state { PAGE_INSIDE, PAGE_FREE, PAGE_USED };

struct pool_page {
	u32 state;
	union {
		u32 order; /* PAGE_FREE */
		u32 pages; /* PAGE_USED */
	};
	union {
		struct {
			u32 prev; /* in the list of its order; POOL_NONE ends it */
			u32 next;
		};
		struct pool_account *owner;
	};
};

_Static_assert(sizeof(struct pool_page) == 16, "records are counted on at 1/256 of the pool");

static struct {
	struct spinlock lock;
	struct pool_page *page; /* by index: page number less that of the pool's first page */
	u64 pa;
	char *va;
	u32 nr_pages;
	u32 free_list[POOL_ORDERS]; /* index of the first block */
	struct pool_stats stats;
} pool = { .lock = { .rank = LOCK_POOL } };

struct pool_account pool_herald = { .limit = ~UINT64_C(0) };

u64 pool_va_to_pa(const void *va)
{
	return (u64)((const char *)va - pool.va) + pool.pa;
}

void *pool_pa_to_va(u64 pa)
{
	return pool.va + (pa - pool.pa);
}

/* Page numbers are of physical memory, so that alignment is what the hardware sees. */
static u64 page_number(u32 index)
{
	return pool.pa / SZ_4K + index;
}

static void list_add(u32 index, u32 order)
{
	u32 head = pool.free_list[order];
	struct pool_page *p = &pool.page[index];

	p->state = PAGE_FREE;
	p->order = order;
	p->prev = POOL_NONE;
	p->next = head;
	if (head != POOL_NONE)
		pool.page[head].prev = index;
	pool.free_list[order] = index;
}

static void list_remove(u32 index)
{
	struct pool_page *p = &pool.page[index];

	if (p->prev != POOL_NONE)
		pool.page[p->prev].next = p->next;
	else
		pool.free_list[p->order] = p->next;
	if (p->next != POOL_NONE)
		pool.page[p->next].prev = p->prev;
	p->state = PAGE_INSIDE;
}

/* Index of the free block that merges with the one of @order at @index, or POOL_NONE. */
static u32 free_buddy(u32 index, u32 order)
{
	u64 number = page_number(index) ^ BIT(order);
	u32 buddy;

	if (number < page_number(0) || number >= page_number(pool.nr_pages))
		return POOL_NONE;
	buddy = (u32)(number - page_number(0));
	if (pool.page[buddy].state != PAGE_FREE || pool.page[buddy].order != order)
		return POOL_NONE;
	return buddy;
}

static void block_free(u32 index, u32 order)
{
	u32 buddy;

	while (order + 1 < POOL_ORDERS && (buddy = free_buddy(index, order)) != POOL_NONE) {
		list_remove(buddy);
		index = MIN(index, buddy);
		order++;
	}
	list_add(index, order);
}

/*
 * Frees @pages pages in the largest aligned blocks that they are made of: at most two of each
 * order.
 */
static void run_free(u32 index, u32 pages)
{
	while (pages) {
		u32 order = bits_fls(pages) - 1;
		u64 number = page_number(index);

		if (number)
			order = MIN(order, (u32)__builtin_ctzll(number));
		block_free(index, order);
		index += (u32)BIT(order);
		pages -= (u32)BIT(order);
	}
}

/*
 * Takes a block of 2^@order pages, the smallest that there is, and leaves but its first @pages
 * pages free.
 */
static u32 run_alloc(u32 order, u32 pages)
{
	u32 from = order;
	u32 index;

	while (from < POOL_ORDERS && pool.free_list[from] == POOL_NONE)
		from++;
	if (from == POOL_ORDERS)
		return POOL_NONE;
	index = pool.free_list[from];
	list_remove(index);
	pool.page[index].state = PAGE_USED;
	pool.page[index].pages = pages;
	run_free(index + pages, (u32)BIT(from) - pages);
	return index;
}

int pool_init(u64 pa, void *va, u64 size)
{
	u64 pages = size / SZ_4K;
	u64 records = DIV_ROUND_UP(pages * sizeof(struct pool_page), SZ_4K);
	u32 i;

	if (!IS_ALIGNED(pa | (uintptr_t)va | size, SZ_4K) || records >= pages || pages > POOL_NONE)
		return -EINVAL;
	pool.pa = pa;
	pool.va = va;
	pool.nr_pages = (u32)pages;
	pool.page = va;
	memset(va, 0, pages * sizeof(struct pool_page)); /* PAGE_INSIDE */
	for (i = 0; i < POOL_ORDERS; i++)
		pool.free_list[i] = POOL_NONE;
	pool.stats = (struct pool_stats){ .size = (pages - records) * SZ_4K };
	pool_herald.used = 0;
	run_free((u32)records, (u32)(pages - records));
	return 0;
}

/* Whole pages, by cache lines where the CPU can. */
static void zero(void *p, u64 size)
{
#ifdef __aarch64__
	u64 dczid;

	__asm__("mrs %0, dczid_el0" : "=r"(dczid));
	if (!FIELD_GET(BIT(4), dczid)) {
		u64 step = UINT64_C(4) << FIELD_GET(GENMASK(3, 0), dczid); /* at most 2 KiB */
		u64 off;

		for (off = 0; off < size; off += step)
			__asm__ volatile("dc zva, %0" ::"r"((char *)p + off) : "memory");
		return;
	}
#endif
	memset(p, 0, size);
}

static u32 charge_and_take(struct pool_account *a, u32 order, u32 pages)
{
	u64 size = pages * SZ_4K;
	u32 index;

	if (a->used > a->limit || size > a->limit - a->used) {
		pool.stats.over_limit++;
		return POOL_NONE;
	}
	index = run_alloc(order, pages);
	if (index == POOL_NONE) {
		pool.stats.exhausted++;
		return POOL_NONE;
	}
	pool.page[index].owner = a;
	a->used += size;
	pool.stats.used += size;
	return index;
}

static void *alloc_dirty(struct pool_account *a, u64 size)
{
	u64 pages = size / SZ_4K + !IS_ALIGNED(size, SZ_4K);
	u32 index;

	if (!pages)
		return NULL;
	spin_lock(&pool.lock);
	if (pages <= pool.nr_pages) {
		index = charge_and_take(a, bits_fls(pages - 1), (u32)pages);
	} else {
		pool.stats.exhausted++;
		index = POOL_NONE;
	}
	spin_unlock(&pool.lock);
	return index == POOL_NONE ? NULL : pool.va + index * SZ_4K;
}

void *pool_alloc_bytes(struct pool_account *a, u64 size)
{
	void *p = alloc_dirty(a, size);

	if (p)
		zero(p, ALIGN_UP(size, SZ_4K));
	return p;
}

int pool_alloc_step(struct pool_account *a, u64 size, void **p, u64 *zeroed)
{
	u64 n;

	if (!*p)
		*p = alloc_dirty(a, size);
	if (!*p)
		return -ENOMEM;
	n = MIN(ALIGN_UP(size, SZ_4K) - *zeroed, ZERO_STEP);
	zero((char *)*p + *zeroed, n);
	*zeroed += n;
	return *zeroed < size ? -EAGAIN : 0;
}

/* The record of the allocation of @a that starts at @p, or NULL. */
static struct pool_page *find_allocation(const struct pool_account *a, const void *p)
{
	u64 offset = (uintptr_t)p - (uintptr_t)pool.va;
	struct pool_page *page;

	if (offset / SZ_4K >= pool.nr_pages || !IS_ALIGNED(offset, SZ_4K))
		return NULL;
	page = &pool.page[offset / SZ_4K];
	return page->state == PAGE_USED && page->owner == a ? page : NULL;
}

int pool_free(struct pool_account *a, void *p)
{
	struct pool_page *page;
	int err = 0;

	spin_lock(&pool.lock);
	page = find_allocation(a, p);
	if (page) {
		u64 size = page->pages * SZ_4K;

		ASSERT(a->used >= size);
		a->used -= size;
		pool.stats.used -= size;
		page->state = PAGE_INSIDE;
		run_free((u32)(page - pool.page), page->pages);
	} else {
		pool.stats.stray_frees++;
		err = -EINVAL;
	}
	spin_unlock(&pool.lock);
	return err;
}

struct pool_stats pool_stats(void)
{
	struct pool_stats s;

	spin_lock(&pool.lock);
	s = pool.stats;
	spin_unlock(&pool.lock);
	return s;
}
