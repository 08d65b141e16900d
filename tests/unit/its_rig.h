/* SPDX-License-Identifier: GPL-2.0-only */
/* One ITS in one world, brought up as Linux would do it: what the directed ITS tests start from. */
#ifndef HERALD_TESTS_ITS_RIG_H
#define HERALD_TESTS_ITS_RIG_H

#include <string.h>

#include "hyp/lib/errno.h"
#include "tests/unit/its_fake.h"
#include "tests/unit/tap.h"

#define R_CTLR 0x0
#define R_IIDR 0x4
#define R_TYPER 0x8
#define R_CBASER 0x80
#define R_CWRITER 0x88
#define R_CREADR 0x90
#define R_BASER0 0x100
#define R_BASER1 0x108
#define VALID (UINT64_C(1) << 63)

#define OP_INT 0x03
#define OP_CLR 0x04
#define OP_INV 0x0c
#define OP_DISCARD 0x0f

#define RIG_RING FAKE_RAM
#define RIG_DEV_TABLE (FAKE_RAM + 0x200000)
#define RIG_COLL_TABLE (FAKE_RAM + 0x300000)
#define RIG_ITT (FAKE_RAM + 0x400000)

struct rig {
	struct its *its;
	void *mem;
	struct its_config cfg;
	struct fake world;
	u64 steps; /* its_run() calls of the last rig_settle() */
	u32 ring_pages;
};

static struct fake_ram rig_ram;

static inline struct its_config rig_default_config(void)
{
	return (struct its_config){
		.nr_vcpus = 4,
		.nr_cpus = 4,
		.devid_bits = 16,
		.eventid_bits = 16,
		.intid_bits = 16,
		.max_devices = 1024,
		.seed = 0x1234,
	};
}

static inline struct its *rig_make(struct rig *r, const struct its_config *cfg)
{
	memset(&rig_ram, 0, sizeof(rig_ram));
	memset(r, 0, sizeof(*r));
	r->cfg = *cfg;
	r->ring_pages = 1;
	fake_init(&r->world, &rig_ram, cfg->nr_vcpus);
	r->mem = aligned_alloc(64, its_mem_size(cfg));
	memset(r->mem, 0, its_mem_size(cfg));
	r->its = its_init(r->mem, cfg, &fake_ops, &r->world);
	return r->its;
}

/* Runs until idle; false: it does not end. */
static inline bool rig_settle(struct rig *r)
{
	for (r->steps = 1; r->steps < 10000000; r->steps++) {
		if (its_run(r->its) == ITS_IDLE)
			return true;
	}
	return false;
}

/* Tables, a ring of @pages and Enabled = 1. */
static inline void rig_enable(struct rig *r, u32 pages)
{
	r->ring_pages = pages;
	its_mmio_write(r->its, R_BASER0, 8, VALID | 2 << 8 | RIG_DEV_TABLE | 7);
	its_mmio_write(r->its, R_BASER1, 8, VALID | 2 << 8 | RIG_COLL_TABLE | 7);
	its_mmio_write(r->its, R_CBASER, 8, VALID | RIG_RING | (pages - 1));
	its_mmio_write(r->its, R_CTLR, 4, 1);
	rig_settle(r);
}

static inline void rig_up(struct rig *r)
{
	struct its_config cfg = rig_default_config();

	rig_make(r, &cfg);
	rig_enable(r, 1);
}

static inline void rig_down(struct rig *r)
{
	free(r->mem);
}

/* Puts a command at CWRITER without running it. */
static inline void rig_queue(struct rig *r, struct fake_cmd c)
{
	u64 at = its_mmio_read(r->its, R_CWRITER, 8);

	memcpy(&rig_ram.bytes[RIG_RING - FAKE_RAM + at], &c, sizeof(c));
	its_mmio_write(r->its, R_CWRITER, 8, (at + 32) % (r->ring_pages * 4096));
}

/* A command, to its end. Answers the error that it was counted under, or 0. */
static inline u32 rig_do(struct rig *r, struct fake_cmd c)
{
	struct its_stats before, after;

	its_get_stats(r->its, &before);
	rig_queue(r, c);
	rig_settle(r);
	its_get_stats(r->its, &after);
	for (u32 i = 1; i < ITS_NR_ERRORS; i++) {
		if (after.errors[i] != before.errors[i])
			return i;
	}
	return 0;
}

#define rig_ok(r, cmd, ...) is(rig_do((r), (cmd)), 0, __VA_ARGS__)

/* A command must fail with @error, and nothing may have changed. */
static inline void rig_fails(struct rig *r, struct fake_cmd c, u32 error)
{
	struct its_stats before, after;
	u32 got;

	its_get_stats(r->its, &before);
	got = rig_do(r, c);
	its_get_stats(r->its, &after);
	ok(got == error, "%s (got %s)", its_error_name(error),
	   got ? its_error_name(got) : "success");
	ok(before.devices == after.devices && before.events == after.events &&
		   before.collections == after.collections,
	   "... and nothing changed");
	ok(its_mmio_read(r->its, R_CREADR, 8) == its_mmio_read(r->its, R_CWRITER, 8),
	   "... and CREADR passed it");
}

static inline struct its_stats rig_stats(struct rig *r)
{
	struct its_stats st;

	its_get_stats(r->its, &st);
	return st;
}

/* Device 5 with 32 events, collections 0..3 on vCPUs 0..3, event 1 -> LPI 8200 in collection 1. */
static inline void rig_typical(struct rig *r)
{
	rig_up(r);
	for (u32 i = 0; i < 4; i++)
		rig_do(r, cmd_mapc(i, i, true));
	rig_do(r, cmd_mapd(5, 5, RIG_ITT, true));
	rig_do(r, cmd_mapti(5, 1, 8200, 1));
}

#endif
