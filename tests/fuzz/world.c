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

/* What is mapped, as the backend was told. */
static struct {
	u32 nr_devices, nr_events;
	u32 device[NR_IDS]; /* EventIDs of a mapped device, else 0 */
	u32 events_of[NR_IDS];
	struct {
		u32 devid, eventid, entry;
	} event[MAX_ENTRIES]; /* the first nr_events */
	u32 index[MAX_ENTRIES]; /* by entry: index of event[] + 1 */
} shadow;

/* What is going on. */
static struct {
	bool locked; /* inside of the ITS, under its lock */
	bool signalling; /* inside of its_signal(), from the top */
	bool translated; /* ...and it has come to lpi_pend() */
	u32 elsewhere; /* signals by other CPUs meanwhile */
	bool resetting, saving, restoring;
	bool apart; /* world_tables_apart() when the save began, and nothing was poked since */
	u32 devid, eventid; /* what is being signalled */
	u32 pends; /* LPIs that it made pending */
	u32 pend_vcpu, pend_lpi;
	u32 accesses, calls; /* of this step */
	u64 agains; /* -EAGAIN answered, ever */
} now;

/* What answered -EAGAIN last, and must be what is asked next of its kind. */
static struct {
	bool again;
	u32 a, b;
} asked[NR_OPS];

/* ---- Operations ---- */

static void op_begin(void)
{
	now.calls++;
	if (world_meanwhile)
		world_meanwhile(now.locked);
}

static int op_end(enum fake_op op, int ret, u32 a, u32 b)
{
	asked[op].again = ret == -EAGAIN;
	asked[op].a = a;
	asked[op].b = b;
	now.agains += ret == -EAGAIN;
	return ret;
}

static void require_again(enum fake_op op, u32 a, u32 b)
{
	REQUIRE(!asked[op].again || (asked[op].a == a && asked[op].b == b),
		"operation %u answered -EAGAIN for %x, %x, and is asked for %x, %x", op,
		asked[op].a, asked[op].b, a, b);
}

static void require_vcpu(u32 vcpu)
{
	REQUIRE(vcpu < world_cfg.nr_vcpus, "vCPU %u of %u", vcpu, world_cfg.nr_vcpus);
}

static void require_lpi(u32 lpi)
{
	REQUIRE(lpi >= ITS_LPI_BASE && lpi < BIT(world_cfg.intid_bits), "LPI %u", lpi);
}

/* An event that is being signalled must not be unmapped or moved under its feet. */
static void require_idle_event(u32 devid, u32 eventid)
{
	REQUIRE(!now.translated || now.devid != devid || now.eventid != eventid,
		"event %x/%x changes while it is being signalled", devid, eventid);
}

static int op_read(void *vm, u64 ipa, void *buf, size_t len)
{
	now.accesses++;
	REQUIRE(len && len <= PAGE, "a read of %zu bytes", len);
	return fake_ops.read(vm, ipa, buf, len);
}

static void mark_dirty(u64 ipa, size_t len)
{
	for (u64 p = (ipa - FAKE_RAM) / PAGE; p <= (ipa + len - 1 - FAKE_RAM) / PAGE; p++)
		dirty[p] = true;
}

static int op_write(void *vm, u64 ipa, const void *buf, size_t len)
{
	int ret;

	now.accesses++;
	REQUIRE(len && len <= PAGE, "a write of %zu bytes", len);
	REQUIRE(now.saving, "guest memory is written by something that is not a save");
	ret = fake_ops.write(vm, ipa, buf, len);
	if (!ret)
		mark_dirty(ipa, len);
	return ret;
}

static int op_lpi_pend(void *vm, u32 vcpu, u32 lpi)
{
	require_vcpu(vcpu);
	require_lpi(lpi);
	if (now.signalling && !now.locked && !now.elsewhere) {
		now.translated = true;
		now.pends++;
		now.pend_vcpu = vcpu;
		now.pend_lpi = lpi;
	}
	op_begin();
	now.translated = false;
	return fake_ops.lpi_pend(vm, vcpu, lpi);
}

static int op_lpi_clear(void *vm, u32 lpi, bool again)
{
	require_lpi(lpi);
	require_again(OP_CLEAR, lpi, 0);
	op_begin();
	return op_end(OP_CLEAR, fake_ops.lpi_clear(vm, lpi, again), lpi, 0);
}

static int op_lpi_move(void *vm, u32 lpi, u32 to, bool again)
{
	require_lpi(lpi);
	require_vcpu(to);
	require_again(OP_MOVE, lpi, to);
	op_begin();
	return op_end(OP_MOVE, fake_ops.lpi_move(vm, lpi, to, again), lpi, to);
}

static int op_lpi_move_all(void *vm, u32 from, u32 to, u32 *cursor)
{
	require_vcpu(from);
	require_vcpu(to);
	require_again(OP_MOVE_ALL, from, to);
	REQUIRE(asked[OP_MOVE_ALL].again ? *cursor > 0 : *cursor == 0, "cursor %u of MOVALL",
		*cursor);
	op_begin();
	return op_end(OP_MOVE_ALL, fake_ops.lpi_move_all(vm, from, to, cursor), from, to);
}

static int op_lpi_reload(void *vm, u32 vcpu, u32 lpi)
{
	require_vcpu(vcpu);
	require_lpi(lpi);
	op_begin();
	return fake_ops.lpi_reload(vm, vcpu, lpi);
}

static void require_devid(u32 devid)
{
	REQUIRE(devid < BIT(world_cfg.devid_bits), "DeviceID %x", devid);
}

static int op_device_mapped(void *vm, u32 devid, u32 nr)
{
	int ret;

	require_devid(devid);
	require_again(OP_DEVICE_MAPPED, devid, nr);
	REQUIRE(bits_is_pow2(nr) && nr >= 2 && nr <= BIT(world_cfg.eventid_bits), "%u EventIDs",
		nr);
	REQUIRE(!shadow.device[devid], "device %x is mapped twice", devid);
	op_begin();
	ret = fake_ops.device_mapped(vm, devid, nr);
	if (ret != -EAGAIN) { /* an error is only counted: the device is virtual */
		shadow.device[devid] = nr;
		shadow.nr_devices++;
	}
	return op_end(OP_DEVICE_MAPPED, ret, devid, nr);
}

static int op_device_unmapped(void *vm, u32 devid)
{
	int ret;

	require_devid(devid);
	require_again(OP_DEVICE_UNMAPPED, devid, 0);
	REQUIRE(shadow.device[devid], "device %x is unmapped, but is not mapped", devid);
	REQUIRE(!shadow.events_of[devid], "device %x is unmapped with %u events", devid,
		shadow.events_of[devid]);
	REQUIRE(!now.translated || now.devid != devid,
		"device %x is unmapped while it is signalling", devid);
	op_begin();
	ret = fake_ops.device_unmapped(vm, devid);
	if (!ret) {
		shadow.device[devid] = 0;
		shadow.nr_devices--;
	}
	return op_end(OP_DEVICE_UNMAPPED, ret, devid, 0);
}

/* Its index in the shadow, or nr_events. */
static u32 shadow_find(u32 devid, u32 eventid)
{
	u32 i;

	for (i = 0; i < shadow.nr_events; i++) {
		if (shadow.event[i].devid == devid && shadow.event[i].eventid == eventid)
			break;
	}
	return i;
}

static void op_event_mapped(void *vm, u32 devid, u32 eventid, u32 entry, u32 vcpu)
{
	u32 i = shadow.nr_events;

	require_devid(devid);
	REQUIRE(shadow.device[devid] && eventid < shadow.device[devid], "event %x/%x of %x", devid,
		eventid, shadow.device[devid]);
	REQUIRE(entry < nr_entries && !shadow.index[entry], "entry %u", entry);
	REQUIRE(shadow_find(devid, eventid) == i, "event %x/%x is mapped twice", devid, eventid);
	if (vcpu != ITS_NO_VCPU)
		require_vcpu(vcpu);
	op_begin();
	shadow.event[i].devid = devid;
	shadow.event[i].eventid = eventid;
	shadow.event[i].entry = entry;
	shadow.index[entry] = i + 1;
	shadow.nr_events++;
	shadow.events_of[devid]++;
	fake_ops.event_mapped(vm, devid, eventid, entry, vcpu);
}

static void op_event_moved(void *vm, u32 devid, u32 eventid, u32 vcpu)
{
	require_vcpu(vcpu);
	REQUIRE(shadow_find(devid, eventid) < shadow.nr_events, "event %x/%x moves, not mapped",
		devid, eventid);
	require_idle_event(devid, eventid);
	op_begin();
	fake_ops.event_moved(vm, devid, eventid, vcpu);
}

static void op_event_unmapped(void *vm, u32 devid, u32 eventid)
{
	u32 i = shadow_find(devid, eventid), last = shadow.nr_events - 1;

	REQUIRE(i < shadow.nr_events, "event %x/%x is unmapped, but is not mapped", devid, eventid);
	require_idle_event(devid, eventid);
	op_begin();
	shadow.index[shadow.event[last].entry] = i + 1;
	shadow.index[shadow.event[i].entry] = 0;
	shadow.event[i] = shadow.event[last];
	shadow.nr_events--;
	shadow.events_of[devid]--;
	fake_ops.event_unmapped(vm, devid, eventid);
}

static const struct its_ops ops = {
	.read = op_read,
	.write = op_write,
	.lpi_pend = op_lpi_pend,
	.lpi_clear = op_lpi_clear,
	.lpi_move = op_lpi_move,
	.lpi_move_all = op_lpi_move_all,
	.lpi_reload = op_lpi_reload,
	.device_mapped = op_device_mapped,
	.device_unmapped = op_device_unmapped,
	.event_mapped = op_event_mapped,
	.event_moved = op_event_moved,
	.event_unmapped = op_event_unmapped,
};

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
	mark_dirty(ipa, len);
	now.apart = false;
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
	now.locked = true;
	now.accesses = 0;
	now.calls = 0;
}

static void step_end(void)
{
	now.locked = false;
	REQUIRE(now.accesses <= STEP_ACCESSES, "%u accesses in one step", now.accesses);
	REQUIRE(now.calls <= STEP_CALLS, "%u operations in one step", now.calls);
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
	now.resetting = p == ITS_AGAIN;
	now.restoring = false; /* a reset ends it */
	return p;
}

/* A save has ended: each event is in its ITT as it is now, whatever happened since it began. */
static void check_saved(void)
{
	struct its_event_info info;
	struct its_device_info dev;

	if (!now.apart || !world_tables_apart())
		return;
	for (u32 i = 0; i < shadow.nr_events; i++) {
		u64 ite;

		if (!its_event_info(world_its, shadow.event[i].entry, &info) ||
		    !its_device_info(world_its, info.devid, &dev))
			continue;
		ite = world_peek(dev.itt + info.eventid * 8ull);
		REQUIRE((ite & GENMASK(47, 0)) == ((u64)info.lpi << 16 | info.icid),
			"event %x/%x is saved as %llx", info.devid, info.eventid,
			(unsigned long long)ite);
	}
}

int world_save(void)
{
	int ret;

	if (!now.saving)
		now.apart = world_tables_apart();
	step_begin();
	now.saving = true;
	ret = its_save(world_its);
	step_end();
	now.saving = ret == -EAGAIN;
	REQUIRE(ret == 0 || ret == -EAGAIN || ret == -EINVAL || ret == -EFAULT || ret == -EBUSY,
		"save: %d", ret);
	if (!ret)
		check_saved();
	REQUIRE(ret != -EBUSY || now.resetting || now.restoring, "save: busy with nothing");
	return ret;
}

int world_restore(void)
{
	int ret;

	step_begin();
	ret = its_restore(world_its);
	step_end();
	now.restoring = ret == -EAGAIN;
	REQUIRE(ret == 0 || ret == -EAGAIN || ret == -EINVAL || ret == -EFAULT || ret == -ENXIO ||
			ret == -ENOMEM || ret == -EBUSY,
		"restore: %d", ret);
	REQUIRE(ret != -EBUSY || now.resetting, "restore: busy with nothing");
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
	return 64 + 2 * (now.agains - agains) + 2 * st->devices + st->events / 8 +
	       commands * (4 + st->events / 8 + nr_entries / 1024);
}

void world_settle(void)
{
	u64 agains = now.agains, steps = 0;
	struct its_stats st;
	u64 tables = now.saving || now.restoring
			     ? table_steps((u64)world_cfg.max_devices << world_cfg.eventid_bits)
			     : 0;
	bool more = true;

	its_get_stats(world_its, &st);
	while (more) {
		if (now.resetting)
			world_reset();
		else if (now.restoring)
			world_restore();
		else if (world_run() == ITS_AGAIN)
			;
		else if (now.saving)
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
	u64 agains = now.agains, steps = 0, limit, entries = 0;
	int ret;

	world_settle();
	for (u32 i = 0; i < BIT(world_cfg.devid_bits); i++)
		entries += shadow.device[i];
	limit = table_steps(entries);
	while ((ret = world_save()) == -EAGAIN)
		REQUIRE(++steps < limit + 2 * (now.agains - agains), "a save without end");
	return ret;
}

int world_restore_all(void)
{
	u64 agains = now.agains, steps = 0, limit;
	int ret;

	world_settle();
	limit = table_steps((u64)world_cfg.max_devices << world_cfg.eventid_bits) +
		world_cfg.max_devices;
	while ((ret = world_restore()) == -EAGAIN)
		REQUIRE(++steps < limit + 2 * (now.agains - agains), "a restore without end");
	if (ret && ret != -ENXIO)
		REQUIRE(!shadow.nr_devices && !shadow.nr_events,
			"something is mapped after a failed restore");
	return ret;
}

/* ---- MSIs ---- */

static bool quiet(void)
{
	return !now.locked && !now.resetting && !now.restoring &&
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
	now.signalling = true;
	now.devid = devid;
	now.eventid = eventid;
	now.pends = 0;
}

static void signal_end(int ret, bool predict, int want, const struct its_event_info *info)
{
	now.signalling = false;
	REQUIRE(ret == 1 || ret == 0 || ret == -ENXIO || ret == -EBUSY || ret == -EINVAL,
		"a signal answers %d", ret);
	REQUIRE(now.pends == (ret >= 0), "a signal makes %u LPIs pending, answers %d", now.pends,
		ret);
	if (!predict)
		return;
	REQUIRE(ret == want, "a signal answers %d, expected %d", ret, want);
	if (ret >= 0)
		REQUIRE(now.pend_vcpu == info->vcpu && now.pend_lpi == info->lpi,
			"a signal makes LPI %u pending at vCPU %u, not LPI %u at %u", now.pend_lpi,
			now.pend_vcpu, info->lpi, info->vcpu);
}

/* On another CPU, in the middle of something. */
static void signal_elsewhere(u32 cpu, u32 devid, u32 eventid)
{
	bool translated = now.translated;
	u32 calls = now.calls;

	now.elsewhere++;
	its_signal(world_its, cpu, devid, eventid);
	now.elsewhere--;
	now.translated = translated;
	now.calls = calls;
}

void world_signal(u32 cpu, u32 devid, u32 eventid)
{
	bool predict = quiet() && cpu < world_cfg.nr_cpus,
	     top = !now.locked && !now.signalling && !now.elsewhere;
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

u32 world_entry(u32 devid, u32 eventid)
{
	u32 i = shadow_find(devid, eventid);

	return i < shadow.nr_events ? shadow.event[i].entry : ~0u;
}

/* ---- Checks ---- */

static void check_event(u32 i)
{
	struct its_event_info info;
	struct its_device_info dev;
	u32 devid = shadow.event[i].devid;

	REQUIRE(its_event_info(world_its, shadow.event[i].entry, &info), "entry %u is empty",
		shadow.event[i].entry);
	REQUIRE(info.devid == devid && info.eventid == shadow.event[i].eventid,
		"entry %u is event %x/%x", shadow.event[i].entry, info.devid, info.eventid);
	require_lpi(info.lpi);
	REQUIRE(its_collection_vcpu(world_its, info.icid) == info.vcpu, "ICID %u", info.icid);
	if (info.vcpu != ITS_NO_VCPU)
		require_vcpu(info.vcpu);
	REQUIRE(its_device_info(world_its, devid, &dev), "device %x", devid);
	REQUIRE(dev.mapped == shadow.events_of[devid] && dev.nr_events == shadow.device[devid] &&
			info.eventid < dev.nr_events,
		"device %x: %u of %u events", devid, dev.mapped, dev.nr_events);
}

static void check_deep(const struct its_stats *st)
{
	struct its_event_info info;
	struct its_device_info dev;
	u32 events = 0, devices = 0, collections = 0;

	for (u32 i = 0; i < nr_entries; i++)
		events += its_event_info(world_its, i, &info);
	for (u32 i = 0; i < BIT(world_cfg.devid_bits); i++)
		devices += its_device_info(world_its, i, &dev);
	for (u32 i = 0; i < 0x10000; i++) {
		u32 vcpu = its_collection_vcpu(world_its, i);

		if (vcpu == ITS_NO_VCPU)
			continue;
		require_vcpu(vcpu);
		collections++;
	}
	REQUIRE(events == st->events && devices == st->devices && collections == st->collections,
		"found %u, %u, %u; counted %u, %u, %u", devices, events, collections, st->devices,
		st->events, st->collections);
	REQUIRE(!its_event_info(world_its, nr_entries, &info), "an entry beyond the last");
}

void world_check(bool deep)
{
	struct its_stats st;

	if (now.resetting || now.restoring)
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

u32 world_nr_events(void)
{
	return shadow.nr_events;
}

void world_event(u32 i, struct its_event_info *info)
{
	its_event_info(world_its, shadow.event[i].entry, info);
}
