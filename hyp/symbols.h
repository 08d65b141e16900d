/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Names of Herald's own functions, for backtraces.
 *
 * boot/mksyms.sh makes the table out of the linked image's symbols. It lies behind text and rodata,
 * so the second link, with the full table in place of an empty one, leaves every function where the
 * first put it.
 */
#ifndef HERALD_HYP_SYMBOLS_H
#define HERALD_HYP_SYMBOLS_H

#include "hyp/lib/bits.h"

/*
 * The table: offsets from symbol_base in rising order, and as many names, each with its terminator.
 */
extern const u64 symbol_base;
extern const u32 symbol_count;
extern const u32 symbol_end; /* offset of the end of the last function */
extern const u32 symbol_offsets[];
extern const char symbol_names[];

/*
 * The function that holds @addr and the offset in it; false if none does. Not fast: names are
 * counted off.
 */
bool symbol_find(u64 addr, const char **name, u64 *offset);

#endif
