/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Build changes: when a file that samples lead through was first another build than before.
 *
 *     /usr/bin/api   build 1 ├──────────┤
 *                    build 2             ├─────────
 *                                        ▲ a change: since then build 2 is seen
 *
 * Builds are told apart by their build ids, or what stands for one in binary_key.h. They come in
 * the order in which they were first seen; one that comes back is no change. The one before may be
 * seen for some time yet, by processes that had begun with it, or in another container.
 */

#include <stddef.h>
#include <stdint.h>

#include "profiler/arena.h"
#include "unwind/build_id.h"

struct query;
struct store;

struct build_change {
	int64_t unix_ns;  /* when the build was first seen, and not before the range */
	const char *path; /* valid UTF-8 */
	struct build_id build_id;
	struct build_id before;       /* the build that was first seen last before */
	int64_t before_until_unix_ns; /* when that was seen last, up to the end of the range */
	uint64_t count;               /* samples that lead through the new build */
};

struct build_changes {
	struct build_change *changes; /* sorted by time */
	size_t n_changes;
	size_t n_left_out; /* others, with no more samples than any of these */
	struct arena arena;
};

/*
 * Find the changes among the selected samples, of which @max_changes (> 0) are kept. A time is
 * exact as far as memory reaches, and the middle of its second before.
 *
 * Returns 0 and initialises *@ret_changes, -EDQUOT if the budget of @query is used up, or -ENOMEM.
 */
int build_changes_init(struct store *store, const struct query *query, size_t max_changes,
		       struct build_changes *ret_changes);

/* Works on a zeroed struct. */
void build_changes_fini(struct build_changes *changes);
