/* SPDX-License-Identifier: GPL-2.0-only */
/* Bringing up LPIs and the physical ITSes. */
#ifndef HERALD_BOOT_MSI_H
#define HERALD_BOOT_MSI_H

#include "hyp/cpu.h"

/*
 * Boot CPU, after the GIC and the pool: host LPIs, every ITS of the tree. A machine without is not an error: one line says
 * that MSIs are not available, and machine.nr_its stays 0.
 */
void msi_init(void);

/*
 * Each later CPU: its pending table, its collection on every ITS. If the hardware refuses, or an ITS was given up
 * meanwhile, one line says so and the boot CPU goes on taking this CPU's LPIs.
 */
void msi_cpu_init(struct cpu *c);

#endif
