# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# Shell functions for the scripts that system tests run in the management VM (see herald.py).

# The kernel's messages would land inside sections; finish prints them all.
dmesg -n 1
stty -echo 2> /dev/null

section() { echo "@section $1"; }
end() { echo "@end"; }

finish()
{
	section dmesg
	dmesg
	end
	echo "@finish"
}

# Wait until a command succeeds: wait_for SECONDS COMMAND...
wait_for()
{
	tries=$(($1 * 10))
	shift
	while ! "$@" > /dev/null 2>&1; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || return 1
		usleep 100000
	done
}

network() { wait_for 60 test -e /run/network; }

# The network interface whose driver is $1.
interface_of()
{
	for path in /sys/class/net/*; do
		case $(readlink -f "$path/device/driver") in */"$1") echo "${path##*/}"; return ;; esac
	done
	return 1
}

# The block device of the NVMe whose serial number is $1 (herald0; herald1 is behind the root port):
# Linux probes them at the same time, so either may become nvme0.
drive()
{
	for path in /sys/class/nvme/nvme*; do
		case $(cat "$path/serial") in "$1"*) echo "${path##*/}n1"; return ;; esac
	done
	return 1
}

# The interrupt number of /proc/interrupts whose line ends in the name $1, and its counts.
irq_of() { awk -v name="$1" '$NF == name { sub(":", "", $1); print $1; exit }' /proc/interrupts; }

# How often interrupt $1 was taken on CPU $2.
irq_count() { awk -v irq="$1:" -v col=$(($2 + 2)) '$1 == irq { print $col }' /proc/interrupts; }

# Read 4 KiB blocks past the page cache, one at a time: read_blocks DEVICE COUNT
read_blocks() { dd if="$1" of=/dev/null bs=4k count="$2" iflag=direct 2> /dev/null; }
