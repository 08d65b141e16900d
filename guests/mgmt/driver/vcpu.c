// SPDX-License-Identifier: GPL-2.0-only
/*
 * A vCPU's file: its life, its shared page, and its requests. KVM_RUN is in run.c.
 */
#include <linux/anon_inodes.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "herald.h"

static long vcpu_attr(struct herald_vcpu *vcpu, u32 request, unsigned long arg)
{
	struct kvm_device_attr attr;

	if (copy_from_user(&attr, (void __user *)arg, sizeof(attr)))
		return -EFAULT;
	if (attr.group == KVM_ARM_VCPU_PVTIME_CTRL)
		return herald_steal_attr(vcpu, request, &attr);
	return herald_pass_attr(vcpu->vm, vcpu->handle, request, &attr, vcpu->bounce, sizeof(u32));
}

static long vcpu_set_signal_mask(struct herald_vcpu *vcpu, void __user *arg)
{
	struct kvm_signal_mask __user *user = arg;
	struct kvm_signal_mask mask;
	sigset_t sigset;

	if (!arg) {
		vcpu->sigset_active = false;
		return 0;
	}
	if (copy_from_user(&mask, user, sizeof(mask)))
		return -EFAULT;
	if (mask.len != sizeof(sigset))
		return -EINVAL;
	if (copy_from_user(&sigset, user->sigset, sizeof(sigset)))
		return -EFAULT;
	sigdelsetmask(&sigset, sigmask(SIGKILL) | sigmask(SIGSTOP));
	vcpu->sigset = sigset;
	vcpu->sigset_active = true;
	return 0;
}

/* Requests that EL2 does not know are told from errors of those that it does: KVM's answer is -EINVAL. */
static long vcpu_pass(struct herald_vcpu *vcpu, u32 request, unsigned long arg)
{
	long ret = herald_pass(vcpu->handle, request, arg, vcpu->bounce);

	return ret == -ENOTTY ? -EINVAL : ret;
}

/* A vCPU at reset has no exit behind it that the next entry would finish. */
static long vcpu_init(struct herald_vcpu *vcpu, unsigned long arg)
{
	long ret = vcpu_pass(vcpu, KVM_ARM_VCPU_INIT, arg);

	if (!ret) {
		vcpu->finish = 0;
		vcpu->read_len = 0;
	}
	return ret;
}

static long vcpu_request(struct herald_vcpu *vcpu, u32 request, unsigned long arg)
{
	switch (request) {
	case KVM_RUN:
		return arg ? -EINVAL : herald_run(vcpu);
	case KVM_SET_SIGNAL_MASK:
		return vcpu_set_signal_mask(vcpu, (void __user *)arg);
	case KVM_GET_ONE_REG:
	case KVM_SET_ONE_REG:
		return herald_pass_reg(vcpu->handle, request, arg, vcpu->bounce);
	case KVM_GET_REG_LIST:
		return herald_pass_reg_list(vcpu->handle, arg, vcpu->bounce);
	case KVM_HAS_DEVICE_ATTR:
	case KVM_GET_DEVICE_ATTR:
	case KVM_SET_DEVICE_ATTR:
		return vcpu_attr(vcpu, request, arg);
	case KVM_ARM_VCPU_INIT:
		return vcpu_init(vcpu, arg);
	case KVM_ARM_VCPU_FINALIZE:
	case KVM_GET_MP_STATE:
	case KVM_SET_MP_STATE:
	case KVM_GET_VCPU_EVENTS:
	case KVM_SET_VCPU_EVENTS:
	case KVM_SET_GUEST_DEBUG:
		return vcpu_pass(vcpu, request, arg);
	default:
		return -EINVAL;
	}
}

static long vcpu_ioctl(struct file *file, unsigned int request, unsigned long arg)
{
	struct herald_vcpu *vcpu = file->private_data;
	long ret;

	if (vcpu->vm->mm != current->mm)
		return -EIO;
	if (request == KVM_GET_STATS_FD)
		return herald_vcpu_stats(vcpu, file);
	if (mutex_lock_killable(&vcpu->mutex))
		return -EINTR;
	ret = vcpu_request(vcpu, request, arg);
	mutex_unlock(&vcpu->mutex);
	return ret;
}

static vm_fault_t vcpu_page_fault(struct vm_fault *fault)
{
	struct herald_vcpu *vcpu = fault->vma->vm_file->private_data;

	if (fault->pgoff == 0)
		fault->page = virt_to_page(vcpu->run);
	else if (fault->pgoff == KVM_COALESCED_MMIO_PAGE_OFFSET)
		fault->page = virt_to_page(vcpu->vm->ring);
	else
		return VM_FAULT_SIGBUS;
	get_page(fault->page);
	return 0;
}

static const struct vm_operations_struct vcpu_vm_ops = {
	.fault = vcpu_page_fault,
};

static int vcpu_mmap(struct file *file, struct vm_area_struct *vma)
{
	vma->vm_ops = &vcpu_vm_ops;
	return 0;
}

static void vcpu_free(struct herald_vcpu *vcpu)
{
	free_page((unsigned long)vcpu->run);
	free_page((unsigned long)vcpu->bounce);
	free_page((unsigned long)vcpu->pages);
	kfree(vcpu);
}

/* EL2's vCPU goes with its VM: there is no call that ends one. */
static int vcpu_release(struct inode *inode, struct file *file)
{
	struct herald_vcpu *vcpu = file->private_data;
	struct herald_vm *vm = vcpu->vm;

	mutex_lock(&vm->vcpus_lock);
	list_del_init(&vcpu->link);
	mutex_unlock(&vm->vcpus_lock);
	if (vcpu->handle != NO_HANDLE)
		herald_wake_remove(vcpu);
	vcpu_free(vcpu);
	herald_vm_put(vm);
	return 0;
}

static const struct file_operations vcpu_fops = {
	.owner = THIS_MODULE,
	.release = vcpu_release,
	.unlocked_ioctl = vcpu_ioctl,
	.mmap = vcpu_mmap,
	.llseek = noop_llseek,
};

static struct herald_vcpu *vcpu_alloc(struct herald_vm *vm)
{
	struct herald_vcpu *vcpu = kzalloc(sizeof(*vcpu), GFP_KERNEL_ACCOUNT);

	if (!vcpu)
		return NULL;
	vcpu->vm = vm;
	vcpu->handle = NO_HANDLE;
	INIT_LIST_HEAD(&vcpu->link);
	mutex_init(&vcpu->mutex);
	init_waitqueue_head(&vcpu->wait);
	herald_steal_init(vcpu);
	vcpu->run = (void *)get_zeroed_page(GFP_KERNEL_ACCOUNT);
	vcpu->bounce = (void *)get_zeroed_page(GFP_KERNEL_ACCOUNT);
	vcpu->pages = (void *)get_zeroed_page(GFP_KERNEL_ACCOUNT);
	if (vcpu->run && vcpu->bounce && vcpu->pages)
		return vcpu;
	vcpu_free(vcpu);
	return NULL;
}

static struct file *vcpu_file(struct herald_vm *vm, unsigned long id)
{
	struct herald_vcpu *vcpu = vcpu_alloc(vm);
	struct file *file;
	char name[32];

	if (!vcpu)
		return ERR_PTR(-ENOMEM);
	snprintf(name, sizeof(name), "kvm-vcpu:%lu", id);
	file = anon_inode_getfile(name, &vcpu_fops, vcpu, O_RDWR);
	if (IS_ERR(file))
		vcpu_free(vcpu);
	else
		kref_get(&vm->ref);
	return file;
}

static int vcpu_attach(struct herald_vcpu *vcpu, unsigned long id)
{
	long handle = herald_ioctl(vcpu->vm->handle, KVM_CREATE_VCPU, id);

	if (handle < 0)
		return handle;
	vcpu->handle = handle;
	vcpu->id = id;
	mutex_lock(&vcpu->vm->vcpus_lock);
	list_add_tail(&vcpu->link, &vcpu->vm->vcpus);
	mutex_unlock(&vcpu->vm->vcpus_lock);
	return herald_wake_add(vcpu);
}

static void vcpus_let(struct herald_vm *vm, struct herald_vcpu *end)
{
	struct herald_vcpu *vcpu = end;

	list_for_each_entry_continue_reverse(vcpu, &vm->vcpus, link) mutex_unlock(&vcpu->mutex);
	mutex_unlock(&vm->vcpus_lock);
}

/*
 * For what KVM does only while no vCPU of the VM does anything: all of them are held until herald_vcpus_let(). -EBUSY: one
 * is in an ioctl, as KVM_RUN; -EINTR.
 */
int herald_vcpus_hold(struct herald_vm *vm)
{
	struct herald_vcpu *vcpu;

	if (mutex_lock_killable(&vm->vcpus_lock))
		return -EINTR;
	list_for_each_entry(vcpu, &vm->vcpus, link)
		if (!mutex_trylock(&vcpu->mutex)) {
			vcpus_let(vm, vcpu);
			return -EBUSY;
		}
	return 0;
}

void herald_vcpus_let(struct herald_vm *vm)
{
	vcpus_let(vm, list_entry(&vm->vcpus, struct herald_vcpu, link));
}

/* A descriptor of a new vCPU: EL2's errors, and those of memory and descriptors. */
int herald_vcpu_create(struct herald_vm *vm, unsigned long id)
{
	struct file *file;
	int fd, err;

	fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd < 0)
		return fd;
	file = vcpu_file(vm, id);
	if (IS_ERR(file)) {
		put_unused_fd(fd);
		return PTR_ERR(file);
	}
	err = vcpu_attach(file->private_data, id);
	if (err) {
		put_unused_fd(fd);
		fput(file);
		return err;
	}
	fd_install(fd, file);
	return fd;
}
