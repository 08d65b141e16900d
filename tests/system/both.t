#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""VMs of several VMMs at once: Debian's QEMU, kvmtool (`make test LKVM=FILE`), a VMM of ours.

QEMU and kvmtool boot Linux to its shell. What is typed there makes drive, network and random number device interrupt.
Meanwhile `herald` in the management VM shows the MSIs of each: they are those of the guests' own /proc/interrupts.
"""
import json
import os
import re

from herald import Tap, boot
from qemu import LIB

VCPUS = 2
BLOCKS = 300
PINGS = 3
BELL = 0x42  # DeviceID of what our VMM raises MSIs for

VMMS = {
    'qemu': '''begin qemu qemu-system-aarch64 -accel kvm -cpu host -machine virt,gic-version=3,its=on -m 256 -smp %(vcpus)d \\
	-display none -monitor none -serial stdio -kernel /guest/Image -initrd /guest/initrd -append loglevel=4 \\
	-drive if=none,id=d,file=/tmp/drive,format=raw,readonly=on -device virtio-blk-pci,drive=d -device virtio-rng-pci \\
	-netdev user,id=n -device virtio-net-pci,netdev=n''',
    # kvmtool reads its standard input only if that is a terminal.
    'kvmtool': '''cat > /tmp/kvmtool.sh <<'END'
#!/bin/sh
lkvm run --irqchip=gicv3-its --force-pci -c %(vcpus)d -m 256 --rng --console virtio \\
	--kernel /guest/Image --initrd /guest/initrd --params loglevel=4 --disk /tmp/drive,ro
echo $? > /run/vms/kvmtool.status
END
chmod 755 /tmp/kvmtool.sh
telnetd -F -b 127.0.0.1 -p 2323 -l /tmp/kvmtool.sh &
listening() { netstat -ltn | grep -q :2323; }
wait_for 30 listening
begin kvmtool nc 127.0.0.1 2323''',
}
COMMANDS = {'qemu': 'qemu-system-aar', 'kvmtool': 'lkvm'}  # as Linux cuts them off
GATEWAY = {'qemu': '10.0.2.2', 'kvmtool': '192.168.33.1'}

MANAGEMENT = '''
# Start a VMM whose console is written to and read as files: begin NAME COMMAND...
begin()
{
	name=$1
	shift
	mkfifo $vms/$name.in
	# A writer that stays: the VMM's standard input never ends.
	sleep 100000 > $vms/$name.in &
	"$@" < $vms/$name.in > $vms/$name.console 2>&1 &
	echo $! > $vms/$name.pid
}

# A guest shows its prompt; or its VMM has ended.
at_shell() { grep -q 'guest:.*#' $vms/$1.console || ! kill -0 $(cat $vms/$1.pid); }

# Type a command in a guest's shell: enter NAME NUMBER COMMAND. What the terminal echoes has the quotation marks.
enter() { echo "$3; echo '@typed' $2" > $vms/$1.in; }

# Wait until the guest has run it: typed NAME NUMBER
typed() { wait_for 120 grep -q "^@typed $2\\b" $vms/$1.console; }

# What a guest says to a command: ask NAME NUMBER COMMAND
ask()
{
	from=$(($(wc -c < $vms/$1.console) + 1))
	enter "$@"
	typed $1 $2
	tail -c +$from $vms/$1.console | tr -d '\\r'
	echo
}

# Herald between two looks at what the guests say: looks ROUND
looks()
{
	for vm in %(vms)s; do section before-$vm-$1; ask $vm ${1}1 'cat /proc/interrupts'; end; done
	section irq-$1; herald irq --json; end
	for vm in %(vms)s; do section after-$vm-$1; ask $vm ${1}2 'cat /proc/interrupts'; end; done
}

truncate -s 16M /tmp/drive
%(begin)s
for vm in %(vms)s; do
	section shell-$vm
	if wait_for 240 at_shell $vm; then ask $vm 1 'nproc; uname -r'; else tail -n 20 $vms/$vm.console; fi
	end
done
for vm in %(vms)s; do ask $vm 2 'while ! [ -e /run/network ]; do sleep 1; done' > /dev/null; done
section ls; herald ls --json; end
looks 1
%(work)s
for vm in %(vms)s; do typed $vm 3; done
looks 2

# A third VM of another kind.
vmm boot /bin/payload.img 2 tests=bench > /tmp/vmm.log 2>&1 &
vmm=$!
for _ in $(seq 200); do
	third=$(herald ls | awk '$NF == "vmm" { print $1 }')
	[ -z "$third" ] || break
done
section ls-third; echo $third; end
section irq-third
while kill -0 $vmm 2> /dev/null; do herald irq $third --json 2> /dev/null | tr -d '\\n'; echo; sleep 0.2; done
end
for vm in %(vms)s; do echo 'poweroff -f' > $vms/$vm.in; done
for vm in %(vms)s; do section status-$vm; wait $(cat $vms/$vm.pid); status=$?; cat $vms/$vm.status 2> /dev/null || echo $status; end; done
section left; herald ls --json; end
'''


def work(vm):
    """The line that makes a VM's devices interrupt."""
    return ("enter %s 3 'dd if=/dev/vda of=/dev/null bs=4k count=%d iflag=direct; dd if=/dev/hwrng of=/dev/null bs=64 count=8; "
            "ping -c %d -q %s'" % (vm, BLOCKS, PINGS, GATEWAY[vm]))


def linux(run, section):
    """What a guest says of its MSIs: {(DeviceID, EventID): ([count on each CPU], name)}.

    Linux numbers a device's MSIs from 0 as it does the events of its ITS."""
    found = {}
    for _, counts, what in run.interrupts(section):
        words = re.match(r'ITS-PCI-MSIX?-\w+:(\w+):(\w+)\.(\d) +(\d+) +Edge +(\S+)', what)
        if words:
            bus, device, function = (int(words.group(n), 16) for n in (1, 2, 3))
            found[bus << 8 | device << 3 | function, int(words.group(4))] = (counts, words.group(5))
    return found


def msis(irqs, vm):
    """{(DeviceID, EventID): row} of one VM."""
    return {(row['devid'], row['eventid']): row for row in irqs if row['vm'] == vm and row['type'] == 'LPI'}


def check_counts(tap, run, vm, number, irqs):
    """Each MSI of the guest is in Herald's list, as often as there."""
    for turn in (1, 2):
        before, after = linux(run, 'before-%s-%d' % (vm, turn)), linux(run, 'after-%s-%d' % (vm, turn))
        herald = msis(irqs[turn], number)
        wrong = []
        for key, (counts, name) in before.items():
            # An MSI that comes again before Linux has taken the first is taken once. kvmtool's console does that a lot.
            low, high = sum(counts) - 3, sum(after.get(key, (counts, name))[0]) * 1.05 + 3
            if name.endswith('-input') and vm == 'kvmtool':
                high = float('inf')
            if key not in herald or not low <= herald[key]['count'] <= high:
                wrong.append('%s: %s, Linux %.0f to %.0f' % (name, herald.get(key), low, high))
        tap.ok(before and not wrong, '%s: %d MSIs, DeviceID, EventID and count are what Linux says, look %d' % (
            vm, len(before), turn), '\n'.join(wrong) or run.section('before-%s-%d' % (vm, turn)))
        lpis = [row['intid'] for row in herald.values()]
        tap.ok(lpis and min(lpis) >= 8192 and len(set(lpis)) == len(lpis), '%s: each has an LPI of its own, look %d' % (vm, turn),
               str(herald))


def check_growth(tap, run, vm, number, irqs):
    """What the guest did is in the counts, on the vCPUs where its Linux counts it."""
    first, second = linux(run, 'after-%s-1' % vm), linux(run, 'before-%s-2' % vm)
    herald = [msis(irqs[turn], number) for turn in (1, 2)]
    grown = {'req': 0, 'input': 0}  # of the drive, of the network
    wrong = []
    for key, (counts, name) in second.items():
        more = [count - old for count, old in zip(counts, first.get(key, ([0] * VCPUS, ''))[0])]
        if not sum(more) or not all(key in rows for rows in herald):
            continue
        if more[herald[1][key]['vcpu']] != sum(more):
            wrong.append('%s: %s, Linux %s' % (name, herald[1][key], more))
        for queue in grown:
            if re.search(r'-%s\.\d$' % queue, name):
                grown[queue] += herald[1][key]['count'] - herald[0][key]['count']
    tap.ok(not wrong, vm + ': the vCPU is the one where Linux counts them', '\n'.join(wrong))
    tap.ok(grown['req'] >= BLOCKS and grown['input'] >= PINGS, vm + ': the counts grow with what the guest reads and sends',
           str(grown))


def check_third(tap, run):
    """The VM of our VMM."""
    tap.like(run.section('ls-third'), r'^[1-9]\d*$', 'herald ls names the owner of a third VM')
    seen = []
    for line in run.section('irq-third').splitlines():
        try:
            rows = json.loads(line)['irqs']
        except ValueError:
            continue
        seen += [(row['vm'], row['count']) for row in rows if row['devid'] == BELL]
    tap.ok(seen and seen[-1][1] > seen[0][1] and len({vm for vm, _ in seen}) == 1,
           'the counts of its MSIs grow while it runs', str(seen[:5] + seen[-5:]))


def main():
    tap = Tap()
    lkvm = os.environ.get('LKVM')
    vms = ['qemu'] + (['kvmtool'] if lkvm else [])
    script = LIB + MANAGEMENT % {
        'vms': ' '.join(vms), 'begin': '\n'.join(VMMS[vm] % {'vcpus': VCPUS} for vm in vms),
        'work': '\n'.join(work(vm) for vm in vms)}
    run = boot(script, GUESTS='on', programs=['build/mgmt/vmm', 'build/bare/payload.img'],
               files=[(os.path.abspath(lkvm), 'bin/lkvm')] if lkvm else [], timeout=900)
    listed = tap.json(run.section('ls'), 'ls --json').get('vms', [])
    irqs = {turn: tap.json(run.section('irq-%d' % turn), 'irq --json').get('irqs', []) for turn in (1, 2)}
    tap.equal(len(listed), 1 + len(vms), 'herald ls lists the management VM and %d others' % len(vms))
    for vm in vms:
        tap.like(run.section('shell-' + vm), r'^%d\n\d+\.\d+\.' % VCPUS, vm + ': Linux boots to its shell')
        numbers = [row['vm'] for row in listed if row['command'] == COMMANDS[vm]]
        if tap.ok(len(numbers) == 1, vm + ': herald ls names its owner', str(listed)):
            check_counts(tap, run, vm, numbers[0], irqs)
            check_growth(tap, run, vm, numbers[0], irqs)
        tap.equal(run.value('status-' + vm), '0', vm + ': its guest powers off, it ends')
    if not lkvm:
        tap.skip('kvmtool beside QEMU', 'name it: make test LKVM=/path/to/lkvm-static')
    check_third(tap, run)
    left = tap.json(run.section('left'), 'ls --json at the end').get('vms', [])
    tap.equal([row['vm'] for row in left], [0], 'in the end only the management VM is left')
    tap.clean(run, 'nothing to complain about')
    tap.done()


main()
