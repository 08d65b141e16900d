/* SPDX-License-Identifier: GPL-2.0-only */
/* Interrupt handling: every interrupt is counted, per CPU and INTID. */
#ifndef HERALD_BARE_IRQ_H
#define HERALD_BARE_IRQ_H

#include "guests/bare/cpu.h"

#define IRQ_NR_SPECIAL 1024u
#define IRQ_NR_LPIS 12288u
#define IRQ_SGI_WAKE 15u /* wakes an idle CPU */

/* Room for the counters of all CPUs. */
void irq_init(void);
/* All counters of all CPUs to 0; no CPU may be taking interrupts that matter. */
void irq_reset_counts(void);

void irq_handle(bool fiq);

/* How often @cpu took @intid; an LPI beyond the counted ones answers 0. */
u32 irq_count(u32 cpu, u32 intid);
/* On all CPUs together. */
u32 irq_count_all(u32 intid);

#endif
