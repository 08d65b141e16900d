// SPDX-License-Identifier: GPL-2.0-only
/* The device tree, through libfdt. */
#include <libfdt.h>
#include "guests/bare/board.h"
#include "hyp/lib/string.h"

#define HEAP_SIZE (32 * SZ_1M)
#define GIC_PPI_BASE 16
/* Order of the generic timer's interrupts in its node: secure, physical, virtual, hypervisor. */
#define TIMER_PHYSICAL 1
#define TIMER_VIRTUAL 2
#define INTERRUPT_CELLS 3

struct board board;

static u64 read_cells(const fdt32_t *p, int cells)
{
	u64 val = 0;

	while (cells-- > 0)
		val = (val << 32) | fdt32_to_cpu(*p++);
	return val;
}

/* The @index'th entry of a node's "reg"; false if there is none. */
static bool read_reg(const void *fdt, int node, int index, struct range *r)
{
	int parent = fdt_parent_offset(fdt, node);
	int ac = fdt_address_cells(fdt, parent);
	int sc = fdt_size_cells(fdt, parent);
	int len;
	const fdt32_t *reg = fdt_getprop(fdt, node, "reg", &len);

	if (!reg || ac < 1 || sc < 0 || (index + 1) * (ac + sc) * 4 > len)
		return false;
	reg += index * (ac + sc);
	r->base = read_cells(reg, ac);
	r->size = read_cells(reg + ac, sc);
	return true;
}

static void add_ram(struct range r)
{
	u32 i;

	if (board.nr_ram == BOARD_MAX_RANGES || !r.size)
		return;
	for (i = board.nr_ram++; i > 0 && board.ram[i - 1].base > r.base; i--)
		board.ram[i] = board.ram[i - 1];
	board.ram[i] = r;
}

static void read_memory(const void *fdt)
{
	int node;

	for (node = fdt_first_subnode(fdt, 0); node >= 0; node = fdt_next_subnode(fdt, node)) {
		const char *type = fdt_getprop(fdt, node, "device_type", NULL);
		struct range r;
		int i;

		if (!type || strcmp(type, "memory"))
			continue;
		for (i = 0; read_reg(fdt, node, i, &r); i++)
			add_ram(r);
	}
}

static void read_cpus(const void *fdt)
{
	int parent = fdt_path_offset(fdt, "/cpus");
	int node;

	for (node = fdt_first_subnode(fdt, parent); node >= 0; node = fdt_next_subnode(fdt, node)) {
		const char *type = fdt_getprop(fdt, node, "device_type", NULL);
		const char *status = fdt_getprop(fdt, node, "status", NULL);
		struct range r;

		if (!type || strcmp(type, "cpu") || (status && strcmp(status, "okay")))
			continue;
		if (board.nr_cpus < CPU_MAX && read_reg(fdt, node, 0, &r))
			board.mpidr[board.nr_cpus++] = r.base;
	}
}

static bool read_gic(const void *fdt)
{
	int node = fdt_node_offset_by_compatible(fdt, -1, "arm,gic-v3");
	const fdt32_t *regions;
	struct range r;
	int n, i, child;

	if (node < 0 || !read_reg(fdt, node, 0, &board.gicd))
		return false;
	regions = fdt_getprop(fdt, node, "#redistributor-regions", NULL);
	n = regions ? (int)fdt32_to_cpu(*regions) : 1;
	for (i = 0; i < n && board.nr_gicr < BOARD_MAX_RANGES; i++)
		if (read_reg(fdt, node, 1 + i, &r))
			board.gicr[board.nr_gicr++] = r;
	for (child = fdt_first_subnode(fdt, node); child >= 0;
	     child = fdt_next_subnode(fdt, child)) {
		if (fdt_node_check_compatible(fdt, child, "arm,gic-v3-its"))
			continue;
		if (board.nr_its < BOARD_MAX_ITS && read_reg(fdt, child, 0, &r))
			board.its[board.nr_its++] = r;
	}
	return board.nr_gicr > 0;
}

static void read_timer(const void *fdt)
{
	int node = fdt_node_offset_by_compatible(fdt, -1, "arm,armv8-timer");
	int len;
	const fdt32_t *irqs = node < 0 ? NULL : fdt_getprop(fdt, node, "interrupts", &len);

	if (!irqs || len < (TIMER_VIRTUAL + 1) * INTERRUPT_CELLS * 4)
		return;
	board.ptimer_intid = fdt32_to_cpu(irqs[TIMER_PHYSICAL * INTERRUPT_CELLS + 1]) +
			     GIC_PPI_BASE;
	board.vtimer_intid = fdt32_to_cpu(irqs[TIMER_VIRTUAL * INTERRUPT_CELLS + 1]) + GIC_PPI_BASE;
}

/* Herald's doorbell is a PPI. */
static void read_hypervisor(const void *fdt)
{
	int node = fdt_path_offset(fdt, "/hypervisor");
	int len;
	const fdt32_t *irq = node < 0 ? NULL : fdt_getprop(fdt, node, "interrupts", &len);

	board.hypervisor = node >= 0;
	if (irq && len >= INTERRUPT_CELLS * (int)sizeof(*irq))
		board.doorbell_intid = fdt32_to_cpu(irq[1]) + GIC_PPI_BASE;
}

static void read_console(const void *fdt, int chosen)
{
	const char *path = fdt_getprop(fdt, chosen, "stdout-path", NULL);
	struct range r;
	int node, len;

	if (!path)
		return;
	len = (int)strlen(path);
	if (strchr(path, ':'))
		len = (int)(strchr(path, ':') - path);
	node = fdt_path_offset_namelen(fdt, path, len);
	if (node < 0 || !read_reg(fdt, node, 0, &r))
		return;
	board.uart_8250 = !fdt_node_check_compatible(fdt, node, "ns16550a");
	if (board.uart_8250 || !fdt_node_check_compatible(fdt, node, "arm,pl011"))
		board.uart = r.base;
}

/* The MSI bell of our own VMM (guests/mgmt/vmm/boot.c): msi-parent = <&its DeviceID>. */
static void read_bell(const void *fdt)
{
	int node = fdt_node_offset_by_compatible(fdt, -1, "herald,msi-bell");
	const fdt32_t *parent;
	struct range r;
	int len;

	if (node < 0 || !read_reg(fdt, node, 0, &r))
		return;
	parent = fdt_getprop(fdt, node, "msi-parent", &len);
	if (!parent || len < 2 * (int)sizeof(*parent))
		return;
	board.bell = r.base;
	board.bell_devid = fdt32_to_cpu(parent[1]);
}

static bool range_busy(u64 base, struct range busy, u64 *below)
{
	if (!ranges_overlap(base, HEAP_SIZE, busy.base, busy.size))
		return false;
	*below = busy.base;
	return true;
}

/* Moves *@end below whatever occupies the heap that would end there; true if it moved. */
static bool heap_conflict(const void *fdt, struct range initrd, u64 *end)
{
	u64 base = *end - HEAP_SIZE;
	u64 image_size = *(const u64 *)(image_start + 16);
	int i;

	if (range_busy(base, (struct range){ (u64)image_start, MAX(image_size, SZ_2M) }, end) ||
	    range_busy(base, (struct range){ board.fdt, SZ_2M }, end) ||
	    range_busy(base, initrd, end))
		return true;
	for (i = 0; i < fdt_num_mem_rsv(fdt); i++) {
		struct range r;

		if (!fdt_get_mem_rsv(fdt, i, &r.base, &r.size) && range_busy(base, r, end))
			return true;
	}
	return false;
}

static u64 read_address(const void *fdt, int node, const char *name)
{
	int len;
	const fdt32_t *p = fdt_getprop(fdt, node, name, &len);

	return p ? read_cells(p, len / 4) : 0;
}

/* The highest place in RAM that fits. */
static bool find_heap(const void *fdt, int chosen)
{
	struct range initrd = { .base = read_address(fdt, chosen, "linux,initrd-start") };
	u32 i;

	initrd.size = read_address(fdt, chosen, "linux,initrd-end") - initrd.base;
	for (i = board.nr_ram; i-- > 0;) {
		struct range ram = board.ram[i];
		u64 end = ALIGN_DOWN(ram.base + ram.size, SZ_2M);

		while (end >= ram.base + HEAP_SIZE && heap_conflict(fdt, initrd, &end))
			end = ALIGN_DOWN(end, SZ_2M);
		if (end < ram.base + HEAP_SIZE)
			continue;
		board.heap = (struct range){ end - HEAP_SIZE, HEAP_SIZE };
		return true;
	}
	return false;
}

bool board_init(u64 fdt_pa)
{
	const void *fdt = (const void *)fdt_pa;
	const char *method;
	int chosen, node;

	if (fdt_check_header(fdt))
		return false;
	board.fdt = fdt_pa;
	chosen = fdt_path_offset(fdt, "/chosen");
	read_console(fdt, chosen);
	read_bell(fdt);
	board.bootargs = fdt_getprop(fdt, chosen, "bootargs", NULL);
	if (!board.bootargs)
		board.bootargs = "";
	read_hypervisor(fdt);
	node = fdt_path_offset(fdt, "/psci");
	method = node < 0 ? NULL : fdt_getprop(fdt, node, "method", NULL);
	board.psci_hvc = method && !strcmp(method, "hvc");
	read_memory(fdt);
	read_cpus(fdt);
	read_timer(fdt);
	return read_gic(fdt) && board.nr_ram && board.nr_cpus && find_heap(fdt, chosen);
}

bool board_option(const char *key, const char *value, bool missing)
{
	size_t key_len = strlen(key), len = strlen(value);
	const char *p = board.bootargs;

	for (;; p = strchr(p, ' ')) {
		while (p && *p == ' ')
			p++;
		if (!p || !*p)
			return missing;
		if (!strncmp(p, key, key_len) && p[key_len] == '=')
			break;
	}
	for (p += key_len + 1;; p++) {
		if (!strncmp(p, value, len) && (!p[len] || p[len] == ',' || p[len] == ' '))
			return true;
		while (*p && *p != ',' && *p != ' ')
			p++;
		if (*p != ',')
			return false;
	}
}
