// SPDX-License-Identifier: GPL-2.0-only
/* UARTs on a fake device: right registers and widths, bounded waiting. */
// sources: drivers/uart.c drivers/uart_pl011.c drivers/uart_8250.c
#include <string.h>
#include "drivers/mmio.h"
#include "drivers/uart.h"
#include "hyp/lib/errno.h"
#include "tests/unit/tap.h"

#define BASE 0x1000

static struct {
	uintptr_t status, data; /* addresses that the driver may use */
	u64 ready_mask, ready; /* status bits that mean ready, and their value then */
	u32 size; /* of each access */
	u64 busy; /* status reads until it gets ready */
	u64 reads, bad;
	char out[256];
	size_t len;
} dev;

u64 mmio_host_read(uintptr_t addr, u32 size)
{
	dev.bad += addr != dev.status || size != dev.size;
	dev.reads++;
	if (dev.busy) {
		dev.busy--;
		return ~dev.ready & dev.ready_mask;
	}
	return dev.ready & dev.ready_mask;
}

void mmio_host_write(uintptr_t addr, u32 size, u64 val)
{
	dev.bad += addr != dev.data || size != dev.size || dev.busy || val > 0xff;
	dev.out[dev.len++ % sizeof(dev.out)] = (char)val;
}

static void fake_pl011(void)
{
	memset(&dev, 0, sizeof(dev));
	dev.status = BASE + 0x18;
	dev.data = BASE;
	dev.size = 4;
	dev.ready_mask = BIT(5);
}

static void fake_8250(u32 shift, u32 width)
{
	memset(&dev, 0, sizeof(dev));
	dev.status = BASE + (5u << shift);
	dev.data = BASE;
	dev.size = width;
	dev.ready_mask = BIT(5);
	dev.ready = BIT(5);
}

static bool wrote(const char *s)
{
	return dev.len == strlen(s) && !memcmp(dev.out, s, dev.len) && !dev.bad;
}

static void test_output(void)
{
	const struct uart_config pl011 = { .type = UART_PL011, .va = BASE };
	u32 shift, width;

	fake_pl011();
	is(uart_init(&pl011), 0, "PL011");
	uart_write("a\n\xff", 3);
	ok(wrote("a\r\n\xff"), "text arrives, newlines with a carriage return");
	dev.busy = 1000;
	uart_putc('\n');
	ok(wrote("a\r\n\xff\n"), "waits for room; uart_putc sends the byte as it is");
	is(uart_size(&pl011), 0x1000, "PL011 takes a page");

	for (shift = 0; shift < 4; shift++)
		for (width = 1; width <= 4 && width <= 1u << shift; width *= 2) {
			const struct uart_config c = { UART_8250, shift, width, BASE };

			fake_8250(shift, width);
			is(uart_init(&c), 0, "8250, shift %u, width %u", shift, width);
			dev.busy = 3;
			uart_write("ok\n", 3);
			ok(wrote("ok\r\n"), "text arrives");
			is(uart_size(&c), 8u << shift, "size");
		}
}

static void test_bad(void)
{
	const struct uart_config bad[] = {
		{ UART_8250, 0, 4, BASE }, { UART_8250, 2, 3, BASE }, { UART_8250, 2, 0, BASE },
		{ UART_8250, 5, 1, BASE }, { UART_8250, 3, 8, BASE },
	};
	const struct uart_config none = { .type = UART_NONE };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		is((s64)uart_init(&bad[i]), (s64)-EINVAL, "impossible 8250 %zu is refused", i);
	is(uart_init(&none), 0, "no UART");
	dev.len = 0;
	uart_write("x", 1);
	is(dev.len, 0, "drops everything");
}

static void test_dead(void)
{
	const struct uart_config pl011 = { .type = UART_PL011, .va = BASE };
	u64 first;

	fake_pl011();
	uart_init(&pl011);
	dev.busy = ~UINT64_C(0);
	uart_putc('a');
	first = dev.reads;
	ok(first > 1000 && first < 10000000, "a dead UART is waited for, not for ever");
	uart_write("bcdefghijk", 10);
	is(dev.reads - first, 10, "then asked once per character");
	is(uart_dropped(), 11, "what is lost is counted");
	is(dev.len, 0, "and not written");
	dev.busy = 0;
	uart_putc('l');
	ok(wrote("l"), "when it is ready again, so are we");
	dev.busy = 50;
	uart_putc('m');
	ok(wrote("lm"), "and wait again");
}

int main(void)
{
	test_bad(); /* first: the state before any uart_init() */
	test_output();
	test_dead();
	return tap_done();
}
