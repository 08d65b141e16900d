// SPDX-License-Identifier: GPL-2.0-only
/* The log ring: stamps, order, wrap-around, what the UART sees and when. */
// sources: hyp/log.c
#include <string.h>
#include "drivers/uart.h"
#include "hyp/log.h"
#include "tests/unit/tap.h"

static u64 clock_us;
static char uart[16 * LOG_RING_SIZE];
static size_t uart_len;
static bool reenter;

u64 log_clock_us(void)
{
	return clock_us;
}

void uart_write(const char *s, size_t n)
{
	memcpy(uart + uart_len, s, n);
	uart_len += n;
	if (reenter) { /* a panic while the lock is held */
		reenter = false;
		log_panic_enter();
		log_line("panic inside");
	}
}

static const char *read_all(u64 *offset)
{
	static char buf[LOG_RING_SIZE + 1];

	buf[log_read(offset, buf, sizeof(buf) - 1)] = '\0';
	return buf;
}

static void test_early(void)
{
	u64 at = 0;
	char part[8] = "";

	clock_us = 12345;
	log_line("hello %d", 42);
	is(uart_len, 0, "nothing goes to a UART that is not there");
	ok(!strcmp(read_all(&at), "[    0.012345] herald: hello 42\n"), "a line and its stamp");
	is(log_read(&at, part, 7), 0, "nothing behind the end");
	at = 2;
	is(log_read(&at, part, 7), 7, "reads in pieces");
	ok(!strcmp(part, "   0.01") && at == 9, "and moves the offset");
	at = 1000000;
	is(log_read(&at, part, 7), 0, "an offset behind the end");
	is(at, 32, "is brought back");
	log_uart_ready();
	ok(uart_len == 32 && !memcmp(uart, "[    0.012345] herald: hello 42\n", 32),
	   "what was kept is printed when the UART comes");
	clock_us = 123456789012345;
	log_line("tab\there\nand\x1b[2J \xc3\xa4 there");
	uart[uart_len] = '\0';
	ok(!strcmp(uart + 32, "[123456789.012345] herald: tab?here?and?[2J ?? there\n"),
	   "later lines go out at once, control characters defused");
}

static void test_long(void)
{
	char text[2 * LOG_LINE_MAX];
	u64 at = 0;
	const char *s;

	while (*read_all(&at))
		;
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	log_line("%s", text);
	s = read_all(&at);
	is(strlen(s), LOG_LINE_MAX, "a long line is cut");
	is(s[LOG_LINE_MAX - 1], '\n', "and keeps its newline");
}

static void test_wrap(void)
{
	u64 at = 0, total, lost;
	const char *s;
	u32 first, last = 0, count = 0, i;

	is(log_lost(), 0, "nothing is lost so far");
	clock_us = 0;
	for (i = 0; i < 20000; i++)
		log_line("line %u", i);
	lost = log_lost();
	s = read_all(&at);
	total = at;
	is(total - lost, strlen(s), "what is not lost can be read");
	ok(strlen(s) > LOG_RING_SIZE - LOG_LINE_MAX && strlen(s) <= LOG_RING_SIZE,
	   "the ring is full");
	ok(sscanf(s, "[    0.000000] herald: line %u\n", &first) == 1, "starts with a whole line");
	for (; *s; s = strchr(s, '\n') + 1, count++)
		if (sscanf(s, "[    0.000000] herald: line %u\n", &last) != 1 ||
		    last != first + count)
			break;
	ok(!*s && last == 19999, "every line from there on is there, in order");
	at = lost - 1;
	log_read(&at, (char[4]){ 0 }, 1);
	is(at, lost + 1, "a reader that came too late goes on at the oldest line");
	is(uart_len, total, "the UART has seen every byte");
}

static void test_panic(void)
{
	u64 at = 0;

	while (*read_all(&at))
		;
	reenter = true;
	log_line("outer");
	ok(strstr(read_all(&at), "panic inside\n"), "a panic under the lock gets its line out");
	log_line("after");
	ok(strstr(read_all(&at), "after\n"), "and the next");
}

int main(void)
{
	test_early();
	test_long();
	test_wrap();
	test_panic();
	return tap_done();
}
