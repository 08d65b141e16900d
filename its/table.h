/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Entries of the tables in guest memory: KVM's "ITS table ABI rev 0" (Linux
 * Documentation/virt/kvm/devices/arm-vgic-its.rst). Each is one little-endian word; Herald and its
 * tests run on little-endian machines only.
 *
 * Device table and ITT are indexed by DeviceID and EventID, and "next" leads from a mapped entry to
 * the one that follows. The collection table is a list in no particular order; the first entry that
 * is not valid ends it.
 */
#ifndef HERALD_ITS_TABLE_H
#define HERALD_ITS_TABLE_H

#include "hyp/lib/bits.h"

/* Device table entry. */
#define DTE_VALID BIT(63)
#define DTE_NEXT GENMASK(62, 49) /* to the next DeviceID; 0: none; FIELD_MAX: that or more */
#define DTE_ITT GENMASK(48, 5) /* bits 51:8 of the ITT's address */
#define DTE_SIZE GENMASK(4, 0) /* EventID bits - 1 */

/* Interrupt translation entry. */
#define ITE_NEXT GENMASK(63, 48) /* to the next EventID; 0: none */
#define ITE_PINTID GENMASK(47, 16) /* the LPI; 0: not valid */
#define ITE_ICID GENMASK(15, 0)

/* Collection table entry. */
#define CTE_VALID BIT(63)
#define CTE_RDBASE GENMASK(51, 16) /* vCPU number */
#define CTE_ICID GENMASK(15, 0)
/* RDbase of a collection that events name, but that is not mapped: what KVM writes. */
#define CTE_UNMAPPED 0xffffffffu

#define ITT_ALIGN 256u
#define TABLE_CHUNK 16u /* entries that are read at once: no chunk lies in two pages */
_Static_assert(TABLE_CHUNK * sizeof(u64) <= ITT_ALIGN,
	       "a chunk of an aligned table is in one page");

/* @itt is 256-byte aligned and below 2^52; @bits 1 .. 32; @next any distance, 0 for the last. */
static inline u64 dte_pack(u64 itt, u32 bits, u32 next)
{
	return DTE_VALID | FIELD_PREP(DTE_NEXT, MIN(next, FIELD_MAX(DTE_NEXT))) |
	       FIELD_PREP(DTE_ITT, itt / ITT_ALIGN) | FIELD_PREP(DTE_SIZE, bits - 1);
}

static inline u64 dte_itt(u64 dte)
{
	return FIELD_GET(DTE_ITT, dte) * ITT_ALIGN;
}

/* 1 .. 32 */
static inline u32 dte_event_bits(u64 dte)
{
	return (u32)FIELD_GET(DTE_SIZE, dte) + 1;
}

/* @next below 65536, 0 for the last. */
static inline u64 ite_pack(u32 lpi, u32 icid, u32 next)
{
	return FIELD_PREP(ITE_NEXT, next) | FIELD_PREP(ITE_PINTID, lpi) |
	       FIELD_PREP(ITE_ICID, icid);
}

/* @rdbase may be CTE_UNMAPPED. */
static inline u64 cte_pack(u32 icid, u32 rdbase)
{
	return CTE_VALID | FIELD_PREP(CTE_RDBASE, rdbase) | FIELD_PREP(CTE_ICID, icid);
}

#endif
