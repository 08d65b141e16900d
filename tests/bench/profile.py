#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Where Herald's instructions go in the operations that vm.py measures: tables in Markdown.

  profile.py              by source file, all operations side by side
  profile.py NAME ...     by function, of these operations: ipi, int-other, ...

The payload is the management VM's kernel here: no Linux is in the way, and the operations that need a VMM are left out.
QEMU logs each instruction that is executed at EL2, and the first one of each round. A round is all that Herald does on
all CPUs from one cause to the next: the return from the cause's exit and the end of the interrupt, too.
"""
import collections
import os
import re
import subprocess
import sys
import threading

from vm import MACHINE, OPERATIONS, RECORD, TOP, Failed
from herald import boot, scratch, tail  # pylint: disable=wrong-import-order

HERALD, PAYLOAD = 'build/herald.elf', 'build/bare/payload.elf'
PAYLOAD_AT = 0x50000000  # MODULE_BASE of boot/run.sh
WARM = 16
TITLES = {name: title for name, title, _ in OPERATIONS}
# The payload's functions are named after operations, with these exceptions.
ROUNDS = {'vgic-read': 'vgic', 'wfi-wake': 'wake'}


def symbols(elf):
    """{name: address} of an ELF file."""
    text = subprocess.run(['aarch64-linux-gnu-nm', '--defined-only', elf], cwd=TOP, check=True,
                          stdout=subprocess.PIPE, universal_newlines=True).stdout
    return {name: int(at, 16) for at, name in re.findall(r'^([0-9a-f]+) . (\S+)$', text, re.M)}


def places(addresses):
    """{address: (file, function)}, of inlined functions the innermost."""
    text = subprocess.run(['aarch64-linux-gnu-addr2line', '-afi', '-e', HERALD], cwd=TOP, check=True,
                          stdout=subprocess.PIPE, universal_newlines=True,
                          input='\n'.join(addresses)).stdout
    names = sorted((at, name) for name, at in symbols(HERALD).items())
    found = {}
    for at, frames in re.findall(r'^0x([0-9a-f]{16})\n((?:(?!0x).*\n.*\n)+)', text, re.M):
        pairs = re.findall(r'(.*)\n(.*):.*\n', frames)
        # The innermost one that a source file has; after the linker's optimizer some have none.
        function, line = next((pair for pair in pairs if '<' not in pair[1]), (pairs[0][0], ''))
        if function == '??':  # assembly: the label before it
            function = max(pair for pair in names if pair[0] <= int(at, 16))[1]
        found[at] = os.path.relpath(line, TOP) if line else function + '()', function
    return found


class Rounds:
    """Counts of addresses by operation, from QEMU's log."""

    def __init__(self, marks):
        self.marks = marks  # {address: operation}
        self.counts = collections.defaultdict(collections.Counter)
        self.rounds = collections.Counter()

    def read(self, path):
        operation, begun, addresses = None, 0, []
        with open(path, encoding='ascii') as log:
            for line in log:
                if not line.startswith('Trace'):
                    continue
                at = line.split('/', 2)[1]
                mark = self.marks.get(at)
                if not mark:
                    addresses.append(at)
                    continue
                if mark == operation and begun > WARM:
                    self.counts[operation].update(addresses)
                    self.rounds[operation] += 1
                begun = begun + 1 if mark == operation else 1
                operation, addresses = mark, []


def run():
    """(Rounds, {operation: instructions from cause to handler})."""
    at = symbols(PAYLOAD)
    marks = {'%016x' % (PAYLOAD_AT + at[function]): name for name in TITLES
             for function in ['round_' + ROUNDS.get(name, name.replace('-', '_'))] if function in at}
    image = symbols(HERALD)
    ranges = ['0x%x..0x%x' % (image['image_start'], image['image_end'])]
    ranges += ['0x%s+4' % mark for mark in marks]
    pipe = os.path.join(scratch(), 'log')
    os.mkfifo(pipe)
    rounds = Rounds(marks)
    reader = threading.Thread(target=rounds.read, args=(pipe,), daemon=True)
    reader.start()
    machine = dict(MACHINE, KERNEL='build/bare/payload.img', MGMT_ARGS='tests=bench')
    machine['QEMU_ARGS'] += (' -accel tcg,one-insn-per-tb=on -d exec,nochain -D %s -dfilter %s'
                             % (pipe, ','.join(ranges)))
    print('Counting: a minute or two', file=sys.stderr)
    done = boot(timeout=600, **machine)
    if not done.ended or not re.search(r'^# 0 of \d+ failed', done.console, re.M):
        raise Failed('the payload failed; see %s\n%s' % (os.path.relpath(done.log, TOP), tail(done.console)))
    reader.join()
    if not rounds.rounds:
        raise Failed('no round in the log: is the payload at %#x?' % PAYLOAD_AT)
    return rounds, {name: int(mean) / 100 for name, mean, *_ in RECORD.findall(done.console)}


def table(rounds, measured, key, columns):
    """A row for each `key` of an address's (file, function), the most expensive first, a column for each operation."""
    where = places(sorted({at for name in columns for at in rounds.counts[name]}))
    rows = collections.defaultdict(collections.Counter)
    for name in columns:
        for at, count in rounds.counts[name].items():
            rows[key(where[at])][name] += count / rounds.rounds[name]
    print('| instructions | %s |' % ' | '.join(TITLES[name] for name in columns))
    print('|---' * (len(columns) + 1) + '|')
    for row, cells in sorted(rows.items(), key=lambda row: -sum(row[1].values())):
        if max(cells.values()) >= 0.5:
            print('| %s | %s |' % (row, ' | '.join('%.0f' % cells[name] if cells[name] >= 0.5 else ''
                                                   for name in columns)))
    print('| **Herald, a round** | %s |' % ' | '.join(
        '**%.0f**' % sum(cells[name] for cells in rows.values()) for name in columns))
    print('| measured | %s |' % ' | '.join('%.0f' % measured[name] for name in columns))
    print()


def main():
    wanted = sys.argv[1:]
    if unknown := set(wanted) - set(TITLES):
        sys.exit('unknown operation %s; there are %s' % (', '.join(unknown), ', '.join(TITLES)))
    try:
        rounds, measured = run()
    except Failed as why:
        sys.exit(str(why))
    if missing := set(wanted) - set(rounds.rounds):
        sys.exit('this needs a VMM, it is not in the profile: ' + ', '.join(missing))
    if wanted:
        for name in wanted:
            table(rounds, measured, '%s: %s'.__mod__, [name])
    else:
        table(rounds, measured, lambda place: place[0],
              [name for name in TITLES if rounds.rounds[name] and rounds.counts[name]])


main()
