/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The list registers of a loaded vCPU: filling them by priority, and the maintenance interrupts for
 * what is left outside.
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
 *    n-th most urgent active word, since with EOImode == 0 interrupts are nested; the priority that
 *    counts is the one that it was taken at. EOIs of LPIs are not among them.
 *
 * ICC_DIR_EL1 (EOImode == 1) is always trapped, since the interrupt may be in another vCPU's list
 * register, or in none. (A CPU without ICH_VTR_EL2.TDS cannot trap it alone: there such an
 * interrupt stays active until GICD_ICACTIVER says otherwise.)
 */
#include "vgic/state.h"

/* Stale entries that one flush drops from the lists: LPIs after EnableLPIs was cleared. */
#define MAX_STALE 64

static u32 flush_groups(const struct vgic_cpu *c)
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

/*
 * Frees a list register for something pending of priority @prio; @groups: those that can be
 * delivered.
 */
static bool flush_make_room(struct vgic_cpu *c, u32 prio, u32 groups, struct vgic_settle *s)
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
	settle_add(s, c->lr_intid[victim], vgic_lr_evict(c, victim));
	return true;
}

/* The most urgent list of @groups; group 0 first among equals. */
static bool flush_best(const struct vgic_cpu *c, u32 groups, u32 *set, u32 *prio)
{
	u32 m0 = groups & 1 ? c->map[VGIC_SET_G0] : 0, m1 = groups & 2 ? c->map[VGIC_SET_G1] : 0;

	if (!(m0 | m1))
		return false;
	*prio = (u32)__builtin_ctz(m0 | m1);
	*set = m0 & BIT(*prio) ? VGIC_SET_G0 : VGIC_SET_G1;
	return true;
}

static void flush_fill(struct vgic_cpu *c, struct vgic_settle *s)
{
	u32 groups = flush_groups(c), set, prio, stale = 0;

	while (stale < MAX_STALE && flush_best(c, groups, &set, &prio)) {
		u32 intid = c->list[set][prio].head;
		u64 *wp = vgic_word(c, intid);

		if (!vgic_word_deliverable(c, intid, *wp)) {
			atomic_store_relaxed(wp, vgic_dequeue(c, intid, *wp));
			stale++;
			continue;
		}
		if (c->lr_used == c->lr_mask && !flush_make_room(c, prio, groups, s)) {
			c->stats.overflows++;
			return;
		}
		vgic_lr_load(c, intid, wp, vgic_dequeue(c, intid, *wp), prio);
	}
	while (c->lr_used != c->lr_mask && c->map[VGIC_SET_ACTIVE]) {
		u32 intid;
		u64 *wp;

		prio = (u32)__builtin_ctz(c->map[VGIC_SET_ACTIVE]);
		intid = c->list[VGIC_SET_ACTIVE][prio].head;
		wp = vgic_word(c, intid);
		vgic_lr_load(c, intid, wp, vgic_dequeue(c, intid, *wp), prio);
	}
}

/* Asks for the maintenance interrupts that what is left outside needs. */
static void flush_update_hcr(struct vgic_cpu *c)
{
	u32 en = atomic_load_relaxed(&c->vgic->groups);
	u32 veng = (u32)FIELD_GET(VMCR_VENG, c->vmcr);
	u32 queued = ((c->map[VGIC_SET_G0] ? 1 : 0) | (c->map[VGIC_SET_G1] ? 2 : 0)) & en;
	u64 hcr = HCR_EN | (c->vgic->cfg.hidden ? HCR_TC | HCR_TALL0 | HCR_TALL1 : 0);

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
	if (c->map[VGIC_SET_ACTIVE])
		hcr |= HCR_LRENPIE;
	if (vgic_host_has_tds())
		hcr |= HCR_TDIR;
	/* Writing it clears EOIcount, which counts from here on. */
	if (hcr != c->hcr || (hcr & HCR_LRENPIE))
		vgic_host_hcr_write(hcr);
	c->hcr = hcr;
}

/* The guest ended interrupts that had no list register: deactivates the most urgent active ones. */
static void flush_count_eois(struct vgic_cpu *c, struct vgic_settle *s)
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

		if (!map)
			return;
		intid = c->list[VGIC_SET_ACTIVE][__builtin_ctz(map)].head;
		wp = vgic_word(c, intid);
		w = vgic_dequeue(c, intid, *wp) & ~IRQ_ACTIVE;
		if (w & IRQ_HW)
			vgic_hw_deactivate(c, intid);
		if (vgic_is_watched(w))
			w = vgic_irq_ended(c->vgic, intid, w);
		settle_add(s, intid, vgic_place(c, intid, wp, w));
	}
}

static void flush_once(struct vgic_cpu *c)
{
	struct vgic_settle s;
	u32 left;

	s.nr = 0;
	spin_lock(&c->lock);
	if (!vgic_here(c)) {
		spin_unlock(&c->lock);
		return;
	}
	c->vmcr = vgic_host_vmcr_read();
	c->syncing = true;
	flush_count_eois(c, &s);
	for (left = c->lr_used; left; left &= left - 1) {
		u32 n = (u32)__builtin_ctz(left), intid = c->lr_intid[n];

		settle_add(&s, intid, vgic_lr_sync(c, n));
	}
	c->syncing = false;
	c->flushes++;
	flush_fill(c, &s);
	flush_update_hcr(c);
	atomic_store_relaxed(&c->work, 0);
	spin_unlock(&c->lock);
	settle_all(c, &s);
}

/* Is list register @n, in use, what its word says? Of plain edges and LPIs only; else false. */
static bool flush_agrees(const struct vgic_cpu *c, u32 n, u64 w)
{
	const u64 fixed = IRQ_ENABLED | IRQ_MOVE | IRQ_UNPEND | IRQ_UNACT | IRQ_ACTIVE | IRQ_LEVEL |
			  IRQ_HW | IRQ_NOROUTE;

	return (w & fixed) == IRQ_ENABLED && !(c->lr[n] & LR_ACTIVE) &&
	       FIELD_GET(LR_PRIO, c->lr[n]) >> 3 == FIELD_GET(IRQ_PRIO, w) &&
	       !(c->lr[n] & LR_GROUP1) == !(w & IRQ_GROUP1) &&
	       (atomic_load_relaxed(&c->vgic->groups) & vgic_word_group(w)) &&
	       (c->lr_intid[n] < VGIC_LPI_BASE || c->lpis_on);
}

/*
 * By far the most frequent flush: nothing is left outside, and all that happened is that edges came
 * for words that are in list registers. False: all is to be looked at; what was done needs not be
 * undone.
 */
static bool flush_edges(struct vgic_cpu *c)
{
	u32 left = c->lr_used;

	if ((c->map[VGIC_SET_G0] | c->map[VGIC_SET_G1] | c->map[VGIC_SET_ACTIVE]) ||
	    (c->hcr & ~HCR_TDIR) != HCR_EN)
		return false;
	for (; left; left &= left - 1) {
		u32 n = (u32)__builtin_ctz(left), intid = c->lr_intid[n];
		u64 *wp = vgic_word(c, intid), w = *wp, lr;

		if (!flush_agrees(c, n, w))
			return false;
		lr = vgic_host_lr_read(n);
		if (!(w & IRQ_PENDING)) {
			if (lr != c->lr[n])
				return false; /* the guest took or ended it: somebody may want to know */
			continue;
		}
		if (lr & LR_ACTIVE)
			return false;
		if (!(lr & LR_PENDING)) {
			if (c->lr_used >> n > 1)
				return false; /* behind those that wait */
			c->lr[n] |= LR_PENDING;
			vgic_host_lr_write(n, c->lr[n]);
		}
		atomic_store_relaxed(wp, (w & ~IRQ_PENDING) | IRQ_LATCHED);
	}
	return true;
}

static bool flush_quick(struct vgic_cpu *c)
{
	bool done;

	spin_lock(&c->lock);
	done = vgic_here(c) && flush_edges(c);
	if (done) {
		c->flushes++;
		atomic_store_relaxed(&c->work, 0);
	}
	spin_unlock(&c->lock);
	return done;
}

void vgic_flush(struct vgic_cpu *c)
{
	if (flush_quick(c))
		return;
	flush_once(c);
	/* Something that left may have come straight back, if its route changed at that moment. */
	if (vgic_work(c))
		flush_once(c);
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
	struct vgic_settle s;
	u32 i, nr = MIN(vgic_host_nr_lrs(), (u32)VGIC_MAX_LRS), aprs = vgic_host_nr_aprs();

	s.nr = 0; /* the rest need not be cleared */
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
	flush_fill(c, &s);
	flush_update_hcr(c);
	atomic_store_relaxed(&c->work, 0);
	spin_unlock(&c->lock);
	settle_all(c, &s);
}

void vgic_put(struct vgic_cpu *c)
{
	struct vgic_settle s;
	u32 i, aprs = vgic_host_nr_aprs();

	s.nr = 0; /* the rest need not be cleared */
	spin_lock(&c->lock);
	c->vmcr = vgic_host_vmcr_read();
	for (i = 0; i < aprs; i++) {
		c->apr[0][i] = vgic_host_apr_read(0, i);
		c->apr[1][i] = vgic_host_apr_read(1, i);
	}
	/* From here on words go to lists, not into list registers. */
	atomic_store_relaxed(&c->loaded, false);
	flush_count_eois(c, &s);
	while (c->lr_used) {
		/* Last one first, each to the front: the order stays as it was. */
		u32 n = bits_fls(c->lr_used) - 1, intid = c->lr_intid[n];

		settle_add(&s, intid, vgic_lr_evict(c, n));
	}
	c->flushes++;
	vgic_host_hcr_write(0);
	c->hcr = 0;
	atomic_store_relaxed(&c->work, 0);
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
		vgic_irq_end(me, intid);
}

/*
 * The most urgent pending priority in the list registers, of @groups; VGIC_NR_PRIOS if there is
 * none.
 */
static u32 flush_pending_prio(const struct vgic_cpu *c, u32 groups)
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
	groups = flush_groups(c);
	best = flush_pending_prio(c, groups);
	if (flush_best(c, groups, &set, &prio))
		best = MIN(best, prio);
	spin_unlock(&c->lock);
	return best < VGIC_NR_PRIOS && (best << 3) < FIELD_GET(VMCR_VPMR, vmcr);
}
