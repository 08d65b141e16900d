/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The other side of struct its_ops: what the ITS asks for is checked, and from what it tells the
 * backend a shadow is kept of what is mapped, to check the ITS against.
 */
#include "tests/fuzz/shadow.h"

#define NR_IDS 0x1000u /* DeviceIDs that the shadow has room for: draw.c's devid_bits */
#define MAX_ENTRIES 0x20000u

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

/* What answered -EAGAIN last, and must be what is asked next of its kind. */
static struct {
	bool again;
	u32 a, b;
} asked[NR_OPS];

/* ---- Operations ---- */

static void op_begin(void)
{
	world_now.calls++;
	if (world_meanwhile)
		world_meanwhile(world_now.locked);
}

static int op_end(enum fake_op op, int ret, u32 a, u32 b)
{
	asked[op].again = ret == -EAGAIN;
	asked[op].a = a;
	asked[op].b = b;
	world_now.agains += ret == -EAGAIN;
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

/* An event has been translated, and its LPI is being made pending. */
static bool on_its_way(u32 devid, u32 eventid)
{
	return world_now.translated && world_now.devid == devid && world_now.eventid == eventid;
}

/* Memory that is not there yet costs a step, too. */
static int op_memory(int ret)
{
	world_now.agains += ret == -EAGAIN;
	return ret;
}

static int op_read(void *vm, u64 ipa, void *buf, size_t len)
{
	world_now.accesses++;
	REQUIRE(len && len <= PAGE, "a read of %zu bytes", len);
	return op_memory(fake_ops.read(vm, ipa, buf, len));
}

static int op_write(void *vm, u64 ipa, const void *buf, size_t len)
{
	int ret;

	world_now.accesses++;
	REQUIRE(len && len <= PAGE, "a write of %zu bytes", len);
	REQUIRE(world_now.saving, "guest memory is written by something that is not a save");
	ret = op_memory(fake_ops.write(vm, ipa, buf, len));
	if (!ret)
		world_touch(ipa, len);
	return ret;
}

static int op_lpi_pend(void *vm, u32 vcpu, u32 lpi)
{
	require_vcpu(vcpu);
	require_lpi(lpi);
	if (world_now.signalling && !world_now.locked && !world_now.elsewhere) {
		world_now.translated = true;
		world_now.pends++;
		world_now.pend_vcpu = vcpu;
		world_now.pend_lpi = lpi;
	}
	op_begin();
	world_now.translated = false;
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
	return op_memory(fake_ops.lpi_reload(vm, vcpu, lpi));
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
	REQUIRE(!world_now.translated || world_now.devid != devid,
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
	/* One that began after the move may be on its way: to the new vCPU. */
	REQUIRE(!on_its_way(devid, eventid) || world_now.pend_vcpu == vcpu,
		"event %x/%x has moved to vCPU %u, but is being signalled to %u", devid, eventid,
		vcpu, world_now.pend_vcpu);
	op_begin();
	fake_ops.event_moved(vm, devid, eventid, vcpu);
}

static void op_event_unmapped(void *vm, u32 devid, u32 eventid)
{
	u32 i = shadow_find(devid, eventid), last = shadow.nr_events - 1;

	REQUIRE(i < shadow.nr_events, "event %x/%x is unmapped, but is not mapped", devid, eventid);
	REQUIRE(!on_its_way(devid, eventid), "event %x/%x is unmapped while it is being signalled",
		devid, eventid);
	op_begin();
	shadow.index[shadow.event[last].entry] = i + 1;
	shadow.index[shadow.event[i].entry] = 0;
	shadow.event[i] = shadow.event[last];
	shadow.nr_events--;
	shadow.events_of[devid]--;
	fake_ops.event_unmapped(vm, devid, eventid);
}

const struct its_ops shadow_ops = {
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

/* ---- What is mapped ---- */

void shadow_start(void)
{
	REQUIRE(world_cfg.devid_bits <= 12, "the shadow is too small");
	nr_entries = its_nr_entries(world_its);
	REQUIRE(nr_entries <= MAX_ENTRIES, "%u entries", nr_entries);
	memset(asked, 0, sizeof(asked));
}

bool shadow_empty(void)
{
	return !shadow.nr_devices && !shadow.nr_events;
}

u64 shadow_eventids(void)
{
	u64 n = 0;

	for (u32 i = 0; i < BIT(world_cfg.devid_bits); i++)
		n += shadow.device[i];
	return n;
}

u32 world_entry(u32 devid, u32 eventid)
{
	u32 i = shadow_find(devid, eventid);

	return i < shadow.nr_events ? shadow.event[i].entry : ~0u;
}

u32 world_nr_events(void)
{
	return shadow.nr_events;
}

void world_event(u32 i, struct its_event_info *info)
{
	its_event_info(world_its, shadow.event[i].entry, info);
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

void shadow_check(bool deep)
{
	struct its_stats st;

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

void shadow_check_saved(void)
{
	struct its_event_info info;
	struct its_device_info dev;

	if (!world_now.apart || !world_tables_apart())
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
