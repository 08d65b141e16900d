#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""A panic prints its cause in words, the registers and a backtrace with names, and stops."""
from herald import NATIVE, Tap, boot

tap = Tap()
if NATIVE:
    print('1..0 # SKIP no Herald')
    raise SystemExit

STOPPED = 'herald: all CPUs stop here'


def crash(how, cause, *frames):
    """Herald, started with crash=HOW, names the cause and the functions on the stack."""
    run = boot(until=STOPPED, timeout=60, HERALD_ARGS='crash=' + how)
    tap.like(run.console, 'herald: panic: .*' + cause, how + ': the cause in words')
    for frame in frames:
        tap.like(run.console, r'herald:   #\d+ +[0-9a-f]{16} ' + frame + r'(\.\S+)?\+0x',
                 how + ': %s is in the backtrace' % frame)
    tap.like(run.console, STOPPED, how + ': the CPUs stop')
    tap.unlike(run.console, 'Booting Linux', how + ': no guest is entered')
    return run


crash('assert', 'crash=assert', 'boot_enter')
run = crash('data', 'load or store to an address that is not mapped', 'boot_enter')
tap.like(run.console, r'herald:   pc [0-9a-f]{16}  sp [0-9a-f]{16}  spsr', 'the program counter')
tap.like(run.console, r'herald:   x28 [0-9a-f]{16}  x29 [0-9a-f]{16}', 'the general registers')
crash('stack', 'guard page', 'boot_recurse')
tap.done()
