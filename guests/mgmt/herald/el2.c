// SPDX-License-Identifier: GPL-2.0-only
/* Requests to EL2, through the driver's /dev/kvm. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "herald.h"

static int kvm = -1;

void el2_open(void)
{
	struct herald_stats st;
	int err;

	kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (kvm < 0 && (errno == ENOENT || errno == ENODEV || errno == ENXIO))
		die("there is no /dev/kvm; load Herald's driver: modprobe herald");
	if (kvm < 0 && (errno == EACCES || errno == EPERM))
		die("/dev/kvm may not be opened: %s; run this as root", strerror(errno));
	if (kvm < 0)
		die("/dev/kvm: %s", strerror(errno));
	err = el2_request(HERALD_GET_STATS, &st);
	if (err == -EPERM)
		die("only root (CAP_SYS_ADMIN) may look into Herald");
	if (err)
		die("/dev/kvm is not Herald's, or of another version of it (%s)", strerror(-err));
}

int el2_request(unsigned long request, void *arg)
{
	int ret;

	do {
		ret = ioctl(kvm, request, arg);
	} while (ret < 0 && errno == EINTR);
	return ret < 0 ? -errno : 0;
}

struct herald_stats el2_stats(void)
{
	struct herald_stats st;
	int err = el2_request(HERALD_GET_STATS, &st);

	if (err)
		die("HERALD_GET_STATS: %s", strerror(-err));
	return st;
}

static size_t record_size(enum herald_list_kind kind)
{
	switch (kind) {
	case HERALD_LIST_VMS:
		return sizeof(struct herald_vm_info);
	case HERALD_LIST_VCPUS:
		return sizeof(struct herald_vcpu_info);
	case HERALD_LIST_SPIS:
	case HERALD_LIST_LPIS:
		return sizeof(struct herald_irq);
	case HERALD_LIST_DEVICES:
		return sizeof(struct herald_its_device);
	default:
		return sizeof(struct herald_collection);
	}
}

long el2_list(u64 vm, enum herald_list_kind kind, u32 its, void **out)
{
	struct herald_list l = { .vm = vm, .kind = kind, .its = its };
	size_t size = record_size(kind), nr = 0;
	char *all = NULL;

	while (l.cursor != HERALD_LIST_END) {
		int err = el2_request(HERALD_LIST, &l);

		if (err == -EBADF || err == -ENOENT) {
			free(all);
			*out = NULL;
			return -1;
		}
		if (err)
			die("HERALD_LIST: %s", strerror(-err));
		if (l.nr > sizeof(l.u) / size)
			die("HERALD_LIST: %u records do not fit", l.nr);
		all = realloc(all, (nr + l.nr + 1) * size);
		if (!all)
			die("no memory");
		memcpy(all + nr * size, &l.u, l.nr * size);
		nr += l.nr;
	}
	*out = all;
	return (long)nr;
}

bool el2_its(u64 vm, u32 its, struct herald_its *out)
{
	int err;

	*out = (struct herald_its){ .vm = vm, .its = its };
	err = el2_request(HERALD_GET_ITS, out);
	if (err && err != -EBADF && err != -ENOENT)
		die("HERALD_GET_ITS: %s", strerror(-err));
	return !err;
}

struct herald_vm_info *el2_vms(const struct options *o, size_t *nr)
{
	void *found;
	struct herald_vm_info *vms;
	long n = el2_list(HERALD_SYSTEM, HERALD_LIST_VMS, 0, &found), i;

	vms = found;
	*nr = n < 0 ? 0 : (size_t)n;
	if (!o->has_vm)
		return vms;
	for (i = 0; i < n; i++) {
		if (vms[i].id != o->vm)
			continue;
		vms[0] = vms[i];
		*nr = 1;
		return vms;
	}
	die("there is no VM %u; `herald ls` shows those that there are", o->vm);
}

/* The physical device that the ITS has for a DeviceID. */
static u32 requester_of(const struct herald_its_device *d, long nr, u32 devid)
{
	long i;

	for (i = 0; i < nr; i++)
		if (d[i].devid == devid)
			return d[i].requester;
	return HERALD_NONE;
}

int irq_order(const void *pa, const void *pb)
{
	const struct irq *a = pa, *b = pb;
	u64 ka = (u64)a->its << 32 | a->i.devid, kb = (u64)b->its << 32 | b->i.devid;

	if (a->handle != b->handle)
		return a->handle < b->handle ? -1 : 1;
	if (irq_is_lpi(a) != irq_is_lpi(b))
		return irq_is_lpi(b) ? -1 : 1;
	if (ka != kb)
		return ka < kb ? -1 : 1;
	if (a->i.eventid != b->i.eventid)
		return a->i.eventid < b->i.eventid ? -1 : 1;
	return a->i.intid < b->i.intid ? -1 : a->i.intid > b->i.intid;
}

static size_t irqs_add(struct irq **all, size_t nr, const struct herald_vm_info *vm, u32 its,
		       bool lpis)
{
	void *found, *devices = NULL;
	long n = el2_list(vm->handle, lpis ? HERALD_LIST_LPIS : HERALD_LIST_SPIS, its, &found), i;
	long nr_devices = lpis ? el2_list(vm->handle, HERALD_LIST_DEVICES, its, &devices) : 0;

	*all = realloc(*all, (nr + (n > 0 ? (size_t)n : 0) + 1) * sizeof(**all));
	if (!*all)
		die("no memory");
	for (i = 0; i < n; i++) {
		struct irq *irq = &(*all)[nr++];

		*irq = (struct irq){ .i = ((struct herald_irq *)found)[i],
				     .handle = vm->handle,
				     .vm = vm->id,
				     .its = its,
				     .requester = HERALD_NONE };
		if (lpis)
			irq->requester = requester_of(devices, nr_devices, irq->i.devid);
	}
	free(found);
	free(devices);
	return nr;
}

size_t el2_irqs(const struct herald_vm_info *vm, struct irq **out)
{
	struct irq *all = NULL;
	size_t nr = irqs_add(&all, 0, vm, 0, false);
	u32 its;

	for (its = 0; its < vm->nr_its; its++)
		nr = irqs_add(&all, nr, vm, its, true);
	qsort(all, nr, sizeof(*all), irq_order);
	*out = all;
	return nr;
}
