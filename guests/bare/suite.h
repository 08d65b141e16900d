/* SPDX-License-Identifier: GPL-2.0-only */
/* The suites that the boot argument tests=A,B chooses from. */
#ifndef HERALD_BARE_SUITE_H
#define HERALD_BARE_SUITE_H

void suite_basic(void);
void suite_its(void);
void suite_bugs(void);
void suite_hostile(void);
void suite_kvm(void);
void suite_bench(void);

/* Parts of `basic`. */
void test_psci(void);
void test_irq(void);
void test_priority(void);

#endif
