/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The management VM: vCPU n is physical CPU n, IPA is PA, and it owns every device that Herald does not drive.
 *
 * RAM is mapped at once, in the largest blocks. Device registers are mapped when they are first touched: the tree need
 * not describe them, and a board with a sparse address map costs nothing. What Herald owns stays unmapped: its
 * memory, the GIC and ITS frames (emulated), SMMUs.
 */
#include "hyp/mgmt.h"
#include "drivers/gicv3.h"
#include "drivers/gits.h"
#include "hyp/lib/errno.h"
#include "hyp/lib/string.h"
#include "hyp/log.h"
#include "hyp/machine.h"
#include "hyp/owner.h"
#include "hyp/ranges.h"
#include "hyp/sysreg.h"
#include "hyp/vits.h"

/* What a virtual ITS can have at most (its/its.h). */
#define MGMT_DEVID_BITS 20u
#define MGMT_EVENTID_BITS 16u
#define MGMT_MAX_DEVICES 4096u

static struct vm mgmt_vm;
static struct pool_account mgmt_account;

/* True if [@base, @base + @size) has a byte that is not the management VM's to use as a device. */
static bool mgmt_excluded(const struct vm *vm, u64 base, u64 size)
{
	const struct board *b = &machine.board;
	u32 i;

	for (i = 0; i < vm->nr_mmio; i++)
		if (ranges_overlap(vm->mmio[i].base, vm->mmio[i].size, base, size))
			return true;
	for (i = 0; i < b->nr_its; i++)
		if (ranges_overlap(b->its[i].frame.base, b->its[i].frame.size, base, size))
			return true;
	return ranges_touch(b->mem, b->nr_mem, base, size) ||
	       ranges_touch(b->smmu, b->nr_smmu, base, size) ||
	       ranges_touch(b->gic.redist, b->gic.nr_redist, base, size) ||
	       ranges_overlap(b->gic.dist.base, b->gic.dist.size, base, size);
}

/* First access to a device: maps the largest block around @ipa that holds nothing of Herald's. */
static int mgmt_fault(struct vm *vm, u64 ipa)
{
	static const u64 sizes[] = { SZ_1G, SZ_2M, SZ_4K };
	struct stage2_leaf leaf;
	u32 i;

	/* Another vCPU was faster, or is splitting a block. */
	if (stage2_walk(&vm->s2, ipa, &leaf))
		return 0;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		u64 base = ALIGN_DOWN(ipa, sizes[i]);

		if (!mgmt_excluded(vm, base, sizes[i]))
			return stage2_map(&vm->s2, base, base, sizes[i], STAGE2_DEVICE);
	}
	return -EFAULT;
}

/* RAM that the tree reserves with no-map is the guest's to use, but EL2 has no mapping of it. */
static int mgmt_map_reserved(struct vm *vm)
{
	const struct board *b = &machine.board;
	int err = 0;
	u32 i;

	for (i = 0; i < b->nr_no_map && !err; i++) {
		u64 base = ALIGN_DOWN(b->no_map[i].base, SZ_4K);
		u64 end = ALIGN_UP(b->no_map[i].base + b->no_map[i].size, SZ_4K);

		err = stage2_map(&vm->s2, base, base, end - base, STAGE2_NORMAL | STAGE2_HIDDEN);
	}
	return err;
}

static int mgmt_map_ram(struct vm *vm, const struct mgmt_plan *plan)
{
	static struct board_range holes[BOARD_MAX_RESERVED + ARRAY_SIZE(plan->owned)];
	const struct board *b = &machine.board;
	u32 nr = b->nr_no_map, i;

	memcpy(holes, b->no_map, sizeof(b->no_map));
	for (i = 0; i < plan->nr_owned; i++)
		holes[nr++] = plan->owned[i];
	for (i = 0; i < b->nr_mem; i++) {
		u64 end = b->mem[i].base + b->mem[i].size;
		u64 base = b->mem[i].base;
		u64 size;

		while ((size = ranges_next_gap(holes, nr, &base, end))) {
			int err = stage2_map(&vm->s2, base, base, size, STAGE2_NORMAL);

			if (!err)
				err = owner_set_range(base, size, OWNER_MGMT);
			if (err)
				return err;
			base += size;
		}
	}
	return mgmt_map_reserved(vm);
}

static int mgmt_add_vcpus(struct vm *vm)
{
	u32 i;

	vm->vcpus = pool_alloc_bytes(vm->account, sizeof(struct vcpu *) * vm->nr_vcpus);
	if (!vm->vcpus)
		return -ENOMEM;
	for (i = 0; i < vm->nr_vcpus; i++) {
		struct vcpu *v = pool_alloc_bytes(vm->account, sizeof(*v));

		if (!v)
			return -ENOMEM;
		vm->vcpus[i] = v;
		cpu_table[i].home = v;
		v->vm = vm;
		v->ppi.lock = SPINLOCK_INIT(LOCK_PPI);
		v->ppi.cpu = WORLD_PPI_NOWHERE;
		v->pauth = true;
		v->cpu = &cpu_table[i];
		v->index = i;
		v->mpidr = cpu_table[i].mpidr;
		v->power = VCPU_OFF;
	}
	return 0;
}

/* Every SPI and the timers of EL1 are the management VM's, under their own numbers. */
static int mgmt_tie_interrupts(struct vm *vm, u32 nr_spis)
{
	const struct board *b = &machine.board;
	u32 i;
	int err = 0;

	for (i = 0; i < nr_spis && !err; i++)
		err = vgic_map_hw_spi(vm->vgic, GIC_SPI_BASE + i, GIC_SPI_BASE + i);
	for (i = 0; i < vm->nr_vcpus && !err; i++) {
		struct vgic_cpu *c = vm->vcpus[i]->vgic;

		err = vgic_map_hw_ppi(c, b->timer_virt_intid, b->timer_virt_intid);
		if (!err && b->timer_phys_intid)
			err = vgic_map_hw_ppi(c, b->timer_phys_intid, b->timer_phys_intid);
	}
	return err;
}

/* How many vCPUs the redistributor regions up to and including @region have room for. */
static u32 redist_room(u32 region)
{
	const struct board_gic *g = &machine.board.gic;
	u64 room = 0;
	u32 i;

	for (i = 0; i <= region && i < g->nr_redist; i++)
		room += g->redist[i].size / VGIC_REDIST_SIZE;
	return (u32)MIN(room, (u64)BOARD_MAX_CPUS);
}

static int mgmt_add_redists(struct vm *vm)
{
	const struct board_gic *g = &machine.board.gic;
	u32 first = 0, i;

	for (i = 0; i < g->nr_redist; i++) {
		int err = vm_add_redist(vm, g->redist[i].base, g->redist[i].size, first);

		if (err)
			return err;
		first = redist_room(i);
	}
	if (first < vm->nr_vcpus)
		return -ENOSPC;
	for (i = 0; i < vm->nr_vcpus; i++) {
		struct vcpu *v = vm->vcpus[i];
		u32 region = 0;

		while (redist_room(region) <= i)
			region++;
		v->vgic = vgic_cpu_init(vm->vgic, i, v->mpidr,
					i + 1 == vm->nr_vcpus || i + 1 == redist_room(region), v);
	}
	return 0;
}

static int mgmt_add_gic(struct vm *vm, bool lpis)
{
	const struct vgic_config cfg = {
		.nr_vcpus = vm->nr_vcpus,
		.nr_spis = gicv3_nr_spis(),
		.intid_bits = lpis ? 16 : 0,
		.read = vm_read,
		.write = vm_write,
		.vm = vm,
	};
	size_t size = vgic_mem_size(&cfg);
	void *mem = size ? pool_alloc_bytes(vm->account, size) : NULL;
	int err;

	if (!mem)
		return -ENOMEM;
	vm->vgic = vgic_init(mem, &cfg);
	err = vm_add_dist(vm, machine.board.gic.dist.base);
	if (!err)
		err = mgmt_add_redists(vm);
	return err ? err : mgmt_tie_interrupts(vm, cfg.nr_spis);
}

/* One virtual ITS for each physical one that works, in the same place and as wide. */
static int mgmt_add_its(struct vm *vm)
{
	int err = 0;
	u32 i;

	for (i = 0; i < machine.nr_its && !err; i++) {
		const struct gits_info *info = gits_info(i);
		const struct vits_config cfg = {
			.devid_bits = MIN(info->devid_bits, MGMT_DEVID_BITS),
			.eventid_bits = MIN(info->eventid_bits, MGMT_EVENTID_BITS),
			.max_devices = MGMT_MAX_DEVICES,
			.host_its = i,
		};
		struct vits *t = &vm->its[i];

		do
			err = vits_create(t, vm, &cfg);
		while (err == -EAGAIN);
		if (err)
			return err;
		its_set_vcpus(t->its, vm->nr_vcpus);
		vm->nr_its++;
		t->base = machine.board.its[i].frame.base;
		err = vits_place(t);
	}
	return err;
}

int mgmt_create(const struct mgmt_plan *plan)
{
	struct vm *vm = &mgmt_vm;
	int err;

	vm->vmid = 1;
	vm->pinned = true;
	vm->fault = mgmt_fault;
	vm->nr_vcpus = cpu_count;
	vm->account = &mgmt_account;
	vm->account->limit = machine.pool_size / 2;
	err = stage2_init(&vm->s2, vm->vmid, stage2_host_ipa_bits(), vm->account);
	if (!err)
		err = mgmt_map_ram(vm, plan);
	if (!err)
		err = mgmt_add_vcpus(vm);
	if (!err)
		err = mgmt_add_gic(vm, plan->lpis);
	if (!err)
		err = mgmt_add_its(vm);
	if (!err)
		machine.mgmt = vm;
	return err;
}

void mgmt_start(void)
{
	struct cpu *c = cpu_this();
	struct vcpu *v = mgmt_vm.vcpus[c->index];

	vgic_cpu_retie(v->vgic);
	vcpu_reset(v);
	/* Acquires what CPU_ON wrote before it made the vCPU ON_PENDING. */
	atomic_exchange(&v->power, (u32)VCPU_ON);
	vcpu_start(v);
}
