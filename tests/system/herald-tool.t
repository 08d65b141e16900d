#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The tool `herald`: what it says about the management VM's interrupts is what Linux there says; about VMs of any VMM; its
errors, its help; top on a terminal and without one."""
import json
import re

from herald import Tap, boot, cases

BLOCKS = 200

# Linux forgets what an interrupt's number counted when a driver gives it back, Herald does not: so what came between two
# looks is compared. Each look at Herald's is between two at Linux's, or at one side of one.
IRQS = '''
network
section linux-first
cat /proc/interrupts
end
section irq-first
herald irq --json
end
read_blocks /dev/nvme0n1 %d
read_blocks /dev/vda %d
ping -c 3 -q 10.0.2.2 > /dev/null
section linux-before
cat /proc/interrupts
end
section irq
herald irq --json
end
section linux-after
cat /proc/interrupts
end
section pci
for d in /sys/bus/pci/devices/*; do
	[ -d $d/msi_irqs ] && echo ${d##*/} $(basename $(readlink $d/driver)) $(ls $d/msi_irqs | wc -l)
done
end
for c in its ls stat dmesg; do
	section $c
	herald $c --json
	end
done
section irq-text
herald irq 0
end
section its-text
herald its
end
section vcpus
herald ls 0 --json
end
section kernel-log
dmesg | grep -c . 
end
''' % (BLOCKS, BLOCKS)

# A VM of a VMM that has nothing to do with the tool: it waits, and is killed.
VMS = '''
vmm kill > /tmp/vmm.log 2>&1 &
vmm=$!
tries=0
section seen
while [ $tries -lt 300 ] && kill -0 $vmm 2> /dev/null; do
	herald ls --json > /tmp/ls
	grep -q '"vm":[1-9]' /tmp/ls && grep -q '"pid":[1-9]' /tmp/ls && break
	tries=$((tries + 1))
done
cat /tmp/ls
end
section during
fails=0
while kill -0 $vmm 2> /dev/null; do
	for c in ls irq its "top -d 0.1" stat; do
		herald $c --json > /tmp/out 2> /tmp/err || { fails=$((fails + 1)); cat /tmp/err; }
	done
done
echo "fails $fails"
end
section after
herald ls --json
end
section vmm
cat /tmp/vmm.log
end
'''

ERRORS = '''
try() {
	section "$1"
	shift
	"$@" < /dev/null > /tmp/out 2> /tmp/err
	echo "status $?"
	head -n 2 /tmp/err
	head -n 3 /tmp/out
	end
}
try no-command herald
try unknown herald frob
try planned herald run
try no-vm herald irq 77
try bad-vm herald its x
try many herald irq 0 1
try bad-option herald ls --frob
try foreign-option herald ls -w
try bad-delay herald top -d 0
try bad-rounds herald top -n 0
try help herald --help
try version herald --version
for c in ls irq its stat top dmesg; do
	try "help-$c" herald $c --help
done
try full sh -c 'herald stat > /dev/full'
adduser -D -H someone 2> /dev/null || echo 'someone:x:1000:1000::/:/bin/sh' >> /etc/passwd
chmod 600 /dev/kvm
try not-root su someone -s /bin/sh -c 'herald ls'
chmod 666 /dev/kvm
try not-root-open su someone -s /bin/sh -c 'herald ls'
chmod 600 /dev/kvm
modprobe -r herald
try no-driver herald ls
modprobe herald
ln -sf null /dev/kvm2
mv /dev/kvm /dev/kvm3
mknod /dev/kvm c 1 3
try not-herald herald ls
rm /dev/kvm
mv /dev/kvm3 /dev/kvm
'''

TOPS = '''
section top-once
herald top -d 0.2 < /dev/null | cat
end
section top-three
(read_blocks /dev/nvme0n1 4000 &)
herald top --json -n 3 -d 0.3 < /dev/null
end
section top-terminal
before=$(stty -g)
timeout -s KILL 60 herald top -d 0.5
echo "status $?"
[ "$(stty -g)" = "$before" ] && echo 'as before'
end
section dmesg-follow
(herald dmesg -w > /tmp/follow & echo $! > /tmp/pid)
sleep 1
kill "$(cat /tmp/pid)"
grep -c . /tmp/follow
grep -m 1 'Herald' /tmp/follow
end
section dmesg-text
herald dmesg
end
'''


def linux_counts(run, section):
    """{name in Linux: interrupts}"""
    return {row[2].split()[-1]: sum(row[1]) for row in run.interrupts(section)}


def check_irqs(tap, run):
    found = tap.json(run.section('irq'), 'irq --json')
    if not found:
        return
    irqs = found['irqs']
    first = tap.json(run.section('irq-first'), 'irq --json, the first time')
    base = {(irq['its'], irq['intid']): irq['count'] for irq in first['irqs']} if first else {}
    linux = linux_counts(run, 'linux-first')
    before, after = linux_counts(run, 'linux-before'), linux_counts(run, 'linux-after')
    lpis = {irq['name']: irq for irq in irqs if irq['type'] == 'LPI' and irq['name']}
    queues = [name for name in lpis if re.match(r'nvme\d+q\d+$|virtio\d+-|eth\d+', name)]
    tap.ok(sum(re.match('nvme', name) is not None for name in queues) >= 4 and
           any(name.startswith('virtio') for name in queues), 'NVMe and virtio have LPIs', lpis.keys())
    wrong = []
    for name in queues:
        # What was pended again before Linux took it came once: Herald may have counted a little more.
        count = lpis[name]['count'] - base.get((0, lpis[name]['intid']), 0)
        low, high = [counts.get(name, -100) - linux.get(name, 0) for counts in (before, after)]
        # Between the first looks some may have come, too.
        if not low - 3 <= count <= high * 1.05 + 3:
            wrong.append('%s: %s, Linux %s to %s' % (name, count, low, high))
    tap.ok(not wrong, 'each of the %d MSIs was counted as often as Linux did' % len(queues), '\n'.join(wrong))
    tap.ok(sum(lpis[name]['count'] for name in queues if name.startswith('nvme')) >= BLOCKS,
           'the blocks that were read are there')
    wrong = [irq for irq in lpis.values()
             if int(irq['requester'][5:7], 16) << 8 | int(irq['requester'][8:10], 16) << 3 |
             int(irq['requester'][11:]) != irq['devid']]
    tap.ok(not wrong, 'the DeviceID is the requester ID (identity msi-map)', wrong)
    tap.ok(all(irq['intid'] >= 8192 and irq['trigger'] == 'edge' and irq['its'] == 0 and irq['vcpu'] < 2
               for irq in lpis.values()), 'LPIs are edges, of an ITS, for a vCPU', lpis)
    tap.ok(all(irq['enabled'] for irq in lpis.values() if irq['name'] in queues and irq['count']),
           'those that came are enabled')
    tap.ok(any(irq['type'] == 'SPI' and irq['name'] == 'uart-pl011' and irq['trigger'] == 'level' and
               irq['hardware'] for irq in irqs), 'the UART has an SPI', irqs)
    keys = [(irq['its'] or 0, irq['devid'] or 0, irq['eventid'] or 0) for irq in irqs
            if irq['type'] == 'LPI']
    tap.equal(keys, sorted(keys), 'in the order of devices and events')
    tap.equal(len(keys), len(set(keys)), 'each event once')
    tap.like(run.section('irq-text'), r'^ *0 +LPI +\d+ +0 +0000:00:01\.0 +0x8 +0 .* nvme\dq0$',
             'the table has a line for an event')


def check_its(tap, run):
    found = tap.json(run.section('its'), 'its --json')
    if not found:
        return
    its = found['its'][0]
    tap.equal((len(found['its']), its['vm'], its['its'], its['base']), (1, 0, 0, 0x8080000),
              'the management VM has one ITS')
    pci = [line.split() for line in run.section('pci').splitlines()]
    devices = {device['requester']: device for device in its['devices']}
    wrong = [line for line in pci if devices.get(line[0], {}).get('driver') != line[1] or
             devices[line[0]]['mapped'] < int(line[2])]
    tap.ok(pci and not wrong, 'each of the %d PCI devices with MSIs is mapped' % len(pci),
           '%s\n%s' % (wrong, its['devices']))
    tap.ok(all(device['host_lpi'] >= 8192 and device['host_lpis'] >= device['mapped']
               for device in its['devices']), 'with host LPIs', its['devices'])
    tap.equal([(one['icid'], one['vcpu']) for one in its['collections']], [(0, 0), (1, 1)],
              'a collection for each CPU')
    commands = its['commands']
    tap.ok(commands.get('MAPC') == 2 and commands.get('MAPD', 0) >= len(pci) and
           commands.get('MAPTI', 0) >= its['events_mapped'] and commands.get('SYNC'),
           'commands were counted', commands)
    tap.equal(its['errors'], {}, 'no errors')
    tap.equal(its['registers']['GITS_CREADR'], its['registers']['GITS_CWRITER'], 'the queue is empty')
    tap.ok(its['msi_delivered'] >= BLOCKS and not its['msi_dropped'], 'MSIs were counted', its)
    tap.equal(sum(device['mapped'] for device in its['devices']), its['events_mapped'],
              'devices and events agree')
    tap.like(run.section('its-text'), r'^GITS_CBASER: +0x[0-9a-f]{16}$', 'the text shows registers')


def check_rest(tap, run):
    found = tap.json(run.section('ls'), 'ls --json')
    if found:
        vm = found['vms'][0]
        tap.equal((len(found['vms']), vm['vm'], vm['state'], vm['vcpus'], vm['its'], vm['pid']),
                  (1, 0, 'live', 2, 1, None), 'the management VM alone')
        tap.ok(0 < vm['pool_used'] < vm['pool_limit'], 'within its share of the pool', vm)
    found = tap.json(run.section('vcpus'), 'ls 0 --json')
    if found:
        tap.equal([(v['vcpu'], v['state'], v['cpu']) for v in found['vcpus']],
                  [(0, 'running', 0), (1, 'running', 1)], 'its vCPUs run, each on its CPU')
    found = tap.json(run.section('stat'), 'stat --json')
    if found:
        tap.ok(found['cpus'] == 2 and found['vms'] == 0 and found['msi_delivered'] >= BLOCKS and
               0 < found['pool_used'] < found['pool_size'] and found['host_lpis'] and
               not found['stray_frees'], 'figures', found)
    found = tap.json(run.section('dmesg'), 'dmesg --json')
    if found:
        lines = [line['text'] for line in found]
        tap.ok(lines[0].startswith('Herald 0.') and any('management VM starts' in line for line in lines),
               'from its first line on', lines)
        tap.ok(all(line['ms'] is not None for line in found), 'each with its time')


def check_vms(tap, run):
    found = tap.json(run.section('seen'), 'ls --json while a VMM runs')
    if found:
        others = [vm for vm in found['vms'] if vm['vm'] and vm['pid']]
        tap.ok(others, 'it shows the VM of another VMM', found)
        tap.ok(all(vm['command'] == 'vmm' and vm['pool_used'] and vm['state'] in ('live', 'closing')
                   for vm in others), 'and whose it is', others)
    tap.equal(run.value('during'), 'fails 0', 'VMs come and go under it, and no command fails')
    found = tap.json(run.section('after'), 'ls --json afterwards')
    if found:
        tap.equal(len(found['vms']), 1, 'all VMs are gone')
    tap.like(run.section('vmm'), r'^1\.\.\d+', 'the VMM came to its end')
    tap.unlike(run.section('vmm'), '^not ok', 'and is content')


def check_errors(tap, run):
    for section, status, text in (
            ('no-command', 2, 'usage: herald COMMAND'),
            ('unknown', 2, 'no command "frob"'),
            ('planned', 2, 'no command "run" yet'),
            ('no-vm', 1, 'there is no VM 77'),
            ('bad-vm', 2, 'not the number of a VM: x'),
            ('many', 2, 'too many arguments: 1'),
            ('bad-option', 2, 'unrecognized option'),
            ('foreign-option', 2, 'option'),
            ('bad-delay', 2, '-d wants seconds'),
            ('bad-rounds', 2, '-n wants a number'),
            ('help', 0, 'usage: herald COMMAND'),
            ('version', 0, r'herald \d'),
            ('full', 1, 'standard output: No space left'),
            ('not-root', 1, 'run this as root'),
            ('not-root-open', 1, r'only root \(CAP_SYS_ADMIN\)'),
            ('no-driver', 1, 'modprobe herald'),
            ('not-herald', 1, "is not Herald's")):
        tap.like(run.section(section), r'(?s)^status %d\n.*%s' % (status, text),
                 '%s: status %d, and says why' % (section, status))
    for command in ('ls', 'irq', 'its', 'stat', 'top', 'dmesg'):
        tap.like(run.section('help-' + command), r'(?s)^status 0\n.*usage: herald %s \[--json\]' % command,
                 '%s --help' % command)


def check_top(tap, run):
    text = run.section('top-once')
    tap.equal(text.count('herald: '), 1, 'top without a terminal prints once')
    tap.unlike(text, '\033', 'and plainly')
    lines = run.section('top-three').splitlines()
    try:
        rounds = [json.loads(line) for line in lines]
    except ValueError as error:
        rounds = []
        tap.diag('%s: %s' % (error, lines))
    tap.equal(len(rounds), 3, 'top --json -n 3: three lines of JSON')
    tap.ok(any(irq['name'] and irq['name'].startswith('nvme') and irq['rate'] > 10
               for one in rounds for irq in one['irqs']), 'with the disk on top', lines)
    tap.ok(all(one['vms'][0]['lpi_rate'] >= 0 for one in rounds) and
           any(one['msi_rate'] > 10 for one in rounds), 'and rates', lines)
    text = run.section('top-terminal')
    tap.ok(text.count('\033[H') >= 3 and '\033[?25l' in text, 'top draws in place on a terminal', text)
    tap.like(text, r'^status 0$', 'and q ends it')
    tap.like(text, r'^as before$', 'the terminal is as it was')
    tap.ok('\033[?25h' in text, 'with its cursor')
    tap.like(run.section('dmesg-text'), r'^\[ +\d+\.\d+\] herald: Herald 0\.', "dmesg has Herald's first line")
    tap.like(run.section('dmesg-follow'), r'(?s)^\d+\n.*Herald 0\.', 'dmesg -w prints what there is')


def main():
    tap = Tap()
    for kernel, cpu in cases(('6.12', 'max', True), ('6.1', 'neoverse-n1', False)):
        run = boot(IRQS + VMS + ERRORS + TOPS, KERNEL=kernel, CPU=cpu, SMP=2, MEM='1G',
                   programs=['build/mgmt/vmm'], timeout=300,
                   keys=(r'@section top-terminal(?s:.*\033\[H){4}', 'q'))
        check_irqs(tap, run)
        check_its(tap, run)
        check_rest(tap, run)
        check_vms(tap, run)
        check_errors(tap, run)
        check_top(tap, run)
        tap.clean(run, '%s, %s: nothing else to complain about' % (kernel, cpu))
    tap.done()


main()
