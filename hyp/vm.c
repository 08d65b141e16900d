/* SPDX-License-Identifier: GPL-2.0-only */
/* Virtual machines: finding vCPUs, the ranges that trap, and the frames of the virtual GIC among them. */
#include "hyp/vm.h"
#include "hyp/herald_abi.h"
#include "hyp/lib/errno.h"
#include "hyp/sysreg.h"
#include "hyp/vits.h"

struct vcpu *vm_find_vcpu(struct vm *vm, u64 mpidr)
{
	u32 i;

	for (i = 0; i < vm->nr_vcpus; i++)
		if (vm->vcpus[i]->mpidr == (mpidr & MPIDR_AFF_MASK))
			return vm->vcpus[i];
	return NULL;
}

u32 vm_vcpu_index(const struct vm *vm, u64 id)
{
	return id < VM_MAX_IDS ? vm->by_id[id] - 1u : VGIC_NOWHERE;
}

int vm_add_mmio(struct vm *vm, const struct mmio_region *r)
{
	u32 i;

	if (vm->nr_mmio == VM_MAX_MMIO)
		return -ENOSPC;
	for (i = 0; i < vm->nr_mmio; i++)
		if (ranges_overlap(vm->mmio[i].base, vm->mmio[i].size, r->base, r->size))
			return -EEXIST;
	vm->mmio[vm->nr_mmio] = *r;
	atomic_store_release(&vm->nr_mmio, vm->nr_mmio + 1); /* others may be looking */
	return 0;
}

/* The VM's memory is mapped when it is first used, also by us; the management VM's is always there. */
static int lacks(const struct vm *vm, u64 ipa, u64 flags, int err)
{
	struct cpu *c = cpu_this();
	u64 page = HERALD_ABSENT(ALIGN_DOWN(ipa, (u64)SZ_4K), flags | HERALD_FAULT_EL2);

	if (!err || vm->pinned || page == c->absent[0] || page == c->absent[1])
		return err;
	c->missing = page;
	return -EAGAIN;
}

int vm_read(void *vm, u64 ipa, void *buf, size_t len)
{
	return lacks(vm, ipa, 0, stage2_read(&((struct vm *)vm)->s2, ipa, buf, len));
}

int vm_write(void *vm, u64 ipa, const void *buf, size_t len)
{
	return lacks(vm, ipa, HERALD_FAULT_WRITE,
		     stage2_write(&((struct vm *)vm)->s2, ipa, buf, len));
}

static u64 dist_read(struct vcpu *v, const struct mmio_region *r, u64 offset, u32 size)
{
	(void)r;
	return vgic_dist_read(v->vgic, offset, size);
}

static void dist_write(struct vcpu *v, const struct mmio_region *r, u64 offset, u32 size, u64 val)
{
	u32 cursor = 0;

	(void)r;
	if (!vgic_dist_write(v->vgic, offset, size, val))
		return;
	while (vgic_dist_tell(v->vm->vgic, &cursor))
		vcpu_serve(v);
}

/* The redistributor at @offset of a region whose first vCPU is r->cookie; NULL behind the last one. */
static struct vgic_cpu *redist_at(const struct vcpu *v, const struct mmio_region *r, u64 offset)
{
	u64 index = r->cookie + offset / VGIC_REDIST_SIZE;

	return index < v->vm->nr_vcpus ? v->vm->vcpus[index]->vgic : NULL;
}

static u64 redist_read(struct vcpu *v, const struct mmio_region *r, u64 offset, u32 size)
{
	struct vgic_cpu *c = redist_at(v, r, offset);

	return c ? vgic_redist_read(v->vgic, c, offset % VGIC_REDIST_SIZE, size) : 0;
}

static void redist_write(struct vcpu *v, const struct mmio_region *r, u64 offset, u32 size, u64 val)
{
	struct vgic_cpu *c = redist_at(v, r, offset);

	if (!c)
		return;
	vgic_redist_write(v->vgic, c, offset % VGIC_REDIST_SIZE, size, val);
	if (vgic_redist_run(c)) {
		v->work.redist = c;
		v->work.pending = true;
	}
}

int vm_add_dist(struct vm *vm, u64 base)
{
	const struct mmio_region r = {
		.base = base, .size = VGIC_DIST_SIZE, .read = dist_read, .write = dist_write
	};

	return vm_add_mmio(vm, &r);
}

int vm_add_redist(struct vm *vm, u64 base, u64 size, u32 first_vcpu)
{
	const struct mmio_region r = { .base = base,
				       .size = size,
				       .read = redist_read,
				       .write = redist_write,
				       .cookie = first_vcpu };

	return vm_add_mmio(vm, &r);
}
