#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The checks of `make lint` beside the compiler's own (-fanalyzer, run by make before this): layout,
# clang-tidy, cppcheck, who includes whom, SPDX lines, scripts. All run, then one verdict; at the end
# the suppressions are counted, and one without a reason is an error. Checks that are off as a whole
# stand in .clang-tidy and tests/lint/cppcheck.txt.
#
# From make: EL2_SRCS, the sources that run at EL2, FDT_INCLUDE and UAPI_INCLUDE.
# shellcheck disable=SC2317 # check() calls the functions by name
set -uo pipefail
cd "$(dirname "$0")/.." || exit
EL2_DIRS='boot hyp vgic its pci drivers'
bad=0

check()
{
	local name=$1
	shift
	if "$@"; then
		echo "lint: $name: clean"
	else
		echo "lint: $name: NOT clean"
		bad=1
	fi
}

# Tracked files and those not yet added, by name patterns.
files() { git ls-files --cached --others --exclude-standard -- "$@" | while read -r f; do [ -f "$f" ] && echo "$f"; done | sort -u; }

scripts() { files '*.sh' .ci/run 'guests/mgmt/rootfs/etc/herald/*' 'tests/unit/*.t' | xargs -r awk 'FNR == 1 && /^#!.*sh$/ { print FILENAME }'; files tests/system/guest.sh boot/apt.sh; }

layout() { files '*.c' '*.h' | xargs -r clang-format --dry-run -Werror; }

tidy()
{
	local log
	log=$(mktemp)
	# shellcheck disable=SC2016,SC2086 # one word per file is meant; the inner shell expands
	printf '%s\n' $EL2_SRCS | xargs -r -n 4 -P "$(nproc)" sh -c 'clang-tidy --quiet "$@" -- \
		--target=aarch64-linux-gnu -std=gnu11 -ffreestanding -mgeneral-regs-only -I. \
		-isystem "$FDT_INCLUDE" -isystem "$UAPI_INCLUDE" -isystem /usr/aarch64-linux-gnu/include 2> /dev/null' tidy > "$log"
	local status=$?
	cat "$log"
	rm -f "$log"
	return "$status"
}

cpp()
{
	# cppcheck reads no comments behind a suppression, so they are cut off for it.
	# shellcheck disable=SC2046,SC2086 # one word per suppression and directory is meant
	cppcheck --quiet --std=c11 --platform=unix64 --enable=warning,performance,portability,style \
		--inline-suppr --error-exitcode=1 -I. -D__aarch64__ -j "$(nproc)" \
		$(sed -n 's/^\([a-zA-Z]\{1,\}\).*/--suppress=\1/p' tests/lint/cppcheck.txt) $EL2_DIRS
}

# DESIGN 2: boot -> hyp -> {pci, vgic} -> its; pci -> vgic; hyp, pci -> drivers; its -> nothing.
# hyp/lib is everybody's; pci may log and knows what a board is.
may_include()
{
	case $2 in hyp/lib/*) return 0 ;; "$1"/*) return 0 ;; esac
	case $1:$2 in
	boot:*) return 0 ;;
	hyp:boot/*) return 1 ;;
	hyp:*) return 0 ;;
	pci:hyp/log.h | pci:hyp/board.h | pci:vgic/* | pci:its/* | pci:drivers/*) return 0 ;;
	vgic:its/*) return 0 ;;
	esac
	return 1
}

includes()
{
	local status=0 file line target
	while IFS=: read -r file line target; do
		may_include "${file%%/*}" "$target" && continue
		echo "$file:$line: ${file%%/*}/ may not include $target"
		status=1
	done < <(
		# shellcheck disable=SC2086 # one word per directory is meant
		grep -rnoE '^#include "[^"]+"' --include='*.[chS]' $EL2_DIRS |
			sed -E 's/#include "(.*)"/\1/')
	# What the base and the ITS emulator use must be theirs alone.
	if grep -rnE '^#include "(boot|vgic|its|pci|drivers|hyp/[^/]*\.h)' hyp/lib; then status=1; fi
	return "$status"
}

spdx()
{
	local status=0 file
	while read -r file; do
		head -n 2 "$file" | grep -q 'SPDX-License-Identifier: GPL-2.0-only' && continue
		echo "$file: no SPDX line at its top"
		status=1
	done < <(files '*.c' '*.h' '*.S' '*.sh' '*.py' '*.t' '*.mk' Makefile .ci/run '*.cmd' .gitignore)
	return "$status"
}

shell() { scripts | sort -u | xargs -r shellcheck -x -e SC1091; } # SC1091: files of the initramfs

# Whether the line before FILE:LINE:... ends a comment: a pragma has no room for one of its own.
comment_before()
{
	local file line
	IFS=: read -r file line _ <<< "$1"
	sed -n "$((line - 1))p" "$file" | grep -qF '*/'
}

# Every suppression in the code, the scripts and the lists; each must say why.
suppressions()
{
	local status=0 all nr
	all=$(
		files '*.c' '*.h' '*.S' | xargs -r grep -nE 'NOLINT|cppcheck-suppress|diagnostic ignored'
		files '*.sh' .ci/run 'guests/mgmt/rootfs/*' | xargs -r grep -nE '^[[:space:]]*# shellcheck disable='
		grep -nE '^[a-zA-Z]' tests/lint/cppcheck.txt
		sed -n 's/^  -\([a-z][^,]*\),*$/.clang-tidy: off: \1/p' .clang-tidy
	)
	nr=$(grep -c . <<< "$all")
	echo "lint: $nr suppressions, of them $(grep -c '^\.clang-tidy' <<< "$all") checks of clang-tidy and" \
		"$(grep -cE '^[0-9]+:' <<< "$all") of cppcheck that are off as a whole"
	while read -r line; do
		case $line in
		.clang-tidy*) grep -qF -- "${line##*: }" <(grep '^#' .clang-tidy) && continue ;;
		*NOLINT* | *cppcheck-suppress*) grep -qE '(NOLINT[A-Z]*\([^)]*\)|cppcheck-suppress [^ ]+).*[a-z]{3}' <<< "$line" && continue ;;
		*'diagnostic ignored'*) comment_before "$line" && continue ;;
		*'# shellcheck disable='*) grep -qE 'disable=[SC0-9,]+ # ' <<< "$line" && continue ;;
		*) grep -qE '# .' <<< "$line" && continue ;;
		esac
		echo "no reason given: $line"
		status=1
	done < <(grep . <<< "$all")
	return "$status"
}

echo "lint: gcc -Wall -Wextra -Werror -fanalyzer: clean"
check clang-format layout
check 'who includes whom' includes
check 'SPDX lines' spdx
check shellcheck shell
check cppcheck cpp
check clang-tidy tidy
check suppressions suppressions
exit $bad
