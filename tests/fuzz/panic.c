/* SPDX-License-Identifier: GPL-2.0-only */
/* Code under test that hits one of its own assertions is a finding. */
#include "hyp/lib/assert.h"
#include "tests/fuzz/fuzz.h"

void panic(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, "\n");
	abort();
}
