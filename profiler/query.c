/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way of a query: hold the windows; add samples up by thread and stack; then find, for each
 * sum, the labels of its thread, ask the selector, and find the locations of its stack's frames.
 * What was found is kept by index, so each thread, stack and frame is looked at once.
 */
#include "profiler/query.h"

#include <errno.h>
#include <stdlib.h>

#include "profiler/base/array.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/string_table.h"
#include "profiler/dictionary.h"
#include "profiler/label.h"
#include "profiler/locator.h"
#include "profiler/merge.h"
#include "profiler/profile.h"
#include "profiler/query_budget.h"
#include "profiler/sample_walk.h"
#include "profiler/selector.h"
#include "profiler/snapshot.h"
#include "profiler/store.h"
#include "profiler/thread_labels.h"
#include "profiler/thread_numbers.h"
#include "profiler/window.h"

/* Marks in the arrays of a query_part; any other number is an index of the profile, plus these. */
enum { MARK_UNSEEN, MARK_COUNT };

int query_snapshot(struct store *store, const struct query *query, enum past_detail detail,
		   struct snapshot *ret_snapshot)
{
	const struct snapshot_wish wish = {
		.start_unix_ns = query->start_unix_ns,
		.end_unix_ns = query->end_unix_ns,
		.is_by_second = query->is_by_second,
		.detail = detail,
		.grid = query->grid,
		.budget = query->budget,
	};

	return snapshot_init_as(store, &wish, ret_snapshot);
}

/* What one dictionary's indices have become in the profile. */
struct query_part {
	const struct dictionary *dictionary;
	const struct kernel_view *kernel; /* as it was then; or NULL */
	const struct merge_part *merge;
	struct thread_numbers label_sets;
	uint32_t *stacks;    /* by stack */
	uint32_t *locations; /* by frame */
};

struct query_run {
	const struct query *query;
	enum past_detail detail; /* PAST_STACKS: whose the samples are does not matter */
	uint32_t no_labels;      /* the label set of all samples then */
	uint32_t max_frames;     /* of a stack, from the leaf on; the others are left out */
	struct thread_numbering numbering; /* by label sets of the profile */
	struct snapshot snapshot;
	struct merge merge;
	struct profile *profile;
	struct locator locator;
	struct query_part *parts;
	uint32_t *stack; /* scratch: locations */
	size_t stack_capacity;
};

static int run_add_label_set(void *pointer, const struct label *labels, size_t n_labels,
			     uint32_t *ret_label_set)
{
	struct query_run *run = pointer;
	struct profile_label added[THREAD_LABELS_MAX];
	struct string_table *strings = run->profile->strings;
	int r;

	if (run->query->is_unlabeled)
		n_labels = 0;
	for (size_t i = 0; i < n_labels; i++) {
		r = string_table_add(strings, labels[i].name, &added[i].name);
		if (r == 0)
			r = string_table_add(strings, labels[i].value, &added[i].value);
		if (r < 0)
			return r;
	}
	return profile_add_label_set(run->profile, added, n_labels, ret_label_set);
}

static int part_init(const struct snapshot_dictionary *held, const struct merge_part *merge,
		     struct query_part *ret_part)
{
	ret_part->dictionary = held->dictionary;
	ret_part->kernel = held->kernel;
	ret_part->merge = merge;
	ret_part->stacks = calloc(held->n_stacks + 1UL, sizeof(uint32_t));
	ret_part->locations = calloc(held->n_frames + 1UL, sizeof(uint32_t));
	if (!ret_part->stacks || !ret_part->locations)
		return -ENOMEM;
	return thread_numbers_init(held->dictionary, held->n_threads, &ret_part->label_sets);
}

static void run_fini(struct query_run *run)
{
	for (size_t i = 0; run->parts && i < run->snapshot.n_dictionaries; i++) {
		thread_numbers_fini(&run->parts[i].label_sets);
		free(run->parts[i].stacks);
		free(run->parts[i].locations);
	}
	free(run->parts);
	free(run->stack);
	locator_fini(&run->locator);
	profile_free(run->profile);
	merge_fini(&run->merge);
	snapshot_fini(&run->snapshot);
}

static int run_init_profile(struct query_run *run)
{
	const struct query *query = run->query;
	int r;

	r = profile_new(&run->profile);
	if (r < 0)
		return r;
	run->profile->start_unix_ns = query->start_unix_ns;
	if (__builtin_sub_overflow(query->end_unix_ns, query->start_unix_ns,
				   &run->profile->duration_ns))
		run->profile->duration_ns = INT64_MAX;
	run->profile->period_ns = run->snapshot.period_ns;
	return 0;
}

static int run_init(struct query_run *run, struct store *store)
{
	const struct query *query = run->query;
	int r;

	r = query_snapshot(store, query, run->detail, &run->snapshot);
	if (r < 0)
		return r;
	r = merge_init(&run->snapshot, query->start_unix_ns, query->end_unix_ns, &run->merge);
	if (r < 0)
		return r;
	r = run_init_profile(run);
	if (r < 0)
		return r;
	if (run->detail == PAST_STACKS)
		r = profile_add_label_set(run->profile, NULL, 0, &run->no_labels);
	if (r < 0)
		return r;
	locator_init(&run->locator, &run->snapshot, run->profile);
	run->parts = calloc(run->snapshot.n_dictionaries + 1, sizeof(*run->parts));
	if (!run->parts)
		return -ENOMEM;
	for (size_t i = 0; i < run->snapshot.n_dictionaries; i++) {
		r = part_init(&run->snapshot.dictionaries[i], &run->merge.parts[i], &run->parts[i]);
		if (r < 0)
			return r;
	}
	return 0;
}

static int part_find_location(struct query_run *run, struct query_part *part, uint32_t frame,
			      uint32_t *ret_location)
{
	int r;

	if (part->locations[frame] == MARK_UNSEEN) {
		run->locator.kernel = part->kernel;
		r = locator_add(&run->locator, dictionary_frame(part->dictionary, frame),
				ret_location);
		if (r < 0)
			return r;
		part->locations[frame] = *ret_location + MARK_COUNT;
	}
	*ret_location = part->locations[frame] - MARK_COUNT;
	return 0;
}

static int part_find_stack(struct query_run *run, struct query_part *part, uint32_t stack)
{
	const struct stack_frames *frames = dictionary_stack(part->dictionary, stack);
	uint32_t n_frames = frames->n_frames < run->max_frames ? frames->n_frames : run->max_frames;
	uint32_t added;
	int r;

	if (part->stacks[stack] != MARK_UNSEEN)
		return 0;
	r = array_reserve((void **)&run->stack, &run->stack_capacity, n_frames,
			  sizeof(*run->stack));
	if (r < 0)
		return r;
	for (uint32_t i = 0; i < n_frames; i++) {
		r = part_find_location(run, part, frames->frames[i], &run->stack[i]);
		if (r < 0)
			return r;
	}
	r = profile_add_stack(run->profile, run->stack, n_frames, &added);
	if (r == 0)
		part->stacks[stack] = added + MARK_COUNT;
	return r;
}

/* Returns 1 and sets *@ret_label_set if the samples of @thread are selected, 0, or an error. */
static int part_find_label_set(struct query_run *run, struct query_part *part, uint32_t thread,
			       uint32_t *ret_label_set)
{
	if (run->detail != PAST_STACKS)
		return thread_numbers_find(&part->label_sets, &run->numbering, thread,
					   ret_label_set);
	*ret_label_set = run->no_labels;
	return 1;
}

static int part_add_group(struct query_run *run, struct query_part *part,
			  const struct merge_group *group)
{
	struct profile_sample sample = { .count = group->count, .value = group->value };
	int r;

	r = query_budget_ask(run->query->budget, profile_bytes(run->profile));
	if (r < 0)
		return r;
	r = part_find_label_set(run, part, group->thread, &sample.label_set);
	if (r != 1)
		return r;
	r = part_find_stack(run, part, group->stack);
	if (r < 0)
		return r;
	sample.stack = part->stacks[group->stack] - MARK_COUNT;
	return profile_append_sample(run->profile, &sample);
}

static int run_add_part(struct query_run *run, struct query_part *part)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < part->merge->n_groups; i++)
		r = part_add_group(run, part, &part->merge->groups[i]);
	return r;
}

/* A sample by itself, after its thread and stack were found. */
static int run_add_moment(void *context, size_t dictionary_i, int64_t time_unix_ns,
			  const struct window_sample *sample)
{
	struct query_run *run = context;
	struct query_part *part = &run->parts[dictionary_i];
	bool is_coarse = run->snapshot.is_by_second || sample->cpu == WINDOW_NO_CPU;
	struct profile_moment moment = {
		.time_unix_ns = time_unix_ns,
		.cpu = is_coarse ? 0 : sample->cpu,
		.is_coarse = is_coarse,
	};
	int r;

	r = thread_numbers_find(&part->label_sets, &run->numbering, sample->thread,
				&moment.label_set);
	if (r != 1)
		return r;
	moment.count = sample->weight;
	moment.value = sample->value;
	moment.stack = part->stacks[sample->stack] - MARK_COUNT;
	return profile_add_moment(run->profile, &moment);
}

static int run_add_moments(struct query_run *run)
{
	const struct sample_walk_callback callback = { run_add_moment, run };
	const struct query *query = run->query;
	int r;

	r = sample_walk(&run->snapshot, query->start_unix_ns, query->end_unix_ns, &callback);
	profile_sort_moments(run->profile);
	return r;
}

/* What there is of one stack and label set, of several threads or parts, becomes one sample. */
static int run_sum_samples(struct query_run *run)
{
	struct profile *profile = run->profile;
	size_t n_bytes = profile_bytes(profile) + profile->n_samples * sizeof(*profile->samples);
	int r = query_budget_ask(run->query->budget, n_bytes);

	return r < 0 ? r : profile_sum_samples(profile);
}

/* What is to be known of samples that are added up. */
static enum past_detail detail_of(const struct query *query)
{
	bool selects_all = !query->selector || selector_is_empty(query->selector);

	return query->is_unlabeled && selects_all ? PAST_STACKS : PAST_TOTALS;
}

static int run_query(struct store *store, const struct query *query, enum past_detail detail,
		     uint32_t max_frames, struct profile **ret_profile)
{
	_cleanup_(run_fini) struct query_run run = {
		.query = query,
		.detail = detail,
		.max_frames = max_frames,
	};
	int r;

	run.numbering = (struct thread_numbering){
		query->selector,
		query->budget,
		run_add_label_set,
		&run,
	};
	r = run_init(&run, store);
	for (size_t i = 0; r == 0 && i < run.snapshot.n_dictionaries; i++)
		r = run_add_part(&run, &run.parts[i]);
	if (r == 0)
		r = run_sum_samples(&run);
	if (r == 0 && detail == PAST_MOMENTS)
		r = run_add_moments(&run);
	if (r < 0)
		return r;
	*ret_profile = steal(run.profile);
	return 0;
}

int query_run(struct store *store, const struct query *query, struct profile **ret_profile)
{
	return run_query(store, query, detail_of(query), UINT32_MAX, ret_profile);
}

int query_run_timed(struct store *store, const struct query *query, struct profile **ret_profile)
{
	return run_query(store, query, PAST_MOMENTS, UINT32_MAX, ret_profile);
}

int query_run_leaves(struct store *store, const struct query *query, struct profile **ret_profile)
{
	return run_query(store, query, detail_of(query), 1, ret_profile);
}

/* The selected samples of one dictionary, the @part_i-th. */
static int each_group_of(const struct query *query, const struct snapshot *snapshot,
			 const struct merge *merge, size_t part_i,
			 const struct query_callback *callback)
{
	const struct snapshot_dictionary *held = &snapshot->dictionaries[part_i];
	const struct merge_part *part = &merge->parts[part_i];
	const struct thread_numbering numbering = { query->selector, query->budget, NULL, NULL };
	_cleanup_(thread_numbers_fini) struct thread_numbers threads = { 0 };
	uint32_t number;
	int r;

	r = thread_numbers_init(held->dictionary, held->n_threads, &threads);
	for (size_t i = 0; r == 0 && i < part->n_groups; i++) {
		const struct merge_group *group = &part->groups[i];
		const struct query_group found = { snapshot, held->dictionary, group->stack,
						   group->count };

		r = query_budget_ask(query->budget, 0);
		if (r == 0)
			r = thread_numbers_find(&threads, &numbering, group->thread, &number);
		if (r == 1)
			r = callback->on_group(callback->context, &found);
	}
	return r;
}

int query_each_group(struct store *store, const struct query *query,
		     const struct query_callback *callback)
{
	_cleanup_(snapshot_fini) struct snapshot snapshot = { 0 };
	_cleanup_(merge_fini) struct merge merge = { 0 };
	int r;

	r = query_snapshot(store, query, PAST_TOTALS, &snapshot);
	if (r == 0)
		r = merge_init(&snapshot, query->start_unix_ns, query->end_unix_ns, &merge);
	for (size_t i = 0; r == 0 && i < snapshot.n_dictionaries; i++)
		r = each_group_of(query, &snapshot, &merge, i, callback);
	return r;
}

int query_symbol(struct store *store, uint64_t address, struct buffer *ret_name)
{
	_cleanup_(snapshot_fini) struct snapshot snapshot = { 0 };
	struct frame frame = { .kind = FRAME_NATIVE,
			       .file = (uint32_t)(address / FILE_SPAN_BYTES),
			       .place = address % FILE_SPAN_BYTES };
	int r;

	if (frame.file > STORE_MAX_FILE)
		frame = (struct frame){ .kind = FRAME_KERNEL, .place = address };
	r = snapshot_init(store, 0, 0, &snapshot);
	if (r < 0)
		return r;
	return locator_append_name(&snapshot, snapshot.kernel, &frame, ret_name);
}
