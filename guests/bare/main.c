// SPDX-License-Identifier: GPL-2.0-only
/*
 * A bare-metal kernel that tests the machine it runs on from EL1: CPUs, timers, GICv3, ITS, and bad
 * behaviour; or measures it. Boot arguments: tests=LIST of basic, its, bugs, hostile, kvm, bench
 * (default basic,its). Results are TAP on the console; then it powers off, or starts the kernel that
 * mkchain.sh put behind it.
 */
#include "guests/bare/board.h"
#include "guests/bare/chain.h"
#include "guests/bare/console.h"
#include "guests/bare/except.h"
#include "guests/bare/gic.h"
#include "guests/bare/irq.h"
#include "guests/bare/mem.h"
#include "guests/bare/mmu.h"
#include "guests/bare/psci.h"
#include "guests/bare/smp.h"
#include "guests/bare/suite.h"
#include "guests/bare/tap.h"

static const struct {
	const char *name;
	void (*run)(void);
	bool standard;
} suites[] = {
	{ "basic", suite_basic, true }, { "its", suite_its, true },
	{ "bugs", suite_bugs, false },	{ "hostile", suite_hostile, false },
	{ "kvm", suite_kvm, false },	{ "bench", suite_bench, false },
};

void main(u64 fdt);

static void map_board(void)
{
	u32 i;
	u64 base = board.ram[0].base;
	u64 end = board.ram[board.nr_ram - 1].base + board.ram[board.nr_ram - 1].size;

	/* Holes too, if they are small: that is where a hypervisor hides. */
	if (end - base <= 64 * SZ_1G) {
		mmu_map(base, base, end - base, MMU_NORMAL);
		return;
	}
	for (i = 0; i < board.nr_ram; i++)
		mmu_map(board.ram[i].base, board.ram[i].base, board.ram[i].size, MMU_NORMAL);
}

void main(u64 fdt)
{
	bool known;
	u32 i;

	sysreg_write(tpidr_el1, &cpus[0]);
	mmu_init(fdt);
	known = board_init(fdt);
	if (board.uart)
		mmu_map_device(board.uart, SZ_4K);
	console_init(board.uart, board.uart_8250);
	psci_init(board.psci_hvc);
	print("# bare: loaded at 0x%lx, FDT 0x%lx, bootargs \"%s\"\n", (u64)image_start, fdt,
	      board.bootargs);
	if (!known)
		fatal("the device tree lacks a GICv3, CPUs, or 32 MiB of memory");
	map_board();
	mem_init(board.heap.base, board.heap.size);
	smp_init();
	irq_init();
	if (!gic_init())
		fatal("a CPU has no redistributor");
	gic_init_cpu();
	irq_on();
	smp_start_all();
	print("# %u CPUs, %u INTIDs, %u ITS, conduit %s%s\n", nr_cpus, gic_nr_lines(), board.nr_its,
	      board.psci_hvc ? "hvc" : "smc", board.hypervisor ? ", under a hypervisor" : "");
	for (i = 0; i < ARRAY_SIZE(suites); i++)
		if (board_option("tests", suites[i].name, suites[i].standard))
			suites[i].run();
	tap_done();
	chain_next(fdt);
	psci_system_off();
}
