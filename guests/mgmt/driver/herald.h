/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the driver's files share.
 *
 * A file descriptor of /dev/kvm stands for a handle of EL2. EL2 runs vCPUs, keeps their registers, interrupts and
 * stage-2 tables; here are file descriptors, memory slots, the pages behind them, and threads that wait.
 *
 * Who keeps whom: the files of vCPUs and devices, and the VM's own, each hold a reference of the VM; with the last one
 * EL2's VM is closed and its memory given back.
 *
 * Lock order (vm->filter_lock is taken with no other):
 *   vm->vcpus_lock          which vCPUs there are
 *     vcpu->mutex           one ioctl of a vCPU at a time
 *       vm->slots_lock      read: a fault is resolved; write: slots change
 *         mmap_lock         in pin_user_pages_fast(), mmu_interval_notifier_insert()
 *           slot->lock      which pages are mapped; taken by the MMU notifier, so nothing under it waits for memory
 *   vm->gic_lock            the GIC becomes ready
 *     vm->io_lock           ioeventfds, coalesced zones and routes are changed; readers are under vm->srcu
 *   vm->resample_lock       which lines are resampled; in KVM_RUN under vcpu->mutex
 *   an eventfd's own lock   also under vm->resample_lock
 *     vm->irqfds_lock       which irqfds there are
 *   vm->ring_lock           coalesced stores
 */
#ifndef HERALD_H
#define HERALD_H

#include <linux/file.h>
#include <linux/fs.h>
#include <linux/hashtable.h>
#include <linux/kref.h>
#include <linux/kvm.h>
#include <linux/maple_tree.h>
#include <linux/mmu_notifier.h>
#include <linux/mutex.h>
#include <linux/rbtree.h>
#include <linux/rwsem.h>
#include <linux/signal.h>
#include <linux/srcu.h>
#include <linux/wait.h>
#include <linux/xarray.h>

#include "compat.h"
#include "hvc.h"

/* Stage 2 is in pages of 4 KiB and blocks of 2 MiB. */
static_assert(PAGE_SIZE == SZ_4K, "Herald's driver needs a kernel with pages of 4 KiB");
#define HUGE_SIZE SZ_2M
#define HUGE_PAGES (HUGE_SIZE / PAGE_SIZE)
static_assert(HUGE_SIZE == HERALD_MAP_MAX, "a block must be mapped by one call");

#define NO_HANDLE (~0ull)
#define HERALD_MAX_ROUTES 4096 /* these are KVM's numbers */
#define HERALD_MAX_SLOTS 32767

struct herald_routes;
struct herald_resampled;

/* The struct that EL2 gets for an interrupt, in memory of the linear map. */
union herald_irq_args {
	struct kvm_msi msi;
	struct kvm_irq_level line;
};

/* What is counted of a VM, and of a vCPU: stats.c has the names. */
struct herald_vm_stats {
	atomic64_t faults; /* that slots resolved */
	atomic64_t fault_retries; /* tried again since Linux changed the memory meanwhile */
	atomic64_t pages; /* of the VMM that are pinned and mapped now */
	atomic64_t dirty; /* pages that were found dirty, each time */
};

struct herald_vcpu_stats {
	u64 exits; /* KVM_RUN's hypercall came back */
	u64 mmio_user;
	u64 mmio_kernel; /* stores that were an ioeventfd's, or coalesced */
	u64 wfi;
	u64 signals;
};

struct herald_vm {
	struct kref ref;
	u64 handle;
	struct mm_struct *mm; /* the VMM's: nobody else may use the VM */
	u64 ipa_end; /* the first address beyond its space */
	struct mutex vcpus_lock;
	struct list_head vcpus; /* whose files are open */
	struct rw_semaphore slots_lock;
	struct maple_tree filter; /* of calls: action by function; empty: there is none */
	struct mutex filter_lock;
	struct xarray slots; /* by number */
	struct rb_root by_ipa;
	u64 manual_dirty_log; /* KVM_DIRTY_LOG_* */
	bool nisv_to_user;
	struct mutex gic_lock; /* gic_ready becomes true */
	bool gic_ready; /* initialised, and the VM has its first routes */
	struct srcu_struct srcu;
	struct mutex io_lock; /* who changes routes, ioeventfds and zones; readers: srcu */
	struct herald_routes __rcu *routes; /* NULL: none */
	DECLARE_HASHTABLE(ioeventfds, 6);
	struct list_head zones;
	u32 nr_zones;
	spinlock_t ring_lock; /* the ring's last */
	struct kvm_coalesced_mmio_ring *ring; /* a page, mapped by the VMM */
	spinlock_t irqfds_lock; /* the list, also from an eventfd's wake-up */
	struct list_head irqfds;
	struct mutex resample_lock; /* the list, and its entries' irqfds */
	struct list_head resamplers;
	struct herald_vm_stats stats;
};

/* 2 MiB of IPA space, as far as the slot has a part in it. */
struct herald_block {
	struct page **pages; /* those that are pinned and mapped; NULL: none was ever */
	bool huge; /* mapped as one */
	bool small; /* its memory was found not to be one huge page: not tried again */
};

/* The structs of EL2's page requests. */
union herald_page_args {
	struct herald_map map;
	struct herald_unmap unmap;
	struct herald_protect protect;
};

struct herald_slot {
	struct herald_vm *vm;
	struct rb_node node; /* in vm->by_ipa */
	struct mmu_interval_notifier notifier;
	u32 id;
	u32 flags; /* KVM_MEM_* */
	u64 ipa;
	u64 size;
	unsigned long hva; /* in the VMM's address space */
	struct mutex lock; /* blocks, args, and what stage 2 has of the slot */
	struct herald_block *blocks;
	/* A bit for each page, if writes are logged: what is mapped is writable if it is set. */
	unsigned long *dirty;
	union herald_page_args args;
};

struct herald_vcpu {
	struct herald_vm *vm;
	struct list_head link; /* in vm->vcpus */
	u64 handle;
	u32 id;
	struct mutex mutex; /* one ioctl at a time */
	struct kvm_run *run; /* a page, mapped by the VMM */
	void *bounce; /* a page, for structs on their way to EL2 */
	struct page **pages; /* a page: those of a fault */
	u64 finish; /* HERALD_RUN_COMPLETE, HERALD_RUN_ABORT: how the next entry ends the last exit; or 0 */
	u32 read_len; /* bytes that the VMM was asked to read; 0: none */
	u64 steal_ipa; /* where the guest reads its stolen time, ~0: nowhere, */
	u64 steal_last; /* and what the thread's was when it was last told */
	bool sigset_active;
	sigset_t sigset; /* the thread's signal mask while in KVM_RUN */
	bool woken; /* by the doorbell, since the last entry */
	struct herald_vcpu_stats stats;
	wait_queue_head_t wait;
};

struct herald_device {
	struct herald_vm *vm;
	u64 handle;
	u32 type; /* KVM_DEV_TYPE_* */
};

/* vm.c */
int herald_vm_create(unsigned long type);
void herald_vm_put(struct herald_vm *vm);

/* caps.c */
long herald_check_extension(u64 handle, unsigned long cap);
long herald_enable_cap(struct herald_vm *vm, unsigned long arg);

/* mem.c */
int herald_set_memory(struct herald_vm *vm, const struct kvm_userspace_memory_region *region);
int herald_fault(struct herald_vm *vm, u64 ipa, u64 flags, struct page **pages);
bool herald_has_guest(struct herald_vm *vm, u64 ipa);
int herald_read_guest(struct herald_vm *vm, u64 ipa, void *buf, size_t size);
int herald_write_guest(struct herald_vm *vm, u64 ipa, const void *buf, size_t size);
void herald_mem_release(struct herald_vm *vm);
struct herald_slot *herald_mem_slot(struct herald_vm *vm, u32 id);

/* slot.c */
struct herald_slot *herald_slot_new(struct herald_vm *vm,
				    const struct kvm_userspace_memory_region *region);
void herald_slot_free(struct herald_slot *slot);
int herald_slot_map(struct herald_slot *slot, u64 ipa, bool write, struct page **pages);
void herald_slot_mark(struct herald_slot *slot, u64 ipa);
int herald_slot_set_flags(struct herald_slot *slot, u32 flags);
void herald_slot_protect(struct herald_slot *slot, unsigned long first, const unsigned long *bits,
			 unsigned long words);

/* dirty.c */
long herald_dirty_get(struct herald_vm *vm, const void __user *arg);
long herald_dirty_clear(struct herald_vm *vm, const void __user *arg);

/* route.c */
long herald_routes_set(struct herald_vm *vm, struct kvm_irq_routing __user *arg);
int herald_routes_default(struct herald_vm *vm);
void herald_routes_free(struct herald_vm *vm);
u32 herald_route_spi(struct herald_vm *vm, u32 gsi);
void herald_route_lower(struct herald_vm *vm, u32 gsi, union herald_irq_args *args);
long herald_route_raise(struct herald_vm *vm, u32 gsi, union herald_irq_args *args);

/* irqfd.c */
int herald_irqfd_init(void);
void herald_irqfd_exit(void);
long herald_irqfd(struct herald_vm *vm, struct kvm_irqfd __user *arg);
void herald_irqfds_release(struct herald_vm *vm);

/* resample.c */
struct herald_resampled *herald_resample_add(struct herald_vm *vm, u32 gsi, int fd);
void herald_resample_remove(struct herald_vm *vm, struct herald_resampled *r,
			    union herald_irq_args *args);
void herald_resample_rerouted(struct herald_vm *vm);
void herald_resample(struct herald_vm *vm);

/* ioeventfd.c */
long herald_ioeventfd(struct herald_vm *vm, struct kvm_ioeventfd __user *arg);
bool herald_ioeventfd_write(struct herald_vm *vm, u64 addr, u32 len, u64 data);
void herald_ioeventfds_free(struct herald_vm *vm);

/* coalesced.c */
long herald_zone_add(struct herald_vm *vm, const void __user *arg);
long herald_zone_remove(struct herald_vm *vm, const void __user *arg);
bool herald_zone_write(struct herald_vm *vm, u64 addr, u32 len, u64 data);
void herald_zones_free(struct herald_vm *vm);

/* stats.c */
long herald_vm_stats(struct herald_vm *vm);
long herald_vcpu_stats(struct herald_vcpu *vcpu, struct file *file);

/* vcpu.c */
int herald_vcpu_create(struct herald_vm *vm, unsigned long id);
int herald_vcpus_hold(struct herald_vm *vm);
void herald_vcpus_let(struct herald_vm *vm);

/* run.c */
#define HERALD_GO_ON 1 /* what an exit's handler says; 0 and errors end KVM_RUN */
long herald_run(struct herald_vcpu *vcpu);

/* call.c */
long herald_call(struct herald_vcpu *vcpu, u32 function, u64 arg, u64 flags);
void herald_steal_init(struct herald_vcpu *vcpu);
void herald_steal_update(struct herald_vcpu *vcpu);
long herald_steal_attr(struct herald_vcpu *vcpu, u32 request, const struct kvm_device_attr *attr);
long herald_vm_attr(struct herald_vm *vm, u32 request, unsigned long arg);

/* device.c */
long herald_device_create(struct herald_vm *vm, struct kvm_create_device __user *arg);

/* pass.c */
long herald_pass(u64 handle, u32 request, unsigned long arg, void *bounce);
long herald_pass_alloc(u64 handle, u32 request, unsigned long arg);
long herald_pass_reg(u64 handle, u32 request, unsigned long arg, void *bounce);
long herald_pass_reg_list(u64 handle, unsigned long arg, void *bounce);
long herald_pass_attr(struct herald_vm *vm, u64 handle, u32 request,
		      const struct kvm_device_attr *attr, void *bounce, u32 size);

/* wake.c */
int herald_wake_init(struct device_node *node);
void herald_wake_exit(void);
int herald_wake_add(struct herald_vcpu *vcpu);
void herald_wake_remove(struct herald_vcpu *vcpu);

#endif
