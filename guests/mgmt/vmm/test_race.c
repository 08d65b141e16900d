// SPDX-License-Identifier: GPL-2.0-only
/* What meets a vCPU that is in KVM_RUN: requests that want all vCPUs still, a reset, descriptors and memory that go. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "vmm.h"

#define ROUNDS 20
#define READS 300

struct runner {
	pthread_t thread;
	int fd; /* the vCPU's */
	bool stop;
	u64 runs, busy;
	int last;
};

/* Runs the vCPU until it is told to stop, or something else than a signal ends a run. */
static void *runner(void *arg)
{
	struct runner *r = arg;

	while (!__atomic_load_n(&r->stop, __ATOMIC_ACQUIRE)) {
		r->last = xioctl(r->fd, KVM_RUN, 0);
		r->runs++;
		r->busy += r->last == -EBUSY;
		if (r->last && r->last != -EINTR && r->last != -EBUSY)
			break;
	}
	return NULL;
}

static void runner_start(struct runner *r, struct vcpu *v)
{
	*r = (struct runner){ .fd = v->fd };
	if (pthread_create(&r->thread, NULL, runner, r))
		fail("pthread_create");
}

/* With a signal, as often as it takes. */
static void runner_stop(struct runner *r)
{
	__atomic_store_n(&r->stop, true, __ATOMIC_RELEASE);
	while (pthread_tryjoin_np(r->thread, NULL)) {
		pthread_kill(r->thread, SIGUSR1);
		usleep(1000);
	}
}

#define DIST KVM_DEV_ARM_VGIC_GRP_DIST_REGS
#define REDIST KVM_DEV_ARM_VGIC_GRP_REDIST_REGS
#define CTRL KVM_DEV_ARM_VGIC_GRP_CTRL

/* While a vCPU is in KVM_RUN, whether or not it is on a CPU then. */
static void test_busy(struct vm *vm, const char *how)
{
	struct kvm_arm_counter_offset offset = { 0 };
	u64 val = 0;

	equal(attr(vm->gic, KVM_GET_DEVICE_ATTR, DIST, 0, &val), -EBUSY, "GICD_CTLR while it %s",
	      how);
	equal(attr(vm->gic, KVM_SET_DEVICE_ATTR, REDIST, 0x14, &val), -EBUSY, "GICR_WAKER");
	equal(attr(vm->gic, KVM_GET_DEVICE_ATTR, KVM_DEV_ARM_VGIC_GRP_CPU_SYSREGS, 0xc230, &val),
	      -EBUSY, "ICC_PMR_EL1");
	equal(attr(vm->gic, KVM_GET_DEVICE_ATTR, KVM_DEV_ARM_VGIC_GRP_LEVEL_INFO, 32, &val), -EBUSY,
	      "the interrupts' lines");
	equal(attr(vm->gic, KVM_SET_DEVICE_ATTR, CTRL, KVM_DEV_ARM_VGIC_SAVE_PENDING_TABLES, NULL),
	      -EBUSY, "the pending tables");
	equal(attr(vm->its[0], KVM_GET_DEVICE_ATTR, KVM_DEV_ARM_VGIC_GRP_ITS_REGS, 0, &val), -EBUSY,
	      "GITS_CTLR");
	equal(attr(vm->its[0], KVM_SET_DEVICE_ATTR, CTRL, KVM_DEV_ARM_ITS_SAVE_TABLES, NULL),
	      -EBUSY, "saving the ITS");
	equal(attr(vm->its[0], KVM_SET_DEVICE_ATTR, CTRL, KVM_DEV_ARM_ITS_RESTORE_TABLES, NULL),
	      -EBUSY, "restoring it");
	equal(attr(vm->its[0], KVM_SET_DEVICE_ATTR, CTRL, KVM_DEV_ARM_ITS_CTRL_RESET, NULL), -EBUSY,
	      "its reset");
	equal(attr(vm->gic, KVM_HAS_DEVICE_ATTR, DIST, 0, NULL), 0, "but there is GICD_CTLR");
	if (xioctl(vm->fd, KVM_CHECK_EXTENSION, KVM_CAP_COUNTER_OFFSET))
		equal(xioctl(vm->fd, KVM_ARM_SET_COUNTER_OFFSET, (unsigned long)&offset), -EBUSY,
		      "the counters' offset");
}

/* A thread that was started is in KVM_RUN; on a busy machine that takes its time. */
static void wait_busy(struct vm *vm)
{
	u64 val, until = now_ns() + 20000000000ull;

	while (attr(vm->gic, KVM_GET_DEVICE_ATTR, DIST, 0, &val) != -EBUSY && now_ns() < until)
		usleep(1000);
}

/* And the other way round: a run waits for such a request, and does not fail. */
static void test_waits(struct vm *vm)
{
	struct runner r;
	u64 val = 0, i, good = 0, odd = 0;

	guest_start_at(&vm->vcpu[0], guest_spin, RAM_IPA, 0, 0);
	runner_start(&r, &vm->vcpu[0]);
	for (i = 0; i < READS; i++) {
		int ret = attr(vm->gic, KVM_GET_DEVICE_ATTR, DIST, 0x104, &val);

		good += !ret;
		odd += ret && ret != -EBUSY;
		pthread_kill(r.thread, SIGUSR1);
	}
	runner_stop(&r);
	printf("# %llu of %u reads, %llu runs\n", (unsigned long long)good, READS,
	       (unsigned long long)r.runs);
	equal(odd, 0, "registers are read, or the vCPU is busy");
	equal(r.busy, 0, "KVM_RUN never is");
}

static void test_still(void)
{
	u8 *mem = memory(4096);
	struct runner r;
	struct vm vm;
	u64 val = 0;

	vm_new(&vm, 2);
	equal(its_new(&vm, ITS_IPA), 0, "an ITS");
	vm_slot(&vm, 1, 0, RAM_IPA, 4096, mem);
	guest_start_at(&vm.vcpu[0], guest_spin, RAM_IPA, 0, 0);
	runner_start(&r, &vm.vcpu[0]);
	wait_busy(&vm);
	test_busy(&vm, "computes");
	runner_stop(&r);
	guest_start_at(&vm.vcpu[1], guest_irq, 0, 0, 0);
	runner_start(&r, &vm.vcpu[1]);
	wait_busy(&vm);
	test_busy(&vm, "waits");
	runner_stop(&r);
	equal(attr(vm.gic, KVM_GET_DEVICE_ATTR, DIST, 0, &val), 0, "afterwards it can be read");
	test_waits(&vm);
	vm_free(&vm);
	munmap(mem, 4096);
}

/* A reset after an access that the VMM emulates: nothing is left of that. */
static void test_reset(void)
{
	struct kvm_vcpu_init init = { .target = KVM_ARM_TARGET_GENERIC_V8,
				      .features = { 1u << KVM_ARM_VCPU_PSCI_0_2 } };
	struct vcpu *v;
	struct vm vm;
	u64 result = 0;

	vm_new(&vm, 1);
	v = &vm.vcpu[0];
	guest_start_at(v, guest_mmio, 0, 0, 0);
	equal(run(v), 0, "the guest loads from the VMM");
	equal(v->run->exit_reason, KVM_EXIT_MMIO, "which is to emulate it");
	equal(xioctl(v->fd, KVM_ARM_VCPU_INIT, (unsigned long)&init), 0, "and resets the vCPU");
	v->run->immediate_exit = 1;
	equal(run(v), -EINTR, "a run that ends at once");
	v->run->immediate_exit = 0;
	guest_start_at(v, guest_store, MMIO_IPA + MMIO_EXIT, 77, 8);
	point(run_to_exit(v, &result) && result == 77, "the vCPU runs again");
	vm_free(&vm);
}

/* Descriptors, the shared page and the guest's memory go while the vCPU runs. */
static void test_close(void)
{
	u64 round, bad = 0;
	int fd;

	for (round = 0; round < ROUNDS; round++) {
		u8 *mem = memory(4096);
		struct runner r;
		struct vm vm;

		vm_new(&vm, 2);
		its_new(&vm, ITS_IPA);
		vm_slot(&vm, 1, 0, RAM_IPA, 4096, mem);
		guest_start_at(&vm.vcpu[0], round % 2 ? guest_spin : guest_irq, RAM_IPA, 0, 0);
		fd = dup(vm.vcpu[0].fd);
		runner_start(&r, &vm.vcpu[0]);
		usleep((unsigned)(round * 500));
		munmap(vm.vcpu[0].run, 4096);
		close(vm.fd);
		close(vm.gic);
		close(vm.vcpu[1].fd);
		munmap(vm.vcpu[1].run, 4096);
		if (round % 4 < 2)
			munmap(vm.code, CODE_SIZE);
		munmap(mem, 4096);
		close(vm.vcpu[0].fd);
		runner_stop(&r);
		if (r.runs && r.last != -EINTR && r.last != -EFAULT && r.last != -EBADF) {
			printf("# round %llu: %d\n", (unsigned long long)round, r.last);
			bad++;
		}
		close(fd);
		if (round % 4 >= 2)
			munmap(vm.code, CODE_SIZE);
	}
	equal(bad, 0, "%u VMs whose descriptors are closed while they run", ROUNDS);
}

void test_race(void)
{
	test_still();
	test_reset();
	test_close();
}
