/* SPDX-License-Identifier: GPL-2.0-only */
/* The image: text, rodata, data each on pages of their own, then what needs no bytes in the file. */
#include "hyp/mem.h"

OUTPUT_ARCH(aarch64)
ENTRY(image_start_code)

SECTIONS
{
	. = MEM_IMAGE_VA;
	image_start = .;
	/* The first page is mapped at its physical address too: what turns the MMU on lies in it. */
	.text : {
		KEEP(*(.head.text))
		KEEP(*(.idmap.text))
		idmap_end = .;
		. = ALIGN(2048);
		KEEP(*(.vectors.text))
		*(.text .text.*)
	}
	ASSERT(idmap_end - image_start <= 4096, "the identity-mapped code must fit one page")

	. = ALIGN(4096);
	rodata_start = .;
	.rodata : { *(.rodata .rodata.*) }
	.symbols : { *(.symbols) }

	. = ALIGN(4096);
	data_start = .;
	.data : { *(.data .data.*) }
	. = ALIGN(4096);
	data_end = .;

	.bss (NOLOAD) : {
		bss_start = .;
		*(.bss .bss.* COMMON)
		. = ALIGN(4096);
		*(.tables)
		. = ALIGN(4096);
		bss_end = .;
	}
	/* A hole that is not mapped, then the stack on which the boot CPU starts (hyp/mem.h). */
	. = ALIGN(MEM_STACK_STRIDE);
	.stack (NOLOAD) : {
		. += MEM_STACK_SIZE;
		boot_stack = .;
		. += MEM_STACK_SIZE;
		boot_stack_top = .;
	}
	. = ALIGN(4096);
	image_end = .;
	image_size = image_end - image_start;

	/DISCARD/ : { *(.comment) *(.note*) *(.eh_frame*) *(.interp) *(.dyn*) *(.gnu*) }
}
