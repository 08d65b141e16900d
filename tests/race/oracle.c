/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The oracle of the race test: for each LPI, what may be delivered now.
 *
 * A driver says what will be allowed before it queues a command, and what is no longer allowed when
 * CREADR has passed it. In between both are. So `may`, for each vCPU how many mappings lead there,
 * is 0 only when no command in hand and no mapping makes that LPI pending there; and an MSI whose
 * way crosses a change from 1 to 0 was not waited for. Each fall counts in the upper bits, so that
 * a mapping made again meanwhile hides nothing.
 *
 * An acknowledge is checked before its CPU is at EL2 again. A command that takes the LPI out of that
 * CPU's list registers completes only after that, so the check sees what was true at the
 * acknowledge.
 *
 * Nothing is lost: an MSI draws a number before it is made pending; an acknowledge remembers the
 * last number drawn. One that was delivered and whose number no acknowledge has reached is lost,
 * unless a command that takes pending state away began or ended since.
 */
#include <stdio.h>
#include <string.h>

#include "tests/race/race.h"

#define MAY_COUNT GENMASK(7, 0)
#define MAY_FALLS GENMASK(31, 8)
#define NOTES 4096u
#define NOTES_SHOWN 24u
#define MAX_SHOWN 5u

static struct book {
	u32 may[RACE_VCPUS];
	u32 mappings;
	u32 homes; /* vCPUs that may acknowledge it, one bit each */
	u32 losses;
	u32 sent, seen;
	u64 delivered; /* DELIVERED_* of the last one */
} books[RACE_LPIS];

#define DELIVERED_NUMBER GENMASK(63, 32)
#define DELIVERED_LOSSES GENMASK(31, 0)

static u32 all_losses, quiet[RACE_ITSES], failures;
static u64 notes[NOTES];
static u32 nr_notes;
struct oracle_counts oracle_counts;

#define NOTE_ITS GENMASK(63, 62)
#define NOTE_OP GENMASK(61, 56)
#define NOTE_A GENMASK(55, 48)
#define NOTE_B GENMASK(47, 40)
#define NOTE_TO GENMASK(39, 32)
#define NOTE_LPI GENMASK(31, 0)

static struct book *book(u32 lpi)
{
	return &books[lpi - ITS_LPI_BASE];
}

void oracle_start(void)
{
	memset(books, 0, sizeof(books));
	memset(quiet, 0, sizeof(quiet));
	nr_notes = 0;
	all_losses = 0;
}

void oracle_note(u32 its, enum oracle_op op, u32 a, u32 b, u32 lpi, u32 to)
{
	atomic_store_relaxed(&notes[atomic_add(&nr_notes, 1) % NOTES],
			     FIELD_PREP(NOTE_ITS, its) | FIELD_PREP(NOTE_OP, op) |
				     FIELD_PREP(NOTE_A, a) | FIELD_PREP(NOTE_B, b) |
				     FIELD_PREP(NOTE_TO, to & 0xff) | FIELD_PREP(NOTE_LPI, lpi));
}

/* Is @n about @lpi, or the first completion since that was asked for? @open: one bit per ITS. */
static bool note_matters(u64 n, u32 lpi, u32 *open)
{
	u32 its = (u32)BIT(FIELD_GET(NOTE_ITS, n)), about = (u32)FIELD_GET(NOTE_LPI, n);
	bool was = *open & its;

	if (about == lpi) {
		*open |= its;
		return true;
	}
	if (FIELD_GET(NOTE_OP, n) != ORACLE_DONE)
		return !about && FIELD_GET(NOTE_OP, n) >= ORACLE_MAPC;
	*open &= ~its;
	return was;
}

static void show_note(u32 i, u64 n)
{
	static const char *const names[] = {
		"completed", "MAPD",	"MAPD V=0",	  "unmapping",	   "MAPTI",
		"MOVI",	     "DISCARD", "CLEAR",	  "INT",	   "MAPC",
		"MAPC V=0",  "MOVALL",	"reset",	  "restore",	   "other table",
		"disable",   "enable",	"EnableLPIs off", "EnableLPIs on",
	};

	printf("#   %u: ITS %u: %s %u.%u to vCPU %d, LPI %u\n", i, (u32)FIELD_GET(NOTE_ITS, n),
	       names[FIELD_GET(NOTE_OP, n)], (u32)FIELD_GET(NOTE_A, n), (u32)FIELD_GET(NOTE_B, n),
	       (int8_t)FIELD_GET(NOTE_TO, n), (u32)FIELD_GET(NOTE_LPI, n));
}

/* Shows the last notes that concern @lpi. */
static void show_notes(u32 lpi)
{
	u32 end = atomic_load_relaxed(&nr_notes), first = end > NOTES ? end - NOTES : 0, i;
	u32 which[NOTES_SHOWN], n = 0, open = 0;

	for (i = first; i < end; i++)
		if (note_matters(atomic_load_relaxed(&notes[i % NOTES]), lpi, &open))
			which[n++ % NOTES_SHOWN] = i;
	for (i = n > NOTES_SHOWN ? n - NOTES_SHOWN : 0; i < n; i++)
		show_note(which[i % NOTES_SHOWN],
			  atomic_load_relaxed(&notes[which[i % NOTES_SHOWN] % NOTES]));
}

void oracle_fail(const char *what, u32 its, u32 lpi, u32 vcpu)
{
	const struct book *b = book(lpi);
	u32 i;

	if (atomic_add(&failures, 1) >= MAX_SHOWN)
		return;
	flockfile(stdout);
	printf("# round %u, CPU %u: %s: ITS %u, LPI %u, vCPU %d\n", race_rules.number, fake_here,
	       what, its, lpi, (int)vcpu);
	printf("#   mappings %u, homes 0x%x, sent %u, seen %u, may:",
	       atomic_load_relaxed(&b->mappings), atomic_load_relaxed(&b->homes),
	       atomic_load_relaxed(&b->sent), atomic_load_relaxed(&b->seen));
	for (i = 0; i < RACE_VCPUS; i++)
		printf(" %u/%u", (u32)FIELD_GET(MAY_COUNT, atomic_load_relaxed(&b->may[i])),
		       (u32)FIELD_GET(MAY_FALLS, atomic_load_relaxed(&b->may[i])));
	printf("\n");
	show_notes(lpi);
	fflush(stdout);
	funlockfile(stdout);
}

u32 oracle_failures(void)
{
	return failures;
}

void oracle_allow(u32 lpi, u32 vcpu)
{
	if (vcpu == ITS_NO_VCPU)
		return;
	__atomic_fetch_or(&book(lpi)->homes, (u32)BIT(vcpu), __ATOMIC_RELAXED);
	atomic_add(&book(lpi)->may[vcpu], 1);
}

void oracle_forbid(u32 lpi, u32 vcpu)
{
	u32 was, now;

	if (vcpu == ITS_NO_VCPU)
		return;
	was = atomic_load_relaxed(&book(lpi)->may[vcpu]);
	do {
		now = was - 1;
		if (!FIELD_GET(MAY_COUNT, now))
			now += (u32)BIT(FIELD_SHIFT(MAY_FALLS));
	} while (!__atomic_compare_exchange_n(&book(lpi)->may[vcpu], &was, now, false,
					      __ATOMIC_RELAXED, __ATOMIC_RELAXED));
}

void oracle_mapped(u32 lpi)
{
	atomic_add(&book(lpi)->mappings, 1);
}

void oracle_unmapped(u32 lpi)
{
	if (!race_lpi_shared(lpi))
		atomic_store_relaxed(&book(lpi)->homes, 0);
	atomic_add(&book(lpi)->mappings, -1u);
}

void oracle_moved(u32 lpi, u32 vcpu)
{
	if (!race_lpi_shared(lpi))
		atomic_store_relaxed(&book(lpi)->homes, (u32)BIT(vcpu));
}

void oracle_lossy(u32 lpi)
{
	atomic_add(&book(lpi)->losses, 1);
}

void oracle_lossy_all(void)
{
	atomic_add(&all_losses, 1);
}

void oracle_quiet(u32 its, bool on)
{
	atomic_store_relaxed(&quiet[its], on);
}

static u32 losses_of(u32 lpi)
{
	return atomic_load_relaxed(&book(lpi)->losses) + atomic_load_relaxed(&all_losses);
}

void oracle_pend_begin(struct oracle_pend *p, u32 its, u32 vcpu, u32 lpi)
{
	*p = (struct oracle_pend){ .its = its, .lpi = lpi, .vcpu = vcpu };
	p->losses = losses_of(lpi);
	p->may = atomic_load_relaxed(&book(lpi)->may[vcpu]);
	p->sent = atomic_add(&book(lpi)->sent, 1) + 1;
	if (!FIELD_GET(MAY_COUNT, p->may))
		oracle_fail("made pending by a mapping that was gone", its, lpi, vcpu);
	if (atomic_load_relaxed(&quiet[its]))
		oracle_fail("made pending by a disabled ITS", its, lpi, vcpu);
}

static void note_delivered(struct book *b, const struct oracle_pend *p)
{
	u64 was = atomic_load_relaxed(&b->delivered);
	u64 now = FIELD_PREP(DELIVERED_NUMBER, p->sent) | FIELD_PREP(DELIVERED_LOSSES, p->losses);

	while (was < now && !__atomic_compare_exchange_n(&b->delivered, &was, now, false,
							 __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
}

void oracle_pend_end(const struct oracle_pend *p, bool delivered)
{
	struct book *b = book(p->lpi);
	u32 may = atomic_load_relaxed(&b->may[p->vcpu]);

	if (!FIELD_GET(MAY_COUNT, may) || ((may ^ p->may) & MAY_FALLS))
		oracle_fail("its mapping went while it was made pending", p->its, p->lpi, p->vcpu);
	if (atomic_load_relaxed(&quiet[p->its]))
		oracle_fail("its ITS was quiescent while it was made pending", p->its, p->lpi,
			    p->vcpu);
	atomic_add(&oracle_counts.pended, 1);
	if (!delivered)
		return;
	atomic_add(&oracle_counts.delivered, 1);
	note_delivered(b, p);
}

void oracle_ack(u32 vcpu, u32 lpi)
{
	struct book *b = book(lpi);
	u32 sent = atomic_load_relaxed(&b->sent), seen = atomic_load_relaxed(&b->seen);
	bool tables = race_rules.switch_lpis && race_rules.keep_tables;

	atomic_add(&oracle_counts.acks, 1);
	if (!atomic_load_relaxed(&b->mappings) && !tables)
		oracle_fail("acknowledged, and not mapped", RACE_ITSES, lpi, vcpu);
	else if (!(atomic_load_relaxed(&b->homes) & BIT(vcpu)) && !tables && !race_rules.move_all &&
		 !race_lpi_shared(lpi))
		oracle_fail("acknowledged on a vCPU that it had left", RACE_ITSES, lpi, vcpu);
	while (seen < sent && !__atomic_compare_exchange_n(&b->seen, &seen, sent, false,
							   __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
}

bool oracle_settled(const struct oracle_pend *p)
{
	return atomic_load_relaxed(&book(p->lpi)->seen) >= p->sent ||
	       losses_of(p->lpi) != p->losses;
}

u32 oracle_lost(void)
{
	u32 lpi, lost = 0;

	for (lpi = ITS_LPI_BASE; lpi < ITS_LPI_BASE + RACE_LPIS; lpi++) {
		const struct book *b = book(lpi);

		if (b->seen >= FIELD_GET(DELIVERED_NUMBER, b->delivered) ||
		    losses_of(lpi) != FIELD_GET(DELIVERED_LOSSES, b->delivered))
			continue;
		lost++;
		oracle_fail("lost", RACE_ITSES, lpi, ~0u);
	}
	return lost;
}
