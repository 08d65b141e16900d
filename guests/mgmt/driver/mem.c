// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory slots: which part of the VMM's memory the VM has where. EL2 knows nothing of them; the driver looks a fault up
 * here, and what lies in no slot is the VMM's to emulate.
 */
#include <linux/uaccess.h>

#include "herald.h"

#define MEM_SLOT_PAGES_MAX ((1ul << 31) - 1)

static struct herald_slot *slot_of(struct rb_node *node)
{
	return rb_entry_safe(node, struct herald_slot, node);
}

static struct herald_slot *mem_find(struct herald_vm *vm, u64 ipa)
{
	struct rb_node *node = vm->by_ipa.rb_node;
	struct herald_slot *slot;

	while (node) {
		slot = slot_of(node);
		if (ipa < slot->ipa)
			node = node->rb_left;
		else if (ipa - slot->ipa >= slot->size)
			node = node->rb_right;
		else
			return slot;
	}
	return NULL;
}

static void mem_insert(struct herald_vm *vm, struct herald_slot *slot)
{
	struct rb_node **link = &vm->by_ipa.rb_node, *parent = NULL;

	while (*link) {
		parent = *link;
		link = slot->ipa < slot_of(parent)->ipa ? &parent->rb_left : &parent->rb_right;
	}
	rb_link_node(&slot->node, parent, link);
	rb_insert_color(&slot->node, &vm->by_ipa);
}

/* Does the range meet a slot other than @except? */
static bool mem_overlaps(struct herald_vm *vm, u64 ipa, u64 size, struct herald_slot *except)
{
	struct rb_node *node = vm->by_ipa.rb_node;
	struct herald_slot *slot = NULL;

	/* The last slot that begins below the range's end. Slots do not overlap, so only it and, if it is the one that
	 * does not count, the one before can reach into the range.
	 */
	while (node) {
		if (slot_of(node)->ipa < ipa + size) {
			slot = slot_of(node);
			node = node->rb_right;
		} else {
			node = node->rb_left;
		}
	}
	if (slot && slot == except)
		slot = slot_of(rb_prev(&slot->node));
	return slot && slot->ipa + slot->size > ipa;
}

/* As in KVM the upper half of a slot's number is that of an address space, of which arm64 has one: 0. */
static bool mem_id_is_good(u32 id)
{
	return id < HERALD_MAX_SLOTS;
}

/* -EINVAL for what no slot can be, as KVM says it. */
static int mem_check(const struct kvm_userspace_memory_region *r)
{
	if (r->flags & ~(KVM_MEM_READONLY | KVM_MEM_LOG_DIRTY_PAGES))
		return -EINVAL;
	if ((r->memory_size | r->guest_phys_addr | r->userspace_addr) & ~PAGE_MASK)
		return -EINVAL;
	if (r->userspace_addr != untagged_addr(r->userspace_addr) ||
	    !access_ok((void __user *)(unsigned long)r->userspace_addr, r->memory_size))
		return -EINVAL;
	if (!mem_id_is_good(r->slot))
		return -EINVAL;
	if (r->guest_phys_addr + r->memory_size < r->guest_phys_addr)
		return -EINVAL;
	return r->memory_size >> PAGE_SHIFT > MEM_SLOT_PAGES_MAX ? -EINVAL : 0;
}

static void mem_delete(struct herald_vm *vm, struct herald_slot *slot)
{
	rb_erase(&slot->node, &vm->by_ipa);
	xa_erase(&vm->slots, slot->id);
	herald_slot_free(slot);
}

/* A new slot, in the place of @old if that is there: it moves, and what was mapped of it goes. */
static int mem_create(struct herald_vm *vm, const struct kvm_userspace_memory_region *r,
		      struct herald_slot *old)
{
	struct herald_slot *slot;
	int err;

	if (mem_overlaps(vm, r->guest_phys_addr, r->memory_size, old))
		return -EEXIST;
	if (r->guest_phys_addr + r->memory_size > vm->ipa_end)
		return -EFAULT;
	slot = herald_slot_new(vm, r);
	if (IS_ERR(slot))
		return PTR_ERR(slot);
	err = xa_err(xa_store(&vm->slots, slot->id, slot, GFP_KERNEL_ACCOUNT));
	if (err) {
		herald_slot_free(slot);
		return err;
	}
	if (old) {
		if (old->dirty && slot->dirty)
			swap(old->dirty, slot->dirty); /* the log goes with it */
		rb_erase(&old->node, &vm->by_ipa);
		herald_slot_free(old);
	}
	mem_insert(vm, slot);
	return 0;
}

static int mem_change(struct herald_vm *vm, const struct kvm_userspace_memory_region *r)
{
	struct herald_slot *old = xa_load(&vm->slots, r->slot);

	if (!r->memory_size) {
		if (!old)
			return -EINVAL;
		mem_delete(vm, old);
		return 0;
	}
	if (!old)
		return mem_create(vm, r, NULL);
	if (r->userspace_addr != old->hva || r->memory_size != old->size ||
	    ((r->flags ^ old->flags) & KVM_MEM_READONLY))
		return -EINVAL;
	if (r->guest_phys_addr != old->ipa)
		return mem_create(vm, r, old);
	return r->flags == old->flags ? 0 : herald_slot_set_flags(old, r->flags);
}

/* KVM_SET_USER_MEMORY_REGION: -EINVAL, -EEXIST (it overlaps another), -EFAULT (beyond the VM's space), -ENOMEM. */
int herald_set_memory(struct herald_vm *vm, const struct kvm_userspace_memory_region *region)
{
	int err = mem_check(region);

	if (err)
		return err;
	down_write(&vm->slots_lock);
	err = mem_change(vm, region);
	up_write(&vm->slots_lock);
	return err;
}

/* The slot of a number that the VMM gave: NULL if there is none, -EINVAL if there cannot be. Under vm->slots_lock. */
struct herald_slot *herald_mem_slot(struct herald_vm *vm, u32 id)
{
	if (!mem_id_is_good(id))
		return ERR_PTR(-EINVAL);
	return xa_load(&vm->slots, id);
}

/*
 * Must the page be writable for what faulted? A table walk only ever reads what it does not find, and writes (the access
 * and dirty flags) what it may not. Maintenance of caches may need the permission.
 */
static bool mem_fault_writes(u64 flags)
{
	if (flags & HERALD_FAULT_WALK)
		return flags & HERALD_FAULT_PERMISSION;
	return (flags & HERALD_FAULT_WRITE) ||
	       ((flags & HERALD_FAULT_CACHE) && (flags & HERALD_FAULT_PERMISSION));
}

/*
 * The VM met a page that is not mapped, or not for writing. Maps it, if a slot has it: 0, the VM can go on. -ENOENT: no
 * slot has it, or it is to be written and read-only: the VMM's. -EFAULT: the VMM has nothing at that address. @pages is
 * room for a block's.
 */
int herald_fault(struct herald_vm *vm, u64 ipa, u64 flags, struct page **pages)
{
	bool write = mem_fault_writes(flags);
	struct herald_slot *slot;
	int err = -ENOENT;

	if (down_read_killable(&vm->slots_lock))
		return -EINTR;
	slot = mem_find(vm, ipa);
	if (slot && !(write && (slot->flags & KVM_MEM_READONLY)))
		err = herald_slot_map(slot, ipa, write, pages);
	up_read(&vm->slots_lock);
	return err;
}

/* Is there memory of the VMM behind @ipa that the VM may write? */
bool herald_has_guest(struct herald_vm *vm, u64 ipa)
{
	struct herald_slot *slot;
	bool has;

	down_read(&vm->slots_lock);
	slot = mem_find(vm, ipa);
	has = slot && !(slot->flags & KVM_MEM_READONLY);
	up_read(&vm->slots_lock);
	return has;
}

static int mem_copy(struct herald_vm *vm, u64 ipa, void *to, const void *from, size_t size)
{
	struct herald_slot *slot;
	unsigned long left = size;

	down_read(&vm->slots_lock);
	slot = mem_find(vm, ipa);
	if (slot && !to && (slot->flags & KVM_MEM_READONLY))
		slot = NULL;
	if (slot && to)
		left = copy_from_user(to, (void __user *)(slot->hva + (ipa - slot->ipa)), size);
	else if (slot)
		left = copy_to_user((void __user *)(slot->hva + (ipa - slot->ipa)), from, size);
	if (slot && !to && !left)
		herald_slot_mark(slot, ipa);
	up_read(&vm->slots_lock);
	return left ? -EFAULT : 0;
}

/* The VM's memory, as its VMM has it; within one page. -EFAULT: also to write what the VM may only read. */
int herald_read_guest(struct herald_vm *vm, u64 ipa, void *buf, size_t size)
{
	return mem_copy(vm, ipa, buf, NULL, size);
}

int herald_write_guest(struct herald_vm *vm, u64 ipa, const void *buf, size_t size)
{
	return mem_copy(vm, ipa, NULL, buf, size);
}

/* The VM goes: nobody uses it any more. */
void herald_mem_release(struct herald_vm *vm)
{
	struct herald_slot *slot;

	while ((slot = slot_of(rb_first(&vm->by_ipa))))
		mem_delete(vm, slot);
	xa_destroy(&vm->slots);
}
