#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""A second board, xlnx-versal-virt (by versal.sh): no ITS, no PCIe, RAM at 0, two security states."""
import os
import subprocess

from herald import NATIVE, TOP, Tap, machine_env, overlay, run_command, scratch

tap = Tap()


def boot(script, **variables):
    """versal.sh with an initramfs whose autorun is the script."""
    initrd = os.path.join(scratch(), 'initrd.cpio')
    extra = overlay(script)
    with open(initrd, 'wb') as f:
        with open(os.path.join(TOP, 'build/mgmt/initrd-6.12.cpio'), 'rb') as base:
            f.write(base.read())
        f.flush()
        subprocess.run('find . -mindepth 1 | cpio --quiet -o -H newc -R 0:0', shell=True,
                       check=True, cwd=extra, stdout=f)
    env = machine_env()
    env.update(INITRD=initrd, DIR=scratch(), MGMT_ARGS='panic=-1', QEMU_ARGS='-no-reboot',
               HERALD='off' if NATIVE else 'on')
    return run_command([os.path.join(TOP, 'tests/system/versal.sh')], env, **variables)


run = boot('''
section cpus; nproc; end
section el; dmesg | grep 'started at EL'; end
section banks; grep 'System RAM' /proc/iomem; end
section interrupts; cat /proc/interrupts; end
echo 0 > /sys/devices/system/cpu/cpu1/online
section alone; nproc; end
echo 1 > /sys/devices/system/cpu/cpu1/online
section back; nproc; end
section tree; cat /proc/device-tree/psci/method; echo; ls /proc/device-tree | grep hypervisor; end
''')
tap.clean(run, 'Linux reaches its shell and powers off')
tap.equal(run.value('cpus'), '2', 'both CPUs are up')
tap.equal([run.value('alone'), run.value('back')], ['1', '2'], 'the second CPU goes and comes back')
tap.like(run.section('banks'), '^00', 'RAM at 0 is in use')
ticks = [counts for _, counts, what in run.interrupts('interrupts') if 'arch_timer' in what]
tap.ok(ticks and all(ticks[0]), "each CPU's timer ticks", str(ticks))
if not NATIVE:
    tap.like(run.section('el'), 'EL1', 'Linux runs at EL1')
    tap.equal(run.section('tree').split('\n')[0].strip('\0'), 'hvc', 'its PSCI is Herald')
    tap.like(run.section('tree'), '^hypervisor$', 'its tree says who is below')
    tap.like(run.console, 'herald: .*MSIs? (is|are) not available', 'Herald says that there are no MSIs')
tap.done()
