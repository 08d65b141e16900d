// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every request with what it cannot take: pointers to nowhere, descriptors of another kind, closed ones, each field out of
 * range. The requests are those of the ABI's table, the errors KVM's. What is refused in the middle of things is in
 * test_race.c, and what is refused for its order in the tests of each topic.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "hyp/herald_abi.h"
#include "vmm.h"

#define KERNEL_ADDRESS (~0xfffull)

enum kind { GUEST_SYSTEM, GUEST_VM, GUEST_VCPU, GUEST_GIC, GUEST_ITS, NR_KINDS };
static const char *const kinds[] = { "/dev/kvm", "a VM", "a vCPU", "a GIC", "an ITS" };

static const struct row {
	enum kind kind;
	u32 request;
	const char *name;
} rows[] = {
#define EL2(kind, request, ...) { kind, request, #request },
#define DRIVER(kind, request, ...) { kind, request, #request },
#include "hyp/abi_requests.h"
};
#define NR_ROWS (sizeof(rows) / sizeof(rows[0]))
#define FOR_EACH_ROW(r) for (r = rows; r < rows + NR_ROWS; r++)

static bool is_kvms(const struct row *r)
{
	return _IOC_TYPE(r->request) == KVMIO;
}

static bool known(enum kind kind, u32 request)
{
	const struct row *r;

	FOR_EACH_ROW(r)
	if (r->kind == kind && r->request == request)
		return true;
	return false;
}

/* Is the argument the address of a struct, and never NULL for "none"? */
static bool takes_struct(const struct row *r)
{
	return _IOC_DIR(r->request) != _IOC_NONE && r->request != KVM_SET_SIGNAL_MASK;
}

static void test_pointers(const int *fds)
{
	static const u64 nowhere[] = { 0, 8, KERNEL_ADDRESS };
	const struct row *r;
	size_t i;

	FOR_EACH_ROW(r)
	{
		int got[3];

		if (!is_kvms(r) || !takes_struct(r))
			continue;
		for (i = 0; i < 3; i++)
			got[i] = xioctl(fds[r->kind], r->request, nowhere[i]);
		if (!point(got[0] == -EFAULT && got[1] == -EFAULT && got[2] == -EFAULT,
			   "%s of %s: structs that are not there", r->name, kinds[r->kind]))
			printf("# got %d, %d, %d\n", got[0], got[1], got[2]);
	}
}

/* On descriptors of all kinds that do not know the request. */
static void test_kinds(const int *fds)
{
	const struct row *r;
	u32 kind;

	for (kind = 0; kind < NR_KINDS; kind++) {
		u32 want = kind >= GUEST_GIC ? ENOTTY : EINVAL, bad = 0, n = 0;

		FOR_EACH_ROW(r)
		{
			int got;

			if (known(kind, r->request))
				continue;
			got = xioctl(fds[kind], r->request, 0);
			if (got != -(int)want)
				printf("# %s: %d\n", r->name, got), bad++;
			n++;
		}
		equal(bad, 0, "%u requests of other kinds on %s", n, kinds[kind]);
	}
}

static void test_closed(void)
{
	const struct row *r;
	u32 bad = 0;

	FOR_EACH_ROW(r)
	bad += xioctl(999, r->request, 0) != -EBADF;
	equal(bad, 0, "each request on what is no descriptor");
}

/* A struct with one field that is wrong. */
struct bad {
	enum kind kind;
	u32 request;
	int want;
	const char *name;
	const void *arg;
	size_t size;
};
#define BAD(kind, request, want, name, type, ...)                                                  \
	{                                                                                          \
		kind, request, want, name, &(const struct type){ __VA_ARGS__ },                    \
			sizeof(struct type)                                                        \
	}

#define LINE(type, rest) .irq = (u32)(type) << KVM_ARM_IRQ_TYPE_SHIFT | (rest), .level = 1
#define LINE_VCPU(n) ((n) << KVM_ARM_IRQ_VCPU_SHIFT)
#define TARGET .target = KVM_ARM_TARGET_GENERIC_V8
#define FEATURE(n) (1u << (n))

static const struct bad bads[] = {
	BAD(GUEST_VM, KVM_IRQ_LINE, -ENXIO, "the CPU's line, with a GIC", kvm_irq_level,
	    LINE(KVM_ARM_IRQ_TYPE_CPU, 0)),
	BAD(GUEST_VM, KVM_IRQ_LINE, -EINVAL, "an unknown type", kvm_irq_level, LINE(3, TEST_SPI)),
	BAD(GUEST_VM, KVM_IRQ_LINE, -EINVAL, "SPI 31", kvm_irq_level,
	    LINE(KVM_ARM_IRQ_TYPE_SPI, 31)),
	BAD(GUEST_VM, KVM_IRQ_LINE, -EINVAL, "SPI 1020", kvm_irq_level,
	    LINE(KVM_ARM_IRQ_TYPE_SPI, 1020)),
	BAD(GUEST_VM, KVM_IRQ_LINE, -EINVAL, "SPI 65535", kvm_irq_level,
	    LINE(KVM_ARM_IRQ_TYPE_SPI, 65535)),
	BAD(GUEST_VM, KVM_IRQ_LINE, -EINVAL, "PPI 15", kvm_irq_level,
	    LINE(KVM_ARM_IRQ_TYPE_PPI, 15)),
	BAD(GUEST_VM, KVM_IRQ_LINE, -EINVAL, "PPI 32", kvm_irq_level,
	    LINE(KVM_ARM_IRQ_TYPE_PPI, 32)),
	BAD(GUEST_VM, KVM_IRQ_LINE, -EINVAL, "a PPI of vCPU 255", kvm_irq_level,
	    LINE(KVM_ARM_IRQ_TYPE_PPI, 20 | LINE_VCPU(255u))),
	BAD(GUEST_VM, KVM_SIGNAL_MSI, -EINVAL, "an unknown flag", kvm_msi,
	    .flags = KVM_MSI_VALID_DEVID | 2, .address_lo = ITS_IPA + ITS_TRANSLATER),
	BAD(GUEST_VM, KVM_SIGNAL_MSI, -EINVAL, "no device", kvm_msi,
	    .address_lo = ITS_IPA + ITS_TRANSLATER),
	BAD(GUEST_VM, KVM_SIGNAL_MSI, -EINVAL, "no doorbell", kvm_msi, .flags = KVM_MSI_VALID_DEVID,
	    .address_lo = RAM_IPA),
	BAD(GUEST_VM, KVM_SIGNAL_MSI, -EINVAL, "a doorbell above 4 GiB", kvm_msi,
	    .flags = KVM_MSI_VALID_DEVID, .address_lo = ITS_IPA + ITS_TRANSLATER,
	    .address_hi = ~0u),
	BAD(GUEST_VM, KVM_SIGNAL_MSI, -EBUSY, "an ITS that is off", kvm_msi,
	    .flags = KVM_MSI_VALID_DEVID, .address_lo = ITS_IPA + ITS_TRANSLATER),
	BAD(GUEST_VM, KVM_ENABLE_CAP, -EINVAL, "flags", kvm_enable_cap,
	    .cap = KVM_CAP_ARM_SYSTEM_SUSPEND, .flags = 1),
	BAD(GUEST_VM, KVM_CREATE_DEVICE, -ENODEV, "a type", kvm_create_device, .type = ~0u),
	BAD(GUEST_VM, KVM_CREATE_DEVICE, -ENODEV, "a GICv2", kvm_create_device,
	    .type = KVM_DEV_TYPE_ARM_VGIC_V2),
	BAD(GUEST_VM, KVM_ARM_SET_DEVICE_ADDR, -ENODEV, "a GICv2's address", kvm_arm_device_addr,
	    .id = KVM_ARM_DEVICE_VGIC_V2 << KVM_ARM_DEVICE_ID_SHIFT),
	BAD(GUEST_VM, KVM_ARM_SET_DEVICE_ADDR, -ENODEV, "of an unknown device", kvm_arm_device_addr,
	    .id = ~0ull),
	BAD(GUEST_VM, KVM_SET_DEVICE_ATTR, -ENXIO, "a group", kvm_device_attr, .group = 77),
	BAD(GUEST_VM, KVM_SET_DEVICE_ATTR, -ENXIO, "a number", kvm_device_attr, .attr = 77),
	BAD(GUEST_VM, KVM_SET_DEVICE_ATTR, -EFAULT, "a filter that is not there", kvm_device_attr,
	    .addr = 8),
	BAD(GUEST_VM, KVM_HAS_DEVICE_ATTR, -ENXIO, "a group", kvm_device_attr, .group = ~0u),
	BAD(GUEST_VM, KVM_HAS_DEVICE_ATTR, -ENXIO, "a number", kvm_device_attr, .attr = ~0ull),
	BAD(GUEST_VM, KVM_REGISTER_COALESCED_MMIO, -EINVAL, "a bus", kvm_coalesced_mmio_zone,
	    .pio = ~0u, .size = 4),
	BAD(GUEST_VM, KVM_UNREGISTER_COALESCED_MMIO, -EINVAL, "a bus", kvm_coalesced_mmio_zone,
	    .pio = 2, .size = 4),
	BAD(GUEST_VM, KVM_SET_GSI_ROUTING, -EINVAL, "a count", kvm_irq_routing, .nr = ~0u),

	BAD(GUEST_VCPU, KVM_ARM_VCPU_INIT, -EINVAL, "a target", kvm_vcpu_init, .target = ~0u),
	BAD(GUEST_VCPU, KVM_ARM_VCPU_INIT, -ENOENT, "feature 31", kvm_vcpu_init, TARGET,
	    .features = { FEATURE(31) }),
	BAD(GUEST_VCPU, KVM_ARM_VCPU_INIT, -ENOENT, "feature 32", kvm_vcpu_init, TARGET,
	    .features = { 0, 1 }),
	BAD(GUEST_VCPU, KVM_ARM_VCPU_INIT, -ENOENT, "feature 223", kvm_vcpu_init, TARGET,
	    .features = { 0, 0, 0, 0, 0, 0, FEATURE(31) }),
	BAD(GUEST_VCPU, KVM_ARM_VCPU_INIT, -EINVAL, "other features than before", kvm_vcpu_init,
	    TARGET),
	BAD(GUEST_VCPU, KVM_ARM_VCPU_INIT, -EINVAL, "half of ptrauth", kvm_vcpu_init, TARGET,
	    .features = { FEATURE(KVM_ARM_VCPU_PSCI_0_2) | FEATURE(KVM_ARM_VCPU_PTRAUTH_GENERIC) }),
	BAD(GUEST_VCPU, KVM_SET_MP_STATE, -EINVAL, "a state", kvm_mp_state, .mp_state = ~0u),
	BAD(GUEST_VCPU, KVM_SET_MP_STATE, -EINVAL, "another machine's state", kvm_mp_state,
	    .mp_state = KVM_MP_STATE_HALTED),
	BAD(GUEST_VCPU, KVM_SET_VCPU_EVENTS, -EINVAL, "padding", kvm_vcpu_events,
	    .exception = { .pad = { [4] = 1 } }),
	BAD(GUEST_VCPU, KVM_SET_VCPU_EVENTS, -EINVAL, "a reserved field", kvm_vcpu_events,
	    .reserved = { [11] = 1 }),
	BAD(GUEST_VCPU, KVM_SET_VCPU_EVENTS, -EINVAL, "a syndrome of 26 bits", kvm_vcpu_events,
	    .exception = { .serror_pending = 1, .serror_has_esr = 1, .serror_esr = 1 << 25 }),
	BAD(GUEST_VCPU, KVM_SET_GUEST_DEBUG, -EINVAL, "a control", kvm_guest_debug,
	    .control = KVM_GUESTDBG_ENABLE | 1u << 20),
	BAD(GUEST_VCPU, KVM_SET_SIGNAL_MASK, -EINVAL, "a length", kvm_signal_mask, .len = ~0u),
	BAD(GUEST_VCPU, KVM_GET_ONE_REG, -EINVAL, "no machine's", kvm_one_reg, .id = 0),
	BAD(GUEST_VCPU, KVM_GET_ONE_REG, -EINVAL, "another machine's", kvm_one_reg,
	    .id = KVM_REG_X86 | KVM_REG_SIZE_U64),
	BAD(GUEST_VCPU, KVM_GET_ONE_REG, -ENOENT, "of 32 KiB", kvm_one_reg,
	    .id = KVM_REG_ARM64 | KVM_REG_SIZE_MASK | KVM_REG_ARM64_SYSREG),
	BAD(GUEST_VCPU, KVM_SET_ONE_REG, -ENOENT, "HCR_EL2", kvm_one_reg,
	    .id = ARM64_SYS_REG(3, 4, 1, 1, 0), .addr = (u64)rows),
	BAD(GUEST_VCPU, KVM_GET_DEVICE_ATTR, -ENXIO, "a group", kvm_device_attr, .group = 77),
	BAD(GUEST_VCPU, KVM_GET_DEVICE_ATTR, -EFAULT, "to nowhere", kvm_device_attr,
	    .group = KVM_ARM_VCPU_TIMER_CTRL, .addr = 8),
	BAD(GUEST_VCPU, KVM_SET_DEVICE_ATTR, -EFAULT, "from nowhere", kvm_device_attr,
	    .group = KVM_ARM_VCPU_TIMER_CTRL, .addr = 8),
	BAD(GUEST_VCPU, KVM_SET_DEVICE_ATTR, -ENXIO, "a number of stolen time", kvm_device_attr,
	    .group = KVM_ARM_VCPU_PVTIME_CTRL, .attr = 77, .addr = 8),

	BAD(GUEST_GIC, KVM_SET_DEVICE_ATTR, -ENXIO, "a group", kvm_device_attr, .group = 77),
	BAD(GUEST_GIC, KVM_SET_DEVICE_ATTR, -ENXIO, "a control", kvm_device_attr,
	    .group = KVM_DEV_ARM_VGIC_GRP_CTRL, .attr = ~0ull),
	BAD(GUEST_GIC, KVM_SET_DEVICE_ATTR, -EFAULT, "a number of interrupts from nowhere",
	    kvm_device_attr, .group = KVM_DEV_ARM_VGIC_GRP_NR_IRQS, .addr = 8),
	BAD(GUEST_GIC, KVM_GET_DEVICE_ATTR, -EFAULT, "a register to nowhere", kvm_device_attr,
	    .group = KVM_DEV_ARM_VGIC_GRP_DIST_REGS, .addr = 8),
	BAD(GUEST_GIC, KVM_HAS_DEVICE_ATTR, -ENXIO, "a register that is not there", kvm_device_attr,
	    .group = KVM_DEV_ARM_VGIC_GRP_DIST_REGS, .attr = 0xfffff000),
	BAD(GUEST_GIC, KVM_HAS_DEVICE_ATTR, -EINVAL, "a redistributor of no vCPU", kvm_device_attr,
	    .group = KVM_DEV_ARM_VGIC_GRP_REDIST_REGS, .attr = 0x77ull << 32),
	BAD(GUEST_ITS, KVM_SET_DEVICE_ATTR, -ENXIO, "a group", kvm_device_attr, .group = 77),
	BAD(GUEST_ITS, KVM_HAS_DEVICE_ATTR, -ENXIO, "a control", kvm_device_attr,
	    .group = KVM_DEV_ARM_VGIC_GRP_CTRL, .attr = 77),
	BAD(GUEST_ITS, KVM_HAS_DEVICE_ATTR, -ENXIO, "a register that is not there", kvm_device_attr,
	    .group = KVM_DEV_ARM_VGIC_GRP_ITS_REGS, .attr = 0x7000),
	BAD(GUEST_ITS, KVM_SET_DEVICE_ATTR, -EFAULT, "an address from nowhere", kvm_device_attr,
	    .group = KVM_DEV_ARM_VGIC_GRP_ADDR, .attr = KVM_VGIC_ITS_ADDR_TYPE, .addr = 8),
};

static const char *request_name(enum kind kind, u32 request)
{
	const struct row *r;

	FOR_EACH_ROW(r)
	if (r->kind == kind && r->request == request)
		return r->name;
	fail("a request that is not in the ABI's table");
}

static void test_fields(const int *fds)
{
	u8 arg[1024];
	size_t i;

	for (i = 0; i < sizeof(bads) / sizeof(bads[0]); i++) {
		const struct bad *b = &bads[i];

		memset(arg, 0, sizeof(arg));
		memcpy(arg, b->arg, b->size);
		equal(xioctl(fds[b->kind], b->request, (unsigned long)arg), b->want, "%s of %s: %s",
		      request_name(b->kind, b->request), kinds[b->kind], b->name);
	}
}

/* All vCPUs of a VM have the features of the first. */
static void test_features(void)
{
	struct kvm_vcpu_init init = { TARGET, .features = { FEATURE(KVM_ARM_VCPU_PSCI_0_2) } };
	int kvm = kvm_open(), vm = xioctl(kvm, KVM_CREATE_VM, 0), a, b;

	a = xioctl(vm, KVM_CREATE_VCPU, 0);
	b = xioctl(vm, KVM_CREATE_VCPU, 511);
	point(a >= 0 && b >= 0, "vCPUs 0 and 511");
	equal(xioctl(vm, KVM_CREATE_VCPU, 512), -EINVAL, "there is no vCPU 512");
	equal(xioctl(a, KVM_RUN, 0), -ENOEXEC, "KVM_RUN before it is initialised");
	equal(xioctl(a, KVM_ARM_VCPU_INIT, (unsigned long)&init), 0, "a vCPU with PSCI 0.2");
	init.features[0] = 0;
	equal(xioctl(b, KVM_ARM_VCPU_INIT, (unsigned long)&init), -EINVAL, "another without");
	equal(xioctl(b, KVM_RUN, 0), -ENOEXEC, "is not initialised");
	init.features[0] = FEATURE(KVM_ARM_VCPU_PSCI_0_2) | FEATURE(KVM_ARM_VCPU_POWER_OFF);
	equal(xioctl(b, KVM_ARM_VCPU_INIT, (unsigned long)&init), 0, "another that is off");
	close(a);
	close(b);
	close(vm);
	close(kvm);
}

/* A huge page may be over the GIC's frames: the rest of it is the guest's memory. */
static void test_frames(void)
{
	const u64 at = GICD_IPA + 0x180000;
	u8 *page = aligned_memory(HUGE);
	struct vm vm;

	madvise(page, HUGE, MADV_HUGEPAGE);
	memset(page, 0, HUGE);
	page[at - GICD_IPA] = 77;
	vm_new(&vm, 1);
	equal(vm_slot(&vm, 1, 0, GICD_IPA, HUGE, page), 0, "a slot over the GIC's frames");
	point(sum_is(&vm.vcpu[0], at, 4096, 77), "is memory beside them");
	vm_free(&vm);
	munmap(page, HUGE);
}

#define PV_TIME_ST 0xc5000021
#define STEAL_IPA RAM_IPA

/* Calls PV_TIME_ST and tells the answer. */
static const u32 steal_code[] = {
	0xd4000002, /* hvc #0 */
	0xf9000260, /* str x0, [x19] */
	0x14000000, /* b . */
};

static int steal_at(struct vcpu *v, u64 ipa)
{
	return attr(v->fd, KVM_SET_DEVICE_ATTR, KVM_ARM_VCPU_PVTIME_CTRL, KVM_ARM_VCPU_PVTIME_IPA,
		    &ipa);
}

/* What the VM may only read its calls do not write either, also if it could be written at first. */
static void test_steal(void)
{
	u8 *mem = memory(4096);
	u64 result = 0, i, changed = 0;
	struct vm vm;

	vm_new(&vm, 1);
	memset(mem, 0xaa, 4096);
	memcpy((u8 *)vm.code + CODE_SIZE / 2, steal_code, sizeof(steal_code));
	equal(vm_slot(&vm, 1, KVM_MEM_READONLY, STEAL_IPA, 4096, mem), 0, "memory to read");
	equal(steal_at(&vm.vcpu[0], STEAL_IPA), -EINVAL, "no stolen time in it");
	vm_slot(&vm, 1, 0, 0, 0, NULL);
	vm_slot(&vm, 1, 0, STEAL_IPA, 4096, mem);
	equal(steal_at(&vm.vcpu[0], STEAL_IPA), 0, "but in other memory");
	vm_slot(&vm, 1, 0, 0, 0, NULL);
	equal(vm_slot(&vm, 1, KVM_MEM_READONLY, STEAL_IPA, 4096, mem), 0, "which goes");
	guest_start_at(&vm.vcpu[0], guest_start + CODE_SIZE / 2, PV_TIME_ST, 0, 0);
	reg_set(&vm.vcpu[0], CORE_REG(regs.regs[19]), MMIO_IPA + MMIO_EXIT);
	point(run_to_exit(&vm.vcpu[0], &result) && result == STEAL_IPA, "the guest asks for it");
	for (i = 0; i < 4096; i++)
		changed += mem[i] != 0xaa;
	equal(changed, 0, "nothing is written there");
	vm_free(&vm);
	munmap(mem, 4096);
}

void test_bad(void)
{
	int fds[NR_KINDS];
	struct vm vm;

	vm_new(&vm, 1);
	its_new(&vm, ITS_IPA);
	fds[GUEST_SYSTEM] = kvm_open();
	fds[GUEST_VM] = vm.fd;
	fds[GUEST_VCPU] = vm.vcpu[0].fd;
	fds[GUEST_GIC] = vm.gic;
	fds[GUEST_ITS] = vm.its[0];
	test_pointers(fds);
	test_kinds(fds);
	test_closed();
	test_fields(fds);
	close(fds[GUEST_SYSTEM]);
	vm_free(&vm);
	test_features();
	test_frames();
	test_steal();
}
