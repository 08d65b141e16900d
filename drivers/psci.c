/* SPDX-License-Identifier: GPL-2.0-only */
/* Calls to the firmware below Herald. It is reached by SMC: at EL2 there is no other conduit. */
#include "drivers/psci.h"

#define PSCI_VERSION_MAJOR GENMASK(30, 16)
#define SMCCC_1_1 0x10001

static bool present;
static u32 smccc_version;

s64 psci_smc(u32 function, u64 a1, u64 a2, u64 a3)
{
	register u64 x0 __asm__("x0") = function;
	register u64 x1 __asm__("x1") = a1;
	register u64 x2 __asm__("x2") = a2;
	register u64 x3 __asm__("x3") = a3;

	/* Without firmware at EL3 an SMC is UNDEFINED. */
	if (!present)
		return PSCI_RET_NOT_SUPPORTED;
	__asm__ volatile("smc #0"
			 : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3)
			 :
			 : "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14",
			   "x15", "x16", "x17", "memory");
	return (s64)x0;
}

/* SMCCC_VERSION may be asked for only if PSCI_FEATURES says it is there, and that only from PSCI 1.0 on. */
void psci_init(void)
{
	u32 version;

	present = true;
	version = (u32)psci_smc(PSCI_VERSION, 0, 0, 0);
	if (FIELD_GET(PSCI_VERSION_MAJOR, version) < 1)
		return;
	if ((s32)psci_smc(PSCI_FEATURES, SMCCC_VERSION, 0, 0) < 0)
		return;
	version = (u32)psci_smc(SMCCC_VERSION, 0, 0, 0);
	if ((s32)version >= SMCCC_1_1)
		smccc_version = version;
}

u32 psci_smccc_version(void)
{
	return smccc_version;
}

s64 psci_cpu_on(u64 mpidr, u64 entry, u64 context)
{
	return (s32)psci_smc(PSCI_CPU_ON_64, mpidr, entry, context);
}
