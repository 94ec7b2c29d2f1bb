/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Flame bars: a call tree as levels of bars, as Pyroscope's clients read them.
 *
 *     level 0: │ total                                    │
 *     level 1: │ main                  │ worker │ other │
 *     level 2: │ parse │ serve │         │ wait │
 *
 * A bar of one profile is four numbers: the distance from the end of the bar before it on its
 * level; its total; its self; the index of its name. A bar of two that are compared is seven: the
 * first three of the left one, those of the right one, the name. A bar's callees begin where it
 * does, sorted by name; what they leave of it is its self.
 *
 * Of more bars than are wanted, the largest stay; the others of each caller are one bar, "other",
 * on top of that number: so all totals are exact.
 */

#include <stddef.h>
#include <stdint.h>

struct call_tree;

struct flame_level {
	size_t first_value;
	size_t n_values;
};

/* Works zeroed. */
struct flame_bars {
	char **names; /* borrowed, as long as the tree lives; the first is "total" */
	int64_t *values;
	struct flame_level *levels;
	size_t n_names, n_values, n_levels;
	int64_t max_self; /* of one bar, on either side */
};

/*
 * The bars of @tree, whose samples are on the left side alone if @n_sides is 1; at most @max_bars,
 * the first and those named "other" aside.
 *
 * Returns 0 and fills the zeroed *@ret_bars, or -ENOMEM.
 */
int flame_bars_init(const struct call_tree *tree, size_t n_sides, size_t max_bars,
		    struct flame_bars *ret_bars);

/* Works on a zeroed struct. */
void flame_bars_fini(struct flame_bars *bars);
