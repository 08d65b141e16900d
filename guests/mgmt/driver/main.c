// SPDX-License-Identifier: GPL-2.0-only
/*
 * Herald's driver: /dev/kvm in the management VM, whose virtual machines EL2 runs.
 *
 * Here: whether there is Herald under this kernel, and the requests of /dev/kvm itself.
 */
#define pr_fmt(fmt) "herald: " fmt

#include <linux/capability.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/of.h>

#include "herald.h"

/* UUID 5b0d5b1e-4d83-4b1c-9d0e-6c1f7b9a2e47, as SMCCC has it in four words. */
static const u32 herald_uid[4] = { 0x1e5b0d5b, 0x1c4b834d, 0x6c0e9d1f, 0x472e9a7b };

/* What EL2 tells those who watch. /dev/kvm may be opened by anyone whom its mode lets; this is for who rules the machine. */
static const u32 watch_requests[] = { HERALD_GET_STATS, HERALD_LIST, HERALD_GET_ITS,
				      HERALD_READ_LOG };

static long dev_watch(unsigned int request, unsigned long arg)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(watch_requests); i++) {
		if (watch_requests[i] != request)
			continue;
		if (!capable(CAP_SYS_ADMIN))
			return -EPERM;
		return herald_pass_alloc(HERALD_SYSTEM, request, arg);
	}
	return -EINVAL;
}

static long dev_ioctl(struct file *file, unsigned int request, unsigned long arg)
{
	switch (request) {
	case KVM_GET_API_VERSION:
		return arg ? -EINVAL : KVM_API_VERSION;
	case KVM_GET_VCPU_MMAP_SIZE:
		return arg ? -EINVAL : (KVM_COALESCED_MMIO_PAGE_OFFSET + 1) * PAGE_SIZE;
	case KVM_CREATE_VM:
		return herald_vm_create(arg);
	case KVM_CHECK_EXTENSION:
		return herald_check_extension(HERALD_SYSTEM, arg);
	default:
		return dev_watch(request, arg);
	}
}

static const struct file_operations dev_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = dev_ioctl,
	.llseek = noop_llseek,
};

static struct miscdevice dev_misc = {
	.minor = KVM_MINOR,
	.name = "kvm",
	.fops = &dev_fops,
};

/* HVC is undefined where there is no hypervisor; the kernel knows of one by the device tree. */
static bool herald_is_there(void)
{
	struct arm_smccc_res res;

	if (arm_smccc_1_1_get_conduit() != SMCCC_CONDUIT_HVC)
		return false;
	arm_smccc_1_1_hvc(ARM_SMCCC_VENDOR_HYP_CALL_UID_FUNC_ID, &res);
	return (u32)res.a0 == herald_uid[0] && (u32)res.a1 == herald_uid[1] &&
	       (u32)res.a2 == herald_uid[2] && (u32)res.a3 == herald_uid[3];
}

static const struct of_device_id herald_match[] = {
	{ .compatible = "herald,herald-1" },
	{},
};
MODULE_DEVICE_TABLE(of, herald_match);

static int __init herald_init(void)
{
	struct device_node *node = of_find_matching_node(NULL, herald_match);
	int err = -ENODEV;

	if (!node || !herald_is_there())
		pr_info("there is no Herald under this kernel\n");
	else
		err = herald_wake_init(node);
	of_node_put(node);
	if (err)
		return err;

	err = herald_irqfd_init();
	if (err)
		goto wake;
	err = misc_register(&dev_misc);
	if (!err)
		return 0;
	herald_irqfd_exit();
wake:
	herald_wake_exit();
	return err;
}

/* No VM is left: the files of a VM, and of all that belongs to it, hold on to the module. */
static void __exit herald_exit(void)
{
	misc_deregister(&dev_misc);
	herald_irqfd_exit();
	herald_wake_exit();
}

module_init(herald_init);
module_exit(herald_exit);

MODULE_DESCRIPTION("Virtual machines on the Herald hypervisor");
MODULE_LICENSE("GPL");
MODULE_ALIAS_MISCDEV(KVM_MINOR);
MODULE_ALIAS("devname:kvm");
