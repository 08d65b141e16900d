/* SPDX-License-Identifier: GPL-2.0-only */
/* One ITS and the world around it, with every promise checked. */
#include <sanitizer/asan_interface.h>

#include "tests/fuzz/world.h"

#define PAGE 4096u
#define NR_PAGES (FAKE_RAM_SIZE / PAGE)
#define NR_IDS 0x1000u /* DeviceIDs that the shadow has room for: draw.c's devid_bits */
#define MAX_MEM 0x400000u
#define MAX_ENTRIES 0x20000u
#define GUARD 4096u

/*
 * What one step may do: its/internal.h charges at least 250 instructions for an access to guest
 * memory and 300 for an operation, of 20,000.
 */
#define STEP_ACCESSES 84
#define STEP_CALLS 72

struct its *world_its;
struct fake world_fake;
void (*world_meanwhile)(bool locked);

static struct fake_ram ram;
static bool dirty[NR_PAGES];
static u8 mem[MAX_MEM + GUARD] __attribute__((aligned(64)));
struct its_config world_cfg;
static u32 nr_entries;

/* ---- Guest memory ---- */

bool world_in_ram(u64 ipa, u64 len)
{
	return range_contains(FAKE_RAM, FAKE_RAM_SIZE, ipa, len);
}

void world_poke(u64 ipa, const void *buf, size_t len)
{
	if (!len || !world_in_ram(ipa, len))
		return;
	memcpy(&ram.bytes[ipa - FAKE_RAM], buf, len);
	world_touch(ipa, len);
	world_now.apart = false;
}

u64 world_peek(u64 ipa)
{
	return world_in_ram(ipa, 8) ? fake_peek64(&ram, ipa) : 0;
}

/* Not instrumented, since it looks at very much. */
__attribute__((no_sanitize("address", "undefined"))) static u64 page_sum(const u8 *page)
{
	u64 sum = 0, w;

	for (u32 i = 0; i < PAGE; i += sizeof(w)) {
		memcpy(&w, &page[i], sizeof(w));
		sum = (sum ^ w) * UINT64_C(0x9e3779b97f4a7c15);
		sum ^= sum >> 32;
	}
	return sum;
}

u64 world_ram_sum(void)
{
	u64 sum = 0;

	for (u32 i = 0; i < NR_PAGES; i++) {
		if (dirty[i])
			sum += page_sum(&ram.bytes[(u64)i * PAGE]) * (2 * i + 1);
	}
	return sum;
}

/* ---- Life ---- */

void world_start(const struct its_config *config, u64 seed)
{
	size_t size = its_mem_size(config);
	struct its_stats st;

	REQUIRE(size && size <= MAX_MEM && size % 64 == 0, "%zu bytes", size);
	REQUIRE(config->devid_bits <= 12, "the shadow is too small");
	world_cfg = *config;
	memset(&now, 0, sizeof(now));
	memset(asked, 0, sizeof(asked));
	memset(ram.hole, 0, sizeof(ram.hole));
	fake_init(&world_fake, &ram, world_cfg.nr_vcpus);
	world_fake.rng ^= seed;
	memset(mem, 0, size);
	ASAN_POISON_MEMORY_REGION(&mem[size], GUARD);
	world_its = its_init(mem, &world_cfg, &ops, &world_fake);
	its_get_stats(world_its, &st);
	nr_entries = st.nr_entries;
	REQUIRE(nr_entries <= MAX_ENTRIES, "%u entries", nr_entries);
}

void world_end(bool deep)
{
	world_settle();
	world_check(deep);
	world_reset();
	world_settle();
	world_check(deep);
	REQUIRE(!shadow.nr_devices && !shadow.nr_events, "something is mapped after a reset");
	ASAN_UNPOISON_MEMORY_REGION(&mem[its_mem_size(&world_cfg)], GUARD);
	for (u32 i = 0; i < NR_PAGES; i++) {
		if (dirty[i])
			memset(&ram.bytes[(u64)i * PAGE], 0, PAGE);
		dirty[i] = false;
	}
}

/* ---- Steps ---- */

static void step_begin(void)
{
	world_now.locked = true;
	world_now.accesses = 0;
	world_now.calls = 0;
}

static void step_end(void)
{
	world_now.locked = false;
	REQUIRE(world_now.accesses <= STEP_ACCESSES, "%u accesses in one step", world_now.accesses);
	REQUIRE(world_now.calls <= STEP_CALLS, "%u operations in one step", world_now.calls);
}

enum its_progress world_run(void)
{
	enum its_progress p;

	step_begin();
	p = its_run(world_its);
	step_end();
	return p;
}

enum its_progress world_reset(void)
{
	enum its_progress p;

	step_begin();
	p = its_reset(world_its);
	step_end();
	world_now.resetting = p == ITS_AGAIN;
	world_now.restoring = false; /* a reset ends it */
	return p;
}

int world_save(void)
{
	int ret;

	if (!world_now.saving)
		world_now.apart = world_tables_apart();
	step_begin();
	world_now.saving = true;
	ret = its_save(world_its);
	step_end();
	world_now.saving = ret == -EAGAIN;
	REQUIRE(ret == 0 || ret == -EAGAIN || ret == -EINVAL || ret == -EFAULT || ret == -EBUSY,
		"save: %d", ret);
	if (!ret)
		check_saved();
	REQUIRE(ret != -EBUSY || world_now.resetting || world_now.restoring, "save: busy with nothing");
	return ret;
}

int world_restore(void)
{
	int ret;

	step_begin();
	ret = its_restore(world_its);
	step_end();
	world_now.restoring = ret == -EAGAIN;
	REQUIRE(ret == 0 || ret == -EAGAIN || ret == -EINVAL || ret == -EFAULT || ret == -ENXIO ||
			ret == -ENOMEM || ret == -EBUSY,
		"restore: %d", ret);
	REQUIRE(ret != -EBUSY || world_now.resetting, "restore: busy with nothing");
	return ret;
}

/* Commands that were taken from the queue, whatever became of them. */
static u64 commands_taken(const struct its_stats *st)
{
	u64 n = st->errors[ITS_E_COMMAND_FETCH] + st->errors[ITS_E_COMMAND_VIRTUAL] +
		st->errors[ITS_E_COMMAND_UNKNOWN];

	for (u32 i = 0; i < ITS_NR_CMDS; i++)
		n += st->commands[i];
	return n;
}

/* Each entry that a save or a restore may have to look at costs a 68th of a step. */
static u64 table_steps(u64 entries)
{
	return 64 + (entries + BIT(world_cfg.devid_bits) + 0x10000) / 16;
}

/*
 * The steps that may have been needed since @st: what was mapped may go one by one, and each
 * command may walk all events, or all EventIDs of a device.
 */
static u64 steps_allowed(const struct its_stats *st, u64 agains)
{
	struct its_stats end;
	u64 commands;

	its_get_stats(world_its, &end);
	commands = commands_taken(&end) - commands_taken(st) + 1;
	return 64 + 2 * (world_now.agains - agains) + 2 * st->devices + st->events / 8 +
	       commands * (4 + st->events / 8 + nr_entries / 1024);
}

void world_settle(void)
{
	u64 agains = world_now.agains, steps = 0;
	struct its_stats st;
	u64 tables = world_now.saving || world_now.restoring
			     ? table_steps((u64)world_cfg.max_devices << world_cfg.eventid_bits)
			     : 0;
	bool more = true;

	its_get_stats(world_its, &st);
	while (more) {
		if (world_now.resetting)
			world_reset();
		else if (world_now.restoring)
			world_restore();
		else if (world_run() == ITS_AGAIN)
			;
		else if (world_now.saving)
			world_save();
		else
			more = false;
		if (++steps % 64 == 0)
			REQUIRE(steps <= steps_allowed(&st, agains) + tables,
				"%llu steps and no end", (unsigned long long)steps);
	}
}

int world_save_all(void)
{
	u64 agains = world_now.agains, steps = 0, limit, entries = 0;
	int ret;

	world_settle();
	for (u32 i = 0; i < BIT(world_cfg.devid_bits); i++)
		entries += shadow.device[i];
	limit = table_steps(entries);
	while ((ret = world_save()) == -EAGAIN)
		REQUIRE(++steps < limit + 2 * (world_now.agains - agains), "a save without end");
	return ret;
}

int world_restore_all(void)
{
	u64 agains = world_now.agains, steps = 0, limit;
	int ret;

	world_settle();
	limit = table_steps((u64)world_cfg.max_devices << world_cfg.eventid_bits) +
		world_cfg.max_devices;
	while ((ret = world_restore()) == -EAGAIN)
		REQUIRE(++steps < limit + 2 * (world_now.agains - agains), "a restore without end");
	if (ret && ret != -ENXIO)
		REQUIRE(!shadow.nr_devices && !shadow.nr_events,
			"something is mapped after a failed restore");
	return ret;
}

/* ---- MSIs ---- */

static bool quiet(void)
{
	return !world_now.locked && !world_now.resetting && !world_now.restoring &&
	       (its_mmio_read(world_its, 0, 4) & BIT(31));
}

/* What the shadow knows about an event: the answer to expect. */
static int expected(u32 devid, u32 eventid, struct its_event_info *info)
{
	u32 i = shadow_find(devid, eventid);

	if (!(its_mmio_read(world_its, 0, 4) & 1))
		return -EBUSY;
	if (i == shadow.nr_events || !its_event_info(world_its, shadow.event[i].entry, info) ||
	    info->vcpu == ITS_NO_VCPU)
		return -ENXIO;
	return world_fake.lpis_off[info->vcpu] ? 0 : 1;
}

static void signal_begin(u32 devid, u32 eventid)
{
	world_now.signalling = true;
	world_now.devid = devid;
	world_now.eventid = eventid;
	world_now.pends = 0;
}

static void signal_end(int ret, bool predict, int want, const struct its_event_info *info)
{
	world_now.signalling = false;
	REQUIRE(ret == 1 || ret == 0 || ret == -ENXIO || ret == -EBUSY || ret == -EINVAL,
		"a signal answers %d", ret);
	REQUIRE(world_now.pends == (ret >= 0), "a signal makes %u LPIs pending, answers %d", world_now.pends,
		ret);
	if (!predict)
		return;
	REQUIRE(ret == want, "a signal answers %d, expected %d", ret, want);
	if (ret >= 0)
		REQUIRE(world_now.pend_vcpu == info->vcpu && world_now.pend_lpi == info->lpi,
			"a signal makes LPI %u pending at vCPU %u, not LPI %u at %u", world_now.pend_lpi,
			world_now.pend_vcpu, info->lpi, info->vcpu);
}

/* On another CPU, in the middle of something. */
static void signal_elsewhere(u32 cpu, u32 devid, u32 eventid)
{
	bool translated = world_now.translated;
	u32 calls = world_now.calls;

	world_now.elsewhere++;
	its_signal(world_its, cpu, devid, eventid);
	world_now.elsewhere--;
	world_now.translated = translated;
	world_now.calls = calls;
}

void world_signal(u32 cpu, u32 devid, u32 eventid)
{
	bool predict = quiet() && cpu < world_cfg.nr_cpus,
	     top = !world_now.locked && !world_now.signalling && !world_now.elsewhere;
	struct its_event_info info;
	int want = predict ? expected(devid, eventid, &info) : 0;
	int ret;

	if (!top) {
		signal_elsewhere(cpu, devid, eventid);
		return;
	}
	signal_begin(devid, eventid);
	ret = its_signal(world_its, cpu, devid, eventid);
	signal_end(ret, predict, want, &info);
}

void world_signal_entry(u32 cpu, u32 entry, u32 devid, u32 eventid)
{
	bool predict = quiet() && cpu < world_cfg.nr_cpus;
	struct its_event_info info;
	int want = predict ? expected(devid, eventid, &info) : 0;
	int ret;

	if (want >= 0 && predict &&
	    !(its_event_info(world_its, entry, &info) && info.devid == devid &&
	      info.eventid == eventid))
		want = -ENXIO;
	signal_begin(devid, eventid);
	ret = its_signal_entry(world_its, cpu, entry, devid, eventid);
	signal_end(ret, predict, want, &info);
}

void world_check(bool deep)
{
	struct its_stats st;

	if (world_now.resetting || world_now.restoring)
		return;
	its_get_stats(world_its, &st);
	REQUIRE(st.devices == shadow.nr_devices && st.events == shadow.nr_events,
		"counted %u devices, %u events; told of %u, %u", st.devices, st.events,
		shadow.nr_devices, shadow.nr_events);
	REQUIRE(st.devices <= world_cfg.max_devices && st.events <= st.max_events, "more than fit");
	for (u32 i = 0; i < shadow.nr_events; i++)
		check_event(i);
	if (deep)
		check_deep(&st);
}

