/* SPDX-License-Identifier: GPL-2.0-only */
/* What several tests of the virtual GIC begin with, on the machine of vgic_host_fake.h. */
#ifndef HERALD_TESTS_VGIC_RIG_H
#define HERALD_TESTS_VGIC_RIG_H

#include <stdlib.h>
#include "tests/unit/vgic_host_fake.h"

#define ISPENDR 0x200
#define ICPENDR 0x280
#define ISACTIVER 0x300
#define ICACTIVER 0x380

/* Property bytes: priority 0xa0. */
#define ON 0xa1
#define OFF 0xa0

/* A VM as fake_start() makes it, both groups on. */
static inline struct vgic *start_groups(u32 vcpus, u32 spis, u32 lrs)
{
	struct vgic *v = fake_start(vcpus, spis, 16, lrs);

	fake_dist_w(0, 4, 3);
	return v;
}

/* The same with 64 SPIs, and LPIs on. */
static inline struct vgic *start_lpis(u32 vcpus, u32 lrs)
{
	struct vgic *v = start_groups(vcpus, 64, lrs);
	u32 i;

	for (i = 0; i < vcpus; i++)
		fake_lpis_on(i);
	return v;
}

/* Its property byte is written, and read by EL2. */
static inline void lpi_on(u32 vcpu, u32 lpi, u8 prop)
{
	fake_lpi_prop(lpi, prop);
	if (vgic_lpi_reload(fake.vgic, vcpu, lpi))
		abort();
}

static inline void pend(u32 intid)
{
	fake_dist_w(ISPENDR + intid / 32 * 4, 4, BIT(intid % 32));
}

static inline bool reg_bit(u64 reg, u32 intid)
{
	return fake_dist_r(reg + intid / 32 * 4, 4) & BIT(intid % 32);
}

#endif
