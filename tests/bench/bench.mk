# SPDX-License-Identifier: GPL-2.0-only
#
# make bench-its: what the virtual ITS costs, in executed arm64 instructions and in nanoseconds of
# this machine: a table, the bounds checked, plots in docs/img/. The bare-metal program is made
# of the sources that Herald is made of; QEMU counts.

BENCH_ARM_SRCS := $(wildcard tests/bench/arm*.c) \
	$(addprefix tests/bench/,world.c keys.c kinds.c start.S)
BENCH_ARM_OBJS := $(patsubst %,build/bench/%.o,$(BENCH_ARM_SRCS))
# Herald's own sources, at the optimisation that Herald has them at; not optimised together at the link,
# and not in the tiny code model, which this program's memory does not fit. What of them it needs comes out
# of an archive.
BENCH_EL2_SRCS := $(wildcard its/*.c vgic/*.c hyp/lib/*.c hyp/lib/*.S) hyp/stage2.c hyp/stage2_find.c hyp/pool.c
BENCH_EL2_OBJS := $(patsubst %,build/bench/el2/%.o,$(BENCH_EL2_SRCS))
bench_flags = $(filter-out -flto -mcmodel=tiny,$(1))
BENCH_HOST_SRCS := $(addprefix tests/bench/,host.c world.c keys.c kinds.c) \
	$(wildcard its/*.c vgic/*.c)

build/bench/el2/%.c.o: %.c tests/bench/bench.mk boot/build.mk | $(FDT)/.deb
	@mkdir -p $(@D)
	@echo "  CC      $<"
	$(Q)$(CC) $(call bench_flags,$(call el2_flags,$<)) -MMD -MP -c -o $@ $<

build/bench/el2/%.S.o: %.S tests/bench/bench.mk | $(FDT)/.deb
	@mkdir -p $(@D)
	@echo "  AS      $<"
	$(Q)$(CC) $(EL2_CFLAGS) -D__ASSEMBLY__ -MMD -MP -c -o $@ $<

build/bench/%.c.o: %.c tests/bench/bench.mk | $(FDT)/.deb
	@mkdir -p $(@D)
	@echo "  CC      $<"
	$(Q)$(CC) $(call bench_flags,$(EL2_CFLAGS)) -O2 -MMD -MP -c -o $@ $<

build/bench/%.S.o: %.S tests/bench/bench.mk | $(FDT)/.deb
	@mkdir -p $(@D)
	@echo "  AS      $<"
	$(Q)$(CC) $(EL2_CFLAGS) -D__ASSEMBLY__ -MMD -MP -c -o $@ $<

build/bench/el2.a: $(BENCH_EL2_OBJS)
	@mkdir -p $(@D)
	@rm -f $@
	$(Q)$(CROSS)ar rcs $@ $^

build/bench/its-arm64.elf: $(BENCH_ARM_OBJS) build/bench/el2.a tests/bench/bench.lds
	@echo "  LD      $@"
	$(Q)$(CC) -nostdlib -static -no-pie -Wl,--gc-sections -Wl,--build-id=none \
		-Wl,-z,max-page-size=4096 -Wl,--no-warn-rwx-segments -Wl,-T,tests/bench/bench.lds \
		-o $@ $(BENCH_ARM_OBJS) build/bench/el2.a

build/bench/its-host: $(BENCH_HOST_SRCS) $(wildcard its/*.h vgic/*.h hyp/lib/*.h tests/bench/*.h) \
		tests/bench/bench.mk | host-packages
	@mkdir -p $(@D)
	@echo "  HOSTCC  $@"
	$(Q)$(HOSTCC) -std=gnu11 -O2 -DHERALD_HOST -Wall -Wextra -Werror -I. -pthread -o $@ \
		$(BENCH_HOST_SRCS)

.PHONY: bench-its
bench-its: build/bench/its-arm64.elf build/bench/its-host
	@tests/bench/report.py --plot docs/img

-include $(BENCH_ARM_OBJS:.o=.d) $(BENCH_EL2_OBJS:.o=.d)

# make bench: operations of a virtual machine, on Herald and on Linux's KVM in the same emulated machine.
BENCH_VM_NEEDS := build/herald.img build/mgmt/initrd-6.12.cpio build/mgmt/vmm build/bare/payload.img

.PHONY: bench
bench: $(BENCH_VM_NEEDS)
	@tests/bench/vm.py --plot docs/img

# Where Herald's instructions go in them: OPERATION=ipi, ... by function; without it, all by source file.
.PHONY: bench-profile
bench-profile: build/herald.img build/bare/payload.img
	@tests/bench/profile.py $(OPERATION)
