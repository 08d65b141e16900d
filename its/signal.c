/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * MSIs: translate and inject without a lock, and how a command waits for those that are on their
 * way.
 *
 * A CPU that signals makes its own counter odd, then looks at the tables, injects, and makes the
 * counter even again. A command that unmaps or moves writes the tables, then looks at each CPU's
 * counter: even, and that CPU will see the new tables if it signals again; odd, and it may have
 * seen the old ones, so wait until the counter changes. Both sides write one place and then read
 * another, so both need a full barrier between the two (Dekker's pattern; on arm64 one DMB ISH).
 * The wait is short, since EL2 is not preempted inside its_signal(); it is bounded all the same,
 * and a CPU that signals without pause is waited for once only, because its counter moves on.
 *
 * Inside, tables are read with relaxed loads, after an acquire of `live`: what was made before the ITS was enabled, here
 * and behind its operations, is there. The event word is written with release after whatever
 * it refers to, and the collection is read through an index taken from that word, an address
 * dependency.
 */
#include "its/event.h"
#include "its/internal.h"

#define DRAIN_SPINS 200u

static inline struct its_cpu *signal_enter(struct its *its, u32 cpu)
{
	struct its_cpu *c = &its->cpus[cpu];

	atomic_store_relaxed(&c->seq, c->seq + 1);
	atomic_fence();
	return c;
}

static inline void signal_leave(struct its_cpu *c)
{
	atomic_store_release(&c->seq, c->seq + 1);
}

/* One CPU writes a counter, others may read it. */
static inline void signal_count(u64 *counter)
{
	atomic_store_relaxed(counter, *counter + 1);
}

/* Where an event word leads: TARGET_* or 0. */
static inline u64 signal_target(const struct its *its, u64 word)
{
	u32 vcpu;

	if (!word)
		return 0;
	vcpu = coll_vcpu(its, (u32)FIELD_GET(EVENT_ICID, word));
	if (vcpu == ITS_NO_VCPU)
		return 0;
	return FIELD_PREP(TARGET_VCPU, vcpu) | FIELD_GET(EVENT_LPI, word);
}

/*
 * (DeviceID, EventID) -> TARGET_*, or 0: no mapping. Any 32-bit numbers. Inside a signal or under
 * LOCK_ITS.
 */
u64 signal_translate(const struct its *its, u32 devid, u32 eventid)
{
	u32 slot = device_find(its, devid);

	if (!slot || eventid > FIELD_MAX(EVENT_ID))
		return 0;
	return signal_target(its, event_word(its, slot, eventid));
}

static int signal_deliver(struct its *its, struct its_cpu *c, u64 target)
{
	int ret;

	if (!target) {
		signal_count(&c->unmapped);
		return -ENXIO;
	}
	ret = its->ops.lpi_pend(its->vm, (u32)FIELD_GET(TARGET_VCPU, target),
				(u32)FIELD_GET(TARGET_LPI, target));
	signal_count(ret > 0 ? &c->delivered : &c->blocked);
	return ret;
}

int its_signal(struct its *its, u32 cpu, u32 devid, u32 eventid)
{
	struct its_cpu *c;
	int ret = -EBUSY;

	if (cpu >= its->nr_cpus)
		return -EINVAL;
	c = signal_enter(its, cpu);
	if (atomic_load_acquire(&its->live))
		ret = signal_deliver(its, c, signal_translate(its, devid, eventid));
	else
		signal_count(&c->dropped);
	signal_leave(c);
	return ret;
}

/* The word at @entry if it is the event (@devid, @eventid), else 0. */
static inline u64 signal_entry_word(const struct its *its, u32 entry, u32 devid, u32 eventid)
{
	u32 slot = device_find(its, devid);
	u64 w;

	if (!slot || entry >= event_nr_words(its))
		return 0;
	w = atomic_load_relaxed(&its->events[entry]);
	return FIELD_GET(EVENT_SLOT, w) == slot && FIELD_GET(EVENT_ID, w) == eventid ? w : 0;
}

int its_signal_entry(struct its *its, u32 cpu, u32 entry, u32 devid, u32 eventid)
{
	struct its_cpu *c;
	int ret = -EBUSY;

	if (cpu >= its->nr_cpus)
		return -EINVAL;
	c = signal_enter(its, cpu);
	if (atomic_load_acquire(&its->live))
		ret = signal_deliver(
			its, c, signal_target(its, signal_entry_word(its, entry, devid, eventid)));
	else
		signal_count(&c->dropped);
	signal_leave(c);
	return ret;
}

/*
 * True if @d's CPU has left the signal that it was in when we came to it. @spins is what is left to
 * spin.
 */
static bool signal_left(struct its *its, struct its_drain *d, u32 *spins)
{
	const u32 *seq = &its->cpus[d->cpu].seq;

	if (!d->armed) {
		d->seq = atomic_load_acquire(seq);
		d->armed = true;
	}
	if (!(d->seq & 1))
		return true;
	while (atomic_load_acquire(seq) == d->seq) {
		if (!*spins)
			return false;
		--*spins;
		cpu_relax();
	}
	return true;
}

/*
 * Waits until every CPU that may have seen the tables as they were before this was first called has
 * left its_signal(). 0 done, -EAGAIN one is still inside: call again. Under LOCK_ITS.
 */
int signal_drain(struct its *its)
{
	struct its_drain *d = &its->drain;
	u32 spins = DRAIN_SPINS;

	if (!d->active) {
		*d = (struct its_drain){ .active = true };
		atomic_fence();
	}
	for (; d->cpu < its->nr_cpus; d->cpu++, d->armed = false) {
		its_charge(its, ITS_COST_CPU);
		if (its_spent(its) || !signal_left(its, d, &spins))
			return -EAGAIN;
	}
	d->active = false;
	return 0;
}
