/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * EL2's own page tables (DDI 0487 D8): four levels, 4 KiB granule, only ever added to.
 *
 * mmu_early() runs with the MMU off, at the load address. All code here is PC-relative and follows physical
 * addresses through tables_pa, so the same mmu_map() serves before and after.
 */
#include "boot/mmu.h"
#include "hyp/lib/errno.h"
#include "hyp/mem.h"
#include "hyp/sysreg.h"

#define ENTRIES 512
#define NR_TABLES 96

#define DESC_VALID BIT(0)
#define DESC_TABLE BIT(1) /* at levels 0 to 2: points to a table; at level 3: a page */
#define DESC_ATTR GENMASK(4, 2)
#define DESC_AP1 BIT(6) /* RES1 in a regime with one privilege level */
#define DESC_RO BIT(7)
#define DESC_SH_INNER FIELD_PREP(GENMASK(9, 8), 3)
#define DESC_AF BIT(10)
#define DESC_ADDR GENMASK(47, 12)
#define DESC_XN BIT(54)
#define ATTR_NORMAL 0
#define ATTR_DEVICE 1

static u64 tables[NR_TABLES][ENTRIES] __attribute__((aligned(4096), section(".tables")));
static u64 tables_pa;
static u32 tables_used;
u64 mem_image_pa;

extern char image_start[], rodata_start[], data_start[], bss_end[], boot_stack[], boot_stack_top[];

static u64 prot_bits(enum mmu_prot prot)
{
	u64 common = DESC_VALID | DESC_AF | DESC_AP1;

	switch (prot) {
	case MMU_RX:
		return common | DESC_SH_INNER | DESC_RO | FIELD_PREP(DESC_ATTR, ATTR_NORMAL);
	case MMU_R:
		return common | DESC_SH_INNER | DESC_RO | DESC_XN |
		       FIELD_PREP(DESC_ATTR, ATTR_NORMAL);
	case MMU_RW:
		return common | DESC_SH_INNER | DESC_XN | FIELD_PREP(DESC_ATTR, ATTR_NORMAL);
	default:
		return common | DESC_XN | FIELD_PREP(DESC_ATTR, ATTR_DEVICE);
	}
}

static u64 *table_at(u64 pa)
{
	return tables[0] + (pa - tables_pa) / sizeof(u64);
}

static u64 level_size(u32 level)
{
	return BIT(12 + 9 * (3 - level));
}

/* The table that the entry @e points to, made if there is none; NULL if it is a block or no page is left. */
static u64 *table_below(u64 *e)
{
	if (!(*e & DESC_VALID)) {
		if (tables_used == NR_TABLES)
			return NULL;
		*e = (tables_pa + tables_used++ * SZ_4K) | DESC_VALID | DESC_TABLE;
	}
	return (*e & DESC_TABLE) ? table_at(*e & DESC_ADDR) : NULL;
}

/* Maps one block or page at @va, the largest that alignment and @size allow; answers its size, 0 on failure. */
static u64 map_one(u64 va, u64 pa, u64 size, u64 bits, int *err)
{
	u64 *table = tables[0];
	u32 level;

	for (level = 0;; level++) {
		u64 span = level_size(level);
		u64 *e = &table[(va / span) % ENTRIES];
		u64 leaf = pa | bits | (level == 3 ? DESC_TABLE : 0);

		if (level > 0 && size >= span && IS_ALIGNED(va | pa, span) &&
		    (level == 3 || !(*e & DESC_VALID) || *e == leaf)) {
			*err = (*e & DESC_VALID) && *e != leaf ? -EEXIST : 0;
			if (*err)
				return 0;
			*e = leaf;
			return span;
		}
		table = table_below(e);
		if (!table) {
			*err = (*e & DESC_VALID) ? -EEXIST : -ENOMEM;
			return 0;
		}
	}
}

int mmu_map(u64 va, u64 pa, u64 size, enum mmu_prot prot)
{
	u64 bits = prot_bits(prot);

	while (size) {
		int err;
		u64 done = map_one(va, pa, size, bits, &err);

		if (!done)
			return err;
		va += done;
		pa += done;
		size -= done;
	}
	dsb(ishst);
	isb();
	return 0;
}

void *mmu_map_device(u64 pa, u64 size)
{
	u64 base = ALIGN_DOWN(pa, SZ_4K);

	if (!size || pa + size < pa || (pa + size) >> MEM_LOW_WINDOW_BITS)
		return NULL;
	if (mmu_map(MEM_MMIO_VA + base, base, ALIGN_UP(pa + size - base, SZ_4K), MMU_DEVICE))
		return NULL;
	return (void *)(MEM_MMIO_VA + pa);
}

u64 mmu_root(void)
{
	return tables_pa;
}

static void map_image(const char *from, const char *to, enum mmu_prot prot)
{
	u64 offset = (u64)from - mem_image_pa;

	mmu_map(MEM_IMAGE_VA + offset, (u64)from, (u64)(to - from), prot);
}

/* Maps the image and the identity page; MMU off, no stack protector yet. Returns the root table's address. */
u64 mmu_early(u64 image_pa)
{
	mem_image_pa = image_pa;
	tables_pa = (u64)tables;
	tables_used = 1;
	map_image(image_start, rodata_start, MMU_RX);
	map_image(rodata_start, data_start, MMU_R);
	map_image(data_start, bss_end, MMU_RW);
	map_image(boot_stack, boot_stack_top, MMU_RW);
	mmu_map(image_pa, image_pa, SZ_4K, MMU_RX);
	return tables_pa;
}
