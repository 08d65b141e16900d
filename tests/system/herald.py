# SPDX-License-Identifier: GPL-2.0-only
"""What the system tests share: boot the emulated machine, run a script in it, judge its console.

A test is a file NAME.t, one topic, that prints TAP:

    from herald import Tap, boot
    tap = Tap()
    run = boot('''section cpus; nproc; end''', SMP=8)
    tap.clean(run, 'eight CPUs')
    tap.equal(run.section('cpus').strip(), '8', 'Linux sees eight CPUs')
    tap.done()

boot() goes through boot/run.sh, so a test's machine is that of `make run`, with the same variables.
The script is the management VM's /etc/herald/autorun; guest.sh holds shell functions for it, among
them `section NAME ... end`, whose output run.section(NAME) returns. Each console is kept as
build/tests/console/TEST-NUMBER.log.
"""
import atexit
import json
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TEST = os.path.splitext(os.path.basename(sys.argv[0]))[0]
CONSOLES = os.path.join(TOP, 'build/tests/console')
ALL = os.environ.get('MATRIX') == 'all'  # the whole matrix, or what fits a short run

NATIVE = bool(os.environ.get('NATIVE'))  # without Herald: to try a test's own logic

# Emulation on a busy machine is slow at times; a healthy boot takes some ten seconds.
TIMEOUT = int(os.environ.get('TEST_TIMEOUT', '180'))

# What must never be on a console after a good run.
TROUBLE = re.compile(
    r'nobody cared|BUG:|WARNING:|Oops|Call trace:|Kernel panic|self-detected stall|'
    r'nvme\S*: I/O .*(timeout|polled)|I/O error|NETDEV WATCHDOG|ITS queue timeout|'
    r'Detected Tx Unit Hang|herald: panic|herald: cannot start|soft lockup|hung_task|blocked for more')

if os.path.isdir(CONSOLES):
    for old in os.listdir(CONSOLES):
        if re.fullmatch(re.escape(TEST) + r'-\d+\.log', old):
            os.unlink(os.path.join(CONSOLES, old))

_temp = None
_boots = 0


def scratch():
    """A directory for this test's disks and overlays, removed at the end."""
    global _temp
    if _temp is None:
        base = os.path.join(TOP, 'build/tests/tmp')
        os.makedirs(base, exist_ok=True)
        _temp = tempfile.mkdtemp(prefix=TEST + '-', dir=base)
        atexit.register(shutil.rmtree, _temp, ignore_errors=True)
    return _temp


def overlay(script, programs=(), files=()):
    """A directory for MGMT_OVERLAY whose autorun is guest.sh and the script; programs go to its /bin,
    each (source, place) of files to that path in it."""
    path = tempfile.mkdtemp(prefix='overlay-', dir=scratch())
    herald = os.path.join(path, 'etc/herald')
    os.makedirs(herald)
    shutil.copy(os.path.join(TOP, 'tests/system/guest.sh'), herald)
    autorun = os.path.join(herald, 'autorun')
    with open(autorun, 'w') as f:
        f.write('#!/bin/sh\n. /etc/herald/guest.sh\n%s\nfinish\n' % script)
    os.chmod(autorun, 0o755)
    for program in programs:
        os.makedirs(os.path.join(path, 'bin'), exist_ok=True)
        shutil.copy(os.path.join(TOP, program), os.path.join(path, 'bin'))
    for source, place in files:
        place = os.path.join(path, place.lstrip('/'))
        os.makedirs(os.path.dirname(place), exist_ok=True)
        shutil.copy(os.path.join(TOP, source), place)
    return path


class Run:
    """One machine's life: its console, how it ended, how long it took."""

    def __init__(self, console, ended, seconds, log):
        self.console = console
        self.ended = ended  # the machine powered itself off (or was reset, with -no-reboot)
        self.seconds = seconds
        self.log = log

    def section(self, name):
        """Text between `section NAME` and `end` of the guest's script; '' if it did not get there."""
        found = re.search(r'^@section %s$\n(.*?)^@end$' % re.escape(name), self.console,
                          re.S | re.M)
        return found.group(1) if found else ''

    def value(self, name):
        """The section's text as one stripped line."""
        return self.section(name).strip()

    def counters(self):
        """[delivered, dropped, unmapped, late, host LPIs, ITTs] of the line that Herald prints at power
        off; None without it."""
        found = re.search(r'herald: MSIs: (\d+) delivered, (\d+) dropped, (\d+) unmapped, (\d+) late; '
                          r'(\d+) host LPIs, (\d+) ITTs in use', self.console)
        return [int(number) for number in found.groups()] if found else None

    def interrupts(self, name):
        """A section with /proc/interrupts: list of (number, [count per CPU], 'chip hwirq type name')."""
        rows = []
        cpus = 0
        for line in self.section(name).splitlines():
            if not cpus:
                # What a terminal echoes comes before the line that names the CPUs.
                cpus = len(line.split()) if line.split()[:1] == ['CPU0'] else 0
                continue
            words = line.split()
            if len(words) <= cpus or not words[0].endswith(':'):
                continue
            try:
                counts = [int(word) for word in words[1:cpus + 1]]
            except ValueError:
                continue
            rows.append((words[0][:-1], counts, ' '.join(words[cpus + 1:])))
        return rows


def machine_env():
    """The environment without make's variables: a test says itself what its machine is."""
    env = dict(os.environ)
    for name in ('MGMT_OVERLAY', 'MGMT_ARGS', 'HERALD_ARGS', 'QEMU_ARGS', 'TIMEOUT', 'BOOT', 'CPU',
                 'SMP', 'MEM', 'GIC', 'ITS', 'SMMU', 'KERNEL', 'HERALD', 'GUESTS', 'VERBOSE', 'V'):
        env.pop(name, None)
    return env


def boot(script=None, until=None, timeout=TIMEOUT, programs=(), files=(), keys=None, **variables):
    """Boot a machine; returns a Run when it powered off, or when `until` (a regular expression) is
    on the console, or after `timeout` seconds. `keys` is a pair: what is to be on the console before
    they are typed there, and they. Variables are those of boot/run.sh."""
    global _boots
    _boots += 1
    disks = os.path.join(scratch(), 'disks')
    env = machine_env()
    env.update(BOOT='direct', DISKS=disks)
    if NATIVE:
        env['HERALD'] = 'off'
    env.update({name: str(value) for name, value in variables.items()})
    env['MGMT_ARGS'] = ('panic=-1 ' + env.get('MGMT_ARGS', '')).strip()
    if '-no-reboot' not in env.get('QEMU_ARGS', ''):
        env['QEMU_ARGS'] = '-no-reboot ' + env.get('QEMU_ARGS', '')
    if env.pop('REBOOT', None):
        env['QEMU_ARGS'] = env['QEMU_ARGS'].replace('-no-reboot ', '')
    if script is not None:
        env['MGMT_OVERLAY'] = overlay(script, programs, files)
    return run_command([os.path.join(TOP, 'boot/run.sh')], env, until, timeout, keys)


def run_command(command, env=None, until=None, timeout=TIMEOUT, keys=None):
    """Run a command that is a machine on its standard output, as boot() does."""
    log = os.path.join(CONSOLES, '%s-%d.log' % (TEST, _boots))
    os.makedirs(CONSOLES, exist_ok=True)
    start = time.monotonic()
    process = subprocess.Popen(command, cwd=TOP, env=env,
                               stdin=subprocess.PIPE if keys else subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               start_new_session=True)
    data = b''
    ended = False
    pattern = re.compile(until.encode(), re.M) if until else None
    with open(log, 'wb') as out:
        while time.monotonic() - start < timeout:
            if not select.select([process.stdout], [], [], 1)[0]:
                continue
            chunk = os.read(process.stdout.fileno(), 65536)
            if not chunk:
                ended = True
                break
            out.write(chunk)
            out.flush()
            data += chunk
            if keys and re.search(keys[0].encode(), data):
                process.stdin.write(keys[1].encode())
                process.stdin.flush()
                keys = None
            if pattern and pattern.search(data):
                break
    if not ended:
        os.killpg(process.pid, signal.SIGKILL)
    process.stdout.close()
    if process.stdin:
        process.stdin.close()
    process.wait()
    text = data.decode('utf-8', 'replace').replace('\r', '')
    return Run(text, ended and process.returncode == 0, time.monotonic() - start, log)


class Tap:
    """Prints TAP. An exception that escapes a test makes a failed point, then the plan."""

    def __init__(self):
        self.count = 0
        self.finished = False
        sys.stdout.reconfigure(line_buffering=True)
        sys.excepthook = self._crash

    def _crash(self, kind, value, trace):
        for line in ''.join(traceback.format_exception(kind, value, trace)).splitlines():
            print('# ' + line)
        self.ok(False, 'the test itself ran to its end')
        self.done()
        os._exit(1)

    def diag(self, text):
        for line in str(text).splitlines():
            print('# ' + line)

    def ok(self, good, name, why=''):
        self.count += 1
        print('%s %d - %s' % ('ok' if good else 'not ok', self.count, name))
        if not good and why:
            self.diag(why)
        return bool(good)

    def equal(self, got, want, name):
        return self.ok(got == want, name, 'got  %r\nwant %r' % (got, want))

    def like(self, text, pattern, name):
        return self.ok(re.search(pattern, text, re.M), name,
                       'no match for %s in:\n%s' % (pattern, tail(text)))

    def unlike(self, text, pattern, name):
        found = re.search('.*(?:%s).*' % pattern, text, re.M)
        return self.ok(not found, name, found.group(0) if found else '')

    def json(self, text, name):
        """The text as JSON; a failed point and {} if it is not."""
        try:
            value = json.loads(text)
        except ValueError as error:
            self.ok(False, name + ' is JSON', '%s\n%s' % (error, tail(text)))
            return {}
        self.ok(True, name + ' is JSON')
        return value

    def skip(self, name, why):
        self.count += 1
        print('ok %d - %s # SKIP %s' % (self.count, name, why))

    def todo(self, good, name, reason, why=''):
        """A point that is known to fail, for a reason that is not ours; it counts as passed."""
        self.ok(good, '%s # TODO %s' % (name, reason), why)

    def no_msi_lost(self, run):
        """Herald's own counters, which it prints when the machine powers off."""
        found = run.counters()
        if self.ok(found, 'Herald prints its MSI counters', 'no line "MSIs: N delivered, ..."'):
            self.ok(found[0] > 0 and found[1:4] == [0, 0, 0],
                    'no MSI was dropped, unmapped or late',
                    'delivered %d, dropped %d, unmapped %d, late %d' % tuple(found[:4]))

    def clean(self, run, name):
        """The script ran to its end, the machine powered off, and nobody complained on the way."""
        trouble = TROUBLE.search(run.console)
        good = '@finish' in run.console and run.ended and not trouble
        if trouble:
            line = next(l for l in run.console.splitlines() if TROUBLE.search(l))
            why = 'on the console: ' + line
        elif '@finish' not in run.console:
            why = 'the script did not reach its end'
        else:
            why = 'the machine did not power off'
        why += '\nafter %.0f s; see %s\n%s' % (run.seconds, os.path.relpath(run.log, TOP),
                                              tail(run.console))
        return self.ok(good, '%s (%.0f s)' % (name, run.seconds) if good else name, why)

    def done(self):
        if not self.finished:
            self.finished = True
            print('1..%d' % self.count)
            sys.stdout.flush()


def tail(text, lines=15):
    return '\n'.join(text.splitlines()[-lines:])


def cases(*table):
    """Rows of a matrix: those whose last element is true run always, all of them with MATRIX=all."""
    return [row[:-1] for row in table if ALL or row[-1]]
