/* SPDX-License-Identifier: GPL-2.0-only */
/* Physical CPUs: their table, and the EL2 registers that do not depend on the guest. */
#include "hyp/cpu.h"
#include "hyp/lib/errno.h"
#include "hyp/lib/lock.h"
#include "hyp/mem.h"
#include "hyp/sysreg.h"

struct cpu cpu_table[BOARD_MAX_CPUS];
u32 cpu_count;

extern char vectors[];

#ifdef HERALD_DEBUG
u32 *lock_held_ranks(void)
{
	static u32 boot_ranks;

	/* TPIDR_EL2 is not there before the table is, nor at another exception level. */
	return cpu_count ? &cpu_this()->held_ranks : &boot_ranks;
}
#endif

static u64 cpu_stack_top(u32 index)
{
	return MEM_STACK_VA + (u64)(index + 1) * MEM_STACK_STRIDE;
}

int cpu_init_table(const struct board *b, u64 self_mpidr, u64 table_pa)
{
	u32 i;

	for (i = 0; i < b->nr_cpus; i++) {
		struct cpu *c = &cpu_table[i];

		c->index = i;
		c->mpidr = b->cpu_mpidr[i];
		c->boot.table = table_pa;
		c->boot.stack = cpu_stack_top(i);
		c->boot.cpu = (u64)c;
		c->bell.lock = SPINLOCK_INIT(LOCK_DOORBELL);
		c->frame = (struct regs *)(cpu_stack_top(i) - sizeof(struct regs));
	}
	for (i = 0; i < b->nr_cpus && cpu_table[i].mpidr != (self_mpidr & MPIDR_AFF_MASK); i++)
		;
	if (i == b->nr_cpus)
		return -ENODEV;
	cpu_set_this(&cpu_table[i]);
	cpu_table[i].started = true;
	cpu_count = b->nr_cpus;
	return 0;
}

bool cpu_has_cntpoff(void)
{
	return FIELD_GET(ID_MMFR0_ECV, sysreg_read(id_aa64mmfr0_el1)) >= ID_MMFR0_ECV_POFF;
}

/* Fine-grained traps and feature enables that a reset leaves undefined; only where the CPU has them. */
static void cpu_init_optional(void)
{
	u64 mmfr0 = sysreg_read(id_aa64mmfr0_el1);

	if (FIELD_GET(ID_MMFR0_FGT, mmfr0)) {
		sysreg_write(HFGRTR_EL2, 0);
		sysreg_write(HFGWTR_EL2, 0);
		sysreg_write(HFGITR_EL2, 0);
		sysreg_write(HDFGRTR_EL2, 0);
		sysreg_write(HDFGWTR_EL2, 0);
	}
	if (FIELD_GET(ID_MMFR0_FGT, mmfr0) >= ID_MMFR0_FGT2) {
		sysreg_write(HFGRTR2_EL2, 0);
		sysreg_write(HFGWTR2_EL2, 0);
		sysreg_write(HFGITR2_EL2, 0);
		sysreg_write(HDFGRTR2_EL2, 0);
		sysreg_write(HDFGWTR2_EL2, 0);
	}
	if (FIELD_GET(ID_MMFR1_HCX, sysreg_read(id_aa64mmfr1_el1)))
		sysreg_write(HCRX_EL2, 0);
	if (cpu_has_cntpoff())
		sysreg_write(CNTPOFF_EL2, 0);
}

bool cpu_has_ras(void)
{
	return FIELD_GET(ID_PFR0_RAS, sysreg_read(id_aa64pfr0_el1));
}

bool cpu_has_pauth(void)
{
	return (sysreg_read(id_aa64isar1_el1) & ID_ISAR1_PAUTH) ||
	       (sysreg_read(ID_AA64ISAR2_EL1) & ID_ISAR2_PAUTH);
}

void cpu_init_el2(struct cpu *c)
{
	u64 pmu = FIELD_GET(ID_DFR0_PMUVER, sysreg_read(id_aa64dfr0_el1));
	u64 hpmn = 0;

	cpu_set_this(c);
	sysreg_write(vbar_el2, vectors);
	sysreg_write(cptr_el2, CPTR_RES1 | CPTR_TZ | CPTR_TSM | CPTR_TTA | CPTR_TAM);
	if (pmu && pmu != ID_DFR0_PMUVER_IMPDEF)
		hpmn = FIELD_GET(PMCR_N, sysreg_read(pmcr_el0));
	c->mdcr = FIELD_PREP(MDCR_HPMN, hpmn) | MDCR_TPM | MDCR_TPMCR | MDCR_TPMS | MDCR_TTRF;
	sysreg_write(mdcr_el2, c->mdcr);
	sysreg_write(vpidr_el2, sysreg_read(midr_el1));
	sysreg_write(cnthctl_el2,
		     CNTHCTL_EL1PCTEN | CNTHCTL_EL1PCEN | (cpu_has_cntpoff() ? CNTHCTL_ECV : 0));
	sysreg_write(cntvoff_el2, 0);
	sysreg_write(cnthp_ctl_el2, 0);
	sysreg_write(hstr_el2, 0);
	cpu_init_optional();
	/* What ran here before may have left translations of any VMID. */
	__asm__ volatile("tlbi alle1" ::: "memory");
	dsb(nsh);
	isb();
	atomic_store_release(&c->started, true);
}
