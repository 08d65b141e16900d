/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The list registers of a loaded vCPU: filling them by priority, taking back what the guest is done
 * with.
 *
 * vgic_flush() first makes each used list register agree with its word (vgic_lr_sync()), then fills
 * free ones with the most urgent pending words, then with active words. If pending words are left,
 * list registers with less urgent ones are exchanged, and active ones, least urgent first, leave
 * when nothing pending would be in a list register.
 *
 * Left outside, each with its maintenance interrupt, so that none is lost (IHI 0069H 12.4.5):
 *  - pending words of enabled groups: UIE and NPIE. Since a list register is then pending and all
 *    are in use, neither fires before the guest has made progress. VGrp<n>DIE: what is in the list
 *    registers may have become undeliverable.
 *  - pending words of groups that the guest disabled at its CPU interface: VGrp<n>EIE. GICD_CTLR's
 *    own enables trap.
 *  - active words: LRENPIE with EOIcount. The guest's n-th EOI without a list register is of the
 *    n-th most urgent active word, since with EOImode == 0 interrupts are nested, and those in list
 *    registers are more urgent.
 *
 * ICC_DIR_EL1 (EOImode == 1) is always trapped, since the interrupt may be in another vCPU's list
 * register, or in none. (A CPU without ICH_VTR_EL2.TDS cannot trap it alone: there such an
 * interrupt stays active until GICD_ICACTIVER says otherwise.)
 *
 * LPIs have no active state. A list register may show one all the same until the guest's EOI, and
 * where it does an EOI without a list register is counted for LPIs, too: an active LPI that must
 * leave its list register leaves its priority in vgic_cpu.phantom, so that counted EOIs are not
 * taken for another interrupt's.
 *
 * Two list registers never hold the same interrupt.
 */
#include "vgic/state.h"

/* Stale entries that one flush drops from the lists: LPIs after EnableLPIs was cleared. */
#define MAX_STALE 64

static u32 lr_groups(const struct vgic_cpu *c)
{
	return atomic_load_relaxed(&c->vgic->groups) & (u32)FIELD_GET(VMCR_VENG, c->vmcr);
}

static void settle_add(struct vgic_settle *s, u32 intid, u32 owe)
{
	if (!(owe & VGIC_OWE_SETTLE))
		return;
	ASSERT(s->nr < ARRAY_SIZE(s->intid)); /* one for each list register and counted EOI */
	s->intid[s->nr++] = (u16)intid;
}

static void settle_all(struct vgic_cpu *c, const struct vgic_settle *s)
{
	u32 i;

	for (i = 0; i < s->nr; i++)
		vgic_irq_settle(c, s->intid[i], VGIC_OWE_SETTLE);
}

static void hw_deactivate(struct vgic_cpu *c, u32 intid)
{
	vgic_host_hw_set_active(vgic_hw_host(c, intid), vgic_pintid(c, intid), false);
}

/*
 * True for a tied, level-sensitive interrupt whose line is low again: if the guest has not taken it, nothing
 * is pending any more. What software set pending stays.
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
		hw_deactivate(c, intid);
	/* A physical interrupt that came again was deactivated in between: this is a new one. */
	if ((w & IRQ_HW) && (w & IRQ_PENDING))
		active = false;
	if (pending && (w & IRQ_LATCHED))
		w |= IRQ_PENDING;
	if (active)
		w |= IRQ_ACTIVE;
	if (!pending)
		w &= ~IRQ_SOFT;
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
	if ((w & IRQ_ACTIVE) && c->lr_intid[n] >= VGIC_LPI_BASE) {
		if (!(c->vmcr & VMCR_VEOIM))
			c->phantom |= (u32)BIT(FIELD_GET(LR_PRIO, lr) >> 3);
		w &= ~IRQ_ACTIVE;
	}
	return w;
}

/* May the pending state of @w go into a list register beside an active one? */
static bool lr_both(const struct vgic_cpu *c, u32 intid, u64 w)
{
	return !(w & (IRQ_HW | IRQ_MOVE)) && vgic_word_deliverable(c, intid, w) &&
	       (atomic_load_relaxed(&c->vgic->groups) & vgic_word_group(w));
}

/*
 * Writes list register @n so that it holds @w, of which @state (LR_PENDING, LR_ACTIVE) goes in.
 * @lr: what it held.
 */
static void lr_store(struct vgic_cpu *c, u32 n, u64 *wp, u64 w, u64 state, u64 lr)
{
	u32 intid = c->lr_intid[n];
	u64 val = state | FIELD_PREP(LR_VINTID, intid);

	/* While it is active its priority must stay what the guest's EOI will drop. */
	if (lr & LR_ACTIVE) {
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
	if (val != lr)
		vgic_host_lr_write(n, val);
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
	return 0;
}

/* Puts a word that is nowhere into list register @n, which is free. */
static void lr_load(struct vgic_cpu *c, u32 n, u32 intid, u64 *wp, u64 w)
{
	u64 state = LR_PENDING;

	if (w & IRQ_ACTIVE)
		state = LR_ACTIVE | (lr_both(c, intid, w) ? LR_PENDING : 0);
	c->lr_used |= (u32)BIT(n);
	c->lr_intid[n] = (u16)intid;
	lr_store(c, n, wp, w, state, 0);
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

/* Takes list registers that the guest emptied from words with nothing more to say. */
static void lr_reap(struct vgic_cpu *c)
{
	u32 done = (u32)vgic_host_elrsr() & c->lr_used;

	while (done) {
		u32 n = (u32)__builtin_ctz(done);
		u64 *wp = vgic_word(c, c->lr_intid[n]), w = *wp;

		done &= done - 1;
		if (vgic_word_pending(w) || (w & (IRQ_MOVE | IRQ_ACTIVE)))
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
	lr_load(c, lr_slot(c), intid, wp, w);
	return true;
}

bool vgic_lr_inject(struct vgic_cpu *c, u32 intid, u64 *wp, u64 w)
{
	const u64 special = IRQ_MOVE | IRQ_UNPEND | IRQ_UNACT | IRQ_ACTIVE | IRQ_PENDING |
			    IRQ_QUEUED | IRQ_NOROUTE;
	u32 n = (u32)FIELD_GET(IRQ_PREV, w);
	u64 val;

	if ((w & (special | IRQ_ENABLED)) != IRQ_ENABLED ||
	    !(atomic_load_relaxed(&c->vgic->groups) & vgic_word_group(w)))
		return false;
	if (!(w & IRQ_IN_LR)) {
		if (c->syncing || (c->map[VGIC_SET_G0] | c->map[VGIC_SET_G1]) ||
		    !(c->lr_mask & BIT(bits_fls(c->lr_used))))
			return false;
		lr_load(c, bits_fls(c->lr_used), intid, wp, w | IRQ_PENDING);
		return true;
	}
	val = vgic_host_lr_read(n);
	if (val & LR_ACTIVE)
		return false;
	if (!(val & LR_PENDING)) {
		if (c->lr_used >> n > 1)
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

/*
 * Empties list register @n into its word, and puts that at the front of its list if it is to come
 * back.
 */
static u32 lr_evict(struct vgic_cpu *c, u32 n)
{
	u32 intid = c->lr_intid[n];
	u64 *wp = vgic_word(c, intid), lr, w = lr_decode(c, n, &lr);

	w = lr_release(c, n, lr, w);
	if ((w & IRQ_MOVE) && !(w & IRQ_ACTIVE))
		return vgic_place(c, intid, wp, w);
	if ((w & IRQ_ACTIVE) || vgic_word_deliverable(c, intid, w))
		vgic_enqueue(c, intid, wp, w, true);
	else
		atomic_store_relaxed(wp, w);
	return 0;
}

/*
 * Frees a list register for something pending of priority @prio; @groups: those that can be
 * delivered.
 */
static bool lr_make_room(struct vgic_cpu *c, u32 prio, u32 groups, struct vgic_settle *s)
{
	u32 left = c->lr_used, worst = 0, worst_active = 0, victim = 0, victim_active = 0;
	bool live = false, any_active = false;

	while (left) {
		u32 n = (u32)__builtin_ctz(left), p = (u32)FIELD_GET(LR_PRIO, c->lr[n]) >> 3;

		left &= left - 1;
		if (c->lr[n] & LR_ACTIVE) {
			if (!any_active || p > worst_active) {
				worst_active = p;
				victim_active = n;
			}
			any_active = true;
			continue;
		}
		if (groups & (c->lr[n] & LR_GROUP1 ? 2 : 1))
			live = true;
		else
			p = VGIC_NR_PRIOS;
		if (p && p >= worst) {
			worst = p;
			victim = n;
		}
	}
	if (worst > prio) {
		c->stats.exchanged++;
	} else {
		if (live || !any_active)
			return false;
		victim = victim_active;
		c->stats.active_out++;
	}
	settle_add(s, c->lr_intid[victim], lr_evict(c, victim));
	return true;
}

/* The most urgent list of @groups; group 0 first among equals. */
static bool lr_best(const struct vgic_cpu *c, u32 groups, u32 *set, u32 *prio)
{
	u32 m0 = groups & 1 ? c->map[VGIC_SET_G0] : 0, m1 = groups & 2 ? c->map[VGIC_SET_G1] : 0;

	if (!(m0 | m1))
		return false;
	*prio = (u32)__builtin_ctz(m0 | m1);
	*set = m0 & BIT(*prio) ? VGIC_SET_G0 : VGIC_SET_G1;
	return true;
}

static void lr_fill(struct vgic_cpu *c, struct vgic_settle *s)
{
	u32 groups = lr_groups(c), set, prio, stale = 0;

	while (stale < MAX_STALE && lr_best(c, groups, &set, &prio)) {
		u32 intid = c->list[set][prio].head;
		u64 *wp = vgic_word(c, intid);

		if (!vgic_word_deliverable(c, intid, *wp)) {
			atomic_store_relaxed(wp, vgic_dequeue(c, *wp));
			stale++;
			continue;
		}
		if (c->lr_used == c->lr_mask && !lr_make_room(c, prio, groups, s)) {
			c->stats.overflows++;
			return;
		}
		lr_load(c, lr_slot(c), intid, wp, vgic_dequeue(c, *wp));
	}
	while (c->lr_used != c->lr_mask && c->map[VGIC_SET_ACTIVE]) {
		u32 intid = c->list[VGIC_SET_ACTIVE][__builtin_ctz(c->map[VGIC_SET_ACTIVE])].head;
		u64 *wp = vgic_word(c, intid);

		lr_load(c, lr_slot(c), intid, wp, vgic_dequeue(c, *wp));
	}
}

/* Asks for the maintenance interrupts that what is left outside needs. */
static void lr_update_hcr(struct vgic_cpu *c)
{
	u32 en = atomic_load_relaxed(&c->vgic->groups);
	u32 veng = (u32)FIELD_GET(VMCR_VENG, c->vmcr);
	u32 queued = ((c->map[VGIC_SET_G0] ? 1 : 0) | (c->map[VGIC_SET_G1] ? 2 : 0)) & en;
	u64 hcr = HCR_EN;

	if (queued & veng) {
		hcr |= HCR_NPIE;
		if (c->lr_mask & (c->lr_mask - 1))
			hcr |= HCR_UIE; /* fires at one valid list register or none: needs two */
		if (veng & 2)
			hcr |= HCR_VGRP1DIE;
		if (veng == 3)
			hcr |= HCR_VGRP0DIE; /* some CPUs look at VENG1 for this one */
	}
	if (queued & ~veng & 1)
		hcr |= HCR_VGRP0EIE;
	if (queued & ~veng & 2)
		hcr |= HCR_VGRP1EIE;
	if (c->map[VGIC_SET_ACTIVE] | c->phantom)
		hcr |= HCR_LRENPIE;
	if (vgic_host_has_tds())
		hcr |= HCR_TDIR;
	/* Writing it clears EOIcount, which counts from here on. */
	if (hcr != c->hcr || (hcr & HCR_LRENPIE))
		vgic_host_hcr_write(hcr);
	c->hcr = hcr;
}

/* The guest ended interrupts that had no list register: deactivates the most urgent active ones. */
static void lr_count_eois(struct vgic_cpu *c, struct vgic_settle *s)
{
	u32 count;

	if (!(c->hcr & HCR_LRENPIE))
		return;
	count = (u32)FIELD_GET(HCR_EOICOUNT, vgic_host_hcr_read());
	if (c->vmcr & VMCR_VEOIM)
		return; /* these were priority drops; ICC_DIR_EL1 deactivates, and is trapped */
	for (; count; count--) {
		u32 map = c->map[VGIC_SET_ACTIVE], intid;
		u64 *wp, w;

		if (!(map | c->phantom))
			return;
		if (c->phantom && (!map || __builtin_ctz(c->phantom) < __builtin_ctz(map))) {
			c->phantom &= c->phantom - 1;
			continue;
		}
		intid = c->list[VGIC_SET_ACTIVE][__builtin_ctz(map)].head;
		wp = vgic_word(c, intid);
		w = vgic_dequeue(c, *wp) & ~IRQ_ACTIVE;
		if (w & IRQ_HW)
			hw_deactivate(c, intid);
		settle_add(s, intid, vgic_place(c, intid, wp, w));
	}
}

static void lr_flush(struct vgic_cpu *c)
{
	struct vgic_settle s = { .nr = 0 };
	u32 left;

	spin_lock(&c->lock);
	if (!vgic_here(c)) {
		spin_unlock(&c->lock);
		return;
	}
	c->vmcr = vgic_host_vmcr_read();
	c->syncing = true;
	lr_count_eois(c, &s);
	for (left = c->lr_used; left; left &= left - 1) {
		u32 n = (u32)__builtin_ctz(left), intid = c->lr_intid[n];

		settle_add(&s, intid, vgic_lr_sync(c, n));
	}
	c->syncing = false;
	lr_fill(c, &s);
	lr_update_hcr(c);
	atomic_store_relaxed(&c->work, false);
	spin_unlock(&c->lock);
	settle_all(c, &s);
}

void vgic_flush(struct vgic_cpu *c)
{
	lr_flush(c);
	/* Something that left may have come straight back, if its route changed at that moment. */
	if (vgic_work(c))
		lr_flush(c);
}

void vgic_maintenance(struct vgic_cpu *c)
{
	vgic_flush(c);
}

bool vgic_work(const struct vgic_cpu *c)
{
	return atomic_load_relaxed(&c->work);
}

void vgic_load(struct vgic_cpu *c)
{
	struct vgic_settle s = { .nr = 0 };
	u32 i, nr = MIN(vgic_host_nr_lrs(), (u32)VGIC_MAX_LRS), aprs = vgic_host_nr_aprs();

	spin_lock(&c->lock);
	c->lr_mask = (u32)GENMASK(nr - 1, 0);
	atomic_store_relaxed(&c->loaded, true);
	vgic_host_vmcr_write(c->vmcr);
	for (i = 0; i < aprs; i++) {
		vgic_host_apr_write(0, i, c->apr[0][i]);
		vgic_host_apr_write(1, i, c->apr[1][i]);
	}
	for (i = 0; i < nr; i++)
		vgic_host_lr_write(i, 0);
	c->hcr = 0;
	lr_fill(c, &s);
	lr_update_hcr(c);
	atomic_store_relaxed(&c->work, false);
	spin_unlock(&c->lock);
	settle_all(c, &s);
}

void vgic_put(struct vgic_cpu *c)
{
	struct vgic_settle s = { .nr = 0 };
	u32 i, aprs = vgic_host_nr_aprs();
	u64 running = 0;

	spin_lock(&c->lock);
	c->vmcr = vgic_host_vmcr_read();
	for (i = 0; i < aprs; i++) {
		c->apr[0][i] = vgic_host_apr_read(0, i);
		c->apr[1][i] = vgic_host_apr_read(1, i);
		running |= c->apr[0][i] | c->apr[1][i];
	}
	atomic_store_relaxed(&c->loaded,
			     false); /* from here on words go to lists, not into list registers */
	lr_count_eois(c, &s);
	if (!running)
		c->phantom = 0;
	while (c->lr_used) {
		/* Last one first, each to the front: the order stays as it was. */
		u32 n = bits_fls(c->lr_used) - 1, intid = c->lr_intid[n];

		settle_add(&s, intid, lr_evict(c, n));
	}
	vgic_host_hcr_write(0);
	c->hcr = 0;
	atomic_store_relaxed(&c->work, false);
	spin_unlock(&c->lock);
	settle_all(c, &s);
}

void vgic_deactivate(struct vgic_cpu *me, u32 intid)
{
	u64 vmcr;

	spin_lock(&me->lock);
	vmcr = vgic_here(me) ? vgic_host_vmcr_read() : me->vmcr;
	spin_unlock(&me->lock);
	/*
	 * Without EOImode the write is UNPREDICTABLE (IHI 0069H 12.2.6): ignored. LPIs and special
	 * INTIDs: nothing to do.
	 */
	if ((vmcr & VMCR_VEOIM) && intid < VGIC_LPI_BASE && vgic_intid_valid(me->vgic, intid))
		vgic_irq_deactivate(me, intid);
}

/*
 * The most urgent pending priority in the list registers, of @groups; VGIC_NR_PRIOS if there is
 * none.
 */
static u32 lr_pending_prio(const struct vgic_cpu *c, u32 groups)
{
	u32 left = c->lr_used, best = VGIC_NR_PRIOS;
	bool here = vgic_here(c);

	while (left) {
		u32 n = (u32)__builtin_ctz(left);
		u64 lr = here ? vgic_host_lr_read(n) : c->lr[n];

		left &= left - 1;
		if ((lr & (LR_PENDING | LR_ACTIVE)) == LR_PENDING &&
		    (groups & (lr & LR_GROUP1 ? 2 : 1)))
			best = MIN(best, (u32)FIELD_GET(LR_PRIO, lr) >> 3);
	}
	return best;
}

bool vgic_has_pending(struct vgic_cpu *c)
{
	u32 groups, set, prio, best;
	u64 vmcr;

	spin_lock(&c->lock);
	if (vgic_here(c))
		c->vmcr = vgic_host_vmcr_read();
	vmcr = c->vmcr;
	groups = lr_groups(c);
	best = lr_pending_prio(c, groups);
	if (lr_best(c, groups, &set, &prio))
		best = MIN(best, prio);
	spin_unlock(&c->lock);
	return best < VGIC_NR_PRIOS && (best << 3) < FIELD_GET(VMCR_VPMR, vmcr);
}
