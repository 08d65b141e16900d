// SPDX-License-Identifier: GPL-2.0-only
/* Calls into the firmware, or into the hypervisor that stands for it. */
#include "guests/bare/cpu.h"
#include "guests/bare/psci.h"

/* SMCCC (DEN 0028): x0..x17 may change. */
#define SMCCC_CALL(insn)                                                                           \
	register u64 x0 __asm__("x0") = function;                                                  \
	register u64 x1 __asm__("x1") = a;                                                         \
	register u64 x2 __asm__("x2") = b;                                                         \
	register u64 x3 __asm__("x3") = c;                                                         \
                                                                                                   \
	__asm__ volatile(insn " #0"                                                                \
			 : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3)::"memory", "x4", "x5", "x6",     \
			   "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15", "x16",      \
			   "x17");                                                                 \
	return (s64)x0

static bool conduit_hvc;

void psci_init(bool hvc)
{
	conduit_hvc = hvc;
}

s64 smccc_hvc(u64 function, u64 a, u64 b, u64 c)
{
	SMCCC_CALL("hvc");
}

s64 smccc_smc(u64 function, u64 a, u64 b, u64 c)
{
	SMCCC_CALL("smc");
}

/* PSCI results are 32 bits wide in part: callers compare small numbers, so the low half is
 * sign-extended. */
s64 psci_call(u64 function, u64 a, u64 b, u64 c)
{
	return (s32)(conduit_hvc ? smccc_hvc(function, a, b, c) : smccc_smc(function, a, b, c));
}

void psci_system_off(void)
{
	psci_call(PSCI_SYSTEM_OFF, 0, 0, 0);
	for (;;)
		wfi();
}
