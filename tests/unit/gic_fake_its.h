/* SPDX-License-Identifier: GPL-2.0-only */
/* Between the two files of the fake GIC. */
#ifndef HERALD_TESTS_GIC_FAKE_ITS_H
#define HERALD_TESTS_GIC_FAKE_ITS_H

#include "hyp/lib/bits.h"

u64 fake_its_read(u32 n, u32 offset, u32 size);
void fake_its_write(u32 n, u32 offset, u32 size, u64 val);
void fake_violation(const char *what, u64 a, u64 b);

#endif
