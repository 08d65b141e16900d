/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ITSes of a managed VM: KVM's device ARM_VGIC_ITS (Linux Documentation/virt/kvm/devices/arm-vgic-its.rst), and
 * KVM_SIGNAL_MSI.
 *
 * An ITS has all its memory from its creation on, before or after vCPUs and GIC, or while the VM runs; CTRL_INIT is not
 * waited for, as in KVM.
 * How many vCPUs there are it hears when the GIC is initialised: until then nothing can be mapped, and what would is
 * refused. The first ITS gives the GIC its LPIs.
 */
#include "hyp/abi.h"
#include "hyp/lib/errno.h"
#include "hyp/run.h"
#include "hyp/vits.h"

/* GITS_TYPER says what KVM's does. */
#define DEVID_BITS 16
#define EVENTID_BITS 16
#define MAX_DEVICES 2048
#define FRAME_ALIGN SZ_64K

static void start(struct vm *vm, struct vits *t)
{
	spin_lock(&t->lock);
	its_set_vcpus(t->its, vm->nr_vcpus);
	spin_unlock(&t->lock);
}

void guest_its_start(struct vm *vm, struct vgic *vgic)
{
	u32 i;

	if (vm->nr_its)
		vgic_add_lpis(vgic, vm->its[0].extra, VITS_INTID_BITS);
	for (i = 0; i < vm->nr_its; i++)
		start(vm, &vm->its[i]);
}

/* A step: the handle, -EAGAIN or an error. */
static s64 create(struct vm *vm)
{
	/* Both together fit 2 MiB, as the pool's blocks go; apart they would need 3. */
	const struct vits_config cfg = {
		.devid_bits = DEVID_BITS,
		.eventid_bits = EVENTID_BITS,
		.max_devices = MAX_DEVICES,
		.host_its = VITS_VIRTUAL,
		.extra = vm->nr_its ? 0 : vgic_lpi_mem_size(VITS_INTID_BITS),
	};
	struct vits *t = &vm->its[vm->nr_its];
	s64 err;

	if (vm->gic.none)
		return -EBUSY;
	if (vm->nr_its == ARRAY_SIZE(vm->its))
		return -ENOSPC;
	err = vits_create(t, vm, &cfg);
	if (err)
		return err;
	if (vm->vgic && !vm->nr_its)
		vgic_add_lpis(vm->vgic, t->extra, VITS_INTID_BITS);
	if (vm->vgic)
		start(vm, t);
	atomic_store_release(&vm->nr_its, vm->nr_its + 1);
	return (s64)guest_its_handle(t);
}

s64 guest_its_create(struct vm *vm)
{
	s64 ret;

	spin_lock(&vm->lock);
	ret = create(vm);
	spin_unlock(&vm->lock);
	return ret == -EAGAIN ? HERALD_AGAIN : ret;
}

static s64 place(struct vm *vm, const struct vits *t)
{
	return !guest_frame_free(vm, t->base, ITS_FRAME_SIZE) || vits_place(t) ? -EINVAL : 0;
}

s64 guest_its_place(struct vm *vm)
{
	s64 err = 0;
	u32 i;

	for (i = 0; i < vm->nr_its && !err; i++)
		if (vm->its[i].base != VM_GIC_NOWHERE)
			err = place(vm, &vm->its[i]);
	return err;
}

/* If the VM has run its frames are in place, and so is this one at once. Under the VM's lock. */
static s64 set_addr(struct vits *t, u64 addr)
{
	struct vm *vm = t->vm;
	s64 err;

	if (t->base != VM_GIC_NOWHERE)
		return -EEXIST;
	if (!IS_ALIGNED(addr, FRAME_ALIGN) || addr + ITS_FRAME_SIZE < addr)
		return -EINVAL;
	if (!range_contains(0, BIT(vm->s2.ipa_bits), addr, ITS_FRAME_SIZE))
		return -E2BIG;
	/* From here on KVM_SIGNAL_MSI finds it. */
	atomic_store_relaxed(&t->base, addr);
	err = vm->gic.placed ? place(vm, t) : 0;
	if (err)
		atomic_store_relaxed(&t->base, VM_GIC_NOWHERE);
	return err;
}

/* A step of its/, as an ioctl's. */
static s64 step(int err)
{
	return err == -EAGAIN ? HERALD_AGAIN : err;
}

static int reset(struct its *its)
{
	return its_reset(its) == ITS_AGAIN ? -EAGAIN : 0;
}

/* As KVM does it: all vCPUs are held while a register or the tables are touched. 0, until let(); -EBUSY. */
static s64 hold(struct vits *t)
{
	spin_lock(&t->vm->lock);
	if (run_hold_all(t->vm)) {
		spin_lock(&t->lock);
		return 0;
	}
	spin_unlock(&t->vm->lock);
	return -EBUSY;
}

static void let(struct vits *t)
{
	spin_unlock(&t->lock);
	run_let_all(t->vm);
	spin_unlock(&t->vm->lock);
}

static s64 control(struct vits *t, u64 attr)
{
	static int (*const fns[])(struct its * its) = {
		[KVM_DEV_ARM_ITS_SAVE_TABLES] = its_save,
		[KVM_DEV_ARM_ITS_RESTORE_TABLES] = its_restore,
		[KVM_DEV_ARM_ITS_CTRL_RESET] = reset,
	};
	s64 err;

	if (attr == KVM_DEV_ARM_VGIC_CTRL_INIT)
		return 0;
	err = hold(t);
	if (err)
		return err;
	err = t->vm->vgic ? step(fns[attr](t->its)) : -ENXIO; /* until then it knows of no vCPUs */
	let(t);
	return err;
}

/* Held. KVM's: no register before there is an address. */
static s64 get_reg_held(const struct vits *t, u64 offset, u64 *val)
{
	return t->base == VM_GIC_NOWHERE ? -ENXIO : its_reg_get(t->its, offset, val);
}

static s64 get_reg(struct vits *t, u64 offset, u64 *val)
{
	s64 err = hold(t);

	if (err)
		return err;
	err = get_reg_held(t, offset, val);
	let(t);
	return err;
}

static s64 set_reg_held(struct vits *t, u64 offset, u64 val)
{
	s64 err;

	if (t->base == VM_GIC_NOWHERE || !t->vm->vgic)
		return -ENXIO;
	err = its_reg_set(t->its, offset, val);
	/* The same call again sets it to what it is. */
	return !err && its_run(t->its) == ITS_AGAIN ? HERALD_AGAIN : err;
}

static s64 set_reg(struct vits *t, u64 offset, u64 val)
{
	s64 err = hold(t);

	if (err)
		return err;
	err = set_reg_held(t, offset, val);
	let(t);
	return err;
}

u32 guest_its_size(const struct kvm_device_attr *a)
{
	return a->group == KVM_DEV_ARM_VGIC_GRP_CTRL ? 0 : sizeof(u64);
}

s64 guest_its_has(const struct guest_object *o, const struct kvm_device_attr *a)
{
	u64 val;

	switch (a->group) {
	case KVM_DEV_ARM_VGIC_GRP_ADDR:
		return a->attr == KVM_VGIC_ITS_ADDR_TYPE ? 0 : -ENXIO;
	case KVM_DEV_ARM_VGIC_GRP_CTRL:
		return a->attr == KVM_DEV_ARM_VGIC_CTRL_INIT ||
				       a->attr == KVM_DEV_ARM_ITS_SAVE_TABLES ||
				       a->attr == KVM_DEV_ARM_ITS_RESTORE_TABLES ||
				       a->attr == KVM_DEV_ARM_ITS_CTRL_RESET
			       ? 0
			       : -ENXIO;
	case KVM_DEV_ARM_VGIC_GRP_ITS_REGS:
		return its_reg_get(o->its->its, a->attr, &val);
	default:
		return -ENXIO;
	}
}

s64 guest_its_get(const struct guest_object *o, const struct kvm_device_attr *a,
		  union abi_attr *val)
{
	struct vits *t = o->its;

	if (a->group == KVM_DEV_ARM_VGIC_GRP_CTRL)
		return -ENXIO;
	val->u64 = atomic_load_relaxed(&t->base);
	return a->group == KVM_DEV_ARM_VGIC_GRP_ADDR ? 0 : get_reg(t, a->attr, &val->u64);
}

s64 guest_its_set(const struct guest_object *o, const struct kvm_device_attr *a,
		  const union abi_attr *val)
{
	struct vits *t = o->its;
	s64 err;

	if (a->group == KVM_DEV_ARM_VGIC_GRP_ITS_REGS)
		return set_reg(t, a->attr, val->u64);
	if (a->group == KVM_DEV_ARM_VGIC_GRP_CTRL)
		return control(t, a->attr);
	spin_lock(&t->vm->lock);
	err = set_addr(t, val->u64);
	spin_unlock(&t->vm->lock);
	return err;
}

/* Linux's errors, which its documentation leaves open. Lock-free. */
s64 abi_signal_msi(struct abi_call *c)
{
	const struct kvm_msi *m = &c->arg.msi;
	u64 doorbell = (u64)m->address_hi << 32 | m->address_lo;
	struct vm *vm = c->o.vm;
	u32 nr = atomic_load_acquire(&vm->nr_its);
	struct vits *t;
	int ret;

	if (!vm->gic.created || (m->flags & ~KVM_MSI_VALID_DEVID))
		return -EINVAL;
	if (!nr)
		return -ENODEV;
	if (!(m->flags & KVM_MSI_VALID_DEVID))
		return -EINVAL;
	for (t = vm->its; t < vm->its + nr; t++) {
		u64 base = atomic_load_relaxed(&t->base);

		if (base == VM_GIC_NOWHERE || doorbell != base + ITS_TRANSLATER)
			continue;
		ret = its_signal(t->its, cpu_this()->index, m->devid, m->data);
		return ret == -ENXIO ? 0 : ret; /* what is not mapped is blocked */
	}
	return -EINVAL;
}
