/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The board as data: everything Herald wants to know of the machine, read once from the device tree by
 * boot/board.c and constant from then on. Addresses are physical, sizes in bytes, INTIDs absolute (PPI n is 16 + n,
 * SPI n is 32 + n).
 */
#ifndef HERALD_HYP_BOARD_H
#define HERALD_HYP_BOARD_H

#include "hyp/lib/bits.h"

#define BOARD_MAX_CPUS 512
#define BOARD_MAX_MEM 16
#define BOARD_MAX_RESERVED 32
#define BOARD_MAX_REDIST 16
#define BOARD_MAX_ITS 16
#define BOARD_MAX_SMMU 8
#define BOARD_MAX_PCI 16
#define BOARD_MAX_MSI_MAP 16
#define BOARD_CMDLINE 2048

struct board_range {
	u64 base;
	u64 size;
};

enum board_uart_type { BOARD_UART_NONE, BOARD_UART_PL011, BOARD_UART_8250 };

struct board_uart {
	enum board_uart_type type;
	u64 base;
	u32 reg_shift; /* 8250: log2 of the distance of registers */
	u32 reg_io_width; /* 8250: 1 or 4 bytes */
};

struct board_gic {
	struct board_range dist;
	struct board_range redist[BOARD_MAX_REDIST];
	u32 nr_redist;
	u64 redist_stride; /* 0: as GICR_TYPER says */
	u32 maintenance_intid;
	u32 phandle; /* 0: the tree gives it none */
	u32 irq_cells; /* cells of an interrupt specifier in the tree, 3 or 4 */
};

struct board_its {
	struct board_range frame;
	u32 phandle;
};

/* One entry of a "msi-map": requester IDs rid_base .. rid_base + length - 1 become DeviceIDs from devid_base on. */
struct board_msi_map {
	u32 rid_base;
	u32 length;
	u32 devid_base;
	u32 its; /* index into board.its */
};

struct board_pci {
	struct board_range
		ecam; /* its first MiB is bus_first, its size is that of the buses up to bus_last */
	u32 domain;
	u32 bus_first;
	u32 bus_last;
	u32 msi_map_mask; /* applied to the requester ID before the look-up; 0xffff if absent */
	u32 nr_msi_map;
	struct board_msi_map msi_map[BOARD_MAX_MSI_MAP];
};

enum board_psci { BOARD_PSCI_NONE, BOARD_PSCI_SMC, BOARD_PSCI_HVC };

struct board_module {
	struct board_range file; /* size 0: there is none */
	u64 image_size; /* kernel: memory it needs from file.base on, at least file.size */
};

struct board {
	struct board_range mem[BOARD_MAX_MEM];
	u32 nr_mem;
	/* /reserved-memory, /memreserve/ and spin tables. */
	struct board_range reserved[BOARD_MAX_RESERVED];
	u32 nr_reserved;
	/* Those of them that say no-map: EL2 must not map them. */
	struct board_range no_map[BOARD_MAX_RESERVED];
	u32 nr_no_map;
	u64 cpu_mpidr[BOARD_MAX_CPUS]; /* affinity fields of MPIDR_EL1, in the order of the tree */
	u32 nr_cpus;
	struct board_uart uart;
	struct board_gic gic;
	struct board_its its[BOARD_MAX_ITS];
	u32 nr_its;
	u32 timer_phys_intid; /* EL1 physical timer (non-secure) */
	u32 timer_virt_intid; /* EL1 virtual timer */
	u32 timer_hyp_intid; /* EL2 physical timer */
	struct board_range smmu[BOARD_MAX_SMMU];
	u32 smmu_phandle[BOARD_MAX_SMMU]; /* 0: the tree gives it none */
	u32 nr_smmu;
	struct board_pci pci[BOARD_MAX_PCI];
	u32 nr_pci;
	enum board_psci psci;
	struct board_module kernel;
	struct board_module initrd;
	struct board_range fdt; /* the tree we were started with */
	char bootargs[BOARD_CMDLINE]; /* Herald's own: /chosen/bootargs */
	char mgmt_bootargs[BOARD_CMDLINE]; /* the management VM's kernel command line */
};

#endif
