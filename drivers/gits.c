// SPDX-License-Identifier: GPL-2.0-only
/*
 * The physical ITSes: bringing one up, its tables, ITT memory. The command queue is in
 * gits_queue.c.
 *
 * A BASER is written with what we want (64 KiB pages, inner shareable, write-back) and read back:
 * page size and shareability may be fixed, then what the ITS has is taken. Not shareable means that
 * it does not snoop: tables and queue become non-cacheable for it, and what Herald writes is
 * cleaned to memory.
 */
#include "drivers/gits.h"
#include "drivers/gits_priv.h"
#include "drivers/blocks.h"
#include "drivers/gic_regs.h"
#include "drivers/mmio.h"
#include "drivers/timer.h"
#include "hyp/lib/atomic.h"
#include "hyp/lib/errno.h"
#include "hyp/lib/lock.h"
#include "hyp/lib/string.h"

#define GITS_FLAT_LIMIT (512 * UINT64_C(1024))
#define GITS_ARENA_UNITS ((u32)(GITS_ARENA_MAX / GITS_ITT_UNIT))
#define GITS_BASER_MAX_PAGES 256u

struct gits gits_table[GITS_MAX];

/* Never held together with the lock of a queue. */
static struct spinlock gits_arena_lock = SPINLOCK_INIT(LOCK_HOST_ITS);

static struct {
	struct blocks blocks;
	u64 map[BLOCKS_MAP_SIZE(GITS_ARENA_UNITS) / sizeof(u64)];
	u8 *va;
	u64 pa;
	u32 itts;
} gits_arena;

struct gits *gits_get(u32 its)
{
	return its < GITS_MAX && gits_table[its].up ? &gits_table[its] : NULL;
}

void gits_clean(const struct gits *g, const void *va, size_t len)
{
	if (!g->info.coherent && g->clean)
		g->clean(va, len);
}

int gits_arena_init(void *va, u64 pa, size_t size)
{
	if (!va || size > GITS_ARENA_MAX || !IS_ALIGNED(pa, GITS_ARENA_ALIGN) ||
	    !IS_ALIGNED((uintptr_t)va, GITS_ARENA_ALIGN))
		return -EINVAL;
	gits_arena.va = va;
	gits_arena.pa = pa;
	gits_arena.itts = 0;
	blocks_init(&gits_arena.blocks, gits_arena.map, (u32)(size / GITS_ITT_UNIT));
	return 0;
}

/* log2 of the units that an ITT takes. */
static u32 gits_itt_order(const struct gits *g, u32 event_bits)
{
	u64 bytes = (u64)g->info.itt_entry_size << event_bits;

	return bits_fls(DIV_ROUND_UP(bytes, GITS_ITT_UNIT) - 1);
}

int gits_itt_alloc(u32 its, u32 event_bits, u64 *pa)
{
	struct gits *g = gits_get(its);
	size_t bytes;
	u32 order;
	s64 unit;

	if (!g || !event_bits || event_bits > g->info.eventid_bits)
		return -EINVAL;
	order = gits_itt_order(g, event_bits);
	spin_lock(&gits_arena_lock);
	unit = blocks_alloc(&gits_arena.blocks, order);
	if (unit >= 0)
		gits_arena.itts++;
	spin_unlock(&gits_arena_lock);
	if (unit < 0)
		return -ENOMEM;
	bytes = (size_t)g->info.itt_entry_size << event_bits;
	memset(gits_arena.va + unit * GITS_ITT_UNIT, 0, bytes);
	gits_clean(g, gits_arena.va + unit * GITS_ITT_UNIT, bytes);
	*pa = gits_arena.pa + (u64)unit * GITS_ITT_UNIT;
	return 0;
}

int gits_itt_free(u32 its, u32 event_bits, u64 pa)
{
	struct gits *g = gits_get(its);
	u64 offset = pa - gits_arena.pa;
	int err;

	if (!g || !event_bits || event_bits > g->info.eventid_bits || pa < gits_arena.pa ||
	    offset >= GITS_ARENA_MAX || !IS_ALIGNED(offset, GITS_ITT_UNIT))
		return -EINVAL;
	spin_lock(&gits_arena_lock);
	err = blocks_free(&gits_arena.blocks, (u32)(offset / GITS_ITT_UNIT),
			  gits_itt_order(g, event_bits));
	if (!err)
		gits_arena.itts--;
	spin_unlock(&gits_arena_lock);
	return err;
}

u32 gits_itts_used(void)
{
	return atomic_load_relaxed(&gits_arena.itts);
}

static u64 gits_page_size(u64 baser)
{
	switch (FIELD_GET(GITS_BASER_PAGE, baser)) {
	case 0:
		return SZ_4K;
	case 1:
		return SZ_16K;
	default:
		return SZ_64K;
	}
}

static u64 gits_baser_addr(u64 pa, u64 page)
{
	if (page != SZ_64K)
		return pa & GITS_BASER_ADDR;
	return (pa & GITS_BASER_ADDR_64K) |
	       FIELD_PREP(GITS_BASER_ADDR_64K_HIGH, FIELD_GET(GITS_ADDR_HIGH, pa));
}

/* The page size that @reg takes: what it keeps of a wish for 64 KiB. */
static u64 gits_probe_page(uintptr_t reg, u64 type)
{
	mmio_write64(reg, (type & ~(GITS_BASER_VALID | GITS_BASER_PAGE | GITS_BASER_SIZE)) |
				  FIELD_PREP(GITS_BASER_PAGE, 2));
	return gits_page_size(mmio_read64(reg));
}

static bool gits_probe_indirect(uintptr_t reg)
{
	mmio_write64(reg, mmio_read64(reg) | GITS_BASER_INDIRECT);
	return mmio_read64(reg) & GITS_BASER_INDIRECT;
}

/* Programs one BASER for @bytes at @pa; the table turns non-cacheable if the ITS does not snoop. */
static int gits_write_baser(struct gits *g, uintptr_t reg, u64 pa, u64 bytes, u64 page,
			    bool indirect)
{
	u64 keep = mmio_read64(reg) & GITS_BASER_PAGE;
	u64 val = GITS_BASER_VALID | keep | gits_baser_addr(pa, page) |
		  FIELD_PREP(GITS_BASER_SIZE, bytes / page - 1) |
		  (indirect ? GITS_BASER_INDIRECT : 0);
	u64 want = val | FIELD_PREP(GITS_BASER_SHARE, GIC_SH_INNER) |
		   FIELD_PREP(GITS_BASER_CACHE, GIC_CACHE_RAWAWB);
	u64 mask = GITS_BASER_VALID | GITS_BASER_ADDR | GITS_BASER_PAGE | GITS_BASER_SIZE |
		   GITS_BASER_INDIRECT;

	mmio_write64(reg, want);
	if (FIELD_GET(GITS_BASER_SHARE, mmio_read64(reg)) == GIC_SH_NON) {
		mmio_write64(reg, val | FIELD_PREP(GITS_BASER_CACHE, GIC_CACHE_NC));
		g->info.coherent = false;
	}
	return (mmio_read64(reg) & mask) == (val & mask) ? 0 : -EIO;
}

/* @bytes of zeroed memory for a table, at most what a BASER can say; the size it got into *@bytes.
 */
static void *gits_alloc_table(struct gits *g, u64 *bytes, u64 page, u64 *pa)
{
	u64 want = MIN(ALIGN_UP(*bytes, page), GITS_BASER_MAX_PAGES * page);
	void *va = g->alloc(want, page, pa);

	*bytes = want;
	if (va && g->clean)
		g->clean(va, want);
	return va;
}

static int gits_init_devices(struct gits *g, uintptr_t reg, u64 type)
{
	u64 entry = FIELD_GET(GITS_BASER_ENTRY, type) + 1;
	u64 page = gits_probe_page(reg, type);
	u64 flat = entry << g->info.devid_bits;
	u64 per_page = page / entry;
	u64 bytes = flat, pa;
	void *va;

	g->info.indirect = flat > g->flat_limit && gits_probe_indirect(reg);
	if (g->info.indirect)
		bytes = DIV_ROUND_UP(BIT(g->info.devid_bits), per_page) * GITS_L1_ENTRY_SIZE;
	va = gits_alloc_table(g, &bytes, page, &pa);
	if (!va)
		return -ENOMEM;
	g->dev_page = page;
	g->dev_per_page = (u32)per_page;
	g->dev_limit = bytes / entry;
	if (g->info.indirect) {
		g->dev_l1 = va;
		g->dev_limit = bytes / GITS_L1_ENTRY_SIZE * per_page;
	}
	g->dev_limit = MIN(g->dev_limit, BIT(g->info.devid_bits));
	return gits_write_baser(g, reg, pa, bytes, page, g->info.indirect);
}

static int gits_init_collections(struct gits *g, uintptr_t reg, u64 type, u64 id_space)
{
	u64 entry = FIELD_GET(GITS_BASER_ENTRY, type) + 1;
	u64 page = gits_probe_page(reg, type);
	u64 bytes = entry * MIN(id_space, (u64)g->nr_cpus);
	u64 pa;

	if (!gits_alloc_table(g, &bytes, page, &pa))
		return -ENOMEM;
	g->info.nr_collections = (u32)MIN(MIN(bytes / entry, id_space), (u64)g->nr_cpus);
	return gits_write_baser(g, reg, pa, bytes, page, false);
}

static int gits_init_tables(struct gits *g, u64 typer)
{
	u64 id_space = typer & GITS_TYPER_CIL ? BIT(FIELD_GET(GITS_TYPER_CID_BITS, typer) + 1)
					      : BIT(16);
	u64 hcc = FIELD_GET(GITS_TYPER_HCC, typer);
	int err = 0;
	u32 i;

	g->info.nr_collections = (u32)MIN(MIN(hcc, id_space), (u64)g->nr_cpus);
	for (i = 0; i < GITS_NR_BASERS && !err; i++) {
		uintptr_t reg = g->va + GITS_BASER + 8 * (uintptr_t)i;
		u64 val = mmio_read64(reg);

		switch (FIELD_GET(GITS_BASER_TYPE, val)) {
		case GITS_BASER_TYPE_DEVICE:
			err = gits_init_devices(g, reg, val);
			break;
		case GITS_BASER_TYPE_COLLECTION:
			err = gits_init_collections(g, reg, val, id_space);
			break;
		default: /* vPEs: no GICv4 yet */
			mmio_write64(reg, 0);
			break;
		}
	}
	if (err)
		return err;
	return g->dev_limit && g->info.nr_collections ? 0 : -EIO;
}

static int gits_init_queue(struct gits *g)
{
	uintptr_t reg = g->va + GITS_CBASER;
	u64 pa, val;

	g->queue = g->alloc(GITS_QUEUE_BYTES, SZ_64K, &pa);
	if (!g->queue)
		return -ENOMEM;
	if (g->clean)
		g->clean(g->queue, GITS_QUEUE_BYTES);
	val = GITS_BASER_VALID | pa | FIELD_PREP(GITS_CBASER_SIZE, GITS_QUEUE_BYTES / SZ_4K - 1);
	mmio_write64(reg, val | FIELD_PREP(GITS_BASER_SHARE, GIC_SH_INNER) |
				  FIELD_PREP(GITS_BASER_CACHE, GIC_CACHE_RAWAWB));
	if (FIELD_GET(GITS_BASER_SHARE, mmio_read64(reg)) == GIC_SH_NON) {
		mmio_write64(reg, val | FIELD_PREP(GITS_BASER_CACHE, GIC_CACHE_NC));
		g->info.coherent = false;
	}
	mmio_write64(g->va + GITS_CWRITER, 0);
	return 0;
}

/* Disabled, and no more accesses to memory by it: only then may the tables change (12.19.8). */
static int gits_quiesce(struct gits *g)
{
	u64 deadline = timer_deadline(GITS_STALL_US);
	u32 ctlr = mmio_read32(g->va + GITS_CTLR);

	g->info.was_enabled = ctlr & GITS_CTLR_ENABLED;
	mmio_write32(g->va + GITS_CTLR, ctlr & ~(u32)GITS_CTLR_ENABLED);
	while (!(mmio_read32(g->va + GITS_CTLR) & GITS_CTLR_QUIESCENT)) {
		if (timer_expired(deadline))
			return -ETIMEDOUT;
		cpu_relax();
	}
	return 0;
}

static void gits_read_typer(struct gits *g, u64 typer)
{
	g->info.devid_bits = (u32)FIELD_GET(GITS_TYPER_DEV_BITS, typer) + 1;
	g->info.eventid_bits = (u32)FIELD_GET(GITS_TYPER_ID_BITS, typer) + 1;
	g->info.itt_entry_size = (u32)FIELD_GET(GITS_TYPER_ITT_ENTRY, typer) + 1;
	g->info.pta = typer & GITS_TYPER_PTA;
	g->info.has_vlpis = typer & GITS_TYPER_VIRTUAL;
	g->info.coherent = true;
}

int gits_init(u32 its, const struct gits_config *cfg)
{
	struct gits *g = &gits_table[its < GITS_MAX ? its : 0];
	u32 rev, cpu;
	u64 typer;
	int err;

	if (its >= GITS_MAX || !cfg->va || !cfg->alloc || !cfg->nr_cpus ||
	    cfg->nr_cpus > GITS_MAX_CPUS)
		return -EINVAL;
	memset(g, 0, sizeof(*g));
	g->lock = SPINLOCK_INIT(LOCK_HOST_ITS);
	g->va = cfg->va;
	g->nr_cpus = cfg->nr_cpus;
	g->alloc = cfg->alloc;
	g->clean = cfg->clean;
	g->flat_limit = cfg->flat_limit ? cfg->flat_limit : GITS_FLAT_LIMIT;

	rev = (u32)FIELD_GET(GIC_PIDR2_ARCHREV, mmio_read32(g->va + GITS_PIDR2));
	typer = mmio_read64(g->va + GITS_TYPER);
	if ((rev != 3 && rev != 4) || !(typer & GITS_TYPER_PHYSICAL))
		return -ENODEV;
	gits_read_typer(g, typer);
	err = gits_quiesce(g);
	if (!err)
		err = gits_init_tables(g, typer);
	if (!err)
		err = gits_init_queue(g);
	if (err)
		return err;
	mmio_write32(g->va + GITS_CTLR, (u32)GITS_CTLR_ENABLED);
	g->up = true;
	for (cpu = 0; cpu < g->info.nr_collections && !err; cpu++)
		err = gits_cpu_init(its, cpu, 0);
	if (err)
		g->up = false;
	return err == -EIO ? -ETIMEDOUT : err;
}

const char *gits_strerror(int err)
{
	switch (err) {
	case 0:
		return "no error";
	case -ENODEV:
		return "no ITS there: wrong ArchRev in GITS_PIDR2, or no physical LPIs";
	case -ETIMEDOUT:
		return "it never becomes quiet, or does not read its command queue";
	case -ENOMEM:
		return "no memory for its tables";
	case -EIO:
		return "its table registers do not keep what is written";
	default:
		return "bad arguments";
	}
}

const struct gits_info *gits_info(u32 its)
{
	struct gits *g = gits_get(its);

	return g ? &g->info : NULL;
}

static int gits_reserve_page(struct gits *g, u32 n)
{
	u64 pa;
	void *va;

	if (g->dev_l1[n] & GITS_L1_VALID)
		return 0;
	va = g->alloc(g->dev_page, g->dev_page, &pa);
	if (!va)
		return -ENOMEM;
	gits_clean(g, va, g->dev_page);
	atomic_store_release(&g->dev_l1[n], GITS_L1_VALID | (pa & GITS_L1_ADDR));
	gits_clean(g, &g->dev_l1[n], sizeof(u64));
	return 0;
}

int gits_reserve(u32 its, u32 first, u32 count)
{
	struct gits *g = gits_get(its);
	u64 end = (u64)first + count;
	u64 n;
	int err;

	if (!g)
		return -EINVAL;
	end = MIN(end, g->dev_limit);
	if (!g->info.indirect || first >= end)
		return 0;
	for (n = first / g->dev_per_page; n <= (end - 1) / g->dev_per_page; n++) {
		err = gits_reserve_page(g, (u32)n);
		if (err)
			return err;
	}
	mmio_mb();
	return 0;
}
