/* SPDX-License-Identifier: GPL-2.0-only */
/* ID registers as guests see them: a pure function of the CPU's own. */
#ifndef HERALD_HYP_IDREG_H
#define HERALD_HYP_IDREG_H

#include "hyp/sysreg.h"

#define IDREG_PFR0 SYS_REG(3, 0, 0, 4, 0)
#define IDREG_PFR1 SYS_REG(3, 0, 0, 4, 1)
#define IDREG_DFR0 SYS_REG(3, 0, 0, 5, 0)
#define IDREG_ISAR0 SYS_REG(3, 0, 0, 6, 0)
#define IDREG_ISAR1 SYS_REG(3, 0, 0, 6, 1)
#define IDREG_ISAR2 SYS_REG(3, 0, 0, 6, 2)
#define IDREG_MMFR0 SYS_REG(3, 0, 0, 7, 0)
#define IDREG_MMFR1 SYS_REG(3, 0, 0, 7, 1)
#define IDREG_MMFR2 SYS_REG(3, 0, 0, 7, 2)

/*
 * What a guest reads from the register @reg of the ID space (op0 3, op1 0, CRn 0; encoded by SYS_REG()) on a CPU where it
 * holds @raw. 0 for a register that Herald does not know.
 */
u64 idreg_filter(u64 reg, u64 raw);

#endif
