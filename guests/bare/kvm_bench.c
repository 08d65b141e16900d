// SPDX-License-Identifier: GPL-2.0-only
/*
 * Instructions of VM exits: under QEMU's -icount shift=0,sleep=off with -cpu max the counter ticks once for each. The
 * VM's own empty loop is taken off.
 */
#include "guests/bare/kvm.h"
#include "guests/bare/mem.h"
#include "guests/bare/tap.h"
#include "guests/bare/timer.h"

#define BUDGET_HYPERCALL 130
#define BUDGET_VGIC_READ 220u
#define BUDGET_STEP 20000 /* docs/abi.md */
#define NS UINT64_C(1000000000)

static u64 to_instructions(u64 ticks)
{
	return ticks * (NS / sysreg_read(cntfrq_el0));
}

/* One exit to the VMM and back, without a driver. */
static u64 bench_exits(u64 vcpu)
{
	u64 start, i;

	irq_off();
	kvm_run(vcpu, 0, 0);
	start = timer_now();
	for (i = 0; i < VM_BENCH_ROUNDS; i++)
		kvm_run(vcpu, HERALD_RUN_COMPLETE, 0);
	start = timer_now() - start;
	irq_on();
	return to_instructions(start) / VM_BENCH_ROUNDS;
}

/* The longest steps: pages, across two new tables, and a block. */
static void bench_map(u64 vm)
{
	u8 *pages = mem_alloc(2 * HERALD_MAP_MAX, HERALD_MAP_MAX);
	u64 start, ticks;

	start = timer_now();
	kvm_map(vm, HERALD_MAP_MAX - HERALD_MAP_MAX_PAGES / 2, pages, HERALD_MAP_MAX_PAGES, 0);
	ticks = timer_now() - start;
	tap_ok(to_instructions(ticks) <= BUDGET_STEP,
	       "kvm: MAP_PAGES of %lu pages is %lu instructions", HERALD_MAP_MAX_PAGES / SZ_4K,
	       to_instructions(ticks));
	kvm_unmap(vm, 0, 2 * HERALD_MAP_MAX);
	start = timer_now();
	kvm_map(vm, 0, pages, HERALD_MAP_MAX, 0);
	ticks = timer_now() - start;
	tap_ok(to_instructions(ticks) <= BUDGET_STEP,
	       "kvm: MAP_PAGES of a block is %lu instructions", to_instructions(ticks));
	kvm_unmap(vm, 0, 2 * HERALD_MAP_MAX);
}

static void bench_gic(void)
{
	u32 steps;
	u64 init = to_instructions(bench_kvm_gic_init(&steps));
	u64 attr = to_instructions(bench_kvm_gic_attr());

	tap_ok(init <= BUDGET_STEP, "kvm: CTRL_INIT of 512 vCPUs: %u steps of %lu instructions",
	       steps, init);
	tap_ok(attr <= BUDGET_STEP, "kvm: a write of one of their GIC's registers: %lu", attr);
}

void test_kvm_bench(void)
{
	const u64 *result;
	u64 empty, call, read;
	struct vm vm;

	vm_create(&vm, 1, kvm_guest_bench, 0);
	result = (const u64 *)(vm.data + VM_RESULT);
	tap_ok(kvm_reports(vm.vcpu[0], 0), "kvm: the measurements in the VM");
	cache_clean(result, SZ_4K);
	empty = to_instructions(result[0]);
	call = (to_instructions(result[1]) - empty) / VM_BENCH_ROUNDS;
	read = (to_instructions(result[2]) - empty) / VM_BENCH_ROUNDS;
	tap_ok(call <= BUDGET_HYPERCALL, "kvm: a null hypercall is %lu instructions of %u", call,
	       BUDGET_HYPERCALL);
	tap_ok(read <= BUDGET_VGIC_READ, "kvm: a read of GICD_TYPER is %lu instructions of %u",
	       read, BUDGET_VGIC_READ);
	tap_diag("an MMIO exit, VM to VMM to VM: %lu instructions", bench_exits(vm.vcpu[0]));
	bench_map(vm.handle);
	vm_destroy(&vm);
	bench_gic();
}
