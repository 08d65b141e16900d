/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Device attributes: KVM_SET_, _GET_ and _HAS_DEVICE_ATTR of whatever handle has them (Linux
 * Documentation/virt/kvm/api.rst 4.80, 4.81). One row for each kind of handle; what an attribute means is said where its
 * device is.
 */
#include "hyp/abi.h"
#include "hyp/lib/errno.h"

static const struct abi_device devices[] = {
	{ GUEST_GIC, guest_gic_size, guest_gic_has, guest_gic_get, guest_gic_set },
	{ GUEST_ITS, guest_its_size, guest_its_has, guest_its_get, guest_its_set },
	{ GUEST_VCPU, abi_vcpu_attr_size, abi_vcpu_attr_has, abi_vcpu_attr_get, abi_vcpu_attr_set },
	{ GUEST_VM, abi_vm_attr_size, abi_vm_attr_has, NULL, abi_vm_attr_set },
};

/* The row of the handle, if it knows the attribute; else an errno. */
static s64 device_find(const struct abi_call *c, const struct abi_device **d)
{
	for (*d = devices; *d < devices + ARRAY_SIZE(devices); ++*d)
		if ((*d)->kind == c->o.kind)
			return c->arg.attr.flags ? -EINVAL : (*d)->has(&c->o, &c->arg.attr);
	return -ENXIO;
}

s64 abi_has_device_attr(struct abi_call *c)
{
	const struct abi_device *d;

	return device_find(c, &d);
}

/* The value is read for a get as well: it may be a question (KVM_VGIC_V3_ADDR_TYPE_REDIST_REGION's index). */
static s64 attr_read(const struct abi_call *c, const struct abi_device **d, union abi_attr *val)
{
	s64 err = device_find(c, d);
	u32 size;

	/* KVM's, of addresses that an ITS does not have, and of lines' information that is none. */
	if (err == -ENXIO && c->o.kind == GUEST_ITS &&
	    c->arg.attr.group == KVM_DEV_ARM_VGIC_GRP_ADDR)
		return -ENODEV;
	if (err == -ENXIO && c->o.kind == GUEST_GIC &&
	    c->arg.attr.group == KVM_DEV_ARM_VGIC_GRP_LEVEL_INFO)
		return -EINVAL;
	if (err)
		return err;
	size = (*d)->size(&c->arg.attr);
	*val = (union abi_attr){ .u64 = 0 };
	return size <= sizeof(*val) ? abi_read(c->arg.attr.addr, val, size) : -ENXIO;
}

s64 abi_set_device_attr(struct abi_call *c)
{
	const struct abi_device *d;
	union abi_attr val;
	s64 err = attr_read(c, &d, &val);

	return err ? err : d->set(&c->o, &c->arg.attr, &val);
}

s64 abi_get_device_attr(struct abi_call *c)
{
	const struct abi_device *d;
	union abi_attr val;
	s64 err = attr_read(c, &d, &val);

	if (!err)
		err = !d->get ? -ENXIO : d->get(&c->o, &c->arg.attr, &val);
	return err ? err : abi_write(c->arg.attr.addr, &val, d->size(&c->arg.attr));
}
