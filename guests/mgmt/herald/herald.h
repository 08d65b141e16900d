/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The tool `herald`: what its files share.
 *
 * EL2 hands out records (hyp/herald_abi.h) through /dev/kvm. Here they get names, are sorted, and become a table or JSON.
 */
#ifndef HERALD_TOOL_H
#define HERALD_TOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "hyp/herald_abi.h"
#include "hyp/lib/bits.h"
#include "its/its.h"

#define EXIT_USAGE 2

/* --- main.c --- */

struct options {
	bool json;
	bool follow; /* dmesg -w */
	double delay; /* top -d, seconds */
	unsigned long rounds; /* top -n; 0: for ever */
	bool has_vm;
	u32 vm; /* the VM that was named, by number */
};

/* Says why on standard error and ends with status 1. */
_Noreturn void die(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

int cmd_ls(const struct options *o);
int cmd_irq(const struct options *o);
int cmd_its(const struct options *o);
int cmd_stat(const struct options *o);
int cmd_top(const struct options *o);
int cmd_dmesg(const struct options *o);

/* --- el2.c: requests --- */

/* Opens /dev/kvm, and asks whether it is Herald's; dies with advice. */
void el2_open(void);
/* 0 or -errno. */
int el2_request(unsigned long request, void *arg);
struct herald_stats el2_stats(void);

/*
 * All records of a kind: *@out is an array (free() it), the answer its length. -1: there is no such VM or ITS, or no
 * more.
 */
long el2_list(u64 vm, enum herald_list_kind kind, u32 its, void **out);
/* False: no such VM or ITS. */
bool el2_its(u64 vm, u32 its, struct herald_its *out);

/* The VMs that the options name: all, or one, which dies if it is not there. Ends with handle HERALD_VMS_END. */
struct herald_vm_info *el2_vms(const struct options *o, size_t *nr);

/* An interrupt with what else is known of it. */
struct irq {
	struct herald_irq i;
	u64 handle; /* of its VM, */
	u32 vm; /* and its number */
	u32 its; /* LPIs */
	u32 requester; /* HERALD_NONE: not known */
};

static inline bool irq_is_lpi(const struct irq *irq)
{
	return irq->i.intid >= ITS_LPI_BASE;
}

/* Interrupts of @vm, LPIs behind SPIs, sorted: *@out is an array (free() it), the answer its length. */
size_t el2_irqs(const struct herald_vm_info *vm, struct irq **out);
/* That order, for qsort() and bsearch(), of interrupts of several VMs. */
int irq_order(const void *pa, const void *pb);

/* --- names.c: what the management VM's Linux knows --- */

/* "0000:00:02.0" of a requester; "" if it is not known. */
const char *name_requester(u32 requester, char buf[static 16]);
/*
 * What Linux calls an interrupt of its own, "nvme0q1", or the driver of the device; "" if it does not know. The buffer is
 * the caller's. @vm 0 only.
 */
const char *name_irq(const struct irq *irq, char *buf, size_t size);
/* The driver of the PCI device; "" if there is none. */
const char *name_driver(u32 requester, char *buf, size_t size);
/* Reads again what Linux knows about interrupts. */
void name_refresh(void);

/* The process that holds a VM: its PID, or 0; and its name. */
int name_owner(u64 handle, char *buf, size_t size);

/* --- out.c: a table, or JSON --- */

extern bool out_json;

/* Where a structure is an element of an array its key is NULL. */
void out_object(const char *key);
void out_array(const char *key);
void out_end(void);
/* In a table's row: the next cell; else, as text, a line "Title: value". JSON: a member. */
void out_num(const char *key, u64 val);
void out_hex(const char *key, u64 val); /* JSON: a number */
void out_reg(
	const char *key,
	u64 val); /* 64 bits; JSON: a string in hexadecimal, since not every reader has 64 bits */
void out_real(const char *key, double val);
void out_text(const char *key, const char *val); /* "": there is none; JSON: null */
void out_none(const char *key);
void out_bool(const char *key, bool val, const char *yes,
	      const char *no); /* the words are for tables */
void out_bytes(const char *key, u64 val); /* a table shows KiB or MiB; JSON: bytes */

/* @columns: titles with spaces between; one that begins with < is aligned to the left. */
void table_start(const char *key, const char *columns);
void table_row(void);
/* Prints it; @limit rows, 0 for all. */
void table_end(size_t limit);
/* A line that JSON does not have. */
void out_line(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
