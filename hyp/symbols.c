// SPDX-License-Identifier: GPL-2.0-only
/* Looks up the function that an address belongs to. */
#include "hyp/symbols.h"
#include "hyp/lib/string.h"

static const char *symbol_name(u32 index)
{
	const char *s = symbol_names;

	while (index--)
		s += strlen(s) + 1;
	return s;
}

bool symbol_find(u64 addr, const char **name, u64 *offset)
{
	u64 want = addr - symbol_base;
	u32 lo = 0;
	u32 hi = symbol_count;

	if (addr < symbol_base || want >= symbol_end || !hi || want < symbol_offsets[0])
		return false;
	/* symbol_offsets[lo] <= want, and what stands at hi and behind is greater. */
	while (hi - lo > 1) {
		u32 mid = lo + (hi - lo) / 2;

		if (symbol_offsets[mid] <= want)
			lo = mid;
		else
			hi = mid;
	}
	*name = symbol_name(lo);
	*offset = want - symbol_offsets[lo];
	return true;
}
