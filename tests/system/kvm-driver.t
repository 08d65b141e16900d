#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""/dev/kvm in the management VM: errno, exits, memory in step with the VMM's, waiting, signals, eventfds, dirty logs,
killed VMMs.

A VMM of ours (guests/mgmt/vmm) runs a guest of a few instructions and reports. Then the module goes, since no VM is left.
What the VMM expects is KVM's behaviour: NATIVE=1 runs it on Linux's own KVM, without what is Herald's: the module, the pages lent, the counters after a kill.
"""
import re

from herald import ALL, NATIVE, Tap, boot, cases

ROUNDS = 100 if ALL else 30

SCRIPT = '''
echo always > /sys/kernel/mm/transparent_hugepage/enabled
for topic in %s; do
	section $topic
	KILL_ROUNDS=%d timeout -s KILL 100 vmm $topic
	end
done
section unknown
vmm errno nonsense 2>/dev/null; echo $?
end
section unload
modprobe -r herald && ! lsmod | grep -q herald && modprobe herald && ls /dev/kvm
end
'''

POINT = re.compile(r'^(not )?ok (\d+) - (.*)$', re.M)


def report(tap, run, topic, name):
    """Hands the VMM's points on; they must be as many as planned."""
    text = run.section(topic)
    points = POINT.findall(text)
    for bad, _, point in points:
        tap.ok(not bad, '%s: %s: %s' % (name, topic, point), text)
    tap.ok(re.search(r'^1\.\.%d$' % len(points), text, re.M) and points,
           '%s: %s: the VMM came to its end' % (name, topic), text or 'it printed nothing')


def main():
    tap = Tap()
    topics = ['errno', 'run', 'regs', 'memory', 'wait', 'signal', 'caps', 'region', 'ioeventfd', 'irqfd', 'resample', 'msi',
              'dirty', 'move', 'stats', 'bad', 'race'] + ([] if NATIVE else ['lend', 'kill'])
    for kernel, cpu, smp in cases(
            # kernel, CPU,      SMP, in the short run
            ('6.12', 'max',         2, True),
            ('6.1', 'neoverse-n1',  4, True),
            ('6.12', 'cortex-a57',  1, False),
            ('6.12', 'max',         8, False),
            ('6.1', 'max',          1, False)):
        name = '%s, %s, %d CPUs' % (kernel, cpu, smp)
        run = boot(SCRIPT % (' '.join(topics), ROUNDS), KERNEL=kernel, CPU=cpu, SMP=smp, MEM='1G',
                   programs=['build/mgmt/vmm'], timeout=400)
        for topic in topics:
            report(tap, run, topic, name)
        tap.equal(run.value('unknown'), '2', name + ': a name that is no test is refused')
        if not NATIVE:
            tap.equal(run.value('unload'), '/dev/kvm', name + ': the module goes and comes')
        tap.clean(run, name + ': nothing else to complain about')
    tap.done()


main()
