/* SPDX-License-Identifier: GPL-2.0-only */
/* Exceptions: expected ones are noted in the CPU's guard, others end the run. */
#ifndef HERALD_BARE_EXCEPT_H
#define HERALD_BARE_EXCEPT_H

#include "hyp/lib/bits.h"

#define ESR_EC GENMASK(31, 26)
#define ESR_EC_UNKNOWN 0x00
#define ESR_EC_ILLEGAL 0x0e
#define ESR_EC_SYSREG 0x18
#define ESR_EC_SVE 0x19
#define ESR_EC_SME 0x1d
#define ESR_EC_IABT_SAME 0x21
#define ESR_EC_DABT_SAME 0x25
#define ESR_FSC GENMASK(5, 0)
#define ESR_FSC_SEA 0x10
#define ESR_FSC_ALIGN 0x21

#define SPSR_IL BIT(20)

/* Prints "Bail out!" and the reason, then powers the machine off. */
void fatal(const char *fmt, ...) __attribute__((noreturn, cold, format(printf, 1, 2)));

#endif
