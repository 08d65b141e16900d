// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names of addresses, the walk along frame records with hostile ones among them, and the script
 * that makes the table.
 */
// sources: hyp/symbols.c hyp/backtrace.c
#include <string.h>
#include "hyp/backtrace.h"
#include "hyp/log.h"
#include "hyp/symbols.h"
#include "tests/unit/tap.h"

#define BASE UINT64_C(0x400000000000)

const u64 symbol_base = BASE;
const u32 symbol_count = 4;
const u32 symbol_end = 0x400;
const u32 symbol_offsets[] = { 0x40, 0x100, 0x104, 0x300 };
const char symbol_names[] = "first\0second\0third\0fourth\0";

static char logged[8192];

void log_line(const char *fmt, ...)
{
	size_t n = strlen(logged);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(logged + n, sizeof(logged) - n - 1, fmt, ap);
	va_end(ap);
	strcat(logged, "\n");
}

static void is_symbol(u64 offset, const char *want, u64 want_offset)
{
	const char *name = "none";
	u64 in = 0;
	bool found = symbol_find(BASE + offset, &name, &in);

	ok(found == (want != NULL) && (!want || (!strcmp(name, want) && in == want_offset)),
	   "offset 0x%llx: %s", (unsigned long long)offset, want ? want : "none");
}

static void test_find(void)
{
	is_symbol(0, NULL, 0);
	is_symbol(0x3f, NULL, 0);
	is_symbol(0x40, "first", 0);
	is_symbol(0xff, "first", 0xbf);
	is_symbol(0x100, "second", 0);
	is_symbol(0x103, "second", 3);
	is_symbol(0x104, "third", 0);
	is_symbol(0x2ff, "third", 0x1fb);
	is_symbol(0x300, "fourth", 0);
	is_symbol(0x3ff, "fourth", 0xff);
	is_symbol(0x400, NULL, 0);
	is_symbol(-BASE, NULL, 0);
	is_symbol(~UINT64_C(0) - BASE, NULL, 0);
	is_symbol(UINT64_C(1) << 32 | 0x100, NULL, 0);
}

/* A stack of words; record(i, next, lr) puts a frame record at word i. */
static u64 stack[256];

static u64 at(u32 i)
{
	return (uintptr_t)&stack[i];
}

static void record(u32 i, u64 next, u64 lr)
{
	stack[i] = next;
	stack[i + 1] = lr;
}

static u32 walk(u64 fp)
{
	u32 lines = 0;
	const char *s;

	logged[0] = '\0';
	backtrace_walk(fp, BASE + 0x44, at(0), at(256));
	for (s = logged; *s; s++)
		lines += *s == '\n';
	return lines;
}

static void test_walk(void)
{
	u32 i;

	record(10, at(20), BASE + 0x108);
	record(20, at(250), BASE + 0x300); /* a call that does not return, at the end of third() */
	record(250, 0, 0x1234);
	is(walk(at(10)), 4, "three callers");
	ok(!strcmp(logged, "  #0  0000400000000044 first+0x4\n"
			   "  #1  0000400000000108 third+0x4\n"
			   "  #2  0000400000000300 third+0x1fc\n"
			   "  #3  0000000000001234\n"),
	   "with their names");
	record(20, at(10), BASE + 0x300);
	is(walk(at(10)), 3, "a chain that turns back ends");
	record(20, at(20), BASE + 0x300);
	is(walk(at(10)), 3, "a circle ends");
	record(20, at(256), BASE + 0x300);
	is(walk(at(10)), 3, "a record behind the stack is not read");
	record(20, at(255), BASE + 0x300);
	is(walk(at(10)), 3, "nor one that lies across its end");
	record(20, at(30) + 4, BASE + 0x300);
	is(walk(at(10)), 3, "nor a misaligned one");
	record(20, ~UINT64_C(7), BASE + 0x300);
	is(walk(at(10)), 3, "nor one at the end of the address space");
	is(walk(0), 1, "no frame pointer");
	is(walk(at(0) - 16), 1, "a frame pointer below the stack");
	for (i = 0; i < 120; i++)
		record(2 * i, at(2 * i + 2), BASE + 0x108);
	is(walk(at(0)), BACKTRACE_MAX + 1, "a long chain is cut");
	ok(strstr(logged, "more"), "and that is said");
}

/* boot/mksyms.sh with an "nm" that prints what is given. */
static const char *mksyms(const char *nm_output)
{
	static char out[4096];
	char cmd[2048];
	FILE *p;
	size_t n;

	snprintf(cmd, sizeof(cmd),
		 "d=$(mktemp -d) && printf '#!/bin/sh\\nprintf \"%s\"\\n' > $d/nm && "
		 "chmod +x $d/nm && "
		 "NM=$d/nm sh boot/mksyms.sh %s; r=$?; rm -r $d; exit $r",
		 nm_output, *nm_output ? "x.elf" : "");
	p = popen(cmd, "r");
	n = p ? fread(out, 1, sizeof(out) - 1, p) : 0;
	out[n] = '\0';
	return p && pclose(p) == 0 ? out : "";
}

static void test_script(void)
{
	const char *s = mksyms("");

	ok(strstr(s, "symbol_count:\n\t.long 0\n"), "without an image the table is empty");
	s = mksyms("0000400000000000 T image_start\\n0000400000000000 T entry\\n"
		   "0000400000000010 t helper\\n0000400000000010 T alias\\n"
		   "0000400000000020 T last\\n0000400000000030 R rodata_start\\n"
		   "0000400000000040 r table\\n0000400000000050 D data\\n");
	ok(strstr(s, ".quad 0x0000400000000000\n"), "offsets count from image_start");
	ok(strstr(s, "symbol_count:\n\t.long 3\n"), "functions only, one name per address");
	ok(strstr(s, "symbol_end:\n\t.long 0x0000400000000030 - 0x0000400000000000\n"),
	   "functions end where rodata starts");
	ok(strstr(s, "\t.asciz \"entry\"\n\t.asciz \"helper\"\n\t.asciz \"last\"\n"), "in order");
}

int main(void)
{
	test_find();
	test_walk();
	test_script();
	return tap_done();
}
