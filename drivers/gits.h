/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The physical ITSes (IHI 0069H chapter 5). Named "gits" after their registers, apart from its/,
 * the virtual one.
 *
 * Nothing here waits for the hardware unless its name says so: commands are posted, gits_sync()
 * hands out a ticket, and gits_done() tells whether the ITS has got there. An ITS that stops
 * reading its queue for GITS_STALL_US is given up: from then on every call answers -EIO and nothing
 * loops. What it may still use must not be reused.
 *
 * Collections: one per CPU, ICID = CPU index (modulo the number of collections the ITS has). All
 * are mapped from gits_init() on, to the boot CPU until gits_cpu_init() has moved them to their
 * own, so no ICID is ever unmapped.
 *
 * @its is an index below GITS_MAX that the caller chooses (that of board.its). Commands are -EINVAL
 * for an ITS that was not initialised, a DeviceID, EventID or CPU out of range; -EAGAIN: the queue
 * is full, call again later; -EIO: given up. They take LOCK_HOST_ITS. Knows nothing of VMs; no
 * cache maintenance but by the caller's hook.
 */
#ifndef HERALD_DRIVERS_GITS_H
#define HERALD_DRIVERS_GITS_H

#include "hyp/lib/bits.h"

#define GITS_MAX 16u
#define GITS_FRAME_SIZE UINT64_C(0x20000)
#define GITS_STALL_US UINT64_C(1000000)
#define GITS_QUEUE_BYTES SZ_64K
#define GITS_ITT_UNIT 256u /* bytes: alignment of an ITT */

struct gits_config {
	uintptr_t va; /* of the control frame, mapped as Device memory */
	u64 pa;
	u32 nr_cpus; /* collections wanted */
	/* A larger device table (in bytes) is made indirect where the ITS can; 0: 512 KiB. */
	size_t flat_limit;
	/* Zeroed memory at an aligned physical address, kept for good; NULL: none. Only at boot. */
	void *(*alloc)(size_t size, size_t align, u64 *pa);
	/* Cleans the data cache to memory, for an ITS that cannot snoop it; may be NULL. */
	void (*clean)(const void *va, size_t len);
};

struct gits_info {
	u32 devid_bits;
	u32 eventid_bits;
	u32 nr_collections;
	u32 itt_entry_size;
	bool pta;
	bool indirect; /* the device table is */
	bool coherent; /* the ITS snoops the caches */
	bool has_vlpis;
	bool was_enabled; /* at entry */
};

struct gits_stats {
	u64 commands;
	u64 syncs;
	u64 full; /* posts that met a full queue */
	bool broken; /* given up: it stalled, or CREADR was nonsense */
};

/*
 * Memory for the ITTs of all ITSes: @size bytes (at most GITS_ARENA_MAX) at @va/@pa, both
 * GITS_ARENA_ALIGN-aligned. Once, before the first device is mapped. 0 or -EINVAL.
 */
#define GITS_ARENA_MAX (4 * SZ_1M)
#define GITS_ARENA_ALIGN SZ_64K
int gits_arena_init(void *va, u64 pa, size_t size);

/*
 * Brings one ITS up: disabled and quiet, tables, queue, every collection to CPU 0, enabled. After
 * gicv3_cpu_init() and lpi_cpu_init() of CPU 0. Waits, bounded. 0; -ENODEV: no ITS there (PIDR2, or
 * no physical LPIs); -ETIMEDOUT: never quiet or never reads its queue; -ENOMEM; -EINVAL; -EIO: its
 * registers do not keep what is written.
 */
int gits_init(u32 its, const struct gits_config *cfg);
const char *gits_strerror(int err);

/* NULL if @its was not initialised. */
const struct gits_info *gits_info(u32 its);
void gits_stats(u32 its, struct gits_stats *out);

/*
 * Makes room in an indirect device table for DeviceIDs @first .. @first + @count - 1 (clipped to
 * what the ITS has). Boot only: allocates. 0, -ENOMEM, -EINVAL. Nothing to do, and 0, with a flat
 * table.
 */
int gits_reserve(u32 its, u32 first, u32 count);

/* Moves the collection of @cpu to @to (usually the same): MAPC, SYNC, waits. gicv3 and LPIs of @to
 * are up. */
int gits_cpu_init(u32 its, u32 cpu, u32 to);

/* An ITT for 2^@event_bits events of @its: zeroed. Its physical address into @pa; 0, -ENOMEM or
 * -EINVAL. */
int gits_itt_alloc(u32 its, u32 event_bits, u64 *pa);
/* Back: only after MAPD V=0 and a SYNC that is done. 0 or -EINVAL (a stray free). */
int gits_itt_free(u32 its, u32 event_bits, u64 pa);
u32 gits_itts_used(void);

/* Commands (5.3). @event_bits 1 .. info.eventid_bits. -ENXIO: no room for this DeviceID was
 * reserved. */
int gits_mapd(u32 its, u32 devid, u32 event_bits, u64 itt_pa);
int gits_unmapd(u32 its, u32 devid);
int gits_mapti(u32 its, u32 devid, u32 eventid, u32 lpi, u32 cpu);
int gits_movi(u32 its, u32 devid, u32 eventid, u32 cpu);
int gits_discard(u32 its, u32 devid, u32 eventid);
int gits_inv(u32 its, u32 devid, u32 eventid);
int gits_invall(u32 its, u32 cpu);
int gits_int(u32 its, u32 devid, u32 eventid);

/* Lets the ITS see what was posted since the last kick. */
void gits_kick(u32 its);

/*
 * SYNC for the collection of @cpu, and a kick. @ticket is then for gits_done(): 0 when the ITS has
 * executed everything up to here; -EAGAIN: not yet; -EIO.
 */
int gits_sync(u32 its, u32 cpu, u64 *ticket);
int gits_done(u32 its, u64 ticket);
/* Spins until then: 0 or -EIO, within GITS_STALL_US without progress. Boot and CPU hotplug only. */
int gits_wait(u32 its, u64 ticket);

#endif
