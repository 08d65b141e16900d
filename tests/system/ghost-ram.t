#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""RAM that the tree lists and the machine lacks: EL2 reads it for a guest and gets an external abort."""
from herald import NATIVE, TIMEOUT, Tap
from payload import PAYLOAD, report
from tree import base_tree, edit, with_tree

tap = Tap()
if NATIVE:
    print('1..0 # SKIP no Herald')
    raise SystemExit

GHOST = '/memory@100000000'
tree = edit(base_tree(PAYLOAD, 'tests=hostile'), '-c', GHOST)
tree = edit(tree, '-ts', GHOST, 'device_type', 'memory')
tree = edit(tree, '-tx', GHOST, 'reg', '1', '0', '0', '200000')
run = with_tree(tree, PAYLOAD, until=None, timeout=TIMEOUT)
tap.like(run.console, 'a bank of RAM that is not there', 'the payload uses it')
report(tap, run, 'ghost RAM')
tap.done()
