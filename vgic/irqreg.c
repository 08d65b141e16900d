/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Registers with a few bits for each interrupt, of the distributor (SPIs) and the redistributors
 * (SGIs, PPIs).
 *
 * A vCPU that is loaded on another CPU has part of its state in that CPU's list registers. Writes
 * then leave a mark in the word and a kick, as do reads of pending and active state, which answer
 * from what was in the list register when it was last looked at: the state a moment ago, as on
 * hardware whose CPU interface is far away. A guest that polls sees the change, because the kick
 * makes the other CPU look.
 *
 * Interrupts tied to physical ones are changed there too. The caller holds the distributor's lock
 * for writes, so that two writers cannot leave the virtual and the physical interrupt in different
 * states.
 */
#include "vgic/mmio.h"

/* How many of the interrupts that @a covers exist. */
static u32 irq_count(const struct vgic_access *a)
{
	u32 end = VGIC_NR_PRIVATE + a->vgic->cfg.nr_spis;

	return a->first >= end ? 0 : MIN(a->nr, end - a->first);
}

static u64 read_flag(const struct vgic_access *a, u64 flag)
{
	const u64 *wp = vgic_word(a->c, a->first); /* those of one register lie side by side */
	u32 i, nr = irq_count(a), shift = FIELD_SHIFT(flag);
	u64 val = 0;

	for (i = 0; i < nr; i++)
		val |= (atomic_load_relaxed(&wp[i]) >> shift & 1) << i;
	return val;
}

/* Calls @fn with each interrupt whose bit is set in @val. */
static void for_each_set(const struct vgic_access *a, u64 val,
			 void (*fn)(struct vgic_cpu *c, u32 intid))
{
	u32 nr = irq_count(a);

	if (!nr)
		return;
	for (val &= GENMASK(nr - 1, 0); val; val &= val - 1)
		fn(a->c, a->first + (u32)__builtin_ctzll(val));
}

u64 vgic_read_group(const struct vgic_access *a)
{
	return read_flag(a, IRQ_GROUP1);
}

void vgic_write_group(const struct vgic_access *a, u64 val)
{
	u32 i, nr = irq_count(a);
	struct vgic_irq irq;

	for (i = 0; i < nr; i++) {
		vgic_irq_lock(a->c, a->first + i, &irq);
		vgic_irq_commit(&irq, val & BIT(i) ? irq.w | IRQ_GROUP1 : irq.w & ~IRQ_GROUP1);
	}
}

u64 vgic_read_enable(const struct vgic_access *a)
{
	return read_flag(a, IRQ_ENABLED);
}

/*
 * True for a tied, level-sensitive interrupt that came while the guest had it disabled, if its line
 * is low again: as with one in a list register (vgic/lr.c), nothing is pending any more.
 */
static bool irq_line_fell(struct vgic_cpu *c, u32 intid, u64 w)
{
	u64 state = IRQ_HW | IRQ_LEVEL | IRQ_PENDING;

	return (w & (state | IRQ_SOFT | IRQ_IN_LR | IRQ_ACTIVE)) == state &&
	       !vgic_host_hw_get_pending(vgic_hw_host(c, intid), vgic_pintid(c, intid));
}

static void irq_enable(struct vgic_cpu *c, u32 intid)
{
	struct vgic_irq irq;
	u64 w;

	vgic_irq_lock(c, intid, &irq);
	w = irq.w;
	if (irq_line_fell(c, intid, w)) {
		w &= ~IRQ_PENDING;
		vgic_host_hw_set_active(vgic_hw_host(c, intid), vgic_pintid(c, intid), false);
	}
	vgic_irq_commit(&irq, w | IRQ_ENABLED);
	if (w & IRQ_HW)
		vgic_host_hw_enable(vgic_hw_host(c, intid), vgic_pintid(c, intid), true);
}

static void irq_disable(struct vgic_cpu *c, u32 intid)
{
	struct vgic_irq irq;
	u64 w;

	vgic_irq_lock(c, intid, &irq);
	w = irq.w;
	vgic_irq_commit(&irq, w & ~IRQ_ENABLED);
	if (w & IRQ_HW)
		vgic_host_hw_enable(vgic_hw_host(c, intid), vgic_pintid(c, intid), false);
}

void vgic_write_senable(const struct vgic_access *a, u64 val)
{
	for_each_set(a, val, irq_enable);
}

void vgic_write_cenable(const struct vgic_access *a, u64 val)
{
	for_each_set(a, val, irq_disable);
}

/* Pending and active state as a guest may see it. */
static void irq_state(struct vgic_cpu *c, u32 intid, bool *pending, bool *active)
{
	u64 w = atomic_load_relaxed(vgic_word(c, intid));
	struct vgic_irq irq;
	u32 owe;

	if (!(w & IRQ_IN_LR)) {
		*pending = vgic_word_pending(w) && !irq_line_fell(c, intid, w);
		*active = w & IRQ_ACTIVE;
		return;
	}
	vgic_irq_lock(c, intid, &irq);
	owe = vgic_lr_peek(irq.c, intid, irq.w, pending, active);
	vgic_irq_unlock(&irq);
	if (owe)
		vgic_irq_settle(irq.c, intid, owe);
}

u64 vgic_read_pend(const struct vgic_access *a)
{
	u32 i, nr = irq_count(a);
	bool pending, active;
	u64 val = 0;

	for (i = 0; i < nr; i++) {
		u32 intid = a->first + i;

		irq_state(a->c, intid, &pending, &active);
		if (!pending && (atomic_load_relaxed(vgic_word(a->c, intid)) & IRQ_HW))
			pending = vgic_host_hw_get_pending(vgic_hw_host(a->c, intid),
							   vgic_pintid(a->c, intid));
		if (pending)
			val |= BIT(i);
	}
	return val;
}

/*
 * A tied PPI became pending, or may come again, without any change of the word. If its vCPU is on no
 * CPU nobody would hear of it. No lock of a vgic_cpu held.
 */
static void irq_hw_kick(struct vgic_cpu *c, u32 intid)
{
	if (intid < VGIC_NR_PRIVATE && !vgic_here(c))
		vgic_host_kick(c->host);
}

static void irq_set_pending(struct vgic_cpu *c, u32 intid)
{
	struct vgic_irq irq;

	vgic_irq_lock(c, intid, &irq);
	if (irq.w & IRQ_HW) {
		/* It comes back as vgic_inject_hw_*(). */
		vgic_irq_commit(&irq, irq.w | IRQ_SOFT);
		vgic_host_hw_set_pending(vgic_hw_host(c, intid), vgic_pintid(c, intid), true);
		irq_hw_kick(c, intid);
		return;
	}
	vgic_irq_pend(&irq);
}

static void irq_clear_pending(struct vgic_cpu *c, u32 intid)
{
	struct vgic_irq irq;
	u64 w;

	vgic_irq_lock(c, intid, &irq);
	w = irq.w & ~(IRQ_PENDING | IRQ_SOFT);
	if (w & IRQ_IN_LR)
		w |= IRQ_UNPEND;
	if (w & IRQ_HW) {
		vgic_host_hw_set_pending(vgic_hw_host(c, intid), vgic_pintid(c, intid), false);
		/*
		 * What was taken from the physical interrupt is active there, and the guest will
		 * never end it.
		 */
		if ((irq.w & (IRQ_PENDING | IRQ_ACTIVE)) == IRQ_PENDING)
			vgic_host_hw_set_active(vgic_hw_host(c, intid), vgic_pintid(c, intid),
						false);
	}
	vgic_irq_commit(&irq, w);
	if (w & IRQ_HW)
		irq_hw_kick(c, intid);
}

bool vgic_irq_info(struct vgic *v, u32 intid, struct vgic_irq_info *info)
{
	bool lpi = intid >= VGIC_LPI_BASE, pending, active;
	u64 w;

	if (intid < VGIC_NR_PRIVATE || !vgic_intid_valid(v, intid))
		return false;
	w = atomic_load_relaxed(vgic_word(v->cpus, intid));
	*info = (struct vgic_irq_info){
		.vcpu = w & IRQ_NOROUTE ? VGIC_NOWHERE : (u32)FIELD_GET(IRQ_HOME, w),
		.count = lpi ? v->lpi_count[intid - VGIC_LPI_BASE]
			     : v->spi_count[intid - VGIC_NR_PRIVATE],
		.priority = (u16)(FIELD_GET(IRQ_PRIO, w) << 3),
	};
	irq_state(v->cpus, intid, &pending, &active);
	info->flags = (u16)((w & IRQ_ENABLED ? VGIC_INFO_ENABLED : 0) |
			    (pending ? VGIC_INFO_PENDING : 0) | (active ? VGIC_INFO_ACTIVE : 0) |
			    (w & IRQ_LEVEL ? VGIC_INFO_LEVEL : 0) |
			    (w & IRQ_HW ? VGIC_INFO_HW : 0));
	return true;
}

void vgic_write_spend(const struct vgic_access *a, u64 val)
{
	for_each_set(a, val, irq_set_pending);
}

void vgic_write_cpend(const struct vgic_access *a, u64 val)
{
	for_each_set(a, val, irq_clear_pending);
}

u64 vgic_read_active(const struct vgic_access *a)
{
	u32 i, nr = irq_count(a);
	bool pending, active;
	u64 val = 0;

	for (i = 0; i < nr; i++) {
		irq_state(a->c, a->first + i, &pending, &active);
		if (active)
			val |= BIT(i);
	}
	return val;
}

static void irq_set_active(struct vgic_cpu *c, u32 intid)
{
	struct vgic_irq irq;

	vgic_irq_lock(c, intid, &irq);
	if (irq.w & IRQ_HW)
		vgic_host_hw_set_active(vgic_hw_host(c, intid), vgic_pintid(c, intid), true);
	vgic_irq_commit(&irq, (irq.w | IRQ_ACTIVE) & ~IRQ_UNACT);
}

static void irq_deactivate(struct vgic_cpu *c, u32 intid, bool ended)
{
	struct vgic_irq irq;
	u64 w;

	vgic_irq_lock(c, intid, &irq);
	w = irq.w & ~IRQ_ACTIVE;
	if (w & IRQ_IN_LR)
		w |= IRQ_UNACT;
	if (ended && vgic_is_watched(w) && (irq.w & (IRQ_ACTIVE | IRQ_IN_LR)))
		w = vgic_irq_ended(c->vgic, intid, w);
	if ((irq.w & (IRQ_HW | IRQ_ACTIVE)) == (IRQ_HW | IRQ_ACTIVE))
		vgic_host_hw_set_active(vgic_hw_host(c, intid), vgic_pintid(c, intid), false);
	vgic_irq_commit(&irq, w);
	if (w & IRQ_HW)
		irq_hw_kick(c, intid);
}

void vgic_irq_end(struct vgic_cpu *c, u32 intid)
{
	irq_deactivate(c, intid, true);
}

/* GICD_ICACTIVER, also a VMM's: not how a guest says that it is done with an interrupt. */
static void irq_clear_active(struct vgic_cpu *c, u32 intid)
{
	irq_deactivate(c, intid, false);
}

void vgic_write_sactive(const struct vgic_access *a, u64 val)
{
	for_each_set(a, val, irq_set_active);
}

void vgic_write_cactive(const struct vgic_access *a, u64 val)
{
	for_each_set(a, val, irq_clear_active);
}

u64 vgic_read_prio(const struct vgic_access *a)
{
	u32 i, nr = irq_count(a);
	u64 val = 0;

	for (i = 0; i < nr; i++) {
		u64 w = atomic_load_relaxed(vgic_word(a->c, a->first + i));

		val |= FIELD_GET(IRQ_PRIO, w) << (i * 8 + 3);
	}
	return val;
}

void vgic_write_prio(const struct vgic_access *a, u64 val)
{
	u32 i, nr = irq_count(a);
	struct vgic_irq irq;

	for (i = 0; i < nr; i++) {
		vgic_irq_lock(a->c, a->first + i, &irq);
		vgic_irq_commit(&irq, FIELD_SET(irq.w, IRQ_PRIO, (val >> (i * 8 + 3)) & 0x1f));
	}
}

u64 vgic_read_cfg(const struct vgic_access *a)
{
	u32 i, nr = irq_count(a);
	u64 val = 0;

	for (i = 0; i < nr; i++)
		if (!(atomic_load_relaxed(vgic_word(a->c, a->first + i)) & IRQ_LEVEL))
			val |= BIT(i * 2 + 1);
	return val;
}

static void irq_set_edge(struct vgic_cpu *c, u32 intid, bool edge)
{
	struct vgic_irq irq;
	u64 w;

	vgic_irq_lock(c, intid, &irq);
	w = irq.w;
	vgic_irq_commit(&irq, edge ? w & ~IRQ_LEVEL : w | IRQ_LEVEL);
	if ((w & IRQ_HW) && edge == !!(w & IRQ_LEVEL))
		vgic_host_hw_config(vgic_hw_host(c, intid), vgic_pintid(c, intid), edge);
}

void vgic_write_cfg(const struct vgic_access *a, u64 val)
{
	u32 i, nr = irq_count(a);

	for (i = 0; i < nr; i++)
		if (a->first + i >= VGIC_NR_SGIS) /* SGIs are edge-triggered */
			irq_set_edge(a->c, a->first + i, val & BIT(i * 2 + 1));
}
