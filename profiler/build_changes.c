/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Samples are looked at once, to learn when each stack was there; then each stack, to learn the
 * same of the files that it leads through.
 */
#include "profiler/build_changes.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/base/array.h"
#include "profiler/base/cleanup.h"
#include "profiler/dictionary.h"
#include "profiler/file_view.h"
#include "profiler/frame.h"
#include "profiler/pair_map.h"
#include "profiler/query.h"
#include "profiler/query_budget.h"
#include "profiler/sample_walk.h"
#include "profiler/snapshot.h"
#include "profiler/thread_numbers.h"
#include "profiler/window.h"

struct sighting {
	int64_t first_unix_ns;
	int64_t last_unix_ns;
	uint64_t count; /* 0: not seen */
};

/* A file, as the store numbers it: several numbers may be one build. */
struct seen_file {
	const char *path;
	struct build_id build_id; /* empty: nothing tells its builds apart */
	struct sighting sighting;
	size_t last_stack; /* that was counted, plus 1 */
};

/* Of one dictionary. */
struct search_part {
	struct thread_numbers threads;
	struct sighting *stacks;
};

struct search {
	const struct query *query;
	struct thread_numbering numbering;
	struct snapshot snapshot;
	struct search_part *parts; /* by dictionary of the snapshot */
	struct seen_file *files;
	size_t n_files, file_capacity;
	size_t n_stacks; /* that were counted */
	struct pair_map file_index;
	struct arena arena;
	size_t sighting_bytes; /* of stacks */
};

static void search_fini(struct search *search)
{
	for (size_t i = 0; search->parts && i < search->snapshot.n_dictionaries; i++) {
		thread_numbers_fini(&search->parts[i].threads);
		free(search->parts[i].stacks);
	}
	free(search->parts);
	free(search->files);
	pair_map_fini(&search->file_index);
	arena_fini(&search->arena);
	snapshot_fini(&search->snapshot);
}

/* Ask whether to go on, with all that is known so far. */
static int ask_budget(const struct search *search)
{
	return query_budget_ask(search->query->budget,
				search->sighting_bytes + search->arena.bytes +
					pair_map_bytes(&search->file_index) +
					search->file_capacity * sizeof(*search->files));
}

static int search_init(struct search *search, struct store *store)
{
	struct snapshot *snapshot = &search->snapshot;
	int r = query_snapshot(store, search->query, PAST_ENDS, snapshot);

	if (r < 0)
		return r;
	search->parts = calloc(snapshot->n_dictionaries + 1, sizeof(*search->parts));
	if (!search->parts)
		return -ENOMEM;
	for (size_t i = 0; r == 0 && i < snapshot->n_dictionaries; i++) {
		const struct snapshot_dictionary *held = &snapshot->dictionaries[i];

		search->sighting_bytes += held->n_stacks * sizeof(*search->parts[i].stacks);
		r = ask_budget(search);
		if (r < 0)
			return r;
		search->parts[i].stacks =
			calloc(held->n_stacks + 1UL, sizeof(*search->parts[i].stacks));
		if (!search->parts[i].stacks)
			return -ENOMEM;
		r = thread_numbers_init(held->dictionary, held->n_threads,
					&search->parts[i].threads);
	}
	return r;
}

static void sighting_add(struct sighting *sighting, const struct sighting *more)
{
	if (!sighting->count || more->first_unix_ns < sighting->first_unix_ns)
		sighting->first_unix_ns = more->first_unix_ns;
	if (!sighting->count || more->last_unix_ns > sighting->last_unix_ns)
		sighting->last_unix_ns = more->last_unix_ns;
	sighting->count += more->count;
}

static int on_sample(void *context, size_t dictionary_i, int64_t time_unix_ns,
		     const struct window_sample *sample)
{
	struct search *search = context;
	struct search_part *part = &search->parts[dictionary_i];
	const struct sighting sighting = { time_unix_ns, time_unix_ns, sample->weight };
	uint32_t ignored;
	int r = ask_budget(search);

	if (r < 0)
		return r;
	r = thread_numbers_find(&part->threads, &search->numbering, sample->thread, &ignored);
	if (r == 1)
		sighting_add(&part->stacks[sample->stack], &sighting);
	return r < 0 ? r : 0;
}

/* What the store knows of a file, copied into a new item of the search's files. */
static int add_file(struct search *search, uint32_t number)
{
	_cleanup_(file_view_unrefp) struct file_view *view =
		snapshot_find_file(&search->snapshot, number);
	struct seen_file file = { .path = "" };
	int r = array_reserve((void **)&search->files, &search->file_capacity, search->n_files + 1,
			      sizeof(*search->files));

	if (r < 0)
		return r;
	if (view) {
		file.path = arena_copy_text(&search->arena, view->path);
		file.build_id = view->key.build_id.n_bytes ? view->key.build_id
							   : view->description.build_id;
	}
	if (!file.path)
		return -ENOMEM;
	search->files[search->n_files++] = file;
	return ask_budget(search);
}

static int find_file(struct search *search, uint32_t number, uint32_t *ret_index)
{
	int r = pair_map_find_or_add(&search->file_index, (struct pair_key){ .a = number },
				     (uint32_t)search->n_files, ret_index);

	return r == 1 ? add_file(search, number) : r;
}

/* A stack counts once for each file, however often it leads through it. */
static int add_stack(struct search *search, const struct dictionary *dictionary, uint32_t stack,
		     const struct sighting *sighting)
{
	const struct stack_frames *frames = dictionary_stack(dictionary, stack);
	int r = 0;

	search->n_stacks++;
	for (uint32_t i = 0; r == 0 && i < frames->n_frames; i++) {
		const struct frame *frame = dictionary_frame(dictionary, frames->frames[i]);
		uint32_t file;

		if (frame->kind != FRAME_NATIVE || frame->file >= FRAME_FIRST_NAMED)
			continue;
		r = find_file(search, frame->file, &file);
		if (r < 0 || search->files[file].last_stack == search->n_stacks)
			continue;
		search->files[file].last_stack = search->n_stacks;
		sighting_add(&search->files[file].sighting, sighting);
	}
	return r;
}

static int add_stacks(struct search *search)
{
	int r = 0;

	for (size_t i = 0; i < search->snapshot.n_dictionaries; i++) {
		const struct snapshot_dictionary *held = &search->snapshot.dictionaries[i];

		for (uint32_t stack = 0; r == 0 && stack < held->n_stacks; stack++) {
			const struct sighting *sighting = &search->parts[i].stacks[stack];

			r = ask_budget(search);
			if (r == 0 && sighting->count)
				r = add_stack(search, held->dictionary, stack, sighting);
		}
	}
	return r;
}

static int compare_builds(const struct seen_file *a, const struct seen_file *b)
{
	int order = strcmp(a->path, b->path);

	return order ? order : memcmp(a->build_id.bytes, b->build_id.bytes, BUILD_ID_MAX_BYTES);
}

static int file_compare(const void *left, const void *right)
{
	return compare_builds(left, right);
}

static int first_compare(const void *left, const void *right)
{
	const struct seen_file *a = left, *b = right;
	int64_t a_ns = a->sighting.first_unix_ns, b_ns = b->sighting.first_unix_ns;
	int order = strcmp(a->path, b->path);

	return order ? order : (a_ns > b_ns) - (a_ns < b_ns);
}

/* Files whose builds nothing tells apart leave; those that are one build become one. */
static void merge_builds(struct search *search)
{
	struct seen_file *files = search->files;
	size_t n_left = 0;

	if (search->n_files)
		qsort(files, search->n_files, sizeof(*files), file_compare);
	for (size_t i = 0; i < search->n_files; i++) {
		if (!files[i].build_id.n_bytes || !files[i].sighting.count)
			continue;
		if (n_left && !compare_builds(&files[n_left - 1], &files[i]))
			sighting_add(&files[n_left - 1].sighting, &files[i].sighting);
		else
			files[n_left++] = files[i];
	}
	search->n_files = n_left;
	if (n_left)
		qsort(files, n_left, sizeof(*files), first_compare);
}

static int count_compare(const void *left, const void *right)
{
	const struct build_change *a = left, *b = right;

	return (a->count < b->count) - (a->count > b->count);
}

static int time_compare(const void *left, const void *right)
{
	const struct build_change *a = left, *b = right;

	return (a->unix_ns > b->unix_ns) - (a->unix_ns < b->unix_ns);
}

static int tell_changes(const struct search *search, size_t max_changes,
			struct build_changes *ret_changes)
{
	struct build_change *changes = calloc(search->n_files + 1, sizeof(*changes));
	size_t n_changes = 0;

	if (!changes)
		return -ENOMEM;
	for (size_t i = 1; i < search->n_files; i++) {
		const struct seen_file *before = &search->files[i - 1], *file = &search->files[i];

		if (strcmp(before->path, file->path) != 0)
			continue;
		changes[n_changes++] = (struct build_change){
			.unix_ns = file->sighting.first_unix_ns,
			.path = file->path,
			.build_id = file->build_id,
			.before = before->build_id,
			.before_until_unix_ns = before->sighting.last_unix_ns,
			.count = file->sighting.count,
		};
	}
	ret_changes->changes = changes;
	if (n_changes > max_changes) {
		qsort(changes, n_changes, sizeof(*changes), count_compare);
		ret_changes->n_left_out = n_changes - max_changes;
		n_changes = max_changes;
	}
	if (n_changes)
		qsort(changes, n_changes, sizeof(*changes), time_compare);
	ret_changes->n_changes = n_changes;
	return 0;
}

int build_changes_init(struct store *store, const struct query *query, size_t max_changes,
		       struct build_changes *ret_changes)
{
	_cleanup_(search_fini) struct search search = { .query = query };
	const struct sample_walk_callback callback = { on_sample, &search };
	struct build_changes changes = { 0 };
	int r;

	search.numbering = (struct thread_numbering){ query->selector, query->budget, NULL, NULL };
	r = search_init(&search, store);
	if (r == 0)
		r = sample_walk(&search.snapshot, query->start_unix_ns, query->end_unix_ns,
				&callback);
	if (r == 0)
		r = add_stacks(&search);
	if (r < 0)
		return r;
	merge_builds(&search);
	r = tell_changes(&search, max_changes, &changes);
	if (r < 0)
		return r;
	changes.arena = search.arena;
	search.arena = (struct arena){ 0 };
	*ret_changes = changes;
	return 0;
}

void build_changes_fini(struct build_changes *changes)
{
	free(changes->changes);
	arena_fini(&changes->arena);
	*changes = (struct build_changes){ 0 };
}
