/* SPDX-License-Identifier: GPL-2.0-only */
/* The world around an ITS under test. */
#include <stdlib.h>
#include <string.h>

#include "hyp/lib/errno.h"
#include "tests/unit/its_fake.h"

/* Property bytes: at a fixed place of guest memory, one for each LPI. */
#define FAKE_PROPS (FAKE_RAM + FAKE_RAM_SIZE - FAKE_NR_LPIS)

u64 fake_random(u64 *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static bool fake_reachable(const struct fake_ram *ram, u64 ipa, size_t len, bool write)
{
	if (!range_contains(FAKE_RAM, FAKE_RAM_SIZE, ipa, len))
		return false;
	for (u32 i = 0; i < FAKE_MAX_HOLES; i++) {
		if (ipa < ram->hole[i].end && ipa + len > ram->hole[i].start &&
		    (write || !ram->hole[i].read_only))
			return false;
	}
	return true;
}

/* Memory that a hypervisor maps when it is first asked for. */
static bool fake_not_yet(struct fake *f)
{
	return f->page_rate && fake_random(&f->rng) % f->page_rate == 0;
}

static int fake_read(void *vm, u64 ipa, void *buf, size_t len)
{
	struct fake *f = vm;

	f->ram->reads++;
	if (f->read_hook)
		f->read_hook(f, ipa, len);
	if (fake_not_yet(f))
		return -EAGAIN;
	if (!fake_reachable(f->ram, ipa, len, false))
		return -EFAULT;
	memcpy(buf, &f->ram->bytes[ipa - FAKE_RAM], len);
	return 0;
}

static int fake_write(void *vm, u64 ipa, const void *buf, size_t len)
{
	struct fake *f = vm;

	if (f->write_hook)
		f->write_hook(f, ipa, len);
	if (fake_not_yet(f))
		return -EAGAIN;
	if (!fake_reachable(f->ram, ipa, len, true))
		return -EFAULT;
	memcpy(&f->ram->bytes[ipa - FAKE_RAM], buf, len);
	return 0;
}

/* True: the call must answer -EAGAIN. Only a call that is carried out is remembered. */
static bool fake_begin(struct fake *f, enum fake_op op)
{
	if (f->hook)
		f->hook(f, op);
	if (f->again[op]) {
		f->again[op]--;
		return true;
	}
	return f->again_rate && fake_random(&f->rng) % f->again_rate == 0;
}

static void fake_note(struct fake *f, enum fake_op op, u32 a, u32 b, u32 c)
{
	u64 x = (((u64)a << 32) | b) * UINT64_C(0x9e3779b97f4a7c15) + c;

	x ^= x >> 29;
	x *= UINT64_C(0xbf58476d1ce4e5b9);
	f->seen.calls[op]++;
	f->seen.sum[op] += x ^ x >> 32;
	f->last[op][0] = a;
	f->last[op][1] = b;
	f->last[op][2] = c;
}

static int fake_lpi_pend(void *vm, u32 vcpu, u32 lpi)
{
	struct fake *f = vm;

	if (f->hook)
		f->hook(f, OP_PEND);
	fake_note(f, OP_PEND, vcpu, lpi, 0);
	if (f->lpis_off[vcpu])
		return 0;
	if (!f->seen.pending[lpi])
		f->seen.pending[lpi] = (u16)(vcpu + 1);
	return 1;
}

/* The same for an operation that is told whether it is asked again; it must be told the truth. */
static bool fake_begin_again(struct fake *f, enum fake_op op, bool again)
{
	if (again != f->unanswered)
		abort();
	f->unanswered = fake_begin(f, op);
	return f->unanswered;
}

static int fake_lpi_clear(void *vm, u32 lpi, bool again)
{
	struct fake *f = vm;

	if (fake_begin_again(f, OP_CLEAR, again))
		return -EAGAIN;
	fake_note(f, OP_CLEAR, lpi, 0, 0);
	f->seen.pending[lpi] = 0;
	return 0;
}

static int fake_lpi_move(void *vm, u32 lpi, u32 to, bool again)
{
	struct fake *f = vm;

	if (fake_begin_again(f, OP_MOVE, again))
		return -EAGAIN;
	fake_note(f, OP_MOVE, lpi, to, 0);
	if (f->seen.pending[lpi])
		f->seen.pending[lpi] = (u16)(to + 1);
	return 0;
}

static int fake_lpi_move_all(void *vm, u32 from, u32 to, u32 *cursor)
{
	struct fake *f = vm;

	++*cursor;
	if (fake_begin(f, OP_MOVE_ALL))
		return -EAGAIN;
	fake_note(f, OP_MOVE_ALL, from, to, 0);
	for (u32 i = 0; i < FAKE_NR_LPIS; i++) {
		if (f->seen.pending[i] == from + 1)
			f->seen.pending[i] = (u16)(to + 1);
	}
	return 0;
}

static int fake_lpi_reload(void *vm, u32 vcpu, u32 lpi)
{
	struct fake *f = vm;
	int ret = -ERANGE;

	if (f->hook)
		f->hook(f, OP_RELOAD);
	if (lpi < f->lpi_limit)
		ret = fake_read(vm, FAKE_PROPS + lpi, &f->seen.config[lpi], 1);
	if (ret != -EAGAIN)
		fake_note(f, OP_RELOAD, vcpu, lpi, 0);
	return ret;
}

static int fake_device_mapped(void *vm, u32 devid, u32 nr_events)
{
	struct fake *f = vm;

	if (fake_begin(f, OP_DEVICE_MAPPED))
		return -EAGAIN;
	fake_note(f, OP_DEVICE_MAPPED, devid, nr_events, 0);
	f->seen.nr_devices++;
	return f->device_error;
}

static int fake_device_unmapped(void *vm, u32 devid)
{
	struct fake *f = vm;

	if (fake_begin(f, OP_DEVICE_UNMAPPED))
		return -EAGAIN;
	fake_note(f, OP_DEVICE_UNMAPPED, devid, 0, 0);
	f->seen.nr_devices--;
	return 0;
}

static void fake_event_mapped(void *vm, u32 devid, u32 eventid, u32 entry, u32 vcpu)
{
	struct fake *f = vm;

	if (f->hook)
		f->hook(f, OP_EVENT_MAPPED);
	fake_note(f, OP_EVENT_MAPPED, devid, eventid, vcpu);
	f->last[OP_EVENT_MAPPED][3] = entry;
	f->seen.nr_events++;
}

static void fake_event_moved(void *vm, u32 devid, u32 eventid, u32 vcpu)
{
	struct fake *f = vm;

	if (f->hook)
		f->hook(f, OP_EVENT_MOVED);
	fake_note(f, OP_EVENT_MOVED, devid, eventid, vcpu);
}

static void fake_event_unmapped(void *vm, u32 devid, u32 eventid)
{
	struct fake *f = vm;

	if (f->hook)
		f->hook(f, OP_EVENT_UNMAPPED);
	fake_note(f, OP_EVENT_UNMAPPED, devid, eventid, 0);
	f->seen.nr_events--;
}

const struct its_ops fake_ops = {
	.read = fake_read,
	.write = fake_write,
	.lpi_pend = fake_lpi_pend,
	.lpi_clear = fake_lpi_clear,
	.lpi_move = fake_lpi_move,
	.lpi_move_all = fake_lpi_move_all,
	.lpi_reload = fake_lpi_reload,
	.device_mapped = fake_device_mapped,
	.device_unmapped = fake_device_unmapped,
	.event_mapped = fake_event_mapped,
	.event_moved = fake_event_moved,
	.event_unmapped = fake_event_unmapped,
};

void fake_init(struct fake *f, struct fake_ram *ram, u32 nr_vcpus)
{
	memset(f, 0, sizeof(*f));
	f->ram = ram;
	f->nr_vcpus = nr_vcpus;
	f->lpi_limit = FAKE_NR_LPIS;
	f->rng = 88172645463325252u;
}

const char *fake_compare(const struct fake *a, const struct fake *b)
{
	static const char *const names[NR_OPS] = {
		"lpi_pend",    "lpi_clear",	 "lpi_move",	    "lpi_move_all",
		"lpi_reload",  "device_mapped",	 "device_unmapped", "event_mapped",
		"event_moved", "event_unmapped",
	};

	for (u32 i = 0; i < NR_OPS; i++) {
		if (a->seen.calls[i] != b->seen.calls[i] || a->seen.sum[i] != b->seen.sum[i])
			return names[i];
	}
	if (memcmp(a->seen.pending, b->seen.pending, sizeof(a->seen.pending)))
		return "pending state";
	if (memcmp(a->seen.config, b->seen.config, sizeof(a->seen.config)))
		return "configuration";
	return NULL;
}

void fake_poke64(struct fake_ram *ram, u64 ipa, u64 val)
{
	memcpy(&ram->bytes[ipa - FAKE_RAM], &val, sizeof(val));
}

u64 fake_peek64(const struct fake_ram *ram, u64 ipa)
{
	u64 val;

	memcpy(&val, &ram->bytes[ipa - FAKE_RAM], sizeof(val));
	return val;
}

struct fake_cmd cmd_event(u32 opcode, u32 devid, u32 eventid)
{
	return (struct fake_cmd){ { opcode | (u64)devid << 32, eventid, 0, 0 } };
}

struct fake_cmd cmd_mapd(u32 devid, u32 bits, u64 itt, bool valid)
{
	return (struct fake_cmd){ { 0x08 | (u64)devid << 32, bits - 1, itt | (u64)valid << 63,
				    0 } };
}

struct fake_cmd cmd_mapc(u32 icid, u64 rdbase, bool valid)
{
	return (struct fake_cmd){ { 0x09, 0, icid | rdbase << 16 | (u64)valid << 63, 0 } };
}

struct fake_cmd cmd_mapti(u32 devid, u32 eventid, u32 lpi, u32 icid)
{
	return (struct fake_cmd){ { 0x0a | (u64)devid << 32, eventid | (u64)lpi << 32, icid, 0 } };
}

struct fake_cmd cmd_mapi(u32 devid, u32 eventid, u32 icid)
{
	return (struct fake_cmd){ { 0x0b | (u64)devid << 32, eventid, icid, 0 } };
}

struct fake_cmd cmd_movi(u32 devid, u32 eventid, u32 icid)
{
	return (struct fake_cmd){ { 0x01 | (u64)devid << 32, eventid, icid, 0 } };
}

struct fake_cmd cmd_invall(u32 icid)
{
	return (struct fake_cmd){ { 0x0d, 0, icid, 0 } };
}

struct fake_cmd cmd_movall(u64 from, u64 to)
{
	return (struct fake_cmd){ { 0x0e, 0, from << 16, to << 16 } };
}

struct fake_cmd cmd_sync(u64 rdbase)
{
	return (struct fake_cmd){ { 0x05, 0, rdbase << 16, 0 } };
}
