# SPDX-License-Identifier: GPL-2.0-only
#
# Our own bare-metal guest: build/bare/payload.img, an arm64 Image; mkchain.sh puts Linux behind it.

BARE_SRCS := $(wildcard guests/bare/*.c guests/bare/*.S) hyp/lib/string.c hyp/lib/printf.c
BARE_OBJS := $(patsubst %,build/bare/%.o,$(BARE_SRCS))
BARE_CFLAGS := -std=gnu11 -ffreestanding -nostdlib -O2 -g -Wall -Wextra -Werror \
	-mgeneral-regs-only -mno-outline-atomics -mstrict-align -fpie -fvisibility=hidden \
	-fno-stack-protector -fno-strict-aliasing -fno-common -I. -isystem $(FDT)/include \
	-isystem $(UAPI)/include

build/bare/%.c.o: %.c guests/bare/bare.mk | $(FDT)/.deb $(UAPI)/.deb
	@mkdir -p $(@D)
	@echo "  CC      $<"
	$(Q)$(CC) $(BARE_CFLAGS) -MMD -MP -c -o $@ $<

build/bare/%.S.o: %.S guests/bare/bare.mk | $(FDT)/.deb $(UAPI)/.deb
	@mkdir -p $(@D)
	@echo "  AS      $<"
	$(Q)$(CC) $(BARE_CFLAGS) -D__ASSEMBLY__ -MMD -MP -c -o $@ $<

build/bare/payload.elf: $(BARE_OBJS) guests/bare/bare.lds
	@echo "  LD      $@"
	$(Q)$(CC) -nostdlib -static-pie -Wl,--no-dynamic-linker -Wl,-z,text -Wl,--build-id=none \
		-Wl,-z,max-page-size=4096 -Wl,--no-warn-rwx-segments -Wl,-T,guests/bare/bare.lds \
		-o $@ $(BARE_OBJS) $(FDT)/libfdt.a

build/bare/payload.img: build/bare/payload.elf
	$(Q)$(CROSS)objcopy -O binary $< $@

test test-all: build/bare/payload.img

-include $(BARE_OBJS:.o=.d)
