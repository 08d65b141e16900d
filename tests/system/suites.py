# SPDX-License-Identifier: GPL-2.0-only
"""Runs test suites of others, from binaries that the user names, in the management VM.

A suite is a list of Cases. run() boots a machine, runs one after the other and judges each by what its
program printed. A case that takes the machine down fails; the rest goes on in another machine. With
NATIVE=1 Linux's own KVM runs them on the same emulated machine: compare.py puts both side by side.
ONLY=REGEX in the environment chooses cases by name.
"""
import os
import re
import shlex
import sys

from herald import NATIVE, TIMEOUT, boot

PASS, FAIL, SKIP = 'pass', 'fail', 'skip'

# So many machines may go down in one run before the rest is given up.
MACHINES = 6


# What a case that ended has printed: its own warnings are not the machine's.
BLOCK = re.compile(r'^@case (\d+)$.*?^@ended \1 \d+$', re.S | re.M)


class Case:
    """One run of a program.

    command   what the management VM's shell runs
    seconds   after which it is killed: a failure. TEST_TIMEOUT stretches it as it does the machine's
    hidden    Herald hides what this needs, and this is the reason: there it must say that it skips, or
              be refused; on KVM it runs
    broken    why it fails on KVM, too, on the emulated machine: it is run, a failure is not counted
    known     a regular expression for how it fails so: another failure is counted
    machine   variables of boot() that it needs other than the rest
    """

    def __init__(self, name, command, seconds=60, hidden=None, broken=None, machine=None, known=''):
        self.name = name
        self.command = command
        self.seconds = seconds * max(TIMEOUT, 180) // 180
        self.hidden = hidden
        self.broken = broken
        self.known = known
        self.machine = machine or {}
        self.output = ''
        self.status = None  # None: it did not come to an end


def given(tap, variable, what, example):
    """The path in an environment variable; without it the test is one skipped point."""
    path = os.environ.get(variable)
    if not path:
        tap.skip(what, 'name it: make test %s=%s' % (variable, example))
        tap.done()
        sys.exit(0)
    if not os.path.exists(path):
        tap.ok(False, '%s=%s is there' % (variable, path))
        tap.done()
        sys.exit(1)
    return os.path.abspath(path)


def chosen(cases):
    """The cases that ONLY names; all without it."""
    only = os.environ.get('ONLY')
    return [case for case in cases if not only or re.search(only, case.name)]


def script(cases):
    """Runs the cases by number. The newline before @ended: a guest may leave its line unfinished.

    Standard input is a pipe that has a writer and stays empty: VMMs poll it, /dev/null would keep them busy."""
    lines = ['wait_for 30 test -c /dev/kvm', 'cd /tmp', 'mkfifo /tmp/quiet; exec 9<> /tmp/quiet']
    for number, case in cases:
        lines += ["echo '@case %d'" % number,
                  'timeout -s KILL %d sh -c %s <&9 2>&1; status=$?' % (
                      case.seconds, shlex.quote(case.command)),
                  'stty sane -echo 2> /dev/null',
                  'printf "\\n@ended %d $status\\n"' % number]
    return '\n'.join(lines)


def collect(console, cases):
    """Puts each case's output and status in its place; returns the number of cases that began."""
    began = 0
    for number, case in cases:
        found = re.search(r'^@case %d$\n(.*?)(?:^@ended %d (\d+)$|\Z)' % (number, number), console,
                          re.S | re.M)
        if not found:
            break
        began += 1
        case.output = found.group(1)
        case.status = int(found.group(2)) if found.group(2) else None
    return began


def run_group(tap, cases, files, machine):
    """The cases that share a machine."""
    left = list(enumerate(cases))
    for _ in range(MACHINES):
        run = boot(script(left), files=files, timeout=90 + sum(case.seconds for _, case in left),
                   **machine)
        began = collect(run.console, left)
        run.console = BLOCK.sub('', run.console)
        whole = began == len(left) and left[-1][1].status is not None
        name = 'the machine of %s' % ', '.join(case.name for _, case in left[:3])
        tap.clean(run, name + (' ...' if len(left) > 3 else ''))
        left = left[max(began, 1):]
        if whole or not left:
            return
    for _, case in left:
        case.output = 'not run: too many machines went down'


def run(tap, cases, judge, files=(), **machine):
    """Runs the cases and prints a point for each.

    judge(case) returns (PASS, FAIL or SKIP, a few words); it is asked only about what came to an end."""
    groups = {}
    for case in cases:
        groups.setdefault(tuple(sorted(case.machine.items())), []).append(case)
    for variables, group in groups.items():
        run_group(tap, group, files, {**machine, **dict(variables)})
    for case in cases:
        report(tap, case, judge)


def report(tap, case, judge):
    """One point. A skip is one only where KVM skips, too, or where the case says why."""
    if case.status is None:
        verdict, words = FAIL, 'the machine went down'
    elif case.status == 137:
        verdict, words = FAIL, 'killed after %d s' % case.seconds
    else:
        verdict, words = judge(case)
    name = '%s (%s)' % (case.name, words)
    if case.hidden and not NATIVE:
        tap.ok(verdict == SKIP, '%s hidden: %s' % (name, case.hidden), case.output[-2000:])
    elif verdict == SKIP:
        if NATIVE:
            tap.skip(name, words)
        else:
            tap.ok(False, name, 'it skips; does KVM?\n' + case.output[-2000:])
    elif case.broken and (verdict == PASS or re.search(case.known, words)):
        tap.todo(verdict == PASS, name, case.broken, case.output[-1000:])
    else:
        tap.ok(verdict == PASS, name, case.output[-3000:])
