/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * EH frame: unwind rows from the call frame information of a file, in .eh_frame or .debug_frame.
 */

#include <stdint.h>

#include "unwind/unwind_loss.h"

struct elf_file;
struct unwind_rows;
struct unwind_rule_set;

enum eh_frame_source {
	EH_FRAME_LOADED, /* .eh_frame; without sections, what PT_GNU_EH_FRAME leads to */
	EH_FRAME_DEBUG,  /* .debug_frame or .zdebug_frame */
};

/* What was met. */
struct eh_frame_report {
	uint64_t section_bytes;
	uint32_t n_functions;
	uint32_t losses[UNWIND_LOSS_COUNT];
};

/*
 * Append the rows of @file, sorted, to the empty @rows; where a function ends without another one
 * there is a row without a rule. Adds to what is in @report. A file without such a section has no
 * rows.
 *
 * Returns 0, -ENOMEM, or -EFBIG: there are UNWIND_MAX_ROWS.
 */
int eh_frame_read(struct elf_file *file, enum eh_frame_source source, struct unwind_rule_set *set,
		  struct unwind_rows *rows, struct eh_frame_report *report);
