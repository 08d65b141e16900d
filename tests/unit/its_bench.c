/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a translation costs, for several numbers of mapped events and patterns of keys, and whether
 * the event table ever is too full. Build with -O2 and without sanitizers:
 *
 *	gcc -std=gnu11 -O2 -DHERALD_HOST -I. -o its_bench tests/unit/its_bench.c \
 *		tests/unit/its_fake.c its/?*.c
 *	its_bench		a table: nanoseconds, half buckets scanned, events without a place
 *	its_bench fill SEEDS	fills the table for many seeds and churns it: how full buckets get
 *	its_bench steps		what the commands that walk cost, in steps
 *	its_bench one N PATTERN	one row, for callgrind (--toggle-collect=signal_translate)
 *
 * Half buckets are what tells instructions: on arm64 (gcc 12 -O2) a translation is at most 50
 * instructions when the event is in the first half of its first bucket, 67 in the second half, 88
 * and 105 in the second bucket.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "its/event.h"
#include "its/internal.h"
#include "tests/unit/its_rig.h"

#define MAX_EVENTS 57344u

static struct rig r;
static u32 keys[MAX_EVENTS][2]; /* DeviceID, EventID */

/* Keys of a pattern, which a guest chooses; without the seed. */
static void pattern_one_device(u32 i)
{
	keys[i][0] = 0;
	keys[i][1] = i;
}

static void pattern_devices_32(u32 i)
{
	keys[i][0] = i / 32 * 8;
	keys[i][1] = i % 32;
}

static void pattern_strided(u32 i)
{
	keys[i][0] = i / 256;
	keys[i][1] = i % 256 * 256;
}

static void pattern_low_bits(u32 i)
{
	keys[i][0] = (i / 16) * 16 % 65536;
	keys[i][1] = (i % 16) * 4096 + 5;
}

static void pattern_random(u32 i)
{
	static u64 rng = 42;

	do {
		keys[i][0] = i % 1024;
		keys[i][1] = (u32)((i / 1024) * 997 + fake_random(&rng) % 997);
	} while (keys[i][1] > 65535);
}

static const struct {
	const char *name;
	void (*key)(u32 i);
} patterns[] = {
	{ "one device", pattern_one_device }, { "32 per device", pattern_devices_32 },
	{ "strided", pattern_strided },	      { "low bits", pattern_low_bits },
	{ "random", pattern_random },
};

static u64 now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (u64)t.tv_sec * 1000000000 + (u64)t.tv_nsec;
}

static void build(u32 n, u32 pattern, u64 seed)
{
	struct its_config cfg = rig_default_config();

	cfg.max_devices = 8192;
	cfg.nr_vcpus = 8;
	cfg.seed = seed;
	rig_make(&r, &cfg);
	rig_enable(&r, 256);
	for (u32 i = 0; i < 8; i++)
		rig_do(&r, cmd_mapc(i, i, true));
	for (u32 i = 0; i < n; i++) {
		struct its_device_info d;

		patterns[pattern].key(i);
		if (!its_device_info(r.its, keys[i][0], &d))
			rig_do(&r, cmd_mapd(keys[i][0], 16, RIG_ITT, true));
		rig_queue(&r, cmd_mapti(keys[i][0], keys[i][1], 8192 + i, i % 8));
		if (i % 16384 == 16383)
			rig_settle(&r);
	}
	rig_settle(&r);
}

/* How many half buckets a look-up of this event scans. */
static u32 halves(u32 devid, u32 eventid)
{
	u32 slot = device_find(r.its, devid);
	u32 entry = event_find(r.its, slot, eventid);
	u64 hash = event_hash(r.its, event_key(slot, eventid));
	u32 half = entry % EVENT_BUCKET / (EVENT_BUCKET / 2);

	if (entry == EVENT_NONE)
		return 0;
	return entry - entry % EVENT_BUCKET == event_bucket1(r.its, hash) ? 1 + half : 3 + half;
}

static double time_translate(u32 n, u32 rounds)
{
	u64 sum = 0, start = now();

	for (u32 k = 0; k < rounds; k++) {
		u32 i = (u32)((u64)k * 40503 % n);

		sum += signal_translate(r.its, keys[i][0], keys[i][1]);
	}
	__asm__ volatile("" ::"r"(sum));
	return (double)(now() - start) / rounds;
}

static double time_signal(u32 n, u32 rounds)
{
	u64 start = now();

	for (u32 k = 0; k < rounds; k++) {
		u32 i = (u32)((u64)k * 40503 % n);

		its_signal(r.its, 0, keys[i][0], keys[i][1]);
	}
	return (double)(now() - start) / rounds;
}

static void row(u32 n, u32 pattern, u32 rounds)
{
	static const u32 cost[] = { 0, 50, 67, 88, 105 }; /* arm64 instructions by half buckets */
	u64 scanned = 0, insns = 0;
	u32 worst = 0, lost = 0;
	double ns, full;

	build(n, pattern, 0x5eed + n);
	for (u32 i = 0; i < n; i++) {
		u32 h = halves(keys[i][0], keys[i][1]);

		lost += h == 0;
		scanned += h;
		insns += cost[h];
		worst = MAX(worst, h);
	}
	ns = time_translate(n, rounds);
	full = time_signal(n, rounds);
	printf("%-14s %6u events  %6.1f ns  %6.1f ns with injection  halves %.2f, worst %u  "
	       "arm64 %.1f, worst %u  no place %u\n",
	       patterns[pattern].name, n, ns, full, (double)scanned / n, worst, (double)insns / n,
	       cost[worst], lost);
	rig_down(&r);
}

/*
 * Fills for many seeds, then removes and maps random events at the limit: how often is there no
 * place?
 */
static void fill(u32 seeds)
{
	u64 histogram[EVENT_BUCKET + 1] = { 0 };
	u64 failed = 0, tried = 0;
	u64 rng = 99;

	for (u32 s = 0; s < seeds; s++) {
		u32 pattern = s % ARRAY_SIZE(patterns);
		struct its_stats st;

		build(MAX_EVENTS, pattern, s * 7919 + 1);
		st = rig_stats(&r);
		failed += MAX_EVENTS - st.events;
		tried += MAX_EVENTS;
		for (u32 k = 0; k < 4 * MAX_EVENTS; k++) {
			u32 i = (u32)(fake_random(&rng) % MAX_EVENTS);
			u32 slot = device_find(r.its, keys[i][0]);
			u32 entry = event_find(r.its, slot, keys[i][1]);

			if (entry != EVENT_NONE)
				event_remove(r.its, entry);
			/* Another EventID of the same device, to take its place. */
			do
				keys[i][1] = (u32)(fake_random(&rng) % 65536);
			while (event_find(r.its, slot, keys[i][1]) != EVENT_NONE);
			tried++;
			if (event_has_room(r.its, slot, keys[i][1]))
				event_add(r.its, slot, keys[i][1], 8192 + i, 0);
			else
				failed++;
		}
		for (u32 b = 0; b < r.its->nr_buckets; b++) {
			u32 used = 0;

			for (u32 k = 0; k < EVENT_BUCKET; k++)
				used += r.its->events[b * EVENT_BUCKET + k] != 0;
			histogram[used]++;
		}
		rig_down(&r);
	}
	printf("%u seeds, %llu events mapped, %llu found no place; buckets by fill:", seeds,
	       (unsigned long long)tried, (unsigned long long)failed);
	for (u32 i = 0; i <= EVENT_BUCKET; i++)
		printf(" %u: %llu", i, (unsigned long long)histogram[i]);
	printf("\n");
}

static void steps_row(const char *name, struct fake_cmd c)
{
	u64 n = 0, most = 0, start = now();
	enum its_progress p;

	rig_queue(&r, c);
	do {
		u64 t = now();

		p = its_run(r.its);
		t = now() - t;
		most = MAX(most, t);
		n++;
	} while (p == ITS_AGAIN);
	printf("%-44s %7llu steps %8.1f us, longest step %.1f us\n", name, (unsigned long long)n,
	       (double)(now() - start) / 1000, (double)most / 1000);
}

/* The commands that walk, with 57,344 events mapped; for callgrind: --toggle-collect=its_run. */
static void steps(void)
{
	build(MAX_EVENTS, 0, 7);
	steps_row("INVALL, 7,168 events of 57,344", cmd_invall(1));
	steps_row("MAPC to another vCPU, 7,168 events", cmd_mapc(2, 0, true));
	steps_row("MAPC V=0", cmd_mapc(3, 0, false));
	steps_row("MOVI", cmd_movi(0, 0, 1));
	steps_row("INT", cmd_event(OP_INT, 0, 0));
	steps_row("INV", cmd_event(OP_INV, 0, 0));
	steps_row("DISCARD", cmd_event(OP_DISCARD, 0, 0));
	steps_row("MAPTI", cmd_mapti(0, 0, 8192, 0));
	steps_row("MAPD V=0, a device with 57,344 events", cmd_mapd(0, 1, 0, false));
	steps_row("MAPD", cmd_mapd(7, 16, RIG_ITT, true));
	steps_row("MAPTI of EventID 65,535", cmd_mapti(7, 65535, 8192, 0));
	steps_row("MAPD V=0, 16 bits, one event", cmd_mapd(7, 1, 0, false));
	rig_down(&r);
}

int main(int argc, char **argv)
{
	static const u32 sizes[] = { 1, 32, 1024, 16384, MAX_EVENTS };

	if (argc > 2 && !strcmp(argv[1], "fill")) {
		fill((u32)atoi(argv[2]));
		return 0;
	}
	if (argc > 3 && !strcmp(argv[1], "one")) {
		row((u32)atoi(argv[2]), (u32)atoi(argv[3]) % ARRAY_SIZE(patterns), 100000);
		return 0;
	}
	if (argc > 1 && !strcmp(argv[1], "steps")) {
		steps();
		return 0;
	}
	{
		struct its_config cfg = rig_default_config();

		printf("memory of one ITS, 16/16/16 bits, 1024 devices: %zu bytes\n",
		       its_mem_size(&cfg));
	}
	for (u32 p = 0; p < ARRAY_SIZE(patterns); p++) {
		for (u32 i = 0; i < ARRAY_SIZE(sizes); i++)
			row(sizes[i], p, 2000000);
	}
	return 0;
}
