#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# docs/abi.md has the tables that hyp/abi_requests.h says, and a place for each.
cd "$(dirname "$0")/../.." || exit
echo "1..1"
if text=$(docs/generate.sh build/docs/tables docs/abi.md) && printf '%s\n' "$text" | diff docs/abi.md - >&2; then
	echo "ok 1 - docs/abi.md is as hyp/abi_requests.h says"
else
	echo "not ok 1 - docs/abi.md is not as hyp/abi_requests.h says; run: make docs"
fi
