// SPDX-License-Identifier: GPL-2.0-only
/* Stage-1 tables: 4 KiB granule, 48 bits, 2 MiB and 1 GiB blocks, everything writable and, if
 * memory, executable. */
#include "guests/bare/cpu.h"
#include "guests/bare/except.h"
#include "guests/bare/mmu.h"

#define NR_TABLES 64
#define ENTRIES 512

#define DESC_BLOCK BIT(0)
#define DESC_TABLE (BIT(0) | BIT(1))
#define DESC_ATTR GENMASK(4, 2)
#define DESC_SH GENMASK(9, 8)
#define DESC_AF BIT(10)
#define DESC_PXN BIT(53)
#define DESC_UXN BIT(54)
#define DESC_ADDR GENMASK(47, 12)

/* Attr0 Device-nGnRE, Attr1 Normal write-back. */
#define MAIR_VALUE 0xff04
#define ATTR_DEVICE 0
#define ATTR_NORMAL 1
#define SH_INNER 3

#define TCR_T0SZ_48 16
#define TCR_WB_SH (BIT(8) | BIT(10) | BIT(12) | BIT(13))
#define TCR_EPD1 BIT(23)
#define TCR_IPS GENMASK(34, 32)
#define MMFR0_PARANGE GENMASK(3, 0)
#define PARANGE_48 5

#define SCTLR_RES1 UINT64_C(0x30d00800)
#define SCTLR_M_C_SA_I UINT64_C(0x100d)

#define L0_INDEX GENMASK(47, 39)
#define L1_INDEX GENMASK(38, 30)
#define L2_INDEX GENMASK(29, 21)

/* What mmu_enable() loads. */
struct mmu_regs {
	u64 mair, tcr, ttbr, sctlr;
};

struct mmu_regs mmu_regs;
void mmu_enable(const struct mmu_regs *regs);

static u64 tables[NR_TABLES][ENTRIES] __attribute__((aligned(4096)));
static u32 nr_tables = 1; /* the first is the root */

static u64 *next_level(u64 *entry)
{
	if (!*entry) {
		if (nr_tables == NR_TABLES)
			fatal("out of page tables");
		*entry = (u64)tables[nr_tables++] | DESC_TABLE;
	}
	return (u64 *)(*entry & DESC_ADDR);
}

static u64 block(u64 pa, enum mmu_type type)
{
	u64 d = pa | DESC_BLOCK | DESC_AF | DESC_UXN;

	if (type == MMU_NORMAL)
		return d | FIELD_PREP(DESC_ATTR, ATTR_NORMAL) | FIELD_PREP(DESC_SH, SH_INNER);
	return d | FIELD_PREP(DESC_ATTR, ATTR_DEVICE) | DESC_PXN;
}

static bool is_block(u64 entry)
{
	return entry && (entry & DESC_TABLE) == DESC_BLOCK;
}

/* Maps one block and returns its size. */
static u64 map_one(u64 va, u64 pa, u64 size, enum mmu_type type)
{
	u64 *l1 = next_level(&tables[0][FIELD_GET(L0_INDEX, va)]) + FIELD_GET(L1_INDEX, va);
	u64 *l2;

	if (is_block(*l1))
		return SZ_1G - (va & (SZ_1G - 1));
	if (!*l1 && size >= SZ_1G && IS_ALIGNED(va, SZ_1G) && IS_ALIGNED(pa, SZ_1G)) {
		*l1 = block(pa, type);
		return SZ_1G;
	}
	l2 = next_level(l1) + FIELD_GET(L2_INDEX, va);
	if (!*l2)
		*l2 = block(pa, type);
	return SZ_2M;
}

void mmu_map(u64 va, u64 pa, u64 size, enum mmu_type type)
{
	u64 end = ALIGN_UP(va + size, SZ_2M);
	u64 step;

	va = ALIGN_DOWN(va, SZ_2M);
	pa = ALIGN_DOWN(pa, SZ_2M);
	for (; va < end; va += step, pa += step)
		step = map_one(va, pa, end - va, type);
	dsb();
	isb();
}

u64 mmu_sctlr_off(void)
{
	return SCTLR_RES1;
}

void mmu_init(u64 fdt)
{
	u64 range = FIELD_GET(MMFR0_PARANGE, sysreg_read(id_aa64mmfr0_el1));

	mmu_regs.mair = MAIR_VALUE;
	mmu_regs.tcr = TCR_T0SZ_48 | TCR_WB_SH | TCR_EPD1 |
		       FIELD_PREP(TCR_IPS, MIN(range, (u64)PARANGE_48));
	mmu_regs.ttbr = (u64)tables[0];
	mmu_regs.sctlr = SCTLR_RES1 | SCTLR_M_C_SA_I;
	mmu_map((u64)image_start, (u64)image_start, SZ_2M, MMU_NORMAL);
	mmu_map(fdt, fdt, SZ_2M, MMU_NORMAL);
	mmu_enable(&mmu_regs);
	cache_clean(&mmu_regs, sizeof(mmu_regs));
}
