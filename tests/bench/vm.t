#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The budgets of a VM's operations, in executed instructions.
exec "$(dirname "$0")/vm.py" --tap
