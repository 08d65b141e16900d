// SPDX-License-Identifier: GPL-2.0-only
/*
 * The command queue of a physical ITS.
 *
 * Commands are numbered from 0 on without end. posted counts what is in the queue's memory, kicked
 * what CWRITER shows, completed what CREADR has passed. At most GITS_QUEUE_LEN - 1 are outstanding,
 * so the distance that CREADR moved is never ambiguous. A ticket is the number of commands that
 * must be complete.
 */
#include "drivers/gits.h"
#include "drivers/gits_priv.h"
#include "drivers/gicv3.h"
#include "drivers/mmio.h"
#include "drivers/timer.h"
#include "hyp/lib/atomic.h"
#include "hyp/lib/errno.h"
#include "hyp/lib/lock.h"

_Static_assert((GITS_QUEUE_LEN & (GITS_QUEUE_LEN - 1)) == 0, "queue indices are taken modulo");
_Static_assert(GITS_QUEUE_BYTES <= SZ_1M, "CBASER.Size counts up to 256 pages of 4 KiB");

static void gits_kick_locked(struct gits *g)
{
	if (g->kicked == g->posted)
		return;
	if (g->completed == g->kicked)
		g->progress_at = timer_now();
	g->kicked = g->posted;
	mmio_mb();
	mmio_write64(g->va + GITS_CWRITER, FIELD_PREP(GITS_QUEUE_PTR, g->posted % GITS_QUEUE_LEN));
}

/* Looks how far the ITS is. 0, or -EIO if it has been given up. */
static int gits_poll_locked(struct gits *g)
{
	u64 creadr, moved;

	if (g->stats.broken)
		return -EIO;
	if (g->completed == g->kicked)
		return 0;
	creadr = mmio_read64(g->va + GITS_CREADR);
	moved = (FIELD_GET(GITS_QUEUE_PTR, creadr) - g->completed) % GITS_QUEUE_LEN;
	if (FIELD_GET(GITS_QUEUE_PTR, creadr) >= GITS_QUEUE_LEN ||
	    moved > g->kicked - g->completed) {
		g->stats.broken = true;
		return -EIO;
	}
	if (moved) {
		g->completed += moved;
		g->progress_at = timer_now();
	} else if (timer_now() - g->progress_at > timer_us_to_ticks(GITS_STALL_US)) {
		g->stats.broken = true;
		return -EIO;
	}
	return 0;
}

static int gits_post_locked(struct gits *g, const struct gits_cmd *cmd)
{
	struct gits_cmd *slot = &g->queue[g->posted % GITS_QUEUE_LEN];

	if (g->stats.broken)
		return -EIO;
	if (g->posted - g->completed == GITS_QUEUE_LEN - 1) {
		gits_kick_locked(g);
		if (gits_poll_locked(g))
			return -EIO;
		if (g->posted - g->completed == GITS_QUEUE_LEN - 1) {
			g->stats.full++;
			return -EAGAIN;
		}
	}
	*slot = *cmd;
	gits_clean(g, slot, sizeof(*slot));
	g->posted++;
	g->stats.commands++;
	return 0;
}

static int gits_post(struct gits *g, const struct gits_cmd *cmd)
{
	int err;

	spin_lock(&g->lock);
	err = gits_post_locked(g, cmd);
	spin_unlock(&g->lock);
	return err;
}

static u64 gits_dw0(enum gits_opcode op, u32 devid)
{
	return FIELD_PREP(GITS_CMD0_OPCODE, op) | FIELD_PREP(GITS_CMD0_DEVID, devid);
}

/* The collection of @cpu: CPUs share where the ITS has fewer. */
static u32 gits_icid(const struct gits *g, u32 cpu)
{
	return cpu % g->info.nr_collections;
}

/* The ITS, if it is up and knows this DeviceID. */
static struct gits *gits_get_device(u32 its, u32 devid)
{
	struct gits *g = gits_get(its);

	return g && devid < g->dev_limit ? g : NULL;
}

static int gits_post_event(u32 its, enum gits_opcode op, u32 devid, u32 eventid)
{
	struct gits *g = gits_get_device(its, devid);
	struct gits_cmd cmd = { .dw = { gits_dw0(op, devid), eventid } };

	if (!g || eventid >= BIT(g->info.eventid_bits))
		return -EINVAL;
	return gits_post(g, &cmd);
}

int gits_mapd(u32 its, u32 devid, u32 event_bits, u64 itt_pa)
{
	struct gits *g = gits_get_device(its, devid);
	struct gits_cmd cmd = { .dw = { gits_dw0(GITS_CMD_MAPD, devid),
					FIELD_PREP(GITS_CMD1_SIZE, event_bits - 1),
					GITS_CMD2_VALID | (itt_pa & GITS_CMD2_ITT) } };

	if (!g || !event_bits || event_bits > g->info.eventid_bits)
		return -EINVAL;
	if (g->info.indirect &&
	    !(atomic_load_acquire(&g->dev_l1[devid / g->dev_per_page]) & GITS_L1_VALID))
		return -ENXIO;
	return gits_post(g, &cmd);
}

int gits_unmapd(u32 its, u32 devid)
{
	struct gits *g = gits_get_device(its, devid);
	struct gits_cmd cmd = { .dw = { gits_dw0(GITS_CMD_MAPD, devid) } };

	return g ? gits_post(g, &cmd) : -EINVAL;
}

int gits_mapti(u32 its, u32 devid, u32 eventid, u32 lpi, u32 cpu)
{
	struct gits *g = gits_get_device(its, devid);
	struct gits_cmd cmd = { .dw = { gits_dw0(GITS_CMD_MAPTI, devid),
					FIELD_PREP(GITS_CMD1_INTID, lpi) | eventid } };

	if (!g || eventid >= BIT(g->info.eventid_bits) || cpu >= g->nr_cpus)
		return -EINVAL;
	cmd.dw[2] = gits_icid(g, cpu);
	return gits_post(g, &cmd);
}

int gits_movi(u32 its, u32 devid, u32 eventid, u32 cpu)
{
	struct gits *g = gits_get_device(its, devid);
	struct gits_cmd cmd = { .dw = { gits_dw0(GITS_CMD_MOVI, devid), eventid } };

	if (!g || eventid >= BIT(g->info.eventid_bits) || cpu >= g->nr_cpus)
		return -EINVAL;
	cmd.dw[2] = gits_icid(g, cpu);
	return gits_post(g, &cmd);
}

int gits_discard(u32 its, u32 devid, u32 eventid)
{
	return gits_post_event(its, GITS_CMD_DISCARD, devid, eventid);
}

int gits_inv(u32 its, u32 devid, u32 eventid)
{
	return gits_post_event(its, GITS_CMD_INV, devid, eventid);
}

int gits_int(u32 its, u32 devid, u32 eventid)
{
	return gits_post_event(its, GITS_CMD_INT, devid, eventid);
}

int gits_invall(u32 its, u32 cpu)
{
	struct gits *g = gits_get(its);
	struct gits_cmd cmd = { .dw = { gits_dw0(GITS_CMD_INVALL, 0) } };

	if (!g || cpu >= g->nr_cpus)
		return -EINVAL;
	cmd.dw[2] = gits_icid(g, cpu);
	return gits_post(g, &cmd);
}

void gits_kick(u32 its)
{
	struct gits *g = gits_get(its);

	if (!g)
		return;
	spin_lock(&g->lock);
	gits_kick_locked(g);
	spin_unlock(&g->lock);
}

static int gits_sync_locked(struct gits *g, u64 rdbase, u64 *ticket)
{
	struct gits_cmd cmd = { .dw = { gits_dw0(GITS_CMD_SYNC, 0), 0,
					rdbase & GITS_CMD2_RDBASE } };
	int err = gits_post_locked(g, &cmd);

	if (err)
		return err;
	g->stats.syncs++;
	*ticket = g->posted;
	gits_kick_locked(g);
	return 0;
}

int gits_sync(u32 its, u32 cpu, u64 *ticket)
{
	struct gits *g = gits_get(its);
	int err;

	if (!g || cpu >= g->nr_cpus)
		return -EINVAL;
	spin_lock(&g->lock);
	err = gits_sync_locked(g, g->rdbase[gits_icid(g, cpu)], ticket);
	spin_unlock(&g->lock);
	return err;
}

int gits_done(u32 its, u64 ticket)
{
	struct gits *g = gits_get(its);
	int err;

	if (!g)
		return -EINVAL;
	spin_lock(&g->lock);
	err = gits_poll_locked(g);
	if (g->completed >= ticket)
		err = 0;
	else if (!err)
		err = -EAGAIN;
	spin_unlock(&g->lock);
	return err;
}

int gits_wait(u32 its, u64 ticket)
{
	int err;

	do {
		err = gits_done(its, ticket);
		cpu_relax();
	} while (err == -EAGAIN);
	return err;
}

/* RDbase of @cpu's redistributor as this ITS wants it (5.3.5): its address, or its processor
 * number. */
static u64 gits_rdbase(const struct gits *g, u32 cpu)
{
	u64 pa = gicv3_redist_pa(cpu);

	return g->info.pta ? pa & GITS_CMD2_RDBASE
			   : FIELD_PREP(GITS_CMD2_RDBASE, gicv3_processor_number(cpu));
}

/* Once the SYNC of the old redistributor is done no LPI of the collection goes there any more. */
static int gits_mapc_locked(struct gits *g, u32 icid, u64 rdbase, u64 *ticket)
{
	u64 target = GITS_CMD2_VALID | rdbase;
	u64 old = g->rdbase[icid];
	struct gits_cmd cmd = { .dw = { gits_dw0(GITS_CMD_MAPC, 0), 0, target | icid } };
	int err = gits_post_locked(g, &cmd);

	if (err)
		return err;
	if (old && old != target)
		err = gits_sync_locked(g, old, ticket);
	if (err)
		return err;
	g->rdbase[icid] = target;
	return gits_sync_locked(g, target, ticket);
}

/* A full queue is retried here: boot and CPU hotplug may wait, and each round either progresses or
 * ends in -EIO. */
int gits_cpu_init(u32 its, u32 cpu, u32 to)
{
	struct gits *g = gits_get(its);
	u64 ticket = 0;
	int err;

	if (!g || cpu >= g->nr_cpus || !gicv3_redist_va(to))
		return -EINVAL;
	/* Where CPUs share collections, each stays with the first CPU that it serves. */
	if (cpu >= g->info.nr_collections)
		return 0;
	do {
		spin_lock(&g->lock);
		err = gits_mapc_locked(g, cpu, gits_rdbase(g, to), &ticket);
		spin_unlock(&g->lock);
	} while (err == -EAGAIN);
	return err ? err : gits_wait(its, ticket);
}

void gits_stats(u32 its, struct gits_stats *out)
{
	struct gits *g = gits_get(its);

	*out = (struct gits_stats){ 0 };
	if (!g)
		return;
	spin_lock(&g->lock);
	*out = g->stats;
	spin_unlock(&g->lock);
}
