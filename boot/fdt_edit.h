/* SPDX-License-Identifier: GPL-2.0-only */
/* The management VM's device tree: the host's, less what is Herald's, plus /hypervisor. */
#ifndef HERALD_BOOT_FDT_EDIT_H
#define HERALD_BOOT_FDT_EDIT_H

#include "hyp/board.h"

/* "compatible" of the node /hypervisor. */
#define FDT_EDIT_COMPATIBLE "herald,herald-1"

/* What the edit takes beside the board. */
struct fdt_edit_plan {
	const struct board_range *owned; /* Herald's memory, taken out of /memory in whole pages */
	u32 nr_owned;
	const u64 *cpu_mpidr; /* the CPUs that the management VM has; all others are removed */
	u32 nr_cpus;
	bool hide_smmu; /* remove the SMMUv3 nodes and what refers to them */
	bool hide_its; /* remove the ITS nodes and what refers to them: no MSIs */
	const char *version; /* Herald's, for /hypervisor */
};

/*
 * Writes the edited copy of @src, the tree that board_parse() and modules_parse() made @b of, to
 * @dst. @dst has @dst_size bytes, is 8-byte aligned and does not overlap @src; at the end the tree
 * there is packed: fdt_totalsize() is its length. 0; or -ENOSPC (@dst too small) or -EINVAL, with a
 * line in *@why, and @dst is unusable.
 *
 * /hypervisor has: compatible = "herald,herald-1"; version, a string; interrupts, the PPI that was
 * the EL2 physical timer's (edge), which Herald raises as doorbell; interrupt-parent, if the GIC
 * has a phandle.
 */
int fdt_edit_mgmt(const void *src, void *dst, size_t dst_size, const struct board *b,
		  const struct fdt_edit_plan *plan, const char **why);

#endif
