// SPDX-License-Identifier: GPL-2.0-only
/*
 * The string functions that freestanding C and libfdt need, by C11 7.24 and 7.22.1.4.
 *
 * Copies are done in 8-byte words at any alignment: in Normal memory with the MMU on, never in
 * device registers. The compiler must not turn these loops into calls of the very functions they
 * implement, hence the pragma.
 */
#include <limits.h>
#include "hyp/lib/bits.h"
#include "hyp/lib/string.h"

#ifndef __clang__
#pragma GCC optimize("no-tree-loop-distribute-patterns")
#ifdef __aarch64__
#pragma GCC target("no-strict-align") /* Herald is built with -mstrict-align for what runs early */
#endif
#endif

/* A word of any object, at any address. */
typedef u64 word_t __attribute__((may_alias, aligned(1)));

#define WORD sizeof(word_t)

static void copy_up(u8 *d, const u8 *s, size_t n)
{
	for (; n >= 2 * WORD; n -= 2 * WORD, d += 2 * WORD, s += 2 * WORD) {
		u64 a = *(const word_t *)s;
		u64 b = *(const word_t *)(s + WORD);

		*(word_t *)d = a;
		*(word_t *)(d + WORD) = b;
	}
	for (; n >= WORD; n -= WORD, d += WORD, s += WORD)
		*(word_t *)d = *(const word_t *)s;
	while (n--)
		*d++ = *s++;
}

static void copy_down(u8 *d, const u8 *s, size_t n)
{
	for (; n >= WORD; n -= WORD)
		*(word_t *)(d + n - WORD) = *(const word_t *)(s + n - WORD);
	while (n--)
		d[n] = s[n];
}

void *memcpy(void *dst, const void *src, size_t n)
{
	copy_up(dst, src, n);
	return dst;
}

void *memmove(void *dst, const void *src, size_t n)
{
	/* Upwards is right unless @dst lies inside [@src, @src + @n): one unsigned comparison. */
	if ((uintptr_t)dst - (uintptr_t)src >= n)
		copy_up(dst, src, n);
	else
		copy_down(dst, src, n);
	return dst;
}

void *memset(void *dst, int c, size_t n)
{
	u64 word = (u8)c * UINT64_C(0x0101010101010101);
	u8 *d = dst;

	for (; n >= 2 * WORD; n -= 2 * WORD, d += 2 * WORD) {
		*(word_t *)d = word;
		*(word_t *)(d + WORD) = word;
	}
	while (n--)
		*d++ = (u8)c;
	return dst;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const u8 *p = a;
	const u8 *q = b;

	for (; n; n--, p++, q++)
		if (*p != *q)
			return *p - *q;
	return 0;
}

void *memchr(const void *s, int c, size_t n)
{
	const u8 *p = s;

	for (; n; n--, p++)
		if (*p == (u8)c)
			return (void *)(uintptr_t)p;
	return NULL;
}

size_t strlen(const char *s)
{
	size_t n = 0;

	while (s[n])
		n++;
	return n;
}

size_t strnlen(const char *s, size_t max)
{
	size_t n = 0;

	while (n < max && s[n])
		n++;
	return n;
}

int strcmp(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return (u8)*a - (u8)*b;
}

int strncmp(const char *a, const char *b, size_t n)
{
	for (; n; n--, a++, b++)
		if (*a != *b || !*a)
			return (u8)*a - (u8)*b;
	return 0;
}

char *strchr(const char *s, int c)
{
	for (;; s++) {
		if (*s == (char)c)
			return (char *)(uintptr_t)s;
		if (!*s)
			return NULL;
	}
}

char *strrchr(const char *s, int c)
{
	const char *last = NULL;

	for (;; s++) {
		if (*s == (char)c)
			last = s;
		if (!*s)
			return (char *)(uintptr_t)last;
	}
}

/* The value of the digit @c, 36 if it is none in any base. */
static unsigned int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned int)(c - '0');
	if (c >= 'a' && c <= 'z')
		return (unsigned int)(c - 'a') + 10;
	if (c >= 'A' && c <= 'Z')
		return (unsigned int)(c - 'A') + 10;
	return 36;
}

static bool has_hex_prefix(const char *s)
{
	return s[0] == '0' && (s[1] | 0x20) == 'x' && digit_value(s[2]) < 16;
}

/* Saturates at ULONG_MAX; there is no errno. */
unsigned long strtoul(const char *s, char **end, int base)
{
	const char *start = s;
	const char *first;
	unsigned long radix;
	unsigned long val = 0;
	bool neg = false;
	bool over = false;

	while (*s == ' ' || (*s >= '\t' && *s <= '\r'))
		s++;
	if (*s == '+' || *s == '-')
		neg = *s++ == '-';
	if ((base == 0 || base == 16) && has_hex_prefix(s)) {
		s += 2;
		base = 16;
	}
	if (base == 0)
		base = *s == '0' ? 8 : 10;
	radix = (unsigned long)base;
	for (first = s; digit_value(*s) < radix; s++)
		over |= __builtin_mul_overflow(val, radix, &val) ||
			__builtin_add_overflow(val, (unsigned long)digit_value(*s), &val);
	if (end)
		*end = (char *)(uintptr_t)(s == first ? start : s);
	if (over)
		return ULONG_MAX;
	return neg ? -val : val;
}
