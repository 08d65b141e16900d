/* SPDX-License-Identifier: GPL-2.0-only */
/* The commands that are measured one by one: each leaves what the next one needs. */
#include "tests/bench/bench.h"

#define SPARE_ICID 100u
#define SPARE_DEVICE 0xfff0u

static struct bench_cmd make_mapti(const struct key *k)
{
	return bench_mapti(k->devid, k->eventid, k->lpi, k->lpi % BENCH_VCPUS);
}

static struct bench_cmd make_movi(const struct key *k)
{
	return bench_movi(k->devid, k->eventid, (k->lpi + 1) % BENCH_VCPUS);
}

static struct bench_cmd make_int(const struct key *k)
{
	return bench_event(OP_INT, k->devid, k->eventid);
}

static struct bench_cmd make_clear(const struct key *k)
{
	return bench_event(OP_CLEAR, k->devid, k->eventid);
}

static struct bench_cmd make_inv(const struct key *k)
{
	return bench_event(OP_INV, k->devid, k->eventid);
}

static struct bench_cmd make_discard(const struct key *k)
{
	return bench_event(OP_DISCARD, k->devid, k->eventid);
}

static struct bench_cmd make_sync(const struct key *k)
{
	(void)k;
	return bench_sync();
}

static struct bench_cmd make_mapc(const struct key *k)
{
	return bench_mapc(SPARE_ICID + k->lpi % 2, k->lpi % BENCH_VCPUS, true);
}

static struct bench_cmd make_mapd(const struct key *k)
{
	return bench_mapd(SPARE_DEVICE + k->lpi % 2, 5, true);
}

static struct bench_cmd make_unmapd(const struct key *k)
{
	return bench_mapd(SPARE_DEVICE + k->lpi % 2, 5, false);
}

const struct cmd_kind cmd_kinds[] = {
	{ "INV", make_inv },	 { "INT", make_int },	      { "MOVI", make_movi },
	{ "CLEAR", make_clear }, { "DISCARD", make_discard }, { "MAPTI", make_mapti },
	{ "MAPC", make_mapc },	 { "MAPD", make_mapd },	      { "MAPD V=0", make_unmapd },
	{ "SYNC", make_sync },
};

const u32 nr_kinds = ARRAY_SIZE(cmd_kinds);
