/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Devices: DeviceID -> device slot, by a directly indexed array, and what MAPD V=0 has to do.
 *
 * A slot stands for one MAPD. It is not used again before every event that names it is gone, which
 * the unmapping sees to: hide the DeviceID, wait for the MSIs that may have found it, then take the
 * events away one by one.
 */
#include "its/internal.h"

enum device_phase {
	DEVICE_DRAIN = 1, /* phase 0 is the command's own */
	DEVICE_EVENTS,
	DEVICE_NOTIFY,
};

/* True if one more device may be mapped. */
bool device_has_room(const struct its *its)
{
	return its->nr_devices < its->cfg.max_devices;
}

static void device_add(struct its *its, u32 devid, u32 event_bits, u64 itt)
{
	u32 slot = its->free_slot;
	struct its_device *d;

	if (slot)
		its->free_slot = its->devices[slot].next_free;
	else
		slot = its->next_slot++;
	d = &its->devices[slot];
	*d = (struct its_device){ .itt = itt, .devid = devid, .event_bits = (u8)event_bits };
	its->nr_devices++;
	atomic_store_release(&its->dev_slot[devid], (u16)slot);
}

/*
 * Maps a device that is not mapped; there must be room. The backend first: when the device is
 * mapped it can interrupt. 0, or -EAGAIN: call again with the same arguments.
 */
int device_map(struct its *its, u32 devid, u32 event_bits, u64 itt)
{
	int ret = 0;

	if (its->ops.device_mapped) {
		if (!its_fresh(its))
			return -EAGAIN;
		its_charge(its, ITS_COST_STEP);
		ret = its->ops.device_mapped(its->vm, devid, (u32)BIT(event_bits));
	}
	if (ret == -EAGAIN)
		return -EAGAIN;
	if (ret < 0)
		its_count_error(its, ITS_E_MAPD_BACKEND);
	device_add(its, devid, event_bits, itt);
	return 0;
}

/*
 * From now on no MSI finds the device; those that have found it are waited for with signal_drain().
 */
void device_hide(struct its *its, u32 devid)
{
	atomic_store_release(&its->dev_slot[devid], (u16)0);
}

/* The slot of a hidden device without events may be used again. */
void device_free(struct its *its, u32 slot)
{
	its->devices[slot].event_bits = 0;
	its->devices[slot].next_free = its->free_slot;
	its->free_slot = (u16)slot;
	its->nr_devices--;
}

/* The backend unmaps the device; 0 or -EAGAIN. */
int device_notify_unmapped(struct its *its, u32 slot)
{
	if (!its->ops.device_unmapped)
		return 0;
	if (!its_fresh(its))
		return -EAGAIN;
	its_charge(its, ITS_COST_STEP);
	return its->ops.device_unmapped(its->vm, its->devices[slot].devid) == -EAGAIN ? -EAGAIN : 0;
}

/*
 * The device's next event, from cur->pos on; EVENT_NONE: the budget is spent or no more. A small
 * device is walked by EventID, a large one by walking the table, whichever is the shorter way at
 * worst.
 */
static u32 device_next_event(struct its *its, struct its_cursor *cur)
{
	u32 bits = its->devices[cur->slot].event_bits;

	if (BIT(bits) > its->nr_buckets)
		return event_sweep(its, &cur->pos, EVENT_SLOT, FIELD_PREP(EVENT_SLOT, cur->slot));
	while (cur->pos < BIT(bits) && !its_spent(its)) {
		u32 entry = event_find(its, cur->slot, cur->pos++);

		its_charge(its, ITS_COST_FIND);
		if (entry != EVENT_NONE)
			return entry;
	}
	return EVENT_NONE;
}

static int device_unmap_events(struct its *its, struct its_cursor *cur)
{
	while (its->devices[cur->slot].mapped) {
		u32 entry = device_next_event(its, cur);

		if (entry == EVENT_NONE)
			return -EAGAIN;
		if (event_retire(its, entry)) {
			cur->pos--; /* in either way of walking the same event comes again */
			return -EAGAIN;
		}
		if (its_spent(its) && its->devices[cur->slot].mapped)
			return -EAGAIN;
	}
	return 0;
}

/* Unmaps the hidden device cur->slot, events first. 0 done, -EAGAIN call again. @cur is fresh. */
int device_unmap(struct its *its, struct its_cursor *cur)
{
	if (cur->phase < DEVICE_DRAIN)
		cur->phase = DEVICE_DRAIN;
	if (cur->phase == DEVICE_DRAIN) {
		if (signal_drain(its))
			return -EAGAIN;
		cur->phase = DEVICE_EVENTS;
	}
	if (cur->phase == DEVICE_EVENTS) {
		if (device_unmap_events(its, cur))
			return -EAGAIN;
		cur->phase = DEVICE_NOTIFY;
	}
	if (device_notify_unmapped(its, cur->slot))
		return -EAGAIN;
	device_free(its, cur->slot);
	return 0;
}
