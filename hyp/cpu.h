/* SPDX-License-Identifier: GPL-2.0-only */
/* Physical CPUs: the record each has, found through TPIDR_EL2. */
#ifndef HERALD_HYP_CPU_H
#define HERALD_HYP_CPU_H

#include "hyp/board.h"
#include "hyp/lib/lock.h"

struct vcpu;

/* Blocked vCPUs that became runnable, for the management VM's vCPU of a CPU to fetch (hyp/doorbell.c). */
struct doorbell {
	struct spinlock lock; /* LOCK_DOORBELL */
	struct vcpu *head;
	struct vcpu *tail;
};

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
	struct vcpu *home; /* the management VM's, which lives here */
	struct regs *frame; /* where this CPU's exits save the guest's registers */
	u64 mpidr;
	u32 index;
	u32 held_ranks; /* lock order, in debug builds */
	bool started; /* has run Herald's code */
	u32 attention; /* 1: a VM that is loaded here makes way for the home vCPU (hyp/run.c) */
	u32 ppi_enabled; /* of the timers' PPIs: enabled in the redistributor, */
	u32 ppi_active; /* and active, when the last vCPU was saved */
	bool debug_taken; /* a VM's debug registers are loaded: home's are in its struct world */
	u64 mdcr; /* MDCR_EL2 of the management VM */
	bool ended; /* the VM that is loaded ended a watched SPI: whoever runs it is told as it leaves */
	u64 runs; /* times a VM's vCPU was entered */
	u64 missing; /* what vm_read() or vm_write() lacked last, as HERALD_ABSENT(); 0: nothing */
	/* Pages that there are not, while someone works for a VM who knows; else 0. */
	u64 absent[2];
	struct doorbell bell;
};

/* The table of CPUs; index as in board.cpu_mpidr. */
extern struct cpu cpu_table[BOARD_MAX_CPUS];
extern u32 cpu_count;

#ifdef HERALD_HOST
struct cpu *cpu_this(void); /* the test's */
#else
/*
 * It is set once, but the linker's optimizer sees all files as one: what reads it must not move up before that. Volatile
 * would forbid to read it only once, so the stack, of which nothing is read, stands for the register: cpu_set_this() and
 * all else that may change memory comes before.
 */
#pragma GCC diagnostic push
/* gcc -fanalyzer takes the stack pointer for a variable that was never set. */
#pragma GCC diagnostic ignored "-Wanalyzer-use-of-uninitialized-value"
static inline struct cpu *cpu_this(void)
{
	register const u64 *sp __asm__("sp");
	struct cpu *c;

	__asm__("mrs %0, tpidr_el2" : "=r"(c) : "Q"(*sp));
	return c;
}
#pragma GCC diagnostic pop
#endif

static inline void cpu_set_this(struct cpu *c)
{
	__asm__ volatile("msr tpidr_el2, %0" ::"r"(c) : "memory");
}

/* Fills the table from the board; the caller is CPU @self_mpidr. -ENODEV if the tree does not list it. */
int cpu_init_table(const struct board *b, u64 self_mpidr, u64 table_pa);

/* RAS is there: SErrors have syndromes, and ESB waits for them. */
bool cpu_has_ras(void);

/* Pointer authentication is there. */
bool cpu_has_pauth(void);

/* CNTPOFF_EL2 is there: a VM's physical counter can have an offset. */
bool cpu_has_cntpoff(void);

/* EL2 registers of the CPU this runs on, the same on every CPU: vectors, traps, stage 2 off. */
void cpu_init_el2(struct cpu *c);

#endif
