// SPDX-License-Identifier: GPL-2.0-only
/*
 * 8250, 16550 and their kin: registers at any power-of-two distance, in accesses of 1, 2 or 4
 * bytes.
 */
#include "drivers/mmio.h"
#include "drivers/uart.h"

#define U8250_THR 0 /* transmit holding register */
#define U8250_LSR 5 /* line status */
#define U8250_LSR_THRE BIT(5)

static u32 u8250_read(const struct uart_config *c, u32 reg)
{
	uintptr_t addr = c->va + ((uintptr_t)reg << c->reg_shift);

	switch (c->io_width) {
	case 4:
		return mmio_read32(addr);
	case 2:
		return mmio_read16(addr);
	default:
		return mmio_read8(addr);
	}
}

static void u8250_write(const struct uart_config *c, u32 reg, u8 val)
{
	uintptr_t addr = c->va + ((uintptr_t)reg << c->reg_shift);

	switch (c->io_width) {
	case 4:
		mmio_write32(addr, val);
		break;
	case 2:
		mmio_write16(addr, val);
		break;
	default:
		mmio_write8(addr, val);
	}
}

static bool u8250_ready(const struct uart_config *c)
{
	return u8250_read(c, U8250_LSR) & U8250_LSR_THRE;
}

static void u8250_put(const struct uart_config *c, u8 byte)
{
	u8250_write(c, U8250_THR, byte);
}

const struct uart_ops uart_8250_ops = { .ready = u8250_ready, .put = u8250_put };
