/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Boot modules: finds the management VM's kernel and RAM disk and checks that they are whole and
 * lie where they can run.
 *
 * The binding is the one of boot loaders for hypervisors ("multiboot,module"), in the dialects that
 * are met: QEMU's guest-loader gives /chosen no #address-cells and writes unit addresses with "0x",
 * boot scripts give both and put the kind before or after "multiboot,module".
 *
 * The kernel must be an arm64 Image (Linux Documentation/arch/arm64/booting.rst). Its header says
 * how much memory it needs, not how long the file is; a kernel that is also an EFI program has a
 * section table that does (PE format, 3 and 4), and only then can a file that was cut short be
 * told. A RAM disk is not looked into.
 */
#include "boot/modules.h"

#include "boot/dt.h"
#include "hyp/lib/errno.h"
#include "hyp/lib/string.h"

/* The arm64 Image header; little-endian. */
struct modules_image {
	u32 code0;
	u32 code1;
	u64 text_offset; /* from a 2 MiB boundary to the load address */
	u64 image_size; /* memory it needs from the load address on */
	u64 flags;
	u64 res2;
	u64 res3;
	u64 res4;
	u32 magic;
	u32 pe_offset; /* of the PE header, in a kernel that is an EFI program */
};
_Static_assert(sizeof(struct modules_image) == 64, "the Image header has 64 bytes");
_Static_assert(offsetof(struct modules_image, magic) == 56, "the magic is at 56");

#define MODULES_IMAGE_MAGIC 0x644d5241u /* "ARM\x64" */
#define MODULES_IMAGE_BIG_ENDIAN BIT(0)
#define MODULES_IMAGE_MIN sizeof(struct modules_image)
#define MODULES_GZIP_MAGIC 0x8b1fu

/*
 * PE: the header's fields that lead to the section table, and those of a section that tell where it
 * is in the file.
 */
#define PE_MAGIC 0x4550u /* "PE\0\0" */
#define PE_NR_SECTIONS 6
#define PE_OPTIONAL_SIZE 20
#define PE_HEADER_SIZE 24
#define PE_SECTION_SIZE 40
#define PE_SECTION_RAW_SIZE 16
#define PE_SECTION_RAW_OFFSET 20

struct modules_find {
	const void *fdt;
	struct board *b;
	const char **why;
};

static int modules_fail(struct modules_find *f, const char *what, const struct board_range *r,
			const char *text)
{
	return dt_fail(f->why, -EINVAL, "boot module: the %s at 0x%llx (%llu bytes) %s", what,
		       (unsigned long long)r->base, (unsigned long long)r->size, text);
}

/* "reg" of a module. Not dt_reg(): /chosen is no bus, and its cells may be the root's. */
static int modules_reg(const struct dt_walk *w, struct board_range *r)
{
	int up = w->path[w->depth - 1];
	u32 ac, sc;
	const void *reg;
	int len;

	ac = dt_cell_count(w->fdt, w->path[0], "#address-cells", DT_DEFAULT_ADDRESS_CELLS);
	sc = dt_cell_count(w->fdt, w->path[0], "#size-cells", DT_DEFAULT_SIZE_CELLS);
	ac = dt_cell_count(w->fdt, up, "#address-cells", ac);
	sc = dt_cell_count(w->fdt, up, "#size-cells", sc);
	reg = fdt_getprop(w->fdt, w->node, "reg", &len);
	if (!reg || ac < 1 || ac > 2 || sc < 1 || sc > 2 || (u32)len != 4 * (ac + sc))
		return -EINVAL;
	r->base = dt_cells(reg, 0, ac);
	r->size = dt_cells(reg, ac, sc);
	return 0;
}

bool modules_is_module(const struct dt_walk *w)
{
	return dt_walk_compatible(w, "multiboot,module") ||
	       dt_walk_compatible(w, "multiboot,kernel") ||
	       dt_walk_compatible(w, "multiboot,ramdisk");
}

static int modules_node(struct modules_find *f, const struct dt_walk *w)
{
	bool is_kernel = dt_walk_compatible(w, "multiboot,kernel");
	struct board_module *m = is_kernel ? &f->b->kernel : &f->b->initrd;
	const char *args;

	if (!is_kernel && !dt_walk_compatible(w, "multiboot,ramdisk"))
		return 0;
	if (m->file.size)
		return dt_fail_at(f->why, f->fdt, w->node,
				  is_kernel ? "a second kernel among the boot modules"
					    : "a second ramdisk among the boot modules");
	if (modules_reg(w, &m->file) < 0)
		return dt_fail_at(f->why, f->fdt, w->node,
				  "\"reg\" of a boot module must be one address and one size, with "
				  "the cells of its parent or the root");
	if (m->file.size == 0)
		return dt_fail_at(f->why, f->fdt, w->node, "the boot module is empty");
	if (!is_kernel)
		return 0;
	args = dt_string(f->fdt, w->node, "bootargs");
	if (args && strlen(args) >= sizeof(f->b->mgmt_bootargs))
		return dt_fail_at(f->why, f->fdt, w->node, "bootargs is longer than 2047 bytes");
	if (args)
		memcpy(f->b->mgmt_bootargs, args, strlen(args) + 1);
	return 0;
}

/* What U-Boot's booti leaves of its RAM disk argument. */
static void modules_initrd_of_chosen(struct modules_find *f, int chosen)
{
	u64 start, end;

	start = dt_number(f->fdt, chosen, "linux,initrd-start", 0);
	end = dt_number(f->fdt, chosen, "linux,initrd-end", 0);
	if (start < end)
		f->b->initrd.file = (struct board_range){ .base = start, .size = end - start };
}

static bool modules_in_ram(const struct board *b, const struct board_range *r)
{
	for (u32 i = 0; i < b->nr_mem; i++) {
		if (range_contains(b->mem[i].base, b->mem[i].size, r->base, r->size))
			return true;
	}
	return false;
}

static u32 le_bytes(const u8 *p, u32 count)
{
	u32 value = 0;

	while (count-- > 0)
		value = (value << 8) | p[count];
	return value;
}

/*
 * How long the file must be at least by its PE header at offset @pe and the section table behind it; 0 if it has none.
 * @mapped bytes at @p can be read: all of the file, or MODULES_HEADER_MAX, and what lies beyond those is not looked for.
 */
static u64 modules_pe_file_size(const u8 *p, u64 mapped, u64 pe)
{
	u64 table, end, need = 0;
	bool whole = mapped < MODULES_HEADER_MAX;
	u32 count;

	if (!pe)
		return 0;
	if (!range_contains(0, mapped, pe, PE_HEADER_SIZE))
		return whole ? pe + PE_HEADER_SIZE : 0;
	if (le_bytes(p + pe, 4) != PE_MAGIC)
		return 0;
	count = le_bytes(p + pe + PE_NR_SECTIONS, 2);
	table = pe + PE_HEADER_SIZE + le_bytes(p + pe + PE_OPTIONAL_SIZE, 2);
	if (!range_contains(0, mapped, table, (u64)count * PE_SECTION_SIZE))
		return whole ? table + (u64)count * PE_SECTION_SIZE : 0;
	for (u32 i = 0; i < count; i++, table += PE_SECTION_SIZE) {
		end = (u64)le_bytes(p + table + PE_SECTION_RAW_OFFSET, 4) +
		      le_bytes(p + table + PE_SECTION_RAW_SIZE, 4);
		need = MAX(need, end);
	}
	return need;
}

/* Checks the kernel's header and learns how much memory it needs. */
static int modules_kernel(struct modules_find *f, modules_map_fn map)
{
	struct board_module *k = &f->b->kernel;
	u64 mapped = MIN(k->file.size, MODULES_HEADER_MAX);
	struct modules_image h;
	const u8 *p;

	if (k->file.size < MODULES_IMAGE_MIN)
		return modules_fail(f, "kernel", &k->file,
				    "is truncated: shorter than the header of an arm64 Image");
	p = map(k->file.base, mapped);
	if (!p)
		return modules_fail(f, "kernel", &k->file, "cannot be read");
	if (le_bytes(p, 2) == MODULES_GZIP_MAGIC)
		return modules_fail(f, "kernel", &k->file, "is compressed; load it unpacked");
	memcpy(&h, p, sizeof(h));
	if (h.magic != MODULES_IMAGE_MAGIC)
		return modules_fail(f, "kernel", &k->file,
				    "is no arm64 Image: \"ARM\\x64\" is not at offset 56");
	if (h.flags & MODULES_IMAGE_BIG_ENDIAN)
		return modules_fail(f, "kernel", &k->file, "is big-endian");
	if (h.image_size == 0)
		return modules_fail(
			f, "kernel", &k->file,
			"does not say how much memory it needs (older than Linux 3.17)");
	if (modules_pe_file_size(p, mapped, h.pe_offset) > k->file.size)
		return modules_fail(f, "kernel", &k->file,
				    "is truncated: its header says that it is longer");
	if (!IS_ALIGNED(k->file.base - h.text_offset, SZ_2M))
		return dt_fail(
			f->why, -EINVAL,
			"boot module: the kernel at 0x%llx must be loaded 0x%llx bytes after "
			"a multiple of 2 MiB",
			(unsigned long long)k->file.base, (unsigned long long)h.text_offset);
	k->image_size = MAX(h.image_size, k->file.size);
	return 0;
}

/* No two of the kernel with its bss, the RAM disk, Herald and the device tree may share memory. */
static int modules_check_overlap(struct modules_find *f, const struct board_range *image)
{
	const struct {
		const char *name;
		struct board_range r;
	} own[] = {
		{ "kernel", { f->b->kernel.file.base, f->b->kernel.image_size } },
		{ "ramdisk", f->b->initrd.file },
		{ "Herald itself", *image },
		{ "device tree", f->b->fdt },
	};

	for (u32 i = 0; i < 2; i++) {
		for (u32 j = i + 1; j < ARRAY_SIZE(own); j++) {
			if (own[i].r.size == 0 || own[j].r.size == 0 ||
			    !ranges_overlap(own[i].r.base, own[i].r.size, own[j].r.base,
					    own[j].r.size))
				continue;
			return dt_fail(
				f->why, -EINVAL,
				"boot modules: %s (0x%llx, needs 0x%llx bytes) and %s (0x%llx, "
				"0x%llx bytes) overlap; load them apart",
				own[i].name, (unsigned long long)own[i].r.base,
				(unsigned long long)own[i].r.size, own[j].name,
				(unsigned long long)own[j].r.base,
				(unsigned long long)own[j].r.size);
		}
	}
	return 0;
}

static int modules_check_ram(struct modules_find *f)
{
	const struct board_module *k = &f->b->kernel;
	struct board_range need = { k->file.base, k->image_size };

	if (!modules_in_ram(f->b, &need))
		return dt_fail(f->why, -EINVAL,
			       "boot module: the kernel at 0x%llx needs 0x%llx bytes, and they are "
			       "not all in RAM",
			       (unsigned long long)need.base, (unsigned long long)need.size);
	if (f->b->initrd.file.size && !modules_in_ram(f->b, &f->b->initrd.file))
		return modules_fail(f, "ramdisk", &f->b->initrd.file, "is not all in RAM");
	return 0;
}

int modules_parse(const void *fdt, struct board *b, const struct board_range *image,
		  modules_map_fn map, const char **why)
{
	struct modules_find f = { .fdt = fdt, .b = b, .why = why };
	int chosen = fdt_path_offset(fdt, "/chosen");
	struct dt_walk w;
	int err = 0;

	if (chosen >= 0) {
		dt_walk_init_below(&w, fdt, chosen);
		while (err == 0 && dt_walk_next(&w)) {
			if (w.enabled)
				err = modules_node(&f, &w);
		}
	}
	if (err < 0)
		return err;
	if (b->kernel.file.size == 0)
		return dt_fail(
			why, -ENODEV,
			"no kernel among the boot modules: /chosen needs a node with compatible "
			"= \"multiboot,module\", \"multiboot,kernel\" (QEMU: -device "
			"guest-loader,addr=A,kernel=Image)");
	if (b->initrd.file.size == 0)
		modules_initrd_of_chosen(&f, chosen);
	if (!modules_in_ram(b, &b->kernel.file))
		return modules_fail(&f, "kernel", &b->kernel.file, "is not all in RAM");
	err = modules_kernel(&f, map);
	if (err == 0)
		err = modules_check_ram(&f);
	if (err == 0)
		err = modules_check_overlap(&f, image);
	return err;
}
