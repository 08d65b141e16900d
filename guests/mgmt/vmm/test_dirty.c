// SPDX-License-Identifier: GPL-2.0-only
/* Dirty logs: what the guest writes is in them, and nothing else; a copy made with them is the memory. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "vmm.h"

#define PAGE 4096ull
#define SIZE (8 * MIB)
#define PAGES (SIZE / PAGE)
#define WORDS (PAGES / 64)
#define LOG KVM_MEM_LOG_DIRTY_PAGES
#define COUNT_PAGES 64
#define COPY_NS 3000000000ull

int log_get(struct vm *vm, u32 slot, u64 *bits)
{
	struct kvm_dirty_log log = { .slot = slot, .dirty_bitmap = bits };

	return xioctl(vm->fd, KVM_GET_DIRTY_LOG, (unsigned long)&log);
}

static int log_clear(struct vm *vm, u32 slot, u64 first, u32 count, const u64 *bits)
{
	struct kvm_clear_dirty_log log = {
		.slot = slot,
		.first_page = first,
		.num_pages = count,
		.dirty_bitmap = (void *)bits,
	};

	return xioctl(vm->fd, KVM_CLEAR_DIRTY_LOG, (unsigned long)&log);
}

static bool touch_pages(struct vm *vm, u64 page, u64 count, u64 value)
{
	return touch(&vm->vcpu[0], RAM_IPA + page * PAGE, count * PAGE, value);
}

static bool read_pages(struct vm *vm, u64 page, u64 count, u64 sum)
{
	return sum_is(&vm->vcpu[0], RAM_IPA + page * PAGE, count * PAGE, sum);
}

/* Exactly the pages [page, page + count) are set. */
static bool bits_are(const u64 *bits, u64 page, u64 count)
{
	u64 i;

	for (i = 0; i < PAGES; i++)
		if ((bits[i / 64] >> i % 64 & 1) != (i - page < count)) {
			printf("# page %llu: %llu\n", (unsigned long long)i,
			       (unsigned long long)(bits[i / 64] >> i % 64 & 1));
			return false;
		}
	return true;
}

static bool log_is(struct vm *vm, u64 page, u64 count)
{
	static u64 bits[WORDS];

	memset(bits, 0xaa, sizeof(bits));
	return !log_get(vm, 1, bits) && bits_are(bits, page, count);
}

static u8 *ram(bool huge)
{
	u8 *mem = aligned_memory(SIZE);

	madvise(mem, SIZE, huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
	return mem;
}

static void test_errors(struct vm *vm, u8 *mem)
{
	u64 bits[WORDS];

	equal(log_get(vm, 1, bits), -ENOENT, "the log of a slot that is not there");
	equal(log_get(vm, 0x10000, bits), -EINVAL, "in an address space that is not there");
	equal(log_get(vm, 32767, bits), -EINVAL, "of too high a number");
	equal(vm_slot(vm, 1, 0, RAM_IPA, SIZE, mem), 0, "a slot");
	equal(log_get(vm, 1, bits), -ENOENT, "the log of a slot without one");
	equal(log_clear(vm, 1, 0, 64, bits), -ENOENT, "its clearing");
	equal(vm_slot(vm, 1, LOG, RAM_IPA, SIZE, mem), 0, "writes are logged");
	equal(log_get(vm, 1, NULL), -EFAULT, "a log to nowhere");
	equal(log_clear(vm, 1, 1, 63, bits), -EINVAL, "clearing from page 1");
	equal(log_clear(vm, 1, 0, 63, bits), -EINVAL, "clearing 63 pages");
	equal(log_clear(vm, 1, PAGES + 64, 0, bits), -EINVAL, "clearing beyond the slot");
	equal(log_clear(vm, 1, 64, PAGES, bits), -EINVAL, "clearing beyond its end");
	equal(log_clear(vm, 1, ~63ull, 128, bits), -EINVAL, "clearing what wraps");
	equal(log_clear(vm, 1, PAGES, 0, bits), 0, "clearing nothing, at the end");
	equal(log_clear(vm, 1, 0, 64, NULL), -EFAULT, "clearing what is not there");
	equal(xioctl(vm->fd, KVM_GET_DIRTY_LOG, 8), -EFAULT, "a struct that is not there");
	equal(xioctl(vm->fd, KVM_CLEAR_DIRTY_LOG, 8), -EFAULT, "and another");
	equal(vm_slot(vm, 1, 0, 0, 0, NULL), 0, "the slot goes");
}

/* Each GET empties the log. */
static void test_log(struct vm *vm, u8 *mem, const char *how)
{
	memset(mem, 0, SIZE);
	equal(vm_slot(vm, 1, 0, RAM_IPA, SIZE, mem), 0, "a slot of %s pages", how);
	point(touch_pages(vm, 0, PAGES, 1), "all is written");
	equal(vm_slot(vm, 1, LOG, RAM_IPA, SIZE, mem), 0, "then writes are logged");
	point(log_is(vm, 0, 0), "the log is empty");
	point(read_pages(vm, 0, PAGES, PAGES), "reading");
	point(log_is(vm, 0, 0), "is not logged");
	point(touch_pages(vm, 700, 3, 2), "writing");
	point(log_is(vm, 700, 3), "is");
	point(log_is(vm, 0, 0), "once");
	memset(mem + 5 * PAGE, 3, PAGE);
	point(log_is(vm, 0, 0), "what the VMM writes is not");
	point(touch_pages(vm, 700, 3, 4), "the same again");
	point(touch_pages(vm, 701, 1, 5), "and more of it");
	point(log_is(vm, 700, 3), "is logged again");
	madvise(mem + 900 * PAGE, 2 * PAGE, MADV_DONTNEED);
	point(touch_pages(vm, 900, 1, 6) && read_pages(vm, 900, 2, 6), "pages that went and came");
	point(log_is(vm, 900, 1), "are logged");
	point(touch_pages(vm, 0, PAGES, 7) && log_is(vm, 0, PAGES), "all are written");
	equal(*(u64 *)(mem + SIZE - PAGE), 7, "and are the VMM's");
	equal(vm_slot(vm, 1, LOG, RAM_IPA + 16 * MIB, SIZE, mem), 0, "the slot moves");
	equal(vm_slot(vm, 1, LOG, RAM_IPA, SIZE, mem), 0, "and back");
	point(read_pages(vm, 0, PAGES, PAGES * 7) && log_is(vm, 0, 0), "with nothing written");
	equal(vm_slot(vm, 1, 0, RAM_IPA, SIZE, mem), 0, "no longer logged");
	equal(log_get(vm, 1, (u64 *)mem), -ENOENT, "there is no log");
	point(touch_pages(vm, 0, PAGES, 8) && *(u64 *)mem == 8, "all is written");
	equal(vm_slot(vm, 1, 0, 0, 0, NULL), 0, "the slot goes");
}

static void manual(struct vm *vm, u64 options)
{
	struct kvm_enable_cap cap = { .cap = KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2,
				      .args = { options } };

	equal(xioctl(vm->fd, KVM_ENABLE_CAP, (unsigned long)&cap), 0,
	      "KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2 %llu", (unsigned long long)options);
}

static void test_manual(struct vm *vm, u8 *mem)
{
	u64 bits[WORDS], all[WORDS];

	memset(all, 0xff, sizeof(all));
	manual(vm, 1);
	equal(vm_slot(vm, 1, LOG, RAM_IPA, SIZE, mem), 0, "a slot with a log");
	point(touch_pages(vm, 100, 100, 1), "writing");
	point(log_is(vm, 100, 100) && log_is(vm, 100, 100), "stays in the log");
	equal(log_clear(vm, 1, 64, 64, all), 0, "64 pages are cleared");
	point(log_is(vm, 128, 72), "the others are not");
	point(touch_pages(vm, 127, 2, 2) && log_is(vm, 127, 73),
	      "written again they are logged again");
	memset(bits, 0, sizeof(bits));
	bits[1] = 1ull << 63;
	equal(log_clear(vm, 1, 0, PAGES, bits), 0, "nothing but one page is cleared");
	memset(bits, 0, sizeof(bits));
	bits[2] = 1;
	equal(log_clear(vm, 1, 64, 128, &bits[1]), 0, "and another");
	point(log_is(vm, 129, 71), "it has gone");
	equal(log_clear(vm, 1, 0, PAGES, all), 0, "all are cleared");
	point(log_is(vm, 0, 0), "none is left");
	point(touch_pages(vm, 129, 1, 3) && log_is(vm, 129, 1), "and written again");
	equal(vm_slot(vm, 1, 0, 0, 0, NULL), 0, "the slot goes");

	manual(vm, 3);
	equal(vm_slot(vm, 1, LOG, RAM_IPA, SIZE, mem), 0, "a slot all of which counts as written");
	point(log_is(vm, 0, PAGES), "all is in the log");
	point(read_pages(vm, 0, 1, *(u64 *)mem) && touch_pages(vm, 0, 2, 9),
	      "pages are read and written");
	equal(log_clear(vm, 1, 0, PAGES, all), 0, "all are cleared");
	point(touch_pages(vm, 1, 1, 10) && log_is(vm, 1, 1), "then what is written is in the log");
	equal(vm_slot(vm, 1, 0, 0, 0, NULL), 0, "the slot goes");
	manual(vm, 0);
}

struct copier {
	struct vm *vm;
	volatile bool stop;
};

static void *count_thread(void *arg)
{
	struct copier *c = arg;
	u64 result;

	guest_start_at(&c->vm->vcpu[1], guest_count, RAM_IPA, 0, 0);
	while (!c->stop)
		if (!run_to_exit(&c->vm->vcpu[1], &result))
			return NULL;
	return c;
}

static u32 copy_dirty(struct vm *vm, u8 *copy, const u8 *mem, bool by_hand)
{
	u64 bits[WORDS];
	u32 i, count = 0;

	if (log_get(vm, 1, bits) || (by_hand && log_clear(vm, 1, 0, PAGES, bits)))
		fail("the dirty log");
	for (i = 0; i < PAGES; i++)
		if (bits[i / 64] >> i % 64 & 1) {
			memcpy(copy + i * PAGE, mem + i * PAGE, PAGE);
			count++;
		}
	return count;
}

/* As a migration does it: while the guest writes, what is dirty is copied; the last round when it has stopped. */
static void test_copy(struct vm *vm, u8 *mem, bool by_hand)
{
	struct copier c = { .vm = vm };
	u8 *copy = memory(SIZE);
	pthread_t thread;
	u64 until = now_ns() + COPY_NS;
	u32 copied = 0;
	void *good;

	memset(mem, 0, SIZE);
	manual(vm, by_hand);
	equal(vm_slot(vm, 1, LOG, RAM_IPA, SIZE, mem), 0, "a slot with a log");
	pthread_create(&thread, NULL, count_thread, &c);
	while (now_ns() < until)
		copied += copy_dirty(vm, copy, mem, by_hand);
	c.stop = true;
	pthread_join(thread, &good);
	point(good != NULL && copied > COUNT_PAGES, "pages are copied while the guest writes");
	printf("# %u pages, the guest counted to %llu\n", copied, *(unsigned long long *)mem);
	copy_dirty(vm, copy, mem, by_hand);
	equal(memcmp(copy, mem, SIZE), 0, "then the copy is the memory");
	equal(vm_slot(vm, 1, 0, 0, 0, NULL), 0, "the slot goes");
	manual(vm, 0);
	munmap(copy, SIZE);
}

void test_dirty(void)
{
	u8 *huge = ram(true), *small = ram(false);
	struct vm vm;

	vm_new(&vm, 2);
	test_errors(&vm, small);
	test_log(&vm, small, "small");
	test_log(&vm, huge, "huge");
	test_manual(&vm, huge);
	test_copy(&vm, huge, false);
	test_copy(&vm, huge, true);
	vm_free(&vm);
}
