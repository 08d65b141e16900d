/* SPDX-License-Identifier: GPL-2.0-only */
/* Bits and fields: named masks, and one pair of accessors for all of them. */
#ifndef HERALD_LIB_BITS_H
#define HERALD_LIB_BITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int32_t s32;
typedef int64_t s64;

/* Masks of one bit, and of bits @hi..@lo, both included. */
#define BIT(n) (UINT64_C(1) << (n))
#define GENMASK(hi, lo) ((~UINT64_C(0) >> (63 - (hi))) & (~UINT64_C(0) << (lo)))

/* The field that @mask (a constant) names: taken out of @reg, or shifted into place. */
#define FIELD_SHIFT(mask) ((unsigned int)__builtin_ctzll(mask))
#define FIELD_GET(mask, reg) (((u64)(reg) & (mask)) >> FIELD_SHIFT(mask))
#define FIELD_PREP(mask, val) (((u64)(val) << FIELD_SHIFT(mask)) & (mask))
#define FIELD_MAX(mask) ((u64)(mask) >> FIELD_SHIFT(mask))
/* @reg with the field @mask replaced by @val. */
#define FIELD_SET(reg, mask, val) (((u64)(reg) & ~(u64)(mask)) | FIELD_PREP(mask, val))

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define ALIGN_DOWN(x, a) ((x) & ~((__typeof__(x))(a)-1))
#define ALIGN_UP(x, a) ALIGN_DOWN((x) + ((__typeof__(x))(a)-1), a)
#define IS_ALIGNED(x, a) (((x) & ((__typeof__(x))(a)-1)) == 0)
#define DIV_ROUND_UP(n, d) (((n) + (d)-1) / (d))
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))
#define container_of(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))

#define SZ_4K UINT64_C(0x1000)
#define SZ_16K UINT64_C(0x4000)
#define SZ_64K UINT64_C(0x10000)
#define SZ_1M UINT64_C(0x100000)
#define SZ_2M UINT64_C(0x200000)
#define SZ_1G UINT64_C(0x40000000)

/* Number of bits needed to write @n: 0 for 0, 1 for 1, 64 for ~0. */
static inline unsigned int bits_fls(u64 n)
{
	return n ? 64 - (unsigned int)__builtin_clzll(n) : 0;
}

static inline bool bits_is_pow2(u64 n)
{
	return n && !(n & (n - 1));
}

/* The smallest power of two that is not below @n; @n in 1 .. 2^63. */
static inline u64 bits_roundup_pow2(u64 n)
{
	return UINT64_C(1) << bits_fls(n - 1);
}

/* True if [@a, @a + @alen) and [@b, @b + @blen) share a byte; neither may wrap. */
static inline bool ranges_overlap(u64 a, u64 alen, u64 b, u64 blen)
{
	return a < b + blen && b < a + alen;
}

/* True if [@in, @in + @inlen) lies inside [@out, @out + @outlen), wrap-around of @in included. */
static inline bool range_contains(u64 out, u64 outlen, u64 in, u64 inlen)
{
	return in >= out && inlen <= outlen && in - out <= outlen - inlen;
}

#endif
