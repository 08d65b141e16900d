/* SPDX-License-Identifier: GPL-2.0-only */
/* The machine below the virtual GIC (vgic/host.h): this CPU's list registers, kicks, physical interrupts. */
#include "drivers/gicv3.h"
#include "hyp/lib/assert.h"
#include "hyp/run.h"
#include "hyp/sysreg.h"
#include "hyp/vm.h"
#include "vgic/host.h"

#define VTR_LISTREGS GENMASK(4, 0)
#define VTR_TDS BIT(19)
#define VTR_PREBITS GENMASK(28, 26)

u32 vgic_host_nr_lrs(void)
{
	return (u32)FIELD_GET(VTR_LISTREGS, sysreg_read(ich_vtr_el2)) + 1;
}

u32 vgic_host_nr_aprs(void)
{
	return 1u << (FIELD_GET(VTR_PREBITS, sysreg_read(ich_vtr_el2)) - 4);
}

u32 vgic_host_vtr(void)
{
	return (u32)sysreg_read(ich_vtr_el2);
}

bool vgic_host_has_tds(void)
{
	return sysreg_read(ich_vtr_el2) & VTR_TDS;
}

/* ICH_LR<n>_EL2 are sixteen registers of their own. */
#define LR_CASES(op)                                                                               \
	op(0) op(1) op(2) op(3) op(4) op(5) op(6) op(7) op(8) op(9) op(10) op(11) op(12) op(13)    \
		op(14) op(15)

u64 vgic_host_lr_read(u32 n)
{
#define LR_READ(i)                                                                                 \
	case i:                                                                                    \
		return sysreg_read(ich_lr##i##_el2);
	switch (n) {
		LR_CASES(LR_READ)
	default:
		return 0;
	}
}

void vgic_host_lr_write(u32 n, u64 val)
{
#define LR_WRITE(i)                                                                                \
	case i:                                                                                    \
		sysreg_write(ich_lr##i##_el2, val);                                                \
		break;
	switch (n) {
		LR_CASES(LR_WRITE)
	default:
		break;
	}
}

u64 vgic_host_hcr_read(void)
{
	return sysreg_read(ich_hcr_el2);
}

void vgic_host_hcr_write(u64 val)
{
	sysreg_write(ich_hcr_el2, val);
}

u64 vgic_host_vmcr_read(void)
{
	return sysreg_read(ich_vmcr_el2);
}

void vgic_host_vmcr_write(u64 val)
{
	sysreg_write(ich_vmcr_el2, val);
}

#define APR_CASES(op) op(0, 0) op(0, 1) op(0, 2) op(0, 3) op(1, 0) op(1, 1) op(1, 2) op(1, 3)

u64 vgic_host_apr_read(u32 group, u32 n)
{
#define APR_READ(g, i)                                                                             \
	case (g)*4 + (i):                                                                          \
		return sysreg_read(ich_ap##g##r##i##_el2);
	switch (group * 4 + n) {
		APR_CASES(APR_READ)
	default:
		return 0;
	}
}

void vgic_host_apr_write(u32 group, u32 n, u64 val)
{
#define APR_WRITE(g, i)                                                                            \
	case (g)*4 + (i):                                                                          \
		sysreg_write(ich_ap##g##r##i##_el2, val);                                          \
		break;
	switch (group * 4 + n) {
		APR_CASES(APR_WRITE)
	default:
		break;
	}
}

/* The three below say what the list registers add up to: what was written to those must have taken effect first. */
u64 vgic_host_elrsr(void)
{
	isb();
	return sysreg_read(ich_elrsr_el2);
}

u64 vgic_host_misr(void)
{
	isb();
	return sysreg_read(ich_misr_el2);
}

u64 vgic_host_eisr(void)
{
	isb();
	return sysreg_read(ich_eisr_el2);
}

void vgic_host_kick(void *host)
{
	run_kick(host);
}

/* The flag may have been looked at before what led to this: the interrupt makes sure that it is looked at once more. */
void vgic_host_ended(void)
{
	struct cpu *c = cpu_this();

	c->ended = true;
	atomic_store_relaxed(&c->attention, 1);
	gicv3_send_sgi(c->index, GICV3_SGI_KICK);
}

bool vgic_host_is_here(void *host)
{
	return cpu_this()->vcpu == host;
}

bool vgic_host_is_loaded(void *host)
{
	struct vcpu *v = host;
	struct cpu *c = atomic_load_acquire(&v->cpu);

	return c && atomic_load_acquire(&c->vcpu) == v;
}

/* SPIs belong to no CPU. */
#define NO_CPU 0

void vgic_host_hw_enable(void *host, u32 pintid, bool enable)
{
	if (host)
		world_ppi_enable(host, pintid, enable);
	else if (enable)
		gicv3_irq_enable(NO_CPU, pintid);
	else
		gicv3_irq_disable(NO_CPU, pintid);
}

/* The timers are level-triggered, and an edge is of no use to a VM: only its own registers show what it chose. */
void vgic_host_hw_config(void *host, u32 pintid, bool edge)
{
	struct vcpu *v = host;

	if (!v || v->vm->pinned)
		gicv3_irq_set_edge(v ? v->cpu->index : NO_CPU, pintid, edge);
}

void vgic_host_hw_set_pending(void *host, u32 pintid, bool pending)
{
	if (host)
		world_ppi_set_pending(host, pintid, pending);
	else
		gicv3_irq_set_pending(NO_CPU, pintid, pending);
}

bool vgic_host_hw_get_pending(void *host, u32 pintid)
{
	return host ? world_ppi_get_pending(host, pintid) : gicv3_irq_get_pending(NO_CPU, pintid);
}

void vgic_host_hw_set_active(void *host, u32 pintid, bool active)
{
	if (host)
		world_ppi_set_active(host, pintid, active);
	else
		gicv3_irq_set_active(NO_CPU, pintid, active);
}

void vgic_host_hw_route(u32 pintid, void *host)
{
	struct vcpu *v = host;

	gicv3_spi_route(pintid, v->cpu->mpidr);
}
