/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The mirror: what a guest maps on its virtual ITS for a real device is mapped on the physical ITS,
 * with the same EventIDs, and a physical LPI becomes the guest's vLPI by one look-up.
 *
 *	MAPD V=1  reserve 2^k host LPIs and an ITT; MAPD, MAPTI of all 2^k events, SYNC, wait
 *	MAPTI	  a store: the host LPI's cookie names the virtual ITS's event entry
 *	MOVI	  a store: the wanted CPU; mirror_work() issues the physical MOVI later.
 *		  It is a hint: whichever CPU takes the LPI forwards it
 *	DISCARD	  a store: the cookie is 0
 *	MAPD V=0  DISCARD all, MAPD V=0, SYNC of every collection used, wait; only then LPIs and
 *		  ITT are free
 *
 * How many events a device gets does not depend on the guest but for platform devices: what its MSI
 * or MSI-X capability can send, rounded up to a power of two, at least 2. A platform device has no
 * config space: what the guest asks for, at most MIRROR_PLATFORM_EVENTS. Guest events beyond that,
 * and devices for which nothing is left, are virtual only: KVM_SIGNAL_MSI and INT reach them,
 * hardware does not; both are counted.
 *
 * Every function does one bounded step (MIRROR_STEP ITS commands, or as many stores). One lock
 * (LOCK_MIRROR) for all but mirror_lpi(), which is lock-free.
 *
 * Assumed and not checked: an LPI that a CPU had acknowledged, but not yet looked up, when its
 * device was unmapped, is looked up before the same host LPI has been given to another device, a
 * SYNC and many commands later. If not, that device's owner sees one spurious MSI.
 */
#ifndef HERALD_PCI_MIRROR_H
#define HERALD_PCI_MIRROR_H

#include "hyp/board.h"
#include "hyp/lib/bits.h"
#include "pci/ecam.h"

#define MIRROR_MAX 64u /* virtual ITSes */
#define MIRROR_MAX_DEVICES 1024u
#define MIRROR_MAX_ORDER 12u /* log2 of a device's events: MSI-X has 2,048, a group may have more */
#define MIRROR_PLATFORM_EVENTS 32u
#define MIRROR_STEP 64u

struct its;
struct mirror;

/* A device as the physical ITS sees it. */
struct mirror_target {
	u32 its;
	u32 devid;
	u32 nr_events; /* it can send; 0: there is no such device */
};

struct mirror_config {
	struct its *its; /* signalled for every LPI of this mirror */
	void *ctx; /* for the functions */
	/* The physical device behind virtual DeviceID @devid of which the guest maps @nr_events: 0
	 * or a negative errno. */
	int (*resolve)(void *ctx, u32 devid, u32 nr_events, struct mirror_target *out);
	/* The CPU on which @vcpu runs or ran last. */
	u32 (*vcpu_cpu)(void *ctx, u32 vcpu);
	u32 max_lpis; /* host LPIs that all its devices together may hold; 0: no limit */
};

struct mirror_stats {
	/* Now. */
	u32 devices;
	u32 host_lpis;
	u32 itts;
	/* Ever. */
	u64 delivered; /* LPIs that became vLPIs */
	u64 blocked; /* the guest has the LPI or all LPIs disabled: pending with it, not lost */
	u64 unmapped; /* LPIs without a cookie: the guest mapped no event there */
	u64 late; /* the event was unmapped while its LPI was under way */
	u64 dropped; /* any other refusal of the virtual ITS, and INTIDs that are not host LPIs */
	u64 moves; /* physical MOVIs */
	u64 absent; /* MAPD of a DeviceID without a physical device: virtual only */
	u64 beyond; /* MAPTI beyond the device's events: virtual only */
	u64 exhausted; /* MAPD for which LPIs, ITT memory, slots or the quota were not enough:
			  virtual only */
	u64 lost; /* devices whose physical ITS was given up: their LPIs and ITTs are never reused
		   */
};

/* Bytes for @nr_devices (1 .. MIRROR_MAX_DEVICES) physical devices in all mirrors; 0 if not legal.
 * After lpi_init(). */
size_t mirror_mem_size(u32 nr_devices);
/* Once: @mem zeroed, 8-byte aligned. 0 or -EINVAL. */
int mirror_setup(void *mem, u32 nr_devices);

/* A mirror for one virtual ITS; NULL: there are MIRROR_MAX. Takes LOCK_MIRROR. */
struct mirror *mirror_create(const struct mirror_config *cfg);
/*
 * Unmaps what is still mapped: -EAGAIN, call again, or 0: gone. Then no new mirror_lpi() finds the
 * ITS; before the caller frees it, every CPU must have left EL2 once (mirror_lpi() may still run).
 */
int mirror_destroy(struct mirror *m);

/* The functions of struct its_ops of these names, with LOCK_ITS held. */
int mirror_device_mapped(struct mirror *m, u32 devid, u32 nr_events);
int mirror_device_unmapped(struct mirror *m, u32 devid);
void mirror_event_mapped(struct mirror *m, u32 devid, u32 eventid, u32 entry, u32 vcpu);
void mirror_event_moved(struct mirror *m, u32 devid, u32 eventid, u32 vcpu);
void mirror_event_unmapped(struct mirror *m, u32 devid, u32 eventid);

/* One step of physical moves that wait, of all mirrors: 0 none left, -EAGAIN call again some time.
 */
int mirror_work(void);
/* True if mirror_work() has something to do: one load, for the exit path. */
bool mirror_work_pending(void);

/* Physical LPI @lpi was acknowledged on CPU @cpu, this one: what its_signal_entry() answers, or
 * -ENXIO. */
int mirror_lpi(u32 cpu, u32 lpi);

void mirror_stats(struct mirror_stats *out);

/* A mirrored device, for `herald its`. */
struct mirror_device_info {
	u32 mirror;
	u32 vdevid;
	u32 its;
	u32 devid;
	u32 first_lpi;
	u32 nr_events;
};
/* What @m has for the virtual DeviceID @vdevid; false: no physical device. */
bool mirror_device_find(const struct mirror *m, u32 vdevid, struct mirror_device_info *out);
/* The mirrored device in slot @n, false if that is free; slots are 0 .. nr_devices - 1. */
bool mirror_device_info(u32 n, struct mirror_device_info *out);

/*
 * The resolver of a VM that sees the machine's own ITSes and DeviceIDs (the management VM): @e has
 * board.nr_pci elements. Always 0; a DeviceID that no requester has is a platform device's.
 */
int mirror_resolve_identity(const struct board *b, const struct ecam *e, u32 its, u32 devid,
			    u32 nr_events, struct mirror_target *out);

#endif
