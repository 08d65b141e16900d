/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Two virtual ITSes on one virtual GIC, connected as hyp/vits.c does it, with threads as CPUs:
 * devices that send MSIs, drivers that map, move and unmap, registers that switch ITSes and LPIs
 * off and on, and vCPUs that wander from CPU to CPU and take their interrupts. race_its [ROUNDS]
 * [FIRST].
 *
 * Two judges watch. ThreadSanitizer reports any two accesses to one word, one of them a plain
 * write, that no lock and no acquire orders. The oracle (oracle.c) reports an interrupt by a mapping
 * that was gone, and one that was lost.
 *
 * What ThreadSanitizer cannot see: it does not know fences, gcc's no more than clang's (gcc says so,
 * -Wtsan); it only carries them out. So it would take data that nothing but a fence orders for a
 * race. There is none: what its/signal.c has on both sides of its two fences are atomics, and what a
 * command does after its wait is ordered by a CPU's counter, a release and an acquire. And it would
 * not miss a fence: a store and a load that change places (Dekker's pattern) are no race to it, only
 * a wrong answer, for the oracle to see. That in turn takes a CPU that swaps them for longer than
 * the instrumented code between them needs: on x86, with both fences removed, it was not seen here.
 */
// sources: its/its.c its/regs.c its/queue.c its/cmd.c its/device.c its/event.c its/baser.c
// sources: its/signal.c its/save.c its/restore.c
// sources: vgic/list.c vgic/lr.c vgic/flush.c vgic/irqreg.c vgic/mmio.c vgic/dist.c vgic/redist.c
// sources: vgic/sgi.c vgic/lpi.c vgic/vgic.c vgic/watch.c
// sources: tests/unit/vgic_host_fake.c tests/race/driver.c tests/race/oracle.c
#include <pthread.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/race/race.h"
#include "tests/unit/tap.h"

#define ROUNDS 20
#define TURNS 1000u /* of each CPU in a round */
#define NEST 3u
#define NO_VCPU (~0u)

#define GICR_CTLR 0x00
#define GICR_INVLPIR 0xa0
#define GICR_INVALLR 0xb0
#define CTLR_RWP BIT(3)
#define PEND_BYTES (RACE_LPIS / 8 + 1)

struct race_rules race_rules;
_Thread_local struct oracle_pend race_last;

/* A guest's vCPU, when no CPU has it: what it has acknowledged and not ended. */
static struct guest {
	u32 busy;
	u32 lpis_busy; /* who writes GICR_CTLR */
	u32 depth;
	u32 stack[NEST];
} guests[RACE_VCPUS];

static _Thread_local u32 my_vcpu = NO_VCPU;
static _Thread_local const u32 *my_event; /* times its unmapping was told; inside a signal */
static struct vgic *vgic;
static u32 nr_done, msi_delivered, moves;

u32 race_pick(u32 n)
{
	return (u32)(fake_random() >> 20) % n;
}

void race_waited(struct race_wait *w, const char *what, const struct oracle_pend *p)
{
	long now;

	if (++w->turns % 1024)
		return;
	now = (long)time(NULL);
	if (!w->since)
		w->since = now;
	if (now - w->since <= RACE_PATIENCE)
		return;
	if (p)
		oracle_fail("made pending, and not acknowledged", p->its, p->lpi, p->vcpu);
	ok(false, "round %u: %s", race_rules.number, what);
	_exit(1);
}

/* A moment in which another CPU may overtake. */
static void dawdle(void)
{
	if (!race_pick(16))
		sched_yield();
}

/* --- struct its_ops, as hyp/vits.c --- */

static int op_lpi_pend(void *ctx, u32 vcpu, u32 lpi)
{
	const struct race_its *t = ctx;
	u32 told = my_event ? atomic_load_relaxed(my_event) : 0;
	struct oracle_pend p;
	int ret;

	dawdle();
	oracle_pend_begin(&p, t->index, vcpu, lpi);
	ret = vgic_lpi_pend(vgic, vcpu, lpi);
	dawdle();
	oracle_pend_end(&p, ret > 0);
	if (my_event && atomic_load_relaxed(my_event) != told)
		oracle_fail("the backend heard too early that it is unmapped", t->index, lpi, vcpu);
	race_last = p;
	return ret;
}

static int op_lpi_clear(void *ctx, u32 lpi, bool again)
{
	(void)ctx;
	return vgic_lpi_clear(vgic, lpi, again);
}

static int op_lpi_move(void *ctx, u32 lpi, u32 to, bool again)
{
	(void)ctx;
	return vgic_lpi_move(vgic, lpi, to, again);
}

static int op_lpi_move_all(void *ctx, u32 from, u32 to, u32 *cursor)
{
	(void)ctx;
	return vgic_lpi_move_all(vgic, from, to, cursor);
}

static int op_lpi_reload(void *ctx, u32 vcpu, u32 lpi)
{
	(void)ctx;
	return vgic_lpi_reload(vgic, vcpu, lpi);
}

/* The backend takes its time. */
static int op_device_mapped(void *ctx, u32 devid, u32 nr_events)
{
	(void)ctx;
	(void)devid;
	(void)nr_events;
	return race_pick(2) ? -EAGAIN : 0;
}

static int op_device_unmapped(void *ctx, u32 devid)
{
	const struct race_its *t = ctx;

	if (atomic_load_relaxed(&t->live[devid]))
		oracle_fail("device unmapped before its events", t->index, ITS_LPI_BASE, devid);
	return race_pick(2) ? -EAGAIN : 0;
}

static void op_event_mapped(void *ctx, u32 devid, u32 eventid, u32 entry, u32 vcpu)
{
	struct race_its *t = ctx;

	(void)vcpu;
	atomic_add(&t->live[devid], 1);
	atomic_store_relaxed(&t->entry[devid][eventid], entry);
}

static void op_event_unmapped(void *ctx, u32 devid, u32 eventid)
{
	struct race_its *t = ctx;

	atomic_add(&t->live[devid], -1u);
	atomic_add(&t->unmapped[devid][eventid], 1);
}

static const struct its_ops ops = {
	.read = fake_ram_read,
	.write = fake_ram_write,
	.lpi_pend = op_lpi_pend,
	.lpi_clear = op_lpi_clear,
	.lpi_move = op_lpi_move,
	.lpi_move_all = op_lpi_move_all,
	.lpi_reload = op_lpi_reload,
	.device_mapped = op_device_mapped,
	.device_unmapped = op_device_unmapped,
	.event_mapped = op_event_mapped,
	.event_unmapped = op_event_unmapped,
};

u64 race_read(struct race_its *t, u64 offset, u32 size)
{
	u64 val;

	spin_lock(&t->lock);
	val = its_mmio_read(t->its, offset, size);
	spin_unlock(&t->lock);
	return val;
}

void race_write(struct race_its *t, u64 offset, u32 size, u64 val)
{
	struct race_wait wait = { 0 };
	enum its_progress progress;

	spin_lock(&t->lock);
	its_mmio_write(t->its, offset, size, val);
	progress = its_run(t->its);
	spin_unlock(&t->lock);
	while (progress == ITS_AGAIN) {
		race_serve();
		spin_lock(&t->lock);
		progress = its_run(t->its);
		spin_unlock(&t->lock);
		race_waited(&wait, "the ITS comes to rest", NULL);
	}
}

int race_reset_step(struct its *its)
{
	return its_reset(its) == ITS_AGAIN ? -EAGAIN : 0;
}

int race_steps(struct race_its *t, int (*step)(struct its *its))
{
	struct race_wait wait = { 0 };
	int ret;

	for (;;) {
		spin_lock(&t->lock);
		ret = step(t->its);
		spin_unlock(&t->lock);
		if (ret != -EAGAIN)
			return ret;
		race_serve();
		race_waited(&wait, "reset, save or restore ends", NULL);
	}
}

int race_signal(struct race_its *t, u32 dev, u32 event)
{
	int ret;

	my_event = &t->unmapped[dev][event];
	if (race_pick(2))
		ret = its_signal(t->its, fake_here, dev, event);
	else
		ret = its_signal_entry(t->its, fake_here,
				       atomic_load_relaxed(&t->entry[dev][event]), dev, event);
	my_event = NULL;
	if (ret > 0)
		atomic_add(&msi_delivered, 1);
	return ret;
}

/* --- vCPUs --- */

static void leave_vcpu(void)
{
	if (my_vcpu == NO_VCPU)
		return;
	fake_put(my_vcpu);
	race_leave(&guests[my_vcpu].busy);
	my_vcpu = NO_VCPU;
}

static void change_vcpu(void)
{
	u32 from = race_pick(RACE_VCPUS), i;

	leave_vcpu();
	for (i = 0; i < RACE_VCPUS; i++) {
		u32 vcpu = (from + i) % RACE_VCPUS;

		if (!race_try(&guests[vcpu].busy))
			continue;
		my_vcpu = vcpu;
		fake_load(vcpu, fake_here);
		atomic_add(&moves, 1);
		return;
	}
}

static void guest_end(struct guest *g)
{
	fake_eoi(1, g->stack[--g->depth]);
}

static bool guest_take(u32 vcpu)
{
	struct guest *g = &guests[vcpu];
	u32 intid;

	if (g->depth == NEST)
		guest_end(g);
	intid = fake_ack(1);
	if (intid == FAKE_SPURIOUS) {
		if (!g->depth)
			return false;
		guest_end(g);
		return true;
	}
	dawdle();
	oracle_ack(vcpu, intid);
	g->stack[g->depth++] = intid;
	if (fake_misr())
		(void)fake_enter();
	if (race_pick(4))
		guest_end(g);
	return true;
}

void race_serve(void)
{
	if (my_vcpu != NO_VCPU)
		(void)fake_enter();
	else
		cpu_relax();
}

/*
 * The guest is entered, as it must be after anything at EL2, and runs: it takes what it has, and a
 * kick for this CPU is not heard at once.
 */
void race_idle(void)
{
	u32 n;

	if (my_vcpu == NO_VCPU || !race_pick(8))
		change_vcpu();
	race_serve();
	for (n = race_pick(4); n && my_vcpu != NO_VCPU; n--) {
		dawdle();
		if (!guest_take(my_vcpu))
			break;
	}
}

/* --- registers of the redistributors --- */

static struct vgic_cpu *me(u32 other)
{
	return fake_vgic(my_vcpu == NO_VCPU ? other : my_vcpu);
}

static void redist_write(u32 vcpu, u64 offset, u32 size, u64 val)
{
	vgic_redist_write(me(vcpu), fake_vgic(vcpu), offset, size, val);
	while (vgic_redist_run(fake_vgic(vcpu)))
		race_serve();
}

static void wait_for_tables(u32 vcpu)
{
	struct race_wait wait = { 0 };

	while (vgic_redist_read(me(vcpu), fake_vgic(vcpu), GICR_CTLR, 4) & CTLR_RWP) {
		race_idle();
		race_waited(&wait, "GICR_CTLR.RWP becomes 0", NULL);
	}
}

static void clear_table(u32 vcpu)
{
	u8 *at = fake_ram(fake_pend_ipa(vcpu, ITS_LPI_BASE));

	for (u32 i = 0; i < PEND_BYTES; i++)
		atomic_store_relaxed(&at[i], (u8)0);
}

static void switch_lpis(u32 vcpu)
{
	if (!race_try(&guests[vcpu].lpis_busy))
		return;
	oracle_note(RACE_ITSES, ORACLE_LPIS_OFF, vcpu, 0, 0, 0);
	if (!race_rules.keep_tables)
		oracle_lossy_all();
	redist_write(vcpu, GICR_CTLR, 4, 0);
	for (u32 n = race_pick(4); n; n--)
		race_idle();
	wait_for_tables(vcpu);
	if (!race_rules.keep_tables)
		clear_table(vcpu);
	redist_write(vcpu, GICR_CTLR, 4, 1);
	if (!race_rules.keep_tables)
		oracle_lossy_all();
	oracle_note(RACE_ITSES, ORACLE_LPIS_ON, vcpu, 0, 0, 0);
	race_leave(&guests[vcpu].lpis_busy);
}

static void invalidate(u32 vcpu)
{
	if (race_pick(4))
		redist_write(vcpu, GICR_INVLPIR, 8, ITS_LPI_BASE + race_pick(RACE_LPIS));
	else
		redist_write(vcpu, GICR_INVALLR, 8, 0);
}

/* Pending tables are saved, whatever else goes on. */
static void save_tables(void)
{
	u32 cursor = 0, err;

	while ((err = (u32)-vgic_lpi_save(vgic, &cursor)) == EAGAIN)
		race_serve();
	if (err)
		oracle_fail("vgic_lpi_save()", RACE_ITSES, ITS_LPI_BASE, err);
}

/* --- CPUs --- */

static void send(u32 n)
{
	struct race_its *t = &race_its[race_pick(RACE_ITSES)];
	u32 dev = race_pick(RACE_DEVS);

	for (; n; n--) {
		int ret = race_signal(t, dev, race_pick(RACE_LOUD_EVENTS));

		if (ret < 0 && ret != -ENXIO && ret != -EBUSY)
			oracle_fail("its_signal() answered what it never should", t->index,
				    ITS_LPI_BASE, (u32)-ret);
	}
}

/* CPU 0 leaves the drivers' work to the others, and sends the more. */
static void cpu_turn(void)
{
	u32 what = race_pick(100);

	if (what < 45 || (fake_here == 0 && what < 92))
		send(1 + race_pick(8));
	else if (what < 92)
		driver_turn(&race_its[race_pick(RACE_ITSES)]);
	else if (what < 94 && race_rules.switch_its)
		driver_switch(&race_its[race_pick(RACE_ITSES)]);
	else if (what < 96 && race_rules.switch_lpis)
		switch_lpis(race_pick(RACE_VCPUS));
	else if (what < 97 && race_rules.save)
		save_tables();
	else if (race_rules.invalidate)
		invalidate(race_pick(RACE_VCPUS));
	if (race_pick(4))
		race_idle();
}

static void *cpu_main(void *arg)
{
	fake_here = *(u32 *)arg;
	fake_random_seed(race_rules.number * RACE_CPUS + fake_here);
	for (u32 i = 0; i < TURNS; i++)
		cpu_turn();
	atomic_add(&nr_done, 1);
	while (atomic_load_relaxed(&nr_done) < RACE_CPUS)
		race_idle();
	leave_vcpu();
	return NULL;
}

/* --- rounds --- */

/* The rules follow from the number, whatever the threads do. */
static void choose_rules(u32 number)
{
	fake_random_seed(~(u64)number);
	race_rules = (struct race_rules){
		.number = number,
		.move_all = !race_pick(4),
		.share = !race_pick(3),
		.switch_its = race_pick(2),
		.switch_lpis = race_pick(2),
		.keep_tables = !race_pick(3),
		.reset = race_pick(2),
		.save = !race_pick(3),
		.invalidate = !race_pick(3),
	};
}

static void start_its(struct race_its *t, u32 index)
{
	const struct its_config cfg = {
		.nr_vcpus = RACE_VCPUS,
		.nr_cpus = RACE_CPUS,
		.devid_bits = 5,
		.eventid_bits = 5,
		.intid_bits = RACE_INTID_BITS,
		.max_devices = RACE_DEVS,
		.seed = fake_random(),
	};
	size_t size = its_mem_size(&cfg);
	void *mem = aligned_alloc(64, size);

	memset(mem, 0, size);
	memset(t, 0, sizeof(*t));
	t->index = index;
	t->lock = SPINLOCK_INIT(LOCK_ITS);
	t->its = its_init(mem, &cfg, &ops, t);
	driver_start(t);
}

static void start_round(void)
{
	static const u32 lrs[] = { 4, 1, 2, 16, 3 };
	u32 i;

	vgic = fake_start(RACE_VCPUS, 0, RACE_INTID_BITS, lrs[race_rules.number % ARRAY_SIZE(lrs)]);
	fake.lpi_active = race_pick(2);
	oracle_start();
	memset(guests, 0, sizeof(guests));
	nr_done = 0;
	msi_delivered = 0;
	fake_dist_w(0, 4, 3);
	for (i = 0; i < RACE_LPIS; i++)
		fake_lpi_prop(ITS_LPI_BASE + i, (u8)(0x81 + i % 4 * 0x10));
	for (i = 0; i < RACE_VCPUS; i++)
		fake_lpis_on(i);
	for (i = 0; i < RACE_ITSES; i++)
		start_its(&race_its[i], i);
}

static void run_cpus(void)
{
	static u32 index[RACE_CPUS];
	pthread_t t[RACE_CPUS];
	u32 i;

	for (i = 0; i < RACE_CPUS; i++) {
		index[i] = i;
		pthread_create(&t[i], NULL, cpu_main, &index[i]);
	}
	for (i = 0; i < RACE_CPUS; i++)
		pthread_join(t[i], NULL);
}

/* Each vCPU takes all that it has, until none has anything. */
static void take_all(void)
{
	u32 idle, vcpu = 0;

	for (idle = 0; idle < 2 * RACE_VCPUS; idle++, vcpu = (vcpu + 1) % RACE_VCPUS) {
		fake_load(vcpu, 0);
		while (guest_take(vcpu)) {
			idle = 0;
			(void)fake_enter();
		}
		fake_put(vcpu);
	}
}

static u32 count_errors(void)
{
	u32 errors = 0, i, e;
	u64 delivered = 0;

	for (i = 0; i < RACE_ITSES; i++) {
		struct its_stats st;

		its_get_stats(race_its[i].its, &st);
		for (e = 1; e < ITS_NR_ERRORS; e++) {
			if (st.errors[e])
				printf("# ITS %u: %s: %llu\n", i, its_error_name(e),
				       (unsigned long long)st.errors[e]);
			errors += st.errors[e] != 0;
		}
		delivered += st.msi_delivered;
	}
	if (delivered != msi_delivered)
		printf("# %llu MSIs counted as delivered, %u were\n", (unsigned long long)delivered,
		       msi_delivered);
	return errors + (delivered != msi_delivered);
}

/* All is at rest: nothing was lost, and all that is mapped works. */
static u32 check_round(void)
{
	u32 bad = count_errors(), i;

	take_all();
	bad += oracle_lost();
	race_rules.move_all = false;
	race_rules.keep_tables = false;
	for (i = 0; i < RACE_ITSES; i++)
		bad += driver_check(&race_its[i]);
	take_all();
	return bad + oracle_lost();
}

static void end_round(void)
{
	for (u32 i = 0; i < RACE_ITSES; i++)
		free(race_its[i].its);
	fake_end();
}

int main(int argc, char **argv)
{
	u32 rounds = argc > 1 ? (u32)atoi(argv[1]) : ROUNDS, bad = 0;
	u32 first = argc > 2 ? (u32)atoi(argv[2]) : 0, i;

	for (i = first; i < first + rounds && !bad && !oracle_failures(); i++) {
		choose_rules(i);
		start_round();
		run_cpus();
		bad += check_round();
		end_round();
	}
	printf("# %u rounds from %u on: %u MSIs, %u delivered, %u interrupts taken, vCPUs loaded %u times\n",
	       i - first, first, oracle_counts.pended, oracle_counts.delivered, oracle_counts.acks,
	       moves);
	ok(oracle_counts.delivered && oracle_counts.acks, "interrupts came");
	is(oracle_failures(), 0, "none by a mapping that was gone, none lost");
	is(bad, 0, "at rest: no command failed, each MSI was counted, each mapping works");
	return tap_done();
}
