/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Interrupt words: their priority lists, their homes, and what follows from a change (essay:
 * vgic/state.h).
 */
#include "vgic/state.h"

bool vgic_intid_valid(const struct vgic *v, u32 intid)
{
	if (intid < VGIC_LPI_BASE)
		return intid < VGIC_NR_PRIVATE + v->cfg.nr_spis;
	return intid - VGIC_LPI_BASE < v->nr_lpis;
}

static u32 word_set(u64 w)
{
	if (w & IRQ_ACTIVE)
		return VGIC_SET_ACTIVE;
	return w & IRQ_GROUP1 ? VGIC_SET_G1 : VGIC_SET_G0;
}

static void set_field(struct vgic_cpu *c, u32 intid, u64 field, u32 shift, u32 val)
{
	u64 *wp = vgic_word(c, intid);

	atomic_store_relaxed(wp, (*wp & ~field) | ((u64)val << shift));
}

static void set_next(struct vgic_cpu *c, u32 intid, u32 next)
{
	set_field(c, intid, IRQ_NEXT, FIELD_SHIFT(IRQ_NEXT), next);
}

static void set_prev(struct vgic_cpu *c, u32 intid, u32 prev)
{
	set_field(c, intid, IRQ_PREV, FIELD_SHIFT(IRQ_PREV), prev);
}

void vgic_enqueue(struct vgic_cpu *c, u32 intid, u64 *wp, u64 w, u32 prio, bool front)
{
	u32 set = word_set(w);
	struct vgic_list *l = &c->list[set][prio];
	u32 next = VGIC_NIL, prev = VGIC_NIL;

	if (!(c->map[set] & BIT(prio))) {
		c->map[set] |= (u32)BIT(prio);
		l->head = (u16)intid;
		l->tail = (u16)intid;
	} else if (front) {
		next = l->head;
		set_prev(c, next, intid);
		l->head = (u16)intid;
	} else {
		prev = l->tail;
		set_next(c, prev, intid);
		l->tail = (u16)intid;
	}
	w &= ~(IRQ_NEXT | IRQ_PREV);
	w |= FIELD_PREP(IRQ_NEXT, next) | FIELD_PREP(IRQ_PREV, prev) | IRQ_QUEUED;
	atomic_store_relaxed(wp, w);
}

/* The list that a word is at an end of. */
static u32 word_list(const struct vgic_cpu *c, u32 intid, u64 w)
{
	const struct vgic_list *l = c->list[VGIC_SET_ACTIVE];
	u32 left;

	if (!(w & IRQ_ACTIVE))
		return (u32)FIELD_GET(IRQ_PRIO, w);
	for (left = c->map[VGIC_SET_ACTIVE]; left; left &= left - 1) {
		u32 prio = (u32)__builtin_ctz(left);

		if (l[prio].head == intid || l[prio].tail == intid)
			return prio;
	}
	return 0; /* in the middle: it does not matter */
}

u64 vgic_dequeue(struct vgic_cpu *c, u32 intid, u64 w)
{
	u32 set = word_set(w), prio = word_list(c, intid, w);
	struct vgic_list *l = &c->list[set][prio];
	u32 next = (u32)FIELD_GET(IRQ_NEXT, w), prev = (u32)FIELD_GET(IRQ_PREV, w);

	if (prev == VGIC_NIL)
		l->head = (u16)next;
	else
		set_next(c, prev, next);
	if (next == VGIC_NIL)
		l->tail = (u16)prev;
	else
		set_prev(c, next, prev);
	if (next == VGIC_NIL && prev == VGIC_NIL)
		c->map[set] &= ~(u32)BIT(prio);
	return w & ~(IRQ_QUEUED | IRQ_NEXT | IRQ_PREV);
}

static inline __attribute__((always_inline)) u32 want_work(struct vgic_cpu *c)
{
	if (!c->loaded)
		return VGIC_OWE_KICK;
	if (vgic_host_is_here(c->host)) {
		atomic_store_relaxed(&c->work, 1);
		return 0;
	}
	if (atomic_load_relaxed(&c->work))
		return 0; /* whoever set it kicked */
	atomic_store_relaxed(&c->work, 1);
	c->stats.kicks++;
	return VGIC_OWE_KICK;
}

u32 vgic_want_work(struct vgic_cpu *c)
{
	return want_work(c);
}

/* Gives a word that is free to move its new home. */
static u64 word_rehome(const struct vgic *v, u32 intid, u64 w)
{
	u32 to = (u32)FIELD_GET(IRQ_NEXT, w);

	w &= ~(IRQ_MOVE | IRQ_NEXT | IRQ_NOROUTE);
	if (vgic_is_spi(intid)) {
		to = v->spi_target[intid - VGIC_NR_PRIVATE];
		if (to == VGIC_NO_CPU)
			return w | IRQ_NOROUTE;
	}
	return FIELD_SET(w, IRQ_HOME, to);
}

u32 vgic_place(struct vgic_cpu *c, u32 intid, u64 *wp, u64 w)
{
	if ((w & IRQ_MOVE) && !(w & IRQ_ACTIVE)) {
		w = word_rehome(c->vgic, intid, w);
		if (FIELD_GET(IRQ_HOME, w) != c->index) {
			atomic_store_release(wp, w);
			return VGIC_OWE_SETTLE;
		}
	}
	if (w & IRQ_ACTIVE) {
		vgic_enqueue(c, intid, wp, w, (u32)FIELD_GET(IRQ_PRIO, w), false);
		return c->loaded ? vgic_want_work(c) : 0;
	}
	if (!vgic_word_deliverable(c, intid, w)) {
		atomic_store_relaxed(wp, w);
		return 0;
	}
	if (vgic_here(c) && vgic_lr_try(c, intid, wp, w))
		return 0;
	vgic_enqueue(c, intid, wp, w, (u32)FIELD_GET(IRQ_PRIO, w), false);
	return vgic_want_work(c);
}

void vgic_irq_lock(struct vgic_cpu *c, u32 intid, struct vgic_irq *irq)
{
	const struct vgic *v = c->vgic;

	irq->intid = intid;
	irq->wp = vgic_word(c, intid);
	for (;;) {
		u64 w = atomic_load_relaxed(irq->wp);

		irq->c = vgic_cpu_at(v, (u32)FIELD_GET(IRQ_HOME, w));
		spin_lock(&irq->c->lock);
		/* Pairs with the store that gave it this home, under another lock. */
		irq->w = atomic_load_acquire(irq->wp);
		if (!((irq->w ^ w) & IRQ_HOME))
			return;
		spin_unlock(&irq->c->lock);
	}
}

void vgic_irq_unlock(struct vgic_irq *irq)
{
	spin_unlock(&irq->c->lock);
}

void vgic_irq_commit(struct vgic_irq *irq, u64 w)
{
	struct vgic_cpu *c = irq->c;
	u32 intid = irq->intid, owe = 0;
	u64 old = irq->w;

	if (old & IRQ_IN_LR) {
		atomic_store_relaxed(irq->wp, w);
		/* Marks: what a change that was made on another CPU left to the next flush. */
		if (vgic_here(c) && (w != old || (w & (IRQ_MOVE | IRQ_UNPEND | IRQ_UNACT))))
			owe = vgic_lr_sync(c, (u32)FIELD_GET(IRQ_PREV, w));
		else if (w != old)
			owe = vgic_want_work(c);
	} else if ((old & IRQ_QUEUED) && (old & w & IRQ_ACTIVE)) {
		/* It stays where it is, at the priority that it was taken at. */
		atomic_store_relaxed(irq->wp, w);
	} else if (w != old || !(old & IRQ_QUEUED)) {
		if (old & IRQ_QUEUED) {
			vgic_dequeue(c, intid, old);
			w &= ~(IRQ_QUEUED | IRQ_PREV);
			if (!(w & IRQ_MOVE))
				w &= ~IRQ_NEXT;
		}
		owe = vgic_place(c, intid, irq->wp, w);
		/*
		 * One active interrupt less outside the list registers: maybe no traps are needed
		 * for them any more.
		 */
		if (c->loaded && (old & IRQ_QUEUED) && (old & IRQ_ACTIVE))
			owe |= vgic_want_work(c);
	}
	spin_unlock(&c->lock);
	if (owe)
		vgic_irq_settle(c, intid, owe);
}

void vgic_irq_pend(struct vgic_irq *irq)
{
	struct vgic_cpu *c = irq->c;
	u32 owe = 0;

	if (vgic_here(c)) {
		if (!vgic_lr_inject(c, irq->intid, irq->wp, irq->w)) {
			vgic_irq_commit(irq, (irq->w | IRQ_PENDING) & ~IRQ_UNPEND);
			return;
		}
	} else if ((irq->w & (IRQ_IN_LR | IRQ_UNPEND)) == IRQ_IN_LR) {
		/* In a list register of another CPU, whose next flush sees it. */
		if (!(irq->w & IRQ_PENDING)) {
			atomic_store_relaxed(irq->wp, irq->w | IRQ_PENDING);
			owe = want_work(c);
		}
	} else {
		vgic_irq_commit(irq, (irq->w | IRQ_PENDING) & ~IRQ_UNPEND);
		return;
	}
	spin_unlock(&c->lock);
	if (owe)
		vgic_host_kick(c->host);
}

void vgic_irq_settle(struct vgic_cpu *c, u32 intid, u32 owe)
{
	struct vgic_irq irq;

	for (;;) {
		if (owe & VGIC_OWE_KICK)
			vgic_host_kick(c->host);
		if (!(owe & VGIC_OWE_SETTLE))
			return;
		/* Each turn more takes one more write of GICD_IROUTER by another CPU. */
		vgic_irq_lock(c, intid, &irq);
		c = irq.c;
		owe = 0;
		if (!(irq.w & (IRQ_QUEUED | IRQ_IN_LR)))
			owe = vgic_place(c, intid, irq.wp, irq.w);
		vgic_irq_unlock(&irq);
	}
}
