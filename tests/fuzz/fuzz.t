#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Each fuzz target: its corpus, then some thousand inputs made from it, the same at each run.
#
#   FUZZ_RUNS=n   how many (3000)
cd "$(dirname "$0")/../.." || exit

export ASAN_OPTIONS=detect_leaks=0:abort_on_error=1 UBSAN_OPTIONS=print_stacktrace=1
count=0 failed=0

# replay TARGET: a nonzero status if an input breaks something.
replay()
{
	local dir
	dir=$(mktemp -d)
	"build/fuzz/fuzz_$1" -seed=1 -runs="${FUZZ_RUNS:-3000}" -max_len=1024 -len_control=0 -timeout=20 \
		-artifact_prefix="build/fuzz/crashes/$1-" "$dir" "tests/fuzz/corpus/$1" > "build/fuzz/$1-test.log" 2>&1
	local status=$?
	rm -rf "$dir"
	return $status
}

mkdir -p build/fuzz/crashes
for source in tests/fuzz/fuzz_*.c; do
	target=$(basename "$source" .c)
	target=${target#fuzz_}
	count=$((count + 1))
	if replay "$target"; then
		runs=$(sed -n 's/^Done \([0-9]*\) runs.*/\1/p' "build/fuzz/$target-test.log")
		echo "ok $count - fuzz_$target: $runs inputs"
		continue
	fi
	failed=1
	echo "not ok $count - fuzz_$target"
	grep -E '^[^ ]+:[0-9]+: |ERROR|SUMMARY|unit written' "build/fuzz/$target-test.log" | sed 's/^/# /'
	echo "# the whole: build/fuzz/$target-test.log"
done
echo "1..$count"
exit $failed
