/* SPDX-License-Identifier: GPL-2.0-only */
/* The reference model of the ITS: commands and MSIs. A command returns NULL, or what went wrong. */
#include <stdlib.h>
#include <string.h>

#include "tests/unit/its_model_parts.h"

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

	if (devid >= 1ull << m->cfg.devid_bits || (valid && !model_table_has(m, 0, (u32)devid)))
		return "DEVICE_OOR";
	if (valid && n > m->cfg.eventid_bits)
		return "ITTSIZE_OOR";
	d = model_device(m, (u32)devid);
	if (valid && !d && m->nr_devices == m->cfg.max_devices)
		return "DEVICE_OOR";
	if (d)
		model_remove_device(m, d);
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
	if (!model_table_has(m, 1, icid))
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
	if (!model_readable(m, d->itt + bits(c[1], 31, 0) * 8))
		return "ID_OOR";
	if (lpi < 8192 || lpi >= 1ull << m->cfg.intid_bits)
		return "PHYSICALID_OOR";
	if (e)
		return "ALREADY_MAPPED";
	if (vcpu < 0 && !model_table_has(m, 1, icid))
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
		model_remove_event(m, d, e);
		break;
	}
	return NULL;
}

static const char *command(struct model *m, const u64 *c)
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
		return on_event(m, c);
	}
}

void model_step(struct model *m)
{
	static const char *const names[16] = { NULL,  "MOVI",	NULL,	  "INT",    "CLEAR", "SYNC",
					       NULL,  NULL,	"MAPD",	  "MAPC",   "MAPTI", "MAPI",
					       "INV", "INVALL", "MOVALL", "DISCARD" };
	static const char *const virtuals[16] = {
		[1] = "VMOVI",	 [2] = "VMOVP",	 [3] = "VSGI",	   [5] = "VSYNC", [9] = "VMAPP",
		[10] = "VMAPTI", [11] = "VMAPI", [13] = "VINVALL", [14] = "INVDB"
	};

	u64 c[4], opcode;
	const char *wrong;

	if (!model_has_command(m))
		return;
	if (m->ops->read(m->vm, (bits(m->cbaser, 51, 16) << 16) + m->creadr, c, 32)) {
		model_count_error(m, "COMMAND", "FETCH");
	} else if (opcode = bits(c[0], 7, 0), opcode < 16 && names[opcode]) {
		model_count(m->commands, names[opcode]);
		wrong = command(m, c);
		if (wrong)
			model_count_error(m, names[opcode], wrong);
	} else if (opcode >= 32 && opcode < 48 && virtuals[opcode - 32]) {
		model_count_error(m, "COMMAND", "VIRTUAL");
	} else {
		model_count_error(m, "COMMAND", "UNKNOWN");
	}
	m->creadr = (m->creadr + 32) % model_ring_size(m);
}

void model_run(struct model *m)
{
	while (model_has_command(m))
		model_step(m);
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
