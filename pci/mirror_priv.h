/* SPDX-License-Identifier: GPL-2.0-only */
/* What the mirror's files share: devices (mirror.c), their life on the physical ITS (mirror_map.c).
 */
#ifndef HERALD_PCI_MIRROR_PRIV_H
#define HERALD_PCI_MIRROR_PRIV_H

#include "drivers/gicv3.h"
#include "pci/mirror.h"

#define MIRROR_NONE 0xffffu /* no slot */
#define MIRROR_MOVE_COST 16u /* of a MOVI, in events that mirror_work() only looks at */

/* A device's life. "step" counts within a state, so that each can stop after MIRROR_STEP commands.
 */
enum mirror_state {
	MIRROR_FREE,
	MIRROR_MAPPING, /* MAPD is posted; MAPTI of event "step" is next */
	MIRROR_MAP_SYNC, /* SYNC is next */
	MIRROR_MAP_WAIT, /* for ticket */
	MIRROR_LIVE,
	MIRROR_DISCARDING, /* DISCARD of event "step" is next */
	MIRROR_UNMAPPING, /* MAPD V=0 is next */
	MIRROR_UNMAP_SYNC, /* SYNC of CPU "step" is next, if used */
	MIRROR_UNMAP_WAIT, /* for ticket */
	MIRROR_LOST, /* its ITS was given up: nothing of it can be reused */
};

/* One event of a mirrored device, indexed by host LPI. */
struct mirror_event {
	u16 want; /* CPU that it should be routed to */
	u16 have; /* CPU that it is routed to */
};

struct mirror_device {
	enum mirror_state state;
	u16 next; /* in the chain of its hash bucket, by (mirror, vdevid) */
	u16 mirror; /* index of the owner */
	u32 vdevid;
	u32 its;
	u32 devid;
	u32 order; /* log2 of events, LPIs */
	u32 first_lpi;
	u32 mapped; /* events 0 .. mapped - 1 are mapped on the physical ITS */
	u32 step;
	u32 dirty_lo; /* events that may have want != have: dirty_lo .. dirty_hi - 1 */
	u32 dirty_hi;
	u64 itt_pa;
	u64 ticket;
	u64 used[GICV3_MAX_CPUS /
		 64]; /* CPUs whose collection an event was mapped or moved to: to be SYNCed */
};

/* The two below drive @d one step: 0 done, -EAGAIN, or an error after which @d is MIRROR_LOST.
 * Under LOCK_MIRROR. */
int mirror_map_step(struct mirror_device *d);
int mirror_unmap_step(struct mirror_device *d);
/* Posts MOVIs of @d while *@budget lasts and takes them off it: 0 all done, -EAGAIN. */
int mirror_move_step(struct mirror_device *d, u32 *budget, u64 *moves);
/* Starts: MAPD is posted. -EAGAIN, or an error and nothing has happened. */
int mirror_map_start(struct mirror_device *d);

struct mirror_event *mirror_event_get(u32 lpi);

#endif
