// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requests that are EL2's alone: the struct is copied to the caller's bounce page and EL2 gets that page's address. No
 * pointer of user space reaches EL2, and nothing is read from user space twice.
 */
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "herald.h"

/* Behind the struct: what it points to. */
#define PASS_DATA 256

/*
 * Hand a request on as it is: its number says which way its struct goes and how long it is. Errors of EL2, -EFAULT.
 * @bounce is a page that nobody else uses meanwhile.
 */
long herald_pass(u64 handle, u32 request, unsigned long arg, void *bounce)
{
	void __user *user = (void __user *)arg;
	size_t size = _IOC_SIZE(request);
	long ret;

	if (_IOC_DIR(request) == _IOC_NONE)
		return herald_ioctl(handle, request, arg);
	if (size > PAGE_SIZE)
		return -EINVAL;
	memset(bounce, 0, size);
	if ((_IOC_DIR(request) & _IOC_WRITE) && copy_from_user(bounce, user, size))
		return -EFAULT;
	ret = herald_ioctl_struct(handle, request, bounce);
	if (ret >= 0 && (_IOC_DIR(request) & _IOC_READ) && copy_to_user(user, bounce, size))
		return -EFAULT;
	return ret;
}

/* The same for a caller that has no page. */
long herald_pass_alloc(u64 handle, u32 request, unsigned long arg)
{
	void *bounce = kmalloc(max_t(size_t, _IOC_SIZE(request), 8), GFP_KERNEL_ACCOUNT);
	long ret;

	if (!bounce)
		return -ENOMEM;
	ret = herald_pass(handle, request, arg, bounce);
	kfree(bounce);
	return ret;
}

/* KVM_GET_ONE_REG and KVM_SET_ONE_REG: the number says the register's size. */
long herald_pass_reg(u64 handle, u32 request, unsigned long arg, void *bounce)
{
	struct kvm_one_reg *reg = bounce;
	void *data = bounce + PASS_DATA;
	void __user *user;
	size_t size;
	long ret;

	if (copy_from_user(reg, (void __user *)arg, sizeof(*reg)))
		return -EFAULT;
	user = u64_to_user_ptr(reg->addr);
	size = KVM_REG_SIZE(reg->id);
	if (size > PAGE_SIZE - PASS_DATA)
		return -ENOENT;
	memset(data, 0, size);
	if (request == KVM_SET_ONE_REG && copy_from_user(data, user, size))
		return -EFAULT;
	reg->addr = virt_to_phys(data);
	ret = herald_ioctl_struct(handle, request, reg);
	if (ret >= 0 && request == KVM_GET_ONE_REG && copy_to_user(user, data, size))
		return -EFAULT;
	return ret;
}

/* KVM_GET_REG_LIST: as many as fit the caller's room; -E2BIG tells how many there are. */
long herald_pass_reg_list(u64 handle, unsigned long arg, void *bounce)
{
	struct kvm_reg_list __user *user = (void __user *)arg;
	struct kvm_reg_list *list = bounce;
	u64 room = (PAGE_SIZE - sizeof(*list)) / sizeof(list->reg[0]);
	long ret;

	if (copy_from_user(list, user, sizeof(*list)))
		return -EFAULT;
	list->n = min(list->n, room);
	ret = herald_ioctl_struct(handle, KVM_GET_REG_LIST, list);
	if (ret < 0 && ret != -E2BIG)
		return ret;
	if (put_user(list->n, &user->n))
		return -EFAULT;
	if (ret >= 0 &&
	    copy_to_user(user->reg, list->reg, min(list->n, room) * sizeof(list->reg[0])))
		return -EFAULT;
	return ret;
}

/* A page that EL2 lacks: mapped, or from now on among @absent. -EINTR, -ENOMEM. */
static long pass_map(struct herald_vm *vm, const struct arm_smccc_res *lacks, u64 absent[2])
{
	struct page **pages = (void *)__get_free_page(GFP_KERNEL_ACCOUNT);
	int err;

	if (!pages)
		return -ENOMEM;
	err = herald_fault(vm, lacks->a1, lacks->a2, pages);
	free_page((unsigned long)pages);
	if (err == -EINTR || fatal_signal_pending(current))
		return -EINTR;
	if (err) {
		absent[1] = absent[0];
		absent[0] = HERALD_ABSENT(lacks->a1, lacks->a2);
	}
	return 0;
}

/* A request for which EL2 may need pages of the VM that are not mapped yet: tables of its interrupt controller. */
static long pass_mapping(struct herald_vm *vm, u64 handle, u32 request, void *arg)
{
	u64 absent[2] = { 0, 0 };
	struct arm_smccc_res res;
	long ret = 0;

	do {
		arm_smccc_1_1_hvc(HERALD_HVC_IOCTL, handle, request, virt_to_phys(arg), absent[0],
				  absent[1], &res);
		if ((long)res.a0 == HERALD_MISSING)
			ret = pass_map(vm, &res, absent);
		cond_resched();
	} while (!ret && ((long)res.a0 == HERALD_MISSING || (long)res.a0 == HERALD_AGAIN));
	return ret ? ret : (long)res.a0;
}

/* KVM_{HAS,GET,SET}_DEVICE_ATTR of an attribute that has @size bytes; @attr was copied from user space. */
long herald_pass_attr(struct herald_vm *vm, u64 handle, u32 request,
		      const struct kvm_device_attr *attr, void *bounce, u32 size)
{
	struct kvm_device_attr *copy = bounce;
	void *data = bounce + PASS_DATA;
	void __user *user = u64_to_user_ptr(attr->addr);
	long ret;

	*copy = *attr;
	copy->addr = virt_to_phys(data);
	memset(data, 0, sizeof(u64));
	/* Also to a read there may be input: which of the redistributors' regions. */
	if (request != KVM_HAS_DEVICE_ATTR && copy_from_user(data, user, size)) {
		/* An attribute that there is not has no memory either. */
		ret = herald_ioctl_struct(handle, KVM_HAS_DEVICE_ATTR, copy);
		return ret < 0 ? ret : -EFAULT;
	}
	ret = pass_mapping(vm, handle, request, copy);
	if (ret >= 0 && request == KVM_GET_DEVICE_ATTR && copy_to_user(user, data, size))
		return -EFAULT;
	return ret;
}
