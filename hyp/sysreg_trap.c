/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Trapped system registers, a table sorted by nothing but who is hot: first match counts.
 *
 * What is not in it belongs to a feature that the ID registers hide, and is UNDEFINED as on a CPU without it.
 */
#include "hyp/exit.h"
#include "hyp/idreg.h"
#include "hyp/lib/errno.h"
#include "hyp/sysreg.h"

#define SYS_ICC_SGI1R_EL1 SYS_REG(3, 0, 12, 11, 5)
#define SYS_ICC_ASGI1R_EL1 SYS_REG(3, 0, 12, 11, 6)
#define SYS_ICC_SGI0R_EL1 SYS_REG(3, 0, 12, 11, 7)
#define SYS_ICC_DIR_EL1 SYS_REG(3, 0, 12, 11, 1)
#define SYS_ACTLR_EL1 SYS_REG(3, 0, 1, 0, 1)
#define SYS_MDSCR_EL1 SYS_REG(2, 0, 0, 2, 2)
#define SYS_OSLSR_EL1 SYS_REG(2, 0, 1, 1, 4)

#define SYS_OSLAR_EL1 SYS_REG(2, 0, 1, 0, 4)
#define SYS_MDCCINT_EL1 SYS_REG(2, 0, 0, 2, 0)
#define OSLAR_OSLK BIT(0)

/* Whole CRm ranges: the ID space (op0 3, op1 0, CRn 0, CRm 1..7), error records, limited ordering regions. */
#define MASK_CRM (ISS_SYS_REG & ~(ISS_SYS_CRM | ISS_SYS_OP2))
/* DBGBVR<n>_EL1 and its like: any CRm, op2 4 to 7. */
#define MASK_DEBUG (MASK_OP1 | ISS_SYS_CRN | FIELD_PREP(ISS_SYS_OP2, 4))
#define MASK_OP2 (ISS_SYS_REG & ~ISS_SYS_OP2)
#define MASK_OP1 (ISS_SYS_OP0 | ISS_SYS_OP1)

typedef bool sysreg_read_fn(struct vcpu *v, u64 reg, u64 *val);
typedef bool sysreg_write_fn(struct vcpu *v, u64 reg, u64 val);

struct sysreg_entry {
	u64 mask;
	u64 reg;
	sysreg_read_fn *read; /* NULL: UNDEFINED */
	sysreg_write_fn *write; /* NULL: UNDEFINED */
};

static bool read_zero(struct vcpu *v, u64 reg, u64 *val)
{
	(void)v;
	(void)reg;
	*val = 0;
	return true;
}

static bool write_ignore(struct vcpu *v, u64 reg, u64 val)
{
	(void)v;
	(void)reg;
	(void)val;
	return true;
}

/* The CPU's own value; 0 of those that no guest sees anyway. */
static u64 id_raw(u64 reg)
{
	switch (reg) {
	case IDREG_PFR0:
		return sysreg_read(id_aa64pfr0_el1);
	case IDREG_PFR1:
		return sysreg_read(id_aa64pfr1_el1);
	case IDREG_DFR0:
		return sysreg_read(id_aa64dfr0_el1);
	case IDREG_ISAR0:
		return sysreg_read(id_aa64isar0_el1);
	case IDREG_ISAR1:
		return sysreg_read(id_aa64isar1_el1);
	case IDREG_ISAR2:
		return sysreg_read(ID_AA64ISAR2_EL1);
	case IDREG_MMFR0:
		return sysreg_read(id_aa64mmfr0_el1);
	case IDREG_MMFR1:
		return sysreg_read(id_aa64mmfr1_el1);
	case IDREG_MMFR2:
		return sysreg_read(id_aa64mmfr2_el1);
	default:
		return 0;
	}
}

u64 sysreg_id(const struct vcpu *v, u64 reg)
{
	u64 val = idreg_filter(reg, id_raw(reg));

	if (!v->pauth && reg == IDREG_ISAR1)
		val &= ~ID_ISAR1_PAUTH;
	if (!v->pauth && reg == IDREG_ISAR2)
		val &= ~ID_ISAR2_PAUTH;
	if (v->vm->gic.none && reg == IDREG_PFR0)
		val &= ~ID_PFR0_GIC;
	return val;
}

static bool read_id(struct vcpu *v, u64 reg, u64 *val)
{
	*val = sysreg_id(v, reg);
	return true;
}

/* Debug registers trap in VMs only: hyp/debug.c. */
static bool read_mdscr(struct vcpu *v, u64 reg, u64 *val)
{
	(void)reg;
	*val = v->world.mdscr;
	return true;
}

static bool write_mdscr(struct vcpu *v, u64 reg, u64 val)
{
	(void)reg;
	v->world.mdscr = val & MDSCR_VM;
	world_debug_update(v);
	return true;
}

static u64 *debug_register(struct vcpu *v, u64 reg)
{
	u64 n = FIELD_GET(ISS_SYS_CRM, reg) * 4 + FIELD_GET(ISS_SYS_OP2, reg) % 4;

	return &v->world.debug.r[0].bvr + n;
}

static bool read_debug(struct vcpu *v, u64 reg, u64 *val)
{
	*val = *debug_register(v, reg);
	return true;
}

static bool write_debug(struct vcpu *v, u64 reg, u64 val)
{
	*debug_register(v, reg) = val;
	world_debug_update(v);
	return true;
}

static bool read_mdccint(struct vcpu *v, u64 reg, u64 *val)
{
	(void)reg;
	*val = v->world.mdccint;
	return true;
}

static bool write_mdccint(struct vcpu *v, u64 reg, u64 val)
{
	(void)reg;
	v->world.mdccint = val;
	return true;
}

static bool read_oslsr(struct vcpu *v, u64 reg, u64 *val)
{
	(void)reg;
	*val = v->world.oslsr;
	return true;
}

static bool write_oslar(struct vcpu *v, u64 reg, u64 val)
{
	(void)reg;
	v->world.oslsr = OSLSR_OSLM_IMPLEMENTED | (val & OSLAR_OSLK ? OSLSR_OSLK : 0);
	world_debug_update(v);
	return true;
}

static bool read_actlr(struct vcpu *v, u64 reg, u64 *val)
{
	(void)reg;
	*val = v->world.actlr;
	return true;
}

static bool write_sgi(struct vcpu *v, u64 reg, u64 val)
{
	enum vgic_sgi_reg kind = VGIC_SGI1R;
	u32 cursor = 0;

	if (v->vm->gic.none)
		return false;
	if (reg != SYS_ICC_SGI1R_EL1)
		kind = reg == SYS_ICC_ASGI1R_EL1 ? VGIC_ASGI1R : VGIC_SGI0R;
	while (vgic_sgi(v->vgic, kind, val, &cursor))
		vcpu_serve(v);
	return true;
}

static bool write_dir(struct vcpu *v, u64 reg, u64 val)
{
	(void)reg;
	vgic_deactivate(v->vgic, (u32)FIELD_GET(ICC_DIR_INTID, val));
	return !v->vm->gic.none;
}

static const struct sysreg_entry table[] = {
	{ ISS_SYS_REG, SYS_ICC_SGI1R_EL1, NULL, write_sgi },
	{ ISS_SYS_REG, SYS_ICC_DIR_EL1, NULL, write_dir },
	{ ISS_SYS_REG, SYS_ICC_ASGI1R_EL1, NULL, write_sgi },
	{ ISS_SYS_REG, SYS_ICC_SGI0R_EL1, NULL, write_sgi },
	{ MASK_CRM, SYS_REG(3, 0, 0, 0, 0), read_id, NULL },
	{ ISS_SYS_REG, SYS_ACTLR_EL1, read_actlr, write_ignore },
	{ ISS_SYS_REG, SYS_MDSCR_EL1, read_mdscr, write_mdscr },
	{ ISS_SYS_REG, SYS_OSLSR_EL1, read_oslsr, NULL },
	{ ISS_SYS_REG, SYS_OSLAR_EL1, NULL, write_oslar },
	{ ISS_SYS_REG, SYS_MDCCINT_EL1, read_mdccint, write_mdccint },
	{ MASK_DEBUG, SYS_REG(2, 0, 0, 0, 4), read_debug, write_debug },
	{ MASK_OP1, SYS_REG(2, 0, 0, 0, 0), read_zero, write_ignore }, /* the rest of debug */
	{ MASK_OP1, SYS_REG(2, 3, 0, 0, 0), read_zero, write_ignore }, /* the debug channel */
	{ MASK_OP2, SYS_REG(3, 0, 5, 3, 0), read_zero, write_ignore }, /* ERRIDR_EL1, ERRSELR_EL1 */
	{ MASK_OP2, SYS_REG(3, 0, 5, 4, 0), read_zero, write_ignore }, /* ERX*_EL1 */
	{ MASK_OP2, SYS_REG(3, 0, 5, 5, 0), read_zero, write_ignore }, /* ERXMISC*_EL1 */
};

static const struct sysreg_entry *entry_find(u64 reg)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(table); i++)
		if ((reg & table[i].mask) == table[i].reg)
			return &table[i];
	return NULL;
}

/* Carries the access out; false if it is UNDEFINED. */
static bool access(struct vcpu *v, struct regs *r, u64 esr)
{
	u64 reg = esr & ISS_SYS_REG;
	u32 rt = FIELD_GET(ISS_SYS_RT, esr);
	const struct sysreg_entry *e = entry_find(reg);
	u64 val;

	if (!e)
		return false;
	if (!(esr & ISS_SYS_READ))
		return e->write && e->write(v, reg, rt == 31 ? 0 : r->x[rt]);
	if (!e->read || !e->read(v, reg, &val))
		return false;
	if (rt != 31)
		r->x[rt] = val;
	return true;
}

void sysreg_trap(struct vcpu *v, struct regs *r, u64 esr)
{
	if (access(v, r, esr))
		exit_skip_instruction();
	else
		inject_undefined();
}
