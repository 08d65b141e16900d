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
	struct herald_map map;
	struct herald_unmap unmap;
	struct herald_stats stats;
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

/* hyp/abi_vcpu.c: requests on vCPUs. */
abi_fn abi_run, abi_vcpu_init, abi_get_one_reg, abi_set_one_reg, abi_get_mp_state, abi_set_mp_state;

/* hyp/guest_its.c: requests on an ITS, and MSIs. */
abi_fn abi_its_set, abi_its_get, abi_its_has, abi_signal_msi;

/* hyp/abi_reg.c: a register of a vCPU that is not running. -ENOENT: none of that ID; -EINVAL: a value it cannot have. */
s64 abi_reg_get(struct vcpu *v, u64 id, u64 val[2]);
s64 abi_reg_set(struct vcpu *v, u64 id, const u64 val[2]);
/* Bytes of the register that @id names, 0 if it cannot name one. */
u32 abi_reg_size(u64 id);

#endif
