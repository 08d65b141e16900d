# SPDX-License-Identifier: GPL-2.0-only
#
# Herald's one entry point; `make` prints help. What is built lies under build/, what is downloaded
# in the user's cache directory. Parts: boot/build.mk (the hypervisor's image), guests/mgmt/mgmt.mk
# (kernel and initramfs of the management VM), tests/tests.mk (test and lint), docs/docs.mk.

MAKEFLAGS += --no-builtin-rules
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SECONDARY:
# V=1 shows the commands.
Q := $(if $(V),,@)
.PHONY: help all run test test-all lint deps clean

# Variables of `make run`; from the environment or the command line.
BOOT ?= uboot
CPU ?= max
SMP ?= 4
MEM ?= 2G
GIC ?= 3
SMMU ?= on
KERNEL ?= 6.12
MGMT_OVERLAY ?=
MGMT_ARGS ?=
HERALD_ARGS ?=
QEMU_ARGS ?=
TIMEOUT ?=
HERALD ?= on
GUESTS ?= on
DISKS ?= build/disks
export BOOT CPU SMP MEM GIC SMMU KERNEL MGMT_OVERLAY MGMT_ARGS HERALD_ARGS QEMU_ARGS TIMEOUT HERALD GUESTS DISKS

# What the build is for decides which packages must be there.
DEPS_GOAL := $(if $(filter lint,$(MAKECMDGOALS)),lint,$(if $(filter bench bench-its bench-profile,$(MAKECMDGOALS)),bench,$(if \
	$(filter test test-all unit race fuzz fuzz-corpus coverage,$(MAKECMDGOALS)),test,run)))

help:
	@printf '%s\n' \
	'Herald, a minimal arm64 hypervisor with full GICv3 ITS emulation.' '' \
	'  make run       build all, boot it in QEMU; Ctrl-A x ends QEMU' \
	'  make test      unit and system tests; ends with "N passed, N failed"' \
	'  make test-all  the same with the whole matrix of kernels, CPUs and boot paths' \
	'  make fuzz      the fuzz targets, T=60 seconds each; TARGET=its, one of them; JOBS=2 at once' \
	'  make race      threads under ThreadSanitizer, ROUNDS=400' \
	'  make coverage  lines and branches of its/ that the tests reach' \
	'  make bench     what a VM'"'"'s operations cost, beside KVM: table, plot in docs/img' \
	'  make bench-its what the virtual ITS costs: table, bounds, plots in docs/img' \
	'  make bench-profile  where Herald'"'"'s instructions go: by file; OPERATION=ipi, by function' \
	'  make lint      compilers'"'"' and checkers'"'"' warnings, layout, module dependencies' \
	'  make docs      make the tables of docs/abi.md anew from hyp/abi_requests.h' \
	'  make deps      install and fetch what run, test and lint need (they do it themselves)' \
	'  make all       build only: build/herald.img, the initramfs' \
	'  make clean     remove build/' '' \
	'Variables of make run, with their values now:' \
	'  BOOT=$(BOOT)        uboot (boot script on a disk), direct, or fwcfg (U-Boot and fw_cfg)' \
	'  CPU=$(CPU)           -cpu of QEMU: max, cortex-a57, neoverse-n1, ...' \
	'  SMP=$(SMP) MEM=$(MEM)      CPUs and memory' \
	'  GIC=$(GIC)             3 or 4' \
	'  SMMU=$(SMMU)           on or off' \
	'  KERNEL=$(KERNEL)       6.1, 6.12 (Debian'"'"'s) or the path of an arm64 Image' \
	'  MGMT_OVERLAY=$(MGMT_OVERLAY)     directory; its files are added to the initramfs. An executable' \
	'                 etc/herald/autorun in it runs instead of the shell; then power off' \
	'  MGMT_ARGS=$(MGMT_ARGS)        kernel command line of the management VM' \
	'  HERALD_ARGS=$(HERALD_ARGS)      options of Herald itself' \
	'  QEMU_ARGS=$(QEMU_ARGS)        more arguments for QEMU, e.g. devices' \
	'  TIMEOUT=$(TIMEOUT)          end QEMU after this many seconds' \
	'  DISKS=$(DISKS)   directory of the drives'"'"' files; one for each machine that runs at once' \
	'  GUESTS=$(GUESTS)         a drive with Debian'"'"'s QEMU for the management VM, and /guest to start; or off' \
	'  HERALD=$(HERALD)         off: the same Linux without Herald, to compare with' '' \
	'V=1 shows each command. DEPS=off skips the package check; make deps UPDATE=1 looks for newer arm64 packages.' '' \
	'Examples:' \
	'  make run SMP=8 MEM=4G KERNEL=6.1 BOOT=direct' \
	'  make run QEMU_ARGS="-device e1000e,netdev=n2 -netdev user,id=n2"' \
	'  make run MGMT_OVERLAY=my-overlay MGMT_ARGS="loglevel=4" TIMEOUT=120'

# Packages of this machine: a quick look at dpkg's list each time, silent if nothing is missing.
.PHONY: host-packages
host-packages:
	@boot/deps.sh $(DEPS_GOAL)

include boot/build.mk guests/bare/bare.mk guests/mgmt/mgmt.mk guests/linux/linux.mk tests/tests.mk docs/docs.mk

all: build/herald.img size-budget build/mgmt/initrd-6.12.cpio

# A KERNEL that is a path still gets the initramfs of 6.12.
RUN_KERNEL := $(if $(filter 6.1 6.12,$(KERNEL)),$(KERNEL),6.12)

run: $(if $(filter off,$(HERALD)),,build/herald.img) build/mgmt/initrd-$(RUN_KERNEL).cpio \
		$(if $(filter off,$(GUESTS)),,build/linux/guests.img)
	@boot/run.sh

deps:
	@boot/deps.sh lint
	@boot/fetch.sh libfdt
	@boot/fetch.sh uapi
	@boot/fetch.sh busybox
	@boot/fetch.sh qemu
	@boot/fetch.sh kernel 6.12
	@boot/fetch.sh kernel 6.1
	@boot/fetch.sh headers 6.12
	@boot/fetch.sh headers 6.1

clean:
	rm -rf build
