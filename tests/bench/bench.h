/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the parts of the ITS benchmark share.
 *
 *	world.c		a VM's ITS and vGIC, its guest memory, the guest's commands
 *	keys.c		which events are mapped: key sets, the adversary's among them
 *	kinds.c		commands that are measured one by one
 *	arm.c		bare metal under QEMU: counts instructions of translations
 *	arm_cmd.c	the same of commands
 *	arm_step.c	the same of the longest step that each kind of work is cut into
 *	arm_board.c	what the code under test asks of its machine: memory, console, CPU
 *	host.c		this machine: nanoseconds, threads, how full buckets get
 *
 * Both programs print one record per line, a letter and then words, which report.py reads.
 */
#ifndef HERALD_TESTS_BENCH_H
#define HERALD_TESTS_BENCH_H

#include "its/event.h"
#include "its/internal.h"
#include "its/its.h"
#include "vgic/vgic.h"

#define BENCH_EVENTS 57344u /* all LPIs that 16 INTID bits have */
#define BENCH_VCPUS 8u
#define BENCH_DEVICES 4096u

/* Guest memory, by IPA. */
#define GUEST_BASE UINT64_C(0x80000000)
#define GUEST_SIZE UINT64_C(0xc00000)
#define GUEST_RING GUEST_BASE
#define GUEST_RING_SIZE 0x100000u
#define GUEST_DEV_TABLE (GUEST_BASE + 0x100000)
#define GUEST_DEV_LEVEL1 (GUEST_BASE + 0x180000)
#define GUEST_COLL_TABLE (GUEST_BASE + 0x200000)
#define GUEST_PROPS (GUEST_BASE + 0x280000)
#define GUEST_PENDING (GUEST_BASE + 0x300000) /* 64 KiB for each vCPU */
#define GUEST_ITT (GUEST_BASE + 0x400000) /* of every device */

/* What the program brings: guest memory as EL2 reads it, and as the guest does. */
int guest_read(void *vm, u64 ipa, void *buf, size_t len);
int guest_write(void *vm, u64 ipa, const void *buf, size_t len);
void *guest_byte(u64 ipa);

/* --- world.c --- */

struct world {
	struct its *its;
	struct vgic *vgic;
	u32 tail; /* CWRITER */
};

extern struct world world;

struct bench_cmd {
	u64 w[4];
};

/*
 * A new ITS of the /dev/kvm shape with nothing mapped, enabled, tables in place, and collections
 * 0 .. 7 on vCPUs 0 .. 7, of which 0 is loaded here; LPIs are enabled at all of them.
 */
void world_make(u64 seed);
struct its_config world_config(u32 nr_vcpus);
struct vgic_config world_vgic_config(u32 nr_vcpus);
/* Puts a command into the ring and moves CWRITER. */
void world_queue(struct bench_cmd c);
/* Fills the ring with what @make says, all but the one that does not fit. Answers how many. */
u32 world_fill_ring(struct bench_cmd (*make)(u32 i));
/* Runs to the end. */
void world_settle(void);
void world_do(struct bench_cmd c);
u64 world_random(void);

struct bench_cmd bench_mapd(u32 devid, u32 bits, bool valid);
struct bench_cmd bench_mapc(u32 icid, u32 vcpu, bool valid);
struct bench_cmd bench_mapti(u32 devid, u32 eventid, u32 lpi, u32 icid);
struct bench_cmd bench_movi(u32 devid, u32 eventid, u32 icid);
struct bench_cmd bench_movall(u32 from, u32 to);
#define OP_INT 0x03
#define OP_CLEAR 0x04
#define OP_INV 0x0c
#define OP_DISCARD 0x0f
#define OP_INVDB 0x2e
/* Commands that name an event and nothing else, by opcode. */
struct bench_cmd bench_event(u32 opcode, u32 devid, u32 eventid);
struct bench_cmd bench_invall(u32 icid);
struct bench_cmd bench_sync(void);

/* --- keys.c, kinds.c --- */

struct key {
	u32 devid, eventid, lpi;
};

/* The events that are mapped now. */
extern struct key keys[BENCH_EVENTS];
extern u32 nr_keys;

/*
 * A key set makes a new world with @n events. An adversary's may map fewer, as many as it can. Not
 * by commands, which a benchmark of translation need not wait for.
 */
struct key_set {
	const char *name;
	void (*make)(u32 n, u64 seed);
	bool adversary; /* made at the greatest size only */
	bool knows_seed; /* then the stated worst case is all that is promised */
};

extern const struct key_set key_sets[];
extern const u32 nr_key_sets;
/* Events to be mapped, in all sets so far, and how many of them found both their buckets full. */
extern u64 keys_tried, keys_refused;

/* The events that @key says; those that find no place are left out. */
void keys_make(u32 n, u64 seed, struct key (*key)(u32 i));
void keys_make_default(u32 n, u64 seed); /* 32 for each device */
/* Half buckets that a look-up of a key scans, 1 .. 4; 0: not mapped. */
u32 keys_halves(const struct key *k);

/* A command for each event that is mapped. */
struct cmd_kind {
	const char *name;
	struct bench_cmd (*make)(const struct key *k);
};

extern const struct cmd_kind cmd_kinds[];
extern const u32 nr_kinds;

#endif
