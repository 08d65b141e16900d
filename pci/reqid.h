/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Requester IDs and DeviceIDs: pure functions over the "msi-map" of each host bridge (Linux
 * Documentation/devicetree/bindings/pci/pci-msi.txt). The first entry that holds the masked
 * requester ID counts, as the binding's readers do it; an entry that makes no sense is skipped:
 * empty, a base that the mask could never give, a DeviceID that wraps, an ITS that does not exist.
 */
#ifndef HERALD_PCI_REQID_H
#define HERALD_PCI_REQID_H

#include "hyp/board.h"
#include "hyp/lib/bits.h"

#define REQID_BUS GENMASK(15, 8)
#define REQID_DEVFN GENMASK(7, 0)
#define REQID_END 0x10000u

/* What the ITS sees of a requester. */
struct reqid_target {
	u32 its; /* index into board.its */
	u32 devid;
};

/* A requester: its host bridge (index into board.pci) and its bus, device, function as PCIe sends
 * them. */
struct reqid {
	u32 bridge;
	u32 rid;
};

/* Where a search for requesters stands; zeroed to start. */
struct reqid_iter {
	u32 bridge;
	u32 entry;
	u32 masked_out; /* of the mask's zero bits, the combination to try next; REQID_END: none
			   left */
	bool inside;
};

/* The (ITS, DeviceID) of @rid behind host bridge @pci: 0, or -ENOENT: not mapped, or not a bus of
 * this bridge. */
int reqid_to_devid(const struct board_pci *pci, u32 rid, struct reqid_target *out);

/*
 * The next requester ID that arrives as @want, over all host bridges: true and *@out, or false at
 * the end. Bounded by the tree alone: the map's entries squared, and the requester IDs below
 * bus_first that a mask makes equal.
 */
bool reqid_next(const struct board *b, const struct reqid_target *want, struct reqid_iter *it,
		struct reqid *out);

#endif
