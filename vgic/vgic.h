/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The virtual GICv3 of one VM: distributor, redistributors, list registers, LPI state (IHI 0069H).
 * It knows hardware only through the functions of vgic/host.h, so it compiles and is tested on the
 * build host.
 */
#ifndef HERALD_VGIC_VGIC_H
#define HERALD_VGIC_VGIC_H

#include "hyp/lib/bits.h"
#include "hyp/lib/lock.h"

#define VGIC_MAX_LRS 16
#define VGIC_NR_PRIVATE 32
#define VGIC_MAX_SPIS 988
#define VGIC_LPI_BASE 8192u
#define VGIC_DIST_SIZE UINT64_C(0x10000)
#define VGIC_REDIST_SIZE UINT64_C(0x20000) /* RD_base and SGI_base of one vCPU */

struct vgic_config {
	u32 nr_vcpus; /* 1 .. 512 */
	u32 nr_spis; /* 0 .. 988; INTIDs 32 .. 32 + nr_spis - 1 */
	u32 intid_bits; /* 14 .. 16 with LPIs, 0 without */
	bool spi_edge; /* SPIs are edge-triggered at reset, else level-sensitive */
	bool hidden; /* the VM has no GIC: nothing is ever pending, and its CPU interface traps */
	/*
	 * Guest memory by IPA, for the property and pending tables: 0 or a negative errno. -EAGAIN:
	 * it is not there yet; what asked for it answers "again" and has changed nothing.
	 */
	int (*read)(void *vm, u64 ipa, void *buf, size_t len);
	int (*write)(void *vm, u64 ipa, const void *buf, size_t len);
	void *vm;
};

struct vgic;
struct vgic_cpu;

/* What happened to one vCPU's interrupts; only grows. For the tool that shows them. */
struct vgic_stats {
	u64 kicks; /* times another CPU was told that there is work */
	u64 overflows; /* times pending interrupts did not all fit the list registers */
	u64 exchanged; /* pending interrupts taken out of a list register for a more urgent one */
	u64 active_out; /* active interrupts that lost their list register */
	u64 lpi_dropped; /* LPIs that came while GICR_CTLR.EnableLPIs was 0 */
};

/*
 * Bytes (a multiple of 64) for the whole vGIC with its vCPU parts; 0 if the configuration is not
 * legal.
 */
size_t vgic_mem_size(const struct vgic_config *cfg);
/* @mem: zeroed. Every vCPU's part is made by vgic_cpu_init(). */
struct vgic *vgic_init(void *mem, const struct vgic_config *cfg);

/*
 * LPIs for a vGIC made without them (intid_bits 0), of @bits (14 .. 16) INTID bits; it was given
 * config.read and write. @mem: vgic_lpi_mem_size() bytes, zeroed. vCPUs may run: until an
 * ITS has mapped some, LPIs are looked at under LOCK_VGIC_DIST alone, which this takes.
 */
size_t vgic_lpi_mem_size(u32 bits);
void vgic_add_lpis(struct vgic *v, void *mem, u32 bits);

/*
 * The part of vCPU @index; @mpidr: its affinity (MPIDR_EL1 layout), @host: the pointer host.h
 * functions get. Before any vCPU runs.
 */
struct vgic_cpu *vgic_cpu_init(struct vgic *v, u32 index, u64 mpidr, bool last_in_region,
			       void *host);
/* GICR_TYPER.Processor_Number, before anyone reads it; its index if not set. */
void vgic_cpu_set_number(struct vgic_cpu *c, u32 number);
/* GICR_TYPER.Last */
void vgic_cpu_set_last(struct vgic_cpu *c, bool last);
struct vgic_cpu *vgic_cpu_get(struct vgic *v, u32 index);
/*
 * Back to reset: at PSCI CPU_ON of that vCPU, VCPU_INIT. Redistributor registers keep what the
 * architecture keeps.
 */
void vgic_cpu_reset(struct vgic_cpu *c);

/*
 * Ties virtual INTID to a physical one: list registers get HW=1 and registers act on the physical
 * interrupt too.
 */
int vgic_map_hw_spi(struct vgic *v, u32 vintid, u32 pintid);
int vgic_map_hw_ppi(struct vgic_cpu *c, u32 vintid, u32 pintid);

/*
 * Puts what the guest wrote about its tied PPIs into the physical ones: they can only be reached
 * once their CPU is up. On that CPU, when it has started.
 */
void vgic_cpu_retie(struct vgic_cpu *c);
/*
 * The physical PPIs, one bit for each INTID, that came for @c and that its guest has not ended: they
 * are active. @c is not loaded.
 */
u32 vgic_hw_ppis_taken(struct vgic_cpu *c);

/*
 * Guest MMIO. @me: the vCPU that accesses; offset inside the frame; size 1, 2, 4 or 8. RAZ/WI where
 * not defined.
 */
u64 vgic_dist_read(struct vgic_cpu *me, u64 offset, u32 size);
/* True if all vCPUs must hear of it: vgic_dist_tell() until it is false, with *@cursor 0 at first. */
bool vgic_dist_write(struct vgic_cpu *me, u64 offset, u32 size, u64 val);
bool vgic_dist_tell(struct vgic *v, u32 *cursor);
/* @c: whose redistributor it is; offset below VGIC_REDIST_SIZE. */
u64 vgic_redist_read(struct vgic_cpu *me, struct vgic_cpu *c, u64 offset, u32 size);
void vgic_redist_write(struct vgic_cpu *me, struct vgic_cpu *c, u64 offset, u32 size, u64 val);
/*
 * Work that a redistributor write left (EnableLPIs reads tables): one bounded step; true: call
 * again.
 */
bool vgic_redist_run(struct vgic_cpu *c);

/*
 * Trapped ICC_SGI1R_EL1, ICC_ASGI1R_EL1, ICC_SGI0R_EL1 writes. True: a bounded step is done, to be
 * called again. *@cursor: 0 at first.
 */
enum vgic_sgi_reg { VGIC_SGI1R, VGIC_ASGI1R, VGIC_SGI0R };
bool vgic_sgi(struct vgic_cpu *me, enum vgic_sgi_reg reg, u64 val, u32 *cursor);
/* Trapped ICC_DIR_EL1 write. */
void vgic_deactivate(struct vgic_cpu *me, u32 intid);

/*
 * A physical SPI or PPI tied by vgic_map_hw_*() was acknowledged (priority dropped, still active).
 * On @me's CPU.
 */
void vgic_inject_hw_spi(struct vgic *v, u32 vintid);
void vgic_inject_hw_ppi(struct vgic_cpu *c, u32 vintid);
/* Line level of an interrupt whose source is software (KVM_IRQ_LINE). */
int vgic_set_line(struct vgic *v, struct vgic_cpu *c_or_null, u32 vintid, bool level);

/*
 * An SPI whose source is software is watched: when the guest ends it while it is level-sensitive its
 * line goes low, and vgic_next_ended() answers it once; or is not any more. -EINVAL: no such SPI, or
 * a tied one. Takes LOCK_VGIC_CPU.
 */
int vgic_watch(struct vgic *v, u32 intid, bool on);
/* The first SPI from @from on that is watched and that the guest ended since it was answered last, or -ENOENT. Lock-free. */
int vgic_next_ended(struct vgic *v, u32 from);

/*
 * LPIs: the functions of struct its_ops of the same names. 0, or -EAGAIN: kicked another CPU, call
 * again, with @again set. vgic_lpi_reload() also answers what config.read does, and -ERANGE.
 */
int vgic_lpi_pend(struct vgic *v, u32 vcpu, u32 lpi);
int vgic_lpi_clear(struct vgic *v, u32 lpi, bool again);
int vgic_lpi_move(struct vgic *v, u32 lpi, u32 to, bool again);
int vgic_lpi_move_all(struct vgic *v, u32 from, u32 to, u32 *cursor);
int vgic_lpi_reload(struct vgic *v, u32 vcpu, u32 lpi);

/*
 * Writes which LPIs are pending to the pending tables of all vCPUs whose EnableLPIs is set, as
 * KVM_DEV_ARM_VGIC_SAVE_PENDING_TABLES does (KVM devices/arm-vgic-v3.rst); they stay pending. They
 * are read again when EnableLPIs is set. *@cursor: 0 at first. One bounded step: 0, -EAGAIN (call
 * again), -ENXIO: the VM has no LPIs, -EFAULT: a table is not in guest memory. The vCPUs are
 * stopped, else what is in their list registers is as it was when last looked at.
 */
int vgic_lpi_save(struct vgic *v, u32 *cursor);

/*
 * A VMM's accesses (vgic/user.c): to the registers of the distributor (@c: any vCPU), or with @redist
 * of @c's redistributor; to ICC_*_EL1 by @instr (op0, op1, CRn, CRm, op2 as in the instruction); to
 * the levels of the lines of 32 interrupts from @first on. No vCPU is loaded, nor will be until it
 * returns. 0; -ENXIO: no such register; -EINVAL: a value that cannot be, or @first is no multiple of
 * 32; -EAGAIN: a bounded step of it is done, call again. Take LOCK_VGIC_DIST.
 */
int vgic_user_reg(struct vgic_cpu *c, bool redist, u64 offset, u32 *val, bool write);
int vgic_user_sysreg(struct vgic_cpu *c, u32 instr, u64 *val, bool write);
int vgic_user_lines(struct vgic_cpu *c, u32 first, u32 *val, bool write);
/* 0 or -ENXIO */
int vgic_user_reg_has(bool redist, u64 offset);
int vgic_user_sysreg_has(u32 instr);

/*
 * The loaded vCPU. Its list registers live in the hardware from vgic_load() to vgic_put(); an exit
 * that is handled at EL2 does not touch them. vgic_work() is a plain flag test for the exit path;
 * if it is set, vgic_flush() must run on that CPU before the guest is entered. vgic_maintenance()
 * serves the maintenance interrupt.
 */
void vgic_load(struct vgic_cpu *c);
void vgic_put(struct vgic_cpu *c);
void vgic_flush(struct vgic_cpu *c);
void vgic_maintenance(struct vgic_cpu *c);
bool vgic_work(const struct vgic_cpu *c);
/* True if the vCPU has an interrupt that would wake it from WFI. */
bool vgic_has_pending(struct vgic_cpu *c);
const struct vgic_stats *vgic_cpu_stats(const struct vgic_cpu *c);

/* An interrupt as GICD's registers tell it, for `herald irq`. */
struct vgic_irq_info {
	u32 vcpu; /* where it goes, or VGIC_NOWHERE */
	u32 count; /* times it was made pending, modulo 2^32; while pending already, too */
	u16 priority;
	u16 flags; /* VGIC_INFO_* */
};
#define VGIC_INFO_ENABLED 1
#define VGIC_INFO_PENDING 2
#define VGIC_INFO_ACTIVE 4
#define VGIC_INFO_LEVEL 8
#define VGIC_INFO_HW 16
#define VGIC_NOWHERE (~0u)
/* SPIs and LPIs; false: there is no @intid. Takes and drops LOCK_VGIC_CPU. */
bool vgic_irq_info(struct vgic *v, u32 intid, struct vgic_irq_info *info);

#endif
