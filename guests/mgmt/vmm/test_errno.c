// SPDX-License-Identifier: GPL-2.0-only
/* What is refused, and how: the errno that KVM documents (Linux Documentation/virt/kvm/api.rst). */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "vmm.h"

static void test_system(void)
{
	int kvm = kvm_open();

	equal(xioctl(kvm, KVM_GET_API_VERSION, 0), 12, "KVM_GET_API_VERSION");
	equal(xioctl(kvm, KVM_GET_API_VERSION, 1), -EINVAL, "KVM_GET_API_VERSION with an argument");
	equal(xioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 1), -EINVAL,
	      "KVM_GET_VCPU_MMAP_SIZE with an argument");
	point(xioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0) >= 4096, "KVM_GET_VCPU_MMAP_SIZE");
	equal(xioctl(kvm, KVM_CHECK_EXTENSION, KVM_CAP_USER_MEMORY), 1, "KVM_CAP_USER_MEMORY");
	point(xioctl(kvm, KVM_CHECK_EXTENSION, KVM_CAP_NR_MEMSLOTS) >= 32, "KVM_CAP_NR_MEMSLOTS");
	equal(xioctl(kvm, KVM_CHECK_EXTENSION, 0xffffff), 0, "a capability that nobody knows");
	equal(xioctl(kvm, KVM_CREATE_VM, 0x100), -EINVAL, "a VM of an unknown type");
	equal(xioctl(kvm, KVM_CREATE_VM, 63), -EINVAL, "a VM with too large an address space");
	equal(xioctl(kvm, KVM_CREATE_VM, 31), -EINVAL, "a VM with too small an address space");
	equal(xioctl(kvm, KVM_RUN, 0), -EINVAL, "a vCPU's request on /dev/kvm");
	equal(xioctl(kvm, KVM_CREATE_VCPU, 0), -EINVAL, "a VM's request on /dev/kvm");
	close(kvm);
}

static void test_slots(void)
{
	u8 *mem = memory(4 * MIB);
	struct vm vm;

	vm_new(&vm, 1);
	equal(vm_slot(&vm, 1, 0, RAM_IPA, MIB, mem), 0, "a slot");
	equal(vm_slot(&vm, 1, 0, RAM_IPA, MIB, mem), 0, "the same again");
	equal(vm_slot(&vm, 2, 0, RAM_IPA + MIB, MIB, mem), 0,
	      "another beside it, with the same memory");
	equal(vm_slot(&vm, 3, 0, RAM_IPA + MIB - 4096, 8192, mem), -EEXIST,
	      "one that overlaps two");
	equal(vm_slot(&vm, 3, 0, RAM_IPA + 4096, 4096, mem), -EEXIST, "one within another");
	equal(vm_slot(&vm, 3, 0, RAM_IPA - MIB, 8 * MIB, mem), -EEXIST, "one around others");
	equal(vm_slot(&vm, 1, 0, RAM_IPA + MIB, MIB, mem), -EEXIST, "moved onto another");
	equal(vm_slot(&vm, 1, 0, RAM_IPA + 4096, MIB, mem), -EEXIST,
	      "moved so that it overlaps another");
	equal(vm_slot(&vm, 1, 0, RAM_IPA - 4096, MIB, mem), 0, "moved onto part of itself");
	equal(vm_slot(&vm, 1, 0, RAM_IPA - MIB, 2 * MIB, mem), -EINVAL, "resized");
	equal(vm_slot(&vm, 1, 0, RAM_IPA - MIB, MIB, mem + MIB), -EINVAL, "with other memory");
	equal(vm_slot(&vm, 1, KVM_MEM_READONLY, RAM_IPA - MIB, MIB, mem), -EINVAL,
	      "made read-only");
	equal(vm_slot(&vm, 1, 0, 0, 0, NULL), 0, "deleted");
	equal(vm_slot(&vm, 1, 0, 0, 0, NULL), -EINVAL, "deleted again");
	equal(vm_slot(&vm, 1, 0, RAM_IPA + 1, 4096, mem), -EINVAL, "an address within a page");
	equal(vm_slot(&vm, 1, 0, RAM_IPA, 4095, mem), -EINVAL,
	      "a size that is no multiple of a page");
	equal(vm_slot(&vm, 1, 0, RAM_IPA, 4096, mem + 1), -EINVAL,
	      "memory that begins within a page");
	equal(vm_slot(&vm, 1, 0, RAM_IPA, 4096, (void *)~0xfffull), -EINVAL,
	      "memory of the kernel");
	equal(vm_slot(&vm, 32767, 0, RAM_IPA, 4096, mem), -EINVAL, "a number too large");
	equal(vm_slot(&vm, 0x10001, 0, RAM_IPA, 4096, mem), -EINVAL,
	      "an address space that is not there");
	equal(vm_slot(&vm, 1, 0x80, RAM_IPA, 4096, mem), -EINVAL, "an unknown flag");
	equal(vm_slot(&vm, 1, 0, ~0xfffull, 8192, mem), -EINVAL, "one that wraps");
	equal(vm_slot(&vm, 1, 0, 1ull << 40, 4096, mem), -EFAULT, "one beyond the address space");
	equal(vm_slot(&vm, 1, 0, (1ull << 40) - 4096, 8192, mem), -EFAULT, "one across its end");
	equal(vm_slot(&vm, 1, 0, (1ull << 40) - 4096, 4096, mem), 0, "one at its end");
	equal(xioctl(vm.fd, KVM_SET_USER_MEMORY_REGION, 8), -EFAULT, "a struct that is not there");
	vm_free(&vm);
	munmap(mem, 4 * MIB);
}

static void test_vm(void)
{
	struct kvm_create_device device = { .type = 0x7777, .flags = KVM_CREATE_DEVICE_TEST };
	struct vm vm;

	vm_new(&vm, 2);
	equal(xioctl(vm.fd, KVM_CREATE_VCPU, 100000), -EINVAL, "a vCPU of too high a number");
	equal(xioctl(vm.fd, KVM_CREATE_VCPU, 1ull << 32), -EINVAL,
	      "a vCPU whose number has 33 bits");
	equal(xioctl(vm.fd, KVM_RUN, 0), -EINVAL, "a vCPU's request on a VM");
	equal(xioctl(vm.fd, KVM_GET_API_VERSION, 0), -EINVAL, "the system's request on a VM");
	equal(xioctl(vm.fd, 0x1234, 0), -EINVAL, "a request that nobody knows");
	equal(xioctl(vm.fd, KVM_CREATE_DEVICE, (unsigned long)&device), -ENODEV,
	      "an unknown device");
	equal(xioctl(vm.fd, KVM_CREATE_DEVICE, 8), -EFAULT,
	      "a device of a struct that is not there");
	device.type = KVM_DEV_TYPE_ARM_VGIC_V3;
	equal(xioctl(vm.fd, KVM_CREATE_DEVICE, (unsigned long)&device), 0, "is there a GIC?");
	device.flags = 0;
	equal(xioctl(vm.fd, KVM_CREATE_DEVICE, (unsigned long)&device), -EEXIST, "a second GIC");
	vm_free(&vm);
}

static void test_vcpu(void)
{
	struct kvm_signal_mask mask = { .len = 4 };
	struct kvm_one_reg reg = { .id = KVM_REG_ARM64 | KVM_REG_SIZE_U64 | 0xffff, .addr = 8 };
	struct kvm_vcpu_init init = { .target = 77 };
	struct vcpu *v;
	struct vm vm;
	int fd;

	vm_new(&vm, 1);
	v = &vm.vcpu[0];
	equal(xioctl(v->fd, KVM_RUN, 1), -EINVAL, "KVM_RUN with an argument");
	equal(xioctl(v->fd, KVM_CREATE_VCPU, 1), -EINVAL, "a VM's request on a vCPU");
	equal(xioctl(v->fd, KVM_SET_SIGNAL_MASK, (unsigned long)&mask), -EINVAL,
	      "a signal set of 4 bytes");
	equal(xioctl(v->fd, KVM_GET_ONE_REG, (unsigned long)&reg), -ENOENT,
	      "a register that is not there");
	reg.id = CORE_REG(regs.pc);
	equal(xioctl(v->fd, KVM_GET_ONE_REG, (unsigned long)&reg), -EFAULT,
	      "a register to nowhere");
	equal(xioctl(v->fd, KVM_SET_ONE_REG, (unsigned long)&reg), -EFAULT,
	      "a register from nowhere");
	equal(xioctl(v->fd, KVM_GET_ONE_REG, 8), -EFAULT, "a struct that is not there");
	equal(xioctl(v->fd, KVM_ARM_VCPU_INIT, (unsigned long)&init), -EINVAL, "an unknown target");
	vm_free(&vm);

	vm_new(&vm, 1);
	fd = xioctl(vm.fd, KVM_CREATE_VCPU, 0);
	point(fd == -EEXIST || fd == -EBUSY, "a vCPU twice");
	vm_free(&vm);
}

/* A child has the descriptors, but they are of its parent's memory. */
static void test_child(void)
{
	int status = -1;
	struct vm vm;
	pid_t pid;

	vm_new(&vm, 1);
	pid = fork();
	if (!pid)
		_exit(xioctl(vm.fd, KVM_CHECK_EXTENSION, KVM_CAP_ONE_REG) == -EIO &&
				      run(&vm.vcpu[0]) == -EIO &&
				      xioctl(vm.gic, KVM_HAS_DEVICE_ATTR, 0) == -EIO
			      ? 0
			      : 1);
	waitpid(pid, &status, 0);
	equal(status, 0, "another process than the VM's: EIO");
	vm_free(&vm);
}

/* The last descriptor of a VM may be any. */
static void test_module(void)
{
	struct vm vm;

	vm_new(&vm, 1);
	close(vm.fd);
	close(vm.gic);
	munmap(vm.vcpu[0].run, 4096);
	equal(syscall(SYS_delete_module, "herald", O_NONBLOCK) ? -errno : 0, -EWOULDBLOCK,
	      "the module stays while a vCPU's descriptor is open");
	close(vm.vcpu[0].fd);
	munmap(vm.code, CODE_SIZE);
}

void test_errno(void)
{
	test_system();
	test_slots();
	test_vm();
	test_vcpu();
	test_child();
	test_module();
}
