#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Run the tests and count their points: run.sh [unit | system | FILE...]; without arguments, all.
# `make test` calls this when all is built. The last line is "N passed, N failed".
#
#   MATRIX=all   the whole matrix of kernels, CPUs and boot paths (make test-all), not a selection
#   JOBS=N       test files that run at once (2)
#
# prove runs the files and judges them; tap.sh, between prove and each file, keeps what it printed in
# a directory of this run, from which the points are counted and those that failed are shown. A file
# that ends without its plan, or badly with no failed point, counts as one failure. Console logs of the machines: build/tests/console.
set -euo pipefail
cd "$(dirname "$0")/.."

mkdir -p build/tests/console
TAP_DIR=$(mktemp -d "$PWD/build/tests/tap-XXXXXX")
trap 'rm -rf "$TAP_DIR"' EXIT
export PYTHONDONTWRITEBYTECODE=1 TAP_DIR

unit() { find build/tests/unit -maxdepth 1 -type f -executable -name 'test_*' 2>/dev/null | sort; find tests/unit -name '*.t' | sort; }
race() { find build/race -maxdepth 1 -type f -executable -name 'race_*' 2>/dev/null | sort; }
long() { find tests/fuzz tests/bench -name '*.t' | sort; }
system() { find tests/system -name '*.t' | sort; }

case ${1-} in
unit) mapfile -t files < <(unit) ;;
system) mapfile -t files < <(system) ;;
'') mapfile -t files < <(unit; race; long; system) ;;
*) files=("$@") ;;
esac

status=0
[ ${#files[@]} = 0 ] || prove --timer --jobs "${JOBS:-2}" --exec tests/tap.sh "${files[@]}" || status=$?

# What failed, with the lines that say why.
for log in "$TAP_DIR"/*.tap; do
	[ -e "$log" ] || continue
	awk -v name="$(basename "$log" .tap)" '
		/^not ok/ { print name ": " $0; show = 1; next }
		/^#/ && show { print; next }
		{ show = 0 }' "$log"
done

# Points, by TAP's rules: "not ok ... # TODO" is no failure; a skipped point is neither.
count()
{
	awk '
		FNR == 1 { finish(); seen = bad = 0; plan = -1; rc = "" }
		/^1\.\.[0-9]+/ { plan = substr($1, 4) + 0 }
		/^ok( |$)/ { seen++; if (toupper($0) ~ /# *SKIP/) skipped++; else passed++ }
		/^not ok( |$)/ { seen++; if (toupper($0) ~ /# *TODO/) passed++; else { failed++; bad++ } }
		/^#exit / { rc = $2 }
		function finish() {
			if (rc == "" || bad) return
			if (rc != "0" || plan != seen) failed++
		}
		END {
			finish()
			if (skipped) printf "%d skipped\n", skipped
			printf "%d passed, %d failed\n", passed, failed
		}' "$TAP_DIR"/*.tap /dev/null
}
summary=$(count)
if [ $status != 0 ] && [[ $summary = *" 0 failed" ]]; then
	summary=${summary/% 0 failed/ 1 failed} # prove saw what the count did not
fi
echo "$summary"
[[ $summary = *" 0 failed" ]]
