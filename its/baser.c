/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * GITS_BASER<n>: where in guest memory is the table entry of an ID?
 *
 * The ITS keeps its state in EL2, so it needs no tables to work. But a guest that maps a DeviceID
 * or an ICID must have given memory for its entry, else save would have nowhere to write it; so a
 * command that maps is refused when the entry cannot be read, as KVM does. What the entry holds is
 * of interest to save and restore only.
 */
#include "its/internal.h"

/*
 * log2 of the page size, by GITS_BASER.Page_Size; 3 is reserved and treated as 2 (IHI 0069H
 * 12.19.1).
 */
static u32 baser_page_bits(u64 baser)
{
	static const u8 bits[] = { 12, 14, 16, 16 };

	return bits[FIELD_GET(BASER_PAGE_SIZE, baser)];
}

/* The table's IPA. With 64 KiB pages bits 15:12 of the register are bits 51:48 of the address. */
static u64 baser_address(u64 baser)
{
	u64 page_mask = BIT(baser_page_bits(baser)) - 1;

	if (FIELD_GET(BASER_PAGE_SIZE, baser) < 2)
		return baser & BASER_ADDR & ~page_mask;
	return (baser & BASER_ADDR_64K_LOW) | FIELD_GET(BASER_ADDR_64K_HIGH, baser) << 48;
}

static int baser_read(struct its *its, u64 ipa, u64 *entry)
{
	its_charge(its, ITS_COST_GUEST_READ);
	return its->ops.read(its->vm, ipa, entry, sizeof(*entry));
}

/* Entries in a page of @table: as many as an entry of an indirect table's first level leads to. */
u32 baser_per_page(const struct its *its, enum baser_index table)
{
	return (u32)BIT(baser_page_bits(its->baser[table])) / ITS_ENTRY_SIZE;
}

/* Entries that @table has or can have, a multiple of 512; 0: GITS_BASER<n> is not valid. */
u64 baser_entries(const struct its *its, enum baser_index table)
{
	u64 baser = its->baser[table];
	u32 per_page = baser_per_page(its, table);
	u64 n = (FIELD_GET(BASER_SIZE, baser) + 1) * per_page;

	if (!(baser & BASER_VALID))
		return 0;
	return baser & BASER_INDIRECT ? n * per_page : n;
}

/*
 * Where @table has its entry for @id: 0, or why there is none. -ENXIO: @id is beyond the table.
 * -EFAULT: the first level is not in guest memory, -EAGAIN: not yet. -ENOENT: the first level has
 * no page for @id.
 * Under LOCK_ITS.
 */
int baser_locate(struct its *its, enum baser_index table, u32 id, u64 *ipa)
{
	u64 baser = its->baser[table];
	u32 per_page = baser_per_page(its, table);
	u64 addr = baser_address(baser), entry;
	int err;

	if (id >= baser_entries(its, table))
		return -ENXIO;
	if (baser & BASER_INDIRECT) {
		err = baser_read(its, addr + (u64)(id / per_page) * ITS_ENTRY_SIZE, &entry);
		if (err)
			return its_errno(err, -EFAULT);
		if (!(entry & L1_VALID))
			return -ENOENT;
		addr = entry & L1_ADDR & ~(BIT(baser_page_bits(baser)) - 1);
		id %= per_page;
	}
	*ipa = addr + (u64)id * ITS_ENTRY_SIZE;
	return 0;
}

/* Has @table an entry for @id in guest memory? 0, -EAGAIN: not yet, or another error. Under LOCK_ITS. */
int baser_reaches(struct its *its, enum baser_index table, u32 id)
{
	u64 ipa, entry;
	int err = baser_locate(its, table, id, &ipa);

	return err ? err : baser_read(its, ipa, &entry);
}
