/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ITS on this machine, compiled as for the unit tests but for speed and without sanitizers.
 * Nanoseconds are CPU time. Records:
 *
 *	M bytes_its bytes_vgic vcpus		memory of a VM of the /dev/kvm shape
 *	N ns events name			a translation; hundredths of a nanosecond
 *	P ns threads events			its_signal() without an injection, on threads at once
 *	D ns events name			a command
 *	F refused mapped seeds			events that found no place, with the table full and its
 *						events replaced
 *	END
 */
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "hyp/lib/assert.h"
#include "tests/bench/bench.h"

#define ROUNDS 500000u
#define TRIES 5u /* the best counts */
#define MAX_KINDS 16u
#define COMMANDS 4096u
#define MAX_THREADS 4u
#define FILL_SEEDS 20u
#define STRIDE 40503u /* through the keys, out of order */

static const u32 sizes[] = { 1, 32, 1024, 16384, BENCH_EVENTS };
static const u32 vm_vcpus[] = { 1, 8, 512 };

static u8 guest_ram[GUEST_SIZE];
static double clock_cost; /* of now() */

void panic(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	abort();
}

void *guest_byte(u64 ipa)
{
	return &guest_ram[ipa - GUEST_BASE];
}

int guest_read(void *vm, u64 ipa, void *buf, size_t len)
{
	(void)vm;
	if (!range_contains(GUEST_BASE, GUEST_SIZE, ipa, len))
		return -EFAULT;
	memcpy(buf, guest_byte(ipa), len);
	return 0;
}

int guest_write(void *vm, u64 ipa, const void *buf, size_t len)
{
	(void)vm;
	if (!range_contains(GUEST_BASE, GUEST_SIZE, ipa, len))
		return -EFAULT;
	memcpy(guest_byte(ipa), buf, len);
	return 0;
}

/* CPU time of this thread: other programs run here, too. */
static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void calibrate(void)
{
	clock_cost = 1e9;
	for (u32 i = 0; i < 1000; i++) {
		double start = now(), cost = now() - start;

		clock_cost = MIN(clock_cost, cost);
	}
}

/* In hundredths, as it is printed. */
static u64 each(double ns, u64 n)
{
	return (u64)(ns * 100 / (double)n + 0.5);
}

static void memory(void)
{
	for (u32 i = 0; i < ARRAY_SIZE(vm_vcpus); i++) {
		struct its_config its = world_config(vm_vcpus[i]);
		struct vgic_config vgic = world_vgic_config(vm_vcpus[i]);

		printf("M %zu %zu %u\n", its_mem_size(&its), vgic_mem_size(&vgic), vm_vcpus[i]);
	}
}

static double translate_all(void)
{
	u64 sum = 0;
	double start = now();

	for (u32 i = 0; i < ROUNDS; i++) {
		const struct key *k = &keys[(u64)i * STRIDE % nr_keys];

		sum += signal_translate(world.its, k->devid, k->eventid);
	}
	__asm__ volatile("" ::"r"(sum));
	return now() - start;
}

static void translate(const char *name)
{
	double best = translate_all();

	for (u32 i = 1; i < TRIES; i++)
		best = MIN(best, translate_all());
	printf("N %llu %u %s\n", (unsigned long long)each(best, ROUNDS), nr_keys, name);
}

static int pend_nothing(void *vm, u32 vcpu, u32 lpi)
{
	(void)vm, (void)vcpu, (void)lpi;
	return 1;
}

struct thread {
	pthread_t id;
	pthread_barrier_t *start;
	u32 cpu;
	double ns;
};

static void *signal_all(void *arg)
{
	struct thread *t = arg;

	pthread_barrier_wait(t->start);
	t->ns = -now();
	for (u32 i = 0; i < ROUNDS; i++) {
		const struct key *k = &keys[(u64)(i + t->cpu * 1000) * STRIDE % nr_keys];

		(void)its_signal(world.its, t->cpu, k->devid, k->eventid);
	}
	t->ns += now();
	return NULL;
}

/* What all threads spent. */
static double threads_once(u32 n)
{
	struct thread t[MAX_THREADS];
	pthread_barrier_t start;
	double sum = 0;

	pthread_barrier_init(&start, NULL, n);
	for (u32 i = 0; i < n; i++) {
		t[i] = (struct thread){ .start = &start, .cpu = i };
		if (pthread_create(&t[i].id, NULL, signal_all, &t[i]))
			panic("no thread\n");
	}
	for (u32 i = 0; i < n; i++) {
		pthread_join(t[i].id, NULL);
		sum += t[i].ns;
	}
	pthread_barrier_destroy(&start);
	return sum;
}

static void threads(u32 n)
{
	double best = threads_once(n);

	for (u32 i = 1; i < TRIES; i++)
		best = MIN(best, threads_once(n));
	printf("P %llu %u %u\n", (unsigned long long)each(best, (u64)n * ROUNDS), n, nr_keys);
}

static void translations(void)
{
	for (u32 i = 0; i < nr_key_sets; i++) {
		u32 first = key_sets[i].adversary ? ARRAY_SIZE(sizes) - 1 : 0;

		for (u32 j = first; j < ARRAY_SIZE(sizes); j++) {
			key_sets[i].make(sizes[j], 0x5eed + i);
			translate(key_sets[i].name);
		}
	}
	for (u32 j = 0; j < ARRAY_SIZE(sizes); j++) {
		keys_make_default(sizes[j], 0x5eed + j);
		world.its->ops.lpi_pend = pend_nothing;
		for (u32 n = 1; n <= MAX_THREADS; n *= 2)
			threads(n);
	}
}

/* Nanoseconds of one command for each of @n events. */
static double batch(const struct cmd_kind *kind, u32 n)
{
	double start, ns;

	for (u32 i = 0; i < n; i++)
		world_queue(kind->make(&keys[(u64)i * STRIDE % nr_keys]));
	start = now();
	world_settle();
	ns = now() - start - clock_cost;
	return MAX(ns, 0);
}

static void commands(void)
{
	for (u32 j = 0; j < ARRAY_SIZE(sizes); j++) {
		u32 n = MIN(sizes[j], COMMANDS), rounds = MAX(COMMANDS / n, TRIES);
		double best[MAX_KINDS];

		keys_make_default(sizes[j], 0xc0de + j);
		for (u32 icid = 0; icid < BENCH_VCPUS; icid++)
			world_do(bench_invall(icid));
		for (u32 r = 0; r < rounds; r++) {
			for (u32 k = 0; k < nr_kinds; k++) {
				double ns = batch(&cmd_kinds[k], n);

				best[k] = r ? MIN(best[k], ns) : ns;
			}
		}
		for (u32 k = 0; k < nr_kinds; k++)
			printf("D %llu %u %s\n", (unsigned long long)each(best[k], n), sizes[j],
			       cmd_kinds[k].name);
	}
}

/* The last set but the two of who knows the seed maps, then replaces, at the limit. */
static void fill(void)
{
	const struct key_set *set = &key_sets[nr_key_sets - 3];

	keys_refused = 0;
	keys_tried = 0;
	for (u32 s = 0; s < FILL_SEEDS; s++)
		set->make(BENCH_EVENTS, s * 7919 + 1);
	printf("F %llu %llu %u\n", (unsigned long long)keys_refused, (unsigned long long)keys_tried,
	       FILL_SEEDS);
}

int main(void)
{
	calibrate();
	memory();
	translations();
	commands();
	fill();
	printf("END\n");
	return 0;
}
