#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Make the drive with QEMU and guests for the management VM: mkdisk.sh OUTPUT KERNEL...
#
# A read-only ext4 without a partition table:
#   usr/    Debian's qemu-system-aarch64 for arm64 with its libraries (boot/fetch.sh qemu)
#   guest/  Image-KERNEL and initrd-KERNEL of each kernel; Image and initrd are links to the first
# mke2fs fills it from a directory, so that no root is needed.
set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin

out=$1
shift
mkdir -p "${out%/*}"
root=$(mktemp -d "${out%/*}/guests-XXXXXX")
trap 'rm -rf "$root"' EXIT

mkdir "$root/guest"
cp -al build/arm64/qemu "$root/usr" # links: nothing is copied
for kernel; do
	cp -l "build/kernels/$kernel/Image" "$root/guest/Image-$kernel"
	cp -l "build/linux/initrd-$kernel.cpio" "$root/guest/initrd-$kernel"
done
ln -s "Image-$1" "$root/guest/Image"
ln -s "initrd-$1" "$root/guest/initrd"
chmod 755 "$root"

# Room for ext4's own tables beside the files.
kib=$(du -sk "$root" | cut -f1)
rm -f "$out.tmp"
mke2fs -q -t ext4 -b 4096 -O ^has_journal -E root_owner=0:0 -m 0 -L guests -d "$root" "$out.tmp" $((kib * 21 / 20 + 8192))k
mv "$out.tmp" "$out"
