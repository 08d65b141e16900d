#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# docs/abi.md names every request that hyp/abi.c has.
cd "$(dirname "$0")/../.." || exit
n=0
while read -r request; do
	n=$((n + 1))
	if grep -q "\`$request\`" docs/abi.md; then
		echo "ok $n - $request"
	else
		echo "not ok $n - $request is not in docs/abi.md"
	fi
done < <(sed -n 's/^\t{ GUEST_[A-Z]*, \([A-Z_]*\), .*/\1/p' hyp/abi.c | sort -u)
[ "$n" -gt 10 ] || { n=$((n + 1)); echo "not ok $n - the table in hyp/abi.c is found"; }
echo "1..$n"
