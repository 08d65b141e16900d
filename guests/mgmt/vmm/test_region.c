// SPDX-License-Identifier: GPL-2.0-only
/* KVM_SET_USER_MEMORY_REGION2, and the flags of regions. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "vmm.h"

#define PAGE 4096ull
#define NR_MANY 1000

static int region2(struct vm *vm, u32 slot, u32 flags, u64 ipa, u64 size, const void *mem)
{
	struct kvm_userspace_memory_region2 region = {
		.slot = slot,
		.flags = flags,
		.guest_phys_addr = ipa,
		.memory_size = size,
		.userspace_addr = (u64)mem,
		.guest_memfd = 99, /* not looked at without the flag */
		.guest_memfd_offset = 7,
	};

	return xioctl(vm->fd, KVM_SET_USER_MEMORY_REGION2, (unsigned long)&region);
}

static void test_region2(struct vm *vm, u8 *mem)
{
	int kvm = xioctl(vm->fd, KVM_CHECK_EXTENSION, KVM_CAP_USER_MEMORY2);

	if (!kvm) {
		point(true, "KVM_SET_USER_MEMORY_REGION2 # SKIP this kernel's KVM has none");
		return;
	}
	equal(kvm, 1, "KVM_CAP_USER_MEMORY2");
	equal(region2(vm, 1, 0, RAM_IPA, MIB, mem), 0, "a region of the longer form");
	point(touch(&vm->vcpu[0], RAM_IPA, MIB, 5) && *(u64 *)(mem + MIB - PAGE) == 5,
	      "the guest writes it");
	equal(vm_slot(vm, 1, 0, RAM_IPA, MIB, mem), 0, "the same in the shorter form");
	equal(region2(vm, 2, KVM_MEM_GUEST_MEMFD, RAM_IPA + MIB, MIB, mem), -EINVAL,
	      "memory without an address in the VMM");
	equal(region2(vm, 2, 0x80, RAM_IPA + MIB, MIB, mem), -EINVAL, "an unknown flag");
	equal(region2(vm, 2, 0, RAM_IPA, PAGE, mem), -EEXIST, "it overlaps");
	equal(region2(vm, 1, 0, 0, 0, NULL), 0, "deleted");
	equal(region2(vm, 1, 0, 0, 0, NULL), -EINVAL, "deleted again");
	equal(xioctl(vm->fd, KVM_SET_USER_MEMORY_REGION2, 8), -EFAULT,
	      "a struct that is not there");
}

static void test_flags(struct vm *vm, u8 *mem)
{
	equal(vm_slot(vm, 1, KVM_MEM_GUEST_MEMFD, RAM_IPA, MIB, mem), -EINVAL,
	      "the shorter form knows no such memory");
	equal(vm_slot(vm, 1, KVM_MEM_LOG_DIRTY_PAGES | KVM_MEM_READONLY, RAM_IPA, MIB, mem), 0,
	      "logged and read-only");
	equal(vm_slot(vm, 1, KVM_MEM_LOG_DIRTY_PAGES, RAM_IPA, MIB, mem), -EINVAL,
	      "no longer read-only");
	equal(vm_slot(vm, 1, KVM_MEM_READONLY, RAM_IPA, MIB, mem), 0, "no longer logged");
	equal(vm_slot(vm, 1, 0, RAM_IPA + MIB, MIB, mem), -EINVAL, "moved, and made writable");
	equal(vm_slot(vm, 1, KVM_MEM_READONLY | KVM_MEM_LOG_DIRTY_PAGES, RAM_IPA + MIB, MIB, mem),
	      0, "moved, and logged again");
	equal(vm_slot(vm, 1, 0, 0, 0, NULL), 0, "deleted");
	equal(vm_slot(vm, 1, 0, RAM_IPA, 0x80000000000ull, mem), -EINVAL, "more than 2^31 pages");
	equal(vm_slot(vm, 1, 0, 0, 0, mem), -EINVAL, "nothing of nothing");
}

/* Many regions, a page each, up to the highest number that there is. */
static void test_many(struct vm *vm, u8 *mem)
{
	int max = xioctl(vm->fd, KVM_CHECK_EXTENSION, KVM_CAP_NR_MEMSLOTS);
	int i, first = max - NR_MANY, good = 0, gone = 0;

	for (i = first; i < max; i++)
		good += !vm_slot(vm, (u32)i, 0, RAM_IPA + (u64)(i - first) * PAGE, PAGE, mem);
	equal(good, NR_MANY, "%d regions", NR_MANY);
	point(touch(&vm->vcpu[0], RAM_IPA, NR_MANY * PAGE, 8) && *(u64 *)mem == 8,
	      "all are written");
	equal(vm_slot(vm, (u32)max, 0, RAM_IPA - PAGE, PAGE, mem), -EINVAL, "a number too high");
	for (i = first; i < max; i++)
		gone += !vm_slot(vm, (u32)i, 0, 0, 0, NULL);
	equal(gone, NR_MANY, "they go");
}

void test_region(void)
{
	u8 *mem = memory(4 * MIB);
	struct vm vm;

	vm_new(&vm, 1);
	test_region2(&vm, mem);
	test_flags(&vm, mem);
	test_many(&vm, mem);
	vm_free(&vm);
}
