// SPDX-License-Identifier: GPL-2.0-only
/* The physical GICv3's driver and the host LPIs, on a fake GIC. */
// sources: tests/unit/gic_fake.c tests/unit/gic_fake_its.c
// sources: drivers/gicv3.c drivers/lpi.c drivers/blocks.c drivers/timer.c
#include <string.h>

#include "tap.h"
#include "gic_fake.h"
#include "drivers/blocks.h"
#include "drivers/lpi.h"
#include "hyp/lib/errno.h"

static int bring_up(const struct fake_redist_options *opt)
{
	struct gicv3_frames f;

	fake_reset(opt);
	fake_frames(&f);
	return gicv3_init(&f);
}

static void test_init(void)
{
	struct gicv3_frames f;

	is(bring_up(NULL), 0, "a GICv3 comes up");
	is(gicv3_nr_spis(), 224, "SPIs as ITLinesNumber says");
	is(gicv3_intid_bits(), 16, "INTID bits");
	ok(fake_dist_reg(GICD_CTLR) == (GICD_CTLR_ARE | GICD_CTLR_ENABLE_GRP1A),
	   "ARE and group 1 are on");
	is(fake_dist_reg(GICD_IGROUPR + 4), 0xffffffff, "SPIs are in group 1");
	is(fake_dist_reg(GICD_IPRIORITYR + 32), 0xa0a0a0a0, "at one priority");

	fake_reset(NULL);
	fake_dist_rev(2);
	fake_frames(&f);
	is(gicv3_init(&f), -ENODEV, "a GICv2 is refused");
	fake_reset(NULL);
	fake_rwp_stuck(true);
	is(gicv3_init(&f), -ETIMEDOUT, "a distributor that never finishes is given up");
	fake_reset(NULL);
	f.nr_redist = 0;
	is(gicv3_init(&f), -EINVAL, "no redistributor region");
	f.nr_redist = GICV3_MAX_REDIST + 1;
	is(gicv3_init(&f), -EINVAL, "too many redistributor regions");
}

/* These run before any CPU was initialised: what gicv3_cpu_init() found once, it keeps. */
static void test_cpu_errors(void)
{
	static const struct fake_redist_options asleep = { .asleep_forever = true };

	bring_up(NULL);
	is(gicv3_cpu_init(GICV3_MAX_CPUS, 0), -EINVAL, "a CPU index out of range");
	is(gicv3_cpu_init(7, 0xff00), -ENXIO, "no redistributor has this affinity");
	fake_sysreg_deny(true);
	is(gicv3_cpu_init(7, fake_mpidr(7)), -ENODEV, "EL3 denies the system registers");
	bring_up(&asleep);
	is(gicv3_cpu_init(7, fake_mpidr(7)), -ETIMEDOUT, "a redistributor that never wakes");
	ok(!gicv3_has_lpis(), "no LPIs before CPU 0 was seen");
	gicv3_irq_enable(6, 27);
	ok(!gicv3_irq_get_enabled(6, 27), "a PPI of a CPU that is not there is ignored");
}

static void test_cpus(void)
{
	u32 cpu, bad = 0;

	bring_up(NULL);
	for (cpu = 0; cpu < FAKE_CPUS; cpu++)
		bad += gicv3_cpu_init(cpu, fake_mpidr(cpu) | BIT(31)) != 0;
	is(bad, 0, "every CPU finds its redistributor");
	is(gicv3_redist_va(5), FAKE_REDIST + 5 * 0x20000, "the right one");
	is(gicv3_redist_pa(5), 0x80a0000 + 5 * 0x20000, "and its physical address");
	is(gicv3_processor_number(5), 5, "processor number");
	ok(gicv3_has_lpis(), "LPIs are there");
	is(fake_redist_reg(5, GICR_WAKER), 0, "it is awake");
	is(fake_redist_reg(5, 0x10000 + GICD_ISENABLER), 3, "Herald's SGIs alone are enabled");
	is(fake_sysreg("icc_ctlr_el1"), ICC_CTLR_EOIMODE, "EOImode 1");
	is(fake_sysreg("icc_igrpen1_el1"), 1, "group 1 is on");
	gicv3_send_sgi(5, GICV3_SGI_STOP);
	is(fake_sysreg("icc_sgi1r_el1"), (1u << 1) | (1u << 16) | (u64)GICV3_SGI_STOP << 24,
	   "an SGI's affinity fields");
	gicv3_cpu_off(5);
	ok(fake_redist_reg(5, GICR_WAKER) & GICR_WAKER_CHILDREN_ASLEEP, "off: asleep");
	is(gicv3_cpu_init(5, fake_mpidr(5)), 0, "and on again");
}

static void test_irqs(void)
{
	gicv3_irq_enable(0, 33);
	ok(gicv3_irq_get_enabled(0, 33), "an SPI enabled");
	is(fake_dist_reg(GICD_ISENABLER + 4), 2, "and no other");
	gicv3_irq_disable(0, 33);
	ok(!gicv3_irq_get_enabled(0, 33), "disabled");
	gicv3_irq_set_edge(0, 33, true);
	is(fake_dist_reg(GICD_ICFGR + 8), 8, "edge");
	gicv3_irq_set_edge(0, 35, true);
	gicv3_irq_set_edge(0, 33, false);
	is(fake_dist_reg(GICD_ICFGR + 8), 0x80, "level again, its neighbour unchanged");
	gicv3_irq_set_pending(3, 27, true);
	ok(gicv3_irq_get_pending(3, 27) && !gicv3_irq_get_pending(2, 27),
	   "a PPI belongs to one CPU");
	gicv3_irq_set_active(3, 27, true);
	ok(gicv3_irq_get_active(3, 27), "active");
	gicv3_irq_set_active(3, 27, false);
	ok(!gicv3_irq_get_active(3, 27), "inactive");
	gicv3_spi_route(40, 0x8100000203);
	is(fake_dist_reg(GICD_IROUTER + 40 * 8), 0x203,
	   "an SPI's route, without MPIDR's other bits");
	gicv3_irq_enable(0, 32 + 224);
	ok(!gicv3_irq_get_enabled(0, 32 + 224), "an SPI beyond the last is ignored");
	gicv3_spi_route(1023, 0);
	gicv3_irq_enable(0, 8192);
	ok(!gicv3_irq_get_pending(0, 0xffffffff), "an absurd INTID is ignored");
}

static void test_vlpi_stride(void)
{
	static const struct fake_redist_options v4 = { .vlpis = true };

	bring_up(&v4);
	/* CPU index 100 was never seen, so this searches. */
	is(gicv3_cpu_init(100, fake_mpidr(6)), 0, "a GICv4's redistributors have four frames");
	is(gicv3_redist_va(100), FAKE_REDIST + 6 * 0x40000, "the right one");
	is(fake_violations(), 0, "no access outside the frames");
}

static void test_blocks(void)
{
	u64 map[4];
	struct blocks b;

	blocks_init(&b, map, 256);
	is(blocks_alloc(&b, 0), 0, "blocks: first fit");
	is(blocks_alloc(&b, 3), 8, "aligned to its size");
	is(blocks_alloc(&b, 6), 64, "a word");
	is(blocks_alloc(&b, 7), 128, "two words");
	is(blocks_alloc(&b, 6), -ENOSPC, "none left of that size");
	is(blocks_alloc(&b, 1), 2, "but smaller ones");
	is(blocks_free(&b, 129, 0), 0, "part of a block is a block of its own order");
	is(blocks_free(&b, 128, 7), -EINVAL, "a block that is not wholly taken");
	is(blocks_free(&b, 4, 3), -EINVAL, "misaligned");
	is(blocks_free(&b, 256, 0), -EINVAL, "outside");
	is(blocks_free(&b, 0, 9), -EINVAL, "larger than all");
	is(blocks_free(&b, 0, 40), -EINVAL, "absurd order");
	is(blocks_alloc(&b, 40), -ENOSPC, "absurd order");
	is(b.used, 1 + 8 + 64 + 127 + 2, "units in use");
}

static struct lpi_config lpi_setup(void)
{
	struct lpi_config cfg = { .intid_bits = 14, .clean = fake_clean };
	u64 pa;

	cfg.prop = fake_alloc(lpi_prop_size(14), SZ_4K, &cfg.prop_pa);
	cfg.soft = fake_alloc(lpi_soft_size(14), 64, &pa);
	return cfg;
}

static void test_lpi(void)
{
	struct lpi_config cfg;
	u32 a, b, cpu;
	u64 pa;
	void *pend;

	bring_up(NULL);
	for (cpu = 0; cpu < 2; cpu++)
		gicv3_cpu_init(cpu, fake_mpidr(cpu));
	is(lpi_supported_bits(), 16, "LPI bits");
	is(lpi_prop_size(13) + lpi_pending_size(21), 0, "sizes of what is not legal");
	cfg = lpi_setup();
	is(lpi_init(&cfg), 0, "LPIs set up");
	is(((u8 *)cfg.prop)[8191], 0xa3, "all enabled at one priority");
	pend = fake_alloc(lpi_pending_size(14), LPI_PENDING_ALIGN, &pa);
	is(lpi_cpu_init(0, pend, pa + 4096), -EINVAL, "a misaligned pending table");
	is(lpi_cpu_init(0, pend, pa), 0, "a CPU's LPIs on");
	ok(fake_redist_reg(0, GICR_CTLR) & GICR_CTLR_ENABLE_LPIS, "EnableLPIs");
	is(fake_redist_reg(0, GICR_PROPBASER) & (u32)GICR_PROPBASER_ADDR, (u32)cfg.prop_pa,
	   "the tables are the ones given");
	is(lpi_cpu_init(0, pend, pa), -EBUSY, "once more: refused");
	ok(fake_cleaned() >= 8192 + 65536, "tables were cleaned");

	is(lpi_alloc(5, &a), 0, "32 LPIs");
	is(a, 8192, "from the first");
	is(lpi_alloc(13, &b), -ENOSPC, "not all of them any more");
	lpi_set_cookie(a + 31, 42);
	is(lpi_cookie(a + 31), 42, "a cookie");
	is(lpi_clear_cookie(a + 31), 42, "taken");
	is(lpi_cookie(a + 31), 0, "and gone");
	lpi_set_cookie(8191, 1);
	lpi_set_cookie(8192 + 8192, 1);
	is(lpi_cookie(8191) | lpi_cookie(16384) | lpi_cookie(0xffffffff), 0, "not LPIs of ours");
	is(lpi_used(), 32, "in use");
	is(lpi_free(a, 5), 0, "given back");
	is(lpi_free(a, 5), -EINVAL, "a stray free");
	is(lpi_free(0, 0), -EINVAL, "not an LPI");
	is(lpi_used(), 0, "none in use");
}

static void test_lpis_left_on(void)
{
	static const struct fake_redist_options on = { .lpis_on = true };
	static const struct fake_redist_options sticky = { .lpis_on = true, .lpis_sticky = true };
	struct lpi_config cfg;
	struct lpi_left left;
	u32 cpu, still_on = 0;
	void *pend;
	u64 pa;

	bring_up(&on);
	is(lpi_disable_left(&left), 0, "LPIs were left on: turned off");
	for (cpu = 0; cpu < FAKE_CPUS; cpu++)
		still_on += fake_redist_reg(cpu, GICR_CTLR) & (u32)GICR_CTLR_ENABLE_LPIS;
	is(still_on, 0, "at every redistributor, whether its CPU runs or not");
	gicv3_cpu_init(200, fake_mpidr(2));
	cfg = lpi_setup();
	lpi_init(&cfg);
	pend = fake_alloc(lpi_pending_size(14), LPI_PENDING_ALIGN, &pa);
	is(lpi_cpu_init(200, pend, pa), 0, "and on again with our tables");
	bring_up(&sticky);
	is(lpi_disable_left(&left), -EBUSY, "cannot be turned off: refused");
	is(fake_violations(), 0, "no register written against the rules");
}

int main(void)
{
	test_init();
	test_cpu_errors();
	test_cpus();
	test_irqs();
	test_vlpi_stride();
	test_blocks();
	test_lpi();
	test_lpis_left_on();
	return tap_done();
}
