// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM_GET_STATS_FD: a descriptor from which the counters of a VM or a vCPU are read, with a description of each before
 * them. All of it is made anew for each read; it is short.
 */
#include <linux/anon_inodes.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "herald.h"

#define STATS_NAME_SIZE 48
/* Of newer kernels the struct includes the name. */
#define STATS_DESC_SIZE (offsetof(struct kvm_stats_desc, name) + STATS_NAME_SIZE)

struct stats_item {
	const char *name;
	u32 flags; /* KVM_STATS_TYPE_* and the like */
	u32 offset; /* of a u64 */
};

#define STATS_COUNT (KVM_STATS_TYPE_CUMULATIVE | KVM_STATS_UNIT_NONE | KVM_STATS_BASE_POW10)
#define STATS_NOW (KVM_STATS_TYPE_INSTANT | KVM_STATS_UNIT_NONE | KVM_STATS_BASE_POW10)

#define VM_ITEM(name, flags, field)                                                                \
	{                                                                                          \
		name, flags, offsetof(struct herald_vm_stats, field)                               \
	}
#define VCPU_ITEM(name, field)                                                                     \
	{                                                                                          \
		name, STATS_COUNT, offsetof(struct herald_vcpu_stats, field)                       \
	}

static const struct stats_item stats_vm[] = {
	VM_ITEM("faults", STATS_COUNT, faults),
	VM_ITEM("fault_retries", STATS_COUNT, fault_retries),
	VM_ITEM("pages_pinned", STATS_NOW, pages),
	VM_ITEM("pages_dirtied", STATS_COUNT, dirty),
};

/* The names are KVM's. */
static const struct stats_item stats_vcpu[] = {
	VCPU_ITEM("exits", exits),
	VCPU_ITEM("mmio_exit_user", mmio_user),
	VCPU_ITEM("mmio_exit_kernel", mmio_kernel),
	VCPU_ITEM("wfi_exit_stat", wfi),
	VCPU_ITEM("signal_exits", signals),
};

static_assert(sizeof(atomic64_t) == sizeof(u64), "a counter of a VM is read as a u64");

struct herald_stats_file {
	struct herald_vm *vm;
	struct file *vcpu; /* or NULL: the VM's; it keeps the counters */
	const struct stats_item *items;
	u32 count;
	const u8 *data;
	char id[STATS_NAME_SIZE];
};

static size_t stats_size(const struct herald_stats_file *s)
{
	return sizeof(struct kvm_stats_header) + STATS_NAME_SIZE +
	       s->count * (STATS_DESC_SIZE + sizeof(u64));
}

static void stats_describe(void *at, const struct stats_item *item, u32 index)
{
	struct kvm_stats_desc *desc = at;

	desc->flags = item->flags;
	desc->exponent = 0;
	desc->size = 1;
	desc->offset = index * sizeof(u64);
	desc->bucket_size = 0;
	strscpy(at + offsetof(struct kvm_stats_desc, name), item->name, STATS_NAME_SIZE);
}

static void stats_fill(const struct herald_stats_file *s, u8 *buf)
{
	struct kvm_stats_header *header = (struct kvm_stats_header *)buf;
	u64 *data;
	u32 i;

	header->flags = 0;
	header->name_size = STATS_NAME_SIZE;
	header->num_desc = s->count;
	header->id_offset = sizeof(*header);
	header->desc_offset = header->id_offset + STATS_NAME_SIZE;
	header->data_offset = header->desc_offset + s->count * STATS_DESC_SIZE;
	memcpy(buf + header->id_offset, s->id, sizeof(s->id));
	data = (u64 *)(buf + header->data_offset);
	for (i = 0; i < s->count; i++) {
		stats_describe(buf + header->desc_offset + i * STATS_DESC_SIZE, &s->items[i], i);
		data[i] = READ_ONCE(*(const u64 *)(s->data + s->items[i].offset));
	}
}

static ssize_t stats_read(struct file *file, char __user *to, size_t count, loff_t *pos)
{
	const struct herald_stats_file *s = file->private_data;
	u8 *buf = kzalloc(stats_size(s), GFP_KERNEL_ACCOUNT);
	ssize_t ret;

	if (!buf)
		return -ENOMEM;
	stats_fill(s, buf);
	ret = simple_read_from_buffer(to, count, pos, buf, stats_size(s));
	kfree(buf);
	return ret;
}

static void stats_free(struct herald_stats_file *s)
{
	if (s->vcpu)
		fput(s->vcpu);
	herald_vm_put(s->vm);
	kfree(s);
}

static int stats_release(struct inode *inode, struct file *file)
{
	stats_free(file->private_data);
	return 0;
}

static const struct file_operations stats_fops = {
	.owner = THIS_MODULE,
	.release = stats_release,
	.read = stats_read,
	.llseek = noop_llseek,
};

static long stats_open(struct herald_stats_file *s, const char *name)
{
	struct file *file;
	int fd = get_unused_fd_flags(O_CLOEXEC);

	if (fd < 0) {
		stats_free(s);
		return fd;
	}
	file = anon_inode_getfile(name, &stats_fops, s, O_RDONLY);
	if (IS_ERR(file)) {
		put_unused_fd(fd);
		stats_free(s);
		return PTR_ERR(file);
	}
	file->f_mode |= FMODE_PREAD;
	fd_install(fd, file);
	return fd;
}

static struct herald_stats_file *stats_alloc(struct herald_vm *vm)
{
	struct herald_stats_file *s = kzalloc(sizeof(*s), GFP_KERNEL_ACCOUNT);

	if (!s)
		return NULL;
	kref_get(&vm->ref);
	s->vm = vm;
	return s;
}

/* A descriptor of a VM's counters; errors are those of memory and descriptors. */
long herald_vm_stats(struct herald_vm *vm)
{
	struct herald_stats_file *s = stats_alloc(vm);

	if (!s)
		return -ENOMEM;
	s->items = stats_vm;
	s->count = ARRAY_SIZE(stats_vm);
	s->data = (const u8 *)&vm->stats;
	snprintf(s->id, sizeof(s->id), "kvm-%d", task_pid_nr(current));
	return stats_open(s, "kvm-vm-stats");
}

/* The same of a vCPU, whose file is @file. */
long herald_vcpu_stats(struct herald_vcpu *vcpu, struct file *file)
{
	struct herald_stats_file *s = stats_alloc(vcpu->vm);

	if (!s)
		return -ENOMEM;
	s->vcpu = get_file(file);
	s->items = stats_vcpu;
	s->count = ARRAY_SIZE(stats_vcpu);
	s->data = (const u8 *)&vcpu->stats;
	snprintf(s->id, sizeof(s->id), "kvm-%d/vcpu-%u", task_pid_nr(current), vcpu->id);
	return stats_open(s, "kvm-vcpu-stats");
}
