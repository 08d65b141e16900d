/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The management VM's tree: what is gone, what is changed, what is added, and that nothing else is.
 */
// sources: boot/fdt_edit.c boot/modules.c boot/board.c boot/dt.c
// libs: fdt
#include "tests/unit/tap.h"
#include "tests/unit/fdt/kernel.h"
#include "tests/unit/fdt/tree.h"

#include "boot/board.h"
#include "boot/fdt_edit.h"
#include "hyp/lib/errno.h"

#define FDT_PA 0x48000000

static struct board b;
static struct board_range owned[3];
static struct fdt_edit_plan plan;
static const char *why;
static char out[TREE_MAX] __attribute__((aligned(8)));

/* A plan that takes nothing. */
static void plan_reset(void)
{
	memset(owned, 0, sizeof(owned));
	plan = (struct fdt_edit_plan){
		.owned = owned, .cpu_mpidr = b.cpu_mpidr, .nr_cpus = b.nr_cpus, .version = "1.2"
	};
}

/* Intake of a packed @tree; modules if it has some that are sound. */
static void intake(void *tree)
{
	struct board_range image = { 0x40400000, 0x200000 };

	tree_must(fdt_pack(tree));
	if (board_parse(tree, FDT_PA, fdt_totalsize(tree), &b, &why) != 0) {
		printf("Bail out! %s\n", why);
		exit(1);
	}
	kernel_file = (struct kernel_file){ .pa = 0x50000000, .image_size = 0x180000 };
	(void)modules_parse(tree, &b, &image, kernel_map, &why);
	plan_reset();
}

/* Edits a packed copy of @tree into out[]. */
static int edit(void *tree)
{
	int err = fdt_edit_mgmt(tree, out, sizeof(out), &b, &plan, &why);

	if (err == 0 && fdt_check_full(out, fdt_totalsize(out)) != 0)
		err = -EIO;
	return err;
}

static void *edited(const char *name, void (*prepare)(void))
{
	void *tree = tree_load(name);
	int err;

	intake(tree);
	if (prepare)
		prepare();
	err = edit(tree);
	if (!ok(err == 0, "%s is edited", name))
		printf("# %s\n", err == -EIO ? "the result is damaged" : why);
	free(tree);
	return out;
}

static bool has_node(const void *t, const char *path)
{
	return fdt_path_offset(t, path) >= 0;
}

static bool has_prop(const void *t, const char *path, const char *name)
{
	return fdt_getprop(t, tree_node(t, path), name, NULL) != NULL;
}

/* The property is exactly these bytes. */
static bool prop_is(const void *t, const char *path, const char *name, const void *want,
		    size_t size)
{
	const void *have;
	int len;

	have = fdt_getprop(t, tree_node(t, path), name, &len);
	return have && (size_t)len == size && memcmp(have, want, size) == 0;
}

static bool string_is(const void *t, const char *path, const char *name, const char *want)
{
	return prop_is(t, path, name, want, strlen(want) + 1);
}

static bool cells_are(const void *t, const char *path, const char *name, const uint32_t *want,
		      size_t count)
{
	fdt32_t cells[64];

	for (size_t i = 0; i < count; i++)
		cells[i] = cpu_to_fdt32(want[i]);
	return prop_is(t, path, name, cells, count * 4);
}

#define CELLS_ARE(t, path, name, ...)                                                              \
	({                                                                                         \
		const uint32_t want_cells[] = { __VA_ARGS__ };                                     \
		cells_are(t, path, name, want_cells, sizeof(want_cells) / 4);                      \
	})

static void virt_plan(void)
{
	plan.hide_smmu = true;
	owned[0] = (struct board_range){ 0x40400000, 0x200000 };
	owned[1] = (struct board_range){ 0xbe000000, 0x2000000 };
	plan.nr_owned = 2;
}

static void test_virt(void)
{
	const void *t = edited("virt", virt_plan);
	uint32_t gic = fdt_get_phandle(t, tree_node(t, "/intc@8000000"));

	ok(CELLS_ARE(t, "/memory@40000000", "reg", 0, 0x40000000, 0, 0x400000, 0, 0x40600000, 0,
		     0x7da00000),
	   "Herald's memory is out of /memory");
	ok(!has_node(t, "/smmuv3@9050000"), "the SMMU is gone");
	ok(!has_prop(t, "/pcie@10000000", "iommu-map"), "so is iommu-map");
	ok(!has_prop(t, "/dma@b000000", "iommus"), "so is iommus");
	ok(has_prop(t, "/pcie@10000000", "msi-map"), "msi-map stays");
	ok(has_node(t, "/intc@8000000/its@8080000"), "the ITS stays");
	ok(!has_node(t, "/pmu"), "the PMU is gone");
	ok(!has_prop(t, "/intc@8000000", "interrupts"), "the maintenance interrupt is gone");
	ok(CELLS_ARE(t, "/intc@8000000", "reg", 0, 0x8000000, 0, 0x10000, 0, 0x80a0000, 0,
		     0xf60000),
	   "the GIC's frames stay");
	ok(CELLS_ARE(t, "/timer", "interrupts", 1, 13, 4, 1, 14, 4, 1, 11, 4),
	   "EL2's timers are gone");
	ok(has_prop(t, "/timer", "always-on"), "the rest of the timer stays");
	ok(string_is(t, "/psci", "method", "hvc"), "PSCI by HVC");
	ok(prop_is(t, "/psci", "compatible", "arm,psci-1.0\0arm,psci-0.2", 26), "PSCI 1.0");
	ok(string_is(t, "/cpus/cpu@1", "enable-method", "psci"), "the CPUs start by it");
	ok(!has_prop(t, "/cpus/cpu@1", "cpu-idle-states") && !has_node(t, "/cpus/idle-states"),
	   "the firmware's idle states are gone");
	ok(has_node(t, "/cpus/cpu-map/cluster0/core1"), "the CPU map stays");
	ok(!has_node(t, "/chosen/module@0x50000000") && !has_node(t, "/chosen/module@0x5a000000"),
	   "the modules are gone");
	ok(string_is(t, "/chosen", "bootargs", "console=ttyAMA0 rdinit=/init"), "its command line");
	ok(CELLS_ARE(t, "/chosen", "linux,initrd-start", 0, 0x5a000000), "its RAM disk begins");
	ok(CELLS_ARE(t, "/chosen", "linux,initrd-end", 0, 0x5a000000 + 0x1b0146), "and ends");
	ok(string_is(t, "/chosen", "stdout-path", "/pl011@9000000"), "stdout-path stays");
	ok(has_node(t, "/pl011@9000000") && has_prop(t, "/aliases", "serial0"), "the UART stays");
	ok(string_is(t, "/hypervisor", "compatible", "herald,herald-1"), "/hypervisor: compatible");
	ok(string_is(t, "/hypervisor", "version", "1.2"), "/hypervisor: version");
	ok(CELLS_ARE(t, "/hypervisor", "interrupts", 1, 10, 1), "/hypervisor: the doorbell");
	ok(CELLS_ARE(t, "/hypervisor", "interrupt-parent", gic), "/hypervisor: its parent");
	ok(fdt_totalsize(t) < 4096, "the result is packed: %u bytes", fdt_totalsize(t));
}

static void test_nothing_hidden(void)
{
	const void *t = edited("virt", NULL);

	ok(CELLS_ARE(t, "/memory@40000000", "reg", 0, 0x40000000, 0, 0x80000000),
	   "all memory stays");
	ok(has_node(t, "/smmuv3@9050000") && has_prop(t, "/pcie@10000000", "iommu-map") &&
		   has_prop(t, "/dma@b000000", "iommus"),
	   "the SMMU stays if the plan says so");
}

static void no_its(void)
{
	plan.hide_its = true;
	plan.hide_smmu = true;
}

static void test_no_its(void)
{
	const void *t = edited("virt", no_its);

	ok(!has_node(t, "/intc@8000000/its@8080000"), "no ITS");
	ok(!has_prop(t, "/pcie@10000000", "msi-map"), "no msi-map");
	t = edited("manyits", no_its);
	ok(!has_node(t, "/gic@2f000000/its@30000000") && !has_node(t, "/gic@2f000000/its@30080000"),
	   "no ITS of many");
	ok(!has_prop(t, "/pcie@50000000", "msi-parent"), "no msi-parent");
	ok(CELLS_ARE(t, "/pcie@40000000", "msi-map", 0x2000,
		     fdt_get_phandle(t, tree_node(t, "/msi")), 0, 0x100),
	   "msi-map keeps the range of another controller");
	ok(has_prop(t, "/pcie@40000000", "msi-map-mask"), "and its mask");
	ok(CELLS_ARE(t, "/pcie@40000000", "iommu-map", 0x1800,
		     fdt_get_phandle(t, tree_node(t, "/iommu@2b600000")), 0x55, 0x800),
	   "iommu-map keeps the range of another IOMMU");
	ok(!has_prop(t, "/pcie@50000000", "iommu-map") &&
		   !has_prop(t, "/pcie@50000000", "iommu-map-mask"),
	   "a map that names the SMMU only is gone with its mask");
}

static void split(void)
{
	owned[0] = (struct board_range){ 0x90000000, 0x1 }; /* a page in the middle */
	owned[1] = (struct board_range){ 0xa0000000, 0x20000000 }; /* a whole entry */
	owned[2] = (struct board_range){
		0xbfffffff, 0x10000001
	}; /* the end of one node's, the head of another's */
	plan.nr_owned = 3;
}

static void test_manyits(void)
{
	const void *t = edited("manyits", split);
	uint32_t gic = fdt_get_phandle(t, tree_node(t, "/gic@2f000000"));
	uint64_t base, size;

	ok(CELLS_ARE(t, "/memory@80000000", "reg", 0, 0, 0, 0, 0, 0x80000000, 0, 0x10000000, 0,
		     0x90001000, 0, 0x0ffff000, 0x20, 0x800, 0, 0x10000c00),
	   "entries are split, shortened and removed");
	ok(CELLS_ARE(t, "/memory@c0000000", "reg", 0, 0xd0000000, 0, 0x30000000), "in every node");
	ok(prop_is(t, "/timer", "interrupt-names", "virt\0phys\0sec-phys", 19),
	   "timer names stay in step");
	ok(CELLS_ARE(t, "/timer", "interrupts-extended", gic, 1, 11, 4, 0, gic, 1, 14, 4, 0, gic, 1,
		     13, 4, 0),
	   "with their interrupts");
	ok(CELLS_ARE(t, "/hypervisor", "interrupts", 1, 10, 1, 0), "the doorbell in four cells");
	ok(string_is(t, "/hypervisor", "compatible", "herald,herald-1"),
	   "another hypervisor's node is replaced");
	ok(!has_node(t, "/cpus/cpu@101"), "a disabled CPU is gone");
	ok(has_node(t, "/cpus/l2-cache"), "a cache stays");
	ok(!has_node(t, "/pmu-little"), "a core's PMU is gone");
	ok(has_node(t, "/firmware-pmu"), "another thing called pmu stays");
	ok(has_node(t, "/reserved-memory/secure@88100000"), "reserved memory stays");
	is(fdt_num_mem_rsv(t), 2, "so do both memreserve entries");
	ok(fdt_get_mem_rsv(t, 1, &base, &size) == 0 && base == 0x88000000 && size == 0x100000,
	   "as they were");
	ok(!has_prop(t, "/gic@2f000000", "redistributor-stride"),
	   "the stride goes: the virtual frames lie side by side");
}

static void one_cpu(void)
{
	static const u64 second = 1;

	plan.cpu_mpidr = &second;
	plan.nr_cpus = 1;
}

static void test_cpus(void)
{
	const void *t = edited("virt", one_cpu);

	ok(!has_node(t, "/cpus/cpu@0") && has_node(t, "/cpus/cpu@1"),
	   "a CPU that is not in the plan is gone");
	ok(!has_node(t, "/cpus/cpu-map"), "and the map that names it");
	t = edited("uart8250", NULL);
	ok(string_is(t, "/cpus/cpu@1", "enable-method", "psci"),
	   "a CPU of a spin table starts by PSCI");
	ok(!has_prop(t, "/cpus/cpu@1", "cpu-release-addr"), "not by the table");
	ok(string_is(t, "/psci", "method", "hvc"), "and PSCI is there");
	t = edited("sbsa", NULL);
	ok(string_is(t, "/cpus/cpu@0", "enable-method", "psci"),
	   "a CPU without a method gets PSCI");
	ok(has_node(t, "/psci") && has_node(t, "/hypervisor"), "and PSCI is there");
}

static void cells1_plan(void)
{
	owned[0] = (struct board_range){ 0x40200000, 0x200000 };
	plan.nr_owned = 1;
}

static void test_cells1(void)
{
	const void *t = edited("cells1", cells1_plan);

	ok(CELLS_ARE(t, "/memory@40000000", "reg", 0x40000000, 0x200000, 0x40400000, 0x3fc00000),
	   "memory in one cell each");
}

static void all_gone(void)
{
	owned[0] = (struct board_range){ 0, UINT64_C(1) << 51 };
	plan.nr_owned = 1;
}

static void test_bounds(void)
{
	void *tree = tree_load("virt");
	const void *t;
	size_t need;
	int spare = 0;

	t = edited("virt", all_gone);
	ok(!has_node(t, "/memory@40000000"), "a bank of which nothing is left is gone");
	ok(!has_node(t, "/chosen/module@0x50000000"), "and the walk goes on behind it");

	intake(tree);
	virt_plan();
	is(edit(tree), 0, "a room that is large enough");
	need = fdt_totalsize(out);
	for (size_t size = 0; size < need + 600; size += 4) {
		struct tree_guard g = tree_guard_new(size + 8);
		int err = fdt_edit_mgmt(tree, tree_guard_at(&g, size), size, &b, &plan, &why);

		if (err == 0)
			spare++;
		else if (err != -ENOSPC)
			ok(false, "%zu bytes: %d, %s", size, err, why);
		if (err == 0 && size < need)
			ok(false, "%zu bytes cannot do", size);
		tree_guard_free(&g);
	}
	ok(spare > 0, "too little room is -ENOSPC at every size");

	/* No /chosen at all: it is made. */
	intake(tree);
	tree_must(fdt_open_into(tree, tree, TREE_MAX));
	tree_must(fdt_del_node(tree, tree_node(tree, "/chosen")));
	intake(tree);
	is(edit(tree), 0, "a tree without /chosen");
	ok(string_is(out, "/chosen", "bootargs", ""), "has one afterwards");
	ok(!has_prop(out, "/chosen", "linux,initrd-start"), "without a RAM disk");
	free(tree);
}

/* More pieces than an edited memory node has room for. */
static void test_many_pieces(void)
{
	struct board_range holes[64];
	void *tree = tree_load("virt");

	intake(tree);
	for (u32 i = 0; i < ARRAY_SIZE(holes); i++)
		holes[i] = (struct board_range){ 0x41000000 + i * 0x100000, 0x1000 };
	plan.owned = holes;
	plan.nr_owned = 40;
	is(edit(tree), 0, "40 holes in memory");
	plan.nr_owned = ARRAY_SIZE(holes);
	is(edit(tree), -ENOSPC, "64 holes are too many");
	free(tree);
}

static int damaged_ok, damaged_bad;

static void damaged(const void *tree, size_t size)
{
	if (board_parse(tree, FDT_PA, size, &b, &why) != 0)
		return;
	plan_reset();
	virt_plan();
	plan.hide_its = size % 2;
	if (fdt_edit_mgmt(tree, out, sizeof(out), &b, &plan, &why) != 0)
		return;
	damaged_ok++;
	damaged_bad += fdt_check_full(out, fdt_totalsize(out)) != 0;
}

static void test_damage(void)
{
	/* The last, gicv2, is refused by intake whatever happens to it. */
	for (size_t i = 0; i + 1 < ARRAY_SIZE(tree_names); i++) {
		void *tree = tree_load(tree_names[i]);

		tree_must(fdt_pack(tree));
		damaged_ok = 0;
		damaged_bad = 0;
		tree_damage(tree, 8000, 3000 + i, damaged);
		ok(damaged_ok > 0 && damaged_bad == 0, "%s damaged: %d edited, all sound",
		   tree_names[i], damaged_ok);
		free(tree);
	}
}

static void fact(const char *name, void *tree)
{
	intake(tree);
	plan.hide_smmu = true;
	owned[0] = (struct board_range){ b.mem[0].base + SZ_2M, SZ_2M };
	plan.nr_owned = 1;
	is(edit(tree), 0, "%s is edited", name);
	ok(has_node(out, "/hypervisor") && string_is(out, "/psci", "method", "hvc"), "%s: soundly",
	   name);
	tree_damage(tree, 500, 9, damaged);
}

int main(void)
{
	test_virt();
	test_nothing_hidden();
	test_no_its();
	test_manyits();
	test_cpus();
	test_cells1();
	test_bounds();
	test_many_pieces();
	test_damage();
	tree_for_each_fact(fact);
	free(kernel_mapped);
	return tap_done();
}
