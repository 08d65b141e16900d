# SPDX-License-Identifier: GPL-2.0-only
#
# Tests under ThreadSanitizer. build/race/race_X is tests/race/race_X.c, or the unit test
# tests/unit/test_X.c of RACE_UNIT, built with -fsanitize=thread; both name what they link in
# "// sources:" lines. Those that take long are build/race/long_X: `make race` runs them, `make
# test` does not.
#
# gcc and clang treat a fence alike: it is carried out, and means nothing to ThreadSanitizer. gcc says
# so, -Wtsan; what that means for its/signal.c stands on top of race_its.c. HERALD_DEBUG: the order of
# locks is checked as well.

ROUNDS ?= 400
RACE_CFLAGS := -std=gnu11 -g -O1 -DHERALD_HOST -DHERALD_DEBUG -fsanitize=thread -Wno-tsan \
	-Wall -Wextra -Werror -I. -pthread
RACE_UNIT := vgic_race
RACE_LONG := its_signal

build/race/obj/%.o: %.c tests/race/race.mk | host-packages
	@mkdir -p $(@D)
	@echo "  RACECC  $<"
	$(Q)$(HOSTCC) $(RACE_CFLAGS) -MMD -MP -c -o $@ $<

# race_rule PROGRAM TEST_SOURCE
define race_rule
RACE_BINS += build/race/$(1)
build/race/$(1): $$(patsubst %.c,build/race/obj/%.o,$(2) \
		$$(shell sed -n 's,^// sources:,,p' $(2)))
	@mkdir -p $$(@D)
	@echo "  RACELD  $$@"
	$(Q)$(HOSTCC) $(RACE_CFLAGS) -o $$@ $$^
endef
$(foreach src,$(wildcard tests/race/race_*.c),$(eval $(call race_rule,$(basename $(notdir $(src))),$(src))))
$(foreach t,$(RACE_UNIT),$(eval $(call race_rule,race_$(t),tests/unit/test_$(t).c)))
RACE_TEST_BINS := $(RACE_BINS)
$(foreach t,$(RACE_LONG),$(eval $(call race_rule,long_$(t),tests/unit/test_$(t).c)))

-include $(shell find build/race/obj -name '*.d' 2> /dev/null)

# The whole of it, with their output.
.PHONY: race
race: $(RACE_BINS)
	@for bin in $^; do echo "$$bin $(ROUNDS)"; $$bin $(ROUNDS) || exit 1; done
