// SPDX-License-Identifier: GPL-2.0-only
/*
 * Stage 2, the CPU's part: TLB maintenance and what the ID registers say.
 *
 * TLBI by IPA and by VMID act on the VMID in VTTBR_EL2 (DDI 0487 D8.17), so the VM's is put there
 * for the while. Stage-1 entries may hold a stage-2 result: they go, too, after the stage-2 entries
 * they were made from. Every CPU is taken to have the same PARange and VMIDBits as the one that
 * asks.
 */
#include "hyp/stage2.h"
#include "hyp/sysreg.h"

#define MMFR0_PARANGE GENMASK(3, 0)
#define MMFR1_VMIDBITS GENMASK(7, 4)
#define MMFR1_VMIDBITS_16 2
#define TLBI_PAGE 12

static u64 vmid_enter(const struct stage2 *s)
{
	u64 vttbr = sysreg_read(vttbr_el2);

	dsb(ish);
	sysreg_write(vttbr_el2, stage2_vttbr(s));
	isb();
	return vttbr;
}

static void vmid_leave(u64 vttbr)
{
	dsb(ish);
	sysreg_write(vttbr_el2, vttbr);
	isb();
}

void stage2_tlb_ipa(const struct stage2 *s, u64 ipa)
{
	u64 vttbr = vmid_enter(s);

	__asm__ volatile("tlbi ipas2e1is, %0" ::"r"(ipa >> TLBI_PAGE) : "memory");
	dsb(ish);
	__asm__ volatile("tlbi vmalle1is" ::: "memory");
	vmid_leave(vttbr);
}

void stage2_tlb_all(const struct stage2 *s)
{
	u64 vttbr = vmid_enter(s);

	__asm__ volatile("tlbi vmalls12e1is" ::: "memory");
	vmid_leave(vttbr);
}

void stage2_published(void)
{
	dsb(ishst);
	isb();
}

struct stage2_cpu stage2_cpu(void)
{
	return (struct stage2_cpu){
		.parange = (u32)FIELD_GET(MMFR0_PARANGE, sysreg_read(id_aa64mmfr0_el1)),
		.vmid16 = FIELD_GET(MMFR1_VMIDBITS, sysreg_read(id_aa64mmfr1_el1)) ==
			  MMFR1_VMIDBITS_16,
	};
}
