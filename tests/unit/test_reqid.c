// SPDX-License-Identifier: GPL-2.0-only
/* Requester IDs to DeviceIDs and back, on hand-written maps, good and bad. */
// sources: pci/reqid.c
#include <string.h>

#include "tap.h"
#include "pci/reqid.h"
#include "hyp/lib/errno.h"

static struct board board;

static struct board_pci *add_bridge(u32 first, u32 last, u32 mask)
{
	struct board_pci *p = &board.pci[board.nr_pci++];

	*p = (struct board_pci){ .bus_first = first, .bus_last = last, .msi_map_mask = mask };
	return p;
}

static void add_map(struct board_pci *p, u32 rid, u32 devid, u32 length, u32 its)
{
	p->msi_map[p->nr_msi_map++] = (struct board_msi_map){
		.rid_base = rid, .length = length, .devid_base = devid, .its = its
	};
}

static void reset(void)
{
	memset(&board, 0, sizeof(board));
	board.nr_its = 3;
}

/* DeviceID as "its:devid" in one number, ~0 if there is none. */
static u64 forward(const struct board_pci *p, u32 rid)
{
	struct reqid_target t;

	return reqid_to_devid(p, rid, &t) ? ~UINT64_C(0) : (u64)t.its << 32 | t.devid;
}

static u32 count_back(u32 its, u32 devid, struct reqid *last)
{
	struct reqid_target t = { .its = its, .devid = devid };
	struct reqid_iter it = { 0 };
	struct reqid r;
	u32 n = 0;

	while (reqid_next(&board, &t, &it, &r)) {
		*last = r;
		n++;
	}
	return n;
}

static void test_identity(void)
{
	struct board_pci *p;
	struct reqid r;

	reset();
	p = add_bridge(0, 255, 0xffff);
	add_map(p, 0, 0, 0x10000, 0);
	is(forward(p, 0), 0, "identity: the first");
	is(forward(p, 0xffff), 0xffff, "identity: the last");
	is(forward(p, 0x10000), ~UINT64_C(0), "not a requester ID");
	is(count_back(0, 0x1234, &r), 1, "and back: one");
	is(r.rid, 0x1234, "the same");
	is(count_back(0, 0x10000, &r), 0, "a DeviceID that none has");
	is(count_back(1, 0x1234, &r), 0, "nor at another ITS");
}

static void test_ranges(void)
{
	struct board_pci *p;
	struct reqid r;

	reset();
	p = add_bridge(0x10, 0x1f, 0xffff);
	add_map(p, 0x1000, 0x500, 0x100, 1);
	add_map(p, 0x1200, 0x80000000, 0x100, 2);
	is(forward(p, 0x1000), UINT64_C(0x100000500), "first range");
	is(forward(p, 0x10ff), UINT64_C(0x1000005ff), "its end");
	is(forward(p, 0x1100), ~UINT64_C(0), "the hole between");
	is(forward(p, 0x12ff), UINT64_C(0x2800000ff), "second range, another ITS");
	is(forward(p, 0x2000), ~UINT64_C(0), "not a bus of this bridge");
	is(forward(p, 0x0f00), ~UINT64_C(0), "nor before");
	is(count_back(2, 0x80000001, &r), 1, "back from the second");
	is(r.rid, 0x1201, "it");
	is(count_back(1, 0x4ff, &r) + count_back(1, 0x600, &r), 0, "just outside");
}

static void test_masks(void)
{
	struct board_pci *p;
	struct reqid r;

	reset();
	p = add_bridge(0, 255, 0xfff8);
	add_map(p, 0, 0x1000, 0x10000, 0);
	is(forward(p, 0x0207), 0x1200, "the function is masked out");
	is(count_back(0, 0x1200, &r), 8, "eight functions share a DeviceID");
	is(r.rid, 0x207, "up to the last");
	is(count_back(0, 0x1201, &r), 0, "a DeviceID that the mask never gives");

	reset();
	p = add_bridge(2, 3, 0x00ff);
	add_map(p, 0, 0, 0x100, 0);
	is(count_back(0, 0x18, &r), 2, "the bus is masked out: one on each bus that there is");
	is(r.rid, 0x318, "the higher");

	reset();
	p = add_bridge(0, 255, 0);
	add_map(p, 0, 9, 1, 0);
	is(forward(p, 0xabcd), 9, "mask 0: all are one");
	is(count_back(0, 9, &r), 0x10000, "all 65,536, and an end");
}

static void test_bridges(void)
{
	struct board_pci *a, *b;
	struct reqid r;

	reset();
	a = add_bridge(0, 255, 0xffff);
	b = add_bridge(0, 255, 0xffff);
	add_map(a, 0, 0, 0x10000, 0);
	add_map(b, 0, 0x10000, 0x10000, 0);
	is(forward(b, 0x100), 0x10100, "a second host bridge");
	is(count_back(0, 0x10100, &r), 1, "back: one");
	is(r.bridge, 1, "behind the second");
	add_bridge(0, 255, 0xffff);
	add_map(&board.pci[2], 0x0100, 0x0100, 1, 0);
	is(count_back(0, 0x100, &r), 2, "two host bridges may lead to one DeviceID");
	is(r.bridge, 2, "the other");
}

static void test_garbage(void)
{
	struct board_pci *p;
	struct reqid r;

	reset();
	p = add_bridge(0, 255, 0xffff);
	add_map(p, 0, 1, 0, 0);
	add_map(p, 0, 2, 0x10, BOARD_MAX_ITS);
	add_map(p, 0, 0xfffffff8, 0x10, 0);
	add_map(p, 0x10000, 0, 0x100, 0);
	is(forward(p, 4), ~UINT64_C(0),
	   "empty, no such ITS, wrapping DeviceID, base out of range: all skipped");
	is(count_back(0, 1, &r) + count_back(0, 0, &r), 0, "and back");
	add_map(p, 0, 0x100, 0x20, 0);
	add_map(p, 0x10, 0x900, 0x20, 1);
	is(forward(p, 0x18), 0x118, "overlap: the first counts");
	is(forward(p, 0x28), UINT64_C(0x100000918), "the second for the rest");
	is(count_back(1, 0x908, &r), 0, "the hidden part has no requester");
	is(count_back(1, 0x918, &r), 1, "the rest has");
	add_map(p, 0xff00, 0, 0xffffffff, 2);
	is(forward(p, 0xffff), UINT64_C(0x2000000ff), "a length beyond the last requester ID");
	is(count_back(2, 0x100, &r), 0, "does not invent any");
	p->nr_msi_map = BOARD_MAX_MSI_MAP + 5;
	is(forward(p, 0x18), 0x118, "a count beyond the table");
	board.nr_pci = BOARD_MAX_PCI + 1;
	is(count_back(0, 0x118, &r), 1, "more bridges than fit");

	reset();
	p = add_bridge(0, 255, 0xff00);
	add_map(p, 0x0008, 0x40, 0x10, 0);
	is(forward(p, 0x0008), ~UINT64_C(0), "a base that the mask can never give");
	is(count_back(0, 0x40, &r), 0, "and back");
	p->nr_msi_map = 0;
	is(forward(p, 0), ~UINT64_C(0), "no map at all");
}

/* Whatever the map: forward and back agree. */
static void test_random(void)
{
	u32 round, i, rid, bad = 0;

	srand(7);
	for (round = 0; round < 200; round++) {
		struct board_pci *p;

		reset();
		p = add_bridge((u32)rand() % 4, 4 + (u32)rand() % 4,
			       0xffff & ~((u32)rand() & (u32)rand() & 0x7ff));
		for (i = 0; i < 5; i++)
			add_map(p, (u32)rand() % 0x900 & p->msi_map_mask, (u32)rand() % 0x400,
				(u32)rand() % 0x500, (u32)rand() % 3);
		for (rid = 0; rid < 0x900; rid += 1 + (u32)rand() % 50) {
			u64 want = forward(p, rid);
			struct reqid_target t = { .its = (u32)(want >> 32), .devid = (u32)want };
			struct reqid_iter it = { 0 };
			bool found = false;
			struct reqid r;

			if (want == ~UINT64_C(0))
				continue;
			while (reqid_next(&board, &t, &it, &r)) {
				bad += forward(p, r.rid) != want;
				bad += found && r.rid == rid;
				found |= r.rid == rid;
			}
			bad += !found;
		}
	}
	is(bad, 0, "each requester is found once from its DeviceID, and no wrong one");
}

int main(void)
{
	test_identity();
	test_ranges();
	test_masks();
	test_bridges();
	test_garbage();
	test_random();
	return tap_done();
}
