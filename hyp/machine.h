/* SPDX-License-Identifier: GPL-2.0-only */
/* What the running machine consists of, once boot has put it together. */
#ifndef HERALD_HYP_MACHINE_H
#define HERALD_HYP_MACHINE_H

#include "hyp/mem.h"
#include "hyp/vm.h"
#include "pci/ecam.h"

#define HERALD_VERSION "0.1.0"

struct machine {
	struct board board;
	struct vm *mgmt; /* the management VM, or NULL */
	u64 secondary_entry; /* physical address of boot_secondary, for PSCI CPU_ON */
	u64 entry_ticks; /* CNTPCT when Herald was entered */
	u64 pool_size;
	u32 nr_its; /* board.nr_its, or 0 if one of them did not come up: no MSIs */
	struct ecam ecam[BOARD_MAX_PCI]; /* config space of board.pci[] */
};

extern struct machine machine;

/* A line for each virtual ITS and one for the machine's MSIs: what came, what was lost, what is mapped. At power-off. */
void machine_report(void);

#endif
