# SPDX-License-Identifier: GPL-2.0-only
"""What the tests with Debian's QEMU in the management VM share."""
import os
import re

from herald import TOP, boot

with open(os.path.join(TOP, 'tests/system/qemu.sh')) as f:
    LIB = f.read()


def machine(script, **variables):
    """Boot a machine with QEMU and guests on a drive; the script may use the functions of qemu.sh."""
    return boot(LIB + script, GUESTS='on', **variables)


def results(text):
    """What a guest said: {name: value} of its lines 'G name value'."""
    return dict(re.findall(r'^G (\S+) ?(.*)$', text, re.M))


def msis(text):
    """Interrupts of the virtual ITS in a guest's /proc/interrupts: {name: count on all its CPUs}."""
    rows = re.findall(r'^\s*\d+:((?:\s+\d+)+)\s+ITS(?:-PCI)?-MSI\S*\s+\d+\s+Edge\s+(\S+)$', text, re.M)
    return {name: sum(int(count) for count in counts.split()) for counts, name in rows}
