/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each string is asked for once by each pattern, then each location, then each stack.
 */
#include "profiler/profile_filter.h"

#include <errno.h>
#include <stdlib.h>

#include "profiler/base/cleanup.h"
#include "profiler/base/string_table.h"
#include "profiler/pattern.h"
#include "profiler/profile.h"
#include "profiler/profile_copy.h"
#include "profiler/query_budget.h"

enum option { OPTION_FOCUS, OPTION_IGNORE, OPTION_HIDE, OPTION_SHOW, OPTION_COUNT };

/* What is known of a location. */
struct verdict {
	bool is_focused;
	bool is_ignored;
	bool is_hidden; /* no line of it is left */
};

struct run {
	const struct profile *source;
	struct pattern *patterns[OPTION_COUNT];
	struct query_budget *budget;
	uint8_t *known;           /* by string: two bits an option: it was asked; it matches */
	struct verdict *verdicts; /* by location */
	bool *kept;               /* scratch: by line of a location */
	struct profile_copy copy;
};

DEFINE_CLEANUP(struct profile *, profile_free)

static void run_fini(struct run *run)
{
	free(run->known);
	free(run->verdicts);
	free(run->kept);
	profile_copy_fini(&run->copy);
}

static size_t most_lines(const struct profile *profile)
{
	size_t most = 0;

	for (size_t i = 0; i < profile->n_locations; i++) {
		if (profile->locations[i].n_lines > most)
			most = profile->locations[i].n_lines;
	}
	return most;
}

static int run_init(struct run *run, struct profile *target)
{
	const struct profile *source = run->source;
	int r;

	run->known = calloc(string_table_count(source->strings), sizeof(*run->known));
	run->verdicts = calloc(source->n_locations + 1, sizeof(*run->verdicts));
	run->kept = calloc(most_lines(source) + 1, sizeof(*run->kept));
	if (!run->known || !run->verdicts || !run->kept)
		return -ENOMEM;
	r = profile_copy_init(&run->copy, source, target);
	run->copy.budget = run->budget;
	return r;
}

/* What is given up does not match. */
static bool text_matches(struct run *run, enum option option, const char *text)
{
	int r = pattern_match(run->patterns[option], text);

	if (r < 0 && run->budget)
		run->budget->n_limited++;
	return r > 0;
}

static bool string_matches(struct run *run, enum option option, uint32_t string)
{
	uint8_t asked = (uint8_t)(1U << 2 * option), yes = (uint8_t)(2U << 2 * option);

	if (!(run->known[string] & asked)) {
		run->known[string] |= asked;
		if (text_matches(run, option, string_table_get(run->source->strings, string)))
			run->known[string] |= yes;
	}
	return run->known[string] & yes;
}

static bool line_matches(struct run *run, enum option option, const struct profile_line *line)
{
	const struct profile_function *function = &run->source->functions[line->function];

	return string_matches(run, option, function->name) ||
	       string_matches(run, option, function->filename);
}

static bool mapping_matches(struct run *run, enum option option,
			    const struct profile_location *location)
{
	return location->mapping != PROFILE_NO_MAPPING &&
	       string_matches(run, option, run->source->mappings[location->mapping].filename);
}

static bool location_matches(struct run *run, enum option option,
			     const struct profile_location *location)
{
	const struct profile_line *lines = &run->source->lines[location->first_line];

	for (uint32_t i = 0; i < location->n_lines; i++) {
		if (line_matches(run, option, &lines[i]))
			return true;
	}
	return mapping_matches(run, option, location);
}

/* Which lines are left of a location: run->kept. Returns whether one is. */
static bool keep_lines(struct run *run, const struct profile_location *location)
{
	const struct profile_line *lines = &run->source->lines[location->first_line];
	bool hides = run->patterns[OPTION_HIDE], shows = run->patterns[OPTION_SHOW];
	bool hides_all = hides && mapping_matches(run, OPTION_HIDE, location);
	bool shows_all = shows && mapping_matches(run, OPTION_SHOW, location);
	bool is_left = false;

	for (uint32_t i = 0; i < location->n_lines; i++) {
		bool is_hidden = hides_all || (hides && line_matches(run, OPTION_HIDE, &lines[i]));
		bool is_shown = !shows || shows_all || line_matches(run, OPTION_SHOW, &lines[i]);

		run->kept[i] = !is_hidden && is_shown;
		is_left |= run->kept[i];
	}
	return is_left;
}

static int judge_locations(struct run *run)
{
	const struct profile *source = run->source;
	int r;

	for (uint32_t i = 0; i < source->n_locations; i++) {
		const struct profile_location *location = &source->locations[i];
		struct verdict *verdict = &run->verdicts[i];

		verdict->is_ignored = run->patterns[OPTION_IGNORE] &&
				      location_matches(run, OPTION_IGNORE, location);
		verdict->is_focused = !run->patterns[OPTION_FOCUS] ||
				      location_matches(run, OPTION_FOCUS, location);
		verdict->is_hidden = !keep_lines(run, location);
		r = profile_copy_ask(&run->copy);
		if (r == 0 && !verdict->is_hidden)
			r = profile_copy_lines(&run->copy, i, run->kept);
		if (r < 0)
			return r;
	}
	return 0;
}

static bool stack_is_wanted(const struct run *run, const struct profile_stack *stack)
{
	const uint32_t *frames = &run->source->frames[stack->first_frame];
	bool is_focused = false;

	for (uint32_t i = 0; i < stack->n_frames; i++) {
		if (run->verdicts[frames[i]].is_ignored)
			return false;
		is_focused |= run->verdicts[frames[i]].is_focused;
	}
	return is_focused;
}

/* What is left of a stack becomes one of the target. */
static int keep_stack(struct run *run, uint32_t stack_i)
{
	const struct profile_stack *stack = &run->source->stacks[stack_i];
	const uint32_t *frames = &run->source->frames[stack->first_frame];
	uint32_t *kept = run->copy.frames;
	uint32_t target_stack;
	size_t n_kept = 0;
	int r;

	for (uint32_t i = 0; i < stack->n_frames; i++) {
		if (run->verdicts[frames[i]].is_hidden)
			continue;
		r = profile_copy_location(&run->copy, frames[i], &kept[n_kept++]);
		if (r < 0)
			return r;
	}
	if (!n_kept) {
		profile_copy_drop_stack(&run->copy, stack_i);
		return 0;
	}
	r = profile_add_stack(run->copy.target, kept, n_kept, &target_stack);
	if (r == 0)
		profile_copy_set_stack(&run->copy, stack_i, target_stack);
	return r;
}

static int keep_stacks(struct run *run)
{
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < run->source->n_stacks; i++) {
		r = profile_copy_ask(&run->copy);
		if (r < 0)
			return r;
		if (stack_is_wanted(run, &run->source->stacks[i]))
			r = keep_stack(run, i);
		else
			profile_copy_drop_stack(&run->copy, i);
	}
	return r;
}

bool profile_filter_is_empty(const struct profile_filter *filter)
{
	return !filter->focus && !filter->ignore && !filter->hide && !filter->show;
}

int profile_filter_apply(const struct profile_filter *filter, const struct profile *profile,
			 struct query_budget *budget, struct profile **ret_profile)
{
	_cleanup_(profile_freep) struct profile *target = NULL;
	_cleanup_(run_fini) struct run run = {
		.source = profile,
		.patterns = { filter->focus, filter->ignore, filter->hide, filter->show },
		.budget = budget,
	};
	int r;

	r = profile_new(&target);
	if (r == 0)
		r = run_init(&run, target);
	if (r < 0)
		return r;
	profile_copy_description(&run.copy);
	r = judge_locations(&run);
	if (r == 0)
		r = keep_stacks(&run);
	if (r == 0)
		r = profile_copy_samples(&run.copy);
	if (r == 0)
		*ret_profile = steal(target);
	return r;
}
