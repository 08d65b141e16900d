// SPDX-License-Identifier: GPL-2.0-only
/*
 * VMs, by Herald's own hypercalls: what a VM's vCPU does, and what its VMM sees of it. CPU 0 is the VMM's; where it takes
 * two, CPU 1 runs the second vCPU.
 */
#include "guests/bare/board.h"
#include "guests/bare/gic.h"
#include "guests/bare/irq.h"
#include "guests/bare/kvm.h"
#include "guests/bare/smp.h"
#include "guests/bare/suite.h"
#include "guests/bare/tap.h"
#include "guests/bare/timer.h"
#include "hyp/lib/string.h"

#define LOADED UINT64_C(0xfedcba98f7f6f5f4)

static bool loads(u64 vcpu, u32 size, u64 expected)
{
	struct hvc h = kvm_run_on(vcpu, 0, 0);

	if (h.x[0] != HERALD_EXIT_FAULT || h.x[1] != VM_DEVICE ||
	    h.x[2] != (HERALD_FAULT_VALID | (u64)size << HERALD_FAULT_SIZE_SHIFT))
		return false;
	h = kvm_run(vcpu, HERALD_RUN_COMPLETE | HERALD_RUN_IMMEDIATE, LOADED);
	return h.x[0] == (u64)-EINTR && kvm_reports(vcpu, expected);
}

static bool stores(u64 vcpu, u32 size, u64 expected)
{
	struct hvc h = kvm_run_on(vcpu, 0, 0);

	return h.x[0] == HERALD_EXIT_FAULT && h.x[1] == VM_DEVICE && h.x[3] == expected &&
	       h.x[2] == (HERALD_FAULT_VALID | HERALD_FAULT_WRITE |
			  (u64)size << HERALD_FAULT_SIZE_SHIFT) &&
	       kvm_run(vcpu, HERALD_RUN_COMPLETE | HERALD_RUN_IMMEDIATE, 0).x[0] == (u64)-EINTR;
}

static bool powers_off(u64 vcpu)
{
	struct hvc h = kvm_run_on(vcpu, 0, 0);

	return h.x[0] == HERALD_EXIT_SYSTEM_EVENT && h.x[1] == KVM_SYSTEM_EVENT_SHUTDOWN;
}

static void test_mmio(void)
{
	struct vm vm;
	struct hvc h;
	u64 c;

	vm_create(&vm, 1, kvm_guest_mmio, 0);
	c = vm.vcpu[0];
	tap_ok(kvm_reports(c, 1 << 2), "kvm: the VM is at EL1");
	tap_ok(kvm_reports(c, 0x10001), "kvm: SMCCC_VERSION by HVC is 1.1");
	tap_ok(loads(c, 0, 0xf4) && loads(c, 1, 0xf5f4) && loads(c, 2, 0xf7f6f5f4) &&
		       loads(c, 3, LOADED),
	       "kvm: loads of 1, 2, 4 and 8 bytes are completed");
	tap_ok(loads(c, 0, (u64)-12) && loads(c, 0, 0xfffffff4) &&
		       loads(c, 1, (u64)(int16_t)0xf5f4) && loads(c, 2, (u64)(s32)0xf7f6f5f4),
	       "kvm: loads with sign extension to 32 and 64 bits");
	h = kvm_run_on(c, 0, 0);
	tap_ok(h.x[0] == HERALD_EXIT_FAULT && h.x[1] == VM_DEVICE, "kvm: a load to xzr exits");
	kvm_run(c, HERALD_RUN_COMPLETE | HERALD_RUN_IMMEDIATE, LOADED);
	tap_ok(stores(c, 0, 0x11) && stores(c, 1, 0x2211) && stores(c, 2, 0x44332211) &&
		       stores(c, 3, 0x8877665544332211) && stores(c, 3, 0),
	       "kvm: stores of 1, 2, 4 and 8 bytes bring their data");
	h = kvm_run_on(c, 0, 0);
	tap_ok(h.x[0] == HERALD_EXIT_FAULT && h.x[1] == VM_DEVICE && !(h.x[2] & HERALD_FAULT_VALID),
	       "kvm: a pair exits without a syndrome");
	tap_ok(kvm_run(c, HERALD_RUN_COMPLETE, 0).x[0] == (u64)-EINVAL,
	       "kvm: and cannot be completed");
	h = kvm_run_on(c, HERALD_RUN_ABORT, 0);
	tap_ok(h.x[0] == HERALD_EXIT_FAULT && (h.x[2] & HERALD_FAULT_EXEC) && h.x[1] == 0x200,
	       "kvm: aborted, the VM goes to its vectors, which are not mapped");
	vm_destroy(&vm);
}

/* How many words of the dump are not 0. */
static u32 not_reset(const u64 *d)
{
	u32 i, n = 0;

	for (i = 0; i < DUMP_WORDS; i++)
		n += d[i] != 0;
	return n;
}

static void test_registers(void)
{
	static u64 before[DUMP_WORDS], after[DUMP_WORDS];
	u64 regs[4] = { HERALD_HVC_IOCTL, 0, KVM_RUN, 0 }, keys = kvm_has_keys(), changed;
	const u64 *first, *filled, *later;
	struct vm vm;
	u32 i, same = 0;

	vm_create(&vm, 1, kvm_guest_regs, keys);
	first = (const u64 *)(vm.data + VM_DUMP_FIRST);
	filled = (const u64 *)(vm.data + VM_DUMP_FILLED);
	later = (const u64 *)(vm.data + VM_DUMP_AFTER);
	regs[1] = vm.vcpu[0];
	kvm_run(vm.vcpu[0], HERALD_RUN_IMMEDIATE,
		0); /* the GIC's frames are put in their place in steps */
	irq_off();
	changed = kvm_run_filled(regs, before, after, keys);
	irq_on();
	cache_clean(vm.data, VM_DATA_SIZE);
	tap_ok(regs[0] == HERALD_EXIT_FAULT && regs[1] == VM_REPORT && !changed,
	       "kvm: general registers of the VMM survive a run (%lu changed)", changed);
	tap_ok(!memcmp(before, after, sizeof(before)),
	       "kvm: system, key and SIMD registers of the VMM survive a run");
	tap_ok(!not_reset(first), "kvm: a new vCPU finds nothing in its registers (%u are not 0)",
	       not_reset(first));
	for (i = 0; i < DUMP_WORDS; i++)
		same += filled[i] && filled[i] == after[i];
	tap_ok(!same, "kvm: none of the vCPU's patterns is the VMM's (%u are)", same);
	kvm_run(vm.vcpu[0], HERALD_RUN_COMPLETE | HERALD_RUN_IMMEDIATE, 0);
	regs[0] = HERALD_HVC_IOCTL;
	regs[1] = vm.vcpu[0];
	regs[2] = KVM_RUN;
	regs[3] = 0;
	irq_off();
	kvm_run_filled(regs, before, after, keys);
	irq_on();
	tap_ok(regs[0] == HERALD_EXIT_FAULT && regs[1] == VM_REPORT && regs[3] == 0,
	       "kvm: general registers of the vCPU survive exits");
	kvm_run(vm.vcpu[0], HERALD_RUN_COMPLETE | HERALD_RUN_IMMEDIATE, 0);
	tap_ok(kvm_reports(vm.vcpu[0], 0), "kvm: the vCPU goes on");
	cache_clean(vm.data, VM_DATA_SIZE);
	tap_ok(filled[0] && !memcmp(filled, later, DUMP_WORDS * sizeof(u64)),
	       "kvm: system, key and SIMD registers of the vCPU survive exits");
	tap_ok(powers_off(vm.vcpu[0]), "kvm: SYSTEM_OFF is the VMM's business");
	tap_ok(kvm_run(vm.vcpu[0], 0, 0).x[0] == HERALD_EXIT_WFI, "kvm: after it the vCPU is off");
	vm_destroy(&vm);
}

/* As the driver's hrtimer does it: waits for the deadline with our own timer, then runs again. */
static u32 run_timer(u64 vcpu, u64 flags, u32 reports, const u64 *expected)
{
	u32 waits = 0, n = 0;
	struct hvc h;

	irq_off();
	h = kvm_run(vcpu, flags, 0);
	while (n < reports) {
		if (h.x[0] == HERALD_EXIT_WFI) {
			waits++;
			while (sysreg_read(cntpct_el0) < h.x[1])
				isb();
			h = kvm_run(vcpu, flags, 0);
		} else if (h.x[0] == (u64)-EINTR) {
			irq_on();
			isb();
			irq_off();
			h = kvm_run(vcpu, flags, 0);
		} else if (h.x[0] == HERALD_EXIT_FAULT && h.x[3] == expected[n]) {
			n++;
			h = kvm_run(vcpu, flags | HERALD_RUN_COMPLETE, 0);
		} else {
			irq_on();
			return ~0u;
		}
	}
	irq_on();
	return h.x[0] == HERALD_EXIT_SYSTEM_EVENT ? waits : ~0u;
}

static void test_timer(void)
{
	static const u64 expected[] = { 27, 1, 27, 1 };
	u32 me = cpu_this()->index, before, waits;
	struct vm vm;

	vm_create(&vm, 1, kvm_guest_timer, timer_ms(60));
	waits = run_timer(vm.vcpu[0], 0, 4, expected);
	tap_ok(waits == 2, "kvm: two waits for the timer leave with its deadline (%u did)", waits);
	vm_destroy(&vm);
	vm_create(&vm, 1, kvm_guest_timer, timer_ms(2));
	waits = run_timer(vm.vcpu[0], HERALD_RUN_SINGLE_TASK, 4, expected);
	tap_ok(waits == 0, "kvm: SINGLE_TASK waits in the VM (%u left)", waits);
	vm_destroy(&vm);

	/* The VM has the timer's interrupt active while its VMM, and ours, goes on. */
	vm_create(&vm, 1, kvm_guest_timer, timer_ms(2));
	tap_ok(kvm_reports(vm.vcpu[0], 27), "kvm: left with its timer's interrupt active");
	before = irq_count(me, board.vtimer_intid);
	timer_arm_virtual(timer_ms(1));
	tap_ok(wait_for(irq_count(me, board.vtimer_intid) == before + 1),
	       "kvm: the VMM's own timer interrupts it all the same");
	tap_ok(kvm_reports(vm.vcpu[0], 1) && kvm_reports(vm.vcpu[0], 27) &&
		       kvm_reports(vm.vcpu[0], 1),
	       "kvm: and the VM's goes on");
	vm_destroy(&vm);

	vm_create(&vm, 1, kvm_guest_loop, 0);
	tap_ok(kvm_reports(vm.vcpu[0], 0), "kvm: a vCPU that loops");
	before = irq_count(me, board.vtimer_intid);
	irq_off();
	timer_arm_virtual(timer_ms(2));
	tap_ok(kvm_run(vm.vcpu[0], 0, 0).x[0] == (u64)-EINTR, "kvm: our timer ends its run");
	irq_on();
	isb();
	tap_ok(irq_count(me, board.vtimer_intid) == before + 1, "kvm: and interrupts us once");
	irq_off();
	gic_send_sgi(cpu_this()->mpidr, 5);
	tap_ok(kvm_run(vm.vcpu[0], 0, 0).x[0] == (u64)-EINTR,
	       "kvm: an interrupt that is pending is served first");
	irq_on();
	vm_destroy(&vm);
}

/* Timers that will never interrupt: the VM's beyond what the counter can count, ours with its PPI disabled. */
static void test_timer_never(void)
{
	const struct cpu *me = cpu_this();
	struct hvc h = { { (u64)-EINTR } };
	struct vm vm;
	u32 i;

	vm_create(&vm, 1, kvm_guest_wfi, 0);
	tap_ok(!kvm_set_reg(vm.vcpu[0], KVM_REG_ARM_TIMER_CVAL, ~UINT64_C(0)) &&
		       !kvm_set_reg(vm.vcpu[0], KVM_REG_ARM_TIMER_CTL, TIMER_CTL_ENABLE) &&
		       kvm_reports(vm.vcpu[0], 0),
	       "kvm: a vCPU with its timer at the end of time");
	timer_arm_physical(timer_ms(20)); /* should it wait in the VM */
	h = kvm_run(vm.vcpu[0], 0, 0);
	timer_stop();
	tap_ok(h.x[0] == HERALD_EXIT_WFI && h.x[1] == ~UINT64_C(0),
	       "kvm: waits without a deadline");
	vm_destroy(&vm);

	vm_create(&vm, 1, kvm_guest_once, 0);
	irq_off();
	gic_set_bit(me, GICD_ICENABLER, board.vtimer_intid);
	gic_wait_rwp();
	timer_arm_virtual(0);
	for (i = 0; i < 10 && h.x[0] != HERALD_EXIT_FAULT; i++)
		h = kvm_run(vm.vcpu[0], 0, 0);
	timer_stop();
	gic_set_bit(me, GICD_ISENABLER, board.vtimer_intid);
	irq_on();
	tap_ok(h.x[0] == HERALD_EXIT_FAULT && h.x[1] == VM_REPORT,
	       "kvm: a timer of ours whose PPI is disabled ends no run");
	vm_destroy(&vm);
}

static void doorbell_enable(void *arg)
{
	struct cpu *cpu = cpu_this();

	(void)arg;
	gic_set_edge(cpu, board.doorbell_intid, true);
	gic_set_bit(cpu, GICD_ISENABLER, board.doorbell_intid);
}

static bool blocks(u64 vcpu)
{
	struct hvc h = kvm_run_on(vcpu, 0, 0);

	return h.x[0] == HERALD_EXIT_WFI && h.x[1] == ~UINT64_C(0);
}

static void test_doorbell(void)
{
	const u32 spi = KVM_ARM_IRQ_TYPE_SPI << KVM_ARM_IRQ_TYPE_SHIFT | VM_SPI;
	u32 me = cpu_this()->index, before;
	struct vm vm;
	u64 c;

	vm_create(&vm, 1, kvm_guest_spi, 0);
	c = vm.vcpu[0];
	tap_ok(kvm_reports(c, 0), "kvm: a vCPU that waits for an SPI");
	irq_reset_counts();
	before = irq_count(me, board.doorbell_intid);
	tap_ok(blocks(c), "kvm: WFI without a deadline");
	tap_ok(kvm_wakeup() == -ENOENT, "kvm: no one was woken");
	tap_ok(kvm_irq_line(vm.handle, spi, 1) == 0, "kvm: IRQ_LINE of an SPI");
	tap_ok(wait_for(irq_count(me, board.doorbell_intid) == before + 1),
	       "kvm: the doorbell rings");
	tap_ok(kvm_wakeup() == (s64)c && kvm_wakeup() == -ENOENT, "kvm: for that vCPU, once");
	tap_ok(kvm_reports(c, VM_SPI), "kvm: it takes the SPI");
	tap_ok(kvm_irq_line(vm.handle, spi, 0) == 0, "kvm: the line goes low");
	vm_destroy(&vm);
}

/* The interrupt is the physical timer's of no CPU: nobody hears of it but by the write. */
static void test_doorbell_ppi(void)
{
	struct vm vm;

	vm_create(&vm, 2, kvm_guest_ppi, 0);
	tap_ok(kvm_reports(vm.vcpu[0], 0) && blocks(vm.vcpu[1]), "kvm: vCPU 1 waits for a PPI");
	while (kvm_wakeup() != -ENOENT)
		;
	tap_ok(kvm_reports(vm.vcpu[0], 0) && kvm_wakeup() == (s64)vm.vcpu[1],
	       "kvm: vCPU 0 makes its timer's pending: it is woken");
	tap_ok(kvm_reports(vm.vcpu[1], 27), "kvm: and takes it");
	vm_destroy(&vm);
}

struct ipi {
	u64 vcpu;
	bool stop;
	u32 exits;
};

/* The thread of vCPU 1. */
static void run_second(void *arg)
{
	struct ipi *t = arg;

	irq_off();
	while (!atomic_load_acquire(&t->stop)) {
		kvm_run(t->vcpu, 0, 0);
		t->exits++;
		irq_on();
		isb();
		irq_off();
	}
	irq_on();
}

static bool is_off(u64 vcpu)
{
	struct kvm_mp_state mp = { 0 };

	return !kvm_ioctl(vcpu, KVM_GET_MP_STATE, (u64)&mp) && mp.mp_state == KVM_MP_STATE_STOPPED;
}

static void test_ipi(void)
{
	struct ipi second = { 0 };
	struct vm vm;
	u64 *page;

	if (nr_cpus < 2) {
		tap_skip("kvm: IPIs between vCPUs", "one CPU");
		return;
	}
	vm_create(&vm, 2, kvm_guest_ipi, 0);
	page = (u64 *)(vm.data + VM_STACK1);
	second.vcpu = vm.vcpu[1];
	smp_call_start(1, run_second, &second);
	tap_ok(kvm_reports(vm.vcpu[0], 0), "kvm: CPU_ON of vCPU 1, which runs on CPU 1");
	tap_ok(kvm_reports(vm.vcpu[0], VM_SGI), "kvm: vCPU 0 gets vCPU 1's SGI");
	cache_clean(page, 64);
	tap_ok(page[1] == VM_SGI && page[2] == 0x77, "kvm: vCPU 1 got its SGI and its context");
	tap_ok(wait_for(is_off(vm.vcpu[1])), "kvm: CPU_OFF stops it");
	tap_ok(powers_off(vm.vcpu[0]), "kvm: SYSTEM_OFF with two vCPUs");
	atomic_store_release(&second.stop, true);
	tap_ok(smp_call_wait(1), "kvm: the second thread comes to its end");
	vm_destroy(&vm);
}

/* SYSTEM_OFF against a vCPU that starts others while it can. */
static void test_off(void)
{
	bool good = true;
	struct ipi t;
	struct vm vm;
	u32 i;

	if (nr_cpus < 2) {
		tap_skip("kvm: SYSTEM_OFF against CPU_ON", "one CPU");
		return;
	}
	for (i = 0; i < 20 && good; i++) {
		vm_create(&vm, 2, kvm_guest_off, 0);
		t = (struct ipi){ .vcpu = vm.vcpu[1] };
		smp_call_start(1, run_second, &t);
		good = powers_off(vm.vcpu[0]);
		atomic_store_release(&t.stop, true);
		good = smp_call_wait(1) && good && is_off(vm.vcpu[0]) && is_off(vm.vcpu[1]);
		vm_destroy(&vm);
	}
	tap_ok(good, "kvm: after SYSTEM_OFF all vCPUs are off, whoever starts them (%u)", i);
}

static void test_close(void)
{
	struct ipi t = { 0 };
	struct vm vm;
	u32 steps = 0;
	u64 pc;

	if (nr_cpus < 2) {
		tap_skip("kvm: closed while it runs", "one CPU");
		return;
	}
	vm_create(&vm, 1, kvm_guest_loop, 0);
	kvm_reports(vm.vcpu[0], 0);
	t.vcpu = vm.vcpu[0];
	smp_call_start(1, run_second, &t);
	/* On a loaded machine CPU 1 may take its time. IMMEDIATE: should it not be there, this one does not loop. */
	tap_ok(wait_for(kvm_get_reg(vm.vcpu[0], KVM_CORE_REG(regs.pc), &pc) == -EBUSY) &&
		       kvm_run(vm.vcpu[0], HERALD_RUN_IMMEDIATE, 0).x[0] == (u64)-EBUSY,
	       "kvm: a vCPU that runs elsewhere is busy");
	tap_ok(kvm_get_attr(vm.gic, KVM_DEV_ARM_VGIC_GRP_DIST_REGS, 0, &steps) == -EBUSY,
	       "kvm: and so are its GIC's registers");
	tap_ok(kvm_close(vm.handle, &steps) == 0, "kvm: closed while it runs (%u steps)", steps);
	tap_ok(kvm_run(vm.vcpu[0], 0, 0).x[0] == (u64)-EBADF, "kvm: its handles are no more");
	atomic_store_release(&t.stop, true);
	tap_ok(smp_call_wait(1), "kvm: who ran it comes back");
}

static void test_rounds(void)
{
	struct herald_stats first, last;
	struct vm vm;
	bool good = true;
	u32 i;

	vm_create(&vm, 2, kvm_guest_once, 0);
	vm_destroy(&vm);
	first = kvm_stats();
	for (i = 0; i < 1000 && good; i++) {
		vm_create(&vm, 2, kvm_guest_once, 0);
		good = kvm_reports(vm.vcpu[0], VM_REPORT);
		vm_destroy(&vm);
	}
	last = kvm_stats();
	tap_ok(good, "kvm: 1,000 VMs are made, run and closed (%u)", i);
	tap_ok(first.pool_used == last.pool_used && !last.vms && !last.lent_pages &&
		       !last.vm_used && !last.stray_frees,
	       "kvm: and all is given back (pool %lu, then %lu)", (u64)first.pool_used,
	       (u64)last.pool_used);
}

void suite_kvm(void)
{
	if (!board.hypervisor || !board.doorbell_intid) {
		tap_skip("kvm", "no Herald here");
		return;
	}
	if (board_option("bench", "kvm", false)) {
		test_kvm_bench();
		test_kvm_its_bench();
		return;
	}
	tap_ok(kvm_ioctl(HERALD_SYSTEM, KVM_GET_API_VERSION, 0) == KVM_API_VERSION,
	       "kvm: the version of the API is 12");
	smp_call_all(doorbell_enable, NULL);
	test_mmio();
	test_registers();
	test_timer();
	test_timer_never();
	test_doorbell();
	test_doorbell_ppi();
	test_ipi();
	test_off();
	test_close();
	test_kvm_bad();
	test_kvm_its();
	test_kvm_gic();
	test_rounds();
}
