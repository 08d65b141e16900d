/* SPDX-License-Identifier: GPL-2.0-only */
/* The VMM's side of Herald's hypercalls, as its driver in Linux would use them. */
#ifndef HERALD_BARE_KVM_H
#define HERALD_BARE_KVM_H

#include "guests/bare/cpu.h"
#include "guests/bare/kvm_guest.h"
#include "hyp/herald_abi.h"
#include "hyp/lib/errno.h"
#include <linux/kvm.h>

/* What a hypercall finds and leaves in x0 .. x5. */
struct hvc {
	u64 x[6];
};
s64 hvc(struct hvc *h);

/* These repeat what answers HERALD_AGAIN. */
s64 kvm_ioctl(u64 handle, u64 request, u64 arg);
/* @steps: NULL, or where the calls are counted. */
s64 kvm_close(u64 vm, u32 *steps);

/* KVM_RUN: x0 .. x3 of the exit. */
struct hvc kvm_run(u64 vcpu, u64 flags, u64 data);
/* The same until something else than an interrupt of ours ends it. */
struct hvc kvm_run_on(u64 vcpu, u64 flags, u64 data);
/* HERALD_HVC_WAKEUP. */
s64 kvm_wakeup(void);
/* A VM can have pointer authentication. */
bool kvm_has_keys(void);

#define KVM_VCPUS 4
/* A VM with its program in memory and a GIC, vCPUs initialised; all but the first are off. */
struct vm {
	u64 handle;
	u64 vcpu[KVM_VCPUS];
	u64 gic;
	u8 *data; /* its VM_DATA */
};
/* What fails ends the payload. @entry: kvm_guest_*, where vCPU 0 begins with @arg in x0. */
void vm_create(struct vm *vm, u32 nr_vcpus, void (*entry)(void), u64 arg);
/* The same; @early: is called when there is a VM, and no vCPU yet. */
void vm_create_early(struct vm *vm, u32 nr_vcpus, void (*entry)(void), u64 arg,
		     void (*early)(struct vm *vm));
void vm_destroy(struct vm *vm);

s64 kvm_map(u64 vm, u64 ipa, const void *p, u64 size, u64 flags);
s64 kvm_unmap(u64 vm, u64 ipa, u64 size);
/* @first, @last: bits of the pages 0 to 63 and 192 to 255 from @ipa on. */
s64 kvm_protect(u64 vm, u64 ipa, u64 flags, u64 first, u64 last);
s64 kvm_set_reg(u64 vcpu, u64 id, u64 val);
s64 kvm_get_reg(u64 vcpu, u64 id, u64 *val);
s64 kvm_irq_line(u64 vm, u32 irq, u32 level);
s64 kvm_set_attr(u64 gic, u32 group, u64 attr, const void *val);
/* A device of @type: its handle in *@fd. */
s64 kvm_create_device(u64 vm, u32 type, u32 flags, u64 *fd);
s64 kvm_attr(u64 dev, u64 request, u32 group, u64 attr, const void *val);
s64 kvm_get_attr(u64 gic, u32 group, u64 attr, void *val);
s64 kvm_init_vcpu(u64 vcpu, u32 target, u32 features);
#define KVM_CORE_REG(field)                                                                        \
	(KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_CORE | KVM_REG_ARM_CORE_REG(field))

/* Runs @vcpu until it stores to VM_REPORT: true, and what in *@val. Interrupts of ours are let in. */
bool kvm_report(u64 vcpu, u64 *val);
bool kvm_reports(u64 vcpu, u64 expected);

struct herald_stats kvm_stats(void);

/* A point of @area's: what an ioctl answered. */
void kvm_is(const char *area, s64 got, s64 want, const char *what);

/* In kvm_guest.S. */
extern char kvm_guest[], kvm_guest_end[];
void kvm_guest_mmio(void);
void kvm_guest_regs(void);
void kvm_guest_timer(void);
void kvm_guest_spi(void);
void kvm_guest_ipi(void);
void kvm_guest_ppi(void);
void kvm_guest_off(void);
void kvm_guest_loop(void);
void kvm_guest_wfi(void);
void kvm_guest_once(void);
void kvm_guest_script(void);
void kvm_guest_bench(void);
u64 kvm_run_filled(u64 regs[4], u64 *before, u64 *after, u64 keys);

/* guests/bare/kvm_bad.c, kvm_its.c, kvm_bench.c */
void test_kvm_its(void);
void test_kvm_its_bench(void);
void test_kvm_bad(void);
/* guests/bare/kvm_gic.c; ticks of the longest step of CTRL_INIT, and of a register's write, with 512 vCPUs. */
void test_kvm_gic(void);
u64 bench_kvm_gic_init(u32 *steps);
u64 bench_kvm_gic_attr(void);
void test_kvm_bench(void);

#endif
