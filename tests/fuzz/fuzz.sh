#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Run fuzz targets, or keep their corpus small: fuzz.sh run | corpus [TARGET]... (all, if none is named)
#
#   T=seconds   how long each target runs (60)
#   JOBS=n      targets that run at once (2)
#
# A target starts from tests/fuzz/corpus/TARGET and what earlier runs found, in
# build/fuzz/corpus-TARGET, where what it finds is kept. Inputs that break something: build/fuzz/crashes.
set -euo pipefail
cd "$(dirname "$0")/../.."

MAX_LEN=1024
# The corpus in the tree, of each target.
MAX_FILES=150
MAX_BYTES=100000

export ASAN_OPTIONS=detect_leaks=0:abort_on_error=1 UBSAN_OPTIONS=print_stacktrace=1

all() { find tests/fuzz -maxdepth 1 -name 'fuzz_*.c' | sed 's,.*/fuzz_\(.*\)\.c,\1,' | sort; }

# value LOG KEYWORD: the number after the last "KEYWORD:" of libFuzzer's lines.
value() { sed -n "s/.*[ :]$2: *\([0-9]*\).*/\1/p" "$1" | tail -n 1 | grep . || echo "?"; }

# Runs one target and says in a few lines what came of it.
run()
{
	local target=$1 dir=build/fuzz/corpus-$1 log=build/fuzz/$1.log status=0 input before
	mkdir -p "$dir" build/fuzz/crashes "tests/fuzz/corpus/$target"
	nice "build/fuzz/fuzz_$target" -max_len="$MAX_LEN" -max_total_time="${T:-60}" -len_control=0 -timeout=20 \
		-print_final_stats=1 -artifact_prefix="build/fuzz/crashes/$target-" \
		"$dir" "tests/fuzz/corpus/$target" > "$log" 2>&1 || status=$?
	before=$(sed -n 's/.*INITED cov: \([0-9]*\) ft: \([0-9]*\).*/\1 edges, \2 features/p' "$log")
	echo "fuzz_$target: $(value "$log" number_of_executed_units) executions," \
		"$(value "$log" average_exec_per_sec) a second;" \
		"$before at first, $(value "$log" cov) edges, $(value "$log" ft) features at last;" \
		"$(value "$log" new_units_added) new inputs"
	[ $status != 0 ] || return 0
	input=$(sed -n 's/.*Test unit written to //p' "$log" | tail -n 1)
	grep -m 3 -E '^[^ ]*: (panic|[0-9]+: )|^[^ ]+:[0-9]+: |ERROR: |runtime error' "$log" | sed 's/^/    /' || true
	echo "    FAILED: the input is ${input:-unknown}, the log $log"
	echo "    again:  build/fuzz/fuzz_$target $input"
	echo "    less:   build/fuzz/fuzz_$target -minimize_crash=1 -max_total_time=60 $input"
	return 1
}

# The corpus of the tree becomes a small selection of all inputs there are: those that together reach
# everything, the most useful first, as many as there is room for.
corpus()
{
	local target=$1 dir=build/fuzz/merged-$1 to=tests/fuzz/corpus/$1 files=0 bytes=0 size name
	rm -rf "$dir"
	mkdir -p "$dir" "$to" "build/fuzz/corpus-$target"
	nice "build/fuzz/fuzz_$target" -set_cover_merge=1 -max_len="$MAX_LEN" "$dir" "$to" "build/fuzz/corpus-$target" \
		> "build/fuzz/$target.log" 2>&1 || { echo "fuzz_$target: cannot merge, see build/fuzz/$target.log"; return 1; }
	rm -f "$to"/*
	while read -r _ size name; do
		if [ $files -lt $MAX_FILES ] && [ $((bytes + size)) -le $MAX_BYTES ]; then
			files=$((files + 1)) bytes=$((bytes + size))
			cp "$dir/$name" "$to/$name"
		fi
	done < <(find "$dir" -type f -printf '%T@ %s %f\n' | sort -n)
	echo "fuzz_$target: $files of $(find "$dir" -type f | wc -l) inputs, $bytes bytes, in $to"
}

command=${1:?run or corpus}
shift
case $command in run | corpus) ;; *) echo "fuzz.sh run | corpus [TARGET]..." >&2; exit 2 ;; esac
[ $# != 0 ] || mapfile -t targets < <(all)
[ $# = 0 ] || targets=("$@")

failed=0 running=0
for target in "${targets[@]}"; do
	if [ $running -ge "${JOBS:-2}" ]; then
		wait -n || failed=1
		running=$((running - 1))
	fi
	case $command in
	run) run "$target" & ;;
	corpus) corpus "$target" & ;;
	esac
	running=$((running + 1))
done
for ((; running; running--)); do
	wait -n || failed=1
done
exit $failed
