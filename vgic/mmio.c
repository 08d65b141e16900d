/* SPDX-License-Identifier: GPL-2.0-only */
/* The one decoder of accesses to the distributor and the redistributors (vgic/mmio.h). */
#include "vgic/mmio.h"

const struct vgic_reg *vgic_mmio_decode(const struct vgic_frame *f, struct vgic_access *a,
					u64 offset, u32 size)
{
	const struct vgic_reg *r = f->regs +
				   f->index[MIN(offset >> VGIC_INDEX_SHIFT, (u64)VGIC_INDEX_LAST)];
	u32 delta;

	if (offset & (size - 1))
		return NULL;
	/* The last row ends where the frame does. */
	while (offset >= r->offset + r->size)
		r++;
	if (offset < r->offset)
		return NULL;
	if (size != r->width && !(size == 4 && r->width == 8) &&
	    !(size == 1 && (r->flags & VGIC_REG_BYTE)))
		return NULL;
	delta = (u32)offset - r->offset;
	if (r->bits) {
		a->first = r->first + delta * 8 / r->bits;
		a->nr = MAX(size * 8 / r->bits, 1u);
	} else {
		a->nr = delta / r->width;
	}
	return r;
}

u64 vgic_mmio_read(const struct vgic_frame *f, struct vgic_access *a, u64 offset, u32 size)
{
	const struct vgic_reg *r = vgic_mmio_decode(f, a, offset, size);
	u64 val;

	if (!r || !r->read)
		return 0;
	val = r->read(a);
	if (r->width - size == 4) /* half of it */
		val = offset & 4 ? val >> 32 : (u32)val;
	return val;
}

void vgic_mmio_write(const struct vgic_frame *f, struct vgic_access *a, u64 offset, u32 size,
		     u64 val)
{
	const struct vgic_reg *r = vgic_mmio_decode(f, a, offset, size);

	if (!r || !r->write)
		return;
	if (size < 8)
		val &= GENMASK(size * 8 - 1, 0);
	if (size == 4 && r->width == 8) {
		u64 old = r->read ? r->read(a) : 0;

		val = offset & 4 ? val << 32 | (u32)old : (old & GENMASK(63, 32)) | val;
	}
	r->write(a, val);
}

u64 vgic_read_id(const struct vgic_access *a)
{
	/*
	 * PIDR4..7, PIDR0..3, CIDR0..3: JEP106 of ARM, architecture revision GICv3 in PIDR2[7:4].
	 */
	static const u8 id[] = { 0x04, 0, 0, 0, 0x92, 0xb4, 0x3b, 0, 0x0d, 0xf0, 0x05, 0xb1 };

	_Static_assert(sizeof(id) * 4 == VGIC_ID_SIZE, "one byte for each identification register");
	return id[a->nr];
}
