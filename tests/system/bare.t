#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""PSCI, timers, the virtual GICv3 and the virtual ITS, tested by a guest that knows the architecture.

The same guest runs on QEMU's GIC without Herald first, so that what it expects is not Herald's view.
Known bug classes of ITS emulators (docs/its.md) are for Herald alone.
"""
from herald import Tap, cases
from payload import quiet, report, run_payload, run_plain

TESTS = 'basic,its'

tap = Tap()
report(tap, run_plain(TESTS, 'max', 4), 'QEMU')
for cpu, smp, gic, smmu in cases(
        # CPU,         SMP, GIC, SMMU,  in the short run
        ('max',          4, 3, 'on', True),
        ('cortex-a57',   1, 3, 'off', True),
        ('neoverse-n1',  8, 4, 'on', True),
        ('cortex-a57',   8, 4, 'on', False),
        ('max',          2, 4, 'off', False),
        ('neoverse-n1',  3, 3, 'on', False)):
    run = run_payload(TESTS + ',bugs', CPU=cpu, SMP=smp, GIC=gic, SMMU=smmu, MEM='1G')
    name = '%s, %d CPUs, GICv%d' % (cpu, smp, gic)
    report(tap, run, name)
    quiet(tap, run, name)
tap.done()
