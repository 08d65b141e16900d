// SPDX-License-Identifier: GPL-2.0-only
/* A bump allocator, random numbers, and the two symbols that libfdt's stack protector wants. */
#include "guests/bare/except.h"
#include "guests/bare/mem.h"
#include "hyp/lib/string.h"

static u64 next, end;

void mem_init(u64 base, u64 size)
{
	next = base;
	end = base + size;
}

void *mem_alloc(size_t size, size_t align)
{
	u64 at = ALIGN_UP(next, align);

	if (at + size > end)
		fatal("out of memory: %zu bytes", size);
	next = at + size;
	memset((void *)at, 0, size);
	return (void *)at;
}

u64 mem_random(void)
{
	static u64 state = 0x9e3779b97f4a7c15;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

unsigned long __stack_chk_guard = 0x5bd1e995;

void __stack_chk_fail(void)
{
	fatal("stack smashed");
}
