/* SPDX-License-Identifier: GPL-2.0-only */
/* Exceptions that EL2 makes a guest take at EL1 (DDI 0487 D1.3, AArch64.TakeException). */
#include "hyp/exit.h"
#include "hyp/sysreg.h"

#define VECTOR_CURRENT_SP0 0x000
#define VECTOR_CURRENT_SPX 0x200
#define VECTOR_LOWER_A64 0x400
#define VECTOR_LOWER_A32 0x600

static u64 vector_offset(u64 spsr)
{
	if (spsr & PSTATE_NRW)
		return VECTOR_LOWER_A32;
	switch (FIELD_GET(PSTATE_MODE, spsr)) {
	case PSTATE_MODE_EL0T:
		return VECTOR_LOWER_A64;
	case PSTATE_MODE_EL1T:
		return VECTOR_CURRENT_SP0;
	default:
		return VECTOR_CURRENT_SPX;
	}
}

/* PSTATE on entry to EL1 from @spsr: masks set, PAN as SCTLR_EL1.SPAN says, SSBS as DSSBS, the rest cleared. */
static u64 entry_pstate(u64 spsr)
{
	u64 sctlr = sysreg_read(sctlr_el1);
	u64 pstate = PSTATE_MODE_EL1H | PSTATE_DAIF;

	if (!(spsr & PSTATE_NRW))
		pstate |= spsr & (PSTATE_NZCV | PSTATE_DIT | PSTATE_PAN);
	if (!(sctlr & SCTLR_EL1_SPAN))
		pstate |= PSTATE_PAN;
	if (sctlr & SCTLR_EL1_DSSBS)
		pstate |= PSTATE_SSBS;
	/* PAN, DIT and SSBS are RES0 where the CPU lacks them: an illegal return must not come of it. */
	if (!FIELD_GET(ID_MMFR1_PAN, sysreg_read(id_aa64mmfr1_el1)))
		pstate &= ~PSTATE_PAN;
	if (!FIELD_GET(ID_PFR1_SSBS, sysreg_read(id_aa64pfr1_el1)))
		pstate &= ~PSTATE_SSBS;
	return pstate;
}

static void inject_sync(u64 esr)
{
	u64 spsr = sysreg_read(spsr_el2);

	sysreg_write(esr_el1, esr);
	sysreg_write(elr_el1, sysreg_read(elr_el2));
	sysreg_write(spsr_el1, spsr);
	sysreg_write(elr_el2, sysreg_read(vbar_el1) + vector_offset(spsr));
	sysreg_write(spsr_el2, entry_pstate(spsr));
}

void inject_undefined(void)
{
	inject_sync(FIELD_PREP(ESR_EC, ESR_EC_UNKNOWN) | ESR_IL);
}

/* A synchronous external abort, of the same access as the stage-2 abort with syndrome @esr. */
void inject_abort(u64 esr, u64 far)
{
	u64 ec = FIELD_GET(ESR_EC, esr);
	u64 mode = FIELD_GET(PSTATE_MODE, sysreg_read(spsr_el2));
	u64 iss = FSC_SEA | (esr & (ISS_DABT_WNR | ISS_DABT_CM));

	if (!(mode & PSTATE_NRW) && mode != PSTATE_MODE_EL0T)
		ec++; /* taken without a change of exception level: EC 0x21 and 0x25 */
	if (ec == ESR_EC_IABT_LOW || ec == ESR_EC_IABT_CUR)
		iss = FSC_SEA;
	sysreg_write(far_el1, far);
	inject_sync(FIELD_PREP(ESR_EC, ec) | (esr & ESR_IL) | iss);
}
