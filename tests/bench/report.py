#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Runs the ITS benchmark's two programs and makes tables, plots and verdicts of their records.

  report.py               tables, in Markdown; exit status 1 if a bound is not kept
  report.py --plot DIR    plots, too: DIR/its-translate.svg and DIR/its-msi.svg
  report.py --tap         the bounds as a test (no nanoseconds): tests/bench/its.t
"""
import os
import subprocess
import sys

TOP = os.path.realpath(os.path.join(os.path.dirname(__file__), '../..'))
ARM = 'build/bench/its-arm64.elf'
HOST = 'build/bench/its-host'
QEMU = [os.environ.get('QEMU', 'qemu-system-aarch64'), '-machine', 'virt,virtualization=on',
        '-cpu', 'max', '-m', '256M', '-icount', 'shift=0', '-net', 'none',
        '-display', 'none', '-monitor', 'none', '-serial', 'stdio', '-kernel', ARM]

TIMEOUT = 120
SIZES = (1, 32, 1024, 16384, 57344)
MEAN_LIMIT, WORST_LIMIT, RATIO_LIMIT, STEP_LIMIT = 60, 130, 1.2, 20000


def records(command):
    """The program's records by their letter: words, the last of which may have blanks."""
    words = {'T': 5, 'U': 4, 'W': 1, 'C': 5, 'S': 5, 'R': 1, 'Q': 3, 'M': 3, 'N': 3, 'P': 3,
             'D': 3, 'F': 3, 'END': 0}
    try:
        done = subprocess.run(command, cwd=TOP, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              timeout=TIMEOUT, check=True)
    except subprocess.TimeoutExpired:
        sys.exit('%s took more than %d s' % (command[-1], TIMEOUT))
    found = {letter: [] for letter in words}
    for line in done.stdout.decode().splitlines():
        letter, _, rest = line.partition(' ')
        if letter not in words:
            sys.exit('%s says: %s' % (command[-1], line))
        row = rest.split(' ', words[letter] - 1) if rest else []
        found[letter].append([int(word) if word.lstrip('-').isdigit() else word for word in row])
    if not found['END']:
        sys.exit('%s did not come to its end' % command[-1])
    return found


def number(value):
    return '{:,}'.format(value) if isinstance(value, int) else str(value)


def table(head, rows):
    print('| ' + ' | '.join(head) + ' |')
    print('|' + '---|' * len(head))
    for row in rows:
        print('| ' + ' | '.join(number(cell) for cell in row) + ' |')
    print()


def translations(arm):
    """Mean and worst by number of events, of what guests do: {events: (mean, worst)}."""
    found = {}
    for events in SIZES:
        rows = [row for row in arm['T'] if row[2] == events and row[3] == 'guest']
        found[events] = (max(row[0] for row in rows) / 100, max(row[1] for row in rows))
    return found


def full_means(arm):
    """Means at the limit, the adversary's who does not know the seed included: {set: mean}."""
    return {name: mean / 100 for mean, _, events, kind, name in arm['T']
            if kind != 'seed' and events > 0.99 * SIZES[-1]}


def verdicts(arm):
    """(kept, what)"""
    first = translations(arm)[1][0]
    for name, mean in full_means(arm).items():
        yield (mean <= MEAN_LIMIT,
               '%s, 57,344 events: mean %.2f, at most %d' % (name, mean, MEAN_LIMIT))
        yield (mean <= RATIO_LIMIT * first,
               '... %.3f times the mean at 1 event, at most %.1f' % (mean / first, RATIO_LIMIT))
    worst = max(row[1] for row in arm['T'] + arm['U'])
    yield worst <= WORST_LIMIT, 'worst translation of all: %d, at most %d' % (worst, WORST_LIMIT)
    yield arm['W'] == [[0]], 'every translation led where it should'
    for name in dict.fromkeys(row[4] for row in arm['C'] if row[2]):
        over = [row for row in arm['C'] if row[4] == name and row[1] > row[2]]
        yield not over, '%s costs at most what is charged%s' % (
            name, ''.join(', not with %d events: %d of %d' % (row[3], row[1], row[2])
                          for row in over))
    for longest, _, _, _, name in arm['S']:
        yield longest <= STEP_LIMIT, '%s: longest step %d, at most %d' % (name, longest, STEP_LIMIT)
    for errno, errors, name in arm['Q']:
        yield False, '%s: answered %d, %d commands failed' % (name, errno, errors)


def tap(arm):
    count = 0
    for kept, what in verdicts(arm):
        count += 1
        print('%s %d - %s' % ('ok' if kept else 'not ok', count, what))
    print('1..%d' % count)


def show_translations(arm, host):
    print('Translation, executed arm64 instructions and nanoseconds here:\n')
    rows = []
    for mean, worst, events, kind, name in arm['T']:
        ns = [row[0] for row in host['N'] if row[2] == name and abs(row[1] - events) <= 8]
        rows.append((name, events, '%.2f' % (mean / 100), worst,
                     '%.1f' % (ns[0] / 100) if ns else ''))
    for mean, worst, events, name in arm['U']:
        rows.append((name + '; not mapped', events, '%.2f' % (mean / 100), worst, ''))
    table(('keys', 'events mapped', 'mean', 'worst', 'ns'), rows)
    print('its_signal() on threads at once, injection left out, CPU time for each MSI in ns:\n')
    rows = []
    for events in SIZES:
        rows.append([events] + ['%.1f' % (row[0] / 100) for row in host['P'] if row[2] == events])
    table(('events mapped', '1 thread', '2 threads', '4 threads'), rows)


def show_commands(arm, host):
    print('Commands, from CWRITER to CREADR: mean and worst instructions, what is charged for the\n'
          'worst, nanoseconds here. MSI: its_signal() with its injection.\n')
    names = list(dict.fromkeys(row[4] for row in arm['C']))
    rows = []
    for name in names:
        for mean, worst, charged, events, _ in (row for row in arm['C'] if row[4] == name):
            ns = [row[0] for row in host['D'] if row[2] == name and row[1] == events]
            rows.append((name, events, round(mean / 100), worst, charged or '',
                         '%.0f' % (ns[0] / 100) if ns else ''))
    table(('command', 'events mapped', 'mean', 'worst', 'charged', 'ns'), rows)


def show_steps(arm):
    print('Longest steps, instructions:\n')
    table(('work', 'longest step', 'steps', 'all steps'),
          [(name, longest, number(steps) if ended else 'above ' + number(steps),
            number(total) if ended else 'above ' + number(total))
           for longest, steps, total, ended, name in arm['S']])
    print('The longest register write: %d instructions.\n' % arm['R'][0][0])


def show_memory(host):
    print('Memory of a VM, 16-bit DeviceIDs, EventIDs and INTIDs, 4,096 devices, in bytes:\n')
    table(('vCPUs', 'ITS', 'vGIC'), [(vcpus, its, vgic) for its, vgic, vcpus in host['M']])
    refused, mapped, seeds = host['F'][0]
    print('%s events mapped at the limit under %d seeds: %s found no place.\n'
          % (number(mapped), seeds, number(refused)))


def plot(arm, host, where):
    """gnuplot gets its data inline: nothing is left behind but the pictures."""
    guest = translations(arm)
    worst = max(row[1] for row in arm['T'])
    churned = max(full_means(arm).values())
    common = '''set terminal svg noenhanced size 900,420 dynamic font "sans-serif,13"
set object 1 rectangle from screen 0,0 to screen 1,1 fc rgb "white" fs noborder behind
set logscale x 2
set xrange [0.8:90000]
set xtics ("1" 1, "32" 32, "1,024" 1024, "16,384" 16384, "57,344" 57344)
set xlabel "events mapped"
set grid ytics lc rgb "#dddddd"
set border 3
set tics nomirror
'''
    script = common + '''set output "%s/its-translate.svg"
set title "Translating one MSI: executed arm64 instructions"
set ylabel "instructions"
set yrange [0:145]
set key outside right center reverse Left
$guest << E
%s
E
$churned << E
57344 %.2f
E
plot %d with lines lw 1 dt 2 lc rgb "#b03030" title "budget: worst", \\
     $guest using 1:3 with linespoints lw 2 pt 7 lc rgb "#d08020" title "worst", \\
     %d with lines lw 1 dt 3 lc rgb "#d08020" title "worst, keys by one who knows the seed", \\
     %d with lines lw 1 dt 2 lc rgb "#3060a0" title "budget: mean", \\
     $churned with points pt 5 ps 1 lc rgb "#602080" title "mean, keys by an adversary", \\
     $guest using 1:2 with linespoints lw 2 pt 7 lc rgb "#3060a0" title "mean"
''' % (where, '\n'.join('%d %.2f %d' % (n, m, w) for n, (m, w) in guest.items()), churned,
       WORST_LIMIT, worst, MEAN_LIMIT)
    threads = sorted({row[1] for row in host['P']})
    lines = []
    for events in SIZES:
        ns = [row[0] / 100 for row in host['P'] if row[2] == events]
        alone = [row[0] / 100 for row in host['N'] if row[1] == events]
        lines.append(' '.join('%.2f' % n for n in [events, sum(alone) / len(alone)] + ns))
    colours = ('#3060a0', '#308040', '#d08020')
    curves = ['$ns using 1:%d with linespoints lw 2 pt 7 lc rgb "%s" title "%d thread%s"'
              % (3 + i, colours[i], n, '' if n == 1 else 's') for i, n in enumerate(threads)]
    curves.append('$ns using 1:2 with linespoints lw 2 pt 5 dt 2 lc rgb "#808080" '
                  'title "translation alone, 1 thread"')
    script += common + '''set output "%s/its-msi.svg"
set title "One MSI on the build host, CPU time of the thread that signals it"
set ylabel "ns per MSI"
set yrange [0:*]
set key outside right center reverse Left title "its_signal(), no injection:"
$ns << E
%s
E
plot %s
''' % (where, '\n'.join(lines), ', '.join(curves))
    subprocess.run(['gnuplot'], input=script.encode(), cwd=TOP, check=True)


def main():
    arm = records(QEMU)
    if '--tap' in sys.argv:
        tap(arm)
        return
    host = records([HOST])
    show_translations(arm, host)
    show_commands(arm, host)
    show_steps(arm)
    show_memory(host)
    broken = [what for kept, what in verdicts(arm) if not kept]
    for what in broken:
        print('NOT KEPT: ' + what)
    print('%d bounds checked, %d not kept' % (len(list(verdicts(arm))), len(broken)))
    if '--plot' in sys.argv:
        plot(arm, host, sys.argv[sys.argv.index('--plot') + 1])
    sys.exit(1 if broken else 0)


main()
