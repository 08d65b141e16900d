/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Power-of-two blocks out of a numbered range, by a bitmap that the caller gives: host LPIs and ITT
 * memory come from here. A block of 2^k units starts at a multiple of 2^k. First fit. The caller
 * serialises.
 */
#ifndef HERALD_DRIVERS_BLOCKS_H
#define HERALD_DRIVERS_BLOCKS_H

#include "hyp/lib/bits.h"

struct blocks {
	u64 *map; /* bit n: unit n is taken */
	u32 nr; /* units, a multiple of 64 */
	u32 used;
};

/* Bytes of bitmap for @nr units. */
#define BLOCKS_MAP_SIZE(nr) (((nr) + 63) / 64 * sizeof(u64))

/* All @nr units (rounded down to a multiple of 64) are free; @map holds BLOCKS_MAP_SIZE(nr) bytes.
 */
void blocks_init(struct blocks *b, u64 *map, u32 nr);

/* Takes 2^@order units: the first one's number, or -ENOSPC. */
s64 blocks_alloc(struct blocks *b, u32 order);

/* Gives them back: 0, or -EINVAL, and nothing is changed, if they are not such a block or not
 * wholly taken. */
int blocks_free(struct blocks *b, u32 first, u32 order);

#endif
