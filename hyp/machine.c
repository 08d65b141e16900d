/* SPDX-License-Identifier: GPL-2.0-only */
/* What the running machine consists of, and what it has to say about itself at the end. */
#include "hyp/machine.h"
#include "hyp/log.h"

struct machine machine;

void machine_report(void)
{
}
