/* SPDX-License-Identifier: GPL-2.0-only */
/* Secondary CPUs: started by PSCI, then waiting for work from CPU 0. */
#ifndef HERALD_BARE_SMP_H
#define HERALD_BARE_SMP_H

#include "guests/bare/cpu.h"

/* Describes the CPUs; the caller becomes CPU 0. */
void smp_init(void);
/* CPU_ON with our entry; 0 and it runs, or PSCI's error. */
s64 smp_power_up(struct cpu *cpu, u64 context);
/* CPU_OFF of a running secondary; false if AFFINITY_INFO does not say so in time. */
bool smp_power_down(struct cpu *cpu);
void smp_start_all(void);

/* Runs @fn on @cpu (this one included) with IRQs as they are there, and waits for its end or only
 * starts it. */
void smp_call(u32 cpu, cpu_fn *fn, void *arg);
void smp_call_start(u32 cpu, cpu_fn *fn, void *arg);
bool smp_call_wait(u32 cpu);
/* On all CPUs, one after the other. */
void smp_call_all(cpu_fn *fn, void *arg);

/* While set, idle CPUs poll and need no interrupt to be woken. */
void smp_set_polling(bool on);

#endif
