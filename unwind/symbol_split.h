/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Symbol split: a large function as several that follow one another.
 *
 *     [start ─────────────── end)   rows, inlined functions
 *     [start ─ cut) [cut ─── end)   each with what lies in it
 *
 * Who looks up an address decodes its function from the start on. Of the code of C++, half lies in
 * functions that take ten microseconds to decode; no piece takes one.
 */

struct symbol_function;

/* Called with each piece, in order. Returns 0 or -errno. */
typedef int (*symbol_piece_fn)(const struct symbol_function *piece, void *userdata);

/*
 * Call @on_piece for each piece of @function, which may be all of it. Pieces are borrowed for the
 * call.
 *
 * Returns 0, -ENOMEM, or what @on_piece returned.
 */
int symbol_function_split(const struct symbol_function *function, symbol_piece_fn on_piece,
			  void *userdata);
