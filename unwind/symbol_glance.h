/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Symbol glance: a symbol file of what lies at a few places, made without sorting or copying the
 * rest: a millisecond or two, where all symbols of a large file take a hundred.
 *
 * It says of those places what symbol_file_build() says with SYMBOL_FUNCTIONS, or nothing: symbols
 * without a size are passed over. What lies beside the places it does not know: but for functions
 * of Go, each one reaches for one byte.
 */

#include <stddef.h>
#include <stdint.h>

struct buffer;
struct debug_files;

#define SYMBOL_GLANCE_MAX_PLACES 16

/*
 * Append the symbol file of the @n file offsets of the binary to @ret_bytes; of more than
 * SYMBOL_GLANCE_MAX_PLACES, the first.
 *
 * Returns 0, -ENODATA if no name is known of any, -ENOMEM, or -EFBIG: a section of symbols is
 * larger than any program's, or the result has more than the limit of @ret_bytes.
 */
int symbol_glance_build(const struct debug_files *files, const uint64_t *file_offs, size_t n,
			struct buffer *ret_bytes);
