/* SPDX-License-Identifier: GPL-2.0-only */
/* Intake: the device tree becomes a struct board, once. */
#ifndef HERALD_BOOT_BOARD_H
#define HERALD_BOOT_BOARD_H

#include "hyp/board.h"

/*
 * Boot protocol: the tree is at most 2 MiB long and 8-byte aligned (Linux
 * Documentation/arch/arm64/booting.rst).
 */
#define BOARD_FDT_MAX SZ_2M
#define BOARD_FDT_ALIGN 8

/*
 * Reads the tree at @fdt, of which @fdt_max_size bytes may be read and whose physical address is
 * @fdt_pa, into @b, all but the boot modules (boot/modules.c). 0; or a negative errno and in *@why
 * one line that says what is wrong and what to do about it. *@why lives until the next error.
 * -EINVAL: malformed; -ENODEV: something that Herald cannot do without is missing; -E2BIG: more of
 * something than struct board holds.
 *
 * Not errors: no ITS, no SMMU, no PCI host, no PSCI, no known UART. CPUs beyond BOARD_MAX_CPUS are
 * left out.
 */
int board_parse(const void *fdt, u64 fdt_pa, u64 fdt_max_size, struct board *b, const char **why);

#endif
