/* SPDX-License-Identifier: GPL-2.0-only */
/* The firmware's work-arounds: who is told of them, who may call them, and that a call costs one call of the firmware. */
// sources: hyp/smccc.c
#include "drivers/psci.h"
#include "hyp/exit.h"
#include "hyp/run.h"
#include "tests/unit/tap.h"

#define NOT_SUPPORTED ((u64)-1)
#define BHB 0x1234

static u32 smccc = 0x10001, calls, asked;
static u64 last;

/* The firmware has work-arounds 1 and 2, and this CPU does not need the first. */
s64 psci_smc(u32 function, u64 a1, u64 a2, u64 a3)
{
	(void)a2;
	(void)a3;
	if (function == SMCCC_ARCH_FEATURES) {
		asked++;
		if (a1 == SMCCC_ARCH_WORKAROUND_1)
			return 1;
		return a1 == SMCCC_ARCH_WORKAROUND_2 ? 0 : 0xffffffff;
	}
	calls++;
	last = function;
	return 0;
}

u32 psci_smccc_version(void)
{
	return smccc;
}

bool psci_call(struct vcpu *v, struct regs *r)
{
	(void)v;
	(void)r;
	return false;
}

bool abi_call(struct vcpu *v, struct regs *r)
{
	(void)v;
	(void)r;
	return false;
}

void run_leave(struct vcpu *v, const struct run_exit *e)
{
	(void)v;
	(void)e;
}

static struct vm vms[2] = { { .pinned = true }, { .calls = { 1, 1, 3 } } };
static struct vcpu mgmt = { .vm = &vms[0] }, guest = { .vm = &vms[1] };

static u64 call(struct vcpu *v, u32 function, u64 arg)
{
	struct regs r = { .x = { function, arg } };

	calls = 0;
	asked = 0;
	smccc_call(v, &r, 0);
	return r.x[0];
}

/* What ARCH_FEATURES answers, and whether the firmware is called for @function. */
static void is_known(struct vcpu *v, u32 function, u64 feature, bool called, const char *what)
{
	is(call(v, SMCCC_ARCH_FEATURES, function), feature, "%s: ARCH_FEATURES", what);
	is(call(v, function, BHB), feature == NOT_SUPPORTED ? NOT_SUPPORTED : function,
	   "%s: called", what);
	ok(calls == called && (!called || last == function), "%s: the firmware is %scalled", what,
	   called ? "" : "not ");
	is(asked, 0, "%s: and asked nothing before", what);
}

int main(void)
{
	is_known(&mgmt, SMCCC_ARCH_WORKAROUND_1, NOT_SUPPORTED, false, "before it was asked");
	smccc = 0;
	smccc_init();
	is_known(&mgmt, SMCCC_ARCH_WORKAROUND_1, NOT_SUPPORTED, false, "SMCCC 1.0");
	is(asked, 0, "which is not asked");
	smccc = 0x10001;
	smccc_init();
	is(asked, 3, "SMCCC 1.1 is asked for each");
	is_known(&mgmt, SMCCC_ARCH_WORKAROUND_1, 1, true, "1, management VM");
	is_known(&guest, SMCCC_ARCH_WORKAROUND_1, 1, true, "1, VM");
	is_known(&mgmt, SMCCC_ARCH_WORKAROUND_2, 0, true, "2, management VM");
	is_known(&guest, SMCCC_ARCH_WORKAROUND_2, 1, false, "2, VM: not its to switch");
	is_known(&guest, SMCCC_ARCH_WORKAROUND_3, NOT_SUPPORTED, false, "3, which is not there");
	is(smccc_workaround(&mgmt, 2), 0, "a VMM reads what the calls answer");
	return tap_done();
}
