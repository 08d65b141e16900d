/* SPDX-License-Identifier: GPL-2.0-only */
/* The tables of LPIs in guest memory: properties and pending bits, read, written, saved, and not there. */
// sources: vgic/list.c vgic/lr.c vgic/flush.c vgic/irqreg.c vgic/mmio.c vgic/dist.c vgic/redist.c
// sources: vgic/sgi.c vgic/lpi.c vgic/vgic.c vgic/watch.c
// sources: tests/unit/vgic_host_fake.c
#include <string.h>
#include "hyp/lib/errno.h"
#include "tests/unit/tap.h"
#include "tests/unit/vgic_rig.h"

static struct vgic *v;

static int save_pending(u32 *steps)
{
	u32 cursor = 0;
	int ret;

	for (*steps = 1; (ret = vgic_lpi_save(v, &cursor)) == -EAGAIN && *steps < 10000; ++*steps)
		;
	return ret;
}

static void test_reload(void)
{
	v = start_lpis(2, 4);
	fake_load(0, 0);
	is(vgic_lpi_reload(v, 0, 8191), -22, "no LPI");
	is(vgic_lpi_reload(v, 2, 8192), -22, "no vCPU");
	lpi_on(0, 9000, ON);
	vgic_lpi_pend(v, 0, 9000);
	fake_lpi_prop(9000, 0x21);
	vgic_lpi_reload(v, 0, 9000);
	is(FIELD_GET(GENMASK(55, 48), fake_lr_of(9000)), 0x20,
	   "a new priority reaches the list register");
	fake_lpi_prop(9000, OFF);
	fake_rd_w(0, 0xa0, 8, 9000);
	is(fake_lr_state(9000), -1, "GICR_INVLPIR reads the property again");
	fake_lpi_prop(9000, ON);
	lpi_on(1, 9001, OFF);
	fake_lpi_prop(9001, ON);
	fake_rd_w(0, 0xb0, 8, 0);
	is(fake_take(), 9000, "GICR_INVALLR all of them");
	is(vgic_lpi_pend(v, 0, 9001), 1, "all");
	is(fake_take(), 9001, "yes");
	is(fake_rd_r(0, 0xc0, 4), 0, "GICR_SYNCR: done");
	/* Outside of the guest's memory. */
	fake_rd_w(1, 0, 4, 0);
	fake_rd_w(1, 0x70, 8, 0x10000000 | 15);
	fake_rd_w(1, 0, 4, 1);
	is(vgic_lpi_reload(v, 1, 9002), -14, "a property table that is not there");
	is(vgic_lpi_pend(v, 1, 9002), 0, "disables its LPIs");
	/* IDbits. */
	fake_rd_w(1, 0, 4, 0);
	fake_rd_w(1, 0x70, 8, fake_prop_ipa(8192) | 13);
	fake_rd_w(1, 0, 4, 1);
	fake_lpi_prop(16383, ON);
	fake_lpi_prop(16384, ON);
	vgic_lpi_reload(v, 1, 16383);
	is(vgic_lpi_reload(v, 1, 16384), -34, "an LPI beyond GICR_PROPBASER.IDbits is told");
	is(vgic_lpi_pend(v, 1, 16383), 1, "the last LPI within GICR_PROPBASER.IDbits");
	is(vgic_lpi_pend(v, 1, 16384), 0, "and the first beyond");
	fake_end();
}

/* A property byte that cannot be had leaves the LPI as it is. */
static void test_reload_fails(void)
{
	v = start_lpis(2, 4);
	fake_load(0, 0);
	fake_rd_w(1, 0, 4, 0);
	fake_rd_w(1, 0x70, 8, (fake_prop_ipa(8192) & ~UINT64_C(0xfff)) | 13);
	fake_rd_w(1, 0, 4, 1);
	lpi_on(0, 20000, ON);
	is(vgic_lpi_reload(v, 1, 20000), -34, "beyond the IDbits of one vCPU");
	is(vgic_lpi_pend(v, 0, 20000), 1, "... still enabled at the other");
	is(fake_take(), 20000, "... and taken");
	fake_end();
}

static void test_enable(void)
{
	u32 i;

	v = fake_start(2, 64, 16, 4);
	fake_dist_w(0, 4, 3);
	fake_load(0, 0);
	is(fake_rd_r(0, 0, 4), 6, "CES and IR are there, EnableLPIs is not set");
	is(vgic_lpi_reload(v, 0, 8192), 0, "mapped before EnableLPIs");
	is(vgic_lpi_pend(v, 0, 8192), 0, "LPIs off: dropped");
	is(vgic_cpu_stats(fake_vgic(0))->lpi_dropped, 1, "and counted");
	fake_lpi_prop(8192, ON);
	for (i = 0; i < 4; i++)
		fake_lpi_prop(30000 + i, i == 2 ? OFF : ON);
	*fake_ram(fake_pend_ipa(0, 30000)) = 0x0f; /* 30000 .. 30003 */
	*fake_ram(fake_pend_ipa(0, 65535)) = 0x80;
	fake_lpis_on(0);
	is(fake_rd_r(0, 0, 4), 7, "EnableLPIs is set");
	for (i = 0; i < 4; i++)
		if (i != 2)
			is(fake_take(), 30000 + i, "pending in the table: delivered");
	is(fake_take(), FAKE_SPURIOUS, "not the disabled one, nor what was dropped");
	is(vgic_lpi_pend(v, 0, 8192), 1, "its property was read again");
	is(fake_take(), 8192, "so it is delivered");
	fake_lpi_prop(30002, ON);
	vgic_lpi_reload(v, 0, 30002);
	is(fake_take(), 30002, "the disabled one waited");
	fake_lpi_prop(65535, ON);
	vgic_lpi_reload(v, 0, 65535);
	is(fake_take(), 65535, "as the last one");
	/* Off again: what is pending goes to memory, from lists and list registers. */
	fake_lpi_prop(30009, ON);
	vgic_lpi_reload(v, 0, 30009);
	for (i = 0; i < 4; i++)
		vgic_lpi_pend(v, 0, 30000 + i);
	vgic_lpi_pend(v, 0, 30009);
	fake_rd_w(0, 0x70, 8, 0);
	is(fake_rd_r(0, 0x70, 8) & GENMASK(51, 12), fake_prop_ipa(8192),
	   "GICR_PROPBASER is fixed while it is set");
	fake_rd_w(0, 0x78, 8, 0);
	is(fake_rd_r(0, 0x78, 8) & GENMASK(51, 16), fake_pend_ipa(0, 0), "and GICR_PENDBASER");
	fake_rd_w(0, 0, 4, 0);
	is(fake_rd_r(0, 0, 4), 6, "cleared, RWP is 0");
	is(fake_take(), FAKE_SPURIOUS, "no LPI is delivered");
	is(*fake_ram(fake_pend_ipa(0, 30000)), 0x0f, "the pending table has them");
	is(*fake_ram(fake_pend_ipa(0, 30009)), 0x02, "all");
	is(*fake_ram(fake_pend_ipa(0, 65535)), 0x00, "and not what was taken");
	/* On another vCPU that is given the same table. */
	fake_rd_w(1, 0x70, 8, fake_prop_ipa(8192) | 15);
	fake_rd_w(1, 0x78, 8, fake_pend_ipa(0, 0));
	fake_rd_w(1, 0, 4, 1);
	fake_load(1, 1);
	for (i = 0; i < 4; i++)
		is(fake_take(), 30000 + i, "and they come out where the table is used next");
	is(fake_take(), 30009, "all");
	is(fake_take(), FAKE_SPURIOUS, "once");
	/* PTZ */
	*fake_ram(fake_pend_ipa(0, 30000)) = 0x0f;
	fake_rd_w(0, 0x78, 8, fake_pend_ipa(0, 0) | BIT(62));
	is(fake_rd_r(0, 0x78, 8) & BIT(62), 0, "PTZ reads as 0");
	fake_rd_w(0, 0, 4, 1);
	fake_run_on(0);
	is(fake_take(), FAKE_SPURIOUS, "PTZ: the table is not looked at");
	fake_end();
}

/* What is in list registers of a vCPU that runs elsewhere when its LPIs are switched off. */
static void test_disable_remote(void)
{
	v = start_lpis(2, 4);
	fake_load(0, 0);
	lpi_on(0, 8300, ON);
	lpi_on(0, 8301, ON);
	vgic_lpi_pend(v, 0, 8300);
	vgic_lpi_pend(v, 0, 8301);
	is(fake_ack(1), 8300, "one taken, one pending");
	fake_put(0);
	fake_load(0, 0);
	fake_load(1, 1);
	fake_rd_w(0, 0, 4, 0);
	is(*fake_ram(fake_pend_ipa(0, 8301)) & 0x20, 0x20, "the pending one goes to the table");
	fake_run_on(0);
	fake_eoi(1, 8300);
	is(fake_take(), FAKE_SPURIOUS, "and leaves the list register");
	fake_rd_w(0, 0, 4, 1);
	is(fake_take(), 8301, "on again: it comes back");
	fake_end();
}

/* The walk over the tables has begun, but not ended. */
static void test_walks(void)
{
	u32 i, steps;

	v = start_lpis(2, 4);
	fake_load(0, 0);
	for (i = 0; i < 200; i++) {
		lpi_on(0, 8192 + i, ON);
		vgic_lpi_pend(v, 0, 8192 + i);
	}
	fake_enter();
	vgic_redist_write(fake_vgic(0), fake_vgic(0), 0, 4, 0);
	is(fake_rd_r(0, 0, 4), 0xe, "EnableLPIs cleared: RWP until all is written");
	ok(fake_enter(), "entered in between");
	is(fake_take(), FAKE_SPURIOUS, "no LPI is delivered any more");
	vgic_redist_write(fake_vgic(0), fake_vgic(0), 0, 4, 1);
	is(fake_rd_r(0, 0, 4), 0xe, "it cannot be set before that");
	for (steps = 1; vgic_redist_run(fake_vgic(0)); steps++)
		;
	ok(steps > 10, "%u bounded steps", steps);
	is(fake_rd_r(0, 0, 4), 0x6, "done");
	for (i = 0; i < 25; i++)
		if (*fake_ram(fake_pend_ipa(0, 8192 + i * 8)) != 0xff)
			break;
	is(i, 25, "all 200 are in the pending table");
	vgic_redist_write(fake_vgic(0), fake_vgic(0), 0, 4, 1);
	is(fake_rd_r(0, 0xc0, 4), 1, "set again: busy");
	vgic_redist_write(fake_vgic(0), fake_vgic(0), 0xb0, 8, 0);
	for (i = 0; i < 200; i++)
		fake_lpi_prop(8192 + i, i < 100 ? ON : OFF);
	while (vgic_redist_run(fake_vgic(0)))
		;
	is(fake_rd_r(0, 0xc0, 4), 0, "GICR_INVALLR meanwhile: done");
	for (i = 0; fake_take() != FAKE_SPURIOUS; i++)
		;
	is(i, 100, "with the properties of that moment");
	/* Moved to a vCPU whose LPIs are off. */
	vgic_lpi_pend(v, 0, 8192);
	fake_rd_w(1, 0, 4, 0);
	is(vgic_lpi_move(v, 8192, 1, false), 0, "moved to where LPIs are off");
	fake_load(1, 1);
	is(fake_take(), FAKE_SPURIOUS, "blocked");
	fake_rd_w(1, 0, 4, 1);
	is(fake_take(), 8192, "until they are on");
	fake_end();
}

static void test_bad_tables(void)
{
	v = fake_start(1, 64, 16, 4);
	fake_rd_w(0, 0x70, 8, ~UINT64_C(0));
	fake_rd_w(0, 0x78, 8, ~UINT64_C(0));
	fake_rd_w(0, 0, 4, 1);
	is(fake_rd_r(0, 0, 4), 7, "tables outside of memory: enabled all the same");
	is(vgic_lpi_reload(v, 0, 8192), -14, "nothing can be configured");
	vgic_lpi_pend(v, 0, 8192);
	fake_rd_w(0, 0, 4, 0);
	is(fake_rd_r(0, 0, 4), 6, "and off again");
	fake_rd_w(0, 0x70, 8, FAKE_RAM_BASE + FAKE_RAM_SIZE - 0x1000 + 15);
	fake_rd_w(0, 0x78, 8, FAKE_RAM_BASE + FAKE_RAM_SIZE - 0x10000);
	fake_rd_w(0, 0, 4, 1);
	is(fake_rd_r(0, 0, 4), 7, "tables that cross the end of memory");
	is(vgic_lpi_reload(v, 0, 8192 + 0xfff), 0, "inside");
	is(vgic_lpi_reload(v, 0, 8192 + 0x1000), -14, "outside");
	fake_rd_w(0, 0, 4, 0);
	fake_rd_w(0, 0x70, 8, FAKE_RAM_BASE);
	fake_rd_w(0, 0, 4, 1);
	is(vgic_lpi_reload(v, 0, 8192), -34, "IDbits of 0: there are no LPIs");
	is(vgic_lpi_pend(v, 0, 8192), 0, "and none is enabled");
	fake_end();
	v = fake_start(1, 64, 0, 4);
	fake_rd_w(0, 0, 4, 1);
	is(fake_rd_r(0, 0, 4), 0, "a VM without LPIs has no EnableLPIs");
	is(vgic_lpi_pend(v, 0, 8192), 0, "and no LPIs");
	is(fake_rd_r(0, 8, 8) & 1, 0, "as GICR_TYPER says");
	fake_end();
}

/* EnableLPIs is cleared, or the tables are saved, before they have been read: no bit is lost. */
static void test_unread(void)
{
	u32 lpi = 60000, steps, i;

	for (i = 0; i < 2; i++) {
		v = start_lpis(1, 4);
		fake_rd_w(0, 0, 4, 0);
		fake_lpi_prop(lpi, ON);
		*fake_ram(fake_pend_ipa(0, lpi)) = (u8)BIT(lpi % 8);
		vgic_redist_write(fake_vgic(0), fake_vgic(0), 0, 4, 1);
		if (i)
			is(save_pending(&steps), 0, "saved while they are being read");
		vgic_redist_write(fake_vgic(0), fake_vgic(0), 0, 4, 0);
		is(fake_rd_r(0, 0, 4), 0xe, "cleared while they are being read: RWP");
		vgic_redist_write(fake_vgic(0), fake_vgic(0), 0, 4, 1);
		is(fake_rd_r(0, 0, 4), 0xe, "... not to be set before that is done");
		while (vgic_redist_run(fake_vgic(0)))
			;
		is(fake_rd_r(0, 0, 4), 0x6, "... done");
		is(*fake_ram(fake_pend_ipa(0, lpi)), BIT(lpi % 8), "... the table has its bit");
		fake_rd_w(0, 0, 4, 1);
		fake_load(0, 0);
		is(fake_take(), lpi, "... and it comes");
		fake_end();
	}
}

/* The pending tables of a VM that is saved, and that they are what a new VM starts with. */
static void test_save(void)
{
	u32 i, steps, writes, wrong = 0;
	u8 *kib;

	v = start_lpis(3, 4);
	lpi_on(0, 8192, ON);
	lpi_on(1, 8205, OFF);
	lpi_on(1, 40000, ON);
	lpi_on(1, 65535, ON);
	for (i = 0; i < 2; i++) { /* what must not be touched, and what is out of date */
		memset(fake_ram(fake_pend_ipa(i, 0)), 0xaa, 1024);
		*fake_ram(fake_pend_ipa(i, 50000)) = 0xff;
	}
	vgic_lpi_pend(v, 0, 8192);
	vgic_lpi_pend(v, 1, 8205);
	vgic_lpi_pend(v, 1, 40000);
	vgic_lpi_pend(v, 1, 65535);
	fake_rd_w(2, 0, 4, 0);
	memset(fake_ram(fake_pend_ipa(2, 0)), 0x55, 8192);
	is(save_pending(&steps), 0, "pending tables saved");
	ok(steps > 20, "in bounded steps (%u)", steps);
	is(*fake_ram(fake_pend_ipa(0, 8192)), 0x01, "LPI 8192: the first bit after 1 KiB");
	is(*fake_ram(fake_pend_ipa(1, 8205)), 0x20, "a disabled one is pending as well");
	is(*fake_ram(fake_pend_ipa(1, 40000)), 0x01, "in its vCPU's table");
	is(*fake_ram(fake_pend_ipa(0, 40000)), 0x00, "and in no other");
	is(*fake_ram(fake_pend_ipa(1, 65535)), 0x80, "the last bit");
	is(*fake_ram(fake_pend_ipa(0, 50000)), 0x00, "what is not pending is cleared");
	for (kib = fake_ram(fake_pend_ipa(0, 0)), i = 0; i < 1024; i++)
		wrong += kib[i] != 0xaa;
	is(wrong, 0, "the first KiB is not altered");
	for (kib = fake_ram(fake_pend_ipa(2, 0)), i = 0; i < 8192; i++)
		wrong += kib[i] != 0x55;
	is(wrong, 0, "nor the table of a vCPU whose LPIs are off");
	writes = fake.ram_writes;
	is(save_pending(&steps), 0, "saved again");
	is(fake.ram_writes, writes, "... nothing is written that is there already");
	fake_load(1, 1);
	is(fake_take(), 40000, "saving takes nothing away");
	is(fake_take(), 65535, "nothing at all");
	is(fake_take(), FAKE_SPURIOUS, "and adds nothing");
	fake_put(1);
	fake_rd_w(0, 0, 4, 0);
	fake_rd_w(0, 0x78, 8, FAKE_RAM_BASE + FAKE_RAM_SIZE);
	fake_rd_w(0, 0, 4, 1);
	is(save_pending(&steps), -14, "a table outside of memory: -EFAULT");
	fake_end();
	/* A new VM over the same tables. */
	v = start_lpis(2, 4);
	fake_rd_w(1, 0, 4, 0);
	fake_lpi_prop(40000, ON);
	*fake_ram(fake_pend_ipa(1, 40000)) = 0x01;
	fake_lpis_on(1);
	fake_load(1, 1);
	is(fake_take(), 40000, "a restored VM has it pending");
	fake_end();
	v = fake_start(1, 32, 0, 4);
	is(save_pending(&steps), -6, "a VM without LPIs: -ENXIO");
	fake_end();
}

/* Tables in memory that is not there yet: every walk asks again, and no bit is lost or comes twice. */
static void test_late(u32 late)
{
	u32 steps, i, taken = 0;

	v = start_lpis(1, 4);
	lpi_on(0, 8192, ON);
	lpi_on(0, 40000, ON);
	lpi_on(0, 65535, ON);
	vgic_lpi_pend(v, 0, 8192);
	vgic_lpi_pend(v, 0, 65535);
	fake.ram_late = late;
	is(save_pending(&steps), 0, "pending tables saved, one access of %u finds no memory", late);
	is(*fake_ram(fake_pend_ipa(0, 8192)), 0x01, "the first bit");
	is(*fake_ram(fake_pend_ipa(0, 65535)), 0x80, "and the last");
	vgic_lpi_pend(v, 0, 40000);
	fake_rd_w(0, 0, 4, 0);
	is(fake_rd_r(0, 0, 4), 6, "LPIs off: what is pending goes to the table");
	is(*fake_ram(fake_pend_ipa(0, 40000)), 0x01, "all of it");
	fake_rd_w(0, 0, 4, 1);
	is(fake_rd_r(0, 0, 4), 7, "LPIs on: it comes back");
	for (i = 0; i < 100 && vgic_lpi_reload(v, 0, 40000) == -11; i++)
		;
	ok(i < 100, "a property is read at last (%u)", i);
	fake_rd_w(0, 0xa0, 8, 8192);
	is(fake_rd_r(0, 0xc0, 4), 0, "GICR_INVLPIR ends");
	fake.ram_late = 0;
	fake_load(0, 0);
	while (fake_take() != FAKE_SPURIOUS)
		taken++;
	is(taken, 3, "each LPI once");
	fake_end();
}

int main(void)
{
	test_reload();
	test_enable();
	test_disable_remote();
	test_walks();
	test_bad_tables();
	test_reload_fails();
	test_save();
	test_late(2);
	test_late(5);
	test_unread();
	return tap_done();
}
