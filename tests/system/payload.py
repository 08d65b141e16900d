# SPDX-License-Identifier: GPL-2.0-only
"""Runs of our own guest, guests/bare: its results become points of the test."""
import os
import re
import subprocess

from herald import TOP, TROUBLE, boot, run_command, scratch, tail

PAYLOAD = os.path.join(TOP, 'build/bare/payload.img')
POINT = re.compile(r'^(not )?ok (\d+) - (.*?)(?: # SKIP (.*))?$', re.M)


def chain(kernel):
    """An Image of the payload with Debian's kernel behind it."""
    image = os.path.join(scratch(), 'chain-%s.img' % kernel)
    if not os.path.exists(image):
        subprocess.run([os.path.join(TOP, 'guests/bare/mkchain.sh'), PAYLOAD,
                        os.path.join(TOP, 'build/kernels/%s/Image' % kernel), image], check=True)
    return image


def run_payload(tests, script=None, kernel=PAYLOAD, **variables):
    """The payload on Herald, in the management VM's place."""
    return boot(script, KERNEL=kernel, MGMT_ARGS='tests=' + tests, **variables)


def run_plain(tests, cpu, smp):
    """The payload on QEMU's own GICv3 and ITS, at EL1 without Herald: the reference."""
    return run_command(['qemu-system-aarch64', '-machine', 'virt,gic-version=3,its=on', '-cpu', cpu,
                        '-smp', str(smp), '-m', '1G', '-nographic', '-net', 'none',
                        '-kernel', PAYLOAD, '-append', 'tests=' + tests])


def report(tap, run, name):
    """Hands the payload's points on, each with `name` before it; they must be as many as planned."""
    text = run.console
    points = POINT.findall(text)
    for bad, _, point, skipped in points:
        if skipped:
            tap.skip('%s: %s' % (name, point), skipped)
        else:
            tap.ok(not bad, '%s: %s' % (name, point))
    plan = re.search(r'^1\.\.(\d+)$', text, re.M)
    numbers = [int(number) for _, number, _, _ in points]
    trouble = TROUBLE.search(text)
    tap.ok(plan and numbers and numbers == list(range(1, int(plan.group(1)) + 1)) and run.ended and not trouble,
           '%s: the payload came to its end (%.0f s)' % (name, run.seconds),
           'see %s\n%s' % (os.path.relpath(run.log, TOP), tail(text)))


def quiet(tap, run, name):
    """Herald says nothing between the payload's first line and its last, whatever the payload does."""
    during = re.search(r'^# bare: loaded at.*?^1\.\.\d+$', run.console, re.M | re.S)
    lines = re.findall(r'^.*herald:.*$', during.group(0), re.M) if during else ['(it did not run)']
    tap.ok(not lines, '%s: bug class: no log line caused by any of it' % name, '\n'.join(lines[:5]))
