/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Binary key: by what an executable or library is known again, by another daemon or after another
 * start.
 *
 * That is what the linker, its size, its time of change and its owner say of it. The owner makes
 * that nobody's file can pass for one of another user, the time that a build with an id of the
 * user's choosing is looked at again. Where the linker says nothing, as Go's did for long, the
 * place in the file system and the time of the last change of any kind, which nobody can choose,
 * do.
 */

#include <stdint.h>

#include "unwind/build_id.h"

struct binary_key {
	struct build_id build_id; /* or three numbers in place of one */
	uint32_t owner;           /* uid */
	uint64_t size_bytes;
	int64_t change_time_ns; /* of its content */
};

/* A build id and three numbers, in hexadecimal digits, and an ending of some letters. */
#define BINARY_KEY_NAME_BYTES (2 * BUILD_ID_MAX_BYTES + 3 * 17 + 24)

/*
 * The key of the file @fd.
 *
 * Returns 0, or -ENODATA if it can have none: it is no ELF file, or has no name in its file system,
 * as a memory file, or one that was deleted: that will not be seen after the next start.
 */
int binary_key_read(int fd, struct binary_key *ret_key);

/* As the name of a file that ends in @ending. */
void binary_key_print(const struct binary_key *key, const char *ending,
		      char ret_name[BINARY_KEY_NAME_BYTES]);
