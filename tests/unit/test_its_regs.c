/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ITS's register file: every width and alignment, what is writable when, enabling, disabling,
 * reset.
 */
// sources: its/its.c its/regs.c its/queue.c its/cmd.c its/device.c its/event.c its/baser.c its/signal.c
// sources: its/save.c its/restore.c
// sources: tests/unit/its_fake.c
#include "tests/unit/its_rig.h"

static struct rig r;

static u64 rd(u64 offset, u32 size)
{
	return its_mmio_read(r.its, offset, size);
}

static void wr(u64 offset, u32 size, u64 val)
{
	its_mmio_write(r.its, offset, size, val);
}

static void test_config(void)
{
	struct its_config cfg = rig_default_config(), bad;
	size_t size = its_mem_size(&cfg);

	ok(size && size % 64 == 0,
	   "its_mem_size() is a multiple of 64: %zu bytes for 16 INTID bits, 1024 devices", size);
	ok(size < 1400 * 1024, "... and stays within the budget of about 1.3 MiB");
#define BAD(field, val)                                                                            \
	bad = cfg;                                                                                 \
	bad.field = (val);                                                                         \
	is(its_mem_size(&bad), 0, "illegal: " #field " " #val)
	BAD(nr_vcpus, 513);
	BAD(nr_cpus, 0);
	BAD(nr_cpus, 513);
	BAD(devid_bits, 0);
	BAD(devid_bits, 21);
	BAD(eventid_bits, 0);
	BAD(eventid_bits, 17);
	BAD(intid_bits, 13);
	BAD(intid_bits, 17);
	BAD(max_devices, 0);
	BAD(max_devices, 65536);
}

static void test_reset_values(void)
{
	struct its_config cfg = rig_default_config();

	rig_make(&r, &cfg);
	is(rd(R_CTLR, 4), 0x80000000, "CTLR: disabled and quiescent");
	is(rd(R_IIDR, 4), 0x4b00043b, "IIDR: as KVM, table ABI revision 0");
	is(rd(R_TYPER, 8), 0x1ef71, "TYPER: physical LPIs, 8-byte ITT entries, 16 and 16 bits");
	is(rd(R_TYPER, 4), 0x1ef71, "TYPER, low half");
	is(rd(R_TYPER + 4, 4), 0, "TYPER, high half");
	is(rd(R_CBASER, 8), 0, "CBASER");
	is(rd(R_BASER0, 8), UINT64_C(0x0107000000000000), "BASER0: devices, 8-byte entries");
	is(rd(R_BASER1, 8), UINT64_C(0x0407000000000000), "BASER1: collections, 8-byte entries");
	for (u32 i = 2; i < 8; i++)
		is(rd(R_BASER0 + i * 8, 8), 0, "BASER%u is not there", i);
	is(rd(0xffe8, 4), 0x3b, "PIDR2: GICv3");
	is(rd(0xfff0, 4) | rd(0xfff4, 4) << 8 | rd(0xfff8, 4) << 16 | rd(0xfffc, 4) << 24,
	   0xb105f00d, "CIDR");
	rig_down(&r);
}

static void test_widths(void)
{
	u64 sum = 0;

	rig_up(&r);
	/*
	 * Everything, at every width and alignment: only defined accesses answer, and nothing
	 * breaks.
	 */
	for (u64 off = 0; off < ITS_FRAME_SIZE; off++) {
		static const u8 sizes[] = { 1, 2, 4, 8 };

		for (u32 i = 0; i < 4; i++) {
			u64 v = rd(off, sizes[i]);

			if (v && (sizes[i] < 4 || off % sizes[i]))
				ok(false, "0x%llx/%u reads 0x%llx", (unsigned long long)off,
				   sizes[i], (unsigned long long)v);
			sum += v != 0;
		}
	}
	ok(sum > 10, "reads of every offset at every width: %llu are not zero",
	   (unsigned long long)sum);
	is(rd(R_CTLR, 8), 0, "CTLR as 64 bits reads as zero");
	wr(R_CTLR, 8, 0);
	is(rd(R_CTLR, 4) & 1, 1, "... and ignores writes");
	is(rd(R_CTLR, 1), 0, "a byte of CTLR reads as zero");
	is(rd(ITS_TRANSLATER, 4), 0, "TRANSLATER reads as zero");
	wr(ITS_TRANSLATER, 4, 1);
	wr(ITS_TRANSLATER, 2, 1);
	is(rig_stats(&r).msi_unmapped + rig_stats(&r).msi_delivered, 0,
	   "a CPU's write to TRANSLATER is ignored");
	wr(R_CTLR, 4, 0);
	rig_settle(&r);
	wr(R_CBASER, 8, 0);
	wr(R_CBASER + 4, 4, 0x80000000);
	wr(R_CBASER, 4, 0x40000003);
	is(rd(R_CBASER, 8), VALID | 5ull << 59 | 0x40000003, "CBASER by halves");
	is(rd(R_CBASER + 4, 4), 0xa8000000, "... its high half");
	wr(R_CBASER + 2, 2, 0xffff);
	wr(R_CBASER + 1, 8, 0);
	is(rd(R_CBASER, 4), 0x40000003, "16 bits, or not aligned: ignored");
	for (u64 off = 0; off < ITS_FRAME_SIZE; off += 2) {
		if (off == R_CWRITER || off == R_CWRITER + 4)
			continue;
		wr(off, 1, 0xff);
		wr(off, 2, 0xffff);
	}
	is(rd(R_CBASER, 8), VALID | 5ull << 59 | 0x40000003,
	   "8- and 16-bit writes everywhere do nothing");
	rig_down(&r);
}

static void test_cbaser(void)
{
	rig_up(&r);
	wr(R_CBASER, 8, VALID | 0x80000000);
	is(rd(R_CBASER, 8) & 0xffffffff, RIG_RING, "CBASER ignores writes while enabled");
	wr(R_CBASER, 4, 0x80000000);
	wr(R_CBASER + 4, 4, 0);
	is(rd(R_CBASER, 8) & 0xffffffff, RIG_RING, "... by halves, too");
	rig_do(&r, cmd_sync(0));
	is(rd(R_CREADR, 8), 32, "CREADR moved");
	wr(R_CREADR, 8, 0);
	is(rd(R_CREADR, 8), 32, "CREADR is read-only");
	wr(R_CTLR, 4, 0);
	rig_settle(&r);
	wr(R_CBASER, 8, ~UINT64_C(0));
	is(rd(R_CBASER, 8), UINT64_C(0xb80fffffffff0cff) | 7ull << 59, "CBASER: bits that stick");
	is(rd(R_CREADR, 8), 0, "writing CBASER clears CREADR");
	is(rd(R_CWRITER, 8), 0, "... and CWRITER");
	wr(R_CBASER, 8, 0xff);
	wr(R_CTLR, 4, 1);
	is(rd(R_CTLR, 4) & 1, 0, "enabling with CBASER not valid is ignored");
	wr(R_CWRITER, 8, 64);
	rig_settle(&r);
	is(rd(R_CREADR, 8), 0, "nothing runs while disabled");
	rig_down(&r);
}

static void test_cwriter(void)
{
	rig_up(&r); /* one page */
	wr(R_CWRITER, 8, 0x1000);
	is(rd(R_CWRITER, 8), 0, "CWRITER beyond the ring is ignored");
	wr(R_CWRITER, 8, 0xfffe0);
	is(rd(R_CWRITER, 8), 0, "... far beyond, too");
	wr(R_CWRITER, 8, UINT64_C(0xffffffff00000000));
	is(rd(R_CWRITER, 8), 0, "bits above the offset are not there");
	for (u64 i = 0; i < 64; i += 32)
		memcpy(&rig_ram.bytes[i], &(struct fake_cmd){ { 5, 0, 0, 0 } }, 32);
	wr(R_CWRITER, 8, 64 + 31);
	is(rd(R_CWRITER, 8), 64, "CWRITER not aligned: the low bits are not there, Retry included");
	rig_settle(&r);
	is(rd(R_CREADR, 8), 64, "... and two commands ran");
	wr(R_CWRITER + 4, 4, 0xffffffff);
	is(rd(R_CWRITER, 8), 64, "its high half ignores writes");
	wr(R_CTLR, 4, 0);
	wr(R_CWRITER, 4, 128);
	is(rd(R_CWRITER, 4), 128, "CWRITER is writable while disabled");
	rig_settle(&r);
	is(rd(R_CREADR, 8), 64, "... and waits");
	is(rd(R_CTLR, 4), 0x80000000, "... quiescent");
	wr(R_CTLR, 4, 1);
	is(rd(R_CTLR, 4), 1, "enabled: not quiescent before the queue is run");
	rig_settle(&r);
	is(rd(R_CREADR, 8), 128, "... then it is");
	is(rd(R_CTLR, 4), 0x80000001, "Quiescent with nothing to do");
	rig_down(&r);
}

static void test_basers(void)
{
	u64 first;

	rig_typical(&r);
	first = rd(R_BASER0, 8);
	wr(R_BASER0, 8, 0);
	wr(R_BASER1, 8, 0);
	is(rd(R_BASER0, 8), first, "BASERs ignore writes while enabled");
	wr(R_CTLR, 4, 0);
	wr(R_BASER0, 8, first);
	wr(R_BASER0 + 4, 4, first >> 32);
	wr(R_BASER1, 8, rd(R_BASER1, 8) | UINT64_C(7) << 59); /* attributes only */
	wr(R_CTLR, 4, 1);
	rig_settle(&r);
	is(its_signal(r.its, 0, 5, 1), 1, "the same table written again keeps its mappings");
	wr(R_CTLR, 4, 0);
	wr(R_BASER0, 8, first & ~VALID);
	is(rd(R_CTLR, 4), 0, "a table that is taken away: not quiescent");
	is(its_signal(r.its, 0, 5, 1), -EBUSY, "... and no MSI is translated");
	wr(R_CTLR, 4, 1);
	is(rd(R_CTLR, 4) & 1, 0, "enabling without a device table is ignored");
	wr(R_BASER0, 8, first);
	wr(R_CTLR, 4, 1);
	is(rd(R_CTLR, 4), 1, "enabled again before the purge is done");
	is(its_signal(r.its, 0, 5, 1), -EBUSY, "... what was mapped cannot be reached");
	rig_settle(&r);
	is(its_signal(r.its, 0, 5, 1), -ENXIO, "... and then it is gone");
	is(rig_stats(&r).devices + rig_stats(&r).events, 0, "... devices and events");
	is(rig_stats(&r).collections, 4, "... not the collections");
	is(r.world.seen.nr_devices + r.world.seen.nr_events, 0, "... and the backend knows");
	wr(R_CTLR, 4, 0);
	wr(R_BASER1, 8, 0);
	rig_settle(&r);
	is(rig_stats(&r).collections, 0, "the collections go with their table");
	wr(R_BASER1, 8, ~UINT64_C(0));
	is(rd(R_BASER1, 8), UINT64_C(0xbc07fffffffffeff),
	   "BASER1: bits that stick (flat only, page size 3 is 2)");
	wr(R_BASER0, 8, ~UINT64_C(0));
	is(rd(R_BASER0, 8), UINT64_C(0xf907fffffffffeff), "BASER0: bits that stick");
	wr(R_BASER0, 8, UINT64_C(2) << 10);
	is(FIELD_GET(GENMASK(11, 10), rd(R_BASER0, 8)), 1, "outer shareable becomes inner");
	is(FIELD_GET(GENMASK(61, 59), rd(R_BASER0, 8)), 5, "non-cacheable becomes write-back");
	rig_down(&r);
}

static void test_reset(void)
{
	u32 steps = 0;

	rig_typical(&r);
	rig_queue(&r, cmd_mapd(5, 1, 0, false));
	r.world.again[OP_CLEAR] = 4;
	is(its_run(r.its), ITS_AGAIN, "a command is in hand");
	while (its_reset(r.its) == ITS_AGAIN && steps++ < 1000)
		wr(R_CTLR, 4, 1);
	ok(steps >= 3 && steps < 1000, "reset finishes it, in steps (%u)", steps);
	is(rd(R_CTLR, 4), 0x80000000, "CTLR");
	is(rd(R_CBASER, 8) | rd(R_CWRITER, 8) | rd(R_CREADR, 8), 0, "CBASER, CWRITER, CREADR");
	is(rd(R_BASER0, 8), UINT64_C(0x0107000000000000), "BASER0");
	is(rd(R_BASER1, 8), UINT64_C(0x0407000000000000), "BASER1");
	is(rig_stats(&r).devices + rig_stats(&r).events + rig_stats(&r).collections, 0,
	   "nothing is mapped");
	is(r.world.seen.nr_devices + r.world.seen.nr_events, 0, "the backend knows");
	rig_enable(&r, 1);
	rig_do(&r, cmd_mapc(0, 0, true));
	rig_do(&r, cmd_mapd(5, 5, RIG_ITT, true));
	rig_do(&r, cmd_mapti(5, 1, 8200, 0));
	is(its_signal(r.its, 0, 5, 1), 1, "and it works again");
	rig_down(&r);
}

static void test_names(void)
{
	ok(!strcmp(its_error_name(ITS_E_MAPTI_ID_OOR), "MAPTI_ID_OOR"), "error names");
	is(its_error_encoding(ITS_E_MAPTI_ID_OOR), 0x010a05, "error encodings");
	is(its_error_encoding(ITS_E_COMMAND_FETCH), 0, "Herald's own have none");
	ok(!strcmp(its_error_name(ITS_NR_ERRORS), "?") && !strcmp(its_cmd_name(~0u), "?"),
	   "out of range");
	ok(!strcmp(its_cmd_name(ITS_CMD_DISCARD), "DISCARD"), "command names");
}

int main(void)
{
	test_config();
	test_reset_values();
	test_widths();
	test_cbaser();
	test_cwriter();
	test_basers();
	test_reset();
	test_names();
	return tap_done();
}
