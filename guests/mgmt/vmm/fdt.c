// SPDX-License-Identifier: GPL-2.0-only
/* The device tree of a VM that boots a kernel. */
#include <errno.h>
#include <libfdt.h>
#include <stdio.h>

#include "vmm.h"

#define GIC_PHANDLE 1
#define ITS_PHANDLE 2
#define CLOCK_PHANDLE 3
#define GICD_SIZE 0x10000
#define GICR_SIZE 0x20000
#define ITS_SIZE 0x20000
#define DEVICE_SIZE 0x1000
#define UART_HZ 24000000
#define IRQ_SPI 0
#define IRQ_PPI 1
#define IRQ_LEVEL_HIGH 4
#define UART_SPI 1

/* Room is the only thing that can be missing. */
static void ok(int err)
{
	if (!err)
		return;
	errno = ENOSPC;
	fail(fdt_strerror(err));
}

static void begin(void *fdt, const char *name)
{
	ok(fdt_begin_node(fdt, name));
}

static void begin_at(void *fdt, const char *name, u64 address)
{
	char full[64];

	snprintf(full, sizeof(full), "%s@%llx", name, (unsigned long long)address);
	begin(fdt, full);
}

static void end(void *fdt)
{
	ok(fdt_end_node(fdt));
}

static void strings(void *fdt, const char *name, const char *val)
{
	ok(fdt_property_string(fdt, name, val));
}

static void cells(void *fdt, const char *name, int n, const u32 *val)
{
	fdt32_t *p;
	int i;

	ok(fdt_property_placeholder(fdt, name, n * (int)sizeof(*p), (void **)&p));
	for (i = 0; i < n; i++)
		fdt32_st(&p[i], val[i]);
}

#define CELLS(fdt, name, ...)                                                                      \
	cells(fdt, name, sizeof((u32[]){ __VA_ARGS__ }) / sizeof(u32), (u32[]){ __VA_ARGS__ })
/* "reg" with two cells each for address and size. */
#define REG(base, size) (u32)((u64)(base) >> 32), (u32)(base), (u32)((u64)(size) >> 32), (u32)(size)

static void chosen(void *fdt, const struct machine *m)
{
	char path[64];

	snprintf(path, sizeof(path), "/uart@%llx", (unsigned long long)m->uart);
	begin(fdt, "chosen");
	strings(fdt, "bootargs", m->bootargs);
	strings(fdt, "stdout-path", path);
	end(fdt);
}

static void memory_node(void *fdt, const struct machine *m)
{
	begin_at(fdt, "memory", RAM_IPA);
	strings(fdt, "device_type", "memory");
	CELLS(fdt, "reg", REG(RAM_IPA, m->ram_size));
	end(fdt);
}

static void cpus(void *fdt, const struct machine *m)
{
	int i;

	begin(fdt, "cpus");
	CELLS(fdt, "#address-cells", 1);
	CELLS(fdt, "#size-cells", 0);
	for (i = 0; i < m->nr_vcpus; i++) {
		begin_at(fdt, "cpu", (u64)i);
		strings(fdt, "device_type", "cpu");
		strings(fdt, "compatible", "arm,armv8");
		strings(fdt, "enable-method", "psci");
		CELLS(fdt, "reg", (u32)i);
		end(fdt);
	}
	end(fdt);
	begin(fdt, "psci");
	strings(fdt, "compatible", "arm,psci-1.0");
	strings(fdt, "method", "hvc");
	end(fdt);
}

static void gic(void *fdt, const struct machine *m)
{
	begin_at(fdt, "interrupt-controller", GICD_IPA);
	strings(fdt, "compatible", "arm,gic-v3");
	CELLS(fdt, "#interrupt-cells", 3);
	CELLS(fdt, "#address-cells", 2);
	CELLS(fdt, "#size-cells", 2);
	ok(fdt_property(fdt, "ranges", NULL, 0));
	ok(fdt_property(fdt, "interrupt-controller", NULL, 0));
	CELLS(fdt, "reg", REG(GICD_IPA, GICD_SIZE), REG(GICR_IPA, (u64)m->nr_vcpus * GICR_SIZE));
	CELLS(fdt, "phandle", GIC_PHANDLE);
	if (m->its) {
		begin_at(fdt, "msi-controller", ITS_IPA);
		strings(fdt, "compatible", "arm,gic-v3-its");
		ok(fdt_property(fdt, "msi-controller", NULL, 0));
		CELLS(fdt, "#msi-cells", 1);
		CELLS(fdt, "reg", REG(ITS_IPA, ITS_SIZE));
		CELLS(fdt, "phandle", ITS_PHANDLE);
		end(fdt);
	}
	end(fdt);
}

static void timer(void *fdt)
{
	begin(fdt, "timer");
	strings(fdt, "compatible", "arm,armv8-timer");
	CELLS(fdt, "interrupts", IRQ_PPI, 13, IRQ_LEVEL_HIGH, IRQ_PPI, 14, IRQ_LEVEL_HIGH, IRQ_PPI,
	      11, IRQ_LEVEL_HIGH, IRQ_PPI, 10, IRQ_LEVEL_HIGH);
	ok(fdt_property(fdt, "always-on", NULL, 0));
	end(fdt);
}

static void devices(void *fdt, const struct machine *m)
{
	static const char uart[] = "arm,pl011\0arm,primecell", clocks[] = "uartclk\0apb_pclk";

	begin(fdt, "clock");
	strings(fdt, "compatible", "fixed-clock");
	CELLS(fdt, "#clock-cells", 0);
	CELLS(fdt, "clock-frequency", UART_HZ);
	CELLS(fdt, "phandle", CLOCK_PHANDLE);
	end(fdt);
	begin_at(fdt, "uart", m->uart);
	ok(fdt_property(fdt, "compatible", uart, sizeof(uart)));
	CELLS(fdt, "reg", REG(m->uart, DEVICE_SIZE));
	CELLS(fdt, "interrupts", IRQ_SPI, UART_SPI, IRQ_LEVEL_HIGH);
	CELLS(fdt, "clocks", CLOCK_PHANDLE, CLOCK_PHANDLE);
	ok(fdt_property(fdt, "clock-names", clocks, sizeof(clocks)));
	end(fdt);
	if (!m->its)
		return;
	begin_at(fdt, "bell", m->bell);
	strings(fdt, "compatible", "herald,msi-bell");
	CELLS(fdt, "reg", REG(m->bell, DEVICE_SIZE));
	CELLS(fdt, "msi-parent", ITS_PHANDLE, m->bell_devid);
	end(fdt);
}

void fdt_make(const struct machine *m, void *fdt, size_t room)
{
	ok(fdt_create(fdt, (int)room));
	ok(fdt_finish_reservemap(fdt));
	begin(fdt, "");
	strings(fdt, "compatible", "herald,vmm");
	CELLS(fdt, "#address-cells", 2);
	CELLS(fdt, "#size-cells", 2);
	CELLS(fdt, "interrupt-parent", GIC_PHANDLE);
	chosen(fdt, m);
	memory_node(fdt, m);
	cpus(fdt, m);
	gic(fdt, m);
	timer(fdt);
	devices(fdt, m);
	end(fdt);
	ok(fdt_finish(fdt));
}
