// SPDX-License-Identifier: GPL-2.0-only
/*
 * Backtraces. Needs -fno-omit-frame-pointer: every function that calls another then keeps a frame
 * record, {caller's frame record, return address}, and x29 points to the newest.
 */
#include "hyp/backtrace.h"
#include "hyp/log.h"
#include "hyp/symbols.h"

/* AAPCS64: where the frame pointer points. */
struct frame_record {
	u64 next;
	u64 lr;
};

/*
 * @call: @addr is a return address, which may be the first of the next function if the call does
 * not return.
 */
static void print_one(u32 n, u64 addr, bool call)
{
	const char *name;
	u64 offset;

	if (symbol_find(addr - call, &name, &offset))
		log_line("  #%-2u %016lx %s+0x%lx", n, (unsigned long)addr, name,
			 (unsigned long)(offset + call));
	else
		log_line("  #%-2u %016lx", n, (unsigned long)addr);
}

void backtrace_walk(u64 fp, u64 pc, u64 lo, u64 hi)
{
	u32 n;

	print_one(0, pc, false);
	for (n = 1; n < BACKTRACE_MAX; n++) {
		const struct frame_record *r = (const struct frame_record *)(uintptr_t)fp;

		if (!IS_ALIGNED(fp, sizeof(u64)) || !range_contains(lo, hi - lo, fp, sizeof(*r)))
			return;
		if (r->lr)
			print_one(n, r->lr, true);
		/* Records lie upwards: a chain that does not is broken, and could be a circle. */
		if (r->next <= fp)
			return;
		fp = r->next;
	}
	log_line("  ... more");
}

#ifndef HERALD_HOST
#include "hyp/cpu.h"
#include "hyp/mem.h"

extern char boot_stack[], boot_stack_top[];

/*
 * A CPU's stack, if @fp lies in that window and boot has come so far as to map it; else the boot
 * stack.
 */
void backtrace_print(u64 fp, u64 pc)
{
	u64 index = (fp - MEM_STACK_VA) / MEM_STACK_STRIDE;

	if (fp >= MEM_STACK_VA && index < cpu_count && cpu_table[index].boot.stack) {
		u64 top = cpu_table[index].boot.stack;

		backtrace_walk(fp, pc, top - MEM_STACK_SIZE, top);
		return;
	}
	backtrace_walk(fp, pc, (u64)boot_stack, (u64)boot_stack_top);
}
#endif
