/* SPDX-License-Identifier: GPL-2.0-only */
/* Between the files of the suite of known bug classes. */
#ifndef HERALD_BARE_BUGS_H
#define HERALD_BARE_BUGS_H

#include "guests/bare/its.h"

#define BUGS_LPI(event) (8192u + (event))
#define BUGS_WITNESS 0x7f00u /* a device whose event n is LPI n on CPU n, below BUGS_NR_WITNESSES */
#define BUGS_NR_WITNESSES 16u

static inline void bugs_write(u32 reg, u64 val)
{
	mmio_write64(its.base + reg, val);
}

static inline u64 bugs_read(u32 reg)
{
	return mmio_read64(its.base + reg);
}

/* An ITS as new with @pages of queue: collection n on CPU n, and the witness. */
bool bugs_begin(u32 pages);
/* Maps an enabled LPI of BUGS_LPI(@lpi). */
void bugs_map(u32 devid, u32 event, u32 lpi, u32 icid);

/* A full ring of one kind of command. */
void bugs_rings(void);
/* LPIs pending, active and in list registers when their mapping goes. */
void bugs_unmap(void);

#endif
