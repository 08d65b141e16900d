/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The management VM's device tree.
 *
 * It is the host's with the least changes that make it true at EL1: what Herald keeps for itself
 * (memory, the SMMU, the interrupts of EL2) or hides from every VM (PMU, profiling, trace) goes,
 * the CPUs start through Herald's PSCI, and /chosen names the kernel's command line and RAM disk.
 * /memreserve/ entries stay as they are.
 *
 * One walk over the copy. Nodes are blanked, not cut out (FDT_NOP), and properties change only in
 * the node that the walk stands on, so that the offsets behind it stay good. What is added comes
 * after the walk.
 */
#include "boot/fdt_edit.h"

#include "boot/dt.h"
#include "boot/modules.h"
#include "hyp/lib/errno.h"
#include "hyp/lib/string.h"

/* Entries of a memory node's "reg" after Herald's memory was cut out. */
#define EDIT_MAX_REG 48
/*
 * Interrupts that an edited timer node keeps, in the order of Linux's binding arm,arch_timer.yaml.
 */
#define EDIT_TIMER_KEEP 3
/* Entries of "msi-map" and "iommu-map": requester ID, controller, its ID, length. */
#define EDIT_MAP_CELLS 4
/* Specifier of the doorbell: a PPI, rising edge. */
#define EDIT_IRQ_PPI 1
#define EDIT_IRQ_EDGE 1
#define EDIT_PPI_BASE 16

#define EDIT_PSCI_COMPATIBLE "arm,psci-1.0\0arm,psci-0.2"

/* CPU features that Herald hides from every VM (DESIGN 11). */
static const char *const edit_hidden[] = {
	"arm,armv8-pmuv3",
	"arm,statistical-profiling-extension-v1",
	"arm,embedded-trace-extension",
	"arm,trace-buffer-extension",
	"arm,coresight-etm4x-sysreg",
};
/*
 * PMU nodes are named after cores too: "arm,cortex-a57-pmu", "arm,neoverse-n1-pmu" (Linux binding
 * arm/pmu.yaml).
 */
#define EDIT_PMU_SUFFIX "-pmu"

struct edit {
	const struct board *b;
	const struct fdt_edit_plan *plan;
	void *fdt;
	struct dt_walk w;
	bool cpu_removed;
	bool psci_seen;
	bool chosen_seen;
};

/* Sets or replaces a property of the current node. 0, or a negative libfdt error. */
static int edit_set(struct edit *e, const char *name, const void *value, u32 len)
{
	int err = fdt_setprop(e->fdt, e->w.node, name, value, (int)len);

	dt_walk_changed(&e->w);
	return err;
}

static int edit_set_string(struct edit *e, const char *name, const char *value)
{
	return edit_set(e, name, value, (u32)strlen(value) + 1);
}

/* Removes a property of the current node, if it is there. */
static int edit_delete(struct edit *e, const char *name)
{
	int err = fdt_delprop(e->fdt, e->w.node, name);

	dt_walk_changed(&e->w);
	return err == -FDT_ERR_NOTFOUND ? 0 : err;
}

static void put_cells(fdt32_t *cells, u32 *at, u64 value, u32 count)
{
	if (count == 2)
		cells[(*at)++] = cpu_to_fdt32((u32)FIELD_GET(GENMASK(63, 32), value));
	cells[(*at)++] = cpu_to_fdt32((u32)FIELD_GET(GENMASK(31, 0), value));
}

/*
 * Cuts [base, end) out of the *@count ranges of @list, which has room for @max. False if that is
 * not enough for the pieces.
 */
static bool edit_cut(struct board_range *list, u32 *count, u32 max, u64 base, u64 end)
{
	u32 i = 0;

	while (i < *count) {
		u64 r_base = list[i].base, r_end = r_base + list[i].size;

		if (r_end <= base || end <= r_base) {
			i++;
		} else if (base <= r_base && r_end <= end) {
			list[i] = list[--*count];
		} else if (base <= r_base) {
			list[i++] = (struct board_range){ end, r_end - end };
		} else {
			list[i++].size = base - r_base;
			if (r_end <= end)
				continue;
			if (*count == max)
				return false;
			list[(*count)++] = (struct board_range){ end, r_end - end };
		}
	}
	return true;
}

static void edit_sort(struct board_range *list, u32 count)
{
	for (u32 i = 1; i < count; i++) {
		struct board_range r = list[i];
		u32 at = i;

		for (; at > 0 && list[at - 1].base > r.base; at--)
			list[at] = list[at - 1];
		list[at] = r;
	}
}

/*
 * Herald's memory out of the current memory node. Memory nodes are children of the root: their
 * addresses are the CPU's. A node of which nothing is left goes.
 */
static int edit_memory(struct edit *e)
{
	struct board_range list[EDIT_MAX_REG];
	fdt32_t cells[EDIT_MAX_REG * 4];
	u32 count = 0, at = 0;
	u32 ac, sc;

	while (count < EDIT_MAX_REG && dt_reg(&e->w, count, &list[count]) == 0)
		count++;
	if (count == EDIT_MAX_REG)
		return -FDT_ERR_NOSPACE;
	for (u32 i = 0; i < e->plan->nr_owned; i++) {
		const struct board_range *o = &e->plan->owned[i];

		if (o->size && !edit_cut(list, &count, EDIT_MAX_REG, ALIGN_DOWN(o->base, SZ_4K),
					 ALIGN_UP(o->base + o->size, SZ_4K)))
			return -FDT_ERR_NOSPACE;
	}
	if (count == 0) {
		dt_walk_drop(&e->w, e->fdt);
		return 0;
	}
	edit_sort(list, count);
	ac = dt_cell_count(e->fdt, e->w.path[0], "#address-cells", DT_DEFAULT_ADDRESS_CELLS);
	sc = dt_cell_count(e->fdt, e->w.path[0], "#size-cells", DT_DEFAULT_SIZE_CELLS);
	for (u32 i = 0; i < count; i++) {
		put_cells(cells, &at, list[i].base, ac);
		put_cells(cells, &at, list[i].size, sc);
	}
	return edit_set(e, "reg", cells, at * (u32)sizeof(*cells));
}

static bool edit_keeps_cpu(const struct edit *e)
{
	u64 mpidr = dt_number(e->fdt, e->w.node, "reg", UINT64_MAX);

	for (u32 i = 0; i < e->plan->nr_cpus; i++) {
		if (e->plan->cpu_mpidr[i] == mpidr)
			return true;
	}
	return false;
}

/*
 * A CPU starts and stops through Herald's PSCI; the firmware's idle states are not for its guests.
 */
static int edit_cpu(struct edit *e)
{
	const char *method;
	int err = 0;

	if (!edit_keeps_cpu(e)) {
		e->cpu_removed = true;
		dt_walk_drop(&e->w, e->fdt);
		return 0;
	}
	method = dt_string(e->fdt, e->w.node, "enable-method");
	if (!method || strcmp(method, "psci") != 0)
		err = edit_set_string(e, "enable-method", "psci");
	if (err == 0)
		err = edit_delete(e, "cpu-release-addr");
	if (err == 0)
		err = edit_delete(e, "cpu-idle-states");
	if (err == 0 &&
	    fdt_stringlist_search(e->fdt, e->w.node, "power-domain-names", "psci") >= 0) {
		err = edit_delete(e, "power-domains");
		if (err == 0)
			err = edit_delete(e, "power-domain-names");
	}
	return err;
}

static int edit_psci(struct edit *e)
{
	int err;

	e->psci_seen = true;
	err = edit_delete(e, "status");
	if (err == 0)
		err = edit_set_string(e, "method", "hvc");
	if (err < 0)
		return err;
	return edit_set(e, "compatible", EDIT_PSCI_COMPATIBLE, sizeof(EDIT_PSCI_COMPATIBLE));
}

/* Is number @index of the timer's interrupts one that EL1 has? */
static bool edit_keeps_timer(const struct edit *e, u32 index)
{
	const char *name;

	if (!fdt_getprop(e->fdt, e->w.node, "interrupt-names", NULL))
		return index < EDIT_TIMER_KEEP;
	name = fdt_stringlist_get(e->fdt, e->w.node, "interrupt-names", (int)index, NULL);
	return name && strncmp(name, "hyp", 3) != 0;
}

/* The timer node without the interrupts of EL2's timers, and without their names. */
static int edit_timer(struct edit *e)
{
	const char *prop = "interrupts-extended";
	u32 names_len = 0, len = 0, cells = e->b->gic.irq_cells + 1;
	u8 irqs[EDIT_TIMER_KEEP * sizeof(fdt32_t) * 5];
	char names[64];
	const u8 *old;
	const char *name;
	int old_len, n, err;

	if (!fdt_getprop(e->fdt, e->w.node, prop, NULL)) {
		prop = "interrupts";
		cells--;
	}
	old = fdt_getprop(e->fdt, e->w.node, prop, &old_len);
	if (!old)
		return 0;
	cells *= sizeof(fdt32_t);
	for (u32 i = 0; (i + 1) * cells <= (u32)old_len; i++) {
		if (!edit_keeps_timer(e, i) || len + cells > sizeof(irqs))
			continue;
		memcpy(irqs + len, old + (size_t)i * cells, cells);
		len += cells;
		name = fdt_stringlist_get(e->fdt, e->w.node, "interrupt-names", (int)i, &n);
		if (!name || names_len + (u32)n + 1 > sizeof(names))
			continue;
		memcpy(names + names_len, name, (u32)n + 1);
		names_len += (u32)n + 1;
	}
	err = edit_set(e, prop, irqs, len);
	if (err == 0 && fdt_getprop(e->fdt, e->w.node, "interrupt-names", NULL))
		err = edit_set(e, "interrupt-names", names, names_len);
	return err;
}

/*
 * No maintenance interrupt at EL1; no message-based SPIs, which the virtual distributor does not
 * have; and the virtual redistributors lie side by side whatever the distance of the physical ones.
 */
static int edit_gic(struct edit *e)
{
	static const char *const gone[] = { "interrupts",      "interrupts-extended",
					    "interrupt-names", "mbi-ranges",
					    "mbi-alias",       "redistributor-stride" };
	int err = 0;

	for (u32 i = 0; i < ARRAY_SIZE(gone) && err == 0; i++)
		err = edit_delete(e, gone[i]);
	return err;
}

static int edit_chosen(struct edit *e)
{
	static const char *const gone[] = { "linux,initrd-start", "linux,initrd-end",
					    "linux,elfcorehdr", "linux,usable-memory-range" };
	const struct board_range *rd = &e->b->initrd.file;
	fdt64_t at;
	int err;

	e->chosen_seen = true;
	err = edit_set_string(e, "bootargs", e->b->mgmt_bootargs);
	for (u32 i = 0; i < ARRAY_SIZE(gone) && err == 0; i++)
		err = edit_delete(e, gone[i]);
	if (err < 0 || rd->size == 0)
		return err;
	at = cpu_to_fdt64(rd->base);
	err = edit_set(e, "linux,initrd-start", &at, sizeof(at));
	if (err < 0)
		return err;
	at = cpu_to_fdt64(rd->base + rd->size);
	return edit_set(e, "linux,initrd-end", &at, sizeof(at));
}

static bool edit_is_smmu(const struct edit *e, u32 phandle)
{
	for (u32 i = 0; i < e->b->nr_smmu && e->plan->hide_smmu; i++) {
		if (phandle && e->b->smmu_phandle[i] == phandle)
			return true;
	}
	return false;
}

static bool edit_is_its(const struct edit *e, u32 phandle)
{
	for (u32 i = 0; i < e->b->nr_its && e->plan->hide_its; i++) {
		if (phandle && e->b->its[i].phandle == phandle)
			return true;
	}
	return false;
}

typedef bool (*edit_match_fn)(const struct edit *e, u32 phandle);

/*
 * Takes the entries for removed controllers out of a map of the current node; an empty map goes,
 * with its mask.
 */
static int edit_map(struct edit *e, const char *name, const char *mask, edit_match_fn gone)
{
	size_t keep = 0, count, entry = EDIT_MAP_CELLS * sizeof(fdt32_t);
	struct fdt_property *p;
	void *unused;
	u8 *cells;
	int len, err;

	p = fdt_get_property_w(e->fdt, e->w.node, name, &len);
	if (!p)
		return 0;
	cells = (u8 *)p->data;
	count = (size_t)len / entry;
	for (size_t i = 0; i < count; i++) {
		if (gone(e, dt_cell(cells + i * entry, 1)))
			continue;
		memmove(cells + keep++ * entry, cells + i * entry, entry);
	}
	if (keep == count)
		return 0;
	if (keep > 0) {
		/* Only the length changes: what is kept already lies in front. */
		err = fdt_setprop_placeholder(e->fdt, e->w.node, name, (int)(keep * entry),
					      &unused);
		dt_walk_changed(&e->w);
		return err;
	}
	err = edit_delete(e, name);
	return err < 0 ? err : edit_delete(e, mask);
}

/* The current node's list of phandles @id begins with a removed controller. */
static bool edit_refers(const struct edit *e, enum dt_prop_id id, edit_match_fn gone)
{
	const struct dt_prop *p = &e->w.props[id];

	return p->data && p->len >= (int)sizeof(fdt32_t) && gone(e, dt_cell(p->data, 0));
}

/* What the current node says of SMMUs and ITSes that are removed. */
static int edit_references(struct edit *e)
{
	bool iommus = edit_refers(e, DT_IOMMUS, edit_is_smmu);
	bool msi_parent = edit_refers(e, DT_MSI_PARENT, edit_is_its);
	bool iommu_map = e->w.props[DT_IOMMU_MAP].data, msi_map = e->w.props[DT_MSI_MAP].data;
	int err = 0;

	if (iommus)
		err = edit_delete(e, "iommus");
	if (err == 0 && iommu_map)
		err = edit_map(e, "iommu-map", "iommu-map-mask", edit_is_smmu);
	if (err == 0 && msi_parent)
		err = edit_delete(e, "msi-parent");
	if (err == 0 && msi_map)
		err = edit_map(e, "msi-map", "msi-map-mask", edit_is_its);
	return err;
}

/*
 * A core's PMU, by the first name of its "compatible". Those have system registers; a "-pmu" with
 * registers in memory is some other device.
 */
static bool edit_is_pmu(const struct edit *e)
{
	const struct dt_prop *compat = &e->w.props[DT_COMPATIBLE];
	size_t suffix = strlen(EDIT_PMU_SUFFIX);
	size_t n = strnlen(compat->data, (size_t)compat->len);

	return n > suffix && memcmp(compat->data + n - suffix, EDIT_PMU_SUFFIX, suffix) == 0 &&
	       !fdt_getprop(e->fdt, e->w.node, "reg", NULL);
}

/*
 * The current node, which has a "compatible", describes something that the management VM does not
 * have.
 */
static bool edit_hides(const struct edit *e)
{
	for (u32 i = 0; i < ARRAY_SIZE(edit_hidden); i++) {
		if (dt_walk_compatible(&e->w, edit_hidden[i]))
			return true;
	}
	if (e->plan->hide_smmu && dt_walk_compatible(&e->w, "arm,smmu-v3"))
		return true;
	if (e->plan->hide_its && dt_walk_compatible(&e->w, "arm,gic-v3-its"))
		return true;
	return edit_is_pmu(e);
}

static int edit_drop(struct edit *e)
{
	dt_walk_drop(&e->w, e->fdt);
	return 0;
}

/* A node that is known by its "compatible". */
static int edit_device(struct edit *e)
{
	if (!e->w.props[DT_COMPATIBLE].data)
		return edit_references(e);
	if (edit_hides(e))
		return edit_drop(e);
	if (dt_walk_compatible(&e->w, "arm,armv8-timer"))
		return edit_timer(e);
	if (dt_walk_compatible(&e->w, "arm,gic-v3"))
		return edit_gic(e);
	if (dt_walk_compatible(&e->w, "arm,psci-1.0") ||
	    dt_walk_compatible(&e->w, "arm,psci-0.2") || dt_walk_compatible(&e->w, "arm,psci"))
		return edit_psci(e);
	return edit_references(e);
}

/* A child of the root that is known by its name or type, else any node. */
static int edit_root_child(struct edit *e)
{
	if (dt_name_is(e->fdt, e->w.node, "chosen"))
		return edit_chosen(e);
	if (dt_name_is(e->fdt, e->w.node, "hypervisor"))
		return edit_drop(e);
	if (dt_walk_is_type(&e->w, "memory"))
		return edit_memory(e);
	return edit_device(e);
}

/* A child of /cpus. */
static int edit_cpus_child(struct edit *e)
{
	if (dt_name_is(e->fdt, e->w.node, "idle-states"))
		return edit_drop(e);
	return dt_walk_is_type(&e->w, "cpu") ? edit_cpu(e) : 0;
}

static int edit_node(struct edit *e)
{
	int up;

	if (e->w.depth == 0)
		return 0;
	if (e->w.depth == 1)
		return edit_root_child(e);
	up = e->w.path[1];
	if (dt_name_is(e->fdt, up, "chosen"))
		return modules_is_module(&e->w) ? edit_drop(e) : 0;
	if (dt_name_is(e->fdt, up, "cpus"))
		return e->w.depth == 2 ? edit_cpus_child(e) : 0;
	return edit_device(e);
}

/* Adds a node below the root and makes it the current one. */
static int edit_add(struct edit *e, const char *name)
{
	int node = fdt_add_subnode(e->fdt, 0, name);

	if (node < 0)
		return node;
	e->w.node = node;
	return 0;
}

static int edit_add_hypervisor(struct edit *e)
{
	const struct board_gic *gic = &e->b->gic;
	fdt32_t irq[4] = { cpu_to_fdt32(EDIT_IRQ_PPI),
			   cpu_to_fdt32(e->b->timer_hyp_intid - EDIT_PPI_BASE),
			   cpu_to_fdt32(EDIT_IRQ_EDGE), 0 };
	int err;

	err = edit_add(e, "hypervisor");
	if (err == 0)
		err = edit_set_string(e, "compatible", FDT_EDIT_COMPATIBLE);
	if (err == 0)
		err = edit_set_string(e, "version", e->plan->version);
	if (err == 0 && gic->phandle)
		err = fdt_setprop_u32(e->fdt, e->w.node, "interrupt-parent", gic->phandle);
	if (err == 0)
		err = edit_set(e, "interrupts", irq, gic->irq_cells * (u32)sizeof(irq[0]));
	return err;
}

/* What the walk did not meet and the management VM needs. */
static int edit_additions(struct edit *e)
{
	int map, err = 0;

	/* References to CPUs that are gone; without the map Linux takes the topology from MPIDR. */
	map = e->cpu_removed ? fdt_path_offset(e->fdt, "/cpus/cpu-map") : -1;
	if (map >= 0)
		err = fdt_nop_node(e->fdt, map);
	if (err == 0 && !e->chosen_seen) {
		err = edit_add(e, "chosen");
		if (err == 0)
			err = edit_chosen(e);
	}
	if (err == 0 && !e->psci_seen) {
		err = edit_add(e, "psci");
		if (err == 0)
			err = edit_psci(e);
	}
	return err < 0 ? err : edit_add_hypervisor(e);
}

/*
 * Copies what of @src is in use and opens it for changes. Trees come with up to 1 MiB of room
 * behind their last block, which fdt_open_into() alone would copy as well.
 */
static int edit_copy(const void *src, void *dst, size_t dst_size)
{
	size_t end = fdt_off_mem_rsvmap(src) +
		     ((size_t)fdt_num_mem_rsv(src) + 1) * sizeof(struct fdt_reserve_entry);

	end = MAX(end, (size_t)fdt_off_dt_struct(src) + fdt_size_dt_struct(src));
	end = MAX(end, (size_t)fdt_off_dt_strings(src) + fdt_size_dt_strings(src));
	if (end > dst_size)
		return -FDT_ERR_NOSPACE;
	memcpy(dst, src, end);
	fdt_set_totalsize(dst, (u32)end);
	return fdt_open_into(dst, dst, (int)MIN(dst_size, (size_t)INT32_MAX));
}

int fdt_edit_mgmt(const void *src, void *dst, size_t dst_size, const struct board *b,
		  const struct fdt_edit_plan *plan, const char **why)
{
	struct edit e = { .b = b, .plan = plan, .fdt = dst };
	int err;

	err = edit_copy(src, dst, dst_size);
	dt_walk_init(&e.w, dst);
	while (err == 0 && dt_walk_next(&e.w))
		err = edit_node(&e);
	if (err == 0)
		err = edit_additions(&e);
	if (err == 0)
		err = fdt_pack(dst);
	if (err == 0)
		return 0;
	return dt_fail(why, err == -FDT_ERR_NOSPACE ? -ENOSPC : -EINVAL,
		       "device tree for the management VM: %s",
		       err == -FDT_ERR_NOSPACE
			       ? "no room: the tree or its list of memory is too large"
			       : fdt_strerror(err));
}
