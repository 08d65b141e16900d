// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every system register encoding (op0 2 and 3) is read, those that a hypervisor has reasons to trap
 * are written too. An encoding gives a value or is UNDEFINED; registers of EL2 and EL3, and of
 * features that the ID registers deny, are UNDEFINED.
 */
#include "guests/bare/except.h"
#include "guests/bare/hostile.h"
#include "guests/bare/mem.h"
#include "guests/bare/tap.h"

#define INSN_MRS 0xd5300000u /* mrs x0, ... */
#define INSN_MSR 0xd5100000u /* msr ..., x0 */
#define INSN_SYS 0xd5080000u /* sys ..., x0: cache, TLB and address translation maintenance */
#define INSN_RET 0xd65f03c0u

/* As in the instruction: op0 is 2 or 3, and bit 20 is set in both. */
#define INSN_OP0 BIT(19)
#define INSN_OP1 GENMASK(18, 16)
#define INSN_CRN GENMASK(15, 12)
#define INSN_CRM GENMASK(11, 8)
#define INSN_OP2 GENMASK(7, 5)

#define BATCH 128 /* all CRm and op2 of one (op0, op1, CRn) */

struct pair {
	u32 insn;
	u32 ret;
};

static struct pair code[BATCH] __attribute__((aligned(4096)));
static u64 scratch[256] __attribute__((aligned(2048))); /* what maintenance by address is given */

static u32 encode(u32 base, u32 op0, u32 op1, u32 crn, u32 crm, u32 op2)
{
	return base | (u32)((op0 == 3 ? INSN_OP0 : 0) | FIELD_PREP(INSN_OP1, op1) |
			    FIELD_PREP(INSN_CRN, crn) | FIELD_PREP(INSN_CRM, crm) |
			    FIELD_PREP(INSN_OP2, op2));
}

static void assemble(u32 base, u32 op0, u32 op1, u32 crn)
{
	u32 i;

	for (i = 0; i < BATCH; i++) {
		code[i].insn = encode(base, op0, op1, crn, i / 8, i % 8);
		code[i].ret = INSN_RET;
	}
	cache_sync_code(code, sizeof(code));
}

/* Runs one of the batch; 1 if it faulted. *@other counts faults that are not of class "unknown". */
static u32 run(u32 i, u64 x0, u32 *other)
{
	struct guard *g = &cpu_this()->guard;
	u64 (*fn)(u64) = (u64(*)(u64))(void *)&code[i];

	guard_begin();
	fn(x0);
	if (!guard_end())
		return 0;
	hostile_misplaced += g->elr != (u64)&code[i];
	switch (FIELD_GET(ESR_EC, g->esr)) {
	case ESR_EC_UNKNOWN:
	case ESR_EC_SVE: /* CPACR_EL1 says so */
	case ESR_EC_SME:
		return 1;
	case ESR_EC_SYSREG: /* FEAT_IDST, in the space of ID registers */
		if (FIELD_GET(INSN_CRN, code[i].insn) == 0)
			return 1;
	}
	if (!(*other)++)
		tap_diag("instruction 0x%x: ESR 0x%lx", code[i].insn, g->esr);
	return 1;
}

static void read_all(void)
{
	u32 op0, op1, crn, i, faults, other = 0, values = 0, high = 0;

	for (op0 = 2; op0 <= 3; op0++)
		for (op1 = 0; op1 < 8; op1++)
			for (crn = 0; crn < 16; crn++) {
				assemble(INSN_MRS, op0, op1, crn);
				for (i = 0, faults = 0; i < BATCH; i++)
					faults += run(i, 0, &other);
				values += BATCH - faults;
				if (op0 == 3 && op1 >= 4)
					high += BATCH - faults;
			}
	tap_ok(true, "all 32768 register encodings read: %u give a value", values);
	tap_ok(!other, "the others are UNDEFINED (%u faults of another kind)", other);
	tap_ok(!high, "registers of EL2 and above are UNDEFINED (%u are not)", high);
}

struct span {
	u32 op0, op1, crn, crm_first, crm_last;
};

/* Writable without losing the CPU: nothing here steers EL1 itself while debug exceptions are
 * masked. */
static const struct span writable[] = {
	{ 3, 0, 0, 0, 15 },  { 3, 1, 0, 0, 15 },  { 3, 3, 0, 0, 15 }, /* ID registers */
	{ 3, 3, 9, 12, 15 }, { 3, 0, 9, 9, 15 },  { 3, 3, 14, 8, 15 }, /* PMU, SPE, TRBE */
	{ 3, 0, 1, 2, 2 },   { 3, 3, 4, 5, 15 }, /* SVE, SME */
	{ 3, 3, 13, 2, 15 }, /* AMU */
	{ 3, 0, 10, 4, 5 }, /* LORegions, MPAM */
	{ 3, 0, 5, 3, 5 }, /* RAS */
	{ 3, 0, 11, 0, 15 }, { 3, 0, 15, 0, 15 }, { 3, 1, 11, 0, 15 },
	{ 3, 1, 15, 0, 15 }, { 3, 3, 11, 0, 15 }, { 3, 3, 15, 0, 15 }, /* IMPLEMENTATION DEFINED */
	{ 2, 0, 0, 0, 15 },  { 2, 0, 1, 0, 15 },  { 2, 0, 7, 0, 15 },
	{ 2, 3, 0, 0, 15 }, /* debug */
	{ 2, 1, 0, 0, 15 },  { 2, 1, 1, 0, 15 },  { 2, 1, 2, 0, 15 },
	{ 2, 1, 3, 0, 15 }, /* trace */
	{ 2, 1, 7, 0, 15 },  { 2, 1, 8, 0, 15 },
};

static void write_span(const struct span *s, u32 *other)
{
	u64 values[] = { 0, ~UINT64_C(0), mem_random(), 0 };
	u32 i, v;

	assemble(INSN_MSR, s->op0, s->op1, s->crn);
	for (i = s->crm_first * 8; i < (s->crm_last + 1) * 8; i++)
		for (v = 0; v < ARRAY_SIZE(values); v++)
			run(i, values[v], other);
}

static void write_some(void)
{
	u32 i, op1, crn, other = 0, high = 0, n;

	for (i = 0; i < ARRAY_SIZE(writable); i++)
		write_span(&writable[i], &other);
	tap_ok(!other, "trapped registers written: done, or UNDEFINED (%u faults of another kind)",
	       other);
	for (op1 = 4; op1 < 8; op1++)
		for (crn = 0; crn < 16; crn++) {
			assemble(INSN_MSR, 3, op1, crn);
			for (n = 0; n < BATCH; n++)
				high += !run(n, mem_random(), &other);
		}
	tap_ok(!high, "writes to registers of EL2 and above are UNDEFINED (%u are not)", high);
}

/* A feature that its ID register denies; one of its registers. */
static const struct {
	const char *name;
	u32 id_crm, id_op2, shift; /* the field, in ID register (3, 0, 0, CRm, op2) */
	u32 op1, crn, crm, op2; /* of op0 3 */
} hidden[] = {
	{ "SVE", 4, 0, 32, 0, 1, 2, 0 },   { "SME", 4, 1, 24, 0, 1, 2, 6 },
	{ "PMU", 5, 0, 8, 3, 9, 12, 0 },   { "AMU", 4, 0, 44, 3, 13, 2, 0 },
	{ "SPE", 5, 0, 32, 0, 9, 10, 7 },  { "TRBE", 5, 0, 44, 0, 9, 11, 7 },
	{ "MPAM", 4, 0, 40, 0, 10, 4, 4 }, { "LORegions", 7, 1, 16, 0, 10, 4, 7 },
	{ "RAS", 4, 0, 28, 0, 5, 3, 0 },   { "MTE", 4, 1, 8, 0, 5, 6, 0 },
	{ "TCR2", 7, 3, 0, 0, 2, 0, 3 },   { "S1PIE", 7, 3, 8, 0, 10, 2, 3 },
};

static void check_hidden(void)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(hidden); i++) {
		u64 id = 0;
		u32 field;
		bool undefined;

		hostile_execute(encode(INSN_MRS, 3, 0, 0, hidden[i].id_crm, hidden[i].id_op2), 0,
				&id);
		field = id >> hidden[i].shift & 0xf;
		undefined = hostile_execute(encode(INSN_MRS, 3, hidden[i].op1, hidden[i].crn,
						   hidden[i].crm, hidden[i].op2),
					    0, NULL);
		if (field == 0 || (hidden[i].shift == 8 && hidden[i].id_crm == 5 && field == 0xf))
			tap_ok(undefined,
			       "%s: the ID register denies it, its register is UNDEFINED",
			       hidden[i].name);
		else
			tap_diag("%s: the ID register says %u", hidden[i].name, field);
	}
}

/* Discards lines without writing them back: not by set and way, which takes anyone's. */
static bool loses_data(u32 op1, u32 crn, u32 i)
{
	return op1 == 0 && crn == 7 && i / 8 == 6;
}

static void maintain_all(void)
{
	u32 op1, crn, i, high = 0, faults = 0, other = 0;

	for (op1 = 0; op1 < 8; op1++)
		for (crn = 0; crn < 16; crn++) {
			assemble(INSN_SYS, 3, op1, crn);
			for (i = 0; i < BATCH; i++) {
				if (loses_data(op1, crn, i))
					continue;
				faults += run(i, (u64)scratch, &other);
				high += op1 >= 4 && !cpu_this()->guard.faults;
			}
		}
	tap_ok(!high, "all SYS encodings: %u UNDEFINED; of those of EL2 and above, %u are not",
	       faults, high);
}

void hostile_sysregs(void)
{
	hostile_misplaced = 0;
	read_all();
	write_some();
	maintain_all();
	tap_ok(!hostile_misplaced, "ELR_EL1 is at the instruction that faulted (%u times not)",
	       hostile_misplaced);
	check_hidden();
}
