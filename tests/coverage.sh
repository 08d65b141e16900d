#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# How much of its/ do its tests run? `make coverage` calls this.
#
# its/ is built with gcc's --coverage and without sanitizers or optimisation in build/coverage, all
# tests test_its_* run against it, and gcov counts. Prints a table, then each line and each branch
# that never ran, with its explanation from tests/coverage.txt. Fails if less than 95 % of the lines
# or 90 % of the branches ran, if one that did not is not explained, or if an explanation explains
# nothing.
#
#   JOBS=N       compilers or tests that run at once (2)
set -euo pipefail
cd "$(dirname "$0")/.."

OUT=build/coverage
CC=${HOSTCC:-gcc}
FLAGS=(-std=gnu11 -g -O0 -DHERALD_HOST -I. -pthread)
# Branches of its/ only; counters that several threads share.
COVER=(--coverage -fprofile-update=atomic)

sources() { echo "$1"; sed -n 's,^// sources:,,p' "$1" | tr -s '[:space:]' '\n' | sed '/^$/d'; }
libs() { sed -n 's,^// libs:,,p' "$1" | tr -s '[:space:]' '\n' | sed '/^$/d; s,^,-l,'; }

compile() # SOURCE
{
	local obj=$OUT/obj/${1%.c}.o extra=()

	[[ $1 != its/* ]] || extra=("${COVER[@]}")
	mkdir -p "$(dirname "$obj")"
	"$CC" "${FLAGS[@]}" "${extra[@]}" -c -o "$obj" "$1"
}

link() # TEST
{
	local objs

	mapfile -t objs < <(sources "$1" | sed "s,^,$OUT/obj/,; s,\.c$,.o,")
	mapfile -t extra < <(libs "$1")
	"$CC" "${FLAGS[@]}" --coverage -o "$OUT/$(basename "$1" .c)" "${objs[@]}" "${extra[@]}"
}

run() # TEST
{
	local name

	name=$(basename "$1" .c)
	"$OUT/$name" > "$OUT/$name.log" 2>&1 || {
		echo "coverage: $name failed:" >&2
		grep -v '^ok' "$OUT/$name.log" | tail -n 20 >&2
		return 1
	}
}

case ${1-} in
compile | link | run) "$@"; exit ;;
esac

each() { xargs -r -n 1 -P "${JOBS:-2}" "$0" "$1"; } # what to do, on lines of standard input

rm -rf "$OUT"
mkdir -p "$OUT"
tests=(tests/unit/test_its_*.c)
{ printf '%s\n' its/*.c; for t in "${tests[@]}"; do sources "$t"; done; } | sort -u | each compile
printf '%s\n' "${tests[@]}" | each link
printf '%s\n' "${tests[@]}" | each run

for f in its/*.c; do
	gcov --json-format --branch-probabilities --stdout -o "$OUT/obj/its" "$OUT/obj/${f%.c}.o"
done > "$OUT/gcov.json"

python3 - "$OUT/gcov.json" tests/coverage.txt << 'PYTHON'
import json, sys

LINES, BRANCHES = 95.0, 90.0


class Line:
    def __init__(self):
        self.count, self.branches, self.function = 0, [], ''

    def add(self, line):
        self.count += line['count']
        self.function = line.get('function_name', self.function)
        counts = [b['count'] for b in line['branches']]
        counts += [0] * (len(self.branches) - len(counts))
        old = self.branches + [0] * (len(counts) - len(self.branches))
        self.branches = [a + b for a, b in zip(old, counts)]


def read_counts(path):
    """file -> line number -> Line; a header's lines are those of all files that include it."""
    files = {}
    for document in open(path):
        for f in json.loads(document)['files']:
            if not f['file'].startswith('its/'):
                continue
            for line in f['lines']:
                files.setdefault(f['file'], {}).setdefault(line['line_number'], Line()).add(line)
    return files


def read_explanations(path):
    """Blocks of lines: "FILE FUNCTION", a piece of the source line, why it does not run."""
    found = []
    for block in open(path).read().split('\n\n'):
        rows = [r.strip() for r in block.split('\n') if r.strip() and not r.startswith('#')]
        if not rows:
            continue
        if len(rows) < 3 or len(rows[0].split()) != 2:
            sys.exit(f'{path}: not FILE FUNCTION, source, explanation: {rows[0]}')
        file, function = rows[0].split()
        found.append({'file': file, 'function': function, 'piece': rows[1],
                      'why': ' '.join(rows[2:]), 'used': False})
    return found


def missing(line):
    """What of a line never ran, in words."""
    if not line.count:
        return ['never']
    n = len(line.branches)
    return [f'branch {i + 1} of {n} never' for i, c in enumerate(line.branches) if not c]


def explain(explanations, file, line, text):
    for e in explanations:
        if (e['file'], e['function']) == (file, line.function) and e['piece'] in text:
            e['used'] = True
            return e['why']
    return None


def percent(part, whole):
    return 100.0 * part / whole if whole else 100.0


def show_table(files):
    total = [0, 0, 0, 0]
    print(f'{"file":<18} {"lines":>11} {"%":>7} {"branches":>11} {"%":>7}')
    for name in sorted(files) + ['total']:
        if name == 'total':
            n = total
        else:
            lines = files[name].values()
            branches = [c for line in lines for c in line.branches]
            n = [sum(1 for line in lines if line.count), len(lines),
                 sum(1 for c in branches if c), len(branches)]
            total = [a + b for a, b in zip(total, n)]
        print(f'{name:<18} {n[0]:>5}/{n[1]:<5} {percent(n[0], n[1]):>7.2f} '
              f'{n[2]:>5}/{n[3]:<5} {percent(n[2], n[3]):>7.2f}')
    return percent(total[0], total[1]), percent(total[2], total[3])


def main(counts, notes):
    files = read_counts(counts)
    explanations = read_explanations(notes)
    bad = 0

    lines, branches = show_table(files)
    print()
    for name in sorted(files):
        source = open(name).read().split('\n')
        for number in sorted(files[name]):
            line = files[name][number]
            text = source[number - 1].strip()
            for what in missing(line):
                why = explain(explanations, name, line, text)
                bad += why is None
                print(f'{name}:{line.function}:{number}: {what}: {text}')
                print(f'\t{why or "NOT EXPLAINED"}')
    for e in explanations:
        if not e['used']:
            bad += 1
            print(f'{notes}: explains nothing: {e["file"]} {e["function"]}: {e["piece"]}')
    if lines < LINES or branches < BRANCHES:
        sys.exit(f'coverage: below {LINES:g} % of lines or {BRANCHES:g} % of branches')
    if bad:
        sys.exit(f'coverage: {bad} not explained, or explanations of nothing')


main(*sys.argv[1:])
PYTHON
