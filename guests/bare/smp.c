// SPDX-License-Identifier: GPL-2.0-only
/* Secondary CPUs. An idle one sleeps in WFI until an SGI, or polls where interrupts cannot be
 * trusted. */
#include "guests/bare/board.h"
#include "guests/bare/except.h"
#include "guests/bare/gic.h"
#include "guests/bare/irq.h"
#include "guests/bare/psci.h"
#include "guests/bare/smp.h"
#include "guests/bare/timer.h"

#define WORK_PATIENCE_MS 60000

struct cpu cpus[CPU_MAX];
u32 nr_cpus;
static bool polling;

extern char stacks[];
void secondary_main(struct cpu *cpu);

void smp_init(void)
{
	u64 self = sysreg_read(mpidr_el1) & MPIDR_MASK;
	u32 i, n = 1;

	for (i = 0; i < board.nr_cpus; i++) {
		struct cpu *cpu = &cpus[board.mpidr[i] == self ? 0 : n++];

		cpu->mpidr = board.mpidr[i];
		cpu->index = (u32)(cpu - cpus);
		cpu->stack_top = (u64)stacks + (cpu->index + 1) * CPU_STACK_SIZE;
	}
	nr_cpus = board.nr_cpus;
	cpus[0].online = true;
}

static void idle(struct cpu *cpu)
{
	irq_off();
	if (!atomic_load_acquire(&cpu->work)) {
		if (atomic_load_acquire(&polling))
			cpu_relax();
		else
			wfi();
	}
	irq_on();
	isb();
}

void secondary_main(struct cpu *cpu)
{
	sysreg_write(tpidr_el1, cpu);
	gic_init_cpu();
	irq_on();
	atomic_store_release(&cpu->online, true);
	for (;;) {
		cpu_fn *fn = atomic_load_acquire(&cpu->work);

		if (fn) {
			fn(cpu->work_arg);
			irq_on();
			atomic_store_release(&cpu->work, NULL);
		} else {
			idle(cpu);
		}
	}
}

s64 smp_power_up(struct cpu *cpu, u64 context)
{
	s64 ret;

	atomic_store_release(&cpu->online, false);
	cpu->work = NULL;
	cpu->context = context;
	cache_clean(cpu, sizeof(*cpu));
	ret = psci_call(PSCI_CPU_ON, cpu->mpidr, (u64)secondary_start, (u64)cpu);
	if (ret)
		return ret;
	return wait_for(atomic_load_acquire(&cpu->online)) ? 0 : PSCI_NOT_SUPPORTED;
}

static void power_down(void *arg)
{
	(void)arg;
	irq_off();
	psci_call(PSCI_CPU_OFF, 0, 0, 0);
	fatal("CPU_OFF returned");
}

bool smp_power_down(struct cpu *cpu)
{
	smp_call_start(cpu->index, power_down, NULL);
	cpu->online = false;
	return wait_for(psci_call(PSCI_AFFINITY_INFO, cpu->mpidr, 0, 0) == 1);
}

void smp_start_all(void)
{
	u32 i;

	for (i = 1; i < nr_cpus; i++) {
		s64 ret = smp_power_up(&cpus[i], i);

		if (ret)
			fatal("CPU %u (MPIDR 0x%lx) does not start: %ld", i, cpus[i].mpidr, ret);
	}
}

void smp_call_start(u32 index, cpu_fn *fn, void *arg)
{
	struct cpu *cpu = &cpus[index];

	if (cpu == cpu_this()) {
		fn(arg);
		return;
	}
	cpu->work_arg = arg;
	atomic_store_release(&cpu->work, fn);
	if (!atomic_load_acquire(&polling))
		gic_send_sgi(cpu->mpidr, IRQ_SGI_WAKE);
}

bool smp_call_wait(u32 index)
{
	return wait_ms(!atomic_load_acquire(&cpus[index].work), WORK_PATIENCE_MS);
}

void smp_call(u32 cpu, cpu_fn *fn, void *arg)
{
	smp_call_start(cpu, fn, arg);
	if (!smp_call_wait(cpu))
		fatal("CPU %u does not finish its work", cpu);
}

void smp_call_all(cpu_fn *fn, void *arg)
{
	u32 i;

	for (i = 0; i < nr_cpus; i++)
		smp_call(i, fn, arg);
}

static void nothing(void *arg)
{
	(void)arg;
}

void smp_set_polling(bool on)
{
	u32 i;

	for (i = 1; i < nr_cpus; i++) /* a sleeper would not see it */
		gic_send_sgi(cpus[i].mpidr, IRQ_SGI_WAKE);
	atomic_store_release(&polling, on);
	for (i = 1; on && i < nr_cpus; i++) {
		gic_send_sgi(cpus[i].mpidr, IRQ_SGI_WAKE);
		smp_call(i, nothing, NULL);
	}
}
