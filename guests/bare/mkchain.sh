#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# mkchain.sh PAYLOAD KERNEL OUT: one arm64 Image that runs the payload, then KERNEL, which lies
# 2 MiB behind its start. The payload's header gets the size of both and, in a reserved word, where
# the kernel is.
set -euo pipefail

payload=$1 kernel=$2 out=$3
mib2=$((2 << 20))

fail() { echo "mkchain.sh: $*" >&2; exit 1; }

# le64 NUMBER OFFSET: writes a little-endian doubleword into $out.
le64()
{
	local n=$1 i bytes=
	for ((i = 0; i < 8; i++)); do
		bytes+=$(printf '\\x%02x' $((n >> (8 * i) & 255)))
	done
	printf '%b' "$bytes" | dd of="$out" bs=1 seek="$2" conv=notrunc status=none
}

[ "$(stat -c %s "$payload")" -le $mib2 ] || fail "$payload is over 2 MiB"
[ "$(dd if="$kernel" bs=1 skip=56 count=4 status=none)" = $'ARM\x64' ] ||
	fail "$kernel is no arm64 Image"

cp "$payload" "$out"
truncate -s $mib2 "$out"
cat "$kernel" >> "$out"
size=$(od -An -tu8 -j16 -N8 "$kernel" | tr -d ' ')
le64 $((mib2 + size)) 16
le64 $mib2 32
