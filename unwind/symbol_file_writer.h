/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Symbol file writer: functions in any order → the bytes of a symbol file.
 *
 * A function is encoded when it is added, so that nothing of what it came from has to be kept.
 * Where functions overlap, the writer decides at the end who has an address.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buffer;
struct elf_description;
struct symbol_build_report;
struct symbol_file_writer;

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

/* Strings and files are numbers, from the writer. All is borrowed for the call. */
struct symbol_function {
	struct symbol_range range;
	uint32_t name;
	bool fills_gaps; /* it only has the addresses that no other function has */
	size_t n_rows;
	const struct symbol_row *rows; /* sorted; the first one is where the range starts */
	size_t n_inlines;
	const struct symbol_inline *inlines; /* parents before their children */
};

/* Returns 0 and sets *@ret_writer (owned by the caller), or -ENOMEM. */
int symbol_file_writer_new(struct symbol_file_writer **ret_writer);

/* Accepts NULL. Always returns NULL. */
struct symbol_file_writer *symbol_file_writer_free(struct symbol_file_writer *writer);

/* Return 0 and set *@ret_string or *@ret_file, -ENOMEM or -EFBIG. File 0 is "unknown". */
int symbol_file_writer_add_string(struct symbol_file_writer *writer, const char *text,
				  size_t length, uint32_t *ret_string);
int symbol_file_writer_add_file(struct symbol_file_writer *writer, const char *path,
				uint32_t *ret_file);

/* Returns 0, -ENOMEM or -EFBIG. Functions that fill gaps must not overlap each other. */
int symbol_file_writer_add_function(struct symbol_file_writer *writer,
				    const struct symbol_function *function);

/*
 * Append the symbol file to @ret_bytes, with the build id of @description unless that is NULL,
 * and add to *@report. Of two functions that start at the same address, the one with more inlined
 * functions stays, then the first; else the later start ends the earlier one.
 *
 * Returns 0, -ENODATA if there is no function, -ENOMEM or -EFBIG.
 */
int symbol_file_writer_finish(struct symbol_file_writer *writer,
			      const struct elf_description *description, struct buffer *ret_bytes,
			      struct symbol_build_report *report);
