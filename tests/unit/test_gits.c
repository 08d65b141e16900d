// SPDX-License-Identifier: GPL-2.0-only
/* The driver of physical ITSes, on fake slow ones. */
// sources: tests/unit/gic_fake.c tests/unit/gic_fake_its.c
// sources: drivers/gits.c drivers/gits_queue.c drivers/gicv3.c drivers/lpi.c drivers/blocks.c
// sources: drivers/timer.c
#include <string.h>

#include "tap.h"
#include "gic_fake.h"
#include "drivers/gits.h"
#include "drivers/gits_regs.h"
#include "drivers/lpi.h"
#include "hyp/lib/errno.h"

#define ALL 0xffffffffu
#define TYPER(dev_bits, rest)                                                                      \
	(GITS_TYPER_PHYSICAL | FIELD_PREP(GITS_TYPER_ITT_ENTRY, 11) |                              \
	 FIELD_PREP(GITS_TYPER_ID_BITS, 15) | FIELD_PREP(GITS_TYPER_DEV_BITS, (dev_bits)-1) |      \
	 (rest))

static void gic_up(void)
{
	struct lpi_config lc = { .intid_bits = 14 };
	struct gicv3_frames f;
	void *arena;
	u32 cpu;
	u64 pa;

	fake_reset(NULL);
	fake_frames(&f);
	gicv3_init(&f);
	for (cpu = 0; cpu < FAKE_CPUS; cpu++)
		gicv3_cpu_init(cpu, fake_mpidr(cpu));
	lc.prop = fake_alloc(lpi_prop_size(14), SZ_4K, &lc.prop_pa);
	lc.soft = fake_alloc(lpi_soft_size(14), 64, &pa);
	lpi_init(&lc);
	for (cpu = 0; cpu < FAKE_CPUS; cpu++) {
		void *pend = fake_alloc(lpi_pending_size(14), LPI_PENDING_ALIGN, &pa);

		lpi_cpu_init(cpu, pend, pa);
	}
	arena = fake_alloc(SZ_1M, GITS_ARENA_ALIGN, &pa);
	gits_arena_init(arena, pa, SZ_1M);
}

static int its_up(u32 n, const struct fake_its_options *opt, size_t flat_limit)
{
	struct gits_config cfg = { .va = FAKE_ITS(n),
				   .pa = FAKE_ITS(n),
				   .nr_cpus = FAKE_CPUS,
				   .flat_limit = flat_limit,
				   .alloc = fake_alloc,
				   .clean = fake_clean };
	int err;

	fake_its_reset(n, opt);
	if (!opt || !opt->per_kick)
		fake_its_set_rate(n, opt ? opt->per_poll : 1, 0);
	err = gits_init(n, &cfg);
	return err;
}

static void test_probe(void)
{
	static const struct fake_its_options none = { .no_its = true },
					     loud = { .never_quiet = true },
					     on = { .was_enabled = true, .per_poll = 3 },
					     dead = { .per_poll = 0 },
					     outside = { .bad_creadr = 0x7000, .per_poll = 1 },
					     ahead = { .bad_creadr = 100, .per_poll = 1 };
	const struct gits_info *info;

	is(its_up(0, &none, 0), -ENODEV, "no ITS there");
	ok(!gits_info(0), "and no info of it");
	is(its_up(0, &loud, 0), -ETIMEDOUT, "never quiet");
	is(its_up(0, &dead, 0), -ETIMEDOUT, "never reads its queue: a bounded wait");
	is(its_up(0, &outside, 0), -ETIMEDOUT, "CREADR outside the queue");
	is(its_up(0, &ahead, 0), -ETIMEDOUT, "CREADR ahead of CWRITER");
	fake_alloc_limit(1);
	is(its_up(0, NULL, 0), -ENOMEM, "no memory");
	fake_alloc_limit(100);
	is(gits_init(GITS_MAX, &(struct gits_config){ .va = FAKE_ITS(0) }), -EINVAL,
	   "an index out of range");
	is(its_up(0, &on, 0), 0, "one that firmware left on comes up");
	info = gits_info(0);
	ok(info->was_enabled && !info->pta && info->coherent && !info->indirect, "what it is");
	is(info->devid_bits, 16, "DeviceID bits");
	is(info->eventid_bits, 16, "EventID bits");
	is(info->itt_entry_size, 12, "ITT entry");
	is(info->nr_collections, FAKE_CPUS, "a collection per CPU");
	is(gits_mapd(1, 0, 1, 0), -EINVAL, "another ITS was not initialised");
}

static void test_tables(void)
{
	static const struct fake_its_options p4k = { .page = 1, .per_poll = 8 },
					     p16k = { .page = 2, .per_poll = 8 },
					     flat = { .flat_only = true, .page = 1, .per_poll = 8 },
					     nc = { .no_share = true, .per_poll = 8 },
					     big = { .typer = TYPER(20, 0), .per_poll = 8 };
	u64 itt, before;

	is(its_up(0, &p4k, 0), 0, "4 KiB pages only");
	is(FIELD_GET(GITS_BASER_SIZE, fake_its_reg(0, GITS_BASER)), 127, "512 KiB in 128 of them");
	is(its_up(0, &p16k, 0), 0, "16 KiB pages only");
	is(its_up(0, &flat, SZ_64K), 0, "a device table that cannot be indirect");
	ok(!gits_info(0)->indirect, "is flat");

	is(its_up(0, &big, 0), 0, "20 DeviceID bits");
	ok(gits_info(0)->indirect, "an indirect device table");
	is(gits_itt_alloc(0, 4, &itt), 0, "an ITT");
	is(gits_mapd(0, 0x12345, 4, itt), -ENXIO, "a DeviceID for which there is no page");
	is(gits_reserve(0, 0x12000, 0x1000), 0, "reserved");
	is(gits_mapd(0, 0x12345, 4, itt), 0, "then it maps");
	fake_alloc_limit(0);
	is(gits_reserve(0, 0x12345, 1), 0, "the same page needs no memory");
	is(gits_reserve(0, 0xf0000, 1), -ENOMEM, "another one does");
	is(gits_reserve(0, 0xfff00000, 0x200), 0, "beyond what the ITS has: nothing to do");
	fake_alloc_limit(200);
	gits_kick(0);
	fake_its_step(0, ALL);
	ok(fake_its_device_known(0, 0x12345), "the ITS reads the same table");
	is(gits_itt_free(0, 4, itt), 0, "(given back)");

	before = fake_cleaned();
	is(its_up(0, &nc, 0), 0, "an ITS that does not snoop");
	ok(!gits_info(0)->coherent, "is known as such");
	ok(fake_cleaned() - before >= 512 * 1024 + GITS_QUEUE_BYTES, "its tables are cleaned");
	before = fake_cleaned();
	gits_invall(0, 0);
	is(fake_cleaned() - before, 32, "and each command");
	is(FIELD_GET(GITS_BASER_CACHE, fake_its_reg(0, GITS_BASER)), 1, "mapped non-cacheable");
}

static void test_collections(void)
{
	static const struct fake_its_options pta = { .typer = TYPER(16, GITS_TYPER_PTA),
						     .per_poll = 1 },
					     few = { .typer = TYPER(16, GITS_TYPER_CIL),
						     .per_poll = 1 };
	u32 cpu;

	is(its_up(1, &pta, 0), 0, "RDbase is an address");
	is(fake_its_collection_cpu(1, 5), 0, "every collection starts at CPU 0");
	for (cpu = 0; cpu < FAKE_CPUS; cpu++)
		gits_cpu_init(1, cpu, cpu);
	is(fake_its_collection_cpu(1, 5), 5, "and moves to its own");
	is(gits_cpu_init(1, 5, 2), 0, "a CPU goes: its collection to another");
	is(fake_its_collection_cpu(1, 5), 2, "there");
	is(gits_cpu_init(1, FAKE_CPUS, 0), -EINVAL, "no such CPU");
	is(gits_cpu_init(1, 0, 300), -EINVAL, "a CPU without redistributor");
	is(its_up(2, &few, 0), 0, "1 bit of ICIDs");
	is(gits_info(2)->nr_collections, 2, "two collections");
	is(gits_cpu_init(2, 5, 5), 0, "a CPU that shares");
	is(fake_its_collection_cpu(2, 1), 0, "leaves the collection alone");
}

static void test_commands(void)
{
	u64 itt, ticket;
	u32 cpu = 99, lpi;

	is(its_up(0, NULL, 0), 0, "an ITS, one command per look");
	is(gits_itt_alloc(0, 5, &itt), 0, "an ITT");
	lpi_alloc(5, &lpi);
	is(gits_mapd(0, 7, 5, itt), 0, "MAPD");
	is(gits_mapti(0, 7, 31, lpi + 31, 3), 0, "MAPTI");
	is(fake_its_outstanding(0), 0, "nothing is shown to the ITS before a kick");
	is(gits_sync(0, 3, &ticket), 0, "SYNC");
	is(fake_its_outstanding(0), 3, "then all is");
	is(gits_done(0, ticket), -EAGAIN, "not done yet");
	is(gits_done(0, ticket), -EAGAIN, "nor now");
	is(gits_done(0, ticket), 0, "done");
	gits_cpu_init(0, 3, 3);
	is(fake_its_msi(0, 7, 31, &cpu), lpi + 31, "an MSI arrives");
	is(cpu, 3, "at the CPU of its collection");
	gits_movi(0, 7, 31, 4);
	gits_inv(0, 7, 31);
	gits_int(0, 7, 31);
	gits_discard(0, 7, 31);
	gits_unmapd(0, 7);
	gits_sync(0, 3, &ticket);
	gits_sync(0, 4, &ticket);
	gits_sync(0, 0, &ticket);
	is(gits_wait(0, ticket), 0, "moved, unmapped");
	is(fake_its_msi(0, 7, 31, &cpu), 0, "an MSI is dropped now");
	is(gits_itt_free(0, 5, itt), 0, "the ITT back");
	is(gits_itt_free(0, 5, itt), -EINVAL, "a stray free");
	is(gits_itt_free(0, 5, itt + 1), -EINVAL, "not an ITT");
	is(gits_itt_alloc(0, 17, &itt), -EINVAL, "more events than the ITS has");
	is(gits_itt_alloc(0, 16, &itt), 0, "the largest ITT: 768 KiB");
	is(gits_itt_alloc(0, 16, &itt), -ENOMEM, "a second does not fit");
	is(gits_itt_free(0, 16, itt), 0, "back");
	lpi_free(lpi, 5);
	is(gits_mapd(0, 0x10000, 5, 0), -EINVAL, "DeviceID out of range");
	is(gits_mapti(0, 7, 0x10000, 8192, 0), -EINVAL, "EventID out of range");
	is(gits_mapti(0, 7, 0, 8192, FAKE_CPUS), -EINVAL, "CPU out of range");
	is(gits_movi(0, 7, 0, ALL), -EINVAL, "CPU out of range");
	is(gits_mapd(0, 7, 0, 0), -EINVAL, "no EventID bits");
}

static void test_full_queue(void)
{
	struct gits_stats st;
	u64 ticket;
	u32 n;
	int err = 0;

	its_up(0, NULL, 0);
	fake_its_set_rate(0, 0, 0);
	for (n = 0; n < 5000; n++) {
		err = gits_invall(0, 0);
		if (err)
			break;
	}
	is(err, -EAGAIN, "a full queue");
	is(n, GITS_QUEUE_BYTES / 32 - 1, "holds all but one");
	is(fake_its_outstanding(0), n, "and is shown to the ITS");
	fake_its_step(0, 10);
	is(gits_invall(0, 0), 0, "room again, the rest is still there");
	fake_its_set_rate(0, 7, 0);
	while ((err = gits_sync(0, 0, &ticket)) == -EAGAIN)
		;
	is(gits_wait(0, ticket), 0, "all of it runs, across the queue's end");
	is(fake_its_commands(0, GITS_CMD_INVALL), n + 1, "each once");
	gits_stats(0, &st);
	ok(st.full && !st.broken, "counted");
}

static void test_dead(void)
{
	struct gits_stats st;
	u64 ticket, before;
	u32 i;

	its_up(0, NULL, 0);
	fake_its_set_rate(0, 0, 0);
	gits_sync(0, 0, &before);
	fake_its_step(0, 1);
	is(gits_done(0, before), 0, "the last thing that it does");
	is(gits_sync(0, 0, &ticket), 0, "posted to an ITS that is dead from now on");
	is(gits_wait(0, ticket), -EIO, "the wait ends");
	is(gits_invall(0, 0), -EIO, "every command fails from then on");
	is(gits_sync(0, 0, &ticket), -EIO, "at once");
	is(gits_done(0, before), 0, "what was done stays done");
	gits_stats(0, &st);
	ok(st.broken, "counted");

	its_up(0, NULL, 0);
	fake_its_set_rate(0, 0, 0);
	gits_sync(0, 0, &ticket);
	for (i = 0; i < 3; i++) {
		is(gits_done(0, ticket), -EAGAIN, "one that is only slow is not given up");
		/* Nearly a stall's time passes between looks, again and again. */
		for (u32 k = 0; k < 15000; k++)
			(void)gits_done(0, ticket);
		gits_invall(0, 0);
		gits_kick(0);
		fake_its_step(0, 1);
		if (i < 2)
			gits_sync(0, 0, &ticket);
	}
	gits_stats(0, &st);
	ok(!st.broken, "still used after three slow commands");
}

/* Many rounds on all ITSes at random speeds, checked by the fakes. */
static void test_rounds(void)
{
	u64 itt[FAKE_ITSES], ticket[FAKE_ITSES];
	u32 round, n, e, lpi[FAKE_ITSES];

	for (n = 0; n < FAKE_ITSES; n++)
		is(its_up(n, NULL, 0), 0, "ITS %u of several", n);
	for (n = 0; n < FAKE_ITSES * FAKE_CPUS; n++)
		gits_cpu_init(n / FAKE_CPUS, n % FAKE_CPUS, n % FAKE_CPUS);
	srand(1);
	for (round = 0; round < 300; round++) {
		for (n = 0; n < FAKE_ITSES; n++) {
			fake_its_set_rate(n, 1 + (u32)rand() % 20, (u32)rand() % 3);
			gits_itt_alloc(n, 3, &itt[n]);
			lpi_alloc(3, &lpi[n]);
			gits_mapd(n, round, 3, itt[n]);
			for (e = 0; e < 8; e++)
				gits_mapti(n, round, e, lpi[n] + e, e);
			for (e = 0; e < 8; e++)
				gits_discard(n, round, e);
			gits_unmapd(n, round);
			for (e = 0; e < 8; e++)
				gits_sync(n, e, &ticket[n]);
		}
		for (n = 0; n < FAKE_ITSES; n++) {
			gits_wait(n, ticket[n]);
			gits_itt_free(n, 3, itt[n]);
			lpi_free(lpi[n], 3);
		}
	}
	is(lpi_used(), 0, "no LPI is left in use");
	is(gits_itts_used(), 0, "nor an ITT");
	is(fake_its_commands(2, GITS_CMD_MAPTI), 300 * 8, "every command ran once");
}

int main(void)
{
	gic_up();
	test_probe();
	test_tables();
	test_collections();
	test_commands();
	test_full_queue();
	test_dead();
	test_rounds();
	is(fake_violations(), 0, "software did nothing that an ITS forbids");
	return tap_done();
}
