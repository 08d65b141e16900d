// SPDX-License-Identifier: GPL-2.0-only
/* Signals end KVM_RUN: those that come while the guest runs or waits, and those that only KVM_RUN lets through. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "vmm.h"

#define ROUNDS 50

static volatile sig_atomic_t alarms, users;
static struct kvm_run *alarm_run;

/* An alarm before KVM_RUN is not lost: that is what immediate_exit is for. */
static void on_signal(int number)
{
	if (number == SIGALRM) {
		alarms++;
		if (alarm_run)
			alarm_run->immediate_exit = 1;
	} else {
		users++;
	}
}

void signal_setup(void)
{
	struct sigaction action = { .sa_handler = on_signal };

	sigaction(SIGALRM, &action, NULL);
	sigaction(SIGUSR1, &action, NULL);
}

/* KVM_RUN with an alarm. */
static int run_alarmed(struct vcpu *v, long us)
{
	struct itimerval t = { .it_value = { .tv_sec = 0, .tv_usec = us } };
	int ret;

	v->run->immediate_exit = 0;
	alarm_run = v->run;
	setitimer(ITIMER_REAL, &t, NULL);
	ret = run(v);
	alarm_run = NULL;
	v->run->immediate_exit = 0;
	return ret;
}

static void test_spin(struct vcpu *v, const u64 *counter)
{
	u64 before;
	int i, got = 0, ran = 0;

	guest_start_at(v, guest_spin, CODE_IPA + CODE_SIZE - 8, 0, 0);
	for (i = 0; i < ROUNDS; i++) {
		before = *counter;
		if (run_alarmed(v, 4000 + i * 50) == -EINTR && alarms == i + 1)
			got++;
		ran += *counter > before;
	}
	equal(got, ROUNDS, "a signal ends KVM_RUN while the guest runs");
	point(ran > 0, "the guest did run");
	printf("# in %d of %d rounds\n", ran, ROUNDS);
}

static void test_wfi(struct vcpu *v)
{
	alarms = 0;
	guest_start_at(v, guest_irq, 0, 0, 0);
	equal(run_alarmed(v, 50000), -EINTR, "a signal ends KVM_RUN while the guest waits");
	equal(run_alarmed(v, 50000), -EINTR, "and again");
	equal(alarms, 2, "the handler ran");
}

static void test_mask(struct vcpu *v)
{
	union {
		struct kvm_signal_mask mask;
		u8 bytes[sizeof(struct kvm_signal_mask) + 8];
	} u;
	sigset_t block;
	u64 bits = 1ull << (SIGALRM - 1); /* SIGUSR1 is let through, SIGALRM is not */

	sigemptyset(&block);
	sigaddset(&block, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &block, NULL);
	u.mask.len = 8;
	memcpy(u.mask.sigset, &bits, sizeof(bits));
	equal(xioctl(v->fd, KVM_SET_SIGNAL_MASK, (unsigned long)&u), 0, "KVM_SET_SIGNAL_MASK");
	users = 0;
	guest_start_at(v, guest_spin, CODE_IPA + CODE_SIZE - 8, 0, 0);
	pthread_kill(pthread_self(), SIGUSR1);
	equal(run(v), -EINTR, "a signal that only KVM_RUN lets through ends it");
	equal(users, 0, "its handler does not run");
	pthread_sigmask(SIG_UNBLOCK, &block, NULL);
	equal(users, 1, "before the thread lets it through itself");
	equal(xioctl(v->fd, KVM_SET_SIGNAL_MASK, 0), 0, "the mask is taken back");
}

void test_signal(void)
{
	struct vm vm;

	vm_new(&vm, 1);
	test_spin(&vm.vcpu[0], (const u64 *)((u8 *)vm.code + CODE_SIZE - 8));
	test_wfi(&vm.vcpu[0]);
	test_mask(&vm.vcpu[0]);
	vm_free(&vm);
}
