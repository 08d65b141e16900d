/* SPDX-License-Identifier: GPL-2.0-only */
/* A VM's virtual ITS: its lock, its frame, and what connects its/ with vgic/, stage 2 and the mirror. */
#ifndef HERALD_HYP_VITS_H
#define HERALD_HYP_VITS_H

#include "hyp/vm.h"

/*
 * Adds an ITS whose frame is at guest address @base, mirrored on the physical ITS @host_its (index into board.its). 0, -ENOMEM,
 * -ENOSPC, -EEXIST (frames overlap), -EINVAL. Before the VM runs; after an error the VM is not to run.
 */
int vits_create(struct vm *vm, u64 base, u32 devid_bits, u32 eventid_bits, u32 host_its);

#endif
