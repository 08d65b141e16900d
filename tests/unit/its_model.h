/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ITS as IHI 0069H chapter 5 describes it, written to be obviously right and for nothing else:
 * linked lists, one long function for each thing, every command done at once. It shares no code
 * with its/; it knows its/its.h for the operations of the world and for the shape of a
 * configuration only. Where the architecture leaves a choice it makes the one that its/cmd.c and
 * its/regs.c document.
 */
#ifndef HERALD_TESTS_ITS_MODEL_H
#define HERALD_TESTS_ITS_MODEL_H

#include "its/its.h"

struct model_event {
	struct model_event *next;
	u32 eventid, lpi, icid;
};

struct model_device {
	struct model_device *next;
	u32 devid, bits;
	u64 itt;
	struct model_event *events;
};

struct model_counter {
	const char *name;
	u64 count;
};

struct model {
	struct its_config cfg;
	const struct its_ops *ops; /* must not answer -EAGAIN */
	void *vm;

	bool enabled;
	u64 cbaser, creadr, cwriter, baser[8];

	struct model_device *devices;
	u32 nr_devices, nr_events;
	int collection[65536]; /* vCPU, -1: not mapped */

	struct model_counter errors[64], commands[16];
	u64 delivered, blocked, unmapped, dropped;

	const char *why; /* how the last save or restore ended, in words */
	/* The last save wrote where the first level of the device table is; a DTE did. */
	bool wrote_level1, dte_in_level1;
};

struct model *model_new(const struct its_config *cfg, const struct its_ops *ops, void *vm);
void model_free(struct model *m);
void model_reset(struct model *m);
u64 model_read(struct model *m, u64 offset, u32 size);
void model_write(struct model *m, u64 offset, u32 size, u64 val);
void model_step(struct model *m); /* one command, if there is one */
void model_run(struct model *m);
int model_signal(struct model *m, u32 devid, u32 eventid);
int model_reg_get(struct model *m, u64 offset, u64 *val);
int model_reg_set(struct model *m, u64 offset, u64 val);
int model_save(struct model *m);
int model_restore(struct model *m);

struct model_device *model_device(struct model *m, u32 devid);
struct model_event *model_event(struct model_device *d, u32 eventid);
/* Where the entry @id of the table that GITS_BASER<n> describes is; false: nowhere. */
bool model_entry(struct model *m, int n, u32 id, u64 *addr);
u64 model_error_count(const struct model *m, const char *name);
u64 model_command_count(const struct model *m, const char *name);

#endif
