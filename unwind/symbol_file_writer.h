/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Symbol file writer: functions in any order → the bytes of a symbol file.
 *
 * A function is encoded when it is added, so that nothing of what it came from has to be kept.
 * Where functions overlap, the writer decides at the end who has an address.
 */

#include <stddef.h>
#include <stdint.h>

#include "unwind/symbol_function.h"

struct buffer;
struct elf_description;
struct symbol_build_report;
struct symbol_file_writer;

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
