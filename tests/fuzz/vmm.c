/* SPDX-License-Identifier: GPL-2.0-only */
/* A VMM's accesses to a vGIC (vgic/user.c), single ones and a whole migration. */
#include "tests/fuzz/vmm.h"
#include "vgic/state.h"

#define SGI_BASE 0x10000u
#define PENDBASER_ADDR GENMASK(51, 16)
#define PENDBASER_PTZ BIT(62)
#define PROPBASER_IDBITS GENMASK(4, 0)
#define BASER_ATTRS GENMASK(11, 7)
#define REGS 0x800

enum kind { DIST, REDIST, LINES, SYSREG };

/* One register, and what was read of it. */
struct reg {
	u8 kind, vcpu;
	u32 where;
	u64 val;
};

/* ICC_CTLR comes first: it says what ICC_BPR1 is. The last two are not there: APRs of more priorities. */
static const u16 sysregs[] = { 0xc664, 0xc230, 0xc643, 0xc663, 0xc644, 0xc648,
			       0xc665, 0xc666, 0xc667, 0xc645, 0xc64b };
#define NR_SYSREGS (ARRAY_SIZE(sysregs) - 2)

static const struct machine_config *cfg;
static u32 migrations; /* left for this input */
static struct reg image[REGS];
static u32 nr_regs;

void vmm_start(const struct machine_config *config)
{
	cfg = config;
	migrations = 2;
}

/* ---- Single accesses ---- */

static u64 draw_reg(struct input *in, bool redist)
{
	static const u16 rows[] = { 0x080, 0x100, 0x180, 0x200, 0x280, 0x300, 0x380, 0xc00 };
	static const u8 rd[] = { 0x00, 0x04, 0x08, 0x0c, 0x14, 0x70,
				 0x74, 0x78, 0x7c, 0xa0, 0xb0, 0xc0 };
	u8 b = in_u8(in);
	u64 base = redist ? SGI_BASE : 0;

	if (b < 0x60)
		return base + rows[b % ARRAY_SIZE(rows)] + (redist ? 0 : (b >> 3 & 3) * 4u);
	if (b < 0x90)
		return base + 0x400 + (b % ((36 + cfg->nr_spis) / 4)) * 4ull;
	if (b < 0xe0)
		return redist || b < 0xa0 ? rd[b % ARRAY_SIZE(rd)]
					  : 0x6100 + in_below(in, 1 + cfg->nr_spis * 2) * 4ull;
	return b < 0xf8 ? in_below(in, 0x20000) & ~3u : in_bytes(in, b & 1 ? 8 : 3);
}

static u32 draw_val(struct input *in)
{
	u8 b = in_u8(in);

	if (b < 0x60)
		return b & 0xf;
	if (b < 0x80)
		return (u32)BIT(b & 31);
	return b < 0xc0 ? ~0u >> (b & 31) : (u32)in_bytes(in, 4);
}

static void access_reg(struct input *in, u8 how)
{
	bool redist = how & 1, write = how & 2;
	u32 vcpu = in_below(in, cfg->nr_vcpus), steps = 1 + (how >> 4 & 3) * 8;
	u64 offset = draw_reg(in, redist);
	u32 val = write ? draw_val(in) : 0;
	int has = vgic_user_reg_has(redist, offset), ret = -EAGAIN;

	REQUIRE(has == 0 || has == -ENXIO, "vgic_user_reg_has: %d", has);
	while (ret == -EAGAIN && steps--)
		ret = machine_user_reg(vcpu, redist, offset, &val, write);
	/* GICD_IIDR's are the only values that cannot be. */
	REQUIRE(ret == has || (!has && redist && ret == -EAGAIN) ||
			(!has && write && !redist && offset == 8 && ret == -EINVAL),
		"register %llx: %d, has it: %d", (unsigned long long)offset, ret, has);
}

static void access_sysreg(struct input *in, bool write)
{
	u8 b = in_u8(in);
	u32 vcpu = in_below(in, cfg->nr_vcpus);
	u32 instr = b < 0xf0 ? sysregs[b % ARRAY_SIZE(sysregs)] : (u32)in_bytes(in, b & 1 ? 4 : 2);
	u64 val = write ? in_bytes(in, b & 0x10 ? 8 : 1) : 0;
	int has = vgic_user_sysreg_has(instr);
	int ret = vgic_user_sysreg(fake_vgic(vcpu), instr, &val, write);

	REQUIRE(has == 0 || has == -ENXIO, "vgic_user_sysreg_has: %d", has);
	REQUIRE(has ? ret == has : ret == 0 || ret == -EINVAL, "ICC register %x: %d", instr, ret);
}

static void access_lines(struct input *in, bool write)
{
	u8 b = in_u8(in);
	u32 vcpu = in_below(in, cfg->nr_vcpus), val = write ? draw_val(in) : 0;
	u32 first = b < 0xf0 ? b % 4 * 32 : (u32)in_bytes(in, b & 1 ? 4 : 2);
	int ret = vgic_user_lines(fake_vgic(vcpu), first, &val, write);

	REQUIRE(ret == (first % 32 ? -EINVAL : 0), "lines from %u on: %d", first, ret);
}

void vmm_access(struct input *in)
{
	for (u32 n = 1 + in_below(in, 8); n; n--) {
		u8 how = in_u8(in);

		if ((how & 0xc) != 0xc)
			access_reg(in, how);
		else if (how & 0x10)
			access_sysreg(in, how & 2);
		else
			access_lines(in, how & 2);
	}
}

/* ---- Migration ---- */

static void access_one(struct reg *r, bool write)
{
	u32 val = (u32)r->val;
	int ret;

	if (r->kind == SYSREG)
		ret = vgic_user_sysreg(fake_vgic(r->vcpu), r->where, &r->val, write);
	else if (r->kind == LINES)
		ret = vgic_user_lines(fake_vgic(r->vcpu), r->where, &val, write);
	else
		ret = machine_user_reg_all(r->vcpu, r->kind == REDIST, r->where, &val, write);
	REQUIRE(!ret, "kind %u, vCPU %u, %x: %d", r->kind, r->vcpu, r->where, ret);
	if (r->kind != SYSREG)
		r->val = val;
}

static void add(enum kind kind, u32 vcpu, u32 where, u32 bytes)
{
	for (; bytes; bytes -= 4, where += 4) {
		REQUIRE(nr_regs < REGS, "too many registers");
		image[nr_regs] = (struct reg){ .kind = (u8)kind, .vcpu = (u8)vcpu, .where = where };
		access_one(&image[nr_regs++], false);
	}
}

/* All that a VMM can write back: not what clears. */
static void add_redist(u32 vcpu)
{
	add(REDIST, vcpu, 0x14, 4);
	add(REDIST, vcpu, 0x70, 16);
	add(REDIST, vcpu, SGI_BASE + 0x80, 4);
	add(REDIST, vcpu, SGI_BASE + 0x100, 4);
	add(REDIST, vcpu, SGI_BASE + 0x200, 4);
	add(REDIST, vcpu, SGI_BASE + 0x300, 4);
	add(REDIST, vcpu, SGI_BASE + 0x400, 32);
	add(REDIST, vcpu, SGI_BASE + 0xc00, 8);
	add(LINES, vcpu, 0, 4);
	for (u32 i = 0; i < NR_SYSREGS; i++)
		add(SYSREG, vcpu, sysregs[i], 4);
}

static void read_out(void)
{
	u32 n = ALIGN_UP(cfg->nr_spis, 32);

	nr_regs = 0;
	add(DIST, 0, 8, 4);
	for (u32 i = 0; i < cfg->nr_vcpus; i++)
		add_redist(i);
	add(DIST, 0, 0, 4);
	add(DIST, 0, 0x84, n / 8);
	add(DIST, 0, 0x104, n / 8);
	add(DIST, 0, 0x204, n / 8);
	add(DIST, 0, 0x304, n / 8);
	add(DIST, 0, 0x420, n);
	add(DIST, 0, 0xc08, n / 4);
	add(DIST, 0, 0x6100, cfg->nr_spis * 8);
	for (u32 i = 0; i < n; i += 32)
		add(LINES, 0, 32 + i, 4);
	/* At last, when the tables have their addresses. */
	for (u32 i = 0; i < cfg->nr_vcpus; i++)
		add(REDIST, i, 0, 4);
}

/* Where all registers are written; GICD_IIDR and EnableLPIs stay first and last. */
static void write_back(bool backwards)
{
	u32 last = nr_regs - cfg->nr_vcpus;

	for (u32 i = 0; i < nr_regs; i++) {
		struct reg r = image[i];

		if (backwards && i && i < last && image[last - i].kind != SYSREG &&
		    r.kind != SYSREG)
			r = image[last - i];
		access_one(&r, true);
	}
}

/*
 * What may read otherwise: the level of a tied interrupt's line is the physical one's; and tables
 * that were never set have no attributes, but a write gives them some.
 */
static u64 own_bits(const struct reg *r)
{
	u64 tied = 0;

	if (r->kind == REDIST && (r->where == 0x70 || r->where == 0x78))
		return BASER_ATTRS;
	for (u32 i = 0; r->kind == LINES && i < 32; i++)
		if (vgic_intid_valid(fake.vgic, r->where + i) &&
		    (*vgic_word(fake_vgic(r->vcpu), r->where + i) & IRQ_HW))
			tied |= BIT(i);
	return tied;
}

static void require_same(void)
{
	for (u32 i = 0; i < nr_regs; i++) {
		struct reg r = image[i];

		access_one(&r, false);
		REQUIRE(!((r.val ^ image[i].val) & ~own_bits(&r)),
			"kind %u, vCPU %u, %x: was %llx, is %llx", r.kind, r.vcpu, r.where,
			(unsigned long long)image[i].val, (unsigned long long)r.val);
	}
}

/* ---- LPIs ---- */

static u8 pending[VGIC_MAX_LPIS]; /* at vCPU - 1 */

static u32 lpi_end(const struct vgic_cpu *c)
{
	return (u32)BIT(MIN((u32)FIELD_GET(PROPBASER_IDBITS, c->propbaser) + 1, cfg->intid_bits));
}

/* Which LPI is pending where, as far as pending tables tell. */
static u8 pending_at(u32 i)
{
	u64 w = fake.vgic->lpi[i];
	struct vgic_cpu *c = fake_vgic((u32)FIELD_GET(IRQ_HOME, w));

	return (w & IRQ_PENDING) && c->lpis_on && VGIC_LPI_BASE + i < lpi_end(c)
		       ? (u8)(c->index + 1)
		       : 0;
}

/* The pending tables that are in use are apart from each other, and not said to be zero (PTZ). */
static bool tables_apart(void)
{
	for (u32 i = 0; i < cfg->nr_vcpus; i++) {
		if (fake_vgic(i)->pendbaser & PENDBASER_PTZ)
			return false;
		for (u32 k = 0; k < i; k++) {
			struct vgic_cpu *a = fake_vgic(i), *b = fake_vgic(k);

			if (a->lpis_on && b->lpis_on &&
			    !((a->pendbaser ^ b->pendbaser) & PENDBASER_ADDR))
				return false;
		}
	}
	return true;
}

static void note_pending(void)
{
	for (u32 i = 0; i < fake.vgic->nr_lpis; i++)
		pending[i] = pending_at(i);
}

static void require_pending(void)
{
	for (u32 i = 0; i < fake.vgic->nr_lpis; i++)
		REQUIRE(pending_at(i) == pending[i], "LPI %u was pending at %d, is at %d",
			i + VGIC_LPI_BASE, pending[i] - 1, pending_at(i) - 1);
}

/* Guests switch their LPIs off and on: what is pending goes to the tables, and comes back. */
static void switch_lpis(void)
{
	bool on[MACHINE_VCPUS];

	for (u32 i = 0; i < cfg->nr_vcpus; i++) {
		on[i] = fake_vgic(i)->lpis_on;
		vgic_redist_write(fake_vgic(0), fake_vgic(i), 0, 4, 0);
	}
	machine_settle();
	for (u32 i = 0; i < cfg->nr_vcpus; i++)
		vgic_redist_write(fake_vgic(0), fake_vgic(i), 0, 4, on[i]);
	machine_settle();
}

void vmm_migrate(struct input *in)
{
	u8 b = in_u8(in);
	bool lpis;

	if (!migrations)
		return;
	migrations--;
	machine_settle();
	read_out();
	note_pending();
	lpis = tables_apart();
	if (b & 2)
		switch_lpis();
	if (machine_lpi_save_all()) /* a table is not in memory */
		lpis = false;
	if (lpis)
		require_pending();
	require_same();
	machine_second_vgic();
	write_back(b & 1);
	require_same();
	machine_check();
	if (lpis)
		require_pending();
	machine_first_vgic();
}
