// SPDX-License-Identifier: GPL-2.0-only
/* WFI: a vCPU wakes for its timer and for interrupts from elsewhere; while others want its CPU, it takes no time. */
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "vmm.h"

#define WAIT_MS 300
#define IRQ_ROUNDS 20

static u64 cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (u64)t.tv_sec * 1000000000 + (u64)t.tv_nsec;
}

static u64 ticks_per_ms(void)
{
	u64 frequency;

	__asm__ volatile("mrs %0, cntfrq_el0" : "=r"(frequency));
	return frequency / 1000;
}

static void test_timer(struct vcpu *v, bool busy)
{
	u64 ticks = WAIT_MS * ticks_per_ms(), got = 0, began = now_ns(), cpu = cpu_ns();
	const char *how = busy ? " while another thread computes" : "";

	guest_start_at(v, guest_timer, ticks, 0, 0);
	point(run_to_exit(v, &got), "the guest waits for its timer%s", how);
	cpu = cpu_ns() - cpu;
	began = now_ns() - began;
	printf("# %llu of %llu ticks, %llu us, CPU time %llu us\n", (unsigned long long)got,
	       (unsigned long long)ticks, (unsigned long long)began / 1000,
	       (unsigned long long)cpu / 1000);
	point(got >= ticks && began >= WAIT_MS * 1000000ull, "it waits as long as it should%s",
	      how);
	point(got < 10 * ticks, "and not much longer%s", how);
	if (busy)
		point(cpu < WAIT_MS * 1000000ull / 2, "waiting takes little CPU time%s", how);
}

static void line_set(struct vm *vm, u32 level)
{
	struct kvm_irq_level irq = {
		.irq = KVM_ARM_IRQ_TYPE_SPI << KVM_ARM_IRQ_TYPE_SHIFT | TEST_SPI,
		.level = level,
	};

	if (xioctl(vm->fd, KVM_IRQ_LINE, (unsigned long)&irq))
		fail("KVM_IRQ_LINE");
}

static void *line_thread(void *arg)
{
	struct timespec t = { .tv_nsec = 20000000 };

	nanosleep(&t, NULL);
	line_set(arg, 1);
	return NULL;
}

static void test_line(struct vm *vm, const char *how)
{
	u64 intid = 0, cpu = cpu_ns(), began = now_ns();
	pthread_t thread;
	int i;

	guest_start_at(&vm->vcpu[0], guest_irq, 0, 0, 0);
	for (i = 0; i < IRQ_ROUNDS; i++) {
		pthread_create(&thread, NULL, line_thread, vm);
		if (!run_to_exit(&vm->vcpu[0], &intid) || intid != TEST_SPI)
			break;
		pthread_join(thread, NULL);
		line_set(vm, 0);
	}
	if (!point(i == IRQ_ROUNDS, "interrupts from another thread wake a waiting vCPU%s", how))
		printf("# interrupt %llu in round %d\n", (unsigned long long)intid, i);
	printf("# %llu us, CPU time %llu us\n", (unsigned long long)(now_ns() - began) / 1000,
	       (unsigned long long)(cpu_ns() - cpu) / 1000);
}

static volatile bool busy_stop;

static void *busy_thread(void *arg)
{
	while (!busy_stop)
		;
	return arg;
}

/* On the CPU that another thread wants as well, waiting must leave it. */
static void test_busy(struct vm *vm)
{
	pthread_t busy;
	cpu_set_t all, one;

	CPU_ZERO(&one);
	CPU_SET(0, &one);
	sched_getaffinity(0, sizeof(all), &all);
	sched_setaffinity(0, sizeof(one), &one);
	pthread_create(&busy, NULL, busy_thread, NULL);
	test_timer(&vm->vcpu[0], true);
	test_line(vm, " while another thread computes");
	busy_stop = true;
	pthread_join(busy, NULL);
	sched_setaffinity(0, sizeof(all), &all);
}

void test_wait(void)
{
	struct vm vm;

	vm_new(&vm, 1);
	test_timer(&vm.vcpu[0], false);
	test_line(&vm, "");
	vm_free(&vm);

	vm_new(&vm, 1);
	test_busy(&vm);
	vm_free(&vm);
}
