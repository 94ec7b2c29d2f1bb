/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Inflater: decompresses bytes from front to back, as far as they are asked for, and gives the
 * memory of those that are done with back. So gigabytes can be read through a window of megabytes.
 *
 *     claimed size ─→ addresses, without memory
 *     inflater_fill()    ─→ memory, as the bytes come
 *     inflater_release() ─→ no memory again
 *
 * Bytes are foreign: what claims more than its format can pack is refused, and no more than what is
 * claimed is ever written.
 */

#include <stddef.h>
#include <stdint.h>

enum inflater_format {
	INFLATER_ZLIB,
	INFLATER_ZSTD,
};

struct inflater;

/* What is packed, and what it claims to be. */
struct inflater_source {
	enum inflater_format format;
	const uint8_t *packed; /* borrowed: must outlive the inflater */
	size_t packed_bytes;
	uint64_t size; /* in bytes, unpacked */
};

/*
 * Returns 0 and sets *@ret_inflater (owned by the caller), or
 * -EBADMSG  the claimed size cannot be true,
 * -ENOMEM   out of memory, or of addresses.
 */
int inflater_new(const struct inflater_source *source, struct inflater **ret_inflater);

/* Accepts NULL. Always returns NULL. */
struct inflater *inflater_free(struct inflater *inflater);

/* Where the bytes are. Only those between what was released and what was filled may be read. */
const uint8_t *inflater_bytes(const struct inflater *inflater);

/* How many bytes there will be, if they are not damaged. */
size_t inflater_size(const struct inflater *inflater);

/*
 * Decompress until the first @end bytes are there. Returns how many are: fewer if there are fewer,
 * if they are damaged, or if there is no memory.
 */
size_t inflater_fill(struct inflater *inflater, uint64_t end);

/* Give back the memory of the first @end bytes, and that of the packed file which they came from:
 * it must be mapped from one. */
void inflater_release(struct inflater *inflater, uint64_t end);
