/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One ITS and the world around it, with every promise checked: guest memory, steps and MSIs. What
 * the ITS asks for in turn is in tests/fuzz/shadow.c.
 */
#include <sanitizer/asan_interface.h>

#include "tests/fuzz/shadow.h"

#define NR_PAGES (FAKE_RAM_SIZE / PAGE)
#define MAX_MEM 0x400000u
#define GUARD 4096u

/*
 * What one step may do: its/internal.h charges at least 250 instructions for an access to guest
 * memory and 300 for an operation, of 20,000.
 */
#define STEP_ACCESSES 84
#define STEP_CALLS 72

struct its *world_its;
struct fake world_fake;
struct its_config world_cfg;
struct world_now world_now;
void (*world_meanwhile)(bool locked);

static struct fake_ram ram;
static bool dirty[NR_PAGES];
static u8 mem[MAX_MEM + GUARD] __attribute__((aligned(64)));

/* ---- Guest memory ---- */

bool world_in_ram(u64 ipa, u64 len)
{
	return range_contains(FAKE_RAM, FAKE_RAM_SIZE, ipa, len);
}

void world_touch(u64 ipa, size_t len)
{
	for (u64 p = (ipa - FAKE_RAM) / PAGE; p <= (ipa + len - 1 - FAKE_RAM) / PAGE; p++)
		dirty[p] = true;
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

	REQUIRE(size && size <= MAX_MEM && size % 64 == 0, "%zu bytes", size);
	world_cfg = *config;
	memset(&world_now, 0, sizeof(world_now));
	memset(ram.hole, 0, sizeof(ram.hole));
	fake_init(&world_fake, &ram, world_cfg.nr_vcpus);
	world_fake.rng ^= seed;
	memset(mem, 0, size);
	ASAN_POISON_MEMORY_REGION(&mem[size], GUARD);
	world_its = its_init(mem, &world_cfg, &shadow_ops, &world_fake);
	shadow_start();
}

void world_end(bool deep)
{
	world_settle();
	world_check(deep);
	world_reset();
	world_settle();
	world_check(deep);
	REQUIRE(shadow_empty(), "something is mapped after a reset");
	ASAN_UNPOISON_MEMORY_REGION(&mem[its_mem_size(&world_cfg)], GUARD);
	for (u32 i = 0; i < NR_PAGES; i++) {
		if (dirty[i])
			memset(&ram.bytes[(u64)i * PAGE], 0, PAGE);
		dirty[i] = false;
	}
}

/* ---- Registers ---- */

/* A reset or a restore has the ITS to itself. */
static bool busy(void)
{
	return world_now.resetting || world_now.restoring;
}

struct regs {
	u64 val[6];
};

static struct regs read_regs(void)
{
	static const u16 offsets[] = { 0, 0x80, 0x88, 0x90, 0x100, 0x108 };
	struct regs r = { 0 };

	for (u32 i = 0; i < ARRAY_SIZE(offsets); i++)
		REQUIRE(!its_reg_get(world_its, offsets[i], &r.val[i]), "no register %x",
			offsets[i]);
	return r;
}

/* Nothing has changed since @before. */
static void require_regs(const struct regs *before, u64 offset, u64 val)
{
	struct regs after = read_regs();

	REQUIRE(!memcmp(before, &after, sizeof(after)),
		"%llx at %llx changes a register during a reset or a restore",
		(unsigned long long)val, (unsigned long long)offset);
}

void world_write(u64 offset, u32 size, u64 val)
{
	struct regs before;

	if (!busy()) {
		its_mmio_write(world_its, offset, size, val);
		return;
	}
	before = read_regs();
	its_mmio_write(world_its, offset, size, val);
	require_regs(&before, offset, val);
}

int world_reg_set(u64 offset, u64 val)
{
	u64 old;
	int ret, found;

	if (!busy()) {
		ret = its_reg_set(world_its, offset, val);
		REQUIRE(ret == 0 || ret == -EINVAL || ret == -ENXIO ||
				(ret == -EBUSY && offset == 0x90),
			"its_reg_set: %d", ret);
		return ret;
	}
	found = its_reg_get(world_its, offset, &old);
	ret = its_reg_set(world_its, offset, val);
	REQUIRE(ret == (found ? found : -EBUSY), "its_reg_set: %d during a reset or a restore",
		ret);
	return ret;
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
		shadow_check_saved();
	REQUIRE((ret == -EBUSY) == busy(), "save: %d, a reset or a restore goes on: %d", ret,
		busy());
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
	REQUIRE((ret == -EBUSY) == world_now.resetting, "restore: %d, a reset goes on: %d", ret,
		world_now.resetting);
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
	       commands * (4 + st->events / 8 + its_nr_entries(world_its) / 1024);
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
	u64 agains = world_now.agains, steps = 0, limit;
	int ret;

	world_settle();
	limit = table_steps(shadow_eventids());
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
		REQUIRE(shadow_empty(), "something is mapped after a failed restore");
	return ret;
}

/* ---- MSIs ---- */

static bool quiet(void)
{
	return !world_now.locked && !busy() && (its_mmio_read(world_its, 0, 4) & BIT(31));
}

/* What the shadow knows about an event: the answer to expect. */
static int expected(u32 devid, u32 eventid, struct its_event_info *info)
{
	u32 entry = world_entry(devid, eventid);

	if (!(its_mmio_read(world_its, 0, 4) & 1))
		return -EBUSY;
	if (entry == ~0u || !its_event_info(world_its, entry, info) || info->vcpu == ITS_NO_VCPU)
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
	REQUIRE(world_now.pends == (ret >= 0), "a signal makes %u LPIs pending, answers %d",
		world_now.pends, ret);
	if (!predict)
		return;
	REQUIRE(ret == want, "a signal answers %d, expected %d", ret, want);
	if (ret >= 0)
		REQUIRE(world_now.pend_vcpu == info->vcpu && world_now.pend_lpi == info->lpi,
			"a signal makes LPI %u pending at vCPU %u, not LPI %u at %u",
			world_now.pend_lpi, world_now.pend_vcpu, info->lpi, info->vcpu);
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
	if (!busy())
		shadow_check(deep);
}
