// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names: what sysfs says about the management VM's own devices and interrupts, and /proc about who holds a VM.
 *
 * /sys/kernel/irq/N has the number of Linux's interrupt N at its chip: for an SPI its INTID, for an MSI the number of its
 * entry in the low bits. Linux gives out EventIDs in the order of the entries.
 */
#include <dirent.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "herald.h"

#define MSI_INDEX 0x7ff

struct linux_irq {
	u32 requester; /* HERALD_NONE: an SPI */
	u32 number; /* MSI entry or INTID */
	char name[48];
};

static struct linux_irq *irqs;
static size_t nr_irqs;
static bool irqs_known;

/* The file's first line, in which nothing moves the cursor (a process names itself); false: there is none. */
static bool read_line(const char *path, char *buf, size_t size)
{
	FILE *f = fopen(path, "re");
	bool good;

	if (!f)
		return false;
	good = fgets(buf, (int)size, f) != NULL;
	fclose(f);
	if (!good)
		return false;
	buf[strcspn(buf, "\n")] = 0;
	for (char *s = buf; *s; s++)
		if (*s < ' ' || *s > '~')
			*s = '?';
	return *buf;
}

const char *name_requester(u32 requester, char buf[static 16])
{
	*buf = 0;
	if (requester != HERALD_NONE)
		snprintf(buf, 16, "%04x:%02x:%02x.%x", requester >> 16, requester >> 8 & 0xff,
			 requester >> 3 & 0x1f, requester & 7);
	return buf;
}

const char *name_driver(u32 requester, char *buf, size_t size)
{
	char bdf[16], path[96], link[PATH_MAX];
	const char *name;
	ssize_t len;

	*buf = 0;
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/driver",
		 name_requester(requester, bdf));
	len = *bdf ? readlink(path, link, sizeof(link) - 1) : -1;
	if (len <= 0)
		return buf;
	link[len] = 0;
	name = strrchr(link, '/');
	snprintf(buf, size, "%s", name ? name + 1 : link);
	return buf;
}

static void irq_add(const char *number, u32 requester)
{
	char path[64], hwirq[32], name[48];

	snprintf(path, sizeof(path), "/sys/kernel/irq/%.10s/hwirq", number);
	if (!read_line(path, hwirq, sizeof(hwirq)))
		return;
	snprintf(path, sizeof(path), "/sys/kernel/irq/%.10s/actions", number);
	if (!read_line(path, name, sizeof(name)) || !strcmp(name, "(null)"))
		return;
	irqs = realloc(irqs, (nr_irqs + 1) * sizeof(*irqs));
	if (!irqs)
		die("no memory");
	irqs[nr_irqs] = (struct linux_irq){ .requester = requester,
					    .number = (u32)strtoul(hwirq, NULL, 10) };
	if (requester != HERALD_NONE)
		irqs[nr_irqs].number &= MSI_INDEX;
	memcpy(irqs[nr_irqs++].name, name, sizeof(name));
}

/* Calls @fn with each name in a directory. */
static void for_each_name(const char *dir, void (*fn)(const char *name, u32 arg), u32 arg)
{
	DIR *d = opendir(dir);
	struct dirent *e;

	while (d && (e = readdir(d)))
		if (*e->d_name != '.')
			fn(e->d_name, arg);
	if (d)
		closedir(d);
}

static void device_add(const char *bdf, u32 arg)
{
	unsigned int domain, bus, dev, fn;
	char path[96];

	(void)arg;
	if (sscanf(bdf, "%x:%x:%x.%x", &domain, &bus, &dev, &fn) != 4)
		return;
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%.20s/msi_irqs", bdf);
	for_each_name(path, irq_add, domain << 16 | bus << 8 | dev << 3 | fn);
}

static void spi_add(const char *number, u32 arg)
{
	char path[64], chip[32];

	(void)arg;
	snprintf(path, sizeof(path), "/sys/kernel/irq/%.10s/chip_name", number);
	if (read_line(path, chip, sizeof(chip)) && !strcmp(chip, "GICv3"))
		irq_add(number, HERALD_NONE);
}

void name_refresh(void)
{
	nr_irqs = 0;
	for_each_name("/sys/kernel/irq", spi_add, 0);
	for_each_name("/sys/bus/pci/devices", device_add, 0);
	irqs_known = true;
}

const char *name_irq(const struct irq *irq, char *buf, size_t size)
{
	bool lpi = irq_is_lpi(irq);
	size_t i;

	*buf = 0;
	if (irq->vm)
		return buf;
	if (!irqs_known)
		name_refresh();
	for (i = 0; i < nr_irqs; i++) {
		if (irqs[i].requester != irq->requester ||
		    irqs[i].number != (lpi ? irq->i.eventid : irq->i.intid))
			continue;
		if (lpi && irq->requester == HERALD_NONE)
			continue;
		snprintf(buf, size, "%s", irqs[i].name);
		return buf;
	}
	return lpi ? name_driver(irq->requester, buf, size) : buf;
}

/* Does the descriptor that fdinfo describes stand for the VM @handle? */
static bool is_vm(const char *fdinfo, u64 handle)
{
	FILE *f = fopen(fdinfo, "re");
	char line[128];
	bool found = false;

	while (f && !found && fgets(line, sizeof(line), f))
		found = !strncmp(line, "herald-vm:", 10) && strtoull(line + 10, NULL, 16) == handle;
	if (f)
		fclose(f);
	return found;
}

static bool holds(const char *pid, u64 handle)
{
	char path[64], link[64];
	struct dirent *e;
	bool found = false;
	ssize_t len;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%.10s/fd", pid);
	d = opendir(path);
	while (d && !found && (e = readdir(d))) {
		snprintf(path, sizeof(path), "/proc/%.10s/fd/%.10s", pid, e->d_name);
		len = readlink(path, link, sizeof(link) - 1);
		if (len <= 0)
			continue;
		link[len] = 0;
		if (!strstr(link, "kvm-vm"))
			continue;
		snprintf(path, sizeof(path), "/proc/%.10s/fdinfo/%.10s", pid, e->d_name);
		found = is_vm(path, handle);
	}
	if (d)
		closedir(d);
	return found;
}

int name_owner(u64 handle, char *buf, size_t size)
{
	DIR *d = opendir("/proc");
	struct dirent *e;
	char path[64];
	int pid = 0;

	*buf = 0;
	while (d && !pid && (e = readdir(d)))
		if (*e->d_name >= '1' && *e->d_name <= '9' && holds(e->d_name, handle))
			pid = atoi(e->d_name);
	if (d)
		closedir(d);
	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	if (!pid || read_line(path, buf, size))
		return pid;
	*buf = 0; /* it has ended meanwhile */
	return 0;
}
