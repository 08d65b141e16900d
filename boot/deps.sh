#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Install the Debian packages that a goal of the Makefile needs: deps.sh run|test|lint|bench
#
# Says what it installs and why, before it does; does nothing, quickly, when all are there. As a
# user other than root it goes through sudo. Only binary packages are installed: no apt source, no
# architecture and no preference of the machine is changed. QEMU must be 10.0 or newer, since older
# ones have no complete SMMUv3; where the machine's release has an older one (Debian 12), it comes
# from that release's backports suite, through a temporary apt configuration (see apt.sh).
# arm64 files (kernel, libfdt, busybox) are not installed at all: fetch.sh unpacks them under build/.
#
# DEPS=off skips the check, for a machine set up by hand.
set -euo pipefail
cd "$(dirname "$0")/.."
. boot/apt.sh

QEMU_MIN=10
goal=${1:-run}

# Package and the reason it is needed, by goal.
wanted()
{
	cat <<-LIST
	gcc-aarch64-linux-gnu compiles Herald
	libc6-dev-arm64-cross headers that libfdt.h includes
	u-boot-qemu boot loader of the emulated machine
	u-boot-tools mkimage, for the boot script
	mtools writes the boot disk image
	cpio packs the initramfs
	e2fsprogs mke2fs, for the drive with QEMU and guests
	kmod depmod, for the initramfs' modules
	xz-utils unpacks kernel modules
	LIST
	case $goal in test | lint)
		cat <<-LIST
		gcc compiles the unit tests
		libc6-dev headers for the unit tests
		libfdt-dev device trees in the unit tests
		device-tree-compiler device trees in the tests
		clang compiles the fuzz targets
		libclang-rt-dev libFuzzer and the sanitizers of that clang
		perl prove, which runs the tests
		python3 the system tests' harness
		LIST
		;;
	esac
	case $goal in bench)
		cat <<-LIST
		gcc compiles the benchmark for this machine
		libc6-dev headers for it
		python3 makes tables
		gnuplot-nox draws plots
		LIST
		;;
	esac
	case $goal in lint)
		cat <<-LIST
		clang-format checks the layout
		clang-tidy checks the code
		cppcheck checks the code
		shellcheck checks the scripts
		sparse checks the management VM's driver
		LIST
		;;
	esac
}

# The packages wanted that are not installed, one per line with their reason.
missing()
{
	local have
	# shellcheck disable=SC2046 # one word per package is meant
	have=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' $(wanted | cut -d' ' -f1) \
		2>/dev/null | sed -n 's/^installed //p' || true)
	wanted | while read -r pkg why; do
		grep -qxF "$pkg" <<< "$have" || echo "$pkg $why"
	done
}

qemu_is_new_enough()
{
	local version
	version=$("${QEMU:-qemu-system-aarch64}" --version 2>/dev/null |
		sed -n 's/^QEMU emulator version \([0-9]*\).*/\1/p')
	[ "${version:-0}" -ge $QEMU_MIN ]
}

as_root()
{
	if [ "$(id -u)" = 0 ]; then
		env DEBIAN_FRONTEND=noninteractive "$@" < /dev/null
	else
		sudo env DEBIAN_FRONTEND=noninteractive "$@" < /dev/null
	fi
}

need_root()
{
	[ "$(id -u)" = 0 ] || command -v sudo > /dev/null ||
		die "installing packages needs root, and there is no sudo." \
			"Run as root: make deps" "or install by hand: apt-get install $*"
}

# apt-get update, if the lists of this machine do not know one of the packages.
refresh_lists()
{
	apt-cache show --no-all-versions "$@" > /dev/null 2>&1 && return
	say "fetching the package lists (apt-get update)"
	as_root apt-get -qq update || die "apt-get update failed; is the network there?" \
		"Herald's set-up needs a Debian mirror once. Try: apt-get update"
}

install_packages()
{
	say "these Debian packages are missing and will be installed:"
	missing | while read -r pkg why; do printf '        %-24s %s\n' "$pkg" "$why"; done
	local names
	mapfile -t names < <(missing | cut -d' ' -f1)
	need_root "${names[*]}"
	refresh_lists "${names[@]}"
	as_root apt-get -qq -o Dpkg::Use-Pty=0 install -y --no-install-recommends "${names[@]}" ||
		die "apt could not install: ${names[*]}" "See its message above; then run make again."
}

# private_install APT_CONF SUITE PACKAGE
private_install()
{
	as_root apt-get -qq -c "$1" update || return
	as_root apt-get -qq -o Dpkg::Use-Pty=0 -c "$1" install -y --no-install-recommends -t "$2" "$3"
}

# The candidate that the machine's own suites offer, as a major version number.
qemu_candidate()
{
	LC_ALL=C apt-cache policy qemu-system-arm 2>/dev/null |
		sed -n 's/^ *Candidate: \([0-9]*:\)\{0,1\}\([0-9]*\)\..*/\2/p'
}

install_qemu()
{
	local codename
	need_root qemu-system-arm
	say "QEMU $QEMU_MIN.0 or newer is needed (SMMUv3 with both stages, GICv4) and will be installed:"
	printf '        %-24s %s\n' qemu-system-arm "the emulated machine"
	refresh_lists qemu-system-arm
	if [ "$(qemu_candidate)" -ge $QEMU_MIN ] 2>/dev/null; then
		as_root apt-get -qq -o Dpkg::Use-Pty=0 install -y --no-install-recommends qemu-system-arm && return
		die "apt could not install qemu-system-arm." "See its message above; then run make again."
	fi
	codename=$(debian_codename) ||
		die "this is neither Debian 12 nor 13, and its QEMU is older than $QEMU_MIN.0." \
			"Install QEMU $QEMU_MIN.0 or newer as qemu-system-aarch64 and run make again."
	say "it comes from $codename-backports; your apt sources stay as they are"
	dir=$(mktemp -d)
	trap 'as_root rm -rf "$dir"' EXIT # $dir is not local: the trap runs outside of this function
	chmod 755 "$dir"
	private_apt_conf "$dir"
	cp /etc/apt/sources.list "$dir/sources/machine.list" 2>/dev/null || true
	cp /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources "$dir/sources/" \
		2>/dev/null || true
	if ! machine_sources | grep -q " $codename-backports "; then
		derive_source "$codename" "" "$codename-backports" > "$dir/sources/herald.sources" ||
			die "found no apt source for $codename in /etc/apt to derive backports from." \
				"Add one (see sources.list(5)), or install QEMU $QEMU_MIN.0 by hand."
	fi
	private_install "$dir/apt.conf" "$codename-backports" qemu-system-arm ||
		die "could not install QEMU from $codename-backports." \
			"Does your mirror carry that suite? Else install QEMU $QEMU_MIN.0 by hand."
}

[ "${DEPS:-on}" = off ] && exit 0
command -v apt-get > /dev/null || die "this is not a Debian system; Herald's set-up knows apt only." \
	"Install by hand what boot/deps.sh lists, then run make with DEPS=off."
[ -z "$(missing)" ] || install_packages
qemu_is_new_enough || install_qemu
qemu_is_new_enough || die "QEMU is still older than $QEMU_MIN.0: $(command -v qemu-system-aarch64)"
