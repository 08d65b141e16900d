// SPDX-License-Identifier: GPL-2.0-only
/* ID registers: what is supported passes, the rest reads as not implemented, on any CPU. */
// sources: hyp/idreg.c
#include "hyp/idreg.h"
#include "tests/unit/tap.h"

/* Fields by their names in DDI 0487, apart from the table under test. */
#define PFR0_EL2 GENMASK(11, 8)
#define PFR0_EL3 GENMASK(15, 12)
#define PFR0_SVE GENMASK(35, 32)
#define PFR0_AMU GENMASK(47, 44)
#define PFR1_MTE GENMASK(11, 8)
#define PFR1_SME GENMASK(27, 24)
#define DFR0_PMUVER GENMASK(11, 8)
#define DFR0_PMSVER GENMASK(35, 32)
#define ISAR1_LS64 GENMASK(63, 60)
#define ISAR2_MOPS GENMASK(19, 16)
#define MMFR0_FGT GENMASK(59, 56)
#define MMFR1_VH GENMASK(11, 8)
#define MMFR1_LO GENMASK(19, 16)
#define MMFR1_HCX GENMASK(43, 40)
#define MMFR2_NV GENMASK(27, 24)

static void test_hidden(void)
{
	static const struct {
		const char *name;
		u64 reg, mask;
	} hidden[] = {
		{ "EL2", IDREG_PFR0, PFR0_EL2 },	{ "EL3", IDREG_PFR0, PFR0_EL3 },
		{ "SVE", IDREG_PFR0, PFR0_SVE },	{ "AMU", IDREG_PFR0, PFR0_AMU },
		{ "MTE", IDREG_PFR1, PFR1_MTE },	{ "SME", IDREG_PFR1, PFR1_SME },
		{ "PMU", IDREG_DFR0, DFR0_PMUVER },	{ "SPE", IDREG_DFR0, DFR0_PMSVER },
		{ "LS64", IDREG_ISAR1, ISAR1_LS64 },	{ "MOPS", IDREG_ISAR2, ISAR2_MOPS },
		{ "FGT", IDREG_MMFR0, MMFR0_FGT },	{ "VHE", IDREG_MMFR1, MMFR1_VH },
		{ "LORegions", IDREG_MMFR1, MMFR1_LO }, { "HCX", IDREG_MMFR1, MMFR1_HCX },
		{ "NV", IDREG_MMFR2, MMFR2_NV },
	};

	for (u32 i = 0; i < ARRAY_SIZE(hidden); i++)
		is(idreg_filter(hidden[i].reg, ~UINT64_C(0)) & hidden[i].mask, 0, "%s is hidden",
		   hidden[i].name);
}

/* Whatever the CPU, a guest never sees more than the CPU has, field by field. */
static void test_never_more(void)
{
	bool more = false;
	u64 x = 1;

	for (u32 round = 0; round < 20000; round++) {
		x = x * UINT64_C(6364136223846793005) + 1442695040888963407;
		for (u32 crm = 1; crm < 8; crm++)
			for (u32 op2 = 0; op2 < 8; op2++) {
				u64 raw = x ^ x >> 29;
				u64 seen = idreg_filter(SYS_REG(3, 0, 0, crm, op2), raw);

				for (u32 lo = 0; lo < 64; lo += 4)
					more |= (seen >> lo & 15) > (raw >> lo & 15);
			}
	}
	ok(!more, "no field is ever above the CPU's own");
}

static void test_values(void)
{
	is(idreg_filter(IDREG_PFR0, 0x01002222), 0x01000011,
	   "Cortex-A57: AArch64 only, GIC, FP and SIMD");
	is(idreg_filter(IDREG_PFR0, 0x11ff0011) & 0xff0000, 0xff0000, "a CPU without FP stays one");
	is(idreg_filter(IDREG_MMFR0, 0x1126) & 15, 5, "52-bit addresses become 48 bits");
	is(idreg_filter(IDREG_MMFR0, 0x1122) & 15, 2, "40 stay 40");
	is(idreg_filter(IDREG_ISAR0, 0x11120), 0x11120, "crypto passes");
	is(idreg_filter(SYS_REG(3, 0, 0, 4, 4), ~UINT64_C(0)), 0, "ID_AA64ZFR0_EL1 reads zero");
	is(idreg_filter(SYS_REG(3, 0, 0, 7, 7), ~UINT64_C(0)), 0, "so does one of the future");
}

int main(void)
{
	test_hidden();
	test_never_more();
	test_values();
	return tap_done();
}
