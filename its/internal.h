/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of its/ share: the state of one ITS and the field names of its registers and
 * commands.
 *
 *	its.c		sizes, its_init(), statistics
 *	regs.c		register table and decoder
 *	queue.c		its_run(): fetches commands, keeps the cursor, purges tables
 *	cmd.c		what each command does; the choices where the architecture leaves one
 *	device.c	DeviceID -> device slot
 *	event.[ch]	the event table: (device slot, EventID) -> (LPI, ICID)
 *	baser.c		where in guest memory is the table entry of a DeviceID or an ICID?
 *	table.h		what the entries of the tables look like
 *	save.c		what is mapped -> tables in guest memory
 *	restore.c	and back
 *	signal.c	MSIs, lock-free, and how a command waits for them
 *
 * Who may touch what: "fast" fields are read without a lock on the way of an MSI, through atomic_*;
 * they and all others are written under LOCK_ITS only. struct its_cpu is written by its own CPU
 * only.
 */
#ifndef HERALD_ITS_INTERNAL_H
#define HERALD_ITS_INTERNAL_H

#include "hyp/lib/atomic.h"
#include "hyp/lib/bits.h"
#include "hyp/lib/errno.h"
#include "its/its.h"

/* An event: one word; 0 = free. A device slot is never 0, so a free word equals no key. */
#define EVENT_SLOT GENMASK(63, 48)
#define EVENT_ID GENMASK(47, 32)
#define EVENT_KEY GENMASK(63, 32)
#define EVENT_LPI GENMASK(31, 16)
#define EVENT_ICID GENMASK(15, 0)
#define EVENT_BUCKET 8u /* words in a bucket: one cache line */
#define EVENT_NONE (~0u)

#define ITS_NR_ICIDS 0x10000u /* GITS_TYPER.CIL == 0: 16 bits */
#define ITS_CACHE_LINE 64u
#define ITS_LAST_LPI_BITS 16u
#define ITS_MAX_VCPUS 512u
#define ITS_MAX_CPUS 512u

/* Register fields (IHI 0069H 12.19). */
#define CTLR_ENABLED BIT(0)
#define CTLR_QUIESCENT BIT(31)
#define TYPER_PHYSICAL BIT(0)
#define TYPER_ITT_ENTRY_SIZE GENMASK(7, 4)
#define TYPER_ID_BITS GENMASK(12, 8)
#define TYPER_DEVBITS GENMASK(17, 13)
#define CBASER_VALID BIT(63)
#define CBASER_INNER GENMASK(61, 59)
#define CBASER_OUTER GENMASK(55, 53)
#define CBASER_ADDR GENMASK(51, 16)
#define CBASER_SHARE GENMASK(11, 10)
#define CBASER_SIZE GENMASK(7, 0)
#define QUEUE_OFFSET GENMASK(19, 5)
#define BASER_VALID BIT(63)
#define BASER_INDIRECT BIT(62)
#define BASER_INNER GENMASK(61, 59)
#define BASER_TYPE GENMASK(58, 56)
#define BASER_OUTER GENMASK(55, 53)
#define BASER_ENTRY_SIZE GENMASK(52, 48)
#define BASER_ADDR GENMASK(47, 12)
#define BASER_ADDR_64K_LOW GENMASK(47, 16)
#define BASER_ADDR_64K_HIGH GENMASK(15, 12)
#define BASER_SHARE GENMASK(11, 10)
#define BASER_PAGE_SIZE GENMASK(9, 8)
#define BASER_SIZE GENMASK(7, 0)
/* 64 KiB pages, as KVM: kvm-unit-tests expects to find that. The architecture leaves it open. */
#define BASER_RESET FIELD_PREP(BASER_PAGE_SIZE, 2)
#define L1_VALID BIT(63)
#define L1_ADDR GENMASK(51, 12)

/* A table or ITT entry has 8 bytes: KVM's "ITS table ABI rev 0". */
#define ITS_ENTRY_SIZE 8u

/* Command fields (IHI 0069H 5.3); the number is that of the 64-bit word. */
#define CMD_SIZE 32u
#define CMD0_OPCODE GENMASK(7, 0)
#define CMD0_DEVID GENMASK(63, 32)
#define CMD1_EVENTID GENMASK(31, 0)
#define CMD1_INTID GENMASK(63, 32)
#define CMD1_ITT_SIZE GENMASK(4, 0)
#define CMD2_ICID GENMASK(15, 0)
#define CMD2_RDBASE GENMASK(50, 16)
#define CMD2_ITT_ADDR GENMASK(51, 8)
#define CMD2_VALID BIT(63)
#define CMD3_RDBASE GENMASK(50, 16)

/*
 * One step's work, in instructions, estimated high: what is done is charged when it is done, and a
 * step ends when nothing is left. The dearest single charge is below ITS_COST_MAX, so what a step
 * charges is below their sum. From there to 20,000 is room for what an estimate leaves out;
 * `make bench-its` counts what steps really take.
 */
#define ITS_BUDGET 14000
#define ITS_COST_MAX 3000
#define ITS_COST_COMMAND 450 /* fetch (a stage-2 walk and 32 bytes), decode, count */
#define ITS_COST_GUEST_READ 250 /* up to 128 bytes */
#define ITS_COST_GUEST_WRITE 250
#define ITS_COST_OP 300 /* an operation of struct its_ops on one LPI or event */
#define ITS_COST_FIND 120 /* a look-up in the event table */
#define ITS_COST_BUCKET 130
#define ITS_COST_BITMAP 8
#define ITS_COST_ENTRY 24 /* a device slot, collection word or table entry looked at */
#define ITS_COST_CPU 12 /* a CPU's counter looked at */
#define ITS_COST_ICIDS 2500 /* a bitmap of all ICIDs cleared */
#define ITS_COST_STEP ITS_BUDGET /* an operation that is itself a bounded step... */
#define ITS_FRESH (ITS_BUDGET - 2000) /* ...ends ours, and is begun only while this much is left */

enum baser_index { BASER_DEVICES, BASER_COLLECTIONS, NR_BASERS };

/*
 * Work that is no command: a table was taken away, or the ITS was disabled and MSIs are still on
 * their way.
 */
#define WORK_DRAIN BIT(0)
#define WORK_EVENTS BIT(1)
#define WORK_DEVICES BIT(2)
#define WORK_COLLECTIONS BIT(3)

/* A physical CPU's share: written by that CPU only. */
struct its_cpu {
	u32 seq; /* odd: inside its_signal() */
	u64 delivered, blocked, unmapped, dropped;
} __attribute__((aligned(64)));
_Static_assert(sizeof(struct its_cpu) == ITS_CACHE_LINE, "CPUs must not share a cache line");

struct its_device {
	u64 itt; /* IPA */
	u32 devid;
	u16 mapped; /* events mapped */
	u16 next_free; /* slot that follows in the free list */
	u8 event_bits; /* 1 .. eventid_bits; 0: the slot is free */
};

/* How far the command at the head of the queue has come. */
struct its_cursor {
	bool active;
	u8 phase; /* 0: not started; the rest is the command's own */
	u16 slot; /* device that is being unmapped */
	u32 id; /* enum its_cmd_id */
	u32 pos; /* next word of the event table, or next EventID */
	u32 left; /* events still to find; a sweep ends at 0 */
	u32 lpi;
	bool reload; /* MAPC: the collection was not mapped before */
	u64 cmd[4]; /* the copy of the queue entry: memory is not read again */
};

/* How far its_save() has come; all zero: not begun. */
struct its_save_cursor {
	u8 phase;
	bool in_itt;
	u32 id; /* the DeviceIDs below it are still to do; then the next ICID */
	u32 pos; /* the IDs below it are still to do, in this table; then the next CTE */
	u32 last; /* the ID of the last entry written there; 0: none yet */
	u32 left; /* events of the device still to find */
};

struct its_restore_cursor {
	bool active;
	bool begun; /* nothing is mapped but by this restore */
	bool collections_done;
	u16 slot; /* of the device whose ITT is read; 0: not mapped yet */
	u32 id; /* next collection table entry; then next DeviceID, or that of @dte */
	u32 eventid; /* next of the ITT */
	int error; /* what it failed with, while its mappings are taken back */
	u64 dte; /* the device in hand: memory is not read again; 0: none */
};

/* Waiting for the CPUs that were inside its_signal() when the wait began. */
struct its_drain {
	bool active, armed;
	u32 cpu; /* the CPUs below have left */
	u32 seq; /* what @cpu's counter was when we came to it */
};

struct its {
	/* fast */
	u32 live; /* enabled, and no purge is going on */
	u32 nr_devids;
	u32 nr_buckets;
	u32 nr_cpus;
	u16 *dev_slot; /* by DeviceID; 0: not mapped */
	u64 *events; /* nr_buckets * EVENT_BUCKET words */
	u64 hash_mul1, hash_add, hash_mul2;
	u16 *coll_vcpu; /* by ICID: vCPU + 1; 0: not mapped */
	struct its_cpu *cpus;
	void *vm;
	struct its_ops ops;

	struct its_config cfg;
	struct its_device *devices; /* by slot; slot 0 is not used */
	u64 *occupied; /* a bit for each bucket that holds an event */
	u16 *coll_events; /* by ICID: events that name it */
	u64 *icids; /* a bit for each ICID that the restored collection table has */
	u32 nr_devices, nr_events, nr_collections;
	u32 next_slot; /* slots from here on were never used */
	u16 free_slot; /* head of the free list */

	bool enabled;
	u64 cbaser, baser[NR_BASERS];
	u32 cwriter, creadr;

	bool resetting, emptying; /* its_reset() goes on; and has begun to take all mappings away */
	u32 work;
	u32 work_event, work_slot, work_icid; /* how far WORK_* has come */
	int budget;
	struct its_cursor cur;
	struct its_save_cursor save;
	struct its_restore_cursor restore;
	struct its_drain drain;
	bool waiting; /* an operation on one LPI answered -EAGAIN: the next is the same one again */

	u64 cmd_count[ITS_NR_CMDS];
	u64 error_count[ITS_NR_ERRORS];
};

/* its.c */
static inline u32 its_nr_lpis(const struct its_config *cfg)
{
	return (u32)BIT(cfg->intid_bits) - ITS_LPI_BASE;
}

static inline void its_count_error(struct its *its, u32 error)
{
	its->error_count[error]++;
}

static inline void its_charge(struct its *its, int cost)
{
	its->budget -= cost;
}

static inline void its_begin_step(struct its *its)
{
	its->budget = ITS_BUDGET;
}

static inline bool its_spent(const struct its *its)
{
	return its->budget <= 0;
}

/*
 * True if an operation that is a step by itself may be begun; if not, the command goes on in the
 * next step.
 */
static inline bool its_fresh(const struct its *its)
{
	return its->budget >= ITS_FRESH;
}

/* Operations on one LPI, which may have to wait for another CPU: 0 or -EAGAIN. */
static inline int its_lpi_clear(struct its *its, u32 lpi)
{
	its_charge(its, ITS_COST_OP);
	its->waiting = its->ops.lpi_clear(its->vm, lpi, its->waiting) == -EAGAIN;
	return its->waiting ? -EAGAIN : 0;
}

static inline int its_lpi_move(struct its *its, u32 lpi, u32 to)
{
	its_charge(its, ITS_COST_OP);
	its->waiting = its->ops.lpi_move(its->vm, lpi, to, its->waiting) == -EAGAIN;
	return its->waiting ? -EAGAIN : 0;
}

/* queue.c */
void queue_enable(struct its *its, bool on);
void queue_purge(struct its *its, enum baser_index table);
int queue_settle(struct its *its);
bool queue_quiescent(const struct its *its);
u32 queue_size(const struct its *its);

/* cmd.c: 0 done, >0 enum its_error, -EAGAIN not finished */
int cmd_lookup(u32 opcode);
bool cmd_is_virtual(u32 opcode);
int cmd_run(struct its *its, struct its_cursor *cur);

/* What is answered to @err of guest memory or a table: @other, but for 0 and -EAGAIN. */
static inline int its_errno(int err, int other)
{
	return err && err != -EAGAIN ? other : err;
}

/* baser.c */
u32 baser_per_page(const struct its *its, enum baser_index table);
u64 baser_entries(const struct its *its, enum baser_index table);
int baser_locate(struct its *its, enum baser_index table, u32 id, u64 *ipa);
int baser_reaches(struct its *its, enum baser_index table, u32 id);

/* save.c */
/* The ITS changes: a save that is going on begins again. */
static inline void save_forget(struct its *its)
{
	its->save.phase = 0;
}

/* restore.c */
int restore_abort(struct its *its);

/* Guests and user space may not write registers now. */
static inline bool its_locked(const struct its *its)
{
	return its->resetting || its->restore.active;
}

/* device.c */
/* The slot of @devid, any 32-bit number; 0: not mapped. Lock-free. */
static inline u32 device_find(const struct its *its, u32 devid)
{
	return devid < its->nr_devids ? atomic_load_relaxed(&its->dev_slot[devid]) : 0;
}

bool device_has_room(const struct its *its);
int device_map(struct its *its, u32 devid, u32 event_bits, u64 itt);
void device_hide(struct its *its, u32 devid);
void device_free(struct its *its, u32 slot);
int device_unmap(struct its *its, struct its_cursor *cur);
int device_notify_unmapped(struct its *its, u32 slot);

/* event.c */
void event_seed(struct its *its, u64 seed);
u32 event_find(const struct its *its, u32 slot, u32 eventid);
bool event_has_room(const struct its *its, u32 slot, u32 eventid);
u32 event_add(struct its *its, u32 slot, u32 eventid, u32 lpi, u32 icid);
void event_remove(struct its *its, u32 entry);
void event_set_icid(struct its *its, u32 entry, u32 icid);
u32 event_sweep(struct its *its, u32 *pos, u64 mask, u64 want);
int event_retire(struct its *its, u32 entry);

static inline u32 event_nr_words(const struct its *its)
{
	return its->nr_buckets * EVENT_BUCKET;
}

/* The vCPU of a collection or ITS_NO_VCPU. */
static inline u32 coll_vcpu(const struct its *its, u32 icid)
{
	return (u32)atomic_load_relaxed(&its->coll_vcpu[icid]) - 1;
}

/* The vCPU that an RDbase names, or ITS_NO_VCPU. */
static inline u32 its_rdbase_vcpu(const struct its *its, u64 rdbase)
{
	u64 vcpu = its->ops.rdbase_vcpu ? its->ops.rdbase_vcpu(its->vm, rdbase) : rdbase;

	return vcpu < its->cfg.nr_vcpus ? (u32)vcpu : ITS_NO_VCPU;
}

/* signal.c */
u64 signal_translate(const struct its *its, u32 devid, u32 eventid);
int signal_drain(struct its *its);

/* What signal_translate() answers; 0: no mapping. */
#define TARGET_LPI GENMASK(31, 0)
#define TARGET_VCPU GENMASK(63, 32)

#endif
