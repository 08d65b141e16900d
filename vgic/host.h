/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the vGIC asks of the machine it runs on: the list registers of this CPU, a kick for another,
 * and the physical interrupts that are tied to virtual ones. hyp/vgic_host.c does it in hardware,
 * the unit tests with arrays.
 */
#ifndef HERALD_VGIC_HOST_H
#define HERALD_VGIC_HOST_H

#include "hyp/lib/bits.h"

/* Hypervisor interface registers of the CPU this runs on (IHI 0069H 12.4). */
u32 vgic_host_nr_lrs(void);
u32 vgic_host_nr_aprs(void); /* AP0R/AP1R registers in use, 1, 2 or 4 (from ICH_VTR.PREbits) */
u32 vgic_host_vtr(void); /* ICH_VTR_EL2 */
bool vgic_host_has_tds(void); /* ICH_HCR_EL2.TDIR is there */
u64 vgic_host_lr_read(u32 n);
void vgic_host_lr_write(u32 n, u64 val);
u64 vgic_host_hcr_read(void);
void vgic_host_hcr_write(u64 val);
u64 vgic_host_vmcr_read(void);
void vgic_host_vmcr_write(u64 val);
u64 vgic_host_apr_read(u32 group, u32 n);
void vgic_host_apr_write(u32 group, u32 n, u64 val);
u64 vgic_host_elrsr(void); /* bit n: LR n is empty (ICH_ELRSR_EL2) */
u64 vgic_host_misr(void);
u64 vgic_host_eisr(void);

/*
 * Makes the CPU on which the vCPU of @host is loaded (if any) run vgic_flush() soon; wakes the vCPU
 * if it is blocked.
 */
void vgic_host_kick(void *host);
/*
 * The guest that is loaded on this CPU ended an interrupt that is watched (vgic_watch()): whoever
 * runs it is to ask vgic_next_ended() soon. Under LOCK_VGIC_CPU.
 */
void vgic_host_ended(void);
/*
 * True if the vCPU of @host is loaded on the CPU this runs on: its list registers may be touched
 * right now.
 */
bool vgic_host_is_here(void *host);
/* True if the vCPU of @host is loaded on some CPU: its list registers are in that CPU. */
bool vgic_host_is_loaded(void *host);

/*
 * The physical side of a tied interrupt. For a PPI @host is the vCPU whose CPU it belongs to, for
 * an SPI NULL.
 */
void vgic_host_hw_enable(void *host, u32 pintid, bool enable);
void vgic_host_hw_config(void *host, u32 pintid, bool edge);
void vgic_host_hw_set_pending(void *host, u32 pintid, bool pending);
bool vgic_host_hw_get_pending(void *host, u32 pintid);
void vgic_host_hw_set_active(void *host, u32 pintid, bool active);
void vgic_host_hw_route(u32 pintid, void *host); /* SPI: deliver to the CPU of the vCPU of @host */

#endif
