/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Random traffic against a simple model: no interrupt lost, none delivered more often than it was
 * made pending, none to the wrong vCPU, none while disabled. The model knows only what a guest may
 * know: a change made from one CPU takes effect on another when that has taken its kick.
 */
// sources: vgic/list.c vgic/lr.c vgic/flush.c vgic/irqreg.c vgic/mmio.c vgic/dist.c vgic/redist.c
// sources: vgic/sgi.c vgic/lpi.c vgic/vgic.c vgic/watch.c
// sources: tests/unit/vgic_host_fake.c
#include <stdlib.h>
#include <string.h>
#include "tests/unit/tap.h"
#include "tests/unit/vgic_host_fake.h"

#define VCPUS 3
#define SPI 32
#define NR_EDGE 40 /* 32 .. 71 */
#define NR_HW 8 /* 72 .. 79, physical 172 .. */
#define NR_LEVEL 8 /* 80 .. 87 */
#define NR_SPIS (NR_EDGE + NR_HW + NR_LEVEL)
#define LPI 8192
#define NR_LPIS 60
#define NR (NR_SPIS + NR_LPIS)

/* What a run plays if it is not told: some seconds at most, and more than one sequence. */
#define STEPS 3000
#define ROUNDS 6
#define SEEDS 10

struct irq {
	u32 id;
	u32 target;
	bool enabled, active, line;
	u32 maybe; /* vCPUs that may still have it although it was rerouted or disabled */
	u32 credit; /* times it was made pending and not yet seen */
	u64 last_pend, last_ack;
};

static struct irq irqs[NR];
static struct {
	u32 stack[64], depth;
} guest[VCPUS];
static u64 now;
static u32 nr_acks;
static const char *fault;
static bool split;

static u32 pick(u32 n)
{
	return (u32)(fake_random() >> 20) % n;
}

static void fail(const char *what, u32 id)
{
	static char buf[100];

	if (fault)
		return;
	snprintf(buf, sizeof(buf), "%s (INTID %u, step %llu)", what, id, (unsigned long long)now);
	fault = buf;
}

static struct irq *irq_of(u32 id)
{
	return &irqs[id < LPI ? id - SPI : NR_SPIS + id - LPI];
}

static bool loaded(u32 vcpu)
{
	return fake.vcpu[vcpu].cpu != FAKE_NO_CPU;
}

static void run(u32 vcpu)
{
	fake_run_on(fake.vcpu[vcpu].cpu);
}

/* @vcpu comes to EL2 and back: it has seen every change up to now. */
static void enter(u32 vcpu)
{
	u32 i;

	if (!loaded(vcpu))
		return;
	if (!fake_enter_vcpu(vcpu))
		fail("maintenance never ends", vcpu);
	for (i = 0; i < NR; i++)
		irqs[i].maybe &= ~(1u << vcpu);
}

static void enter_all(void)
{
	u32 i;

	for (i = 0; i < VCPUS; i++)
		enter(i);
}

static bool is_hw(const struct irq *q)
{
	return q->id >= SPI + NR_EDGE && q->id < SPI + NR_EDGE + NR_HW;
}

static bool is_level(const struct irq *q)
{
	return q->id >= SPI + NR_EDGE + NR_HW && q->id < SPI + NR_SPIS;
}

static void pended(struct irq *q)
{
	q->credit++;
	q->last_pend = now;
}

static void op_pend(struct irq *q)
{
	if (q->id >= LPI) {
		vgic_lpi_pend(fake.vgic, q->target, q->id);
		pended(q);
	} else if (is_hw(q)) {
		if (fake.spi[q->id + 100].active || !q->enabled)
			return;
		fake.spi[q->id + 100].active = true;
		fake.spi[q->id + 100].pending = true; /* its line, high until the guest serves it */
		vgic_inject_hw_spi(fake.vgic, q->id);
		pended(q);
	} else if (is_level(q)) {
		if (q->line)
			return;
		q->line = true;
		vgic_set_line(fake.vgic, NULL, q->id, true);
		pended(q);
	} else if (pick(2)) {
		vgic_set_line(fake.vgic, NULL, q->id, true);
		vgic_set_line(fake.vgic, NULL, q->id, false);
		pended(q);
	} else {
		fake_dist_w(0x200 + q->id / 32 * 4, 4, BIT(q->id % 32));
		pended(q);
	}
}

static void op_enable(struct irq *q, bool on)
{
	if (!on)
		q->maybe |= 7;
	q->enabled = on;
	if (q->id >= LPI) {
		*fake_ram(fake_prop_ipa(q->id)) = (*fake_ram(fake_prop_ipa(q->id)) & 0xfe) | on;
		vgic_lpi_reload(fake.vgic, q->target, q->id);
	} else {
		fake_dist_w((on ? 0x100 : 0x180) + q->id / 32 * 4, 4, BIT(q->id % 32));
	}
}

static void op_prio(struct irq *q)
{
	u8 prio = (u8)(pick(20) << 3);

	if (q->id >= LPI) {
		*fake_ram(fake_prop_ipa(q->id)) = prio | q->enabled;
		vgic_lpi_reload(fake.vgic, q->target, q->id);
	} else {
		fake_dist_w(0x400 + q->id, 1, prio);
	}
}

static void op_route(struct irq *q)
{
	u32 to = pick(VCPUS), tries = 0;
	int ret;

	if (q->id < LPI) {
		q->maybe |= 1u << q->target;
		fake_dist_w(0x6000 + 8 * q->id, 8, to);
		q->target = to;
		return;
	}
	if (pick(2)) { /* as MAPC: the next one goes there */
		q->maybe |= 1u << q->target;
		q->target = to;
		return;
	}
	do {
		ret = vgic_lpi_move(fake.vgic, q->id, to, tries);
		if (ret)
			enter_all();
	} while (ret && ++tries < 5);
	if (ret)
		fail("a move that never ends", q->id);
	/* Where it was before an earlier MAPC it may have been carried from. */
	q->target = to;
	q->maybe = 0;
}

static void op_clear(struct irq *q)
{
	u32 tries = 0;
	int ret;

	if (q->id < LPI)
		return;
	do {
		ret = vgic_lpi_clear(fake.vgic, q->id, tries);
		if (ret)
			enter_all();
	} while (ret && ++tries < 5);
	if (ret)
		fail("a clear that never ends", q->id);
	q->credit = 0;
	q->last_pend = 0;
}

static void op_move_all(void)
{
	u32 from = pick(VCPUS), to = pick(VCPUS), tries = 0, cursor = 0, i;
	int ret;

	do {
		ret = vgic_lpi_move_all(fake.vgic, from, to, &cursor);
		if (ret)
			enter_all();
	} while (ret && ++tries < 500);
	if (ret)
		fail("a MOVALL that never ends", from);
	for (i = NR_SPIS; i < NR; i++)
		if (irqs[i].target == from) {
			irqs[i].maybe |= 1u << from;
			irqs[i].target = to;
		}
}

static void guest_ack(u32 vcpu)
{
	struct irq *q;
	u32 id;

	if (guest[vcpu].depth == 60)
		return;
	run(vcpu);
	id = fake_ack(1);
	if (id == FAKE_SPURIOUS)
		return;
	nr_acks++;
	q = irq_of(id);
	if (q->id != id)
		fail("an interrupt nobody knows", id);
	if (!q->enabled && !(q->maybe & (1u << vcpu)))
		fail("taken though disabled", id);
	if (q->target != vcpu && !(q->maybe & (1u << vcpu)) && id < LPI)
		fail("taken by the wrong vCPU", id);
	if (q->active && id < LPI)
		fail("taken while active", id);
	if (!is_level(q)) {
		if (!q->credit)
			fail("taken more often than it came", id);
		q->credit--;
	}
	q->last_ack = now;
	q->active = true;
	if (is_hw(q))
		fake.spi[id + 100].pending = false;
	if (is_level(q) && q->line && pick(4)) {
		q->line = false;
		vgic_set_line(fake.vgic, NULL, q->id, false);
	}
	guest[vcpu].stack[guest[vcpu].depth++] = id;
}

static void guest_end(u32 vcpu)
{
	struct irq *q;
	u32 id;

	if (!guest[vcpu].depth)
		return;
	run(vcpu);
	id = guest[vcpu].stack[--guest[vcpu].depth];
	q = irq_of(id);
	fake_eoi(1, id);
	/*
	 * An exit before the guest can look whether it is inactive, as the maintenance interrupt
	 * makes it.
	 */
	if (fake_misr())
		enter(vcpu);
	if (split && id < LPI)
		fake_dir(id);
	q->active = false;
	if (is_hw(q) && fake.spi[id + 100].active)
		fail("physical interrupt still active after its end", id);
}

static void op_switch(u32 vcpu)
{
	u32 cpu;

	if (loaded(vcpu)) {
		u32 i;

		run(vcpu);
		fake_put(vcpu);
		for (i = 0; i < NR; i++)
			irqs[i].maybe &= ~(1u << vcpu);
		return;
	}
	for (cpu = pick(FAKE_CPUS); fake.cpu[cpu].vcpu; cpu = (cpu + 1) % FAKE_CPUS)
		;
	fake_load(vcpu, cpu);
	fake_set_eoimode(split);
	enter(vcpu);
}

static void step(void)
{
	struct irq *q = &irqs[pick(NR)];
	u32 vcpu = pick(VCPUS);

	now++;
	/* Registers are written, and devices signal, on any CPU. */
	fake_run_on(loaded(vcpu) ? fake.vcpu[vcpu].cpu : pick(FAKE_CPUS));
	switch (pick(32)) {
	case 0 ... 9:
		op_pend(q);
		break;
	case 10:
		op_enable(q, pick(3));
		break;
	case 11:
		op_prio(q);
		break;
	case 12:
		op_route(q);
		break;
	case 13:
		if (!pick(4))
			op_clear(q);
		break;
	case 14:
		if (!pick(50))
			op_move_all();
		break;
	case 15:
		if (!loaded(vcpu) || !pick(6))
			op_switch(vcpu);
		break;
	case 16 ... 19:
		enter(vcpu);
		break;
	case 20 ... 25:
		if (loaded(vcpu))
			guest_ack(vcpu);
		break;
	default:
		if (loaded(vcpu))
			guest_end(vcpu);
		break;
	}
	/* The interrupt that a kick or maintenance raises comes sooner or later. */
	if (loaded(vcpu) && !pick(3))
		enter(vcpu);
}

static void drain(void)
{
	u32 i, k, idle = 0, before;

	for (i = 0; i < VCPUS; i++)
		if (!loaded(i))
			op_switch(i);
	for (i = 0; i < NR; i++)
		if (!irqs[i].enabled)
			op_enable(&irqs[i], true);
	for (k = 0; k < 5000 && idle < 5; k++) {
		before = nr_acks;
		now++;
		for (i = 0; i < VCPUS; i++) {
			enter(i);
			guest_ack(i);
			enter(i);
			while (guest[i].depth)
				guest_end(i);
			enter(i);
		}
		idle = nr_acks == before ? idle + 1 : 0;
	}
	if (idle < 5)
		fail("interrupts without end", 0);
	for (i = 0; i < NR; i++) {
		if (irqs[i].last_pend > irqs[i].last_ack)
			fail("lost", irqs[i].id);
		if (irqs[i].active)
			fail("still active", irqs[i].id);
		if (is_hw(&irqs[i]) && fake.spi[irqs[i].id + 100].active)
			fail("physical interrupt still active", irqs[i].id);
		irqs[i].credit = 0;
	}
	/* The first look makes CPUs that run elsewhere say what they have. */
	for (i = 0; i < NR_SPIS; i++)
		(void)fake_dist_r(0x200 + (SPI + i) / 32 * 4, 4);
	enter_all();
	for (i = 0; i < NR_SPIS; i++) {
		if (fake_dist_r(0x200 + (SPI + i) / 32 * 4, 4) & BIT((SPI + i) % 32))
			fail("still pending in the registers", SPI + i);
		if (fake_dist_r(0x300 + (SPI + i) / 32 * 4, 4) & BIT((SPI + i) % 32))
			fail("still active in the registers", SPI + i);
	}
}

/* All interrupts as the model has them, on a new VM. */
static void start(u32 lrs, bool lpi_active)
{
	u32 i;

	memset(irqs, 0, sizeof(irqs));
	memset(guest, 0, sizeof(guest));
	now = nr_acks = 0;
	fault = NULL;
	fake_start(VCPUS, NR_SPIS, 16, lrs);
	fake.lpi_active = lpi_active;
	fake_dist_w(0, 4, 3);
	for (i = 0; i < VCPUS; i++)
		fake_lpis_on(i);
	for (i = 0; i < NR; i++) {
		struct irq *q = &irqs[i];

		q->id = i < NR_SPIS ? SPI + i : LPI + i - NR_SPIS;
		q->enabled = true;
		if (is_hw(q))
			vgic_map_hw_spi(fake.vgic, q->id, q->id + 100);
		if (q->id < LPI)
			fake_irq_on(0, q->id, pick(20) << 3, is_level(q));
		else
			fake_lpi_prop(q->id, (u8)(pick(20) << 3 | 1));
		if (q->id >= LPI)
			vgic_lpi_reload(fake.vgic, 0, q->id);
	}
}

/* @rounds of traffic, after each of which the guest serves all there is. True: as the model says. */
static bool play(u64 seed, u32 lrs, bool split_mode, bool lpi_active, u32 rounds)
{
	u32 i, r;

	fake_random_seed(seed);
	split = split_mode;
	start(lrs, lpi_active);
	for (r = 0; r < rounds && !fault; r++) {
		for (i = 0; i < STEPS && !fault; i++)
			step();
		if (!fault)
			drain();
	}
	fake_end();
	return !fault;
}

/* test_vgic_stress [FIRST_SEED [NR_SEEDS [ROUNDS]]]: each mode with each seed. */
int main(int argc, char **argv)
{
	static const u32 lrs[] = { 4, 1, 2, 3, 16 };
	u64 first = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
	u32 seeds = argc > 2 ? (u32)strtoul(argv[2], NULL, 0) : SEEDS;
	u32 rounds = argc > 3 ? (u32)strtoul(argv[3], NULL, 0) : ROUNDS;
	u32 mode;

	for (mode = 0; mode < 4 * ARRAY_SIZE(lrs); mode++) {
		u32 nr = lrs[mode / 4], split_mode = mode & 1, lpi_active = mode >> 1 & 1;
		u64 acks = 0, bad = 0, seed;

		for (seed = first; seed < first + seeds; seed++) {
			if (!play(seed, nr, split_mode, lpi_active, rounds)) {
				printf("# seed %llu: %s\n", (unsigned long long)seed, fault);
				bad++;
			}
			acks += nr_acks;
		}
		is(bad, 0, "%u list registers, EOImode %u, LPIs %s: %llu interrupts", nr,
		   split_mode, lpi_active ? "active" : "never active", (unsigned long long)acks);
	}
	return tap_done();
}
