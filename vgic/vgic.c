/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The virtual GIC's memory and start, and the interrupts that come from lines and from physical
 * interrupts.
 */
#include "vgic/state.h"

#define ALIGN 64u
#define MPIDR_AFFINITY (GENMASK(39, 32) | GENMASK(23, 0))

/* Where the parts of a vGIC lie behind its struct. */
struct layout {
	size_t cpus, spi, lpi, route, target, pintid, clusters, hash, spi_count, size;
	u32 hash_bits;
};

static size_t layout_add(struct layout *l, size_t bytes)
{
	size_t at = l->size;

	l->size += ALIGN_UP(bytes, (size_t)ALIGN);
	return at;
}

static u32 nr_lpis(u32 intid_bits)
{
	return intid_bits ? (u32)BIT(intid_bits) - VGIC_LPI_BASE : 0;
}

size_t vgic_lpi_mem_size(u32 bits)
{
	return nr_lpis(bits) * (sizeof(u64) + sizeof(u32));
}

/* Their words, then their counts. */
static void lpi_init(struct vgic *v, void *mem, u32 bits)
{
	v->lpi = mem;
	v->lpi_count = (u32 *)(void *)(v->lpi + nr_lpis(bits));
	v->cfg.intid_bits = bits;
	v->nr_lpis = nr_lpis(bits);
}

static bool config_valid(const struct vgic_config *cfg)
{
	if (cfg->nr_vcpus < 1 || cfg->nr_vcpus > VGIC_MAX_VCPUS || cfg->nr_spis > VGIC_MAX_SPIS)
		return false;
	if (!cfg->intid_bits)
		return true;
	return cfg->intid_bits >= 14 && cfg->intid_bits <= 16 && cfg->read && cfg->write;
}

static void layout_make(struct layout *l, const struct vgic_config *cfg)
{
	l->size = 0;
	(void)layout_add(l, sizeof(struct vgic));
	l->cpus = layout_add(l, cfg->nr_vcpus * sizeof(struct vgic_cpu));
	l->spi = layout_add(l, cfg->nr_spis * sizeof(u64));
	l->lpi = layout_add(l, vgic_lpi_mem_size(cfg->intid_bits));
	l->route = layout_add(l, cfg->nr_spis * sizeof(u64));
	l->target = layout_add(l, cfg->nr_spis * sizeof(u16));
	l->pintid = layout_add(l, cfg->nr_spis * sizeof(u16));
	l->clusters = layout_add(l, cfg->nr_vcpus * sizeof(struct vgic_cluster));
	l->hash_bits = bits_fls(cfg->nr_vcpus - 1) + 1;
	l->hash = layout_add(l, sizeof(u16) << l->hash_bits);
	l->spi_count = layout_add(l, cfg->nr_spis * sizeof(u32));
}

size_t vgic_mem_size(const struct vgic_config *cfg)
{
	struct layout l;

	if (!config_valid(cfg))
		return 0;
	layout_make(&l, cfg);
	return l.size;
}

/*
 * After a reset: disabled; SGIs edge-triggered, PPIs level-sensitive; all of group 1, as KVM has
 * it.
 */
static void cpu_init_words(struct vgic_cpu *c)
{
	u32 i;

	for (i = 0; i < VGIC_NR_PRIVATE; i++)
		c->word[i] = FIELD_PREP(IRQ_HOME, c->index) | IRQ_GROUP1 |
			     (i < VGIC_NR_SGIS ? 0 : IRQ_LEVEL);
}

struct vgic *vgic_init(void *mem, const struct vgic_config *cfg)
{
	struct vgic *v = mem;
	u8 *base = mem;
	struct layout l;
	u32 i;

	layout_make(&l, cfg);
	v->lock = SPINLOCK_INIT(LOCK_VGIC_DIST);
	v->cfg = *cfg;
	v->iidr = VGIC_IIDR;
	v->cpus = (struct vgic_cpu *)(void *)(base + l.cpus);
	v->spi = (u64 *)(void *)(base + l.spi);
	lpi_init(v, base + l.lpi, cfg->intid_bits);
	v->route = (u64 *)(void *)(base + l.route);
	v->spi_target = (u16 *)(void *)(base + l.target);
	v->spi_pintid = (u16 *)(void *)(base + l.pintid);
	v->clusters = (struct vgic_cluster *)(void *)(base + l.clusters);
	v->cluster_hash = (u16 *)(void *)(base + l.hash);
	v->hash_bits = l.hash_bits;
	v->spi_count = (u32 *)(void *)(base + l.spi_count);
	memset(v->cluster_hash, 0xff, sizeof(u16) << l.hash_bits);
	for (i = 0; i < cfg->nr_spis; i++) {
		v->spi[i] = IRQ_GROUP1 | IRQ_NOROUTE | (cfg->spi_edge ? 0 : IRQ_LEVEL);
		v->spi_target[i] = (u16)VGIC_NO_CPU;
	}
	return v;
}

void vgic_add_lpis(struct vgic *v, void *mem, u32 bits)
{
	spin_lock(&v->lock);
	lpi_init(v, mem, bits);
	spin_unlock(&v->lock);
}

struct vgic_cpu *vgic_cpu_init(struct vgic *v, u32 index, u64 mpidr, bool last_in_region,
			       void *host)
{
	struct vgic_cpu *c = vgic_cpu_at(v, index);
	u32 i;

	mpidr &= MPIDR_AFFINITY;
	c->lock = SPINLOCK_INIT(LOCK_VGIC_CPU);
	c->index = index;
	c->number = (u16)index;
	c->vgic = v;
	c->asleep = true;
	cpu_init_words(c);
	c->host = host;
	c->mpidr = mpidr;
	c->last = last_in_region;
	c->present = true;
	vgic_affinity_add(v, index, mpidr);
	/* After a reset all SPIs are routed to 0.0.0.0. */
	for (i = 0; i < v->cfg.nr_spis && !mpidr; i++) {
		v->spi_target[i] = (u16)index;
		v->spi[i] = FIELD_SET(v->spi[i], IRQ_HOME, index) & ~IRQ_NOROUTE;
	}
	return c;
}

void vgic_cpu_set_number(struct vgic_cpu *c, u32 number)
{
	c->number = (u16)number;
}

void vgic_cpu_set_last(struct vgic_cpu *c, bool last)
{
	atomic_store_relaxed(&c->last, last);
}

struct vgic_cpu *vgic_cpu_get(struct vgic *v, u32 index)
{
	return index < v->cfg.nr_vcpus ? vgic_cpu_at(v, index) : NULL;
}

/* The CPU interface is the vCPU's and is reset with it; the redistributor is not. */
void vgic_cpu_reset(struct vgic_cpu *c)
{
	bool here;

	spin_lock(&c->lock);
	here = vgic_here(c);
	spin_unlock(&c->lock);
	if (here)
		vgic_put(c);
	spin_lock(&c->lock);
	c->vmcr = 0;
	memset(c->apr, 0, sizeof(c->apr));
	spin_unlock(&c->lock);
	if (here)
		vgic_load(c);
}

const struct vgic_stats *vgic_cpu_stats(const struct vgic_cpu *c)
{
	return &c->stats;
}

static void map_hw(struct vgic_cpu *c, u32 vintid)
{
	struct vgic_irq irq;
	u64 w;

	vgic_irq_lock(c, vintid, &irq);
	w = irq.w;
	/* What a VMM did before: its line is the physical one's and not to be watched, its latch is software's. */
	vgic_irq_commit(&irq, (w & ~(IRQ_LINE | IRQ_WATCHED)) | IRQ_HW |
				      (w & IRQ_PENDING ? IRQ_SOFT : 0));
	if (w & IRQ_ACTIVE)
		vgic_host_hw_set_active(vgic_hw_host(c, vintid), vgic_pintid(c, vintid), true);
	vgic_host_hw_config(vgic_hw_host(c, vintid), vgic_pintid(c, vintid), !(w & IRQ_LEVEL));
	if (w & IRQ_ENABLED)
		vgic_host_hw_enable(vgic_hw_host(c, vintid), vgic_pintid(c, vintid), true);
}

int vgic_map_hw_spi(struct vgic *v, u32 vintid, u32 pintid)
{
	if (!vgic_is_spi(vintid) || !vgic_intid_valid(v, vintid) || !vgic_is_spi(pintid) ||
	    pintid > 1019)
		return -EINVAL;
	v->spi_pintid[vintid - VGIC_NR_PRIVATE] = (u16)pintid;
	map_hw(v->cpus, vintid);
	return 0;
}

int vgic_map_hw_ppi(struct vgic_cpu *c, u32 vintid, u32 pintid)
{
	if (vintid < VGIC_NR_SGIS || vintid >= VGIC_NR_PRIVATE || pintid < VGIC_NR_SGIS ||
	    pintid >= VGIC_NR_PRIVATE)
		return -EINVAL;
	c->pintid[vintid] = (u16)pintid;
	map_hw(c, vintid);
	return 0;
}

void vgic_cpu_retie(struct vgic_cpu *c)
{
	u32 intid;

	for (intid = VGIC_NR_SGIS; intid < VGIC_NR_PRIVATE; intid++) {
		u64 w = atomic_load_relaxed(vgic_word(c, intid));

		if (!(w & IRQ_HW))
			continue;
		vgic_host_hw_config(c->host, vgic_pintid(c, intid), !(w & IRQ_LEVEL));
		vgic_host_hw_enable(c->host, vgic_pintid(c, intid), w & IRQ_ENABLED);
	}
}

u32 vgic_hw_ppis_taken(struct vgic_cpu *c)
{
	u32 intid, set = 0;

	for (intid = VGIC_NR_SGIS; intid < VGIC_NR_PRIVATE; intid++) {
		u64 w = atomic_load_relaxed(vgic_word(c, intid));

		if ((w & IRQ_HW) && (w & (IRQ_PENDING | IRQ_ACTIVE)))
			set |= (u32)BIT(vgic_pintid(c, intid));
	}
	return set;
}

/* Its home is locked. Private interrupts are not counted. */
static void count(struct vgic *v, u32 intid)
{
	if (vgic_is_spi(intid))
		v->spi_count[intid - VGIC_NR_PRIVATE]++;
}

static void inject_hw(struct vgic_cpu *c, u32 vintid)
{
	struct vgic_irq irq;

	vgic_irq_lock(c, vintid, &irq);
	if (!(irq.w & IRQ_HW)) {
		vgic_irq_unlock(&irq);
		return;
	}
	count(c->vgic, vintid);
	if (irq.w & IRQ_ACTIVE)
		vgic_irq_commit(&irq, (irq.w | IRQ_PENDING) & ~(IRQ_ACTIVE | IRQ_UNPEND));
	else
		vgic_irq_pend(&irq);
}

void vgic_inject_hw_spi(struct vgic *v, u32 vintid)
{
	if (vgic_is_spi(vintid) && vgic_intid_valid(v, vintid))
		inject_hw(v->cpus, vintid);
}

void vgic_inject_hw_ppi(struct vgic_cpu *c, u32 vintid)
{
	if (vintid < VGIC_NR_PRIVATE)
		inject_hw(c, vintid);
}

int vgic_set_line(struct vgic *v, struct vgic_cpu *c_or_null, u32 vintid, bool level)
{
	struct vgic_irq irq;
	u64 w;

	if (vintid < VGIC_NR_SGIS || vintid >= VGIC_LPI_BASE || !vgic_intid_valid(v, vintid) ||
	    (vintid < VGIC_NR_PRIVATE && !c_or_null))
		return -EINVAL;
	vgic_irq_lock(c_or_null ? c_or_null : v->cpus, vintid, &irq);
	if (irq.w & IRQ_HW) {
		vgic_irq_unlock(&irq);
		return -EINVAL;
	}
	w = level ? irq.w | IRQ_LINE : irq.w & ~IRQ_LINE;
	if (level && !(w & IRQ_LEVEL))
		w = (w | IRQ_PENDING) & ~IRQ_UNPEND;
	if (level && (w & ~irq.w & (IRQ_LINE | IRQ_PENDING)))
		count(v, vintid);
	vgic_irq_commit(&irq, w);
	return 0;
}
