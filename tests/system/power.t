#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""poweroff ends the machine, reboot starts it again, with each way to boot."""
from herald import NATIVE, TROUBLE, Tap, boot

POWEROFF = '''
echo @before
poweroff
sleep 60
echo @after
'''

# The second drive remembers that this machine has been up before.
REBOOT = '''
mark=/dev/$(drive herald1)
if [ "$(head -c 5 $mark)" = again ]; then
	head -c 4096 /dev/zero > $mark
	sync
	section second; read_blocks /dev/nvme0n1 20 && nproc; end
else
	echo again > $mark
	sync
	echo @first
	reboot -f
	sleep 60
fi
'''

tap = Tap()
run = boot(POWEROFF)
tap.ok('@before' in run.console and '@after' not in run.console and run.ended,
       'poweroff: init ends the machine')
tap.unlike(run.console, TROUBLE.pattern, 'poweroff: nobody complains')

run = boot('echo @before; reboot; sleep 60; echo @after')
tap.ok('@before' in run.console and '@after' not in run.console and run.ended,
       'reboot: init resets the machine')

for path in ('direct',) if NATIVE else ('direct', 'uboot', 'fwcfg'):
    run = boot(REBOOT, BOOT=path, REBOOT=1)
    tap.like(run.console, '^@first$', path + ': the first life')
    tap.clean(run, path + ': reboot starts the machine again')
    tap.equal(run.value('second'), '4', path + ': drive and CPUs are there in the second life')
tap.done()
