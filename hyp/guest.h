/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Managed VMs: those that the management VM makes, with their handles, their memory, their end.
 *
 * A handle is a number, never an address: kind, slot of the VM, index of the vCPU, and how often the slot was used
 * before. Who uses one holds the VM (guest_get()) until guest_put(); a KVM_RUN for as long as it lasts. A VM that is being
 * closed cannot be held any more, and goes when the last one has let go.
 */
#ifndef HERALD_HYP_GUEST_H
#define HERALD_HYP_GUEST_H

#include "hyp/vm.h"

struct herald_map;
struct herald_unmap;
struct herald_protect;
struct herald_stats;
struct herald_vm_info;

#define GUEST_MAX 254 /* 8 bits of VMID, less 0 and the management VM's */
#define GUEST_MAX_VCPUS VM_MAX_IDS
#define GUEST_DEFAULT_IPA_BITS 40

enum guest_kind { GUEST_SYSTEM, GUEST_VM, GUEST_VCPU, GUEST_GIC, GUEST_ITS };

/* What a handle names. */
struct guest_object {
	enum guest_kind kind;
	struct vm *vm; /* NULL: the system */
	struct vcpu *vcpu; /* if it is one */
	struct vits *its; /* likewise */
};

/* -EBADF: no such handle, or no more. */
int guest_get(u64 handle, struct guest_object *o);
/* @vm may be gone when it returns. */
void guest_put(struct vm *vm);

/* A new VM with 2^@ipa_bits bytes of address space: its handle. -ENOMEM; -EINVAL: not that many bits; -ENOSPC: too many VMs. */
s64 guest_create(u32 ipa_bits);

/*
 * Ends the VM of @handle, in steps: HERALD_AGAIN until all is given back, then 0. Those who run it are made to leave. From
 * the first step on its handles are no more. -EBADF; -EINVAL: not a VM's handle. Any CPU may take the next step.
 */
s64 guest_close(u64 handle);

/* -EINVAL: @id; -EEXIST: there is one; -EBUSY: the GIC was initialised; -ENOMEM. Takes LOCK_VM. */
s64 guest_create_vcpu(struct vm *vm, u64 id);
u64 guest_vcpu_handle(const struct vcpu *v);
u64 guest_gic_handle(const struct vm *vm);
u64 guest_its_handle(const struct vits *t);

/* Errors as docs/abi.md has them. guest_unmap() answers HERALD_AGAIN and leaves the rest in *@u. Takes LOCK_VM. */
s64 guest_map(struct vm *vm, const struct herald_map *m);
s64 guest_unmap(struct vm *vm, struct herald_unmap *u);
s64 guest_protect(struct vm *vm, const struct herald_protect *p);

void guest_stats(struct herald_stats *st);
/* What there is in slot @slot, below GUEST_MAX; false: nothing. */
bool guest_info(u32 slot, struct herald_vm_info *out);
/* The part of it that is as true of the management VM. */
void guest_describe(struct vm *vm, struct herald_vm_info *out);

/*
 * --- hyp/guest_gic_reg.c: attributes of ARM_VGIC_V3 that are registers; under LOCK_VM, but for the first. -EBUSY: a vCPU
 * runs, or CTRL_INIT is missing ---
 */
struct kvm_device_attr;
s64 guest_gic_reg_has(struct vm *vm, const struct kvm_device_attr *a);
s64 guest_gic_reg(struct vm *vm, const struct kvm_device_attr *a, u64 *val, bool write);
/* A step of KVM_DEV_ARM_VGIC_SAVE_PENDING_TABLES. */
s64 guest_gic_save(struct vm *vm);

/* --- hyp/guest_gic.c --- */

/* Its parts are made at CTRL_INIT. -EEXIST; -EBUSY: the VM has run without. Takes LOCK_VM. */
s64 guest_gic_create(struct vm *vm);
/* Before each run; at the first puts the frames in their place. -ENXIO: not all of its GIC's addresses are
 * set; -EBUSY: no CTRL_INIT; -EINVAL: frames in the way, both timers have one interrupt; HERALD_AGAIN. */
s64 guest_gic_ready(struct vcpu *v);
/* Nothing is mapped where a frame is to be. */
bool guest_frame_free(struct vm *vm, u64 base, u64 size);
/* KVM_IRQ_LINE */
s64 guest_irq_line(struct vm *vm, u32 irq, bool level);

/* --- hyp/guest_its.c --- */

/* Another ITS: its handle. HERALD_AGAIN; -ENOMEM; -ENOSPC: too many; -EBUSY: the VM has run. Takes LOCK_VM. */
s64 guest_its_create(struct vm *vm);
/* The VM's GIC has been made: if there are ITSes it gets LPIs, and they vCPUs. Under LOCK_VM. */
void guest_its_start(struct vm *vm, struct vgic *vgic);
/* Puts the frames of all ITSes that have an address in their place. 0 or -EINVAL. Under LOCK_VM. */
s64 guest_its_place(struct vm *vm);

#endif
