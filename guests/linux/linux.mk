# SPDX-License-Identifier: GPL-2.0-only
#
# Linux guests of the management VM, and Debian's QEMU to run them: one drive, an ext4 image, which the
# management VM mounts (guests/mgmt/rootfs/etc/herald/setup).

GUEST_ROOTFS := $(shell find guests/linux/rootfs -type f)
GUEST_KERNELS := 6.12 6.1

build/arm64/qemu/.deb: | host-packages
	@boot/fetch.sh qemu

build/linux/initrd-%.cpio: guests/mgmt/mkinitramfs.sh $(ROOTFS) $(GUEST_ROOTFS) build/kernels/%/.deb \
		build/arm64/busybox/.deb | host-packages
	guests/mgmt/mkinitramfs.sh $@ build/kernels/$* build/arm64/busybox/busybox

build/linux/guests.img: guests/linux/mkdisk.sh build/arm64/qemu/.deb \
		$(GUEST_KERNELS:%=build/linux/initrd-%.cpio) | host-packages
	guests/linux/mkdisk.sh $@ $(GUEST_KERNELS)

test test-all: build/linux/guests.img
