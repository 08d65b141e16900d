/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The restore parser: tables in guest memory come from the input, change while they are read, and
 * may lie on top of each other. After an error nothing is mapped; after success everything is
 * within its limits, and saved, restored and saved again the tables are the same bytes.
 */
// sources: its/its.c its/regs.c its/queue.c its/cmd.c its/device.c its/event.c its/baser.c its/signal.c
// sources: its/save.c its/restore.c
// sources: tests/fuzz/world.c tests/fuzz/shadow.c tests/fuzz/world_ops.c tests/fuzz/image.c
// sources: tests/fuzz/draw.c tests/fuzz/panic.c tests/unit/its_fake.c
#include "tests/fuzz/world_ops.h"

#define REG_BASER 0x100

static struct its_config cfg;
static struct draw draw;
static struct input whole, in;
static bool deep;
static u64 baser[2]; /* as set */

/* ---- Entries ---- */

/* Where table @n has its entry @id, as far as anyone can tell. */
static u64 entry_address(u32 n, u32 id)
{
	u64 val = its_mmio_read(world_its, REG_BASER + n * 8, 8);
	u32 page_bits = 12 + 2 * (u32)MIN(val >> 8 & 3, 2u);
	u32 per_page = (u32)BIT(page_bits) / 8;
	u64 addr = val & GENMASK(47, 12) & ~(BIT(page_bits) - 1);

	if (!(val & BIT(62)))
		return addr + id * 8ull;
	addr = world_peek(addr + id / per_page * 8ull) & GENMASK(51, 12) & ~(BIT(page_bits) - 1);
	return addr + id % per_page * 8ull;
}

static void poke64(u64 ipa, u64 val)
{
	world_poke(ipa, &val, sizeof(val));
}

/* To the next entry: mostly a small number. */
static u64 draw_next(u32 max)
{
	u8 b = in_u8(&in);

	if (b < 0x80)
		return 0;
	return b < 0xf8 ? b & 7 : in_bytes(&in, 2) & max;
}

/* @n entries of the collection table, from the beginning. */
static void do_collections(void)
{
	u32 n = 1 + in_below(&in, 8);

	for (u32 i = 0; i < n; i++) {
		u8 b = in_u8(&in);
		u64 vcpu = b < 0xe0 ? b % cfg.nr_vcpus : b < 0xf0 ? UINT32_MAX : cfg.nr_vcpus;
		u32 icid = in_one_in(&in, 16) ? draw_icid(&draw, &in) : i;

		poke64(entry_address(1, i), BIT(63) | vcpu << 16 | icid);
	}
	poke64(entry_address(1, n), 0);
}

static u64 itt_of(u32 devid)
{
	return draw.ram + PLACE_ITTS * SZ_64K + devid % 0x30 * SZ_4K;
}

static void poke_device(u32 devid, u64 itt, u64 bits, u64 next)
{
	poke64(entry_address(0, devid), BIT(63) | next << 49 | itt >> 8 << 5 | (bits - 1));
}

static void do_device(void)
{
	u32 devid = draw_devid(&draw, &in);
	u64 bits = in_one_in(&in, 8) ? 1 + (in_u8(&in) & 31) : draw.eventid_bits;
	u64 itt = in_one_in(&in, 8) ? draw_itt(&draw, &in) & GENMASK(51, 8) : itt_of(devid);

	poke_device(devid, itt, bits, draw_next(0x3fff));
}

static void poke_event(u64 itt, u32 eventid, u64 next)
{
	u64 lpi = draw_lpi(&draw, &in);

	poke64(itt + eventid * 8ull, next << 48 | lpi << 16 | draw_icid(&draw, &in));
}

static void do_event(void)
{
	u32 devid = draw_devid(&draw, &in), eventid = draw_eventid(&draw, &in) & 0xffff;

	poke_event(itt_of(devid), eventid, draw_next(0xffff));
}

/* A device with several events, each leading to the next one. */
static void do_chain(void)
{
	u32 devid = draw_devid(&draw, &in), eventid = 0, n = 1 + in_below(&in, 8);

	poke_device(devid, itt_of(devid), draw.eventid_bits, in_u8(&in) & 1);
	while (n--) {
		u32 next = n ? 1 + (in_u8(&in) & 3) : 0;

		poke_event(itt_of(devid), eventid & ((u32)BIT(draw.eventid_bits) - 1), next);
		eventid += next;
	}
}

static void do_level2(void)
{
	u64 val = BIT(63) | (draw.ram + (PLACE_LEVEL2 + (in_u8(&in) & 1)) * SZ_64K);
	u8 b = in_u8(&in);

	if (b >= 0xf0)
		val = in_bytes(&in, 8);
	poke64((baser[0] & GENMASK(47, 12)) + (b & 3) * 8, b & 0x10 ? val & ~BIT(63) : val);
}

static void do_poke(void)
{
	u64 at = draw_address(&draw, &in);

	poke64(at, in_bytes(&in, 8));
}

/* ---- What is done with them ---- */

static void set_basers(void)
{
	for (u32 i = 0; i < 2; i++)
		world_reg_set(REG_BASER + i * 8, baser[i]);
	world_settle();
}

static void do_basers(void)
{
	baser[0] = draw_baser(&draw, &in, 0);
	baser[1] = draw_baser(&draw, &in, 1);
	set_basers();
}

static void do_hole(void)
{
	world_ops_hole(&draw, &in);
}

static void do_backend(void)
{
	u8 b = in_u8(&in);

	world_fake.device_error = b & 2 ? -ENOSPC : 0;
	world_fake.lpi_limit = b & 4 ? 8192 + in_below(&in, draw.lpis) : FAKE_NR_LPIS;
	world_fake.again[in_below(&in, NR_OPS)] = b >> 4;
}

static void do_reset(void)
{
	world_reset();
	world_settle();
	set_basers();
}

static void do_restore(void)
{
	world_ops_restore(&in);
}

static void do_save(void)
{
	world_ops_save(&in);
}

static void do_write(void)
{
	u64 offset = draw_offset(&in);
	u32 size = draw_width(&in);

	world_write(offset, size, in_bytes(&in, 8));
}

static void do_signal(void)
{
	u32 devid = draw_devid(&draw, &in);

	world_signal(0, devid, draw_eventid(&draw, &in));
}

/* Restored, all of it; then saved, restored and saved: the same. */
static void round_trip(void)
{
	static struct world_image first, second;
	bool apart;
	u64 bytes;

	do_reset();
	if (world_restore_all())
		return;
	world_check(deep);
	apart = world_tables_apart() && world_image(&first);
	world_fake.lpi_limit = FAKE_NR_LPIS;
	if (world_save_all()) {
		REQUIRE(!apart, "what was restored cannot be saved");
		return;
	}
	bytes = world_ram_sum();
	do_reset();
	if (world_restore_all()) {
		REQUIRE(!apart, "what was saved cannot be restored");
		return;
	}
	if (!apart)
		return;
	world_image(&second);
	world_same(&first, &second);
	REQUIRE(!world_save_all() && world_ram_sum() == bytes, "saved again it is something else");
}

static void do_round_trip(void)
{
	if (world_ops_may_save())
		round_trip();
}

static const struct input_op table[] = {
	{ 7, do_collections }, { 15, do_device }, { 24, do_event },	 { 36, do_chain },
	{ 40, do_level2 },     { 42, do_poke },	  { 45, do_basers },	 { 47, do_hole },
	{ 49, do_backend },    { 51, do_reset },  { 58, do_restore },	 { 59, do_save },
	{ 61, do_write },      { 63, do_signal }, { 64, do_round_trip },
};

static void start(void)
{
	u8 b = in_u8(&in);

	cfg = (struct its_config){
		.nr_vcpus = 1 + (b & 7),
		.nr_cpus = 1,
		.max_devices = b & 0x40 ? 1 + in_below(&in, 8) : 64,
		.seed = in_u8(&in),
	};
	world_ops_start(&cfg, &draw, &in);
	world_meanwhile = NULL;
	world_fake.again_rate = b & 0x80 ? 2 + (b & 7) : 0;
	world_ops_late(b);
	deep = (b & 0x3f) == 0x3f;
	do_basers();
}

static void play(void)
{
	in = whole;
	start();
	while (in_more(&in)) {
		in_run(table, in_u8(&in));
		if (world_ops_twice())
			world_settle();
	}
	world_settle();
	memset(world_fake.ram->hole, 0, sizeof(world_fake.ram->hole));
	round_trip();
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	whole = (struct input){ data, data + size };
	world_ops_play(play, &deep);
	return 0;
}
