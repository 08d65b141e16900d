/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ITS's registers: one table, one decoder (IHI 0069H 12.19 to 12.21).
 *
 * A register is accessed at its own width, a 64-bit one also by its 32-bit halves; anything else,
 * like whatever is not in the table, reads as zero and ignores writes. Handlers never see widths or
 * offsets: a write of a half arrives as a write of the whole with the other half as it is.
 *
 * GITS_TRANSLATER is written by devices, not by CPUs: its_signal() is the way in. A CPU's write to
 * it is ignored (its page is write-only for the bus; a CPU has no DeviceID that it could send), a
 * read is zero.
 *
 * Choices: GITS_CBASER and GITS_BASER<n> ignore writes while the ITS is enabled or a command is
 * still going on (12.19: UNPREDICTABLE; as KVM). Enabling with one of them not valid is ignored (as
 * KVM). An offset in GITS_CWRITER outside the ring is ignored (as KVM); its bits 4:0 are not
 * stored, Retry included, since this ITS never stalls. A write to GITS_CBASER empties the ring:
 * GITS_CREADR is 0 by the architecture, GITS_CWRITER with it, as KVM does. Memory attributes that
 * make no sense for a coherent ITS read back as the nearest that does, as KVM does.
 */
#include "its/internal.h"

/*
 * "Implementer Arm, product KVM, ITS table ABI revision 0" and the ID registers that go with it:
 * what KVM shows.
 */
#define IIDR_KVM 0x4b00043bu
#define PIDR2_GICV3 0x3bu

#define IIDR_REVISION GENMASK(15, 12) /* of the tables' layout */

/* From GITS_TYPER to before GITS_PIDR4 user space knows 64-bit registers only. */
#define REGS_WIDE_START 0x0008u
#define REGS_WIDE_END 0xffd0u

/* GITS_BASER<n>.Type */
#define TYPE_DEVICES 1u
#define TYPE_COLLECTIONS 4u

/* Memory attribute fields; one numbering for CBASER and BASERs. */
#define SHARE_INNER 1u
#define SHARE_OUTER 2u
#define CACHE_NCNB 0u
#define CACHE_NC 1u
#define CACHE_RAWB 5u
#define CACHE_AS_INNER 0u

#define BASER_WRITABLE                                                                             \
	(BASER_VALID | BASER_INDIRECT | BASER_INNER | BASER_OUTER | BASER_ADDR | BASER_SHARE |     \
	 BASER_PAGE_SIZE | BASER_SIZE)
/* What makes it another table; the rest only says how to reach the same one. */
#define BASER_GEOMETRY (BASER_VALID | BASER_INDIRECT | BASER_ADDR | BASER_PAGE_SIZE | BASER_SIZE)
#define CBASER_WRITABLE                                                                            \
	(CBASER_VALID | CBASER_INNER | CBASER_OUTER | CBASER_ADDR | CBASER_SHARE | CBASER_SIZE)

static u64 regs_ctlr_read(struct its *its, u32 n)
{
	(void)n;
	return FIELD_PREP(CTLR_ENABLED, its->enabled) |
	       FIELD_PREP(CTLR_QUIESCENT, queue_quiescent(its));
}

static bool regs_baser_valid(const struct its *its, enum baser_index i)
{
	return its->baser[i] & BASER_VALID;
}

static void regs_ctlr_write(struct its *its, u32 n, u64 val)
{
	bool on = val & CTLR_ENABLED;

	(void)n;
	if (on && !((its->cbaser & CBASER_VALID) && regs_baser_valid(its, BASER_DEVICES) &&
		    regs_baser_valid(its, BASER_COLLECTIONS)))
		return;
	queue_enable(its, on);
}

static u64 regs_iidr_read(struct its *its, u32 n)
{
	(void)its;
	(void)n;
	return IIDR_KVM;
}

/* User space says which layout the tables have. */
static int regs_iidr_set(struct its *its, u32 n, u64 val)
{
	(void)its;
	(void)n;
	return FIELD_GET(IIDR_REVISION, val ^ IIDR_KVM) ? -EINVAL : 0;
}

static u64 regs_typer_read(struct its *its, u32 n)
{
	(void)n;
	return TYPER_PHYSICAL | FIELD_PREP(TYPER_ITT_ENTRY_SIZE, ITS_ENTRY_SIZE - 1) |
	       FIELD_PREP(TYPER_ID_BITS, its->cfg.eventid_bits - 1) |
	       FIELD_PREP(TYPER_DEVBITS, its->cfg.devid_bits - 1);
}

/*
 * @val with the memory attributes in the fields @share, @inner and @outer replaced by ones that
 * make sense.
 */
static u64 regs_attributes(u64 val, u64 share, u64 inner, u64 outer)
{
	u64 s = (val & share) >> FIELD_SHIFT(share);
	u64 i = (val & inner) >> FIELD_SHIFT(inner);
	u64 o = (val & outer) >> FIELD_SHIFT(outer);

	if (s == SHARE_OUTER)
		val = FIELD_SET(val, share, SHARE_INNER);
	if (i == CACHE_NCNB || i == CACHE_NC)
		val = FIELD_SET(val, inner, CACHE_RAWB);
	if (o != CACHE_AS_INNER && o != CACHE_NC)
		val = FIELD_SET(val, outer, CACHE_AS_INNER);
	return val;
}

static bool regs_locked(const struct its *its)
{
	return its->enabled || its->cur.active;
}

static u64 regs_cbaser_read(struct its *its, u32 n)
{
	(void)n;
	return its->cbaser;
}

static void regs_cbaser_write(struct its *its, u32 n, u64 val)
{
	(void)n;
	if (regs_locked(its))
		return;
	its->cbaser = regs_attributes(val & CBASER_WRITABLE, CBASER_SHARE, CBASER_INNER,
				      CBASER_OUTER);
	its->creadr = 0;
	its->cwriter = 0;
}

static u64 regs_cwriter_read(struct its *its, u32 n)
{
	(void)n;
	return its->cwriter;
}

static void regs_cwriter_write(struct its *its, u32 n, u64 val)
{
	u32 offset = (u32)(val & QUEUE_OFFSET);

	(void)n;
	if (offset < queue_size(its))
		its->cwriter = offset;
}

static u64 regs_creadr_read(struct its *its, u32 n)
{
	(void)n;
	return its->creadr;
}

/* User space says which commands of the ring were done before. */
static int regs_creadr_set(struct its *its, u32 n, u64 val)
{
	u32 offset = (u32)(val & QUEUE_OFFSET);

	(void)n;
	if (regs_locked(its))
		return -EBUSY;
	if (offset >= queue_size(its))
		return -EINVAL;
	its->creadr = offset;
	return 0;
}

/* The read-only fields of GITS_BASER<n>, n below NR_BASERS. */
static u64 regs_baser_fixed(u32 n)
{
	static const u8 types[] = {
		[BASER_DEVICES] = TYPE_DEVICES, [BASER_COLLECTIONS] = TYPE_COLLECTIONS
	};

	return FIELD_PREP(BASER_TYPE, types[n]) | FIELD_PREP(BASER_ENTRY_SIZE, ITS_ENTRY_SIZE - 1);
}

static u64 regs_baser_read(struct its *its, u32 n)
{
	return n < NR_BASERS ? its->baser[n] | regs_baser_fixed(n) : 0;
}

/*
 * KVM's table ABI knows flat collection tables only, so Indirect is not writable there. Another
 * table, or none, has nothing mapped; the same one written again keeps its mappings (Linux does
 * that when it resumes).
 */
static void regs_baser_write(struct its *its, u32 n, u64 val)
{
	u64 old;

	if (n >= NR_BASERS || regs_locked(its))
		return;
	val &= BASER_WRITABLE;
	if (n == BASER_COLLECTIONS)
		val &= ~BASER_INDIRECT;
	if (FIELD_GET(BASER_PAGE_SIZE, val) > 2)
		val = FIELD_SET(val, BASER_PAGE_SIZE, 2);
	val = regs_attributes(val, BASER_SHARE, BASER_INNER, BASER_OUTER);
	old = its->baser[n];
	its->baser[n] = val;
	if ((old & BASER_VALID) && ((old ^ val) & BASER_GEOMETRY))
		queue_purge(its, (enum baser_index)n);
}

/* GITS_PIDR4..7, PIDR0..3, CIDR0..3, in the order of their offsets (IHI 0069H 12.1.2, as KVM). */
static u64 regs_id_read(struct its *its, u32 n)
{
	static const u8 ids[] = {
		0x40, 0, 0, 0, 0x92, 0xb4, PIDR2_GICV3, 0, 0x0d, 0xf0, 0x05, 0xb1
	};

	(void)its;
	return ids[n];
}

static const struct regs_entry {
	u32 offset;
	u8 width; /* bytes */
	u8 count;
	u64 (*read)(struct its *its, u32 n); /* NULL: write-only, reads as zero */
	void (*write)(struct its *its, u32 n, u64 val); /* NULL: read-only, ignores writes */
	int (*set)(struct its *its, u32 n, u64 val); /* by user space: 0 or errno; NULL: as write */
} regs_table[] = {
	{ 0x0088, 8, 1, regs_cwriter_read, regs_cwriter_write, NULL }, /* GITS_CWRITER */
	{ 0x0090, 8, 1, regs_creadr_read, NULL, regs_creadr_set }, /* GITS_CREADR */
	{ 0x0080, 8, 1, regs_cbaser_read, regs_cbaser_write, NULL }, /* GITS_CBASER, ring */
	{ 0x0000, 4, 1, regs_ctlr_read, regs_ctlr_write, NULL }, /* GITS_CTLR */
	{ 0x0004, 4, 1, regs_iidr_read, NULL, regs_iidr_set }, /* GITS_IIDR, implementer */
	{ 0x0008, 8, 1, regs_typer_read, NULL, NULL }, /* GITS_TYPER, what is implemented */
	{ 0x0100, 8, 8, regs_baser_read, regs_baser_write, NULL }, /* GITS_BASER<n>, tables */
	{ 0xffd0, 4, 12, regs_id_read, NULL, NULL }, /* GITS_PIDR<n>, GITS_CIDR<n> */
	{ 0x10040, 4, 1, NULL, NULL, NULL }, /* GITS_TRANSLATER */
};
_Static_assert(ITS_TRANSLATER == 0x10040, "GITS_TRANSLATER is where the table says");

/* An access that the architecture defines: a register of @r, whole or a half. */
struct regs_access {
	const struct regs_entry *r;
	u32 n; /* which of r->count */
	u64 field; /* the accessed bits of the register */
};

static bool regs_decode(u64 offset, u32 size, struct regs_access *a)
{
	if ((size != 4 && size != 8) || !IS_ALIGNED(offset, size))
		return false;
	for (u32 i = 0; i < ARRAY_SIZE(regs_table); i++) {
		const struct regs_entry *r = &regs_table[i];
		u64 in = offset - r->offset;

		if (offset < r->offset || in >= (u64)r->width * r->count)
			continue;
		if (size > r->width)
			return false;
		a->r = r;
		a->n = (u32)in / r->width;
		a->field = size == 8 ? GENMASK(63, 0) : GENMASK(31, 0) << in % r->width * 8;
		return true;
	}
	return false;
}

u64 its_mmio_read(struct its *its, u64 offset, u32 size)
{
	struct regs_access a;

	if (!regs_decode(offset, size, &a) || !a.r->read)
		return 0;
	return FIELD_GET(a.field, a.r->read(its, a.n));
}

void its_mmio_write(struct its *its, u64 offset, u32 size, u64 val)
{
	struct regs_access a;

	if (its_locked(its) || !regs_decode(offset, size, &a) || !a.r->write)
		return;
	save_forget(its);
	if (size < a.r->width)
		val = FIELD_SET(a.r->read(its, a.n), a.field, val);
	a.r->write(its, a.n, val & GENMASK(a.r->width * 8 - 1, 0));
}

/* The register at @offset in the control frame, whole; 0 or errno. */
static int regs_find(u64 offset, struct regs_access *a)
{
	u32 size = offset >= REGS_WIDE_START && offset < REGS_WIDE_END ? 8 : 4;

	if (!IS_ALIGNED(offset, size))
		return -EINVAL;
	return regs_decode(offset, size, a) && a->r->read ? 0 : -ENXIO;
}

int its_reg_get(struct its *its, u64 offset, u64 *val)
{
	struct regs_access a;
	int err = regs_find(offset, &a);

	if (!err)
		*val = a.r->read(its, a.n);
	return err;
}

int its_reg_set(struct its *its, u64 offset, u64 val)
{
	struct regs_access a;
	int err = regs_find(offset, &a);

	if (err)
		return err;
	if (its_locked(its))
		return -EBUSY;
	save_forget(its);
	if (a.r->set)
		return a.r->set(its, a.n, val);
	if (a.r->write)
		a.r->write(its, a.n, FIELD_GET(a.field, val));
	return 0;
}
