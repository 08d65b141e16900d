// SPDX-License-Identifier: GPL-2.0-only
/* Requester ID to (ITS, DeviceID), and back. */
#include "pci/reqid.h"
#include "hyp/lib/errno.h"

#define REQID_MASK (REQID_END - 1)

static bool reqid_entry_sane(const struct board_pci *pci, const struct board_msi_map *m)
{
	if (!m->length || m->its >= BOARD_MAX_ITS)
		return false;
	if (m->rid_base & ~(pci->msi_map_mask & REQID_MASK))
		return false;
	return m->length - 1 <= UINT32_MAX - m->devid_base;
}

/* The entry that decides about the masked requester ID, or the number of entries. */
static u32 reqid_find_entry(const struct board_pci *pci, u32 masked)
{
	u32 n = MIN(pci->nr_msi_map, (u32)BOARD_MAX_MSI_MAP);
	u32 i;

	for (i = 0; i < n; i++) {
		const struct board_msi_map *m = &pci->msi_map[i];

		if (reqid_entry_sane(pci, m) && masked >= m->rid_base &&
		    masked - m->rid_base < m->length)
			return i;
	}
	return n;
}

static bool reqid_on_bridge(const struct board_pci *pci, u32 rid)
{
	u32 bus = (u32)FIELD_GET(REQID_BUS, rid);

	return rid < REQID_END && bus >= pci->bus_first && bus <= pci->bus_last;
}

int reqid_to_devid(const struct board_pci *pci, u32 rid, struct reqid_target *out)
{
	u32 masked = rid & pci->msi_map_mask;
	const struct board_msi_map *m;
	u32 i;

	if (!reqid_on_bridge(pci, rid))
		return -ENOENT;
	i = reqid_find_entry(pci, masked);
	if (i >= MIN(pci->nr_msi_map, (u32)BOARD_MAX_MSI_MAP))
		return -ENOENT;
	m = &pci->msi_map[i];
	out->its = m->its;
	out->devid = m->devid_base + (masked - m->rid_base);
	return 0;
}

/*
 * The requesters that this entry turns into @want are one masked value with every combination of
 * the bits that the mask drops. Combinations are stepped through by (x - holes) & holes, which
 * counts in the holes' bits alone.
 */
static bool reqid_next_in_entry(const struct board_pci *pci, const struct reqid_target *want,
				struct reqid_iter *it, u32 *rid)
{
	const struct board_msi_map *m = &pci->msi_map[it->entry];
	u32 holes = ~pci->msi_map_mask & REQID_MASK;
	u32 masked;

	if (!reqid_entry_sane(pci, m) || m->its != want->its || want->devid < m->devid_base ||
	    want->devid - m->devid_base >= m->length)
		return false;
	masked = m->rid_base + (want->devid - m->devid_base);
	if (masked >= REQID_END || (masked & holes) || reqid_find_entry(pci, masked) != it->entry)
		return false;
	if (!it->inside) {
		it->inside = true;
		it->masked_out = 0;
	}
	while (it->masked_out < REQID_END) {
		u32 next = (it->masked_out - holes) & holes;

		*rid = masked | it->masked_out;
		it->masked_out = next ? next : REQID_END;
		if (FIELD_GET(REQID_BUS, *rid) > pci->bus_last)
			return false; /* they only grow */
		if (reqid_on_bridge(pci, *rid))
			return true;
	}
	return false;
}

bool reqid_next(const struct board *b, const struct reqid_target *want, struct reqid_iter *it,
		struct reqid *out)
{
	for (; it->bridge < MIN(b->nr_pci, (u32)BOARD_MAX_PCI); it->bridge++, it->entry = 0) {
		const struct board_pci *pci = &b->pci[it->bridge];

		for (; it->entry < MIN(pci->nr_msi_map, (u32)BOARD_MAX_MSI_MAP); it->entry++) {
			if (reqid_next_in_entry(pci, want, it, &out->rid)) {
				out->bridge = it->bridge;
				return true;
			}
			it->inside = false;
		}
	}
	return false;
}
