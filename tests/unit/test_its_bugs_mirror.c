/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Known bug classes of ITS emulators, part three: the virtual ITS before the mirror and a slow
 * physical ITS. A device's MSIs go on while the guest unmaps it. See docs/its.md, "Known bug
 * classes".
 */
// sources: its/its.c its/regs.c its/queue.c its/cmd.c its/device.c its/event.c its/baser.c its/signal.c
// sources: its/save.c its/restore.c
// sources: tests/unit/its_fake.c tests/unit/gic_fake.c tests/unit/gic_fake_its.c
// sources: pci/mirror.c pci/mirror_map.c pci/ecam.c pci/reqid.c
// sources: drivers/gits.c drivers/gits_queue.c drivers/gicv3.c drivers/lpi.c drivers/blocks.c
// sources: drivers/timer.c
#include "tests/unit/its_rig.h"
#include "tests/unit/gic_fake.h"
#include "drivers/gits.h"
#include "drivers/lpi.h"
#include "pci/mirror.h"

#define EVENTS 8u
#define OTHERS 7u /* a DeviceID that is another VM's */

static struct rig r;
static struct mirror *mirror, *other;

static int resolve(void *ctx, u32 devid, u32 nr_events, struct mirror_target *out)
{
	(void)ctx, (void)nr_events;
	*out = (struct mirror_target){ .its = 0, .devid = devid, .nr_events = EVENTS };
	return 0;
}

static u32 vcpu_cpu(void *ctx, u32 vcpu)
{
	(void)ctx;
	return vcpu;
}

static int op_device_mapped(void *vm, u32 devid, u32 nr_events)
{
	(void)vm;
	return mirror_device_mapped(mirror, devid, nr_events);
}

static int op_device_unmapped(void *vm, u32 devid)
{
	(void)vm;
	return mirror_device_unmapped(mirror, devid);
}

static void op_event_mapped(void *vm, u32 devid, u32 eventid, u32 entry, u32 vcpu)
{
	(void)vm;
	mirror_event_mapped(mirror, devid, eventid, entry, vcpu);
}

static void op_event_moved(void *vm, u32 devid, u32 eventid, u32 vcpu)
{
	(void)vm;
	mirror_event_moved(mirror, devid, eventid, vcpu);
}

static void op_event_unmapped(void *vm, u32 devid, u32 eventid)
{
	(void)vm;
	mirror_event_unmapped(mirror, devid, eventid);
}

/* The physical GIC with ITS 0, all of it up. */
static void gic_up(void)
{
	struct lpi_config lc = { .intid_bits = 14 };
	struct gits_config gc = { .va = FAKE_ITS(0), .nr_cpus = FAKE_CPUS, .alloc = fake_alloc };
	struct gicv3_frames f;
	void *mem;
	u64 pa;

	fake_reset(NULL);
	fake_frames(&f);
	gicv3_init(&f);
	lc.prop = fake_alloc(lpi_prop_size(14), SZ_4K, &lc.prop_pa);
	lc.soft = fake_alloc(lpi_soft_size(14), 64, &pa);
	lpi_init(&lc);
	for (u32 cpu = 0; cpu < FAKE_CPUS; cpu++) {
		gicv3_cpu_init(cpu, fake_mpidr(cpu));
		mem = fake_alloc(lpi_pending_size(14), LPI_PENDING_ALIGN, &pa);
		lpi_cpu_init(cpu, mem, pa);
	}
	mem = fake_alloc(SZ_1M, GITS_ARENA_ALIGN, &pa);
	gits_arena_init(mem, pa, SZ_1M);
	fake_its_reset(0, NULL);
	fake_its_set_rate(0, 1, 0);
	is(gits_init(0, &gc), 0, "the physical ITS is up");
	for (u32 cpu = 0; cpu < FAKE_CPUS; cpu++)
		gits_cpu_init(0, cpu, cpu);
}

/* A virtual ITS on a mirror; another VM's mirror has the device OTHERS. */
static void world(void)
{
	struct its_config cfg = rig_default_config();
	struct mirror_config mc = { .resolve = resolve, .vcpu_cpu = vcpu_cpu };
	struct its_ops ops = fake_ops;
	u64 pa;

	rig_make(&r, &cfg);
	memset(r.mem, 0, its_mem_size(&cfg));
	ops.device_mapped = op_device_mapped;
	ops.device_unmapped = op_device_unmapped;
	ops.event_mapped = op_event_mapped;
	ops.event_moved = op_event_moved;
	ops.event_unmapped = op_event_unmapped;
	r.its = its_init(r.mem, &cfg, &ops, &r.world);
	mirror_setup(fake_alloc(mirror_mem_size(64), 64, &pa), 64);
	mc.its = r.its;
	mirror = mirror_create(&mc);
	mc.its = (struct its *)&mc; /* never signalled */
	other = mirror_create(&mc);
	fake_its_set_rate(0, 1, 0);
	while (mirror_device_mapped(other, OTHERS, EVENTS) == -EAGAIN)
		;
	rig_enable(&r, 1);
	for (u32 i = 0; i < 4; i++)
		rig_do(&r, cmd_mapc(i, i, true));
}

static void world_end(void)
{
	while (its_reset(r.its) == ITS_AGAIN)
		;
	while (mirror_destroy(mirror) == -EAGAIN || mirror_destroy(other) == -EAGAIN)
		;
	is(fake_violations(), 0, "... nothing that a physical ITS forbids was done");
	is(lpi_used() + gits_itts_used(), 0, "... no host LPI and no ITT is left behind");
	rig_down(&r);
}

/* The device writes its MSI: what it comes to, -EFAULT if the physical ITS drops it. */
static int msi(u32 devid, u32 eventid)
{
	u32 cpu, lpi = fake_its_msi(0, devid, eventid, &cpu);

	return lpi ? mirror_lpi(0, lpi) : -EFAULT;
}

static void map_device(u32 devid, u32 lpi)
{
	is(rig_do(&r, cmd_mapd(devid, 5, RIG_ITT, true)), 0, "... (device %u is mapped)", devid);
	for (u32 i = 0; i < EVENTS; i++)
		rig_do(&r, cmd_mapti(devid, i, lpi + i, i % 4));
}

/*
 * MSIs between any two steps of @c, which unmaps device 5, on a physical ITS that is slow. From the
 * first step on none may reach the guest, and nothing is given to another device before the physical
 * ITS has forgotten the old one.
 */
static void bug_msi_while_unmapped(struct fake_cmd c, const char *name)
{
	u32 came = 0, stage[2] = { 0 }, steps, lpis;
	u64 at;

	world();
	map_device(5, 9000);
	for (u32 i = 0; i < EVENTS; i++)
		is(msi(5, i), 1, "... (event %u interrupts)", i);
	lpis = lpi_used();
	fake_its_set_rate(0, 0, 0); /* it does nothing unless told to */
	at = its_mmio_read(r.its, R_CREADR, 8);
	rig_queue(&r, c);
	for (steps = 0; steps < 100; steps++) {
		its_run(r.its);
		for (u32 i = 0; i < EVENTS; i++) {
			int ret = msi(5, i);

			came += ret >= 0;
			stage[ret == -EFAULT]++;
		}
		if (steps >= 20)
			fake_its_step(0, 1);
		if (steps == 20) {
			is(its_mmio_read(r.its, R_CREADR, 8), at,
			   "bug class: MSI arriving while the device is unmapped: %s waits for the physical ITS",
			   name);
			is(lpi_used(), lpis, "... its host LPIs are not free before");
			ok(fake_its_device_known(0, 5), "... which has not begun");
		}
		if (its_mmio_read(r.its, R_CREADR, 8) != at)
			break;
	}
	ok(steps > 20 && steps < 100, "... then it completes (%u steps)", steps);
	is(came, 0, "... no MSI reached the guest after the first step");
	ok(stage[0] >= 20 * EVENTS && stage[1],
	   "... %u were stopped at EL2, %u by the physical ITS", stage[0], stage[1]);
	for (u32 i = 0; i < EVENTS; i++) {
		if (r.world.seen.pending[9000 + i])
			ok(false, "... LPI %u is pending", 9000 + i);
	}
	fake_its_set_rate(0, 1, 0);
	/* Its host LPIs go to the next device: what the old one sends is not that one's. */
	map_device(6, 9100);
	is(msi(5, 2) < 0, 1, "... the old device interrupts no one");
	is(msi(6, 2), 1, "... the next one does");
	is(r.world.seen.pending[9102], 3, "... the right LPI and vCPU");
	map_device(5, 9000);
	is(msi(5, 2), 1, "... mapped again it interrupts");
	world_end();
}

static void bug_discard_while_msis_arrive(void)
{
	u32 late = 0;

	world();
	map_device(5, 9000);
	for (u32 i = 0; i < 200; i++) {
		rig_queue(&r, cmd_event(OP_DISCARD, 5, 3));
		late += msi(5, 3) != 1; /* not run yet: still the old mapping's */
		rig_settle(&r);
		late += msi(5, 3) != -ENXIO;
		late += r.world.seen.pending[9003] != 0;
		rig_do(&r, cmd_mapti(5, 3, 9003, i % 4));
		late += msi(5, 3) != 1;
		late += r.world.seen.pending[9003] != i % 4 + 1;
		r.world.seen.pending[9003] = 0;
	}
	is(late, 0,
	   "bug class: MSI arriving around DISCARD and MAPTI: all by the mapping of the moment");
	world_end();
}

static void bug_foreign_device(void)
{
	u64 executed;

	world();
	executed = fake_its_commands(0, 0x08);
	is(rig_do(&r, cmd_mapd(OTHERS, 5, RIG_ITT, true)), ITS_E_MAPD_BACKEND,
	   "bug class: DeviceID not of this VM: MAPD is counted");
	is(fake_its_commands(0, 0x08), executed, "... no command goes to the physical ITS");
	rig_ok(&r, cmd_mapti(OTHERS, 0, 9000, 1), "... it is virtual only: MAPTI");
	rig_ok(&r, cmd_event(OP_INT, OTHERS, 0), "... INT");
	is(r.world.seen.pending[9000], 1 + 1, "... arrives");
	is(msi(OTHERS, 0), -ENXIO, "... the real device's MSIs do not");
	rig_ok(&r, cmd_mapd(OTHERS, 5, 0, false), "... MAPD V=0");
	ok(fake_its_device_known(0, OTHERS), "... leaves its owner the device");
	is(fake_its_commands(0, 0x08), executed, "... untouched");
	world_end();
}

int main(void)
{
	gic_up();
	bug_msi_while_unmapped(cmd_mapd(5, 1, 0, false), "MAPD V=0");
	bug_msi_while_unmapped(cmd_mapd(5, 5, RIG_ITT, true), "MAPD of a mapped device");
	bug_discard_while_msis_arrive();
	bug_foreign_device();
	return tap_done();
}
