/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A redistributor's two frames (IHI 0069H 12.10, 12.11).
 *
 * GICR_CTLR.CES is 1: a guest may clear EnableLPIs again, as Linux does for kexec. What is pending
 * then goes to the pending table, and RWP reads as 1 until that is done. GICR_CTLR.IR is 1:
 * GICR_INVLPIR, GICR_INVALLR and GICR_SYNCR are there; GICR_SETLPIR and GICR_CLRLPIR are not
 * (GICR_TYPER.DirectLPI is 0).
 */
#include "vgic/mmio.h"

#define CTLR_ENABLE_LPIS BIT(0)
#define CTLR_CES BIT(1)
#define CTLR_IR BIT(2)
#define CTLR_RWP BIT(3)

#define TYPER_PLPIS BIT(0)
#define TYPER_LAST BIT(4)
#define TYPER_NUMBER GENMASK(23, 8)
#define TYPER_AFFINITY GENMASK(63, 32)

#define WAKER_SLEEP BIT(1)
#define WAKER_CHILDREN_ASLEEP BIT(2)

#define BASER_INNER GENMASK(9, 7)
#define BASER_SHARE GENMASK(11, 10)
#define BASER_OUTER GENMASK(58, 56)
#define BASER_ATTRS (BASER_INNER | BASER_SHARE | BASER_OUTER)
#define PROPBASER_IDBITS GENMASK(4, 0)
#define PROPBASER_ADDR GENMASK(51, 12)
#define PENDBASER_ADDR GENMASK(51, 16)
#define PENDBASER_PTZ BIT(62)

#define INNER_RAWAWB 7 /* read-allocate, write-allocate, write-back */
#define SHARE_INNER 1
#define OUTER_AS_INNER 0

#define MPIDR_AFF3 GENMASK(39, 32)
#define MPIDR_AFF210 GENMASK(23, 0)
#define AFF3 GENMASK(31, 24)

static u64 read_ctlr(const struct vgic_access *a)
{
	u64 val = 0;

	if (!a->vgic->nr_lpis)
		return 0;
	if (atomic_load_relaxed(&a->c->lpis_on))
		val |= CTLR_ENABLE_LPIS;
	if (vgic_lpis_stopping(a->c))
		val |= CTLR_RWP;
	return a->vgic->iidr == VGIC_IIDR ? val | CTLR_CES | CTLR_IR : val;
}

static void write_ctlr(const struct vgic_access *a, u64 val)
{
	if (a->vgic->nr_lpis)
		vgic_lpi_switch(a->c, val & CTLR_ENABLE_LPIS, a->me);
}

static u64 read_iidr(const struct vgic_access *a)
{
	(void)a;
	return VGIC_IIDR;
}

static u64 read_typer(const struct vgic_access *a)
{
	u64 aff = (a->c->mpidr & MPIDR_AFF210) |
		  FIELD_PREP(AFF3, FIELD_GET(MPIDR_AFF3, a->c->mpidr));
	u64 val = FIELD_PREP(TYPER_AFFINITY, aff) | FIELD_PREP(TYPER_NUMBER, a->c->number);

	if (a->vgic->nr_lpis)
		val |= TYPER_PLPIS;
	return a->c->last ? val | TYPER_LAST : val;
}

static u64 read_waker(const struct vgic_access *a)
{
	return atomic_load_relaxed(&a->c->asleep) ? WAKER_SLEEP | WAKER_CHILDREN_ASLEEP : 0;
}

/*
 * Interrupts reach a vCPU whose redistributor sleeps as well: they are a reason to wake it, and it
 * sees them then.
 */
static void write_waker(const struct vgic_access *a, u64 val)
{
	atomic_store_relaxed(&a->c->asleep, val & WAKER_SLEEP);
}

/* The tables are read through the cache: cacheable and shareable, whatever the guest asked for. */
static u64 baser_attrs(u64 val)
{
	u64 inner = FIELD_GET(BASER_INNER, val);

	if (inner < 2) /* Device and Normal non-cacheable */
		inner = INNER_RAWAWB;
	return (val & ~BASER_ATTRS) | FIELD_PREP(BASER_INNER, inner) |
	       FIELD_PREP(BASER_SHARE, SHARE_INNER) | FIELD_PREP(BASER_OUTER, OUTER_AS_INNER);
}

static u64 read_propbaser(const struct vgic_access *a)
{
	return atomic_load_relaxed(&a->c->propbaser);
}

/* The tables' addresses are fixed while they are in use. */
static bool tables_in_use(const struct vgic_cpu *c)
{
	return c->lpis_on || c->walk != VGIC_WALK_NONE;
}

static void write_propbaser(const struct vgic_access *a, u64 val)
{
	if (!a->vgic->nr_lpis || tables_in_use(a->c))
		return;
	val &= PROPBASER_ADDR | PROPBASER_IDBITS | BASER_ATTRS;
	atomic_store_relaxed(&a->c->propbaser, baser_attrs(val));
}

static u64 read_pendbaser(const struct vgic_access *a)
{
	return atomic_load_relaxed(&a->c->pendbaser) & ~PENDBASER_PTZ;
}

static void write_pendbaser(const struct vgic_access *a, u64 val)
{
	if (!a->vgic->nr_lpis || tables_in_use(a->c))
		return;
	val &= PENDBASER_ADDR | PENDBASER_PTZ | BASER_ATTRS;
	atomic_store_relaxed(&a->c->pendbaser, baser_attrs(val));
}

static void write_invlpir(const struct vgic_access *a, u64 val)
{
	/* If its table is not there yet all are read, which may be done in steps. */
	if (vgic_lpi_reload(a->vgic, a->c->index, (u32)val) == -EAGAIN)
		vgic_lpi_inv_all(a->c);
}

static void write_invallr(const struct vgic_access *a, u64 val)
{
	(void)val;
	if (a->vgic->nr_lpis)
		vgic_lpi_inv_all(a->c);
}

static u64 read_syncr(const struct vgic_access *a)
{
	return atomic_load_relaxed(&a->c->walk) != VGIC_WALK_NONE;
}

static const struct vgic_reg rd_regs[] = {
	{ 0x0000, 4, 4, 0, 0, 0, read_ctlr, write_ctlr }, /* GICR_CTLR */
	{ 0x0004, 4, 4, 0, 0, 0, read_iidr, NULL }, /* GICR_IIDR */
	{ 0x0008, 8, 8, 0, 0, 0, read_typer, NULL }, /* GICR_TYPER */
	{ 0x0014, 4, 4, 0, 0, 0, read_waker, write_waker }, /* GICR_WAKER */
	{ 0x0070, 8, 8, 0, 0, 0, read_propbaser, write_propbaser }, /* GICR_PROPBASER */
	{ 0x0078, 8, 8, 0, 0, 0, read_pendbaser, write_pendbaser }, /* GICR_PENDBASER */
	{ 0x00a0, 8, 8, 0, VGIC_REG_HIDDEN, 0, NULL, write_invlpir }, /* GICR_INVLPIR */
	{ 0x00b0, 8, 8, 0, VGIC_REG_HIDDEN, 0, NULL, write_invallr }, /* GICR_INVALLR */
	{ 0x00c0, 4, 4, 0, 0, 0, read_syncr, NULL }, /* GICR_SYNCR */
	{ VGIC_ID_OFFSET, VGIC_ID_SIZE, 4, 0, 0, 0, vgic_read_id, NULL },
};

static const struct vgic_reg sgi_regs[] = {
	{ 0x0080, 4, 4, 1, 0, 0, vgic_read_group, vgic_write_group }, /* GICR_IGROUPR0 */
	{ 0x0100, 4, 4, 1, 0, 0, vgic_read_enable, vgic_write_senable }, /* GICR_ISENABLER0 */
	{ 0x0180, 4, 4, 1, 0, 0, vgic_read_enable, vgic_write_cenable }, /* GICR_ICENABLER0 */
	{ 0x0200, 4, 4, 1, VGIC_REG_LATCH, 0, vgic_read_pend,
	  vgic_write_spend }, /* GICR_ISPENDR0 */
	{ 0x0280, 4, 4, 1, VGIC_REG_HIDDEN, 0, vgic_read_pend,
	  vgic_write_cpend }, /* GICR_ICPENDR0 */
	{ 0x0300, 4, 4, 1, 0, 0, vgic_read_active, vgic_write_sactive }, /* GICR_ISACTIVER0 */
	{ 0x0380, 4, 4, 1, 0, 0, vgic_read_active, vgic_write_cactive }, /* GICR_ICACTIVER0 */
	{ 0x0400, 0x20, 4, 8, VGIC_REG_BYTE | VGIC_REG_TAKEN, 0, vgic_read_prio,
	  vgic_write_prio }, /* GICR_IPRIORITYR<n> */
	{ 0x0c00, 8, 4, 2, 0, 0, vgic_read_cfg, vgic_write_cfg }, /* GICR_ICFGR<n> */
	{ VGIC_ID_OFFSET, VGIC_ID_SIZE, 4, 0, 0, 0, vgic_read_id, NULL },
};

const struct vgic_frame vgic_rd_frame = {
	.regs = rd_regs,
	.nr_regs = ARRAY_SIZE(rd_regs),
	.index = { 0, 6, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9,
		   9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9 },
};
const struct vgic_frame vgic_sgi_frame = {
	.regs = sgi_regs,
	.nr_regs = ARRAY_SIZE(sgi_regs),
	.index = { 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 8, 8, 8, 8, 8, 8, 8,
		   8, 8, 8, 8, 8, 8, 8, 8, 9, 9, 9, 9, 9, 9, 9, 9 },
};

u64 vgic_redist_read(struct vgic_cpu *me, struct vgic_cpu *c, u64 offset, u32 size)
{
	struct vgic_access a = { .vgic = c->vgic, .me = me, .c = c };
	const struct vgic_frame *f = vgic_redist_frame(&offset);

	return vgic_mmio_read(f, &a, offset, size);
}

void vgic_redist_write(struct vgic_cpu *me, struct vgic_cpu *c, u64 offset, u32 size, u64 val)
{
	struct vgic_access a = { .vgic = c->vgic, .me = me, .c = c };
	const struct vgic_frame *f = vgic_redist_frame(&offset);

	spin_lock(&c->vgic->lock);
	vgic_mmio_write(f, &a, offset, size, val);
	spin_unlock(&c->vgic->lock);
}
