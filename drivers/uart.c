// SPDX-License-Identifier: GPL-2.0-only
/* The console UART: picks the kind and bounds the waiting. */
#include "drivers/uart.h"
#include "hyp/lib/errno.h"

/*
 * Status reads before a UART counts as stuck: at 100 ns each some 10 ms, ten characters at 9600
 * baud.
 */
#define UART_POLLS 100000u
#define UART_PL011_SIZE UINT64_C(0x1000)
#define UART_8250_REGS 8
#define UART_MAX_SHIFT 4

static struct uart_config uart_config;
static const struct uart_ops *uart_ops;
static bool uart_stuck;
static u64 uart_dropped_count;

u64 uart_size(const struct uart_config *c)
{
	return c->type == UART_8250 ? UART_8250_REGS * BIT(c->reg_shift) : UART_PL011_SIZE;
}

int uart_init(const struct uart_config *c)
{
	if (c->type == UART_8250 && (c->reg_shift > UART_MAX_SHIFT || c->io_width > 4 ||
				     !bits_is_pow2(c->io_width) || BIT(c->reg_shift) < c->io_width))
		return -EINVAL;
	uart_config = *c;
	uart_stuck = false;
	uart_ops = c->type == UART_PL011  ? &uart_pl011_ops
		   : c->type == UART_8250 ? &uart_8250_ops
					  : NULL;
	return 0;
}

/*
 * A UART that was stuck is asked once only, so that a dead one costs a character's wait but once.
 */
static bool uart_wait(void)
{
	u32 polls = uart_stuck ? 1 : UART_POLLS;

	while (polls--) {
		if (uart_ops->ready(&uart_config)) {
			uart_stuck = false;
			return true;
		}
	}
	uart_stuck = true;
	return false;
}

void uart_putc(char c)
{
	if (!uart_ops)
		return;
	if (uart_wait())
		uart_ops->put(&uart_config, (u8)c);
	else
		uart_dropped_count++;
}

void uart_write(const char *s, size_t n)
{
	for (; n; n--, s++) {
		if (*s == '\n')
			uart_putc('\r');
		uart_putc(*s);
	}
}

u64 uart_dropped(void)
{
	return uart_dropped_count;
}
