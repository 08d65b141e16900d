/* SPDX-License-Identifier: GPL-2.0-only */
/* The reference model of the ITS: its state and its registers; see its_model.h. */
#include <stdlib.h>
#include <string.h>

#include "tests/unit/its_model_parts.h"

/* ---- Counting ---- */

void model_count(struct model_counter *list, const char *name)
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

/* Every name an error can have, since counters are found by name. */
void model_count_error(struct model *m, const char *cmd, const char *wrong)
{
	static char names[64][32];
	char name[32] = "";
	int i = 0;

	strcat(strcat(strcat(name, cmd), "_"), wrong);
	while (names[i][0] && strcmp(names[i], name))
		i++;
	strcpy(names[i], name);
	model_count(m->errors, names[i]);
}

/* ---- Devices and events ---- */

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

void model_remove_event(struct model *m, struct model_device *d, struct model_event *e)
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

void model_remove_device(struct model *m, struct model_device *d)
{
	struct model_device **p = &m->devices;

	while (d->events)
		model_remove_event(m, d, d->events);
	while (*p != d)
		p = &(*p)->next;
	*p = d->next;
	m->nr_devices--;
	m->ops->device_unmapped(m->vm, d->devid);
	free(d);
}

bool model_readable(struct model *m, u64 ipa)
{
	u64 word;

	return m->ops->read(m->vm, ipa, &word, 8) == 0;
}

u64 model_ring_size(const struct model *m)
{
	return (bits(m->cbaser, 7, 0) + 1) * 4096;
}

bool model_has_command(const struct model *m)
{
	return m->enabled && bits(m->cbaser, 63, 63) && m->creadr != m->cwriter;
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
		return (u64)m->enabled | (model_has_command(m) ? 0 : 1ull << 31);
	if (offset == 0x04)
		return 0x4b00043b;
	if (offset >= 0xffd0)
		return id_register(offset);
	return bits(read64(m, offset / 8 * 8), offset % 8 ? 63 : 31, offset % 8 ? 32 : 0);
}

void model_forget_devices(struct model *m)
{
	while (m->devices)
		model_remove_device(m, m->devices);
}

void model_forget_collections(struct model *m)
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
		model_forget_devices(m);
	else
		model_forget_collections(m);
}

static void write64(struct model *m, u64 offset, u64 v)
{
	if (offset == 0x88) {
		u64 to = bits(v, 19, 5) << 5;

		if (to < model_ring_size(m))
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

/* ---- Registers from user space ---- */

/* Between GITS_TYPER and the ID registers all registers have 64 bits, elsewhere 32. */
static bool is_64_bit(u64 offset)
{
	return offset >= 0x08 && offset < 0xffd0;
}

static int find_register(u64 offset)
{
	if (offset % (is_64_bit(offset) ? 8 : 4))
		return -EINVAL;
	if (offset == 0x00 || offset == 0x04 || offset == 0x08)
		return 0;
	if (offset == 0x80 || offset == 0x88 || offset == 0x90)
		return 0;
	if ((offset >= 0x100 && offset < 0x140) || (offset >= 0xffd0 && offset < 0x10000))
		return 0;
	return -ENXIO;
}

int model_reg_get(struct model *m, u64 offset, u64 *val)
{
	int ret = find_register(offset);

	if (!ret)
		*val = model_read(m, offset, is_64_bit(offset) ? 8 : 4);
	return ret;
}

static int set_creadr(struct model *m, u64 val)
{
	u64 to = bits(val, 19, 5) << 5;

	if (m->enabled)
		return -EBUSY;
	if (to >= model_ring_size(m))
		return -EINVAL;
	m->creadr = to;
	return 0;
}

int model_reg_set(struct model *m, u64 offset, u64 val)
{
	int ret = find_register(offset);

	if (ret)
		return ret;
	if (offset == 0x04) /* Revision: which layout the tables have */
		return bits(val, 15, 12) == 0 ? 0 : -EINVAL;
	if (offset == 0x90)
		return set_creadr(m, val);
	model_write(m, offset, is_64_bit(offset) ? 8 : 4, val);
	return 0;
}

void model_reset(struct model *m)
{
	model_forget_devices(m);
	model_forget_collections(m);
	m->enabled = false;
	m->cbaser = m->creadr = m->cwriter = 0;
	m->baser[0] = m->baser[1] = 2 << 8; /* 64 KiB pages */
}

struct model *model_new(const struct its_config *cfg, const struct its_ops *ops, void *vm)
{
	struct model *m = calloc(1, sizeof(*m));

	m->cfg = *cfg;
	m->ops = ops;
	m->vm = vm;
	model_reset(m);
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
