#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""What is wrong at boot gets one clear line and a stop; a machine without an ITS boots."""
import os
import re

from herald import NATIVE, TIMEOUT, TOP, Tap, boot
from tree import base_tree, head, node, scratch_file, with_tree, without

tap = Tap()
if NATIVE:
    print('1..0 # SKIP no Herald')
    raise SystemExit

STOPPED = r'herald: (stopped|panic)'
WAIT = 30  # each of these is decided within a second or two of emulation
KERNEL = os.path.join(TOP, 'build/kernels/6.12/Image')
INITRD = os.path.join(TOP, 'build/mgmt/initrd-6.12.cpio')


def refused(name, pattern, run):
    """Exactly one line says why, no panic, and the management VM was not entered."""
    lines = re.findall('herald: cannot start: (.*)', run.console)
    tap.ok(len(lines) == 1 and re.search(pattern, lines[0], re.I), name + ' is refused, saying why',
           'wanted %s\n%s' % (pattern, '\n'.join(run.console.splitlines()[-15:])))
    tap.unlike(run.console, 'herald: panic|Booting Linux', name + ': and no more')


# --- the machine ---

refused('EL1', r'EL1.*EL2', boot(until=STOPPED, timeout=WAIT, SMMU='off',
                                 QEMU_ARGS='-machine virtualization=off'))
refused('a GICv2', 'GIC', boot(until=STOPPED, timeout=WAIT, GIC=2, SMMU='off', ITS='off'))

run = boot('''
section cpus; nproc; end
section its; grep -c ITS- /proc/interrupts; end
section blocks; set -- /dev/nvme*n1; read_blocks $1 20 && read_blocks /dev/vda 20 && echo ok; end
''', ITS='off')
tap.clean(run, 'no ITS: Linux boots')
tap.like(run.console, 'herald: .*MSIs? (is|are) not available', 'no ITS: Herald says so')
tap.equal(run.value('its'), '0', 'no ITS: Linux has no interrupts from one')
tap.equal(run.value('blocks'), 'ok', 'no ITS: drives work by INTx')

# --- boot modules ---

refused('no boot module', 'no kernel', boot(until=STOPPED, timeout=WAIT, MODULES='none'))
refused('a RAM disk alone', 'no kernel',
        boot(until=STOPPED, timeout=WAIT, MODULES='none',
             QEMU_ARGS='-device guest-loader,addr=0x5a000000,initrd=' + INITRD))
for size in (16, 64, 4096, 1 << 20):
    short = scratch_file('Image-%d' % size, head(KERNEL, size))
    refused('a kernel cut to %d bytes' % size, 'kernel.*(trunc|cut|short|small|incomplete|whole|bytes)',
            boot(until=STOPPED, timeout=WAIT, MODULES='none',
                 QEMU_ARGS='-device guest-loader,addr=0x50000000,kernel=%s,bootargs=x' % short))
junk = scratch_file('junk', os.urandom(1 << 20))
refused('a kernel that is none', 'kernel',
        boot(until=STOPPED, timeout=WAIT, MODULES='none',
             QEMU_ARGS='-device guest-loader,addr=0x50000000,kernel=%s,bootargs=x' % junk))


def uboot(name, pattern, old, new):
    """U-Boot with one line of its script replaced: it places modules as QEMU would refuse to."""
    with open(os.path.join(TOP, 'boot/boot.cmd')) as f:
        text = f.read()
    assert old in text, old
    script = scratch_file('boot.cmd', text.replace(old, new).encode())
    refused(name, pattern, boot(until=STOPPED, timeout=WAIT, BOOT='uboot', BOOT_CMD=script))


REG = 'reg <0x0 0x${kernel_at} 0x0 0x${kernel_size}>'
uboot('a RAM disk over the kernel', 'overlap', '<0x0 0x${initrd_at} 0x0', '<0x0 0x${kernel_at} 0x0')
uboot('a kernel over Herald', 'overlap|kernel', REG, 'reg <0x0 ${kernel_addr_r} 0x0 0x${kernel_size}>')
uboot('a RAM disk over Herald', 'overlap', '<0x0 0x${initrd_at} 0x0',
      '<0x0 ${kernel_addr_r} 0x0')
uboot('a kernel outside RAM', 'RAM', REG, 'reg <0x10 0x0 0x0 0x${kernel_size}>')
uboot('a kernel whose size wraps', 'RAM|size|overlap|wrap', REG,
      'reg <0x0 0x${kernel_at} 0xffffffff 0xfffff000>')

# --- the device tree ---


def start(tree, until=STOPPED, timeout=WAIT):
    return with_tree(tree, KERNEL, until, timeout)


base = base_tree(KERNEL)
run = start(base, 'Linux version', TIMEOUT)
tap.like(run.console, 'Linux version', 'the stub itself works: an unharmed tree boots')

refused('a tree without /memory', 'memory', start(without(base, node(base, 'memory'))))
refused('a tree without CPUs', 'cpu', start(without(base, '/cpus')))
refused('a tree without a GIC', 'GIC|interrupt', start(without(base, node(base, 'intc'))))

run = start(without(base, '/psci'), 'Linux version', TIMEOUT)
tap.like(run.console, 'herald: no PSCI', 'a tree without PSCI: Herald says so')
tap.like(run.console, 'Linux version', 'a tree without PSCI: Linux boots on one CPU')
refused('a GIC without reg', 'GIC|reg|intc', start(without(base, node(base, 'intc'), 'reg')))
refused('memory without reg', 'memory', start(without(base, node(base, 'memory'), 'reg')))

# Without a tree there is no UART to be told of. Nothing may happen then, not even a reset.
for name, tree in (('a bad magic', b'\xde\xad' + base[2:]),
                   ('a tree cut inside its header', base[:16] + bytes(len(base) - 16)),
                   ('a tree cut in the middle', base[:len(base) // 2] + bytes(len(base))),
                   ('a tree of ones', b'\xff' * len(base)),
                   ('a tree with a huge size', base[:4] + b'\x7f\xff\xff\xff' + base[8:])):
    run = start(tree, timeout=5)
    tap.ok('Booting Linux' not in run.console and not run.ended and
           not re.search('panic', run.console) and
           (not run.console.strip() or 'cannot start' in run.console),
           name + ': Herald stops, with a line if it can', run.console)
tap.done()
