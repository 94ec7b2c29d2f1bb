/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Packed section: what stands in front of the bytes of a section that is compressed.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "unwind/inflater.h"

/* The head that a section of SHF_COMPRESSED starts with, of zlib's type or zstd's. Returns whether
 * it is one. */
bool packed_section_read(const uint8_t *bytes, size_t size, bool is_64_bit,
			 struct inflater_source *ret_source);

/* That of .zdebug_*, GNU's older way. */
bool packed_section_read_gnu(const uint8_t *bytes, size_t size, struct inflater_source *ret_source);
