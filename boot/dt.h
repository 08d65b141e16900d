/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Small steps over a flattened device tree, all of them made of libfdt calls: a walk that knows the
 * ancestors of each node, cells, "reg" translated through the "ranges" of the buses above,
 * interrupt specifiers, and error lines.
 *
 * Every function assumes a tree that fdt_check_full() has passed and survives whatever such a tree
 * says: the work is bounded by the tree's size and nothing outside the tree is read. Boot CPU only,
 * no allocation. Source of the rules: Devicetree Specification 0.4, sections 2.3 (standard
 * properties) and 5 (flattened format).
 */
#ifndef HERALD_BOOT_DT_H
#define HERALD_BOOT_DT_H

#include <libfdt.h>

#include "hyp/board.h"
#include "hyp/lib/bits.h"

/* Nodes deeper than this are passed over; the deepest ones Herald looks for lie at depth 5. */
#define DT_MAX_DEPTH 16
/* Cell counts where the parent names none (specification 2.3.5). */
#define DT_DEFAULT_ADDRESS_CELLS 2
#define DT_DEFAULT_SIZE_CELLS 1

/* The properties that nearly every node is asked for: the walk picks them up as it passes them. */
enum dt_prop_id {
	DT_COMPATIBLE,
	DT_STATUS,
	DT_DEVICE_TYPE,
	DT_IOMMUS,
	DT_IOMMU_MAP,
	DT_MSI_PARENT,
	DT_MSI_MAP,
	DT_NR_PROPS,
};

struct dt_prop {
	const char *data; /* NULL: the node does not have it */
	int len;
};

/* A walk over all nodes in the order of the tree. Read node to props; the rest is private. */
struct dt_walk {
	const void *fdt;
	int node; /* offset of the current node */
	int depth; /* 0 is the root */
	int path[DT_MAX_DEPTH]; /* path[i] is the ancestor at depth i; path[depth] == node */
	bool enabled; /* neither it nor a node above it has a "status" other than okay */
	struct dt_prop props[DT_NR_PROPS]; /* of the current node, until a property changes */
	int disabled_depth;
	int top; /* the walk ends when it leaves this depth upwards */
	int after; /* the tag behind the current node's last property */
};

/* Starts a walk; the first dt_walk_next() then stands on the root. */
void dt_walk_init(struct dt_walk *w, const void *fdt);

/*
 * The same for the nodes below @node, a child of the root; the first dt_walk_next() stands on
 * @node's first child.
 */
void dt_walk_init_below(struct dt_walk *w, const void *fdt, int node);

/* Goes to the next node; false at the end. */
bool dt_walk_next(struct dt_walk *w);

/*
 * To be called when properties of the current node were changed, before the next dt_walk_next().
 * Those of other nodes must not be changed during a walk.
 */
void dt_walk_changed(struct dt_walk *w);

/* The current node's "compatible" lists @compat. */
bool dt_walk_compatible(const struct dt_walk *w, const char *compat);

/* The current node's "device_type" is @type. */
bool dt_walk_is_type(const struct dt_walk *w, const char *type);

/*
 * Blanks the current node with all below it in @fdt, the writable tree that is walked; offsets of
 * others stay.
 */
void dt_walk_drop(struct dt_walk *w, void *fdt);

/* The node's name without its unit address equals @name. */
bool dt_name_is(const void *fdt, int node, const char *name);

/* "compatible" of @node lists @compat. */
bool dt_compatible(const void *fdt, int node, const char *compat);

/* The string property @name of @node, NULL if it is absent or has no terminating NUL. */
const char *dt_string(const void *fdt, int node, const char *name);

/* The property @name of @node if it is one or two cells, else @otherwise. */
u64 dt_number(const void *fdt, int node, const char *name, u64 otherwise);

/* Cell @n of @cells. */
u32 dt_cell(const void *cells, u32 n);

/* @count (0, 1 or 2) cells of @cells from cell @first on, as one number. */
u64 dt_cells(const void *cells, u32 first, u32 count);

/* #address-cells or #size-cells (@name) of @node; @otherwise if it is absent or malformed. */
u32 dt_cell_count(const void *fdt, int node, const char *name, u32 otherwise);

/*
 * Entry @index of the current node's "reg" as a CPU physical range, through the "ranges" of every
 * bus above. 0; -ENOENT: there is no such entry; -EINVAL: malformed, wraps around, beyond 52 bits
 * or not visible to the CPU.
 */
int dt_reg(const struct dt_walk *w, u32 index, struct board_range *r);

/*
 * INTID of interrupt @index of @node, whose interrupt parent is taken to be a GICv3 with @irq_cells
 * cells per specifier (3 or 4; Linux binding arm,gic-v3.yaml: type, number, flags). 0 if there is
 * none or it makes no sense.
 */
u32 dt_intid(const void *fdt, int node, u32 index, u32 irq_cells);

/*
 * Adds a range to a sorted array without overlaps, merging what touches. 0, or -ENOSPC if @max
 * entries do not do.
 */
int dt_range_add(struct board_range *list, u32 *count, u32 max, u64 base, u64 size);

/*
 * Makes the one line that says what is wrong, in @why, and returns @err. The text lives until the
 * next call.
 */
int dt_fail(const char **why, int err, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* As dt_fail(), with the path of @node before the text. */
int dt_fail_at(const char **why, const void *fdt, int node, const char *what);

#endif
