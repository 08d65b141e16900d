// SPDX-License-Identifier: GPL-2.0-only
/*
 * PL011 (DDI 0183) and the SBSA generic UART (DEN0029, appendix B), which is the part of it that is
 * used here.
 */
#include "drivers/mmio.h"
#include "drivers/uart.h"

#define PL011_DR 0x00
#define PL011_FR 0x18
#define PL011_FR_TXFF BIT(5) /* transmit FIFO full */

static bool pl011_ready(const struct uart_config *c)
{
	return !(mmio_read32(c->va + PL011_FR) & PL011_FR_TXFF);
}

static void pl011_put(const struct uart_config *c, u8 byte)
{
	mmio_write32(c->va + PL011_DR, byte);
}

const struct uart_ops uart_pl011_ops = { .ready = pl011_ready, .put = pl011_put };
