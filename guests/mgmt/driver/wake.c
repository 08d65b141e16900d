// SPDX-License-Identifier: GPL-2.0-only
/*
 * The doorbell: an interrupt by which EL2 says that vCPUs have something to do that wait in the driver.
 *
 * It is a PPI, named by the device tree's node of the hypervisor. EL2 has a list of woken vCPUs for each CPU; the
 * handler takes them from it one by one and wakes their threads.
 */
#define pr_fmt(fmt) "herald: " fmt

#include <linux/cpuhotplug.h>
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/of_irq.h>

#include "herald.h"

static int wake_irq;
static enum cpuhp_state wake_hotplug;
static int __percpu *wake_token; /* what a per-CPU interrupt must have */
static DEFINE_XARRAY_FLAGS(wake_vcpus, XA_FLAGS_LOCK_IRQ); /* by handle */

static irqreturn_t wake_handler(int irq, void *token)
{
	struct herald_vcpu *vcpu;
	unsigned long flags;
	long handle;

	while ((handle = herald_wakeup()) >= 0) {
		xa_lock_irqsave(&wake_vcpus, flags);
		vcpu = xa_load(&wake_vcpus, handle);
		if (vcpu) {
			WRITE_ONCE(vcpu->woken, true);
			wake_up(&vcpu->wait);
		}
		xa_unlock_irqrestore(&wake_vcpus, flags);
	}
	return IRQ_HANDLED;
}

/* From now on the doorbell finds the vCPU by its handle. */
int herald_wake_add(struct herald_vcpu *vcpu)
{
	return xa_err(xa_store_irq(&wake_vcpus, vcpu->handle, vcpu, GFP_KERNEL_ACCOUNT));
}

/* When this returns, the handler has done with the vCPU. */
void herald_wake_remove(struct herald_vcpu *vcpu)
{
	xa_erase_irq(&wake_vcpus, vcpu->handle);
}

static int wake_cpu_up(unsigned int cpu)
{
	enable_percpu_irq(wake_irq, irq_get_trigger_type(wake_irq));
	return 0;
}

static int wake_cpu_down(unsigned int cpu)
{
	disable_percpu_irq(wake_irq);
	return 0;
}

int herald_wake_init(struct device_node *node)
{
	int err;

	wake_irq = irq_of_parse_and_map(node, 0);
	if (!wake_irq) {
		pr_err("the device tree names no doorbell interrupt\n");
		return -ENODEV;
	}
	wake_token = alloc_percpu(int);
	if (!wake_token) {
		err = -ENOMEM;
		goto unmap;
	}
	err = request_percpu_irq(wake_irq, wake_handler, "herald", wake_token);
	if (err)
		goto free;
	err = cpuhp_setup_state(CPUHP_AP_ONLINE_DYN, "herald:online", wake_cpu_up, wake_cpu_down);
	if (err < 0)
		goto release;
	wake_hotplug = err;
	return 0;

release:
	free_percpu_irq(wake_irq, wake_token);
free:
	free_percpu(wake_token);
unmap:
	irq_dispose_mapping(wake_irq);
	return err;
}

void herald_wake_exit(void)
{
	cpuhp_remove_state(wake_hotplug);
	free_percpu_irq(wake_irq, wake_token);
	free_percpu(wake_token);
	irq_dispose_mapping(wake_irq);
}
