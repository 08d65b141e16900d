/* SPDX-License-Identifier: GPL-2.0-only */
/* The vGIC on its simulated machine with its ITSes, and what must hold for it. */
#include <sanitizer/asan_interface.h>

#include "tests/fuzz/machine.h"
#include "vgic/state.h"

#define PAGE 4096u
#define NR_PAGES (FAKE_RAM_SIZE / PAGE)
#define MAX_VGIC 0x100000u
#define MAX_ITS 0x200000u
#define GUARD 4096u
#define TIED_SPI 36u /* virtual; the next one to a physical one 100 above */
#define NR_TIED 3u
#define TIED_PPI 27u
#define PHYS_OFFSET 100u

/* One chunk of LPIs at the end of a step's 12,000 instructions, at 300 for a change. */
#define WALK_ACCESSES 180u

struct its *machine_its[MACHINE_ITSES];

static struct machine_config cfg;
static bool dirty[NR_PAGES];
static u8 vgic_mem[2][MAX_VGIC + GUARD] __attribute__((aligned(64)));
static u8 its_mem[MACHINE_ITSES][MAX_ITS + GUARD] __attribute__((aligned(64)));
static size_t vgic_size, its_size;
static struct vgic *first_vgic;
static u32 accesses; /* to guest memory, of this step */
static u64 lates; /* accesses that found no memory yet, ever */
static u32 kicks_seen[MACHINE_VCPUS];
static u32 save_cursor;

/* ---- Guest memory ---- */

static void mark_dirty(u64 ipa, size_t len)
{
	for (u64 p = (ipa - FAKE_RAM_BASE) / PAGE; p <= (ipa + len - 1 - FAKE_RAM_BASE) / PAGE; p++)
		dirty[p] = true;
}

void machine_poke(u64 ipa, const void *buf, size_t len)
{
	if (!range_contains(FAKE_RAM_BASE, FAKE_RAM_SIZE, ipa, len))
		return;
	memcpy(fake_ram(ipa), buf, len);
	mark_dirty(ipa, len);
}

static int note_late(int ret)
{
	lates += ret == -EAGAIN;
	return ret;
}

static int op_read(void *vm, u64 ipa, void *buf, size_t len)
{
	accesses++;
	REQUIRE(len && len <= PAGE, "a read of %zu bytes", len);
	return note_late(fake_ram_read(vm, ipa, buf, len));
}

static int op_write(void *vm, u64 ipa, const void *buf, size_t len)
{
	int ret;

	accesses++;
	REQUIRE(len && len <= PAGE, "a write of %zu bytes", len);
	ret = note_late(fake_ram_write(vm, ipa, buf, len));
	if (!ret)
		mark_dirty(ipa, len);
	return ret;
}

/* ---- What an ITS asks for ---- */

static void require_target(u32 vcpu, u32 lpi)
{
	REQUIRE(vcpu < cfg.nr_vcpus, "vCPU %u", vcpu);
	REQUIRE(lpi >= VGIC_LPI_BASE && lpi < BIT(cfg.intid_bits), "LPI %u", lpi);
}

static int op_lpi_pend(void *vm, u32 vcpu, u32 lpi)
{
	int ret = vgic_lpi_pend(vm, vcpu, lpi);

	require_target(vcpu, lpi);
	REQUIRE(ret == 0 || ret == 1, "vgic_lpi_pend: %d", ret);
	return ret;
}

/* An LPI that was cleared is not pending any more, in the list register neither. */
static void require_cleared(u32 lpi)
{
	u64 w = fake.vgic->lpi[lpi - VGIC_LPI_BASE], lr = 0;
	u32 cpu = fake.vcpu[FIELD_GET(IRQ_HOME, w)].cpu;

	if ((w & IRQ_IN_LR) && cpu != FAKE_NO_CPU)
		lr = fake.cpu[cpu].lr[FIELD_GET(IRQ_PREV, w)];
	REQUIRE(!(w & IRQ_PENDING) && !(lr & LR_PENDING), "LPI %u was cleared: %llx, %llx", lpi,
		(unsigned long long)w, (unsigned long long)lr);
}

static int op_lpi_clear(void *vm, u32 lpi, bool again)
{
	int ret;

	require_target(0, lpi);
	ret = vgic_lpi_clear(vm, lpi, again);
	if (ret == 0 && !again) /* else an MSI may have come since */
		require_cleared(lpi);
	return ret;
}

static int op_lpi_move(void *vm, u32 lpi, u32 to, bool again)
{
	u64 w;
	int ret;

	require_target(to, lpi);
	ret = vgic_lpi_move(vm, lpi, to, again);
	w = fake.vgic->lpi[lpi - VGIC_LPI_BASE];
	REQUIRE(ret || again || FIELD_GET(IRQ_HOME, w) == to, "LPI %u was moved to vCPU %u: %llx",
		lpi, to, (unsigned long long)w);
	return ret;
}

static int op_lpi_move_all(void *vm, u32 from, u32 to, u32 *cursor)
{
	require_target(from, VGIC_LPI_BASE);
	require_target(to, VGIC_LPI_BASE);
	return vgic_lpi_move_all(vm, from, to, cursor);
}

static int op_lpi_reload(void *vm, u32 vcpu, u32 lpi)
{
	require_target(vcpu, lpi);
	return vgic_lpi_reload(vm, vcpu, lpi);
}

static const struct its_ops ops = {
	.read = op_read,
	.write = op_write,
	.lpi_pend = op_lpi_pend,
	.lpi_clear = op_lpi_clear,
	.lpi_move = op_lpi_move,
	.lpi_move_all = op_lpi_move_all,
	.lpi_reload = op_lpi_reload,
};

/* ---- Life ---- */

static u64 affinity(u32 vcpu)
{
	static const u64 shapes[4][MACHINE_VCPUS] = {
		{ 0, 1, 2, 3, 4 },
		{ 0, 0x100, 0x10000, UINT64_C(0x100000000), 0x101 },
		{ 15, 16, 17, 31, 0xff },
		{ 0xffffff, UINT64_C(0xff00ffffff), 0x10, 0x110, 0x10010 },
	};

	return shapes[cfg.affinity][vcpu];
}

static void start_vgic(u8 *mem)
{
	const struct vgic_config vc = { .nr_vcpus = cfg.nr_vcpus,
					.nr_spis = cfg.nr_spis,
					.intid_bits = cfg.intid_bits,
					.read = op_read,
					.write = op_write };

	vgic_size = vgic_mem_size(&vc);
	REQUIRE(vgic_size && vgic_size <= MAX_VGIC, "%zu bytes", vgic_size);
	ASAN_POISON_MEMORY_REGION(&mem[vgic_size], GUARD);
	memset(mem, 0, vgic_size);
	fake.vgic = vgic_init(mem, &vc);
	for (u32 i = 0; i < cfg.nr_vcpus; i++) {
		fake.vcpu[i].index = i;
		fake.vcpu[i].cpu = FAKE_NO_CPU;
		fake.vcpu[i].vgic = vgic_cpu_init(fake.vgic, i, affinity(i), i == cfg.nr_vcpus - 1,
						  &fake.vcpu[i]);
		vgic_map_hw_ppi(fake.vcpu[i].vgic, TIED_PPI, TIED_PPI);
	}
	for (u32 i = 0; i < NR_TIED; i++)
		vgic_map_hw_spi(fake.vgic, TIED_SPI + i, TIED_SPI + i + PHYS_OFFSET);
}

static void start_its(u32 i)
{
	const struct its_config ic = {
		.nr_vcpus = cfg.nr_vcpus,
		.nr_cpus = FAKE_CPUS,
		.devid_bits = cfg.devid_bits,
		.eventid_bits = cfg.eventid_bits,
		.intid_bits = cfg.intid_bits,
		.max_devices = 16,
		.seed = cfg.seed + i,
	};

	its_size = its_mem_size(&ic);
	REQUIRE(its_size && its_size <= MAX_ITS, "%zu bytes", its_size);
	memset(its_mem[i], 0, its_size);
	ASAN_POISON_MEMORY_REGION(&its_mem[i][its_size], GUARD);
	machine_its[i] = its_init(its_mem[i], &ic, &ops, fake.vgic);
}

void machine_start(const struct machine_config *config)
{
	cfg = *config;
	memset(&fake, 0, offsetof(struct fake_machine, ram));
	memset(kicks_seen, 0, sizeof(kicks_seen));
	save_cursor = 0;
	fake.nr_lrs = cfg.nr_lrs;
	fake.lpi_active = cfg.lpi_active;
	fake.no_tds = cfg.no_tds;
	fake.ram_late = cfg.ram_late;
	fake_random_seed(cfg.seed);
	fake_run_on(0);
	start_vgic(vgic_mem[0]);
	for (u32 i = 0; i < cfg.nr_its; i++)
		start_its(i);
}

void machine_end(void)
{
	ASAN_UNPOISON_MEMORY_REGION(&vgic_mem[0][vgic_size], GUARD);
	for (u32 i = 0; i < cfg.nr_its; i++)
		ASAN_UNPOISON_MEMORY_REGION(&its_mem[i][its_size], GUARD);
	for (u32 i = 0; i < NR_PAGES; i++) {
		if (dirty[i])
			memset(&fake.ram[(u64)i * PAGE], 0, PAGE);
		dirty[i] = false;
	}
}

/* All of struct fake_machine but its memory. */
static u8 kept[offsetof(struct fake_machine, ram)];

void machine_second_vgic(void)
{
	memcpy(kept, &fake, sizeof(kept));
	first_vgic = fake.vgic;
	memset(fake.vcpu, 0, sizeof(fake.vcpu));
	memset(fake.spi, 0, sizeof(fake.spi));
	memset(fake.ppi, 0, sizeof(fake.ppi));
	start_vgic(vgic_mem[1]);
}

void machine_first_vgic(void)
{
	ASAN_UNPOISON_MEMORY_REGION(&vgic_mem[1][vgic_size], GUARD);
	memcpy(&fake, kept, sizeof(kept));
	fake.vgic = first_vgic;
}

void machine_its_up(u32 i, u64 ram)
{
	struct its *its = machine_its[i];

	its_mmio_write(its, 0x80, 8, BIT(63) | ram);
	its_mmio_write(its, 0x100, 8, BIT(63) | (ram + SZ_64K) | 7);
	its_mmio_write(its, 0x108, 8, BIT(63) | (ram + 2 * SZ_64K) | 7);
	its_mmio_write(its, 0, 4, 1);
}

struct vgic_cpu *machine_accessor(void)
{
	struct fake_vcpu *v = fake.cpu[fake_here].vcpu;

	return v ? v->vgic : fake.vcpu[0].vgic;
}

/* ---- Steps ---- */

void machine_enter(u32 vcpu)
{
	kicks_seen[vcpu] = fake.vcpu[vcpu].kicks;
	REQUIRE(fake_enter_vcpu(vcpu), "vCPU %u does not get into its guest", vcpu);
}

void machine_enter_all(void)
{
	for (u32 i = 0; i < cfg.nr_vcpus; i++)
		machine_enter(i);
}

void machine_run_on(u32 cpu)
{
	for (u32 i = 0; i < cfg.nr_vcpus; i++)
		if (fake.vcpu[i].cpu == fake_here)
			machine_enter(i);
	fake_run_on(cpu);
}

static void enter_kicked(void)
{
	for (u32 i = 0; i < cfg.nr_vcpus; i++) {
		bool mine = fake.vcpu[i].cpu == fake_here; /* goes through EL2 anyway */

		if (mine || fake.vcpu[i].kicks != kicks_seen[i])
			machine_enter(i);
	}
}

bool machine_redist_run(u32 vcpu)
{
	bool more;

	accesses = 0;
	more = vgic_redist_run(fake_vgic(vcpu));
	REQUIRE(accesses <= WALK_ACCESSES, "%u accesses in one step", accesses);
	return more;
}

int machine_lpi_save(u32 steps)
{
	int ret = -EAGAIN;

	while (steps-- && ret == -EAGAIN) {
		accesses = 0;
		ret = vgic_lpi_save(fake.vgic, &save_cursor);
		REQUIRE(accesses <= WALK_ACCESSES, "%u accesses in one step", accesses);
	}
	REQUIRE(ret == 0 || ret == -EAGAIN || ret == -EFAULT, "vgic_lpi_save: %d", ret);
	if (ret != -EAGAIN)
		save_cursor = 0;
	return ret;
}

int machine_lpi_save_all(void)
{
	u64 steps = 0, was = lates;
	int ret;

	save_cursor = 0;
	while ((ret = machine_lpi_save(1)) == -EAGAIN)
		REQUIRE(++steps < 20000 + (lates - was), "a save without end");
	return ret;
}

int machine_user_reg(u32 vcpu, bool redist, u64 offset, u32 *val, bool write)
{
	int ret;

	accesses = 0;
	ret = vgic_user_reg(fake_vgic(vcpu), redist, offset, val, write);
	REQUIRE(accesses <= WALK_ACCESSES, "%u accesses in one step", accesses);
	return ret;
}

int machine_user_reg_all(u32 vcpu, bool redist, u64 offset, u32 *val, bool write)
{
	u64 steps = 0, was = lates;
	int ret;

	while ((ret = machine_user_reg(vcpu, redist, offset, val, write)) == -EAGAIN)
		REQUIRE(++steps < 4000 + (lates - was), "an access without end: %llx",
			(unsigned long long)offset);
	return ret;
}

static void settle_redist(u32 vcpu)
{
	u64 steps = 0, was = lates;

	while (machine_redist_run(vcpu)) {
		enter_kicked();
		REQUIRE(++steps < 2000 + (lates - was), "a walk without end");
	}
}

/* The ring holds 256 pages at most; a command may be a MOVALL of all LPIs. */
static void settle_its(struct its *its)
{
	u64 left = (its_mmio_read(its, 0x88, 8) - its_mmio_read(its, 0x90, 8)) % SZ_1M / 32;
	u64 limit = 2000 + left * 100, steps = 0, was = lates;

	while (its_run(its) == ITS_AGAIN) {
		enter_kicked();
		REQUIRE(++steps < limit + (lates - was), "its_run() does not end");
	}
}

void machine_settle(void)
{
	for (u32 i = 0; i < cfg.nr_its; i++)
		settle_its(machine_its[i]);
	for (u32 i = 0; i < cfg.nr_vcpus; i++)
		settle_redist(i);
	enter_kicked();
}

/* ---- Physical interrupts ---- */

static bool raise(struct fake_phys *p, bool line)
{
	p->pending = line;
	if (p->active || !p->enabled)
		return false;
	p->active = true;
	return true;
}

void machine_physical_spi(u32 n, bool line)
{
	u32 vintid = TIED_SPI + n % NR_TIED;

	if (vintid < 32 + cfg.nr_spis && raise(&fake.spi[vintid + PHYS_OFFSET], line))
		vgic_inject_hw_spi(fake.vgic, vintid);
}

void machine_physical_ppi(u32 vcpu, bool line)
{
	u32 was = fake_here;

	if (fake.vcpu[vcpu].cpu == FAKE_NO_CPU)
		return;
	machine_run_on(fake.vcpu[vcpu].cpu);
	if (raise(&fake.ppi[vcpu][TIED_PPI], line))
		vgic_inject_hw_ppi(fake_vgic(vcpu), TIED_PPI);
	machine_run_on(was);
}

/* ---- Checks ---- */

/* Words that lists and list registers were found to hold. */
static u32 found;

static void check_queued(struct vgic_cpu *c, u32 intid, u32 set, u32 prio, u32 prev)
{
	u64 w;

	REQUIRE(vgic_intid_valid(c->vgic, intid), "INTID %u on a list", intid);
	w = *vgic_word(c, intid);
	REQUIRE((w & (IRQ_QUEUED | IRQ_IN_LR)) == IRQ_QUEUED && FIELD_GET(IRQ_HOME, w) == c->index,
		"INTID %u on a list of vCPU %u: %llx", intid, c->index, (unsigned long long)w);
	REQUIRE(FIELD_GET(IRQ_PREV, w) == prev, "INTID %u after %u: %llx", intid, prev,
		(unsigned long long)w);
	REQUIRE(!(w & IRQ_ACTIVE) == (set != VGIC_SET_ACTIVE), "INTID %u in set %u", intid, set);
	if (set != VGIC_SET_ACTIVE)
		REQUIRE(FIELD_GET(IRQ_PRIO, w) == prio && !(w & IRQ_GROUP1) == (set == VGIC_SET_G0),
			"INTID %u on the list of priority %u, set %u: %llx", intid, prio, set,
			(unsigned long long)w);
	found++;
}

static void check_list(struct vgic_cpu *c, u32 set, u32 prio)
{
	const struct vgic_list *l = &c->list[set][prio];
	u32 intid = l->head, prev = VGIC_NIL, n = 0;

	for (; intid != VGIC_NIL; intid = (u32)FIELD_GET(IRQ_NEXT, *vgic_word(c, intid))) {
		check_queued(c, intid, set, prio, prev);
		REQUIRE(++n < 0x10000, "a list without end");
		prev = intid;
	}
	REQUIRE(n && l->tail == prev, "the tail of a list is %u, not %u", prev, l->tail);
}

static void check_lists(struct vgic_cpu *c)
{
	for (u32 set = 0; set < VGIC_NR_SETS; set++) {
		for (u32 map = c->map[set]; map; map &= map - 1)
			check_list(c, set, (u32)__builtin_ctz(map));
	}
}

static void check_lrs(struct vgic_cpu *c, const struct fake_cpu *cpu)
{
	for (u32 n = 0; n < cfg.nr_lrs; n++) {
		u64 lr = cpu->lr[n], w;

		if (!(c->lr_used & BIT(n))) {
			REQUIRE(!(lr & (LR_PENDING | LR_ACTIVE)), "list register %u: %llx", n,
				(unsigned long long)lr);
			continue;
		}
		w = *vgic_word(c, c->lr_intid[n]);
		REQUIRE((w & (IRQ_QUEUED | IRQ_IN_LR)) == IRQ_IN_LR &&
				FIELD_GET(IRQ_PREV, w) == n && FIELD_GET(IRQ_HOME, w) == c->index,
			"INTID %u in list register %u of vCPU %u: %llx", c->lr_intid[n], n,
			c->index, (unsigned long long)w);
		REQUIRE(!(lr & (LR_PENDING | LR_ACTIVE)) ||
				FIELD_GET(LR_VINTID, lr) == c->lr_intid[n],
			"list register %u: %llx, INTID %u", n, (unsigned long long)lr,
			c->lr_intid[n]);
		found++;
	}
}

/* A word that is nowhere has nothing to deliver. Answers 1 if it is somewhere. */
static u32 check_word(struct vgic_cpu *c, u32 intid)
{
	u64 w = *vgic_word(c, intid);
	u32 home = (u32)FIELD_GET(IRQ_HOME, w);

	REQUIRE(home < cfg.nr_vcpus && (intid >= VGIC_NR_PRIVATE || home == c->index),
		"INTID %u at vCPU %u", intid, home);
	if (w & (IRQ_QUEUED | IRQ_IN_LR))
		return 1;
	c = fake_vgic(home);
	REQUIRE(!vgic_word_deliverable(c, intid, w), "INTID %u is lost: %llx", intid,
		(unsigned long long)w);
	return 0;
}

/* The next LPI that was ever touched. Not instrumented, since it looks at very many. */
__attribute__((no_sanitize("address", "undefined"))) static u32 next_lpi(u32 i)
{
	const u64 *words = fake.vgic->lpi;
	u32 nr = fake.vgic->nr_lpis;

	while (i < nr && words[i] == IRQ_GROUP1)
		i++;
	return i;
}

static u32 check_words(void)
{
	u32 placed = 0;

	for (u32 i = 0; i < cfg.nr_vcpus; i++) {
		for (u32 intid = 0; intid < VGIC_NR_PRIVATE; intid++)
			placed += check_word(fake_vgic(i), intid);
	}
	for (u32 intid = VGIC_NR_PRIVATE; intid < VGIC_NR_PRIVATE + cfg.nr_spis; intid++)
		placed += check_word(fake_vgic(0), intid);
	for (u32 i = next_lpi(0); i < fake.vgic->nr_lpis; i = next_lpi(i + 1))
		placed += check_word(fake_vgic(0), VGIC_LPI_BASE + i);
	return placed;
}

void machine_check(void)
{
	u32 placed = check_words();

	found = 0;
	for (u32 i = 0; i < cfg.nr_vcpus; i++) {
		struct vgic_cpu *c = fake_vgic(i);

		check_lists(c);
		if (fake.vcpu[i].cpu == FAKE_NO_CPU)
			REQUIRE(!c->lr_used && !c->loaded, "vCPU %u is not loaded, but %x", i,
				c->lr_used);
		else
			check_lrs(c, &fake.cpu[fake.vcpu[i].cpu]);
	}
	REQUIRE(found == placed, "%u words somewhere, %u found", placed, found);
}
