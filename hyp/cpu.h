/* SPDX-License-Identifier: GPL-2.0-only */
/* Physical CPUs: the record each has, found through TPIDR_EL2. */
#ifndef HERALD_HYP_CPU_H
#define HERALD_HYP_CPU_H

#include "hyp/board.h"

struct vcpu;

/* What a guest's general registers are while EL2 runs: at the top of the CPU's stack (hyp/entry.S). */
struct regs {
	u64 x[31];
	u64 pad;
};

/* Read by boot/head.S with the MMU off: its layout is fixed. */
struct cpu_boot {
	u64 table; /* physical address of EL2's root table */
	u64 stack; /* virtual address */
	u64 cpu; /* virtual address of the struct cpu */
};

struct cpu {
	struct cpu_boot boot;
	struct vcpu *vcpu; /* the vCPU loaded here, NULL if none */
	struct regs *frame; /* where this CPU's exits save the guest's registers */
	u64 mpidr;
	u32 index;
	u32 held_ranks; /* lock order, in debug builds */
	bool started; /* has run Herald's code */
};

/* The table of CPUs; index as in board.cpu_mpidr. */
extern struct cpu cpu_table[BOARD_MAX_CPUS];
extern u32 cpu_count;

static inline struct cpu *cpu_this(void)
{
	struct cpu *c;

	__asm__("mrs %0, tpidr_el2" : "=r"(c));
	return c;
}

/* Fills the table from the board; the caller is CPU @self_mpidr. -ENODEV if the tree does not list it. */
int cpu_init_table(const struct board *b, u64 self_mpidr, u64 table_pa);

/* EL2 registers of the CPU this runs on, the same on every CPU: vectors, traps, stage 2 off. */
void cpu_init_el2(struct cpu *c);

#endif
