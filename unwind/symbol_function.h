/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Symbol function: what a symbol file holds of one function, before and after it is encoded.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buffer;

/* From @elf_vaddr on, code belongs to this line. */
struct symbol_row {
	uint64_t elf_vaddr;
	uint32_t file;
	uint32_t line;
};

struct symbol_range {
	uint64_t start_vaddr;
	uint64_t end_vaddr;
};

/* A function which was inlined; its ranges are sorted and lie inside of its parent's. */
struct symbol_inline {
	uint32_t depth; /* 1 = directly in the function */
	uint32_t name;
	uint32_t call_file;
	uint32_t call_line;
	uint32_t n_ranges; /* at least 1 */
	const struct symbol_range *ranges;
};

/* Strings and files are numbers, from the writer. All is borrowed. */
struct symbol_function {
	struct symbol_range range;
	uint32_t name;
	bool fills_gaps;     /* it only has the addresses that no other function has */
	uint32_t start_line; /* 0: that of the first row */
	size_t n_rows;
	const struct symbol_row *rows; /* sorted; the first one is where the range starts */
	size_t n_inlines;
	const struct symbol_inline *inlines; /* parents before their children */
};

/*
 * Append the function's lines and inlined functions, as chunks of a record and without the end, to
 * @chunks. Whether that worked is buffer_error()'s to say.
 */
void symbol_function_encode(const struct symbol_function *function, struct buffer *chunks);
