/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Registers of the physical GICv3: distributor (IHI 0069H 12.9), redistributor (12.11), CPU
 * interface (12.2). The registers of the ITS are in drivers/its_regs.h.
 */
#ifndef HERALD_DRIVERS_GIC_REGS_H
#define HERALD_DRIVERS_GIC_REGS_H

#include "hyp/lib/bits.h"

/* INTID ranges. */
#define GIC_NR_SGIS 16u
#define GIC_SPI_BASE 32u
#define GIC_SPI_END 1020u
#define GIC_INTID_NONE 1020u /* 1020..1023: special, nothing to end */
#define GIC_LPI_BASE 8192u

/* Memory attributes in the registers that hold table addresses (PROPBASER, PENDBASER, CBASER,
 * BASERn). */
#define GIC_SH_NON UINT64_C(0)
#define GIC_SH_INNER UINT64_C(1)
#define GIC_CACHE_NC UINT64_C(1) /* Normal, non-cacheable */
#define GIC_CACHE_RAWB UINT64_C(5) /* Normal, read-allocate write-back */
#define GIC_CACHE_RAWAWB UINT64_C(7)

/* Distributor. */
#define GICD_CTLR 0x0000 /* Distributor Control Register */
#define GICD_TYPER 0x0004 /* Interrupt Controller Type Register */
#define GICD_IIDR 0x0008 /* Distributor Implementer Identification Register */
#define GICD_IGROUPR 0x0080 /* Interrupt Group Registers */
#define GICD_ISENABLER 0x0100 /* Interrupt Set-Enable Registers */
#define GICD_ICENABLER 0x0180 /* Interrupt Clear-Enable Registers */
#define GICD_ISPENDR 0x0200 /* Interrupt Set-Pending Registers */
#define GICD_ICPENDR 0x0280 /* Interrupt Clear-Pending Registers */
#define GICD_ISACTIVER 0x0300 /* Interrupt Set-Active Registers */
#define GICD_ICACTIVER 0x0380 /* Interrupt Clear-Active Registers */
#define GICD_IPRIORITYR 0x0400 /* Interrupt Priority Registers */
#define GICD_ICFGR 0x0c00 /* Interrupt Configuration Registers */
#define GICD_IROUTER 0x6000 /* Interrupt Routing Registers (of INTID 0; 32 is the first) */
#define GICD_PIDR2 0xffe8 /* Peripheral ID2 Register */

#define GICD_CTLR_ENABLE_GRP1A BIT(1) /* NS view; EnableGrp1 where DS is 1 */
#define GICD_CTLR_ARE BIT(4)
#define GICD_CTLR_DS BIT(6)
#define GICD_CTLR_RWP BIT(31)
#define GICD_TYPER_ITLINES GENMASK(4, 0)
#define GICD_TYPER_LPIS BIT(17)
#define GICD_TYPER_IDBITS GENMASK(23, 19)
#define GICD_TYPER_NUM_LPIS GENMASK(15, 11)
#define GIC_PIDR2_ARCHREV GENMASK(7, 4)

/* Redistributor: RD_base, and SGI_base in the frame behind it. */
#define GICR_CTLR 0x0000 /* Redistributor Control Register */
#define GICR_IIDR 0x0004 /* Redistributor Implementer Identification Register */
#define GICR_TYPER 0x0008 /* Redistributor Type Register */
#define GICR_WAKER 0x0014 /* Redistributor Wake Register */
#define GICR_SETLPIR 0x0040 /* Set LPI Pending Register */
#define GICR_PROPBASER 0x0070 /* Redistributor Properties Base Address Register */
#define GICR_PENDBASER 0x0078 /* Redistributor LPI Pending Table Base Address Register */
#define GICR_PIDR2 0xffe8 /* Peripheral ID2 Register */
#define GICR_SGI_BASE 0x10000
/* In SGI_base the registers of INTIDs 0..31 have the offsets that the distributor's have:
 * GICD_IGROUPR + 0 etc. */

#define GICR_CTLR_ENABLE_LPIS BIT(0)
#define GICR_CTLR_CES BIT(1)
#define GICR_CTLR_RWP BIT(3)
#define GICR_CTLR_UWP BIT(31)
#define GICR_TYPER_PLPIS BIT(0)
#define GICR_TYPER_VLPIS BIT(1)
#define GICR_TYPER_LAST BIT(4)
#define GICR_TYPER_PROCNUM GENMASK(23, 8)
#define GICR_TYPER_AFFINITY GENMASK(63, 32)
#define GICR_WAKER_PROCESSOR_SLEEP BIT(1)
#define GICR_WAKER_CHILDREN_ASLEEP BIT(2)
#define GICR_PROPBASER_IDBITS GENMASK(4, 0)
#define GICR_PROPBASER_ADDR GENMASK(51, 12)
#define GICR_PENDBASER_ADDR GENMASK(51, 16)
#define GICR_PENDBASER_PTZ BIT(62)
#define GICR_BASER_CACHE GENMASK(9, 7) /* InnerCache of both */
#define GICR_BASER_SHARE GENMASK(11, 10) /* Shareability of both */

/* CPU interface. */
#define ICC_SRE_SRE BIT(0)
#define ICC_SRE_DFB BIT(1)
#define ICC_SRE_DIB BIT(2)
#define ICC_SRE_ENABLE BIT(3) /* ICC_SRE_EL2: EL1 may use its own ICC_SRE_EL1 */
#define ICC_CTLR_CBPR BIT(0)
#define ICC_CTLR_EOIMODE BIT(1)
#define ICC_CTLR_PRIBITS GENMASK(10, 8)
#define ICC_SGI1R_TARGETS GENMASK(15, 0)
#define ICC_SGI1R_AFF1 GENMASK(23, 16)
#define ICC_SGI1R_INTID GENMASK(27, 24)
#define ICC_SGI1R_AFF2 GENMASK(39, 32)
#define ICC_SGI1R_RS GENMASK(47, 44)
#define ICC_SGI1R_AFF3 GENMASK(55, 48)

/* Affinity levels as MPIDR_EL1 has them. */
#define MPIDR_AFF0 GENMASK(7, 0)
#define MPIDR_AFF1 GENMASK(15, 8)
#define MPIDR_AFF2 GENMASK(23, 16)
#define MPIDR_AFF3 GENMASK(39, 32)

#ifdef HERALD_HOST
/* The test's CPU interface; @name is the register's name in lower case. */
u64 gic_host_sysreg_read(const char *name);
void gic_host_sysreg_write(const char *name, u64 val);
#define gic_sysreg_read(name) gic_host_sysreg_read(#name)
#define gic_sysreg_write(name, val) gic_host_sysreg_write(#name, (val))
#define gic_isb() __atomic_signal_fence(__ATOMIC_SEQ_CST)
#define gic_dsb_sy() __atomic_thread_fence(__ATOMIC_SEQ_CST)
#else
#define gic_sysreg_read(name)                                                                      \
	({                                                                                         \
		u64 gic_val;                                                                       \
                                                                                                   \
		__asm__ volatile("mrs %0, " #name : "=r"(gic_val)::"memory");                      \
		gic_val;                                                                           \
	})
#define gic_sysreg_write(name, val)                                                                \
	__asm__ volatile("msr " #name ", %0" ::"r"((u64)(val)) : "memory")
#define gic_isb() __asm__ volatile("isb" ::: "memory")
#define gic_dsb_sy() __asm__ volatile("dsb sy" ::: "memory")
#endif

#endif
