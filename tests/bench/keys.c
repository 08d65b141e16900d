/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which events are mapped: what guests do, and what an adversary would.
 *
 * An adversary who does not know the seed can choose keys by their structure, or such that collide
 * under another seed, and can replace events at the limit again and again, so that each was mapped
 * when the table was at its fullest. One who knows the seed can make two sets more: keys whose
 * buckets all lie among a few, which get full to the last word; and what is left when all but the
 * events at the worst places are unmapped.
 */
#include "tests/bench/bench.h"

#define SQUEEZE_BUCKETS 512u
#define CHURN_ROUNDS 6u

struct key keys[BENCH_EVENTS];
u32 nr_keys;
u64 keys_tried, keys_refused;

/* False: there is no room. */
static bool key_map(struct key k)
{
	struct its *its = world.its;
	u32 slot = device_find(its, k.devid);

	if (!slot) {
		its_begin_step(its);
		(void)device_map(its, k.devid, 16, GUEST_ITT);
		slot = device_find(its, k.devid);
	}
	keys_tried++;
	if (!event_has_room(its, slot, k.eventid)) {
		keys_refused++;
		return false;
	}
	event_add(its, slot, k.eventid, k.lpi, k.lpi % BENCH_VCPUS);
	return true;
}

static u32 key_entry(const struct key *k)
{
	return event_find(world.its, device_find(world.its, k->devid), k->eventid);
}

u32 keys_halves(const struct key *k)
{
	u32 slot = device_find(world.its, k->devid);
	u64 hash = event_hash(world.its, event_key(slot, k->eventid));
	u32 entry = key_entry(k);
	u32 half = entry % EVENT_BUCKET / (EVENT_BUCKET / 2);

	if (entry == EVENT_NONE)
		return 0;
	return entry - entry % EVENT_BUCKET == event_bucket1(world.its, hash) ? 1 + half : 3 + half;
}

void keys_make(u32 n, u64 seed, struct key (*key)(u32 i))
{
	world_make(seed);
	nr_keys = 0;
	for (u32 i = 0; i < n; i++) {
		struct key k = key(i);

		k.lpi = ITS_LPI_BASE + i;
		if (key_map(k))
			keys[nr_keys++] = k;
	}
}

static struct key one_device(u32 i)
{
	return (struct key){ 0, i, 0 };
}

static struct key devices_32(u32 i)
{
	return (struct key){ i / 32 * 8, i % 32, 0 };
}

static struct key strided(u32 i)
{
	return (struct key){ i / 256, i % 256 * 256, 0 };
}

static struct key low_bits(u32 i)
{
	return (struct key){ i / 16 * 16, i % 16 * 4096 + 5, 0 };
}

static struct key at_random(u32 i)
{
	return (struct key){ i % 1024, i / 1024 * 997 + (u32)(world_random() % 997), 0 };
}

static void make_one_device(u32 n, u64 seed)
{
	keys_make(n, seed, one_device);
}

void keys_make_default(u32 n, u64 seed)
{
	keys_make(n, seed, devices_32);
}

static void make_strided(u32 n, u64 seed)
{
	keys_make(n, seed, strided);
}

static void make_low_bits(u32 n, u64 seed)
{
	keys_make(n, seed, low_bits);
}

static void make_random(u32 n, u64 seed)
{
	keys_make(n, seed, at_random);
}

/* The next key after *@from whose two buckets are below @limit; devices get slots 1, 2, ... */
static struct key next_below(u64 *from, u32 limit)
{
	for (;; ++*from) {
		u32 devid = (u32)(*from >> 16), eventid = (u32)(*from & 0xffff);
		u64 hash = event_hash(world.its, event_key(devid + 1, eventid));

		if (event_bucket1(world.its, hash) >= limit * EVENT_BUCKET ||
		    event_bucket2(world.its, hash) >= limit * EVENT_BUCKET)
			continue;
		++*from;
		return (struct key){ devid, eventid, 0 };
	}
}

/* Under a seed that is not the VM's all these would share a quarter of the buckets. */
static void make_other_seed(u32 n, u64 seed)
{
	u64 from = 0;

	world_make(~seed);
	for (u32 i = 0; i < n; i++)
		keys[i] = next_below(&from, world.its->nr_buckets / 4);
	world_make(seed);
	nr_keys = 0;
	for (u32 i = 0; i < n; i++) {
		keys[i].lpi = ITS_LPI_BASE + i;
		if (key_map(keys[i]))
			keys[nr_keys++] = keys[i];
	}
}

/* Another EventID of the same device takes the place of @k. */
static void key_replace(struct key *k)
{
	struct key old = *k;

	event_remove(world.its, key_entry(k));
	do
		k->eventid = (u32)(world_random() % 65536);
	while (key_entry(k) != EVENT_NONE);
	if (!key_map(*k)) {
		*k = old;
		(void)key_map(*k); /* the one that it had is free again */
	}
}

static void make_churned(u32 n, u64 seed)
{
	make_random(n, seed);
	for (u32 i = 0; i < CHURN_ROUNDS * nr_keys; i++)
		key_replace(&keys[world_random() % nr_keys]);
}

static void make_churned_oldest(u32 n, u64 seed)
{
	make_random(n, seed);
	for (u32 i = 0; i < CHURN_ROUNDS * nr_keys; i++)
		key_replace(&keys[i % nr_keys]);
}

/* Maps what it can into few buckets: at last no word of them is free. */
static void make_squeezed(u32 n, u64 seed)
{
	u64 from = 0;
	u32 refused = 0;

	world_make(seed);
	for (nr_keys = 0; nr_keys < n && refused < SQUEEZE_BUCKETS;) {
		struct key k = next_below(&from, SQUEEZE_BUCKETS);

		k.lpi = ITS_LPI_BASE + nr_keys;
		if (key_map(k))
			keys[nr_keys++] = k;
		else
			refused++;
	}
}

/* Only what is in the last half of its second bucket stays mapped. */
static void make_survivors(u32 n, u64 seed)
{
	u32 left = 0;

	make_churned(n, seed);
	for (u32 i = 0; i < nr_keys; i++) {
		if (keys_halves(&keys[i]) == 4)
			keys[left++] = keys[i];
		else
			event_remove(world.its, key_entry(&keys[i]));
	}
	nr_keys = left;
}

const struct key_set key_sets[] = {
	{ "one device", make_one_device, false, false },
	{ "32 per device", keys_make_default, false, false },
	{ "strided", make_strided, false, false },
	{ "few bits differ", make_low_bits, false, false },
	{ "random", make_random, false, false },
	{ "colliding under another seed", make_other_seed, true, false },
	{ "replaced at random", make_churned, true, false },
	{ "replaced oldest first", make_churned_oldest, true, false },
	{ "knows the seed: few buckets", make_squeezed, true, true },
	{ "knows the seed: worst places", make_survivors, true, true },
};

const u32 nr_key_sets = ARRAY_SIZE(key_sets);
