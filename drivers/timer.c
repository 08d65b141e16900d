// SPDX-License-Identifier: GPL-2.0-only
/* Deadlines and delays by the physical counter. */
#include "drivers/timer.h"
#include "hyp/lib/atomic.h"

#define USEC_PER_SEC UINT64_C(1000000)

#ifndef HERALD_HOST
/* Firmware that forgot CNTFRQ: the fastest counter the architecture asks for makes deadlines too
 * long, not too short. */
#define TIMER_FREQ_UNKNOWN UINT64_C(1000000000)

u64 timer_freq(void)
{
	u64 freq;

	__asm__ volatile("mrs %0, cntfrq_el0" : "=r"(freq));
	return freq ? freq : TIMER_FREQ_UNKNOWN;
}
#endif

u64 timer_us_to_ticks(u64 us)
{
	u64 freq = timer_freq();
	u64 sec = us / USEC_PER_SEC;

	if (sec >= UINT64_MAX / freq)
		return UINT64_MAX;
	return sec * freq + DIV_ROUND_UP((us % USEC_PER_SEC) * freq, USEC_PER_SEC);
}

u64 timer_ticks_to_us(u64 ticks)
{
	u64 freq = timer_freq();

	return ticks / freq * USEC_PER_SEC + ticks % freq * USEC_PER_SEC / freq;
}

u64 timer_deadline(u64 us)
{
	u64 now = timer_now();
	u64 ticks = timer_us_to_ticks(us);

	return ticks > UINT64_MAX - now ? UINT64_MAX : now + ticks;
}

void timer_delay(u64 us)
{
	u64 deadline = timer_deadline(us);

	while (!timer_expired(deadline))
		cpu_relax();
}
