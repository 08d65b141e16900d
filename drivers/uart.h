/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The console UART: output only, polled.
 *
 * Assumed and not checked: firmware has set up line, baud rate and FIFO; the registers are mapped
 * as Device memory. Callers see to it that one CPU writes at a time (hyp/log.c: LOCK_LOG). A UART
 * that never gets ready does not hang EL2: the first character waits a bounded time, then
 * characters are dropped until it is ready again.
 */
#ifndef HERALD_DRIVERS_UART_H
#define HERALD_DRIVERS_UART_H

#include "hyp/lib/bits.h"

enum uart_type { UART_NONE, UART_PL011, UART_8250 };

struct uart_config {
	enum uart_type type; /* PL011 stands for the SBSA generic UART, too */
	u32 reg_shift; /* 8250: log2 of the distance of registers in bytes */
	u32 io_width; /* 8250: bytes per access, 1, 2 or 4 */
	uintptr_t va; /* of the first register; mapped size: uart_size() */
};

/* Bytes of registers that a UART so configured is accessed in. */
u64 uart_size(const struct uart_config *c);

/*
 * Output goes there from now on; UART_NONE, the state at start, drops it. -EINVAL: no such width or
 * shift.
 */
int uart_init(const struct uart_config *c);

/* One byte, as it is; waits for room, at most some 10 ms. */
void uart_putc(char c);

/* @n bytes; '\n' is sent as "\r\n". */
void uart_write(const char *s, size_t n);

/* Characters that were dropped because the UART did not get ready. */
u64 uart_dropped(void);

/* What a kind of UART can do, for drivers/uart.c. */
struct uart_ops {
	bool (*ready)(const struct uart_config *c); /* there is room for a character */
	void (*put)(const struct uart_config *c, u8 byte);
};

extern const struct uart_ops uart_pl011_ops;
extern const struct uart_ops uart_8250_ops;

#endif
