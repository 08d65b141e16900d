/* SPDX-License-Identifier: GPL-2.0-only */
/* Operations on the world (tests/fuzz/world.h) that the targets of the ITS alone share. */
#ifndef HERALD_TESTS_WORLD_OPS_H
#define HERALD_TESTS_WORLD_OPS_H

#include "tests/fuzz/draw.h"
#include "tests/fuzz/world.h"

/* Draws the numbers of bits in @cfg, and starts with it. */
void world_ops_start(struct its_config *cfg, struct draw *d, struct input *in);

/*
 * Bit 4 of @b: one access to guest memory in 2 .. 9, by its low bits, finds it not there yet. With
 * bit 7 things go on in the middle of others, and what must always hold is checked; without it each
 * operation ends before the next, and the input is run twice, memory being there the first time, for
 * the same outcome.
 */
void world_ops_late(u8 b);
bool world_ops_twice(void);
/* Runs @play, which begins with world_start(), once or twice; *@deep: is world_end() thorough? */
void world_ops_play(void (*play)(void), const bool *deep);

/* Takes one of the few saves that an input may make: one takes half a millisecond. */
bool world_ops_may_save(void);

/* Some steps of a save or a restore; what follows happens in the middle of it. */
void world_ops_save(struct input *in);
void world_ops_restore(struct input *in);

/* Guest memory that is not there, or is there again. */
void world_ops_hole(const struct draw *d, struct input *in);

#endif
