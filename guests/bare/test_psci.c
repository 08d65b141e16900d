// SPDX-License-Identifier: GPL-2.0-only
/* PSCI 1.x as a kernel uses it (DEN 0022F chapter 5). */
#include "guests/bare/board.h"
#include "guests/bare/gic.h"
#include "guests/bare/psci.h"
#include "guests/bare/smp.h"
#include "guests/bare/suite.h"
#include "guests/bare/tap.h"
#include "guests/bare/timer.h"

#define PSCI_UNKNOWN 0x840000ffu
#define NO_SUCH_CPU UINT64_C(0x00fefefe)
#define CYCLES 20

static s64 features(u32 function)
{
	return psci_call(PSCI_FEATURES, function, 0, 0);
}

static void test_features(void)
{
	s64 version = psci_call(PSCI_VERSION, 0, 0, 0);

	tap_ok(version >> 16 == 1, "PSCI_VERSION is 1.%ld", version & 0xffff);
	tap_ok(features(PSCI_CPU_ON) == 0 && features(PSCI_CPU_OFF) == 0 &&
		       features(PSCI_SYSTEM_OFF) == 0 && features(PSCI_AFFINITY_INFO) == 0,
	       "PSCI_FEATURES knows the mandatory functions");
	tap_ok(features(PSCI_UNKNOWN) == PSCI_NOT_SUPPORTED &&
		       psci_call(PSCI_UNKNOWN, 0, 0, 0) == PSCI_NOT_SUPPORTED,
	       "an unknown PSCI function is not supported");
}

static void test_errors(void)
{
	u64 self = cpus[0].mpidr;
	u64 entry = (u64)secondary_start;

	tap_ok(psci_call(PSCI_CPU_ON, self, entry, 0) == PSCI_ALREADY_ON,
	       "CPU_ON of the running CPU: ALREADY_ON");
	tap_ok(psci_call(PSCI_CPU_ON, NO_SUCH_CPU, entry, 0) == PSCI_INVALID_PARAMETERS,
	       "CPU_ON of no CPU: INVALID_PARAMETERS");
	tap_ok(psci_call(PSCI_AFFINITY_INFO, self, 0, 0) == 0, "AFFINITY_INFO of this CPU: on");
	tap_ok(psci_call(PSCI_AFFINITY_INFO, NO_SUCH_CPU, 0, 0) == PSCI_INVALID_PARAMETERS,
	       "AFFINITY_INFO of no CPU: INVALID_PARAMETERS");
	if (nr_cpus > 1)
		tap_ok(psci_call(PSCI_CPU_ON, cpus[1].mpidr, entry, 0) == PSCI_ALREADY_ON,
		       "CPU_ON of another running CPU: ALREADY_ON");
}

static void read_context(void *arg)
{
	*(u64 *)arg = cpu_this()->context;
}

/* Off and on again, from a CPU number that changes. */
static void test_cycle(void)
{
	u32 i, good = 0;

	if (nr_cpus < 2) {
		tap_skip("CPU_OFF and CPU_ON again", "one CPU");
		return;
	}
	for (i = 0; i < CYCLES; i++) {
		struct cpu *cpu = &cpus[1 + i % (nr_cpus - 1)];
		u64 context = 0;

		if (!smp_power_down(cpu))
			break;
		if (smp_power_up(cpu, 1000 + i))
			break;
		smp_call(cpu->index, read_context, &context);
		good += context == 1000 + i;
	}
	tap_ok(good == CYCLES, "CPU_OFF, AFFINITY_INFO off, CPU_ON again: %u of %u times", good,
	       CYCLES);
}

static void test_suspend(void)
{
	u64 start, ticks = timer_ms(2);
	s64 ret;

	if (features(PSCI_CPU_SUSPEND)) {
		tap_skip("CPU_SUSPEND", "not supported");
		return;
	}
	irq_off();
	start = timer_now();
	timer_arm_virtual(ticks);
	do
		ret = psci_call(PSCI_CPU_SUSPEND, 0, (u64)secondary_start, 0);
	while (ret == PSCI_SUCCESS && timer_now() - start < ticks);
	irq_on();
	timer_stop();
	tap_ok(ret == PSCI_SUCCESS, "CPU_SUSPEND to standby returns at the timer's interrupt");
}

void test_psci(void)
{
	test_features();
	test_errors();
	test_cycle();
	test_suspend();
}
