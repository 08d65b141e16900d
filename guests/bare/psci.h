/* SPDX-License-Identifier: GPL-2.0-only */
/* PSCI (DEN 0022F) by the conduit that the tree names. */
#ifndef HERALD_BARE_PSCI_H
#define HERALD_BARE_PSCI_H

#include "hyp/lib/bits.h"

#define PSCI_VERSION 0x84000000u
#define PSCI_CPU_SUSPEND 0xc4000001u
#define PSCI_CPU_OFF 0x84000002u
#define PSCI_CPU_ON 0xc4000003u
#define PSCI_AFFINITY_INFO 0xc4000004u
#define PSCI_MIGRATE_INFO_TYPE 0x84000006u
#define PSCI_SYSTEM_OFF 0x84000008u
#define PSCI_SYSTEM_RESET 0x84000009u
#define PSCI_FEATURES 0x8400000au
#define SMCCC_VERSION 0x80000000u

#define PSCI_SUCCESS 0
#define PSCI_NOT_SUPPORTED (-1)
#define PSCI_INVALID_PARAMETERS (-2)
#define PSCI_ALREADY_ON (-4)
#define PSCI_INVALID_ADDRESS (-9)

void psci_init(bool hvc);
s64 psci_call(u64 function, u64 a, u64 b, u64 c);

/* Immediate 0, all of x0..x3 in and x0 out; the instruction faults if the conduit is not there. */
s64 smccc_hvc(u64 function, u64 a, u64 b, u64 c);
s64 smccc_smc(u64 function, u64 a, u64 b, u64 c);

void psci_system_off(void) __attribute__((noreturn));

#endif
