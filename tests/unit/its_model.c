/* SPDX-License-Identifier: GPL-2.0-only */
/* The reference model of the ITS; see its_model.h. */
#include <stdlib.h>
#include <string.h>

#include "hyp/lib/errno.h"
#include "tests/unit/its_model.h"

static u64 bits(u64 word, int high, int low)
{
	u64 v = word >> low;

	return high - low == 63 ? v : v & ((1ull << (high - low + 1)) - 1);
}

/* ---- Counting ---- */

static void count(struct model_counter *list, const char *name)
{
	while (list->name && strcmp(list->name, name))
		list++;
	list->name = name;
	list->count++;
}

static u64 lookup(const struct model_counter *list, const char *name)
{
	while (list->name && strcmp(list->name, name))
		list++;
	return list->name ? list->count : 0;
}

u64 model_error_count(const struct model *m, const char *name)
{
	return lookup(m->errors, name);
}

u64 model_command_count(const struct model *m, const char *name)
{
	return lookup(m->commands, name);
}

/* ---- Tables ---- */

struct model_device *model_device(struct model *m, u32 devid)
{
	struct model_device *d = m->devices;

	while (d && d->devid != devid)
		d = d->next;
	return d;
}

struct model_event *model_event(struct model_device *d, u32 eventid)
{
	struct model_event *e = d->events;

	while (e && e->eventid != eventid)
		e = e->next;
	return e;
}

static void remove_event(struct model *m, struct model_device *d, struct model_event *e)
{
	struct model_event **p = &d->events;

	while (*p != e)
		p = &(*p)->next;
	*p = e->next;
	m->nr_events--;
	m->ops->lpi_clear(m->vm, e->lpi, false);
	m->ops->event_unmapped(m->vm, d->devid, e->eventid);
	free(e);
}

static void remove_device(struct model *m, struct model_device *d)
{
	struct model_device **p = &m->devices;

	while (d->events)
		remove_event(m, d, d->events);
	while (*p != d)
		p = &(*p)->next;
	*p = d->next;
	m->nr_devices--;
	m->ops->device_unmapped(m->vm, d->devid);
	free(d);
}

static bool readable(struct model *m, u64 ipa)
{
	u64 word;

	return m->ops->read(m->vm, ipa, &word, 8) == 0;
}

/* Is there guest memory for entry @id of the table that GITS_BASER<n> describes? */
static bool table_has(struct model *m, int n, u32 id)
{
	u64 b = m->baser[n];
	u64 page = bits(b, 9, 8) == 0 ? 4096 : bits(b, 9, 8) == 1 ? 16384 : 65536;
	u64 bytes = (bits(b, 7, 0) + 1) * page;
	u64 base = page == 65536 ? bits(b, 47, 16) << 16 | bits(b, 15, 12) << 48
				 : bits(b, 47, 12) << 12;
	u64 first;

	base = base / page * page;
	if (!bits(b, 63, 63))
		return false;
	if (!bits(b, 62, 62)) /* flat */
		return (u64)id * 8 < bytes && readable(m, base + (u64)id * 8);
	/* Indirect: each first-level entry is for one page of second-level entries. */
	if (id / (page / 8) * 8 >= bytes)
		return false;
	if (m->ops->read(m->vm, base + id / (page / 8) * 8, &first, 8))
		return false;
	if (!bits(first, 63, 63))
		return false;
	return readable(m, (bits(first, 51, 12) << 12) / page * page + id % (page / 8) * 8);
}

/* ---- Commands. Each returns NULL, or what went wrong. ---- */

/*
 * The device and event that a command names; the name of what is wrong without the command's, or
 * NULL.
 */
static const char *named_event(struct model *m, const u64 *c, struct model_device **d,
			       struct model_event **e)
{
	u64 devid = bits(c[0], 63, 32), eventid = bits(c[1], 31, 0);

	if (devid >= 1ull << m->cfg.devid_bits)
		return "DEVICE_OOR";
	*d = model_device(m, (u32)devid);
	if (!*d)
		return "UNMAPPED_DEVICE";
	if (eventid >= 1ull << (*d)->bits)
		return "ID_OOR";
	*e = model_event(*d, (u32)eventid);
	if (!*e)
		return "UNMAPPED_INTERRUPT";
	return NULL;
}

static const char *mapd(struct model *m, const u64 *c)
{
	u64 devid = bits(c[0], 63, 32), n = bits(c[1], 4, 0) + 1;
	bool valid = bits(c[2], 63, 63);
	struct model_device *d;

	if (devid >= 1ull << m->cfg.devid_bits || (valid && !table_has(m, 0, (u32)devid)))
		return "DEVICE_OOR";
	if (valid && n > m->cfg.eventid_bits)
		return "ITTSIZE_OOR";
	d = model_device(m, (u32)devid);
	if (valid && !d && m->nr_devices == m->cfg.max_devices)
		return "DEVICE_OOR";
	if (d)
		remove_device(m, d);
	if (!valid)
		return NULL;
	d = calloc(1, sizeof(*d));
	d->devid = (u32)devid;
	d->bits = (u32)n;
	d->itt = bits(c[2], 51, 8) << 8;
	d->next = m->devices;
	m->devices = d;
	m->nr_devices++;
	return m->ops->device_mapped(m->vm, d->devid, 1u << n) < 0 ? "BACKEND" : NULL;
}

static const char *mapc(struct model *m, const u64 *c)
{
	u32 icid = (u32)bits(c[2], 15, 0);
	u64 vcpu = bits(c[2], 50, 16);
	int old = m->collection[icid];

	if (!bits(c[2], 63, 63)) {
		m->collection[icid] = -1;
		return NULL;
	}
	if (vcpu >= m->cfg.nr_vcpus)
		return "PROCNUM_OOR";
	if (!table_has(m, 1, icid))
		return "COLLECTION_OOR";
	m->collection[icid] = (int)vcpu;
	if (old == (int)vcpu)
		return NULL;
	for (struct model_device *d = m->devices; d; d = d->next) {
		for (struct model_event *e = d->events; e; e = e->next) {
			if (e->icid != icid)
				continue;
			if (old < 0)
				m->ops->lpi_reload(m->vm, (u32)vcpu, e->lpi);
			m->ops->event_moved(m->vm, d->devid, e->eventid, (u32)vcpu);
		}
	}
	return NULL;
}

static const char *mapti(struct model *m, const u64 *c, bool mapi)
{
	u64 lpi = mapi ? bits(c[1], 31, 0) : bits(c[1], 63, 32);
	u32 icid = (u32)bits(c[2], 15, 0);
	int vcpu = m->collection[icid];
	struct model_device *d;
	struct model_event *e = NULL;
	const char *wrong = named_event(m, c, &d, &e);

	if (wrong && strcmp(wrong, "UNMAPPED_INTERRUPT"))
		return wrong;
	if (!readable(m, d->itt + bits(c[1], 31, 0) * 8))
		return "ID_OOR";
	if (lpi < 8192 || lpi >= 1ull << m->cfg.intid_bits)
		return "PHYSICALID_OOR";
	if (e)
		return "ALREADY_MAPPED";
	if (vcpu < 0 && !table_has(m, 1, icid))
		return "COLLECTION_OOR";
	if (m->nr_events == (1u << m->cfg.intid_bits) - 8192)
		return "ID_OOR";
	if (vcpu >= 0 && m->ops->lpi_reload(m->vm, (u32)vcpu, (u32)lpi) == -ERANGE)
		return "PHYSICALID_OOR";
	e = calloc(1, sizeof(*e));
	e->eventid = (u32)bits(c[1], 31, 0);
	e->lpi = (u32)lpi;
	e->icid = icid;
	e->next = d->events;
	d->events = e;
	m->nr_events++;
	m->ops->event_mapped(m->vm, d->devid, e->eventid, 0, vcpu < 0 ? ITS_NO_VCPU : (u32)vcpu);
	return NULL;
}

static const char *movi(struct model *m, const u64 *c)
{
	u32 icid = (u32)bits(c[2], 15, 0);
	struct model_device *d;
	struct model_event *e;
	const char *wrong = named_event(m, c, &d, &e);

	if (wrong)
		return wrong;
	if (m->collection[e->icid] < 0 || m->collection[icid] < 0)
		return "UNMAPPED_COLLECTION";
	e->icid = icid;
	m->ops->lpi_move(m->vm, e->lpi, (u32)m->collection[icid], false);
	m->ops->event_moved(m->vm, d->devid, e->eventid, (u32)m->collection[icid]);
	return NULL;
}

static const char *movall(struct model *m, const u64 *c)
{
	u64 from = bits(c[2], 50, 16), to = bits(c[3], 50, 16);
	u32 cursor = 0;

	if (from >= m->cfg.nr_vcpus || to >= m->cfg.nr_vcpus)
		return "PROCNUM_OOR";
	if (from != to)
		m->ops->lpi_move_all(m->vm, (u32)from, (u32)to, &cursor);
	return NULL;
}

static const char *invall(struct model *m, const u64 *c)
{
	u32 icid = (u32)bits(c[2], 15, 0);

	if (m->collection[icid] < 0)
		return "UNMAPPED_COLLECTION";
	for (struct model_device *d = m->devices; d; d = d->next) {
		for (struct model_event *e = d->events; e; e = e->next) {
			if (e->icid == icid)
				m->ops->lpi_reload(m->vm, (u32)m->collection[icid], e->lpi);
		}
	}
	return NULL;
}

/* INT, CLEAR, INV, DISCARD */
static const char *on_event(struct model *m, const u64 *c)
{
	struct model_device *d;
	struct model_event *e;
	const char *wrong = named_event(m, c, &d, &e);
	u32 vcpu;

	if (wrong)
		return wrong;
	if (m->collection[e->icid] < 0)
		return "ITE_INVALID";
	vcpu = (u32)m->collection[e->icid];
	switch (bits(c[0], 7, 0)) {
	case 0x03:
		m->ops->lpi_pend(m->vm, vcpu, e->lpi);
		break;
	case 0x04:
		m->ops->lpi_clear(m->vm, e->lpi, false);
		break;
	case 0x0c:
		m->ops->lpi_reload(m->vm, vcpu, e->lpi);
		break;
	default:
		remove_event(m, d, e);
		break;
	}
	return NULL;
}

static const char *command(struct model *m, const u64 *c, const char *name)
{
	switch (bits(c[0], 7, 0)) {
	case 0x01:
		return movi(m, c);
	case 0x08:
		return mapd(m, c);
	case 0x09:
		return mapc(m, c);
	case 0x0a:
		return mapti(m, c, false);
	case 0x0b:
		return mapti(m, c, true);
	case 0x0d:
		return invall(m, c);
	case 0x0e:
		return movall(m, c);
	case 0x05:
		return NULL;
	default:
		(void)name;
		return on_event(m, c);
	}
}

/* Every name an error can have, since counters are found by name. */
static void count_error(struct model *m, const char *cmd, const char *wrong)
{
	static char names[64][32];
	char name[32] = "";
	int i = 0;

	strcat(strcat(strcat(name, cmd), "_"), wrong);
	while (names[i][0] && strcmp(names[i], name))
		i++;
	strcpy(names[i], name);
	count(m->errors, names[i]);
}

void model_run(struct model *m)
{
	static const char *const names[16] = { NULL,  "MOVI",	NULL,	  "INT",    "CLEAR", "SYNC",
					       NULL,  NULL,	"MAPD",	  "MAPC",   "MAPTI", "MAPI",
					       "INV", "INVALL", "MOVALL", "DISCARD" };
	static const char *const virtuals[16] = {
		[1] = "VMOVI",	 [2] = "VMOVP",	 [3] = "VSGI",	   [5] = "VSYNC", [9] = "VMAPP",
		[10] = "VMAPTI", [11] = "VMAPI", [13] = "VINVALL", [14] = "INVDB"
	};

	while (m->enabled && bits(m->cbaser, 63, 63) && m->creadr != m->cwriter) {
		u64 c[4], opcode;
		const char *wrong;

		if (m->ops->read(m->vm, (bits(m->cbaser, 51, 16) << 16) + m->creadr, c, 32)) {
			count_error(m, "COMMAND", "FETCH");
		} else if (opcode = bits(c[0], 7, 0), opcode < 16 && names[opcode]) {
			count(m->commands, names[opcode]);
			wrong = command(m, c, names[opcode]);
			if (wrong)
				count_error(m, names[opcode], wrong);
		} else if (opcode >= 32 && opcode < 48 && virtuals[opcode - 32]) {
			count_error(m, "COMMAND", "VIRTUAL");
		} else {
			count_error(m, "COMMAND", "UNKNOWN");
		}
		m->creadr = (m->creadr + 32) % ((bits(m->cbaser, 7, 0) + 1) * 4096);
	}
}

int model_signal(struct model *m, u32 devid, u32 eventid)
{
	struct model_device *d;
	struct model_event *e;
	int ret;

	if (!m->enabled) {
		m->dropped++;
		return -EBUSY;
	}
	d = model_device(m, devid);
	e = d ? model_event(d, eventid) : NULL;
	if (!e || m->collection[e->icid] < 0) {
		m->unmapped++;
		return -ENXIO;
	}
	ret = m->ops->lpi_pend(m->vm, (u32)m->collection[e->icid], e->lpi);
	if (ret > 0)
		m->delivered++;
	else
		m->blocked++;
	return ret;
}

/* ---- Registers ---- */

/* The memory attributes that a CBASER or BASER keeps. */
static u64 attributes(u64 v)
{
	if (bits(v, 11, 10) == 2)
		v = (v & ~(3ull << 10)) | 1ull << 10;
	if (bits(v, 61, 59) < 2)
		v = (v & ~(7ull << 59)) | 5ull << 59;
	if (bits(v, 55, 53) > 1)
		v &= ~(7ull << 53);
	return v;
}

static u64 id_register(u64 offset)
{
	switch (offset) {
	case 0xffd0:
		return 0x40;
	case 0xffe0:
		return 0x92;
	case 0xffe4:
		return 0xb4;
	case 0xffe8:
		return 0x3b;
	case 0xfff0:
		return 0x0d;
	case 0xfff4:
		return 0xf0;
	case 0xfff8:
		return 0x05;
	case 0xfffc:
		return 0xb1;
	default:
		return 0;
	}
}

static u64 read64(struct model *m, u64 offset)
{
	if (offset == 0x08)
		return 0x71 | (u64)(m->cfg.eventid_bits - 1) << 8 |
		       (u64)(m->cfg.devid_bits - 1) << 13;
	if (offset == 0x80)
		return m->cbaser;
	if (offset == 0x88)
		return m->cwriter;
	if (offset == 0x90)
		return m->creadr;
	if (offset == 0x100)
		return m->baser[0] | 1ull << 56 | 7ull << 48;
	if (offset == 0x108)
		return m->baser[1] | 4ull << 56 | 7ull << 48;
	return 0;
}

u64 model_read(struct model *m, u64 offset, u32 size)
{
	if (size == 8 && offset % 8 == 0)
		return read64(m, offset);
	if (size != 4 || offset % 4)
		return 0;
	if (offset == 0x00)
		return (u64)m->enabled |
		       (m->enabled && bits(m->cbaser, 63, 63) && m->creadr != m->cwriter
				? 0
				: 1ull << 31);
	if (offset == 0x04)
		return 0x4b00043b;
	if (offset >= 0xffd0)
		return id_register(offset);
	return bits(read64(m, offset / 8 * 8), offset % 8 ? 63 : 31, offset % 8 ? 32 : 0);
}

static void forget_devices(struct model *m)
{
	while (m->devices)
		remove_device(m, m->devices);
}

static void forget_collections(struct model *m)
{
	for (int i = 0; i < 65536; i++)
		m->collection[i] = -1;
}

static void write_baser(struct model *m, int n, u64 v)
{
	/* Address, Indirect, Size, Page_Size: another table. */
	u64 old = m->baser[n], where;

	where = 1ull << 63 | 1ull << 62 | bits(~0ull, 47, 12) << 12 | 0x3ff;
	v &= ~(7ull << 56) & ~(31ull << 48); /* Type, Entry_Size */
	if (n == 1)
		v &= ~(1ull << 62);
	if (bits(v, 9, 8) == 3)
		v &= ~(1ull << 8);
	m->baser[n] = attributes(v);
	if (!bits(old, 63, 63) || !((old ^ m->baser[n]) & where))
		return;
	if (n == 0)
		forget_devices(m);
	else
		forget_collections(m);
}

static void write64(struct model *m, u64 offset, u64 v)
{
	if (offset == 0x88) {
		u64 to = bits(v, 19, 5) << 5;

		if (to < (bits(m->cbaser, 7, 0) + 1) * 4096)
			m->cwriter = to;
		return;
	}
	if (m->enabled)
		return;
	if (offset == 0x80) {
		m->cbaser = attributes(v & (1ull << 63 | 7ull << 59 | 7ull << 53 |
					    bits(~0ull, 51, 16) << 16 | 0xcff));
		m->creadr = 0;
		m->cwriter = 0;
	}
	if (offset == 0x100)
		write_baser(m, 0, v);
	if (offset == 0x108)
		write_baser(m, 1, v);
}

void model_write(struct model *m, u64 offset, u32 size, u64 v)
{
	u64 old = read64(m, offset / 8 * 8);

	if (size == 8 && offset % 8 == 0)
		write64(m, offset, v);
	if (size != 4 || offset % 4)
		return;
	if (offset == 0x00) {
		bool on = v & 1;

		if (!on || (bits(m->cbaser, 63, 63) && bits(m->baser[0], 63, 63) &&
			    bits(m->baser[1], 63, 63)))
			m->enabled = on;
	} else if (offset % 8) {
		write64(m, offset - 4, bits(old, 31, 0) | v << 32);
	} else {
		write64(m, offset, bits(old, 63, 32) << 32 | bits(v, 31, 0));
	}
}

void model_reset(struct model *m)
{
	forget_devices(m);
	forget_collections(m);
	m->enabled = false;
	m->cbaser = m->creadr = m->cwriter = 0;
	memset(m->baser, 0, sizeof(m->baser));
}

struct model *model_new(const struct its_config *cfg, const struct its_ops *ops, void *vm)
{
	struct model *m = calloc(1, sizeof(*m));

	m->cfg = *cfg;
	m->ops = ops;
	m->vm = vm;
	forget_collections(m);
	return m;
}

void model_free(struct model *m)
{
	while (m->devices) {
		struct model_device *d = m->devices;

		while (d->events) {
			struct model_event *e = d->events;

			d->events = e->next;
			free(e);
		}
		m->devices = d->next;
		free(d);
	}
	free(m);
}
