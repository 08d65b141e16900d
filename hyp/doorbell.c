/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Doorbells: how the management VM hears that a blocked vCPU has work again.
 *
 * Each CPU has a list of woken vCPUs. While there is one on it, the PPI that was the EL2 physical timer's is high for the
 * CPU's home vCPU; a vCPU's turn is on the CPU where it ran last. What is fetched is a hint: the vCPU may be running
 * again by then, or wait once more.
 */
#include "hyp/guest.h"
#include "hyp/lib/errno.h"
#include "hyp/machine.h"
#include "hyp/run.h"

static bool home_is_on(const struct cpu *c)
{
	return atomic_load_acquire(&c->home->power) == VCPU_ON;
}

/* The line follows the list, both under its lock. */
static void bell_line(struct cpu *c)
{
	vgic_set_line(machine.mgmt->vgic, c->home->vgic, machine.board.timer_hyp_intid,
		      c->bell.head != NULL);
}

/*
 * False if the home vCPU of @c is off: looked at under the lock that doorbell_leave() takes afterwards. True also if @v
 * is on a list already, or someone is just adding it: it will be fetched.
 */
static bool bell_add(struct cpu *c, struct vcpu *v)
{
	struct cpu *nowhere = NULL;
	bool on;

	spin_lock(&c->bell.lock);
	on = home_is_on(c);
	if (on && atomic_cas(&v->bell, &nowhere, c)) {
		v->bell_prev = c->bell.tail;
		v->bell_next = NULL;
		if (c->bell.tail)
			c->bell.tail->bell_next = v;
		else
			c->bell.head = v;
		c->bell.tail = v;
		bell_line(c);
	}
	spin_unlock(&c->bell.lock);
	return on;
}

void doorbell_ring(struct vcpu *v)
{
	u32 i;

	if (bell_add(&cpu_table[v->last_cpu], v))
		return;
	for (i = 0; i < cpu_count; i++)
		if (bell_add(&cpu_table[i], v))
			return;
}

/* Takes @v off the list of @c, which it is on. Under its lock. From then on its VM may be closed, and @v be gone. */
static void bell_unlink(struct cpu *c, struct vcpu *v)
{
	*(v->bell_prev ? &v->bell_prev->bell_next : &c->bell.head) = v->bell_next;
	*(v->bell_next ? &v->bell_next->bell_prev : &c->bell.tail) = v->bell_prev;
	atomic_store_release(&v->bell, NULL);
	bell_line(c);
}

s64 doorbell_fetch(struct cpu *c)
{
	struct vcpu *v;
	s64 ret = -ENOENT;

	spin_lock(&c->bell.lock);
	v = c->bell.head;
	if (v) {
		ret = (s64)guest_vcpu_handle(v);
		bell_unlink(c, v);
	}
	spin_unlock(&c->bell.lock);
	return ret;
}

/* Takes @v off the list of @c, if it is on it. */
static void bell_remove(struct cpu *c, struct vcpu *v)
{
	spin_lock(&c->bell.lock);
	if (atomic_load_relaxed(&v->bell) == c)
		bell_unlink(c, v);
	spin_unlock(&c->bell.lock);
}

void doorbell_forget(struct vcpu *v)
{
	struct cpu *c;

	/* It may be moved to another list between the two looks. */
	while ((c = atomic_load_acquire(&v->bell)))
		bell_remove(c, v);
}

bool doorbell_leave(struct cpu *c)
{
	s64 handle = doorbell_fetch(c);
	struct guest_object o;

	if (handle < 0)
		return false;
	/* If it cannot be held its VM is being closed: nobody will run it. */
	if (!guest_get((u64)handle, &o)) {
		doorbell_ring(o.vcpu);
		guest_put(o.vm);
	}
	return true;
}
