#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""What is wrong at boot gets one clear line and a stop; a machine without an ITS boots."""
import os
import re
import shutil
import struct
import subprocess

from herald import NATIVE, TIMEOUT, TOP, Tap, boot, run_command, scratch

tap = Tap()
if NATIVE:
    print('1..0 # SKIP no Herald')
    raise SystemExit

STOPPED = r'herald: (stopped|panic)'
WAIT = 30  # each of these is decided within a second or two of emulation
KERNEL = os.path.join(TOP, 'build/kernels/6.12/Image')
INITRD = os.path.join(TOP, 'build/mgmt/initrd-6.12.cpio')
HERALD = os.path.join(TOP, 'build/herald.img')


def refused(name, pattern, run):
    """Exactly one line says why, no panic, and the management VM was not entered."""
    lines = re.findall('herald: cannot start: (.*)', run.console)
    tap.ok(len(lines) == 1 and re.search(pattern, lines[0], re.I), name + ' is refused, saying why',
           'wanted %s\n%s' % (pattern, '\n'.join(run.console.splitlines()[-15:])))
    tap.unlike(run.console, 'herald: panic|Booting Linux', name + ': and no more')


def scratch_file(name, data):
    path = os.path.join(scratch(), name)
    with open(path, 'wb') as f:
        f.write(data)
    return path


def head(path, size):
    with open(path, 'rb') as f:
        return f.read(size)


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

# --- the device tree: three instructions instead of firmware pass one of our own in x0 ---

HERALD_AT, FDT_AT, KERNEL_AT = 0x40200000, 0x49000000, 0x50000000
MACHINE = ['qemu-system-aarch64', '-nic', 'none', '-machine', 'virt,virtualization=on,gic-version=3,its=on',
           '-cpu', 'max', '-smp', '2', '-m', '1G', '-nographic']


def base_tree():
    """QEMU's tree with guest-loader's kernel, as small as it gets. A machine with firmware has other
    devices than one without."""
    path = os.path.join(scratch(), 'base.dtb')
    subprocess.run(MACHINE + ['-machine', 'dumpdtb=' + path, '-bios', scratch_file('none', b''), '-device',
                              'guest-loader,addr=%#x,kernel=%s,bootargs=x' % (KERNEL_AT, KERNEL)],
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    subprocess.run(['dtc', '-q', '-I', 'dtb', '-O', 'dtb', '-o', path + '.small', path], check=True)
    return head(path + '.small', 1 << 20)


def with_tree(tree, timeout=WAIT, until=STOPPED):
    # ldr x0, fdt; ldr x4, herald; br x4; nop (no unaligned loads yet); fdt: .quad; herald: .quad
    stub = struct.pack('<IIIIQQ', 0x58000080, 0x580000a4, 0xd61f0080, 0xd503201f, FDT_AT, HERALD_AT)
    loads = ((HERALD_AT, HERALD), (FDT_AT, scratch_file('tree.dtb', tree)), (KERNEL_AT, KERNEL))
    command = MACHINE + ['-no-reboot', '-bios', scratch_file('stub', stub)]
    for addr, path in loads:
        command += ['-device', 'loader,addr=%#x,file=%s,force-raw=on' % (addr, path)]
    return run_command(command, dict(os.environ), until, timeout)


def without(*what):
    """The tree without a node, or without a property (path, name)."""
    path = scratch_file('edit.dtb', base)
    option = '-r' if len(what) == 1 else '-d'
    subprocess.run(['fdtput', option, path] + list(what), check=True)
    return head(path, 1 << 20)


def node(pattern):
    """The path of the root's child whose name matches."""
    names = subprocess.run(['fdtget', '-l', scratch_file('list.dtb', base), '/'], check=True,
                           stdout=subprocess.PIPE, text=True).stdout.split()
    return '/' + next(name for name in names if re.match(pattern, name))


base = base_tree()
run = with_tree(base, until='Linux version', timeout=TIMEOUT)
tap.like(run.console, 'Linux version', 'the stub itself works: an unharmed tree boots')

refused('a tree without /memory', 'memory', with_tree(without(node('memory'))))
refused('a tree without CPUs', 'cpu', with_tree(without('/cpus')))
refused('a tree without a GIC', 'GIC|interrupt', with_tree(without(node('intc'))))

run = with_tree(without('/psci'), until='Linux version', timeout=TIMEOUT)
tap.like(run.console, 'herald: no PSCI', 'a tree without PSCI: Herald says so')
tap.like(run.console, 'Linux version', 'a tree without PSCI: Linux boots on one CPU')
refused('a GIC without reg', 'GIC|reg|intc', with_tree(without(node('intc'), 'reg')))
refused('memory without reg', 'memory', with_tree(without(node('memory'), 'reg')))

# Without a tree there is no UART to be told of. Nothing may happen then, not even a reset.
for name, tree in (('a bad magic', b'\xde\xad' + base[2:]),
                   ('a tree cut inside its header', base[:16] + bytes(len(base) - 16)),
                   ('a tree cut in the middle', base[:len(base) // 2] + bytes(len(base))),
                   ('a tree of ones', b'\xff' * len(base)),
                   ('a tree with a huge size', base[:4] + b'\x7f\xff\xff\xff' + base[8:])):
    run = with_tree(tree, timeout=5)
    tap.ok('Booting Linux' not in run.console and not run.ended and
           not re.search('panic', run.console) and
           (not run.console.strip() or 'cannot start' in run.console),
           name + ': Herald stops, with a line if it can', run.console)
tap.done()
