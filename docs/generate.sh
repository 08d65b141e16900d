#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Print docs/abi.md with the tables that build/docs/abi makes in their places: between the line
# "<!-- table KIND -->" and the next "<!-- end -->". Fails if a table has no place.
set -eu
exec awk '
	NR == FNR && /^<!-- table / { name = $0; tables++; next }
	NR == FNR { text[name] = text[name] $0 "\n"; next }
	/^<!-- end -->$/ { skip = 0 }
	!skip
	/^<!-- table / { printf "%s", text[$0]; used++; skip = 1 }
	END {
		if (used != tables) {
			print "docs/abi.md has places for", used, "tables of", tables > "/dev/stderr"
			exit 1
		}
	}' "$1" "$2"
