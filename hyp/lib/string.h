/* SPDX-License-Identifier: GPL-2.0-only */
/* The string functions that freestanding C and libfdt need. */
#ifndef HERALD_LIB_STRING_H
#define HERALD_LIB_STRING_H

#ifdef HERALD_HOST
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#else
#include <stdarg.h>
#include <stddef.h>

void *memcpy(void *dst, const void *src, size_t n);
void *memmove(void *dst, const void *src, size_t n);
void *memset(void *dst, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
void *memchr(const void *s, int c, size_t n);
size_t strlen(const char *s);
size_t strnlen(const char *s, size_t max);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);
char *strchr(const char *s, int c);
char *strrchr(const char *s, int c);
unsigned long strtoul(const char *s, char **end, int base);

/* As C's: %d %i %u %x %X %p %s %c %% with 0, -, width, precision, l, ll, z, h. */
int vsnprintf(char *buf, size_t size, const char *fmt, va_list ap);
int snprintf(char *buf, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
#endif

#endif
