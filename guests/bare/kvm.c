// SPDX-License-Identifier: GPL-2.0-only
/* The VMM's side of Herald's hypercalls. */
#include "guests/bare/kvm.h"
#include "guests/bare/board.h"
#include "guests/bare/except.h"
#include "guests/bare/mem.h"
#include "guests/bare/tap.h"
#include "hyp/lib/string.h"

#define TOP_OF_REDISTS (VM_GICR + KVM_VCPUS * 0x20000)
_Static_assert(TOP_OF_REDISTS <= VM_REPORT, "the redistributors end below the VMM's devices");

s64 hvc(struct hvc *h)
{
	register u64 x0 __asm__("x0") = h->x[0];
	register u64 x1 __asm__("x1") = h->x[1];
	register u64 x2 __asm__("x2") = h->x[2];
	register u64 x3 __asm__("x3") = h->x[3];
	register u64 x4 __asm__("x4") = h->x[4];
	register u64 x5 __asm__("x5") = h->x[5];

	__asm__ volatile("hvc #0"
			 : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3), "+r"(x4), "+r"(x5)::"memory",
			   "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15", "x16",
			   "x17");
	*h = (struct hvc){ { x0, x1, x2, x3, x4, x5 } };
	return (s64)x0;
}

s64 kvm_ioctl(u64 handle, u64 request, u64 arg)
{
	struct hvc h;

	do
		h = (struct hvc){ { HERALD_HVC_IOCTL, handle, request, arg, 0 } };
	while (hvc(&h) == HERALD_AGAIN);
	return (s64)h.x[0];
}

s64 kvm_close(u64 vm, u32 *steps)
{
	struct hvc h;

	for (;;) {
		h = (struct hvc){ { HERALD_HVC_CLOSE, vm } };
		if (steps)
			++*steps;
		if (hvc(&h) != HERALD_AGAIN)
			return (s64)h.x[0];
	}
}

struct hvc kvm_run(u64 vcpu, u64 flags, u64 data)
{
	struct hvc h;

	do
		h = (struct hvc){ { HERALD_HVC_IOCTL, vcpu, KVM_RUN, flags, data } };
	while (hvc(&h) == HERALD_AGAIN);
	return h;
}

struct hvc kvm_run_on(u64 vcpu, u64 flags, u64 data)
{
	struct hvc h = kvm_run(vcpu, flags, data);

	while (h.x[0] == (u64)-EINTR) {
		isb();
		h = kvm_run(vcpu, 0, 0);
	}
	return h;
}

s64 kvm_wakeup(void)
{
	struct hvc h = { { HERALD_HVC_WAKEUP } };

	return hvc(&h);
}

bool kvm_has_keys(void)
{
	return kvm_ioctl(HERALD_SYSTEM, KVM_CHECK_EXTENSION, KVM_CAP_ARM_PTRAUTH_ADDRESS) > 0;
}

s64 kvm_map(u64 vm, u64 ipa, const void *p, u64 size, u64 flags)
{
	struct herald_map m = { .ipa = ipa, .mgmt = (u64)p, .size = size, .flags = flags };

	return kvm_ioctl(vm, HERALD_MAP_PAGES, (u64)&m);
}

s64 kvm_unmap(u64 vm, u64 ipa, u64 size)
{
	struct herald_unmap u = { .ipa = ipa, .size = size };

	return kvm_ioctl(vm, HERALD_UNMAP_PAGES, (u64)&u);
}

s64 kvm_protect(u64 vm, u64 ipa, u64 flags, u64 first, u64 last)
{
	struct herald_protect p = { .ipa = ipa, .flags = flags, .pages = { first, 0, 0, last } };

	return kvm_ioctl(vm, HERALD_PROTECT_PAGES, (u64)&p);
}

s64 kvm_set_reg(u64 vcpu, u64 id, u64 val)
{
	struct kvm_one_reg reg = { .id = id, .addr = (u64)&val };

	return kvm_ioctl(vcpu, KVM_SET_ONE_REG, (u64)&reg);
}

s64 kvm_get_reg(u64 vcpu, u64 id, u64 *val)
{
	struct kvm_one_reg reg = { .id = id, .addr = (u64)val };

	return kvm_ioctl(vcpu, KVM_GET_ONE_REG, (u64)&reg);
}

s64 kvm_irq_line(u64 vm, u32 irq, u32 level)
{
	struct kvm_irq_level l = { .irq = irq, .level = level };

	return kvm_ioctl(vm, KVM_IRQ_LINE, (u64)&l);
}

s64 kvm_attr(u64 dev, u64 request, u32 group, u64 attr, const void *val)
{
	struct kvm_device_attr a = { .group = group, .attr = attr, .addr = (u64)val };

	return kvm_ioctl(dev, request, (u64)&a);
}

s64 kvm_set_attr(u64 gic, u32 group, u64 attr, const void *val)
{
	return kvm_attr(gic, KVM_SET_DEVICE_ATTR, group, attr, val);
}

s64 kvm_create_device(u64 vm, u32 type, u32 flags, u64 *fd)
{
	struct kvm_create_device d = { .type = type, .flags = flags };
	s64 ret = kvm_ioctl(vm, KVM_CREATE_DEVICE, (u64)&d);

	*fd = d.fd;
	return ret;
}

s64 kvm_get_attr(u64 gic, u32 group, u64 attr, void *val)
{
	return kvm_attr(gic, KVM_GET_DEVICE_ATTR, group, attr, val);
}

s64 kvm_init_vcpu(u64 vcpu, u32 target, u32 features)
{
	struct kvm_vcpu_init init = { .target = target, .features = { features } };

	return kvm_ioctl(vcpu, KVM_ARM_VCPU_INIT, (u64)&init);
}

static u64 must(s64 ret, const char *what)
{
	if (ret < 0)
		fatal("kvm: %s answers %ld", what, (long)ret);
	return (u64)ret;
}

static void make_gic(struct vm *vm)
{
	u64 dist = VM_GICD, redist = VM_GICR;

	must(kvm_create_device(vm->handle, KVM_DEV_TYPE_ARM_VGIC_V3, 0, &vm->gic), "CREATE_DEVICE");
	must(kvm_set_attr(vm->gic, KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V3_ADDR_TYPE_DIST, &dist),
	     "the distributor's address");
	must(kvm_set_attr(vm->gic, KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V3_ADDR_TYPE_REDIST,
			  &redist),
	     "the redistributors' address");
	must(kvm_set_attr(vm->gic, KVM_DEV_ARM_VGIC_GRP_CTRL, KVM_DEV_ARM_VGIC_CTRL_INIT, NULL),
	     "CTRL_INIT");
}

static u32 features(void)
{
	u32 f = BIT(KVM_ARM_VCPU_PSCI_0_2);

	if (kvm_has_keys())
		f |= BIT(KVM_ARM_VCPU_PTRAUTH_ADDRESS) | BIT(KVM_ARM_VCPU_PTRAUTH_GENERIC);
	return f;
}

void vm_create_early(struct vm *vm, u32 nr_vcpus, void (*entry)(void), u64 arg,
		     void (*early)(struct vm *vm))
{
	static u8 *data;
	u64 code = (u64)kvm_guest_end - (u64)kvm_guest, pc = VM_CODE + (u64)entry - (u64)kvm_guest;
	u32 i;

	if (!data)
		data = mem_alloc(VM_DATA_SIZE, SZ_4K);
	vm->data = data;
	memset(data, 0, VM_DATA_SIZE);
	/* The VM's MMU is off: it reads past the caches. */
	cache_clean(data, VM_DATA_SIZE);
	vm->handle = must(kvm_ioctl(HERALD_SYSTEM, KVM_CREATE_VM, 0), "CREATE_VM");
	if (early)
		early(vm);
	for (i = 0; i < nr_vcpus; i++)
		vm->vcpu[i] = must(kvm_ioctl(vm->handle, KVM_CREATE_VCPU, i), "CREATE_VCPU");
	must(kvm_map(vm->handle, VM_CODE, kvm_guest, ALIGN_UP(code, SZ_4K),
		     HERALD_MAP_READONLY | HERALD_MAP_SHARED),
	     "MAP_PAGES of the program");
	must(kvm_map(vm->handle, VM_DATA, data, VM_DATA_SIZE, HERALD_MAP_SHARED), "MAP_PAGES");
	make_gic(vm);
	for (i = 0; i < nr_vcpus; i++)
		must(kvm_init_vcpu(vm->vcpu[i], KVM_ARM_TARGET_GENERIC_V8,
				   features() | (i ? BIT(KVM_ARM_VCPU_POWER_OFF) : 0)),
		     "VCPU_INIT");
	must(kvm_set_reg(vm->vcpu[0], KVM_CORE_REG(regs.pc), pc), "SET_ONE_REG");
	must(kvm_set_reg(vm->vcpu[0], KVM_CORE_REG(regs.regs[0]), arg), "SET_ONE_REG");
}

void vm_create(struct vm *vm, u32 nr_vcpus, void (*entry)(void), u64 arg)
{
	vm_create_early(vm, nr_vcpus, entry, arg, NULL);
}

void vm_destroy(struct vm *vm)
{
	must(kvm_close(vm->handle, NULL), "CLOSE");
}

struct herald_stats kvm_stats(void)
{
	struct herald_stats st = { 0 };

	must(kvm_ioctl(HERALD_SYSTEM, HERALD_GET_STATS, (u64)&st), "GET_STATS");
	return st;
}

void kvm_is(const char *area, s64 got, s64 want, const char *what)
{
	tap_ok(got == want, "%s: %s: %ld%s", area, what, (long)got, got == want ? "" : ", wrong");
}

/* Our interrupt ended the run: it is taken here. */
static void let_irqs_in(void)
{
	irq_on();
	isb();
	irq_off();
}

static bool is_report(const struct hvc *h)
{
	return h->x[0] == HERALD_EXIT_FAULT && h->x[1] == VM_REPORT &&
	       (h->x[2] & (HERALD_FAULT_WRITE | HERALD_FAULT_VALID)) ==
		       (HERALD_FAULT_WRITE | HERALD_FAULT_VALID);
}

bool kvm_report(u64 vcpu, u64 *val)
{
	struct hvc h;

	irq_off();
	do {
		h = kvm_run(vcpu, 0, 0);
		if (h.x[0] == (u64)-EINTR)
			let_irqs_in();
	} while (h.x[0] == (u64)-EINTR || h.x[0] == HERALD_EXIT_WFI);
	*val = h.x[3];
	/* The store is done: the next run goes on behind it. */
	if (is_report(&h))
		h = kvm_run(vcpu, HERALD_RUN_COMPLETE | HERALD_RUN_IMMEDIATE, 0);
	irq_on();
	return h.x[0] == (u64)-EINTR;
}

bool kvm_reports(u64 vcpu, u64 expected)
{
	u64 val = ~expected;

	return kvm_report(vcpu, &val) && val == expected;
}
