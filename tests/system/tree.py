# SPDX-License-Identifier: GPL-2.0-only
"""Machines with a device tree of a test's own: three instructions instead of firmware pass it in x0."""
import os
import re
import struct
import subprocess

from herald import TOP, run_command, scratch

HERALD = os.path.join(TOP, 'build/herald.img')
HERALD_AT, FDT_AT, KERNEL_AT = 0x40200000, 0x49000000, 0x50000000
MACHINE = ['qemu-system-aarch64', '-nic', 'none', '-machine', 'virt,virtualization=on,gic-version=3,its=on',
           '-cpu', 'max', '-smp', '2', '-m', '1G', '-nographic']
TREE_MAX = 1 << 20


def scratch_file(name, data):
    path = os.path.join(scratch(), name)
    with open(path, 'wb') as f:
        f.write(data)
    return path


def head(path, size):
    with open(path, 'rb') as f:
        return f.read(size)


def base_tree(kernel, bootargs='x'):
    """QEMU's tree with guest-loader's kernel, as small as it gets. A machine with firmware has other
    devices than one without."""
    path = os.path.join(scratch(), 'base.dtb')
    subprocess.run(MACHINE + ['-machine', 'dumpdtb=' + path, '-bios', scratch_file('none', b''), '-device',
                              'guest-loader,addr=%#x,kernel=%s,bootargs=%s' % (KERNEL_AT, kernel, bootargs)],
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    subprocess.run(['dtc', '-q', '-I', 'dtb', '-O', 'dtb', '-o', path + '.small', path], check=True)
    return head(path + '.small', TREE_MAX)


def with_tree(tree, kernel, until, timeout):
    """Herald with this tree, and the kernel where the tree says."""
    # ldr x0, fdt; ldr x4, herald; br x4; nop (no unaligned loads yet); fdt: .quad; herald: .quad
    stub = struct.pack('<IIIIQQ', 0x58000080, 0x580000a4, 0xd61f0080, 0xd503201f, FDT_AT, HERALD_AT)
    loads = ((HERALD_AT, HERALD), (FDT_AT, scratch_file('tree.dtb', tree)), (KERNEL_AT, kernel))
    command = MACHINE + ['-no-reboot', '-bios', scratch_file('stub', stub)]
    for addr, path in loads:
        command += ['-device', 'loader,addr=%#x,file=%s,force-raw=on' % (addr, path)]
    return run_command(command, dict(os.environ), until, timeout)


def edit(tree, *command):
    """The tree after `fdtput OPTIONS... TREE ARGUMENTS...`; options begin with a dash."""
    path = scratch_file('edit.dtb', tree)
    options = [word for word in command if word.startswith('-')]
    subprocess.run(['fdtput'] + options + [path] + [word for word in command if word not in options],
                   check=True)
    return head(path, TREE_MAX)


def without(tree, *what):
    """The tree without a node, or without a property (path, name)."""
    return edit(tree, '-r' if len(what) == 1 else '-d', *what)


def node(tree, pattern):
    """The path of the root's child whose name matches."""
    names = subprocess.run(['fdtget', '-l', scratch_file('list.dtb', tree), '/'], check=True,
                           stdout=subprocess.PIPE, text=True).stdout.split()
    return '/' + next(name for name in names if re.match(pattern, name))
