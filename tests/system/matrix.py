# SPDX-License-Identifier: GPL-2.0-only
"""One row of the boot matrix."""
import re

from herald import boot

SCRIPT = '''
network
section release; uname -r; end
section cpus; nproc; end
section memory; awk '/MemTotal/ { print $2 }' /proc/meminfo; end
section interrupts; cat /proc/interrupts; end
section networks; ip -o -4 addr | awk '$2 != "lo" { print $4 }' | sort; end
section blocks; ls /sys/block | grep -E '^nvme[0-9]n|^vd' | sort | xargs; end
section el; dmesg | grep 'started at EL'; end
'''


def megabytes(size):
    return int(size[:-1]) * (1024 if size[-1] == 'G' else 1)


def check_boot(tap, path, kernel, cpu, smp, mem, gic, smmu):
    """Boot once; check what Linux sees of the machine."""
    name = '%s: Linux %s, %s, %d CPUs, %s, GICv%d, SMMU %s' % (path, kernel, cpu, smp, mem, gic, smmu)
    run = boot(SCRIPT, BOOT=path, KERNEL=kernel, CPU=cpu, SMP=smp, MEM=mem, GIC=gic, SMMU=smmu)
    if not tap.clean(run, name):
        return
    tap.like(run.console, r'herald: the management VM starts after \d+ us',
             name + ': Herald says how long it took')
    tap.like(run.section('el'), 'EL1', name + ': Linux runs at EL1')
    tap.ok(run.value('release').startswith(kernel + '.'), name + ': the kernel is the one asked for')
    tap.equal(run.value('cpus'), str(smp), name + ': all CPUs are up')
    # Linux keeps some for itself; Herald takes 1/64, at least 16 MiB.
    seen, given = int(run.value('memory') or 0) / 1024, megabytes(mem)
    tap.ok(given - 160 - given / 12 < seen < given - 16, name + ': its memory is the rest',
           '%d MiB of %d' % (seen, given))
    tap.equal(run.section('networks').split(), ['10.0.2.15/24', '10.0.3.15/24'],
              name + ': both networks have an address')
    tap.equal(run.value('blocks'), 'nvme0n1 nvme1n1 vda', name + ': all drives are there')
    msi = [what for _, counts, what in run.interrupts('interrupts')
           if re.match('ITS-(PCI-)?MSI', what) and sum(counts)]
    for device in ('nvme0q', 'nvme1q', 'virtio0', 'eth[01](-rx-|-TxRx-)'):
        tap.ok(any(re.search(device, what) for what in msi), name + ': ITS-MSIs of ' + device,
               '\n'.join(msi))
