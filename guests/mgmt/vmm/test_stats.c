// SPDX-License-Identifier: GPL-2.0-only
/* KVM_GET_STATS_FD: the layout, and that something is counted. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vmm.h"

#define ROOM 65536

struct stats {
	u8 *buf;
	struct kvm_stats_header header;
};

static const struct kvm_stats_desc *desc(const struct stats *s, u32 i)
{
	return (const void *)(s->buf + s->header.desc_offset +
			      i * (sizeof(struct kvm_stats_desc) + s->header.name_size));
}

static bool desc_is_good(const struct stats *s, const struct kvm_stats_desc *d, size_t size)
{
	return (d->flags & KVM_STATS_TYPE_MASK) <= KVM_STATS_TYPE_MAX && d->size && d->name[0] &&
	       strnlen(d->name, s->header.name_size) < s->header.name_size &&
	       s->header.data_offset + d->offset + d->size * sizeof(u64) <= size;
}

/* A descriptor's contents, which must be well made. */
static void check(struct stats *s, int fd, const char *name)
{
	ssize_t size = pread(fd, s->buf, ROOM, 0);
	u32 i, good = 0;

	if (size < (ssize_t)sizeof(s->header))
		fail("statistics");
	memcpy(&s->header, s->buf, sizeof(s->header));
	equal(s->header.flags, 0, "%s: no flags", name);
	point(s->header.num_desc > 0 && s->header.name_size > 0, "%s: there are some", name);
	point(s->header.id_offset >= sizeof(s->header) &&
		      s->header.desc_offset >= s->header.id_offset + s->header.name_size &&
		      s->header.data_offset >= s->header.desc_offset,
	      "%s: header, name, descriptions and data do not overlap", name);
	point(s->buf[s->header.id_offset], "%s: it has a name", name);
	for (i = 0; i < s->header.num_desc; i++)
		good += desc_is_good(s, desc(s, i), (size_t)size);
	equal(good, s->header.num_desc, "%s: all descriptions are good", name);
}

/* 0 if it is not there. */
static u64 value(const struct stats *s, int fd, const char *name)
{
	u64 val = 0;
	u32 i;

	for (i = 0; i < s->header.num_desc; i++)
		if (!strcmp(desc(s, i)->name, name) &&
		    pread(fd, &val, sizeof(val), s->header.data_offset + desc(s, i)->offset) !=
			    sizeof(val))
			fail(name);
	return val;
}

void test_stats(void)
{
	struct stats s = { .buf = malloc(ROOM) };
	int vm_fd, vcpu_fd;
	u64 result, before;
	struct vm vm;
	u8 byte;

	vm_new(&vm, 1);
	vm_fd = xioctl(vm.fd, KVM_GET_STATS_FD, 0);
	vcpu_fd = xioctl(vm.vcpu[0].fd, KVM_GET_STATS_FD, 0);
	point(vm_fd >= 0 && vcpu_fd >= 0, "descriptors of a VM's and a vCPU's statistics");
	check(&s, vm_fd, "VM");
	equal(pread(vm_fd, &byte, 1, ROOM), 0, "nothing is behind them");
	equal(write(vm_fd, &byte, 1) < 0 ? -errno : 0, -EBADF, "they cannot be written");
	check(&s, vcpu_fd, "vCPU");
	before = value(&s, vcpu_fd, "exits");
	guest_start_at(&vm.vcpu[0], guest_store, MMIO_IPA, 1, 8);
	equal(run(&vm.vcpu[0]), 0, "the guest runs");
	point(run_to_exit(&vm.vcpu[0], &result), "to its end");
	point(value(&s, vcpu_fd, "exits") >= before + 2, "its exits are counted");
	point(value(&s, vcpu_fd, "mmio_exit_user") >= 2, "and its accesses to the VMM");
	vm_free(&vm);
	check(&s, vcpu_fd, "vCPU when its VM's descriptors are closed");
	point(value(&s, vcpu_fd, "exits") >= before + 2, "the counters are there");
	close(vm_fd);
	close(vcpu_fd);
	free(s.buf);
}
