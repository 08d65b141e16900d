/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Device registers: one access of exactly the width that is asked for, in program order with other
 * device accesses.
 *
 * A write comes after every earlier store to memory (what a device is told to read is there), a
 * read comes before every later access to memory (what a device says it wrote is there). On the
 * build host two functions of the test stand in.
 */
#ifndef HERALD_DRIVERS_MMIO_H
#define HERALD_DRIVERS_MMIO_H

#include "hyp/lib/bits.h"
#include "hyp/lib/fixup.h"

#ifdef HERALD_HOST
/* The test's fake device; @addr is whatever the test gave the driver as its virtual address, @size
 * 1, 2, 4 or 8. */
u64 mmio_host_read(uintptr_t addr, u32 size);
void mmio_host_write(uintptr_t addr, u32 size, u64 val);

#define MMIO_DEFINE(bits, suffix, reg)                                                             \
	static inline u##bits mmio_read##bits(uintptr_t addr)                                      \
	{                                                                                          \
		return (u##bits)mmio_host_read(addr, (bits) / 8);                                  \
	}                                                                                          \
	static inline void mmio_write##bits(uintptr_t addr, u##bits val)                           \
	{                                                                                          \
		mmio_host_write(addr, (bits) / 8, val);                                            \
	}

static inline int mmio_try_read32(uintptr_t addr, u32 *val)
{
	*val = (u32)mmio_host_read(addr, sizeof(u32));
	return 0;
}

static inline void mmio_mb(void)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}
#else
#define MMIO_DEFINE(bits, suffix, reg)                                                             \
	static inline u##bits mmio_read##bits(uintptr_t addr)                                      \
	{                                                                                          \
		u##bits val;                                                                       \
                                                                                                   \
		__asm__ volatile("ldr" suffix " %" reg "0, [%1]\n\tdmb oshld"                      \
				 : "=r"(val)                                                       \
				 : "r"(addr)                                                       \
				 : "memory");                                                      \
		return val;                                                                        \
	}                                                                                          \
	static inline void mmio_write##bits(uintptr_t addr, u##bits val)                           \
	{                                                                                          \
		__asm__ volatile("dmb oshst\n\tstr" suffix " %" reg "0, [%1]"                      \
				 :                                                                 \
				 : "r"(val), "r"(addr)                                             \
				 : "memory");                                                      \
	}

/* For a device that may be gone: 0, or -EFAULT if the machine answers with an external abort. */
static inline int mmio_try_read32(uintptr_t addr, u32 *val)
{
	int err = fixup_read32((const volatile u32 *)addr, val);

	__asm__ volatile("dmb oshld" ::: "memory");
	return err;
}

/* Everything before has reached its device or memory before anything after starts. */
static inline void mmio_mb(void)
{
	__asm__ volatile("dsb sy" ::: "memory");
}
#endif

MMIO_DEFINE(8, "b", "w")
MMIO_DEFINE(16, "h", "w")
MMIO_DEFINE(32, "", "w")
MMIO_DEFINE(64, "", "x")

#undef MMIO_DEFINE

#endif
