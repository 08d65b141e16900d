// SPDX-License-Identifier: GPL-2.0-only
/*
 * The physical GICv3's distributor, redistributors and CPU interfaces.
 *
 * Enable, pending and active state have set and clear registers, so they need no lock. ICFGR has
 * neither; it is changed under LOCK_GICD. Clearing an enable bit takes effect when RWP of its frame
 * reads 0; every wait has a deadline.
 */
#include "drivers/gicv3.h"
#include "drivers/mmio.h"
#include "drivers/timer.h"
#include "hyp/lib/errno.h"
#include "hyp/lib/lock.h"

#define GICV3_WAIT_US UINT64_C(1000000)
#define GICV3_REDIST_FRAMES 2u /* RD_base, SGI_base */
#define GICV3_REDIST_FRAMES_VLPIS 4u /* and, on a GICv4, VLPI_base and a reserved one */
#define GICV3_PRIORITY_X4 (GICV3_PRIORITY * 0x01010101u)
#define GICV3_ALL ((u32)~0u)

struct gicv3_cpu {
	uintptr_t va; /* RD_base; 0: not initialised */
	u64 pa;
	u64 typer;
	u64 sgi_target; /* ICC_SGI1R_EL1 without INTID */
};

static struct {
	struct gicv3_frames frames;
	struct gicv3_cpu cpu[GICV3_MAX_CPUS];
	u32 typer;
	u32 nr_spis;
	u32 arch_rev;
} gicv3;

/* ICFGR of the distributor and of every redistributor. */
static struct spinlock gicv3_lock = SPINLOCK_INIT(LOCK_GICD);

/* Where the registers of one INTID are: a frame with the offsets of the distributor, and its RWP.
 */
struct gicv3_where {
	uintptr_t frame;
	uintptr_t ctlr;
	u32 rwp;
};

static int gicv3_wait_clear(uintptr_t reg, u32 mask)
{
	u64 deadline = timer_deadline(GICV3_WAIT_US);

	while (mmio_read32(reg) & mask) {
		if (timer_expired(deadline))
			return mmio_read32(reg) & mask ? -ETIMEDOUT : 0;
		cpu_relax();
	}
	return 0;
}

static int gicv3_dist_sync(void)
{
	return gicv3_wait_clear(gicv3.frames.dist + GICD_CTLR, (u32)GICD_CTLR_RWP);
}

static u32 gicv3_pidr2_rev(uintptr_t reg)
{
	return (u32)FIELD_GET(GIC_PIDR2_ARCHREV, mmio_read32(reg));
}

/* The offset of INTID @intid's word in a register array of one bit each. */
static uintptr_t gicv3_word(u32 intid)
{
	return (uintptr_t)intid / 32 * sizeof(u32);
}

static void gicv3_init_spis(void)
{
	uintptr_t d = gicv3.frames.dist;
	u32 end = GIC_SPI_BASE + gicv3.nr_spis;
	u32 i;

	for (i = GIC_SPI_BASE; i < end; i += 32) {
		uintptr_t word = gicv3_word(i);

		mmio_write32(d + GICD_ICENABLER + word, GICV3_ALL);
		mmio_write32(d + GICD_ICACTIVER + word, GICV3_ALL);
		mmio_write32(d + GICD_ICPENDR + word, GICV3_ALL);
		mmio_write32(d + GICD_IGROUPR + word, GICV3_ALL);
	}
	for (i = GIC_SPI_BASE; i < end; i += 16)
		mmio_write32(d + GICD_ICFGR + i / 4, 0);
	for (i = GIC_SPI_BASE; i < end; i += 4)
		mmio_write32(d + GICD_IPRIORITYR + i, GICV3_PRIORITY_X4);
}

/*
 * ARE may go from 0 to 1 only while the groups are off, and never back (12.9.4): so first the
 * enables alone are cleared, then ARE is set. DS is written back as it was read.
 */
int gicv3_init(const struct gicv3_frames *f)
{
	u32 ctlr, i;

	if (!f->dist || !f->nr_redist || f->nr_redist > GICV3_MAX_REDIST)
		return -EINVAL;
	gicv3.frames = *f;
	gicv3.arch_rev = gicv3_pidr2_rev(f->dist + GICD_PIDR2);
	if (gicv3.arch_rev != 3 && gicv3.arch_rev != 4)
		return -ENODEV;

	gicv3.typer = mmio_read32(f->dist + GICD_TYPER);
	i = (u32)(FIELD_GET(GICD_TYPER_ITLINES, gicv3.typer) + 1) * 32;
	gicv3.nr_spis = MIN(i, GIC_SPI_END) - GIC_SPI_BASE;

	ctlr = mmio_read32(f->dist + GICD_CTLR) & (u32)(GICD_CTLR_ARE | GICD_CTLR_DS);
	mmio_write32(f->dist + GICD_CTLR, ctlr);
	if (gicv3_dist_sync())
		return -ETIMEDOUT;
	ctlr |= (u32)GICD_CTLR_ARE;
	mmio_write32(f->dist + GICD_CTLR, ctlr);
	gicv3_init_spis();
	if (gicv3_dist_sync())
		return -ETIMEDOUT;
	for (i = 0; i < gicv3.nr_spis; i++)
		gicv3_spi_route(GIC_SPI_BASE + i, f->boot_mpidr);
	mmio_write32(f->dist + GICD_CTLR, ctlr | (u32)GICD_CTLR_ENABLE_GRP1A);
	return gicv3_dist_sync();
}

static u64 gicv3_stride(u64 typer)
{
	if (gicv3.frames.redist_stride)
		return gicv3.frames.redist_stride;
	return (typer & GICR_TYPER_VLPIS ? GICV3_REDIST_FRAMES_VLPIS : GICV3_REDIST_FRAMES) *
	       SZ_64K;
}

/* GICR_TYPER's affinity: Aff3.Aff2.Aff1.Aff0 in one word. */
static u32 gicv3_affinity(u64 mpidr)
{
	return (u32)(FIELD_GET(MPIDR_AFF3, mpidr) << 24 | FIELD_GET(MPIDR_AFF2, mpidr) << 16 |
		     FIELD_GET(MPIDR_AFF1, mpidr) << 8 | FIELD_GET(MPIDR_AFF0, mpidr));
}

/* Calls @visit for each redistributor of a region until one answers not 0, which is the answer. */
static int gicv3_visit_region(const struct gicv3_region *r, gicv3_visit_fn *visit, void *arg)
{
	u64 off, typer;
	int ret;

	for (off = 0; off + GICV3_REDIST_FRAMES * SZ_64K <= r->size; off += gicv3_stride(typer)) {
		u32 rev = gicv3_pidr2_rev(r->va + off + GICR_PIDR2);

		if (rev != 3 && rev != 4)
			return 0;
		typer = mmio_read64(r->va + off + GICR_TYPER);
		ret = visit(r->va + off, r->pa + off, arg);
		if (ret || (typer & GICR_TYPER_LAST))
			return ret;
	}
	return 0;
}

int gicv3_visit_redists(gicv3_visit_fn *visit, void *arg)
{
	int ret = 0;
	u32 i;

	for (i = 0; i < gicv3.frames.nr_redist && !ret; i++)
		ret = gicv3_visit_region(&gicv3.frames.redist[i], visit, arg);
	return ret;
}

/* Looks for the redistributor of affinity *@arg. */
struct gicv3_search {
	u32 aff;
	struct gicv3_cpu *found;
};

static int gicv3_match(uintptr_t va, u64 pa, void *arg)
{
	struct gicv3_search *s = arg;
	u64 typer = mmio_read64(va + GICR_TYPER);

	if (FIELD_GET(GICR_TYPER_AFFINITY, typer) != s->aff)
		return 0;
	*s->found = (struct gicv3_cpu){ .va = va, .pa = pa, .typer = typer };
	return 1;
}

static bool gicv3_find(u32 aff, struct gicv3_cpu *c)
{
	struct gicv3_search s = { .aff = aff, .found = c };

	return gicv3_visit_redists(gicv3_match, &s);
}

static u64 gicv3_sgi_target(u64 mpidr)
{
	u64 aff0 = FIELD_GET(MPIDR_AFF0, mpidr);

	return FIELD_PREP(ICC_SGI1R_AFF3, FIELD_GET(MPIDR_AFF3, mpidr)) |
	       FIELD_PREP(ICC_SGI1R_AFF2, FIELD_GET(MPIDR_AFF2, mpidr)) |
	       FIELD_PREP(ICC_SGI1R_AFF1, FIELD_GET(MPIDR_AFF1, mpidr)) |
	       FIELD_PREP(ICC_SGI1R_RS, aff0 / 16) | FIELD_PREP(ICC_SGI1R_TARGETS, BIT(aff0 % 16));
}

static int gicv3_redist_wake(uintptr_t rd)
{
	u32 waker = mmio_read32(rd + GICR_WAKER);

	mmio_write32(rd + GICR_WAKER, waker & ~(u32)GICR_WAKER_PROCESSOR_SLEEP);
	return gicv3_wait_clear(rd + GICR_WAKER, (u32)GICR_WAKER_CHILDREN_ASLEEP);
}

static int gicv3_init_private(uintptr_t rd)
{
	uintptr_t sgi = rd + GICR_SGI_BASE;
	u32 i;

	mmio_write32(sgi + GICD_ICENABLER, GICV3_ALL);
	if (gicv3_wait_clear(rd + GICR_CTLR, (u32)GICR_CTLR_RWP))
		return -ETIMEDOUT;
	mmio_write32(sgi + GICD_ICACTIVER, GICV3_ALL);
	mmio_write32(sgi + GICD_ICPENDR, GICV3_ALL);
	mmio_write32(sgi + GICD_IGROUPR, GICV3_ALL);
	for (i = 0; i < GIC_SPI_BASE; i += 4)
		mmio_write32(sgi + GICD_IPRIORITYR + i, GICV3_PRIORITY_X4);
	mmio_write32(sgi + GICD_ISENABLER, (u32)GENMASK(GICV3_NR_SGIS - 1, 0));
	return 0;
}

/* Active priorities that firmware left behind would mask everything of ours for good. */
static void gicv3_clear_active_priorities(void)
{
	u64 pribits = FIELD_GET(ICC_CTLR_PRIBITS, gic_sysreg_read(icc_ctlr_el1)) + 1;

	gic_sysreg_write(icc_ap1r0_el1, 0);
	if (pribits > 5)
		gic_sysreg_write(icc_ap1r1_el1, 0);
	if (pribits > 6) {
		gic_sysreg_write(icc_ap1r2_el1, 0);
		gic_sysreg_write(icc_ap1r3_el1, 0);
	}
}

static int gicv3_init_interface(void)
{
	u64 sre = ICC_SRE_SRE | ICC_SRE_DFB | ICC_SRE_DIB;

	gic_sysreg_write(icc_sre_el2, sre | ICC_SRE_ENABLE);
	gic_isb();
	if (!(gic_sysreg_read(icc_sre_el2) & ICC_SRE_SRE))
		return -ENODEV;
	gic_sysreg_write(icc_sre_el1, sre);
	gic_isb();
	gic_sysreg_write(icc_pmr_el1, 0xff);
	gic_sysreg_write(icc_bpr1_el1, 0);
	gic_sysreg_write(icc_ctlr_el1, ICC_CTLR_EOIMODE);
	gicv3_clear_active_priorities();
	gic_sysreg_write(icc_igrpen1_el1, 1);
	gic_isb();
	return 0;
}

int gicv3_cpu_init(u32 cpu, u64 mpidr)
{
	struct gicv3_cpu *c, found = { 0 };
	int err;

	if (cpu >= GICV3_MAX_CPUS || !gicv3.frames.dist)
		return -EINVAL;
	c = &gicv3.cpu[cpu];
	if (!c->va) {
		if (!gicv3_find(gicv3_affinity(mpidr), &found))
			return -ENXIO;
		found.sgi_target = gicv3_sgi_target(mpidr);
		*c = found;
	}
	err = gicv3_redist_wake(c->va);
	if (!err)
		err = gicv3_init_private(c->va);
	return err ? err : gicv3_init_interface();
}

void gicv3_cpu_off(u32 cpu)
{
	uintptr_t rd = gicv3_redist_va(cpu);
	u64 deadline;

	gic_sysreg_write(icc_igrpen1_el1, 0);
	gic_isb();
	if (!rd)
		return;
	/* Where EL3 owns WAKER this does nothing and PSCI does it; then ChildrenAsleep reads 0 and
	 * there is no wait. */
	mmio_write32(rd + GICR_WAKER,
		     mmio_read32(rd + GICR_WAKER) | (u32)GICR_WAKER_PROCESSOR_SLEEP);
	if (!(mmio_read32(rd + GICR_WAKER) & GICR_WAKER_PROCESSOR_SLEEP))
		return;
	deadline = timer_deadline(GICV3_WAIT_US);
	while (!(mmio_read32(rd + GICR_WAKER) & GICR_WAKER_CHILDREN_ASLEEP) &&
	       !timer_expired(deadline))
		cpu_relax();
}

const char *gicv3_strerror(int err)
{
	switch (err) {
	case 0:
		return "no error";
	case -EINVAL:
		return "no distributor or redistributor frames, or a CPU number out of range";
	case -ENODEV:
		return "no GICv3: wrong GICD_PIDR2.ArchRev, or EL3 denies the ICC registers";
	case -ENXIO:
		return "no redistributor has this CPU's affinity";
	case -ETIMEDOUT:
		return "the GIC did not finish a register write within a second";
	default:
		return "unknown error";
	}
}

u32 gicv3_nr_spis(void)
{
	return gicv3.nr_spis;
}

bool gicv3_has_lpis(void)
{
	return (gicv3.typer & GICD_TYPER_LPIS) && (gicv3.cpu[0].typer & GICR_TYPER_PLPIS);
}

u32 gicv3_intid_bits(void)
{
	return (u32)FIELD_GET(GICD_TYPER_IDBITS, gicv3.typer) + 1;
}

u32 gicv3_lpi_bits(void)
{
	u32 num = (u32)FIELD_GET(GICD_TYPER_NUM_LPIS, gicv3.typer);

	return num ? num + 1 : 0;
}

u32 gicv3_arch_rev(void)
{
	return gicv3.arch_rev;
}

uintptr_t gicv3_redist_va(u32 cpu)
{
	return cpu < GICV3_MAX_CPUS ? gicv3.cpu[cpu].va : 0;
}

u64 gicv3_redist_pa(u32 cpu)
{
	return cpu < GICV3_MAX_CPUS ? gicv3.cpu[cpu].pa : 0;
}

u64 gicv3_redist_typer(u32 cpu)
{
	return cpu < GICV3_MAX_CPUS ? gicv3.cpu[cpu].typer : 0;
}

u32 gicv3_processor_number(u32 cpu)
{
	return (u32)FIELD_GET(GICR_TYPER_PROCNUM, gicv3_redist_typer(cpu));
}

static bool gicv3_where(u32 cpu, u32 intid, struct gicv3_where *w)
{
	uintptr_t rd;

	if (intid >= GIC_SPI_BASE) {
		w->frame = gicv3.frames.dist;
		w->ctlr = gicv3.frames.dist + GICD_CTLR;
		w->rwp = (u32)GICD_CTLR_RWP;
		return intid - GIC_SPI_BASE < gicv3.nr_spis;
	}
	rd = gicv3_redist_va(cpu);
	w->frame = rd + GICR_SGI_BASE;
	w->ctlr = rd + GICR_CTLR;
	w->rwp = (u32)GICR_CTLR_RWP;
	return rd != 0;
}

/* Writes the bit of @intid in the set or clear register array at @reg. */
static bool gicv3_irq_poke(u32 cpu, u32 intid, u32 reg, struct gicv3_where *w)
{
	if (!gicv3_where(cpu, intid, w))
		return false;
	mmio_write32(w->frame + reg + gicv3_word(intid), (u32)BIT(intid % 32));
	return true;
}

static bool gicv3_irq_peek(u32 cpu, u32 intid, u32 reg)
{
	struct gicv3_where w;

	if (!gicv3_where(cpu, intid, &w))
		return false;
	return mmio_read32(w.frame + reg + gicv3_word(intid)) & BIT(intid % 32);
}

void gicv3_irq_enable(u32 cpu, u32 intid)
{
	struct gicv3_where w;

	gicv3_irq_poke(cpu, intid, GICD_ISENABLER, &w);
}

void gicv3_irq_disable(u32 cpu, u32 intid)
{
	struct gicv3_where w;

	if (gicv3_irq_poke(cpu, intid, GICD_ICENABLER, &w))
		gicv3_wait_clear(w.ctlr, w.rwp);
}

void gicv3_irq_set_edge(u32 cpu, u32 intid, bool edge)
{
	struct gicv3_where w;
	u32 mask = (u32)BIT(intid % 16 * 2 + 1);
	uintptr_t reg;
	u32 val;

	if (intid < GIC_NR_SGIS || !gicv3_where(cpu, intid, &w))
		return;
	reg = w.frame + GICD_ICFGR + (uintptr_t)intid / 16 * sizeof(u32);
	spin_lock(&gicv3_lock);
	val = mmio_read32(reg);
	val = edge ? val | mask : val & ~mask;
	mmio_write32(reg, val);
	spin_unlock(&gicv3_lock);
}

void gicv3_irq_set_pending(u32 cpu, u32 intid, bool pending)
{
	struct gicv3_where w;

	gicv3_irq_poke(cpu, intid, pending ? GICD_ISPENDR : GICD_ICPENDR, &w);
}

bool gicv3_irq_get_pending(u32 cpu, u32 intid)
{
	return gicv3_irq_peek(cpu, intid, GICD_ISPENDR);
}

void gicv3_irq_set_active(u32 cpu, u32 intid, bool active)
{
	struct gicv3_where w;

	gicv3_irq_poke(cpu, intid, active ? GICD_ISACTIVER : GICD_ICACTIVER, &w);
}

bool gicv3_irq_get_active(u32 cpu, u32 intid)
{
	return gicv3_irq_peek(cpu, intid, GICD_ISACTIVER);
}

bool gicv3_irq_get_enabled(u32 cpu, u32 intid)
{
	return gicv3_irq_peek(cpu, intid, GICD_ISENABLER);
}

u32 gicv3_ppis_active(u32 cpu)
{
	return mmio_read32(gicv3.cpu[cpu].va + GICR_SGI_BASE + GICD_ISACTIVER);
}

u32 gicv3_ppis_pending(u32 cpu)
{
	return mmio_read32(gicv3.cpu[cpu].va + GICR_SGI_BASE + GICD_ISPENDR);
}

void gicv3_spi_route(u32 intid, u64 mpidr)
{
	u64 aff = mpidr & (MPIDR_AFF3 | MPIDR_AFF2 | MPIDR_AFF1 | MPIDR_AFF0);

	if (intid < GIC_SPI_BASE || intid - GIC_SPI_BASE >= gicv3.nr_spis)
		return;
	mmio_write64(gicv3.frames.dist + GICD_IROUTER + (uintptr_t)intid * 8, aff);
}

void gicv3_send_sgi(u32 cpu, enum gicv3_sgi sgi)
{
	if (!gicv3_redist_va(cpu))
		return;
	/* What the handler will look for must be visible before the interrupt is (IHI
	 * 0069H 12.1.10). */
	gic_dsb_sy();
	gic_sysreg_write(icc_sgi1r_el1,
			 gicv3.cpu[cpu].sgi_target | FIELD_PREP(ICC_SGI1R_INTID, sgi));
	gic_isb();
}
