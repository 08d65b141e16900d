/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * MSIs: what its_signal() answers, entries, and that a command which unmaps or moves completes only
 * after every CPU that may have seen the old mapping has left. The last test runs signals and
 * commands on threads.
 */
// sources: its/its.c its/regs.c its/queue.c its/cmd.c its/device.c its/event.c its/baser.c its/signal.c
// sources: its/save.c its/restore.c
// sources: tests/unit/its_fake.c
#include <pthread.h>
#include <sched.h>

#include "hyp/lib/atomic.h"
#include "tests/unit/its_rig.h"

static struct rig r;

static void test_answers(void)
{
	struct its_stats st;

	rig_typical(&r);
	is(its_signal(r.its, 0, 5, 1), 1, "delivered");
	r.world.lpis_off[1] = true;
	is(its_signal(r.its, 1, 5, 1), 0, "blocked by the guest");
	is(its_signal(r.its, 2, 5, 2), -ENXIO, "no such event");
	is(its_signal(r.its, 3, 6, 1), -ENXIO, "no such device");
	is(its_signal(r.its, 3, 0x10005, 1), -ENXIO, "DeviceID out of range");
	is(its_signal(r.its, 3, 0xffffffff, 0xffffffff), -ENXIO, "any numbers");
	is(its_signal(r.its, 3, 5, 0x10001), -ENXIO, "EventID out of range");
	is(its_signal(r.its, 4, 5, 1), -EINVAL, "a CPU that there is not");
	is(its_signal_entry(r.its, 4, 0, 5, 1), -EINVAL, "... for an entry");
	its_mmio_write(r.its, R_CTLR, 4, 0);
	is(its_signal(r.its, 0, 5, 1), -EBUSY, "disabled");
	is(its_signal_entry(r.its, 0, r.world.last[OP_EVENT_MAPPED][3], 5, 1), -EBUSY,
	   "... for an entry");
	st = rig_stats(&r);
	is(st.msi_delivered, 1, "delivered is counted");
	is(st.msi_blocked, 1, "blocked is counted");
	is(st.msi_unmapped, 5, "unmapped is counted");
	is(st.msi_dropped, 2, "dropped is counted");
	rig_down(&r);
}

static void test_entries(void)
{
	struct its_event_info info;
	u32 entry;

	rig_typical(&r);
	entry = r.world.last[OP_EVENT_MAPPED][3];
	ok(its_event_info(r.its, entry, &info) && info.devid == 5 && info.eventid == 1 &&
		   info.lpi == 8200 && info.icid == 1 && info.vcpu == 1,
	   "its_event_info() tells what the entry holds");
	is(its_signal_entry(r.its, 0, entry, 5, 1), 1, "by entry: delivered");
	is(its_signal_entry(r.its, 0, entry, 5, 2), -ENXIO, "another EventID");
	is(its_signal_entry(r.its, 0, entry, 6, 1), -ENXIO, "another DeviceID");
	is(its_signal_entry(r.its, 0, entry, 0x10005, 1), -ENXIO, "a DeviceID out of range");
	is(its_signal_entry(r.its, 0, entry, 5, 0x10001), -ENXIO, "an EventID out of range");
	is(its_signal_entry(r.its, 0, entry ^ 1, 5, 1), -ENXIO, "another entry");
	is(its_signal_entry(r.its, 0, ~0u, 5, 1), -ENXIO, "an entry that there is not");
	ok(!its_event_info(r.its, its_nr_entries(r.its), &info),
	   "its_event_info() of an entry that there is not");
	rig_do(&r, cmd_movi(5, 1, 2));
	its_signal_entry(r.its, 0, entry, 5, 1);
	is(r.world.last[OP_PEND][0], 2, "MOVI keeps the entry; it leads to the new vCPU");
	/* Another device gets the slot, and its event 1 perhaps the entry. */
	rig_do(&r, cmd_mapd(5, 1, 0, false));
	is(its_signal_entry(r.its, 0, entry, 5, 1), -ENXIO, "the entry of an unmapped device");
	rig_do(&r, cmd_mapd(6, 5, RIG_ITT, true));
	rig_do(&r, cmd_mapti(6, 1, 8201, 0));
	is(its_signal_entry(r.its, 0, entry, 5, 1), -ENXIO, "... when its slot has a new owner");
	rig_down(&r);
}

/* What a watcher finds who goes through all numbers: each event and each device once, and nothing else. */
static void test_walk(void)
{
	struct its_device_info d;
	struct its_event_info e;
	u32 i, events = 0, devices = 0;

	rig_typical(&r);
	is(its_nr_slots(r.its), 2, "one device: slots end behind it");
	rig_do(&r, cmd_mapd(9, 3, RIG_ITT + 0x1000, true));
	rig_do(&r, cmd_mapd(7, 5, RIG_ITT + 0x2000, true));
	for (i = 0; i < 8; i++)
		rig_do(&r, cmd_mapti(9, i, 8300 + i, 0));
	rig_do(&r, cmd_mapd(7, 5, 0, false));
	for (i = 0; i < its_nr_entries(r.its); i++)
		if (its_event_info(r.its, i, &e) && e.devid == 9 && e.lpi == 8300 + e.eventid)
			events |= 1u << e.eventid;
	is(events, 0xff, "every event of a device");
	for (i = 0; i < its_nr_slots(r.its); i++)
		if (its_device_at(r.its, i, &d))
			devices = devices * 100 + d.devid * 10 + d.mapped;
	is(devices, 51 * 100 + 98,
	   "devices 5 with an event and 9 with eight; the unmapped one is gone");
	ok(!its_device_at(r.its, 0, &d), "slot 0 is no device's");
	ok(!its_device_at(r.its, its_nr_slots(r.its), &d) && !its_device_at(r.its, ~0u, &d),
	   "nor are those beyond the last");
	ok(!its_event_info(r.its, its_nr_entries(r.its), &e) && !its_event_info(r.its, ~0u, &e),
	   "entries end, too");
	rig_down(&r);
}

/* From inside a signal: the queue is run as another CPU would; a command must not pass. */
static struct fake_cmd inside_cmd;
static u64 inside_creadr_before, inside_creadr_after;
static enum its_progress inside_progress;
static u64 inside_calls;

static void inside_hook(struct fake *f, enum fake_op op)
{
	struct rig *rig = f->hook_arg;

	if (op != OP_PEND)
		return;
	f->hook = NULL;
	inside_creadr_before = its_mmio_read(rig->its, R_CREADR, 8);
	rig_queue(rig, inside_cmd);
	for (u32 i = 0; i < 10; i++)
		inside_progress = its_run(rig->its);
	inside_creadr_after = its_mmio_read(rig->its, R_CREADR, 8);
	inside_calls = f->seen.calls[OP_CLEAR] + f->seen.calls[OP_MOVE] +
		       f->seen.calls[OP_EVENT_UNMAPPED] + f->seen.calls[OP_EVENT_MOVED] +
		       f->seen.calls[OP_DEVICE_UNMAPPED];
}

static void test_waits(void)
{
	const struct {
		const char *name;
		struct fake_cmd c;
		bool waits;
	} t[] = {
		{ "DISCARD", cmd_event(OP_DISCARD, 5, 1), true },
		{ "MOVI", cmd_movi(5, 1, 2), true },
		{ "MAPD V=0", cmd_mapd(5, 1, 0, false), true },
		{ "MAPD again", cmd_mapd(5, 5, RIG_ITT, true), true },
		{ "MAPC V=0", cmd_mapc(1, 0, false), true },
		{ "MAPC to another vCPU", cmd_mapc(1, 3, true), true },
		{ "INV", cmd_event(OP_INV, 5, 1), false },
		{ "SYNC", cmd_sync(0), false },
	};

	for (u32 i = 0; i < ARRAY_SIZE(t); i++) {
		u64 calls;

		rig_typical(&r);
		inside_cmd = t[i].c;
		r.world.hook = inside_hook;
		r.world.hook_arg = &r;
		calls = r.world.seen.calls[OP_CLEAR] + r.world.seen.calls[OP_MOVE];
		is(its_signal(r.its, 3, 5, 1), 1, "an MSI is on its way on another CPU");
		is(inside_progress, t[i].waits ? ITS_AGAIN : ITS_IDLE, "%s %s", t[i].name,
		   t[i].waits ? "waits" : "does not wait");
		is(inside_creadr_after - inside_creadr_before, t[i].waits ? 0 : 32, "... CREADR");
		is(inside_calls, calls, "... nothing was cleared, moved or told");
		ok(rig_settle(&r), "... the CPU has left: it goes on");
		is(its_mmio_read(r.its, R_CREADR, 8), its_mmio_read(r.its, R_CWRITER, 8),
		   "... and completes");
		rig_down(&r);
	}
}

static void disable_hook(struct fake *f, enum fake_op op)
{
	struct rig *rig = f->hook_arg;

	f->hook = NULL;
	(void)op;
	its_mmio_write(rig->its, R_CTLR, 4, 0);
	its_run(rig->its);
	inside_creadr_before = its_mmio_read(rig->its, R_CTLR, 4);
}

static void test_disable_waits(void)
{
	rig_typical(&r);
	r.world.hook = disable_hook;
	r.world.hook_arg = &r;
	its_signal(r.its, 2, 5, 1);
	is(inside_creadr_before, 0, "disabled with an MSI on its way: not quiescent");
	rig_settle(&r);
	is(its_mmio_read(r.its, R_CTLR, 4), 0x80000000, "... then it is");
	rig_down(&r);
}

/*
 * Threads: CPUs 0..2 signal without pause, CPU 3 maps, moves and discards. An LPI stands for one
 * life of a mapping; after its DISCARD or MAPD V=0 has completed it must not be made pending, after
 * a MOVI not on the old vCPU.
 */
#define SIGNALLERS 3
#define LIVES 6000

static struct its *shared;
static u32 retired[FAKE_NR_LPIS]; /* 1: this LPI may not come any more */
static u32 home[FAKE_NR_LPIS]; /* vCPU + 1 it may come on; 0: any */
static u32 late, wrong_home, came, stop;

static int shared_read(void *vm, u64 ipa, void *buf, size_t len)
{
	(void)vm;
	if (!range_contains(FAKE_RAM, FAKE_RAM_SIZE, ipa, len))
		return -EFAULT;
	memcpy(buf, &rig_ram.bytes[ipa - FAKE_RAM], len);
	return 0;
}

static int shared_pend(void *vm, u32 vcpu, u32 lpi)
{
	u32 h = atomic_load_acquire(&home[lpi]);

	(void)vm;
	if (atomic_load_acquire(&retired[lpi]))
		atomic_add(&late, 1);
	if (h && h != vcpu + 1)
		atomic_add(&wrong_home, 1);
	atomic_add(&came, 1);
	return 1;
}

static int shared_clear(void *vm, u32 lpi, bool again)
{
	(void)vm;
	(void)lpi;
	(void)again;
	return 0;
}

static int shared_move(void *vm, u32 lpi, u32 to, bool again)
{
	(void)vm;
	(void)lpi;
	(void)to;
	(void)again;
	return 0;
}

static int shared_reload(void *vm, u32 vcpu, u32 lpi)
{
	(void)vm;
	(void)vcpu;
	(void)lpi;
	return 0;
}

static const struct its_ops shared_ops = {
	.read = shared_read,
	.lpi_pend = shared_pend,
	.lpi_clear = shared_clear,
	.lpi_move = shared_move,
	.lpi_move_all = NULL,
	.lpi_reload = shared_reload,
};

static void *signaller(void *arg)
{
	u32 cpu = (u32)(uintptr_t)arg;
	u64 rng = 1234567 + cpu;

	while (!atomic_load_relaxed(&stop)) {
		u32 eventid = (u32)(fake_random(&rng) % 8);

		its_signal(shared, cpu, 5, eventid);
		its_signal_entry(shared, cpu, (u32)(rng % 1000), 5, eventid);
		if (rng % 4096 == 0)
			sched_yield();
	}
	return NULL;
}

/* Lets the signallers see the mapping: until a few MSIs came, or not for ever. */
static void let_come(void)
{
	u32 before = atomic_load_relaxed(&came);

	for (u32 i = 0; i < 20 && atomic_load_relaxed(&came) - before < 3; i++)
		sched_yield();
}

static void test_threads(void)
{
	struct its_config cfg = rig_default_config();
	pthread_t t[SIGNALLERS];
	u32 lpi = 8192;

	rig_make(&r, &cfg);
	free(r.mem);
	r.mem = aligned_alloc(64, its_mem_size(&cfg));
	memset(r.mem, 0, its_mem_size(&cfg));
	r.its = shared = its_init(r.mem, &cfg, &shared_ops, NULL);
	rig_enable(&r, 1);
	for (u32 i = 0; i < 4; i++)
		rig_do(&r, cmd_mapc(i, i, true));
	for (uintptr_t i = 0; i < SIGNALLERS; i++)
		pthread_create(&t[i], NULL, signaller, (void *)i);
	rig_do(&r, cmd_mapd(5, 3, RIG_ITT, true));
	for (u32 life = 0; life < LIVES; life++) {
		u32 e = life % 8;

		if (rig_do(&r, cmd_mapti(5, e, lpi, e % 4)))
			ok(false, "MAPTI in life %u", life);
		let_come();
		if (life % 3 == 0) {
			rig_do(&r, cmd_movi(5, e, (e + 1) % 4));
			atomic_store_release(&home[lpi], (e + 1) % 4 + 1);
			let_come();
		}
		if (life % 5 == 0) {
			rig_do(&r, cmd_mapd(5, 3, RIG_ITT, true));
		} else {
			rig_do(&r, cmd_event(OP_DISCARD, 5, e));
		}
		atomic_store_release(&retired[lpi], 1);
		lpi++;
	}
	atomic_store_relaxed(&stop, 1);
	for (u32 i = 0; i < SIGNALLERS; i++)
		pthread_join(t[i], NULL);
	ok(came > 0, "threads: %u MSIs were delivered during %u lives of mappings", came, LIVES);
	is(late, 0, "... none by a mapping whose DISCARD or MAPD had completed");
	is(wrong_home, 0, "... none to the old vCPU after MOVI had completed");
	is(rig_stats(&r).msi_delivered, came, "... and every one is counted");
	rig_down(&r);
}

int main(void)
{
	test_answers();
	test_entries();
	test_walk();
	test_waits();
	test_disable_waits();
	test_threads();
	return tap_done();
}
