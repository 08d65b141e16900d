// SPDX-License-Identifier: GPL-2.0-only
/*
 * Calls of a VM (SMCCC) that EL2 does not answer: those that need Linux's clock, entropy or thread times, and those that
 * the VMM's filter (KVM_ARM_VM_SMCCC_FILTER) is to judge. With them goes the stolen time that one of the calls promises.
 *
 * A call is answered by writing the vCPU's x0 to x3: EL2 has put the program counter behind it already.
 */
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/sched/stat.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <linux/uaccess.h>
#include <asm/arch_timer.h>
#include <asm/pvclock-abi.h>

#include "herald.h"

#define CALL_NR_RESULTS 4
#define CALL_NO_IPA (~0ull)
#define CALL_TRNG_VERSION 0x10000
#define CALL_TRNG_INVALID (-2)
#define CALL_TRNG_MAX_WORDS 3

struct call_result {
	u64 x[CALL_NR_RESULTS];
};

static const struct call_result call_unknown = { { SMCCC_RET_NOT_SUPPORTED } };

/* A register of the vCPU, which is not running; @request is KVM_GET_ONE_REG or KVM_SET_ONE_REG. */
static long call_reg(struct herald_vcpu *vcpu, u32 request, u64 id, u64 *val)
{
	struct {
		struct kvm_one_reg reg;
		u64 val;
	} *arg = vcpu->bounce;
	long ret;

	arg->val = *val;
	arg->reg.id = id;
	arg->reg.addr = virt_to_phys(&arg->val);
	ret = herald_ioctl_struct(vcpu->handle, request, &arg->reg);
	*val = arg->val;
	return ret;
}

/* HERALD_GO_ON, or -errno. */
static long call_answer(struct herald_vcpu *vcpu, const struct call_result *result)
{
	u32 i;
	long err = 0;

	for (i = 0; i < CALL_NR_RESULTS && !err; i++) {
		u64 val = result->x[i];

		err = call_reg(vcpu, KVM_SET_ONE_REG,
			       KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_CORE |
				       KVM_REG_ARM_CORE_REG(regs.regs[i]),
			       &val);
	}
	return err ? err : HERALD_GO_ON;
}

/* Arm DEN 0098: @bits of entropy in x3, then x2 and x1, of @word bits each. */
static void call_random(struct call_result *result, u64 bits, u32 word)
{
	u64 last = bits % word ? (1ull << (bits % word)) - 1 : ~0ull;
	u32 i, words;

	if (!bits || bits > CALL_TRNG_MAX_WORDS * word) {
		result->x[0] = CALL_TRNG_INVALID;
		return;
	}
	words = DIV_ROUND_UP(bits, word);
	for (i = 0; i < words; i++) {
		u64 val = word == 64 ? get_random_u64() : get_random_u32();

		result->x[CALL_TRNG_MAX_WORDS - i] = i + 1 == words ? val & last : val;
	}
	result->x[0] = 0;
}

static s64 call_trng_features(u32 function)
{
	switch (function) {
	case ARM_SMCCC_TRNG_VERSION:
	case ARM_SMCCC_TRNG_FEATURES:
	case ARM_SMCCC_TRNG_GET_UUID:
	case ARM_SMCCC_TRNG_RND32:
	case ARM_SMCCC_TRNG_RND64:
		return SMCCC_RET_SUCCESS;
	default:
		return SMCCC_RET_NOT_SUPPORTED;
	}
}

/*
 * The time of day in x0 and x1, and in x2 and x3 what the guest's counter was then. Its virtual counter is as far behind
 * ours as it is now; asking for that takes less than a microsecond, by which the answer may be wrong.
 */
static void call_ptp(struct herald_vcpu *vcpu, u32 counter, struct call_result *result)
{
	struct system_time_snapshot now;
	u64 id = counter == KVM_PTP_VIRT_COUNTER ? KVM_REG_ARM_TIMER_CNT : KVM_REG_ARM_PTIMER_CNT;
	u64 theirs = 0, cycles;

	if (counter != KVM_PTP_VIRT_COUNTER && counter != KVM_PTP_PHYS_COUNTER)
		return;
	ktime_get_snapshot(&now);
	if (now.cs_id != CSID_ARM_ARCH_COUNTER || call_reg(vcpu, KVM_GET_ONE_REG, id, &theirs))
		return;
	cycles = now.cycles + (theirs - __arch_counter_get_cntvct());
	result->x[0] = upper_32_bits(now.real);
	result->x[1] = lower_32_bits(now.real);
	result->x[2] = upper_32_bits(cycles);
	result->x[3] = lower_32_bits(cycles);
}

static u64 call_run_delay(void)
{
#ifdef CONFIG_SCHED_INFO
	return READ_ONCE(current->sched_info.run_delay);
#else
	return 0;
#endif
}

/* Where the guest finds its stolen time; from now on it is counted. */
static s64 call_steal_start(struct herald_vcpu *vcpu)
{
	static const struct pvclock_vcpu_stolen_time none;

	if (vcpu->steal_ipa == CALL_NO_IPA)
		return SMCCC_RET_NOT_SUPPORTED;
	vcpu->steal_last = call_run_delay();
	herald_write_guest(vcpu->vm, vcpu->steal_ipa, &none, sizeof(none));
	return vcpu->steal_ipa;
}

/* Before an entry: what this thread has waited for a CPU since the last one is the guest's stolen time. */
void herald_steal_update(struct herald_vcpu *vcpu)
{
	u64 delay = call_run_delay(), at;
	__le64 stolen;

	if (vcpu->steal_ipa == CALL_NO_IPA || delay == vcpu->steal_last)
		return;
	at = vcpu->steal_ipa + offsetof(struct pvclock_vcpu_stolen_time, stolen_time);
	if (herald_read_guest(vcpu->vm, at, &stolen, sizeof(stolen)))
		return;
	stolen = cpu_to_le64(le64_to_cpu(stolen) + delay - vcpu->steal_last);
	vcpu->steal_last = delay;
	herald_write_guest(vcpu->vm, at, &stolen, sizeof(stolen));
}

void herald_steal_init(struct herald_vcpu *vcpu)
{
	vcpu->steal_ipa = CALL_NO_IPA;
}

/* KVM_ARM_VCPU_PVTIME_CTRL. */
long herald_steal_attr(struct herald_vcpu *vcpu, u32 request, const struct kvm_device_attr *attr)
{
	u64 __user *user = u64_to_user_ptr(attr->addr);
	u64 ipa;

	if (!IS_ENABLED(CONFIG_SCHED_INFO) || attr->attr != KVM_ARM_VCPU_PVTIME_IPA)
		return -ENXIO;
	if (request == KVM_HAS_DEVICE_ATTR)
		return 0;
	if (request == KVM_GET_DEVICE_ATTR)
		return put_user(vcpu->steal_ipa, user);
	if (get_user(ipa, user))
		return -EFAULT;
	if (!IS_ALIGNED(ipa, 64))
		return -EINVAL;
	if (vcpu->steal_ipa != CALL_NO_IPA)
		return -EEXIST;
	if (!herald_has_guest(vcpu->vm, ipa))
		return -EINVAL;
	vcpu->steal_ipa = ipa;
	return 0;
}

static s64 call_pv_features(struct herald_vcpu *vcpu, u32 function)
{
	if (function != ARM_SMCCC_HV_PV_TIME_FEATURES && function != ARM_SMCCC_HV_PV_TIME_ST)
		return SMCCC_RET_NOT_SUPPORTED;
	return vcpu->steal_ipa == CALL_NO_IPA ? SMCCC_RET_NOT_SUPPORTED : SMCCC_RET_SUCCESS;
}

static struct call_result call_carry_out(struct herald_vcpu *vcpu, u32 function, u64 arg)
{
	/* Drawn for this service; nothing hangs on it. */
	static const struct call_result trng_uuid = { { 0x7a41c20f, 0x4c9e5d13, 0x91b8a6e2,
							0x3f0d7754 } };
	static const struct call_result uid = {
		{ ARM_SMCCC_VENDOR_HYP_UID_KVM_REG_0, ARM_SMCCC_VENDOR_HYP_UID_KVM_REG_1,
		  ARM_SMCCC_VENDOR_HYP_UID_KVM_REG_2, ARM_SMCCC_VENDOR_HYP_UID_KVM_REG_3 }
	};
	struct call_result result = call_unknown;

	switch (function) {
	case ARM_SMCCC_TRNG_VERSION:
		result.x[0] = CALL_TRNG_VERSION;
		break;
	case ARM_SMCCC_TRNG_FEATURES:
		result.x[0] = call_trng_features(arg);
		break;
	case ARM_SMCCC_TRNG_GET_UUID:
		return trng_uuid;
	case ARM_SMCCC_TRNG_RND32:
		call_random(&result, (u32)arg, 32);
		break;
	case ARM_SMCCC_TRNG_RND64:
		call_random(&result, arg, 64);
		break;
	case ARM_SMCCC_HV_PV_TIME_FEATURES:
		result.x[0] = call_pv_features(vcpu, arg);
		break;
	case ARM_SMCCC_HV_PV_TIME_ST:
		result.x[0] = call_steal_start(vcpu);
		break;
	case ARM_SMCCC_VENDOR_HYP_CALL_UID_FUNC_ID:
		return uid;
	case ARM_SMCCC_VENDOR_HYP_KVM_FEATURES_FUNC_ID:
		call_reg(vcpu, KVM_GET_ONE_REG, KVM_REG_ARM_VENDOR_HYP_BMAP, &result.x[0]);
		break;
	case ARM_SMCCC_VENDOR_HYP_KVM_PTP_FUNC_ID:
		call_ptp(vcpu, arg, &result);
		break;
	}
	return result;
}

/* What the VMM's filter says of a call; what it does not know EL2 carries out. */
static long call_filter(struct herald_vcpu *vcpu, u32 function, u64 flags)
{
	void *action = mtree_load(&vcpu->vm->filter, function);
	struct kvm_run *run = vcpu->run;

	switch (action ? xa_to_value(action) : KVM_SMCCC_FILTER_HANDLE) {
	case KVM_SMCCC_FILTER_HANDLE:
		vcpu->finish = HERALD_RUN_CALL;
		return HERALD_GO_ON;
	case KVM_SMCCC_FILTER_FWD_TO_USER:
		memset(&run->hypercall, 0, sizeof(run->hypercall));
		run->exit_reason = KVM_EXIT_HYPERCALL;
		run->hypercall.nr = function;
		run->hypercall_flags = flags & HERALD_CALL_SMC ? KVM_HYPERCALL_EXIT_SMC : 0;
		return 0;
	default: /* KVM_SMCCC_FILTER_DENY */
		return call_answer(vcpu, &call_unknown);
	}
}

/*
 * The vCPU left with HERALD_EXIT_CALL. HERALD_GO_ON, with vcpu->finish set if EL2 is to carry it out; 0: the VMM is to do
 * that; or -errno.
 */
long herald_call(struct herald_vcpu *vcpu, u32 function, u64 arg, u64 flags)
{
	struct call_result result;

	if (flags & HERALD_CALL_FILTER)
		return call_filter(vcpu, function, flags);
	result = call_carry_out(vcpu, function, arg);
	return call_answer(vcpu, &result);
}

/*
 * Calls of the architecture: what the guest is told of the CPU's weaknesses is no business of the VMM's. All or none of
 * them: the next attempt finds the filter empty again.
 */
static int filter_reserve(struct herald_vm *vm)
{
	static const u32 bases[] = { ARM_SMCCC_VERSION_FUNC_ID,
				     ARM_SMCCC_CALL_VAL(ARM_SMCCC_FAST_CALL, ARM_SMCCC_SMC_64,
							ARM_SMCCC_OWNER_ARCH, 0) };
	int i, err = 0;

	for (i = 0; i < ARRAY_SIZE(bases) && !err; i++)
		err = mtree_insert_range(&vm->filter, bases[i], bases[i] | ARM_SMCCC_FUNC_MASK,
					 xa_mk_value(KVM_SMCCC_FILTER_HANDLE), GFP_KERNEL_ACCOUNT);
	if (err)
		mtree_destroy(&vm->filter);
	return err;
}

static long filter_add(struct herald_vm *vm, const struct kvm_device_attr *attr,
		       const struct kvm_smccc_filter *filter)
{
	u32 last = filter->base + filter->nr_functions - 1;
	/* EL2 looks at it but for its address. */
	void *copy = kmemdup(attr, sizeof(*attr), GFP_KERNEL_ACCOUNT);
	long err;

	if (!copy)
		return -ENOMEM;
	mutex_lock(&vm->filter_lock);
	err = herald_ioctl_struct(vm->handle, KVM_SET_DEVICE_ATTR, copy);
	if (!err && mtree_empty(&vm->filter))
		err = filter_reserve(vm);
	if (!err)
		err = mtree_insert_range(&vm->filter, filter->base, last,
					 xa_mk_value(filter->action), GFP_KERNEL_ACCOUNT);
	mutex_unlock(&vm->filter_lock);
	kfree(copy);
	return err;
}

/* KVM_SET_DEVICE_ATTR and KVM_HAS_DEVICE_ATTR of a VM. */
long herald_vm_attr(struct herald_vm *vm, u32 request, unsigned long arg)
{
	struct kvm_smccc_filter filter;
	struct kvm_device_attr attr;

	if (copy_from_user(&attr, (void __user *)arg, sizeof(attr)))
		return -EFAULT;
	if (attr.group != KVM_ARM_VM_SMCCC_CTRL || attr.attr != KVM_ARM_VM_SMCCC_FILTER)
		return -ENXIO;
	if (request == KVM_HAS_DEVICE_ATTR)
		return 0;
	if (copy_from_user(&filter, u64_to_user_ptr(attr.addr), sizeof(filter)))
		return -EFAULT;
	if (memchr_inv(filter.pad, 0, sizeof(filter.pad)) || !filter.nr_functions ||
	    filter.base + filter.nr_functions - 1 < filter.base ||
	    filter.action > KVM_SMCCC_FILTER_FWD_TO_USER)
		return -EINVAL;
	return filter_add(vm, &attr, &filter);
}
