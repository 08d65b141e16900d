/* SPDX-License-Identifier: GPL-2.0-only */
/* What gits.c and gits_queue.c share. */
#ifndef HERALD_DRIVERS_GITS_PRIV_H
#define HERALD_DRIVERS_GITS_PRIV_H

#include "drivers/gits.h"
#include "drivers/gits_regs.h"
#include "hyp/lib/lock.h"

#define GITS_MAX_CPUS 512u
#define GITS_QUEUE_LEN ((u32)(GITS_QUEUE_BYTES / sizeof(struct gits_cmd)))

struct gits {
	struct spinlock lock; /* LOCK_HOST_ITS: from here to stats */
	struct gits_cmd *queue;
	u64 posted; /* commands written to the queue since gits_init() */
	u64 kicked; /* of them, shown to the ITS by CWRITER */
	u64 completed; /* of them, passed by CREADR */
	u64 progress_at; /* ticks: when completed last moved, or the queue stopped being empty */
	struct gits_stats stats;

	/* Constant after gits_init(). */
	bool up;
	uintptr_t va;
	u32 nr_cpus;
	struct gits_info info;
	size_t flat_limit;
	void *(*alloc)(size_t size, size_t align, u64 *pa);
	void (*clean)(const void *va, size_t len);
	u64 dev_limit; /* DeviceIDs below this have an entry */
	u64 *dev_l1; /* indirect device table: its first level */
	u64 dev_page;
	u32 dev_per_page;

	u64 rdbase[GITS_MAX_CPUS]; /* of each collection, as in its MAPC, V included; under the lock
				    */
};

struct gits *gits_get(u32 its);
void gits_clean(const struct gits *g, const void *va, size_t len);

#endif
