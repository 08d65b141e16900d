/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Debug registers of VMs (DDI 0487 D2): single steps, break- and watchpoints, of the guest itself or of its VMM.
 *
 * A VM's accesses to them trap, always: they are rare. What it wrote is in struct world, and goes into the CPU only while
 * it has MDSCR_EL1.MDE set, or its VMM asks for its own (KVM_SET_GUEST_DEBUG). Otherwise the CPU keeps the management
 * VM's, which can do nothing while MDE is 0. So a VM that debugs nothing costs nothing at a world switch.
 *
 * At EL2 no such exception is taken: PSTATE.D is set there throughout.
 */
#include "hyp/sysreg.h"
#include "hyp/vm.h"

/* Routed to EL2 with TDE: what the VMM is told of. */
#define MDCR_VM (MDCR_TDA | MDCR_TDOSA | MDCR_TDRA)

static void load(struct cpu *c, const struct world_debug *d)
{
	u64 dfr0 = sysreg_read(id_aa64dfr0_el1);
	u64 breakpoints = FIELD_GET(ID_DFR0_BRPS, dfr0) + 1;
	u64 watchpoints = FIELD_GET(ID_DFR0_WRPS, dfr0) + 1;

	if (!c->debug_taken)
		world_debug_save(&c->home->world.debug, breakpoints, watchpoints);
	c->debug_taken = d != &c->home->world.debug;
	world_debug_load(d, breakpoints, watchpoints);
}

void world_debug_leave(void)
{
	struct cpu *c = cpu_this();

	if (__builtin_expect(c->debug_taken, 0))
		load(c, &c->home->world.debug);
}

void world_debug_update(struct vcpu *v)
{
	struct cpu *c = cpu_this();
	u64 mdscr = v->world.mdscr & MDSCR_VM, mdcr = c->mdcr | MDCR_VM;
	const struct world_debug *d = &v->world.debug;

	if (v->world.oslsr & OSLSR_OSLK)
		mdscr &= ~(MDSCR_MDE | MDSCR_SS);
	if (__builtin_expect(v->debug, 0)) {
		mdcr |= MDCR_TDE;
		mdscr &= ~MDSCR_SS;
		mdscr |= v->debug & VCPU_DEBUG_STEP ? MDSCR_SS : 0;
		if (v->debug & VCPU_DEBUG_HW) {
			mdscr |= MDSCR_MDE;
			d = &v->debug_vmm;
		}
	}
	sysreg_write(mdcr_el2, mdcr);
	sysreg_write(mdscr_el1, mdscr);
	if (__builtin_expect(!!(mdscr & MDSCR_MDE), 0))
		load(c, d);
	else
		world_debug_leave();
}
