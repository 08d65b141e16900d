/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Save: what is mapped is written into the tables that the guest has given (its/table.h).
 *
 * Three passes, in an order that gives one answer even for tables that overlap: the ITT of each
 * device, then the device table, both from the highest ID downwards, since an entry tells how far
 * the next one is; then the collections by ascending ICID. Entries that are valid in memory but not
 * mapped, left behind by an earlier save, are cleared: restore would find them. Bytes that need not
 * change are not written.
 *
 * The cursor is between chunks of entries. Whatever changes the ITS between two steps sets it back
 * to the beginning (save_forget()).
 */
#include "its/internal.h"
#include "its/table.h"

enum save_phase { SAVE_BEGIN, SAVE_ITTS, SAVE_DEVICES, SAVE_COLLECTIONS };

#define SAVE_COST_ENTRY 16 /* an entry compared */
#define SAVE_COST_CHUNK                                                                            \
	(2 * ITS_COST_GUEST_READ + ITS_COST_GUEST_WRITE +                                          \
	 (int)TABLE_CHUNK * (SAVE_COST_ENTRY + ITS_COST_FIND))

_Static_assert(SAVE_COST_CHUNK <= ITS_COST_MAX, "a step may end with a chunk");

/* How far the last mapped ID is from @id, which is now the last; 0 if @id is the first. */
static u32 save_next(struct its_save_cursor *c, u32 id)
{
	u32 next = c->last ? c->last - id : 0;

	c->last = id;
	return next;
}

/* The ITE of an event of the device in @slot, 0: not mapped. */
static u64 save_ite(struct its *its, u32 slot, u32 eventid)
{
	struct its_save_cursor *c = &its->save;
	u32 entry;
	u64 w;

	if (!c->left)
		return 0;
	its_charge(its, ITS_COST_FIND);
	entry = event_find(its, slot, eventid);
	if (entry == EVENT_NONE)
		return 0;
	c->left--;
	w = its->events[entry];
	return ite_pack((u32)FIELD_GET(EVENT_LPI, w), (u32)FIELD_GET(EVENT_ICID, w),
			save_next(c, eventid));
}

/* The DTE of a device, 0: not mapped. */
static u64 save_dte(struct its *its, u32 devid)
{
	const struct its_device *d = &its->devices[device_find(its, devid)];

	if (!d->event_bits)
		return 0;
	return dte_pack(d->itt, d->event_bits, save_next(&its->save, devid));
}

/*
 * Brings the entries @first .. @first + @n - 1 of the ITT of the device in @slot up to date, of the
 * device table if @slot is 0. Entries that are not there matter if one is of something mapped, entries
 * that cannot be written always.
 */
static int save_chunk(struct its *its, u32 slot, u32 first, u32 n)
{
	u64 ipa = its->devices[slot].itt + (u64)first * ITS_ENTRY_SIZE;
	u64 valid = slot ? ITE_PINTID : DTE_VALID;
	const u32 last = its->save.last, left = its->save.left;
	bool mapped = false, changed = false;
	u64 entry[TABLE_CHUNK];
	int err = 0;

	its_charge(its, ITS_COST_GUEST_READ + (int)n * SAVE_COST_ENTRY);
	if (!slot)
		err = its_errno(baser_locate(its, BASER_DEVICES, first, &ipa), -EINVAL);
	if (!err)
		err = its_errno(its->ops.read(its->vm, ipa, entry, n * sizeof(u64)), -EFAULT);
	if (err == -EAGAIN)
		return err;
	for (u32 i = n; i--;) {
		u64 now = slot ? save_ite(its, slot, first + i) : save_dte(its, first + i);

		mapped |= now != 0;
		if (err || now == entry[i] || !((now | entry[i]) & valid))
			continue;
		entry[i] = now;
		changed = true;
	}
	if (!changed)
		return mapped ? err : 0;
	its_charge(its, ITS_COST_GUEST_WRITE);
	err = its_errno(its->ops.write(its->vm, ipa, entry, n * sizeof(u64)), -EFAULT);
	if (err == -EAGAIN) { /* the same chunk again */
		its->save.last = last;
		its->save.left = left;
	}
	return err;
}

/* The entries below c->pos, chunk by chunk; @slot as above. 0, -EAGAIN or another error. */
static int save_table(struct its *its, u32 slot)
{
	struct its_save_cursor *c = &its->save;

	while (c->pos) {
		u32 first = ALIGN_DOWN(c->pos - 1, TABLE_CHUNK);
		int err;

		if (its_spent(its))
			return -EAGAIN;
		err = save_chunk(its, slot, first, c->pos - first);
		if (err)
			return err;
		c->pos = first;
	}
	c->last = 0;
	return 0;
}

static int save_itts(struct its *its)
{
	struct its_save_cursor *c = &its->save;
	int err;

	for (; c->id; c->id--, c->in_itt = false) {
		u32 slot = device_find(its, c->id - 1);

		if (its_spent(its))
			return -EAGAIN;
		its_charge(its, ITS_COST_ENTRY);
		if (!slot)
			continue;
		if (!c->in_itt) {
			c->in_itt = true;
			c->pos = (u32)BIT(its->devices[slot].event_bits);
			c->left = its->devices[slot].mapped;
		}
		err = save_table(its, slot);
		if (err)
			return err;
	}
	return 0;
}

/* Entry @n of the collection table. */
static int save_cte(struct its *its, u32 n, u64 cte)
{
	u64 ipa;
	int err = its_errno(baser_locate(its, BASER_COLLECTIONS, n, &ipa), -EINVAL);

	if (err)
		return err;
	its_charge(its, ITS_COST_GUEST_WRITE + ITS_COST_FIND);
	return its_errno(its->ops.write(its->vm, ipa, &cte, sizeof(cte)), -EFAULT);
}

/* c->id is the next ICID, c->pos the next entry. */
static int save_collections(struct its *its)
{
	struct its_save_cursor *c = &its->save;

	for (; c->id < ITS_NR_ICIDS; c->id++) {
		u32 vcpu = coll_vcpu(its, c->id);
		int err;

		if (its_spent(its))
			return -EAGAIN;
		its_charge(its, ITS_COST_ENTRY);
		if (vcpu == ITS_NO_VCPU && !its->coll_events[c->id])
			continue;
		if (vcpu != ITS_NO_VCPU && its->ops.vcpu_rdbase)
			vcpu = its->ops.vcpu_rdbase(its->vm, vcpu);
		err = save_cte(its, c->pos, cte_pack(c->id, vcpu));
		if (err)
			return err;
		c->pos++;
	}
	return c->pos < baser_entries(its, BASER_COLLECTIONS) ? save_cte(its, c->pos, 0) : 0;
}
_Static_assert(ITS_NO_VCPU == CTE_UNMAPPED, "a collection without a vCPU has KVM's mark");

static int save_run(struct its *its)
{
	struct its_save_cursor *c = &its->save;
	int err;

	if (c->phase == SAVE_BEGIN)
		*c = (struct its_save_cursor){ .phase = SAVE_ITTS, .id = its->nr_devids };
	if (c->phase == SAVE_ITTS) {
		err = save_itts(its);
		if (err)
			return err;
		c->phase = SAVE_DEVICES;
		c->pos = baser_entries(its, BASER_DEVICES) ? its->nr_devids : 0;
	}
	if (c->phase == SAVE_DEVICES) {
		err = save_table(its, 0);
		if (err)
			return err;
		c->phase = SAVE_COLLECTIONS; /* c->id and c->pos are 0 */
	}
	if (baser_entries(its, BASER_COLLECTIONS))
		return save_collections(its);
	return its->nr_events ? -EINVAL : 0; /* restore would not know their collections */
}

int its_save(struct its *its)
{
	int err;

	if (its_locked(its))
		return -EBUSY;
	its_begin_step(its);
	if (queue_settle(its))
		return -EAGAIN;
	err = save_run(its);
	if (err != -EAGAIN)
		save_forget(its);
	return err;
}
