/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The world around an ITS under test: guest memory with holes, vCPUs with LPIs, and a physical
 * backend. It does what struct its_ops asks and remembers all of it, so that two worlds can be
 * compared.
 */
#ifndef HERALD_TESTS_ITS_FAKE_H
#define HERALD_TESTS_ITS_FAKE_H

#include "its/its.h"

#define FAKE_RAM UINT64_C(0x40000000)
#define FAKE_RAM_SIZE UINT64_C(0x800000)
#define FAKE_NR_LPIS 65536u
#define FAKE_MAX_VCPUS 512u
#define FAKE_MAX_HOLES 4u

/* Guest memory; may be shared by two worlds. */
struct fake_ram {
	u8 bytes[FAKE_RAM_SIZE];
	struct {
		u64 start, end;
		bool read_only;
	} hole[FAKE_MAX_HOLES]; /* reads and writes fail here, or writes only */
	u64 reads;
};

enum fake_op {
	OP_PEND,
	OP_CLEAR,
	OP_MOVE,
	OP_MOVE_ALL,
	OP_RELOAD,
	OP_DEVICE_MAPPED,
	OP_DEVICE_UNMAPPED,
	OP_EVENT_MAPPED,
	OP_EVENT_MOVED,
	OP_EVENT_UNMAPPED,
	NR_OPS
};

struct fake {
	struct fake_ram *ram;
	u32 nr_vcpus;
	bool lpis_off[FAKE_MAX_VCPUS]; /* GICR_CTLR.EnableLPIs == 0 */
	u32 lpi_limit; /* reload answers -ERANGE from here on */
	int device_error; /* what device_mapped() answers */
	u32 again_rate; /* one in @again_rate calls answers -EAGAIN; 0: none */
	u32 page_rate; /* one in @page_rate accesses to memory finds it not there yet; 0: none */
	u64 rng;
	u32 again[NR_OPS]; /* this many more calls of an operation answer -EAGAIN */
	bool unanswered; /* the last clear or move answered -EAGAIN */

	/* What can be compared. */
	struct fake_seen {
		u64 calls[NR_OPS];
		u64 sum[NR_OPS]; /* of all arguments, whatever the order */
		u16 pending[FAKE_NR_LPIS]; /* vCPU + 1; 0: not pending */
		u8 config[FAKE_NR_LPIS];
		u32 nr_devices;
		u32 nr_events;
	} seen;

	/* Arguments of the last call of each operation. */
	u32 last[NR_OPS][4];
	void (*hook)(struct fake *f, enum fake_op op); /* called first in each operation */
	void *hook_arg;
	/* Called before each access to guest memory, whether it will succeed or not. */
	void (*read_hook)(struct fake *f, u64 ipa, size_t len);
	void (*write_hook)(struct fake *f, u64 ipa, size_t len);
};

extern const struct its_ops fake_ops;

void fake_init(struct fake *f, struct fake_ram *ram, u32 nr_vcpus);
u64 fake_random(u64 *state);
/* The name of the first difference between what two worlds have seen, or NULL. */
const char *fake_compare(const struct fake *a, const struct fake *b);

/* Guest memory from the test's side. */
void fake_poke64(struct fake_ram *ram, u64 ipa, u64 val);
u64 fake_peek64(const struct fake_ram *ram, u64 ipa);

/* Commands as a guest builds them. */
struct fake_cmd {
	u64 w[4];
};
struct fake_cmd cmd_mapd(u32 devid, u32 bits, u64 itt, bool valid);
struct fake_cmd cmd_mapc(u32 icid, u64 rdbase, bool valid);
struct fake_cmd cmd_mapti(u32 devid, u32 eventid, u32 lpi, u32 icid);
struct fake_cmd cmd_mapi(u32 devid, u32 eventid, u32 icid);
struct fake_cmd cmd_movi(u32 devid, u32 eventid, u32 icid);
struct fake_cmd cmd_event(u32 opcode, u32 devid,
			  u32 eventid); /* INT 3, CLEAR 4, INV 0xc, DISCARD 0xf */
struct fake_cmd cmd_invall(u32 icid);
struct fake_cmd cmd_movall(u64 from, u64 to);
struct fake_cmd cmd_sync(u64 rdbase);

#endif
