/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The GIC of a managed VM: KVM's device ARM_VGIC_V3 (Linux Documentation/virt/kvm/devices/arm-vgic-v3.rst). One
 * distributor and one region of redistributors; LPIs if it has an ITS. The interrupts of the timers are 27 and 30.
 */
#include "hyp/abi.h"
#include "hyp/lib/errno.h"
#include "hyp/machine.h"
#include "hyp/vits.h"

#define DEFAULT_IRQS 256u
#define MIN_IRQS 64u
#define MAX_IRQS 1024u
#define FRAME_ALIGN SZ_64K

s64 guest_gic_create(struct vm *vm)
{
	bool was;

	spin_lock(&vm->lock);
	was = vm->gic.created;
	atomic_store_release(&vm->gic.created, true);
	spin_unlock(&vm->lock);
	return was ? -EEXIST : (s64)guest_gic_handle(vm);
}

s64 guest_gic_has(const struct guest_object *o, const struct kvm_device_attr *a)
{
	const u64 attr = a->attr;

	(void)o;
	switch (a->group) {
	case KVM_DEV_ARM_VGIC_GRP_ADDR:
		return attr == KVM_VGIC_V3_ADDR_TYPE_DIST || attr == KVM_VGIC_V3_ADDR_TYPE_REDIST
			       ? 0
			       : -ENXIO;
	case KVM_DEV_ARM_VGIC_GRP_NR_IRQS:
		return 0;
	case KVM_DEV_ARM_VGIC_GRP_CTRL:
		return attr == KVM_DEV_ARM_VGIC_CTRL_INIT ||
				       attr == KVM_DEV_ARM_VGIC_SAVE_PENDING_TABLES
			       ? 0
			       : -ENXIO;
	default:
		return -ENXIO;
	}
}

u32 guest_gic_size(const struct kvm_device_attr *a)
{
	switch (a->group) {
	case KVM_DEV_ARM_VGIC_GRP_ADDR:
		return sizeof(u64);
	case KVM_DEV_ARM_VGIC_GRP_NR_IRQS:
		return sizeof(u32);
	default:
		return 0;
	}
}

/* Under the VM's lock, as all below. */
static s64 set_addr(struct vm *vm, u64 attr, u64 addr)
{
	u64 *where = attr == KVM_VGIC_V3_ADDR_TYPE_DIST ? &vm->gic.dist : &vm->gic.redist;
	u64 size = attr == KVM_VGIC_V3_ADDR_TYPE_DIST ? VGIC_DIST_SIZE : VGIC_REDIST_SIZE;

	if (*where != VM_GIC_NOWHERE)
		return -EEXIST;
	if (!IS_ALIGNED(addr, FRAME_ALIGN))
		return -EINVAL;
	if (!range_contains(0, BIT(vm->s2.ipa_bits), addr, size))
		return -E2BIG;
	*where = addr;
	return 0;
}

static s64 set_nr_irqs(struct vm *vm, u64 nr)
{
	if (nr < MIN_IRQS || nr > MAX_IRQS || nr % 32)
		return -EINVAL;
	if (vm->vgic || vm->gic.nr_irqs)
		return -EBUSY;
	vm->gic.nr_irqs = (u32)nr;
	return 0;
}

static void add_vcpus(struct vm *vm, struct vgic *vgic)
{
	const struct board *b = &machine.board;
	u32 i;

	for (i = 0; i < vm->nr_vcpus; i++) {
		struct vcpu *v = vm->vcpus[i];

		v->vgic = vgic_cpu_init(vgic, i, v->mpidr, i + 1 == vm->nr_vcpus, v);
		vgic_map_hw_ppi(v->vgic, WORLD_VM_VTIMER, b->timer_virt_intid);
		if (b->timer_phys_intid)
			vgic_map_hw_ppi(v->vgic, WORLD_VM_PTIMER, b->timer_phys_intid);
	}
}

bool guest_running(struct vm *vm)
{
	u32 i, nr = atomic_load_acquire(&vm->nr_vcpus);

	for (i = 0; i < nr; i++)
		if (atomic_load_acquire(&vm->vcpus[i]->run) == VCPU_RUNNING)
			return true;
	return false;
}

/* A step of SAVE_PENDING_TABLES; if a vCPU has run since the last one, the first. */
static s64 save_pending(struct vm *vm)
{
	struct vm_gic *g = &vm->gic;
	int err;

	if (!vm->vgic)
		return -ENXIO;
	if (guest_running(vm))
		return -EBUSY;
	if (atomic_exchange(&g->ran, false))
		g->save_cursor = 0;
	err = vgic_lpi_save(vm->vgic, &g->save_cursor);
	if (err == -EAGAIN)
		return HERALD_AGAIN;
	g->save_cursor = 0;
	return err == -ENXIO ? 0 : err; /* no LPIs, nothing to save */
}

static s64 init(struct vm *vm)
{
	const u32 nr = vm->gic.nr_irqs ? vm->gic.nr_irqs : DEFAULT_IRQS;
	const struct vgic_config cfg = { .nr_vcpus = vm->nr_vcpus,
					 .nr_spis = MIN(nr - VGIC_NR_PRIVATE, (u32)VGIC_MAX_SPIS),
					 .read = vm_read,
					 .write = vm_write,
					 .vm = vm };
	void *mem;

	if (vm->vgic)
		return 0;
	if (!vm->nr_vcpus)
		return -ENODEV;
	mem = pool_alloc_bytes(vm->account, vgic_mem_size(&cfg));
	if (!mem)
		return -ENOMEM;
	vgic_init(mem, &cfg);
	add_vcpus(vm, mem);
	guest_its_start(vm, mem);
	vm->gic.nr_irqs = nr;
	/* From here on KVM_RUN and KVM_IRQ_LINE find it. */
	atomic_store_release(&vm->vgic, (struct vgic *)mem);
	return 0;
}

s64 guest_gic_set(const struct guest_object *o, const struct kvm_device_attr *a,
		  const union abi_attr *val)
{
	struct vm *vm = o->vm;
	s64 err;

	spin_lock(&vm->lock);
	if (a->group == KVM_DEV_ARM_VGIC_GRP_ADDR)
		err = set_addr(vm, a->attr, val->u64);
	else if (a->group == KVM_DEV_ARM_VGIC_GRP_NR_IRQS)
		err = set_nr_irqs(vm, val->u64);
	else if (a->attr == KVM_DEV_ARM_VGIC_CTRL_INIT)
		err = init(vm);
	else
		err = save_pending(vm);
	spin_unlock(&vm->lock);
	return err;
}

s64 guest_gic_get(const struct guest_object *o, const struct kvm_device_attr *a,
		  union abi_attr *val)
{
	const struct vm_gic *g = &o->vm->gic;

	switch (a->group) {
	case KVM_DEV_ARM_VGIC_GRP_ADDR:
		val->u64 = atomic_load_relaxed(a->attr == KVM_VGIC_V3_ADDR_TYPE_DIST ? &g->dist
										     : &g->redist);
		return 0;
	case KVM_DEV_ARM_VGIC_GRP_NR_IRQS:
		/* KVM counts no SPIs until they are set, or there by default. */
		val->u64 = MAX(atomic_load_relaxed(&g->nr_irqs), (u32)VGIC_NR_PRIVATE);
		return 0;
	default:
		return -ENXIO;
	}
}

bool guest_frame_free(struct vm *vm, u64 base, u64 size)
{
	struct stage2_leaf leaf;
	u32 budget = ~0u;

	return !stage2_next(&vm->s2, &base, base + size, &budget, &leaf);
}

static s64 place_frames(struct vm *vm)
{
	u64 size = vm->nr_vcpus * VGIC_REDIST_SIZE;
	const struct vm_gic *g = &vm->gic;

	if (!vm->vgic || g->dist == VM_GIC_NOWHERE || g->redist == VM_GIC_NOWHERE)
		return -ENXIO;
	if (!range_contains(0, BIT(vm->s2.ipa_bits), g->redist, size) ||
	    ranges_overlap(g->dist, VGIC_DIST_SIZE, g->redist, size) ||
	    !guest_frame_free(vm, g->dist, VGIC_DIST_SIZE) ||
	    !guest_frame_free(vm, g->redist, size))
		return -EINVAL;
	vm_add_dist(vm, g->dist);
	vm_add_redist(vm, g->redist, size, 0);
	return 0;
}

s64 guest_gic_ready(struct vm *vm)
{
	s64 err = 0;

	if (atomic_load_acquire(&vm->ready))
		return 0;
	spin_lock(&vm->lock);
	if (!vm->ready)
		err = place_frames(vm);
	if (!err && !vm->ready)
		err = guest_its_place(vm);
	if (err)
		vm->nr_mmio = 0; /* all or nothing */
	else
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
	u32 index = (u32)(FIELD_GET(LINE_VCPU, irq) | FIELD_GET(LINE_VCPU2, irq)
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
		if (index >= atomic_load_acquire(&vm->nr_vcpus) || num >= VGIC_NR_PRIVATE)
			return -EINVAL;
		return vgic ? vgic_set_line(vgic, vm->vcpus[index]->vgic, num, level) : -EBUSY;
	case KVM_ARM_IRQ_TYPE_CPU:
		return -ENXIO;
	default:
		return -EINVAL;
	}
}
