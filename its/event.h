/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Looking up an event, inline because it is on the way of every MSI. The table is described in
 * its/event.c.
 *
 * A bucket is scanned by halves and a half without branches, so that it hardly matters where in it
 * an event is. What counts is how much more the second half and the second bucket cost than the
 * first half of the first: the mean then stays nearly the same however full the table is.
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

	return (x ^ x >> 32) * its->hash_mul2;
}

/* @hash as a fraction of 2^64, scaled to the number of buckets: the first word of that bucket. */
static inline u32 event_scale(const struct its *its, u64 hash)
{
	return (u32)((unsigned __int128)hash * its->nr_buckets >> 64) * EVENT_BUCKET;
}

/* The first word of a key's first bucket: the upper half of the hash tells. */
static inline u32 event_bucket1(const struct its *its, u64 hash)
{
	return event_scale(its, hash);
}

/* The first word of its second bucket: the halves, folded, tell. */
static inline u32 event_bucket2(const struct its *its, u64 hash)
{
	hash ^= hash >> 32;
	return event_scale(its, hash << 32 | hash >> 32);
}

/*
 * Four words, each read as by atomic_load_relaxed(). Of a pair that LDP loads each word is
 * single-copy atomic (DDI 0487 B2.2.1), and the compiler would not make pairs of atomic loads.
 */
static inline void event_load_half(const u64 *w, u64 v[4])
{
#ifdef __aarch64__
	__asm__ volatile("ldp	%0, %1, [%4]\n\tldp	%2, %3, [%4, #16]"
			 : "=&r"(v[0]), "=&r"(v[1]), "=&r"(v[2]), "=&r"(v[3])
			 : "r"(w), "m"(*(const u64(*)[4])w));
#else
	for (u32 i = 0; i < 4; i++)
		v[i] = atomic_load_relaxed(&w[i]);
#endif
}

/*
 * @v if it has @key, else @hit: a conditional select, which the compiler must not make branches of
 * by looking ahead to what is done with it.
 */
static inline u64 event_pick(u64 v, u32 key, u64 hit)
{
	hit = FIELD_GET(EVENT_KEY, v) == key ? v : hit;
	__asm__("" : "+r"(hit));
	return hit;
}

/* The word of half a bucket that has @key, or 0. */
static inline u64 event_scan_half(const u64 *w, u32 key)
{
	u64 v[4], hit;

	event_load_half(w, v);
	hit = event_pick(v[0], key, 0);
	hit = event_pick(v[1], key, hit);
	hit = event_pick(v[2], key, hit);
	return event_pick(v[3], key, hit);
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
