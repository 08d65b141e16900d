/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Executed arm64 instructions of the real objects that Herald is linked from. Records:
 *
 *	T mean worst events kind name	translations; mean in hundredths; kind: guest, adversary, seed
 *	U mean worst events name	the same for events that are not mapped
 *	W count				translations that answered wrongly
 *	C ..., G ..., S ...		see arm_cmd.c, arm_step.c
 *	END
 */
#include "hyp/lib/string.h"
#include "tests/bench/arm.h"

static const u32 sizes[] = { 1, 32, 1024, 16384, BENCH_EVENTS };
static u64 wrong;

void bench_main(void);

static void translate_mapped(const struct key_set *set)
{
	struct tally t = { 0 };

	for (u32 i = 0; i < nr_keys; i++) {
		const struct key *k = &keys[i];
		u64 got, want = FIELD_PREP(TARGET_VCPU, k->lpi % BENCH_VCPUS) |
				FIELD_PREP(TARGET_LPI, k->lpi);

		tally_add(&t, count_call(signal_translate, (u64)world.its, k->devid, k->eventid, 0,
					 &got));
		wrong += got != want;
	}
	out("T %llu %llu %u %s %s\n", (unsigned long long)tally_mean(&t),
	    (unsigned long long)t.worst, nr_keys,
	    set->knows_seed ? "seed" : (set->adversary ? "adversary" : "guest"), set->name);
}

/* EventIDs that the same devices do not have mapped. */
static void translate_unmapped(const char *name)
{
	struct tally t = { 0 };

	for (u32 i = 0; i < nr_keys; i++) {
		struct key k = keys[i];
		u64 got;

		k.eventid = (u32)(world_random() % 65536);
		if (keys_halves(&k))
			continue;
		tally_add(&t, count_call(signal_translate, (u64)world.its, k.devid, k.eventid, 0,
					 &got));
		wrong += got != 0;
	}
	out("U %llu %llu %u %s\n", (unsigned long long)tally_mean(&t), (unsigned long long)t.worst,
	    nr_keys, name);
}

static void translations(void)
{
	for (u32 i = 0; i < nr_key_sets; i++) {
		const struct key_set *set = &key_sets[i];
		u32 first = set->adversary ? ARRAY_SIZE(sizes) - 1 : 0;

		for (u32 j = first; j < ARRAY_SIZE(sizes); j++) {
			set->make(sizes[j], 0x5eed + i * ARRAY_SIZE(sizes) + j);
			translate_mapped(set);
		}
		translate_unmapped(set->name);
	}
	out("W %llu\n", (unsigned long long)wrong);
}

void bench_main(void)
{
	board_init();
	if (!count_calibrate()) {
		out("panic: the counter does not count instructions\n");
		return;
	}
	translations();
	commands();
	steps();
	out("END\n");
}
