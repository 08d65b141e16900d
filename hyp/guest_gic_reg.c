/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A VMM's accesses to the registers of a managed VM's GIC: all vCPUs are held while one is carried out, as KVM does it, so
 * that none is loaded and all state is in their vGIC (vgic/user.c).
 */
#include "hyp/abi.h"
#include "hyp/lib/errno.h"
#include "hyp/run.h"

/* attr of the register groups. */
#define ATTR_AFF3 GENMASK(63, 56)
#define ATTR_AFF210 GENMASK(55, 32)
#define ATTR_OFFSET GENMASK(31, 0)
#define ATTR_INSTR GENMASK(15, 0)
#define ATTR_INFO GENMASK(31, 10)
#define ATTR_INTID GENMASK(9, 0)

#define MPIDR_AFF3_SHIFT 32

/* Whose register it is; the distributor's need no affinity, but a vCPU. */
static struct vcpu *attr_vcpu(struct vm *vm, const struct kvm_device_attr *a)
{
	if (a->group == KVM_DEV_ARM_VGIC_GRP_DIST_REGS)
		return vm->nr_vcpus ? vm->vcpus[0] : NULL;
	return vm_find_vcpu(vm, FIELD_GET(ATTR_AFF210, a->attr) | FIELD_GET(ATTR_AFF3, a->attr)
									  << MPIDR_AFF3_SHIFT);
}

s64 guest_gic_reg_has(struct vm *vm, const struct kvm_device_attr *a)
{
	struct vcpu *v;

	if (a->group == KVM_DEV_ARM_VGIC_GRP_LEVEL_INFO)
		return FIELD_GET(ATTR_INFO, a->attr) == VGIC_LEVEL_INFO_LINE_LEVEL ? 0 : -ENXIO;
	if (a->group != KVM_DEV_ARM_VGIC_GRP_DIST_REGS &&
	    a->group != KVM_DEV_ARM_VGIC_GRP_REDIST_REGS &&
	    a->group != KVM_DEV_ARM_VGIC_GRP_CPU_SYSREGS)
		return -ENXIO;
	spin_lock(&vm->lock);
	v = attr_vcpu(vm, a);
	spin_unlock(&vm->lock);
	if (!v)
		return -EINVAL;
	if (a->group == KVM_DEV_ARM_VGIC_GRP_CPU_SYSREGS)
		return vgic_user_sysreg_has((u32)FIELD_GET(ATTR_INSTR, a->attr));
	return vgic_user_reg_has(a->group == KVM_DEV_ARM_VGIC_GRP_REDIST_REGS,
				 FIELD_GET(ATTR_OFFSET, a->attr));
}

static s64 access(struct vgic_cpu *c, const struct kvm_device_attr *a, u64 *val, bool write)
{
	u32 offset = (u32)FIELD_GET(ATTR_OFFSET, a->attr), val32 = (u32)*val;
	s64 err;

	if (a->group == KVM_DEV_ARM_VGIC_GRP_CPU_SYSREGS)
		return vgic_user_sysreg(c, (u32)FIELD_GET(ATTR_INSTR, a->attr), val, write);
	if (a->group == KVM_DEV_ARM_VGIC_GRP_LEVEL_INFO)
		err = vgic_user_lines(c, (u32)FIELD_GET(ATTR_INTID, a->attr), &val32, write);
	else
		err = vgic_user_reg(c, a->group == KVM_DEV_ARM_VGIC_GRP_REDIST_REGS, offset, &val32,
				    write);
	*val = val32;
	return err == -EAGAIN ? HERALD_AGAIN : err;
}

s64 guest_gic_reg(struct vm *vm, const struct kvm_device_attr *a, u64 *val, bool write)
{
	struct vcpu *v = attr_vcpu(vm, a);
	s64 err;

	if (!v)
		return -EINVAL;
	if (!vm->vgic || !run_hold_all(vm))
		return -EBUSY;
	err = access(v->vgic, a, val, write);
	run_let_all(vm);
	return err;
}

s64 guest_gic_save(struct vm *vm)
{
	s64 err;

	if (!vm->vgic)
		return -ENXIO;
	if (!run_hold_all(vm))
		return -EBUSY;
	atomic_store_relaxed(&vm->ready, false); /* a run ends what is begun here */
	err = vgic_lpi_save(vm->vgic, &vm->gic.save);
	run_let_all(vm);
	if (err == -EAGAIN)
		return HERALD_AGAIN;
	vm->gic.save = 0;
	return err;
}
