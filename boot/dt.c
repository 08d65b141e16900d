/* SPDX-License-Identifier: GPL-2.0-only */
/* Small steps over a flattened device tree: see boot/dt.h. */
#include "boot/dt.h"

#include <stdarg.h>

#include "hyp/lib/errno.h"
#include "hyp/lib/string.h"

/* The widest physical address of the architecture (FEAT_LPA). */
#define DT_MAX_ADDRESS BIT(52)

/*
 * Types of a GICv3 interrupt specifier and how many of each there are (Linux binding
 * arm,gic-v3.yaml).
 */
static const struct {
	u32 first;
	u32 count;
} dt_irq_types[] = {
	{ 32, 988 }, /* SPI */
	{ 16, 16 }, /* PPI */
	{ 4096, 1024 }, /* extended SPI */
	{ 1056, 64 }, /* extended PPI */
};

static const char *const dt_prop_names[DT_NR_PROPS] = {
	[DT_COMPATIBLE] = "compatible",	  [DT_STATUS] = "status",
	[DT_DEVICE_TYPE] = "device_type", [DT_IOMMUS] = "iommus",
	[DT_IOMMU_MAP] = "iommu-map",	  [DT_MSI_PARENT] = "msi-parent",
	[DT_MSI_MAP] = "msi-map",
};

void dt_walk_init(struct dt_walk *w, const void *fdt)
{
	memset(w, 0, sizeof(*w));
	w->fdt = fdt;
	w->depth = -1;
	w->disabled_depth = DT_MAX_DEPTH;
}

void dt_walk_init_below(struct dt_walk *w, const void *fdt, int node)
{
	dt_walk_init(w, fdt);
	w->node = node;
	w->depth = 1;
	w->path[1] = node;
	w->top = 1;
	dt_walk_changed(w);
}

static void dt_walk_take(struct dt_walk *w, int offset)
{
	const char *name;
	const char *data;
	int len;

	data = fdt_getprop_by_offset(w->fdt, offset, &name, &len);
	for (u32 i = 0; data && i < DT_NR_PROPS; i++) {
		if (strcmp(name, dt_prop_names[i]) == 0)
			w->props[i] = (struct dt_prop){ .data = data, .len = len };
	}
}

static bool dt_is(const struct dt_prop *p, const char *value)
{
	size_t size = strlen(value) + 1;

	return p->data && (size_t)p->len == size && memcmp(p->data, value, size) == 0;
}

/* Stands on the node at @offset: picks up its properties and finds where they end. */
static void dt_walk_enter(struct dt_walk *w, int offset)
{
	const struct dt_prop *status = &w->props[DT_STATUS];
	int at, next;
	u32 tag;

	w->node = offset;
	w->path[w->depth] = offset;
	memset(w->props, 0, sizeof(w->props));
	(void)fdt_next_tag(w->fdt, offset, &at);
	while (at >= 0) {
		tag = fdt_next_tag(w->fdt, at, &next);
		if (tag == FDT_PROP)
			dt_walk_take(w, at);
		else if (tag != FDT_NOP)
			break;
		at = next;
	}
	w->after = at;
	if (w->depth <= w->disabled_depth)
		w->disabled_depth = !status->data || dt_is(status, "okay") || dt_is(status, "ok")
					    ? DT_MAX_DEPTH
					    : w->depth;
	w->enabled = w->disabled_depth == DT_MAX_DEPTH;
}

bool dt_walk_next(struct dt_walk *w)
{
	int at = w->after, next;

	for (; at >= 0; at = next) {
		switch (fdt_next_tag(w->fdt, at, &next)) {
		case FDT_BEGIN_NODE:
			if (++w->depth >= DT_MAX_DEPTH)
				break;
			dt_walk_enter(w, at);
			return true;
		case FDT_END_NODE:
			if (--w->depth < w->top)
				return false;
			break;
		case FDT_END:
			return false;
		default:
			break;
		}
	}
	return false;
}

void dt_walk_changed(struct dt_walk *w)
{
	/* What is behind the name: the walk passes over the properties again. */
	(void)fdt_next_tag(w->fdt, w->node, &w->after);
}

void dt_walk_drop(struct dt_walk *w, void *fdt)
{
	(void)fdt_nop_node(fdt, w->node);
	/* All of it is FDT_NOP now; the walk passes over that, with the depth of the parent. */
	w->after = w->node;
	w->depth--;
}

bool dt_walk_compatible(const struct dt_walk *w, const char *compat)
{
	const struct dt_prop *p = &w->props[DT_COMPATIBLE];

	return p->data && fdt_stringlist_contains(p->data, p->len, compat);
}

bool dt_walk_is_type(const struct dt_walk *w, const char *type)
{
	return dt_is(&w->props[DT_DEVICE_TYPE], type);
}

bool dt_name_is(const void *fdt, int node, const char *name)
{
	size_t want = strlen(name);
	const char *have;
	int len;

	have = fdt_get_name(fdt, node, &len);
	if (!have || (size_t)len < want || memcmp(have, name, want) != 0)
		return false;
	return have[want] == '\0' || have[want] == '@';
}

bool dt_compatible(const void *fdt, int node, const char *compat)
{
	return fdt_node_check_compatible(fdt, node, compat) == 0;
}

const char *dt_string(const void *fdt, int node, const char *name)
{
	const char *s;
	int len;

	s = fdt_getprop(fdt, node, name, &len);
	if (!s || len < 1 || s[len - 1] != '\0')
		return NULL;
	return s;
}

u32 dt_cell(const void *cells, u32 n)
{
	return fdt32_ld((const fdt32_t *)cells + n);
}

u64 dt_cells(const void *cells, u32 first, u32 count)
{
	u64 value = 0;

	for (u32 i = 0; i < count; i++)
		value = FIELD_PREP(GENMASK(63, 32), value) | dt_cell(cells, first + i);
	return value;
}

u64 dt_number(const void *fdt, int node, const char *name, u64 otherwise)
{
	const void *cells;
	int len;

	cells = fdt_getprop(fdt, node, name, &len);
	if (!cells || (len != 4 && len != 8))
		return otherwise;
	return dt_cells(cells, 0, (u32)len / 4);
}

u32 dt_cell_count(const void *fdt, int node, const char *name, u32 otherwise)
{
	const void *cells;
	int len;

	cells = fdt_getprop(fdt, node, name, &len);
	if (!cells || len != 4)
		return otherwise;
	return dt_cell(cells, 0);
}

/*
 * Turns *@addr, an address on the bus @bus, into one on the bus above, @up. Without "ranges"
 * nothing below the bus is reachable from above; an empty one means that the addresses are the same
 * (specification 2.3.8).
 */
static int dt_translate(const void *fdt, int bus, int up, u64 *addr, u64 size)
{
	u32 ac, sc, uc, entry;
	const void *ranges;
	int len;

	ranges = fdt_getprop(fdt, bus, "ranges", &len);
	if (!ranges)
		return -EINVAL;
	if (len == 0)
		return 0;
	ac = dt_cell_count(fdt, bus, "#address-cells", DT_DEFAULT_ADDRESS_CELLS);
	sc = dt_cell_count(fdt, bus, "#size-cells", DT_DEFAULT_SIZE_CELLS);
	uc = dt_cell_count(fdt, up, "#address-cells", DT_DEFAULT_ADDRESS_CELLS);
	if (ac < 1 || ac > 2 || sc < 1 || sc > 2 || uc < 1 || uc > 2)
		return -EINVAL;
	entry = ac + uc + sc;
	for (u32 at = 0; at + entry <= (u32)len / 4; at += entry) {
		u64 child = dt_cells(ranges, at, ac);

		if (!range_contains(child, dt_cells(ranges, at + ac + uc, sc), *addr, size))
			continue;
		*addr = dt_cells(ranges, at + ac, uc) + (*addr - child);
		return 0;
	}
	return -EINVAL;
}

int dt_reg(const struct dt_walk *w, u32 index, struct board_range *r)
{
	u32 ac, sc, at;
	const void *reg;
	int len, up;

	if (w->depth < 1)
		return -ENOENT;
	reg = fdt_getprop(w->fdt, w->node, "reg", &len);
	if (!reg)
		return -ENOENT;
	up = w->path[w->depth - 1];
	ac = dt_cell_count(w->fdt, up, "#address-cells", DT_DEFAULT_ADDRESS_CELLS);
	sc = dt_cell_count(w->fdt, up, "#size-cells", DT_DEFAULT_SIZE_CELLS);
	if (ac < 1 || ac > 2 || sc < 1 || sc > 2 || (u32)len % (4 * (ac + sc)) != 0)
		return -EINVAL;
	if (index >= (u32)len / (4 * (ac + sc)))
		return -ENOENT;
	at = index * (ac + sc);
	r->base = dt_cells(reg, at, ac);
	r->size = dt_cells(reg, at + ac, sc);
	for (int d = w->depth - 1; d > 0; d--) {
		if (dt_translate(w->fdt, w->path[d], w->path[d - 1], &r->base, r->size) < 0)
			return -EINVAL;
	}
	return range_contains(0, DT_MAX_ADDRESS, r->base, r->size) ? 0 : -EINVAL;
}

u32 dt_intid(const void *fdt, int node, u32 index, u32 irq_cells)
{
	u32 phandle_cells = 0;
	const void *irqs;
	u32 at, type, n;
	int len;

	irqs = fdt_getprop(fdt, node, "interrupts-extended", &len);
	if (irqs)
		phandle_cells = 1;
	else
		irqs = fdt_getprop(fdt, node, "interrupts", &len);
	if (!irqs || index >= (u32)len / 4 / (phandle_cells + irq_cells))
		return 0;
	at = index * (phandle_cells + irq_cells) + phandle_cells;
	type = dt_cell(irqs, at);
	n = dt_cell(irqs, at + 1);
	if (type >= ARRAY_SIZE(dt_irq_types) || n >= dt_irq_types[type].count)
		return 0;
	return dt_irq_types[type].first + n;
}

int dt_range_add(struct board_range *list, u32 *count, u32 max, u64 base, u64 size)
{
	u64 end = base + size;
	u32 first, last;

	/*
	 * list[first .. last - 1] are those that touch the new one: one entry takes the place of
	 * all.
	 */
	for (first = 0; first < *count && list[first].base + list[first].size < base; first++)
		;
	for (last = first; last < *count && list[last].base <= end; last++) {
		base = MIN(base, list[last].base);
		end = MAX(end, list[last].base + list[last].size);
	}
	if (first == last && *count == max)
		return -ENOSPC;
	memmove(&list[first + 1], &list[last], (*count - last) * sizeof(*list));
	*count = *count - (last - first) + 1;
	list[first] = (struct board_range){ .base = base, .size = end - base };
	return 0;
}

static char dt_line[192];

int dt_fail(const char **why, int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(dt_line, sizeof(dt_line), fmt, ap);
	va_end(ap);
	*why = dt_line;
	return err;
}

int dt_fail_at(const char **why, const void *fdt, int node, const char *what)
{
	char path[96];

	if (fdt_get_path(fdt, node, path, sizeof(path)) < 0)
		snprintf(path, sizeof(path), "node at offset 0x%x", (unsigned int)node);
	return dt_fail(why, -EINVAL, "device tree: %s: %s", path, what);
}
