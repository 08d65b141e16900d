/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One list register and the word in it: how a word gets in, what the guest and others did to it
 * since, and back. What goes in and what stays outside is decided in vgic/flush.c.
 *
 * LPIs have no active state. A list register may show one all the same until the guest's EOI; an
 * LPI that leaves its list register before forgets it, because the EOI of an LPI without a list
 * register is not counted (IHI 0069H 12.4.5). QEMU before 8.2 counts it, and is not supported.
 *
 * An active interrupt runs at the priority that it was taken at, and its EOI drops that one,
 * whatever GICD_IPRIORITYR says by then. It is LR_PRIO in the list register, and outside the list
 * that the word is on.
 *
 * Two list registers never hold the same interrupt.
 */
#include "vgic/state.h"

void vgic_hw_deactivate(struct vgic_cpu *c, u32 intid)
{
	vgic_host_hw_set_active(vgic_hw_host(c, intid), vgic_pintid(c, intid), false);
}

/*
 * True for a tied, level-sensitive interrupt whose line is low again: if the guest has not taken
 * it, nothing is pending any more. What software set pending stays.
 */
static bool lr_line_is_low(struct vgic_cpu *c, u32 intid, u64 w)
{
	return (w & (IRQ_HW | IRQ_LEVEL | IRQ_SOFT)) == (IRQ_HW | IRQ_LEVEL) &&
	       !vgic_host_hw_get_pending(vgic_hw_host(c, intid), vgic_pintid(c, intid));
}

/* Reads list register @n; its word with the state of both, and all that was marked carried out. */
static u64 lr_decode(struct vgic_cpu *c, u32 n, u64 *lrp)
{
	u32 intid = c->lr_intid[n];
	u64 w = *vgic_word(c, intid), lr = vgic_host_lr_read(n);
	bool pending = lr & LR_PENDING, active = lr & LR_ACTIVE;
	bool hw_done = false;

	if (pending && ((w & IRQ_UNPEND) || (!active && lr_line_is_low(c, intid, w)))) {
		pending = false;
		hw_done = !active;
	}
	if (active && (w & IRQ_UNACT)) {
		active = false;
		hw_done = true;
	}
	if ((w & IRQ_HW) && hw_done && !(w & IRQ_PENDING))
		vgic_hw_deactivate(c, intid);
	/* A physical interrupt that came again was deactivated in between: this is a new one. */
	if ((w & IRQ_HW) && (w & IRQ_PENDING))
		active = false;
	if (pending && (w & IRQ_LATCHED))
		w |= IRQ_PENDING;
	if (active)
		w |= IRQ_ACTIVE;
	if (!pending)
		w &= ~IRQ_SOFT;
	if (vgic_is_watched(w) && !(lr & (LR_PENDING | LR_ACTIVE)))
		w = vgic_irq_ended(c->vgic, intid, w);
	*lrp = lr;
	return w & ~(IRQ_UNPEND | IRQ_UNACT | IRQ_LATCHED);
}

/* Frees list register @n, which held @lr. */
static u64 lr_release(struct vgic_cpu *c, u32 n, u64 lr, u64 w)
{
	c->lr_used &= ~(u32)BIT(n);
	/* An empty one with EOI set would go on asking for maintenance. */
	if (lr & (LR_PENDING | LR_ACTIVE | LR_EOI))
		vgic_host_lr_write(n, 0);
	w &= ~(IRQ_IN_LR | IRQ_PREV);
	if (!(w & IRQ_MOVE))
		w &= ~IRQ_NEXT;
	/* Its EOI will find none, and is not counted. */
	if (c->lr_intid[n] >= VGIC_LPI_BASE)
		w &= ~IRQ_ACTIVE;
	return w;
}

/*
 * May the pending state of @w go into a list register beside an active one? Of a watched one it is
 * the line, and that its list register was empty in between is how its end is seen.
 */
static bool lr_both(const struct vgic_cpu *c, u32 intid, u64 w)
{
	return !(w & (IRQ_HW | IRQ_MOVE | IRQ_WATCHED)) && vgic_word_deliverable(c, intid, w) &&
	       (atomic_load_relaxed(&c->vgic->groups) & vgic_word_group(w));
}

/*
 * Makes c->lr[n], which the caller writes to list register @n, hold @w, of which @state
 * (LR_PENDING, LR_ACTIVE) goes in. @lr: what it held.
 */
static void lr_store(struct vgic_cpu *c, u32 n, u64 *wp, u64 w, u64 state, u64 lr)
{
	u32 intid = c->lr_intid[n];
	u64 val = state | FIELD_PREP(LR_VINTID, intid);

	/* While it is active its priority must stay what the guest's EOI will drop. */
	if (lr & state & LR_ACTIVE) {
		val |= lr & (LR_PRIO | LR_GROUP1);
	} else {
		val |= FIELD_PREP(LR_PRIO, FIELD_GET(IRQ_PRIO, w) << 3);
		if (w & IRQ_GROUP1)
			val |= LR_GROUP1;
	}
	if (w & IRQ_HW)
		val |= LR_HW | FIELD_PREP(LR_PINTID, vgic_pintid(c, intid));
	else if (intid < VGIC_LPI_BASE &&
		 ((w & IRQ_LEVEL) || (!(state & LR_PENDING) && (w & IRQ_PENDING))))
		val |= LR_EOI; /* there may be more to present when the guest is done */
	if ((state & LR_PENDING) && (w & IRQ_PENDING))
		w = (w & ~IRQ_PENDING) | IRQ_LATCHED;
	w &= ~IRQ_ACTIVE;
	w = FIELD_SET(w, IRQ_PREV, n) | IRQ_IN_LR;
	atomic_store_relaxed(wp, w);
	c->lr[n] = val;
}

u32 vgic_lr_sync(struct vgic_cpu *c, u32 n)
{
	u32 intid = c->lr_intid[n];
	u64 *wp = vgic_word(c, intid), lr, state = 0;
	u64 w = lr_decode(c, n, &lr);

	if ((w & IRQ_ACTIVE) && !(intid >= VGIC_LPI_BASE && (w & IRQ_MOVE)))
		state = LR_ACTIVE | (lr_both(c, intid, w) ? LR_PENDING : 0);
	else if (!(w & IRQ_MOVE) && vgic_word_deliverable(c, intid, w) &&
		 (atomic_load_relaxed(&c->vgic->groups) & vgic_word_group(w)))
		state = LR_PENDING;
	/* Taken, and here again: behind those that have been waiting. */
	if (!(lr & (LR_PENDING | LR_ACTIVE)) && state == LR_PENDING && c->lr_used >> n > 1)
		state = 0;
	if (!state)
		return vgic_place(c, intid, wp, lr_release(c, n, lr, w));
	lr_store(c, n, wp, w, state, lr);
	if (c->lr[n] != lr)
		vgic_host_lr_write(n, c->lr[n]);
	return 0;
}

/* Puts a word that is nowhere into list register @n, which is free; @prio: as vgic_lr_load(). */
static void lr_load(struct vgic_cpu *c, u32 n, u32 intid, u64 *wp, u64 w, u32 prio)
{
	u64 state = LR_PENDING, was = 0;

	if (w & IRQ_ACTIVE) {
		state = LR_ACTIVE | (lr_both(c, intid, w) ? LR_PENDING : 0);
		was = LR_ACTIVE | FIELD_PREP(LR_PRIO, prio << 3) | (w & IRQ_GROUP1 ? LR_GROUP1 : 0);
	}
	c->lr_used |= (u32)BIT(n);
	c->lr_intid[n] = (u16)intid;
	lr_store(c, n, wp, w, state, was);
	vgic_host_lr_write(n, c->lr[n]);
}

static void lr_shift(struct vgic_cpu *c, u32 from, u32 to)
{
	u64 *wp = vgic_word(c, c->lr_intid[from]);

	c->lr[to] = vgic_host_lr_read(from);
	vgic_host_lr_write(from, 0);
	vgic_host_lr_write(to, c->lr[to]);
	c->lr_intid[to] = c->lr_intid[from];
	c->lr_used ^= (u32)(BIT(from) | BIT(to));
	atomic_store_relaxed(wp, FIELD_SET(*wp, IRQ_PREV, to));
}

/*
 * A free list register, above all used ones; there must be a free one. CPUs that choose the lowest
 * one among equals then deliver in the order of arrival: with the free ones below, newcomers could
 * keep an older interrupt waiting for ever.
 */
static u32 lr_slot(struct vgic_cpu *c)
{
	u32 n, to = 0, top = bits_fls(c->lr_used);

	if (c->lr_mask & BIT(top))
		return top;
	for (n = 0; n < top; n++) {
		if (!(c->lr_used & BIT(n)))
			continue;
		if (n != to)
			lr_shift(c, n, to);
		to++;
	}
	return to;
}

void vgic_lr_load(struct vgic_cpu *c, u32 intid, u64 *wp, u64 w, u32 prio)
{
	lr_load(c, lr_slot(c), intid, wp, w, prio);
}

/* Takes list registers that the guest emptied from words with nothing more to say. */
static void lr_reap(struct vgic_cpu *c)
{
	u32 done = (u32)vgic_host_elrsr() & c->lr_used;

	while (done) {
		u32 n = (u32)__builtin_ctz(done);
		u64 *wp = vgic_word(c, c->lr_intid[n]), w = *wp;

		done &= done - 1;
		if (vgic_word_pending(w) || (w & (IRQ_MOVE | IRQ_ACTIVE | IRQ_WATCHED)))
			continue;
		w &= ~(IRQ_UNPEND | IRQ_UNACT | IRQ_LATCHED);
		atomic_store_relaxed(wp, lr_release(c, n, w & IRQ_LEVEL ? LR_EOI : 0, w));
	}
}

bool vgic_lr_try(struct vgic_cpu *c, u32 intid, u64 *wp, u64 w)
{
	if (c->syncing || (c->map[VGIC_SET_G0] | c->map[VGIC_SET_G1]) ||
	    !(atomic_load_relaxed(&c->vgic->groups) & vgic_word_group(w)))
		return false;
	if (!(c->lr_mask & BIT(bits_fls(c->lr_used)))) {
		lr_reap(c);
		if (c->lr_used == c->lr_mask)
			return false;
	}
	vgic_lr_load(c, intid, wp, w, (u32)FIELD_GET(IRQ_PRIO, w));
	return true;
}

bool vgic_lr_inject(struct vgic_cpu *c, u32 intid, u64 *wp, u64 w)
{
	const u64 special = IRQ_MOVE | IRQ_UNPEND | IRQ_UNACT | IRQ_ACTIVE | IRQ_PENDING |
			    IRQ_QUEUED | IRQ_NOROUTE | IRQ_WATCHED;
	u32 n = (u32)FIELD_GET(IRQ_PREV, w);
	u64 val;

	if ((w & (special | IRQ_ENABLED)) != IRQ_ENABLED ||
	    !(atomic_load_relaxed(&c->vgic->groups) & vgic_word_group(w)))
		return false;
	if (!(w & IRQ_IN_LR)) {
		if (c->syncing || (c->map[VGIC_SET_G0] | c->map[VGIC_SET_G1]) ||
		    !(c->lr_mask & BIT(bits_fls(c->lr_used))))
			return false;
		lr_load(c, bits_fls(c->lr_used), intid, wp, w | IRQ_PENDING,
			(u32)FIELD_GET(IRQ_PRIO, w));
		return true;
	}
	val = vgic_host_lr_read(n);
	if (val & LR_ACTIVE)
		return false;
	if (!(val & LR_PENDING)) {
		/* Behind those that wait; and its priority may have changed while it was active. */
		if (c->lr_used >> n > 1 ||
		    FIELD_GET(LR_PRIO, c->lr[n]) >> 3 != FIELD_GET(IRQ_PRIO, w))
			return false;
		/* The guest is done with it, and all but its state is still as it was written. */
		c->lr[n] = (c->lr[n] & ~LR_ACTIVE) | LR_PENDING;
		vgic_host_lr_write(n, c->lr[n]);
	}
	if (!(w & IRQ_LATCHED))
		atomic_store_relaxed(wp, w | IRQ_LATCHED);
	return true;
}

u32 vgic_lr_peek(struct vgic_cpu *c, u32 intid, u64 w, bool *pending, bool *active)
{
	u32 n = (u32)FIELD_GET(IRQ_PREV, w), owe = 0;
	u64 lr;

	*pending = vgic_word_pending(w);
	*active = w & IRQ_ACTIVE;
	if (!(w & IRQ_IN_LR))
		return 0;
	if (vgic_here(c)) {
		lr = vgic_host_lr_read(n);
	} else {
		lr = c->lr[n];
		owe = vgic_want_work(c);
	}
	if ((lr & LR_PENDING) && (w & IRQ_LATCHED) && !(w & IRQ_UNPEND)) {
		if (!(lr & LR_ACTIVE) && lr_line_is_low(c, intid, w))
			owe |= vgic_want_work(c); /* the list register is to hear of it */
		else
			*pending = true;
	}
	if ((lr & LR_ACTIVE) && !(w & IRQ_UNACT))
		*active = true;
	return owe;
}

u32 vgic_lr_evict(struct vgic_cpu *c, u32 n)
{
	u32 intid = c->lr_intid[n], prio;
	u64 *wp = vgic_word(c, intid), lr, w = lr_decode(c, n, &lr);

	w = lr_release(c, n, lr, w);
	if ((w & IRQ_MOVE) && !(w & IRQ_ACTIVE))
		return vgic_place(c, intid, wp, w);
	prio = (u32)FIELD_GET(IRQ_PRIO, w);
	if (w & IRQ_ACTIVE)
		prio = (u32)FIELD_GET(LR_PRIO, lr) >> 3;
	if ((w & IRQ_ACTIVE) || vgic_word_deliverable(c, intid, w))
		vgic_enqueue(c, intid, wp, w, prio, true);
	else
		atomic_store_relaxed(wp, w);
	return 0;
}
