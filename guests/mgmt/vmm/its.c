// SPDX-License-Identifier: GPL-2.0-only
/* Commands of an ITS (IHI 0069H 5.3), as words of its queue. */
#include "vmm.h"

enum { MAPD = 0x08, MAPC = 0x09, MAPTI = 0x0a, INVALL = 0x0d };

static void command(struct its_queue *q, u64 a, u64 b, u64 c)
{
	u64 *at = (u64 *)(q->mem + q->written);

	at[0] = a;
	at[1] = b;
	at[2] = c;
	at[3] = 0;
	q->written += 32;
}

void its_mapd(struct its_queue *q, u32 devid, u32 event_bits, u64 itt)
{
	command(q, MAPD | (u64)devid << 32, event_bits - 1, ITS_VALID | itt);
}

void its_mapc(struct its_queue *q)
{
	command(q, MAPC, 0, ITS_VALID);
}

void its_mapti(struct its_queue *q, u32 devid, u32 event, u32 lpi)
{
	command(q, MAPTI | (u64)devid << 32, (u64)lpi << 32 | event, 0);
}

void its_invall(struct its_queue *q)
{
	command(q, INVALL, 0, 0);
}
