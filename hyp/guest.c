/* SPDX-License-Identifier: GPL-2.0-only */
/* Managed VMs: handles, creation, the memory they are lent, and their end. */
#include "hyp/guest.h"
#include "drivers/timer.h"
#include "hyp/herald_abi.h"
#include "hyp/lib/assert.h"
#include "hyp/lib/errno.h"
#include "hyp/lib/string.h"
#include "hyp/machine.h"
#include "hyp/owner.h"
#include "hyp/run.h"

/* A handle. Generation 0 of slot 0 is no different: its kind is not 0. */
#define HANDLE_KIND GENMASK(30, 28)
#define HANDLE_SLOT GENMASK(27, 20)
#define HANDLE_INDEX GENMASK(19, 11)
#define HANDLE_GENERATION GENMASK(10, 0)

#define FIRST_VMID 2

/* A VM may use this part of the pool. */
#define POOL_SHARE 4

/* Bounds of one step: entries of tables looked at, and work in pages taken out or lent. */
#define STEP_ENTRIES 100
#define STEP_TABLES 64
#define STEP_WORK 2048
#define WORK_LEAF 48 /* one leaf, whatever its size */
#define STEP_LEAVES (STEP_WORK / WORK_LEAF + 1)
#define STEP_VCPUS 32

enum slot_state { SLOT_FREE, SLOT_MAKING, SLOT_LIVE, SLOT_CLOSING };
enum close_step { CLOSE_PAGES, CLOSE_TABLES, CLOSE_VCPUS, CLOSE_REST };

struct guest_slot {
	u32 state; /* enum slot_state */
	u32 users;
	u32 generation;
	struct vm *vm;
	struct pool_account account; /* outlives the VM's own memory */
	struct spinlock lock; /* LOCK_VM: its end */
	u64 lent_pages; /* under the VM's lock */
	enum close_step step;
	u64 cursor;
};

/* All of a VM but its vCPUs, GIC and stage 2, in one piece. */
struct guest_memory {
	struct vm vm;
	struct vcpu *vcpus[GUEST_MAX_VCPUS];
	u16 by_id[VM_MAX_IDS];
	u16 last_ran[];
};

static struct guest_slot slots[GUEST_MAX];

_Static_assert(sizeof(((struct herald_protect *)NULL)->pages) * 8 == HERALD_PROTECT_MAX,
	       "a bit for each page");
_Static_assert(HERALD_MAP_MAX < OWNER_CHUNK_SIZE, "owner_return() needs no memory");
_Static_assert(SLOT_MAKING == HERALD_VM_MAKING && SLOT_LIVE == HERALD_VM_LIVE &&
		       SLOT_CLOSING == HERALD_VM_CLOSING,
	       "a slot's state is its VM's in the ABI");
_Static_assert(LOCK_VM == 0, "the slots' locks need no initialisation");
_Static_assert(1 + VM_MAX_REDIST + BOARD_MAX_ITS <= VM_MAX_MMIO,
	       "each frame of a VM's GIC and ITSes finds room");

static struct guest_slot *slot_of(const struct vm *vm)
{
	return &slots[vm->vmid - FIRST_VMID];
}

static u64 slot_handle(const struct guest_slot *s, enum guest_kind kind, u32 index)
{
	return FIELD_PREP(HANDLE_KIND, kind) | FIELD_PREP(HANDLE_SLOT, s - slots) |
	       FIELD_PREP(HANDLE_INDEX, index) |
	       FIELD_PREP(HANDLE_GENERATION, atomic_load_relaxed(&s->generation));
}

static u64 handle_make(const struct vm *vm, enum guest_kind kind, u32 index)
{
	return slot_handle(slot_of(vm), kind, index);
}

u64 guest_vcpu_handle(const struct vcpu *v)
{
	return handle_make(v->vm, GUEST_VCPU, v->index);
}

u64 guest_gic_handle(const struct vm *vm)
{
	return handle_make(vm, GUEST_GIC, 0);
}

u64 guest_its_handle(const struct vits *t)
{
	return handle_make(t->vm, GUEST_ITS, (u32)(t - t->vm->its));
}

/* The slot that @handle was made for, whether or not its VM is still there; NULL if it is no handle. */
static struct guest_slot *handle_slot(u64 handle)
{
	u64 slot = FIELD_GET(HANDLE_SLOT, handle);

	if (handle >> 31 || slot >= GUEST_MAX)
		return NULL;
	if (FIELD_GET(HANDLE_GENERATION, handle) != atomic_load_relaxed(&slots[slot].generation))
		return NULL;
	return &slots[slot];
}

/* What is not of its kind stays NULL in *@o. */
static int object_find(struct vm *vm, u64 handle, struct guest_object *o)
{
	u32 index = (u32)FIELD_GET(HANDLE_INDEX, handle);

	o->kind = (enum guest_kind)FIELD_GET(HANDLE_KIND, handle);
	o->vm = vm;
	switch (o->kind) {
	case GUEST_VM:
		return index ? -EBADF : 0;
	case GUEST_GIC:
		return index || !atomic_load_acquire(&vm->gic.created) ? -EBADF : 0;
	case GUEST_ITS:
		if (index >= atomic_load_acquire(&vm->nr_its))
			return -EBADF;
		o->its = &vm->its[index];
		return 0;
	case GUEST_VCPU:
		if (index >= atomic_load_acquire(&vm->nr_vcpus))
			return -EBADF;
		o->vcpu = vm->vcpus[index];
		return 0;
	default:
		return -EBADF;
	}
}

/* The count is there before the state is looked at, guest_close() does it the other way round: one sees the other. */
static bool slot_hold(struct guest_slot *s, u64 handle)
{
	atomic_add(&s->users, 1u);
	atomic_fence();
	if (atomic_load_acquire(&s->state) == SLOT_LIVE && handle_slot(handle) == s)
		return true;
	__atomic_fetch_sub(&s->users, 1u, __ATOMIC_RELEASE);
	return false;
}

void guest_put(struct vm *vm)
{
	__atomic_fetch_sub(&slot_of(vm)->users, 1u, __ATOMIC_RELEASE);
}

int guest_get(u64 handle, struct guest_object *o)
{
	struct guest_slot *s;
	int err;

	*o = (struct guest_object){ .kind = GUEST_SYSTEM };
	if (handle == HERALD_SYSTEM)
		return 0;
	s = handle_slot(handle);
	if (!s || !slot_hold(s, handle))
		return -EBADF;
	err = object_find(s->vm, handle, o);
	if (err)
		guest_put(s->vm);
	return err;
}

static int guest_init(struct guest_slot *s, u32 ipa_bits)
{
	struct guest_memory *m = pool_alloc_bytes(&s->account,
						  sizeof(*m) + cpu_count * sizeof(m->last_ran[0]));
	struct vm *vm;
	u32 i;
	int err;

	if (!m)
		return -ENOMEM;
	vm = &m->vm;
	vm->vmid = (u32)(s - slots) + FIRST_VMID;
	vm->account = &s->account;
	vm->vcpus = m->vcpus;
	vm->by_id = m->by_id;
	vm->last_ran = m->last_ran;
	vm->lock = SPINLOCK_INIT(LOCK_VM);
	vm->cntvoff = timer_now();
	vm->timer_ppi[0] = WORLD_VM_VTIMER;
	vm->timer_ppi[1] = WORLD_VM_PTIMER;
	memcpy(vm->calls, vm_calls_all, sizeof(vm->calls));
	vm->gic.dist = VM_GIC_NOWHERE;
	for (i = 0; i < cpu_count; i++)
		vm->last_ran[i] = GUEST_MAX_VCPUS;
	err = stage2_init(&vm->s2, vm->vmid, ipa_bits, vm->account);
	if (err) {
		pool_free(&s->account, m);
		return err;
	}
	s->vm = vm;
	return 0;
}

static struct guest_slot *slot_take(void)
{
	u32 i;

	for (i = 0; i < GUEST_MAX; i++) {
		u32 expected = SLOT_FREE;

		if (atomic_cas(&slots[i].state, &expected, SLOT_MAKING))
			return &slots[i];
	}
	return NULL;
}

s64 guest_create(u32 ipa_bits)
{
	struct guest_slot *s;
	s64 ret;

	if (!ipa_bits)
		ipa_bits = GUEST_DEFAULT_IPA_BITS;
	if (ipa_bits < STAGE2_MIN_IPA_BITS || ipa_bits > stage2_host_ipa_bits())
		return -EINVAL;
	s = slot_take();
	if (!s)
		return -ENOSPC;
	s->account = (struct pool_account){ .limit = machine.pool_size / POOL_SHARE };
	s->step = CLOSE_PAGES;
	s->cursor = 0;
	ret = guest_init(s, ipa_bits);
	if (!ret)
		ret = (s64)handle_make(s->vm, GUEST_VM, 0);
	/* Handles can be guessed: once it is live it may be closed by others. */
	atomic_store_release(&s->state, ret < 0 ? SLOT_FREE : SLOT_LIVE);
	return ret;
}

/* KVM's: 16 vCPUs in affinity level 0, the upper ones in 1 and 2. */
static u64 vcpu_mpidr(u64 id)
{
	return (id & 0xf) | ((id >> 4) & 0xff) << 8 | ((id >> 12) & 0xff) << 16;
}

static s64 vcpu_add(struct vm *vm, u64 id)
{
	u64 mpidr = vcpu_mpidr(id);
	struct vcpu *v;

	if (vm->gic.mem)
		return -EBUSY;
	if (vm_find_vcpu(vm, mpidr))
		return -EEXIST;
	v = pool_alloc_bytes(vm->account, sizeof(*v));
	if (!v)
		return -ENOMEM;
	v->vm = vm;
	v->id = (u32)id;
	v->index = vm->nr_vcpus;
	v->mpidr = mpidr;
	v->power = VCPU_ON; /* as KVM has it; it cannot run before it is initialised */
	v->ppi = (struct world_ppi){ .lock = SPINLOCK_INIT(LOCK_PPI),
				     .cpu = WORLD_PPI_NOWHERE,
				     .enabled = world_ppi_mask() };
	vm->vcpus[v->index] = v;
	vm->by_id[id] = (u16)(v->index + 1);
	atomic_store_release(&vm->nr_vcpus, v->index + 1);
	return (s64)guest_vcpu_handle(v);
}

s64 guest_create_vcpu(struct vm *vm, u64 id)
{
	s64 ret;

	if (id >= GUEST_MAX_VCPUS)
		return -EINVAL;
	spin_lock(&vm->lock);
	ret = vcpu_add(vm, id);
	spin_unlock(&vm->lock);
	return ret;
}

static bool map_valid(const struct vm *vm, const struct herald_map *m)
{
	u64 max = IS_ALIGNED(m->ipa | m->mgmt | m->size, (u64)HERALD_MAP_MAX)
			  ? HERALD_MAP_MAX
			  : HERALD_MAP_MAX_PAGES;
	u32 i;

	if (m->flags & ~(u64)(HERALD_MAP_READONLY | HERALD_MAP_SHARED))
		return false;
	if (!m->size || m->size > max || !IS_ALIGNED(m->ipa | m->mgmt | m->size, SZ_4K))
		return false;
	if (!range_contains(0, BIT(vm->s2.ipa_bits), m->ipa, m->size))
		return false;
	for (i = 0; i < vm->nr_mmio; i++)
		if (ranges_overlap(vm->mmio[i].base, vm->mmio[i].size, m->ipa, m->size))
			return false;
	return true;
}

/* The management VM's addresses are physical ones; the owner table says whether a page is its RAM. */
static s64 map_locked(struct vm *vm, const struct herald_map *m)
{
	u32 attrs = STAGE2_NORMAL | (m->flags & HERALD_MAP_READONLY ? (u32)STAGE2_READONLY : 0);
	u64 at = m->ipa;
	u32 budget = ~0u;
	struct stage2_leaf leaf;
	int err;

	if (!map_valid(vm, m))
		return -EINVAL;
	/* If there is something, stage2_map() only says whether it is the same. */
	if (stage2_next(&vm->s2, &at, m->ipa + m->size, &budget, &leaf))
		return stage2_map(&vm->s2, m->ipa, m->mgmt, m->size, attrs);
	err = owner_lend(m->mgmt, m->size, m->flags & HERALD_MAP_SHARED ? OWNER_MAX_LENT : 1);
	if (err)
		return err == -ENOENT || err == -EINVAL ? -EFAULT : err;
	err = stage2_map(&vm->s2, m->ipa, m->mgmt, m->size, attrs);
	if (err)
		owner_return(m->mgmt, m->size);
	else
		slot_of(vm)->lent_pages += m->size / SZ_4K;
	return err;
}

s64 guest_map(struct vm *vm, const struct herald_map *m)
{
	s64 err;

	spin_lock(&vm->lock);
	err = map_locked(vm, m);
	spin_unlock(&vm->lock);
	return err;
}

/* What a step takes out of stage 2. */
struct unmap_leaves {
	struct {
		u64 pa;
		u64 size;
	} leaf[STEP_LEAVES];
	u32 nr;
};

/* The leaves of a step, or their parts below @end; returns where they end. */
static u64 unmap_collect(struct vm *vm, u64 at, u64 end, struct unmap_leaves *l)
{
	u32 entries = STEP_ENTRIES;
	s64 work = STEP_WORK;
	struct stage2_leaf leaf;

	l->nr = 0;
	while (work > 0 && stage2_next(&vm->s2, &at, end, &entries, &leaf)) {
		u64 size = MIN(leaf.size - (at & (leaf.size - 1)), end - at);

		l->leaf[l->nr].pa = leaf.pa;
		l->leaf[l->nr++].size = size;
		at += size;
		work -= WORK_LEAF + (s64)(size / SZ_4K);
	}
	return at;
}

/*
 * One step: 0 when nothing is mapped between *@at and @end. Its leaves go together, with one TLB maintenance for all; then
 * their loans end: whoever is lent a page next finds it nowhere.
 */
static s64 unmap_step(struct vm *vm, u64 *at, u64 end)
{
	struct unmap_leaves l;
	u64 to = unmap_collect(vm, *at, end, &l);
	int err = l.nr ? stage2_unmap(&vm->s2, *at, to - *at) : 0;
	u32 i;

	if (err)
		return err;
	for (i = 0; i < l.nr; i++) {
		err = owner_return(l.leaf[i].pa, l.leaf[i].size);
		ASSERT(!err);
		slot_of(vm)->lent_pages -= l.leaf[i].size / SZ_4K;
	}
	*at = to;
	return to < end ? HERALD_AGAIN : 0;
}

s64 guest_unmap(struct vm *vm, struct herald_unmap *u)
{
	u64 at = u->ipa, end;
	s64 ret;

	if (!u->size || !IS_ALIGNED(u->ipa | u->size, SZ_4K) ||
	    !range_contains(0, BIT(vm->s2.ipa_bits), u->ipa, u->size))
		return -EINVAL;
	spin_lock(&vm->lock);
	end = u->ipa + u->size;
	ret = unmap_step(vm, &at, end);
	u->ipa = at;
	u->size = end - at;
	spin_unlock(&vm->lock);
	return ret;
}

s64 guest_protect(struct vm *vm, const struct herald_protect *p)
{
	u64 pages[HERALD_PROTECT_MAX / 64];
	u32 count = HERALD_PROTECT_MAX;
	s64 err;

	if ((p->flags & ~(u64)HERALD_PROTECT_WRITABLE) || !IS_ALIGNED(p->ipa, SZ_4K))
		return -EINVAL;
	memcpy(pages, p->pages, sizeof(pages));
	while (count && !(pages[(count - 1) / 64] >> (count - 1) % 64 & 1))
		count--;
	if (!count)
		return 0;
	spin_lock(&vm->lock);
	err = stage2_protect(&vm->s2, p->ipa, pages, count, p->flags & HERALD_PROTECT_WRITABLE);
	spin_unlock(&vm->lock);
	return err == -ERANGE ? -EINVAL : err;
}

static void memory_free(struct guest_slot *s, void *p)
{
	int err = p ? pool_free(&s->account, p) : 0;

	ASSERT(!err);
}

/* A step of the end of a VM that nobody holds. */
static s64 close_step(struct guest_slot *s)
{
	struct vm *vm = s->vm;
	u32 n;
	s64 ret;

	switch (s->step) {
	case CLOSE_PAGES:
		ret = unmap_step(vm, &s->cursor, BIT(vm->s2.ipa_bits));
		if (ret)
			return ret;
		s->step = CLOSE_TABLES;
		return HERALD_AGAIN;
	case CLOSE_TABLES:
		if (stage2_destroy(&vm->s2, STEP_TABLES))
			s->step = CLOSE_VCPUS;
		return HERALD_AGAIN;
	case CLOSE_VCPUS:
		for (n = 0; n < STEP_VCPUS && vm->nr_vcpus; n++) {
			struct vcpu *v = vm->vcpus[--vm->nr_vcpus];

			doorbell_forget(v);
			memory_free(s, v);
		}
		if (!vm->nr_vcpus)
			s->step = CLOSE_REST;
		return HERALD_AGAIN;
	default:
		for (n = 0; n < ARRAY_SIZE(vm->its); n++)
			memory_free(s, vm->its[n].mem);
		memory_free(s, vm->gic.mem);
		s->vm = NULL;
		memory_free(s, container_of(vm, struct guest_memory, vm));
		ASSERT(!s->account.used);
		return 0;
	}
}

static void expel_all(struct vm *vm)
{
	u32 i, nr = atomic_load_acquire(&vm->nr_vcpus);

	for (i = 0; i < nr; i++)
		run_expel(vm->vcpus[i]);
}

/* In state CLOSING, under its lock. */
static s64 close_locked(struct guest_slot *s)
{
	s64 ret;

	if (atomic_load_acquire(&s->users)) {
		expel_all(s->vm);
		return HERALD_AGAIN;
	}
	ret = close_step(s);
	if (ret)
		return ret;
	atomic_store_relaxed(&s->generation,
			     (s->generation + 1) & (u32)FIELD_MAX(HANDLE_GENERATION));
	atomic_store_release(&s->state, SLOT_FREE);
	return 0;
}

s64 guest_close(u64 handle)
{
	struct guest_slot *s = handle_slot(handle);
	s64 ret = -EBADF;

	if (!s || handle == HERALD_SYSTEM)
		return -EBADF;
	if (FIELD_GET(HANDLE_KIND, handle) != GUEST_VM || FIELD_GET(HANDLE_INDEX, handle))
		return -EINVAL;
	spin_lock(&s->lock);
	/* Someone else may have taken the last step, and the slot be another VM's. */
	if (handle_slot(handle) == s) {
		if (atomic_load_acquire(&s->state) == SLOT_LIVE)
			atomic_store_release(&s->state, SLOT_CLOSING);
		atomic_fence();
		if (atomic_load_acquire(&s->state) == SLOT_CLOSING)
			ret = close_locked(s);
	}
	spin_unlock(&s->lock);
	return ret;
}

void guest_describe(struct vm *vm, struct herald_vm_info *out)
{
	out->nr_vcpus = atomic_load_acquire(&vm->nr_vcpus);
	out->nr_its = atomic_load_acquire(&vm->nr_its);
	out->ipa_bits = vm->s2.ipa_bits;
	out->pool_used = atomic_load_relaxed(&vm->account->used);
	out->pool_limit = vm->account->limit;
}

/* Without a lock: what belongs to the slot may be of one moment, and what to the VM of the next. */
bool guest_info(u32 slot, struct herald_vm_info *out)
{
	struct guest_slot *s = &slots[slot];

	*out = (struct herald_vm_info){ .handle = slot_handle(s, GUEST_VM, 0),
					.id = slot + 1,
					.state = atomic_load_acquire(&s->state),
					.pool_used = atomic_load_relaxed(&s->account.used),
					.pool_limit = atomic_load_relaxed(&s->account.limit),
					.lent_pages = atomic_load_relaxed(&s->lent_pages) };
	if (out->state == SLOT_LIVE && slot_hold(s, out->handle)) {
		guest_describe(s->vm, out);
		guest_put(s->vm);
	}
	return out->state != SLOT_FREE;
}

static void mirror_figures(struct herald_stats *st)
{
	struct mirror_stats m;

	mirror_stats(&m);
	st->msi_delivered = m.delivered;
	st->msi_blocked = m.blocked;
	st->msi_unmapped = m.unmapped;
	st->msi_late = m.late;
	st->msi_dropped = m.dropped;
	st->devices = m.devices;
	st->host_lpis = m.host_lpis;
	st->devices_refused = m.exhausted;
	st->devices_lost = m.lost;
}

void guest_stats(struct herald_stats *st)
{
	struct pool_stats p = pool_stats();
	u32 i;

	*st = (struct herald_stats){ .pool_size = p.size,
				     .pool_used = p.used,
				     .pool_refused = p.over_limit + p.exhausted,
				     .stray_frees = p.stray_frees,
				     .runs = cpu_this()->runs };
	mirror_figures(st);
	for (i = 0; i < cpu_count; i++)
		st->cpus += atomic_load_relaxed(&cpu_table[i].started);
	for (i = 0; i < GUEST_MAX; i++) {
		const struct guest_slot *s = &slots[i];

		st->vms += atomic_load_acquire(&s->state) != SLOT_FREE;
		st->vm_used += atomic_load_relaxed(&s->account.used);
		st->lent_pages += atomic_load_relaxed(&s->lent_pages);
	}
}
