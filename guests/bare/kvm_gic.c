// SPDX-License-Identifier: GPL-2.0-only
/* The device ARM_VGIC_V3 as its VMM sees it: attributes, redistributor regions, the registers that it saves and sets. */
#include "guests/bare/board.h"
#include "guests/bare/except.h"
#include "guests/bare/kvm.h"
#include "guests/bare/mem.h"
#include "guests/bare/smp.h"
#include "guests/bare/tap.h"
#include "guests/bare/timer.h"

#define ADDR KVM_DEV_ARM_VGIC_GRP_ADDR
#define DIST KVM_DEV_ARM_VGIC_GRP_DIST_REGS
#define REDIST KVM_DEV_ARM_VGIC_GRP_REDIST_REGS
#define SYSREGS KVM_DEV_ARM_VGIC_GRP_CPU_SYSREGS
#define LINES KVM_DEV_ARM_VGIC_GRP_LEVEL_INFO

#define REGION KVM_VGIC_V3_ADDR_TYPE_REDIST_REGION
#define FRAMES UINT64_C(0x20000) /* of one redistributor */
#define MANY 512u

#define TYPER_LAST BIT(4)
#define ICC_PMR (3u << 14 | 4 << 7 | 6 << 3)
#define ICC_CTLR (3u << 14 | 12 << 7 | 12 << 3 | 4)

#define is(got, want, what) kvm_is("kvm gic", got, want, what)

static s64 set(u64 gic, u32 group, u64 attr, u64 val)
{
	return kvm_set_attr(gic, group, attr, &val);
}

/* The value, or an errno. */
static s64 get(u64 gic, u32 group, u64 attr)
{
	u64 val = 0;
	s64 err = kvm_get_attr(gic, group, attr, &val);

	return err ? err : (s64)val;
}

/* As of region @index. */
static u64 region(u64 count, u64 base, u64 index)
{
	return count << 52 | base | index;
}

static s64 get_region(u64 gic, u64 index)
{
	u64 val = index;
	s64 err = kvm_get_attr(gic, ADDR, REGION, &val);

	return err ? err : (s64)val;
}

static u64 typer(u64 gic, u64 vcpu)
{
	u64 aff = (vcpu >> 4) << 8 | (vcpu & 15);

	return (u64)get(gic, REDIST, aff << 32 | 8);
}

/* vCPUs in the order of @ids; NULL: as they are counted. */
static u64 make_ids(u64 *vm, u32 vcpus, const u8 *ids)
{
	u64 gic;
	u32 i;

	*vm = (u64)kvm_ioctl(HERALD_SYSTEM, KVM_CREATE_VM, 0);
	for (i = 0; i < vcpus; i++)
		if (kvm_ioctl(*vm, KVM_CREATE_VCPU, ids ? ids[i] : i) < 0)
			fatal("kvm gic: no vCPU %u", i);
	if (kvm_create_device(*vm, KVM_DEV_TYPE_ARM_VGIC_V3, 0, &gic))
		fatal("kvm gic: no device");
	return gic;
}

static u64 make(u64 *vm, u32 vcpus)
{
	return make_ids(vm, vcpus, NULL);
}

#define TYPER_PROCNUM GENMASK(23, 8)

/* The guest and KVM_IRQ_LINE know vCPUs by their ids, redistributors lie in the order of creation: KVM's. */
static void test_ids(void)
{
	static const u8 ids[] = { 0, 3, 5, 40, 1, 2 };
	u64 vm, gic = make_ids(&vm, ARRAY_SIZE(ids), ids);
	struct kvm_irq_level ppi = { .irq = KVM_ARM_IRQ_TYPE_PPI << KVM_ARM_IRQ_TYPE_SHIFT |
					    40 << KVM_ARM_IRQ_VCPU_SHIFT | 20,
				     .level = 1 };
	u32 i, wrong = 0, last = 0;

	is(set(gic, ADDR, KVM_VGIC_V3_ADDR_TYPE_REDIST, VM_GICR), 0, "REDIST of six vCPUs");
	is(set(gic, KVM_DEV_ARM_VGIC_GRP_CTRL, KVM_DEV_ARM_VGIC_CTRL_INIT, 0), 0, "CTRL_INIT");
	for (i = 0; i < ARRAY_SIZE(ids); i++) {
		wrong += FIELD_GET(TYPER_PROCNUM, typer(gic, ids[i])) != ids[i];
		last = typer(gic, ids[i]) & TYPER_LAST ? ids[i] : last;
	}
	is(wrong, 0, "GICR_TYPER's processor number is not the id");
	is(last, 2, "the last redistributor is that of vCPU");
	is(kvm_ioctl(vm, KVM_IRQ_LINE, (u64)&ppi), 0, "IRQ_LINE, a PPI of vCPU 40");
	is(get(gic, LINES, (UINT64_C(2) << 8 | 8) << 32), 1 << 20, "which is high there");
	is(get(gic, LINES, UINT64_C(3) << 32), 0, "and not at vCPU 3");
	ppi.irq = KVM_ARM_IRQ_TYPE_PPI << KVM_ARM_IRQ_TYPE_SHIFT | 4 << KVM_ARM_IRQ_VCPU_SHIFT | 20;
	is(kvm_ioctl(vm, KVM_IRQ_LINE, (u64)&ppi), -EINVAL, "IRQ_LINE, a PPI of vCPU 4");
	is(kvm_close(vm, NULL), 0, "CLOSE");
}

/* Regions that touch are one series, in whatever order they were given. */
static void test_touching(void)
{
	u64 vm, gic = make(&vm, 6);
	u32 last = 0, i;

	is(set(gic, KVM_DEV_ARM_VGIC_GRP_CTRL, KVM_DEV_ARM_VGIC_CTRL_INIT, 0), 0, "CTRL_INIT");
	is(set(gic, ADDR, REGION, region(2, 0x100000, 0)), 0, "a region alone");
	is(set(gic, ADDR, REGION, region(2, 0x200000 + 2 * FRAMES, 1)), 0, "a second one");
	is(set(gic, ADDR, REGION, region(2, 0x200000, 2)), 0, "a third one below it");
	for (i = 0; i < 6; i++)
		last |= typer(gic, i) & TYPER_LAST ? BIT(i) : 0;
	is(last, BIT(1) | BIT(3), "the last one of each series says so");
	is(kvm_close(vm, NULL), 0, "CLOSE");
}

static void test_regions(void)
{
	const struct kvm_arm_device_addr legacy = { .addr = VM_GICD };
	u64 vm, gic = make(&vm, 4), base = 0x100000;

	is(get(gic, ADDR, KVM_VGIC_V3_ADDR_TYPE_DIST), -1, "no distributor yet");
	is(get(gic, ADDR, KVM_VGIC_V3_ADDR_TYPE_REDIST), -1, "no redistributors yet");
	is(get(gic, KVM_DEV_ARM_VGIC_GRP_NR_IRQS, 0), 32, "no SPIs yet");
	is(get(gic, KVM_DEV_ARM_VGIC_GRP_CTRL, 0), -ENXIO, "nothing to get of CTRL_INIT");
	is(set(gic, ADDR, REGION, region(0, base, 0)), -EINVAL, "a region of none");
	is(set(gic, ADDR, REGION, region(2, base, 0) | 0x1000), -EINVAL, "flags");
	is(set(gic, ADDR, REGION, region(2, base, 1)), -EINVAL, "region 1 before 0");
	is(set(gic, ADDR, REGION, region(2, UINT64_C(1) << 40, 0)), -E2BIG, "beyond the IPA space");
	is(set(gic, ADDR, REGION, region(2, (UINT64_C(1) << 40) - FRAMES, 0)), -E2BIG,
	   "half of it beyond");
	is(set(gic, ADDR, REGION, region(2, base, 0)), 0, "two redistributors");
	is(set(gic, ADDR, REGION, region(2, 0x200000, 0)), -EINVAL, "region 0 again");
	is(set(gic, ADDR, REGION, region(2, 0x200000, 2)), -EINVAL, "region 2 before 1");
	is(set(gic, ADDR, REGION, region(1, base + FRAMES, 1)), -EINVAL, "one over another");
	is(set(gic, ADDR, KVM_VGIC_V3_ADDR_TYPE_REDIST, 0x400000), -EINVAL, "regions and REDIST");
	is(get(gic, REDIST, 8), -EBUSY, "registers before CTRL_INIT");
	is(set(gic, KVM_DEV_ARM_VGIC_GRP_CTRL, KVM_DEV_ARM_VGIC_CTRL_INIT, 0), 0, "CTRL_INIT");
	is(get(gic, KVM_DEV_ARM_VGIC_GRP_NR_IRQS, 0), 256, "then there are 256 interrupts");
	tap_ok(!(typer(gic, 0) & TYPER_LAST) && (typer(gic, 1) & TYPER_LAST) &&
		       !(typer(gic, 2) & TYPER_LAST),
	       "kvm gic: the second is the last of its region");
	is(set(gic, ADDR, REGION, region(1, base + 2 * FRAMES, 1)), 0, "one that follows it");
	is(set(gic, ADDR, REGION, region(8, 0x200000, 2)), 0, "room for eight more");
	tap_ok(!(typer(gic, 1) & TYPER_LAST) && (typer(gic, 2) & TYPER_LAST) &&
		       (typer(gic, 3) & TYPER_LAST),
	       "kvm gic: regions that touch are one, the last vCPU's ends with it");
	is(get_region(gic, 0), (s64)region(2, base, 0), "region 0 reads back");
	is(get_region(gic, 2), (s64)region(8, 0x200000, 2), "region 2 as well");
	is(get_region(gic, 3), -ENOENT, "there is no region 3");
	is(get(gic, ADDR, KVM_VGIC_V3_ADDR_TYPE_REDIST), (s64)base, "REDIST is the first");
	is(kvm_close(vm, NULL), 0, "CLOSE");

	gic = make(&vm, 4);
	is(set(gic, ADDR, KVM_VGIC_V3_ADDR_TYPE_DIST, base), 0, "a distributor");
	is(set(gic, ADDR, REGION, region(2, base, 0)), -EINVAL, "a region over it");
	is(set(gic, ADDR, KVM_VGIC_V3_ADDR_TYPE_REDIST, base), -EINVAL, "REDIST over it");
	is(set(gic, ADDR, REGION, region(2, base + 0x10000, 0)), 0, "a region behind it");
	is(kvm_close(vm, NULL), 0, "CLOSE before CTRL_INIT");

	gic = make(&vm, 4);
	is(set(gic, ADDR, KVM_VGIC_V3_ADDR_TYPE_REDIST, VM_GICR), 0, "REDIST");
	is(set(gic, ADDR, KVM_VGIC_V3_ADDR_TYPE_REDIST, 0x400000), -EEXIST, "REDIST twice");
	is(set(gic, ADDR, REGION, region(4, 0x400000, 0)), -EINVAL, "REDIST and regions");
	is(kvm_ioctl(vm, KVM_ARM_SET_DEVICE_ADDR, (u64)&legacy), -ENODEV, "SET_DEVICE_ADDR");
	is(kvm_close(vm, NULL), 0, "CLOSE in the middle of it");
}

static void test_registers(u64 gic)
{
	is(get(gic, DIST, 0x40), -ENXIO, "no register of the distributor");
	is(get(gic, DIST, 2), -ENXIO, "an odd one");
	is(get(gic, DIST, 0x10000), -ENXIO, "one behind its frame");
	is(get(gic, REDIST, 0x20000), -ENXIO, "one behind the redistributor");
	is(get(gic, REDIST, UINT64_C(7) << 32), -EINVAL, "a vCPU that is not there");
	is(get(gic, SYSREGS, 0x1234), -ENXIO, "no system register");
	is(get(gic, LINES, 1 << 10), -EINVAL, "another info");
	is(get(gic, LINES, 33), -EINVAL, "lines of 33 and on");
	is(get(gic, DIST, 8), 0x4b00343b, "GICD_IIDR");
	is(set(gic, DIST, 8, 0x4b00343c), -EINVAL, "of another implementer");
	is(set(gic, DIST, 8, 0x4b00343b), 0, "the same again");
	is(set(gic, SYSREGS, ICC_PMR, 0xf0), 0, "ICC_PMR_EL1");
	is(get(gic, SYSREGS, ICC_PMR), 0xf0, "reads back");
	is(set(gic, SYSREGS, ICC_CTLR, (u64)get(gic, SYSREGS, ICC_CTLR)), 0, "ICC_CTLR_EL1");
	is(set(gic, SYSREGS, ICC_CTLR, (u64)get(gic, SYSREGS, ICC_CTLR) ^ 1 << 15), -EINVAL,
	   "without what the CPU has");
}

/* A VMM sets what a guest waits for; and sees what is left in a guest that was stopped. */
static void test_state(void)
{
	const u32 bit = 1u << (VM_SPI % 32), spi = KVM_ARM_IRQ_TYPE_SPI << KVM_ARM_IRQ_TYPE_SHIFT;
	struct vm vm;
	u64 c;

	vm_create(&vm, 1, kvm_guest_spi, 0);
	c = vm.vcpu[0];
	test_registers(vm.gic);
	tap_ok(kvm_reports(c, 0), "kvm gic: a vCPU that waits for an SPI");
	is(get(vm.gic, DIST, 0x104), bit, "its VMM sees it enabled");
	is(set(vm.gic, DIST, 0x204, bit), 0, "makes it pending");
	is(get(vm.gic, DIST, 0x204), bit, "sees that");
	tap_ok(kvm_reports(c, VM_SPI), "kvm gic: and the vCPU takes it");
	is(get(vm.gic, DIST, 0x204), 0, "then it is no longer pending");
	is(kvm_irq_line(vm.handle, spi | VM_SPI, 1), 0, "IRQ_LINE");
	is(get(vm.gic, LINES, 32), bit, "is seen as a line");
	is(get(vm.gic, DIST, 0x204), 0, "not as a latch");
	is(set(vm.gic, LINES, 32, 0), 0, "and can be taken back");
	tap_ok(kvm_run(c, 0, 0).x[0] == HERALD_EXIT_WFI, "kvm gic: then nothing comes");
	vm_destroy(&vm);
}

#define EVERY (UINT64_C(2) << 20) /* a table of stage 2 each */

/* A VM that would run without a GIC if there were memory for that; then its VMM makes one. */
static void test_late(void)
{
	u64 vm = (u64)kvm_ioctl(HERALD_SYSTEM, KVM_CREATE_VM, 0), vcpu, gic, i;
	const void *page = mem_alloc(SZ_4K, SZ_4K);

	vcpu = (u64)kvm_ioctl(vm, KVM_CREATE_VCPU, 0);
	kvm_init_vcpu(vcpu, KVM_ARM_TARGET_GENERIC_V8, 0);
	for (i = 0; !kvm_map(vm, i * EVERY, page, SZ_4K, HERALD_MAP_SHARED); i++)
		;
	is((s64)kvm_run(vcpu, 0, 0).x[0], -ENOMEM, "KVM_RUN when nothing is left");
	is(kvm_unmap(vm, 0, UINT64_C(1) << 40), 0, "UNMAP_PAGES of everything");
	is(kvm_create_device(vm, KVM_DEV_TYPE_ARM_VGIC_V3, 0, &gic), 0, "CREATE_DEVICE after it");
	is(set(gic, KVM_DEV_ARM_VGIC_GRP_CTRL, KVM_DEV_ARM_VGIC_CTRL_INIT, 0), 0, "CTRL_INIT");
	is(get(gic, DIST, 4) & 0x1f, 7, "GICD_TYPER.ITLinesNumber");
	is(kvm_close(vm, NULL), 0, "CLOSE");
}

/* Both timers with one interrupt cannot run, and their VMM can still part them. */
static void test_timers(void)
{
	const u64 ptimer = KVM_ARM_VCPU_TIMER_IRQ_PTIMER;
	struct vm vm;
	u64 c;

	vm_create(&vm, 1, kvm_guest_once, 0);
	c = vm.vcpu[0];
	is(set(c, KVM_ARM_VCPU_TIMER_CTRL, ptimer, 27), 0, "a PPI for the physical timer");
	is((s64)kvm_run(c, 0, 0).x[0], -EINVAL, "KVM_RUN when the virtual one has the same");
	is(set(c, KVM_ARM_VCPU_TIMER_CTRL, ptimer, 29), 0, "another one after it");
	is((s64)kvm_run(c, HERALD_RUN_IMMEDIATE, 0).x[0], -EINTR, "then it runs");
	is(set(c, KVM_ARM_VCPU_TIMER_CTRL, ptimer, 30), -EBUSY, "and keeps what it has");
	vm_destroy(&vm);
}

/* Reads registers again and again. */
struct reader {
	u64 gic;
	bool stop;
	u32 reads;
};

static void run_reader(void *arg)
{
	struct reader *r = arg;

	while (!atomic_load_acquire(&r->stop))
		atomic_store_relaxed(&r->reads, r->reads + (get(r->gic, DIST, 8) > 0));
}

/* While one CPU holds all vCPUs to read a register, KVM_RUN on another waits for that moment to pass. */
static void test_held(void)
{
	struct reader r = { 0 };
	u32 i, busy = 0;
	struct vm vm;

	if (nr_cpus < 2) {
		tap_skip("kvm gic: registers are read on another CPU", "one CPU");
		return;
	}
	vm_create(&vm, 1, kvm_guest_once, 0);
	r.gic = vm.gic;
	smp_call_start(1, run_reader, &r);
	tap_ok(wait_for(atomic_load_relaxed(&r.reads)), "kvm gic: registers are read on CPU 1");
	for (i = 0; i < 20000; i++)
		busy += kvm_run(vm.vcpu[0], HERALD_RUN_IMMEDIATE, 0).x[0] != (u64)-EINTR;
	atomic_store_release(&r.stop, true);
	tap_ok(smp_call_wait(1) && !busy, "kvm gic: 20,000 KVM_RUN, %u refused; %u reads", busy,
	       r.reads);
	vm_destroy(&vm);
}

/* A line that stays up until the guest ends its interrupt, and then leaves. */
static void test_watch(void)
{
	const u32 bit = 1u << (VM_SPI % 32);
	const u32 spi = KVM_ARM_IRQ_TYPE_SPI << KVM_ARM_IRQ_TYPE_SHIFT | VM_SPI;
	struct hvc h;
	struct vm vm;
	u64 c, v;
	s64 first;

	vm_create(&vm, 1, kvm_guest_spi, 0);
	c = vm.vcpu[0];
	v = vm.handle;
	tap_ok(kvm_reports(c, 0), "kvm gic: a vCPU that waits for an SPI");
	is(kvm_ioctl(v, HERALD_WATCH_LINE, HERALD_WATCH_ON | 31), -EINVAL, "a PPI is not watched");
	is(kvm_ioctl(v, HERALD_WATCH_LINE, HERALD_WATCH_ON | 0xffff), -EINVAL, "nor 65535");
	is(kvm_ioctl(v, HERALD_WATCH_LINE, HERALD_WATCH_ON << 1 | VM_SPI), -EINVAL, "other bits");
	is(kvm_ioctl(v, HERALD_WATCH_LINE, HERALD_WATCH_ON | VM_SPI), 0, "an SPI is watched");
	is(kvm_ioctl(v, HERALD_NEXT_ENDED, 0), -ENOENT, "it has not ended");
	is(kvm_ioctl(v, HERALD_NEXT_ENDED, ~UINT64_C(0)), -ENOENT, "nor any beyond all");
	is(kvm_irq_line(v, spi, 1), 0, "raised");
	tap_ok(kvm_reports(c, VM_SPI), "kvm gic: and taken");
	is(get(vm.gic, LINES, 32), bit, "its line is high");
	is(kvm_ioctl(v, HERALD_NEXT_ENDED, 0), -ENOENT, "it has not ended yet");
	do {
		h = kvm_run(c, 0, 0);
		first = kvm_ioctl(v, HERALD_NEXT_ENDED, 0);
	} while (h.x[0] == (u64)-EINTR); /* interrupts of ours */
	is((s64)h.x[0], HERALD_EXIT_ENDED, "its end makes the vCPU leave");
	is(first, VM_SPI, "and is told");
	is(kvm_ioctl(v, HERALD_NEXT_ENDED, 0), -ENOENT, "once");
	is(get(vm.gic, LINES, 32), 0, "its line is low");
	is((s64)kvm_run_on(c, 0, 0).x[0], HERALD_EXIT_WFI, "nothing comes any more");
	is(kvm_ioctl(v, HERALD_WATCH_LINE, VM_SPI), 0, "not watched");
	is(kvm_irq_line(v, spi, 1), 0, "raised");
	tap_ok(kvm_reports(c, VM_SPI) && kvm_reports(c, VM_SPI),
	       "kvm gic: it is taken until its line is lowered");
	is(kvm_ioctl(v, HERALD_NEXT_ENDED, 0), -ENOENT, "nobody is told");
	vm_destroy(&vm);
}

static void test_reset(void)
{
	u64 vm, gic = make(&vm, 1);

	set(gic, KVM_DEV_ARM_VGIC_GRP_CTRL, KVM_DEV_ARM_VGIC_CTRL_INIT, 0);
	is(get(gic, DIST, 0xc08), 0xaaaaaaaa, "SPIs are edge-triggered at reset");
	is(get(gic, REDIST, 0x10c04), 0, "PPIs level-sensitive");
	kvm_close(vm, NULL);
}

void test_kvm_gic(void)
{
	test_regions();
	test_touching();
	test_ids();
	test_reset();
	test_state();
	test_late();
	test_timers();
	test_held();
	test_watch();
}

/* One call, not repeated: its ticks in *@longest, if that is the longest yet. */
static s64 step(u64 handle, u64 request, void *arg, u64 *longest)
{
	struct hvc h = { { HERALD_HVC_IOCTL, handle, request, (u64)arg, 0 } };
	u64 start = timer_now();
	s64 ret = hvc(&h);

	*longest = MAX(*longest, timer_now() - start);
	return ret;
}

u64 bench_kvm_gic_init(u32 *steps)
{
	struct kvm_device_attr init = { .group = KVM_DEV_ARM_VGIC_GRP_CTRL,
					.attr = KVM_DEV_ARM_VGIC_CTRL_INIT };
	u64 vm, gic = make(&vm, MANY), longest = 0;
	s64 ret;

	set(gic, KVM_DEV_ARM_VGIC_GRP_NR_IRQS, 0, 1024);
	*steps = 0;
	do {
		ret = step(gic, KVM_SET_DEVICE_ATTR, &init, &longest);
		++*steps;
	} while (ret == HERALD_AGAIN);
	is(ret, 0, "CTRL_INIT of 512 vCPUs");
	kvm_close(vm, NULL);
	return longest;
}

u64 bench_kvm_gic_attr(void)
{
	u64 vm, gic = make(&vm, MANY), longest = 0, i;
	u32 val = ~0u, written = 0;
	struct kvm_device_attr a = { .group = DIST, .addr = (u64)&val };

	set(gic, KVM_DEV_ARM_VGIC_GRP_CTRL, KVM_DEV_ARM_VGIC_CTRL_INIT, 0);
	for (i = 0; i < 2; i++) {
		for (a.attr = 0; a.attr < 0x800; a.attr += 4)
			if (a.attr != 8)
				written += !step(gic, KVM_SET_DEVICE_ATTR, &a, &longest);
		val = 0x55555555;
	}
	tap_ok(written > 2 * 256, "kvm gic: %u writes of 512 vCPUs' registers", written);
	kvm_close(vm, NULL);
	return longest;
}
