/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * Herald's hypercalls, what linux/kvm.h does not say: for EL2, for the management VM's driver and for tests.
 *
 * A hypercall is an ioctl: HVC #0 with x0 = HERALD_HVC_IOCTL, x1 = handle, x2 = request (KVM's own number, or one of
 * those below), x3 = argument, a value or the IPA of the request's struct. x0 answers 0 or more, or -errno, or
 * HERALD_AGAIN: a step is done, make the same call again. docs/abi.md is the reference.
 */
#ifndef HERALD_ABI_H
#define HERALD_ABI_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define HERALD_HVC_IOCTL 0xc6000010u /* x1 handle, x2 request, x3 argument */
#define HERALD_HVC_CLOSE 0xc6000011u /* x1 handle of a VM */
#define HERALD_HVC_WAKEUP 0xc6000012u /* answers the next woken vCPU of this CPU, or -ENOENT */

/* Beyond every errno. */
#define HERALD_AGAIN (-4096)
/*
 * EL2 needs a page of the VM that is not mapped, or not for writing: x1 = its IPA, x2 = HERALD_FAULT_*. Map it and make
 * the same call again; if it cannot be mapped, with HERALD_ABSENT(x1, x2) in x4, and in x5 that of the page before.
 */
#define HERALD_MISSING (-4097)
#define HERALD_ABSENT(ipa, flags) ((ipa) | (flags))

#define HERALD_SYSTEM 0 /* the handle that is always there */

/*
 * KVM_RUN: x3 = HERALD_RUN_*, x4 = what the load that is being completed reads. It answers x0 = -errno, -EINTR if the
 * management VM has an interrupt, or HERALD_EXIT_* with x1 .. x3.
 */
#define HERALD_RUN_SINGLE_TASK 1 /* nothing else wants this CPU: WFI waits in the guest */
#define HERALD_RUN_IMMEDIATE 2 /* finish what the last exit left, then -EINTR */
#define HERALD_RUN_COMPLETE 4 /* the access of the last HERALD_EXIT_FAULT was carried out */
#define HERALD_RUN_ABORT 8 /* it gets a synchronous external abort */

#define HERALD_EXIT_FAULT 1 /* x1 = IPA, x2 = HERALD_FAULT_*, x3 = data of a store */
#define HERALD_EXIT_WFI                                                                            \
	2 /* x1 = when to run it again, in ticks of CNTPCT; ~0: when the doorbell says so */
#define HERALD_EXIT_SYSTEM_EVENT 3 /* x1 = KVM_SYSTEM_EVENT_* */

#define HERALD_FAULT_WRITE 1
#define HERALD_FAULT_EXEC 2 /* an instruction fetch */
#define HERALD_FAULT_VALID 4 /* one load or store of 1 << SIZE bytes: it can be completed */
#define HERALD_FAULT_PERMISSION 8 /* it is mapped, but read-only */
#define HERALD_FAULT_WALK 16 /* by the guest's table walk, not by the access itself */
#define HERALD_FAULT_CACHE 32 /* cache maintenance: completed with nothing done */
#define HERALD_FAULT_EL2 64 /* for a GIC's or ITS's tables: map it and run again, or ABORT */
#define HERALD_FAULT_SIZE(flags) (((flags) >> 8) & 3)
#define HERALD_FAULT_SIZE_SHIFT 8

/* [ipa, ipa + size) of the VM becomes the management VM's memory at @mgmt. */
struct herald_map {
	__u64 ipa;
	__u64 mgmt;
	__u64 size;
	__u64 flags; /* HERALD_MAP_* */
};
#define HERALD_MAP_READONLY 1
#define HERALD_MAP_SHARED 2 /* the pages may be mapped elsewhere too, in this VM or another */
#define HERALD_MAP_MAX 0x200000 /* bytes for one call: a block, both addresses aligned to it; */
#define HERALD_MAP_MAX_PAGES 0x40000 /* anything else */

/* With HERALD_AGAIN it comes back as what is left to do. */
struct herald_unmap {
	__u64 ipa;
	__u64 size;
};

struct herald_stats {
	__u64 pool_size; /* bytes of Herald's page pool, */
	__u64 pool_used; /* and those in use, by itself and for VMs */
	__u64 pool_refused; /* allocations refused */
	__u64 stray_frees; /* defects of Herald */
	__u64 vms; /* VMs that are there, those being closed included */
	__u64 lent_pages; /* pages of the management VM that VMs have mapped */
	__u64 vm_used; /* bytes of the pool used for VMs, */
	__u64 runs; /* times this CPU entered a VM's vCPU */
};

#define HERALD_IO 0xb8
#define HERALD_MAP_PAGES _IOW(HERALD_IO, 0x01, struct herald_map)
#define HERALD_UNMAP_PAGES _IOWR(HERALD_IO, 0x02, struct herald_unmap)
#define HERALD_GET_STATS _IOR(HERALD_IO, 0x03, struct herald_stats)

#endif
