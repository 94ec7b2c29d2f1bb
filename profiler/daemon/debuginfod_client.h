/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Debuginfod client: a debug file by its build id from servers in the network, by way of
 * libdebuginfod. It waits as long as the network does: for the child of the fetcher, and no one
 * else. The library and all that it needs are loaded when they are needed.
 */

#include <stdbool.h>

#include "unwind/build_id.h"

struct debuginfod_options {
	const char *urls;   /* of the servers, with spaces between them */
	const char *folder; /* where what is fetched is put, and kept */
};

/*
 * The debug file of @build_id, or the executable or library itself.
 *
 * Returns a descriptor, to be closed, -ENOENT if no server has it, -ENOSYS if the library is not
 * installed, or what else went wrong: as connect(2), or -EIO.
 */
int debuginfod_client_find(const struct debuginfod_options *options,
			   const struct build_id *build_id, bool wants_executable);
