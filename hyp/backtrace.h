/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who called whom: the chain of frame records on a stack of Herald's (AAPCS64 6.4.6), with names.
 */
#ifndef HERALD_HYP_BACKTRACE_H
#define HERALD_HYP_BACKTRACE_H

#include "hyp/lib/bits.h"

#define BACKTRACE_MAX 24 /* frames that are printed */

/*
 * Logs @pc and the callers that frame pointer @fp leads to. Both may be garbage: only mapped stacks
 * are read.
 */
void backtrace_print(u64 fp, u64 pc);

/* The same with the stack given: nothing outside of [@lo, @hi) is read. */
void backtrace_walk(u64 fp, u64 pc, u64 lo, u64 hi);

#endif
