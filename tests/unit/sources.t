#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# boot/apt.sh reads apt's source files, both formats, as apt does.
cd "$(dirname "$0")/../.." || exit
. boot/apt.sh

count=0 failed=0
is() # GOT WANT NAME
{
	count=$((count + 1))
	if [ "$1" = "$2" ]; then echo "ok $count - $3"; return; fi
	failed=1
	echo "not ok $count - $3"
	printf '%s\n' "got:" "$1" "want:" "$2" | sed 's/^/# /'
}

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

cat > "$dir/a.list" <<'LIST'
# deb http://old.example/debian bookworm main
deb http://one.example/debian bookworm main contrib # a remark
deb-src http://one.example/debian bookworm main
deb [ arch=amd64 signed-by=/k.gpg ] http://two.example/debian bookworm-updates contrib main
deb [signed-by=/k2.gpg arch=amd64] http://three.example/debian bookworm non-free
deb [trusted=yes] http://four.example/debian trixie main
LIST
is "$(list_sources "$dir/a.list")" "http://one.example/debian bookworm -
http://two.example/debian bookworm-updates /k.gpg
http://four.example/debian trixie -" 'one-line format: options, remarks, components'

cat > "$dir/b.sources" <<'LIST'
Types: deb deb-src
# a remark
URIs: http://one.example/debian http://two.example/debian/
Suites: trixie trixie-updates
Components: main
Signed-By: /k.gpg

Enabled: no
Types: deb
URIs: http://off.example/debian
Suites: trixie
Components: main

Types: deb-src
URIs: http://src.example/debian
Suites: trixie
Components: main

types: deb
uris:
 http://three.example/debian
suites: stable
components: contrib
 main
signed-by:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 abc=
 -----END PGP PUBLIC KEY BLOCK-----
LIST
is "$(list_sources "$dir/b.sources" | head -n 4)" "http://one.example/debian trixie /k.gpg
http://one.example/debian trixie-updates /k.gpg
http://two.example/debian/ trixie /k.gpg
http://two.example/debian/ trixie-updates /k.gpg" 'deb822: several URIs and suites'
is "$(list_sources "$dir/b.sources" | sed 1,4d | cut -d' ' -f1,2)" "http://three.example/debian stable" \
	'deb822: disabled and source stanzas are left out, continuation lines read'

machine_sources() { list_sources "$dir/b.sources"; }
is "$(derive_source trixie '' bookworm)" "Types: deb
URIs: http://one.example/debian
Suites: bookworm
Components: main
Signed-By: /k.gpg" 'another suite of the same mirror, with its key'

machine_sources() { list_sources "$dir/b.sources" | sed 1,4d; }
is "$(derive_source trixie '' bookworm)" "Types: deb
URIs: http://three.example/debian
Suites: bookworm
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 abc=
 -----END PGP PUBLIC KEY BLOCK-----" '"stable" is the machine'"'"'s release; an inline key stays whole'

machine_sources() { list_sources "$dir/a.list"; }
is "$(derive_source bookworm -security bookworm-security || echo none)" none \
	'no security archive to derive from'
echo "1..$count"
exit $failed
