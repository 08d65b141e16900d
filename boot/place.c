/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where Herald's page pool and the edited device tree go: as high as possible in the lowest bank of
 * memory that is large enough, so that what the management VM keeps is in few pieces and its low
 * memory (for devices with 32-bit DMA) is touched as little as can be.
 */
#include "boot/place.h"

#include "boot/dt.h"
#include "hyp/lib/errno.h"

struct place_taken {
	struct board_range r[BOARD_MAX_RESERVED + 5];
	u32 count;
};

static void place_take(struct place_taken *t, u64 base, u64 size)
{
	if (size)
		t->r[t->count++] = (struct board_range){ .base = base, .size = size };
}

/*
 * The highest 2 MiB-aligned address in @bank with @size bytes that nobody has; 0 if there is none.
 * Address 0 itself is never given: Linux takes a device tree at 0 for none.
 */
static u64 place_in_bank(const struct place_taken *t, const struct board_range *bank, u64 size)
{
	u64 end = ALIGN_DOWN(bank->base + bank->size, SZ_2M);
	u64 base;
	u32 i;

	while (end >= size && end - size >= MAX(bank->base, SZ_2M)) {
		base = end - size;
		for (i = 0; i < t->count; i++) {
			if (ranges_overlap(base, size, t->r[i].base, t->r[i].size))
				break;
		}
		if (i == t->count)
			return base;
		/* Each turn leaves one of the taken ranges above for good. */
		end = ALIGN_DOWN(t->r[i].base, SZ_2M);
	}
	return 0;
}

/* First among the banks that are large enough to spare @size, then among all. */
static u64 place_find(const struct board *b, const struct place_taken *t, u64 size)
{
	u64 base = 0;

	for (u32 i = 0; i < b->nr_mem && !base; i++) {
		if (b->mem[i].size / 2 >= size + PLACE_MGMT_MIN)
			base = place_in_bank(t, &b->mem[i], size);
	}
	for (u32 i = 0; i < b->nr_mem && !base; i++)
		base = place_in_bank(t, &b->mem[i], size);
	return base;
}

int place_choose(const struct board *b, const struct board_range *image, struct place *out,
		 const char **why)
{
	struct place_taken taken = { .count = 0 };
	u64 ram = 0;

	for (u32 i = 0; i < b->nr_mem; i++)
		ram += b->mem[i].size;
	for (u32 i = 0; i < b->nr_reserved; i++)
		place_take(&taken, b->reserved[i].base, b->reserved[i].size);
	place_take(&taken, image->base, image->size);
	place_take(&taken, b->fdt.base, b->fdt.size);
	place_take(&taken, b->kernel.file.base, b->kernel.image_size);
	place_take(&taken, b->initrd.file.base, b->initrd.file.size);

	out->pool.size = ALIGN_UP(MAX(ram / PLACE_POOL_SHARE, PLACE_POOL_MIN), SZ_2M);
	out->fdt.size = PLACE_FDT_SIZE;
	if (ram < out->pool.size + out->fdt.size + image->size + PLACE_MGMT_MIN)
		return dt_fail(
			why, -ENOMEM,
			"too little memory: this machine has %llu MiB, Herald needs %llu MiB and "
			"its management VM %llu MiB",
			(unsigned long long)(ram / SZ_1M),
			(unsigned long long)(DIV_ROUND_UP(
				out->pool.size + out->fdt.size + image->size, SZ_1M)),
			(unsigned long long)(PLACE_MGMT_MIN / SZ_1M));
	out->pool.base = place_find(b, &taken, out->pool.size);
	place_take(&taken, out->pool.base, out->pool.size);
	out->fdt.base = place_find(b, &taken, out->fdt.size);
	if (out->pool.base == 0 || out->fdt.base == 0)
		return dt_fail(
			why, -ENOMEM,
			"too little memory in one piece: Herald needs %llu MiB beside the kernel, "
			"the ramdisk and what is reserved",
			(unsigned long long)((out->pool.size + out->fdt.size) / SZ_1M));
	return 0;
}
