// SPDX-License-Identifier: GPL-2.0-only
/* Power-of-two blocks out of a bitmap. */
#include "drivers/blocks.h"
#include "hyp/lib/errno.h"
#include "hyp/lib/string.h"

#define BLOCKS_WORD_ORDER 6u /* 64 units in a word */

void blocks_init(struct blocks *b, u64 *map, u32 nr)
{
	b->map = map;
	b->nr = ALIGN_DOWN(nr, 64u);
	b->used = 0;
	memset(map, 0, BLOCKS_MAP_SIZE(nr));
}

/* 2^@order ones at the low end, for orders up to that of a word. */
static u64 blocks_ones(u32 order)
{
	return GENMASK((1u << order) - 1, 0);
}

static s64 blocks_alloc_in_word(struct blocks *b, u32 order)
{
	u64 ones = blocks_ones(order);
	u32 step = 1u << order;
	u32 w, bit;

	for (w = 0; w < b->nr / 64; w++) {
		if (b->map[w] == ~UINT64_C(0))
			continue;
		for (bit = 0; bit < 64; bit += step) {
			if (b->map[w] & ones << bit)
				continue;
			b->map[w] |= ones << bit;
			return (s64)w * 64 + bit;
		}
	}
	return -ENOSPC;
}

static bool blocks_words_are(const struct blocks *b, u32 w, u32 n, u64 val)
{
	u32 i;

	for (i = 0; i < n; i++)
		if (b->map[w + i] != val)
			return false;
	return true;
}

static s64 blocks_alloc_words(struct blocks *b, u32 order)
{
	u32 n = 1u << (order - BLOCKS_WORD_ORDER);
	u32 w;

	for (w = 0; w + n <= b->nr / 64; w += n) {
		if (!blocks_words_are(b, w, n, 0))
			continue;
		memset(&b->map[w], 0xff, n * sizeof(u64));
		return (s64)w * 64;
	}
	return -ENOSPC;
}

s64 blocks_alloc(struct blocks *b, u32 order)
{
	s64 first;

	if (order >= 31)
		return -ENOSPC;
	first = order < BLOCKS_WORD_ORDER ? blocks_alloc_in_word(b, order)
					  : blocks_alloc_words(b, order);
	if (first >= 0)
		b->used += 1u << order;
	return first;
}

int blocks_free(struct blocks *b, u32 first, u32 order)
{
	u32 n, w = first / 64;
	u64 mask;

	if (order >= 31 || first >= b->nr || b->nr - first < 1u << order ||
	    !IS_ALIGNED(first, 1u << order))
		return -EINVAL;
	if (order >= BLOCKS_WORD_ORDER) {
		n = 1u << (order - BLOCKS_WORD_ORDER);
		if (!blocks_words_are(b, w, n, ~UINT64_C(0)))
			return -EINVAL;
		memset(&b->map[w], 0, n * sizeof(u64));
	} else {
		mask = blocks_ones(order) << first % 64;
		if ((b->map[w] & mask) != mask)
			return -EINVAL;
		b->map[w] &= ~mask;
	}
	b->used -= 1u << order;
	return 0;
}
