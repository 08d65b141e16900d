/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The command queue and all other work that is done in bounded steps.
 *
 * its_run() takes one command after the other from the guest's ring until CREADR meets CWRITER or
 * the step's budget is spent. A command that is not finished stays in the cursor, with its 32
 * bytes: they are read from memory once. CREADR moves when a command has completed, never before. A
 * bad command is counted by its error's name and passed.
 *
 * Besides commands there is one other kind of work: a table that the guest took away
 * (GITS_BASER<n>) means that nothing is mapped there any more, and disabling means that no MSI may
 * be on its way. Both happen with the ITS disabled; GITS_CTLR.Quiescent is 0 and no MSI is
 * translated until that work is done.
 */
#include "its/internal.h"

/* Bytes of the ring. */
u32 queue_size(const struct its *its)
{
	return ((u32)FIELD_GET(CBASER_SIZE, its->cbaser) + 1) * (u32)SZ_4K;
}

/*
 * MSIs are translated when the ITS is enabled and no work is left that would take away what they
 * find.
 */
static void queue_update_live(struct its *its)
{
	atomic_store_release(&its->live, (u32)(its->enabled && !its->work));
}

/* GITS_CTLR.Enabled changes to @on. */
void queue_enable(struct its *its, bool on)
{
	if (its->enabled && !on)
		its->work |= WORK_DRAIN;
	its->enabled = on;
	queue_update_live(its);
}

/* The ITS is disabled and the guest has taken @table away: nothing is mapped in it any more. */
void queue_purge(struct its *its, enum baser_index table)
{
	if (table == BASER_COLLECTIONS)
		its->work |= WORK_DRAIN | WORK_COLLECTIONS;
	else
		its->work |= WORK_DRAIN | WORK_EVENTS | WORK_DEVICES;
	queue_update_live(its);
}

static bool queue_has_command(const struct its *its)
{
	return its->enabled && (its->cbaser & CBASER_VALID) && its->creadr != its->cwriter;
}

/* GITS_CTLR.Quiescent: no command is going on or can start, no MSI and no purge is on its way. */
bool queue_quiescent(const struct its *its)
{
	return !its->cur.active && !its->work && !queue_has_command(its);
}

/* All events, in whatever order the table has them. No MSI can reach them any more. */
static int queue_purge_events(struct its *its)
{
	while (its->nr_events) {
		u32 entry = event_sweep(its, &its->work_event, 0, 0);

		if (entry == EVENT_NONE)
			return -EAGAIN;
		if (event_retire(its, entry)) {
			its->work_event--;
			return -EAGAIN;
		}
	}
	its->work_event = 0;
	return 0;
}

static int queue_purge_devices(struct its *its)
{
	for (; its->work_slot < its->next_slot; its->work_slot++) {
		u32 slot = its->work_slot;

		if (its_spent(its))
			return -EAGAIN;
		its_charge(its, ITS_COST_ENTRY);
		if (slot == 0 || !its->devices[slot].event_bits)
			continue;
		device_hide(its, its->devices[slot].devid);
		if (device_notify_unmapped(its, slot))
			return -EAGAIN;
		device_free(its, slot);
	}
	its->work_slot = 0;
	return 0;
}

static int queue_purge_collections(struct its *its)
{
	for (; its->nr_collections && its->work_icid < ITS_NR_ICIDS; its->work_icid++) {
		if (its_spent(its))
			return -EAGAIN;
		its_charge(its, ITS_COST_ENTRY);
		if (!its->coll_vcpu[its->work_icid])
			continue;
		atomic_store_release(&its->coll_vcpu[its->work_icid], (u16)0);
		its->nr_collections--;
	}
	its->work_icid = 0;
	return 0;
}

/* The parts of WORK_*, in their order. */
static const struct queue_part {
	u32 work;
	int (*run)(struct its *its); /* 0 or -EAGAIN */
} queue_parts[] = {
	{ WORK_DRAIN, signal_drain },
	{ WORK_EVENTS, queue_purge_events },
	{ WORK_DEVICES, queue_purge_devices },
	{ WORK_COLLECTIONS, queue_purge_collections },
};

/* 0 or -EAGAIN. */
static int queue_work(struct its *its)
{
	for (u32 i = 0; i < ARRAY_SIZE(queue_parts); i++) {
		if (!(its->work & queue_parts[i].work))
			continue;
		if (queue_parts[i].run(its))
			return -EAGAIN;
		its->work &= ~queue_parts[i].work;
	}
	queue_update_live(its);
	return 0;
}

/* The command at CREADR is done. */
static void queue_advance(struct its *its)
{
	its->cur.active = false;
	its->creadr += CMD_SIZE;
	if (its->creadr >= queue_size(its))
		its->creadr = 0;
}

/*
 * Takes the command at CREADR into the cursor, or passes it if it cannot be read or is none of
 * ours. 0, or -EAGAIN: it is not in memory yet.
 */
static int queue_fetch(struct its *its)
{
	struct its_cursor *cur = &its->cur;
	u64 ipa = (its->cbaser & CBASER_ADDR) + its->creadr;
	u32 opcode;
	int id, err;

	save_forget(its);
	/* Field by field: the read fills cmd, and this is on the way of every command. */
	cur->active = false;
	cur->phase = 0;
	cur->slot = 0;
	cur->pos = 0;
	cur->left = 0;
	cur->lpi = 0;
	cur->reload = false;
	its_charge(its, ITS_COST_COMMAND);
	err = its->ops.read(its->vm, ipa, cur->cmd, CMD_SIZE);
	if (err == -EAGAIN)
		return err;
	if (err) {
		its_count_error(its, ITS_E_COMMAND_FETCH);
		queue_advance(its);
		return 0;
	}
	opcode = (u32)FIELD_GET(CMD0_OPCODE, cur->cmd[0]);
	id = cmd_lookup(opcode);
	if (id < 0) {
		its_count_error(its, cmd_is_virtual(opcode) ? ITS_E_COMMAND_VIRTUAL
							    : ITS_E_COMMAND_UNKNOWN);
		queue_advance(its);
		return 0;
	}
	cur->id = (u32)id;
	cur->active = true;
	its->cmd_count[id]++;
	return 0;
}

static int queue_command(struct its *its)
{
	int ret = cmd_run(its, &its->cur);

	if (ret == -EAGAIN)
		return -EAGAIN;
	if (ret > 0)
		its_count_error(its, (u32)ret);
	queue_advance(its);
	return 0;
}

/* Ends what is begun: the command in hand, then purges. 0 or -EAGAIN. */
int queue_settle(struct its *its)
{
	if (its->cur.active && queue_command(its))
		return -EAGAIN;
	return its->work ? queue_work(its) : 0;
}

/* One step: what is begun first, then the ring. */
static enum its_progress queue_run(struct its *its)
{
	its_begin_step(its);
	for (;;) {
		if (queue_settle(its))
			return ITS_AGAIN;
		if (!queue_has_command(its))
			return ITS_IDLE;
		if (its_spent(its))
			return ITS_AGAIN;
		if (queue_fetch(its))
			return ITS_AGAIN;
	}
}

enum its_progress its_run(struct its *its)
{
	return queue_run(its);
}

enum its_progress its_reset(struct its *its)
{
	its->resetting = true;
	if (!its->emptying) {
		if (restore_abort(its))
			return ITS_AGAIN;
		save_forget(its);
		its->emptying = true;
		queue_enable(its, false);
		queue_purge(its, BASER_DEVICES);
		queue_purge(its, BASER_COLLECTIONS);
	}
	if (queue_run(its) == ITS_AGAIN)
		return ITS_AGAIN;
	its->cbaser = 0;
	its->cwriter = 0;
	its->creadr = 0;
	for (u32 i = 0; i < NR_BASERS; i++)
		its->baser[i] = 0;
	its->emptying = false;
	its->resetting = false;
	return ITS_IDLE;
}
