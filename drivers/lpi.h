/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Host LPIs: the property table, a pending table per CPU, who owns which LPI, and what each means
 * (its cookie).
 *
 * The property table is written once, before any redistributor reads it: every LPI enabled, at one
 * priority. An LPI that no ITS maps cannot arrive, so allocation changes no table and needs no INV:
 * mapping and unmapping at the ITS is the one switch. The caller gives all memory, zeroed.
 */
#ifndef HERALD_DRIVERS_LPI_H
#define HERALD_DRIVERS_LPI_H

#include "hyp/lib/bits.h"

#define LPI_PENDING_ALIGN SZ_64K
#define LPI_MIN_BITS 14u
#define LPI_MAX_BITS 20u

struct lpi_config {
	u32 intid_bits; /* LPI_MIN_BITS .. lpi_supported_bits(): LPIs 8192 .. 2^bits - 1 */
	void *prop; /* lpi_prop_size() bytes, 4 KiB aligned */
	u64 prop_pa;
	void *soft; /* lpi_soft_size() bytes, 8-byte aligned */
	void (*clean)(const void *va,
		      size_t len); /* data cache to the point of coherency; may be NULL */
};

/* INTID bits that this GIC has LPIs for, at most LPI_MAX_BITS; 0: no LPIs. After gicv3_cpu_init()
 * of CPU 0. */
u32 lpi_supported_bits(void);

/* Bytes that @intid_bits need: the property table, one CPU's pending table, Herald's own arrays. */
size_t lpi_prop_size(u32 intid_bits);
size_t lpi_pending_size(u32 intid_bits);
size_t lpi_soft_size(u32 intid_bits);

/* The tables that a redistributor which was found with LPIs enabled writes to and reads. */
struct lpi_left {
	u64 prop_pa;
	u64 pending_pa;
};

/*
 * Once, on the boot CPU after gicv3_init(): turns LPIs off at every redistributor at which firmware
 * or a kernel before us left them on, those of CPUs that do not run yet included: they would go on
 * writing to memory that is now someone else's. 0; -EBUSY: one cannot be turned off, *@left has its
 * tables; -ETIMEDOUT: it does not finish.
 */
int lpi_disable_left(struct lpi_left *left);

/* 0 or -EINVAL. */
int lpi_init(const struct lpi_config *cfg);

/*
 * On CPU @cpu after gicv3_cpu_init(), ITSes disabled or its collection not yet mapped: gives the
 * redistributor its tables and enables LPIs. @pending: lpi_pending_size() zeroed bytes at
 * LPI_PENDING_ALIGN. Once for each CPU. 0; -EINVAL; -EBUSY: LPIs are enabled there already.
 */
int lpi_cpu_init(u32 cpu, void *pending, u64 pending_pa);

/*
 * 2^@order neighbouring LPIs, the first a multiple of that: their first INTID into @first, cookies
 * 0. 0 or -ENOSPC. lpi_free(): 0 or -EINVAL (a stray free). The caller serialises both
 * (LOCK_MIRROR).
 */
int lpi_alloc(u32 order, u32 *first);
int lpi_free(u32 first, u32 order);
u32 lpi_nr(void); /* LPIs there are */
u32 lpi_used(void); /* LPIs that are allocated */

/* What LPI @intid means to its owner; 0: nothing. Lock-free, any CPU. Not an LPI of ours: reads 0,
 * writes are ignored. */
u64 lpi_cookie(u32 intid);
void lpi_set_cookie(u32 intid, u64 cookie);
/* The cookie that was there. */
u64 lpi_clear_cookie(u32 intid);

#endif
