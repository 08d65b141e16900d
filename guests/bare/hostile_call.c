// SPDX-License-Identifier: GPL-2.0-only
/* Calls with random arguments, instructions of hidden features, illegal exception returns. */
#include "guests/bare/except.h"
#include "guests/bare/hostile.h"
#include "guests/bare/mem.h"
#include "guests/bare/psci.h"
#include "guests/bare/tap.h"
#include "guests/bare/timer.h"

#define INSN_HVC 0xd4000002u
#define INSN_SMC 0xd4000003u
#define INSN_IMM16 GENMASK(20, 5)
#define INSN_SVE_CNTB 0x0420e3e0u /* cntb x0 */
#define INSN_SVE_PTRUE 0x2518e3e0u /* ptrue p0.b */
#define INSN_SMSTART 0xd503477fu
#define INSN_SMSTOP 0xd503467fu

#define SMCCC_FAST BIT(31)
#define SMCCC_64 BIT(30)
#define SMCCC_OWNER GENMASK(29, 24)
#define SMCCC_FUNCTION GENMASK(15, 0)
#define OWNER_PSCI 4

#define NR_CALLS 4000
#define PFR0_SVE GENMASK(35, 32)

/* PSCI functions that would, rightly, end or stop this CPU or start another one somewhere. */
static bool would_stop(u32 id)
{
	static const u8 numbers[] = { 0x01, 0x02, 0x03, 0x05, 0x08, 0x09, 0x0c, 0x0e, 0x12 };
	u32 i;

	if (FIELD_GET(SMCCC_OWNER, id) != OWNER_PSCI)
		return false;
	for (i = 0; i < ARRAY_SIZE(numbers); i++)
		if (FIELD_GET(SMCCC_FUNCTION, id) == numbers[i])
			return true;
	return false;
}

static u32 random_id(u32 i)
{
	u64 r = mem_random();
	u32 id = (u32)r;

	if (i % 4 == 0)
		return id;
	/* More likely to exist. */
	return (u32)((id & (SMCCC_FAST | SMCCC_64)) | FIELD_PREP(SMCCC_OWNER, (r >> 32) % 8) |
		     FIELD_PREP(SMCCC_FUNCTION, (r >> 40) % 0x40));
}

static void random_calls(const char *name, s64 (*call)(u64, u64, u64, u64))
{
	u32 i, faults = 0, unknown = 0;

	for (i = 0; i < NR_CALLS; i++) {
		u64 id = random_id(i);
		s64 ret;

		if (would_stop((u32)id))
			continue;
		/* The upper half of x0 is not part of the function's number. */
		if (i % 8 == 7)
			id |= mem_random() << 32;
		guard_begin();
		ret = call(id, mem_random(), mem_random(), mem_random());
		faults += guard_end();
		unknown += (s32)ret == PSCI_NOT_SUPPORTED;
	}
	tap_ok(true, "%s: %u random calls, %u not supported, %u faults", name, NR_CALLS, unknown,
	       faults);
}

static void immediates(const char *name, u32 insn)
{
	u32 i, faults = 0, n = 0;

	hostile_misplaced = 0;
	for (i = 1; i < 0x10000; i = i * 3 + 1) {
		/* An interpreter of the immediate must not take x0 for a call. */
		faults += hostile_execute(insn | (u32)FIELD_PREP(INSN_IMM16, i), SMCCC_VERSION,
					  NULL);
		n++;
	}
	faults += hostile_execute(insn | (u32)FIELD_PREP(INSN_IMM16, 0xffff), SMCCC_VERSION, NULL);
	tap_ok(!hostile_misplaced,
	       "%s with %u other immediates: %u faults, ELR_EL1 at the instruction (%u not)", name,
	       n + 1, faults, hostile_misplaced);
}

void hostile_calls(void)
{
	random_calls("HVC", smccc_hvc);
	random_calls("SMC", smccc_smc);
	immediates("HVC", INSN_HVC);
	immediates("SMC", INSN_SMC);
	tap_ok(psci_call(PSCI_VERSION, 0, 0, 0) >> 16 == 1, "PSCI_VERSION is still 1.x");
}

/* ERET with @spsr, which does not describe a state that EL1 may return to: PSTATE.IL, nothing else.
 */
static bool illegal_return(u64 spsr)
{
	struct guard *g = &cpu_this()->guard;

	guard_begin();
	__asm__ volatile("msr spsr_el1, %0\n\t"
			 "adr x0, 1f\n\t"
			 "msr elr_el1, x0\n\t"
			 "isb\n\t"
			 "eret\n"
			 "1:\tnop" ::"r"(spsr)
			 : "x0", "memory");
	guard_end();
	return g->faults == 1 && FIELD_GET(ESR_EC, g->esr) == ESR_EC_ILLEGAL;
}

static void illegal_returns(void)
{
	/* With D, A, I, F masked: EL2h, EL3h, a reserved mode, AArch32 Hyp and Supervisor. */
	static const u64 modes[] = { 0x3c9, 0x3cd, 0x3c2, 0x3da, 0x3d3 };
	u32 i, good = 0;

	for (i = 0; i < ARRAY_SIZE(modes); i++)
		good += illegal_return(modes[i]);
	tap_ok(good == ARRAY_SIZE(modes), "illegal exception returns stay at EL1: %u of %lu", good,
	       ARRAY_SIZE(modes));
}

/* WFI with a timer to end it; WFE with an event to end it. */
static void waits(void)
{
	u32 i;

	for (i = 0; i < 100; i++) {
		timer_arm_virtual(timer_ms(1) / 10);
		wfi();
	}
	timer_stop();
	for (i = 0; i < 100; i++) {
		sev();
		wfe();
	}
	tap_ok(true, "WFI and WFE, 100 times each");
}

void hostile_instructions(void)
{
	static const u32 others[] = { 0x00000000, 0xd4400000, 0xd4a00001, 0xd4a00002, 0xd4a00003,
				      0xd6bf03e0, 0xd4200000, 0xd5031000, 0xd5031020 };
	bool sve = FIELD_GET(PFR0_SVE, sysreg_read(id_aa64pfr0_el1));
	u32 faults, i;

	waits();
	illegal_returns();
	faults = hostile_execute(INSN_SVE_CNTB, 0, NULL) + hostile_execute(INSN_SVE_PTRUE, 0, NULL);
	/* With SVE there, CPACR_EL1.ZEN = 0 traps it to EL1. */
	tap_ok(faults == 2, "SVE instructions fault (%s)", sve ? "trapped" : "not there");
	faults = hostile_execute(INSN_SMSTART, 0, NULL) + hostile_execute(INSN_SMSTOP, 0, NULL);
	tap_ok(faults == 2, "SME instructions fault");
	/* udf, hlt, dcps1, dcps2, dcps3, drps, brk; wfet and wfit with a time long past */
	for (i = 0, faults = 0, hostile_misplaced = 0; i < ARRAY_SIZE(others); i++)
		faults += hostile_execute(others[i], 0, NULL);
	tap_ok(!hostile_misplaced, "other instructions: %u of %lu fault", faults,
	       ARRAY_SIZE(others));
}
