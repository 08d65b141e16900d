// SPDX-License-Identifier: GPL-2.0-only
/*
 * What Herald and Linux count. Memory is lent page by page, or as a huge page, when it is touched, and comes back; VMMs
 * that are killed at any instant leave nothing behind: no pin, no page lent, no VM.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "hyp/herald_abi.h"
#include "vmm.h"

#define WAIT_S 20

static void *vcpu_thread(void *arg)
{
	u64 end;

	for (;;)
		run_to_exit(arg, &end);
	return NULL;
}

/* Two vCPUs, one of which touches memory that vanishes under it, the other runs or waits. */
static _Noreturn void victim(bool waits)
{
	u8 *mem = memory(16 * MIB);
	pthread_t threads[2];
	struct vm vm;
	int i;

	fclose(stdout);
	madvise(mem, 16 * MIB, MADV_HUGEPAGE);
	vm_new(&vm, 2);
	vm_slot(&vm, 1, 0, RAM_IPA, 16 * MIB, mem);
	guest_start_at(&vm.vcpu[0], guest_touch, RAM_IPA, RAM_IPA + 16 * MIB, 1);
	guest_start_at(&vm.vcpu[1], waits ? guest_irq : guest_spin, CODE_IPA + CODE_SIZE - 8, 0, 0);
	for (i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, vcpu_thread, &vm.vcpu[i]);
	for (i = 0;; i++)
		madvise(mem + i % 8 * 2 * MIB, MIB, MADV_DONTNEED);
}

/* Linux counts on each CPU, and adds up when asked to. */
static void vmstat_refresh(void)
{
	FILE *f = fopen("/proc/sys/vm/stat_refresh", "w");

	if (!f || fputs("1", f) < 0 || fclose(f))
		fail("/proc/sys/vm/stat_refresh");
}

static long vmstat(const char *name)
{
	FILE *f = fopen("/proc/vmstat", "r");
	char key[64];
	long value;

	if (!f)
		fail("/proc/vmstat");
	while (fscanf(f, "%63s %ld", key, &value) == 2)
		if (!strcmp(key, name)) {
			fclose(f);
			return value;
		}
	fclose(f);
	return -1;
}

static long pins(void)
{
	vmstat_refresh();
	return vmstat("nr_foll_pin_acquired") - vmstat("nr_foll_pin_released");
}

static struct herald_stats stats(void)
{
	struct herald_stats s;
	int kvm = kvm_open();

	if (xioctl(kvm, HERALD_GET_STATS, (unsigned long)&s))
		fail("HERALD_GET_STATS");
	close(kvm);
	return s;
}

/* For scripts that compare before and after: one counter a line. */
void print_counters(void)
{
	struct herald_stats s = stats();

	printf("stat vms %llu\nstat lent_pages %llu\nstat vm_used %llu\nstat stray_frees %llu\nstat pins %ld\n",
	       s.vms, s.lent_pages, s.vm_used, s.stray_frees, pins());
}

/* Files of a killed process are closed some time after its end is reported. */
static void settle(const struct herald_stats *before, long pinned)
{
	struct timespec t = { .tv_nsec = 10000000 };
	u64 until = now_ns() + WAIT_S * 1000000000ull;

	while ((stats().vms != before->vms || pins() != pinned) && now_ns() < until)
		nanosleep(&t, NULL);
}

void test_kill(int rounds)
{
	struct herald_stats before = stats(), after;
	long pinned = pins();
	int i, killed = 0;

	srand(1);
	for (i = 0; i < rounds; i++) {
		struct timespec t = { .tv_nsec = rand() % 200000000 };
		int status = 0;
		pid_t pid = fork();

		if (!pid)
			victim(i % 2);
		nanosleep(&t, NULL);
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
		killed += WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
	}
	equal(killed, rounds, "%d VMMs were killed", rounds);
	settle(&before, pinned);
	after = stats();
	equal(after.vms, before.vms, "no VM is left");
	equal(after.lent_pages, before.lent_pages, "no page is lent");
	equal(after.vm_used, before.vm_used, "no memory of Herald is used for VMs");
	equal(after.stray_frees, before.stray_frees, "nothing was freed twice");
	equal(pins(), pinned, "no page is pinned");
}

/* Pages lent and pinned since the VM had none: both must be @want. */
static void lent(const struct herald_stats *before, long pinned, u64 want, const char *name)
{
	equal(stats().lent_pages - before->lent_pages, want, "%s: lent", name);
	equal(pins() - pinned, want, "%s: pinned", name);
}

static void touch_one(struct vcpu *v, u64 ipa)
{
	point(touch(v, ipa, 4096, 1), "a page is touched");
}

void test_lend(void)
{
	u8 *huge = aligned_memory(8 * MIB), *small = huge + 4 * MIB;
	struct herald_stats before, none;
	long pinned;
	struct vm vm;

	none = stats();
	vm_new(&vm, 1);
	madvise(huge, 2 * MIB, MADV_HUGEPAGE);
	madvise(small, MIB, MADV_NOHUGEPAGE);
	vm_slot(&vm, 1, 0, RAM_IPA, 2 * MIB, huge);
	vm_slot(&vm, 2, 0, RAM_IPA + 2 * MIB, MIB, small);
	touch_one(&vm.vcpu[0], RAM_IPA + 2 * MIB); /* the guest's code is lent by now, too */
	before = stats();
	pinned = pins();
	touch_one(&vm.vcpu[0], RAM_IPA + 2 * MIB + 4096);
	lent(&before, pinned, 1, "a small page");
	touch_one(&vm.vcpu[0], RAM_IPA + 4096);
	lent(&before, pinned, 1 + 512, "and a huge one");
	madvise(huge + 8192, 4096, MADV_DONTNEED);
	lent(&before, pinned, 1, "after MADV_DONTNEED within it");
	touch_one(&vm.vcpu[0], RAM_IPA + 4096);
	lent(&before, pinned, 2, "what is left of it is in small pages");
	vm_slot(&vm, 1, 0, 0, 0, NULL);
	lent(&before, pinned, 1, "when its slot has gone");
	vm_free(&vm);
	equal(stats().lent_pages, none.lent_pages, "when the VM has gone");
	munmap(huge, 8 * MIB);
}
