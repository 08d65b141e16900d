// SPDX-License-Identifier: GPL-2.0-only
/*
 * Stage 2 against a flat array of pages, while a simulated MMU walks the tables and fills a TLB and
 * a walk cache between any two stores to them. What the MMU must never see (Arm ARM D8.16.1): a
 * valid entry that becomes another without having been invalid and flushed in between; a table page
 * that is freed while something of it is cached; anything stale when a call has returned.
 */
// sources: hyp/pool.c hyp/stage2_find.c
#include <string.h>
#include "hyp/pool.h"

static int checked_free(struct pool_account *a, void *p);
#define pool_free checked_free
#include "hyp/stage2.c"
#undef pool_free
#include "tests/unit/tap.h"

#define POOL_PA (UINT64_C(1) << 33)
#define POOL_PAGES 6000u
#define GUEST_PA UINT64_C(0x80000000)
#define GUEST_PAGES 16u
#define WINDOW_PAGES (2 * SZ_1G / SZ_4K)
#define CACHE 64

static char *pool_mem, *guest_mem;
static struct pool_account account;
static struct stage2 s2;
static struct stage2_cpu host = { .parange = 5, .vmid16 = true };

/* What the MMU has cached: leaves with what they said, and table descriptors on the way. */
static struct cached {
	u64 *desc; /* NULL: free */
	u64 val;
	u64 base, size; /* the IPAs it serves */
} tlb[CACHE], walks[CACHE];
static u32 bad_change, bad_reuse, bad_free, bad_stale, nr_tlb_ops;
static u8 table_level[POOL_PAGES]; /* 0xff: no table */
static u64 near_base, near_size; /* where the MMU walks */

void *stage2_host_ram(u64 pa)
{
	if (pa >= POOL_PA && pa < POOL_PA + POOL_PAGES * SZ_4K)
		return pool_pa_to_va(pa);
	if (pa >= GUEST_PA && pa < GUEST_PA + GUEST_PAGES * SZ_4K)
		return guest_mem + (pa - GUEST_PA);
	panic("EL2 touches 0x%llx", (unsigned long long)pa);
}

struct stage2_cpu stage2_cpu(void)
{
	return host;
}

void stage2_published(void)
{
}

static u64 random64(void)
{
	return (u64)rand() << 31 ^ (u64)rand();
}

static u32 page_of(const void *p)
{
	return (u32)(((const char *)p - pool_mem) / (long)SZ_4K);
}

static bool leaf_or_none(u64 desc, u32 level)
{
	return level == 3 || (desc & 3) != 3;
}

static void cache_put(struct cached *c, u64 *desc, u64 base, u64 size)
{
	c[rand() % CACHE] = (struct cached){ desc, *desc, base, size };
}

/* The MMU translates @ipa; an independent walk from the root as VTCR_EL2 describes it. */
static u64 mmu_walk(u64 ipa, bool cache, u64 *size)
{
	u32 level = 2 - (u32)((s2.vtcr >> 6) & 3);
	u64 *table = pool_pa_to_va(stage2_vttbr(&s2) & GENMASK(47, 12));
	u64 index = ipa >> (39 - 9 * level);

	for (;; level++) {
		u64 *desc = &table[index];

		*size = UINT64_C(1) << (39 - 9 * level);
		if (!(*desc & 1))
			return 0;
		if (cache)
			cache_put(leaf_or_none(*desc, level) ? tlb : walks, desc,
				  ALIGN_DOWN(ipa, *size), *size);
		if (leaf_or_none(*desc, level))
			return *desc;
		table = pool_pa_to_va(*desc & GENMASK(47, 12));
		index = (ipa >> (30 - 9 * level)) & 511;
	}
}

static void mmu_run(void)
{
	u64 size;
	int i;

	for (i = 0; i < 4; i++) {
		u64 ipa = near_base - SZ_2M + random64() % (near_size + 2 * SZ_2M);

		if (!(ipa >> s2.ipa_bits))
			mmu_walk(ipa, true, &size);
	}
}

void stage2_host_store(u64 *desc, u64 val)
{
	u32 level = table_level[page_of(desc)];
	u64 old = *desc;
	u32 i;

	mmu_run();
	bad_change += level > 3;
	if ((old & 1) && (val & 1)) {
		if (leaf_or_none(old, level) || leaf_or_none(val, level))
			bad_change += (old ^ val) != BIT(7); /* permission only */
		else
			bad_change += ((old ^ val) & ~GENMASK(11, 2)) != 0; /* ignored bits only */
	} else if (val & 1) {
		for (i = 0; i < CACHE; i++)
			bad_reuse += tlb[i].desc == desc || walks[i].desc == desc;
		if (!leaf_or_none(val, level))
			table_level[page_of(pool_pa_to_va(val & GENMASK(47, 12)))] =
				(u8)(level + 1);
	}
}

static void flush(struct cached *c, bool all, u64 ipa)
{
	u32 i;

	for (i = 0; i < CACHE; i++)
		if (all || (ipa >= c[i].base && ipa - c[i].base < c[i].size))
			c[i].desc = NULL;
}

void stage2_tlb_ipa(const struct stage2 *s, u64 ipa)
{
	(void)s;
	mmu_run();
	nr_tlb_ops++;
	flush(tlb, false, ipa);
	flush(walks, false, ipa);
}

void stage2_tlb_all(const struct stage2 *s)
{
	(void)s;
	mmu_run();
	nr_tlb_ops++;
	flush(tlb, true, 0);
	flush(walks, true, 0);
}

static int checked_free(struct pool_account *a, void *p)
{
	u32 page = page_of(p), i;

	for (i = 0; i < CACHE; i++) {
		bad_free += tlb[i].desc && page_of(tlb[i].desc) == page;
		bad_free += walks[i].desc && page_of(walks[i].desc) == page;
		bad_free += walks[i].desc &&
			    page_of(pool_pa_to_va(walks[i].val & GENMASK(47, 12))) == page;
	}
	table_level[page] = 0xff;
	return pool_free(a, p);
}

/* What is cached must be what the tables say now. */
static void check_stale(void)
{
	u64 size;
	u32 i;

	for (i = 0; i < CACHE; i++) {
		bad_stale += tlb[i].desc && mmu_walk(tlb[i].base, false, &size) != tlb[i].val;
		bad_stale += walks[i].desc && ((*walks[i].desc ^ walks[i].val) & ~GENMASK(11, 2));
	}
}

/* Counts tables, and checks that the count in each descriptor is right and not 0. */
static u32 count_tables(const u64 *table, u32 entries, u32 level, u32 *bad)
{
	u32 n = 0, i, k;

	for (i = 0; i < entries; i++) {
		const u64 *below;
		u64 used = 0;

		if (!(table[i] & 1) || leaf_or_none(table[i], level))
			continue;
		below = pool_pa_to_va(table[i] & GENMASK(47, 12));
		for (k = 0; k < 512; k++)
			used += below[k] != 0;
		*bad += !used || used != ((table[i] >> 2) & 0x3ff);
		n += 1 + count_tables(below, 512, level + 1, bad);
	}
	return n;
}

static u32 root_pages(void)
{
	struct stage2_shape shape;

	stage2_shape(&host, s2.ipa_bits, &shape);
	return shape.root_pages;
}

static void start(u32 ipa_bits)
{
	u32 i;

	account = (struct pool_account){ .limit = ~UINT64_C(0) };
	pool_init(POOL_PA, pool_mem, POOL_PAGES * SZ_4K);
	memset(table_level, 0xff, sizeof(table_level));
	flush(tlb, true, 0);
	flush(walks, true, 0);
	near_size = 0;
	is(stage2_init(&s2, 7, ipa_bits, &account), 0, "%u IPA bits", ipa_bits);
	for (i = 0; i < root_pages(); i++)
		table_level[page_of(s2.root) + i] = (u8)s2.start_level;
}

static void test_shape(void)
{
	static const struct {
		u32 parange, ipa_bits;
		u32 level, pages;
		u64 vtcr;
	} good[] = {
		{ 0, 32, 2, 4, 0x80003520 }, { 1, 34, 2, 16, 0x8001351e },
		{ 1, 35, 1, 1, 0x8001355d }, { 2, 39, 1, 1, 0x80023559 },
		{ 2, 40, 1, 2, 0x80023558 }, { 4, 43, 1, 16, 0x80043555 },
		{ 4, 44, 0, 1, 0x80043594 }, { 5, 48, 0, 1, 0x80053590 },
		{ 6, 48, 0, 1, 0x80053590 }, { 15, 40, 1, 2, 0x80053558 },
	};
	struct stage2_shape shape;
	struct stage2_cpu cpu = { .vmid16 = false };
	u32 i;

	for (i = 0; i < ARRAY_SIZE(good); i++) {
		cpu.parange = good[i].parange;
		is(stage2_shape(&cpu, good[i].ipa_bits, &shape), 0, "PARange %u, %u IPA bits",
		   good[i].parange, good[i].ipa_bits);
		is(shape.start_level, good[i].level, "start level");
		is(shape.root_pages, good[i].pages, "root pages");
		is(shape.vtcr, good[i].vtcr, "VTCR_EL2");
	}
	cpu = (struct stage2_cpu){ .parange = 2, .vmid16 = true };
	stage2_shape(&cpu, 40, &shape);
	is(shape.vtcr, 0x800a3558, "16-bit VMIDs");
	is((s64)stage2_shape(&cpu, 41, &shape), (s64)-EINVAL, "more IPA bits than PA bits");
	is((s64)stage2_shape(&cpu, 31, &shape), (s64)-EINVAL, "too few IPA bits");
	is((s64)stage2_init(&s2, 0x10000, 40, &account), (s64)-EINVAL, "a VMID of 17 bits");
	host.vmid16 = false;
	is((s64)stage2_init(&s2, 0x100, 40, &account), (s64)-EINVAL, "one of 9 where there are 8");
	host.vmid16 = true;
	pool_init(POOL_PA, pool_mem, POOL_PAGES * SZ_4K);
	account.limit = SZ_4K;
	is((s64)stage2_init(&s2, 1, 40, &account), (s64)-ENOMEM, "no room for the root");
}

/* The descriptor a single mapping makes, and at which level. */
static void is_leaf(u64 ipa, u64 pa, u64 size, u32 attrs, u64 want_size, u64 want)
{
	u64 span;
	struct stage2_leaf leaf;

	is(stage2_map(&s2, ipa, pa, size, attrs), 0, "0x%llx bytes at 0x%llx",
	   (unsigned long long)size, (unsigned long long)ipa);
	is(mmu_walk(ipa, false, &span), want, "descriptor");
	is(span, want_size, "level");
	ok(stage2_walk(&s2, ipa + want_size - 1, &leaf) && leaf.pa == pa + want_size - 1 &&
		   leaf.size == want_size && leaf.attrs == attrs,
	   "as stage2_walk() sees it");
	is(stage2_unmap(&s2, ipa, size), 0, "unmapped");
	ok(!stage2_walk(&s2, ipa, &leaf), "and gone");
	is(s2.nr_tables, 0, "with all tables");
}

static void test_leaves(void)
{
	start(40);
	is(stage2_vttbr(&s2), s2.root_pa | UINT64_C(7) << 48, "VTTBR_EL2");
	is(s2.root_pa % (2 * SZ_4K), 0, "the root is aligned to its size");
	is_leaf(SZ_1G, 3 * SZ_1G, SZ_1G, STAGE2_NORMAL, SZ_1G, 3 * SZ_1G | 0x7fd);
	is_leaf(SZ_1G + SZ_2M, SZ_2M, SZ_2M, STAGE2_READONLY, SZ_2M, SZ_2M | 0x77d);
	is_leaf(SZ_4K, SZ_2M, SZ_4K, STAGE2_DEVICE, SZ_4K, SZ_2M | BIT(54) | 0x7c7);
	is_leaf(0, SZ_4K, SZ_2M, STAGE2_HIDDEN, SZ_4K, SZ_4K | BIT(55) | 0x7ff);
	is_leaf(0, SZ_2M, SZ_1G, STAGE2_NORMAL, SZ_2M, SZ_2M | 0x7fd);
	is_leaf((UINT64_C(1) << 40) - SZ_1G, 0, SZ_1G, STAGE2_NORMAL, SZ_1G, 0x7fd);
}

#define PROTECT_PAGES 256u

/* All of @count pages. */
static int protect(u64 ipa, u32 count, bool writable)
{
	u64 all[PROTECT_PAGES / 64];

	memset(all, 0xff, sizeof(all));
	return stage2_protect(&s2, ipa, all, count, writable);
}

static void test_errors(void)
{
	u64 top = UINT64_C(1) << 40;
	struct stage2_leaf leaf;
	u32 i;

	start(40);
	is((s64)stage2_map(&s2, 1, 0, SZ_4K, 0), (s64)-EINVAL, "an odd IPA");
	is((s64)stage2_map(&s2, 0, 8, SZ_4K, 0), (s64)-EINVAL, "an odd PA");
	is((s64)stage2_map(&s2, 0, 0, SZ_4K - 1, 0), (s64)-EINVAL, "an odd size");
	is((s64)stage2_map(&s2, 0, 0, 0, 0), (s64)-EINVAL, "nothing");
	is((s64)stage2_map(&s2, top, 0, SZ_4K, 0), (s64)-ERANGE, "an IPA too high");
	is((s64)stage2_map(&s2, top - SZ_4K, 0, 2 * SZ_4K, 0), (s64)-ERANGE, "an end too high");
	is((s64)stage2_map(&s2, -SZ_4K, 0, 2 * SZ_4K, 0), (s64)-ERANGE, "a range that wraps");
	is((s64)stage2_map(&s2, 0, BIT(48), SZ_4K, 0), (s64)-ERANGE, "a PA too high");
	is((s64)stage2_map(&s2, 0, -SZ_4K, 2 * SZ_4K, 0), (s64)-ERANGE, "a PA range that wraps");
	is((s64)stage2_unmap(&s2, top - SZ_4K, 2 * SZ_4K), (s64)-ERANGE, "unmap out of range");
	is((s64)protect(5, 1, false), (s64)-EINVAL, "protect of a misaligned page");
	is((s64)protect(top - SZ_4K, 2, false), (s64)-ERANGE, "protect out of range");
	ok(!stage2_walk(&s2, top, &leaf) && !stage2_walk(&s2, ~UINT64_C(0), &leaf),
	   "a walk out of range");
	is(stage2_unmap(&s2, 0, top), 0, "unmapping nothing at all is fine");
	is(protect(0, PROTECT_PAGES, true), 0, "protecting it, too");
	is(nr_tlb_ops, 0, "and costs no TLB maintenance");
	is(account.used, 2 * SZ_4K, "nothing of this took memory");

	/* One table too few, at every depth. */
	for (i = 0; i < 3; i++) {
		start(48);
		account.limit = account.used + i * SZ_4K;
		is((s64)stage2_map(&s2, SZ_4K, 0, SZ_4K, 0), (s64)-ENOMEM, "%u of 3 tables", i);
		is(s2.nr_tables, 0, "none is kept");
		is(account.used, SZ_4K, "nor charged");
	}
	is(stage2_map(&s2, 0, 0, SZ_1G, 0), 0, "a block");
	is((s64)stage2_unmap(&s2, SZ_2M, SZ_4K), (s64)-ENOMEM, "that cannot be split twice");
	ok(stage2_walk(&s2, SZ_2M, &leaf) && leaf.pa == SZ_2M, "stays mapped");
	is((s64)protect(SZ_2M, 1, false), (s64)-ENOMEM, "nor is a page of it protected");
	ok(stage2_walk(&s2, SZ_2M, &leaf) && !(leaf.attrs & STAGE2_READONLY), "it stays writable");
}

/* Guest memory: pages of RAM in reverse order, with traps around. */
static void test_memory(void)
{
	u64 base = SZ_1G - 3 * SZ_4K;
	char buf[3 * SZ_4K], back[3 * SZ_4K];
	const u64 some = 0x16;
	u32 i;

	start(40);
	for (i = 0; i < 8; i++)
		stage2_map(&s2, base + i * SZ_4K, GUEST_PA + (7 - i) * SZ_4K, SZ_4K, STAGE2_NORMAL);
	stage2_map(&s2, base + 8 * SZ_4K, GUEST_PA + 8 * SZ_4K, SZ_4K, STAGE2_READONLY);
	stage2_map(&s2, base + 9 * SZ_4K, GUEST_PA + 9 * SZ_4K, SZ_4K, STAGE2_DEVICE);
	stage2_map(&s2, base + 11 * SZ_4K, 0x1000, SZ_4K, STAGE2_HIDDEN);
	for (i = 0; i < sizeof(buf); i++)
		buf[i] = (char)(i * 5 + i / 256);
	is(stage2_write(&s2, base + 100, buf, sizeof(buf)), 0, "written across pages");
	is(stage2_read(&s2, base + 100, back, sizeof(back)), 0, "read back");
	ok(!memcmp(buf, back, sizeof(buf)), "the same");
	ok(!memcmp(guest_mem + 7 * SZ_4K + 100, buf, SZ_4K - 100) &&
		   !memcmp(guest_mem + 6 * SZ_4K, buf + SZ_4K - 100, SZ_4K),
	   "and where the tables say");
	is(stage2_read(&s2, base + 7 * SZ_4K, back, 2 * SZ_4K), 0, "a read-only page can be read");
	is((s64)stage2_write(&s2, base + 8 * SZ_4K, buf, 1), (s64)-EFAULT, "not written");
	is((s64)stage2_write(&s2, base + 8 * SZ_4K - 4, buf, 8), (s64)-EFAULT, "also not in part");
	is((s64)stage2_read(&s2, base + 9 * SZ_4K, back, 1), (s64)-EFAULT,
	   "a device is not memory");
	is((s64)stage2_read(&s2, base + 10 * SZ_4K, back, 1), (s64)-EFAULT, "nor is a hole");
	is((s64)stage2_read(&s2, base + 11 * SZ_4K, back, 1), (s64)-EFAULT,
	   "nor what EL2 cannot see");
	is((s64)stage2_read(&s2, base - 1, back, 2), (s64)-EFAULT, "nor what starts in a hole");
	is((s64)stage2_read(&s2, BIT(40) - 1, back, 2), (s64)-EFAULT, "nor the end of the space");
	is((s64)stage2_read(&s2, ~UINT64_C(0), back, 2), (s64)-EFAULT, "nor the end of all");
	is(stage2_read(&s2, ~UINT64_C(0), back, 0), 0, "no bytes can be had anywhere");
	is(protect(base, 1, false), 0, "made read-only");
	is((s64)stage2_write(&s2, base, buf, 1), (s64)-EFAULT, "is read-only");
	is(protect(base, 1, true), 0, "made writable");
	is(stage2_write(&s2, base, buf, 1), 0, "is writable");
	nr_tlb_ops = 0;
	is(stage2_protect(&s2, base, &some, 6, false), 0, "pages 1, 2 and 4 of 6");
	is(nr_tlb_ops, 1, "with one TLB maintenance");
	is(stage2_protect(&s2, base, &some, 6, false), 0, "again");
	is(nr_tlb_ops, 1, "it costs none");
	for (i = 0; i < 6; i++)
		is((s64)stage2_write(&s2, base + i * SZ_4K, buf, 1),
		   (s64)(some >> i & 1 ? -EFAULT : 0), "writing page %u", i);
	/* Inside of a block. */
	stage2_unmap(&s2, 0, BIT(40));
	stage2_map(&s2, 0, GUEST_PA, SZ_2M, STAGE2_NORMAL);
	is(stage2_read(&s2, 5 * SZ_4K - 50, back, 100), 0, "inside of a block");
	ok(!memcmp(back, guest_mem + 5 * SZ_4K - 50, 100), "the right bytes");
}

/* The model: PA | attributes | 1 of each page of the window; 0 is a hole. */
static u64 model[WINDOW_PAGES];

static u64 model_val(u64 pa, u32 attrs)
{
	return pa | (u64)attrs << 1 | 1;
}

static int model_map(u64 first, u64 n, u64 pa, u32 attrs)
{
	bool same = false, hole = false;
	u64 i;

	for (i = 0; i < n; i++) {
		if (!model[first + i])
			hole = true;
		else if (model[first + i] == model_val(pa + i * SZ_4K, attrs))
			same = true;
		else
			return -EEXIST;
	}
	if (same)
		return hole ? -EEXIST : 0;
	for (i = 0; i < n; i++)
		model[first + i] = model_val(pa + i * SZ_4K, attrs);
	return 0;
}

static void model_change(u64 first, u64 n, u32 op)
{
	u64 ro = model_val(0, STAGE2_READONLY) & ~UINT64_C(1);
	u64 i;

	for (i = first; i < first + n; i++)
		if (op == 1)
			model[i] = 0;
		else if (model[i])
			model[i] = op == 2 ? model[i] | ro : model[i] & ~ro;
}

static u32 compare(u64 base, u64 first, u64 n)
{
	struct stage2_leaf leaf;
	u32 bad = 0;
	u64 i, size;

	for (i = first; i < first + n && i < WINDOW_PAGES; i++) {
		u64 ipa = base + i * SZ_4K;
		bool there = stage2_walk(&s2, ipa, &leaf);

		bad += there != (model[i] != 0) || there != (mmu_walk(ipa, false, &size) != 0);
		bad += there && model_val(leaf.pa, leaf.attrs) != model[i];
	}
	return bad;
}

/* A random piece of the window, of a size and alignment at which blocks are made or broken. */
static void random_piece(u64 *first, u64 *n)
{
	static const u64 unit[] = { 1, 1, 1, 512, 512, 512 * 512 };
	u64 u = unit[rand() % ARRAY_SIZE(unit)];

	*first = random64() % (WINDOW_PAGES / u) * u;
	*n = u * (1 + random64() % (u == 1 ? 700 : u == 512 ? 6 : 1));
	if (rand() % 4 == 0)
		*first += random64() % 3;
	if (rand() % 4 == 0)
		*n += random64() % 3;
	*first = MIN(*first, WINDOW_PAGES - 1);
	*n = MIN(*n, WINDOW_PAGES - *first);
}

static int random_op(u64 base, u64 *first, u64 *n)
{
	static const u32 kinds[] = { STAGE2_NORMAL, STAGE2_DEVICE, STAGE2_READONLY, STAGE2_HIDDEN };
	u32 op = (u32)rand() % 6;
	u64 pa;
	u32 attrs;
	int err;

	random_piece(first, n);
	near_base = base + *first * SZ_4K;
	near_size = *n * SZ_4K;
	if (op == 1 || op == 4) {
		err = stage2_unmap(&s2, near_base, near_size);
		if (!err)
			model_change(*first, *n, 1);
		return err == -ENOMEM ? 0 : err;
	}
	if (op == 2 || op == 3) {
		account.limit = ~UINT64_C(0); /* else it may stop in the middle */
		*n = MIN(*n, (u64)PROTECT_PAGES);
		near_size = *n * SZ_4K;
		err = protect(near_base, (u32)*n, op == 3);
		if (!err)
			model_change(*first, *n, op);
		return err;
	}
	pa = (rand() % 2 ? near_base : near_base + SZ_2M * (random64() % 4)) & (BIT(32) - 1);
	pa += rand() % 8 ? 0 : SZ_4K;
	attrs = kinds[rand() % 4 * (rand() % 3 == 0)];
	err = stage2_map(&s2, near_base, pa, near_size, attrs);
	return err == -ENOMEM ? 0 : err - model_map(*first, *n, pa, attrs);
}

static void test_random(u32 ipa_bits, u64 base, u32 rounds)
{
	u32 round, bad_err = 0, bad_map = 0, bad_count = 0, bad_tables = 0, i;
	u64 first, n;

	start(ipa_bits);
	memset(model, 0, sizeof(model));
	bad_change = bad_reuse = bad_free = bad_stale = nr_tlb_ops = 0;
	for (round = 0; round < rounds; round++) {
		account.limit = rand() % 4 ? ~UINT64_C(0) : account.used + (u64)rand() % 4 * SZ_4K;
		bad_err += random_op(base, &first, &n) != 0;
		check_stale();
		bad_map += compare(base, first > 2 ? first - 2 : 0, 4);
		bad_map += compare(base, first + n - 1, 4);
		for (i = 0; i < 20; i++)
			bad_map += compare(base, first + random64() % n, 1);
		if (round % 64 == 0) {
			bad_tables += count_tables(s2.root, 512 * root_pages(), s2.start_level,
						   &bad_count) != s2.nr_tables;
			bad_tables += account.used != (s2.nr_tables + root_pages()) * SZ_4K;
		}
	}
	bad_map += compare(base, 0, WINDOW_PAGES);
	is(bad_err, 0, "calls answer as the model does");
	is(bad_map, 0, "every page leads where the model says");
	is(bad_tables, 0, "no table is lost");
	is(bad_count, 0, "no table is empty or miscounted");
	is(bad_change, 0, "no valid entry became another");
	is(bad_reuse, 0, "no entry was reused before the TLB was flushed");
	is(bad_free, 0, "no table was freed that the MMU may still use");
	is(bad_stale, 0, "nothing stale is cached after a call");
	ok(nr_tlb_ops > rounds / 8, "and the MMU was asked to flush %u times", nr_tlb_ops);
	/* Something to take down, whatever is left: scattered pages and a block. */
	account.limit = ~UINT64_C(0);
	stage2_map(&s2, base, 0, SZ_1G, STAGE2_NORMAL);
	for (i = 1; i < 20; i++)
		stage2_unmap(&s2, base + i * 17 * SZ_2M, SZ_4K);
}

static void test_destroy(void)
{
	u32 steps = 1, tables = s2.nr_tables;

	near_size = 0;
	ok(tables > 3, "%u tables to take down", tables);
	while (!stage2_destroy(&s2, 10))
		steps++;
	ok(steps > 3, "in %u bounded steps", steps);
	is(account.used, 0, "everything was given back");
	is(bad_free, 0, "not before it was flushed");
}

int main(void)
{
	pool_mem = aligned_alloc(SZ_2M, ALIGN_UP(POOL_PAGES * SZ_4K, SZ_2M));
	guest_mem = aligned_alloc(SZ_4K, GUEST_PAGES * SZ_4K);
	memset(pool_mem, 0x5a, POOL_PAGES * SZ_4K);
	srand(3);
	test_shape();
	test_leaves();
	nr_tlb_ops = 0;
	test_errors();
	test_memory();
	test_random(32, 2 * SZ_1G, 3000); /* up to the end of the space */
	test_destroy();
	test_random(40, BIT(39) - SZ_1G, 3000); /* from one root table into the next */
	test_destroy();
	test_random(48, BIT(47) - SZ_1G, 3000); /* from one level-0 entry into the next */
	test_destroy();
	free(pool_mem);
	free(guest_mem);
	return tap_done();
}
