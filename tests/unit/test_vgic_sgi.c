/* SPDX-License-Identifier: GPL-2.0-only */
/* SGIs in all forms of affinity, on small and on the largest VMs. */
// sources: vgic/list.c vgic/lr.c vgic/flush.c vgic/irqreg.c vgic/mmio.c vgic/dist.c vgic/redist.c
// sources: vgic/sgi.c vgic/lpi.c vgic/vgic.c vgic/watch.c
// sources: tests/unit/vgic_host_fake.c
#include <stdlib.h>
#include "hyp/lib/string.h"
#include "tests/unit/tap.h"
#include "tests/unit/vgic_host_fake.h"

#define SGI 0x10000
#define ISPENDR (SGI + 0x200)
#define ICPENDR (SGI + 0x280)

static u64 sgir(u32 intid, u64 mpidr_cluster, u32 rs, u32 targets, bool irm)
{
	return (u64)intid << 24 | (mpidr_cluster >> 32 & 0xff) << 48 |
	       (mpidr_cluster >> 16 & 0xff) << 32 | (mpidr_cluster >> 8 & 0xff) << 16 |
	       (u64)rs << 44 | (u64)irm << 40 | targets;
}

static void test_deliver(void)
{
	u32 i;

	fake_start(4, 32, 0, 4);
	fake_dist_w(0, 4, 3);
	for (i = 0; i < 4; i++) {
		fake_irq_on(i, 5, 0xa0, false);
		fake_load(i, i);
	}
	fake_run_on(0);
	fake_sgi(fake_vgic(0), VGIC_SGI1R, sgir(5, 0, 0, 0xe, false));
	is(fake_take(), FAKE_SPURIOUS, "not to the sender, who is not in the list");
	for (i = 1; i < 4; i++) {
		is(fake.vcpu[i].kicks, 1, "vCPU %u is kicked", i);
		fake_run_on(i);
		is(fake_take(), 5, "and has it");
		is(fake_take(), FAKE_SPURIOUS, "once");
	}
	fake_sgi(fake_vgic(3), VGIC_SGI1R, sgir(5, 0, 0, 8, false));
	is(fake_lr_state(5), 1, "to itself: at once");
	is(fake_take(), 5, "taken");
	fake_sgi(fake_vgic(3), VGIC_SGI1R, sgir(5, 0, 0, 0, true));
	is(fake_take(), FAKE_SPURIOUS, "IRM: not to the sender");
	for (i = 0; i < 3; i++) {
		fake_run_on(i);
		is(fake_take(), 5, "but to vCPU %u", i);
	}
	fake_sgi(fake_vgic(0), VGIC_SGI1R, sgir(5, 0x100, 0, 0xf, false));
	fake_sgi(fake_vgic(0), VGIC_SGI1R, sgir(5, 0, 1, 0xf, false));
	fake_sgi(fake_vgic(0), VGIC_SGI1R, sgir(5, 0, 0, 0xfff0, false));
	fake_sgi(fake_vgic(0), VGIC_SGI1R, sgir(5, 0, 0, 0, false));
	for (i = 0; i < 4; i++) {
		(void)fake_rd_r(i, ISPENDR, 4); /* kicks, for those that run elsewhere */
		fake_enter_vcpu(i);
		is(fake_rd_r(i, ISPENDR, 4), 0, "affinities of nobody: vCPU %u has nothing", i);
	}
	/* Coalescing. */
	fake_run_on(0);
	for (i = 0; i < 4; i++)
		fake.vcpu[i].kicks = 0;
	for (i = 0; i < 10; i++) {
		fake_irq_on(1, i, 0xa0, false);
		fake_sgi(fake_vgic(0), VGIC_SGI1R, sgir(i, 0, 0, 2, false));
	}
	is(fake.vcpu[1].kicks, 1, "ten SGIs to a vCPU that has not looked: one kick");
	fake_put(1);
	fake_run_on(0);
	fake_sgi(fake_vgic(0), VGIC_SGI1R, sgir(5, 0, 0, 2, false));
	fake_irq_on(1, 11, 0xa0, false);
	fake_sgi(fake_vgic(0), VGIC_SGI1R, sgir(11, 0, 0, 2, false));
	is(fake.vcpu[1].kicks, 2,
	   "a vCPU that is not loaded may be blocked: a kick for what is new");
	ok(vgic_has_pending(fake_vgic(1)), "and a reason to wake");
	fake_load(1, 1);
	for (i = 0; i < 10; i++)
		is(fake_take(), i, "SGI %u", i);
	is(fake_take(), 11, "and the last");
	fake_end();
}

static void test_groups(void)
{
	fake_start(2, 32, 0, 4);
	fake_rd_w(1, SGI + 0x80, 4, ~UINT64_C(2)); /* SGI 1 in group 0 */
	fake_sgi(fake_vgic(0), VGIC_SGI1R, sgir(1, 0, 0, 2, false));
	is(fake_rd_r(1, ISPENDR, 4), 2, "ICC_SGI1R reaches group 0");
	fake_rd_w(1, ICPENDR, 4, 0xffff);
	fake_sgi(fake_vgic(0), VGIC_SGI1R, sgir(2, 0, 0, 2, false));
	is(fake_rd_r(1, ISPENDR, 4), 4, "and group 1");
	fake_rd_w(1, ICPENDR, 4, 0xffff);
	fake_sgi(fake_vgic(0), VGIC_SGI0R, sgir(1, 0, 0, 2, false));
	fake_sgi(fake_vgic(0), VGIC_SGI0R, sgir(2, 0, 0, 2, false));
	is(fake_rd_r(1, ISPENDR, 4), 2, "ICC_SGI0R only group 0");
	fake_rd_w(1, ICPENDR, 4, 0xffff);
	fake_sgi(fake_vgic(0), VGIC_ASGI1R, sgir(1, 0, 0, 2, true));
	fake_sgi(fake_vgic(0), VGIC_ASGI1R, sgir(2, 0, 0, 2, true));
	is(fake_rd_r(1, ISPENDR, 4), 2, "ICC_ASGI1R, too");
	fake_end();
}

/* 512 vCPUs with affinities all over the space. */
static void test_affinities(void)
{
	struct vgic_config cfg = { .nr_vcpus = 512, .nr_spis = 32 };
	static struct fake_vcpu host[512];
	static u64 mpidr[512];
	void *mem = aligned_alloc(64, vgic_mem_size(&cfg));
	struct vgic *v = vgic_init(memset(mem, 0, vgic_mem_size(&cfg)), &cfg);
	struct vgic_cpu *c0;
	bool good = true;
	u32 i, k, hits;

	for (i = 0; i < 512; i++) {
		switch (i % 4) {
		case 0: /* as KVM gives them: 16 per cluster */
			mpidr[i] = (i / 4 & 15) | (u64)(i / 64) << 8;
			break;
		case 1: /* one per cluster */
			mpidr[i] = (u64)(i / 4) << 16 | 0x4000 | (i & 0xf0);
			break;
		case 2:
			mpidr[i] = (u64)(i / 4) << 32 | 0x80ff00;
			break;
		default: /* one long cluster */
			mpidr[i] = 0x1200000000 | 0x341100 | (i / 4 * 2 & 0xff);
			break;
		}
		host[i].index = i;
		host[i].cpu = FAKE_NO_CPU;
		host[i].vgic = vgic_cpu_init(v, i, mpidr[i] | BIT(31), false, &host[i]);
	}
	c0 = vgic_cpu_get(v, 0);
	for (i = 0; i < 512; i++) {
		u32 aff0 = mpidr[i] & 0xff;

		fake_sgi(c0, VGIC_SGI1R, sgir(7, mpidr[i], aff0 / 16, 1u << aff0 % 16, false));
		for (hits = 0, k = 0; k < 512; k++)
			if (vgic_redist_read(c0, host[k].vgic, ISPENDR, 4)) {
				hits++;
				good = good && k == i;
				vgic_redist_write(c0, host[k].vgic, ICPENDR, 4, 0xffff);
			}
		good = good && hits == 1;
		good = good && vgic_redist_read(c0, host[i].vgic, 8, 8) >> 32 ==
				       ((mpidr[i] & 0xffffff) | (mpidr[i] >> 32 & 0xff) << 24);
	}
	ok(good, "512 vCPUs: each is reached by its affinity, and by nothing else");
	fake_sgi(c0, VGIC_SGI1R, sgir(7, 0x1200000000 | 0x341100, 2, 0xffff, false));
	for (hits = 0, k = 0; k < 512; k++)
		hits += vgic_redist_read(c0, host[k].vgic, ISPENDR, 4) == 0x80;
	is(hits, 8, "a range of sixteen, every other of which is there");
	for (k = 0; k < 512; k++)
		vgic_redist_write(c0, host[k].vgic, ICPENDR, 4, 0xffff);
	fake_sgi(c0, VGIC_SGI1R, sgir(9, 0, 0, 0, true));
	for (hits = 0, k = 0; k < 512; k++)
		hits += vgic_redist_read(c0, host[k].vgic, ISPENDR, 4) == 0x200;
	is(hits, 511, "IRM: all but the sender");
	ok(vgic_cpu_get(v, 512) == NULL, "there is no vCPU 512");
	for (good = true, i = 0; i < 512; i++) {
		vgic_dist_write(c0, 0x6100, 8, mpidr[i]);
		vgic_dist_write(c0, 0x204, 4, 1);
		vgic_dist_write(c0, 0x104, 4, 1);
		vgic_dist_write(c0, 0, 4, 3);
		good = good && vgic_dist_read(c0, 0x6100, 8) == mpidr[i];
	}
	ok(good, "an SPI can be routed to each of them");
	free(mem);
}

int main(void)
{
	test_deliver();
	test_groups();
	test_affinities();
	return tap_done();
}
