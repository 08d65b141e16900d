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

/* As in ISO C; without names, since the C library's header, which libfdt's includes, has its own. */
void *memcpy(void *, const void *, size_t);
void *memmove(void *, const void *, size_t);
void *memset(void *, int, size_t);
int memcmp(const void *, const void *, size_t);
void *memchr(const void *, int, size_t);
size_t strlen(const char *);
size_t strnlen(const char *, size_t);
int strcmp(const char *, const char *);
int strncmp(const char *, const char *, size_t);
char *strchr(const char *, int);
char *strrchr(const char *, int);
unsigned long strtoul(const char *, char **, int);

/* As C's: %d %i %u %x %X %p %s %c %% with 0, -, width, precision, l, ll, z, h. */
int vsnprintf(char *buf, size_t size, const char *fmt, va_list ap);
int snprintf(char *buf, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
#endif

#endif
