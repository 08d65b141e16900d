#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""What operations of a virtual machine cost in instructions: Herald beside Linux's KVM at EL2, in the same emulated machine.

  vm.py           runs both; a table in Markdown, build/bench/vm.json; exit status 1 if a budget is missed
  vm.py --plot DIR   a plot, too: DIR/vm.svg
  vm.py --tap     Herald only; the budgets as a test: tests/bench/vm.t
"""
import json
import os
import re
import subprocess
import sys

TOP = os.path.realpath(os.path.join(os.path.dirname(__file__), '../..'))
sys.path.insert(0, os.path.join(TOP, 'tests/system'))
from herald import TROUBLE, Tap, boot, tail  # pylint: disable=wrong-import-position

OUT = os.path.join(TOP, 'build/bench/vm.json')
VCPUS = 2
# One tick of the counter is one instruction; nothing of the machine is drawn by lot.
MACHINE = {
    'CPU': 'max', 'SMP': VCPUS, 'MEM': '1G', 'KERNEL': '6.12', 'MGMT_ARGS': 'nokaslr',
    'QEMU_ARGS': '-icount shift=0,sleep=off -machine dtb-randomness=off',
}
SCRIPT = '''
section bench
timeout -s KILL 300 vmm boot /bin/payload.img %d tests=bench
end
''' % VCPUS

# (name in the payload, title, budget or None)
OPERATIONS = (
    ('hypercall', 'null hypercall', 130),
    ('vgic-read', 'vGIC register read', 220),
    ('mmio-user', 'MMIO exit to user space', 5000),
    ('eoi', 'end of interrupt', None),
    ('timer', 'timer interrupt, due to handler', None),
    ('ipi', 'IPI, send to handler', 600),
    ('wfi-wake', 'IPI that wakes a vCPU from WFI', None),
    ('int-own', 'INT command to LPI handler, own vCPU', None),
    ('int-other', 'INT command to LPI handler, other vCPU', 1100),
    ('msi-own', 'MMIO exit, KVM_SIGNAL_MSI, LPI handler, own vCPU', None),
    ('msi-other', 'MMIO exit, KVM_SIGNAL_MSI, LPI handler, other vCPU', None),
)

RECORD = re.compile(r'^# bench (\S+) (\d+) (\d+) (\d+) (\d+)$', re.M)


class Failed(Exception):
    pass


def measure(herald):
    """{name: {mean, least, most, seen}} in instructions; Failed if the payload does not come to its end."""
    run = boot(SCRIPT, HERALD='on' if herald else 'off', timeout=400,
               programs=['build/mgmt/vmm', 'build/bare/payload.img'], **MACHINE)
    text = run.section('bench')
    frequency = re.search(r'^# bench-frequency (\d+)$', text, re.M)
    trouble = TROUBLE.search(run.console)
    if not frequency or not re.search(r'^# 0 of \d+ failed$', text, re.M) or not run.ended or trouble:
        raise Failed('%s; see %s\n%s' % (trouble.group(0) if trouble else 'the payload failed',
                                         os.path.relpath(run.log, TOP), tail(text or run.console)))
    scale = 1e9 / int(frequency.group(1)) / 100
    return {name: dict(zip(('mean', 'least', 'most', 'seen'), (int(n) * scale for n in numbers)))
            for name, *numbers in RECORD.findall(text)}


def verdicts(found):
    """(kept, what) of each budget."""
    for name, title, budget in OPERATIONS:
        if budget is None:
            continue
        if name not in found:
            yield False, title + ': not measured'
        else:
            mean = found[name]['mean']
            yield mean <= budget, '%s: %.0f instructions, at most %d' % (title, mean, budget)


def as_tap():
    tap = Tap()
    try:
        found = measure(True)
    except Failed as why:
        tap.ok(False, 'the benchmark comes to its end', str(why))
        tap.done()
        return
    tap.ok(found, 'the benchmark comes to its end')
    for kept, what in verdicts(found):
        tap.ok(kept, what)
    tap.done()


def cell(found, name, key='mean'):
    return '{:,.0f}'.format(found[name][key]) if name in found else '-'


def show(kvm, herald):
    print('| instructions | KVM | Herald | ratio | budget | least: KVM | Herald | seen by the cause: KVM | Herald |')
    print('|---|---|---|---|---|---|---|---|---|')
    for name, title, budget in OPERATIONS:
        both = name in kvm and name in herald and herald[name]['mean']
        seen = any(found.get(name, {}).get('seen') for found in (kvm, herald))
        print('| ' + ' | '.join((
            title, cell(kvm, name), cell(herald, name),
            '%.1f' % (kvm[name]['mean'] / herald[name]['mean']) if both else '-',
            '{:,}'.format(budget) if budget else '',
            cell(kvm, name, 'least'), cell(herald, name, 'least'),
            cell(kvm, name, 'seen') if seen else '', cell(herald, name, 'seen') if seen else '')) + ' |')
    print()


def plot(kvm, herald, where):
    rows = []
    for name, title, budget in reversed(OPERATIONS):
        means = [found[name]['mean'] if name in found else 'NaN' for found in (kvm, herald)]
        rows.append('"%s" %s %s %s' % (title, means[0], means[1], budget or 'NaN'))
    script = '''set terminal svg noenhanced size 900,%d dynamic font "sans-serif,13"
set object 1 rectangle from screen 0,0 to screen 1,1 fc rgb "white" fs noborder behind
set output "%s/vm.svg"
set title "Operations of a virtual machine: executed arm64 instructions"
set logscale x 10
set xrange [1:100000]
set yrange [-0.6:%d.6]
set xtics ("1" 1, "10" 10, "100" 100, "1,000" 1000, "10,000" 10000, "100,000" 100000)
set grid xtics lc rgb "#dddddd"
set border 3
set tics nomirror
set key outside bottom center horizontal
set style fill solid noborder
$rows << E
%s
E
plot $rows using (sqrt($2)):($0+0.19):(1):2:($0+0.03):($0+0.35):ytic(1) with boxxyerror lc rgb "#b0b0b0" title "KVM", \\
     $rows using (sqrt($3)):($0-0.19):(1):3:($0-0.35):($0-0.03) with boxxyerror lc rgb "#3060a0" title "Herald", \\
     $rows using 4:($0-0.19):(0.24) with yerrorbars pt 0 lw 3 lc rgb "#b03030" title "budget", \\
     $rows using 2:($0+0.19):(sprintf(" %%.0f", $2)) with labels left font ",10" notitle, \\
     $rows using 3:($0-0.19):(sprintf(" %%.0f", $3)) with labels left font ",10" notitle
''' % (90 + 45 * len(rows), where, len(rows) - 1, '\n'.join(rows))
    subprocess.run(['gnuplot'], input=script.encode(), cwd=TOP, check=True)


def main():
    if '--tap' in sys.argv:
        as_tap()
        return
    try:
        kvm, herald = measure(False), measure(True)
    except Failed as why:
        sys.exit(str(why))
    os.makedirs(os.path.dirname(OUT), exist_ok=True)
    with open(OUT, 'w', encoding='utf-8') as out:
        json.dump({'unit': 'instructions', 'machine': MACHINE, 'kvm': kvm, 'herald': herald,
                   'budget': {name: budget for name, _, budget in OPERATIONS if budget}}, out, indent=1)
        out.write('\n')
    show(kvm, herald)
    broken = [what for kept, what in verdicts(herald) if not kept]
    for what in broken:
        print('MISSED: ' + what)
    if '--plot' in sys.argv:
        plot(kvm, herald, sys.argv[sys.argv.index('--plot') + 1])
    sys.exit(1 if broken else 0)


if __name__ == '__main__':
    main()
