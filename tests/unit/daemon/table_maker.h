/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Table maker: sound unwind tables (bpf/unwind_table.h) of any size, for tests of what stores them.
 */

#include <stddef.h>
#include <stdint.h>

#include "profiler/base/buffer.h"

struct table_shape {
	uint32_t n_chunks;
	uint32_t n_rows;    /* of each chunk, equally far from one another; at least 1 */
	uint32_t n_rules;   /* without rule 0 */
	int32_t first_rule; /* rules of tables are the same where these numbers are */
};

/* Append such a table to @ret_bytes. */
void table_maker_make(const struct table_shape *shape, struct buffer *ret_bytes);

/* The number of the rule that such a table has at @file_off, as of first_rule. */
int32_t table_maker_rule_at(const struct table_shape *shape, uint64_t file_off);

/* A sealed memory file with @size bytes. The caller owns it. */
int table_maker_memfd(const void *bytes, size_t size);
