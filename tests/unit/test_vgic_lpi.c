/* SPDX-License-Identifier: GPL-2.0-only */
/* LPIs: pending, delivered, counted, nested. */
// sources: vgic/list.c vgic/lr.c vgic/flush.c vgic/irqreg.c vgic/mmio.c vgic/dist.c vgic/redist.c
// sources: vgic/sgi.c vgic/lpi.c vgic/vgic.c vgic/watch.c
// sources: tests/unit/vgic_host_fake.c
#include <string.h>
#include "tests/unit/tap.h"
#include "tests/unit/vgic_rig.h"

static struct vgic *v;

static void test_pend(bool lpi_active)
{
	u32 reads;

	v = start_lpis(1, 4);
	fake.lpi_active = lpi_active;
	fake_load(0, 0);
	is(vgic_lpi_pend(v, 0, 8192), 0, "an LPI that nobody configured is blocked");
	lpi_on(0, 8200, ON);
	reads = fake.ram_reads;
	is(vgic_lpi_pend(v, 0, 8200), 1, "an enabled one is delivered");
	is(fake_lr_of(8200) >> 60, 5, "pending, group 1, no HW");
	is(FIELD_GET(GENMASK(55, 48), fake_lr_of(8200)), 0xa0, "with its priority");
	is(fake_lr_of(8200) & BIT(41), 0, "without EOI maintenance");
	is(fake_take(), 8200, "taken");
	is(fake_take(), FAKE_SPURIOUS, "once");
	vgic_lpi_pend(v, 0, 8200);
	is(fake_ack(1), 8200, "in its handler");
	vgic_lpi_pend(v, 0, 8200);
	vgic_lpi_pend(v, 0, 8200);
	fake_enter();
	fake_eoi(1, 8200);
	is(fake_take(), 8200, "what came in the handler comes after it");
	is(fake_take(), FAKE_SPURIOUS, "once");
	is(fake.ram_reads, reads, "no guest memory was read on the way");
	is(vgic_lpi_pend(v, 0, 8191), 0, "no LPI");
	is(vgic_lpi_pend(v, 0, 65536), 0, "no LPI");
	is(vgic_lpi_pend(v, 1, 8200), 0, "no vCPU");
	lpi_on(0, 65535, ON);
	is(vgic_lpi_pend(v, 0, 65535), 1, "the last LPI");
	is(fake_take(), 65535, "is delivered");
	lpi_on(0, 8201, OFF);
	is(vgic_lpi_pend(v, 0, 8201), 0, "a disabled one is blocked");
	is(fake_take(), FAKE_SPURIOUS, "and not delivered");
	lpi_on(0, 8201, ON);
	is(fake_take(), 8201, "until it is enabled: it stayed pending");
	vgic_lpi_pend(v, 0, 8201);
	lpi_on(0, 8201, OFF);
	is(fake_take(), FAKE_SPURIOUS, "disabled in its list register: not delivered");
	is(vgic_lpi_clear(v, 8201, false), 0, "cleared");
	lpi_on(0, 8201, ON);
	is(fake_take(), FAKE_SPURIOUS, "gone");
	fake_end();
}

static u32 count_of(u32 intid)
{
	struct vgic_irq_info info;

	return vgic_irq_info(v, intid, &info) ? info.count : ~0u;
}

/* What a watcher sees: every MSI is counted once, on whichever way it went. */
static void test_info(void)
{
	struct vgic_irq_info info;

	v = start_lpis(2, 4);
	fake_load(0, 0);
	lpi_on(0, 8200, ON);
	ok(vgic_irq_info(v, 8200, &info) && info.flags == VGIC_INFO_ENABLED && !info.count &&
		   info.priority == 0xa0 && !info.vcpu,
	   "an LPI that never came");
	vgic_lpi_pend(v, 0, 8200);
	ok(vgic_irq_info(v, 8200, &info) && (info.flags & VGIC_INFO_PENDING),
	   "pending in its list register");
	is(info.count, 1, "counted: straight into a list register");
	fake_take();
	vgic_lpi_pend(v, 1, 8200);
	ok(vgic_irq_info(v, 8200, &info) && info.vcpu == 1 && (info.flags & VGIC_INFO_PENDING),
	   "moved to vCPU 1");
	is(info.count, 2, "counted: a vCPU that is not loaded");
	vgic_lpi_pend(v, 1, 8200);
	is(count_of(8200), 3, "counted: pending already");
	lpi_on(0, 8201, OFF);
	vgic_lpi_pend(v, 0, 8201);
	is(count_of(8201), 1, "counted: disabled, and pending");
	ok(vgic_irq_info(v, 8201, &info) && info.flags == VGIC_INFO_PENDING, "as it shows");
	is(count_of(8202), 0, "its neighbour did not come");
	vgic_set_line(v, NULL, 40, true);
	vgic_set_line(v, NULL, 40, true);
	ok(vgic_irq_info(v, 40, &info) && info.flags == (VGIC_INFO_LEVEL | VGIC_INFO_PENDING),
	   "an SPI whose line is high");
	is(info.count, 1, "counted when it rises");
	vgic_set_line(v, NULL, 40, false);
	vgic_set_line(v, NULL, 40, true);
	is(count_of(40), 2, "and again");
	is(vgic_set_line(v, fake_vgic(0), 20, true), 0, "a PPI");
	is(count_of(20), ~0u, "is not told");
	is(count_of(96), ~0u, "nor an SPI that there is not");
	is(count_of(8191), ~0u, "nor what is between them and LPIs");
	is(count_of(65536), ~0u, "nor beyond LPIs");
	fake_end();
}

/* 300 LPIs and 60 SPIs into few list registers. */
static void test_many(u32 lrs, bool lpi_active)
{
	static u8 seen[65536];
	u32 i, got = 0, id, last_prio = 0;
	bool once = true, order = true;

	memset(seen, 0, sizeof(seen));
	v = start_lpis(1, lrs);
	fake.lpi_active = lpi_active;
	for (i = 0; i < 60; i++)
		fake_irq_on(0, 32 + i, (i % 7) << 4, false);
	for (i = 0; i < 300; i++)
		lpi_on(0, 8192 + i * 100, (u8)((i % 11) << 4 | 1));
	for (i = 0; i < 60; i++)
		fake_dist_w(0x200 + (32 + i) / 32 * 4, 4, BIT((32 + i) % 32));
	for (i = 0; i < 300; i++)
		vgic_lpi_pend(v, 0, 8192 + i * 100);
	fake_load(0, 0);
	while ((id = fake_take()) != FAKE_SPURIOUS) {
		u32 prio = id < 8192 ? (id - 32) % 7 : (id - 8192) / 100 % 11;

		once = once && !seen[id]++;
		order = order && prio >= last_prio;
		last_prio = prio;
		got++;
	}
	is(got, 360, "%u list registers: 60 SPIs and 300 LPIs are all delivered", lrs);
	ok(once && order, "once, by priority");
	fake_end();
}

/*
 * Nested LPIs that do not fit: their EOIs, which are not counted, end no other interrupt, and none
 * is taken for theirs.
 */
static void test_nested(bool lpi_active)
{
	u32 i;

	v = start_lpis(1, 2);
	fake.lpi_active = lpi_active;
	fake_load(0, 0);
	fake_irq_on(0, 40, 0xe0, false);
	fake_irq_on(0, 41, 0x40, false);
	for (i = 0; i < 5; i++)
		lpi_on(0, 8500 + i, (u8)(0xd1 - i * 0x10));
	fake_dist_w(0x204, 4, BIT(8));
	is(fake_ack(1), 40, "an SPI at the bottom");
	for (i = 0; i < 5; i++) {
		vgic_lpi_pend(v, 0, 8500 + i);
		fake_enter();
		is(fake_ack(1), 8500 + i, "an LPI on top");
	}
	fake_dist_w(0x204, 4, BIT(9));
	fake_enter();
	is(fake_ack(1), 41, "an SPI at the top");
	is(fake_dist_r(0x304, 4), BIT(8) | BIT(9), "both active");
	fake_eoi(1, 41);
	fake_enter();
	is(fake_dist_r(0x304, 4), BIT(8), "the upper one ended");
	for (i = 5; i-- > 0;) {
		fake_eoi(1, 8500 + i);
		fake_enter();
		is(fake_dist_r(0x304, 4), BIT(8), "the end of an LPI is not taken for the SPI's");
	}
	fake_eoi(1, 40);
	fake_enter();
	is(fake_dist_r(0x304, 4), 0, "its own is");
	fake_end();
}

int main(void)
{
	test_info();
	test_pend(false);
	test_pend(true);
	test_many(4, false);
	test_many(4, true);
	test_many(1, true);
	test_nested(false);
	test_nested(true);
	return tap_done();
}
