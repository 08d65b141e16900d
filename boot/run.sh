#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Run the emulated machine on this terminal. `make run` and the system tests come through here, with
# the variables that `make help` explains in the environment. Beyond those:
#
#   HERALD=off       Linux without Herald, on the same machine: what to compare with
#   INITRD=FILE      instead of the management VM's initramfs; IMAGE=FILE instead of herald.img
#   MODULES=none     no boot modules at all (BOOT=direct, fwcfg): QEMU_ARGS adds some, for tests
#   ITS=off          a machine without one; then also without root port and igb, which want MSI-X
#   GUESTS=on        a drive with Debian's QEMU and guests' kernels (make run: on by default)
#   DISKS=DIR        where the drives' files are (build/disks)
#
# Ways to start Herald:
#   uboot   U-Boot finds a FAT partition on the virtio-blk drive and runs its boot.scr (boot.cmd)
#   direct  QEMU places Herald, the device tree and the boot modules in memory
#   fwcfg   QEMU places the modules, U-Boot takes Herald from fw_cfg and starts it with `booti`
set -euo pipefail
cd "$(dirname "$0")/.."

BOOT=${BOOT:-uboot} HERALD=${HERALD:-on} KERNEL=${KERNEL:-6.12} CPU=${CPU:-max} SMP=${SMP:-4}
MEM=${MEM:-2G} GIC=${GIC:-3} SMMU=${SMMU:-on} MGMT_ARGS=${MGMT_ARGS:-} QEMU_ARGS=${QEMU_ARGS:-}
HERALD_ARGS=${HERALD_ARGS:-} MGMT_OVERLAY=${MGMT_OVERLAY:-} TIMEOUT=${TIMEOUT:-}
GUESTS=${GUESTS:-off}
MODULES=${MODULES:-on} DISKS=${DISKS:-build/disks} IMAGE=${IMAGE:-build/herald.img}
ITS=${ITS:-on} UBOOT=${UBOOT:-/usr/lib/u-boot/qemu_arm64/u-boot.bin}

# Where QEMU puts the boot modules under direct and fwcfg: above its own device tree (0x48000000)
# and U-Boot's load addresses, low enough for a machine of 512 MiB (RAM starts at 0x40000000).
MODULE_BASE=$((0x50000000))
MIB2=$((2 << 20))

say() { echo "herald: $*" >&2; }
fail() { say "$*"; exit 2; }

# The kernel: 6.1 and 6.12 are Debian's, unpacked under build/; else it is a file.
case $KERNEL in
6.1 | 6.12) kernel=build/kernels/$KERNEL/Image initrd=build/mgmt/initrd-$KERNEL.cpio ;;
*)
	kernel=$KERNEL initrd=build/mgmt/initrd-6.12.cpio
	say "KERNEL=$KERNEL has no driver of Herald's, unless it is Debian's 6.12: no /dev/kvm in its VM"
	;;
esac
initrd=${INITRD:-$initrd}
[ -r "$kernel" ] || fail "no kernel at $kernel; KERNEL is 6.1, 6.12 or the path of an arm64 Image"
[ -r "$initrd" ] || fail "no initramfs at $initrd; start this with: make run"

mkdir -p "$DISKS"
exec 8> "$DISKS/lock" # QEMU inherits it
# A machine that was just killed may hold on to them for a moment.
flock -w 10 8 || fail "another machine uses the drives in $DISKS; end it, or say DISKS=another-directory"

# The overlay is a second cpio archive behind the first: the kernel unpacks one after the other.
if [ -n "$MGMT_OVERLAY" ]; then
	[ -d "$MGMT_OVERLAY" ] || fail "MGMT_OVERLAY=$MGMT_OVERLAY is no directory"
	{
		cat "$initrd"
		(cd "$MGMT_OVERLAY" && find . -mindepth 1 | cpio --quiet -o -H newc -R 0:0)
	} > "$DISKS/initrd.cpio"
	initrd=$DISKS/initrd.cpio
fi

# The size that an Image takes in memory, .bss included: its header says, at byte 16.
image_size() { od -An -tu8 -j16 -N8 "$1" | tr -d ' '; }
round_up() { echo $((($1 + MIB2 - 1) / MIB2 * MIB2)); }

case $CPU in
max) cpu=max,pauth-impdef=on ;; # the architected pointer authentication is very slow to emulate
*) cpu=$CPU ;;
esac

machine=virt,virtualization=on,gic-version=$GIC,its=$ITS
net=romfile=
blk=
case $SMMU in
on)
	machine+=,iommu=smmuv3
	net+=,disable-legacy=on,iommu_platform=on
	# U-Boot's virtio driver refuses a device behind an IOMMU, and this is the one it boots from.
	[ "$BOOT" = uboot ] || blk=,disable-legacy=on,iommu_platform=on
	;;
off) ;;
*) fail "SMMU=$SMMU: it is on or off" ;;
esac

for disk in nvme0 nvme1 blk0; do
	[ -e "$DISKS/$disk.img" ] || truncate -s 512M "$DISKS/$disk.img"
done
blk_file=$DISKS/blk0.img

args=(-machine "$machine" -cpu "$cpu" -smp "$SMP" -m "$MEM" -nographic -serial mon:stdio)

modules=()
if [ "$MODULES" != none ]; then
	initrd_at=$((MODULE_BASE + $(round_up "$(image_size "$kernel")")))
	modules=(
		-device "guest-loader,addr=$(printf %#x $MODULE_BASE),kernel=$kernel,bootargs=${MGMT_ARGS//,/,,}"
		-device "guest-loader,addr=$(printf %#x $initrd_at),initrd=$initrd")
fi

case $HERALD:$BOOT in
off:*) args+=(-kernel "$kernel" -initrd "$initrd" -append "$MGMT_ARGS") ;;
on:direct) args+=(-kernel "$IMAGE" -append "$HERALD_ARGS" "${modules[@]}") ;;
on:fwcfg) args+=(-bios "$UBOOT" -kernel "$IMAGE" -append "$HERALD_ARGS" "${modules[@]}") ;;
on:uboot)
	boot/mkdisk.sh "$DISKS/boot.img" "$IMAGE" "$kernel" "$initrd" "$MGMT_ARGS" "$HERALD_ARGS"
	blk_file=$DISKS/boot.img
	args+=(-bios "$UBOOT") ;;
*) fail "BOOT=$BOOT, HERALD=$HERALD: BOOT is uboot, direct or fwcfg, HERALD on or off" ;;
esac

drive() { args+=(-drive "if=none,id=$1,format=raw,file=$2"); }
device() { args+=(-device "$1"); }

drive nvme0 "$DISKS/nvme0.img"
device nvme,drive=nvme0,serial=herald0
port=pcie.0
[ "$ITS" = off ] || { port=port1; device pcie-root-port,id=port1,chassis=1,slot=1; }
drive nvme1 "$DISKS/nvme1.img"
device "nvme,drive=nvme1,serial=herald1,bus=$port"
args+=(-netdev "user,id=net0" -netdev "user,id=net1,net=10.0.3.0/24")
device "virtio-net-pci,netdev=net0,$net"
[ "$ITS" = off ] || device igb,netdev=net1,romfile=
drive blk0 "$blk_file"
device "virtio-blk-pci,drive=blk0$blk"
eval "extra=($QEMU_ARGS)"
args+=("${extra[@]}")
case $GUESTS in
on)
	[ -r build/linux/guests.img ] || fail "no build/linux/guests.img; start this with: make run"
	# The last one, so that no other device's place changes.
	drive guests build/linux/guests.img,readonly=on
	device "virtio-blk-pci,drive=guests,serial=guests$blk" ;;
off) ;;
*) fail "GUESTS=$GUESTS: it is on or off" ;;
esac

qemu=("${QEMU:-qemu-system-aarch64}" "${args[@]}")
[ -z "$TIMEOUT" ] || qemu=(timeout --foreground "$TIMEOUT" "${qemu[@]}")
[ -z "${VERBOSE-}" ] || printf '%q ' "${qemu[@]}" $'\n' >&2

if [ -t 0 ]; then
	terminal=$(stty -g)
	trap 'stty "$terminal"' EXIT
fi
status=0
"${qemu[@]}" || status=$?
[ $status != 124 ] || echo "herald: stopped after TIMEOUT=$TIMEOUT" >&2
exit $status
