# SPDX-License-Identifier: GPL-2.0-only
#
# What is generated in docs/: the tables of requests.

build/docs/abi: docs/abi.c hyp/abi_requests.h hyp/herald_abi.h | host-packages $(UAPI)/.deb
	@mkdir -p $(@D)
	@echo "  HOSTCC  $<"
	$(Q)$(HOSTCC) -std=gnu11 -Wall -Wextra -Werror -I. -isystem $(UAPI)/include -o $@ $<

build/docs/tables: build/docs/abi
	$(Q)$< > $@

.PHONY: docs
docs: build/docs/tables
	docs/generate.sh $< docs/abi.md > build/docs/abi.md
	cp build/docs/abi.md docs/abi.md

unit test test-all: build/docs/tables
