/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What all fuzz targets share: the input as a stream of small numbers, and how a broken promise is
 * reported.
 *
 * A target decodes its input into operations whose numbers come from small ranges, so that things
 * collide; rare byte values lead to numbers of any size. An input that has ended reads as zeros.
 */
#ifndef HERALD_TESTS_FUZZ_H
#define HERALD_TESTS_FUZZ_H

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hyp/lib/bits.h"
#include "hyp/lib/errno.h"

struct input {
	const u8 *at, *end;
};

static inline bool in_more(const struct input *in)
{
	return in->at < in->end;
}

static inline u8 in_u8(struct input *in)
{
	return in->at < in->end ? *in->at++ : 0;
}

static inline u64 in_bytes(struct input *in, u32 n)
{
	u64 val = 0;

	while (n--)
		val = val << 8 | in_u8(in);
	return val;
}

/* A number below @n, 1 .. 2^32 - 1. */
static inline u32 in_below(struct input *in, u32 n)
{
	return (u32)(in_bytes(in, n <= 0x100 ? 1 : n <= 0x10000 ? 2 : 4) % n);
}

/* True in one of @n cases, 2 .. 256. */
static inline bool in_one_in(struct input *in, u32 n)
{
	return in_u8(in) >= 0x100 - 0x100 / n;
}

/* An operation, for all values from the one before it up to @below; the last one's is 64. */
struct input_op {
	u8 below;
	void (*run)(void);
};

/* Runs what byte @b of the input stands for: its six low bits count. */
static inline void in_run(const struct input_op *table, u8 b)
{
	while (b % 64 >= table->below)
		table++;
	table->run();
}

/*
 * Runs the whole input. @settle ends what an operation has begun, unless its byte says that it goes
 * on in the middle of what follows, and not @always.
 */
static inline void in_run_all(struct input *in, const struct input_op *table, void (*settle)(u8 b),
			      bool always)
{
	while (in_more(in)) {
		u8 b = in_u8(in);

		in_run(table, b);
		if (always || !(b & 0x40))
			settle(b);
	}
}

/* What the code under test promises. The text says what is wrong. */
#define REQUIRE(cond, ...)                                                                         \
	do {                                                                                       \
		if (!(cond)) {                                                                     \
			fprintf(stderr, "%s:%d: ", __FILE__, __LINE__);                            \
			fprintf(stderr, __VA_ARGS__);                                              \
			fprintf(stderr, "\n");                                                     \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

#endif
