# SPDX-License-Identifier: GPL-2.0-only
#
# The hypervisor's image: build/herald.elf, and build/herald.img which boot loaders start.

CROSS := aarch64-linux-gnu-
CC := $(CROSS)gcc

EL2_DIRS := boot hyp hyp/lib vgic its pci drivers
EL2_SRCS := $(foreach dir,$(EL2_DIRS),$(wildcard $(dir)/*.c $(dir)/*.S))
EL2_SRCS := $(filter-out %.lds.S,$(EL2_SRCS))
EL2_OBJS := $(patsubst %,build/el2/%.o,$(EL2_SRCS))

FDT := build/arm64/libfdt
# Linux's headers for user space: KVM's request numbers and structs, and what hyp/herald_abi.h includes.
UAPI := build/arm64/uapi

# The tiny code model: the image and its .bss are less than 1 MiB, or the linker complains.
EL2_WARN := -Wall -Wextra -Werror
EL2_CFLAGS := -std=gnu11 -ffreestanding -nostdlib -g $(EL2_WARN) -mgeneral-regs-only \
	-mno-outline-atomics -fno-pic -mcmodel=tiny -fno-omit-frame-pointer \
	-fstack-protector -fno-strict-aliasing -fno-common -ffunction-sections \
	-fdata-sections -I. -isystem $(FDT)/include -isystem $(UAPI)/include
# The erratum of Cortex-A53 is worked around by ADR, which needs no room, in place of stubs.
EL2_LDFLAGS := -flto=auto -nostdlib -static -no-pie -mno-fix-cortex-a53-843419 \
	-Wl,--fix-cortex-a53-843419=adr -Wl,--gc-sections -Wl,--build-id=none \
	-Wl,-z,max-page-size=4096 -Wl,--no-warn-rwx-segments -Wl,-T,build/el2/herald.lds

# DEBUG=on: Herald checks its lock order at run time (hyp/lib/lock.h).
ifeq ($(DEBUG),on)
EL2_CFLAGS += -DHERALD_DEBUG
endif

# Built for speed: what runs at a guest's rate. The rest runs once or seldom, and is built for size.
EL2_FAST := $(addprefix its/,cmd.c event.c queue.c regs.c signal.c) $(addprefix vgic/,flush.c list.c lpi.c lr.c mmio.c sgi.c) pci/mirror.c \
	$(addprefix hyp/,exit.c irq.c mmio.c run.c smccc.c stage2_find.c sysreg_trap.c vgic_host.c vits.c lib/string.c)
# With the MMU off a misaligned access is a fault.
EL2_MMU_OFF := boot/mmu.c
# Compiled for themselves, not together with all others at the link (-flto, which saves 6 % of the
# image): the code before the MMU, and functions that the compiler itself calls.
EL2_APART := $(EL2_MMU_OFF) hyp/lib/string.c
el2_flags = $(EL2_CFLAGS) $(if $(filter $(EL2_FAST),$(1)),-O2 $(EL2_DENSE),-Os) \
	$(if $(filter $(EL2_MMU_OFF),$(1)),-mstrict-align) $(if $(filter $(EL2_APART),$(1)),,-flto)
EL2_DENSE := -fno-align-functions -fno-align-jumps -fno-align-loops

# Text, read-only data and data, without the symbol table of backtraces. The design said 128 KiB before
# the whole of KVM's ABI was there (docs/limits.md).
SIZE_BUDGET := 163840
SIZE_REPORT = boot/size.sh build/herald.elf $(SIZE_BUDGET)

$(FDT)/.deb: | host-packages
	@boot/fetch.sh libfdt

$(UAPI)/.deb: | host-packages
	@boot/fetch.sh uapi

build/el2/%.c.o: %.c boot/build.mk | $(FDT)/.deb $(UAPI)/.deb
	@mkdir -p $(@D)
	@echo "  CC      $<"
	$(Q)$(CC) $(call el2_flags,$<) -MMD -MP -c -o $@ $<

build/el2/%.S.o: %.S boot/build.mk | $(FDT)/.deb
	@mkdir -p $(@D)
	@echo "  AS      $<"
	$(Q)$(CC) $(EL2_CFLAGS) -D__ASSEMBLY__ -MMD -MP -c -o $@ $<

build/el2/herald.lds: boot/herald.lds.S boot/build.mk | $(FDT)/.deb
	@mkdir -p $(@D)
	$(Q)$(CC) -E -P -x assembler-with-cpp -D__ASSEMBLY__ -DLINKER_SCRIPT -I. -MMD -MP -MT $@ \
		-MF build/el2/herald.lds.d -o $@ $<

# Linked twice: the first image has an empty symbol table and yields the names and addresses of the
# second one's. The table lies behind all code, so that the addresses it lists do not move.
LINK = $(CC) $(filter-out -I%,$(EL2_CFLAGS)) $(EL2_LDFLAGS) -o $@ $(EL2_OBJS)

build/el2/syms0.S: boot/mksyms.sh
	@mkdir -p $(@D)
	$(Q)boot/mksyms.sh > $@

build/el2/herald0.elf: $(EL2_OBJS) build/el2/syms0.o build/el2/herald.lds
	@echo "  LD      $@"
	$(Q)$(LINK) build/el2/syms0.o $(FDT)/libfdt.a

build/el2/syms.S: build/el2/herald0.elf
	$(Q)boot/mksyms.sh $< > $@

build/el2/%.o: build/el2/%.S
	$(Q)$(CC) $(EL2_CFLAGS) -c -o $@ $<

build/herald.elf: build/el2/herald0.elf build/el2/syms.o
	@echo "  LD      $@"
	$(Q)$(LINK) build/el2/syms.o $(FDT)/libfdt.a

build/herald.img: build/herald.elf
	$(Q)$(CROSS)objcopy -O binary $< $@
	@$(SIZE_REPORT) || true

# The rule above only says it: "all" and "test" fail for an image over its budget; it can still be run.
.PHONY: size-budget
size-budget: build/herald.elf
	@$(SIZE_REPORT) > /dev/null

-include $(EL2_OBJS:.o=.d) build/el2/herald.lds.d
