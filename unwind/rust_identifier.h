/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Rust identifier: one name that a person wrote, in a mangled one of Rust.
 *
 *     3foo             foo
 *     u8gdel_5qa       gödel: "gdel", and in Punycode (RFC 3492) what is left out
 */

#include "unwind/name_reader.h"

struct rust_identifier {
	const char *ascii; /* borrowed, not terminated */
	size_t n_ascii;
	const char *punycode;
	size_t n_punycode; /* 0: there is none */
};

bool rust_identifier_take(struct name_reader *reader, struct rust_identifier *ret_identifier);
bool rust_identifier_put(struct name_reader *reader, const struct rust_identifier *identifier);
bool rust_identifier_is_empty(const struct rust_identifier *identifier);
