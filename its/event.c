/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The event table: (device slot, EventID) -> (LPI, ICID).
 *
 * An event is one 64-bit word. A key has two buckets of eight words, each bucket one cache line;
 * which two is told by a hash that is keyed with the VM's random seed. An event stays in the word
 * that it was put in until it is removed, so an entry index names it for as long as it is mapped,
 * and a reader sees either all of an event or nothing.
 *
 * Placement: the first bucket is taken while fewer than six of its words are used, else the emptier
 * of the two. The table has two words for each LPI, so the mean bucket is half full when as many
 * events are mapped as there are LPIs (the limit). Then some 5 % of the events are in their second
 * bucket; 16 % after a guest that knows all but the seed has replaced each of them often enough,
 * which raises the mean look-up to 1.2 times what it costs in an empty table. A lower threshold
 * sends more of them there (four: 36 %), a higher one finds both buckets full too often. As it is,
 * that happens to one in some ten million events that such a guest maps at the limit: "capacity
 * exceeded", MAPTI_ID_OOR. `make bench-its` counts all of this. A guest that knew its seed could
 * make it happen, to its own events.
 */
#include "its/internal.h"
#include "its/event.h"

#define BUCKET_EASY 6u /* below this the first bucket is preferred */
#define BITMAP_BITS 64u

/*
 * One round of a well-known style of 64-bit mixer: multiply by odd constants, fold the high half
 * down.
 */
static u64 event_mix(u64 x)
{
	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

/* Derives the hash's three parameters from the VM's seed; the multipliers are odd. */
void event_seed(struct its *its, u64 seed)
{
	its->hash_mul1 = event_mix(seed + UINT64_C(0x9e3779b97f4a7c15)) | 1;
	its->hash_add = event_mix(seed + UINT64_C(0x3c6ef372fe94f82a));
	its->hash_mul2 = event_mix(seed + UINT64_C(0xdaa66d2c7ddf743f)) | 1;
}

/* The entry of @bucket that holds @key, or EVENT_NONE. */
static u32 event_scan(const struct its *its, u32 bucket, u32 key)
{
	u32 end = bucket + EVENT_BUCKET;

	for (; bucket < end; bucket += EVENT_BUCKET / 2) {
		u64 w = event_scan_half(&its->events[bucket], key);

		if (!w)
			continue;
		while (its->events[bucket] != w)
			bucket++;
		return bucket;
	}
	return EVENT_NONE;
}

/* The entry index of an event, or EVENT_NONE. Under LOCK_ITS. */
u32 event_find(const struct its *its, u32 slot, u32 eventid)
{
	u32 key = event_key(slot, eventid);
	u64 hash = event_hash(its, key);
	u32 entry = event_scan(its, event_bucket1(its, hash), key);

	return entry != EVENT_NONE ? entry : event_scan(its, event_bucket2(its, hash), key);
}

static u32 event_fill(const struct its *its, u32 bucket)
{
	u32 n = 0;

	for (u32 i = bucket; i < bucket + EVENT_BUCKET; i++)
		n += its->events[i] != 0;
	return n;
}

/* A free word for @key, or EVENT_NONE: both buckets are full. */
static u32 event_place(const struct its *its, u32 key)
{
	u64 hash = event_hash(its, key);
	u32 b1 = event_bucket1(its, hash), b2 = event_bucket2(its, hash);
	u32 fill = event_fill(its, b1);

	if (fill >= BUCKET_EASY && event_fill(its, b2) < fill)
		b1 = b2;
	for (u32 i = b1; i < b1 + EVENT_BUCKET; i++) {
		if (!its->events[i])
			return i;
	}
	return EVENT_NONE;
}

/* True if event_add() would find a place. */
bool event_has_room(const struct its *its, u32 slot, u32 eventid)
{
	return its->nr_events < its_nr_lpis(&its->cfg) &&
	       event_place(its, event_key(slot, eventid)) != EVENT_NONE;
}

/* Maps an event that is not mapped; there must be room. Returns its entry index. Under LOCK_ITS. */
u32 event_add(struct its *its, u32 slot, u32 eventid, u32 lpi, u32 icid)
{
	u32 key = event_key(slot, eventid);
	u32 entry = event_place(its, key);
	u32 bucket = entry / EVENT_BUCKET;

	its->occupied[bucket / BITMAP_BITS] |= BIT(bucket % BITMAP_BITS);
	its->nr_events++;
	its->devices[slot].mapped++;
	its->coll_events[icid]++;
	atomic_store_release(&its->events[entry], FIELD_PREP(EVENT_KEY, key) |
							  FIELD_PREP(EVENT_LPI, lpi) |
							  FIELD_PREP(EVENT_ICID, icid));
	return entry;
}

/*
 * Takes an event out of the table. MSIs that found it may still be on their way: signal_drain().
 * Under LOCK_ITS.
 */
void event_remove(struct its *its, u32 entry)
{
	u64 w = its->events[entry];
	u32 bucket = entry / EVENT_BUCKET;

	atomic_store_release(&its->events[entry], UINT64_C(0));
	its->nr_events--;
	its->devices[FIELD_GET(EVENT_SLOT, w)].mapped--;
	its->coll_events[FIELD_GET(EVENT_ICID, w)]--;
	if (!event_fill(its, bucket * EVENT_BUCKET))
		its->occupied[bucket / BITMAP_BITS] &= ~BIT(bucket % BITMAP_BITS);
}

/* Gives an event another collection. Under LOCK_ITS. */
void event_set_icid(struct its *its, u32 entry, u32 icid)
{
	u64 w = its->events[entry];

	its->coll_events[FIELD_GET(EVENT_ICID, w)]--;
	its->coll_events[icid]++;
	atomic_store_release(&its->events[entry], FIELD_SET(w, EVENT_ICID, icid));
}

/* The next occupied bucket at or after @bucket, or nr_buckets. */
static u32 event_next_bucket(struct its *its, u32 bucket)
{
	while (bucket < its->nr_buckets) {
		u64 bits = its->occupied[bucket / BITMAP_BITS] >> bucket % BITMAP_BITS;

		its_charge(its, ITS_COST_BITMAP);
		if (bits)
			return bucket + (u32)__builtin_ctzll(bits);
		bucket = ALIGN_DOWN(bucket, BITMAP_BITS) + BITMAP_BITS;
	}
	return its->nr_buckets;
}

/*
 * Walks the table from *@pos: the first event with (word & @mask) == @want; *@pos is then the entry
 * after it. EVENT_NONE: the end is reached (*@pos is event_nr_words()) or the budget is spent
 * (*@pos is less). Under LOCK_ITS.
 */
u32 event_sweep(struct its *its, u32 *pos, u64 mask, u64 want)
{
	while (*pos < event_nr_words(its)) {
		u32 entry = *pos;
		u64 w;

		if (its_spent(its))
			return EVENT_NONE;
		if (entry % EVENT_BUCKET == 0) {
			entry = event_next_bucket(its, entry / EVENT_BUCKET) * EVENT_BUCKET;
			its_charge(its, ITS_COST_BUCKET);
			*pos = entry;
			if (entry == event_nr_words(its))
				break;
		}
		*pos = entry + 1;
		w = its->events[entry];
		if (w && (w & mask) == want)
			return entry;
	}
	return EVENT_NONE;
}

/*
 * Unmaps an event that no MSI can reach any more: its LPI is no longer pending, then the backend is
 * told. 0, or -EAGAIN: the event is still there, call again. Under LOCK_ITS.
 */
int event_retire(struct its *its, u32 entry)
{
	u64 w = its->events[entry];
	u32 devid = its->devices[FIELD_GET(EVENT_SLOT, w)].devid;

	if (its_lpi_clear(its, (u32)FIELD_GET(EVENT_LPI, w)))
		return -EAGAIN;
	event_remove(its, entry);
	if (its->ops.event_unmapped) {
		its_charge(its, ITS_COST_OP);
		its->ops.event_unmapped(its->vm, devid, (u32)FIELD_GET(EVENT_ID, w));
	}
	return 0;
}
