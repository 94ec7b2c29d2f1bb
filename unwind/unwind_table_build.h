/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Building unwind tables: an ELF file → the flat table of bpf/unwind_table.h. Runs in the resolver.
 *
 *     .debug_frame < .eh_frame < pclntab: where two sources have a rule, the latter one's holds;
 *     where none has one, code may tell by itself (bare_code.h, linkage_table.h)
 */

#include <stdint.h>

#include "unwind/unwind_loss.h"

struct buffer;
struct elf_file;

/* What a build met, for the log and the metrics. */
struct unwind_table_report {
	uint64_t frame_bytes;    /* of .eh_frame and .debug_frame */
	uint32_t n_functions;    /* that they describe */
	uint32_t n_go_functions; /* that a pclntab describes */
	uint32_t n_rows;
	uint32_t n_rules;
	uint32_t losses[UNWIND_LOSS_COUNT];
};

/*
 * Write the table of @file, an executable or library for x86-64 or arm64, to the empty @ret_bytes.
 *
 * Returns 0, or
 * -ENODATA  nothing in it says how to unwind it, or it is for another machine,
 * -EFBIG    there are too many rows, or the table exceeds the limit of @ret_bytes,
 * -ENOMEM   out of memory.
 *
 * What of the file is damaged is passed over. *@ret_report is set in any case; of a file that was
 * not read to its end, to zeros.
 */
int unwind_table_build(struct elf_file *file, struct buffer *ret_bytes,
		       struct unwind_table_report *ret_report);
