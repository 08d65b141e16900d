# SPDX-License-Identifier: GPL-2.0-only
#
# make bench-its: what the virtual ITS costs, in executed arm64 instructions and in nanoseconds of
# this machine: a table, the bounds checked, plots in docs/img/. The bare-metal program is linked
# from the objects that Herald is linked from; QEMU counts.

BENCH_ARM_SRCS := $(wildcard tests/bench/arm*.c) \
	$(addprefix tests/bench/,world.c keys.c kinds.c start.S)
BENCH_ARM_OBJS := $(patsubst %,build/bench/%.o,$(BENCH_ARM_SRCS))
# What of EL2 it needs comes out of an archive: the rest of Herald stays out.
BENCH_EL2_OBJS := $(filter build/el2/its/% build/el2/vgic/% build/el2/hyp/stage2.c.o \
	build/el2/hyp/pool.c.o build/el2/hyp/lib/%,$(EL2_OBJS))
BENCH_HOST_SRCS := $(addprefix tests/bench/,host.c world.c keys.c kinds.c) \
	$(wildcard its/*.c vgic/*.c)

build/bench/%.c.o: %.c tests/bench/bench.mk | $(FDT)/.deb
	@mkdir -p $(@D)
	@echo "  CC      $<"
	$(Q)$(CC) $(EL2_CFLAGS) -O2 -MMD -MP -c -o $@ $<

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

-include $(BENCH_ARM_OBJS:.o=.d)
