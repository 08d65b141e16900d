/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The differential driver (tests/unit/diff.h) on the input: Herald's ITS and its reference model are
 * told the same, and every visible result must be the same. The last things done before a
 * difference are printed.
 */
// sources: its/its.c its/regs.c its/queue.c its/cmd.c its/device.c its/event.c its/baser.c its/signal.c
// sources: its/save.c its/restore.c
// sources: tests/unit/its_model.c tests/unit/its_model_cmd.c tests/unit/its_model_tables.c
// sources: tests/unit/diff.c tests/unit/diff_random.c tests/unit/diff_ram.c tests/unit/diff_compare.c
// sources: tests/unit/diff_save.c tests/unit/diff_image.c tests/unit/its_fake.c
// sources: tests/fuzz/panic.c
#include "tests/fuzz/fuzz.h"
#include "tests/unit/diff.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	REQUIRE(!diff_run(data, size), "the ITS and its model differ: see above");
	return 0;
}
