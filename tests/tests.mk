# SPDX-License-Identifier: GPL-2.0-only
#
# Test and lint. A unit test tests/unit/test_X.c names what it links in comment lines of its own:
#   // sources: its/cmd.c its/regs.c      (paths from the top; may stand several times)
#   // libs: fdt                          (host libraries)
# Objects are built once and shared. System tests: tests/system/*.t, see tests/system/herald.py.
# Other kinds have a directory and a makefile each: race, fuzz, bench.

HOSTCC ?= gcc
HOST_CFLAGS := -std=gnu11 -g -O1 -DHERALD_HOST -fsanitize=address,undefined \
	-fno-sanitize-recover=all -Wall -Wextra -Werror -I. -pthread

UNIT_SRCS := $(wildcard tests/unit/test_*.c)
UNIT_BINS := $(patsubst tests/unit/%.c,build/tests/unit/%,$(UNIT_SRCS))

build/tests/obj/%.o: %.c tests/tests.mk | host-packages
	@mkdir -p $(@D)
	@echo "  HOSTCC  $<"
	$(Q)$(HOSTCC) $(HOST_CFLAGS) -MMD -MP -c -o $@ $<

# unit_rule TEST_SOURCE
define unit_rule
$(1)_sources := $(1) $$(shell sed -n 's,^// sources:,,p' $(1))
$(1)_libs := $$(addprefix -l,$$(shell sed -n 's,^// libs:,,p' $(1)))
$(patsubst tests/unit/%.c,build/tests/unit/%,$(1)): \
		$$(patsubst %.c,build/tests/obj/%.o,$$($(1)_sources))
	@mkdir -p $$(@D)
	@echo "  HOSTLD  $$@"
	$(Q)$(HOSTCC) $(HOST_CFLAGS) -o $$@ $$^ $$($(1)_libs)
endef
$(foreach src,$(UNIT_SRCS),$(eval $(call unit_rule,$(src))))

# What knows KVM's structs is compiled with Linux's headers of arm64, on this machine too.
build/tests/obj/hyp/guest_its.o build/tests/obj/tests/unit/test_guest_its.o: \
	HOST_CFLAGS += -isystem $(UAPI)/include
build/tests/obj/hyp/guest_its.o build/tests/obj/tests/unit/test_guest_its.o: | $(UAPI)/.deb

-include $(shell find build/tests/obj -name '*.d' 2> /dev/null)

.PHONY: unit
unit: $(UNIT_BINS)
	@tests/run.sh unit

include tests/race/race.mk tests/fuzz/fuzz.mk tests/bench/bench.mk

.PHONY: coverage
coverage: host-packages
	@tests/coverage.sh

TEST_NEEDS := $(UNIT_BINS) $(RACE_TEST_BINS) $(FUZZ_BINS) build/bench/its-arm64.elf build/herald.img size-budget build/mgmt/initrd-6.12.cpio build/mgmt/initrd-6.1.cpio

test: $(TEST_NEEDS)
	@tests/run.sh

test-all: $(TEST_NEEDS)
	@MATRIX=all tests/run.sh

# Analyse each source of EL2 with the cross compiler; again only when it or its headers changed.
LINT_OBJS := $(patsubst build/el2/%,build/lint/%,$(filter %.c.o,$(EL2_OBJS)))

build/lint/%.c.o: %.c boot/build.mk tests/tests.mk | $(FDT)/.deb $(UAPI)/.deb
	@mkdir -p $(@D)
	@echo "  ANALYSE $<"
	$(Q)$(CC) $(EL2_CFLAGS) -fanalyzer -MMD -MP -c -o $@ $<

lint: $(LINT_OBJS)
	@EL2_SRCS="$(filter %.c,$(EL2_SRCS))" FDT_INCLUDE=$(FDT)/include UAPI_INCLUDE=$(UAPI)/include tests/lint.sh

-include $(LINT_OBJS:.o=.d)
