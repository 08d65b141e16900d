// SPDX-License-Identifier: GPL-2.0-only
/* The mirror on fake slow physical ITSes: the life of devices and events, and of MSIs. */
// sources: tests/unit/gic_fake.c tests/unit/gic_fake_its.c
// sources: pci/mirror.c pci/mirror_map.c pci/ecam.c pci/reqid.c
// sources: drivers/gits.c drivers/gits_queue.c drivers/gicv3.c drivers/lpi.c drivers/blocks.c
// sources: drivers/timer.c
#include <string.h>

#include "tap.h"
#include "gic_fake.h"
#include "drivers/gits.h"
#include "drivers/gits_regs.h"
#include "drivers/lpi.h"
#include "hyp/lib/errno.h"
#include "its/its.h"
#include "pci/mirror.h"

#define NR_DEVICES 64
#define ALL 0xffffffffu
#define MAX_STEPS 100000

/* The virtual ITS: which event each entry is, and what was signalled. */
static struct {
	u32 devid, eventid;
	bool mapped;
	u32 count;
} entries[4096];
static int signal_answer = 1;
static u32 signals;

int its_signal_entry(struct its *its, u32 cpu, u32 entry, u32 devid, u32 eventid)
{
	(void)its, (void)cpu;
	if (!entries[entry].mapped || entries[entry].devid != devid ||
	    entries[entry].eventid != eventid)
		return -ENXIO;
	entries[entry].count++;
	signals++;
	return signal_answer;
}

/* What the resolver answers: virtual DeviceID v is device v % 0x10000 of ITS v / 0x10000. */
static u32 resolve_events = 8;
static int resolve_error;

static int resolve(void *ctx, u32 devid, u32 nr_events, struct mirror_target *out)
{
	(void)ctx, (void)nr_events;
	*out = (struct mirror_target){ .its = devid >> 16,
				       .devid = devid & 0xffff,
				       .nr_events = resolve_events };
	return resolve_error;
}

static u32 vcpu_cpu(void *ctx, u32 vcpu)
{
	(void)ctx;
	return vcpu;
}

static void its_up(u32 n)
{
	struct gits_config cfg = { .va = FAKE_ITS(n), .nr_cpus = FAKE_CPUS, .alloc = fake_alloc };
	u32 cpu;

	fake_its_reset(n, NULL);
	fake_its_set_rate(n, 1, 0);
	is(gits_init(n, &cfg), 0, "ITS %u is up", n);
	for (cpu = 0; cpu < FAKE_CPUS; cpu++)
		gits_cpu_init(n, cpu, cpu);
}

static struct mirror *setup(u32 nr_devices, u32 max_lpis)
{
	static int its[2];
	struct mirror_config cfg = { .its = (struct its *)its,
				     .resolve = resolve,
				     .vcpu_cpu = vcpu_cpu,
				     .max_lpis = max_lpis };
	u64 pa;

	memset(entries, 0, sizeof(entries));
	signal_answer = 1;
	signals = 0;
	resolve_events = 8;
	resolve_error = 0;
	mirror_setup(fake_alloc(mirror_mem_size(nr_devices), 64, &pa), nr_devices);
	return mirror_create(&cfg);
}

static void gic_up(void)
{
	struct lpi_config lc = { .intid_bits = 14 };
	struct gicv3_frames f;
	void *mem;
	u32 cpu;
	u64 pa;

	fake_reset(NULL);
	fake_frames(&f);
	gicv3_init(&f);
	for (cpu = 0; cpu < FAKE_CPUS; cpu++)
		gicv3_cpu_init(cpu, fake_mpidr(cpu));
	lc.prop = fake_alloc(lpi_prop_size(14), SZ_4K, &lc.prop_pa);
	lc.soft = fake_alloc(lpi_soft_size(14), 64, &pa);
	lpi_init(&lc);
	for (cpu = 0; cpu < FAKE_CPUS; cpu++) {
		mem = fake_alloc(lpi_pending_size(14), LPI_PENDING_ALIGN, &pa);
		lpi_cpu_init(cpu, mem, pa);
	}
	mem = fake_alloc(SZ_1M, GITS_ARENA_ALIGN, &pa);
	gits_arena_init(mem, pa, SZ_1M);
	for (cpu = 0; cpu < FAKE_ITSES; cpu++)
		its_up(cpu);
}

static u32 last_steps;

static int map(struct mirror *m, u32 devid, u32 nr)
{
	int err = -EAGAIN;

	for (last_steps = 0; err == -EAGAIN && last_steps < MAX_STEPS; last_steps++)
		err = mirror_device_mapped(m, devid, nr);
	return err;
}

static int unmap(struct mirror *m, u32 devid)
{
	int err = -EAGAIN;

	for (last_steps = 0; err == -EAGAIN && last_steps < MAX_STEPS; last_steps++)
		err = mirror_device_unmapped(m, devid);
	return err;
}

static void map_event(struct mirror *m, u32 devid, u32 eventid, u32 entry, u32 vcpu)
{
	entries[entry].devid = devid;
	entries[entry].eventid = eventid;
	entries[entry].mapped = true;
	mirror_event_mapped(m, devid, eventid, entry, vcpu);
}

static void unmap_event(struct mirror *m, u32 devid, u32 eventid, u32 entry)
{
	entries[entry].mapped = false;
	mirror_event_unmapped(m, devid, eventid);
}

static void work(void)
{
	u32 i;

	for (i = 0; mirror_work() == -EAGAIN && i < MAX_STEPS; i++)
		;
	for (i = 0; i < FAKE_ITSES; i++)
		fake_its_step(i, ALL);
}

/* A device's MSI; what mirror_lpi() answers, -EFAULT if the physical ITS drops it. */
static int msi(u32 devid, u32 eventid, u32 *cpu)
{
	u32 lpi = fake_its_msi(devid >> 16, devid & 0xffff, eventid, cpu);

	return lpi ? mirror_lpi(*cpu, lpi) : -EFAULT;
}

static struct mirror_stats stats(void)
{
	struct mirror_stats st;

	mirror_stats(&st);
	return st;
}

static void test_life(void)
{
	struct mirror *m = setup(NR_DEVICES, 0);
	struct mirror_device_info info;
	u32 cpu;

	resolve_events = 5;
	is(mirror_device_mapped(m, 0x10007, 32), -EAGAIN, "MAPD does not wait for the ITS");
	ok(!fake_its_device_known(1, 7), "which has not even looked");
	is(map(m, 0x10007, 32), 0, "MAPD");
	is(fake_its_outstanding(1), 0, "is complete when the ITS is");
	is(stats().host_lpis, 8, "5 events take 8 LPIs");
	is(stats().itts, 1, "an ITT");
	is(map(m, 0x10007, 32), 0, "MAPD again changes nothing");
	ok(mirror_device_info(0, &info) && info.devid == 7 && info.its == 1 && info.nr_events == 8,
	   "it can be listed");
	ok(mirror_device_find(m, 0x10007, &info) && info.devid == 7 && info.nr_events == 8,
	   "by its virtual DeviceID");
	ok(!mirror_device_find(m, 7, &info), "which another number is not");
	ok(!mirror_device_info(1, &info) && !mirror_device_info(NR_DEVICES, &info), "it alone");

	is(msi(0x10007, 4, &cpu), -ENXIO, "an MSI before the guest's MAPTI");
	is(stats().unmapped, 1, "is counted");
	map_event(m, 0x10007, 4, 100, 3);
	ok(mirror_work_pending(), "the route is mirrored later");
	is(msi(0x10007, 4, &cpu), 1, "an MSI gets there without");
	is(cpu, 0, "by another CPU");
	work();
	ok(!mirror_work_pending(), "then");
	is(msi(0x10007, 4, &cpu), 1, "an MSI");
	is(cpu, 3, "comes by the right CPU");
	is(entries[100].count, 2, "each signalled the entry once");
	is(msi(0x10007, 8, &cpu), -EFAULT, "an event beyond the device's");
	map_event(m, 0x10007, 8, 101, 0);
	is(stats().beyond, 1, "MAPTI of it is virtual only");
	map_event(m, 0x10007, 5, 102, ITS_NO_VCPU);
	is(msi(0x10007, 5, &cpu), 1, "an event without vCPU keeps its route");
	mirror_event_moved(m, 0x10007, 5, 6);
	work();
	msi(0x10007, 5, &cpu);
	is(cpu, 6, "until MAPC gives it one");

	signal_answer = 0;
	is(msi(0x10007, 4, &cpu), 0, "an LPI that the guest blocks");
	signal_answer = -EIO;
	is(msi(0x10007, 4, &cpu), -EIO, "one that the virtual ITS refuses");
	signal_answer = 1;
	entries[100].mapped = false;
	is(msi(0x10007, 4, &cpu), -ENXIO, "one whose event has just gone");
	unmap_event(m, 0x10007, 4, 100);
	is(msi(0x10007, 4, &cpu), -ENXIO, "one after DISCARD");
	is(mirror_lpi(0, 16384), -ENXIO, "not a host LPI");
	ok(stats().blocked == 1 && stats().dropped == 2 && stats().late == 1 &&
		   stats().unmapped == 2 && stats().delivered == 4,
	   "each has its counter");

	is(mirror_device_unmapped(m, 0x10007), -EAGAIN, "MAPD V=0 does not wait");
	is(stats().itts, 1, "nothing is free yet");
	is(unmap(m, 0x10007), 0, "MAPD V=0");
	ok(!fake_its_device_known(1, 7), "is complete when the ITS has forgotten the device");
	ok(!stats().host_lpis && !stats().itts && !stats().devices, "all is free");
	is(lpi_cookie(info.first_lpi + 5), 0, "and events that were not discarded mean nothing");
	is(unmap(m, 0x10007), 0, "MAPD V=0 of an unknown device");
	is(mirror_destroy(m), 0, "the mirror goes");
}

static void test_sizes(void)
{
	struct mirror *m = setup(NR_DEVICES, 0);

	resolve_events = 1;
	map(m, 1, 1);
	is(stats().host_lpis, 2, "1 event: the smallest ITT has 2");
	resolve_events = 2048;
	is(map(m, 2, 1), 0, "2,048 events");
	is(stats().host_lpis, 2050, "all of them");
	ok(last_steps > 2048 / MIRROR_STEP, "in bounded steps");
	resolve_events = 100000;
	is(map(m, 3, 1), 0, "an absurd number");
	is(stats().host_lpis, 2050 + 4096, "is capped");
	resolve_events = 0;
	is(map(m, 4, 1), 0, "no such device");
	is(stats().absent, 1, "virtual only");
	resolve_events = 8;
	resolve_error = -EPERM;
	is(map(m, 4, 1), -EPERM, "a resolver that refuses");
	resolve_error = 0;
	is(map(m, 0x5000a, 1), -ENOSPC, "an ITS that does not exist");
	is(mirror_destroy(m), -EAGAIN, "destroying takes steps");
	while (mirror_destroy(m) == -EAGAIN)
		;
	ok(!stats().host_lpis && !stats().itts && !stats().devices, "and leaves nothing");
}

static void test_exhaustion(void)
{
	struct mirror *m = setup(3, 0);
	u32 i;

	for (i = 0; i < 3; i++)
		is(map(m, i, 8), 0, "device %u", i);
	is(map(m, 9, 8), -ENOSPC, "no slot: virtual only");
	map_event(m, 9, 0, 5, 0);
	unmap_event(m, 9, 0, 5);
	mirror_event_moved(m, 9, 0, 1);
	is(unmap(m, 9), 0, "its events and its end are harmless");
	is(stats().exhausted, 1, "counted");
	while (mirror_destroy(m) == -EAGAIN)
		;
	m = setup(NR_DEVICES, 32);
	resolve_events = 32;
	is(map(m, 1, 8), 0, "a quota of 32");
	is(map(m, 2, 8), -ENOSPC, "is kept");
	is(unmap(m, 1), 0, "and given back");
	is(map(m, 2, 8), 0, "for another device");
	while (mirror_destroy(m) == -EAGAIN)
		;
	m = setup(NR_DEVICES, 0);
	resolve_events = 4096;
	is(map(m, 1, 8), 0, "half of all LPIs");
	is(map(m, 2, 8), 0, "the other half");
	is(map(m, 3, 8), -ENOSPC, "none are left");
	is(lpi_used(), 8192, "all in use");
	while (mirror_destroy(m) == -EAGAIN)
		;
	is(lpi_used(), 0, "none in use");
}

static void test_two_mirrors(void)
{
	struct mirror *a = setup(NR_DEVICES, 0), *b;
	struct mirror_config cfg = { .its = (struct its *)entries,
				     .resolve = resolve,
				     .vcpu_cpu = vcpu_cpu };
	struct mirror *all[MIRROR_MAX];
	u32 n;

	b = mirror_create(&cfg);
	ok(b && b != a, "a second mirror");
	is(map(a, 7, 8), 0, "a device of the first");
	is(map(b, 7, 8), -ENOSPC, "is not the second's");
	is(map(b, 8, 8), 0, "which has its own");
	is(unmap(b, 7), 0, "and cannot unmap it");
	ok(fake_its_device_known(0, 7), "still there");
	while (mirror_destroy(a) == -EAGAIN)
		;
	ok(!fake_its_device_known(0, 7) && fake_its_device_known(0, 8),
	   "the first goes, the second stays");
	for (n = 0; n < MIRROR_MAX; n++)
		all[n] = mirror_create(&cfg);
	ok(all[MIRROR_MAX - 2] && !all[MIRROR_MAX - 1], "as many as there may be");
	cfg.its = NULL;
	ok(!mirror_create(&cfg), "none without an ITS");
	while (mirror_destroy(b) == -EAGAIN)
		;
}

/* its_reset() may unmap while MAPD is still under way. */
static void test_abort(void)
{
	struct mirror *m = setup(NR_DEVICES, 0);
	u32 i, k;

	resolve_events = 256;
	for (i = 1; i < 12; i++) {
		for (k = 0; k < i; k++)
			mirror_device_mapped(m, 5, 8);
		is(unmap(m, 5), 0, "unmapped after %u steps of MAPD", i);
		ok(!stats().host_lpis && !fake_its_device_known(0, 5), "nothing is left");
	}
	mirror_device_mapped(m, 5, 8);
	mirror_device_unmapped(m, 5);
	is(mirror_device_mapped(m, 5, 8), -EBUSY, "MAPD before the unmapping has ended");
	is(unmap(m, 5), 0, "(ended)");
	mirror_destroy(m);
}

static void test_moves(void)
{
	struct mirror *m = setup(NR_DEVICES, 0);
	u32 e, cpu, bad = 0, steps = 0;

	resolve_events = 1024;
	map(m, 3, 8);
	for (e = 0; e < 1024; e++)
		map_event(m, 3, e, e, e % FAKE_CPUS);
	while (mirror_work() == -EAGAIN)
		steps++;
	ok(steps >= 1024 / MIRROR_STEP - 2, "many moves take several steps");
	work();
	for (e = 0; e < 1024; e++)
		bad += msi(3, e, &cpu) != 1 || cpu != e % FAKE_CPUS;
	is(bad, 0, "each event came to its CPU");
	is(stats().moves, 1024 - 1024 / FAKE_CPUS, "with no move too many");
	mirror_event_moved(m, 3, 9, 2);
	mirror_event_moved(m, 3, 9, 9 % FAKE_CPUS);
	mirror_event_moved(m, 3, 10, 5000);
	mirror_event_moved(m, 3, 5000, 1);
	work();
	is(stats().moves, 1024 - 1024 / FAKE_CPUS, "there and back before it was mirrored: none");
	mirror_event_moved(m, 3, 700, 1);
	mirror_event_moved(m, 3, 40, 1);
	work();
	ok(msi(3, 40, &cpu) == 1 && cpu == 1 && msi(3, 700, &cpu) == 1 && cpu == 1, "in any order");
	mirror_event_moved(m, 3, 9, FAKE_CPUS);
	work();
	is(msi(3, 9, &cpu), 1, "a CPU that the ITS does not know: it stays where it is");
	while (mirror_destroy(m) == -EAGAIN)
		;
	is(fake_its_nr_mapped(0), 0, "nothing is left");
}

static void test_rounds(void)
{
	struct mirror *m = setup(NR_DEVICES, 0);
	u32 round, k, d, e, cpu, bad = 0;

	srand(3);
	for (round = 0; round < 1000; round++) {
		u32 devid[FAKE_ITSES];

		for (k = 0; k < FAKE_ITSES; k++) {
			fake_its_set_rate(k, 1 + (u32)rand() % 9, (u32)rand() % 4);
			devid[k] = k << 16 | (round % 7);
			resolve_events = 1 + (u32)rand() % 20;
			bad += map(m, devid[k], 8) != 0;
		}
		for (k = 0; k < FAKE_ITSES; k++) {
			d = devid[k];
			for (e = 0; e < 2; e++) {
				map_event(m, d, e, k * 10 + e, (u32)rand() % FAKE_CPUS);
				bad += msi(d, e, &cpu) != 1;
			}
			if (rand() % 2)
				mirror_work();
			mirror_event_moved(m, d, 1, (u32)rand() % FAKE_CPUS);
			unmap_event(m, d, 0, k * 10);
		}
		for (k = 0; k < FAKE_ITSES; k++)
			bad += unmap(m, devid[k]) != 0;
	}
	is(bad, 0, "1,000 rounds of map, MSI, move, unmap on three ITSes");
	ok(!stats().host_lpis && !stats().itts && !stats().devices, "without a leak");
	is(stats().delivered, 6000, "every MSI arrived");
	is(stats().late + stats().unmapped + stats().dropped + stats().lost, 0, "none otherwise");
	is(fake_violations(), 0, "nothing that an ITS forbids");
	while (mirror_destroy(m) == -EAGAIN)
		;
}

static void test_resolver(void)
{
	static struct board b;
	struct mirror_target t;

	b.nr_pci = 0;
	mirror_resolve_identity(&b, NULL, 2, 77, 1000, &t);
	ok(t.its == 2 && t.devid == 77 && t.nr_events == MIRROR_PLATFORM_EVENTS,
	   "a platform device, capped");
	mirror_resolve_identity(&b, NULL, 2, 77, 4, &t);
	is(t.nr_events, 4, "or as the guest says");
	is(mirror_mem_size(0) + mirror_mem_size(MIRROR_MAX_DEVICES + 1), 0,
	   "sizes that are not legal");
	is(mirror_setup(NULL, 4), -EINVAL, "no memory");
}

/* Last: it leaves ITS 1 dead. */
static void test_dead(void)
{
	struct mirror *m = setup(NR_DEVICES, 0);
	u32 lpis, cpu;

	fake_its_set_rate(0, 5, 0);
	fake_its_set_rate(1, 5, 0);
	is(map(m, 0x10001, 8), 0, "a device of ITS 1");
	map_event(m, 0x10001, 0, 9, 0);
	is(map(m, 0x00001, 8), 0, "one of ITS 0");
	lpis = stats().host_lpis;
	fake_its_set_rate(1, 0, 0);
	is(unmap(m, 0x10001), 0, "ITS 1 dies: MAPD V=0 ends nevertheless");
	is(stats().lost, 1, "counted");
	is(stats().host_lpis, lpis, "its LPIs are not reused");
	is(msi(0x10001, 0, &cpu), -ENXIO, "an MSI of it reaches no one");
	is(map(m, 0x10001, 8), -EIO, "MAPD again is refused");
	is(map(m, 0x10002, 8), -EIO, "and of other devices there");
	is(stats().host_lpis, lpis, "without taking anything");
	is(map(m, 0x00002, 8), 0, "ITS 0 works on");
	while (mirror_destroy(m) == -EAGAIN)
		;
	is(stats().devices, 1, "only the lost device stays");
}

int main(void)
{
	gic_up();
	test_life();
	test_sizes();
	test_exhaustion();
	test_two_mirrors();
	test_abort();
	test_moves();
	test_rounds();
	test_resolver();
	test_dead();
	return tap_done();
}
