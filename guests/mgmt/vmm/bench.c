// SPDX-License-Identifier: GPL-2.0-only
/* How long things take. Under QEMU's -icount shift=0 a tick of the counter of -cpu max is an instruction. */
#include <stdio.h>

#include "vmm.h"

#define ROUNDS 4096

static u64 ticks(void)
{
	u64 t;

	__asm__ volatile("isb; mrs %0, cntvct_el0" : "=r"(t)::"memory");
	return t;
}

/* A store of the guest to the VMM, and back. */
static void bench_mmio(struct vcpu *v)
{
	u64 began, i;

	guest_start_at(v, guest_touch, MMIO_IPA + 0x1000, MMIO_IPA + 0x1000 + 0x1000 * 3 * ROUNDS,
		       0);
	for (i = 0; i < ROUNDS; i++)
		run(v);
	began = ticks();
	for (i = 0; i < ROUNDS; i++)
		run(v);
	printf("# MMIO exit to user space: %llu\n", (unsigned long long)(ticks() - began) / ROUNDS);
}

void bench(void)
{
	struct vm vm;

	vm_new(&vm, 1);
	bench_mmio(&vm.vcpu[0]);
	vm_free(&vm);
}
