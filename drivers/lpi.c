// SPDX-License-Identifier: GPL-2.0-only
/* Host LPIs: tables for the redistributors (IHI 0069H 5.1), allocation, cookies. */
#include "drivers/lpi.h"
#include "drivers/blocks.h"
#include "drivers/gicv3.h"
#include "drivers/mmio.h"
#include "drivers/timer.h"
#include "hyp/lib/assert.h"
#include "hyp/lib/atomic.h"
#include "hyp/lib/errno.h"
#include "hyp/lib/string.h"

#define LPI_PROP_ENABLE BIT(0)
#define LPI_PROP_RES1 BIT(1) /* 5.1.1: RES1 in GICv3 */
#define LPI_WAIT_US UINT64_C(1000000)

static struct {
	struct blocks blocks; /* unit n is INTID GIC_LPI_BASE + n */
	u64 *cookie;
	u64 prop_pa;
	u32 nr;
	u32 bits;
	void (*clean)(const void *va, size_t len);
} lpi;

static bool lpi_bits_legal(u32 bits)
{
	return bits >= LPI_MIN_BITS && bits <= LPI_MAX_BITS;
}

u32 lpi_supported_bits(void)
{
	u32 bits = gicv3_intid_bits();
	u32 num = gicv3_lpi_bits();

	if (!gicv3_has_lpis() || bits < LPI_MIN_BITS)
		return 0;
	/* GICD_TYPER.num_LPIs not 0: there are 2^(num_LPIs + 1) from 8192 on (12.9.38), fewer than
	 * INTIDs may be. */
	if (num && num < 13)
		return 0;
	if (num)
		bits = MIN(bits, num == 13 ? 14 : num);
	return MIN(bits, LPI_MAX_BITS);
}

size_t lpi_prop_size(u32 intid_bits)
{
	return lpi_bits_legal(intid_bits) ? BIT(intid_bits) - GIC_LPI_BASE : 0;
}

size_t lpi_pending_size(u32 intid_bits)
{
	return lpi_bits_legal(intid_bits) ? ALIGN_UP(BIT(intid_bits) / 8, LPI_PENDING_ALIGN) : 0;
}

size_t lpi_soft_size(u32 intid_bits)
{
	size_t nr = lpi_prop_size(intid_bits);

	return nr * sizeof(u64) + BLOCKS_MAP_SIZE(nr);
}

static void lpi_clean(const void *va, size_t len)
{
	if (lpi.clean)
		lpi.clean(va, len);
}

int lpi_init(const struct lpi_config *cfg)
{
	if (!lpi_bits_legal(cfg->intid_bits) || !cfg->prop || !cfg->soft ||
	    !IS_ALIGNED(cfg->prop_pa, SZ_4K))
		return -EINVAL;
	lpi.bits = cfg->intid_bits;
	lpi.nr = (u32)lpi_prop_size(lpi.bits);
	lpi.prop_pa = cfg->prop_pa;
	lpi.clean = cfg->clean;
	lpi.cookie = cfg->soft;
	memset(lpi.cookie, 0, lpi.nr * sizeof(u64));
	blocks_init(&lpi.blocks, lpi.cookie + lpi.nr, lpi.nr);
	memset(cfg->prop, (int)(GICV3_PRIORITY | LPI_PROP_RES1 | LPI_PROP_ENABLE), lpi.nr);
	lpi_clean(cfg->prop, lpi.nr);
	return 0;
}

/* Writes a table register asking for cacheable, shareable memory; takes non-cacheable if the GIC
 * cannot share. */
static void lpi_write_baser(uintptr_t reg, u64 val)
{
	u64 want = val | FIELD_PREP(GICR_BASER_SHARE, GIC_SH_INNER) |
		   FIELD_PREP(GICR_BASER_CACHE, GIC_CACHE_RAWAWB);

	mmio_write64(reg, want);
	if (FIELD_GET(GICR_BASER_SHARE, mmio_read64(reg)) == GIC_SH_NON)
		mmio_write64(reg, val | FIELD_PREP(GICR_BASER_CACHE, GIC_CACHE_NC));
}

/* Turns LPIs off at @rd if they are on: 0, -EBUSY if this GIC cannot, -ETIMEDOUT. */
static int lpi_disable(uintptr_t rd, u64 pa, void *arg)
{
	u64 deadline = timer_deadline(LPI_WAIT_US);
	u32 ctlr = mmio_read32(rd + GICR_CTLR);
	struct lpi_left *left = arg;

	(void)pa;
	if (!(ctlr & GICR_CTLR_ENABLE_LPIS))
		return 0;
	left->prop_pa = mmio_read64(rd + GICR_PROPBASER) & GICR_PROPBASER_ADDR;
	left->pending_pa = mmio_read64(rd + GICR_PENDBASER) & GICR_PENDBASER_ADDR;
	mmio_write32(rd + GICR_CTLR, ctlr & ~(u32)GICR_CTLR_ENABLE_LPIS);
	if (mmio_read32(rd + GICR_CTLR) & GICR_CTLR_ENABLE_LPIS)
		return -EBUSY;
	while (mmio_read32(rd + GICR_CTLR) & (u32)(GICR_CTLR_RWP | GICR_CTLR_UWP)) {
		if (timer_expired(deadline))
			return -ETIMEDOUT;
		cpu_relax();
	}
	return 0;
}

int lpi_disable_left(struct lpi_left *left)
{
	return gicv3_visit_redists(lpi_disable, left);
}

int lpi_cpu_init(u32 cpu, void *pending, u64 pending_pa)
{
	uintptr_t rd = gicv3_redist_va(cpu);

	if (!rd || !lpi.nr || !pending || !IS_ALIGNED(pending_pa, LPI_PENDING_ALIGN))
		return -EINVAL;
	if (mmio_read32(rd + GICR_CTLR) & GICR_CTLR_ENABLE_LPIS)
		return -EBUSY;
	lpi_clean(pending, lpi_pending_size(lpi.bits));
	lpi_write_baser(rd + GICR_PROPBASER,
			lpi.prop_pa | FIELD_PREP(GICR_PROPBASER_IDBITS, lpi.bits - 1));
	lpi_write_baser(rd + GICR_PENDBASER, pending_pa | GICR_PENDBASER_PTZ);
	mmio_write32(rd + GICR_CTLR, mmio_read32(rd + GICR_CTLR) | (u32)GICR_CTLR_ENABLE_LPIS);
	mmio_mb();
	return 0;
}

int lpi_alloc(u32 order, u32 *first)
{
	s64 unit = blocks_alloc(&lpi.blocks, order);

	if (unit < 0)
		return (int)unit;
	*first = GIC_LPI_BASE + (u32)unit;
	return 0;
}

int lpi_free(u32 first, u32 order)
{
	return first < GIC_LPI_BASE ? -EINVAL
				    : blocks_free(&lpi.blocks, first - GIC_LPI_BASE, order);
}

u32 lpi_nr(void)
{
	return lpi.nr;
}

u32 lpi_used(void)
{
	return lpi.blocks.used;
}

u64 lpi_cookie(u32 intid)
{
	u32 n = intid - GIC_LPI_BASE;

	return n < lpi.nr ? atomic_load_acquire(&lpi.cookie[n]) : 0;
}

void lpi_set_cookie(u32 intid, u64 cookie)
{
	u32 n = intid - GIC_LPI_BASE;

	if (n < lpi.nr)
		atomic_store_release(&lpi.cookie[n], cookie);
}

u64 lpi_clear_cookie(u32 intid)
{
	u32 n = intid - GIC_LPI_BASE;

	return n < lpi.nr ? atomic_exchange(&lpi.cookie[n], UINT64_C(0)) : 0;
}
