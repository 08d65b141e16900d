/* SPDX-License-Identifier: GPL-2.0-only */
/* The PL011 or 8250 that /chosen/stdout-path names, polled. */
#ifndef HERALD_BARE_CONSOLE_H
#define HERALD_BARE_CONSOLE_H

#include "hyp/lib/bits.h"

/* @base: the UART's registers, already mapped; 0 keeps the console silent. @is_8250: byte-wide registers,
 * one beside the other; else it is a PL011. */
void console_init(u64 base, bool is_8250);
/* Reads the UART's status register: an access that whoever emulates the UART answers. */
void console_poll(void);

/* One text from one CPU at a time; what exceeds 256 characters is cut. */
void print(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
