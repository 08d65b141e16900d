/* SPDX-License-Identifier: GPL-2.0-only */
/* ITS commands and register values out of a fuzz target's input. */
#include "tests/fuzz/draw.h"

#define PLACE_SIZE SZ_64K

void draw_init(struct draw *d, struct input *in, u64 ram, u32 nr_vcpus)
{
	u8 shape = in_u8(in);

	*d = (struct draw){ .ram = ram, .nr_vcpus = nr_vcpus };
	d->devid_bits = 1 + in_below(in, shape & 1 ? 12 : 6);
	d->eventid_bits = 1 + in_below(in, 8);
	d->intid_bits = (shape & 0xf0) == 0xf0 ? 14 + in_below(in, 3) : 14;
	d->devids = 1 + in_below(in, 8);
	d->eventids = 1 + in_below(in, 40);
	d->lpis = 1 + in_below(in, 60);
	d->icids = 1 + in_below(in, 6);
	if ((shape & 0x0e) == 0x0e) { /* where MAPI can work */
		d->eventid_bits = 14;
		d->first_eventid = 8192;
	}
}

u32 draw_devid(const struct draw *d, struct input *in)
{
	u8 b = in_u8(in);

	if (b < 0xf0)
		return b % d->devids;
	if (b < 0xf8)
		return (u32)BIT(d->devid_bits) - 1 + (b & 1);
	if (b < 0xfc)
		return (1u + (b & 1)) * 512 - (b >> 1 & 1);
	return (u32)in_bytes(in, 4);
}

u32 draw_eventid(const struct draw *d, struct input *in)
{
	u8 b = in_u8(in);

	if (b < 0xf0)
		return d->first_eventid + b % d->eventids;
	if (b < 0xf8)
		return (u32)BIT(d->eventid_bits) - 1 + (b & 1);
	if (b < 0xfc)
		return (d->first_eventid + (b & 3)) | 0x10000u;
	return (u32)in_bytes(in, 4);
}

u32 draw_lpi(const struct draw *d, struct input *in)
{
	u8 b = in_u8(in);

	if (b < 0xf0)
		return 8192 + b % d->lpis;
	if (b < 0xf8)
		return (u32)BIT(d->intid_bits) - 1 + (b & 1);
	if (b < 0xfc)
		return 8189u + (b & 3);
	return (u32)in_bytes(in, 4);
}

u32 draw_icid(const struct draw *d, struct input *in)
{
	u8 b = in_u8(in);

	if (b < 0xf0)
		return b % d->icids;
	if (b < 0xf8)
		return (1u + (b & 3)) * 512 - (b >> 2 & 1);
	return (u32)in_bytes(in, 2);
}

static u64 draw_rdbase(const struct draw *d, struct input *in)
{
	u8 b = in_u8(in);

	if (b < 0xf0)
		return b % d->nr_vcpus;
	return b < 0xfc ? d->nr_vcpus + (b & 1) : in_bytes(in, 5) & GENMASK(34, 0);
}

u64 draw_address(const struct draw *d, struct input *in)
{
	u8 b = in_u8(in);

	if (b < 0x80)
		return d->ram + b % NR_PLACES * PLACE_SIZE;
	if (b < 0xf8)
		return d->ram + b % NR_PLACES * PLACE_SIZE + in_below(in, PLACE_SIZE);
	return in_bytes(in, 8);
}

u64 draw_itt(const struct draw *d, struct input *in)
{
	u8 b = in_u8(in);

	/* Apart from each other if no ITT is larger than 4 KiB. */
	if (b < 0xe0)
		return d->ram + PLACE_ITTS * PLACE_SIZE + b % 0x30 * SZ_4K;
	if (b < 0xf0)
		return d->ram + PLACE_ITTS * PLACE_SIZE + (b & 0xf) * 0x100u;
	return draw_address(d, in) & GENMASK(51, 8);
}

static u64 draw_mapd_size(const struct draw *d, struct input *in)
{
	u8 b = in_u8(in);

	return b < 0x80 ? d->eventid_bits - 1 : b & 0x1f;
}

void draw_command(const struct draw *d, struct input *in, u64 *w)
{
	static const u8 event_ops[] = { 0x03, 0x03, 0x04, 0x0c, 0x0f, 0x0f, 0x01, 0x01 };
	u32 kind = in_below(in, 64);

	memset(w, 0, 4 * sizeof(*w));
	if (kind < 12) {
		w[0] = 0x08 | (u64)draw_devid(d, in) << 32;
		w[1] = draw_mapd_size(d, in);
		w[2] = draw_itt(d, in) | (u64)(kind < 9) << 63;
	} else if (kind < 20) {
		w[0] = 0x09;
		w[2] = draw_icid(d, in) | draw_rdbase(d, in) << 16 | (u64)(kind < 18) << 63;
	} else if (kind < 36) {
		w[0] = 0x0a | (u64)draw_devid(d, in) << 32;
		w[1] = draw_eventid(d, in);
		w[1] |= (u64)draw_lpi(d, in) << 32;
		w[2] = draw_icid(d, in);
	} else if (kind < 38) {
		w[0] = 0x0b | (u64)draw_devid(d, in) << 32;
		w[1] = draw_eventid(d, in);
		w[2] = draw_icid(d, in);
	} else if (kind < 40) {
		w[0] = 0x0d;
		w[2] = draw_icid(d, in);
	} else if (kind < 42) {
		w[0] = 0x0e;
		w[2] = draw_rdbase(d, in) << 16;
		w[3] = draw_rdbase(d, in) << 16;
	} else if (kind < 43) {
		w[0] = 0x05;
		w[2] = draw_rdbase(d, in) << 16;
	} else if (kind < 45) {
		w[0] = in_bytes(in, 5);
		w[1] = in_bytes(in, 8);
		w[2] = in_bytes(in, 8);
	} else {
		w[0] = event_ops[kind % 8] | (u64)draw_devid(d, in) << 32;
		w[1] = draw_eventid(d, in);
		w[2] = kind % 8 < 6 ? 0 : draw_icid(d, in); /* of MOVI */
	}
}

u64 draw_cbaser(const struct draw *d, struct input *in)
{
	u8 b = in_u8(in);

	if (b < 0xe0)
		return BIT(63) | d->ram | (b & 1);
	if (b < 0xf8)
		return BIT(63) | draw_address(d, in) | (b & 7);
	return in_bytes(in, 8);
}

u64 draw_baser(const struct draw *d, struct input *in, u32 n)
{
	u64 at = d->ram + (n ? PLACE_COLLECTIONS : PLACE_DEVICES) * PLACE_SIZE;
	u8 b = in_u8(in);
	u64 val;

	if (b >= 0xf8)
		return in_bytes(in, 8);
	val = BIT(63) | (u64)(b & 3) << 8 | (b >> 2 & 3); /* page size, pages */
	if (n == 0 && (b & 0x10))
		val |= BIT(62);
	if ((b & 0xe0) == 0xe0)
		at = draw_address(d, in);
	return val | (at & GENMASK(47, 12));
}

u64 draw_offset(struct input *in)
{
	static const u32 offsets[] = { 0x0,    0x4,    0x8,	0xc,	0x80,  0x84,   0x88,
				       0x8c,   0x90,   0x94,	0x100,	0x104, 0x108,  0x10c,
				       0x110,  0x138,  0x13c,	0x140,	0x78,  0xffcc, 0xffd0,
				       0xffe8, 0xfffc, 0x10000, 0x10040 };
	u8 b = in_u8(in);

	if (b < 0xc0)
		return offsets[b % ARRAY_SIZE(offsets)];
	if (b < 0xe0)
		return offsets[b % ARRAY_SIZE(offsets)] + in_below(in, 8);
	return in_below(in, 0x20000);
}

u32 draw_width(struct input *in)
{
	static const u8 sizes[] = { 1, 2, 4, 4, 4, 8, 8, 8 };

	return sizes[in_u8(in) % sizeof(sizes)];
}
