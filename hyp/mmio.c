/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Stage-2 aborts: an access to an emulated frame is decoded from its syndrome and carried out; anything else goes to the
 * VM's fault function, of a managed VM to the management VM, or is an external abort.
 *
 * The syndrome describes single-register loads and stores only (ISV = 1). An access that it does not describe (pairs,
 * SIMD, write-back, atomics) to an emulated frame gets an external abort: no guest driver may use one on device memory
 * that it wants emulated (KVM answers the same without KVM_CAP_ARM_NISV_TO_USER).
 */
#include "hyp/exit.h"
#include "hyp/lib/errno.h"
#include "hyp/run.h"
#include "hyp/run_abi.h"
#include "hyp/sysreg.h"

static u64 abort_ipa(u64 far)
{
	u64 page = FIELD_GET(HPFAR_FIPA, sysreg_read(hpfar_el2)) * SZ_4K;

	return page | (far & (SZ_4K - 1));
}

static const struct mmio_region *region_find(const struct vm *vm, u64 ipa)
{
	const struct mmio_region *m;

	const struct mmio_region *end = &vm->mmio[atomic_load_acquire(&vm->nr_mmio)];

	for (m = vm->mmio; m < end; m++)
		if (ipa - m->base < m->size)
			return m;
	return NULL;
}

static __attribute__((noinline)) u64 load_extend(u64 val, u64 esr)
{
	u32 size = 1u << FIELD_GET(ISS_DABT_SAS, esr);
	u64 sign = BIT(size * 8 - 1);

	if (size < 8)
		val &= BIT(size * 8) - 1;
	if (esr & ISS_DABT_SSE)
		val = (val ^ sign) - sign;
	if (!(esr & ISS_DABT_SF))
		val = (u32)val;
	return val;
}

/* What the load leaves in its register: sign-extended if it asks for that, cut to 32 bits if it is a Wt. */
static inline u64 load_result(u64 val, u64 esr)
{
	/* By far the most frequent. */
	if ((esr & (ISS_DABT_SAS | ISS_DABT_SSE | ISS_DABT_SF)) == FIELD_PREP(ISS_DABT_SAS, 2))
		return (u32)val;
	return load_extend(val, esr);
}

static void mmio_access(struct vcpu *v, struct regs *r, const struct mmio_region *m, u64 esr,
			u64 offset)
{
	u32 reg = FIELD_GET(ISS_DABT_SRT, esr);
	u32 size = 1u << FIELD_GET(ISS_DABT_SAS, esr);

	if (esr & ISS_DABT_WNR) {
		u64 val = reg == 31 ? 0 : r->x[reg];

		if (size < 8)
			val &= BIT(size * 8) - 1;
		m->write(v, m, offset, size, val);
		exit_skip_instruction();
		if (v->work.pending)
			vcpu_work(v);
	} else {
		u64 val = m->read(v, m, offset, size);

		if (reg != 31)
			r->x[reg] = load_result(val, esr);
		exit_skip_instruction();
	}
}

bool mmio_can_complete(u64 esr)
{
	return FIELD_GET(ESR_EC, esr) == ESR_EC_DABT_LOW && (esr & (ISS_DABT_ISV | ISS_DABT_CM)) &&
	       !(esr & ISS_ABT_S1PTW);
}

void mmio_complete(struct regs *r, u64 esr, u64 data)
{
	u32 reg = FIELD_GET(ISS_DABT_SRT, esr);

	if ((esr & ISS_DABT_ISV) && !(esr & ISS_DABT_WNR) && reg != 31)
		r->x[reg] = load_result(data, esr);
	exit_skip_instruction();
}

/* What the management VM is told of a fault. */
static u64 fault_flags(u64 esr)
{
	u64 flags = 0;

	if (FIELD_GET(ESR_EC, esr) == ESR_EC_IABT_LOW)
		flags |= HERALD_FAULT_EXEC;
	else if (esr & ISS_DABT_CM)
		flags |= HERALD_FAULT_CACHE;
	else if (esr & ISS_DABT_WNR)
		flags |= HERALD_FAULT_WRITE;
	if (FIELD_GET(FSC_TYPE, esr) == FSC_TYPE_PERMISSION)
		flags |= HERALD_FAULT_PERMISSION;
	if (esr & ISS_ABT_S1PTW)
		flags |= HERALD_FAULT_WALK;
	if (mmio_can_complete(esr))
		flags |= HERALD_FAULT_VALID;
	if (flags & HERALD_FAULT_VALID && esr & ISS_DABT_ISV)
		flags |= FIELD_GET(ISS_DABT_SAS, esr) << HERALD_FAULT_SIZE_SHIFT;
	return flags;
}

/* Apart, so that emulated accesses do not pay for its stack. */
static __attribute__((noinline)) void fault_leave(struct vcpu *v, const struct regs *r, u64 esr,
						  u64 ipa)
{
	u64 flags = fault_flags(esr), val = 0;
	u32 reg = FIELD_GET(ISS_DABT_SRT, esr), size = 1u << HERALD_FAULT_SIZE(flags);

	if (!(flags & HERALD_FAULT_VALID))
		val = esr & (ISS_DABT_CM | ISS_DABT_WNR | ISS_ABT_FSC);
	else if (flags & HERALD_FAULT_WRITE && reg != 31)
		val = size < 8 ? r->x[reg] & (BIT(size * 8) - 1) : r->x[reg];
	v->fault = (struct vcpu_fault){ .pending = true, .esr = esr, .far = sysreg_read(far_el2) };
	run_leave(v, &(struct run_exit){ HERALD_EXIT_FAULT, ipa, flags, val });
}

/*
 * The page of a permission fault: HPFAR_EL2 does not say unless it was the table walk's (DDI 0487 D19.2.60), so stage 1
 * is asked. False if it has changed by now.
 */
static __attribute__((noinline)) bool permission_ipa(u64 esr, u64 far, u64 *ipa)
{
	u64 saved, par;

	if (esr & ISS_ABT_S1PTW) {
		*ipa = abort_ipa(far);
		return true;
	}
	saved = sysreg_read(par_el1);
	__asm__ volatile("at s1e1r, %0" ::"r"(far));
	isb();
	par = sysreg_read(par_el1);
	sysreg_write(par_el1, saved);
	*ipa = (par & PAR_PA) | (far & (SZ_4K - 1));
	return !(par & PAR_F);
}

/* All but a plain access to an emulated frame. @m: the frame of a translation fault, if it is one's. */
static __attribute__((noinline)) void abort_other(struct vcpu *v, struct regs *r, u64 esr,
						  const struct mmio_region *m)
{
	u64 far = sysreg_read(far_el2), ipa = abort_ipa(far);
	u64 type = FIELD_GET(FSC_TYPE, esr);

	if (!v->vm->pinned && type == FSC_TYPE_PERMISSION) {
		if (permission_ipa(esr, far, &ipa))
			fault_leave(v, r, esr, ipa);
		return;
	}
	/* HPFAR_EL2 is valid for faults of the tables only; anything else is the machine's answer to the guest. */
	if (type == FSC_TYPE_TRANSLATION && !m) {
		if (!v->vm->pinned) {
			fault_leave(v, r, esr, ipa);
			return;
		}
		if (v->vm->fault && !v->vm->fault(v->vm, ipa))
			return;
	}
	inject_abort(esr, far);
}

void mmio_abort(struct vcpu *v, struct regs *r, u64 esr)
{
	const u64 plain = ESR_EC | ISS_DABT_ISV | ISS_ABT_S1PTW;
	const struct mmio_region *m = NULL;
	u64 ipa = abort_ipa(sysreg_read(far_el2));

	if (FIELD_GET(FSC_TYPE, esr) == FSC_TYPE_TRANSLATION)
		m = region_find(v->vm, ipa);
	if (m && (esr & plain) == (FIELD_PREP(ESR_EC, ESR_EC_DABT_LOW) | ISS_DABT_ISV))
		mmio_access(v, r, m, esr, ipa - m->base);
	else
		abort_other(v, r, esr, m);
}
