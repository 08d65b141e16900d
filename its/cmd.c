/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What each ITS command does (IHI 0069H 5.3).
 *
 * A handler is called with the command in the cursor until it answers something else than -EAGAIN:
 * 0, or the error's number, which its caller counts. All checks come before the first effect, so a
 * command that fails has changed nothing. One that unmaps or moves writes the tables, waits for the
 * MSIs that may have seen them as they were (signal_drain()), and only then takes or moves pending
 * state and tells the backend.
 *
 * Where the architecture leaves a choice:
 *
 *  - A command with a wrong parameter (5.3.2 "Command errors"): it is ignored and the next one is
 *    processed. This ITS never stalls and reports no system errors (GITS_TYPER.SEIS is 0); the
 *    error is counted.
 *  - An entry of the ring that cannot be read (5.3.2): passed, counted as COMMAND_FETCH.
 *  - GICv4's commands, with GITS_TYPER.Virtual == 0: ignored, counted as COMMAND_VIRTUAL; an opcode
 *    of no command at all as COMMAND_UNKNOWN.
 *  - RES0 fields of a command are ignored. An ITT address is taken as it is (256-byte aligned by
 *    its field).
 *  - MAPD of a mapped DeviceID (5.3 "MAPD": UNPREDICTABLE unless unmapped first): as if MAPD V=0
 *    came first, with everything that belongs to it. If the new mapping fails a check the old one
 *    stays.
 *  - MAPD V=0 of a DeviceID that is not mapped: nothing. It needs no table entry in guest memory:
 *    what is mapped can always be unmapped.
 *  - MAPD V=0 while LPIs of the device are pending (5.2.8, 5.3 "MAPD"): their pending state is
 *    removed, as by DISCARD.
 *  - MAPD when max_devices are mapped: MAPD_DEVICE_OOR. MAPTI when as many events are mapped as
 *    there are LPIs, or when the event's two buckets are full: MAPTI_ID_OOR.
 *  - MAPTI and MAPI of an EventID that is mapped (5.3 "MAPTI": UNPREDICTABLE): ignored, counted as
 *    *_ALREADY_MAPPED. DISCARD comes first where a guest is in earnest.
 *  - MAPTI whose ITT entry is not in guest memory: MAPTI_ID_OOR, as KVM.
 *  - MAPTI with an ICID that is not mapped: accepted if the collection table has an entry for it;
 *    MSIs are dropped until MAPC maps it, which also reads the configuration of its LPIs.
 *  - One LPI mapped by several events (5.2.9 forbids it): each raises it; DISCARD of one removes
 *    its pending state.
 *  - MAPC of a mapped ICID to another RDbase (5.3 "MAPC"): what comes later goes to the new one;
 *    LPIs that are pending stay pending where they are, as for a redistributor. MOVALL or MOVI
 *    moves them.
 *  - MAPC V=0 of a collection that events name: they stay mapped and lead nowhere; MSIs are counted
 *    as unmapped. RDbase is not looked at. The same for an ICID that is not mapped: nothing.
 *  - INT, CLEAR, INV and DISCARD of an event whose collection is not mapped: *_ITE_INVALID, as
 *    5.3's pseudocode has it.
 *  - MOVI to or from a collection that is not mapped: MOVI_UNMAPPED_COLLECTION. To the one it is
 *    in: as any other.
 *  - MOVALL does not change collections (5.3 "MOVALL"): pending state only. RDbase1 == RDbase2:
 *    nothing.
 *  - SYNC: nothing to do, whatever RDbase says. Every command has taken effect when CREADR passes
 *    it.
 *  - INT of an LPI that is disabled makes it pending; if LPIs are disabled at the redistributor, it
 *    is lost (5.1).
 *  - The ICID of INVALL, MAPC, MAPTI, MOVI has 16 bits (GITS_TYPER.CIL == 0) and cannot be out of
 *    range; the table can.
 */
#include "its/internal.h"

/* How the errors of a command that names an event follow its first one. */
enum event_error {
	EV_DEVICE_OOR,
	EV_UNMAPPED_DEVICE,
	EV_ID_OOR,
	EV_UNMAPPED_INTERRUPT,
	EV_NO_COLLECTION
};
/* The same for MAPTI and MAPI; the first three are those above. */
enum map_error { MAP_PHYSICALID_OOR = EV_ID_OOR + 1, MAP_COLLECTION_OOR, MAP_ALREADY_MAPPED };

_Static_assert(ITS_E_MOVI_UNMAPPED_COLLECTION == ITS_E_MOVI_DEVICE_OOR + EV_NO_COLLECTION,
	       "order of errors");
_Static_assert(ITS_E_INT_ITE_INVALID == ITS_E_INT_DEVICE_OOR + EV_NO_COLLECTION, "order of errors");
_Static_assert(ITS_E_CLEAR_ITE_INVALID == ITS_E_CLEAR_DEVICE_OOR + EV_NO_COLLECTION,
	       "order of errors");
_Static_assert(ITS_E_INV_ITE_INVALID == ITS_E_INV_DEVICE_OOR + EV_NO_COLLECTION, "order of errors");
_Static_assert(ITS_E_DISCARD_ITE_INVALID == ITS_E_DISCARD_DEVICE_OOR + EV_NO_COLLECTION,
	       "order of errors");
_Static_assert(ITS_E_MAPTI_ALREADY_MAPPED == ITS_E_MAPTI_DEVICE_OOR + MAP_ALREADY_MAPPED,
	       "order of errors");
_Static_assert(ITS_E_MAPI_ALREADY_MAPPED == ITS_E_MAPI_DEVICE_OOR + MAP_ALREADY_MAPPED,
	       "order of errors");

/* An event that a command names, and where it leads. */
struct cmd_event {
	u32 entry, lpi, vcpu;
};

static u32 cmd_devid(const struct its_cursor *cur)
{
	return (u32)FIELD_GET(CMD0_DEVID, cur->cmd[0]);
}

static u32 cmd_eventid(const struct its_cursor *cur)
{
	return (u32)FIELD_GET(CMD1_EVENTID, cur->cmd[1]);
}

static u32 cmd_icid(const struct its_cursor *cur)
{
	return (u32)FIELD_GET(CMD2_ICID, cur->cmd[2]);
}

/* Finds the device and checks the EventID; 0 or @first + enum event_error. */
static u32 cmd_find_device(struct its *its, const struct its_cursor *cur, u32 first, u32 *slot)
{
	if (cmd_devid(cur) >= its->nr_devids)
		return first + EV_DEVICE_OOR;
	*slot = device_find(its, cmd_devid(cur));
	if (!*slot)
		return first + EV_UNMAPPED_DEVICE;
	if (cmd_eventid(cur) >= BIT(its->devices[*slot].event_bits))
		return first + EV_ID_OOR;
	return 0;
}

/* Finds the event and its vCPU; 0 or @first + enum event_error. */
static u32 cmd_find_event(struct its *its, const struct its_cursor *cur, u32 first,
			  struct cmd_event *ev)
{
	u32 slot = 0, err;

	its_charge(its, ITS_COST_FIND);
	err = cmd_find_device(its, cur, first, &slot);
	if (err)
		return err;
	ev->entry = event_find(its, slot, cmd_eventid(cur));
	if (ev->entry == EVENT_NONE)
		return first + EV_UNMAPPED_INTERRUPT;
	ev->lpi = (u32)FIELD_GET(EVENT_LPI, its->events[ev->entry]);
	ev->vcpu = coll_vcpu(its, (u32)FIELD_GET(EVENT_ICID, its->events[ev->entry]));
	return ev->vcpu == ITS_NO_VCPU ? first + EV_NO_COLLECTION : 0;
}

static void cmd_notify_moved(struct its *its, u32 devid, u32 eventid, u32 vcpu)
{
	if (!its->ops.event_moved)
		return;
	its_charge(its, ITS_COST_OP);
	its->ops.event_moved(its->vm, devid, eventid, vcpu);
}

/* 0 or -EAGAIN; any other error leaves the LPI as it was. */
static int cmd_reload(struct its *its, u32 vcpu, u32 lpi)
{
	its_charge(its, ITS_COST_OP + ITS_COST_ENTRY);
	return its->ops.lpi_reload(its->vm, vcpu, lpi) == -EAGAIN ? -EAGAIN : 0;
}

/* Has @table an entry for @id? 0, -EAGAIN or @error. */
static int cmd_reaches(struct its *its, enum baser_index table, u32 id, u32 error)
{
	return its_errno(baser_reaches(its, table, id), (int)error);
}

/* The checks of MAPD; 0, an error or -EAGAIN. */
static int cmd_mapd_check(struct its *its, const struct its_cursor *cur, bool valid)
{
	u32 devid = cmd_devid(cur);
	int err;

	if (devid >= its->nr_devids)
		return ITS_E_MAPD_DEVICE_OOR;
	if (!valid)
		return 0;
	err = cmd_reaches(its, BASER_DEVICES, devid, ITS_E_MAPD_DEVICE_OOR);
	if (err)
		return err;
	if (FIELD_GET(CMD1_ITT_SIZE, cur->cmd[1]) + 1 > its->cfg.eventid_bits)
		return ITS_E_MAPD_ITTSIZE_OOR;
	if (!device_find(its, devid) && !device_has_room(its))
		return ITS_E_MAPD_DEVICE_OOR;
	return 0;
}

static int cmd_mapd(struct its *its, struct its_cursor *cur)
{
	enum { CHECK, UNMAP_LAST = 0x7f, MAP }; /* device_unmap() has the phases between */
	bool valid = FIELD_GET(CMD2_VALID, cur->cmd[2]);

	if (cur->phase == CHECK) {
		int err = cmd_mapd_check(its, cur, valid);

		if (err)
			return err;
		cur->slot = (u16)device_find(its, cmd_devid(cur));
		if (cur->slot)
			device_hide(its, cmd_devid(cur));
		else
			cur->phase = MAP;
	}
	if (cur->phase <= UNMAP_LAST) {
		if (device_unmap(its, cur))
			return -EAGAIN;
		cur->phase = MAP;
	}
	if (!valid)
		return 0;
	return device_map(its, cmd_devid(cur), (u32)FIELD_GET(CMD1_ITT_SIZE, cur->cmd[1]) + 1,
			  cur->cmd[2] & CMD2_ITT_ADDR);
}

/* Maps, remaps or unmaps the collection; 0, an error or -EAGAIN. */
static int cmd_mapc_set(struct its *its, struct its_cursor *cur)
{
	u32 vcpu = its_rdbase_vcpu(its, FIELD_GET(CMD2_RDBASE, cur->cmd[2]));
	u32 icid = cmd_icid(cur);
	u32 old = coll_vcpu(its, icid);
	int err;

	if (!(cur->cmd[2] & CMD2_VALID)) {
		atomic_store_release(&its->coll_vcpu[icid], (u16)0);
		its->nr_collections -= old != ITS_NO_VCPU;
		return 0;
	}
	if (vcpu == ITS_NO_VCPU)
		return ITS_E_MAPC_PROCNUM_OOR;
	err = cmd_reaches(its, BASER_COLLECTIONS, icid, ITS_E_MAPC_COLLECTION_OOR);
	if (err)
		return err;
	atomic_store_release(&its->coll_vcpu[icid], (u16)(vcpu + 1));
	its->nr_collections += old == ITS_NO_VCPU;
	cur->reload = old == ITS_NO_VCPU;
	cur->left = old == vcpu ? 0 : its->coll_events[icid];
	return 0;
}

/*
 * The next event of the command's collection; EVENT_NONE: none is left (cur->left is 0) or the
 * budget is spent.
 */
static u32 cmd_next_of_collection(struct its *its, struct its_cursor *cur)
{
	u32 entry = EVENT_NONE;

	if (cur->left && !its_spent(its))
		entry = event_sweep(its, &cur->pos, EVENT_ICID,
				    FIELD_PREP(EVENT_ICID, cmd_icid(cur)));
	if (entry != EVENT_NONE)
		cur->left--;
	return entry;
}

/* The event that cmd_next_of_collection() answered last comes again. */
static int cmd_same_of_collection(struct its_cursor *cur)
{
	cur->pos--;
	cur->left++;
	return -EAGAIN;
}

static int cmd_mapc(struct its *its, struct its_cursor *cur)
{
	enum { SET, DRAIN, NOTIFY };
	u32 entry;

	if (cur->phase == SET) {
		int err = cmd_mapc_set(its, cur);

		if (err)
			return err;
		cur->phase = DRAIN;
	}
	if (cur->phase == DRAIN) {
		if (signal_drain(its))
			return -EAGAIN;
		cur->phase = NOTIFY;
	}
	while ((entry = cmd_next_of_collection(its, cur)) != EVENT_NONE) {
		u32 vcpu = coll_vcpu(its, cmd_icid(cur));
		u64 w = its->events[entry];

		if (cur->reload && cmd_reload(its, vcpu, (u32)FIELD_GET(EVENT_LPI, w)))
			return cmd_same_of_collection(cur);
		cmd_notify_moved(its, its->devices[FIELD_GET(EVENT_SLOT, w)].devid,
				 (u32)FIELD_GET(EVENT_ID, w), vcpu);
	}
	return cur->left ? -EAGAIN : 0;
}

/* MAPTI and MAPI, whose errors begin at @first. */
static int cmd_map_event(struct its *its, const struct its_cursor *cur, u32 first, u32 lpi)
{
	u32 eventid = cmd_eventid(cur), icid = cmd_icid(cur);
	u32 vcpu = coll_vcpu(its, icid);
	u32 slot = 0, entry;
	u64 ite;
	int err;

	its_charge(its, 3 * ITS_COST_FIND + ITS_COST_GUEST_READ + ITS_COST_OP);
	err = (int)cmd_find_device(its, cur, first, &slot);
	if (err)
		return err;
	err = its->ops.read(its->vm, its->devices[slot].itt + (u64)eventid * ITS_ENTRY_SIZE, &ite,
			    sizeof(ite));
	if (err)
		return its_errno(err, (int)first + EV_ID_OOR);
	if (lpi < ITS_LPI_BASE || lpi >= BIT(its->cfg.intid_bits))
		return (int)first + MAP_PHYSICALID_OOR;
	if (event_find(its, slot, eventid) != EVENT_NONE)
		return (int)first + MAP_ALREADY_MAPPED;
	if (vcpu == ITS_NO_VCPU)
		err = cmd_reaches(its, BASER_COLLECTIONS, icid, first + MAP_COLLECTION_OOR);
	if (err)
		return err;
	if (!event_has_room(its, slot, eventid))
		return (int)first + EV_ID_OOR;
	if (vcpu != ITS_NO_VCPU)
		err = its->ops.lpi_reload(its->vm, vcpu, lpi);
	if (err == -EAGAIN || err == -ERANGE)
		return err == -EAGAIN ? err : (int)first + MAP_PHYSICALID_OOR;
	entry = event_add(its, slot, eventid, lpi, icid);
	if (its->ops.event_mapped) {
		its_charge(its, ITS_COST_OP);
		its->ops.event_mapped(its->vm, cmd_devid(cur), eventid, entry, vcpu);
	}
	return 0;
}

static int cmd_mapti(struct its *its, struct its_cursor *cur)
{
	return cmd_map_event(its, cur, ITS_E_MAPTI_DEVICE_OOR,
			     (u32)FIELD_GET(CMD1_INTID, cur->cmd[1]));
}

static int cmd_mapi(struct its *its, struct its_cursor *cur)
{
	return cmd_map_event(its, cur, ITS_E_MAPI_DEVICE_OOR, cmd_eventid(cur));
}

static int cmd_movi(struct its *its, struct its_cursor *cur)
{
	enum { SET, DRAIN, MOVE };
	u32 vcpu = coll_vcpu(its, cmd_icid(cur));

	if (cur->phase == SET) {
		struct cmd_event ev;
		u32 err = cmd_find_event(its, cur, ITS_E_MOVI_DEVICE_OOR, &ev);

		if (err)
			return (int)err;
		if (vcpu == ITS_NO_VCPU)
			return ITS_E_MOVI_UNMAPPED_COLLECTION;
		event_set_icid(its, ev.entry, cmd_icid(cur));
		cur->lpi = ev.lpi;
		cur->phase = DRAIN;
	}
	if (cur->phase == DRAIN) {
		if (signal_drain(its))
			return -EAGAIN;
		cur->phase = MOVE;
	}
	if (its_lpi_move(its, cur->lpi, vcpu))
		return -EAGAIN;
	cmd_notify_moved(its, cmd_devid(cur), cmd_eventid(cur), vcpu);
	return 0;
}

static int cmd_movall(struct its *its, struct its_cursor *cur)
{
	u32 from = its_rdbase_vcpu(its, FIELD_GET(CMD2_RDBASE, cur->cmd[2]));
	u32 to = its_rdbase_vcpu(its, FIELD_GET(CMD3_RDBASE, cur->cmd[3]));

	if (from == ITS_NO_VCPU || to == ITS_NO_VCPU)
		return ITS_E_MOVALL_PROCNUM_OOR;
	if (from == to)
		return 0;
	if (!its_fresh(its))
		return -EAGAIN;
	its_charge(its, ITS_COST_STEP);
	return its->ops.lpi_move_all(its->vm, from, to, &cur->pos) == -EAGAIN ? -EAGAIN : 0;
}

static int cmd_discard(struct its *its, struct its_cursor *cur)
{
	enum { REMOVE, DRAIN, CLEAR };

	if (cur->phase == REMOVE) {
		struct cmd_event ev;
		u32 err = cmd_find_event(its, cur, ITS_E_DISCARD_DEVICE_OOR, &ev);

		if (err)
			return (int)err;
		event_remove(its, ev.entry);
		cur->lpi = ev.lpi;
		cur->phase = DRAIN;
	}
	if (cur->phase == DRAIN) {
		if (signal_drain(its))
			return -EAGAIN;
		cur->phase = CLEAR;
	}
	if (its_lpi_clear(its, cur->lpi))
		return -EAGAIN;
	if (its->ops.event_unmapped) {
		its_charge(its, ITS_COST_OP);
		its->ops.event_unmapped(its->vm, cmd_devid(cur), cmd_eventid(cur));
	}
	return 0;
}

static int cmd_clear(struct its *its, struct its_cursor *cur)
{
	enum { FIND, CLEAR };

	if (cur->phase == FIND) {
		struct cmd_event ev;
		u32 err = cmd_find_event(its, cur, ITS_E_CLEAR_DEVICE_OOR, &ev);

		if (err)
			return (int)err;
		cur->lpi = ev.lpi;
		cur->phase = CLEAR;
	}
	return its_lpi_clear(its, cur->lpi);
}

static int cmd_int(struct its *its, struct its_cursor *cur)
{
	struct cmd_event ev;
	u32 err = cmd_find_event(its, cur, ITS_E_INT_DEVICE_OOR, &ev);

	if (err)
		return (int)err;
	its_charge(its, ITS_COST_OP);
	its->ops.lpi_pend(its->vm, ev.vcpu, ev.lpi);
	return 0;
}

static int cmd_inv(struct its *its, struct its_cursor *cur)
{
	struct cmd_event ev;
	u32 err = cmd_find_event(its, cur, ITS_E_INV_DEVICE_OOR, &ev);

	if (err)
		return (int)err;
	return cmd_reload(its, ev.vcpu, ev.lpi);
}

static int cmd_invall(struct its *its, struct its_cursor *cur)
{
	enum { CHECK, WALK };
	u32 vcpu = coll_vcpu(its, cmd_icid(cur));
	u32 entry;

	if (cur->phase == CHECK) {
		if (vcpu == ITS_NO_VCPU)
			return ITS_E_INVALL_UNMAPPED_COLLECTION;
		cur->left = its->coll_events[cmd_icid(cur)];
		cur->phase = WALK;
	}
	while ((entry = cmd_next_of_collection(its, cur)) != EVENT_NONE)
		if (cmd_reload(its, vcpu, (u32)FIELD_GET(EVENT_LPI, its->events[entry])))
			return cmd_same_of_collection(cur);
	return cur->left ? -EAGAIN : 0;
}

static int cmd_sync(struct its *its, struct its_cursor *cur)
{
	(void)its;
	(void)cur;
	return 0;
}

static int (*const cmd_handlers[ITS_NR_CMDS])(struct its *its, struct its_cursor *cur) = {
	[ITS_CMD_MOVI] = cmd_movi,     [ITS_CMD_INT] = cmd_int,
	[ITS_CMD_CLEAR] = cmd_clear,   [ITS_CMD_SYNC] = cmd_sync,
	[ITS_CMD_MAPD] = cmd_mapd,     [ITS_CMD_MAPC] = cmd_mapc,
	[ITS_CMD_MAPTI] = cmd_mapti,   [ITS_CMD_MAPI] = cmd_mapi,
	[ITS_CMD_INV] = cmd_inv,       [ITS_CMD_INVALL] = cmd_invall,
	[ITS_CMD_MOVALL] = cmd_movall, [ITS_CMD_DISCARD] = cmd_discard,
};

/* The enum its_cmd_id of an opcode, or -1. */
int cmd_lookup(u32 opcode)
{
#define CMD_OPCODE(name, code) [code] = ITS_CMD_##name + 1,
	static const u8 ids[] = { ITS_COMMANDS(CMD_OPCODE) };

	return opcode < ARRAY_SIZE(ids) ? (int)ids[opcode] - 1 : -1;
}

/* True for VMOVI, VMOVP, VSGI, VSYNC, VMAPP, VMAPTI, VMAPI, VINVALL, INVDB: GICv4 only. */
bool cmd_is_virtual(u32 opcode)
{
	static const u8 opcodes[] = { 0x21, 0x22, 0x23, 0x25, 0x29, 0x2a, 0x2b, 0x2d, 0x2e };

	for (u32 i = 0; i < ARRAY_SIZE(opcodes); i++) {
		if (opcode == opcodes[i])
			return true;
	}
	return false;
}

/*
 * Goes on with the command in @cur: 0 done, >0 failed with that enum its_error, -EAGAIN not
 * finished.
 */
int cmd_run(struct its *its, struct its_cursor *cur)
{
	return cmd_handlers[cur->id](its, cur);
}
