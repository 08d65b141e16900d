#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""kvm-unit-tests under kvmtool: `make test LKVM=FILE KUT=DIRECTORY`, the .flat files built for kvmtool.

NATIVE=1 runs the same on Linux's own KVM.
"""
import glob
import os
import re

from herald import NATIVE, Tap
from suites import FAIL, PASS, SKIP, Case, chosen, given, run

PMU = 'no VM has a PMU (docs/abi.md)'
MTE = 'no VM has memory tagging (docs/abi.md)'

# Exit codes of the tests as their line EXIT: STATUS gives them: 2 * code + 1.
PASSED, SKIPPED = 1, 77

# name, file, vCPUs, parameters, kvmtool's options, seconds, why Herald hides it.
TESTS = [
    ('selftest-setup', 'selftest', 2, 'setup smp=2 mem=256', '', 30, None),
    ('selftest-vectors-kernel', 'selftest', 1, 'vectors-kernel', '', 30, None),
    ('selftest-vectors-user', 'selftest', 1, 'vectors-user', '', 30, None),
    ('selftest-smp', 'selftest', 4, 'smp', '', 30, None),
    ('gicv3-ipi', 'gic', 4, 'ipi', '', 60, None),
    ('gicv3-active', 'gic', 4, 'active', '', 60, None),
    ('its-introspection', 'gic', 4, 'its-introspection', '', 30, None),
    ('its-trigger', 'gic', 4, 'its-trigger', '', 60, None),
    ('psci', 'psci', 4, '', '', 60, None),
    ('timer', 'timer', 1, '', '', 60, None),
    ('cache', 'cache', 1, '', '', 60, None),
    ('debug-bp', 'debug', 1, 'bp', '', 30, None),
    ('debug-wp', 'debug', 1, 'wp', '', 30, None),
    ('debug-sstep', 'debug', 1, 'ss', '', 30, None),
    ('fpu-context', 'fpu', 2, '', '', 240, None),
    ('spinlock', 'spinlock-test', 4, '', '', 120, None),
    ('sieve', 'sieve', 1, '', '', 240, None),
    ('micro-bench', 'micro-bench', 2, '', '', 300, None),
    ('mte-sync', 'mte', 1, 'sync', '', 30, MTE),
    ('mte-async', 'mte', 1, 'async', '', 30, MTE),
    ('mte-asymm', 'mte', 1, 'asymm', '', 30, MTE),
] + [('pmu-' + name.split()[0], 'pmu', 1, parameters or name, '--pmu', 60, PMU)
     for name, parameters in (
         ('cycle-counter', 'cycle-counter 0'), ('event-introspection', 'pmu-event-introspection'),
         ('event-counter-config', 'pmu-event-counter-config'),
         ('basic-event-count', 'pmu-basic-event-count'), ('mem-access', 'pmu-mem-access'),
         ('mem-access-reliability', 'pmu-mem-access-reliability'), ('sw-incr', 'pmu-sw-incr'),
         ('chained-counters', 'pmu-chained-counters'), ('chained-sw-incr', 'pmu-chained-sw-incr'),
         ('chain-promotion', 'pmu-chain-promotion'),
         ('overflow-interrupt', 'pmu-overflow-interrupt'))]

# What KVM does not pass on the emulated machine.
BROKEN = {'pmu-event-introspection': "QEMU's PMU lacks an event that the test requires"}

# Memory tagging: a machine whose CPU has it; on Herald its VMs do not see it. Timers are held to 10 ms: a counter that
# ticks with the instructions, each 8 ns, so that a busy host is not taken for a late interrupt.
MACHINE = {'mte': {'QEMU_ARGS': '-machine mte=on'}, 'timer': {'QEMU_ARGS': '-icount shift=3,sleep=off'}}


def judge(case):
    """By the line EXIT: kvmtool's own status says nothing."""
    found = re.findall(r'^EXIT: STATUS=(\d+)', case.output, re.M)
    counts = [len(re.findall(r'^%s:' % word, case.output, re.M)) for word in ('PASS', 'FAIL', 'SKIP')]
    words = '%d passed, %d failed, %d skipped' % tuple(counts)
    if not found:
        refused = case.hidden and not NATIVE and re.search(r'not supported|Invalid|KVM_|Fatal', case.output)
        return (SKIP, 'refused') if refused else (FAIL, 'no EXIT line, status %d' % case.status)
    status = int(found[-1])
    if status == SKIPPED:
        return SKIP, words
    return (PASS if status == PASSED else FAIL), words


def main():
    tap = Tap()
    lkvm = given(tap, 'LKVM', 'kvm-unit-tests', '/path/to/lkvm-static KUT=/path/to/flat-files')
    kut = given(tap, 'KUT', 'kvm-unit-tests', '/path/to/flat-files')
    there = {os.path.basename(path)[:-len('.flat')]: path
             for path in sorted(glob.glob(os.path.join(kut, '*.flat')))}
    tap.ok(there, 'KUT has files *.flat')
    cases = []
    for name, image, cpus, parameters, options, seconds, hidden in TESTS:
        if image not in there:
            tap.skip(name, 'no %s.flat in KUT' % image)
            continue
        command = ('lkvm run --nodefaults --irqchip=gicv3-its -c %d -m 256 %s -f /kut/%s.flat --params "%s"'
                   % (cpus, options, image, parameters))
        cases.append(Case(name, command, seconds, hidden, BROKEN.get(name),
                          MACHINE.get(image)))
    files = [(lkvm, 'bin/lkvm')] + [(path, 'kut/%s.flat' % name) for name, path in there.items()]
    run(tap, chosen(cases), judge, files)
    tap.done()


main()
