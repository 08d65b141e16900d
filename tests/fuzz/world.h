/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One ITS and the world around it (tests/unit/its_fake.h), with every promise of its/its.h that can
 * be checked from outside checked at every call: arguments in range, calls repeated only as they
 * were, each step bounded, and a shadow of what is mapped, kept from what the backend is told.
 *
 * There is one, since a target runs one input at a time; only what was touched is cleaned for the
 * next.
 */
#ifndef HERALD_TESTS_WORLD_H
#define HERALD_TESTS_WORLD_H

#include "its/its.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/its_fake.h"

extern struct its *world_its;
extern struct fake world_fake;
extern struct its_config world_cfg;

/*
 * Called first in each operation that the ITS asks for: what other CPUs do at that moment. @locked:
 * a command or a register access is going on, so they can only signal. NULL: nothing.
 */
extern void (*world_meanwhile)(bool locked);

void world_start(const struct its_config *cfg, u64 seed);
/*
 * Back to nothing mapped, checked before and after, then clean for the next input. A deep check
 * takes a millisecond.
 */
void world_end(bool deep);

/* Guest memory: the part that is in RAM is written. */
void world_poke(u64 ipa, const void *buf, size_t len);
u64 world_peek(u64 ipa);
bool world_in_ram(u64 ipa, u64 len);
/* A checksum of all that was ever written to. */
u64 world_ram_sum(void);

/*
 * Register writes by the guest and by user space; what the latter answers. While a reset or a
 * restore goes on they must change nothing.
 */
void world_write(u64 offset, u32 size, u64 val);
int world_reg_set(u64 offset, u64 val);

/* One step of each; what they answer. */
enum its_progress world_run(void);
enum its_progress world_reset(void);
int world_save(void);
int world_restore(void);

/* To the end of what has been begun: a reset or a restore, then commands, then a save. */
void world_settle(void);
/* Saves or restores from beginning to end. */
int world_save_all(void);
int world_restore_all(void);

/* An MSI on @cpu: the answer must be what the shadow says, if nothing else is going on. */
void world_signal(u32 cpu, u32 devid, u32 eventid);
void world_signal_entry(u32 cpu, u32 entry, u32 devid, u32 eventid);
/* The entry index of an event; ~0: not mapped. */
u32 world_entry(u32 devid, u32 eventid);

/* When settled: the ITS agrees with the shadow. @deep: it holds nothing else either. */
void world_check(bool deep);

/* The events that the backend knows: @i is below world_nr_events(). */
u32 world_nr_events(void);
void world_event(u32 i, struct its_event_info *info);

/* tests/fuzz/image.c: what is mapped, to compare it later. */
struct world_image {
	struct its_stats stats;
	u32 nr_events;
	struct its_event_info event[1024];
};
/* False if there is more than fits. */
bool world_image(struct world_image *img);
void world_same(const struct world_image *a, const struct world_image *b);

/* What an input has led to, and may not depend on when guest memory came (page_rate). */
struct world_outcome {
	struct its_stats stats;
	struct fake_seen seen;
	u64 ram, reg[6];
};
void world_outcome(struct world_outcome *o);
void world_same_outcome(const struct world_outcome *a, const struct world_outcome *b);

/*
 * True if the tables that GITS_BASER<n> and MAPD name are wholly in RAM, without a hole, and do not
 * overlap: only then is what is saved what is restored.
 */
bool world_tables_apart(void);

#endif
