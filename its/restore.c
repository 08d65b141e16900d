/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Restore: what the tables in guest memory say (its/table.h) is mapped.
 *
 * Those bytes are hostile. Each valid entry is copied once and only the copy is checked and used;
 * "next" only leads forwards; what is mapped stays within the same limits as for commands. Errors
 * take back everything: the same work as for a table that the guest has taken away.
 *
 * While it goes on the ITS is disabled and ignores register writes, so that nothing else can map,
 * unmap or signal.
 */
#include "its/internal.h"
#include "its/table.h"

/*
 * Reads the @n entries at @ipa, in one page: answers how many come before the first with a bit of
 * @valid, which goes to *@entry; @n if there is none; -EFAULT or -EAGAIN.
 */
static int restore_scan(struct its *its, u64 ipa, u32 n, u64 valid, u64 *entry)
{
	u64 chunk[TABLE_CHUNK];
	u32 i = 0;
	int err;

	its_charge(its, ITS_COST_GUEST_READ + (int)n * ITS_COST_ENTRY);
	err = its->ops.read(its->vm, ipa, chunk, n * sizeof(u64));
	if (err)
		return its_errno(err, -EFAULT);
	while (i < n && !(chunk[i] & valid))
		i++;
	if (i < n)
		*entry = chunk[i];
	return (int)i;
}

/* How many entries from @id on may be read at once; @id is below @limit. */
static u32 restore_chunk(u32 id, u32 limit)
{
	return MIN(limit, ALIGN_DOWN(id, TABLE_CHUNK) + TABLE_CHUNK) - id;
}

static bool restore_knows(const struct its *its, u32 icid)
{
	return its->icids[icid / 64] & BIT(icid % 64);
}

static int restore_collection(struct its *its, u64 cte)
{
	u64 rdbase = FIELD_GET(CTE_RDBASE, cte);
	u32 vcpu = rdbase == CTE_UNMAPPED ? ITS_NO_VCPU : its_rdbase_vcpu(its, rdbase);
	u32 icid = (u32)FIELD_GET(CTE_ICID, cte);

	its_charge(its, ITS_COST_FIND);
	if (rdbase != CTE_UNMAPPED && vcpu == ITS_NO_VCPU)
		return -EINVAL;
	if (restore_knows(its, icid))
		return -EINVAL;
	its->icids[icid / 64] |= BIT(icid % 64);
	if (vcpu == ITS_NO_VCPU)
		return 0;
	atomic_store_release(&its->coll_vcpu[icid], (u16)(vcpu + 1));
	its->nr_collections++;
	return 0;
}

static int restore_collections(struct its *its)
{
	struct its_restore_cursor *c = &its->restore;
	u64 ipa, cte = 0;

	for (; baser_locate(its, BASER_COLLECTIONS, c->id, &ipa) == 0; c->id++) {
		int err;

		if (its_spent(its))
			return -EAGAIN;
		err = restore_scan(its, ipa, 1, CTE_VALID, &cte);
		if (err)
			return err < 0 ? err : 0; /* 1: the end of the list */
		err = restore_collection(its, cte);
		if (err)
			return err;
	}
	return 0;
}

static int restore_event(struct its *its, u64 ite)
{
	struct its_restore_cursor *c = &its->restore;
	u32 lpi = (u32)FIELD_GET(ITE_PINTID, ite), icid = (u32)FIELD_GET(ITE_ICID, ite);
	u64 next = c->eventid + FIELD_GET(ITE_NEXT, ite);
	u32 vcpu = coll_vcpu(its, icid);
	u32 entry;
	int err = 0;

	its_charge(its, 2 * ITS_COST_FIND + 2 * ITS_COST_OP);
	if (lpi < ITS_LPI_BASE || lpi >= BIT(its->cfg.intid_bits) || !restore_knows(its, icid) ||
	    next >= BIT(its->devices[c->slot].event_bits))
		return -EINVAL;
	if (!event_has_room(its, c->slot, c->eventid))
		return -ENOMEM;
	if (vcpu != ITS_NO_VCPU)
		err = its->ops.lpi_reload(its->vm, vcpu, lpi);
	if (err == -EAGAIN || err == -ERANGE)
		return err == -EAGAIN ? err : -EINVAL;
	entry = event_add(its, c->slot, c->eventid, lpi, icid);
	if (its->ops.event_mapped)
		its->ops.event_mapped(its->vm, c->id, c->eventid, entry, vcpu);
	return 0;
}

/* The ITT of the device in c->slot. */
static int restore_itt(struct its *its)
{
	struct its_restore_cursor *c = &its->restore;
	const struct its_device *d = &its->devices[c->slot];
	u32 limit = (u32)BIT(d->event_bits);

	while (c->eventid < limit) {
		u32 n = restore_chunk(c->eventid, limit);
		u64 ite;
		int ret;

		if (its_spent(its))
			return -EAGAIN;
		ret = restore_scan(its, d->itt + (u64)c->eventid * ITS_ENTRY_SIZE, n, ITE_PINTID,
				   &ite);
		if (ret < 0)
			return ret;
		c->eventid += (u32)ret;
		if ((u32)ret == n)
			continue;
		ret = restore_event(its, ite);
		if (ret || !FIELD_GET(ITE_NEXT, ite))
			return ret;
		c->eventid += (u32)FIELD_GET(ITE_NEXT, ite);
	}
	return 0;
}

/* Maps the device of c->dte: 0 or -EAGAIN. */
static int restore_map_device(struct its *its)
{
	struct its_restore_cursor *c = &its->restore;

	if (device_map(its, c->id, dte_event_bits(c->dte), dte_itt(c->dte)))
		return -EAGAIN;
	c->slot = (u16)device_find(its, c->id);
	c->eventid = 0;
	return 0;
}

/* DeviceIDs that the ITS and its device table know. */
static u32 restore_nr_devids(const struct its *its)
{
	return (u32)MIN(its->nr_devids, baser_entries(its, BASER_DEVICES));
}

static int restore_check_device(struct its *its, u64 dte)
{
	if (dte_event_bits(dte) > its->cfg.eventid_bits ||
	    its->restore.id + FIELD_GET(DTE_NEXT, dte) >= restore_nr_devids(its))
		return -EINVAL;
	return device_has_room(its) ? 0 : -ENOMEM;
}

/* Takes the next valid DTE, from c->id on, into c->dte; 0: there is none. */
static int restore_find_device(struct its *its)
{
	struct its_restore_cursor *c = &its->restore;
	u32 per_page = baser_per_page(its, BASER_DEVICES);
	u32 limit = restore_nr_devids(its);
	u64 ipa, dte;

	while (c->id < limit) {
		u32 n = restore_chunk(c->id, limit);
		int ret;

		if (its_spent(its))
			return -EAGAIN;
		ret = baser_locate(its, BASER_DEVICES, c->id, &ipa);
		if (ret == -ENOENT) {
			c->id = ALIGN_DOWN(c->id, per_page) + per_page;
			continue;
		}
		if (ret)
			return its_errno(ret, -EFAULT);
		ret = restore_scan(its, ipa, n, DTE_VALID, &dte);
		if (ret < 0)
			return ret;
		c->id += (u32)ret;
		if ((u32)ret == n)
			continue;
		ret = restore_check_device(its, dte);
		c->dte = ret ? 0 : dte;
		return ret;
	}
	return 0;
}

static int restore_devices(struct its *its)
{
	struct its_restore_cursor *c = &its->restore;
	u32 next;
	int err;

	do {
		err = c->dte ? 0 : restore_find_device(its);
		if (err || !c->dte)
			return err;
		err = c->slot ? 0 : restore_map_device(its);
		if (!err)
			err = restore_itt(its);
		if (err)
			return err;
		next = (u32)FIELD_GET(DTE_NEXT, c->dte);
		c->id += next;
		c->dte = 0;
		c->slot = 0;
	} while (next);
	return 0;
}

/* Begins if the ITS is as it must be. */
static int restore_begin(struct its *its)
{
	if (its->nr_devices || its->nr_collections)
		return -ENXIO;
	its_charge(its, ITS_COST_ICIDS);
	for (u32 i = 0; i < ITS_NR_ICIDS / 64; i++)
		its->icids[i] = 0;
	its->restore.begun = true;
	return 0;
}

static int restore_run(struct its *its)
{
	struct its_restore_cursor *c = &its->restore;
	int err;

	if (!c->collections_done) {
		err = restore_collections(its);
		if (err)
			return err;
		c->collections_done = true;
		c->id = 0;
	}
	return restore_devices(its);
}

/* One step: 0, -EAGAIN or why it failed, everything taken back. */
static int restore_step(struct its *its)
{
	struct its_restore_cursor *c = &its->restore;
	int err;

	if (!c->active)
		*c = (struct its_restore_cursor){ .active = true };
	if (queue_settle(its)) /* a failed restore's mappings among it */
		return -EAGAIN;
	if (!c->begun) {
		err = restore_begin(its);
		if (err)
			return err;
	}
	if (c->error)
		return c->error;
	err = restore_run(its);
	if (err == 0 || err == -EAGAIN)
		return err;
	c->error = err;
	queue_purge(its, BASER_DEVICES);
	queue_purge(its, BASER_COLLECTIONS);
	return -EAGAIN;
}

int its_restore(struct its *its)
{
	int err;

	if (its->resetting)
		return -EBUSY;
	if (its->enabled)
		return -ENXIO;
	save_forget(its);
	its_begin_step(its);
	err = restore_step(its);
	if (err != -EAGAIN)
		its->restore.active = false;
	return err;
}

/*
 * Ends a restore without an answer; what it mapped stays. 0, or -EAGAIN: a device that the backend
 * is mapping must be mapped first; call again.
 */
int restore_abort(struct its *its)
{
	struct its_restore_cursor *c = &its->restore;

	if (c->active && c->dte && !c->slot) {
		its_begin_step(its);
		restore_map_device(its);
		return -EAGAIN;
	}
	c->active = false;
	return 0;
}
