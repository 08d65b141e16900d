/* SPDX-License-Identifier: GPL-2.0-only */
/* Prints the tables of docs/abi.md, each behind the line that marks its place there: see docs/generate.sh. */
#include <linux/ioctl.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <string.h>

#include "hyp/herald_abi.h"

static const struct row {
	const char *kind, *name, *by;
	unsigned int number;
	const char *argument, *answers, *errors, *unlike;
} rows[] = {
#define EL2(kind, request, handler, ...) { #kind, #request, "EL2", request, __VA_ARGS__ },
#define DRIVER(kind, request, ...) { #kind, #request, "driver", request, __VA_ARGS__ },
#include "hyp/abi_requests.h"
};

static void print_kind(const char *kind)
{
	size_t i;

	printf("<!-- table %s -->\n", kind);
	printf("| request | number | by | argument | answers | errors | unlike KVM |\n");
	printf("|---|---|---|---|---|---|---|\n");
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *r = &rows[i];

		if (!strcmp(r->kind, kind))
			printf("| `%s` | %x | %s | %s | %s | %s | %s |\n", r->name, r->number,
			       r->by, r->argument, r->answers, r->errors, r->unlike);
	}
}

int main(void)
{
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t first = 0;

		while (strcmp(rows[first].kind, rows[i].kind))
			first++;
		if (first == i)
			print_kind(rows[i].kind);
	}
	return 0;
}
