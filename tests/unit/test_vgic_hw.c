/* SPDX-License-Identifier: GPL-2.0-only */
/* Interrupts that are tied to physical ones. */
// sources: vgic/list.c vgic/lr.c vgic/flush.c vgic/irqreg.c vgic/mmio.c vgic/dist.c vgic/redist.c
// sources: vgic/sgi.c vgic/lpi.c vgic/vgic.c vgic/watch.c
// sources: tests/unit/vgic_host_fake.c
#include "tests/unit/tap.h"
#include "tests/unit/vgic_rig.h"

static void phys_fires(u32 intid)
{
	fake.spi[intid].active = true;
	vgic_inject_hw_spi(fake.vgic, intid - 100);
}

static void test_hw(void)
{
	struct vgic_irq_info info;

	start_groups(2, 256, 4);
	is(vgic_map_hw_spi(fake.vgic, 60, 160), 0, "SPI 60 is physical 160");
	is(vgic_map_hw_spi(fake.vgic, 1000, 160), -22, "no such SPI");
	is(vgic_map_hw_spi(fake.vgic, 60, 1020), -22, "no such physical one");
	is(vgic_map_hw_ppi(fake_vgic(0), 32, 27), -22, "not a PPI");
	fake_load(0, 0);
	fake_irq_on(0, 60, 0xa0, true);
	ok(fake.spi[160].enabled && !fake.spi[160].edge,
	   "enable and trigger reach the physical interrupt");
	fake_irq_on(0, 60, 0xa0, false);
	ok(fake.spi[160].edge, "edge");
	fake_dist_w(0x6000 + 8 * 60, 8, 1);
	ok(fake.spi[160].route == &fake.vcpu[1], "and its route");
	fake_dist_w(0x6000 + 8 * 60, 8, 0);
	phys_fires(160);
	is(fake_lr_of(60) >> 60, 7, "pending, HW, group 1");
	is(FIELD_GET(GENMASK(44, 32), fake_lr_of(60)), 160, "with the physical INTID");
	is(fake_ack(1), 60, "acknowledged");
	fake_eoi(1, 60);
	ok(!fake.spi[160].active, "the guest's EOI deactivates it");
	ok(!fake_misr(), "without maintenance");
	phys_fires(160);
	is(fake_take(), 60, "and again");
	fake.spi[160].pending = true;
	ok(reg_bit(ISPENDR, 60), "ISPENDR sees the physical pending state");
	fake_dist_w(ICPENDR + 4, 4, BIT(28));
	ok(!fake.spi[160].pending, "ICPENDR clears it");
	pend(60);
	ok(fake.spi[160].pending, "ISPENDR sets it");
	fake.spi[160].pending = false;
	phys_fires(160);
	fake_dist_w(ICPENDR + 4, 4, BIT(28));
	ok(!fake.spi[160].active,
	   "ICPENDR of one that is in a list register deactivates the physical one");
	is(fake_take(), FAKE_SPURIOUS, "and it is gone");
	phys_fires(160);
	is(fake_ack(1), 60, "active");
	fake_dist_w(ICACTIVER + 4, 4, BIT(28));
	ok(!fake.spi[160].active, "ICACTIVER deactivates the physical one");
	is(fake_lr_state(60), -1, "and the virtual one");
	fake_eoi(1, 60);
	fake_dist_w(ISACTIVER + 4, 4, BIT(28));
	ok(fake.spi[160].active, "ISACTIVER activates the physical one");
	ok(fake_enter() && fake_lr_state(60) == 2, "and the virtual one");
	fake_dist_w(ICACTIVER + 4, 4, BIT(28));
	fake_dist_w(0x180 + 4, 4, BIT(28));
	ok(!fake.spi[160].enabled, "disabled");
	phys_fires(160);
	is(fake_take(), FAKE_SPURIOUS, "one that came just before stays");
	fake_dist_w(0x100 + 4, 4, BIT(28));
	is(fake_take(), 60, "until it is enabled again");
	ok(!fake.spi[160].active, "and is ended by the guest");
	/* Level-sensitive: the line decides until the guest takes it. */
	fake_irq_on(0, 60, 0xa0, true);
	fake.spi[160].pending = true;
	phys_fires(160);
	ok(reg_bit(ISPENDR, 60), "a high line: pending");
	fake.spi[160].pending = false;
	ok(!reg_bit(ISPENDR, 60), "low before it is taken: not pending any more");
	ok(fake_enter(), "the guest goes on");
	is(fake_lr_state(60), -1, "it has left the list registers");
	ok(!fake.spi[160].active, "and the physical one may come again");
	pend(60);
	fake.spi[160].pending = false;
	phys_fires(160);
	ok(fake_enter() && reg_bit(ISPENDR, 60), "set pending by software: whatever the line says");
	is(fake_take(), 60, "it is taken");
	fake_dist_w(0x180 + 4, 4, BIT(28));
	fake.spi[160].pending = true;
	phys_fires(160);
	fake.spi[160].pending = true;
	ok(reg_bit(ISPENDR, 60), "disabled, and a high line: pending");
	fake.spi[160].pending = false;
	ok(!reg_bit(ISPENDR, 60), "low before it is enabled: not pending any more");
	fake_dist_w(0x100 + 4, 4, BIT(28));
	is(fake_take(), FAKE_SPURIOUS, "nothing to take when it is enabled");
	ok(!fake.spi[160].active, "and the physical one may come again");
	vgic_inject_hw_spi(fake.vgic, 61);
	vgic_inject_hw_spi(fake.vgic, 5000);
	vgic_inject_hw_ppi(fake_vgic(0), 28);
	is(fake_take(), FAKE_SPURIOUS, "physical interrupts that are tied to nothing are ignored");
	ok(vgic_irq_info(fake.vgic, 61, &info) && !info.count, "and not counted");
	fake_irq_on(0, 61, 0xa0, true);
	vgic_map_hw_spi(fake.vgic, 61, 161);
	ok(fake.spi[161].enabled, "tied when it is enabled already: enabled there, too");
	phys_fires(161);
	ok(vgic_irq_info(fake.vgic, 61, &info) && info.count == 1, "the first that is is counted");
	fake_put(0);
	fake_dist_w(ICPENDR + 4, 4, BIT(29));
	ok(!fake.spi[161].active, "ICPENDR of one that waits in EL2 deactivates it");
	fake_load(0, 0);
	is(fake_take(), FAKE_SPURIOUS, "and it is gone");
	/* A PPI. */
	vgic_map_hw_ppi(fake_vgic(0), 27, 26);
	fake_irq_on(0, 27, 0x80, true);
	ok(fake.ppi[0][26].enabled, "a tied PPI is enabled at its vCPU's CPU");
	fake.ppi[0][26] = (struct fake_phys){ 0 };
	vgic_cpu_retie(fake_vgic(0));
	ok(fake.ppi[0][26].enabled, "again when its CPU has started anew");
	fake.ppi[0][26].pending = true;
	fake.ppi[0][26].active = true;
	vgic_inject_hw_ppi(fake_vgic(0), 27);
	is(fake_take(), 27, "delivered");
	ok(!fake.ppi[0][26].active, "ended");
	is(vgic_set_line(fake.vgic, fake_vgic(0), 27, true), -22,
	   "a tied interrupt has no software line");
	fake_end();
}

/* Physical interrupts that are active outside the list registers. */
static void test_hw_overflow(bool split)
{
	u32 i;
	bool good = true;

	start_groups(1, 256, 2);
	fake_load(0, 0);
	fake_set_eoimode(split);
	for (i = 0; i < 6; i++) {
		vgic_map_hw_spi(fake.vgic, 60 + i, 160 + i);
		fake_irq_on(0, 60 + i, 0xf0 - i * 0x10, false);
	}
	for (i = 0; i < 6; i++) {
		phys_fires(160 + i);
		good = good && fake_enter() && fake_ack(1) == 60 + i;
	}
	for (i = 6; i-- > 0;) {
		fake_eoi(1, 60 + i);
		if (split)
			fake_dir(60 + i);
		good = good && fake_enter() && !fake.spi[160 + i].active;
		good = good && (!i || fake.spi[160 + i - 1].active);
	}
	ok(good,
	   "EOImode %u: nested physical interrupts that do not fit are deactivated one by one",
	   split);
	fake_end();
}

int main(void)
{
	test_hw();
	test_hw_overflow(false);
	test_hw_overflow(true);
	return tap_done();
}
