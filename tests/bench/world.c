/* SPDX-License-Identifier: GPL-2.0-only */
/* A VM's ITS and vGIC as /dev/kvm makes them, with a guest that has set up its tables. */
#include "hyp/lib/string.h"
#include "tests/bench/bench.h"
#include "vgic/host.h"

#define MEM_SIZE 0x200000u /* for the ITS, and for the vGIC */
#define NR_LRS 4u

#define R_CTLR 0x0
#define R_CBASER 0x80
#define R_CWRITER 0x88
#define R_BASER0 0x100
#define R_BASER1 0x108
#define GICR_CTLR 0x0
#define GICR_PROPBASER 0x70
#define GICR_PENDBASER 0x78
#define PROP_ENABLED 0xa1 /* priority 0xa0 */

struct world world;

static _Alignas(64) u8 its_mem[MEM_SIZE], vgic_mem[MEM_SIZE];
static u32 vcpus[BENCH_VCPUS]; /* what vgic/host.h knows a vCPU by */
static u64 lrs[NR_LRS], hcr, vmcr, apr[2];
static u64 rng;

/* --- vgic/host.h: vCPU 0 is loaded here, nothing else anywhere --- */

u32 vgic_host_nr_lrs(void)
{
	return NR_LRS;
}

u32 vgic_host_nr_aprs(void)
{
	return 1;
}

/* 32 priorities, 16 INTID bits, A3V. */
u32 vgic_host_vtr(void)
{
	return 4u << 29 | 4u << 26 | 1u << 23 | 1u << 21 | (vgic_host_nr_lrs() - 1);
}

bool vgic_host_has_tds(void)
{
	return true;
}

u64 vgic_host_lr_read(u32 n)
{
	return lrs[n];
}

void vgic_host_lr_write(u32 n, u64 val)
{
	lrs[n] = val;
}

u64 vgic_host_hcr_read(void)
{
	return hcr;
}

void vgic_host_hcr_write(u64 val)
{
	hcr = val;
}

u64 vgic_host_vmcr_read(void)
{
	return vmcr;
}

void vgic_host_vmcr_write(u64 val)
{
	vmcr = val;
}

u64 vgic_host_apr_read(u32 group, u32 n)
{
	(void)n;
	return apr[group];
}

void vgic_host_apr_write(u32 group, u32 n, u64 val)
{
	(void)n;
	apr[group] = val;
}

u64 vgic_host_elrsr(void)
{
	u64 val = 0;

	for (u32 i = 0; i < NR_LRS; i++)
		val |= (u64) !(lrs[i] >> 62) << i;
	return val;
}

u64 vgic_host_misr(void)
{
	return 0;
}

u64 vgic_host_eisr(void)
{
	return 0;
}

void vgic_host_kick(void *host)
{
	(void)host;
}

void vgic_host_ended(void)
{
}

bool vgic_host_is_here(void *host)
{
	return host == &vcpus[0];
}

bool vgic_host_is_loaded(void *host)
{
	return host == &vcpus[0];
}

void vgic_host_hw_enable(void *host, u32 pintid, bool enable)
{
	(void)host, (void)pintid, (void)enable;
}

void vgic_host_hw_config(void *host, u32 pintid, bool edge)
{
	(void)host, (void)pintid, (void)edge;
}

void vgic_host_hw_set_pending(void *host, u32 pintid, bool pending)
{
	(void)host, (void)pintid, (void)pending;
}

bool vgic_host_hw_get_pending(void *host, u32 pintid)
{
	(void)host, (void)pintid;
	return false;
}

void vgic_host_hw_set_active(void *host, u32 pintid, bool active)
{
	(void)host, (void)pintid, (void)active;
}

void vgic_host_hw_route(u32 pintid, void *host)
{
	(void)host, (void)pintid;
}

/* --- struct its_ops: the vGIC is the real one, the physical backend is not there --- */

static int op_pend(void *vm, u32 vcpu, u32 lpi)
{
	return vgic_lpi_pend(vm, vcpu, lpi);
}

static int op_clear(void *vm, u32 lpi, bool again)
{
	return vgic_lpi_clear(vm, lpi, again);
}

static int op_move(void *vm, u32 lpi, u32 to, bool again)
{
	return vgic_lpi_move(vm, lpi, to, again);
}

static int op_move_all(void *vm, u32 from, u32 to, u32 *cursor)
{
	return vgic_lpi_move_all(vm, from, to, cursor);
}

static int op_reload(void *vm, u32 vcpu, u32 lpi)
{
	return vgic_lpi_reload(vm, vcpu, lpi);
}

static int op_device_mapped(void *vm, u32 devid, u32 nr_events)
{
	(void)vm, (void)devid, (void)nr_events;
	return 0;
}

static int op_device_unmapped(void *vm, u32 devid)
{
	(void)vm, (void)devid;
	return 0;
}

static void op_event_mapped(void *vm, u32 devid, u32 eventid, u32 entry, u32 vcpu)
{
	(void)vm, (void)devid, (void)eventid, (void)entry, (void)vcpu;
}

static void op_event_moved(void *vm, u32 devid, u32 eventid, u32 vcpu)
{
	(void)vm, (void)devid, (void)eventid, (void)vcpu;
}

static void op_event_unmapped(void *vm, u32 devid, u32 eventid)
{
	(void)vm, (void)devid, (void)eventid;
}

static const struct its_ops ops = {
	.read = guest_read,
	.write = guest_write,
	.lpi_pend = op_pend,
	.lpi_clear = op_clear,
	.lpi_move = op_move,
	.lpi_move_all = op_move_all,
	.lpi_reload = op_reload,
	.device_mapped = op_device_mapped,
	.device_unmapped = op_device_unmapped,
	.event_mapped = op_event_mapped,
	.event_moved = op_event_moved,
	.event_unmapped = op_event_unmapped,
};

struct its_config world_config(u32 nr_vcpus)
{
	return (struct its_config){
		.nr_vcpus = nr_vcpus,
		.nr_cpus = MIN(nr_vcpus, BENCH_VCPUS),
		.devid_bits = 16,
		.eventid_bits = 16,
		.intid_bits = 16,
		.max_devices = BENCH_DEVICES,
	};
}

struct vgic_config world_vgic_config(u32 nr_vcpus)
{
	return (struct vgic_config){
		.nr_vcpus = nr_vcpus,
		.nr_spis = 32,
		.intid_bits = 16,
		.read = guest_read,
		.write = guest_write,
	};
}

static void make_vgic(void)
{
	struct vgic_config cfg = world_vgic_config(BENCH_VCPUS);

	memset(vgic_mem, 0, sizeof(vgic_mem));
	memset(lrs, 0, sizeof(lrs));
	memset(guest_byte(GUEST_PROPS), PROP_ENABLED, BENCH_EVENTS);
	memset(guest_byte(GUEST_PENDING), 0, BENCH_VCPUS * SZ_64K);
	world.vgic = vgic_init(vgic_mem, &cfg);
	for (u32 i = 0; i < BENCH_VCPUS; i++) {
		struct vgic_cpu *c = vgic_cpu_init(world.vgic, i, i, i == BENCH_VCPUS - 1,
						   &vcpus[i]);

		vgic_redist_write(c, c, GICR_PROPBASER, 8, GUEST_PROPS | 15);
		vgic_redist_write(c, c, GICR_PENDBASER, 8, GUEST_PENDING + i * SZ_64K);
		vgic_redist_write(c, c, GICR_CTLR, 4, 1);
		while (vgic_redist_run(c))
			;
	}
	vgic_load(vgic_cpu_get(world.vgic, 0));
}

/* The device table's first level: 4 KiB pages that lie side by side. */
static void make_tables(void)
{
	u64 *level1 = guest_byte(GUEST_DEV_LEVEL1);

	memset(guest_byte(GUEST_DEV_TABLE), 0, 0x80000);
	memset(guest_byte(GUEST_COLL_TABLE), 0, 0x80000);
	memset(guest_byte(GUEST_ITT), 0, 0x80000);
	for (u32 i = 0; i < 512; i++)
		level1[i] = i < 128 ? L1_VALID | (GUEST_DEV_TABLE + i * SZ_4K) : 0;
}

void world_make(u64 seed)
{
	struct its_config cfg = world_config(BENCH_VCPUS);

	cfg.seed = seed;
	rng = seed | 1;
	make_vgic();
	make_tables();
	memset(its_mem, 0, sizeof(its_mem));
	world.its = its_init(its_mem, &cfg, &ops, world.vgic);
	world.tail = 0;
	its_mmio_write(world.its, R_BASER0, 8, BASER_VALID | BASER_INDIRECT | GUEST_DEV_LEVEL1);
	its_mmio_write(world.its, R_BASER1, 8,
		       BASER_VALID | GUEST_COLL_TABLE | FIELD_PREP(BASER_SIZE, 127));
	its_mmio_write(world.its, R_CBASER, 8,
		       CBASER_VALID | GUEST_RING | FIELD_PREP(CBASER_SIZE, 255));
	its_mmio_write(world.its, R_CTLR, 4, 1);
	for (u32 i = 0; i < BENCH_VCPUS; i++)
		world_do(bench_mapc(i, i, true));
}

static void ring_put(struct bench_cmd c)
{
	memcpy(guest_byte(GUEST_RING + world.tail), &c, sizeof(c));
	world.tail = (world.tail + CMD_SIZE) % GUEST_RING_SIZE;
}

void world_queue(struct bench_cmd c)
{
	ring_put(c);
	its_mmio_write(world.its, R_CWRITER, 8, world.tail);
}

u32 world_fill_ring(struct bench_cmd (*make)(u32 i))
{
	u32 n = GUEST_RING_SIZE / CMD_SIZE - 1;

	for (u32 i = 0; i < n; i++)
		ring_put(make(i));
	its_mmio_write(world.its, R_CWRITER, 8, world.tail);
	return n;
}

void world_settle(void)
{
	while (its_run(world.its) == ITS_AGAIN)
		;
}

void world_do(struct bench_cmd c)
{
	world_queue(c);
	world_settle();
}

u64 world_random(void)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return rng * UINT64_C(0x2545f4914f6cdd1d) >> 16;
}

/* --- the guest's commands (IHI 0069H 5.3) --- */

static u64 word0(u32 opcode, u32 devid)
{
	return FIELD_PREP(CMD0_OPCODE, opcode) | FIELD_PREP(CMD0_DEVID, devid);
}

struct bench_cmd bench_mapd(u32 devid, u32 bits, bool valid)
{
	return (struct bench_cmd){ { word0(0x08, devid), FIELD_PREP(CMD1_ITT_SIZE, bits - 1),
				     GUEST_ITT | FIELD_PREP(CMD2_VALID, valid), 0 } };
}

struct bench_cmd bench_mapc(u32 icid, u32 vcpu, bool valid)
{
	return (struct bench_cmd){
		{ word0(0x09, 0), 0,
		  icid | FIELD_PREP(CMD2_RDBASE, vcpu) | FIELD_PREP(CMD2_VALID, valid), 0 }
	};
}

struct bench_cmd bench_mapti(u32 devid, u32 eventid, u32 lpi, u32 icid)
{
	return (struct bench_cmd){ { word0(0x0a, devid), eventid | FIELD_PREP(CMD1_INTID, lpi),
				     icid, 0 } };
}

struct bench_cmd bench_movi(u32 devid, u32 eventid, u32 icid)
{
	return (struct bench_cmd){ { word0(0x01, devid), eventid, icid, 0 } };
}

struct bench_cmd bench_movall(u32 from, u32 to)
{
	return (struct bench_cmd){ { word0(0x0e, 0), 0, FIELD_PREP(CMD2_RDBASE, from),
				     FIELD_PREP(CMD3_RDBASE, to) } };
}

struct bench_cmd bench_event(u32 opcode, u32 devid, u32 eventid)
{
	return (struct bench_cmd){ { word0(opcode, devid), eventid, 0, 0 } };
}

struct bench_cmd bench_invall(u32 icid)
{
	return (struct bench_cmd){ { word0(0x0d, 0), 0, icid, 0 } };
}

struct bench_cmd bench_sync(void)
{
	return (struct bench_cmd){ { word0(0x05, 0), 0, 0, 0 } };
}
