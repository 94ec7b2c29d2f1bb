/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Symbol build report: what the building of one symbol file met, for the log and the metrics.
 */

#include <stdint.h>

/* What a symbol file lacks of its debug information. */
enum symbol_loss {
	SYMBOL_LOSS_SECTION, /* a section that is damaged, or too large */
	SYMBOL_LOSS_UNIT,    /* a unit that makes no sense, from some place on */
	SYMBOL_LOSS_SPLIT,   /* a unit that was split off into a file which is not there */
	SYMBOL_LOSS_NAME,    /* a function whose name is nowhere, or in a file which is not there */
	SYMBOL_LOSS_COUNT,
};

struct symbol_build_report {
	uint32_t n_functions;
	uint32_t n_with_lines;     /* functions that have a line table */
	uint32_t n_dropped_ranges; /* in no executable segment, or claimed by another function */
	uint32_t losses[SYMBOL_LOSS_COUNT];
};
