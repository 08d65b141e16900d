// SPDX-License-Identifier: GPL-2.0-only
/* The mirror: devices, events, and the way of a physical LPI to the virtual ITS. */
#include "pci/mirror_priv.h"
#include "drivers/gits.h"
#include "drivers/lpi.h"
#include "hyp/lib/atomic.h"
#include "hyp/lib/errno.h"
#include "hyp/lib/lock.h"
#include "hyp/lib/string.h"
#include "its/its.h"

/* A host LPI's cookie: one word, 0 for none. */
#define COOKIE_EVENTID GENMASK(15, 0)
#define COOKIE_DEVID GENMASK(35, 16)
#define COOKIE_ENTRY GENMASK(56, 36)
#define COOKIE_MIRROR GENMASK(63, 57) /* index + 1 */

_Static_assert(MIRROR_MAX <= FIELD_MAX(COOKIE_MIRROR),
	       "a cookie holds the index of every mirror, plus 1");

struct mirror {
	struct its *its; /* NULL: this one is free. Read without the lock by mirror_lpi() */
	struct mirror_config cfg;
	u32 host_lpis;
	u32 devices;
	u32 cursor; /* mirror_destroy() */
};

struct mirror_cpu {
	u64 delivered; /* written by its CPU alone */
	u64 pad[7];
};
_Static_assert(sizeof(struct mirror_cpu) == 64, "one cache line per CPU");

static struct spinlock mirror_lock = SPINLOCK_INIT(LOCK_MIRROR);

static struct {
	struct mirror table[MIRROR_MAX];
	struct mirror_cpu cpu[GICV3_MAX_CPUS];
	struct mirror_device *devices;
	struct mirror_event *events; /* by host LPI */
	u16 *bucket; /* first slot of each chain, or MIRROR_NONE */
	u32 nr_devices;
	u32 nr_buckets; /* a power of two */
	u32 work; /* devices that may have moves waiting, or more than there are */
	u32 work_at; /* slot that mirror_work() looks at next */
	struct mirror_stats stats;
} mirror;

static u32 mirror_buckets(u32 nr_devices)
{
	return (u32)bits_roundup_pow2(nr_devices);
}

size_t mirror_mem_size(u32 nr_devices)
{
	if (!nr_devices || nr_devices > MIRROR_MAX_DEVICES)
		return 0;
	return ALIGN_UP(nr_devices * sizeof(struct mirror_device) +
				lpi_nr() * sizeof(struct mirror_event) +
				mirror_buckets(nr_devices) * sizeof(u16),
			sizeof(u64));
}

int mirror_setup(void *mem, u32 nr_devices)
{
	if (!mem || !mirror_mem_size(nr_devices))
		return -EINVAL;
	memset(&mirror, 0, sizeof(mirror));
	mirror.nr_devices = nr_devices;
	mirror.nr_buckets = mirror_buckets(nr_devices);
	mirror.devices = mem;
	mirror.events = (struct mirror_event *)(mirror.devices + nr_devices);
	mirror.bucket = (u16 *)(mirror.events + lpi_nr());
	memset(mirror.bucket, 0xff, mirror.nr_buckets * sizeof(u16));
	return 0;
}

struct mirror_event *mirror_event_get(u32 lpi)
{
	return &mirror.events[lpi - GIC_LPI_BASE];
}

static u32 mirror_index(const struct mirror *m)
{
	return (u32)(m - mirror.table);
}

static u16 *mirror_bucket(u32 index, u32 vdevid)
{
	u32 hash = (vdevid ^ index << 20) * UINT32_C(0x9e3779b1);

	return &mirror.bucket[(hash >> 16 ^ hash) & (mirror.nr_buckets - 1)];
}

/* Only real devices are in the chains, so a guest cannot make them long by its choice of DeviceIDs.
 */
static struct mirror_device *mirror_find(const struct mirror *m, u32 vdevid)
{
	u32 index = mirror_index(m);
	u16 slot = *mirror_bucket(index, vdevid);

	while (slot != MIRROR_NONE) {
		struct mirror_device *d = &mirror.devices[slot];

		if (d->vdevid == vdevid && d->mirror == index)
			return d;
		slot = d->next;
	}
	return NULL;
}

/* A free slot, if no mirror has this physical device already; NULL. */
static struct mirror_device *mirror_claim(const struct mirror_target *t)
{
	struct mirror_device *d, *found = NULL;

	for (d = mirror.devices; d < mirror.devices + mirror.nr_devices; d++) {
		if (d->state == MIRROR_FREE)
			found = found ? found : d;
		else if (d->its == t->its && d->devid == t->devid)
			return NULL;
	}
	return found;
}

static void mirror_link(struct mirror_device *d)
{
	u16 *bucket = mirror_bucket(d->mirror, d->vdevid);

	d->next = *bucket;
	*bucket = (u16)(d - mirror.devices);
}

static void mirror_unlink(const struct mirror_device *d)
{
	u16 *link = mirror_bucket(d->mirror, d->vdevid);
	u16 slot = (u16)(d - mirror.devices);

	while (*link != slot)
		link = &mirror.devices[*link].next;
	*link = d->next;
}

/* LPIs, ITT and slot of @d are free again: nothing of it is on the physical ITS, or ever was. */
static void mirror_release(struct mirror *m, struct mirror_device *d)
{
	int err;

	err = lpi_free(d->first_lpi, d->order);
	ASSERT(!err);
	err = gits_itt_free(d->its, d->order, d->itt_pa);
	ASSERT(!err);
	m->host_lpis -= (u32)BIT(d->order);
	m->devices--;
	mirror.stats.devices--;
	mirror_unlink(d);
	memset(d, 0, sizeof(*d));
}

/* Takes what @t needs: 0, or an error and nothing is taken. */
static int mirror_reserve(struct mirror *m, u32 vdevid, const struct mirror_target *t,
			  struct mirror_device **out)
{
	u32 order = MAX(bits_fls(t->nr_events - 1), 1u);
	struct mirror_device *d = mirror_claim(t);
	struct mirror_device new = { .mirror = (u16)mirror_index(m),
				     .vdevid = vdevid,
				     .its = t->its };

	order = MIN(order, MIRROR_MAX_ORDER);
	if (!d || (m->cfg.max_lpis && m->host_lpis + BIT(order) > m->cfg.max_lpis))
		return -ENOSPC;
	new.devid = t->devid;
	new.order = order;
	if (lpi_alloc(order, &new.first_lpi))
		return -ENOSPC;
	if (gits_itt_alloc(t->its, order, &new.itt_pa)) {
		lpi_free(new.first_lpi, order);
		return -ENOSPC;
	}
	*d = new;
	m->host_lpis += (u32)BIT(order);
	m->devices++;
	mirror.stats.devices++;
	mirror_link(d);
	*out = d;
	return 0;
}

static int mirror_map_new(struct mirror *m, u32 vdevid, u32 nr_events, struct mirror_device **out)
{
	struct mirror_target t = { 0 };
	int err;

	err = m->cfg.resolve(m->cfg.ctx, vdevid, nr_events, &t);
	if (err || !t.nr_events) {
		mirror.stats.absent++;
		return err ? err : -ENODEV;
	}
	err = mirror_reserve(m, vdevid, &t, out);
	if (err) {
		mirror.stats.exhausted++;
		return err;
	}
	err = mirror_map_start(*out);
	if (err)
		mirror_release(m, *out);
	return err ? err
		   : -EAGAIN; /* reading config space and clearing the ITT is a step of its own */
}

static int mirror_note_lost(const struct mirror_device *d, int err)
{
	if (d->state == MIRROR_LOST)
		mirror.stats.lost++;
	return err;
}

static int mirror_device_mapped_locked(struct mirror *m, u32 devid, u32 nr_events)
{
	struct mirror_device *d = mirror_find(m, devid);
	int err;

	if (!d) {
		err = mirror_map_new(m, devid, nr_events, &d);
		if (err)
			return err == -ENODEV ? 0 : err;
	}
	switch (d->state) {
	case MIRROR_MAPPING:
	case MIRROR_MAP_SYNC:
	case MIRROR_MAP_WAIT:
		return mirror_note_lost(d, mirror_map_step(d));
	case MIRROR_LIVE:
		return 0;
	case MIRROR_LOST:
		return -EIO;
	default:
		return -EBUSY; /* its unmapping was begun and not finished */
	}
}

int mirror_device_mapped(struct mirror *m, u32 devid, u32 nr_events)
{
	int err;

	spin_lock(&mirror_lock);
	err = mirror_device_mapped_locked(m, devid, nr_events);
	spin_unlock(&mirror_lock);
	return err;
}

/* A lost device stays in its slot, so that no one gets its DeviceID, LPIs and ITT; its cookies
 * still must go. */
static int mirror_forget_lost(struct mirror_device *d)
{
	u32 i;

	for (i = 0; i < BIT(d->order); i++)
		lpi_clear_cookie(d->first_lpi + i);
	return 0;
}

static int mirror_unmap_locked(struct mirror *m, struct mirror_device *d)
{
	int err;

	if (d->state == MIRROR_LOST)
		return mirror_forget_lost(d);
	err = mirror_unmap_step(d);
	if (err == -EAGAIN)
		return err;
	if (err) {
		mirror_note_lost(d, err);
		return mirror_forget_lost(d);
	}
	mirror_release(m, d);
	return 0;
}

int mirror_device_unmapped(struct mirror *m, u32 devid)
{
	struct mirror_device *d;
	int err = 0;

	spin_lock(&mirror_lock);
	d = mirror_find(m, devid);
	if (d)
		err = mirror_unmap_locked(m, d);
	spin_unlock(&mirror_lock);
	return err;
}

/* Of a live device's event that hardware knows: the host LPI; 0: it is virtual only. */
static u32 mirror_event_lpi(const struct mirror_device *d, u32 eventid)
{
	return d && d->state == MIRROR_LIVE && eventid < BIT(d->order) ? d->first_lpi + eventid : 0;
}

static void mirror_want(struct mirror *m, struct mirror_device *d, u32 eventid, u32 vcpu)
{
	struct mirror_event *ev = mirror_event_get(d->first_lpi + eventid);
	u32 cpu;

	if (vcpu == ITS_NO_VCPU)
		return;
	cpu = m->cfg.vcpu_cpu(m->cfg.ctx, vcpu);
	if (cpu >= GICV3_MAX_CPUS)
		return;
	ev->want = (u16)cpu;
	if (ev->want == ev->have)
		return;
	if (d->dirty_lo == d->dirty_hi) {
		d->dirty_lo = eventid;
		d->dirty_hi = eventid + 1;
	} else {
		d->dirty_lo = MIN(d->dirty_lo, eventid);
		d->dirty_hi = MAX(d->dirty_hi, eventid + 1);
	}
	atomic_store_relaxed(&mirror.work, 1u);
}

void mirror_event_mapped(struct mirror *m, u32 devid, u32 eventid, u32 entry, u32 vcpu)
{
	struct mirror_device *d;
	u32 lpi;

	spin_lock(&mirror_lock);
	d = mirror_find(m, devid);
	lpi = mirror_event_lpi(d, eventid);
	if (lpi && entry <= FIELD_MAX(COOKIE_ENTRY) && devid <= FIELD_MAX(COOKIE_DEVID)) {
		lpi_set_cookie(lpi, FIELD_PREP(COOKIE_MIRROR, mirror_index(m) + 1) |
					    FIELD_PREP(COOKIE_ENTRY, entry) |
					    FIELD_PREP(COOKIE_DEVID, devid) |
					    FIELD_PREP(COOKIE_EVENTID, eventid));
		mirror_want(m, d, eventid, vcpu);
	} else if (d) {
		mirror.stats.beyond++;
	}
	spin_unlock(&mirror_lock);
}

void mirror_event_moved(struct mirror *m, u32 devid, u32 eventid, u32 vcpu)
{
	struct mirror_device *d;

	spin_lock(&mirror_lock);
	d = mirror_find(m, devid);
	if (mirror_event_lpi(d, eventid))
		mirror_want(m, d, eventid, vcpu);
	spin_unlock(&mirror_lock);
}

void mirror_event_unmapped(struct mirror *m, u32 devid, u32 eventid)
{
	struct mirror_device *d;
	u32 lpi;

	spin_lock(&mirror_lock);
	d = mirror_find(m, devid);
	lpi = mirror_event_lpi(d, eventid);
	if (lpi)
		lpi_clear_cookie(lpi);
	spin_unlock(&mirror_lock);
}

bool mirror_work_pending(void)
{
	return atomic_load_relaxed(&mirror.work);
}

/* A whole round that ends within its budget has left no move behind. */
static int mirror_work_locked(void)
{
	u32 budget = MIRROR_STEP * MIRROR_MOVE_COST, seen;
	int err;

	for (seen = 0; seen < mirror.nr_devices; seen++) {
		struct mirror_device *d = &mirror.devices[mirror.work_at];

		if (d->state == MIRROR_LIVE && d->dirty_lo < d->dirty_hi) {
			err = mirror_move_step(d, &budget, &mirror.stats.moves);
			gits_kick(d->its);
			if (err)
				return err;
		}
		mirror.work_at = (mirror.work_at + 1) % mirror.nr_devices;
	}
	atomic_store_relaxed(&mirror.work, 0u);
	return 0;
}

int mirror_work(void)
{
	int err;

	if (!mirror_work_pending())
		return 0;
	spin_lock(&mirror_lock);
	err = mirror_work_locked();
	spin_unlock(&mirror_lock);
	return err;
}

/* The failing ways of mirror_lpi(): each leaves its count. */
static int mirror_lpi_failed(int ret, u32 lpi, u64 cookie)
{
	u64 *counter = &mirror.stats.dropped;

	if (ret == 0)
		counter = &mirror.stats.blocked;
	else if (cookie && ret == -ENXIO)
		counter = &mirror.stats.late;
	else if (!cookie && lpi >= GIC_LPI_BASE && lpi - GIC_LPI_BASE < lpi_nr())
		counter = &mirror.stats.unmapped;
	atomic_add(counter, UINT64_C(1));
	return ret;
}

int mirror_lpi(u32 cpu, u32 lpi)
{
	u64 cookie = lpi_cookie(lpi);
	u64 *delivered;
	struct its *its;
	int ret;

	if (!cookie)
		return mirror_lpi_failed(-ENXIO, lpi, cookie);
	its = atomic_load_acquire(&mirror.table[FIELD_GET(COOKIE_MIRROR, cookie) - 1].its);
	if (!its)
		return mirror_lpi_failed(-ENXIO, lpi, cookie);
	ret = its_signal_entry(its, cpu, (u32)FIELD_GET(COOKIE_ENTRY, cookie),
			       (u32)FIELD_GET(COOKIE_DEVID, cookie),
			       (u32)FIELD_GET(COOKIE_EVENTID, cookie));
	if (ret <= 0)
		return mirror_lpi_failed(ret, lpi, cookie);
	delivered = &mirror.cpu[cpu].delivered;
	atomic_store_relaxed(delivered, *delivered + 1);
	return ret;
}

struct mirror *mirror_create(const struct mirror_config *cfg)
{
	struct mirror *m, *found = NULL;

	if (!cfg->its || !cfg->resolve || !cfg->vcpu_cpu)
		return NULL;
	spin_lock(&mirror_lock);
	for (m = mirror.table; m < mirror.table + MIRROR_MAX && !found; m++)
		if (!m->its && !m->devices)
			found = m;
	if (found) {
		found->cfg = *cfg;
		found->host_lpis = 0;
		found->devices = 0;
		found->cursor = 0;
		atomic_store_release(&found->its, cfg->its);
	}
	spin_unlock(&mirror_lock);
	return found;
}

static int mirror_destroy_locked(struct mirror *m)
{
	int err;

	for (; m->cursor < mirror.nr_devices; m->cursor++) {
		struct mirror_device *d = &mirror.devices[m->cursor];

		if (d->state == MIRROR_FREE || d->mirror != mirror_index(m))
			continue;
		err = mirror_unmap_locked(m, d);
		if (err)
			return err;
	}
	/* With lost devices left, mirror_create() does not give it out again: they would be the
	 * next owner's. */
	atomic_store_release(&m->its, NULL);
	return 0;
}

int mirror_destroy(struct mirror *m)
{
	int err;

	spin_lock(&mirror_lock);
	err = mirror_destroy_locked(m);
	spin_unlock(&mirror_lock);
	return err;
}

void mirror_stats(struct mirror_stats *out)
{
	u32 i;

	spin_lock(&mirror_lock);
	*out = mirror.stats;
	spin_unlock(&mirror_lock);
	out->host_lpis = lpi_used();
	out->itts = gits_itts_used();
	for (i = 0; i < GICV3_MAX_CPUS; i++)
		out->delivered += atomic_load_relaxed(&mirror.cpu[i].delivered);
}

static bool mirror_describe(const struct mirror_device *d, struct mirror_device_info *out)
{
	if (!d || d->state == MIRROR_FREE)
		return false;
	*out = (struct mirror_device_info){ .mirror = d->mirror,
					    .vdevid = d->vdevid,
					    .its = d->its,
					    .devid = d->devid,
					    .first_lpi = d->first_lpi,
					    .nr_events = (u32)BIT(d->order) };
	return true;
}

bool mirror_device_find(const struct mirror *m, u32 vdevid, struct mirror_device_info *out)
{
	bool found;

	spin_lock(&mirror_lock);
	found = mirror_describe(mirror_find(m, vdevid), out);
	spin_unlock(&mirror_lock);
	return found;
}

bool mirror_device_info(u32 n, struct mirror_device_info *out)
{
	bool found;

	if (n >= mirror.nr_devices)
		return false;
	spin_lock(&mirror_lock);
	found = mirror_describe(&mirror.devices[n], out);
	spin_unlock(&mirror_lock);
	return found;
}

int mirror_resolve_identity(const struct board *b, const struct ecam *e, u32 its, u32 devid,
			    u32 nr_events, struct mirror_target *out)
{
	struct reqid_target t = { .its = its, .devid = devid };
	bool has_requester;

	out->its = its;
	out->devid = devid;
	out->nr_events = ecam_devid_vectors(b, e, &t, &has_requester);
	if (!has_requester)
		out->nr_events = MIN(nr_events, MIRROR_PLATFORM_EVENTS);
	return 0;
}
