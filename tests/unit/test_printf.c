// SPDX-License-Identifier: GPL-2.0-only
/* hyp/lib/printf.c against the C library's. */
#include <limits.h>
#include <string.h>
#include "tests/unit/tap.h"

#define vsnprintf lib_vsnprintf
#define snprintf lib_snprintf
#include "hyp/lib/printf.c"
#undef vsnprintf
#undef snprintf

/* Flags that C says are ignored are tried on purpose. */
#pragma GCC diagnostic ignored "-Wformat"

/* Both must give the same text and length, also when cut. */
#define same(...)                                                                                  \
	do {                                                                                       \
		char got[128], want[128];                                                          \
		int n = snprintf(want, sizeof(want), __VA_ARGS__);                                 \
		int m = lib_snprintf(got, sizeof(got), __VA_ARGS__);                               \
		bool good = n == m && !strcmp(got, want);                                          \
		size_t cut;                                                                        \
		for (cut = 1; cut < 20; cut++) {                                                   \
			memset(got, '#', sizeof(got));                                             \
			lib_snprintf(got, cut, __VA_ARGS__);                                       \
			good &= !strncmp(got, want, cut - 1) && strlen(got) < cut &&               \
				got[cut] == '#';                                                   \
		}                                                                                  \
		lib_snprintf(got, sizeof(got), __VA_ARGS__);                                       \
		if (!ok(good, "%s", #__VA_ARGS__))                                                 \
			printf("# got \"%s\" (%d), want \"%s\" (%d)\n", got, m, want, n);          \
	} while (0)

/* Formats that the compiler would warn of. */
static int odd(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = lib_vsnprintf(buf, size, fmt, ap);
	va_end(ap);
	return n;
}

static void test_numbers(void)
{
	same("%d %i %u", -5, 7, 4000000000u);
	same("%d %d %d", INT_MIN, INT_MAX, 0);
	same("%ld %lld", LONG_MIN, LLONG_MIN);
	same("%lu %llu %zu", ULONG_MAX, ULLONG_MAX, (size_t)-1);
	same("%x %X %lx %llX", 0xabcdefu, 0xabcdefu, ULONG_MAX, 0xfedcba9876543210ull);
	same("%hhd %hhu %hd %hu", -3, 255, -300, 65535);
	same("[%5d] [%-5d] [%05d] [%-05d]", 42, 42, 42, 7);
	same("[%5d] [%-5d] [%05d]", -42, -42, -42);
	same("[%.3d] [%8.3d] [%-8.3d] [%08.3d]", 5, 5, -5, 5);
	same("[%.0d] [%.0x] [%4.0d]", 0, 0, 0);
	same("[%#x] [%#X] [%#x] [%#010x] [%#10x]", 255, 255, 0, 255, 255);
	same("[%*d] [%-*d] [%*d]", 6, 1, 6, 2, -6, 3);
	same("[%.*d] [%.*d]", 4, 9, -1, 9);
	same("%016llx", 0x1234ull);
	same("%2d%2d", 100, 200);
}

static void test_text(void)
{
	char unterminated[3] = { 'a', 'b', 'c' };

	same("%s", "text");
	same("[%8s] [%-8s] [%.2s] [%8.2s] [%.0s]", "abc", "abc", "abc", "abc", "abc");
	same("[%.3s]", unterminated);
	same("[%c] [%3c] [%-3c]", 'x', 'y', 'z');
	same("100%% sure");
	same("%p", (void *)0x1234);
	same("plain, and rather longer than twenty characters");
}

static void test_edges(void)
{
	char buf[32];

	is(odd(NULL, 0, "%d", 12345), 5, "size 0 writes nothing and returns the length");
	odd(buf, sizeof(buf), "%s", NULL);
	ok(!strcmp(buf, "(null)"), "a null string is said so");
	is(odd(buf, sizeof(buf), "%y %"), 4, "unknown conversions are printed as they stand");
	ok(!strcmp(buf, "%y %"), "also one at the end of the format");
	odd(buf, sizeof(buf), "[%99999999999d]", 5);
	ok(!strcmp(buf, "[5]"), "a width that is no int is ignored");
	is(odd(buf, sizeof(buf), "%*d", INT_MIN, 5), 1, "also INT_MIN from an argument");
	is(odd(buf, 1, "abc"), 3, "size 1 holds the terminator");
	is(buf[0], 0, "only");
}

int main(void)
{
	test_numbers();
	test_text();
	test_edges();
	return tap_done();
}
