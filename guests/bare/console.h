/* SPDX-License-Identifier: GPL-2.0-only */
/* The PL011 that /chosen/stdout-path names, polled. */
#ifndef HERALD_BARE_CONSOLE_H
#define HERALD_BARE_CONSOLE_H

#include "hyp/lib/bits.h"

/* @base: the UART's registers, already mapped; 0 keeps the console silent. */
void console_init(u64 base);

/* One text from one CPU at a time; what exceeds 256 characters is cut. */
void print(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
