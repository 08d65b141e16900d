// SPDX-License-Identifier: GPL-2.0-only
/* irqfds and GSI routes, with SPIs. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "vmm.h"

#define TEST_GSI (TEST_SPI - 32)
#define NOTHING 1023
#define ROUNDS 50
#define GICD_ICFGR 0xc00

int irqfd_set(struct vm *vm, const struct kvm_irqfd *args)
{
	return xioctl(vm->fd, KVM_IRQFD, (unsigned long)args);
}

static int irqfd(struct vm *vm, int fd, u32 gsi, u32 flags)
{
	return irqfd_set(vm, &(struct kvm_irqfd){ .fd = (u32)fd, .gsi = gsi, .flags = flags });
}

void ring(int fd)
{
	u64 one = 1;

	if (write(fd, &one, sizeof(one)) != sizeof(one))
		fail("write to an eventfd");
}

bool is_rung(int fd)
{
	u64 count;

	return read(fd, &count, sizeof(count)) == sizeof(count);
}

/* The interrupt that the guest finds pending; it makes the SPI edge-triggered. */
static u64 pending(struct vm *vm)
{
	u64 intid = 0;

	guest_start_at(&vm->vcpu[0], guest_poll, 0, 0, 0);
	return run_to_exit(&vm->vcpu[0], &intid) ? intid : 0;
}

/* A worker may have it in hand. */
static u64 pending_soon(struct vm *vm)
{
	struct timespec t = { .tv_nsec = 10000000 };
	u64 until = now_ns() + 2000000000ull, intid;

	while ((intid = pending(vm)) == NOTHING && now_ns() < until)
		nanosleep(&t, NULL);
	return intid;
}

int routes_set(struct vm *vm, u32 nr, u32 flags, const struct kvm_irq_routing_entry *entries)
{
	struct kvm_irq_routing *r = calloc(1, sizeof(*r) + nr * sizeof(*entries));
	int ret;

	r->nr = nr;
	r->flags = flags;
	if (entries)
		memcpy(r->entries, entries, nr * sizeof(*entries));
	ret = xioctl(vm->fd, KVM_SET_GSI_ROUTING, (unsigned long)r);
	free(r);
	return ret;
}

static int route_pin(struct vm *vm, u32 gsi, u32 chip, u32 pin, u32 flags)
{
	struct kvm_irq_routing_entry e = {
		.gsi = gsi,
		.type = KVM_IRQ_ROUTING_IRQCHIP,
		.flags = flags,
		.u.irqchip = { .irqchip = chip, .pin = pin },
	};

	return routes_set(vm, 1, 0, &e);
}

static int route_msi(struct vm *vm, u32 gsi, u32 flags)
{
	struct kvm_irq_routing_entry e = {
		.gsi = gsi,
		.type = KVM_IRQ_ROUTING_MSI,
		.flags = flags,
		.u.msi = { .address_lo = 0x8090040, .data = 1, .devid = 8 },
	};

	return routes_set(vm, 1, 0, &e);
}

static void test_early(void)
{
	int kvm = kvm_open(), fd = eventfd(0, 0), vm = xioctl(kvm, KVM_CREATE_VM, 0);
	struct kvm_irqfd args = { .fd = (u32)fd, .gsi = TEST_GSI };

	equal(xioctl(vm, KVM_IRQFD, (unsigned long)&args), -EAGAIN, "before there is a GIC");
	close(vm);
	close(fd);
	close(kvm);
}

static void test_errors(struct vm *vm, int fd)
{
	equal(irqfd(vm, fd, TEST_GSI, 0x80), -EINVAL, "an unknown flag");
	equal(irqfd(vm, 999, TEST_GSI, 0), -EBADF, "no descriptor");
	equal(irqfd(vm, vm->fd, TEST_GSI, 0), -EINVAL, "a descriptor of something else");
	equal(irqfd(vm, fd, TEST_GSI, KVM_IRQFD_FLAG_DEASSIGN), 0, "deassigning what is not there");
	equal(irqfd(vm, 999, TEST_GSI, KVM_IRQFD_FLAG_DEASSIGN), -EBADF, "or of no descriptor");
	equal(xioctl(vm->fd, KVM_IRQFD, 8), -EFAULT, "a struct that is not there");
	equal(irqfd(vm, fd, TEST_GSI, 0), 0, "an irqfd");
	equal(irqfd(vm, fd, TEST_GSI, 0), -EBUSY, "the same again");
	equal(irqfd(vm, fd, TEST_GSI + 1, 0), -EBUSY, "the same eventfd with another GSI");
	equal(irqfd(vm, fd, TEST_GSI + 1, KVM_IRQFD_FLAG_DEASSIGN), 0,
	      "another GSI's is not there");
	equal(irqfd(vm, fd, TEST_GSI, 0), -EBUSY, "so it still is");
	equal(irqfd(vm, fd, TEST_GSI, KVM_IRQFD_FLAG_DEASSIGN), 0, "deassigned");
}

static void test_raise(struct vm *vm, int fd)
{
	int i, good = 0;

	equal(pending(vm), NOTHING, "nothing is pending");
	equal(irqfd(vm, fd, TEST_GSI, 0), 0, "an irqfd");
	ring(fd);
	equal(pending_soon(vm), TEST_SPI, "its signal is an interrupt");
	equal(pending(vm), NOTHING, "one only");
	point(!is_rung(fd), "the signal was taken");
	for (i = 0; i < ROUNDS; i++) {
		ring(fd);
		good += pending_soon(vm) == TEST_SPI;
	}
	equal(good, ROUNDS, "%d more", ROUNDS);
	equal(irqfd(vm, fd, TEST_GSI, KVM_IRQFD_FLAG_DEASSIGN), 0, "deassigned");
	ring(fd);
	equal(pending(vm), NOTHING, "then a signal is none");
	equal(irqfd(vm, fd, TEST_GSI, 0), 0, "assigned with that signal pending");
	equal(pending_soon(vm), TEST_SPI, "it is an interrupt then");
	equal(irqfd(vm, fd, TEST_GSI, KVM_IRQFD_FLAG_DEASSIGN), 0, "deassigned");
}

static void *ring_thread(void *arg)
{
	struct timespec t = { .tv_nsec = 5000000 };

	nanosleep(&t, NULL);
	ring(*(int *)arg);
	return NULL;
}

/* The vCPU waits for it. */
static void test_wake(struct vm *vm, int fd)
{
	pthread_t thread;
	u64 intid = 0;
	int i;

	equal(pending(vm), NOTHING, "nothing is pending"); /* and the interrupt is an edge */
	equal(irqfd(vm, fd, TEST_GSI, 0), 0, "an irqfd");
	guest_start_at(&vm->vcpu[0], guest_irq, 0, 0, 0);
	for (i = 0; i < ROUNDS; i++) {
		pthread_create(&thread, NULL, ring_thread, &fd);
		if (!run_to_exit(&vm->vcpu[0], &intid) || intid != TEST_SPI)
			break;
		pthread_join(thread, NULL);
	}
	equal(i, ROUNDS, "it wakes a vCPU that waits");
	equal(irqfd(vm, fd, TEST_GSI, KVM_IRQFD_FLAG_DEASSIGN), 0, "deassigned");
}

/* Eventfds that vanish, with an irqfd of theirs and a signal on its way. */
static void test_close(struct vm *vm)
{
	int i, fd, good = 0;

	for (i = 0; i < ROUNDS; i++) {
		fd = eventfd(0, EFD_NONBLOCK);
		good += !irqfd(vm, fd, TEST_GSI, 0);
		ring(fd);
		close(fd);
	}
	equal(good, ROUNDS, "%d eventfds that are closed at once", ROUNDS);
	equal(pending_soon(vm), TEST_SPI, "raise their interrupt");
	pending(vm);
}

struct storm {
	struct vm *vm;
	int fd;
	volatile bool stop;
};

static void *storm_thread(void *arg)
{
	struct storm *s = arg;

	while (!s->stop)
		ring(s->fd);
	return NULL;
}

/* Assigned and taken away, and its route with it, while it is signalled all the time. */
static void test_storm(struct vm *vm)
{
	struct storm s = { .vm = vm, .fd = eventfd(0, EFD_NONBLOCK) };
	pthread_t thread;
	int i, good = 0;

	pthread_create(&thread, NULL, storm_thread, &s);
	for (i = 0; i < ROUNDS; i++) {
		good += !route_pin(vm, 100, 0, TEST_GSI, 0);
		good += !irqfd(vm, s.fd, 100, 0);
		good += !routes_set(vm, 0, 0, NULL);
		good += !irqfd(vm, s.fd, 100, KVM_IRQFD_FLAG_DEASSIGN);
		is_rung(s.fd);
	}
	s.stop = true;
	pthread_join(thread, NULL);
	close(s.fd);
	equal(good, 4 * ROUNDS, "a storm of signals while irqfd and route come and go");
	pending(vm);
}

static void test_routes(struct vm *vm, int fd)
{
	struct kvm_irq_routing_entry two[2] = {
		{ .gsi = 5, .type = KVM_IRQ_ROUTING_IRQCHIP, .u.irqchip = { .pin = 5 } },
		{ .gsi = 5, .type = KVM_IRQ_ROUTING_IRQCHIP, .u.irqchip = { .pin = 6 } },
	};

	equal(routes_set(vm, 4097, 0, NULL), -EINVAL, "more than 4096 routes");
	equal(routes_set(vm, 1, 1, two), -EINVAL, "flags");
	equal(routes_set(vm, 2, 0, two), -EINVAL, "two pins of one GSI");
	two[1].type = KVM_IRQ_ROUTING_MSI;
	equal(routes_set(vm, 2, 0, two), -EINVAL, "a pin and an MSI of one GSI");
	two[1].type = 77;
	two[1].gsi = 6;
	equal(routes_set(vm, 2, 0, two), -EINVAL, "an unknown type");
	equal(route_pin(vm, 4096, 0, 8, 0), -EINVAL, "GSI 4096");
	equal(route_pin(vm, 4095, 0, 8, 0), 0, "GSI 4095");
	equal(route_pin(vm, 5, 1, 8, 0), -EINVAL, "a second chip");
	equal(route_pin(vm, 5, 0, 988, 0), -EINVAL, "pin 988");
	equal(route_pin(vm, 5, 0, 987, 0), 0, "pin 987");
	equal(route_pin(vm, 5, 0, 8, KVM_MSI_VALID_DEVID), -EINVAL, "a pin with an MSI's flag");
	equal(route_msi(vm, 5, 0), 0, "an MSI without a device ID");
	equal(route_msi(vm, 5, KVM_MSI_VALID_DEVID), 0, "and with one");
	equal(route_msi(vm, 5, 2), -EINVAL, "with an unknown flag");
	equal(xioctl(vm->fd, KVM_SET_GSI_ROUTING, 8), -EFAULT, "a struct that is not there");

	equal(irqfd(vm, fd, 100, 0), 0, "an irqfd of a GSI without a route");
	ring(fd);
	equal(pending(vm), NOTHING, "raises nothing");
	equal(route_pin(vm, 100, 0, TEST_GSI, 0), 0, "with a route");
	ring(fd);
	equal(pending_soon(vm), TEST_SPI, "it raises an interrupt");
	equal(routes_set(vm, 0, 0, NULL), 0, "no routes");
	ring(fd);
	equal(pending(vm), NOTHING, "it raises nothing again");
	equal(irqfd(vm, fd, 100, KVM_IRQFD_FLAG_DEASSIGN), 0, "deassigned");
}

/* An irqfd of a level-sensitive interrupt raises its line; lowering it is the VMM's. */
static void test_level(struct vm *vm, int fd)
{
	struct kvm_irq_level down = {
		.irq = KVM_ARM_IRQ_TYPE_SPI << KVM_ARM_IRQ_TYPE_SHIFT | TEST_SPI,
	};
	u32 level = 0;

	equal(attr(vm->gic, KVM_SET_DEVICE_ATTR, KVM_DEV_ARM_VGIC_GRP_DIST_REGS,
		   GICD_ICFGR + TEST_SPI / 16 * 4, &level),
	      0, "an SPI becomes level-sensitive");
	equal(irqfd(vm, fd, TEST_GSI, 0), 0, "an irqfd of it");
	point(!line_is_up(vm), "its line is down");
	ring(fd);
	point(line_is_up(vm), "a signal raises it");
	point(line_is_up(vm), "it stays up");
	equal(xioctl(vm->fd, KVM_IRQ_LINE, (unsigned long)&down), 0, "KVM_IRQ_LINE");
	point(!line_is_up(vm), "lowers it");
	equal(irqfd(vm, fd, TEST_GSI, KVM_IRQFD_FLAG_DEASSIGN), 0, "deassigned");
}

void test_irqfd(void)
{
	int fd = eventfd(0, EFD_NONBLOCK);
	struct vm vm;

	test_early();
	vm_new(&vm, 1);
	test_errors(&vm, fd);
	test_raise(&vm, fd);
	test_close(&vm);
	test_routes(&vm, fd);
	test_storm(&vm);
	equal(irqfd(&vm, fd, TEST_GSI, 0), 0, "one that stays when the VM goes");
	vm_free(&vm);
	ring(fd);
	point(is_rung(fd), "then its signals are others'");
	vm_new(&vm, 1);
	test_level(&vm, fd);
	test_wake(&vm, fd);
	vm_free(&vm);
	close(fd);
}
