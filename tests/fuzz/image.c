/* SPDX-License-Identifier: GPL-2.0-only */
/* What is mapped, compared; and whether the tables that it is saved to can hold it. */
#include "tests/fuzz/world.h"

static int by_key(const void *a, const void *b)
{
	const struct its_event_info *x = a, *y = b;

	if (x->devid != y->devid)
		return x->devid < y->devid ? -1 : 1;
	return x->eventid < y->eventid ? -1 : x->eventid > y->eventid;
}

bool world_image(struct world_image *img)
{
	if (world_nr_events() > ARRAY_SIZE(img->event))
		return false;
	its_get_stats(world_its, &img->stats);
	img->nr_events = world_nr_events();
	for (u32 i = 0; i < img->nr_events; i++)
		world_event(i, &img->event[i]);
	qsort(img->event, img->nr_events, sizeof(img->event[0]), by_key);
	return true;
}

void world_same(const struct world_image *a, const struct world_image *b)
{
	REQUIRE(a->stats.devices == b->stats.devices && a->nr_events == b->nr_events &&
			a->stats.collections == b->stats.collections,
		"%u devices, %u events, %u collections become %u, %u, %u", a->stats.devices,
		a->nr_events, a->stats.collections, b->stats.devices, b->nr_events,
		b->stats.collections);
	for (u32 i = 0; i < a->nr_events; i++)
		REQUIRE(!memcmp(&a->event[i], &b->event[i], sizeof(a->event[i])),
			"event %x/%x became another one", a->event[i].devid, a->event[i].eventid);
}

void world_outcome(struct world_outcome *o)
{
	static const u16 regs[] = { 0, 0x80, 0x88, 0x90, 0x100, 0x108 };

	world_settle();
	memset(o, 0, sizeof(*o));
	its_get_stats(world_its, &o->stats);
	o->seen = world_fake.seen;
	o->ram = world_ram_sum();
	for (u32 i = 0; i < ARRAY_SIZE(regs); i++)
		REQUIRE(!its_reg_get(world_its, regs[i], &o->reg[i]), "no register %x", regs[i]);
}

void world_same_outcome(const struct world_outcome *a, const struct world_outcome *b)
{
	REQUIRE(!memcmp(&a->stats, &b->stats, sizeof(a->stats)),
		"other commands, errors or mappings when memory comes late");
	REQUIRE(!memcmp(a->reg, b->reg, sizeof(a->reg)), "other registers when memory comes late");
	REQUIRE(!memcmp(&a->seen, &b->seen, sizeof(a->seen)),
		"other operations or LPIs when memory comes late");
	REQUIRE(a->ram == b->ram, "other tables when memory comes late");
}

#define MAX_RANGES 192

struct ranges {
	u32 nr;
	struct {
		u64 start, len;
	} r[MAX_RANGES];
};

static bool range_add(struct ranges *all, u64 start, u64 len)
{
	if (all->nr == MAX_RANGES || !world_in_ram(start, len))
		return false;
	for (u32 i = 0; i < FAKE_MAX_HOLES; i++) {
		if (world_fake.ram->hole[i].start < start + len &&
		    start < world_fake.ram->hole[i].end)
			return false;
	}
	for (u32 i = 0; i < all->nr; i++) {
		if (ranges_overlap(start, len, all->r[i].start, all->r[i].len))
			return false;
	}
	all->r[all->nr].start = start;
	all->r[all->nr++].len = len;
	return true;
}

static bool table_add(struct ranges *all, u64 baser, u64 nr_ids)
{
	u32 page_bits = 12 + 2 * (u32)MIN(baser >> 8 & 3, 2u);
	u64 page = BIT(page_bits), size = ((baser & 0xff) + 1) << page_bits;
	u64 addr = baser & GENMASK(47, 12) & ~(page - 1);

	if (!(baser & BIT(63)))
		return true;
	if (page == SZ_64K)
		addr |= (baser >> 12 & 0xf) << 48;
	if (!range_add(all, addr, size))
		return false;
	if (!(baser & BIT(62)))
		return true;
	for (u64 i = 0; i < MIN(size / 8, DIV_ROUND_UP(nr_ids * 8, page)); i++) {
		u64 l1 = world_peek(addr + i * 8);

		if ((l1 & BIT(63)) && !range_add(all, l1 & GENMASK(51, 12) & ~(page - 1), page))
			return false;
	}
	return true;
}

bool world_tables_apart(void)
{
	struct its_device_info dev;
	struct ranges all = { 0 };

	if (!table_add(&all, its_mmio_read(world_its, 0x100, 8), BIT(world_cfg.devid_bits)) ||
	    !table_add(&all, its_mmio_read(world_its, 0x108, 8), 0))
		return false;
	for (u32 i = 0; i < BIT(world_cfg.devid_bits); i++) {
		if (its_device_info(world_its, i, &dev) &&
		    !range_add(&all, dev.itt, dev.nr_events * 8ull))
			return false;
	}
	return true;
}
