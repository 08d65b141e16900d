/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of the race test share: the sizes of the machine, the rules of a round, the two
 * virtual ITSes, and the oracle.
 *
 *	race_its.c	CPUs, vCPUs, devices; one round after the other
 *	driver.c	a guest's ITS driver: knows what is mapped, queues commands, waits for CREADR
 *	oracle.c	what may still be delivered, and what must have been
 *
 * A guest's locks are `busy` words that are tried and never waited for. Whatever the oracle counts
 * is counted with relaxed atomics: an acquire there would show ThreadSanitizer an order that the
 * code under test does not provide.
 */
#ifndef HERALD_TESTS_RACE_H
#define HERALD_TESTS_RACE_H

#include "hyp/lib/atomic.h"
#include "hyp/lib/errno.h"
#include "hyp/lib/lock.h"
#include "its/its.h"
#include "tests/unit/vgic_host_fake.h"

#define RACE_CPUS FAKE_CPUS
#define RACE_VCPUS 5u
#define RACE_ITSES 2u
#define RACE_INTID_BITS 14u
#define RACE_DEVS 4u
#define RACE_EVENT_BITS 3u
#define RACE_EVENTS BIT(RACE_EVENT_BITS)
#define RACE_LOUD_EVENTS 4u /* devices send these; the others only the driver, now and then */
/* Collections 0 .. RACE_VCPUS - 1 stay on their vCPU, the others wander. */
#define RACE_COLLS (RACE_VCPUS + 3u)

/* Each ITS has LPIs of its own, and there are some that both may map. */
#define RACE_OWN_LPIS 160u
#define RACE_SHARED_LPIS 12u
#define RACE_LPIS (RACE_ITSES * RACE_OWN_LPIS + RACE_SHARED_LPIS)

/* What may happen in a round, and so what the oracle may demand. */
struct race_rules {
	u32 number;
	bool move_all; /* MOVALL: an LPI may be acknowledged by any vCPU */
	bool share; /* LPIs that both ITSes map */
	bool switch_its; /* GITS_CTLR.Enabled off and on */
	bool switch_lpis; /* GICR_CTLR.EnableLPIs off and on, and the guest... */
	bool keep_tables; /* ...leaves the pending tables as they are: nothing is lost, but what
			   * they hold comes back whatever became of its mapping */
	bool reset; /* its_reset(), other tables, restore */
	bool save; /* its_save() and vgic_lpi_save() */
	bool invalidate; /* GICR_INVLPIR, GICR_INVALLR. Like some of the above they look at all LPIs,
			  * which would put right what got stuck: so none of it in some rounds */
};

extern struct race_rules race_rules;

/* --- driver.c --- */

struct race_mapping {
	u32 lpi; /* 0: not mapped */
	u32 icid;
};

struct race_its {
	u32 index;
	struct its *its;
	struct spinlock lock; /* LOCK_ITS */

	/* Under `busy`: the driver's own view. */
	u32 busy;
	u32 cwriter;
	u64 device_table;
	bool mapped[RACE_DEVS];
	struct race_mapping map[RACE_DEVS][RACE_EVENTS];
	u32 vcpu_of[RACE_COLLS]; /* or ITS_NO_VCPU */
	bool in_use[RACE_LPIS];
	u32 next_lpi;

	u32 ctlr_busy; /* who writes GITS_CTLR */
	/* Of a device's driver, and what the backend was told; no lock. */
	u32 entry[RACE_DEVS][RACE_EVENTS];
	u32 unmapped[RACE_DEVS][RACE_EVENTS]; /* times event_unmapped() was called */
	u32 live[RACE_DEVS]; /* events the backend knows */
};

extern struct race_its race_its[RACE_ITSES];

void driver_start(struct race_its *t);
/* One turn of the driver, if no other CPU is in it: some commands, to their end. */
void driver_turn(struct race_its *t);
/* Enabled off, a look that nothing comes any more, and on. */
void driver_switch(struct race_its *t);
/* Nothing else runs: each mapping must work. How many do not. */
u32 driver_check(struct race_its *t);

/* --- race_its.c --- */

/* An LPI that is made pending, for the oracle. */
struct oracle_pend {
	u32 its, lpi, vcpu, may, sent;
	u64 losses;
};

u32 race_pick(u32 n);
static inline bool race_try(u32 *busy)
{
	u32 none = 0;

	return atomic_load_relaxed(busy) == 0 && atomic_cas(busy, &none, 1);
}

static inline void race_leave(u32 *busy)
{
	atomic_store_release(busy, 0);
}

/* What a CPU does at EL2 while it waits: only its own list registers. */
void race_serve(void);
/* What it does while its guest waits for something: takes interrupts, changes vCPUs. */
void race_idle(void);
/*
 * One more turn of a wait for @what, of @p if that is not NULL. A wait that does not end is a
 * failure, and ends the program.
 */
#define RACE_PATIENCE 30 /* seconds */
struct race_wait {
	u32 turns;
	long since;
};
void race_waited(struct race_wait *w, const char *what, const struct oracle_pend *p);
/* A guest's write to the frame, as hyp/vits.c does it. */
void race_write(struct race_its *t, u64 offset, u32 size, u64 val);
u64 race_read(struct race_its *t, u64 offset, u32 size);
/* its_reset(), its_save() or its_restore() to the end. */
int race_steps(struct race_its *t, int (*step)(struct its *its));
/* its_reset() as such a step. */
int race_reset_step(struct its *its);
/* The MSI of an event. What its_signal() answered. */
int race_signal(struct race_its *t, u32 dev, u32 event);
/* The last LPI that this CPU made pending, if that answered > 0. */
extern _Thread_local struct oracle_pend race_last;

/* --- oracle.c --- */

enum oracle_op {
	ORACLE_DONE, /* CREADR has passed all that is above */
	ORACLE_MAPD,
	ORACLE_UNMAPD,
	ORACLE_END, /* of a mapping, by whatever was queued */
	ORACLE_MAPTI,
	ORACLE_MOVI,
	ORACLE_DISCARD,
	ORACLE_CLEAR,
	ORACLE_INT,
	ORACLE_MAPC, /* from here on those that concern all LPIs */
	ORACLE_UNMAPC,
	ORACLE_MOVALL,
	ORACLE_RESET,
	ORACLE_RESTORE,
	ORACLE_TABLE,
	ORACLE_DISABLE,
	ORACLE_ENABLE,
	ORACLE_LPIS_OFF,
	ORACLE_LPIS_ON,
};

void oracle_start(void);
/* For the report of a failure: ITS (RACE_ITSES: a redistributor), what was done, to which. */
void oracle_note(u32 its, enum oracle_op op, u32 a, u32 b, u32 lpi, u32 to);

/* Before the command that makes it so: @lpi may become pending on @vcpu. */
void oracle_allow(u32 lpi, u32 vcpu);
/* After the command that ended it: it may not. */
void oracle_forbid(u32 lpi, u32 vcpu);
/* Before and after one more mapping, and after one less, names @lpi. */
void oracle_mapped(u32 lpi);
void oracle_unmapped(u32 lpi);
/* After a MOVI: it may be acknowledged on @vcpu only. */
void oracle_moved(u32 lpi, u32 vcpu);
/* Before and after whatever may take its pending state away; all LPIs'. */
void oracle_lossy(u32 lpi);
void oracle_lossy_all(void);
/* After Quiescent was seen; before Enabled is set. */
void oracle_quiet(u32 its, bool quiet);

/* Around vgic_lpi_pend(). */
void oracle_pend_begin(struct oracle_pend *p, u32 its, u32 vcpu, u32 lpi);
void oracle_pend_end(const struct oracle_pend *p, bool delivered);
/* @vcpu has just acknowledged @lpi and has not been at EL2 since. */
void oracle_ack(u32 vcpu, u32 lpi);
/* True if @p was acknowledged, or may have been lost for a good reason. */
bool oracle_settled(const struct oracle_pend *p);
void oracle_fail(const char *what, u32 its, u32 lpi, u32 vcpu);
/* Nothing runs any more, no LPI is pending: how many were lost. */
u32 oracle_lost(void);
u32 oracle_failures(void);

struct oracle_counts {
	u32 pended, delivered, acks;
};
extern struct oracle_counts oracle_counts;

static inline bool race_lpi_shared(u32 lpi)
{
	return lpi - ITS_LPI_BASE >= RACE_ITSES * RACE_OWN_LPIS;
}

#endif
