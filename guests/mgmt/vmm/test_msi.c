// SPDX-License-Identifier: GPL-2.0-only
/*
 * MSIs that become LPIs: by KVM_SIGNAL_MSI and by irqfds with an MSI route, to a VM with one ITS, with two, and without.
 * The VMM writes tables and commands into the guest's memory; the guest programs the registers.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "vmm.h"

#define ITS2_IPA 0x08200000

/* In the guest's RAM, each 64 KiB: */
#define QUEUE 0x00000 /* of each ITS */
#define DEVICES 0x20000
#define COLLECTIONS 0x40000
#define ITTS 0x60000
#define PROPERTIES 0x80000
#define PENDING 0x90000
#define STORES 0xa0000 /* list of guest_stores */
#define SHARED 0xb0000 /* with guest_lpis */
#define SIZE 0xc0000
#define ITS_STRIDE 0x10000

#define LPI_BASE 8192
#define NR_LPIS 16
#define PROPERTY 0xa1 /* priority, enabled */
#define INTID_BITS 14
#define PAGE_64K (2ull << 8)

#define DEVID 0x42
#define EVENT_BITS 5
#define GSI 200
#define ROUNDS 1000
#define END_EVENT 31

struct msi_vm {
	struct vm vm;
	u8 *ram;
	u64 *store; /* where the next goes */
	struct its_queue queue[2];
};

static u64 its_ipa(int its)
{
	return its ? ITS2_IPA : ITS_IPA;
}

static void map_device(struct msi_vm *m, int its, u32 devid)
{
	u64 itt = RAM_IPA + ITTS + (u64)its * ITS_STRIDE + devid % 16 * 0x1000;

	its_mapd(&m->queue[its], devid, EVENT_BITS, itt);
}

static void store32(struct msi_vm *m, u64 addr, u32 val)
{
	*m->store++ = addr;
	*m->store++ = val;
}

static void store64(struct msi_vm *m, u64 addr, u64 val)
{
	*m->store++ = addr | 1;
	*m->store++ = val;
}

/* The guest carries out the stores so far. */
static bool stores_run(struct msi_vm *m)
{
	u64 *first = (u64 *)(m->ram + STORES), result = 1;

	guest_start_at(&m->vm.vcpu[0], guest_stores, RAM_IPA + STORES, (u64)(m->store - first) / 2,
		       0);
	m->store = first;
	return run_to_exit(&m->vm.vcpu[0], &result) && !result;
}

static void its_on(struct msi_vm *m, int its)
{
	u64 base = its_ipa(its), offset = RAM_IPA + (u64)its * ITS_STRIDE;

	store64(m, base + 0x100, ITS_VALID | PAGE_64K | (offset + DEVICES)); /* GITS_BASER0, 1 */
	store64(m, base + 0x108, ITS_VALID | PAGE_64K | (offset + COLLECTIONS));
	store64(m, base + 0x80, ITS_VALID | 15 | (offset + QUEUE)); /* GITS_CBASER */
	store32(m, base, 1); /* GITS_CTLR */
}

static void commands_run(struct msi_vm *m, int its)
{
	store64(m, its_ipa(its) + 0x88, m->queue[its].written); /* GITS_CWRITER */
}

static void lpis_on(struct msi_vm *m)
{
	/* Before any MSI: KVM forgets those that come while the distributor is off. */
	store32(m, GICD_IPA, 0x12); /* GICD_CTLR: group 1, ARE */
	memset(m->ram + PROPERTIES, PROPERTY, NR_LPIS);
	store64(m, GICR_IPA + 0x70, (RAM_IPA + PROPERTIES) | (INTID_BITS - 1)); /* GICR_PROPBASER */
	store64(m, GICR_IPA + 0x78, RAM_IPA + PENDING); /* GICR_PENDBASER */
	store32(m, GICR_IPA, 1); /* GICR_CTLR */
}

static void msi_vm_new(struct msi_vm *m, int nr_its)
{
	int i;

	memset(m, 0, sizeof(*m));
	vm_new(&m->vm, 1);
	m->ram = memory(SIZE);
	m->store = (u64 *)(m->ram + STORES);
	for (i = 0; i < 2; i++)
		m->queue[i].mem = m->ram + QUEUE + i * ITS_STRIDE;
	if (vm_slot(&m->vm, 1, 0, RAM_IPA, SIZE, m->ram))
		fail("KVM_SET_USER_MEMORY_REGION");
	for (i = 0; i < nr_its; i++)
		if (its_new(&m->vm, its_ipa(i)))
			fail("an ITS");
}

static void msi_vm_free(struct msi_vm *m)
{
	vm_free(&m->vm);
	munmap(m->ram, SIZE);
}

static int signal_raw(int vm, u64 doorbell, u32 flags, u32 devid, u32 event)
{
	struct kvm_msi msi = {
		.address_lo = (u32)doorbell,
		.address_hi = (u32)(doorbell >> 32),
		.data = event,
		.flags = flags,
		.devid = devid,
	};

	return xioctl(vm, KVM_SIGNAL_MSI, (unsigned long)&msi);
}

static int signal_msi(struct msi_vm *m, int its, u32 devid, u32 event)
{
	return signal_raw(m->vm.fd, its_ipa(its) + ITS_TRANSLATER, KVM_MSI_VALID_DEVID, devid,
			  event);
}

static int enable_cap(int vm)
{
	struct kvm_enable_cap cap = { .cap = KVM_CAP_MSI_DEVID };

	return xioctl(vm, KVM_ENABLE_CAP, (unsigned long)&cap);
}

static int check_cap(int fd)
{
	return xioctl(fd, KVM_CHECK_EXTENSION, KVM_CAP_MSI_DEVID);
}

static void test_without(void)
{
	int kvm = kvm_open(), bare = xioctl(kvm, KVM_CREATE_VM, 0);
	struct vm vm;

	vm_new(&vm, 1);
	equal(check_cap(kvm), -EINVAL, "MSI_DEVID is no capability of the system");
	equal(check_cap(vm.fd), 0, "nor of a VM without an ITS");
	equal(enable_cap(vm.fd), -EINVAL, "it cannot be enabled");
	equal(signal_raw(bare, ITS_IPA + ITS_TRANSLATER, 0, 0, 0), -EINVAL,
	      "an MSI to a VM without a GIC");
	equal(signal_raw(vm.fd, ITS_IPA + ITS_TRANSLATER, 0, 0, 0), -ENODEV,
	      "to one without an ITS");
	equal(signal_raw(vm.fd, ITS_IPA + ITS_TRANSLATER, KVM_MSI_VALID_DEVID, 8, 0), -ENODEV,
	      "with a device ID as well");
	equal(signal_raw(vm.fd, ITS_IPA + ITS_TRANSLATER, 2, 8, 0), -EINVAL,
	      "with an unknown flag");
	equal(xioctl(vm.fd, KVM_SIGNAL_MSI, 8), -EFAULT, "a struct that is not there");
	vm_free(&vm);
	close(bare);
	close(kvm);
}

/* What an ITS refuses; each DeviceID is looked for as it is, with all its 32 bits. */
static void test_errors(struct msi_vm *m)
{
	const u64 doorbell = ITS_IPA + ITS_TRANSLATER;
	int fd = m->vm.fd;

	equal(check_cap(fd), 1, "MSI_DEVID is a capability of a VM with an ITS");
	equal(enable_cap(fd), -EINVAL, "that is always on");
	equal(signal_msi(m, 0, DEVID, 0), -EBUSY, "an ITS that is not enabled");
	its_on(m, 0);
	its_on(m, 1);
	lpis_on(m);
	point(stores_run(m), "the guest enables both, and LPIs");
	equal(signal_msi(m, 0, DEVID, 0), 0, "a device that is not mapped");
	map_device(m, 0, DEVID);
	its_mapc(&m->queue[0]);
	its_mapti(&m->queue[0], DEVID, 0, LPI_BASE);
	its_mapti(&m->queue[0], DEVID, 2, LPI_BASE + 2);
	commands_run(m, 0);
	map_device(m, 1, DEVID);
	its_mapc(&m->queue[1]);
	its_mapti(&m->queue[1], DEVID, 0, LPI_BASE + 1);
	its_mapti(&m->queue[1], DEVID, END_EVENT, LPI_BASE + NR_LPIS - 1);
	commands_run(m, 1);
	point(stores_run(m), "the guest maps it");
	equal(signal_raw(fd, doorbell, 0, DEVID, 0), -EINVAL, "without KVM_MSI_VALID_DEVID");
	equal(signal_raw(fd, doorbell, 3, DEVID, 0), -EINVAL, "with an unknown flag");
	equal(signal_raw(fd, RAM_IPA, 1, DEVID, 0), -EINVAL, "to no doorbell");
	equal(signal_raw(fd, GICD_IPA + 0x40, 1, DEVID, 0), -EINVAL, "to another register");
	equal(signal_raw(fd, doorbell | 1ull << 32, 1, DEVID, 0), -EINVAL, "to one above 4 GiB");
	equal(signal_msi(m, 0, DEVID, 1), 0, "an event that is not mapped");
	equal(signal_msi(m, 0, DEVID, 1u << EVENT_BITS), 0, "one beyond the device's");
	equal(signal_msi(m, 0, DEVID, 0x10000), 0,
	      "one beyond the ITS's, whose low bits are mapped");
	equal(signal_msi(m, 0, DEVID + 1, 0), 0, "another device");
	equal(signal_msi(m, 0, 0x10000 | DEVID, 0), 0, "one beyond GITS_TYPER.Devbits");
	equal(signal_msi(m, 0, 0x80000000u | DEVID, 0), 0, "far beyond");
}

/* --- a guest that takes LPIs, and a thread that signals --- */

static volatile u64 *shared(struct msi_vm *m, u32 offset)
{
	return (volatile u64 *)(m->ram + SHARED + offset);
}

static u64 taken(struct msi_vm *m, u32 lpi)
{
	return *shared(m, LPIS_COUNT + 8 * lpi);
}

struct sender {
	struct msi_vm *m;
	int fd;
	bool spaced; /* each waits for the one before */
	int sent;
	u64 merged; /* LPIs that were taken */
};

/* The guest has taken an LPI since it was sent @word. */
static bool seen(struct msi_vm *m, u64 word)
{
	u64 until = now_ns() + 20000000000ull;
	struct timespec t = { .tv_nsec = 20000 };

	while (*shared(m, LPIS_SEEN) != word && now_ns() < until)
		nanosleep(&t, NULL);
	return *shared(m, LPIS_SEEN) == word;
}

static void *send_thread(void *arg)
{
	struct sender *s = arg;

	for (s->sent = 0; s->sent < ROUNDS; s->sent++) {
		*shared(s->m, LPIS_SENT) = (u64)s->sent + 1;
		__sync_synchronize();
		ring(s->fd);
		if (s->spaced && !seen(s->m, (u64)s->sent + 1))
			break;
	}
	s->spaced = seen(s->m, ROUNDS);
	s->merged = taken(s->m, 0);
	*shared(s->m, LPIS_END) = 1;
	__sync_synchronize();
	signal_msi(s->m, 1, DEVID, END_EVENT);
	return NULL;
}

static void test_thread(struct msi_vm *m, int fd, bool spaced, bool wait)
{
	const char *how = wait ? "a vCPU that waits" : "a vCPU that runs";
	struct sender s = { .m = m, .fd = fd, .spaced = spaced };
	pthread_t thread;
	u64 last = 0;

	memset(m->ram + SHARED, 0, 0x1000);
	guest_start_at(&m->vm.vcpu[0], guest_lpis, RAM_IPA + SHARED, wait, 0);
	pthread_create(&thread, NULL, send_thread, &s);
	point(run_to_exit(&m->vm.vcpu[0], &last) && last == LPI_BASE + NR_LPIS - 1,
	      "%s takes LPIs until the last", how);
	pthread_join(thread, NULL);
	equal(s.sent, ROUNDS, "signalled %s, %d times", spaced ? "one by one" : "all at once",
	      ROUNDS);
	point(s.spaced, "an LPI came after the last");
	if (spaced)
		equal(s.merged, ROUNDS, "each was an LPI");
	else
		point(s.merged && s.merged <= ROUNDS, "none came without a signal (%llu did)",
		      (unsigned long long)s.merged);
}

static void route(struct msi_vm *m, int its, u32 flags, u32 devid, u32 event)
{
	u64 doorbell = its_ipa(its) + ITS_TRANSLATER;
	struct kvm_irq_routing_entry e = {
		.gsi = GSI,
		.type = KVM_IRQ_ROUTING_MSI,
		.flags = flags,
		.u.msi = { .address_lo = (u32)doorbell,
			   .address_hi = (u32)(doorbell >> 32),
			   .data = event,
			   .devid = devid },
	};

	if (routes_set(&m->vm, 1, 0, &e))
		fail("KVM_SET_GSI_ROUTING");
}

/* The guest takes all that was signalled so far. */
static bool drain(struct msi_vm *m)
{
	struct timespec t = { .tv_nsec = 50000000 };
	u64 last = 0;

	nanosleep(&t, NULL); /* a worker may have one in hand */
	memset(m->ram + SHARED, 0, 0x1000);
	guest_start_at(&m->vm.vcpu[0], guest_drain, RAM_IPA + SHARED, 0, 0);
	return run_to_exit(&m->vm.vcpu[0], &last);
}

/* The first of an irqfd may take a worker's time. */
static bool first_comes(struct msi_vm *m)
{
	u64 until = now_ns() + 10000000000ull;

	while (drain(m) && !taken(m, 0) && now_ns() < until)
		;
	return taken(m, 0) == 1;
}

static void test_doorbells(struct msi_vm *m, int fd)
{
	point(drain(m), "nothing is left");
	equal(signal_msi(m, 0, DEVID, 0), 1, "an MSI to the first ITS");
	point(drain(m) && taken(m, 0) == 1 && taken(m, 1) == 0, "is its LPI");
	equal(signal_msi(m, 1, DEVID, 0), 1, "the same to the second");
	point(drain(m) && taken(m, 0) == 0 && taken(m, 1) == 1, "is that one's");
	route(m, 1, KVM_MSI_VALID_DEVID, DEVID, 0);
	ring(fd);
	point(drain(m) && taken(m, 0) == 0 && taken(m, 1) == 1, "an irqfd as well");
	route(m, 0, KVM_MSI_VALID_DEVID, 0x10000 | DEVID, 0);
	ring(fd);
	point(drain(m) && taken(m, 0) == 0 && taken(m, 1) == 0,
	      "an irqfd of a DeviceID that is out of range raises nothing");
	/* An event that was never signalled: those that were KVM finds in a cache that knows no flags. */
	route(m, 0, 0, DEVID, 2);
	ring(fd);
	point(drain(m) && taken(m, 2) == 0, "nor does one without its flag");
	route(m, 0, KVM_MSI_VALID_DEVID, DEVID, 2);
	ring(fd);
	point(drain(m) && taken(m, 2) == 1, "with the flag it does");
	route(m, 0, KVM_MSI_VALID_DEVID, DEVID, 0);
	ring(fd);
	point(drain(m) && taken(m, 0) == 1 && taken(m, 1) == 0,
	      "with a DeviceID that is in range it does");
}

/* An ITS may come when the VM has run. */
static void test_late(void)
{
	struct msi_vm m;

	msi_vm_new(&m, 0);
	guest_start_at(&m.vm.vcpu[0], guest_store, MMIO_IPA + MMIO_EXIT, 1, 8);
	equal(run(&m.vm.vcpu[0]), 0, "a VM has run");
	equal(its_new(&m.vm, its_ipa(0)), 0, "it gets an ITS");
	equal(check_cap(m.vm.fd), 1, "and the capability");
	its_on(&m, 0);
	lpis_on(&m);
	map_device(&m, 0, DEVID);
	its_mapc(&m.queue[0]);
	its_mapti(&m.queue[0], DEVID, 0, LPI_BASE);
	commands_run(&m, 0);
	point(stores_run(&m), "the guest sets it up");
	equal(signal_msi(&m, 0, DEVID, 0), 1, "an MSI");
	point(drain(&m) && taken(&m, 0) == 1, "is its LPI");
	equal(its_new(&m.vm, its_ipa(1)), 0, "it gets a second one");
	equal(signal_msi(&m, 1, DEVID, 0), -EBUSY, "which is off");
	msi_vm_free(&m);
}

void test_msi(void)
{
	int fd = eventfd(0, EFD_NONBLOCK);
	struct msi_vm m;

	test_without();
	msi_vm_new(&m, 2);
	test_errors(&m);
	route(&m, 0, KVM_MSI_VALID_DEVID, DEVID, 0);
	equal(irqfd_set(&m.vm, &(struct kvm_irqfd){ .fd = (u32)fd, .gsi = GSI }), 0,
	      "an irqfd with an MSI's route");
	ring(fd);
	point(first_comes(&m), "its first signal is an LPI");
	test_thread(&m, fd, true, false);
	test_thread(&m, fd, true, true);
	test_thread(&m, fd, false, false);
	test_thread(&m, fd, false, true);
	test_doorbells(&m, fd);
	msi_vm_free(&m);
	close(fd);
	test_late();
}
