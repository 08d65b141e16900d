// SPDX-License-Identifier: GPL-2.0-only
/*
 * The owner table. Each change looks first at all pages of its range, then makes the leaves it
 * needs, and only then changes states: so that it is done whole or not at all.
 */
#include "hyp/owner.h"
#include "hyp/lib/errno.h"
#include "hyp/lib/lock.h"
#include "hyp/pool.h"

#define CHUNK_PAGES (SZ_4K / sizeof(u16))
#define CHUNK_SIZE OWNER_CHUNK_SIZE

/* State of a page. */
#define STATE_OWNER GENMASK(15, 14)
#define STATE_LENT GENMASK(13, 0)

/*
 * A chunk: the state of all its pages, or where its leaf is. Leaves are page-aligned: bit 0 tells.
 */
#define CHUNK_UNIFORM BIT(0)
#define CHUNK_STATE GENMASK(31, 16)

struct bank {
	u64 base;
	u64 end;
	u64 first; /* number of its first chunk: address / CHUNK_SIZE */
	u64 *chunk;
};

/* The part of a range that lies in one chunk. */
struct piece {
	u64 *chunk;
	u32 first; /* page in the chunk */
	u32 pages;
	bool whole; /* it is all of the chunk */
};

/* What is done to the state of a page: 0 and the new state, or why it cannot be. */
struct change {
	int (*next)(u16 *state, u32 arg);
	u32 arg;
};

static struct spinlock owner_lock = { .rank = LOCK_STAGE2 };
static struct bank banks[OWNER_MAX_BANKS];
static u32 nr_banks;

_Static_assert(CHUNK_SIZE == CHUNK_PAGES * SZ_4K, "the states of a chunk fill a leaf");
_Static_assert(FIELD_MAX(STATE_LENT) == OWNER_MAX_LENT, "the count of loans fits its field");

static u16 state_make(enum owner who, u32 lent)
{
	return (u16)(FIELD_PREP(STATE_OWNER, who) | FIELD_PREP(STATE_LENT, lent));
}

static u64 chunk_make(u16 state)
{
	return CHUNK_UNIFORM | FIELD_PREP(CHUNK_STATE, state);
}

static u16 *chunk_leaf(u64 chunk)
{
	return (u16 *)(uintptr_t)chunk;
}

int owner_add_bank(u64 base, u64 size)
{
	struct bank *b = &banks[nr_banks];
	u64 n, i;

	if (!size || !IS_ALIGNED(base | size, SZ_4K) || base + size < base)
		return -EINVAL;
	for (i = 0; i < nr_banks; i++)
		if (ranges_overlap(banks[i].base, banks[i].end - banks[i].base, base, size))
			return -EEXIST;
	if (nr_banks == OWNER_MAX_BANKS)
		return -ENOSPC;
	b->base = base;
	b->end = base + size;
	b->first = base / CHUNK_SIZE;
	n = DIV_ROUND_UP(b->end, CHUNK_SIZE) - b->first;
	b->chunk = pool_alloc_bytes(&pool_herald, n * sizeof(u64));
	if (!b->chunk)
		return -ENOMEM;
	for (i = 0; i < n; i++)
		b->chunk[i] = chunk_make(state_make(OWNER_NONE, 0));
	nr_banks++;
	return 0;
}

static struct bank *bank_find(u64 pa)
{
	u32 i;

	for (i = 0; i < nr_banks; i++)
		if (pa >= banks[i].base && pa < banks[i].end)
			return &banks[i];
	return NULL;
}

/* The piece at the start of [@pa, @end); false if @pa is not RAM. */
static bool piece_at(u64 pa, u64 end, struct piece *p)
{
	const struct bank *b = bank_find(pa);
	u64 chunk = pa / CHUNK_SIZE;
	u64 hi;

	if (!b)
		return false;
	hi = MIN((chunk + 1) * CHUNK_SIZE, b->end);
	p->chunk = &b->chunk[chunk - b->first];
	p->first = (u32)((pa % CHUNK_SIZE) / SZ_4K);
	p->pages = (u32)((MIN(hi, end) - pa) / SZ_4K);
	p->whole = p->pages == CHUNK_PAGES;
	return true;
}

/* States that have to be looked at one by one: 1 if the chunk is uniform. */
static u32 piece_states(const struct piece *p)
{
	return (*p->chunk & CHUNK_UNIFORM) ? 1 : p->pages;
}

static u16 piece_state(const struct piece *p, u32 i)
{
	if (*p->chunk & CHUNK_UNIFORM)
		return (u16)FIELD_GET(CHUNK_STATE, *p->chunk);
	return chunk_leaf(*p->chunk)[p->first + i];
}

static int range_check(u64 pa, u64 size)
{
	return size && IS_ALIGNED(pa | size, SZ_4K) && pa + size > pa ? 0 : -EINVAL;
}

/* Neighbours are mostly alike, and so is what becomes of them. @store: it is done, else only asked about. */
static int states_change(u16 *state, u32 nr, const struct change *c, bool store)
{
	u16 from = 0, to = 0;
	u32 i;

	for (i = 0; i < nr; i++) {
		if (!i || state[i] != from) {
			int err;

			from = to = state[i];
			err = c->next(&to, c->arg);
			if (err)
				return err;
		}
		if (store)
			state[i] = to;
	}
	return 0;
}

/* Looks whether the change is allowed everywhere; with @store, which comes after that, makes it. */
static int pass_change(u64 pa, u64 end, const struct change *c, bool store)
{
	struct piece p;
	int err;

	for (; pa < end; pa += p.pages * SZ_4K) {
		u16 state;

		if (!piece_at(pa, end, &p))
			return -ENOENT;
		state = piece_state(&p, 0);
		if (!(*p.chunk & CHUNK_UNIFORM))
			err = states_change(&chunk_leaf(*p.chunk)[p.first], p.pages, c, store);
		else
			err = c->next(&state, c->arg);
		if (err)
			return err;
		if (store && (*p.chunk & CHUNK_UNIFORM))
			*p.chunk = chunk_make(state);
	}
	return 0;
}

/*
 * Makes leaves where a part of a uniform chunk is to change. A leaf too many, left by a failure,
 * does no harm.
 */
static int pass_split(u64 pa, u64 end)
{
	struct piece p;
	u32 i;

	for (; pa < end; pa += p.pages * SZ_4K) {
		u64 __attribute__((may_alias)) * leaf; /* four pages each */

		if (!piece_at(pa, end, &p))
			return -ENOENT;
		if (p.whole || !(*p.chunk & CHUNK_UNIFORM))
			continue;
		leaf = pool_alloc_bytes(&pool_herald, SZ_4K);
		if (!leaf)
			return -ENOMEM;
		leaf[0] = piece_state(&p, 0) * UINT64_C(0x0001000100010001);
		for (i = 1; i < SZ_4K / sizeof(*leaf); i++)
			leaf[i] = leaf[0];
		*p.chunk = (uintptr_t)leaf;
	}
	return 0;
}

static int range_change(u64 pa, u64 size, const struct change *c)
{
	int err = range_check(pa, size);

	if (err)
		return err;
	spin_lock(&owner_lock);
	err = pass_change(pa, pa + size, c, false);
	if (!err)
		err = pass_split(pa, pa + size);
	if (!err)
		err = pass_change(pa, pa + size, c, true);
	spin_unlock(&owner_lock);
	return err;
}

static int next_owner(u16 *state, u32 who)
{
	if (FIELD_GET(STATE_LENT, *state))
		return -EBUSY;
	*state = state_make((enum owner)who, 0);
	return 0;
}

static int next_lent(u16 *state, u32 max_lent)
{
	u32 lent = (u32)FIELD_GET(STATE_LENT, *state);

	if (FIELD_GET(STATE_OWNER, *state) != OWNER_MGMT)
		return -EPERM;
	if (lent >= max_lent)
		return -EBUSY;
	*state = state_make(OWNER_MGMT, lent + 1);
	return 0;
}

static int next_returned(u16 *state, u32 arg)
{
	u32 lent = (u32)FIELD_GET(STATE_LENT, *state);

	(void)arg;
	if (!lent)
		return -EPERM;
	*state = state_make(OWNER_MGMT, lent - 1);
	return 0;
}

int owner_set_range(u64 pa, u64 size, enum owner who)
{
	return range_change(pa, size, &(struct change){ next_owner, who });
}

int owner_lend(u64 pa, u64 size, u32 max_lent)
{
	return range_change(pa, size, &(struct change){ next_lent, MIN(max_lent, OWNER_MAX_LENT) });
}

int owner_return(u64 pa, u64 size)
{
	return range_change(pa, size, &(struct change){ next_returned, 0 });
}

bool owner_check_range(u64 pa, u64 size, enum owner who, u32 max_lent)
{
	struct piece p = { .pages = 0 };
	bool good = range_check(pa, size) == 0;
	u64 end = pa + size;
	u32 i;

	spin_lock(&owner_lock);
	for (; good && pa < end; pa += p.pages * SZ_4K) {
		good = piece_at(pa, end, &p);
		for (i = 0; good && i < piece_states(&p); i++) {
			u16 state = piece_state(&p, i);

			good = FIELD_GET(STATE_OWNER, state) == who &&
			       FIELD_GET(STATE_LENT, state) <= max_lent;
		}
	}
	spin_unlock(&owner_lock);
	return good;
}

enum owner owner_get(u64 pa, u32 *lent)
{
	struct piece p;
	u16 state = 0;

	spin_lock(&owner_lock);
	if (piece_at(ALIGN_DOWN(pa, SZ_4K), ALIGN_DOWN(pa, SZ_4K) + SZ_4K, &p))
		state = piece_state(&p, 0);
	spin_unlock(&owner_lock);
	*lent = (u32)FIELD_GET(STATE_LENT, state);
	return (enum owner)FIELD_GET(STATE_OWNER, state);
}
