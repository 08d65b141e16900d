// SPDX-License-Identifier: GPL-2.0-only
/* irqfds whose line stays up until the guest has ended the interrupt. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "vmm.h"

#define TEST_GSI (TEST_SPI - 32)
#define GSI 100 /* routed where a test wants it */
#define OTHER_SPI 41
#define NOTHING 1023
#define ROUNDS 200

/* A device: it raises its interrupt by one eventfd, and is told of its end by the other. */
struct device {
	int raise, ended;
};

static struct device device_new(void)
{
	struct device d = { eventfd(0, EFD_NONBLOCK), eventfd(0, EFD_NONBLOCK) };

	if (d.raise < 0 || d.ended < 0)
		fail("eventfd");
	return d;
}

static void device_free(const struct device *d)
{
	close(d->raise);
	close(d->ended);
}

static int assign(struct vm *vm, int fd, int resamplefd, u32 gsi)
{
	return irqfd_set(vm, &(struct kvm_irqfd){ .fd = (u32)fd,
						  .gsi = gsi,
						  .flags = KVM_IRQFD_FLAG_RESAMPLE,
						  .resamplefd = (u32)resamplefd });
}

static int deassign(struct vm *vm, int fd, u32 gsi)
{
	return irqfd_set(vm, &(struct kvm_irqfd){
				     .fd = (u32)fd, .gsi = gsi, .flags = KVM_IRQFD_FLAG_DEASSIGN });
}

static void pause_ms(long ms)
{
	struct timespec t = { .tv_nsec = ms * 1000000 };

	nanosleep(&t, NULL);
}

/* A worker may have it in hand. */
static bool becomes(struct vm *vm, bool high)
{
	u64 until = now_ns() + 5000000000ull;

	while (line_is_up(vm) != high && now_ns() < until)
		pause_ms(5);
	return line_is_up(vm) == high;
}

static bool goes_high(struct vm *vm)
{
	return becomes(vm, true);
}

/* What the guest says next. */
static u64 next(struct vm *vm)
{
	u64 val = 0;

	return run_to_exit(&vm->vcpu[0], &val) ? val : 0;
}

static void route(struct vm *vm, u32 gsi, u32 pin)
{
	struct kvm_irq_routing_entry e = { .gsi = gsi,
					   .type = KVM_IRQ_ROUTING_IRQCHIP,
					   .u.irqchip = { .pin = pin } };

	if (routes_set(vm, 1, 0, &e))
		fail("KVM_SET_GSI_ROUTING");
}

static void test_errors(struct vm *vm)
{
	struct device d = device_new();

	equal(assign(vm, d.raise, 999, TEST_GSI), -EBADF, "no resamplefd");
	equal(assign(vm, d.raise, vm->fd, TEST_GSI), -EINVAL, "a resamplefd of something else");
	equal(assign(vm, 999, d.ended, TEST_GSI), -EBADF, "no eventfd");
	equal(assign(vm, d.raise, d.ended, TEST_GSI), 0, "an irqfd with a resamplefd");
	equal(assign(vm, d.raise, d.ended, TEST_GSI), -EBUSY, "the same again");
	equal(deassign(vm, d.raise, TEST_GSI + 1), 0, "another GSI's is not there");
	equal(assign(vm, d.raise, d.ended, TEST_GSI), -EBUSY, "so it still is");
	equal(deassign(vm, d.raise, TEST_GSI), 0, "deassigned");
	equal(assign(vm, d.raise, d.ended, TEST_GSI), 0, "and assigned again");
	equal(deassign(vm, d.raise, TEST_GSI), 0, "deassigned");
	device_free(&d);
}

static void test_line(struct vm *vm)
{
	struct device d = device_new();

	guest_start_at(&vm->vcpu[0], guest_level, 0, 0, 0);
	equal(next(vm), NOTHING, "nothing is pending");
	equal(assign(vm, d.raise, d.ended, TEST_GSI), 0, "an irqfd");
	ring(d.raise);
	point(goes_high(vm), "its signal raises the line");
	point(!is_rung(d.raise), "and is taken");
	equal(next(vm), TEST_SPI, "the guest takes the interrupt");
	point(line_is_up(vm), "the line is still high");
	point(!is_rung(d.ended), "and nobody is told yet");
	equal(next(vm), LEVEL_ENDED, "the guest ends it");
	point(!line_is_up(vm), "then the line is low");
	point(is_rung(d.ended), "and the device is told");
	point(!is_rung(d.ended), "once");
	equal(next(vm), NOTHING, "nothing is pending any more");
	ring(d.raise);
	point(goes_high(vm), "raised again");
	equal(deassign(vm, d.raise, TEST_GSI), 0, "deassigned with the line high");
	point(!line_is_up(vm), "it goes low");
	equal(next(vm), NOTHING, "the guest sees none of it");
	point(!is_rung(d.ended), "and the device hears nothing");
	device_free(&d);
}

/* Signalled while the guest is at it, which is seen when that has ended. */
static void test_during(struct vm *vm)
{
	struct device d = device_new();

	guest_start_at(&vm->vcpu[0], guest_level, 0, 0, 0);
	equal(assign(vm, d.raise, d.ended, TEST_GSI), 0, "an irqfd");
	ring(d.raise);
	point(goes_high(vm), "raised");
	equal(next(vm), TEST_SPI, "taken");
	ring(d.raise);
	pause_ms(50);
	equal(next(vm), LEVEL_ENDED, "signalled again meanwhile, and ended");
	point(is_rung(d.ended), "that is one end");
	equal(next(vm), NOTHING, "of both");
	ring(d.raise);
	point(goes_high(vm), "raised once more");
	close(d.raise);
	point(becomes(vm, false), "an eventfd that is closed leaves the line low");
	close(d.ended);
}

static void test_shared(struct vm *vm)
{
	struct device d[3] = { device_new(), device_new(), device_new() };
	int i, good = 0, told = 0;

	guest_start_at(&vm->vcpu[0], guest_level, 0, 0, 0);
	for (i = 0; i < 3; i++)
		good += !assign(vm, d[i].raise, d[i].ended, TEST_GSI);
	equal(good, 3, "three devices share a line");
	ring(d[1].raise);
	point(goes_high(vm), "one raises it");
	equal(next(vm), TEST_SPI, "it is taken");
	equal(next(vm), LEVEL_ENDED, "and ended");
	for (i = 0; i < 3; i++)
		told += is_rung(d[i].ended);
	equal(told, 3, "all are told");
	ring(d[1].raise);
	point(goes_high(vm), "raised again");
	equal(deassign(vm, d[1].raise, TEST_GSI), 0, "the one that did leaves");
	point(line_is_up(vm), "the line stays as it is");
	equal(next(vm), TEST_SPI, "it is taken");
	equal(next(vm), LEVEL_ENDED, "and ended");
	point(is_rung(d[0].ended) && is_rung(d[2].ended) && !is_rung(d[1].ended),
	      "the others are told");
	equal(deassign(vm, d[0].raise, TEST_GSI), 0, "another leaves");
	ring(d[2].raise);
	point(goes_high(vm), "the last raises it");
	equal(deassign(vm, d[2].raise, TEST_GSI), 0, "and leaves");
	point(!line_is_up(vm), "then it is low");
	for (i = 0; i < 3; i++)
		device_free(&d[i]);
}

/* The line is the GSI's, however it was raised and routed. */
static void test_route(struct vm *vm)
{
	struct kvm_irq_level line = {
		.irq = KVM_ARM_IRQ_TYPE_SPI << KVM_ARM_IRQ_TYPE_SHIFT | TEST_SPI, .level = 1
	};
	struct device d = device_new();

	guest_start_at(&vm->vcpu[0], guest_level, 0, 0, 0);
	equal(assign(vm, d.raise, d.ended, GSI), 0, "an irqfd of a GSI without a route");
	ring(d.raise);
	pause_ms(20);
	equal(next(vm), NOTHING, "raises nothing");
	route(vm, GSI, TEST_GSI);
	ring(d.raise);
	point(goes_high(vm), "with a route it does");
	equal(next(vm), TEST_SPI, "it is taken");
	equal(next(vm), LEVEL_ENDED, "and ended");
	point(is_rung(d.ended), "and the device told");
	equal(xioctl(vm->fd, KVM_IRQ_LINE, (unsigned long)&line), 0, "raised by KVM_IRQ_LINE");
	equal(next(vm), TEST_SPI, "it is taken");
	equal(next(vm), LEVEL_ENDED, "and ended");
	point(is_rung(d.ended) && !line_is_up(vm), "that is no different");
	route(vm, GSI, OTHER_SPI - 32);
	equal(xioctl(vm->fd, KVM_IRQ_LINE, (unsigned long)&line), 0,
	      "the same, when the GSI is another pin");
	equal(next(vm), TEST_SPI, "it is taken");
	equal(next(vm), LEVEL_ENDED, "and ended");
	point(!is_rung(d.ended) && line_is_up(vm), "nobody is told, and the line stays high");
	line.level = 0;
	equal(xioctl(vm->fd, KVM_IRQ_LINE, (unsigned long)&line), 0, "until it is lowered");
	equal(deassign(vm, d.raise, GSI), 0, "deassigned");
	device_free(&d);
}

struct raiser {
	struct device device;
	int told;
};

/* As a physical device's: each end unmasks it, and it has reason to interrupt again. */
static void *raise_thread(void *arg)
{
	struct raiser *r = arg;
	struct pollfd p = { .fd = r->device.ended, .events = POLLIN };

	for (r->told = 0; r->told < ROUNDS; r->told++) {
		ring(r->device.raise);
		if (poll(&p, 1, 5000) != 1 || !is_rung(r->device.ended))
			break;
	}
	return NULL;
}

static void test_rounds(struct vm *vm)
{
	struct raiser r = { .device = device_new() };
	u64 *count = (u64 *)((u8 *)vm->code + CODE_SIZE - 8), result = 0;
	pthread_t thread;

	equal(assign(vm, r.device.raise, r.device.ended, TEST_GSI), 0, "an irqfd");
	guest_start_at(&vm->vcpu[0], guest_levels, CODE_IPA + CODE_SIZE - 8, ROUNDS, 0);
	pthread_create(&thread, NULL, raise_thread, &r);
	point(run_to_exit(&vm->vcpu[0], &result) && result == ROUNDS,
	      "a guest that waits takes %d interrupts", ROUNDS);
	pthread_join(thread, NULL);
	equal(r.told, ROUNDS, "and the device is told of each");
	equal(*count, ROUNDS, "once");
	equal(deassign(vm, r.device.raise, TEST_GSI), 0, "deassigned");
	device_free(&r.device);
}

void test_resample(void)
{
	struct device d = device_new();
	struct vm vm;

	vm_new(&vm, 1);
	test_errors(&vm);
	test_line(&vm);
	test_during(&vm);
	test_shared(&vm);
	test_rounds(&vm);
	test_route(&vm);
	equal(assign(&vm, d.raise, d.ended, GSI), 0, "one that stays when the VM goes");
	vm_free(&vm);
	ring(d.raise);
	point(is_rung(d.raise), "then its signals are others'");
	device_free(&d);
}
