/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The virtual Interrupt Translation Service of one VM (IHI 0069H chapter 5), free of hardware,
 * allocation and locks.
 *
 * The caller serialises everything but its_signal() and its_signal_entry() with the ITS's lock
 * (LOCK_ITS). Those two are lock-free and may run on any CPU at any time.
 */
#ifndef HERALD_ITS_ITS_H
#define HERALD_ITS_ITS_H

#include "hyp/lib/bits.h"

#define ITS_FRAME_SIZE UINT64_C(0x20000) /* control frame and translation frame, 64 KiB each */
#define ITS_TRANSLATER UINT64_C(0x10040)
#define ITS_LPI_BASE 8192u
#define ITS_NO_VCPU (~0u) /* the collection of an event is not mapped */

/*
 * What the ITS asks of its world. @vm is the pointer given to its_init(). -EAGAIN from a function
 * that may answer it means "not finished, call me again with the same arguments": the command stays
 * at the head of the queue.
 */
struct its_ops {
	/*
	 * Guest memory by IPA: all @len bytes, or a negative errno; then @buf, or the memory, may
	 * have got some of them. Never blocks. -EAGAIN: not there yet; the step ends, and the next
	 * one asks again, before anything has changed.
	 */
	int (*read)(void *vm, u64 ipa, void *buf, size_t len);
	int (*write)(void *vm, u64 ipa, const void *buf, size_t len);

	/*
	 * LPIs (implemented by vgic/lpi.c). @vcpu, @from and @to are below its_config.nr_vcpus.
	 * lpi_pend: >0 delivered, 0 blocked (LPIs or this LPI disabled), <0 errno.
	 * lpi_clear: no longer pending anywhere. lpi_move: its pending state goes to @to. Both 0 or
	 * -EAGAIN; @again: the call before this one answered that, so only what it began is waited
	 * for, not what came since. lpi_move_all: every pending LPI of @from goes to @to, in
	 * bounded steps, 0 or -EAGAIN; *@cursor, 0 at first, is how far it has come.
	 */
	int (*lpi_pend)(void *vm, u32 vcpu, u32 lpi);
	int (*lpi_clear)(void *vm, u32 lpi, bool again);
	int (*lpi_move)(void *vm, u32 lpi, u32 to, bool again);
	int (*lpi_move_all)(void *vm, u32 from, u32 to, u32 *cursor);
	/*
	 * Reads the property byte again; 0 or errno. -ERANGE at MAPTI, "beyond
	 * GICR_PROPBASER.IDbits", makes the command fail with MAPTI_PHYSICALID_OOR; -EAGAIN as of
	 * read; any other error leaves the LPI as it was.
	 */
	int (*lpi_reload)(void *vm, u32 vcpu, u32 lpi);

	/*
	 * What RDbase says of a vCPU: GICR_TYPER's processor number. rdbase_vcpu() finds the one
	 * that it names, or ITS_NO_VCPU, both in a few instructions. Both NULL: it is @vcpu itself.
	 */
	u32 (*rdbase_vcpu)(void *vm, u64 rdbase);
	u32 (*vcpu_rdbase)(void *vm, u32 vcpu);

	/*
	 * What a physical backend must know (pci/mirror.c); any may be NULL. @vcpu may be
	 * ITS_NO_VCPU: an event may be mapped to a collection that is mapped later; event_moved()
	 * tells when. event_unmapped() comes after the last translation that used the event.
	 * device_mapped: 0, -EAGAIN, or an error that is only counted (MAPD_BACKEND).
	 * device_unmapped: 0 or -EAGAIN; after it no MSI of the device may arrive. It comes after
	 * event_unmapped() of each of the device's events.
	 */
	int (*device_mapped)(void *vm, u32 devid, u32 nr_events);
	int (*device_unmapped)(void *vm, u32 devid);
	void (*event_mapped)(void *vm, u32 devid, u32 eventid, u32 entry, u32 vcpu);
	void (*event_moved)(void *vm, u32 devid, u32 eventid, u32 vcpu);
	void (*event_unmapped)(void *vm, u32 devid, u32 eventid);
};

struct its_config {
	u32 nr_vcpus; /* 0 .. 512; 0: its_set_vcpus() will say */
	u32 nr_cpus; /* physical CPUs that may call its_signal(), 1 .. 512: in-progress counters */
	u32 devid_bits; /* 1 .. 20 */
	u32 eventid_bits; /* 1 .. 16 */
	u32 intid_bits; /* 14 .. 16 */
	u32 max_devices; /* devices mapped at one time, 1 .. 65535 */
	u64 seed; /* random, per VM: keys the event table */
};

enum its_progress {
	ITS_IDLE, /* nothing left to do */
	ITS_AGAIN, /* the step's budget is spent, or a command waits for another CPU: call again */
};

struct its;

/*
 * Bytes (a multiple of 64) that an ITS of this configuration needs, struct its included; 0 if it is
 * not legal.
 */
size_t its_mem_size(const struct its_config *cfg);

/* Makes an ITS in @mem (zeroed, 64-byte aligned, its_mem_size() bytes). @ops is copied. */
struct its *its_init(void *mem, const struct its_config *cfg, const struct its_ops *ops, void *vm);

/* How many vCPUs there are, 1 .. 512. Once, before the ITS has anything mapped. Under LOCK_ITS. */
void its_set_vcpus(struct its *its, u32 nr_vcpus);

/*
 * Back to the state of its_init(): all mappings gone (the backend is told of each), registers at
 * their reset values; statistics go on. One bounded step; call again while it answers ITS_AGAIN.
 */
enum its_progress its_reset(struct its *its);

/*
 * A guest's access to the frame: @offset below ITS_FRAME_SIZE, @size 1, 2, 4 or 8 bytes, naturally
 * aligned or not. What the architecture does not define reads as zero and ignores writes. A write
 * may leave work: call its_run().
 */
u64 its_mmio_read(struct its *its, u64 offset, u32 size);
void its_mmio_write(struct its *its, u64 offset, u32 size, u64 val);

/*
 * A register as KVM_DEV_ARM_VGIC_GRP_ITS_REGS sees it (KVM devices/arm-vgic-its.rst): @offset in the
 * control frame, any number; the value 64 bits wide whatever the register's width. Setting is as a
 * guest's write, but GITS_CREADR can be set and GITS_IIDR takes its own table layout (Revision).
 * 0, -EINVAL: @offset is not aligned, GITS_CREADR outside of the ring, another layout in GITS_IIDR;
 * -ENXIO: no such register; -EBUSY: GITS_CREADR of an ITS that is enabled or has a command in hand,
 * any register while a reset or a restore goes on. Call its_run() after setting.
 */
int its_reg_get(struct its *its, u64 offset, u64 *val);
int its_reg_set(struct its *its, u64 offset, u64 val);

/*
 * KVM_DEV_ARM_ITS_SAVE_TABLES and RESTORE_TABLES: the tables in guest memory, in the layout of
 * its/table.h. One bounded step: 0 done, -EAGAIN call again, else the errno that KVM documents. The
 * VM's vCPUs are stopped meanwhile; if not, nothing breaks, but what is saved is of no one moment,
 * and a save that a guest disturbs for ever does not end.
 *
 * its_save() ends a command in hand, but begins none. Afterwards the tables hold what is mapped and
 * nothing else; the ITS itself is as it was. -EINVAL: the device table has no entry for a mapped
 * device, or the collection table is too small or not there; -EFAULT: a table is not in guest
 * memory; -EBUSY: a reset or a restore goes on. If the ITS changes between two steps (a command, a
 * register write), the next one begins again.
 *
 * its_restore() wants a disabled ITS with nothing mapped (-ENXIO), and its registers restored.
 * -EINVAL: what the tables hold makes no sense; -EFAULT: they are not in guest memory; -ENOMEM: more
 * devices or events than fit; -EBUSY: a reset goes on. After an error nothing is mapped, as before.
 * Register writes of a guest are ignored until it has answered; its_reset() ends it.
 */
int its_save(struct its *its);
int its_restore(struct its *its);

/* Runs queued commands for one bounded step (at most ~20,000 instructions). */
enum its_progress its_run(struct its *its);

/*
 * An MSI: @cpu is the physical CPU this runs on (index below nr_cpus). Lock-free, O(1). Returns >0
 * delivered, 0 blocked by the guest (what lpi_pend() answers), -ENXIO no such mapping, -EBUSY the
 * ITS is disabled, -EINVAL @cpu is out of range. KVM_SIGNAL_MSI (KVM api.rst 4.71) answers 0 where
 * this answers -ENXIO.
 */
int its_signal(struct its *its, u32 cpu, u32 devid, u32 eventid);

/* The same by the entry index that event_mapped() reported; checked against @devid and @eventid. */
int its_signal_entry(struct its *its, u32 cpu, u32 entry, u32 devid, u32 eventid);

/*
 * Commands and errors, for the tool and the tests. Each list is X(name, number): a command's opcode
 * (IHI 0069H 5.3), an error's encoding (IHI 0069H 5.5, "ITS command error encodings"; 0: a name of
 * Herald's own, see its/cmd.c).
 */
#define ITS_COMMANDS(X)                                                                            \
	X(MOVI, 0x01)                                                                              \
	X(INT, 0x03)                                                                               \
	X(CLEAR, 0x04)                                                                             \
	X(SYNC, 0x05)                                                                              \
	X(MAPD, 0x08)                                                                              \
	X(MAPC, 0x09)                                                                              \
	X(MAPTI, 0x0a)                                                                             \
	X(MAPI, 0x0b)                                                                              \
	X(INV, 0x0c)                                                                               \
	X(INVALL, 0x0d)                                                                            \
	X(MOVALL, 0x0e)                                                                            \
	X(DISCARD, 0x0f)

/* The five of one command that names an event keep this order: its/cmd.c counts on it. */
#define ITS_ERRORS(X)                                                                              \
	X(MOVI_DEVICE_OOR, 0x010101)                                                               \
	X(MOVI_UNMAPPED_DEVICE, 0x010104)                                                          \
	X(MOVI_ID_OOR, 0x010105)                                                                   \
	X(MOVI_UNMAPPED_INTERRUPT, 0x010107)                                                       \
	X(MOVI_UNMAPPED_COLLECTION, 0x010109)                                                      \
	X(INT_DEVICE_OOR, 0x010301)                                                                \
	X(INT_UNMAPPED_DEVICE, 0x010304)                                                           \
	X(INT_ID_OOR, 0x010305)                                                                    \
	X(INT_UNMAPPED_INTERRUPT, 0x010307)                                                        \
	X(INT_ITE_INVALID, 0x010310)                                                               \
	X(CLEAR_DEVICE_OOR, 0x010501)                                                              \
	X(CLEAR_UNMAPPED_DEVICE, 0x010504)                                                         \
	X(CLEAR_ID_OOR, 0x010505)                                                                  \
	X(CLEAR_UNMAPPED_INTERRUPT, 0x010507)                                                      \
	X(CLEAR_ITE_INVALID, 0x010510)                                                             \
	X(INV_DEVICE_OOR, 0x010c01)                                                                \
	X(INV_UNMAPPED_DEVICE, 0x010c04)                                                           \
	X(INV_ID_OOR, 0x010c05)                                                                    \
	X(INV_UNMAPPED_INTERRUPT, 0x010c07)                                                        \
	X(INV_ITE_INVALID, 0x010c10)                                                               \
	X(DISCARD_DEVICE_OOR, 0x010f01)                                                            \
	X(DISCARD_UNMAPPED_DEVICE, 0x010f04)                                                       \
	X(DISCARD_ID_OOR, 0x010f05)                                                                \
	X(DISCARD_UNMAPPED_INTERRUPT, 0x010f07)                                                    \
	X(DISCARD_ITE_INVALID, 0x010f10)                                                           \
	X(MAPTI_DEVICE_OOR, 0x010a01)                                                              \
	X(MAPTI_UNMAPPED_DEVICE, 0x010a04)                                                         \
	X(MAPTI_ID_OOR, 0x010a05)                                                                  \
	X(MAPTI_PHYSICALID_OOR, 0x010a06)                                                          \
	X(MAPTI_COLLECTION_OOR, 0x010a03)                                                          \
	X(MAPTI_ALREADY_MAPPED, 0)                                                                 \
	X(MAPI_DEVICE_OOR, 0x010b01)                                                               \
	X(MAPI_UNMAPPED_DEVICE, 0x010b04)                                                          \
	X(MAPI_ID_OOR, 0x010b05)                                                                   \
	X(MAPI_PHYSICALID_OOR, 0x010b06)                                                           \
	X(MAPI_COLLECTION_OOR, 0x010b03)                                                           \
	X(MAPI_ALREADY_MAPPED, 0)                                                                  \
	X(MAPD_DEVICE_OOR, 0x010801)                                                               \
	X(MAPD_ITTSIZE_OOR, 0x010802)                                                              \
	X(MAPD_BACKEND, 0)                                                                         \
	X(MAPC_PROCNUM_OOR, 0x010902)                                                              \
	X(MAPC_COLLECTION_OOR, 0x010903)                                                           \
	X(INVALL_UNMAPPED_COLLECTION, 0x010d09)                                                    \
	X(MOVALL_PROCNUM_OOR, 0x010e01)                                                            \
	X(COMMAND_FETCH, 0)                                                                        \
	X(COMMAND_VIRTUAL, 0)                                                                      \
	X(COMMAND_UNKNOWN, 0)

#define ITS_ENUM_CMD(name, code) ITS_CMD_##name,
#define ITS_ENUM_ERROR(name, code) ITS_E_##name,
enum its_cmd_id { ITS_COMMANDS(ITS_ENUM_CMD) ITS_NR_CMDS };
enum its_error { ITS_E_NONE, ITS_ERRORS(ITS_ENUM_ERROR) ITS_NR_ERRORS };

/*
 * "MAPTI", "MAPTI_ID_OOR"; "?" for a number out of range. The encoding is 0 for a name of Herald's
 * own.
 */
const char *its_cmd_name(u32 cmd);
const char *its_error_name(u32 error);
u32 its_error_encoding(u32 error);

struct its_stats {
	u64 commands[ITS_NR_CMDS]; /* taken from the queue and understood, failed ones included */
	u64 errors[ITS_NR_ERRORS]; /* by enum its_error */
	u64 msi_delivered; /* lpi_pend() answered > 0 */
	u64 msi_blocked; /* lpi_pend() answered <= 0 */
	u64 msi_unmapped; /* no such device, event or collection */
	u64 msi_dropped; /* the ITS was disabled */
	u32 devices, events, collections; /* mapped now */
	u32 max_events; /* events that may be mapped at one time */
};

/* A snapshot of the counters; the MSI counters of running CPUs may be a little behind. */
void its_get_stats(const struct its *its, struct its_stats *st);

struct its_event_info {
	u32 devid, eventid, lpi, icid;
	u32 vcpu; /* or ITS_NO_VCPU */
};

/* What @entry, any number, holds; false: nothing. There is none from its_nr_entries() on. */
bool its_event_info(const struct its *its, u32 entry, struct its_event_info *info);
u32 its_nr_entries(const struct its *its);

struct its_device_info {
	u32 devid;
	u32 nr_events; /* EventIDs that its ITT has room for */
	u32 mapped; /* of these, mapped */
	u64 itt; /* IPA of its ITT */
};

/* The device @devid; false: not mapped. */
bool its_device_info(const struct its *its, u32 devid, struct its_device_info *info);

/* The same by slot, any number: for who wants them all. There is none from its_nr_slots() on. */
bool its_device_at(const struct its *its, u32 slot, struct its_device_info *info);
u32 its_nr_slots(const struct its *its);

/* The vCPU of a collection, or ITS_NO_VCPU. */
u32 its_collection_vcpu(const struct its *its, u32 icid);

#endif
