#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Makes the symbol table of hyp/symbols.h, as assembler source on standard output:
#
#   boot/mksyms.sh >empty.S               an empty one, for the first link
#   boot/mksyms.sh first.elf >symbols.S   of the image linked first, for the second link
#
# Functions only; of several names of one address the first. "image_start" is where offsets count from, "rodata_start"
# where functions end: boot/herald.lds.S defines both. Differences are left to the assembler: awk's numbers may have 53
# bits.
set -eu

[ $# -eq 0 ] && list= || list=$("${NM:-aarch64-linux-gnu-nm}" -n "$1")

printf '%s\n' "$list" | awk '
BEGIN { base = "0"; end = "0"; n = 0 }
$3 == "image_start" { base = "0x" $1 }
$3 == "rodata_start" { end = "0x" $1 }
$2 ~ /^[tT]$/ && $3 !~ /^[$.]/ && $3 !~ /^(image_start|idmap_start|idmap_end|rodata_start)$/ && $1 != last {
	addr[n] = "0x" $1
	name[n++] = $3
	last = $1
}
END {
	print "\t.section .symbols, \"a\""
	print "\t.balign 8"
	print "\t.globl symbol_base, symbol_count, symbol_end, symbol_offsets, symbol_names"
	print "symbol_base:\n\t.quad " base
	print "symbol_count:\n\t.long " n
	print "symbol_end:\n\t.long " end " - " base
	print "symbol_offsets:"
	for (i = 0; i < n; i++)
		print "\t.long " addr[i] " - " base
	print "symbol_names:"
	for (i = 0; i < n; i++)
		print "\t.asciz \"" name[i] "\""
	print "\t.byte 0"
}'
