/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Registers by their number: KVM_GET_ONE_REG, KVM_SET_ONE_REG, KVM_GET_REG_LIST (Linux Documentation/virt/kvm/api.rst,
 * 4.68). One table of ranges of numbers serves all three, so what is listed can be read and written.
 */
#include "hyp/abi.h"
#include "drivers/timer.h"
#include "hyp/exit.h"
#include "hyp/idreg.h"
#include "hyp/lib/errno.h"
#include "hyp/sysreg.h"

#define ID_CLASS GENMASK(63, 56)
#define ID_SIZE GENMASK(55, 52)
#define ID_ARM64 0x60u
#define SIZE_OF(id) (1u << FIELD_GET(ID_SIZE, id))

#define CORE_WORD(field) (offsetof(struct kvm_regs, field) / sizeof(u32))
#define CORE_ID(size, word) (KVM_REG_ARM64 | (size) | KVM_REG_ARM_CORE | (word))
#define SYS_INDEX(op0, op1, crn, crm, op2)                                                         \
	((op0) << 14 | (op1) << 11 | (crn) << 7 | (crm) << 3 | (op2))
#define SYS_ID_BASE (KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM64_SYSREG)
#define SYS_ID(...) (SYS_ID_BASE | SYS_INDEX(__VA_ARGS__))

/* The n-th register of a range: into *@val, or from there, -EINVAL if it does not take that. */
typedef s64 access_fn(struct vcpu *v, u32 n, u64 *val, bool set);

struct reg_range {
	u64 id; /* of the first */
	u16 count;
	u16 step; /* from one to the next */
	access_fn *access;
};

static void move(u64 *reg, u64 *val, bool set)
{
	if (set)
		*reg = *val;
	else
		*val = *reg;
}

_Static_assert(CORE_WORD(regs.sp) == 62 && CORE_WORD(regs.pc) == 64 &&
		       CORE_WORD(regs.pstate) == 66 && CORE_WORD(sp_el1) == 68 &&
		       CORE_WORD(elr_el1) == 70 && CORE_WORD(spsr) == 72 &&
		       sizeof(((struct kvm_regs *)0)->spsr) == 5 * sizeof(u64),
	       "struct kvm_regs begins as struct world's core");

/* A return to any other mode would not leave EL2. */
static bool pstate_valid(u64 val)
{
	u64 mode = FIELD_GET(PSTATE_MODE, val);

	return mode == PSTATE_MODE_EL0T || mode == PSTATE_MODE_EL1T || mode == PSTATE_MODE_EL1H;
}

static s64 core(struct vcpu *v, u32 n, u64 *val, bool set)
{
	u64 *reg = &v->world.core[n];

	if (set && reg == &v->world.pstate && !pstate_valid(*val))
		return -EINVAL;
	move(reg, val, set);
	return 0;
}

static s64 simd(struct vcpu *v, u32 n, u64 *val, bool set)
{
	u64 *reg = &v->world.simd.v[(size_t)n * 2];

	move(&reg[0], &val[0], set);
	move(&reg[1], &val[1], set);
	return 0;
}

static s64 simd_control(struct vcpu *v, u32 n, u64 *val, bool set)
{
	move(n ? &v->world.simd.fpcr : &v->world.simd.fpsr, val, set);
	return 0;
}

/* Numbers of what struct world has in sys[]; the keys are last. */
static const u16 sys_index[] = {
#define INDEX3(name, op1, crn, crm, op2, reset) SYS_INDEX(3, op1, crn, crm, op2),
#define INDEX(name, ...) SYS_INDEX(__VA_ARGS__),
	WORLD_SYS_REGS(INDEX3) WORLD_KEPT_REGS(INDEX)
#define KEY(crm, op2) SYS_INDEX(3, 0, 2, crm, op2)
		KEY(1, 0),
	KEY(1, 1),
	KEY(1, 2),
	KEY(1, 3),
	KEY(2, 0),
	KEY(2, 1),
	KEY(2, 2),
	KEY(2, 3),
	KEY(3, 0),
	KEY(3, 1),
};
_Static_assert(ARRAY_SIZE(sys_index) == WORLD_NR_SYS, "a number for each");

static u32 nr_sys(const struct vcpu *v)
{
	return WORLD_NR_SYS - (v->pauth ? 0 : WORLD_KEYS);
}

/* The bits of a register that its VMM can change. */
static u64 sys_mask(const struct world *w, const u64 *reg)
{
	if (reg == &w->mdscr)
		return MDSCR_VM;
	if (reg == &w->oslsr)
		return OSLSR_OSLK;
	if (reg == &w->cntv_ctl || reg == &w->cntp_ctl)
		return TIMER_ENABLE | TIMER_IMASK;
	return ~UINT64_C(0);
}

static s64 sys(struct vcpu *v, u32 n, u64 *val, bool set)
{
	u64 *reg = &v->world.sys[n];
	u64 mask = set ? sys_mask(&v->world, reg) : 0;

	if (!set)
		*val = *reg;
	else if (reg == &v->world.oslsr && ((*val ^ *reg) & ~mask))
		return -EINVAL;
	else
		*reg = (*reg & ~mask) | (*val & mask);
	return 0;
}

static s64 debug(struct vcpu *v, u32 n, u64 *val, bool set)
{
	move(&v->world.debug.r[0].bvr + n, val, set);
	return 0;
}

/* What says what the CPU is reads as the guest reads it, and takes no other value. */
static s64 constant(u64 is, u64 *val, bool set)
{
	if (set)
		return *val == is ? 0 : -EINVAL;
	*val = is;
	return 0;
}

static s64 id_space(struct vcpu *v, u32 n, u64 *val, bool set)
{
	return constant(sysreg_id(v, SYS_REG(3, 0, 0, 1 + n / 8, n % 8)), val, set);
}

static s64 midr(struct vcpu *v, u32 n, u64 *val, bool set)
{
	(void)v;
	(void)n;
	return constant(sysreg_read(midr_el1), val, set);
}

static s64 mpidr(struct vcpu *v, u32 n, u64 *val, bool set)
{
	return constant(n ? sysreg_read(revidr_el1) : v->mpidr | MPIDR_RES1, val, set);
}

static s64 clidr(struct vcpu *v, u32 n, u64 *val, bool set)
{
	(void)v;
	return constant(n ? sysreg_read(aidr_el1) : sysreg_read(clidr_el1), val, set);
}

static s64 ctr(struct vcpu *v, u32 n, u64 *val, bool set)
{
	(void)v;
	(void)n;
	return constant(sysreg_read(ctr_el0), val, set);
}

/* Is there a cache that CSSELR_EL1 = @n selects? CLIDR_EL1 has three bits for each level, 1 to 4 are kinds of caches. */
static bool has_cache(u32 n)
{
	u64 kind = sysreg_read(clidr_el1) >> (n / 2 * 3) & 7;

	return n % 2 ? kind == 1 || kind == 3 : kind >= 2 && kind <= 4;
}

/* CSSELR_EL1 is the management VM's, which made this call. */
static s64 ccsidr(struct vcpu *v, u32 n, u64 *val, bool set)
{
	u64 was = sysreg_read(csselr_el1), is = 0;

	(void)v;
	if (has_cache(n)) {
		sysreg_write(csselr_el1, n);
		isb();
		is = sysreg_read(ccsidr_el1);
		sysreg_write(csselr_el1, was);
		isb();
	}
	return constant((u32)is, val, set);
}

/* Writing a counter moves that of the whole VM, unless its VMM has fixed the offset. */
static s64 counter(u64 *offset, const struct vm *vm, u64 *val, bool set)
{
	if (!set)
		*val = timer_now() - *offset;
	else if (!vm->clock_set)
		*offset = timer_now() - *val;
	return 0;
}

static s64 virtual_counter(struct vcpu *v, u32 n, u64 *val, bool set)
{
	(void)n;
	return counter(&v->vm->cntvoff, v->vm, val, set);
}

/* A CPU that cannot offset it keeps the machine's. */
static s64 physical_counter(struct vcpu *v, u32 n, u64 *val, bool set)
{
	u64 unused = 0;

	(void)n;
	return counter(cpu_has_cntpoff() ? &v->vm->cntpoff : &unused, v->vm, val, set);
}

#define DEBUG_STEP 8
#define CCSIDR_COUNT 14

/* The first is of sys_index[], which names its own. */
static const struct reg_range ranges[] = {
	{ SYS_ID_BASE, 0, 1, sys },
	{ CORE_ID(KVM_REG_SIZE_U64, 0), WORLD_NR_CORE, 2, core },
	{ CORE_ID(KVM_REG_SIZE_U128, CORE_WORD(fp_regs.vregs)), 32, 4, simd },
	{ CORE_ID(KVM_REG_SIZE_U32, CORE_WORD(fp_regs.fpsr)), 2, 1, simd_control },
	{ SYS_ID(3, 0, 0, 1, 0), 56, 1, id_space },
	{ SYS_ID(2, 0, 0, 0, 4), 4 * WORLD_NR_DEBUG, DEBUG_STEP, debug },
	{ SYS_ID(3, 0, 0, 0, 0), 1, 1, midr },
	{ SYS_ID(3, 0, 0, 0, 5), 2, 1, mpidr },
	{ SYS_ID(3, 1, 0, 0, 1), 2, 6, clidr },
	{ SYS_ID(3, 3, 0, 0, 1), 1, 1, ctr },
	{ SYS_ID(3, 3, 14, 3, 2), 1, 1, virtual_counter }, /* KVM_REG_ARM_TIMER_CNT */
	{ SYS_ID(3, 3, 14, 0, 1), 1, 1, physical_counter }, /* KVM_REG_ARM_PTIMER_CNT */
	{ KVM_REG_ARM64 | KVM_REG_SIZE_U32 | KVM_REG_ARM_DEMUX, CCSIDR_COUNT, 1, ccsidr },
	{ KVM_REG_ARM_PSCI_VERSION, ABI_NR_FW, 1, abi_fw },
	{ KVM_REG_ARM_STD_BMAP, VM_NR_CALLS, 1, abi_fw_calls },
};

static u32 range_count(const struct vcpu *v, const struct reg_range *r)
{
	return r->access == sys ? nr_sys(v) : r->count;
}

/* Four registers of a number, then those of the next: only op2 counts 4 to 7. */
static u64 debug_index(u32 n)
{
	return (n / 4) * DEBUG_STEP + n % 4;
}

static u64 range_id(const struct reg_range *r, u32 n)
{
	if (r->access == sys)
		return r->id | sys_index[n];
	if (r->access == debug)
		return r->id + debug_index(n);
	return r->id + (u64)n * r->step;
}

u32 abi_reg_size(u64 id)
{
	if (FIELD_GET(ID_CLASS, id) != ID_ARM64 || SIZE_OF(id) < 4 || SIZE_OF(id) > 16)
		return 0;
	return SIZE_OF(id);
}

/* Of a range whose first is of another kind or size than @id, none is. */
s64 abi_reg(struct vcpu *v, u64 id, u64 val[2], bool set)
{
	const struct reg_range *r;
	u32 n;

	for (r = ranges; r < ranges + ARRAY_SIZE(ranges); r++) {
		if ((id ^ r->id) >> KVM_REG_ARM_COPROC_SHIFT)
			continue;
		for (n = 0; n < range_count(v, r); n++)
			if (range_id(r, n) == id)
				return r->access(v, n, val, set);
	}
	return -ENOENT;
}

#define LIST_BATCH 64

s64 abi_reg_list(struct vcpu *v, u64 at, u64 *room)
{
	const struct reg_range *r;
	u64 ids[LIST_BATCH], total = 0, done = 0, had = *room;
	u32 n, used = 0;

	for (r = ranges; r < ranges + ARRAY_SIZE(ranges); r++)
		total += range_count(v, r);
	*room = total;
	if (had < total)
		return -E2BIG;
	for (r = ranges; r < ranges + ARRAY_SIZE(ranges); r++) {
		for (n = 0; n < range_count(v, r); n++) {
			ids[used++] = range_id(r, n);
			if (++done < total && used < LIST_BATCH)
				continue;
			if (abi_write(at, ids, used * sizeof(u64)))
				return -EFAULT;
			at += used * sizeof(u64);
			used = 0;
		}
	}
	return 0;
}
