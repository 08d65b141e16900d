/* SPDX-License-Identifier: GPL-2.0-only */
/* What the test VM's program and its VMM, the suite kvm, agree on. */
#ifndef HERALD_BARE_KVM_GUEST_H
#define HERALD_BARE_KVM_GUEST_H

/* Guest addresses. */
#define VM_CODE 0x40000000 /* the program, read-only */
#define VM_DATA 0x40100000 /* pages that both can write */
#define VM_DATA_SIZE 0x10000
#define VM_GICD 0x08000000
#define VM_GICR 0x080a0000
#define VM_GITS 0x08080000
#define VM_GITS2 0x08040000
#define VM_REPORT 0x09000000 /* a store here is a word to the VMM */
#define VM_DEVICE 0x09001000 /* loads and stores of all sizes */

/* Where in VM_DATA. */
#define VM_STACK1 0x4000 /* vCPU 1's page */
#define VM_DUMP_FIRST 0x0 /* registers as the vCPU found them, */
#define VM_DUMP_FILLED 0x800 /* as it filled them, */
#define VM_DUMP_AFTER 0x1000 /* and as they were after an exit */
#define VM_RESULT 0x2000
#define VM_SCRIPT 0x3000 /* of vCPU 0 */

/* Operations of kvm_guest_script. */
#define SCRIPT_END 0
#define SCRIPT_STORE 1 /* 64 bits */
#define SCRIPT_STORE32 2
#define SCRIPT_LOAD 3 /* and report */
#define SCRIPT_LOAD32 4
#define SCRIPT_GIC 5 /* on, with the redistributor at address */
#define SCRIPT_TAKE 6 /* acknowledge, report, end an interrupt; 1023: none */
#define SCRIPT_SLEEP 7 /* the same after a WFI */

/* 64-bit words of a dump: the system registers, then V0 .. V31, FPCR, FPSR. */
#define DUMP_SYS 33
#define DUMP_KEYS 10
#define DUMP_SIMD 66
#define DUMP_WORDS (DUMP_SYS + DUMP_KEYS + DUMP_SIMD)

#define VM_SPI 40
#define VM_SGI 3
#define VM_BENCH_ROUNDS 4096

#endif
