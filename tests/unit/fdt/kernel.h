/* SPDX-License-Identifier: GPL-2.0-only */
/* Made-up arm64 Images for the tests, as bytes at a physical address. */
#ifndef HERALD_TESTS_KERNEL_H
#define HERALD_TESTS_KERNEL_H

#include <stdlib.h>
#include <string.h>

#include "boot/modules.h"

struct kernel_file {
	u64 pa;
	u64 text_offset;
	u64 image_size;
	u64 flags;
	u32 pe_offset; /* 0: no PE header */
	u32 pe_sections; /* how many the table claims to have */
	u32 pe_file_size; /* where the last section ends */
	u32 magic; /* 0: the right one */
	u8 first_byte;
	u8 second_byte;
	bool unreadable;
};

static struct kernel_file kernel_file;
static void *kernel_mapped;

static inline void kernel_put(u8 *p, size_t size, size_t at, u64 value, int bytes)
{
	for (int i = 0; i < bytes; i++) {
		if (at + (size_t)i < size)
			p[at + (size_t)i] = (u8)(value >> (8 * i));
	}
}

/*
 * The modules_map_fn of the tests: exactly @size bytes on the heap, so that the sanitizer sees
 * reads beyond.
 */
static inline const void *kernel_map(u64 pa, u64 size)
{
	const struct kernel_file *k = &kernel_file;
	size_t table = k->pe_offset + 24u + 0xa0;
	u8 *p;

	if (k->unreadable || pa != k->pa)
		return NULL;
	free(kernel_mapped);
	kernel_mapped = p = calloc(1, size);
	kernel_put(p, size, 0, k->first_byte, 1);
	kernel_put(p, size, 1, k->second_byte, 1);
	kernel_put(p, size, 8, k->text_offset, 8);
	kernel_put(p, size, 16, k->image_size, 8);
	kernel_put(p, size, 24, k->flags, 8);
	kernel_put(p, size, 56, k->magic ? k->magic : 0x644d5241, 4);
	kernel_put(p, size, 60, k->pe_offset, 4);
	if (!k->pe_offset)
		return p;
	kernel_put(p, size, k->pe_offset, 0x4550, 4);
	kernel_put(p, size, k->pe_offset + 6u, k->pe_sections, 2);
	kernel_put(p, size, k->pe_offset + 20u, 0xa0, 2);
	/* .text to the middle, .data to the end. */
	kernel_put(p, size, table + 16, k->pe_file_size / 2, 4);
	kernel_put(p, size, table + 20, 0x1000, 4);
	kernel_put(p, size, table + 40 + 16, 0x2000, 4);
	kernel_put(p, size, table + 40 + 20, k->pe_file_size - 0x2000, 4);
	return p;
}

#endif
