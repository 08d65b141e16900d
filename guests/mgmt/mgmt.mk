# SPDX-License-Identifier: GPL-2.0-only
#
# The management VM: Debian's kernel (build/kernels/VERSION), Herald's driver for it, and an initramfs
# of our own. A kernel that the user brings has no driver: it runs, but has no /dev/kvm.

ROOTFS := $(shell find guests/mgmt/rootfs -type f)
DRIVER := guests/mgmt/driver
DRIVER_SRCS := $(wildcard $(DRIVER)/*.c $(DRIVER)/*.h) $(DRIVER)/Kbuild

build/kernels/%/.deb: | host-packages
	@boot/fetch.sh kernel $*

build/arm64/busybox/.deb: | host-packages
	@boot/fetch.sh busybox

build/headers/%/.deb: build/kernels/%/.deb | host-packages
	@boot/fetch.sh headers $*

# Kbuild builds where the sources are, and there is one build for each kernel: in directories of links.
# BTF, type information for tracers, would need the package pahole.
define kbuild
@mkdir -p $(@D)
@ln -sf $(addprefix $(CURDIR)/,$(DRIVER_SRCS)) $(@D)/
+$(Q)$(MAKE) $(if $(V),,-s) -C build/headers/$*/build M=$(CURDIR)/$(@D) CC=$(CC) \
	CROSS_COMPILE=$(CROSS) CONFIG_DEBUG_INFO_BTF_MODULES= HERALD_TOP=$(CURDIR) $(1) modules
endef
DRIVER_NEEDS := $(DRIVER_SRCS) hyp/herald_abi.h guests/mgmt/mgmt.mk

build/mgmt/driver-%/herald.ko: $(DRIVER_NEEDS) build/headers/%/.deb
	@echo "  KBUILD  $@"
	$(call kbuild)

# The same with a look by sparse, to which any warning is an error.
build/lint/driver-%/herald.ko: $(DRIVER_NEEDS) build/headers/%/.deb
	@echo "  SPARSE  $@"
	$(call kbuild,C=2 CF=-Wsparse-error)

lint: build/lint/driver-6.12/herald.ko build/lint/driver-6.1/herald.ko

# The tool: static, since the initramfs has no libraries.
TOOL := guests/mgmt/herald
TOOL_OBJS := $(patsubst %,build/%.o,$(wildcard $(TOOL)/*.c))
TOOL_CFLAGS := -std=gnu11 -Os -g -Wall -Wextra -Werror -ffunction-sections -I. \
	-isystem $(UAPI)/include

build/$(TOOL)/%.o: $(TOOL)/% guests/mgmt/mgmt.mk | $(UAPI)/.deb
	@mkdir -p $(@D)
	@echo "  CC      $<"
	$(Q)$(CC) $(TOOL_CFLAGS) -MMD -MP -c -o $@ $<

build/mgmt/herald: $(TOOL_OBJS)
	@echo "  LD      $@"
	@mkdir -p $(@D)
	$(Q)$(CC) -static -s -Wl,--gc-sections -o $@ $^

-include $(TOOL_OBJS:.o=.d)

build/mgmt/initrd-%.cpio: guests/mgmt/mkinitramfs.sh $(ROOTFS) build/kernels/%/.deb \
		build/arm64/busybox/.deb build/mgmt/driver-%/herald.ko build/mgmt/herald \
		$(TOOL)/herald.1 $(TOOL)/herald.bash | host-packages
	guests/mgmt/mkinitramfs.sh $@ build/kernels/$* build/arm64/busybox/busybox \
		build/mgmt/driver-$*/herald.ko build/mgmt/herald

# A VMM of ours, for tests of the driver: static, so that it runs on the initramfs.
VMM_SRCS := $(wildcard guests/mgmt/vmm/*.c) guests/mgmt/vmm/guest.S
VMM_OBJS := $(patsubst %,build/%.o,$(VMM_SRCS))
VMM_CFLAGS := -std=gnu11 -O2 -g -Wall -Wextra -Werror -pthread -I. -isystem $(UAPI)/include \
	-isystem $(FDT)/include

build/guests/mgmt/vmm/%.o: guests/mgmt/vmm/% guests/mgmt/mgmt.mk | $(UAPI)/.deb $(FDT)/.deb
	@mkdir -p $(@D)
	@echo "  CC      $<"
	$(Q)$(CC) $(VMM_CFLAGS) -MMD -MP -c -o $@ $<

build/mgmt/vmm: $(VMM_OBJS)
	@echo "  LD      $@"
	@mkdir -p $(@D)
	$(Q)$(CC) -static -pthread -o $@ $^ $(FDT)/libfdt.a

test test-all: build/mgmt/vmm

-include $(VMM_OBJS:.o=.d)
