/* SPDX-License-Identifier: GPL-2.0-only */
/* System registers: access, and the fields Herald uses, named as in the Arm ARM (DDI 0487). */
#ifndef HERALD_HYP_SYSREG_H
#define HERALD_HYP_SYSREG_H

#include "hyp/lib/bits.h"

/* @name: as the assembler knows it, or one of the encodings below. */
#define sysreg_read(name) sysreg_read_as(name)
#define sysreg_write(name, val) sysreg_write_as(name, val)

#define sysreg_read_as(name)                                                                       \
	({                                                                                         \
		u64 sysreg_val;                                                                    \
		__asm__ volatile("mrs %0, " #name : "=r"(sysreg_val));                             \
		sysreg_val;                                                                        \
	})
#define sysreg_write_as(name, val) __asm__ volatile("msr " #name ", %x0" ::"rZ"((u64)(val)))

#define isb() __asm__ volatile("isb" ::: "memory")
#define dsb(domain) __asm__ volatile("dsb " #domain ::: "memory")
#define esb() __asm__ volatile("hint #16" ::: "memory")
#define wfi() __asm__ volatile("wfi" ::: "memory")

/* HCR_EL2 */
#define HCR_VM BIT(0)
#define HCR_SWIO BIT(1)
#define HCR_FMO BIT(3)
#define HCR_IMO BIT(4)
#define HCR_AMO BIT(5)
#define HCR_VSE BIT(8)
#define HCR_FB BIT(9)
#define HCR_BSU_IS BIT(10)
#define HCR_TWI BIT(13)
#define HCR_TID3 BIT(18)
#define HCR_TSC BIT(19)
#define HCR_TIDCP BIT(20)
#define HCR_TACR BIT(21)
#define HCR_RW BIT(31)
#define HCR_E2H BIT(34)
#define HCR_TLOR BIT(35)
#define HCR_TERR BIT(36)
#define HCR_TEA BIT(37)
#define HCR_APK BIT(40)
#define HCR_API BIT(41)
#define HCR_TID5 BIT(58)

/* CPTR_EL2 with E2H = 0: SVE, SME, trace and activity monitors trap; FP does not. */
#define CPTR_RES1 UINT64_C(0x22ff)
#define CPTR_TZ BIT(8)
#define CPTR_TSM BIT(12)
#define CPTR_TTA BIT(20)
#define CPTR_TAM BIT(30)

/* MDCR_EL2 */
#define MDCR_HPMN GENMASK(4, 0)
#define MDCR_TPMCR BIT(5)
#define MDCR_TPM BIT(6)
#define MDCR_TDE BIT(8)
#define MDCR_TDA BIT(9)
#define MDCR_TDOSA BIT(10)
#define MDCR_TDRA BIT(11)
#define MDCR_TPMS BIT(14)
#define MDCR_TTRF BIT(19)

/* CNTHCTL_EL2 with E2H = 0: the guest uses the physical counter and timer itself. */
#define CNTHCTL_EL1PCTEN BIT(0)
#define CNTHCTL_EL1PCEN BIT(1)
#define CNTHCTL_ECV BIT(12) /* CNTPOFF_EL2 counts, where it exists */

/* CNT*_CTL_EL0, CNTHP_CTL_EL2 */
#define TIMER_ENABLE BIT(0)
#define TIMER_IMASK BIT(1)
#define TIMER_ISTATUS BIT(2)
/* It interrupts when its time has come. */
#define TIMER_ARMED(ctl) (((ctl) & (TIMER_ENABLE | TIMER_IMASK)) == TIMER_ENABLE)

/* MDSCR_EL1: what a VM can set; OSLSR_EL1 */
#define MDSCR_SS BIT(0)
#define MDSCR_TDCC BIT(12)
#define MDSCR_KDE BIT(13)
#define MDSCR_MDE BIT(15)
#define MDSCR_VM (MDSCR_SS | MDSCR_TDCC | MDSCR_KDE | MDSCR_MDE)
#define OSLSR_OSLK BIT(1)
#define OSLSR_OSLM_IMPLEMENTED BIT(3)

/* PAR_EL1 */
#define PAR_F BIT(0)
#define PAR_PA GENMASK(51, 12)

/* ISR_EL1, DISR_EL1: an SError is pending, was deferred */
#define ISR_A BIT(8)
#define DISR_A BIT(31)

/* ESR_ELx */
#define ESR_EC GENMASK(31, 26)
#define ESR_IL BIT(25)
#define ESR_ISS GENMASK(24, 0)
#define ESR_IMM16 GENMASK(15, 0)
#define ISS_WFX_TI GENMASK(1, 0) /* WFI, WFE, WFIT, WFET */
#define ESR_EC_UNKNOWN 0x00
#define ESR_EC_WFX 0x01
#define ESR_EC_FP 0x07
#define ESR_EC_PAC 0x09
#define ESR_EC_LS64 0x0a
#define ESR_EC_BTI 0x0d
#define ESR_EC_ILLEGAL 0x0e
#define ESR_EC_SVC64 0x15
#define ESR_EC_HVC64 0x16
#define ESR_EC_SMC64 0x17
#define ESR_EC_SYSREG 0x18
#define ESR_EC_SVE 0x19
#define ESR_EC_SME 0x1d
#define ESR_EC_IABT_LOW 0x20
#define ESR_EC_IABT_CUR 0x21
#define ESR_EC_PC_ALIGN 0x22
#define ESR_EC_DABT_LOW 0x24
#define ESR_EC_DABT_CUR 0x25
#define ESR_EC_SP_ALIGN 0x26
#define ESR_EC_SERROR 0x2f
#define ESR_EC_BREAKPOINT_LOW 0x30
#define ESR_EC_STEP_LOW 0x32
#define ESR_EC_WATCHPOINT_LOW 0x34
#define ESR_EC_BRK64 0x3c

/* ISS of aborts */
#define ISS_DABT_ISV BIT(24)
#define ISS_DABT_SAS GENMASK(23, 22)
#define ISS_DABT_SSE BIT(21)
#define ISS_DABT_SRT GENMASK(20, 16)
#define ISS_DABT_SF BIT(15)
#define ISS_DABT_FNV BIT(10)
#define ISS_DABT_CM BIT(8)
#define ISS_ABT_S1PTW BIT(7)
#define ISS_DABT_WNR BIT(6)
#define ISS_ABT_FSC GENMASK(5, 0)
#define FSC_TYPE GENMASK(5, 2)
#define FSC_TYPE_TRANSLATION 0x1
#define FSC_TYPE_ACCESS 0x2
#define FSC_TYPE_PERMISSION 0x3
#define FSC_SEA 0x10

/* ISS of trapped MSR, MRS and system instructions */
#define ISS_SYS_OP0 GENMASK(21, 20)
#define ISS_SYS_OP2 GENMASK(19, 17)
#define ISS_SYS_OP1 GENMASK(16, 14)
#define ISS_SYS_CRN GENMASK(13, 10)
#define ISS_SYS_RT GENMASK(9, 5)
#define ISS_SYS_CRM GENMASK(4, 1)
#define ISS_SYS_READ BIT(0)
#define ISS_SYS_REG (ISS_SYS_OP0 | ISS_SYS_OP1 | ISS_SYS_CRN | ISS_SYS_CRM | ISS_SYS_OP2)
#define SYS_REG(op0, op1, crn, crm, op2)                                                           \
	(FIELD_PREP(ISS_SYS_OP0, op0) | FIELD_PREP(ISS_SYS_OP1, op1) |                             \
	 FIELD_PREP(ISS_SYS_CRN, crn) | FIELD_PREP(ISS_SYS_CRM, crm) |                             \
	 FIELD_PREP(ISS_SYS_OP2, op2))

/* Fields of ID registers that EL2 itself looks at */
#define ID_PFR1_SSBS GENMASK(7, 4)
#define ID_DFR0_PMUVER GENMASK(11, 8)
#define ID_DFR0_PMUVER_IMPDEF 15
#define ID_DFR0_BRPS GENMASK(15, 12)
#define ID_DFR0_WRPS GENMASK(23, 20)
#define ID_PFR0_GIC GENMASK(27, 24)
#define ID_PFR0_RAS GENMASK(31, 28)
#define ID_ISAR1_PAUTH (GENMASK(11, 4) | GENMASK(31, 24)) /* APA, API, GPA, GPI */
#define ID_ISAR2_PAUTH GENMASK(15, 8) /* GPA3, APA3 */
#define ID_MMFR0_FGT GENMASK(59, 56)
#define ID_MMFR0_FGT2 2
#define ID_MMFR0_ECV GENMASK(63, 60)
#define ID_MMFR0_ECV_POFF 2 /* CNTPOFF_EL2 is there */
#define ID_MMFR1_PAN GENMASK(23, 20)
#define ID_MMFR1_HCX GENMASK(43, 40)

#define PMCR_N GENMASK(15, 11)
#define ICC_DIR_INTID GENMASK(23, 0)

/* Registers that the assembler of Debian 12 does not know by name */
#define HFGRTR_EL2 s3_4_c1_c1_4
#define HFGWTR_EL2 s3_4_c1_c1_5
#define HFGITR_EL2 s3_4_c1_c1_6
#define HDFGRTR_EL2 s3_4_c3_c1_4
#define HDFGWTR_EL2 s3_4_c3_c1_5
#define HDFGRTR2_EL2 s3_4_c3_c1_0
#define HDFGWTR2_EL2 s3_4_c3_c1_1
#define HFGRTR2_EL2 s3_4_c3_c1_2
#define HFGWTR2_EL2 s3_4_c3_c1_3
#define HFGITR2_EL2 s3_4_c3_c1_7
#define DISR_EL1 s3_0_c12_c1_1
#define VSESR_EL2 s3_4_c5_c2_3
#define VDISR_EL2 s3_4_c12_c1_1
#define HCRX_EL2 s3_4_c1_c2_2
#define CNTPOFF_EL2 s3_4_c14_c0_6
#define ID_AA64ISAR2_EL1 s3_0_c0_c6_2

/* HPFAR_EL2.FIPA holds bits 47..12 of the IPA. */
#define HPFAR_FIPA GENMASK(43, 4)

/* PSTATE as SPSR_ELx shows it */
#define PSTATE_MODE GENMASK(4, 0)
#define PSTATE_NRW BIT(4)
#define PSTATE_MODE_EL0T 0x0
#define PSTATE_MODE_EL1T 0x4
#define PSTATE_MODE_EL1H 0x5
#define PSTATE_F BIT(6)
#define PSTATE_I BIT(7)
#define PSTATE_A BIT(8)
#define PSTATE_D BIT(9)
#define PSTATE_DAIF (PSTATE_D | PSTATE_A | PSTATE_I | PSTATE_F)
#define PSTATE_BTYPE GENMASK(11, 10)
#define PSTATE_SSBS BIT(12)
#define PSTATE_SS BIT(21)
#define PSTATE_PAN BIT(22)
#define PSTATE_DIT BIT(24)
#define PSTATE_TCO BIT(25)
#define PSTATE_NZCV GENMASK(31, 28)

/* SCTLR_EL1 */
#define SCTLR_EL1_SPAN BIT(23)
#define SCTLR_EL1_DSSBS BIT(44)
/* MMU and caches off, little-endian, the bits that are or were RES1 set (DDI 0487 D19.2.118). */
#define SCTLR_EL1_RESET UINT64_C(0x30d00800)

/* MPIDR_EL1: the affinity fields */
#define MPIDR_AFF_MASK UINT64_C(0xff00ffffff)
#define MPIDR_MT BIT(24)
#define MPIDR_U BIT(30)
#define MPIDR_RES1 BIT(31)

#endif
