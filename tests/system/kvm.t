#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""VMs by Herald's hypercalls: our own payload is the management VM's kernel, their VMM and their guest."""
from herald import Tap, cases
from payload import report, run_payload

tap = Tap()
for cpu, smp, gic in cases(
        # CPU,         SMP, GIC, in the short run
        ('max',          4, 3, True),
        ('neoverse-n1',  4, 3, True),
        ('cortex-a57',   4, 4, True),
        ('max',          1, 3, False)):
    run = run_payload('kvm', CPU=cpu, SMP=smp, GIC=gic, MEM='2G')
    report(tap, run, '%s, %d CPUs, GICv%d' % (cpu, smp, gic))
# The counts of instructions, against their budgets.
run = run_payload('kvm bench=kvm', CPU='max', SMP=2, MEM='2G', QEMU_ARGS='-icount shift=0,sleep=off')
report(tap, run, 'max, counted')
tap.done()
