// SPDX-License-Identifier: GPL-2.0-only
/* The ITS of a VM: its device, MSIs, and commands whose memory is not there. */
#include "drivers/gic_regs.h"
#include "drivers/gits_regs.h"
#include "guests/bare/board.h"
#include "guests/bare/irq.h"
#include "guests/bare/kvm_vits.h"
#include "guests/bare/except.h"
#include "guests/bare/smp.h"
#include "guests/bare/tap.h"
#include "guests/bare/timer.h"

static const u32 its_regs = KVM_DEV_ARM_VGIC_GRP_ITS_REGS, addr = KVM_DEV_ARM_VGIC_GRP_ADDR,
		 ctrl = KVM_DEV_ARM_VGIC_GRP_CTRL;

static void test_msi(void)
{
	struct vm vm;

	vits_start(&vm, 1);
	tap_ok(vits.faults >= 5, "kvm its: EL2 had %u pages mapped that it needed", vits.faults);
	is(vits_msi(vm.handle, 5, 0), 1, "SIGNAL_MSI");
	tap_ok(vits_takes(&vm, VITS_LPI), "kvm its: its LPI arrives");
	is(vits_msi(vm.handle, 0x1ff, 7), 1, "SIGNAL_MSI of another device");
	tap_ok(vits_takes(&vm, VITS_LPI + 3), "kvm its: its LPI arrives");
	tap_ok(vits_takes(&vm, 1023), "kvm its: nothing more");
	is(vits_msi(vm.handle, 5, 2), 0, "an event that is not mapped");
	is(vits_msi(vm.handle, 6, 0), 0, "a device that is not mapped");
	is(vits_msi(vm.handle, 0x10005, 0), 0, "a device beyond GITS_TYPER.Devbits");
	is(vits_msi(vm.handle, 5, 0x10000), 0, "an event beyond 16 bits");
	is(vits_msi_at(vm.handle, VM_GITS + GITS_TRANSLATER, 0, 5, 0), -EINVAL,
	   "no KVM_MSI_VALID_DEVID");
	is(vits_msi_at(vm.handle, VM_GITS + GITS_TRANSLATER, 2, 5, 0), -EINVAL, "an unknown flag");
	is(vits_msi_at(vm.handle, VM_GITS + GITS_TRANSLATER, 3, 5, 0), -EINVAL,
	   "a known and an unknown flag");
	is(vits_msi_at(vm.handle, VM_GITS + GITS_TRANSLATER + 4, 1, 5, 0), -EINVAL,
	   "next to the doorbell");
	is(vits_msi_at(vm.handle, VM_GITS2 + GITS_TRANSLATER, 1, 5, 0), -EINVAL, "no ITS there");
	is(vits_msi_at(vm.handle, GITS_TRANSLATER - 1, 1, 5, 0), -EINVAL, "an address that wraps");
	is(vits_msi_at(vm.handle, BIT(32) + VM_GITS + GITS_TRANSLATER, 1, 5, 0), -EINVAL,
	   "4 GiB above");
	is(kvm_ioctl(vm.handle, KVM_SIGNAL_MSI, UINT64_C(1) << 46), -EFAULT, "from nowhere");
	is(kvm_ioctl(vm.vcpu[0], KVM_SIGNAL_MSI, 0), -ENOTTY, "of a vCPU");
	/* INT by the guest itself, and an ITS that is off. */
	vits_event(GITS_CMD_INT, 5, 1);
	vits_script(&vm, 0);
	vits_op_commands(VM_GITS);
	vits_op(SCRIPT_TAKE, 0, 0);
	vits_op(SCRIPT_STORE32, VM_GITS + GITS_CTLR, 0);
	tap_ok(vits_next(&vm, 0) == vits.writer && vits_next(&vm, 0) == VITS_LPI + 1 &&
		       vits_ends(&vm, 0),
	       "kvm its: INT's LPI arrives");
	is(vits_msi(vm.handle, 5, 0), -EBUSY, "of an ITS that is disabled");
	vm_destroy(&vm);
}

/* WFI, without a deadline; an MSI rings the doorbell. */
static void test_wake(void)
{
	u32 me = cpu_this()->index, before;
	struct vm vm;
	struct hvc h;

	vits_start(&vm, 1);
	vits_script(&vm, 0);
	vits_op(SCRIPT_SLEEP, 0, 0);
	cache_clean(vm.data, VM_DATA_SIZE);
	h = kvm_run_on(vm.vcpu[0], 0, 0);
	tap_ok(h.x[0] == HERALD_EXIT_WFI && h.x[1] == ~UINT64_C(0), "kvm its: the vCPU waits");
	while (kvm_wakeup() != -ENOENT)
		;
	before = irq_count(me, board.doorbell_intid);
	is(vits_msi(vm.handle, 5, 1), 1, "SIGNAL_MSI to a blocked vCPU");
	tap_ok(wait_for(irq_count(me, board.doorbell_intid) == before + 1) &&
		       kvm_wakeup() == (s64)vm.vcpu[0],
	       "kvm its: the doorbell rings for it");
	tap_ok(vits_next(&vm, 0) == VITS_LPI + 1 && vits_ends(&vm, 0), "kvm its: it takes the LPI");
	vm_destroy(&vm);
}

/* What there is none of: the command fails as if memory were not there, and the next one is done. */
static void test_absent(void)
{
	struct vm vm;

	vits_start(&vm, 1);
	/* The page of the third device's ITT is none that the VMM has. */
	vits_mapd(7, 3);
	vits_mapti(7, 0, VITS_LPI + 4, 0);
	vits_mapti(5, 2, VITS_LPI + 5, 0);
	vits.absent = VITS_MEM + VITS_ITT + 3 * SZ_4K;
	vits_script(&vm, 0);
	vits_op_commands(VM_GITS);
	tap_ok(vits_next(&vm, 0) == vits.writer && vits_ends(&vm, 0) && vits.refused == 1,
	       "kvm its: a page that cannot be mapped is asked for once (%u)", vits.refused);
	is(vits_msi(vm.handle, 7, 0), 0, "its MAPTI failed");
	is(vits_msi(vm.handle, 5, 2), 1, "the next one did not");
	/* A page that the VMM took back, as its MMU notifier may. */
	is(kvm_unmap(vm.handle, VITS_MEM + VITS_QUEUE, SZ_4K), 0, "UNMAP_PAGES of the queue");
	vits.faults = 0;
	vits_event(GITS_CMD_INT, 5, 0);
	vits_script(&vm, 0);
	vits_op_commands(VM_GITS);
	tap_ok(vits_next(&vm, 0) == vits.writer && vits_ends(&vm, 0) && vits.faults == 1,
	       "kvm its: it is mapped again when the next command is read");
	tap_ok(vits_takes(&vm, VITS_LPI + 5) && vits_takes(&vm, VITS_LPI),
	       "kvm its: both LPIs arrive");
	vm_destroy(&vm);
}

static void make_early(struct vm *vm)
{
	u64 base = VM_GITS, odd = VM_GITS + SZ_4K, far = UINT64_C(1) << 40, end = far - SZ_64K,
	    wraps = ~UINT64_C(0xffff), its = 0, none;

	is(kvm_ioctl(HERALD_SYSTEM, KVM_CHECK_EXTENSION, KVM_CAP_SIGNAL_MSI), 1, "CAP_SIGNAL_MSI");
	is(kvm_ioctl(HERALD_SYSTEM, KVM_CHECK_EXTENSION, KVM_CAP_MSI_DEVID), -EINVAL,
	   "CAP_MSI_DEVID of the system");
	is(kvm_ioctl(vm->handle, KVM_CHECK_EXTENSION, KVM_CAP_MSI_DEVID), 0,
	   "CAP_MSI_DEVID without an ITS");
	is(vits_msi(vm->handle, 5, 0), -EINVAL, "SIGNAL_MSI without a GIC");
	is(kvm_create_device(vm->handle, KVM_DEV_TYPE_ARM_VGIC_ITS, KVM_CREATE_DEVICE_TEST, &none),
	   0, "CREATE_DEVICE, TEST");
	is(kvm_ioctl(vm->handle, KVM_CHECK_EXTENSION, KVM_CAP_MSI_DEVID), 0, "made none");
	is(kvm_create_device(vm->handle, KVM_DEV_TYPE_ARM_VGIC_ITS, 0, &its), 0,
	   "CREATE_DEVICE before vCPUs and GIC");
	is(kvm_ioctl(vm->handle, KVM_CHECK_EXTENSION, KVM_CAP_MSI_DEVID), 1, "CAP_MSI_DEVID then");
	is(kvm_attr(its, KVM_HAS_DEVICE_ATTR, addr, KVM_VGIC_ITS_ADDR_TYPE, NULL), 0, "has it");
	is(kvm_attr(its, KVM_HAS_DEVICE_ATTR, addr, KVM_VGIC_V3_ADDR_TYPE_DIST, NULL), -ENXIO,
	   "has another address");
	is(kvm_attr(its, KVM_HAS_DEVICE_ATTR, ctrl, KVM_DEV_ARM_VGIC_SAVE_PENDING_TABLES, NULL),
	   -ENXIO, "has SAVE_PENDING_TABLES");
	is(kvm_attr(its, KVM_HAS_DEVICE_ATTR, ctrl, KVM_DEV_ARM_ITS_CTRL_RESET, NULL), 0,
	   "has RESET");
	is(kvm_attr(its, KVM_HAS_DEVICE_ATTR, its_regs, GITS_CTLR, NULL), 0, "has GITS_CTLR");
	is(kvm_attr(its, KVM_HAS_DEVICE_ATTR, its_regs, 0x40, NULL), -ENXIO, "has register 0x40");
	is(kvm_attr(its, KVM_HAS_DEVICE_ATTR, its_regs, GITS_CBASER + 4, NULL), -EINVAL,
	   "has half a register");
	is(kvm_attr(its, KVM_HAS_DEVICE_ATTR, 99, 0, NULL), -ENXIO, "has group 99");
	is(kvm_set_attr(its, addr, 0, &base), -ENODEV, "an address of type 0");
	is(kvm_set_attr(its, addr, KVM_VGIC_ITS_ADDR_TYPE, (void *)(UINT64_C(1) << 46)), -EFAULT,
	   "an address from nowhere");
	is(kvm_set_attr(its, addr, KVM_VGIC_ITS_ADDR_TYPE, &odd), -EINVAL, "an address of 4 KiB");
	is(kvm_set_attr(its, addr, KVM_VGIC_ITS_ADDR_TYPE, &far), -E2BIG, "beyond the IPA space");
	is(kvm_set_attr(its, addr, KVM_VGIC_ITS_ADDR_TYPE, &end), -E2BIG, "half beyond it");
	is(kvm_set_attr(its, addr, KVM_VGIC_ITS_ADDR_TYPE, &wraps), -EINVAL, "one that wraps");
	is(kvm_attr(its, KVM_GET_DEVICE_ATTR, its_regs, GITS_TYPER, &none), -ENXIO,
	   "a register without an address");
	is(kvm_set_attr(its, addr, KVM_VGIC_ITS_ADDR_TYPE, &base), 0, "the address");
	is(kvm_set_attr(its, addr, KVM_VGIC_ITS_ADDR_TYPE, &base), -EEXIST, "the address twice");
	is(kvm_attr(its, KVM_GET_DEVICE_ATTR, addr, KVM_VGIC_ITS_ADDR_TYPE, &none), 0,
	   "GET_DEVICE_ATTR");
	is((s64)none, VM_GITS, "which is");
	is(kvm_attr(its, KVM_GET_DEVICE_ATTR, its_regs, GITS_TYPER, &none), 0, "GITS_TYPER");
	is((s64)none, 0x1ef71, "which is");
	is(kvm_set_attr(its, ctrl, KVM_DEV_ARM_VGIC_CTRL_INIT, NULL), 0, "CTRL_INIT");
	is(kvm_set_attr(its, ctrl, KVM_DEV_ARM_ITS_SAVE_TABLES, NULL), -ENXIO,
	   "SAVE_TABLES without a GIC");
	is(kvm_set_attr(its, ctrl, 77, NULL), -ENXIO, "control 77");
	is(kvm_ioctl(its, KVM_RUN, 0), -ENOTTY, "KVM_RUN of an ITS");
	is(kvm_ioctl(its + (1 << 11), KVM_HAS_DEVICE_ATTR, 0), -EBADF, "an ITS that is not there");
}

/* kvmtool's order: the ITS before the GIC is initialised, before there are vCPUs. Two of them. */
static void test_early(void)
{
	u64 base = VM_GITS2, over = VM_GICD, its, fd;
	struct vm vm;

	vits_reset();
	vm_create_early(&vm, 1, kvm_guest_script, VM_SCRIPT, make_early);
	is(kvm_create_device(vm.handle, KVM_DEV_TYPE_ARM_VGIC_ITS, 0, &its), 0, "a second ITS");
	tap_ok(vits_ends(&vm, 0), "kvm its: a VM with an ITS that has no address runs");
	is(kvm_set_attr(its, addr, KVM_VGIC_ITS_ADDR_TYPE, &over), -EINVAL, "over the distributor");
	is(kvm_set_attr(its, addr, KVM_VGIC_ITS_ADDR_TYPE, &base), 0, "its address while it runs");
	is(kvm_map(vm.handle, VM_GITS2 + SZ_64K, vm.data, SZ_4K, HERALD_MAP_SHARED), -EINVAL,
	   "MAP_PAGES over the ITS");
	is(kvm_create_device(vm.handle, KVM_DEV_TYPE_ARM_VGIC_ITS, 0, &fd), 0,
	   "a third one after KVM_RUN");
	vits_mapd(5, 0);
	vits_mapc(0, 0);
	vits_mapti(5, 0, VITS_LPI, 0);
	vits_script(&vm, 0);
	vits_op_lpis(0);
	vits_op_its(VM_GITS, VITS_QUEUE);
	vits_op_commands(VM_GITS);
	/* The same device, another LPI. */
	vits.queue = VITS_QUEUE2;
	vits.writer = 0;
	vits_mapd(5, 1);
	vits_mapc(0, 0);
	vits_mapti(5, 0, VITS_LPI + 1, 0);
	vits_op_its(VM_GITS2, VITS_QUEUE2);
	vits_op_commands(VM_GITS2);
	tap_ok(vits_next(&vm, 0) == vits.writer && vits_next(&vm, 0) == vits.writer &&
		       vits_ends(&vm, 0),
	       "kvm its: both are set up");
	is(vits_msi_at(vm.handle, VM_GITS2 + GITS_TRANSLATER, 1, 5, 0), 1,
	   "SIGNAL_MSI to the second");
	tap_ok(vits_takes(&vm, VITS_LPI + 1) && vits_takes(&vm, 1023), "kvm its: its LPI arrives");
	is(vits_msi(vm.handle, 5, 0), 1, "SIGNAL_MSI to the first");
	tap_ok(vits_takes(&vm, VITS_LPI) && vits_takes(&vm, 1023), "kvm its: its LPI arrives");
	vm_destroy(&vm);
}

/* The thread of vCPU 1: as the driver runs it, until it reports an interrupt. */
struct second {
	struct vm *vm;
	bool ready;
	u64 val;
};

static void run_second(void *arg)
{
	struct second *s = arg;
	struct hvc h;

	do {
		irq_off();
		h = kvm_run(s->vm->vcpu[1], 0, 0);
		irq_on();
		isb();
		if (h.x[0] == HERALD_EXIT_FAULT && h.x[3] == VM_REPORT) {
			atomic_store_release(&s->ready, true);
			h = kvm_run(s->vm->vcpu[1], HERALD_RUN_COMPLETE, 0);
		}
	} while (h.x[0] != HERALD_EXIT_FAULT);
	atomic_store_release(&s->val, h.x[3]);
}

/* INT by vCPU 0, whose LPI is vCPU 1's, which runs on CPU 1. */
static void test_int(void)
{
	struct second s;
	struct vm vm;

	if (nr_cpus < 2) {
		tap_skip("kvm its: INT to another vCPU", "one CPU");
		return;
	}
	vits_start(&vm, 2);
	vits_script(&vm, 1);
	vits_op_lpis(1);
	vits_op(SCRIPT_SLEEP, 0, 0);
	cache_clean(vm.data, VM_DATA_SIZE);
	kvm_set_reg(vm.vcpu[1], KVM_CORE_REG(regs.pc),
		    VM_CODE + (u64)kvm_guest_script - (u64)kvm_guest);
	kvm_set_reg(vm.vcpu[1], KVM_CORE_REG(regs.regs[0]), VM_SCRIPT + 0x1000);
	kvm_ioctl(vm.vcpu[1], KVM_SET_MP_STATE, (u64) & (struct kvm_mp_state){ 0 });
	/* Its tables are mapped by now, but for its pending table. */
	is(kvm_map(vm.handle, VITS_MEM + VITS_PEND + SZ_64K, vits.mem + VITS_PEND + SZ_64K, SZ_64K,
		   HERALD_MAP_SHARED),
	   0, "MAP_PAGES of vCPU 1's pending table");
	s = (struct second){ .vm = &vm };
	smp_call_start(1, run_second, &s);
	tap_ok(wait_for(atomic_load_acquire(&s.ready)), "kvm its: vCPU 1 runs on CPU 1");
	settle();
	vits_mapc(1, 1);
	vits_mapti(5, 3, VITS_LPI + 9, 1);
	vits_event(GITS_CMD_INT, 5, 3);
	vits_script(&vm, 0);
	vits_op_commands(VM_GITS);
	tap_ok(vits_next(&vm, 0) == vits.writer, "kvm its: vCPU 0 sends INT");
	tap_ok(smp_call_wait(1) && s.val == VITS_LPI + 9, "kvm its: vCPU 1 takes its LPI");
	vm_destroy(&vm);
}

#define MANY 8
#define MANY_POOL (UINT64_C(31) << 20) /* what a machine of 2 GiB has at least */

/* 8 VMs of 4 vCPUs at a time, each with an ITS: Herald's pool has room for them. */
static void test_many(void)
{
	u64 before = kvm_stats().pool_used, most;
	struct vm vm[MANY];
	u32 n = 0, i;

	if (kvm_stats().pool_size < MANY_POOL) {
		tap_skip("kvm its: 8 VMs have an ITS", "a machine of less than 2 GiB");
		return;
	}
	while (n < MANY) {
		vm_create(&vm[n], 4, kvm_guest_once, 0);
		if (kvm_create_device(vm[n++].handle, KVM_DEV_TYPE_ARM_VGIC_ITS, 0, &most)) {
			tap_diag("VM %u has none", n);
			break;
		}
	}
	most = kvm_stats().pool_used;
	tap_ok(n == MANY, "kvm its: 8 VMs have an ITS, %lu KiB each", (most - before) / n / 1024);
	for (i = 0; i < n; i++)
		vm_destroy(&vm[i]);
	tap_ok(kvm_stats().pool_used == before, "kvm its: and give all of it back");
}

static void test_no_its(void)
{
	struct vm vm;

	vm_create(&vm, 1, kvm_guest_script, VM_SCRIPT);
	is(vits_msi(vm.handle, 5, 0), -ENODEV, "SIGNAL_MSI to a VM without an ITS");
	is(vits_msi_at(vm.handle, 0, 4, 5, 0), -EINVAL, "with an unknown flag");
	vm_destroy(&vm);
}

#define BUDGET_MSI 800

/* Instructions of KVM_SIGNAL_MSI to a vCPU that is not loaded: as kvm_bench.c measures. */
void test_kvm_its_bench(void)
{
	struct kvm_msi m = { .address_lo = VM_GITS + GITS_TRANSLATER,
			     .flags = KVM_MSI_VALID_DEVID,
			     .devid = 5 };
	u64 from, ticks;
	struct vm vm;
	u32 i;

	vits_start(&vm, 1);
	is(vits_msi(vm.handle, 5, 0), 1, "KVM_SIGNAL_MSI");
	from = timer_now();
	for (i = 0; i < VM_BENCH_ROUNDS; i++) {
		struct hvc h = { { HERALD_HVC_IOCTL, vm.handle, KVM_SIGNAL_MSI, (u64)&m, 0, 0 } };

		hvc(&h);
	}
	ticks = (timer_now() - from) * (UINT64_C(1000000000) / sysreg_read(cntfrq_el0));
	is(vits_msi(vm.handle, 5, 0), 1, "KVM_SIGNAL_MSI, for the last time");
	tap_ok(ticks / VM_BENCH_ROUNDS <= BUDGET_MSI, "kvm its: KVM_SIGNAL_MSI is %lu instructions",
	       ticks / VM_BENCH_ROUNDS);
	vm_destroy(&vm);
}

void test_kvm_its(void)
{
	test_no_its();
	test_msi();
	test_wake();
	test_absent();
	test_early();
	test_kvm_its_save();
	test_int();
	test_many();
}
