/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Missing files: those that no debuginfod server has, remembered for six hours, and on disk, so
 * that a daemon that starts anew does not ask for all of them again.
 *
 * At most some thousand; the oldest leave. On disk it is one file in the folder of the cache, for
 * the same servers: of others, nothing is known. It is checked when it is read, and whatever it
 * says that is wrong costs no more than lines that are not asked for.
 */

#include <stdbool.h>
#include <stdint.h>

#include "profiler/message.h"

#define MISSING_FILES_MAX     4096
#define MISSING_FILES_KEPT_NS (6 * 3600 * NS_PER_SECOND) /* a server may get it by then */

struct missing_files;

/*
 * Those that are known in @folder, or NULL, of the servers @urls. What cannot be read is none.
 *
 * Returns 0 and sets *@ret_files (owned by the caller), or -ENOMEM.
 */
int missing_files_new(const char *folder, const char *urls, struct missing_files **ret_files);

/* They are written to disk. Accepts NULL. Always returns NULL. */
struct missing_files *missing_files_free(struct missing_files *files);

/* How long the file of @kind and @build_id counts as missing yet: 0, it does not. In ns. Times are
 * by the real-time clock. */
int64_t missing_files_rest_ns(const struct missing_files *files, enum fetch_kind kind,
			      const struct build_id *build_id, int64_t now_ns);

/* No server has it. */
void missing_files_add(struct missing_files *files, enum fetch_kind kind,
		       const struct build_id *build_id, int64_t now_ns);

/* Write to disk what is new, if that was not done a moment ago. Returns 0 or -errno. */
int missing_files_save(struct missing_files *files, int64_t now_ns);
