/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What each command does, what it does when something is wrong, and that the queue stays bounded
 * and never wedges.
 */
// sources: its/its.c its/regs.c its/queue.c its/cmd.c its/device.c its/event.c its/baser.c its/signal.c
// sources: its/save.c its/restore.c
// sources: tests/unit/its_fake.c
#include "tests/unit/its_rig.h"

static struct rig r;

/* Where an MSI goes: LPI in the high half, vCPU in the low; or -errno. */
static s64 goes_to(struct rig *rig, u32 devid, u32 eventid)
{
	int ret = its_signal(rig->its, 0, devid, eventid);

	return ret < 0 ? ret : (s64)rig->world.last[OP_PEND][1] << 32 | rig->world.last[OP_PEND][0];
}
#define LEADS(lpi, vcpu) ((s64)(lpi) << 32 | (vcpu))

static void test_typical(void)
{
	rig_typical(&r);
	is(goes_to(&r, 5, 1), LEADS(8200, 1), "an MSI goes to its LPI and vCPU");
	is(r.world.seen.calls[OP_RELOAD], 1, "MAPTI read the LPI's configuration");
	rig_ok(&r, cmd_mapd(6, 16, RIG_ITT + 0x1000, true), "MAPD");
	rig_ok(&r, cmd_mapi(6, 9000, 2), "MAPI");
	is(goes_to(&r, 6, 9000), LEADS(9000, 2), "MAPI: the EventID is the LPI");
	rig_ok(&r, cmd_movi(5, 1, 3), "MOVI");
	is(goes_to(&r, 5, 1), LEADS(8200, 3), "MOVI moves the event");
	is(r.world.last[OP_MOVE][0], 8200, "... its LPI's pending state");
	is(r.world.last[OP_MOVE][1], 3, "... to the new vCPU");
	is(r.world.last[OP_EVENT_MOVED][2], 3, "... and tells the backend");
	rig_ok(&r, cmd_event(OP_INT, 5, 1), "INT");
	is(r.world.seen.pending[8200], 3 + 1, "INT makes the LPI pending (MOVI had moved it)");
	rig_ok(&r, cmd_event(OP_CLR, 5, 1), "CLEAR");
	is(r.world.seen.pending[8200], 0, "CLEAR removes the pending state");
	rig_ok(&r, cmd_event(OP_INV, 5, 1), "INV");
	is(r.world.last[OP_RELOAD][1], 8200, "INV reads the configuration");
	rig_ok(&r, cmd_sync(1), "SYNC");
	rig_ok(&r, cmd_sync(0x7ffffffff), "SYNC with any RDbase");
	rig_ok(&r, cmd_movall(3, 0), "MOVALL");
	is(r.world.last[OP_MOVE_ALL][0], 3, "MOVALL from");
	is(r.world.last[OP_MOVE_ALL][1], 0, "MOVALL to");
	is(goes_to(&r, 5, 1), LEADS(8200, 3), "MOVALL does not change collections");
	rig_ok(&r, cmd_event(OP_DISCARD, 5, 1), "DISCARD");
	is(goes_to(&r, 5, 1), -ENXIO, "a discarded event leads nowhere");
	is(r.world.seen.pending[8200], 0, "DISCARD removes the pending state");
	is(r.world.last[OP_EVENT_UNMAPPED][1], 1, "DISCARD tells the backend");
	rig_fails(&r, cmd_event(OP_INT, 5, 1), ITS_E_INT_UNMAPPED_INTERRUPT);
	rig_down(&r);
}

static void test_event_errors(void)
{
	static const struct {
		u32 opcode, first;
	} c[] = { { OP_INT, ITS_E_INT_DEVICE_OOR },
		  { OP_CLR, ITS_E_CLEAR_DEVICE_OOR },
		  { OP_INV, ITS_E_INV_DEVICE_OOR },
		  { OP_DISCARD, ITS_E_DISCARD_DEVICE_OOR },
		  { 0x01, ITS_E_MOVI_DEVICE_OOR } };

	rig_typical(&r);
	for (u32 i = 0; i < ARRAY_SIZE(c); i++) {
		rig_do(&r, cmd_mapc(1, 1, true));
		rig_fails(&r, cmd_event(c[i].opcode, 0x10000, 1), c[i].first);
		rig_fails(&r, cmd_event(c[i].opcode, 0x80000005, 1), c[i].first);
		rig_fails(&r, cmd_event(c[i].opcode, 7, 1), c[i].first + 1);
		rig_fails(&r, cmd_event(c[i].opcode, 5, 32), c[i].first + 2);
		rig_fails(&r, cmd_event(c[i].opcode, 5, 0xffffffff), c[i].first + 2);
		rig_fails(&r, cmd_event(c[i].opcode, 5, 2), c[i].first + 3);
		rig_do(&r, cmd_mapc(1, 0, false));
		is(rig_do(&r, cmd_event(c[i].opcode, 5, 1)), c[i].first + 4, "%s",
		   its_error_name(c[i].first + 4));
	}
	rig_do(&r, cmd_mapc(1, 1, true));
	rig_fails(&r, cmd_movi(5, 1, 9), ITS_E_MOVI_UNMAPPED_COLLECTION);
	rig_fails(&r, cmd_invall(9), ITS_E_INVALL_UNMAPPED_COLLECTION);
	is(goes_to(&r, 5, 1), LEADS(8200, 1), "after all that the event is as it was");
	rig_down(&r);
}

static void test_mapti_errors(void)
{
	rig_typical(&r);
	rig_fails(&r, cmd_mapti(0x10000, 2, 8201, 1), ITS_E_MAPTI_DEVICE_OOR);
	rig_fails(&r, cmd_mapti(7, 2, 8201, 1), ITS_E_MAPTI_UNMAPPED_DEVICE);
	rig_fails(&r, cmd_mapti(5, 32, 8201, 1), ITS_E_MAPTI_ID_OOR);
	rig_fails(&r, cmd_mapti(5, 2, 8191, 1), ITS_E_MAPTI_PHYSICALID_OOR);
	rig_fails(&r, cmd_mapti(5, 2, 0, 1), ITS_E_MAPTI_PHYSICALID_OOR);
	rig_fails(&r, cmd_mapti(5, 2, 0x10000, 1), ITS_E_MAPTI_PHYSICALID_OOR);
	rig_fails(&r, cmd_mapti(5, 2, 0xffffffff, 1), ITS_E_MAPTI_PHYSICALID_OOR);
	rig_fails(&r, cmd_mapti(5, 2, 0x12000, 1), ITS_E_MAPTI_PHYSICALID_OOR);
	rig_fails(&r, cmd_mapti(5, 1, 8300, 2), ITS_E_MAPTI_ALREADY_MAPPED);
	is(goes_to(&r, 5, 1), LEADS(8200, 1), "MAPTI of a mapped event leaves it as it was");
	rig_fails(&r, cmd_mapi(5, 2, 1), ITS_E_MAPI_PHYSICALID_OOR);
	r.world.lpi_limit = 8201;
	rig_fails(&r, cmd_mapti(5, 2, 8201, 1), ITS_E_MAPTI_PHYSICALID_OOR);
	ok(true, "... when GICR_PROPBASER.IDbits does not reach it");
	r.world.lpi_limit = FAKE_NR_LPIS;

	/* The collection table has 8 pages of 64 KiB, all 65,536 entries; make a hole in it. */
	rig_ram.hole[0].start = RIG_COLL_TABLE + 100 * 8;
	rig_ram.hole[0].end = RIG_COLL_TABLE + 101 * 8;
	rig_fails(&r, cmd_mapti(5, 2, 8201, 100), ITS_E_MAPTI_COLLECTION_OOR);
	rig_ok(&r, cmd_mapti(5, 2, 8201, 101), "MAPTI to a collection that is not mapped yet");
	is(r.world.last[OP_EVENT_MAPPED][2], ITS_NO_VCPU, "... tells the backend: no vCPU");
	is(goes_to(&r, 5, 2), -ENXIO, "... leads nowhere");
	is(r.world.seen.calls[OP_RELOAD], 1 + 1,
	   "... and has no configuration yet (two for event 1 and the refused one)");
	rig_ok(&r, cmd_mapc(101, 2, true), "MAPC");
	is(r.world.last[OP_RELOAD][1], 8201, "MAPC reads the configuration of its LPIs");
	is(r.world.last[OP_EVENT_MOVED][2], 2, "... and tells the backend");
	is(goes_to(&r, 5, 2), LEADS(8201, 2), "... and the event works");
	/* The ITT. */
	rig_ok(&r, cmd_mapd(8, 5, 0xffffffffff00, true),
	       "MAPD takes an ITT address that is not memory");
	rig_fails(&r, cmd_mapti(8, 0, 8300, 0), ITS_E_MAPTI_ID_OOR);
	rig_ram.hole[0].start = RIG_ITT + 9 * 8;
	rig_ram.hole[0].end = RIG_ITT + 10 * 8;
	rig_fails(&r, cmd_mapti(5, 9, 8301, 0), ITS_E_MAPTI_ID_OOR);
	rig_ok(&r, cmd_mapti(5, 10, 8301, 0), "an ITT with one entry out of memory: its neighbour");
	rig_ok(&r, cmd_mapti(5, 3, 8200, 0), "one LPI for two events");
	is(goes_to(&r, 5, 3), LEADS(8200, 0), "... each has its own route");
	rig_do(&r, cmd_event(OP_DISCARD, 5, 3));
	is(goes_to(&r, 5, 1), LEADS(8200, 1), "... and the other stays");
	rig_down(&r);
}

static void test_mapd(void)
{
	struct its_device_info d;

	rig_typical(&r);
	rig_fails(&r, cmd_mapd(0x10000, 5, RIG_ITT, true), ITS_E_MAPD_DEVICE_OOR);
	rig_fails(&r, cmd_mapd(0x10000, 5, RIG_ITT, false), ITS_E_MAPD_DEVICE_OOR);
	rig_fails(&r, cmd_mapd(6, 17, RIG_ITT, true), ITS_E_MAPD_ITTSIZE_OOR);
	rig_fails(&r, cmd_mapd(5, 17, RIG_ITT, true), ITS_E_MAPD_ITTSIZE_OOR);
	is(goes_to(&r, 5, 1), LEADS(8200, 1), "a remap that fails leaves the old mapping");
	rig_ram.hole[0].start = RIG_DEV_TABLE + 6 * 8 + 7;
	rig_ram.hole[0].end = RIG_DEV_TABLE + 6 * 8 + 8;
	rig_fails(&r, cmd_mapd(6, 5, RIG_ITT, true), ITS_E_MAPD_DEVICE_OOR);
	rig_ok(&r, cmd_mapd(6, 5, RIG_ITT, false),
	       "MAPD V=0 of a device that is not mapped: nothing");
	its_signal(r.its, 0, 5, 1);
	rig_ok(&r, cmd_mapd(5, 6, RIG_ITT + 0x800, true), "MAPD of a mapped device");
	is(goes_to(&r, 5, 1), -ENXIO, "... has lost its events");
	is(r.world.seen.pending[8200], 0, "... and their pending state");
	is(r.world.seen.calls[OP_DEVICE_UNMAPPED], 1, "... the backend unmapped it");
	is(r.world.seen.calls[OP_DEVICE_MAPPED], 2, "... and mapped it again");
	is(r.world.last[OP_DEVICE_MAPPED][1], 64, "... with 64 events");
	ok(its_device_info(r.its, 5, &d) && d.nr_events == 64 && d.itt == RIG_ITT + 0x800 &&
		   d.mapped == 0,
	   "its_device_info() tells so");
	/* Unmap when the table is gone from memory. */
	rig_ok(&r, cmd_mapti(5, 40, 8240, 2), "MAPTI 40");
	rig_ram.hole[1].start = RIG_DEV_TABLE;
	rig_ram.hole[1].end = RIG_DEV_TABLE + 0x80000;
	rig_ok(&r, cmd_mapd(5, 1, 0, false), "MAPD V=0 needs no table");
	is(goes_to(&r, 5, 40), -ENXIO, "... and unmaps");
	ok(!its_device_info(r.its, 5, &d), "... the device is gone");
	is(r.world.seen.nr_devices, 0, "the backend has no device left");
	is(r.world.seen.nr_events, 0, "... and no event");
	memset(rig_ram.hole, 0, sizeof(rig_ram.hole));
	r.world.device_error = -ENOSPC;
	is(rig_do(&r, cmd_mapd(5, 5, RIG_ITT, true)), ITS_E_MAPD_BACKEND,
	   "a backend that fails is counted");
	rig_ok(&r, cmd_mapti(5, 0, 8200, 0), "... and the device is mapped all the same");
	rig_down(&r);
}

static void test_capacity(void)
{
	struct its_config cfg = rig_default_config();

	cfg.max_devices = 2;
	cfg.intid_bits = 14;
	rig_make(&r, &cfg);
	rig_enable(&r, 256);
	rig_do(&r, cmd_mapc(0, 0, true));
	rig_ok(&r, cmd_mapd(1, 16, RIG_ITT, true), "first device");
	rig_ok(&r, cmd_mapd(2, 16, RIG_ITT, true), "second device");
	rig_fails(&r, cmd_mapd(3, 5, RIG_ITT, true), ITS_E_MAPD_DEVICE_OOR);
	rig_ok(&r, cmd_mapd(2, 14, RIG_ITT, true), "a remap is no third device");
	rig_ok(&r, cmd_mapd(1, 1, 0, false), "unmap one");
	rig_ok(&r, cmd_mapd(3, 16, RIG_ITT, true), "then there is room");
	for (u32 i = 0; i < 8192; i++)
		rig_queue(&r, cmd_mapti(3, i * 7, 8192 + i, 0));
	ok(rig_settle(&r), "8192 MAPTI");
	is(rig_stats(&r).events, 8192, "as many events as LPIs");
	rig_fails(&r, cmd_mapti(3, 65535, 9000, 0), ITS_E_MAPTI_ID_OOR);
	rig_ok(&r, cmd_event(OP_DISCARD, 3, 7), "DISCARD one");
	rig_ok(&r, cmd_mapti(3, 65535, 9000, 0), "then there is room");
	ok(goes_to(&r, 3, 65535) == LEADS(9000, 0), "... and it works");
	for (u32 i = 0; i < 8192; i++) {
		if (i != 1 && goes_to(&r, 3, i * 7) != LEADS(8192 + i, 0))
			ok(false, "event %u", i * 7);
	}
	rig_ok(&r, cmd_mapd(3, 1, 0, false), "MAPD V=0 of a full device");
	is(rig_stats(&r).events, 0, "nothing is left");
	is(r.world.seen.nr_events, 0, "nor at the backend");
	rig_down(&r);
}

static void test_mapc(void)
{
	rig_typical(&r);
	rig_fails(&r, cmd_mapc(1, 4, true), ITS_E_MAPC_PROCNUM_OOR);
	rig_fails(&r, cmd_mapc(1, 0x7ffffffff, true), ITS_E_MAPC_PROCNUM_OOR);
	rig_fails(&r, cmd_mapc(1, UINT64_C(0x100000001), true), ITS_E_MAPC_PROCNUM_OOR);
	rig_fails(&r, cmd_movall(0, 4), ITS_E_MOVALL_PROCNUM_OOR);
	rig_fails(&r, cmd_movall(UINT64_C(0x100000000), 0), ITS_E_MOVALL_PROCNUM_OOR);
	rig_ok(&r, cmd_movall(2, 2), "MOVALL to itself");
	is(r.world.seen.calls[OP_MOVE_ALL], 0, "... moves nothing");
	its_signal(r.its, 0, 5, 1);
	rig_ok(&r, cmd_mapc(1, 3, true), "MAPC retargets");
	is(goes_to(&r, 5, 1), LEADS(8200, 3), "... what comes later goes to the new vCPU");
	is(r.world.seen.pending[8200], 1 + 1, "... what is pending stays");
	is(r.world.last[OP_EVENT_MOVED][2], 3, "... the backend knows");
	is(r.world.seen.calls[OP_RELOAD], 1,
	   "... the configuration is common to all vCPUs: not read again");
	rig_ok(&r, cmd_mapc(1, 0x7ffffffff, false), "MAPC V=0 does not look at RDbase");
	is(goes_to(&r, 5, 1), -ENXIO, "an unmapped collection drops");
	is(rig_stats(&r).msi_unmapped, 1, "... and that is counted");
	rig_ok(&r, cmd_mapc(1, 0, false), "MAPC V=0 twice");
	rig_ok(&r, cmd_mapc(65535, 0, true), "the last ICID");
	rig_ok(&r, cmd_mapc(1, 0, true), "mapped again");
	is(goes_to(&r, 5, 1), LEADS(8200, 0), "... the event is still there");
	its_mmio_write(r.its, R_CTLR, 4, 0);
	its_mmio_write(r.its, R_BASER1, 8, VALID | RIG_COLL_TABLE); /* 4 KiB: 512 entries */
	its_mmio_write(r.its, R_CTLR, 4, 1);
	rig_settle(&r);
	rig_fails(&r, cmd_mapc(512, 0, true), ITS_E_MAPC_COLLECTION_OOR);
	rig_ok(&r, cmd_mapc(511, 0, true), "the last entry of the table");
	rig_down(&r);
}

/* vCPUs 0 to 3 go by the numbers 103 to 100. */
static u32 by_number(void *vm, u64 rdbase)
{
	(void)vm;
	return rdbase >= 100 && rdbase <= 103 ? 103 - (u32)rdbase : ITS_NO_VCPU;
}

static u32 number(void *vm, u32 vcpu)
{
	(void)vm;
	return 103 - vcpu;
}

static u64 saved_cte(u32 n)
{
	return ((const u64 *)(const void *)&rig_ram.bytes[RIG_COLL_TABLE - FAKE_RAM])[n];
}

static void test_rdbase(void)
{
	const struct its_config cfg = rig_default_config();
	struct its_ops ops = fake_ops;
	int err;

	rig_make(&r, &cfg);
	memset(r.mem, 0, its_mem_size(&cfg));
	ops.rdbase_vcpu = by_number;
	ops.vcpu_rdbase = number;
	r.its = its_init(r.mem, &cfg, &ops, &r.world);
	rig_enable(&r, 1);
	rig_fails(&r, cmd_mapc(1, 2, true), ITS_E_MAPC_PROCNUM_OOR);
	rig_fails(&r, cmd_mapc(1, 104, true), ITS_E_MAPC_PROCNUM_OOR);
	rig_ok(&r, cmd_mapc(1, 101, true), "MAPC to the vCPU of number 101");
	is(its_collection_vcpu(r.its, 1), 2, "... which is vCPU 2");
	rig_fails(&r, cmd_movall(101, 0), ITS_E_MOVALL_PROCNUM_OOR);
	rig_ok(&r, cmd_movall(101, 103), "MOVALL between two such");
	is(r.world.last[OP_MOVE_ALL][0], 2, "... from vCPU 2");
	is(r.world.last[OP_MOVE_ALL][1], 0, "... to vCPU 0");
	while ((err = its_save(r.its)) == -EAGAIN)
		;
	is((u64)err, 0, "saved");
	is(saved_cte(0) & GENMASK(51, 0), 101 << 16 | 1, "... by its number");
	while (its_reset(r.its) == ITS_AGAIN)
		;
	its_mmio_write(r.its, R_BASER1, 8, VALID | 2 << 8 | RIG_COLL_TABLE | 7);
	rig_settle(&r);
	while ((err = its_restore(r.its)) == -EAGAIN)
		;
	is((u64)err, 0, "restored");
	is(its_collection_vcpu(r.its, 1), 2, "... to the same vCPU");
	rig_down(&r);
}

static void test_indirect(void)
{
	static const u32 page_bits[] = { 12, 14, 16 };

	for (u32 i = 0; i < 3; i++) {
		u32 per_page = (1u << page_bits[i]) / 8;

		rig_up(&r);
		its_mmio_write(r.its, R_CTLR, 4, 0);
		its_mmio_write(r.its, R_BASER0, 8,
			       VALID | VALID >> 1 | (u64)i << 8 | RIG_DEV_TABLE);
		its_mmio_write(r.its, R_CTLR, 4, 1);
		rig_settle(&r);
		fake_poke64(&rig_ram, RIG_DEV_TABLE + 8, VALID | (RIG_ITT + 0x10000));
		fake_poke64(&rig_ram, RIG_DEV_TABLE + 16, RIG_ITT);
		fake_poke64(&rig_ram, RIG_DEV_TABLE + 24, VALID | 0xf0000000);
		fake_poke64(&rig_ram, RIG_DEV_TABLE + 32,
			    VALID | (FAKE_RAM + FAKE_RAM_SIZE - (1u << page_bits[i])) | 0xfff);
		rig_fails(&r, cmd_mapd(0, 5, RIG_ITT, true), ITS_E_MAPD_DEVICE_OOR);
		rig_ok(&r, cmd_mapd(per_page, 5, RIG_ITT, true),
		       "%u KiB pages: a valid first-level entry", 1u << (page_bits[i] - 10));
		rig_ok(&r, cmd_mapd(2 * per_page - 1, 5, RIG_ITT, true), "... its last device");
		rig_ram.hole[0].start = RIG_ITT + 0x10000 + 3 * 8;
		rig_ram.hole[0].end = RIG_ITT + 0x10000 + 4 * 8;
		rig_fails(&r, cmd_mapd(per_page + 3, 5, RIG_ITT, true), ITS_E_MAPD_DEVICE_OOR);
		rig_ok(&r, cmd_mapd(per_page + 2, 5, RIG_ITT, true), "beside a hole");
		rig_fails(&r, cmd_mapd(2 * per_page, 5, RIG_ITT, true), ITS_E_MAPD_DEVICE_OOR);
		rig_fails(&r, cmd_mapd(3 * per_page, 5, RIG_ITT, true), ITS_E_MAPD_DEVICE_OOR);
		rig_ok(&r, cmd_mapd(5 * per_page - 1, 5, RIG_ITT, true), "the last word of RAM");
		/* The first level is overwritten: what is mapped stays mapped. */
		memset(&rig_ram.bytes[RIG_DEV_TABLE - FAKE_RAM], 0xff, 4096);
		rig_ok(&r, cmd_mapti(per_page, 0, 8192, 0),
		       "MAPTI after the table was overwritten");
		rig_ok(&r, cmd_mapd(per_page, 5, 0, false),
		       "MAPD V=0 after the table was overwritten");
		rig_down(&r);
	}
}

static void test_bad_commands(void)
{
	struct fake_cmd c = { { 0, 0, 0, 0 } };
	u64 before;

	rig_typical(&r);
	before = r.world.seen.calls[OP_RELOAD];
	for (u32 op = 0; op < 256; op++) {
		static const u8 known[] = { 1, 3, 4, 5, 8, 9, 10, 11, 12, 13, 14, 15 };
		static const u8 virtuals[] = {
			0x21, 0x22, 0x23, 0x25, 0x29, 0x2a, 0x2b, 0x2d, 0x2e
		};
		u32 want = ITS_E_COMMAND_UNKNOWN;

		if (memchr(known, (int)op, sizeof(known)))
			continue;
		if (memchr(virtuals, (int)op, sizeof(virtuals)))
			want = ITS_E_COMMAND_VIRTUAL;
		c.w[0] = op | UINT64_C(0xffffffffffffff00);
		if (rig_do(&r, c) != want)
			ok(false, "opcode 0x%x", op);
	}
	ok(before == r.world.seen.calls[OP_RELOAD],
	   "unknown and GICv4 opcodes are counted and do nothing");
	/* The ring leaves memory: each entry that cannot be read is passed. */
	its_mmio_write(r.its, R_CTLR, 4, 0);
	its_mmio_write(r.its, R_CBASER, 8,
		       VALID | (FAKE_RAM + FAKE_RAM_SIZE - 0x10000) | 16); /* 17 pages, 16 in RAM */
	its_mmio_write(r.its, R_CTLR, 4, 1);
	its_mmio_write(r.its, R_CWRITER, 8, 16 * 4096 + 64);
	ok(rig_settle(&r), "a ring that straddles the end of RAM is run to its end");
	is(its_mmio_read(r.its, R_CREADR, 8), 16 * 4096 + 64, "CREADR got there");
	is(rig_stats(&r).errors[ITS_E_COMMAND_FETCH], 2, "two entries could not be read");
	its_mmio_write(r.its, R_CTLR, 4, 0);
	its_mmio_write(r.its, R_CBASER, 8, VALID | 0xfff0000000000 | 255);
	its_mmio_write(r.its, R_CTLR, 4, 1);
	its_mmio_write(r.its, R_CWRITER, 8, 0xfffe0);
	ok(rig_settle(&r), "a 1 MiB ring at the end of the address space");
	is(rig_stats(&r).errors[ITS_E_COMMAND_FETCH], 2 + 32767,
	   "... not one entry can be read, none wedges");
	rig_down(&r);
}

static void test_wrap(void)
{
	rig_typical(&r);
	for (u32 i = 0; i < 300; i++) {
		if (rig_do(&r, cmd_event(OP_INV, 5, 1)))
			ok(false, "INV %u", i);
	}
	is(r.world.seen.calls[OP_RELOAD], 301, "the ring wraps");
	rig_down(&r);
}

/*
 * 32,767 commands, each of which walks 57,344 events or waits: bounded steps, and CREADR advances.
 */
static void test_full_ring(void)
{
	struct its_config cfg = rig_default_config();
	u64 creadr, last = 0, moved = 0, most_ops = 0, ops;

	rig_make(&r, &cfg);
	rig_enable(&r, 256);
	rig_do(&r, cmd_mapc(0, 0, true));
	rig_do(&r, cmd_mapd(0, 16, RIG_ITT, true));
	for (u32 i = 0; i < 32000; i++)
		rig_queue(&r, cmd_mapti(0, i, 8192 + i, 0));
	rig_settle(&r);
	for (u32 i = 32000; i < 57344; i++)
		rig_queue(&r, cmd_mapti(0, i, 8192 + i, 0));
	rig_settle(&r);
	is(rig_stats(&r).events, 57344, "57,344 events are mapped");
	is(rig_do(&r, cmd_invall(0)), 0, "INVALL");
	ok(r.steps > 57344 / 60, "INVALL over all of them takes %llu steps",
	   (unsigned long long)r.steps);
	for (u32 i = 0; i < 32767; i++)
		rig_queue(&r, i % 3 == 0   ? cmd_invall(0)
			      : i % 3 == 1 ? cmd_movall(0, 1)
					   : cmd_mapd(9, 1, 0, false));
	for (u32 i = 0; i < 20000; i++) {
		ops = r.world.seen.calls[OP_RELOAD] + r.world.seen.calls[OP_MOVE_ALL];
		its_run(r.its);
		ops = r.world.seen.calls[OP_RELOAD] + r.world.seen.calls[OP_MOVE_ALL] - ops;
		most_ops = MAX(most_ops, ops);
		creadr = its_mmio_read(r.its, R_CREADR, 8);
		moved += creadr != last;
		last = creadr;
	}
	ok(most_ops <= 60, "no step does more than 60 operations (%llu)",
	   (unsigned long long)most_ops);
	ok(moved > 10, "CREADR advances (%llu times in 20,000 steps)", (unsigned long long)moved);
	is(its_signal(r.its, 1, 0, 77), 1, "MSIs go on in the middle of it");
	/* The guest gives up: disabled, the command in hand is finished and the rest is left. */
	its_mmio_write(r.its, R_CTLR, 4, 0);
	ok(rig_settle(&r), "disabled in the middle of an INVALL");
	ok(its_mmio_read(r.its, R_CREADR, 8) != its_mmio_read(r.its, R_CWRITER, 8),
	   "the rest of the ring is left");
	is(its_mmio_read(r.its, R_CTLR, 4), 0x80000000, "and the ITS is quiescent");
	for (u32 i = 0; its_reset(r.its) == ITS_AGAIN; i++) {
		if (i > 100000)
			break;
	}
	is(rig_stats(&r).events, 0, "reset unmaps all, in steps");
	is(r.world.seen.nr_events, 0, "... and the backend was told of each");
	is(r.world.seen.nr_devices, 0, "... and of the device");
	rig_down(&r);
}

/* Each operation that may answer -EAGAIN: the command stays at the head, and is done once. */
static void test_again(void)
{
	const struct {
		enum fake_op op;
		struct fake_cmd c;
		const char *name;
	} t[] = {
		{ OP_CLEAR, cmd_event(OP_CLR, 5, 1), "CLEAR" },
		{ OP_CLEAR, cmd_event(OP_DISCARD, 5, 1), "DISCARD" },
		{ OP_CLEAR, cmd_mapd(5, 1, 0, false), "MAPD V=0, an event" },
		{ OP_DEVICE_UNMAPPED, cmd_mapd(5, 1, 0, false), "MAPD V=0, the device" },
		{ OP_DEVICE_UNMAPPED, cmd_mapd(5, 5, RIG_ITT, true), "MAPD again, the old one" },
		{ OP_DEVICE_MAPPED, cmd_mapd(5, 5, RIG_ITT, true), "MAPD again, the new one" },
		{ OP_DEVICE_MAPPED, cmd_mapd(6, 5, RIG_ITT, true), "MAPD" },
		{ OP_MOVE, cmd_movi(5, 1, 2), "MOVI" },
		{ OP_MOVE_ALL, cmd_movall(1, 2), "MOVALL" },
	};

	for (u32 i = 0; i < ARRAY_SIZE(t); i++) {
		u64 at, calls, n = 0;

		rig_typical(&r);
		rig_ok(&r, cmd_mapti(5, 7, 8207, 1), "one more event");
		at = its_mmio_read(r.its, R_CREADR, 8);
		calls = r.world.seen.calls[t[i].op];
		r.world.again[t[i].op] = 7;
		rig_queue(&r, t[i].c);
		rig_queue(&r, cmd_event(OP_INT, 5, 1)); /* must not be done before */
		while (r.world.again[t[i].op] && n++ < 1000) {
			if (its_run(r.its) != ITS_AGAIN || its_mmio_read(r.its, R_CREADR, 8) != at)
				break;
		}
		ok(n >= 7 && n < 1000 && !r.world.again[t[i].op], "%s waits (%llu steps)",
		   t[i].name, (unsigned long long)n);
		is(its_mmio_read(r.its, R_CREADR, 8), at, "... CREADR tells the truth");
		is(its_mmio_read(r.its, R_CTLR, 4), 1, "... and so does Quiescent");
		is(r.world.seen.calls[OP_PEND], 0, "... and the next command waits too");
		ok(rig_settle(&r), "... then goes on");
		ok(r.world.seen.calls[t[i].op] > calls, "... having done it");
		is(its_mmio_read(r.its, R_CREADR, 8), at + 64, "... and CREADR passed");
		rig_down(&r);
	}
}

static void test_reads_once(void)
{
	struct fake_cmd c = cmd_mapd(5, 1, 0, false);

	rig_typical(&r);
	for (u32 i = 2; i < 30; i++)
		rig_do(&r, cmd_mapti(5, i, 8200 + i, 1));
	r.world.again[OP_CLEAR] = 3;
	rig_queue(&r, c);
	its_run(r.its);
	/* The guest rewrites the entry that is being processed, and the ring's memory goes away. */
	memset(&rig_ram.bytes[RIG_RING - FAKE_RAM], 0xff, 4096);
	rig_ram.hole[0].start = RIG_RING;
	rig_ram.hole[0].end = RIG_RING + 4096;
	ok(rig_settle(&r), "a queue entry that is rewritten while it is worked on");
	is(rig_stats(&r).devices, 0, "... does what it said when it was read");
	is(rig_stats(&r).errors[ITS_E_COMMAND_FETCH], 0, "... and is not read again");
	rig_down(&r);
}

/* Unmap by walking the table (a large device beside small ones), and by EventID. */
static void test_unmap_walks(void)
{
	struct its_config cfg = rig_default_config();

	cfg.intid_bits = 14; /* 2,048 buckets: 4,096 EventIDs are more */
	rig_make(&r, &cfg);
	rig_enable(&r, 4);
	rig_do(&r, cmd_mapc(0, 0, true));
	rig_do(&r, cmd_mapd(1, 16, RIG_ITT, true));
	rig_do(&r, cmd_mapd(2, 5, RIG_ITT, true));
	for (u32 i = 0; i < 32; i++) {
		rig_do(&r, cmd_mapti(1, 65535 - i * 2000, 8192 + i, 0));
		rig_do(&r, cmd_mapti(2, i, 8292 + i, 0));
	}
	is(rig_stats(&r).events, 64, "64 events of two devices");
	r.world.again[OP_CLEAR] = 5;
	rig_ok(&r, cmd_mapd(1, 1, 0, false), "unmap the one with 16 bits");
	is(rig_stats(&r).events, 32, "... its events only");
	is(r.world.seen.calls[OP_EVENT_UNMAPPED], 32, "... each told once");
	for (u32 i = 0; i < 32; i++) {
		if (goes_to(&r, 2, i) != LEADS(8292 + i, 0))
			ok(false, "event %u of the other", i);
	}
	r.world.again[OP_CLEAR] = 5;
	rig_ok(&r, cmd_mapd(2, 1, 0, false), "unmap the one with 5 bits");
	is(rig_stats(&r).events, 0, "... none is left");
	is(r.world.seen.nr_events, 0, "... nor at the backend");
	rig_down(&r);
}

int main(void)
{
	test_typical();
	test_event_errors();
	test_mapti_errors();
	test_mapd();
	test_capacity();
	test_mapc();
	test_rdbase();
	test_indirect();
	test_bad_commands();
	test_wrap();
	test_full_ring();
	test_again();
	test_reads_once();
	test_unmap_walks();
	return tap_done();
}
