/* SPDX-License-Identifier: GPL-2.0-only */
/* The hypercall ABI at EL2: one table of requests, and what a handler gets. docs/abi.md is the reference. */
#ifndef HERALD_HYP_ABI_H
#define HERALD_HYP_ABI_H

#include "hyp/guest.h"
#include "hyp/herald_abi.h"
#include <linux/kvm.h>

/* A request's struct, copied from the management VM's memory before the handler runs, and back after it if it is _IOR. */
union abi_arg {
	struct kvm_irq_level irq_level;
	struct kvm_msi msi;
	struct kvm_create_device create_device;
	struct kvm_device_attr attr;
	struct kvm_vcpu_init vcpu_init;
	struct kvm_one_reg one_reg;
	struct kvm_mp_state mp_state;
	struct kvm_vcpu_events events;
	struct kvm_guest_debug guest_debug;
	struct kvm_enable_cap enable_cap;
	struct kvm_arm_counter_offset counter_offset;
	u64 reg_list; /* struct kvm_reg_list: how many fit */
	struct herald_map map;
	struct herald_unmap unmap;
	struct herald_protect protect;
	struct herald_stats stats;
	struct herald_list list;
	struct herald_its its;
	struct herald_log log;
};

struct abi_call {
	struct guest_object o; /* what the handle names; held */
	u64 value; /* the argument as it came: a value, or the IPA of @arg */
	u64 data; /* x4 */
	union abi_arg arg;
};

/* Answers 0 or more, -errno, HERALD_AGAIN; or ABI_DONE if the registers say all and the hold is given up. */
typedef s64 abi_fn(struct abi_call *c);
#define ABI_DONE (-8192)

/* Memory of the management VM, where an argument points to: 0 or -EFAULT. */
int abi_read(u64 ipa, void *buf, size_t len);
int abi_write(u64 ipa, const void *buf, size_t len);

/* hyp/abi_dev.c: attributes of whatever has them. */
abi_fn abi_set_device_attr, abi_get_device_attr, abi_has_device_attr;

/* What an attribute's address points to: as many bytes of it as the device says. Little-endian, so a u32 is in u64 too. */
union abi_attr {
	u64 u64;
	u8 bytes[32];
};

/* The attributes of one kind of handle: a row of the table in hyp/abi_dev.c. */
struct abi_device {
	enum guest_kind kind;
	/* Bytes of the value of an attribute that has() knows, 0 if it has none. */
	u32 (*size)(const struct kvm_device_attr *a);
	/* 0, or -ENXIO: no such attribute. */
	s64 (*has)(const struct guest_object *o, const struct kvm_device_attr *a);
	/*
	 * Of an attribute that has() knows; *@val is what the address points to, also for a get. 0, -errno, or HERALD_AGAIN:
	 * the same call comes again, with the same attribute.
	 */
	s64 (*get)(const struct guest_object *o, const struct kvm_device_attr *a,
		   union abi_attr *val); /* NULL: -ENXIO */
	s64 (*set)(const struct guest_object *o, const struct kvm_device_attr *a,
		   const union abi_attr *val);
};

/* hyp/guest_gic.c: KVM's ARM_VGIC_V3. */
u32 guest_gic_size(const struct kvm_device_attr *a);
s64 guest_gic_has(const struct guest_object *o, const struct kvm_device_attr *a);
s64 guest_gic_get(const struct guest_object *o, const struct kvm_device_attr *a,
		  union abi_attr *val);
s64 guest_gic_set(const struct guest_object *o, const struct kvm_device_attr *a,
		  const union abi_attr *val);

/* hyp/abi_vcpu.c: requests on vCPUs. */
abi_fn abi_run, abi_vcpu_init, abi_get_one_reg, abi_set_one_reg, abi_get_reg_list, abi_get_mp_state,
	abi_set_mp_state;
/* For what wants a vCPU that is initialised and does not run, until run_release(): -ENOEXEC, -EBUSY. */
s64 abi_claim(struct vcpu *v);

/* hyp/guest_its.c: KVM's ARM_VGIC_ITS, and MSIs. */
u32 guest_its_size(const struct kvm_device_attr *a);
s64 guest_its_has(const struct guest_object *o, const struct kvm_device_attr *a);
s64 guest_its_get(const struct guest_object *o, const struct kvm_device_attr *a,
		  union abi_attr *val);
s64 guest_its_set(const struct guest_object *o, const struct kvm_device_attr *a,
		  const union abi_attr *val);
abi_fn abi_signal_msi;

/* hyp/abi_attr.c */
abi_fn abi_enable_cap, abi_set_counter_offset, abi_get_events, abi_set_events, abi_set_guest_debug;
/* What KVM_SET_GUEST_DEBUG takes, and KVM_CAP_SET_GUEST_DEBUG2 says. */
#define ABI_DEBUG_CONTROL                                                                          \
	(KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_SINGLESTEP | KVM_GUESTDBG_USE_SW_BP |                  \
	 KVM_GUESTDBG_USE_HW)
u32 abi_vm_attr_size(const struct kvm_device_attr *a);
s64 abi_vm_attr_has(const struct guest_object *o, const struct kvm_device_attr *a);
s64 abi_vm_attr_set(const struct guest_object *o, const struct kvm_device_attr *a,
		    const union abi_attr *val);
u32 abi_vcpu_attr_size(const struct kvm_device_attr *a);
s64 abi_vcpu_attr_has(const struct guest_object *o, const struct kvm_device_attr *a);
s64 abi_vcpu_attr_get(const struct guest_object *o, const struct kvm_device_attr *a,
		      union abi_attr *val);
s64 abi_vcpu_attr_set(const struct guest_object *o, const struct kvm_device_attr *a,
		      const union abi_attr *val);

/*
 * hyp/abi_reg.c: a register of a vCPU that is not running, into @val or, with @set, from there. -ENOENT: none of that ID;
 * -EINVAL: nor of any such machine; -EBUSY: a value that it cannot have, or not any more.
 */
s64 abi_reg(struct vcpu *v, u64 id, u64 val[2], bool set);
/* The IDs of all registers of @v to the management VM's address @at, *@room at most; then how many there are. -E2BIG, -EFAULT. */
s64 abi_reg_list(struct vcpu *v, u64 at, u64 *room);
/* Bytes of the register that @id names, 0 if it cannot name one. */
u32 abi_reg_size(u64 id);
/* What is answered then: -ENOENT; -EINVAL: another machine's. */
s64 abi_reg_unknown(u64 id);

/* hyp/abi_inspect.c: what there is, for those who watch. */
abi_fn abi_list, abi_get_its, abi_read_log;

/* hyp/abi_fw.c: the @n-th of KVM_REG_ARM_FW, and of KVM_REG_ARM_FW_FEAT_BMAP. As abi_reg(). */
#define ABI_NR_FW 4
s64 abi_fw(struct vcpu *v, u32 n, u64 *val, bool set);
s64 abi_fw_calls(struct vcpu *v, u32 n, u64 *val, bool set);

#endif
