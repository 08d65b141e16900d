// SPDX-License-Identifier: GPL-2.0-only
/*
 * Capabilities: what the driver says of itself, and what a VMM switches on.
 */
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "herald.h"

#define CAPS_DIRTY_LOG (KVM_DIRTY_LOG_MANUAL_PROTECT_ENABLE | KVM_DIRTY_LOG_INITIALLY_SET)

/* What is the driver's to say; all else is EL2's, of the system or of a VM. */
long herald_check_extension(u64 handle, unsigned long cap)
{
	switch (cap) {
	case KVM_CAP_USER_MEMORY:
	case KVM_CAP_USER_MEMORY2:
	case KVM_CAP_DESTROY_MEMORY_REGION_WORKS:
	case KVM_CAP_JOIN_MEMORY_REGIONS_WORKS:
	case KVM_CAP_SYNC_MMU:
	case KVM_CAP_READONLY_MEM:
	case KVM_CAP_IMMEDIATE_EXIT:
	case KVM_CAP_CHECK_EXTENSION_VM:
	case KVM_CAP_ENABLE_CAP_VM:
	case KVM_CAP_INTERNAL_ERROR_DATA:
	case KVM_CAP_IRQFD:
	case KVM_CAP_IRQFD_RESAMPLE:
	case KVM_CAP_IOEVENTFD:
	case KVM_CAP_IOEVENTFD_ANY_LENGTH:
	case KVM_CAP_COALESCED_PIO:
	case KVM_CAP_BINARY_STATS_FD:
	case KVM_CAP_ARM_NISV_TO_USER:
	case KVM_CAP_PTP_KVM:
		return 1;
	case KVM_CAP_STEAL_TIME:
		return IS_ENABLED(CONFIG_SCHED_INFO);
	case KVM_CAP_COALESCED_MMIO:
		return KVM_COALESCED_MMIO_PAGE_OFFSET;
	case KVM_CAP_IRQ_ROUTING:
		return HERALD_MAX_ROUTES;
	case KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2:
		return CAPS_DIRTY_LOG;
	case KVM_CAP_NR_MEMSLOTS:
		return HERALD_MAX_SLOTS;
	case KVM_CAP_NR_VCPUS:
		return num_online_cpus();
	default:
		return herald_ioctl(handle, KVM_CHECK_EXTENSION, cap);
	}
}

static long caps_dirty_log(struct herald_vm *vm, u64 options)
{
	u64 allowed = KVM_DIRTY_LOG_MANUAL_PROTECT_ENABLE;

	if (options & KVM_DIRTY_LOG_MANUAL_PROTECT_ENABLE)
		allowed = CAPS_DIRTY_LOG;
	if (options & ~allowed)
		return -EINVAL;
	WRITE_ONCE(vm->manual_dirty_log, options);
	return 0;
}

/* KVM_ENABLE_CAP of a VM. -EINVAL: flags, or not a capability to be enabled; -EFAULT. */
long herald_enable_cap(struct herald_vm *vm, unsigned long arg)
{
	struct kvm_enable_cap cap, *copy;
	long ret;

	if (copy_from_user(&cap, (void __user *)arg, sizeof(cap)))
		return -EFAULT;
	if (cap.flags)
		return -EINVAL;
	switch (cap.cap) {
	case KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2:
		return caps_dirty_log(vm, cap.args[0]);
	case KVM_CAP_ARM_NISV_TO_USER:
		WRITE_ONCE(vm->nisv_to_user, true);
		return 0;
	default:
		copy = kmemdup(&cap, sizeof(cap), GFP_KERNEL_ACCOUNT);
		if (!copy)
			return -ENOMEM;
		ret = herald_ioctl_struct(vm->handle, KVM_ENABLE_CAP, copy);
		kfree(copy);
		return ret;
	}
}
