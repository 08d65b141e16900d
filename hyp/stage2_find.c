// SPDX-License-Identifier: GPL-2.0-only
/* Looking things up in stage-2 tables, and guest memory through them: on the way of every ITS command. */
#include "hyp/lib/errno.h"
#include "hyp/lib/fixup.h"
#include "hyp/stage2_desc.h"

/* What an entry must have for EL2 to read through it: RAM that the guest can read. */
#define DESC_EL2_READS (DESC_VALID | DESC_READ | FIELD_PREP(DESC_MEMATTR, MEMATTR_NORMAL_WB))

static u32 desc_attrs(u64 desc)
{
	u32 attrs = STAGE2_NORMAL;

	if (FIELD_GET(DESC_MEMATTR, desc) != MEMATTR_NORMAL_WB)
		attrs |= STAGE2_DEVICE;
	if (!(desc & DESC_WRITE))
		attrs |= STAGE2_READONLY;
	if (desc & DESC_HIDDEN)
		attrs |= STAGE2_HIDDEN;
	return attrs;
}

bool stage2_walk(struct stage2 *s, u64 ipa, struct stage2_leaf *leaf)
{
	struct place at;
	u64 desc;

	if (ipa >> s->ipa_bits)
		return false;
	spin_lock(&s->lock);
	at = place_find(s, ipa);
	desc = *at.entry;
	spin_unlock(&s->lock);
	if (!(desc & DESC_VALID))
		return false;
	leaf->size = at.span;
	leaf->pa = (desc & DESC_ADDR) | (ipa & (at.span - 1));
	leaf->attrs = desc_attrs(desc);
	return true;
}

bool stage2_next(struct stage2 *s, u64 *ipa, u64 end, u32 *budget, struct stage2_leaf *leaf)
{
	struct place at = { 0 };
	u64 desc = 0;

	spin_lock(&s->lock);
	for (; *ipa < end && *budget; --*budget) {
		place_next(s, *ipa, &at);
		desc = *at.entry;
		if (desc & DESC_VALID) {
			leaf->size = at.span;
			leaf->pa = (desc & DESC_ADDR) | (*ipa & (at.span - 1));
			leaf->attrs = desc_attrs(desc);
			break;
		}
		*ipa = MIN(ALIGN_DOWN(*ipa, at.span) + at.span, end);
	}
	spin_unlock(&s->lock);
	return desc & DESC_VALID;
}

/* Where EL2 finds the byte at @ipa if its entry is as @must says; else NULL. Under LOCK_STAGE2. */
static inline char *guest_byte(const struct stage2 *s, u64 ipa, u64 must)
{
	struct place at;
	u64 desc;

	if (ipa >> s->ipa_bits)
		return NULL;
	at = place_find(s, ipa);
	desc = *at.entry;
	if ((desc & (must | DESC_HIDDEN | DESC_MEMATTR)) != must)
		return NULL;
	return ram((desc & DESC_ADDR) | (ipa & (at.span - 1)));
}

/* Copies between @buf and guest memory, to the guest if @write: page by page, each under the lock. */
static int guest_copy(struct stage2 *s, u64 ipa, char *buf, size_t len, bool write)
{
	u64 must = write ? DESC_EL2_READS | DESC_WRITE : DESC_EL2_READS;

	while (len) {
		size_t n = MIN(len, SZ_4K - (ipa & (SZ_4K - 1)));
		char *guest;

		spin_lock(&s->lock);
		guest = guest_byte(s, ipa, must);
		if (!guest || fixup_copy(write ? guest : buf, write ? buf : guest, n)) {
			spin_unlock(&s->lock);
			return -EFAULT;
		}
		spin_unlock(&s->lock);
		ipa += n;
		buf += n;
		len -= n;
	}
	return 0;
}

int stage2_read(struct stage2 *s, u64 ipa, void *buf, size_t len)
{
	return guest_copy(s, ipa, buf, len, false);
}

int stage2_write(struct stage2 *s, u64 ipa, const void *buf, size_t len)
{
	/* Only read from when it is written to the guest. */
	return guest_copy(s, ipa, (char *)buf, len, true);
}
