// SPDX-License-Identifier: GPL-2.0-only
/* Hands the machine to the next kernel as a boot loader does (Linux
 * Documentation/arch/arm64/booting.rst). */
#include "guests/bare/board.h"
#include "guests/bare/chain.h"
#include "guests/bare/console.h"
#include "guests/bare/gic.h"
#include "guests/bare/its.h"
#include "guests/bare/mmu.h"
#include "guests/bare/smp.h"
#include "guests/bare/timer.h"

#define IMAGE_SIZE 16 /* offset in the Image header */

/* In the payload's Image header; 0: no kernel follows. */
extern u64 chain_offset;
void chain_jump(u64 entry, u64 fdt, u64 sctlr) __attribute__((noreturn));

void chain_next(u64 fdt)
{
	u64 entry = (u64)image_start + chain_offset;
	u32 i;

	if (!chain_offset)
		return;
	for (i = 1; i < nr_cpus; i++)
		if (!smp_power_down(&cpus[i]))
			print("# CPU %u does not go off\n", i);
	irq_off();
	timer_stop();
	its_shutdown();
	sysreg_write(icc_igrpen0_el1, 0);
	sysreg_write(icc_igrpen1_el1, 0);
	mmio_write32(board.gicd.base + GICD_CTLR, (u32)GICD_CTLR_ARE);
	gic_wait_rwp();
	print("# next kernel at 0x%lx\n", entry);
	cache_clean((void *)entry, *(const u64 *)(entry + IMAGE_SIZE));
	cache_clean((void *)fdt, SZ_2M);
	cache_clean(image_start, (u64)image_end - (u64)image_start);
	chain_jump(entry, fdt, mmu_sctlr_off());
}
