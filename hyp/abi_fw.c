/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * KVM's firmware registers (Linux Documentation/virt/kvm/arm/fw-pseudo-registers.rst): which PSCI a VM finds, what it is
 * told of work-arounds, and which families of calls it has.
 */
#include "hyp/abi.h"
#include "hyp/exit.h"
#include "hyp/lib/errno.h"

#define FW_WORKAROUND_2_ENABLED KVM_REG_ARM_SMCCC_ARCH_WORKAROUND_2_ENABLED
#define FW_WORKAROUND_2_MAX 3

/* Registers 1 to 3 are the work-arounds of the same number, 0 is the PSCI version. */
#define FW_WORKAROUND_2 2

static s64 psci_set(struct vcpu *v, u64 val)
{
	bool old = val == PSCI_VERSION(0, 1);

	if (!old && val != PSCI_VERSION(0, 2) && val != PSCI_VERSION(1, 0) &&
	    val != PSCI_VERSION(1, 1))
		return -EINVAL;
	if (old != v->psci_0_1)
		return -EINVAL;
	atomic_store_relaxed(&v->vm->psci_version, (u32)val);
	return 0;
}

/* What SMCCC_ARCH_FEATURES answers, as a level; of 2 there are none and "not required". */
static u64 level(const struct vcpu *v, u32 n)
{
	s64 ret = smccc_workaround(v, n);

	if (ret < 0)
		return 0;
	return n == FW_WORKAROUND_2 ? KVM_REG_ARM_SMCCC_ARCH_WORKAROUND_2_NOT_REQUIRED
				    : (u64)ret + 1;
}

/* A VM may come from a machine that had less, not more. */
static s64 level_set(const struct vcpu *v, u32 n, u64 val)
{
	u64 want = val;

	if (n == FW_WORKAROUND_2) {
		want &= ~(u64)FW_WORKAROUND_2_ENABLED;
		if (want > FW_WORKAROUND_2_MAX ||
		    (want != val && want != KVM_REG_ARM_SMCCC_ARCH_WORKAROUND_2_AVAIL))
			return -EINVAL;
		want = want >= KVM_REG_ARM_SMCCC_ARCH_WORKAROUND_2_AVAIL ? FW_WORKAROUND_2_MAX : 0;
	}
	return want > level(v, n) ? -EINVAL : 0;
}

s64 abi_fw(struct vcpu *v, u32 n, u64 *val, bool set)
{
	if (set)
		return n ? level_set(v, n, *val) : psci_set(v, *val);
	*val = n ? level(v, n) : psci_version(v);
	return 0;
}

s64 abi_fw_calls(struct vcpu *v, u32 n, u64 *val, bool set)
{
	u64 *calls = &v->vm->calls[n];

	if (!set) {
		*val = atomic_load_relaxed(calls);
		return 0;
	}
	if (*val & ~vm_calls_all[n])
		return -EINVAL;
	if (atomic_load_acquire(&v->vm->gic.placed) && *val != *calls)
		return -EBUSY;
	atomic_store_relaxed(calls, *val);
	return 0;
}
