/* SPDX-License-Identifier: GPL-2.0-only */
/* Intake: what struct board says of each tree, and the line that each kind of bad tree gets. */
// sources: boot/board.c boot/dt.c boot/cmdline.c
// libs: fdt
#include "tests/unit/tap.h"
#include "tests/unit/fdt/tree.h"

#include "boot/board.h"
#include "boot/cmdline.h"
#include "boot/dt.h"
#include "hyp/lib/errno.h"

#define FDT_PA UINT64_C(0x48000000)

static struct board b;
static const char *why;

/* Parses a packed copy of @tree that ends where reading ends. */
static int parse(void *tree)
{
	struct tree_guard g;
	size_t size;
	void *copy;
	int err;

	tree_must(fdt_pack(tree));
	size = fdt_totalsize(tree);
	g = tree_guard_new(size);
	copy = tree_guard_at(&g, size);
	memcpy(copy, tree, size);
	why = NULL;
	err = board_parse(copy, FDT_PA, size, &b, &why);
	tree_guard_free(&g);
	tree_must(fdt_open_into(tree, tree, TREE_MAX));
	return err;
}

static void parse_name(const char *name)
{
	void *tree = tree_load(name);

	is(parse(tree), 0, "%s: is accepted", name);
	free(tree);
}

/* @tree, a changed one, must be refused with @err and a line that has @text in it. Frees it. */
static void refused(void *tree, int err, const char *text, const char *name)
{
	int got = parse(tree);

	if (!ok(got == err && why && strstr(why, text), "refused: %s", name))
		printf("# got %d, %s\n", got, why ? why : "no line");
	free(tree);
}

static void range(const struct board_range *r, u64 base, u64 size, const char *name)
{
	if (!ok(r->base == base && r->size == size, "%s", name))
		printf("# got 0x%llx + 0x%llx\n", (unsigned long long)r->base,
		       (unsigned long long)r->size);
}

static void test_virt(void)
{
	parse_name("virt");
	is(b.nr_mem, 1, "virt: one bank");
	range(&b.mem[0], 0x40000000, 0x80000000, "virt: bank");
	is(b.nr_cpus, 2, "virt: two CPUs");
	is(b.cpu_mpidr[1], 1, "virt: MPIDR of CPU 1");
	is(b.uart.type, BOARD_UART_PL011, "virt: PL011 by path");
	is(b.uart.base, 0x9000000, "virt: UART address");
	range(&b.gic.dist, 0x8000000, 0x10000, "virt: distributor");
	is(b.gic.nr_redist, 1, "virt: one redistributor region");
	range(&b.gic.redist[0], 0x80a0000, 0xf60000, "virt: redistributors");
	is(b.gic.redist_stride, 0, "virt: no stride");
	is(b.gic.maintenance_intid, 25, "virt: maintenance interrupt");
	is(b.gic.irq_cells, 3, "virt: cells of an interrupt");
	ok(b.gic.phandle != 0, "virt: the GIC has a phandle");
	is(b.nr_its, 1, "virt: one ITS");
	range(&b.its[0].frame, 0x8080000, 0x20000, "virt: ITS frame");
	is(b.timer_phys_intid, 30, "virt: physical timer");
	is(b.timer_virt_intid, 27, "virt: virtual timer");
	is(b.timer_hyp_intid, 26, "virt: EL2 timer");
	is(b.nr_smmu, 1, "virt: one SMMU");
	range(&b.smmu[0], 0x9050000, 0x20000, "virt: SMMU");
	ok(b.smmu_phandle[0] != 0, "virt: the SMMU has a phandle");
	is(b.nr_pci, 1, "virt: one PCI host");
	range(&b.pci[0].ecam, UINT64_C(0x4010000000), 0x10000000, "virt: ECAM");
	is(b.pci[0].bus_last, 0xff, "virt: last bus");
	is(b.pci[0].msi_map_mask, 0xffff, "virt: no mask");
	is(b.pci[0].nr_msi_map, 1, "virt: one MSI range");
	is(b.pci[0].msi_map[0].length, 0x10000, "virt: all requester IDs");
	is(b.pci[0].msi_map[0].its, 0, "virt: to ITS 0");
	is(b.psci, BOARD_PSCI_SMC, "virt: PSCI by SMC");
	is(b.nr_reserved, 0, "virt: nothing reserved");
	is(b.fdt.base, FDT_PA, "virt: where the tree is");
	ok(strcmp(b.bootargs, "loglevel=8 dma-unconfined") == 0, "virt: Herald's options");
	is(b.mgmt_bootargs[0] | b.kernel.file.size, 0, "virt: modules are left alone");
}

static void test_versal(void)
{
	parse_name("versal");
	is(b.nr_mem, 2, "versal: two banks");
	range(&b.mem[0], 0, 0x80000000, "versal: the bank at 0");
	range(&b.mem[1], UINT64_C(0x800000000), UINT64_C(0x180000000), "versal: the high bank");
	is(b.nr_its | b.nr_pci | b.nr_smmu, 0, "versal: no ITS, PCI host, SMMU");
	is(b.uart.base, 0xff000000, "versal: UART by alias with options");
	is(b.psci, BOARD_PSCI_SMC, "versal: PSCI 0.2");
	is(b.gic.redist[0].size, 0x80000, "versal: redistributors");
}

static void test_sbsa(void)
{
	parse_name("sbsa");
	range(&b.mem[0], UINT64_C(0x10000000000), 0x80000000, "sbsa: bank at 1 TiB");
	is(b.cpu_mpidr[0], UINT64_C(0x100020300), "sbsa: MPIDR of two cells");
	range(&b.its[0].frame, 0x44081000, 0x20000, "sbsa: ITS that is not 64 KiB-aligned");
	is(b.psci, BOARD_PSCI_NONE, "sbsa: no PSCI");
	is(b.pci[0].bus_last, 0x7f, "sbsa: the buses that the ECAM has");
	is(b.bootargs[0], 0, "sbsa: no options");
}

static void test_manyits_memory(void)
{
	parse_name("manyits");
	is(b.nr_mem, 2, "manyits: banks merged and sorted, the disabled one left out");
	range(&b.mem[0], 0x80000000, 0x80000000, "manyits: merged bank");
	range(&b.mem[1], UINT64_C(0x2000001000), 0x10000000, "manyits: bank cut to whole pages");
	is(b.nr_reserved, 2, "manyits: reserved ranges");
	range(&b.reserved[0], 0x80001000, 0x1000, "manyits: reserved grown to whole pages");
	range(&b.reserved[1], 0x88000000, 0x200000,
	      "manyits: memreserve and reserved-memory merged");
	is(b.nr_cpus, 2, "manyits: the disabled CPU is left out");
	is(b.cpu_mpidr[0], 0x100, "manyits: CPUs in the order of the tree");
	is(b.uart.type, BOARD_UART_NONE, "manyits: no console");
	is(b.psci, BOARD_PSCI_HVC, "manyits: PSCI by HVC");
	is(b.timer_phys_intid, 30, "manyits: physical timer by name");
	is(b.timer_virt_intid, 27, "manyits: virtual timer by name");
	is(b.timer_hyp_intid, 26, "manyits: EL2 timer by name");
}

static void test_manyits_msi(void)
{
	const struct board_pci *p = b.pci;

	range(&b.gic.dist, UINT64_C(0x2f000000), 0x10000, "manyits: distributor");
	is(b.gic.nr_redist, 2, "manyits: redistributor regions");
	range(&b.gic.redist[1], 0x2f400000, 0x200000, "manyits: second region");
	is(b.gic.redist_stride, 0x40000, "manyits: stride");
	is(b.nr_its, 2, "manyits: the disabled ITS is left out");
	range(&b.its[1].frame, UINT64_C(0x130080000), 0x40000, "manyits: ITS through ranges");
	is(b.nr_smmu, 1, "manyits: the disabled SMMU is left out");
	is(b.nr_pci, 3, "manyits: PCI hosts");
	range(&p[0].ecam, 0x40000000, 0x3000000, "manyits: ECAM of 48 buses");
	is(p[0].bus_first, 0x10, "manyits: first bus");
	is(p[0].bus_last, 0x3f, "manyits: last bus");
	is(p[0].domain, 7, "manyits: domain");
	is(p[0].msi_map_mask, 0xfff8, "manyits: mask");
	is(p[0].nr_msi_map, 3, "manyits: empty ranges and those of others left out");
	is(p[0].msi_map[0].rid_base, 0x1000, "manyits: range 0, requester ID");
	is(p[0].msi_map[0].devid_base, 0x40000, "manyits: range 0, DeviceID");
	is(p[0].msi_map[1].its, 1, "manyits: range 1, second ITS");
	is(p[0].msi_map[1].length, 0x800, "manyits: range 1, length");
	is(p[0].msi_map[2].length, 0x100, "manyits: a range ends with the requester IDs");
	is(p[1].nr_msi_map, 1, "manyits: msi-parent");
	is(p[1].msi_map[0].its, 1, "manyits: msi-parent's ITS");
	is(p[1].msi_map[0].length, 0x10000, "manyits: msi-parent is the identity");
	is(p[1].domain, 1, "manyits: domain by order");
	is(p[1].bus_last, 15, "manyits: no bus-range");
	is(p[2].nr_msi_map, 0, "manyits: a map to a disabled ITS");
}

static void test_uart8250(void)
{
	void *tree;

	parse_name("uart8250");
	is(b.uart.type, BOARD_UART_8250, "uart8250: type");
	is(b.uart.base, UINT64_C(0x1f4020000), "uart8250: through two buses");
	is(b.uart.reg_shift, 2, "uart8250: register distance");
	is(b.uart.reg_io_width, 4, "uart8250: register width");
	is(b.gic.dist.base, UINT64_C(0x1f0600000), "uart8250: GIC through a bus");
	range(&b.reserved[0], 0x8000f000, 0x1000, "uart8250: the spin table is reserved");
	is(b.nr_reserved, 1, "uart8250: once");
	is(b.psci, BOARD_PSCI_NONE, "uart8250: no PSCI");

	tree = tree_load("uart8250");
	tree_set_string(tree, "/chosen", "stdout-path", "/soc/apb@4000000/serial@30000");
	parse(tree);
	is(b.uart.base, UINT64_C(0x1f4030040), "uart8250: reg-offset");
	is(b.uart.reg_io_width, 1, "uart8250: width if it is not said");
	tree_set_string(tree, "/chosen", "stdout-path", "/soc/i2c/serial@48");
	is(parse(tree), 0, "uart8250: a UART that is no memory");
	is(b.uart.type, BOARD_UART_NONE, "uart8250: is none");
	free(tree);
}

static void test_cells1(void)
{
	parse_name("cells1");
	range(&b.mem[0], 0x40000000, 0x40000000, "cells1: bank");
	is(b.uart.base, 0x9000000, "cells1: UART");
	range(&b.reserved[0], 0x48000000, 0x4000, "cells1: memreserve");
}

static void test_stdout(void)
{
	static const struct {
		const char *path;
		enum board_uart_type type;
	} t[] = {
		{ "/pl011@9000000:115200", BOARD_UART_PL011 },
		{ "serial0", BOARD_UART_PL011 },
		{ "serial0:115200n8", BOARD_UART_PL011 },
		{ "serial9", BOARD_UART_NONE },
		{ "loop", BOARD_UART_NONE }, /* an alias that names itself */
		{ "", BOARD_UART_NONE },
		{ ":", BOARD_UART_NONE },
		{ "/", BOARD_UART_NONE },
		{ "/nowhere", BOARD_UART_NONE },
		{ "/memory@40000000", BOARD_UART_NONE },
	};
	void *tree = tree_load("virt");

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		tree_set_string(tree, "/chosen", "stdout-path", t[i].path);
		ok(parse(tree) == 0 && b.uart.type == t[i].type, "stdout-path \"%s\"", t[i].path);
	}
	tree_must(
		fdt_setprop(tree, tree_node(tree, "/chosen"), "stdout-path", "/pl011@9000000", 14));
	ok(parse(tree) == 0 && b.uart.type == BOARD_UART_NONE, "stdout-path without its NUL");
	free(tree);
}

static void test_missing(void)
{
	static const struct {
		const char *node;
		const char *text;
	} t[] = {
		{ "/memory@40000000", "no memory" },
		{ "/cpus", "no CPU" },
		{ "/intc@8000000", "no GICv3" },
		{ "/timer", "no generic timer" },
	};
	void *tree;

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		tree = tree_load("virt");
		tree_must(fdt_del_node(tree, tree_node(tree, t[i].node)));
		refused(tree, -ENODEV, t[i].text, t[i].node);
		tree = tree_load("virt");
		tree_set_string(tree, t[i].node, "status", "disabled");
		refused(tree, -ENODEV, t[i].text, "disabled node");
	}
	refused(tree_load("gicv2"), -ENODEV, "GICv2", "a GICv2");

	tree = tree_load("virt");
	tree_must(fdt_del_node(tree, tree_node(tree, "/chosen")));
	tree_must(fdt_del_node(tree, tree_node(tree, "/psci")));
	tree_must(fdt_del_node(tree, tree_node(tree, "/intc@8000000/its@8080000")));
	is(parse(tree), 0, "no /chosen, PSCI or ITS is no error");
	is(b.nr_its | b.pci[0].nr_msi_map | (u32)b.psci | (u32)b.uart.type, 0, "and is told");
	free(tree);
}

static void test_malformed(void)
{
	char longline[BOARD_CMDLINE + 1];
	void *tree;

	tree = tree_load("virt");
	TREE_CELLS(tree, "/memory@40000000", "reg", 0, 0x40000000, 0);
	refused(tree, -EINVAL, "/memory@40000000", "reg of the wrong length");
	tree = tree_load("virt");
	TREE_CELLS(tree, "/memory@40000000", "reg", 0xffffffff, 0xfffff000, 0, 0x2000);
	refused(tree, -EINVAL, "/memory@40000000", "memory that wraps around");
	tree = tree_load("virt");
	TREE_CELLS(tree, "/", "#address-cells", 3);
	refused(tree, -EINVAL, "reg", "three address cells");
	tree = tree_load("virt");
	TREE_CELLS(tree, "/cpus/cpu@1", "reg", 0);
	refused(tree, -EINVAL, "same", "two CPUs with one MPIDR");
	tree = tree_load("virt");
	TREE_CELLS(tree, "/cpus/cpu@1", "reg", 0x81000000);
	refused(tree, -EINVAL, "MPIDR", "bits that no MPIDR has");
	tree = tree_load("virt");
	tree_del_prop(tree, "/intc@8000000", "interrupts");
	refused(tree, -EINVAL, "maintenance", "no maintenance interrupt");
	tree = tree_load("virt");
	TREE_CELLS(tree, "/intc@8000000", "reg", 0, 0x8000000, 0, 0x10000);
	refused(tree, -EINVAL, "/intc@8000000", "no redistributors");
	tree = tree_load("virt");
	TREE_CELLS(tree, "/intc@8000000", "#redistributor-regions", 17);
	refused(tree, -EINVAL, "redistributor regions", "17 redistributor regions");
	tree = tree_load("virt");
	TREE_CELLS(tree, "/intc@8000000", "#interrupt-cells", 0);
	refused(tree, -EINVAL, "#interrupt-cells", "no interrupt cells");
	tree = tree_load("virt");
	TREE_CELLS(tree, "/timer", "interrupts", 1, 13, 4, 1, 14, 4, 1, 11, 4);
	refused(tree, -EINVAL, "/timer", "no EL2 timer");
	tree = tree_load("virt");
	TREE_CELLS(tree, "/timer", "interrupts", 1, 13, 4, 1, 14, 4, 0, 11, 4, 1, 10, 4);
	refused(tree, -EINVAL, "/timer", "a timer on an SPI");
	tree = tree_load("virt");
	TREE_CELLS(tree, "/intc@8000000/its@8080000", "reg", 0, 0x8080000, 0, 0x10000);
	refused(tree, -EINVAL, "its@8080000", "an ITS without its second page");
	tree = tree_load("virt");
	tree_del_prop(tree, "/intc@8000000", "ranges");
	refused(tree, -EINVAL, "its@8080000", "an ITS that the CPU cannot reach");
	tree = tree_load("virt");
	TREE_CELLS(tree, "/pcie@10000000", "msi-map", 0, 0, 0);
	refused(tree, -EINVAL, "msi-map", "msi-map of three cells");
	tree = tree_load("virt");
	TREE_CELLS(tree, "/pcie@10000000", "msi-map", 0, 1, 0xffffff00, 0x200);
	refused(tree, -EINVAL, "msi-map", "msi-map that wraps around");
	tree = tree_load("virt");
	TREE_CELLS(tree, "/pcie@10000000", "bus-range", 5, 4);
	refused(tree, -EINVAL, "bus-range", "bus-range that runs backwards");
	tree = tree_load("virt");
	tree_set_string(tree, "/psci", "method", "call");
	refused(tree, -EINVAL, "/psci", "a PSCI method that does not exist");
	memset(longline, 'x', BOARD_CMDLINE);
	longline[BOARD_CMDLINE] = '\0';
	tree = tree_load("virt");
	tree_set_string(tree, "/chosen", "bootargs", longline);
	refused(tree, -E2BIG, "bootargs", "options that are too long");
}

/* One more than fits of everything that struct board counts. */
static void test_too_many(void)
{
	uint32_t cells[4 * 17];
	char name[64];
	void *tree;

	for (uint32_t i = 0; i < 17; i++) {
		cells[4 * i] = 0;
		cells[4 * i + 1] = 0x40000000 + i * 0x2000000;
		cells[4 * i + 2] = 0;
		cells[4 * i + 3] = 0x1000000;
	}
	tree = tree_load("virt");
	tree_must(fdt_setprop(tree, tree_node(tree, "/memory@40000000"), "reg", NULL, 0));
	for (uint32_t i = 0; i < 17; i++) {
		fdt32_t r[4] = { 0, cpu_to_fdt32(cells[4 * i + 1]), 0, cpu_to_fdt32(0x1000000) };

		tree_must(fdt_appendprop(tree, tree_node(tree, "/memory@40000000"), "reg", r, 16));
	}
	refused(tree, -E2BIG, "banks", "17 banks");

	tree = tree_load("virt");
	for (uint32_t i = 0; i < 33; i++)
		tree_must(fdt_add_mem_rsv(tree, 0x50000000 + i * 0x10000, 0x1000));
	refused(tree, -E2BIG, "reserved", "33 reserved ranges");

	tree = tree_load("virt");
	for (uint32_t i = 0; i < 16; i++) {
		int its;

		snprintf(name, sizeof(name), "its@%x", 0x20000000 + i * 0x20000);
		its = fdt_add_subnode(tree, tree_node(tree, "/intc@8000000"), name);
		tree_must(its);
		tree_must(fdt_setprop_string(tree, its, "compatible", "arm,gic-v3-its"));
		tree_must(fdt_setprop_u64(tree, its, "reg", 0x20000000 + i * 0x20000));
		tree_must(fdt_appendprop_u64(tree, its, "reg", 0x20000));
	}
	refused(tree, -E2BIG, "ITSes", "17 ITSes");

	tree = tree_load("virt");
	for (uint32_t i = 2; i < BOARD_MAX_CPUS + 8; i++) {
		int cpu;

		snprintf(name, sizeof(name), "cpu@%x", i << 8);
		cpu = fdt_add_subnode(tree, tree_node(tree, "/cpus"), name);
		tree_must(cpu);
		tree_must(fdt_setprop_string(tree, cpu, "device_type", "cpu"));
		tree_must(fdt_setprop_u32(tree, cpu, "reg", i << 8));
	}
	is(parse(tree), 0, "more CPUs than Herald supports are no error");
	is(b.nr_cpus, BOARD_MAX_CPUS, "and are left out");
	free(tree);
}

/* Nodes below the depth that Herald looks at are passed over, and what follows them is seen. */
static void test_deep(void)
{
	void *tree = tree_load("virt");
	int node = fdt_add_subnode(tree, 0, "deep");

	for (int i = 0; i < 60; i++) {
		tree_must(node);
		tree_must(fdt_setprop_string(tree, node, "compatible", "arm,gic-400"));
		node = fdt_add_subnode(tree, node, "deeper");
	}
	tree_must(node);
	tree_must(fdt_setprop_string(tree, node, "compatible", "arm,gic-v3"));
	is(parse(tree), 0, "60 nodes in one another");
	is(b.nr_cpus, 2, "and what follows them");
	free(tree);
}

static void test_blob(void)
{
	void *tree = tree_load("virt");
	size_t size;
	int accepted = 0;

	tree_must(fdt_pack(tree));
	size = fdt_totalsize(tree);
	is(board_parse(tree, FDT_PA + 4, size, &b, &why), -EINVAL,
	   "an address that is not aligned");
	ok(strstr(why, "aligned"), "says so: %s", why);
	fdt_set_magic(tree, 0x12345678);
	is(board_parse(tree, FDT_PA, size, &b, &why), -EINVAL, "bad magic");
	ok(strstr(why, "bad magic 0x12345678"), "says so: %s", why);
	fdt_set_magic(tree, FDT_MAGIC);
	fdt_set_totalsize(tree, (u32)SZ_2M + 8);
	is(board_parse(tree, FDT_PA, SZ_1G, &b, &why), -EINVAL, "longer than 2 MiB");
	ok(strstr(why, "2 MiB"), "says so: %s", why);
	fdt_set_totalsize(tree, (u32)size);
	fdt_set_version(tree, 16);
	fdt_set_last_comp_version(tree, 16);
	is(board_parse(tree, FDT_PA, size, &b, &why), -EINVAL, "an old format");
	ok(strstr(why, "version"), "says so: %s", why);
	fdt_set_version(tree, 17);
	is(board_parse(tree, FDT_PA, size, &b, &why), 0, "whole again");

	for (size_t len = 0; len < size; len++) {
		struct tree_guard g = tree_guard_new(size);
		void *copy = tree_guard_at(&g, len);

		memcpy(copy, tree, len);
		accepted += board_parse(copy, FDT_PA, len, &b, &why) == 0;
		tree_guard_free(&g);
	}
	is(accepted, 0, "truncated at each of %zu lengths", size);
	free(tree);
}

static int damaged_ok, damaged_bad, damaged_silent;

static void damaged(const void *tree, size_t size)
{
	why = NULL;
	if (board_parse(tree, FDT_PA, size, &b, &why) == 0)
		damaged_ok++;
	else if (why && *why)
		damaged_bad++;
	else
		damaged_silent++;
}

static void test_damage(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(tree_names); i++) {
		void *tree = tree_load(tree_names[i]);

		tree_must(fdt_pack(tree));
		damaged_ok = 0;
		damaged_bad = 0;
		tree_damage(tree, 8000, 1000 + i, damaged);
		ok(damaged_bad > 0 && damaged_silent == 0,
		   "%s damaged: %d accepted, %d refused with a line", tree_names[i], damaged_ok,
		   damaged_bad);
		free(tree);
	}
}

static void test_ranges(void)
{
	struct board_range list[3];
	u32 n = 0;

	is(dt_range_add(list, &n, 3, 0x3000, 0x1000), 0, "first range");
	is(dt_range_add(list, &n, 3, 0x1000, 0x1000), 0, "one before it");
	is(dt_range_add(list, &n, 3, 0x5000, 0x1000), 0, "one behind it");
	range(&list[0], 0x1000, 0x1000, "they are sorted");
	is(dt_range_add(list, &n, 3, 0x7000, 0x1000), -ENOSPC, "no room for a fourth");
	is(n, 3, "nothing changed");
	is(dt_range_add(list, &n, 3, 0x2000, 0x1000), 0, "one that closes a gap");
	is(n, 2, "makes them fewer");
	range(&list[0], 0x1000, 0x3000, "and longer");
	range(&list[1], 0x5000, 0x1000, "the rest moves up");
	is(dt_range_add(list, &n, 3, 0x1800, 0x100), 0, "one inside another");
	range(&list[0], 0x1000, 0x3000, "changes nothing");
	is(dt_range_add(list, &n, 3, 0, 0x10000), 0, "one around all");
	is(n, 1, "swallows them");
}

static void test_intid(void)
{
	void *tree = tree_load("versal");
	int timer = tree_node(tree, "/timer");

	is(dt_intid(tree, timer, 3, 3), 26, "the last interrupt of a node");
	is(dt_intid(tree, timer, 4, 3), 0, "none behind it");
	is(dt_intid(tree, timer, UINT32_MAX, 3), 0, "nor far behind it");
	TREE_CELLS(tree, "/timer", "interrupts", 0, 987, 4, 0, 988, 4, 1, 16, 4, 3, 63, 4, 4, 0, 4);
	is(dt_intid(tree, timer, 0, 3), 1019, "the last SPI");
	is(dt_intid(tree, timer, 1, 3), 0, "an SPI that does not exist");
	is(dt_intid(tree, timer, 2, 3), 0, "a PPI that does not exist");
	is(dt_intid(tree, timer, 3, 3), 1119, "the last extended PPI");
	is(dt_intid(tree, timer, 4, 3), 0, "a type that does not exist");
	free(tree);
}

static void fact(const char *name, void *tree)
{
	if (!ok(parse(tree) == 0, "%s is accepted", name))
		printf("# %s\n", why);
	ok(b.nr_cpus >= 1 && b.nr_mem >= 1 && b.uart.type == BOARD_UART_PL011 &&
		   b.gic.dist.base != 0,
	   "%s: CPUs, memory, UART, GIC", name);
	tree_damage(tree, 500, 7, damaged);
}

static void test_cmdline(void)
{
	char v[8];

	ok(cmdline_has("a bc=1  d", "bc"), "option with a value");
	ok(cmdline_has("a bc=1  d", "d"), "option at the end");
	ok(!cmdline_has("a bc=1  d", "b"), "not by its beginning");
	ok(!cmdline_has("", "a") && !cmdline_has("  ", "a"), "empty lines");
	is(cmdline_get("x=1 x=22 y", "x", v, sizeof(v)), 2, "the last value counts");
	ok(strcmp(v, "22") == 0, "value");
	is(cmdline_get("x", "x", v, sizeof(v)), -ENOENT, "no value");
	is(cmdline_get("x=", "x", v, sizeof(v)), 0, "an empty value");
	is(cmdline_get("x=1234567", "x", v, sizeof(v)), 7, "a value that just fits");
	is(cmdline_get("x=12345678", "x", v, sizeof(v)), -ENOSPC, "a value that does not fit");
}

int main(void)
{
	test_virt();
	test_versal();
	test_sbsa();
	test_manyits_memory();
	test_manyits_msi();
	test_uart8250();
	test_cells1();
	test_stdout();
	test_missing();
	test_malformed();
	test_too_many();
	test_deep();
	test_blob();
	test_damage();
	test_ranges();
	test_intid();
	test_cmdline();
	tree_for_each_fact(fact);
	return tap_done();
}
