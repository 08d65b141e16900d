// SPDX-License-Identifier: GPL-2.0-only
/*
 * Stage-2 tables. Levels are the architecture's: an entry of level 0 spans 512 GiB, 1 GiB, 2 MiB,
 * of level 3 4 KiB.
 *
 * How many entries of a table are in use stands in bits 11..2 of the descriptor that points to the
 * table: ignored by hardware at levels 0 to 2, so that they may be changed while it walks. A table
 * is there if and only if it has a used entry; the root always is.
 *
 * Table pages that got empty are collected and freed after the TLB maintenance that ends each
 * change. They are chained through their first word, an even number: a walker that still finds it
 * through a walk cache sees an invalid entry.
 */
#include "hyp/lib/errno.h"
#include "hyp/lib/string.h"
#include "hyp/stage2_desc.h"

#define NR_LEVELS (LAST_LEVEL + 1)
#define FIRST_BLOCK_LEVEL 1u
#define MAX_ROOT_BITS 4u /* tables side by side: 16 */

#define VTCR_T0SZ GENMASK(5, 0)
#define VTCR_SL0 GENMASK(7, 6)
#define VTCR_IRGN0 GENMASK(9, 8)
#define VTCR_ORGN0 GENMASK(11, 10)
#define VTCR_SH0 GENMASK(13, 12)
#define VTCR_PS GENMASK(18, 16)
#define VTCR_VS BIT(19)
#define VTCR_RES1 BIT(31)
#define VTCR_WALK_WB 1
#define VTTBR_VMID GENMASK(63, 48)

/* The entries that lead to an address, and the level of the last: where no table is below. */
struct path {
	u64 *entry[NR_LEVELS];
	u32 level;
};

static void desc_set(u64 *desc, u64 val)
{
#ifdef HERALD_HOST
	stage2_host_store(desc, val);
#endif
	atomic_store_release(desc, val);
}

static u64 level_span(u32 level)
{
	return BIT(level_shift(level));
}

static bool desc_is_table(u64 desc, u32 level)
{
	return level < LAST_LEVEL &&
	       (desc & (DESC_VALID | DESC_TABLE)) == (DESC_VALID | DESC_TABLE);
}

static u64 desc_make(u64 pa, u32 attrs, bool page)
{
	u64 desc = pa | DESC_VALID | DESC_READ | DESC_AF | FIELD_PREP(DESC_SH, SH_INNER);

	if (page)
		desc |= DESC_TABLE;
	if (!(attrs & STAGE2_READONLY))
		desc |= DESC_WRITE;
	if (attrs & STAGE2_HIDDEN)
		desc |= DESC_HIDDEN;
	if (attrs & STAGE2_DEVICE)
		return desc | DESC_XN | FIELD_PREP(DESC_MEMATTR, MEMATTR_DEVICE_NGNRE);
	return desc | FIELD_PREP(DESC_MEMATTR, MEMATTR_NORMAL_WB);
}

u32 stage2_pa_bits(u32 parange)
{
	static const u8 bits[] = { 32, 36, 40, 42, 44, 48 };

	return bits[MIN(parange, (u32)ARRAY_SIZE(bits) - 1)];
}

int stage2_shape(const struct stage2_cpu *cpu, u32 ipa_bits, struct stage2_shape *shape)
{
	u32 level = 0;
	u32 table_bits;

	if (ipa_bits < STAGE2_MIN_IPA_BITS || ipa_bits > stage2_pa_bits(cpu->parange))
		return -EINVAL;
	while (level < 2 && ipa_bits <= level_shift(level) + MAX_ROOT_BITS)
		level++;
	table_bits = level_shift(level) + ENTRY_BITS;
	shape->start_level = level;
	shape->root_pages = ipa_bits > table_bits ? 1u << (ipa_bits - table_bits) : 1;
	shape->vtcr = VTCR_RES1 | FIELD_PREP(VTCR_T0SZ, 64 - ipa_bits) |
		      FIELD_PREP(VTCR_SL0, 2 - level) | FIELD_PREP(VTCR_IRGN0, VTCR_WALK_WB) |
		      FIELD_PREP(VTCR_ORGN0, VTCR_WALK_WB) | FIELD_PREP(VTCR_SH0, SH_INNER) |
		      FIELD_PREP(VTCR_PS, MIN(cpu->parange, 5u)) | (cpu->vmid16 ? VTCR_VS : 0);
	return 0;
}

u32 stage2_host_ipa_bits(void)
{
	struct stage2_cpu cpu = stage2_cpu();

	return stage2_pa_bits(cpu.parange);
}

int stage2_init(struct stage2 *s, u32 vmid, u32 ipa_bits, struct pool_account *account)
{
	struct stage2_cpu cpu = stage2_cpu();
	struct stage2_shape shape;
	int err = stage2_shape(&cpu, ipa_bits, &shape);

	if (err)
		return err;
	if (vmid >= (cpu.vmid16 ? BIT(16) : BIT(8)))
		return -EINVAL;
	*s = (struct stage2){ .lock = SPINLOCK_INIT(LOCK_STAGE2),
			      .vmid = vmid,
			      .ipa_bits = ipa_bits,
			      .start_level = shape.start_level,
			      .vtcr = shape.vtcr,
			      .pa_end = BIT(stage2_pa_bits(cpu.parange)),
			      .account = account };
	s->root = pool_alloc_bytes(account, shape.root_pages * SZ_4K);
	if (!s->root)
		return -ENOMEM;
	s->root_pa = pool_va_to_pa(s->root);
	return 0;
}

u64 stage2_vttbr(const struct stage2 *s)
{
	return s->root_pa | FIELD_PREP(VTTBR_VMID, s->vmid);
}

/* place_find() with all entries on the way. */
static void path_find(const struct stage2 *s, u64 ipa, struct path *p)
{
	u32 level = s->start_level;
	u64 *e = &s->root[ipa >> level_shift(level)];

	while (p->entry[level] = e, desc_is_table(*e, level)) {
		u64 *table = ram(*e & DESC_ADDR);

		level++;
		e = &table[(ipa >> level_shift(level)) % ENTRIES];
	}
	p->level = level;
}

/*
 * Adds @n to the count of the table in which the path's entry of @level stands; returns the new
 * count.
 */
static u64 path_count(const struct stage2 *s, const struct path *p, u32 level, s32 n)
{
	u64 *parent;
	u64 count;

	if (level == s->start_level)
		return 1; /* the root's entries are not counted: it stays */
	parent = p->entry[level - 1];
	ASSERT(parent);
	count = FIELD_GET(DESC_COUNT, *parent) + (u64)(s64)n;
	desc_set(parent, FIELD_SET(*parent, DESC_COUNT, count));
	return count;
}

/* A new, empty table below the path's last entry, which is invalid; the path then ends in it. */
static int path_add_table(struct stage2 *s, u64 ipa, struct path *p)
{
	u64 *table = pool_alloc_bytes(s->account, SZ_4K);

	if (!table)
		return -ENOMEM;
	s->nr_tables++;
	path_count(s, p, p->level, 1);
	desc_set(p->entry[p->level], pool_va_to_pa(table) | DESC_VALID | DESC_TABLE);
	p->level++;
	p->entry[p->level] = &table[(ipa >> level_shift(p->level)) % ENTRIES];
	return 0;
}

/* Puts the table in which the path's entry of @level stands in front of *@freed. */
static void table_chain(const struct path *p, u32 level, u64 **freed)
{
	u64 *table = (u64 *)ALIGN_DOWN((uintptr_t)p->entry[level], SZ_4K);

	table[0] = (uintptr_t)*freed;
	*freed = table;
}

/* Invalidates the path's last entry, and takes out the tables that this empties. */
static void path_clear(struct stage2 *s, struct path *p, u64 **freed)
{
	for (;; p->level--) {
		desc_set(p->entry[p->level], 0);
		if (path_count(s, p, p->level, -1) != 0)
			return;
		table_chain(p, p->level, freed);
	}
}

/* Takes out the table that the path ends in, whatever is in it; it is not the root. */
static void path_clear_table(struct stage2 *s, struct path *p, u64 **freed)
{
	table_chain(p, p->level, freed);
	p->level--;
	path_clear(s, p, freed);
}

static void tables_free(struct stage2 *s, u64 *table)
{
	while (table) {
		u64 *next = (u64 *)(uintptr_t)table[0];
		int err = pool_free(s->account, table);

		ASSERT(!err);
		s->nr_tables--;
		table = next;
	}
}

/* Ends a change of @leaves leaves, of which @ipa was one. */
static void change_end(struct stage2 *s, u64 leaves, u64 ipa, u64 *freed)
{
	if (leaves == 1)
		stage2_tlb_ipa(s, ipa);
	else if (leaves)
		stage2_tlb_all(s);
	tables_free(s, freed);
}

/*
 * Replaces the block that the path ends in by a table of smaller ones, with break-before-make
 * (D8.16.1).
 */
static int block_split(struct stage2 *s, u64 ipa, const struct path *p)
{
	u64 *table = pool_alloc_bytes(s->account, SZ_4K);
	u64 *e = p->entry[p->level];
	u32 below = p->level + 1;
	u64 child = *e | (below == LAST_LEVEL ? DESC_TABLE : 0);
	u32 i;

	if (!table)
		return -ENOMEM;
	s->nr_tables++;
	for (i = 0; i < ENTRIES; i++)
		table[i] = child + i * level_span(below);
	desc_set(e, 0);
	stage2_tlb_ipa(s, ipa);
	desc_set(e,
		 pool_va_to_pa(table) | DESC_VALID | DESC_TABLE | FIELD_PREP(DESC_COUNT, ENTRIES));
	stage2_published();
	return 0;
}

/* Sees to it that no leaf lies on both sides of @ipa. */
static int boundary_make(struct stage2 *s, u64 ipa)
{
	struct path p = { 0 };
	int err = 0;

	while (!err && !(ipa >> s->ipa_bits)) {
		path_find(s, ipa, &p);
		if (!(*p.entry[p.level] & DESC_VALID) || IS_ALIGNED(ipa, level_span(p.level)))
			return 0;
		err = block_split(s, ipa, &p);
	}
	return err;
}

static int range_check(const struct stage2 *s, u64 ipa, u64 size)
{
	if (!size || !IS_ALIGNED(ipa | size, SZ_4K))
		return -EINVAL;
	return range_contains(0, BIT(s->ipa_bits), ipa, size) ? 0 : -ERANGE;
}

/* 1 if nothing of the range is mapped, 0 if all of it is exactly so, else -EEXIST. */
static int range_state(const struct stage2 *s, u64 ipa, u64 pa, u64 size, u32 attrs)
{
	u64 end = ipa + size;
	struct place at = { 0 };
	bool holes = false;
	bool same = false;

	while (ipa < end) {
		u64 inside;

		place_next(s, ipa, &at);
		inside = ipa & (at.span - 1);
		if (!*at.entry)
			holes = true;
		else if (*at.entry != desc_make(pa - inside, attrs, at.span == SZ_4K))
			return -EEXIST;
		else
			same = true;
		if (holes && same)
			return -EEXIST;
		ipa += at.span - inside;
		pa += at.span - inside;
	}
	return holes;
}

/* The level of the largest block that fits; it cannot lie above the root. */
static u32 level_choose(const struct stage2 *s, u64 ipa, u64 pa, u64 size)
{
	u32 level = MAX(s->start_level, FIRST_BLOCK_LEVEL);

	while (level < LAST_LEVEL &&
	       (size < level_span(level) || !IS_ALIGNED(ipa | pa, level_span(level))))
		level++;
	return level;
}

/*
 * Maps one leaf of the empty range; returns its size, or 0 if there is no memory (its tables are
 * gone again).
 */
static u64 map_leaf(struct stage2 *s, u64 ipa, u64 pa, u64 size, u32 attrs)
{
	u32 level = level_choose(s, ipa, pa, size);
	struct path p = { 0 };

	path_find(s, ipa, &p);
	while (p.level < level) {
		u64 *freed = NULL;

		if (!path_add_table(s, ipa, &p))
			continue;
		/* Only if the last table was made just now is it empty. */
		if (p.level > s->start_level && !FIELD_GET(DESC_COUNT, *p.entry[p.level - 1]))
			path_clear_table(s, &p, &freed);
		change_end(s, freed != NULL, ipa, freed);
		return 0;
	}
	path_count(s, &p, level, 1);
	desc_set(p.entry[level], desc_make(pa, attrs, level == LAST_LEVEL));
	return level_span(level);
}

/* Takes out the leaves of a range at whose ends no leaf is cut. */
static void clear_range(struct stage2 *s, u64 ipa, u64 end)
{
	u64 *freed = NULL;
	u64 leaves = 0;
	u64 last = 0;
	struct path p = { 0 };

	while (ipa < end) {
		path_find(s, ipa, &p);
		if (*p.entry[p.level] & DESC_VALID) {
			path_clear(s, &p, &freed);
			leaves++;
			last = ipa;
		}
		ipa = ALIGN_DOWN(ipa, level_span(p.level)) + level_span(p.level);
	}
	change_end(s, leaves, last, freed);
}

int stage2_map(struct stage2 *s, u64 ipa, u64 pa, u64 size, u32 attrs)
{
	int err = range_check(s, ipa, size);

	if (!err && !IS_ALIGNED(pa, SZ_4K))
		err = -EINVAL;
	if (!err && !range_contains(0, s->pa_end, pa, size))
		err = -ERANGE;
	if (err)
		return err;
	spin_lock(&s->lock);
	err = range_state(s, ipa, pa, size, attrs);
	if (err == 1) {
		u64 done = 0;

		err = 0;
		while (!err && done < size) {
			u64 n = map_leaf(s, ipa + done, pa + done, size - done, attrs);

			done += n;
			err = n ? 0 : -ENOMEM;
		}
		if (err)
			clear_range(s, ipa, ipa + done);
		stage2_published();
	}
	spin_unlock(&s->lock);
	return err;
}

int stage2_unmap(struct stage2 *s, u64 ipa, u64 size)
{
	int err = range_check(s, ipa, size);

	if (err)
		return err;
	spin_lock(&s->lock);
	err = boundary_make(s, ipa);
	if (!err)
		err = boundary_make(s, ipa + size);
	if (!err)
		clear_range(s, ipa, ipa + size);
	spin_unlock(&s->lock);
	return err;
}

/*
 * Makes the page at @ipa writable or read-only, if it is mapped and not so already: 1 if that was done, 0, or -ENOMEM. A
 * change of permissions alone needs no break (D8.16.1), but the TLB maintenance behind it.
 */
static int protect_page(struct stage2 *s, u64 ipa, bool writable)
{
	struct place at = place_find(s, ipa);
	u64 desc = *at.entry;

	if (!(desc & DESC_VALID) || !(desc & DESC_WRITE) != writable)
		return 0;
	if (at.span != SZ_4K) {
		int err = boundary_make(s, ipa);

		if (!err)
			err = boundary_make(s, ipa + SZ_4K);
		if (err)
			return err;
		at = place_find(s, ipa);
	}
	desc_set(at.entry, *at.entry ^ DESC_WRITE);
	return 1;
}

int stage2_protect(struct stage2 *s, u64 ipa, const u64 *pages, u32 count, bool writable)
{
	int ret = range_check(s, ipa, count * SZ_4K);
	u64 leaves = 0, last = 0;
	u32 i;

	if (ret)
		return ret;
	spin_lock(&s->lock);
	for (i = 0; i < count && ret >= 0; i++) {
		if (!(pages[i / 64] >> i % 64 & 1))
			continue;
		ret = protect_page(s, ipa + i * SZ_4K, writable);
		if (ret == 1) {
			leaves++;
			last = ipa + i * SZ_4K;
		}
	}
	change_end(s, leaves, last, NULL);
	spin_unlock(&s->lock);
	return ret < 0 ? ret : 0;
}

bool stage2_destroy(struct stage2 *s, u32 budget)
{
	u64 *freed = NULL;
	bool done;

	spin_lock(&s->lock);
	for (; budget && !(s->destroyed >> s->ipa_bits); budget--) {
		struct path p = { 0 };
		u64 span;

		path_find(s, s->destroyed, &p);
		span = level_span(p.level);
		if (p.level == LAST_LEVEL) { /* a table of pages goes as a whole */
			span = level_span(LAST_LEVEL - 1);
			path_clear_table(s, &p, &freed);
		} else if (*p.entry[p.level] & DESC_VALID) {
			path_clear(s, &p, &freed);
		}
		s->destroyed = ALIGN_DOWN(s->destroyed, span) + span;
	}
	done = s->destroyed >> s->ipa_bits;
	stage2_tlb_all(s);
	tables_free(s, freed);
	if (done) {
		int err = pool_free(s->account, s->root);

		ASSERT(!err && !s->nr_tables);
		s->root = NULL;
	}
	spin_unlock(&s->lock);
	return done;
}
