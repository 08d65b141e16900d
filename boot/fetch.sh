#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Get Debian's arm64 files and unpack them under build/:
#   fetch.sh libfdt | uapi | busybox | qemu | kernel VERSION | headers VERSION
#
#   libfdt       build/arm64/libfdt/          headers and libfdt.a, linked into Herald
#   uapi         build/arm64/uapi/include/    Linux's headers for user space, linux/kvm.h above all
#   busybox      build/arm64/busybox/busybox  the management VM's user space
#   qemu         build/arm64/qemu/            QEMU for the management VM, with its libraries
#   kernel 6.12  build/kernels/6.12/          Image, lib/modules/RELEASE and the file "release"
#   headers 6.12 build/headers/6.12/          to build modules for that kernel: its directory "build"
#
# apt downloads them, with a private configuration for architecture arm64 (see apt.sh), so neither
# dpkg's architectures nor apt's sources of this machine change, and no root is needed. Packages and
# apt's lists stay in the user's cache directory, so that a clean clone fetches nothing again; a
# cached package is used only if its SHA256 is the one in the lists, which apt verified by Debian's
# signature. `make deps UPDATE=1` looks for newer ones.
set -euo pipefail
cd "$(dirname "$0")/.."
PATH=$PATH:/usr/sbin:/sbin
. boot/apt.sh

cache=${XDG_CACHE_HOME:-$HOME/.cache}/herald
apt=$cache/apt
debs=$cache/debs

setup_apt()
{
	local codename
	codename=$(debian_codename) ||
		die "this is neither Debian 12 (bookworm) nor 13 (trixie): no known source of arm64 files." \
			"Unpack libfdt-dev, busybox-static and linux-image (arm64) as boot/fetch.sh says."
	mkdir -p "$debs"
	private_apt_conf "$apt"
	: > "$apt/status"
	cat >> "$apt/apt.conf" <<-CONF
	Dir::State::status "$apt/status";
	APT::Architecture "arm64";
	#clear APT::Architectures;
	APT::Architectures { "arm64"; "$(dpkg --print-architecture)"; };
	APT::Sandbox::User "";
	#clear DPkg::Post-Invoke;
	CONF
	suites "$codename" | while read -r kind suite; do
		derive_source "$codename" "${kind#main}" "$suite" && continue
		[ "$kind" = main ] || continue
		die "found no apt source for $codename in /etc/apt to derive $suite from." \
			"Add one (see sources.list(5)) and run make again."
	done > "$apt/new"
	if ! cmp -s "$apt/new" "$apt/sources/herald.sources"; then
		mv "$apt/new" "$apt/sources/herald.sources"
		rm -rf "$apt/lists"
		mkdir -p "$apt/lists/partial"
	fi
}

# The suites that hold what we need, by the machine's release: 6.1 is bookworm's kernel; 6.12 is
# trixie's, and in bookworm's backports.
suites()
{
	case $1 in
	bookworm) printf 'main %s\n' bookworm bookworm-backports ;;
	trixie) printf 'main %s\n' trixie bookworm ;;
	esac
	[ "$1" = bookworm ] || echo "-security $1-security"
	echo "-security bookworm-security"
}

private_apt() { local tool=$1; shift; "$tool" -q -c "$apt/apt.conf" "$@"; }

update_lists()
{
	say "fetching Debian's package lists"
	private_apt apt-get update || die "could not fetch the package lists; is the network there?" \
		"One of these suites may be missing on your mirror:" \
		"$(grep -h '^Suites' "$apt/sources/herald.sources" | cut -d' ' -f2- | paste -sd' ')"
}

# Print "package version sha256 filename depends" of all versions of the packages given, newest first.
records()
{
	private_apt apt-cache show "$@" | awk '
		BEGIN { RS = ""; FS = "\n" }
		{
			split("", f)
			for (i = 1; i <= NF; i++) {
				c = index($i, ": ")
				f[substr($i, 1, c - 1)] = substr($i, c + 2)
			}
			n = split(f["Filename"], path, "/")
			print f["Package"], f["Version"], f["SHA256"], path[n], f["Depends"]
		}'
}

# Print "version sha256 filename depends" of the newest version of a package that begins with PREFIX.
lookup()
{
	records "$1" 2> /dev/null |
		awk -v want="$2" 'index($2, want) == 1 && !n++ { sub(/^[^ ]* /, ""); print }'
}

# Bring PACKAGE (a version that begins with PREFIX) into the cache; sets $deb. The lists are
# refreshed once, if they do not know the package or the mirror no longer has that version. A package
# that is not arm64's or for all is named PACKAGE:ARCHITECTURE.
get_deb()
{
	try_deb "$@" || die "could not get $1 $2 for arm64 from your Debian mirror." \
		"If the network is up, the mirror may lack the suite: see $apt/sources/"
}

try_deb()
{
	local pkg=$1 prefix=$2 again version sum file
	for again in no yes; do
		[ $again = no ] || update_lists
		read -r version sum file _ < <(lookup "$pkg" "$prefix") || continue
		# apt writes a version's colon as %3a in a file name; the pool has no epoch.
		deb=$debs/$file
		if [ -f "$deb" ]; then
			echo "$sum  $deb" | sha256sum --quiet -c - && return
			rm -f "$deb"
		fi
		say "downloading $pkg $version"
		rm -rf "$debs/new"
		mkdir -p "$debs/new"
		(cd "$debs/new" && private_apt apt-get download "$pkg=$version") || continue
		mv "$debs"/new/*.deb "$deb"
		echo "$sum  $deb" | sha256sum --quiet -c - && return
		rm -f "$deb"
	done
	return 1
}

# Print "package=version sha256 filename" of each PACKAGE=VERSION given, in one run of apt-cache.
lookup_all() { records "$@" | awk '!seen[$0]++ { print $1 "=" $2, $3, $4 }'; }

# What `apt-get install` would install on a bare arm64 Debian, as PACKAGE=VERSION: closure SUITE PACKAGE...
# SUITE is preferred where it has a package; "-" if none is.
closure()
{
	local prefer=()
	[ "$1" = - ] || prefer=(-t "$1")
	shift
	private_apt apt-get -s "${prefer[@]}" install --no-install-recommends "$@" |
		sed -n 's/^Inst \([^ ]*\) (\([^ ]*\) .*/\1=\2/p'
}

# Bring all PACKAGE=VERSION into the cache, those that are missing in one run of apt; sets $debs_got.
get_all_debs()
{
	local again name sum file missing
	for again in no yes; do
		missing=() debs_got=()
		while read -r name sum file; do
			debs_got+=("$debs/$file")
			[ -f "$debs/$file" ] && echo "$sum  $debs/$file" | sha256sum --quiet -c - && continue
			rm -f "$debs/$file"
			missing+=("$name $file")
		done < <(lookup_all "$@")
		[ ${#debs_got[@]} = $# ] || return 1
		[ ${#missing[@]} != 0 ] || return 0
		[ $again = no ] || return 1
		say "downloading ${#missing[@]} packages"
		rm -rf "$debs/new"
		mkdir -p "$debs/new"
		(cd "$debs/new" && private_apt apt-get download "${missing[@]%% *}") || return 1
		for name in "$debs"/new/*.deb; do
			# The pool's file names have no epoch, apt's have it as "1%3a".
			file=${name##*/}
			mv "$name" "$debs/${file/_[0-9]%3a/_}"
		done
	done
}

# The package that the meta package linux-image-arm64 stands for, in a version that begins with $1.
kernel_package()
{
	lookup linux-image-arm64 "$1." | grep -o 'linux-image-[^ ]*-arm64' | head -n 1
}

# unpack DEB DIR: done once for each package file. unpack NAME DIR DEB...: several, under one name.
unpack()
{
	local name=$1 dir=$2 file
	[ "$(cat "$dir/.deb" 2>/dev/null)" = "${name##*/}" ] && return 1
	say "unpacking ${name##*/} under $dir"
	rm -rf "$dir"
	mkdir -p "$dir"
	shift 2
	[ $# != 0 ] || set -- "$name"
	for file in "$@"; do dpkg -x "$file" "$dir"; done
}

mark() { echo "${1##*/}" > "$2/.deb"; }

get_libfdt()
{
	local dir=build/arm64/libfdt
	get_deb libfdt-dev ''
	unpack "$deb" $dir || return 0
	mv $dir/usr/include $dir/include
	mv $dir/usr/lib/aarch64-linux-gnu/libfdt.a $dir/
	rm -rf "${dir:?}/usr"
	mark "$deb" $dir
}

# Of the kernel series that the management VM's driver is built for: one definition of KVM's ABI.
get_uapi()
{
	local dir=build/arm64/uapi
	get_deb linux-libc-dev 6.12.
	unpack "$deb" $dir || return 0
	mkdir $dir/include
	# Debian's "asm" is made of links into usr/lib: copied as files.
	cp -rL $dir/usr/include/linux $dir/usr/include/asm-generic \
		$dir/usr/include/aarch64-linux-gnu/asm $dir/include/
	rm -rf "${dir:?}/usr"
	mark "$deb" $dir
}

get_busybox()
{
	local dir=build/arm64/busybox
	get_deb busybox-static ''
	unpack "$deb" $dir || return 0
	find $dir -path '*bin/busybox' -exec mv {} $dir/busybox \;
	rm -rf "${dir:?}/usr" "${dir:?}/bin"
	mark "$deb" $dir
}

# QEMU 10.0, the version that emulates the machine, for the management VM; bin, lib and share are to be
# /usr's. What apt installs with it is unpacked, its program and the libraries are kept; of other files
# only virtio-net's ROM, without which QEMU's default network card is an error. One stamp stands for
# the list of packages.
get_qemu()
{
	local dir=build/arm64/qemu suite=- again packages stamp
	[ "$(debian_codename)" != bookworm ] || suite=bookworm-backports
	for again in no yes; do
		[ $again = no ] || update_lists
		mapfile -t packages < <(closure $suite qemu-system-arm ipxe-qemu)
		[ ${#packages[@]} != 0 ] && get_all_debs "${packages[@]}" && break
		[ $again = no ] || die "could not get qemu-system-arm and its libraries for arm64 from your Debian mirror." \
			"If the network is up, the mirror may lack the suite: see $apt/sources/"
	done
	stamp=qemu-$(printf '%s\n' "${packages[@]}" | sha256sum | cut -c1-16).deb
	unpack "$stamp" $dir "${debs_got[@]}" || return 0
	merge_usr $dir
	mkdir -p $dir/bin $dir/lib $dir/share/qemu
	mv $dir/usr/bin/qemu-system-aarch64 $dir/bin/
	mv $dir/usr/lib/ld-linux-aarch64.so.1 $dir/usr/lib/aarch64-linux-gnu $dir/lib/
	mv $dir/usr/lib/ipxe/qemu/efi-virtio.rom $dir/share/qemu/
	rm -rf $dir/lib/aarch64-linux-gnu/{gconv,security,perl-base,audit}
	find $dir -mindepth 1 -maxdepth 1 ! -name bin ! -name lib ! -name share -exec rm -rf {} +
	mark "$stamp" $dir
}

# Older packages have files in /lib that others look for in /usr/lib.
merge_usr()
{
	[ -d "$1/lib" ] && [ ! -L "$1/lib" ] || return 0
	cp -a "$1/lib/." "$1/usr/lib/"
	rm -rf "${1:?}/lib"
}

get_kernel()
{
	local want=$1 dir=build/kernels/$1 pkg
	pkg=$(kernel_package "$want") || { update_lists; pkg=$(kernel_package "$want"); } ||
		die "your Debian mirror has no arm64 kernel $want (looked for linux-image-arm64)." \
			"Use another one: make run KERNEL=6.1, 6.12 or the path of an Image."
	get_deb "$pkg" "$want."
	unpack "$deb" "$dir" || return 0
	[ -d "$dir/lib/modules" ] || mv "$dir/usr/lib" "$dir/lib"
	plain_image "$dir"/boot/vmlinuz-* "$dir/Image"
	basename "$dir"/lib/modules/* > "$dir/release"
	rm -rf "${dir:?}/boot" "${dir:?}/usr"
	depmod -b "$PWD/$dir" "$(cat "$dir/release")"
	mark "$deb" "$dir"
}

# What modules are built with: headers of the very kernel that get_kernel unpacked, and the tools of
# its build system, which are programs of this machine. The packages expect to lie under /usr; here
# each file that names another does so relatively.
get_headers()
{
	local want=$1 dir=build/headers/$1 again release version tools
	for again in no yes; do
		# A mirror has the newest only: if it has moved on, so does the kernel.
		[ $again = no ] || get_kernel "$want"
		release=$(cat "build/kernels/$want/release")
		version=$(cut -d_ -f2 "build/kernels/$want/.deb")
		try_deb "linux-headers-$release" "$version" && break
		[ $again = no ] || die "your Debian mirror has no linux-headers-$release $version." \
			"Try again with: make deps UPDATE=1"
	done
	local headers=$deb
	if [ "$(cat "$dir/.deb" 2> /dev/null)" = "${headers##*/}" ]; then
		touch "$dir/.deb" # as new as the kernel, for make
		return
	fi
	tools=$(lookup "linux-headers-$release" "$version" | grep -o 'linux-kbuild-[^ ,]*')
	get_deb "linux-headers-${release%-arm64}-common" "$version"
	local common=$deb
	get_deb "$tools:$(dpkg --print-architecture)" "$version"
	local kbuild=$deb
	unpack "$headers" "$dir"
	dpkg -x "$common" "$dir"
	dpkg -x "$kbuild" "$dir"
	ln -s "usr/src/linux-headers-$release" "$dir/build"
	# shellcheck disable=SC2016 # make expands it
	sed -i 's,^include /usr/src/,include $(dir $(lastword $(MAKEFILE_LIST)))../,' "$dir/build/Makefile"
	mark "$headers" "$dir"
}

# A kernel file as a plain arm64 Image: Debian's may be one, gzip, or an EFI program ("zboot") that
# holds a gzip payload, whose offset and size stand at bytes 8 and 12.
plain_image()
{
	local in=$1 out=$2 offset size
	case $(od -An -tx1 -N8 "$in" | tr -d ' ') in
	1f8b*) gzip -dc "$in" > "$out" ;;
	4d5a????7a696d67)
		offset=$(od -An -tu4 -j8 -N4 "$in" | tr -d ' ')
		size=$(od -An -tu4 -j12 -N4 "$in" | tr -d ' ')
		tail -c "+$((offset + 1))" "$in" | head -c "$size" | gzip -dc > "$out" ;;
	*) cp "$in" "$out" ;;
	esac
	[ "$(od -An -tx1 -j56 -N4 "$out" | tr -d ' ')" = 41524d64 ] ||
		die "$in is no arm64 Linux image that Herald's set-up can unpack."
}

mkdir -p "$cache"
exec 9> "$cache/lock"
flock 9
setup_apt
[ -z "${UPDATE-}" ] || update_lists
case $1 in
libfdt | uapi | busybox | qemu) "get_$1" ;;
kernel | headers) "get_$1" "$2" ;;
*) die "fetch.sh: unknown file set $1" ;;
esac
