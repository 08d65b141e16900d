/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a VMM sees and sets of a vGIC whose vCPUs are all stopped: to save it, to restore it, and at a reset of its machine
 * (Linux Documentation/virt/kvm/devices/arm-vgic-v3.rst). No vCPU is loaded, so that no state is in a list register.
 *
 * Registers are those of a guest, of the same tables, by 32 bits. Different are what VGIC_REG_* says in them, and:
 *
 *	EnableLPIs 1 -> 0	what is pending is dropped, and not written to guest memory: that is someone else's by now
 *	active interrupts	no CPU is running their handler. Priority and route may come after they were made active, and
 *				then count for them too
 *	tied interrupts		their latch is what software set pending; what their line did comes again by itself
 */
#include "vgic/mmio.h"

#define IIDR_REVISION GENMASK(15, 12)
#define IIDR_REVISION_MIN 2u

/* Registers that there are, but only in name: zero, and writes are ignored. */
struct user_hole {
	u16 offset;
	u16 size;
};

/* GICD_TYPER2, STATUSR; private interrupts' parts; ITARGETSR<n>, IGRPMODR<n>. */
static const struct user_hole dist_holes[] = {
	{ 0x000c, 8 }, { 0x0080, 4 },	 { 0x0100, 4 },	    { 0x0180, 4 },    { 0x0200, 4 },
	{ 0x0280, 4 }, { 0x0300, 4 },	 { 0x0380, 4 },	    { 0x0400, 0x20 }, { 0x0800, 0x400 },
	{ 0x0c00, 8 }, { 0x0d00, 0x80 }, { 0x6000, 0x100 },
};
/* GICR_STATUSR, GICR_IGRPMODR0, GICR_NSACR: of either frame, and it does no harm that the other one has them. */
static const struct user_hole redist_holes[] = { { 0x0010, 4 }, { 0x0d00, 4 }, { 0x0e00, 4 } };

static bool user_hole(const struct user_hole *h, u32 nr, u64 offset)
{
	for (; nr; nr--, h++)
		if (offset - h->offset < h->size)
			return true;
	return false;
}

struct user_reg {
	const struct vgic_frame *frame;
	const struct vgic_reg *reg; /* NULL: a hole */
	u64 offset; /* in its frame */
	struct vgic_access a;
};

static int user_find(bool redist, u64 offset, struct user_reg *u)
{
	bool hole;

	u->frame = redist ? vgic_redist_frame(&offset) : &vgic_dist_frame;
	u->offset = offset;
	if (offset >= VGIC_FRAME_SIZE)
		return -ENXIO;
	u->reg = vgic_mmio_decode(u->frame, &u->a, offset, sizeof(u32));
	if (u->reg)
		return 0;
	hole = redist ? user_hole(redist_holes, ARRAY_SIZE(redist_holes), offset)
		      : user_hole(dist_holes, ARRAY_SIZE(dist_holes), offset);
	return hole && IS_ALIGNED(offset, sizeof(u32)) ? 0 : -ENXIO;
}

/* What pends by itself, and not by its line. */
static u64 user_latches(const struct vgic_access *a)
{
	u64 val = 0;
	u32 i;

	for (i = 0; i < a->nr && vgic_intid_valid(a->vgic, a->first + i); i++) {
		u64 w = *vgic_word(a->c, a->first + i);

		if (w & (w & IRQ_HW ? IRQ_SOFT : IRQ_PENDING))
			val |= BIT(i);
	}
	return val;
}

/* Takes the active state out of the words of @set, or puts it back: the physical interrupts know nothing of it. */
static void user_active(const struct vgic_access *a, u64 set, u64 flag)
{
	struct vgic_irq irq;

	for (; set; set &= set - 1) {
		vgic_irq_lock(a->c, a->first + (u32)__builtin_ctzll(set), &irq);
		vgic_irq_commit(&irq, (irq.w & ~IRQ_ACTIVE) | flag);
	}
}

static int user_write_iidr(struct vgic *v, u32 val)
{
	u32 revision = (u32)FIELD_GET(IIDR_REVISION, val);

	if (((val ^ VGIC_IIDR) & ~(u32)IIDR_REVISION) || revision < IIDR_REVISION_MIN ||
	    revision > FIELD_GET(IIDR_REVISION, VGIC_IIDR))
		return -EINVAL;
	v->iidr = val;
	return 0;
}

static int user_write(struct user_reg *u, u32 val)
{
	u32 flags = u->reg->flags;
	u64 active = 0;

	if (flags & VGIC_REG_HIDDEN)
		return 0;
	if (flags & VGIC_REG_IIDR)
		return user_write_iidr(u->a.vgic, val);
	if (flags & VGIC_REG_LATCH)
		vgic_write_cpend(&u->a, ~val);
	if (flags & VGIC_REG_TAKEN)
		active = vgic_read_active(&u->a);
	user_active(&u->a, active, 0);
	vgic_mmio_write(u->frame, &u->a, u->offset, sizeof(u32), val);
	user_active(&u->a, active, IRQ_ACTIVE);
	return 0;
}

static u32 user_read(struct user_reg *u)
{
	if (u->reg->flags & VGIC_REG_HIDDEN)
		return 0;
	if (u->reg->flags & VGIC_REG_LATCH)
		return (u32)user_latches(&u->a);
	return (u32)vgic_mmio_read(u->frame, &u->a, u->offset, sizeof(u32));
}

int vgic_user_reg_has(bool redist, u64 offset)
{
	struct user_reg u;

	return user_find(redist, offset, &u);
}

int vgic_user_reg(struct vgic_cpu *c, bool redist, u64 offset, u32 *val, bool write)
{
	struct user_reg u = { .a = { .vgic = c->vgic, .c = c } };
	int err = user_find(redist, offset, &u);

	if (err)
		return err;
	/* What a guest, or an earlier call, began with the LPI tables. */
	if (redist && vgic_redist_run(c))
		return -EAGAIN;
	if (!write) {
		*val = u.reg ? user_read(&u) : 0;
		return 0;
	}
	spin_lock(&c->vgic->lock);
	if (u.reg)
		err = user_write(&u, *val);
	spin_unlock(&c->vgic->lock);
	/* What it began is the next steps': the same write once more changes nothing. */
	return !err && redist && vgic_redist_busy(c) ? -EAGAIN : err;
}

static bool user_line(struct vgic_cpu *c, u32 intid)
{
	u64 w = *vgic_word(c, intid);

	if (!(w & IRQ_HW))
		return w & IRQ_LINE;
	return (w & (IRQ_PENDING | IRQ_SOFT)) == IRQ_PENDING ||
	       vgic_host_hw_get_pending(vgic_hw_host(c, intid), vgic_pintid(c, intid));
}

static void user_set_line(struct vgic_cpu *c, u32 intid, bool level)
{
	struct vgic_irq irq;

	vgic_irq_lock(c, intid, &irq);
	if (irq.w & IRQ_HW)
		vgic_irq_unlock(&irq); /* its line is the physical one's */
	else
		vgic_irq_commit(&irq, level ? irq.w | IRQ_LINE : irq.w & ~IRQ_LINE);
}

int vgic_user_lines(struct vgic_cpu *c, u32 first, u32 *val, bool write)
{
	u32 i, lines = 0;

	if (first % 32)
		return -EINVAL;
	for (i = first ? 0 : VGIC_NR_SGIS; i < 32 && vgic_intid_valid(c->vgic, first + i); i++) {
		if (write)
			user_set_line(c, first + i, *val & BIT(i));
		else if (user_line(c, first + i))
			lines |= (u32)BIT(i);
	}
	if (!write)
		*val = lines;
	return 0;
}

/* op0 is 3, op1 0. */
#define ICC(crn, crm, op2) (3u << 14 | (crn) << 7 | (crm) << 3 | (op2))
#define ICC_PMR ICC(4u, 6u, 0u)
#define ICC_BPR0 ICC(12u, 8u, 3u)
#define ICC_AP0R0 ICC(12u, 8u, 4u)
#define ICC_AP1R0 ICC(12u, 9u, 0u)
#define ICC_BPR1 ICC(12u, 12u, 3u)
#define ICC_CTLR ICC(12u, 12u, 4u)
#define ICC_SRE ICC(12u, 12u, 5u)
#define ICC_IGRPEN0 ICC(12u, 12u, 6u)
#define ICC_IGRPEN1 ICC(12u, 12u, 7u)

#define CTLR_CBPR BIT(0)
#define CTLR_EOIMODE BIT(1)
#define CTLR_PRIBITS GENMASK(10, 8)
#define CTLR_IDBITS GENMASK(13, 11)
#define CTLR_SEIS BIT(14)
#define CTLR_A3V BIT(15)
#define SRE_SRE BIT(0)
#define SRE_ALL GENMASK(2, 0) /* DIB, DFB, SRE */

/* ICH_VTR_EL2 (IHI 0069H 12.4.9): what ICC_CTLR_EL1 shows of the CPU. */
#define VTR_A3V BIT(21)
#define VTR_SEIS BIT(22)
#define VTR_IDBITS GENMASK(25, 23)
#define VTR_PRIBITS GENMASK(31, 29)

#define BPR_MAX 7u

static u64 ctlr_read(u64 vmcr)
{
	u64 vtr = vgic_host_vtr();

	return FIELD_PREP(CTLR_CBPR, FIELD_GET(VMCR_VCBPR, vmcr)) |
	       FIELD_PREP(CTLR_EOIMODE, FIELD_GET(VMCR_VEOIM, vmcr)) |
	       FIELD_PREP(CTLR_PRIBITS, FIELD_GET(VTR_PRIBITS, vtr)) |
	       FIELD_PREP(CTLR_IDBITS, FIELD_GET(VTR_IDBITS, vtr)) |
	       FIELD_PREP(CTLR_SEIS, FIELD_GET(VTR_SEIS, vtr)) |
	       FIELD_PREP(CTLR_A3V, FIELD_GET(VTR_A3V, vtr));
}

/* A VM of a CPU with fewer bits can be restored here, but not one of a CPU with more. */
static int ctlr_write(u64 *vmcr, u64 val)
{
	u64 has = ctlr_read(0);

	if (FIELD_GET(CTLR_PRIBITS, val) > FIELD_GET(CTLR_PRIBITS, has) ||
	    FIELD_GET(CTLR_IDBITS, val) > FIELD_GET(CTLR_IDBITS, has) ||
	    ((val ^ has) & (CTLR_SEIS | CTLR_A3V)))
		return -EINVAL;
	*vmcr = FIELD_SET(*vmcr, VMCR_VCBPR, FIELD_GET(CTLR_CBPR, val));
	*vmcr = FIELD_SET(*vmcr, VMCR_VEOIM, FIELD_GET(CTLR_EOIMODE, val));
	return 0;
}

/* Where ICH_VMCR_EL2 has what @instr is about; 0: nowhere. */
static u64 vmcr_field(u32 instr)
{
	switch (instr) {
	case ICC_PMR:
		return VMCR_VPMR;
	case ICC_BPR0:
		return VMCR_VBPR0;
	case ICC_BPR1:
		return VMCR_VBPR1;
	case ICC_IGRPEN0:
		return BIT(0); /* of VMCR_VENG */
	case ICC_IGRPEN1:
		return BIT(1);
	default:
		return 0;
	}
}

/* ICC_AP<g>R<n>_EL1: 4 * g + n; else 8 or more. */
static u32 apr_number(u32 instr)
{
	u32 n = instr - ICC_AP0R0;

	return n < 4 ? n : instr - ICC_AP1R0 < 4 ? instr - ICC_AP1R0 + 4 : 8;
}

int vgic_user_sysreg_has(u32 instr)
{
	return vmcr_field(instr) || instr == ICC_CTLR || instr == ICC_SRE || apr_number(instr) < 8
		       ? 0
		       : -ENXIO;
}

static int apr_access(u64 *apr, u32 n, u64 *val, bool write)
{
	if (n >= vgic_host_nr_aprs())
		return -EINVAL;
	if (write)
		*apr = (u32)*val;
	else
		*val = *apr;
	return 0;
}

int vgic_user_sysreg(struct vgic_cpu *c, u32 instr, u64 *val, bool write)
{
	u64 field = vmcr_field(instr);
	u32 apr = apr_number(instr);

	if (apr < 8)
		return apr_access(&c->apr[apr / 4][apr % 4], apr % 4, val, write);
	if (instr == ICC_CTLR) {
		if (write)
			return ctlr_write(&c->vmcr, *val);
		*val = ctlr_read(c->vmcr);
		return 0;
	}
	if (instr == ICC_SRE) {
		if (write)
			return *val & SRE_SRE ? 0 : -EINVAL;
		*val = SRE_ALL;
		return 0;
	}
	if (!field)
		return -ENXIO;
	if (instr == ICC_BPR1 && (c->vmcr & VMCR_VCBPR)) {
		if (!write)
			*val = MIN(FIELD_GET(VMCR_VBPR0, c->vmcr) + 1, (u64)BPR_MAX);
		return 0;
	}
	if (write)
		c->vmcr = (c->vmcr & ~field) | ((*val << FIELD_SHIFT(field)) & field);
	else
		*val = FIELD_GET(field, c->vmcr);
	return 0;
}
