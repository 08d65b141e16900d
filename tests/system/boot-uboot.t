#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""U-Boot starts Herald: by the boot script on a disk, and from fw_cfg with guest-loader modules."""
from matrix import check_boot
from herald import Tap, cases

tap = Tap()
for row in cases(
        # path,  kernel, CPU,          SMP, MEM,  GIC, SMMU,  in the short run
        ('uboot', '6.12', 'max',         4, '2G',   3, 'on', True),
        ('uboot', '6.1', 'cortex-a57',   1, '512M', 4, 'off', True),
        ('uboot', '6.12', 'neoverse-n1', 8, '8G',   3, 'on', False),
        ('uboot', '6.12', 'cortex-a57',  4, '1G',   4, 'on', False),
        ('fwcfg', '6.12', 'max',         4, '2G',   4, 'on', True),
        ('fwcfg', '6.12', 'cortex-a57',  2, '512M', 3, 'off', True),
        ('fwcfg', '6.1', 'neoverse-n1',  8, '8G',   3, 'on', False)):
    check_boot(tap, *row)
tap.done()
