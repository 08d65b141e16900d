// SPDX-License-Identifier: GPL-2.0-only
/* State of a VM's GIC and ITS that is read out and set, with tables whose pages are mapped when EL2 lacks them. */
#include "drivers/gic_regs.h"
#include "drivers/gits_regs.h"
#include "guests/bare/except.h"
#include "guests/bare/irq.h"
#include "guests/bare/kvm_vits.h"
#include "guests/bare/smp.h"
#include "guests/bare/tap.h"
#include "hyp/lib/string.h"

static const u32 its_regs = KVM_DEV_ARM_VGIC_GRP_ITS_REGS, ctrl = KVM_DEV_ARM_VGIC_GRP_CTRL;

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

		if (ret == HERALD_MISSING &&
		    (h.x[1] == vits.absent || !vits_map_page(vm->handle, h.x[1]))) {
			x5 = x4;
			x4 = HERALD_ABSENT(h.x[1], h.x[2]);
			vits.refused++;
		} else if (ret == HERALD_MISSING) {
			vits.faults++;
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

	is(kvm_unmap(vm->handle, VITS_MEM, VITS_MEM_SIZE), 0, "UNMAP_PAGES of all tables");
	vits.faults = 0;
	is(set_mapping(vm, its, ctrl, KVM_DEV_ARM_ITS_SAVE_TABLES, NULL), 0, "SAVE_TABLES");
	tap_ok(vits.faults >= 4, "kvm its: which had %u pages mapped", vits.faults);
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

	its = vits_start(&vm, 1);
	is(vits_msi(vm.handle, 5, 1), 1, "an MSI that will be saved");
	save(&vm, its, regs);
	tap_ok(vits.mem[VITS_PEND + (VITS_LPI + 1) / 8] == 2,
	       "kvm its: its bit is in the pending table");
	vits.absent = VITS_MEM + VITS_DEVICES;
	is(kvm_unmap(vm.handle, VITS_MEM, VITS_MEM_SIZE), 0, "UNMAP_PAGES of all tables");
	vits.refused = 0;
	is(set_mapping(&vm, its, ctrl, KVM_DEV_ARM_ITS_SAVE_TABLES, NULL), -EFAULT,
	   "SAVE_TABLES without a device table");
	tap_ok(vits.refused == 1, "kvm its: which was asked for once (%u)", vits.refused);
	vits.absent = 0;
	is(set_mapping(&vm, its, ctrl, KVM_DEV_ARM_ITS_RESTORE_TABLES, NULL), -ENXIO,
	   "RESTORE_TABLES of an ITS that is enabled");
	is(kvm_set_attr(its, ctrl, KVM_DEV_ARM_ITS_CTRL_RESET, NULL), 0, "RESET");
	is(vits_msi(vm.handle, 5, 1), -EBUSY, "after it the ITS is off");
	vm_destroy(&vm);

	vm_create(&vm, 1, kvm_guest_script, VM_SCRIPT);
	its = vits_add(vm.handle, VM_GITS);
	restore(&vm, its, regs);
	is(vits_msi(vm.handle, 0x1ff, 7), 0, "an MSI while LPIs are off");
	tap_ok(vits_ends(&vm, 0), "kvm its: the second VM runs");
	vits_script(&vm, 0);
	vits_op_lpis(0);
	tap_ok(vits_ends(&vm, 0) && vits_takes(&vm, VITS_LPI + 1),
	       "kvm its: the saved LPI arrives there");
	is(vits_msi(vm.handle, 0x1ff, 7), 1, "SIGNAL_MSI to a restored event");
	tap_ok(vits_takes(&vm, VITS_LPI + 3) && vits_takes(&vm, 1023), "kvm its: its LPI arrives");
	vm_destroy(&vm);
}

/* A VMM that reads a register while the guest's EnableLPIs waits for a table is asked for it in the guest's stead. */
static void test_get(void)
{
	struct vm vm;
	struct hvc h;
	u32 val = 0;

	vits_reset();
	vm_create(&vm, 1, kvm_guest_script, VM_SCRIPT);
	vits_add(vm.handle, VM_GITS);
	tap_ok(vits_ends(&vm, 0), "kvm its: a VM whose LPI tables are not mapped");
	vits_script(&vm, 0);
	vits_op_lpis(0);
	cache_clean(vm.data, VM_DATA_SIZE);
	h = kvm_run_on(vm.vcpu[0], 0, 0);
	tap_ok(h.x[0] == HERALD_EXIT_FAULT && (h.x[2] & HERALD_FAULT_EL2),
	       "kvm its: EL2 lacks a page of them");
	is(attr_mapping(&vm, vm.gic, KVM_GET_DEVICE_ATTR, KVM_DEV_ARM_VGIC_GRP_REDIST_REGS,
			GICR_CTLR, &val),
	   0, "its VMM reads GICR_CTLR");
	tap_ok((val & 1) && vits.faults, "kvm its: EnableLPIs is set, %u pages were asked for",
	       vits.faults);
	tap_ok(vits_ends(&vm, 0), "kvm its: and the vCPU goes on");
	vm_destroy(&vm);
}

void test_kvm_its_save(void)
{
	test_save();
	test_get();
}
