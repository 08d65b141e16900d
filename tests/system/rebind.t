#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Drivers are unbound, bound, unloaded and loaded (DISCARD, MAPD V=0) many times: nothing leaks."""
from herald import ALL, NATIVE, Tap, boot

TIMES = 100 if ALL else 10

WORK = '''
work() { for dev in nvme0n1 nvme1n1 vda; do read_blocks /dev/$dev 20 || echo $dev; done; }
'''

REBIND = WORK + '''
network
rebind()
{
	echo $2 > /sys/bus/pci/drivers/$1/unbind
	echo $2 > /sys/bus/pci/drivers/$1/bind
}
device() { basename $(ls -d /sys/bus/pci/drivers/$1/0000:* | sed -n $2p); }
nvme0=$(device nvme 1) nvme1=$(device nvme 2) igb=$(device igb 1)
net=$(device virtio-pci 1) blk=$(device virtio-pci 2)
i=0
while [ $i -lt %d ]; do
	rebind nvme $nvme0
	rebind nvme $nvme1
	rebind igb $igb
	rebind virtio-pci $net
	rebind virtio-pci $blk
	i=$((i + 1))
done
section times; echo $i; end
wait_for 10 test -b /dev/nvme0n1
wait_for 10 test -b /dev/nvme1n1
wait_for 10 test -b /dev/vda
section failed; work; end
/etc/herald/network > /dev/null 2>&1
section ping; ping -c 1 -W 5 10.0.2.2 > /dev/null && ping -c 1 -W 5 10.0.3.2 > /dev/null && echo ok; end
section lines; grep -c ITS- /proc/interrupts; end
'''

RELOAD = WORK + '''
network
i=0
while [ $i -lt %d ]; do
	rmmod nvme igb virtio_net virtio_blk || break
	modprobe -a nvme igb virtio_net virtio_blk || break
	i=$((i + 1))
done
section times; echo $i; end
wait_for 10 test -b /dev/nvme0n1
wait_for 10 test -b /dev/nvme1n1
wait_for 10 test -b /dev/vda
section failed; work; end
/etc/herald/network > /dev/null 2>&1
section ping; ping -c 1 -W 5 10.0.2.2 > /dev/null && ping -c 1 -W 5 10.0.3.2 > /dev/null && echo ok; end
section lines; grep -c ITS- /proc/interrupts; end
'''

tap = Tap()
for what, script in (('unbind and bind', REBIND), ('rmmod and modprobe', RELOAD)):
    once = boot(script % 1, SMP=2, timeout=300)
    many = boot(script % TIMES, SMP=2, timeout=300 + 30 * TIMES)
    tap.clean(once, what + ' once')
    tap.clean(many, '%s %d times' % (what, TIMES))
    tap.equal(many.value('times'), str(TIMES), what + ': all rounds were made')
    tap.equal(many.value('failed'), '', what + ': all drives read afterwards')
    tap.equal(many.value('ping'), 'ok', what + ': both networks answer afterwards')
    tap.equal(many.value('lines'), once.value('lines'), what + ': as many interrupts as after one round')
    if NATIVE:
        tap.skip(what + ': nothing leaks', 'no Herald')
        continue
    tap.no_msi_lost(many)
    left = [run.counters() and run.counters()[-2:] for run in (once, many)]
    tap.ok(left[0] and left[0] == left[1], what + ': as many host LPIs and ITTs as after one round',
           'host LPIs and ITTs: %s once, %s after %d' % (left[0], left[1], TIMES))
tap.done()
