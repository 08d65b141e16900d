/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * SGIs, and the map from affinity to vCPU that they and GICD_IROUTER need.
 *
 * One write of ICC_SGI1R_EL1 names up to sixteen vCPUs that share affinity levels 3, 2, 1 and the
 * upper half of level 0: a cluster. Clusters are found by a hash table; the target list then
 * indexes directly. Only IRM = 1, "all but me", walks all vCPUs of the VM, in steps.
 */
#include "vgic/state.h"

#define SGIR_TARGETS GENMASK(15, 0)
#define SGIR_AFF1 GENMASK(23, 16)
#define SGIR_INTID GENMASK(27, 24)
#define SGIR_AFF2 GENMASK(39, 32)
#define SGIR_IRM BIT(40)
#define SGIR_RS GENMASK(47, 44)
#define SGIR_AFF3 GENMASK(55, 48)

#define MPIDR_AFF0 GENMASK(7, 0)
#define MPIDR_AFF1 GENMASK(15, 8)
#define MPIDR_AFF2 GENMASK(23, 16)
#define MPIDR_AFF3 GENMASK(39, 32)

/* A cluster's key: what of ICC_SGI1R_EL1 names it. */
#define KEY (SGIR_AFF1 | SGIR_AFF2 | SGIR_RS | SGIR_AFF3)

#define HASH_MULTIPLIER 0x9e3779b1u /* 2^32 over the golden ratio */

static u64 mpidr_key(u64 mpidr)
{
	return FIELD_PREP(SGIR_AFF3, FIELD_GET(MPIDR_AFF3, mpidr)) |
	       FIELD_PREP(SGIR_AFF2, FIELD_GET(MPIDR_AFF2, mpidr)) |
	       FIELD_PREP(SGIR_AFF1, FIELD_GET(MPIDR_AFF1, mpidr)) |
	       FIELD_PREP(SGIR_RS, FIELD_GET(MPIDR_AFF0, mpidr) / VGIC_CLUSTER_CPUS);
}

/*
 * The slot of the hash table that @key has, or that it would get. At least half of the slots are
 * free.
 */
static u16 *cluster_slot(const struct vgic *v, u64 key)
{
	u32 i = (u32)(key >> 16 ^ key >> 40) * HASH_MULTIPLIER >> (32 - v->hash_bits);

	while (v->cluster_hash[i] != VGIC_NO_CPU && v->clusters[v->cluster_hash[i]].key != key)
		i = (i + 1) & (u32)(BIT(v->hash_bits) - 1);
	return &v->cluster_hash[i];
}

static const struct vgic_cluster *cluster_find(const struct vgic *v, u64 key)
{
	u32 i;

	/* Up to sixteen vCPUs there is no other. */
	if (v->clusters->key == key)
		return v->clusters;
	i = *cluster_slot(v, key);
	return i == VGIC_NO_CPU ? NULL : &v->clusters[i];
}

void vgic_affinity_add(struct vgic *v, u32 index, u64 mpidr)
{
	u64 key = mpidr_key(mpidr);
	u16 *slot = cluster_slot(v, key);

	if (*slot == VGIC_NO_CPU) {
		*slot = (u16)v->nr_clusters++;
		v->clusters[*slot].key = key;
		memset(v->clusters[*slot].cpu, 0xff, sizeof(v->clusters[*slot].cpu));
	}
	v->clusters[*slot].cpu[FIELD_GET(MPIDR_AFF0, mpidr) % VGIC_CLUSTER_CPUS] = (u16)index;
}

u32 vgic_affinity_find(const struct vgic *v, u64 mpidr)
{
	const struct vgic_cluster *cl = cluster_find(v, mpidr_key(mpidr));

	return cl ? cl->cpu[FIELD_GET(MPIDR_AFF0, mpidr) % VGIC_CLUSTER_CPUS] : VGIC_NO_CPU;
}

/*
 * With GICD_CTLR.DS == 1, ICC_SGI1R_EL1 makes SGIs of either group pending, the other two registers
 * only those that the target has in group 0 (as KVM; the groups' enables decide about delivery).
 */
static void sgi_send(struct vgic_cpu *c, u32 intid, bool group1)
{
	struct vgic_irq irq = { .c = c, .wp = &c->word[intid], .intid = intid };

	spin_lock(&c->lock); /* it has no other home */
	irq.w = atomic_load_relaxed(irq.wp);
	if (!group1 && (irq.w & IRQ_GROUP1)) {
		vgic_irq_unlock(&irq);
		return;
	}
	vgic_irq_pend(&irq);
}

/* To some more of all but @me: true if there are others. */
static bool sgi_all(const struct vgic_cpu *me, u32 intid, bool group1, u32 *cursor)
{
	const struct vgic *v = me->vgic;
	u32 end = MIN(*cursor + VGIC_STEP_CPUS, v->cfg.nr_vcpus);

	for (; *cursor < end; ++*cursor)
		if (*cursor != me->index && vgic_cpu_at(v, *cursor)->present)
			sgi_send(vgic_cpu_at(v, *cursor), intid, group1);
	return end < v->cfg.nr_vcpus;
}

bool vgic_sgi(struct vgic_cpu *me, enum vgic_sgi_reg reg, u64 val, u32 *cursor)
{
	const struct vgic *v = me->vgic;
	u32 intid = (u32)FIELD_GET(SGIR_INTID, val), targets = (u32)FIELD_GET(SGIR_TARGETS, val);
	bool group1 = reg == VGIC_SGI1R;
	const struct vgic_cluster *cl;

	if (val & SGIR_IRM)
		return sgi_all(me, intid, group1, cursor);
	cl = cluster_find(v, val & KEY);
	if (!cl)
		return false;
	for (; targets; targets &= targets - 1) {
		u32 index = cl->cpu[__builtin_ctz(targets)];

		if (index != VGIC_NO_CPU)
			sgi_send(vgic_cpu_at(v, index), intid, group1);
	}
	return false;
}
