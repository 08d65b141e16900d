# SPDX-License-Identifier: GPL-2.0-only
#
# Fuzz targets: tests/fuzz/fuzz_X.c, with clang's libFuzzer and sanitizers, linked like the unit tests
# ("// sources:" lines). See docs/testing.md.
#
#   make fuzz [T=seconds] [TARGET=X] [JOBS=n]    each target for T seconds, n at once
#   make fuzz-corpus [TARGET=X]                  what was found, made small, into the tree's corpus

FUZZCC ?= clang
FUZZ_CFLAGS := -std=gnu11 -g -O1 -DHERALD_HOST -DHERALD_DEBUG -fsanitize=address,undefined \
	-fno-sanitize-recover=all -Wall -Wextra -Wno-bitwise-instead-of-logical -I.
# Coverage is that of the code under test and of what decodes the input, not of the fakes. Comparisons
# are not traced: hardly any input byte is compared with anything, and it costs three quarters of the speed.
FUZZ_COVERED := its/% vgic/% tests/fuzz/fuzz_% tests/fuzz/vmm.c tests/fuzz/world_ops.c
FUZZ_COVERAGE := -fsanitize-coverage=inline-8bit-counters,indirect-calls,pc-table

FUZZ_SRCS := $(wildcard tests/fuzz/fuzz_*.c)
FUZZ_BINS := $(patsubst tests/fuzz/%.c,build/fuzz/%,$(FUZZ_SRCS))

build/fuzz/obj/%.o: %.c tests/fuzz/fuzz.mk | host-packages
	@mkdir -p $(@D)
	@echo "  FUZZCC  $<"
	$(Q)$(FUZZCC) $(FUZZ_CFLAGS) $(if $(filter $(FUZZ_COVERED),$<),$(FUZZ_COVERAGE)) -MMD -MP -c -o $@ $<

# fuzz_rule TARGET_SOURCE
define fuzz_rule
$(patsubst tests/fuzz/%.c,build/fuzz/%,$(1)): $$(patsubst %.c,build/fuzz/obj/%.o,$(1) $$(shell sed -n 's,^// sources:,,p' $(1)))
	@echo "  FUZZLD  $$@"
	$(Q)$(FUZZCC) -fsanitize=fuzzer,address,undefined -o $$@ $$^
endef
$(foreach src,$(FUZZ_SRCS),$(eval $(call fuzz_rule,$(src))))

-include $(shell find build/fuzz/obj -name '*.d' 2> /dev/null)

.PHONY: fuzz fuzz-bins fuzz-corpus
fuzz-bins: $(FUZZ_BINS)

fuzz: fuzz-bins
	@T=$(T) JOBS=$(JOBS) tests/fuzz/fuzz.sh run $(TARGET)

fuzz-corpus: fuzz-bins
	@tests/fuzz/fuzz.sh corpus $(TARGET)
