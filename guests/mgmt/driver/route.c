// SPDX-License-Identifier: GPL-2.0-only
/*
 * GSI routes: what an irqfd's number stands for, a pin of the GIC (an SPI) or an MSI. EL2 knows nothing of GSIs.
 *
 * A VM's routes are one table, replaced as a whole; readers, which may be in an eventfd's wake-up with interrupts masked,
 * find it under vm->srcu. An entry holds the struct that EL2 gets, ready to be copied.
 */
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "herald.h"

/* INTIDs of SPIs, and those that a GIC may have; KVM's GIC has one chip. */
#define ROUTE_FIRST_SPI 32
#define ROUTE_PINS (1020 - ROUTE_FIRST_SPI)

struct herald_route {
	u32 type; /* KVM_IRQ_ROUTING_*; 0: none */
	union herald_irq_args args;
};

struct herald_routes {
	u32 count;
	struct herald_route route[];
};

static void route_to_pin(struct herald_route *route, u32 pin)
{
	route->type = KVM_IRQ_ROUTING_IRQCHIP;
	route->args.line.irq = KVM_ARM_IRQ_TYPE_SPI << KVM_ARM_IRQ_TYPE_SHIFT |
			       (ROUTE_FIRST_SPI + pin);
}

static int route_set(struct herald_route *route, const struct kvm_irq_routing_entry *e)
{
	/* One pin of one chip, or one MSI: a GSI with two meanings is refused. */
	if (route->type)
		return -EINVAL;
	switch (e->type) {
	case KVM_IRQ_ROUTING_IRQCHIP:
		if (e->flags || e->u.irqchip.irqchip || e->u.irqchip.pin >= ROUTE_PINS)
			return -EINVAL;
		route_to_pin(route, e->u.irqchip.pin);
		return 0;
	case KVM_IRQ_ROUTING_MSI:
		if (e->flags & ~KVM_MSI_VALID_DEVID)
			return -EINVAL;
		route->type = KVM_IRQ_ROUTING_MSI;
		route->args.msi = (struct kvm_msi){
			.address_lo = e->u.msi.address_lo,
			.address_hi = e->u.msi.address_hi,
			.data = e->u.msi.data,
			.flags = e->flags,
			.devid = e->u.msi.devid,
		};
		return 0;
	default:
		return -EINVAL;
	}
}

static struct herald_routes *route_alloc(u32 count)
{
	struct herald_routes *routes = kvzalloc(struct_size(routes, route, count),
						GFP_KERNEL_ACCOUNT);

	if (routes)
		routes->count = count;
	return routes;
}

/* @routes may be NULL: none. When this returns nobody uses the old ones. */
static void route_publish(struct herald_vm *vm, struct herald_routes *routes)
{
	mutex_lock(&vm->io_lock);
	routes = rcu_replace_pointer(vm->routes, routes, lockdep_is_held(&vm->io_lock));
	mutex_unlock(&vm->io_lock);
	if (routes) {
		synchronize_srcu_expedited(&vm->srcu);
		kvfree(routes);
	}
	herald_resample_rerouted(vm);
}

static long route_build(struct herald_vm *vm, const struct kvm_irq_routing_entry *entries, u32 nr)
{
	struct herald_routes *routes;
	u32 i, count = 0;
	int err;

	for (i = 0; i < nr; i++) {
		if (entries[i].gsi >= HERALD_MAX_ROUTES)
			return -EINVAL;
		count = max(count, entries[i].gsi + 1);
	}
	routes = route_alloc(count);
	if (!routes)
		return -ENOMEM;
	for (i = 0; i < nr; i++) {
		err = route_set(&routes->route[entries[i].gsi], &entries[i]);
		if (err) {
			kvfree(routes);
			return err;
		}
	}
	route_publish(vm, routes);
	return 0;
}

/* KVM_SET_GSI_ROUTING. -EINVAL: too many, flags, a GSI out of range or twice, no such pin or type; -EFAULT; -ENOMEM. */
long herald_routes_set(struct herald_vm *vm, struct kvm_irq_routing __user *arg)
{
	struct kvm_irq_routing_entry *entries;
	struct kvm_irq_routing routing;
	long ret;

	if (copy_from_user(&routing, arg, sizeof(routing)))
		return -EFAULT;
	if (routing.nr > HERALD_MAX_ROUTES || routing.flags)
		return -EINVAL;
	if (!routing.nr) {
		route_publish(vm, NULL);
		return 0;
	}
	entries = vmemdup_user(arg->entries, array_size(routing.nr, sizeof(*entries)));
	if (IS_ERR(entries))
		return PTR_ERR(entries);
	ret = route_build(vm, entries, routing.nr);
	kvfree(entries);
	return ret;
}

/* What a VM begins with when its GIC is initialised, as KVM has it: GSI n is pin n. -ENOMEM. */
int herald_routes_default(struct herald_vm *vm)
{
	struct herald_routes *routes = route_alloc(ROUTE_PINS);
	u32 pin;

	if (!routes)
		return -ENOMEM;
	for (pin = 0; pin < ROUTE_PINS; pin++)
		route_to_pin(&routes->route[pin], pin);
	route_publish(vm, routes);
	return 0;
}

void herald_routes_free(struct herald_vm *vm)
{
	kvfree(rcu_dereference_protected(vm->routes, true));
}

static bool route_find(struct herald_vm *vm, u32 gsi, struct herald_route *route)
{
	int idx = srcu_read_lock(&vm->srcu);
	const struct herald_routes *routes = srcu_dereference(vm->routes, &vm->srcu);
	bool found = routes && gsi < routes->count && routes->route[gsi].type;

	if (found)
		*route = routes->route[gsi];
	srcu_read_unlock(&vm->srcu, idx);
	return found;
}

static long route_line(struct herald_vm *vm, union herald_irq_args *args, u32 level)
{
	args->line.level = level;
	return herald_ioctl_step(vm->handle, KVM_IRQ_LINE, virt_to_phys(args));
}

/* The SPI that a GSI stands for; 0: an MSI, or nothing. */
u32 herald_route_spi(struct herald_vm *vm, u32 gsi)
{
	struct herald_route route;

	if (!route_find(vm, gsi, &route) || route.type != KVM_IRQ_ROUTING_IRQCHIP)
		return 0;
	return route.args.line.irq & KVM_ARM_IRQ_NUM_MASK;
}

/* The line of a GSI that is a pin goes low. @args as below; may sleep. */
void herald_route_lower(struct herald_vm *vm, u32 gsi, union herald_irq_args *args)
{
	struct herald_route route;

	if (!route_find(vm, gsi, &route) || route.type != KVM_IRQ_ROUTING_IRQCHIP)
		return;
	*args = route.args;
	while (route_line(vm, args, 0) == HERALD_AGAIN)
		cond_resched();
}

/*
 * Raise a GSI once: a pulse on a pin, or an MSI. With @hold a pin's line stays up. Any context; @args is memory of the
 * linear map that nobody else uses meanwhile. EL2's answer, -ENOENT: no route; or HERALD_AGAIN: nothing happened yet,
 * call again.
 */
long herald_route_raise(struct herald_vm *vm, u32 gsi, union herald_irq_args *args, bool hold)
{
	struct herald_route route;
	long ret;

	if (!route_find(vm, gsi, &route))
		return -ENOENT;
	*args = route.args;
	if (route.type == KVM_IRQ_ROUTING_MSI)
		return herald_ioctl_step(vm->handle, KVM_SIGNAL_MSI, virt_to_phys(args));
	ret = route_line(vm, args, 1);
	return ret || hold ? ret : route_line(vm, args, 0);
}
