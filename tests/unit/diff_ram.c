/* SPDX-License-Identifier: GPL-2.0-only */
/* The differential driver's guest memory: what was written can be undone and compared, by pages. */
#include <stdio.h>
#include <string.h>

#include "tests/unit/diff.h"

static struct ram_journal *journal; /* the one that is being written */
static bool touched[RAM_PAGES]; /* since the epoch began */

static void journal_page(struct ram_journal *j, u64 page)
{
	if (j->has[page])
		return;
	j->has[page] = true;
	j->page[j->nr++] = (u16)page;
	memcpy(j->copy[page], &diff.ram.bytes[page * 4096], 4096);
}

static void on_write(struct fake *f, u64 ipa, size_t len)
{
	(void)f;
	if (!range_contains(FAKE_RAM, FAKE_RAM_SIZE, ipa, len) || !len)
		return;
	for (u64 page = (ipa - FAKE_RAM) / 4096; page <= (ipa + len - 1 - FAKE_RAM) / 4096;
	     page++) {
		touched[page] = true;
		if (journal)
			journal_page(journal, page);
	}
}

void ram_begin(struct ram_journal *j)
{
	for (u32 i = 0; i < j->nr; i++)
		j->has[j->page[i]] = false;
	j->nr = 0;
	journal = j;
	diff.world_its.write_hook = diff.world_model.write_hook = on_write;
}

void ram_end(void)
{
	journal = NULL;
}

void ram_swap(struct ram_journal *j)
{
	u8 page[4096];

	for (u32 i = 0; i < j->nr; i++) {
		u8 *now = &diff.ram.bytes[j->page[i] * 4096u];

		memcpy(page, now, 4096);
		memcpy(now, j->copy[j->page[i]], 4096);
		memcpy(j->copy[j->page[i]], page, 4096);
	}
}

static bool page_differs(u32 page, const u8 *want)
{
	const u8 *now = &diff.ram.bytes[page * 4096u];

	for (u32 i = 0; i < 4096; i += 8) {
		u64 a, b;

		memcpy(&a, want + i, 8);
		memcpy(&b, now + i, 8);
		if (a == b)
			continue;
		printf("# memory at 0x%llx: 0x%llx and 0x%llx\n",
		       (unsigned long long)(FAKE_RAM + page * 4096ull + i), (unsigned long long)a,
		       (unsigned long long)b);
		return true;
	}
	return false;
}

/*
 * One world made @became of memory, which then was put back; the other has now made of it what it
 * is, and before that it was @was. Has either written a page, the other must have done the same.
 */
bool ram_same_image(const struct ram_journal *became, const struct ram_journal *was)
{
	for (u32 i = 0; i < became->nr; i++) {
		if (page_differs(became->page[i], became->copy[became->page[i]]))
			return false;
	}
	for (u32 i = 0; i < was->nr; i++) {
		if (!became->has[was->page[i]] &&
		    page_differs(was->page[i], was->copy[was->page[i]]))
			return false;
	}
	return true;
}

bool ram_unchanged(const struct ram_journal *was)
{
	for (u32 i = 0; i < was->nr; i++) {
		if (page_differs(was->page[i], was->copy[was->page[i]]))
			return false;
	}
	return true;
}

void ram_poke(u64 ipa, u64 val)
{
	if (!range_contains(FAKE_RAM, FAKE_RAM_SIZE, ipa, 8))
		return;
	on_write(NULL, ipa, 8);
	fake_poke64(&diff.ram, ipa, val);
}

u64 ram_peek(u64 ipa)
{
	return range_contains(FAKE_RAM, FAKE_RAM_SIZE, ipa, 8) ? fake_peek64(&diff.ram, ipa) : 0;
}

/* Random bytes everywhere; first-level entries mostly good, some invalid, some lead nowhere. */
static void fill_random(void)
{
	for (u64 a = 0; a < FAKE_RAM_SIZE; a += 8)
		fake_poke64(&diff.ram, FAKE_RAM + a, any());
	for (u32 i = 0; i < 0x80000; i += 8)
		fake_poke64(&diff.ram, DEV_TABLE + i,
			    one_in(8)
				    ? any()
				    : (u64)!one_in(4) << 63 | (L2_PAGES + (u64)below(7) * 0x10000));
}

/* Zeroes, and first-level entries that are all good: a byte string is for better things. */
static void fill_plain(void)
{
	static bool zeroed;

	for (u32 i = 0; i < RAM_PAGES; i++) {
		if (touched[i] || !zeroed)
			memset(&diff.ram.bytes[i * 4096u], 0, 4096);
		touched[i] = false;
	}
	zeroed = true;
	for (u32 i = 0; i < 64; i++)
		ram_poke(DEV_TABLE + i * 8, 1ull << 63 | (L2_PAGES + i % 7 * 0x10000ull));
}

void ram_fresh(void)
{
	journal = NULL;
	memset(diff.ram.hole, 0, sizeof(diff.ram.hole));
	if (random_is_bytes())
		fill_plain();
	else
		fill_random();
}
