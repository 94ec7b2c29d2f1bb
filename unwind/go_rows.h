/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Go rows: a function of Go, address by address: file, line, innermost inlined call.
 */

#include <stddef.h>
#include <stdint.h>

#include "unwind/number_map.h"
#include "unwind/pclntab_source.h"

struct symbol_file_writer;

/* What all functions of a file share while they are converted. */
struct go_conversion {
	struct pclntab_reader reader;
	struct symbol_file_writer *writer; /* borrowed */
	struct number_map files;           /* of the writer, by their key in the table */
};

/* From @elf_vaddr on, up to the next one. */
struct go_row {
	uint64_t elf_vaddr;
	uint32_t file; /* of the writer; 0 as below */
	uint32_t line; /* 0 if it is unknown */
	int32_t call;  /* number of the innermost inlined call, or −1 */
};

struct go_rows {
	struct go_row *rows; /* sorted */
	size_t n;
	size_t capacity;
};

/*
 * Read the rows of @function into @rows, in place of what it holds.
 *
 * Returns 0, -ENOMEM or -EFBIG.
 */
int go_rows_read(struct go_conversion *conversion, const struct pclntab_function *function,
		 const struct pclntab_source *source, struct go_rows *rows);

/* Works on a zeroed struct. */
void go_rows_fini(struct go_rows *rows);

/* The row that holds @elf_vaddr, or NULL. Borrowed. */
const struct go_row *go_rows_find(const struct go_rows *rows, uint64_t elf_vaddr);
