/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * pclntab builder: Go's table of functions, in each of its formats, for functions that tests
 * invent.
 */

#include <stddef.h>
#include <stdint.h>

#include "profiler/base/buffer.h"
#include "unwind/pclntab.h"

/* A call that was inlined. */
struct built_call {
	const char *name;
	uint32_t caller_pc;
};

/* Values are as they are in the file, up to the 0 that ends them, or NULL. */
struct built_function {
	const char *name;
	uint64_t start_vaddr;
	uint8_t flags;
	const uint8_t *sp_values;
	const uint8_t *file_values;
	const uint8_t *line_values;
	const uint8_t *call_values;
	size_t start_line;
	const struct built_call *calls;
	size_t n_calls;
};

struct built_pclntab {
	enum pclntab_version version;
	uint64_t text_vaddr;
	const struct built_function *functions; /* at most 16 */
	size_t n_functions;
	uint64_t end_vaddr;       /* of the last one */
	const char *const *files; /* of the one unit; the last one is NULL */
	uint64_t calls_vaddr;     /* where pclntab_build_calls() will be loaded */
};

/* Append the table to the empty @bytes. */
void pclntab_build(struct buffer *bytes, const struct built_pclntab *pclntab);

/* Append the inlined calls of all functions to @bytes: they lie elsewhere. */
void pclntab_build_calls(struct buffer *bytes, const struct built_pclntab *pclntab);
