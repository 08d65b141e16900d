/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * See vgic_host_fake.h. The CPU interface has five priority bits and one active-priority register
 * per group.
 */
#include <stdlib.h>
#include <string.h>
#include "hyp/lib/errno.h"
#include "hyp/lib/lock.h"
#include "tests/unit/vgic_host_fake.h"

#define LR_STATE GENMASK(63, 62)
#define LR_PENDING BIT(62)
#define LR_ACTIVE BIT(63)
#define LR_HW BIT(61)
#define LR_GROUP BIT(60)
#define LR_PRIO GENMASK(55, 48)
#define LR_PINTID GENMASK(44, 32)
#define LR_EOI BIT(41)
#define LR_VINTID GENMASK(31, 0)

#define HCR_EN BIT(0)
#define HCR_TDIR BIT(14)
#define EOICOUNT GENMASK(31, 27)
#define VEOIM BIT(9)
#define VPMR GENMASK(31, 24)

#define PROP_BASE (FAKE_RAM_BASE + 0x10000)
#define PEND_BASE (FAKE_RAM_BASE + 0x100000)
#define PEND_SIZE 0x10000u

struct fake_machine fake;
_Thread_local u32 fake_here;

u32 *lock_held_ranks(void);
u32 *lock_held_ranks(void)
{
	static _Thread_local u32 held;

	return &held;
}

static struct fake_cpu *here(void)
{
	return &fake.cpu[fake_here];
}

/* --- vgic/host.h --- */

u32 vgic_host_nr_lrs(void)
{
	return fake.nr_lrs;
}

u32 vgic_host_nr_aprs(void)
{
	return 1;
}

/* 32 priorities, 16 INTID bits, A3V. */
u32 vgic_host_vtr(void)
{
	return 4u << 29 | 4u << 26 | 1u << 23 | 1u << 21 | (vgic_host_nr_lrs() - 1);
}

bool vgic_host_has_tds(void)
{
	return !fake.no_tds;
}

u64 vgic_host_lr_read(u32 n)
{
	if (n >= fake.nr_lrs)
		abort();
	here()->lr_accesses++;
	return here()->lr[n];
}

void vgic_host_lr_write(u32 n, u64 val)
{
	if (n >= fake.nr_lrs)
		abort();
	if ((val & LR_HW) && (val & LR_STATE) == LR_STATE)
		abort(); /* UNPREDICTABLE */
	here()->lr_accesses++;
	here()->lr[n] = val;
}

u64 vgic_host_hcr_read(void)
{
	return here()->hcr;
}

void vgic_host_hcr_write(u64 val)
{
	here()->hcr = val;
}

u64 vgic_host_vmcr_read(void)
{
	return here()->vmcr;
}

void vgic_host_vmcr_write(u64 val)
{
	here()->vmcr = val;
}

u64 vgic_host_apr_read(u32 group, u32 n)
{
	return here()->apr[group][n];
}

void vgic_host_apr_write(u32 group, u32 n, u64 val)
{
	here()->apr[group][n] = val;
}

u64 vgic_host_elrsr(void)
{
	u64 val = 0;
	u32 i;

	for (i = 0; i < fake.nr_lrs; i++)
		if (!(here()->lr[i] & LR_STATE) &&
		    ((here()->lr[i] & LR_HW) || !(here()->lr[i] & LR_EOI)))
			val |= BIT(i);
	return val;
}

u64 vgic_host_eisr(void)
{
	u64 val = 0;
	u32 i;

	for (i = 0; i < fake.nr_lrs; i++)
		if ((here()->lr[i] & (LR_STATE | LR_HW | LR_EOI)) == LR_EOI)
			val |= BIT(i);
	return val;
}

u64 vgic_host_misr(void)
{
	const struct fake_cpu *c = here();
	u32 i, valid = 0, pending = 0;
	u64 misr = vgic_host_eisr() ? BIT(0) : 0;

	for (i = 0; i < fake.nr_lrs; i++) {
		valid += !!(c->lr[i] & LR_STATE);
		pending += (c->lr[i] & LR_STATE) == LR_PENDING;
	}
	if ((c->hcr & BIT(1)) && valid < 2)
		misr |= BIT(1);
	if ((c->hcr & BIT(2)) && (c->hcr & EOICOUNT))
		misr |= BIT(2);
	if ((c->hcr & BIT(3)) && !pending)
		misr |= BIT(3);
	for (i = 0; i < 2; i++) {
		if ((c->hcr & BIT(4 + 2 * i)) && (c->vmcr & BIT(i)))
			misr |= BIT(4 + 2 * i);
		if ((c->hcr & BIT(5 + 2 * i)) && !(c->vmcr & BIT(i)))
			misr |= BIT(5 + 2 * i);
	}
	return c->hcr & HCR_EN ? misr : 0;
}

void vgic_host_kick(void *host)
{
	__atomic_fetch_add(&((struct fake_vcpu *)host)->kicks, 1, __ATOMIC_RELAXED);
}

void vgic_host_ended(void)
{
	__atomic_fetch_add(&here()->ended, 1, __ATOMIC_RELAXED);
}

bool vgic_host_is_here(void *host)
{
	return here()->vcpu == host;
}

bool vgic_host_is_loaded(void *host)
{
	return ((struct fake_vcpu *)host)->cpu != FAKE_NO_CPU;
}

static struct fake_phys *phys(void *host, u32 pintid)
{
	if (host ? pintid >= 32 : pintid < 32 || pintid >= FAKE_NR_PHYS)
		abort();
	return host ? &fake.ppi[((struct fake_vcpu *)host)->index][pintid] : &fake.spi[pintid];
}

void vgic_host_hw_enable(void *host, u32 pintid, bool enable)
{
	phys(host, pintid)->enabled = enable;
}

void vgic_host_hw_config(void *host, u32 pintid, bool edge)
{
	phys(host, pintid)->edge = edge;
}

void vgic_host_hw_set_pending(void *host, u32 pintid, bool pending)
{
	phys(host, pintid)->pending = pending;
}

bool vgic_host_hw_get_pending(void *host, u32 pintid)
{
	return phys(host, pintid)->pending;
}

void vgic_host_hw_set_active(void *host, u32 pintid, bool active)
{
	phys(host, pintid)->active = active;
}

void vgic_host_hw_route(u32 pintid, void *host)
{
	phys(NULL, pintid)->route = host;
}

/* --- the guest's side of the CPU interface --- */

static u32 running_prio(const struct fake_cpu *c)
{
	u32 apr = (u32)(c->apr[0][0] | c->apr[1][0]);

	return apr ? (u32)__builtin_ctz(apr) << 3 : 0x100;
}

static int best_lr(const struct fake_cpu *c)
{
	u32 i, best_prio = 0x100;
	int best = -1;

	for (i = 0; i < fake.nr_lrs; i++) {
		u32 group = c->lr[i] & LR_GROUP ? 1 : 0, prio = (u32)FIELD_GET(LR_PRIO, c->lr[i]);

		if ((c->lr[i] & LR_STATE) != LR_PENDING || !(c->vmcr & BIT(group)) ||
		    prio >= best_prio)
			continue;
		best = (int)i;
		best_prio = prio;
	}
	return best;
}

static bool signalled(const struct fake_cpu *c, int n)
{
	u32 prio = (u32)FIELD_GET(LR_PRIO, c->lr[n]);

	return (c->hcr & HCR_EN) && prio < FIELD_GET(VPMR, c->vmcr) && prio < running_prio(c);
}

u32 fake_hppir(void)
{
	int n = best_lr(here());

	return n < 0 ? FAKE_SPURIOUS : (u32)FIELD_GET(LR_VINTID, here()->lr[n]);
}

u32 fake_ack(u32 group)
{
	struct fake_cpu *c = here();
	int n = best_lr(c);
	u32 intid;

	if (n < 0 || !signalled(c, n) || !!(c->lr[n] & LR_GROUP) != group)
		return FAKE_SPURIOUS;
	intid = (u32)FIELD_GET(LR_VINTID, c->lr[n]);
	c->apr[group][0] |= BIT(FIELD_GET(LR_PRIO, c->lr[n]) >> 3);
	c->lr[n] &= ~LR_PENDING;
	if (intid < VGIC_LPI_BASE || fake.lpi_active)
		c->lr[n] |= LR_ACTIVE;
	return intid;
}

static int active_lr(const struct fake_cpu *c, u32 intid)
{
	u32 i;

	for (i = 0; i < fake.nr_lrs; i++)
		if ((c->lr[i] & LR_ACTIVE) && FIELD_GET(LR_VINTID, c->lr[i]) == intid)
			return (int)i;
	return -1;
}

/* @prio: what the EOI dropped, which must be the list register's; -1 for a write of ICC_DIR_EL1. */
static void deactivate(struct fake_cpu *c, u32 intid, int prio)
{
	int n = active_lr(c, intid);

	if (n < 0) {
		/* The end of an LPI is never counted (IHI 0069H 12.4.5). */
		if (intid < VGIC_LPI_BASE)
			c->hcr = FIELD_SET(c->hcr, EOICOUNT, FIELD_GET(EOICOUNT, c->hcr) + 1);
		return;
	}
	if (prio >= 0 && (u32)prio != FIELD_GET(LR_PRIO, c->lr[n]) >> 3)
		return;
	c->lr[n] &= ~LR_ACTIVE;
	if (c->lr[n] & LR_HW)
		phys(FIELD_GET(LR_PINTID, c->lr[n]) < 32 ? c->vcpu : NULL,
		     (u32)FIELD_GET(LR_PINTID, c->lr[n]))
			->active = false;
}

void fake_eoi(u32 group, u32 intid)
{
	struct fake_cpu *c = here();
	int prio;

	if (!c->apr[group][0])
		abort(); /* a test that ends what it never acknowledged */
	prio = __builtin_ctz((u32)c->apr[group][0]);
	c->apr[group][0] &= c->apr[group][0] - 1;
	if (!(c->vmcr & VEOIM) || intid >= VGIC_LPI_BASE)
		deactivate(c, intid, prio);
}

void fake_dir(u32 intid)
{
	struct fake_cpu *c = here();

	if (c->hcr & HCR_TDIR) {
		vgic_deactivate(c->vcpu->vgic, intid);
		fake_enter();
	} else if (c->vmcr & VEOIM) {
		deactivate(c, intid, -1);
	}
}

void fake_set_eoimode(bool split)
{
	here()->vmcr = split ? here()->vmcr | VEOIM : here()->vmcr & ~VEOIM;
}

void fake_set_enables(u32 groups)
{
	here()->vmcr = (here()->vmcr & ~GENMASK(1, 0)) | groups;
}

void fake_set_pmr(u32 pmr)
{
	here()->vmcr = FIELD_SET(here()->vmcr, VPMR, pmr);
}

u64 fake_misr(void)
{
	return vgic_host_misr();
}

u32 fake_take(void)
{
	u32 intid;

	if (!fake_enter())
		abort();
	intid = fake_ack(1);
	if (intid == FAKE_SPURIOUS)
		return intid;
	if (!fake_enter())
		abort();
	fake_eoi(1, intid);
	if (here()->vmcr & VEOIM && intid < VGIC_LPI_BASE)
		fake_dir(intid);
	if (!fake_enter())
		abort();
	return intid;
}

int fake_lr_state(u32 intid)
{
	int state = -1;
	u32 i;

	for (i = 0; i < fake.nr_lrs; i++) {
		if (!(here()->lr[i] & LR_STATE) || FIELD_GET(LR_VINTID, here()->lr[i]) != intid)
			continue;
		if (state != -1)
			return -2;
		state = (int)FIELD_GET(LR_STATE, here()->lr[i]);
	}
	return state;
}

u64 fake_lr_of(u32 intid)
{
	u32 i;

	for (i = 0; i < fake.nr_lrs; i++)
		if ((here()->lr[i] & LR_STATE) && FIELD_GET(LR_VINTID, here()->lr[i]) == intid)
			return here()->lr[i];
	return 0;
}

/* --- the machine --- */

/* Memory that a hypervisor maps when it is first asked for. */
static bool ram_not_yet(void)
{
	return fake.ram_late && fake_random() % fake.ram_late == 0;
}

/* Byte by byte, since other CPUs may be at the same memory. */
int fake_ram_read(void *vm, u64 ipa, void *buf, size_t len)
{
	u8 *to = buf;

	(void)vm;
	if (!range_contains(FAKE_RAM_BASE, FAKE_RAM_SIZE, ipa, len))
		return -EFAULT;
	if (ram_not_yet())
		return -EAGAIN;
	for (size_t i = 0; i < len; i++)
		to[i] = atomic_load_relaxed(fake_ram(ipa) + i);
	atomic_add(&fake.ram_reads, 1);
	return 0;
}

int fake_ram_write(void *vm, u64 ipa, const void *buf, size_t len)
{
	const u8 *from = buf;

	(void)vm;
	if (!range_contains(FAKE_RAM_BASE, FAKE_RAM_SIZE, ipa, len))
		return -EFAULT;
	if (ram_not_yet())
		return -EAGAIN;
	for (size_t i = 0; i < len; i++)
		atomic_store_relaxed(fake_ram(ipa) + i, from[i]);
	atomic_add(&fake.ram_writes, 1);
	return 0;
}

u8 *fake_ram(u64 ipa)
{
	return &fake.ram[ipa - FAKE_RAM_BASE];
}

struct vgic *fake_start(u32 vcpus, u32 spis, u32 intid_bits, u32 lrs)
{
	struct vgic_config cfg = { .nr_vcpus = vcpus,
				   .nr_spis = spis,
				   .intid_bits = intid_bits,
				   .read = fake_ram_read,
				   .write = fake_ram_write };
	u32 i;

	memset(&fake, 0, sizeof(fake));
	fake.nr_lrs = lrs;
	fake_here = 0;
	fake.mem = aligned_alloc(64, vgic_mem_size(&cfg));
	memset(fake.mem, 0, vgic_mem_size(&cfg));
	fake.vgic = vgic_init(fake.mem, &cfg);
	for (i = 0; i < vcpus && i < FAKE_MAX_VCPUS; i++) {
		fake.vcpu[i].index = i;
		fake.vcpu[i].cpu = FAKE_NO_CPU;
		fake.vcpu[i].vgic = vgic_cpu_init(fake.vgic, i, i, i == vcpus - 1, &fake.vcpu[i]);
	}
	return fake.vgic;
}

void fake_end(void)
{
	free(fake.mem);
	fake.mem = NULL;
}

struct vgic_cpu *fake_vgic(u32 index)
{
	return fake.vcpu[index].vgic;
}

void fake_run_on(u32 cpu)
{
	fake_here = cpu;
}

void fake_load(u32 index, u32 cpu)
{
	fake_here = cpu;
	here()->vcpu = &fake.vcpu[index];
	fake.vcpu[index].cpu = cpu;
	vgic_load(fake.vcpu[index].vgic);
	here()->vmcr |= FIELD_PREP(VPMR, 0xf8) | GENMASK(1, 0);
	fake_enter();
}

void fake_put(u32 index)
{
	fake_here = fake.vcpu[index].cpu;
	vgic_put(fake.vcpu[index].vgic);
	here()->vcpu = NULL;
	fake.vcpu[index].cpu = FAKE_NO_CPU;
	memset(here()->lr, 0xff, sizeof(here()->lr)); /* what vgic_load() finds is garbage */
}

bool fake_enter(void)
{
	struct vgic_cpu *c = here()->vcpu->vgic;
	u32 tries;

	for (tries = 0; tries < 10; tries++) {
		if (fake_misr())
			vgic_maintenance(c);
		else if (vgic_work(c))
			vgic_flush(c);
		else
			return true;
	}
	return false;
}

bool fake_enter_vcpu(u32 index)
{
	u32 was = fake_here;
	bool ok;

	if (fake.vcpu[index].cpu == FAKE_NO_CPU)
		return true;
	fake_here = fake.vcpu[index].cpu;
	ok = fake_enter();
	fake_here = was;
	return ok;
}

static struct vgic_cpu *me(void)
{
	return here()->vcpu ? here()->vcpu->vgic : fake.vcpu[0].vgic;
}

u64 fake_dist_r(u64 offset, u32 size)
{
	return vgic_dist_read(me(), offset, size);
}

void fake_dist_w(u64 offset, u32 size, u64 val)
{
	u32 cursor = 0;

	if (vgic_dist_write(me(), offset, size, val))
		while (vgic_dist_tell(fake.vgic, &cursor))
			;
}

void fake_sgi(struct vgic_cpu *c, enum vgic_sgi_reg reg, u64 val)
{
	u32 cursor = 0;

	while (vgic_sgi(c, reg, val, &cursor))
		;
}

u64 fake_rd_r(u32 vcpu, u64 offset, u32 size)
{
	return vgic_redist_read(me(), fake.vcpu[vcpu].vgic, offset, size);
}

void fake_rd_w(u32 vcpu, u64 offset, u32 size, u64 val)
{
	u32 steps = 0;

	vgic_redist_write(me(), fake.vcpu[vcpu].vgic, offset, size, val);
	while (vgic_redist_run(fake.vcpu[vcpu].vgic))
		if (++steps > 10000)
			abort();
}

static void irq_w(u32 vcpu, u32 intid, u64 offset, u32 size, u64 val)
{
	if (intid < 32)
		fake_rd_w(vcpu, 0x10000 + offset, size, val);
	else
		fake_dist_w(offset, size, val);
}

void fake_irq_on(u32 vcpu, u32 intid, u32 prio, bool level)
{
	u64 cfg_at = 0xc00 + intid / 16 * 4, cfg;

	cfg = intid < 32 ? fake_rd_r(vcpu, 0x10000 + cfg_at, 4) : fake_dist_r(cfg_at, 4);
	cfg &= ~BIT(intid % 16 * 2 + 1);
	cfg |= level ? 0 : BIT(intid % 16 * 2 + 1);
	irq_w(vcpu, intid, cfg_at, 4, cfg);
	irq_w(vcpu, intid, 0x400 + intid, 1, prio);
	irq_w(vcpu, intid, 0x100 + intid / 32 * 4, 4, BIT(intid % 32));
}

u64 fake_prop_ipa(u32 lpi)
{
	return PROP_BASE + lpi - VGIC_LPI_BASE;
}

u64 fake_pend_ipa(u32 vcpu, u32 lpi)
{
	return PEND_BASE + (u64)vcpu * PEND_SIZE + lpi / 8;
}

void fake_lpi_prop(u32 lpi, u8 prop)
{
	atomic_store_relaxed(fake_ram(fake_prop_ipa(lpi)), prop);
}

void fake_lpis_on(u32 vcpu)
{
	fake_rd_w(vcpu, 0x70, 8, PROP_BASE | 15);
	fake_rd_w(vcpu, 0x78, 8, PEND_BASE + (u64)vcpu * PEND_SIZE);
	fake_rd_w(vcpu, 0, 4, 1);
}

static _Thread_local u64 random_state;

void fake_random_seed(u64 seed)
{
	random_state = 0x9e3779b97f4a7c15 + seed * 0x1234567;
}

u64 fake_random(void)
{
	u64 x = random_state;

	if (!x)
		x = 0x9e3779b97f4a7c15 + fake_here * 0x1234567;
	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	random_state = x;
	return x * 0x2545f4914f6cdd1d;
}
