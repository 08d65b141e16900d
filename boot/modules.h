/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Boot modules: the management VM's kernel and initial RAM disk, as the bootloader left them in
 * memory.
 */
#ifndef HERALD_BOOT_MODULES_H
#define HERALD_BOOT_MODULES_H

#include "hyp/board.h"

/* How much of a kernel file is looked at, from its start. */
#define MODULES_HEADER_MAX SZ_4K

/*
 * Makes [@pa, @pa + @size) of RAM readable, @size <= MODULES_HEADER_MAX; NULL if it cannot. Valid
 * until the next call.
 */
typedef const void *(*modules_map_fn)(u64 pa, u64 size);

/*
 * Finds the modules in @fdt and fills in @b->kernel, @b->initrd and @b->mgmt_bootargs. @b is what
 * board_parse() made of the same tree; @image is the memory of Herald itself, bss and stacks
 * included. 0; or -ENODEV (no kernel) or -EINVAL and in *@why one line that says what is wrong.
 *
 * A module is a node below /chosen with "multiboot,kernel" or "multiboot,ramdisk" in its
 * "compatible" and its memory in "reg", which has the cells that its parent says or, where the
 * parent says nothing, those of the root; the kernel's command line is its "bootargs". Without a
 * ramdisk module, /chosen/linux,initrd-start and -end count, if they are there.
 */
int modules_parse(const void *fdt, struct board *b, const struct board_range *image,
		  modules_map_fn map, const char **why);

struct dt_walk;

/* The node that the walk is on is a boot module of any kind. */
bool modules_is_module(const struct dt_walk *w);

#endif
