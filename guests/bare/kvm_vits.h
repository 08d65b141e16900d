/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A VM with an ITS, for the tests of it: memory that is not mapped before EL2 asks for it, the ITS's commands, which the VMM
 * writes, and a script for each vCPU, which programs the registers and takes the interrupts. One VM at a time.
 */
#ifndef BARE_KVM_VITS_H
#define BARE_KVM_VITS_H

#include "guests/bare/kvm.h"

/* The VM's memory for GIC and ITS, and where in it. */
#define VITS_MEM 0x50000000u
#define VITS_MEM_SIZE 0x60000u
#define VITS_QUEUE 0x00000u
#define VITS_PEND 0x10000u /* 64 KiB for each vCPU */
#define VITS_PROP 0x30000u
#define VITS_DEVICES 0x34000u
#define VITS_COLLECTIONS 0x35000u
#define VITS_ITT 0x36000u /* a page for each device */
#define VITS_QUEUE2 0x40000u

#define VITS_LPI 8192u

#define GITS_BASER0 GITS_BASER
#define GITS_BASER1 (GITS_BASER + 8)

#define is(got, want, what) kvm_is("kvm its", got, want, what)

struct vits {
	u8 *mem; /* behind VITS_MEM */
	u64 *script; /* where the next operation goes */
	u32 queue; /* where in mem commands go, */
	u32 writer; /* and how far */
	u32 faults; /* by EL2, answered by mapping */
	u32 refused;
	u64 absent; /* a page that is not mapped, but refused */
};

extern struct vits vits;

/* Memory and counts as in the beginning. */
void vits_reset(void);
/* A VM whose vCPU 0 has LPIs on and an ITS with two devices of two events each, LPIs 8192 .. 8195. Answers the ITS. */
u64 vits_start(struct vm *vm, u32 nr_vcpus);
/* An ITS with its frame at @base. */
u64 vits_add(u64 vm, u64 base);
/* Maps the page that EL2 or the vCPU asks for; false if it is not ours to map. */
bool vits_map_page(u64 vm, u64 ipa);

/* Begins the script of @vcpu anew; what one operation of it is: kvm_guest_script. */
void vits_script(struct vm *vm, u32 vcpu);
void vits_op(u64 what, u64 where, u64 val);
/* Registers of the ITS at @base, and CTLR on. */
void vits_op_its(u64 base, u32 its_queue);
/* A vCPU's LPIs on. */
void vits_op_lpis(u32 vcpu);
/* GITS_CWRITER behind the commands so far, and a report of GITS_CREADR. */
void vits_op_commands(u64 base);

/* Runs until the next report: its value, or ~0. As the driver does: pages are mapped when they are missed. */
u64 vits_next(struct vm *vm, u32 vcpu);
/* The end of a script is its beginning's report. */
bool vits_ends(struct vm *vm, u32 vcpu);
/* vCPU 0 acknowledges @lpi next; 1023: nothing. */
bool vits_takes(struct vm *vm, u32 lpi);

/* Commands, into the queue. */
void vits_mapd(u32 dev, u32 itt);
void vits_mapc(u32 icid, u32 vcpu);
void vits_mapti(u32 dev, u32 event, u32 lpi, u32 icid);
/* One that names an event only: GITS_CMD_INT, ... */
void vits_event(u32 what, u32 dev, u32 event);

/* KVM_SIGNAL_MSI, to any address, or to the VM's first ITS with its DeviceID. */
s64 vits_msi_at(u64 vm, u64 where, u32 flags, u32 dev, u32 event);
s64 vits_msi(u64 vm, u32 dev, u32 event);

/* guests/bare/kvm_its_save.c */
void test_kvm_its_save(void);

#endif
