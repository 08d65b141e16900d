// SPDX-License-Identifier: GPL-2.0-only
/* Test results in TAP. */
#include "guests/bare/console.h"
#include "guests/bare/tap.h"
#include "hyp/lib/string.h"

static u32 points;
static u32 failures;

bool tap_ok(bool good, const char *fmt, ...)
{
	char name[160];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(name, sizeof(name), fmt, ap);
	va_end(ap);
	failures += !good;
	print("%s %u - %s\n", good ? "ok" : "not ok", ++points, name);
	return good;
}

void tap_skip(const char *name, const char *why)
{
	print("ok %u - %s # SKIP %s\n", ++points, name, why);
}

void tap_diag(const char *fmt, ...)
{
	char text[200];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	print("# %s\n", text);
}

void tap_done(void)
{
	print("1..%u\n", points);
	print("# %u of %u failed\n", failures, points);
}
