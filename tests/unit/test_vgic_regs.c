/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The register frames: every group at every width, limits of INTIDs, and a guest that tries
 * everything.
 */
// sources: vgic/list.c vgic/lr.c vgic/flush.c vgic/irqreg.c vgic/mmio.c vgic/dist.c vgic/redist.c
// sources: vgic/sgi.c vgic/lpi.c vgic/vgic.c vgic/watch.c
// sources: tests/unit/vgic_host_fake.c
#include "tests/unit/tap.h"
#include "tests/unit/vgic_host_fake.h"
#include "vgic/mmio.h"

#define SGI 0x10000

/* @base: 1 for the distributor, else a frame of vCPU 1's redistributor. */
static u64 rd(u32 base, u64 off, u32 size)
{
	return base == 1 ? fake_dist_r(off, size) : fake_rd_r(1, base + off, size);
}

static void wr(u32 base, u64 off, u32 size, u64 val)
{
	if (base == 1)
		fake_dist_w(off, size, val);
	else
		fake_rd_w(1, base + off, size, val);
}

static void test_table(const struct vgic_frame *f, const char *name, u32 base)
{
	bool found = true, sorted = true, widths = true, align = true, wide = true;
	u32 i;

	for (i = 0; i < f->nr_regs; i++) {
		const struct vgic_reg *r = &f->regs[i];
		u64 off = r->offset, val;

		sorted = sorted && r->size && !(off % r->width) && !(r->size % r->width);
		if (i)
			sorted = sorted && f->regs[i - 1].offset + f->regs[i - 1].size <= r->offset;
		if (base != 1 || i)
			wr(base, off, r->width, 0xa5a5a5a5a5a5a5a5);
		val = rd(base, off, r->width);
		widths = widths && rd(base, off, 2) == 0;
		if (r->width == 4) {
			widths = widths && rd(base, off, 8) == 0;
			widths = widths &&
				 ((r->flags & VGIC_REG_BYTE) ? rd(base, off, 1) == (val & 0xff)
							     : rd(base, off, 1) == 0);
		} else {
			wide = wide && rd(base, off, 4) == (u32)val &&
			       rd(base, off + 4, 4) == val >> 32;
			widths = widths && rd(base, off, 1) == 0;
		}
		align = align && rd(base, off + 1, 4) == 0 && rd(base, off + 2, 4) == 0;
		align = align && (off % 8 || rd(base, off + 4, 8) == 0);
		wr(base, off, 2, 0xffff);
		wr(base, off + 2, 4, 0xffffffff);
		wr(base, off, 3, 0xffffff);
		wr(base, off, 0, 0xffffff);
		wr(base, off, 16, 0xffffff);
		if (r->width == 4)
			wr(base, off, 8, ~val);
		if (!(r->flags & VGIC_REG_BYTE))
			wr(base, off, 1, ~val);
		align = align && rd(base, off, r->width) == val;
	}
	/* The index: for each block the first row that ends beyond its start. */
	for (i = 0; i <= VGIC_INDEX_LAST; i++) {
		u32 n = 0, start = i << VGIC_INDEX_SHIFT;

		while (n < f->nr_regs && f->regs[n].offset + f->regs[n].size <= start)
			n++;
		found = found && f->index[i] == n;
	}
	i = f->nr_regs - 1u;
	found = found && f->regs[i].offset + f->regs[i].size == VGIC_FRAME_SIZE;
	ok(found, "%s: the index leads to the first row of each block", name);
	ok(sorted, "%s: rows ascend and do not overlap", name);
	ok(widths, "%s: accesses of other widths read as zero", name);
	ok(wide, "%s: 64-bit registers can be read by halves", name);
	ok(align, "%s: unaligned accesses and wrong widths change nothing", name);
}

static void test_dist_ids(void)
{
	fake_start(2, 100, 16, 4);
	is(fake_dist_r(0, 4), 0x50, "GICD_CTLR: ARE and DS, groups off");
	fake_dist_w(0, 4, 0xffffffff);
	is(fake_dist_r(0, 4), 0x53, "groups can be set, nothing else");
	is(fake_dist_r(4, 4) & 0x1f, 4, "GICD_TYPER: 100 SPIs are four more registers of 32");
	is(fake_dist_r(4, 4) >> 19 & 0x1f, 15, "16 INTID bits");
	is(fake_dist_r(4, 4) >> 17 & 1, 1, "LPIs");
	is(fake_dist_r(4, 4) >> 25 & 1, 1, "no 1 of N");
	is(fake_dist_r(4, 4) >> 16 & 1, 0, "no message-based SPIs");
	is(fake_dist_r(8, 4), 0x4b00343b, "GICD_IIDR");
	is(fake_dist_r(0xffe8, 4), 0x3b, "GICD_PIDR2: GICv3");
	is(fake_dist_r(0xfffc, 4), 0xb1, "GICD_CIDR3");
	is(fake_rd_r(0, 0xffe8, 4), 0x3b, "GICR_PIDR2");
	is(fake_rd_r(0, SGI + 0xffe8, 4), 0x3b, "and in the other frame");
	is(fake_rd_r(0, 8, 8), 1, "GICR_TYPER of vCPU 0: LPIs");
	is(fake_rd_r(1, 8, 8), UINT64_C(1) << 32 | 1 << 8 | 1 << 4 | 1,
	   "of vCPU 1: affinity, number, the last");
	is(fake_rd_r(1, 0x14, 4), 6, "GICR_WAKER: asleep");
	fake_rd_w(1, 0x14, 4, 0);
	is(fake_rd_r(1, 0x14, 4), 0, "woken");
	fake_end();
	fake_start(1, 0, 0, 4);
	is(fake_dist_r(4, 4), UINT64_C(9) << 19 | 7 << 24, "no SPIs, no LPIs: ten INTID bits");
	is(fake_dist_r(0x104, 4), 0, "no SPI register");
	fake_dist_w(0x104, 4, 0xffffffff);
	is(fake_dist_r(0x104, 4), 0, "to write");
	fake_end();
	fake_start(1, 988, 16, 4);
	is(fake_dist_r(4, 4) & 0x1f, 31, "988 SPIs: all registers");
	fake_dist_w(0x100 + 31 * 4, 4, 0xffffffff);
	is(fake_dist_r(0x100 + 31 * 4, 4), 0x0fffffff, "but for 1020 .. 1023");
	fake_dist_w(0x6000 + 8 * 1019, 8, 0xff00ffffff);
	is(fake_dist_r(0x6000 + 8 * 1019, 8), 0xff00ffffff, "the last route");
	is(fake_dist_r(0x6000 + 8 * 1020, 8), 0, "there is no route of 1020");
	fake_end();
}

/* Set and clear registers of one kind, over all SPIs, one bit at a time. */
static void test_set_clear(u32 base, u32 set, u32 clear, u32 first, u32 nr, const char *name)
{
	bool good = true;
	u32 i;

	for (i = 0; i < nr; i++) {
		u32 id = first + i, reg = id / 32 * 4;

		wr(base, set + reg, 4, BIT(id % 32));
		good = good && rd(base, set + reg, 4) == BIT(id % 32);
		good = good && rd(base, clear + reg, 4) == BIT(id % 32);
		wr(base, set + reg, 4, 0);
		good = good && rd(base, set + reg, 4) == BIT(id % 32);
		wr(base, clear + reg, 4, ~BIT(id % 32));
		good = good && rd(base, set + reg, 4) == BIT(id % 32);
		wr(base, clear + reg, 4, BIT(id % 32));
		good = good && rd(base, set + reg, 4) == 0;
	}
	ok(good, "%s: each bit is set and cleared by itself", name);
	wr(base, set + first / 32 * 4, 4, 0xffffffff);
	ok(rd(base, set + first / 32 * 4, 4) == 0xffffffff, "%s: all at once", name);
	wr(base, clear + first / 32 * 4, 4, 0xffffffff);
	ok(rd(base, set + first / 32 * 4, 4) == 0, "%s: and cleared", name);
	wr(base, set + (first + nr + 31) / 32 * 4, 4, 0xffffffff);
	is(rd(base, set + (first + nr + 31) / 32 * 4, 4), 0,
	   "%s: nothing beyond the last interrupt", name);
	if (base == 1) {
		wr(1, set, 4, 0xffffffff);
		is(rd(1, set, 4), 0, "%s: nothing below the first SPI", name);
	}
}

static void test_bits(void)
{
	fake_start(2, 96, 16, 4);
	test_set_clear(1, 0x100, 0x180, 32, 96, "GICD_I[SC]ENABLER");
	test_set_clear(1, 0x200, 0x280, 32, 96, "GICD_I[SC]PENDR");
	test_set_clear(1, 0x300, 0x380, 32, 96, "GICD_I[SC]ACTIVER");
	test_set_clear(SGI, 0x100, 0x180, 0, 32, "GICR_I[SC]ENABLER0");
	test_set_clear(SGI, 0x200, 0x280, 0, 32, "GICR_I[SC]PENDR0");
	test_set_clear(SGI, 0x300, 0x380, 0, 32, "GICR_I[SC]ACTIVER0");
	is(fake_rd_r(0, SGI + 0x100, 4), 0, "another vCPU's are others");
	is(fake_dist_r(0x84, 4), 0xffffffff, "group 1 at first");
	fake_dist_w(0x84, 4, 0x12345678);
	is(fake_dist_r(0x84, 4), 0x12345678, "GICD_IGROUPR");
	fake_rd_w(1, SGI + 0x80, 4, 0x87654321);
	is(fake_rd_r(1, SGI + 0x80, 4), 0x87654321, "GICR_IGROUPR0");
	fake_end();
}

static void test_fields(void)
{
	u32 i;
	bool good = true;

	fake_start(2, 96, 16, 4);
	for (i = 32; i < 128; i++)
		fake_dist_w(0x400 + i, 1, i * 3);
	for (i = 32; i < 128; i++)
		good = good && fake_dist_r(0x400 + i, 1) == (i * 3 & 0xf8);
	ok(good, "GICD_IPRIORITYR by bytes: upper five bits");
	fake_dist_w(0x420, 4, 0x12345678);
	is(fake_dist_r(0x420, 4), 0x10305078, "by words");
	fake_dist_w(0x41c, 4, 0xffffffff);
	is(fake_dist_r(0x41c, 4), 0, "none of a PPI");
	fake_dist_w(0x480, 4, 0xffffffff);
	is(fake_dist_r(0x480, 4), 0, "none beyond");
	fake_rd_w(1, SGI + 0x41c, 4, 0xff884422);
	is(fake_rd_r(1, SGI + 0x41c, 4), 0xf8884020, "GICR_IPRIORITYR");
	fake_dist_w(0xc08, 4, 0x88888888);
	is(fake_dist_r(0xc08, 4), 0x88888888, "GICD_ICFGR");
	fake_dist_w(0xc08, 4, 0xdddddddd);
	is(fake_dist_r(0xc08, 4), 0x88888888, "lower bits are reserved");
	is(fake_rd_r(1, SGI + 0xc00, 4), 0xaaaaaaaa, "SGIs are edge-triggered");
	fake_rd_w(1, SGI + 0xc00, 4, 0);
	is(fake_rd_r(1, SGI + 0xc00, 4), 0xaaaaaaaa, "and stay so");
	fake_rd_w(1, SGI + 0xc04, 4, 0xa0000000);
	is(fake_rd_r(1, SGI + 0xc04, 4), 0xa0000000, "PPIs as written");
	fake_dist_w(0x6100 + 8, 8, 0x1200345601);
	is(fake_dist_r(0x6100 + 8, 8), 0x1200345601, "GICD_IROUTER");
	fake_dist_w(0x6100 + 8, 4, 0x80000007);
	is(fake_dist_r(0x6100 + 8, 8), 0x1200000007, "its lower half");
	fake_dist_w(0x6100 + 12, 4, 0xffffff34);
	is(fake_dist_r(0x6100 + 8, 8), 0x3400000007, "its upper half");
	fake_rd_w(1, 0x70, 4, 0x40000fff);
	fake_rd_w(1, 0x74, 4, 0xffffffff);
	is(fake_rd_r(1, 0x70, 8), UINT64_C(0x000fffff40000000) | 0x79f,
	   "GICR_PROPBASER: halves, attributes made sane");
	fake_rd_w(1, 0x78, 8, ~UINT64_C(0));
	is(fake_rd_r(1, 0x78, 8), UINT64_C(0x000fffffffff0000) | 0x780, "GICR_PENDBASER");
	fake_end();
}

/* Every offset of all frames, all widths, with values that hurt. */
static void test_hostile(u32 vcpus, u32 spis, u32 bits, u32 loaded)
{
	static const u32 widths[] = { 1, 2, 4, 8, 3, 0, 5, 16 };
	u64 sum = 0, off;
	u32 i, k;

	fake_start(vcpus, spis, bits, 4);
	for (i = 0; i < loaded; i++)
		fake_load(i, i);
	for (off = 0; off < VGIC_REDIST_SIZE; off++) {
		for (k = 0; k < ARRAY_SIZE(widths); k++) {
			u64 val = fake_random() | (fake_random() & 1 ? fake_random() : 0);

			if (off < VGIC_DIST_SIZE) {
				fake_dist_w(off, widths[k], val);
				sum += fake_dist_r(off, widths[k]);
			}
			/* Walks of the tables at each byte would take all day. */
			if (off >= 8 || off % 4 == 0)
				fake_rd_w(vcpus - 1, off, widths[k], val);
			sum += fake_rd_r(vcpus - 1, off, widths[k]);
		}
		if (loaded && !(off & 63))
			for (i = 0; i < loaded; i++)
				if (!fake_enter_vcpu(i))
					abort();
	}
	for (i = 0; i < loaded; i++)
		fake_put(i);
	ok(true, "%u vCPUs, %u SPIs, %u bits: every offset at every width, sum %llx", vcpus, spis,
	   bits, (unsigned long long)sum);
	fake_end();
}

static void test_config(void)
{
	struct vgic_config cfg = { .nr_vcpus = 1, .nr_spis = 32 };

	ok(vgic_mem_size(&cfg) > 0 && vgic_mem_size(&cfg) % 64 == 0, "a small vGIC");
	ok(vgic_mem_size(&cfg) < 8192, "is small (%zu bytes)", vgic_mem_size(&cfg));
	cfg.nr_vcpus = 0;
	is(vgic_mem_size(&cfg), 0, "no vCPU");
	cfg.nr_vcpus = 513;
	is(vgic_mem_size(&cfg), 0, "too many");
	cfg.nr_vcpus = 512;
	cfg.nr_spis = 989;
	is(vgic_mem_size(&cfg), 0, "too many SPIs");
	cfg.nr_spis = 988;
	ok(vgic_mem_size(&cfg) > 0, "the most");
	cfg.intid_bits = 16;
	is(vgic_mem_size(&cfg), 0, "LPIs need memory access");
	cfg.intid_bits = 13;
	is(vgic_mem_size(&cfg), 0, "too few INTID bits");
	cfg.intid_bits = 17;
	is(vgic_mem_size(&cfg), 0, "too many");
}

int main(void)
{
	fake_start(2, 96, 16, 4);
	test_table(&vgic_dist_frame, "GICD", 1);
	test_table(&vgic_sgi_frame, "GICR SGI", SGI);
	test_table(&vgic_rd_frame, "GICR RD", 0);
	fake_end();
	test_dist_ids();
	test_bits();
	test_fields();
	test_config();
	test_hostile(1, 0, 0, 1);
	test_hostile(2, 96, 16, 2);
	test_hostile(4, 988, 16, 4);
	test_hostile(2, 77, 14, 0);
	return tap_done();
}
