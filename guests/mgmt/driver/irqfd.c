// SPDX-License-Identifier: GPL-2.0-only
/*
 * irqfds: an eventfd that raises a GSI when it is signalled.
 *
 * The signal is taken in the eventfd's wake-up, with interrupts masked: one hypercall does it, from memory that the irqfd
 * has for that. If EL2 wants to be called again, a worker goes on.
 *
 * An irqfd ends by KVM_IRQFD's DEASSIGN, when its eventfd is closed by all, or with the VM's descriptor. Who ends it takes
 * it off vm->irqfds under vm->irqfds_lock (so only one does), and leaves the rest to irqfd_shutdown() on a queue of its
 * own: the wake-up of a closed eventfd must not wait for anything. Who must know that it has come to its end flushes that
 * queue.
 *
 * With KVM_IRQFD_FLAG_RESAMPLE the line stays up until the guest ends the interrupt: resample.c.
 */
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/workqueue.h>

#include "herald.h"

struct herald_irqfd {
	struct herald_vm *vm;
	struct list_head link; /* in vm->irqfds */
	u32 gsi;
	struct eventfd_ctx *eventfd;
	struct herald_resampled *resampled; /* NULL: its line stays up */
	wait_queue_entry_t wait; /* in the eventfd's queue */
	poll_table poll;
	struct work_struct inject;
	struct work_struct shutdown;
	union herald_irq_args
		wake_args; /* for irqfd_wake(), which the eventfd's lock lets in one by one */
	union herald_irq_args inject_args; /* for irqfd_inject() */
};

static struct workqueue_struct *irqfd_queue;

static void irqfd_inject(struct work_struct *work)
{
	struct herald_irqfd *irqfd = container_of(work, struct herald_irqfd, inject);

	while (herald_route_raise(irqfd->vm, irqfd->gsi, &irqfd->inject_args) == HERALD_AGAIN)
		cond_resched();
}

/* Nobody listens for it, and nobody injects. */
static void irqfd_free(struct herald_irqfd *irqfd)
{
	if (irqfd->resampled)
		herald_resample_remove(irqfd->vm, irqfd->resampled, &irqfd->inject_args);
	eventfd_ctx_put(irqfd->eventfd);
	kfree(irqfd);
}

static void irqfd_shutdown(struct work_struct *work)
{
	struct herald_irqfd *irqfd = container_of(work, struct herald_irqfd, shutdown);
	u64 count;

	/* Whoever made it is through with it: irqfd_watch(). */
	synchronize_srcu_expedited(&irqfd->vm->srcu);
	eventfd_ctx_remove_wait_queue(irqfd->eventfd, &irqfd->wait, &count);
	flush_work(&irqfd->inject);
	irqfd_free(irqfd);
}

/* Under vm->irqfds_lock. */
static void irqfd_end(struct herald_irqfd *irqfd)
{
	list_del_init(&irqfd->link);
	queue_work(irqfd_queue, &irqfd->shutdown);
}

/* The eventfd was signalled or closed. Under its lock, interrupts masked. */
static int irqfd_wake(wait_queue_entry_t *wait, unsigned int mode, int sync, void *key)
{
	struct herald_irqfd *irqfd = container_of(wait, struct herald_irqfd, wait);
	struct herald_vm *vm = irqfd->vm;
	__poll_t events = key_to_poll(key);
	unsigned long flags;
	u64 count;

	if (events & EPOLLIN) {
		eventfd_ctx_do_read(irqfd->eventfd, &count);
		if (herald_route_raise(vm, irqfd->gsi, &irqfd->wake_args) == HERALD_AGAIN)
			schedule_work(&irqfd->inject);
	}
	if (events & EPOLLHUP) {
		spin_lock_irqsave(&vm->irqfds_lock, flags);
		if (!list_empty(&irqfd->link))
			irqfd_end(irqfd);
		spin_unlock_irqrestore(&vm->irqfds_lock, flags);
	}
	return !!(events & EPOLLIN);
}

static void irqfd_queue_proc(struct file *file, wait_queue_head_t *queue, poll_table *poll)
{
	struct herald_irqfd *irqfd = container_of(poll, struct herald_irqfd, poll);

	/* Before others that wait for the eventfd: what the irqfd takes, they do not see. */
	add_wait_queue_priority(queue, &irqfd->wait);
}

/* -EBUSY: the eventfd is an irqfd of this VM already. */
static int irqfd_add(struct herald_vm *vm, struct herald_irqfd *irqfd)
{
	struct herald_irqfd *other;
	int err = 0;

	spin_lock_irq(&vm->irqfds_lock);
	list_for_each_entry(other, &vm->irqfds, link)
		if (other->eventfd == irqfd->eventfd)
			err = -EBUSY;
	if (!err)
		list_add_tail(&irqfd->link, &vm->irqfds);
	spin_unlock_irq(&vm->irqfds_lock);
	return err;
}

/* From the moment that it is in the list others may end it; under vm->srcu it is there all the same. */
static int irqfd_watch(struct herald_vm *vm, struct herald_irqfd *irqfd, struct file *file)
{
	int idx = srcu_read_lock(&vm->srcu);
	int err = irqfd_add(vm, irqfd);

	if (!err && (vfs_poll(file, &irqfd->poll) & EPOLLIN))
		schedule_work(&irqfd->inject); /* it was signalled before */
	srcu_read_unlock(&vm->srcu, idx);
	return err;
}

static struct herald_irqfd *irqfd_alloc(struct herald_vm *vm, u32 gsi, struct eventfd_ctx *eventfd)
{
	struct herald_irqfd *irqfd = kzalloc(sizeof(*irqfd), GFP_KERNEL_ACCOUNT);

	if (!irqfd)
		return NULL;
	irqfd->vm = vm;
	irqfd->gsi = gsi;
	irqfd->eventfd = eventfd;
	INIT_WORK(&irqfd->inject, irqfd_inject);
	INIT_WORK(&irqfd->shutdown, irqfd_shutdown);
	init_waitqueue_func_entry(&irqfd->wait, irqfd_wake);
	init_poll_funcptr(&irqfd->poll, irqfd_queue_proc);
	return irqfd;
}

/* All of it but its being listened to. */
static struct herald_irqfd *irqfd_make(struct herald_vm *vm, const struct kvm_irqfd *args,
				       struct file *file)
{
	struct eventfd_ctx *eventfd = eventfd_ctx_fileget(file);
	struct herald_resampled *resampled;
	struct herald_irqfd *irqfd;

	if (IS_ERR(eventfd))
		return ERR_CAST(eventfd);
	irqfd = irqfd_alloc(vm, args->gsi, eventfd);
	if (!irqfd) {
		eventfd_ctx_put(eventfd);
		return ERR_PTR(-ENOMEM);
	}
	if (args->flags & KVM_IRQFD_FLAG_RESAMPLE) {
		resampled = herald_resample_add(vm, args->gsi, args->resamplefd);
		if (IS_ERR(resampled)) {
			irqfd_free(irqfd);
			return ERR_CAST(resampled);
		}
		irqfd->resampled = resampled;
	}
	return irqfd;
}

static int irqfd_new(struct herald_vm *vm, const struct kvm_irqfd *args, struct file *file)
{
	struct herald_irqfd *irqfd = irqfd_make(vm, args, file);
	int err;

	if (IS_ERR(irqfd))
		return PTR_ERR(irqfd);
	err = irqfd_watch(vm, irqfd, file);
	if (err)
		irqfd_free(irqfd);
	return err;
}

static long irqfd_assign(struct herald_vm *vm, const struct kvm_irqfd *args)
{
	struct file *file;
	long ret;

	/* Then the routes are there: device_gic_ready(). */
	if (!smp_load_acquire(&vm->gic_ready))
		return -EAGAIN;
	file = fget(args->fd);
	if (!file)
		return -EBADF;
	ret = irqfd_new(vm, args, file);
	fput(file);
	return ret;
}

/* When this returns the eventfd raises nothing any more. */
static long irqfd_deassign(struct herald_vm *vm, const struct kvm_irqfd *args)
{
	struct eventfd_ctx *eventfd = eventfd_ctx_fdget(args->fd);
	struct herald_irqfd *irqfd, *next;

	if (IS_ERR(eventfd))
		return PTR_ERR(eventfd);
	spin_lock_irq(&vm->irqfds_lock);
	list_for_each_entry_safe(irqfd, next, &vm->irqfds, link)
		if (irqfd->eventfd == eventfd && irqfd->gsi == args->gsi)
			irqfd_end(irqfd);
	spin_unlock_irq(&vm->irqfds_lock);
	eventfd_ctx_put(eventfd);
	flush_workqueue(irqfd_queue);
	return 0;
}

/*
 * KVM_IRQFD. -EINVAL: flags; -EAGAIN: the GIC is not initialised; -EBADF, -EINVAL: no eventfd, or no resamplefd; -EBUSY: it
 * is one already; -EFAULT; -ENOMEM.
 */
long herald_irqfd(struct herald_vm *vm, struct kvm_irqfd __user *arg)
{
	struct kvm_irqfd args;

	if (copy_from_user(&args, arg, sizeof(args)))
		return -EFAULT;
	if (args.flags & ~(KVM_IRQFD_FLAG_DEASSIGN | KVM_IRQFD_FLAG_RESAMPLE))
		return -EINVAL;
	if (args.flags & KVM_IRQFD_FLAG_DEASSIGN)
		return irqfd_deassign(vm, &args);
	return irqfd_assign(vm, &args);
}

/* The VM's descriptor is closed: all its irqfds end before this returns. */
void herald_irqfds_release(struct herald_vm *vm)
{
	struct herald_irqfd *irqfd, *next;

	spin_lock_irq(&vm->irqfds_lock);
	list_for_each_entry_safe(irqfd, next, &vm->irqfds, link)
		irqfd_end(irqfd);
	spin_unlock_irq(&vm->irqfds_lock);
	flush_workqueue(irqfd_queue);
}

int herald_irqfd_init(void)
{
	irqfd_queue = alloc_workqueue("herald-irqfd", 0, 0);
	return irqfd_queue ? 0 : -ENOMEM;
}

void herald_irqfd_exit(void)
{
	destroy_workqueue(irqfd_queue);
}
