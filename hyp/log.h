/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Herald's log: every line goes to a ring that keeps them, and to the UART.
 *
 * Safe from the first C instruction on: what is logged before log_uart_ready() is kept and printed
 * then. When the ring is full the oldest lines go; log_lost() says how many bytes.
 */
#ifndef HERALD_HYP_LOG_H
#define HERALD_HYP_LOG_H

#include <stddef.h>
#include "hyp/lib/bits.h"

#define LOG_RING_SIZE 0x10000
/* Bytes of one line, its stamp and newline included; what is longer is cut. */
#define LOG_LINE_MAX 256

/*
 * Microseconds since Herald was entered; given by the clock's owner (the host tests bring their
 * own).
 */
u64 log_clock_us(void);

/*
 * Prints one line, without its newline: "[    0.012345] herald: text". Bytes that are not printable
 * ASCII become '?'. Takes LOCK_LOG. Never at a guest's rate.
 */
void log_line(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/*
 * uart_init() is done: prints what was kept so far; from now on each line goes out at once. Takes
 * LOCK_LOG.
 */
void log_uart_ready(void);

/*
 * From now on log_line() takes no lock: the holder may be what broke. By the CPU that reports a
 * panic.
 */
void log_panic_enter(void);

/*
 * Copies text from byte *@offset of all that was ever logged and moves *@offset behind it; where
 * that part is lost already, it starts at the oldest line that is left. Returns the bytes copied, 0
 * at the end. Takes LOCK_LOG.
 */
size_t log_read(u64 *offset, char *buf, size_t size);

/* Bytes of the log that the ring no longer holds; the oldest that it holds has this offset. */
u64 log_lost(void);

#endif
