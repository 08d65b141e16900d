/* SPDX-License-Identifier: GPL-2.0-only */
/* Address ranges with holes in them. */
#include "hyp/ranges.h"

/* The hole that covers @at, or NULL. */
static const struct board_range *hole_at(const struct board_range *holes, u32 n, u64 at)
{
	u32 i;

	for (i = 0; i < n; i++)
		if (at - ALIGN_DOWN(holes[i].base, SZ_4K) <
		    ALIGN_UP(holes[i].base + holes[i].size, SZ_4K) -
			    ALIGN_DOWN(holes[i].base, SZ_4K))
			return &holes[i];
	return NULL;
}

u64 ranges_next_gap(const struct board_range *holes, u32 n, u64 *base, u64 end)
{
	const struct board_range *h;
	u64 at = ALIGN_UP(*base, SZ_4K);
	u64 stop = ALIGN_DOWN(end, SZ_4K);
	u32 i;

	while ((h = hole_at(holes, n, at)))
		at = ALIGN_UP(h->base + h->size, SZ_4K);
	for (i = 0; i < n; i++)
		if (holes[i].size && holes[i].base >= at)
			stop = MIN(stop, ALIGN_DOWN(holes[i].base, SZ_4K));
	*base = at;
	return at < stop ? stop - at : 0;
}

bool ranges_touch(const struct board_range *ranges, u32 n, u64 base, u64 size)
{
	u32 i;

	for (i = 0; i < n; i++)
		if (ranges_overlap(ranges[i].base, ranges[i].size, base, size))
			return true;
	return false;
}
