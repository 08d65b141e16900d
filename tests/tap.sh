#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Run one test file for prove (see run.sh) and keep its output, with its exit status behind it.
file=$1
log=$TAP_DIR/$(basename "$(dirname "$file")")-$(basename "$file").tap
# ThreadSanitizer of gcc 12 does not start where addresses are randomised in many bits.
fixed=()
[[ $file != build/race/* ]] || ! setarch -R true 2> /dev/null || fixed=(setarch -R)
"${fixed[@]}" "$(realpath "$file")" | tee "$log"
status=${PIPESTATUS[0]}
echo "#exit $status" >> "$log"
exit "$status"
