// SPDX-License-Identifier: GPL-2.0-only
/* Reading PCI config space, within bounds whatever it says. */
#include "pci/ecam.h"
#include "drivers/mmio.h"

#define PCI_ID 0x00
#define PCI_STATUS 0x04
#define PCI_CLASS 0x08
#define PCI_HEADER 0x0c
#define PCI_BUSES 0x18
#define PCI_CAP_POINTER 0x34

#define PCI_ID_VENDOR GENMASK(15, 0)
#define PCI_VENDOR_NONE 0xffffu
#define PCI_STATUS_CAPS BIT(20)
#define PCI_HEADER_TYPE GENMASK(22, 16)
#define PCI_HEADER_MULTI BIT(23)
#define PCI_HEADER_BRIDGE 1u
#define PCI_BUSES_SECONDARY GENMASK(15, 8)
#define PCI_BUSES_SUBORDINATE GENMASK(23, 16)
#define PCI_CAP_FIRST 0x40u
#define PCI_CAP_POINTER_MASK 0xfcu
#define PCI_MAX_CAPS 48u /* (256 - 64) / 4: more means a loop */

#define PCI_CAP_ID GENMASK(7, 0)
#define PCI_CAP_NEXT GENMASK(15, 8)
#define PCI_CAP_MSI 0x05u
#define PCI_CAP_PCIE 0x10u
#define PCI_CAP_MSIX 0x11u
#define PCI_MSI_CAPABLE GENMASK(19, 17) /* log2 of the vectors; 6 and 7 are reserved */
#define PCI_MSI_CAPABLE_MAX 5u
#define PCI_MSIX_SIZE GENMASK(26, 16) /* table entries - 1 */
#define PCI_PCIE_TYPE GENMASK(23, 20)
#define PCI_PCIE_TO_PCI 7u
#define PCI_PCI_TO_PCIE 8u

#define ECAM_RID GENMASK(27, 12) /* offset in ECAM: bus, devfn */

/* A question, and the reads it may still make. */
struct ecam_walk {
	const struct ecam *e;
	u32 budget;
};

struct ecam_buses {
	u32 secondary;
	u32 subordinate;
};

u32 ecam_mmio_read(const struct ecam *e, u32 rid, u32 offset)
{
	u64 at = FIELD_PREP(ECAM_RID, rid - (u32)FIELD_PREP(REQID_BUS, e->bus_first)) + offset;
	u32 val;

	if (rid >= REQID_END || FIELD_GET(REQID_BUS, rid) < e->bus_first ||
	    !range_contains(0, e->size, at, sizeof(u32)))
		return UINT32_MAX;
	return mmio_try_read32(e->va + at, &val) ? UINT32_MAX : val;
}

static u32 ecam_read(struct ecam_walk *w, u32 rid, u32 offset)
{
	if (!w->budget || FIELD_GET(REQID_BUS, rid) < w->e->bus_first ||
	    FIELD_GET(REQID_BUS, rid) > w->e->bus_last)
		return UINT32_MAX;
	w->budget--;
	return w->e->read(w->e, rid, offset);
}

static bool ecam_walk_present(struct ecam_walk *w, u32 rid)
{
	u32 vendor = (u32)FIELD_GET(PCI_ID_VENDOR, ecam_read(w, rid, PCI_ID));

	return vendor != PCI_VENDOR_NONE && vendor != 0;
}

/* As above, and virtual functions, whose vendor and device read as ones but nothing else does
 * (SR-IOV 1.1, 3.4.1). */
static bool ecam_walk_answers(struct ecam_walk *w, u32 rid)
{
	return ecam_walk_present(w, rid) || ecam_read(w, rid, PCI_CLASS) != UINT32_MAX;
}

/* The first doubleword of capability @id; 0: the function has none such. *@offset: where it is. */
static u32 ecam_find_cap(struct ecam_walk *w, u32 rid, u32 id)
{
	u32 at, i, cap;

	if (!(ecam_read(w, rid, PCI_STATUS) & PCI_STATUS_CAPS))
		return 0;
	at = ecam_read(w, rid, PCI_CAP_POINTER) & PCI_CAP_POINTER_MASK;
	for (i = 0; i < PCI_MAX_CAPS && at >= PCI_CAP_FIRST; i++) {
		cap = ecam_read(w, rid, at);
		if (cap == UINT32_MAX)
			return 0;
		if (FIELD_GET(PCI_CAP_ID, cap) == id)
			return cap;
		at = (u32)FIELD_GET(PCI_CAP_NEXT, cap) & PCI_CAP_POINTER_MASK;
	}
	return 0;
}

static u32 ecam_walk_vectors(struct ecam_walk *w, u32 rid)
{
	u32 msi, msix, n = 0;

	msi = ecam_find_cap(w, rid, PCI_CAP_MSI);
	msix = ecam_find_cap(w, rid, PCI_CAP_MSIX);
	if (msi)
		n = 1u << MIN((u32)FIELD_GET(PCI_MSI_CAPABLE, msi), PCI_MSI_CAPABLE_MAX);
	if (msix)
		n = MAX(n, (u32)FIELD_GET(PCI_MSIX_SIZE, msix) + 1);
	return n;
}

/* A bridge whose bus numbers make sense: they lie behind its own bus, in order. */
static bool ecam_is_bridge(struct ecam_walk *w, u32 rid, struct ecam_buses *b)
{
	u32 header = ecam_read(w, rid, PCI_HEADER);
	u32 buses;

	if (header == UINT32_MAX || FIELD_GET(PCI_HEADER_TYPE, header) != PCI_HEADER_BRIDGE)
		return false;
	buses = ecam_read(w, rid, PCI_BUSES);
	b->secondary = (u32)FIELD_GET(PCI_BUSES_SECONDARY, buses);
	b->subordinate = (u32)FIELD_GET(PCI_BUSES_SUBORDINATE, buses);
	return b->secondary > FIELD_GET(REQID_BUS, rid) && b->subordinate >= b->secondary;
}

static enum ecam_alias ecam_bridge_alias(struct ecam_walk *w, u32 rid)
{
	u32 cap = ecam_find_cap(w, rid, PCI_CAP_PCIE);

	if (!cap)
		return ECAM_ALIAS_BRIDGE;
	switch (FIELD_GET(PCI_PCIE_TYPE, cap)) {
	case PCI_PCIE_TO_PCI:
		return ECAM_ALIAS_SECONDARY;
	case PCI_PCI_TO_PCIE:
		return ECAM_ALIAS_BRIDGE;
	default:
		return ECAM_ALIAS_NONE;
	}
}

/* The next present function on the bus of @rid, from @rid on; REQID_END: no more. Functions 1..7
 * only if 0 says so. */
static u32 ecam_next_function(struct ecam_walk *w, u32 rid)
{
	u32 bus = (u32)FIELD_GET(REQID_BUS, rid);

	while (w->budget && FIELD_GET(REQID_BUS, rid) == bus && rid < REQID_END) {
		if (rid % 8 == 1 && !(ecam_read(w, rid - 1, PCI_HEADER) & PCI_HEADER_MULTI)) {
			rid += 7;
			continue;
		}
		if (ecam_walk_present(w, rid))
			return rid;
		rid += rid % 8 ? 1 : 8; /* without function 0 there are no others */
	}
	return REQID_END;
}

static u32 ecam_first_function(u32 bus)
{
	return (u32)FIELD_PREP(REQID_BUS, bus);
}

/* The bridge on @bus behind which bus @target lies; REQID_END: none. */
static u32 ecam_bridge_to(struct ecam_walk *w, u32 bus, u32 target, struct ecam_buses *b)
{
	u32 rid = ecam_next_function(w, ecam_first_function(bus));

	for (; rid < REQID_END; rid = ecam_next_function(w, rid + 1)) {
		if (ecam_is_bridge(w, rid, b) && target >= b->secondary && target <= b->subordinate)
			return rid;
		if (FIELD_GET(REQID_DEVFN, rid) == REQID_DEVFN)
			break;
	}
	return REQID_END;
}

/*
 * Down from the root towards the bus of @rid: the first bridge that replaces requester IDs decides
 * for all behind it. True: *@alias is what arrives instead of @rid, *@b the buses that share it.
 * Each step goes to a higher bus.
 */
static bool ecam_find_alias(struct ecam_walk *w, u32 rid, u32 *alias, struct ecam_buses *b)
{
	u32 target = (u32)FIELD_GET(REQID_BUS, rid);
	u32 bus = w->e->bus_first;

	while (bus < target) {
		u32 bridge = ecam_bridge_to(w, bus, target, b);

		if (bridge == REQID_END) /* a root bus of its own: nothing is above it */
			return false;
		switch (ecam_bridge_alias(w, bridge)) {
		case ECAM_ALIAS_SECONDARY:
			*alias = ecam_first_function(b->secondary);
			return true;
		case ECAM_ALIAS_BRIDGE:
			*alias = bridge;
			return true;
		case ECAM_ALIAS_NONE:
			break;
		}
		bus = b->secondary;
	}
	return false;
}

static u32 ecam_buses_vectors(struct ecam_walk *w, const struct ecam_buses *b)
{
	u32 bus, rid, sum = 0;

	for (bus = b->secondary; bus <= b->subordinate && w->budget; bus++) {
		rid = ecam_next_function(w, ecam_first_function(bus));
		for (; rid < REQID_END; rid = ecam_next_function(w, rid + 1)) {
			sum += ecam_walk_vectors(w, rid);
			if (FIELD_GET(REQID_DEVFN, rid) == REQID_DEVFN)
				break;
		}
	}
	return sum;
}

static u32 ecam_walk_requester_vectors(struct ecam_walk *w, u32 rid)
{
	struct ecam_buses b;
	u32 alias, sum;

	/* Behind a bridge that replaces IDs only the replacement arrives, and it stands for all of
	 * them. */
	if (ecam_find_alias(w, rid, &alias, &b))
		return alias == rid ? ecam_buses_vectors(w, &b) : 0;
	if (!ecam_walk_answers(w, rid))
		return 0;
	sum = ecam_walk_vectors(w, rid);
	if (ecam_is_bridge(w, rid, &b) && ecam_bridge_alias(w, rid) == ECAM_ALIAS_BRIDGE)
		sum += ecam_buses_vectors(w, &b);
	return sum;
}

bool ecam_present(const struct ecam *e, u32 rid)
{
	struct ecam_walk w = { .e = e, .budget = ECAM_BUDGET };

	return ecam_walk_answers(&w, rid);
}

u32 ecam_requester(const struct ecam *e, u32 rid)
{
	struct ecam_walk w = { .e = e, .budget = ECAM_BUDGET };
	struct ecam_buses b;
	u32 alias;

	return ecam_find_alias(&w, rid, &alias, &b) ? alias : rid;
}

u32 ecam_vectors(const struct ecam *e, u32 rid)
{
	struct ecam_walk w = { .e = e, .budget = ECAM_BUDGET };

	return ecam_walk_answers(&w, rid) ? ecam_walk_vectors(&w, rid) : 0;
}

u32 ecam_requester_vectors(const struct ecam *e, u32 rid)
{
	struct ecam_walk w = { .e = e, .budget = ECAM_BUDGET };

	return ecam_walk_requester_vectors(&w, rid);
}

u32 ecam_devid_vectors(const struct board *b, const struct ecam *e, const struct reqid_target *t,
		       bool *has_requester)
{
	struct ecam_walk w = { .budget = ECAM_BUDGET };
	struct reqid_iter it = { 0 };
	struct reqid r;
	u32 sum = 0;

	*has_requester = false;
	while (w.budget && reqid_next(b, t, &it, &r)) {
		*has_requester = true;
		w.e = &e[r.bridge];
		w.budget--; /* a requester outside this ECAM costs no read, but a mask may name
			       65,536 of them */
		sum += ecam_walk_requester_vectors(&w, r.rid);
	}
	return sum;
}
