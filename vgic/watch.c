/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Watched SPIs: level-sensitive ones that stay asserted until the guest is done with them, and then
 * somebody is told, who may assert them again (KVM_IRQFD_FLAG_RESAMPLE).
 *
 * A guest ends an interrupt by an EOI that empties its list register, for which all level-sensitive
 * ones ask for a maintenance interrupt; by one that is counted; or by ICC_DIR_EL1. The line goes low
 * under the lock of its home, before anything could make it pending again. A watched one is never
 * pending and active in its list register: the EOI would leave it pending, and no one would know.
 */
#include "vgic/state.h"

u64 vgic_irq_ended(struct vgic *v, u32 intid, u64 w)
{
	u32 i = intid - VGIC_NR_PRIVATE;

	atomic_or(&v->ended[i / 64], BIT(i % 64));
	vgic_host_ended();
	return w & ~IRQ_LINE;
}

int vgic_watch(struct vgic *v, u32 intid, bool on)
{
	u32 i = intid - VGIC_NR_PRIVATE;
	struct vgic_irq irq;

	if (!vgic_is_spi(intid) || !vgic_intid_valid(v, intid))
		return -EINVAL;
	vgic_irq_lock(v->cpus, intid, &irq);
	if (irq.w & IRQ_HW) {
		vgic_irq_unlock(&irq);
		return -EINVAL;
	}
	if (!on)
		atomic_and(&v->ended[i / 64], ~BIT(i % 64));
	vgic_irq_commit(&irq, on ? irq.w | IRQ_WATCHED : irq.w & ~IRQ_WATCHED);
	return 0;
}

int vgic_next_ended(struct vgic *v, u32 from)
{
	u32 i = MAX(from, (u32)VGIC_NR_PRIVATE) - VGIC_NR_PRIVATE;

	for (; i < VGIC_MAX_SPIS; i = ALIGN_DOWN(i, 64) + 64) {
		u64 left = atomic_load_relaxed(&v->ended[i / 64]) & -BIT(i % 64);

		for (; left; left &= left - 1) {
			u64 bit = left & -left;

			if (atomic_and(&v->ended[i / 64], ~bit) & bit)
				return (int)(VGIC_NR_PRIVATE + ALIGN_DOWN(i, 64) +
					     FIELD_SHIFT(bit));
		}
	}
	return -ENOENT;
}
