/* SPDX-License-Identifier: GPL-2.0-only */
/* Interrupts that are in list registers of another CPU: lines, routes, registers, deactivation from afar. */
// sources: vgic/list.c vgic/lr.c vgic/flush.c vgic/irqreg.c vgic/mmio.c vgic/dist.c vgic/redist.c
// sources: vgic/sgi.c vgic/lpi.c vgic/vgic.c vgic/watch.c
// sources: tests/unit/vgic_host_fake.c
#include "tests/unit/tap.h"
#include "tests/unit/vgic_rig.h"

/* EOImode 1: any vCPU may deactivate an SPI, also one that is in another's list register. */
static void test_dir_elsewhere(void)
{
	start_groups(2, 256, 4);
	fake_load(0, 0);
	fake_set_eoimode(true);
	fake_irq_on(0, 40, 0xa0, false);
	pend(40);
	is(fake_ack(1), 40, "active on one vCPU");
	fake_eoi(1, 40);
	ok(reg_bit(ISACTIVER, 40), "still after the priority drop");
	fake_load(1, 1);
	fake_set_eoimode(true);
	fake_dir(40);
	fake_run_on(0);
	ok(fake_enter() && !reg_bit(ISACTIVER, 40), "deactivated by another");
	fake_end();
}

static void test_line_remote(void)
{
	start_groups(2, 256, 4);
	fake_load(0, 0);
	fake_irq_on(0, 50, 0xa0, true);
	fake_irq_on(0, 27, 0xa0, true);
	fake_load(1, 1);
	vgic_set_line(fake.vgic, NULL, 50, true);
	vgic_set_line(fake.vgic, fake_vgic(0), 27, true);
	is(fake.vcpu[0].kicks, 1, "two interrupts for a vCPU elsewhere: one kick");
	fake_enter_vcpu(0);
	vgic_set_line(fake.vgic, NULL, 50, false);
	is(fake.vcpu[0].kicks, 2, "its line goes down: a kick");
	ok(!reg_bit(ISPENDR, 50), "and it reads as not pending");
	fake_run_on(0);
	is(fake_take(), 27, "only the PPI is left");
	fake_end();
}

static void test_route(void)
{
	start_groups(3, 256, 4);
	fake_load(0, 0);
	fake_irq_on(0, 70, 0xa0, false);
	fake_load(1, 1);
	fake_run_on(0);
	pend(70);
	is(fake_lr_state(70), 1, "pending in a list register here");
	fake_dist_w(0x6000 + 8 * 70, 8, 1);
	is(fake_lr_state(70), -1, "a new route takes it out");
	is(fake.vcpu[1].kicks, 1, "and kicks the new target");
	fake_run_on(1);
	is(fake_take(), 70, "which gets it");
	fake_run_on(0);
	pend(70);
	fake_enter_vcpu(1);
	fake_dist_w(0x6000 + 8 * 70, 8, 0);
	is(fake_take(), FAKE_SPURIOUS, "in a remote list register: not here yet");
	fake_enter_vcpu(1);
	is(fake_take(), 70, "but as soon as the other CPU has let go");
	fake_run_on(1);
	is(fake_take(), FAKE_SPURIOUS, "and not there");
	fake_run_on(0);
	pend(70);
	is(fake_ack(1), 70, "active here");
	fake_dist_w(0x6000 + 8 * 70, 8, 1);
	ok(reg_bit(ISACTIVER, 70), "a new route leaves the active one with its vCPU");
	pend(70);
	fake_eoi(1, 70);
	is(fake_take(), FAKE_SPURIOUS, "what came meanwhile");
	fake_run_on(1);
	is(fake_take(), 70, "goes to the new target");
	fake_dist_w(0x6000 + 8 * 70, 8, 0x7700);
	pend(70);
	ok(reg_bit(ISPENDR, 70), "routed to nobody: pending");
	is(fake_take(), FAKE_SPURIOUS, "and not delivered");
	is(fake_dist_r(0x6000 + 8 * 70, 8), 0x7700, "the route reads back");
	fake_dist_w(0x6000 + 8 * 70, 4, 2);
	ok(vgic_has_pending(fake_vgic(2)) == false, "vCPU 2 has its groups closed");
	fake_load(2, 2);
	is(fake_take(), 70, "routed to somebody: delivered");
	fake_dist_w(0x6000 + 8 * 70, 8, BIT(31) | 2);
	is(fake_dist_r(0x6000 + 8 * 70, 8), 2, "1 of N is not there");
	fake_end();
}

/* Registers of an interrupt that is in another CPU's list registers. */
static void test_remote_regs(void)
{
	start_groups(2, 256, 4);
	fake_load(0, 0);
	fake_irq_on(0, 70, 0xa0, false);
	pend(70);
	is(fake_ack(1), 70, "active on vCPU 0");
	fake_load(1, 1);
	ok(!reg_bit(ISACTIVER, 70), "seen from afar: as last known");
	is(fake.vcpu[0].kicks, 1, "with a kick");
	fake_enter_vcpu(0);
	ok(reg_bit(ISACTIVER, 70), "then as it is");
	fake_enter_vcpu(0);
	fake_dist_w(ICACTIVER + 8, 4, BIT(6));
	ok(!reg_bit(ISACTIVER, 70), "ICACTIVER from afar");
	fake_enter_vcpu(0);
	fake_run_on(0);
	is(fake_lr_state(70), -1, "is carried out by the other CPU");
	fake_eoi(1, 70);
	fake_run_on(1);
	pend(70);
	fake_enter_vcpu(0);
	fake_dist_w(ICPENDR + 8, 4, BIT(6));
	ok(!reg_bit(ISPENDR, 70), "ICPENDR from afar");
	pend(70);
	ok(reg_bit(ISPENDR, 70), "and ISPENDR after it");
	fake_run_on(0);
	is(fake_take(), 70, "the last word counts");
	is(fake_take(), FAKE_SPURIOUS, "once");
	fake_run_on(1);
	fake_dist_w(ISACTIVER + 8, 4, BIT(6));
	fake_enter_vcpu(0);
	fake_run_on(0);
	is(fake_lr_state(70), 2, "ISACTIVER from afar");
	pend(70);
	is(fake_take(), FAKE_SPURIOUS, "holds it back");
	fake_dist_w(ICACTIVER + 8, 4, BIT(6));
	is(fake_take(), 70, "until ICACTIVER");
	fake_end();
}

int main(void)
{
	test_dir_elsewhere();
	test_line_remote();
	test_route();
	test_remote_regs();
	return tap_done();
}
