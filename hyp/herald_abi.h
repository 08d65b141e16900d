/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * Herald's hypercalls, what linux/kvm.h does not say: for EL2, for the management VM's driver and for tests.
 *
 * A hypercall is an ioctl: HVC #0 with x0 = HERALD_HVC_IOCTL, x1 = handle, x2 = request (KVM's own number, or one of
 * those below), x3 = argument, a value or the IPA of the request's struct, which may cross pages. x0 answers 0 or more, or
 * -errno, or HERALD_AGAIN: a step is done, make the same call again. docs/abi.md is the reference.
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
 * management VM has an interrupt, or HERALD_EXIT_* with x1 .. x3, to which HERALD_EXIT_ENDED may be added.
 */
#define HERALD_RUN_SINGLE_TASK 1 /* nothing else wants this CPU: WFI waits in the guest */
#define HERALD_RUN_IMMEDIATE 2 /* finish what the last exit left, then -EINTR */
#define HERALD_RUN_COMPLETE 4 /* the access of the last HERALD_EXIT_FAULT was carried out */
#define HERALD_RUN_ABORT 8 /* it gets a synchronous external abort */
#define HERALD_RUN_CALL                                                                            \
	16 /* the call of the last HERALD_EXIT_CALL with HERALD_CALL_FILTER is carried out */

#define HERALD_EXIT_FAULT                                                                          \
	1 /* x1 = IPA, x2 = HERALD_FAULT_*, x3 = data of a store; not VALID: CM, WnR, FSC */
#define HERALD_EXIT_WFI                                                                            \
	2 /* x1 = when to run it again, in ticks of CNTPCT; ~0: when the doorbell says so */
#define HERALD_EXIT_SYSTEM_EVENT 3 /* x1 = KVM_SYSTEM_EVENT_*, x2 = its flags */
#define HERALD_EXIT_CALL 4 /* x1 = function, x2 = its first argument, x3 = HERALD_CALL_* */
#define HERALD_EXIT_DEBUG 5 /* x1 = ESR_EL2, x2 = FAR_EL2: KVM_SET_GUEST_DEBUG */
/* Meanwhile a watched SPI ended (HERALD_NEXT_ENDED); alone: -EINTR, and that. */
#define HERALD_EXIT_ENDED 256

#define HERALD_CALL_SMC 1 /* by SMC, else HVC */
#define HERALD_CALL_FILTER                                                                         \
	2 /* the filter is to judge it; else it is the management VM's to answer */

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

/* The pages from @ipa on whose bit is set, bit 0 first, become read-only, or writable, if they are mapped. */
struct herald_protect {
	__u64 ipa;
	__u64 flags; /* HERALD_PROTECT_* */
	__u64 pages[4];
};
#define HERALD_PROTECT_WRITABLE 1
#define HERALD_PROTECT_MAX 256 /* pages for one call */

struct herald_stats {
	__u64 pool_size; /* bytes of Herald's page pool, */
	__u64 pool_used; /* and those in use, by itself and for VMs */
	__u64 pool_refused; /* allocations refused */
	__u64 stray_frees; /* defects of Herald */
	__u64 vms; /* VMs that are there, those being closed included */
	__u64 lent_pages; /* pages of the management VM that VMs have mapped */
	__u64 vm_used; /* bytes of the pool used for VMs, */
	__u64 runs; /* times this CPU entered a VM's vCPU */
	__u64 cpus; /* that are up */
	__u64 msi_delivered; /* physical LPIs that became a VM's LPI, */
	__u64 msi_blocked; /* that wait in a VM that has disabled them, */
	__u64 msi_unmapped; /* that no event was mapped for, */
	__u64 msi_late; /* whose event was unmapped while they were on their way, */
	__u64 msi_dropped; /* and that were refused otherwise */
	__u64 devices; /* physical devices that VMs have mapped on their ITSes now, */
	__u64 host_lpis; /* and the host LPIs that they hold */
	__u64 devices_refused; /* mapped, but for want of host LPIs or ITT memory without hardware behind it */
	__u64 devices_lost; /* with a physical ITS that answers no more */
};

/*
 * HERALD_LIST: what there is of a kind, some records at a time. @cursor is 0 at first and comes back as where to go on, or as
 * HERALD_LIST_END; @nr records were written. What changes meanwhile may be missed or come in its old state. A step may
 * bring no record and yet not be the end.
 */
enum herald_list_kind {
	HERALD_LIST_VMS, /* struct herald_vm_info: the management VM is the first; @vm is not looked at */
	HERALD_LIST_VCPUS, /* struct herald_vcpu_info */
	HERALD_LIST_SPIS, /* struct herald_irq: those enabled, pending, active, or seen before */
	HERALD_LIST_LPIS, /* struct herald_irq: those that @its maps an event to */
	HERALD_LIST_DEVICES, /* struct herald_its_device: mapped on @its */
	HERALD_LIST_COLLECTIONS, /* struct herald_collection: mapped on @its */
	HERALD_NR_LISTS
};
#define HERALD_LIST_END (~0u)
#define HERALD_NONE (~0u)

/* States of a VM. */
#define HERALD_VM_MAKING 1
#define HERALD_VM_LIVE 2
#define HERALD_VM_CLOSING 3 /* gives back its memory; its other numbers are 0 */

struct herald_vm_info {
	__u64 handle; /* names it in other requests; 0 (HERALD_SYSTEM): the management VM */
	__u32 id; /* 0: the management VM; may be used again when it is gone, a handle not so soon */
	__u32 state; /* HERALD_VM_* */
	__u32 nr_vcpus;
	__u32 nr_its;
	__u32 ipa_bits;
	__u32 reserved;
	__u64 pool_used; /* bytes of Herald's pool, */
	__u64 pool_limit; /* and how many it may have */
	__u64 lent_pages; /* pages of the management VM's that it has mapped */
};

/* What a vCPU does. */
#define HERALD_VCPU_OFF 0
#define HERALD_VCPU_IDLE 1 /* its VMM has not called KVM_RUN */
#define HERALD_VCPU_BLOCKED 2 /* waits for an interrupt */
#define HERALD_VCPU_RUNNING 3 /* on @cpu */

#define HERALD_NR_EXITS 6

struct herald_vcpu_info {
	__u64 mpidr;
	__u64 exits[HERALD_NR_EXITS]; /* by HERALD_EXIT_*; 0: -EINTR */
	__u32 id; /* KVM_CREATE_VCPU's argument */
	__u32 state; /* HERALD_VCPU_* */
	__u32 cpu; /* where it runs or ran last */
	__u32 reserved;
};

#define HERALD_IRQ_ENABLED 1
#define HERALD_IRQ_PENDING 2
#define HERALD_IRQ_ACTIVE 4
#define HERALD_IRQ_LEVEL 8
#define HERALD_IRQ_HW 16 /* tied to a physical interrupt */

/* Pending and active are as GICD_ISPENDR and GICD_ISACTIVER would tell; of an LPI likewise. */
struct herald_irq {
	__u32 intid;
	__u32 vcpu; /* index of the vCPU it goes to, or HERALD_NONE */
	__u32 count; /* times that it became pending, or was while it was; modulo 2^32 */
	__u32 devid; /* LPIs: the event */
	__u32 eventid;
	__u32 icid;
	__u16 flags; /* HERALD_IRQ_* */
	__u16 priority;
	__u32 reserved;
};

struct herald_its_device {
	__u64 itt; /* IPA */
	__u32 devid;
	__u32 nr_events; /* its ITT has room for, */
	__u32 mapped; /* and that are mapped */
	__u32 requester; /* PCI domain << 16 | bus << 8 | devfn of the physical device; HERALD_NONE */
	__u32 host_lpi; /* its first host LPI, */
	__u32 host_lpis; /* and their number; 0: there is no physical device */
};

struct herald_collection {
	__u32 icid;
	__u32 vcpu;
};

struct herald_list {
	__u64 vm; /* handle */
	__u32 kind; /* enum herald_list_kind */
	__u32 its; /* index */
	__u32 cursor;
	__u32 nr;
	__u64 reserved;
	union {
		struct herald_vm_info vm[17];
		struct herald_vcpu_info vcpu[13];
		struct herald_irq irq[30];
		struct herald_its_device device[30];
		struct herald_collection collection[120];
		__u64 space[120];
	} u;
};

/* Names of commands and errors: ITS_COMMANDS and ITS_ERRORS in its/its.h, in that order; errors begin with 1. */
#define HERALD_ITS_COMMANDS 16
#define HERALD_ITS_ERRORS 64
enum herald_its_reg { /* GITS_* */
		      HERALD_ITS_CTLR,
		      HERALD_ITS_TYPER,
		      HERALD_ITS_CBASER,
		      HERALD_ITS_CWRITER,
		      HERALD_ITS_CREADR,
		      HERALD_ITS_BASER0,
		      HERALD_ITS_BASER1,
		      HERALD_ITS_REGS
};
struct herald_its {
	__u64 vm; /* handle */
	__u32 its; /* index */
	__u32 nr_devices; /* mapped now */
	__u32 nr_events;
	__u32 nr_collections;
	__u64 base; /* guest address of its frame */
	__u64 reg[HERALD_ITS_REGS];
	__u64 msi_delivered, msi_blocked, msi_unmapped, msi_dropped;
	__u64 commands[HERALD_ITS_COMMANDS];
	__u64 errors[HERALD_ITS_ERRORS];
};

/* Text from byte @position of all that Herald ever logged on, or from the oldest that is left. */
#define HERALD_LOG_TEXT 1000
struct herald_log {
	__u64 position; /* comes back as that of the byte behind the text */
	__u64 len; /* comes back as the bytes of text; 0: there is no more yet */
	__u64 text[HERALD_LOG_TEXT / 8];
};

#define HERALD_IO 0xb8
#define HERALD_MAP_PAGES _IOW(HERALD_IO, 0x01, struct herald_map)
#define HERALD_UNMAP_PAGES _IOWR(HERALD_IO, 0x02, struct herald_unmap)
#define HERALD_GET_STATS _IOR(HERALD_IO, 0x03, struct herald_stats)
#define HERALD_PROTECT_PAGES _IOW(HERALD_IO, 0x06, struct herald_protect)
/*
 * A value: an SPI, with HERALD_WATCH_ON: from now on, while it is level-sensitive, its line goes low when the guest ends it,
 * the vCPU leaves with HERALD_EXIT_ENDED, and HERALD_NEXT_ENDED answers it once. That one's value is the SPI to begin with;
 * -ENOENT: no more.
 */
#define HERALD_WATCH_LINE _IO(HERALD_IO, 0x04)
#define HERALD_WATCH_ON 0x10000
#define HERALD_NEXT_ENDED _IO(HERALD_IO, 0x05)
#define HERALD_LIST _IOWR(HERALD_IO, 0x10, struct herald_list)
#define HERALD_GET_ITS _IOWR(HERALD_IO, 0x11, struct herald_its)
#define HERALD_READ_LOG _IOWR(HERALD_IO, 0x12, struct herald_log)

#endif
