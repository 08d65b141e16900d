// SPDX-License-Identifier: GPL-2.0-only
/*
 * Instructions of VM exits: under QEMU's -icount shift=0,sleep=off with -cpu max the counter ticks once for each. The
 * VM's own empty loop is taken off.
 */
#include "guests/bare/its.h"
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
	s64 err;

	start = timer_now();
	err = kvm_map(vm, HERALD_MAP_MAX - HERALD_MAP_MAX_PAGES / 2, pages, HERALD_MAP_MAX_PAGES,
		      0);
	ticks = timer_now() - start;
	tap_ok(!err && to_instructions(ticks) <= BUDGET_STEP,
	       "kvm: MAP_PAGES of %lu pages is %lu instructions", HERALD_MAP_MAX_PAGES / SZ_4K,
	       to_instructions(ticks));
	kvm_unmap(vm, 0, 2 * HERALD_MAP_MAX);
	start = timer_now();
	err = kvm_map(vm, 0, pages, HERALD_MAP_MAX, 0);
	ticks = timer_now() - start;
	tap_ok(!err && to_instructions(ticks) <= BUDGET_STEP,
	       "kvm: MAP_PAGES of a block is %lu instructions", to_instructions(ticks));
	kvm_unmap(vm, 0, 2 * HERALD_MAP_MAX);
}

/* The longest step of each list of the management VM, whose ITS has events of some devices. */
static void bench_lists(void)
{
	struct herald_list *l = mem_alloc(sizeof(*l), SZ_4K);
	u32 kind;

	for (kind = 0; kind < HERALD_NR_LISTS; kind++) {
		u64 longest = 0, records = 0;

		*l = (struct herald_list){ .kind = kind };
		do {
			u64 start = timer_now();
			s64 err = kvm_ioctl(HERALD_SYSTEM, HERALD_LIST, (u64)l);

			longest = MAX(longest, timer_now() - start);
			if (err)
				break;
			records += l->nr;
		} while (l->cursor != HERALD_LIST_END);
		tap_ok(l->cursor == HERALD_LIST_END && (records || kind == HERALD_LIST_SPIS) &&
			       to_instructions(longest) <= BUDGET_STEP,
		       "kvm: LIST of kind %u, %lu records: the longest step is %lu instructions",
		       kind, records, to_instructions(longest));
	}
}

static void bench_log(void)
{
	struct herald_log *log = mem_alloc(sizeof(*log), SZ_4K);
	u64 start, ticks;
	s64 err;

	*log = (struct herald_log){ 0 };
	start = timer_now();
	err = kvm_ioctl(HERALD_SYSTEM, HERALD_READ_LOG, (u64)log);
	ticks = timer_now() - start;
	tap_ok(!err && log->len && to_instructions(ticks) <= BUDGET_STEP,
	       "kvm: READ_LOG of %lu bytes is %lu instructions", (u64)log->len,
	       to_instructions(ticks));
}

/* Events as close as the table can have them: in steps there are as many records as fit. */
static void bench_watch(void)
{
	static const struct its_layout layout = { .queue_pages = 16, .page = 2 };
	u32 dev, event;

	if (!its_init())
		return;
	its_setup(&layout);
	its_mapc(0, 0);
	for (dev = 0; dev < 40; dev++) {
		its_mapd(dev, its_alloc_itt(8), 8);
		for (event = 0; event < 256; event++)
			its_mapti(dev, event, 8192 + dev * 256 + event, 0);
		its_flush();
	}
	bench_lists();
	its_shutdown();
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
	bench_log();
	bench_watch();
	vm_destroy(&vm);
	bench_gic();
}
