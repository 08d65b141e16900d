// SPDX-License-Identifier: GPL-2.0-only
/*
 * The page pool: alignment, exact sizes, zeroing, accounts, stray frees, and that everything comes
 * back.
 */
// sources: hyp/pool.c
#include <string.h>
#include "hyp/lib/errno.h"
#include "hyp/pool.h"
#include "tests/unit/tap.h"

#define PAGES 1200u
#define BASE (UINT64_C(0x40000000) + 3 * SZ_4K) /* not aligned to anything large */
#define SLOTS 200

static char *mem;
static struct pool_account a, b;

static void start(u64 pages)
{
	memset(mem, 0xa5, PAGES * SZ_4K);
	a = (struct pool_account){ .limit = ~UINT64_C(0) };
	b = a;
	if (pool_init(BASE, mem, pages * SZ_4K))
		ok(false, "pool_init");
}

static bool all_zero(const char *p, u64 size)
{
	u64 i;

	for (i = 0; i < size; i++)
		if (p[i])
			return false;
	return true;
}

static void test_init(void)
{
	is((s64)pool_init(BASE + 1, mem, SZ_2M), (s64)-EINVAL, "an odd address");
	is((s64)pool_init(BASE, mem + 8, SZ_2M), (s64)-EINVAL, "an odd mapping");
	is((s64)pool_init(BASE, mem, SZ_2M + 1), (s64)-EINVAL, "an odd size");
	is((s64)pool_init(BASE, mem, 0), (s64)-EINVAL, "no memory");
	is((s64)pool_init(BASE, mem, SZ_4K), (s64)-EINVAL, "room for the records only");
	start(2);
	is(pool_stats().size, SZ_4K, "two pages give one");
	ok(pool_alloc_bytes(&a, 1) && !pool_alloc_bytes(&a, 1), "which can be had once");
	is(pool_stats().exhausted, 1, "and the refusal is counted");
}

static void test_one(void)
{
	char *p;
	u64 size;

	start(PAGES);
	for (size = 1; size < 130 * SZ_4K; size = size * 2 + 4000) {
		u64 rounded = ALIGN_UP(size, SZ_4K);

		p = pool_alloc_bytes(&a, size);
		ok(p && IS_ALIGNED(pool_va_to_pa(p), bits_roundup_pow2(rounded)) &&
			   pool_pa_to_va(pool_va_to_pa(p)) == p && p >= mem &&
			   p + rounded <= mem + PAGES * SZ_4K,
		   "0x%lx bytes, naturally aligned", (unsigned long)size);
		is(a.used, rounded, "charged by the page");
		ok(all_zero(p, rounded), "zeroed");
		memset(p, 0x5a, rounded);
		is(pool_free(&a, p), 0, "given back");
		is(a.used, 0, "and not charged any more");
		p = pool_alloc_bytes(&a, size);
		ok(all_zero(p, rounded), "zeroed again when reused");
		pool_free(&a, p);
	}
	is(pool_stats().used, 0, "nothing is in use");
	ok(!pool_alloc_bytes(&a, 0), "nothing for nothing");
	ok(!pool_alloc_bytes(&a, ~UINT64_C(0)), "nor for all bytes of the universe");
	ok(!pool_alloc_bytes(&a, PAGES * SZ_4K), "nor for more than there is");
}

static void test_accounts(void)
{
	char *p, *q;

	start(PAGES);
	a.limit = 5 * SZ_4K;
	p = pool_alloc_bytes(&a, 3 * SZ_4K);
	ok(p != NULL, "within the limit");
	ok(!pool_alloc_bytes(&a, 3 * SZ_4K), "beyond the limit");
	is(pool_stats().over_limit, 1, "is counted");
	q = pool_alloc_bytes(&a, 2 * SZ_4K);
	ok(q != NULL, "up to the limit");
	ok(pool_alloc_bytes(&b, 3 * SZ_4K) != NULL, "others notice nothing");
	a.limit = 0;
	ok(!pool_alloc_bytes(&a, 1), "a limit lowered below the use");
	is((s64)pool_free(&b, p), (s64)-EINVAL, "another's memory cannot be freed");
	is((s64)pool_free(&a, p + SZ_4K), (s64)-EINVAL, "nor a part of it");
	is((s64)pool_free(&a, p + 8), (s64)-EINVAL, "nor what is no page");
	is((s64)pool_free(&a, mem), (s64)-EINVAL, "nor the pool's own records");
	is((s64)pool_free(&a, mem - SZ_4K), (s64)-EINVAL, "nor what lies before the pool");
	is((s64)pool_free(&a, mem + PAGES * SZ_4K), (s64)-EINVAL, "nor behind it");
	is((s64)pool_free(&a, NULL), (s64)-EINVAL, "nor nothing");
	is(pool_free(&a, p), 0, "the owner can free it");
	is((s64)pool_free(&a, p), (s64)-EINVAL, "once");
	is(pool_stats().stray_frees, 8, "all of these are counted");
	is(a.used, 2 * SZ_4K, "and change no account");
	is(pool_free(&a, q), 0, "the rest");
}

/* Random sizes against a map of who has which page; at the end the pool is one piece again. */
static void test_random(void)
{
	static struct {
		char *p;
		u64 size;
		u8 tag;
	} slot[SLOTS];
	u64 biggest = 0, used = 0, size;
	u32 round, bad = 0, refused = 0;
	void *p;

	start(PAGES);
	for (size = SZ_4K; size <= PAGES * SZ_4K; size += SZ_4K)
		if ((p = pool_alloc_bytes(&a, size))) {
			biggest = size;
			pool_free(&a, p);
		}
	srand(1);
	memset(slot, 0, sizeof(slot));
	for (round = 0; round < 60000; round++) {
		u32 i = (u32)rand() % SLOTS;

		if (slot[i].p) {
			bad += slot[i].p[0] != (char)slot[i].tag ||
			       memcmp(slot[i].p, slot[i].p + 1, slot[i].size - 1) != 0;
			bad += pool_free(&a, slot[i].p) != 0;
			used -= slot[i].size;
			slot[i].p = NULL;
		} else {
			size = (rand() % 8 ? 1 + (u64)rand() % 4 : 1 + (u64)rand() % 60) * SZ_4K;
			slot[i].p = pool_alloc_bytes(&a, size);
			refused += !slot[i].p;
			if (!slot[i].p)
				continue;
			slot[i].size = size;
			slot[i].tag = (u8)(i + 1);
			used += size;
			bad += !IS_ALIGNED(pool_va_to_pa(slot[i].p), bits_roundup_pow2(size));
			bad += !all_zero(slot[i].p, size);
			memset(slot[i].p, slot[i].tag, size);
		}
		bad += a.used != used || pool_stats().used != used;
	}
	is(bad, 0, "no overlap, no dirt, right accounts under random use");
	ok(refused > 100, "which also exhausted the pool (%u times)", refused);
	for (round = 0; round < SLOTS; round++)
		if (slot[round].p)
			pool_free(&a, slot[round].p);
	is(pool_stats().used, 0, "everything is back");
	p = pool_alloc_bytes(&a, biggest);
	ok(p != NULL, "and merged: the biggest block (0x%lx) can be had again",
	   (unsigned long)biggest);
	pool_free(&a, p);
	for (used = 0; pool_alloc_bytes(&a, 1); used += SZ_4K)
		;
	is(used, pool_stats().size, "every page can be had");
}

static void test_steps(void)
{
	static const u64 sizes[] = { 1, SZ_4K, SZ_64K - 1, SZ_64K, SZ_64K + 1, 5 * SZ_64K + 4000 };
	u64 done, more;
	void *p;
	u32 i, n;

	start(PAGES);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		bool early = false;

		p = NULL;
		done = 0;
		for (n = 1; pool_alloc_step(&a, sizes[i], &p, &done) == -EAGAIN; n++)
			early = early || done >= sizes[i];
		is(n, (sizes[i] + SZ_64K - 1) / SZ_64K, "%lu bytes: a step for each 64 KiB",
		   (unsigned long)sizes[i]);
		ok(!early && done >= sizes[i] && all_zero(p, sizes[i]), "all zeroed at the last");
		is(a.used, ALIGN_UP(sizes[i], SZ_4K), "charged once");
		is(pool_free(&a, p), 0, "given back");
	}
	a.limit = SZ_64K;
	p = NULL;
	more = 0;
	is((s64)pool_alloc_step(&a, SZ_64K + 1, &p, &more), (s64)-ENOMEM, "above the limit");
	ok(!p && !more && !a.used, "nothing is charged");
	p = NULL;
	is((s64)pool_alloc_step(&b, 0, &p, &more), (s64)-ENOMEM, "nothing for nothing");
}

int main(void)
{
	mem = aligned_alloc(SZ_4K, PAGES * SZ_4K);
	test_init();
	test_one();
	test_accounts();
	test_steps();
	test_random();
	free(mem);
	return tap_done();
}
