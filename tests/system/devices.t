#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""NVMe, virtio-blk, virtio-net and igb at work at the same time; every byte is compared."""
import hashlib
import http.server
import os
import re
import threading

from herald import NATIVE, Tap, boot, scratch

MIB = 1 << 20
NVME_MIB = 256
NET_MIB = 16
READS = 500

# What the guest fetches over each network, from a server on the host's loopback: 10.0.N.2 there.
payload = os.urandom(NET_MIB * MIB)


class Server(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header('Content-Length', str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    def log_message(self, *args):
        pass


def count_reads(device, irq):
    """Guest script: READS single reads on CPU 1, and how far the interrupt's count rose by them."""
    return '''
irq=$(irq_of %s)
taskset 2 dd if=/dev/%s of=/dev/null bs=4k count=1 iflag=direct 2> /dev/null
before=$(irq_count $irq 1)
taskset 2 dd if=/dev/%s of=/dev/null bs=4k count=%d iflag=direct 2> /dev/null
section count-%s; echo $(($(irq_count $irq 1) - before)); end
''' % (irq, device, device, READS, device)


SCRIPT = r'''
network
section interfaces; interface_of virtio_net; interface_of igb; end
section irq-before; cat /proc/interrupts; end
(
	dd if=/dev/$(drive herald1) of=/dev/$(drive herald0) bs=256k count=$((%(mib)d * 4)) iflag=direct oflag=direct 2> /dev/null
	dd if=/dev/$(drive herald0) bs=256k count=$((%(mib)d * 4)) iflag=direct 2> /dev/null | sha256sum > /tmp/read
) &
(dd if=/dev/zero of=/dev/vda bs=64k oflag=direct count=1000 2> /dev/null; echo $? > /tmp/vda) &
(wget -q -O - http://10.0.2.2:%(port)d/ | sha256sum > /tmp/net2) &
(wget -q -O - http://10.0.3.2:%(port)d/ | sha256sum > /tmp/net3) &
wait
for name in read net2 net3 vda; do
	section $name; cut -d' ' -f1 /tmp/$name; end
done
section irq-after; cat /proc/interrupts; end
'''

# The drive behind the root port holds what is copied to the other one.
disks = os.path.join(scratch(), 'disks')
os.makedirs(disks)
data = os.urandom(NVME_MIB * MIB)
written = hashlib.sha256(data).hexdigest()
with open(os.path.join(disks, 'nvme1.img'), 'wb') as f:
    f.write(data)
    f.truncate(2 * NVME_MIB * MIB)
del data

server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()

tap = Tap()
run = boot(SCRIPT % {'mib': NVME_MIB, 'port': server.server_address[1]} +
           count_reads('nvme0n1', 'nvme0q2') + count_reads('nvme1n1', 'nvme1q2'), timeout=400)
tap.clean(run, '%d MiB from NVMe to NVMe, networks and virtio-blk at the same time' % NVME_MIB)
tap.equal(len(run.section('interfaces').split()), 2, 'virtio-net and igb have an interface each')

tap.equal(run.value('read'), written, 'NVMe: what Linux reads back is what it copied there')
with open(os.path.join(disks, 'nvme0.img'), 'rb') as f:
    tap.equal(hashlib.sha256(f.read(NVME_MIB * MIB)).hexdigest(), written,
              'NVMe: what lies on the drive is what lies on the one behind the root port')
tap.equal(run.value('vda'), '0', 'virtio-blk: written at the same time')
digest = hashlib.sha256(payload).hexdigest()
tap.equal(run.value('net2'), digest, 'virtio-net: %d MiB arrive unchanged' % NET_MIB)
tap.equal(run.value('net3'), digest, 'igb: %d MiB arrive unchanged' % NET_MIB)

after = {what: sum(counts) for _, counts, what in run.interrupts('irq-after')}
before = {what: sum(counts) for _, counts, what in run.interrupts('irq-before')}
for device in ('nvme0q[1-9]', 'nvme1q[1-9]', 'virtio0-input', r'virtio1-req', 'eth[01](-rx-|-TxRx-)'):
    rise = sum(after[what] - before.get(what, 0) for what in after if re.search(device, what))
    tap.ok(rise > 50, 'interrupts of %s came' % device, 'rose by %d' % rise)

# One read at a time, one interrupt each: what the drive completed is what the handler counted.
for device in ('nvme0n1', 'nvme1n1'):
    tap.equal(run.value('count-' + device), str(READS),
              '%s: %d single reads make as many interrupts' % (device, READS))
if NATIVE:
    tap.skip('no MSI was lost', 'no Herald')
else:
    tap.no_msi_lost(run)
tap.done()
