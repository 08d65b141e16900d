/* SPDX-License-Identifier: GPL-2.0-only */
/* The differential driver's epochs and steps; see diff.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hyp/lib/errno.h"
#include "tests/unit/diff.h"

struct diff diff;
static bool resets_agree = true;

const char *const diff_all_ends[] = {
	"save: done",
	"save: ITE not in memory",
	"save: level 1 of a DTE not in memory",
	"save: level 1 of a DTE not valid",
	"save: DTE not in memory",
	"save: more collections than fit",
	"save: events, and no collection table",
	"save: CTE not in memory",
	"save: last CTE not in memory",
	"restore: done",
	"restore: enabled",
	"restore: devices are mapped",
	"restore: collections are mapped",
	"restore: CTE not in memory",
	"restore: no such vCPU",
	"restore: one ICID twice",
	"restore: level 1 not in memory",
	"restore: DTE not in memory",
	"restore: too many EventID bits",
	"restore: next device beyond the table",
	"restore: more devices than fit",
	"restore: ITE not in memory",
	"restore: LPI below 8192",
	"restore: LPI too large",
	"restore: unknown collection",
	"restore: next event beyond the ITT",
	"restore: more events than fit",
	"restore: LPI beyond PROPBASER's",
	NULL,
};
_Static_assert(ARRAY_SIZE(diff_all_ends) <= ARRAY_SIZE(diff.ends), "every end has its counter");

static struct diff_end *find_end(const char *why)
{
	struct diff_end *e = diff.ends;

	while (e->why && strcmp(e->why, why))
		e++;
	return e;
}

void diff_count_end(const char *why)
{
	struct diff_end *e = find_end(why);

	e->why = why;
	e->count++;
}

u64 diff_end_count(const char *why)
{
	return find_end(why)->count;
}

/* ---- Doing the same to both ---- */

bool settle(void)
{
	for (u32 i = 0; i < 10000000; i++) {
		if (its_run(diff.its) == ITS_IDLE) {
			model_run(diff.model);
			return true;
		}
	}
	printf("# its_run() does not end\n");
	return false;
}

void both_write(u64 offset, u32 size, u64 val)
{
	note("write 0x%llx/%u = 0x%llx", (unsigned long long)offset, size, (unsigned long long)val);
	its_mmio_write(diff.its, offset, size, val);
	model_write(diff.model, offset, size, val);
	diff.accesses++;
}

bool both_read(u64 offset, u32 size)
{
	diff.accesses++;
	return same("read", its_mmio_read(diff.its, offset, size),
		    model_read(diff.model, offset, size));
}

/* While a reset goes on, a guest is ignored and user space is told to wait. */
static void interfere(void)
{
	switch (below(6)) {
	case 0:
		its_mmio_write(diff.its, one_in(2) ? 0x80 : 0x100, 8, any());
		break;
	case 1:
		resets_agree &= same("its_save() in a reset", (u64)its_save(diff.its), (u64)-EBUSY);
		break;
	case 2:
		resets_agree &= same("its_restore() in a reset", (u64)its_restore(diff.its),
				     (u64)-EBUSY);
		break;
	case 3:
		resets_agree &= same("its_reg_set() in a reset",
				     (u64)its_reg_set(diff.its, one_in(2) ? 0x90 : 0x100, any()),
				     (u64)-EBUSY);
		break;
	case 4:
		resets_agree &= random_msis();
		break;
	}
}

void both_reset(void)
{
	note("reset");
	model_reset(diff.model);
	while (its_reset(diff.its) == ITS_AGAIN)
		interfere();
}

/* Writes @n commands at CWRITER and moves it. */
void both_queue(const struct fake_cmd *cmds, u32 n)
{
	u64 cbaser = its_mmio_read(diff.its, 0x80, 8);
	u64 size = ((cbaser & 0xff) + 1) * 4096, base = cbaser & 0xfffffffff0000ull;
	u64 at = its_mmio_read(diff.its, 0x88, 8);

	for (u32 i = 0; i < n; i++) {
		const u64 *w = cmds[i].w;

		for (u32 k = 0; k < 4; k++)
			ram_poke(base + at + k * 8, w[k]);
		at = (at + 32) % size;
		note("command %016llx %016llx %016llx %016llx", (unsigned long long)w[0],
		     (unsigned long long)w[1], (unsigned long long)w[2], (unsigned long long)w[3]);
	}
	diff.commands += n;
	if (one_in(20)) /* outside the ring: ignored */
		both_write(0x88, 8, size + below(3) * 32);
	both_write(0x88, one_in(4) ? 4 : 8, at | one_in(8));
}

void random_commands(u32 n)
{
	struct fake_cmd cmds[128];

	n = MIN(n, ARRAY_SIZE(cmds));
	for (u32 i = 0; i < n; i++)
		cmds[i] = random_cmd();
	both_queue(cmds, n);
}

bool random_msis(void)
{
	for (u32 n = 1 + below(8); n; n--) {
		u32 devid = random_devid(), eventid = random_eventid();
		int want = model_signal(diff.model, devid, eventid);
		int got;

		diff.msis++;
		note("MSI %x %x", devid, eventid);
		got = its_signal(diff.its, below(diff.cfg.nr_cpus), devid, eventid);
		if (!same("its_signal()", (u64)got, (u64)want))
			return false;
	}
	return true;
}

/* The same event, by the entry that the table really has for it, and by a wrong one. */
static bool random_entry_msi(void)
{
	struct model *m = diff.model;
	struct its_event_info e;
	u32 nr = its_nr_entries(diff.its);
	bool found = false;
	u32 entry;
	int got;

	entry = below(nr);
	for (u32 i = 0; i < 64 && !(found = its_event_info(diff.its, entry, &e)); i++)
		entry = (entry + 1) % nr;
	if (!found)
		return true;
	got = its_signal_entry(diff.its, 0, entry, e.devid, e.eventid);
	if (!same("its_signal_entry()", (u64)got, (u64)model_signal(m, e.devid, e.eventid)))
		return false;
	if (m->enabled)
		m->unmapped++;
	else
		m->dropped++;
	got = its_signal_entry(diff.its, 0, entry, e.devid, e.eventid ^ 1);
	return same("its_signal_entry(), wrong EventID", (u64)got,
		    (u64)(m->enabled ? -ENXIO : -EBUSY));
}

/* ---- Random steps ---- */

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

/* One flat table of each kind, all devices and collections mapped, one device far from the rest. */
static void wide_setup(void)
{
	struct fake_cmd far = cmd_mapd(0x3ff0 + below(0x4000), 4, ITTS + 0x200000, true);

	both_write(0, 4, 0);
	settle();
	both_write(0x80, 8, 1ull << 63 | RING | 15);
	both_write(0x100, 8, 1ull << 63 | 2 << 8 | DEV_TABLE | 7);
	both_write(0x108, 8, 1ull << 63 | 2 << 8 | COLL_TABLE);
	both_write(0, 4, 1);
	for (u32 i = 0; i < diff.draw.icids; i++)
		both_queue((struct fake_cmd[]){ cmd_mapc(i, below(diff.cfg.nr_vcpus), true) }, 1);
	for (u32 i = 0; i < diff.draw.devids; i++)
		both_queue((struct fake_cmd[]){ cmd_mapd(i, 16, ITTS + i * 0x80000, true) }, 1);
	both_queue(&far, 1);
	settle();
}

static bool random_register(void)
{
	static const u8 sizes[] = { 1, 2, 4, 4, 4, 8, 8, 8 };
	static const u32 offsets[] = { 0x0,   0x4,   0x8,    0x80,   0x84,   0x88,
				       0x8c,  0x90,  0x100,  0x104,  0x108,  0x10c,
				       0x110, 0x138, 0xffd0, 0xffe8, 0xfffc, 0x10040 };
	u64 offset = one_in(3) ? below(0x20000) : offsets[below(ARRAY_SIZE(offsets))];
	u32 size = sizes[below(sizeof(sizes))];

	if (one_in(8))
		offset += below(8);
	if (offset >= ITS_FRAME_SIZE)
		offset = 0;
	if (!one_in(2))
		return both_read(offset, size);
	/* A table that is taken away takes all its mappings along: not too often. */
	if (diff.draw.purges || offset < 0x100 || offset > 0x110)
		both_write(offset, size, one_in(3) ? any() : any() & 0xfffff);
	return true;
}

static bool random_backend(void)
{
	struct fake *a = &diff.world_its, *b = &diff.world_model;
	u32 vcpu = below(diff.cfg.nr_vcpus);

	a->lpis_off[vcpu] = b->lpis_off[vcpu] = one_in(3);
	a->device_error = b->device_error = one_in(4) ? -ENOSPC : 0;
	a->lpi_limit = b->lpi_limit = one_in(4) ? 8192 + below(diff.draw.lpis) : FAKE_NR_LPIS;
	return true;
}

static bool random_save(void)
{
	if (one_in(2))
		memset(diff.ram.hole, 0, sizeof(diff.ram.hole));
	switch (below(12)) {
	case 0:
		return save_both();
	case 1:
		return save_obstructed();
	case 2:
		return save_disturbed();
	case 3:
		return restore_here();
	case 4:
		return one_in(2) ? save_many_collections() : save_obstructed();
	case 5:
	case 6:
	case 7:
		return migrate();
	default:
		return restore_built(!diff.draw.wide && diff.cfg.intid_bits == 14 &&
				     diff.cfg.eventid_bits > 12 && one_in(8));
	}
}

static bool random_rare(void)
{
	if (diff.draw.purges || one_in(10))
		random_setup();
	else if (one_in(30))
		both_reset();
	else if (one_in(2)) { /* off and on again: nothing is lost */
		both_write(0, 4, 0);
		both_write(0, 4, 1);
	}
	return true;
}

static bool some_commands(void)
{
	random_commands(1 + below(diff.draw.burst));
	return true;
}

static bool some_memory(void)
{
	if (one_in(2))
		random_poke();
	else if (diff.draw.faults)
		random_hole();
	return true;
}

/* What a step does, and how often in a thousand steps. */
static const struct {
	u32 often;
	bool (*run)(void);
	bool slow; /* seldom where there is much to walk through */
} kinds[] = {
	{ 645, some_commands, false },	 { 150, random_msis, false },
	{ 20, random_entry_msi, false }, { 35, random_register, false },
	{ 25, user_register, false },	 { 15, some_memory, false },
	{ 15, random_backend, false },	 { 75, random_save, true },
	{ 20, random_rare, true },
};

static bool act(void)
{
	u32 kind = below(1000), i = 0;

	if (diff.draw.wide && !diff.model->nr_devices)
		wide_setup();
	while (kind >= kinds[i].often)
		kind -= kinds[i++].often;
	if (kinds[i].slow && diff.draw.large && !one_in(diff.draw.wide ? 40 : 5))
		return some_commands();
	return kinds[i].run();
}

static bool step(void)
{
	return act() && settle() && resets_agree;
}

/* ---- Epochs ---- */

/* Nearly as many events as fit; the random commands that follow do the rest. */
static void nearly_fill(void)
{
	wide_setup();
	for (u32 i = 0; i < 6000; i++) {
		struct fake_cmd c = cmd_mapti(i % 4, i / 4, random_lpi(), random_icid());

		both_queue(&c, 1);
		if (i % 1000 == 999)
			settle();
	}
}

static void draw_wide(void)
{
	diff.cfg.devid_bits = 16;
	diff.cfg.intid_bits = 14;
	diff.cfg.eventid_bits = 16;
	diff.cfg.max_devices = 60;
	diff.draw = (struct diff_draw){ .devids = 4,
					.eventids = 9000,
					.lpis = 8192,
					.icids = diff.draw.icids,
					.burst = 120,
					.wide = true,
					.large = true };
}

static void draw_epoch(bool wide)
{
	u32 kind = below(4);

	diff.cfg = (struct its_config){
		.nr_vcpus = 1 + below(one_in(4) ? 512 : 6),
		.nr_cpus = 1 + below(4),
		.devid_bits = 1 + below(!one_in(2)	    ? 16
					: random_is_bytes() ? 18
							    : 20),
		.eventid_bits = 1 + below(16),
		.intid_bits = 14 + below(random_is_bytes() && !one_in(8) ? 1 : 3),
		.max_devices = 1 + below(one_in(3) ? 8 : 5000),
		.seed = any(),
	};
	diff.draw = (struct diff_draw){ .devids = 1 + below(kind == 3 ? 12 : 4),
					.eventids = 1 + below(40),
					.lpis = 1 + below(100),
					.icids = 1 + below(6),
					.burst = 12,
					.faults = kind & 1,
					.purges = kind == 3 };
	if (one_in(4)) { /* where MAPI can work */
		diff.cfg.eventid_bits = 14 + below(3);
		diff.draw.first_eventid = 8192;
	}
	if (wide)
		draw_wide();
	diff.draw.large |= diff.cfg.eventid_bits > 13 || diff.cfg.devid_bits > 16;
}

static void start_epoch(bool wide)
{
	draw_epoch(wide);
	ram_fresh();
	fake_init(&diff.world_its, &diff.ram, diff.cfg.nr_vcpus);
	fake_init(&diff.world_model, &diff.ram, diff.cfg.nr_vcpus);
	diff.world_its.again_rate = one_in(2) ? 0 : 2 + below(8);
	diff.mem = aligned_alloc(64, its_mem_size(&diff.cfg));
	memset(diff.mem, 0, its_mem_size(&diff.cfg));
	diff.its = its_init(diff.mem, &diff.cfg, &fake_ops, &diff.world_its);
	diff.model = model_new(&diff.cfg, &fake_ops, &diff.world_model);
	random_setup();
	if (wide)
		nearly_fill();
}

static void end_epoch(void)
{
	struct its_stats st;

	its_get_stats(diff.its, &st);
	for (u32 e = 0; e < ITS_NR_ERRORS; e++)
		diff.errors[e] += st.errors[e];
	model_free(diff.model);
	free(diff.mem);
}

/* Until @end commands were given, or the byte string has ended. */
static bool run_epoch(u64 end)
{
	u64 steps = 0;

	while (diff.commands < end && random_left()) {
		bool deep = ++steps % 256 == 0;

		if (diff.draw.wide)
			diff.most_events = MAX(diff.most_events, diff.model->nr_events);
		if (!step() || !compare(deep))
			return false;
	}
	both_reset();
	return compare(true);
}

bool diff_epoch(bool wide, u64 commands)
{
	bool good;

	start_epoch(wide);
	printf("# epoch: %u vCPUs, bits %u/%u/%u, max %u devices, draws %u devices %u events %u ICIDs, "
	       "faults %d purges %d, again 1/%u\n",
	       diff.cfg.nr_vcpus, diff.cfg.devid_bits, diff.cfg.eventid_bits, diff.cfg.intid_bits,
	       diff.cfg.max_devices, diff.draw.devids, diff.draw.eventids, diff.draw.icids,
	       diff.draw.faults, diff.draw.purges, diff.world_its.again_rate);
	good = run_epoch(diff.commands + commands);
	for (u32 i = 0; wide && good && i < 4; i++) /* more events than fit */
		good = restore_built(true);
	if (!good)
		note_show();
	end_epoch();
	return good;
}

int diff_run(const u8 *data, size_t size)
{
	bool good;

	random_bytes(data, size);
	start_epoch(false);
	good = run_epoch(~0ull);
	if (!good)
		note_show();
	end_epoch();
	return good ? 0 : -1;
}
