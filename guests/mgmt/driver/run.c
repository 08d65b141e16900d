// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM_RUN.
 *
 * EL2 runs the vCPU on this CPU until something is this VM's business. An interrupt of ours: Linux takes it as soon as
 * they are unmasked here, then the vCPU goes on, unless there is a signal or another thread to run. A page that is not
 * mapped: slot.c maps it, or the VMM emulates the access. A vCPU that waits: so does its thread.
 *
 * EL2 does not know struct kvm_run. What the VMM's emulation answers is handed over with the next entry, which finishes
 * the access before it does anything else, so also if the VMM wants no more than that (immediate_exit).
 */
#include <linux/hrtimer.h>
#include <linux/irqflags.h>
#include <linux/sched/signal.h>
#include <linux/sched/stat.h>
#include <asm/arch_timer.h>
#include <asm/esr.h>

#include "herald.h"

/* Newer kernels give the field another name in the kernel: the VMM can write it at any time. */
#ifdef HINT_UNSAFE_IN_KVM
#define immediate_exit HINT_UNSAFE_IN_KVM(immediate_exit)
#endif

/* Longer waits are cut: a vCPU may always wake up too early. */
#define RUN_WAIT_MAX_S 3600

static u64 run_read_data(struct herald_vcpu *vcpu)
{
	u64 data = 0;

	memcpy(&data, vcpu->run->mmio.data, vcpu->read_len);
	vcpu->read_len = 0;
	return data;
}

/* How long until the counter says @deadline, in ns. */
static u64 run_wait_ns(u64 deadline)
{
	u64 rate = arch_timer_get_cntfrq();
	u64 now = __arch_counter_get_cntpct();
	u64 ticks = deadline > now ? deadline - now : 0;

	if (ticks / rate >= RUN_WAIT_MAX_S)
		return RUN_WAIT_MAX_S * NSEC_PER_SEC;
	return ticks / rate * NSEC_PER_SEC + ticks % rate * NSEC_PER_SEC / rate;
}

/* WFI: until the doorbell rings for this vCPU, its timer is due, or a signal comes. */
static int run_wait(struct herald_vcpu *vcpu, u64 deadline)
{
	ktime_t expires = ns_to_ktime(run_wait_ns(deadline));
	DEFINE_WAIT(wait);

	prepare_to_wait(&vcpu->wait, &wait, TASK_INTERRUPTIBLE);
	if (!READ_ONCE(vcpu->woken) && !signal_pending(current))
		schedule_hrtimeout_range(deadline == ~0ull ? NULL : &expires, 0, HRTIMER_MODE_REL);
	finish_wait(&vcpu->wait, &wait);
	return HERALD_GO_ON;
}

/* A store that an eventfd or the ring of coalesced stores takes. */
static bool run_mmio_taken(struct herald_vcpu *vcpu, u64 ipa, u64 flags, u64 data)
{
	struct herald_vm *vm = vcpu->vm;
	u32 len = 1u << HERALD_FAULT_SIZE(flags);
	bool taken;
	int idx;

	if (!(flags & HERALD_FAULT_WRITE))
		return false;
	idx = srcu_read_lock(&vm->srcu);
	taken = herald_ioeventfd_write(vm, ipa, len, data) || herald_zone_write(vm, ipa, len, data);
	srcu_read_unlock(&vm->srcu, idx);
	return taken;
}

/* The VMM is to emulate an access that the hardware does not describe, if it said that it can. */
static int run_nisv(struct herald_vcpu *vcpu, u64 ipa, u64 iss)
{
	struct kvm_run *run = vcpu->run;

	if (!READ_ONCE(vcpu->vm->nisv_to_user))
		return -ENOSYS;
	run->exit_reason = KVM_EXIT_ARM_NISV;
	run->arm_nisv.esr_iss = iss;
	run->arm_nisv.fault_ipa = ipa;
	return 0;
}

/* An access that is the VMM's to emulate. */
static int run_mmio(struct herald_vcpu *vcpu, u64 ipa, u64 flags, u64 data)
{
	struct kvm_run *run = vcpu->run;
	u32 len = 1u << HERALD_FAULT_SIZE(flags);

	run->exit_reason = KVM_EXIT_MMIO;
	run->mmio.phys_addr = ipa;
	run->mmio.len = len;
	run->mmio.is_write = !!(flags & HERALD_FAULT_WRITE);
	if (run->mmio.is_write)
		memcpy(run->mmio.data, &data, len);
	else
		vcpu->read_len = len;
	vcpu->finish = HERALD_RUN_COMPLETE;
	vcpu->stats.mmio_user++;
	return 0;
}

static int run_fault(struct herald_vcpu *vcpu, u64 ipa, u64 flags, u64 data)
{
	int err = herald_fault(vcpu->vm, ipa, flags, vcpu->pages);

	if (!err || err == -EINTR)
		return HERALD_GO_ON; /* which sees the signal */
	if (flags & HERALD_FAULT_EL2) { /* a table of the guest's, in memory that it has not got */
		vcpu->finish = HERALD_RUN_ABORT;
		return HERALD_GO_ON;
	}
	if (err != -ENOENT)
		return err;
	if (flags & (HERALD_FAULT_EXEC | HERALD_FAULT_WALK)) {
		vcpu->finish = HERALD_RUN_ABORT;
		return HERALD_GO_ON;
	}
	if (flags & HERALD_FAULT_CACHE) {
		vcpu->finish = HERALD_RUN_COMPLETE;
		return HERALD_GO_ON;
	}
	if (!(flags & HERALD_FAULT_VALID))
		return run_nisv(vcpu, ipa, data);
	if (run_mmio_taken(vcpu, ipa, flags, data)) {
		vcpu->stats.mmio_kernel++;
		vcpu->finish = HERALD_RUN_COMPLETE;
		return HERALD_GO_ON;
	}
	return run_mmio(vcpu, ipa, flags, data);
}

static int run_system_event(struct herald_vcpu *vcpu, u64 type, u64 flags)
{
	struct kvm_run *run = vcpu->run;

	memset(&run->system_event, 0, sizeof(run->system_event));
	run->exit_reason = KVM_EXIT_SYSTEM_EVENT;
	run->system_event.type = type;
	run->system_event.ndata = 1;
	run->system_event.data[0] = flags;
	return 0;
}

/* What KVM_SET_GUEST_DEBUG asked for. */
static int run_debug(struct herald_vcpu *vcpu, u64 esr, u64 far)
{
	struct kvm_debug_exit_arch *arch = &vcpu->run->debug.arch;

	memset(arch, 0, sizeof(*arch));
	vcpu->run->exit_reason = KVM_EXIT_DEBUG;
	arch->hsr = lower_32_bits(esr);
#ifdef KVM_DEBUG_ARCH_HSR_HIGH_VALID
	arch->hsr_high = upper_32_bits(esr);
	vcpu->run->flags = KVM_DEBUG_ARCH_HSR_HIGH_VALID;
#endif
	if (ESR_ELx_EC(esr) == ESR_ELx_EC_WATCHPT_LOW)
		arch->far = far;
	return 0;
}

/* The exit's reason, when those who wait for the end of an interrupt have been told. */
static long run_reason(struct herald_vcpu *vcpu, long answer)
{
	if (answer < HERALD_EXIT_ENDED)
		return answer;
	herald_resample(vcpu->vm);
	answer &= ~HERALD_EXIT_ENDED;
	return answer ? answer : -EINTR;
}

static int run_exit(struct herald_vcpu *vcpu, const struct arm_smccc_res *res)
{
	switch ((long)res->a0) {
	case -EINTR:
	case HERALD_AGAIN:
		return HERALD_GO_ON;
	case HERALD_EXIT_FAULT:
		return run_fault(vcpu, res->a1, res->a2, res->a3);
	case HERALD_EXIT_WFI:
		vcpu->stats.wfi++;
		return run_wait(vcpu, res->a1);
	case HERALD_EXIT_SYSTEM_EVENT:
		return run_system_event(vcpu, res->a1, res->a2);
	case HERALD_EXIT_CALL:
		return herald_call(vcpu, res->a1, res->a2, res->a3);
	case HERALD_EXIT_DEBUG:
		return run_debug(vcpu, res->a1, res->a2);
	default:
		return (long)res->a0 < 0 ? (long)res->a0 : -EIO;
	}
}

/*
 * Enter the vCPU once. @stop: only finish the last exit. Interrupts are masked from the look at signals and other
 * threads on: whoever sends one after it interrupts this CPU, and EL2 comes back.
 */
static bool run_enter(struct herald_vcpu *vcpu, u64 data, bool *stop, struct arm_smccc_res *res)
{
	u64 flags = vcpu->finish;

	local_irq_disable();
	if (signal_pending(current))
		*stop = true;
	if (!*stop && need_resched()) {
		local_irq_enable();
		return false;
	}
	if (*stop)
		flags |= HERALD_RUN_IMMEDIATE;
	if (single_task_running())
		flags |= HERALD_RUN_SINGLE_TASK;
	WRITE_ONCE(vcpu->woken, false);
	arm_smccc_1_1_hvc(HERALD_HVC_IOCTL, vcpu->handle, KVM_RUN, flags, data, res);
	local_irq_enable();
	return true;
}

static long run_loop(struct herald_vcpu *vcpu)
{
	bool immediate = READ_ONCE(vcpu->run->immediate_exit), stop = immediate;
	u64 data = run_read_data(vcpu);
	struct arm_smccc_res res;
	int ret = HERALD_GO_ON;

	/* Who only wants the last exit to be finished may look at it once more. Else there is none yet, nor behind an error. */
	if (!immediate) {
		vcpu->run->exit_reason = KVM_EXIT_UNKNOWN;
		vcpu->run->flags = 0;
	}
	while (ret == HERALD_GO_ON) {
		cond_resched();
		herald_steal_update(vcpu);
		if (!run_enter(vcpu, data, &stop, &res))
			continue;
		res.a0 = run_reason(vcpu, res.a0);
		if ((long)res.a0 == HERALD_AGAIN)
			continue; /* the same call again */
		vcpu->finish = 0;
		vcpu->stats.exits++;
		if ((long)res.a0 == -EINTR && stop) {
			vcpu->stats.signals++;
			if (!immediate)
				vcpu->run->exit_reason = KVM_EXIT_INTR;
			return -EINTR;
		}
		ret = run_exit(vcpu, &res);
	}
	return ret;
}

/* Under the vCPU's mutex. 0: the VMM finds the reason in the shared page. -EINTR; EL2's errors; those of run_fault(). */
long herald_run(struct herald_vcpu *vcpu)
{
	long ret;

	if (vcpu->sigset_active)
		sigprocmask(SIG_SETMASK, &vcpu->sigset, &current->real_blocked);
	ret = run_loop(vcpu);
	if (vcpu->sigset_active) {
		sigprocmask(SIG_SETMASK, &current->real_blocked, NULL);
		sigemptyset(&current->real_blocked);
	}
	return ret;
}
