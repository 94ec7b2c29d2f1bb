/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Debuginfod client: a debug file by its build id from servers in the network, by way of
 * libdebuginfod. It waits as long as the network does: for the child of the fetcher, and no one
 * else. The library and all that it needs are loaded when they are needed.
 *
 * Before that, the process is shut in for good, where there is Landlock: it may open the folder,
 * libraries, certificates, and what says how names of hosts are resolved.
 */

#include <stdbool.h>

#include "unwind/build_id.h"

struct debuginfod_options {
	const char *url;    /* of a server, or of several with spaces between them */
	const char *folder; /* where what is fetched is put, and kept */
};

/* Whether the library is installed: loads it. */
bool debuginfod_client_is_installed(void);

/*
 * The debug file of @build_id, or the executable or library itself.
 *
 * DEBUGINFOD_TIMEOUT says how many seconds a server may take to begin its answer, and to go on with
 * it: 20 if it is not set, for whoever hangs keeps other files waiting.
 *
 * Returns a descriptor, to be closed, -ENOENT if no server has it, -ENOSYS if the library is not
 * installed, -ETIME, -EHOSTUNREACH, -ECONNREFUSED or -ECONNRESET if the server does not answer,
 * or what else went wrong.
 */
int debuginfod_client_find(const struct debuginfod_options *options,
			   const struct build_id *build_id, bool wants_executable);
