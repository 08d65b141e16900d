/* SPDX-License-Identifier: GPL-2.0-only */
/* A VM's virtual ITS: its lock, its frame, and what connects its/ with vgic/, memory and the mirror. */
#ifndef HERALD_HYP_VITS_H
#define HERALD_HYP_VITS_H

#include "hyp/vm.h"

#define VITS_INTID_BITS 16
#define VITS_VIRTUAL (~0u) /* no physical ITS is behind it */

struct vits_config {
	u32 devid_bits;
	u32 eventid_bits;
	u32 max_devices; /* mapped at one time */
	u32 host_its; /* index into board.its, or VITS_VIRTUAL */
	size_t extra; /* bytes of memory behind its own: t->extra */
};

/*
 * Makes the ITS *@t of @vm, which it is not yet known to: no frame, no vCPUs (its_set_vcpus()). Memory is the VM's. One
 * bounded step: 0; -EAGAIN, call again with the same; -ENOMEM, -ENOSPC, -EINVAL. What it has allocated stays in @t->mem.
 */
int vits_create(struct vits *t, struct vm *vm, const struct vits_config *c);

/* Puts its frame where t->base says, for vCPUs to find. -ENOSPC, -EEXIST: frames overlap. */
int vits_place(const struct vits *t);

/* A step of what the ITS has to do. Takes LOCK_ITS. */
enum its_progress vits_run(struct vits *t);

#endif
