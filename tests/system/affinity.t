#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""smp_affinity moves a device's interrupts from CPU to CPU (MOVI); each CPU then takes them."""
from herald import NATIVE, Tap, boot

CPUS = 4

# Each interrupt of virtio-net and igb, and of an NVMe's admin queue, to each CPU in turn; then work
# for the device, and whether that CPU's count rose. NVMe's I/O queues are bound to CPUs by Linux.
SCRIPT = '''
network
virtio=$(interface_of virtio_net)
igb=$(interface_of igb)

move() { echo $1 > /proc/irq/$2/smp_affinity_list && cat /proc/irq/$2/effective_affinity_list; }

# visit NAME CPU WORK...: the interrupts whose name begins with NAME
visit()
{
	name=$1 cpu=$2
	shift 2
	irqs=$(awk -v name="^$name" '$NF ~ name { sub(":", "", $1); print $1 }' /proc/interrupts)
	for irq in $irqs; do move $cpu $irq; done > /tmp/at
	before=0
	for irq in $irqs; do before=$((before + $(irq_count $irq $cpu))); done
	"$@" > /dev/null 2>&1
	after=0
	for irq in $irqs; do after=$((after + $(irq_count $irq $cpu))); done
	section $name-$cpu
	echo $(sort -u /tmp/at | xargs | tr ' ' ,) $((after - before))
	end
}

for cpu in $(seq 0 %(last)d) $(seq 0 %(last)d | tac); do
	visit virtio0- $cpu ping -c 3 -i 0.2 10.0.2.2
	visit $igb $cpu ping -c 3 -i 0.2 10.0.3.2
	visit nvme1q0 $cpu sh -c 'for i in 1 2 3; do cat /sys/class/nvme/nvme1/device/hwmon/hwmon*/temp1_input /sys/class/nvme/nvme1/hwmon*/temp1_input; done'
done
for cpu in $(seq 0 %(last)d); do
	irq=$(irq_of nvme0q$((cpu + 1)))
	before=$(irq_count $irq $cpu)
	taskset $(printf %%x $((1 << cpu))) dd if=/dev/nvme0n1 of=/dev/null bs=4k count=100 iflag=direct 2> /dev/null
	section nvme0q-$cpu; echo $(($(irq_count $irq $cpu) - before)); end
done
'''

tap = Tap()
run = boot(SCRIPT % {'last': CPUS - 1}, SMP=CPUS)
tap.clean(run, 'interrupts go from CPU to CPU')
igb = 'eth0' if 'eth0-0' in run.console else 'eth1'
for cpu in range(CPUS):
    for name in ('virtio0-', igb, 'nvme1q0'):
        words = run.value('%s-%d' % (name, cpu)).split() or ['nowhere', '0']
        tap.equal(words[0], str(cpu), '%s: Linux says it is at CPU %d' % (name, cpu))
        tap.ok(int(words[1]) > 0, '%s: CPU %d takes its interrupts' % (name, cpu))
    tap.ok(int(run.value('nvme0q-%d' % cpu) or 0) >= 100,
           'NVMe queue %d: CPU %d takes its interrupts' % (cpu + 1, cpu))
if NATIVE:
    tap.skip('no MSI was lost', 'no Herald')
else:
    tap.no_msi_lost(run)
tap.done()
