# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Completion of `herald` for bash.

_herald()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} words=''
	local commands='ls irq its stat top dmesg' common='--json --help'

	if ((COMP_CWORD == 1)); then
		words="$commands --help --version"
	elif [[ $prev == -d || $prev == -n ]]; then
		words=''
	else
		case ${COMP_WORDS[1]} in
		ls | irq | its)
			words=$common
			# The numbers of the VMs that are there: first column, below the title.
			[[ $cur == -* ]] || words+=" $(herald ls 2> /dev/null | awk 'NR > 1 { print $1 }')"
			;;
		stat) words=$common ;;
		top) words="$common -d -n" ;;
		dmesg) words="$common --follow -w" ;;
		esac
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}

complete -F _herald herald
