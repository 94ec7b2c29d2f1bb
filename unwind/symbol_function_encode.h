/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * One function as the chunks of its record in a symbol file: its lines, its inlined functions.
 */

struct buffer;
struct symbol_function;

/* Append the chunks, without the end, to @chunks; whether that worked is buffer_error()'s. */
void symbol_function_encode(const struct symbol_function *function, struct buffer *chunks);
