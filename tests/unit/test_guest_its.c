/* SPDX-License-Identifier: GPL-2.0-only */
/* What a VMM does with the registers and tables of an ITS: all vCPUs are held meanwhile, or it is not done. */
// sources: hyp/guest_its.c
#include "hyp/abi.h"
#include "hyp/lib/errno.h"
#include "hyp/run.h"
#include "hyp/vits.h"
#include "tests/unit/tap.h"

#define REGS KVM_DEV_ARM_VGIC_GRP_ITS_REGS
#define CTRL KVM_DEV_ARM_VGIC_GRP_CTRL

static struct vm vm;
static struct vits *const its = &vm.its[0];
static bool runs; /* a vCPU */
static u32 done, loose; /* calls into the ITS; those while a vCPU could have run */
static int answer;

bool run_hold_all(struct vm *v)
{
	v->held = !runs;
	return v->held;
}

void run_let_all(struct vm *v)
{
	v->held = false;
}

static bool locked(const struct spinlock *l)
{
	return l->next != l->owner;
}

static int touch(void)
{
	done++;
	loose += !vm.held || !locked(&vm.lock) || !locked(&its->lock);
	return answer;
}

int its_save(struct its *i)
{
	(void)i;
	return touch();
}

int its_restore(struct its *i)
{
	(void)i;
	return touch();
}

enum its_progress its_reset(struct its *i)
{
	(void)i;
	return touch() ? ITS_AGAIN : ITS_IDLE;
}

enum its_progress its_run(struct its *i)
{
	(void)i;
	return touch() ? ITS_AGAIN : ITS_IDLE;
}

int its_reg_get(struct its *i, u64 offset, u64 *val)
{
	(void)i;
	(void)offset;
	*val = 7;
	touch();
	return 0;
}

int its_reg_set(struct its *i, u64 offset, u64 val)
{
	(void)i;
	(void)offset;
	(void)val;
	touch();
	return 0;
}

/* What else the file calls, and this test does not. */
struct cpu *cpu_this(void)
{
	return NULL;
}

int its_signal(struct its *i, u32 cpu, u32 devid, u32 eventid)
{
	(void)i;
	return (int)(cpu + devid + eventid);
}

void its_set_vcpus(struct its *i, u32 nr)
{
	(void)i;
	(void)nr;
}

int vits_create(struct vits *t, struct vm *v, const struct vits_config *c)
{
	(void)t;
	(void)v;
	(void)c;
	return -ENOMEM;
}

int vits_place(const struct vits *t)
{
	(void)t;
	return 0;
}

size_t vgic_lpi_mem_size(u32 bits)
{
	return bits;
}

void vgic_add_lpis(struct vgic *v, void *mem, u32 bits)
{
	(void)v;
	(void)mem;
	(void)bits;
}

u64 guest_its_handle(const struct vits *t)
{
	return (u64)(t - vm.its);
}

bool guest_frame_free(struct vm *v, u64 base, u64 size)
{
	return v && base && size;
}

static union abi_attr val;

/* Every access that there is; answers what each of them must. */
static void all(s64 want, u32 calls, const char *what)
{
	static const u64 controls[] = { KVM_DEV_ARM_ITS_SAVE_TABLES, KVM_DEV_ARM_ITS_RESTORE_TABLES,
					KVM_DEV_ARM_ITS_CTRL_RESET };
	const struct guest_object o = { .kind = GUEST_ITS, .vm = &vm, .its = its };
	struct kvm_device_attr a = { .group = CTRL };
	u32 i, wrong = 0;

	done = 0;
	loose = 0;
	for (i = 0; i < ARRAY_SIZE(controls); i++) {
		a.attr = controls[i];
		wrong += guest_its_set(&o, &a, &val) != want;
	}
	a = (struct kvm_device_attr){ .group = REGS };
	wrong += guest_its_set(&o, &a, &val) != want;
	is(wrong, 0, "%s: tables, reset and a register written", what);
	is(guest_its_get(&o, &a, &val), want == HERALD_AGAIN ? 0 : want, "%s: a register read",
	   what);
	is(done, calls, "%s: calls into the ITS", what);
	is(loose, 0, "%s: none without its lock and all vCPUs held", what);
	ok(!vm.held && !locked(&vm.lock) && !locked(&its->lock), "%s: nothing stays held", what);
}

int main(void)
{
	const struct guest_object o = { .kind = GUEST_ITS, .vm = &vm, .its = its };
	const struct kvm_device_attr init = { .group = CTRL, .attr = KVM_DEV_ARM_VGIC_CTRL_INIT },
				     where = { .group = KVM_DEV_ARM_VGIC_GRP_ADDR };

	vm.lock = SPINLOCK_INIT(LOCK_VM);
	its->lock = SPINLOCK_INIT(LOCK_ITS);
	its->vm = &vm;
	its->base = 0x8080000;
	vm.vgic = (struct vgic *)(void *)&vm;
	vm.nr_its = 1;
	all(0, 6, "no vCPU runs");
	answer = -EAGAIN;
	all(HERALD_AGAIN, 6, "a step of several");
	answer = 0;
	runs = true;
	all(-EBUSY, 0, "a vCPU runs");
	is(guest_its_set(&o, &init, &val), 0, "CTRL_INIT while it runs");
	is(guest_its_get(&o, &where, &val), 0, "the address while it runs");
	is(val.u64, its->base, "which is its");
	runs = false;
	its->base = VM_GIC_NOWHERE;
	is(guest_its_set(&o, &(struct kvm_device_attr){ .group = REGS }, &val), -ENXIO,
	   "a register written before there is an address");
	is(guest_its_get(&o, &(struct kvm_device_attr){ .group = REGS }, &val), -ENXIO, "and read");
	ok(!vm.held && !locked(&vm.lock), "nothing stays held");
	return tap_done();
}
