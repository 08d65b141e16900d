// SPDX-License-Identifier: GPL-2.0-only
/*
 * hyp/lib/string.c under names of its own, against the C library, at every small length and
 * alignment.
 */
#include <limits.h>
#include <string.h>
#include "tests/unit/tap.h"

#define memcpy lib_memcpy
#define memmove lib_memmove
#define memset lib_memset
#define memcmp lib_memcmp
#define memchr lib_memchr
#define strlen lib_strlen
#define strnlen lib_strnlen
#define strcmp lib_strcmp
#define strncmp lib_strncmp
#define strchr lib_strchr
#define strrchr lib_strrchr
#define strtoul lib_strtoul
#include "hyp/lib/string.c"
#undef memcpy
#undef memmove
#undef memset
#undef memcmp
#undef memchr
#undef strlen
#undef strnlen
#undef strcmp
#undef strncmp
#undef strchr
#undef strrchr
#undef strtoul

#define AREA 96
#define LENGTHS 50

static void fill(u8 *p)
{
	int i;

	for (i = 0; i < AREA; i++)
		p[i] = (u8)(i * 7 + 1);
}

static int sign(int x)
{
	return (x > 0) - (x < 0);
}

static void test_copies(void)
{
	u8 got[AREA], want[AREA], src[AREA];
	int d, s, n, bad_copy = 0, bad_move = 0, bad_set = 0, bad_ret = 0;

	fill(src);
	for (d = 0; d < 17; d++)
		for (s = 0; s < 33; s++)
			for (n = 0; n < LENGTHS; n++) {
				fill(got);
				fill(want);
				bad_ret += lib_memcpy(got + d, src + s, (size_t)n) != got + d;
				memcpy(want + d, src + s, (size_t)n);
				bad_copy += memcmp(got, want, AREA) != 0;
				bad_ret += lib_memmove(got + d, got + s, (size_t)n) != got + d;
				memmove(want + d, want + s, (size_t)n);
				bad_move += memcmp(got, want, AREA) != 0;
				bad_ret += lib_memset(got + d, s | 0x100, (size_t)n) != got + d;
				memset(want + d, s, (size_t)n);
				bad_set += memcmp(got, want, AREA) != 0;
			}
	is(bad_copy, 0, "memcpy copies what it should and nothing else");
	is(bad_move, 0, "memmove, overlapping both ways");
	is(bad_set, 0, "memset, the value cut to a byte");
	is(bad_ret, 0, "all three return the destination");
}

static void test_search(void)
{
	static const u8 a[] = { 1, 2, 0x80, 4 };
	static const u8 b[] = { 1, 2, 0x7f, 4 };
	const char *s = "a.b.c";

	ok(lib_memcmp(a, b, 4) > 0, "memcmp compares unsigned bytes");
	ok(lib_memcmp(a, b, 2) == 0 && lib_memcmp(a, b, 0) == 0, "memcmp stops at the length");
	ok(lib_memchr(a, 0x180, 4) == a + 2, "memchr looks for a byte");
	ok(!lib_memchr(a, 4, 3), "memchr stops at the length");
	is(lib_strlen(""), 0, "strlen of nothing");
	is(lib_strlen(s), 5, "strlen");
	is(lib_strnlen(s, 3), 3, "strnlen, cut");
	is(lib_strnlen(s, 9), 5, "strnlen, whole");
	ok(lib_strchr(s, '.') == s + 1 && !lib_strchr(s, 'x'), "strchr");
	ok(lib_strchr(s, 0) == s + 5, "strchr finds the terminator");
	ok(lib_strrchr(s, '.') == s + 3 && !lib_strrchr(s, 'x'), "strrchr");
	ok(lib_strrchr(s, 0) == s + 5, "strrchr finds the terminator");
}

static void test_compare(void)
{
	static const char *const words[] = { "", "a", "ab", "abc", "abd", "b", "\x80", "ab\x80" };
	int bad = 0;
	size_t i, k, n;

	for (i = 0; i < ARRAY_SIZE(words); i++)
		for (k = 0; k < ARRAY_SIZE(words); k++) {
			bad += sign(lib_strcmp(words[i], words[k])) !=
			       sign(strcmp(words[i], words[k]));
			for (n = 0; n < 5; n++)
				bad += sign(lib_strncmp(words[i], words[k], n)) !=
				       sign(strncmp(words[i], words[k], n));
		}
	is(bad, 0, "strcmp and strncmp order as the C library");
}

static void test_strtoul(void)
{
	static const char *const texts[] = {
		"",
		"0",
		"00",
		"12",
		"  \t\n12x",
		"+7",
		"-7",
		"0x1F",
		"0X1f",
		"0x",
		"0xg",
		"x1",
		"017",
		"018",
		"zz",
		"Zz9",
		"- 1",
		"1 2",
		"-",
		"--1",
		"0b11",
		"18446744073709551615",
		"18446744073709551616",
		"-1",
		"99999999999999999999999999",
		"0xffffffffffffffff",
		"0x10000000000000000f",
	};
	static const int bases[] = { 0, 2, 8, 10, 16, 36 };
	size_t i, k;

	for (i = 0; i < ARRAY_SIZE(texts); i++) {
		int bad = 0;

		for (k = 0; k < ARRAY_SIZE(bases); k++) {
			char *end, *want_end;
			unsigned long got = lib_strtoul(texts[i], &end, bases[k]);

			bad += got != strtoul(texts[i], &want_end, bases[k]) || end != want_end;
		}
		is(bad, 0, "strtoul of text %zu in every base", i);
	}
	is(lib_strtoul("42", NULL, 10), 42, "strtoul without an end pointer");
}

int main(void)
{
	test_copies();
	test_search();
	test_compare();
	test_strtoul();
	return tap_done();
}
