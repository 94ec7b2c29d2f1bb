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

struct built_function {
	const char *name;
	uint64_t start_vaddr;
	uint8_t flags;
	const uint8_t *sp_values; /* as they are in the file, up to the 0 that ends them */
};

struct built_pclntab {
	enum pclntab_version version;
	uint64_t text_vaddr;
	const struct built_function *functions; /* at most 16 */
	size_t n_functions;
	uint64_t end_vaddr; /* of the last one */
};

/* Append the table to the empty @bytes. */
void pclntab_build(struct buffer *bytes, const struct built_pclntab *pclntab);
