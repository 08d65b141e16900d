#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The bounds of the virtual ITS, in executed arm64 instructions: translations, and the longest step
# of each kind of work.
exec "$(dirname "$0")/report.py" --tap
