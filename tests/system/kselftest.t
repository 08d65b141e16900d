#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Linux's KVM selftests: `make test KSELFTEST=DIRECTORY`, static arm64 binaries, names as built.

Those of TESTS run with the arguments there, one of them with MATRIX=all only because it takes half
an hour, and every other program in the directory without any.
NATIVE=1 runs the same on Linux's own KVM.
"""
import os
import re

from herald import ALL, NATIVE, Tap
from suites import FAIL, PASS, SKIP, Case, chosen, given, run

PMU = 'no VM has a PMU (docs/abi.md)'

# Most of those that load memory do so once for each guest mode (page size, address bits) unless told
# one by number: this is 4 KiB pages, 40 bits. The page table test takes all of them.
MODE = '-m 6'

# A counter that ticks with the instructions, so that a slow host is not taken for a lost interrupt.
ICOUNT = {'QEMU_ARGS': '-icount shift=0,sleep=off'}

# program, arguments of each run, seconds, what else to say of it.
TESTS = [
    ('aarch32_id_regs', [''], 60, {}),
    ('access_tracking_perf_test', [MODE + ' -b 16M -v 1'], 120,
     {'hidden': "Debian's kernel has no idle page tracking: it skips on KVM, too"}),
    ('arch_timer', ['-n 2 -i 2'], 120, {'machine': ICOUNT}),
    ('arch_timer_edge_cases', [''], 60, {'broken': 'it does not end on KVM either'}),
    ('coalesced_io_test', [''], 60, {}),
    ('debug-exceptions', [''], 60, {}),
    ('demand_paging_test', [MODE + ' -b 16M -v 2'], 120, {}),
    ('dirty_log_perf_test', [MODE + ' -b 8M -v 2 -i 2', MODE + ' -b 8M -v 2 -i 2 -g'], 120, {}),
    ('dirty_log_test', [MODE + ' -i 3 -I 50 -M clear-log', MODE + ' -i 3 -I 50 -M dirty-log'], 200, {}),
    ('get-reg-list', [''], 60, {}),
    ('guest_print_test', [''], 60, {}),
    ('hypercalls', [''], 60, {}),
    ('kvm_binary_stats_test', [''], 60, {}),
    ('kvm_create_max_vcpus', [''], 120, {}),
    ('kvm_page_table_test', ['-b 32M -v 2', '-b 32M -v 2 -s anonymous_thp'], 300, {}),
    ('memslot_modification_stress_test', [MODE + ' -b 4M -v 2 -i 50'], 240, {}),
    ('memslot_perf_test', ['-s 512 -l 1 -e 4'], 300, {}),
    ('memslot_perf_test', ['-s 512 -l 1 -f 5'], 300,
     {'broken': 'its own limit, 10 s for 131,072 page faults, is too short here for KVM, too',
      'known': '^status 142$'}),
    ('no-vgic-v3', [''], 60, {}),
    ('page_fault_test', [MODE + ' -s anonymous'], 240,
     {'broken': "QEMU's CPU tells of a CAS that finds no page as a write, on KVM, too",
      'known': r'expected_events\.uffd_faults == events\.uffd_faults'}),
    ('psci_test', [''], 60, {}),
    ('rseq_test', [''] if ALL else [], 1800, {}),
    ('set_id_regs', [''], 120, {'hidden': 'ID registers take no other value (docs/abi.md)',
                                'broken': "QEMU's CPU has a field that the test takes for writable"}),
    ('set_memory_region_test', [''], 400, {}),
    ('smccc_filter', [''], 60, {}),
    ('steal_time', [''], 60, {}),
    ('vcpu_width_config', [''], 60, {'hidden': 'guests are AArch64 (docs/limits.md)'}),
    ('vgic_init', [''], 60, {'broken': 'KVM gives up its VM in the first part'} if NATIVE else {}),
    ('vgic_irq', ['', '-n 96', '-n 128', '-n 992'], 480, {}),
    ('vgic_lpi_stress', ['', '-v 4 -d 4 -e 8 -i 100', '-v 4 -d 16 -e 16 -i 1000', '-v 1 -d 1 -e 1 -i 10000'],
     120, {}),
    ('vpmu_counter_access', [''], 120, {'hidden': PMU}),
]


def judge(case):
    """By its status: 0, or 4 when it lacks what it needs; and what it says of it."""
    lines = [line.strip() for line in case.output.splitlines() if line.strip()]
    said = next((line for line in lines if re.search(r'skipping|requirement', line, re.I)), '')
    if case.status == 4:
        return SKIP, said or 'skipped'
    if case.status == 0:
        return PASS, 'status 0'
    where = re.search(r'^\s*([\w.-]+(?:/[\w.-]+)*\.[ch]:\d+: .*)$', case.output, re.M)
    return FAIL, 'status %d%s' % (case.status, ', ' + where.group(1) if where else '')


def main():
    tap = Tap()
    where = given(tap, 'KSELFTEST', "Linux's KVM selftests", '/path/to/selftests')
    programs = sorted(name for name in os.listdir(where)
                      if os.access(os.path.join(where, name), os.X_OK) and
                      os.path.isfile(os.path.join(where, name)))
    tap.ok(programs, 'KSELFTEST has programs')
    known = [name for name, _, _, _ in TESTS]
    tests = TESTS + [(name, [''], 120, {}) for name in programs if name not in known]
    cases = []
    for name, runs, seconds, more in tests:
        for arguments in runs:
            title = ('%s %s' % (name, arguments)).strip()
            if name in programs:
                cases.append(Case(title, ('/kselftest/%s' % title), seconds, **more))
            else:
                tap.skip(title, 'not in KSELFTEST')
    files = [(os.path.join(where, name), 'kselftest/' + name) for name in programs]
    run(tap, chosen(cases), judge, files)
    tap.done()


main()
