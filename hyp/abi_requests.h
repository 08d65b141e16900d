/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Every request of the hypercall ABI and of /dev/kvm: the one table from which EL2 dispatches and docs/abi.md is made
 * (`make docs`).
 *
 *	EL2(kind, request, handler, argument, answers, errors, unlike KVM)
 *	DRIVER(kind, request, argument, answers, errors, unlike KVM)
 *
 * An EL2 request is a hypercall, which the driver hands on as it comes unless the last column says otherwise; a DRIVER
 * request ends in guests/mgmt/driver. The first ones are found soonest: they are those that count for speed.
 */

EL2(GUEST_VCPU, KVM_RUN, abi_run, "flags, x4 data", "below", "below",
    "`struct kvm_run` is the driver's")
EL2(GUEST_VM, HERALD_MAP_PAGES, map_pages, "`struct herald_map`", "0", "below", "")
EL2(GUEST_VM, HERALD_UNMAP_PAGES, unmap_pages, "`struct herald_unmap`",
    "0, `HERALD_AGAIN` with the rest in the struct",
    "-EINVAL: alignment, size 0, beyond the IPA space; -ENOMEM: no memory to split a block", "")
EL2(GUEST_VM, HERALD_PROTECT_PAGES, protect_pages,
    "`struct herald_protect`: which of 256 pages become read-only, or writable", "0",
    "-EINVAL: alignment, flags, beyond the IPA space; -ENOMEM: no memory to split a block", "")
EL2(GUEST_VM, KVM_IRQ_LINE, irq_line, "`struct kvm_irq_level`: SPI or PPI", "0",
    "-ENXIO: no GIC, or type CPU; -EBUSY: before `CTRL_INIT`; -EINVAL: no such interrupt or vCPU, a timer's PPI, another type",
    "")

EL2(GUEST_VM, KVM_SIGNAL_MSI, abi_signal_msi, "`struct kvm_msi`",
    "1: delivered; 0: blocked by the guest, or it mapped no such event",
    "-EINVAL: no GIC, unknown flag, `KVM_MSI_VALID_DEVID` missing, no doorbell; -ENODEV: no ITS; -EBUSY: the ITS is disabled",
    "only the doorbell itself (frame + 0x10040) is one; LPIs off at the redistributor, or this LPI disabled: 0")

EL2(GUEST_VM, HERALD_NEXT_ENDED, next_ended, "where to begin",
    "the first watched SPI that the guest ended since it was answered last", "-ENOENT: none", "")
EL2(GUEST_VM, HERALD_WATCH_LINE, watch_line,
    "SPI, `HERALD_WATCH_ON`: its line goes low when the guest ends it, level-sensitive", "0",
    "-EINVAL: no such SPI, other bits; -EBUSY: before `CTRL_INIT`", "")

EL2(GUEST_SYSTEM, KVM_GET_API_VERSION, get_api_version, "0", "12", "-EINVAL", "")
EL2(GUEST_SYSTEM, KVM_CREATE_VM, create_vm, "bits 7:0 IPA bits, 0 means 40", "handle of a VM",
    "-EINVAL: below 32, more than the CPU has, other bits; -ENOSPC: 254 VMs; -ENOMEM", "")
EL2(GUEST_SYSTEM, KVM_CHECK_EXTENSION, check_extension, "capability", "see below", "", "")
EL2(GUEST_SYSTEM, KVM_GET_VCPU_MMAP_SIZE, get_vcpu_mmap_size, "0", "4096", "-EINVAL",
    "`struct kvm_run` is the driver's")
EL2(GUEST_SYSTEM, HERALD_GET_STATS, get_stats, "`struct herald_stats`", "0", "-EFAULT", "")
EL2(GUEST_SYSTEM, HERALD_LIST, abi_list,
    "`struct herald_list`: VMs, vCPUs, interrupts, devices, collections",
    "0: `nr` records, `cursor`",
    "-EINVAL: kind, not a VM's handle; -EBADF: no such VM, or no more; -ENOENT: no such ITS; -EFAULT",
    "")
EL2(GUEST_SYSTEM, HERALD_GET_ITS, abi_get_its, "`struct herald_its`: registers and counters", "0",
    "-EINVAL, -EBADF, -ENOENT, -EFAULT: as `HERALD_LIST`", "")
EL2(GUEST_SYSTEM, HERALD_READ_LOG, abi_read_log,
    "`struct herald_log`: Herald's log from `position` on", "0: `len` bytes, 0 at the end",
    "-EFAULT", "")

EL2(GUEST_VM, KVM_CHECK_EXTENSION, check_extension, "capability", "as of the system", "", "")
EL2(GUEST_VM, KVM_CREATE_VCPU, create_vcpu, "id", "handle of a vCPU",
    "-EINVAL: 512 or more; -EEXIST; -EBUSY: after `CTRL_INIT`; -ENOMEM", "")
EL2(GUEST_VM, KVM_ARM_PREFERRED_TARGET, preferred_target, "`struct kvm_vcpu_init`",
    "0, target `GENERIC_V8`", "-EFAULT", "")
EL2(GUEST_VM, KVM_ARM_SET_DEVICE_ADDR, set_device_addr, "`struct kvm_arm_device_addr`", "none",
    "-ENODEV: it is for a GICv2", "")
EL2(GUEST_VM, KVM_CREATE_DEVICE, create_device,
    "`struct kvm_create_device`: `ARM_VGIC_V3`, `ARM_VGIC_ITS`, flag `TEST`",
    "0, `fd` is the handle",
    "-ENODEV: another type; -EEXIST: there is a GIC; of an ITS -ENOMEM, -ENOSPC: 16, -EBUSY: the VM has run without a GIC; of a GIC -EBUSY: as well",
    "KVM has no limit of ITSes")
EL2(GUEST_VM, KVM_ENABLE_CAP, abi_enable_cap, "`struct kvm_enable_cap`: `ARM_SYSTEM_SUSPEND`", "0",
    "-EINVAL: another capability, flags",
    "the driver has `MANUAL_DIRTY_LOG_PROTECT2` (-EINVAL: options) and `ARM_NISV_TO_USER`")
EL2(GUEST_VM, KVM_ARM_SET_COUNTER_OFFSET, abi_set_counter_offset,
    "`struct kvm_arm_counter_offset`, of both counters", "0",
    "-EINVAL: reserved, or the CPU cannot (`KVM_CAP_COUNTER_OFFSET` is 0); -EBUSY: a vCPU runs",
    "only with FEAT_ECV's CNTPOFF_EL2")
EL2(GUEST_VM, KVM_SET_DEVICE_ATTR, abi_set_device_attr,
    "`SMCCC_CTRL`, `SMCCC_FILTER`: from now on the VM's calls leave by `HERALD_EXIT_CALL`", "0",
    "-ENXIO: another; -EBUSY: it has run",
    "the filter is the driver's, which adds -EINVAL: padding, no function, wrap, action; -EEXIST: overlap; -EFAULT")
EL2(GUEST_VM, KVM_HAS_DEVICE_ATTR, abi_has_device_attr, "the same", "0", "-ENXIO", "")
DRIVER(GUEST_VM, KVM_SET_USER_MEMORY_REGION,
       "`struct kvm_userspace_memory_region`, flags `READONLY`, `LOG_DIRTY_PAGES`", "0",
       "-EINVAL: alignment, wrap, size 0 of no slot, 2^31 pages or more, unknown flag, slot 32767 or more, a change of size, memory or `READONLY`; -EEXIST: overlap; -EFAULT: beyond the IPA space; -ENOMEM",
       "memory that cannot be pinned, as another device's registers, is found out when the VM touches it: `KVM_RUN` answers -EFAULT")
DRIVER(GUEST_VM, KVM_SET_USER_MEMORY_REGION2, "`struct kvm_userspace_memory_region2`", "0",
       "as above; -EINVAL: `GUEST_MEMFD`", "")
DRIVER(GUEST_VM, KVM_GET_DIRTY_LOG, "`struct kvm_dirty_log`", "0",
       "-EINVAL: slot 32767 or more; -ENOENT: no such slot, or no log; -EFAULT", "")
DRIVER(GUEST_VM, KVM_CLEAR_DIRTY_LOG, "`struct kvm_clear_dirty_log`", "0",
       "as above; -EINVAL: beyond the slot, or not multiples of 64 pages", "")
DRIVER(GUEST_VM, KVM_SET_GSI_ROUTING, "`struct kvm_irq_routing`: pins and MSIs", "0",
       "-EINVAL: more than 4096, GSI 4096 or more or twice, pin 988 or more, unknown type or flags; -EFAULT; -ENOMEM",
       "")
DRIVER(GUEST_VM, KVM_IRQFD, "`struct kvm_irqfd`, flags `DEASSIGN`, `RESAMPLE`", "0",
       "-EINVAL: flags, no eventfd (also `resamplefd`); -EBADF; -EAGAIN: before `CTRL_INIT`; -EBUSY: an irqfd of the VM already; -EFAULT; -ENOMEM",
       "")
DRIVER(GUEST_VM, KVM_IOEVENTFD, "`struct kvm_ioeventfd`", "0",
       "-EINVAL: length, wrap, flags, a value of no length, no eventfd; -EBADF; -EEXIST: like another; -ENOENT: none to deassign; -EFAULT; -ENOMEM",
       "ports are accepted, and never written")
DRIVER(GUEST_VM, KVM_REGISTER_COALESCED_MMIO, "`struct kvm_coalesced_mmio_zone`", "0",
       "-EINVAL: `pio` above 1; -ENOSPC: 1000 zones; -EFAULT; -ENOMEM", "")
DRIVER(GUEST_VM, KVM_UNREGISTER_COALESCED_MMIO, "the same", "0, also if there is none",
       "-EINVAL; -EFAULT", "")
DRIVER(GUEST_VM, KVM_GET_STATS_FD, "0", "a descriptor", "-EMFILE; -ENOMEM",
       "the counters are Herald's own")

EL2(GUEST_VCPU, KVM_ARM_VCPU_INIT, abi_vcpu_init, "`struct kvm_vcpu_init`",
    "0; the vCPU is at reset",
    "-EINVAL: target, a feature that Herald lacks, one half of ptrauth, features other than the VM was first given (but for `POWER_OFF`); -ENOENT: unknown feature",
    "")
EL2(GUEST_VCPU, KVM_GET_ONE_REG, abi_get_one_reg,
    "`struct kvm_one_reg`; `addr` is an address of the management VM, too", "0",
    "-ENOENT: no such register; -EINVAL: another machine's; -EFAULT", "")
EL2(GUEST_VCPU, KVM_SET_ONE_REG, abi_set_one_reg, "the same", "0",
    "-ENOENT: no such register; -EINVAL: another machine's, a PSTATE that is not EL0 or EL1 in AArch64, another value of what says what the CPU is, a firmware register's; -EBUSY: a bitmap of calls once the VM has run; -EFAULT",
    "ID registers, CLIDR, CTR, CCSIDR take no other value; AArch32's, which are zero, ignore it")
EL2(GUEST_VCPU, KVM_GET_REG_LIST, abi_get_reg_list, "`struct kvm_reg_list`", "0",
    "-E2BIG: `n` says how many there are; -EFAULT", "")
EL2(GUEST_VCPU, KVM_GET_VCPU_EVENTS, abi_get_events, "`struct kvm_vcpu_events`", "0", "-EFAULT", "")
EL2(GUEST_VCPU, KVM_SET_VCPU_EVENTS, abi_set_events, "the same", "0",
    "-EINVAL: a syndrome where there is no RAS, or of more than its 25 bits; a reserved field", "")
EL2(GUEST_VCPU, KVM_SET_GUEST_DEBUG, abi_set_guest_debug, "`struct kvm_guest_debug`", "0",
    "-EINVAL: unknown control; -EBUSY", "")
EL2(GUEST_VCPU, KVM_SET_DEVICE_ATTR, abi_set_device_attr,
    "`TIMER_CTRL`: `IRQ_VTIMER`, `IRQ_PTIMER`, of the whole VM", "0",
    "-ENXIO: another; -EINVAL: no GIC, no PPI; -EBUSY: it has run; -EFAULT",
    "the driver has `PVTIME_CTRL`: -ENXIO, -EINVAL: alignment or not in a slot that can be written, -EEXIST, -EFAULT")
EL2(GUEST_VCPU, KVM_GET_DEVICE_ATTR, abi_get_device_attr, "the same", "0", "-ENXIO, -EFAULT", "")
EL2(GUEST_VCPU, KVM_HAS_DEVICE_ATTR, abi_has_device_attr, "the same", "0", "-ENXIO", "")
EL2(GUEST_VCPU, KVM_GET_MP_STATE, abi_get_mp_state, "`struct kvm_mp_state`", "0", "-EFAULT", "")
EL2(GUEST_VCPU, KVM_SET_MP_STATE, abi_set_mp_state, "`RUNNABLE`, `STOPPED`, `SUSPENDED`", "0",
    "-EINVAL", "")
DRIVER(GUEST_VCPU, KVM_SET_SIGNAL_MASK, "`struct kvm_signal_mask`, or NULL", "0",
       "-EINVAL: length; -EFAULT", "")
DRIVER(GUEST_VCPU, KVM_GET_STATS_FD, "0", "a descriptor", "-EMFILE; -ENOMEM",
       "some of KVM's names, with its meaning")

EL2(GUEST_GIC, KVM_SET_DEVICE_ATTR, abi_set_device_attr, "`struct kvm_device_attr`",
    "0; `HERALD_MISSING`", "-ENXIO: no such attribute; -EINVAL: flags; see below", "")
EL2(GUEST_GIC, KVM_GET_DEVICE_ATTR, abi_get_device_attr, "the same", "0; `HERALD_MISSING`",
    "as above", "")
EL2(GUEST_GIC, KVM_HAS_DEVICE_ATTR, abi_has_device_attr, "the same", "0", "-ENXIO, -EINVAL", "")
EL2(GUEST_ITS, KVM_SET_DEVICE_ATTR, abi_set_device_attr, "`struct kvm_device_attr`",
    "0; `HERALD_MISSING`", "see below", "")
EL2(GUEST_ITS, KVM_GET_DEVICE_ATTR, abi_get_device_attr, "the same", "0", "see below", "")
EL2(GUEST_ITS, KVM_HAS_DEVICE_ATTR, abi_has_device_attr, "the same", "0", "-ENXIO, -EINVAL", "")

#undef EL2
#undef DRIVER
