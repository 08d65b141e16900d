/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * PSCI 1.1 for guests (DEN 0022F).
 *
 * The power state of a vCPU is one word. CPU_ON moves it OFF -> ON_PENDING, the CPU on which the vCPU lives moves it to
 * ON. A VM's vCPU that is off is blocked, and its own next KVM_RUN makes it ON. CPU_ON and a VM's SYSTEM_OFF hold the
 * VM's lock: after SYSTEM_OFF all vCPUs are off, and those that are still on their way out start no other. A pinned
 * vCPU's physical CPU is started by the firmware once; from then on a vCPU that is off leaves its CPU waiting at EL2,
 * where it still takes physical interrupts and forwards them.
 */
#include "drivers/gicv3.h"
#include "drivers/psci.h"
#include "hyp/exit.h"
#include "hyp/log.h"
#include "hyp/machine.h"
#include "hyp/run.h"
#include "hyp/run_abi.h"
#include "hyp/sysreg.h"

/* KVM's numbers before PSCI 0.2 had any. */
#define PSCI_KVM_CPU_OFF 0x95c1ba5fu
#define PSCI_KVM_CPU_ON 0x95c1ba60u
#define PSCI_RESET2_VENDOR 0x80000000u
#define PSCI_TOS_NOT_PRESENT 2

enum { AFFINITY_ON, AFFINITY_OFF, AFFINITY_ON_PENDING };

/* Gets @v going. The CPU of a pinned one is started by the firmware the first time, and kicked afterwards. */
static s64 power_up(struct vcpu *v)
{
	s64 ret;

	if (!v->vm->pinned) {
		run_kick(v);
		return PSCI_RET_SUCCESS;
	}
	if (atomic_load_acquire(&v->cpu->started)) {
		gicv3_send_sgi(v->cpu->index, GICV3_SGI_KICK);
		return PSCI_RET_SUCCESS;
	}
	/* What that CPU reads first (entry, context, power) must be there before firmware lets it go. */
	dsb(ish);
	ret = psci_cpu_on(v->cpu->mpidr, machine.secondary_entry,
			  (u64)&v->cpu->boot - MEM_IMAGE_VA + mem_image_pa);
	if (ret != PSCI_RET_SUCCESS)
		atomic_store_release(&v->power, VCPU_OFF);
	return ret;
}

/* OFF -> ON_PENDING of @t. Under the VM's lock: a CPU reads entry and context after it has seen ON_PENDING. */
static s64 cpu_on_locked(const struct vcpu *v, struct vcpu *t, u64 entry, u64 context)
{
	u32 power = atomic_load_acquire(&t->power);

	if (atomic_load_acquire(&v->power) != VCPU_ON)
		return PSCI_RET_INTERNAL_FAILURE;
	if (power != VCPU_OFF)
		return power == VCPU_ON ? PSCI_RET_ALREADY_ON : PSCI_RET_ON_PENDING;
	t->entry = entry;
	t->context = context;
	atomic_store_release(&t->power, VCPU_ON_PENDING);
	return PSCI_RET_SUCCESS;
}

static s64 cpu_on(struct vcpu *v, u64 mpidr, u64 entry, u64 context)
{
	struct vm *vm = v->vm;
	struct vcpu *t = vm_find_vcpu(vm, mpidr);
	s64 ret;

	if (!t || (mpidr & ~MPIDR_AFF_MASK) || !(vm->pinned || t->initialized))
		return PSCI_RET_INVALID_PARAMETERS;
	spin_lock(&vm->lock);
	ret = cpu_on_locked(v, t, entry, context);
	spin_unlock(&vm->lock);
	return ret == PSCI_RET_SUCCESS ? power_up(t) : ret;
}

static s64 affinity_info(struct vm *vm, u64 mpidr, u64 level)
{
	struct vcpu *t = vm_find_vcpu(vm, mpidr);

	if (!t || level || (mpidr & ~MPIDR_AFF_MASK))
		return PSCI_RET_INVALID_PARAMETERS;
	switch (atomic_load_acquire(&t->power)) {
	case VCPU_ON:
		return AFFINITY_ON;
	case VCPU_OFF:
		return AFFINITY_OFF;
	default: /* as KVM says it of a VM's, which begins whenever it is run */
		return vm->pinned ? AFFINITY_ON_PENDING : AFFINITY_ON;
	}
}

/* Any suspend is a standby: EL2 waits for an interrupt in the guest's stead, keeping all state (DEN 0022F 5.4). */
static void cpu_suspend(struct vcpu *v, struct regs *r)
{
	r->x[0] = PSCI_RET_SUCCESS;
	if (!v->vm->pinned)
		run_wait(v);
	else if (!vgic_has_pending(v->vgic))
		wfi();
}

static void cpu_off(struct vcpu *v)
{
	atomic_store_release(&v->power, VCPU_OFF);
	if (!v->vm->pinned) {
		run_off(v);
		return;
	}
	vcpu_wait_for_power(v);
}

/* A VM's power is its VMM's: it leaves, with all its vCPUs off until they are initialised again (as KVM does). */
static void vm_power(struct vcpu *v, struct regs *r, u64 event, u64 flags)
{
	struct vm *vm = v->vm;
	u32 i, nr = atomic_load_acquire(&vm->nr_vcpus);

	r->x[0] = (u64)PSCI_RET_INTERNAL_FAILURE;
	spin_lock(&vm->lock);
	for (i = 0; i < nr; i++) {
		atomic_store_release(&vm->vcpus[i]->power, VCPU_OFF);
		atomic_fence(); /* run_vcpu() has the other half */
		if (vm->vcpus[i] != v)
			run_expel(vm->vcpus[i]);
	}
	spin_unlock(&vm->lock);
	run_leave(v,
		  &(struct run_exit){ .x0 = HERALD_EXIT_SYSTEM_EVENT, .x1 = event, .x2 = flags });
}

/* Of a VM: it stops as it is, and its VMM carries the call out. */
static void vm_suspend(struct vcpu *v)
{
	run_leave(v, &(struct run_exit){ .x0 = HERALD_EXIT_SYSTEM_EVENT, .x1 = RUN_EVENT_SUSPEND });
}

u32 psci_version(const struct vcpu *v)
{
	u32 version = atomic_load_relaxed(&v->vm->psci_version);

	if (v->psci_0_1)
		return PSCI_VERSION_0_1;
	return version ? version : PSCI_VERSION_1_1;
}

/* The version that has function @function, and only if the VM has it at all; ~0: none has it. */
static u32 since(const struct vm *vm, u32 function)
{
	switch (function) {
	case PSCI_VERSION:
	case PSCI_CPU_SUSPEND_32:
	case PSCI_CPU_SUSPEND_64:
	case PSCI_CPU_OFF:
	case PSCI_CPU_ON_32:
	case PSCI_CPU_ON_64:
	case PSCI_AFFINITY_INFO_32:
	case PSCI_AFFINITY_INFO_64:
	case PSCI_MIGRATE_INFO_TYPE:
	case PSCI_SYSTEM_OFF:
	case PSCI_SYSTEM_RESET:
		return PSCI_VERSION_0_2;
	case PSCI_FEATURES:
		return PSCI_VERSION_1_0;
	case PSCI_SYSTEM_SUSPEND_32:
	case PSCI_SYSTEM_SUSPEND_64:
		return vm->can_suspend ? PSCI_VERSION_1_0 : ~0u;
	case PSCI_SYSTEM_RESET2_32:
	case PSCI_SYSTEM_RESET2_64:
		return vm->pinned ? ~0u : PSCI_VERSION_1_1;
	default:
		return ~0u;
	}
}

static s64 features(const struct vcpu *v, u32 function)
{
	return function == SMCCC_VERSION || since(v->vm, function) <= psci_version(v)
		       ? PSCI_RET_SUCCESS
		       : PSCI_RET_NOT_SUPPORTED;
}

/* The management VM's power is the machine's. */
static s64 system_power(u32 function)
{
	static bool reported;

	/* Once: without firmware the guest may ask again and again. */
	if (!atomic_exchange(&reported, true)) {
		machine_report();
		log_line("%s", function == PSCI_SYSTEM_OFF ? "power off" : "reset");
	}
	return psci_smc(function, 0, 0, 0);
}

/* KVM_ARM_VCPU_PSCI_0_2 was not asked for: two functions, by KVM's own numbers. */
static u32 number(const struct vcpu *v, u32 function)
{
	if (!v->psci_0_1)
		return since(v->vm, function) <= psci_version(v) ? function : ~0u;
	if (function == PSCI_KVM_CPU_OFF)
		return PSCI_CPU_OFF;
	return function == PSCI_KVM_CPU_ON ? PSCI_CPU_ON_64 : ~0u;
}

bool psci_call(struct vcpu *v, struct regs *r)
{
	struct vm *vm = v->vm;
	u32 function = number(v, (u32)r->x[0]);
	s64 ret;

	switch (function) {
	case PSCI_VERSION:
		ret = psci_version(v);
		break;
	case PSCI_CPU_SUSPEND_32:
	case PSCI_CPU_SUSPEND_64:
		cpu_suspend(v, r);
		return true;
	case PSCI_CPU_OFF:
		cpu_off(v);
		return true;
	case PSCI_CPU_ON_32:
		ret = cpu_on(v, (u32)r->x[1], (u32)r->x[2], (u32)r->x[3]);
		break;
	case PSCI_CPU_ON_64:
		ret = cpu_on(v, r->x[1], r->x[2], r->x[3]);
		break;
	case PSCI_AFFINITY_INFO_32:
		ret = affinity_info(vm, (u32)r->x[1], (u32)r->x[2]);
		break;
	case PSCI_AFFINITY_INFO_64:
		ret = affinity_info(vm, r->x[1], r->x[2]);
		break;
	case PSCI_MIGRATE_INFO_TYPE:
		ret = PSCI_TOS_NOT_PRESENT;
		break;
	case PSCI_SYSTEM_OFF:
	case PSCI_SYSTEM_RESET:
		if (!vm->pinned) {
			vm_power(v, r,
				 function == PSCI_SYSTEM_OFF ? RUN_EVENT_SHUTDOWN : RUN_EVENT_RESET,
				 0);
			return true;
		}
		ret = system_power(function);
		break;
	case PSCI_SYSTEM_RESET2_32:
	case PSCI_SYSTEM_RESET2_64:
		if (!(u32)r->x[1] || (u32)r->x[1] >= PSCI_RESET2_VENDOR) {
			vm_power(v, r, RUN_EVENT_RESET, RUN_EVENT_RESET2);
			return true;
		}
		ret = PSCI_RET_INVALID_PARAMETERS;
		break;
	case PSCI_SYSTEM_SUSPEND_32:
	case PSCI_SYSTEM_SUSPEND_64:
		vm_suspend(v);
		return true;
	case PSCI_FEATURES:
		ret = features(v, (u32)r->x[1]);
		break;
	default:
		return false;
	}
	r->x[0] = (u64)ret;
	return true;
}
