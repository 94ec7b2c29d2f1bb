/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * JIT code: functions that a compiler at run time tells of, one after the other → a symbol file.
 *
 * Such a compiler moves code, and puts new code where old code was. So of functions that overlap,
 * the one that was told of last has the address. What stands as a vaddr in the symbol file is a pc.
 */

#include <stddef.h>
#include <stdint.h>

#include "unwind/symbol_function.h"

#define JIT_CODE_MAX_FUNCTIONS (1U << 20) /* that are remembered: the last ones */
#define JIT_CODE_MAX_ROWS      (4U << 20) /* of line tables, altogether */
#define JIT_CODE_MAX_NAME      4096       /* bytes of a name */

struct buffer;
struct jit_code;
struct jit_report;

struct jit_function {
	uint64_t start_pc;
	uint64_t end_pc;
	const char *name; /* not terminated */
	size_t name_length;
	const struct symbol_row *rows; /* sorted; files are those of jit_code_add_file() */
	size_t n_rows;
};

/* What is added is counted in *@report, which must outlive the code. Returns 0 and sets *@ret_code
 * (owned by the caller), or -ENOMEM. */
int jit_code_new(struct jit_report *report, struct jit_code **ret_code);

/* Accepts NULL. Always returns NULL. */
struct jit_code *jit_code_free(struct jit_code *code);

/* Returns 0 and sets *@ret_file, -ENOMEM or -EFBIG. */
int jit_code_add_file(struct jit_code *code, const char *path, uint32_t *ret_file);

/*
 * One more function. Its name is borrowed until the code is finished, its rows are copied. One
 * without any code, or without a name, is counted as damaged. Returns 0 or -ENOMEM.
 */
int jit_code_add(struct jit_code *code, const struct jit_function *function);

/* Append the symbol file to @ret_bytes, once. Returns 0, -ENODATA if there is no function, -ENOMEM
 * or -EFBIG. */
int jit_code_finish(struct jit_code *code, struct buffer *ret_bytes);
