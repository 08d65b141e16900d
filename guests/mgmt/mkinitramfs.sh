#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Pack an initramfs: mkinitramfs.sh OUTPUT KERNEL_DIR BUSYBOX [DRIVER TOOL]
#
# With DRIVER it is the management VM's, without it a guest's. KERNEL_DIR is what boot/fetch.sh unpacks
# (lib/modules/RELEASE and the file "release"). Inside are busybox, guests/mgmt/rootfs, of a guest also
# guests/linux/rootfs, whose files win; Herald's driver (udev's way, by the device tree's node, loads
# it), the tool `herald` with its man page and completion, and the kernel modules named below with what
# they depend on, unpacked since busybox's modprobe reads no xz. The archive is not compressed: the
# emulated CPU would take longer to unpack it than to copy it.
set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin

out=$1 kernel=$2 busybox=$3 driver=${4-} tool=${5-}
here=$(dirname "$0")

# Devices of the emulated machine, and those that people add with QEMU_ARGS.
modules='nvme igb e1000e e1000 virtio_pci virtio_blk virtio_net virtio-rng'
# For VMMs: the drive with QEMU, and guests' networks.
[ -z "$driver" ] || modules+=' ext4 tun vhost_net'

release=$(cat "$kernel/release")
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
chmod 755 "$root" # it will be the root directory, and not all users are root
mkdir -p "$root"/{bin,sbin,dev,etc,lib,mnt,proc,root,run,sys,tmp,usr/bin,usr/lib,usr/sbin,usr/share,var/log}
install -m 755 "$busybox" "$root/bin/busybox"
ln -s busybox "$root/bin/sh"
ln -s bin/busybox "$root/init"
cp -R "$here/rootfs/." "$root/"
[ -n "$driver" ] || cp -R "$here/../linux/rootfs/." "$root/"
if [ -n "$tool" ]; then
	install -m 755 "$tool" "$root/usr/bin/herald"
	install -D -m 644 "$here/herald/herald.1" "$root/usr/share/man/man1/herald.1"
	install -D -m 644 "$here/herald/herald.bash" "$root/usr/share/bash-completion/completions/herald"
fi

dest=$root/lib/modules/$release
mkdir -p "$dest"
for module in $modules; do
	modprobe -d "$PWD/$kernel" -S "$release" --show-depends "$module"
done | sed -n 's/^insmod \([^ ]*\).*/\1/p' | sort -u | while read -r file; do
	file=$(realpath "$file")
	to=$dest/${file##*/lib/modules/"$release"/}
	mkdir -p "${to%/*}"
	case $file in
	*.xz) xz -dc "$file" > "${to%.xz}" ;;
	*.zst) zstd -qdc "$file" > "${to%.zst}" ;;
	*) cp "$file" "$to" ;;
	esac
done
[ -z "$driver" ] || install -D -m 644 "$driver" "$dest/updates/herald.ko"
cp "$kernel/lib/modules/$release"/modules.{order,builtin,builtin.modinfo} "$dest/"
depmod -b "$root" "$release"
rm -f "$dest"/modules.*.bin

mkdir -p "${out%/*}"
(cd "$root" && find . | LC_ALL=C sort | cpio --quiet -o -H newc -R 0:0) > "$out.tmp"
mv "$out.tmp" "$out"
