/* SPDX-License-Identifier: GPL-2.0-only */
/* What tests share. */
#ifndef HERALD_BARE_TEST_H
#define HERALD_BARE_TEST_H

#include "guests/bare/cpu.h"

/* Priority mask that holds test interrupts back and lets IRQ_SGI_WAKE through. */
#define TEST_PMR 0x40
#define TEST_PRIO_WAKE 0x10

/* The SPIs of tests: the machine's last ones, which no device has. */
#define TEST_NR_SPIS 64u
u32 test_spi(u32 n);

/* After a settling time: @intid was taken once on all CPUs together; once on @cpu; never on @cpu.
 */
bool arrived_once(u32 intid);
bool arrived_once_on(u32 cpu, u32 intid);
bool arrived_nowhere_on(u32 cpu, u32 intid);

/* cpu_fns: this CPU's priority mask to *(u32 *)arg. */
void test_set_pmr(void *arg);
void test_mask(u32 cpu);
void test_unmask(u32 cpu);

/* Acknowledges without exceptions, waiting for one to come; 1023 if none does within @ms. */
u32 test_ack(u32 ms);

/*
 * Timers, an SGI to and from each CPU, and an LPI to each CPU (if there is an ITS and its_ready):
 * the machine works. Answers what does not, or NULL.
 */
const char *test_alive(void);

#endif
