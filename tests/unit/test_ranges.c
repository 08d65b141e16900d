// SPDX-License-Identifier: GPL-2.0-only
/* Ranges with holes: every piece is found, and none of a hole. */
// sources: hyp/ranges.c
#include "hyp/ranges.h"
#include "tests/unit/tap.h"

static void test_pieces(void)
{
	const struct board_range holes[] = {
		{ 0x5000, 0x1000 }, { 0x6000, 0x800 },	 { 0x1000, 0x1000 },
		{ 0x9000, 0 },	    { 0xf000, 0x10000 },
	};
	u64 base = 0x1000;

	is(ranges_next_gap(holes, 5, &base, 0x18000), 0x3000, "the piece between two holes");
	is(base, 0x2000, "starts behind the hole that covers its start");
	base += 0x3000;
	is(ranges_next_gap(holes, 5, &base, 0x18000), 0x8000, "neighbouring holes are one");
	is(base, 0x7000, "a hole is rounded to whole pages");
	base += 0x8000;
	is(ranges_next_gap(holes, 5, &base, 0x18000), 0, "a hole over the end leaves nothing");
}

static void test_edges(void)
{
	const struct board_range all = { 0, 0x10000 };
	u64 base = 0x800;

	is(ranges_next_gap(&all, 0, &base, 0x2fff), 0x1000, "without holes, whole pages only");
	is(base, 0x1000, "and rounded up");
	base = 0x1000;
	is(ranges_next_gap(&all, 1, &base, 0x8000), 0, "all covered");
	base = 0x3000;
	is(ranges_next_gap(&all, 0, &base, 0x3000), 0, "empty");
}

static void test_touch(void)
{
	const struct board_range r = { 0x1000, 0x1000 };

	ok(ranges_touch(&r, 1, 0x1fff, 1), "the last byte touches");
	ok(!ranges_touch(&r, 1, 0x2000, 0x1000), "the next does not");
	ok(!ranges_touch(&r, 1, 0, 0x1000), "nor the one before");
}

int main(void)
{
	test_pieces();
	test_edges();
	test_touch();
	return tap_done();
}
