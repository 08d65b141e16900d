/* SPDX-License-Identifier: GPL-2.0-only */
/* The management VM: made at boot, of everything that is not Herald's. */
#ifndef HERALD_HYP_MGMT_H
#define HERALD_HYP_MGMT_H

#include "hyp/board.h"

struct mgmt_plan {
	struct board_range owned[2]; /* physical ranges that Herald keeps: image and pool */
	u32 nr_owned;
	bool lpis; /* the machine has an ITS that works */
};

/* Makes machine.mgmt from machine.board. 0, or an errno: the pool is too small, or frames of the GIC overlap. */
int mgmt_create(const struct mgmt_plan *plan);

/* Loads and enters the vCPU of the CPU this runs on, at its entry and context. On the CPU's own stack. */
void mgmt_start(void) __attribute__((noreturn));

#endif
