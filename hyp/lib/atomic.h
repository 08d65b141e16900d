/* SPDX-License-Identifier: GPL-2.0-only */
/* Shared words: every access to memory that two CPUs touch without a lock goes through these. */
#ifndef HERALD_LIB_ATOMIC_H
#define HERALD_LIB_ATOMIC_H

#include "hyp/lib/bits.h"

#ifdef HERALD_HOST
#include <sched.h>
#define atomic_load_relaxed(p) __atomic_load_n((p), __ATOMIC_RELAXED)
#define atomic_store_relaxed(p, v) __atomic_store_n((p), (v), __ATOMIC_RELAXED)
#else
/* The same, of 64 bits at most; the compiler's own would not use a load's or store's offset. */
#define atomic_load_relaxed(p) (*(const volatile __typeof__(*(p)) *)(p))
#define atomic_store_relaxed(p, v) ((void)(*(volatile __typeof__(*(p)) *)(p) = (v)))
#endif
#define atomic_load_acquire(p) __atomic_load_n((p), __ATOMIC_ACQUIRE)
#define atomic_store_release(p, v) __atomic_store_n((p), (v), __ATOMIC_RELEASE)
#define atomic_add(p, v) __atomic_fetch_add((p), (v), __ATOMIC_RELAXED)
#define atomic_exchange(p, v) __atomic_exchange_n((p), (v), __ATOMIC_ACQ_REL)
#define atomic_or(p, v) __atomic_fetch_or((p), (v), __ATOMIC_ACQ_REL)
#define atomic_and(p, v) __atomic_fetch_and((p), (v), __ATOMIC_ACQ_REL)
/* Orders every access before it with every access after it. */
#define atomic_fence() __atomic_thread_fence(__ATOMIC_SEQ_CST)

/* Replaces *@p by @want if it is *@old; else loads what is there into *@old and answers false. */
#define atomic_cas(p, old, want)                                                                   \
	__atomic_compare_exchange_n((p), (old), (want), false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)

/* A breath in a spin loop; host threads may have to share a CPU with the one they wait for. */
static inline void cpu_relax(void)
{
#ifdef HERALD_HOST
	sched_yield();
#else
	__asm__ volatile("yield" ::: "memory");
#endif
}

#endif
