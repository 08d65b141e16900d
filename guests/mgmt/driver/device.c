// SPDX-License-Identifier: GPL-2.0-only
/*
 * Devices of a VM that EL2 has: the interrupt controller and its ITS. Their attributes are passed on; the driver knows
 * no more of them than how long each is.
 */
#include <linux/anon_inodes.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "herald.h"

static u32 device_attr_size(u32 group)
{
	switch (group) {
	case KVM_DEV_ARM_VGIC_GRP_CTRL:
		return 0;
	case KVM_DEV_ARM_VGIC_GRP_NR_IRQS:
	case KVM_DEV_ARM_VGIC_GRP_DIST_REGS:
	case KVM_DEV_ARM_VGIC_GRP_REDIST_REGS:
	case KVM_DEV_ARM_VGIC_GRP_LEVEL_INFO:
		return sizeof(u32);
	default:
		return sizeof(u64);
	}
}

static bool device_is_gic_init(const struct herald_device *device, u32 request,
			       const struct kvm_device_attr *attr)
{
	return request == KVM_SET_DEVICE_ATTR && device->type == KVM_DEV_TYPE_ARM_VGIC_V3 &&
	       attr->group == KVM_DEV_ARM_VGIC_GRP_CTRL && attr->attr == KVM_DEV_ARM_VGIC_CTRL_INIT;
}

/* What KVM does while it holds all vCPUs: registers, and all that moves or resets state. */
static bool device_holds_vcpus(const struct herald_device *device, u32 request,
			       const struct kvm_device_attr *attr)
{
	if (request == KVM_HAS_DEVICE_ATTR)
		return false;
	switch (attr->group) {
	case KVM_DEV_ARM_VGIC_GRP_DIST_REGS:
	case KVM_DEV_ARM_VGIC_GRP_REDIST_REGS:
	case KVM_DEV_ARM_VGIC_GRP_CPU_SYSREGS:
	case KVM_DEV_ARM_VGIC_GRP_LEVEL_INFO:
	case KVM_DEV_ARM_VGIC_GRP_ITS_REGS:
		return true;
	case KVM_DEV_ARM_VGIC_GRP_CTRL:
		return attr->attr != KVM_DEV_ARM_VGIC_CTRL_INIT;
	default:
		return false;
	}
}

/* The GIC is initialised; the first to see it makes the routes. */
static long device_gic_ready(struct herald_vm *vm)
{
	long ret = 0;

	mutex_lock(&vm->gic_lock);
	if (!vm->gic_ready) {
		ret = herald_routes_default(vm);
		/* Who sees this sees the routes: irqfd_assign(). */
		if (!ret)
			smp_store_release(&vm->gic_ready, true);
	}
	mutex_unlock(&vm->gic_lock);
	return ret;
}

static long device_attr_pass(struct herald_device *device, u32 request,
			     const struct kvm_device_attr *attr)
{
	void *bounce = (void *)__get_free_page(GFP_KERNEL_ACCOUNT);
	long ret;

	if (!bounce)
		return -ENOMEM;
	ret = herald_pass_attr(device->vm, device->handle, request, attr, bounce,
			       device_attr_size(attr->group));
	free_page((unsigned long)bounce);
	return ret;
}

static long device_attr(struct herald_device *device, u32 request, unsigned long arg)
{
	struct kvm_device_attr attr;
	bool hold;
	long ret;

	if (copy_from_user(&attr, (void __user *)arg, sizeof(attr)))
		return -EFAULT;
	hold = device_holds_vcpus(device, request, &attr);
	if (hold) {
		ret = herald_vcpus_hold(device->vm);
		if (ret)
			return ret;
	}
	ret = device_attr_pass(device, request, &attr);
	if (hold)
		herald_vcpus_let(device->vm);
	if (!ret && device_is_gic_init(device, request, &attr))
		ret = device_gic_ready(device->vm);
	return ret;
}

static long device_ioctl(struct file *file, unsigned int request, unsigned long arg)
{
	struct herald_device *device = file->private_data;

	if (device->vm->mm != current->mm)
		return -EIO;
	switch (request) {
	case KVM_HAS_DEVICE_ATTR:
	case KVM_GET_DEVICE_ATTR:
	case KVM_SET_DEVICE_ATTR:
		return device_attr(device, request, arg);
	default:
		return -ENOTTY;
	}
}

static int device_release(struct inode *inode, struct file *file)
{
	struct herald_device *device = file->private_data;
	struct herald_vm *vm = device->vm;

	kfree(device);
	herald_vm_put(vm);
	return 0;
}

static const struct file_operations device_fops = {
	.owner = THIS_MODULE,
	.release = device_release,
	.unlocked_ioctl = device_ioctl,
	.llseek = noop_llseek,
};

static struct file *device_file(struct herald_vm *vm, u32 type)
{
	struct herald_device *device = kzalloc(sizeof(*device), GFP_KERNEL_ACCOUNT);
	struct file *file;

	if (!device)
		return ERR_PTR(-ENOMEM);
	device->vm = vm;
	device->type = type;
	file = anon_inode_getfile("kvm-device", &device_fops, device, O_RDWR);
	if (IS_ERR(file))
		kfree(device);
	else
		kref_get(&vm->ref);
	return file;
}

/* EL2 answers the device's handle where KVM answers a descriptor. @create is in memory that EL2 can read. */
static long device_create(struct herald_vm *vm, struct kvm_create_device *create)
{
	struct herald_device *device;
	struct file *file;
	long ret;
	int fd;

	if (create->flags & KVM_CREATE_DEVICE_TEST)
		return herald_ioctl_struct(vm->handle, KVM_CREATE_DEVICE, create);
	fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd < 0)
		return fd;
	file = device_file(vm, create->type);
	if (IS_ERR(file)) {
		put_unused_fd(fd);
		return PTR_ERR(file);
	}
	ret = herald_ioctl_struct(vm->handle, KVM_CREATE_DEVICE, create);
	if (ret < 0) {
		put_unused_fd(fd);
		fput(file);
		return ret;
	}
	device = file->private_data;
	device->handle = create->fd;
	create->fd = fd;
	fd_install(fd, file);
	return 0;
}

long herald_device_create(struct herald_vm *vm, struct kvm_create_device __user *arg)
{
	struct kvm_create_device *create = kzalloc(sizeof(*create), GFP_KERNEL_ACCOUNT);
	long ret;

	if (!create)
		return -ENOMEM;
	if (copy_from_user(create, arg, sizeof(*create)))
		ret = -EFAULT;
	else
		ret = device_create(vm, create);
	if (!ret && copy_to_user(arg, create, sizeof(*create)))
		ret = -EFAULT;
	kfree(create);
	return ret;
}
