/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A VM's virtual ITS: the frame that traps, and the world that its/ asks for.
 *
 * The vCPU that wrote CWRITER does not go on until the queue is drained, in bounded steps (vcpu_work()); between steps
 * the lock is free and this CPU serves its interrupts, so that neither a long queue nor a command that waits for another
 * CPU's list registers holds anyone up.
 */
#include "hyp/vits.h"
#include "hyp/lib/errno.h"
#include "hyp/machine.h"
#include "hyp/sysreg.h"

static int op_read(void *ctx, u64 ipa, void *buf, size_t len)
{
	return vm_read(((struct vits *)ctx)->vm, ipa, buf, len);
}

static int op_write(void *ctx, u64 ipa, const void *buf, size_t len)
{
	return vm_write(((struct vits *)ctx)->vm, ipa, buf, len);
}

static int op_lpi_pend(void *ctx, u32 vcpu, u32 lpi)
{
	return vgic_lpi_pend(((struct vits *)ctx)->vm->vgic, vcpu, lpi);
}

static int op_lpi_clear(void *ctx, u32 lpi, bool again)
{
	return vgic_lpi_clear(((struct vits *)ctx)->vm->vgic, lpi, again);
}

static int op_lpi_move(void *ctx, u32 lpi, u32 to, bool again)
{
	return vgic_lpi_move(((struct vits *)ctx)->vm->vgic, lpi, to, again);
}

static int op_lpi_move_all(void *ctx, u32 from, u32 to, u32 *cursor)
{
	return vgic_lpi_move_all(((struct vits *)ctx)->vm->vgic, from, to, cursor);
}

static int op_lpi_reload(void *ctx, u32 vcpu, u32 lpi)
{
	return vgic_lpi_reload(((struct vits *)ctx)->vm->vgic, vcpu, lpi);
}

/* A VM's vCPUs go by their ids, as KVM's; the management VM's by their order. */
static u32 op_rdbase_vcpu(void *ctx, u64 rdbase)
{
	return vm_vcpu_index(((struct vits *)ctx)->vm, rdbase);
}

static u32 op_vcpu_rdbase(void *ctx, u32 vcpu)
{
	return ((struct vits *)ctx)->vm->vcpus[vcpu]->id;
}

static int op_device_mapped(void *ctx, u32 devid, u32 nr_events)
{
	return mirror_device_mapped(((struct vits *)ctx)->mirror, devid, nr_events);
}

static int op_device_unmapped(void *ctx, u32 devid)
{
	return mirror_device_unmapped(((struct vits *)ctx)->mirror, devid);
}

static void op_event_mapped(void *ctx, u32 devid, u32 eventid, u32 entry, u32 vcpu)
{
	mirror_event_mapped(((struct vits *)ctx)->mirror, devid, eventid, entry, vcpu);
}

static void op_event_moved(void *ctx, u32 devid, u32 eventid, u32 vcpu)
{
	mirror_event_moved(((struct vits *)ctx)->mirror, devid, eventid, vcpu);
}

static void op_event_unmapped(void *ctx, u32 devid, u32 eventid)
{
	mirror_event_unmapped(((struct vits *)ctx)->mirror, devid, eventid);
}

static const struct its_ops ops = {
	.read = op_read,
	.write = op_write,
	.lpi_pend = op_lpi_pend,
	.lpi_clear = op_lpi_clear,
	.lpi_move = op_lpi_move,
	.lpi_move_all = op_lpi_move_all,
	.lpi_reload = op_lpi_reload,
	.rdbase_vcpu = op_rdbase_vcpu,
	.vcpu_rdbase = op_vcpu_rdbase,
	.device_mapped = op_device_mapped,
	.device_unmapped = op_device_unmapped,
	.event_mapped = op_event_mapped,
	.event_moved = op_event_moved,
	.event_unmapped = op_event_unmapped,
};

static u64 frame_read(struct vcpu *v, const struct mmio_region *r, u64 offset, u32 size)
{
	struct vits *t = &v->vm->its[r->cookie];
	u64 val;

	spin_lock(&t->lock);
	val = its_mmio_read(t->its, offset, size);
	spin_unlock(&t->lock);
	return val;
}

/* A step of the queue; the lock is held, and given up. */
static enum its_progress run_unlock(struct vits *t)
{
	enum its_progress progress = its_run(t->its);

	spin_unlock(&t->lock);
	if (mirror_work_pending())
		mirror_work();
	return progress;
}

enum its_progress vits_run(struct vits *t)
{
	spin_lock(&t->lock);
	return run_unlock(t);
}

static void frame_write(struct vcpu *v, const struct mmio_region *r, u64 offset, u32 size, u64 val)
{
	struct vits *t = &v->vm->its[r->cookie];

	spin_lock(&t->lock);
	its_mmio_write(t->its, offset, size, val);
	if (run_unlock(t) == ITS_IDLE)
		return;
	v->work.its = t;
	v->work.pending = true;
}

/* The management VM has the machine's own DeviceIDs; context is its vits. */
static int resolve_identity(void *ctx, u32 devid, u32 nr_events, struct mirror_target *out)
{
	const struct vits *t = ctx;

	return mirror_resolve_identity(&machine.board, machine.ecam, t->host_its, devid, nr_events,
				       out);
}

static u32 vcpu_cpu(void *ctx, u32 vcpu)
{
	const struct vits *t = ctx;

	return t->vm->vcpus[vcpu]->cpu->index;
}

/* A seed that a guest cannot know: the counter at each of the boot's steps mixed with the stack protector's word. */
static u64 random_seed(void)
{
	extern u64 __stack_chk_guard;

	return (__stack_chk_guard ^ sysreg_read(cntpct_el0)) * UINT64_C(0xd6e8feb86659fd93);
}

static int make_mirror(struct vits *t)
{
	t->mirror = mirror_create(&(struct mirror_config){
		.its = t->its, .ctx = t, .resolve = resolve_identity, .vcpu_cpu = vcpu_cpu });
	return t->mirror ? 0 : -ENOSPC;
}

int vits_create(struct vits *t, struct vm *vm, const struct vits_config *c)
{
	const struct its_config cfg = {
		.nr_cpus = cpu_count,
		.devid_bits = c->devid_bits,
		.eventid_bits = c->eventid_bits,
		.intid_bits = VITS_INTID_BITS,
		.max_devices = c->max_devices,
		.seed = random_seed(),
	};
	bool mirrored = c->host_its != VITS_VIRTUAL;
	struct its_ops o = ops;
	size_t size = its_mem_size(&cfg);
	int err = -EINVAL;

	if (size)
		err = pool_alloc_step(vm->account, size + c->extra, &t->mem, &t->zeroed);
	if (err)
		return err;
	if (!mirrored) {
		o.device_mapped = NULL;
		o.device_unmapped = NULL;
		o.event_mapped = NULL;
		o.event_moved = NULL;
		o.event_unmapped = NULL;
	}
	if (vm->pinned) {
		o.rdbase_vcpu = NULL;
		o.vcpu_rdbase = NULL;
	}
	t->lock = SPINLOCK_INIT(LOCK_ITS);
	t->vm = vm;
	t->base = VM_GIC_NOWHERE;
	t->host_its = c->host_its;
	t->extra = (char *)t->mem + size;
	t->its = its_init(t->mem, &cfg, &o, t);
	return mirrored ? make_mirror(t) : 0;
}

int vits_place(const struct vits *t)
{
	return vm_add_mmio(t->vm, &(struct mmio_region){ .base = t->base,
							 .size = ITS_FRAME_SIZE,
							 .read = frame_read,
							 .write = frame_write,
							 .cookie = (u64)(t - t->vm->its) });
}
