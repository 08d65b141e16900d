/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a command costs, from CWRITER's new value to CREADR having passed it: its_run() with that
 * one command in the ring, the vGIC's part and the walk to guest memory included. Records:
 *
 *	C mean worst charged events name	mean in hundredths, of INVALL and MOVALL for each LPI;
 *					charged: the most that its_charge() was told
 *
 * "MSI" is its_signal() until the LPI is in a list register or on its vCPU's list.
 */
#include "tests/bench/arm.h"

#define SAMPLES 512u
#define MAX_KINDS 16u

static const u32 sizes[] = { 1, 32, 1024, 16384, BENCH_EVENTS };

struct row {
	struct tally count;
	u64 charged;
};

static u64 run_one(struct row *r, struct bench_cmd c)
{
	u64 more, sum = 0, charged = 0;

	world_queue(c);
	do {
		sum += count_call(its_run, (u64)world.its, 0, 0, 0, &more);
		charged += (u64)(ITS_BUDGET - world.its->budget);
	} while ((enum its_progress)(u32)more == ITS_AGAIN);
	tally_add(&r->count, sum);
	r->charged = MAX(r->charged, charged);
	return sum;
}

static void print(const char *name, const struct row *r, u32 events)
{
	out("C %llu %llu %llu %u %s\n", (unsigned long long)tally_mean(&r->count),
	    (unsigned long long)r->count.worst, (unsigned long long)r->charged, events, name);
}

static void turn(u32 n)
{
	struct row rows[MAX_KINDS] = { 0 }, msi = { 0 };
	u64 ret;

	for (u32 s = 0; s < MIN(n, SAMPLES); s++) {
		const struct key *k = &keys[(u64)s * 40503 % n];

		for (u32 i = 0; i < nr_kinds; i++)
			(void)run_one(&rows[i], cmd_kinds[i].make(k));
		tally_add(&msi.count,
			  count_call(its_signal, (u64)world.its, 0, k->devid, k->eventid, &ret));
		world_do(bench_event(OP_CLEAR, k->devid, k->eventid));
	}
	for (u32 i = 0; i < nr_kinds; i++)
		print(cmd_kinds[i].name, &rows[i], n);
	print("MSI", &msi, n);
}

/* One command for @n LPIs; the record is for one of them. */
static void per_lpi(const char *name, struct bench_cmd c, u32 n)
{
	struct row r = { 0 };
	u64 sum = run_one(&r, c);

	out("C %llu %llu %llu %u %s\n", (unsigned long long)(sum * 100 / n),
	    (unsigned long long)((sum + n - 1) / n), (unsigned long long)((r.charged + n - 1) / n),
	    n, name);
}

/* All events go to one collection, and their LPIs are pending. */
static void all_lpis(u32 n)
{
	for (u32 i = 0; i < n; i++)
		world_do(bench_movi(keys[i].devid, keys[i].eventid, 1));
	for (u32 i = 0; i < n; i++)
		world_do(bench_event(OP_INT, keys[i].devid, keys[i].eventid));
	per_lpi("INVALL per LPI", bench_invall(1), n);
	per_lpi("MOVALL per LPI", bench_movall(1, 2), n);
}

void commands(void)
{
	for (u32 i = 0; i < ARRAY_SIZE(sizes); i++) {
		keys_make_default(sizes[i], 0xc0de + i);
		for (u32 icid = 0; icid < BENCH_VCPUS; icid++)
			world_do(bench_invall(icid)); /* the vGIC knows the LPIs */
		turn(sizes[i]);
		all_lpis(sizes[i]);
	}
}
