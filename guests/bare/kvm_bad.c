// SPDX-License-Identifier: GPL-2.0-only
/* Hypercalls with arguments that no driver of ours would pass: each is answered, by its errno, and costs nothing. */
#include "guests/bare/board.h"
#include "guests/bare/kvm.h"
#include "guests/bare/mem.h"
#include "guests/bare/tap.h"

#define NOWHERE (UINT64_C(1) << 46) /* no memory there */
#define SYSREG(op0, op1, crn, crm, op2)                                                            \
	(KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM64_SYSREG | (op0) << 14 | (op1) << 11 |     \
	 (crn) << 7 | (crm) << 3 | (op2))

#define is(got, want, what) kvm_is("kvm", got, want, what)

static void bad_system(void)
{
	struct hvc h = { { HERALD_HVC_CLOSE, HERALD_SYSTEM } };

	is(kvm_ioctl(HERALD_SYSTEM, KVM_GET_API_VERSION, 1), -EINVAL, "GET_API_VERSION of 1");
	is(kvm_ioctl(HERALD_SYSTEM, 0, 0), -ENOTTY, "request 0");
	is(kvm_ioctl(HERALD_SYSTEM, (u64)KVM_GET_API_VERSION | BIT(32), 0), -ENOTTY,
	   "a request beyond 32 bits");
	is(kvm_ioctl(HERALD_SYSTEM, KVM_RUN, 0), -ENOTTY, "KVM_RUN of the system");
	is(kvm_ioctl(1, KVM_RUN, 0), -EBADF, "handle 1");
	is(kvm_ioctl(~UINT64_C(0), KVM_RUN, 0), -EBADF, "handle ~0");
	is(kvm_ioctl(UINT64_C(1) << 28, KVM_CREATE_VCPU, 0), -EBADF, "a VM that is not there");
	is(kvm_ioctl(HERALD_SYSTEM, KVM_CREATE_VM, 31), -EINVAL, "CREATE_VM of 31 bits");
	is(kvm_ioctl(HERALD_SYSTEM, KVM_CREATE_VM, 60), -EINVAL, "CREATE_VM of 60 bits");
	is(kvm_ioctl(HERALD_SYSTEM, KVM_CREATE_VM, 0x100), -EINVAL, "CREATE_VM of type 0x100");
	is(kvm_ioctl(HERALD_SYSTEM, KVM_CHECK_EXTENSION, ~0u), 0, "CHECK_EXTENSION of ~0");
	is(kvm_ioctl(HERALD_SYSTEM, HERALD_GET_STATS, NOWHERE), -EFAULT, "GET_STATS to nowhere");
	is(hvc(&h), -EBADF, "CLOSE of the system");
	h = (struct hvc){ { 0xc6000013 } };
	is((s32)hvc(&h), PSCI_RET_NOT_SUPPORTED, "an unknown function");
}

/* A list, step by step, of anything whatever: how many records; or an error. */
static s64 list(struct herald_list *l, u64 vm, u32 kind, u32 its)
{
	s64 ret, nr = 0;

	*l = (struct herald_list){ .vm = vm, .kind = kind, .its = its };
	do {
		ret = kvm_ioctl(HERALD_SYSTEM, HERALD_LIST, (u64)l);
		nr += l->nr;
	} while (!ret && l->cursor != HERALD_LIST_END);
	return ret ? ret : nr;
}

static s64 list_once(struct herald_list *l, u64 vm, u32 kind, u32 its, u32 cursor)
{
	*l = (struct herald_list){ .vm = vm, .kind = kind, .its = its, .cursor = cursor };
	return kvm_ioctl(HERALD_SYSTEM, HERALD_LIST, (u64)l);
}

/* Who watches: any VM, any cursor, any place for the answer. */
static void bad_inspect(u64 vm, u64 vcpu)
{
	struct herald_list *l = mem_alloc(sizeof(*l), SZ_4K);
	struct herald_its *its = mem_alloc(sizeof(*its), SZ_4K);
	struct herald_log *log = mem_alloc(sizeof(*log), SZ_4K);
	u32 kind;

	is(list(l, 0, HERALD_LIST_VMS, 0), 2, "LIST of VMs: the management VM and another");
	is((s64)l->u.vm[1].handle, (s64)vm, "whose handle it tells");
	is(l->u.vm[1].nr_vcpus, 1, "and that it has a vCPU");
	is(list(l, vm, HERALD_LIST_VCPUS, 0), 1, "LIST of its vCPUs");
	is(l->u.vcpu[0].state, HERALD_VCPU_IDLE, "which is idle");
	is(list(l, vm, HERALD_LIST_SPIS, 0), 0, "LIST of SPIs of a VM without a GIC");
	is(list(l, vm, HERALD_LIST_LPIS, 0), -ENOENT, "LIST of LPIs of a VM without an ITS");
	is(list(l, vm, HERALD_LIST_DEVICES, ~0u), -ENOENT, "LIST of devices of ITS ~0");
	is(list(l, 0, HERALD_NR_LISTS, 0), -EINVAL, "LIST of an unknown kind");
	is(list(l, 0, ~0u, 0), -EINVAL, "LIST of kind ~0");
	is(list(l, vcpu, HERALD_LIST_VCPUS, 0), -EINVAL, "LIST of a vCPU's vCPUs");
	is(list(l, vm ^ 1, HERALD_LIST_VCPUS, 0), -EBADF, "LIST of a VM of another generation");
	is(list(l, ~UINT64_C(0), HERALD_LIST_SPIS, 0), -EBADF, "LIST of VM ~0");
	for (kind = 0; kind < HERALD_NR_LISTS; kind++) {
		bool has = kind <= HERALD_LIST_SPIS || !list_once(l, 0, kind, 0, 0);

		if (!has)
			continue;
		is(list_once(l, 0, kind, 0, ~0u - 1), 0, "LIST from far beyond the end");
		tap_ok(!l->nr && l->cursor == HERALD_LIST_END, "kvm: is at the end (kind %u)",
		       kind);
		is(list_once(l, 0, kind, 0, HERALD_LIST_END), 0, "LIST from the end");
		tap_ok(!l->nr && l->cursor == HERALD_LIST_END, "kvm: stays there");
		tap_ok(list(l, 0, kind, 0) >= 0, "kvm: LIST of all of the management VM's");
	}
	is(kvm_ioctl(HERALD_SYSTEM, HERALD_LIST, NOWHERE), -EFAULT, "LIST to nowhere");
	is(kvm_ioctl(vm, HERALD_LIST, (u64)l), -ENOTTY, "LIST of a VM's handle");
	*its = (struct herald_its){ .vm = vm };
	is(kvm_ioctl(HERALD_SYSTEM, HERALD_GET_ITS, (u64)its), -ENOENT, "GET_ITS without an ITS");
	*its = (struct herald_its){ .its = ~0u };
	is(kvm_ioctl(HERALD_SYSTEM, HERALD_GET_ITS, (u64)its), -ENOENT, "GET_ITS of ITS ~0");
	*its = (struct herald_its){ .vm = ~UINT64_C(0) };
	is(kvm_ioctl(HERALD_SYSTEM, HERALD_GET_ITS, (u64)its), -EBADF, "GET_ITS of VM ~0");
	is(kvm_ioctl(HERALD_SYSTEM, HERALD_GET_ITS, NOWHERE), -EFAULT, "GET_ITS to nowhere");
	*log = (struct herald_log){ .len = ~UINT64_C(0) };
	is(kvm_ioctl(HERALD_SYSTEM, HERALD_READ_LOG, (u64)log), 0, "READ_LOG");
	tap_ok(log->len && log->len <= HERALD_LOG_TEXT && log->position >= log->len,
	       "kvm: %lu bytes", (u64)log->len);
	*log = (struct herald_log){ .position = ~UINT64_C(0) };
	is(kvm_ioctl(HERALD_SYSTEM, HERALD_READ_LOG, (u64)log), 0, "READ_LOG from beyond its end");
	tap_ok(!log->len && log->position != ~UINT64_C(0), "kvm: nothing, and where the end is");
	is(kvm_ioctl(HERALD_SYSTEM, HERALD_READ_LOG, NOWHERE), -EFAULT, "READ_LOG to nowhere");
}

static void bad_memory(u64 vm)
{
	u8 *page = mem_alloc(4 * SZ_4K, SZ_4K);
	u64 hole = board.ram[0].base + board.ram[0].size;
	struct herald_unmap *across = (void *)(page + SZ_4K - sizeof(u64));
	struct herald_stats st;
	u64 other;

	is(kvm_map(vm, 1, page, SZ_4K, 0), -EINVAL, "MAP_PAGES at an odd address");
	is(kvm_map(vm, 0x1000, page + 1, SZ_4K, 0), -EINVAL, "MAP_PAGES of an odd address");
	is(kvm_map(vm, 0x1000, page, 0, 0), -EINVAL, "MAP_PAGES of nothing");
	is(kvm_map(vm, 0x1000, page, HERALD_MAP_MAX + SZ_4K, 0), -EINVAL, "MAP_PAGES of too much");
	is(kvm_map(vm, 0x1000, page, HERALD_MAP_MAX_PAGES + SZ_4K, 0), -EINVAL,
	   "MAP_PAGES of too many pages");
	is(kvm_map(vm, 0x1000, page, SZ_4K, 4), -EINVAL, "MAP_PAGES with an unknown flag");
	is(kvm_map(vm, UINT64_C(1) << 40, page, SZ_4K, 0), -EINVAL,
	   "MAP_PAGES beyond the IPA space");
	is(kvm_map(vm, ~UINT64_C(0xfff), page, 2 * SZ_4K, 0), -EINVAL, "MAP_PAGES that wraps");
	is(kvm_map(vm, 0x1000, (void *)board.gicd.base, SZ_4K, 0), -EFAULT,
	   "MAP_PAGES of a device");
	is(kvm_map(vm, 0x1000, (void *)NOWHERE, SZ_4K, 0), -EFAULT, "MAP_PAGES of nowhere");
	is(kvm_map(vm, 0x1000, (void *)~UINT64_C(0xfff), SZ_4K, 0), -EFAULT,
	   "MAP_PAGES of the end");
	is(kvm_map(vm, 0x1000, (void *)hole, SZ_4K, 0), -EPERM, "MAP_PAGES of Herald's memory");
	is(kvm_map(vm, 0x1000, (void *)(hole - SZ_4K), 2 * SZ_4K, 0), -EPERM, "partly Herald's");
	is(kvm_ioctl(vm, HERALD_MAP_PAGES, NOWHERE), -EFAULT, "MAP_PAGES with its struct nowhere");
	is(kvm_map(vm, 0x10000, page, 4 * SZ_4K, 0), 0, "MAP_PAGES of four pages");
	is(kvm_map(vm, 0x10000, page, 4 * SZ_4K, 0), 0, "the same again");
	is(kvm_map(vm, 0x11000, page, SZ_4K, 0), -EEXIST, "another page over one of them");
	is(kvm_map(vm, 0x20000, page, SZ_4K, 0), -EBUSY, "one of them elsewhere");
	other = (u64)kvm_ioctl(HERALD_SYSTEM, KVM_CREATE_VM, 32);
	is(kvm_map(other, 0x10000, page, SZ_4K, 0), -EBUSY, "one of them in another VM");
	is(kvm_map(other, 0x10000, page, SZ_4K, HERALD_MAP_SHARED), 0, "the same, shared");
	is(kvm_close(other, NULL), 0, "CLOSE of the other VM");
	is(kvm_protect(vm, 0x10000, 0, 0, 0), 0, "PROTECT_PAGES of nothing");
	is(kvm_protect(vm, 0x10000, 2, 1, 0), -EINVAL, "PROTECT_PAGES with flag 2");
	is(kvm_protect(vm, 0x10800, 0, 1, 0), -EINVAL, "PROTECT_PAGES at an odd address");
	is(kvm_protect(vm, UINT64_C(1) << 40, 0, 1, 0), -EINVAL, "PROTECT_PAGES outside");
	is(kvm_protect(vm, (UINT64_C(1) << 40) - SZ_1M, 0, ~UINT64_C(0), ~UINT64_C(0)), 0,
	   "PROTECT_PAGES at the end of the IPA space");
	is(kvm_protect(vm, (UINT64_C(1) << 40) - SZ_1M + SZ_4K, 0, 0, BIT(63)), -EINVAL,
	   "PROTECT_PAGES beyond it");
	is(kvm_protect(vm, 0x10000, 0, 5, BIT(63)), 0, "PROTECT_PAGES of the first and third");
	is(kvm_map(vm, 0x10000, page, SZ_4K, HERALD_MAP_READONLY), 0, "the first is read-only");
	is(kvm_map(vm, 0x11000, page + SZ_4K, SZ_4K, 0), 0, "the second is writable");
	is(kvm_map(vm, 0x12000, page + 2 * SZ_4K, SZ_4K, HERALD_MAP_READONLY), 0,
	   "the third is read-only");
	is(kvm_protect(vm, 0x10000, HERALD_PROTECT_WRITABLE, 2 | 4, 0), 0, "the third, writable");
	is(kvm_map(vm, 0x12000, page + 2 * SZ_4K, SZ_4K, 0), 0, "is writable");
	is(kvm_map(vm, 0x10000, page, SZ_4K, HERALD_MAP_READONLY), 0, "the first is read-only yet");
	is(kvm_unmap(vm, 0x10000, 0), -EINVAL, "UNMAP_PAGES of nothing");
	is(kvm_unmap(vm, 0x10800, SZ_4K), -EINVAL, "UNMAP_PAGES at an odd address");
	is(kvm_unmap(vm, SZ_4K, UINT64_C(1) << 40), -EINVAL, "UNMAP_PAGES beyond the IPA space");
	*across = (struct herald_unmap){ .ipa = 0x13000, .size = SZ_4K };
	is(kvm_ioctl(vm, HERALD_UNMAP_PAGES, (u64)across), 0,
	   "UNMAP_PAGES, its struct in two pages");
	is(across->ipa == 0x14000 && !across->size, true, "which says that it is done");
	is(kvm_ioctl(vm, HERALD_UNMAP_PAGES, hole - sizeof(u64)), -EFAULT,
	   "one that ends in Herald's memory");
	is(kvm_unmap(vm, 0, UINT64_C(1) << 40), 0, "UNMAP_PAGES of everything");
	st = kvm_stats();
	tap_ok(!st.lent_pages, "kvm: no page is lent after it (%lu)", (u64)st.lent_pages);
}

static void bad_vm(u64 vm, u64 vcpu)
{
	struct kvm_create_device d = { .type = 77 };
	struct hvc h = { { HERALD_HVC_CLOSE, vcpu } };

	is(kvm_ioctl(vm, KVM_CREATE_VCPU, 512), -EINVAL, "CREATE_VCPU 512");
	is(kvm_ioctl(vm, KVM_CREATE_VCPU, UINT64_C(1) << 32), -EINVAL, "CREATE_VCPU 2^32");
	is(kvm_ioctl(vm, KVM_CREATE_VCPU, 0), -EEXIST, "CREATE_VCPU twice");
	is(kvm_ioctl(vm, KVM_RUN, 0), -ENOTTY, "KVM_RUN of a VM");
	is(kvm_ioctl(vcpu, KVM_CREATE_VCPU, 1), -ENOTTY, "CREATE_VCPU of a vCPU");
	is(kvm_ioctl(vcpu + (1 << 11), KVM_RUN, 0), -EBADF, "a vCPU that is not there");
	is(kvm_ioctl(vcpu ^ 1, KVM_RUN, 0), -EBADF, "a handle of another generation");
	is(hvc(&h), -EINVAL, "CLOSE of a vCPU");
	is(kvm_ioctl(vm, KVM_CREATE_DEVICE, (u64)&d), -ENODEV, "CREATE_DEVICE 77");
	is(kvm_ioctl(vm, KVM_CREATE_DEVICE, NOWHERE), -EFAULT, "CREATE_DEVICE from nowhere");
	is(kvm_irq_line(vm, 0, 1), -ENXIO, "IRQ_LINE without a GIC");
	is(kvm_ioctl(vm, KVM_ARM_PREFERRED_TARGET, NOWHERE), -EFAULT,
	   "PREFERRED_TARGET to nowhere");
}

static void bad_vcpu(u64 vcpu)
{
	u64 pstate = KVM_CORE_REG(regs.pstate), pc = KVM_CORE_REG(regs.pc), val;
	struct kvm_mp_state mp = { .mp_state = 3 };

	is((s64)kvm_run(vcpu, 0, 0).x[0], -ENOEXEC, "KVM_RUN before VCPU_INIT");
	is(kvm_get_reg(vcpu, pc, &val), -ENOEXEC, "GET_ONE_REG before VCPU_INIT");
	is(kvm_init_vcpu(vcpu, 3, 0), -EINVAL, "VCPU_INIT of target 3");
	is(kvm_init_vcpu(vcpu, 5, BIT(KVM_ARM_VCPU_SVE)), -EINVAL, "VCPU_INIT with SVE");
	is(kvm_init_vcpu(vcpu, 5, BIT(KVM_ARM_VCPU_PMU_V3)), -EINVAL, "VCPU_INIT with a PMU");
	is(kvm_init_vcpu(vcpu, 5, BIT(KVM_ARM_VCPU_PTRAUTH_ADDRESS)), -EINVAL, "half of ptrauth");
	is(kvm_init_vcpu(vcpu, 5, BIT(31)), -ENOENT, "VCPU_INIT with feature 31");
	is(kvm_init_vcpu(vcpu, 5, BIT(KVM_ARM_VCPU_PSCI_0_2)), 0, "VCPU_INIT");
	is(kvm_init_vcpu(vcpu, 5, 0), -EINVAL, "again with other features");
	is(kvm_set_reg(vcpu, pstate, 0x3c9), -EINVAL, "a PSTATE of EL2");
	is(kvm_set_reg(vcpu, pstate, 0x1d3), -EINVAL, "a PSTATE of AArch32");
	is(kvm_set_reg(vcpu, pstate, 0x3c5), 0, "a PSTATE of EL1");
	is(kvm_set_reg(vcpu, pc ^ BIT(52), 0), -ENOENT, "the PC with another size");
	is(kvm_set_reg(vcpu, pc + 1, 0), -ENOENT, "half a register");
	is(kvm_set_reg(vcpu, KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_CORE | 0xffff, 0),
	   -ENOENT, "a core register that is not there");
	is(kvm_set_reg(vcpu, 0, 0), -EINVAL, "register 0");
	is(kvm_set_reg(vcpu, SYSREG(3, 4, 1, 1, 0), 0), -ENOENT, "HCR_EL2");
	is(kvm_set_reg(vcpu, SYSREG(3, 0, 0, 4, 0), ~UINT64_C(0)), -EINVAL, "another ID_AA64PFR0");
	is(kvm_get_reg(vcpu, SYSREG(3, 0, 0, 4, 0), &val), 0, "GET_ONE_REG of ID_AA64PFR0");
	is(kvm_set_reg(vcpu, SYSREG(3, 0, 0, 4, 0), val), 0, "and the same again");
	is(kvm_set_reg(vcpu, SYSREG(3, 0, 0, 1, 0), 0x111), 0, "ID_PFR0 takes anything");
	is(kvm_get_reg(vcpu, SYSREG(3, 0, 0, 1, 0), &val), 0, "GET_ONE_REG of ID_PFR0");
	is((s64)val, 0, "it stays 0");
	is(kvm_set_reg(vcpu, SYSREG(3, 0, 0, 1, 3), 0x111), -EINVAL, "ID_AFR0 does not");
	is(kvm_set_reg(vcpu, SYSREG(3, 0, 0, 3, 7), 0x111), -EINVAL, "nor does what has no name");
	is(kvm_get_reg(vcpu, pc, (u64 *)NOWHERE), -EFAULT, "GET_ONE_REG to nowhere");
	is(kvm_ioctl(vcpu, KVM_SET_MP_STATE, (u64)&mp), -EINVAL, "MP_STATE 3");
	is(kvm_set_reg(vcpu, KVM_CORE_REG(regs.regs[30]), 0x1234), 0, "SET_ONE_REG of x30");
	is(kvm_get_reg(vcpu, KVM_CORE_REG(regs.regs[30]), &val), 0, "GET_ONE_REG of x30");
	is((s64)val, 0x1234, "which is");
}

static void bad_gic(u64 vm, u64 vcpu)
{
	const u32 group = KVM_DEV_ARM_VGIC_GRP_ADDR, nr = KVM_DEV_ARM_VGIC_GRP_NR_IRQS;
	const u64 dist = KVM_VGIC_V3_ADDR_TYPE_DIST, redist = KVM_VGIC_V3_ADDR_TYPE_REDIST;
	u64 odd = VM_GICD + SZ_4K, far = UINT64_C(1) << 40, good = VM_GICD, over = VM_GICD;
	u32 irqs = 63, many = 128;
	u64 gic, second;

	is(kvm_create_device(vm, KVM_DEV_TYPE_ARM_VGIC_V3, 0, &gic), 0, "CREATE_DEVICE");
	is(kvm_create_device(vm, KVM_DEV_TYPE_ARM_VGIC_V3, 0, &second), -EEXIST,
	   "CREATE_DEVICE twice");
	is(kvm_ioctl(gic, KVM_RUN, 0), -ENOTTY, "KVM_RUN of a GIC");
	is(kvm_set_attr(gic, 99, 0, &good), -ENXIO, "group 99");
	is(kvm_set_attr(gic, group, 0, &good), -ENXIO, "address type 0");
	is(kvm_set_attr(gic, group, dist, (void *)NOWHERE), -EFAULT, "an address from nowhere");
	is(kvm_set_attr(gic, group, dist, &odd), -EINVAL, "an address of 4 KiB");
	is(kvm_set_attr(gic, group, dist, &far), -E2BIG, "an address beyond the IPA space");
	is(kvm_set_attr(gic, group, redist, &over), 0, "the redistributors");
	is(kvm_set_attr(gic, group, dist, &good), 0, "the distributor over them");
	is(kvm_set_attr(gic, group, dist, &good), -EEXIST, "the distributor twice");
	is(kvm_set_attr(gic, nr, 0, &irqs), -EINVAL, "63 interrupts");
	is(kvm_set_attr(gic, nr, 0, &many), 0, "128 interrupts");
	is(kvm_set_attr(gic, nr, 0, &many), -EBUSY, "128 interrupts twice");
	is(kvm_irq_line(vm, KVM_ARM_IRQ_TYPE_SPI << KVM_ARM_IRQ_TYPE_SHIFT | 40, 1), -EBUSY,
	   "IRQ_LINE before CTRL_INIT");
	is((s64)kvm_run(vcpu, 0, 0).x[0], -EINVAL,
	   "KVM_RUN before CTRL_INIT, with frames that overlap");
	is(kvm_set_attr(gic, KVM_DEV_ARM_VGIC_GRP_CTRL, KVM_DEV_ARM_VGIC_CTRL_INIT, NULL), 0,
	   "CTRL_INIT");
	is(kvm_ioctl(vm, KVM_CREATE_VCPU, 1), -EBUSY, "CREATE_VCPU after CTRL_INIT");
	is((s64)kvm_run(vcpu, 0, 0).x[0], -EINVAL, "KVM_RUN with frames that overlap");
	is(kvm_irq_line(vm, KVM_ARM_IRQ_TYPE_SPI << KVM_ARM_IRQ_TYPE_SHIFT | 127, 0), 0, "SPI 127");
	is(kvm_irq_line(vm, KVM_ARM_IRQ_TYPE_SPI << KVM_ARM_IRQ_TYPE_SHIFT | 128, 0), -EINVAL,
	   "SPI 128");
	is(kvm_irq_line(vm, KVM_ARM_IRQ_TYPE_SPI << KVM_ARM_IRQ_TYPE_SHIFT | 31, 0), -EINVAL,
	   "SPI 31");
	is(kvm_irq_line(vm, KVM_ARM_IRQ_TYPE_PPI << KVM_ARM_IRQ_TYPE_SHIFT | 15, 0), -EINVAL,
	   "PPI 15");
	is(kvm_irq_line(vm, KVM_ARM_IRQ_TYPE_PPI << KVM_ARM_IRQ_TYPE_SHIFT | 27, 0), -EINVAL,
	   "the timer's PPI");
	is(kvm_irq_line(vm, KVM_ARM_IRQ_TYPE_PPI << KVM_ARM_IRQ_TYPE_SHIFT | 1 << 16 | 20, 0),
	   -EINVAL, "a PPI of a vCPU that is not there");
	is(kvm_irq_line(vm, 5 << KVM_ARM_IRQ_TYPE_SHIFT, 0), -EINVAL, "type 5");
}

/* Not before its GIC is right can a vCPU run: for flags that are not. */
static void bad_run(void)
{
	struct herald_list *l = mem_alloc(sizeof(*l), SZ_4K);
	struct vm vm;

	vm_create(&vm, 1, kvm_guest_once, 0);
	is((s64)kvm_run(vm.vcpu[0], 16, 0).x[0], -EINVAL, "KVM_RUN with an unknown flag");
	is((s64)kvm_run(vm.vcpu[0], HERALD_RUN_COMPLETE, 0).x[0], -EINVAL, "nothing to complete");
	is((s64)kvm_run(vm.vcpu[0], HERALD_RUN_ABORT, 0).x[0], -EINVAL, "nothing to abort");
	is((s64)kvm_run(vm.vcpu[0], HERALD_RUN_IMMEDIATE, 0).x[0], -EINTR, "KVM_RUN, IMMEDIATE");
	is(kvm_map(vm.handle, VM_GICD, vm.data, SZ_4K, HERALD_MAP_SHARED), -EINVAL,
	   "MAP_PAGES over the distributor");
	is(list(l, vm.handle, HERALD_LIST_VCPUS, 0), 1, "LIST of its vCPUs");
	is((s64)l->u.vcpu[0].exits[0], 0, "none of the refused runs is counted");
	kvm_run(vm.vcpu[0], HERALD_RUN_SINGLE_TASK, 0);
	is(list(l, vm.handle, HERALD_LIST_VCPUS, 0), 1, "LIST of its vCPUs");
	tap_ok(l->u.vcpu[0].exits[0] + l->u.vcpu[0].exits[HERALD_EXIT_FAULT] == 1,
	       "kvm: one run that ended, by a fault or an interrupt, is");
	vm_destroy(&vm);
	is(kvm_ioctl(vm.handle, KVM_CREATE_VCPU, 3), -EBADF, "a VM that was closed");
	is(kvm_close(vm.handle, NULL), -EBADF, "CLOSE twice");
	is(list(l, vm.handle, HERALD_LIST_VCPUS, 0), -EBADF, "LIST of its vCPUs");
	is(list(l, 0, HERALD_LIST_VMS, 0), 1, "LIST of VMs: the management VM alone");
}

void test_kvm_bad(void)
{
	u64 vm, vcpu;

	bad_system();
	vm = (u64)kvm_ioctl(HERALD_SYSTEM, KVM_CREATE_VM, 0);
	vcpu = (u64)kvm_ioctl(vm, KVM_CREATE_VCPU, 0);
	bad_vm(vm, vcpu);
	bad_inspect(vm, vcpu);
	bad_memory(vm);
	bad_vcpu(vcpu);
	bad_gic(vm, vcpu);
	is(kvm_close(vm, NULL), 0, "CLOSE");
	bad_run();
}
