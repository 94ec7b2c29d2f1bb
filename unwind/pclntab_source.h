/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * pclntab source: what Go's table of functions says of the source code: which file and line each
 * address of a function is from, and which calls were inlined there.
 *
 *     function ──► tables of values by pc: file, line, number of the innermost inlined call or −1
 *                  inlined call number n ──► name, and an address at which its caller is as it
 *                                            was when it made the call
 */

#include <stdbool.h>
#include <stdint.h>

#include "unwind/byte_cursor.h"
#include "unwind/elf_pointers.h"
#include "unwind/pclntab.h"

/* The functions of one file, and where they keep what does not lie in the table. */
struct pclntab_reader {
	struct pclntab table;
	struct elf_pointers pointers;
	struct byte_cursor funcdata; /* what places of functions' data count from, from 1.18 on */
};

/* Returns false if @file has no table. */
bool pclntab_reader_init(struct pclntab_reader *reader, struct elf_file *file);

/* Works on a zeroed struct. */
void pclntab_reader_fini(struct pclntab_reader *reader);

/* Tables are places in the values; 0 if there is none. */
struct pclntab_source {
	uint32_t file_values; /* numbers in the unit */
	uint32_t line_values;
	uint32_t call_values; /* numbers of inlined calls */
	uint32_t unit;        /* the number of its first file, among those of all units */
	uint32_t start_line;  /* of the function, or 0 */
	struct byte_cursor calls;
};

/* Returns false if what the table says of @function is damaged. */
bool pclntab_source_read(struct pclntab_reader *reader, const struct pclntab_function *function,
			 struct pclntab_source *ret_source);

/* The name of file number @file of @source's unit. Sets *@ret_key to what all units know it by.
 * Returns NULL if there is none. Borrowed from the file. */
const char *pclntab_source_file(const struct pclntab_reader *reader,
				const struct pclntab_source *source, int32_t file,
				uint32_t *ret_key);

struct pclntab_call {
	const char *name;   /* of the function that was called; borrowed from the file */
	uint32_t caller_pc; /* where the caller's line is that of the call: bytes from the start */
};

/* Returns false if there is no inlined call number @i, or none that makes sense. */
bool pclntab_source_call(const struct pclntab_reader *reader, const struct pclntab_source *source,
			 uint32_t i, struct pclntab_call *ret_call);
