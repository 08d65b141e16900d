/* SPDX-License-Identifier: GPL-2.0-only */
/* The lists of woken vCPUs: order, the line, who takes over what a CPU leaves, and that no VM goes away meanwhile. */
// sources: hyp/doorbell.c
#include "hyp/guest.h"
#include "hyp/lib/errno.h"
#include "hyp/machine.h"
#include "hyp/run.h"
#include "tests/unit/tap.h"

#define VCPUS 5

struct machine machine;
struct cpu cpu_table[BOARD_MAX_CPUS];
u32 cpu_count = 2;

static struct vm mgmt, vm;
static struct vcpu home[2], vcpu[VCPUS];
static bool line[2], closed[VCPUS];
static bool leaving;
static u32 held, unheld;

/* The vGIC sees the handles as pointers to the home vCPUs. */
int vgic_set_line(struct vgic *v, struct vgic_cpu *c, u32 vintid, bool level)
{
	(void)v;
	(void)vintid;
	unheld += leaving && level && c == home[1].vgic && !held;
	line[(struct vcpu *)(void *)c - home] = level;
	return 0;
}

/* What is asked for its handle must be on a list: only so is it there. */
u64 guest_vcpu_handle(const struct vcpu *v)
{
	unheld += !v->bell;
	return 100 + v->index;
}

int guest_get(u64 handle, struct guest_object *o)
{
	if (closed[handle - 100])
		return -EBADF;
	*o = (struct guest_object){ .kind = GUEST_VCPU, .vm = &vm, .vcpu = &vcpu[handle - 100] };
	held++;
	return 0;
}

void guest_put(struct vm *v)
{
	(void)v;
	held--;
}

static void ring(const char *which)
{
	for (; *which; which++)
		doorbell_ring(&vcpu[*which - '0']);
}

/* Fetches all of @c and compares their order. */
static void fetched(struct cpu *c, const char *which, const char *what)
{
	const char *at = which;
	bool good = true;
	s64 handle;

	while ((handle = doorbell_fetch(c)) >= 0)
		good = good && *at && handle == 100 + *at++ - '0';
	ok(good && !*at && handle == -ENOENT && !line[c - cpu_table], "%s", what);
}

static void setup(void)
{
	u32 i;

	machine.mgmt = &mgmt;
	for (i = 0; i < 2; i++) {
		cpu_table[i].bell.lock = SPINLOCK_INIT(LOCK_DOORBELL);
		cpu_table[i].home = &home[i];
		home[i].power = VCPU_ON;
		home[i].vgic = (struct vgic_cpu *)(void *)&home[i];
	}
	for (i = 0; i < VCPUS; i++) {
		vcpu[i].index = i;
		vcpu[i].vm = &vm;
	}
}

static void test_forget(const char *gone, const char *rest, const char *what)
{
	ring("01234");
	for (; *gone; gone++)
		doorbell_forget(&vcpu[*gone - '0']);
	fetched(&cpu_table[0], rest, what);
}

int main(void)
{
	struct cpu *c = cpu_table;
	u32 i;

	setup();
	fetched(c, "", "nobody was woken");
	ring("2012");
	ok(line[0] && !line[1], "the line is high where they ran");
	fetched(c, "201", "in the order of their waking, each once");
	test_forget("0", "1234", "the first goes away");
	test_forget("4", "0123", "the last");
	test_forget("213", "04", "those in the middle");
	test_forget("01234", "", "all of them");

	ring("0123");
	closed[1] = true;
	closed[3] = true;
	home[0].power = VCPU_OFF;
	leaving = true;
	is(doorbell_leave(c), true, "a CPU that is off passes on the first of its list");
	ok(vcpu[0].bell == &c[1], "to another");
	ok(vcpu[1].bell == c && vcpu[2].bell == c && vcpu[3].bell == c, "and no more in one step");
	for (i = 0; doorbell_leave(c); i++)
		;
	is(i, 3, "one step for each of the others");
	leaving = false;
	ok(!c->bell.head && line[1], "what a CPU leaves is another's");
	fetched(&c[1], "02", "but for VMs that are being closed");
	ok(!vcpu[1].bell && !vcpu[3].bell, "which are on no list");
	is(held, 0, "each hold is given up");
	ring("4");
	fetched(&c[1], "4", "a CPU that is off is not rung");
	is(unheld, 0, "a vCPU is used only while it is on a list or its VM is held");
	return tap_done();
}
