// SPDX-License-Identifier: GPL-2.0-only
/* See kvm_vits.h. */
#include "drivers/gic_regs.h"
#include "drivers/gits_regs.h"
#include "guests/bare/except.h"
#include "guests/bare/irq.h"
#include "guests/bare/kvm_vits.h"
#include "guests/bare/mem.h"
#include "guests/bare/tap.h"
#include "hyp/lib/string.h"

#define INTID_BITS 14
#define PROP_ON 0xa1 /* priority 0xa0, enabled */
#define VALID BIT(63)

struct vits vits;

/* --- the vCPU's script --- */

void vits_script(struct vm *vm, u32 vcpu)
{
	vits.script = (u64 *)(vm->data + VM_SCRIPT + vcpu * 0x1000);
}

void vits_op(u64 what, u64 where, u64 val)
{
	vits.script[0] = what;
	vits.script[1] = where;
	vits.script[2] = val;
	vits.script += 3;
	vits.script[0] = SCRIPT_END;
}

bool vits_map_page(u64 vm, u64 ipa)
{
	u64 page = ALIGN_DOWN(ipa, (u64)SZ_4K);

	if (page < VITS_MEM || page >= VITS_MEM + VITS_MEM_SIZE)
		return false;
	return !kvm_map(vm, page, vits.mem + (page - VITS_MEM), SZ_4K, HERALD_MAP_SHARED);
}

u64 vits_next(struct vm *vm, u32 vcpu)
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
			if (h.x[1] == vits.absent || !vits_map_page(vm->handle, h.x[1])) {
				flags = HERALD_RUN_ABORT;
				vits.refused++;
			} else {
				vits.faults++;
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

bool vits_ends(struct vm *vm, u32 vcpu)
{
	return vits_next(vm, vcpu) == VM_REPORT;
}

/* --- the ITS's commands --- */

static void command(u64 d0, u64 d1, u64 d2)
{
	u64 *c = (u64 *)(vits.mem + vits.queue + vits.writer);

	c[0] = d0;
	c[1] = d1;
	c[2] = d2;
	c[3] = 0;
	vits.writer += 32;
}

void vits_mapd(u32 dev, u32 itt)
{
	command(GITS_CMD_MAPD | (u64)dev << 32, 4, VALID | (VITS_MEM + VITS_ITT + itt * SZ_4K));
}

void vits_mapc(u32 icid, u32 vcpu)
{
	command(GITS_CMD_MAPC, 0, VALID | (u64)vcpu << 16 | icid);
}

void vits_mapti(u32 dev, u32 event, u32 lpi, u32 icid)
{
	command(GITS_CMD_MAPTI | (u64)dev << 32, event | (u64)lpi << 32, icid);
}

void vits_event(u32 what, u32 dev, u32 event)
{
	command(what | (u64)dev << 32, event, 0);
}

void vits_op_its(u64 base, u32 its_queue)
{
	vits_op(SCRIPT_STORE, base + GITS_BASER0, VALID | (VITS_MEM + VITS_DEVICES));
	vits_op(SCRIPT_STORE, base + GITS_BASER1, VALID | (VITS_MEM + VITS_COLLECTIONS));
	vits_op(SCRIPT_STORE, base + GITS_CBASER, VALID | (VITS_MEM + its_queue));
	vits_op(SCRIPT_STORE32, base + GITS_CTLR, 1);
}

void vits_op_lpis(u32 vcpu)
{
	u64 redist = VM_GICR + vcpu * 0x20000;

	vits_op(SCRIPT_GIC, redist, 0);
	vits_op(SCRIPT_STORE, redist + GICR_PROPBASER, (VITS_MEM + VITS_PROP) | (INTID_BITS - 1));
	vits_op(SCRIPT_STORE, redist + GICR_PENDBASER, VITS_MEM + VITS_PEND + vcpu * SZ_64K);
	vits_op(SCRIPT_STORE32, redist + GICR_CTLR, 1);
}

void vits_op_commands(u64 base)
{
	vits_op(SCRIPT_STORE, base + GITS_CWRITER, vits.writer);
	vits_op(SCRIPT_LOAD, base + GITS_CREADR, 0);
}

void vits_reset(void)
{
	if (!vits.mem)
		vits.mem = mem_alloc(VITS_MEM_SIZE, SZ_64K);
	memset(vits.mem, 0, VITS_MEM_SIZE);
	memset(vits.mem + VITS_PROP, PROP_ON, 64);
	vits.writer = 0;
	vits.queue = VITS_QUEUE;
	vits.faults = 0;
	vits.refused = 0;
	vits.absent = 0;
}

s64 vits_msi_at(u64 vm, u64 where, u32 flags, u32 dev, u32 event)
{
	struct kvm_msi m = { .address_lo = (u32)where,
			     .address_hi = (u32)(where >> 32),
			     .data = event,
			     .flags = flags,
			     .devid = dev };

	return kvm_ioctl(vm, KVM_SIGNAL_MSI, (u64)&m);
}

s64 vits_msi(u64 vm, u32 dev, u32 event)
{
	return vits_msi_at(vm, VM_GITS + GITS_TRANSLATER, KVM_MSI_VALID_DEVID, dev, event);
}

u64 vits_add(u64 vm, u64 base)
{
	u64 its = 0;

	is(kvm_create_device(vm, KVM_DEV_TYPE_ARM_VGIC_ITS, 0, &its), 0, "CREATE_DEVICE");
	is(kvm_set_attr(its, KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_ITS_ADDR_TYPE, &base), 0,
	   "its address");
	is(kvm_set_attr(its, KVM_DEV_ARM_VGIC_GRP_CTRL, KVM_DEV_ARM_VGIC_CTRL_INIT, NULL), 0,
	   "its CTRL_INIT");
	return its;
}

u64 vits_start(struct vm *vm, u32 nr_vcpus)
{
	u64 its;

	vits_reset();
	vm_create(vm, nr_vcpus, kvm_guest_script, VM_SCRIPT);
	its = vits_add(vm->handle, VM_GITS);
	tap_ok(vits_ends(vm, 0), "kvm its: the VM runs");
	vits_mapd(5, 0);
	vits_mapd(0x1ff, 1);
	vits_mapc(0, 0);
	vits_mapti(5, 0, VITS_LPI, 0);
	vits_mapti(5, 1, VITS_LPI + 1, 0);
	vits_mapti(0x1ff, 0, VITS_LPI + 2, 0);
	vits_mapti(0x1ff, 7, VITS_LPI + 3, 0);
	vits_script(vm, 0);
	vits_op_lpis(0);
	vits_op_its(VM_GITS, VITS_QUEUE);
	vits_op_commands(VM_GITS);
	tap_ok(vits_next(vm, 0) == vits.writer, "kvm its: CREADR has come to CWRITER");
	tap_ok(vits_ends(vm, 0), "kvm its: LPIs and ITS are set up");
	return its;
}

bool vits_takes(struct vm *vm, u32 lpi)
{
	vits_script(vm, 0);
	vits_op(SCRIPT_TAKE, 0, 0);
	return vits_next(vm, 0) == lpi && vits_ends(vm, 0);
}
