/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A whole interrupt controller under a hostile guest: GICD, GICR and GITS at every width and
 * alignment, SGIs, tables in memory, vCPUs that are loaded, put and reset, guests that acknowledge
 * and end what they like, physical interrupts and MSIs; and under a hostile VMM, which has the vCPUs
 * stopped. ITS and vGIC are connected as hyp/vits.c connects them; what must hold is checked in
 * tests/fuzz/machine.c, and of a migration in tests/fuzz/vmm.c.
 */
// sources: its/its.c its/regs.c its/queue.c its/cmd.c its/device.c its/event.c its/baser.c its/signal.c
// sources: its/save.c its/restore.c
// sources: vgic/list.c vgic/lr.c vgic/flush.c vgic/irqreg.c vgic/mmio.c vgic/dist.c vgic/redist.c
// sources: vgic/sgi.c vgic/lpi.c vgic/vgic.c vgic/watch.c vgic/user.c
// sources: tests/fuzz/machine.c tests/fuzz/vmm.c tests/fuzz/draw.c tests/fuzz/panic.c tests/unit/vgic_host_fake.c
#include "tests/fuzz/draw.h"
#include "tests/fuzz/vmm.h"

static struct machine_config cfg;
static struct draw draw;
static struct input in;
static bool split[MACHINE_VCPUS]; /* EOImode of each guest */

static struct fake_vcpu *me(void)
{
	return fake.cpu[fake_here].vcpu;
}

static u32 draw_vcpu(void)
{
	return in_below(&in, cfg.nr_vcpus);
}

/* An INTID: mostly one that is there. */
static u32 draw_intid(void)
{
	u8 b = in_u8(&in);

	if (b < 0x80)
		return b % (32 + cfg.nr_spis);
	if (b < 0xf0)
		return draw_lpi(&draw, &in);
	return (u32)in_bytes(&in, b & 1 ? 4 : 2);
}

/* An offset in the frames with a bit, two or eight for each interrupt. */
static u64 draw_irq_offset(void)
{
	static const u16 rows[] = { 0x80, 0x100, 0x180, 0x200, 0x280, 0x300, 0x380 };
	u8 b = in_u8(&in);

	if (b < 0x80)
		return rows[b % ARRAY_SIZE(rows)] + (b >> 3 & 3) * 4;
	if (b < 0xb0)
		return 0x400 + in_below(&in, 36 + cfg.nr_spis);
	if (b < 0xc0)
		return 0xc00 + (b & 7) * 4;
	if (b < 0xe0)
		return 0x6000 + in_below(&in, 36 + cfg.nr_spis) * 8;
	if (b < 0xf0)
		return (b & 7) * 4;
	return in_below(&in, 0x10000);
}

static u64 draw_rd_offset(void)
{
	static const u8 regs[] = { 0x00, 0x04, 0x08, 0x10, 0x14, 0x70, 0x78, 0xa0, 0xb0, 0xc0 };
	u8 b = in_u8(&in);

	if (b < 0x60)
		return 0x10000 + draw_irq_offset() % 0x10000;
	if (b < 0xf0)
		return regs[b % ARRAY_SIZE(regs)] + (b >= 0xe0 ? 4 : 0);
	return in_below(&in, 0x20000);
}

static u64 draw_value(void)
{
	u8 b = in_u8(&in);

	if (b < 0x40)
		return b;
	if (b < 0x80)
		return BIT(b & 31);
	if (b < 0xc0)
		return b & 0x20 ? ~UINT64_C(0) : (b & 0x1fu) << 3;
	return in_bytes(&in, 8);
}

static void require_width(u64 val, u32 size)
{
	REQUIRE(size == 8 || val < BIT(size * 8), "a read of %u bytes: %llx", size,
		(unsigned long long)val);
}

/* ---- Registers ---- */

static void do_dist_write(void)
{
	u64 offset = draw_irq_offset();
	u32 size = draw_width(&in);

	fake_dist_w(offset, size, draw_value());
}

static void do_dist_read(void)
{
	u64 offset = draw_irq_offset();
	u32 size = draw_width(&in);

	require_width(fake_dist_r(offset, size), size);
}

static void do_redist_write(void)
{
	u32 vcpu = draw_vcpu(), size;
	u64 offset = draw_rd_offset();

	size = draw_width(&in);
	vgic_redist_write(machine_accessor(), fake_vgic(vcpu), offset, size, draw_value());
}

static void do_redist_read(void)
{
	u32 vcpu = draw_vcpu(), size;
	u64 offset = draw_rd_offset();

	size = draw_width(&in);
	require_width(fake_rd_r(vcpu, offset, size), size);
}

static void do_redist_run(void)
{
	machine_redist_run(draw_vcpu());
}

/* LPIs on or off, with tables where they belong or anywhere. */
static void do_lpis(void)
{
	u32 vcpu = draw_vcpu();
	u8 b = in_u8(&in);
	struct vgic_cpu *c = fake_vgic(vcpu), *who = machine_accessor();
	u64 prop = b & 0x40 ? draw_address(&draw, &in) : fake_prop_ipa(VGIC_LPI_BASE);
	u64 pend = b & 0x20 ? draw_address(&draw, &in) : fake_pend_ipa(vcpu, 0);

	if (b & 0x10) {
		vgic_redist_write(who, c, 0x70, 8,
				  (prop & ~0xfffull) | (b & 4 ? 15 : 12 + (b & 3)));
		vgic_redist_write(who, c, 0x78, 8, (pend & ~0xffffull) | (u64)(b & 1) << 62);
	}
	vgic_redist_write(who, c, 0, 4, b >> 7 ? 0 : 1);
	if (b & 8)
		machine_settle();
}

static void do_tie(void)
{
	u32 vcpu = draw_vcpu();

	vgic_cpu_retie(fake_vgic(vcpu));
}

static void do_sgi(void)
{
	static const u64 shapes[] = { 0, BIT(40), BIT(16), BIT(44), BIT(32), BIT(48) };
	enum vgic_sgi_reg reg = in_below(&in, 3);
	u8 b = in_u8(&in);
	u64 val = (u64)(b & 15) << 24 | in_u8(&in) | shapes[(b >> 4) % ARRAY_SIZE(shapes)];

	fake_sgi(machine_accessor(), reg, b < 0xf8 ? val : in_bytes(&in, 8));
}

/* ---- vCPUs and guests ---- */

static void do_load(void)
{
	u32 vcpu = draw_vcpu(), cpu = in_below(&in, FAKE_CPUS);

	machine_run_on(cpu);
	if (fake.cpu[cpu].vcpu)
		fake_put(fake.cpu[cpu].vcpu->index);
	if (fake.vcpu[vcpu].cpu != FAKE_NO_CPU)
		fake_put(vcpu);
	fake_load(vcpu, cpu);
	fake_set_eoimode(split[vcpu]);
}

static void do_put(void)
{
	u32 vcpu = draw_vcpu(), was = fake_here;

	if (fake.vcpu[vcpu].cpu != FAKE_NO_CPU)
		fake_put(vcpu);
	machine_run_on(was);
}

static void do_cpu(void)
{
	machine_run_on(in_below(&in, FAKE_CPUS));
}

static void do_cpu_reset(void)
{
	u32 vcpu = draw_vcpu(), was = fake_here;

	/* PSCI: on its own CPU, or while it is off. */
	if (fake.vcpu[vcpu].cpu != FAKE_NO_CPU)
		machine_run_on(fake.vcpu[vcpu].cpu);
	vgic_cpu_reset(fake_vgic(vcpu));
	machine_run_on(was);
}

static void do_enter(void)
{
	machine_enter_all();
}

/* Acknowledges and ends some; or acknowledges only. */
static void do_take(void)
{
	u8 b = in_u8(&in);

	if (!me())
		return;
	for (u32 n = 1 + (b & 3); n; n--) {
		u32 intid;

		machine_enter(me()->index);
		intid = fake_ack(b >> 2 & 1);
		if (intid == FAKE_SPURIOUS || (b & 8))
			continue;
		fake_eoi(b >> 2 & 1, intid);
		if (b & 0x10)
			fake_dir(intid);
	}
}

static void do_eoi(void)
{
	u32 group = in_u8(&in) & 1, intid = draw_intid();

	if (me() && fake.cpu[fake_here].apr[group][0])
		fake_eoi(group, intid);
}

static void do_dir(void)
{
	u32 intid = draw_intid();

	if (me())
		fake_dir(intid);
	else
		vgic_deactivate(machine_accessor(), intid);
}

static void do_interface(void)
{
	u8 b = in_u8(&in);

	if (!me())
		return;
	fake_set_enables(b & 3);
	fake_set_pmr(b & 4 ? 0xf8 : b & 0xf8);
	split[me()->index] = b & 0x80;
	fake_set_eoimode(b & 0x80);
}

static void do_has_pending(void)
{
	vgic_has_pending(fake_vgic(draw_vcpu()));
}

/* ---- Interrupts ---- */

static void do_line(void)
{
	u32 vcpu = draw_vcpu(), intid = draw_intid();

	vgic_set_line(fake.vgic, in_u8(&in) & 2 ? NULL : fake_vgic(vcpu), intid, in_u8(&in) & 1);
}

static void do_physical(void)
{
	u8 b = in_u8(&in);

	if (b & 0x80)
		machine_physical_ppi(b % cfg.nr_vcpus, b & 0x40);
	else
		machine_physical_spi(b & 7, b & 0x40);
}

static void do_table(void)
{
	u32 lpi = draw_lpi(&draw, &in);
	u8 b = in_u8(&in);

	if (b & 2)
		machine_poke(fake_pend_ipa(in_below(&in, cfg.nr_vcpus), lpi & 0xffff), &b, 1);
	else
		machine_poke(fake_prop_ipa(VGIC_LPI_BASE) + (lpi - VGIC_LPI_BASE) % 0x10000, &b, 1);
}

static void do_lpi_save(void)
{
	machine_lpi_save(1 + in_below(&in, 32));
}

/* A VMM has stopped its vCPUs, and does what it likes before they go on. */
static void do_vmm(void)
{
	u32 was = fake_here, cpu[MACHINE_VCPUS];

	for (u32 i = 0; i < cfg.nr_vcpus; i++) {
		cpu[i] = fake.vcpu[i].cpu;
		if (cpu[i] != FAKE_NO_CPU)
			fake_put(i);
	}
	if (in_one_in(&in, 4))
		vmm_migrate(&in);
	else
		vmm_access(&in);
	for (u32 i = 0; i < cfg.nr_vcpus; i++) {
		if (cpu[i] == FAKE_NO_CPU)
			continue;
		fake_load(i, cpu[i]);
		fake_set_eoimode(split[i]);
	}
	fake_run_on(was);
}

static void do_lpi_pend(void)
{
	u32 vcpu = draw_vcpu();

	vgic_lpi_pend(fake.vgic, vcpu, draw_lpi(&draw, &in));
}

static void do_signal(void)
{
	u32 i = in_below(&in, cfg.nr_its), devid = draw_devid(&draw, &in);

	its_signal(machine_its[i], fake_here, devid, draw_eventid(&draw, &in));
}

/* ---- The ITSes ---- */

static void do_command(void)
{
	struct its *its = machine_its[in_below(&in, cfg.nr_its)];
	u64 cbaser = its_mmio_read(its, 0x80, 8), at = its_mmio_read(its, 0x88, 8), w[4];

	draw_command(&draw, &in, w);
	machine_poke((cbaser & GENMASK(51, 16)) + at, w, sizeof(w));
	its_mmio_write(its, 0x88, 8, (at + sizeof(w)) % (((cbaser & 0xff) + 1) * SZ_4K));
}

static void do_its_setup(void)
{
	struct its *its = machine_its[in_below(&in, cfg.nr_its)];

	its_mmio_write(its, 0, 4, 0);
	machine_settle();
	its_mmio_write(its, 0x80, 8, draw_cbaser(&draw, &in));
	its_mmio_write(its, 0x100, 8, draw_baser(&draw, &in, 0));
	its_mmio_write(its, 0x108, 8, draw_baser(&draw, &in, 1));
	its_mmio_write(its, 0, 4, 1);
}

static void do_its_access(void)
{
	struct its *its = machine_its[in_below(&in, cfg.nr_its)];
	u64 offset = draw_offset(&in);
	u32 size = draw_width(&in);
	u8 b = in_u8(&in);

	if (b & 1)
		its_mmio_write(its, offset, size, in_bytes(&in, b & 2 ? 8 : 1));
	else
		require_width(its_mmio_read(its, offset, size), size);
}

static void do_its_step(void)
{
	its_run(machine_its[in_below(&in, cfg.nr_its)]);
}

static void do_check(void)
{
	machine_settle();
	machine_check();
}

static const struct input_op table[] = {
	{ 8, do_command },     { 13, do_signal },	{ 14, do_its_setup },
	{ 15, do_its_access }, { 17, do_its_step },	{ 22, do_dist_write },
	{ 23, do_dist_read },  { 27, do_redist_write }, { 28, do_redist_read },
	{ 30, do_redist_run }, { 33, do_lpis },		{ 34, do_tie },
	{ 36, do_sgi },	       { 39, do_load },		{ 41, do_put },
	{ 42, do_cpu },	       { 43, do_cpu_reset },	{ 45, do_enter },
	{ 49, do_take },       { 50, do_eoi },		{ 51, do_dir },
	{ 53, do_interface },  { 54, do_has_pending },	{ 56, do_line },
	{ 58, do_physical },   { 59, do_table },	{ 60, do_vmm },
	{ 61, do_lpi_save },   { 63, do_lpi_pend },	{ 64, do_check },
};

/* A machine as it is when its guest has started: all on, if the input has it so. */
static void warm_up(void)
{
	fake_dist_w(0, 4, 3);
	for (u32 i = 0; i < cfg.nr_vcpus && i < FAKE_CPUS; i++)
		fake_load(i, i);
	machine_run_on(0);
	for (u32 i = 0; i < draw.lpis; i++) {
		u8 prop = (u8)(0x81 + (i & 7) * 8);

		machine_poke(fake_prop_ipa(VGIC_LPI_BASE + i), &prop, 1);
	}
	for (u32 i = 0; i < cfg.nr_vcpus; i++)
		fake_lpis_on(i);
	for (u32 i = 16; i < 32 + cfg.nr_spis; i++)
		fake_irq_on(0, i, 0x80 + (i & 7) * 8, i & 1);
	for (u32 i = 0; i < cfg.nr_its; i++)
		machine_its_up(i, draw.ram);
}

static void start(void)
{
	u8 b = in_u8(&in);

	memset(split, 0, sizeof(split));
	cfg = (struct machine_config){
		.nr_vcpus = 1 + (b & 3) + (b >> 2 & 1),
		.nr_lrs = b & 8 ? 1 + in_below(&in, 16) : 4,
		.nr_spis = b & 0x10 ? in_below(&in, 100) : 8,
		.nr_its = b & 0x20 ? 2 : 1,
		.affinity = b >> 6,
		.seed = in_u8(&in),
	};
	b = in_u8(&in);
	cfg.lpi_active = b & 1;
	cfg.no_tds = b & 2;
	cfg.ram_late = b & 0x80 ? 2 + (b >> 4 & 7) : 0;
	draw_init(&draw, &in, FAKE_RAM_BASE + 2 * SZ_64K, cfg.nr_vcpus);
	cfg.devid_bits = draw.devid_bits;
	cfg.eventid_bits = draw.eventid_bits;
	cfg.intid_bits = draw.intid_bits;
	machine_start(&cfg);
	vmm_start(&cfg);
	if (b & 4)
		warm_up();
}

static void settle(u8 b)
{
	machine_settle();
	if (b & 0x80)
		machine_check();
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	in = (struct input){ data, data + size };
	start();
	in_run_all(&in, table, settle, false);
	machine_settle();
	machine_check();
	machine_end();
	return 0;
}
