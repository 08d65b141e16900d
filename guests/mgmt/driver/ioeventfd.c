// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioeventfds: a store of the guest to an address, of a given length and value if the VMM says so, signals an eventfd. The
 * vCPU goes on without leaving KVM_RUN.
 *
 * They are hashed by address. Changes are under vm->io_lock; a vCPU looks under vm->srcu.
 */
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "herald.h"

struct herald_ioeventfd {
	struct hlist_node
		node; /* in vm->ioeventfds; those of other buses than memory never match */
	u32 bus; /* IOEVENTFD_BUS flags */
	u32 len; /* 0: any */
	u64 addr;
	bool match; /* only this value: */
	u64 value;
	struct eventfd_ctx *eventfd;
};

#define IOEVENTFD_BUS (KVM_IOEVENTFD_FLAG_PIO | KVM_IOEVENTFD_FLAG_VIRTIO_CCW_NOTIFY)

static bool ioeventfd_meets(const struct herald_ioeventfd *a, const struct herald_ioeventfd *b)
{
	if (a->bus != b->bus || a->addr != b->addr)
		return false;
	if (!a->len || !b->len)
		return true;
	return a->len == b->len && (!a->match || !b->match || a->value == b->value);
}

static int ioeventfd_check(const struct kvm_ioeventfd *args)
{
	if (args->len > 8 || (args->len & (args->len - 1)))
		return -EINVAL;
	if (args->addr + args->len < args->addr)
		return -EINVAL;
	if (args->flags & ~KVM_IOEVENTFD_VALID_FLAG_MASK)
		return -EINVAL;
	return !args->len && (args->flags & KVM_IOEVENTFD_FLAG_DATAMATCH) ? -EINVAL : 0;
}

static void ioeventfd_init(struct herald_ioeventfd *io, const struct kvm_ioeventfd *args,
			   struct eventfd_ctx *eventfd)
{
	io->bus = args->flags & IOEVENTFD_BUS;
	io->len = args->len;
	io->addr = args->addr;
	io->match = args->flags & KVM_IOEVENTFD_FLAG_DATAMATCH;
	io->value = io->match ? args->datamatch : 0;
	io->eventfd = eventfd;
}

static void ioeventfd_free(struct herald_ioeventfd *io)
{
	eventfd_ctx_put(io->eventfd);
	kfree(io);
}

static int ioeventfd_add(struct herald_vm *vm, struct herald_ioeventfd *io)
{
	struct herald_ioeventfd *other;

	hash_for_each_possible(vm->ioeventfds, other, node, io->addr)
		if (ioeventfd_meets(io, other))
			return -EEXIST;
	hash_add_rcu(vm->ioeventfds, &io->node, io->addr);
	return 0;
}

static long ioeventfd_assign(struct herald_vm *vm, const struct kvm_ioeventfd *args)
{
	struct herald_ioeventfd *io;
	struct eventfd_ctx *eventfd;
	long ret = ioeventfd_check(args);

	if (ret)
		return ret;
	eventfd = eventfd_ctx_fdget(args->fd);
	if (IS_ERR(eventfd))
		return PTR_ERR(eventfd);
	io = kzalloc(sizeof(*io), GFP_KERNEL_ACCOUNT);
	if (!io) {
		eventfd_ctx_put(eventfd);
		return -ENOMEM;
	}
	ioeventfd_init(io, args, eventfd);
	mutex_lock(&vm->io_lock);
	ret = ioeventfd_add(vm, io);
	mutex_unlock(&vm->io_lock);
	if (ret)
		ioeventfd_free(io);
	return ret;
}

static struct herald_ioeventfd *ioeventfd_take(struct herald_vm *vm,
					       const struct herald_ioeventfd *want)
{
	struct herald_ioeventfd *io;

	hash_for_each_possible(vm->ioeventfds, io, node, want->addr)
		if (io->bus == want->bus && io->addr == want->addr && io->len == want->len &&
		    io->eventfd == want->eventfd && io->match == want->match &&
		    io->value == want->value) {
			hash_del_rcu(&io->node);
			return io;
		}
	return NULL;
}

static long ioeventfd_deassign(struct herald_vm *vm, const struct kvm_ioeventfd *args)
{
	struct eventfd_ctx *eventfd = eventfd_ctx_fdget(args->fd);
	struct herald_ioeventfd want, *io;

	if (IS_ERR(eventfd))
		return PTR_ERR(eventfd);
	ioeventfd_init(&want, args, eventfd);
	mutex_lock(&vm->io_lock);
	io = ioeventfd_take(vm, &want);
	mutex_unlock(&vm->io_lock);
	eventfd_ctx_put(eventfd);
	if (!io)
		return -ENOENT;
	synchronize_srcu_expedited(&vm->srcu);
	ioeventfd_free(io);
	return 0;
}

/*
 * KVM_IOEVENTFD. -EINVAL: length, wrap, flags, a value with no length; -EEXIST: it could not be told from another;
 * -ENOENT: none to deassign; -EBADF, -EINVAL: no eventfd; -EFAULT; -ENOMEM.
 */
long herald_ioeventfd(struct herald_vm *vm, struct kvm_ioeventfd __user *arg)
{
	struct kvm_ioeventfd args;

	if (copy_from_user(&args, arg, sizeof(args)))
		return -EFAULT;
	if (args.flags & KVM_IOEVENTFD_FLAG_DEASSIGN)
		return ioeventfd_deassign(vm, &args);
	return ioeventfd_assign(vm, &args);
}

/* The guest stores @len bytes: true if that is an ioeventfd's, which is signalled. Under vm->srcu. */
bool herald_ioeventfd_write(struct herald_vm *vm, u64 addr, u32 len, u64 data)
{
	struct herald_ioeventfd *io;

	hash_for_each_possible_rcu(vm->ioeventfds, io, node, addr, srcu_read_lock_held(&vm->srcu))
		if (io->addr == addr && !io->bus && (!io->len || io->len == len) &&
		    (!io->match || io->value == data)) {
			herald_eventfd_signal(io->eventfd);
			return true;
		}
	return false;
}

/* The VM goes. */
void herald_ioeventfds_free(struct herald_vm *vm)
{
	struct herald_ioeventfd *io;
	struct hlist_node *next;
	int bucket;

	hash_for_each_safe(vm->ioeventfds, bucket, next, io, node) {
		hash_del(&io->node);
		ioeventfd_free(io);
	}
}
