/* SPDX-License-Identifier: GPL-2.0-only */
/* Time at EL2: the physical counter, deadlines in its ticks, and short delays (DDI 0487 D11). */
#ifndef HERALD_DRIVERS_TIMER_H
#define HERALD_DRIVERS_TIMER_H

#include "hyp/lib/bits.h"

#ifdef HERALD_HOST
/* The test's clock. */
u64 timer_now(void);
u64 timer_freq(void);
#else
/* Ticks of CNTPCT_EL0 now; not read ahead of what comes before in program order. */
static inline u64 timer_now(void)
{
	u64 val;

	__asm__ volatile("isb\n\tmrs %0, cntpct_el0" : "=r"(val)::"memory");
	return val;
}

/* Ticks per second as firmware left them in CNTFRQ_EL0; never 0. */
u64 timer_freq(void);
#endif

/* Ticks in @us microseconds, rounded up; saturates. */
u64 timer_us_to_ticks(u64 us);

/* Microseconds in @ticks, rounded down. */
u64 timer_ticks_to_us(u64 ticks);

/* The tick count @us microseconds from now. */
u64 timer_deadline(u64 us);

static inline bool timer_expired(u64 deadline)
{
	return timer_now() >= deadline;
}

/* Spins for at least @us microseconds: boot and reset code only. */
void timer_delay(u64 us);

#endif
