/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reading PCI config space: which functions are there, which requester ID their MSIs carry, how
 * many vectors they can send. Read-only. Everything read is hostile: capability lists may loop, bus
 * numbers may make no sense, everything may be ones. Each question has a budget of config reads;
 * what it does not reach counts as not there.
 */
#ifndef HERALD_PCI_ECAM_H
#define HERALD_PCI_ECAM_H

#include "hyp/board.h"
#include "hyp/lib/bits.h"
#include "pci/reqid.h"

#define ECAM_BUDGET 1024u /* config reads for one question */
#define ECAM_FUNCTION_SIZE SZ_4K

/* One host bridge's config space. */
struct ecam {
	/* 32 bits at @offset (a multiple of 4, below 4096) of function @rid; ~0 where there is
	 * none. */
	u32 (*read)(const struct ecam *e, u32 rid, u32 offset);
	uintptr_t va; /* for ecam_mmio_read(): of bus_first, mapped as Device memory */
	u64 size; /* bytes mapped */
	u32 bus_first;
	u32 bus_last;
};

/* The read function for real hardware. */
u32 ecam_mmio_read(const struct ecam *e, u32 rid, u32 offset);

/* How a bridge names what comes from behind it (PCIe to PCI/PCI-X Bridge 1.0, 2.3). */
enum ecam_alias {
	ECAM_ALIAS_NONE, /* root port, switch: the function's own ID passes */
	ECAM_ALIAS_SECONDARY, /* PCIe-to-PCI bridge: secondary bus, devfn 0 */
	ECAM_ALIAS_BRIDGE, /* conventional bridge, or PCI-to-PCIe: the bridge's own ID */
};

bool ecam_present(const struct ecam *e, u32 rid);

/* The requester ID that MSIs of function @rid carry: its own, or that of the topmost bridge that
 * replaces it. */
u32 ecam_requester(const struct ecam *e, u32 rid);

/* The vectors that function @rid alone can send: the larger of MSI's and MSI-X's; 0 if absent or it
 * can send none. */
u32 ecam_vectors(const struct ecam *e, u32 rid);

/* The vectors of all functions whose MSIs carry requester ID @rid, together; 0: no such function.
 */
u32 ecam_requester_vectors(const struct ecam *e, u32 rid);

/*
 * The vectors that can arrive as @t, over all host bridges; @e: board.nr_pci of them. 0: there is
 * no such device.
 * *@has_requester: some requester ID leads to this DeviceID at all (else it is a platform
 * device's).
 */
u32 ecam_devid_vectors(const struct board *b, const struct ecam *e, const struct reqid_target *t,
		       bool *has_requester);

#endif
