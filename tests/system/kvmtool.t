#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""kvmtool boots Linux with an ITS: `make test LKVM=FILE`, a static arm64 binary.

The guest is Debian's kernel with the management VM's initramfs and a script of its own. Its virtio
devices interrupt by MSIs that kvmtool raises with KVM_SIGNAL_MSI. NATIVE=1 runs it on Linux's own KVM.
"""
import os
import re
import shutil
import subprocess

from herald import Tap, boot, cases, overlay, scratch, tail, TOP
from suites import given

# What the disk has, and as much again that the guest writes behind it.
BLOCKS = 512  # of 16 KiB

GUEST = '''
section guest-cpus; nproc; end
section guest-read
wait_for 20 test -b /dev/vda
dd if=/dev/vda bs=16k count=%(blocks)d iflag=direct 2> /dev/null | sha256sum
end
section guest-write
dd if=/dev/vda of=/dev/vda bs=16k count=%(blocks)d seek=%(blocks)d iflag=direct oflag=direct conv=notrunc 2>&1
sync
dd if=/dev/vda bs=16k count=%(blocks)d skip=%(blocks)d iflag=direct 2> /dev/null | sha256sum
end
section guest-net
network
ip -4 -o addr show dev eth0
ping -c 5 -W 5 192.168.33.1
end
section guest-move
name=$(awk '$NF ~ /-input\.0$/ { print $NF; exit }' /proc/interrupts)
irq=$(irq_of "$name")
for cpu in $(seq $(nproc)); do
	cpu=$((cpu - 1))
	echo $((1 << cpu)) > /proc/irq/$irq/smp_affinity
	before=$(irq_count $irq $cpu)
	ping -c 3 192.168.33.1 > /dev/null
	echo "CPU $cpu: $(($(irq_count $irq $cpu) - before))"
done
end
section guest-irqs; cat /proc/interrupts; end
section guest-trouble
dmesg | grep -E 'BUG:|WARNING:|Oops|Call trace|detected (expedited )?stall|ITS queue|I/O error|lockup'
end
poweroff -f
'''

MANAGEMENT = '''
wait_for 30 test -c /dev/kvm
mkfifo /tmp/quiet; exec 9<> /tmp/quiet
dd if=/dev/urandom of=/tmp/disk bs=16k count=%(blocks)d 2> /dev/null
sum() { dd if=/tmp/disk bs=16k count=%(blocks)d skip=$1 2> /dev/null | sha256sum; }
section guest-want; sum 0; end
truncate -s 64M /tmp/disk
timeout -s KILL 150 lkvm run --irqchip=gicv3-its --force-pci -c %(cpus)d -m 256 --kernel /guest/Image \\
	--initrd /guest/initrd --disk /tmp/disk --console %(console)s --params %(params)s <&9 2>&1
status=$?
stty sane -echo 2> /dev/null
echo
section guest-status; echo $status; end
section guest-written; sum %(blocks)d; end
'''


# When Linux opens the serial console it prints all it has said, without a pause, and each character is two exits to
# kvmtool: on a busy host that takes longer than RCU's 21 seconds.
PARAMS = 'rcupdate.rcu_cpu_stall_timeout=120'


def guest_initrd(version):
    """The management VM's initramfs and behind it, as boot/run.sh does with an overlay, the guest's script."""
    path = os.path.join(scratch(), 'guest-%s.cpio' % version)
    shutil.copy(os.path.join(TOP, 'build/mgmt/initrd-%s.cpio' % version), path)
    with open(path, 'ab') as out:
        subprocess.run('find . -mindepth 1 | cpio --quiet -o -H newc -R 0:0', shell=True, check=True,
                       cwd=overlay(GUEST % {'blocks': BLOCKS}), stdout=out)
    return path


def judge(tap, run, name, cpus):
    """What the guest said, and what the management VM sees afterwards."""
    def value(part):
        return run.value('guest-' + part)

    tap.equal(value('cpus'), str(cpus), name + ': the guest has its CPUs')
    tap.ok(value('read') and value('read') == value('want'), name + ': it reads its disk right',
           'guest %s\nfile  %s' % (value('read'), value('want')))
    written = value('write').splitlines()
    tap.ok(written and written[-1] == value('want') == value('written'),
           name + ': what it writes is in the file', value('write') + '\n' + value('written'))
    tap.like(value('net'), r'inet 192\.168\.33\.', name + ': it gets an address by DHCP')
    tap.like(value('net'), r'^5 packets transmitted, 5 packets received',
             name + ": kvmtool's network answers pings")
    rows = run.interrupts('guest-irqs')
    virtio = [row for row in rows if re.search(r'virtio\d+-', row[2])]
    tap.ok(virtio and all(re.search(r'ITS-(PCI-)?MSI', row[2]) for row in virtio),
           name + ': all virtio interrupts are MSIs of the ITS', '\n'.join(map(str, rows)))
    for queue in ('req.0', 'input.0'):
        tap.ok(any(queue in row[2] and sum(row[1]) for row in virtio),
               '%s: virtio %s has interrupted' % (name, queue), '\n'.join(map(str, virtio)))
    tap.ok(len(re.findall(r'^CPU \d: [1-9]', value('move'), re.M)) == cpus,
           name + ': smp_affinity moves an interrupt to each CPU', value('move'))
    tap.equal(value('trouble'), '', name + ': the guest does not complain')
    tap.like(run.console, 'KVM session ended normally', name + ': kvmtool sees the guest power off')
    tap.equal(value('status'), '0', name + ': kvmtool ends well')


def main():
    tap = Tap()
    lkvm = given(tap, 'LKVM', 'kvmtool boots Linux', '/path/to/lkvm-static')
    for kernel, guest, cpu, vcpus, console in cases(
            # management VM, guest, CPU, vCPUs, console, in the short run
            ('6.12', '6.12', 'max', 2, 'virtio', True),
            ('6.12', '6.1', 'neoverse-n1', 2, 'serial', True),
            ('6.1', '6.12', 'max', 4, 'serial', False),
            ('6.12', '6.12', 'max', 1, 'serial', False),
            ('6.1', '6.1', 'cortex-a57', 4, 'serial', False)):
        name = '%s in %s, %s, %d vCPUs, %s' % (guest, kernel, cpu, vcpus, console)
        files = [(lkvm, 'bin/lkvm'), ('build/kernels/%s/Image' % guest, 'guest/Image'),
                 (guest_initrd(guest), 'guest/initrd')]
        run = boot(MANAGEMENT % {
            'blocks': BLOCKS, 'cpus': vcpus, 'console': console, 'params': PARAMS},
            files=files, KERNEL=kernel, CPU=cpu, timeout=300)
        if not tap.ok('@section guest-cpus' in run.console, name + ': the guest reaches its shell',
                      tail(run.console, 30)):
            tap.clean(run, name + ': the management VM')
            continue
        judge(tap, run, name, vcpus)
        tap.clean(run, name + ': nothing else to complain about')
    tap.done()


main()
