/* SPDX-License-Identifier: GPL-2.0-only */
/* Bringing up LPIs and the physical ITSes (IHI 0069H 5.1, 5.2), with memory of the pool. */
#include "boot/msi.h"
#include "boot/mmu.h"
#include "drivers/gits.h"
#include "drivers/lpi.h"
#include "hyp/cache.h"
#include "hyp/lib/errno.h"
#include "hyp/log.h"
#include "hyp/machine.h"
#include "pci/mirror.h"

#define HOST_INTID_BITS 16u
/* The part of the pool that holds ITTs. */
#define ARENA_SHARE 8
/* Devices that all VMs together may have mapped on the physical ITSes. */
#define MIRROR_DEVICES 1024u

static u32 intid_bits;

/* Memory for tables, kept for good; aligned to its size or @align, whichever is more. */
static void *msi_alloc(size_t size, size_t align, u64 *pa)
{
	void *va = pool_alloc_bytes(&pool_herald, MAX(size, align));

	if (va)
		*pa = pool_va_to_pa(va);
	return va;
}

static int msi_init_lpis(void)
{
	struct lpi_config cfg = { .intid_bits = MIN(lpi_supported_bits(), HOST_INTID_BITS),
				  .clean = cache_clean };
	u64 pa;

	if (!cfg.intid_bits)
		return -ENODEV;
	cfg.prop = msi_alloc(lpi_prop_size(cfg.intid_bits), SZ_4K, &cfg.prop_pa);
	cfg.soft = msi_alloc(lpi_soft_size(cfg.intid_bits), SZ_4K, &pa);
	if (!cfg.prop || !cfg.soft)
		return -ENOMEM;
	intid_bits = cfg.intid_bits;
	return lpi_init(&cfg);
}

static int msi_enable_lpis(u32 cpu)
{
	u64 pa;
	void *pending = msi_alloc(lpi_pending_size(intid_bits), LPI_PENDING_ALIGN, &pa);

	return pending ? lpi_cpu_init(cpu, pending, pa) : -ENOMEM;
}

static int msi_init_arena(void)
{
	u64 size = MIN(ALIGN_DOWN(machine.pool_size / ARENA_SHARE, GITS_ARENA_ALIGN),
		       GITS_ARENA_MAX);
	u64 pa;
	void *va = msi_alloc(size, GITS_ARENA_ALIGN, &pa);

	return va ? gits_arena_init(va, pa, size) : -ENOMEM;
}

/* DeviceIDs that the tree's host bridges can send to ITS @its. */
static int msi_reserve_devids(u32 its)
{
	const struct board *b = &machine.board;
	u32 i, k;

	for (i = 0; i < b->nr_pci; i++)
		for (k = 0; k < b->pci[i].nr_msi_map; k++) {
			const struct board_msi_map *m = &b->pci[i].msi_map[k];
			int err = m->its == its ? gits_reserve(its, m->devid_base, m->length) : 0;

			if (err)
				return err;
		}
	return 0;
}

static int msi_init_its(u32 its)
{
	const struct board_range *frame = &machine.board.its[its].frame;
	const struct gits_config cfg = { .va = (uintptr_t)mmu_map_device(frame->base,
									 GITS_FRAME_SIZE),
					 .pa = frame->base,
					 .nr_cpus = cpu_count,
					 .alloc = msi_alloc,
					 .clean = cache_clean };
	int err = cfg.va ? gits_init(its, &cfg) : -EINVAL;

	if (!err)
		err = msi_reserve_devids(its);
	if (!err)
		err = gits_cpu_init(its, cpu_this()->index, cpu_this()->index);
	return err;
}

/* Config space of every host bridge, to read how many vectors a device can send. */
static int msi_init_ecam(void)
{
	const struct board *b = &machine.board;
	u32 i;

	for (i = 0; i < b->nr_pci; i++) {
		struct ecam *e = &machine.ecam[i];

		e->read = ecam_mmio_read;
		e->va = (uintptr_t)mmu_map_device(b->pci[i].ecam.base, b->pci[i].ecam.size);
		e->size = b->pci[i].ecam.size;
		e->bus_first = b->pci[i].bus_first;
		e->bus_last = b->pci[i].bus_last;
		if (!e->va)
			return -EINVAL;
	}
	return 0;
}

static int msi_init_mirror(void)
{
	size_t size = mirror_mem_size(MIRROR_DEVICES);
	u64 pa;
	void *mem = size ? msi_alloc(size, SZ_4K, &pa) : NULL;

	return mem ? mirror_setup(mem, MIRROR_DEVICES) : -ENOMEM;
}

void msi_init(void)
{
	const struct board *b = &machine.board;
	u32 i;
	int err;

	if (!b->nr_its) {
		log_line("no ITS in the device tree: MSIs are not available");
		return;
	}
	err = msi_init_lpis();
	if (!err)
		err = msi_enable_lpis(cpu_this()->index);
	if (!err)
		err = msi_init_arena();
	if (!err)
		err = msi_init_ecam();
	if (!err)
		err = msi_init_mirror();
	if (err) {
		log_line("LPIs cannot be used (error %d): MSIs are not available", -err);
		return;
	}
	/* All or none: a tree that shows some of its ITSes would have devices whose MSIs go nowhere. */
	for (i = 0; i < b->nr_its; i++) {
		err = msi_init_its(i);
		if (err) {
			log_line("ITS at 0x%llx: %s: MSIs are not available",
				 (unsigned long long)b->its[i].frame.base, gits_strerror(err));
			return;
		}
	}
	machine.nr_its = b->nr_its;
	log_line("%u ITS, %u host LPIs", machine.nr_its, lpi_nr());
}

void msi_cpu_init(struct cpu *c)
{
	int err = machine.nr_its ? msi_enable_lpis(c->index) : 0;
	u32 i;

	for (i = 0; i < machine.nr_its && !err; i++)
		err = gits_cpu_init(i, c->index, c->index);
	/* Its collection stays at the boot CPU, which forwards what arrives there. */
	if (err)
		log_line("CPU %u takes no LPIs (error %d): the boot CPU does", c->index, -err);
}
