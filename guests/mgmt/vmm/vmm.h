/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A virtual machine monitor for tests. It runs in the management VM and prints TAP: no devices, no firmware, a guest of a
 * few instructions (guest.S). Or it boots a kernel (boot.c).
 */
#ifndef HERALD_VMM_H
#define HERALD_VMM_H

/* The guest's address space, for guest.S too. */
#define CODE_IPA 0x40000000
#define CODE_SIZE 0x10000
#define RAM_IPA 0x80000000
#define GICD_IPA 0x08000000
#define ITS_IPA 0x08080000
#define ITS_TRANSLATER 0x10040 /* in its frames: where MSIs are written */
#define GICR_IPA 0x080a0000
#define MMIO_IPA 0x0a000000
#define MMIO_EXIT 0x100 /* a store here ends a program of the guest; its value is the result */

#define VTIMER_INTID 27
#define TEST_SPI 40
#define LEVEL_ENDED 0x1000 /* guest_level */

/* guest_lpis: words that it shares with the VMM. */
#define LPIS_SENT 0
#define LPIS_SEEN 8
#define LPIS_END 16
#define LPIS_COUNT 64 /* of LPI 8192 and so on */

#ifndef __ASSEMBLER__

#include <linux/kvm.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;

#define MIB 0x100000ull
#define HUGE (2 * MIB)

struct vcpu {
	int fd;
	struct kvm_run *run;
};

struct vm {
	int fd;
	int gic;
	int its[2], nr_its; /* its_new() */
	void *code;
	int nr_vcpus;
	struct vcpu vcpu[4];
};

/* guest.S: programs. Each gets up to three arguments, ends with a store to MMIO_EXIT, and then begins again. */
extern char guest_start[], guest_end[];
extern char guest_mmio[], guest_touch[], guest_read[], guest_timer[], guest_irq[], guest_spin[],
	guest_off[], guest_jump[], guest_vectors[], guest_poll[], guest_store[], guest_pair[],
	guest_count[], guest_level[], guest_levels[], guest_stores[], guest_lpis[], guest_drain[];

/* vmm.c: what fails here ends the program with a line that says so. */
int kvm_open(void);
void vm_new(struct vm *vm, int nr_vcpus);
void vm_free(struct vm *vm);
int its_new(struct vm *vm, u64 base); /* 0 or -errno */
int vm_slot(struct vm *vm, u32 slot, u32 flags, u64 ipa, u64 size, const void *mem);
/* An attribute of a device, a VM or a vCPU: 0 or -errno. */
int attr(int fd, unsigned long request, u32 group, u64 number, void *val);
bool line_is_up(struct vm *vm); /* TEST_SPI's */
void *memory(size_t size);
u8 *aligned_memory(size_t size); /* at a multiple of HUGE */
void reg_set(struct vcpu *v, u64 id, u64 val);
u64 reg_get(struct vcpu *v, u64 id);
void guest_start_at(struct vcpu *v, const char *program, u64 a, u64 b, u64 c);
int run(struct vcpu *v); /* KVM_RUN: 0 or -errno */
bool run_to_exit(struct vcpu *v, u64 *result); /* false: something else than MMIO_EXIT came */
int xioctl(int fd, unsigned long request, unsigned long arg); /* 0 or more, or -errno */
bool store(struct vcpu *v, u64 addr, u64 value,
	   u64 len); /* false: it was an exit, and is not finished */
/* The guest writes each page's first word; it reads them. */
bool touch(struct vcpu *v, u64 ipa, u64 size, u64 value);
bool sum_is(struct vcpu *v, u64 ipa, u64 size, u64 sum);
u64 now_ns(void);

#define CORE_REG(field)                                                                            \
	(KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_CORE |                                     \
	 offsetof(struct kvm_regs, field) / sizeof(u32))

bool point(bool good, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
#define equal(got, want, ...)                                                                      \
	do {                                                                                       \
		long long point_got = (long long)(got), point_want = (long long)(want);            \
		if (!point(point_got == point_want, __VA_ARGS__))                                  \
			printf("# got %#llx, want %#llx\n", point_got, point_want);                \
	} while (0)
int points_done(void);
_Noreturn void fail(const char *what);

/* its.c: commands of an ITS, which the VMM writes for its guest. Each goes behind the last; a queue does not wrap. */
struct its_queue {
	u8 *mem;
	u64 written; /* bytes: GITS_CWRITER */
};
#define ITS_VALID (1ull << 63) /* of a table's register as well */
void its_mapd(struct its_queue *q, u32 devid, u32 event_bits, u64 itt);
void its_mapc(struct its_queue *q); /* collection 0 is the first vCPU's */
void its_mapti(struct its_queue *q, u32 devid, u32 event, u32 lpi); /* in collection 0 */
void its_invall(struct its_queue *q); /* of collection 0 */

/* test_irqfd.c: KVM_IRQFD, and an eventfd that is signalled, or was. */
int irqfd_set(struct vm *vm, const struct kvm_irqfd *args);
void ring(int fd);
bool is_rung(int fd);
int routes_set(struct vm *vm, u32 nr, u32 flags, const struct kvm_irq_routing_entry *entries);

/* test_dirty.c: KVM_GET_DIRTY_LOG. */
int log_get(struct vm *vm, u32 slot, u64 *bits);

/* test_signal.c: SIGALRM and SIGUSR1 interrupt, and do nothing else. */
void signal_setup(void);

/* The tests. */
void test_errno(void);
void test_run(void);
void test_regs(void);
void test_memory(void);
void test_wait(void);
void test_signal(void);
void test_caps(void);
void test_region(void);
void test_ioeventfd(void);
void test_irqfd(void);
void test_resample(void);
void test_msi(void);
void test_dirty(void);
void test_move(void);
void test_stats(void);
void test_bad(void);
void test_race(void);
void test_lend(void);
void test_kill(int rounds);
void print_counters(void);

/* boot.c: boots an arm64 Image until the VM powers itself off; the exit status. */
int boot(const char *image, int nr_vcpus, const char *bootargs);
/* fdt.c: the tree of the machine that boot.c makes, in @room bytes at @fdt. */
struct machine {
	int nr_vcpus;
	bool its;
	u64 ram_size; /* from RAM_IPA on */
	u64 uart, bell;
	u32 bell_devid;
	const char *bootargs;
};
void fdt_make(const struct machine *m, void *fdt, size_t room);

#endif
#endif
