/* SPDX-License-Identifier: GPL-2.0-only */
/* The generic timer: time, bounded waits, and the two timers of EL1. */
#ifndef HERALD_BARE_TIMER_H
#define HERALD_BARE_TIMER_H

#include "guests/bare/cpu.h"

#define TIMER_CTL_ENABLE BIT(0)
#define TIMER_CTL_IMASK BIT(1)
#define TIMER_CTL_ISTATUS BIT(2)

/* Long enough for a busy host; only a failing test waits so long. */
#define TIMER_PATIENCE_MS 5000
/* What has not come by then is taken as not coming. */
#define TIMER_SETTLE_MS 5

static inline u64 timer_now(void)
{
	isb();
	return sysreg_read(cntvct_el0);
}

static inline u64 timer_ms(u64 ms)
{
	return sysreg_read(cntfrq_el0) * ms / 1000;
}

/* True as soon as @cond is; false if it is not after @ms milliseconds. */
#define wait_ms(cond, ms)                                                                          \
	({                                                                                         \
		u64 wait_end = timer_now() + timer_ms(ms);                                         \
                                                                                                   \
		while (!(cond) && timer_now() < wait_end)                                          \
			cpu_relax();                                                               \
		(cond);                                                                            \
	})
#define wait_for(cond) wait_ms(cond, TIMER_PATIENCE_MS)
#define settle() ((void)wait_ms(false, TIMER_SETTLE_MS))

/* Arms this CPU's virtual or physical timer to fire in @ticks; its interrupt masks it again
 * (irq.c). */
static inline void timer_arm_virtual(u64 ticks)
{
	sysreg_write(cntv_cval_el0, sysreg_read(cntvct_el0) + ticks);
	sysreg_write(cntv_ctl_el0, TIMER_CTL_ENABLE);
	isb();
}

static inline void timer_arm_physical(u64 ticks)
{
	sysreg_write(cntp_cval_el0, sysreg_read(cntpct_el0) + ticks);
	sysreg_write(cntp_ctl_el0, TIMER_CTL_ENABLE);
	isb();
}

static inline void timer_stop(void)
{
	sysreg_write(cntv_ctl_el0, 0);
	sysreg_write(cntp_ctl_el0, 0);
	isb();
}

#endif
