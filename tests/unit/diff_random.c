/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Random numbers, from a generator or from a byte string, and what is drawn from them: IDs,
 * commands, tables, holes in guest memory.
 */
#include <string.h>

#include "tests/unit/diff.h"

static u64 rng = 1;
static const u8 *bytes, *bytes_end; /* NULL: the generator */

void diff_seed(u64 seed)
{
	rng = seed * 0x9e3779b97f4a7c15ull | 1;
	bytes = NULL;
}

void random_bytes(const u8 *data, size_t size)
{
	bytes = data;
	bytes_end = data + size;
}

bool random_is_bytes(void)
{
	return bytes;
}

bool random_left(void)
{
	return !bytes || bytes < bytes_end;
}

static u64 take(u32 n)
{
	u64 val = 0;
	size_t left;

	if (!bytes)
		return fake_random(&rng);
	left = (size_t)(bytes_end - bytes);
	n = left < n ? (u32)left : n;
	memcpy(&val, bytes, n);
	bytes += n;
	return val;
}

u64 any(void)
{
	return take(8);
}

u32 below(u32 n)
{
	return (u32)(take(n <= 0x100 ? 1 : n <= 0x10000 ? 2 : 4) % n);
}

bool one_in(u32 n)
{
	return below(n) == n / 2; /* not for a byte string's zeroes */
}

u32 random_devid(void)
{
	if (one_in(40))
		return (u32)any();
	if (one_in(40))
		return (1u << diff.cfg.devid_bits) - 1 + below(2);
	if (one_in(40)) /* at the end of a table of a few pages */
		return (1 + below(4)) * (512u << 2 * below(3)) - below(2);
	return below(diff.draw.devids);
}

u32 random_eventid(void)
{
	if (one_in(60))
		return (u32)any();
	if (one_in(60))
		return (1u << diff.cfg.eventid_bits) - 1 + below(2);
	if (one_in(30))
		return (diff.draw.first_eventid + below(diff.draw.eventids)) | 0x10000u << below(3);
	return diff.draw.first_eventid + below(diff.draw.eventids);
}

u32 random_lpi(void)
{
	if (one_in(40))
		return below(8200);
	if (one_in(40))
		return (1u << diff.cfg.intid_bits) - 1 + below(2);
	if (one_in(200))
		return (u32)any();
	return 8192 + below(diff.draw.lpis);
}

u32 random_icid(void)
{
	if (one_in(60))
		return ((1 + below(4)) * (512u << 2 * below(3)) - below(2)) & 0xffff;
	return one_in(60) ? below(65536) : below(diff.draw.icids);
}

u64 random_rdbase(void)
{
	return one_in(30) ? any() & 0x7ffffffffull : below(diff.cfg.nr_vcpus + (u32)one_in(20));
}

static u64 random_place(void)
{
	static const u64 places[] = { RING, DEV_TABLE, COLL_TABLE, L2_PAGES, ITTS, FAKE_RAM };

	return places[below(6)];
}

u64 random_itt(void)
{
	if (one_in(40))
		return any() & 0xfffffffffff00ull;
	if (one_in(20)) /* where something else is */
		return random_place() + below(0x100) * 256ull;
	return ITTS + below(ITT_PLACES) * 256ull;
}

u64 random_table(u64 good)
{
	u64 val = 1ull << 63 | (any() & 0x38e0000000000c00ull);
	u32 page = below(3);

	if (one_in(30))
		return any();
	if (one_in(30))
		good = any() & 0xffffffff0000ull;
	val |= good | (u64)page << 8;
	val |= one_in(4) ? below(256) : below(4); /* pages - 1 */
	if (one_in(2))
		val |= 1ull << 62;
	return val;
}

static struct fake_cmd random_mapti(void)
{
	return cmd_mapti(random_devid(), random_eventid(), random_lpi(), random_icid());
}

static struct fake_cmd random_mapd(void)
{
	u32 max = one_in(8) ? 32 : diff.cfg.eventid_bits;

	return cmd_mapd(random_devid(), one_in(3) ? 1 + below(max) : diff.cfg.eventid_bits,
			random_itt(), !one_in(6));
}

struct fake_cmd random_cmd(void)
{
	static const u8 event_ops[] = { 3, 3, 3, 4, 0xc, 0xf, 0xf };
	u32 kind = below(100);

	if (diff.draw.wide && (!one_in(4) || (kind < 9 && !one_in(3000))))
		return random_mapti();
	if (kind < 3)
		return (struct fake_cmd){ { any() & (one_in(2) ? 0x3f : ~0ull), any(), any(),
					    any() } };
	if (kind < 9)
		return random_mapd();
	if (kind < 17)
		return cmd_mapc(random_icid(), random_rdbase(), !one_in(6));
	if (kind < 50)
		return random_mapti();
	if (kind < 56)
		return cmd_mapi(random_devid(), one_in(2) ? random_lpi() : random_eventid(),
				random_icid());
	if (kind < 66)
		return cmd_movi(random_devid(), random_eventid(), random_icid());
	if (kind < 69)
		return cmd_invall(random_icid());
	if (kind < 71)
		return cmd_movall(random_rdbase(), random_rdbase());
	if (kind < 74)
		return cmd_sync(random_rdbase());
	return cmd_event(event_ops[below(sizeof(event_ops))], random_devid(), random_eventid());
}

/* Guest memory comes and goes in pages. */
void random_hole(void)
{
	u32 i = below(FAKE_MAX_HOLES);
	u64 start;

	diff.ram.hole[i].start = diff.ram.hole[i].end = 0;
	if (one_in(2))
		return;
	start = random_place() + below(one_in(4) ? 512 : 16) * 4096ull;
	diff.ram.hole[i].start = start;
	diff.ram.hole[i].read_only = one_in(4);
	diff.ram.hole[i].end = start + (one_in(4) ? 1 + below(16) : 1) * 4096ull;
	note("hole from 0x%llx to 0x%llx", (unsigned long long)start,
	     (unsigned long long)diff.ram.hole[i].end);
}

/* Where an entry is, or could be, of a device that is mapped. */
static u64 random_entry(void)
{
	struct model_device *d = diff.model->devices;
	u64 ipa;

	for (u32 n = below(8); n && d && d->next; n--)
		d = d->next;
	if (!d)
		return random_place() + below(64) * 8ull;
	if (one_in(3) && model_entry(diff.model, 0, d->devid + below(4) - 1, &ipa))
		return ipa;
	return d->itt + below(MIN(1u << d->bits, 256u)) * 8ull;
}

/*
 * The guest writes where tables are: garbage, entries that are not valid but not zero either,
 * first-level entries, good ones and such that lead to other tables.
 */
void random_poke(void)
{
	u64 ipa = one_in(2) ? random_entry()
			    : random_place() + below(one_in(4) ? 0x8000 : 64) * 8ull;
	u64 val = any();

	switch (below(6)) {
	case 0:
		val = 0;
		break;
	case 1:
		val &= 0xffff00000000ffffull; /* an ITE without an LPI */
		break;
	case 2:
		val &= ~(1ull << 63);
		break;
	case 3:
		val = 1ull << 63 | (L2_PAGES + (u64)below(7) * 0x10000);
		break;
	case 4:
		val = 1ull << 63 | random_place();
		break;
	}
	note("memory 0x%llx = 0x%llx", (unsigned long long)ipa, (unsigned long long)val);
	ram_poke(ipa, val);
}
