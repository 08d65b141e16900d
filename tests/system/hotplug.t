#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""CPUs go offline and come back while a drive works (MOVI, MAPC, INVALL); PCI devices go and come."""
from herald import ALL, NATIVE, Tap, boot

CPUS = 4
TIMES = 10 if ALL else 2

CPU_SCRIPT = '''
network
while :; do read_blocks /dev/nvme0n1 50 || echo bad >> /tmp/bad; echo >> /tmp/rounds; done & reader=$!
i=0
while [ $i -lt %d ]; do
	for cpu in $(seq 1 %d); do
		echo 0 > /sys/devices/system/cpu/cpu$cpu/online || echo off $cpu >> /tmp/bad
		ping -c 1 -W 5 10.0.2.2 > /dev/null || echo ping without $cpu >> /tmp/bad
		ping -c 1 -W 5 10.0.3.2 > /dev/null || echo igb ping without $cpu >> /tmp/bad
	done
	section alone-$i; nproc; end
	for cpu in $(seq 1 %d); do
		echo 1 > /sys/devices/system/cpu/cpu$cpu/online || echo on $cpu >> /tmp/bad
	done
	i=$((i + 1))
done
section back; nproc; end
kill $reader
wait $reader 2> /dev/null
section bad; cat /tmp/bad 2> /dev/null; end
section rounds; wc -l < /tmp/rounds; end
for cpu in $(seq 0 %d); do
	irq=$(irq_of nvme0q$((cpu + 1)))
	before=$(irq_count $irq $cpu)
	taskset $(printf %%x $((1 << cpu))) dd if=/dev/nvme0n1 of=/dev/null bs=4k count=20 iflag=direct 2> /dev/null
	section queue-$cpu; echo $(($(irq_count $irq $cpu) - before)); end
done
'''

PCI_SCRIPT = '''
network
section before; ls /sys/bus/pci/devices | xargs; end
for dev in $(ls -d /sys/bus/pci/drivers/*/0000:* | sed 's,.*/,,' | grep -v 00:02.0); do
	echo 1 > /sys/bus/pci/devices/$dev/remove
done
section removed; ls /sys/bus/pci/devices | xargs; end
echo 1 > /sys/bus/pci/rescan
section after; ls /sys/bus/pci/devices | xargs; end
for dev in nvme0n1 nvme1n1 vda; do
	wait_for 10 test -b /dev/$dev
	read_blocks /dev/$dev 20 || echo $dev >> /tmp/bad
done
/etc/herald/network > /dev/null 2>&1
ping -c 1 -W 5 10.0.2.2 > /dev/null || echo ping >> /tmp/bad
ping -c 1 -W 5 10.0.3.2 > /dev/null || echo igb ping >> /tmp/bad
section bad; cat /tmp/bad 2> /dev/null; end
'''

tap = Tap()
run = boot(CPU_SCRIPT % (TIMES, CPUS - 1, CPUS - 1, CPUS - 1), SMP=CPUS, timeout=400)
tap.clean(run, 'CPUs go offline and online %d times' % TIMES)
tap.equal([run.value('alone-%d' % i) for i in range(TIMES)], ['1'] * TIMES, 'all but CPU 0 went')
tap.equal(run.value('back'), str(CPUS), 'all came back')
tap.equal(run.value('bad'), '', 'drive and networks worked all the time')
tap.ok(int(run.value('rounds') or 0) > 0, 'the drive was read all the while')
for cpu in range(CPUS):
    tap.ok(int(run.value('queue-%d' % cpu) or 0) >= 20, 'CPU %d takes its NVMe queue again' % cpu)
if not NATIVE:
    tap.no_msi_lost(run)

run = boot(PCI_SCRIPT)
tap.clean(run, 'PCI devices are removed and found again')
tap.ok(len(run.value('removed').split()) < 4, 'they were gone', run.value('removed'))
tap.equal(run.value('after'), run.value('before'), 'the rescan finds all of them')
tap.equal(run.value('bad'), '', 'all of them work again')
if not NATIVE:
    tap.no_msi_lost(run)
tap.done()
