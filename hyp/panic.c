/* SPDX-License-Identifier: GPL-2.0-only */
/* The end: registers, the cause in words, a symbolised backtrace, and every CPU stops. */
#include <stdarg.h>

#include "drivers/gicv3.h"
#include "hyp/backtrace.h"
#include "hyp/exit.h"
#include "hyp/lib/assert.h"
#include "hyp/lib/string.h"
#include "hyp/log.h"
#include "hyp/sysreg.h"

#define PANIC_LINE 256

/* What hyp/entry.S stored: x0..x30, then the stack pointer. */
struct fatal_regs {
	u64 x[31];
	u64 sp;
};

void panic_exception(const struct fatal_regs *r, u64 vector) __attribute__((noreturn));

void panic_stop(void)
{
	for (;;)
		wfi();
}

static void halt(void) __attribute__((noreturn));
static void halt(void)
{
	log_line("all CPUs stop here; reset the machine");
	panic_stop();
}

static bool panicked;

void panic_check(void)
{
	if (atomic_load_acquire(&panicked))
		panic_stop();
}

/*
 * What the others do from here on could only make it worse: they stop at this interrupt, or when
 * they look with panic_check() because their GIC was not up for it. Once, and after the cause was
 * printed: on a CPU whose own GIC interface is not there this is the next exception.
 */
static void stop_others(void)
{
	u32 i;

	if (atomic_exchange(&panicked, true))
		return;
	for (i = 0; i < cpu_count; i++)
		if (&cpu_table[i] != cpu_this() && atomic_load_relaxed(&cpu_table[i].started))
			gicv3_send_sgi(i, GICV3_SGI_STOP);
}

void panic(const char *fmt, ...)
{
	char text[PANIC_LINE];
	va_list ap;

	log_panic_enter();
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	log_line("panic: %s", text);
	stop_others();
	/* From the caller on: its frame is what this one's record points to (AAPCS64 6.4.6). */
	backtrace_print(*(const u64 *)__builtin_frame_address(0), (u64)__builtin_return_address(0));
	halt();
}

static const char *class_name(u64 esr)
{
	switch (FIELD_GET(ESR_EC, esr)) {
	case ESR_EC_UNKNOWN:
		return "an instruction that is not defined at EL2";
	case ESR_EC_FP:
		return "floating point or SIMD, which Herald must not use here";
	case ESR_EC_BTI:
		return "a branch target that is none";
	case ESR_EC_ILLEGAL:
		return "an illegal execution state";
	case ESR_EC_IABT_CUR:
		return "an instruction fetch from an address that is not mapped executable";
	case ESR_EC_DABT_CUR:
		return "a load or store to an address that is not mapped so (a full stack hits its guard page)";
	case ESR_EC_PC_ALIGN:
		return "a misaligned program counter";
	case ESR_EC_SP_ALIGN:
		return "a misaligned stack pointer";
	case ESR_EC_BRK64:
		return "a breakpoint instruction (a check that the compiler made)";
	default:
		return "an exception";
	}
}

static const char *const vector_names[] = { "synchronous", "IRQ", "FIQ", "SError" };

void panic_exception(const struct fatal_regs *r, u64 vector)
{
	u64 esr = sysreg_read(esr_el2);
	u64 elr = sysreg_read(elr_el2);
	u32 i;

	log_panic_enter();
	log_line("panic: %s exception at EL2: %s", vector_names[vector % 4], class_name(esr));
	stop_others();
	log_line("  pc %016llx  sp %016llx  spsr %08llx", (unsigned long long)elr,
		 (unsigned long long)r->sp, (unsigned long long)sysreg_read(spsr_el2));
	log_line("  esr %08llx  far %016llx  mpidr %llx", (unsigned long long)esr,
		 (unsigned long long)sysreg_read(far_el2),
		 (unsigned long long)(sysreg_read(mpidr_el1) & MPIDR_AFF_MASK));
	for (i = 0; i < 30; i += 2)
		log_line("  x%-2u %016llx  x%-2u %016llx", i, (unsigned long long)r->x[i], i + 1,
			 (unsigned long long)r->x[i + 1]);
	log_line("  x30 %016llx", (unsigned long long)r->x[30]);
	backtrace_print(r->x[29], elr);
	halt();
}

/* What -fstack-protector calls, and the word it compares with; boot/main.c gives it a random value. */
u64 __stack_chk_guard;
void __stack_chk_fail(void) __attribute__((noreturn));
void __stack_chk_fail(void)
{
	panic("a stack buffer has overflowed in the function that called");
}
