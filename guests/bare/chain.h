/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel that mkchain.sh put behind the payload. */
#ifndef HERALD_BARE_CHAIN_H
#define HERALD_BARE_CHAIN_H

#include "hyp/lib/bits.h"

/* Starts it as a boot loader would, leaving CPUs, GIC and MMU as at reset; returns if there is
 * none. */
void chain_next(u64 fdt);

#endif
