#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Make a disk from which U-Boot starts Herald:
#   mkdisk.sh OUTPUT HERALD_IMG KERNEL INITRD [KERNEL_ARGS [HERALD_ARGS]]
#
# One MBR partition (U-Boot does not look at a disk without) with FAT and in it herald.img, Image,
# initrd and boot.scr, which is boot.cmd with the arguments set. The same four files on an SD card's
# first partition start Herald on a board. Does nothing if OUTPUT is newer than its inputs.
set -euo pipefail

out=$1 herald=$2 kernel=$3 initrd=$4 kernel_args=${5-} herald_args=${6-}
here=$(dirname "$0")
boot_cmd=${BOOT_CMD:-$here/boot.cmd} # tests bring one that does it wrong
export MTOOLS_SKIP_CHECK=1

SECTOR=512
START=2048 # sectors: the partition starts at 1 MiB

[ -r "$herald" ] || { echo "herald: no $herald; build it with: make" >&2; exit 2; }

case $kernel_args$herald_args in
*\'*) echo "herald: U-Boot cannot quote a ' in MGMT_ARGS or HERALD_ARGS" >&2; exit 2 ;;
esac

# What the disk was made of, beside file times.
recipe=$(printf '%s\n' "$herald" "$kernel" "$initrd" "$kernel_args" "$herald_args" "$boot_cmd")
fresh=yes
[ "$(cat "$out.recipe" 2>/dev/null)" = "$recipe" ] || fresh=no
for file in "$herald" "$kernel" "$initrd" "$boot_cmd" "$0"; do
	[ "$out" -nt "$file" ] || fresh=no
done
[ $fresh = no ] || exit 0

rm -f "$out.recipe"
bytes=$(($(stat -Lc %s "$herald") + $(stat -Lc %s "$kernel") + $(stat -Lc %s "$initrd")))
mib=$((bytes / (1 << 20) + 66)) # FAT32 wants some 33 MiB at least, and its tables need room
sectors=$((mib * (1 << 20) / SECTOR))
rm -f "$out"
truncate -s $(((sectors + START) * SECTOR)) "$out"

# Partition entry 1: active, type 0x0c (FAT32, LBA), first sector, sectors; then the signature.
le32() { printf '\\x%02x\\x%02x\\x%02x\\x%02x' $(($1 & 255)) $(($1 >> 8 & 255)) $(($1 >> 16 & 255)) $(($1 >> 24 & 255)); }
patch() { printf '%b' "$2" | dd of="$out" bs=1 seek="$1" conv=notrunc status=none; }
patch 446 "\\x80\\xff\\xff\\xff\\x0c\\xff\\xff\\xff$(le32 $START)$(le32 $sectors)"
patch 510 '\x55\xaa'

script=$(mktemp)
trap 'rm -f "$script" "$script.scr"' EXIT
{
	printf "setenv kernel_args '%s'\n" "$kernel_args"
	printf "setenv herald_args '%s'\n" "$herald_args"
	cat "$boot_cmd"
} > "$script"
mkimage -A arm64 -O linux -T script -C none -n Herald -d "$script" "$script.scr" > /dev/null

fat=$out@@$((START * SECTOR))
mformat -i "$fat" -F -T $sectors -v HERALD ::
mcopy -i "$fat" "$herald" ::herald.img
mcopy -i "$fat" "$kernel" ::Image
mcopy -i "$fat" "$initrd" ::initrd
mcopy -i "$fat" "$script.scr" ::boot.scr
printf '%s\n' "$recipe" > "$out.recipe"
