/* SPDX-License-Identifier: GPL-2.0-only */
/* How the bare-metal program counts: under QEMU's -icount shift=0 a tick is one instruction. */
#ifndef HERALD_TESTS_BENCH_ARM_H
#define HERALD_TESTS_BENCH_ARM_H

#include "tests/bench/bench.h"

/* Mean (in hundredths) and worst of what was counted. */
struct tally {
	u64 sum, n, worst;
};

/* Instructions of @fn with its return, called with @a0 .. @a3; *@ret: what it answered. */
u64 count_call(const void *fn, u64 a0, u64 a1, u64 a2, u64 a3, u64 *ret);
/* Counts the overhead of count_call() itself. False: the counter does not count instructions. */
bool count_calibrate(void);

void tally_add(struct tally *t, u64 count);
u64 tally_mean(const struct tally *t);

void out(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

void board_init(void);

void commands(void);
void steps(void);

#endif
