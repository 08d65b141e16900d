/* SPDX-License-Identifier: GPL-2.0-only */
/* What random streams do not reach (tests/coverage.sh tells), made to happen on purpose. */
// sources: its/its.c its/regs.c its/queue.c its/cmd.c its/device.c its/event.c its/baser.c its/signal.c
// sources: its/save.c its/restore.c tests/unit/its_fake.c
#include "its/event.h"
#include "its/internal.h"
#include "tests/unit/its_rig.h"

static void test_out_of_range(void)
{
	struct rig r;

	rig_up(&r);
	is(its_error_encoding(ITS_NR_ERRORS), 0, "an error's number out of range has no encoding");
	is(its_error_encoding(ITS_E_MAPD_DEVICE_OOR), 0x010801, "... one in range has");
	is(its_collection_vcpu(r.its, 0x10000), ITS_NO_VCPU, "an ICID of 17 bits has no vCPU");
	rig_down(&r);
}

/*
 * A DISCARD waits for another CPU, the guest disables the ITS: tables and ring stay as they are
 * until the command has ended.
 */
static void test_locked_by_command(void)
{
	struct rig r;
	u64 cbaser, baser;

	rig_typical(&r);
	cbaser = its_mmio_read(r.its, R_CBASER, 8);
	baser = its_mmio_read(r.its, R_BASER0, 8);
	r.world.again[OP_CLEAR] = 3;
	rig_queue(&r, cmd_event(OP_DISCARD, 5, 1));
	is(its_run(r.its), ITS_AGAIN, "a DISCARD has to wait");
	its_mmio_write(r.its, R_CTLR, 4, 0);
	its_mmio_write(r.its, R_CBASER, 8, 0);
	its_mmio_write(r.its, R_BASER0, 8, 0);
	is(its_mmio_read(r.its, R_CBASER, 8), cbaser, "CBASER is locked meanwhile");
	is(its_mmio_read(r.its, R_BASER0, 8), baser, "... BASER0, too");
	is(its_reg_set(r.its, R_CREADR, 0), -EBUSY, "... and CREADR, for user space");
	ok(rig_settle(&r), "the DISCARD ends");
	is(rig_stats(&r).events, 0, "... and has unmapped its event");
	is(its_reg_set(r.its, R_CREADR, 0), 0, "then CREADR can be set");
	its_mmio_write(r.its, R_CBASER, 8, 0);
	is(its_mmio_read(r.its, R_CBASER, 8) & VALID, 0, "... and CBASER written");
	rig_down(&r);
}

/* ---- Two full buckets ---- */

#define CROWD 17u /* one more than two buckets have words */

struct crowd {
	u32 slot[CROWD], eventid[CROWD], n;
};

/*
 * Keys whose two buckets are the first and the second of the table. A guest cannot find them: it
 * does not know the seed.
 */
static void find_crowd(const struct its *its, u32 slots, struct crowd *c)
{
	c->n = 0;
	for (u32 slot = 1; slot <= slots; slot++) {
		for (u32 id = 0; id < 0x10000 && c->n < CROWD; id++) {
			u64 hash = event_hash(its, event_key(slot, id));
			u32 b1 = event_bucket1(its, hash), b2 = event_bucket2(its, hash);

			if (b1 + b2 != EVENT_BUCKET || b1 == b2)
				continue;
			c->slot[c->n] = slot;
			c->eventid[c->n++] = id;
		}
	}
}

static struct its_config crowd_config(void)
{
	struct its_config cfg = rig_default_config();

	cfg.intid_bits = 14; /* the smallest table */
	return cfg;
}

/* Devices take slots in the order of their MAPDs: device n has slot n + 1. */
static void test_full_buckets(void)
{
	struct its_config cfg = crowd_config();
	struct crowd c;
	struct rig r;
	u32 failed = 0;

	rig_make(&r, &cfg);
	rig_enable(&r, 1);
	find_crowd(r.its, cfg.max_devices, &c);
	is(c.n, CROWD, "there are %u events for the same two buckets", CROWD);
	for (u32 i = 0; i < cfg.max_devices; i++)
		rig_do(&r, cmd_mapd(i, 16, RIG_ITT, true));
	rig_do(&r, cmd_mapc(0, 0, true));
	for (u32 i = 0; i < CROWD - 1; i++)
		failed += rig_do(&r, cmd_mapti(c.slot[i] - 1, c.eventid[i], 8192 + i, 0)) != 0;
	is(failed, 0, "16 of them fit");
	rig_fails(&r, cmd_mapti(c.slot[CROWD - 1] - 1, c.eventid[CROWD - 1], 8300, 0),
		  ITS_E_MAPTI_ID_OOR);
	for (u32 i = 0; i < CROWD - 1; i++)
		failed += its_signal(r.its, 0, c.slot[i] - 1, c.eventid[i]) != 1;
	is(failed, 0, "the 16 are found");
	rig_ok(&r, cmd_event(OP_DISCARD, c.slot[3] - 1, c.eventid[3]), "one is unmapped");
	rig_ok(&r, cmd_mapti(c.slot[CROWD - 1] - 1, c.eventid[CROWD - 1], 8300, 0),
	       "then the 17th fits");
	rig_down(&r);
}

/* ---- No backend ---- */

/* A VM without real devices gives no notifications: a restore has nobody to tell. */
static void test_restore_without_backend(void)
{
	struct its_ops ops = fake_ops;
	struct its_event_info info;
	struct rig r;
	u32 found = 0;

	rig_up(&r);
	ops.device_mapped = NULL;
	ops.device_unmapped = NULL;
	ops.event_mapped = NULL;
	ops.event_moved = NULL;
	ops.event_unmapped = NULL;
	memset(r.mem, 0, its_mem_size(&r.cfg));
	r.its = its_init(r.mem, &r.cfg, &ops, &r.world);
	rig_enable(&r, 1);
	its_mmio_write(r.its, R_CTLR, 4, 0);
	rig_settle(&r);
	fake_poke64(&rig_ram, RIG_COLL_TABLE, VALID | 2 << 16 | 7); /* ICID 7 on vCPU 2 */
	fake_poke64(&rig_ram, RIG_DEV_TABLE + 3 * 8, VALID | RIG_ITT >> 8 << 5 | 1);
	fake_poke64(&rig_ram, RIG_ITT + 2 * 8, UINT64_C(8222) << 16 | 7);
	is(its_restore(r.its), 0, "a device with an event is restored");
	for (u32 i = 0; i < its_nr_entries(r.its); i++)
		found += its_event_info(r.its, i, &info) && info.devid == 3 && info.eventid == 2 &&
			 info.lpi == 8222 && info.icid == 7 && info.vcpu == 2;
	is(found, 1, "... as it is in the tables");
	for (u32 op = OP_DEVICE_MAPPED; op < NR_OPS; op++)
		is(r.world.seen.calls[op], 0, "... and nobody was told (operation %u)", op);
	while (its_reset(r.its) == ITS_AGAIN)
		;
	is(rig_stats(&r).devices + rig_stats(&r).events, 0, "a reset takes it away");
	rig_down(&r);
}

int main(void)
{
	test_out_of_range();
	test_locked_by_command();
	test_full_buckets();
	test_restore_without_backend();
	return tap_done();
}
