/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Doorbells: how the management VM hears that a blocked vCPU has work again.
 *
 * Each CPU has a list of woken vCPUs. While there is one on it, the PPI that was the EL2 physical timer's is high for the
 * CPU's home vCPU; a vCPU's turn is on the CPU where it ran last. What is fetched is a hint: the vCPU may be running
 * again by then, or wait once more.
 */
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

/* Takes the first one off the list. Under its lock. */
static struct vcpu *bell_pop(struct cpu *c)
{
	struct vcpu *v = c->bell.head;

	if (!v)
		return NULL;
	c->bell.head = v->bell_next;
	if (!c->bell.head)
		c->bell.tail = NULL;
	atomic_store_release(&v->bell, NULL);
	return v;
}

struct vcpu *doorbell_fetch(struct cpu *c)
{
	struct vcpu *v;

	spin_lock(&c->bell.lock);
	v = bell_pop(c);
	bell_line(c);
	spin_unlock(&c->bell.lock);
	return v;
}

/* Takes @v off the list of @c, if it is on it. */
static void bell_remove(struct cpu *c, struct vcpu *v)
{
	struct vcpu **at = &c->bell.head, *prev = NULL;

	spin_lock(&c->bell.lock);
	for (; *at && *at != v; at = &(*at)->bell_next)
		prev = *at;
	if (*at) {
		*at = v->bell_next;
		if (c->bell.tail == v)
			c->bell.tail = prev;
		atomic_store_release(&v->bell, NULL);
		bell_line(c);
	}
	spin_unlock(&c->bell.lock);
}

void doorbell_forget(struct vcpu *v)
{
	struct cpu *c;

	/* It may be moved to another list between the two looks. */
	while ((c = atomic_load_acquire(&v->bell)))
		bell_remove(c, v);
}

void doorbell_leave(struct cpu *c)
{
	struct vcpu *v;

	while ((v = doorbell_fetch(c)))
		doorbell_ring(v);
}
