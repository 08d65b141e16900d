/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the virtual GIC keeps: one 64-bit word for each interrupt, and the structures of a VM and of
 * a vCPU.
 *
 * Every interrupt, private, SPI or LPI, is one word. The word has a home: the vCPU that it goes to.
 * The lock of the home's vgic_cpu owns the word, so whoever wants to change it reads the home,
 * takes that lock and looks again (vgic_irq_lock()). No one ever holds two of these locks: a word
 * that changes its home is taken off the old one's lists, gets the new home, and is placed there in
 * a second step (vgic_irq_settle()). In between it is on no list, and whoever takes its lock first
 * places it.
 *
 * A word is in one of three places:
 *
 *	nowhere		nothing to deliver
 *	on a list	QUEUED: one of 32 priority lists, doubly linked by INTID through the words
 *			themselves. There are three sets of lists for each vCPU: pending in group 0,
 *			pending in group 1, and active interrupts that have no list register, by
 *			the priority that they were taken at.
 *			Disabled groups thus cost nothing to skip.
 *	in an LR	IN_LR: PREV holds the number of the list register. What the hardware
 *			knows is not in the word: PENDING and ACTIVE then mean "also that, as
 *			soon as someone may touch the list register", UNPEND and UNACT the
 *			opposite, MOVE "and it belongs elsewhere".
 *
 * Only while a vCPU is loaded are there words in list registers: vgic_put() takes all state back
 * into the words.
 */
#ifndef HERALD_VGIC_STATE_H
#define HERALD_VGIC_STATE_H

#include "hyp/lib/errno.h"
#include "hyp/lib/string.h"
#include "vgic/host.h"
#include "vgic/vgic.h"

#define IRQ_NEXT GENMASK(15, 0) /* INTID after it; of an LPI with MOVE, not QUEUED: the new home */
#define IRQ_PREV GENMASK(31, 16) /* INTID before it; with IN_LR: the list register */
#define IRQ_HOME GENMASK(41, 32) /* index of the vCPU it goes to */
#define IRQ_PRIO GENMASK(46, 42) /* upper five bits of its priority */
#define IRQ_PENDING BIT(47) /* the latch: an edge came, or software set it pending */
#define IRQ_LINE BIT(48) /* level of its line */
#define IRQ_ENABLED BIT(49)
#define IRQ_ACTIVE BIT(50)
#define IRQ_LEVEL BIT(51) /* level-sensitive, else edge-triggered */
#define IRQ_GROUP1 BIT(52)
#define IRQ_QUEUED BIT(53)
#define IRQ_IN_LR BIT(54)
#define IRQ_HW BIT(55) /* tied to a physical interrupt */
#define IRQ_KNOWN BIT(56) /* LPI whose property byte was asked for at least once */
#define IRQ_LATCHED BIT(57) /* pending in the list register by the latch, not by the line alone */
#define IRQ_UNPEND BIT(58) /* the list register's pending state was cancelled */
#define IRQ_UNACT BIT(59) /* its active state likewise */
#define IRQ_MOVE BIT(60) /* changes its home once neither active nor in a list register */
#define IRQ_NOROUTE BIT(61) /* SPI whose GICD_IROUTER names no vCPU: never delivered */
#define IRQ_SOFT BIT(62) /* tied, and set pending by software: stays so whatever its line says */
#define IRQ_WATCHED BIT(63) /* SPI whose line goes low when the guest ends it: vgic_watch() */

#define VGIC_NIL 1023u /* ends a list: an INTID that no interrupt has */
#define VGIC_NO_CPU 0xffffu
#define VGIC_NR_PRIOS 32u
#define VGIC_NR_SGIS 16u
#define VGIC_MAX_VCPUS 512u
#define VGIC_CLUSTER_CPUS 16u
#define VGIC_STEP_CPUS 32u /* of a walk over all vCPUs in one bounded step */

/* LPIs are walked in chunks: 4 bytes of the pending table, 32 of the property table. */
#define VGIC_LPI_CHUNK 32u
#define VGIC_MAX_LPIS (0x10000u - VGIC_LPI_BASE)
#define VGIC_NR_CHUNK_WORDS (VGIC_MAX_LPIS / VGIC_LPI_CHUNK / 64)
#define VGIC_NR_SPI_WORDS ((VGIC_MAX_SPIS + 63) / 64)

/* ICH_LR<n>_EL2 (IHI 0069H 12.4.6). */
#define LR_VINTID GENMASK(31, 0)
#define LR_PINTID GENMASK(44, 32)
#define LR_EOI BIT(41) /* if HW is 0 */
#define LR_PRIO GENMASK(55, 48)
#define LR_GROUP1 BIT(60)
#define LR_HW BIT(61)
#define LR_PENDING BIT(62)
#define LR_ACTIVE BIT(63)

/* ICH_HCR_EL2 (12.4.5). */
#define HCR_EN BIT(0)
#define HCR_UIE BIT(1)
#define HCR_LRENPIE BIT(2)
#define HCR_NPIE BIT(3)
#define HCR_VGRP0EIE BIT(4)
#define HCR_VGRP0DIE BIT(5)
#define HCR_VGRP1EIE BIT(6)
#define HCR_VGRP1DIE BIT(7)
#define HCR_TC BIT(10)
#define HCR_TALL0 BIT(11)
#define HCR_TALL1 BIT(12)
#define HCR_TDIR BIT(14)
#define HCR_EOICOUNT GENMASK(31, 27)

/* ICH_VMCR_EL2 (12.4.8). */
#define VMCR_VENG GENMASK(1, 0) /* VENG1, VENG0 */
#define VMCR_VCBPR BIT(4)
#define VMCR_VEOIM BIT(9)
#define VMCR_VBPR1 GENMASK(20, 18)
#define VMCR_VBPR0 GENMASK(23, 21)
#define VMCR_VPMR GENMASK(31, 24)

/*
 * Implementer ARM, product 'K', revision 3: what KVM shows, so that state can be moved between the
 * two.
 */
#define VGIC_IIDR 0x4b00343bu

enum vgic_set { VGIC_SET_G0, VGIC_SET_G1, VGIC_SET_ACTIVE, VGIC_NR_SETS };

/* What a vCPU's redistributor still has to do with the LPI tables (vgic/lpi.c). */
enum vgic_walk { VGIC_WALK_NONE, VGIC_WALK_ENABLE, VGIC_WALK_DISABLE, VGIC_WALK_RELOAD };

struct vgic_list {
	u16 head;
	u16 tail;
};

struct vgic_cpu {
	/* Under lock, but for work and lpis_on, which others may read at any time. */
	struct spinlock lock;
	u32 index;
	struct vgic *vgic;
	void *host;
	u32 work; /* 1: vgic_flush() must run before the guest is entered; a word is tested faster than a bool */
	bool loaded; /* between vgic_load() and vgic_put() */
	bool syncing; /* vgic_flush() goes through the list registers: none may be filled now */
	bool lpis_on; /* GICR_CTLR.EnableLPIs */
	u32 lr_used; /* list registers that hold a word */
	u32 lr_mask; /* list registers that there are; while loaded */
	u32 map[VGIC_NR_SETS]; /* lists that are not empty */
	struct vgic_list list[VGIC_NR_SETS][VGIC_NR_PRIOS];
	u64 lr[VGIC_MAX_LRS]; /* what was last read from or written to each list register */
	u16 lr_intid[VGIC_MAX_LRS];
	u32 flushes; /* times that list registers were made to agree with their words */
	u64 hcr;
	u64 vmcr;
	u64 apr[2][4];
	u64 word[VGIC_NR_PRIVATE];
	u16 pintid[VGIC_NR_PRIVATE];
	struct vgic_stats stats;

	/* Under the distributor's lock. */
	u64 mpidr;
	u64 propbaser;
	u64 pendbaser;
	bool present; /* vgic_cpu_init() was called */
	bool last; /* the last redistributor of its region */
	bool asleep; /* GICR_WAKER.ProcessorSleep */
	bool again; /* GICR_INVALLR was written during a walk */
	bool discard; /* the VMM cleared EnableLPIs: the pending table is not written */
	u16 number; /* GICR_TYPER.Processor_Number: its index, or what vgic_cpu_set_number() says */
	enum vgic_walk walk;
	u32 walk_pos;
	bool walk_taken; /* walk_pend is this chunk's, and not in the pending table yet */
	u8 walk_pend[VGIC_LPI_CHUNK / 8];
};

/*
 * The vCPUs that agree in everything but the low four bits of affinity level 0: what one SGI can
 * reach.
 */
struct vgic_cluster {
	u64 key;
	u16 cpu[VGIC_CLUSTER_CPUS];
};

struct vgic {
	struct spinlock lock; /* LOCK_VGIC_DIST: register writes, walks */
	struct vgic_config cfg;
	u32 groups; /* GICD_CTLR.EnableGrp1, EnableGrp0 */
	u32 iidr; /* GICD_IIDR */
	u32 nr_lpis;
	struct vgic_cpu *cpus;
	u64 *spi; /* words of the SPIs */
	u64 *lpi; /* words of the LPIs */
	u64 *route; /* GICD_IROUTER */
	u16 *spi_target; /* vCPU that GICD_IROUTER names, or VGIC_NO_CPU */
	u16 *spi_pintid;
	u64 ended[VGIC_NR_SPI_WORDS]; /* watched SPIs: vgic_next_ended(); atomic operations */
	u32 *spi_count; /* times each became pending, */
	u32 *lpi_count; /* or was pended again before it was taken; under the lock of its home */
	u64 known[VGIC_NR_CHUNK_WORDS]; /* chunks of LPIs with a KNOWN one; only grows */
	struct vgic_cluster *clusters;
	u16 *cluster_hash; /* open addressing; VGIC_NO_CPU: free */
	u32 nr_clusters;
	u32 hash_bits;
};

_Static_assert((IRQ_NEXT | IRQ_PREV | IRQ_HOME | IRQ_PRIO) == GENMASK(46, 0),
	       "the fields of a word touch, without a gap");
_Static_assert(FIELD_MAX(IRQ_HOME) + 1 >= VGIC_MAX_VCPUS, "a word can name each vCPU");
_Static_assert(FIELD_MAX(IRQ_PRIO) + 1 == VGIC_NR_PRIOS, "one list for each priority");
_Static_assert(VGIC_NR_CHUNK_WORDS * 64 * VGIC_LPI_CHUNK == VGIC_MAX_LPIS,
	       "chunks cover the LPIs exactly");

/* An interrupt whose home is locked. */
struct vgic_irq {
	struct vgic_cpu *c; /* its home */
	u64 *wp;
	u64 w; /* the word as it was found */
	u32 intid;
};

/* What a change leaves to do when the lock is gone. */
#define VGIC_OWE_KICK BIT(0)
#define VGIC_OWE_SETTLE BIT(1)

/*
 * Words that changed their home while many were looked at: at most one for each list register and
 * counted EOI.
 */
struct vgic_settle {
	u32 nr;
	u16 intid[VGIC_MAX_LRS + 32];
};

/* --- vgic/list.c: lists and homes --- */

/* Is there an interrupt of this number? LPIs only if the VM has them. */
bool vgic_intid_valid(const struct vgic *v, u32 intid);
/* Takes the lock of the home of @intid (valid); @c is whose interrupt it is if it is private. */
void vgic_irq_lock(struct vgic_cpu *c, u32 intid, struct vgic_irq *irq);
/* Makes @w the word, draws all consequences, and releases the lock. */
void vgic_irq_commit(struct vgic_irq *irq, u64 w);
void vgic_irq_unlock(struct vgic_irq *irq);
/* An edge: makes it pending, and releases the lock. */
void vgic_irq_pend(struct vgic_irq *irq);
/* The second half of a change of home, and kicks. No lock of a vgic_cpu held. */
void vgic_irq_settle(struct vgic_cpu *c, u32 intid, u32 owe);

/*
 * Under the lock of @c, home of the word: to where it belongs. It is on no list and in no list
 * register. VGIC_OWE_*.
 */
u32 vgic_place(struct vgic_cpu *c, u32 intid, u64 *wp, u64 w);
/* @prio: an active word's may differ from its own (vgic/lr.c). */
void vgic_enqueue(struct vgic_cpu *c, u32 intid, u64 *wp, u64 w, u32 prio, bool front);
/* Takes the word off its list and returns it so; the caller stores it. */
u64 vgic_dequeue(struct vgic_cpu *c, u32 intid, u64 w);
/* Remembers that vgic_flush() is due; VGIC_OWE_KICK if someone must be told. */
u32 vgic_want_work(struct vgic_cpu *c);

/* --- vgic/lr.c: list registers --- */

/*
 * Makes a list register and its word agree after the word changed. @c is loaded here. VGIC_OWE_*.
 */
u32 vgic_lr_sync(struct vgic_cpu *c, u32 n);
/*
 * Puts a pending word straight into a free list register if nothing waits before it. @c is loaded
 * here.
 */
bool vgic_lr_try(struct vgic_cpu *c, u32 intid, u64 *wp, u64 w);
/*
 * The common case of an interrupt that comes, an edge: @c, its home and locked, is loaded here, and
 * there is room. False: something else is the matter, and nothing was done. Of LPIs the caller
 * knows that EnableLPIs is set.
 */
bool vgic_lr_inject(struct vgic_cpu *c, u32 intid, u64 *wp, u64 w);
/*
 * Pending and active state of a word that may be in a list register, as far as it can be known now.
 * VGIC_OWE_*.
 */
u32 vgic_lr_peek(struct vgic_cpu *c, u32 intid, u64 w, bool *pending, bool *active);

/*
 * Puts a word that is nowhere into a free list register, and there must be one. If it is active it
 * was taken at @prio.
 */
void vgic_lr_load(struct vgic_cpu *c, u32 intid, u64 *wp, u64 w, u32 prio);
/*
 * Empties list register @n into its word, and puts that at the front of its list if it is to come
 * back. VGIC_OWE_*.
 */
u32 vgic_lr_evict(struct vgic_cpu *c, u32 n);
/* The guest is done with a tied interrupt: so is the physical one. */
void vgic_hw_deactivate(struct vgic_cpu *c, u32 intid);

/* --- vgic/watch.c --- */

/*
 * The guest ended @intid: its word after that. Who watches it will be told. Under the lock of its
 * home.
 */
u64 vgic_irq_ended(struct vgic *v, u32 intid, u64 w);

static inline bool vgic_is_watched(u64 w)
{
	return (w & (IRQ_WATCHED | IRQ_LEVEL)) == (IRQ_WATCHED | IRQ_LEVEL);
}

/* --- vgic/irqreg.c: the interrupt behind a register bit --- */

/* ICC_DIR_EL1 */
void vgic_irq_end(struct vgic_cpu *c, u32 intid);

/* --- vgic/sgi.c --- */

void vgic_affinity_add(struct vgic *v, u32 index, u64 mpidr);
/* Index of the vCPU with affinity @mpidr (MPIDR_EL1 layout), or VGIC_NO_CPU. */
u32 vgic_affinity_find(const struct vgic *v, u64 mpidr);

/* --- vgic/lpi.c --- */

/* Under the distributor's lock. */
/* @keep: what is pending when they are switched off goes to the pending table. */
void vgic_lpi_switch(struct vgic_cpu *c, bool on, bool keep);
void vgic_lpi_inv_all(struct vgic_cpu *c);

static inline u64 *vgic_word(struct vgic_cpu *c, u32 intid)
{
	if (intid < VGIC_NR_PRIVATE)
		return &c->word[intid];
	if (intid >= VGIC_LPI_BASE)
		return &c->vgic->lpi[intid - VGIC_LPI_BASE];
	return &c->vgic->spi[intid - VGIC_NR_PRIVATE];
}

static inline bool vgic_is_spi(u32 intid)
{
	return intid >= VGIC_NR_PRIVATE && intid < VGIC_LPI_BASE;
}

static inline u32 vgic_pintid(const struct vgic_cpu *c, u32 intid)
{
	return intid < VGIC_NR_PRIVATE ? c->pintid[intid]
				       : c->vgic->spi_pintid[intid - VGIC_NR_PRIVATE];
}

/* EnableLPIs was cleared, and that is not yet done: GICR_CTLR.RWP. */
static inline bool vgic_lpis_stopping(const struct vgic_cpu *c)
{
	enum vgic_walk walk = atomic_load_relaxed(&c->walk);

	return walk == VGIC_WALK_DISABLE ||
	       (walk == VGIC_WALK_ENABLE && !atomic_load_relaxed(&c->lpis_on));
}

/* vgic_redist_run() has something to do. */
static inline bool vgic_redist_busy(const struct vgic_cpu *c)
{
	return atomic_load_relaxed(&c->walk) != VGIC_WALK_NONE;
}

/* What the functions of vgic/host.h want to know about whose physical interrupt it is. */
static inline void *vgic_hw_host(const struct vgic_cpu *c, u32 intid)
{
	return intid < VGIC_NR_PRIVATE ? c->host : NULL;
}

static inline bool vgic_word_pending(u64 w)
{
	return (w & IRQ_PENDING) || (w & (IRQ_LEVEL | IRQ_LINE)) == (IRQ_LEVEL | IRQ_LINE);
}

/* Would it interrupt @c, its home, were its group enabled? */
static inline bool vgic_word_deliverable(const struct vgic_cpu *c, u32 intid, u64 w)
{
	return (w & (IRQ_ENABLED | IRQ_NOROUTE)) == IRQ_ENABLED && vgic_word_pending(w) &&
	       (intid < VGIC_LPI_BASE || c->lpis_on);
}

static inline u32 vgic_word_group(u64 w)
{
	return w & IRQ_GROUP1 ? 2 : 1; /* its bit in vgic.groups and VMCR_VENG */
}

/* Its list registers are those of the CPU this runs on. If so it stays so, lock or no lock. */
static inline bool vgic_here(const struct vgic_cpu *c)
{
	return atomic_load_relaxed(&c->loaded) && vgic_host_is_here(c->host);
}

static inline struct vgic_cpu *vgic_cpu_at(const struct vgic *v, u32 index)
{
	return &v->cpus[index];
}

#endif
