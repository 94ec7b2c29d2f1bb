/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Profile copy: what of one profile goes into another one, piece by piece.
 *
 *     source  --profile_copy_stack, …-->  index in the target
 *
 * Each piece is copied when it is first asked for, with all that it refers to, and is found again
 * from then on. Several sources may go into one target, where what is the same becomes one. Extras
 * (profile_extras.h) are left behind.
 *
 * Who wants something else in the target than the source has, makes it, and says so by the setters
 * before the samples are copied.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct profile;
struct query_budget;

struct profile_copy {
	const struct profile *source; /* borrowed, as the target is */
	struct profile *target;
	struct query_budget *budget; /* that pays for the samples of the target, or NULL */
	bool is_base;                /* the samples are those of a diff's base */
	/* Marks: what the source's indices have become, plus 1; 0: nothing yet. */
	uint32_t *strings, *mappings, *functions, *locations, *stacks, *label_sets;
	uint32_t *frames; /* scratch: of the longest stack */
};

/* Returns 0 and initialises *@ret_copy, of which the caller may set the budget and is_base; or
 * -ENOMEM. */
int profile_copy_init(struct profile_copy *ret_copy, const struct profile *source,
		      struct profile *target);

/* Works on a zeroed struct. Leaves both profiles alone. */
void profile_copy_fini(struct profile_copy *copy);

/* The range and the period. */
void profile_copy_description(struct profile_copy *copy);

/* Each sets what a thing of the source is in the target. Returns 0 or -ENOMEM. */
int profile_copy_string(struct profile_copy *copy, uint32_t string, uint32_t *ret_string);
int profile_copy_location(struct profile_copy *copy, uint32_t location, uint32_t *ret_location);
int profile_copy_stack(struct profile_copy *copy, uint32_t stack, uint32_t *ret_stack);
int profile_copy_label_set(struct profile_copy *copy, uint32_t label_set, uint32_t *ret_label_set);

/* As profile_copy_location(), with the lines of which @kept, an item for each, is true. NULL: all.
 */
int profile_copy_lines(struct profile_copy *copy, uint32_t location, const bool *kept);

/* The source's @stack is @target_stack; its samples are left out; @label_set is another. */
void profile_copy_set_stack(struct profile_copy *copy, uint32_t stack, uint32_t target_stack);
void profile_copy_drop_stack(struct profile_copy *copy, uint32_t stack);
void profile_copy_set_label_set(struct profile_copy *copy, uint32_t label_set,
				uint32_t target_label_set);

/* Go on, with the target as large as it is? As query_budget_ask() says. */
int profile_copy_ask(const struct profile_copy *copy);

/* Add all samples and moments of the source to the target. Returns 0, -EDQUOT if the budget is used
 * up, or -ENOMEM. */
int profile_copy_samples(struct profile_copy *copy);
