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

/* KVM's number: 16 bits of a slot's number, the last but one is the most. */
#define VM_SLOTS 32767
#define VM_DEFAULT_IPA_BITS 40

/* What is the driver's to say; all else is EL2's. */
long herald_check_extension(u64 handle, unsigned long cap)
{
	switch (cap) {
	case KVM_CAP_USER_MEMORY:
	case KVM_CAP_DESTROY_MEMORY_REGION_WORKS:
	case KVM_CAP_JOIN_MEMORY_REGIONS_WORKS:
	case KVM_CAP_SYNC_MMU:
	case KVM_CAP_READONLY_MEM:
	case KVM_CAP_IMMEDIATE_EXIT:
	case KVM_CAP_CHECK_EXTENSION_VM:
		return 1;
	case KVM_CAP_NR_MEMSLOTS:
		return VM_SLOTS;
	case KVM_CAP_NR_VCPUS:
		return num_online_cpus();
	default:
		return herald_ioctl(handle, KVM_CHECK_EXTENSION, cap);
	}
}

static long vm_set_memory(struct herald_vm *vm, void __user *arg)
{
	struct kvm_userspace_memory_region region;

	if (copy_from_user(&region, arg, sizeof(region)))
		return -EFAULT;
	return herald_set_memory(vm, &region);
}

static long vm_ioctl(struct file *file, unsigned int request, unsigned long arg)
{
	struct herald_vm *vm = file->private_data;

	if (vm->mm != current->mm)
		return -EIO;
	switch (request) {
	case KVM_CHECK_EXTENSION:
		return herald_check_extension(vm->handle, arg);
	case KVM_CREATE_VCPU:
		return herald_vcpu_create(vm, arg);
	case KVM_CREATE_DEVICE:
		return herald_device_create(vm, (void __user *)arg);
	case KVM_SET_USER_MEMORY_REGION:
		return vm_set_memory(vm, (void __user *)arg);
	case KVM_ARM_PREFERRED_TARGET:
	case KVM_ARM_SET_DEVICE_ADDR:
	case KVM_ENABLE_CAP:
	case KVM_IRQ_LINE:
	case KVM_SIGNAL_MSI:
		return herald_pass_alloc(vm->handle, request, arg);
	default:
		return -EINVAL;
	}
}

static void vm_release(struct kref *ref)
{
	struct herald_vm *vm = container_of(ref, struct herald_vm, ref);

	herald_mem_release(vm);
	if (vm->handle != NO_HANDLE)
		WARN_ON_ONCE(herald_close(vm->handle));
	mmdrop(vm->mm);
	kfree(vm);
}

void herald_vm_put(struct herald_vm *vm)
{
	kref_put(&vm->ref, vm_release);
}

static int vm_file_release(struct inode *inode, struct file *file)
{
	herald_vm_put(file->private_data);
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
	kref_init(&vm->ref);
	vm->handle = NO_HANDLE;
	vm->ipa_end = 1ull << min(bits ? bits : VM_DEFAULT_IPA_BITS, 63u);
	init_rwsem(&vm->slots_lock);
	xa_init(&vm->slots);
	vm->by_ipa = RB_ROOT;
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
