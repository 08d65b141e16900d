// SPDX-License-Identifier: GPL-2.0-only
/* Config space reading on fake topologies, sane and hostile. */
// sources: pci/ecam.c pci/reqid.c
#include <string.h>

#include "tap.h"
#include "pci/ecam.h"
#include "drivers/mmio.h"
#include "hyp/lib/errno.h"

#define MAX_FNS 600
#define RID(bus, dev, fn) ((u32)(bus) << 8 | (u32)(dev) << 3 | (u32)(fn))

/* PCIe port types. */
enum {
	ENDPOINT = 0,
	ROOT_PORT = 4,
	UPSTREAM = 5,
	DOWNSTREAM = 6,
	TO_PCI = 7,
	FROM_PCI = 8,
	NO_PCIE = 99
};

static struct fn {
	u32 rid;
	u8 cfg[256];
} fns[MAX_FNS];
static u32 nr_fns, reads;
static struct board board;

static u32 fake_read(const struct ecam *e, u32 rid, u32 offset)
{
	u32 i, val;

	(void)e;
	reads++;
	if (offset % 4 || offset >= 4096)
		return tap_failed++, 0;
	for (i = 0; i < nr_fns; i++)
		if (fns[i].rid == rid && offset < 256)
			return memcpy(&val, fns[i].cfg + offset, 4), val;
	return UINT32_MAX;
}

static struct ecam ecam = { .read = fake_read, .bus_last = 255 };

static void put32(struct fn *f, u32 offset, u32 val)
{
	memcpy(f->cfg + offset, &val, 4);
}

static struct fn *add_fn(u32 rid)
{
	struct fn *f = &fns[nr_fns++];
	u32 i;

	memset(f, 0, sizeof(*f));
	f->rid = rid;
	put32(f, 0, 0x12341b36);
	if (rid % 8)
		for (i = 0; i < nr_fns; i++)
			if (fns[i].rid == (rid & ~7u))
				fns[i].cfg[0x0e] |= 0x80;
	return f;
}

/* Puts a capability in front of the list. */
static void add_cap(struct fn *f, u8 at, u8 id, u16 word)
{
	f->cfg[6] |= 0x10;
	f->cfg[at] = id;
	f->cfg[at + 1] = f->cfg[0x34];
	f->cfg[0x34] = at;
	memcpy(f->cfg + at + 2, &word, 2);
}

static struct fn *add_device(u32 rid, u32 msix)
{
	struct fn *f = add_fn(rid);

	add_cap(f, 0x40, 0x01, 0); /* power management */
	if (msix)
		add_cap(f, 0x60, 0x11, (u16)(msix - 1));
	add_cap(f, 0x80, 0x10, ENDPOINT << 4);
	return f;
}

static struct fn *add_bridge(u32 rid, u32 type, u32 secondary, u32 subordinate)
{
	struct fn *f = add_fn(rid);

	f->cfg[0x0e] |= 1;
	put32(f, 0x18, (rid >> 8) | secondary << 8 | subordinate << 16);
	if (type != NO_PCIE)
		add_cap(f, 0x40, 0x10, (u16)(type << 4));
	return f;
}

static void reset(void)
{
	nr_fns = 0;
	memset(&board, 0, sizeof(board));
	board.nr_pci = 1;
	board.nr_its = 1;
	board.pci[0] =
		(struct board_pci){ .bus_last = 255, .msi_map_mask = 0xffff, .nr_msi_map = 1 };
	board.pci[0].msi_map[0].length = 0x10000;
}

static u32 devid_vectors(u32 devid, bool *has)
{
	struct reqid_target t = { .devid = devid };

	return ecam_devid_vectors(&board, &ecam, &t, has);
}

static void test_vectors(void)
{
	struct fn *f;
	bool has;

	reset();
	add_device(RID(0, 1, 0), 65);
	add_device(RID(0, 2, 0), 0);
	f = add_device(RID(0, 3, 0), 4);
	add_cap(f, 0x50, 0x05, 5 << 1);
	f = add_device(RID(0, 4, 0), 0);
	add_cap(f, 0x50, 0x05, 7 << 1);
	f = add_device(RID(0, 5, 0), 2048);
	is(ecam_vectors(&ecam, RID(0, 1, 0)), 65, "MSI-X");
	is(ecam_vectors(&ecam, RID(0, 2, 0)), 0, "neither");
	is(ecam_vectors(&ecam, RID(0, 3, 0)), 32, "both: the larger");
	is(ecam_vectors(&ecam, RID(0, 4, 0)), 32, "a reserved MSI size");
	is(ecam_vectors(&ecam, RID(0, 5, 0)), 2048, "the most there can be");
	is(ecam_vectors(&ecam, RID(0, 6, 0)), 0, "absent");
	ok(ecam_present(&ecam, RID(0, 1, 0)) && !ecam_present(&ecam, RID(0, 6, 0)),
	   "present, absent");
	is(devid_vectors(RID(0, 1, 0), &has), 65, "by DeviceID");
	is(devid_vectors(RID(0, 6, 0), &has), 0, "no device there");
	ok(has, "though a requester ID leads to it");
	is(devid_vectors(0x10000, &has), 0, "a DeviceID without requester");
	ok(!has, "is a platform device's");
}

static void test_vf(void)
{
	struct fn *f;

	reset();
	f = add_device(RID(1, 0, 1), 3);
	put32(f, 0, UINT32_MAX);
	is(ecam_requester_vectors(&ecam, RID(1, 0, 1)), 3,
	   "a virtual function has no vendor, but vectors");
}

static void test_ports(void)
{
	reset();
	add_bridge(RID(0, 1, 0), ROOT_PORT, 1, 4);
	add_bridge(RID(1, 0, 0), UPSTREAM, 2, 4);
	add_bridge(RID(2, 0, 0), DOWNSTREAM, 3, 3);
	add_bridge(RID(2, 1, 0), DOWNSTREAM, 4, 4);
	add_device(RID(4, 0, 0), 9);
	add_device(RID(4, 0, 1), 5);
	is(ecam_requester(&ecam, RID(4, 0, 1)), RID(4, 0, 1),
	   "ports and switches pass requester IDs");
	is(ecam_requester_vectors(&ecam, RID(4, 0, 1)), 5, "each function for itself");
	is(ecam_requester_vectors(&ecam, RID(4, 0, 0)), 9, "devfn 0 behind a port is not an alias");
}

static void test_pci_bridge(void)
{
	reset();
	add_bridge(RID(0, 1, 0), ROOT_PORT, 1, 5);
	add_bridge(RID(1, 0, 0), TO_PCI, 2, 5);
	add_device(RID(2, 3, 0), 2);
	add_device(RID(2, 3, 4), 4);
	add_bridge(RID(2, 9, 0), NO_PCIE, 3, 3);
	add_device(RID(3, 31, 0), 8);
	add_device(RID(3, 31, 7), 100);
	is(ecam_requester(&ecam, RID(2, 3, 4)), RID(2, 0, 0),
	   "behind PCIe-to-PCI: secondary bus, devfn 0");
	is(ecam_requester(&ecam, RID(3, 31, 7)), RID(2, 0, 0), "and behind a bridge behind it");
	is(ecam_requester_vectors(&ecam, RID(2, 0, 0)), 2 + 4 + 100 + 8, "they share: the sum");
	is(ecam_requester_vectors(&ecam, RID(2, 3, 0)), 0, "their own IDs never arrive");
	is(ecam_requester_vectors(&ecam, RID(2, 9, 0)), 0, "nor does the inner bridge's");
	is(ecam_requester(&ecam, RID(1, 0, 0)), RID(1, 0, 0), "the bridge itself keeps its own");
}

static void test_conventional(void)
{
	struct fn *f;

	reset();
	f = add_bridge(RID(0, 5, 0), NO_PCIE, 7, 7);
	add_cap(f, 0x50, 0x05, 0);
	add_device(RID(7, 1, 0), 3);
	is(ecam_requester(&ecam, RID(7, 1, 0)), RID(0, 5, 0),
	   "a conventional bridge gives its own ID");
	is(ecam_requester_vectors(&ecam, RID(0, 5, 0)), 1 + 3, "its own vector and theirs");
	add_bridge(RID(0, 6, 0), FROM_PCI, 8, 8);
	add_device(RID(8, 0, 0), 6);
	is(ecam_requester(&ecam, RID(8, 0, 0)), RID(0, 6, 0), "so does a PCI-to-PCIe bridge");
}

static void test_root_buses(void)
{
	reset();
	add_device(RID(0, 1, 0), 1);
	add_device(RID(0x40, 2, 0), 3);
	is(ecam_requester_vectors(&ecam, RID(0x40, 2, 0)), 3,
	   "a bus behind no bridge is a root bus");
	ecam.bus_first = 0x40;
	is(ecam_requester_vectors(&ecam, RID(0x40, 2, 0)), 3, "an ECAM that starts there");
	is(ecam_requester_vectors(&ecam, RID(0, 1, 0)), 0, "does not read before its first bus");
	ecam.bus_first = 0;
	ecam.bus_last = 0x3f;
	is(ecam_requester_vectors(&ecam, RID(0x40, 2, 0)), 0, "nor behind its last");
	ecam.bus_last = 255;
}

static u32 reads_of(u32 rid)
{
	reads = 0;
	ecam_requester_vectors(&ecam, rid);
	return reads;
}

static void test_hostile(void)
{
	struct fn *f;
	bool has;
	u32 i, b;

	reset();
	f = add_device(RID(0, 1, 0), 8);
	f->cfg[0x41] = 0x80; /* the list's last points at its first */
	is(ecam_vectors(&ecam, RID(0, 1, 0)), 8, "a looping list: what is found in it counts");
	f->cfg[0x60] = 0x09;
	is(ecam_vectors(&ecam, RID(0, 1, 0)), 0, "without the capability the loop ends");
	f->cfg[0x34] = 0xff;
	is(ecam_vectors(&ecam, RID(0, 1, 0)), 0, "a pointer to the end");
	f->cfg[0x34] = 0x10;
	is(ecam_vectors(&ecam, RID(0, 1, 0)), 0, "a pointer into the header");
	memset(f->cfg + 0x40, 0xff, 0xc0);
	f->cfg[0x34] = 0x40;
	is(ecam_vectors(&ecam, RID(0, 1, 0)), 0, "ones");

	reset();
	add_bridge(RID(0, 1, 0), ROOT_PORT, 0, 255);
	add_bridge(RID(0, 2, 0), ROOT_PORT, 9, 3);
	add_device(RID(5, 0, 0), 7);
	ok(reads_of(RID(5, 0, 0)) < 200,
	   "a bridge that leads to itself, one whose buses run backwards");
	is(ecam_requester_vectors(&ecam, RID(5, 0, 0)), 7, "neither is followed");

	reset();
	for (b = 0; b < 60; b++)
		add_bridge(RID(b, 31, 0), ROOT_PORT, b + 1, 255);
	ok(reads_of(RID(255, 0, 0)) <= ECAM_BUDGET,
	   "a deep chain of bridges costs its budget, not more");
	reset();
	for (b = 1; b < 3; b++)
		for (i = 0; i < 256; i++)
			add_device(RID(b, i / 8, i % 8), 2048);
	add_bridge(RID(0, 0, 0), TO_PCI, 1, 255);
	ok(reads_of(RID(1, 0, 0)) <= ECAM_BUDGET, "a full bus behind a bridge, too");
	reset();
	board.pci[0].msi_map_mask = 0;
	board.pci[0].msi_map[0].length = 1;
	reads = 0;
	is(devid_vectors(0, &has), 0, "65,536 requesters for one DeviceID, none there");
	ok(reads <= ECAM_BUDGET && has, "within the budget");
}

/* ECAM arithmetic of the real accessor. */
static uintptr_t mmio_last;

u64 mmio_host_read(uintptr_t addr, u32 size)
{
	mmio_last = addr;
	return size == 4 ? 0x1234 : 0;
}

void mmio_host_write(uintptr_t addr, u32 size, u64 val)
{
	(void)addr, (void)size, (void)val;
	ok(false, "config space is never written");
}

static void test_mmio(void)
{
	struct ecam e = { .read = ecam_mmio_read,
			  .va = 0x10000000,
			  .size = 0x200000,
			  .bus_first = 0x20,
			  .bus_last = 0x21 };

	is(e.read(&e, RID(0x20, 0, 0), 0), 0x1234, "ECAM: a read");
	is(mmio_last, 0x10000000, "from its first bus on");
	e.read(&e, RID(0x21, 3, 1), 0x40);
	is(mmio_last, 0x10000000 + 0x100000 + (3 << 15) + (1 << 12) + 0x40,
	   "bus, device, function");
	mmio_last = 0;
	is(e.read(&e, RID(0x22, 0, 0), 0), UINT32_MAX, "beyond what is mapped");
	is(e.read(&e, RID(0x1f, 0, 0), 0), UINT32_MAX, "before it");
	is(mmio_last, 0, "nothing is touched");
}

int main(void)
{
	test_vectors();
	test_vf();
	test_ports();
	test_pci_bridge();
	test_conventional();
	test_root_buses();
	test_hostile();
	test_mmio();
	return tap_done();
}
