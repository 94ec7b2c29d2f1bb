/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Store process: what the store is told of a process.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct label;

struct store_process {
	uint32_t process; /* number */
	uint32_t pid;     /* 0: its samples do not tell */
	/* Sorted by name, without those of a thread; copied, as are their texts. */
	const struct label *labels;
	size_t n_labels;
	bool is_left_out; /* its samples are not stored: DROP_LABEL_RULE */
};
