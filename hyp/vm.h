/* SPDX-License-Identifier: GPL-2.0-only */
/* Virtual machines and their vCPUs. */
#ifndef HERALD_HYP_VM_H
#define HERALD_HYP_VM_H

#include "hyp/cpu.h"
#include "hyp/lib/lock.h"
#include "hyp/pool.h"
#include "hyp/stage2.h"
#include "hyp/world.h"
#include "its/its.h"
#include "pci/mirror.h"
#include "vgic/vgic.h"

#define VM_MAX_MMIO (BOARD_MAX_REDIST + BOARD_MAX_ITS + 1)

/* ON_PENDING: CPU_ON was called, and it has not begun yet. */
enum vcpu_power { VCPU_OFF, VCPU_ON_PENDING, VCPU_ON };

/* Where a VM's vCPU is, seen from its KVM_RUN (hyp/run.c). */
enum vcpu_run { VCPU_IDLE, VCPU_RUNNING, VCPU_BLOCKED, VCPU_WOKEN };

/* KVM_SET_GUEST_DEBUG */
#define VCPU_DEBUG_ON BIT(0)
#define VCPU_DEBUG_STEP BIT(1)
#define VCPU_DEBUG_HW BIT(2)

/* The families of calls that a VMM can switch off, by the order of KVM's firmware registers (hyp/abi_fw.c). */
enum { VM_CALLS_STD, VM_CALLS_STD_HYP, VM_CALLS_VENDOR_HYP, VM_NR_CALLS };
/* Ways in which a KVM_RUN ends: HERALD_EXIT_* (hyp/herald_abi.h), 0 for -EINTR. */
#define VCPU_EXITS 6

/* A stage-2 fault that went to the management VM, until the next KVM_RUN. */
struct vcpu_fault {
	bool pending;
	u64 esr;
	u64 far;
};

/*
 * What a register write of the vCPU left to do at EL2 (vcpu_work()): a queue to drain, tables to read. It does not go on
 * in its guest until that is done, but may leave for the management VM in between.
 */
struct vcpu_work {
	bool pending;
	struct vits *its; /* whose queue, or NULL */
	struct vgic_cpu *redist; /* whose tables, or NULL */
	u64 missing; /* the page it left for, as HERALD_ABSENT(); 0: none */
	u64 absent[2]; /* pages that the management VM cannot map */
};

struct vcpu {
	struct vm *vm;
	struct cpu *cpu; /* where it is loaded, or NULL; a pinned vCPU's CPU for good */
	struct vgic_cpu *vgic;
	u32 index;
	u32 power; /* enum vcpu_power; changed by atomic operations only */
	u64 mpidr;
	u64 entry; /* PSCI CPU_ON: where to start, */
	u64 context; /* and what to find in x0 */
	u32 run; /* enum vcpu_run; changed by atomic operations only */
	u32 last_cpu; /* where it ran last: its doorbell rings there */
	u32 id; /* what KVM_CREATE_VCPU was asked for */
	bool initialized; /* by KVM_ARM_VCPU_INIT */
	bool psci_0_1; /* its guest calls PSCI by the numbers that KVM had before PSCI 0.2 */
	bool pauth; /* its guest has pointer authentication */
	bool timers_tied; /* its virtual GIC knows which of its interrupts they are: it may run */
	bool suspended; /* by KVM_SET_MP_STATE: it waits for an interrupt, and then its VMM decides */
	bool abort; /* KVM_SET_VCPU_EVENTS: it takes an external abort first */
	bool step_done; /* the VMM was told of a step: the next run makes another one */
	bool call_pending; /* a call left to be judged by the filter: HERALD_RUN_CALL */
	u32 debug; /* VCPU_DEBUG_*: what its VMM debugs, */
	struct world_debug debug_vmm; /* with these */
	u64 exits[VCPU_EXITS]; /* to the management VM; written where it runs */
	struct vcpu_fault fault;
	struct vcpu_work work;
	struct cpu *bell; /* on whose list of woken vCPUs it is, or NULL (hyp/doorbell.c) */
	struct vcpu *bell_next, *bell_prev; /* under the lock of that list */
	struct world_ppi ppi;
	struct world world;
};

#define VM_FEATURES_SET BIT(31)
#define VM_MAX_IDS 512
#define VM_MAX_REDIST 8

/* The GIC of a managed VM, as its VMM describes it (hyp/guest_gic.c). */
struct vm_gic {
	bool created;
	bool none; /* it ran without: there is one that its guest has no access to */
	bool placed; /* its frames are where they will stay */
	u64 dist; /* guest address, or VM_GIC_NOWHERE */
	u32 nr_irqs; /* 0: not set yet */
	u32 nr_redist;
	struct vm_redist {
		u64 base;
		u32 count; /* of vCPUs; 0: all of them, and the only region */
	} redist[VM_MAX_REDIST];
	/* CTRL_INIT, which is done in steps: vm->vgic is set by the last one. */
	void *mem;
	u64 zeroed; /* so much of mem is */
	u32 nr_made; /* vCPUs that have their part */
	u32 save; /* where KVM_DEV_ARM_VGIC_SAVE_PENDING_TABLES is */
};
#define VM_GIC_NOWHERE (~UINT64_C(0))

/* A virtual ITS with its lock (hyp/vits.c). */
struct vits {
	struct spinlock lock; /* LOCK_ITS */
	struct its *its;
	void *mem; /* its memory, */
	u64 zeroed; /* how much of it is ready, */
	void *extra; /* and what lies behind the ITS's own */
	struct mirror *mirror; /* NULL: no physical ITS is behind it */
	u32 host_its; /* the one that is: index into board.its */
	struct vm *vm;
	u64 base; /* of its frame, or VM_GIC_NOWHERE */
};

struct mmio_region {
	u64 base;
	u64 size;
	u64 (*read)(struct vcpu *v, const struct mmio_region *r, u64 offset, u32 size);
	void (*write)(struct vcpu *v, const struct mmio_region *r, u64 offset, u32 size, u64 val);
	u64 cookie; /* redistributors: index of the first vCPU; ITS: index */
};

struct vm {
	u32 vmid;
	u32 nr_vcpus;
	u32 nr_its;
	u32 nr_mmio;
	struct vcpu **vcpus; /* by index; vCPUs are added, nr_vcpus last, never removed */
	struct vgic *vgic;
	struct vits its[BOARD_MAX_ITS];
	struct mmio_region mmio[VM_MAX_MMIO];
	struct stage2 s2;
	struct pool_account *account;
	u64 cntvoff; /* CNTVOFF_EL2 */
	u64 cntpoff; /* CNTPOFF_EL2, where it exists */
	/*
	 * What to do with an access that stage 2 does not translate and no MMIO region claims: 0 if it was mapped and is
	 * to be retried, or an errno and the guest gets an external abort. NULL: always the abort.
	 */
	int (*fault)(struct vm *vm, u64 ipa);
	bool pinned; /* vCPU n lives on physical CPU n, and CPU_ON starts it there: the management VM */
	/* Of managed VMs: */
	struct spinlock lock; /* LOCK_VM: vCPUs and devices being made, mappings, CPU_ON */
	struct vm_gic gic;
	bool clock_set; /* KVM_ARM_SET_COUNTER_OFFSET: writing a counter moves nothing any more */
	bool can_suspend; /* PSCI SYSTEM_SUSPEND */
	bool calls_filtered; /* each call leaves, to be judged */
	u32 features; /* what KVM_ARM_VCPU_INIT was asked for first, and VM_FEATURES_SET; 0: nothing yet */
	u32 psci_version; /* 0: as the vCPU's features say */
	u64 calls[VM_NR_CALLS]; /* KVM_REG_ARM_*_BMAP */
	u8 timer_ppi[2]; /* the virtual timer's, and the physical one's */
	bool ready; /* its frames are in place: it may run */
	bool held; /* run_hold_all() */
	u16 *by_id; /* index + 1 of the vCPU with an id, below VM_MAX_IDS; 0: none */
	u16 *last_ran; /* by CPU: index of the vCPU that ran there last */
};

/* All calls of each family that a VM can have. */
extern const u64 vm_calls_all[VM_NR_CALLS];

/* vCPU of @vm whose affinity is @mpidr, or NULL. */
struct vcpu *vm_find_vcpu(struct vm *vm, u64 mpidr);

/* Index of the vCPU of a managed VM with @id, any number; VGIC_NOWHERE: there is none. */
u32 vm_vcpu_index(const struct vm *vm, u64 id);

/* Adds a trapped range; ranges must not overlap. -ENOSPC, -EEXIST. Not two at a time. */
int vm_add_mmio(struct vm *vm, const struct mmio_region *r);

/* The frames of the virtual GIC at guest addresses; vCPUs from @first_vcpu on fill a region of redistributors. */
int vm_add_dist(struct vm *vm, u64 base);
int vm_add_redist(struct vm *vm, u64 base, u64 size, u32 first_vcpu);

/* Registers at reset, to start at v->entry with v->context in x0. The vCPU is off or new, and not loaded. */
void vcpu_reset(struct vcpu *v);

/* Loads the pinned vCPU of this CPU, which was reset, and enters the guest. This CPU's frame is rewritten. */
void vcpu_start(struct vcpu *v) __attribute__((noreturn));

/* Waits, serving interrupts, until a CPU_ON for the vCPU of this CPU arrives; then starts it. */
void vcpu_wait_for_power(struct vcpu *v) __attribute__((noreturn));

/* Puts what became pending into the list registers; what comes meanwhile makes the guest exit at once. */
void vcpu_flush(struct vcpu *v);

/* Interrupts that are pending on this CPU are handled, and what others asked of the loaded vCPU's list registers. */
void vcpu_serve(struct vcpu *v);

/*
 * Goes on with v->work, in steps, between which interrupts are served: to its end, or until the management VM has an
 * interrupt, or has to map a page; then another vCPU may be loaded. @v is loaded here, its instruction completed.
 */
void vcpu_work(struct vcpu *v) __attribute__((noinline));

/*
 * Memory of the VM @vm, for its GIC and ITSes: as stage2_read() and stage2_write(), of a managed VM also -EAGAIN: not
 * mapped, cpu_this()->missing says what.
 */
int vm_read(void *vm, u64 ipa, void *buf, size_t len);
int vm_write(void *vm, u64 ipa, const void *buf, size_t len);

#endif
