/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * JIT finder: the files in which a runtime names its code, found while its process is there, and
 * watched.
 *
 *     perf map   /tmp/perf-PID.map, in the mount and pid namespace of the process
 *     jitdump    jit-PID.dump anywhere: its process maps it for execution, to be found by that
 */

#include <stdbool.h>
#include <stdint.h>

#include "profiler/jit_table.h"
#include "profiler/status.h"

struct jit_finder {
	int proc_fd;
	uint64_t refused[JIT_REFUSAL_COUNT]; /* files, by why they are not read */
};

/* Returns 0 or what open(2) says of /proc. */
int jit_finder_init(struct jit_finder *finder);

/* Works on a zeroed struct. */
void jit_finder_fini(struct jit_finder *finder);

/*
 * Open the sources of @jit that are new, and note whether its process has ended. Returns whether
 * the path that names it is another now.
 */
bool jit_finder_find(struct jit_finder *finder, struct jit *jit);

/* Whether a source of @jit is not as it was when this was asked last; or there is one only now. */
bool jit_finder_has_changed(struct jit *jit);

/* Let the sources of @jit go, whose process has ended. */
void jit_finder_close(struct jit *jit);
