/* SPDX-License-Identifier: GPL-2.0-only */
/* Operations on the world that the targets of the ITS alone share. */
#include "tests/fuzz/world_ops.h"

static u32 saves; /* left for this input */
static bool twice;
static bool second; /* of two runs */

void world_ops_late(u8 b)
{
	twice = (b & 0x90) == 0x10;
	world_fake.page_rate = (b & 0x10) && (!twice || second) ? 2 + (b & 7) : 0;
}

bool world_ops_twice(void)
{
	return twice;
}

void world_ops_play(void (*play)(void), const bool *deep)
{
	static struct world_outcome there, late;

	second = false;
	play();
	if (twice) {
		world_outcome(&there);
		world_end(*deep);
		second = true;
		play();
		world_outcome(&late);
		world_same_outcome(&there, &late);
	}
	world_end(*deep);
}

void world_ops_start(struct its_config *cfg, struct draw *d, struct input *in)
{
	draw_init(d, in, FAKE_RAM, cfg->nr_vcpus);
	cfg->devid_bits = d->devid_bits;
	cfg->eventid_bits = d->eventid_bits;
	cfg->intid_bits = d->intid_bits;
	world_start(cfg, in_u8(in));
	saves = 2;
}

bool world_ops_may_save(void)
{
	if (!saves)
		return false;
	saves--;
	return true;
}

void world_ops_save(struct input *in)
{
	u32 n = 1 + in_below(in, 16);

	if (!world_ops_may_save())
		return;
	while (n-- && world_save() == -EAGAIN)
		;
}

void world_ops_restore(struct input *in)
{
	u8 b = in_u8(in);

	if (b >= 0xc0) /* so that it ends in the middle of a device */
		world_fake.again[OP_DEVICE_MAPPED] = b >> 4 & 3;
	for (u32 n = 1 + b % 16; n && world_restore() == -EAGAIN; n--)
		;
}

void world_ops_hole(const struct draw *d, struct input *in)
{
	struct fake_ram *ram = world_fake.ram;
	u32 i = in_below(in, FAKE_MAX_HOLES);

	ram->hole[i].start = ram->hole[i].end = 0;
	if (in_one_in(in, 2))
		return;
	ram->hole[i].start = draw_address(d, in) & ~0xfffull;
	ram->hole[i].end = ram->hole[i].start + (1 + in_below(in, 16)) * SZ_4K;
}
