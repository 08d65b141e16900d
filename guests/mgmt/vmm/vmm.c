// SPDX-License-Identifier: GPL-2.0-only
/* VMs, vCPUs, memory and test points. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "vmm.h"

static int points, points_failed;

bool point(bool good, const char *fmt, ...)
{
	va_list ap;

	printf("%sok %d - ", good ? "" : "not ", ++points);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	points_failed += !good;
	return good;
}

int points_done(void)
{
	printf("1..%d\n", points);
	return points_failed ? 1 : 0;
}

void fail(const char *what)
{
	printf("Bail out! %s: %s\n", what, strerror(errno));
	exit(1);
}

int xioctl(int fd, unsigned long request, unsigned long arg)
{
	int ret = ioctl(fd, request, arg);

	return ret < 0 ? -errno : ret;
}

static int must(int ret, const char *what)
{
	if (ret >= 0)
		return ret;
	errno = -ret;
	fail(what);
}

u64 now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (u64)t.tv_sec * 1000000000 + (u64)t.tv_nsec;
}

int kvm_open(void)
{
	int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		fail("/dev/kvm");
	return fd;
}

void *memory(size_t size)
{
	void *mem = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (mem == MAP_FAILED)
		fail("mmap");
	return mem;
}

u8 *aligned_memory(size_t size)
{
	u8 *mem = memory(size + HUGE), *at = mem + (-(u64)mem & (HUGE - 1));
	size_t before = (size_t)(at - mem);

	if (before)
		munmap(mem, before);
	munmap(at + size, HUGE - before);
	return at;
}

int vm_slot(struct vm *vm, u32 slot, u32 flags, u64 ipa, u64 size, const void *mem)
{
	struct kvm_userspace_memory_region region = {
		.slot = slot,
		.flags = flags,
		.guest_phys_addr = ipa,
		.memory_size = size,
		.userspace_addr = (u64)mem,
	};

	return xioctl(vm->fd, KVM_SET_USER_MEMORY_REGION, (unsigned long)&region);
}

int attr(int fd, unsigned long request, u32 group, u64 number, void *val)
{
	struct kvm_device_attr a = { .group = group, .attr = number, .addr = (u64)val };

	return xioctl(fd, request, (unsigned long)&a);
}

static void gic_attr(struct vm *vm, u32 group, u64 number, u64 *val)
{
	must(attr(vm->gic, KVM_SET_DEVICE_ATTR, group, number, val), "the GIC's attributes");
}

bool line_is_up(struct vm *vm)
{
	const u64 lines = (u64)VGIC_LEVEL_INFO_LINE_LEVEL
				  << KVM_DEV_ARM_VGIC_LINE_LEVEL_INFO_SHIFT |
			  TEST_SPI / 32 * 32;
	u32 up = 0;

	must(attr(vm->gic, KVM_GET_DEVICE_ATTR, KVM_DEV_ARM_VGIC_GRP_LEVEL_INFO, lines, &up),
	     "the GIC's lines");
	return up >> TEST_SPI % 32 & 1;
}

static void gic_new(struct vm *vm)
{
	struct kvm_create_device device = { .type = KVM_DEV_TYPE_ARM_VGIC_V3 };
	u64 dist = GICD_IPA, redist = GICR_IPA;

	must(xioctl(vm->fd, KVM_CREATE_DEVICE, (unsigned long)&device), "KVM_CREATE_DEVICE");
	vm->gic = (int)device.fd;
	gic_attr(vm, KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V3_ADDR_TYPE_DIST, &dist);
	gic_attr(vm, KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V3_ADDR_TYPE_REDIST, &redist);
	gic_attr(vm, KVM_DEV_ARM_VGIC_GRP_CTRL, KVM_DEV_ARM_VGIC_CTRL_INIT, NULL);
}

int its_new(struct vm *vm, u64 base)
{
	struct kvm_create_device device = { .type = KVM_DEV_TYPE_ARM_VGIC_ITS };
	int ret = xioctl(vm->fd, KVM_CREATE_DEVICE, (unsigned long)&device), its;

	if (ret < 0)
		return ret;
	its = (int)device.fd;
	vm->its[vm->nr_its++] = its;
	ret = attr(its, KVM_SET_DEVICE_ATTR, KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_ITS_ADDR_TYPE,
		   &base);
	if (ret < 0)
		return ret;
	return attr(its, KVM_SET_DEVICE_ATTR, KVM_DEV_ARM_VGIC_GRP_CTRL, KVM_DEV_ARM_VGIC_CTRL_INIT,
		    NULL);
}

static void vcpu_new(struct vm *vm, int id)
{
	struct vcpu *v = &vm->vcpu[id];
	struct kvm_vcpu_init init;

	v->fd = must(xioctl(vm->fd, KVM_CREATE_VCPU, (unsigned long)id), "KVM_CREATE_VCPU");
	must(xioctl(vm->fd, KVM_ARM_PREFERRED_TARGET, (unsigned long)&init),
	     "KVM_ARM_PREFERRED_TARGET");
	init.features[0] |= 1u << KVM_ARM_VCPU_PSCI_0_2;
	must(xioctl(v->fd, KVM_ARM_VCPU_INIT, (unsigned long)&init), "KVM_ARM_VCPU_INIT");
	v->run = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, v->fd, 0);
	if (v->run == MAP_FAILED)
		fail("mmap of a vCPU");
}

/* A VM with the guest's code in slot 0, a GIC, and vCPUs that are ready to run. */
void vm_new(struct vm *vm, int nr_vcpus)
{
	int kvm = kvm_open(), i;

	memset(vm, 0, sizeof(*vm));
	vm->fd = must(xioctl(kvm, KVM_CREATE_VM, 0), "KVM_CREATE_VM");
	close(kvm);
	vm->code = memory(CODE_SIZE);
	memcpy(vm->code, guest_start, (size_t)(guest_end - guest_start));
	must(vm_slot(vm, 0, 0, CODE_IPA, CODE_SIZE, vm->code), "KVM_SET_USER_MEMORY_REGION");
	vm->nr_vcpus = nr_vcpus;
	for (i = 0; i < nr_vcpus; i++)
		vcpu_new(vm, i);
	gic_new(vm);
}

void vm_free(struct vm *vm)
{
	int i;

	for (i = 0; i < vm->nr_vcpus; i++) {
		munmap(vm->vcpu[i].run, 4096);
		close(vm->vcpu[i].fd);
	}
	for (i = 0; i < vm->nr_its; i++)
		close(vm->its[i]);
	close(vm->gic);
	close(vm->fd);
	munmap(vm->code, CODE_SIZE);
}

void reg_set(struct vcpu *v, u64 id, u64 val)
{
	struct kvm_one_reg reg = { .id = id, .addr = (u64)&val };

	must(xioctl(v->fd, KVM_SET_ONE_REG, (unsigned long)&reg), "KVM_SET_ONE_REG");
}

u64 reg_get(struct vcpu *v, u64 id)
{
	u64 val = 0;
	struct kvm_one_reg reg = { .id = id, .addr = (u64)&val };

	must(xioctl(v->fd, KVM_GET_ONE_REG, (unsigned long)&reg), "KVM_GET_ONE_REG");
	return val;
}

/* An access that the last run ended with is completed by the next: before the registers are set, not after. */
static void finish(struct vcpu *v)
{
	v->run->immediate_exit = 1;
	if (run(v) != -EINTR)
		fail("KVM_RUN with immediate_exit");
	v->run->immediate_exit = 0;
}

void guest_start_at(struct vcpu *v, const char *program, u64 a, u64 b, u64 c)
{
	finish(v);
	reg_set(v, CORE_REG(regs.pc), CODE_IPA + (u64)(program - guest_start));
	reg_set(v, CORE_REG(regs.regs[0]), a);
	reg_set(v, CORE_REG(regs.regs[1]), b);
	reg_set(v, CORE_REG(regs.regs[2]), c);
}

int run(struct vcpu *v)
{
	return xioctl(v->fd, KVM_RUN, 0);
}

bool run_to_exit(struct vcpu *v, u64 *result)
{
	int ret = run(v);

	if (!ret && v->run->exit_reason == KVM_EXIT_MMIO && v->run->mmio.is_write &&
	    v->run->mmio.phys_addr == MMIO_IPA + MMIO_EXIT) {
		memcpy(result, v->run->mmio.data, sizeof(*result));
		return true;
	}
	printf("# KVM_RUN: %d, exit reason %u, address %#llx, pc %#llx\n", ret, v->run->exit_reason,
	       (unsigned long long)v->run->mmio.phys_addr,
	       (unsigned long long)reg_get(v, CORE_REG(regs.pc)));
	return false;
}

bool touch(struct vcpu *v, u64 ipa, u64 size, u64 value)
{
	u64 end;

	guest_start_at(v, guest_touch, ipa, ipa + size, value);
	return run_to_exit(v, &end) && end == ipa + size;
}

bool sum_is(struct vcpu *v, u64 ipa, u64 size, u64 sum)
{
	u64 got;

	guest_start_at(v, guest_read, ipa, ipa + size, 0);
	if (!run_to_exit(v, &got))
		return false;
	if (got != sum)
		printf("# sum %#llx, not %#llx\n", (unsigned long long)got,
		       (unsigned long long)sum);
	return got == sum;
}

/* The guest stores, and the VMM need not emulate it. */
bool store(struct vcpu *v, u64 addr, u64 value, u64 len)
{
	guest_start_at(v, guest_store, addr, value, len);
	return !run(v) && v->run->exit_reason == KVM_EXIT_MMIO &&
	       v->run->mmio.phys_addr == MMIO_IPA + MMIO_EXIT;
}
