#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Prints what KVM and Herald make of the same tests, side by side: compare.py TEST.t...

Each test runs twice on the same emulated machine, with NATIVE=1 on Linux's own KVM and on Herald, or
its TAP is read from files: compare.py KVM.tap HERALD.tap. Points are matched by their names without
what stands in parentheses at the end. Its status is 1 if something that KVM passes fails on Herald.
"""
import os
import re
import subprocess
import sys

POINT = re.compile(r'^(not )?ok \d+ - (.*)$')


def points(text):
    """name → (verdict, words) of each point."""
    found = {}
    for line in text.splitlines():
        match = POINT.match(line)
        if not match:
            continue
        bad, rest = match.groups()
        rest, _, directive = rest.partition(' # ')
        name, words = re.fullmatch(r'(.*?)(?: \(([^()]*)\))?(?: hidden: .*)?', rest).groups()
        verdict = 'FAIL' if bad else 'skip' if directive.startswith('SKIP') else 'pass'
        if ' hidden: ' in rest and not bad:
            verdict = 'hidden'
        found[name] = (verdict, words or '')
    return found


def tap(test, native):
    """What a test prints, on KVM or on Herald."""
    env = dict(os.environ)
    env.pop('NATIVE', None)
    if native:
        env['NATIVE'] = '1'
    return subprocess.run([test], env=env, stdout=subprocess.PIPE, text=True, check=False).stdout


def cell(entry):
    if entry is None:
        return '—'
    verdict, words = entry
    words = re.sub(r'(, )?\b0 (failed|skipped)', '', words)
    return verdict if not words or words == 'status 0' else '%s: %s' % (verdict, words)


def table(kvm, herald):
    """Prints the rows; returns the names that only Herald fails."""
    worse = []
    print('| test | KVM | Herald |\n|---|---|---|')
    for name in list(kvm) + [name for name in herald if name not in kvm]:
        if name.startswith('the machine of'):
            continue
        print('| %s | %s | %s |' % (name, cell(kvm.get(name)), cell(herald.get(name))))
        passed = name in kvm and kvm[name][0] == 'pass'
        if passed and (name not in herald or herald[name][0] in ('FAIL', 'skip')):
            worse.append(name)
    return worse


def main():
    given = sys.argv[1:]
    if len(given) == 2 and all(name.endswith('.tap') for name in given):
        texts = [open(name, encoding='utf-8').read() for name in given]
    elif given:
        texts = [''.join(tap(test, native) for test in given) for native in (True, False)]
    else:
        sys.exit(__doc__)
    worse = table(*map(points, texts))
    for name in worse:
        print('worse than KVM: ' + name)
    sys.exit(bool(worse))


main()
