/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Symbol frame: one of the functions at an address.
 */

#include <stdint.h>

#define SYMBOL_MAX_INLINE 64 /* functions at one address; what is nested deeper is left out */

/* Borrowed: lives as long as the symbol file that it is from. */
struct symbol_frame {
	const char *function;  /* as the linker knows it: demangle() makes it readable */
	const char *directory; /* of the source file, "" if unknown */
	const char *filename;  /* of the source file, "" if unknown */
	uint32_t line;         /* or 0 */
	uint32_t start_line;   /* first line of the function; 0 if unknown, or inlined */
	uint32_t function_id;  /* frames of one symbol file with equal ids have equal texts */
	uint32_t file_id;
};
