/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The owner table: for each page of RAM whether it is Herald's or the management VM's, and to how
 * many VMs it is lent.
 *
 * One 16-bit state per page, but only where pages differ: RAM is divided into chunks of 8 MiB, and
 * a chunk whose pages are all in one state is one word. The first change of a part of it makes a
 * leaf: one pool page with the states of its 2,048 pages, kept from then on. So boot touches a word
 * per 8 MiB, and the table never takes more than 1/2048 of RAM and a leaf for each end of a bank
 * (Herald's account).
 *
 * One lock, of LOCK_STAGE2's rank: lending and mapping are separate steps, no one holds both.
 * LOCK_POOL is below it. Work grows with the number of pages (whole uniform chunks count as one):
 * callers bound the size.
 */
#ifndef HERALD_HYP_OWNER_H
#define HERALD_HYP_OWNER_H

#include "hyp/lib/bits.h"

#define OWNER_MAX_BANKS 16
#define OWNER_MAX_LENT 0x3fffu
#define OWNER_CHUNK_SIZE (SZ_4K / 2 * SZ_4K)

enum owner { OWNER_NONE, OWNER_HERALD, OWNER_MGMT };

/*
 * RAM [@base, @base + @size), multiples of 4 KiB, becomes known; all of it OWNER_NONE's. -EINVAL:
 * alignment, size 0 or wrap-around; -EEXIST: overlaps a bank; -ENOSPC: too many banks; -ENOMEM.
 * Boot CPU only.
 */
int owner_add_bank(u64 base, u64 size);

/*
 * Gives pages to @who. -EINVAL: alignment or size; -ENOENT: not all of it is RAM; -EBUSY: a page is
 * lent; -ENOMEM.
 */
int owner_set_range(u64 pa, u64 size, enum owner who);

/*
 * True if all of it is RAM of @who and no page is lent to more than @max_lent VMs. @size 0 is
 * false.
 */
bool owner_check_range(u64 pa, u64 size, enum owner who, u32 max_lent);

/*
 * Lends the management VM's pages to one more VM. -EINVAL, -ENOENT as above; -EPERM: a page is not
 * the management VM's; -EBUSY: a page is lent to @max_lent VMs already (1 .. OWNER_MAX_LENT; 1: to
 * no other); -ENOMEM. All or nothing.
 */
int owner_lend(u64 pa, u64 size, u32 max_lent);

/*
 * Takes one loan back. -EINVAL, -ENOENT as above; -EPERM: a page is not lent; -ENOMEM, but not if
 * the pages were lent in ranges below OWNER_CHUNK_SIZE. All or nothing.
 */
int owner_return(u64 pa, u64 size);

/* Whose the page at @pa is, and to how many VMs it is lent; OWNER_NONE if it is not RAM. */
enum owner owner_get(u64 pa, u32 *lent);

#endif
