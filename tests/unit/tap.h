/* SPDX-License-Identifier: GPL-2.0-only */
/* The few lines a test program needs to speak TAP (Test Anything Protocol), and the panic() of host builds. */
#ifndef HERALD_TESTS_TAP_H
#define HERALD_TESTS_TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static int tap_count, tap_failed;

static inline bool tap_ok(bool ok, const char *file, int line, const char *fmt, ...)
{
	va_list ap;

	printf("%sok %d - ", ok ? "" : "not ", ++tap_count);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	if (!ok) {
		tap_failed++;
		printf("# failed at %s:%d\n", file, line);
	}
	fflush(stdout);
	return ok;
}

/* One test point: condition, then its name as a printf format. */
#define ok(cond, ...) tap_ok((cond), __FILE__, __LINE__, __VA_ARGS__)

/* Two integers that must be equal; shows both if they are not. */
#define is(got, want, ...)                                                                         \
	do {                                                                                       \
		uint64_t tap_got = (uint64_t)(got), tap_want = (uint64_t)(want);                   \
		if (!ok(tap_got == tap_want, __VA_ARGS__))                                         \
			printf("# got 0x%llx, want 0x%llx\n", (unsigned long long)tap_got,         \
			       (unsigned long long)tap_want);                                      \
	} while (0)

/* The plan, and the exit status of the program. */
static inline int tap_done(void)
{
	printf("1..%d\n", tap_count);
	return tap_failed ? 1 : 0;
}

/* Code under test that hits one of its own assertions is a failed test. */
__attribute__((noreturn, format(printf, 1, 2))) void panic(const char *fmt, ...);
__attribute__((noreturn)) void panic(const char *fmt, ...)
{
	va_list ap;

	printf("Bail out! panic: ");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	fflush(stdout);
	abort();
}

#endif
