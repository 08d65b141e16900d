/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The differential driver: Herald's ITS and its reference model (its_model.h) get the same
 * register accesses, commands, MSIs, guest memory, saves and restores, and every visible result
 * must be the same. Two worlds, one guest memory.
 *
 *	diff.c		one epoch: a configuration, a pair, random steps
 *	diff_random.c	where random numbers come from, and what is drawn from them
 *	diff_ram.c	guest memory that can be put back
 *	diff_compare.c	what must be equal
 *	diff_save.c	saves and restores
 *	diff_image.c	tables in guest memory: built, or damaged
 *
 * Numbers are drawn from small ranges so that things collide.
 */
#ifndef HERALD_TESTS_DIFF_H
#define HERALD_TESTS_DIFF_H

#include "tests/unit/its_fake.h"
#include "tests/unit/its_model.h"

/* Where a tidy guest has its things. */
#define RING (FAKE_RAM + 0x10000)
#define DEV_TABLE (FAKE_RAM + 0x200000)
#define COLL_TABLE (FAKE_RAM + 0x300000)
#define L2_PAGES (FAKE_RAM + 0x380000)
#define ITTS (FAKE_RAM + 0x400000)
#define ITT_PLACES 0x2000u /* of 256 bytes */

/* How an epoch draws its numbers. */
struct diff_draw {
	u32 devids, eventids, first_eventid, lpis, icids, burst;
	bool faults; /* holes in guest memory */
	bool purges; /* tables are taken away often */
	bool wide; /* as many events as fit */
	bool large; /* a save or restore of all this takes long: fewer of them */
};

/* How often a save or restore ended in this way; the words are the model's. */
struct diff_end {
	const char *why;
	u64 count;
};

struct diff {
	struct fake_ram ram;
	struct fake world_its, world_model;
	struct its *its;
	struct model *model;
	struct its_config cfg;
	void *mem;
	struct diff_draw draw;

	/* Since the program began. */
	u64 commands, msis, accesses, saves, restores, aborted, disturbed;
	u64 unlike; /* saves whose images need not be the same */
	struct diff_end ends[32];
	u64 errors[ITS_NR_ERRORS]; /* up to the last epoch */
	u32 most_events; /* mapped at one time, in wide epochs */
};

extern struct diff diff;

/*
 * The whole driver on a byte string: one epoch, every choice read from @data, 0 where it has ended.
 * 0, or -1: the two differ, and standard output says in what.
 */
int diff_run(const u8 *data, size_t size);

/* The same with a generator of random numbers: an epoch of @commands; @wide: diff_draw.wide. */
void diff_seed(u64 seed);
bool diff_epoch(bool wide, u64 commands);

/* Every way in which a save or restore can end; NULL is the last. */
extern const char *const diff_all_ends[];
u64 diff_end_count(const char *why);
void diff_count_end(const char *why);

/* diff_random.c */
void random_bytes(const u8 *data, size_t size);
bool random_left(void); /* false: the byte string has ended */
bool random_is_bytes(void);
u64 any(void);
u32 below(u32 n);
bool one_in(u32 n);
u32 random_devid(void);
u32 random_eventid(void);
u32 random_lpi(void);
u32 random_icid(void);
u64 random_rdbase(void);
u64 random_itt(void);
u64 random_table(u64 good);
struct fake_cmd random_cmd(void);
void random_hole(void);
void random_poke(void);

/* diff_ram.c: the pages that were written since ram_begin(), as they were before */
#define RAM_PAGES (FAKE_RAM_SIZE / 4096)
struct ram_journal {
	u32 nr;
	u16 page[RAM_PAGES];
	bool has[RAM_PAGES];
	u8 copy[RAM_PAGES][4096];
};
void ram_fresh(void); /* an epoch's memory */
void ram_poke(u64 ipa, u64 val); /* by the guest; outside of memory: nothing */
u64 ram_peek(u64 ipa); /* outside of memory: 0 */
void ram_begin(struct ram_journal *j);
void ram_end(void);
void ram_swap(struct ram_journal *j); /* memory is as it was, the journal has what it became */
bool ram_same_image(const struct ram_journal *became, const struct ram_journal *was);
bool ram_unchanged(const struct ram_journal *was);

/* diff_compare.c */
bool same(const char *what, u64 got, u64 want);
bool compare(bool deep);
void note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void note_show(void);

/* diff.c: the same to both */
bool settle(void);
void both_write(u64 offset, u32 size, u64 val);
bool both_read(u64 offset, u32 size);
void both_reset(void);
void both_queue(const struct fake_cmd *cmds, u32 n);
void random_commands(u32 n);
bool random_msis(void);
bool tables_are_good(void);

/* diff_save.c; false: the two differ */
bool save_both(void);
bool save_disturbed(void);
bool save_obstructed(void);
bool save_many_collections(void);
bool migrate(void);
bool restore_built(bool full);
bool restore_here(void);
bool user_register(void);

/* diff_image.c */
void image_targets(void); /* notes where the entries of what is mapped now are */
void image_build(bool full); /* writes tables of its own; @full: more events than may fit */
void image_damage(void); /* breaks some of the entries noted */
void image_obstruct(void); /* takes the memory of one of them away, or its first-level entry */

#endif
