/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Boot modules: found in every dialect of the binding, and refused with a line if they cannot work.
 */
// sources: boot/modules.c boot/board.c boot/dt.c
// libs: fdt
#include "tests/unit/tap.h"
#include "tests/unit/fdt/kernel.h"
#include "tests/unit/fdt/tree.h"

#include "boot/board.h"
#include "hyp/lib/errno.h"

#define KERNEL "/chosen/module@0x50000000"
#define RAMDISK "/chosen/module@0x5a000000"

static struct board b;
static const char *why;
static struct board_range image;

/* A sound kernel; Herald out of the way. */
static void reset(u64 kernel_pa)
{
	kernel_file = (struct kernel_file){ .pa = kernel_pa, .image_size = 0x180000, .flags = 0xa };
	image = (struct board_range){ 0x40400000, 0x200000 };
}

/* What each test starts from. */
static void *fresh(const char *name, u64 kernel_pa)
{
	reset(kernel_pa);
	return tree_load(name);
}

static int parse_at(void *tree, u64 fdt_pa)
{
	int err;

	tree_must(fdt_pack(tree));
	err = board_parse(tree, fdt_pa, fdt_totalsize(tree), &b, &why);
	if (err == 0)
		err = modules_parse(tree, &b, &image, kernel_map, &why);
	tree_must(fdt_open_into(tree, tree, TREE_MAX));
	return err;
}

/* Frees @tree. */
static void accepted(void *tree, const char *name)
{
	if (!ok(parse_at(tree, 0x48000000) == 0, "accepted: %s", name))
		printf("# %s\n", why);
	free(tree);
}

static void refused(void *tree, int err, const char *text, const char *name)
{
	int got = parse_at(tree, 0x48000000);

	if (!ok(got == err && strstr(why, text), "refused: %s", name))
		printf("# got %d, %s\n", got, got ? why : "no error");
	free(tree);
}

static void test_found(void)
{
	accepted(fresh("virt", 0x50000000), "as QEMU's guest-loader writes them");
	is(b.kernel.file.base, 0x50000000, "kernel: address with the root's cells");
	is(b.kernel.file.size, 0x100000, "kernel: file size");
	is(b.kernel.image_size, 0x180000, "kernel: memory from its header");
	is(b.initrd.file.base, 0x5a000000, "ramdisk: address");
	is(b.initrd.file.size, 0x1b0146, "ramdisk: size");
	ok(strcmp(b.mgmt_bootargs, "console=ttyAMA0 rdinit=/init") == 0, "command line");
	ok(strcmp(b.bootargs, "loglevel=8 dma-unconfined") == 0, "Herald's own stays");

	accepted(fresh("versal", 0x10000000), "below a node of /chosen with its own cells");
	is(b.kernel.file.base, 0x10000000, "kernel: address of one cell");
	is(b.initrd.file.size, 0, "no ramdisk is no error");
	is(b.mgmt_bootargs[0], 0, "no command line is no error");

	accepted(fresh("cells1", 0x44000000), "one cell in the root");
	is(b.initrd.file.base, 0x50000000, "ramdisk of booti: 32-bit start");
	is(b.initrd.file.size, 0x123456, "ramdisk of booti: size");

	reset(0x88000000);
	accepted(tree_load("uart8250"), "RAM disk of booti with 64-bit numbers");
	is(b.initrd.file.base, 0x90000000, "ramdisk of booti: 64-bit start");
}

static void test_file_larger_than_image(void)
{
	void *tree = fresh("virt", 0x50000000);

	kernel_file.image_size = 0x80000;
	accepted(tree, "a file with a signature behind the image");
	is(b.kernel.image_size, 0x100000, "needs as much as the file");
}

static void test_missing(void)
{
	void *tree = fresh("virt", 0x50000000);

	tree_must(fdt_del_node(tree, tree_node(tree, KERNEL)));
	refused(tree, -ENODEV, "no kernel", "a ramdisk only");
	tree = fresh("virt", 0x50000000);
	tree_must(fdt_del_node(tree, tree_node(tree, "/chosen")));
	refused(tree, -ENODEV, "no kernel", "no /chosen");
	tree = fresh("virt", 0x50000000);
	tree_set_string(tree, KERNEL, "status", "disabled");
	refused(tree, -ENODEV, "no kernel", "a disabled kernel");
	tree = fresh("virt", 0x50000000);
	tree_must(fdt_del_node(tree, tree_node(tree, RAMDISK)));
	accepted(tree, "no ramdisk");
	tree = fresh("virt", 0x50000000);
	tree_must(fdt_setprop(tree, tree_node(tree, RAMDISK), "compatible",
			      "multiboot,module\0multiboot,kernel", 34));
	refused(tree, -EINVAL, "second kernel", "two kernels");
	tree = fresh("virt", 0x50000000);
	tree_must(fdt_setprop(tree, tree_node(tree, KERNEL), "compatible",
			      "multiboot,module\0multiboot,ramdisk", 35));
	refused(tree, -EINVAL, "second ramdisk", "two ramdisks");
	tree = fresh("virt", 0x50000000);
	tree_del_prop(tree, KERNEL, "reg");
	refused(tree, -EINVAL, "reg", "no reg");
	tree = fresh("virt", 0x50000000);
	TREE_CELLS(tree, KERNEL, "reg", 0x50000000, 0x100000);
	refused(tree, -EINVAL, "reg", "reg with too few cells");
	tree = fresh("virt", 0x50000000);
	TREE_CELLS(tree, KERNEL, "reg", 0, 0x50000000, 0, 0);
	refused(tree, -EINVAL, "empty", "an empty module");
}

static void test_header(void)
{
	void *tree = fresh("virt", 0x50000000);

	TREE_CELLS(tree, KERNEL, "reg", 0, 0x50000000, 0, 63);
	refused(tree, -EINVAL, "truncated", "63 bytes of a kernel");
	tree = fresh("virt", 0x50000000);
	TREE_CELLS(tree, KERNEL, "reg", 0, 0x50000000, 0, 64);
	accepted(tree, "64 bytes, a header without a PE header");
	is(b.kernel.image_size, 0x180000, "with its memory");
	tree = fresh("virt", 0x50000000);
	TREE_CELLS(tree, KERNEL, "reg", 0, 0x50000000, 0, 64);
	kernel_file.pe_offset = 64;
	refused(tree, -EINVAL, "truncated", "64 bytes that promise a PE header behind them");
	tree = fresh("virt", 0x50000000);
	kernel_file.magic = 0x12345678;
	refused(tree, -EINVAL, "no arm64 Image", "no magic");
	tree = fresh("virt", 0x50000000);
	kernel_file.first_byte = 0x1f;
	kernel_file.second_byte = 0x8b;
	refused(tree, -EINVAL, "compressed", "a gzip file");
	tree = fresh("virt", 0x50000000);
	kernel_file.flags = 1;
	refused(tree, -EINVAL, "big-endian", "a big-endian kernel");
	tree = fresh("virt", 0x50000000);
	kernel_file.image_size = 0;
	refused(tree, -EINVAL, "3.17", "a kernel without its size");
	tree = fresh("virt", 0x50000000);
	kernel_file.unreadable = true;
	refused(tree, -EINVAL, "cannot be read", "a file that cannot be read");
}

static void test_pe(void)
{
	void *tree = fresh("virt", 0x50000000);

	kernel_file.pe_offset = 64;
	kernel_file.pe_sections = 2;
	kernel_file.pe_file_size = 0x100000;
	accepted(tree, "an EFI kernel of the length it says");
	tree = fresh("virt", 0x50000000);
	kernel_file.pe_offset = 64;
	kernel_file.pe_sections = 2;
	kernel_file.pe_file_size = 0x100200;
	refused(tree, -EINVAL, "truncated", "an EFI kernel that was cut short");
	/* Tables that point nowhere tell nothing and must not be followed. */
	for (u32 at = 4000; at < 4200; at += 4) {
		tree = fresh("virt", 0x50000000);
		kernel_file.pe_offset = at;
		kernel_file.pe_sections = 2;
		kernel_file.pe_file_size = 0x100200;
		if (parse_at(tree, 0x48000000) != 0)
			ok(false, "PE header at %u", at);
		free(tree);
	}
	tree = fresh("virt", 0x50000000);
	kernel_file.pe_offset = 64;
	kernel_file.pe_sections = 0xffff;
	kernel_file.pe_file_size = 0x100200;
	accepted(tree, "a section table longer than what is looked at");
	tree = fresh("virt", 0x50000000);
	kernel_file.pe_offset = 0xfffffff0;
	accepted(tree, "a PE header beyond the file");
}

static void test_address(void)
{
	void *tree = fresh("virt", 0x50000000);

	kernel_file.text_offset = 0x80000;
	refused(tree, -EINVAL, "0x80000 bytes after", "text_offset not honoured");
	tree = fresh("virt", 0x50080000);
	kernel_file.text_offset = 0x80000;
	TREE_CELLS(tree, KERNEL, "reg", 0, 0x50080000, 0, 0x100000);
	accepted(tree, "text_offset honoured");
	tree = fresh("virt", 0x50100000);
	TREE_CELLS(tree, KERNEL, "reg", 0, 0x50100000, 0, 0x100000);
	refused(tree, -EINVAL, "2 MiB", "a kernel that is not aligned");
	tree = fresh("virt", 0x30000000);
	TREE_CELLS(tree, KERNEL, "reg", 0, 0x30000000, 0, 0x100000);
	refused(tree, -EINVAL, "not all in RAM", "a kernel below RAM");
	tree = fresh("virt", 0xbfe00000);
	TREE_CELLS(tree, KERNEL, "reg", 0, 0xbfe00000, 0, 0x100000);
	kernel_file.image_size = 0x200001;
	refused(tree, -EINVAL, "not all in RAM", "a kernel whose memory ends beyond RAM");
	tree = fresh("virt", 0xbfe00000);
	TREE_CELLS(tree, KERNEL, "reg", 0, 0xbfe00000, 0, 0x100000);
	kernel_file.image_size = 0x200000;
	accepted(tree, "one whose memory ends with RAM");
	tree = fresh("virt", 0x50000000);
	kernel_file.image_size = UINT64_MAX;
	refused(tree, -EINVAL, "not all in RAM", "a kernel that wants all there is");
	tree = fresh("virt", 0x50000000);
	TREE_CELLS(tree, RAMDISK, "reg", 0, 0xbff00000, 0, 0x100001);
	refused(tree, -EINVAL, "ramdisk", "a ramdisk that ends beyond RAM");
	tree = fresh("virt", 0x50000000);
	TREE_CELLS(tree, RAMDISK, "reg", 0xffffffff, 0xfffff000, 0xffffffff, 0xffffffff);
	refused(tree, -EINVAL, "ramdisk", "a ramdisk that wraps around");
	tree = fresh("cells1", 0x44000000);
	TREE_CELLS(tree, "/chosen", "linux,initrd-end", 0x90000000);
	refused(tree, -EINVAL, "ramdisk", "booti's ramdisk beyond RAM");
	tree = fresh("cells1", 0x44000000);
	TREE_CELLS(tree, "/chosen", "linux,initrd-end", 0x4fffffff);
	accepted(tree, "booti's ramdisk that ends before it starts");
	is(b.initrd.file.size, 0, "is none");
}

static void test_overlap(void)
{
	void *tree = fresh("virt", 0x50000000);

	image.base = 0x50000000 + 0x180000 - 1;
	refused(tree, -EINVAL, "Herald itself", "Herald in the kernel's last byte");
	tree = fresh("virt", 0x50000000);
	image.base = 0x50000000 + 0x180000;
	accepted(tree, "Herald right behind the kernel");
	tree = fresh("virt", 0x50000000);
	TREE_CELLS(tree, RAMDISK, "reg", 0, 0x50100000, 0, 0x1000);
	refused(tree, -EINVAL, "ramdisk", "a ramdisk in the kernel's bss");
	tree = fresh("virt", 0x50000000);
	TREE_CELLS(tree, RAMDISK, "reg", 0, 0x40500000, 0, 0x1000);
	refused(tree, -EINVAL, "Herald itself", "a ramdisk over Herald");
	tree = fresh("virt", 0x50000000);
	TREE_CELLS(tree, RAMDISK, "reg", 0, 0x47fff000, 0, 0x1001);
	refused(tree, -EINVAL, "device tree", "a ramdisk over the device tree");
	tree = fresh("virt", 0x50000000);
	is(parse_at(tree, 0x50100000), -EINVAL, "the device tree in the kernel's bss");
	free(tree);
}

static int damaged_ok;

static void damaged(const void *tree, size_t size)
{
	if (board_parse(tree, 0x48000000, size, &b, &why) == 0 &&
	    modules_parse(tree, &b, &image, kernel_map, &why) == 0)
		damaged_ok++;
}

static void test_damage(void)
{
	static const struct {
		const char *name;
		u64 pa;
	} t[] = { { "virt", 0x50000000 }, { "versal", 0x10000000 }, { "cells1", 0x44000000 } };

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		void *tree = fresh(t[i].name, t[i].pa);

		tree_must(fdt_pack(tree));
		damaged_ok = 0;
		tree_damage(tree, 8000, 2000 + i, damaged);
		ok(damaged_ok > 0, "%s damaged: %d accepted, no crash", t[i].name, damaged_ok);
		free(tree);
	}
}

static void fact(const char *name, void *tree)
{
	int err;

	reset(0x50000000);
	err = parse_at(tree, 0x48000000);
	/* Only the guest-loader's tree has modules. */
	if (strstr(name, "guest-loader"))
		ok(err == 0 && b.kernel.file.size == 0x2a1cfc0 && b.initrd.file.base == 0x5a000000,
		   "%s: modules", name);
	else
		is(err, -ENODEV, "%s: no modules", name);
}

int main(void)
{
	test_found();
	test_file_larger_than_image();
	test_missing();
	test_header();
	test_pe();
	test_address();
	test_overlap();
	test_damage();
	tree_for_each_fact(fact);
	free(kernel_mapped);
	return tap_done();
}
