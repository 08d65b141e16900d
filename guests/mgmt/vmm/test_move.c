// SPDX-License-Identifier: GPL-2.0-only
/*
 * A VM moves with LPIs pending, as a VMM migrates it: memory by its dirty log, interrupt controller and ITS by their
 * tables and registers. Some of the LPIs are disabled meanwhile and come when they are enabled.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "vmm.h"

#define PAGE 4096ull
#define SIZE 0x60000ull
#define PAGES (SIZE / PAGE)
#define WORDS ((PAGES + 63) / 64)

/* What lies where in the memory; tables go by 64 KiB. */
#define QUEUE 0x00000
#define DEVICES 0x10000
#define COLLECTIONS 0x20000
#define ITT 0x30000
#define PROPERTIES 0x40000
#define PENDING 0x50000

#define GICD_CTLR 0x0
#define GICD_ON 0x12 /* group 1, ARE */
#define GICR_CTLR 0x0
#define GICR_PROPBASER 0x70
#define GICR_PENDBASER 0x78
#define GITS_CTLR 0x0
#define GITS_CBASER 0x80
#define GITS_CWRITER 0x88
#define GITS_CREADR 0x90
#define GITS_BASER0 0x100
#define GITS_BASER1 0x108

#define BASER_64K (2ull << 8)
#define PROP_ENABLED 1
#define PROP_PRIORITY 0xa2

#define LPI 8192
#define NOTHING 1023
#define DEVICE 5
#define EVENT_BITS 6
#define EVENTS (1 << EVENT_BITS)

static u8 *mem;
static struct its_queue queue;

/* A third of the LPIs is raised before the VM moves, and one in two of these is disabled. */
static bool is_raised(int event)
{
	return event % 3 == 0;
}

static bool is_disabled(int event)
{
	return event % 6 == 0;
}

/* The guest's driver: LPIs on, an ITS with all events of a device. */
static bool set_up(struct vm *vm)
{
	struct vcpu *v = &vm->vcpu[0];
	int i;

	queue.written = 0;
	memset(mem, 0, SIZE);
	its_mapd(&queue, DEVICE, EVENT_BITS, RAM_IPA + ITT);
	its_mapc(&queue);
	for (i = 0; i < EVENTS; i++) {
		its_mapti(&queue, DEVICE, (u32)i, (u32)(LPI + i));
		mem[PROPERTIES + i] = PROP_PRIORITY | (is_disabled(i) ? 0 : PROP_ENABLED);
	}
	return store(v, GICD_IPA + GICD_CTLR, GICD_ON, 4) &&
	       store(v, GICR_IPA + GICR_PROPBASER, (RAM_IPA + PROPERTIES) | 15, 8) &&
	       store(v, GICR_IPA + GICR_PENDBASER, RAM_IPA + PENDING, 8) &&
	       store(v, GICR_IPA + GICR_CTLR, 1, 4) &&
	       store(v, ITS_IPA + GITS_BASER0, (RAM_IPA + DEVICES) | BASER_64K | ITS_VALID, 8) &&
	       store(v, ITS_IPA + GITS_BASER1, (RAM_IPA + COLLECTIONS) | BASER_64K | ITS_VALID,
		     8) &&
	       store(v, ITS_IPA + GITS_CBASER, (RAM_IPA + QUEUE) | ITS_VALID, 8) &&
	       store(v, ITS_IPA + GITS_CTLR, 1, 4) &&
	       store(v, ITS_IPA + GITS_CWRITER, queue.written, 8);
}

static int msi(struct vm *vm, int event)
{
	struct kvm_msi m = {
		.address_lo = ITS_IPA + ITS_TRANSLATER,
		.data = (u32)event,
		.devid = DEVICE,
		.flags = KVM_MSI_VALID_DEVID,
	};

	return xioctl(vm->fd, KVM_SIGNAL_MSI, (unsigned long)&m);
}

/* To an LPI that is disabled Herald answers 0: blocked by the guest. KVM answers 1. */
static int raise_some(struct vm *vm)
{
	int i, good = 0;

	for (i = 0; i < EVENTS; i++)
		good += is_raised(i) && msi(vm, i) >= !is_disabled(i);
	return good;
}

static int control(int device, u64 number)
{
	return attr(device, KVM_SET_DEVICE_ATTR, KVM_DEV_ARM_VGIC_GRP_CTRL, number, NULL);
}

/* A page of the memory is in the log. */
static bool is_dirty(const u64 *bits, u64 offset)
{
	return bits[offset / PAGE / 64] >> offset / PAGE % 64 & 1;
}

static u64 count_dirty(const u64 *bits)
{
	u64 i, count = 0;

	for (i = 0; i < PAGES; i++)
		count += is_dirty(bits, i * PAGE);
	return count;
}

/* The memory is copied while the guest may run; then what saving writes of it, by the log. */
static void save_memory(struct vm *vm, u8 *copy)
{
	u64 bits[WORDS] = { 0 }, i;

	equal(log_get(vm, 1, bits), 0, "the log is emptied");
	memcpy(copy, mem, SIZE);
	equal(control(vm->gic, KVM_DEV_ARM_VGIC_SAVE_PENDING_TABLES), 0,
	      "pending tables are saved");
	equal(control(vm->its[0], KVM_DEV_ARM_ITS_SAVE_TABLES), 0, "the ITS's tables are saved");
	equal(log_get(vm, 1, bits), 0, "the log");
	point(is_dirty(bits, DEVICES) && is_dirty(bits, COLLECTIONS) && is_dirty(bits, ITT) &&
		      is_dirty(bits, PENDING),
	      "has the pages with the tables");
	equal(count_dirty(bits), 4, "and no others");
	for (i = 0; i < SIZE; i += PAGE)
		if (is_dirty(bits, i))
			memcpy(copy + i, mem + i, PAGE);
	equal(memcmp(copy, mem, SIZE), 0, "a copy made by the log is the memory");
}

static const u32 redist_regs[] = { GICR_PROPBASER, GICR_PROPBASER + 4, GICR_PENDBASER,
				   GICR_PENDBASER + 4, GICR_CTLR };
static const u32 its_regs[] = { GITS_CBASER, GITS_CREADR, GITS_CWRITER,
				GITS_BASER0, GITS_BASER1, GITS_CTLR };

#define NR_REDIST (sizeof(redist_regs) / sizeof(redist_regs[0]))
#define NR_ITS (sizeof(its_regs) / sizeof(its_regs[0]))

struct registers {
	u32 dist;
	u32 redist[NR_REDIST];
	u64 its[NR_ITS];
};

static int registers(struct vm *vm, unsigned long request, struct registers *r)
{
	int bad = !!attr(vm->gic, request, KVM_DEV_ARM_VGIC_GRP_DIST_REGS, GICD_CTLR, &r->dist);
	size_t i;

	for (i = 0; i < NR_REDIST; i++)
		bad += !!attr(vm->gic, request, KVM_DEV_ARM_VGIC_GRP_REDIST_REGS, redist_regs[i],
			      &r->redist[i]);
	for (i = 0; i < NR_ITS; i++) {
		/* Events are there before the ITS is on. */
		if (its_regs[i] == GITS_CTLR && request == KVM_SET_DEVICE_ATTR)
			bad += !!control(vm->its[0], KVM_DEV_ARM_ITS_RESTORE_TABLES);
		bad += !!attr(vm->its[0], request, KVM_DEV_ARM_VGIC_GRP_ITS_REGS, its_regs[i],
			      &r->its[i]);
	}
	return bad;
}

static struct vm vm_at(u8 *at, u32 flags)
{
	struct vm vm;

	mem = at;
	queue.mem = mem + QUEUE;
	vm_new(&vm, 1);
	if (its_new(&vm, ITS_IPA) || vm_slot(&vm, 1, flags, RAM_IPA, SIZE, at))
		fail("a VM with an ITS");
	return vm;
}

/* The guest takes LPIs until none is left: how many of them should be there, or -1 if another one is. */
static int taken(struct vm *vm, bool disabled)
{
	u64 intid = NOTHING;
	int count = 0;

	for (;;) {
		guest_start_at(&vm->vcpu[0], guest_poll, 0, 0, 0);
		if (!run_to_exit(&vm->vcpu[0], &intid))
			return -1;
		if (intid == NOTHING)
			return count;
		count++;
		if (intid < LPI || intid >= LPI + EVENTS || !is_raised((int)(intid - LPI)) ||
		    is_disabled((int)(intid - LPI)) != disabled || count > EVENTS)
			return -1;
	}
}

static int count_raised(bool disabled)
{
	int i, count = 0;

	for (i = 0; i < EVENTS; i++)
		count += is_raised(i) && is_disabled(i) == disabled;
	return count;
}

static void test_arrived(struct vm *vm)
{
	int i;

	equal(taken(vm, false), count_raised(false), "LPIs that were pending are taken after it");
	for (i = 0; i < EVENTS; i++)
		mem[PROPERTIES + i] |= PROP_ENABLED;
	its_invall(&queue);
	point(store(&vm->vcpu[0], ITS_IPA + GITS_CWRITER, queue.written, 8),
	      "the others are enabled");
	equal(taken(vm, true), count_raised(true), "and are taken then");
	equal(msi(vm, 3), 1, "a new MSI");
	equal(taken(vm, false), 1, "is an LPI there");
}

void test_move(void)
{
	u8 *from = memory(SIZE), *to = memory(SIZE);
	struct vm vm = vm_at(from, KVM_MEM_LOG_DIRTY_PAGES);
	struct registers r;

	point(set_up(&vm), "a guest sets up its ITS");
	equal(raise_some(&vm), count_raised(false) + count_raised(true), "MSIs are pending");
	save_memory(&vm, to);
	equal(registers(&vm, KVM_GET_DEVICE_ATTR, &r), 0, "registers are read");
	vm_free(&vm);
	memset(from, 0, SIZE);
	vm = vm_at(to, 0);
	equal(registers(&vm, KVM_SET_DEVICE_ATTR, &r), 0, "and written to another VM");
	test_arrived(&vm);
	vm_free(&vm);
	munmap(from, SIZE);
	munmap(to, SIZE);
}
