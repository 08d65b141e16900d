/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Ticket spinlocks and the one lock order of the hypervisor.
 *
 * A CPU takes locks only downwards in this tree, and at most one of a rank. EL2 runs with
 * interrupts masked, so a lock is never taken from an interrupt handler that broke into its holder.
 *
 *	LOCK_VM			life of a VM, its vCPUs, its memory (hyp/guest.c)
 *	 └ LOCK_ITS		commands, CTLR, BASERs of one virtual ITS, and EnableLPIs transitions
 *	    ├ LOCK_MIRROR	devices and host LPIs of the physical-ITS mirror (pci/mirror.c)
 *	    │  └ LOCK_HOST_ITS	command queue of one physical ITS (drivers/)
 *	    └ LOCK_VGIC_DIST	distributor registers of one VM (vgic/)
 *	       └ LOCK_DOORBELL	woken vCPUs of one CPU (hyp/doorbell.c)
 *	          └ LOCK_VGIC_CPU	pending lists and list registers of one vCPU (vgic/)
 *	             └ LOCK_PPI	physical state of one vCPU's timer interrupts (hyp/world.c)
 *	                └ LOCK_GICD	read-modify-write registers of the physical distributor (drivers/)
 *	LOCK_STAGE2		one VM's stage-2 tables; may be taken under any of the above
 *	 └ LOCK_POOL		the page pool
 *	LOCK_LOG		the log ring and the UART: under everything
 *
 * A build with HERALD_DEBUG checks the order at run time.
 */
#ifndef HERALD_LIB_LOCK_H
#define HERALD_LIB_LOCK_H

#include "hyp/lib/assert.h"
#include "hyp/lib/atomic.h"

enum lock_rank {
	LOCK_VM,
	LOCK_ITS,
	LOCK_MIRROR,
	LOCK_HOST_ITS,
	LOCK_VGIC_DIST,
	LOCK_DOORBELL,
	LOCK_VGIC_CPU,
	LOCK_PPI,
	LOCK_GICD,
	LOCK_STAGE2,
	LOCK_POOL,
	LOCK_LOG,
};

struct spinlock {
	u16 next; /* ticket that the next comer draws */
	u16 owner; /* ticket that holds the lock */
	u32 rank;
};

#define SPINLOCK_INIT(r) ((struct spinlock){ .rank = (r) })

#ifdef HERALD_DEBUG
/* The ranks this CPU (or host thread) holds, one bit each. */
u32 *lock_held_ranks(void);

static inline void lock_check_order(const struct spinlock *l)
{
	u32 *held = lock_held_ranks();

	ASSERT((*held >> l->rank) == 0);
	*held |= (u32)BIT(l->rank);
}

static inline void lock_note_release(const struct spinlock *l)
{
	*lock_held_ranks() &= ~(u32)BIT(l->rank);
}
#else
static inline void lock_check_order(const struct spinlock *l)
{
	(void)l;
}

static inline void lock_note_release(const struct spinlock *l)
{
	(void)l;
}
#endif

static inline void spin_lock(struct spinlock *l)
{
	u16 ticket;

	lock_check_order(l);
	ticket = __atomic_fetch_add(&l->next, 1, __ATOMIC_RELAXED);
	while (atomic_load_acquire(&l->owner) != ticket)
		cpu_relax();
}

static inline void spin_unlock(struct spinlock *l)
{
	lock_note_release(l);
	atomic_store_release(&l->owner, (u16)(l->owner + 1));
}

#endif
