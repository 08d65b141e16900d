// SPDX-License-Identifier: GPL-2.0-only
/* Every offset of the GIC's frames at every width; accesses that an emulator cannot decode; memory
 * that is not ours. */
#include "guests/bare/except.h"
#include "guests/bare/gic.h"
#include "guests/bare/hostile.h"
#include "guests/bare/its.h"
#include "guests/bare/mem.h"
#include "guests/bare/mmu.h"
#include "guests/bare/tap.h"

#define GICD_FRAME SZ_64K
#define GICR_FRAME (2 * SZ_64K)
#define ITS_FRAME (2 * SZ_64K)
#define TCR_EPD1 BIT(23)
/* T1SZ 16, TG1 4 KiB, write-back inner shareable. */
#define TCR_T1 ((UINT64_C(16) << 16) | (UINT64_C(2) << 30) | BIT(24) | BIT(26) | BIT(28) | BIT(29))
#define HIGH_HALF UINT64_C(0xffff000000000000)

struct frame_range {
	const char *name;
	u64 base;
	u64 size;
	bool narrow; /* bytes and halfwords too; else only words and doublewords, to save time */
};

static void sweep_loads(const struct frame_range *f)
{
	u64 off;
	u32 width;

	guard_begin();
	for (width = f->narrow ? 1 : 4; width <= 8; width *= 2)
		for (off = 0; off < f->size; off += width)
			hostile_load(f->base + off, width);
	guard_end();
	tap_ok(true, "%s: loads at every offset (%u faults)", f->name, cpu_this()->guard.faults);
}

/* @what: 0 zeros, 1 ones, 2 random, which alone go at every width. */
static void sweep_stores(const struct frame_range *f, u32 what)
{
	static const char *const names[] = { "zeros", "ones", "random values" };
	u64 off;
	u32 width;

	guard_begin();
	for (width = f->narrow && what == 2 ? 1 : 4; width <= 8; width *= 2)
		for (off = 0; off < f->size; off += width)
			hostile_store(f->base + off, width,
				      what == 2 ? mem_random() : -(u64)(what == 1));
	guard_end();
	tap_ok(true, "%s: stores of %s (%u faults)", f->name, names[what],
	       cpu_this()->guard.faults);
}

/* Unaligned, across pages: the frame as Normal memory, else the alignment fault comes from stage 1.
 */
static void sweep_unaligned(const struct frame_range *f)
{
	u64 base = f->base + MMU_ALIAS, off;
	u32 width;

	mmu_map(base, f->base, f->size, MMU_NORMAL);
	guard_begin();
	for (width = 2; width <= 8; width *= 2)
		for (off = 1; off + width < f->size; off += 61)
			hostile_load(base + off, width);
	for (width = 2; width <= 8; width *= 2)
		for (off = 1; off + width < f->size; off += 253)
			hostile_store(base + off, width, mem_random());
	guard_end();
	tap_ok(true, "%s: unaligned, across registers and pages (%u faults)", f->name,
	       cpu_this()->guard.faults);
}

/* What a data abort's syndrome does not describe. Under a hypervisor that must be an abort, or it
 * did something else. */
static void undecodable(const struct frame_range *f)
{
	u64 a = f->base + MMU_ALIAS + 0x100, x = 0, y = 0, p = a;
	u32 faults;

	guard_begin();
	__asm__ volatile("ldp %0, %1, [%2]" : "+r"(x), "+r"(y) : "r"(a) : "memory");
	__asm__ volatile("ldp %w0, %w1, [%2]" : "+r"(x), "+r"(y) : "r"(a) : "memory");
	__asm__ volatile("stp %0, %1, [%2]" ::"r"(x), "r"(y), "r"(a) : "memory");
	__asm__ volatile("stp xzr, xzr, [%0]" ::"r"(a) : "memory");
	__asm__ volatile("ldr %0, [%1], #8" : "+r"(x), "+r"(p)::"memory");
	__asm__ volatile("str wzr, [%0, #4]!" : "+r"(p)::"memory");
	__asm__ volatile("ldr q0, [%0]" ::"r"(a) : "memory");
	__asm__ volatile("str q0, [%0]" ::"r"(a) : "memory");
	guard_end();
	faults = cpu_this()->guard.faults;
	if (board.hypervisor)
		tap_ok(faults == 8, "%s: pairs, write-back, SIMD: %u of 8 abort", f->name, faults);

	guard_begin();
	__asm__ volatile("ldxr %0, [%1]" : "+r"(x) : "r"(a) : "memory");
	__asm__ volatile("stxr %w0, %1, [%2]" : "=&r"(y) : "r"(x), "r"(a) : "memory");
	__asm__ volatile("dc civac, %0" ::"r"(a) : "memory");
	__asm__ volatile("dc ivac, %0" ::"r"(a) : "memory");
	__asm__ volatile("dc zva, %0" ::"r"(a) : "memory");
	__asm__ volatile("prfm pldl1keep, [%0]" ::"r"(a) : "memory");
	__asm__ volatile("at s1e1r, %0" ::"r"(a) : "memory");
	/* ldadd, if the CPU has it */
	__asm__ volatile("mov x0, %0\n\t.inst 0xf8200000" ::"r"(a) : "x0", "memory");
	guard_end();
	tap_ok(true, "%s: exclusives, atomics, cache maintenance (%u faults)", f->name,
	       cpu_this()->guard.faults);
}

void hostile_mmio(void)
{
	struct frame_range frames[] = {
		{ "GICD", board.gicd.base, GICD_FRAME, true },
		{ "GICR of this CPU", cpus[0].gicr, GICR_FRAME, true },
		{ "GICR of the last CPU", cpus[nr_cpus - 1].gicr, GICR_FRAME, false },
		{ "GITS", its.base, ITS_FRAME, true },
	};
	u32 i, what;

	for (i = 0; i < ARRAY_SIZE(frames); i++) {
		if (!frames[i].base || (i == 2 && nr_cpus == 1))
			continue;
		sweep_loads(&frames[i]);
		for (what = 0; what < 3; what++)
			sweep_stores(&frames[i], what);
		sweep_unaligned(&frames[i]);
		undecodable(&frames[i]);
	}
}

static bool fetch_faults(u64 a)
{
	void (*jump)(void) = (void (*)(void))a;

	guard_begin();
	jump();
	return guard_end();
}

/* Loads, stores and jumps to what is not there, or not ours; and table walks through it. */
static void touch(const struct hostile_target *t)
{
	bool load, store, fetch;
	u64 alias = t->pa + MMU_ALIAS;

	if (t->pa >= MMU_ALIAS)
		return; /* no virtual address reaches it */
	mmu_map(alias, t->pa, SZ_4K, MMU_NORMAL);
	guard_begin();
	hostile_load(alias, 8);
	load = guard_end();
	guard_begin();
	hostile_store(alias, 8, ~UINT64_C(0));
	store = guard_end();
	guard_begin();
	__asm__ volatile("dc civac, %0" ::"r"(alias) : "memory");
	__asm__ volatile("dc ivac, %0" ::"r"(alias) : "memory");
	__asm__ volatile("ic ivau, %0" ::"r"(alias) : "memory");
	guard_end();
	if (t->hidden) {
		fetch = fetch_faults(alias);
		tap_ok(load && store && fetch, "%s (0x%lx): load, store, fetch abort: %d %d %d",
		       t->what, t->pa, load, store, fetch);
	}
}

/* The upper half's tables at @t: a walk cannot read them. */
static void walk(const struct hostile_target *t)
{
	u64 tcr = sysreg_read(tcr_el1);
	bool fault;

	sysreg_write(ttbr1_el1, t->pa & GENMASK(47, 12));
	sysreg_write(tcr_el1, (tcr & ~TCR_EPD1) | TCR_T1);
	isb();
	guard_begin();
	hostile_load(HIGH_HALF + 0x12345678, 4);
	fault = guard_end();
	sysreg_write(tcr_el1, tcr);
	isb();
	__asm__ volatile("tlbi vmalle1\n\tdsb nsh\n\tisb" ::: "memory");
	tap_ok(fault, "%s (0x%lx): a translation table there aborts", t->what, t->pa);
}

void hostile_memory(void)
{
	u32 i;

	for (i = 0; i < hostile_nr_targets; i++) {
		if (!hostile_targets[i].device)
			touch(&hostile_targets[i]);
		walk(&hostile_targets[i]);
	}
}
