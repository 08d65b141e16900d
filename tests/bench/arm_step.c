/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The longest step of each kind of work, in a case made to be its worst: all 57,344 LPIs mapped,
 * known and pending, 4,096 devices, rings without a free entry. Records:
 *
 *	R count				the longest register write
 *	S longest steps total ended name	instructions of the longest step and of all; ended 0: there are
 *					more steps than anyone would wait for
 *	Q errno errors name		work that did not end as it should
 */
#include "hyp/lib/string.h"
#include "tests/bench/arm.h"

#define MAX_TOTAL 150000000u /* instructions of one case */
#define RING (GUEST_RING_SIZE / CMD_SIZE - 1) /* commands that it has room for */
#define WIDE_DEVICE 0u /* of the key set with one device */

#define R_CTLR 0x0
#define R_BASER0 0x100
#define R_BASER1 0x108
#define GICR_CTLR 0x0
#define GICR_INVALLR 0xb0

/* --- one step of something; true: it has more --- */

static u32 save_cursor;
static int answer;

static bool step_run(void)
{
	return its_run(world.its) == ITS_AGAIN;
}

static bool step_reset(void)
{
	return its_reset(world.its) == ITS_AGAIN;
}

static bool step_save(void)
{
	answer = its_save(world.its);
	return answer == -EAGAIN;
}

static bool step_restore(void)
{
	answer = its_restore(world.its);
	return answer == -EAGAIN;
}

static bool step_redist(void)
{
	return vgic_redist_run(vgic_cpu_get(world.vgic, 1));
}

static bool step_pending(void)
{
	answer = vgic_lpi_save(world.vgic, &save_cursor);
	return answer == -EAGAIN;
}

/* --- worlds --- */

/* Every LPI is mapped, known, and pending at vCPU 1, whose collection all events are in. */
static void gather(void)
{
	for (u32 i = 0; i < nr_keys; i++) {
		u32 entry = event_find(world.its, device_find(world.its, keys[i].devid),
				       keys[i].eventid);

		event_set_icid(world.its, entry, 1);
		(void)vgic_lpi_reload(world.vgic, 1, keys[i].lpi);
		(void)vgic_lpi_pend(world.vgic, 1, keys[i].lpi);
	}
}

static void full_devices_32(void)
{
	keys_make_default(BENCH_EVENTS, 1);
	gather();
}

static void full_one_device(void)
{
	key_sets[0].make(BENCH_EVENTS, 2);
	gather();
}

static struct key thin(u32 i)
{
	return (struct key){ i / 14, i % 14 * 4681, 0 };
}

/* 4,096 devices with 14 events each, far apart. */
static void full_4096_devices(void)
{
	keys_make(BENCH_EVENTS, 3, thin);
	gather();
}

/* @map events of 32 for each device, and that many that are not mapped: keys[]. */
static void half_full(void)
{
	keys_make_default(BENCH_EVENTS, 4);
	for (u32 i = 0; i < BENCH_EVENTS; i += 2)
		world_do(bench_event(OP_DISCARD, keys[i].devid, keys[i].eventid));
}

static void disable(void)
{
	its_mmio_write(world.its, R_CTLR, 4, 0);
	world_settle();
}

/* --- rings --- */

static struct bench_cmd ring_sync(u32 i)
{
	(void)i;
	return bench_sync();
}

static struct bench_cmd ring_unknown(u32 i)
{
	return bench_event(0x80 + i % 64, i, i);
}

static struct bench_cmd ring_gicv4(u32 i)
{
	(void)i;
	return bench_event(OP_INVDB, 0, 0);
}

static struct bench_cmd ring_int(u32 i)
{
	return bench_event(OP_INT, keys[i].devid, keys[i].eventid);
}

static struct bench_cmd ring_clear(u32 i)
{
	return bench_event(OP_CLEAR, keys[i].devid, keys[i].eventid);
}

static struct bench_cmd ring_inv(u32 i)
{
	return bench_event(OP_INV, keys[i].devid, keys[i].eventid);
}

static struct bench_cmd ring_discard(u32 i)
{
	return bench_event(OP_DISCARD, keys[i].devid, keys[i].eventid);
}

static struct bench_cmd ring_movi(u32 i)
{
	return bench_movi(keys[i].devid, keys[i].eventid, 2 + i % 4);
}

static struct bench_cmd ring_mapti(u32 i)
{
	const struct key *k = &keys[2 * i % BENCH_EVENTS];

	return bench_mapti(k->devid, k->eventid, k->lpi, 1000 + i % 1000);
}

static struct bench_cmd ring_mapc(u32 i)
{
	return bench_mapc(1000 + i % 60000, i % BENCH_VCPUS, true);
}

static struct bench_cmd ring_mapd(u32 i)
{
	return bench_mapd(20000 + i % 2000, 16, true);
}

static struct bench_cmd ring_unmap(u32 i)
{
	return bench_mapd(keys[i * 14 % BENCH_EVENTS].devid, 16, false);
}

static struct bench_cmd ring_invall(u32 i)
{
	return bench_invall(2 + i % 4);
}

static struct bench_cmd ring_movall(u32 i)
{
	return bench_movall(2 + i % 2, 4 + i % 2);
}

/* --- cases --- */

static void run_sync(void)
{
	full_devices_32();
	world_fill_ring(ring_sync);
}

static void run_unknown(void)
{
	full_devices_32();
	world_fill_ring(ring_unknown);
}

static void run_gicv4(void)
{
	full_devices_32();
	world_fill_ring(ring_gicv4);
}

static void run_int(void)
{
	full_devices_32();
	for (u32 i = 0; i < nr_keys; i++)
		(void)vgic_lpi_clear(world.vgic, keys[i].lpi, false);
	world_fill_ring(ring_int);
}

static void run_clear(void)
{
	full_devices_32();
	world_fill_ring(ring_clear);
}

static void run_inv(void)
{
	full_devices_32();
	world_fill_ring(ring_inv);
}

static void run_discard(void)
{
	full_devices_32();
	world_fill_ring(ring_discard);
}

static void run_movi(void)
{
	full_devices_32();
	world_fill_ring(ring_movi);
}

/* To collections that are not mapped, so that the collection table is looked at, too. */
static void run_mapti(void)
{
	half_full();
	world_fill_ring(ring_mapti);
}

static void run_mapc(void)
{
	full_devices_32();
	world_fill_ring(ring_mapc);
}

static void run_mapd(void)
{
	full_devices_32();
	world_fill_ring(ring_mapd);
}

static void run_unmap_ring(void)
{
	full_4096_devices();
	world_fill_ring(ring_unmap);
}

static void run_unmap_wide(void)
{
	full_one_device();
	world_queue(bench_mapd(WIDE_DEVICE, 16, false));
}

/* One event of a device with 2^13 EventIDs, the last: the longest walk by EventID. */
static void run_unmap_sparse(void)
{
	world_make(5);
	world_do(bench_mapd(7, 13, true));
	world_do(bench_mapti(7, 8191, 8192, 1));
	world_queue(bench_mapd(7, 13, false));
}

static void run_invall(void)
{
	full_devices_32();
	world_queue(bench_invall(1));
}

static void run_invall_ring(void)
{
	full_devices_32();
	world_fill_ring(ring_invall);
}

static void run_remap(void)
{
	full_devices_32();
	world_queue(bench_mapc(1, 2, true));
}

/* What MAPC must configure: the LPIs of a collection that was not mapped before. */
static void run_map_late(void)
{
	full_devices_32();
	world_do(bench_mapc(1, 1, false));
	world_queue(bench_mapc(1, 2, true));
}

static void run_movall(void)
{
	full_devices_32();
	world_queue(bench_movall(1, 2));
}

static void run_movall_ring(void)
{
	full_devices_32();
	world_fill_ring(ring_movall);
}

static void run_purge(void)
{
	full_4096_devices();
	disable();
	its_mmio_write(world.its, R_BASER0, 8, 0);
}

static void map_all_collections(void)
{
	for (u32 i = BENCH_VCPUS; i < ITS_NR_ICIDS; i++) {
		world.its->coll_vcpu[i] = 1;
		world.its->nr_collections++;
	}
}

static void run_purge_collections(void)
{
	full_devices_32();
	map_all_collections();
	disable();
	its_mmio_write(world.its, R_BASER1, 8, 0);
}

static void run_reset(void)
{
	full_4096_devices();
	map_all_collections();
}

static void run_save(void)
{
	full_one_device();
	map_all_collections();
}

/* Everything is unmapped again, the tables stay. */
static void forget(void)
{
	u64 baser0 = world.its->baser[0], baser1 = world.its->baser[1];

	while (step_save())
		;
	while (step_reset())
		;
	its_mmio_write(world.its, R_BASER0, 8, baser0);
	its_mmio_write(world.its, R_BASER1, 8, baser1);
	world_settle();
}

static void run_restore(void)
{
	run_save();
	forget();
}

/* The last device of all makes no sense: what was restored is unmapped again. */
static void run_restore_fails(void)
{
	u64 *dte = guest_byte(GUEST_DEV_TABLE);

	run_restore();
	dte[1] = dte[0] | GENMASK(4, 0);
	dte[0] |= BIT(49); /* next: 1 */
}

static void run_enable(void)
{
	struct vgic_cpu *c = vgic_cpu_get(world.vgic, 1);

	full_devices_32();
	vgic_redist_write(c, c, GICR_CTLR, 4, 0);
	while (step_redist())
		;
	for (u32 i = 0; i < BENCH_EVENTS; i++) /* other properties than were read before */
		*(u8 *)guest_byte(GUEST_PROPS + i) ^= 0x10;
	vgic_redist_write(c, c, GICR_CTLR, 4, 1);
}

static void run_disable(void)
{
	struct vgic_cpu *c = vgic_cpu_get(world.vgic, 1);

	full_devices_32();
	vgic_redist_write(c, c, GICR_CTLR, 4, 0);
}

static void run_invallr(void)
{
	struct vgic_cpu *c = vgic_cpu_get(world.vgic, 1);

	full_devices_32();
	for (u32 i = 0; i < BENCH_EVENTS; i++)
		*(u8 *)guest_byte(GUEST_PROPS + i) ^= 0x10;
	vgic_redist_write(c, c, GICR_INVALLR, 8, 0);
}

static void run_pending(void)
{
	full_devices_32();
	save_cursor = 0;
}

static const struct {
	const char *name;
	void (*prepare)(void);
	bool (*step)(void);
	int answer; /* of save and restore */
	u32 errors; /* commands that fail */
} cases[] = {
	{ "full ring of SYNC", run_sync, step_run, 0, 0 },
	{ "full ring of unknown commands", run_unknown, step_run, 0, RING },
	{ "full ring of GICv4's commands", run_gicv4, step_run, 0, RING },
	{ "full ring of INT", run_int, step_run, 0, 0 },
	{ "full ring of CLEAR, LPIs pending", run_clear, step_run, 0, 0 },
	{ "full ring of INV", run_inv, step_run, 0, 0 },
	{ "full ring of MOVI, LPIs pending", run_movi, step_run, 0, 0 },
	{ "full ring of DISCARD, LPIs pending", run_discard, step_run, 0, 0 },
	{ "full ring of MAPTI", run_mapti, step_run, 0, RING - BENCH_EVENTS / 2 },
	{ "full ring of MAPC", run_mapc, step_run, 0, 0 },
	{ "full ring of MAPD", run_mapd, step_run, 0, 0 },
	{ "full ring of MAPD V=0, 4,096 devices of 16 bits", run_unmap_ring, step_run, 0, 0 },
	{ "full ring of INVALL, nothing in it", run_invall_ring, step_run, 0, 0 },
	{ "full ring of MOVALL, nothing pending", run_movall_ring, step_run, 0, 0 },
	{ "MAPD V=0, 57,344 LPIs pending", run_unmap_wide, step_run, 0, 0 },
	{ "MAPD V=0, one event of 8,192", run_unmap_sparse, step_run, 0, 0 },
	{ "INVALL, 57,344 LPIs", run_invall, step_run, 0, 0 },
	{ "MOVALL, 57,344 LPIs pending", run_movall, step_run, 0, 0 },
	{ "MAPC to another vCPU, 57,344 events", run_remap, step_run, 0, 0 },
	{ "MAPC after 57,344 events", run_map_late, step_run, 0, 0 },
	{ "BASER0 taken away, 4,096 devices", run_purge, step_run, 0, 0 },
	{ "BASER1 taken away, 65,536 collections", run_purge_collections, step_run, 0, 0 },
	{ "reset, all of that", run_reset, step_reset, 0, 0 },
	{ "save, 57,344 events, 65,536 collections", run_save, step_save, 0, 0 },
	{ "save, 4,096 devices of 16 bits", run_reset, step_save, 0, 0 },
	{ "restore, 57,344 events, 65,536 collections", run_restore, step_restore, 0, 0 },
	{ "restore that fails at its end", run_restore_fails, step_restore, -EINVAL, 0 },
	{ "EnableLPIs 0 to 1, 57,344 LPIs pending", run_enable, step_redist, 0, 0 },
	{ "EnableLPIs 1 to 0, 57,344 LPIs pending", run_disable, step_redist, 0, 0 },
	{ "GICR_INVALLR, 57,344 LPIs", run_invallr, step_redist, 0, 0 },
	{ "save of the pending tables", run_pending, step_pending, 0, 0 },
};

/* Commands that were counted under an error's name. */
static u32 errors(void)
{
	struct its_stats st;
	u64 sum = 0;

	its_get_stats(world.its, &st);
	for (u32 i = 0; i < ITS_NR_ERRORS; i++)
		sum += st.errors[i];
	return (u32)sum;
}

static void measure(u32 n)
{
	u64 longest = 0, total = 0, more = 1;
	u32 count = 0;

	answer = 0;
	cases[n].prepare();
	while (more && total < MAX_TOTAL) {
		u64 cost = count_call(cases[n].step, 0, 0, 0, 0, &more);

		more &= 1;
		longest = MAX(longest, cost);
		total += cost;
		count++;
	}
	out("S %llu %u %llu %u %s\n", (unsigned long long)longest, count, (unsigned long long)total,
	    !more, cases[n].name);
	if (!more && (answer != cases[n].answer || errors() != cases[n].errors))
		out("Q %d %u %s\n", answer, errors(), cases[n].name);
}

/* Any register, any value: what a guest's exit costs before the first step. */
static void register_writes(void)
{
	u64 longest = 0, ret;

	keys_make_default(1024, 6);
	for (u32 offset = 0; offset < 0x10000; offset += 4) {
		for (u32 size = 4; size <= 8; size += 4) {
			u64 cost = count_call(its_mmio_write, (u64)world.its, offset, size,
					      world_random(), &ret);

			longest = MAX(longest, cost);
		}
	}
	out("R %llu\n", (unsigned long long)longest);
}

void steps(void)
{
	for (u32 i = 0; i < ARRAY_SIZE(cases); i++)
		measure(i);
	register_writes();
}
