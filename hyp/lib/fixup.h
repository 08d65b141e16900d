/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Accesses that the machine may answer with an external abort: guest memory (RAM that the tree
 * lists and firmware keeps, poisoned RAM) and config space (a device that is gone or gated). At EL2
 * such an abort is fatal anywhere else.
 *
 * Only synchronous ones are seen here. One that comes as an SError, as many stores' do, waits until
 * the guest runs again and is the guest's (exit_serror()): the access has answered 0 by then.
 */
#ifndef HERALD_LIB_FIXUP_H
#define HERALD_LIB_FIXUP_H

#include "hyp/lib/bits.h"

#ifdef HERALD_HOST
#include <string.h>

static inline int fixup_copy(void *dst, const void *src, size_t len)
{
	memcpy(dst, src, len);
	return 0;
}
#else
/* memcpy(), of normal memory. 0, or -EFAULT: part of it may have been copied. */
int fixup_copy(void *dst, const void *src, size_t len);

/* One 32-bit load, from Device memory too. 0 or -EFAULT. */
int fixup_read32(const volatile u32 *src, u32 *val);
#endif

#endif
