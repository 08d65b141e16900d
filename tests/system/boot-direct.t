#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Linux boots on Herald, placed by QEMU: kernels, CPU models, numbers of CPUs, memory sizes, GICs."""
from matrix import check_boot
from herald import Tap, cases

tap = Tap()
for row in cases(
        # kernel, CPU,          SMP, MEM,    GIC, SMMU,  in the short run
        ('6.12', 'max',         4, '2G',     3, 'on', True),
        ('6.12', 'cortex-a57',  1, '512M',   3, 'off', True),
        ('6.12', 'neoverse-n1', 8, '8G',     4, 'on', True),
        ('6.1', 'max',          4, '1G',     4, 'off', True),
        ('6.1', 'cortex-a57',   8, '2G',     3, 'on', False),
        ('6.1', 'neoverse-n1',  4, '512M',   3, 'off', True),
        ('6.1', 'max',          1, '8G',     3, 'on', False),
        ('6.12', 'cortex-a57',  4, '2G',     4, 'on', False),
        ('6.12', 'neoverse-n1', 1, '4G',     3, 'on', False),
        ('6.12', 'max',         8, '512M',   4, 'on', False),
        ('6.12', 'max',         2, '3G',     3, 'off', False),
        ('6.1', 'neoverse-n1',  8, '8G',     4, 'on', False)):
    check_boot(tap, 'direct', *row)
tap.done()
