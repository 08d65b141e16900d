// SPDX-License-Identifier: GPL-2.0-only
/*
 * Coalesced MMIO: stores to a zone are put into a ring that the VMM reads when it comes round to it. The ring is a page
 * behind struct kvm_run in the mapping of each vCPU, one for the VM. What the VMM writes into it is read once and only
 * ever an index within it.
 */
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "herald.h"

/* As many as KVM allows on a bus. */
#define COALESCED_ZONES_MAX 1000

struct herald_zone {
	struct list_head link; /* in vm->zones */
	struct kvm_coalesced_mmio_zone zone;
};

static bool zone_has(const struct herald_zone *z, u64 addr, u32 len)
{
	return addr + len >= addr && addr >= z->zone.addr &&
	       addr + len <= z->zone.addr + z->zone.size;
}

static int zone_read(struct kvm_coalesced_mmio_zone *zone, const void __user *arg)
{
	if (copy_from_user(zone, arg, sizeof(*zone)))
		return -EFAULT;
	return zone->pio > 1 ? -EINVAL : 0;
}

/* KVM_REGISTER_COALESCED_MMIO. -EINVAL: not memory, nor ports; -ENOSPC; -EFAULT; -ENOMEM. */
long herald_zone_add(struct herald_vm *vm, const void __user *arg)
{
	struct kvm_coalesced_mmio_zone zone;
	struct herald_zone *z;
	int err = zone_read(&zone, arg);

	if (err)
		return err;
	z = kzalloc(sizeof(*z), GFP_KERNEL_ACCOUNT);
	if (!z)
		return -ENOMEM;
	z->zone = zone;
	mutex_lock(&vm->io_lock);
	if (vm->nr_zones < COALESCED_ZONES_MAX) {
		list_add_tail_rcu(&z->link, &vm->zones);
		vm->nr_zones++;
	} else {
		err = -ENOSPC;
	}
	mutex_unlock(&vm->io_lock);
	if (err)
		kfree(z);
	return err;
}

/* KVM_UNREGISTER_COALESCED_MMIO: every zone around the one given, if there is any. -EINVAL, -EFAULT as above. */
long herald_zone_remove(struct herald_vm *vm, const void __user *arg)
{
	struct kvm_coalesced_mmio_zone zone;
	struct herald_zone *z, *next;
	int err = zone_read(&zone, arg);

	if (err)
		return err;
	mutex_lock(&vm->io_lock);
	list_for_each_entry_safe(z, next, &vm->zones, link)
		if (z->zone.pio == zone.pio && zone_has(z, zone.addr, zone.size)) {
			list_del_rcu(&z->link);
			vm->nr_zones--;
			synchronize_srcu_expedited(&vm->srcu);
			kfree(z);
		}
	mutex_unlock(&vm->io_lock);
	return 0;
}

/* False if the ring has no room: the VMM must be told at once. */
static bool ring_add(struct herald_vm *vm, u64 addr, u32 len, u64 data)
{
	struct kvm_coalesced_mmio_ring *ring = vm->ring;
	struct kvm_coalesced_mmio *slot;
	u32 last, next;
	bool room;

	spin_lock(&vm->ring_lock);
	last = READ_ONCE(ring->last);
	next = (last + 1) % KVM_COALESCED_MMIO_MAX;
	room = last < KVM_COALESCED_MMIO_MAX && next != READ_ONCE(ring->first);
	if (room) {
		slot = &ring->coalesced_mmio[last];
		slot->phys_addr = addr;
		slot->len = len;
		memcpy(slot->data, &data, sizeof(data));
		slot->pio = 0;
		smp_wmb(); /* the entry is there before the VMM may look at it */
		WRITE_ONCE(ring->last, next);
	}
	spin_unlock(&vm->ring_lock);
	return room;
}

/* The guest stores @len bytes: true if they are in the ring now. Under vm->srcu. */
bool herald_zone_write(struct herald_vm *vm, u64 addr, u32 len, u64 data)
{
	struct herald_zone *z;

	list_for_each_entry_srcu(z, &vm->zones, link, srcu_read_lock_held(&vm->srcu))
		if (!z->zone.pio && zone_has(z, addr, len))
			return ring_add(vm, addr, len, data);
	return false;
}

/* The VM goes. */
void herald_zones_free(struct herald_vm *vm)
{
	struct herald_zone *z, *next;

	list_for_each_entry_safe(z, next, &vm->zones, link)
		kfree(z);
}
