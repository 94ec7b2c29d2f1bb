/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Symbol build report: what the building of one symbol file met, for the log and the metrics.
 */

#include <stdint.h>

struct symbol_build_report {
	uint32_t n_functions;
	uint32_t n_with_lines;     /* functions that have a line table */
	uint32_t n_bad_units;      /* units of DWARF that did not parse and were passed over */
	uint32_t n_dropped_ranges; /* in no executable segment, or claimed by another function */
};
