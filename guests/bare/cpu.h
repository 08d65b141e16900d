/* SPDX-License-Identifier: GPL-2.0-only */
/* One CPU at EL1: system registers, barriers, device access, and what the payload keeps per CPU. */
#ifndef HERALD_BARE_CPU_H
#define HERALD_BARE_CPU_H

#define CPU_MAX 16
#define CPU_STACK_SIZE 0x4000

/* What start.S reads in struct cpu. */
#define CPU_STACK_TOP 0

#ifndef __ASSEMBLY__
#include "hyp/lib/atomic.h"
#include "hyp/lib/bits.h"

#define sysreg_read(name)                                                                          \
	({                                                                                         \
		u64 sysreg_val;                                                                    \
                                                                                                   \
		__asm__ volatile("mrs %0, " #name : "=r"(sysreg_val)::"memory");                   \
		sysreg_val;                                                                        \
	})
#define sysreg_write(name, val) __asm__ volatile("msr " #name ", %0" ::"r"((u64)(val)) : "memory")
#define isb() __asm__ volatile("isb" ::: "memory")
#define dsb() __asm__ volatile("dsb sy" ::: "memory")
#define wfi() __asm__ volatile("dsb sy\n\twfi" ::: "memory")
#define wfe() __asm__ volatile("wfe" ::: "memory")
#define sev() __asm__ volatile("dsb sy\n\tsev" ::: "memory")
#define irq_on() __asm__ volatile("msr daifclr, #3" ::: "memory")
#define irq_off() __asm__ volatile("msr daifset, #3" ::: "memory")

#define MPIDR_MASK UINT64_C(0xff00ffffff)

/* Registers of the interrupted code; start.S builds it. */
struct frame {
	u64 x[31];
	u64 elr;
	u64 spsr;
	u64 pad;
};
_Static_assert(sizeof(struct frame) == 272, "start.S saves 34 words");

/*
 * A CPU that expects exceptions: while @armed, one is noted here and the instruction skipped (a
 * jump to where nothing can be fetched returns to its caller).
 */
struct guard {
	bool armed;
	u32 faults;
	u32 serrors;
	u64 esr;
	u64 far;
	u64 elr;
};

typedef void cpu_fn(void *arg);

struct cpu {
	u64 stack_top;
	u32 index;
	u64 mpidr;
	u64 gicr; /* RD_base of its redistributor */
	u32 procnum; /* what PTA=0 ITS commands call it */
	bool online;
	cpu_fn *work; /* set by smp_start(), cleared when done */
	void *work_arg;
	u64 context; /* that the last CPU_ON passed */
	struct guard guard;
	u64 irq_at; /* CNTVCT when it last acknowledged one */
	u32 spurious; /* acknowledges that answered a special INTID */
	u32 fiqs; /* interrupts taken as FIQ */
	u32 *count; /* interrupts taken, by INTID below 1024 */
	u32 *lpi_count; /* by INTID - 8192, below IRQ_NR_LPIS */
};
_Static_assert(offsetof(struct cpu, stack_top) == CPU_STACK_TOP, "start.S reads it");

extern struct cpu cpus[CPU_MAX];
extern u32 nr_cpus;

static inline struct cpu *cpu_this(void)
{
	return (struct cpu *)sysreg_read(tpidr_el1);
}

static inline void guard_begin(void)
{
	cpu_this()->guard = (struct guard){ .armed = true };
	isb();
}

/* True if an exception was noted since guard_begin(). */
static inline bool guard_end(void)
{
	struct guard *g = &cpu_this()->guard;

	dsb();
	isb();
	g->armed = false;
	return g->faults || g->serrors;
}

/* Plain loads and stores with one base register: what a hypervisor can decode from the syndrome. */
static inline u32 mmio_read8(u64 a)
{
	u32 v;

	__asm__ volatile("ldrb %w0, [%1]" : "=r"(v) : "r"(a) : "memory");
	return v;
}

static inline u32 mmio_read32(u64 a)
{
	u32 v;

	__asm__ volatile("ldr %w0, [%1]" : "=r"(v) : "r"(a) : "memory");
	return v;
}

static inline u64 mmio_read64(u64 a)
{
	u64 v;

	__asm__ volatile("ldr %0, [%1]" : "=r"(v) : "r"(a) : "memory");
	return v;
}

static inline void mmio_write32(u64 a, u32 v)
{
	__asm__ volatile("str %w0, [%1]" ::"r"(v), "r"(a) : "memory");
}

static inline void mmio_write64(u64 a, u64 v)
{
	__asm__ volatile("str %0, [%1]" ::"r"(v), "r"(a) : "memory");
}

static inline void mmio_write8(u64 a, u32 v)
{
	__asm__ volatile("strb %w0, [%1]" ::"r"(v), "r"(a) : "memory");
}

/* Cleans and invalidates to the point of coherency; makes fresh code visible. In start.S. */
void cache_clean(const void *start, size_t len);
void cache_sync_code(const void *start, size_t len);

extern char image_start[], image_end[];
void exception_vectors(void);
void secondary_start(void);
#endif

#endif
