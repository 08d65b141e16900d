/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ID registers as guests see them: the CPU's own values, cut to the fields that Herald supports.
 *
 * A field passes if the feature needs nothing of EL2, or Herald enables it for guests. Everything else reads as "not
 * implemented", unknown future registers included. Hidden on purpose: AArch32, EL2 and EL3, SVE, SME, MTE, the PMU,
 * SPE, TRBE and trace, AMU, MPAM, RAS error records' timestamps, LORegions, nested virtualization, MOPS, LS64, GCS,
 * permission indirection (FEAT_HCX and FEAT_FGT gates stay closed), 52-bit addresses.
 */
#include "hyp/exit.h"
#include "hyp/sysreg.h"

#define F(hi, lo) GENMASK(hi, lo)

/* The fields that pass, the fields that are replaced and by what. */
struct idreg {
	u64 reg;
	u64 (*hw)(void);
	u64 pass;
	u64 fixed; /* or-ed in */
	u64 cap_mask; /* one field that is capped ... */
	u64 cap;      /* ... at this value */
};

#define HW(name, encoding)                                                                         \
	static u64 hw_##name(void)                                                                 \
	{                                                                                          \
		return sysreg_read(encoding);                                                      \
	}

HW(pfr0, id_aa64pfr0_el1)
HW(pfr1, id_aa64pfr1_el1)
HW(dfr0, id_aa64dfr0_el1)
HW(isar0, id_aa64isar0_el1)
HW(isar1, id_aa64isar1_el1)
HW(isar2, s3_0_c0_c6_2)
HW(mmfr0, id_aa64mmfr0_el1)
HW(mmfr1, id_aa64mmfr1_el1)
HW(mmfr2, id_aa64mmfr2_el1)
HW(mmfr3, s3_0_c0_c7_3)

static const struct idreg table[] = {
	/* FP, AdvSIMD, GIC, RAS, DIT, CSV2, CSV3; EL0 and EL1 are AArch64 only. */
	{ SYS_REG(3, 0, 0, 4, 0), hw_pfr0, F(19, 16) | F(23, 20) | F(27, 24) | F(31, 28) | F(51, 48) | F(59, 56) | F(63, 60),
	  FIELD_PREP(F(3, 0), 1) | FIELD_PREP(F(7, 4), 1), F(31, 28), 1 },
	/* BT, SSBS, CSV2_frac. */
	{ SYS_REG(3, 0, 0, 4, 1), hw_pfr1, F(3, 0) | F(7, 4) | F(35, 32), 0, 0, 0 },
	/* DebugVer at most v8.2's, break- and watchpoints; no PMU, no trace, no SPE, double lock as it is. */
	{ SYS_REG(3, 0, 0, 5, 0), hw_dfr0, F(3, 0) | F(15, 12) | F(23, 20) | F(31, 28) | F(39, 36), 0, F(3, 0), 8 },
	/* Crypto, CRC32, atomics, RDM, DP, FHM, TS, TLB, RNDR. */
	{ SYS_REG(3, 0, 0, 6, 0), hw_isar0, ~F(3, 0) & ~F(27, 24), 0, 0, 0 },
	/* All but LS64; pointer authentication included. */
	{ SYS_REG(3, 0, 0, 6, 1), hw_isar1, F(59, 0), 0, 0, 0 },
	/* WFxT, RPRES, GPA3, APA3, BC, PAC_frac, CLRBHB, CSSC. */
	{ SYS_REG(3, 0, 0, 6, 2), hw_isar2, F(15, 0) | F(23, 20) | F(27, 24) | F(31, 28) | F(55, 52), 0, 0, 0 },
	/* PARange at most 48 bits, ASIDBits, BigEnd, SNSMem, BigEndEL0, granules of stage 1; no FGT, no ECV. */
	{ SYS_REG(3, 0, 0, 7, 0), hw_mmfr0, F(31, 0), 0, F(3, 0), 5 },
	/* HAFDBS, HPDS, PAN, SpecSEI, XNX, ETS, AFP; no VHE, LORegions, HCX, TWED. */
	{ SYS_REG(3, 0, 0, 7, 1), hw_mmfr1, F(3, 0) | F(15, 12) | F(23, 20) | F(27, 24) | F(31, 28) | F(39, 36) | F(47, 44),
	  0, 0, 0 },
	/* CnP, UAO, LSM, IESB, CCIDX, ST, AT, IDS, TTL, BBM, EVT's and NV's are EL2's; E0PD. */
	{ SYS_REG(3, 0, 0, 7, 2), hw_mmfr2, F(15, 0) | F(23, 20) | F(31, 28) | F(35, 32) | F(39, 36) | F(51, 48) | F(55, 52) | F(63, 60),
	  0, 0, 0 },
	{ SYS_REG(3, 0, 0, 7, 3), hw_mmfr3, 0, 0, 0, 0 },
};

u64 idreg_read(u64 reg)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		const struct idreg *d = &table[i];
		u64 val;

		if (d->reg != reg)
			continue;
		val = (d->hw() & d->pass) | d->fixed;
		if (d->cap_mask && FIELD_GET(d->cap_mask, val) > d->cap)
			val = FIELD_SET(val, d->cap_mask, d->cap);
		return val;
	}
	return 0;
}
