/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A VMM's accesses (vgic/user.c): a state that guests made is read out, written into a new vGIC in several orders, and
 * both must then deliver the same; and what is different from a guest's accesses, one by one.
 */
// sources: vgic/list.c vgic/lr.c vgic/flush.c vgic/irqreg.c vgic/mmio.c vgic/dist.c vgic/redist.c
// sources: vgic/sgi.c vgic/lpi.c vgic/vgic.c vgic/watch.c vgic/user.c
// sources: tests/unit/vgic_host_fake.c
#include "hyp/lib/errno.h"
#include "tests/unit/tap.h"
#include "tests/unit/vgic_host_fake.h"
#include "vgic/state.h"

#define VCPUS 3
#define SPIS 64
#define SGI 0x10000
#define ROUNDS 300

#define ICC_PMR (3u << 14 | 4 << 7 | 6 << 3)
#define ICC_BPR0 (3u << 14 | 12 << 7 | 8 << 3 | 3)
#define ICC_AP0R(n) (3u << 14 | 12 << 7 | 8 << 3 | (4 + (n)))
#define ICC_AP1R(n) (3u << 14 | 12 << 7 | 9 << 3 | (n))
#define ICC_BPR1 (3u << 14 | 12 << 7 | 12 << 3 | 3)
#define ICC_CTLR (3u << 14 | 12 << 7 | 12 << 3 | 4)
#define ICC_SRE (3u << 14 | 12 << 7 | 12 << 3 | 5)
#define ICC_IGRPEN0 (3u << 14 | 12 << 7 | 12 << 3 | 6)
#define ICC_IGRPEN1 (3u << 14 | 12 << 7 | 12 << 3 | 7)

enum kind { DIST, REDIST, LINES, SYSREG };

/* One register of the saved state. */
struct saved {
	enum kind kind;
	u32 vcpu, where;
	u64 val;
};

static struct saved image[1024];
static u32 nr_image;

static int access(struct saved *s, bool write)
{
	struct vgic_cpu *c = fake_vgic(s->vcpu);
	u32 val = (u32)s->val;
	int err;

	if (s->kind == SYSREG)
		return vgic_user_sysreg(c, s->where, &s->val, write);
	do {
		err = s->kind == LINES ? vgic_user_lines(c, s->where, &val, write)
				       : vgic_user_reg(c, s->kind == REDIST, s->where, &val, write);
	} while (err == -EAGAIN);
	s->val = val;
	return err;
}

static u32 get(enum kind kind, u32 vcpu, u32 where)
{
	struct saved s = { .kind = kind, .vcpu = vcpu, .where = where };
	int err = access(&s, false);

	return err ? (u32)err : (u32)s.val;
}

static int set(enum kind kind, u32 vcpu, u32 where, u64 val)
{
	struct saved s = { .kind = kind, .vcpu = vcpu, .where = where, .val = val };

	return access(&s, true);
}

static void add(enum kind kind, u32 vcpu, u32 where)
{
	image[nr_image] = (struct saved){ .kind = kind, .vcpu = vcpu, .where = where };
	if (access(&image[nr_image++], false))
		abort();
}

static void add_row(enum kind kind, u32 vcpu, u32 where, u32 bytes)
{
	for (; bytes; bytes -= 4, where += 4)
		add(kind, vcpu, where);
}

/* As QEMU has it, but for the clearing registers, which a new vGIC does not need. */
static void save(void)
{
	u32 i;

	nr_image = 0;
	for (i = 0; i < VCPUS; i++) {
		add(REDIST, i, 0x14);
		add(REDIST, i, SGI + 0x80);
		add(REDIST, i, SGI + 0x100);
		add_row(REDIST, i, SGI + 0xc00, 8);
		add(LINES, i, 0);
		add(REDIST, i, SGI + 0x200);
		add(REDIST, i, SGI + 0x300);
		add_row(REDIST, i, SGI + 0x400, 32);
	}
	add(DIST, 0, 0);
	add_row(DIST, 0, 0x84, SPIS / 8);
	add_row(DIST, 0, 0x104, SPIS / 8);
	add_row(DIST, 0, 0xc08, SPIS / 4);
	add_row(DIST, 0, 0x204, SPIS / 8);
	add_row(DIST, 0, 0x304, SPIS / 8);
	add_row(DIST, 0, 0x420, SPIS);
	add_row(DIST, 0, 0x6100, SPIS * 8);
	for (i = 32; i < 32 + SPIS; i += 32)
		add(LINES, 0, i);
	for (i = 0; i < VCPUS; i++) {
		add(SYSREG, i, ICC_SRE);
		add(SYSREG, i, ICC_CTLR);
		add(SYSREG, i, ICC_IGRPEN0);
		add(SYSREG, i, ICC_IGRPEN1);
		add(SYSREG, i, ICC_PMR);
		add(SYSREG, i, ICC_BPR0);
		add(SYSREG, i, ICC_BPR1);
		add(SYSREG, i, ICC_AP0R(0));
		add(SYSREG, i, ICC_AP1R(0));
	}
}

/* A guest's accesses, of all kinds; at most one interrupt of each vCPU is active in the end. */
static u32 make_state(u32 *running)
{
	u32 i, n, taken = 0;

	for (i = 0; i < VCPUS; i++)
		running[i] = FAKE_SPURIOUS;
	fake_dist_w(0, 4, 3);
	for (i = 0; i < VCPUS; i++) {
		for (n = 0; n < 32; n += 4)
			fake_rd_w(i, SGI + 0x400 + n, 4, fake_random());
		fake_rd_w(i, SGI + 0x80, 4, fake_random() | fake_random());
		fake_rd_w(i, SGI + 0x100, 4, fake_random());
		fake_rd_w(i, SGI + 0xc04, 4, fake_random());
		fake_rd_w(i, 0x14, 4, 0);
	}
	for (n = 32; n < 32 + SPIS; n++) {
		fake_dist_w(0x400 + n, 1, fake_random());
		fake_dist_w(0x6000 + 8 * n, 8, fake_random() % (VCPUS + 1));
	}
	for (n = 4; n <= SPIS / 8; n += 4) {
		fake_dist_w(0x80 + n, 4, fake_random() | fake_random());
		fake_dist_w(0x100 + n, 4, fake_random());
	}
	for (n = 8; n < 8 + SPIS / 4; n += 4)
		fake_dist_w(0xc00 + n, 4, fake_random());
	for (n = 0; n < 40; n++) {
		u32 intid = 32 + fake_random() % SPIS, vcpu = fake_random() % VCPUS;

		switch (fake_random() % 4) {
		case 0:
			vgic_set_line(fake.vgic, NULL, intid, fake_random() & 1);
			break;
		case 1:
			vgic_set_line(fake.vgic, fake_vgic(vcpu), 16 + intid % 16,
				      fake_random() & 1);
			break;
		case 2:
			fake_dist_w(0x200 + intid / 32 * 4, 4, BIT(intid % 32));
			break;
		default:
			fake_sgi(fake_vgic(vcpu), VGIC_SGI1R,
				 BIT(fake_random() % VCPUS) | (u64)(intid % 16) << 24);
		}
		if (fake.vcpu[vcpu].cpu == FAKE_NO_CPU && fake_random() % 2) {
			fake_load(vcpu, vcpu);
			fake_enter();
		}
		if (fake.vcpu[vcpu].cpu != FAKE_NO_CPU && running[vcpu] == FAKE_SPURIOUS &&
		    n > 20) {
			fake_run_on(vcpu);
			fake_enter();
			running[vcpu] = fake_ack(1);
			taken += running[vcpu] != FAKE_SPURIOUS;
		}
		/* Nobody leaves a kick unheard. */
		for (i = 0; i < VCPUS; i++)
			fake_enter_vcpu(i);
	}
	for (i = 0; i < VCPUS; i++) {
		if (fake.vcpu[i].cpu != FAKE_NO_CPU)
			fake_put(i);
	}
	fake_run_on(0);
	return taken;
}

/* What each vCPU gets from here on, with all lines low. */
static u32 drain(const u32 *running, u8 *count)
{
	u32 i, id, total = 0;

	memset(count, 0, VCPUS * (32 + SPIS));
	for (i = 0; i < SPIS; i++)
		vgic_set_line(fake.vgic, NULL, 32 + i, false);
	for (i = 0; i < VCPUS; i++) {
		for (id = 16; id < 32; id++)
			vgic_set_line(fake.vgic, fake_vgic(i), id, false);
		fake_load(i, i);
		if (running[i] != FAKE_SPURIOUS)
			fake_eoi(1, running[i]);
		for (;;) {
			u32 group = 1;

			fake_enter();
			id = fake_ack(group);
			if (id == FAKE_SPURIOUS)
				id = fake_ack(group = 0);
			if (id == FAKE_SPURIOUS || ++total > 10000)
				break;
			count[i * (32 + SPIS) + id]++;
			fake_eoi(group, id);
		}
		fake_put(i);
	}
	return total;
}

static bool image_same(const struct saved *was, u32 nr)
{
	u32 i;

	for (i = 0; i < nr; i++) {
		if (was[i].val == image[i].val)
			continue;
		printf("# kind %u, vCPU %u, 0x%x: was 0x%llx, is 0x%llx\n", was[i].kind,
		       was[i].vcpu, was[i].where, (unsigned long long)was[i].val,
		       (unsigned long long)image[i].val);
		return false;
	}
	return nr == nr_image;
}

/* @shuffle: in any order, but that ICC_CTLR comes before ICC_BPR1. */
static bool restore(const struct saved *s, u32 nr, bool shuffle)
{
	static u32 order[ARRAY_SIZE(image)];
	struct saved one;
	u32 i;

	for (i = 0; i < nr; i++)
		order[i] = i;
	for (i = nr - 1; shuffle && i; i--) {
		u32 k = fake_random() % (i + 1), t = order[i];

		order[i] = order[k];
		order[k] = t;
	}
	for (i = 0; i < nr; i++) {
		one = s[order[i]];
		if (access(&one, true))
			return false;
	}
	return true;
}

static bool round_trip(bool shuffle, u32 *taken, u32 *delivered)
{
	static struct saved first[ARRAY_SIZE(image)], final[ARRAY_SIZE(image)];
	static u8 count[VCPUS * (32 + SPIS)], again[sizeof(count)];
	u32 running[VCPUS], nr, total;
	bool good;

	fake_start(VCPUS, SPIS, 0, 2);
	*taken += make_state(running);
	save();
	nr = nr_image;
	memcpy(first, image, sizeof(first));
	total = drain(running, count);
	*delivered += total;
	save();
	memcpy(final, image, sizeof(final));
	fake_end();

	fake_start(VCPUS, SPIS, 0, 2);
	good = restore(first, nr, shuffle);
	save();
	good = good && image_same(first, nr);
	good = good && drain(running, again) == total && !memcmp(count, again, sizeof(count));
	save();
	good = good && image_same(final, nr);
	fake_end();
	return good;
}

static void test_round_trips(void)
{
	u32 i, taken = 0, delivered = 0;
	bool good = true;

	fake_random_seed(3);
	for (i = 0; i < ROUNDS && good; i++)
		good = round_trip(i & 1, &taken, &delivered);
	ok(good, "%u states are read, written into a new vGIC, and go on the same", i);
	ok(taken > ROUNDS && delivered > 5 * ROUNDS, "with %u active and %u pending interrupts",
	   taken, delivered);
}

static void test_access(void)
{
	u32 val = 0;

	fake_start(VCPUS, SPIS, 16, 4);
	is(vgic_user_reg(fake_vgic(0), false, 0x40, &val, false), -ENXIO, "GICD 0x40: no register");
	is(vgic_user_reg(fake_vgic(0), false, 2, &val, false), -ENXIO, "not aligned");
	is(vgic_user_reg(fake_vgic(0), false, 0x10000, &val, false), -ENXIO, "behind the frame");
	is(vgic_user_reg(fake_vgic(0), true, 0x20000, &val, false), -ENXIO,
	   "behind the redistributor");
	is(vgic_user_reg(fake_vgic(0), true, 0xfffffffffffffffc, &val, false), -ENXIO,
	   "far behind it");
	is(vgic_user_reg_has(true, SGI + 0xe00), 0, "GICR_NSACR is there");
	is(vgic_user_reg_has(false, 0x84), 0, "GICD_IGROUPR1 as well");
	is(vgic_user_reg_has(false, 0x81), -ENXIO, "but not at 0x81");
	is(get(DIST, 0, 0x10), 0, "GICD_STATUSR reads as zero");
	is(set(DIST, 0, 0x10, ~0u), 0, "and can be written");
	is(get(DIST, 0, 0x100), 0, "private interrupts are not the distributor's");
	is(set(DIST, 0, 0x100, ~0u), 0, "writes of them");
	is(get(REDIST, 0, SGI + 0x100), 0, "do nothing");
	is(get(DIST, 0, 8), VGIC_IIDR, "GICD_IIDR");
	is(set(DIST, 0, 8, VGIC_IIDR ^ 1), -EINVAL, "of another implementer");
	is(set(DIST, 0, 8, VGIC_IIDR ^ 0x2000), -EINVAL, "revision 1");
	is(set(DIST, 0, 8, VGIC_IIDR ^ 0x7000), -EINVAL, "revision 4");
	is(get(REDIST, 0, 0), 6, "GICR_CTLR: CES, IR");
	is(set(DIST, 0, 8, VGIC_IIDR ^ 0x1000), 0, "revision 2");
	is(get(REDIST, 0, 0), 0, "has neither");
	is(set(REDIST, 1, 0x70, 0x4004000f), 0, "the low half of GICR_PROPBASER");
	is(set(REDIST, 1, 0x74, 1), 0, "the high half");
	is(fake_rd_r(1, 0x70, 8) & 0xffffffff0000f01f, 0x10000000f,
	   "both are there, with the attributes that are possible");
	fake_end();
}

static void test_latch(void)
{
	fake_start(VCPUS, SPIS, 0, 4);
	fake_irq_on(0, 40, 0x80, true);
	vgic_set_line(fake.vgic, NULL, 40, true);
	is(fake_dist_r(0x204, 4), 0x100, "a level interrupt pends by its line");
	is(get(DIST, 0, 0x204), 0, "which is no latch");
	is(get(LINES, 0, 32), 0x100, "but a line");
	is(set(DIST, 0, 0x204, 0x100), 0, "the latch is set");
	is(set(LINES, 0, 32, 0), 0, "the line cleared");
	is(fake_dist_r(0x204, 4), 0x100, "and it pends on");
	is(set(DIST, 0, 0x284, ~0u), 0, "ICPENDR of a VMM");
	is(get(DIST, 0, 0x204), 0x100, "changes nothing");
	is(get(DIST, 0, 0x284), 0, "and reads as zero");
	is(set(DIST, 0, 0x204, 0), 0, "a zero in ISPENDR");
	is(fake_dist_r(0x204, 4), 0, "clears the latch");
	fake_irq_on(0, 41, 0x80, false);
	is(set(LINES, 0, 32, 0x200), 0, "the line of an edge interrupt");
	is(get(DIST, 0, 0x204), 0, "makes nothing pending");
	is(get(LINES, 0, 32), 0x200, "and can be read back");
	is(get(LINES, 0, 64 + 32), 0, "lines beyond the last interrupt are low");
	is(set(LINES, 0, 33, 0), -EINVAL, "lines of 33 and on");
	is(set(LINES, 0, 0, ~0u), 0, "lines of private interrupts");
	is(get(LINES, 0, 0), 0xffff0000, "SGIs have none");
	is(get(LINES, 1, 0), 0, "nor has another vCPU");
	fake_end();
}

/* A tied PPI: what its line did comes again by itself, what software did does not. */
static void test_tied(void)
{
	fake_start(VCPUS, SPIS, 0, 4);
	vgic_map_hw_ppi(fake_vgic(0), 27, 30);
	fake_irq_on(0, 27, 0x80, true);
	fake.ppi[0][30].pending = true;
	vgic_inject_hw_ppi(fake_vgic(0), 27);
	fake.ppi[0][30].active = true;
	is(get(REDIST, 0, SGI + 0x200), 0, "a timer that fired: no latch");
	is(get(LINES, 0, 0), BIT(27), "its line is high");
	is(set(LINES, 0, 0, 0), 0, "a VMM cannot clear that");
	is(get(LINES, 0, 0), BIT(27), "so it stays");
	is(set(REDIST, 0, SGI + 0x200, BIT(27)), 0, "set pending by software");
	is(get(REDIST, 0, SGI + 0x200), BIT(27), "is a latch");
	ok(fake.ppi[0][30].pending, "of the physical interrupt too");
	is(set(REDIST, 0, SGI + 0x300, BIT(27)), 0, "made active");
	ok(fake.ppi[0][30].active, "so is the physical one");
	is(set(REDIST, 0, SGI + 0x380, BIT(27)), 0, "and no longer");
	ok(!fake.ppi[0][30].active, "nor is the physical one");
	fake_end();
}

/* A PPI that is tied only when its VMM has restored it: a VM's timers are, when it first runs. */
static void test_tied_late(void)
{
	fake_start(VCPUS, SPIS, 0, 4);
	fake_dist_w(0, 4, 3);
	fake_irq_on(0, 27, 0x80, true);
	fake_irq_on(0, 26, 0x80, true);
	fake_irq_on(0, 25, 0x80, true);
	is(set(LINES, 0, 0, BIT(27)), 0, "a line that was high when it was saved");
	is(set(REDIST, 0, SGI + 0x200, BIT(26)), 0, "a latch");
	is(set(REDIST, 0, SGI + 0x300, BIT(25)), 0, "an active one");
	vgic_map_hw_ppi(fake_vgic(0), 27, 30);
	vgic_map_hw_ppi(fake_vgic(0), 26, 29);
	vgic_map_hw_ppi(fake_vgic(0), 25, 28);
	is(get(LINES, 0, 0), 0, "the line is the physical one's, which is low");
	is(get(REDIST, 0, SGI + 0x200), BIT(26), "the latch is still there");
	ok(fake.ppi[0][28].active && !fake.ppi[0][29].active, "so is the active state, physically");
	fake_load(0, 0);
	fake_enter();
	is(fake_ack(1), 26, "what was latched is taken");
	fake_eoi(1, 26);
	fake_enter();
	is(fake_ack(1), FAKE_SPURIOUS, "and nothing else comes");
	fake_put(0);
	fake_end();
}

/* Tables that are read in steps: no call does more than one. */
static void test_steps(void)
{
	u32 val = 1, cursor = 0, calls = 1;

	fake_start(VCPUS, SPIS, 16, 4);
	set(REDIST, 0, 0x70, fake_prop_ipa(8192) | 15);
	set(REDIST, 0, 0x78, fake_pend_ipa(0, 0));
	is(vgic_user_reg(fake_vgic(0), true, 0, &val, true), -EAGAIN, "EnableLPIs is set in steps");
	is(fake.ram_reads, 0, "of which the write is one");
	while (vgic_user_reg(fake_vgic(0), true, 0, &val, true) == -EAGAIN)
		calls++;
	ok(calls > 20 && fake.ram_reads, "and the tables are read in %u", calls);
	set(REDIST, 0, 0, 0);
	vgic_redist_write(fake_vgic(0), fake_vgic(0), 0, 4, 1);
	ok(vgic_redist_busy(fake_vgic(0)), "a guest sets it again");
	while (vgic_redist_busy(fake_vgic(0)))
		vgic_lpi_save(fake.vgic, &cursor);
	is(cursor, 0, "tables are saved in other steps than those that read them before");
	fake_end();
}

/* Priority and route written after an interrupt was made active. */
static void test_active_first(void)
{
	fake_start(VCPUS, SPIS, 0, 4);
	fake_dist_w(0, 4, 3);
	is(set(DIST, 0, 0x304, 0x100), 0, "SPI 40 active");
	is(set(DIST, 0, 0x428, 0x50), 0, "then its priority");
	is(set(DIST, 0, 0x6140, 1), 0, "then its route");
	is(set(SYSREG, 1, ICC_AP1R(0), BIT(0x50 >> 3)), 0, "vCPU 1 runs at that priority");
	fake_load(1, 0);
	fake_eoi(1, 40);
	fake_enter();
	is(fake_dist_r(0x304, 4), 0, "and ends it");
	fake_put(1);
	fake_end();
}

static void test_sysregs(void)
{
	const u32 ctlr = 4 << 8 | 1 << 11 | 1 << 15;

	fake_start(VCPUS, SPIS, 0, 4);
	is(get(SYSREG, 0, ICC_CTLR), ctlr, "ICC_CTLR_EL1 shows what the CPU has");
	is(set(SYSREG, 0, ICC_CTLR, ctlr | 3), 0, "CBPR and EOImode can be set");
	is(get(SYSREG, 0, ICC_CTLR), ctlr | 3, "and are there");
	is(set(SYSREG, 0, ICC_CTLR, 5 << 8 | 1 << 11 | 1 << 15), -EINVAL, "more priority bits");
	is(set(SYSREG, 0, ICC_CTLR, 4 << 8 | 2 << 11 | 1 << 15), -EINVAL, "more INTID bits");
	is(set(SYSREG, 0, ICC_CTLR, 4 << 8 | 1 << 11), -EINVAL, "no A3V");
	is(set(SYSREG, 0, ICC_CTLR, ctlr | 1 << 14), -EINVAL, "SEIS");
	is(set(SYSREG, 0, ICC_BPR0, 3), 0, "ICC_BPR0_EL1");
	is(get(SYSREG, 0, ICC_BPR1), 4, "with CBPR it is in BPR1, plus 1");
	is(set(SYSREG, 0, ICC_BPR1, 6), 0, "which then ignores writes");
	is(set(SYSREG, 0, ICC_CTLR, ctlr), 0, "without CBPR");
	is(get(SYSREG, 0, ICC_BPR1), 0, "BPR1 is itself");
	is(set(SYSREG, 0, ICC_PMR, 0xf0), 0, "ICC_PMR_EL1");
	is(get(SYSREG, 0, ICC_PMR), 0xf0, "reads back");
	is(get(SYSREG, 1, ICC_PMR), 0, "another vCPU's is its own");
	is(get(SYSREG, 0, ICC_SRE), 7, "ICC_SRE_EL1");
	is(set(SYSREG, 0, ICC_SRE, 6), -EINVAL, "cannot be switched off");
	is(set(SYSREG, 0, ICC_AP1R(3), 1), vgic_host_nr_aprs() > 3 ? 0 : -EINVAL, "ICC_AP1R3_EL1");
	is(set(SYSREG, 0, 0xc662, 1), -ENXIO, "no such register");
	is(vgic_user_sysreg_has(ICC_AP0R(3)), 0, "ICC_AP0R3_EL1 is one");
	is(vgic_user_sysreg_has(ICC_AP1R(3) + 1), -ENXIO, "what follows AP1R3 is not");
	fake_end();
}

/* Pending LPIs come from the pending table at EnableLPIs; a VMM that clears it writes no guest memory. */
static void test_lpis(void)
{
	const u32 lpi = 8192 + 77;
	u32 writes;

	fake_start(VCPUS, SPIS, 16, 4);
	fake_dist_w(0, 4, 3);
	fake_lpi_prop(lpi, 0xa0 | 1);
	fake_lpis_on(1);
	vgic_lpi_reload(fake.vgic, 1, lpi);
	vgic_lpi_pend(fake.vgic, 1, lpi);
	writes = fake.ram_writes;
	is(get(REDIST, 1, 0) & 1, 1, "EnableLPIs is set");
	is(set(REDIST, 1, 0, 0), 0, "a VMM clears it");
	is(get(REDIST, 1, 0) & 9, 0, "it is off, RWP as well");
	is(fake.ram_writes, writes, "no guest memory was written");
	is(*fake_ram(fake_pend_ipa(1, lpi)) & BIT(lpi % 8), 0, "nor is it pending there");
	*fake_ram(fake_pend_ipa(1, lpi)) |= BIT(lpi % 8);
	is(set(REDIST, 1, 0x78, (u32)fake_rd_r(1, 0x78, 8)), 0, "GICR_PENDBASER");
	is(set(REDIST, 1, 0, 1), 0, "set again");
	fake_load(1, 0);
	is(fake_take(), lpi, "what the pending table says comes");
	is(fake_take(), FAKE_SPURIOUS, "once");
	fake_put(1);
	fake_end();
}

int main(void)
{
	test_access();
	test_latch();
	test_tied();
	test_tied_late();
	test_steps();
	test_active_first();
	test_sysregs();
	test_lpis();
	test_round_trips();
	return tap_done();
}
