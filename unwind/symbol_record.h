/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Symbol record: what one function of a symbol file says of one address. Foreign bytes.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "unwind/symbol_frame.h"

/* A line of a source file; file 0 and line 0 are unknown. */
struct symbol_place {
	uint32_t file;
	uint32_t line;
};

struct symbol_call {
	uint32_t name;            /* offset of a string */
	struct symbol_place from; /* where the function was called, if it was inlined */
	bool is_root;             /* it was not inlined */
};

struct symbol_record {
	struct symbol_place place; /* of the address */
	uint32_t start_line;
	uint32_t n_functions; /* at the address, at least 1, at most SYMBOL_MAX_INLINE */
	uint32_t n_calls;     /* those ever met: more than fit overwrite the outermost ones */
	struct symbol_call calls[SYMBOL_MAX_INLINE];
};

/*
 * Read what the record at @bytes, of a function that starts at @start_vaddr, says of @elf_vaddr.
 *
 * Returns whether the record covers the address and is whole; else *@ret_record is undefined.
 */
bool symbol_record_read(const uint8_t *bytes, size_t size, uint64_t start_vaddr, uint64_t elf_vaddr,
			struct symbol_record *ret_record);

/* Function @i at the address, 0 being the innermost one. */
const struct symbol_call *symbol_record_call(const struct symbol_record *record, uint32_t i);
