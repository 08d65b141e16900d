/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Threads as CPUs: three run vCPUs, one a device and a command queue. Nothing is lost;
 * ThreadSanitizer may watch.
 */
// sources: vgic/list.c vgic/lr.c vgic/flush.c vgic/irqreg.c vgic/mmio.c vgic/dist.c vgic/redist.c
// sources: vgic/sgi.c vgic/lpi.c vgic/vgic.c vgic/watch.c
// sources: tests/unit/vgic_host_fake.c
#include <pthread.h>
#include "hyp/lib/atomic.h"
#include "tests/unit/tap.h"
#include "tests/unit/vgic_host_fake.h"

#define VCPUS 3
#define NR_LPIS 24
#define NR_SPIS 16
#define NR_SGIS 8
#define NR_IDS (NR_LPIS + NR_SPIS + NR_SGIS * VCPUS)
#define ROUNDS 100000

static struct vgic *v;
/* How often each was sent, and that number when it was last taken. */
static u32 sent[NR_IDS], seen[NR_IDS];
static u32 done, taken;
static pthread_barrier_t all_here;

static u32 pick(u32 n)
{
	return (u32)(fake_random() >> 20) % n;
}

static u32 slot_of(u32 vcpu, u32 id)
{
	if (id >= 8192)
		return id - 8192;
	if (id >= 32)
		return NR_LPIS + id - 32;
	return NR_LPIS + NR_SPIS + vcpu * NR_SGIS + id;
}

static void take(u32 vcpu)
{
	u32 id = fake_ack(1), slot;

	if (id == FAKE_SPURIOUS)
		return;
	slot = slot_of(vcpu, id);
	atomic_store_relaxed(&seen[slot], atomic_load_relaxed(&sent[slot]));
	atomic_add(&taken, 1);
	if (fake_misr())
		fake_enter();
	fake_eoi(1, id);
}

static void send(void)
{
	struct vgic_cpu *me = fake_vgic(fake_here % VCPUS);
	u32 what = pick(8), i;

	if (what < 4) {
		i = pick(NR_LPIS);
		atomic_add(&sent[i], 1);
		vgic_lpi_pend(v, pick(16) ? i % VCPUS : pick(VCPUS), 8192 + i);
	} else if (what < 6) {
		i = pick(NR_SPIS);
		atomic_add(&sent[NR_LPIS + i], 1);
		vgic_set_line(v, NULL, 32 + i, true);
		vgic_set_line(v, NULL, 32 + i, false);
	} else if (what == 6 && fake_here < VCPUS) {
		u32 to = pick(VCPUS);

		i = pick(NR_SGIS);
		atomic_add(&sent[slot_of(to, i)], 1);
		fake_sgi(me, VGIC_SGI1R, (u64)i << 24 | BIT(to));
	} else if (!pick(4)) {
		i = pick(NR_SPIS);
		vgic_dist_write(me, 0x6100 + 8 * i, 8, pick(VCPUS));
	} else if (!pick(4)) {
		(void)vgic_lpi_move(v, 8192 + pick(NR_LPIS), pick(VCPUS), false);
	} else if (!pick(8)) {
		u32 cursor = 0;

		(void)vgic_lpi_move_all(v, pick(VCPUS), pick(VCPUS), &cursor);
	} else {
		(void)vgic_dist_read(me, 0x204, 4);
		(void)vgic_redist_read(me, fake_vgic(pick(VCPUS)), 0x10200, 4);
	}
}

static void *cpu_main(void *arg)
{
	u32 vcpu = *(u32 *)arg, i;

	fake_here = vcpu;
	pthread_barrier_wait(&all_here);
	for (i = 0; i < ROUNDS; i++) {
		if (pick(2))
			send();
		if (vcpu == VCPUS)
			continue;
		if (pick(3))
			take(vcpu);
		if (!pick(4))
			fake_enter();
		if (!pick(500)) {
			vgic_put(fake_vgic(vcpu));
			vgic_load(fake_vgic(vcpu));
		}
	}
	atomic_add(&done, 1);
	while (vcpu < VCPUS && atomic_load_acquire(&done) <= VCPUS) {
		fake_enter();
		take(vcpu);
		cpu_relax();
	}
	return NULL;
}

int main(void)
{
	static u32 index[VCPUS + 1];
	pthread_t t[VCPUS + 1];
	u32 i, lost = 0;

	v = fake_start(VCPUS, NR_SPIS, 16, 4);
	fake_dist_w(0, 4, 3);
	for (i = 0; i < VCPUS; i++) {
		u32 k;

		fake_lpis_on(i);
		for (k = 0; k < NR_SGIS; k++)
			fake_irq_on(i, k, 0x80 + (k << 3), false);
	}
	for (i = 0; i < NR_LPIS; i++) {
		fake_lpi_prop(8192 + i, (u8)((i % 8 + 8) << 3 | 1));
		vgic_lpi_reload(v, 0, 8192 + i);
	}
	for (i = 0; i < NR_SPIS; i++)
		fake_irq_on(0, 32 + i, 0x40 + (i << 3), false);
	for (i = 0; i < VCPUS; i++)
		fake_load(i, i);
	pthread_barrier_init(&all_here, NULL, VCPUS + 1);
	for (i = 0; i <= VCPUS; i++) {
		index[i] = i;
		pthread_create(&t[i], NULL, cpu_main, &index[i]);
	}
	for (i = 0; i <= VCPUS; i++)
		pthread_join(t[i], NULL);
	/* What is left, one CPU after the other: one may still let go of something for another. */
	for (i = 0; i < 1000; i++) {
		fake_run_on(i % VCPUS);
		fake_enter();
		take(i % VCPUS);
	}
	for (i = 0; i < NR_IDS; i++)
		if (seen[i] != sent[i]) {
			lost++;
			printf("# %u: sent %u, seen at %u\n", i, sent[i], seen[i]);
		}
	is(lost, 0, "none of %u interrupts lost, %u taken", NR_IDS, taken);
	fake_end();
	return tap_done();
}
