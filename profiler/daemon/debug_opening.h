/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Debug opening: debug files found as the debug file finder does, but nobody waits for long where
 * the file system hangs in which a binary has them looked for.
 */

#include <stdint.h>

struct debug_file_finder;
struct debug_place;
struct debug_reference;
struct openings;

struct debug_found {
	char *path;       /* as debug_file_finder_find() */
	uint64_t n_bytes; /* as they count (profiler/daemon/build_budget.h) */
};

/*
 * The file that @reference names, or without one, NULL, that of the build id at @place. Beside
 * @openings, or NULL, as debug_file_finder_find(); or -errno as openings_run(). Who uses it may
 * let go of all but the folders.
 */
int debug_opening_find(struct openings *openings, const struct debug_file_finder *finder,
		       const struct debug_place *place, const struct debug_reference *reference,
		       struct debug_found *ret_found);
