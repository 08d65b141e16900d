/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Herald's own options: the words of /chosen/bootargs, separated by blanks; a word is "name" or
 * "name=value". There are no quotes. Which names there are is documented where each is asked for
 * and in docs/boot.md.
 */
#ifndef HERALD_BOOT_CMDLINE_H
#define HERALD_BOOT_CMDLINE_H

#include "hyp/lib/bits.h"

/* The word @name stands in @line, with or without a value. */
bool cmdline_has(const char *line, const char *name);

/*
 * Copies the value of the last "@name=value" of @line to @buf and ends it with NUL. Its length;
 * -ENOENT if there is none; -ENOSPC, and an empty string, if it and the NUL do not fit into @size
 * bytes.
 */
int cmdline_get(const char *line, const char *name, char *buf, size_t size);

#endif
