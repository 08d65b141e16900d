# SPDX-License-Identifier: GPL-2.0-only
#
# The management VM: Debian's kernel (build/kernels/VERSION) and an initramfs of our own.

ROOTFS := $(shell find guests/mgmt/rootfs -type f)

build/kernels/%/.deb: | host-packages
	@boot/fetch.sh kernel $*

build/arm64/busybox/.deb: | host-packages
	@boot/fetch.sh busybox

build/mgmt/initrd-%.cpio: guests/mgmt/mkinitramfs.sh $(ROOTFS) build/kernels/%/.deb \
		build/arm64/busybox/.deb | host-packages
	guests/mgmt/mkinitramfs.sh build/kernels/$* build/arm64/busybox/busybox $@
