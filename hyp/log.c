// SPDX-License-Identifier: GPL-2.0-only
/* Herald's log: a ring of whole lines, addressed by the byte offset in all that was ever logged. */
#include <stdarg.h>
#include "drivers/uart.h"
#include "hyp/lib/lock.h"
#include "hyp/lib/string.h"
#include "hyp/log.h"

#define USEC_PER_SEC 1000000

_Static_assert((LOG_RING_SIZE & (LOG_RING_SIZE - 1)) == 0, "the place of an offset is a mask away");
_Static_assert(LOG_LINE_MAX < LOG_RING_SIZE, "a line fits the ring");

static struct spinlock log_lock = { .rank = LOCK_LOG };
static char log_ring[LOG_RING_SIZE];
static u64 log_first; /* offset of the oldest byte that is kept: the start of a line */
static u64 log_end; /* offset behind the newest */
static u64 log_printed; /* offset of the first byte that the UART has not seen */
static bool log_to_uart;
static bool log_panicking;

/* False if the lock was not taken, since a panic is being reported. */
static bool log_enter(void)
{
	if (atomic_load_relaxed(&log_panicking))
		return false;
	spin_lock(&log_lock);
	return true;
}

static void log_leave(bool locked)
{
	if (locked)
		spin_unlock(&log_lock);
}

static char *log_place(u64 offset)
{
	return &log_ring[offset & (LOG_RING_SIZE - 1)];
}

/* Gives up the oldest lines until @n more bytes fit. */
static void log_make_room(size_t n)
{
	while (log_end + n - log_first > LOG_RING_SIZE)
		while (*log_place(log_first++) != '\n')
			;
	log_printed = MAX(log_printed, log_first);
}

static void log_append(const char *s, size_t n)
{
	log_make_room(n);
	while (n--)
		*log_place(log_end++) = *s++;
}

/*
 * Moved on before the byte goes out, and compared by order: a panicking CPU may have come in
 * between.
 */
static void log_flush(void)
{
	while (log_to_uart && log_printed < log_end)
		uart_write(log_place(log_printed++), 1);
}

/* Text may come from a device tree: it must not move the cursor or break the line. */
static void log_sanitise(char *s)
{
	for (; *s; s++)
		if (*s < ' ' || *s > '~')
			*s = '?';
}

void log_line(const char *fmt, ...)
{
	char line[LOG_LINE_MAX];
	u64 now = log_clock_us();
	size_t len;
	va_list ap;
	bool locked;
	int n;

	n = snprintf(line, sizeof(line),
		     "[%5lu.%06lu] herald: ", (unsigned long)(now / USEC_PER_SEC),
		     (unsigned long)(now % USEC_PER_SEC));
	va_start(ap, fmt);
	vsnprintf(line + n, sizeof(line) - (size_t)n, fmt, ap);
	va_end(ap);
	log_sanitise(line);
	len = strlen(line);
	line[len++] = '\n'; /* in the place of the terminator */

	locked = log_enter();
	log_append(line, len);
	log_flush();
	log_leave(locked);
}

void log_uart_ready(void)
{
	bool locked = log_enter();

	log_to_uart = true;
	log_flush();
	log_leave(locked);
}

void log_panic_enter(void)
{
	atomic_store_relaxed(&log_panicking, true);
}

size_t log_read(u64 *offset, char *buf, size_t size)
{
	bool locked = log_enter();
	size_t n = 0;

	*offset = MIN(MAX(*offset, log_first), log_end);
	while (n < size && *offset != log_end)
		buf[n++] = *log_place((*offset)++);
	log_leave(locked);
	return n;
}

u64 log_lost(void)
{
	bool locked = log_enter();
	u64 lost = log_first;

	log_leave(locked);
	return lost;
}
