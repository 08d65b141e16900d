#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Lives of VMs under Debian's QEMU: stopped, saved, restored, migrated, many at a time, killed.

The guests write, read and compare blocks of their drives all the time, so interrupts are on their way at any moment.
NATIVE=1: the same on Linux's own KVM, but for Herald's counters.
"""
from herald import ALL, NATIVE, Tap
from qemu import machine, msis, results

STOP_S = 60 if ALL else 6
KILLS = 1000 if ALL else 30
ROUNDS = 300 if ALL else 60
VMS = 8

PREPARE = '''
work %(rounds)d | guest_initrd %(guest)s /tmp/initrd
new_drive /tmp/drive 8
'''

# The VM goes to a file and comes back in another QEMU: console, drive and memory are as they were.
SAVE = '''
start one %(guest)s /tmp/initrd -m 192 -smp 2 $(drive_args /tmp/drive)
at_round one 4 600
kill -STOP $(cat $vms/one.pid); sleep %(stop)d; kill -CONT $(cat $vms/one.pid)
at_round one %(early)d 600
hmp one 'migrate "exec:cat > /tmp/state"'
migrated one 600
hmp one quit
section saved; ended one; ls -l /tmp/state; tail -n 5 $vms/one.log; end
start two %(guest)s /tmp/initrd -m 192 -smp 2 $(drive_args /tmp/drive) -incoming 'exec:cat /tmp/state'
at_round two %(late)d 600
'''

# The VM moves to a third QEMU while it runs.
MIGRATE = '''
start three %(guest)s /tmp/initrd -m 192 -smp 2 $(drive_args /tmp/drive) -incoming tcp:127.0.0.1:6000
rm -f /tmp/state
wait_for 60 grep -q . $vms/three.log
hmp two 'migrate tcp:127.0.0.1:6000'
migrated two 600
hmp two quit
section moved; ended two; tail -n 5 $vms/two.log; end
wait_for 600 grep -q '^G done' $vms/three.console
section arrived; ended three; end
'''

MANY = '''
work 8 | guest_initrd 6.1 /tmp/initrd
for n in $(seq %(vms)d); do
	new_drive /tmp/drive$n 4
	start many$n 6.1 /tmp/initrd -m 128 -smp %(smp)d $(drive_args /tmp/drive$n)
done
for n in $(seq %(vms)d); do section many$n; ended many$n; end; done
'''

# Killed while it starts, boots or works, three at a time.
KILL = '''
work 100000 | guest_initrd 6.1 /tmp/initrd
%(stats)s
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
section killed; grep -c '^G killed' /tmp/killed; grep -v '^G killed' /tmp/killed; end
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
    values = dict(guest='6.12' if ALL else '6.1', rounds=ROUNDS, stop=STOP_S, early=ROUNDS // 3, late=2 * ROUNDS // 3)
    run = machine((PREPARE + SAVE + MIGRATE) % values, timeout=3600 if ALL else 1500)
    first, second, third = run.section('saved'), run.section('moved'), run.section('arrived')
    tap.like(first, r'^G round %d$' % values['early'], 'stopped for %d s by a signal: the guest goes on' % STOP_S)
    tap.like(first, 'postmigrate', 'the VM is saved to a file while its drive is busy')
    tap.unlike(first, 'G done', 'and its guest did not come to the end there')
    tap.like(second, r'^G round %d$' % values['late'], 'restored by another QEMU: it goes on')
    tap.like(second, 'postmigrate', 'it is migrated to a third QEMU while it runs')
    good(tap, third, 'and goes on there', ROUNDS)
    tap.unlike(first + second + third, r'^G bad', 'no block was wrong anywhere')
    tap.ok(sum(n for irq, n in msis(third).items() if 'req' in irq) > 100, 'its drive interrupts by the ITS', str(msis(third)))
    tap.clean(run, 'save and migrate: nothing to complain about')


def many(tap):
    """Eight at a time, then VMs that are killed."""
    values = dict(vms=VMS, smp=2 if ALL else 1, kills=KILLS, stats=NO_STATS if NATIVE else STATS, scale=60 if ALL else 90)
    run = machine((MANY + KILL) % values, programs=['build/mgmt/vmm'], MEM='3G', timeout=14400 if ALL else 1500)
    for n in range(1, VMS + 1):
        good(tap, run.section('many%d' % n), 'VM %d of %d' % (n, VMS), 8)
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
