/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The distributor's registers (IHI 0069H 12.9). One security state (GICD_CTLR.DS is 1), affinity
 * routing only (ARE is 1): what concerns SGIs and PPIs is in the redistributors, and the registers
 * for INTIDs 0 .. 31 here are reserved.
 */
#include "vgic/mmio.h"

#define CTLR_GROUPS GENMASK(1, 0)
#define CTLR_ARE BIT(4)
#define CTLR_DS BIT(6)

#define TYPER_LINES GENMASK(4, 0)
#define TYPER_LPIS BIT(17)
#define TYPER_IDBITS GENMASK(23, 19)
#define TYPER_A3V BIT(24)
#define TYPER_NO1N BIT(25)
#define TYPER_RSS BIT(26)

#define SPI_ID_BITS 10

#define ROUTE_AFFINITY (GENMASK(39, 32) | GENMASK(23, 0))

static u64 read_ctlr(const struct vgic_access *a)
{
	return a->vgic->groups | CTLR_ARE | CTLR_DS; /* RWP is 0: a write is done when it returns */
}

/* What that means to each vCPU: vgic_dist_tell(). */
static void write_ctlr(const struct vgic_access *a, u64 val)
{
	atomic_store_relaxed(&a->vgic->groups, (u32)(val & CTLR_GROUPS));
}

bool vgic_dist_tell(struct vgic *v, u32 *cursor)
{
	u32 end = MIN(*cursor + VGIC_STEP_CPUS, v->cfg.nr_vcpus);

	for (; *cursor < end; ++*cursor) {
		struct vgic_cpu *c = vgic_cpu_at(v, *cursor);
		u32 owe = 0;

		spin_lock(&c->lock);
		if (c->map[VGIC_SET_G0] | c->map[VGIC_SET_G1] | c->lr_used)
			owe = vgic_want_work(c);
		spin_unlock(&c->lock);
		if (owe)
			vgic_host_kick(c->host);
	}
	return end < v->cfg.nr_vcpus;
}

static u64 read_typer(const struct vgic_access *a)
{
	const struct vgic_config *cfg = &a->vgic->cfg;
	u64 val = FIELD_PREP(TYPER_LINES, DIV_ROUND_UP(cfg->nr_spis, 32)) | TYPER_A3V | TYPER_NO1N |
		  TYPER_RSS;

	if (!cfg->intid_bits)
		return val | FIELD_PREP(TYPER_IDBITS, SPI_ID_BITS - 1);
	return val | TYPER_LPIS | FIELD_PREP(TYPER_IDBITS, cfg->intid_bits - 1);
}

static u64 read_iidr(const struct vgic_access *a)
{
	return a->vgic->iidr;
}

static u64 read_route(const struct vgic_access *a)
{
	if (!vgic_intid_valid(a->vgic, a->first))
		return 0;
	return atomic_load_relaxed(&a->vgic->route[a->first - VGIC_NR_PRIVATE]);
}

/*
 * An active SPI stays with the vCPU that has it; everything else goes to the new one, pending or
 * not.
 */
static void write_route(const struct vgic_access *a, u64 val)
{
	struct vgic *v = a->vgic;
	u32 i = a->first - VGIC_NR_PRIVATE, to;
	struct vgic_irq irq;

	if (!vgic_intid_valid(v, a->first))
		return;
	val &= ROUTE_AFFINITY; /* No1N: Interrupt_Routing_Mode is reserved */
	atomic_store_relaxed(&v->route[i], val);
	to = vgic_affinity_find(v, val);
	vgic_irq_lock(a->c, a->first, &irq);
	v->spi_target[i] = (u16)to;
	if ((irq.w & IRQ_HW) && to != VGIC_NO_CPU)
		vgic_host_hw_route(v->spi_pintid[i], vgic_cpu_at(v, to)->host);
	if (irq.c->index == to && !(irq.w & (IRQ_MOVE | IRQ_NOROUTE)))
		vgic_irq_unlock(&irq); /* where it is */
	else
		vgic_irq_commit(&irq, irq.w | IRQ_MOVE);
}

#define SPI_BITS(off, flags, rd, wr)                                                               \
	{                                                                                          \
		(off) + 4, 0x7c, 4, 1, flags, VGIC_NR_PRIVATE, rd, wr                              \
	}

static const struct vgic_reg dist_regs[] = {
	{ 0x0000, 4, 4, 0, 0, 0, read_ctlr, write_ctlr }, /* GICD_CTLR */
	{ 0x0004, 4, 4, 0, 0, 0, read_typer, NULL }, /* GICD_TYPER */
	{ 0x0008, 4, 4, 0, VGIC_REG_IIDR, 0, read_iidr, NULL }, /* GICD_IIDR */
	SPI_BITS(0x0080, 0, vgic_read_group, vgic_write_group), /* GICD_IGROUPR<n> */
	SPI_BITS(0x0100, 0, vgic_read_enable, vgic_write_senable), /* GICD_ISENABLER<n> */
	SPI_BITS(0x0180, 0, vgic_read_enable, vgic_write_cenable), /* GICD_ICENABLER<n> */
	SPI_BITS(0x0200, VGIC_REG_LATCH, vgic_read_pend, vgic_write_spend), /* GICD_ISPENDR<n> */
	SPI_BITS(0x0280, VGIC_REG_HIDDEN, vgic_read_pend, vgic_write_cpend), /* GICD_ICPENDR<n> */
	SPI_BITS(0x0300, 0, vgic_read_active, vgic_write_sactive), /* GICD_ISACTIVER<n> */
	SPI_BITS(0x0380, 0, vgic_read_active, vgic_write_cactive), /* GICD_ICACTIVER<n> */
	{ 0x0420, 0x3dc, 4, 8, VGIC_REG_BYTE | VGIC_REG_TAKEN, 32, vgic_read_prio,
	  vgic_write_prio }, /* GICD_IPRIORITYR<n> */
	{ 0x0c08, 0xf8, 4, 2, 0, 32, vgic_read_cfg, vgic_write_cfg }, /* GICD_ICFGR<n> */
	{ 0x6100, 0x1ee0, 8, 64, VGIC_REG_TAKEN, 32, read_route,
	  write_route }, /* GICD_IROUTER<n> */
	{ VGIC_ID_OFFSET, VGIC_ID_SIZE, 4, 0, 0, 0, vgic_read_id, NULL },
};

/* By 0x80 bytes: CTLR .. IIDR, the eight kinds of bits, priorities, (ITARGETSR), ICFGR, routes. */
const struct vgic_frame vgic_dist_frame = {
	.regs = dist_regs,
	.nr_regs = ARRAY_SIZE(dist_regs),
	.index = { 0,  3,  4,  5,  6,  7,  8,  9,  10, 10, 10, 10, 10, 10, 10, 10, 11,
		   11, 11, 11, 11, 11, 11, 11, 11, 11, 12, 12, 12, 12, 12, 12, 12 },
};

u64 vgic_dist_read(struct vgic_cpu *me, u64 offset, u32 size)
{
	struct vgic_access a = { .vgic = me->vgic, .me = me, .c = me };

	return vgic_mmio_read(&vgic_dist_frame, &a, offset, size);
}

bool vgic_dist_write(struct vgic_cpu *me, u64 offset, u32 size, u64 val)
{
	struct vgic_access a = { .vgic = me->vgic, .me = me, .c = me };
	u32 groups;

	spin_lock(&me->vgic->lock);
	groups = me->vgic->groups;
	vgic_mmio_write(&vgic_dist_frame, &a, offset, size, val);
	groups ^= me->vgic->groups;
	spin_unlock(&me->vgic->lock);
	return groups;
}
