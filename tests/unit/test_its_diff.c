/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ITS against its reference model, with random numbers from a seed; the driver is described in
 * diff.h. The last things done before a difference are printed.
 *
 *	test_its_diff [commands [seed]]		or ITS_DIFF_COMMANDS, ITS_DIFF_SEED
 */
// sources: its/its.c its/regs.c its/queue.c its/cmd.c its/device.c its/event.c its/baser.c its/signal.c
// sources: its/save.c its/restore.c
// sources: tests/unit/its_model.c tests/unit/its_model_cmd.c tests/unit/its_model_tables.c
// sources: tests/unit/diff.c tests/unit/diff_random.c tests/unit/diff_ram.c tests/unit/diff_compare.c
// sources: tests/unit/diff_save.c tests/unit/diff_image.c tests/unit/its_fake.c
#include "tests/unit/diff.h"
#include "tests/unit/tap.h"

#define ENOUGH 200000u /* commands: from here on everything must have happened */
#define EPOCHS 12u /* in a round, the first one wide */
#define OFTEN 2u

static u64 number(int argc, char **argv, int n, const char *env, u64 otherwise)
{
	const char *s = argc > n ? argv[n] : getenv(env);

	return s ? strtoull(s, NULL, 0) : otherwise;
}

static void summary(void)
{
	printf("# %llu commands, %llu MSIs, %llu register accesses\n",
	       (unsigned long long)diff.commands, (unsigned long long)diff.msis,
	       (unsigned long long)diff.accesses);
	printf("# %llu saves (%llu not compared) and %llu disturbed ones, "
	       "%llu restores and %llu aborted ones\n",
	       (unsigned long long)diff.saves, (unsigned long long)diff.unlike,
	       (unsigned long long)diff.disturbed, (unsigned long long)diff.restores,
	       (unsigned long long)diff.aborted);
}

/* The streams went everywhere. */
static void test_reached(void)
{
	is(diff.most_events, 8192, "the table was filled to its limit");
	for (u32 e = 1; e < ITS_NR_ERRORS; e++)
		ok(diff.errors[e] > 0, "the streams made %s happen (%llu times)", its_error_name(e),
		   (unsigned long long)diff.errors[e]);
	for (const char *const *why = diff_all_ends; *why; why++)
		ok(diff_end_count(*why) >= OFTEN, "%s (%llu times)", *why,
		   (unsigned long long)diff_end_count(*why));
}

int main(int argc, char **argv)
{
	u64 want = number(argc, argv, 1, "ITS_DIFF_COMMANDS", ENOUGH);
	u64 seed = number(argc, argv, 2, "ITS_DIFF_SEED", 20261121);
	u32 rounds = MAX(2u, (u32)(want / 400000));
	u64 share = want / (rounds * (EPOCHS + 3)); /* the wide one has four shares */
	bool good = true;

	printf("# seed %llu\n", (unsigned long long)seed);
	diff_seed(seed);
	for (u32 i = 0; i < rounds * EPOCHS && good; i++)
		good = diff_epoch(i % EPOCHS == 0, i % EPOCHS == 0 ? 4 * share : share);
	summary();
	ok(good, "its/ and the reference model agree (seed %llu)", (unsigned long long)seed);
	if (want >= ENOUGH)
		test_reached();
	return tap_done();
}
