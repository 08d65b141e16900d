// SPDX-License-Identifier: GPL-2.0-only
/*
 * One CPU gives the ITS a full ring of 1 MiB with the longest commands that there are. Another one
 * watches CREADR; CPU 0 has a timer of 1 kHz, reads a register of the ITS now and then, and takes
 * the LPIs of the INT commands that are strewn in. Its interrupts must go on as before, and CREADR
 * must move steadily. After a while the guest has enough and disables the ITS.
 *
 * The machine may be an emulated one on a busy host, which stops CPUs as it likes and lets one at a
 * time into its GIC: so the ticks are compared with those of the same CPUs without commands, just
 * before, and an eighth will do; the median may be 20 ms late, gaps half of the time long; and one
 * of a few attempts must be good. A queue that is worked off in one go takes seconds, and fails by
 * far.
 */
#include "guests/bare/board.h"
#include "guests/bare/bugs.h"
#include "guests/bare/gic.h"
#include "guests/bare/irq.h"
#include "guests/bare/smp.h"
#include "guests/bare/tap.h"
#include "guests/bare/test.h"
#include "guests/bare/timer.h"

#define RING_PAGES 256u
#define RING_CMDS (RING_PAGES * (u32)(SZ_4K / sizeof(struct gits_cmd)) - 1)
#define RING_MS 2000u
#define ATTEMPTS 4u
#define INT_EVERY 4u
#define READ_EVERY 32u /* ticks: its lock may be held by a CPU that the host has stopped */

#define DEVICE 0x100u
#define DEVICE_BITS 12u
#define FIRST_EVENT 16u /* LPIs of the first are the witness's */
#define NR_MOVED 128u
#define NR_CONFIGURED 4000u

#define CONTROL_MS 400u
#define STOP_MS 5000u
#define MAX_TICKS 4096u
#define MAX_MEDIAN_MS 20u
#define MAX_GAP_MS (RING_MS / 2)

#define WRITER 1u
#define WATCHER 2u
#define OTHER (nr_cpus - 1) /* idle if there are four CPUs */

static void *itt;

/* What the CPUs tell each other. */
static bool written; /* WRITER is back from its write of CWRITER */
static bool stop;
static struct {
	u32 moves;
	u64 gap; /* longest time without a move */
} creadr;

struct seen {
	u32 ticks, lpis;
	u64 elapsed, median, worst;
	u64 tick_gap, lpi_gap; /* longest time without one */
};
static u64 latency[MAX_TICKS];

static u64 to_us(u64 ticks)
{
	return ticks * 1000000 / sysreg_read(cntfrq_el0);
}

static void write_ring(void *arg)
{
	(void)arg;
	bugs_write(GITS_CWRITER, RING_CMDS * sizeof(struct gits_cmd));
	atomic_store_release(&written, true);
}

/* The same without commands. */
static void write_nothing(void *arg)
{
	(void)arg;
	while (!atomic_load_acquire(&stop))
		cpu_relax();
}

/* Sleeps until the timer's interrupt. */
static void sleep(u64 ticks)
{
	u32 me = cpu_this()->index, before = irq_count(me, board.vtimer_intid);

	timer_arm_virtual(ticks);
	irq_off();
	while (irq_count(me, board.vtimer_intid) == before) {
		wfi();
		irq_on();
		isb();
		irq_off();
	}
	irq_on();
}

static void watch(void *arg)
{
	u64 last = 0, since = timer_now(), now, at;

	(void)arg;
	creadr.moves = 0;
	creadr.gap = 0;
	while (!atomic_load_acquire(&stop) && !atomic_load_acquire(&written)) {
		sleep(timer_ms(1));
		at = bugs_read(GITS_CREADR);
		now = timer_now();
		creadr.gap = MAX(creadr.gap, now - since);
		if (at == last)
			continue;
		creadr.moves++;
		since = now;
		last = at;
	}
}

static void sort(u64 *v, u32 n)
{
	u32 i, k;

	for (i = 1; i < n; i++) {
		u64 x = v[i];

		for (k = i; k && v[k - 1] > x; k--)
			v[k] = v[k - 1];
		v[k] = x;
	}
}

/* Ticks of CPU 0 until the time is over or the ring is done. */
static struct seen tick(u32 ms)
{
	u64 start = timer_now(), since = start, now = start, last = start;
	u32 lpis = irq_count(0, BUGS_LPI(0)), first = lpis;
	struct seen s = { 0 };

	while (now - start < timer_ms(ms) && !atomic_load_acquire(&written) &&
	       s.ticks < MAX_TICKS) {
		u64 due = timer_now() + timer_ms(1);

		sleep(timer_ms(1));
		latency[s.ticks++] = timer_now() - due;
		if (s.ticks % READ_EVERY == 0)
			(void)bugs_read(GITS_CREADR);
		now = timer_now();
		s.tick_gap = MAX(s.tick_gap, now - last);
		last = now;
		s.lpi_gap = MAX(s.lpi_gap, now - since);
		if (irq_count(0, BUGS_LPI(0)) != lpis)
			since = now;
		lpis = irq_count(0, BUGS_LPI(0));
	}
	timer_stop();
	s.elapsed = now - start;
	s.lpis = lpis - first;
	sort(latency, s.ticks);
	s.median = s.ticks ? latency[s.ticks / 2] : 0;
	s.worst = s.ticks ? latency[s.ticks - 1] : 0;
	return s;
}

struct kind {
	const char *name;
	void (*prepare)(void);
	void (*command)(u32 i); /* puts number @i into the queue */
};

/* LPIs that wait on WRITER and OTHER, whose masks hold them back: in list registers and beyond. */
static void prepare_movall(void)
{
	u32 i;

	for (i = 0; i < NR_MOVED; i++)
		bugs_map(DEVICE, FIRST_EVENT + i, FIRST_EVENT + i, i % 2 ? WRITER : OTHER);
	test_mask(WRITER);
	test_mask(OTHER);
	for (i = 0; i < NR_MOVED; i++)
		its_event(GITS_CMD_INT, DEVICE, FIRST_EVENT + i);
	its_flush();
}

static void command_movall(u32 i)
{
	its_movall(i % 2 ? WRITER : OTHER, i % 2 ? OTHER : WRITER);
}

static void prepare_invall(void)
{
	u32 i;

	for (i = 0; i < NR_CONFIGURED; i++)
		bugs_map(DEVICE, FIRST_EVENT + i, FIRST_EVENT + i, WRITER);
	its_flush();
}

static void command_invall(u32 i)
{
	(void)i;
	its_invall(WRITER);
}

/* The device with all its events goes first; then it comes back, and so on. */
static void command_unmapd(u32 i)
{
	if (i % 2)
		its_mapd(DEVICE, itt, DEVICE_BITS);
	else
		its_unmapd(DEVICE);
}

static const struct kind kinds[] = {
	{ "MOVALL", prepare_movall, command_movall },
	{ "INVALL", prepare_invall, command_invall },
	{ "MAPD V=0", prepare_invall, command_unmapd },
};

/* The ring, full, in the queue's memory; CWRITER is not written. */
static void fill(const struct kind *k)
{
	u32 i;

	its_disable();
	bugs_write(GITS_CBASER, bugs_read(GITS_CBASER)); /* CREADR and CWRITER are 0 */
	its.writer = 0;
	for (i = 0; i < RING_CMDS; i++) {
		if (i % INT_EVERY == INT_EVERY - 1)
			its_event(GITS_CMD_INT, BUGS_WITNESS, 0);
		else
			k->command(i);
	}
	dsb();
	its_enable();
}

/* Half a second of the same without commands: what this machine can do now. */
static struct seen control(void)
{
	struct seen s;

	atomic_store_release(&stop, false);
	atomic_store_release(&written, false);
	smp_call_start(WATCHER, watch, NULL);
	smp_call_start(WRITER, write_nothing, NULL);
	s = tick(CONTROL_MS);
	atomic_store_release(&stop, true);
	(void)(smp_call_wait(WRITER) & smp_call_wait(WATCHER));
	return s;
}

static void report(const struct kind *k, const struct seen *c, const struct seen *s)
{
	tap_diag(
		"%s: %u ticks in %lu ms (without: %u in %lu), late by %lu us (median; without: %lu)",
		k->name, s->ticks, to_us(s->elapsed) / 1000, c->ticks, to_us(c->elapsed) / 1000,
		to_us(s->median), to_us(c->median));
	tap_diag(
		"%lu us at most; %u LPIs, at most %lu ms apart; CREADR seen to move %u times, at most %lu ms apart",
		to_us(s->worst), s->lpis, to_us(s->lpi_gap) / 1000, creadr.moves,
		to_us(creadr.gap) / 1000);
}

/* Disables the ITS; it is asked seldom whether it is quiescent, to leave it its lock. */
static bool give_up(void)
{
	u32 ms = 0;

	mmio_write32(its.base + GITS_CTLR, GITS_CTLR_OFF);
	while (!(mmio_read32(its.base + GITS_CTLR) & GITS_CTLR_QUIESCENT) && ms++ < STOP_MS)
		sleep(timer_ms(1));
	timer_stop();
	return ms < STOP_MS;
}

static bool attempt(const struct kind *k, bool *stopped)
{
	u64 most = timer_ms(MAX_GAP_MS);
	struct seen c, s;

	bugs_begin(RING_PAGES);
	its_back_device(DEVICE);
	its_mapd(DEVICE, itt, DEVICE_BITS);
	k->prepare();
	fill(k);
	c = control();
	atomic_store_release(&stop, false);
	smp_call_start(WATCHER, watch, NULL);
	smp_call_start(WRITER, write_ring, NULL);
	s = tick(RING_MS);
	atomic_store_release(&stop, true);
	*stopped = give_up();
	*stopped &= smp_call_wait(WRITER) & smp_call_wait(WATCHER);
	test_unmask(WRITER);
	test_unmask(OTHER);
	report(k, &c, &s);
	return s.ticks > 1 && s.median <= timer_ms(MAX_MEDIAN_MS) &&
	       8 * s.ticks * c.elapsed >= c.ticks * s.elapsed && s.tick_gap <= most && s.lpis > 1 &&
	       s.lpi_gap <= most && creadr.moves > 1 && creadr.gap <= most;
}

void bugs_rings(void)
{
	u32 i, n;

	if (nr_cpus < 3) {
		tap_skip("bug class: unbounded command loop", "needs 3 CPUs");
		return;
	}
	itt = its_alloc_itt(DEVICE_BITS);
	/* Its mask, if it is OTHER, lets the timer through. */
	gic_set_priority(&cpus[WATCHER], board.vtimer_intid, TEST_PRIO_WAKE);
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		bool good = false, stopped = true;

		for (n = 0; n < ATTEMPTS && !good && stopped; n++)
			good = attempt(&kinds[i], &stopped);
		tap_ok(good,
		       "bug class: unbounded command loop, %u times %s: another CPU's timer and LPIs go on, CREADR moves",
		       RING_CMDS, kinds[i].name);
		tap_ok(stopped, "and the ITS can be stopped in the middle of it");
	}
	gic_set_priority(&cpus[WATCHER], board.vtimer_intid, GIC_PRIO_DEFAULT);
}
