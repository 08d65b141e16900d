// SPDX-License-Identifier: GPL-2.0-only
/* Capabilities, KVM_ENABLE_CAP, and accesses that no syndrome describes. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "vmm.h"

static const struct {
	u32 cap;
	int want;
	const char *name;
} caps[] = {
	{ KVM_CAP_USER_MEMORY, 1, "USER_MEMORY" },
	{ KVM_CAP_DESTROY_MEMORY_REGION_WORKS, 1, "DESTROY_MEMORY_REGION_WORKS" },
	{ KVM_CAP_JOIN_MEMORY_REGIONS_WORKS, 1, "JOIN_MEMORY_REGIONS_WORKS" },
	{ KVM_CAP_SYNC_MMU, 1, "SYNC_MMU" },
	{ KVM_CAP_READONLY_MEM, 1, "READONLY_MEM" },
	{ KVM_CAP_IMMEDIATE_EXIT, 1, "IMMEDIATE_EXIT" },
	{ KVM_CAP_CHECK_EXTENSION_VM, 1, "CHECK_EXTENSION_VM" },
	{ KVM_CAP_ENABLE_CAP_VM, 1, "ENABLE_CAP_VM" },
	{ KVM_CAP_INTERNAL_ERROR_DATA, 1, "INTERNAL_ERROR_DATA" },
	{ KVM_CAP_IRQCHIP, 1, "IRQCHIP" },
	{ KVM_CAP_IRQFD, 1, "IRQFD" },
	{ KVM_CAP_IRQFD_RESAMPLE, 1, "IRQFD_RESAMPLE" },
	{ KVM_CAP_SIGNAL_MSI, 1, "SIGNAL_MSI" },
	{ KVM_CAP_IOEVENTFD, 1, "IOEVENTFD" },
	{ KVM_CAP_IOEVENTFD_ANY_LENGTH, 1, "IOEVENTFD_ANY_LENGTH" },
	{ KVM_CAP_IOEVENTFD_NO_LENGTH, 0, "IOEVENTFD_NO_LENGTH" },
	{ KVM_CAP_COALESCED_MMIO, 1, "COALESCED_MMIO" },
	{ KVM_CAP_COALESCED_PIO, 1, "COALESCED_PIO" },
	{ KVM_CAP_BINARY_STATS_FD, 1, "BINARY_STATS_FD" },
	{ KVM_CAP_ARM_NISV_TO_USER, 1, "ARM_NISV_TO_USER" },
	{ KVM_CAP_IRQ_ROUTING, 4096, "IRQ_ROUTING" },
	{ KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2, 3, "MANUAL_DIRTY_LOG_PROTECT2" },
	{ KVM_CAP_NR_MEMSLOTS, 32767, "NR_MEMSLOTS" },
	{ KVM_CAP_MAX_VCPUS, 512, "MAX_VCPUS" },
	{ KVM_CAP_MAX_VCPU_ID, 512, "MAX_VCPU_ID" },
	{ KVM_CAP_ONE_REG, 1, "ONE_REG" },
	{ KVM_CAP_DEVICE_CTRL, 1, "DEVICE_CTRL" },
	{ KVM_CAP_MP_STATE, 1, "MP_STATE" },
	{ KVM_CAP_ARM_PSCI, 1, "ARM_PSCI" },
	{ KVM_CAP_ARM_PSCI_0_2, 1, "ARM_PSCI_0_2" },
	{ KVM_CAP_MEMORY_ATTRIBUTES, 0, "MEMORY_ATTRIBUTES" },
	{ KVM_CAP_GUEST_MEMFD, 0, "GUEST_MEMFD" },
	{ KVM_CAP_S390_UCONTROL, 0, "S390_UCONTROL" },
};

static void test_list(void)
{
	int kvm = kvm_open();
	struct vm vm;
	size_t i;

	vm_new(&vm, 1);
	for (i = 0; i < sizeof(caps) / sizeof(caps[0]); i++) {
		equal(xioctl(kvm, KVM_CHECK_EXTENSION, caps[i].cap), caps[i].want, "%s",
		      caps[i].name);
		equal(xioctl(vm.fd, KVM_CHECK_EXTENSION, caps[i].cap), caps[i].want, "%s of a VM",
		      caps[i].name);
	}
	equal(xioctl(kvm, KVM_CHECK_EXTENSION, KVM_CAP_NR_VCPUS), sysconf(_SC_NPROCESSORS_ONLN),
	      "NR_VCPUS");
	vm_free(&vm);
	close(kvm);
}

static int enable(int fd, u32 cap, u32 flags, u64 arg)
{
	struct kvm_enable_cap c = { .cap = cap, .flags = flags, .args = { arg } };

	return xioctl(fd, KVM_ENABLE_CAP, (unsigned long)&c);
}

static void test_enable(void)
{
	struct vm vm;

	vm_new(&vm, 1);
	equal(enable(vm.fd, KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2, 0, 3), 0, "a manual dirty log");
	equal(enable(vm.fd, KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2, 0, 2), -EINVAL,
	      "all dirty at first, but not manual");
	equal(enable(vm.fd, KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2, 0, 5), -EINVAL, "an unknown option");
	equal(enable(vm.fd, KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2, 1, 1), -EINVAL, "with flags");
	equal(enable(vm.fd, KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2, 0, 0), 0, "and off");
	equal(enable(vm.fd, KVM_CAP_ARM_NISV_TO_USER, 1, 0), -EINVAL, "NISV with flags");
	equal(enable(vm.fd, KVM_CAP_USER_MEMORY, 0, 0), -EINVAL,
	      "a capability that is always there");
	equal(enable(vm.fd, 0xffffff, 0, 0), -EINVAL, "an unknown one");
	equal(xioctl(vm.fd, KVM_ENABLE_CAP, 8), -EFAULT, "a struct that is not there");
	vm_free(&vm);
}

static void test_nisv(void)
{
	struct vcpu *v;
	struct vm vm;
	u64 result = 0, pc;

	vm_new(&vm, 1);
	v = &vm.vcpu[0];
	guest_start_at(v, guest_pair, MMIO_IPA + 0x40, 1, 2);
	v->run->exit_reason = KVM_EXIT_MMIO;
	equal(run(v), -ENOSYS, "a pair is stored to the VMM, which cannot emulate it");
	equal(v->run->exit_reason, KVM_EXIT_UNKNOWN, "the last exit's reason is gone");
	equal(enable(vm.fd, KVM_CAP_ARM_NISV_TO_USER, 0, 0), 0, "it says that it can");
	equal(run(v), 0, "then it is told");
	equal(v->run->exit_reason, KVM_EXIT_ARM_NISV, "with KVM_EXIT_ARM_NISV");
	equal(v->run->arm_nisv.fault_ipa, MMIO_IPA + 0x40, "the address");
	equal(v->run->arm_nisv.esr_iss & ~0x3full, 0x40, "a write, and no more of the syndrome");
	equal(v->run->arm_nisv.esr_iss & 0x3c, 0x04, "a translation fault");
	pc = reg_get(v, CORE_REG(regs.pc));
	reg_set(v, CORE_REG(regs.pc), pc + 4);
	point(run_to_exit(v, &result) && result == MMIO_IPA + 0x40, "and the guest goes on");
	vm_free(&vm);
}

void test_caps(void)
{
	test_list();
	test_enable();
	test_nisv();
}
