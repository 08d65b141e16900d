// SPDX-License-Identifier: GPL-2.0-only
/* The PL011 (DDI 0183 3.3): set up by firmware or the hypervisor; only its data and flag registers
 * are touched. */
#include "guests/bare/console.h"
#include "guests/bare/cpu.h"
#include "hyp/lib/string.h"

#define UART_DR 0x00
#define UART_FR 0x18
#define UART_FR_TXFF BIT(5)

static u64 uart;
static u32 busy;

void console_init(u64 base)
{
	uart = base;
}

static void put(char c)
{
	while (mmio_read32(uart + UART_FR) & UART_FR_TXFF)
		cpu_relax();
	mmio_write32(uart + UART_DR, (u8)c);
}

void print(const char *fmt, ...)
{
	char text[256];
	va_list ap;
	const char *c;

	if (!uart)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	while (atomic_exchange(&busy, 1))
		cpu_relax();
	for (c = text; *c; c++) {
		if (*c == '\n')
			put('\r');
		put(*c);
	}
	atomic_store_release(&busy, 0);
}
