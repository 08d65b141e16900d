// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmm TEST...: runs the tests named, in that order; without arguments, all. Names of none: exit status 2.
 * vmm boot IMAGE VCPUS [BOOTARGS]: boots a kernel.
 * vmm counters: what Herald and Linux count, for scripts.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vmm.h"

#define KILL_ROUNDS 100

static void kill_rounds(void)
{
	const char *rounds = getenv("KILL_ROUNDS");

	test_kill(rounds ? atoi(rounds) : KILL_ROUNDS);
}

static const struct {
	const char *name;
	void (*fn)(void);
} tests[] = {
	{ "errno", test_errno },   { "run", test_run },		  { "regs", test_regs },
	{ "memory", test_memory }, { "wait", test_wait },	  { "signal", test_signal },
	{ "caps", test_caps },	   { "region", test_region },	  { "ioeventfd", test_ioeventfd },
	{ "irqfd", test_irqfd },   { "resample", test_resample }, { "msi", test_msi },
	{ "dirty", test_dirty },   { "move", test_move },	  { "stats", test_stats },
	{ "bad", test_bad },	   { "race", test_race },	  { "lend", test_lend },
	{ "kill", kill_rounds },
};

#define NR_TESTS (sizeof(tests) / sizeof(tests[0]))

static size_t find(const char *name)
{
	size_t i;

	for (i = 0; i < NR_TESTS; i++)
		if (!strcmp(name, tests[i].name))
			break;
	return i;
}

static int unknown(const char *name)
{
	size_t i;

	fprintf(stderr, "vmm: no test %s; there are", name);
	for (i = 0; i < NR_TESTS; i++)
		fprintf(stderr, " %s", tests[i].name);
	fprintf(stderr, "\n");
	return 2;
}

int main(int argc, char **argv)
{
	int a;
	size_t i;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc == 2 && !strcmp(argv[1], "counters")) {
		print_counters();
		return 0;
	}
	if (argc >= 4 && !strcmp(argv[1], "boot"))
		return boot(argv[2], atoi(argv[3]), argc > 4 ? argv[4] : "");
	for (a = 1; a < argc; a++)
		if (find(argv[a]) == NR_TESTS)
			return unknown(argv[a]);
	signal_setup();
	for (i = 0; argc == 1 && i < NR_TESTS; i++)
		tests[i].fn();
	for (a = 1; a < argc; a++)
		tests[find(argv[a])].fn();
	return points_done();
}
