/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * LPIs: what the ITS asks for, and the tables in guest memory.
 *
 * An LPI's word holds its configuration, read from the property table when the ITS or a register
 * asks (MAPTI, INV, INVALL, GICR_INVLPIR) and when EnableLPIs is set. On the way of an interrupt no
 * guest memory is read. Its home is where it was last sent, or was configured; an LPI that arrives
 * for another vCPU takes its pending state with it, since a guest that retargets a collection
 * (MAPC) wants the interrupt at the new one. Once, not twice.
 *
 * EnableLPIs 0 -> 1: the pending table is read, unless PTZ, and properties of all known LPIs are
 * read again. EnableLPIs 1 -> 0: what is pending is written to the pending table and leaves the
 * vCPU. What is in a list register of a vCPU that runs elsewhere is taken for pending if it was
 * when last looked at. An LPI beyond GICR_PROPBASER.IDbits is disabled. vgic_lpi_save() writes the
 * pending tables and changes nothing. All these are walks over chunks of LPIs, in bounded steps,
 * under the distributor's lock. They never touch the first 1 KiB of a pending table, which has no
 * LPIs (IHI 0069H 5.1.1).
 *
 * -EAGAIN: the LPI is in a list register of another CPU, whose vgic_flush() has been asked for. Who
 * calls again waits for that flush, or for an MSI that came since and so made the wish obsolete:
 * an MSI that always comes again holds nobody up.
 */
#include "vgic/state.h"

#define PROPBASER_IDBITS GENMASK(4, 0)
#define PROPBASER_ADDR GENMASK(51, 12)
#define PENDBASER_ADDR GENMASK(51, 16)
#define PENDBASER_PTZ BIT(62)

#define PROP_ENABLE BIT(0)
#define PROP_PRIO GENMASK(7, 3)

#define CHUNK_BYTES (VGIC_LPI_CHUNK / 8)

/* Costs in instructions, roughly, and what one step may spend. */
#define MOVE_BUDGET 12000
#define WALK_BUDGET 6000 /* and then a whole chunk */
#define COST_LOOK 13
#define COST_CHUNK 300
#define COST_CHANGE 470

static bool lpi_valid(const struct vgic *v, u32 lpi)
{
	return lpi - VGIC_LPI_BASE < v->nr_lpis;
}

/* The first INTID that @c's property table does not have. */
static u32 lpi_limit(const struct vgic_cpu *c)
{
	u32 bits = (u32)FIELD_GET(PROPBASER_IDBITS, atomic_load_relaxed(&c->propbaser)) + 1;

	return (u32)BIT(MIN(bits, c->vgic->cfg.intid_bits));
}

static void lpi_mark_known(struct vgic *v, u32 lpi)
{
	u32 chunk = (lpi - VGIC_LPI_BASE) / VGIC_LPI_CHUNK;

	if (!(atomic_load_relaxed(&v->known[chunk / 64]) & BIT(chunk % 64)))
		atomic_or(&v->known[chunk / 64], BIT(chunk % 64));
}

/* All LPIs are of group 1; what was never configured is not enabled, so it does not matter there. */
static u64 lpi_configured(u64 w, u8 prop)
{
	w &= ~IRQ_ENABLED;
	if (prop & PROP_ENABLE)
		w |= IRQ_ENABLED;
	return FIELD_SET(w, IRQ_PRIO, FIELD_GET(PROP_PRIO, prop)) | IRQ_KNOWN | IRQ_GROUP1;
}

/* @w with the wish to go to vCPU @to. */
static u64 lpi_to(u64 w, u32 to)
{
	return FIELD_SET(w, IRQ_NEXT, to) | IRQ_MOVE;
}

/* It goes nowhere else after all. */
static u64 lpi_stay(u64 w)
{
	return w & IRQ_IN_LR ? w & ~(IRQ_MOVE | IRQ_NEXT) : w;
}

/* Its home is locked. */
static inline void lpi_count(struct vgic *v, u32 lpi)
{
	v->lpi_count[lpi - VGIC_LPI_BASE]++;
}

/* It is not where it goes, or about to leave. */
static int pend_slowly(struct vgic_cpu *c, u32 lpi)
{
	struct vgic_irq irq;
	bool enabled;

	vgic_irq_lock(c, lpi, &irq);
	lpi_count(c->vgic, lpi);
	enabled = irq.w & IRQ_ENABLED;
	if (irq.c != c)
		vgic_irq_commit(&irq, lpi_to(irq.w, c->index) | IRQ_PENDING);
	else if (irq.w & IRQ_MOVE)
		vgic_irq_commit(&irq, lpi_stay(irq.w) | IRQ_PENDING);
	else
		vgic_irq_pend(&irq);
	return enabled;
}

int vgic_lpi_pend(struct vgic *v, u32 vcpu, u32 lpi)
{
	struct vgic_irq irq = { .intid = lpi };
	struct vgic_cpu *c;

	if (!lpi_valid(v, lpi) || vcpu >= v->cfg.nr_vcpus)
		return 0;
	c = vgic_cpu_at(v, vcpu);
	if (!atomic_load_relaxed(&c->lpis_on)) {
		atomic_add(&c->stats.lpi_dropped, 1);
		return 0;
	}
	irq.c = c;
	irq.wp = &v->lpi[lpi - VGIC_LPI_BASE];
	spin_lock(&c->lock);
	irq.w = atomic_load_acquire(irq.wp);
	if (FIELD_GET(IRQ_HOME, irq.w) != vcpu || (irq.w & IRQ_MOVE)) {
		spin_unlock(&c->lock);
		return pend_slowly(c, lpi);
	}
	lpi_count(v, lpi);
	vgic_irq_pend(&irq);
	return !!(irq.w & IRQ_ENABLED);
}

/* May be in a list register that only another CPU can look at. */
static bool lpi_away(const struct vgic_irq *irq)
{
	return (irq->w & IRQ_IN_LR) && !vgic_here(irq->c);
}

/* Is what an earlier call asked for, @mark, still to be carried out by another CPU? 0 or -EAGAIN. */
static int lpi_still_away(struct vgic *v, u32 lpi, u64 mark)
{
	struct vgic_irq irq;
	bool away;

	vgic_irq_lock(v->cpus, lpi, &irq);
	away = lpi_away(&irq) && (irq.w & mark);
	vgic_irq_unlock(&irq);
	return away ? -EAGAIN : 0;
}

int vgic_lpi_clear(struct vgic *v, u32 lpi, bool again)
{
	struct vgic_irq irq;
	bool away;
	u64 w;

	if (!lpi_valid(v, lpi))
		return 0;
	if (again)
		return lpi_still_away(v, lpi, IRQ_UNPEND);
	vgic_irq_lock(v->cpus, lpi, &irq);
	away = lpi_away(&irq) && ((irq.w & (IRQ_UNPEND | IRQ_PENDING)) ||
				  (irq.c->lr[FIELD_GET(IRQ_PREV, irq.w)] & LR_PENDING));
	w = irq.w & ~IRQ_PENDING;
	if (w & IRQ_IN_LR)
		w |= IRQ_UNPEND;
	vgic_irq_commit(&irq, w);
	return away ? -EAGAIN : 0;
}

int vgic_lpi_move(struct vgic *v, u32 lpi, u32 to, bool again)
{
	struct vgic_irq irq;
	bool away;

	if (!lpi_valid(v, lpi) || to >= v->cfg.nr_vcpus)
		return 0;
	if (again)
		return lpi_still_away(v, lpi, IRQ_MOVE);
	vgic_irq_lock(v->cpus, lpi, &irq);
	if (irq.c->index == to) {
		vgic_irq_commit(&irq, lpi_stay(irq.w));
		return 0;
	}
	away = lpi_away(&irq);
	vgic_irq_commit(&irq, lpi_to(irq.w, to));
	return away ? -EAGAIN : 0;
}

/* The vCPU that an LPI is for: its home, or where it goes when a list register elsewhere lets go. */
static u32 lpi_target(u64 w)
{
	bool leaving = (w & (IRQ_MOVE | IRQ_IN_LR)) == (IRQ_MOVE | IRQ_IN_LR);

	return (u32)(leaving ? FIELD_GET(IRQ_NEXT, w) : FIELD_GET(IRQ_HOME, w));
}

/*
 * *@cursor: the next LPI to look at, and whether one that was moved was in another CPU's list
 * register. When all are marked, it is the source's count of flushes at that time.
 */
#define MOVE_INDEX GENMASK(15, 0)
#define MOVE_AWAY BIT(16)
#define MOVE_WAIT BIT(17)
#define MOVE_FLUSHES GENMASK(15, 0)

/* Has the vCPU gone through its list registers since *@cursor was made? 0 or -EAGAIN. */
static int move_all_wait(struct vgic_cpu *c, u32 cursor)
{
	bool waiting;

	spin_lock(&c->lock);
	waiting = c->loaded && !vgic_here(c) &&
		  FIELD_GET(MOVE_FLUSHES, c->flushes) == FIELD_GET(MOVE_FLUSHES, cursor);
	spin_unlock(&c->lock);
	return waiting ? -EAGAIN : 0;
}

/* All are marked. 0 if a flush since has seen the marks, else -EAGAIN: one is due. */
static int move_all_marked(struct vgic_cpu *c, u32 *cursor)
{
	bool due;

	spin_lock(&c->lock);
	due = c->work;
	*cursor = (u32)(FIELD_PREP(MOVE_FLUSHES, c->flushes) | MOVE_WAIT);
	spin_unlock(&c->lock);
	return due ? -EAGAIN : 0;
}

int vgic_lpi_move_all(struct vgic *v, u32 from, u32 to, u32 *cursor)
{
	u32 pos = (u32)FIELD_GET(MOVE_INDEX, *cursor), spent = 0;
	bool away = *cursor & MOVE_AWAY;

	if (from >= v->cfg.nr_vcpus || to >= v->cfg.nr_vcpus || from == to)
		return 0;
	if (*cursor & MOVE_WAIT)
		return move_all_wait(vgic_cpu_at(v, from), *cursor);
	for (; pos < v->nr_lpis && spent < MOVE_BUDGET; pos++) {
		u64 w = atomic_load_relaxed(&v->lpi[pos]);

		spent += COST_LOOK;
		if (lpi_target(w) != from || !(w & (IRQ_PENDING | IRQ_IN_LR)))
			continue;
		spent += COST_CHANGE;
		away |= vgic_lpi_move(v, VGIC_LPI_BASE + pos, to, false) == -EAGAIN;
	}
	*cursor = pos | (away ? (u32)MOVE_AWAY : 0);
	if (pos < v->nr_lpis)
		return -EAGAIN;
	return away ? move_all_marked(vgic_cpu_at(v, from), cursor) : 0;
}

int vgic_lpi_reload(struct vgic *v, u32 vcpu, u32 lpi)
{
	struct vgic_irq irq;
	struct vgic_cpu *c;
	u8 prop = 0;
	int ret = 0;
	u64 w;

	if (!lpi_valid(v, lpi) || vcpu >= v->cfg.nr_vcpus)
		return -EINVAL;
	c = vgic_cpu_at(v, vcpu);
	lpi_mark_known(v, lpi);
	/*
	 * Read under the lock: of two readers the one that read last must also be the one that
	 * stores last.
	 */
	vgic_irq_lock(c, lpi, &irq);
	w = irq.w | IRQ_KNOWN;
	if (atomic_load_relaxed(&c->lpis_on)) {
		ret = lpi >= lpi_limit(c)
			      ? -ERANGE
			      : v->cfg.read(v->cfg.vm,
					    (c->propbaser & PROPBASER_ADDR) + lpi - VGIC_LPI_BASE,
					    &prop, sizeof(prop));
		if (ret == -EAGAIN) {
			vgic_irq_unlock(&irq);
			return ret;
		}
		if (!ret)
			w = lpi_configured(w, prop);
	}
	/* Idle: it may as well wait for its first interrupt where that will go. */
	if (!ret && irq.c != c && !(w & (IRQ_PENDING | IRQ_IN_LR)))
		w = lpi_to(w, vcpu);
	vgic_irq_commit(&irq, w);
	return ret;
}

/* Applies a table entry to one LPI: its property byte, read as @prop a moment ago, and its pending bit. */
static void walk_apply(struct vgic_cpu *c, u32 lpi, bool inside, u8 prop, bool pending)
{
	const struct vgic_config *cfg = &c->vgic->cfg;
	u64 addr = (c->propbaser & PROPBASER_ADDR) + lpi - VGIC_LPI_BASE;
	struct vgic_irq irq;
	u8 now = prop;
	int err;
	u64 w;

	/* Read under the lock, as vgic_lpi_reload() does: an INV since the chunk was read must not be undone. */
	vgic_irq_lock(c, lpi, &irq);
	err = inside ? cfg->read(cfg->vm, addr, &now, sizeof(now)) : 0;
	if (!err)
		prop = now;
	else if (err != -EAGAIN) /* if it went away since, what was read holds */
		prop = 0;
	w = lpi_configured(irq.w, prop);
	if (pending) {
		w |= IRQ_PENDING;
		if (irq.c != c)
			w = lpi_to(w, c->index);
	}
	vgic_irq_commit(&irq, w);
}

/* From a table: zeroes if it has no such bytes. 0 or -EAGAIN. */
static int table_read(const struct vgic_config *cfg, bool there, u64 addr, u8 *buf, size_t len)
{
	int err = there ? cfg->read(cfg->vm, addr, buf, len) : -EFAULT;

	if (err && err != -EAGAIN)
		memset(buf, 0, len);
	return err == -EAGAIN ? err : 0;
}

/* One chunk of EnableLPIs 0 -> 1 or of GICR_INVALLR: the cost of it, or -EAGAIN. */
static int walk_read_chunk(struct vgic_cpu *c, u32 chunk)
{
	struct vgic *v = c->vgic;
	u32 base = VGIC_LPI_BASE + chunk * VGIC_LPI_CHUNK, cost = COST_CHUNK, i;
	bool known = atomic_load_relaxed(&v->known[chunk / 64]) & BIT(chunk % 64), any = false;
	bool inside = base < lpi_limit(c);
	bool pends = c->walk == VGIC_WALK_ENABLE && inside && !(c->pendbaser & PENDBASER_PTZ);
	u8 prop[VGIC_LPI_CHUNK], pend[CHUNK_BYTES];

	if (table_read(&v->cfg, pends, (c->pendbaser & PENDBASER_ADDR) + base / 8, pend,
		       sizeof(pend)))
		return -EAGAIN;
	for (i = 0; i < sizeof(pend); i++)
		any |= pend[i];
	if (!known && !any)
		return (int)cost;
	if (table_read(&v->cfg, inside, (c->propbaser & PROPBASER_ADDR) + base - VGIC_LPI_BASE,
		       prop, sizeof(prop)))
		return -EAGAIN;
	if (any)
		lpi_mark_known(v, base);
	for (i = 0; i < VGIC_LPI_CHUNK; i++) {
		u64 w = atomic_load_relaxed(&v->lpi[base - VGIC_LPI_BASE + i]);
		bool pending = pend[i / 8] & BIT(i % 8);

		cost += COST_LOOK;
		if (!pending && !(w & IRQ_KNOWN))
			continue;
		/* Same again, and nothing that waited for EnableLPIs. */
		if (!pending && !(w & IRQ_PENDING) && lpi_configured(w, prop[i]) == w)
			continue;
		walk_apply(c, base + i, inside, prop[i], pending);
		cost += COST_CHANGE;
	}
	return (int)cost;
}

/*
 * Notes in @pend which LPIs of a chunk are pending at @c; with @take they then are no longer. The
 * cost of it.
 */
static u32 chunk_collect(struct vgic_cpu *c, u32 base, bool take, u8 *pend)
{
	struct vgic *v = c->vgic;
	u32 cost = COST_CHUNK, owe, i;
	bool pending, active;

	memset(pend, 0, CHUNK_BYTES);
	for (i = 0; i < VGIC_LPI_CHUNK; i++) {
		u64 w = atomic_load_relaxed(&v->lpi[base - VGIC_LPI_BASE + i]);
		struct vgic_irq irq;

		cost += COST_LOOK;
		if (FIELD_GET(IRQ_HOME, w) != c->index || !(w & (IRQ_PENDING | IRQ_IN_LR)))
			continue;
		cost += COST_CHANGE;
		vgic_irq_lock(c, base + i, &irq);
		if (irq.c != c || lpi_target(irq.w) != c->index) {
			vgic_irq_unlock(&irq);
			continue;
		}
		owe = vgic_lr_peek(c, irq.intid, irq.w, &pending, &active);
		if (pending)
			pend[i / 8] |= (u8)BIT(i % 8);
		w = irq.w;
		if (take)
			w = (w & ~IRQ_PENDING) | (w & IRQ_IN_LR ? IRQ_UNPEND : 0);
		vgic_irq_commit(&irq, w);
		/* What the look already asked for, vgic_irq_commit() does not ask for again. */
		if (owe)
			vgic_irq_settle(c, irq.intid, owe);
	}
	return cost;
}

/* Writes a chunk of @c's pending table, if it is another one. 0 or a negative errno. */
static int chunk_store(struct vgic_cpu *c, u32 base, const u8 *pend)
{
	const struct vgic_config *cfg = &c->vgic->cfg;
	u64 addr = (c->pendbaser & PENDBASER_ADDR) + base / 8;
	u8 old[CHUNK_BYTES];
	int err;

	if (c->discard || base >= lpi_limit(c))
		return 0;
	err = cfg->read(cfg->vm, addr, old, sizeof(old));
	if (err || memcmp(old, pend, sizeof(old)) == 0)
		return err;
	return cfg->write(cfg->vm, addr, pend, sizeof(old));
}

/*
 * One chunk of EnableLPIs 1 -> 0: what is pending here goes to the pending table. The cost of it, or
 * -EAGAIN: it was taken, and is still to be stored.
 */
static int walk_write_chunk(struct vgic_cpu *c, u32 chunk)
{
	u32 base = VGIC_LPI_BASE + chunk * VGIC_LPI_CHUNK;
	u32 cost = COST_CHUNK;

	if (!c->walk_taken)
		cost = chunk_collect(c, base, true, c->walk_pend);
	/* A table that is not there: the guest's loss. */
	c->walk_taken = chunk_store(c, base, c->walk_pend) == -EAGAIN;
	return c->walk_taken ? -EAGAIN : (int)cost;
}

/* EnableLPIs has changed, and what that does to the tables is not done. */
static bool tables_moving(const struct vgic_cpu *c)
{
	return c->walk == VGIC_WALK_ENABLE || c->walk == VGIC_WALK_DISABLE;
}

int vgic_lpi_save(struct vgic *v, u32 *cursor)
{
	u32 nr_chunks = v->nr_lpis / VGIC_LPI_CHUNK, cpu, end, spent = 0;
	u8 pend[CHUNK_BYTES];
	struct vgic_cpu *c;
	int err = 0;

	if (!v->nr_lpis)
		return -ENXIO;
	cpu = *cursor / nr_chunks;
	if (cpu >= v->cfg.nr_vcpus)
		return 0;
	c = vgic_cpu_at(v, cpu);
	if (vgic_redist_busy(c)) {
		vgic_redist_run(c);
		return -EAGAIN;
	}
	end = (cpu + 1) * nr_chunks;
	spin_lock(&v->lock);
	if (tables_moving(c)) /* again, meanwhile */
		end = *cursor;
	else if (!c->lpis_on)
		*cursor = end;
	while (*cursor < end && spent < WALK_BUDGET && !err) {
		u32 base = VGIC_LPI_BASE + *cursor % nr_chunks * VGIC_LPI_CHUNK;

		spent += chunk_collect(c, base, false, pend);
		err = chunk_store(c, base, pend);
		if (!err)
			++*cursor;
	}
	spin_unlock(&v->lock);
	if (err)
		return err == -EAGAIN ? err : -EFAULT;
	return *cursor < v->cfg.nr_vcpus * nr_chunks ? -EAGAIN : 0;
}

static void walk_start(struct vgic_cpu *c, enum vgic_walk walk)
{
	atomic_store_relaxed(&c->walk, walk);
	c->walk_pos = 0;
	c->again = false;
}

void vgic_lpi_switch(struct vgic_cpu *c, bool on, bool keep)
{
	u32 owe;

	/* RWP is 1 until an earlier change is done, and nothing is to be written until then. */
	if (on == c->lpis_on || vgic_lpis_stopping(c))
		return;
	c->discard = !on && !keep;
	spin_lock(&c->lock);
	atomic_store_relaxed(&c->lpis_on, on);
	owe = on ? 0 : vgic_want_work(c); /* takes LPIs out of list registers */
	spin_unlock(&c->lock);
	if (owe)
		vgic_host_kick(c->host);
	if (on)
		walk_start(c, VGIC_WALK_ENABLE);
	else if (c->walk != VGIC_WALK_ENABLE) /* what is not yet read would be lost */
		walk_start(c, VGIC_WALK_DISABLE);
}

/* What is left to do when a walk has come to its end. */
static enum vgic_walk walk_next(const struct vgic_cpu *c)
{
	if (c->walk == VGIC_WALK_ENABLE && !c->lpis_on)
		return VGIC_WALK_DISABLE;
	return c->again && c->lpis_on ? VGIC_WALK_RELOAD : VGIC_WALK_NONE;
}

void vgic_lpi_inv_all(struct vgic_cpu *c)
{
	if (c->walk != VGIC_WALK_NONE)
		c->again = true;
	else if (c->lpis_on)
		walk_start(c, VGIC_WALK_RELOAD);
}

bool vgic_redist_run(struct vgic_cpu *c)
{
	struct vgic *v = c->vgic;
	u32 spent = 0;
	bool more;

	if (!vgic_redist_busy(c))
		return false;
	spin_lock(&v->lock);
	while (c->walk != VGIC_WALK_NONE && spent < WALK_BUDGET) {
		int cost = c->walk == VGIC_WALK_DISABLE ? walk_write_chunk(c, c->walk_pos)
							: walk_read_chunk(c, c->walk_pos);

		if (cost < 0)
			break;
		spent += (u32)cost;
		if (++c->walk_pos * VGIC_LPI_CHUNK < v->nr_lpis)
			continue;
		walk_start(c, walk_next(c));
	}
	more = c->walk != VGIC_WALK_NONE;
	spin_unlock(&v->lock);
	return more;
}
