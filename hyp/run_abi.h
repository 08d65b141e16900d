/* SPDX-License-Identifier: GPL-2.0-only */
/* What of the ABI the core itself needs, without linux/kvm.h: that is the ABI's own files' (hyp/abi.h). */
#ifndef HERALD_HYP_RUN_ABI_H
#define HERALD_HYP_RUN_ABI_H

#include "hyp/herald_abi.h"

#define RUN_FLAGS                                                                                  \
	(UINT64_C(0) + HERALD_RUN_SINGLE_TASK + HERALD_RUN_IMMEDIATE + HERALD_RUN_COMPLETE +       \
	 HERALD_RUN_ABORT + HERALD_RUN_CALL)

/* KVM_SYSTEM_EVENT_*; hyp/abi.c checks them against linux/kvm.h. */
#define RUN_EVENT_SHUTDOWN 1
#define RUN_EVENT_RESET 2
#define RUN_EVENT_WAKEUP 4
#define RUN_EVENT_SUSPEND 5
#define RUN_EVENT_RESET2 1 /* a flag of RESET */

#endif
