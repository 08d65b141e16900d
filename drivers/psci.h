/* SPDX-License-Identifier: GPL-2.0-only */
/* Calls to the firmware below Herald: PSCI (DEN 0022) and SMCCC (DEN 0028) by SMC #0. */
#ifndef HERALD_DRIVERS_PSCI_H
#define HERALD_DRIVERS_PSCI_H

#include "hyp/lib/bits.h"

/* Function IDs; those with 64-bit arguments are the SMC64 ones. */
#define PSCI_VERSION 0x84000000u
#define PSCI_CPU_SUSPEND_32 0x84000001u
#define PSCI_CPU_SUSPEND_64 0xc4000001u
#define PSCI_CPU_OFF 0x84000002u
#define PSCI_CPU_ON_32 0x84000003u
#define PSCI_CPU_ON_64 0xc4000003u
#define PSCI_AFFINITY_INFO_32 0x84000004u
#define PSCI_AFFINITY_INFO_64 0xc4000004u
#define PSCI_MIGRATE_INFO_TYPE 0x84000006u
#define PSCI_SYSTEM_OFF 0x84000008u
#define PSCI_SYSTEM_RESET 0x84000009u
#define PSCI_FEATURES 0x8400000au
#define PSCI_SYSTEM_SUSPEND_32 0x8400000eu
#define PSCI_SYSTEM_SUSPEND_64 0xc400000eu
#define PSCI_SYSTEM_RESET2_32 0x84000012u
#define PSCI_SYSTEM_RESET2_64 0xc4000012u

/* What PSCI_VERSION answers; before 0.2 there was no such call. */
#define PSCI_VERSION_0_1 0x1u
#define PSCI_VERSION_0_2 0x2u
#define PSCI_VERSION_1_0 0x10000u
#define PSCI_VERSION_1_1 0x10001u

#define PSCI_RET_SUCCESS 0
#define PSCI_RET_NOT_SUPPORTED (-1)
#define PSCI_RET_INVALID_PARAMETERS (-2)
#define PSCI_RET_DENIED (-3)
#define PSCI_RET_ALREADY_ON (-4)
#define PSCI_RET_ON_PENDING (-5)
#define PSCI_RET_INTERNAL_FAILURE (-6)
#define PSCI_RET_INVALID_ADDRESS (-9)

#define SMCCC_VERSION 0x80000000u
#define SMCCC_ARCH_FEATURES 0x80000001u
#define SMCCC_ARCH_SOC_ID 0x80000002u
#define SMCCC_ARCH_WORKAROUND_1 0x80008000u
#define SMCCC_ARCH_WORKAROUND_2 0x80007fffu
#define SMCCC_ARCH_WORKAROUND_3 0x80003fffu
#define SMCCC_RET_NOT_SUPPORTED (-1)

/* One fast call; answers x0, PSCI_RET_NOT_SUPPORTED before psci_init(). */
s64 psci_smc(u32 function, u64 a1, u64 a2, u64 a3);

/* Once, if the device tree says that the firmware is there: asks for its PSCI and SMCCC versions. */
void psci_init(void);

/* 0 if the firmware is older than SMCCC 1.1. */
u32 psci_smccc_version(void);

/* Starts the CPU with affinity @mpidr at physical @entry, MMU off, @context in x0; a PSCI_RET_*. */
s64 psci_cpu_on(u64 mpidr, u64 entry, u64 context);

#endif
