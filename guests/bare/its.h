/* SPDX-License-Identifier: GPL-2.0-only */
/* LPIs and the ITS as their user sees them (IHI 0069H chapters 5 and 6). */
#ifndef HERALD_BARE_ITS_H
#define HERALD_BARE_ITS_H

#include "drivers/gits_regs.h"
#include "guests/bare/cpu.h"

#define GITS_CMD_MAPI 0x0bu
#define GITS_CMD_MOVALL 0x0eu
#define GITS_CTLR_OFF 0u

/* How its_setup() lays the ITS's memory out. */
struct its_layout {
	u32 queue_pages; /* 4 KiB pages, 1..256 */
	u32 page; /* GITS_BASER.Page_Size: 0 4 KiB, 1 16 KiB, 2 64 KiB */
	bool indirect; /* device table of two levels, first-level entries valid only where
			  its_back_device() said */
};

struct its {
	u64 base; /* 0: there is none */
	u64 typer;
	u64 *queue;
	u64 queue_size;
	u64 writer;
	u64 reader; /* the ITS has got this far at least */
	u64 device_baser; /* what is in force */
	u64 *device_l1;
	u8 *prop; /* property table, from LPI 8192 on */
	u32 lpi_bits; /* INTID bits that GICR_PROPBASER says */
};

extern struct its its; /* the first one of the tree */

/* Finds it and makes the property table; false if there is no ITS. */
bool its_init(void);
/* Reprograms tables and queue, all mappings gone, and enables it. False if it keeps other values
 * than those written. */
bool its_setup(const struct its_layout *layout);
/* Disables it and waits for Quiescent. */
bool its_disable(void);
void its_enable(void);
/* ITS off, LPIs off on all CPUs where the redistributors allow it. */
void its_shutdown(void);

/* On this CPU: table addresses, EnableLPIs. Changes nothing that is enabled and cannot be disabled.
 */
void lpi_init_cpu(void *unused);
/* False if GICR_CTLR.EnableLPIs stays 1. */
bool lpi_disable(const struct cpu *cpu);
/* The property byte of @lpi; takes effect by INV or INVALL. */
void lpi_config(u32 lpi, u32 prio, bool enable);

/* True if the device table, as it is now, can hold @devid; for an indirect one gives it a
 * second-level page. */
bool its_back_device(u32 devid);
u32 its_device_bits(void);
u32 its_event_bits(void);
/* An ITT for 2^@bits events, zeroed. */
void *its_alloc_itt(u32 bits);

/* A command goes to the queue's end; its_flush() makes the ITS see it and waits until all are
 * consumed. */
void its_command(u64 dw0, u64 dw1, u64 dw2, u64 dw3);
void its_kick(void); /* its_flush() without waiting */
bool its_flush(void);

void its_mapd(u32 devid, const void *itt, u32 bits);
void its_unmapd(u32 devid);
void its_mapc(u32 icid, u32 cpu);
void its_unmapc(u32 icid);
void its_mapti(u32 devid, u32 event, u32 lpi, u32 icid);
void its_mapi(u32 devid, u32 event, u32 icid);
void its_movi(u32 devid, u32 event, u32 icid);
void its_movall(u32 from_cpu, u32 to_cpu);
void its_invall(u32 icid);
void its_sync(u32 cpu);
/* INT, CLEAR, INV, DISCARD. */
void its_event(u32 opcode, u32 devid, u32 event);

#endif
