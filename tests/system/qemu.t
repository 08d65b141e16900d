#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Debian's QEMU, unmodified, in the management VM: Linux guests with virtio devices on the virtual ITS.

A guest reads and writes its drive, its random number device and its network. Sums are made on both sides. NATIVE=1: the
same on Linux's own KVM.
"""
import re

from herald import ALL, Tap, cases
from qemu import machine, msis, results

DRIVE_MIB = 8
NET_MIB = 512 if ALL else 16  # by TCP, to the guest and back

GUEST = '''
say cpus $(nproc)
say rng $(dd if=/dev/hwrng bs=64 count=16 2> /dev/null | wc -c)
say read $(blocks count=%(half)d | md5)
blocks count=%(half)d | dd of=/dev/vda bs=64k seek=%(half)d iflag=fullblock oflag=direct 2> /dev/null
say written $(blocks skip=%(half)d | md5)
mkdir /tmp/www
wget -q -O /tmp/www/data http://192.168.7.1/data
say received $(fetch 192.168.7.1 %(rounds)d | md5)
httpd -h /tmp/www
echo serving | nc 192.168.7.1 5001
nc -l -p 5002 > /dev/null
cat /proc/interrupts
'''

MANAGEMENT = '''
new_drive /tmp/drive %(mib)d
serve_network
guest_initrd %(guest)s /tmp/initrd <<'END'
%(script)s
END
{ nc -l -p 5001 > /dev/null; fetch 192.168.7.2 %(rounds)d | md5 > /tmp/back; echo done | nc 192.168.7.2 5002; } &
section before-%(name)s; half_md5 /tmp/drive %(mib)d 0; fetch 127.0.0.1 %(rounds)d | md5; end
section guest-%(name)s
qemu %(guest)s /tmp/initrd -m 256 -smp %(smp)d -drive if=none,id=d,file=/tmp/drive,format=raw -device virtio-blk-pci,drive=d \\
	-device virtio-rng-pci -netdev tap,id=n,script=$vms/tap,downscript=no,vhost=%(vhost)s -device virtio-net-pci,netdev=n,romfile= < /dev/null
echo "G exit $?"
end
section after-%(name)s; half_md5 /tmp/drive %(mib)d 1; cat /tmp/back; end
'''


def script(guest, smp, vhost):
    """What the management VM does for one guest."""
    values = dict(guest=guest, smp=smp, vhost=vhost, name='%s-%d' % (guest, smp), mib=DRIVE_MIB, half=DRIVE_MIB * 8, rounds=NET_MIB // 8)
    return MANAGEMENT % dict(values, script=GUEST % values)


def interrupts(tap, text, name):
    """Every device interrupts by the virtual ITS."""
    count = msis(text)
    for device, pattern, least in (('drive', r'-req\.\d', 100), ('random number device', r'-input$', 1),
                                   ('network, receiving,', r'-input\.0', 5), ('network, sending,', r'-output\.0', 5)):
        got = sum(n for irq, n in count.items() if re.search(pattern, irq))
        tap.ok(got >= least, '%s: %s interrupts by the ITS' % (name, device), str(count))


def report(tap, run, guest, smp, vhost):
    """What came of one guest."""
    name = 'guest %s, %d vCPUs, vhost %s' % (guest, smp, vhost)
    text = run.section('guest-%s-%d' % (guest, smp))
    before, after = (run.section('%s-%s-%d' % (when, guest, smp)).split() + ['', ''] for when in ('before', 'after'))
    got = results(text)
    tap.equal(got.get('exit'), '0', name + ': it powers off, QEMU ends')
    tap.equal(got.get('cpus'), str(smp), name + ': all vCPUs are online')
    tap.equal(got.get('rng'), '1024', name + ': random bytes')
    tap.equal([got.get('read'), got.get('written'), after[0]], [before[0]] * 3,
              name + ': the drive is read and written without an error')
    tap.equal(got.get('received'), before[1], name + ': %d MiB arrive by TCP' % NET_MIB)
    tap.equal(after[1], before[1], name + ': they come back by TCP')
    interrupts(tap, text, name)


def main():
    tap = Tap()
    for kernel, cpu, guests in cases(
            # management VM's kernel, CPU, (guest's kernel, vCPUs, vhost)..., in the short run
            ('6.12', 'max', [('6.12', 4, 'off'), ('6.1', 1, 'on')], True),
            ('6.1', 'neoverse-n1', [('6.12', 2, 'on'), ('6.1', 3, 'off')], False),
            ('6.12', 'cortex-a57', [('6.12', 1, 'off'), ('6.1', 4, 'on')], False)):
        run = machine('\n'.join(script(*guest) for guest in guests), KERNEL=kernel, CPU=cpu, timeout=6000 if ALL else 900)
        for guest in guests:
            report(tap, run, *guest)
        tap.clean(run, 'management VM %s, %s: nothing to complain about' % (kernel, cpu))
    tap.done()


main()
