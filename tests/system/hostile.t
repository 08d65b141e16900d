#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""A guest that does all it should not; then Linux boots on the same machine, as if nothing had been."""
from herald import Tap, cases
from payload import PAYLOAD, chain, quiet, report, run_payload

SCRIPT = '''
section cpus; nproc; end
section interrupts; cat /proc/interrupts; end
'''

tap = Tap()
for kernel, cpu, smp, gic, mem in cases(
        # kernel, CPU,        SMP, GIC, MEM,  in the short run
        ('6.12', 'max',         4, 3, '1G', True),
        ('none', 'cortex-a57',  1, 3, '512M', True),
        ('6.1', 'cortex-a57',   8, 3, '2G', False),
        ('6.12', 'neoverse-n1', 2, 4, '1G', False),
        ('none', 'neoverse-n1', 8, 4, '4G', False)):
    name = '%s, %d CPUs, GICv%d' % (cpu, smp, gic)
    machine = dict(CPU=cpu, SMP=smp, GIC=gic, MEM=mem)
    if kernel == 'none':
        run = run_payload('hostile', kernel=PAYLOAD, **machine)
        report(tap, run, name)
        quiet(tap, run, name)
        continue
    run = run_payload('hostile', SCRIPT, chain(kernel), INITRD='build/mgmt/initrd-%s.cpio' % kernel,
                      **machine)
    report(tap, run, name)
    quiet(tap, run, name)
    tap.clean(run, '%s: then Linux %s boots, runs its script and powers off' % (name, kernel))
    tap.equal(run.value('cpus'), str(smp), '%s: Linux has all its CPUs' % name)
    rows = run.interrupts('interrupts')
    msis = sum(sum(counts) for _, counts, what in rows if 'ITS' in what)
    tap.ok(msis > 0, '%s: and takes %d MSIs' % (name, msis))
tap.done()
