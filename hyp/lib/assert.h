/* SPDX-License-Identifier: GPL-2.0-only */
/* ASSERT is for our own bugs; nothing a guest or a device tree says may reach one. */
#ifndef HERALD_LIB_ASSERT_H
#define HERALD_LIB_ASSERT_H

/* Prints what it is given, the registers and a backtrace, and stops the machine (hyp/panic.c; the host tests abort). */
void panic(const char *fmt, ...) __attribute__((noreturn, cold, format(printf, 1, 2)));

#define ASSERT(cond)                                                                               \
	do {                                                                                       \
		if (__builtin_expect(!(cond), 0))                                                  \
			panic("%s:%d: assertion failed: %s", __FILE__, __LINE__, #cond);           \
	} while (0)

#endif
