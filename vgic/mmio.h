/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Register frames as tables. A row is a block of registers of one kind; handlers see interrupts or
 * a register's index, never widths or offsets. What a row does not allow (width, alignment, hole)
 * reads as zero and ignores writes.
 */
#ifndef HERALD_VGIC_MMIO_H
#define HERALD_VGIC_MMIO_H

#include "vgic/state.h"

struct vgic_access {
	struct vgic *vgic;
	struct vgic_cpu *me; /* who accesses; NULL: the VMM, and no vCPU is loaded */
	struct vgic_cpu *c; /* whose redistributor, and whose private interrupts */
	u32 first; /* registers with bits for interrupts: the first INTID, and how many; else the */
	u32 nr; /* index of the register in its row */
};

struct vgic_reg {
	u16 offset;
	u16 size; /* bytes that the row covers */
	u8 width; /* of one register: 4, or 8 (then also by halves) */
	u8 bits; /* per interrupt; 0: no interrupts here */
	u8 flags; /* VGIC_REG_* */
	u16 first; /* INTID at the row's start */
	u64 (*read)(const struct vgic_access *a); /* NULL: zero */
	void (*write)(const struct vgic_access *a, u64 val); /* NULL: ignored */
};

#define VGIC_REG_BYTE BIT(0) /* also by bytes */
/* What is different for user space (vgic/user.c): */
#define VGIC_REG_LATCH BIT(1) /* it reads and writes the pending latches, whatever the lines are */
#define VGIC_REG_HIDDEN BIT(2) /* reads as zero, writes are ignored */
#define VGIC_REG_TAKEN BIT(3) /* a write concerns interrupts that are active, too */
#define VGIC_REG_IIDR BIT(4) /* GICD_IIDR: another revision can be chosen */

/*
 * The first row that ends beyond the start of each 128 bytes, and of all behind 4 KiB: there the
 * search for an offset begins.
 */
#define VGIC_INDEX_SHIFT 7
#define VGIC_INDEX_LAST 32u
#define VGIC_FRAME_SIZE 0x10000u

struct vgic_frame {
	const struct vgic_reg *regs; /* ascending by offset; the last one ends at 64 KiB */
	u8 nr_regs;
	u8 index[VGIC_INDEX_LAST + 1];
};

extern const struct vgic_frame vgic_dist_frame, vgic_rd_frame, vgic_sgi_frame;

/* A redistributor is two frames: the one that *@offset is in, and where in it. */
static inline const struct vgic_frame *vgic_redist_frame(u64 *offset)
{
	if (*offset < VGIC_FRAME_SIZE)
		return &vgic_rd_frame;
	*offset -= VGIC_FRAME_SIZE;
	return &vgic_sgi_frame;
}

/*
 * The row for an access inside the frame, and @a filled in; NULL if it reads as zero and ignores writes: width,
 * alignment, hole.
 */
const struct vgic_reg *vgic_mmio_decode(const struct vgic_frame *f, struct vgic_access *a,
					u64 offset, u32 size);
u64 vgic_mmio_read(const struct vgic_frame *f, struct vgic_access *a, u64 offset, u32 size);
void vgic_mmio_write(const struct vgic_frame *f, struct vgic_access *a, u64 offset, u32 size,
		     u64 val);

/* Handlers that both frames use (vgic/irqreg.c); @a->first is always an INTID below 1020. */
u64 vgic_read_group(const struct vgic_access *a);
void vgic_write_group(const struct vgic_access *a, u64 val);
u64 vgic_read_enable(const struct vgic_access *a);
void vgic_write_senable(const struct vgic_access *a, u64 val);
void vgic_write_cenable(const struct vgic_access *a, u64 val);
u64 vgic_read_pend(const struct vgic_access *a);
void vgic_write_spend(const struct vgic_access *a, u64 val);
void vgic_write_cpend(const struct vgic_access *a, u64 val);
u64 vgic_read_active(const struct vgic_access *a);
void vgic_write_sactive(const struct vgic_access *a, u64 val);
void vgic_write_cactive(const struct vgic_access *a, u64 val);
u64 vgic_read_prio(const struct vgic_access *a);
void vgic_write_prio(const struct vgic_access *a, u64 val);
u64 vgic_read_cfg(const struct vgic_access *a);
void vgic_write_cfg(const struct vgic_access *a, u64 val);

/* Identification registers, 0xffd0 .. 0xfffc of every frame. */
u64 vgic_read_id(const struct vgic_access *a);

#define VGIC_ID_OFFSET 0xffd0
#define VGIC_ID_SIZE 0x30

#endif
