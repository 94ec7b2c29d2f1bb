/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Disassembly JSON: a listing and its instructions, for who reads them; docs/api.md has the form.
 */

#include <stddef.h>
#include <stdint.h>

struct buffer;
struct code_line;
struct listing;

/*
 * Append it. A sample within an instruction is its: callers are at the last byte of their call.
 * @lines are another role's: they are checked. Returns 0, -EBADMSG, or -ENOMEM.
 */
int disassembly_json_append(struct listing *listing, const struct code_line *lines, size_t n_lines,
			    struct buffer *ret_json);
