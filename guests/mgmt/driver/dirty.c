// SPDX-License-Identifier: GPL-2.0-only
/*
 * Dirty logs: which pages of a slot were written since the VMM last asked.
 *
 * In a slot whose writes are logged pages are mapped one by one, writable if their bit in the log is set and read-only if
 * not; a write to a read-only one sets the bit (slot.c). So to clear a bit is to make the page read-only; it stays mapped
 * and pinned. What was written before that is in the memory that the VMM reads afterwards.
 */
#include <linux/bitmap.h>
#include <linux/sched.h>
#include <linux/uaccess.h>

#include "herald.h"

/* Words of a log that are looked at under the slot's lock at once: 16 MiB of the VM. */
#define DIRTY_WORDS 64

/* Which of @bits are set in the log from @word on; they no longer are, unless @keep. */
static void dirty_take(struct herald_slot *slot, unsigned long word, unsigned long words,
		       unsigned long *bits, bool keep)
{
	unsigned long i;

	mutex_lock(&slot->lock);
	for (i = 0; i < words; i++) {
		bits[i] &= slot->dirty[word + i];
		if (!keep)
			slot->dirty[word + i] &= ~bits[i];
	}
	if (!keep)
		herald_slot_protect(slot, word * BITS_PER_LONG, bits, words);
	mutex_unlock(&slot->lock);
	cond_resched();
}

static struct herald_slot *dirty_slot(struct herald_vm *vm, u32 id)
{
	struct herald_slot *slot = herald_mem_slot(vm, id);

	if (IS_ERR(slot))
		return slot;
	return slot && slot->dirty ? slot : ERR_PTR(-ENOENT);
}

static long dirty_copy(struct herald_slot *slot, u8 __user *to, bool keep)
{
	unsigned long words = BITS_TO_LONGS(slot->size >> PAGE_SHIFT);
	unsigned long bits[DIRTY_WORDS], word, count;

	for (word = 0; word < words; word += count) {
		count = min_t(unsigned long, words - word, DIRTY_WORDS);
		memset(bits, 0xff, sizeof(bits));
		dirty_take(slot, word, count, bits, keep);
		if (copy_to_user(to + word * sizeof(long), bits, count * sizeof(long)))
			return -EFAULT;
	}
	return 0;
}

/*
 * KVM_GET_DIRTY_LOG: the log, which is empty then unless it is KVM_CLEAR_DIRTY_LOG that empties it. -EINVAL: no number of
 * a slot; -ENOENT: no such slot, or not logged; -EFAULT.
 */
long herald_dirty_get(struct herald_vm *vm, const void __user *arg)
{
	struct herald_slot *slot;
	struct kvm_dirty_log log;
	long ret;

	if (copy_from_user(&log, arg, sizeof(log)))
		return -EFAULT;
	if (down_read_killable(&vm->slots_lock))
		return -EINTR;
	slot = dirty_slot(vm, log.slot);
	ret = PTR_ERR_OR_ZERO(slot);
	if (!ret)
		ret = dirty_copy(slot, log.dirty_bitmap, READ_ONCE(vm->manual_dirty_log));
	up_read(&vm->slots_lock);
	return ret;
}

static bool dirty_range_is_good(const struct herald_slot *slot,
				const struct kvm_clear_dirty_log *log)
{
	u64 pages = slot->size >> PAGE_SHIFT;

	if (log->first_page > pages || log->num_pages > pages - log->first_page)
		return false;
	return log->num_pages % 64 == 0 || log->num_pages == pages - log->first_page;
}

static long dirty_clear(struct herald_slot *slot, const struct kvm_clear_dirty_log *log)
{
	unsigned long first = log->first_page / BITS_PER_LONG;
	unsigned long words = BITS_TO_LONGS(log->num_pages);
	unsigned long bits[DIRTY_WORDS], word, count;
	u8 __user *from = log->dirty_bitmap;

	for (word = 0; word < words; word += count) {
		count = min_t(unsigned long, words - word, DIRTY_WORDS);
		if (copy_from_user(bits, from + word * sizeof(long), count * sizeof(long)))
			return -EFAULT;
		dirty_take(slot, first + word, count, bits, false);
	}
	return 0;
}

/* KVM_CLEAR_DIRTY_LOG. -EINVAL: also a range that is not the slot's, or not in multiples of 64 pages; else as above. */
long herald_dirty_clear(struct herald_vm *vm, const void __user *arg)
{
	struct kvm_clear_dirty_log log;
	struct herald_slot *slot;
	long ret;

	if (copy_from_user(&log, arg, sizeof(log)))
		return -EFAULT;
	if (log.first_page % 64)
		return -EINVAL;
	if (down_read_killable(&vm->slots_lock))
		return -EINTR;
	slot = dirty_slot(vm, log.slot);
	ret = PTR_ERR_OR_ZERO(slot);
	if (!ret && !dirty_range_is_good(slot, &log))
		ret = -EINVAL;
	if (!ret)
		ret = dirty_clear(slot, &log);
	up_read(&vm->slots_lock);
	return ret;
}
