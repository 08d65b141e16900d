/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Intake: reads what Herald wants to know of the machine from the device tree that the bootloader
 * passed.
 *
 * One walk over all nodes sorts them by what they are; what refers to something else (interrupt
 * specifiers to the interrupt controller, "msi-map" to the ITSes) is noted by node and read after
 * the walk. Nodes that are disabled, or below one that is, do not count.
 *
 * The tree comes from firmware and is as trusted as firmware is, but it may be damaged: whatever it
 * says, intake ends with a board or with a line, and reads nothing outside the tree. Not checked:
 * that the addresses are what the tree says they are.
 */
#include "boot/board.h"

#include "boot/dt.h"
#include "hyp/lib/errno.h"
#include "hyp/lib/string.h"

/*
 * Smallest frames: GICD and one GICR page are 64 KiB; an ITS has a control and a translation page.
 */
#define BOARD_GICD_MIN SZ_64K
#define BOARD_GICR_MIN (2 * SZ_64K)
#define BOARD_ITS_MIN (2 * SZ_64K)
#define BOARD_SMMU_MIN (2 * SZ_64K)
/* A bus has 1 MiB of ECAM (PCI Express Base Specification 6.0, 7.2.2). */
#define BOARD_ECAM_BUS SZ_1M
/* "reg" of a CPU holds the affinity fields of MPIDR_EL1 (Arm ARM, D23.2.119). */
#define BOARD_MPIDR_AFF (GENMASK(39, 32) | GENMASK(23, 0))
/* Requester IDs have 16 bits. */
#define BOARD_RIDS 0x10000
/*
 * Cells of a "msi-map" entry: rid-base, controller, devid-base (#msi-cells of an ITS is 1), length.
 */
#define BOARD_MSI_MAP_CELLS 4

/* The timer's interrupts in the order of Linux's binding arm,arch_timer.yaml. */
enum { TIMER_SEC, TIMER_PHYS, TIMER_VIRT, TIMER_HYP };

enum board_kind {
	KIND_OTHER,
	KIND_GICV3,
	KIND_GICV2,
	KIND_ITS,
	KIND_TIMER,
	KIND_PSCI,
	KIND_SMMU,
	KIND_PCI,
};

static const struct {
	const char *compat;
	enum board_kind kind;
} board_kinds[] = {
	{ "arm,gic-v3", KIND_GICV3 },	       { "arm,gic-v3-its", KIND_ITS },
	{ "arm,armv8-timer", KIND_TIMER },     { "arm,psci-1.0", KIND_PSCI },
	{ "arm,psci-0.2", KIND_PSCI },	       { "arm,smmu-v3", KIND_SMMU },
	{ "pci-host-ecam-generic", KIND_PCI }, { "arm,gic-400", KIND_GICV2 },
	{ "arm,cortex-a15-gic", KIND_GICV2 },
};

static const struct {
	const char *compat;
	enum board_uart_type type;
	u32 reg_shift; /* where the node does not say */
} board_uarts[] = {
	{ "arm,pl011", BOARD_UART_PL011, 0 },	    { "arm,sbsa-uart", BOARD_UART_PL011, 0 },
	{ "ns16550a", BOARD_UART_8250, 0 },	    { "ns16550", BOARD_UART_8250, 0 },
	{ "ns16450", BOARD_UART_8250, 0 },	    { "ns8250", BOARD_UART_8250, 0 },
	{ "snps,dw-apb-uart", BOARD_UART_8250, 0 }, { "nvidia,tegra20-uart", BOARD_UART_8250, 2 },
};

struct intake {
	struct board *b;
	const void *fdt;
	const char **why;
	struct dt_walk w;
	int uart_node; /* the nodes that matter after the walk; negative: not seen */
	int gic_node;
	int timer_node;
	int gicv2_node;
	int pci_node[BOARD_MAX_PCI];
};

static int intake_fail_node(struct intake *in, const char *what)
{
	return dt_fail_at(in->why, in->fdt, in->w.node, what);
}

/* A reg entry that must be there, must be page-aligned and must have @min bytes. */
static int intake_frame(struct intake *in, u32 index, u64 min, struct board_range *r)
{
	if (dt_reg(&in->w, index, r) < 0)
		return intake_fail_node(in, "\"reg\" is missing, too short or not an address of "
					    "the CPU");
	if (r->size < min || !IS_ALIGNED(r->base, SZ_4K))
		return intake_fail_node(in, "\"reg\" is too small or not page-aligned");
	return 0;
}

static int board_check_blob(const void *fdt, u64 fdt_pa, u64 max, const char **why)
{
	int err;

	if (!IS_ALIGNED(fdt_pa, BOARD_FDT_ALIGN))
		return dt_fail(why, -EINVAL,
			       "device tree: its address 0x%llx is not 8-byte aligned; "
			       "load it elsewhere",
			       (unsigned long long)fdt_pa);
	max = MIN(max, BOARD_FDT_MAX);
	if (max < FDT_V17_SIZE)
		return dt_fail(why, -EINVAL, "device tree: truncated: no room for its header");
	if (fdt_magic(fdt) != FDT_MAGIC)
		return dt_fail(why, -EINVAL,
			       "device tree: bad magic 0x%08x at 0x%llx; is its address in x0?",
			       fdt_magic(fdt), (unsigned long long)fdt_pa);
	if (fdt_totalsize(fdt) > max)
		return dt_fail(why, -EINVAL,
			       "device tree: it says it is %u bytes long, but only %llu can be "
			       "read (the limit is 2 MiB)",
			       fdt_totalsize(fdt), (unsigned long long)max);
	if (fdt_version(fdt) < 17)
		return dt_fail(why, -EINVAL,
			       "device tree: format version %u is too old, Herald reads 17; "
			       "compile it with a current dtc",
			       fdt_version(fdt));
	err = fdt_check_full(fdt, fdt_totalsize(fdt));
	if (err < 0)
		return dt_fail(why, -EINVAL, "device tree: damaged or truncated: %s",
			       fdt_strerror(err));
	return 0;
}

/*
 * The offset of the node that /chosen/stdout-path names, by path or alias, options after ':' left
 * off.
 */
static int board_find_uart(const void *fdt, int chosen)
{
	const char *path, *end, *alias;
	int len, aliases;

	path = dt_string(fdt, chosen, "stdout-path");
	if (!path)
		path = dt_string(fdt, chosen, "linux,stdout-path");
	if (!path)
		return -ENOENT;
	end = strchr(path, ':');
	len = (int)(end ? (size_t)(end - path) : strlen(path));
	if (*path == '/')
		return fdt_path_offset_namelen(fdt, path, len);
	/* Not left to libfdt, which follows an alias that names itself until the stack ends. */
	aliases = fdt_path_offset(fdt, "/aliases");
	if (aliases < 0)
		return -ENOENT;
	alias = fdt_getprop_namelen(fdt, aliases, path, len, &len);
	if (!alias || len < 1 || alias[0] != '/' || alias[len - 1] != '\0')
		return -ENOENT;
	return fdt_path_offset(fdt, alias);
}

static int board_chosen(struct intake *in)
{
	int chosen = fdt_path_offset(in->fdt, "/chosen");
	const char *args;

	in->uart_node = -1;
	if (chosen < 0)
		return 0;
	in->uart_node = board_find_uart(in->fdt, chosen);
	args = dt_string(in->fdt, chosen, "bootargs");
	if (!args)
		return 0;
	if (strlen(args) >= sizeof(in->b->bootargs))
		return dt_fail(in->why, -E2BIG,
			       "device tree: /chosen: bootargs is longer than %u bytes",
			       BOARD_CMDLINE - 1);
	memcpy(in->b->bootargs, args, strlen(args) + 1);
	return 0;
}

static int board_add_reserved(struct intake *in, u64 base, u64 size)
{
	struct board *b = in->b;
	u64 start = ALIGN_DOWN(base, SZ_4K);

	if (size == 0)
		return 0;
	if (!range_contains(0, BIT(52), base, size))
		return dt_fail(in->why, -EINVAL,
			       "device tree: reserved memory at 0x%llx wraps around",
			       (unsigned long long)base);
	if (dt_range_add(b->reserved, &b->nr_reserved, BOARD_MAX_RESERVED, start,
			 ALIGN_UP(base + size, SZ_4K) - start) < 0)
		return dt_fail(in->why, -E2BIG,
			       "device tree: more than %u separate reserved memory ranges",
			       BOARD_MAX_RESERVED);
	return 0;
}

static int board_memreserve(struct intake *in)
{
	int count = fdt_num_mem_rsv(in->fdt);
	u64 base, size;
	int err;

	for (int i = 0; i < count; i++) {
		if (fdt_get_mem_rsv(in->fdt, i, &base, &size) < 0)
			break;
		err = board_add_reserved(in, base, size);
		if (err < 0)
			return err;
	}
	return 0;
}

/*
 * A child of /reserved-memory. One with "size" only is placed by the kernel that finds it, so it is
 * not here yet.
 */
static int board_reserved_node(struct intake *in)
{
	struct board_range r;
	int err;

	for (u32 i = 0;; i++) {
		err = dt_reg(&in->w, i, &r);
		if (err == -ENOENT)
			return 0;
		if (err < 0)
			return intake_fail_node(in, "\"reg\" is malformed");
		err = board_add_reserved(in, r.base, r.size);
		if (err < 0)
			return err;
		if (!r.size || !fdt_getprop(in->fdt, in->w.node, "no-map", NULL))
			continue;
		if (dt_range_add(in->b->no_map, &in->b->nr_no_map, BOARD_MAX_RESERVED, r.base,
				 r.size) < 0)
			return intake_fail_node(in, "too many ranges are no-map");
	}
}

/* A bank loses what is not a whole page. */
static int board_memory(struct intake *in)
{
	struct board *b = in->b;
	struct board_range r;
	u64 start, end;
	int err;

	for (u32 i = 0;; i++) {
		err = dt_reg(&in->w, i, &r);
		if (err == -ENOENT)
			return 0;
		if (err < 0)
			return intake_fail_node(in, "\"reg\" is malformed");
		start = ALIGN_UP(r.base, SZ_4K);
		end = ALIGN_DOWN(r.base + r.size, SZ_4K);
		if (start >= end)
			continue;
		if (dt_range_add(b->mem, &b->nr_mem, BOARD_MAX_MEM, start, end - start) < 0)
			return dt_fail(in->why, -E2BIG,
				       "device tree: more than %u separate banks of memory",
				       BOARD_MAX_MEM);
	}
}

static int board_cpu(struct intake *in)
{
	int cpus = in->w.path[in->w.depth - 1];
	struct board *b = in->b;
	const void *reg;
	u64 mpidr, release;
	int len;

	if (b->nr_cpus == BOARD_MAX_CPUS)
		return 0;
	reg = fdt_getprop(in->fdt, in->w.node, "reg", &len);
	if (!reg || (len != 4 && len != 8) ||
	    (u32)len != 4 * dt_cell_count(in->fdt, cpus, "#address-cells", 2))
		return intake_fail_node(in, "\"reg\" of a CPU must have the one or two cells that "
					    "#address-cells of /cpus says");
	mpidr = dt_cells(reg, 0, (u32)len / 4);
	if (mpidr & ~BOARD_MPIDR_AFF)
		return intake_fail_node(in, "\"reg\" is no CPU's MPIDR_EL1");
	for (u32 i = 0; i < b->nr_cpus; i++) {
		if (b->cpu_mpidr[i] == mpidr)
			return intake_fail_node(in, "another CPU has the same \"reg\"");
	}
	b->cpu_mpidr[b->nr_cpus++] = mpidr;
	release = dt_number(in->fdt, in->w.node, "cpu-release-addr", 0);
	return release ? board_add_reserved(in, release, sizeof(u64)) : 0;
}

static int board_gicv3(struct intake *in)
{
	struct board_gic *gic = &in->b->gic;
	u64 regions;
	int err;

	if (in->gic_node >= 0)
		return intake_fail_node(in, "a second GICv3; Herald drives one");
	in->gic_node = in->w.node;
	gic->phandle = fdt_get_phandle(in->fdt, in->w.node);
	gic->irq_cells = dt_cell_count(in->fdt, in->w.node, "#interrupt-cells", 3);
	if (gic->irq_cells < 3 || gic->irq_cells > 4)
		return intake_fail_node(in, "#interrupt-cells of a GICv3 must be 3 or 4");
	gic->redist_stride = dt_number(in->fdt, in->w.node, "redistributor-stride", 0);
	if (!IS_ALIGNED(gic->redist_stride, SZ_64K))
		return intake_fail_node(in, "redistributor-stride is not a multiple of 64 KiB");
	regions = dt_number(in->fdt, in->w.node, "#redistributor-regions", 1);
	if (regions < 1 || regions > BOARD_MAX_REDIST)
		return intake_fail_node(in, "no, or more than 16, redistributor regions");
	err = intake_frame(in, 0, BOARD_GICD_MIN, &gic->dist);
	while (err == 0 && gic->nr_redist < regions) {
		err = intake_frame(in, gic->nr_redist + 1, BOARD_GICR_MIN,
				   &gic->redist[gic->nr_redist]);
		gic->nr_redist++;
	}
	return err;
}

static int board_its_node(struct intake *in)
{
	struct board *b = in->b;
	struct board_its *its = &b->its[b->nr_its];

	if (b->nr_its == BOARD_MAX_ITS)
		return dt_fail(in->why, -E2BIG, "device tree: more than %u ITSes", BOARD_MAX_ITS);
	b->nr_its++;
	its->phandle = fdt_get_phandle(in->fdt, in->w.node);
	return intake_frame(in, 0, BOARD_ITS_MIN, &its->frame);
}

static int board_smmu(struct intake *in)
{
	struct board *b = in->b;

	if (b->nr_smmu == BOARD_MAX_SMMU)
		return dt_fail(in->why, -E2BIG, "device tree: more than %u SMMUs", BOARD_MAX_SMMU);
	b->smmu_phandle[b->nr_smmu] = fdt_get_phandle(in->fdt, in->w.node);
	return intake_frame(in, 0, BOARD_SMMU_MIN, &b->smmu[b->nr_smmu++]);
}

static int board_psci_node(struct intake *in)
{
	const char *method = dt_string(in->fdt, in->w.node, "method");

	if (method && strcmp(method, "smc") == 0)
		in->b->psci = BOARD_PSCI_SMC;
	else if (method && strcmp(method, "hvc") == 0)
		in->b->psci = BOARD_PSCI_HVC;
	else
		return intake_fail_node(in, "\"method\" must be \"smc\" or \"hvc\"");
	return 0;
}

static int board_pci_host(struct intake *in)
{
	struct board *b = in->b;
	struct board_pci *pci = &b->pci[b->nr_pci];
	const void *range;
	u64 buses;
	int len, err;

	if (b->nr_pci == BOARD_MAX_PCI)
		return dt_fail(in->why, -E2BIG, "device tree: more than %u PCI hosts",
			       BOARD_MAX_PCI);
	err = intake_frame(in, 0, BOARD_ECAM_BUS, &pci->ecam);
	if (err < 0)
		return err;
	pci->bus_last = 0xff;
	range = fdt_getprop(in->fdt, in->w.node, "bus-range", &len);
	if (range && len == 8) {
		pci->bus_first = dt_cell(range, 0);
		pci->bus_last = dt_cell(range, 1);
	}
	if (pci->bus_last > 0xff || pci->bus_first > pci->bus_last)
		return intake_fail_node(in, "bus-range makes no sense");
	buses = MIN(pci->ecam.size / BOARD_ECAM_BUS, (u64)pci->bus_last - pci->bus_first + 1);
	pci->bus_last = pci->bus_first + (u32)buses - 1;
	pci->ecam.size = buses * BOARD_ECAM_BUS;
	pci->domain = (u32)dt_number(in->fdt, in->w.node, "linux,pci-domain", b->nr_pci);
	in->pci_node[b->nr_pci++] = in->w.node;
	return 0;
}

static int board_uart_node(struct intake *in)
{
	struct board_uart *u = &in->b->uart;
	struct board_range r;
	u32 i = 0;

	while (i < ARRAY_SIZE(board_uarts) && !dt_walk_compatible(&in->w, board_uarts[i].compat))
		i++;
	/*
	 * One that we cannot drive or reach is none: Herald is silent, the management VM may still
	 * use it.
	 */
	if (i == ARRAY_SIZE(board_uarts) || dt_reg(&in->w, 0, &r) < 0)
		return 0;
	u->reg_shift = (u32)dt_number(in->fdt, in->w.node, "reg-shift", board_uarts[i].reg_shift);
	u->reg_io_width = (u32)dt_number(in->fdt, in->w.node, "reg-io-width", 1);
	r.base += dt_number(in->fdt, in->w.node, "reg-offset", 0);
	if (board_uarts[i].type == BOARD_UART_8250 &&
	    (u->reg_shift > 3 || (u->reg_io_width != 1 && u->reg_io_width != 4)))
		return 0;
	if (!range_contains(0, BIT(52), r.base, SZ_4K) ||
	    !IS_ALIGNED(r.base, u->reg_io_width == 4 ? 4 : 1))
		return 0;
	u->base = r.base;
	u->type = board_uarts[i].type;
	return 0;
}

static enum board_kind board_kind_of(const struct intake *in)
{
	for (u32 i = 0; i < ARRAY_SIZE(board_kinds) && in->w.props[DT_COMPATIBLE].data; i++) {
		if (dt_walk_compatible(&in->w, board_kinds[i].compat))
			return board_kinds[i].kind;
	}
	return KIND_OTHER;
}

/* The nodes that are known by their place and "device_type", not by "compatible". */
static int board_placed_node(struct intake *in)
{
	int up;

	if (in->w.depth == 1 && dt_walk_is_type(&in->w, "memory"))
		return board_memory(in);
	if (in->w.depth != 2)
		return 0;
	up = in->w.path[1];
	if (dt_walk_is_type(&in->w, "cpu") && dt_name_is(in->fdt, up, "cpus"))
		return board_cpu(in);
	return dt_name_is(in->fdt, up, "reserved-memory") ? board_reserved_node(in) : 0;
}

static int board_node(struct intake *in)
{
	int err = board_placed_node(in);

	if (err < 0)
		return err;
	if (in->w.node == in->uart_node)
		return board_uart_node(in);
	switch (board_kind_of(in)) {
	case KIND_GICV3:
		return board_gicv3(in);
	case KIND_GICV2:
		in->gicv2_node = in->w.node;
		return 0;
	case KIND_ITS:
		return board_its_node(in);
	case KIND_TIMER:
		in->timer_node = in->w.node;
		return 0;
	case KIND_PSCI:
		return board_psci_node(in);
	case KIND_SMMU:
		return board_smmu(in);
	case KIND_PCI:
		return board_pci_host(in);
	case KIND_OTHER:
		break;
	}
	return 0;
}

static bool intid_is_ppi(u32 intid)
{
	return intid >= 16 && intid < 32;
}

/*
 * Timer interrupt number @index of the binding's order, or the one called @name if the node has
 * names.
 */
static u32 board_timer_intid(struct intake *in, u32 index, const char *name)
{
	int at = fdt_stringlist_search(in->fdt, in->timer_node, "interrupt-names", name);

	if (at >= 0)
		index = (u32)at;
	else if (fdt_getprop(in->fdt, in->timer_node, "interrupt-names", NULL))
		return 0;
	return dt_intid(in->fdt, in->timer_node, index, in->b->gic.irq_cells);
}

static int board_interrupts(struct intake *in)
{
	struct board *b = in->b;

	b->gic.maintenance_intid = dt_intid(in->fdt, in->gic_node, 0, b->gic.irq_cells);
	if (!intid_is_ppi(b->gic.maintenance_intid))
		return dt_fail_at(in->why, in->fdt, in->gic_node,
				  "\"interrupts\" must be the PPI of the maintenance interrupt");
	b->timer_phys_intid = board_timer_intid(in, TIMER_PHYS, "phys");
	b->timer_virt_intid = board_timer_intid(in, TIMER_VIRT, "virt");
	b->timer_hyp_intid = board_timer_intid(in, TIMER_HYP, "hyp-phys");
	if (!intid_is_ppi(b->timer_phys_intid) || !intid_is_ppi(b->timer_virt_intid) ||
	    !intid_is_ppi(b->timer_hyp_intid))
		return dt_fail_at(in->why, in->fdt, in->timer_node,
				  "\"interrupts\" must be the PPIs of the secure, physical, "
				  "virtual and EL2 timers");
	return 0;
}

/* Index of the ITS whose phandle is @phandle, or board.nr_its. */
static u32 board_find_its(const struct board *b, u32 phandle)
{
	u32 i = 0;

	while (i < b->nr_its && (phandle == 0 || b->its[i].phandle != phandle))
		i++;
	return i;
}

static int board_add_msi_map(struct intake *in, u32 host, const struct board_msi_map *map)
{
	struct board_pci *pci = &in->b->pci[host];

	/* An entry that names another kind of MSI controller, or no requester ID, is not for us. */
	if (map->its == in->b->nr_its || map->length == 0 || map->rid_base >= BOARD_RIDS)
		return 0;
	if (pci->nr_msi_map == BOARD_MAX_MSI_MAP)
		return dt_fail_at(in->why, in->fdt, in->pci_node[host],
				  "msi-map has more than 16 entries");
	pci->msi_map[pci->nr_msi_map] = *map;
	pci->msi_map[pci->nr_msi_map].length = MIN(map->length, BOARD_RIDS - map->rid_base);
	pci->nr_msi_map++;
	return 0;
}

/* How requester IDs become DeviceIDs (Linux binding pci/pci-msi.txt). */
static int board_msi(struct intake *in, u32 host)
{
	int node = in->pci_node[host];
	const void *map, *parent;
	struct board_msi_map m;
	int len, err;

	in->b->pci[host].msi_map_mask =
		dt_cell_count(in->fdt, node, "msi-map-mask", BOARD_RIDS - 1) & (BOARD_RIDS - 1);
	map = fdt_getprop(in->fdt, node, "msi-map", &len);
	if (!map) {
		parent = fdt_getprop(in->fdt, node, "msi-parent", &len);
		if (!parent || len < 4)
			return 0;
		m = (struct board_msi_map){ .length = BOARD_RIDS,
					    .its = board_find_its(in->b, dt_cell(parent, 0)) };
		return board_add_msi_map(in, host, &m);
	}
	if (len % (4 * BOARD_MSI_MAP_CELLS) != 0)
		return dt_fail_at(in->why, in->fdt, node, "msi-map must have four cells per entry");
	for (u32 at = 0; at < (u32)len / 4; at += BOARD_MSI_MAP_CELLS) {
		m.rid_base = dt_cell(map, at);
		m.its = board_find_its(in->b, dt_cell(map, at + 1));
		m.devid_base = dt_cell(map, at + 2);
		m.length = dt_cell(map, at + 3);
		if (m.length > 0 && m.devid_base > UINT32_MAX - (m.length - 1))
			return dt_fail_at(in->why, in->fdt, node, "msi-map wraps around");
		err = board_add_msi_map(in, host, &m);
		if (err < 0)
			return err;
	}
	return 0;
}

/* What must be there is there. */
static int board_complete(struct intake *in)
{
	const struct board *b = in->b;

	if (b->nr_mem == 0)
		return dt_fail(in->why, -ENODEV,
			       "device tree: no memory; it needs a /memory node with "
			       "device_type and reg");
	if (b->nr_cpus == 0)
		return dt_fail(in->why, -ENODEV, "device tree: no CPU under /cpus");
	if (in->gic_node < 0 && in->gicv2_node >= 0)
		return dt_fail(in->why, -ENODEV,
			       "no GICv3: this machine has a GICv2, which Herald does not drive "
			       "(QEMU: use gic-version=3)");
	if (in->gic_node < 0)
		return dt_fail(in->why, -ENODEV,
			       "no GICv3: the device tree has no enabled \"arm,gic-v3\" node");
	if (in->timer_node < 0)
		return dt_fail(in->why, -ENODEV,
			       "device tree: no generic timer (\"arm,armv8-timer\")");
	return 0;
}

int board_parse(const void *fdt, u64 fdt_pa, u64 fdt_max_size, struct board *b, const char **why)
{
	struct intake in = {
		.b = b, .fdt = fdt, .why = why, .gic_node = -1, .timer_node = -1, .gicv2_node = -1
	};
	int err;

	memset(b, 0, sizeof(*b));
	err = board_check_blob(fdt, fdt_pa, fdt_max_size, why);
	if (err < 0)
		return err;
	b->fdt = (struct board_range){ .base = fdt_pa, .size = fdt_totalsize(fdt) };
	err = board_chosen(&in);
	if (err == 0)
		err = board_memreserve(&in);
	dt_walk_init(&in.w, fdt);
	while (err == 0 && dt_walk_next(&in.w)) {
		if (in.w.enabled)
			err = board_node(&in);
	}
	if (err == 0)
		err = board_complete(&in);
	if (err == 0)
		err = board_interrupts(&in);
	for (u32 i = 0; err == 0 && i < b->nr_pci; i++)
		err = board_msi(&in, i);
	return err;
}
