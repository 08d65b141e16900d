/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Stage-2 translation: what a VM's physical addresses (IPA) are (DDI 0487 D8.2, VMSAv8-64, 4 KiB
 * granule).
 *
 * Blocks of 1 GiB and 2 MiB wherever alignment allows, else pages. A block is split with
 * break-before-make, never put together again. A table that gets empty is freed, so that what is
 * mapped and unmapped leaves nothing behind.
 *
 * LOCK_STAGE2 covers everything, readers included: a table page or a page of guest memory is not
 * given to others while someone reads it, and a walk costs but one uncontended lock more. While a
 * block is being split its addresses fault for a moment: who handles a translation fault must look
 * with stage2_walk() (which waits for the splitter) whether the address is mapped, and then let the
 * guest retry.
 */
#ifndef HERALD_HYP_STAGE2_H
#define HERALD_HYP_STAGE2_H

#include <stddef.h>
#include "hyp/lib/bits.h"
#include "hyp/lib/lock.h"
#include "hyp/pool.h"

#define STAGE2_MIN_IPA_BITS 32
#define STAGE2_MAX_IPA_BITS 48

/* Attributes of a mapping: one of the first two, and any of the others. */
#define STAGE2_NORMAL 0u /* write-back, inner shareable; the guest may execute it */
#define STAGE2_DEVICE BIT(0) /* Device-nGnRE, never executed */
#define STAGE2_READONLY BIT(1)
/* EL2 has no mapping of it, as of reserved RAM: stage2_read() and stage2_write() answer -EFAULT. */
#define STAGE2_HIDDEN BIT(2)

struct stage2 {
	struct spinlock lock; /* LOCK_STAGE2 */
	u32 vmid;
	u32 ipa_bits;
	u32 start_level;
	u32 nr_tables; /* pages of tables below the root */
	u64 *root; /* one table, or up to 16 side by side */
	u64 root_pa;
	u64 vtcr;
	u64 pa_end; /* output addresses are below */
	u64 destroyed; /* how far stage2_destroy() has come */
	struct pool_account *account;
};

/*
 * The shape of a translation regime: a pure function of what the CPUs can do and how many IPA bits
 * are wanted.
 */
struct stage2_shape {
	u32 start_level;
	u32 root_pages; /* the root is aligned to its size */
	u64 vtcr; /* VTCR_EL2 */
};

/* What ID registers say of the CPUs, as far as stage 2 depends on it. */
struct stage2_cpu {
	u32 parange; /* ID_AA64MMFR0_EL1.PARange */
	bool vmid16; /* ID_AA64MMFR1_EL1.VMIDBits says 16 bits */
};

/* Where a byte of IPA space leads. */
struct stage2_leaf {
	u64 pa; /* of that byte */
	u64 size; /* of the block or page */
	u32 attrs; /* STAGE2_* */
};

/*
 * Physical address bits for ID_AA64MMFR0_EL1.PARange; 48 at most, since more needs another format.
 */
u32 stage2_pa_bits(u32 parange);

/*
 * The lowest start that tables need not be longer for than 16 side by side. -EINVAL: @ipa_bits not
 * in 32 .. PA bits.
 */
int stage2_shape(const struct stage2_cpu *cpu, u32 ipa_bits, struct stage2_shape *shape);

/* IPA bits of a VM whose IPA is PA: all that the CPUs have. */
u32 stage2_host_ipa_bits(void);

/*
 * An empty regime, its root from @account as all tables later. -EINVAL: bad @ipa_bits or @vmid;
 * -ENOMEM.
 */
int stage2_init(struct stage2 *s, u32 vmid, u32 ipa_bits, struct pool_account *account);

/*
 * Gives all tables back, in steps: at most @budget (of about 100 instructions each), then false:
 * call again. After true @s is as before stage2_init(). No vCPU is loaded with it, no other call is
 * made any more. Takes LOCK_STAGE2.
 */
bool stage2_destroy(struct stage2 *s, u32 budget);

/* VTTBR_EL2. */
u64 stage2_vttbr(const struct stage2 *s);

/*
 * Maps [@ipa, @ipa + @size) to @pa; all multiples of 4 KiB. 0, also if that is exactly what is
 * there; -EEXIST: some of it is mapped (partly or otherwise); -EINVAL: alignment or a size of 0;
 * -ERANGE: out of the IPA or PA space; -ENOMEM. On an error nothing has changed. Work grows with
 * the leaves: callers bound @size. Takes LOCK_STAGE2, LOCK_POOL.
 */
int stage2_map(struct stage2 *s, u64 ipa, u64 pa, u64 size, u32 attrs);

/*
 * Takes [@ipa, @ipa + @size) out, holes are fine; when it returns no CPU uses it any more. -EINVAL,
 * -ERANGE as above; -ENOMEM: a block at an end could not be split, the mapping is the same as
 * before. Takes LOCK_STAGE2, LOCK_POOL.
 */
int stage2_unmap(struct stage2 *s, u64 ipa, u64 size);

/*
 * Of the @count pages from @ipa on, makes those with their bit in @pages that are mapped writable or read-only. -EINVAL,
 * -ERANGE as above; -ENOMEM: a block could not be split, the pages before it are changed. Work grows with @count:
 * callers bound it. Takes LOCK_STAGE2, LOCK_POOL.
 */
int stage2_protect(struct stage2 *s, u64 ipa, const u64 *pages, u32 count, bool writable);

/* False if @ipa is not mapped. Takes LOCK_STAGE2. */
bool stage2_walk(struct stage2 *s, u64 ipa, struct stage2_leaf *leaf);

/*
 * Moves *@ipa up to the first address below @end that is mapped, if it is not itself, and says
 * what is there. False: nothing is, or not within *@budget entries, which are counted off; then
 * *@ipa is how far it looked. @end at most 2^ipa_bits. Takes LOCK_STAGE2.
 */
bool stage2_next(struct stage2 *s, u64 *ipa, u64 end, u32 *budget, struct stage2_leaf *leaf);

/*
 * Guest memory, at any alignment, across pages; callers bound @len (a step is 20,000 instructions:
 * some 64 KiB). -EFAULT: a byte of it is not RAM that the VM has, or not writable; pages before
 * that one may have been copied. Takes LOCK_STAGE2, for one page at a time.
 */
int stage2_read(struct stage2 *s, u64 ipa, void *buf, size_t len);
int stage2_write(struct stage2 *s, u64 ipa, const void *buf, size_t len);

/*
 * The CPU's part, hyp/stage2_cpu.c (the host tests bring their own). When the first two return, no
 * CPU uses what the tables said before, in TLBs or walk caches, of the leaf at @ipa or of anything
 * of this VMID; earlier stores to tables are visible to every walker. stage2_published(): new
 * entries are.
 */
void stage2_tlb_ipa(const struct stage2 *s, u64 ipa);
void stage2_tlb_all(const struct stage2 *s);
void stage2_published(void);
struct stage2_cpu stage2_cpu(void);

#ifdef HERALD_HOST
/* The test's RAM, and its eye on the tables: called before @val is stored. */
void *stage2_host_ram(u64 pa);
void stage2_host_store(u64 *desc, u64 val);
#endif

#endif
