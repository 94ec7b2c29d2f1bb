/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Reader: bytes that someone else's tool wrote → a profile. One file a format; which it is, the
 * bytes themselves tell.
 */

#include <stddef.h>

struct complaint;
struct profile;

#define READER_INPUT_MAX (256UL << 20) /* bytes of a file, compressed or not */

struct reader {
	const char *name; /* "pprof" */

	/* Returns 0 and sets *@ret_profile (owned by the caller), -EBADMSG: see @complaint, or
	 * -ENOMEM. */
	int (*read)(const char *bytes, size_t size, struct profile **ret_profile,
		    struct complaint *complaint);
};

/* Of a file of these bytes, which is not compressed any more: always one. */
const struct reader *reader_find(const char *bytes, size_t size);

/* Read a file, which may be compressed by gzip; as above. */
int reader_read(const char *bytes, size_t size, struct profile **ret_profile,
		struct complaint *complaint);
