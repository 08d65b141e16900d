// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ITS of a VM: its device, MSIs, and tables in memory that is not mapped before EL2 asks for it. The VMM writes the
 * commands and a script for the vCPU, which programs the registers and takes the interrupts.
 */
#include "drivers/gic_regs.h"
#include "drivers/gits_regs.h"
#include "guests/bare/board.h"
#include "guests/bare/irq.h"
#include "guests/bare/kvm.h"
#include "guests/bare/except.h"
#include "guests/bare/mem.h"
#include "guests/bare/smp.h"
#include "guests/bare/tap.h"
#include "guests/bare/timer.h"
#include "hyp/lib/string.h"

/* The VM's memory for GIC and ITS, and where in it. */
#define MEM 0x50000000u
#define MEM_SIZE 0x60000u
#define QUEUE 0x00000u
#define PEND 0x10000u /* 64 KiB for each vCPU */
#define PROP 0x30000u
#define DEVICES 0x34000u
#define COLLECTIONS 0x35000u
#define ITT 0x36000u /* a page for each device */
#define QUEUE2 0x40000u

#define INTID_BITS 14
#define LPI 8192u
#define PROP_ON 0xa1 /* priority 0xa0, enabled */

#define GITS_BASER0 GITS_BASER
#define GITS_BASER1 (GITS_BASER + 8)
#define VALID BIT(63)

static const u32 its_regs = KVM_DEV_ARM_VGIC_GRP_ITS_REGS, addr = KVM_DEV_ARM_VGIC_GRP_ADDR,
		 ctrl = KVM_DEV_ARM_VGIC_GRP_CTRL;

static u8 *mem; /* behind MEM */
static u32 faults; /* by EL2, answered by mapping */
static u64 absent; /* a page that is not mapped, but refused */
static u32 refused;

static void is(s64 got, s64 want, const char *what)
{
	tap_ok(got == want, "kvm its: %s: %ld%s", what, (long)got, got == want ? "" : ", wrong");
}

/* --- the vCPU's script --- */

static u64 *script;

static void script_begin(struct vm *vm, u32 vcpu)
{
	script = (u64 *)(vm->data + VM_SCRIPT + vcpu * 0x1000);
}

static void op(u64 what, u64 where, u64 val)
{
	script[0] = what;
	script[1] = where;
	script[2] = val;
	script += 3;
	script[0] = SCRIPT_END;
}

/* Maps the page that EL2 or the vCPU asks for; false if it is not ours to map. */
static bool map_page(u64 vm, u64 ipa)
{
	u64 page = ALIGN_DOWN(ipa, (u64)SZ_4K);

	if (page < MEM || page >= MEM + MEM_SIZE)
		return false;
	return !kvm_map(vm, page, mem + (page - MEM), SZ_4K, HERALD_MAP_SHARED);
}

/* Runs until the next report: its value, or ~0. As the driver does: pages are mapped when they are missed. */
static u64 next(struct vm *vm, u32 vcpu)
{
	u64 flags = 0;
	struct hvc h;

	cache_clean(vm->data, VM_DATA_SIZE);
	irq_off();
	for (;;) {
		h = kvm_run(vm->vcpu[vcpu], flags, 0);
		flags = 0;
		if (h.x[0] == HERALD_EXIT_FAULT && h.x[1] == VM_REPORT) {
			kvm_run(vm->vcpu[vcpu], HERALD_RUN_COMPLETE | HERALD_RUN_IMMEDIATE, 0);
			break;
		}
		if (h.x[0] == HERALD_EXIT_FAULT && (h.x[2] & HERALD_FAULT_EL2)) {
			if (h.x[1] == absent || !map_page(vm->handle, h.x[1])) {
				flags = HERALD_RUN_ABORT;
				refused++;
			} else {
				faults++;
			}
		} else if (h.x[0] == (u64)-EINTR) {
			irq_on();
			isb();
			irq_off();
		} else {
			break;
		}
	}
	irq_on();
	return h.x[0] == HERALD_EXIT_FAULT ? h.x[3] : ~UINT64_C(0);
}

/* The end of a script is its beginning's report. */
static bool ends(struct vm *vm, u32 vcpu)
{
	return next(vm, vcpu) == VM_REPORT;
}

/* --- the ITS's commands --- */

static u32 writer, queue;

static void command(u64 d0, u64 d1, u64 d2)
{
	u64 *c = (u64 *)(mem + queue + writer);

	c[0] = d0;
	c[1] = d1;
	c[2] = d2;
	c[3] = 0;
	writer += 32;
}

static void mapd(u32 dev, u32 itt)
{
	command(GITS_CMD_MAPD | (u64)dev << 32, 4, VALID | (MEM + ITT + itt * SZ_4K));
}

static void mapc(u32 icid, u32 vcpu)
{
	command(GITS_CMD_MAPC, 0, VALID | (u64)vcpu << 16 | icid);
}

static void mapti(u32 dev, u32 event, u32 lpi, u32 icid)
{
	command(GITS_CMD_MAPTI | (u64)dev << 32, event | (u64)lpi << 32, icid);
}

static void of_event(u32 what, u32 dev, u32 event)
{
	command(what | (u64)dev << 32, event, 0);
}

/* Registers of an ITS, and CTLR on. */
static void op_its(u64 base, u32 its_queue)
{
	op(SCRIPT_STORE, base + GITS_BASER0, VALID | (MEM + DEVICES));
	op(SCRIPT_STORE, base + GITS_BASER1, VALID | (MEM + COLLECTIONS));
	op(SCRIPT_STORE, base + GITS_CBASER, VALID | (MEM + its_queue));
	op(SCRIPT_STORE32, base + GITS_CTLR, 1);
}

static void op_lpis(u32 vcpu)
{
	u64 redist = VM_GICR + vcpu * 0x20000;

	op(SCRIPT_GIC, redist, 0);
	op(SCRIPT_STORE, redist + GICR_PROPBASER, (MEM + PROP) | (INTID_BITS - 1));
	op(SCRIPT_STORE, redist + GICR_PENDBASER, MEM + PEND + vcpu * SZ_64K);
	op(SCRIPT_STORE32, redist + GICR_CTLR, 1);
}

static void op_commands(u64 base)
{
	op(SCRIPT_STORE, base + GITS_CWRITER, writer);
	op(SCRIPT_LOAD, base + GITS_CREADR, 0);
}

static void mem_reset(void)
{
	if (!mem)
		mem = mem_alloc(MEM_SIZE, SZ_64K);
	memset(mem, 0, MEM_SIZE);
	memset(mem + PROP, PROP_ON, 64);
	writer = 0;
	queue = QUEUE;
	faults = 0;
	refused = 0;
	absent = 0;
}

static s64 msi_at(u64 vm, u64 where, u32 flags, u32 dev, u32 event)
{
	struct kvm_msi m = { .address_lo = (u32)where,
			     .address_hi = (u32)(where >> 32),
			     .data = event,
			     .flags = flags,
			     .devid = dev };

	return kvm_ioctl(vm, KVM_SIGNAL_MSI, (u64)&m);
}

static s64 msi(u64 vm, u32 dev, u32 event)
{
	return msi_at(vm, VM_GITS + GITS_TRANSLATER, KVM_MSI_VALID_DEVID, dev, event);
}

/* An ITS with its frame at @base. */
static u64 add_its(u64 vm, u64 base)
{
	u64 its = 0;

	is(kvm_create_device(vm, KVM_DEV_TYPE_ARM_VGIC_ITS, 0, &its), 0, "CREATE_DEVICE");
	is(kvm_set_attr(its, addr, KVM_VGIC_ITS_ADDR_TYPE, &base), 0, "its address");
	is(kvm_set_attr(its, ctrl, KVM_DEV_ARM_VGIC_CTRL_INIT, NULL), 0, "its CTRL_INIT");
	return its;
}

/* A VM whose vCPU 0 has LPIs on and an ITS with two devices of two events each, LPIs 8192 .. 8195. */
static u64 start(struct vm *vm, u32 nr_vcpus)
{
	u64 its;

	mem_reset();
	vm_create(vm, nr_vcpus, kvm_guest_script, VM_SCRIPT);
	its = add_its(vm->handle, VM_GITS);
	tap_ok(ends(vm, 0), "kvm its: the VM runs");
	mapd(5, 0);
	mapd(0x1ff, 1);
	mapc(0, 0);
	mapti(5, 0, LPI, 0);
	mapti(5, 1, LPI + 1, 0);
	mapti(0x1ff, 0, LPI + 2, 0);
	mapti(0x1ff, 7, LPI + 3, 0);
	script_begin(vm, 0);
	op_lpis(0);
	op_its(VM_GITS, QUEUE);
	op_commands(VM_GITS);
	tap_ok(next(vm, 0) == writer, "kvm its: CREADR has come to CWRITER");
	tap_ok(ends(vm, 0), "kvm its: LPIs and ITS are set up");
	return its;
}

static bool takes(struct vm *vm, u32 lpi)
{
	script_begin(vm, 0);
	op(SCRIPT_TAKE, 0, 0);
	return next(vm, 0) == lpi && ends(vm, 0);
}

static void test_msi(void)
{
	struct vm vm;

	start(&vm, 1);
	tap_ok(faults >= 5, "kvm its: EL2 had %u pages mapped that it needed", faults);
	is(msi(vm.handle, 5, 0), 1, "SIGNAL_MSI");
	tap_ok(takes(&vm, LPI), "kvm its: its LPI arrives");
	is(msi(vm.handle, 0x1ff, 7), 1, "SIGNAL_MSI of another device");
	tap_ok(takes(&vm, LPI + 3), "kvm its: its LPI arrives");
	tap_ok(takes(&vm, 1023), "kvm its: nothing more");
	is(msi(vm.handle, 5, 2), 0, "an event that is not mapped");
	is(msi(vm.handle, 6, 0), 0, "a device that is not mapped");
	is(msi(vm.handle, 0x10005, 0), 0, "a device beyond GITS_TYPER.Devbits");
	is(msi(vm.handle, 5, 0x10000), 0, "an event beyond 16 bits");
	is(msi_at(vm.handle, VM_GITS + GITS_TRANSLATER, 0, 5, 0), -EINVAL,
	   "no KVM_MSI_VALID_DEVID");
	is(msi_at(vm.handle, VM_GITS + GITS_TRANSLATER, 2, 5, 0), -EINVAL, "an unknown flag");
	is(msi_at(vm.handle, VM_GITS + GITS_TRANSLATER, 3, 5, 0), -EINVAL,
	   "a known and an unknown flag");
	is(msi_at(vm.handle, VM_GITS + GITS_TRANSLATER + 4, 1, 5, 0), -EINVAL,
	   "next to the doorbell");
	is(msi_at(vm.handle, VM_GITS2 + GITS_TRANSLATER, 1, 5, 0), -EINVAL, "no ITS there");
	is(msi_at(vm.handle, GITS_TRANSLATER - 1, 1, 5, 0), -EINVAL, "an address that wraps");
	is(msi_at(vm.handle, BIT(32) + VM_GITS + GITS_TRANSLATER, 1, 5, 0), -EINVAL, "4 GiB above");
	is(kvm_ioctl(vm.handle, KVM_SIGNAL_MSI, UINT64_C(1) << 46), -EFAULT, "from nowhere");
	is(kvm_ioctl(vm.vcpu[0], KVM_SIGNAL_MSI, 0), -ENOTTY, "of a vCPU");
	/* INT by the guest itself, and an ITS that is off. */
	of_event(GITS_CMD_INT, 5, 1);
	script_begin(&vm, 0);
	op_commands(VM_GITS);
	op(SCRIPT_TAKE, 0, 0);
	op(SCRIPT_STORE32, VM_GITS + GITS_CTLR, 0);
	tap_ok(next(&vm, 0) == writer && next(&vm, 0) == LPI + 1 && ends(&vm, 0),
	       "kvm its: INT's LPI arrives");
	is(msi(vm.handle, 5, 0), -EBUSY, "of an ITS that is disabled");
	vm_destroy(&vm);
}

/* WFI, without a deadline; an MSI rings the doorbell. */
static void test_wake(void)
{
	u32 me = cpu_this()->index, before;
	struct vm vm;
	struct hvc h;

	start(&vm, 1);
	script_begin(&vm, 0);
	op(SCRIPT_SLEEP, 0, 0);
	cache_clean(vm.data, VM_DATA_SIZE);
	h = kvm_run_on(vm.vcpu[0], 0, 0);
	tap_ok(h.x[0] == HERALD_EXIT_WFI && h.x[1] == ~UINT64_C(0), "kvm its: the vCPU waits");
	while (kvm_wakeup() != -ENOENT)
		;
	before = irq_count(me, board.doorbell_intid);
	is(msi(vm.handle, 5, 1), 1, "SIGNAL_MSI to a blocked vCPU");
	tap_ok(wait_for(irq_count(me, board.doorbell_intid) == before + 1) &&
		       kvm_wakeup() == (s64)vm.vcpu[0],
	       "kvm its: the doorbell rings for it");
	tap_ok(next(&vm, 0) == LPI + 1 && ends(&vm, 0), "kvm its: it takes the LPI");
	vm_destroy(&vm);
}

/* What there is none of: the command fails as if memory were not there, and the next one is done. */
static void test_absent(void)
{
	struct vm vm;

	start(&vm, 1);
	/* The page of the third device's ITT is none that the VMM has. */
	mapd(7, 3);
	mapti(7, 0, LPI + 4, 0);
	mapti(5, 2, LPI + 5, 0);
	absent = MEM + ITT + 3 * SZ_4K;
	script_begin(&vm, 0);
	op_commands(VM_GITS);
	tap_ok(next(&vm, 0) == writer && ends(&vm, 0) && refused == 1,
	       "kvm its: a page that cannot be mapped is asked for once (%u)", refused);
	is(msi(vm.handle, 7, 0), 0, "its MAPTI failed");
	is(msi(vm.handle, 5, 2), 1, "the next one did not");
	/* A page that the VMM took back, as its MMU notifier may. */
	is(kvm_unmap(vm.handle, MEM + QUEUE, SZ_4K), 0, "UNMAP_PAGES of the queue");
	faults = 0;
	of_event(GITS_CMD_INT, 5, 0);
	script_begin(&vm, 0);
	op_commands(VM_GITS);
	tap_ok(next(&vm, 0) == writer && ends(&vm, 0) && faults == 1,
	       "kvm its: it is mapped again when the next command is read");
	tap_ok(takes(&vm, LPI + 5) && takes(&vm, LPI), "kvm its: both LPIs arrive");
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
	is(msi(vm->handle, 5, 0), -EINVAL, "SIGNAL_MSI without a GIC");
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

	mem_reset();
	vm_create_early(&vm, 1, kvm_guest_script, VM_SCRIPT, make_early);
	is(kvm_create_device(vm.handle, KVM_DEV_TYPE_ARM_VGIC_ITS, 0, &its), 0, "a second ITS");
	tap_ok(ends(&vm, 0), "kvm its: a VM with an ITS that has no address runs");
	is(kvm_set_attr(its, addr, KVM_VGIC_ITS_ADDR_TYPE, &over), -EINVAL, "over the distributor");
	is(kvm_set_attr(its, addr, KVM_VGIC_ITS_ADDR_TYPE, &base), 0, "its address while it runs");
	is(kvm_map(vm.handle, VM_GITS2 + SZ_64K, vm.data, SZ_4K, HERALD_MAP_SHARED), -EINVAL,
	   "MAP_PAGES over the ITS");
	is(kvm_create_device(vm.handle, KVM_DEV_TYPE_ARM_VGIC_ITS, 0, &fd), 0,
	   "a third one after KVM_RUN");
	mapd(5, 0);
	mapc(0, 0);
	mapti(5, 0, LPI, 0);
	script_begin(&vm, 0);
	op_lpis(0);
	op_its(VM_GITS, QUEUE);
	op_commands(VM_GITS);
	/* The same device, another LPI. */
	queue = QUEUE2;
	writer = 0;
	mapd(5, 1);
	mapc(0, 0);
	mapti(5, 0, LPI + 1, 0);
	op_its(VM_GITS2, QUEUE2);
	op_commands(VM_GITS2);
	tap_ok(next(&vm, 0) == writer && next(&vm, 0) == writer && ends(&vm, 0),
	       "kvm its: both are set up");
	is(msi_at(vm.handle, VM_GITS2 + GITS_TRANSLATER, 1, 5, 0), 1, "SIGNAL_MSI to the second");
	tap_ok(takes(&vm, LPI + 1) && takes(&vm, 1023), "kvm its: its LPI arrives");
	is(msi(vm.handle, 5, 0), 1, "SIGNAL_MSI to the first");
	tap_ok(takes(&vm, LPI) && takes(&vm, 1023), "kvm its: its LPI arrives");
	vm_destroy(&vm);
}

#define STEPS_MAX 100000

/* SET_ or GET_DEVICE_ATTR as the driver makes it: pages are mapped when EL2 lacks them. */
static s64 attr_mapping(struct vm *vm, u64 dev, u64 request, u32 group, u64 attr, const void *val)
{
	struct kvm_device_attr a = { .group = group, .attr = attr, .addr = (u64)val };
	u64 x4 = 0, x5 = 0;
	u32 i;

	for (i = 0; i < STEPS_MAX; i++) {
		struct hvc h = { { HERALD_HVC_IOCTL, dev, request, (u64)&a, x4, x5 } };
		s64 ret = hvc(&h);

		if (ret == HERALD_MISSING && (h.x[1] == absent || !map_page(vm->handle, h.x[1]))) {
			x5 = x4;
			x4 = HERALD_ABSENT(h.x[1], h.x[2]);
			refused++;
		} else if (ret == HERALD_MISSING) {
			faults++;
		} else if (ret != HERALD_AGAIN) {
			return ret;
		}
	}
	return HERALD_AGAIN;
}

static s64 set_mapping(struct vm *vm, u64 dev, u32 group, u64 attr, const void *val)
{
	return attr_mapping(vm, dev, KVM_SET_DEVICE_ATTR, group, attr, val);
}

/* The registers of an ITS, in the order in which they are restored; GITS_CTLR last. */
static const u32 saved_regs[] = { GITS_IIDR,   GITS_CBASER, GITS_CREADR, GITS_CWRITER,
				  GITS_BASER0, GITS_BASER1, GITS_CTLR };

/* Tables into the VM's memory, registers into @regs. All pages of it are taken away before. */
static void save(struct vm *vm, u64 its, u64 *regs)
{
	u32 i;

	is(kvm_unmap(vm->handle, MEM, MEM_SIZE), 0, "UNMAP_PAGES of all tables");
	faults = 0;
	is(set_mapping(vm, its, ctrl, KVM_DEV_ARM_ITS_SAVE_TABLES, NULL), 0, "SAVE_TABLES");
	tap_ok(faults >= 4, "kvm its: which had %u pages mapped", faults);
	is(set_mapping(vm, vm->gic, ctrl, KVM_DEV_ARM_VGIC_SAVE_PENDING_TABLES, NULL), 0,
	   "SAVE_PENDING_TABLES");
	for (i = 0; i < ARRAY_SIZE(saved_regs); i++)
		if (kvm_attr(its, KVM_GET_DEVICE_ATTR, its_regs, saved_regs[i], &regs[i]))
			fatal("kvm its: register %x cannot be read", saved_regs[i]);
}

/* The other way round, into a VM whose vCPU has not run. */
static void restore(struct vm *vm, u64 its, const u64 *regs)
{
	u32 i, n = ARRAY_SIZE(saved_regs) - 1;

	for (i = 0; i < n; i++)
		is(set_mapping(vm, its, its_regs, saved_regs[i], &regs[i]), 0, "a register set");
	is(set_mapping(vm, its, ctrl, KVM_DEV_ARM_ITS_RESTORE_TABLES, NULL), 0, "RESTORE_TABLES");
	is(set_mapping(vm, its, its_regs, GITS_CTLR, &regs[n]), 0, "GITS_CTLR set");
}

static void test_save(void)
{
	u64 regs[ARRAY_SIZE(saved_regs)], its;
	struct vm vm;

	its = start(&vm, 1);
	is(msi(vm.handle, 5, 1), 1, "an MSI that will be saved");
	save(&vm, its, regs);
	tap_ok(mem[PEND + (LPI + 1) / 8] == 2, "kvm its: its bit is in the pending table");
	absent = MEM + DEVICES;
	is(kvm_unmap(vm.handle, MEM, MEM_SIZE), 0, "UNMAP_PAGES of all tables");
	refused = 0;
	is(set_mapping(&vm, its, ctrl, KVM_DEV_ARM_ITS_SAVE_TABLES, NULL), -EFAULT,
	   "SAVE_TABLES without a device table");
	tap_ok(refused == 1, "kvm its: which was asked for once (%u)", refused);
	absent = 0;
	is(set_mapping(&vm, its, ctrl, KVM_DEV_ARM_ITS_RESTORE_TABLES, NULL), -ENXIO,
	   "RESTORE_TABLES of an ITS that is enabled");
	is(kvm_set_attr(its, ctrl, KVM_DEV_ARM_ITS_CTRL_RESET, NULL), 0, "RESET");
	is(msi(vm.handle, 5, 1), -EBUSY, "after it the ITS is off");
	vm_destroy(&vm);

	vm_create(&vm, 1, kvm_guest_script, VM_SCRIPT);
	its = add_its(vm.handle, VM_GITS);
	restore(&vm, its, regs);
	is(msi(vm.handle, 0x1ff, 7), 0, "an MSI while LPIs are off");
	tap_ok(ends(&vm, 0), "kvm its: the second VM runs");
	script_begin(&vm, 0);
	op_lpis(0);
	tap_ok(ends(&vm, 0) && takes(&vm, LPI + 1), "kvm its: the saved LPI arrives there");
	is(msi(vm.handle, 0x1ff, 7), 1, "SIGNAL_MSI to a restored event");
	tap_ok(takes(&vm, LPI + 3) && takes(&vm, 1023), "kvm its: its LPI arrives");
	vm_destroy(&vm);
}

/* A VMM that reads a register while the guest's EnableLPIs waits for a table is asked for it in the guest's stead. */
static void test_get(void)
{
	struct vm vm;
	struct hvc h;
	u32 val = 0;

	mem_reset();
	vm_create(&vm, 1, kvm_guest_script, VM_SCRIPT);
	add_its(vm.handle, VM_GITS);
	tap_ok(ends(&vm, 0), "kvm its: a VM whose LPI tables are not mapped");
	script_begin(&vm, 0);
	op_lpis(0);
	cache_clean(vm.data, VM_DATA_SIZE);
	h = kvm_run_on(vm.vcpu[0], 0, 0);
	tap_ok(h.x[0] == HERALD_EXIT_FAULT && (h.x[2] & HERALD_FAULT_EL2),
	       "kvm its: EL2 lacks a page of them");
	is(attr_mapping(&vm, vm.gic, KVM_GET_DEVICE_ATTR, KVM_DEV_ARM_VGIC_GRP_REDIST_REGS,
			GICR_CTLR, &val),
	   0, "its VMM reads GICR_CTLR");
	tap_ok((val & 1) && faults, "kvm its: EnableLPIs is set, %u pages were asked for", faults);
	tap_ok(ends(&vm, 0), "kvm its: and the vCPU goes on");
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
	start(&vm, 2);
	script_begin(&vm, 1);
	op_lpis(1);
	op(SCRIPT_SLEEP, 0, 0);
	cache_clean(vm.data, VM_DATA_SIZE);
	kvm_set_reg(vm.vcpu[1], KVM_CORE_REG(regs.pc),
		    VM_CODE + (u64)kvm_guest_script - (u64)kvm_guest);
	kvm_set_reg(vm.vcpu[1], KVM_CORE_REG(regs.regs[0]), VM_SCRIPT + 0x1000);
	kvm_ioctl(vm.vcpu[1], KVM_SET_MP_STATE, (u64) & (struct kvm_mp_state){ 0 });
	/* Its tables are mapped by now, but for its pending table. */
	is(kvm_map(vm.handle, MEM + PEND + SZ_64K, mem + PEND + SZ_64K, SZ_64K, HERALD_MAP_SHARED),
	   0, "MAP_PAGES of vCPU 1's pending table");
	s = (struct second){ .vm = &vm };
	smp_call_start(1, run_second, &s);
	tap_ok(wait_for(atomic_load_acquire(&s.ready)), "kvm its: vCPU 1 runs on CPU 1");
	settle();
	mapc(1, 1);
	mapti(5, 3, LPI + 9, 1);
	of_event(GITS_CMD_INT, 5, 3);
	script_begin(&vm, 0);
	op_commands(VM_GITS);
	tap_ok(next(&vm, 0) == writer, "kvm its: vCPU 0 sends INT");
	tap_ok(smp_call_wait(1) && s.val == LPI + 9, "kvm its: vCPU 1 takes its LPI");
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
	is(msi(vm.handle, 5, 0), -ENODEV, "SIGNAL_MSI to a VM without an ITS");
	is(msi_at(vm.handle, 0, 4, 5, 0), -EINVAL, "with an unknown flag");
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

	start(&vm, 1);
	is(msi(vm.handle, 5, 0), 1, "KVM_SIGNAL_MSI");
	from = timer_now();
	for (i = 0; i < VM_BENCH_ROUNDS; i++) {
		struct hvc h = { { HERALD_HVC_IOCTL, vm.handle, KVM_SIGNAL_MSI, (u64)&m, 0, 0 } };

		hvc(&h);
	}
	ticks = (timer_now() - from) * (UINT64_C(1000000000) / sysreg_read(cntfrq_el0));
	is(msi(vm.handle, 5, 0), 1, "KVM_SIGNAL_MSI, for the last time");
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
	test_save();
	test_get();
	test_int();
	test_many();
}
