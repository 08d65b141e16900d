/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Calls by HVC #0 and SMC #0 (DEN 0028): versions and features, Herald's identity, the firmware's work-arounds for
 * speculation, PSCI, Herald's own ABI.
 */
#include "drivers/psci.h"
#include "hyp/exit.h"
#include "hyp/run.h"
#include "hyp/run_abi.h"

#define SMCCC_VERSION_1_1 0x10001
#define SMCCC_TRNG_FIRST 0x84000050u
#define SMCCC_TRNG_LAST 0x84000053u
#define SMCCC_TRNG_RND64 0xc4000053u
#define SMCCC_PV_TIME_FEATURES 0xc5000020u
#define SMCCC_PV_TIME_ST 0xc5000021u
#define SMCCC_KVM_FEATURES 0x86000000u
#define SMCCC_KVM_PTP 0x86000001u
#define SMCCC_HYP_UID 0x8600ff01u
#define SMCCC_HYP_REVISION 0x8600ff03u
#define WORKAROUND_2_NOT_NEEDED 1
#define HERALD_ABI_MAJOR 1
#define HERALD_ABI_MINOR 0

/* UUID 5b0d5b1e-4d83-4b1c-9d0e-6c1f7b9a2e47, as four words in the order that SMCCC prescribes (DEN 0028 6.2). */
static const u32 herald_uid[4] = { 0x1e5b0d5b, 0x1c4b834d, 0x6c0e9d1f, 0x472e9a7b };

/*
 * Work-around 2 is a switch of the CPU, not a thing to be done once: only the management VM may turn it, for all. A VM
 * has nothing to do where it exists.
 */
static bool is_host_switch(const struct vcpu *v, u32 function)
{
	return function == SMCCC_ARCH_WORKAROUND_2 && !v->vm->pinned;
}

static const u32 workarounds[] = { SMCCC_ARCH_WORKAROUND_1, SMCCC_ARCH_WORKAROUND_2,
				   SMCCC_ARCH_WORKAROUND_3 };
static u32 present; /* those that the firmware has: a bit for each */

/* One CPU is asked for all: which of them need it may differ, not on which it may be called (DEN 0028). */
void smccc_init(void)
{
	u32 i;

	for (i = 0; psci_smccc_version() && i < ARRAY_SIZE(workarounds); i++)
		if ((s32)psci_smc(SMCCC_ARCH_FEATURES, workarounds[i], 0, 0) >= 0)
			present |= (u32)BIT(i);
}

static bool is_present(u32 function)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(workarounds); i++)
		if (workarounds[i] == function)
			return present & BIT(i);
	return false;
}

/* What this CPU's firmware says. */
static s64 workaround(const struct vcpu *v, u32 function)
{
	s64 ret;

	if (!is_present(function))
		return SMCCC_RET_NOT_SUPPORTED;
	ret = (s32)psci_smc(SMCCC_ARCH_FEATURES, function, 0, 0);
	return !ret && is_host_switch(v, function) ? WORKAROUND_2_NOT_NEEDED : ret;
}

s64 smccc_workaround(const struct vcpu *v, u32 n)
{
	return workaround(v, workarounds[n - 1]);
}

static s64 arch_features(const struct vcpu *v, u32 function)
{
	switch (function) {
	case SMCCC_VERSION:
	case SMCCC_ARCH_FEATURES:
		return 0;
	case SMCCC_ARCH_WORKAROUND_1:
	case SMCCC_ARCH_WORKAROUND_2:
	case SMCCC_ARCH_WORKAROUND_3:
		return workaround(v, function);
	case SMCCC_PV_TIME_FEATURES:
		return (atomic_load_relaxed(&v->vm->calls[VM_CALLS_STD_HYP]) & 1) - 1;
	default:
		return SMCCC_RET_NOT_SUPPORTED;
	}
}

const u64 vm_calls_all[VM_NR_CALLS] = { 1, 1, 3 };

/* What the management VM answers for a VM, if its VMM lets the family of calls be: KVM's, by the bits of its bitmaps. */
static const struct call {
	u32 first, last;
	u8 family, bit;
} calls[] = {
	{ SMCCC_TRNG_FIRST, SMCCC_TRNG_LAST, VM_CALLS_STD, 0 },
	{ SMCCC_TRNG_RND64, SMCCC_TRNG_RND64, VM_CALLS_STD, 0 },
	{ SMCCC_PV_TIME_FEATURES, SMCCC_PV_TIME_ST, VM_CALLS_STD_HYP, 0 },
	{ SMCCC_HYP_UID, SMCCC_HYP_UID, VM_CALLS_VENDOR_HYP, 0 },
	{ SMCCC_KVM_FEATURES, SMCCC_KVM_FEATURES, VM_CALLS_VENDOR_HYP, 0 },
	{ SMCCC_KVM_PTP, SMCCC_KVM_PTP, VM_CALLS_VENDOR_HYP, 1 },
};

static bool is_managements(const struct vm *vm, u32 function)
{
	const struct call *c;

	for (c = calls; c < calls + ARRAY_SIZE(calls); c++)
		if (function >= c->first && function <= c->last)
			return atomic_load_relaxed(&vm->calls[c->family]) & BIT(c->bit);
	return false;
}

/* A VM's call that is for others to judge or to answer: it has left. */
static bool call_leaves(struct vcpu *v, struct regs *r, u64 flags)
{
	u32 function = (u32)r->x[0];

	v->call_pending = (flags & HERALD_CALL_FILTER) && v->vm->calls_filtered;
	if (!v->call_pending && !is_managements(v->vm, function))
		return false;
	if (!v->call_pending)
		flags &= ~(u64)HERALD_CALL_FILTER;
	run_leave(v, &(struct run_exit){
			     .x0 = HERALD_EXIT_CALL, .x1 = function, .x2 = r->x[1], .x3 = flags });
	return true;
}

static bool hyp_call(struct vcpu *v, struct regs *r)
{
	u32 i;

	if (!v->vm->pinned)
		return false;
	switch ((u32)r->x[0]) {
	case SMCCC_HYP_UID:
		for (i = 0; i < ARRAY_SIZE(herald_uid); i++)
			r->x[i] = herald_uid[i];
		return true;
	case SMCCC_HYP_REVISION:
		r->x[0] = HERALD_ABI_MAJOR;
		r->x[1] = HERALD_ABI_MINOR;
		return true;
	default:
		return false;
	}
}

void smccc_call(struct vcpu *v, struct regs *r, u64 flags)
{
	u32 function = (u32)r->x[0];

	switch (function) {
	case SMCCC_VERSION:
		r->x[0] = SMCCC_VERSION_1_1;
		return;
	case SMCCC_ARCH_FEATURES:
		r->x[0] = (u64)arch_features(v, (u32)r->x[1]);
		return;
	case SMCCC_ARCH_WORKAROUND_1:
	case SMCCC_ARCH_WORKAROUND_2:
	case SMCCC_ARCH_WORKAROUND_3:
		if (!is_present(function))
			break;
		if (!is_host_switch(v, function))
			psci_smc(function, r->x[1], 0, 0);
		return;
	default:
		if (!v->vm->pinned && call_leaves(v, r, flags))
			return;
		if (psci_call(v, r) || hyp_call(v, r) || abi_call(v, r))
			return;
	}
	r->x[0] = (u64)SMCCC_RET_NOT_SUPPORTED;
}
