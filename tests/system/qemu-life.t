#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Lives of VMs under Debian's QEMU: stopped, saved, restored, migrated, many at a time, killed.

The guests write, read and compare blocks of their drives all the time, so interrupts are on their way at any moment.
NATIVE=1: the same on Linux's own KVM, but for Herald's counters.
"""
import re

from herald import ALL, NATIVE, Tap
from qemu import machine, msis, results

STOP_S = 60 if ALL else 6
KILLS = 1000 if ALL else 30
ROUNDS = 50 if ALL else 6  # of a guest's work, from one event of its life to the next
VMS = 8 if ALL else 4
VM_ROUNDS = 20 if ALL else 4

PREPARE = '''
work 1000000 | guest_initrd %(guest)s /tmp/initrd
new_drive /tmp/drive 8
'''

# The VM goes to a file and comes back in another QEMU: console, drive and memory are as they were.
SAVE = '''
start one %(guest)s /tmp/initrd -m 128 -smp 2 $(drive_args /tmp/drive)
goes_on one %(rounds)d 600
kill -STOP $(cat $vms/one.pid); sleep %(stop)d; kill -CONT $(cat $vms/one.pid)
section stopped; goes_on one %(rounds)d 600; end
hmp one 'migrate -d "exec:cat > /tmp/state"'
section saved; migrated one 600; end
hmp one quit
ended one > /tmp/one
start two %(guest)s /tmp/initrd -m 128 -smp 2 $(drive_args /tmp/drive) -incoming 'exec:cat /tmp/state'
section restored; goes_on two %(rounds)d 600; end
'''

# The VM moves to a third QEMU while it runs. Auto-converge: on a slow host it may write faster than that can copy.
MIGRATE = '''
start three %(guest)s /tmp/initrd -m 128 -smp 2 $(drive_args /tmp/drive) -incoming tcp:127.0.0.1:6000
rm -f /tmp/state
wait_for 120 listens 1770
hmp two 'migrate_set_parameter downtime-limit 3000'
hmp two 'migrate_set_capability auto-converge on'
hmp two 'migrate -d tcp:127.0.0.1:6000'
section moved; migrated two 600; end
hmp two quit
ended two > /tmp/two
section arrived; goes_on three %(rounds)d 600; end
work_ends /tmp/drive
works three 600
ended three > /tmp/three
section exits; grep -h '^G exit' /tmp/one /tmp/two /tmp/three; end
section console; cat $vms/one.console $vms/two.console $vms/three.console; end
section errors; cat $vms/one.err $vms/two.err $vms/three.err; end
'''

MANY = '''
work %(work)d | guest_initrd 6.1 /tmp/initrd
for n in $(seq %(vms)d); do
	new_drive /tmp/drive$n 4
	start many$n 6.1 /tmp/initrd -m 128 -smp %(smp)d $(drive_args /tmp/drive$n)
done
for n in $(seq %(vms)d); do
	works many$n 900
	section many$n; ended many$n; end
done
'''

# Killed while it starts, boots or works, three at a time.
KILL = '''
work 100000 | guest_initrd 6.1 /tmp/initrd
%(stats)s
wait_for 30 settled
section before; stats; end
for round in $(seq %(kills)d); do
	(
		cp /tmp/drive1 /tmp/drive-$round
		qemu-system-aarch64 -accel kvm -cpu host -machine virt,gic-version=3,its=on -display none -nic none -m 128 -smp 2 \\
			-kernel /guest/Image-6.1 -initrd /tmp/initrd $(drive_args /tmp/drive-$round) > /tmp/err-$round 2>&1 &
		pid=$!
		usleep $(($(od -An -N2 -tu2 /dev/urandom) * %(scale)d + 500000))
		kill -KILL $pid && echo "G killed $round"
		wait $pid
		cat /tmp/err-$round
		rm -f /tmp/drive-$round /tmp/err-$round
	) >> /tmp/killed 2>&1 &
	[ $((round %% 3)) != 0 ] || wait
done
wait
section killed; grep -c '^G killed' /tmp/killed; grep -vxE 'G killed .*|Killed' /tmp/killed; end
wait_for 30 settled
section after; stats; end
'''

# What must be as before when no VM is left; KVM has no such counters.
STATS = 'stats() { vmm counters | grep ^stat; }; settled() { [ "$(vmm counters | grep vms)" = "stat vms 0" ]; }'
NO_STATS = 'stats() { :; }; settled() { :; }'


def good(tap, text, name, rounds):
    """A guest worked to its end and every block was right."""
    got = results(text)
    tap.equal([got.get('exit'), got.get('done'), got.get('bad')], ['0', str(rounds), None],
              '%s: all %d rounds without an error' % (name, rounds))


def saved(tap):
    """Stopped by a signal, saved to a file, restored, and migrated to another QEMU."""
    values = dict(guest='6.12' if ALL else '6.1', rounds=ROUNDS, stop=STOP_S)
    run = machine((PREPARE + SAVE + MIGRATE) % values, timeout=3600 if ALL else 1800)
    for name, want, what in (('stopped', 'has done', 'stopped for %d s by a signal: the guest goes on' % STOP_S),
                             ('saved', 'has migrated', 'the VM is saved to a file while its drive is busy'),
                             ('restored', 'has done', 'another QEMU restores it, and it goes on'),
                             ('moved', 'has migrated', 'while it runs it is migrated to a third QEMU'),
                             ('arrived', 'has done', 'and goes on there')):
        tap.like(run.section(name), want, what)
    text = run.section('console')
    rounds = [int(number) for number in re.findall(r'^G round (\d+)$', text, re.M)]
    tap.ok(len(rounds) > 4 * ROUNDS and rounds == list(range(len(rounds))),
           'the three consoles together have each round once', str(rounds))
    tap.equal(results(text).get('done'), str(len(rounds) - 1), 'its work comes to its end')
    tap.unlike(text, '^G bad', 'no block was wrong')
    tap.ok(sum(n for irq, n in msis(text).items() if 'req' in irq) > 100, 'its drive interrupts by the ITS', str(msis(text)))
    tap.equal(run.value('exits').split('\n'), ['G exit 0'] * 3, 'each QEMU ends well')
    tap.equal(run.value('errors'), '', 'and has nothing to say')
    tap.clean(run, 'save and migrate: nothing to complain about')


def many(tap):
    """Several at a time, then VMs that are killed."""
    values = dict(vms=VMS, work=VM_ROUNDS, smp=2 if ALL else 1, kills=KILLS, stats=NO_STATS if NATIVE else STATS, scale=60 if ALL else 90)
    run = machine((MANY + KILL) % values, programs=['build/mgmt/vmm'], MEM='3G', timeout=14400 if ALL else 1500)
    for n in range(1, VMS + 1):
        good(tap, run.section('many%d' % n), 'VM %d of %d' % (n, VMS), VM_ROUNDS)
    tap.equal(run.value('killed'), str(KILLS), '%d VMs were killed, no QEMU ended by itself' % KILLS)
    if NATIVE:
        tap.skip('counters as at the start', 'only Herald has them')
    else:
        tap.ok(run.value('before') and run.value('before') == run.value('after'), 'counters as at the start',
               'before:\n%s\nafter:\n%s' % (run.value('before'), run.value('after')))
    tap.clean(run, 'many VMs: nothing to complain about')


def main():
    tap = Tap()
    saved(tap)
    many(tap)
    tap.done()


main()
