/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Herald's hypercalls. hyp/herald_abi.h says what they are; here is how Linux makes them.
 */
#ifndef HERALD_HVC_H
#define HERALD_HVC_H

#include <linux/arm-smccc.h>
#include <linux/io.h>
#include <linux/kvm.h>

#include "hyp/herald_abi.h"

/* One step of an ioctl of EL2, in any context: what follows, or HERALD_AGAIN, and then the same call is to be made again. */
static inline long herald_ioctl_step(u64 handle, u32 request, u64 arg)
{
	struct arm_smccc_res res;

	arm_smccc_1_1_hvc(HERALD_HVC_IOCTL, handle, request, arg, &res);
	return (long)res.a0;
}

/*
 * An ioctl of EL2: 0 or more, or -errno. The argument is a value, or the physical address of the request's struct. EL2
 * works in steps and takes interrupts of this VM between them, so a long request does not hold them up.
 */
static inline long herald_ioctl(u64 handle, u32 request, u64 arg)
{
	long ret;

	do {
		ret = herald_ioctl_step(handle, request, arg);
	} while (ret == HERALD_AGAIN);
	return ret;
}

/* The same for a struct in the kernel's linear map, as kmalloc's memory; it may cross pages, which are contiguous there. */
static inline long herald_ioctl_struct(u64 handle, u32 request, void *arg)
{
	return herald_ioctl(handle, request, virt_to_phys(arg));
}

static inline long herald_close(u64 handle)
{
	struct arm_smccc_res res;

	do {
		arm_smccc_1_1_hvc(HERALD_HVC_CLOSE, handle, &res);
	} while ((long)res.a0 == HERALD_AGAIN);
	return (long)res.a0;
}

/* The handle of a vCPU that EL2 has woken, or -ENOENT. */
static inline long herald_wakeup(void)
{
	struct arm_smccc_res res;

	arm_smccc_1_1_hvc(HERALD_HVC_WAKEUP, &res);
	return (long)res.a0;
}

#endif
