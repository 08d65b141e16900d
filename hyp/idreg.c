/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ID registers as guests see them: the CPU's own values, cut to the fields that Herald supports (DDI 0487 D19.2).
 *
 * A field passes if the feature needs nothing of EL2, or Herald enables it for guests. Everything else reads as "not
 * implemented", registers and fields of the future included. Hidden on purpose: AArch32, EL2 and EL3, SVE, SME, MTE, the
 * PMU, SPE, TRBE, trace, AMU, MPAM, RAS beyond ESB, LORegions, VHE, nested virtualization, MOPS, LS64, GCS, permission
 * indirection, fine-grained traps, 52-bit addresses of stage 2.
 */
#include "hyp/idreg.h"

/* One field: where it is, and the highest value that guests may see. */
struct idfield {
	u64 mask;
	u64 max;
};

#define ANY 15u
#define FIELD(hi, lo, max)                                                                         \
	{                                                                                          \
		GENMASK(hi, lo), max                                                               \
	}
#define END                                                                                        \
	{                                                                                          \
		0, 0                                                                               \
	}

static const struct idfield pfr0[] = {
	FIELD(3, 0, 1), /* EL0: AArch64 only */
	FIELD(7, 4, 1), /* EL1: AArch64 only */
	FIELD(19, 16, ANY), /* FP */
	FIELD(23, 20, ANY), /* AdvSIMD */
	FIELD(27, 24, 1), /* GIC: system registers of GICv3.0 and 4.0 */
	FIELD(31, 28, 1), /* RAS: ESB and the virtual SError */
	FIELD(51, 48, ANY), /* DIT */
	FIELD(59, 56, 1), /* CSV2, without SCXTNUM */
	FIELD(63, 60, ANY), /* CSV3 */
	END,
};

static const struct idfield pfr1[] = {
	FIELD(3, 0, ANY), /* BT */
	FIELD(7, 4, ANY), /* SSBS */
	END,
};

static const struct idfield dfr0[] = {
	FIELD(3, 0, 8), /* DebugVer: at most that of Armv8.2 */
	FIELD(15, 12, ANY), /* BRPs */
	FIELD(23, 20, ANY), /* WRPs */
	FIELD(31, 28, ANY), /* CTX_CMPs */
	FIELD(39, 36, ANY), /* DoubleLock */
	END,
};

static const struct idfield isar0[] = {
	FIELD(7, 4, ANY), /* AES */
	FIELD(11, 8, ANY), /* SHA1 */
	FIELD(15, 12, ANY), /* SHA2 */
	FIELD(19, 16, ANY), /* CRC32 */
	FIELD(23, 20, ANY), /* Atomic */
	FIELD(31, 28, ANY), /* RDM */
	FIELD(35, 32, ANY), /* SHA3 */
	FIELD(39, 36, ANY), /* SM3 */
	FIELD(43, 40, ANY), /* SM4 */
	FIELD(47, 44, ANY), /* DP */
	FIELD(51, 48, ANY), /* FHM */
	FIELD(55, 52, ANY), /* TS */
	FIELD(59, 56, ANY), /* TLB */
	FIELD(63, 60, ANY), /* RNDR */
	END,
};

static const struct idfield isar1[] = {
	FIELD(3, 0, ANY), /* DPB */
	FIELD(7, 4, ANY), /* APA */
	FIELD(11, 8, ANY), /* API */
	FIELD(15, 12, ANY), /* JSCVT */
	FIELD(19, 16, ANY), /* FCMA */
	FIELD(23, 20, ANY), /* LRCPC */
	FIELD(27, 24, ANY), /* GPA */
	FIELD(31, 28, ANY), /* GPI */
	FIELD(35, 32, ANY), /* FRINTTS */
	FIELD(39, 36, ANY), /* SB */
	FIELD(43, 40, ANY), /* SPECRES */
	FIELD(47, 44, ANY), /* BF16 */
	FIELD(51, 48, ANY), /* DGH */
	FIELD(55, 52, ANY), /* I8MM */
	END,
};

static const struct idfield isar2[] = {
	FIELD(3, 0, ANY), /* WFxT */
	FIELD(7, 4, ANY), /* RPRES */
	FIELD(11, 8, ANY), /* GPA3 */
	FIELD(15, 12, ANY), /* APA3 */
	FIELD(23, 20, ANY), /* BC */
	FIELD(27, 24, ANY), /* PAC_frac */
	FIELD(31, 28, ANY), /* CLRBHB */
	FIELD(55, 52, ANY), /* CSSC */
	END,
};

static const struct idfield mmfr0[] = {
	FIELD(3, 0, 5), /* PARange: 48 bits */
	FIELD(7, 4, ANY), /* ASIDBits */
	FIELD(11, 8, ANY), /* BigEnd */
	FIELD(15, 12, ANY), /* SNSMem */
	FIELD(19, 16, ANY), /* BigEndEL0 */
	FIELD(23, 20, ANY), /* TGran16 */
	FIELD(27, 24, ANY), /* TGran64 */
	FIELD(31, 28, ANY), /* TGran4 */
	END,
};

static const struct idfield mmfr1[] = {
	FIELD(3, 0, 2), /* HAFDBS: access flag and dirty state */
	FIELD(15, 12, ANY), /* HPDS */
	FIELD(23, 20, ANY), /* PAN */
	FIELD(27, 24, ANY), /* SpecSEI */
	FIELD(31, 28, ANY), /* XNX */
	FIELD(39, 36, ANY), /* ETS */
	FIELD(47, 44, ANY), /* AFP */
	END,
};

static const struct idfield mmfr2[] = {
	FIELD(3, 0, ANY), /* CnP */
	FIELD(7, 4, ANY), /* UAO */
	FIELD(11, 8, ANY), /* LSM */
	FIELD(15, 12, ANY), /* IESB */
	FIELD(23, 20, ANY), /* CCIDX */
	FIELD(31, 28, ANY), /* ST */
	FIELD(35, 32, ANY), /* AT */
	FIELD(39, 36, ANY), /* IDS */
	FIELD(51, 48, ANY), /* TTL */
	FIELD(55, 52, ANY), /* BBM */
	FIELD(63, 60, ANY), /* E0PD */
	END,
};

static const struct {
	u64 reg;
	const struct idfield *fields;
} idregs[] = {
	{ IDREG_PFR0, pfr0 },	{ IDREG_PFR1, pfr1 },	{ IDREG_DFR0, dfr0 },
	{ IDREG_ISAR0, isar0 }, { IDREG_ISAR1, isar1 }, { IDREG_ISAR2, isar2 },
	{ IDREG_MMFR0, mmfr0 }, { IDREG_MMFR1, mmfr1 }, { IDREG_MMFR2, mmfr2 },
};

/* TGran4, TGran64, FP and AdvSIMD are signed: 15 is "not implemented" and must pass, as ANY lets it. */
static u64 filter_fields(const struct idfield *f, u64 raw)
{
	u64 val = 0;

	for (; f->mask; f++)
		val |= FIELD_PREP(f->mask, MIN(FIELD_GET(f->mask, raw), f->max));
	return val;
}

u64 idreg_filter(u64 reg, u64 raw)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(idregs); i++)
		if (idregs[i].reg == reg)
			return filter_fields(idregs[i].fields, raw);
	return 0;
}
