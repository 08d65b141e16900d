/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An ITS is made in one piece of memory that never grows: this file lays it out and answers
 * questions about it.
 */
#include "its/internal.h"

/* Where the parts begin, in bytes from struct its. */
struct its_layout {
	size_t cpus, events, occupied, devices, dev_slot, coll_vcpu, coll_events, icids, size;
};

static u32 its_nr_buckets(const struct its_config *cfg)
{
	return its_nr_lpis(cfg) * 2 / EVENT_BUCKET;
}

static bool its_config_legal(const struct its_config *cfg)
{
	return cfg->nr_vcpus <= ITS_MAX_VCPUS && cfg->nr_cpus >= 1 &&
	       cfg->nr_cpus <= ITS_MAX_CPUS && cfg->devid_bits >= 1 && cfg->devid_bits <= 20 &&
	       cfg->eventid_bits >= 1 && cfg->eventid_bits <= 16 && cfg->intid_bits >= 14 &&
	       cfg->intid_bits <= ITS_LAST_LPI_BITS && cfg->max_devices >= 1 &&
	       cfg->max_devices <= UINT16_MAX;
}

/* The next part: @bytes, cache-line aligned; returns where it begins. */
static size_t its_part(size_t *end, size_t bytes)
{
	size_t start = *end;

	*end = ALIGN_UP(start + bytes, (size_t)ITS_CACHE_LINE);
	return start;
}

static void its_lay_out(const struct its_config *cfg, struct its_layout *l)
{
	size_t buckets = its_nr_buckets(cfg);
	size_t end = 0;

	its_part(&end, sizeof(struct its));
	l->cpus = its_part(&end, cfg->nr_cpus * sizeof(struct its_cpu));
	l->events = its_part(&end, buckets * EVENT_BUCKET * sizeof(u64));
	l->occupied = its_part(&end, DIV_ROUND_UP(buckets, 64) * sizeof(u64));
	l->devices = its_part(&end, ((size_t)cfg->max_devices + 1) * sizeof(struct its_device));
	l->dev_slot = its_part(&end, ((size_t)1 << cfg->devid_bits) * sizeof(u16));
	l->coll_vcpu = its_part(&end, ITS_NR_ICIDS * sizeof(u16));
	l->coll_events = its_part(&end, ITS_NR_ICIDS * sizeof(u16));
	l->icids = its_part(&end, ITS_NR_ICIDS / 8);
	l->size = end;
}
_Static_assert(EVENT_BUCKET * sizeof(u64) == ITS_CACHE_LINE, "a bucket is one cache line");
_Static_assert(ITS_MAX_VCPUS < UINT16_MAX, "a collection word holds vCPU + 1");

size_t its_mem_size(const struct its_config *cfg)
{
	struct its_layout l;

	if (!its_config_legal(cfg))
		return 0;
	its_lay_out(cfg, &l);
	return l.size;
}

struct its *its_init(void *mem, const struct its_config *cfg, const struct its_ops *ops, void *vm)
{
	struct its *its = mem;
	char *base = mem;
	struct its_layout l;

	its_lay_out(cfg, &l);
	its->cfg = *cfg;
	its->ops = *ops;
	its->vm = vm;
	its->nr_devids = (u32)BIT(cfg->devid_bits);
	its->nr_buckets = its_nr_buckets(cfg);
	its->nr_cpus = cfg->nr_cpus;
	its->cpus = (struct its_cpu *)(base + l.cpus);
	its->events = (u64 *)(base + l.events);
	its->occupied = (u64 *)(base + l.occupied);
	its->devices = (struct its_device *)(base + l.devices);
	its->dev_slot = (u16 *)(base + l.dev_slot);
	its->coll_vcpu = (u16 *)(base + l.coll_vcpu);
	its->coll_events = (u16 *)(base + l.coll_events);
	its->icids = (u64 *)(base + l.icids);
	its->next_slot = 1;
	for (u32 i = 0; i < NR_BASERS; i++)
		its->baser[i] = BASER_RESET;
	event_seed(its, cfg->seed);
	its->cfg.seed = 0; /* nobody needs it any more */
	return its;
}

void its_set_vcpus(struct its *its, u32 nr_vcpus)
{
	its->cfg.nr_vcpus = nr_vcpus;
}

#define ITS_CMD_NAME(name, code) [ITS_CMD_##name] = #name,
#define ITS_ERROR_NAME(name, code) [ITS_E_##name] = #name,
#define ITS_ERROR_CODE(name, code) [ITS_E_##name] = (code),

const char *its_cmd_name(u32 cmd)
{
	static const char *const names[] = { ITS_COMMANDS(ITS_CMD_NAME) };

	return cmd < ARRAY_SIZE(names) ? names[cmd] : "?";
}

const char *its_error_name(u32 error)
{
	static const char *const names[] = { [ITS_E_NONE] = "NONE", ITS_ERRORS(ITS_ERROR_NAME) };

	return error < ARRAY_SIZE(names) ? names[error] : "?";
}

u32 its_error_encoding(u32 error)
{
	static const u32 codes[] = { ITS_ERRORS(ITS_ERROR_CODE) };

	return error < ARRAY_SIZE(codes) ? codes[error] : 0;
}

void its_get_stats(const struct its *its, struct its_stats *st)
{
	*st = (struct its_stats){
		.devices = its->nr_devices,
		.events = its->nr_events,
		.collections = its->nr_collections,
		.max_events = its_nr_lpis(&its->cfg),
	};
	for (u32 i = 0; i < ITS_NR_CMDS; i++)
		st->commands[i] = its->cmd_count[i];
	for (u32 i = 0; i < ITS_NR_ERRORS; i++)
		st->errors[i] = its->error_count[i];
	for (u32 i = 0; i < its->nr_cpus; i++) {
		const struct its_cpu *c = &its->cpus[i];

		st->msi_delivered += atomic_load_relaxed(&c->delivered);
		st->msi_blocked += atomic_load_relaxed(&c->blocked);
		st->msi_unmapped += atomic_load_relaxed(&c->unmapped);
		st->msi_dropped += atomic_load_relaxed(&c->dropped);
	}
}

bool its_event_info(const struct its *its, u32 entry, struct its_event_info *info)
{
	u64 w;

	if (entry >= event_nr_words(its) || !its->events[entry])
		return false;
	w = its->events[entry];
	info->devid = its->devices[FIELD_GET(EVENT_SLOT, w)].devid;
	info->eventid = (u32)FIELD_GET(EVENT_ID, w);
	info->lpi = (u32)FIELD_GET(EVENT_LPI, w);
	info->icid = (u32)FIELD_GET(EVENT_ICID, w);
	info->vcpu = coll_vcpu(its, info->icid);
	return true;
}

u32 its_nr_entries(const struct its *its)
{
	return event_nr_words(its);
}

u32 its_nr_slots(const struct its *its)
{
	return its->next_slot;
}

bool its_device_info(const struct its *its, u32 devid, struct its_device_info *info)
{
	return its_device_at(its, device_find(its, devid), info);
}

bool its_device_at(const struct its *its, u32 slot, struct its_device_info *info)
{
	const struct its_device *d = &its->devices[slot];

	/* A free slot, and one whose device is being unmapped, is no one's. */
	if (slot >= its->next_slot || !d->event_bits || device_find(its, d->devid) != slot)
		return false;
	*info = (struct its_device_info){
		.devid = d->devid,
		.nr_events = (u32)BIT(d->event_bits),
		.mapped = d->mapped,
		.itt = d->itt,
	};
	return true;
}

u32 its_collection_vcpu(const struct its *its, u32 icid)
{
	return icid < ITS_NR_ICIDS ? coll_vcpu(its, icid) : ITS_NO_VCPU;
}
