/* SPDX-License-Identifier: GPL-2.0-only */
/* A guest that does what no guest should. Each part may leave the GIC and ITS in any state. */
#ifndef HERALD_BARE_HOSTILE_H
#define HERALD_BARE_HOSTILE_H

#include "guests/bare/board.h"

#define HOSTILE_MAX_TARGETS 24

/* Physical addresses that a guest has no business with, and what they are. */
struct hostile_target {
	u64 pa;
	const char *what;
	bool hidden; /* the hypervisor's memory, as far as a guest can guess: no access may succeed
		      */
	bool device; /* a device's or the GIC's registers */
};

extern struct hostile_target hostile_targets[HOSTILE_MAX_TARGETS];
extern u32 hostile_nr_targets;

void hostile_find_targets(void);

void hostile_mmio(void);
void hostile_memory(void);
void hostile_its(void);
void hostile_sysregs(void);
void hostile_instructions(void);
void hostile_calls(void);

/* One plain load or store of 1, 2, 4 or 8 bytes. */
static inline u64 hostile_load(u64 a, u32 width)
{
	u64 v = 0;

	switch (width) {
	case 1:
		__asm__ volatile("ldrb %w0, [%1]" : "+r"(v) : "r"(a) : "memory");
		break;
	case 2:
		__asm__ volatile("ldrh %w0, [%1]" : "+r"(v) : "r"(a) : "memory");
		break;
	case 4:
		__asm__ volatile("ldr %w0, [%1]" : "+r"(v) : "r"(a) : "memory");
		break;
	default:
		__asm__ volatile("ldr %0, [%1]" : "+r"(v) : "r"(a) : "memory");
	}
	return v;
}

static inline void hostile_store(u64 a, u32 width, u64 v)
{
	switch (width) {
	case 1:
		__asm__ volatile("strb %w0, [%1]" ::"r"(v), "r"(a) : "memory");
		break;
	case 2:
		__asm__ volatile("strh %w0, [%1]" ::"r"(v), "r"(a) : "memory");
		break;
	case 4:
		__asm__ volatile("str %w0, [%1]" ::"r"(v), "r"(a) : "memory");
		break;
	default:
		__asm__ volatile("str %0, [%1]" ::"r"(v), "r"(a) : "memory");
	}
}

/*
 * Makes @insn code and calls it with @x0; true if it faulted. @result, if any: x0 afterwards. A
 * fault whose ELR_EL1 is not the instruction's address is counted in hostile_misplaced.
 */
bool hostile_execute(u32 insn, u64 x0, u64 *result);
extern u32 hostile_misplaced;

#endif
