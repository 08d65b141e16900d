/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From the first C instruction to the management VM's first instruction. Each step says in one line what stopped it;
 * boot_main() at the end is the list of steps.
 */
#include <libfdt.h>

#include "boot/board.h"
#include "boot/cmdline.h"
#include "boot/fdt_edit.h"
#include "boot/mmu.h"
#include "boot/modules.h"
#include "boot/msi.h"
#include "boot/place.h"
#include "drivers/gicv3.h"
#include "drivers/lpi.h"
#include "drivers/psci.h"
#include "drivers/timer.h"
#include "drivers/uart.h"
#include "hyp/cache.h"
#include "hyp/exit.h"
#include "hyp/lib/errno.h"
#include "hyp/lib/string.h"
#include "hyp/log.h"
#include "hyp/machine.h"
#include "hyp/mgmt.h"
#include "hyp/owner.h"
#include "hyp/ranges.h"
#include "hyp/sysreg.h"

#define FDT_MAX_SIZE SZ_2M
#define CURRENT_EL GENMASK(3, 2)
#define BOOT_LINE 256

extern u64 __stack_chk_guard;
extern char image_end[], boot_secondary[];

static struct place place;

/* Says why Herald cannot go on, and parks. */
static void stop(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));
static void stop(const char *fmt, ...)
{
	char text[BOOT_LINE];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	log_line("cannot start: %s", text);
	log_line("stopped");
	for (;;)
		wfi();
}

/* Herald's own memory, bss and the first stack included. */
static struct board_range boot_image(void)
{
	return (struct board_range){ mem_image_pa, (u64)image_end - MEM_IMAGE_VA };
}

u64 log_clock_us(void)
{
	return timer_ticks_to_us(timer_now() - machine.entry_ticks);
}

/* Maps memory that a loader filled, for reading; NULL if it cannot be reached. */
static const void *map_loaded(u64 pa, u64 size)
{
	u64 base = ALIGN_DOWN(pa, SZ_4K);

	if (!size || pa + size < pa || (pa + size) >> MEM_LOW_WINDOW_BITS)
		return NULL;
	if (mmu_map(MEM_FDT_VA + base, base, ALIGN_UP(pa + size - base, SZ_4K), MMU_R))
		return NULL;
	return (const void *)(MEM_FDT_VA + pa);
}

/* The tree, as far as its header says; without a UART yet there is nobody to tell what is wrong with it. */
static const void *boot_map_fdt(u64 pa)
{
	const void *fdt = map_loaded(pa, sizeof(struct fdt_header));

	if (!fdt || fdt_check_header(fdt) || fdt_totalsize(fdt) > FDT_MAX_SIZE)
		return NULL;
	return map_loaded(pa, fdt_totalsize(fdt));
}

static void boot_uart(const struct board_uart *u)
{
	const struct uart_config cfg = { .type = u->type == BOARD_UART_PL011 ? UART_PL011
									     : UART_8250,
					 .reg_shift = u->reg_shift,
					 .io_width = u->reg_io_width,
					 .va = (uintptr_t)mmu_map_device(u->base, SZ_4K) };

	if (u->type == BOARD_UART_NONE || !cfg.va)
		return;
	uart_init(&cfg);
	log_uart_ready();
}

/* Only a processor at EL2 without VHE forced on can go on; see docs/boot.md. */
static void boot_check_cpu(void)
{
	u64 el = FIELD_GET(CURRENT_EL, sysreg_read(currentel));

	if (el != 2)
		stop("entered at EL%u, Herald needs EL2: boot it with virtualization enabled (QEMU: "
		     "-machine virtualization=on) and from a loader that stays at EL2",
		     (u32)el);
	if (sysreg_read(hcr_el2) & HCR_E2H)
		stop("this CPU cannot leave VHE mode (HCR_EL2.E2H is fixed to 1): not supported");
}

static void boot_read_board(u64 fdt_pa)
{
	struct board *b = &machine.board;
	const void *fdt = boot_map_fdt(fdt_pa);
	const char *why = "the device tree has no valid header: x0 must hold its physical address";
	int err = fdt ? board_parse(fdt, fdt_pa, FDT_MAX_SIZE, b, &why) : -FDT_ERR_BADMAGIC;

	boot_uart(&b->uart);
	log_line("Herald " HERALD_VERSION ", loaded at 0x%llx", (unsigned long long)mem_image_pa);
	/* First: at another level firmware and machine describe themselves differently. */
	boot_check_cpu();
	if (err)
		stop("%s", why);
}

static void boot_read_modules(void)
{
	struct board *b = &machine.board;
	const struct board_range image = boot_image();
	const char *why;

	if (ranges_touch(b->no_map, b->nr_no_map, image.base, image.size))
		stop("Herald was loaded at 0x%llx into memory that the device tree reserves (no-map)",
		     (unsigned long long)image.base);
	if (modules_parse((const void *)(MEM_FDT_VA + b->fdt.base), b, &image, map_loaded, &why))
		stop("%s", why);
	if (place_choose(b, &image, &place, &why))
		stop("%s", why);
}

/*
 * RAM for EL2: all but what is reserved (no speculative access may go there) and Herald's image, whose one mapping is
 * write-protected.
 */
static void boot_map_ram(void)
{
	const struct board *b = &machine.board;
	static struct board_range holes[BOARD_MAX_RESERVED + 1];
	u32 nr = b->nr_no_map, i;

	memcpy(holes, b->no_map, sizeof(b->no_map));
	holes[nr++] = boot_image();
	for (i = 0; i < b->nr_mem; i++) {
		u64 end = b->mem[i].base + b->mem[i].size;
		u64 base = b->mem[i].base;
		u64 size;

		if (end >> MEM_PHYS_BITS)
			stop("RAM at 0x%llx lies beyond the %u address bits that Herald handles",
			     (unsigned long long)base, MEM_PHYS_BITS);
		while ((size = ranges_next_gap(holes, nr, &base, end))) {
			if (mmu_map(MEM_PHYS_VA + base, base, size, MMU_RW))
				stop("RAM at 0x%llx cannot be mapped: too many separate banks",
				     (unsigned long long)base);
			base += size;
		}
	}
}

/* The page pool, and the table that says of each page of RAM whose it is. */
static void boot_pool(void)
{
	const struct board *b = &machine.board;
	const struct board_range image = boot_image();
	int err = pool_init(place.pool.base, mem_phys_to_virt(place.pool.base), place.pool.size);
	u32 i;

	machine.pool_size = place.pool.size;
	for (i = 0; i < b->nr_mem && !err; i++)
		err = owner_add_bank(b->mem[i].base, b->mem[i].size);
	if (!err)
		err = owner_set_range(place.pool.base, place.pool.size, OWNER_HERALD);
	if (!err)
		err = owner_set_range(image.base, image.size, OWNER_HERALD);
	if (err)
		stop("the page pool at 0x%llx cannot be set up (error %d)",
		     (unsigned long long)place.pool.base, -err);
}

/* Without firmware that starts CPUs there is only the one that runs this. */
static void boot_firmware(void)
{
	struct board *b = &machine.board;

	if (b->psci == BOARD_PSCI_SMC) {
		psci_init();
		smccc_init();
		return;
	}
	if (b->nr_cpus > 1)
		log_line("no PSCI by SMC in the device tree: %u CPUs stay off", b->nr_cpus - 1);
	b->nr_cpus = 1;
	b->cpu_mpidr[0] = sysreg_read(mpidr_el1) & MPIDR_AFF_MASK;
}

/* The CPU that runs this becomes number 0, wherever the tree lists it: drivers rely on that. */
static void boot_cpu_first(void)
{
	struct board *b = &machine.board;
	u64 self = sysreg_read(mpidr_el1) & MPIDR_AFF_MASK;
	u32 i;

	for (i = 0; i < b->nr_cpus; i++)
		if (b->cpu_mpidr[i] == self) {
			b->cpu_mpidr[i] = b->cpu_mpidr[0];
			b->cpu_mpidr[0] = self;
		}
}

/* Each CPU's stack, over a hole that stays unmapped. */
static void boot_cpus(void)
{
	struct board *b = &machine.board;
	u32 i;

	boot_cpu_first();
	if (cpu_init_table(b, sysreg_read(mpidr_el1), mmu_root()))
		stop("the device tree does not list the CPU that runs this (MPIDR 0x%llx)",
		     (unsigned long long)(sysreg_read(mpidr_el1) & MPIDR_AFF_MASK));
	for (i = 0; i < cpu_count; i++) {
		void *stack = pool_alloc_bytes(&pool_herald, MEM_STACK_SIZE);
		u64 va = cpu_table[i].boot.stack - MEM_STACK_SIZE;

		if (!stack || mmu_map(va, pool_va_to_pa(stack), MEM_STACK_SIZE, MMU_RW))
			stop("no memory for the stacks of %u CPUs", cpu_count);
	}
	cpu_init_el2(cpu_this());
	/* What a CPU reads before its MMU is on. */
	cache_clean(cpu_table, cpu_count * sizeof(cpu_table[0]));
	machine.secondary_entry = (u64)boot_secondary - MEM_IMAGE_VA + mem_image_pa;
}

static void boot_gic(void)
{
	const struct board_gic *g = &machine.board.gic;
	struct gicv3_frames f = { .nr_redist = g->nr_redist,
				  .redist_stride = g->redist_stride,
				  .boot_mpidr = cpu_this()->mpidr };
	int err;
	u32 i;

	f.dist = (uintptr_t)mmu_map_device(g->dist.base, g->dist.size);
	for (i = 0; i < g->nr_redist; i++) {
		f.redist[i].pa = g->redist[i].base;
		f.redist[i].size = g->redist[i].size;
		f.redist[i].va = (uintptr_t)mmu_map_device(g->redist[i].base, g->redist[i].size);
		if (!f.redist[i].va)
			f.dist = 0;
	}
	err = f.dist ? gicv3_init(&f) : -EINVAL;
	if (!err)
		err = gicv3_cpu_init(cpu_this()->index, cpu_this()->mpidr);
	if (err)
		stop("GIC: %s", gicv3_strerror(err));
	gicv3_irq_enable(cpu_this()->index, g->maintenance_intid);
	gicv3_irq_enable(cpu_this()->index, machine.board.timer_hyp_intid);
	log_line("GICv%u, %u SPIs, %u CPUs", gicv3_arch_rev(), gicv3_nr_spis(), cpu_count);
}

/* A redistributor that goes on writing to tables which are not ours is a reason to stop. */
static void boot_lpis_left(void)
{
	struct lpi_left left;

	if (!lpi_disable_left(&left))
		return;
	stop("LPIs are enabled already, with tables at 0x%llx and 0x%llx, and cannot be disabled: "
	     "power the machine off and on, or start Herald before a kernel that uses them",
	     (unsigned long long)left.prop_pa, (unsigned long long)left.pending_pa);
}

/* The tree for the management VM, where its kernel finds it. Caches off there: clean what was written. */
static void boot_edit_fdt(void)
{
	struct board *b = &machine.board;
	const struct board_range owned[] = { boot_image(), place.pool };
	const struct fdt_edit_plan plan = {
		.owned = owned,
		.nr_owned = ARRAY_SIZE(owned),
		.cpu_mpidr = b->cpu_mpidr,
		.nr_cpus = b->nr_cpus,
		.hide_smmu = true,
		.hide_its = !machine.nr_its,
		.version = HERALD_VERSION,
	};
	void *dst = mem_phys_to_virt(place.fdt.base);
	const char *why;

	if (fdt_edit_mgmt((const void *)(MEM_FDT_VA + b->fdt.base), dst, place.fdt.size, b, &plan,
			  &why))
		stop("%s", why);
	cache_clean(dst, fdt_totalsize(dst));
}

static void boot_dma(void)
{
	log_line("DMA is not confined: %s; a device can reach all memory, Herald's included",
		 machine.board.nr_smmu ? "the SMMU is not used yet" : "there is no SMMU");
}

static void boot_mgmt(void)
{
	const struct mgmt_plan plan = {
		.owned = { boot_image(), place.pool },
		.nr_owned = 2,
		.lpis = machine.nr_its != 0,
	};
	int err = mgmt_create(&plan);
	struct vcpu *v;

	if (err)
		stop("the management VM cannot be made (error %d): is the pool of %llu KiB too small?",
		     -err, (unsigned long long)(machine.pool_size / 1024));
	v = machine.mgmt->vcpus[cpu_this()->index];
	v->entry = machine.board.kernel.file.base;
	v->context = place.fdt.base;
}

/* Uses the stack up, at @depth levels at least. */
static u64 __attribute__((noinline)) boot_recurse(const volatile u64 *depth)
{
	volatile u64 here = *depth + 1;

	return *depth > MEM_STACK_SIZE ? here : boot_recurse(&here) + here;
}

/* The option crash=assert|data|stack: dies on purpose, for those who want to see (and test) what a panic prints. */
static void boot_crash(void)
{
	char how[8];
	volatile u64 depth = 0;

	if (cmdline_get(machine.board.bootargs, "crash", how, sizeof(how)) < 0)
		return;
	if (!strcmp(how, "data"))
		*(volatile u32 *)MEM_STACK_VA = 0;
	else if (!strcmp(how, "stack"))
		boot_recurse(&depth);
	panic("the option crash=%s was given", how);
}

/* On the boot CPU's own stack. */
static void boot_enter(void)
{
	boot_crash();
	log_line("the management VM starts after %llu us", (unsigned long long)log_clock_us());
	mgmt_start();
}

void boot_main(u64 fdt_pa, u64 image_pa, u64 entry_ticks)
	__attribute__((noreturn, optimize("no-stack-protector")));
void boot_main(u64 fdt_pa, u64 image_pa, u64 entry_ticks)
{
	(void)image_pa;
	machine.entry_ticks = entry_ticks;
	__stack_chk_guard = (entry_ticks * UINT64_C(0x9e3779b97f4a7c15)) & ~UINT64_C(0xff);
	boot_read_board(fdt_pa);
	boot_read_modules();
	boot_map_ram();
	boot_pool();
	boot_firmware();
	boot_cpus();
	boot_gic();
	boot_lpis_left();
	msi_init();
	boot_dma();
	boot_mgmt();
	boot_edit_fdt();
	entry_call_on((u64)cpu_this()->frame, boot_enter);
}

/* A CPU that a guest's CPU_ON started, on its own stack. */
void boot_secondary_main(struct cpu *c) __attribute__((noreturn));
void boot_secondary_main(struct cpu *c)
{
	int err;

	cpu_init_el2(c);
	err = gicv3_cpu_init(c->index, c->mpidr);
	if (err)
		panic("CPU %u: GIC: %s", c->index, gicv3_strerror(err));
	gicv3_irq_enable(c->index, machine.board.gic.maintenance_intid);
	gicv3_irq_enable(c->index, machine.board.timer_hyp_intid);
	msi_cpu_init(c);
	panic_check();
	/* From here on the registers of a guest lie at the top of this stack. */
	entry_call_on((u64)c->frame, mgmt_start);
}
