#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""/proc/interrupts on Herald has the PCI lines of Linux booted without Herald on the same machine."""
import re

from herald import ALL, Tap, boot

SCRIPT = '''
network
section interrupts; cat /proc/interrupts; end
'''

# What only EL2 has, or what moves with it: timers, the PMU, KVM's lines and the SMMU's, the doorbell
# of Herald's driver; IPIs count by CPU, not by device.
NOT_COMPARED = re.compile(r'timer|pmu|vgic|kvm|smmu|herald|^$', re.I)


def lines(run):
    """chip, hardware number, trigger, name of each line; numbers of the chip's own are dropped."""
    rows = []
    for number, _, what in run.interrupts('interrupts'):
        if number.isdigit() and not NOT_COMPARED.search(what):
            rows.append(re.sub(r'nvme\d', 'nvme', what))  # probed in either order
    return sorted(rows)


tap = Tap()
for kernel in ('6.12', '6.1') if ALL else ('6.12',):
    native = boot(SCRIPT, HERALD='off', KERNEL=kernel)
    tap.clean(native, 'Linux %s without Herald' % kernel)
    ours = boot(SCRIPT, KERNEL=kernel)
    tap.clean(ours, 'Linux %s on Herald' % kernel)
    want, got = lines(native), lines(ours)
    tap.ok(sum('ITS-' in row for row in want) > 20, 'the comparison has lines to compare',
           '\n'.join(want))
    missing = [row for row in want if row not in got]
    extra = [row for row in got if row not in want]
    tap.equal(missing, [], 'Linux %s: no interrupt line is missing' % kernel)
    tap.equal(extra, [], 'Linux %s: no interrupt line is new' % kernel)
tap.done()
