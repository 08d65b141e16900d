/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Hypercalls of the management VM: handles, arguments, and the table of requests.
 *
 * All that comes is taken as hostile: a handle is looked up, never used; an argument is read once into EL2's memory,
 * through stage 2, and only the copy is used.
 */
#include "hyp/abi.h"
#include "hyp/exit.h"
#include "hyp/lib/errno.h"
#include "hyp/lib/string.h"
#include "hyp/machine.h"
#include "hyp/run.h"
#include "hyp/run_abi.h"
#include "hyp/sysreg.h"

_Static_assert(RUN_EVENT_SHUTDOWN == KVM_SYSTEM_EVENT_SHUTDOWN, "as linux/kvm.h has it");
_Static_assert(RUN_EVENT_RESET == KVM_SYSTEM_EVENT_RESET, "as linux/kvm.h has it");
_Static_assert(RUN_EVENT_WAKEUP == KVM_SYSTEM_EVENT_WAKEUP, "as linux/kvm.h has it");
_Static_assert(RUN_EVENT_SUSPEND == KVM_SYSTEM_EVENT_SUSPEND, "as linux/kvm.h has it");
_Static_assert(RUN_EVENT_RESET2 == KVM_SYSTEM_EVENT_RESET_FLAG_PSCI_RESET2,
	       "as linux/kvm.h has it");

#define PAGE SZ_4K

int abi_read(u64 ipa, void *buf, size_t len)
{
	return stage2_read(&machine.mgmt->s2, ipa, buf, len);
}

int abi_write(u64 ipa, const void *buf, size_t len)
{
	return stage2_write(&machine.mgmt->s2, ipa, buf, len);
}

static s64 get_api_version(struct abi_call *c)
{
	return c->value ? -EINVAL : KVM_API_VERSION;
}

static s64 create_vm(struct abi_call *c)
{
	if (c->value & ~(u64)KVM_VM_TYPE_ARM_IPA_SIZE_MASK)
		return -EINVAL;
	return guest_create((u32)c->value);
}

static s64 check_extension(struct abi_call *c)
{
	switch (c->value) {
	case KVM_CAP_IRQCHIP:
	case KVM_CAP_ONE_REG:
	case KVM_CAP_ARM_PSCI:
	case KVM_CAP_ARM_PSCI_0_2:
	case KVM_CAP_DEVICE_CTRL:
	case KVM_CAP_MP_STATE:
	case KVM_CAP_IMMEDIATE_EXIT:
	case KVM_CAP_SIGNAL_MSI:
	case KVM_CAP_VCPU_EVENTS:
	case KVM_CAP_VCPU_ATTRIBUTES:
	case KVM_CAP_VM_ATTRIBUTES:
	case KVM_CAP_ENABLE_CAP_VM:
	case KVM_CAP_SET_GUEST_DEBUG:
	case KVM_CAP_ARM_INJECT_EXT_DABT:
	case KVM_CAP_ARM_SYSTEM_SUSPEND:
		return 1;
	case KVM_CAP_SET_GUEST_DEBUG2:
		return ABI_DEBUG_CONTROL;
	case KVM_CAP_ARM_INJECT_SERROR_ESR:
		return cpu_has_ras();
	case KVM_CAP_GUEST_DEBUG_HW_BPS:
		return (s64)FIELD_GET(ID_DFR0_BRPS, sysreg_read(id_aa64dfr0_el1)) + 1;
	case KVM_CAP_GUEST_DEBUG_HW_WPS:
		return (s64)FIELD_GET(ID_DFR0_WRPS, sysreg_read(id_aa64dfr0_el1)) + 1;
	case KVM_CAP_COUNTER_OFFSET:
		return cpu_has_cntpoff();
	case KVM_CAP_MSI_DEVID:
		return c->o.vm ? atomic_load_relaxed(&c->o.vm->nr_its) != 0 : -EINVAL;
	case KVM_CAP_NR_VCPUS:
		return cpu_count;
	case KVM_CAP_MAX_VCPUS:
	case KVM_CAP_MAX_VCPU_ID:
		return GUEST_MAX_VCPUS;
	case KVM_CAP_ARM_VM_IPA_SIZE:
		return stage2_host_ipa_bits();
	case KVM_CAP_ARM_PTRAUTH_ADDRESS:
	case KVM_CAP_ARM_PTRAUTH_GENERIC:
		return cpu_has_pauth();
	default:
		return 0;
	}
}

static s64 get_vcpu_mmap_size(struct abi_call *c)
{
	return c->value ? -EINVAL : (s64)PAGE;
}

static s64 get_stats(struct abi_call *c)
{
	guest_stats(&c->arg.stats);
	return 0;
}

static s64 create_vcpu(struct abi_call *c)
{
	return guest_create_vcpu(c->o.vm, c->value);
}

static s64 preferred_target(struct abi_call *c)
{
	c->arg.vcpu_init = (struct kvm_vcpu_init){ .target = KVM_ARM_TARGET_GENERIC_V8 };
	return 0;
}

static s64 irq_line(struct abi_call *c)
{
	return guest_irq_line(c->o.vm, c->arg.irq_level.irq, c->arg.irq_level.level);
}

static s64 watch_line(struct abi_call *c)
{
	struct vgic *vgic = atomic_load_acquire(&c->o.vm->vgic);
	u64 intid = c->value & ~(u64)HERALD_WATCH_ON;

	if (!vgic)
		return -EBUSY;
	return intid < HERALD_WATCH_ON ? vgic_watch(vgic, (u32)intid, c->value & HERALD_WATCH_ON)
				       : -EINVAL;
}

static s64 next_ended(struct abi_call *c)
{
	struct vgic *vgic = atomic_load_acquire(&c->o.vm->vgic);

	return vgic && c->value <= VGIC_LPI_BASE ? vgic_next_ended(vgic, (u32)c->value) : -ENOENT;
}

static s64 create_device(struct abi_call *c)
{
	struct kvm_create_device *d = &c->arg.create_device;
	s64 handle;

	if (d->type != KVM_DEV_TYPE_ARM_VGIC_V3 && d->type != KVM_DEV_TYPE_ARM_VGIC_ITS)
		return -ENODEV;
	if (d->flags & KVM_CREATE_DEVICE_TEST)
		return 0;
	handle = d->type == KVM_DEV_TYPE_ARM_VGIC_ITS ? guest_its_create(c->o.vm)
						      : guest_gic_create(c->o.vm);
	if (handle < 0)
		return handle;
	d->fd = (u32)handle;
	return 0;
}

/* KVM has it for the GICv2 alone. */
static s64 set_device_addr(struct abi_call *c)
{
	(void)c;
	return -ENODEV;
}

static s64 map_pages(struct abi_call *c)
{
	return guest_map(c->o.vm, &c->arg.map);
}

static s64 unmap_pages(struct abi_call *c)
{
	return guest_unmap(c->o.vm, &c->arg.unmap);
}

static s64 protect_pages(struct abi_call *c)
{
	return guest_protect(c->o.vm, &c->arg.protect);
}

static const struct abi_request {
	enum guest_kind kind;
	u32 request;
	abi_fn *fn;
} requests[] = {
#define EL2(kind, request, fn, ...) { kind, request, fn },
#define DRIVER(...)
#include "hyp/abi_requests.h"
};

static const struct abi_request *request_find(enum guest_kind kind, u64 request)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(requests); i++)
		if (requests[i].request == request && requests[i].kind == kind)
			return &requests[i];
	return NULL;
}

static s64 request_run(const struct abi_request *q, struct abi_call *c)
{
	u32 size = _IOC_SIZE(q->request), dir = _IOC_DIR(q->request);
	s64 ret;

	if (size > sizeof(c->arg))
		return -ENOTTY;
	if ((dir & _IOC_WRITE) && abi_read(c->value, &c->arg, size))
		return -EFAULT;
	if (dir == _IOC_READ)
		memset(&c->arg, 0, size);
	ret = q->fn(c);
	if ((ret >= 0 || ret == HERALD_AGAIN) && (dir & _IOC_READ) &&
	    abi_write(c->value, &c->arg, size))
		return -EFAULT;
	return ret;
}

/* Device attributes may need pages of the VM: x4 and x5 name those that the caller cannot map. */
static s64 attr_run(const struct abi_request *q, struct abi_call *c, struct regs *r)
{
	struct cpu *cpu = cpu_this();
	s64 ret;

	cpu->missing = 0;
	cpu->absent[0] = r->x[4];
	cpu->absent[1] = r->x[5];
	ret = request_run(q, c);
	cpu->absent[0] = 0;
	cpu->absent[1] = 0;
	if (ret == HERALD_AGAIN && cpu->missing) {
		r->x[1] = ALIGN_DOWN(cpu->missing, (u64)PAGE);
		r->x[2] = cpu->missing & (PAGE - 1);
		ret = HERALD_MISSING;
	}
	return ret;
}

static s64 ioctl(struct regs *r)
{
	const struct abi_request *q;
	struct abi_call c;
	s64 ret;

	ret = guest_get(r->x[1], &c.o);
	if (ret)
		return ret;
	c.value = r->x[3];
	c.data = r->x[4];
	q = request_find(c.o.kind, r->x[2]);
	if (!q)
		ret = -ENOTTY;
	else if (q->request == KVM_SET_DEVICE_ATTR || q->request == KVM_GET_DEVICE_ATTR)
		ret = attr_run(q, &c, r);
	else
		ret = request_run(q, &c);
	if (c.o.vm && ret != ABI_DONE)
		guest_put(c.o.vm);
	return ret;
}

bool abi_call(struct vcpu *v, struct regs *r)
{
	s64 ret;

	if (!v->vm->pinned)
		return false;
	switch (r->x[0]) {
	case HERALD_HVC_IOCTL:
		ret = ioctl(r);
		break;
	case HERALD_HVC_CLOSE:
		ret = guest_close(r->x[1]);
		break;
	case HERALD_HVC_WAKEUP:
		ret = doorbell_fetch(cpu_this());
		break;
	default:
		return false;
	}
	if (ret != ABI_DONE)
		r->x[0] = (u64)ret;
	return true;
}
