// SPDX-License-Identifier: GPL-2.0-only
/*
 * Formatted text, by C11 7.21.6: %d %i %u %x %X %p %s %c %% with the flags 0 - #, width and
 * precision (numbers or *), and the lengths hh h l ll z. No floating point, no %n. A conversion
 * that is none of these is printed as it stands.
 */
#include <limits.h>
#include "hyp/lib/bits.h"
#include "hyp/lib/string.h"

/* 64 bits in base 8 or more; a longer precision is cut. */
#define DIGITS_MAX 24

struct printf_out {
	char *buf;
	size_t size;
	size_t len; /* of the whole text, whether it fitted or not */
};

struct printf_spec {
	bool left;
	bool zero;
	bool alt;
	int width;
	int precision; /* negative: none given */
	int length; /* bytes of the argument */
};

/* A va_list that helpers can advance. */
struct printf_args {
	va_list ap;
};

static void out_char(struct printf_out *o, char c)
{
	if (o->len + 1 < o->size)
		o->buf[o->len] = c;
	o->len++;
}

static void out_repeat(struct printf_out *o, char c, int n)
{
	for (; n > 0; n--)
		out_char(o, c);
}

/* @prefix, @zeros zeros and @n bytes of @text in a field of spec->width. */
static void out_field(struct printf_out *o, const struct printf_spec *spec, const char *prefix,
		      int zeros, const char *text, int n)
{
	int pad = spec->width - (int)strlen(prefix) - zeros - n;

	if (!spec->left)
		out_repeat(o, ' ', pad);
	while (*prefix)
		out_char(o, *prefix++);
	out_repeat(o, '0', zeros);
	while (n--)
		out_char(o, *text++);
	if (spec->left)
		out_repeat(o, ' ', pad);
}

static void out_number(struct printf_out *o, const struct printf_spec *spec, u64 val, u32 base,
		       bool upper, const char *prefix)
{
	const char *set = upper ? "0123456789ABCDEF" : "0123456789abcdef";
	char digits[DIGITS_MAX];
	int n = 0;
	int zeros = 0;

	for (; val; val /= base)
		digits[DIGITS_MAX - ++n] = set[val % base];
	if (spec->precision >= 0)
		zeros = spec->precision - n;
	else if (spec->zero && !spec->left)
		zeros = spec->width - (int)strlen(prefix) - n;
	if (zeros < 1 && n == 0 && spec->precision != 0)
		zeros = 1;
	out_field(o, spec, prefix, MAX(zeros, 0), digits + DIGITS_MAX - n, n);
}

static s64 arg_signed(const struct printf_spec *spec, struct printf_args *a)
{
	switch (spec->length) {
	case 8:
		return va_arg(a->ap, s64);
	case 2:
		return (int16_t)va_arg(a->ap, int);
	case 1:
		return (int8_t)va_arg(a->ap, int);
	default:
		return va_arg(a->ap, int);
	}
}

static u64 arg_unsigned(const struct printf_spec *spec, struct printf_args *a)
{
	switch (spec->length) {
	case 8:
		return va_arg(a->ap, u64);
	case 2:
		return (u16)va_arg(a->ap, unsigned int);
	case 1:
		return (u8)va_arg(a->ap, unsigned int);
	default:
		return va_arg(a->ap, unsigned int);
	}
}

static void out_signed(struct printf_out *o, const struct printf_spec *spec, s64 val)
{
	u64 magnitude = val < 0 ? -(u64)val : (u64)val;

	out_number(o, spec, magnitude, 10, false, val < 0 ? "-" : "");
}

static void out_string(struct printf_out *o, const struct printf_spec *spec, const char *s)
{
	size_t max = spec->precision >= 0 ? (size_t)spec->precision : INT_MAX;

	if (!s)
		s = "(null)";
	out_field(o, spec, "", 0, s, (int)strnlen(s, max));
}

/* Reads a number or "*" and moves *@fmt behind it; what does not fit an int becomes 0. */
static int parse_number(const char **fmt, struct printf_args *a)
{
	int n = 0;
	bool over = false;

	if (**fmt == '*') {
		(*fmt)++;
		return va_arg(a->ap, int);
	}
	for (; **fmt >= '0' && **fmt <= '9'; (*fmt)++)
		over |= __builtin_mul_overflow(n, 10, &n) ||
			__builtin_add_overflow(n, **fmt - '0', &n);
	return over ? 0 : n;
}

static void parse_length(const char **fmt, struct printf_spec *spec)
{
	spec->length = 4;
	for (;; (*fmt)++) {
		if (**fmt == 'l' || **fmt == 'z')
			spec->length = 8;
		else if (**fmt == 'h')
			spec->length = spec->length == 2 ? 1 : 2;
		else
			return;
	}
}

static void parse_flags(const char **fmt, struct printf_spec *spec)
{
	for (;; (*fmt)++) {
		if (**fmt == '-')
			spec->left = true;
		else if (**fmt == '0')
			spec->zero = true;
		else if (**fmt == '#')
			spec->alt = true;
		else
			return;
	}
}

/* *@fmt stands behind a '%'; moves it to the conversion's letter. */
static struct printf_spec parse_spec(const char **fmt, struct printf_args *a)
{
	struct printf_spec spec = { .precision = -1 };

	parse_flags(fmt, &spec);
	spec.width = parse_number(fmt, a);
	if (spec.width < 0) {
		spec.left = true;
		spec.width = spec.width == INT_MIN ? 0 : -spec.width;
	}
	if (**fmt == '.') {
		(*fmt)++;
		spec.precision = parse_number(fmt, a);
	}
	parse_length(fmt, &spec);
	return spec;
}

/* False if @letter is not a conversion. */
static bool out_conversion(struct printf_out *o, const struct printf_spec *spec, char letter,
			   struct printf_args *a)
{
	u64 val;
	char c;

	switch (letter) {
	case 'd':
	case 'i':
		out_signed(o, spec, arg_signed(spec, a));
		return true;
	case 'u':
		out_number(o, spec, arg_unsigned(spec, a), 10, false, "");
		return true;
	case 'x':
	case 'X':
		val = arg_unsigned(spec, a);
		out_number(o, spec, val, 16, letter == 'X',
			   !spec->alt || !val ? "" : (letter == 'X' ? "0X" : "0x"));
		return true;
	case 'p':
		out_number(o, spec, (uintptr_t)va_arg(a->ap, void *), 16, false, "0x");
		return true;
	case 's':
		out_string(o, spec, va_arg(a->ap, const char *));
		return true;
	case 'c':
		c = (char)va_arg(a->ap, int);
		out_field(o, spec, "", 0, &c, 1);
		return true;
	case '%':
		out_char(o, '%');
		return true;
	default:
		return false;
	}
}

/* Always terminates @buf if @size is not 0; returns the length that the whole text has. */
int vsnprintf(char *buf, size_t size, const char *fmt, va_list ap)
{
	struct printf_out o = { .buf = buf, .size = size };
	struct printf_args a;

	va_copy(a.ap, ap);
	while (*fmt) {
		const char *start = fmt;
		struct printf_spec spec;

		if (*fmt++ != '%') {
			out_char(&o, *start);
			continue;
		}
		spec = parse_spec(&fmt, &a);
		if (out_conversion(&o, &spec, *fmt, &a))
			fmt++;
		else
			while (start != fmt)
				out_char(&o, *start++);
	}
	va_end(a.ap);
	if (size)
		buf[MIN(o.len, size - 1)] = '\0';
	return (int)o.len;
}

int snprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(buf, size, fmt, ap);
	va_end(ap);
	return n;
}
