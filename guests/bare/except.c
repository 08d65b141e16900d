// SPDX-License-Identifier: GPL-2.0-only
/* Exceptions, as start.S's vectors hand them on. */
#include "guests/bare/console.h"
#include "guests/bare/cpu.h"
#include "guests/bare/except.h"
#include "guests/bare/irq.h"
#include "guests/bare/psci.h"
#include "hyp/lib/string.h"

enum { KIND_SYNC, KIND_IRQ, KIND_FIQ, KIND_SERROR };

void exception_handle(struct frame *f, u32 kind);

void fatal(const char *fmt, ...)
{
	char text[200];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	print("Bail out! CPU %u: %s\n", cpu_this()->index, text);
	psci_system_off();
}

/* Notes an expected exception and gets past it. */
static void guard_note(struct guard *g, struct frame *f)
{
	u64 esr = sysreg_read(esr_el1);

	g->faults++;
	g->esr = esr;
	g->far = sysreg_read(far_el1);
	g->elr = f->elr;
	switch (FIELD_GET(ESR_EC, esr)) {
	case ESR_EC_ILLEGAL:
		f->spsr &= ~SPSR_IL; /* the instruction is innocent and is executed now */
		break;
	case ESR_EC_IABT_SAME:
		f->elr = f->x[30];
		break;
	default:
		f->elr += 4;
	}
}

void exception_handle(struct frame *f, u32 kind)
{
	struct cpu *cpu = cpu_this();

	switch (kind) {
	case KIND_IRQ:
	case KIND_FIQ:
		irq_handle(kind == KIND_FIQ);
		return;
	case KIND_SYNC:
		if (!cpu->guard.armed)
			break;
		guard_note(&cpu->guard, f);
		return;
	case KIND_SERROR:
		if (!cpu->guard.armed)
			break;
		cpu->guard.serrors++;
		return;
	default:
		break;
	}
	fatal("exception %u, ESR 0x%lx FAR 0x%lx ELR image+0x%lx SPSR 0x%lx x30 image+0x%lx", kind,
	      sysreg_read(esr_el1), sysreg_read(far_el1), f->elr - (u64)image_start, f->spsr,
	      f->x[30] - (u64)image_start);
}
