/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ITS's tables: images written by hand, byte for byte, from the layout that Linux documents
 * (Documentation/virt/kvm/devices/arm-vgic-its.rst), restored and saved again; errors and steps of
 * save.
 */
// sources: its/its.c its/regs.c its/queue.c its/cmd.c its/device.c its/event.c its/baser.c its/signal.c
// sources: its/save.c its/restore.c tests/unit/its_fake.c
#include "tests/unit/its_tables.h"

#define COLL_END (~UINT64_C(0))

static struct fake_ram image; /* what memory must be */

/* ---- Golden images ---- */

struct golden {
	const char *name;
	u64 baser[2];
	struct {
		u64 ipa;
		u8 bytes[8];
	} level1[2], entry[12]; /* all that is not zero */
	struct its_device_info device[4];
	struct its_event_info event[6];
	struct {
		u32 icid, vcpu;
	} coll[4]; /* mapped */
	u64 coll_end; /* the entry that ends the list */
	struct {
		u64 ipa, len;
	} table[5]; /* what save brings up to date: device tables and ITTs */
};

static const struct golden goldens[] = {
	{ .name = "flat, 64 KiB pages",
	  .baser = { FLAT_64K | 0x40200000 | 7, FLAT_64K | 0x40300000 },
	  .entry = {
		/* DeviceID 5: 5 bits, ITT 0x40400000, the next is 0x4001 on: capped to 0x3fff */
		{ 0x40200028, { 0x04, 0x00, 0x08, 0x08, 0x00, 0x00, 0xfe, 0xff } },
		/* DeviceID 0x4006: 1 bit, ITT 0x40400100, the next is 2 on */
		{ 0x40220030, { 0x20, 0x00, 0x08, 0x08, 0x00, 0x00, 0x04, 0x80 } },
		/* DeviceID 0x4008: 16 bits, ITT 0x40480000, the last */
		{ 0x40220040, { 0x0f, 0x00, 0x09, 0x08, 0x00, 0x00, 0x00, 0x80 } },
		/* EventID 0: LPI 8192, ICID 0; 1: LPI 65535, ICID 3; 31: LPI 8193, ICID 65535 */
		{ 0x40400000, { 0x00, 0x00, 0x00, 0x20, 0x00, 0x00, 0x01, 0x00 } },
		{ 0x40400008, { 0x03, 0x00, 0xff, 0xff, 0x00, 0x00, 0x1e, 0x00 } },
		{ 0x404000f8, { 0xff, 0xff, 0x01, 0x20, 0x00, 0x00, 0x00, 0x00 } },
		/* EventID 0: LPI 9000, ICID 3; 65535: LPI 9001, ICID 0 */
		{ 0x40480000, { 0x03, 0x00, 0x28, 0x23, 0x00, 0x00, 0xff, 0xff } },
		{ 0x404ffff8, { 0x00, 0x00, 0x29, 0x23, 0x00, 0x00, 0x00, 0x00 } },
		/* ICID 0 -> vCPU 3, ICID 3 -> vCPU 0, ICID 65535 is not mapped */
		{ 0x40300000, { 0x00, 0x00, 0x03, 0x00, 0x00, 0x00, 0x00, 0x80 } },
		{ 0x40300008, { 0x03, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x80 } },
		{ 0x40300010, { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00, 0x80 } },
	  },
	  .device = { { 5, 32, 3, 0x40400000 }, { 0x4006, 2, 0, 0x40400100 },
		      { 0x4008, 65536, 2, 0x40480000 } },
	  .event = { { 5, 0, 8192, 0, 3 }, { 5, 1, 65535, 3, 0 }, { 5, 31, 8193, 65535, ITS_NO_VCPU },
		     { 0x4008, 0, 9000, 3, 0 }, { 0x4008, 65535, 9001, 0, 3 } },
	  .coll = { { 0, 3 }, { 3, 0 } },
	  .coll_end = 0x40300018,
	  .table = { { 0x40200000, 0x80000 }, { 0x40400000, 256 }, { 0x40400100, 16 },
		     { 0x40480000, 0x80000 } } },
#define INDIRECT_IMAGE(text, page, page_size, low, second, high, top)                                      \
	{                                                                                                  \
		.name = text,                                                                            \
	  .baser = { INDIRECT | VALID | (page) << 8 | 0x40200000, FLAT_4K | 0x40300000 },          \
	  .level1 = { { 0x40200000, { 0x00, 0x00, 0x50, 0x40, 0x00, 0x00, 0x00, 0x80 } },          \
		      { 0x40200018, { 0xff, low, 0x60, 0x40, 0x00, 0x00, 0xf0, 0xff } } },        \
	  .entry = {                                                                               \
		{ 0x40500008, { 0x04, 0x00, 0x08, 0x08, 0x00, 0x00, high, top } },                 \
		{ 0x40600010, { 0x07, 0x02, 0x08, 0x08, 0x00, 0x00, 0x00, 0x80 } },                \
		{ 0x40401640, { 0x01, 0x00, 0x08, 0x20, 0x00, 0x00, 0x00, 0x00 } },                \
		{ 0x40300000, { 0x01, 0x00, 0x02, 0x00, 0x00, 0x00, 0x00, 0x80 } },                \
	  },                                                                                       \
	  .device = { { 1, 32, 0, 0x40400000 }, { second, 256, 1, 0x40401000 } },                  \
	  .event = { { second, 200, 8200, 1, 2 } },                                                \
	  .coll = { { 1, 2 } },                                                                    \
	  .coll_end = 0x40300008,                                                                  \
	  .table = { { 0x40500000, page_size }, { 0x40600000, page_size }, { 0x40400000, 256 },    \
		     { 0x40401000, 2048 } } \
	}
	/*
	 * DeviceID 1: 5 bits, ITT 0x40400000, no events. The second one, third entry of the fourth
	 * page: 8 bits, ITT 0x40401000, EventID 200: LPI 8200, ICID 1 -> vCPU 2. Between the two,
	 * level 1 has no pages; with 64 KiB pages "next" is capped and leads there. Bits of level 1
	 * that are no address are set.
	 */
	INDIRECT_IMAGE("indirect, 4 KiB pages", 0, 0x1000, 0x0f, 0x602, 0x02, 0x8c),
	INDIRECT_IMAGE("indirect, 16 KiB pages", 1, 0x4000, 0x3f, 0x1802, 0x02, 0xb0),
	INDIRECT_IMAGE("indirect, 64 KiB pages", 2, 0x10000, 0xff, 0x6002, 0xfe, 0xff),
	{ .name = "empty",
	  .baser = { FLAT_4K | 0x40200000, FLAT_4K | 0x40300000 },
	  .coll_end = 0x40300000,
	  .table = { { 0x40200000, 0x1000 } } },
	{ .name = "no device table",
	  .baser = { 0, FLAT_4K | 0x40300000 },
	  .entry = { { 0x40300000, { 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0x00, 0x80 } } },
	  .coll = { { 0, 2 } },
	  .coll_end = 0x40300008 },
	{ .name = "no collection table",
	  .baser = { FLAT_4K | 0x40200000, 0 },
	  .entry = { { 0x40200008, { 0x04, 0x00, 0x08, 0x08, 0x00, 0x00, 0x00, 0x80 } } },
	  .device = { { 1, 32, 0, 0x40400000 } },
	  .coll_end = COLL_END,
	  .table = { { 0x40200000, 0x1000 }, { 0x40400000, 256 } } },
};

static void golden_lay(const struct golden *g, struct fake_ram *ram, bool all)
{
	for (u32 i = 0; i < ARRAY_SIZE(g->level1) && g->level1[i].ipa; i++)
		memcpy(&ram->bytes[g->level1[i].ipa - FAKE_RAM], g->level1[i].bytes, 8);
	for (u32 i = 0; all && i < ARRAY_SIZE(g->entry) && g->entry[i].ipa; i++)
		memcpy(&ram->bytes[g->entry[i].ipa - FAKE_RAM], g->entry[i].bytes, 8);
}

/* Memory full of @fill but for level 1, and what it must be after a save. */
static void golden_soil(const struct golden *g, u8 fill)
{
	memset(rig_ram.bytes, fill, sizeof(rig_ram.bytes));
	if (g->baser[0] & INDIRECT)
		memset(&rig_ram.bytes[RIG_DEV_TABLE - FAKE_RAM], 0, 65536);
	golden_lay(g, &rig_ram, false);
	memcpy(image.bytes, rig_ram.bytes, sizeof(image.bytes));
	for (u32 i = 0; i < ARRAY_SIZE(g->table) && g->table[i].len; i++)
		memset(&image.bytes[g->table[i].ipa - FAKE_RAM], 0, g->table[i].len);
	golden_lay(g, &image, true);
	if (g->coll_end != COLL_END)
		fake_poke64(&image, g->coll_end, 0);
}

static bool same_memory(void)
{
	return memcmp(rig_ram.bytes, image.bytes, sizeof(image.bytes)) == 0;
}

/* User space restores the registers, in the document's order; GITS_CTLR comes last. */
static void golden_registers(const struct golden *g)
{
	set(R_CBASER, CBASER);
	set(R_BASER0, g->baser[0]);
	set(R_BASER1, g->baser[1]);
	set(R_CWRITER, 0x40);
	set(R_CREADR, 0x40);
	set(R_IIDR, 0x4b00043b);
}

static bool has_event(const struct its_event_info *want)
{
	struct its_event_info e;

	for (u32 i = 0; i < its_nr_entries(r.its); i++) {
		if (its_event_info(r.its, i, &e) && e.devid == want->devid &&
		    e.eventid == want->eventid)
			return e.lpi == want->lpi && e.icid == want->icid && e.vcpu == want->vcpu;
	}
	return false;
}

static void golden_check_devices(const struct golden *g)
{
	struct its_device_info d;
	u32 n = 0, colls = 0;
	bool good = true;

	for (; n < ARRAY_SIZE(g->device) && g->device[n].nr_events; n++) {
		const struct its_device_info *want = &g->device[n];

		good &= its_device_info(r.its, want->devid, &d) && d.devid == want->devid &&
			d.nr_events == want->nr_events && d.mapped == want->mapped &&
			d.itt == want->itt;
	}
	ok(good && rig_stats(&r).devices == n, "%s: %u devices, as written", g->name, n);
	is(r.world.seen.nr_devices, n, "%s: the backend has them", g->name);
	for (u32 i = 0; i < 65536; i++) {
		u32 want = ITS_NO_VCPU;

		for (u32 k = 0; k < ARRAY_SIZE(g->coll); k++) {
			if (g->coll[k].icid == i && (i || g->coll[k].vcpu))
				want = g->coll[k].vcpu;
		}
		good &= its_collection_vcpu(r.its, i) == want;
		colls += want != ITS_NO_VCPU;
	}
	ok(good && rig_stats(&r).collections == colls, "%s: %u collections mapped", g->name, colls);
}

static void golden_check_events(const struct golden *g)
{
	u32 n = 0;

	for (; n < ARRAY_SIZE(g->event) && g->event[n].lpi; n++)
		ok(has_event(&g->event[n]), "%s: DeviceID 0x%x, EventID %u", g->name,
		   g->event[n].devid, g->event[n].eventid);
	is(rig_stats(&r).events, n, "%s: %u events", g->name, n);
	is(r.world.seen.nr_events, n, "%s: the backend has them", g->name);
}

static void golden_check_msis(const struct golden *g)
{
	for (u32 n = 0; n < ARRAY_SIZE(g->event) && g->event[n].lpi; n++) {
		const struct its_event_info *e = &g->event[n];
		int ret = its_signal(r.its, 0, e->devid, e->eventid);

		if (e->vcpu == ITS_NO_VCPU)
			is(ret, -ENXIO, "%s: LPI %u leads nowhere", g->name, e->lpi);
		else
			ok(ret == 1 && r.world.last[OP_PEND][0] == e->vcpu &&
				   r.world.last[OP_PEND][1] == e->lpi,
			   "%s: LPI %u comes to vCPU %u", g->name, e->lpi, e->vcpu);
	}
}

static void test_golden(const struct golden *g)
{
	struct its_config cfg = rig_default_config();
	static const u8 fills[] = { 0, 0xff, 0xa5 };

	rig_make(&r, &cfg);
	golden_lay(g, &rig_ram, true);
	memcpy(image.bytes, rig_ram.bytes, sizeof(image.bytes));
	golden_registers(g);
	is(restore(), 0, "%s: restored", g->name);
	ok(same_memory(), "%s: ... without writing", g->name);
	golden_check_devices(g);
	golden_check_events(g);
	snap(&before);
	is(save(), 0, "%s: saved", g->name);
	ok(same_memory(), "%s: ... the same bytes", g->name);
	for (u32 i = 0; i < ARRAY_SIZE(fills); i++) {
		golden_soil(g, fills[i]);
		is(save(), 0, "%s: saved into memory full of 0x%02x", g->name, fills[i]);
		ok(same_memory(), "%s: ... the same bytes, and no others", g->name);
	}
	ok(as_it_was(), "%s: the ITS is as it was", g->name);
	if (g->baser[0] && g->baser[1]) {
		set(R_CTLR, 1);
		golden_check_msis(g);
		golden_soil(g, 0x81);
		is(save(), 0, "%s: saved while enabled", g->name);
		ok(same_memory(), "%s: ... the same bytes", g->name);
	}
	while (its_reset(r.its) == ITS_AGAIN)
		;
	memset(rig_ram.bytes, 0xff, 4096);
	golden_registers(g);
	is(restore(), 0, "%s: restored from what was saved", g->name);
	golden_check_events(g);
	rig_down(&r);
}

/* A list without an end: all of the table is in use. */
static void test_full_collection_table(void)
{
	struct its_config cfg = rig_default_config();

	rig_make(&r, &cfg);
	set(R_BASER1, FLAT_4K | RIG_COLL_TABLE);
	poke(RIG_COLL_TABLE + 4096, VALID | 4000); /* not of the table */
	for (u64 i = 0; i < 512; i++)
		poke(RIG_COLL_TABLE + i * 8, VALID | i % 4 << 16 | i * 7);
	memcpy(image.bytes, rig_ram.bytes, sizeof(image.bytes));
	is(restore(), 0, "a full collection table: restored");
	is(rig_stats(&r).collections, 512, "... all of it");
	ok(worst > 10 && worst <= STEP_ACCESSES, "... in steps of %u accesses", worst);
	is(its_collection_vcpu(r.its, 4000), ITS_NO_VCPU, "... and no more");
	is(its_collection_vcpu(r.its, 511 * 7), 3, "... its last entry, too");
	memset(&rig_ram.bytes[RIG_COLL_TABLE - FAKE_RAM], 0, 4096);
	is(save(), 0, "... saved");
	ok(same_memory(), "... the same bytes, and nothing behind it");
	ok(worst > 10 && worst <= STEP_ACCESSES, "... in steps of %u accesses", worst);
	rig_down(&r);
}

/* "In no particular order", RES0 bits of whatever value. */
static void test_collection_order(void)
{
	struct its_config cfg = rig_default_config();

	rig_make(&r, &cfg);
	set(R_BASER1, FLAT_4K | RIG_COLL_TABLE);
	poke(RIG_COLL_TABLE, VALID | 1 << 16 | 9);
	poke(RIG_COLL_TABLE + 8, VALID | GENMASK(62, 52) | 2 << 16 | 4);
	poke(RIG_COLL_TABLE + 16, 3 << 16 | 5);
	is(restore(), 0, "collections in any order: restored");
	is(its_collection_vcpu(r.its, 9) | its_collection_vcpu(r.its, 4) << 8, 0x201, "... both");
	is(save(), 0, "... saved");
	ok(at(RIG_COLL_TABLE) == (VALID | 2 << 16 | 4) &&
		   at(RIG_COLL_TABLE + 8) == (VALID | 1 << 16 | 9) && !at(RIG_COLL_TABLE + 16),
	   "... by ascending ICID, one invalid entry at the end");
	rig_down(&r);
}

/* ---- Errors of save ---- */

/* Flat tables of one page, devices 5 and 700, an event each; ITTs in pages of their own. */
static void saved_typical(u64 baser0)
{
	struct its_config cfg = rig_default_config();

	rig_make(&r, &cfg);
	poke(RIG_DEV_TABLE, VALID | 0x40500000); /* level 1, if there is one */
	poke(RIG_DEV_TABLE + 8, VALID | 0x40501000);
	set(R_CBASER, CBASER);
	set(R_BASER0, baser0);
	set(R_BASER1, FLAT_4K | RIG_COLL_TABLE | 1);
	set(R_CTLR, 1);
	rig_ok(&r, cmd_mapc(1, 1, true), "MAPC");
	rig_ok(&r, cmd_mapd(5, 5, RIG_ITT, true), "MAPD of device 5");
	rig_ok(&r, cmd_mapd(700, 10, RIG_ITT + 0x1000, true), "MAPD of device 700");
	rig_ok(&r, cmd_mapti(5, 1, 8200, 1), "MAPTI");
	rig_ok(&r, cmd_mapti(700, 513, 8201, 1), "MAPTI");
	snap(&before);
}

static void saves_with(int want, const char *what)
{
	is(save(), want, "save, %s: %s", what,
	   want == -EFAULT   ? "-EFAULT"
	   : want == -EINVAL ? "-EINVAL"
			     : "done");
	ok(as_it_was(), "... and the ITS is as it was");
	hole(0, 0);
}

static void test_save_errors(void)
{
	saved_typical(FLAT_4K | RIG_DEV_TABLE | 1);
	hole(RIG_ITT, 4096);
	saves_with(-EFAULT, "an ITE not in memory");
	ok(at(RIG_ITT + 0x1000 + 513 * 8) != 0, "... what came before is written");
	is(at(RIG_DEV_TABLE + 700 * 8), 0, "... and nothing that comes after");
	hole(RIG_ITT + 0x1000, 4096);
	saves_with(0, "a page of an ITT without events not in memory");
	hole(RIG_DEV_TABLE, 4096);
	poke(RIG_COLL_TABLE, 0);
	poke(RIG_DEV_TABLE + 700 * 8, 0);
	saves_with(-EFAULT, "a DTE not in memory");
	ok(at(RIG_DEV_TABLE + 700 * 8) & VALID, "... what came before is written");
	is(at(RIG_COLL_TABLE), 0, "... and nothing that comes after");
	hole(RIG_COLL_TABLE, 4096);
	saves_with(-EFAULT, "a CTE not in memory");
	saves_with(0, "all of it there");
	is(at(RIG_COLL_TABLE), VALID | 1 << 16 | 1, "... collection 1");
	rig_ok(&r, cmd_mapd(5, 1, 0, false), "MAPD V=0");
	snap(&before);
	poke(RIG_DEV_TABLE + 6 * 8, ~VALID);
	poke(RIG_ITT + 0x1000 + 8, ~GENMASK(47, 16));
	saves_with(0, "entries that are not valid");
	is(at(RIG_DEV_TABLE + 6 * 8), ~VALID, "... a DTE with V=0 is not touched");
	is(at(RIG_ITT + 0x1000 + 8), ~GENMASK(47, 16), "... nor an ITE without LPI");
	poke(RIG_DEV_TABLE + 5 * 8, VALID);
	hole(RIG_DEV_TABLE, 4096);
	saves_with(0, "a page of the device table without devices not in memory");
	ok(at(RIG_DEV_TABLE + 5 * 8) & VALID, "... its stale entry stays");
	saves_with(0, "that page there again");
	is(at(RIG_DEV_TABLE + 5 * 8), 0, "... the stale entry is cleared");
	rig_ok(&r, cmd_mapd(5, 16, UINT64_C(0xfedcba9876500), true), "an ITT outside of memory");
	snap(&before);
	saves_with(0, "an ITT without events outside of memory");
	is(at(RIG_DEV_TABLE + 5 * 8),
	   VALID | UINT64_C(695) << 49 | UINT64_C(0xfedcba98765) << 5 | 15, "... its DTE");
	rig_down(&r);
}

/* The first page that is written goes away between read and write. */
static void pull(struct fake *f, u64 ipa, size_t len)
{
	(void)len;
	if (!f->ram->hole[0].end)
		hole(ALIGN_DOWN(ipa, 4096), 4096);
}

static void test_save_pulled(void)
{
	int ret = -EAGAIN;

	saved_typical(FLAT_4K | RIG_DEV_TABLE | 1);
	r.world.write_hook = pull;
	while (ret == -EAGAIN)
		ret = its_save(r.its);
	is(ret, -EFAULT, "save, an ITE that can be read, not written: -EFAULT");
	hole(0, 0);
	rig_ok(&r, cmd_mapd(5, 1, 0, false), "MAPD V=0");
	rig_ok(&r, cmd_mapd(700, 10, RIG_ITT + 0x1000, true), "MAPD");
	set(R_CTLR, 0);
	set(R_BASER1, 0);
	r.world.write_hook = NULL;
	hole(0, 0);
	is(save(), 0, "saved");
	poke(RIG_ITT + 0x1000, 1 << 16);
	r.world.write_hook = pull;
	for (ret = -EAGAIN; ret == -EAGAIN;)
		ret = its_save(r.its);
	is(ret, -EFAULT, "save, a stale ITE that cannot be written: restore would find it");
	is(at(RIG_ITT + 0x1000), 1 << 16, "... it stays");
	hole(0, 0);
	rig_down(&r);
}

static void test_save_errors_level1(void)
{
	saved_typical(INDIRECT | FLAT_4K | RIG_DEV_TABLE);
	poke(RIG_DEV_TABLE + 8, 0x40501000);
	saves_with(-EINVAL, "the level-1 entry of a device not valid");
	is(at(0x40501000 + 188 * 8), 0, "... nothing is written there");
	poke(RIG_DEV_TABLE + 8, VALID | 0x40501000);
	hole(RIG_DEV_TABLE, 4096);
	saves_with(-EINVAL, "level 1 not in memory");
	poke(RIG_DEV_TABLE + 8, VALID | 0x90000000);
	saves_with(-EFAULT, "level 2 not in memory");
	rig_ok(&r, cmd_mapd(700, 1, 0, false), "MAPD V=0");
	snap(&before);
	saves_with(0, "a page of level 2 without devices not in memory");
	rig_down(&r);
}

static void test_save_many_collections(void)
{
	saved_typical(FLAT_4K | RIG_DEV_TABLE | 1);
	for (u32 i = 0; i < 512; i++)
		rig_do(&r, cmd_mapti(700, i, 9000 + i, 100 + i));
	is(save(), 0, "513 collections are known, 1024 fit");
	is(at(RIG_COLL_TABLE + 512 * 8), VALID | UINT64_C(0xffffffff) << 16 | 611,
	   "... not mapped, but named");
	set(R_CTLR, 0);
	set(R_BASER1, FLAT_4K | RIG_COLL_TABLE);
	snap(&before);
	is(before.stats.collections, 0, "a smaller table: the collections are not mapped");
	saves_with(-EINVAL, "513 named collections, 512 fit");
	is(at(RIG_COLL_TABLE), VALID | UINT64_C(0xffffffff) << 16 | 1, "... those are written");
	set(R_BASER1, 0);
	snap(&before);
	saves_with(-EINVAL, "no collection table, events that name collections");
	rig_down(&r);
}

static void test_busy(void)
{
	saved_typical(FLAT_4K | RIG_DEV_TABLE | 1);
	r.world.again[OP_CLEAR] = 2;
	is(its_reset(r.its), ITS_AGAIN, "a reset goes on");
	is(its_save(r.its), -EBUSY, "... its_save(): -EBUSY");
	is(its_restore(r.its), -EBUSY, "... its_restore(): -EBUSY");
	is(its_reg_set(r.its, R_CWRITER, 0), -EBUSY, "... its_reg_set(): -EBUSY");
	is(its_reg_set(r.its, R_CWRITER + 4, 0), -EINVAL, "... unless it is wrong anyway");
	while (its_reset(r.its) == ITS_AGAIN)
		;
	is(its_save(r.its), -EAGAIN, "and then it begins");
	is(save(), 0, "... and ends");
	rig_down(&r);
}

/* ---- Steps ---- */

static void test_save_steps(void)
{
	u32 all, again = 0;

	large();
	is(save(), 0, "save of 30 large devices");
	all = steps;
	ok(all > 1000, "... in many steps (%u)", all);
	ok(worst <= STEP_ACCESSES, "... of at most %u accesses (%u)", STEP_ACCESSES, worst);
	memcpy(image.bytes, rig_ram.bytes, sizeof(image.bytes));
	memset(&rig_ram.bytes[RIG_ITT - FAKE_RAM], 0, 30 * 0x20000);
	for (u32 i = 0; i < all / 2; i++)
		again += its_save(r.its) == -EAGAIN && its_signal(r.its, 0, 2000, 16383) == 1 &&
			 its_run(r.its) == ITS_IDLE &&
			 its_mmio_read(r.its, R_CTLR, 4) == 0x80000001 &&
			 reg(R_CREADR) == its_mmio_read(r.its, R_CWRITER, 8);
	is(again, all / 2, "MSIs, its_run() and reads of registers between the steps");
	is(save(), 0, "... saved");
	is(steps, all - all / 2, "... without beginning again");
	ok(same_memory(), "... the same bytes");
	rig_down(&r);
	rig_up(&r);
	rig_do(&r, cmd_mapc(1, 1, true));
	rig_do(&r, cmd_mapd(1, 16, RIG_ITT, true));
	rig_do(&r, cmd_mapti(1, 65535, 8200, 1));
	is(save(), 0, "save of one device with its last event mapped");
	ok(steps < 800, "... it is not looked for any more below that (%u steps)", steps);
	rig_down(&r);
}

/* The first half of a save. */
static void save_half(u32 all)
{
	for (u32 i = 0; i < all / 2; i++)
		its_save(r.its);
}

static void test_save_restarts(void)
{
	u32 all, none;

	large();
	save();
	save(); /* of tables that are as they should be, like the saves below */
	all = steps;
	save_half(all);
	rig_ok(&r, cmd_event(OP_DISCARD, 29 * 2000, 16383), "DISCARD of an event that was saved");
	is(save(), 0, "... saved");
	ok(steps > all / 2, "... from the beginning (%u steps)", steps);
	is(at(RIG_ITT + 29 * 0x20000 + 16383 * 8), 0, "... its ITE is gone");
	is(at(RIG_ITT + 29 * 0x20000 + 29 * 8), UINT64_C(9029) << 16 | 1,
	   "... the one before is the last");
	save_half(all);
	its_mmio_write(r.its, R_CTLR, 4, 1);
	is(save(), 0, "a register write");
	is(steps, all, "... and it begins again");
	save_half(all);
	its_reg_set(r.its, R_IIDR, reg(R_IIDR));
	save();
	is(steps, all, "a register that user space sets: the same");
	save_half(all);
	rig_queue(&r, cmd_mapti(0, 100, 9100, 1));
	save_half(all);
	is(at(RIG_ITT + 100 * 8), 0, "a command in the ring is not done by save");
	its_run(r.its);
	save();
	is(at(RIG_ITT + 100 * 8), UINT64_C(16283) << 48 | UINT64_C(9100) << 16 | 1,
	   "... but by its_run() in the middle of one, which saves it");
	is(steps, all, "... and begins again");
	save_half(all);
	while (its_reset(r.its) == ITS_AGAIN)
		;
	is(save(), 0, "a reset: saved");
	none = steps;
	save();
	is(none, steps, "... from the beginning");
	set(R_BASER0, FLAT_64K | RIG_DEV_TABLE | 7);
	save();
	is(at(RIG_DEV_TABLE + 58000 * 8) | at(RIG_DEV_TABLE), 0, "... nothing is mapped any more");
	ok(steps > 2 * none, "... a table that is there costs more (%u, %u)", steps, none);
	rig_down(&r);
}

/* A command in hand is ended, the next one is not begun. */
static void test_save_command_in_hand(void)
{
	u32 n = 0;

	rig_typical(&r);
	rig_queue(&r, cmd_event(OP_DISCARD, 5, 1));
	rig_queue(&r, cmd_mapti(5, 2, 8202, 1));
	r.world.again[OP_CLEAR] = 5;
	its_run(r.its);
	while (its_save(r.its) == -EAGAIN)
		n++;
	ok(n >= 4, "save waits for a command in hand (%u steps)", n);
	is(its_mmio_read(r.its, R_CWRITER, 8) - reg(R_CREADR), 32, "... and begins no other");
	is(at(RIG_ITT + 8) | at(RIG_ITT + 16), 0, "... no event is mapped");
	rig_settle(&r);
	is(save(), 0, "saved after the second command");
	is(at(RIG_ITT + 16), UINT64_C(8202) << 16 | 1, "... an event is mapped");
	rig_down(&r);
}

int main(void)
{
	for (u32 i = 0; i < ARRAY_SIZE(goldens); i++)
		test_golden(&goldens[i]);
	test_full_collection_table();
	test_collection_order();
	test_save_errors();
	test_save_pulled();
	test_save_errors_level1();
	test_save_many_collections();
	test_busy();
	test_save_steps();
	test_save_restarts();
	test_save_command_in_hand();
	return tap_done();
}
