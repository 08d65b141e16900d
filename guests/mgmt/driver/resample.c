// SPDX-License-Identifier: GPL-2.0-only
/*
 * Resampled lines (KVM_IRQFD_FLAG_RESAMPLE): an irqfd raises the line, the guest's end of the interrupt lowers it, and then
 * an eventfd tells whoever raised it, who looks at his device and raises it once more if there is still reason to.
 *
 * A resampler is a GSI with all irqfds that share it. EL2 watches its SPI: it lowers the line the moment that the guest ends
 * the interrupt, and makes the vCPU leave with HERALD_EXIT_ENDED. Its thread asks which SPIs ended before it does anything
 * else. Which SPI that is follows the routes.
 */
#include <linux/slab.h>

#include "herald.h"

struct resampler {
	struct list_head link; /* in vm->resamplers */
	struct list_head fds; /* struct herald_resampled */
	u32 gsi;
	u32 spi; /* that EL2 watches for it; 0: none */
};

struct herald_resampled {
	struct list_head link;
	struct resampler *resampler;
	struct eventfd_ctx *eventfd;
};

static struct resampler *resampler_find(struct herald_vm *vm, u32 gsi)
{
	struct resampler *r;

	list_for_each_entry(r, &vm->resamplers, link)
		if (r->gsi == gsi)
			return r;
	return NULL;
}

/* GSIs may share an SPI. */
static bool resample_is_watched(struct herald_vm *vm, u32 spi)
{
	struct resampler *r;

	list_for_each_entry(r, &vm->resamplers, link)
		if (r->spi == spi)
			return true;
	return false;
}

static void resample_watch(struct herald_vm *vm, u32 spi, u32 on)
{
	herald_ioctl(vm->handle, HERALD_WATCH_LINE, spi | on);
}

/* From now on it is about @spi, or with 0 about none. */
static void resampler_set_spi(struct herald_vm *vm, struct resampler *r, u32 spi)
{
	u32 was = r->spi;

	if (spi == was)
		return;
	if (spi && !resample_is_watched(vm, spi))
		resample_watch(vm, spi, HERALD_WATCH_ON);
	r->spi = spi;
	if (was && !resample_is_watched(vm, was))
		resample_watch(vm, was, 0);
}

static struct resampler *resampler_get(struct herald_vm *vm, u32 gsi)
{
	struct resampler *r = resampler_find(vm, gsi);

	if (r)
		return r;
	r = kzalloc(sizeof(*r), GFP_KERNEL_ACCOUNT);
	if (!r)
		return NULL;
	r->gsi = gsi;
	INIT_LIST_HEAD(&r->fds);
	list_add_tail(&r->link, &vm->resamplers);
	resampler_set_spi(vm, r, herald_route_spi(vm, gsi));
	return r;
}

/* The eventfd @fd is signalled whenever the guest has ended @gsi. -EBADF, -EINVAL: no eventfd; -ENOMEM. */
struct herald_resampled *herald_resample_add(struct herald_vm *vm, u32 gsi, int fd)
{
	struct eventfd_ctx *eventfd = eventfd_ctx_fdget(fd);
	struct herald_resampled *r;

	if (IS_ERR(eventfd))
		return ERR_CAST(eventfd);
	r = kzalloc(sizeof(*r), GFP_KERNEL_ACCOUNT);
	if (!r)
		goto put;
	r->eventfd = eventfd;
	mutex_lock(&vm->resample_lock);
	r->resampler = resampler_get(vm, gsi);
	if (r->resampler)
		list_add_tail(&r->link, &r->resampler->fds);
	mutex_unlock(&vm->resample_lock);
	if (r->resampler)
		return r;
	kfree(r);
put:
	eventfd_ctx_put(eventfd);
	return ERR_PTR(-ENOMEM);
}

/* With the last one of its GSI the line goes low. @args: memory for that, which nobody else uses. */
void herald_resample_remove(struct herald_vm *vm, struct herald_resampled *r,
			    union herald_irq_args *args)
{
	struct resampler *resampler = r->resampler;

	mutex_lock(&vm->resample_lock);
	list_del(&r->link);
	if (list_empty(&resampler->fds)) {
		resampler_set_spi(vm, resampler, 0);
		herald_route_lower(vm, resampler->gsi, args);
		list_del(&resampler->link);
		kfree(resampler);
	}
	mutex_unlock(&vm->resample_lock);
	eventfd_ctx_put(r->eventfd);
	kfree(r);
}

/* The routes are others now. */
void herald_resample_rerouted(struct herald_vm *vm)
{
	struct resampler *r;

	mutex_lock(&vm->resample_lock);
	list_for_each_entry(r, &vm->resamplers, link)
		resampler_set_spi(vm, r, herald_route_spi(vm, r->gsi));
	mutex_unlock(&vm->resample_lock);
}

static void resample_signal(struct herald_vm *vm, u32 spi)
{
	struct herald_resampled *fd;
	struct resampler *r;

	list_for_each_entry(r, &vm->resamplers, link) {
		if (r->spi != spi)
			continue;
		list_for_each_entry(fd, &r->fds, link)
			herald_eventfd_signal(fd->eventfd);
	}
}

/* A vCPU's guest ended interrupts: tells of them. Once through, whatever other vCPUs do meanwhile. */
void herald_resample(struct herald_vm *vm)
{
	long spi = 0;

	mutex_lock(&vm->resample_lock);
	while ((spi = herald_ioctl(vm->handle, HERALD_NEXT_ENDED, spi)) >= 0)
		resample_signal(vm, spi++);
	mutex_unlock(&vm->resample_lock);
}
