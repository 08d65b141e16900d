// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
/* The VM sees what its VMM sees, whatever Linux does with the memory. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "vmm.h"

#define PAGE 4096ull

static bool all_are(const u8 *mem, size_t size, u64 value)
{
	size_t i;

	for (i = 0; i < size; i += PAGE)
		if (*(volatile const u64 *)(mem + i) != value) {
			printf("# at %#zx: %#llx, not %#llx\n", i, *(unsigned long long *)(mem + i),
			       (unsigned long long)value);
			return false;
		}
	return true;
}

/* Slots side by side, with memory in huge pages, in small ones, and askew to each other. */
static void test_slots_across(struct vm *vm)
{
	struct vcpu *v = &vm->vcpu[0];
	u8 *huge = aligned_memory(8 * MIB), *small = aligned_memory(4 * MIB),
	   *askew = aligned_memory(6 * MIB) + PAGE;

	madvise(huge, 8 * MIB, MADV_HUGEPAGE);
	madvise(small, 4 * MIB, MADV_NOHUGEPAGE);
	madvise(askew - PAGE, 6 * MIB, MADV_HUGEPAGE);
	equal(vm_slot(vm, 1, 0, RAM_IPA, 8 * MIB, huge), 0, "a slot of huge pages");
	equal(vm_slot(vm, 2, 0, RAM_IPA + 8 * MIB, 4 * MIB, small), 0, "one of small pages");
	equal(vm_slot(vm, 3, 0, RAM_IPA + 12 * MIB, 4 * MIB, askew), 0, "one askew to its memory");
	point(touch(v, RAM_IPA, 16 * MIB, 5), "the guest writes all of them");
	point(all_are(huge, 8 * MIB, 5) && all_are(small, 4 * MIB, 5) && all_are(askew, 4 * MIB, 5),
	      "the VMM sees it");
	memset(huge, 0, 8 * MIB);
	point(sum_is(v, RAM_IPA, 16 * MIB, 5 * 8 * 256), "the guest sees what the VMM writes");

	point(!madvise(huge, 8 * MIB, MADV_DONTNEED) && sum_is(v, RAM_IPA, 8 * MIB, 0),
	      "MADV_DONTNEED of all");
	point(touch(v, RAM_IPA, 8 * MIB, 6) && all_are(huge, 8 * MIB, 6), "and written again");
	point(!madvise(huge + HUGE + PAGE, PAGE, MADV_DONTNEED) &&
		      sum_is(v, RAM_IPA, 8 * MIB, 6 * (8 * 256 - 1)),
	      "MADV_DONTNEED of a page within a huge one");
	point(touch(v, RAM_IPA, 16 * MIB, 7) && all_are(huge, 8 * MIB, 7) &&
		      all_are(small, 4 * MIB, 7),
	      "and written again");
	point(!madvise(small + PAGE, 4 * MIB - 2 * PAGE, MADV_DONTNEED) &&
		      sum_is(v, RAM_IPA + 8 * MIB, 4 * MIB, 7 * 2),
	      "MADV_DONTNEED of small pages but the first and the last");

	equal(vm_slot(vm, 2, 0, RAM_IPA + 32 * MIB, 4 * MIB, small), 0, "a slot moves");
	point(sum_is(v, RAM_IPA + 32 * MIB, 4 * MIB, 7 * 2), "its memory is at the new place");
	guest_start_at(v, guest_read, RAM_IPA + 8 * MIB, RAM_IPA + 12 * MIB, 0);
	point(!run(v) && v->run->exit_reason == KVM_EXIT_MMIO &&
		      v->run->mmio.phys_addr == RAM_IPA + 8 * MIB,
	      "and no longer at the old");
	equal(run(v), 0, "the rest of that access");
	equal(vm_slot(vm, 1, 0, 0, 0, NULL) | vm_slot(vm, 2, 0, 0, 0, NULL) |
		      vm_slot(vm, 3, 0, 0, 0, NULL),
	      0, "the slots go");
}

static void test_readonly(struct vm *vm)
{
	struct vcpu *v = &vm->vcpu[0];
	u8 *mem = memory(MIB), *fixed;

	fixed = mmap(NULL, MIB, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	*(u64 *)mem = 77;
	equal(vm_slot(vm, 1, KVM_MEM_READONLY, RAM_IPA, MIB, mem), 0, "a read-only slot");
	equal(vm_slot(vm, 2, KVM_MEM_READONLY, RAM_IPA + MIB, MIB, fixed), 0,
	      "one of memory nobody can write");
	point(sum_is(v, RAM_IPA, 2 * MIB, 77), "both can be read");
	guest_start_at(v, guest_touch, RAM_IPA, RAM_IPA + PAGE, 99);
	point(!run(v) && v->run->exit_reason == KVM_EXIT_MMIO && v->run->mmio.is_write &&
		      v->run->mmio.phys_addr == RAM_IPA && *(u64 *)v->run->mmio.data == 99,
	      "a store is the VMM's to emulate");
	equal(run(v), 0, "and then the guest goes on");
	equal(*(u64 *)mem, 77, "the memory is as it was");
	*(u64 *)mem = 78;
	point(sum_is(v, RAM_IPA, MIB, 78), "the VMM can write it");
	equal(vm_slot(vm, 1, 0, 0, 0, NULL) | vm_slot(vm, 2, 0, 0, 0, NULL), 0, "the slots go");
}

static void test_holes(struct vm *vm)
{
	struct vcpu *v = &vm->vcpu[0];
	u8 *mem = memory(MIB);
	u64 end;

	equal(vm_slot(vm, 1, 0, RAM_IPA, MIB, mem), 0, "a slot");
	point(touch(v, RAM_IPA, MIB, 1), "is written");
	munmap(mem + PAGE, PAGE);
	guest_start_at(v, guest_touch, RAM_IPA, RAM_IPA + MIB, 2);
	equal(run(v), -EFAULT, "memory that the VMM no longer has");
	mmap(mem + PAGE, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
	     0);
	point(run_to_exit(v, &end), "it can go on when there is memory again");
	point(all_are(mem, MIB, 2), "which the VMM sees");
	mprotect(mem + PAGE, PAGE, PROT_READ);
	guest_start_at(v, guest_touch, RAM_IPA, RAM_IPA + MIB, 3);
	equal(run(v), -EFAULT, "memory that became read-only for the VMM");
	mprotect(mem + PAGE, PAGE, PROT_READ | PROT_WRITE);
	point(run_to_exit(v, &end), "and writable again");
	equal(vm_slot(vm, 1, 0, 0, 0, NULL), 0, "the slot goes");
}

/* Two slots with the same memory, shared with others by a file. */
static void test_shared(struct vm *vm)
{
	struct vcpu *v = &vm->vcpu[0];
	int fd = memfd_create("vmm", 0);
	u8 *mem;

	if (fd < 0 || ftruncate(fd, HUGE))
		fail("memfd");
	mem = mmap(NULL, HUGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	equal(vm_slot(vm, 1, 0, RAM_IPA, HUGE, mem) | vm_slot(vm, 2, 0, RAM_IPA + HUGE, HUGE, mem),
	      0, "the same memory twice");
	point(touch(v, RAM_IPA, HUGE, 9) && sum_is(v, RAM_IPA + HUGE, HUGE, 9 * 512),
	      "it is the same");
	point(!fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, HUGE) &&
		      sum_is(v, RAM_IPA, 2 * HUGE, 0),
	      "a hole punched into the file");
	equal(vm_slot(vm, 1, 0, 0, 0, NULL) | vm_slot(vm, 2, 0, 0, 0, NULL), 0, "the slots go");
	munmap(mem, HUGE);
	close(fd);
}

struct storm {
	u8 *mem;
	size_t size;
	volatile bool stop;
	unsigned int count;
};

static void *storm_thread(void *arg)
{
	struct storm *s = arg;
	unsigned int seed = 1;

	while (!s->stop) {
		size_t from = rand_r(&seed) % (s->size / PAGE) * PAGE,
		       size = rand_r(&seed) % 4 ? PAGE : HUGE;

		madvise(s->mem + from, from + size > s->size ? PAGE : size, MADV_DONTNEED);
		s->count++;
		usleep(rand_r(&seed) % 200);
	}
	return NULL;
}

/* Pages vanish all the time while two vCPUs write them. */
static void *storm_vcpu(void *arg)
{
	struct vcpu *v = arg;
	u64 end;
	int i;

	guest_start_at(v, guest_touch, RAM_IPA, RAM_IPA + 8 * MIB, 3);
	for (i = 0; i < 5; i++)
		if (!run_to_exit(v, &end))
			return NULL;
	return v;
}

static void test_storm(struct vm *vm)
{
	struct storm s = { .mem = aligned_memory(8 * MIB), .size = 8 * MIB };
	pthread_t storm, other;
	void *good;

	madvise(s.mem, s.size, MADV_HUGEPAGE);
	equal(vm_slot(vm, 1, 0, RAM_IPA, s.size, s.mem), 0, "a slot");
	pthread_create(&storm, NULL, storm_thread, &s);
	pthread_create(&other, NULL, storm_vcpu, &vm->vcpu[1]);
	point(storm_vcpu(&vm->vcpu[0]) != NULL, "a vCPU writes while pages vanish");
	pthread_join(other, &good);
	point(good != NULL, "another one, too");
	s.stop = true;
	pthread_join(storm, NULL);
	printf("# %u times\n", s.count);
	point(touch(&vm->vcpu[0], RAM_IPA, s.size, 4) && all_are(s.mem, s.size, 4),
	      "then all is in step");
	equal(vm_slot(vm, 1, 0, 0, 0, NULL), 0, "the slot goes");
}

void test_memory(void)
{
	struct vm vm;

	vm_new(&vm, 2);
	test_slots_across(&vm);
	test_readonly(&vm);
	test_holes(&vm);
	test_shared(&vm);
	test_storm(&vm);
	vm_free(&vm);
}
