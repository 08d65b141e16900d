/* SPDX-License-Identifier: GPL-2.0-only */
/* KVM_GET_ONE_REG and KVM_SET_ONE_REG: registers by their number (Linux Documentation/virt/kvm/api.rst, 4.68). */
#include "hyp/abi.h"
#include "hyp/exit.h"
#include "hyp/idreg.h"
#include "hyp/lib/errno.h"
#include "hyp/sysreg.h"

#define ID_CLASS GENMASK(63, 56)
#define ID_SIZE GENMASK(55, 52)
#define ID_COPROC GENMASK(31, 16)
#define ID_INDEX GENMASK(15, 0)
#define ID_ARM64 0x60u
#define COPROC_CORE (KVM_REG_ARM_CORE >> KVM_REG_ARM_COPROC_SHIFT)
#define COPROC_SYSREG (KVM_REG_ARM64_SYSREG >> KVM_REG_ARM_COPROC_SHIFT)
#define SIZE_OF(id) (1u << FIELD_GET(ID_SIZE, id))

#define NR_VREGS 32
#define VREG_SIZE UINT64_C(16)
#define NR_XREGS 31

#define CORE_OFFSET(field) offsetof(struct kvm_regs, field)
#define SYSREG_ID(op0, op1, crn, crm, op2)                                                         \
	((op0) << 14 | (op1) << 11 | (crn) << 7 | (crm) << 3 | (op2))

u32 abi_reg_size(u64 id)
{
	if (FIELD_GET(ID_CLASS, id) != ID_ARM64 || SIZE_OF(id) < 4 || SIZE_OF(id) > 16)
		return 0;
	return SIZE_OF(id);
}

/* A register and its size in bytes; 0: there is none. */
struct reg {
	void *p;
	u32 size;
};

/* One of struct kvm_regs, by its offset. SPSR_abt and its like, of AArch32, are not. */
static struct reg core_find(struct vcpu *v, u64 offset)
{
	struct world *w = &v->world;

	if (offset < CORE_OFFSET(regs.sp) && offset % 8 == 0)
		return (struct reg){ &w->x[offset / 8], 8 };
	if (offset >= CORE_OFFSET(fp_regs.vregs) && offset < CORE_OFFSET(fp_regs.fpsr)) {
		offset -= CORE_OFFSET(fp_regs.vregs);
		return (struct reg){ &w->simd.v[offset / 8], offset % VREG_SIZE ? 0 : 16 };
	}
	switch (offset) {
	case CORE_OFFSET(regs.sp):
		return (struct reg){ &w->sp_el0, 8 };
	case CORE_OFFSET(regs.pc):
		return (struct reg){ &w->pc, 8 };
	case CORE_OFFSET(regs.pstate):
		return (struct reg){ &w->pstate, 8 };
	case CORE_OFFSET(sp_el1):
		return (struct reg){ &w->sp_el1, 8 };
	case CORE_OFFSET(elr_el1):
		return (struct reg){ &w->elr_el1, 8 };
	case CORE_OFFSET(spsr):
		return (struct reg){ &w->spsr_el1, 8 };
	case CORE_OFFSET(fp_regs.fpsr):
		return (struct reg){ &w->simd.fpsr, 4 };
	case CORE_OFFSET(fp_regs.fpcr):
		return (struct reg){ &w->simd.fpcr, 4 };
	default:
		return (struct reg){ NULL, 0 };
	}
}

_Static_assert(sizeof(((struct kvm_regs *)0)->regs.regs) == sizeof(u64) * NR_XREGS &&
		       CORE_OFFSET(fp_regs.fpsr) - CORE_OFFSET(fp_regs.vregs) ==
			       NR_VREGS * VREG_SIZE,
	       "struct kvm_regs as it is taken here");

static struct reg sysreg_find(struct vcpu *v, u64 index)
{
	struct world *w = &v->world;

	switch (index) {
#define SYSREG_CASE(name, op1, crn, crm, op2, reset)                                               \
	case SYSREG_ID(3, op1, crn, crm, op2):                                                     \
		return (struct reg){ &w->name, 8 };
		WORLD_SYS_REGS(SYSREG_CASE)
	case SYSREG_ID(2, 0, 0, 2, 2):
		return (struct reg){ &w->mdscr, 8 };
	/* KVM's numbers of the timers' registers; those of CNTV_CVAL and CNTVCT are exchanged, for ever. */
	case KVM_REG_ARM_TIMER_CTL &ID_INDEX:
		return (struct reg){ &w->cntv_ctl, 8 };
	case KVM_REG_ARM_TIMER_CVAL &ID_INDEX:
		return (struct reg){ &w->cntv_cval, 8 };
	case KVM_REG_ARM_PTIMER_CTL &ID_INDEX:
		return (struct reg){ &w->cntp_ctl, 8 };
	case KVM_REG_ARM_PTIMER_CVAL &ID_INDEX:
		return (struct reg){ &w->cntp_cval, 8 };
	default:
		return (struct reg){ NULL, 0 };
	}
}

static struct reg reg_find(struct vcpu *v, u64 id)
{
	struct reg r = { NULL, 0 };

	if (!abi_reg_size(id))
		return r;
	if (FIELD_GET(ID_COPROC, id) == COPROC_CORE)
		r = core_find(v, FIELD_GET(ID_INDEX, id) * sizeof(u32));
	else if (FIELD_GET(ID_COPROC, id) == COPROC_SYSREG)
		r = sysreg_find(v, FIELD_GET(ID_INDEX, id));
	if (r.size != SIZE_OF(id))
		r.size = 0;
	return r;
}

#define SYSREG_OP0 GENMASK(15, 14)
#define SYSREG_OP1 GENMASK(13, 11)
#define SYSREG_CRN GENMASK(10, 7)
#define SYSREG_CRM GENMASK(6, 3)
#define SYSREG_OP2 GENMASK(2, 0)

/* Registers that say what the CPU is: they read as the guest reads them and take no other value. */
static bool constant_find(const struct vcpu *v, u64 id, u64 *val)
{
	u64 i = FIELD_GET(ID_INDEX, id), crm = FIELD_GET(SYSREG_CRM, i);

	if (FIELD_GET(ID_COPROC, id) != COPROC_SYSREG || abi_reg_size(id) != sizeof(u64) ||
	    FIELD_GET(SYSREG_OP0, i) != 3 || FIELD_GET(SYSREG_OP1, i) || FIELD_GET(SYSREG_CRN, i))
		return false;
	if (!crm) {
		switch (FIELD_GET(SYSREG_OP2, i)) {
		case 0:
			*val = sysreg_read(midr_el1);
			return true;
		case 5:
			*val = v->mpidr | MPIDR_RES1;
			return true;
		case 6:
			*val = sysreg_read(revidr_el1);
			return true;
		default:
			return false;
		}
	}
	if (crm > 7)
		return false;
	*val = sysreg_id(v, SYS_REG(3, 0, 0, crm, FIELD_GET(SYSREG_OP2, i)));
	return true;
}

s64 abi_reg_get(struct vcpu *v, u64 id, u64 val[2])
{
	struct reg r = reg_find(v, id);
	const u64 *p = r.p;

	if (!r.size)
		return constant_find(v, id, val) ? 0 : -ENOENT;
	val[0] = p[0];
	if (r.size == 16)
		val[1] = p[1];
	return 0;
}

/* A return to any other mode would not leave EL2. */
static bool pstate_valid(u64 val)
{
	u64 mode = FIELD_GET(PSTATE_MODE, val);

	return mode == PSTATE_MODE_EL0T || mode == PSTATE_MODE_EL1T || mode == PSTATE_MODE_EL1H;
}

s64 abi_reg_set(struct vcpu *v, u64 id, const u64 val[2])
{
	struct reg r = reg_find(v, id);
	u64 *p = r.p, constant;

	if (!r.size) {
		if (!constant_find(v, id, &constant))
			return -ENOENT;
		return val[0] == constant ? 0 : -EINVAL;
	}
	if (p == &v->world.pstate && !pstate_valid(val[0]))
		return -EINVAL;
	p[0] = p == &v->world.mdscr ? val[0] & MDSCR_VM : val[0];
	if (r.size == 16)
		p[1] = val[1];
	return 0;
}
