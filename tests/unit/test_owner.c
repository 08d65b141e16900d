// SPDX-License-Identifier: GPL-2.0-only
/*
 * The owner table against a flat array, under random changes, with banks that share and cut chunks.
 */
// sources: hyp/owner.c hyp/pool.c
#include <string.h>
#include "hyp/lib/errno.h"
#include "hyp/owner.h"
#include "hyp/pool.h"
#include "tests/unit/tap.h"

#define POOL_PAGES 64
#define CHUNK (SZ_2M * 4)

/* Two banks that touch, in the middle of a chunk; a hole; one of a page; a large one far up; a part of a chunk. */
static const struct {
	u64 base, size;
} bank[] = {
	{ 5 * SZ_4K, 3 * CHUNK },     { 3 * CHUNK + 5 * SZ_4K, CHUNK + SZ_4K },
	{ 6 * CHUNK, SZ_4K },	      { UINT64_C(1) << 40, UINT64_C(1) << 33 },
	{ UINT64_C(1) << 41, SZ_2M },
};
#define FLAT_PAGES (7 * CHUNK / SZ_4K)

/* The model: owner and loans of each page below 7 chunks. */
static struct {
	u8 owner;
	u32 lent;
} flat[FLAT_PAGES];
static bool is_ram[FLAT_PAGES];
static char *mem;

static void test_banks(void)
{
	size_t i;
	u64 k;
	u32 lent;

	is((s64)owner_add_bank(0, 0), (s64)-EINVAL, "an empty bank");
	is((s64)owner_add_bank(5, SZ_4K), (s64)-EINVAL, "an odd bank");
	is((s64)owner_add_bank(-SZ_4K, 2 * SZ_4K), (s64)-EINVAL, "a bank that wraps");
	is((s64)owner_add_bank(0, UINT64_C(1) << 50), (s64)-ENOMEM,
	   "a bank too large for the pool");
	for (i = 0; i < ARRAY_SIZE(bank); i++) {
		is(owner_add_bank(bank[i].base, bank[i].size), 0, "bank %zu", i);
		for (k = bank[i].base / SZ_4K;
		     k < FLAT_PAGES && k < (bank[i].base + bank[i].size) / SZ_4K; k++)
			is_ram[k] = true;
	}
	is((s64)owner_add_bank(4 * SZ_4K, 2 * SZ_4K), (s64)-EEXIST, "a bank over another");
	ok(owner_get(5 * SZ_4K, &lent) == OWNER_NONE && !lent, "RAM is no one's at first");
	ok(owner_get(0, &lent) == OWNER_NONE && !lent, "what is not RAM is no one's");
}

static void test_errors(void)
{
	u64 ram = bank[3].base;
	u32 lent;

	is((s64)owner_set_range(0, SZ_4K, OWNER_MGMT), (s64)-ENOENT, "not RAM");
	is((s64)owner_set_range(ram + 1, SZ_4K, OWNER_MGMT), (s64)-EINVAL, "an odd address");
	is((s64)owner_set_range(ram, 0, OWNER_MGMT), (s64)-EINVAL, "no pages");
	is((s64)owner_set_range(ram, -SZ_4K, OWNER_MGMT), (s64)-EINVAL, "a range that wraps");
	is((s64)owner_set_range(ram, bank[3].size + SZ_4K, OWNER_MGMT), (s64)-ENOENT,
	   "a page more than the bank has");
	is((s64)owner_lend(ram, SZ_4K, 1), (s64)-EPERM, "no one's page cannot be lent");
	is(owner_set_range(ram, bank[3].size, OWNER_MGMT), 0, "a bank for the management VM");
	is(owner_set_range(ram + SZ_2M, SZ_2M, OWNER_HERALD), 0, "a part of it for Herald");
	is((s64)owner_lend(ram, 2 * SZ_2M, 1), (s64)-EPERM, "Herald's cannot be lent");
	ok(owner_check_range(ram, SZ_2M, OWNER_MGMT, 0), "nor is half of that lent then");
	is((s64)owner_return(ram, SZ_4K), (s64)-EPERM, "what is not lent cannot be returned");
	is(owner_lend(ram, SZ_4K, 1), 0, "a loan");
	is((s64)owner_lend(ram, SZ_4K, 1), (s64)-EBUSY, "to one VM only");
	is(owner_lend(ram, SZ_4K, 2), 0, "or to two");
	ok(owner_get(ram + 123, &lent) == OWNER_MGMT && lent == 2, "is seen");
	ok(!owner_check_range(ram, SZ_4K, OWNER_MGMT, 1) &&
		   owner_check_range(ram, SZ_4K, OWNER_MGMT, 2),
	   "and checked");
	is((s64)owner_set_range(ram, SZ_4K, OWNER_HERALD), (s64)-EBUSY,
	   "lent pages change no owner");
	is(owner_return(ram, SZ_4K) | owner_return(ram, SZ_4K), 0, "both return it");
	ok(!owner_check_range(ram, 0, OWNER_MGMT, 0), "no pages are no one's");
}

static void test_limits(void)
{
	u64 ram = bank[3].base + CHUNK;
	u32 i, bad = 0;
	u64 used, n;

	for (i = 0; i < OWNER_MAX_LENT; i++)
		bad += owner_lend(ram, CHUNK, ~0u) != 0;
	is(bad, 0, "a chunk can be lent %u times", OWNER_MAX_LENT);
	is((s64)owner_lend(ram, CHUNK, ~0u), (s64)-EBUSY, "and no more");
	for (i = 0; i < OWNER_MAX_LENT; i++)
		bad += owner_return(ram, CHUNK) != 0;
	is(bad, 0, "and returned");

	is(owner_set_range(bank[4].base, SZ_2M, OWNER_MGMT) | owner_lend(bank[4].base, SZ_2M, 1), 0,
	   "all of a bank below a chunk is lent");
	/* Leaves of one chunk after the other, until the pool has no page left. */
	used = pool_stats().used;
	for (n = 0; owner_lend(ram + n * CHUNK, SZ_4K, 1) == 0; n++)
		bad += pool_stats().used != used + (n + 1) * SZ_4K;
	is(bad, 0, "a partial loan costs one leaf");
	is((s64)owner_lend(ram + n * CHUNK, SZ_4K, 1), (s64)-ENOMEM,
	   "an exhausted pool is said so");
	ok(owner_check_range(ram + n * CHUNK, CHUNK, OWNER_MGMT, 0), "and changes nothing");
	is(owner_lend(ram + n * CHUNK, CHUNK, 1), 0, "whole chunks need no leaf");
	is(owner_return(bank[4].base + SZ_4K, SZ_4K), 0, "nor does a part of a loan below a chunk");
}

static void compare(u64 from, u64 to, u32 *bad)
{
	u32 lent;
	u64 k;

	for (k = from; k < to; k++)
		*bad += owner_get(k * SZ_4K, &lent) != flat[k].owner || lent != flat[k].lent;
}

/* What the model says of an operation on pages [from, to): 0 or the error; changes it if 0. */
static int model(u32 op, u64 from, u64 to, u32 arg)
{
	u64 k;

	for (k = from; k < to; k++) {
		if (k >= FLAT_PAGES || !is_ram[k])
			return -ENOENT;
		if (op == 0 && flat[k].lent)
			return -EBUSY;
		if (op == 1 && flat[k].owner != OWNER_MGMT)
			return -EPERM;
		if (op == 1 && flat[k].lent >= arg)
			return -EBUSY;
		if (op == 2 && !flat[k].lent)
			return -EPERM;
	}
	for (k = from; k < to; k++) {
		if (op == 0)
			flat[k].owner = (u8)arg;
		else
			flat[k].lent += op == 1 ? 1 : -1u;
	}
	return 0;
}

static void test_random(void)
{
	static u64 edge[] = { 0, 5, 6, 2048, 2053, 4096, 6144, 6149, 8192, 8198, 12288, 12289 };
	u32 round, bad_err = 0, bad_state = 0, bad_check = 0, good = 0;

	srand(2);
	for (round = 0; round < 4000; round++) {
		u64 from = rand() % 2 ? edge[rand() % ARRAY_SIZE(edge)] : (u64)rand() % 8300;
		u64 n = rand() % 3 ? 1 + (u64)rand() % 40 : 1 + (u64)rand() % 5000;
		u64 pa = from * SZ_4K, k;
		u32 op = (u32)rand() % 3, arg = op ? 1 + (u32)rand() % 3 : (u32)rand() % 3;
		enum owner who = (enum owner)(rand() % 3);
		bool want = true;
		int got;

		if (op == 0 && rand() % 4) /* most of it the management VM's */
			arg = OWNER_MGMT;
		got = op == 0	? owner_set_range(pa, n * SZ_4K, (enum owner)arg)
		      : op == 1 ? owner_lend(pa, n * SZ_4K, arg)
				: owner_return(pa, n * SZ_4K);
		bad_err += got != model(op, from, from + n, arg);
		good += !got;
		compare(from > 3 ? from - 3 : 0, MIN(from + n + 3, (u64)FLAT_PAGES), &bad_state);
		for (k = from; k < from + n; k++)
			want &= k < FLAT_PAGES && is_ram[k] && flat[k].owner == who &&
				flat[k].lent <= 1;
		bad_check += owner_check_range(pa, n * SZ_4K, who, 1) != want;
	}
	compare(0, FLAT_PAGES, &bad_state);
	is(bad_err, 0, "random operations succeed and fail as the model says");
	is(bad_state, 0, "every page is in the state that the model says");
	is(bad_check, 0, "range checks agree");
	ok(good > 500, "%u operations succeeded", good);
}

int main(void)
{
	mem = aligned_alloc(SZ_4K, POOL_PAGES * SZ_4K);
	pool_init(SZ_1G, mem, POOL_PAGES * SZ_4K);
	test_banks();
	test_errors();
	test_random();
	test_limits();
	free(mem);
	return tap_done();
}
