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
 * KVM_GET_ONE_REG. What is not here is trapped (hyp/sysreg_trap.c), or is among WORLD_CORE_REGS, or has code of its own:
 * the timers, MDSCR_EL1, pointer authentication keys, SIMD, the GIC's CPU interface.
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

#define WORLD_KEYS 10 /* two words of each of the five keys */

/* Read and written by hyp/world.S. */
struct world_simd {
	u64 v[64];
	u64 fpcr;
	u64 fpsr;
};

struct world {
	struct world_simd simd;
	u64 keys[WORLD_KEYS];
	u64 x[31];
	u64 pc;
	u64 pstate;
#define WORLD_FIELD(name, ...) u64 name;
	WORLD_SYS_REGS(WORLD_FIELD)
	WORLD_CORE_REGS(WORLD_FIELD)
#undef WORLD_FIELD
	u64 mdscr;
	u64 cntv_ctl, cntv_cval;
	u64 cntp_ctl, cntp_cval;
	u64 hcr; /* HCR_EL2, a pending virtual SError included, */
	u64 vsesr; /* its syndrome */
	u64 vdisr; /* and DISR_EL1, if there is RAS */
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

/* The timers' interrupts of @v, loaded or not: vgic/host.h's functions of the same names. */
void world_ppi_enable(struct vcpu *v, u32 intid, bool enable);
void world_ppi_set_pending(struct vcpu *v, u32 intid, bool pending);
bool world_ppi_get_pending(struct vcpu *v, u32 intid);
void world_ppi_set_active(struct vcpu *v, u32 intid, bool active);
/* Will one of them interrupt @v, which is not loaded, when it is? Then it is to be run. */
bool world_ppi_due(struct vcpu *v);

/* The physical PPIs of the timers, one bit for each INTID; and what a VM calls them. */
u32 world_ppi_mask(void);
#define WORLD_VM_VTIMER 27
#define WORLD_VM_PTIMER 30

/* hyp/world.S */
void world_simd_save(struct world_simd *s);
void world_simd_load(const struct world_simd *s);
void world_keys_save(u64 keys[WORLD_KEYS]);
void world_keys_load(const u64 keys[WORLD_KEYS]);

#endif
