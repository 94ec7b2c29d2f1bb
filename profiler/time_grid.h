/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Time grid: steps of time, one after the other.
 *
 *     step −1         step 0          step 1
 *     ┼───────────────┼───────────────┼─
 *                     start           start + step_ns      a step has its start, and not its end
 *
 * A zeroed struct is a grid of one step, which all times are in.
 */

#include <stdint.h>

struct time_grid {
	int64_t start_unix_ns;
	int64_t step_ns; /* 0: endless */
};

/* The step that @unix_ns is in. */
static inline int64_t time_grid_step(const struct time_grid *grid, int64_t unix_ns)
{
	__int128 off_ns = (__int128)unix_ns - grid->start_unix_ns;

	if (!grid->step_ns)
		return 0;
	return (int64_t)(off_ns / grid->step_ns - (off_ns % grid->step_ns < 0));
}
