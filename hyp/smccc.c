/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Calls by HVC #0 and SMC #0 (DEN 0028): versions and features, Herald's identity, the firmware's work-arounds for
 * speculation, PSCI, Herald's own ABI.
 */
#include "drivers/psci.h"
#include "hyp/exit.h"

#define SMCCC_VERSION_1_1 0x10001
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

static s64 arch_features(const struct vcpu *v, u32 function)
{
	s64 ret;

	switch (function) {
	case SMCCC_VERSION:
	case SMCCC_ARCH_FEATURES:
		return 0;
	case SMCCC_ARCH_WORKAROUND_1:
	case SMCCC_ARCH_WORKAROUND_2:
	case SMCCC_ARCH_WORKAROUND_3:
		if (!psci_smccc_version())
			return SMCCC_RET_NOT_SUPPORTED;
		ret = (s32)psci_smc(SMCCC_ARCH_FEATURES, function, 0, 0);
		return !ret && is_host_switch(v, function) ? WORKAROUND_2_NOT_NEEDED : ret;
	default:
		return SMCCC_RET_NOT_SUPPORTED;
	}
}

void smccc_call(struct vcpu *v, struct regs *r)
{
	u32 function = (u32)r->x[0];
	u32 i;

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
		if (arch_features(v, function) < 0)
			break;
		if (!is_host_switch(v, function))
			psci_smc(function, r->x[1], 0, 0);
		return;
	case SMCCC_HYP_UID:
		for (i = 0; i < ARRAY_SIZE(herald_uid); i++)
			r->x[i] = herald_uid[i];
		return;
	case SMCCC_HYP_REVISION:
		r->x[0] = HERALD_ABI_MAJOR;
		r->x[1] = HERALD_ABI_MINOR;
		return;
	default:
		if (psci_call(v, r) || abi_call(v, r))
			return;
	}
	r->x[0] = (u64)SMCCC_RET_NOT_SUPPORTED;
}
