/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The vGIC on its simulated machine (tests/unit/vgic_host_fake.h) with one or two ITSes, and what
 * must hold for it at every moment, whatever a guest does.
 */
#ifndef HERALD_TESTS_MACHINE_H
#define HERALD_TESTS_MACHINE_H

#include "its/its.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/vgic_host_fake.h"

#define MACHINE_VCPUS 5
#define MACHINE_ITSES 2

struct machine_config {
	u32 nr_vcpus, nr_spis, nr_lrs, nr_its;
	u32 devid_bits, eventid_bits, intid_bits;
	u32 affinity; /* shape of the vCPUs' affinities, 0 .. 3 */
	bool lpi_active, no_tds; /* as in struct fake_machine */
	u32 ram_late; /* likewise */
	u64 seed;
};

extern struct its *machine_its[MACHINE_ITSES];

void machine_start(const struct machine_config *cfg);
/* Clean for the next input. */
void machine_end(void);

/*
 * Another vGIC like the first one at its beginning, with physical interrupts of its own and the same
 * memory, takes its place; then the first one is back as it was. No vCPU is loaded.
 */
void machine_second_vgic(void);
void machine_first_vgic(void);

/* Guest memory: nothing happens outside of RAM. */
void machine_poke(u64 ipa, const void *buf, size_t len);
/* Good tables at the places of tests/fuzz/draw.h from @ram on, and Enabled. */
void machine_its_up(u32 i, u64 ram);

/* The vCPU that runs here, or vCPU 0: who makes an access. */
struct vgic_cpu *machine_accessor(void);

/* A vCPU on its way into the guest, if it is loaded; it must get there. */
void machine_enter(u32 vcpu);
void machine_enter_all(void);
/* CPU @cpu's turn: this one, wherever it was at EL2, comes to its guest meanwhile. */
void machine_run_on(u32 cpu);
/* One step of a redistributor's walk; true: there is more. */
bool machine_redist_run(u32 vcpu);
/* At most @steps steps of saving the pending tables; or from beginning to end. */
int machine_lpi_save(u32 steps);
int machine_lpi_save_all(void);
/* One step of a VMM's access, or all of it. No vCPU is loaded. */
int machine_user_reg(u32 vcpu, bool redist, u64 offset, u32 *val, bool write);
int machine_user_reg_all(u32 vcpu, bool redist, u64 offset, u32 *val, bool write);
/*
 * Physical interrupts that are tied to virtual ones, the @n-th SPI and the one PPI: they come if
 * they are enabled and not active; @line: and the line stays high.
 */
void machine_physical_spi(u32 n, bool line);
void machine_physical_ppi(u32 vcpu, bool line);

/*
 * To the end of all that has been begun. Only vCPUs that were kicked go through EL2 meanwhile: who
 * waits for one must have kicked it.
 */
void machine_settle(void);
/* Words, lists and list registers agree, and no interrupt is lost or there twice. */
void machine_check(void);

#endif
