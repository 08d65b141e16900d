/* SPDX-License-Identifier: GPL-2.0-only */
/* Registers and commands of the physical ITS (IHI 0069H 12.19, 5.3). */
#ifndef HERALD_DRIVERS_GITS_REGS_H
#define HERALD_DRIVERS_GITS_REGS_H

#include "hyp/lib/bits.h"

#define GITS_CTLR 0x0000 /* ITS Control Register */
#define GITS_IIDR 0x0004 /* ITS Identification Register */
#define GITS_TYPER 0x0008 /* ITS Type Register */
#define GITS_CBASER 0x0080 /* ITS Command Queue Descriptor */
#define GITS_CWRITER 0x0088 /* ITS Write Register */
#define GITS_CREADR 0x0090 /* ITS Read Register */
#define GITS_BASER 0x0100 /* ITS Translation Table Descriptors, GITS_NR_BASERS of 8 bytes */
#define GITS_PIDR2 0xffe8 /* ITS Peripheral ID2 Register */
#define GITS_TRANSLATER 0x10040 /* ITS Translation Register */

#define GITS_NR_BASERS 8u

#define GITS_CTLR_ENABLED BIT(0)
#define GITS_CTLR_QUIESCENT BIT(31)

#define GITS_TYPER_PHYSICAL BIT(0)
#define GITS_TYPER_VIRTUAL BIT(1)
#define GITS_TYPER_ITT_ENTRY GENMASK(7, 4) /* bytes - 1 */
#define GITS_TYPER_ID_BITS GENMASK(12, 8) /* of an EventID, - 1 */
#define GITS_TYPER_DEV_BITS GENMASK(17, 13) /* of a DeviceID, - 1 */
#define GITS_TYPER_PTA BIT(19) /* RDbase is an address, not a processor number */
#define GITS_TYPER_HCC GENMASK(31, 24) /* collections held in hardware */
#define GITS_TYPER_CID_BITS GENMASK(35, 32) /* of an ICID, - 1, if CIL */
#define GITS_TYPER_CIL BIT(36)

/* CBASER and BASERn share these. */
#define GITS_BASER_VALID BIT(63)
#define GITS_BASER_CACHE GENMASK(61, 59) /* InnerCache; OuterCache 0: the same */
#define GITS_BASER_SHARE GENMASK(11, 10)
#define GITS_CBASER_SIZE GENMASK(7, 0) /* 4 KiB pages - 1 */

#define GITS_BASER_INDIRECT BIT(62)
#define GITS_BASER_TYPE GENMASK(58, 56)
#define GITS_BASER_ENTRY GENMASK(52, 48) /* bytes - 1 */
#define GITS_BASER_PAGE GENMASK(9, 8)
#define GITS_BASER_SIZE GENMASK(7, 0) /* pages - 1 */
#define GITS_BASER_TYPE_DEVICE UINT64_C(1)
#define GITS_BASER_TYPE_COLLECTION UINT64_C(4)
/* Addresses: bits 47:12; with 64 KiB pages bits 51:48 are in 15:12. */
#define GITS_BASER_ADDR GENMASK(47, 12)
#define GITS_BASER_ADDR_64K GENMASK(47, 16)
#define GITS_BASER_ADDR_64K_HIGH GENMASK(15, 12)
#define GITS_ADDR_HIGH GENMASK(51, 48)

#define GITS_L1_VALID BIT(63) /* first-level entry of an indirect table: 8 bytes */
#define GITS_L1_ADDR GENMASK(51, 12)
#define GITS_L1_ENTRY_SIZE 8u

#define GITS_QUEUE_PTR GENMASK(19, 5) /* offset in CREADR and CWRITER */
#define GITS_CREADR_STALLED BIT(0)

enum gits_opcode {
	GITS_CMD_MOVI = 0x01,
	GITS_CMD_INT = 0x03,
	GITS_CMD_CLEAR = 0x04,
	GITS_CMD_SYNC = 0x05,
	GITS_CMD_MAPD = 0x08,
	GITS_CMD_MAPC = 0x09,
	GITS_CMD_MAPTI = 0x0a,
	GITS_CMD_INV = 0x0c,
	GITS_CMD_INVALL = 0x0d,
	GITS_CMD_DISCARD = 0x0f,
};

/* A command: four little-endian doublewords. */
struct gits_cmd {
	u64 dw[4];
};
_Static_assert(sizeof(struct gits_cmd) == 32, "a command has 32 bytes (IHI 0069H 5.3)");

#define GITS_CMD0_OPCODE GENMASK(7, 0)
#define GITS_CMD0_DEVID GENMASK(63, 32)
#define GITS_CMD1_EVENTID GENMASK(31, 0)
#define GITS_CMD1_INTID GENMASK(63, 32)
#define GITS_CMD1_SIZE GENMASK(4, 0) /* MAPD: EventID bits - 1 */
#define GITS_CMD2_ICID GENMASK(15, 0)
#define GITS_CMD2_ITT GENMASK(51, 8) /* MAPD: the address's own bits */
#define GITS_CMD2_RDBASE GENMASK(51, 16)
#define GITS_CMD2_VALID BIT(63)

#endif
