/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way of a reading: add the rows up, by the numbers of history; then describe each thread,
 * stack, frame and file that is left, once, in a dictionary of its own, and put its index in place
 * of its number.
 */
#include "profiler/past.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/arena.h"
#include "profiler/base/array.h"
#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"
#include "profiler/dictionary.h"
#include "profiler/history_dictionary.h"
#include "profiler/history_file.h"
#include "profiler/history_windows.h"
#include "profiler/label_set.h"
#include "profiler/past_files.h"
#include "profiler/past_moments.h"
#include "profiler/query_budget.h"
#include "profiler/row_sums.h"
#include "profiler/store_process.h"

/* In a history of whatever size: by these numbers frames are found in an array. */
#define MOST_FRAMES (1U << 26)

struct past {
	struct store *store;
	struct dictionary *dictionary;
	struct past_sample *samples;
	size_t n_samples;
	size_t sample_capacity;
	struct arena arena;
	struct past_frame *frames;
	size_t n_frames;
	size_t frame_capacity;
};

/* By the numbers of history, what has been read. */
struct reading {
	struct database *database;
	const struct past_wish *wish;
	struct past *past;
	struct row_sums sums;         /* of PAST_TOTALS */
	struct pair_map second_index; /* thread and second → samples[] */
	struct pair_map end_index;    /* of PAST_ENDS: thread and stack → samples[] */
	uint32_t *frames;             /* by number: its index in the dictionary plus 1, or 0 */
	size_t frame_capacity;
	struct pair_map file_index;   /* number → that in the store */
	struct pair_map label_index;  /* number of a label set → 0: it is described */
	struct pair_map string_index; /* number → strings[] */
	const char **strings;
	size_t n_strings;
	size_t string_capacity;
};

struct past *past_free(struct past *past)
{
	const struct dictionary *dictionary = past ? past->dictionary : NULL;

	if (!past)
		return NULL;
	for (uint32_t i = 0; dictionary && i < dictionary->files.count; i++)
		past_files_drop(past->store, *(uint32_t *)stable_array_get(&dictionary->files, i));
	dictionary_free(past->dictionary);
	free(past->samples);
	arena_fini(&past->arena);
	free(past->frames);
	free(past);
	return NULL;
}

const struct past_sample *past_samples(const struct past *past, size_t *ret_n_samples)
{
	*ret_n_samples = past->n_samples;
	return past->samples;
}

const struct dictionary *past_dictionary(const struct past *past)
{
	return past->dictionary;
}

const struct past_frame *past_find_frame(const struct past *past, uint32_t file)
{
	return &past->frames[file - FRAME_FIRST_NAMED];
}

static void reading_fini(struct reading *reading)
{
	past_free(reading->past);
	row_sums_fini(&reading->sums);
	pair_map_fini(&reading->second_index);
	pair_map_fini(&reading->end_index);
	free(reading->frames);
	pair_map_fini(&reading->file_index);
	pair_map_fini(&reading->label_index);
	pair_map_fini(&reading->string_index);
	free(reading->strings);
}

/* The first sample of a thread and stack has the earliest time, the other one all else, and the
 * latest time. */
static int find_end(struct reading *reading, struct past_sample *sample, uint32_t *ret_index)
{
	struct past *past = reading->past;
	const uint32_t next = *ret_index;
	const struct pair_key first = { sample->thread, sample->stack };
	const struct pair_key last = { sample->thread | 1ULL << 32, sample->stack };
	int64_t unix_s;
	int r = pair_map_find_or_add(&reading->end_index, first, next, ret_index);

	if (r)
		return r;
	unix_s = past->samples[*ret_index].unix_s;
	if (sample->unix_s < unix_s) { /* of a window that came late */
		past->samples[*ret_index].unix_s = sample->unix_s;
		sample->unix_s = unix_s;
	}
	r = pair_map_find_or_add(&reading->end_index, last, next, ret_index);
	if (r == 0 && past->samples[*ret_index].unix_s < sample->unix_s)
		past->samples[*ret_index].unix_s = sample->unix_s;
	return r;
}

/* Find the sample that @sample is to be added to; if there is none, it is the next. */
static int find_place(struct reading *reading, struct past_sample *sample, uint32_t *ret_index)
{
	const struct pair_key second = { sample->thread, (uint64_t)sample->unix_s };

	*ret_index = (uint32_t)reading->past->n_samples;
	switch (reading->wish->detail) {
	case PAST_SECONDS:
	case PAST_TIMES:
		return pair_map_find_or_add(&reading->second_index, second, *ret_index, ret_index);
	case PAST_ENDS:
		return find_end(reading, sample, ret_index);
	default:
		return 0;
	}
}

static int add_sample(struct reading *reading, struct past_sample *sample)
{
	struct past *past = reading->past;
	uint32_t index = 0;
	int r = query_budget_ask(reading->wish->budget,
				 past->sample_capacity * sizeof(*past->samples) +
					 pair_map_bytes(&reading->second_index) +
					 pair_map_bytes(&reading->end_index));

	if (r == 0)
		r = array_reserve((void **)&past->samples, &past->sample_capacity,
				  past->n_samples + 1, sizeof(*past->samples));
	if (r == 0)
		r = find_place(reading, sample, &index);
	if (r < 0)
		return r;
	if (index == past->n_samples) {
		past->samples[past->n_samples++] = *sample;
		return 0;
	}
	past->samples[index].count += sample->count;
	past->samples[index].value += sample->value;
	return 0;
}

static int on_row(void *context, const struct window_row *row)
{
	struct reading *reading = context;
	int r = query_budget_ask(reading->wish->budget, row_sums_bytes(&reading->sums));

	return r < 0 ? r : row_sums_add(&reading->sums, row);
}

static int on_entry(void *context, int64_t unix_s, const struct window_entry *entry)
{
	return add_sample(context, &(struct past_sample){ unix_s, entry->thread, entry->stack,
							  entry->count, entry->value });
}

static int read_totals(struct reading *reading, const struct history_range *range,
		       uint64_t *n_damaged)
{
	struct row_sums *sums = &reading->sums;
	int r = history_windows_each_row(reading->database, range, on_row, reading, n_damaged);

	if (r == 0)
		r = row_sums_finish(sums);
	for (size_t i = 0; r == 0 && i < sums->n_rows; i++) {
		const struct window_row *row = &sums->rows[i];

		r = add_sample(reading,
			       &(struct past_sample){ reading->wish->start_unix_s, row->thread,
						      row->stack, row->count, row->value });
	}
	return r;
}

static int read_samples(struct reading *reading, uint64_t *n_damaged)
{
	const struct past_wish *wish = reading->wish;
	const struct history_range range = { .start_unix_s = wish->start_unix_s,
					     .end_unix_s = wish->end_unix_s };

	if (wish->detail == PAST_TOTALS)
		return read_totals(reading, &range, n_damaged);
	return history_windows_each_entry(reading->database, &range, on_entry, reading, n_damaged);
}

/* A text, once; it lives as long as the past does. */
static int read_string(struct reading *reading, uint32_t number, const char **ret_text)
{
	_cleanup_(buffer_fini) struct buffer text = { 0 };
	uint32_t index;
	int r;

	if (pair_map_find(&reading->string_index, (struct pair_key){ .a = number }, &index)) {
		*ret_text = reading->strings[index];
		return 0;
	}
	r = history_string_get(reading->database, number, &text);
	buffer_append_char(&text, '\0');
	if (r == 0)
		r = buffer_error(&text);
	if (r == 0)
		r = array_reserve((void **)&reading->strings, &reading->string_capacity,
				  reading->n_strings + 1, sizeof(*reading->strings));
	if (r < 0)
		return r;
	*ret_text = arena_copy_text(&reading->past->arena, text.data);
	if (!*ret_text)
		return -ENOMEM;
	reading->strings[reading->n_strings] = *ret_text;
	r = pair_map_find_or_add(&reading->string_index, (struct pair_key){ .a = number },
				 (uint32_t)reading->n_strings++, &index);
	return r < 0 ? r : 0;
}

/* Several files of history may be one that lives on. */
static int hold_file(struct reading *reading, const struct past_file *file, uint32_t *ret_file)
{
	struct store *store = reading->past->store;
	int r = past_files_hold(store, file, ret_file);

	if (r < 0)
		return r;
	if (dictionary_has_file(reading->past->dictionary, *ret_file)) {
		past_files_drop(store, *ret_file);
		return 0;
	}
	r = dictionary_add_file(reading->past->dictionary, *ret_file);
	if (r < 0)
		past_files_drop(store, *ret_file);
	return r;
}

static int read_file(struct reading *reading, uint32_t number, uint32_t *ret_file)
{
	struct pair_key key = { .a = number };
	struct past_file file = { .number = number };
	struct history_file said;
	int r;

	if (pair_map_find(&reading->file_index, key, ret_file))
		return 0;
	r = history_file_get(reading->database, number, &said, &file.description);
	if (r == 0)
		r = read_string(reading, said.path, &file.path);
	if (r < 0)
		return r;
	file.key = said.key;
	r = hold_file(reading, &file, ret_file);
	if (r == 0)
		r = pair_map_find_or_add(&reading->file_index, key, *ret_file, ret_file);
	return r < 0 ? r : 0;
}

/* Keep the name of a frame. Its number in history is lost: it is in one stack or more, as any. */
static int keep_name(struct reading *reading, const struct history_frame *said, struct frame *frame)
{
	struct past *past = reading->past;
	struct past_frame kept = { 0 };
	struct history_file file;
	struct elf_description description;
	int r = history_file_get(reading->database, said->file, &file, &description);

	if (r == 0)
		r = read_string(reading, file.path, &kept.path);
	if (r == 0)
		r = read_string(reading, said->name, &kept.name);
	if (r == 0)
		r = array_reserve((void **)&past->frames, &past->frame_capacity, past->n_frames + 1,
				  sizeof(*past->frames));
	if (r < 0)
		return r;
	frame->file = FRAME_FIRST_NAMED + (uint32_t)past->n_frames;
	past->frames[past->n_frames++] = kept;
	return 0;
}

static int make_frame(struct reading *reading, uint32_t number, struct frame *ret_frame)
{
	struct history_frame said;
	int r = history_frame_get(reading->database, number, &said);

	if (r < 0)
		return r;
	*ret_frame = (struct frame){ .kind = (uint32_t)said.kind, .place = said.place };
	if (said.kind == FRAME_NATIVE && !said.name)
		return read_file(reading, said.file, &ret_frame->file);
	if (said.name || said.kind == FRAME_KERNEL || (said.kind == FRAME_JIT && said.file))
		return keep_name(reading, &said, ret_frame);
	return 0;
}

/* Room for the index of the frame of that number. -EBADMSG: there cannot be so many. */
static int reserve_frame(struct reading *reading, uint32_t number)
{
	size_t n_before = reading->frame_capacity;
	int r;

	if (number < n_before)
		return 0;
	if (number >= MOST_FRAMES)
		return -EBADMSG;
	r = query_budget_ask(reading->wish->budget, number * sizeof(*reading->frames));
	if (r == 0)
		r = array_reserve((void **)&reading->frames, &reading->frame_capacity, number + 1UL,
				  sizeof(*reading->frames));
	if (r == 0)
		memset(&reading->frames[n_before], 0,
		       (reading->frame_capacity - n_before) * sizeof(*reading->frames));
	return r;
}

/* The index of a frame in the dictionary: sought once. */
static int read_frame(struct reading *reading, uint32_t number, uint32_t *ret_index)
{
	struct frame frame;
	int r = reserve_frame(reading, number);

	if (r < 0)
		return r;
	if (reading->frames[number]) {
		*ret_index = reading->frames[number] - 1;
		return 0;
	}
	r = make_frame(reading, number, &frame);
	if (r == 0)
		r = dictionary_add_frame(reading->past->dictionary, &frame, ret_index);
	if (r == 0)
		reading->frames[number] = *ret_index + 1;
	return r;
}

/* Describe a stack, and set its index in the dictionary. */
static int read_stack(struct reading *reading, uint32_t number, uint32_t *ret_index)
{
	struct dictionary *dictionary = reading->past->dictionary;
	_cleanup_(freep) uint32_t *frames = NULL;
	size_t n_frames;
	int r;

	if (dictionary_find_stack(dictionary, number, ret_index))
		return 0;
	r = history_stack_get(reading->database, number, &frames, &n_frames);
	for (size_t i = 0; r == 0 && i < n_frames; i++)
		r = read_frame(reading, frames[i], &frames[i]);
	*ret_index = dictionary->stacks.count;
	return r < 0 ? r : dictionary_add_stack_of(dictionary, number, frames, n_frames);
}

/* Read a label, and put it where it belongs in @process, which has room for it in @labels. */
static int read_label(struct reading *reading, const struct history_label *numbers,
		      struct label *labels, struct store_process *process)
{
	struct label *label = &labels[process->n_labels];
	int r = read_string(reading, numbers->name, &label->name);

	if (r == 0)
		r = read_string(reading, numbers->value, &label->value);
	if (r < 0)
		return r;
	if (!strcmp(label->name, LABEL_PID))
		process->pid = (uint32_t)strtoul(label->value, NULL, 10);
	else
		process->n_labels++;
	return 0;
}

static int read_labels(struct reading *reading, uint32_t label_set)
{
	_cleanup_(freep) struct history_label *numbers = NULL;
	struct label labels[LABEL_SET_MAX + 1];
	struct store_process process = { .process = label_set, .labels = labels };
	size_t n_numbers;
	uint32_t index;
	int r = pair_map_find_or_add(&reading->label_index, (struct pair_key){ .a = label_set }, 0,
				     &index);

	if (r <= 0)
		return r;
	r = history_label_set_get(reading->database, label_set, &numbers, &n_numbers);
	for (size_t i = 0; r == 0 && i < n_numbers; i++)
		r = process.n_labels > LABEL_SET_MAX
			    ? -EBADMSG
			    : read_label(reading, &numbers[i], labels, &process);
	return r < 0 ? r : dictionary_add_process(reading->past->dictionary, &process, 0);
}

static int read_thread(struct reading *reading, uint32_t number, uint32_t *ret_index)
{
	struct history_thread thread;
	const char *name;
	int r;

	if (dictionary_find_thread(reading->past->dictionary, number, ret_index))
		return 0;
	r = history_thread_get(reading->database, number, &thread);
	if (r == 0)
		r = read_labels(reading, thread.label_set);
	if (r == 0)
		r = read_string(reading, thread.name, &name);
	if (r == 0)
		r = dictionary_add_thread(reading->past->dictionary, number, thread.label_set,
					  thread.tid, name);
	if (r == 0 && !dictionary_find_thread(reading->past->dictionary, number, ret_index))
		r = -ENOMEM;
	return r;
}

/* Put indices of the dictionary in place of the numbers of history. Returns 0, or -EBADMSG or
 * -EINVAL if these lead nowhere. */
static int describe(struct reading *reading, struct past_sample *sample)
{
	enum past_detail detail = reading->wish->detail;
	int r = read_thread(reading, sample->thread, &sample->thread);

	if (r == 0 && detail != PAST_SECONDS && detail != PAST_TIMES)
		r = read_stack(reading, sample->stack, &sample->stack);
	return r;
}

static int describe_samples(struct reading *reading, uint64_t *n_damaged)
{
	struct past *past = reading->past;
	size_t n_left = 0;

	for (size_t i = 0; i < past->n_samples; i++) {
		struct past_sample sample = past->samples[i];
		int r = query_budget_ask(reading->wish->budget, dictionary_bytes(past->dictionary));

		if (r == 0)
			r = describe(reading, &sample);
		if (r == 0)
			past->samples[n_left++] = sample;
		else if (r == -EBADMSG || r == -EINVAL)
			++*n_damaged;
		else
			return r;
	}
	past->n_samples = n_left;
	return 0;
}

static int sample_compare(const void *left, const void *right)
{
	const struct past_sample *a = left, *b = right;

	return (a->unix_s > b->unix_s) - (a->unix_s < b->unix_s);
}

int past_read(struct database *database, const struct past_wish *wish, struct store *store,
	      struct past **ret_past, uint64_t *n_damaged)
{
	_cleanup_(reading_fini) struct reading reading = { .database = database, .wish = wish };
	struct past *past = calloc(1, sizeof(*past));
	int r;

	if (!past)
		return -ENOMEM;
	reading.past = past;
	past->store = store;
	r = dictionary_new(UINT32_MAX, &past->dictionary);
	if (r == 0)
		r = read_samples(&reading, n_damaged);
	if (r == 0 && (wish->detail == PAST_TIMES || wish->detail == PAST_MOMENTS))
		r = past_moments_split(database, wish, &past->samples, &past->n_samples, n_damaged);
	if (r == 0)
		r = describe_samples(&reading, n_damaged);
	if (r < 0)
		return r;
	if (wish->detail != PAST_TOTALS && past->n_samples)
		qsort(past->samples, past->n_samples, sizeof(*past->samples), sample_compare);
	*ret_past = steal(reading.past);
	return 0;
}
