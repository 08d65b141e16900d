/* SPDX-License-Identifier: GPL-2.0-only */
/* Requests on vCPUs. All but KVM_RUN want the vCPU not to run, and end its being blocked. */
#include "hyp/abi.h"
#include "hyp/exit.h"
#include "hyp/lib/errno.h"
#include "hyp/lib/string.h"
#include "hyp/run.h"

#define FEATURE_POWER_OFF BIT(KVM_ARM_VCPU_POWER_OFF)
#define FEATURE_PTRAUTH (BIT(KVM_ARM_VCPU_PTRAUTH_ADDRESS) | BIT(KVM_ARM_VCPU_PTRAUTH_GENERIC))
#define FEATURES (FEATURE_POWER_OFF | BIT(KVM_ARM_VCPU_PSCI_0_2) | FEATURE_PTRAUTH)
/* Those that KVM knows; among them it refuses what the CPU lacks. */
#define FEATURES_KNOWN GENMASK(KVM_ARM_VCPU_HAS_EL2, 0)

s64 abi_run(struct abi_call *c)
{
	struct vcpu *v = c->o.vcpu;
	s64 ret;

	if (!atomic_load_acquire(&v->initialized))
		return -ENOEXEC;
	ret = run_vcpu(v, c->value, c->data);
	return ret == RUN_DONE ? ABI_DONE : ret;
}

static s64 features_check(const struct kvm_vcpu_init *init)
{
	u64 f = init->features[0];
	u32 i;

	for (i = 1; i < ARRAY_SIZE(init->features); i++)
		if (init->features[i])
			return -ENOENT;
	if (f & ~FEATURES_KNOWN)
		return -ENOENT;
	if (init->target != KVM_ARM_TARGET_GENERIC_V8 || (f & ~FEATURES))
		return -EINVAL;
	if ((f & FEATURE_PTRAUTH) && ((f & FEATURE_PTRAUTH) != FEATURE_PTRAUTH || !cpu_has_pauth()))
		return -EINVAL;
	return 0;
}

/* All vCPUs of a VM have the same, those of the one that is initialised first. */
static bool features_agree(struct vm *vm, u32 features)
{
	u32 none = 0, want = (features & ~(u32)FEATURE_POWER_OFF) | VM_FEATURES_SET;

	return atomic_cas(&vm->features, &none, want) || none == want;
}

s64 abi_vcpu_init(struct abi_call *c)
{
	const struct kvm_vcpu_init *init = &c->arg.vcpu_init;
	struct vcpu *v = c->o.vcpu;
	u32 features = init->features[0];
	s64 err;

	err = run_claim(v);
	if (err)
		return err;
	err = features_check(init);
	if (!err && !features_agree(v->vm, features))
		err = -EINVAL;
	if (!err) {
		v->pauth = features & FEATURE_PTRAUTH;
		v->entry = 0;
		v->context = 0;
		v->fault.pending = false;
		v->suspended = false;
		v->abort = false;
		v->call_pending = false;
		v->psci_0_1 = !(features & BIT(KVM_ARM_VCPU_PSCI_0_2));
		vcpu_reset(v);
		if (v->vgic)
			vgic_cpu_reset(v->vgic);
		atomic_store_release(&v->power, features & FEATURE_POWER_OFF ? VCPU_OFF : VCPU_ON);
		atomic_store_release(&v->initialized, true);
	}
	run_release(v);
	return err;
}

static s64 claim(struct vcpu *v)
{
	s64 err = run_claim(v);

	if (!err)
		run_power_on(v);
	return err;
}

s64 abi_claim(struct vcpu *v)
{
	return atomic_load_acquire(&v->initialized) ? claim(v) : -ENOEXEC;
}

s64 abi_get_one_reg(struct abi_call *c)
{
	const struct kvm_one_reg *reg = &c->arg.one_reg;
	u64 val[2] = { 0, 0 };
	s64 err = abi_claim(c->o.vcpu);

	if (err)
		return err;
	err = abi_reg(c->o.vcpu, reg->id, val, false);
	run_release(c->o.vcpu);
	return err ? err : abi_write(reg->addr, val, abi_reg_size(reg->id));
}

s64 abi_set_one_reg(struct abi_call *c)
{
	const struct kvm_one_reg *reg = &c->arg.one_reg;
	u64 val[2] = { 0, 0 };
	s64 err;

	if (!abi_reg_size(reg->id))
		return abi_reg_unknown(reg->id);
	err = abi_read(reg->addr, val, abi_reg_size(reg->id));
	if (!err)
		err = abi_claim(c->o.vcpu);
	if (err)
		return err;
	err = abi_reg(c->o.vcpu, reg->id, val, true);
	run_release(c->o.vcpu);
	return err;
}

/* How many there are is written back also if that is all that is answered. */
s64 abi_get_reg_list(struct abi_call *c)
{
	u64 n = c->arg.reg_list;
	s64 err = abi_claim(c->o.vcpu);

	if (err)
		return err;
	err = abi_reg_list(c->o.vcpu, c->value + sizeof(n), &n);
	run_release(c->o.vcpu);
	c->arg.reg_list = n;
	if (err == -E2BIG && abi_write(c->value, &n, sizeof(n)))
		return -EFAULT;
	return err;
}

s64 abi_get_mp_state(struct abi_call *c)
{
	u32 power = atomic_load_acquire(&c->o.vcpu->power);

	c->arg.mp_state.mp_state = power == VCPU_OFF	  ? KVM_MP_STATE_STOPPED
				   : c->o.vcpu->suspended ? KVM_MP_STATE_SUSPENDED
							  : KVM_MP_STATE_RUNNABLE;
	return 0;
}

s64 abi_set_mp_state(struct abi_call *c)
{
	struct vcpu *v = c->o.vcpu;
	u32 state = c->arg.mp_state.mp_state;
	s64 err;

	if (state != KVM_MP_STATE_STOPPED && state != KVM_MP_STATE_RUNNABLE &&
	    state != KVM_MP_STATE_SUSPENDED)
		return -EINVAL;
	err = claim(v);
	if (err)
		return err;
	v->suspended = state == KVM_MP_STATE_SUSPENDED;
	atomic_store_release(&v->power, state == KVM_MP_STATE_STOPPED ? VCPU_OFF : VCPU_ON);
	run_release(v);
	return 0;
}
