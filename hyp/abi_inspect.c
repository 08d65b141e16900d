/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What there is: VMs, vCPUs, interrupts, ITSes, the log, for those who watch (guests/mgmt/herald). Records as they are
 * here; names and tables are made there.
 *
 * A list is positions, looked at one by one from the caller's cursor on; at some there is a record. The cursor is a number
 * like any other: beyond the end there is nothing.
 */
#include "hyp/abi.h"
#include "drivers/gits_regs.h"
#include "hyp/lib/errno.h"
#include "hyp/lib/string.h"
#include "hyp/log.h"
#include "hyp/machine.h"
#include "pci/reqid.h"

_Static_assert(VCPU_EXITS == HERALD_NR_EXITS && HERALD_EXIT_DEBUG < VCPU_EXITS,
	       "each way to end a run has its counter");
_Static_assert(ITS_NR_CMDS <= HERALD_ITS_COMMANDS && ITS_NR_ERRORS <= HERALD_ITS_ERRORS,
	       "the ABI has room for each counter");
_Static_assert(HERALD_NONE == 0xffffffff, "all ones");
_Static_assert(ITS_NO_VCPU == 0xffffffff, "an event without a vCPU goes nowhere");
_Static_assert(VGIC_NOWHERE == 0xffffffff, "and so does an SPI without a route");
_Static_assert(VGIC_INFO_ENABLED == HERALD_IRQ_ENABLED && VGIC_INFO_PENDING == HERALD_IRQ_PENDING &&
		       VGIC_INFO_ACTIVE == HERALD_IRQ_ACTIVE &&
		       VGIC_INFO_LEVEL == HERALD_IRQ_LEVEL && VGIC_INFO_HW == HERALD_IRQ_HW,
	       "the vGIC's flags are the ABI's");
_Static_assert(sizeof(struct herald_list) <= 1024, "an argument is on EL2's stack");

#define NR_ICIDS 0x10000u

/* A step, in units of some 15 instructions; the payload's bench=kvm counts what they really take. */
#define STEP_BUDGET 1000

/* Of which VM, of which of its ITSes. */
struct subject {
	struct vm *vm;
	struct vits *its;
};

static u32 vm_count(const struct subject *s)
{
	(void)s;
	return GUEST_MAX + 1;
}

static bool vm_at(const struct subject *s, u32 pos, void *rec)
{
	struct herald_vm_info *out = rec;

	(void)s;
	if (pos)
		return guest_info(pos - 1, out);
	*out = (struct herald_vm_info){ .handle = HERALD_SYSTEM, .state = HERALD_VM_LIVE };
	guest_describe(machine.mgmt, out);
	return true;
}

static u32 vcpu_count(const struct subject *s)
{
	return atomic_load_acquire(&s->vm->nr_vcpus);
}

static u32 vcpu_state(const struct vcpu *v)
{
	if (atomic_load_relaxed(&v->power) != VCPU_ON)
		return HERALD_VCPU_OFF;
	if (v->vm->pinned)
		return HERALD_VCPU_RUNNING;
	switch (atomic_load_relaxed(&v->run)) {
	case VCPU_RUNNING:
		return HERALD_VCPU_RUNNING;
	case VCPU_BLOCKED:
		return HERALD_VCPU_BLOCKED;
	default:
		return HERALD_VCPU_IDLE;
	}
}

static bool vcpu_at(const struct subject *s, u32 pos, void *rec)
{
	const struct vcpu *v = s->vm->vcpus[pos];
	struct herald_vcpu_info *out = rec;

	*out = (struct herald_vcpu_info){ .mpidr = v->mpidr,
					  .id = s->vm->pinned ? v->index : v->id,
					  .cpu = s->vm->pinned ? v->index : v->last_cpu,
					  .state = vcpu_state(v) };
	memcpy(out->exits, v->exits, sizeof(v->exits));
	return true;
}

static bool irq_fill(const struct subject *s, u32 intid, struct herald_irq *out)
{
	struct vgic_irq_info i;

	if (!vgic_irq_info(s->vm->vgic, intid, &i))
		return false;
	*out = (struct herald_irq){ .intid = intid,
				    .vcpu = i.vcpu,
				    .count = i.count,
				    .priority = i.priority,
				    .flags = i.flags };
	return true;
}

static u32 spi_count(const struct subject *s)
{
	return s->vm->vgic ? VGIC_MAX_SPIS : 0;
}

static bool spi_at(const struct subject *s, u32 pos, void *rec)
{
	const u32 shown = HERALD_IRQ_ENABLED | HERALD_IRQ_PENDING | HERALD_IRQ_ACTIVE;
	struct herald_irq *out = rec;

	return irq_fill(s, VGIC_NR_PRIVATE + pos, out) && (out->count || (out->flags & shown));
}

static u32 lpi_count(const struct subject *s)
{
	return its_nr_entries(s->its->its);
}

static bool lpi_at(const struct subject *s, u32 pos, void *rec)
{
	struct herald_irq *out = rec;
	struct its_event_info e;

	if (!its_event_info(s->its->its, pos, &e) || !irq_fill(s, e.lpi, out))
		return false;
	out->vcpu = e.vcpu;
	out->devid = e.devid;
	out->eventid = e.eventid;
	out->icid = e.icid;
	return true;
}

static u32 device_count(const struct subject *s)
{
	return its_nr_slots(s->its->its);
}

/* The physical device behind it, and the first of the requesters that interrupt as that. */
static void device_fill_host(const struct subject *s, struct herald_its_device *out)
{
	struct mirror_device_info m;
	struct reqid_iter it = { 0 };
	struct reqid r;

	if (!s->its->mirror || !mirror_device_find(s->its->mirror, out->devid, &m))
		return;
	out->host_lpi = m.first_lpi;
	out->host_lpis = m.nr_events;
	if (reqid_next(&machine.board, &(struct reqid_target){ .its = m.its, .devid = m.devid },
		       &it, &r))
		out->requester = machine.board.pci[r.bridge].domain << 16 | r.rid;
}

static bool device_at(const struct subject *s, u32 pos, void *rec)
{
	struct herald_its_device *out = rec;
	struct its_device_info d;

	if (!its_device_at(s->its->its, pos, &d))
		return false;
	*out = (struct herald_its_device){ .itt = d.itt,
					   .devid = d.devid,
					   .nr_events = d.nr_events,
					   .mapped = d.mapped,
					   .requester = HERALD_NONE };
	device_fill_host(s, out);
	return true;
}

static u32 collection_count(const struct subject *s)
{
	(void)s;
	return NR_ICIDS;
}

static bool collection_at(const struct subject *s, u32 pos, void *rec)
{
	struct herald_collection *out = rec;

	*out = (struct herald_collection){ .icid = pos,
					   .vcpu = its_collection_vcpu(s->its->its, pos) };
	return out->vcpu != ITS_NO_VCPU;
}

/* @look: what a position costs, @take: what a record costs beyond that. */
static const struct list {
	u32 (*count)(const struct subject *s);
	bool (*at)(const struct subject *s, u32 pos, void *rec);
	u16 size;
	u8 look;
	u8 take;
	bool of_vm, of_its;
} lists[HERALD_NR_LISTS] = {
	[HERALD_LIST_VMS] = { vm_count, vm_at, sizeof(struct herald_vm_info), 10, 15 },
	[HERALD_LIST_VCPUS] = { vcpu_count, vcpu_at, sizeof(struct herald_vcpu_info), 5, 5, true },
	[HERALD_LIST_SPIS] = { spi_count, spi_at, sizeof(struct herald_irq), 10, 20, true },
	[HERALD_LIST_LPIS] = { lpi_count, lpi_at, sizeof(struct herald_irq), 2, 35, true, true },
	[HERALD_LIST_DEVICES] = { device_count, device_at, sizeof(struct herald_its_device), 2, 100,
				  true, true },
	[HERALD_LIST_COLLECTIONS] = { collection_count, collection_at,
				      sizeof(struct herald_collection), 3, 2, true, true },
};

static void list_step(const struct list *l, const struct subject *s, struct herald_list *a)
{
	u32 room = sizeof(a->u) / l->size, end = l->count(s), pos = a->cursor;
	s32 budget = STEP_BUDGET;
	u8 *rec = (u8 *)&a->u;

	for (a->nr = 0; pos < end && a->nr < room && budget > 0; pos++) {
		budget -= l->look;
		if (!l->at(s, pos, rec))
			continue;
		budget -= l->take;
		rec += l->size;
		a->nr++;
	}
	a->cursor = pos < end ? pos : HERALD_LIST_END;
}

/*
 * The VM that @handle names, held, and locked against what is made in it; the ITS, locked. 0 or an error, and nothing is
 * held.
 */
static s64 subject_get(u64 handle, bool of_its, u32 its, struct subject *s)
{
	struct guest_object o;
	s64 err = guest_get(handle, &o);

	if (err)
		return err;
	s->vm = o.vm ? o.vm : machine.mgmt;
	err = o.kind == GUEST_SYSTEM || o.kind == GUEST_VM ? 0 : -EINVAL;
	if (!err && of_its && its >= atomic_load_acquire(&s->vm->nr_its))
		err = -ENOENT;
	if (err) {
		if (o.vm)
			guest_put(o.vm);
		return err;
	}
	s->its = of_its ? &s->vm->its[its] : NULL;
	spin_lock(&s->vm->lock);
	if (s->its)
		spin_lock(&s->its->lock);
	return 0;
}

static void subject_put(const struct subject *s)
{
	if (s->its)
		spin_unlock(&s->its->lock);
	spin_unlock(&s->vm->lock);
	if (!s->vm->pinned)
		guest_put(s->vm);
}

s64 abi_list(struct abi_call *c)
{
	struct herald_list *a = &c->arg.list;
	struct subject s = { 0 };
	const struct list *l;
	s64 err;

	if (a->kind >= HERALD_NR_LISTS)
		return -EINVAL;
	l = &lists[a->kind];
	if (l->of_vm) {
		err = subject_get(a->vm, l->of_its, a->its, &s);
		if (err)
			return err;
	}
	list_step(l, &s, a);
	if (l->of_vm)
		subject_put(&s);
	return 0;
}

static void its_fill(const struct vits *t, struct herald_its *out)
{
	static const u16 reg[HERALD_ITS_REGS] = {
		[HERALD_ITS_CTLR] = GITS_CTLR,	      [HERALD_ITS_TYPER] = GITS_TYPER,
		[HERALD_ITS_CBASER] = GITS_CBASER,    [HERALD_ITS_CWRITER] = GITS_CWRITER,
		[HERALD_ITS_CREADR] = GITS_CREADR,    [HERALD_ITS_BASER0] = GITS_BASER,
		[HERALD_ITS_BASER1] = GITS_BASER + 8,
	};
	struct its_stats st;
	u32 i;

	its_get_stats(t->its, &st);
	*out = (struct herald_its){ .vm = out->vm,
				    .its = out->its,
				    .nr_devices = st.devices,
				    .nr_events = st.events,
				    .nr_collections = st.collections,
				    .base = t->base,
				    .msi_delivered = st.msi_delivered,
				    .msi_blocked = st.msi_blocked,
				    .msi_unmapped = st.msi_unmapped,
				    .msi_dropped = st.msi_dropped };
	for (i = 0; i < HERALD_ITS_REGS; i++) {
		u64 val = 0;

		(void)its_reg_get(t->its, reg[i], &val);
		out->reg[i] = val;
	}
	memcpy(out->commands, st.commands, sizeof(st.commands));
	memcpy(out->errors, st.errors, sizeof(st.errors));
}

s64 abi_get_its(struct abi_call *c)
{
	struct herald_its *a = &c->arg.its;
	struct subject s;
	s64 err = subject_get(a->vm, true, a->its, &s);

	if (err)
		return err;
	its_fill(s.its, a);
	subject_put(&s);
	return 0;
}

s64 abi_read_log(struct abi_call *c)
{
	struct herald_log *a = &c->arg.log;
	u64 at = a->position;

	a->len = log_read(&at, (char *)a->text, HERALD_LOG_TEXT);
	a->position = at;
	return 0;
}
