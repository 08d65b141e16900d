/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the code under test and the benchmark ask of the machine. Guest memory is reached as EL2
 * reaches it, through hyp/stage2_find.c and tables of 4 KiB pages and four levels, the longest walk.
 */
#include <stdarg.h>

#include "hyp/lib/assert.h"
#include "hyp/lib/string.h"
#include "hyp/mem.h"
#include "hyp/stage2.h"
#include "tests/bench/arm.h"

#define UART_DR UINT64_C(0x09000000)
#define POOL_SIZE 0x100000u

u64 __stack_chk_guard = UINT64_C(0x5eed);
static _Alignas(4096) u8 pool[POOL_SIZE];
/* One page beyond a 2 MiB boundary, so that no block fits. */
static _Alignas(0x200000) u8 guest_ram[SZ_4K + GUEST_SIZE];
static struct pool_account account = { .limit = POOL_SIZE };
static struct stage2 guest;
static u64 call_overhead;

void bench_main(void);
void power_off(void) __attribute__((noreturn));
void bench_nothing(void);
void bench_counted(void);
void __stack_chk_fail(void) __attribute__((noreturn));

void out(const char *fmt, ...)
{
	char line[160];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	for (const char *c = line; *c; c++)
		*(volatile u32 *)UART_DR = (u8)*c;
}

void panic(const char *fmt, ...)
{
	char line[128];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	out("panic: %s\n", line);
	power_off();
}

void __stack_chk_fail(void)
{
	panic("stack overflow");
}

struct stage2_cpu stage2_cpu(void)
{
	return (struct stage2_cpu){ .parange = 5, .vmid16 = true };
}

void stage2_published(void)
{
}

void stage2_tlb_ipa(const struct stage2 *s, u64 ipa)
{
	(void)s, (void)ipa;
}

void stage2_tlb_all(const struct stage2 *s)
{
	(void)s;
}

void *guest_byte(u64 ipa)
{
	return &guest_ram[SZ_4K + (ipa - GUEST_BASE)];
}

int guest_read(void *vm, u64 ipa, void *buf, size_t len)
{
	(void)vm;
	return stage2_read(&guest, ipa, buf, len);
}

int guest_write(void *vm, u64 ipa, const void *buf, size_t len)
{
	(void)vm;
	return stage2_write(&guest, ipa, buf, len);
}

void board_init(void)
{
	u64 pa = (u64)pool;

	if (pool_init(pa, mem_phys_to_virt(pa), POOL_SIZE) ||
	    stage2_init(&guest, 1, STAGE2_MAX_IPA_BITS, &account) ||
	    stage2_map(&guest, GUEST_BASE, (u64)guest_byte(GUEST_BASE), GUEST_SIZE, STAGE2_NORMAL))
		panic("no guest memory");
}

static u64 count_raw(const void *fn, u64 a0, u64 a1, u64 a2, u64 a3, u64 *ret)
{
	register u64 x0 __asm__("x0") = a0;
	register u64 x1 __asm__("x1") = a1;
	register u64 x2 __asm__("x2") = a2;
	register u64 x3 __asm__("x3") = a3;
	u64 start, end;

	__asm__ volatile("mrs	%[start], cntpct_el0\n\t"
			 "blr	%[fn]\n\t"
			 "mrs	%[end], cntpct_el0"
			 : "+r"(x0), "+r"(x1), "+r"(x2),
			   "+r"(x3), [start] "=&r"(start), [end] "=&r"(end)
			 : [fn] "r"(fn)
			 : "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14",
			   "x15", "x16", "x17", "x18", "x30", "cc", "memory");
	*ret = x0;
	return end - start;
}

u64 count_call(const void *fn, u64 a0, u64 a1, u64 a2, u64 a3, u64 *ret)
{
	return count_raw(fn, a0, a1, a2, a3, ret) - call_overhead;
}

bool count_calibrate(void)
{
	u64 ret;

	call_overhead = count_raw(bench_nothing, 0, 0, 0, 0, &ret) - 1;
	for (u64 n = 1; n <= 100000; n *= 10) {
		if (count_call(bench_counted, n, 0, 0, 0, &ret) != 2 * n + 4)
			return false;
	}
	return true;
}

void tally_add(struct tally *t, u64 count)
{
	t->sum += count;
	t->n++;
	t->worst = MAX(t->worst, count);
}

u64 tally_mean(const struct tally *t)
{
	return t->n ? (t->sum * 100 + t->n / 2) / t->n : 0;
}
