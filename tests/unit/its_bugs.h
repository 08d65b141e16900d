/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Two virtual ITSes on a real virtual GIC, put together as hyp/vits.c does: where the tests of known
 * bug classes happen. It counts what each step does and every line that anybody logs.
 */
#ifndef HERALD_TESTS_ITS_BUGS_H
#define HERALD_TESTS_ITS_BUGS_H

#include <string.h>

#include "hyp/lib/errno.h"
#include "its/its.h"
#include "tests/unit/tap.h"
#include "tests/unit/vgic_host_fake.h"

#define R_CTLR 0x0
#define R_CBASER 0x80
#define R_CWRITER 0x88
#define R_CREADR 0x90
#define R_BASER0 0x100
#define R_BASER1 0x108
#define VALID (UINT64_C(1) << 63)

#define RD_CTLR 0x0
#define RD_PROPBASER 0x70
#define RD_PENDBASER 0x78
#define RD_INVLPIR 0xa0
#define RD_ISPENDR0 0x10200
#define RD_ICPENDR0 0x10280

#define OP_INT 0x03
#define OP_CLR 0x04
#define OP_INV 0x0c
#define OP_DISCARD 0x0f

#define NR_ITS 2u
#define ON 0xa1 /* property byte: priority 0xa0, enabled */

/* Guest memory of the ITSes; LPI tables are in the machine's own. ITS 1 has less of everything. */
#define RAM UINT64_C(0x50000000)
#define RAM_SIZE 0x500000u
#define RING (RAM)
#define DEV_TABLE (RAM + 0x100000)
#define COLL_TABLE (RAM + 0x180000)
#define ITT(n) (RAM + 0x200000 + (u64)(n)*0x80000) /* 0..3, 16 EventID bits each */
#define SMALL_RING (RAM + 0x400000)
#define SMALL_DEV_TABLE (RAM + 0x410000)
#define SMALL_COLL_TABLE (RAM + 0x420000)
#define FRAME UINT64_C(0x08080000) /* the vITS's own: emulated, so there is no memory */

static struct bugs {
	struct its *its[NR_ITS];
	struct vgic *vgic;
	bool unreadable; /* RAM is gone */
	int device_error; /* what the backend answers to MAPD */
	u64 reads, ops; /* guest reads, other operations */
	u32 devices, events; /* that the backend knows */
	u32 logged; /* lines */
	void *mem[NR_ITS];
	u8 ram[RAM_SIZE];
} bugs;

/* What EL2's code would log. None of it may. */
void log_line(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_line(const char *fmt, ...)
{
	printf("# logged: %s\n", fmt);
	bugs.logged++;
}

static int bugs_copy(u64 ipa, void *buf, size_t len, bool write)
{
	u8 *at;

	if (range_contains(FAKE_RAM_BASE, FAKE_RAM_SIZE, ipa, len))
		at = fake_ram(ipa);
	else if (!bugs.unreadable && range_contains(RAM, RAM_SIZE, ipa, len))
		at = &bugs.ram[ipa - RAM];
	else
		return -EFAULT;
	memcpy(write ? at : buf, write ? buf : at, len);
	return 0;
}

static int bugs_read(void *vm, u64 ipa, void *buf, size_t len)
{
	(void)vm;
	bugs.reads++;
	return bugs_copy(ipa, buf, len, false);
}

static int bugs_write(void *vm, u64 ipa, const void *buf, size_t len)
{
	(void)vm;
	return bugs_copy(ipa, (void *)(uintptr_t)buf, len, true);
}

static int bugs_pend(void *vm, u32 vcpu, u32 lpi)
{
	(void)vm;
	bugs.ops++;
	return vgic_lpi_pend(bugs.vgic, vcpu, lpi);
}

static int bugs_clear(void *vm, u32 lpi, bool again)
{
	(void)vm;
	bugs.ops++;
	return vgic_lpi_clear(bugs.vgic, lpi, again);
}

static int bugs_move(void *vm, u32 lpi, u32 to, bool again)
{
	(void)vm;
	bugs.ops++;
	return vgic_lpi_move(bugs.vgic, lpi, to, again);
}

static int bugs_move_all(void *vm, u32 from, u32 to, u32 *cursor)
{
	(void)vm;
	bugs.ops++;
	return vgic_lpi_move_all(bugs.vgic, from, to, cursor);
}

static int bugs_reload(void *vm, u32 vcpu, u32 lpi)
{
	(void)vm;
	bugs.ops++;
	return vgic_lpi_reload(bugs.vgic, vcpu, lpi);
}

static int bugs_device_mapped(void *vm, u32 devid, u32 nr_events)
{
	(void)vm, (void)devid, (void)nr_events;
	bugs.ops++;
	bugs.devices++;
	return bugs.device_error;
}

static int bugs_device_unmapped(void *vm, u32 devid)
{
	(void)vm, (void)devid;
	bugs.ops++;
	bugs.devices--;
	return 0;
}

static void bugs_event_mapped(void *vm, u32 devid, u32 eventid, u32 entry, u32 vcpu)
{
	(void)vm, (void)devid, (void)eventid, (void)entry, (void)vcpu;
	bugs.ops++;
	bugs.events++;
}

static void bugs_event_unmapped(void *vm, u32 devid, u32 eventid)
{
	(void)vm, (void)devid, (void)eventid;
	bugs.ops++;
	bugs.events--;
}

static const struct its_ops bugs_ops = {
	.read = bugs_read,
	.write = bugs_write,
	.lpi_pend = bugs_pend,
	.lpi_clear = bugs_clear,
	.lpi_move = bugs_move,
	.lpi_move_all = bugs_move_all,
	.lpi_reload = bugs_reload,
	.device_mapped = bugs_device_mapped,
	.device_unmapped = bugs_device_unmapped,
	.event_mapped = bugs_event_mapped,
	.event_unmapped = bugs_event_unmapped,
};

/* Commands. */
struct cmd {
	u64 w[4];
};

static inline struct cmd c_mapd(u32 devid, u32 bits, u64 itt)
{
	return (struct cmd){ { 0x08 | (u64)devid << 32, bits - 1, itt | VALID, 0 } };
}

static inline struct cmd c_unmapd(u32 devid)
{
	return (struct cmd){ { 0x08 | (u64)devid << 32, 0, 0, 0 } };
}

static inline struct cmd c_mapc(u32 icid, u64 rdbase)
{
	return (struct cmd){ { 0x09, 0, icid | rdbase << 16 | VALID, 0 } };
}

static inline struct cmd c_unmapc(u32 icid)
{
	return (struct cmd){ { 0x09, 0, icid, 0 } };
}

static inline struct cmd c_mapti(u32 devid, u32 eventid, u32 lpi, u32 icid)
{
	return (struct cmd){ { 0x0a | (u64)devid << 32, eventid | (u64)lpi << 32, icid, 0 } };
}

static inline struct cmd c_movi(u32 devid, u32 eventid, u32 icid)
{
	return (struct cmd){ { 0x01 | (u64)devid << 32, eventid, icid, 0 } };
}

/* INT, CLEAR, INV, DISCARD. */
static inline struct cmd c_event(u32 opcode, u32 devid, u32 eventid)
{
	return (struct cmd){ { opcode | (u64)devid << 32, eventid, 0, 0 } };
}

static inline struct cmd c_invall(u32 icid)
{
	return (struct cmd){ { 0x0d, 0, icid, 0 } };
}

static inline struct cmd c_movall(u64 from, u64 to)
{
	return (struct cmd){ { 0x0e, 0, from << 16, to << 16 } };
}

static inline u64 rd(u32 n, u64 offset)
{
	return its_mmio_read(bugs.its[n], offset, offset < R_CBASER ? 4 : 8);
}

static inline void wr(u32 n, u64 offset, u64 val)
{
	its_mmio_write(bugs.its[n], offset, offset < R_CBASER ? 4 : 8, val);
}

/* Tables, a ring of @pages, Enabled = 1; all mappings stay that the same tables have. */
static inline void bugs_enable(u32 n, u32 pages)
{
	wr(n, R_CTLR, 0);
	while (its_run(bugs.its[n]) == ITS_AGAIN)
		;
	wr(n, R_BASER0, VALID | 2 << 8 | (n ? SMALL_DEV_TABLE : DEV_TABLE | 7));
	wr(n, R_BASER1, VALID | 2 << 8 | (n ? SMALL_COLL_TABLE : COLL_TABLE | 7));
	wr(n, R_CBASER, VALID | (n ? SMALL_RING : RING) | (pages - 1));
	wr(n, R_CTLR, 1);
}

/* @vcpus, of which the first @loaded are on the CPUs of their number; CPU 0 runs. Both ITSes are
 * up. */
static inline void bugs_start(u32 vcpus, u32 loaded, u32 intid_bits, u32 lrs)
{
	struct its_config cfg = {
		.nr_vcpus = vcpus,
		.nr_cpus = FAKE_CPUS,
		.devid_bits = 16,
		.eventid_bits = 16,
		.intid_bits = intid_bits,
		.max_devices = 4096,
		.seed = 99,
	};

	memset(&bugs, 0, sizeof(bugs));
	bugs.vgic = fake_start(vcpus, 64, intid_bits, lrs);
	fake_dist_w(0, 4, 3);
	for (u32 i = 0; i < vcpus; i++)
		fake_lpis_on(i);
	for (u32 i = 0; i < loaded; i++)
		fake_load(i, i);
	fake_run_on(0);
	for (u32 i = 0; i < NR_ITS; i++) {
		bugs.mem[i] = aligned_alloc(64, its_mem_size(&cfg));
		memset(bugs.mem[i], 0, its_mem_size(&cfg));
		bugs.its[i] = its_init(bugs.mem[i], &cfg, &bugs_ops, NULL);
		bugs_enable(i, 1);
	}
}

/* Ends a world; @name: of the class whose test is over. */
static inline void bugs_end(const char *name)
{
	is(bugs.logged, 0, "%s: no line was logged", name);
	for (u32 i = 0; i < NR_ITS; i++)
		free(bugs.mem[i]);
	fake_end();
}

static inline void bugs_queue(u32 n, struct cmd c)
{
	u64 at = rd(n, R_CWRITER), cbaser = rd(n, R_CBASER);

	bugs_write(NULL, (cbaser & GENMASK(51, 16)) + at, &c, sizeof(c));
	wr(n, R_CWRITER, (at + 32) % (((cbaser & 0xff) + 1) * 4096));
}

static inline struct its_stats bugs_stats(u32 n)
{
	struct its_stats st;

	its_get_stats(bugs.its[n], &st);
	return st;
}

/* All CPUs answer their kicks. */
static inline void bugs_kicks(void)
{
	for (u32 v = 0; v < FAKE_MAX_VCPUS; v++) {
		if (fake.vcpu[v].vgic)
			fake_enter_vcpu(v);
	}
}

/* Runs the queue to its end; between the steps all CPUs answer their kicks. */
static inline bool bugs_settle(u32 n)
{
	for (u32 i = 0; i < 1000000; i++) {
		if (its_run(bugs.its[n]) == ITS_IDLE)
			return true;
		bugs_kicks();
	}
	return false;
}

/* A command, to its end: the error that it was counted under, 0, or ITS_NR_ERRORS: it hangs. */
static inline u32 bugs_do(u32 n, struct cmd c)
{
	struct its_stats before = bugs_stats(n), after;

	bugs_queue(n, c);
	if (!bugs_settle(n) || rd(n, R_CREADR) != rd(n, R_CWRITER))
		return ITS_NR_ERRORS;
	after = bugs_stats(n);
	for (u32 i = 1; i < ITS_NR_ERRORS; i++) {
		if (after.errors[i] != before.errors[i])
			return i;
	}
	return 0;
}

/* Like bugs_do(), for commands of a test's preparation, which must not fail. */
static inline void bugs_must(u32 n, struct cmd c)
{
	u32 err = bugs_do(n, c);

	if (err)
		ok(false, "preparation: %s", its_error_name(err));
}

#define bugs_fails(n, cmd, error, ...) is(bugs_do((n), (cmd)), ITS_E_##error, __VA_ARGS__)

/* Collection n is vCPU n. */
static inline void bugs_mapc_all(u32 n, u32 vcpus)
{
	for (u32 i = 0; i < vcpus; i++)
		bugs_must(n, c_mapc(i, i));
}

static inline void bugs_map(u32 n, u32 devid, u32 eventid, u32 lpi, u32 icid)
{
	fake_lpi_prop(lpi, ON);
	bugs_must(n, c_mapti(devid, eventid, lpi, icid));
}

/* What vCPU @v, which is loaded, takes when all kicks are answered: an INTID or FAKE_SPURIOUS. */
static inline u32 bugs_take(u32 v)
{
	u32 was = fake_here, intid;

	bugs_kicks();
	fake_run_on(fake.vcpu[v].cpu);
	intid = fake_take();
	fake_run_on(was);
	return intid;
}

/* How many interrupts the loaded vCPU @v takes until there is none left. */
static inline u32 bugs_take_all(u32 v)
{
	u32 nr = 0;

	while (bugs_take(v) != FAKE_SPURIOUS)
		nr++;
	return nr;
}

/* How many loaded vCPUs have @intid pending in a list register. More than one: taken twice. */
static inline u32 bugs_copies(u32 intid)
{
	u32 was = fake_here, nr = 0;

	for (u32 cpu = 0; cpu < FAKE_CPUS; cpu++) {
		fake_run_on(cpu);
		if (fake.cpu[cpu].vcpu && fake_lr_state(intid) != -1)
			nr += fake_lr_state(intid) == -2 ? 2 : fake_lr_state(intid) & 1;
	}
	fake_run_on(was);
	return nr;
}

#endif
