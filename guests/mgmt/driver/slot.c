// SPDX-License-Identifier: GPL-2.0-only
/*
 * The pages of a slot.
 *
 * A page is pinned and mapped when the VM first touches it, the whole 2 MiB around it if that is one huge page there and
 * here. It stays so until Linux takes the page from the VMM's address space (munmap, madvise, copy on write, the VMM's
 * death): then the MMU notifier removes it from EL2's tables and after that drops the pin. So the VM always sees what the
 * VMM sees, and never a page that Linux has given to somebody else. Pinned pages are not reclaimed.
 *
 * A fault and a notification may meet. The fault pins without the slot's lock, then takes it, looks whether there was a
 * notification meanwhile (mmu_interval_read_retry()), and starts again if so.
 */
#include <linux/bitfield.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <asm/barrier.h>
#include <asm/cpufeature.h>

#include "herald.h"

/* CTR_EL0: words of the smallest data cache line, as a power of two; instruction caches see what data caches do. */
#define CTR_DMIN_LINE GENMASK(19, 16)
#define CTR_DIC BIT(29)

/* Blocks are counted from the 2 MiB that the slot begins in. */
static u64 slot_base(const struct herald_slot *slot)
{
	return ALIGN_DOWN(slot->ipa, HUGE_SIZE);
}

static struct herald_block *slot_block(struct herald_slot *slot, u64 block_ipa)
{
	return &slot->blocks[(block_ipa - slot_base(slot)) / HUGE_SIZE];
}

static unsigned long slot_blocks(const struct herald_slot *slot)
{
	return (ALIGN(slot->ipa + slot->size, HUGE_SIZE) - slot_base(slot)) / HUGE_SIZE;
}

static unsigned long slot_pages(const struct herald_slot *slot)
{
	return slot->size >> PAGE_SHIFT;
}

static bool slot_readonly(const struct herald_slot *slot)
{
	return slot->flags & KVM_MEM_READONLY;
}

static void slot_unpin(struct herald_slot *slot, struct page **pages, unsigned long count)
{
	unsigned long i;

	for (i = 0; i < count; i++) {
		/* Without the page's lock, which whoever notifies us may hold. */
		if (!slot_readonly(slot))
			set_page_dirty(pages[i]);
		unpin_user_page(pages[i]);
	}
}

/* Take [first, last) of a block's pages back. A page that EL2 does not give back stays pinned for ever. */
static void slot_unmap(struct herald_slot *slot, struct herald_block *block, u64 block_ipa,
		       unsigned long first, unsigned long last)
{
	unsigned long i;

	slot->args.unmap = (struct herald_unmap){
		.ipa = block_ipa + first * PAGE_SIZE,
		.size = (last - first) * PAGE_SIZE,
	};
	if (WARN_ON_ONCE(herald_ioctl_struct(slot->vm->handle, HERALD_UNMAP_PAGES, &slot->args)))
		return;
	for (i = first; i < last; i++) {
		if (block->pages[i]) {
			slot_unpin(slot, &block->pages[i], 1);
			atomic64_dec(&slot->vm->stats.pages);
		}
		block->pages[i] = NULL;
	}
}

/* The part [ipa, end) of the slot, all in one block, is no longer the VMM's memory. */
static void slot_drop_block(struct herald_slot *slot, u64 ipa, u64 end)
{
	u64 block_ipa = ALIGN_DOWN(ipa, HUGE_SIZE);
	struct herald_block *block = slot_block(slot, block_ipa);
	unsigned long first = (ipa - block_ipa) / PAGE_SIZE;
	unsigned long last = (end - block_ipa) / PAGE_SIZE;

	if (!block->pages)
		return;
	if (block->huge || last - first == HUGE_PAGES)
		block->small = last - first < HUGE_PAGES;
	if (block->huge) {
		/* Mapped as one, it goes as one: EL2 need not break it up. */
		first = 0;
		last = HUGE_PAGES;
	}
	while (first < last && !block->pages[first])
		first++;
	while (first < last && !block->pages[last - 1])
		last--;
	if (first < last)
		slot_unmap(slot, block, block_ipa, first, last);
	block->huge = false;
}

static void slot_drop(struct herald_slot *slot, u64 ipa, u64 end, bool may_sleep)
{
	u64 next;

	for (; ipa < end; ipa = next) {
		next = min(end, ALIGN_DOWN(ipa, HUGE_SIZE) + HUGE_SIZE);
		slot_drop_block(slot, ipa, next);
		if (may_sleep)
			cond_resched();
	}
}

/* Called by Linux before it changes what the VMM has at these addresses. */
static bool slot_invalidate(struct mmu_interval_notifier *notifier,
			    const struct mmu_notifier_range *range, unsigned long seq)
{
	struct herald_slot *slot = container_of(notifier, struct herald_slot, notifier);
	unsigned long start = max(range->start, slot->hva);
	unsigned long end = min(range->end, slot->hva + (unsigned long)slot->size);
	bool may_sleep = mmu_notifier_range_blockable(range);

	if (may_sleep)
		mutex_lock(&slot->lock);
	else if (!mutex_trylock(&slot->lock))
		return false;
	mmu_interval_set_seq(notifier, seq);
	if (start < end)
		slot_drop(slot, slot->ipa + PAGE_ALIGN_DOWN(start - slot->hva),
			  slot->ipa + PAGE_ALIGN(end - slot->hva), may_sleep);
	mutex_unlock(&slot->lock);
	return true;
}

static const struct mmu_interval_notifier_ops slot_notifier_ops = {
	.invalidate = slot_invalidate,
};

/* An empty log, or one that says that all was written. NULL: no memory. */
static unsigned long *slot_new_log(const struct herald_slot *slot)
{
	unsigned long *dirty = kvcalloc(BITS_TO_LONGS(slot_pages(slot)), sizeof(*dirty),
					GFP_KERNEL_ACCOUNT);

	if (dirty && (READ_ONCE(slot->vm->manual_dirty_log) & KVM_DIRTY_LOG_INITIALLY_SET))
		bitmap_set(dirty, 0, slot_pages(slot));
	return dirty;
}

/*
 * Logging begins or ends: all is taken from the VM, and comes back as the log wants it, or in huge pages. Nobody resolves
 * faults meanwhile. -ENOMEM.
 */
int herald_slot_set_flags(struct herald_slot *slot, u32 flags)
{
	unsigned long *dirty = NULL;

	if (flags & KVM_MEM_LOG_DIRTY_PAGES) {
		dirty = slot_new_log(slot);
		if (!dirty)
			return -ENOMEM;
	}
	mutex_lock(&slot->lock);
	slot_drop(slot, slot->ipa, slot->ipa + slot->size, true);
	swap(slot->dirty, dirty);
	slot->flags = flags;
	mutex_unlock(&slot->lock);
	kvfree(dirty);
	return 0;
}

/* Nothing of a logged slot is a block, so EL2 has nothing to split: no memory to run out of. */
static void slot_protect(struct herald_slot *slot)
{
	WARN_ON_ONCE(herald_ioctl_struct(slot->vm->handle, HERALD_PROTECT_PAGES, &slot->args));
}

/*
 * Make pages of a logged slot read-only: those with their bit in @bits, bit 0 being page @first, counted from the slot's
 * first. Under the slot's lock.
 */
void herald_slot_protect(struct herald_slot *slot, unsigned long first, const unsigned long *bits,
			 unsigned long words)
{
	struct herald_protect *args = &slot->args.protect;
	unsigned long i, count;

	for (i = 0; i < words; i += count) {
		count = min_t(unsigned long, words - i, HERALD_PROTECT_MAX / BITS_PER_LONG);
		if (bitmap_empty(&bits[i], count * BITS_PER_LONG))
			continue;
		*args = (struct herald_protect){
			.ipa = slot->ipa + (first + i * BITS_PER_LONG) * PAGE_SIZE,
		};
		memcpy(args->pages, &bits[i], count * sizeof(*bits));
		slot_protect(slot);
	}
}

/* A slot with nothing mapped yet. The caller is of the VMM, and has checked the region. -ENOMEM. */
struct herald_slot *herald_slot_new(struct herald_vm *vm,
				    const struct kvm_userspace_memory_region *region)
{
	struct herald_slot *slot = kzalloc(sizeof(*slot), GFP_KERNEL_ACCOUNT);
	int err = -ENOMEM;

	if (!slot)
		return ERR_PTR(-ENOMEM);
	slot->vm = vm;
	slot->id = region->slot;
	slot->flags = region->flags;
	slot->ipa = region->guest_phys_addr;
	slot->size = region->memory_size;
	slot->hva = region->userspace_addr;
	mutex_init(&slot->lock);
	slot->blocks = kvcalloc(slot_blocks(slot), sizeof(*slot->blocks), GFP_KERNEL_ACCOUNT);
	if (slot->flags & KVM_MEM_LOG_DIRTY_PAGES)
		slot->dirty = slot_new_log(slot);
	if (!slot->blocks || (!slot->dirty && (slot->flags & KVM_MEM_LOG_DIRTY_PAGES)))
		goto free;
	err = mmu_interval_notifier_insert(&slot->notifier, vm->mm, slot->hva, slot->size,
					   &slot_notifier_ops);
	if (!err)
		return slot;
free:
	kvfree(slot->dirty);
	kvfree(slot->blocks);
	kfree(slot);
	return ERR_PTR(err);
}

/* Gives all its pages back. Nobody resolves faults in it any more. */
void herald_slot_free(struct herald_slot *slot)
{
	unsigned long i;

	mutex_lock(&slot->lock);
	slot_drop(slot, slot->ipa, slot->ipa + slot->size, true);
	mutex_unlock(&slot->lock);
	mmu_interval_notifier_remove(&slot->notifier);
	for (i = 0; i < slot_blocks(slot); i++)
		kfree(slot->blocks[i].pages);
	kvfree(slot->dirty);
	kvfree(slot->blocks);
	kfree(slot);
}

/* A fault on its way: the pages that are to be mapped, [first, first + count) of a block. */
struct slot_fault {
	struct herald_block *block;
	u64 block_ipa;
	unsigned long index; /* the page that was touched */
	bool write; /* it is to be written */
	unsigned long first;
	unsigned long count;
	struct page **pages;
};

static int slot_pin(struct herald_slot *slot, struct slot_fault *f, unsigned long first,
		    unsigned long count)
{
	unsigned long hva = slot->hva + (f->block_ipa + first * PAGE_SIZE - slot->ipa);
	unsigned int gup = FOLL_LONGTERM | (slot_readonly(slot) ? 0 : FOLL_WRITE);
	int pinned = pin_user_pages_fast(hva, count, gup, f->pages);

	if (pinned > 0 && pinned < count) {
		unpin_user_pages(f->pages, pinned);
		pinned = 0;
	}
	f->first = first;
	f->count = count;
	return pinned < 0 ? pinned : pinned == count ? 0 : -EFAULT;
}

/* Is the block's memory one piece, in a huge page, at a multiple of 2 MiB? Only whole blocks are mapped as one. */
static bool slot_may_be_huge(struct herald_slot *slot, struct slot_fault *f)
{
	struct page *page = f->pages[0];

	return !f->block->small && !slot->dirty && f->block_ipa >= slot->ipa &&
	       f->block_ipa + HUGE_SIZE <= slot->ipa + slot->size &&
	       folio_nr_pages(page_folio(page)) >= HUGE_PAGES &&
	       page_to_pfn(page) % HUGE_PAGES == f->index;
}

static bool slot_is_contiguous(const struct slot_fault *f)
{
	unsigned long pfn = page_to_pfn(f->pages[0]);
	unsigned long i;

	if (pfn % HUGE_PAGES)
		return false;
	for (i = 1; i < f->count; i++)
		if (page_to_pfn(f->pages[i]) != pfn + i)
			return false;
	return true;
}

/* Pin the page that was touched, or the whole block if it can be mapped as one. */
static int slot_pin_most(struct herald_slot *slot, struct slot_fault *f)
{
	int err = slot_pin(slot, f, f->index, 1);

	if (err || !slot_may_be_huge(slot, f))
		return err;
	unpin_user_page(f->pages[0]);
	err = slot_pin(slot, f, 0, HUGE_PAGES);
	if (!err && slot_is_contiguous(f))
		return 0;
	if (!err)
		unpin_user_pages(f->pages, f->count);
	WRITE_ONCE(f->block->small, true);
	return slot_pin(slot, f, f->index, 1);
}

/* Is one of the pages mapped already, by another vCPU or since they were smaller? */
static bool slot_any_mapped(const struct slot_fault *f)
{
	unsigned long i;

	for (i = f->first; i < f->first + f->count; i++)
		if (f->block->pages[i])
			return true;
	return false;
}

/*
 * What the VMM has written must be there for a guest that runs with its caches off, and for its instruction fetches. A
 * line that stays in the cache could also be written back over what such a guest writes.
 */
static void slot_sync_caches(const struct slot_fault *f)
{
	const u64 ctr = read_sanitised_ftr_reg(SYS_CTR_EL0);
	const u64 line = 4 << FIELD_GET(CTR_DMIN_LINE, ctr);
	unsigned long at = (unsigned long)page_address(f->pages[0]);
	const unsigned long end = at + f->count * PAGE_SIZE;

	for (; at < end; at += line)
		asm volatile("dc civac, %0" : : "r"(at) : "memory");
	dsb(ish);
	if (!(ctr & CTR_DIC))
		asm volatile("ic ialluis" : : : "memory");
	dsb(ish);
	isb();
}

/* The bit of the page that was touched. */
static unsigned long slot_log_bit(const struct herald_slot *slot, const struct slot_fault *f)
{
	return (f->block_ipa + f->index * PAGE_SIZE - slot->ipa) / PAGE_SIZE;
}

/* Is what is mapped, or is to be mapped, writable? Under the slot's lock. */
static bool slot_writable(const struct herald_slot *slot, const struct slot_fault *f)
{
	return !slot_readonly(slot) &&
	       (!slot->dirty || test_bit(slot_log_bit(slot, f), slot->dirty));
}

/* The page is to be written: it is dirty from now on, and writable if it is mapped. */
static void slot_log(struct herald_slot *slot, struct slot_fault *f)
{
	unsigned long bit = slot_log_bit(slot, f);

	if (test_bit(bit, slot->dirty))
		return;
	__set_bit(bit, slot->dirty);
	atomic64_inc(&slot->vm->stats.dirty);
	if (!f->block->pages || !f->block->pages[f->index])
		return;
	slot->args.protect = (struct herald_protect){
		.ipa = f->block_ipa + f->index * PAGE_SIZE,
		.flags = HERALD_PROTECT_WRITABLE,
		.pages = { 1 },
	};
	slot_protect(slot);
}

/* The driver has written the page for the VM. */
void herald_slot_mark(struct herald_slot *slot, u64 ipa)
{
	u64 block_ipa = ALIGN_DOWN(ipa, HUGE_SIZE);
	struct slot_fault f = {
		.block = slot_block(slot, block_ipa),
		.block_ipa = block_ipa,
		.index = (ipa - block_ipa) / PAGE_SIZE,
	};

	if (!slot->dirty)
		return;
	mutex_lock(&slot->lock);
	slot_log(slot, &f);
	mutex_unlock(&slot->lock);
}

/* Does the page that was touched only lack the permission? Then it gets that. */
static bool slot_relax(struct herald_slot *slot, struct slot_fault *f)
{
	bool mapped;

	if (!f->write || !slot->dirty)
		return false;
	mutex_lock(&slot->lock);
	mapped = f->block->pages[f->index];
	if (mapped)
		slot_log(slot, f);
	mutex_unlock(&slot->lock);
	return mapped;
}

/* Under the slot's lock. On success the pins are the block's, else still the caller's. */
static int slot_enter(struct herald_slot *slot, struct slot_fault *f)
{
	long err;

	/* KVM lets the same memory be in several slots and VMs: shared. */
	slot->args.map = (struct herald_map){
		.ipa = f->block_ipa + f->first * PAGE_SIZE,
		.mgmt = page_to_phys(f->pages[0]),
		.size = f->count * PAGE_SIZE,
		.flags = HERALD_MAP_SHARED | (slot_writable(slot, f) ? 0 : HERALD_MAP_READONLY),
	};
	slot_sync_caches(f);
	err = herald_ioctl_struct(slot->vm->handle, HERALD_MAP_PAGES, &slot->args);
	if (err)
		return err;
	memcpy(&f->block->pages[f->first], f->pages, f->count * sizeof(f->pages[0]));
	f->block->huge = f->count == HUGE_PAGES;
	atomic64_add(f->count, &slot->vm->stats.pages);
	return 0;
}

static int slot_prepare(struct herald_slot *slot, struct herald_block *block)
{
	struct page **pages;

	if (READ_ONCE(block->pages))
		return 0;
	pages = kcalloc(HUGE_PAGES, sizeof(*pages), GFP_KERNEL_ACCOUNT);
	if (!pages)
		return -ENOMEM;
	mutex_lock(&slot->lock);
	if (!block->pages)
		swap(block->pages, pages);
	mutex_unlock(&slot->lock);
	kfree(pages);
	return 0;
}

/* Under the slot's lock. @keep: the pins are the block's now. */
static int slot_settle(struct herald_slot *slot, struct slot_fault *f, bool *keep)
{
	int err;

	if (f->write && slot->dirty)
		slot_log(slot, f);
	if (slot_any_mapped(f)) {
		/* Then the one page that was touched will do: tried again as such. */
		f->block->small = true;
		return f->block->pages[f->index] ? 0 : -EAGAIN;
	}
	err = slot_enter(slot, f);
	*keep = !err;
	return err;
}

/* One attempt: 0, or -EAGAIN if Linux changed the memory meanwhile, or an error. */
static int slot_try(struct herald_slot *slot, struct slot_fault *f)
{
	unsigned long seq = mmu_interval_read_begin(&slot->notifier);
	bool keep = false;
	int err;

	if (slot_relax(slot, f))
		return 0;
	err = slot_pin_most(slot, f);
	if (err)
		return err;
	mutex_lock(&slot->lock);
	if (mmu_interval_read_retry(&slot->notifier, seq)) {
		atomic64_inc(&slot->vm->stats.fault_retries);
		err = -EAGAIN;
	} else {
		err = slot_settle(slot, f, &keep);
	}
	mutex_unlock(&slot->lock);
	if (!keep)
		unpin_user_pages(f->pages, f->count);
	return err;
}

/*
 * Map the page at @ipa, which lies in the slot, and what can be mapped with it. @write: the VM writes it, and may.
 * @pages is room for a block's. -EFAULT: the VMM has no memory there, or not such as can be lent. -EINTR: a signal.
 * -ENOMEM.
 */
int herald_slot_map(struct herald_slot *slot, u64 ipa, bool write, struct page **pages)
{
	u64 block_ipa = ALIGN_DOWN(ipa, HUGE_SIZE);
	struct slot_fault f = {
		.block = slot_block(slot, block_ipa),
		.block_ipa = block_ipa,
		.index = (ipa - block_ipa) / PAGE_SIZE,
		.write = write,
		.pages = pages,
	};
	int err = slot_prepare(slot, f.block);

	if (err)
		return err;
	while ((err = slot_try(slot, &f)) == -EAGAIN) {
		if (signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	atomic64_inc(&slot->vm->stats.faults);
	return err == -ENOMEM || err == -EINTR ? err : err ? -EFAULT : 0;
}
