/* SPDX-License-Identifier: GPL-2.0-only */
/* What a hostile VMM does to the vGIC of tests/fuzz/machine.h, whose vCPUs are all put. */
#ifndef HERALD_TESTS_VMM_H
#define HERALD_TESTS_VMM_H

#include "tests/fuzz/machine.h"

void vmm_start(const struct machine_config *cfg);
/* Some accesses to registers, ICC_*_EL1 and lines: mostly such as there are. */
void vmm_access(struct input *in);
/*
 * All of the state to another vGIC, as at a migration: it must read there as here, and the same LPIs
 * be pending. Only twice for an input; it takes a millisecond.
 */
void vmm_migrate(struct input *in);

#endif
