// SPDX-License-Identifier: GPL-2.0-only
/* LPIs and the ITS. Tables are taken once, for the largest layout, and zeroed whenever they are
 * given to the ITS anew. */
#include "guests/bare/board.h"
#include "guests/bare/gic.h"
#include "guests/bare/its.h"
#include "guests/bare/mem.h"
#include "guests/bare/mmu.h"
#include "guests/bare/timer.h"
#include "hyp/lib/string.h"

#define ITS_FRAME 0x20000
#define LPI_BITS_MAX 16u
#define DEVICE_BITS_MAX 16u
#define QUEUE_PAGES_MAX 256
#define TABLE_SIZE (2 * SZ_1M) /* of the device table, 65,536 entries of 32 bytes at most */
#define COLLECTION_TABLE_SIZE SZ_64K
#define PENDING_SIZE SZ_64K
#define LPI_ENABLED BIT(0)
#define LPI_RES1 BIT(1)
#define LPI_PRIO 0xfc

struct its its;
static void *device_table, *collection_table, *second_level;
static u32 second_level_used;
static void *pending[CPU_MAX];

static u64 reg_read(u32 reg)
{
	return mmio_read64(its.base + reg);
}

static void reg_write(u32 reg, u64 val)
{
	mmio_write64(its.base + reg, val);
}

u32 its_device_bits(void)
{
	return (u32)FIELD_GET(GITS_TYPER_DEV_BITS, its.typer) + 1;
}

u32 its_event_bits(void)
{
	return (u32)FIELD_GET(GITS_TYPER_ID_BITS, its.typer) + 1;
}

bool its_init(void)
{
	u32 bits = (u32)FIELD_GET(GICD_TYPER_IDBITS, mmio_read32(board.gicd.base + GICD_TYPER)) + 1;

	if (its.base)
		return true;
	if (!board.nr_its)
		return false;
	mmu_map_device(board.its[0].base, ITS_FRAME);
	its.base = board.its[0].base;
	its.typer = reg_read(GITS_TYPER);
	its.lpi_bits = MIN(bits, LPI_BITS_MAX);
	its.prop = mem_alloc(SZ_64K, SZ_64K);
	its.queue = mem_alloc(QUEUE_PAGES_MAX * SZ_4K, SZ_64K);
	device_table = mem_alloc(TABLE_SIZE, SZ_64K);
	collection_table = mem_alloc(COLLECTION_TABLE_SIZE, SZ_64K);
	second_level = mem_alloc(4 * SZ_64K, SZ_64K);
	return true;
}

bool its_disable(void)
{
	mmio_write32(its.base + GITS_CTLR, GITS_CTLR_OFF);
	return wait_for(mmio_read32(its.base + GITS_CTLR) & GITS_CTLR_QUIESCENT);
}

void its_enable(void)
{
	mmio_write32(its.base + GITS_CTLR, (u32)GITS_CTLR_ENABLED);
}

static u64 memory_type(void)
{
	return FIELD_PREP(GITS_BASER_CACHE, GIC_CACHE_RAWAWB) |
	       FIELD_PREP(GITS_BASER_SHARE, GIC_SH_INNER);
}

static u64 page_bytes(u64 baser)
{
	static const u64 size[] = { SZ_4K, SZ_16K, SZ_64K, SZ_64K };

	return size[FIELD_GET(GITS_BASER_PAGE, baser)];
}

/* The pages that a flat device table needs, at most what there is room for. */
static u64 device_pages(u64 baser, u32 page)
{
	u64 entry = FIELD_GET(GITS_BASER_ENTRY, baser) + 1;
	u64 bytes = MIN(entry << MIN(its_device_bits(), DEVICE_BITS_MAX), (u64)TABLE_SIZE);
	u64 unit = page_bytes(FIELD_PREP(GITS_BASER_PAGE, page));

	return MIN(DIV_ROUND_UP(bytes, unit), (u64)256);
}

static bool setup_device_table(u32 n, u64 old, const struct its_layout *layout)
{
	u64 keep = old & (GITS_BASER_TYPE | GITS_BASER_ENTRY);
	u64 pages = layout->indirect ? 1 : device_pages(old, layout->page);
	u64 val = keep | GITS_BASER_VALID | memory_type() | (u64)device_table |
		  FIELD_PREP(GITS_BASER_PAGE, layout->page) |
		  FIELD_PREP(GITS_BASER_SIZE, pages - 1) |
		  (layout->indirect ? GITS_BASER_INDIRECT : 0);

	memset(device_table, 0, TABLE_SIZE);
	memset(second_level, 0, 4 * SZ_64K);
	second_level_used = 0;
	dsb();
	reg_write(GITS_BASER + n * 8, val);
	its.device_baser = reg_read(GITS_BASER + n * 8);
	its.device_l1 = device_table;
	return its.device_baser & GITS_BASER_VALID &&
	       FIELD_GET(GITS_BASER_PAGE, its.device_baser) == layout->page &&
	       !!(its.device_baser & GITS_BASER_INDIRECT) == layout->indirect;
}

static void setup_collection_table(u32 n, u64 old)
{
	memset(collection_table, 0, COLLECTION_TABLE_SIZE);
	dsb();
	reg_write(GITS_BASER + n * 8,
		  (old & (GITS_BASER_TYPE | GITS_BASER_ENTRY)) | GITS_BASER_VALID | memory_type() |
			  (u64)collection_table | FIELD_PREP(GITS_BASER_PAGE, 2));
}

static bool setup_tables(const struct its_layout *layout)
{
	bool good = true;
	u32 n;

	for (n = 0; n < GITS_NR_BASERS; n++) {
		u64 old = reg_read(GITS_BASER + n * 8);
		u64 type = FIELD_GET(GITS_BASER_TYPE, old);

		reg_write(GITS_BASER + n * 8, old & ~GITS_BASER_VALID);
		if (type == GITS_BASER_TYPE_DEVICE)
			good &= setup_device_table(n, old, layout);
		if (type == GITS_BASER_TYPE_COLLECTION)
			setup_collection_table(n, old);
	}
	return good;
}

bool its_setup(const struct its_layout *layout)
{
	bool good = its_disable();

	good &= setup_tables(layout);
	its.queue_size = layout->queue_pages * SZ_4K;
	its.writer = 0;
	its.reader = 0;
	memset(its.queue, 0, its.queue_size);
	dsb();
	reg_write(GITS_CBASER, GITS_BASER_VALID | memory_type() | (u64)its.queue |
				       FIELD_PREP(GITS_CBASER_SIZE, layout->queue_pages - 1));
	reg_write(GITS_CWRITER, 0);
	its_enable();
	return good && reg_read(GITS_CREADR) == 0;
}

bool its_back_device(u32 devid)
{
	u64 page = page_bytes(its.device_baser);
	u64 per_page = page / (FIELD_GET(GITS_BASER_ENTRY, its.device_baser) + 1);
	u64 pages = FIELD_GET(GITS_BASER_SIZE, its.device_baser) + 1;
	u64 *entry;

	if (!(its.device_baser & GITS_BASER_INDIRECT))
		return devid < per_page * pages;
	if (devid / per_page >= page * pages / GITS_L1_ENTRY_SIZE)
		return false;
	entry = &its.device_l1[devid / per_page];
	if (*entry & GITS_L1_VALID)
		return true;
	if (second_level_used + page > 4 * SZ_64K)
		return false;
	*entry = ((u64)second_level + second_level_used) | GITS_L1_VALID;
	second_level_used += (u32)page;
	dsb();
	return true;
}

void *its_alloc_itt(u32 bits)
{
	size_t entry = FIELD_GET(GITS_TYPER_ITT_ENTRY, its.typer) + 1;

	return mem_alloc(entry << bits, 256);
}

void lpi_config(u32 lpi, u32 prio, bool enable)
{
	its.prop[lpi - GIC_LPI_BASE] = (u8)((prio & LPI_PRIO) | LPI_RES1 |
					    (enable ? LPI_ENABLED : 0));
	dsb();
}

bool lpi_disable(const struct cpu *cpu)
{
	u32 ctlr = mmio_read32(cpu->gicr + GICR_CTLR);

	if (!(ctlr & GICR_CTLR_ENABLE_LPIS))
		return true;
	mmio_write32(cpu->gicr + GICR_CTLR, ctlr & ~(u32)GICR_CTLR_ENABLE_LPIS);
	(void)wait_for(!(mmio_read32(cpu->gicr + GICR_CTLR) & GICR_CTLR_RWP));
	return !(mmio_read32(cpu->gicr + GICR_CTLR) & GICR_CTLR_ENABLE_LPIS);
}

void lpi_init_cpu(void *unused)
{
	const struct cpu *cpu = cpu_this();
	u64 type = FIELD_PREP(GICR_BASER_CACHE, GIC_CACHE_RAWAWB) |
		   FIELD_PREP(GICR_BASER_SHARE, GIC_SH_INNER);

	(void)unused;
	if (!pending[cpu->index])
		pending[cpu->index] = mem_alloc(PENDING_SIZE, SZ_64K);
	if (!lpi_disable(cpu))
		return;
	memset(pending[cpu->index], 0, PENDING_SIZE);
	dsb();
	mmio_write64(cpu->gicr + GICR_PROPBASER,
		     (u64)its.prop | type | FIELD_PREP(GICR_PROPBASER_IDBITS, its.lpi_bits - 1));
	mmio_write64(cpu->gicr + GICR_PENDBASER,
		     (u64)pending[cpu->index] | type | GICR_PENDBASER_PTZ);
	mmio_write32(cpu->gicr + GICR_CTLR, (u32)GICR_CTLR_ENABLE_LPIS);
	dsb();
}

void its_shutdown(void)
{
	u32 i;

	if (!its.base)
		return;
	its_disable();
	for (i = 0; i < nr_cpus; i++)
		lpi_disable(&cpus[i]);
}

void its_command(u64 dw0, u64 dw1, u64 dw2, u64 dw3)
{
	u64 *slot;

	if ((its.writer + sizeof(struct gits_cmd)) % its.queue_size == its.reader)
		its_flush();
	slot = its.queue + its.writer / sizeof(u64);
	slot[0] = dw0;
	slot[1] = dw1;
	slot[2] = dw2;
	slot[3] = dw3;
	its.writer = (its.writer + sizeof(struct gits_cmd)) % its.queue_size;
}

void its_kick(void)
{
	dsb();
	reg_write(GITS_CWRITER, its.writer);
}

bool its_flush(void)
{
	its_kick();
	if (!wait_for(reg_read(GITS_CREADR) == its.writer))
		return false;
	its.reader = its.writer;
	return true;
}

static u64 cmd0(u32 opcode, u32 devid)
{
	return FIELD_PREP(GITS_CMD0_OPCODE, opcode) | FIELD_PREP(GITS_CMD0_DEVID, devid);
}

/* RDbase as bits 51:16 of a command: an address or a processor number (GITS_TYPER.PTA). */
static u64 rdbase(u32 cpu)
{
	if (its.typer & GITS_TYPER_PTA)
		return cpus[cpu].gicr & GITS_CMD2_RDBASE;
	return FIELD_PREP(GITS_CMD2_RDBASE, cpus[cpu].procnum);
}

void its_mapd(u32 devid, const void *itt, u32 bits)
{
	its_command(cmd0(GITS_CMD_MAPD, devid), FIELD_PREP(GITS_CMD1_SIZE, bits - 1),
		    (u64)itt | GITS_CMD2_VALID, 0);
}

void its_unmapd(u32 devid)
{
	its_command(cmd0(GITS_CMD_MAPD, devid), 0, 0, 0);
}

void its_mapc(u32 icid, u32 cpu)
{
	its_command(cmd0(GITS_CMD_MAPC, 0), 0, icid | rdbase(cpu) | GITS_CMD2_VALID, 0);
}

void its_unmapc(u32 icid)
{
	its_command(cmd0(GITS_CMD_MAPC, 0), 0, icid, 0);
}

void its_mapti(u32 devid, u32 event, u32 lpi, u32 icid)
{
	its_command(cmd0(GITS_CMD_MAPTI, devid),
		    FIELD_PREP(GITS_CMD1_EVENTID, event) | FIELD_PREP(GITS_CMD1_INTID, lpi), icid,
		    0);
}

void its_mapi(u32 devid, u32 event, u32 icid)
{
	its_command(cmd0(GITS_CMD_MAPI, devid), event, icid, 0);
}

void its_movi(u32 devid, u32 event, u32 icid)
{
	its_command(cmd0(GITS_CMD_MOVI, devid), event, icid, 0);
}

void its_movall(u32 from_cpu, u32 to_cpu)
{
	its_command(cmd0(GITS_CMD_MOVALL, 0), 0, rdbase(from_cpu), rdbase(to_cpu));
}

void its_invall(u32 icid)
{
	its_command(cmd0(GITS_CMD_INVALL, 0), 0, icid, 0);
}

void its_sync(u32 cpu)
{
	its_command(cmd0(GITS_CMD_SYNC, 0), 0, rdbase(cpu), 0);
}

void its_event(u32 opcode, u32 devid, u32 event)
{
	its_command(cmd0(opcode, devid), event, 0, 0);
}
