/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of the reference model share. */
#ifndef HERALD_TESTS_ITS_MODEL_PARTS_H
#define HERALD_TESTS_ITS_MODEL_PARTS_H

#include "hyp/lib/errno.h"
#include "tests/unit/its_model.h"

static inline u64 bits(u64 word, int high, int low)
{
	u64 v = word >> low;

	return high - low == 63 ? v : v & ((1ull << (high - low + 1)) - 1);
}

/* its_model.c */
void model_count(struct model_counter *list, const char *name);
void model_count_error(struct model *m, const char *cmd, const char *wrong);
void model_remove_event(struct model *m, struct model_device *d, struct model_event *e);
void model_remove_device(struct model *m, struct model_device *d);
void model_forget_devices(struct model *m);
void model_forget_collections(struct model *m);
bool model_readable(struct model *m, u64 ipa);
u64 model_ring_size(const struct model *m);
bool model_has_command(const struct model *m);

/* its_model_tables.c: is there memory for entry @id of the table that GITS_BASER<n> describes? */
bool model_table_has(struct model *m, int n, u32 id);

#endif
