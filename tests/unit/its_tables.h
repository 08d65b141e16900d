/* SPDX-License-Identifier: GPL-2.0-only */
/* What the tests of save and restore share: one rig, driven step by step as user space does it. */
#ifndef HERALD_TESTS_ITS_TABLES_H
#define HERALD_TESTS_ITS_TABLES_H

#include "tests/unit/its_rig.h"

#define CBASER (VALID | RIG_RING)
#define FLAT_64K (VALID | 2 << 8)
#define FLAT_4K VALID
#define INDIRECT (UINT64_C(1) << 62)

static struct rig r;
static u32 steps, accesses, worst; /* of the last save or restore: steps, memory accesses in one */

static inline void count_access(struct fake *f, u64 ipa, size_t len)
{
	(void)f;
	(void)ipa;
	(void)len;
	accesses++;
}

static inline int drive(int (*step)(struct its *its))
{
	int ret = -EAGAIN;

	r.world.read_hook = r.world.write_hook = count_access;
	worst = 0;
	for (steps = 0; ret == -EAGAIN && steps < 1000000; steps++) {
		accesses = 0;
		ret = step(r.its);
		worst = MAX(worst, accesses);
	}
	r.world.read_hook = r.world.write_hook = NULL;
	return ret;
}

static inline int save(void)
{
	return drive(its_save);
}

static inline int restore(void)
{
	return drive(its_restore);
}

static inline u64 reg(u64 offset)
{
	u64 val = ~UINT64_C(0);

	return its_reg_get(r.its, offset, &val) ? ~UINT64_C(0) : val;
}

static inline int set(u64 offset, u64 val)
{
	int ret = its_reg_set(r.its, offset, val);

	rig_settle(&r);
	return ret;
}

static inline u64 at(u64 ipa)
{
	return fake_peek64(&rig_ram, ipa);
}

static inline void poke(u64 ipa, u64 val)
{
	fake_poke64(&rig_ram, ipa, val);
}

static inline void hole(u64 start, u64 len)
{
	rig_ram.hole[0].start = start;
	rig_ram.hole[0].end = start + len;
}

/* What an error must not change. */
static struct snapshot {
	struct its_stats stats;
	struct fake_seen seen;
	u64 regs[8];
} before, after;

static inline void snap(struct snapshot *s)
{
	static const u64 offsets[] = { R_CTLR,	  R_IIDR,   R_TYPER,  R_CBASER,
				       R_CWRITER, R_CREADR, R_BASER0, R_BASER1 };

	memset(s, 0, sizeof(*s));
	its_get_stats(r.its, &s->stats);
	s->seen = r.world.seen;
	for (u32 i = 0; i < 8; i++)
		s->regs[i] = reg(offsets[i]);
}

static inline bool as_it_was(void)
{
	snap(&after);
	return memcmp(&before, &after, sizeof(before)) == 0;
}

#define STEP_ACCESSES (20000u / 250) /* what a step's budget allows */

/* Many devices, large ITTs: 30 devices of 14 bits that share one ITT, an event each at its end. */
static inline void large(void)
{
	struct its_config cfg = rig_default_config();

	rig_make(&r, &cfg);
	rig_enable(&r, 1);
	rig_do(&r, cmd_mapc(1, 1, true));
	for (u32 i = 0; i < 30; i++) {
		rig_do(&r, cmd_mapd(i * 2000, 14, RIG_ITT + i * 0x20000, true));
		rig_do(&r, cmd_mapti(i * 2000, 16383, 8192 + i, 1));
		rig_do(&r, cmd_mapti(i * 2000, i, 9000 + i, 1));
	}
}

#endif
