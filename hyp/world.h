/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a vCPU is while it is not on a CPU: every register that its guest can reach.
 *
 * A CPU always has one vCPU loaded: its own of the management VM, or for the time of a KVM_RUN a VM's. General registers
 * of the loaded one are in the CPU's frame (hyp/entry.S) while EL2 runs, all others in the CPU itself.
 */
#ifndef HERALD_HYP_WORLD_H
#define HERALD_HYP_WORLD_H

#include "hyp/lib/lock.h"

struct vcpu;
struct cpu;

/*
 * X(name, op1, CRn, CRm, op2, reset): registers of EL1 and EL0 with op0 = 3 that are switched, reset and read by
 * KVM_GET_ONE_REG. What is not here is trapped (hyp/sysreg_trap.c), or is among WORLD_CORE_REGS or WORLD_KEPT_REGS, or has
 * code of its own: pointer authentication keys, SIMD, the GIC's CPU interface, debug registers.
 */
#define WORLD_SYS_REGS(X)                                                                          \
	X(sctlr_el1, 0, 1, 0, 0, SCTLR_EL1_RESET)                                                  \
	X(cpacr_el1, 0, 1, 0, 2, 0)                                                                \
	X(ttbr0_el1, 0, 2, 0, 0, 0)                                                                \
	X(ttbr1_el1, 0, 2, 0, 1, 0)                                                                \
	X(tcr_el1, 0, 2, 0, 2, 0)                                                                  \
	X(afsr0_el1, 0, 5, 1, 0, 0)                                                                \
	X(afsr1_el1, 0, 5, 1, 1, 0)                                                                \
	X(esr_el1, 0, 5, 2, 0, 0)                                                                  \
	X(far_el1, 0, 6, 0, 0, 0)                                                                  \
	X(par_el1, 0, 7, 4, 0, 0)                                                                  \
	X(mair_el1, 0, 10, 2, 0, 0)                                                                \
	X(amair_el1, 0, 10, 3, 0, 0)                                                               \
	X(vbar_el1, 0, 12, 0, 0, 0)                                                                \
	X(contextidr_el1, 0, 13, 0, 1, 0)                                                          \
	X(tpidr_el1, 0, 13, 0, 4, 0)                                                               \
	X(cntkctl_el1, 0, 14, 1, 0, 0)                                                             \
	X(csselr_el1, 2, 0, 0, 0, 0)                                                               \
	X(tpidr_el0, 3, 13, 0, 2, 0)                                                               \
	X(tpidrro_el0, 3, 13, 0, 3, 0)

/* Those that KVM counts among the core registers. */
#define WORLD_CORE_REGS(X)                                                                         \
	X(sp_el0)                                                                                  \
	X(sp_el1)                                                                                  \
	X(elr_el1)                                                                                 \
	X(spsr_el1)

/*
 * X(name, op0, op1, CRn, CRm, op2): registers with a way of their own, which KVM_GET_ONE_REG reads here. The guest's
 * debug control, trapped; the timers, with KVM's number of CNTV_CVAL; DISR_EL1 behind its virtual one; and four of
 * AArch32, which a guest of AArch64 cannot reach: kept for a VMM that saves and restores all that KVM lists.
 */
#define WORLD_KEPT_REGS(X)                                                                         \
	X(mdscr, 2, 0, 0, 2, 2)                                                                    \
	X(mdccint, 2, 0, 0, 2, 0)                                                                  \
	X(oslsr, 2, 0, 1, 1, 4)                                                                    \
	X(actlr, 3, 0, 1, 0, 1)                                                                    \
	X(vdisr, 3, 0, 12, 1, 1)                                                                   \
	X(cntv_ctl, 3, 3, 14, 3, 1)                                                                \
	X(cntv_cval, 3, 3, 14, 0, 2)                                                               \
	X(cntp_ctl, 3, 3, 14, 2, 1)                                                                \
	X(cntp_cval, 3, 3, 14, 2, 2)                                                               \
	X(dbgvcr32, 2, 4, 0, 7, 0)                                                                 \
	X(dacr32, 3, 4, 3, 0, 0)                                                                   \
	X(ifsr32, 3, 4, 5, 0, 1)                                                                   \
	X(fpexc32, 3, 4, 5, 3, 0)

#define WORLD_KEYS 10 /* two words of each of the five keys */
#define WORLD_INDEX(name, ...) WORLD_##name,
enum world_index { WORLD_SYS_REGS(WORLD_INDEX) WORLD_KEPT_REGS(WORLD_INDEX) WORLD_NR_LISTED };
#define WORLD_NR_SYS (WORLD_NR_LISTED + WORLD_KEYS)
#define WORLD_NR_CORE 41

/* Break- and watchpoints: four registers for each number, as their op2 orders them. */
#define WORLD_NR_DEBUG 16
struct world_debug {
	struct {
		u64 bvr, bcr, wvr, wcr;
	} r[WORLD_NR_DEBUG];
};

/* Read and written by hyp/world.S. */
struct world_simd {
	u64 v[64];
	u64 fpcr;
	u64 fpsr;
};

struct world {
	struct world_simd simd;
	union {
		u64 core[WORLD_NR_CORE]; /* in the order of struct kvm_regs */
		struct {
			u64 x[31];
			u64 sp_el0;
			u64 pc;
			u64 pstate;
			u64 sp_el1;
			u64 elr_el1;
			u64 spsr_el1;
			u64 spsr_aa32[4];
		};
	};
	union {
		u64 sys[WORLD_NR_SYS]; /* in the order of the lists above */
		struct {
#define WORLD_FIELD(name, ...) u64 name;
			WORLD_SYS_REGS(WORLD_FIELD)
			WORLD_KEPT_REGS(WORLD_FIELD)
#undef WORLD_FIELD
			u64 keys[WORLD_KEYS];
		};
	};
	struct world_debug
		debug; /* a VM's as its guest wrote them; the home vCPU's while a VM has its own in the CPU */
	u64 hcr; /* HCR_EL2, a pending virtual SError included, */
	u64 vsesr; /* and its syndrome */
};

/*
 * The timers' interrupts are the CPU's own PPIs, tied to the vCPU's: their physical state goes with the vCPU. While it is
 * loaded it is in the redistributor of @cpu, else here. One bit for each INTID. LOCK_PPI.
 */
struct world_ppi {
	struct spinlock lock;
	u32 cpu; /* or WORLD_PPI_NOWHERE */
	u32 enabled;
	u32 active;
	u32 pending; /* set by software */
};
#define WORLD_PPI_NOWHERE (~0u)

/* All registers as after a reset; what the architecture leaves UNKNOWN is zero. @v is not loaded. */
void world_reset(struct vcpu *v);

/*
 * From the CPU that runs this into memory, and back. Between the two no vCPU is loaded. The caller has interrupts masked,
 * as EL2 always has.
 */
void world_save(struct vcpu *v);
void world_load(struct vcpu *v);

/*
 * Before world_save(): an SError that is pending becomes the loaded vCPU's, whose accesses it is of, and not the next
 * one's. False: there is one, and without RAS it can only be taken, by entering the guest that is loaded.
 */
bool world_serror_settle(void);

/*
 * After a change of what @v, a VM's vCPU that is loaded here, has in its debug registers and in MDSCR_EL1, or what its
 * VMM does: puts into the CPU what is to be there (hyp/debug.c). world_load() does it too.
 */
void world_debug_update(struct vcpu *v);
/* The home vCPU's are in the CPU again. */
void world_debug_leave(void);

/* The timers' interrupts of @v, loaded or not: vgic/host.h's functions of the same names. */
void world_ppi_enable(struct vcpu *v, u32 intid, bool enable);
void world_ppi_set_pending(struct vcpu *v, u32 intid, bool pending);
bool world_ppi_get_pending(struct vcpu *v, u32 intid);
void world_ppi_set_active(struct vcpu *v, u32 intid, bool active);
/* Will one of them interrupt @v, which is not loaded, when it is? Then it is to be run. */
bool world_ppi_due(struct vcpu *v);

/* The physical PPIs of the timers, one bit for each INTID; and what a VM calls them if its VMM does not say. */
u32 world_ppi_mask(void);
#define WORLD_VM_VTIMER 27
#define WORLD_VM_PTIMER 30

/* hyp/world.S */
void world_simd_save(struct world_simd *s);
void world_simd_load(const struct world_simd *s);
void world_keys_save(u64 keys[WORLD_KEYS]);
void world_keys_load(const u64 keys[WORLD_KEYS]);
/* The first @breakpoints and @watchpoints of the CPU's debug registers. */
void world_debug_save(struct world_debug *d, u64 breakpoints, u64 watchpoints);
void world_debug_load(const struct world_debug *d, u64 breakpoints, u64 watchpoints);

#endif
