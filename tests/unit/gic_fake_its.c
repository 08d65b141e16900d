// SPDX-License-Identifier: GPL-2.0-only
/*
 * The fake ITS: executes its queue late, and is strict.
 *
 * A device that was unmapped, or an event that was discarded, leaves a ghost: the redistributors
 * that its LPIs were routed to may still act on it until a SYNC for each of them was executed.
 * Nothing of a ghost may be reused.
 */
#include <string.h>

#include "gic_fake.h"
#include "gic_fake_its.h"
#include "drivers/gic_regs.h"
#include "drivers/gits_regs.h"

#define MAX_DEVICES 2048
#define MAX_EVENTS 4096
#define MAX_GHOSTS 8192
#define NO_RDBASE 0xffffffffu

struct device {
	bool valid;
	u32 devid;
	u32 bits;
	u64 itt;
	u32 routed; /* bit n: an LPI of it was routed to CPU n since it was mapped */
	u32 left; /* events that are mapped */
};

/* What must not be reused yet: an ITT (lpi 0) or an LPI. */
struct ghost {
	u64 itt;
	u64 itt_len;
	u32 lpi;
	u32 cpus; /* not SYNCed yet */
};

static struct fake_its {
	struct fake_its_options opt;
	u32 ctlr;
	u64 cbaser, cwriter, creadr;
	u64 baser[GITS_NR_BASERS];
	struct device dev[MAX_DEVICES];
	u32 coll[65536];
	u64 executed[256];
	struct ghost ghost[MAX_GHOSTS];
	u32 nr_ghosts;
} fits[FAKE_ITSES];

/* Owner of each LPI on any ITS: its + 1, 0 if none. */
static u8 lpi_mapped[1u << 20];

static u64 baser_reset(u32 i)
{
	if (i == 0)
		return FIELD_PREP(GITS_BASER_TYPE, GITS_BASER_TYPE_DEVICE) |
		       FIELD_PREP(GITS_BASER_ENTRY, 7);
	if (i == 1)
		return FIELD_PREP(GITS_BASER_TYPE, GITS_BASER_TYPE_COLLECTION) |
		       FIELD_PREP(GITS_BASER_ENTRY, 7);
	return i == 2 ? FIELD_PREP(GITS_BASER_TYPE, 2) | FIELD_PREP(GITS_BASER_ENTRY, 7) : 0;
}

void fake_its_reset(u32 n, const struct fake_its_options *opt)
{
	struct fake_its *f = &fits[n];
	u32 i;

	memset(f, 0, sizeof(*f));
	if (opt)
		f->opt = *opt;
	if (!f->opt.typer)
		f->opt.typer = UINT64_C(0x3f0001efb3);
	for (i = 0; i < GITS_NR_BASERS; i++)
		f->baser[i] = baser_reset(i);
	for (i = 0; i < ARRAY_SIZE(f->coll); i++)
		f->coll[i] = NO_RDBASE;
	for (i = 0; i < ARRAY_SIZE(lpi_mapped); i++)
		if (lpi_mapped[i] == n + 1)
			lpi_mapped[i] = 0;
	f->ctlr = f->opt.was_enabled ? (u32)GITS_CTLR_ENABLED : (u32)GITS_CTLR_QUIESCENT;
}

void fake_its_set_rate(u32 n, u32 per_poll, u32 per_kick)
{
	fits[n].opt.per_poll = per_poll;
	fits[n].opt.per_kick = per_kick;
}

static u64 queue_len(const struct fake_its *f)
{
	return (FIELD_GET(GITS_CBASER_SIZE, f->cbaser) + 1) * SZ_4K / 32;
}

u32 fake_its_outstanding(u32 n)
{
	const struct fake_its *f = &fits[n];
	u64 len = queue_len(f);

	return (u32)((FIELD_GET(GITS_QUEUE_PTR, f->cwriter) + len - f->creadr) % len);
}

static struct device *find(struct fake_its *f, u32 devid)
{
	u32 i;

	for (i = 0; i < MAX_DEVICES; i++)
		if (f->dev[i].valid && f->dev[i].devid == devid)
			return &f->dev[i];
	return NULL;
}

static u64 itt_len(const struct fake_its *f, u32 bits)
{
	return (FIELD_GET(GITS_TYPER_ITT_ENTRY, f->opt.typer) + 1) << bits;
}

static void add_ghost(struct fake_its *f, struct ghost g)
{
	if (!g.cpus)
		return;
	if (f->nr_ghosts == MAX_GHOSTS) {
		fake_violation("too many things unmapped without a SYNC", f->nr_ghosts, 0);
		return;
	}
	f->ghost[f->nr_ghosts++] = g;
}

static u32 cpu_of_rdbase(const struct fake_its *f, u64 rdbase)
{
	u64 pta = f->opt.typer & GITS_TYPER_PTA;
	u64 cpu = pta ? (rdbase - 0x80a0000) / 0x20000 : FIELD_GET(GITS_CMD2_RDBASE, rdbase);

	if (cpu >= FAKE_CPUS) {
		fake_violation("RDbase of no CPU", rdbase, cpu);
		return 0;
	}
	if (!(fake_redist_reg((u32)cpu, GICR_CTLR) & GICR_CTLR_ENABLE_LPIS))
		fake_violation("a collection at a redistributor without LPIs", cpu, 0);
	return (u32)cpu;
}

static void exec_sync(struct fake_its *f, u64 rdbase)
{
	u32 cpu = cpu_of_rdbase(f, rdbase & GITS_CMD2_RDBASE);
	u32 i, keep = 0;

	for (i = 0; i < f->nr_ghosts; i++) {
		f->ghost[i].cpus &= ~(1u << cpu);
		if (f->ghost[i].cpus)
			f->ghost[keep++] = f->ghost[i];
	}
	f->nr_ghosts = keep;
}

static void check_itt(u32 n, u64 itt, u64 len)
{
	u32 k, i;

	for (k = 0; k < FAKE_ITSES; k++) {
		for (i = 0; i < MAX_DEVICES; i++) {
			struct device *d = &fits[k].dev[i];

			if (d->valid &&
			    ranges_overlap(itt, len, d->itt, itt_len(&fits[k], d->bits)))
				fake_violation("ITT overlaps that of a mapped device", itt,
					       d->devid);
		}
		for (i = 0; i < fits[k].nr_ghosts; i++) {
			struct ghost *g = &fits[k].ghost[i];

			if (!g->lpi && ranges_overlap(itt, len, g->itt, g->itt_len))
				fake_violation("ITT reused before SYNC", itt, n);
		}
	}
	for (i = 0; i < len / 8; i++)
		if (((u64 *)itt)[i])
			fake_violation("ITT not zeroed", itt, i);
}

static void exec_unmapd(struct fake_its *f, struct device *d)
{
	if (!d) {
		fake_violation("MAPD V=0 of an unmapped device", 0, 0);
		return;
	}
	if (d->left)
		fake_violation("MAPD V=0 with events that were not discarded", d->devid, d->left);
	add_ghost(f, (struct ghost){
			     .itt = d->itt, .itt_len = itt_len(f, d->bits), .cpus = d->routed });
	d->valid = false;
}

static bool dev_table_reaches(const struct fake_its *f, u32 devid)
{
	u64 b = f->baser[0];
	u64 page = (u64[]){ SZ_4K, SZ_16K, SZ_64K, SZ_64K }[FIELD_GET(GITS_BASER_PAGE, b)];
	u64 bytes = (FIELD_GET(GITS_BASER_SIZE, b) + 1) * page;
	u64 addr = page == SZ_64K ? b & GITS_BASER_ADDR_64K : b & GITS_BASER_ADDR;
	u64 n = devid / (page / 8);

	if (!(b & GITS_BASER_INDIRECT))
		return devid < bytes / 8;
	return n < bytes / 8 && (((u64 *)addr)[n] & GITS_L1_VALID);
}

static void exec_mapd(u32 n, struct fake_its *f, const u64 *dw)
{
	u32 devid = (u32)FIELD_GET(GITS_CMD0_DEVID, dw[0]), i;
	struct device *d = find(f, devid);
	u32 bits = (u32)FIELD_GET(GITS_CMD1_SIZE, dw[1]) + 1;
	u64 itt = dw[2] & GITS_CMD2_ITT;

	if (!(dw[2] & GITS_CMD2_VALID)) {
		exec_unmapd(f, d);
		return;
	}
	if (d)
		fake_violation("MAPD of a mapped device", devid, 0);
	if (!dev_table_reaches(f, devid))
		fake_violation("MAPD outside the device table", devid, 0);
	check_itt(n, itt, itt_len(f, bits));
	for (i = 0; i < MAX_DEVICES && f->dev[i].valid; i++)
		;
	if (i == MAX_DEVICES) {
		fake_violation("too many devices", devid, 0);
		return;
	}
	f->dev[i] = (struct device){ .valid = true, .devid = devid, .bits = bits, .itt = itt };
}

/* The ITT entry of an event; NULL, and a violation, if there can be none. */
static u64 *entry_of(struct fake_its *f, const u64 *dw, struct device **d)
{
	u32 devid = (u32)FIELD_GET(GITS_CMD0_DEVID, dw[0]);
	u32 eventid = (u32)FIELD_GET(GITS_CMD1_EVENTID, dw[1]);

	*d = find(f, devid);
	if (!*d || eventid >= 1u << (*d)->bits) {
		fake_violation("a command for an unmapped device or event", devid, eventid);
		return NULL;
	}
	return (u64 *)(*d)->itt + eventid;
}

#define ENTRY_VALID BIT(63)
#define ENTRY_STALE BIT(48) /* what a real one leaves in an entry that is free */
#define ENTRY_LPI GENMASK(47, 16)
#define ENTRY_ICID GENMASK(15, 0)

static u32 route(struct fake_its *f, struct device *d, u64 icid)
{
	if (f->coll[icid] == NO_RDBASE) {
		fake_violation("an event in an unmapped collection", d->devid, icid);
		return 0;
	}
	d->routed |= 1u << f->coll[icid];
	return f->coll[icid];
}

static void exec_mapti(u32 n, struct fake_its *f, const u64 *dw)
{
	u32 lpi = (u32)FIELD_GET(GITS_CMD1_INTID, dw[1]), k, i;
	struct device *d;
	u64 *e = entry_of(f, dw, &d);

	if (!e)
		return;
	if (lpi < 8192 || lpi >= ARRAY_SIZE(lpi_mapped) || lpi_mapped[lpi])
		fake_violation("MAPTI of a bad LPI, or one that is mapped", lpi, d->devid);
	for (k = 0; k < FAKE_ITSES; k++)
		for (i = 0; i < fits[k].nr_ghosts; i++)
			if (fits[k].ghost[i].lpi == lpi)
				fake_violation("LPI reused before SYNC", lpi, d->devid);
	if (*e & ENTRY_VALID)
		fake_violation("MAPTI of a mapped event", d->devid, *e);
	*e = ENTRY_VALID | FIELD_PREP(ENTRY_LPI, lpi) | FIELD_GET(GITS_CMD2_ICID, dw[2]);
	lpi_mapped[lpi] = (u8)(n + 1);
	d->left++;
	route(f, d, FIELD_GET(GITS_CMD2_ICID, dw[2]));
}

static bool entry_holds(u64 *e, const struct device *d)
{
	if (!e)
		return false;
	if (!(*e & ENTRY_VALID)) {
		fake_violation("the ITT lost an entry: unmapped, or memory reused", d->devid, *e);
		return false;
	}
	return true;
}

static void exec_movi(struct fake_its *f, const u64 *dw)
{
	struct device *d;
	u64 *e = entry_of(f, dw, &d);

	if (!entry_holds(e, d))
		return;
	*e = FIELD_SET(*e, ENTRY_ICID, FIELD_GET(GITS_CMD2_ICID, dw[2]));
	route(f, d, FIELD_GET(GITS_CMD2_ICID, dw[2]));
}

static void exec_discard(struct fake_its *f, const u64 *dw)
{
	struct device *d;
	u64 *e = entry_of(f, dw, &d);

	if (!entry_holds(e, d))
		return;
	lpi_mapped[FIELD_GET(ENTRY_LPI, *e)] = 0;
	add_ghost(f, (struct ghost){ .lpi = (u32)FIELD_GET(ENTRY_LPI, *e),
				     .cpus = 1u << f->coll[FIELD_GET(ENTRY_ICID, *e)] });
	*e = ENTRY_STALE;
	d->left--;
}

static void execute(u32 n, const u64 *dw)
{
	struct fake_its *f = &fits[n];
	u32 op = (u32)FIELD_GET(GITS_CMD0_OPCODE, dw[0]);

	f->executed[op]++;
	switch (op) {
	case GITS_CMD_MAPD:
		exec_mapd(n, f, dw);
		break;
	case GITS_CMD_MAPC:
		f->coll[FIELD_GET(GITS_CMD2_ICID, dw[2])] = cpu_of_rdbase(f,
									  dw[2] & GITS_CMD2_RDBASE);
		break;
	case GITS_CMD_MAPTI:
		exec_mapti(n, f, dw);
		break;
	case GITS_CMD_MOVI:
		exec_movi(f, dw);
		break;
	case GITS_CMD_DISCARD:
		exec_discard(f, dw);
		break;
	case GITS_CMD_SYNC:
		exec_sync(f, dw[2]);
		break;
	case GITS_CMD_INV:
	case GITS_CMD_INVALL:
	case GITS_CMD_INT:
		break;
	default:
		fake_violation("a command that does not exist", op, 0);
	}
}

u32 fake_its_step(u32 n, u32 max)
{
	struct fake_its *f = &fits[n];
	u64 *queue = (u64 *)(f->cbaser & GENMASK(51, 12));
	u32 i;

	for (i = 0; i < max && (f->ctlr & GITS_CTLR_ENABLED) && fake_its_outstanding(n); i++) {
		execute(n, &queue[f->creadr * 4]);
		f->creadr = (f->creadr + 1) % queue_len(f);
	}
	return i;
}

u32 fake_its_msi(u32 n, u32 devid, u32 eventid, u32 *cpu)
{
	struct fake_its *f = &fits[n];
	struct device *d = find(f, devid);
	u64 e;

	if (!d || eventid >= 1u << d->bits)
		return 0;
	e = ((u64 *)d->itt)[eventid];
	if (!(e & ENTRY_VALID) || f->coll[FIELD_GET(ENTRY_ICID, e)] == NO_RDBASE)
		return 0;
	*cpu = f->coll[FIELD_GET(ENTRY_ICID, e)];
	return (u32)FIELD_GET(ENTRY_LPI, e);
}

bool fake_its_device_known(u32 n, u32 devid)
{
	struct fake_its *f = &fits[n];

	return find(f, devid) != NULL;
}

u32 fake_its_nr_mapped(u32 n)
{
	u32 i, count = 0;

	for (i = 0; i < MAX_DEVICES; i++)
		count += fits[n].dev[i].valid;
	return count;
}

u32 fake_its_collection_cpu(u32 n, u32 icid)
{
	return fits[n].coll[icid];
}

u64 fake_its_commands(u32 n, u32 opcode)
{
	return fits[n].executed[opcode];
}

u64 fake_its_reg(u32 n, u32 offset)
{
	return offset == GITS_CBASER ? fits[n].cbaser : fits[n].baser[(offset - GITS_BASER) / 8];
}

static void check_writable(const struct fake_its *f, u32 offset)
{
	if ((f->ctlr & GITS_CTLR_ENABLED) || !(f->ctlr & GITS_CTLR_QUIESCENT))
		fake_violation("a table register written while the ITS runs", offset, f->ctlr);
}

static void write_baser(struct fake_its *f, u32 i, u64 val)
{
	u64 fixed = baser_reset(i);

	check_writable(f, i);
	if (f->opt.page)
		val = FIELD_SET(val, GITS_BASER_PAGE, f->opt.page - 1);
	if (f->opt.no_share)
		val &= ~GITS_BASER_SHARE;
	if (f->opt.flat_only || i == 1)
		val &= ~GITS_BASER_INDIRECT;
	val = FIELD_SET(val, GITS_BASER_TYPE, FIELD_GET(GITS_BASER_TYPE, fixed));
	f->baser[i] = FIELD_SET(val, GITS_BASER_ENTRY, FIELD_GET(GITS_BASER_ENTRY, fixed));
}

static void write_ctlr(struct fake_its *f, u32 val)
{
	f->ctlr = val & (u32)GITS_CTLR_ENABLED;
	if (!f->ctlr && !f->opt.never_quiet)
		f->ctlr |= (u32)GITS_CTLR_QUIESCENT;
}

void fake_its_write(u32 n, u32 offset, u32 size, u64 val)
{
	struct fake_its *f = &fits[n];

	(void)size;
	if (offset >= GITS_BASER && offset < GITS_BASER + 8 * GITS_NR_BASERS) {
		write_baser(f, (offset - GITS_BASER) / 8, val);
		return;
	}
	switch (offset) {
	case GITS_CTLR:
		write_ctlr(f, (u32)val);
		return;
	case GITS_CBASER:
		check_writable(f, offset);
		f->cbaser = f->opt.no_share ? val & ~GITS_BASER_SHARE : val;
		f->creadr = 0;
		return;
	case GITS_CWRITER:
		if (FIELD_GET(GITS_QUEUE_PTR, val) >= queue_len(f))
			fake_violation("CWRITER outside the queue", val, queue_len(f));
		f->cwriter = val;
		fake_its_step(n, f->opt.per_kick);
		return;
	default:
		fake_violation("a write to a register that is not there", offset, val);
	}
}

u64 fake_its_read(u32 n, u32 offset, u32 size)
{
	struct fake_its *f = &fits[n];

	(void)size;
	if (offset >= GITS_BASER && offset < GITS_BASER + 8 * GITS_NR_BASERS)
		return f->baser[(offset - GITS_BASER) / 8];
	switch (offset) {
	case GITS_CTLR:
		return f->ctlr;
	case GITS_TYPER:
		return f->opt.typer;
	case GITS_CBASER:
		return f->cbaser;
	case GITS_CWRITER:
		return f->cwriter;
	case GITS_CREADR:
		fake_its_step(n, f->opt.per_poll);
		return FIELD_PREP(GITS_QUEUE_PTR,
				  f->opt.bad_creadr ? f->opt.bad_creadr : f->creadr);
	case GITS_PIDR2:
		return f->opt.no_its ? 0 : FIELD_PREP(GIC_PIDR2_ARCHREV, 3);
	default:
		return 0;
	}
}
