# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Finding Debian suites that this machine's apt does not know. Sourced by deps.sh and fetch.sh.
#
# Herald needs packages from suites (backports, the other Debian release) and of an architecture
# (arm64) that a fresh machine's apt is not set up for. Nothing here changes the machine's own apt:
# we write a private configuration that has its own source list and its own package lists, for
# mirrors and keys that the machine's sources already name. So there is no host name in this tree,
# and a machine that uses a local mirror or a proxy keeps using it.

die()
{
	printf 'herald: %s\n' "$1" >&2
	shift
	for line in "$@"; do printf '        %s\n' "$line" >&2; done
	exit 1
}

say() { printf 'herald: %s\n' "$*"; }

# Debian's code name: bookworm (12) or trixie (13). Others are refused, since what they package is
# unknown to us.
debian_codename()
{
	local id='' name=''
	id=$(. /etc/os-release 2>/dev/null && echo "${ID-}")
	name=$(. /etc/os-release 2>/dev/null && echo "${VERSION_CODENAME-}")
	case $id:$name in
	debian:bookworm | debian:trixie) echo "$name" ;;
	*) return 1 ;;
	esac
}

# Print one line "uri suite signed-by" for each binary source with component main in the apt source
# files given. Reads both formats: one-line (deb [signed-by=K] URI SUITE main) and deb822 (.sources).
# signed-by is "-" where the source relies on apt's trusted keys; an inline key block is printed
# with its line ends as "\n", its blanks as "\s".
list_sources()
{
	local file
	for file in "$@"; do
		[ -r "$file" ] || continue
		case $file in
		*.sources) awk "$(awk_deb822)" "$file" ;;
		*.list) awk "$(awk_oneline)" "$file" ;;
		esac
	done
}

awk_oneline()
{
	cat <<-'AWK'
	$1 == "deb" {
		sub(/#.*/, "")
		key = "-"; i = 2
		if ($i ~ /^\[/) {
			for (; i <= NF; i++) {
				opt = $i; gsub(/[\[\]]/, "", opt)
				if (tolower(opt) ~ /^signed-by=/) key = substr(opt, 11)
				if ($i ~ /\]$/) { i++; break }
			}
		}
		for (c = i + 2; c <= NF; c++)
			if ($c == "main") { print $i, $(i + 1), key; break }
	}
	AWK
}

awk_deb822()
{
	cat <<-'AWK'
	function flush_stanza(   u, s, a, b, i, j, k) {
		k = f["signed-by"]
		gsub(/^[ \t]+|[ \t\n]+$/, "", k); gsub(/\n/, "\\n", k); gsub(/[ \t]/, "\\s", k)
		if (k == "") k = "-"
		if (tolower(f["enabled"]) !~ /no/ && f["types"] ~ /(^|[ \t])deb([ \t]|$)/ &&
		    f["components"] ~ /(^|[ \t])main([ \t]|$)/) {
			a = split(f["uris"], u); b = split(f["suites"], s)
			for (i = 1; i <= a; i++)
				for (j = 1; j <= b; j++)
					print u[i], s[j], k
		}
		split("", f); name = ""
	}
	/^#/ { next }
	/^[ \t]*$/ { flush_stanza(); next }
	/^[ \t]/ { f[name] = f[name] "\n" $0; next }
	{
		name = tolower(substr($0, 1, index($0, ":") - 1))
		f[name] = substr($0, index($0, ":") + 1)
	}
	END { flush_stanza() }
	AWK
}

machine_sources()
{
	list_sources /etc/apt/sources.list /etc/apt/sources.list.d/*.list \
		/etc/apt/sources.list.d/*.sources
}

# The machine's own source ("uri signed-by") for a release: its main archive, or with "-security"
# its security archive. A source that says "stable" or "oldstable" counts for the machine's release.
source_of()
{
	local codename=$1 kind=$2
	machine_sources | awk -v want="$codename$kind" -v kind="$kind" '
		$2 == want || ($2 ~ /^(old)*stable/ && $2 ~ ("stable" kind "$")) { print $1, $3; exit }'
}

# Print a deb822 stanza for SUITE, at the mirror and with the keys that the machine uses for its
# own main ("") or security ("-security") archive.
derive_source()
{
	local codename=$1 kind=$2 suite=$3 uri key
	read -r uri key < <(source_of "$codename" "$kind") || return 1
	printf 'Types: deb\nURIs: %s\nSuites: %s\nComponents: main\n' "$uri" "$suite"
	if [ "$key" != - ]; then
		key=${key//'\s'/ }
		key=${key//'\n'/$'\n'}
		case $key in $'\n'*) ;; *) key=" $key" ;; esac
		printf 'Signed-By:%s\n' "$key"
	fi
	printf '\n'
}

# Write a private apt configuration that keeps its lists under DIR and reads its sources from
# DIR/sources. The machine's configuration (proxies, certificates) is read first by apt itself.
private_apt_conf()
{
	local dir=$1
	mkdir -p "$dir/sources" "$dir/lists/partial" "$dir/cache/archives/partial"
	cat > "$dir/apt.conf" <<-CONF
	Dir::Etc::SourceList "/dev/null";
	Dir::Etc::SourceParts "$dir/sources/";
	Dir::Etc::Preferences "/dev/null";
	Dir::Etc::PreferencesParts "$dir/none/";
	Dir::State::Lists "$dir/lists/";
	Dir::Cache "$dir/cache/";
	Dir::Cache::pkgcache "pkgcache.bin";
	Dir::Cache::srcpkgcache "srcpkgcache.bin";
	Acquire::Languages "none";
	Acquire::Retries "3";
	#clear APT::Update::Post-Invoke;
	#clear APT::Update::Post-Invoke-Success;
	CONF
	mkdir -p "$dir/none"
}
