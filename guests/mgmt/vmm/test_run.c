// SPDX-License-Identifier: GPL-2.0-only
/* KVM_RUN's exits: MMIO of each size and its completion, aborts, the end of the VM. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "vmm.h"

/* What guest_mmio does, in its order. */
static const struct {
	u32 offset, len;
	bool write;
	u64 data;
} accesses[] = {
	{ 0, 1, false, 0 },
	{ 2, 2, false, 0 },
	{ 4, 4, false, 0 },
	{ 8, 8, false, 0 },
	{ 8, 8, false, 0 },
	{ 0x10, 1, true, 0x88 },
	{ 0x12, 2, true, 0x7788 },
	{ 0x14, 4, true, 0x55667788 },
	{ 0x18, 8, true, 0x1122334455667788 },
	{ 0x20, 8, true, 0 },
	{ MMIO_EXIT, 8, true, 1 },
};

#define NR_ACCESSES (sizeof(accesses) / sizeof(accesses[0]))

static bool access_is(const struct kvm_run *r, size_t i)
{
	u64 data = 0;

	memcpy(&data, r->mmio.data, accesses[i].len);
	return r->exit_reason == KVM_EXIT_MMIO &&
	       r->mmio.phys_addr == MMIO_IPA + accesses[i].offset &&
	       r->mmio.len == accesses[i].len && r->mmio.is_write == accesses[i].write &&
	       (!accesses[i].write || data == accesses[i].data);
}

static void test_mmio(struct vcpu *v)
{
	struct kvm_run *r = v->run;
	size_t i;

	guest_start_at(v, guest_mmio, 0, 0, 0);
	for (i = 0; i < NR_ACCESSES; i++) {
		int ret = run(v);

		if (!point(!ret && access_is(r, i), "MMIO access %zu", i)) {
			printf("# %d: reason %u, %#llx, %u bytes, write %u, %#llx\n", ret,
			       r->exit_reason, (unsigned long long)r->mmio.phys_addr, r->mmio.len,
			       r->mmio.is_write, *(unsigned long long *)r->mmio.data);
			return;
		}
		memset(r->mmio.data, 0x80, sizeof(r->mmio.data));
	}
}

/* The VMM's answer counts even if it wants no more than to hand it over. */
static void test_immediate(struct vcpu *v)
{
	u64 pc;

	guest_start_at(v, guest_mmio, 0, 0, 0);
	v->run->immediate_exit = 1;
	equal(run(v), -EINTR, "immediate_exit before anything ran");
	v->run->immediate_exit = 0;
	equal(run(v), 0, "the first access");
	pc = reg_get(v, CORE_REG(regs.pc));
	v->run->mmio.data[0] = 0x42;
	v->run->immediate_exit = 1;
	equal(run(v), -EINTR, "immediate_exit with an access to be completed");
	v->run->immediate_exit = 0;
	equal(reg_get(v, CORE_REG(regs.regs[1])), 0x42, "the load has its value");
	equal(reg_get(v, CORE_REG(regs.pc)), pc + 4, "and the guest is behind it");
	v->run->immediate_exit = 1;
	equal(run(v), -EINTR, "immediate_exit again");
	v->run->immediate_exit = 0;
	equal(reg_get(v, CORE_REG(regs.pc)), pc + 4, "did not complete it again");
}

/* Executing where there is nothing is the guest's own fault. */
static void test_jump(struct vcpu *v)
{
	u64 esr = 0;

	guest_start_at(v, guest_jump, MMIO_IPA, 0, 0);
	reg_set(v, ARM64_SYS_REG(3, 0, 12, 0, 0),
		CODE_IPA + (u64)(guest_vectors - guest_start)); /* VBAR_EL1 */
	point(run_to_exit(v, &esr),
	      "a jump to where there is nothing is an exception of the guest");
	equal(esr >> 26, 0x21, "an instruction abort");
}

static void test_off(struct vcpu *v)
{
	guest_start_at(v, guest_off, 0, 0, 0);
	equal(run(v), 0, "PSCI SYSTEM_OFF ends KVM_RUN");
	equal(v->run->exit_reason, KVM_EXIT_SYSTEM_EVENT, "with KVM_EXIT_SYSTEM_EVENT");
	equal(v->run->system_event.type, KVM_SYSTEM_EVENT_SHUTDOWN, "of type shutdown");
}

static void state_is(int vcpu, u32 want, const char *what)
{
	struct kvm_mp_state state = { .mp_state = ~want };

	equal(xioctl(vcpu, KVM_GET_MP_STATE, (unsigned long)&state), 0, "KVM_GET_MP_STATE");
	equal(state.mp_state, want, "%s", what);
}

static int state_set(int vcpu, u32 val)
{
	struct kvm_mp_state state = { .mp_state = val };

	return xioctl(vcpu, KVM_SET_MP_STATE, (unsigned long)&state);
}

/* It can be set of a vCPU that is not initialised, which forgets it then. */
static void test_state(int vm, int vcpu)
{
	struct kvm_vcpu_init init;

	state_is(vcpu, KVM_MP_STATE_RUNNABLE, "a new vCPU is runnable");
	equal(state_set(vcpu, KVM_MP_STATE_HALTED), -EINVAL, "another machine's state");
	equal(state_set(vcpu, KVM_MP_STATE_STOPPED), 0, "it is stopped");
	state_is(vcpu, KVM_MP_STATE_STOPPED, "and is so");
	equal(state_set(vcpu, KVM_MP_STATE_SUSPENDED), 0, "suspended");
	state_is(vcpu, KVM_MP_STATE_SUSPENDED, "and is so");
	equal(state_set(vcpu, KVM_MP_STATE_STOPPED), 0, "stopped again");
	equal(xioctl(vcpu, KVM_RUN, 0), -ENOEXEC, "it still cannot run");
	equal(xioctl(vm, KVM_ARM_PREFERRED_TARGET, (unsigned long)&init), 0, "a target");
	equal(xioctl(vcpu, KVM_ARM_VCPU_INIT, (unsigned long)&init), 0, "KVM_ARM_VCPU_INIT");
	state_is(vcpu, KVM_MP_STATE_RUNNABLE, "makes it runnable");
}

static void test_uninitialised(void)
{
	int kvm = kvm_open(), vm = xioctl(kvm, KVM_CREATE_VM, 0),
	    vcpu = xioctl(vm, KVM_CREATE_VCPU, 0);

	equal(xioctl(vcpu, KVM_RUN, 0), -ENOEXEC, "KVM_RUN before KVM_ARM_VCPU_INIT");
	test_state(vm, vcpu);
	close(vcpu);
	close(vm);
	close(kvm);
}

void test_run(void)
{
	struct vm vm;

	test_uninitialised();
	vm_new(&vm, 1);
	test_mmio(&vm.vcpu[0]);
	test_immediate(&vm.vcpu[0]);
	test_off(&vm.vcpu[0]);
	vm_free(&vm);
	vm_new(&vm, 1);
	test_jump(&vm.vcpu[0]);
	vm_free(&vm);
}
