// SPDX-License-Identifier: GPL-2.0-only
/*
 * What operations of a virtual machine cost, in ticks of its counter: with QEMU's -icount shift=0,sleep=off and -cpu max a
 * tick is one instruction of the whole machine. Each operation is done BENCH_ROUNDS times; what two reads of the counter
 * cost is taken off. Records on the console, ticks in hundredths:
 *
 *   # bench NAME MEAN LEAST MOST SEEN
 *
 * MEAN is from the cause to the handler's acknowledge (or to the operation's end), SEEN to where the CPU that caused the
 * interrupt knows of it: what kvm-unit-tests' micro-bench counts. The other CPU, CPU 1, computes meanwhile, unless the
 * operation is to wake it.
 */
#include "guests/bare/board.h"
#include "guests/bare/console.h"
#include "guests/bare/gic.h"
#include "guests/bare/irq.h"
#include "guests/bare/its.h"
#include "guests/bare/mmu.h"
#include "guests/bare/psci.h"
#include "guests/bare/smp.h"
#include "guests/bare/suite.h"
#include "guests/bare/tap.h"
#include "guests/bare/timer.h"

#define BENCH_ROUNDS 4096
/* Rounds that do not count: first touches of memory, pages mapped by the VMM. */
#define BENCH_WARM 16
#define BENCH_SGI 6u
#define BENCH_DEVICE 0x21u
#define BENCH_BITS 5u
#define BENCH_LPI 8192u /* CPU n's is this plus n; those of the bell follow */
#define BENCH_BELL_LPI (BENCH_LPI + 2)
#define BENCH_TIMER_US 20 /* until the timer's interrupt is due */
#define BENCH_SLEEP_US 50 /* until a CPU that goes to sleep is asleep, and so is what runs it */

/* One round of an operation. */
struct sample {
	u64 ticks;
	u64 seen; /* 0: nobody else has to see it */
};

struct bench {
	const char *name;
	bool (*round)(struct sample *s); /* false: what should come did not */
	bool (*there)(void); /* NULL: always */
	cpu_fn *other; /* what CPU 1 does; NULL: nothing, one CPU is enough */
};

static bool stop; /* CPU 1 is to end what it does */
static u64 empty; /* ticks between two reads of the counter */

static void compute(void *unused)
{
	(void)unused;
	irq_on();
	while (!atomic_load_acquire(&stop))
		cpu_relax();
}

static void sleep(void *unused)
{
	(void)unused;
	while (!atomic_load_acquire(&stop)) {
		irq_off();
		if (!atomic_load_acquire(&stop))
			wfi();
		irq_on();
		isb();
	}
}

static void wait_us(u64 us)
{
	u64 end = timer_now() + sysreg_read(cntfrq_el0) * us / 1000000;

	while (timer_now() < end)
		cpu_relax();
}

/* The time from @start to @cpu's handler of @intid, which it has taken @before times up to now. */
static bool taken(struct sample *s, u32 cpu, u32 intid, u32 before, u64 start)
{
	/* One thread that emulates all CPUs goes on with the next one here. */
	cpu_relax();
	if (!wait_for(irq_count(cpu, intid) != before))
		return false;
	s->seen = timer_now() - start;
	s->ticks = cpus[cpu].irq_at - start;
	return true;
}

static bool round_hypercall(struct sample *s)
{
	u64 start = timer_now();

	(void)smccc_hvc(SMCCC_VERSION, 0, 0, 0);
	s->ticks = timer_now() - start;
	return true;
}

static bool is_hvc(void)
{
	return board.psci_hvc;
}

static bool round_vgic(struct sample *s)
{
	u64 start = timer_now();

	(void)mmio_read32(board.gicd.base + GICD_TYPER);
	s->ticks = timer_now() - start;
	return true;
}

static bool round_mmio(struct sample *s)
{
	u64 start = timer_now();

	console_poll();
	s->ticks = timer_now() - start;
	return true;
}

static bool has_uart(void)
{
	return board.uart;
}

static bool round_eoi(struct sample *s)
{
	u64 start;
	u32 intid;

	irq_off();
	gic_send_sgi(cpus[0].mpidr, BENCH_SGI);
	while ((intid = gic_ack()) == GIC_INTID_NONE)
		cpu_relax();
	start = timer_now();
	sysreg_write(icc_eoir1_el1, intid);
	s->ticks = timer_now() - start;
	irq_on();
	return intid == BENCH_SGI;
}

static bool round_ipi(struct sample *s)
{
	u32 before = irq_count(1, BENCH_SGI);
	u64 start = timer_now();

	gic_send_sgi(cpus[1].mpidr, BENCH_SGI);
	return taken(s, 1, BENCH_SGI, before, start);
}

static bool round_wake(struct sample *s)
{
	wait_us(BENCH_SLEEP_US);
	return round_ipi(s);
}

static bool round_timer(struct sample *s)
{
	u32 before = irq_count(0, board.vtimer_intid);
	u64 due;

	timer_arm_virtual(sysreg_read(cntfrq_el0) * BENCH_TIMER_US / 1000000);
	due = sysreg_read(cntv_cval_el0);
	return taken(s, 0, board.vtimer_intid, before, due);
}

static bool round_int(struct sample *s, u32 cpu)
{
	u32 before = irq_count(cpu, BENCH_LPI + cpu);
	u64 start = timer_now();

	its_event(GITS_CMD_INT, BENCH_DEVICE, cpu);
	its_kick();
	return taken(s, cpu, BENCH_LPI + cpu, before, start);
}

static bool round_int_own(struct sample *s)
{
	return round_int(s, 0);
}

static bool round_int_other(struct sample *s)
{
	return round_int(s, 1);
}

static bool round_msi(struct sample *s, u32 cpu)
{
	u32 before = irq_count(cpu, BENCH_BELL_LPI + cpu);
	u64 start = timer_now();

	mmio_write32(board.bell, cpu);
	return taken(s, cpu, BENCH_BELL_LPI + cpu, before, start);
}

static bool round_msi_own(struct sample *s)
{
	return round_msi(s, 0);
}

static bool round_msi_other(struct sample *s)
{
	return round_msi(s, 1);
}

static bool has_its(void)
{
	return its.base;
}

static bool has_bell(void)
{
	return its.base && board.bell;
}

static const struct bench benches[] = {
	{ "hypercall", round_hypercall, is_hvc, NULL },
	{ "vgic-read", round_vgic, NULL, NULL },
	{ "mmio-user", round_mmio, has_uart, NULL },
	{ "eoi", round_eoi, NULL, NULL },
	{ "timer", round_timer, NULL, NULL },
	{ "ipi", round_ipi, NULL, compute },
	{ "wfi-wake", round_wake, NULL, sleep },
	{ "int-own", round_int_own, has_its, NULL },
	{ "int-other", round_int_other, has_its, compute },
	{ "msi-own", round_msi_own, has_bell, NULL },
	{ "msi-other", round_msi_other, has_bell, compute },
};

static void measure(const struct bench *b)
{
	u64 sum = 0, seen = 0, least = ~UINT64_C(0), most = 0;
	struct sample s = { 0 };
	u32 i;

	for (i = 0; i < BENCH_WARM + BENCH_ROUNDS; i++) {
		if (!b->round(&s)) {
			tap_ok(false, "bench: %s: round %u", b->name, i);
			return;
		}
		if (i < BENCH_WARM)
			continue;
		sum += s.ticks;
		seen += s.seen;
		least = MIN(least, s.ticks);
		most = MAX(most, s.ticks);
	}
	sum -= MIN(sum, empty * BENCH_ROUNDS);
	seen -= MIN(seen, empty * BENCH_ROUNDS);
	print("# bench %s %lu %lu %lu %lu\n", b->name, sum * 100 / BENCH_ROUNDS,
	      100 * (least - MIN(least, empty)), 100 * (most - MIN(most, empty)),
	      seen * 100 / BENCH_ROUNDS);
	tap_ok(true, "bench: %s, %u times", b->name, BENCH_ROUNDS);
}

static void run(const struct bench *b)
{
	if (b->there && !b->there())
		return tap_skip(b->name, "this machine has none");
	if (b->other && nr_cpus < 2)
		return tap_skip(b->name, "one CPU");
	atomic_store_release(&stop, false);
	if (b->other)
		smp_call_start(1, b->other, NULL);
	measure(b);
	atomic_store_release(&stop, true);
	if (!b->other)
		return;
	gic_send_sgi(cpus[1].mpidr, IRQ_SGI_WAKE);
	smp_call_wait(1);
}

static void map_events(u32 devid, u32 lpi)
{
	u32 cpu;

	its_back_device(devid);
	its_mapd(devid, its_alloc_itt(BENCH_BITS), BENCH_BITS);
	for (cpu = 0; cpu < MIN(nr_cpus, 2u); cpu++) {
		lpi_config(lpi + cpu, GIC_PRIO_DEFAULT, true);
		its_mapti(devid, cpu, lpi + cpu, cpu);
		its_event(GITS_CMD_INV, devid, cpu);
	}
}

/* An event of each device for each of the two CPUs. */
static void setup_its(void)
{
	static const struct its_layout layout = { .queue_pages = 16, .page = 2 };
	u32 cpu;

	if (!its_init())
		return;
	its_setup(&layout);
	smp_call_all(lpi_init_cpu, NULL);
	for (cpu = 0; cpu < MIN(nr_cpus, 2u); cpu++)
		its_mapc(cpu, cpu);
	map_events(BENCH_DEVICE, BENCH_LPI);
	if (board.bell)
		map_events(board.bell_devid, BENCH_BELL_LPI);
	tap_ok(its_flush(), "bench: the ITS takes its commands");
}

/* The least of many: an interrupt of the machine's may lie in one. */
static void measure_empty(void)
{
	u64 start, ticks;
	u32 i;

	empty = ~UINT64_C(0);
	for (i = 0; i < BENCH_WARM; i++) {
		start = timer_now();
		ticks = timer_now() - start;
		empty = MIN(empty, ticks);
	}
}

void suite_bench(void)
{
	u32 i;

	print("# bench-frequency %lu\n", sysreg_read(cntfrq_el0));
	if (board.bell)
		mmu_map_device(board.bell, SZ_4K);
	setup_its();
	measure_empty();
	for (i = 0; i < ARRAY_SIZE(benches); i++)
		run(&benches[i]);
}
