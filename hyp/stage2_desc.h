/* SPDX-License-Identifier: GPL-2.0-only */
/* Descriptors of stage-2 tables and the way to one: for stage2.c, which changes them, and stage2_find.c. */
#ifndef HERALD_STAGE2_DESC_H
#define HERALD_STAGE2_DESC_H

#include "hyp/mem.h"
#include "hyp/stage2.h"

#define ENTRIES 512u
#define LAST_LEVEL 3u
#define ENTRY_BITS 9u
#define PAGE_BITS 12u

#define DESC_VALID BIT(0)
#define DESC_TABLE BIT(1) /* levels 0 to 2: a table below; level 3: always set */
#define DESC_COUNT GENMASK(11, 2) /* of tables: entries in use below */
#define DESC_MEMATTR GENMASK(5, 2)
#define DESC_READ BIT(6)
#define DESC_WRITE BIT(7)
#define DESC_SH GENMASK(9, 8)
#define DESC_AF BIT(10)
#define DESC_ADDR GENMASK(47, 12)
#define DESC_XN BIT(54)
#define DESC_HIDDEN BIT(55) /* ours: 58..55 are left to software */
#define MEMATTR_NORMAL_WB 0xf
#define MEMATTR_DEVICE_NGNRE 0x1
#define SH_INNER 3

/* An entry without a table below, and how many bytes of IPA space it serves. */
struct place {
	u64 *entry;
	u64 span;
};

static inline void *ram(u64 pa)
{
#ifdef HERALD_HOST
	return stage2_host_ram(pa);
#else
	return mem_phys_to_virt(pa);
#endif
}

static inline u32 level_shift(u32 level)
{
	return PAGE_BITS + ENTRY_BITS * (LAST_LEVEL - level);
}

/* The last entry on the way to @ipa, which is below 2^ipa_bits. Readers' fast path. */
static inline struct place place_find(const struct stage2 *s, u64 ipa)
{
	u32 shift = level_shift(s->start_level);
	u64 *e = &s->root[ipa >> shift];

	while (shift > PAGE_BITS && (*e & (DESC_VALID | DESC_TABLE)) == (DESC_VALID | DESC_TABLE)) {
		u64 *table = ram(*e & DESC_ADDR);

		shift -= ENTRY_BITS;
		e = &table[(ipa >> shift) % ENTRIES];
	}
	return (struct place){ e, BIT(shift) };
}

/* Goes on to @ipa, where the span of the entry behind @at begins; @at zero: the first one. The entries of a page's table lie
 * side by side, and walks over many of them are bounded steps. */
static inline void place_next(const struct stage2 *s, u64 ipa, struct place *at)
{
	if (at->span == SZ_4K && ipa % SZ_2M)
		at->entry++;
	else
		*at = place_find(s, ipa);
}

#endif
