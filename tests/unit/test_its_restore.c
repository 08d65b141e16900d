/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Restore of the ITS's tables: every error, hostile tables, bounded steps; registers as user space
 * sees them, and the sequence that Linux documents.
 */
// sources: its/its.c its/regs.c its/queue.c its/cmd.c its/device.c its/event.c its/baser.c its/signal.c
// sources: its/save.c its/restore.c tests/unit/its_fake.c
#include "tests/unit/its_tables.h"

/* ---- Errors of restore ---- */

#define BAD_ITT RIG_ITT
#define BAD_L2 UINT64_C(0x40500000)

static const struct bad {
	const char *name;
	int want;
	u64 ipa, val; /* is written into good tables */
	u64 hole; /* this page is not there; 0: all are */
	u32 lpi_limit, max_devices;
} bads[] = {
	{ "RDbase is no vCPU", -EINVAL, RIG_COLL_TABLE, VALID | 4 << 16 | 1, 0, 0, 0 },
	{ "RDbase with all bits", -EINVAL, RIG_COLL_TABLE, VALID | GENMASK(51, 0), 0, 0, 0 },
	{ "RDbase that is a vCPU in its low 32 bits", -EINVAL, RIG_COLL_TABLE,
	  VALID | UINT64_C(1) << 48 | 1, 0, 0, 0 },
	{ "one ICID twice", -EINVAL, RIG_COLL_TABLE + 16, VALID | 1, 0, 0, 0 },
	{ "one ICID twice, not mapped", -EINVAL, RIG_COLL_TABLE + 16,
	  VALID | UINT64_C(0xffffffff) << 16 | 2, 0, 0, 0 },
	{ "a CTE not in memory", -EFAULT, 0, 0, RIG_COLL_TABLE, 0, 0 },
	{ "a DTE not in memory", -EFAULT, 0, 0, BAD_L2, 0, 0 },
	{ "level 1 not in memory", -EFAULT, 0, 0, RIG_DEV_TABLE, 0, 0 },
	{ "level 1 leads out of memory", -EFAULT, RIG_DEV_TABLE, VALID | 0x90000000, 0, 0, 0 },
	{ "a Size of 17 bits", -EINVAL, BAD_L2 + 9 * 8, VALID | (RIG_ITT >> 3) | 16, 0, 0, 0 },
	{ "a Size of 32 bits", -EINVAL, BAD_L2 + 9 * 8, VALID | (RIG_ITT >> 3) | 31, 0, 0, 0 },
	{ "the next DeviceID beyond the table", -EINVAL, BAD_L2 + 9 * 8,
	  VALID | UINT64_C(1015) << 49 | (RIG_ITT >> 3) | 4, 0, 0, 0 },
	{ "the next DeviceID far beyond the table", -EINVAL, BAD_L2 + 5 * 8,
	  VALID | GENMASK(62, 49) | (RIG_ITT >> 3) | 4, 0, 0, 0 },
	{ "more devices than fit", -ENOMEM, 0, 0, 0, 0, 1 },
	{ "an ITE not in memory", -EFAULT, 0, 0, BAD_ITT, 0, 0 },
	{ "an ITT outside of memory", -EFAULT, BAD_L2 + 9 * 8,
	  VALID | (UINT64_C(0xfffffffffff00) >> 3) | 4, 0, 0, 0 },
	{ "an LPI of 1", -EINVAL, BAD_ITT + 31 * 8, 1 << 16 | 1, 0, 0, 0 },
	{ "an LPI of 8191", -EINVAL, BAD_ITT + 31 * 8, 8191 << 16 | 1, 0, 0, 0 },
	{ "an LPI of 65536", -EINVAL, BAD_ITT + 31 * 8, UINT64_C(65536) << 16 | 2, 0, 0, 0 },
	{ "an LPI with all bits", -EINVAL, BAD_ITT + 31 * 8, GENMASK(47, 16) | 2, 0, 0, 0 },
	{ "an ICID that no CTE has", -EINVAL, BAD_ITT + 31 * 8, UINT64_C(9000) << 16 | 3, 0, 0, 0 },
	{ "the next EventID beyond the ITT", -EINVAL, BAD_ITT + 31 * 8,
	  UINT64_C(1) << 48 | UINT64_C(9000) << 16 | 1, 0, 0, 0 },
	{ "the next EventID far beyond the ITT", -EINVAL, BAD_ITT + 8,
	  UINT64_C(0xffff) << 48 | UINT64_C(9000) << 16 | 1, 0, 0, 0 },
	{ "an LPI beyond GICR_PROPBASER.IDbits", -EINVAL, 0, 0, 0, 8500, 0 },
};

/*
 * ICID 1 -> vCPU 0, ICID 2 is not mapped; devices 5 and 9, 5 bits each, share an ITT of events 1
 * (LPI 8192), 2 (8193, ICID 2) and 31 (8600).
 */
static void good_tables(void)
{
	poke(RIG_COLL_TABLE, VALID | 1);
	poke(RIG_COLL_TABLE + 8, VALID | UINT64_C(0xffffffff) << 16 | 2);
	poke(RIG_DEV_TABLE, VALID | BAD_L2);
	poke(RIG_DEV_TABLE + 8, VALID | (BAD_L2 + 0x1000));
	poke(BAD_L2 + 5 * 8, VALID | UINT64_C(4) << 49 | (RIG_ITT >> 3) | 4);
	poke(BAD_L2 + 9 * 8, VALID | (RIG_ITT >> 3) | 4);
	poke(BAD_ITT + 8, UINT64_C(1) << 48 | UINT64_C(8192) << 16 | 1);
	poke(BAD_ITT + 16, UINT64_C(29) << 48 | UINT64_C(8193) << 16 | 2);
	poke(BAD_ITT + 31 * 8, UINT64_C(8600) << 16 | 1);
}

/* 1,024 DeviceIDs. */
static void restorable(u32 max_devices)
{
	struct its_config cfg = rig_default_config();

	cfg.devid_bits = 10;
	cfg.max_devices = max_devices;
	rig_make(&r, &cfg);
	good_tables();
	set(R_CBASER, CBASER);
	set(R_BASER0, INDIRECT | FLAT_4K | RIG_DEV_TABLE);
	set(R_BASER1, FLAT_4K | RIG_COLL_TABLE);
	set(R_CWRITER, 0x60);
	set(R_CREADR, 0x20);
}

static bool nothing_mapped(void)
{
	struct its_stats st = rig_stats(&r);

	if (st.devices || st.events || st.collections)
		return false;
	for (u32 i = 0; i < its_nr_entries(r.its); i++) {
		struct its_event_info e;

		if (its_event_info(r.its, i, &e))
			return false;
	}
	for (u32 i = 0; i < 4; i++) {
		if (its_collection_vcpu(r.its, i) != ITS_NO_VCPU)
			return false;
	}
	return r.world.seen.nr_devices == 0 && r.world.seen.nr_events == 0;
}

static void test_restore_error(const struct bad *b)
{
	restorable(b->max_devices ? b->max_devices : 2);
	if (b->ipa)
		poke(b->ipa, b->val);
	if (b->hole)
		hole(b->hole, 4096);
	if (b->lpi_limit)
		r.world.lpi_limit = b->lpi_limit;
	r.world.seen.pending[8200] = 1;
	snap(&before);
	is(restore(), b->want, "restore, %s: %s", b->name,
	   b->want == -EFAULT	? "-EFAULT"
	   : b->want == -EINVAL ? "-EINVAL"
				: "-ENOMEM");
	snap(&after);
	ok(nothing_mapped(), "... and nothing is mapped");
	ok(!memcmp(before.regs, after.regs, sizeof(after.regs)), "... registers as they were");
	ok(!memcmp(&before.stats, &after.stats, sizeof(after.stats)), "... statistics, too");
	hole(0, 0);
	if (b->max_devices)
		return;
	r.world.lpi_limit = FAKE_NR_LPIS;
	poke(RIG_COLL_TABLE + 16, 0);
	good_tables();
	is(restore(), 0, "... and good tables are restored afterwards");
	is(rig_stats(&r).events, 6, "... all events");
}

static void test_restore_errors(void)
{
	for (u32 i = 0; i < ARRAY_SIZE(bads); i++) {
		test_restore_error(&bads[i]);
		rig_down(&r);
	}
	restorable(2);
	is(restore(), 0, "restored");
	is(its_restore(r.its), -ENXIO, "devices are mapped: -ENXIO");
	is(rig_stats(&r).events, 6, "... and stay");
	set(R_BASER0, FLAT_4K | RIG_DEV_TABLE);
	is(rig_stats(&r).devices, 0, "now only a collection is mapped");
	is(its_restore(r.its), -ENXIO, "... -ENXIO");
	set(R_BASER1, FLAT_4K | RIG_COLL_TABLE | 1);
	set(R_CTLR, 1);
	rig_do(&r, cmd_mapd(5, 5, RIG_ITT, true));
	set(R_CTLR, 0);
	is(its_restore(r.its), -ENXIO, "only a device is mapped: -ENXIO");
	set(R_CTLR, 1);
	is(its_restore(r.its), -ENXIO, "enabled: -ENXIO");
	its_mmio_write(r.its, R_CTLR, 4, 0);
	set(R_BASER0, INDIRECT | FLAT_4K | RIG_DEV_TABLE);
	is(restore(), 0, "disabled, nothing mapped: restored");
	rig_down(&r);
	restorable(2);
	r.world.device_error = -ENODEV;
	is(restore(), 0, "a backend without the devices: restored");
	is(rig_stats(&r).errors[ITS_E_MAPD_BACKEND], 2, "... and counted");
	is(rig_stats(&r).events, 6, "... the events are there");
	rig_down(&r);
}

/* What "next" leads past is not looked at. */
static void test_restore_next(void)
{
	restorable(1024);
	poke(BAD_L2 + 7 * 8, VALID | (RIG_ITT >> 3) | 31);
	poke(BAD_ITT + 20 * 8, 1 << 16);
	is(restore(), 0, "entries that \"next\" leads past: restored");
	is(rig_stats(&r).events, 6, "... without them");
	is(rig_stats(&r).devices, 2, "... without it");
	rig_down(&r);
}

/* Where level 1 has no page the next page goes on, from its first entry. */
static void test_restore_level1_holes(void)
{
	struct its_config cfg = rig_default_config();
	struct its_device_info d;

	rig_make(&r, &cfg);
	set(R_BASER0, INDIRECT | FLAT_64K | RIG_DEV_TABLE);
	is(restore(), 0, "level 1 without pages: restored");
	is(steps, 1, "... at once");
	set(R_BASER0, INDIRECT | FLAT_4K | RIG_DEV_TABLE);
	poke(RIG_DEV_TABLE, VALID | BAD_L2);
	poke(RIG_DEV_TABLE + 16, VALID | (BAD_L2 + 0x1000));
	poke(BAD_L2 + 8, VALID | UINT64_C(700) << 49 | (RIG_ITT >> 3));
	poke(BAD_L2 + 0x1000, VALID | (RIG_ITT >> 3));
	is(restore(), 0, "\"next\" leads into a page that is not there: restored");
	ok(its_device_info(r.its, 1, &d) && its_device_info(r.its, 1024, &d),
	   "... and goes on with the first entry of the one behind");
	rig_down(&r);
}

static void test_restore_without_backend(void)
{
	struct its_ops ops = fake_ops;

	restorable(2);
	ops.device_mapped = NULL;
	ops.event_mapped = NULL;
	memset(r.mem, 0, its_mem_size(&r.cfg));
	r.its = its_init(r.mem, &r.cfg, &ops, &r.world);
	set(R_BASER0, INDIRECT | FLAT_4K | RIG_DEV_TABLE);
	set(R_BASER1, FLAT_4K | RIG_COLL_TABLE);
	is(restore(), 0, "restored without a physical backend");
	is(rig_stats(&r).events, 6, "... all events");
	rig_down(&r);
}

/* As many LPIs as there are, all mapped; then one more event. The LPIs' pending state goes. */
static void test_restore_too_many(void)
{
	struct its_config cfg = rig_default_config();

	cfg.intid_bits = 14;
	rig_make(&r, &cfg);
	set(R_BASER0, FLAT_4K | RIG_DEV_TABLE);
	set(R_BASER1, FLAT_4K | RIG_COLL_TABLE);
	poke(RIG_COLL_TABLE, VALID | 1);
	poke(RIG_DEV_TABLE, VALID | UINT64_C(1) << 49 | (RIG_ITT >> 3) | 12);
	poke(RIG_DEV_TABLE + 8, VALID | (RIG_ITT >> 3) | 12);
	for (u64 i = 0; i < 8192; i++)
		poke(RIG_ITT + i * 8, (u64)(i < 8191) << 48 | (8192 + i) << 16 | 1);
	for (u32 i = 8192; i < 16384; i++)
		r.world.seen.pending[i] = 1;
	is(restore(), -ENOMEM, "restore, more events than LPIs: -ENOMEM");
	ok(nothing_mapped(), "... and nothing is mapped");
	is(r.world.seen.pending[8192] | r.world.seen.pending[16383], 0, "... nothing pending");
	poke(RIG_DEV_TABLE + 8, 0);
	poke(RIG_DEV_TABLE, VALID | (RIG_ITT >> 3) | 12);
	is(restore(), 0, "... without the second device: restored");
	is(rig_stats(&r).events, 8192, "... all LPIs are mapped");
	rig_down(&r);
}

/* ---- Steps ---- */

static void test_restore_steps(void)
{
	u32 all, n = 0;
	u64 told;

	large();
	told = r.world.seen.sum[OP_EVENT_MAPPED];
	save();
	while (its_reset(r.its) == ITS_AGAIN)
		;
	set(R_BASER0, FLAT_64K | RIG_DEV_TABLE | 7);
	set(R_BASER1, FLAT_64K | RIG_COLL_TABLE | 7);
	is(restore(), 0, "restore of 30 large devices");
	all = steps;
	ok(all > 30, "... in many steps (%u)", all);
	ok(worst <= STEP_ACCESSES, "... of at most %u accesses (%u)", STEP_ACCESSES, worst);
	is(rig_stats(&r).events, 60, "... all events");
	while (its_reset(r.its) == ITS_AGAIN)
		;
	set(R_CBASER, CBASER);
	set(R_BASER0, FLAT_64K | RIG_DEV_TABLE | 7);
	set(R_BASER1, FLAT_64K | RIG_COLL_TABLE | 7);
	for (u32 i = 0; i < all / 2; i++) {
		n += its_restore(r.its) == -EAGAIN && its_signal(r.its, 0, 0, 0) == -EBUSY &&
		     its_run(r.its) == ITS_IDLE && its_save(r.its) == -EBUSY &&
		     its_reg_set(r.its, R_CTLR, 1) == -EBUSY;
		its_mmio_write(r.its, R_CTLR, 4, 1);
		its_mmio_write(r.its, R_BASER0, 8, 0);
	}
	is(n, all / 2, "MSIs, its_run(), its_save(), register writes between the steps");
	is(restore(), 0, "... restored");
	is(steps, all - all / 2, "... undisturbed");
	is(rig_stats(&r).events, 60, "... all events");
	is(reg(R_CTLR) & 1, 0, "... not enabled");
	is(r.world.seen.sum[OP_EVENT_MAPPED], 3 * told, "... the backend was told the same");
	rig_down(&r);
}

static u32 asked_after;

static void note_accesses(struct fake *f, enum fake_op op)
{
	(void)f;
	if (op == OP_DEVICE_MAPPED)
		asked_after = accesses;
}

/* One device, one event, far up: all entries before are looked at. */
static void test_restore_last(void)
{
	struct its_config cfg = rig_default_config();

	rig_make(&r, &cfg);
	set(R_BASER0, FLAT_64K | RIG_DEV_TABLE | 7);
	set(R_BASER1, FLAT_64K | RIG_COLL_TABLE);
	poke(RIG_COLL_TABLE, VALID | 1);
	poke(RIG_DEV_TABLE + 65000 * 8, VALID | (RIG_ITT >> 3) | 15);
	poke(RIG_ITT + 65535 * 8, UINT64_C(65535) << 16 | 1);
	for (u32 i = 0; i < 10; i++)
		its_save(r.its); /* has passed the last device when it comes */
	r.world.hook = note_accesses;
	is(restore(), 0, "restore of one device, one event, far up in their tables");
	is(rig_stats(&r).events, 1, "... it is there");
	ok(steps > 100 && worst > 10, "... in many steps (%u)", steps);
	ok(worst <= STEP_ACCESSES, "... of at most %u accesses (%u)", STEP_ACCESSES, worst);
	ok(asked_after <= 8, "... the backend is asked at the beginning of one");
	poke(RIG_ITT + 65535 * 8, 0);
	is(save(), 0, "saved, after a save that was begun before");
	is(at(RIG_ITT + 65535 * 8), UINT64_C(65535) << 16 | 1, "... from the beginning");
	rig_down(&r);
}

/* A reset in the middle: first what the backend is asked for, then all goes. */
static void test_restore_aborted(void)
{
	restorable(2);
	r.world.again[OP_DEVICE_MAPPED] = 3;
	is(its_restore(r.its), -EAGAIN, "restore waits for the backend");
	is(its_reset(r.its), ITS_AGAIN, "... reset does, too");
	while (its_reset(r.its) == ITS_AGAIN)
		;
	is(r.world.seen.calls[OP_DEVICE_MAPPED], 1, "... until the device is mapped");
	ok(nothing_mapped(), "... and then nothing is");
	is(reg(R_BASER0) & VALID, 0, "... registers are reset");
	set(R_BASER0, INDIRECT | FLAT_4K | RIG_DEV_TABLE);
	set(R_BASER1, FLAT_4K | RIG_COLL_TABLE);
	for (u32 i = 0; i < 3; i++)
		its_restore(r.its);
	ok(rig_stats(&r).events > 0, "a restore goes on, events are mapped");
	while (its_reset(r.its) == ITS_AGAIN)
		;
	ok(nothing_mapped(), "... reset: nothing is");
	set(R_BASER0, INDIRECT | FLAT_4K | RIG_DEV_TABLE);
	set(R_BASER1, FLAT_4K | RIG_COLL_TABLE);
	is(restore(), 0, "restored");
	is(rig_stats(&r).events, 6, "... all events");
	rig_down(&r);
}

/* Taking back takes steps, too, and waits where reset waits. */
static void test_restore_error_waits(void)
{
	u32 n = 0;

	restorable(2);
	poke(BAD_L2 + 9 * 8, VALID | (RIG_ITT >> 3) | 16);
	r.world.again[OP_CLEAR] = 3;
	r.world.again[OP_DEVICE_UNMAPPED] = 2;
	while (its_restore(r.its) == -EAGAIN) {
		n++;
		its_mmio_write(r.its, R_BASER0, 8, 0);
	}
	ok(n >= 5, "a failed restore takes back in steps (%u)", n);
	ok(nothing_mapped(), "... everything");
	is(r.world.seen.calls[OP_DEVICE_MAPPED], 1, "... one device was mapped");
	ok(reg(R_BASER0) & VALID, "... register writes were ignored");
	poke(BAD_L2 + 9 * 8, VALID | (RIG_ITT >> 3) | 4);
	is(restore(), 0, "... and then good tables are restored");
	rig_down(&r);
	restorable(2);
	poke(BAD_L2 + 9 * 8, VALID | (RIG_ITT >> 3) | 16);
	r.world.again[OP_CLEAR] = 6;
	for (n = 0; n < 4; n++)
		its_restore(r.its);
	while (its_reset(r.its) == ITS_AGAIN)
		;
	is(r.world.seen.calls[OP_DEVICE_MAPPED], 1, "reset while that goes on: maps nothing");
	ok(nothing_mapped(), "... and takes back everything");
	rig_down(&r);
}

/* ---- Hostile memory ---- */

static u64 change_ipa, change_to;
static bool change_due; /* it was read */

/* An entry is changed as soon as anything else is read. */
static void change(struct fake *f, u64 ipa, size_t len)
{
	(void)f;
	if (ipa <= change_ipa && change_ipa < ipa + len)
		change_due = true;
	else if (change_due)
		poke(change_ipa, change_to);
}

static int restore_while(u64 ipa, u64 to)
{
	int ret = -EAGAIN;

	change_ipa = ipa;
	change_to = to;
	change_due = false;
	r.world.read_hook = change;
	for (u32 i = 0; ret == -EAGAIN && i < 1000; i++)
		ret = its_restore(r.its);
	r.world.read_hook = NULL;
	return ret;
}

static void test_restore_changing(void)
{
	struct its_device_info d;

	restorable(2);
	r.world.again[OP_DEVICE_MAPPED] = 7;
	is(restore_while(BAD_L2 + 5 * 8, ~UINT64_C(0)), 0, "a DTE that changes after it was read");
	is(at(BAD_L2 + 5 * 8), ~UINT64_C(0), "... did change");
	ok(its_device_info(r.its, 5, &d) && d.nr_events == 32 && d.itt == RIG_ITT,
	   "... is restored as it was read");
	ok(its_device_info(r.its, 9, &d), "... its next, too");
	rig_down(&r);
	restorable(2);
	is(restore_while(RIG_COLL_TABLE, VALID | 3 << 16 | 7), 0, "a CTE that changes");
	is(its_collection_vcpu(r.its, 1), 0, "... is restored as it was read");
	rig_down(&r);
	restorable(2);
	is(restore_while(RIG_ITT + 8, VALID | UINT64_C(0xffff) << 48), 0, "an ITE that changes");
	is(rig_stats(&r).events, 5, "... the first device has it, the second one does not");
	rig_down(&r);
}

/* ---- Registers ---- */

static void test_registers(void)
{
	u64 val = 77;

	rig_up(&r);
	is(its_reg_get(r.its, R_TYPER, &val), 0, "TYPER");
	is(val, 0x1ef71, "... 64 bits");
	is(reg(R_IIDR), 0x4b00043b, "IIDR");
	is(reg(0xffe8), 0x3b, "PIDR2");
	is(reg(0x100 + 7 * 8), 0, "BASER7");
	val = 77;
	is(its_reg_get(r.its, R_TYPER + 4, &val), -EINVAL, "half of a register: -EINVAL");
	is(its_reg_get(r.its, R_CTLR + 2, &val), -EINVAL, "not aligned: -EINVAL");
	is(its_reg_get(r.its, 0xffe9, &val), -EINVAL, "... neither");
	is(its_reg_get(r.its, 0x10, &val), -ENXIO, "no register: -ENXIO");
	is(its_reg_get(r.its, 0x140, &val), -ENXIO, "... behind BASER7");
	is(its_reg_get(r.its, ITS_TRANSLATER, &val), -ENXIO, "GITS_TRANSLATER: -ENXIO");
	is(its_reg_get(r.its, UINT64_C(1) << 32, &val), -ENXIO, "4 GiB: -ENXIO");
	is(its_reg_get(r.its, ~UINT64_C(7), &val), -ENXIO, "the last offset: -ENXIO");
	is(val, 77, "... the value is as it was");
	is(its_reg_set(r.its, R_TYPER + 4, 0), -EINVAL, "setting half of a register: -EINVAL");
	is(its_reg_set(r.its, 0x98, 0), -ENXIO, "setting no register: -ENXIO");
	is(its_reg_set(r.its, ITS_TRANSLATER, 0), -ENXIO, "setting GITS_TRANSLATER: -ENXIO");
	is(its_reg_set(r.its, R_TYPER, 0), 0, "TYPER ignores it");
	is(its_reg_set(r.its, 0xffe8, 0), 0, "PIDR2, too");
	is(reg(R_TYPER) << 8 | reg(0xffe8), 0x1ef713b, "... both as they were");
	is(its_reg_set(r.its, R_IIDR, 0x4b00043b), 0, "IIDR takes its own value");
	is(its_reg_set(r.its, R_IIDR, 0x4b00143b), -EINVAL, "... no other layout");
	is(its_reg_set(r.its, R_IIDR, 0x4b00f43b), -EINVAL, "... whichever");
	is(its_reg_set(r.its, R_CREADR, 0), -EBUSY, "CREADR of an enabled ITS: -EBUSY");
	is(its_reg_set(r.its, R_CBASER, 0), 0, "CBASER of an enabled ITS ignores it");
	is(reg(R_CBASER), its_mmio_read(r.its, R_CBASER, 8), "... as it was");
	is(its_reg_set(r.its, R_CTLR, 0), 0, "disabled");
	is(its_reg_set(r.its, R_CREADR, 0xfe0), 0, "CREADR, the ring's last command");
	is(reg(R_CREADR), 0xfe0, "... is there");
	is(its_reg_set(r.its, R_CREADR, 0x1000), -EINVAL, "CREADR beyond the ring: -EINVAL");
	is(its_reg_set(r.its, R_CREADR, 0x3f), 0, "CREADR, not aligned");
	is(reg(R_CREADR), 0x20, "... has no such bits");
	rig_settle(&r);
	rig_down(&r);
}

static void test_creadr_command_in_hand(void)
{
	rig_typical(&r);
	rig_queue(&r, cmd_event(OP_DISCARD, 5, 1));
	r.world.again[OP_CLEAR] = 1;
	its_run(r.its);
	its_mmio_write(r.its, R_CTLR, 4, 0);
	is(its_reg_set(r.its, R_CREADR, 0), -EBUSY, "CREADR with a command in hand: -EBUSY");
	rig_settle(&r);
	is(its_reg_set(r.its, R_CREADR, 0), 0, "... and then it can be set");
	rig_down(&r);
}

/* The document's order; then the guest goes on where it was. */
static void test_sequence(void)
{
	struct fake_cmd c[3] = { cmd_mapd(5, 1, 0, false), cmd_mapti(9, 3, 8700, 1),
				 cmd_event(OP_INT, 9, 3) };

	restorable(2);
	memcpy(&rig_ram.bytes[RIG_RING - FAKE_RAM], c, sizeof(c));
	is(its_reg_set(r.its, R_CBASER, CBASER), 0, "GITS_CBASER");
	is(its_reg_set(r.its, R_BASER0, INDIRECT | FLAT_4K | RIG_DEV_TABLE), 0, "GITS_BASER0");
	is(its_reg_set(r.its, R_BASER1, FLAT_4K | RIG_COLL_TABLE), 0, "GITS_BASER1");
	is(its_reg_set(r.its, R_CWRITER, 0x60), 0, "GITS_CWRITER");
	is(its_reg_set(r.its, R_CREADR, 0x20), 0, "GITS_CREADR");
	is(its_reg_set(r.its, R_IIDR, 0x4b00043b), 0, "GITS_IIDR");
	is(restore(), 0, "the tables");
	is(its_reg_set(r.its, R_CTLR, 1), 0, "GITS_CTLR");
	rig_settle(&r);
	is(reg(R_CREADR), 0x60, "commands go on from CREADR");
	is(rig_stats(&r).commands[ITS_CMD_MAPD], 0, "... none of those before");
	is(r.world.last[OP_PEND][1], 8700, "... those behind: MAPTI, INT");
	is(its_signal(r.its, 0, 5, 31), 1, "an MSI of a restored event");
	is(r.world.last[OP_PEND][1], 8600, "... its LPI");
	is(its_signal(r.its, 0, 9, 2), -ENXIO, "one of a collection that is not mapped");
	rig_ok(&r, cmd_mapc(2, 3, true), "... MAPC");
	is(its_signal(r.its, 0, 9, 2), 1, "... now it comes");
	is(r.world.last[OP_PEND][0], 3, "... to its vCPU");
	rig_down(&r);
}

int main(void)
{
	test_restore_errors();
	test_restore_next();
	test_restore_level1_holes();
	test_restore_without_backend();
	test_restore_too_many();
	test_restore_steps();
	test_restore_last();
	test_restore_aborted();
	test_restore_error_waits();
	test_restore_changing();
	test_registers();
	test_creadr_command_in_hand();
	test_sequence();
	return tap_done();
}
