/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Rust name: what a mangled name of Rust stands for, in its second way to mangle ("v0").
 *
 *     _RNvCs1234_7mycrate3foo      mycrate::foo
 *     _RINvNtC3std3mem8align_ofdE  std::mem::align_of::<f64>
 *
 * The grammar is that of RFC 2603 (https://doc.rust-lang.org/rustc/symbol-mangling/v0.html);
 * hashes of crates are left out. libiberty reads it, too, but counts to any number of lifetimes
 * that a name binds: 30 letters can keep it busy for years. What takes more than name_reader.h
 * allows has no name here.
 */

#include <stddef.h>

#include "unwind/name_reader.h"

/*
 * Write what @symbol stands for to @text, of NAME_TEXT_MAX_BYTES, without a terminator.
 *
 * Returns 0 and sets *@ret_length, -EINVAL: it is no name of Rust, or -E2BIG: reading it takes too
 * much. A text that fills its room is cut: the name goes on.
 */
int rust_name_read(const char *symbol, char *text, size_t *ret_length);
