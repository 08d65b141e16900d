// SPDX-License-Identifier: GPL-2.0-only
/* herald ls: VMs, or the vCPUs of one. */
#include <stdlib.h>

#include "herald.h"

static const char *vm_state(u32 state)
{
	switch (state) {
	case HERALD_VM_MAKING:
		return "making";
	case HERALD_VM_CLOSING:
		return "closing";
	default:
		return "live";
	}
}

static const char *vcpu_state(u32 state)
{
	static const char *const names[] = { [HERALD_VCPU_OFF] = "off",
					     [HERALD_VCPU_IDLE] = "idle",
					     [HERALD_VCPU_BLOCKED] = "blocked",
					     [HERALD_VCPU_RUNNING] = "running" };

	return state < ARRAY_SIZE(names) ? names[state] : "?";
}

static void list_vms(const struct herald_vm_info *vms, size_t nr)
{
	size_t i;

	table_start("vms", "VM <STATE VCPUS ITS IPA MEMORY POOL LIMIT PID <COMMAND");
	for (i = 0; i < nr; i++) {
		const struct herald_vm_info *v = &vms[i];
		char name[32] = "(management VM)";
		int pid = v->id ? name_owner(v->handle, name, sizeof(name)) : 0;

		table_row();
		out_num("vm", v->id);
		out_text("state", vm_state(v->state));
		out_num("vcpus", v->nr_vcpus);
		out_num("its", v->nr_its);
		out_num("ipa_bits", v->ipa_bits);
		if (v->id)
			out_bytes("memory", v->lent_pages * 4096);
		else
			out_none("memory");
		out_bytes("pool_used", v->pool_used);
		out_bytes("pool_limit", v->pool_limit);
		if (pid)
			out_num("pid", (u64)pid);
		else
			out_none("pid");
		out_text("command", name);
	}
	table_end(0);
}

static void list_vcpus(const struct herald_vm_info *vm)
{
	void *found;
	long n = el2_list(vm->handle, HERALD_LIST_VCPUS, 0, &found), i;
	const struct herald_vcpu_info *v = found;

	out_num("vm", vm->id);
	out_text("state", vm_state(vm->state));
	table_start("vcpus", "VCPU MPIDR <STATE CPU INTERRUPTED FAULT WFI EVENT");
	for (i = 0; i < n; i++, v++) {
		table_row();
		out_num("vcpu", v->id);
		out_hex("mpidr", v->mpidr);
		out_text("state", vcpu_state(v->state));
		out_num("cpu", v->cpu);
		out_num("exits_interrupted", v->exits[0]);
		out_num("exits_fault", v->exits[HERALD_EXIT_FAULT]);
		out_num("exits_wfi", v->exits[HERALD_EXIT_WFI]);
		out_num("exits_event", v->exits[HERALD_EXIT_SYSTEM_EVENT]);
	}
	table_end(0);
	free(found);
}

int cmd_ls(const struct options *o)
{
	size_t nr;
	struct herald_vm_info *vms = el2_vms(o, &nr);

	out_object(NULL);
	if (o->has_vm)
		list_vcpus(vms);
	else
		list_vms(vms, nr);
	out_end();
	free(vms);
	return EXIT_SUCCESS;
}
