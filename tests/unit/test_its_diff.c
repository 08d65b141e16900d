/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ITS against its reference model: both get the same random register accesses, commands, MSIs
 * and guest memory faults, and every visible result must be the same. Two worlds, one guest memory.
 *
 *	test_its_diff [commands [seed]]		or ITS_DIFF_COMMANDS, ITS_DIFF_SEED
 *
 * Numbers are drawn from small ranges so that things collide. An epoch is one configuration with
 * one pair; the last commands before a difference are printed.
 */
// sources: its/its.c its/regs.c its/queue.c its/cmd.c its/device.c its/event.c its/baser.c its/signal.c
// sources: tests/unit/its_model.c tests/unit/its_fake.c
#include <errno.h>
#include <string.h>

#include "tests/unit/its_fake.h"
#include "tests/unit/its_model.h"
#include "tests/unit/tap.h"

#define RING (FAKE_RAM + 0x10000)
#define DEV_TABLE (FAKE_RAM + 0x200000)
#define COLL_TABLE (FAKE_RAM + 0x300000)
#define L2_PAGES (FAKE_RAM + 0x380000)
#define ITTS (FAKE_RAM + 0x400000)
#define HISTORY 24

static struct fake_ram ram;
static struct fake world_its, world_model;
static struct its *its;
static struct model *model;
static struct its_config cfg;
static void *its_mem;
static u64 rng;
static u64 nr_commands, nr_msis, nr_accesses;
static u32 max_events; /* mapped at one time in this epoch */

/* How an epoch draws its numbers. */
static struct {
	u32 devids, eventids, first_eventid, lpis, icids, burst;
	bool faults, purges, wide;
} draw;

static struct {
	char text[120];
} history[HISTORY];
static u32 history_next;

static void note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static void note(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(history[history_next++ % HISTORY].text, sizeof(history[0].text), fmt, ap);
	va_end(ap);
}

static void note_show(void)
{
	for (u32 i = 0; i < HISTORY; i++)
		printf("#   %s\n", history[(history_next + i) % HISTORY].text);
}

static u64 any(void)
{
	return fake_random(&rng);
}

static u32 below(u32 n)
{
	return (u32)(any() % n);
}

static bool one_in(u32 n)
{
	return below(n) == 0;
}

/* ---- Comparing ---- */

static bool same(const char *what, u64 got, u64 want)
{
	if (got == want)
		return true;
	printf("# %s: its 0x%llx, model 0x%llx\n", what, (unsigned long long)got,
	       (unsigned long long)want);
	return false;
}

static bool compare_registers(void)
{
	static const u16 offsets[] = { 0x0, 0x8, 0x80, 0x88, 0x90, 0x100, 0x108, 0x110, 0xffe8 };
	char name[32];
	bool ok = true;

	for (u32 i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
		for (u32 size = 4; size <= 8; size += 4) {
			snprintf(name, sizeof(name), "register 0x%x/%u", offsets[i], size);
			ok &= same(name, its_mmio_read(its, offsets[i], size),
				   model_read(model, offsets[i], size));
		}
	}
	return ok;
}

static bool compare_counters(void)
{
	struct its_stats st;
	bool ok = true;

	its_get_stats(its, &st);
	for (u32 i = 1; i < ITS_NR_ERRORS; i++)
		ok &= same(its_error_name(i), st.errors[i],
			   model_error_count(model, its_error_name(i)));
	for (u32 i = 0; i < ITS_NR_CMDS; i++)
		ok &= same(its_cmd_name(i), st.commands[i],
			   model_command_count(model, its_cmd_name(i)));
	ok &= same("delivered", st.msi_delivered, model->delivered);
	ok &= same("blocked", st.msi_blocked, model->blocked);
	ok &= same("unmapped", st.msi_unmapped, model->unmapped);
	ok &= same("dropped", st.msi_dropped, model->dropped);
	ok &= same("devices", st.devices, model->nr_devices);
	ok &= same("events", st.events, model->nr_events);
	return ok;
}

/* Every mapping of the one is in the other; together with equal numbers that makes them equal. */
static bool compare_mappings(void)
{
	struct its_stats st;
	struct its_event_info e;
	struct its_device_info di;
	u32 collections = 0;
	bool ok = true;

	its_get_stats(its, &st);
	for (u32 i = 0; i < st.nr_entries; i++) {
		struct model_device *d;
		struct model_event *me;

		if (!its_event_info(its, i, &e))
			continue;
		d = model_device(model, e.devid);
		me = d ? model_event(d, e.eventid) : NULL;
		if (!me || me->lpi != e.lpi || me->icid != e.icid)
			return same("mapping of event", i, ~0ull);
	}
	for (struct model_device *d = model->devices; d; d = d->next) {
		if (!its_device_info(its, d->devid, &di))
			return same("device", 0, d->devid);
		ok &= same("ITT", di.itt, d->itt);
		ok &= same("ITT size", di.nr_events, 1u << d->bits);
	}
	for (u32 i = 0; i < 65536; i++) {
		ok &= same("collection", its_collection_vcpu(its, i), (u32)model->collection[i]);
		collections += model->collection[i] >= 0;
	}
	return ok & same("collections", st.collections, collections);
}

static bool compare(bool deep)
{
	bool ok = compare_registers() & compare_counters();

	for (u32 i = 0; i < NR_OPS; i++) {
		ok &= same("calls of an operation", world_its.seen.calls[i],
			   world_model.seen.calls[i]);
		ok &= same("arguments of an operation", world_its.seen.sum[i],
			   world_model.seen.sum[i]);
	}
	if (deep) {
		const char *diff = fake_compare(&world_its, &world_model);

		if (diff)
			printf("# world: %s\n", diff);
		ok &= !diff;
		ok &= compare_mappings();
	}
	return ok;
}

/* ---- Doing the same to both ---- */

static bool settle(void)
{
	for (u32 i = 0; i < 10000000; i++) {
		if (its_run(its) == ITS_IDLE) {
			model_run(model);
			return true;
		}
	}
	printf("# its_run() does not end\n");
	return false;
}

static void both_write(u64 offset, u32 size, u64 val)
{
	note("write 0x%llx/%u = 0x%llx", (unsigned long long)offset, size, (unsigned long long)val);
	its_mmio_write(its, offset, size, val);
	model_write(model, offset, size, val);
	nr_accesses++;
}

static bool both_read(u64 offset, u32 size)
{
	nr_accesses++;
	return same("read", its_mmio_read(its, offset, size), model_read(model, offset, size));
}

/* ---- Random things ---- */

static u32 random_devid(void)
{
	if (one_in(40))
		return (u32)any();
	if (one_in(40))
		return (1u << cfg.devid_bits) - 1 + below(2);
	if (one_in(40)) /* at the end of a table of a few pages */
		return (1 + below(4)) * (512u << 2 * below(3)) - below(2);
	return below(draw.devids);
}

static u32 random_eventid(void)
{
	if (one_in(60))
		return (u32)any();
	if (one_in(60))
		return (1u << cfg.eventid_bits) - 1 + below(2);
	if (one_in(30))
		return (draw.first_eventid + below(draw.eventids)) | 0x10000u << below(3);
	return draw.first_eventid + below(draw.eventids);
}

static u32 random_lpi(void)
{
	if (one_in(40))
		return below(8200);
	if (one_in(40))
		return (1u << cfg.intid_bits) - 1 + below(2);
	if (one_in(200))
		return (u32)any();
	return 8192 + below(draw.lpis);
}

static u32 random_icid(void)
{
	if (one_in(60))
		return (1 + below(4)) * (512u << 2 * below(3)) - below(2);
	return one_in(60) ? below(65536) : below(draw.icids);
}

static u64 random_rdbase(void)
{
	return one_in(30) ? any() & 0x7ffffffffull : below(cfg.nr_vcpus + (u32)one_in(20));
}

static u64 random_itt(void)
{
	if (one_in(40))
		return any() & 0xfffffffffff00ull;
	return ITTS + below(0x2000) * 256ull;
}

static struct fake_cmd random_cmd(void)
{
	static const u8 event_ops[] = { 3, 3, 3, 4, 0xc, 0xf, 0xf };
	u32 kind = below(100);

	if (draw.wide && (!one_in(4) || (kind < 9 && !one_in(3000))))
		return cmd_mapti(random_devid(), random_eventid(), random_lpi(), random_icid());
	if (kind < 3)
		return (struct fake_cmd){ { any() & (one_in(2) ? 0x3f : ~0ull), any(), any(),
					    any() } };
	if (kind < 9)
		return cmd_mapd(random_devid(),
				one_in(3) ? 1 + below(one_in(8) ? 32 : cfg.eventid_bits)
					  : cfg.eventid_bits,
				random_itt(), !one_in(6));
	if (kind < 17)
		return cmd_mapc(random_icid(), random_rdbase(), !one_in(6));
	if (kind < 50)
		return cmd_mapti(random_devid(), random_eventid(), random_lpi(), random_icid());
	if (kind < 56)
		return cmd_mapi(random_devid(), one_in(2) ? random_lpi() : random_eventid(),
				random_icid());
	if (kind < 66)
		return cmd_movi(random_devid(), random_eventid(), random_icid());
	if (kind < 69)
		return cmd_invall(random_icid());
	if (kind < 71)
		return cmd_movall(random_rdbase(), random_rdbase());
	if (kind < 74)
		return cmd_sync(random_rdbase());
	return cmd_event(event_ops[below(sizeof(event_ops))], random_devid(), random_eventid());
}

/* Writes up to @n commands at CWRITER and moves it. */
static void random_commands(u32 n)
{
	u64 size = ((its_mmio_read(its, 0x80, 8) & 0xff) + 1) * 4096;
	u64 base = its_mmio_read(its, 0x80, 8) & 0xfffffffff0000ull;
	u64 at = its_mmio_read(its, 0x88, 8);

	for (u32 i = 0; i < n; i++) {
		struct fake_cmd c = random_cmd();

		if (base >= FAKE_RAM && base + at + 32 <= FAKE_RAM + FAKE_RAM_SIZE)
			memcpy(&ram.bytes[base + at - FAKE_RAM], &c, 32);
		at = (at + 32) % size;
		note("command %016llx %016llx %016llx %016llx", (unsigned long long)c.w[0],
		     (unsigned long long)c.w[1], (unsigned long long)c.w[2],
		     (unsigned long long)c.w[3]);
	}
	nr_commands += n;
	if (one_in(20)) { /* outside the ring: ignored */
		both_write(0x88, 8, size + below(3) * 32);
		return;
	}
	both_write(0x88, one_in(4) ? 4 : 8, at | one_in(8));
}

static u64 random_table(u64 good)
{
	u64 val = 1ull << 63 | (any() & 0x38e0000000000c00ull);
	u32 page = below(3);

	if (one_in(30))
		return any();
	if (one_in(30))
		good = any() & 0xffffffff0000ull;
	val |= good | (u64)page << 8;
	val |= one_in(4) ? below(256) : below(4); /* pages - 1 */
	if (one_in(2))
		val |= 1ull << 62;
	return val;
}

/* Brings the ITS up with tables and a ring that mostly are good. */
static void random_setup(void)
{
	both_write(0x0, 4, 0);
	if (!settle())
		return;
	both_write(0x80, 8,
		   1ull << 63 | (one_in(20) ? any() & 0xfffffffff0000ull : RING) |
			   below(one_in(8) ? 256 : 2));
	both_write(0x100, 8, random_table(DEV_TABLE));
	both_write(0x108, 8, random_table(COLL_TABLE));
	settle();
	both_write(0x0, 4, 1);
}

static void random_register(void)
{
	static const u8 sizes[] = { 1, 2, 4, 4, 4, 8, 8, 8 };
	static const u32 offsets[] = { 0x0,   0x4,   0x8,    0x80,   0x84,   0x88,
				       0x8c,  0x90,  0x100,  0x104,  0x108,  0x10c,
				       0x110, 0x138, 0xffd0, 0xffe8, 0xfffc, 0x10040 };
	u64 offset = one_in(3) ? below(0x20000)
			       : offsets[below(sizeof(offsets) / sizeof(offsets[0]))];
	u32 size = sizes[below(sizeof(sizes))];

	if (one_in(8))
		offset += below(8);
	if (offset >= ITS_FRAME_SIZE)
		offset = 0;
	/* A table that is taken away takes all its mappings along: not too often. */
	if (one_in(2) && (draw.purges || offset < 0x100 || offset > 0x110))
		both_write(offset, size, one_in(3) ? any() : any() & 0xfffff);
	else if (!both_read(offset, size))
		note_show();
}

static void random_hole(void)
{
	static const u64 places[] = { RING, DEV_TABLE, COLL_TABLE, L2_PAGES, ITTS, FAKE_RAM };
	u32 i = below(FAKE_MAX_HOLES);

	if (one_in(2)) {
		ram.hole[i].start = ram.hole[i].end = 0;
		return;
	}
	ram.hole[i].start = places[below(6)] + below(0x1000) * (one_in(2) ? 1 : 64);
	ram.hole[i].end = ram.hole[i].start + (one_in(4) ? below(0x10000) : below(64));
}

static bool random_msis(void)
{
	for (u32 n = 1 + below(8); n; n--) {
		u32 devid = random_devid(), eventid = random_eventid();
		int want = model_signal(model, devid, eventid);
		int got;

		nr_msis++;
		note("MSI %x %x", devid, eventid);
		got = its_signal(its, below(cfg.nr_cpus), devid, eventid);
		if (!same("its_signal()", (u64)got, (u64)want))
			return false;
	}
	return true;
}

/* The same event, by the entry that the table really has for it, and by a wrong one. */
static bool random_entry_msi(void)
{
	struct its_stats st;
	struct its_event_info e;
	u32 entry;
	bool found;

	its_get_stats(its, &st);
	entry = below(st.nr_entries);
	for (u32 i = 0; i < 64 && !(found = its_event_info(its, entry, &e)); i++)
		entry = (entry + 1) % st.nr_entries;
	if (!found)
		return true;
	if (!same("its_signal_entry()", (u64)its_signal_entry(its, 0, entry, e.devid, e.eventid),
		  (u64)model_signal(model, e.devid, e.eventid)))
		return false;
	if (model->enabled)
		model->unmapped++;
	else
		model->dropped++;
	return same("its_signal_entry(), wrong EventID",
		    (u64)its_signal_entry(its, 0, entry, e.devid, e.eventid ^ 1),
		    (u64)(model->enabled ? -ENXIO : -EBUSY));
}

static void random_reset(void)
{
	note("reset");
	while (its_reset(its) == ITS_AGAIN)
		;
	model_reset(model);
}

static void random_backend(void)
{
	u32 vcpu = below(cfg.nr_vcpus);

	world_its.lpis_off[vcpu] = world_model.lpis_off[vcpu] = one_in(3);
	world_its.device_error = world_model.device_error = one_in(4) ? -ENOSPC : 0;
	world_its.lpi_limit = world_model.lpi_limit = one_in(4) ? 8192 + below(draw.lpis)
								: FAKE_NR_LPIS;
}

static bool step(void)
{
	u32 kind = below(1000);

	if (kind < 700 || (draw.wide && kind >= 970 && !one_in(100)))
		random_commands(1 + below(draw.burst));
	else if (kind < 880)
		return random_msis();
	else if (kind < 900)
		return random_entry_msi();
	else if (kind < 950)
		random_register();
	else if (kind < 960 && draw.faults)
		random_hole();
	else if (kind < 970)
		random_backend();
	else if (draw.purges || one_in(10))
		random_setup();
	else if (one_in(30))
		random_reset();
	else if (one_in(2)) /* off and on again: nothing is lost */
		both_write(0, 4, 0), both_write(0, 4, 1);
	return settle();
}

static void fill_memory(void)
{
	memset(ram.hole, 0, sizeof(ram.hole));
	for (u64 a = 0; a < FAKE_RAM_SIZE; a += 8)
		fake_poke64(&ram, FAKE_RAM + a, any());
	/* First-level entries: mostly good, some invalid, some lead nowhere. */
	for (u32 i = 0; i < 0x80000; i += 8)
		fake_poke64(&ram, DEV_TABLE + i,
			    one_in(8)
				    ? any()
				    : (u64)!one_in(4) << 63 | (L2_PAGES + (u64)below(7) * 0x10000));
}

/* One flat table of each kind, all devices and collections mapped. */
static void wide_setup(void)
{
	u32 n = 0;

	both_write(0, 4, 0);
	settle();
	both_write(0x80, 8, 1ull << 63 | RING | 15);
	both_write(0x100, 8, 1ull << 63 | 2 << 8 | DEV_TABLE);
	both_write(0x108, 8, 1ull << 63 | 2 << 8 | COLL_TABLE);
	both_write(0, 4, 1);
	for (u32 i = 0; i < draw.icids; i++, n++) {
		struct fake_cmd c = cmd_mapc(i, below(cfg.nr_vcpus), true);

		memcpy(&ram.bytes[RING + n * 32 - FAKE_RAM], &c, 32);
	}
	for (u32 i = 0; i < draw.devids; i++, n++) {
		struct fake_cmd c = cmd_mapd(i, 16, ITTS + i * 0x80000, true);

		memcpy(&ram.bytes[RING + n * 32 - FAKE_RAM], &c, 32);
	}
	both_write(0x88, 8, n * 32);
	settle();
}

static void start_epoch(u32 index)
{
	u32 kind = below(4);

	cfg = (struct its_config){
		.nr_vcpus = 1 + below(one_in(4) ? 512 : 6),
		.nr_cpus = 1 + below(4),
		.devid_bits = 1 + below(one_in(2) ? 20 : 16),
		.eventid_bits = 1 + below(16),
		.intid_bits = 14 + below(3),
		.max_devices = 1 + below(one_in(4) ? 8 : 5000),
		.seed = any(),
	};
	draw.devids = 1 + below(kind == 3 ? 12 : 4);
	draw.eventids = 1 + below(40);
	draw.first_eventid = 0;
	if (one_in(4)) { /* where MAPI can work */
		cfg.eventid_bits = 14 + below(3);
		draw.first_eventid = 8192;
	}
	draw.lpis = 1 + below(100);
	draw.icids = 1 + below(6);
	draw.burst = 12;
	draw.faults = kind & 1;
	draw.purges = kind == 3;
	draw.wide = index % 8 == 0;
	if (draw.wide) { /* wide: as many events as fit */
		cfg.devid_bits = 16;
		cfg.intid_bits = 14;
		cfg.eventid_bits = 16;
		cfg.max_devices = 60;
		draw.devids = 4;
		draw.first_eventid = 0;
		draw.eventids = 9000;
		draw.lpis = 8192;
		draw.burst = 120;
		draw.faults = draw.purges = false;
	}
	fill_memory();
	fake_init(&world_its, &ram, cfg.nr_vcpus);
	fake_init(&world_model, &ram, cfg.nr_vcpus);
	world_its.again_rate = one_in(2) ? 0 : 2 + below(8);
	its_mem = aligned_alloc(64, its_mem_size(&cfg));
	memset(its_mem, 0, its_mem_size(&cfg));
	its = its_init(its_mem, &cfg, &fake_ops, &world_its);
	model = model_new(&cfg, &fake_ops, &world_model);
	random_setup();
	if (draw.wide)
		wide_setup();
	printf("# epoch: %u vCPUs, bits %u/%u/%u, max %u devices, draws %u devices %u events %u ICIDs, "
	       "faults %d purges %d, again 1/%u\n",
	       cfg.nr_vcpus, cfg.devid_bits, cfg.eventid_bits, cfg.intid_bits, cfg.max_devices,
	       draw.devids, draw.eventids, draw.icids, draw.faults, draw.purges,
	       world_its.again_rate);
}

static void end_epoch(void)
{
	model_free(model);
	free(its_mem);
}

static bool run_epoch(u64 commands)
{
	u64 end = nr_commands + commands;
	u64 steps = 0;

	max_events = 0;
	while (nr_commands < end) {
		bool deep = ++steps % 256 == 0;

		max_events = MAX(max_events, model->nr_events);
		if (!step() || !compare(deep)) {
			note_show();
			return false;
		}
	}
	random_reset();
	return compare(true);
}

static u64 number(int argc, char **argv, int n, const char *env, u64 otherwise)
{
	const char *s = argc > n ? argv[n] : getenv(env);

	return s ? strtoull(s, NULL, 0) : otherwise;
}

static void summary(void)
{
	printf("# %llu commands, %llu MSIs, %llu register accesses\n",
	       (unsigned long long)nr_commands, (unsigned long long)nr_msis,
	       (unsigned long long)nr_accesses);
}

int main(int argc, char **argv)
{
	u64 want = number(argc, argv, 1, "ITS_DIFF_COMMANDS", 200000);
	u64 seed = number(argc, argv, 2, "ITS_DIFF_SEED", 20261121);
	u32 epochs = want < 400000 ? 10 : (u32)(want / 40000);
	static u64 seen_errors[ITS_NR_ERRORS];
	u32 most = 0;
	bool good = true;

	printf("# seed %llu\n", (unsigned long long)seed);
	rng = seed * 0x9e3779b97f4a7c15ull | 1;
	for (u32 i = 0; i < epochs && good; i++) {
		struct its_stats st;

		start_epoch(i);
		good = run_epoch(want / epochs);
		its_get_stats(its, &st);
		most = draw.wide && max_events > most ? max_events : most;
		for (u32 e = 0; e < ITS_NR_ERRORS; e++)
			seen_errors[e] += st.errors[e];
		end_epoch();
	}
	summary();
	ok(good, "its/ and the reference model agree (seed %llu)", (unsigned long long)seed);
	if (want >= 200000)
		is(most, 8192, "the table was filled to its limit");
	for (u32 e = 1; e < ITS_NR_ERRORS; e++) {
		if (want >= 200000)
			ok(seen_errors[e] > 0, "the streams made %s happen (%llu times)",
			   its_error_name(e), (unsigned long long)seen_errors[e]);
	}
	return tap_done();
}
