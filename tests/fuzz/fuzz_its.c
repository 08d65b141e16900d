/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ITS under a hostile guest, user space and devices: registers at every width, commands, guest
 * memory that is written and taken away, MSIs from several CPUs in the middle of everything, reset,
 * save and restore whole and in parts, operations that answer -EAGAIN. What must hold is checked in
 * tests/fuzz/world.c.
 */
// sources: its/its.c its/regs.c its/queue.c its/cmd.c its/device.c its/event.c its/baser.c its/signal.c
// sources: its/save.c its/restore.c
// sources: tests/fuzz/world.c tests/fuzz/shadow.c tests/fuzz/world_ops.c tests/fuzz/image.c
// sources: tests/fuzz/draw.c tests/fuzz/panic.c tests/unit/its_fake.c
#include "tests/fuzz/world_ops.h"

static struct its_config cfg;
static struct draw draw;
static struct input whole, in;
static bool deep; /* this input ends with a thorough check */

/* What other CPUs will do in operations to come; each once. */
static struct {
	u8 left; /* how often */
	u8 depth;
	bool commands; /* run the queue, where that is possible, or signal */
	u32 devid, eventid;
} meanwhile;

static void on_meanwhile(bool locked)
{
	u32 cpu = 1 + meanwhile.depth;

	if (!meanwhile.left || cpu >= cfg.nr_cpus)
		return;
	meanwhile.left--;
	meanwhile.depth++;
	if (meanwhile.commands && !locked)
		world_run();
	else
		world_signal(cpu, meanwhile.devid, meanwhile.eventid);
	meanwhile.depth--;
}

/* ---- Operations ---- */

/* @n commands at CWRITER; the ring is where CBASER has it. */
static void do_commands(u32 n)
{
	u64 cbaser = its_mmio_read(world_its, 0x80, 8);
	u64 size = ((cbaser & 0xff) + 1) * SZ_4K, at = its_mmio_read(world_its, 0x88, 8);
	u64 w[4];

	while (n--) {
		draw_command(&draw, &in, w);
		world_poke((cbaser & GENMASK(51, 16)) + at, w, sizeof(w));
		at = (at + sizeof(w)) % size;
	}
	world_write(0x88, 8, at);
}

static void do_command(void)
{
	do_commands(1);
}

static void do_burst(void)
{
	do_commands(2 + in_below(&in, 14));
}

/* As a driver would, if the input has it so. */
static void do_setup(void)
{
	world_write(0, 4, 0);
	world_settle();
	world_write(0x80, 8, draw_cbaser(&draw, &in));
	world_write(0x100, 8, draw_baser(&draw, &in, 0));
	world_write(0x108, 8, draw_baser(&draw, &in, 1));
	world_write(0, 4, 1);
}

static void do_write(void)
{
	u64 offset = draw_offset(&in);
	u32 size = draw_width(&in);

	world_write(offset, size, in_bytes(&in, in_one_in(&in, 2) ? 8 : 1));
}

static void do_read(void)
{
	u64 offset = draw_offset(&in);
	u32 size = draw_width(&in);
	u64 val = its_mmio_read(world_its, offset, size);

	REQUIRE(size == 8 || val < BIT(size * 8), "a read of %u bytes: %llx", size,
		(unsigned long long)val);
}

static void do_enable(void)
{
	world_write(0, 4, in_u8(&in) & 1);
}

static void do_signal(void)
{
	u32 devid = draw_devid(&draw, &in), eventid = draw_eventid(&draw, &in);

	world_signal(in_below(&in, cfg.nr_cpus + 1), devid, eventid);
}

/* The entry of the event that is named, of another one, or none. */
static void do_signal_entry(void)
{
	u32 devid = draw_devid(&draw, &in), eventid = draw_eventid(&draw, &in);
	u8 b = in_u8(&in);
	u32 entry = b < 0xf0 ? world_entry(devid, b < 0xc0 ? eventid : b % draw.eventids)
			     : (u32)in_bytes(&in, 4);

	world_signal_entry(in_below(&in, cfg.nr_cpus), entry, devid, eventid);
}

static void do_meanwhile(void)
{
	u8 b = in_u8(&in);

	meanwhile.left = b & 7;
	meanwhile.commands = b & 0x80;
	meanwhile.devid = draw_devid(&draw, &in);
	meanwhile.eventid = draw_eventid(&draw, &in);
}

static void do_poke(void)
{
	u64 at = draw_address(&draw, &in), val;

	val = in_one_in(&in, 4) ? in_bytes(&in, 8)
				: BIT(63) | (draw_address(&draw, &in) & ~0xfffull);
	world_poke(at, &val, sizeof(val));
}

/* A second-level page for the first IDs of an indirect table. */
static void do_level2(void)
{
	u64 val = BIT(63) | (draw.ram + (PLACE_LEVEL2 + (in_u8(&in) & 1)) * SZ_64K);

	world_poke(draw.ram + PLACE_DEVICES * SZ_64K + in_below(&in, 8) * 8, &val, sizeof(val));
}

static void do_hole(void)
{
	world_ops_hole(&draw, &in);
}

static void do_backend(void)
{
	u8 b = in_u8(&in);

	world_fake.lpis_off[in_below(&in, cfg.nr_vcpus)] = b & 1;
	world_fake.device_error = b & 2 ? -ENOSPC : 0;
	world_fake.lpi_limit = b & 4 ? 8192 + in_below(&in, draw.lpis) : FAKE_NR_LPIS;
}

static void do_again(void)
{
	world_fake.again[in_below(&in, NR_OPS)] = in_below(&in, 6);
}

static void do_step(void)
{
	world_run();
}

static void do_reset(void)
{
	for (u32 n = 1 + in_below(&in, 8); n && world_reset() == ITS_AGAIN; n--)
		;
}

static void do_save(void)
{
	world_ops_save(&in);
}

static void do_restore(void)
{
	world_ops_restore(&in);
}

static void do_reg_set(void)
{
	u64 offset = draw_offset(&in), val = in_bytes(&in, in_one_in(&in, 2) ? 8 : 2);

	world_reg_set(offset, val);
}

static void do_reg_get(void)
{
	u64 val, offset = draw_offset(&in);
	int ret = its_reg_get(world_its, offset, &val);

	REQUIRE(ret == 0 || ret == -EINVAL || ret == -ENXIO, "its_reg_get: %d", ret);
}

/* All of it to another machine, as user space does: it must arrive there. */
static void do_migrate(void)
{
	static const u16 regs[] = { 0x80, 0x88, 0x90, 0x100, 0x108, 0 };
	static struct world_image before, after;
	u64 val[ARRAY_SIZE(regs)];
	bool apart;
	int ret;

	if (!world_ops_may_save())
		return;
	world_settle();
	apart = world_tables_apart(); /* before: a save may overwrite its own first level */
	if (world_save_all() || !world_image(&before))
		return;
	for (u32 i = 0; i < ARRAY_SIZE(regs); i++)
		REQUIRE(!its_reg_get(world_its, regs[i], &val[i]), "no register %x", regs[i]);
	world_reset();
	world_settle();
	world_fake.lpi_limit = FAKE_NR_LPIS;
	for (u32 i = 0; i < ARRAY_SIZE(regs) - 1; i++)
		REQUIRE(!world_reg_set(regs[i], val[i]), "register %x: %llx", regs[i],
			(unsigned long long)val[i]);
	ret = world_restore_all();
	REQUIRE(!apart || ret == 0, "what was saved is not restored: %d", ret);
	if (apart && world_image(&after))
		world_same(&before, &after);
	world_reg_set(0, val[ARRAY_SIZE(regs) - 1]);
}

static void settle(u8 b)
{
	(void)b;
	world_settle();
	world_check(false);
}

static void do_check(void)
{
	settle(0);
}

static const struct input_op table[] = {
	{ 16, do_command },   { 20, do_burst },	  { 28, do_signal },  { 30, do_signal_entry },
	{ 32, do_setup },     { 35, do_write },	  { 36, do_read },    { 38, do_enable },
	{ 41, do_meanwhile }, { 43, do_poke },	  { 45, do_level2 },  { 47, do_hole },
	{ 49, do_backend },   { 52, do_again },	  { 54, do_step },    { 56, do_reset },
	{ 58, do_save },      { 60, do_restore }, { 61, do_reg_set }, { 62, do_reg_get },
	{ 63, do_migrate },   { 64, do_check },
};

static void start(void)
{
	u8 b = in_u8(&in);

	memset(&meanwhile, 0, sizeof(meanwhile));
	cfg = (struct its_config){
		.nr_vcpus = b & 0x80 ? 1 + in_below(&in, 512) : 1 + (b & 7),
		.nr_cpus = 1 + (b >> 3 & 3),
		.max_devices = b & 0x40 ? 1 + in_below(&in, 8) : 64,
		.seed = in_u8(&in),
	};
	world_ops_start(&cfg, &draw, &in);
	b = in_u8(&in);
	world_fake.again_rate = b & 0x80 ? 2 + (b & 7) : 0;
	world_ops_late(b);
	world_meanwhile = world_ops_twice() ? NULL : on_meanwhile;
	deep = (b & 0x3f) == 0x3f;
	if (b & 0x40)
		do_setup();
}

static void play(void)
{
	in = whole;
	start();
	in_run_all(&in, table, settle, world_ops_twice());
	meanwhile.left = 0;
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	whole = (struct input){ data, data + size };
	world_ops_play(play, &deep);
	return 0;
}
