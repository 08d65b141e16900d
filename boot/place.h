/* SPDX-License-Identifier: GPL-2.0-only */
/* Where Herald's page pool and the edited device tree go. */
#ifndef HERALD_BOOT_PLACE_H
#define HERALD_BOOT_PLACE_H

#include "hyp/board.h"

/* The pool is this part of RAM, but at least so much. */
#define PLACE_POOL_SHARE 64
#define PLACE_POOL_MIN (16 * SZ_1M)
/*
 * Room for the edited tree, which stays the management VM's: one block, the most that Linux
 * accepts.
 */
#define PLACE_FDT_SIZE SZ_2M
/* What the management VM must be left with for its kernel to start at all. */
#define PLACE_MGMT_MIN (64 * SZ_1M)

struct place {
	struct board_range pool; /* both ends 2 MiB-aligned */
	struct board_range fdt; /* 2 MiB-aligned, PLACE_FDT_SIZE long */
};

/*
 * Chooses both in RAM, clear of Herald's own memory @image, the tree we were started with, the
 * modules (the kernel with all the memory it needs) and everything reserved. Pure. 0; or -ENOMEM
 * with a line in *@why.
 */
int place_choose(const struct board *b, const struct board_range *image, struct place *out,
		 const char **why);

#endif
