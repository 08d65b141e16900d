#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Herald and the management VM on a second board, QEMU's xlnx-versal-virt, on this terminal: RAM at 0
# and above 32 GiB, a GICv3 with two security states, two Cortex-A72 that run, no ITS and no PCIe.
# Build first: make all. Then: tests/system/versal.sh; Ctrl-A x ends QEMU.
#
#   KERNEL=FILE INITRD=FILE   instead of Debian's 6.12 and the management VM's initramfs
#   IMAGE=FILE                instead of build/herald.img
#   MGMT_ARGS=TEXT            kernel command line of the management VM
#   HERALD=off                Linux without Herald, to compare with
#   DIR=DIR                   where the board's device tree is made (build/versal)
#   MEM=SIZE QEMU_ARGS=TEXT   memory (2G), and more arguments for QEMU
#
# This machine makes its device tree late and leaves out what -device guest-loader would add, so the
# boot modules are described here: dump the tree, drop its free space (nearly a megabyte), add one
# node for each module, give it back with -dtb, and place the modules with -device loader. The same
# steps serve for any board that QEMU emulates.
set -euo pipefail
cd "$(dirname "$0")/../.."

KERNEL=${KERNEL:-build/kernels/6.12/Image}
INITRD=${INITRD:-build/mgmt/initrd-6.12.cpio}
IMAGE=${IMAGE:-build/herald.img}
DIR=${DIR:-build/versal}
QEMU=${QEMU:-qemu-system-aarch64}
MGMT_ARGS=${MGMT_ARGS:-}
KERNEL_AT=20000000 # hexadecimal; clear of QEMU's tree, and the kernel at a multiple of 2 MiB
INITRD_AT=26000000

for file in "$KERNEL" "$INITRD" "$IMAGE"; do
	[ -r "$file" ] || { echo "herald: no $file; build it with: make all" >&2; exit 2; }
done

# QEMU makes no machine of less than four CPUs here: two more are real-time cores that stay off.
machine=("$QEMU" -machine xlnx-versal-virt -smp 4 -m "${MEM:-2G}" -nographic)
mkdir -p "$DIR"
tree=$DIR/versal.dtb

"${machine[@]}" -machine dumpdtb="$tree.dump" -kernel "$KERNEL" > "$DIR/dump.log" 2>&1 ||
	{ cat "$DIR/dump.log" >&2; exit 1; }
dtc -q -I dtb -O dtb -p 4096 -o "$tree" "$tree.dump"

# module ADDRESS FILE KIND: a node below /chosen. The root has two cells for address and for size.
module()
{
	local node=/chosen/module@$1
	fdtput -p -t s "$tree" "$node" compatible multiboot,module "multiboot,$3"
	fdtput -t x "$tree" "$node" reg 0 "$1" 0 "$(printf %x "$(stat -Lc %s "$2")")"
}

if [ "${HERALD:-on}" = off ]; then
	args=(-kernel "$KERNEL" -initrd "$INITRD" -append "$MGMT_ARGS")
else
	module $KERNEL_AT "$KERNEL" kernel
	fdtput -t s "$tree" /chosen/module@$KERNEL_AT bootargs "$MGMT_ARGS"
	module $INITRD_AT "$INITRD" ramdisk
	args=(-kernel "$IMAGE" -dtb "$tree"
		-device "loader,addr=0x$KERNEL_AT,file=$KERNEL,force-raw=on"
		-device "loader,addr=0x$INITRD_AT,file=$INITRD,force-raw=on")
fi
extra=()
eval "extra=(${QEMU_ARGS:-})"
exec "${machine[@]}" -serial mon:stdio "${args[@]}" "${extra[@]}"
