// SPDX-License-Identifier: GPL-2.0-only
/* herald irq: where every interrupt comes from and goes to. */
#include <stdlib.h>

#include "herald.h"

static void show_source(const struct irq *irq)
{
	char bdf[16];

	if (!irq_is_lpi(irq)) {
		out_none("its");
		out_none("requester");
		out_none("devid");
		out_none("eventid");
		out_none("icid");
		return;
	}
	out_num("its", irq->its);
	out_text("requester", name_requester(irq->requester, bdf));
	out_hex("devid", irq->i.devid);
	out_num("eventid", irq->i.eventid);
	out_num("icid", irq->i.icid);
}

static void show_state(u16 flags)
{
	char s[4];

	if (out_json) {
		out_bool("enabled", flags & HERALD_IRQ_ENABLED, "", "");
		out_bool("pending", flags & HERALD_IRQ_PENDING, "", "");
		out_bool("active", flags & HERALD_IRQ_ACTIVE, "", "");
		out_bool("hardware", flags & HERALD_IRQ_HW, "", "");
		return;
	}
	snprintf(s, sizeof(s), "%c%c%c", flags & HERALD_IRQ_ENABLED ? 'e' : '-',
		 flags & HERALD_IRQ_PENDING ? 'p' : '-', flags & HERALD_IRQ_ACTIVE ? 'a' : '-');
	out_text("state", s);
}

static void show(const struct irq *irq)
{
	char name[48];

	table_row();
	out_num("vm", irq->vm);
	out_text("type", irq_is_lpi(irq) ? "LPI" : "SPI");
	out_num("intid", irq->i.intid);
	show_source(irq);
	if (irq->i.vcpu == HERALD_NONE)
		out_none("vcpu");
	else
		out_num("vcpu", irq->i.vcpu);
	out_num("count", irq->i.count);
	show_state(irq->i.flags);
	out_text("trigger", irq->i.flags & HERALD_IRQ_LEVEL ? "level" : "edge");
	out_hex("priority", irq->i.priority);
	out_text("name", name_irq(irq, name, sizeof(name)));
}

int cmd_irq(const struct options *o)
{
	size_t nr, i, n, k;
	struct herald_vm_info *vms = el2_vms(o, &nr);

	out_object(NULL);
	table_start(
		"irqs",
		"VM <TYPE INTID ITS <REQUESTER DEVID EVENT ICID VCPU COUNT <STATE <TRIGGER PRIO <NAME");
	for (i = 0; i < nr; i++) {
		struct irq *irqs;

		n = el2_irqs(&vms[i], &irqs);
		for (k = 0; k < n; k++)
			show(&irqs[k]);
		free(irqs);
	}
	table_end(0);
	out_end();
	free(vms);
	return EXIT_SUCCESS;
}
