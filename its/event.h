/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Looking up an event, inline because it is on the way of every MSI. The table is described in
 * its/event.c.
 *
 * A bucket is scanned by halves and a half without branches, so that it hardly matters where in it
 * an event is.
 */
#ifndef HERALD_ITS_EVENT_H
#define HERALD_ITS_EVENT_H

#include "its/internal.h"

/* What identifies an event: EVENT_KEY of its word. @slot 1 .. 65535, @eventid below 65536. */
static inline u32 event_key(u32 slot, u32 eventid)
{
	return (u32)(FIELD_PREP(EVENT_SLOT, slot) >> FIELD_SHIFT(EVENT_KEY)) | eventid;
}

static inline u64 event_hash(const struct its *its, u32 key)
{
	u64 x = key * its->hash_mul1 + its->hash_add;

	x = (x ^ x >> 32) * its->hash_mul2;
	return x ^ x >> 32;
}

/*
 * The first word of a key's first and second bucket: each half of the hash, scaled to the number of
 * buckets.
 */
static inline u32 event_bucket1(const struct its *its, u64 hash)
{
	return (u32)(((hash >> 32) * its->nr_buckets) >> 32) * EVENT_BUCKET;
}

static inline u32 event_bucket2(const struct its *its, u64 hash)
{
	return (u32)(((u64)(u32)hash * its->nr_buckets) >> 32) * EVENT_BUCKET;
}

/* @w's word if it has @key, else @hit: a conditional select. */
static inline u64 event_pick(const u64 *w, u32 key, u64 hit)
{
	u64 v = atomic_load_relaxed(w);

	return FIELD_GET(EVENT_KEY, v) == key ? v : hit;
}

/* The word of half a bucket that has @key, or 0. */
static inline u64 event_scan_half(const u64 *w, u32 key)
{
	u64 hit = event_pick(&w[0], key, 0);

	hit = event_pick(&w[1], key, hit);
	hit = event_pick(&w[2], key, hit);
	return event_pick(&w[3], key, hit);
}
_Static_assert(EVENT_BUCKET == 8, "half a bucket is four words");

/* The word of an event, or 0. Lock-free. */
static inline u64 event_word(const struct its *its, u32 slot, u32 eventid)
{
	u32 key = event_key(slot, eventid);
	u64 hash = event_hash(its, key);
	const u64 *b = &its->events[event_bucket1(its, hash)];
	u64 hit;

	hit = event_scan_half(b, key);
	if (hit)
		return hit;
	hit = event_scan_half(b + EVENT_BUCKET / 2, key);
	if (hit)
		return hit;
	b = &its->events[event_bucket2(its, hash)];
	hit = event_scan_half(b, key);
	return hit ? hit : event_scan_half(b + EVENT_BUCKET / 2, key);
}

#endif
