/* SPDX-License-Identifier: GPL-2.0-only */
/* Test results in TAP, from CPU 0 only. */
#ifndef HERALD_BARE_TAP_H
#define HERALD_BARE_TAP_H

#include "hyp/lib/bits.h"

/* Prints one result; returns @good. */
bool tap_ok(bool good, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void tap_skip(const char *name, const char *why);
void tap_diag(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* The plan. */
void tap_done(void);

#endif
