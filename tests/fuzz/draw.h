/* SPDX-License-Identifier: GPL-2.0-only */
/* ITS commands and register values out of a fuzz target's input. */
#ifndef HERALD_TESTS_DRAW_H
#define HERALD_TESTS_DRAW_H

#include "tests/fuzz/fuzz.h"

/*
 * Guest memory is used by 64 KiB places: one each for ring, tables and second-level pages, the rest
 * for ITTs. Hostile numbers put one on top of the other.
 */
#define PLACE_RING 0
#define PLACE_DEVICES 1
#define PLACE_COLLECTIONS 2
#define PLACE_LEVEL2 3
#define PLACE_ITTS 5
#define NR_PLACES 8

struct draw {
	u64 ram; /* where guest memory begins, 64 KiB aligned */
	u32 devid_bits, eventid_bits, intid_bits, nr_vcpus;
	u32 devids, eventids, first_eventid, lpis, icids; /* how many of each usually are used */
};

/* The usual ranges of a configuration. */
void draw_init(struct draw *d, struct input *in, u64 ram, u32 nr_vcpus);
u32 draw_devid(const struct draw *d, struct input *in);
u32 draw_eventid(const struct draw *d, struct input *in);
u32 draw_lpi(const struct draw *d, struct input *in);
u32 draw_icid(const struct draw *d, struct input *in);
/* An address in a place of guest memory; at the places' beginnings mostly. */
u64 draw_address(const struct draw *d, struct input *in);
u64 draw_itt(const struct draw *d, struct input *in);
void draw_command(const struct draw *d, struct input *in, u64 *w);
/* GITS_CBASER, GITS_BASER0 or 1. */
u64 draw_cbaser(const struct draw *d, struct input *in);
u64 draw_baser(const struct draw *d, struct input *in, u32 n);
/* An offset in the ITS frame, a width. */
u64 draw_offset(struct input *in);
u32 draw_width(struct input *in);

#endif
