#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Print what Herald's image takes, and fail if that is over the budget: size.sh herald.elf BYTES
# Counted are text, read-only data and data, not the symbol table of backtraces (DESIGN 9).
set -eu
"${SIZE:-aarch64-linux-gnu-size}" -A "$1" | awk -v budget="$2" '
	$1 ~ /^\.(text|rodata|data)$/ { sum += $2; list = list " " $1 " " $2 }
	END {
		printf "herald.img:%s, together %d of %d bytes\n", list, sum, budget
		if (sum > budget) {
			print "herald.img is over its budget by", sum - budget, "bytes" > "/dev/stderr"
			exit 1
		}
	}'
