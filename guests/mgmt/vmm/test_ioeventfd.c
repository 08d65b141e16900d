// SPDX-License-Identifier: GPL-2.0-only
/* Stores that do not leave KVM_RUN: ioeventfds and coalesced MMIO. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "vmm.h"

#define BELL (MMIO_IPA + 0x800)
#define MATCH KVM_IOEVENTFD_FLAG_DATAMATCH
#define DEASSIGN KVM_IOEVENTFD_FLAG_DEASSIGN

static int bell(struct vm *vm, int fd, u64 addr, u32 len, u32 flags, u64 match)
{
	struct kvm_ioeventfd args = {
		.fd = fd,
		.addr = addr,
		.len = len,
		.flags = flags,
		.datamatch = match,
	};

	return xioctl(vm->fd, KVM_IOEVENTFD, (unsigned long)&args);
}

/* How often the eventfd was signalled since the last look. */
static u64 rung(int fd)
{
	u64 count = 0;

	return read(fd, &count, sizeof(count)) == sizeof(count) ? count : 0;
}

static void test_errors(struct vm *vm, int fd)
{
	equal(bell(vm, fd, BELL, 3, 0, 0), -EINVAL, "three bytes");
	equal(bell(vm, fd, BELL, 16, 0, 0), -EINVAL, "sixteen");
	equal(bell(vm, fd, ~0ull, 8, 0, 0), -EINVAL, "an address that wraps");
	equal(bell(vm, fd, BELL, 8, 0x80, 0), -EINVAL, "an unknown flag");
	equal(bell(vm, fd, BELL, 0, MATCH, 0), -EINVAL, "a value of no length");
	equal(bell(vm, -1, BELL, 8, 0, 0), -EBADF, "no descriptor");
	equal(bell(vm, vm->fd, BELL, 8, 0, 0), -EINVAL, "a descriptor of something else");
	equal(bell(vm, fd, BELL, 8, DEASSIGN, 0), -ENOENT, "one to deassign that is not there");
	equal(bell(vm, -1, BELL, 8, DEASSIGN, 0), -EBADF, "and of no descriptor");
	equal(xioctl(vm->fd, KVM_IOEVENTFD, 8), -EFAULT, "a struct that is not there");
}

static void test_meet(struct vm *vm, int fd, int other)
{
	equal(bell(vm, fd, BELL, 4, MATCH, 1), 0, "a value");
	equal(bell(vm, other, BELL, 4, MATCH, 2), 0, "another value at the same address");
	equal(bell(vm, other, BELL, 4, MATCH, 1), -EEXIST, "the first value again");
	equal(bell(vm, other, BELL, 4, 0, 0), -EEXIST, "any value");
	equal(bell(vm, other, BELL, 0, 0, 0), -EEXIST, "any length");
	equal(bell(vm, other, BELL, 2, 0, 0), 0, "another length");
	equal(bell(vm, other, BELL, 4, KVM_IOEVENTFD_FLAG_PIO, 0), 0, "the same as a port");
	equal(bell(vm, other, BELL, 4, DEASSIGN | MATCH, 1), -ENOENT, "with another eventfd");
	equal(bell(vm, fd, BELL, 4, DEASSIGN, 1), -ENOENT, "without its value");
	equal(bell(vm, fd, BELL, 4, DEASSIGN | MATCH, 1), 0, "deassigned");
	equal(bell(vm, other, BELL, 4, DEASSIGN | MATCH, 2), 0, "the second");
	equal(bell(vm, other, BELL, 2, DEASSIGN, 0), 0, "the third");
	equal(bell(vm, other, BELL, 4, DEASSIGN | KVM_IOEVENTFD_FLAG_PIO, 0), 0, "the port");
}

static void test_ring(struct vm *vm, int fd)
{
	struct vcpu *v = &vm->vcpu[0];
	u32 len;

	for (len = 1; len <= 8; len *= 2) {
		equal(bell(vm, fd, BELL, len, 0, 0), 0, "%u bytes", len);
		point(store(v, BELL, 0x1234, len) && rung(fd) == 1, "a store of %u bytes", len);
		point(!store(v, BELL, 1, len == 8 ? 4 : 8) && rung(fd) == 0,
		      "one of another length is the VMM's");
		point(!store(v, BELL + 8, 1, len) && rung(fd) == 0, "one beside it, too");
		equal(bell(vm, fd, BELL, len, DEASSIGN, 0), 0, "deassigned");
		point(!store(v, BELL, 0x1234, len) && rung(fd) == 0, "then it is the VMM's");
	}
	equal(bell(vm, fd, BELL, 0, 0, 0), 0, "any length");
	for (len = 1; len <= 8; len *= 2)
		point(store(v, BELL, 7, len) && rung(fd) == 1, "a store of %u bytes", len);
	equal(bell(vm, fd, BELL, 0, DEASSIGN, 0), 0, "deassigned");
	equal(bell(vm, fd, BELL, 2, MATCH, 0x8001), 0, "a value of two bytes");
	point(store(v, BELL, 0x18001, 2) && rung(fd) == 1, "is met");
	point(!store(v, BELL, 0x8002, 2) && rung(fd) == 0 && *(u16 *)v->run->mmio.data == 0x8002,
	      "another is the VMM's");
	equal(bell(vm, fd, BELL, 2, DEASSIGN | MATCH, 0x8001), 0, "deassigned");
}

static struct kvm_coalesced_mmio_ring *ring_map(struct vm *vm)
{
	long offset = xioctl(vm->fd, KVM_CHECK_EXTENSION, KVM_CAP_COALESCED_MMIO) * 4096;
	void *ring = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, vm->vcpu[0].fd, offset);

	if (ring == MAP_FAILED)
		fail("mmap of the ring");
	return ring;
}

static int zone(struct vm *vm, unsigned long request, u64 addr, u32 size, u32 pio)
{
	struct kvm_coalesced_mmio_zone z = { .addr = addr, .size = size, .pio = pio };

	return xioctl(vm->fd, request, (unsigned long)&z);
}

static void test_zone(struct vm *vm)
{
	struct kvm_coalesced_mmio_ring *ring = ring_map(vm);
	struct vcpu *v = &vm->vcpu[0];
	u32 i, max = (4096 - sizeof(*ring)) / sizeof(ring->coalesced_mmio[0]);

	equal(zone(vm, KVM_REGISTER_COALESCED_MMIO, BELL, 0x100, 2), -EINVAL, "what is no bus");
	equal(zone(vm, KVM_UNREGISTER_COALESCED_MMIO, BELL, 0x100, 0), 0,
	      "unregistering what is not there");
	equal(zone(vm, KVM_REGISTER_COALESCED_MMIO, BELL, 0x100, 0), 0, "a zone");
	point(store(v, BELL + 0x10, 0x1122334455667788, 4), "a store to it does not leave KVM_RUN");
	equal(ring->first, 0, "the ring's beginning");
	equal(ring->last, 1, "its end");
	equal(ring->coalesced_mmio[0].phys_addr, BELL + 0x10, "the store's address");
	equal(ring->coalesced_mmio[0].len, 4, "its length");
	equal(*(u32 *)ring->coalesced_mmio[0].data, 0x55667788, "its data");
	point(!store(v, BELL + 0x100, 1, 4), "a store behind the zone does");
	point(!store(v, BELL + 0xfe, 1, 4), "one across its end, too");
	for (i = 1; i < max - 1; i++)
		if (!store(v, BELL, i, 8))
			break;
	equal(i, max - 1, "the ring takes %u stores", max - 1);
	point(!store(v, BELL, 99, 8), "then it is full");
	ring->first = ring->last;
	point(store(v, BELL, 99, 8), "and has room when the VMM has read it");
	ring->last = 0xffffffff;
	point(!store(v, BELL, 99, 8), "an index out of the ring: it has no room");
	ring->last = ring->first = 0;
	equal(zone(vm, KVM_UNREGISTER_COALESCED_MMIO, BELL + 0x10, 0x10, 0), 0,
	      "a part of it is unregistered");
	point(!store(v, BELL, 99, 8), "then it has gone");
	munmap(ring, 4096);
}

void test_ioeventfd(void)
{
	int fd = eventfd(0, EFD_NONBLOCK), other = eventfd(0, EFD_NONBLOCK);
	struct vm vm;

	vm_new(&vm, 1);
	test_errors(&vm, fd);
	test_meet(&vm, fd, other);
	test_ring(&vm, fd);
	test_zone(&vm);
	equal(bell(&vm, fd, BELL, 4, 0, 0), 0, "one that stays");
	vm_free(&vm);
	close(fd);
	close(other);
}
