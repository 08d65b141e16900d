/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The GIC of a managed VM: KVM's device ARM_VGIC_V3 (Linux Documentation/virt/kvm/devices/arm-vgic-v3.rst). One
 * distributor, and redistributors in one region or several; LPIs if the VM has an ITS. What a VMM reads and writes of its
 * registers is in hyp/guest_gic_reg.c.
 */
#include "hyp/abi.h"
#include "hyp/lib/errno.h"
#include "hyp/machine.h"

#define DEFAULT_IRQS 256u
#define MIN_IRQS 64u
#define MAX_IRQS 1024u
#define FRAME_ALIGN SZ_64K

#define INIT_VCPUS 4u /* in one step of CTRL_INIT */

s64 guest_gic_create(struct vm *vm)
{
	s64 ret = (s64)guest_gic_handle(vm);

	spin_lock(&vm->lock);
	if (vm->gic.created)
		ret = -EEXIST;
	else if (vm->gic.mem)
		ret = -EBUSY; /* it has run, or begun to */
	else
		atomic_store_release(&vm->gic.created, true);
	spin_unlock(&vm->lock);
	return ret;
}

/* Bytes of an attribute's value, by group. */
static const u8 sizes[] = {
	[KVM_DEV_ARM_VGIC_GRP_ADDR] = sizeof(u64),
	[KVM_DEV_ARM_VGIC_GRP_NR_IRQS] = sizeof(u32),
	[KVM_DEV_ARM_VGIC_GRP_DIST_REGS] = sizeof(u32),
	[KVM_DEV_ARM_VGIC_GRP_REDIST_REGS] = sizeof(u32),
	[KVM_DEV_ARM_VGIC_GRP_CPU_SYSREGS] = sizeof(u64),
	[KVM_DEV_ARM_VGIC_GRP_LEVEL_INFO] = sizeof(u32),
};

u32 guest_gic_size(const struct kvm_device_attr *a)
{
	return a->group < ARRAY_SIZE(sizes) ? sizes[a->group] : 0;
}

s64 guest_gic_has(const struct guest_object *o, const struct kvm_device_attr *a)
{
	switch (a->group) {
	case KVM_DEV_ARM_VGIC_GRP_ADDR:
		return a->attr == KVM_VGIC_V3_ADDR_TYPE_DIST ||
				       a->attr == KVM_VGIC_V3_ADDR_TYPE_REDIST ||
				       a->attr == KVM_VGIC_V3_ADDR_TYPE_REDIST_REGION
			       ? 0
			       : -ENXIO;
	case KVM_DEV_ARM_VGIC_GRP_NR_IRQS:
		return 0;
	case KVM_DEV_ARM_VGIC_GRP_CTRL:
		return a->attr == KVM_DEV_ARM_VGIC_CTRL_INIT ||
				       a->attr == KVM_DEV_ARM_VGIC_SAVE_PENDING_TABLES
			       ? 0
			       : -ENXIO;
	default:
		return guest_gic_reg_has(o->vm, a);
	}
}

/* How many vCPUs have their redistributors in region @r. Under the VM's lock, as all below. */
static u32 redist_room(const struct vm *vm, const struct vm_redist *r)
{
	return r->count ? r->count : MAX(vm->nr_vcpus, 1u);
}

static u64 redist_size(const struct vm *vm, const struct vm_redist *r)
{
	return redist_room(vm, r) * VGIC_REDIST_SIZE;
}

/* Is there a vCPU's redistributor at @base, in the beginning of a region? */
static bool redist_begins(const struct vm *vm, u64 base)
{
	const struct vm_redist *r = vm->gic.redist, *end = r + vm->gic.nr_redist;
	u32 first = 0;

	for (; r < end && first < vm->nr_vcpus; r++) {
		if (r->base == base)
			return true;
		first += redist_room(vm, r);
	}
	return false;
}

/* Says to each redistributor whether one follows it: regions are filled in their order, and touching ones are one. */
static void redists_mark(struct vm *vm)
{
	const struct vm_redist *r = vm->gic.redist, *end = r + vm->gic.nr_redist;
	u32 first = 0;

	for (; vm->vgic && r < end && first < vm->nr_vcpus; r++) {
		u32 room = redist_room(vm, r), last = MIN(first + room, vm->nr_vcpus), i;
		bool on = last - first == room && redist_begins(vm, r->base + redist_size(vm, r));

		for (i = first; i < last; i++)
			vgic_cpu_set_last(vm->vcpus[i]->vgic, i + 1 == last && !on);
		first = last;
	}
}

static s64 set_dist(struct vm *vm, u64 addr)
{
	if (vm->gic.dist != VM_GIC_NOWHERE)
		return -EEXIST;
	if (!IS_ALIGNED(addr, FRAME_ALIGN))
		return -EINVAL;
	if (!range_contains(0, BIT(vm->s2.ipa_bits), addr, VGIC_DIST_SIZE))
		return -E2BIG;
	vm->gic.dist = addr;
	return 0;
}

/* @index: of a region of @n->count vCPUs, or of the one that has no count. */
static s64 redist_check(const struct vm *vm, const struct vm_redist *n, u32 index)
{
	const struct vm_gic *g = &vm->gic;
	u64 size = redist_size(vm, n);
	u32 i;

	if (n->base + size < n->base)
		return -EINVAL;
	if (g->nr_redist && !n->count)
		return g->redist[0].count ? -EINVAL : -EEXIST;
	if (index != g->nr_redist || (g->nr_redist && !g->redist[0].count))
		return -EINVAL;
	for (i = 0; i < g->nr_redist; i++)
		if (ranges_overlap(g->redist[i].base, redist_size(vm, &g->redist[i]), n->base,
				   size))
			return -EINVAL;
	if (g->dist != VM_GIC_NOWHERE && ranges_overlap(g->dist, VGIC_DIST_SIZE, n->base, size))
		return -EINVAL;
	if (!IS_ALIGNED(n->base, FRAME_ALIGN))
		return -EINVAL;
	if (!range_contains(0, BIT(vm->s2.ipa_bits), n->base, size))
		return -E2BIG;
	return index < VM_MAX_REDIST && !g->placed ? 0 : -ENOMEM;
}

static s64 set_redist(struct vm *vm, const struct vm_redist *n, u32 index)
{
	s64 err = redist_check(vm, n, index);

	if (err)
		return err;
	vm->gic.redist[vm->gic.nr_redist++] = *n;
	redists_mark(vm);
	return 0;
}

/* The value of KVM_VGIC_V3_ADDR_TYPE_REDIST_REGION. */
#define REGION_INDEX GENMASK(11, 0)
#define REGION_FLAGS GENMASK(15, 12)
#define REGION_BASE GENMASK(51, 16)
#define REGION_COUNT GENMASK(63, 52)

static s64 set_addr(struct vm *vm, u64 type, u64 val)
{
	struct vm_redist n = { .base = val };

	if (type == KVM_VGIC_V3_ADDR_TYPE_DIST)
		return set_dist(vm, val);
	if (type == KVM_VGIC_V3_ADDR_TYPE_REDIST)
		return set_redist(vm, &n, 0);
	n.base = val & REGION_BASE;
	n.count = (u32)FIELD_GET(REGION_COUNT, val);
	if (!n.count || (val & REGION_FLAGS))
		return -EINVAL;
	return set_redist(vm, &n, (u32)FIELD_GET(REGION_INDEX, val));
}

static s64 get_addr(const struct vm *vm, u64 type, u64 *val)
{
	const struct vm_gic *g = &vm->gic;
	u64 index = FIELD_GET(REGION_INDEX, *val);

	if (type == KVM_VGIC_V3_ADDR_TYPE_DIST) {
		*val = g->dist;
	} else if (type == KVM_VGIC_V3_ADDR_TYPE_REDIST) {
		*val = g->nr_redist ? g->redist[0].base : VM_GIC_NOWHERE;
	} else {
		if (index >= g->nr_redist)
			return -ENOENT;
		*val = index | g->redist[index].base |
		       FIELD_PREP(REGION_COUNT, g->redist[index].count);
	}
	return 0;
}

static s64 set_nr_irqs(struct vm *vm, u64 nr)
{
	if (nr < MIN_IRQS || nr > MAX_IRQS || nr % 32)
		return -EINVAL;
	if (vm->gic.mem || vm->gic.nr_irqs)
		return -EBUSY;
	vm->gic.nr_irqs = (u32)nr;
	return 0;
}

/* What is the same at each step: nothing of it changes once the memory is there. */
static struct vgic_config gic_config(struct vm *vm)
{
	u32 nr = vm->gic.nr_irqs ? vm->gic.nr_irqs : DEFAULT_IRQS;

	if (vm->gic.none)
		return (struct vgic_config){ .nr_vcpus = vm->nr_vcpus, .hidden = true };
	return (struct vgic_config){ .nr_vcpus = vm->nr_vcpus,
				     .nr_spis = MIN(nr - VGIC_NR_PRIVATE, (u32)VGIC_MAX_SPIS),
				     .spi_edge = true, /* as KVM's */
				     .read = vm_read,
				     .write = vm_write,
				     .vm = vm };
}

static void add_vcpu(struct vgic *vgic, struct vcpu *v)
{
	struct vgic_cpu *c = vgic_cpu_init(vgic, v->index, v->mpidr, false, v);

	vgic_cpu_set_number(c, v->id);
	/* KVM_ARM_VCPU_INIT does not wait for CTRL_INIT. */
	atomic_store_release(&v->vgic, c);
}

/* Memory, its zeroes, the distributor, vCPU after vCPU: 0, or HERALD_AGAIN. */
static s64 init(struct vm *vm)
{
	const struct vgic_config cfg = gic_config(vm);
	struct vm_gic *g = &vm->gic;
	size_t size;
	u32 end;
	int err;

	if (vm->vgic)
		return 0;
	if (!vm->nr_vcpus)
		return -ENODEV;
	size = vgic_mem_size(&cfg);
	if (g->zeroed < size) {
		err = pool_alloc_step(vm->account, size, &g->mem, &g->zeroed);
		if (!err)
			vgic_init(g->mem, &cfg);
		return err == -ENOMEM ? err : HERALD_AGAIN;
	}
	for (end = MIN(g->nr_made + INIT_VCPUS, vm->nr_vcpus); g->nr_made < end; g->nr_made++)
		add_vcpu(g->mem, vm->vcpus[g->nr_made]);
	if (end < vm->nr_vcpus)
		return HERALD_AGAIN;
	guest_its_start(vm, g->mem);
	g->nr_irqs = VGIC_NR_PRIVATE + ALIGN_UP(cfg.nr_spis, 32u);
	/* From here on KVM_RUN and KVM_IRQ_LINE find it. */
	atomic_store_release(&vm->vgic, (struct vgic *)g->mem);
	redists_mark(vm);
	return 0;
}

static s64 set_locked(struct vm *vm, const struct kvm_device_attr *a, u64 val)
{
	switch (a->group) {
	case KVM_DEV_ARM_VGIC_GRP_ADDR:
		return set_addr(vm, a->attr, val);
	case KVM_DEV_ARM_VGIC_GRP_NR_IRQS:
		return set_nr_irqs(vm, val);
	case KVM_DEV_ARM_VGIC_GRP_CTRL:
		return a->attr == KVM_DEV_ARM_VGIC_CTRL_INIT ? init(vm) : guest_gic_save(vm);
	default:
		return guest_gic_reg(vm, a, &val, true);
	}
}

s64 guest_gic_set(const struct guest_object *o, const struct kvm_device_attr *a,
		  const union abi_attr *val)
{
	s64 err;

	spin_lock(&o->vm->lock);
	err = set_locked(o->vm, a, val->u64);
	spin_unlock(&o->vm->lock);
	return err;
}

static s64 get_locked(struct vm *vm, const struct kvm_device_attr *a, u64 *val)
{
	switch (a->group) {
	case KVM_DEV_ARM_VGIC_GRP_ADDR:
		return get_addr(vm, a->attr, val);
	case KVM_DEV_ARM_VGIC_GRP_NR_IRQS:
		/* KVM counts no SPIs until they are set, or there by default. */
		*val = MAX(vm->gic.nr_irqs, (u32)VGIC_NR_PRIVATE);
		return 0;
	case KVM_DEV_ARM_VGIC_GRP_CTRL:
		return -ENXIO;
	default:
		return guest_gic_reg(vm, a, val, false);
	}
}

s64 guest_gic_get(const struct guest_object *o, const struct kvm_device_attr *a,
		  union abi_attr *val)
{
	s64 err;

	spin_lock(&o->vm->lock);
	err = get_locked(o->vm, a, &val->u64);
	spin_unlock(&o->vm->lock);
	return err;
}

bool guest_frame_free(struct vm *vm, u64 base, u64 size)
{
	struct stage2_leaf leaf;
	u32 budget = ~0u;

	return !stage2_next(&vm->s2, &base, base + size, &budget, &leaf);
}

static bool redist_fits(struct vm *vm, const struct vm_redist *r)
{
	u64 size = redist_size(vm, r);

	return range_contains(0, BIT(vm->s2.ipa_bits), r->base, size) &&
	       !ranges_overlap(vm->gic.dist, VGIC_DIST_SIZE, r->base, size) &&
	       guest_frame_free(vm, r->base, size);
}

static s64 place_redist(struct vm *vm, u32 region)
{
	const struct vm_redist *r = &vm->gic.redist[region];
	u32 first = 0, i;

	for (i = 0; i < region; i++)
		first += redist_room(vm, &vm->gic.redist[i]);
	if (!redist_fits(vm, r))
		return -EINVAL;
	return vm_add_redist(vm, r->base, redist_size(vm, r), first);
}

static s64 place_next(struct vm *vm)
{
	struct vm_gic *g = &vm->gic;
	s64 err;

	if (!vm->nr_mmio)
		return guest_frame_free(vm, g->dist, VGIC_DIST_SIZE) ? vm_add_dist(vm, g->dist)
								     : -EINVAL;
	if (vm->nr_mmio <= g->nr_redist)
		return place_redist(vm, vm->nr_mmio - 1);
	err = vm->vgic ? guest_its_place(vm) : -EBUSY;
	g->placed = !err;
	return err;
}

/* A step is one range, which is looked through for what is mapped there; vm->nr_mmio are in their place. */
static s64 place_frames(struct vm *vm)
{
	struct vm_gic *g = &vm->gic;
	u32 room = 0, i;
	s64 err;

	for (i = 0; i < g->nr_redist; i++)
		room += redist_room(vm, &g->redist[i]);
	if (g->dist == VM_GIC_NOWHERE || !room || room < vm->nr_vcpus)
		return -ENXIO;
	err = place_next(vm);
	if (err)
		vm->nr_mmio = 0; /* all or nothing */
	return err || g->placed ? err : HERALD_AGAIN;
}

/* A VM of which the VMM wants no GIC has one that no frame leads to: it never interrupts. */
static s64 go_without(struct vm *vm)
{
	s64 err;

	vm->gic.none = true;
	err = init(vm);
	vm->gic.none = vm->gic.mem; /* until there is memory for it the VMM may change its mind */
	vm->gic.placed = !err;
	return err;
}

/* Which interrupts the timers have is the VMM's to say until the VM first runs. */
static void tie_timers(struct vcpu *v)
{
	const struct board *b = &machine.board;

	vgic_map_hw_ppi(v->vgic, v->vm->timer_ppi[0], b->timer_virt_intid);
	if (b->timer_phys_intid)
		vgic_map_hw_ppi(v->vgic, v->vm->timer_ppi[1], b->timer_phys_intid);
}

s64 guest_gic_ready(struct vcpu *v)
{
	struct vm *vm = v->vm;
	s64 err = 0;

	if (atomic_load_acquire(&vm->ready) && atomic_load_acquire(&v->timers_tied))
		return 0;
	spin_lock(&vm->lock);
	/* First of all: once the frames are in their place neither can be given another. */
	if (vm->timer_ppi[0] == vm->timer_ppi[1])
		err = -EINVAL;
	else if (!vm->gic.placed)
		err = vm->gic.created ? place_frames(vm) : go_without(vm);
	if (!err && !v->timers_tied) {
		tie_timers(v);
		atomic_store_release(&v->timers_tied, true);
	}
	vm->gic.save = 0; /* nobody goes on with what was begun before a run */
	if (!err)
		atomic_store_release(&vm->ready, true);
	spin_unlock(&vm->lock);
	return err;
}

#define LINE_NUM GENMASK(15, 0)
#define LINE_VCPU GENMASK(23, 16)
#define LINE_TYPE GENMASK(27, 24)
#define LINE_VCPU2 GENMASK(31, 28)
#define LINE_VCPU2_SHIFT 8

s64 guest_irq_line(struct vm *vm, u32 irq, bool level)
{
	u32 num = (u32)FIELD_GET(LINE_NUM, irq);
	u32 index = vm_vcpu_index(vm, FIELD_GET(LINE_VCPU, irq) | FIELD_GET(LINE_VCPU2, irq)
									  << LINE_VCPU2_SHIFT);
	struct vgic *vgic = atomic_load_acquire(&vm->vgic);

	if (!atomic_load_acquire(&vm->gic.created))
		return -ENXIO;
	switch (FIELD_GET(LINE_TYPE, irq)) {
	case KVM_ARM_IRQ_TYPE_SPI:
		if (!vgic)
			return -EBUSY;
		return num < VGIC_NR_PRIVATE ? -EINVAL : vgic_set_line(vgic, NULL, num, level);
	case KVM_ARM_IRQ_TYPE_PPI:
		if (index >= atomic_load_acquire(&vm->nr_vcpus) || num >= VGIC_NR_PRIVATE ||
		    num == vm->timer_ppi[0] || num == vm->timer_ppi[1])
			return -EINVAL;
		return vgic ? vgic_set_line(vgic, vm->vcpus[index]->vgic, num, level) : -EBUSY;
	case KVM_ARM_IRQ_TYPE_CPU:
		return -ENXIO;
	default:
		return -EINVAL;
	}
}
