// SPDX-License-Identifier: GPL-2.0-only
/*
 * A VM's file: its life, and its requests.
 */
#include <linux/anon_inodes.h>
#include <linux/module.h>
#include <linux/sched/mm.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "herald.h"

#define VM_DEFAULT_IPA_BITS 40

static long vm_set_memory(struct herald_vm *vm, const void __user *arg)
{
	struct kvm_userspace_memory_region region;

	if (copy_from_user(&region, arg, sizeof(region)))
		return -EFAULT;
	return herald_set_memory(vm, &region);
}

/* The longer form has more only for memory that has no address in the VMM, of which there is none here. */
static long vm_set_memory2(struct herald_vm *vm, const void __user *arg)
{
	struct kvm_userspace_memory_region2 long_region;
	struct kvm_userspace_memory_region region;

	if (copy_from_user(&long_region, arg, sizeof(long_region)))
		return -EFAULT;
	region = (struct kvm_userspace_memory_region){
		.slot = long_region.slot,
		.flags = long_region.flags,
		.guest_phys_addr = long_region.guest_phys_addr,
		.memory_size = long_region.memory_size,
		.userspace_addr = long_region.userspace_addr,
	};
	return herald_set_memory(vm, &region);
}

/* Requests that EL2 has, or may have: -EINVAL, as KVM says it, if it knows them not. */
static long vm_pass(struct herald_vm *vm, u32 request, unsigned long arg)
{
	long ret = herald_pass_alloc(vm->handle, request, arg);

	return ret == -ENOTTY ? -EINVAL : ret;
}

static long vm_request(struct herald_vm *vm, unsigned int request, unsigned long arg)
{
	void __user *user = (void __user *)arg;

	switch (request) {
	case KVM_CHECK_EXTENSION:
		return herald_check_extension(vm->handle, arg);
	case KVM_ENABLE_CAP:
		return herald_enable_cap(vm, arg);
	case KVM_CREATE_VCPU:
		return herald_vcpu_create(vm, arg);
	case KVM_CREATE_DEVICE:
		return herald_device_create(vm, user);
	case KVM_SET_USER_MEMORY_REGION:
		return vm_set_memory(vm, user);
	case KVM_SET_USER_MEMORY_REGION2:
		return vm_set_memory2(vm, user);
	case KVM_GET_DIRTY_LOG:
		return herald_dirty_get(vm, user);
	case KVM_CLEAR_DIRTY_LOG:
		return herald_dirty_clear(vm, user);
	case KVM_SET_GSI_ROUTING:
		return herald_routes_set(vm, user);
	case KVM_IRQFD:
		return herald_irqfd(vm, user);
	case KVM_IOEVENTFD:
		return herald_ioeventfd(vm, user);
	case KVM_REGISTER_COALESCED_MMIO:
		return herald_zone_add(vm, user);
	case KVM_UNREGISTER_COALESCED_MMIO:
		return herald_zone_remove(vm, user);
	case KVM_GET_STATS_FD:
		return herald_vm_stats(vm);
	case KVM_HAS_DEVICE_ATTR:
	case KVM_SET_DEVICE_ATTR:
		return herald_vm_attr(vm, request, arg);
	case KVM_ARM_PREFERRED_TARGET:
	case KVM_ARM_SET_COUNTER_OFFSET:
	case KVM_ARM_SET_DEVICE_ADDR:
	case KVM_IRQ_LINE:
	case KVM_SIGNAL_MSI:
		return vm_pass(vm, request, arg);
	default:
		return -EINVAL;
	}
}

static long vm_ioctl(struct file *file, unsigned int request, unsigned long arg)
{
	struct herald_vm *vm = file->private_data;

	return vm->mm == current->mm ? vm_request(vm, request, arg) : -EIO;
}

static void vm_release(struct kref *ref)
{
	struct herald_vm *vm = container_of(ref, struct herald_vm, ref);

	herald_mem_release(vm);
	mtree_destroy(&vm->filter);
	if (vm->handle != NO_HANDLE)
		WARN_ON_ONCE(herald_close(vm->handle));
	herald_ioeventfds_free(vm);
	herald_zones_free(vm);
	herald_routes_free(vm);
	cleanup_srcu_struct(&vm->srcu);
	free_page((unsigned long)vm->ring);
	mmdrop(vm->mm);
	kfree(vm);
}

void herald_vm_put(struct herald_vm *vm)
{
	kref_put(&vm->ref, vm_release);
}

static int vm_file_release(struct inode *inode, struct file *file)
{
	struct herald_vm *vm = file->private_data;

	herald_irqfds_release(vm);
	herald_vm_put(vm);
	return 0;
}

/* /proc/PID/fdinfo/N: whose VM is it that EL2 knows by this handle? */
static void vm_show_fdinfo(struct seq_file *m, struct file *file)
{
	struct herald_vm *vm = file->private_data;

	seq_printf(m, "herald-vm:\t%#llx\n", vm->handle);
}

static const struct file_operations vm_fops = {
	.owner = THIS_MODULE,
	.show_fdinfo = vm_show_fdinfo,
	.release = vm_file_release,
	.unlocked_ioctl = vm_ioctl,
	.llseek = noop_llseek,
};

static struct herald_vm *vm_alloc(unsigned long type)
{
	struct herald_vm *vm = kzalloc(sizeof(*vm), GFP_KERNEL_ACCOUNT);
	u32 bits = type & KVM_VM_TYPE_ARM_IPA_SIZE_MASK;

	if (!vm)
		return NULL;
	vm->ring = (void *)get_zeroed_page(GFP_KERNEL_ACCOUNT);
	if (!vm->ring || init_srcu_struct(&vm->srcu)) {
		free_page((unsigned long)vm->ring);
		kfree(vm);
		return NULL;
	}
	kref_init(&vm->ref);
	vm->handle = NO_HANDLE;
	vm->ipa_end = 1ull << min(bits ? bits : VM_DEFAULT_IPA_BITS, 63u);
	init_rwsem(&vm->slots_lock);
	xa_init(&vm->slots);
	mt_init(&vm->filter);
	mutex_init(&vm->filter_lock);
	vm->by_ipa = RB_ROOT;
	mutex_init(&vm->gic_lock);
	mutex_init(&vm->io_lock);
	hash_init(vm->ioeventfds);
	INIT_LIST_HEAD(&vm->zones);
	spin_lock_init(&vm->ring_lock);
	spin_lock_init(&vm->irqfds_lock);
	INIT_LIST_HEAD(&vm->irqfds);
	mutex_init(&vm->resample_lock);
	INIT_LIST_HEAD(&vm->resamplers);
	vm->mm = current->mm;
	mmgrab(vm->mm);
	return vm;
}

/* A descriptor of a new VM. EL2 judges the type, which is the size of the VM's address space. */
int herald_vm_create(unsigned long type)
{
	struct herald_vm *vm;
	struct file *file;
	long handle;
	int fd;

	fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd < 0)
		return fd;
	vm = vm_alloc(type);
	if (!vm) {
		put_unused_fd(fd);
		return -ENOMEM;
	}
	file = anon_inode_getfile("kvm-vm", &vm_fops, vm, O_RDWR);
	if (IS_ERR(file)) {
		put_unused_fd(fd);
		herald_vm_put(vm);
		return PTR_ERR(file);
	}
	handle = herald_ioctl(HERALD_SYSTEM, KVM_CREATE_VM, type);
	if (handle < 0) {
		put_unused_fd(fd);
		fput(file);
		return handle;
	}
	vm->handle = handle;
	fd_install(fd, file);
	return fd;
}
