/* SPDX-License-Identifier: GPL-2.0-only */
/* Watched lines: asserted until the guest is done with them, wherever its interrupt is by then. */
// sources: vgic/list.c vgic/lr.c vgic/flush.c vgic/irqreg.c vgic/mmio.c vgic/dist.c vgic/redist.c
// sources: vgic/sgi.c vgic/lpi.c vgic/vgic.c vgic/watch.c
// sources: tests/unit/vgic_host_fake.c
#include "hyp/lib/errno.h"
#include "tests/unit/tap.h"
#include "tests/unit/vgic_rig.h"

#define NONE ((u64)-ENOENT)
#define FIRST 40u
#define NR 12u /* more than list registers */

static void line(u32 intid, bool level)
{
	vgic_set_line(fake.vgic, NULL, intid, level);
}

static u64 ended(void)
{
	return (u64)(s64)vgic_next_ended(fake.vgic, 0);
}

static void watch(u32 intid, u32 prio)
{
	fake_irq_on(0, intid, prio, true);
	vgic_watch(fake.vgic, intid, true);
}

static void test_arguments(void)
{
	start_groups(1, 64, 4);
	is(vgic_watch(fake.vgic, 31, true), (u64)-EINVAL, "a PPI is not watched");
	is(vgic_watch(fake.vgic, 96, true), (u64)-EINVAL, "nor an SPI that there is not");
	is(vgic_watch(fake.vgic, 8192, true), (u64)-EINVAL, "nor an LPI");
	is(vgic_watch(fake.vgic, ~0u, true), (u64)-EINVAL, "nor anything else");
	vgic_map_hw_spi(fake.vgic, 50, 60);
	is(vgic_watch(fake.vgic, 50, true), (u64)-EINVAL, "nor a physical one");
	is(vgic_watch(fake.vgic, 95, true), 0, "the last SPI is");
	is(ended(), NONE, "and has not ended");
	/* One that is watched, pending and then tied to a physical one. */
	fake_load(0, 0);
	watch(51, 0xa0);
	vgic_map_hw_spi(fake.vgic, 51, 61);
	fake.spi[61].pending = true;
	fake.spi[61].active = true;
	vgic_inject_hw_spi(fake.vgic, 51);
	fake.spi[61].pending = false;
	is(fake_take(), 51, "one that is tied afterwards is delivered");
	fake_put(0);
	is(ended(), NONE, "and not watched any more");
	fake_end();
}

static void test_eoi(bool put)
{
	u32 calls;

	start_groups(1, 64, 4);
	fake_load(0, 0);
	watch(FIRST, 0xa0);
	line(FIRST, true);
	is(fake_lr_state(FIRST), 1, "pending");
	is(fake_ack(1), FIRST, "taken");
	if (put) {
		fake_put(0);
		fake_load(0, 0);
	}
	ok(fake_enter(), "entered");
	is(fake_lr_state(FIRST), 2, "active, and not pending beside it");
	ok(reg_bit(ISPENDR, FIRST), "although its line is high");
	is(ended(), NONE, "it has not ended");
	calls = fake.cpu[0].ended;
	fake_eoi(1, FIRST);
	ok(fake_misr() & 1, "its EOI is a maintenance interrupt");
	if (put)
		fake_put(0);
	else
		ok(fake_enter(), "served");
	is(fake.cpu[0].ended, calls + 1, "whoever runs it hears of it");
	is(ended(), FIRST, "and is told which");
	is(ended(), NONE, "once");
	ok(!reg_bit(ISPENDR, FIRST), "its line is low");
	if (put)
		fake_load(0, 0);
	is(fake_take(), FAKE_SPURIOUS, "it is not delivered again");
	line(FIRST, true);
	is(fake_take(), FIRST, "before it is raised again");
	is(ended(), FIRST, "and it ends again");
	vgic_watch(fake.vgic, FIRST, false);
	line(FIRST, true);
	is(fake_take(), FIRST, "not watched any more");
	is(fake_take(), FIRST, "its line stays high");
	is(ended(), NONE, "and nobody is told");
	fake_end();
}

/* ICC_DIR_EL1 is the end, not the EOI; also from another vCPU. */
static void test_split(bool elsewhere)
{
	start_groups(2, 64, 4);
	fake_load(1, 1);
	fake_set_eoimode(true);
	fake_load(0, 0);
	fake_set_eoimode(true);
	watch(FIRST, 0xa0);
	line(FIRST, true);
	is(fake_ack(1), FIRST, "taken");
	fake_eoi(1, FIRST);
	ok(fake_enter(), "entered after the priority drop");
	is(ended(), NONE, "that is not the end");
	if (elsewhere)
		fake_run_on(1);
	fake_dir(FIRST);
	is(ended(), FIRST, "deactivating it is");
	fake_run_on(0);
	is(fake_take(), FAKE_SPURIOUS, "its line is low");
	is(ended(), NONE, "once");
	fake_end();
}

/* Active ones without list registers end by counted EOIs. */
static void test_overflow(u32 lrs)
{
	u32 i, good = 0, order = 0;

	start_groups(1, 64, lrs);
	fake_load(0, 0);
	for (i = 0; i < NR; i++) {
		watch(FIRST + i, 0xe0 - 0x10 * i);
		line(FIRST + i, true);
		fake_enter();
		good += fake_ack(1) == FIRST + i;
		fake_enter();
	}
	is(good, NR, "%u nested, %u list registers", NR, lrs);
	is(ended(), NONE, "none has ended");
	for (i = NR; i-- > 0;) {
		fake_eoi(1, FIRST + i);
		fake_enter();
		order += ended() == FIRST + i;
	}
	is(order, NR, "each EOI ends its own");
	is(fake_take(), FAKE_SPURIOUS, "all lines are low");
	fake_end();
}

static void test_not_an_end(void)
{
	start_groups(1, 64, 4);
	fake_load(0, 0);
	watch(FIRST, 0xa0);
	line(FIRST, true);
	line(FIRST, false);
	ok(fake_enter(), "a line that fell by itself");
	is(ended(), NONE, "is no end");
	line(FIRST, true);
	fake_put(0);
	fake_load(0, 0);
	is(ended(), NONE, "nor is a put with it pending");
	fake_dist_w(0x180 + 4, 4, BIT(FIRST % 32));
	fake_enter();
	fake_dist_w(0x100 + 4, 4, BIT(FIRST % 32));
	is(ended(), NONE, "nor that it was disabled");
	is(fake_ack(1), FIRST, "taken");
	fake_dist_w(ICACTIVER + 4, 4, BIT(FIRST % 32));
	fake_enter();
	is(ended(), NONE, "nor GICD_ICACTIVER");
	is(fake_ack(1), FAKE_SPURIOUS, "it waits for the priority drop");
	fake_eoi(1, FIRST);
	fake_enter();
	is(ended(), NONE, "whose EOI finds nothing active");
	is(fake_take(), FIRST, "and it is delivered again");
	is(ended(), FIRST, "to end");
	/* An edge-triggered one is over when it is taken. */
	fake_irq_on(0, FIRST, 0xa0, false);
	line(FIRST, true);
	is(fake_take(), FIRST, "edge-triggered");
	is(ended(), NONE, "it has no end");
	fake_end();
}

static void test_latch(void)
{
	start_groups(1, 64, 4);
	fake_load(0, 0);
	watch(FIRST, 0xa0);
	line(FIRST, true);
	is(fake_ack(1), FIRST, "taken");
	fake_dist_w(ISPENDR + 4, 4, BIT(FIRST % 32));
	fake_enter();
	is(fake_lr_state(FIRST), 2, "made pending by software while active: not beside it");
	fake_eoi(1, FIRST);
	fake_enter();
	is(ended(), FIRST, "it ended");
	is(fake_take(), FIRST, "and the latch is delivered");
	is(ended(), FIRST, "which ends, too");
	is(fake_take(), FAKE_SPURIOUS, "nothing is left");
	line(FIRST, true);
	is(fake_ack(1), FIRST, "taken");
	fake_eoi(1, FIRST);
	/* Before anyone saw that. */
	fake_dist_w(ISPENDR + 4, 4, BIT(FIRST % 32));
	is(ended(), FIRST, "made pending after its end: that is not forgotten");
	fake_enter();
	is(fake_take(), FIRST, "nor is the latch");
	vgic_watch(fake.vgic, FIRST, false);
	is(ended(), NONE, "who stops watching hears no more");
	fake_end();
}

static void test_move(void)
{
	start_groups(2, 64, 4);
	fake_load(1, 1);
	fake_load(0, 0);
	watch(FIRST, 0xa0);
	line(FIRST, true);
	is(fake_ack(1), FIRST, "taken");
	fake_dist_w(0x6000 + 8 * FIRST, 8, 1);
	fake_eoi(1, FIRST);
	ok(fake_enter(), "routed elsewhere while active");
	is(ended(), FIRST, "it ends where it was");
	fake_run_on(1);
	is(fake_take(), FAKE_SPURIOUS, "and does not follow");
	line(FIRST, true);
	is(fake_take(), FIRST, "the next goes there");
	is(ended(), FIRST, "and ends there");
	fake_end();
}

/* Who asks goes through them once, whatever ends meanwhile. */
static void test_next(void)
{
	const u32 intid[] = { 32, 33, 95, 96, 500, 1019 };
	u32 i, good = 0;

	fake_start(1, 988, 16, 4);
	fake_dist_w(0, 4, 3);
	fake_load(0, 0);
	for (i = 0; i < ARRAY_SIZE(intid); i++) {
		watch(intid[i], 0xa0);
		line(intid[i], true);
		fake_take();
	}
	is(vgic_next_ended(fake.vgic, 97), 500, "the first behind another");
	is(vgic_next_ended(fake.vgic, 1020), NONE, "none behind the last");
	is(vgic_next_ended(fake.vgic, ~0u), NONE, "nor behind all");
	is(vgic_next_ended(fake.vgic, 33), 33, "from one that has ended on");
	line(500, true);
	fake_take();
	for (i = 0; i < ARRAY_SIZE(intid); i++)
		good += ended() == (i == 1 ? 95 : i < 1 ? 32 : i == 5 ? NONE : intid[i + 1]);
	is(good, ARRAY_SIZE(intid), "then in their order");
	fake_end();
}

/* Whatever happens: what is taken ends once, as long as lines are high they come, and no line is lost. */
static void test_random(u32 lrs)
{
	u32 round, i, lost = 0, twice = 0, early = 0, taken = 0;
	bool high[NR] = { false };

	start_groups(1, 64, lrs);
	fake_load(0, 0);
	for (i = 0; i < NR; i++)
		watch(FIRST + i, (u32)(fake_random() % 24) << 3);
	for (round = 0; round < 20000; round++) {
		u32 intid;
		u64 e;

		i = (u32)(fake_random() % NR);
		switch (fake_random() % 5) {
		case 0:
		case 1:
			high[i] = true;
			line(FIRST + i, true);
			break;
		case 2:
			fake_put(0);
			fake_load(0, 0);
			break;
		case 3:
			fake_dist_w(0x400 + FIRST + i, 1, fake_random() % 24 << 3);
			break;
		default:
			intid = fake_take();
			if (intid == FAKE_SPURIOUS)
				break;
			taken++;
			e = ended();
			lost += e == NONE;
			early += e != NONE && (e != intid || !high[e - FIRST]);
			twice += ended() != NONE;
			high[intid - FIRST] = false;
		}
		early += ended() != NONE;
	}
	for (i = 0; i < NR; i++)
		lost += high[i] != reg_bit(ISPENDR, FIRST + i);
	ok(taken > 1000, "%u taken, %u list registers", taken, lrs);
	is(lost, 0, "none is lost");
	is(twice, 0, "none ends twice");
	is(early, 0, "or without being taken");
	fake_end();
}

int main(void)
{
	test_arguments();
	test_eoi(false);
	test_eoi(true);
	test_split(false);
	test_split(true);
	test_overflow(4);
	test_overflow(1);
	test_overflow(16);
	test_not_an_end();
	test_latch();
	test_move();
	test_next();
	test_random(1);
	test_random(4);
	test_random(16);
	return tap_done();
}
