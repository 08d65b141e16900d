/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where the pool and the edited tree go: checked against what must hold, on chosen and on random
 * machines.
 */
// sources: boot/place.c boot/dt.c
// libs: fdt
#include "tests/unit/tap.h"
#include "tests/unit/fdt/tree.h"

#include "boot/place.h"
#include "hyp/lib/errno.h"

static struct board b;
static struct place p;
static struct board_range image;
static const char *why;

static void machine(u64 base, u64 size)
{
	memset(&b, 0, sizeof(b));
	b.nr_mem = 1;
	b.mem[0] = (struct board_range){ base, size };
	image = (struct board_range){ base + 0x200000, 0x123000 };
	b.fdt = (struct board_range){ base + 0x8000000, 0x100000 };
	b.kernel.file = (struct board_range){ base + 0x4000000, 0x1000000 };
	b.kernel.image_size = 0x1234567;
	b.initrd.file = (struct board_range){ base + 0x6000000, 0x345678 };
}

static bool clear_of(const struct board_range *r, u64 base, u64 size)
{
	return size == 0 || !ranges_overlap(r->base, r->size, base, size);
}

/* Aligned, in RAM, clear of all that is there. */
static bool sound(const struct board_range *r)
{
	bool in_ram = false, good = IS_ALIGNED(r->base, SZ_2M) && IS_ALIGNED(r->size, SZ_2M);

	for (u32 i = 0; i < b.nr_mem; i++)
		in_ram |= range_contains(b.mem[i].base, b.mem[i].size, r->base, r->size);
	for (u32 i = 0; i < b.nr_reserved; i++)
		good &= clear_of(r, b.reserved[i].base, b.reserved[i].size);
	good &= clear_of(r, image.base, image.size);
	good &= clear_of(r, b.fdt.base, b.fdt.size);
	good &= clear_of(r, b.kernel.file.base, b.kernel.image_size);
	good &= clear_of(r, b.initrd.file.base, b.initrd.file.size);
	return good && in_ram;
}

static void placed(const char *name)
{
	int err = place_choose(&b, &image, &p, &why);

	if (!ok(err == 0 && sound(&p.pool) && sound(&p.fdt) && p.fdt.size == PLACE_FDT_SIZE &&
			clear_of(&p.pool, p.fdt.base, p.fdt.size),
		"%s", name))
		printf("# %d %s; pool 0x%llx, tree 0x%llx\n", err, err ? why : "",
		       (unsigned long long)p.pool.base, (unsigned long long)p.fdt.base);
}

static void test_sizes(void)
{
	machine(0x40000000, SZ_1G / 2);
	placed("512 MiB");
	is(p.pool.size, 16 * SZ_1M, "the least pool");
	is(p.pool.base, 0x5f000000, "at the top");
	is(p.fdt.base, 0x5ee00000, "the tree right below it");
	machine(0x40000000, 2 * SZ_1G);
	placed("2 GiB");
	is(p.pool.size, 32 * SZ_1M, "1/64 of RAM");
	machine(0x40000000, 8 * SZ_1G);
	placed("8 GiB");
	is(p.pool.size, 128 * SZ_1M, "1/64 of RAM");
	machine(0, 2 * SZ_1G);
	placed("RAM at 0");
	machine(UINT64_C(0x10000000000), 2 * SZ_1G);
	placed("RAM at 1 TiB");
	machine(0x40000000, 3 * SZ_1G + 100 * SZ_1M);
	placed("an odd size");
	is(p.pool.size % SZ_2M, 0, "is rounded up");
}

static void test_obstacles(void)
{
	machine(0x40000000, SZ_1G);
	b.reserved[0] = (struct board_range){ 0x7ffff000, 0x1000 };
	b.reserved[1] = (struct board_range){ 0x7d000000, 0x1000 };
	b.nr_reserved = 2;
	placed("a reserved page at the top, one below");
	is(p.pool.base, 0x7ee00000, "the pool goes between them");
	is(p.fdt.base, 0x7ec00000, "and the tree as well");
	b.reserved[1] = (struct board_range){ 0x7efff000, 0x1000 };
	placed("a gap that is too small for the pool");
	is(p.pool.base, 0x7de00000, "the pool goes below it");
	is(p.fdt.base, 0x7fc00000, "the tree into it");
	b.initrd.file = (struct board_range){ 0x7d000000, 0x1abcdef };
	placed("the RAM disk there");
	b.kernel.file.base = 0x7be00000;
	b.kernel.image_size = 0x1200000;
	placed("the kernel there, too");
	b.fdt.base = 0x7bd00000;
	image.base = 0x7a000000;
	placed("and everything else");
}

static void test_banks(void)
{
	machine(0, 2 * SZ_1G);
	b.mem[1] = (struct board_range){ 32 * SZ_1G, 6 * SZ_1G };
	b.nr_mem = 2;
	placed("two banks");
	is(p.pool.size, 128 * SZ_1M, "1/64 of both");
	is(p.pool.base, 2 * SZ_1G - 128 * SZ_1M, "at the top of the lower one");
	machine(0x80000000, SZ_1G);
	b.mem[1] = b.mem[0];
	b.mem[0] = (struct board_range){ 0x10000000, 32 * SZ_1M };
	b.nr_mem = 2;
	placed("a small bank in front");
	ok(p.pool.base > 0x80000000, "is spared");
	machine(0x80000000, 64 * SZ_1M);
	b.mem[1] = (struct board_range){ 0x90000000, 64 * SZ_1M };
	b.nr_mem = 2;
	b.fdt.base = 0x91000000;
	b.kernel.file.base = 0x80800000;
	b.initrd.file.base = 0x90000000;
	placed("small banks only");
}

static void test_too_little(void)
{
	machine(0x40000000, 64 * SZ_1M);
	is(place_choose(&b, &image, &p, &why), -ENOMEM, "64 MiB");
	ok(strstr(why, "too little memory"), "says so: %s", why);
	machine(0x40000000, 256 * SZ_1M);
	b.reserved[0] = (struct board_range){ 0x41000000, 240 * SZ_1M };
	b.nr_reserved = 1;
	is(place_choose(&b, &image, &p, &why), -ENOMEM, "nearly all of it reserved");
	ok(strstr(why, "in one piece"), "says so: %s", why);
	machine(0x40000000, 256 * SZ_1M);
	for (u32 i = 0; i < 32; i++)
		b.reserved[i] = (struct board_range){ 0x40000000 + i * 8 * SZ_1M, SZ_1M };
	b.nr_reserved = 32;
	is(place_choose(&b, &image, &p, &why), -ENOMEM, "in small pieces");
	b.nr_mem = 0;
	is(place_choose(&b, &image, &p, &why), -ENOMEM, "none at all");
}

/* If it says that there is room, there is; if there plainly is room, it says so. */
static void test_random(void)
{
	u64 rnd = 42;
	int bad = 0, placed_count = 0;

	for (int round = 0; round < 20000; round++) {
		u64 base = tree_random(&rnd) % 64 * SZ_1G,
		    size = (64 + tree_random(&rnd) % 4096) * SZ_1M;
		int err;

		machine(base, size);
		b.nr_reserved = tree_random(&rnd) % (BOARD_MAX_RESERVED + 1);
		for (u32 i = 0; i < b.nr_reserved; i++) {
			b.reserved[i].base = base + tree_random(&rnd) % size;
			b.reserved[i].size = 1 + tree_random(&rnd) % (4 * SZ_1M);
		}
		err = place_choose(&b, &image, &p, &why);
		placed_count += err == 0;
		if (err == 0)
			bad += !sound(&p.pool) || !sound(&p.fdt) ||
			       !clear_of(&p.pool, p.fdt.base, p.fdt.size);
		else
			bad += size > 40 * (p.pool.size + SZ_2M + 8 * SZ_1M);
	}
	ok(bad == 0 && placed_count > 10000, "%d of 20000 random machines placed, all soundly",
	   placed_count);
}

int main(void)
{
	test_sizes();
	test_obstacles();
	test_banks();
	test_too_little();
	test_random();
	return tap_done();
}
