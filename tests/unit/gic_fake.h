/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A fake GICv3 with slow ITSes for the drivers' tests: registers behind mmio_host_read() and
 * _write(), a clock that only moves when it is read, and ITSes that execute their queue when the
 * test says so, in memory as a real one does, and note everything that software must not do.
 *
 * Physical addresses are host pointers. An ITS's ITT holds what it wrote there (8 bytes an event,
 * whatever the entry size says), so that software that reuses an ITT too early is caught.
 */
#ifndef HERALD_TESTS_GIC_FAKE_H
#define HERALD_TESTS_GIC_FAKE_H

#include "hyp/lib/bits.h"
#include "drivers/gicv3.h"

#define FAKE_CPUS 8
#define FAKE_ITSES 3
#define FAKE_DIST 0x10000000u
#define FAKE_REDIST 0x20000000u
#define FAKE_ITS(n) (0x40000000u + (n)*0x20000u)

struct fake_its_options {
	u64 typer; /* GITS_TYPER; 0: 16 DeviceID and EventID bits, 12-byte entries, no PTA, HCC 0 */
	u32 page; /* the one page size BASERs take: 0 any, else 1: 4K, 2: 16K, 3: 64K */
	bool no_share; /* does not snoop: Shareability reads as 0 */
	bool flat_only; /* Indirect is RES0 */
	bool no_its; /* PIDR2 reads as 0 */
	bool never_quiet;
	bool was_enabled;
	u32 per_poll; /* commands executed at each read of CREADR */
	u32 per_kick; /* ... at each write of CWRITER; ~0: all */
	u32 bad_creadr; /* not 0: what CREADR says instead of the truth, in commands */
};

struct fake_redist_options {
	bool lpis_on; /* EnableLPIs is set at entry */
	bool lpis_sticky; /* and cannot be cleared */
	bool asleep_forever;
	bool vlpis; /* four frames for each */
};

/* Everything back to power-on; redistributors as the options say. */
void fake_reset(const struct fake_redist_options *opt);
void fake_its_reset(u32 n, const struct fake_its_options *opt);
void fake_its_set_rate(u32 n, u32 per_poll, u32 per_kick);

/* Executes up to @max commands; how many it did. */
u32 fake_its_step(u32 n, u32 max);
u32 fake_its_outstanding(u32 n);

/* A device's write to TRANSLATER: the LPI, and its CPU into *@cpu; 0: it is dropped. */
u32 fake_its_msi(u32 n, u32 devid, u32 eventid, u32 *cpu);
bool fake_its_device_known(u32 n, u32 devid);
u32 fake_its_nr_mapped(u32 n); /* devices */
u32 fake_its_collection_cpu(u32 n, u32 icid);
u64 fake_its_commands(u32 n, u32 opcode); /* executed so far */

/* What software did wrong so far; each is printed as a TAP comment. */
u32 fake_violations(void);

/* Register values as software left them. */
u64 fake_sysreg(const char *name);
u32 fake_dist_reg(u32 offset);
u32 fake_redist_reg(u32 cpu, u32 offset);
u64 fake_its_reg(u32 n, u32 offset);
void fake_sysreg_deny(bool deny); /* ICC_SRE_EL2 reads as 0 */
void fake_dist_rev(u32 rev);
void fake_rwp_stuck(bool stuck);

/* Zeroed, aligned memory that lives until the test ends; fails from the call after
 * fake_alloc_limit() on. */
void *fake_alloc(size_t size, size_t align, u64 *pa);
void fake_alloc_limit(u32 calls);
u64 fake_cleaned(void); /* bytes given to fake_clean() */
void fake_clean(const void *va, size_t len);

u64 fake_mpidr(u32 cpu);
/* Frames for gicv3_init(): all redistributors in one region. */
void fake_frames(struct gicv3_frames *f);

#endif
