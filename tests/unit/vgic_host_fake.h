/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A machine for the virtual GIC's tests: CPUs with list registers that behave like the virtual CPU
 * interface of IHI 0069H, a guest that acknowledges and ends interrupts, physical interrupts, guest
 * memory, and a VM to put on it.
 */
#ifndef HERALD_TESTS_VGIC_HOST_FAKE_H
#define HERALD_TESTS_VGIC_HOST_FAKE_H

#include "vgic/host.h"
#include "vgic/vgic.h"

#define FAKE_CPUS 4
#define FAKE_MAX_VCPUS 8
#define FAKE_NO_CPU 99u
#define FAKE_RAM_BASE UINT64_C(0x40000000)
#define FAKE_RAM_SIZE 0x200000u
#define FAKE_SPURIOUS 1023u
#define FAKE_NR_PHYS 1020u

struct fake_vcpu {
	u32 index;
	u32 cpu; /* on which it is loaded, or FAKE_NO_CPU */
	u32 kicks;
	struct vgic_cpu *vgic;
};

struct fake_cpu {
	u64 lr[VGIC_MAX_LRS], hcr, vmcr, apr[2][4];
	struct fake_vcpu *vcpu;
	u32 ended; /* times that vgic_host_ended() was called */
	u32 lr_accesses; /* reads and writes of list registers by EL2 */
};

struct fake_phys {
	bool enabled, edge, pending, active;
	void *route;
};

struct fake_machine {
	u32 nr_lrs;
	bool lpi_active; /* an acknowledged LPI is shown active until its EOI, as on QEMU */
	bool no_tds;
	struct fake_cpu cpu[FAKE_CPUS];
	struct fake_vcpu vcpu[FAKE_MAX_VCPUS];
	struct fake_phys spi[FAKE_NR_PHYS];
	struct fake_phys ppi[FAKE_MAX_VCPUS][32];
	u8 ram[FAKE_RAM_SIZE];
	u32 ram_reads, ram_writes;
	u32 ram_late; /* one in @ram_late accesses to memory finds it not there yet; 0: none */
	struct vgic *vgic;
	void *mem;
};

extern struct fake_machine fake;
extern _Thread_local u32 fake_here; /* the CPU that runs */

/*
 * A VM of @vcpus vCPUs, affinity 0.0.0.n, none loaded, on CPUs with @lrs list registers. Groups and
 * all else off.
 */
struct vgic *fake_start(u32 vcpus, u32 spis, u32 intid_bits, u32 lrs);
void fake_end(void);
/*
 * vCPU @index on CPU @cpu, which runs from now on; its guest has both groups enabled and all
 * priorities unmasked.
 */
void fake_load(u32 index, u32 cpu);
void fake_put(u32 index);
/* CPU @cpu runs. */
void fake_run_on(u32 cpu);
struct vgic_cpu *fake_vgic(u32 index);

/*
 * The way back into the guest on this CPU: maintenance interrupts, flush. False if it would never
 * end.
 */
bool fake_enter(void);
/* The same for whichever CPU @index is loaded on, as its kick would have it. */
bool fake_enter_vcpu(u32 index);

/* What the guest on this CPU does. */
u32 fake_ack(u32 group); /* INTID or FAKE_SPURIOUS */
void fake_eoi(u32 group, u32 intid);
void fake_dir(u32 intid); /* traps if the hypervisor wants it */
u32 fake_hppir(void);
void fake_set_eoimode(bool split);
void fake_set_enables(u32 groups);
void fake_set_pmr(u32 pmr);
u64 fake_misr(void);
/* Acknowledges and ends one interrupt of group 1, with an exit wherever maintenance asks for it. */
u32 fake_take(void);
/*
 * State bits (2: active, 1: pending) of @intid in this CPU's list registers; -1 if it is in none,
 * -2 if in several.
 */
int fake_lr_state(u32 intid);
u64 fake_lr_of(u32 intid);

/* Registers, by the vCPU loaded on this CPU (vCPU 0 if there is none). */
u64 fake_dist_r(u64 offset, u32 size);
void fake_dist_w(u64 offset, u32 size, u64 val);
/* ICC_SGI1R_EL1 and the like. */
void fake_sgi(struct vgic_cpu *c, enum vgic_sgi_reg reg, u64 val);
u64 fake_rd_r(u32 vcpu, u64 offset, u32 size);
void fake_rd_w(u32 vcpu, u64 offset, u32 size, u64 val);
/* SPI or private interrupt of @vcpu: group 1, enabled, priority. */
void fake_irq_on(u32 vcpu, u32 intid, u32 prio, bool level);
/* EnableLPIs with tables at fixed places; the pending table is zero. */
void fake_lpis_on(u32 vcpu);
void fake_lpi_prop(u32 lpi, u8 prop);
u64 fake_prop_ipa(u32 lpi);
u64 fake_pend_ipa(u32 vcpu, u32 lpi);
u8 *fake_ram(u64 ipa);
/* Guest memory as EL2 reaches it, for struct vgic_config and struct its_ops; @vm is not used. */
int fake_ram_read(void *vm, u64 ipa, void *buf, size_t len);
int fake_ram_write(void *vm, u64 ipa, const void *buf, size_t len);

/*
 * Numbers that are the same at each run: for each thread by the CPU it is, unless it chose a @seed.
 */
u64 fake_random(void);
void fake_random_seed(u64 seed);

#endif
