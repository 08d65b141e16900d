// SPDX-License-Identifier: GPL-2.0-only
/* The mirror: one device's life on the physical ITS, in bounded steps that never wait. */
#include "pci/mirror_priv.h"
#include "drivers/gits.h"
#include "drivers/lpi.h"
#include "hyp/lib/errno.h"

/* All events start on this CPU's collection; it is always mapped. */
#define MIRROR_FIRST_CPU 0u

static u32 mirror_nr_events(const struct mirror_device *d)
{
	return (u32)BIT(d->order);
}

static void mirror_use_cpu(struct mirror_device *d, u32 cpu)
{
	d->used[cpu / 64] |= BIT(cpu % 64);
}

int mirror_map_start(struct mirror_device *d)
{
	int err = gits_mapd(d->its, d->devid, d->order, d->itt_pa);

	if (err)
		return err;
	mirror_use_cpu(d, MIRROR_FIRST_CPU);
	d->mapped = 0;
	d->dirty_lo = d->dirty_hi = 0;
	d->state = MIRROR_MAPPING;
	return 0;
}

static int mirror_map_events(struct mirror_device *d)
{
	u32 i;
	int err;

	for (i = 0; i < MIRROR_STEP && d->mapped < mirror_nr_events(d); i++) {
		u32 lpi = d->first_lpi + d->mapped;

		err = gits_mapti(d->its, d->devid, d->mapped, lpi, MIRROR_FIRST_CPU);
		if (err)
			return err;
		*mirror_event_get(lpi) = (struct mirror_event){ .want = MIRROR_FIRST_CPU,
								.have = MIRROR_FIRST_CPU };
		d->mapped++;
	}
	return d->mapped < mirror_nr_events(d) ? -EAGAIN : 0;
}

/* What a call to the ITS answered, for the state machine: an ITS that was given up loses the
 * device. */
static int mirror_judge(struct mirror_device *d, int err)
{
	if (err && err != -EAGAIN)
		d->state = MIRROR_LOST;
	return err;
}

int mirror_map_step(struct mirror_device *d)
{
	int err = 0;

	if (d->state == MIRROR_MAPPING) {
		err = mirror_map_events(d);
		if (err == -EAGAIN)
			gits_kick(d->its);
		else if (!err)
			d->state = MIRROR_MAP_SYNC;
	}
	if (d->state == MIRROR_MAP_SYNC && !err) {
		err = gits_sync(d->its, MIRROR_FIRST_CPU, &d->ticket);
		if (!err)
			d->state = MIRROR_MAP_WAIT;
	}
	if (d->state == MIRROR_MAP_WAIT && !err) {
		err = gits_done(d->its, d->ticket);
		if (!err)
			d->state = MIRROR_LIVE;
	}
	return mirror_judge(d, err);
}

/* Cookies go first: whatever still arrives belongs to no one. */
static int mirror_discard_events(struct mirror_device *d)
{
	u32 i;
	int err;

	for (i = 0; i < MIRROR_STEP && d->step < d->mapped; i++) {
		lpi_clear_cookie(d->first_lpi + d->step);
		err = gits_discard(d->its, d->devid, d->step);
		if (err)
			return err;
		d->step++;
	}
	return d->step < d->mapped ? -EAGAIN : 0;
}

static int mirror_sync_used(struct mirror_device *d)
{
	u32 i, word;
	int err;

	for (i = 0; i < MIRROR_STEP && d->step < GICV3_MAX_CPUS; i++) {
		word = d->step / 64;
		if (!d->used[word]) {
			d->step = (word + 1) * 64;
			continue;
		}
		d->step = word * 64 + (u32)__builtin_ctzll(d->used[word]);
		err = gits_sync(d->its, d->step, &d->ticket);
		if (err)
			return err;
		d->used[word] &= d->used[word] - 1;
	}
	return d->step < GICV3_MAX_CPUS ? -EAGAIN : 0;
}

int mirror_unmap_step(struct mirror_device *d)
{
	int err = 0;

	if (d->state < MIRROR_DISCARDING) {
		d->state = MIRROR_DISCARDING;
		d->step = 0;
		d->dirty_lo = d->dirty_hi = 0;
	}
	if (d->state == MIRROR_DISCARDING) {
		err = mirror_discard_events(d);
		if (err == -EAGAIN)
			gits_kick(d->its);
		else if (!err)
			d->state = MIRROR_UNMAPPING;
	}
	if (d->state == MIRROR_UNMAPPING && !err) {
		err = gits_unmapd(d->its, d->devid);
		if (!err) {
			d->state = MIRROR_UNMAP_SYNC;
			d->step = 0;
		}
	}
	if (d->state == MIRROR_UNMAP_SYNC && !err) {
		err = mirror_sync_used(d);
		if (!err)
			d->state = MIRROR_UNMAP_WAIT;
	}
	if (d->state == MIRROR_UNMAP_WAIT && !err)
		err = gits_done(d->its, d->ticket);
	return mirror_judge(d, err);
}

int mirror_move_step(struct mirror_device *d, u32 *budget, u64 *moves)
{
	int err;

	for (; d->dirty_lo < d->dirty_hi; d->dirty_lo++, (*budget)--) {
		struct mirror_event *ev = mirror_event_get(d->first_lpi + d->dirty_lo);

		if (*budget < MIRROR_MOVE_COST)
			return -EAGAIN;
		if (ev->want == ev->have)
			continue;
		err = gits_movi(d->its, d->devid, d->dirty_lo, ev->want);
		if (err == -EAGAIN)
			return err;
		*budget -= MIRROR_MOVE_COST - 1;
		/* Any other error: it stays where it is, which is as correct. */
		if (err)
			continue;
		ev->have = ev->want;
		mirror_use_cpu(d, ev->want);
		(*moves)++;
	}
	d->dirty_lo = d->dirty_hi = 0;
	return 0;
}
