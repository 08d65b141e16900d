// SPDX-License-Identifier: GPL-2.0-only
/* Registers as a VMM that saves and restores a vCPU sees them, events, debugging, and calls that it filters. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vmm.h"

#define REGS_MAX 1024
#define SYS_REG_OF(id) ((id)&0xffff)
#define COPROC_OF(id) ((id)&KVM_REG_ARM_COPROC_MASK)
#define BYTES_OF(id) (1u << (((id)&KVM_REG_SIZE_MASK) >> KVM_REG_SIZE_SHIFT))
#define PATTERN 0xa5c3u

static struct kvm_reg_list *list_of(struct vcpu *v)
{
	struct kvm_reg_list *list = calloc(1, sizeof(*list) + REGS_MAX * sizeof(u64));
	int err;

	err = xioctl(v->fd, KVM_GET_REG_LIST, (unsigned long)list);
	equal(err, -E2BIG, "KVM_GET_REG_LIST without room says E2BIG");
	point(list->n > 200 && list->n <= REGS_MAX, "and how much it needs (%llu)",
	      (unsigned long long)list->n);
	list->n--;
	equal(xioctl(v->fd, KVM_GET_REG_LIST, (unsigned long)list), -E2BIG,
	      "room for all but one is not enough");
	equal(xioctl(v->fd, KVM_GET_REG_LIST, (unsigned long)list), 0, "with room it answers");
	return list;
}

static int access_reg(struct vcpu *v, unsigned long request, u64 id, void *val)
{
	struct kvm_one_reg reg = { .id = id, .addr = (u64)val };

	return xioctl(v->fd, request, (unsigned long)&reg);
}

/* Each is read, written back, and there once. */
static void test_round_trip(struct vcpu *v, const struct kvm_reg_list *list)
{
	u64 val[2], i, j, unread = 0, unwritten = 0, twice = 0;

	for (i = 0; i < list->n; i++) {
		if (access_reg(v, KVM_GET_ONE_REG, list->reg[i], val))
			printf("# cannot read %#llx\n", (unsigned long long)list->reg[i]), unread++;
		if (access_reg(v, KVM_SET_ONE_REG, list->reg[i], val))
			printf("# cannot write %#llx\n", (unsigned long long)list->reg[i]),
				unwritten++;
		for (j = 0; j < i; j++)
			twice += list->reg[i] == list->reg[j];
	}
	equal(unread, 0, "every register of the list can be read");
	equal(unwritten, 0, "and takes the value that was read");
	equal(twice, 0, "none is listed twice");
}

/* What takes any value at any time: the core but PSTATE, SIMD, and the system registers below. */
static bool is_free(u64 id)
{
	static const u32 sys[] = {
		0xc100, /* TTBR0_EL1 */ 0xc101,	  /* TTBR1_EL1 */ 0xc290, /* ESR_EL1 */
		0xc300, /* FAR_EL1 */ 0xc510,	  /* MAIR_EL1 */ 0xc600, /* VBAR_EL1 */
		0xc681, /* CONTEXTIDR */ 0xc684,  /* TPIDR_EL1 */ 0xde82, /* TPIDR_EL0 */
		0xde83, /* TPIDRRO_EL0 */ 0xc108, /* a key's low half */
	};
	size_t i;

	if (COPROC_OF(id) == KVM_REG_ARM_CORE)
		return id != CORE_REG(regs.pstate);
	for (i = 0; i < sizeof(sys) / sizeof(sys[0]); i++)
		if (COPROC_OF(id) == KVM_REG_ARM64_SYSREG && SYS_REG_OF(id) == sys[i])
			return true;
	/* DBGBVR and DBGWVR, which no control register enables */
	return COPROC_OF(id) == KVM_REG_ARM64_SYSREG && SYS_REG_OF(id) < 0x8080 &&
	       SYS_REG_OF(id) >= 0x8000 && (SYS_REG_OF(id) & 5) == 4;
}

static u64 pattern(u64 id, u64 seed)
{
	return BYTES_OF(id) < 8 ? 0 : (PATTERN * (seed + SYS_REG_OF(id)) << 12);
}

/* The values of one VM's vCPU are not those of another's, and both keep theirs. */
static void test_isolation(const struct kvm_reg_list *list, struct vcpu *a, struct vcpu *b)
{
	u64 val[2], i, n = 0, lost = 0, leaked = 0;

	for (i = 0; i < list->n; i++) {
		if (!is_free(list->reg[i]))
			continue;
		val[0] = val[1] = pattern(list->reg[i], 1);
		lost += access_reg(a, KVM_SET_ONE_REG, list->reg[i], val) != 0;
		n++;
	}
	for (i = 0; i < list->n; i++) {
		u64 want = pattern(list->reg[i], 1);

		if (!is_free(list->reg[i]) || !want)
			continue;
		access_reg(b, KVM_GET_ONE_REG, list->reg[i], val);
		leaked += val[0] == want;
		access_reg(a, KVM_GET_ONE_REG, list->reg[i], val);
		if (val[0] != want)
			printf("# %#llx lost its value\n", (unsigned long long)list->reg[i]),
				lost++;
	}
	point(n > 100, "%llu registers take any value", (unsigned long long)n);
	equal(lost, 0, "they keep it");
	equal(leaked, 0, "another VM's do not have it");
}

static void test_fixed(struct vcpu *v)
{
	u64 val = reg_get(v, ARM64_SYS_REG(3, 0, 0, 0, 0)) ^ 0xf;

	equal(access_reg(v, KVM_SET_ONE_REG, ARM64_SYS_REG(3, 0, 0, 0, 0), &val), -EINVAL,
	      "another MIDR_EL1 is refused");
	val = 0;
	equal(access_reg(v, KVM_SET_ONE_REG, KVM_REG_ARM_PSCI_VERSION, &val), -EINVAL,
	      "PSCI 0.0 is refused");
	val = 1;
	equal(access_reg(v, KVM_SET_ONE_REG, KVM_REG_ARM_PSCI_VERSION, &val), -EINVAL,
	      "PSCI 0.1 is refused with KVM_ARM_VCPU_PSCI_0_2");
	val = 2;
	equal(access_reg(v, KVM_SET_ONE_REG, KVM_REG_ARM_PSCI_VERSION, &val), 0, "PSCI 0.2 is not");
	equal(reg_get(v, KVM_REG_ARM_PSCI_VERSION), 2, "and is there");
	val = 1ull << 62;
	equal(access_reg(v, KVM_SET_ONE_REG, KVM_REG_ARM_STD_BMAP, &val), -EINVAL,
	      "a family of calls that is not there is refused");
}

static void test_events(struct vcpu *v)
{
	struct kvm_vcpu_events e;

	memset(&e, 0, sizeof(e));
	equal(xioctl(v->fd, KVM_GET_VCPU_EVENTS, (unsigned long)&e), 0, "KVM_GET_VCPU_EVENTS");
	equal(e.exception.serror_pending, 0, "no SError is pending");
	e.exception.serror_pending = 1;
	e.exception.serror_esr = e.exception.serror_has_esr ? 0x1234 : 0;
	equal(xioctl(v->fd, KVM_SET_VCPU_EVENTS, (unsigned long)&e), 0, "one is made so");
	memset(&e, 0, sizeof(e));
	xioctl(v->fd, KVM_GET_VCPU_EVENTS, (unsigned long)&e);
	equal(e.exception.serror_pending, 1, "and is");
	equal(e.exception.serror_esr, e.exception.serror_has_esr ? 0x1234 : 0,
	      "with its syndrome, if the CPU has RAS");
	e.exception.serror_has_esr = 1;
	e.exception.serror_esr = 1ull << 40;
	equal(xioctl(v->fd, KVM_SET_VCPU_EVENTS, (unsigned long)&e), -EINVAL,
	      "a syndrome of too many bits is refused");
}

static void test_attributes(struct vcpu *v)
{
	const u32 timer = KVM_ARM_VCPU_TIMER_CTRL, pv = KVM_ARM_VCPU_PVTIME_CTRL;
	u32 ppi = 0;
	u64 ipa = RAM_IPA + 1;

	equal(attr(v->fd, KVM_GET_DEVICE_ATTR, timer, KVM_ARM_VCPU_TIMER_IRQ_VTIMER, &ppi), 0,
	      "the virtual timer's interrupt");
	equal(ppi, VTIMER_INTID, "is 27");
	ppi = 32;
	equal(attr(v->fd, KVM_SET_DEVICE_ATTR, timer, KVM_ARM_VCPU_TIMER_IRQ_VTIMER, &ppi), -EINVAL,
	      "an SPI is refused");
	equal(attr(v->fd, KVM_HAS_DEVICE_ATTR, timer, 77, NULL), -ENXIO,
	      "a timer that is not there");
	equal(attr(v->fd, KVM_HAS_DEVICE_ATTR, KVM_ARM_VCPU_PMU_V3_CTRL, KVM_ARM_VCPU_PMU_V3_IRQ,
		   NULL),
	      -ENXIO, "no PMU");
	equal(attr(v->fd, KVM_SET_DEVICE_ATTR, pv, KVM_ARM_VCPU_PVTIME_IPA, &ipa), -EINVAL,
	      "stolen time within 64 bytes");
	ipa = RAM_IPA;
	equal(attr(v->fd, KVM_SET_DEVICE_ATTR, pv, KVM_ARM_VCPU_PVTIME_IPA, &ipa), -EINVAL,
	      "stolen time where there is no memory");
	ipa = CODE_IPA;
	equal(attr(v->fd, KVM_SET_DEVICE_ATTR, pv, KVM_ARM_VCPU_PVTIME_IPA, &ipa), 0,
	      "stolen time");
	equal(attr(v->fd, KVM_SET_DEVICE_ATTR, pv, KVM_ARM_VCPU_PVTIME_IPA, &ipa), -EEXIST,
	      "stolen time twice");
}

/* The VMM steps: each KVM_RUN is one instruction. */
static void test_step(struct vcpu *v)
{
	struct kvm_guest_debug debug = { .control = KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_SINGLESTEP };
	u64 pc, i;

	guest_start_at(v, guest_spin, RAM_IPA, 0, 0);
	debug.control |= 1u << 31;
	equal(xioctl(v->fd, KVM_SET_GUEST_DEBUG, (unsigned long)&debug), -EINVAL,
	      "an unknown way of debugging");
	debug.control &= ~(1u << 31);
	equal(xioctl(v->fd, KVM_SET_GUEST_DEBUG, (unsigned long)&debug), 0, "single steps");
	for (i = 0; i < 3; i++) {
		pc = reg_get(v, CORE_REG(regs.pc));
		equal(run(v), 0, "step %llu", (unsigned long long)i);
		equal(v->run->exit_reason, KVM_EXIT_DEBUG, "ends with KVM_EXIT_DEBUG");
		equal(v->run->debug.arch.hsr >> 26, 0x32, "of a step");
		equal(reg_get(v, CORE_REG(regs.pc)), pc + 4, "one instruction on");
	}
	memset(&debug, 0, sizeof(debug));
	debug.control = KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_HW;
	debug.arch.dbg_bvr[0] = pc + 8;
	debug.arch.dbg_bcr[0] = 0x1e7; /* EL0 and EL1, four bytes, on */
	equal(xioctl(v->fd, KVM_SET_GUEST_DEBUG, (unsigned long)&debug), 0, "a breakpoint");
	equal(run(v), 0, "the guest runs to it");
	equal(v->run->exit_reason, KVM_EXIT_DEBUG, "and leaves with KVM_EXIT_DEBUG");
	equal(reg_get(v, CORE_REG(regs.pc)), pc + 8, "where the breakpoint is");
	equal(reg_get(v, ARM64_SYS_REG(2, 0, 0, 0, 5)), 0, "which is not in the guest's registers");
	memset(&debug, 0, sizeof(debug));
	equal(xioctl(v->fd, KVM_SET_GUEST_DEBUG, (unsigned long)&debug), 0, "no more debugging");
}

static void test_filter(void)
{
	struct kvm_smccc_filter f = { .base = 0x84000008, .nr_functions = 1, .action = 9 };
	const u32 group = KVM_ARM_VM_SMCCC_CTRL;
	struct vm vm;

	vm_new(&vm, 1);
	equal(attr(vm.fd, KVM_HAS_DEVICE_ATTR, group, KVM_ARM_VM_SMCCC_FILTER, NULL), 0,
	      "there is a filter of calls");
	equal(attr(vm.fd, KVM_SET_DEVICE_ATTR, group, KVM_ARM_VM_SMCCC_FILTER, &f), -EINVAL,
	      "which knows no action 9");
	f.action = KVM_SMCCC_FILTER_FWD_TO_USER;
	equal(attr(vm.fd, KVM_SET_DEVICE_ATTR, group, KVM_ARM_VM_SMCCC_FILTER, &f), 0,
	      "SYSTEM_OFF is to be the VMM's");
	equal(attr(vm.fd, KVM_SET_DEVICE_ATTR, group, KVM_ARM_VM_SMCCC_FILTER, &f), -EEXIST,
	      "not twice");
	guest_start_at(&vm.vcpu[0], guest_off, 0, 0, 0);
	equal(run(&vm.vcpu[0]), 0, "the guest calls it");
	equal(vm.vcpu[0].run->exit_reason, KVM_EXIT_HYPERCALL,
	      "and leaves with KVM_EXIT_HYPERCALL");
	equal(vm.vcpu[0].run->hypercall.nr, 0x84000008, "which names the function");
	f.base = 0x84000001;
	equal(attr(vm.fd, KVM_SET_DEVICE_ATTR, group, KVM_ARM_VM_SMCCC_FILTER, &f), -EBUSY,
	      "once it has run, the filter stays as it is");
	vm_free(&vm);
}

void test_regs(void)
{
	u8 *mem = memory(4096);
	struct kvm_reg_list *list;
	struct vm a, b;

	vm_new(&a, 1);
	vm_new(&b, 1);
	list = list_of(&a.vcpu[0]);
	test_round_trip(&a.vcpu[0], list);
	test_isolation(list, &a.vcpu[0], &b.vcpu[0]);
	test_fixed(&a.vcpu[0]);
	test_events(&a.vcpu[0]);
	test_attributes(&b.vcpu[0]);
	vm_slot(&b, 1, 0, RAM_IPA, 4096, mem);
	test_step(&b.vcpu[0]);
	test_filter();
	vm_free(&a);
	vm_free(&b);
	free(list);
}
