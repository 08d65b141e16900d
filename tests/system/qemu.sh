# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# Shell functions for the tests that run Debian's QEMU in the management VM (see qemu.py).

vms=/run/vms
mkdir -p $vms

# Make a guest's initramfs: guest_initrd KERNEL FILE < SCRIPT. The script runs in the guest, with
# guest_lib before it; then the guest powers off. Its network is 192.168.7.2 if that is on the line.
guest_initrd()
{
	root=$(mktemp -d)
	mkdir -p "$root/etc/herald"
	{ guest_lib; cat; } > "$root/etc/herald/autorun"
	printf '#!/bin/sh\nip addr add 192.168.7.2/24 dev eth0\nip link set eth0 up\n' > "$root/etc/herald/network"
	chmod 755 "$root"/etc/herald/*
	{ cat "/guest/initrd-$1"; (cd "$root" && find . | cpio -o -H newc 2> /dev/null); } > "$2"
	rm -rf "$root"
}

md5() { md5sum | cut -d' ' -f1; }

# Fetch a file by HTTP, $2 times in a row: fetch ADDRESS TIMES
fetch() { for _ in $(seq "$2"); do wget -q -O - "http://$1/data"; done; }

guest_lib()
{
	cat <<-'LIB'
	#!/bin/sh
	# One result, as "G name value": later ones on the console win.
	say() { echo "G $*"; }
	md5() { md5sum | cut -d' ' -f1; }
	blocks() { dd if=/dev/vda bs=64k iflag=direct "$@" 2> /dev/null; }
	fetch() { for _ in $(seq "$2"); do wget -q -O - "http://$1/data"; done; }
	LIB
}

# QEMU as the tests start it: qemu KERNEL INITRD ARGUMENTS...
qemu()
{
	kernel=$1 initrd=$2
	shift 2
	qemu-system-aarch64 -accel kvm -cpu host -machine virt,gic-version=3,its=on -nographic -nic none \
		-kernel "/guest/Image-$kernel" -initrd "$initrd" -append "panic=-1 loglevel=4" "$@"
}

# A drive of $2 MiB whose first half is random, the second half zeros: new_drive FILE MIB
new_drive()
{
	dd if=/dev/urandom of="$1" bs=1M count=$(($2 / 2)) 2> /dev/null
	truncate -s "$2M" "$1"
}

# MD5 of one half of a drive: half_md5 FILE MIB 0|1
half_md5() { dd if="$1" bs=1M skip=$(($3 * $2 / 2)) count=$(($2 / 2)) 2> /dev/null | md5; }

# The management VM's side of a guest's network: 8 MiB to fetch, and for QEMU's tap device what is to be
# done when it is there.
serve_network()
{
	printf '#!/bin/sh\nip addr add 192.168.7.1/24 dev $1\nip link set $1 up\n' > $vms/tap
	chmod 755 $vms/tap
	[ ! -e /tmp/www/data ] || return 0
	mkdir /tmp/www
	dd if=/dev/urandom of=/tmp/www/data bs=1M count=8 2> /dev/null
	httpd -h /tmp/www
}

# Start QEMU in the background: start NAME KERNEL INITRD ARGUMENTS... Its console is the file
# $vms/NAME.console, its process ID in $vms/NAME.pid, and hmp talks to its monitor. Its kernel does not look for
# lockups and stalls, since to be stopped, or slow, looks like one.
start()
{
	name=$1 kernel=$2 initrd=$3
	shift 3
	append='panic=-1 loglevel=4 nowatchdog rcupdate.rcu_cpu_stall_suppress=1'
	rm -f "$vms/$name".*
	mkfifo "$vms/$name.in" "$vms/$name.out"
	qemu-system-aarch64 -accel kvm -cpu host -machine virt,gic-version=3,its=on -display none -nic none \
		-serial "file:$vms/$name.console" -monitor "pipe:$vms/$name" \
		-kernel "/guest/Image-$kernel" -initrd "$initrd" -append "$append" "$@" > "$vms/$name.err" 2>&1 &
	echo $! > "$vms/$name.pid"
	cat "$vms/$name.out" > "$vms/$name.log" &
}

# Give QEMU's monitor a command: hmp NAME COMMAND
hmp() { echo "$2" > "$vms/$1.in"; }

# For who reads the console: how far the test is, and when.
step() { echo "# $(cut -d. -f1 /proc/uptime) s: $*"; }

# How many rounds of its work a guest has done on this console.
rounds() { grep -c '^G round' "$vms/$1.console" 2> /dev/null; }
has_rounds() { [ "$(rounds "$1")" -ge "$2" ]; }

# Wait until a guest has done $2 more rounds of its work: goes_on NAME ROUNDS SECONDS
goes_on()
{
	goal=$(($(rounds "$1") + $2))
	wait_for "$3" has_rounds "$1" $goal && step "$1 has done $goal rounds" && return
	step "$1 does not come to its round $goal"
	tail -n 20 "$vms/$1.console" "$vms/$1.err"
	return 1
}

# Wait for the end of a guest's work: works NAME SECONDS
works()
{
	wait_for "$2" grep -q '^G done' "$vms/$1.console" && step "$1 has done its work" && return
	step "$1 does not come to its end, but to its round $(rounds "$1")"
	tail -n 20 "$vms/$1.console" "$vms/$1.err"
	kill "$(cat "$vms/$1.pid")"
	return 1
}

# Does someone wait for connections at this port, in hexadecimal?
listens() { grep -q ":$1 00000000:0000 0A" /proc/net/tcp; }

# What QEMU's monitor said, without the echo of what it was told: log NAME
log() { tr -d '\r' < "$vms/$1.log" | grep -v '^(qemu)'; }

# Wait until a VM has gone where `migrate -d` sends it: migrated NAME SECONDS
migrated()
{
	until=$(($(cut -d. -f1 /proc/uptime) + $2))
	while [ "$(cut -d. -f1 /proc/uptime)" -lt $until ]; do
		hmp "$1" 'info migrate'
		sleep 2
		log "$1" | grep -q '^Migration status: completed' && step "$1 has migrated" && return
		! log "$1" | grep -q '^Migration status: failed' || break
	done
	step "$1 does not migrate"
	log "$1" | tail -n 20
	cat "$vms/$1.err"
	return 1
}

# Wait for QEMU's end and print all that it and its guest said: ended NAME
ended()
{
	wait "$(cat "$vms/$1.pid")"
	echo "G exit $?"
	tr -d '\r' < "$vms/$1.console"
	cat "$vms/$1.err"
}

# What a guest of `start` is to do: $1 rounds, or until `work_ends`, in which 256 KiB of random bytes are
# written to the drive and read back, while another reader keeps the drive busy.
work()
{
	cat <<-WORK
	say round 0
	while [ ! -e /tmp/end ]; do blocks bs=4k count=64; done > /dev/null &
	dd if=/dev/urandom of=/tmp/seed bs=64k count=4 2> /dev/null
	want=\$(md5 < /tmp/seed)
	round=0
	while [ \$round -lt $1 ]; do
		round=\$((round + 1))
		dd if=/tmp/seed of=/dev/vda bs=16k seek=\$((round % 2 * 16)) oflag=direct 2> /dev/null
		got=\$(dd if=/dev/vda bs=16k skip=\$((round % 2 * 16)) count=16 iflag=direct 2> /dev/null | md5)
		[ "\$got" = "\$want" ] || say bad \$round \$got
		say round \$round
		! dd if=/dev/vda bs=4k skip=$end_block count=1 iflag=direct 2> /dev/null | grep -q 'work ends' || break
	done
	touch /tmp/end
	wait
	say done \$round
	cat /proc/interrupts
	WORK
}

# Tell the guest that has this drive to come to its end.
end_block=512
work_ends() { echo 'work ends' | dd of="$1" bs=4k seek=$end_block conv=notrunc 2> /dev/null; }

# Arguments for the drive of a guest that works: drive_args FILE
drive_args() { echo "-drive if=none,id=d,file=$1,format=raw -device virtio-blk-pci,drive=d"; }
