/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a VMM sets of a VM or a vCPU as a whole: attributes (Linux Documentation/virt/kvm/devices/vcpu.rst, vm.rst),
 * capabilities, clocks, events, debugging. The GIC's attributes are in hyp/guest_gic.c.
 */
#include "hyp/abi.h"
#include "hyp/exit.h"
#include "hyp/lib/errno.h"
#include "hyp/run.h"
#include "hyp/sysreg.h"

#define PPI_FIRST 16
#define PPI_LAST 31

s64 abi_enable_cap(struct abi_call *c)
{
	const struct kvm_enable_cap *cap = &c->arg.enable_cap;

	if (cap->flags || cap->cap != KVM_CAP_ARM_SYSTEM_SUSPEND)
		return -EINVAL;
	atomic_store_relaxed(&c->o.vm->can_suspend, true);
	return 0;
}

s64 abi_set_counter_offset(struct abi_call *c)
{
	const struct kvm_arm_counter_offset *o = &c->arg.counter_offset;
	struct vm *vm = c->o.vm;
	s64 err = -EBUSY;

	if (o->reserved || !cpu_has_cntpoff())
		return -EINVAL;
	spin_lock(&vm->lock);
	if (run_hold_all(vm)) {
		vm->clock_set = true;
		vm->cntvoff = o->counter_offset;
		vm->cntpoff = o->counter_offset;
		run_let_all(vm);
		err = 0;
	}
	spin_unlock(&vm->lock);
	return err;
}

u32 abi_vm_attr_size(const struct kvm_device_attr *a)
{
	(void)a;
	return 0;
}

s64 abi_vm_attr_has(const struct guest_object *o, const struct kvm_device_attr *a)
{
	(void)o;
	return a->group == KVM_ARM_VM_SMCCC_CTRL && a->attr == KVM_ARM_VM_SMCCC_FILTER ? 0 : -ENXIO;
}

/* The filter itself is the driver's: from now on each call leaves to be judged there. */
s64 abi_vm_attr_set(const struct guest_object *o, const struct kvm_device_attr *a,
		    const union abi_attr *val)
{
	(void)a;
	(void)val;
	if (atomic_load_acquire(&o->vm->gic.placed))
		return -EBUSY;
	atomic_store_relaxed(&o->vm->calls_filtered, true);
	return 0;
}

u32 abi_vcpu_attr_size(const struct kvm_device_attr *a)
{
	(void)a;
	return sizeof(u32);
}

s64 abi_vcpu_attr_has(const struct guest_object *o, const struct kvm_device_attr *a)
{
	(void)o;
	return a->group == KVM_ARM_VCPU_TIMER_CTRL && a->attr <= KVM_ARM_VCPU_TIMER_IRQ_PTIMER
		       ? 0
		       : -ENXIO;
}

s64 abi_vcpu_attr_get(const struct guest_object *o, const struct kvm_device_attr *a,
		      union abi_attr *val)
{
	val->u64 = o->vm->timer_ppi[a->attr];
	return 0;
}

/* Whether both timers have one of their own is looked at when the VM first runs. */
s64 abi_vcpu_attr_set(const struct guest_object *o, const struct kvm_device_attr *a,
		      const union abi_attr *val)
{
	struct vm *vm = o->vm;
	s64 err = 0;

	if (!atomic_load_acquire(&vm->gic.created))
		return -EINVAL;
	if (val->u64 < PPI_FIRST || val->u64 > PPI_LAST)
		return -EINVAL;
	/* Nobody begins to run it meanwhile: the timers are tied to what is here then. */
	spin_lock(&vm->lock);
	if (vm->gic.placed)
		err = -EBUSY;
	else
		vm->timer_ppi[a->attr] = (u8)val->u64;
	spin_unlock(&vm->lock);
	return err;
}

s64 abi_get_events(struct abi_call *c)
{
	struct kvm_vcpu_events *e = &c->arg.events;
	const struct world *w = &c->o.vcpu->world;
	s64 err = abi_claim(c->o.vcpu);

	if (err)
		return err;
	e->exception.serror_pending = !!(w->hcr & HCR_VSE);
	e->exception.serror_has_esr = cpu_has_ras();
	if (e->exception.serror_pending && e->exception.serror_has_esr)
		e->exception.serror_esr = w->vsesr;
	run_release(c->o.vcpu);
	return 0;
}

/* What has no meaning yet. */
static u32 events_rest(const struct kvm_vcpu_events *e)
{
	u32 i, rest = 0;

	for (i = 0; i < ARRAY_SIZE(e->exception.pad); i++)
		rest |= e->exception.pad[i];
	for (i = 0; i < ARRAY_SIZE(e->reserved); i++)
		rest |= e->reserved[i];
	return rest;
}

s64 abi_set_events(struct abi_call *c)
{
	const struct kvm_vcpu_events *e = &c->arg.events;
	struct vcpu *v = c->o.vcpu;
	u64 esr = e->exception.serror_has_esr ? e->exception.serror_esr : 0;
	s64 err = events_rest(e) ? -EINVAL : abi_claim(v);

	if (err)
		return err;
	if (e->exception.serror_pending &&
	    ((esr & ~ESR_ISS) || (e->exception.serror_has_esr && !cpu_has_ras()))) {
		err = -EINVAL;
	} else {
		if (e->exception.serror_pending) {
			v->world.hcr |= HCR_VSE;
			v->world.vsesr = esr;
		}
		v->abort |= e->exception.ext_dabt_pending;
	}
	run_release(v);
	return err;
}

static void debug_set(struct vcpu *v, const struct kvm_guest_debug *d)
{
	u32 i, was = v->debug;

	v->debug = 0;
	if (!(d->control & KVM_GUESTDBG_ENABLE))
		return;
	v->debug = VCPU_DEBUG_ON;
	if (d->control & KVM_GUESTDBG_SINGLESTEP)
		v->debug |= VCPU_DEBUG_STEP;
	if (!(was & VCPU_DEBUG_STEP))
		v->step_done = true;
	if (!(d->control & KVM_GUESTDBG_USE_HW))
		return;
	v->debug |= VCPU_DEBUG_HW;
	for (i = 0; i < WORLD_NR_DEBUG; i++) {
		v->debug_vmm.r[i].bvr = d->arch.dbg_bvr[i];
		v->debug_vmm.r[i].bcr = d->arch.dbg_bcr[i];
		v->debug_vmm.r[i].wvr = d->arch.dbg_wvr[i];
		v->debug_vmm.r[i].wcr = d->arch.dbg_wcr[i];
	}
}

s64 abi_set_guest_debug(struct abi_call *c)
{
	struct vcpu *v = c->o.vcpu;
	s64 err;

	if (c->arg.guest_debug.control & ~(u32)ABI_DEBUG_CONTROL)
		return -EINVAL;
	err = run_claim(v);
	if (err)
		return err;
	debug_set(v, &c->arg.guest_debug);
	run_release(v);
	return 0;
}
