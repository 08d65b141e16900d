/* SPDX-License-Identifier: GPL-2.0-only */
/* Address ranges with holes in them. */
#ifndef HERALD_HYP_RANGES_H
#define HERALD_HYP_RANGES_H

#include "hyp/board.h"

/*
 * The first piece of [*@base, @end) that none of the @n @holes touches, in whole 4 KiB pages: moves *@base to its start and
 * answers its size, 0 if there is none left. For a walk over all pieces, add the size to *@base and call again.
 */
u64 ranges_next_gap(const struct board_range *holes, u32 n, u64 *base, u64 end);

/* True if one of the @n @ranges shares a byte with [@base, @base + @size). */
bool ranges_touch(const struct board_range *ranges, u32 n, u64 base, u64 size);

#endif
