/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Debug opening: debug files found as the debug file finder does, but nobody waits for long where
 * the file system hangs in which a binary has them looked for.
 */

struct debug_file_finder;
struct debug_place;
struct debug_reference;
struct openings;

/*
 * The file that @reference names, or without one, NULL, that of the build id at @place. Beside
 * @openings, or NULL, as debug_file_finder_find(); or -errno as openings_run(). Who uses it may
 * let go of all but the folders.
 */
int debug_opening_find(struct openings *openings, const struct debug_file_finder *finder,
		       const struct debug_place *place, const struct debug_reference *reference,
		       char **ret_path);
