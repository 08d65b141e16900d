/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Between the two halves of the world (tests/fuzz/world.h): world.c, which calls the ITS, and
 * shadow.c, which the ITS calls.
 */
#ifndef HERALD_TESTS_SHADOW_H
#define HERALD_TESTS_SHADOW_H

#include "tests/fuzz/world.h"

#define PAGE 4096u

/* What is going on. */
extern struct world_now {
	bool locked; /* inside of the ITS, under its lock */
	bool signalling; /* inside of its_signal(), from the top */
	bool translated; /* ...and it has come to lpi_pend() */
	u32 elsewhere; /* signals by other CPUs meanwhile */
	bool resetting, saving, restoring;
	bool apart; /* world_tables_apart() when the save began, and nothing was poked since */
	u32 devid, eventid; /* what is being signalled */
	u32 pends; /* LPIs that it made pending */
	u32 pend_vcpu, pend_lpi;
	u32 accesses, calls; /* of this step */
	u64 agains; /* -EAGAIN answered, ever */
} world_now;

/* world.c: guest memory that is to be cleaned for the next input. In RAM, at least one byte. */
void world_touch(u64 ipa, size_t len);

/* What the ITS is given; the @vm that it takes is world_fake. */
extern const struct its_ops shadow_ops;

/* For a new world_its of world_cfg; nothing is mapped. */
void shadow_start(void);
bool shadow_empty(void);
/* The EventIDs of all mapped devices together. */
u64 shadow_eventids(void);

/* The ITS agrees with the shadow. @deep: it holds nothing else either. */
void shadow_check(bool deep);
/* A save has ended: each event is in its ITT as it is now, whatever happened since it began. */
void shadow_check_saved(void);

#endif
