// SPDX-License-Identifier: GPL-2.0-only
/*
 * Bad behaviour, part by part. After each part the interrupt controller is set up anew, as a kernel
 * would at its boot, and timers, SGIs and LPIs must work on all CPUs. Most accesses may be answered
 * in more than one way that the architecture allows: what is asked for then is that the machine
 * goes on.
 */
#include "guests/bare/gic.h"
#include "guests/bare/hostile.h"
#include "guests/bare/its.h"
#include "guests/bare/mem.h"
#include "guests/bare/smp.h"
#include "guests/bare/suite.h"
#include "guests/bare/tap.h"
#include "guests/bare/test.h"
#include "guests/bare/timer.h"

#define INSN_RET 0xd65f03c0u
#define BEHIND (2 * SZ_1M + SZ_4K)
/* CPUs below this one look on during the attack; the others are off, and are started anew. */
#define NR_WITNESSES 2u

struct hostile_target hostile_targets[HOSTILE_MAX_TARGETS];
u32 hostile_nr_targets;
u32 hostile_misplaced;

static void add_target(u64 pa, const char *what, bool hidden, bool device)
{
	if (hostile_nr_targets == HOSTILE_MAX_TARGETS)
		return;
	hostile_targets[hostile_nr_targets++] = (struct hostile_target){ pa, what, hidden, device };
}

/* What lies between two ranges of RAM, or below the first one up to a round address, was cut out by
 * somebody. */
static void add_holes(void)
{
	u64 at = ALIGN_DOWN(board.ram[0].base, SZ_1G);
	u32 i;

	for (i = 0; i < board.nr_ram; i++) {
		struct range r = board.ram[i];

		if (r.base > at && r.base - at <= SZ_1G) {
			add_target(at, "start of a hole in RAM", true, false);
			add_target(ALIGN_DOWN(at + (r.base - at) / 2, SZ_4K),
				   "middle of a hole in RAM", true, false);
			add_target(r.base - SZ_4K, "end of a hole in RAM", true, false);
		}
		at = r.base + r.size;
	}
}

void hostile_find_targets(void)
{
	struct range last = board.ram[board.nr_ram - 1];

	if (board.hypervisor) {
		add_holes();
		add_target(last.base + last.size + BEHIND, "some way behind RAM", true, false);
	}
	/* Too small for real RAM: a test's tree lists it (tests/system/ghost-ram.t). */
	if (last.size < 32 * UINT64_C(0x100000))
		add_target(last.base, "a bank of RAM that is not there", false, false);
	add_target(last.base + last.size, "behind RAM", board.hypervisor, false);
	add_target(UINT64_C(0x7fffff000000), "far outside", false, false);
	add_target(UINT64_C(0xfffffffff0000), "the end of 52 bits", false, false);
	if (!board.hypervisor)
		return; /* real hardware would do as it is told, and write there */
	add_target(board.gicd.base, "the distributor", false, true);
	add_target(cpus[0].gicr, "a redistributor", false, true);
	if (board.nr_its)
		add_target(board.its[0].base, "the ITS", false, true);
	if (board.uart)
		add_target(board.uart, "the UART", false, true);
}

bool hostile_execute(u32 insn, u64 x0, u64 *result)
{
	/* Spare returns: for an exception that comes with the address behind its instruction. */
	static u32 code[4] __attribute__((aligned(64)));
	struct guard *g = &cpu_this()->guard;
	u64 (*run)(u64) = (u64(*)(u64))(void *)code;
	u64 val;

	code[0] = insn;
	code[1] = code[2] = code[3] = INSN_RET;
	cache_sync_code(code, sizeof(code));
	guard_begin();
	val = run(x0);
	if (result)
		*result = val;
	if (!guard_end())
		return false;
	hostile_misplaced += g->elr != (u64)code;
	return true;
}

static void recover_cpu(void *unused)
{
	(void)unused;
	irq_off();
	gic_init_cpu();
	if (its.base)
		lpi_init_cpu(NULL);
}

/* The part before has done its worst; a kernel starts over. */
static const char *recover(void)
{
	struct its_layout layout = { .queue_pages = 4 };
	const char *dead = NULL;
	u32 i;

	if (its.base && !its_disable())
		dead = "the ITS does not become quiescent";
	if (!gic_init())
		dead = "a redistributor is gone";
	for (i = 0; i < nr_cpus; i++) {
		if (!cpus[i].online && smp_power_up(&cpus[i], 0))
			return "a CPU does not start again";
		smp_call(i, recover_cpu, NULL);
	}
	if (its.base && !its_setup(&layout))
		dead = "the ITS does not take its tables";
	irq_on();
	isb();
	return dead ? dead : test_alive();
}

static void run_part(const char *name, void (*part)(void))
{
	u64 start = timer_now();
	const char *dead;
	u32 i;

	for (i = NR_WITNESSES; i < nr_cpus; i++)
		if (!smp_power_down(&cpus[i]))
			tap_ok(false, "CPU %u goes off", i);
	irq_off();
	part();
	dead = recover();
	tap_ok(!dead, "%s: timers, SGIs and LPIs work on all CPUs afterwards%s%s", name,
	       dead ? ": " : "", dead ? dead : "");
	tap_diag("%s took %lu ms", name, (timer_now() - start) * 1000 / sysreg_read(cntfrq_el0));
}

void suite_hostile(void)
{
	const char *dead;

	hostile_find_targets();
	its_init();
	smp_set_polling(true);
	irq_off();
	dead = recover();
	if (!tap_ok(!dead, "before: timers, SGIs and LPIs work on all CPUs%s%s", dead ? ": " : "",
		    dead ? dead : ""))
		return;
	run_part("memory", hostile_memory);
	run_part("system registers", hostile_sysregs);
	run_part("instructions", hostile_instructions);
	run_part("calls", hostile_calls);
	run_part("frames", hostile_mmio);
	if (its.base)
		run_part("ITS", hostile_its);
	smp_set_polling(false);
}
