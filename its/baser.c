/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * GITS_BASER<n>: is the table entry of an ID in guest memory?
 *
 * The ITS keeps its state in EL2, so it needs no tables to work. But a guest that maps a DeviceID
 * or an ICID must have given memory for its entry, else save would have nowhere to write it; so a
 * command that maps is refused when the entry cannot be read, as KVM does. Only that is asked here;
 * what the entry holds is of no interest.
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

static bool baser_readable(struct its *its, u64 ipa, u64 *entry)
{
	its_charge(its, ITS_COST_GUEST_READ);
	return its->ops.read(its->vm, ipa, entry, sizeof(*entry)) == 0;
}

/* True if @table has an entry for @id in guest memory. Under LOCK_ITS. */
bool baser_reaches(struct its *its, enum baser_index table, u32 id)
{
	u64 baser = its->baser[table];
	u32 page_bits = baser_page_bits(baser);
	u64 size = (FIELD_GET(BASER_SIZE, baser) + 1) << page_bits;
	u32 per_page = (u32)BIT(page_bits) / ITS_ENTRY_SIZE;
	u64 addr = baser_address(baser);
	u64 index = id, entry;

	if (!(baser & BASER_VALID))
		return false;
	if (baser & BASER_INDIRECT)
		index = id / per_page;
	if (index >= size / ITS_ENTRY_SIZE)
		return false;
	if (!baser_readable(its, addr + index * ITS_ENTRY_SIZE, &entry))
		return false;
	if (!(baser & BASER_INDIRECT))
		return true;
	if (!(entry & L1_VALID))
		return false;
	addr = entry & L1_ADDR & ~(BIT(page_bits) - 1);
	return baser_readable(its, addr + (u64)(id % per_page) * ITS_ENTRY_SIZE, &entry);
}
