// SPDX-License-Identifier: GPL-2.0-only
/* The PL011 (DDI 0183 3.3) or the 8250, set up by firmware or the hypervisor; only the data and status
 * registers are touched. */
#include "guests/bare/console.h"
#include "guests/bare/cpu.h"
#include "hyp/lib/string.h"

#define UART_DR 0x00
#define UART_FR 0x18
#define UART_FR_TXFF BIT(5)

#define UART_8250_THR 0
#define UART_8250_LSR 5
#define UART_8250_LSR_THRE BIT(5)

static u64 uart;
static bool uart_8250;
static u32 busy;

void console_init(u64 base, bool is_8250)
{
	uart = base;
	uart_8250 = is_8250;
}

static bool full(void)
{
	if (uart_8250)
		return !(mmio_read8(uart + UART_8250_LSR) & UART_8250_LSR_THRE);
	return mmio_read32(uart + UART_FR) & UART_FR_TXFF;
}

void console_poll(void)
{
	(void)full();
}

static void put(char c)
{
	while (full())
		cpu_relax();
	if (uart_8250)
		mmio_write8(uart + UART_8250_THR, (u8)c);
	else
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
