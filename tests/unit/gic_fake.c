// SPDX-License-Identifier: GPL-2.0-only
/* The fake GICv3: distributor, redistributors, CPU interface, clock, memory. Its ITSes are in
 * gic_fake_its.c. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gic_fake.h"
#include "gic_fake_its.h"
#include "drivers/gic_regs.h"
#include "drivers/mmio.h"
#include "drivers/timer.h"

#define FAKE_TICK 50 /* microseconds that pass at each look at the clock */
#define FAKE_MAX_ALLOCS 256

struct fake_redist {
	u32 rd[0x10000 / 4];
	u32 sgi[0x10000 / 4];
};

static struct {
	u32 dist[0x10000 / 4];
	u64 irouter[1024];
	struct fake_redist redist[FAKE_CPUS];
	struct fake_redist_options opt;
	struct {
		char name[24];
		u64 val;
	} sysreg[32];
	u64 now;
	u32 rev;
	bool deny, rwp;
	u32 violations;
	void *allocs[FAKE_MAX_ALLOCS];
	u32 nr_allocs, alloc_limit;
	u64 cleaned;
} fake;

void fake_violation(const char *what, u64 a, u64 b)
{
	fake.violations++;
	printf("# violation: %s (%#llx, %#llx)\n", what, (unsigned long long)a,
	       (unsigned long long)b);
}

u32 fake_violations(void)
{
	return fake.violations;
}

u64 timer_now(void)
{
	return fake.now += FAKE_TICK;
}

u64 timer_freq(void)
{
	return 1000000;
}

u64 fake_mpidr(u32 cpu)
{
	return (u64)(cpu / 4) << 8 | cpu % 4;
}

static u32 fake_frames_per_redist(void)
{
	return fake.opt.vlpis ? 4 : 2;
}

void fake_frames(struct gicv3_frames *f)
{
	memset(f, 0, sizeof(*f));
	f->dist = FAKE_DIST;
	f->redist[0] =
		(struct gicv3_region){ .va = FAKE_REDIST,
				       .pa = 0x80a0000,
				       .size = FAKE_CPUS * fake_frames_per_redist() * SZ_64K };
	f->nr_redist = 1;
}

static void fake_free_all(void)
{
	while (fake.nr_allocs)
		free(fake.allocs[--fake.nr_allocs]);
}

void fake_reset(const struct fake_redist_options *opt)
{
	static bool registered;
	u32 i;

	if (!registered)
		atexit(fake_free_all);
	registered = true;
	memset(fake.dist, 0, sizeof(fake.dist));
	memset(fake.redist, 0, sizeof(fake.redist));
	memset(fake.sysreg, 0, sizeof(fake.sysreg));
	memset(&fake.opt, 0, sizeof(fake.opt));
	if (opt)
		fake.opt = *opt;
	fake.rev = 3;
	fake.deny = fake.rwp = false;
	fake.alloc_limit = FAKE_MAX_ALLOCS;
	fake.dist[GICD_TYPER / 4] = (u32)(GICD_TYPER_LPIS | FIELD_PREP(GICD_TYPER_IDBITS, 15) |
					  FIELD_PREP(GICD_TYPER_ITLINES, 7));
	for (i = 0; i < FAKE_CPUS; i++) {
		u32 *rd = fake.redist[i].rd;

		rd[GICR_TYPER / 4] = (u32)(GICR_TYPER_PLPIS |
					   (fake.opt.vlpis ? GICR_TYPER_VLPIS : 0) |
					   FIELD_PREP(GICR_TYPER_PROCNUM, i) |
					   (i == FAKE_CPUS - 1 ? GICR_TYPER_LAST : 0));
		rd[GICR_TYPER / 4 + 1] = (u32)fake_mpidr(i);
		rd[GICR_WAKER / 4] = (u32)(GICR_WAKER_PROCESSOR_SLEEP | GICR_WAKER_CHILDREN_ASLEEP);
		rd[GICR_CTLR / 4] = fake.opt.lpis_on ? (u32)GICR_CTLR_ENABLE_LPIS : 0;
	}
}

void fake_sysreg_deny(bool deny)
{
	fake.deny = deny;
}

void fake_dist_rev(u32 rev)
{
	fake.rev = rev;
}

void fake_rwp_stuck(bool stuck)
{
	fake.rwp = stuck;
}

void *fake_alloc(size_t size, size_t align, u64 *pa)
{
	void *va;

	if (fake.nr_allocs >= MIN(fake.alloc_limit, (u32)FAKE_MAX_ALLOCS))
		return NULL;
	va = aligned_alloc(align, ALIGN_UP(size, align));
	if (!va)
		return NULL;
	memset(va, 0, ALIGN_UP(size, align));
	fake.allocs[fake.nr_allocs++] = va;
	*pa = (uintptr_t)va;
	return va;
}

void fake_alloc_limit(u32 calls)
{
	fake.alloc_limit = fake.nr_allocs + calls;
}

void fake_clean(const void *va, size_t len)
{
	(void)va;
	fake.cleaned += len;
}

u64 fake_cleaned(void)
{
	return fake.cleaned;
}

static u64 *fake_sysreg_slot(const char *name)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(fake.sysreg) - 1; i++) {
		if (!fake.sysreg[i].name[0])
			snprintf(fake.sysreg[i].name, sizeof(fake.sysreg[i].name), "%s", name);
		if (!strcmp(fake.sysreg[i].name, name))
			break;
	}
	return &fake.sysreg[i].val;
}

u64 fake_sysreg(const char *name)
{
	return *fake_sysreg_slot(name);
}

u64 gic_host_sysreg_read(const char *name)
{
	return fake.deny && !strcmp(name, "icc_sre_el2") ? 0 : *fake_sysreg_slot(name);
}

void gic_host_sysreg_write(const char *name, u64 val)
{
	*fake_sysreg_slot(name) = val;
}

/* Registers whose two views set and clear the bits of one. */
static bool fake_write_set_clear(u32 *reg, u32 offset, u32 val)
{
	static const u32 pairs[][2] = { { GICD_ISENABLER, GICD_ICENABLER },
					{ GICD_ISPENDR, GICD_ICPENDR },
					{ GICD_ISACTIVER, GICD_ICACTIVER } };
	u32 i;

	for (i = 0; i < ARRAY_SIZE(pairs); i++) {
		if (offset >= pairs[i][0] && offset < pairs[i][0] + 0x80) {
			reg[offset / 4] |= val;
			return true;
		}
		if (offset >= pairs[i][1] && offset < pairs[i][1] + 0x80) {
			reg[(offset - pairs[i][1] + pairs[i][0]) / 4] &= ~val;
			return true;
		}
	}
	return false;
}

static void fake_write_dist(u32 offset, u32 size, u64 val)
{
	u32 *reg = fake.dist;

	if (size == 8) {
		fake.irouter[(offset - GICD_IROUTER) / 8] = val;
		return;
	}
	if (offset == GICD_CTLR && ((reg[0] ^ val) & GICD_CTLR_ARE) &&
	    ((reg[0] | val) & GICD_CTLR_ENABLE_GRP1A))
		fake_violation("GICD_CTLR.ARE changed with a group enabled", reg[0], val);
	if (!fake_write_set_clear(reg, offset, (u32)val))
		reg[offset / 4] = (u32)val;
}

static u64 fake_read_dist(u32 offset)
{
	if (offset == GICD_PIDR2)
		return FIELD_PREP(GIC_PIDR2_ARCHREV, fake.rev);
	if (offset == GICD_CTLR)
		return fake.dist[0] | (fake.rwp ? GICD_CTLR_RWP : 0);
	return fake.dist[offset / 4];
}

static void fake_write_rd(struct fake_redist *r, u32 offset, u32 size, u64 val)
{
	u32 *reg = &r->rd[offset / 4];
	u32 old = r->rd[GICR_CTLR / 4];

	if ((offset == GICR_PROPBASER || offset == GICR_PENDBASER) && (old & GICR_CTLR_ENABLE_LPIS))
		fake_violation("a table register written while LPIs are enabled", offset, val);
	if (offset == GICR_CTLR && fake.opt.lpis_sticky)
		val |= old & GICR_CTLR_ENABLE_LPIS;
	if (offset == GICR_WAKER && !fake.opt.asleep_forever)
		val = val & GICR_WAKER_PROCESSOR_SLEEP ? val | GICR_WAKER_CHILDREN_ASLEEP
						       : val & ~GICR_WAKER_CHILDREN_ASLEEP;
	reg[0] = (u32)val;
	if (size == 8)
		reg[1] = (u32)(val >> 32);
}

static struct fake_redist *fake_redist_at(uintptr_t addr, u32 *offset, bool *sgi)
{
	u64 frame = (addr - FAKE_REDIST) / SZ_64K;
	u32 n = (u32)frame / fake_frames_per_redist();

	*offset = (u32)((addr - FAKE_REDIST) % SZ_64K);
	*sgi = frame % fake_frames_per_redist() == 1;
	if (n >= FAKE_CPUS || frame % fake_frames_per_redist() > 1) {
		fake_violation("an access outside the redistributors", addr, 0);
		return &fake.redist[0];
	}
	return &fake.redist[n];
}

u64 mmio_host_read(uintptr_t addr, u32 size)
{
	struct fake_redist *r;
	u32 offset;
	bool sgi;

	if (addr >= FAKE_ITS(0))
		return fake_its_read((u32)((addr - FAKE_ITS(0)) / 0x20000), (u32)(addr % 0x20000),
				     size);
	if (addr < FAKE_REDIST)
		return fake_read_dist((u32)(addr - FAKE_DIST));
	r = fake_redist_at(addr, &offset, &sgi);
	if (sgi)
		return r->sgi[offset / 4];
	if (offset == GICR_PIDR2)
		return FIELD_PREP(GIC_PIDR2_ARCHREV, fake.rev);
	return size == 8 ? (u64)r->rd[offset / 4 + 1] << 32 | r->rd[offset / 4] : r->rd[offset / 4];
}

void mmio_host_write(uintptr_t addr, u32 size, u64 val)
{
	struct fake_redist *r;
	u32 offset;
	bool sgi;

	if (addr >= FAKE_ITS(0)) {
		fake_its_write((u32)((addr - FAKE_ITS(0)) / 0x20000), (u32)(addr % 0x20000), size,
			       val);
		return;
	}
	if (addr < FAKE_REDIST) {
		fake_write_dist((u32)(addr - FAKE_DIST), size, val);
		return;
	}
	r = fake_redist_at(addr, &offset, &sgi);
	if (!sgi)
		fake_write_rd(r, offset, size, val);
	else if (!fake_write_set_clear(r->sgi, offset, (u32)val))
		r->sgi[offset / 4] = (u32)val;
}

u32 fake_dist_reg(u32 offset)
{
	return offset >= GICD_IROUTER && offset < GICD_IROUTER + 8192
		       ? (u32)fake.irouter[(offset - GICD_IROUTER) / 8]
		       : fake.dist[offset / 4];
}

u32 fake_redist_reg(u32 cpu, u32 offset)
{
	return offset >= 0x10000 ? fake.redist[cpu].sgi[(offset - 0x10000) / 4]
				 : fake.redist[cpu].rd[offset / 4];
}
