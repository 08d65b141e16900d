/* SPDX-License-Identifier: GPL-2.0-only */
/* What the payload learns from the device tree. */
#ifndef HERALD_BARE_BOARD_H
#define HERALD_BARE_BOARD_H

#include "guests/bare/cpu.h"

#define BOARD_MAX_RANGES 16
#define BOARD_MAX_ITS 4

struct range {
	u64 base;
	u64 size;
};

struct board {
	u64 fdt;
	const char *bootargs; /* "" if there are none */
	bool hypervisor; /* /hypervisor is there */
	u32 doorbell_intid; /* its interrupt, 0 if it has none */
	bool psci_hvc;
	u64 uart; /* the console; 0: none that we know */
	bool uart_8250; /* else it is a PL011 */
	struct range ram[BOARD_MAX_RANGES]; /* in ascending order */
	u32 nr_ram;
	struct range heap; /* RAM that nothing uses */
	struct range gicd;
	struct range gicr[BOARD_MAX_RANGES];
	u32 nr_gicr;
	struct range its[BOARD_MAX_ITS];
	u32 nr_its;
	u64 bell; /* a store of an EventID makes the VMM raise that MSI; 0: there is none */
	u32 bell_devid;
	u32 ptimer_intid;
	u32 vtimer_intid;
	u64 mpidr[CPU_MAX];
	u32 nr_cpus; /* more than CPU_MAX are left off */
};

extern struct board board;

/* Reads the tree at @fdt into `board`; false if it has no GICv3, no memory or is no tree. */
bool board_init(u64 fdt);

/* True if the comma-separated list of the boot argument @key has the word @value; @missing if there
 * is no such key. */
bool board_option(const char *key, const char *value, bool missing);

#endif
